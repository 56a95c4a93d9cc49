#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Each program is hardened as docs/safety.md, B1 says; read from the ELF.
set -eu

. "$(dirname "$0")/lib/home.sh"
need readelf
home_make

flags()
{
	readelf --wide --program-headers "$program" |
		sed -n "s/^  $1  *0x[^ ]* 0x[^ ]* 0x[^ ]* 0x[^ ]* 0x[^ ]* \(...\) .*/\1/p"
}

symbols()
{
	readelf --wide --symbols "$program"
}

dynamic()
{
	readelf --wide --dynamic "$program"
}

# Some call of the checked form, and a place where the stack's guard is looked at.
is_fortified()
{
	symbols | grep -qE '__[a-z]+_chk(@|$)|__(read|recv|poll|fd|explicit_bzero)[a-z_]*_chk'
}

# path_of PROGRAM: where the build left it.
path_of()
{
	[ -e "$builddir/tests/bin/$1" ] && [ "$1" != pam_keyturn.so ] && echo "$builddir/tests/bin/$1" ||
		echo "$builddir/$1"
}

check()
{
	program=$(path_of "$1")

	begin "$1: position independent, its relocations done before it runs and then sealed"
	must sh -c 'readelf --wide --file-header "$1" | grep -q "Type: *DYN"' - "$program"
	case $1 in
	*.so) ;;
	*) must sh -c 'readelf --wide --dynamic "$1" | grep -q "FLAGS_1.*PIE"' - "$program" ;;
	esac
	if ! is_sanitized; then
		must [ "$(flags GNU_RELRO | wc -l)" -eq 1 ]
		must sh -c 'readelf --wide --dynamic "$1" | grep -q "FLAGS_1.*NOW"' - "$program"
	fi

	begin "$1: nothing is writable and executable, the stack neither"
	must [ "$(flags GNU_STACK)" = 'RW ' ]
	must_not sh -c 'readelf --wide --program-headers "$1" | grep -q " RWE "' - "$program"
	must_not sh -c 'readelf --wide --dynamic "$1" | grep -q -e TEXTREL -e RPATH -e RUNPATH' - \
		"$program"

	is_sanitized && return
	begin "$1: code and data lie in segments of their own"
	must [ "$(flags LOAD | grep -c 'R E')" -eq 1 ]
	must [ "$(flags LOAD | grep -cx 'R  ')" -ge 1 ]

	begin "$1: the stack is guarded"
	must sh -c 'readelf --wide --symbols "$1" | grep -q __stack_chk_fail' - "$program"
}

# exported MODULE
exported()
{
	readelf --wide --dyn-syms "$(path_of "$1")" | grep -o 'GLOBAL.* [0-9]* [^ ]*$' | sed 's/.* //'
}

check keyturn
rooms='keyturn-keeper keyturn-courier keyturn-proxy keyturn-seal keyturn-steward
	keyturn-secret-service.so'
! grep -qx 'HAVE_FIDO2_TRUE = *' "$builddir/Makefile" || rooms="$rooms keyturn-fido2.so"
! grep -qx 'HAVE_PAM_TRUE = *' "$builddir/Makefile" ||
	rooms="$rooms pam_keyturn.so keyturn-unlock keyturn-unlock-bus.so"
for room in $rooms; do
	check "$room"
done

if ! is_sanitized; then
	begin 'calls that fill a buffer are the checked ones'
	for program in $rooms; do
		program=$(path_of "$program")
		must is_fortified
	done

	begin 'indirect jumps land where they may, where the compiler knows how'
	if grep -q 'fcf-protection' "$builddir/Makefile"; then
		need objdump
		for program in keyturn $rooms; do
			must sh -c 'objdump -d "$1" | grep -q endbr' - "$(path_of "$program")"
		done
	fi

	begin 'every file is compiled with the flags that leave no trace'
	for flag in -ftrivial-auto-var-init=zero -fstack-clash-protection -fstack-protector-strong \
		-D_FORTIFY_SOURCE=3 -fvisibility=hidden; do
		must grep -q -e "^HARDENING_CFLAGS = .*$flag" "$builddir/Makefile"
	done

	begin 'no program exports a function of its own, and a module no more than its table'
	for program in $rooms; do
		program=$(path_of "$program")
		must_not sh -c 'readelf --wide --dyn-syms "$1" | grep "FUNC.*GLOBAL.* [0-9]* kt_"' - \
			"$program"
	done
	must [ "$(exported keyturn-secret-service.so)" = kt_secret_service_module ]
	case $rooms in
	*fido2*) must [ "$(exported keyturn-fido2.so)" = kt_fido2_module ] ;;
	esac
	case $rooms in
	*unlock*) must [ "$(exported keyturn-unlock-bus.so)" = kt_unlock_bus_module ] ;;
	esac
fi

# By AUDIT_ARCH_AARCH64 and AUDIT_ARCH_X86_64 of linux/audit.h, which each program asks for first.
begin "the seal's filter is the other machine's, where keyturn is built for one"
if [ -x "$builddir/helper/seal/make_filter" ]; then
	for pair in aarch64:0xc00000b7:0xc000003e x86_64:0xc000003e:0xc00000b7; do
		numbers=${pair#*:}
		call "$builddir/helper/seal/make_filter" "${pair%%:*}"
		expect_status 0
		must [ "$(grep -c "${numbers%:*}" "$work/out")" -eq 2 ]
		must_not grep -q "${numbers#*:}" "$work/out"
	done
	call "$builddir/helper/seal/make_filter" vax
	expect_status 1
fi

finish
