#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn setup: git's configuration as people have it. Each is wired, asked through real git, wired
# again, and given back to the byte.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/setup.sh"
need git expect
home_start
cd "$work"
setup_start

# round: the files as they stand are wired and given back.
round()
{
	picture >"$work/before"
	settings >"$work/settings"
	call keyturn setup git --yes
	expect_status 0
	expect_said 'git: it asks keyturn now'
	must [ "$(find "$records" -type f -perm 600 | wc -l)" -eq 1 ]
	asked
	settings | cmp -s - "$work/settings" || complain 'another setting changed'
	picture '%i %T@' >"$work/wired"
	call keyturn setup git --yes
	expect_status 0
	expect_said 'git: it asks keyturn already'
	picture '%i %T@' | cmp -s - "$work/wired" || complain 'the second time changed something'
	give_back
}

give_back()
{
	call keyturn setup git --undo --yes
	expect_status 0
	expect_said 'before setup'
	picture >"$work/after"
	if ! cmp -s "$work/before" "$work/after"; then
		complain 'it is not as it was:'
		diff "$work/before" "$work/after" | sed 's/^/#   /'
	fi
	must [ ! -e "$records" ]
}

# config NAME FORMAT: ~/.gitconfig.
config()
{
	begin "$1"
	fresh
	# shellcheck disable=SC2059
	printf "$2" >"$HOME/.gitconfig"
	round
}

begin 'no file at all'
fresh
round

begin 'XDG_CONFIG_HOME alone'
fresh
mkdir -p "$HOME/.config/git"
printf '[user]\n\tname = me\n' >"$HOME/.config/git/config"
round

begin 'both files, with a helper in that of XDG_CONFIG_HOME'
printf '[credential]\n\thelper = other\n' >"$HOME/.config/git/config"
printf '[user]\n\tname = me\n' >"$HOME/.gitconfig"
round

begin 'an empty variable XDG_CONFIG_HOME'
fresh
mkdir -p "$HOME/.config/git"
printf '[credential]\n\thelper = other\n' >"$HOME/.config/git/config"
export XDG_CONFIG_HOME=
round
unset XDG_CONFIG_HOME

begin 'GIT_CONFIG_GLOBAL, there and not there'
fresh
mkdir "$HOME/dotfiles"
printf '[user]\n\tname = me\n' >"$HOME/dotfiles/git"
export GIT_CONFIG_GLOBAL="$HOME/dotfiles/git"
round
rm "$HOME/dotfiles/git"
round
export GIT_CONFIG_GLOBAL="$HOME/dotfiles/new/deep/git"
round

begin 'GIT_CONFIG_GLOBAL without its directory'
fresh
mkdir "$HOME/dotfiles"
printf '[credential]\nhelper = other\n' >"$HOME/dotfiles/git"
cd "$HOME/dotfiles"
export GIT_CONFIG_GLOBAL=git
round
cd "$work"

config 'an empty file' ''
config 'a line feed' '\n'
config 'a comment' '# mine\n'
config 'a comment without an end of line' '; mine'
config 'a section' '[user]\n\tname = me\n\temail = me@example.com\n'
config 'no line feed at the end' '[user]\n\tname = me'
config 'no line feed behind a heading' '[user]'
config 'CR LF' '[user]\r\n\tname = me\r\n[core]\r\n\teditor = vi\r\n'
config 'CR LF, and none at the end' '[user]\r\n\tname = me'
config 'CR LF and a helper' '[credential]\r\n\thelper = other\r\n[user]\r\n\tname = me\r\n'
config 'a byte order mark' '\357\273\277[user]\n\tname = me\n'
config 'bytes that are not UTF-8' '[user]\n\tname = \377\376\n'
config 'a credential section without a helper' '[credential]\n\tuseHttpPath = true\n'
config 'an empty credential section' '[credential]\n[user]\n\tname = me\n'
config 'a credential section with a comment behind its heading' \
	'[credential] # how git logs in\n[user]\n\tname = me\n'
config 'a credential section at the end, without a line feed' '[credential]'
config 'a credential section twice' \
	'[credential]\n\tusername = me\n[user]\n\tname = me\n[credential]\n\tuseHttpPath = false\n'
