# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests/bridges.sh, to be sourced: SDKs as they are under keyturn run --proxy, over three lives of
# a token, one of which the server ends. Their accounts are no bridge's, whose renewals are counted,
# and each has its own: a room has a token dropped once a minute at most.

PROXIED_SECONDS=$((3 * LIFE))

# proxied NAME COMMAND...: as the account proxied-NAME. No call of the program fails, and no token
# lies in it.
proxied()
{
	proxied_account=proxied-$1
	proxied_log=$work/$proxied_account
	shift
	PEER_SECONDS=$PROXIED_SECONDS keyturn run "$proxied_account" --proxy \
		--log "$proxied_log.requests" -- "$@" >"$proxied_log" 2>&1 &
	proxied_pid=$!
	sleep $((PROXIED_SECONDS / 2))
	keyturn token "$proxied_account" >"$proxied_log.token"
	coze_control "{\"revoke_access\":\"$(cat "$proxied_log.token")\"}" >"$proxied_log.control" ||
		echo 'the server revokes nothing'
	sleep $((PROXIED_SECONDS / 2 - 5))
	python3 "$srcdir/tests/bridges/holds_token.py" "$proxied_pid" \
		"$(cut -c 1-4 "$proxied_log.token")" || { tail -n 40 "$proxied_log"; return 1; }
	wait "$proxied_pid" || {
		tail -n 40 "$proxied_log"
		grep -v -e ' 200 ' -e ' 101 ' -e ' 202 ' "$proxied_log.requests" || :
		tail -n 5 "$proxied_log.requests"
		return 1
	}
	grep ' calls' "$proxied_log" | sed 's/^/under --proxy: /'
	# The room may have had the next token already, before a request bore the one that was revoked.
	proxied_refused=$(grep -F "\"value\":\"$(cat "$proxied_log.token")\"" "$work/server/requests.jsonl" |
		grep -c '"status":401') || :
	echo "refused $proxied_refused times"
	if grep ' 401 ' "$proxied_log.requests" ||
		{ [ "$proxied_refused" -gt 0 ] && ! grep -q ' retried$' "$proxied_log.requests"; }; then
		echo 'the refusal was passed on'
		return 1
	fi
}
