#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A vault that a key in the SSH agent opens: OpenSSH's agent in all its moods, gpg-agent, one that
# is forwarded by a real sshd, and agents that misbehave.
set -eu

. "$(dirname "$0")/lib/home.sh"
need ssh-agent ssh-add ssh-keygen python3 expect strace
home_make
KEYTURN_CACHE=off
export KEYTURN_CACHE
agents=

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for()
{
	wait_end=$(($(now) + $1 * 1000))
	shift
	until "$@" 2>/dev/null; do
		[ "$(now)" -lt "$wait_end" ] || { complain "in vain waited for: $*"; return; }
		sleep 0.02
	done
}

# start_agent NAME: a new one, its socket in SSH_AUTH_SOCK.
start_agent()
{
	SSH_AUTH_SOCK=$work/agent.$1
	export SSH_AUTH_SOCK
	ssh-agent -D -a "$SSH_AUTH_SOCK" >/dev/null 2>&1 &
	agent=$!
	agents="$agents $agent"
	wait_for 10 test -S "$SSH_AUTH_SOCK"
}

# start_fake KEY MODE: one that misbehaves, its socket in SSH_AUTH_SOCK.
start_fake()
{
	SSH_AUTH_SOCK=$work/fake.$1.$2
	export SSH_AUTH_SOCK
	python3 "$srcdir/tests/programs/fake_ssh_agent.py" "$SSH_AUTH_SOCK" "$work/$1.pub" "$2" \
		2>/dev/null &
	agents="$agents $!"
	wait_for 10 test -S "$SSH_AUTH_SOCK"
}

end_agents()
{
	end_status=$?
	for pid in $agents; do
		kill -CONT "$pid" 2>/dev/null || :
		kill "$pid" 2>/dev/null || :
	done
	home_end "$end_status"
}
trap end_agents EXIT

# says TEXT...: the locked vault gives no token, with status 4, and says this.
says()
{
	keyturn lock
	call keyturn token main
	expect_status 4
	expect_output ''
	expect_cause_and_remedy
	for text in "$@"; do
		expect_said "$text"
	done
}

opens()
{
	keyturn lock
	call keyturn token main
	expect_status 0
	expect_output pat_main
}

for type in ed25519 rsa ecdsa; do
	ssh-keygen -q -t "$type" -N '' -C "$type key" -f "$work/$type"
done
ssh-keygen -q -t rsa -b 1024 -N '' -C small -f "$work/small" 2>/dev/null || rm -f "$work/small"
start_agent one

begin 'an agent without keys, and keys that cannot open a vault, are told with their reason'
call keyturn vault create --ssh-agent --no-recovery
expect_status 4
expect_cause_and_remedy
ssh-add -q "$work/ecdsa"
call keyturn vault create --ssh-agent --no-recovery
expect_status 6
expect_cause_and_remedy
expect_said 'ECDSA'
must_not test -e "$HOME/.local/share/keyturn/vault/vault.json"
if [ -e "$work/small" ] && ssh-add -q "$work/small" 2>/dev/null; then
	call keyturn vault create --ssh-agent=small --no-recovery
	expect_status 6
	expect_said '2048'
fi

begin 'a security key'\''s SSH key counts in each signature, and can open none'
python3 - "$work" <<'END'
import base64, os, struct, sys
def text(content):
    return struct.pack(">I", len(content)) + content
def write(name, *parts):
    blob = base64.b64encode(b"".join(map(text, (name, *parts, b"ssh:")))).decode()
    kind = "sk-ed25519" if b"ed25519" in name else "sk-ecdsa"
    with open(f"{sys.argv[1]}/{kind}.pub", "w", encoding="ascii") as file:
        file.write(f"{name.decode()} {blob} token\n")
write(b"sk-ssh-ed25519@openssh.com", os.urandom(32))
write(b"sk-ecdsa-sha2-nistp256@openssh.com", b"nistp256", b"\4" + os.urandom(64))
END
one=$SSH_AUTH_SOCK
for type in sk-ed25519 sk-ecdsa; do
	start_fake "$type" same
	call keyturn vault create --ssh-agent --no-recovery
	expect_status 6
	expect_cause_and_remedy
	expect_said 'security key'
	must_not test -e "$HOME/.local/share/keyturn/vault/vault.json"
done
SSH_AUTH_SOCK=$one

begin 'without a terminal nothing is made that the agent alone opens'
ssh-add -q "$work/ed25519"
call keyturn vault create --ssh-agent
expect_status 2
expect_cause_and_remedy
expect_said '--no-recovery'