config 'capital letters' '[CREDENTIAL]\n\tHELPER = other\n[User]\n\tNAME = me\n'
config 'store, which writes to the disk' '[credential]\n\thelper = store\n'
config 'store with a file' "[credential]\n\thelper = store --file=$HOME/.git-credentials\n"
config 'cache with an option' '[credential]\n\thelper = cache --timeout=60\n'
config 'a helper that is asked first' '[credential]\n\thelper = other\n'
config 'two helpers' '[credential]\n\thelper = other\n\thelper = other two\n'
config 'two helpers in two sections' \
	'[credential]\n\thelper = other\n[user]\n\tname = me\n[credential]\n\thelper = store\n'
config 'helpers of desktops, which are not installed' \
	'[credential]\n\thelper = libsecret\n\thelper = manager\n\thelper = osxkeychain\n'
config 'a helper by its path' "[credential]\n\thelper = $work/bin/git-credential-other\n"
config 'a snippet for the shell' \
	'[credential]\n\thelper = "!f() { echo username=x; echo password=y; }; f"\n'
config 'a snippet over several lines' \
	'[credential]\n\thelper = "!f() { \\\n\t\techo username=x; \\\n\techo password=y; }; f"\n'
config 'a value over several lines, without quotes' '[credential]\n\thelper = oth\\\ner\n'
config 'a comment in the line of the helper' '[credential]\n\thelper = other # mine\n'
config 'another comment there' '[credential]\n\thelper = "other" ; "mine\n'
config 'no blanks around the sign' '[credential]\nhelper=other\n'
config 'many blanks and tabs' '  [credential]\n \t helper  \t=\t  other \t \n\n\n'
config 'the helper in the line of the heading' '[credential] helper = other\n'
config 'the helper in the line of the heading, without an end' '[credential]helper=other'
config 'an empty line of another person before' \
	'[credential]\n\thelper =\n\thelper = other\n'
config 'an empty line behind the helper' '[credential]\n\thelper = other\n\thelper =\n'
config 'an empty line alone' '[credential]\n\thelper = ""\n'
config 'keyturn, ended by an empty line' '[credential]\n\thelper = keyturn\n\thelper =\n'
config 'keyturn behind another' '[credential]\n\thelper = other\n\thelper = keyturn\n'
config 'keyturn before another' '[credential]\n\thelper = keyturn\n\thelper = store\n'
config 'keyturn with words behind it' '[credential]\n\thelper = keyturn --timeout=3600\n'
config 'a name that is near' '[credential]\n\thelper = keytrun\n'
config 'a setting without a value' '[x]\n\ty\n[credential]\n\tusername = me\n'
config 'a helper for one address, after' \
	'[credential]\n\thelper = store\n[credential "https://github.com"]\n\thelper =\n\thelper = other\n'
config 'a helper for one address, before' \
	'[credential "https://github.com"]\n\thelper =\n\thelper = other\n[credential]\n\thelper = store\n'
config 'a helper for one address, with a comment above' \
	'[user]\n\tname = me\n# for the work\n; there\n[credential "https://x.example.com"]\n\thelper = other\n'
config 'the old form of an address' '[credential.x]\n\thelper = other\n'
config 'a user name for one address' \
	'[credential "https://x.example.com/a\\"b"]\n\tusername = x\n\tuseHttpPath = true\n'
config 'headings that look alike' \
	'[credentials]\n\thelper = a\n[x "credential"]\n\thelper = b\n[y]\n\tz = "[credential] helper = c"\n'
config 'a line that looks alike in a value' \
	'[alias]\n\tx = "!echo \\\n[credential]\\\nhelper = keyturn"\n'

# including NAME FORMAT: ~/.gitconfig; the included file has another helper.
including()
{
	begin "$1"
	fresh
	printf '[credential]\n\thelper = other\n' >"$HOME/more.inc"
	# shellcheck disable=SC2059
	printf "$2" >"$HOME/.gitconfig"
	round
}

including 'an include with another helper' '[include]\n\tpath = more.inc\n[user]\n\tname = me\n'
including 'an include at the end' '[user]\n\tname = me\n[include]\n\tpath = more.inc'
including 'an include behind a helper' \
	'[credential]\n\thelper = store\n[include]\n\tpath = ~/more.inc\n'
including 'an include behind keyturn' \
	'[credential]\n\thelper = keyturn\n[include]\n\tpath = more.inc\n[user]\n\tname = me\n'
including 'an include before and after a section' \
	'[include]\n\tpath = more.inc\n[credential]\n\tusername = me\n[include]\n\tpath = more.inc\n'
including 'an include that holds for some directory' \
	'[includeIf "gitdir:~/work/"]\n\tpath = more.inc\n[user]\n\tname = me\n'
