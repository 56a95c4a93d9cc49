# SPDX-License-Identifier: MIT
# User units: renewal by the clock, and forgetting when the last session ends.
if HAVE_SYSTEMD_USER
dist_systemduserunit_DATA = packaging/systemd/keyturn-refresh.timer
nodist_systemduserunit_DATA = \
	packaging/systemd/keyturn-lock.service \
	packaging/systemd/keyturn-prefetch.service \
	packaging/systemd/keyturn-refresh.service
endif
packaging/systemd/keyturn-lock.service: packaging/systemd/keyturn-lock.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) packaging/systemd && \
		sed 's,@bindir[@],$(bindir),' $(srcdir)/$@.in >$@
packaging/systemd/keyturn-prefetch.service: packaging/systemd/keyturn-prefetch.service.in Makefile
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

# Each where its shell looks; a distribution names zsh's directory its own way.
bash_completiondir = $(datadir)/bash-completion/completions
dist_bash_completion_DATA = packaging/completions/keyturn.bash
zsh_completiondir = $(datadir)/zsh/site-functions
dist_zsh_completion_DATA = packaging/completions/_keyturn
fish_completiondir = $(datadir)/fish/vendor_completions.d
dist_fish_completion_DATA = packaging/completions/keyturn.fish

# Messages in other languages. They are read from the build tree by the programs of the checks.
LANGUAGES = zh_CN
if HAVE_NLS
CATALOGUES = $(LANGUAGES:%=packaging/locale/%/LC_MESSAGES/keyturn.mo)
noinst_DATA = $(CATALOGUES)
packaging/locale/zh_CN/LC_MESSAGES/keyturn.mo: packaging/po/zh_CN.po
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(MSGFMT) --check --output-file=$@ $(srcdir)/packaging/po/zh_CN.po
install-data-local: $(CATALOGUES)
	for language in $(LANGUAGES); do \
		$(MKDIR_P) "$(DESTDIR)$(localedir)/$$language/LC_MESSAGES" && \
		$(INSTALL_DATA) packaging/locale/$$language/LC_MESSAGES/keyturn.mo \
			"$(DESTDIR)$(localedir)/$$language/LC_MESSAGES/keyturn.mo" || exit 1; \
	done
uninstall-local:
	for language in $(LANGUAGES); do \
		rm -f "$(DESTDIR)$(localedir)/$$language/LC_MESSAGES/keyturn.mo"; \
	done
CLEANFILES += $(CATALOGUES)
endif
# What is not translated yet is English, never what was meant for another sentence.
.PHONY: update-po
update-po:
	cd $(srcdir) && packaging/po/extract >packaging/po/keyturn.pot
	cd $(srcdir) && for language in $(LANGUAGES); do \
		msgmerge --update --backup=none --no-fuzzy-matching --no-location \
			packaging/po/$$language.po packaging/po/keyturn.pot || exit 1; \
	done
	rm -f $(srcdir)/packaging/po/keyturn.pot

metainfodir = $(datadir)/metainfo
dist_metainfo_DATA = packaging/appstream/org.keyturn.keyturn.metainfo.xml

EXTRA_DIST += \
	packaging/arch/PKGBUILD \
	packaging/check \
	packaging/compile_commands \
	packaging/deb \
	packaging/debian/README.Debian \
	packaging/debian/changelog \
	packaging/debian/control \
	packaging/debian/copyright \
	packaging/debian/keyturn.docs \
	packaging/debian/keyturn.examples \
	packaging/debian/keyturn.install \
	packaging/debian/keyturn.links \
	packaging/debian/keyturn.lintian-overrides \
	packaging/debian/libpam-keyturn.README.Debian \
	packaging/debian/libpam-keyturn.install \
	packaging/debian/libpam-keyturn.lintian-overrides \
	packaging/debian/libpam-keyturn.postinst \
	packaging/debian/libpam-keyturn.prerm \
	packaging/debian/rules \
	packaging/debian/source/format \
	packaging/debian/tests/control \
	packaging/debian/tests/login \
	packaging/packages.sh \
	packaging/po/extract \
	packaging/po/zh_CN.po \
	packaging/pam-configs/keyturn \
	packaging/quickstart \
	packaging/supervise \
	packaging/rpm/keyturn.spec \
	packaging/try-inside \
	packaging/try-machine \
	packaging/try-packages \
	packaging/try-steps \
	packaging/systemd/keyturn-lock.service.in \
	packaging/systemd/keyturn-prefetch.service.in \
	packaging/systemd/keyturn-refresh.service.in \
	packaging/systemd/keyturn-refresh.timer
