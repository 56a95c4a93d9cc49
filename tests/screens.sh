#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What a person sees at terminals of 60, 80 and 200 columns, in English and in Chinese: tables, places of
# secrets, and the menu of accounts, in tmux. screens/ has each as it was looked at; KEYTURN_SCREENS=keep
# keeps those of today. Then the menu itself: its keys, and the terminal behind it.
set -eu

. "$(dirname "$0")/lib/home.sh"
alone --keyring "$0" "$@"
need tmux localedef msgfmt
need_mounts 'have a home of a known path, and a locale'
home_make
must mount -t tmpfs -o mode=755 none /home
cp -r /usr/lib/locale/C.utf8 "$work/C.utf8"
must mount -t tmpfs none /usr/lib/locale
must cp -r "$work/C.utf8" /usr/lib/locale/
must localedef -i zh_CN -f UTF-8 zh_CN.UTF-8
HOME=/home/me
mkdir -p "$HOME/bot" "$HOME/.cursor" "$HOME/.config/oidc-agent"
keyturn vault create --key-file "$HOME/vault.key" >"$work/stage.log"

# store NAME SITE END TOKEN
store()
{
	printf '%s\n' "$4" | keyturn login "$1" --site "$2" --with-token --expires "$3" \
		2>>"$work/stage.log" || complain "$1 cannot be stored"
}
store work coze.cn 20d pat_work
store 扣子测试 coze.cn 3d pat_han
store main coze.com never pat_main
rm "$HOME/.config/keyturn/defaults"
for number in $(seq 18); do
	printf 'protocol=https\nhost=git.example.com\nusername=user%s\npassword=p\n\n' "$number" | keyturn store
done
printf 'protocol=https\nhost=a.host.that.is.rather.long.example.com\nusername=%s\npassword=p\n\n' \
	somebody.with.a.long.name@example.com | keyturn store
printf 'a=1\nexport COZE_API_TOKEN=pat_9fQx2LmV7aZk3BtR8nWc5YhJ\n' >"$HOME/.bashrc"
printf 'machine a.example.com login 我 password p\n' >"$HOME/.netrc"
printf '{"mcpServers": {"u": {"url": "https://u.example.com/mcp?api_key=abcdefgh1"}}}\n' \
	>"$HOME/.cursor/mcp.json"
printf '538\nyzWm\nLTl7\n24:16\nOSDH\n4.2.6\n' >"$HOME/.config/oidc-agent/lab"
cat >"$HOME/look" <<'END'
stty -g >before
clear
keyturn list
keyturn which https://api.coze.cn
keyturn scan
keyturn import --dry-run
keyturn token work@coze.cn >/dev/null
keyturn show nobody
keyturn token
stty -g >after
echo done: $?
END

# What stands in no screen that is kept: a service that cannot be reached, what is bound, and help.
mkdir -p "$HOME/src/a-rather-long-directory/of-a-project/项目"
keyturn bind work@coze.cn "$HOME/src/a-rather-long-directory/of-a-project/项目" 2>>"$work/stage.log"
keyturn bind user1@git.example.com https://git.example.com/a-rather-long-group/of-a-project 2>>"$work/stage.log"
cat >"$HOME/rest" <<'END'
clear
HTTPS_PROXY=http://127.0.0.1:9 keyturn status --all
keyturn bind
(cd src/*/*/项目 && keyturn which https://git.example.com/a-rather-long-group/of-a-project/tool)
keyturn help
for command in bind which import scan status; do keyturn help $command; done
echo rest: done
END

sessions=0
# at COLUMNS LANGUAGE [NAME=VALUE...]: a shell in tmux.
at()
{
	columns=$1
	language=$2
	shift 2
	# A server that ends still has its socket.
	sessions=$((sessions + 1))
	echo "PS1='$ '" >"$work/env"
	(
		cd "$HOME"
		env -u TMUX ENV="$work/env" LC_ALL="$language" "$@" tmux -u -S "$work/tmux$sessions" -f /dev/null \
			new-session -d -x "$columns" -y 90 sh
	)
	shows '$'
}

on_screen()
{
	tmux -S "$work/tmux$sessions" capture-pane -p | grep -qF -e "$1"
}

shows()
{
	wait_until on_screen "$1" || {
		complain "the screen does not show: $1"
		screen | sed 's/^/#   /'
		return 1
	}
}

keys()
{
	tmux -S "$work/tmux$sessions" send-keys "$@"
}

types()
{
	keys -l -- "$1"
	keys Enter
}

# runs LINE: on an empty screen, so that nothing of the one before is taken for what it shows.
runs()
{
	keys -R
	types "$1"
}

leave()
{
	tmux -S "$work/tmux$sessions" kill-server
}

screen()
{
	tmux -S "$work/tmux$sessions" capture-pane -p | sed -e 's/[[:space:]]*$//' -e '/^$/d'
}

# nothing_is_wider COLUMNS: of all that was printed, but for a word that could not be broken.
nothing_is_wider()
{
	tmux -S "$work/tmux$sessions" capture-pane -p -J -S - | python3 -c '
import sys, unicodedata
wide = lambda text: sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
lines = [line.rstrip() for line in sys.stdin]
bad = [line for line in lines if wide(line) > int(sys.argv[1]) and " " in line.lstrip("* ")]
print(*bad, sep="\n")
sys.exit(bool(bad) or not any(lines))' "$1" >"$work/wide" || {
		complain "is wider than $1 columns:"
		sed 's/^/#   /' "$work/wide"
	}
}

