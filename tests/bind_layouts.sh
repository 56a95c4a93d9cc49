#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Who answers in which layout of directories and remotes, as "bind" and "allow" of keyturn(1) have it.
# Each row is one layout: a way to ask, the directory in which is asked, the remote ("-": a token is
# asked for, without any), the account that answers ("-": none), and what the layout is. Each is asked
# twice, of the keyring and of the cache, and keyturn which has to name the same account.
set -eu

. "$(dirname "$0")/lib/home.sh"
need git
alone "$0" "$@"
home_start
src=$HOME/src
coze=https://api.coze.cn
hub=https://github.com

for name in base job deep tree file both; do
	store_token "$name" coze.cn "pat_$name"
done
store_token com coze.com pat_com
for name in me acme tool user; do
	printf 'protocol=https\nhost=github.com\nusername=%s\npassword=pat_%s\n\n' "$name" "$name" |
		keyturn store
done
printf 'protocol=https\nhost=github.com:8443\nusername=port\npassword=pat_port\n\n' | keyturn store
must keyturn default base@coze.cn 2>"$work/stage.log"
must keyturn default --host github.com me@github.com 2>"$work/stage.log"

# bound ACCOUNT PLACE
bound()
{
	keyturn bind "$1" "$2" 2>"$work/stage.log" || complain "$2 cannot be bound: $(cat "$work/stage.log")"
}

# allowed DIRECTORY LINE...: its file has these lines, and is obeyed.
allowed()
{
	directory=$1
	shift
	printf '%s\n' "$@" >"$directory/.keyturn"
	keyturn allow "$directory" 2>"$work/stage.log" ||
		complain "$directory cannot be allowed: $(cat "$work/stage.log")"
}

repository()
{
	git init -q "$1" 2>"$work/stage.log"
	git -C "$1" -c user.name=x -c user.email=x@y.z commit -q --allow-empty -m x
}

