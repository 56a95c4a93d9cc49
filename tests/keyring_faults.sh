#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Keyrings that are locked, stopped, killed, absent or full, and many callers at once: the exit
# status and time that are promised, a cause and a remedy, nothing lost and nothing half-written.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
take_turn "$0" "$@"
alone "$0" "$@"

# within MILLISECONDS WAIT COMMAND...: the call, and that it took no longer.
within()
{
	limit=$1
	of_it_wait=$2
	shift 2
	began=$(now)
	call "$@"
	took=$(($(now) - began))
	must is_in_time "$took" "$limit" "$of_it_wait"
}

expect_unavailable()
{
	expect_status 4
	expect_output ''
	expect_cause_and_remedy
}

# How many callers, and how long for each 100 of them; sanitizers make a call ten times slower.
crowd=$(amount 1000 100)
slack=$(amount 1 10)

#
# The vault.
#

home_start
store_token main coze.cn pat_main

begin "vault: $crowd callers of one PAT, none fails, none gets another"
crowd "$crowd" keyturn token
expect_crowd '0 pat_main'
expect_said ''

begin "vault: $crowd callers without the cache"
crowd "$crowd" env KEYTURN_CACHE=off keyturn token
expect_crowd '0 pat_main'
expect_said ''

begin 'vault: readers beside a writer see the old token or the new one'
(
	for number in $(seq 30); do
		printf 'pat_turn_%s\n' "$((number % 2))" |
			keyturn login turn --site coze.cn --with-token 2>/dev/null
	done
	: >"$work/written"
) &
store_token turn coze.cn pat_turn_0
crowd 100 env KEYTURN_CACHE=off keyturn token turn
must_not grep -qvx '0 pat_turn_[01]' "$work/crowd"
must desktop_wait test -e "$work/written"

begin 'vault: 20 writers of one account, all succeed and one item is left'
cat >"$work/login" <<'END'
echo "pat_writer_$$" | keyturn login writer --site coze.cn --with-token 2>"$HOME/../said.$$"
END
crowd 20 sh "$work/login"
expect_crowd '0 '
call keyturn list
must [ "$(grep -c ' writer ' "$work/out")" -eq 1 ]
call keyturn token writer
must grep -qx 'pat_writer_[0-9]*' "$work/out"
rm -f "$work"/said.*

begin 'vault: a writer that is killed leaves the old token or the new one'
for pause in 0 1 2 3 4 5 6 7 8 9 10 12 15 20; do
	printf 'pat_killed\n' >"$work/token"
	keyturn login main --site coze.cn --with-token <"$work/token" 2>/dev/null &
	writer=$!
	sleep "$(printf '0.%03d' "$pause")"
	kill -KILL "$writer" 2>/dev/null || true
	wait "$writer" 2>/dev/null || true
	call env KEYTURN_CACHE=off keyturn token main
	expect_status 0
	must grep -qx -e pat_main -e pat_killed "$work/out"
	store_token main coze.cn pat_main
done
call keyturn doctor
expect_status 0

if mountpoint -q "$TEST_ALONE" && mkdir "$work/small" &&
	mount -t tmpfs -o size=64k,mode=700 none "$work/small" 2>/dev/null; then
	KEYTURN_VAULT=$work/small/vault
	export KEYTURN_VAULT
	keyturn vault create --key-file "$HOME/small.key" >/dev/null
	store_token main coze.cn pat_small
	dd if=/dev/zero of="$work/small/filler" bs=4k 2>/dev/null || true

	begin 'vault: on a full disk a login is exit 4, and the old token is there'
	input 'pat_too_much\n'
	call keyturn login main --site coze.cn --with-token
	expect_unavailable
	expect_unsaid pat_too_much
	input 'protocol=https\nhost=git.example.com\nusername=u\npassword=p\n\n'
	call keyturn store
	expect_unavailable
	call env KEYTURN_CACHE=off keyturn token
	expect_output pat_small

	begin 'vault: a token can be marked refused only where it can be written'
	input 'pat_small\n'
	call keyturn reject main
	expect_unavailable
	call env KEYTURN_CACHE=off keyturn token
	expect_output pat_small

	begin 'vault: with room again it is as if nothing had been'
	rm "$work/small/filler"
	must [ "$(find "$work/small/vault" -type f | wc -l)" -eq 2 ]
	input 'pat_more\n'
	call keyturn login main --site coze.cn --with-token
	expect_status 0
	call keyturn token
	expect_output pat_more
	call keyturn doctor
	expect_status 0
	keyturn lock
	unset KEYTURN_VAULT
	umount "$work/small"