for language in C.UTF-8 zh_CN.UTF-8; do
	for columns in 60 80 200; do
		name=${language%%.*}-$columns
		begin "the screens of $name are as they were looked at"
		at "$columns" "$language"
		types '. ./look'
		shows '>  1  '
		keys Down
		shows '>  2  '
		screen >"$work/screen"
		[ "${KEYTURN_SCREENS:-}" != keep ] || cp "$work/screen" "$srcdir/tests/screens/$name.txt"
		cmp -s "$work/screen" "$srcdir/tests/screens/$name.txt" || {
			complain "the screen of $name is another one:"
			diff "$srcdir/tests/screens/$name.txt" "$work/screen" | sed 's/^/#   /'
		}
		keys Escape
		shows 'done: '
		must cmp -s "$HOME/before" "$HOME/after"
		nothing_is_wider "$columns"
		types '. ./rest'
		shows 'rest: done'
		nothing_is_wider "$columns"
		leave
	done
done

begin 'the menu is drawn anew where the window changes, and cleared of what it was'
at 100 C.UTF-8
runs 'keyturn token'
shows '>  1  '
tmux -S "$work/tmux$sessions" resize-window -x 40 -y 12
keys End
shows '>  3  '
must [ "$(screen | grep -c 'Several accounts')" -eq 1 ]
must [ "$(screen | grep -c ' 1  ')" -eq 1 ]
begin 'an arrow and Enter choose, and so do a number and a name'
keys Up Enter
shows 'pat_han'
runs 'keyturn token'
shows '>  1  '
types 3
shows pat_main
runs 'keyturn token'
shows '>  1  '
keys -l 'mainx'
keys BSpace
keys Enter
shows pat_main
begin 'Ctrl-C ends it by that signal, with the terminal as it was'
cat >"$HOME/broken" <<'END'
trap : INT
stty -g >before
clear
keyturn token
echo "status $?"
stty -g >after
echo next
END
runs 'sh broken'
shows '>  1  '
keys C-c
shows next
must on_screen 'status 130'
must cmp -s "$HOME/before" "$HOME/after"
begin 'it stops and goes on'
runs 'set -m; keyturn token'
shows '>  1  '
keys C-z
shows Stopped
runs 'fg'
shows '>  1  '
keys Escape
shows 'none of the accounts was named'

begin 'the row under the cursor is bright, and not with NO_COLOR'
bright()
{
	tmux -S "$work/tmux$sessions" capture-pane -p -e | grep -q "$(printf '\033')\[7m>"
}
runs 'keyturn token'
shows '>  1  '
must bright
keys Escape
shows 'named'
runs 'NO_COLOR=1 keyturn token'
shows '>  1  '
must_not bright
keys Escape
shows 'named'

begin 'a terminal that can do nothing gets the list, and a line to type'
runs 'TERM=dumb keyturn token'
shows 'Number or name'
must_not on_screen '>  1'
types 3
shows pat_main
leave

begin 'a question that is longer than the line is broken between words'
printf 'a word\n' >"$HOME/word"
at 60 C.UTF-8 KEYTURN_VAULT="$HOME/asking"
runs 'keyturn vault create --passphrase-file word; echo two | keyturn vault add-key --login; echo done: $?'
shows 'done: 0'
runs 'keyturn vault add-key --recovery; keyturn lock; clear; echo done: $?'
shows 'done: 0'
runs 'keyturn unlock'
shows '  password:'
must [ "$(screen | tail -n 2)" = "Passphrase or recovery code of keyturn's vault, or login
  password:" ]
keys C-d
shows 'run: keyturn unlock'

begin 'and so is the reason why a way in does not open'
runs 'keyturn unlock'
shows '  password:'
types 'a word'
shows 'is open'
runs 'keyturn vault add-key --key-file the.key; rm the.key; keyturn vault keys; echo done: $?'
shows 'done: 0'
must on_screen 'cannot be read: No such file'
must [ "$(screen | grep -c '^  ')" -ge 1 ]
leave

finish
