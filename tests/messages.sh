#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What keyturn says to people in Simplified Chinese: every sentence is translated, with the same
# directives, and what must not change with the language does not.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/locale.sh"
need xgettext msgfmt msgcmp localedef
alone "$0" "$@"
need_mounts 'add a locale that others do not see'
home_start

catalogue=$srcdir/packaging/po/zh_CN.po

begin 'every sentence is translated, and none that nobody says'
must sh -c 'cd "$1" && exec packaging/po/extract' - "$srcdir" >"$work/all.pot" 2>"$work/log"
must [ "$(grep -c '^msgid' "$work/all.pot")" -gt 1000 ]
must msgcmp "$catalogue" "$work/all.pot"
must [ "$(msgcmp "$work/all.pot" "$catalogue" 2>&1 | grep -c 'this message is used but not defined')" -eq 0 ]

begin 'the directives of each are those of the English one'
must msgfmt --check --output-file=/dev/null "$catalogue"
sed 's/^msgstr "没有命令 %s"/msgstr "没有命令 %s %s"/' "$catalogue" >"$work/wrong.po"
must_not msgfmt --check --output-file=/dev/null "$work/wrong.po" 2>"$work/log"

# msgcat joins what is folded, so that a line is a sentence.
sentences()
{
	msgcat --no-wrap "$catalogue" | sed -n 's/^msgstr "\(.*\)"$/\1/p'
}

begin 'what is to be typed or opened touches no full-width mark'
must_not grep -nP '(keyturn [a-z]|https?://)[!-~ ]*[!-~][，。；：）、]' "$(sentences >"$work/said" && echo "$work/said")"

begin 'a remedy does not end in a full stop, and nothing pleads'
must_not grep -nE '抱歉|！$' "$work/said"

