#!/bin/sh
# SPDX-License-Identifier: MIT
# The other recipes of packaging/pam and packaging/pam-configs in the stacks of their distributions,
# in real libpam: every user, password, phase and service gets the answers that it got before, and
# the password reaches the module where it shall.
set -eu
. "$(dirname "$0")/lib/pam_cases.sh"
. "$(dirname "$0")/lib/pam_root.sh"
. "$(dirname "$0")/lib/pam_recipes.sh"

# The manual shows the lines of the files, and names each of them.
quoted() {
	for file in "$srcdir"/packaging/pam/*/*; do
		grep -v '^#' "$file" >"$scratch/lines"
		grep -qF "$(basename "$file")" "$srcdir/docs/man/pam_keyturn.8" || return 1
		while read -r line; do
			grep -qxF -e "$line" "$srcdir/docs/man/pam_keyturn.8" || return 1
		done <"$scratch/lines"
	done
}
check "the manual quotes the recipes" quoted

# ---- Arch Linux ----

users=$every_user
passwords=$every_password
check "arch: the answers are the same" same arch "$services,sddm" arch
check "arch: users are let in" is_good
for name in login sshd gdm-password sddm; do
	check "arch: $name opens" reached "$name" kt-local password password
done
check "arch: passwd changes" reached passwd kt-local - password
check "arch: doctor says so" doctor_says ok "login opens the keyring" login sshd gdm-password sddm
check "arch: and finds no failure" doctor_finds_no_failure
check "arch: sudo and others are left alone" left_alone sudo su polkit-1 crond

# ---- openSUSE ----

users=$fewer_users
passwords=right,Wrong-guess-3
check "opensuse: the answers are the same" same opensuse "$services" opensuse
check "opensuse: users are let in" is_good
for name in login sshd gdm-password; do
	check "opensuse: $name opens" reached "$name" kt-local password password
done
check "opensuse: passwd changes" reached passwd kt-local password password
check "opensuse with sssd: the answers are the same" same opensuse "$services" opensuse sssd
check "opensuse with sssd: users are let in" is_good
check "opensuse with sssd: doctor says who is not reached" \
	doctor_says warning "is never called" login sshd gdm-password

# ---- Debian and Ubuntu ----

# profile SERVICES PROFILE...: with these of other packages, before and after ours.
profile() {
	profile_services=$1
	shift
	rm -rf "$scratch/without" "$scratch/with"
	debian "$scratch/without" "$@" && debian "$scratch/with" "$@" keyturn &&
		is_last "$scratch/with" && matrix "$profile_services"
}

# Nothing of another profile comes after our lines: a home that it mounts is there.
is_last() {
	for file in common-auth common-session common-password; do
		case $(grep -v '^#' "$1/$file" | grep . | tail -n 1) in
		*optional*pam_keyturn.so*) ;;
		*)
			grep -v '^#' "$1/$file" >"$scratch/out"
			return 1
			;;
		esac
	done
	! grep -q pam_keyturn "$1/common-session-noninteractive"
}

users=$every_user
passwords=$every_password
debian_services=login,sshd,gdm-password,su,sudo,polkit-1,cron,swaylock,passwd
check "debian: the answers are the same" profile "$debian_services"
check "debian: users are let in" is_good
for name in login sshd gdm-password; do
	check "debian: $name opens" reached "$name" kt-local password password
done
check "debian: passwd changes" reached passwd kt-local password password
check "debian: doctor says so" doctor_says ok "login opens the keyring" login sshd gdm-password
check "debian: and finds no failure" doctor_finds_no_failure
check "debian: sudo and others are left alone" left_alone sudo su polkit-1 cron

users=$fewer_users
passwords=right,Wrong-guess-3
for name in winbind krb5 ldap sss; do
	check "debian, $name: the answers are the same" profile login,passwd "$name" pwquality
	check "debian, $name: a domain user's login opens" reached login kt-domain password "$(
		[ "$name" = sss ] && echo - || echo password)"
done
check "debian, sss: a domain user's change ends before us" \
	reached passwd kt-domain password -
check "debian, sss: doctor says so" \
	doctor_says warning "a new password of a user of a directory" passwd
for names in fprintd pwquality ecryptfs mount fscrypt gnome-keyring tmpdir "ecryptfs mount" \
	"ecryptfs fscrypt" "mount fscrypt" "sss fprintd pwquality ecryptfs mount fscrypt tmpdir"; do
	# shellcheck disable=SC2086
	check "debian, $names: the answers are the same" profile login,passwd $names
done

exit "$failed"
