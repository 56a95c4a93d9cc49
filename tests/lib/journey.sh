# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# A person's way from a wish to its end, for a test script: what has to be typed is counted, and
# docs/journeys.md has the counts. To be sourced after home.sh.
#
#	journey 'a token'
#	dialogue 'keyturn login --with-token' 'paste pat_one'
#	types keyturn status
#	arrives
#
# KEYTURN_JOURNEYS=zh_CN.UTF-8 has them walked in Simplified Chinese: what is awaited is then rewritten by
# journey.zh_CN.sed, and what is seen is compared with tests/screens. packaging/check does so in the build
# with sanitizers, instead of a second walk in English. What is no journey is in English in both.

. "$srcdir/tests/lib/locale.sh"
journey_language=C.UTF-8

# journey_speak: the language that was asked for, where it can be had.
journey_speak()
{
	[ "${KEYTURN_JOURNEYS:-}" = zh_CN.UTF-8 ] || return 0
	if [ "$(id -u)" -ne 0 ] || ! mountpoint -q "$TEST_ALONE" || ! locales_add zh_CN.UTF-8; then
		echo '# in English: no locale can be added here'
		KEYTURN_JOURNEYS=
		return 0
	fi
	journey_language=zh_CN.UTF-8
	# Once a script.
	KEYTURN_JOURNEYS=spoken
}

# said TEXT: as the journey's language has it.
said()
{
	if [ "$journey_language" = C.UTF-8 ]; then
		printf '%s\n' "$1"
	else
		printf '%s\n' "$1" | sed -E -f "$srcdir/tests/lib/journey.zh_CN.sed"
	fi
}

# journey NAME: begins it.
journey()
{
	journey_speak
	LC_ALL=$journey_language
	begin "journey: $1"
	journey_name=$1
	journey_commands=0
	journey_answers=0
	journey_pasted=0
	: >"$work/screen"
}

# journey_show COMMAND: adds it, and what it said, to the screen: without what is another each time, the
# picture of a code, what is drawn again (a menu, or while something is awaited), and what git says.
journey_show()
{
	[ "$journey_language" != C.UTF-8 ] || return 0
	printf '$ %s\n' "$1" | cat - "$work/out" "$work/err" | sed -E -e 's/\r*$//; s/.*\r//' \
		-e 's/\x1b\[[0-9;]*[A-Za-z]//g; /[▀▄█]/d; /正在等待你/d; /^(正克隆|警告|Cloning|warning)/d' \
		-e "/^Password for|的密码：/{/^'|for/d}" -e "s|$work|WORK|g; s/[[:blank:]]+$//; /^$/d" \
		-e 's/(127\.0\.0\.1)(:|%3A)[0-9]+/\1\2PORTX/g; s/pat_[A-Za-z0-9_-]{20,}/pat_TOKEN/g' \
		-e 's/((state|code_challenge)=)[A-Za-z0-9_-]+/\1WORD/g; s/[A-Z]{4}-[A-Z]{4}/CODE-CODE/' \
		-e 's/^( +)([A-Z] ){4}- ([A-Z] ?){4}$/\1C O D E - C O D E/' \
		-e 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}/YYYY-MM-DD HH:MM/g' | awk '!seen[$0]++' >>"$work/screen"
}

# journey_is_as_kept: the screen is the one in tests/screens, or is kept there where KEYTURN_SCREENS says so.
journey_is_as_kept()
{
	[ "$journey_language" != C.UTF-8 ] || return 0
	kept=$srcdir/tests/screens/$(basename "$0" .sh).${journey_language%.*}.txt
	if [ "${KEYTURN_SCREENS:-}" = keep ]; then
		{ printf '# %s\n' "$journey_name" && cat "$work/screen" && echo; } >>"$kept"
		return
	fi
	awk -v name="# $journey_name" '/^# / { inside = $0 == name; next } inside && NF' "$kept" >"$work/kept"
	diff "$work/kept" "$work/screen" >"$work/difference" && return
	complain "another screen than in ${kept#"$srcdir/"}:"
	sed 's/^/#   /' "$work/difference"
}

# types COMMAND...: a command that asks nothing.
types()
{
	journey_commands=$((journey_commands + 1))
	call "$@"
	journey_show "$*"
}

# types_remedy: the command that the last failure said, as it stands.
types_remedy()
{
	remedy=$(sed -n '2s/^keyturn: //p' "$work/err" | sed 's/ (.*//' |
		sed -n 's/.*\(keyturn [a-z].*\)$/\1/p' | LC_ALL=C sed 's/ *[^ -~].*//')
	[ -n "$remedy" ] || complain 'no command is said'
}

# dialogue COMMAND SCRIPT: a command at a terminal, in expect's language, where "answer TEXT" types
# a line and "paste TEXT" one that was copied from elsewhere.
dialogue()
{
	said "$2" >"$work/script"
	journey_commands=$((journey_commands + 1))
	journey_answers=$((journey_answers + $(grep -c '^[[:blank:]]*answer ' "$work/script" || :)))
	journey_pasted=$((journey_pasted + $(grep -c '^[[:blank:]]*paste ' "$work/script" || :)))
	at_terminal "proc answer {text} { send -- \"\$text\\r\" }
	proc paste {text} { send -- \"\$text\\r\" }
	spawn -noecho $1
	$(cat "$work/script")"
	journey_show "$1"
}

# arrives: the person is where they wanted, with as many steps as the table says.
arrives()
{
	row="| $journey_name | $journey_commands | $journey_answers | $journey_pasted |"
	grep -qF -e "$row" "$srcdir/docs/journeys.md" || complain "docs/journeys.md has no row $row"
	journey_is_as_kept
	LC_ALL=C.UTF-8
}
