# SPDX-License-Identifier: MIT
dist_man_MANS = docs/man/git-credential-keyturn.1 docs/man/keyturn-provider.5 docs/man/keyturn.1 \
	docs/man/keyturn-protocols.7

EXTRA_DIST += \
	docs/agents.md \
	docs/coze-users.md \
	docs/coze.md \
	docs/design.md \
	docs/examples/Workspaces.java \
	docs/examples/jwt_app.py \
	docs/examples/me.go \
	docs/examples/me.mjs \
	docs/examples/me.py \
	docs/examples/me_for_long.mjs \
	docs/examples/me_for_long.py \
	docs/journeys.md \
	docs/latency.svg \
	docs/performance.md \
	docs/safety.md \
	docs/threat-model.md
