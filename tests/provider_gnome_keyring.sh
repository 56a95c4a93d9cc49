#!/bin/sh
# SPDX-License-Identifier: MIT
#
# gnome-keyring as the desktop's keyring: tests/lib/provider_cases.sh.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/provider_cases.sh"
alone "$0" "$@"
providers_serve
provider_cases gnome-keyring 1

begin 'gnome-keyring: a name that is found is not looked for in what is locked'
call env KEYTURN_TRACE=1 keyturn token me
expect_token
sed -n 's/.*secret-service: \([A-Za-z]*\) answered.*/\1/p' "$work/err" | tr '\n' ' ' >"$work/asked"
must grep -qx 'connect Hello open GetConnectionUnixUser ReadAlias SearchItems OpenSession SearchItems GetSecrets ' \
	"$work/asked"

finish