else
	echo 'skip: needs root and a mount namespace, to mount a small disk'
fi

begin 'vault: a limit of file size is like a full disk'
input 'pat_limited\n'
call sh -c '{ (ulimit -f 0; exec keyturn login main --site coze.cn --with-token) 2>&1
	echo $?; } | cat'
must_not grep -q pat_limited "$work/out"
must [ "$(tail -n 1 "$work/out")" = 4 ]
call env KEYTURN_CACHE=off keyturn token main
expect_output pat_main

begin 'vault: a directory that is gone is exit 4, and no new one is made'
mv "$HOME/.local/share/keyturn/vault" "$work/moved"
call env KEYTURN_CACHE=off keyturn token
expect_unavailable
input 'pat_elsewhere\n'
call keyturn login main --site coze.cn --with-token
expect_unavailable
must_not test -e "$HOME/.local/share/keyturn/vault"
mv "$work/moved" "$HOME/.local/share/keyturn/vault"

#
# The desktop.
#

conclude
home_leave
need dbus-daemon dbus-send gnome-keyring-daemon perl
home_on_desktop
store_token main coze.cn pat_main

begin "desktop: $crowd callers of one PAT, none fails, none gets another"
crowd "$crowd" keyturn token
expect_crowd '0 pat_main'
expect_said ''

begin "desktop: $crowd callers without the cache"
crowd "$crowd" env KEYTURN_CACHE=off keyturn token
expect_crowd '0 pat_main'
expect_said ''

begin 'desktop: 20 writers of one account, all succeed and one item is left'
cat >"$work/login" <<'END'
echo "pat_writer_$$" | keyturn login writer --site coze.cn --with-token 2>"$HOME/../said.$$"
END
crowd 20 sh "$work/login"
expect_crowd '0 '
call keyturn list
must [ "$(grep -c ' writer ' "$work/out")" -eq 1 ]
rm -f "$work"/said.*
keyturn logout writer 2>/dev/null

begin 'desktop: locked is exit 4 at once'
must desktop_lock
keyturn lock 2>/dev/null
within $((1000 * slack)) 0 keyturn token
expect_unavailable
expect_said 'keyturn unlock'
within $((1000 * slack)) 0 keyturn token --json
expect_status 4
must grep -q '"code":"locked"' "$work/out"
input 'protocol=https\nhost=api.coze.cn\n\n'
within $((1000 * slack)) 0 keyturn get
expect_unavailable

begin 'desktop: 100 callers on a locked keyring all end within 7 s'
for cache in 900 off; do
	crowd 100 env KEYTURN_CACHE=$cache keyturn token
	expect_crowd '4 '
	must is_in_time "$crowd_milliseconds" $((7000 * slack)) 5000
done