including 'an include of a file that is not there' '[include]\n\tpath = none.inc\n'

begin 'an include with an empty line, which ends what stands before it'
fresh
printf '[credential]\n\thelper =\n' >"$HOME/more.inc"
printf '[credential]\n\thelper = other\n[include]\n\tpath = more.inc\n' >"$HOME/.gitconfig"
round

begin 'a helper for the whole system'
fresh
printf '[credential]\n\thelper = other\n' >"$work/system"
unset GIT_CONFIG_NOSYSTEM
export GIT_CONFIG_SYSTEM="$work/system"
round
printf '[credential]\n\thelper = keyturn\n' >"$HOME/.gitconfig"
round
printf '[user]\n\tname = me\n[credential "https://x.example.com"]\n\thelper = other\n' \
	>"$HOME/.gitconfig"
round
unset GIT_CONFIG_SYSTEM
export GIT_CONFIG_NOSYSTEM=1

begin 'a link into a directory of dotfiles, and a chain of links'
fresh
mkdir "$HOME/dotfiles"
printf '[user]\n\tname = me\n' >"$HOME/dotfiles/gitconfig"
ln -s dotfiles/gitconfig "$HOME/.gitconfig"
round
rm "$HOME/.gitconfig"
ln -s first.link "$HOME/dotfiles/second.link"
ln -s ../dotfiles/gitconfig "$HOME/dotfiles/first.link"
ln -s "$HOME/dotfiles/second.link" "$HOME/.gitconfig"
chmod 640 "$HOME/dotfiles/gitconfig"
round

begin 'a link to a file that is not there'
rm "$HOME/dotfiles/gitconfig"
round

begin 'the mode stays, and what is not the umask s'
fresh
printf '[user]\n\tname = me\n' >"$HOME/.gitconfig"
chmod 604 "$HOME/.gitconfig"
round

begin 'git tells the path where logins of one host differ by it, unless a person has said'
fresh
for path in first second; do
	input 'protocol=https\nhost=paths.example.com\npath=%s\nusername=me\npassword=%s\n\n' $path $path
	call keyturn store
done
printf '[user]\n\tname = me\n' >"$HOME/.gitconfig"
settings >"$work/settings"
picture >"$work/before"
call keyturn setup git --yes
expect_status 0
expect_said 'useHttpPath'
for path in first second; do
	input 'url=https://paths.example.com/%s\n\n' $path
	call git credential fill
	expect_line "password=$path"
done
asked
call keyturn setup git --yes
expect_said 'asks keyturn already'
give_back
call keyturn setup git --yes
git config --global alias.a b
call keyturn setup git --undo --yes
expect_status 0
printf '[user]\n\tname = me\n[alias]\n\ta = b\n' | cmp -s - "$HOME/.gitconfig" ||
	complain 'its section stays'
call keyturn setup git --print
must grep -q useHttpPath "$work/out"
git config --global credential.https://paths.example.com.useHttpPath false
call keyturn setup git --yes
must [ "$(git config credential.https://paths.example.com.useHttpPath)" = false ]
for path in first second; do
	input 'protocol=https\nhost=paths.example.com\npath=%s\n\n' $path
	call keyturn erase
done

# already VALUE: a helper that is keyturn.
already()
{
	begin "it is keyturn already: $1"
	fresh
	printf '[user]\n\tname = me\n' >"$HOME/.gitconfig"
	git config --global credential.helper "$1"
	picture '%i %T@' >"$work/before"
	call keyturn setup git
	expect_status 0
	expect_said 'git: it asks keyturn already'
	picture '%i %T@' | cmp -s - "$work/before" || complain 'something changed'
	asked
	call keyturn setup git --undo --yes
	expect_status 0
	must_not git config --get credential.helper
	must [ "$(git config user.name)" = me ]
}

for helper in keyturn "$builddir/tests/bin/git-credential-keyturn" '!keyturn' '! keyturn ' \
	"$builddir/tests/bin/keyturn" "!'$builddir/tests/bin/git-credential-keyturn'" \
	'!git credential-keyturn'; do
	already "$helper"
done

begin 'what was changed after setup stays, and only the lines of keyturn go'
fresh
printf '[credential]\n\thelper = store # mine\n\tusername = me\n' >"$HOME/.gitconfig"
call keyturn setup git --yes
git config --global alias.a b
call keyturn setup git --undo --yes
expect_status 0
expect_said 'what else was changed in it stays'
printf '[credential]\n\thelper = store # mine\n\tusername = me\n[alias]\n\ta = b\n' |
	cmp -s - "$HOME/.gitconfig" || complain 'it is not as it was with the new line'
