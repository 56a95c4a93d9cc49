# SPDX-License-Identifier: MIT
# Sourced by tests of the recipes: the stacks that distributions make, before anything of ours is
# in them. Each function writes one into a directory of services.

# choose FEATURE...: of the lines on the input those whose marks hold; "+x" in front of a line
# wants the feature x, "-x" wants it away.
choose() {
	awk -v features=" $* " '{
		keep = 1
		while ($1 ~ /^[+-]/ && $1 !~ /^-(auth|account|password|session)$/) {
			has = index(features, " " substr($1, 2) " ") > 0
			if (has != ($1 ~ /^\+/))
				keep = 0
			sub(/^[^ ]+ +/, "")
		}
		if (keep)
			print
	}'
}

# fedora DIRECTORY PROFILE FEATURE...: what authselect(8) renders, as of its release 1.5, and the
# services of the packages that come with it. PROFILE is local, sssd, winbind or nis.
fedora() {
	base=$1
	shift
	mkdir -p "$base"
	choose "$@" >"$base/system-auth" <<'END'
auth required pam_env.so
auth required pam_faildelay.so delay=2000000
+with-faillock auth required pam_faillock.so preauth silent
+with-smartcard-required auth [success=1 default=ignore] pam_succeed_if.so service notin login:gdm:xdm:kdm:kde:xscreensaver:gnome-screensaver:kscreensaver quiet use_uid
+with-smartcard-required auth [success=done ignore=ignore default=die] pam_sss.so require_cert_auth ignore_authinfo_unavail
+with-fingerprint auth sufficient pam_fprintd.so
+with-pam-u2f auth sufficient pam_u2f.so cue
+with-pam-u2f-2fa auth required pam_u2f.so cue nouserok
+sssd auth [default=1 ignore=ignore success=ok] pam_usertype.so isregular
+sssd -with-smartcard auth [default=1 ignore=ignore success=ok] pam_localuser.so
+sssd +with-smartcard auth [default=2 ignore=ignore success=ok] pam_localuser.so
+sssd +with-smartcard auth [success=done authinfo_unavail=ignore user_unknown=ignore ignore=ignore default=die] pam_sss.so try_cert_auth
auth sufficient pam_unix.so nullok
+with-systemd-homed auth sufficient pam_systemd_home.so
+sssd +with-gssapi auth [default=1 ignore=ignore success=ok] pam_usertype.so isregular
+sssd +with-gssapi auth sufficient pam_sss_gss.so
+sssd auth [default=1 ignore=ignore success=ok] pam_usertype.so isregular
+sssd auth sufficient pam_sss.so forward_pass
+winbind auth [default=1 ignore=ignore success=ok] pam_usertype.so isregular
+winbind auth sufficient pam_winbind.so use_first_pass
+with-faillock auth required pam_faillock.so authfail
+with-pam-gnome-keyring auth optional pam_gnome_keyring.so only_if=login auto_start
auth required pam_deny.so
+with-pamaccess account required pam_access.so
+with-faillock account required pam_faillock.so
+with-systemd-homed account sufficient pam_systemd_home.so
+winbind account required pam_unix.so broken_shadow
+nis account required pam_unix.so broken_shadow
-winbind -nis account required pam_unix.so
+sssd -with-files-access-provider account sufficient pam_localuser.so
+winbind account sufficient pam_localuser.so
-local -nis account sufficient pam_usertype.so issystem
+sssd account [default=bad success=ok user_unknown=ignore] pam_sss.so
+winbind account [default=bad success=ok user_unknown=ignore] pam_winbind.so
-local -nis account required pam_permit.so
+with-systemd-homed password sufficient pam_systemd_home.so
password requisite pam_pwquality.so local_users_only
+with-pwhistory password [default=1 ignore=ignore success=ok] pam_localuser.so
+with-pwhistory password requisite pam_pwhistory.so use_authtok
password sufficient pam_unix.so yescrypt shadow nullok use_authtok
+sssd password [success=1 default=ignore] pam_localuser.so
+sssd password sufficient pam_sss.so use_authtok
+winbind password sufficient pam_winbind.so use_authtok
password required pam_deny.so
session optional pam_keyinit.so revoke
session required pam_limits.so
+with-ecryptfs session optional pam_ecryptfs.so unwrap
+with-systemd-homed session optional pam_systemd_home.so
-session optional pam_systemd.so
+with-mkhomedir session optional pam_oddjob_mkhomedir.so
session [success=1 default=ignore] pam_succeed_if.so service in crond quiet use_uid
session required pam_unix.so
+sssd session optional pam_sss.so
+winbind session optional pam_winbind.so
+with-pam-gnome-keyring session optional pam_gnome_keyring.so only_if=login auto_start
END
	grep -v pam_u2f.so "$base/system-auth" | sed 's/ pam_fprintd.so/ pam_fprintd.so/' \
		>"$base/password-auth"
	choose "$@" >"$base/postlogin" <<'END'
+with-ecryptfs auth optional pam_ecryptfs.so unwrap
+with-ecryptfs password optional pam_ecryptfs.so unwrap
session optional pam_umask.so silent
session [success=1 default=ignore] pam_succeed_if.so service !~ gdm* service !~ su* quiet
session [default=1] pam_lastlog2.so
session optional pam_lastlog2.so silent
END
	choose "$@" >"$base/fingerprint-auth" <<'END'
-with-fingerprint auth required pam_debug.so auth=authinfo_unavail
+with-fingerprint auth required pam_env.so
+with-fingerprint auth [success=done default=bad] pam_fprintd.so
+with-fingerprint auth required pam_deny.so
account required pam_unix.so
password required pam_deny.so
session required pam_limits.so
session required pam_unix.so
END
	fedora_services
}