begin 'the one key that fits is taken, and the vault opens unasked'
call keyturn vault create --ssh-agent --no-recovery
expect_status 0
expect_said "$(ssh-keygen -lf "$work/ed25519" | cut -d' ' -f2)"
expect_said 'ed25519 key'
store_token main coze.cn pat_main
opens
call keyturn vault keys
must grep -q 'ssh-agent  ed25519 key  20..-..-..  yes$' "$work/out"

begin 'of several that fit one has to be named, by fingerprint or comment'
ssh-add -q "$work/rsa"
call keyturn vault add-key --ssh-agent
expect_status 2
expect_cause_and_remedy
expect_said "$(ssh-keygen -lf "$work/rsa" | cut -d' ' -f2)"
call keyturn vault add-key --ssh-agent=banana
expect_status 2
expect_cause_and_remedy
call keyturn vault add-key "--ssh-agent=rsa key" --name tower
expect_status 0
must grep -q '"algorithm":"rsa-sha2-512"' "$HOME/.local/share/keyturn/vault/vault.json"
call keyturn vault keys --json
expect_json tower keys 1 name
expect_json yes keys 1 here

begin 'the last way that hangs on no agent is taken away by force alone'
call keyturn vault add-key --key-file "$HOME/spare" --name paper
expect_status 0
call keyturn vault keys --json
spare=$(json keys 2 id)
call keyturn vault remove-key "$spare"
expect_status 6
expect_cause_and_remedy
expect_said '--recovery'
call keyturn vault remove-key "$spare" --force
expect_status 0
call keyturn vault keys --force
expect_status 2
rm "$HOME/spare"

begin 'either key opens, and a certificate for one is in nobody'\''s way'
ssh-add -q -d "$work/ed25519"
opens
ssh-add -q -D 2>/dev/null
ssh-keygen -q -s "$work/rsa" -I test -n somebody "$work/ed25519.pub"
ssh-add -q "$work/ed25519" 2>/dev/null
must [ "$(ssh-add -l | grep -c CERT)" = 1 ]
opens

begin 'a stolen copy of the vault opens nothing without the agent'
cp -R "$HOME/.local/share/keyturn/vault" "$work/stolen"
keyturn lock
call env -u SSH_AUTH_SOCK KEYTURN_VAULT="$work/stolen" keyturn token main
expect_status 4
expect_output ''
expect_said 'ssh -A'

begin 'a key that is not there is named with what brings it'
ssh-add -q -D 2>/dev/null
says "has not the key $(ssh-keygen -lf "$work/ed25519" | cut -d' ' -f2)"
must grep -q 'ssh-add' "$work/err"

begin 'a key that wants a confirmation which nobody can give, or that is for other hosts'
ssh-add -q -c "$work/ed25519" 2>/dev/null
says 'refused'
ssh-add -q -D 2>/dev/null
mkdir -p "$HOME/.ssh"
echo "far.example $(cut -d' ' -f1,2 "$work/rsa.pub")" >"$work/known_hosts"
if ssh-add -q -H "$work/known_hosts" -h far.example "$work/ed25519" 2>/dev/null; then
	says 'refused'
fi
ssh-add -q -D 2>/dev/null

begin 'an agent that is locked'
ssh-add -q "$work/ed25519" 2>/dev/null
at_terminal 'spawn ssh-add -x
	expect "password"
	send "word\r"
	expect "Again"
	send "word\r"'
says 'has not the key'
at_terminal 'spawn ssh-add -X
	expect "password"
	send "word\r"'
opens

begin 'an agent that is stopped holds nobody up for long'
keyturn lock
kill -STOP "$agent"
began=$(now)
call keyturn token main
took=$(($(now) - began))
kill -CONT "$agent"
expect_status 4
expect_said 'does not answer'
must [ "$took" -ge 1900 ]
must [ "$took" -le 20000 ]
opens

begin 'a socket that is gone, one that nobody reads, and a file'
socket=$SSH_AUTH_SOCK
SSH_AUTH_SOCK=$work/nowhere
says 'is gone'
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$work/dead"
SSH_AUTH_SOCK=$work/dead
says 'is gone'
SSH_AUTH_SOCK=$work/ed25519
says 'is gone'
SSH_AUTH_SOCK=$work/$(printf '%0200d' 0)
says 'is gone'
unset SSH_AUTH_SOCK
says 'brought no SSH agent'
must_not grep -q 'keyturn unlock' "$work/err"

begin 'cron has no agent, and says so'
call env -i "PATH=$PATH" "HOME=$HOME" KEYTURN_CACHE=off setsid keyturn token main
expect_status 4
expect_output ''
expect_cause_and_remedy
expect_said 'brought no SSH agent'

