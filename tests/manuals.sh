#!/bin/sh
# SPDX-License-Identifier: MIT
# The manuals are sound mdoc; keyturn(1), the completions, the README and "keyturn help" tell of the
# same commands and options, and the Chinese manuals of all that the English ones tell of.
set -eu

. "$(dirname "$0")/lib/home.sh"
manual=$srcdir/docs/man/keyturn.1
completions=$srcdir/packaging/completions
failed=0

need fish mandoc zsh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# same NAME: the files help and other in the scratch directory hold the same lines.
same()
{
	if [ ! -s "$scratch/help" ] && [ "$2" = some ]; then
		echo "not ok $1: keyturn help told nothing"
		failed=1
	elif diff "$scratch/help" "$scratch/other" >"$scratch/difference"; then
		echo "ok $1"
	else
		echo "not ok $1: help on the left, the other on the right"
		cat "$scratch/difference"
		failed=1
	fi
}

# passes NAME COMMAND...
passes()
{
	case_name=$1
	shift
	if "$@" >"$scratch/output" 2>&1; then
		echo "ok $case_name"
	else
		echo "not ok $case_name"
		cat "$scratch/output"
		failed=1
	fi
}

options_in()
{
	grep -oE -- '--[a-z][a-z-]*' | sort -u
}

# The part of keyturn(1) about one command; its flags as "--name".
manual_options()
{
	awk -v command="$1" '/^\.S[hs] / { inside = $2 == command && NF == 2 } inside' "$manual" |
		grep -oE 'Fl -[a-z][a-z-]*' | sed 's/^Fl /-/' | sort -u
}

# bash_offers WORD...: the completions that bash offers behind these words.
bash_offers()
{
	bash -c '. "$0/keyturn.bash" && COMP_WORDS=("$@") && COMP_CWORD=$(($# - 1)) && _keyturn &&
		printf "%s\n" "${COMPREPLY[@]}"' "$completions" "$@"
}

# What fish offers: a line "COMMAND --OPTION" for each option, "commands NAME" for each command.
# shellcheck disable=SC2016
fish_offers()
{
	fish --no-config -c '
		source $argv[1]
		complete -C "keyturn " | string replace -r "\t.*" "" | string replace -r "^" "commands "
		for command in $argv[2..]
			complete -C "keyturn $command --" | string replace -r "\t.*" "" |
				string replace -r "^" "$command "
		end' "$completions/keyturn.fish" "$@"
}

passes "the manuals are sound" mandoc -T lint -W warning "$srcdir/docs/man/keyturn.1" \
	"$srcdir/docs/man/keyturn-provider.5" "$srcdir/docs/man/git-credential-keyturn.1" "$srcdir/docs/man/keyturn-protocols.7" \
	"$srcdir/docs/man/pam_keyturn.8"
passes "the Chinese ones too" mandoc -T lint -W warning "$srcdir"/docs/man/zh_CN/*.[1-8]
for page in "$srcdir"/docs/man/*.[1-8]; do
	LC_ALL=C awk -f "$srcdir/tests/lib/manual_skeleton.awk" "$page" >"$scratch/help"
	LC_ALL=C awk -f "$srcdir/tests/lib/manual_skeleton.awk" \
		"$srcdir/docs/man/zh_CN/${page##*/}" >"$scratch/other" || :
	same "${page##*/} in Chinese tells of the same, English on the left" some
done
passes "zsh can read its completion" zsh -n "$completions/_keyturn"

keyturn help | sed -nE 's/^  ([a-z]+) .*/\1/p' | sort >"$scratch/commands"
cp "$scratch/commands" "$scratch/help"
sed -nE 's/^\.Ss ([a-z]+)$/\1/p' "$manual" | sort >"$scratch/other"
same "commands in keyturn(1)" some
bash_offers keyturn '' | grep -vxE 'help|--version' | sort >"$scratch/other"
same "commands that bash offers" some
sed -nE "/^local -a verbs/,/^\)/p" "$completions/_keyturn" | grep -oE "['\"][a-z]+:" |
	tr -d "'\":" | grep -vx help | sort >"$scratch/other"
same "commands that zsh offers" some
# shellcheck disable=SC2046
fish_offers $(cat "$scratch/commands") >"$scratch/fish"
sed -n 's/^commands //p' "$scratch/fish" | grep -vx help | sort >"$scratch/other"
same "commands that fish offers" some

: >"$scratch/all"
while read -r command; do
	keyturn help "$command" | options_in >"$scratch/help" || :
	cat "$scratch/help" >>"$scratch/all"
	manual_options "$command" >"$scratch/other" || :
	same "options of $command in keyturn(1)" any
	bash_offers keyturn "$command" -- | options_in >"$scratch/other" || :
	same "options of $command that bash offers" any
	sed -n "s/^$command //p" "$scratch/fish" | options_in >"$scratch/other" || :
	same "options of $command that fish offers" any
done <"$scratch/commands"
sort -u "$scratch/all" >"$scratch/help"
options_in <"$completions/_keyturn" >"$scratch/other"
same "options that zsh offers" some

grep -oE '(`|^    |[|] )keyturn [a-z]+' "$srcdir/README.md" | sed 's/.* //' | sort -u |
	grep -vx help >"$scratch/named"
passes "the README names some commands" test -s "$scratch/named"
comm -13 "$scratch/commands" "$scratch/named" >"$scratch/unknown"
passes "and no other than there are" test ! -s "$scratch/unknown"
exit "$failed"
