# SPDX-License-Identifier: MIT
dist_man_MANS = docs/man/git-credential-keyturn.1 docs/man/keyturn-provider.5 docs/man/keyturn.1

EXTRA_DIST += \
	docs/coze.md \
	docs/design.md \
	docs/latency.svg \
	docs/performance.md \
	docs/safety.md \
	docs/threat-model.md
