#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The form of the code, as far as a tool can tell it without choosing where a line breaks.
set -eu

. "$(dirname "$0")/lib/home.sh"
need clang-format python3
home_make

# files PATTERN...: those of the source, a path from the top on each line.
files()
{
	for pattern in "$@"; do
		(cd "$srcdir" && find keyring helper pam tests packaging -name node_modules -prune -o \
			-type f -name "$pattern" -print)
	done
}

# expect_none: nothing was found; else it is shown.
expect_none()
{
	[ -s "$work/found" ] || return 0
	complain "found:"
	sed 's/^/#   /' "$work/found" | head -n 20
}

# in_lines PATTERN FILE-PATTERN...: no line has it.
in_lines()
{
	expression=$1
	shift
	files "$@" | (cd "$srcdir" && xargs grep -nP -e "$expression" /dev/null) >"$work/found" || :
	expect_none
}

# too_long MOST FILE...: functions of more lines, braces included.
too_long()
{
	most=$1
	shift
	(cd "$srcdir" && awk -v most="$most" '
		FNR == 1 { start = 0 }
		$0 == "{" { start = FNR }
		/^}/ && start {
			if (FNR - start + 1 > most) print FILENAME ":" start
			start = 0
		}' "$@")
}

begin 'there is something to look at'
must [ "$(files '*.[ch]' | wc -l)" -gt 200 ]

begin 'no line ends in a blank'
in_lines '[ \t]+$' '*.[ch]' '*.sh' '*.mjs' '*.py' '*.mk'

begin 'lines are indented by tabs and aligned by blanks'
in_lines '^ +\t|^\t+ +\t|^[^ \t/#*][^\t]*\t' '*.[ch]'

begin 'no line has more than 100 characters, a tab counted as four'
files '*.[ch]' | while read -r file; do
	expand -t 4 "$srcdir/$file" | LC_ALL=C.UTF-8 grep -nE '.{101}' | sed "s|^|$file:|" || :
done >"$work/found"
expect_none

begin 'blanks and indentation are as .clang-format describes them'
files '*.[ch]' >"$work/sources"
(cd "$srcdir" && xargs clang-format -output-replacements-xml <"$work/sources" |
	xargs -a "$work/sources" python3 tests/programs/layout_differs.py) >"$work/found"
expect_none

begin 'a keyword is followed by a blank, a function by none'
in_lines '^\t+(if|for|while|switch)\(|^\t+return\(' '*.[ch]'
in_lines '\}else|else\{' '*.[ch]'

begin 'a file has at most 700 lines, a function at most 60'
files '*.[ch]' | grep -v '^tests/' >"$work/sources"
while read -r file; do
	lines=$(wc -l <"$srcdir/$file")
	[ "$lines" -le 700 ] || echo "$file: $lines lines"
	too_long 62 "$file"
done <"$work/sources" >"$work/found"
expect_none

begin 'a file ends with one end of a line'
files '*.[ch]' '*.sh' '*.mjs' '*.py' '*.mk' | while read -r file; do
	[ "$(tail -c 2 "$srcdir/$file" | od -An -c | tr -d ' ')" != '\n\n' ] &&
		[ -z "$(tail -c 1 "$srcdir/$file")" ] || echo "$file"
done >"$work/found"
expect_none

begin 'editors are told how each file is compiled, and it is so'
rm -f "$builddir/compile_commands.json"
call env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$builddir" -s compile_commands.json
expect_status 0
cp "$builddir/compile_commands.json" "$work/out"
for file in "$srcdir"/keyring/*.c "$srcdir"/helper/*.c "$srcdir"/tests/test_pkce.c; do
	must grep -qF "/${file#"$srcdir"/}\"" "$work/out"
done
must sh -c "cd '$builddir' && $(json 0 command) -fsyntax-only"

finish