make_directories()
{
	mkdir -p "$src/job/deep/er" "$src/job2" "$src/Job" "$src/a b" "$src/项目" "$src/100%=x" \
		"$src/new
line" "$src/moves/in" "$src/again/in" "$work/away" "$work/mounted"
	bound job "$src/job"
	bound deep "$src/job/deep"
	for name in 'a b' 项目 100%=x 'new
line'; do
		bound job "$src/$name"
	done
	ln -s job "$src/link"
	ln -s "$work/away" "$src/job/leads-out"
	ln -s ../job/deep "$work/link-of-none"
	ln -s "$src/job/deep" "$src/job2/leads-in"
	bound job "$src/moves"
	mv "$src/moves" "$src/moved"
	ln -s moved "$src/moves"
	(cd "$src/job" && bound tree ../again/./in//)
	chain=$src/job
	while [ ${#chain} -lt 3900 ]; do
		chain=$chain/$(printf '%0200d' 0)
	done
	mkdir -p "$chain"
}

# Repositories in every relation to what is bound.
make_repositories()
{
	repository "$src/tree"
	mkdir -p "$src/tree/below" "$src/tree/part/in"
	bound tree "$src/tree"
	bound deep "$src/tree/below"
	repository "$src/tree/below/nested"
	repository "$work/part"
	git -C "$src/tree" -c protocol.file.allow=always submodule --quiet add "$work/part" below/sub \
		2>"$work/stage.log" || complain "no submodule: $(cat "$work/stage.log")"
	git -C "$src/tree" worktree add -q "$work/away/tree" 2>"$work/stage.log"
	git -C "$src/tree" worktree add -q "$src/job/tree" -b other 2>"$work/stage.log"
	git clone -q --bare "$src/tree" "$src/job/bare.git" 2>"$work/stage.log"
	git clone -q --bare "$src/tree" "$work/away/bare.git" 2>"$work/stage.log"
	git init -q --separate-git-dir "$src/job/apart.git" "$work/away/apart" 2>"$work/stage.log"
}

make_files()
{
	mkdir -p "$src/file/in/unasked" "$src/file/deep" "$src/changed" "$src/back" "$src/linked" \
		"$src/gone" "$src/several" "$src/both" "$src/elsewhere" "$src/touched" "$work/clone"
	allowed "$src/file" file
	echo base >"$src/file/in/unasked/.keyturn"
	bound deep "$src/file/deep"
	for name in changed back; do
		allowed "$src/$name" file
		echo job >"$src/$name/.keyturn"
	done
	echo file >"$src/back/.keyturn"
	allowed "$src/touched" file
	touch -d '1 hour ago' "$src/touched/.keyturn"
	allowed "$src/linked" file
	mv "$src/linked/.keyturn" "$work/moved"
	ln -s "$work/moved" "$src/linked/.keyturn"
	allowed "$src/gone" file
	rm "$src/gone/.keyturn"
	allowed "$src/several" '# a team' nobody com@coze.com file@coze.cn
	allowed "$src/both" file
	bound both "$src/both"
	cp -r "$src/file" "$src/copied"
	echo job >"$src/elsewhere/.keyturn"
	repository "$src/checked"
	echo file >"$src/checked/.keyturn"
	git -C "$src/checked" add .keyturn
	git -C "$src/checked" -c user.name=x -c user.email=x@y.z commit -q -m x
	keyturn allow "$src/checked" 2>"$work/stage.log"
	git -C "$src/checked" worktree add -q "$src/checked-tree" 2>"$work/stage.log"
}

make_prefixes()
{
	bound acme "$hub/acme/"
	bound tool "$hub/acme/tool.git"
	bound me@github.com "$src/job"
	bound com "$src/job"
}

# The ways to ask: each ends with a command in the directory that the row names.
here() { cd "$1" && shift && "$@"; }
through() { cd -L "$1" && shift && PWD=$PWD "$@"; }
named() { cd "$1" && shift && KEYTURN_ACCOUNT=job@coze.cn "$@"; }
lies() { cd "$1" && shift && PWD=$src/job OLDPWD=$src/job "$@"; }
deleted() { mkdir -p "$1" && cd "$1" && rmdir "$1" && shift && "$@"; }
replaced() { mkdir -p "$1" && cd "$1" && rmdir "$1" && mkdir "$1" && shift && "$@"; }
deeper()
{
	name=$(printf '%0200d' 0)
	env -C "$1" mkdir -p "$name/$name/$name"
	start=$1
	shift
	env -C "$start" env -C "$name/$name/$name" "$@"
}
sudoed() { cd "$1" && shift && sudo -n env HOME="$work/root" PATH="$PATH" "$@"; }
keeps() { cd "$1" && shift && sudo -n env HOME="$HOME" PATH="$PATH" "$@"; }
mounted()
{
	unshare --mount sh -c 'mount --bind "$1" "$2" && cd "$2" && shift 2 && exec "$@"' - "$src/job" "$@"
}
unmounted()
{
	unshare --mount sh -c 'mount --bind "$1" "$2" && cd "$2" && umount -l "$2" && shift 2 && exec "$@"' - \
		"$src/job" "$@"
}

# asks REMOTE and says REMOTE are programs, so that sudo can start them; "-": the token alone.
make_programs()
{
	cat >"$work/asks" <<-'END'
	#!/bin/sh
	[ "$1" != - ] || exec keyturn token
	printf 'url=%s\n\n' "$1" | keyturn get | sed -n 's/^password=//p'
	END
	cat >"$work/says" <<-'END'
	#!/bin/sh
	[ "$1" != - ] || shift
	keyturn which "$@" | sed -n '1s/^\([^ *@][^ @]*\)@.*/\1/p' | grep . || echo -
	END
	chmod 700 "$work/asks" "$work/says"
}

# git_asks WAY DIRECTORY REMOTE: git's own question, from where it goes itself.
git_asks()
{
	case $1 in
	git-told) set -- "$2" "$3" false --git-dir="$src/tree/.git" --work-tree="$src/tree" ;;
	git-path) set -- "$2" "$3" true ;;
	*) set -- "$2" "$3" false ;;
	esac
	directory=$1
	remote=$2
	is_path=$3
	shift 3
	printf 'url=%s\n\n' "$remote" | git -C "$directory" -c credential.helper= \
		-c credential.helper=keyturn -c "credential.useHttpPath=$is_path" "$@" credential fill |
		sed -n 's/^password=//p'
}

# row WAY DIRECTORY REMOTE ACCOUNT LAYOUT
rows=0
row()
{
	rows=$((rows + 1))
	begin "$rows: $5"
	for again in keyring cache; do
		case $1 in
		git*) got=$(git_asks "$1" "$2" "$3" 2>"$work/err") || : ;;
		*) got=$( ("$1" "$2" "$work/asks" "$3") 2>"$work/err") || : ;;
		esac
		[ "pat_$4" = "${got:-pat_-}" ] || complain "of the $again ${got:-nothing} is had, not pat_$4"
	done
	case $1 in
	git*) return 0 ;;
	esac
	which=$( ("$1" "$2" "$work/says" "$3") 2>"$work/err") || :
	[ "$which" = "$4" ] || complain "keyturn which says $which, not $4"
}

make_programs
make_directories
make_repositories
make_files

row here "$src" - base 'above what is bound'
row here "$src/job" - job 'a bound directory'
row here "$src/job/tree/.." - job 'by a path with dots'
row here "$src/job/deep" - deep 'a deeper one that is bound too'
row here "$src/job/deep/er" - deep 'below both, the deepest decides'
row here "$src/job2" - base 'beside one, with a name that begins so'
row here "$src/Job" - base 'with the same name in capitals'
row here "$src/a b" - job 'with a blank in its name'
row here "$src/项目" - job 'with a name in another script'
row here "$src/100%=x" - job 'with characters that the file of bindings escapes'
row here "$src/new
line" - job 'with a line break in its name'
row here "$src/again/in" - tree 'bound by a relative path with dots and slashes'
row here "$chain" - job 'below it by nearly all that a path may have'
row deeper "$chain" - base 'below it by more than a path may have: nowhere'
row lies "$work/away" - base 'elsewhere, with a PWD that says that it is there'

