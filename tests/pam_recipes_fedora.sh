#!/bin/sh
# SPDX-License-Identifier: MIT
# packaging/pam/fedora in the stacks that authselect(8) makes, in real libpam: every user, password,
# phase and service gets the answers that it got before, and the password reaches the module where
# it shall.
set -eu
. "$(dirname "$0")/lib/pam_cases.sh"
. "$(dirname "$0")/lib/pam_root.sh"
. "$(dirname "$0")/lib/pam_recipes.sh"

for profile in sssd local winbind nis; do
	if [ "$profile" != sssd ]; then
		users=$fewer_users
		passwords=right,Wrong-guess-3
		services=login,sshd,gdm-password,passwd,sudo
	fi
	check "fedora, $profile: the answers are the same" \
		same fedora "$services" fedora "$profile"
	check "fedora, $profile: users are let in" is_good
	check "fedora, $profile: a login opens" reached login kt-local password -
	check "fedora, $profile: a display manager opens" reached gdm-password kt-local password password
	check "fedora, $profile: ssh opens" reached sshd kt-local password -
	check "fedora, $profile: passwd changes" reached passwd kt-local - password
	case $profile in
	sssd | winbind)
		check "fedora, $profile: a domain user's login opens" \
			reached login kt-domain password -
		check "fedora, $profile: a domain user's passwd changes" \
			reached passwd kt-domain - password
		;;
	esac
	check "fedora, $profile: doctor says so" \
		doctor_says ok "login opens the keyring" login sshd gdm-password
	check "fedora, $profile: and finds no failure" doctor_finds_no_failure
	check "fedora, $profile: sudo and others are left alone" \
		left_alone sudo su polkit-1 crond
done

for features in with-faillock with-fingerprint with-pam-u2f with-pam-u2f-2fa \
	with-pam-gnome-keyring with-ecryptfs with-pwhistory with-systemd-homed with-mkhomedir \
	with-pamaccess with-smartcard "with-smartcard with-smartcard-required" with-gssapi \
	with-files-access-provider \
	"with-faillock with-fingerprint with-smartcard with-mkhomedir with-pwhistory"; do
	# shellcheck disable=SC2086
	check "fedora, sssd $features: the answers are the same" \
		same fedora login,gdm-password,passwd fedora sssd $features
done
check "fedora, behind a fingerprint there is no password" reached login kt-finger none -

# What an earlier manual said, which let nobody in any more.
broken() {
	begin fedora sssd
	for file in system-auth password-auth; do
		sed -i 's/^auth sufficient pam_unix.so.*/auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so/' \
			"$scratch/with/$file"
		printf '%s optional pam_keyturn.so\n' auth session >>"$scratch/with/$file"
	done
	with_modules "$scratch/without"
	with_modules "$scratch/with"
	! "$programs/pam_matrix" "$scratch/without" "$scratch/with" login "$users" right \
		"$scratch/shadow" >"$scratch/cells" &&
		grep -q '^DIFFERS login kt-local right 0->' "$scratch/cells" &&
		grep -q '^DIFFERS login root right 0->' "$scratch/cells"
}
check "a jump over pam_deny.so in the middle of authselect's stack is found to shut all out" broken

check "and doctor says so" doctor_says failed "nobody can log in" login sshd sudo su polkit-1

exit "$failed"
