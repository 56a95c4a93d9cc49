#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The rooms and their walls: what each program links, which way includes point, and which
# functions nobody calls.
set -eu

. "$(dirname "$0")/lib/home.sh"
need readelf
home_make
programs=$builddir/tests/bin

# needed PROGRAM: the libraries it asks for, without their versions.
needed()
{
	readelf --wide --dynamic "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\.so.*/\1/p'
}

# links_only PROGRAM LIBRARY...: nothing but these, and what the compiler adds.
links_only()
{
	program=$1
	shift
	must test -x "$program"
	for library in $(needed "$program"); do
		case " $* libasan libubsan libm libgcc_s ld-linux-x86-64 ld-linux-aarch64 " in
		*" $library "*) ;;
		*) complain "${program##*/} links $library" ;;
		esac
	done
}

# links PROGRAM LIBRARY: what it is there for. Else the check above would hold of anything.
links()
{
	must sh -c 'readelf --wide --dynamic "$1" | grep -q "NEEDED.*\[$2\.so"' - "$@"
}

# C sources below the directories, without their strings and comments of one line.
sources()
{
	find "$@" -name '*.[ch]'
}

begin 'the door links libc alone'
links_only "$programs/keyturn" libc

begin 'the keeper links cryptography, and nothing that reaches the network'
links_only "$programs/keyturn-keeper" libc libcrypto libcjson
links "$programs/keyturn-keeper" libcrypto
must_not sh -c 'ldd "$1" | grep -e libcurl -e libssl' - "$programs/keyturn-keeper"

begin 'its module links the desktop keyring, and nothing that reaches the network'
links_only "$programs/keyturn-secret-service.so" libc libsecret-1 libgio-2.0 libgobject-2.0 \
	libglib-2.0 libcjson
links "$programs/keyturn-secret-service.so" libsecret-1
must_not sh -c 'ldd "$1" | grep -e libcurl -e libssl' - "$programs/keyturn-secret-service.so"

if [ -e "$programs/keyturn-fido2.so" ]; then
	begin 'the module of security keys links libfido2, and nothing that reaches the network'
	links_only "$programs/keyturn-fido2.so" libc libfido2
	links "$programs/keyturn-fido2.so" libfido2
	must_not sh -c 'ldd "$1" | grep -e libcurl -e libssl' - "$programs/keyturn-fido2.so"
fi

if [ -e "$builddir/keyturn-unlock" ]; then
	begin 'keyturn-unlock links cryptography; the way over the message bus is its module'
	links_only "$builddir/keyturn-unlock" libc libcrypto libcjson
	links_only "$builddir/keyturn-unlock-bus.so" libc libcrypto libgio-2.0 libgobject-2.0 libglib-2.0
	links "$builddir/keyturn-unlock-bus.so" libgio-2.0
fi