fedora_services() {
	cat >"$base/login" <<'END'
auth substack system-auth
auth include postlogin
account required pam_nologin.so
account include system-auth
password include system-auth
session required pam_selinux.so close
session required pam_loginuid.so
session required pam_selinux.so open
session required pam_namespace.so
session optional pam_keyinit.so force revoke
session include system-auth
session include postlogin
-session optional pam_ck_connector.so
END
	cat >"$base/sshd" <<'END'
auth substack password-auth
auth include postlogin
account required pam_sepermit.so
account required pam_nologin.so
account include password-auth
password include password-auth
session required pam_selinux.so close
session required pam_loginuid.so
session required pam_selinux.so open env_params
session required pam_namespace.so
session optional pam_keyinit.so force revoke
session include password-auth
session include postlogin
END
	cat >"$base/gdm-password" <<'END'
auth [success=done ignore=ignore default=bad] pam_selinux_permit.so
auth substack password-auth
auth optional pam_gnome_keyring.so
auth include postlogin
account required pam_nologin.so
account include password-auth
password substack password-auth
-password optional pam_gnome_keyring.so use_authtok
password include postlogin
session required pam_selinux.so close
session required pam_loginuid.so
session required pam_selinux.so open
session optional pam_keyinit.so force revoke
session required pam_namespace.so
session include password-auth
session optional pam_gnome_keyring.so auto_start
session include postlogin
END
	sed -e 's/password-auth/fingerprint-auth/' "$base/gdm-password" >"$base/gdm-fingerprint"
	cat >"$base/passwd" <<'END'
auth include system-auth
account include system-auth
password substack system-auth
-password optional pam_gnome_keyring.so use_authtok
password substack postlogin
END
	cat >"$base/su" <<'END'
auth sufficient pam_rootok.so
auth substack system-auth
auth include postlogin
account sufficient pam_succeed_if.so uid = 0 use_uid quiet
account include system-auth
password include system-auth
session include system-auth
session include postlogin
session optional pam_xauth.so
END
	cat >"$base/sudo" <<'END'
auth include system-auth
account include system-auth
password include system-auth
session optional pam_keyinit.so revoke
session required pam_limits.so
session include system-auth
END
	printf '%s include system-auth\n' auth account password session >"$base/polkit-1"
	cat >"$base/crond" <<'END'
account required pam_access.so
account include system-auth
session required pam_loginuid.so
session include system-auth
auth include system-auth
END
	printf 'auth include login\n' >"$base/swaylock"
	printf '%s required pam_deny.so\n' auth account password session >"$base/other"
}

