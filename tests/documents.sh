#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A comment cites a page of docs/, an RFC or a manual page: a reader has no other. The pages,
# sections and rules that comments cite are there, and so are the tests and files that the pages
# name.
set -eu

. "$(dirname "$0")/lib/home.sh"
home_make

# sources: what may cite, a path from the top on each line.
sources()
{
	(cd "$srcdir" && find configure.ac Makefile.am keyring helper pam packaging tests \
		-name node_modules -prune -o -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.mjs' \
		-o -name '*.py' -o -name '*.ac' -o -name '*.am' -o -name '*.mk' -o -name check \) -print)
}

# joined FILE: its text on one line, without the marks that begin a line of a comment.
joined()
{
	sed 's,^[[:space:]]*\(\*\|#\|//\)[[:space:]]*,,' "$1" | tr '\n' ' '
}

# citations: "DOCUMENT PLACE..." of each citation in the text on stdin.
citations()
{
	grep -oE '[A-Za-z0-9_./-]+\.md((, (sections? )?|( and| to) )([A-Z][0-9]+|[0-9]+(\.[0-9]+)*))*' |
		sed -E 's/,| sections?| and| to//g'
}

# has DOCUMENT PLACE: it has a section of this number or a rule of this name.
has()
{
	grep -qE "^(#+ $2[. ]|\| $2 \|)" "$1"
}

# wrong FILE: what it cites and is not there, a line each.
wrong()
{
	joined "$1" | citations | while read -r document places; do
		document=${document#srcdir/}
		if [ ! -f "$srcdir/$document" ]; then
			echo "$document"
			continue
		fi
		for place in $places; do
			has "$srcdir/$document" "$place" || echo "$document, $place"
		done
	done
	grep -noE '\<R-[A-Z][0-9]+|\<[Cc]ontract,? (section )?[0-9]' "$1" || :
}

begin 'comments cite what is in the tree'
sources >"$work/sources"
must [ "$(wc -l <"$work/sources")" -gt 300 ]
while read -r file; do
	[ "$file" != tests/documents.sh ] || continue
	wrong "$srcdir/$file" >"$work/wrong"
	while read -r citation; do
		complain "$file cites $citation"
	done <"$work/wrong"
done <"$work/sources"

begin 'a citation of what is not there is seen'
for citation in 'notes.md' 'docs/none.md, section 1' 'docs/coze.md, section 99' \
	'docs/coze.md, 8.9' 'docs/safety.md, P1 to P99' 'docs/safety.md, Q1' 'safety.md R-B3' 'contract, section 6'; do
	printf '/*\n * A fact (%s).\n */\n' "$citation" >"$work/broken"
	must [ -n "$(wrong "$work/broken")" ]
done
printf '/*\n * Facts (docs/coze.md, sections 10\n * and 11; docs/safety.md, P1\n * to P9).\n */\n' \
	>"$work/sound"
must [ -z "$(wrong "$work/sound")" ]
must [ "$(joined "$work/sound" | citations | head -n 1)" = 'docs/coze.md 10 11' ]

# named DOCUMENT: what stands in code quotes in it, a line each.
named()
{
	grep -oE '`[^` ]+`' "$1" | tr -d '`' | sort -u
}

begin 'the tests that the rules name are there'
for test in $(named "$srcdir/docs/safety.md"); do
	case $test in
	fuzz_[a-z]*) must [ -f "$srcdir/tests/fuzz/$test.c" ] ;;
	*.sh) must [ -f "$srcdir/tests/$test" ] ;;
	test_*) must [ -f "$srcdir/tests/$test.c" ] ;;
	esac
done
must [ "$(named "$srcdir/docs/safety.md" | grep -c '^test_\|\.sh$')" -gt 30 ]

begin 'each rule has a test'
sed -n 's/^| \([A-Z][0-9][0-9]*\) |.*|\(.*\)|$/\1\2/p' "$srcdir/docs/safety.md" >"$work/rules"
must [ "$(wc -l <"$work/rules")" -gt 60 ]
while read -r rule tests; do
	[ -n "$tests" ] || complain "$rule has none"
done <"$work/rules"
must [ -z "$(cut -d' ' -f1 "$work/rules" | sort | uniq -d)" ]

begin 'the files that the pages name are there'
for document in CONTRIBUTING.md docs/design.md docs/coze.md docs/safety.md; do
	for file in $(named "$srcdir/$document"); do
		case $file in
		*[A-Z]*) ;;
		helper/*.[ch] | keyring/*.[ch] | pam/*.[ch] | tests/*.sh | packaging/*.sh)
			[ -f "$srcdir/$file" ] || complain "$document names $file"
			;;
		esac
	done
done

finish
