# SPDX-License-Identifier: MIT
dist_man_MANS = docs/man/git-credential-keyturn.1 docs/man/keyturn-provider.5 docs/man/keyturn.1 \
	docs/man/keyturn-protocols.7

# Those in other languages; pam_keyturn(8) goes with the module.
zh_CN_man1dir = $(mandir)/zh_CN/man1
dist_zh_CN_man1_DATA = docs/man/zh_CN/git-credential-keyturn.1 docs/man/zh_CN/keyturn.1
zh_CN_man5dir = $(mandir)/zh_CN/man5
dist_zh_CN_man5_DATA = docs/man/zh_CN/keyturn-provider.5
zh_CN_man7dir = $(mandir)/zh_CN/man7
dist_zh_CN_man7_DATA = docs/man/zh_CN/keyturn-protocols.7

EXTRA_DIST += \
	docs/agents.md \
	docs/coze-users.md \
	docs/coze-users.zh-CN.md \
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