begin 'agents that misbehave open nothing, and are not enrolled'
for mode in cut endless text algorithm random same short; do
	start_fake ed25519 "$mode"
	keyturn lock
	call keyturn token main
	expect_status 4
	expect_output ''
	call env KEYTURN_VAULT="$work/new" keyturn vault create --ssh-agent --no-recovery
	must [ "$status" -eq 4 -o "$status" -eq 6 ]
	must_not test -e "$work/new/vault.json"
	must_not grep -q "$(printf '\033')" "$work/err"
done

begin 'a key that asks is asked for where a person is there, and never else'
SSH_AUTH_SOCK=$socket
export SSH_AUTH_SOCK
call env KEYTURN_VAULT="$work/asking" keyturn vault create --ssh-agent --confirm --no-recovery
expect_status 0
expect_said 'asks each time'
KEYTURN_VAULT=$work/asking keyturn lock
call env KEYTURN_VAULT="$work/asking" keyturn vault status
must grep -q 'locked' "$work/out"
expect_said 'asks before it signs'
at_terminal 'set env(KEYTURN_VAULT) $env(HOME)/../asking
	spawn keyturn unlock'
expect_status 0
call env KEYTURN_VAULT="$work/asking" keyturn vault keys --json
expect_json asks keys 0 here
KEYTURN_VAULT=$work/asking keyturn lock

begin 'nobody is asked with KEYTURN_PROMPT=0'
at_terminal 'set env(KEYTURN_VAULT) $env(HOME)/../asking
	set env(KEYTURN_PROMPT) 0
	spawn keyturn token main
	expect "asks before it signs"'
expect_status 4

begin 'nor where no kernel keyring keeps the vault open: each call would ask'
call env KEYTURN_VAULT="$work/new" "$builddir/tests/programs/forbid" EPERM \
	keyturn vault create --ssh-agent --confirm --no-recovery
expect_status 2
expect_cause_and_remedy
expect_said 'each call would ask'
must_not test -e "$work/new/vault.json"

begin 'the program that has the network is told of no agent'
: >"$work/trace"
call env "ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0" strace -f -qq -v -s 4096 -o "$work/trace" \
	-e trace=execve keyturn login far --issuer https://127.0.0.1:1 --client-id me
must [ "$status" -ne 0 ]
must grep -q 'execve("[^"]*keyturn-courier"' "$work/trace"
must_not sh -c 'grep "execve(\"[^\"]*keyturn-courier\"" "$1" | grep -q SSH_AUTH_SOCK' - "$work/trace"

begin 'a dialog that nobody answers stays with the agent, which is deaf, and holds nobody up'
mkfifo "$work/answers"
cat >"$work/dialog" <<END
#!/bin/sh
read -r answer <"$work/answers"
END
chmod 700 "$work/dialog"
SSH_ASKPASS=$work/dialog SSH_ASKPASS_REQUIRE=force
export SSH_ASKPASS SSH_ASKPASS_REQUIRE
start_agent dialog
unset SSH_ASKPASS SSH_ASKPASS_REQUIRE
ssh-add -q -c "$work/ed25519" 2>/dev/null
says 'does not answer'
must grep -q 'on a screen' "$work/err"
must_not sh -c 'timeout 1 ssh-add -l >/dev/null 2>&1'
says 'does not answer'
(trap '' PIPE; while :; do echo yes >"$work/answers" || :; done) 2>/dev/null &
answering=$!
agents="$agents $answering"
wait_for 20 sh -c 'timeout 5 ssh-add -l >/dev/null'
opens
kill "$answering"
SSH_AUTH_SOCK=$socket

begin 'an agent that takes its time at enrolment must have asked; its no is told as that, once'
cat >"$work/askpass" <<'END'
#!/bin/sh
echo asked >>"$0.log"
sleep "$(cat "$0.delay")"
[ "$(cat "$0.answer")" = yes ]
END
chmod 700 "$work/askpass"
echo 1.1 >"$work/askpass.delay"
echo yes >"$work/askpass.answer"
# asked: how often a person was.
asked()
{
	wc -l <"$work/askpass.log"
}
SSH_ASKPASS=$work/askpass SSH_ASKPASS_REQUIRE=force
export SSH_ASKPASS SSH_ASKPASS_REQUIRE
start_agent asking
ssh-add -q -c "$work/ed25519" 2>/dev/null
unset SSH_ASKPASS SSH_ASKPASS_REQUIRE
KEYTURN_VAULT=$work/careful
export KEYTURN_VAULT
call keyturn vault create --ssh-agent --no-recovery
expect_status 0
expect_said 'asks each time'
store_token careful coze.cn pat_careful
keyturn lock
echo 0 >"$work/askpass.delay"
echo no >"$work/askpass.answer"
at_terminal 'spawn keyturn token careful
	expect "question for the key ed25519 key was answered with no"'