# arch DIRECTORY: pambase, and the services of shadow, sddm and others.
arch() {
	base=$1
	mkdir -p "$base"
	cat >"$base/system-auth" <<'END'
auth required pam_faillock.so preauth
-auth [success=2 default=ignore] pam_systemd_home.so
auth [success=1 default=bad] pam_unix.so try_first_pass nullok
auth [default=die] pam_faillock.so authfail
auth optional pam_permit.so
auth required pam_env.so
auth required pam_faillock.so authsucc
-account [success=1 default=ignore] pam_systemd_home.so
account required pam_unix.so
account optional pam_permit.so
account required pam_time.so
-password [success=1 default=ignore] pam_systemd_home.so
password required pam_unix.so try_first_pass nullok shadow
password optional pam_permit.so
-session optional pam_systemd_home.so
session required pam_limits.so
session required pam_unix.so
session optional pam_permit.so
END
	cat >"$base/system-login" <<'END'
auth required pam_shells.so
auth requisite pam_nologin.so
auth include system-auth
account required pam_access.so
account required pam_nologin.so
account include system-auth
password include system-auth
session optional pam_loginuid.so
session optional pam_keyinit.so force revoke
session include system-auth
session optional pam_motd.so
session optional pam_mail.so dir=/var/spool/mail standard quiet
session optional pam_umask.so
-session optional pam_systemd.so
session required pam_env.so
END
	for arch_name in system-local-login system-remote-login; do
		printf '%s include system-login\n' auth account password session >"$base/$arch_name"
	done
	cat >"$base/login" <<'END'
auth requisite pam_nologin.so
auth include system-local-login
account include system-local-login
session include system-local-login
password include system-local-login
END
	printf '%s include system-remote-login\n' auth account password session >"$base/sshd"
	cat >"$base/gdm-password" <<'END'
auth include system-local-login
auth optional pam_gnome_keyring.so
account include system-local-login
password include system-local-login
password optional pam_gnome_keyring.so use_authtok
session include system-local-login
session optional pam_gnome_keyring.so auto_start
END
	sed 's/ pam_gnome_keyring.so/ pam_kwallet5.so/' "$base/gdm-password" >"$base/sddm"
	printf '%s include system-auth\n' auth account password session >"$base/sudo"
	cp "$base/sudo" "$base/polkit-1"
	cp "$base/sudo" "$base/passwd"
	{
		printf 'auth sufficient pam_rootok.so\n'
		cat "$base/sudo"
	} >"$base/su"
	cat >"$base/crond" <<'END'
account include system-auth
session include system-auth
END
	printf 'auth include login\n' >"$base/swaylock"
	printf '%s required pam_deny.so\n' auth account password session >"$base/other"
}

# opensuse DIRECTORY [sssd]: what pam-config(8) writes, and services.
opensuse() {
	base=$1
	shift
	mkdir -p "$base"
	choose "$@" >"$base/common-auth" <<'END'
auth required pam_env.so
-sssd auth required pam_unix.so try_first_pass
+sssd auth sufficient pam_unix.so try_first_pass
+sssd auth required pam_sss.so use_first_pass
END
	choose "$@" >"$base/common-account" <<'END'
-sssd account required pam_unix.so try_first_pass
+sssd account requisite pam_unix.so try_first_pass
+sssd account sufficient pam_localuser.so
+sssd account required pam_sss.so use_first_pass
END
	choose "$@" >"$base/common-password" <<'END'
password requisite pam_cracklib.so
-sssd password required pam_unix.so nullok shadow try_first_pass
+sssd password sufficient pam_unix.so nullok shadow try_first_pass
+sssd password required pam_sss.so use_authtok
END
	choose "$@" >"$base/common-session" <<'END'
session optional pam_systemd.so
session required pam_limits.so
session required pam_unix.so try_first_pass
+sssd session optional pam_sss.so
session optional pam_umask.so
session optional pam_env.so
END
	cat >"$base/login" <<'END'
auth requisite pam_nologin.so
auth include common-auth
account include common-account
password include common-password
session required pam_loginuid.so
session optional pam_keyinit.so force revoke
session include common-session
END
	for opensuse_name in sshd gdm-password sudo polkit-1 crond passwd; do
		printf '%s include common-%s\n' auth auth account account password password \
			session session >"$base/$opensuse_name"
	done
	{
		printf 'auth sufficient pam_rootok.so\n'
		cat "$base/sudo"
	} >"$base/su"
	cp "$base/sudo" "$base/swaylock"
	printf '%s required pam_deny.so\n' auth account password session >"$base/other"
}

