#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keyturn sasl: the same bytes as RFC 7628 has and as curl sends to an IMAP server.
set -eu

. "$(dirname "$0")/lib/home.sh"
need curl python3
home_start
store_token work coze.cn pat_work

decoded()
{
	base64 -d <"$work/out" | tr '\1' '!'
}

begin "OAUTHBEARER is RFC 7628's first response"
call keyturn sasl oauthbearer work
expect_status 0
[ "$(decoded)" = 'n,a=work,!auth=Bearer pat_work!!' ] || complain "it is $(decoded)"

begin 'the mailbox is the --git-username'
printf 'pat_mail\n' | keyturn login mail --site coze.com --with-token --git-username me@example.com \
	2>"$work/stage.log"
call keyturn sasl xoauth2 mail
[ "$(decoded)" = 'user=me@example.com!auth=Bearer pat_mail!!' ] || complain "it is $(decoded)"

begin 'a failure and a password that git stored print nothing on stdout'
printf 'url=https://mail.example.com\nusername=u\npassword=secret\n\n' | keyturn store
for words in '' 'xoauth2 nobody' 'xoauth2 u'; do
	# shellcheck disable=SC2086
	call keyturn sasl $words
	must test "$status" -ne 0
	expect_output ''
	expect_unsaid secret
	expect_cause_and_remedy
done

cat >"$work/imap.py" <<'END'
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
peer = listener.accept()[0].makefile("rwb", buffering=0)
peer.write(b"* OK IMAP4rev1\r\n")
for line in peer:
    tag, command = line.split(None, 1)
    words = command.split()
    if words[0] == b"CAPABILITY":
        peer.write(b"* CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2\r\n")
    if words[0] == b"AUTHENTICATE":
        print(words[2].decode(), file=sys.stderr, flush=True)
    peer.write(tag + b" OK done\r\n")
    if words[0] == b"LOGOUT":
        break
END
mkfifo "$work/port"
python3 "$work/imap.py" >"$work/port" 2>"$work/seen" &
read -r port <"$work/port"

begin 'XOAUTH2 is what curl sends'
printf 'oauth2-bearer = "pat_work"\n' | curl --silent --max-time 20 --config - --user work: --sasl-ir \
	"imap://127.0.0.1:$port/" >"$work/stage.log" || complain 'curl failed'
wait
call keyturn sasl xoauth2 work
must cmp "$work/seen" "$work/out"

finish