begin 'a module has of its own whatever it calls of ours'
for module in "$programs/keyturn-secret-service.so" "$builddir"/*.so; do
	[ -e "$module" ] || continue
	must_not sh -c 'readelf --wide --dyn-syms "$1" | grep " UND kt_"' - "$module"
done

begin 'the courier links the network, and nothing that reaches the keyring'
links_only "$programs/keyturn-courier" libc libcurl libcjson libcrypto
links "$programs/keyturn-courier" libcurl
must_not sh -c 'readelf --wide --dynamic "$1" | grep -e libsecret -e libgio -e libglib' - \
	"$programs/keyturn-courier"

begin 'the seal links nothing: its filter of system calls was made when it was built'
links_only "$programs/keyturn-seal" libc

begin 'the room of run --proxy links the network, and nothing that reaches the keyring'
links_only "$programs/keyturn-proxy" libc libcurl libssl libz libcrypto
links "$programs/keyturn-proxy" libcurl
must_not sh -c 'readelf --wide --dynamic "$1" | grep -e libsecret -e libgio -e libglib' - \
	"$programs/keyturn-proxy"

begin 'its steward links libc alone'
links_only "$programs/keyturn-steward" libc

# includes DIRECTORY...: FILE:HEADER of each header of ours.
includes()
{
	sources "$@" | xargs grep -H '^#include "' | sed 's/:#include "\(.*\)"/:\1/'
}

# points DIRECTORY ALLOWED...: its includes begin with one of these.
points()
{
	directory=$1
	shift
	for include in $(includes "$srcdir/$directory"); do
		header=${include##*:}
		is_allowed=false
		for allowed in config.h "$@"; do
			case $header in
			"$allowed"*) is_allowed=true ;;
			esac
		done
		"$is_allowed" || complain "${include#"$srcdir"/}"
	done
}

begin 'includes point one way'
points keyring keyring/
points helper/door helper/door/ helper/answer.h helper/background_renewal.h helper/cache_key.h \
	helper/courier_start.h helper/libexec.h helper/protocol/ helper/request.h helper/route.h \
	keyring/characters.h keyring/cleanup.h keyring/clock.h keyring/error.h keyring/identity.h \
	keyring/kernel_cache.h keyring/secret.h keyring/text.h
points helper/protocol helper/protocol/ helper/answer.h helper/request.h helper/url.h keyring/
points helper/courier helper/courier/ helper/errand.h helper/libexec.h helper/mask.h \
	helper/sandbox.h helper/transfer.h \
	keyring/characters.h \
	keyring/cleanup.h keyring/clock.h keyring/error.h keyring/json.h keyring/secret.h \
	keyring/text.h keyring/translate.h keyring/wiping.h
points helper/seal helper/seal/ helper/become.h helper/landlock.h helper/language.h \
	helper/user_namespaces.h keyring/cleanup.h keyring/environment.h keyring/error.h \
	keyring/shell_word.h keyring/text.h keyring/translate.h

points helper/proxy helper/proxy/ helper/allow_rule.h helper/errand.h helper/peer.h helper/proxy_start.h \
	helper/sandbox.h helper/transfer.h keyring/characters.h keyring/cleanup.h keyring/clock.h \
	keyring/environment.h keyring/error.h keyring/secret.h keyring/text.h
points helper/steward helper/errand.h helper/libexec.h helper/proxy_start.h keyring/cleanup.h \
	keyring/clock.h keyring/text.h

# The keeper's folders, from below upwards: each may include itself and those named.
below_keeper='keyring/ helper/allow_rule.h helper/answer.h helper/background_renewal.h helper/become.h
	helper/cache_key.h helper/courier_start.h helper/errand.h helper/landlock.h helper/language.h
	helper/libexec.h helper/mask.h helper/peer.h helper/protocol/ helper/proxy_start.h helper/report.h
	helper/request.h helper/route.h helper/url.h helper/user_namespaces.h'
own='helper/keeper/courier.h helper/keeper/keeper.h helper/keeper/library.h helper/keeper/menu.h
	helper/keeper/proxy.h helper/keeper/random.h helper/keeper/terminal.h helper/keeper/waiting.h'
folder()
{
	folder=$1
	shift
	points "helper/keeper/$folder" "helper/keeper/$folder/" $below_keeper $own \
		$(printf 'helper/keeper/%s/ ' "$@")
}
folder account account
folder cache account
folder oauth account
folder token account cache oauth
folder login account cache oauth token
folder plain account
folder setup account cache oauth token
folder doctor account cache oauth token setup plain
folder import account cache oauth token login setup plain
folder command account cache oauth token login setup doctor import plain
for include in $(includes "$srcdir/helper"); do
	file=${include%%:*}
	case ${file#"$srcdir"/helper/}:${include##*:} in
	keeper/main.c:helper/keeper/command/command.h | keeper/main.c:helper/keeper/command/help.h) ;;
	keeper/*/*) ;;
	keeper/*:helper/keeper/*/*) complain "${include#"$srcdir"/}" ;;
	*/*) ;;
	*:helper/protocol/*) ;;
	*:helper/*/*) complain "${include#"$srcdir"/}" ;;
	esac
done

begin "one function makes a service of a tool's words"
must [ "$(cd "$srcdir/helper/protocol" && grep -l 'kt_url_parse\|kt_url_normal' ./*.c)" = ./tool.c ]

begin 'the files that the PAM module borrows borrow nothing else'
for file in characters.h characters.c cleanup.h error.h error.c secret.h secret.c text.h text.c \
	translate.h translate.c; do
	for include in $(includes "$srcdir/keyring" | sed -n "s#.*/keyring/$file:##p"); do
		case $include in
		config.h | keyring/characters.h | keyring/cleanup.h | keyring/error.h | keyring/secret.h) ;;
		keyring/text.h | keyring/translate.h) ;;
		*) complain "keyring/$file includes $include" ;;
		esac
	done
done

# circles TOP: the files below it that include each other in a circle, .c and .h as one.
circles()
{
	(cd "$1" && includes keyring helper pam | sed -n 's#^\(.*\)\.[ch]:\(.*\)\.h$#\1 \2#p' |
		awk '$1 != $2' | sort -u | tsort 2>&1 >/dev/null | sed -n 's/^tsort: \([a-z].*\/.*\)$/\1/p')
}