# debian_profile NAME: one of the profiles that packages bring for pam-auth-update(8).
debian_profile() {
	case $1 in
	sss)
		debian_primary 128 'success=end default=ignore' pam_sss.so use_first_pass
		printf '%s\n' 'Account-Type: Additional' 'Account:' ' sufficient pam_localuser.so' \
			' [default=bad success=ok user_unknown=ignore] pam_sss.so' \
			'Password-Type: Primary' 'Password:' ' sufficient pam_sss.so use_authtok' \
			'Password-Initial:' ' sufficient pam_sss.so'
		;;
	winbind | krb5 | ldap)
		case $1 in
		krb5) debian_primary 704 'success=end default=ignore' pam_krb5.so try_first_pass ;;
		*) debian_primary 130 'success=end default=ignore' "pam_$1.so" use_first_pass ;;
		esac
		printf '%s\n' 'Account-Type: Additional' 'Account:' \
			" [success=ok new_authtok_reqd=done user_unknown=ignore default=bad] pam_$1.so" \
			'Password-Type: Primary' 'Password:' \
			" [success=end default=ignore] pam_$1.so use_authtok" \
			'Password-Initial:' " [success=end default=ignore] pam_$1.so"
		;;
	fprintd) debian_primary 260 'success=end default=ignore' pam_fprintd.so '' ;;
	pwquality)
		printf '%s\n' 'Name: pwquality' 'Default: yes' 'Priority: 1024' \
			'Password-Type: Primary' 'Password:' ' requisite pam_pwquality.so' \
			'Password-Initial:' ' requisite pam_pwquality.so'
		;;
	*)
		# Additional ones: their priority, and whether auth is required.
		case $1 in
		ecryptfs) debian_additional 0 "$1" required ;;
		mount) debian_additional 128 "$1" optional ;;
		fscrypt) debian_additional 100 "$1" optional ;;
		*) debian_additional 0 "$1" optional ;;
		esac
		;;
	esac
}

debian_primary() {
	printf '%s\n' "Name: $3" 'Default: yes' "Priority: $1" 'Auth-Type: Primary' 'Auth:' \
		" [$2] $3 $4" 'Auth-Initial:' " [$2] $3" 'Session-Type: Additional' 'Session:' \
		" optional $3"
}

debian_additional() {
	printf '%s\n' "Name: $2" 'Default: yes' "Priority: $1"
	for debian_type in Auth Session Password; do
		printf '%s\n' "$debian_type-Type: Additional" "$debian_type:"
		case $debian_type in
		Auth) printf ' %s pam_%s.so\n' "$3" "$2" ;;
		*) printf ' optional pam_%s.so\n' "$2" ;;
		esac
	done
}

# debian DIRECTORY PROFILE...: what this machine's pam-auth-update makes of libpam-runtime's own
# profile and these ("keyturn" is ours). /etc/pam.d.here has the services.
debian() {
	base=$1
	shift
	cp -R /etc/pam.d.here "$base"
	rm -f "$base"/common-* "$base"/kt-*
	rm -rf /usr/share/pam-configs/* /var/lib/pam/*
	ln -sfn "$base" /etc/pam.d
	cp "$scratch/unix" /usr/share/pam-configs/unix
	for debian_name; do
		case $debian_name in
		keyturn) cp "$srcdir/packaging/pam-configs/keyturn" /usr/share/pam-configs ;;
		*) debian_profile "$debian_name" >"/usr/share/pam-configs/$debian_name" ;;
		esac
	done
	DEBIAN_FRONTEND=noninteractive pam-auth-update --package --force >/dev/null 2>&1 </dev/null
	cat >"$base/gdm-password" <<'END'
auth requisite pam_nologin.so
auth required pam_succeed_if.so user != root quiet_success
@include common-auth
auth optional pam_gnome_keyring.so
@include common-account
session required pam_loginuid.so
session optional pam_keyinit.so force revoke
@include common-session
session optional pam_gnome_keyring.so auto_start
@include common-password
END
	printf 'auth include login\n' >"$base/swaylock"
	printf '@include common-%s\n' auth account password session-noninteractive \
		>"$base/polkit-1"
}
