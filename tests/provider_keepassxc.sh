#!/bin/sh
# SPDX-License-Identifier: MIT
#
# keepassxc as the desktop's keyring: tests/lib/provider_cases.sh.
set -eu

. "$(dirname "$0")/lib/home.sh"
. "$srcdir/tests/lib/provider_cases.sh"
alone "$0" "$@"
providers_serve
provider_cases keepassxc 2

finish
