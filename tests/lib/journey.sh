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

# journey NAME: begins it.
journey()
{
	begin "journey: $1"
	journey_name=$1
	journey_commands=0
	journey_answers=0
	journey_pasted=0
}

# types COMMAND...: a command that asks nothing.
types()
{
	journey_commands=$((journey_commands + 1))
	call "$@"
}

# types_remedy: the command that the last failure said, as it stands.
types_remedy()
{
	remedy=$(sed -n '2s/^keyturn: //p' "$work/err" | sed 's/ (.*//' |
		sed -n 's/.*\(keyturn [a-z].*\)$/\1/p')
	[ -n "$remedy" ] || complain 'no command is said'
}

# dialogue COMMAND SCRIPT: a command at a terminal, in expect's language, where "answer TEXT" types
# a line and "paste TEXT" one that was copied from elsewhere.
dialogue()
{
	printf '%s\n' "$2" >"$work/script"
	journey_commands=$((journey_commands + 1))
	journey_answers=$((journey_answers + $(grep -c '^[[:blank:]]*answer ' "$work/script" || :)))
	journey_pasted=$((journey_pasted + $(grep -c '^[[:blank:]]*paste ' "$work/script" || :)))
	at_terminal "proc answer {text} { send -- \"\$text\\r\" }
	proc paste {text} { send -- \"\$text\\r\" }
	spawn -noecho $1
	expect_after timeout { exit 98 }
	$2"
}

# arrives: the person is where they wanted, with as many steps as the table says.
arrives()
{
	row="| $journey_name | $journey_commands | $journey_answers | $journey_pasted |"
	grep -qF -e "$row" "$srcdir/docs/journeys.md" || complain "docs/journeys.md has no row $row"
}