expect_status 4
must [ "$(asked)" -eq 3 ]
# What another vault's person answers is nothing to this one.
at_terminal "set env(KEYTURN_VAULT) $work/asking
	set env(SSH_AUTH_SOCK) $socket
	spawn keyturn unlock"
expect_status 0
echo yes >"$work/askpass.answer"
at_terminal 'spawn keyturn token careful
	expect "answered with no a moment ago"
	expect "run: keyturn unlock"'
expect_status 4
call setsid keyturn token careful
expect_status 4
expect_output ''
expect_said 'a moment ago'
must [ "$(asked)" -eq 3 ]
at_terminal 'spawn keyturn unlock'
expect_status 0
call keyturn token careful
expect_output pat_careful
must [ "$(asked)" -eq 4 ]
keyturn lock
SSH_AUTH_SOCK=$socket
unset KEYTURN_VAULT

begin 'a new key for the vault is wrapped by a new signature'
call keyturn vault remove-key "$(keyturn vault keys --json >"$work/out" && json keys 1 id)"
expect_status 0
call keyturn vault rekey
expect_status 0
opens
call env KEYTURN_VAULT="$work/stolen" keyturn token main
expect_output pat_main
KEYTURN_VAULT=$work/stolen keyturn lock

if command -v gpg-agent >/dev/null; then
	begin 'gpg-agent signs the same, so that the slot does not hang on the agent'
	mkdir -m 700 "$work/gnupg"
	gpg_agent_configure "$work/gnupg"
	GNUPGHOME=$work/gnupg gpg-agent --daemon --enable-ssh-support >/dev/null 2>&1
	SSH_AUTH_SOCK=$(GNUPGHOME=$work/gnupg gpgconf --list-dirs agent-ssh-socket)
	export SSH_AUTH_SOCK
	must ssh-add -q "$work/ed25519"
	must ssh-add -q "$work/ecdsa"
	call env KEYTURN_VAULT="$work/new" keyturn vault create "--ssh-agent=ecdsa key" --no-recovery
	expect_status 6
	expect_said 'ECDSA'
	call keyturn vault keys --json
	expect_json ssh-agent keys 0 way
	opens
	GNUPGHOME=$work/gnupg gpgconf --kill gpg-agent
	SSH_AUTH_SOCK=$socket
fi

if command -v gnome-keyring-daemon >/dev/null; then
	begin 'gnome-keyring'\''s agent signs the same, and lists a key that it has no passphrase for'
	mkdir -p "$work/gnome/.ssh" "$work/gnome/run"
	ssh-keygen -q -t ed25519 -N 'a word' -C 'closed key' -f "$work/gnome/.ssh/id_ed25519"
	HOME=$work/gnome XDG_RUNTIME_DIR=$work/gnome/run DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere \
		gnome-keyring-daemon --foreground --components=ssh >/dev/null 2>&1 &
	agents="$agents $!"
	SSH_AUTH_SOCK=$work/gnome/run/keyring/ssh
	wait_for 20 test -S "$SSH_AUTH_SOCK"
	must sh -c 'ssh-add -l | grep -q "closed key"'
	call env KEYTURN_VAULT="$work/new" keyturn vault create --ssh-agent --no-recovery
	expect_status 4
	expect_cause_and_remedy
	expect_said 'wants a passphrase'
	expect_said 'ssh-add FILE'
	must_not test -e "$work/new/vault.json"
	must ssh-add -q "$work/ed25519"
	opens
	SSH_AUTH_SOCK=$socket
fi

