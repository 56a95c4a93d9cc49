#!/bin/sh
# SPDX-License-Identifier: MIT
#
# kwallet as the desktop's keyring: tests/lib/provider_cases.sh.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/desktop.sh"
. "$srcdir/tests/lib/server.sh"
. "$srcdir/tests/lib/refresh.sh"
. "$srcdir/tests/lib/providers.sh"
. "$srcdir/tests/lib/provider_cases.sh"
alone "$0" "$@"
need dbus-daemon dbus-send node python3 curl
home_make
providers_start
refresh_serve
provider_cases kwallet 1

finish