must [ ! -e "$records" ]

begin 'a section that setup made goes, and a file with it'
fresh
call keyturn setup git --yes
printf '# mine\n' >>"$HOME/.gitconfig"
call keyturn setup git --undo --yes
must [ "$(cat "$HOME/.gitconfig")" = '# mine' ]
fresh
call keyturn setup git --yes
printf '[credential]\n\thelper = keyturn\n\n' >"$HOME/.gitconfig"
call keyturn setup git --undo --yes
must [ "$(cat "$HOME/.gitconfig")" = '' ]

begin 'a section that was there stays, also without a line in it'
for text in '[credential]\n' '[credential]\n[credential "https://x.example.com"]\n\tusername = x\n'; do
	fresh
	# shellcheck disable=SC2059
	printf "$text" >"$HOME/.gitconfig"
	call keyturn setup git --yes
	printf '[alias]\n' >>"$HOME/.gitconfig"
	call keyturn setup git --undo --yes
	# shellcheck disable=SC2059
	printf "$text[alias]\n" | cmp -s - "$HOME/.gitconfig" || complain "not so: $text"
done

begin 'there is nothing to undo'
fresh
printf '[user]\n\tname = me\n' >"$HOME/.gitconfig"
picture >"$work/before"
call keyturn setup git --undo
expect_status 0
expect_said 'there is nothing to undo'
picture | cmp -s - "$work/before" || complain 'something changed'

begin 'a line in another file is not removed, but named'
printf '[credential]\n\thelper = keyturn\n' >"$HOME/more.inc"
printf '[include]\n\tpath = more.inc\n' >"$HOME/.gitconfig"
call keyturn setup git --undo --yes
expect_status 2
expect_said 'is not in'
expect_cause_and_remedy

# refused TEXT: nothing is changed, and the rule is told.
refused()
{
	picture '%i %T@' >"$work/before"
	call timeout 20 keyturn setup git --yes
	expect_status "${2:-6}"
	expect_said "$1"
	expect_cause_and_remedy
	picture '%i %T@' | cmp -s - "$work/before" || complain 'something changed'
	must [ ! -e "$records" ]
}

begin 'what is no file of ours to write is refused'
fresh
printf '[user]\n\tname = me\n' >"$HOME/.gitconfig"
chmod 400 "$HOME/.gitconfig"
refused 'is read-only'
rm -f "$HOME/.gitconfig"
mkdir "$HOME/.gitconfig"
refused 'is no regular file'
rmdir "$HOME/.gitconfig"
mkfifo "$HOME/.gitconfig"
export GIT_CONFIG_GLOBAL="$HOME/.gitconfig"
refused 'is no regular file'
export GIT_CONFIG_GLOBAL=/dev/null
refused 'is no regular file'
unset GIT_CONFIG_GLOBAL
rm "$HOME/.gitconfig"
printf '[user]\n\tname = me\n' >"$HOME/.gitconfig"
ln "$HOME/.gitconfig" "$HOME/second.inc"
refused 'has 2 names'
fresh
{ printf '[user]\n\tname = me\n'; yes '# more' | head -c 1048577; } >"$HOME/.gitconfig"
refused 'is longer than 1048576 bytes'
printf '[user]\n\tname = \0me\n' >"$HOME/.gitconfig"
refused 'it has a NUL byte'
printf '[user\n' >"$HOME/.gitconfig"
refused 'git cannot read its own configuration' 2
rm "$HOME/.gitconfig"
ln -s .gitconfig "$HOME/.gitconfig"
refused 'leads through more than'
rm "$HOME/.gitconfig"
if [ "$(id -u)" -eq 0 ]; then
	printf '[user]\n\tname = me\n' >"$HOME/.gitconfig"
	chown 1 "$HOME/.gitconfig"
	refused "is another user's"
	fresh
	mkdir "$HOME/dotfiles"
	chown 1 "$HOME/dotfiles"
	export GIT_CONFIG_GLOBAL="$HOME/dotfiles/git"
	refused "is another user's"
	unset GIT_CONFIG_GLOBAL
fi

begin 'a file that git is changing is left alone'
fresh
printf '[user]\n\tname = me\n' >"$HOME/.gitconfig"
: >"$HOME/.gitconfig.lock"
refused 'git is changing' 5
rm "$HOME/.gitconfig.lock"

