#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The completions in the three shells themselves, at a terminal; and the words that keyturn has for
# them, for which it asks nobody.
set -eu

. "$(dirname "$0")/lib/home.sh"
need bash expect fish zsh
home_start
completions=$srcdir/packaging/completions

store_token alice coze.cn pat_one
store_token 'sp ace' coze.cn pat_two
store_token bob coze.cn pat_three
store_token bob coze.com pat_four
store_token 名字 coze.cn pat_five
printf 'protocol=https\nhost=git.example.org\nusername=gituser\npassword=x\n\n' | keyturn store

begin 'names of accounts: the whole one, and the short one where it is enough'
call keyturn complete accounts
expect_line alice
expect_line alice@coze.cn
expect_line 'sp ace'
expect_line bob@coze.com
expect_line 名字
must_not grep -qx bob "$work/out"

begin 'hosts, services and tools'
call keyturn complete hosts
expect_line coze.com
expect_line git.example.org
call keyturn complete providers
expect_line github
call keyturn complete tools
expect_line docker
call keyturn complete run-tools
expect_line cozeloop

# in_shell SPAWN LINE WORDS...: what SPAWN makes of LINE when Tab is pressed behind it. The line is
# shown word by word by a command that is put in front of it.
in_shell()
{
	shell=$1
	line=$2
	shift 2
	wanted=
	for word in keyturn "$@"; do
		wanted="$wanted<$word>"
	done
	at_terminal "set stty_init {columns 200 rows 40}
	spawn -noecho $shell
	expect_after timeout { exit 98 }
	send -- {printf '%s-%s\\n' is ready}
	send -- \\r
	expect is-ready
	send -- {keyturn $line}
	send -- \\t\\001
	send -- {printf '<%s>' }
	send -- \\r
	expect {
	  -ex {$wanted} { exit 0 }
	  timeout { exit 97 }
	}"
	[ "$status" -eq 0 ] && return
	complain "$shell: $line is not completed to $*"
	show_call
}

cat >"$work/bashrc" <<END
. '$completions/keyturn.bash'
END
mkdir "$work/zsh"
cat >"$work/zsh/.zshrc" <<END
fpath=('$completions' \$fpath)
autoload -Uz compinit
compinit -u -d '$work/zsh/dump'
bindkey -e
END
cat >"$work/config.fish" <<END
source '$completions/keyturn.fish'
END
bash="bash --noprofile --rcfile $work/bashrc -i"
zsh="env ZDOTDIR=$work/zsh zsh -i"
fish="fish --no-config --init-command {source $work/config.fish}"

for shell in "$bash" "$zsh" "$fish"; do
	begin "completed by ${shell%% -*}"
	in_shell "$shell" 'token al' token alice
	in_shell "$shell" 'show sp' show 'sp ace'
	in_shell "$shell" 'logout bob@coze.co' logout bob@coze.com
	in_shell "$shell" 'login x --provider githu' login x --provider github
	in_shell "$shell" 'login --host git.ex' login --host git.example.org
	in_shell "$shell" 'setup dock' setup docker
	in_shell "$shell" 'run 名 --too' run 名 --tool
	in_shell "$shell" 'run alice -- keytur' run alice -- keyturn
	in_shell "$shell" 'scan --js' scan --json
done

begin 'a locked vault is not opened, and nobody is asked'
keyturn lock
printf 'secret' >"$work/passphrase"
KEYTURN_VAULT=$work/closed
export KEYTURN_VAULT
call keyturn vault create --passphrase-file "$work/passphrase"
expect_status 0
call keyturn lock
at_terminal 'spawn -noecho keyturn complete accounts'
expect_status 0
expect_output ''

finish
