# SPDX-License-Identifier: MIT
# Sourced by the tests of recipes, after pam_root.sh: users of all sorts, in /etc and in a domain,
# and the comparison of a distribution's stacks before and after our lines.

. "$srcdir/tests/lib/pam_bases.sh"
need pam-auth-update python3
[ -e /var/lib/extrausers ] || skip "libnss-extrausers is not installed"

good=Correct-horse-1
services=login,sshd,gdm-password,su,sudo,polkit-1,crond,swaylock,passwd
users="kt-local=$good,kt-domain=$good,kt-expired=$good,kt-domain-expired=$good,kt-locked=$good"
users="$users,kt-domain-locked=$good,kt-ended=$good,kt-empty,kt-finger=$good,root=$good,kt-nobody"
every_user=$users
every_password=right,Wrong-guess-3,empty
fewer_users="kt-local=$good,kt-domain=$good,kt-domain-expired=$good,kt-finger=$good,root=$good"
passwords=$every_password

# Local users are in /etc, the domain's in another place that the C library reads.
for name in local expired locked ended empty finger; do
	useradd -M -d "$scratch/home/kt-$name" -s /bin/sh "kt-$name"
done
# Hashes are cheap, the one that is checked and those of new passwords: there are ten thousand.
hash=$(openssl passwd -1 -salt keyturn "$good")
echo 'YESCRYPT_COST_FACTOR 1' >>/etc/login.defs
sed -i -E "s|^(root\|kt-[a-z]*):[^:]*:|\1:$hash:|; s|^(kt-empty):[^:]*:|\1::|
	s|^(kt-locked):|\1:!|; s|^(kt-expired:[^:]*):[0-9]*:|\1:0:|" /etc/shadow
chage -E 1 kt-ended
cp -p /etc/shadow "$scratch/shadow"
mount -t tmpfs tmpfs /var/lib/extrausers
number=30001
for name in kt-domain kt-domain-expired kt-domain-locked; do
	echo "$name:*:$number:$number::$scratch/home/$name:/bin/sh" >>/var/lib/extrausers/passwd
	echo "$name:x:$number:" >>/var/lib/extrausers/group
	number=$((number + 1))
done
sed -i -E 's/^(passwd|group):.*/\1: files extrausers/' /etc/nsswitch.conf
cat >"$scratch/domain" <<END
kt-domain:$good:ok
kt-domain-expired:$good:expired
kt-domain-locked:$good:locked
kt-finger:-:finger
END
for name in $(getent passwd | sed -n 's/^\(kt-[a-z-]*\):.*/\1/p'); do
	make_runtime_dir "$name"
done
mkdir "$scratch/modules"
mv /etc/pam.d /etc/pam.d.here
cp /usr/share/pam-configs/unix "$scratch/unix"
for directory in /usr/share/pam-configs /var/lib/pam; do
	mount -t tmpfs tmpfs "$directory"
done
cp -a /var/cache/debconf "$scratch/debconf"
mount --bind "$scratch/debconf" /var/cache/debconf

# with_modules DIRECTORY: modules that this machine has not become copies of the stand-in (the
# loader takes links for one and the same). Those that cannot do in a test what they are for are
# replaced as well.
with_modules() {
	for module_name in $(grep -ho 'pam_[a-z0-9_]*\.so' "$1"/* | sort -u); do
		case $module_name in
		pam_keyturn.so)
			sed -i "s|$module_name|$module grace=0 debug|" "$1"/*
			continue
			;;
		pam_loginuid.so | pam_namespace.so | pam_access.so) ;;
		*) ! find /lib/*/security /usr/lib/*/security -name "$module_name" 2>/dev/null |
			grep -q . || continue ;;
		esac
		cp "$programs/pam_stand_in.so" "$scratch/modules/$module_name"
		sed -i "s|\([ 	]\)$module_name|\1$scratch/modules/$module_name users=$scratch/domain|" "$1"/*
	done
}

# append RECIPE DIRECTORY: as the manual has it.
append() {
	for file in "$srcdir/packaging/pam/$1"/*; do
		cat "$file" >>"$2/${file##*/}"
	done
}

# matrix SERVICES: between $scratch/without and $scratch/with.
matrix() {
	with_modules "$scratch/without"
	with_modules "$scratch/with"
	"$programs/pam_matrix" "$scratch/without" "$scratch/with" "$1" "$users" "$passwords" \
		"$scratch/shadow" >"$scratch/cells" || {
		grep DIFFERS "$scratch/cells" | head -n 20 | sed 's/^/# /'
		return 1
	}
	sed -n 's/^\([0-9]* cells.*\)/# \1/p' "$scratch/cells"
}

# begin BASE ARGUMENT...
begin() {
	rm -rf "$scratch/without" "$scratch/with"
	begin_base=$1
	shift
	"$begin_base" "$scratch/without" "$@"
	cp -R "$scratch/without" "$scratch/with"
}

# same RECIPE SERVICES BASE ARGUMENT...
same() {
	same_recipe=$1
	same_services=$2
	shift 2
	begin "$@" && append "$same_recipe" "$scratch/with" && matrix "$same_services"
}

# reached SERVICE USER AT-LOGIN AT-CHANGE: what the right password comes to, in the last matrix.
reached() {
	[ "$(awk -v service="$1" -v user="$2" \
		'$2 == service && $3 == user && $4 == "right" { print $(NF - 1), $NF }' \
		"$scratch/cells")" = "$3 $4" ] || {
		grep " $1 $2 right" "$scratch/cells" | sed 's/^/# /'
		return 1
	}
}

# left_alone SERVICE...: services where the module does nothing, unless told.
left_alone() {
	for name; do
		! grep -Eq "^[a-zA-Z]* $name .* (password|none) [^ ]*$" "$scratch/cells" || return 1
	done
}

is_good() {
	awk '$1 == "same" && $4 == "right" && $5 == 0 { found[$2 " " $3]++ }
		END { exit !(found["login kt-local"] && found["login root"]) }' "$scratch/cells"
}

# doctor_says LEVEL TEXT SERVICE...: of what stands in $scratch/with.
doctor_says() {
	level=$1
	text=$2
	shift 2
	ln -sfn "$scratch/with" /etc/pam.d
	as_keyturn kt-local doctor --json >"$scratch/told" 2>/dev/null || :
	for name; do
		python3 -c '
import json, re, sys
level, text, name = sys.argv[1:]
found = [f for f in json.load(sys.stdin)["checks"] if f["layer"] == "pam"
         and f["level"] == level and text in f["message"]
         and name in re.split("[(,)] *", f["message"])]
sys.exit(not found)' "$level" "$text" "$name" <"$scratch/told" || {
			sed 's/^/# /' "$scratch/told"
			return 1
		}
	done
}

doctor_finds_no_failure() {
	ln -sfn "$scratch/with" /etc/pam.d
	as_keyturn kt-local doctor --json >"$scratch/told" 2>/dev/null || :
	! grep -q '"layer":"pam","level":"failed"' "$scratch/told"
}