begin 'desktop: nothing is written to a locked keyring, nothing is taken for absent'
cksum "$HOME"/.local/share/keyrings/*.keyring >"$work/sums"
input 'pat_new\n'
within $((6000 * slack)) 0 keyturn login main --site coze.cn --with-token
expect_unavailable
input 'protocol=https\nhost=git.example.com\nusername=u\npassword=p\n\n'
within $((6000 * slack)) 0 keyturn store
expect_unavailable
input 'protocol=https\nhost=api.coze.cn\npassword=pat_main\n\n'
within $((6000 * slack)) 0 keyturn erase
expect_unavailable
within $((6000 * slack)) 0 keyturn logout main
expect_unavailable
cksum "$HOME"/.local/share/keyrings/*.keyring >"$work/sums-after"
must cmp "$work/sums" "$work/sums-after"
must desktop_unlock
call keyturn token
expect_output pat_main

begin 'desktop: a service that is stopped is exit 4 within 6 s'
must desktop_stop_daemon
within 6500 5000 env KEYTURN_CACHE=off keyturn token
expect_unavailable
input 'pat_new\n'
within 6500 5000 keyturn login main --site coze.cn --with-token
expect_unavailable
expect_unsaid pat_new

begin 'desktop: 100 callers of a stopped service all end within 7 s'
crowd 100 env KEYTURN_CACHE=off keyturn token
expect_crowd '4 '
must is_in_time "$crowd_milliseconds" $((7000 + 1000 * (slack - 1))) 5000

begin 'desktop: once it goes on the token is there'
must desktop_continue
must desktop_wait desktop_has_service
call env KEYTURN_CACHE=off keyturn token
expect_output pat_main

begin 'desktop: a service that is killed in the middle of a store leaves the old token or the new'
for pause in 0 10 20 30 40 60; do
	printf 'pat_killed_%s\n' "$pause" >"$work/token"
	{
		writer_status=0
		keyturn login main --site coze.cn --with-token <"$work/token" 2>"$work/writer.err" ||
			writer_status=$?
		echo "$writer_status" >"$work/writer"
	} &
	writer=$!
	sleep "$(printf '0.%03d' "$pause")"
	desktop_kill_daemon || true
	wait "$writer"
	must desktop_start_daemon
	must desktop_unlock
	call env KEYTURN_CACHE=off keyturn token main
	expect_status 0
	case $(cat "$work/writer") in
	0) expect_output "pat_killed_$pause" ;;
	4) must grep -qx -e pat_main -e "pat_killed_.*" "$work/out" ;;
	*) complain "exit status $(cat "$work/writer")" ;;
	esac
done

begin 'desktop: a service that is gone is exit 4 at once'
desktop_kill_daemon || true
within $((2000 * slack)) 0 env KEYTURN_CACHE=off keyturn token
expect_unavailable

begin 'desktop: a bus that is gone is exit 4 at once, and no vault is asked instead'
keyturn vault create --key-file "$HOME/key" >/dev/null 2>&1
for address in unix:path=/nonexistent/bus ''; do
	within $((2000 * slack)) 0 env -u XDG_RUNTIME_DIR KEYTURN_CACHE=off \
		"DBUS_SESSION_BUS_ADDRESS=$address" keyturn token
	expect_unavailable
done

begin 'desktop: a bus that is not on this machine is exit 6'
within $((2000 * slack)) 0 env KEYTURN_CACHE=off DBUS_SESSION_BUS_ADDRESS=tcp:host=127.0.0.1,port=9 \
	keyturn token
expect_status 6
expect_output ''
expect_cause_and_remedy

begin 'desktop: a service that comes back, locked, is exit 4, and unlocked has the token'
must desktop_restart_daemon
within $((2000 * slack)) 0 env KEYTURN_CACHE=off keyturn token
expect_unavailable
must desktop_unlock
call env KEYTURN_CACHE=off keyturn token
expect_status 0

if mountpoint -q "$TEST_ALONE" && command -v git >/dev/null && mkdir "$work/full" &&
	mount -t tmpfs -o size=64k,mode=700 none "$work/full" 2>/dev/null; then
	roomy=$HOME
	HOME=$work/full
	git config --global user.name somebody
	cksum "$HOME/.gitconfig" >"$work/sums"
	dd if=/dev/zero of="$HOME/filler" bs=4k 2>/dev/null || true

	begin 'desktop: with a full disk login and setup name the file and say to make room'
	for command in 'login disk --site coze.com --with-token' 'setup git --yes'; do
		input 'pat_disk\n'
		# shellcheck disable=SC2086
		call keyturn $command
		expect_unavailable
		expect_said "$HOME/.config/keyturn/"
		expect_said 'make room on the disk'
		expect_unsaid pat_disk
	done
	must [ "$(cksum "$HOME/.gitconfig")" = "$(cat "$work/sums")" ]
	call keyturn refresh --prefetch
	expect_status 0
	call env KEYTURN_CACHE=off keyturn token disk
	expect_output pat_disk

	begin 'desktop: with room again both are done, and a full disk keeps what is there'
	rm "$HOME/filler"
	store_token disk coze.com pat_again
	call keyturn setup git --yes
	expect_status 0
	cksum "$HOME/.gitconfig" >"$work/sums"
	dd if=/dev/zero of="$HOME/filler" bs=4k 2>/dev/null || true
	call keyturn setup git --undo --yes
	expect_unavailable
	expect_said "$HOME/.gitconfig"
	expect_said 'make room on the disk'
	must [ "$(cksum "$HOME/.gitconfig")" = "$(cat "$work/sums")" ]
	call env KEYTURN_CACHE=off keyturn token disk
	expect_output pat_again
	HOME=$roomy
	umount "$work/full"
else
	echo 'skip: needs root and a mount namespace, to mount a small disk'
fi

finish