if [ "$(id -u)" -eq 0 ] && [ -x /usr/sbin/sshd ]; then
	begin 'an agent that a real sshd forwards opens it on the far side'
	port=$(free_port)
	ssh-keygen -q -t ed25519 -N '' -f "$work/host"
	cp "$work/rsa.pub" "$work/authorized"
	mkdir -p /run/sshd
	/usr/sbin/sshd -D -f /dev/null -p "$port" -h "$work/host" -o ListenAddress=127.0.0.1 \
		-o UsePAM=no -o StrictModes=no -o AuthorizedKeysFile="$work/authorized" \
		-o PidFile=none -o PermitRootLogin=yes -E "$work/sshd.log" &
	agents="$agents $!"
	wait_for 10 grep -q listening "$work/sshd.log"
	keyturn lock
	call ssh -A -F /dev/null -p "$port" -i "$work/rsa" -o IdentitiesOnly=yes \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
		root@127.0.0.1 "HOME='$HOME' PATH='$PATH' KEYTURN_CACHE=off keyturn token main"
	expect_status 0
	expect_output pat_main
	call ssh -a -F /dev/null -p "$port" -i "$work/rsa" -o IdentitiesOnly=yes \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
		root@127.0.0.1 "HOME='$HOME' PATH='$PATH' KEYTURN_CACHE=off keyturn token main"
	expect_status 0
	expect_output pat_main
	begin 'a token from a locked vault over a forwarded agent is no slower than ssh-keygen'\''s signature'
	cat >"$work/figures.py" <<-'END'
	import os, subprocess, sys, time
	work = sys.argv[1]
	def once(*command):
	    begin = time.monotonic()
	    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
	    return time.monotonic() - begin
	times = {"keyturn": [], "ssh-keygen": []}
	with open(work + "/message", "w", encoding="ascii") as message:
	    message.write("a message")
	for turn in range(10):
	    subprocess.run(["keyturn", "lock"], check=True)
	    times["keyturn"].append(once("keyturn", "token", "main"))
	    times["ssh-keygen"].append(once("ssh-keygen", "-Y", "sign", "-n", "test", "-f", work + "/ed25519.pub",
	                                    work + "/message"))
	    os.unlink(work + "/message.sig")
	ours, theirs = (min(times[name]) for name in ("keyturn", "ssh-keygen"))
	print(f"{ours * 1000:.1f} {theirs * 1000:.1f} {ours / theirs:.2f}")
	END
	ssh -A -F /dev/null -p "$port" -i "$work/rsa" -o IdentitiesOnly=yes \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
		root@127.0.0.1 "HOME='$HOME' PATH='$PATH' KEYTURN_CACHE=off python3 '$work/figures.py' '$work'" \
		>"$work/figures"
	must [ -s "$work/figures" ]
	read -r ours theirs ratio <"$work/figures"
	echo "# locked, over a forwarded agent $ours ms, ssh-keygen -Y sign $theirs ms: $ratio"
	# A sanitizer makes keyturn's start slower, and ssh-keygen's not.
	is_sanitized || must awk "BEGIN { exit !($ratio < 4) }"

	# log_in: without a forwarded agent.
	log_in()
	{
		call ssh -a -F /dev/null -p "$port" -i "$work/rsa" -o IdentitiesOnly=yes \
			-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
			root@127.0.0.1 "HOME='$HOME' PATH='$PATH' KEYTURN_CACHE=off keyturn token main"
	}

	begin 'a login that forwards none has what another opened, until it is locked, and then says so'
	call keyturn token main
	expect_status 0
	log_in
	expect_output pat_main
	keyturn lock
	log_in
	expect_status 4
	expect_said 'ssh -A'
fi

begin 'a token from a locked vault takes a key file'\''s time and a signature'
must keyturn vault add-key --key-file "$work/key" --name file
mv "$work/key" "$work/key.away"
echo 'a message' >"$work/message"
# Who asks an agent waits for the processor once more, which a busy machine makes long: a signature
# for another program is the control.
python3 - "$work" >"$work/figures" <<'END'
import os, subprocess, sys, time
key, message = sys.argv[1] + "/key", sys.argv[1] + "/message"
def once(*command):
    begin = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - begin
def opening():
    subprocess.run(["keyturn", "lock"], check=True)
    return once("keyturn", "token", "main")
times = {"agent": [], "file": [], "signature": []}
for turn in range(20):
    times["agent"].append(opening())
    os.rename(key + ".away", key)
    times["file"].append(opening())
    os.rename(key, key + ".away")
    times["signature"].append(once("ssh-keygen", "-Y", "sign", "-n", "test",
                                   "-f", sys.argv[1] + "/ed25519.pub", message))
    os.unlink(message + ".sig")
agent, file, signature = (min(times[name]) * 1000 for name in ("agent", "file", "signature"))
print(f"{agent:.1f} {file:.1f} {signature:.1f} {(agent - file) / signature:.2f}")
END
must [ -s "$work/figures" ]
read -r agent_time file_time signature ratio <"$work/figures"
echo "# locked, over the agent $agent_time ms, by a key file $file_time ms, ssh-keygen -Y sign $signature ms: $ratio more"
# What a sanitizer adds to the way to the agent is not in the signature.
is_sanitized || must awk "BEGIN { exit !($ratio < 2) }"
keyturn lock

finish
