# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Locales that this machine may not have, for a test script. To be sourced after home.sh.

# locales_add NAME...: such as zh_CN.UTF-8, beside C.UTF-8 and instead of what the machine has, for this
# script alone. Only behind alone and need_mounts.
locales_add()
{
	cp -r /usr/lib/locale/C.utf8 "$work/C.utf8" &&
		mount -t tmpfs none /usr/lib/locale &&
		cp -r "$work/C.utf8" /usr/lib/locale/ || return 1
	for locale in "$@"; do
		localedef -i "${locale%.*}" -f "${locale#*.}" "$locale" || return 1
	done
}
