# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests/clients.sh: msmtp, mutt, isync and curl against dovecot, which has each token introspected
# by mail_service.py.

get_mail()
{
	for program in dovecot msmtp mutt mbsync; do
		command -v "$program" || { echo "skip: there is no $program"; return 1; }
	done
	[ "$(id -u)" -eq 0 ] || { echo 'skip: needs root, as dovecot does'; return 1; }
}

# start_dovecot TOKENS RELAY: the ports of its introspection and of the server that it sends on to.
start_dovecot()
{
	imaps=$(free_port)
	submission=$(free_port)
	mkdir -p "$work/dovecot" "$work/mail"
	chmod 711 "$work" "$work/dovecot"
	chown mail: "$work/mail"
	cat >"$work/dovecot/oauth2.conf" <<-CONF
	introspection_mode = auth
	introspection_url = http://127.0.0.1:$1/introspect?token=
	username_attribute = username
	active_attribute = active
	active_value = true
	CONF
	cat >"$work/dovecot/dovecot.conf" <<-CONF
	base_dir = $work/dovecot/run
	state_dir = $work/dovecot/state
	log_path = $work/dovecot/log
	instance_name = keyturn
	listen = 127.0.0.1
	protocols = imap submission
	hostname = localhost
	ssl_cert = <$work/mail.pem
	ssl_key = <$work/mail.key
	auth_mechanisms = xoauth2 oauthbearer
	first_valid_uid = 1
	first_valid_gid = 1
	mail_location = maildir:~/
	lda_mailbox_autocreate = yes
	submission_relay_host = 127.0.0.1
	submission_relay_port = $2
	submission_relay_trusted = no
	passdb {
	  driver = oauth2
	  mechanisms = xoauth2 oauthbearer
	  args = $work/dovecot/oauth2.conf
	}
	userdb {
	  driver = static
	  args = uid=mail gid=mail home=$work/mail
	}
	service imap-login {
	  inet_listener imap {
	    port = 0
	  }
	  inet_listener imaps {
	    port = $imaps
	  }
	}
	service submission-login {
	  inet_listener submission {
	    port = $submission
	  }
	}
	CONF
	dovecot -F -c "$work/dovecot/dovecot.conf" >"$work/dovecot/out" 2>&1 &
	pids="$pids $!"
	wait_until grep -q 'starting up' "$work/dovecot/log"
}

# greets: the token of the account opens the mailbox, by curl, which is given the token itself.
greets()
{
	curl -s --cacert "$work/mail.pem" --user "$box:" --oauth2-bearer "$1" "imaps://127.0.0.1:$imaps/INBOX" \
		>"$work/box.list"
}

try_mail()
{
	box=me@example.com
	begin 'dovecot takes the token of an account, and no other'
	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
		-days 2 -keyout "$work/mail.key" -out "$work/mail.pem" 2>>"$work/stage.log"
	serve service python3 "$srcdir/tests/clients/mail_service.py" "$box" mail_token_1
	tokens=${port% *}
	relay=${port#* }
	printf 'mail_token_1\n' | keyturn login box --api-base https://mail.example.com --with-token --force \
		--git-username "$box" 2>>"$work/stage.log"
	must start_dovecot "$tokens" "$relay"
	must greets mail_token_1
	must_not greets mail_token_2

	for mechanism in oauthbearer xoauth2; do
		begin "msmtp sends a letter by $mechanism"
		cat >"$work/msmtprc" <<-CONF
		account work
		host 127.0.0.1
		port $submission
		tls on
		tls_trust_file $work/mail.pem
		from $box
		auth $mechanism
		user $box
		passwordeval keyturn token box
		CONF
		chmod 600 "$work/msmtprc"
		input 'Subject: by %s\n\nhello\n' "$mechanism"
		call msmtp -C "$work/msmtprc" -a work you@example.com
		expect_status 0
		must grep -q "Subject: by $mechanism" "$work/service.log"

		begin "the response that keyturn sasl $mechanism prints opens the mailbox"
		keyturn sasl "$mechanism" box >"$work/in"
		call python3 -c '
import base64, imaplib, ssl, sys
mechanism, certificate, port = sys.argv[1:]
response = base64.b64decode(sys.stdin.read())
trust = ssl.create_default_context(cafile=certificate)
box = imaplib.IMAP4_SSL("127.0.0.1", int(port), ssl_context=trust)
print(box.authenticate(mechanism, lambda challenge: response)[0])
box.logout()' "$(echo "$mechanism" | tr '[:lower:]' '[:upper:]')" "$work/mail.pem" "$imaps"
		expect_output OK
	done

	begin 'mutt sends one and keeps it in the mailbox, as setup wired it'
	keyturn setup mutt --account box --yes 2>>"$work/stage.log"
	cat >>"$HOME/.muttrc" <<-CONF
	set from=$box imap_user=$box
	set smtp_url="smtp://me%40example.com@127.0.0.1:$submission/"
	set ssl_starttls=yes ssl_force_tls=yes ssl_verify_host=no certificate_file=$work/mail.pem
	set record="imaps://me%40example.com@127.0.0.1:$imaps/INBOX" confirmappend=no copy=yes
	CONF
	echo hello >"$work/in"
	call env TERM=xterm mutt -s 'by mutt' you@example.com
	expect_status 0
	must grep -q 'Subject: by mutt' "$work/service.log"
	must [ "$(grep -l 'Subject: by mutt' "$work"/mail/*/* | wc -l)" -eq 1 ]

	if ls /usr/lib/*/sasl2/*oauth2* >/dev/null 2>&1; then
		begin 'isync fetches it, by the plugin of SASL for XOAUTH2'
		mkdir "$work/copy"
		cat >"$work/mbsyncrc" <<-CONF
		IMAPAccount box
		Host 127.0.0.1
		Port $imaps
		User $box
		PassCmd "keyturn token box"
		AuthMechs XOAUTH2
		SSLType IMAPS
		CertificateFile $work/mail.pem

		IMAPStore far
		Account box

		MaildirStore near
		Inbox $work/copy/inbox
		Path $work/copy/

		Channel box
		Far :far:
		Near :near:
		Create Near
		CONF
		call mbsync -c "$work/mbsyncrc" box
		expect_status 0
		must grep -rq 'Subject: by mutt' "$work/copy"
	else
		echo '# there is no plugin of SASL for XOAUTH2: isync was not tried'
	fi

	begin 'a token that is no longer good is told by each, and none is asked for'
	keyturn logout box 2>>"$work/stage.log"
	input 'Subject: none\n\nhello\n'
	call msmtp -C "$work/msmtprc" -a work you@example.com
	must [ "$status" -ne 0 ]
	must_not grep -q 'Subject: none' "$work/service.log"
}
