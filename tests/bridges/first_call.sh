# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests/bridges.sh, to be sourced: a person who has keyturn and an SDK, and a token from the console,
# types what leads to the first call, in tmux. docs/journeys.md has the counts, and screens/ what is seen:
# without the port, and without what runtimes say of themselves.

# on_screen TEXT
on_screen()
{
	tmux -S "$work/$journey/tmux" capture-pane -p | grep -qF -e "$1"
}

# shows TEXT: within 60 s.
shows()
{
	for _ in $(seq 600); do
		! on_screen "$1" || return 0
		sleep 0.1
	done
	echo "the screen does not show: $1"
	tmux -S "$work/$journey/tmux" capture-pane -p
	return 1
}

# types TEXT, and Enter.
types()
{
	tmux -S "$work/$journey/tmux" send-keys -l -- "$1"
	tmux -S "$work/$journey/tmux" send-keys Enter
}

# screen: as it is kept.
screen()
{
	tmux -S "$work/$journey/tmux" capture-pane -p | sed -e "s/${COZE_API##*:}/PORT/g" \
		-e 's/[[:space:]]*$//' -e '/^$/d' -e '/^Picked up JAVA_TOOL_OPTIONS/d' -e '/^SLF4J:/d' \
		-e '/ \[coze\] /d' -e '/authlib/Id' -e '/joserfc/d' -e '/^It will be compatible/d'
}

# first_call LANGUAGE ANSWER COMMAND: in the directory of the language, which has the program.
first_call()
{
	journey=$1
	cp "$COZE_CA" "$work/$journey/ca.pem"
	server_request POST "$COZE_CONTROL/control/mint" '{"kind":"pat","life":3600}' |
		sed 's/.*"access_token":"\([^"]*\)".*/\1/' >"$work/$journey/token"
	(
		cd "$work/$journey"
		echo "PS1='$ '" >env
		env ENV="$work/$journey/env" COZE_API_BASE="$COZE_API" tmux -S "$work/$journey/tmux" \
			-f /dev/null new-session -d -x 160 -y 20 sh
	)
	shows '$'
	types "keyturn login $journey --with-token --ca-file ca.pem"
	shows 'Token'
	types "$(cat "$work/$journey/token")"
	shows 'When does it end'
	types ''
	shows 'the token works'
	types "keyturn run $journey -- $3"
	# The answer is a line of its own, and the prompt is there again.
	for _ in $(seq 600); do
		screen >"$work/$journey/screen"
		! grep -qx "$2" "$work/$journey/screen" ||
			[ "$(tail -n 1 "$work/$journey/screen")" != '$' ] || break
		sleep 0.1
	done
	tmux -S "$work/$journey/tmux" kill-server
	! grep -qF "$(cat "$work/$journey/token")" "$work/$journey/screen"
	diff "$srcdir/tests/bridges/screens/$journey.txt" "$work/$journey/screen"
}