begin 'no files include each other in a circle'
for file in $(circles "$srcdir"); do
	complain "$file stands in a circle of includes"
done
mkdir -p "$work/circle/keyring" "$work/circle/helper" "$work/circle/pam"
echo '#include "keyring/second.h"' >"$work/circle/keyring/first.c"
echo '#include "keyring/first.h"' >"$work/circle/keyring/second.h"
must [ -n "$(circles "$work/circle")" ]

begin 'an include that points upwards is seen'
mkdir -p "$work/up/helper/keeper/account"
echo '#include "helper/keeper/token/token.h"' >"$work/up/helper/keeper/account/x.c"
must [ -n "$(srcdir=$work/up; complain() { echo "$*"; }; folder account account)" ]

# only HEADER FILE...: a foreign library is used in these files alone.
only()
{
	header=$1
	shift
	for file in $(sources "$srcdir/keyring" "$srcdir/helper" "$srcdir/pam" |
		xargs grep -l "^#include <$header"); do
		case " $* " in
		*" ${file#"$srcdir"/} "*) ;;
		*) complain "${file#"$srcdir"/} uses $header" ;;
		esac
	done
}

begin 'a foreign library is used in the files that are marked for it'
only cjson/ keyring/json.c
only openssl/ keyring/seal.c keyring/ssh_key.c helper/proxy/tls.c helper/transfer.c helper/keeper/account/directory_file.c \
	helper/keeper/login/ca_file.c \
	helper/keeper/oauth/jwt.c helper/keeper/oauth/pkce.c helper/keeper/oauth/private_key.c helper/keeper/token/service_app.c pam/unlock/transfer.c
only libintl.h helper/language.c
only locale.h helper/language.c
only idn2.h helper/keeper/account/idn.c
only dlfcn.h keyring/module.c helper/keeper/library.c pam/unlock/backend_dbus.c
only fido keyring/fido2_module.c
only curl/ helper/courier/http.c helper/proxy/tls.c helper/proxy/upstream.c helper/transfer.c
only seccomp.h helper/seal/make_filter.c
only zlib.h helper/proxy/inflate.c
only libsecret/ keyring/backend_secret_service.c keyring/secret_service_call.c \
	keyring/secret_service_turn.h

# hosts_of_coze DIRECTORY...: where a host of Coze is written in code; comments may name one.
hosts_of_coze()
{
	sources "$@" | xargs grep -nE '"[^"]*(api|www|ws)\.coze\.(cn|com)' | grep -vE ':[[:space:]]*(/?\*)' |
		grep -vE '/\*.*\.coze\.' || :
}

begin 'hosts of Coze stand in the table of services, and where URLs are mapped to them'
for line in $(hosts_of_coze "$srcdir/keyring" "$srcdir/helper" "$srcdir/pam" | sed 's/:.*//'); do
	case ${line#"$srcdir"/} in
	helper/keeper/account/service.c | helper/url.c) ;;
	*) complain "${line#"$srcdir"/} writes a host of Coze" ;;
	esac
done

# nobody_calls FUNCTION [FILE...]: but for these files.
nobody_calls()
{
	function=$1
	shift
	for file in $(sources "$srcdir/keyring" "$srcdir/helper" "$srcdir/pam" |
		xargs grep -lE "(^|[^a-zA-Z0-9_>.])$function[[:space:]]*\\("); do
		case " $* " in
		*" ${file#"$srcdir"/} "*) ;;
		*) complain "${file#"$srcdir"/} calls $function" ;;
		esac
	done
}

begin 'nobody calls what is banned'
for function in strcpy strcat sprintf vsprintf atoi atol strtok sscanf system popen gets alloca \
	strncpy strncat; do
	nobody_calls "$function"
done
nobody_calls getenv keyring/environment.h
nobody_calls time keyring/clock.c

begin 'the ban is seen where it is broken'
mkdir -p "$work/broken/keyring"
echo 'int f(char *a) { return atoi(a); }' >"$work/broken/keyring/x.c"
echo '#include "helper/report.h"' >>"$work/broken/keyring/x.c"
mkdir -p "$work/broken/helper" "$work/broken/pam"
must sh -c 'grep -qE "(^|[^a-zA-Z0-9_>.])atoi[[:space:]]*\(" "$1/broken/keyring/x.c"' - "$work"
echo 'const char *host = "https://api.coze.cn";' >>"$work/broken/keyring/x.c"
must [ -n "$(hosts_of_coze "$work/broken")" ]
must [ "$(includes "$work/broken/keyring")" = "$work/broken/keyring/x.c:helper/report.h" ]

finish
