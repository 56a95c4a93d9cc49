# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034
#
# For tests of keyturn setup, behind home_start: a login for git.example.com, a helper of another
# program beside keyturn's, and what the home is like before and after.

# setup_start: the login, and git-credential-other, which tells what it is asked and answers wrongly.
setup_start()
{
	input 'protocol=https\nhost=git.example.com\nusername=me\npassword=secret\n\n'
	call keyturn store
	mkdir "$work/bin"
	cat >"$work/bin/git-credential-other" <<-END
		#!/bin/sh
		echo "\$@" >>"$work/told"
		[ "\$1" != get ] || printf 'username=other\npassword=wrong\n'
	END
	chmod +x "$work/bin/git-credential-other"
	PATH=$work/bin:$PATH
	records=$HOME/.config/keyturn/setup
}

# picture [FORMAT]: every file below the home but keyturn's: its kind, mode, owner, link, content.
picture()
{
	(cd "$HOME" && find . \( -path ./.local -o -path ./.config/keyturn \) -prune -o \
		! -name .config -printf "%y %m %u %g %p %l ${1:-}\n" -type f -exec cksum {} + | sort)
}

# settings: what git reads, but for the helpers of general addresses.
settings()
{
	git config --list | grep -av '^credential\.helper=' || :
}

fresh()
{
	rm -rf "$HOME/.gitconfig" "$HOME/.config/git" "$HOME/dotfiles" "$HOME"/*.inc \
		"$HOME/.git-credentials" "$HOME/.docker" "$HOME/.config/go" "$HOME/.config/pip" "$HOME/.config/uv" "$HOME/.cargo" \
		"$HOME/.aws" "$HOME/.kube" "$HOME/.bazelrc" "$HOME/.terraformrc" \
		"$HOME/.terraform.d" "$HOME/.claude" "$HOME/.claude.json" "$HOME/.npmrc" "$HOME/.codex"
	unset GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM
	: >"$work/told"
}

# asked: git fills from keyturn, and tells no other helper of it.
asked()
{
	input 'protocol=https\nhost=git.example.com\n\n'
	call git credential fill
	expect_line username=me
	expect_line password=secret
	call git credential approve <"$work/out"
	must [ ! -s "$work/told" ]
	must [ ! -e "$HOME/.git-credentials" ]
}