begin 'where git does not see the new line the old file is put back'
picture >"$work/before"
call env GIT_CONFIG_GLOBAL= keyturn setup git --yes
expect_status 2
expect_said 'the old one is back'
expect_cause_and_remedy
picture | cmp -s - "$work/before" || complain 'something changed'
must [ ! -e "$records" ]

begin 'a program that git would not find is told, and nothing is changed'
fresh
mkdir -p "$work/alone"
ln -sf "$builddir/tests/bin/keyturn" "$(command -v git)" "$work/alone/"
PATH=$work/alone:/usr/bin:/bin
refused 'would not find git-credential-keyturn' 2
PATH=$work/bin:$builddir/tests/bin:/usr/bin:/bin

begin 'without a terminal and without --yes nothing is changed'
fresh
picture >"$work/before"
call keyturn setup git
expect_status 2
expect_said 'add --yes'
expect_cause_and_remedy
picture | cmp -s - "$work/before" || complain 'something changed'

begin '--print gives the lines, and changes nothing'
call keyturn setup git --print
expect_status 0
must [ "$(cat "$work/out")" = "$(printf '[credential]\n\thelper = keyturn')" ]
picture | cmp -s - "$work/before" || complain 'something changed'
cp "$work/out" "$HOME/.gitconfig"
asked

begin 'words that are no tools'
for words in gti 'git nothing' ''; do
	# shellcheck disable=SC2086
	call keyturn setup $words --yes
	expect_status 2
	expect_cause_and_remedy
done
call keyturn setup git --undo --print
expect_status 2

begin 'at a terminal the change is shown as a difference, and asked about'
fresh
printf '[http]\n\textraHeader = "Authorization: Basic hunter2"\n[credential]\n\thelper = store\n' \
	>"$HOME/.gitconfig"
printf '\t# \033]0;x\007\n' >>"$HOME/.gitconfig"
picture >"$work/before"
at_terminal '
spawn keyturn setup git
expect "Change * so?"
send "n\r"'
expect_status 0
grep -v '^spawn' "$work/out" | tr -d '\r' >"$work/seen"
for line in "--- $HOME/.gitconfig" "+++ $HOME/.gitconfig" '@@ -1,5 +1,6 @@' ' [credential]' \
	'+    helper = keyturn' '-    helper = store' '+    # keyturn setup: helper = store' \
	'     # ?]0;x?' 'keyturn: git: nothing is changed'; do
	must grep -qxF -e "$line" "$work/seen"
done
must_not grep -q hunter2 "$work/out"
picture | cmp -s - "$work/before" || complain 'something changed'
at_terminal '
spawn keyturn setup git
expect "Change * so?"
send "y\r"'
expect_status 0
asked
at_terminal '
spawn keyturn setup git --undo
expect "Change * so?"
send "yes\r"'
picture | cmp -s - "$work/before" || complain 'it is not as it was'

begin 'doctor tells which tools ask, and whether they find keyturn'
fresh
call keyturn doctor
must_not grep -q ' docker ' "$work/out"
call keyturn setup git docker --yes
call keyturn doctor
must grep -qE '^ok +git +git asks keyturn$' "$work/out"
must grep -qE '^ok +docker +docker asks keyturn$' "$work/out"
must_not grep -q 'beside keyturn' "$work/out"
PATH=$work/alone:/usr/bin:/bin
call keyturn doctor
must grep -qE '^warning +git .*does not find git-credential-keyturn' "$work/out"
must grep -qE '^warning +docker .*does not find docker-credential-keyturn' "$work/out"
PATH=$work/bin:$builddir/tests/bin:/usr/bin:/bin
call keyturn setup git docker --undo --yes
printf '[credential]\n\thelper = keyturn\n\thelper = store\n' >"$HOME/.gitconfig"
call keyturn doctor
must grep -qE '^warning +git +git asks other helpers beside keyturn' "$work/out"
must grep -qF 'run: keyturn setup git' "$work/out"

begin 'of several tools none is changed if one cannot be'
fresh
mkdir "$HOME/.docker"
printf '{' >"$HOME/.docker/config.json"
call keyturn setup git docker --yes
expect_status 2
must [ ! -e "$HOME/.gitconfig" ]
printf '{}' >"$HOME/.docker/config.json"
call keyturn setup git docker git --yes
expect_status 0
asked
call keyturn setup docker git --undo --yes
must [ ! -e "$HOME/.gitconfig" ]
must [ "$(cat "$HOME/.docker/config.json")" = '{}' ]

finish