row through "$src/link" - job 'cd through a link to it'
row through "$src/link/deep" - deep 'cd through a link, and below'
row through "$src/job/leads-out" - base 'cd through a link within it that leads out'
row through "$src/job2/leads-in" - deep 'cd through a link that leads into another one'
row here "$src/moved" - base 'a bound directory that was moved'
row here "$src/moves" - base 'a link where it was, to where it is'
row deleted "$src/job/away" - base 'a directory below it that was deleted'
row replaced "$src/job/away" - base 'a deleted one whose path is there again'

if [ "$(id -u)" -eq 0 ] && mountpoint -q "$TEST_ALONE"; then
	row mounted "$work/mounted" - base 'the bound directory mounted elsewhere'
	row unmounted "$work/mounted" - base 'and the mount taken away under the caller'
fi
if command -v sudo >/dev/null && [ "$(id -u)" -eq 0 ]; then
	mkdir "$work/root"
	row sudoed "$src/job" - - 'sudo with a home of its own'
	row keeps "$src/job" - job 'sudo with the home of the caller'
fi

row git "$src/tree" $coze tree 'git in a repository that is bound'
row git "$src/tree/below" $coze tree 'git in a bound directory of a worktree asks from its top'
row here "$src/tree/below" $coze deep 'who is no git asks from there'
row git "$src/tree/below/nested" $coze deep 'a repository in the worktree of another'
row git "$src/tree/below/sub" $coze deep 'a submodule'
row git "$work/away/tree" $coze base 'a worktree elsewhere'
row git "$src/job/tree" $coze job 'a worktree within a bound directory'
row git "$src/job/bare.git" $coze job 'a bare repository within it'
row git "$src/job/bare.git/refs" $coze job 'and below a bare repository'
row git "$work/away/bare.git" $coze base 'a bare repository elsewhere'
row git "$src/tree/.git" $coze tree 'the .git of a repository'
row git "$work/away/apart" $coze base 'a worktree whose .git lies within a bound directory'

row git-told "$work/away" $coze base 'a repository that git was told of: it asks from where it stands'
row git-told "$src/tree/below" $coze tree 'and from its top where it stands below that'

row here "$src/job" $coze job 'a remote of the service that it is bound for'
row here "$src/job" https://api.coze.com com 'a remote of another service: its own account'
row here "$src/job" https://other.example - 'a remote of none: no account leaves its host'
row named "$src/file" - job 'KEYTURN_ACCOUNT beside a file that is obeyed'

row here "$src/elsewhere" - base 'a .keyturn that nobody allowed'
row here "$src/file" - file 'a .keyturn that was allowed'
row here "$src/file/in" - file 'below it'
row here "$src/file/in/unasked" - file 'below it with a .keyturn that nobody allowed'
row here "$src/file/deep" - deep 'below it in a directory that is bound'
row here "$src/copied" - base 'a copy of it'
row here "$src/changed" - base 'with other content than was allowed'
row here "$src/back" - file 'with the content that was allowed, again'
row here "$src/touched" - file 'with another date'
row here "$src/linked" - base 'a link to the same content'
row here "$src/gone" - base 'without its file'
row here "$src/several" - com 'with several accounts: the first that is stored'
row here "$src/several" $coze file 'of them the first that is of the host'
row here "$src/both" - both 'a directory that is bound, and has one'
row here "$src/checked" - file 'a repository that has one'
row here "$src/checked-tree" - base 'another worktree of that repository'

make_prefixes

row here "$src" $hub/other/x me 'a remote that no prefix fits'
row here "$src" $hub/acme/x acme 'a remote below a prefix'
row here "$src" $hub/acme acme 'the prefix itself'
row here "$src" $hub/acme/ acme 'with a slash behind it'
row here "$src" $hub/acme2/x me 'a remote whose name begins so'
row here "$src" $hub/Acme/x me 'a path in capitals is another one'
row here "$src" https://GitHub.COM/acme/x acme 'a host in capitals is the same'
row here "$src" $hub:443/acme/x acme 'a port that goes without saying'
row here "$src" $hub:8443/acme/x port 'another port is another host'
row here "$src" http://github.com/acme/x - 'another protocol is another service'
row here "$src" $hub/acme/tool tool 'the longest prefix, without its .git'
row here "$src" $hub/acme/tool.git tool 'and with it'
row here "$src/job" $hub/acme/x acme 'a prefix goes before a directory'
row here "$src/job" $hub/other/x me 'a directory for a remote that no prefix fits'
row here "$src/job" https://user@github.com/acme/x user 'a user name in the URL goes before both'
row git "$src/job/tree" $hub/acme/x.git me 'git, which tells no path'
row git-path "$src/job/tree" $hub/acme/x.git acme 'git with credential.useHttpPath'

keyturn logout deep@coze.cn 2>"$work/stage.log"
row here "$src/job/deep" - - 'where the account is gone, no other answers'
row here "$src/job/deep" $coze - 'nor to a remote of its service'
row here "$src/job/deep" https://api.coze.com com 'while another service has its own'

echo "# $rows layouts"
must [ "$rows" -ge 20 ]
finish