begin 'no sentence hides behind a condition or in a macro'
# xgettext sees the first string of an argument.
format='(?:kt_fail\((?:[^,"]*,){2}|kt_advise\([^,"]*,|kt_report_note\(|kt_findings_add\((?:[^,"]*,){3}(?:[^,"]*|\s*(?:"[^"]*"\s*)+),)'
string='(?:"(?:[^"\\]|\\.)*"\s*)+'
(cd "$srcdir" && find helper/keeper keyring -name '*.c' -exec perl -0777 -ne "
	while (/\\b$format\\s*[^\",;]*\\?\\s*$string:\\s*\"/g) { print \"\$ARGV: \$&\\n\" }
	while (/\\b$format\\s*$string[A-Z][A-Z_]{2,}\\b(?!\\()/g) { print \"\$ARGV: \$&\\n\" }" {} +) >"$work/found"
expect_none_found()
{
	[ ! -s "$1" ] || { complain 'found:'; sed 's/^/#   /' "$1"; }
}
expect_none_found "$work/found"

# commands FILE: what a README has to be typed, without what stands behind it.
commands()
{
	sed -n 's/^    //p; /^```[a-z]/,/^```$/p' "$1" | sed 's/ *  # .*//'
}

# words FILE: each that stands between backquotes, sorted; where a line breaks is no matter.
words()
{
	tr '\n' ' ' <"$1" | grep -oE '`[^`]+`' | LC_ALL=C sort
}

begin 'the pages for users of Coze in Chinese have the commands of the English ones, and their words in code'
commands "$srcdir/docs/coze-users.md" >"$work/users"
commands "$srcdir/docs/coze-users.zh-CN.md" >"$work/users.zh-CN"
must [ "$(wc -l <"$work/users")" -gt 10 ]
must diff "$work/users" "$work/users.zh-CN"
words "$srcdir/docs/coze-users.md" >"$work/users"
words "$srcdir/docs/coze-users.zh-CN.md" >"$work/users.zh-CN"
must diff "$work/users" "$work/users.zh-CN"
must [ "$(grep -c '^## ' "$srcdir/docs/coze-users.md")" -eq "$(grep -c '^## ' "$srcdir/docs/coze-users.zh-CN.md")" ]

begin 'the README in Chinese has the commands and programs of the English one'
commands "$srcdir/README.md" >"$work/README"
commands "$srcdir/README.zh-CN.md" >"$work/README.zh-CN"
must [ "$(wc -l <"$work/README")" -gt 60 ]
must diff "$work/README" "$work/README.zh-CN"
must [ "$(grep -c '^## ' "$srcdir/README.md")" -eq "$(grep -c '^## ' "$srcdir/README.zh-CN.md")" ]

must locales_add zh_CN.UTF-8 zh_CN.GB18030
unset LC_ALL LANGUAGE
LANG=zh_CN.UTF-8
export LANG

begin 'a failure is told in Chinese'
call keyturn show nobody
expect_status 1
must grep -qx 'keyturn: 没有名为 nobody 的账号' "$work/err"
must grep -qx 'keyturn: 请运行 keyturn list 查看已有的账号' "$work/err"

begin 'so is one of the seal, a program of its own'
call "$builddir/tests/bin/keyturn-seal" -- echo ran
expect_status 125
must grep -q '^keyturn: root 无法封闭' "$work/err"

begin 'JSON is English, and so is LC_ALL=C, and a terminal of another charset'
for how in 'keyturn show nobody --json' 'env LC_ALL=C keyturn show nobody' 'env LC_ALL=POSIX keyturn show nobody' \
	'env LANG=zh_CN.GB18030 keyturn show nobody' 'env LANG=zh_TW.UTF-8 keyturn show nobody'; do
	# shellcheck disable=SC2086
	call $how
	expect_status 1
	must grep -q 'no account nobody is stored' "$work/out" "$work/err"
done

begin 'what tools read is the same in every language'
for language in C zh_CN.UTF-8; do
	printf 'pat_one' | LANG=$language keyturn login work --site coze.cn --with-token 2>"$work/err"
	for how in 'keyturn token work' 'keyturn token work --json' 'keyturn header work' 'keyturn list --json' \
		'keyturn show work --json' 'keyturn --version' 'git-credential-keyturn capability'; do
		# shellcheck disable=SC2086
		LANG=$language $how
	done >"$work/told.$language"
	printf 'protocol=https\nhost=api.coze.cn\n\n' | LANG=$language keyturn get >>"$work/told.$language"
	keyturn logout work 2>"$work/err"
done
sed -i -E 's/"(created_at|obtained_at)":[0-9]+//g' "$work"/told.*
must cmp -s "$work/told.C" "$work/told.zh_CN.UTF-8"

begin 'every help text is in Chinese, and its options are those of the English one'
keyturn help >"$work/overview"
for command in $(LC_ALL=C keyturn help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'); do
	keyturn help "$command" >"$work/chinese"
	LC_ALL=C keyturn help "$command" >"$work/english"
	must grep -qP '\p{Han}' "$work/chinese"
	for file in chinese english; do
		grep -oE -e '(^|[ (|[])--[a-z-]+' "$work/$file" | tr -d ' (|[' | sort -u >"$work/options.$file"
	done
	cmp -s "$work/options.chinese" "$work/options.english" || complain "options of: $command"
done

begin 'a table stands in columns, whatever the width of its words'
printf 'pat_one' | keyturn login 扣子 --site coze.cn --with-token 2>"$work/err"
printf 'pat_two' | keyturn login work --site coze.cn --with-token 2>"$work/err"
keyturn list >"$work/out"
must [ "$(sed -n 's/^\(.*\)coze\.cn .*/\1/p' "$work/out" | python3 -c '
import sys, unicodedata
print(len({sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line.rstrip("\n")) for line in sys.stdin}))')" -eq 1 ]

# LeakSanitizer cannot work where strace does.
export ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0"
begin 'a call that says nothing opens no catalogue, nor does one that stores'
strace -f -o "$work/trace" keyturn token work >"$work/out" 2>"$work/err"
KEYTURN_CACHE=off strace -f -o "$work/trace.cold" keyturn token work >"$work/out" 2>"$work/err"
printf 'protocol=https\nhost=git.example.com\nusername=me\npassword=one\n\n' >"$work/in"
call strace -f -o "$work/trace.store" keyturn store
must_not grep -q 'locale' "$work"/trace*

begin 'no code is loaded by the name of a locale'
mkdir "$work/evil"
call env GCONV_PATH="$work/evil" LOCPATH="$work/evil" keyturn show nobody
expect_status 1
GCONV_PATH=$work/evil LOCPATH=$work/evil strace -f -o "$work/trace" keyturn show nobody 2>"$work/err" || :
must_not grep -q "evil/" "$work/trace"

finish
