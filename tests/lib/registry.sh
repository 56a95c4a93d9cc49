# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Sourced by scripts that take what they try from a registry: what could not be had is skipped only
# where its registry cannot be reached, or does not give it. $caller_home has the registries' settings
# and caches. Needs home.sh.

# Registries, each asked by its own client for a small thing that it has; go for a module that it is
# to have.
reaches_pypi()
{
	HOME=$caller_home python3 -m pip download --quiet --disable-pip-version-check --no-cache-dir \
		--no-deps --dest "$work/reached-pypi" six==1.17.0
}

reaches_npm()
{
	HOME=$caller_home npm view --prefer-online semver@7.7.2 version
}

reaches_go()
{
	HOME=$caller_home go list -m -versions "${1:-golang.org/x/text}"
}

reaches_maven()
{
	HOME=$caller_home mvn --batch-mode --quiet -Duser.home="$caller_home" \
		-Dmaven.repo.local="$work/reached-maven" \
		org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get -Dartifact=org.slf4j:slf4j-api:2.0.17
}

# The system's own lists, and the archive from which a package of another release is taken.
reaches_debian()
{
	mkdir -p "$work/reached-debian/partial" &&
		apt-get -o APT::Update::Error-Mode=any -o Dir::State::Lists="$work/reached-debian" update
}

reaches_pool()
{
	curl -sSf -o "$work/reached-pool" http://deb.debian.org/debian/README
}

# lacks WHAT LOG REGISTRY[:MODULE]...: WHAT could not be had, as LOG tells. The reason of a skip, where one
# of its registries cannot be reached; false, and the log's end, where all of them answer.
lacks()
{
	lacks_what=$1
	lacks_log=$2
	shift 2
	! grep '^skip: ' "$lacks_log" || return 0
	for registry in "$@"; do
		lacks_module=${registry#"${registry%%:*}"}
		"reaches_${registry%%:*}" ${lacks_module:+"${lacks_module#:}"} >"$lacks_log.reach" \
			2>&1 </dev/null && continue
		echo "skip: the registry of $lacks_what cannot be reached: ${registry%%:*}: $(grep . \
			"$lacks_log.reach" | tail -n 1 | sed 's/^[[:space:]]*//' | cut -c 1-200)"
		return 0
	done
	tail -n 50 "$lacks_log" | sed 's/^/#   /'
	return 1
}

# must_have WHAT LOG REGISTRY[:MODULE]...: behind a WHAT that could not be had, a test that fails, unless that
# is a reason to skip.
must_have()
{
	must_have_said=$(lacks "$@") && must_have_failed= || must_have_failed=yes
	[ -z "$must_have_failed" ] || {
		begin "$1 is to be had"
		complain 'its registry answers, and yet:'
	}
	printf '%s\n' "$must_have_said"
}
