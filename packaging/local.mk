# SPDX-License-Identifier: MIT
# User units: renewal by the clock, and forgetting when the last session ends.
if HAVE_SYSTEMD_USER
dist_systemduserunit_DATA = packaging/systemd/keyturn-refresh.timer
nodist_systemduserunit_DATA = \
	packaging/systemd/keyturn-lock.service \
	packaging/systemd/keyturn-refresh.service
endif
packaging/systemd/keyturn-lock.service: packaging/systemd/keyturn-lock.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) packaging/systemd && \
		sed 's,@bindir[@],$(bindir),' $(srcdir)/$@.in >$@
packaging/systemd/keyturn-refresh.service: packaging/systemd/keyturn-refresh.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) packaging/systemd && \
		sed 's,@bindir[@],$(bindir),' $(srcdir)/$@.in >$@

# What is known of services, for login --provider (keyturn-provider(5)).
providersdir = $(pkgdatadir)/providers
dist_providers_DATA = \
	packaging/providers/atlassian.conf \
	packaging/providers/auth0.conf \
	packaging/providers/bitbucket.conf \
	packaging/providers/coze.conf \
	packaging/providers/entra.conf \
	packaging/providers/feishu.conf \
	packaging/providers/forgejo.conf \
	packaging/providers/gitea.conf \
	packaging/providers/gitee.conf \
	packaging/providers/github-app.conf \
	packaging/providers/github.conf \
	packaging/providers/gitlab.conf \
	packaging/providers/google.conf \
	packaging/providers/huggingface.conf \
	packaging/providers/keycloak.conf \
	packaging/providers/lark.conf \
	packaging/providers/linear.conf \
	packaging/providers/okta.conf \
	packaging/providers/slack.conf

EXTRA_DIST += \
	packaging/check \
	packaging/compile_commands \
	packaging/completions/_keyturn \
	packaging/completions/keyturn.bash \
	packaging/packages.sh \
	packaging/pam-configs/keyturn \
	packaging/quickstart \
	packaging/systemd/keyturn-lock.service.in \
	packaging/systemd/keyturn-refresh.service.in \
	packaging/systemd/keyturn-refresh.timer
