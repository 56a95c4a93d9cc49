# SPDX-License-Identifier: MIT
# The same programs once more, for make check: they find each other in the build tree.
CHECKED = -DKEYTURN_LIBEXECDIR='"$(abs_top_builddir)/tests/bin"' \
	-DKEYTURN_DATADIR='"$(abs_top_srcdir)/packaging"' \
	-DKEYTURN_LOCALEDIR='"$(abs_top_builddir)/packaging/locale"'
SCRIPT_PEERS = \
	tests/programs/calls \
	tests/programs/collection \
	tests/bin/faulty-keeper \
	tests/bin/keyturn-courier \
	tests/bin/keyturn-keeper \
	$(SEAL_PEER) \
	$(FIDO2_PEER) \
	tests/bin/keyturn-proxy \
	tests/bin/keyturn-steward \
	tests/programs/cut \
	tests/programs/errand_driver \
	tests/programs/forbid \
	tests/programs/many \
	tests/programs/proxy_reads \
	tests/programs/prompter \
	$(DESKTOP_TESTS) \
	$(FUZZ_REPLAYS)
if HAVE_SECCOMP
SEAL_UNIT_TEST = tests/test_filter
tests_test_filter_LDADD = libseal.a libhelper.a libkeyring.a $(CMOCKA_LIBS)
SEAL_TEST = tests/command_run_sealed.sh
SEAL_PEER = tests/bin/keyturn-seal
tests_bin_keyturn_seal_SOURCES = helper/libexec.c
tests_bin_keyturn_seal_CPPFLAGS = $(AM_CPPFLAGS) $(CHECKED)
tests_bin_keyturn_seal_LDFLAGS = $(SEAL_LDFLAGS)
tests_bin_keyturn_seal_LDADD = $(SEAL_LIBS)
endif
check_PROGRAMS = tests/bin/keyturn tests/programs/other_version.so $(SCRIPT_PEERS) $(UNIT_TESTS)

tests_bin_keyturn_SOURCES = $(keyturn_SOURCES)
tests_bin_keyturn_CPPFLAGS = $(AM_CPPFLAGS) $(CHECKED)
tests_bin_keyturn_CFLAGS = $(keyturn_CFLAGS)
tests_bin_keyturn_LDFLAGS = $(keyturn_LDFLAGS)
tests_bin_keyturn_LDADD = $(keyturn_LDADD)

tests_bin_keyturn_keeper_SOURCES = $(keyturn_keeper_SOURCES)
tests_bin_keyturn_keeper_CPPFLAGS = $(AM_CPPFLAGS) $(CHECKED)
tests_bin_keyturn_keeper_LDADD = $(KEEPER_LIBS)

# And a keeper that tests stop at named points.
tests_bin_faulty_keeper_SOURCES = \
	helper/keeper/login/app.c \
	helper/keeper/token/fault_point.c \
	helper/keeper/token/rotation.c \
	helper/libexec.c
tests_bin_faulty_keeper_CPPFLAGS = $(AM_CPPFLAGS) $(CHECKED) -DKT_FAULT_POINTS
tests_bin_faulty_keeper_LDADD = $(KEEPER_LIBS)

tests_bin_keyturn_courier_SOURCES =
tests_bin_keyturn_courier_LDADD = $(COURIER_LIBS)

tests_bin_keyturn_proxy_SOURCES =
tests_bin_keyturn_proxy_LDADD = $(PROXY_LIBS)

tests_bin_keyturn_steward_SOURCES = helper/libexec.c
tests_bin_keyturn_steward_CPPFLAGS = $(AM_CPPFLAGS) $(CHECKED)
tests_bin_keyturn_steward_LDADD = $(STEWARD_LIBS)

if HAVE_FIDO2
FIDO2_PEER = tests/programs/authenticator.so
FIDO2_PEER_SOURCES = tests/programs/authenticator.c tests/programs/authenticator.h \
	tests/programs/authenticator_cbor.c tests/programs/authenticator_cbor.h \
	tests/programs/authenticator_commands.c \
	tests/programs/authenticator_crypto.c tests/programs/authenticator_crypto.h \
	tests/programs/authenticator_files.c
FIDO2_BUILT = tests/bin/keyturn-fido2.so
FIDO2_TEST = tests/vault_fido2.sh
FIDO2_UNIT_TEST = tests/test_vault_fido2
tests_test_vault_fido2_SOURCES = tests/test_vault_fido2.c $(FIDO2_PEER_SOURCES) $(SCRATCH_VAULT)
tests_test_vault_fido2_CFLAGS = $(AM_CFLAGS) $(FIDO2_CFLAGS) $(CRYPTO_CFLAGS)
tests_test_vault_fido2_LDADD = $(KEYRING_TEST) $(FIDO2_LIBS)
tests_test_vault_fido2_LDFLAGS = $(SCRATCH_VAULT_FLAGS)
EXTRA_tests_test_vault_fido2_DEPENDENCIES = tests/bin/keyturn-fido2.so
tests_programs_authenticator_so_SOURCES = $(FIDO2_PEER_SOURCES)
tests_programs_authenticator_so_CFLAGS = $(AM_CFLAGS) -fPIC $(FIDO2_CFLAGS) $(CRYPTO_CFLAGS)
tests_programs_authenticator_so_LDFLAGS = $(MODULE_FLAGS)
tests_programs_authenticator_so_LDADD = $(FIDO2_LIBS) $(CRYPTO_LIBS)
endif
check_DATA = $(DOOR_LINKS:%=tests/bin/%) tests/bin/keyring/keyring tests/bin/keyturn-secret-service.so \
	$(FIDO2_BUILT)
tests/bin/keyturn-fido2.so: $(FIDO2_MODULE) tests/bin/keyturn
	cd tests/bin && $(LN_S) -f ../../keyturn-fido2.so .
tests/bin/keyturn-secret-service.so: keyturn-secret-service.so tests/bin/keyturn
	cd tests/bin && $(LN_S) -f ../../keyturn-secret-service.so .
$(DOOR_LINKS:%=tests/bin/%): tests/bin/keyturn
	cd tests/bin && $(LN_S) -f keyturn $(@F)
tests/bin/keyring/keyring: tests/bin/keyturn
	$(MKDIR_P) tests/bin/keyring
	cd tests/bin/keyring && $(LN_S) -f ../keyturn keyring
# tests/turn: the lock of take_turn (tests/lib/home.sh).
CLEANFILES += $(check_DATA) $(nodist_systemduserunit_DATA) tests/turn \
	compile_commands.json compile_commands.json.new

# Unit tests (cmocka), then programs against real peers.
if HAVE_CMOCKA
UNIT_TESTS = \
	tests/test_backend_memory \
	tests/test_backend_vault \
	tests/test_binding \
	tests/test_body \
	tests/test_challenge \
	tests/test_change \
	tests/test_credential \
	tests/test_doctor_pam \
	tests/test_errand \
	tests/test_error \
	tests/test_escrow \
	$(SEAL_UNIT_TEST) \
	tests/test_frame \
	tests/test_gate \
	tests/test_head \
	tests/test_hot \
	tests/test_journal \
	tests/test_judge \
	tests/test_jwt \
	tests/test_kernel_cache \
	tests/test_kernel_key \
	tests/test_lifetime \
	tests/test_lock \
	tests/test_loopback \
	tests/test_metadata \
	tests/test_moment \
	tests/test_pages \
	tests/test_pasted \
	tests/test_pkce \
	tests/test_promise \
	tests/test_provider \
	tests/test_protocol_git \
	tests/test_protocol_hostile \
	tests/test_protocol_service \
	tests/test_protocol_tool \
	tests/test_provider_file \
	tests/test_redirect \
	tests/test_request \
	tests/test_request_cut \
	tests/test_request_hostile \
	tests/test_requirement \
	tests/test_rewrite \
	tests/test_route \
	tests/test_sandbox \
	tests/test_seal \
	tests/test_secret_service \
	tests/test_settings \
	tests/test_shell_word \
	tests/test_token_response \
	tests/test_url \
	tests/test_vault \
	$(FIDO2_UNIT_TEST) \
	tests/test_vault_header \
	tests/test_vault_open \
	tests/test_whoami \
	tests/test_wrap
# Run by the script of its name, inside a desktop.
DESKTOP_TESTS = tests/test_backend_secret_service tests/test_collections \
	tests/test_secret_service_turn
endif
FUZZ_REPLAYS = \
	tests/fuzz/replay_body \
	tests/fuzz/replay_challenge \
	tests/fuzz/replay_errand \
	tests/fuzz/replay_protocol \
	tests/fuzz/replay_proxy \
	tests/fuzz/replay_import \
	tests/fuzz/replay_redirect \
	tests/fuzz/replay_request \
	tests/fuzz/replay_vault_header
SCRIPT_TESTS = \
	tests/backend_secret_service.sh \
	tests/bad_input.sh \
	tests/bind_layouts.sh \
	tests/build_flags.sh \
	tests/bus_peer.sh \
	tests/cache_forbidden.sh \
	tests/cache_hot.sh \
	tests/cache_prefetch.sh \
	tests/cache_private.sh \
	tests/doctor_network.sh \
	tests/completion.sh \
	tests/command_bind.sh \
	tests/command_default.sh \
	tests/command_doctor.sh \
	tests/command_erase.sh \
	tests/command_get.sh \
	tests/command_header.sh \
	tests/command_list.sh \
	tests/command_lock.sh \
	tests/command_login.sh \
	tests/command_logout.sh \
	tests/command_providers.sh \
	tests/command_reject.sh \
	tests/command_run.sh \
	$(SEAL_TEST) \
	tests/command_run_proxy.sh \
	tests/command_import.sh \
	tests/command_scan.sh \
	tests/command_set.sh \
	tests/command_setup.sh \
	tests/command_setup_tools.sh \
	tests/command_status.sh \
	tests/command_store.sh \
	tests/command_token.sh \
	tests/command_unlock.sh \
	tests/command_vault.sh \
	tests/courier_http.sh \
	tests/documents.sh \
	tests/format.sh \
	tests/fuzz_seeds.sh \
	tests/damaged_items.sh \
	tests/git_desktop.sh \
	tests/git_hosts.sh \
	tests/git_http.sh \
	tests/git_lfs.sh \
	tests/git_returned.sh \
	tests/git_settings.sh \
	tests/git_t0303.sh \
	tests/hardening.sh \
	tests/hot_many.sh \
	tests/journey_accounts.sh \
	tests/journey_failures.sh \
	tests/journey_terminal.sh \
	tests/keyring_faults.sh \
	tests/keepassxc.sh \
	tests/kwallet.sh \
	tests/layers.sh \
	tests/lib_home.sh \
	tests/limits.sh \
	tests/login_apps.sh \
	tests/login_device.sh \
	tests/login_jwt.sh \
	tests/login_oidc.sh \
	tests/login_providers.sh \
	tests/login_quirks.sh \
	tests/login_resource.sh \
	tests/login_web.sh \
	tests/manuals.sh \
	tests/messages.sh \
	tests/many_accounts.sh \
	tests/prompt_unanswered.sh \
	tests/provider_changed.sh \
	tests/proxy_faults.sh \
	tests/provider_gnome_keyring.sh \
	tests/provider_keepassxc.sh \
	tests/provider_kwallet.sh \
	tests/paste.sh \
	tests/protocol_aws.sh \
	tests/protocol_bazel.sh \
	tests/protocol_cargo.sh \
	tests/protocol_docker.sh \
	tests/protocol_failures.sh \
	tests/protocol_mutants.sh \
	tests/protocol_goauth.sh \
	tests/protocol_google.sh \
	tests/protocol_keyring.sh \
	tests/protocol_kubernetes.sh \
	tests/protocol_netrc.sh \
	tests/protocol_npm.sh \
	tests/protocol_sasl.sh \
	tests/protocol_terraform.sh \
	tests/proxy_peers.sh \
	tests/readme.sh \
	tests/remedies.sh \
	tests/renew_ahead.sh \
	tests/request_cut.sh \
	tests/rotation.sh \
	tests/rotation_clock.sh \
	tests/rotation_facts.sh \
	tests/rotation_keyring.sh \
	tests/rotation_killed.sh \
	tests/rotation_network.sh \
	tests/rotation_oidc.sh \
	tests/screens.sh \
	tests/secrets_stay_inside.sh \
	tests/servers.sh \
	tests/import_killed.sh \
	tests/installed.sh \
	tests/setup_killed.sh \
	tests/systemd_units.sh \
	tests/vault_agent.sh \
	$(FIDO2_TEST) \
	tests/vault_machine.sh \
	tests/vault_rekey.sh \
	tests/vault_stolen.sh \
	tests/version.sh
TESTS = $(UNIT_TESTS) $(SCRIPT_TESTS)

# "make check" builds everything, and then runs the tests. "make check TESTS=..." builds what those
# need: before the first of them too, because many measure time. The lists that Automake would build
# are empty then.
NEEDED_BY_SCRIPT = $(check_DATA) $(SCRIPT_PEERS) $(CATALOGUES)
# What these read is not what they run.
ELF_SCRIPT_TESTS = tests/hardening.sh tests/layers.sh
NEEDED_BY_TESTS = \
	$(filter-out %.sh, $(TESTS)) \
	$(if $(filter %.sh, $(TESTS)), $(NEEDED_BY_SCRIPT)) \
	$(if $(filter $(PAM_SCRIPT_TESTS), $(TESTS)), $(NEEDED_BY_PAM)) \
	$(if $(filter $(ELF_SCRIPT_TESTS), $(TESTS)), $(PAM_BUILT))
IS_CHOSEN = $(and $(filter check, $(MAKECMDGOALS)), $(filter command, $(origin TESTS)))
BUILT_SOURCES = $(if $(IS_CHOSEN), $(NEEDED_BY_TESTS))
AM_MAKEFLAGS = $(if $(IS_CHOSEN), \
	PROGRAMS= LIBRARIES= MANS= DATA= check_PROGRAMS= check_LIBRARIES= check_DATA=)
$(SCRIPT_TESTS:.sh=.log): $(NEEDED_BY_SCRIPT)
$(PAM_SCRIPT_TESTS:.sh=.log): $(NEEDED_BY_PAM)
$(ELF_SCRIPT_TESTS:.sh=.log): $(PAM_BUILT)

# Those that take turns (take_turn in tests/lib/home.sh) begin one behind the other: who waited for its turn
# would have a place that another could run in.
in_turn = $(filter $(1:%=tests/%.log), $(TEST_LOGS))
tests/keyring_faults.log: | $(call in_turn, hot_many)
tests/renew_ahead.log: | $(call in_turn, keyring_faults hot_many)
tests/rotation.log: | $(call in_turn, renew_ahead keyring_faults hot_many)
tests/rotation_keyring.log: | $(call in_turn, rotation renew_ahead keyring_faults hot_many)

# For scripts that are called by hand. Beside "all" or "check" in one call it comes after that: each is a
# make of its own, and two of them would write the same files at once.
test-programs: $(filter all check, $(MAKECMDGOALS))
	$(MAKE) $(AM_MAKEFLAGS) needed-by-scripts
needed-by-scripts: $(NEEDED_BY_SCRIPT) $(NEEDED_BY_PAM)
.PHONY: test-programs needed-by-scripts
TEST_EXTENSIONS = .sh
AM_TESTS_ENVIRONMENT = \
	builddir='$(abs_top_builddir)'; export builddir; \
	srcdir='$(abs_top_srcdir)'; export srcdir; \
	PATH="$$builddir/tests/bin:$$PATH"; export PATH;

# What a test links when nothing else is said: everything but the courier.
check_LIBRARIES = libchecked.a
libchecked_a_SOURCES = helper/libexec.c
libchecked_a_CPPFLAGS = $(AM_CPPFLAGS) $(CHECKED)
LDADD = $(KEEPER_LIBS) libchecked.a $(CMOCKA_LIBS)
# A test of the library, of what the rooms share, of the courier: with less to build.
KEYRING_TEST = libkeyring.a libchecked.a $(CRYPTO_LIBS) $(CJSON_LIBS) -lm $(CMOCKA_LIBS)
HELPER_TEST = libhelper.a $(KEYRING_TEST)
PROXY_TEST = $(PROXY_LIBS) $(CMOCKA_LIBS)
COURIER_TEST = $(COURIER_LIBS) $(CMOCKA_LIBS)
# A vault, whose passphrases take a hundredth of their work.
SCRATCH_VAULT = tests/lib/scratch_vault.c tests/lib/scratch_vault.h
SCRATCH_VAULT_FLAGS = $(AM_LDFLAGS) -Wl,--wrap=kt_seal_stretch
tests_test_backend_memory_SOURCES = tests/test_backend_memory.c $(SCRATCH_VAULT)
tests_test_backend_memory_LDADD = $(KEYRING_TEST)
tests_test_backend_memory_LDFLAGS = $(SCRATCH_VAULT_FLAGS)
tests_test_backend_secret_service_SOURCES = tests/test_backend_secret_service.c \
	tests/lib/desktop_backend.h $(SECRET_SERVICE_SOURCES)
tests_test_backend_secret_service_CFLAGS = $(AM_CFLAGS) $(SECRET_CFLAGS)
tests_test_backend_secret_service_LDADD = $(LDADD) $(SECRET_LIBS)
tests_test_backend_secret_service_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=secret_service_get_secrets_for_dbus_paths_finish
tests_test_provider_SOURCES = tests/test_provider.c $(SECRET_SERVICE_SOURCES)
tests_test_provider_CFLAGS = $(AM_CFLAGS) $(SECRET_CFLAGS)
tests_test_provider_LDADD = $(LDADD) $(SECRET_LIBS)
tests_test_secret_service_turn_SOURCES = tests/test_secret_service_turn.c \
	tests/lib/desktop_backend.h $(SECRET_SERVICE_SOURCES)
tests_test_secret_service_turn_CFLAGS = $(AM_CFLAGS) $(SECRET_CFLAGS)
tests_test_secret_service_turn_LDADD = $(LDADD) $(SECRET_LIBS)
tests_test_collections_SOURCES = tests/test_collections.c $(SECRET_SERVICE_SOURCES)
tests_test_collections_CFLAGS = $(AM_CFLAGS) $(SECRET_CFLAGS)
tests_test_collections_LDADD = $(LDADD) $(SECRET_LIBS)
tests_test_backend_vault_SOURCES = tests/test_backend_vault.c $(SCRATCH_VAULT)
tests_test_backend_vault_LDADD = $(KEYRING_TEST)
tests_test_backend_vault_LDFLAGS = $(SCRATCH_VAULT_FLAGS)
tests_test_body_LDADD = $(COURIER_TEST)
tests_test_challenge_LDADD = $(COURIER_TEST)
tests_test_errand_LDADD = $(HELPER_TEST)
tests_test_frame_LDADD = $(PROXY_TEST)
tests_test_gate_LDADD = $(KEYRING_TEST)
tests_test_head_LDADD = $(PROXY_TEST)
tests_test_hot_SOURCES = tests/test_hot.c helper/door/call.c helper/door/hot.c helper/door/tool.c
tests_test_judge_LDADD = $(PROXY_TEST)
tests_test_kernel_cache_LDADD = $(KEYRING_TEST)
tests_test_kernel_key_LDADD = $(KEYRING_TEST)
tests_test_kernel_key_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=kt_clock_wall
tests_test_lock_LDADD = $(KEYRING_TEST)
tests_test_loopback_LDADD = $(COURIER_TEST)
tests_test_pages_LDADD = $(COURIER_TEST)
tests_test_protocol_git_LDADD = $(HELPER_TEST)
tests_test_protocol_hostile_SOURCES = tests/test_protocol_hostile.c tests/fuzz/fuzz_protocol.c
tests_test_protocol_hostile_LDADD = $(HELPER_TEST)
tests_test_protocol_service_LDADD = $(HELPER_TEST)
tests_test_protocol_tool_LDADD = $(HELPER_TEST)
tests_test_redirect_LDADD = $(COURIER_TEST)
tests_test_request_LDADD = $(HELPER_TEST)
tests_test_request_cut_LDADD = $(HELPER_TEST)
tests_test_request_cut_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=poll
tests_test_request_hostile_LDADD = $(HELPER_TEST)
tests_test_rewrite_LDADD = $(PROXY_TEST)
tests_test_route_LDADD = $(HELPER_TEST)
tests_test_sandbox_LDADD = $(COURIER_TEST)
tests_test_seal_LDADD = $(KEYRING_TEST)
EXTRA_tests_test_secret_service_DEPENDENCIES = \
	tests/bin/keyturn-secret-service.so \
	tests/programs/other_version.so
tests_test_url_LDADD = $(HELPER_TEST)
tests_test_vault_SOURCES = tests/test_vault.c $(SCRATCH_VAULT)
tests_test_vault_LDADD = $(KEYRING_TEST)
tests_test_vault_LDFLAGS = $(SCRATCH_VAULT_FLAGS)
tests_test_vault_open_SOURCES = tests/test_vault_open.c $(SCRATCH_VAULT)
tests_test_vault_open_LDADD = $(KEYRING_TEST)
tests_test_vault_open_LDFLAGS = $(SCRATCH_VAULT_FLAGS) -Wl,--wrap=kt_vault_underway_wait
tests_test_vault_header_SOURCES = tests/test_vault_header.c $(SCRATCH_VAULT)
tests_test_vault_header_LDADD = $(KEYRING_TEST)
tests_test_vault_header_LDFLAGS = $(SCRATCH_VAULT_FLAGS)

# The door's and the keeper's main(), one behind the other.
check_LIBRARIES += libdoormain.a libkeepermain.a
libdoormain_a_SOURCES = helper/door/call.c helper/door/hot.c helper/door/main.c helper/door/tool.c
libdoormain_a_CPPFLAGS = $(AM_CPPFLAGS) -Dmain=door_main
libdoormain_a_CFLAGS = $(AM_CFLAGS) -Wno-missing-prototypes
libkeepermain_a_SOURCES = helper/keeper/main.c
libkeepermain_a_CPPFLAGS = $(AM_CPPFLAGS) -Dmain=keeper_main
libkeepermain_a_CFLAGS = $(AM_CFLAGS) -Wno-missing-prototypes
tests_programs_calls_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
tests_programs_calls_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=execve
tests_programs_calls_LDADD = libdoormain.a libkeepermain.a $(KEEPER_LIBS) libchecked.a
tests_programs_collection_CFLAGS = $(AM_CFLAGS) $(SECRET_CFLAGS)
tests_programs_collection_LDADD = $(SECRET_LIBS)
tests_programs_cut_LDADD =
tests_programs_forbid_LDADD =
tests_programs_many_LDADD =
tests_programs_proxy_reads_LDADD = $(PROXY_LIBS)
tests_programs_other_version_so_SOURCES = tests/programs/other_version.c
tests_programs_other_version_so_CFLAGS = $(AM_CFLAGS) -fPIC
tests_programs_other_version_so_LDFLAGS = $(MODULE_FLAGS)
tests_programs_other_version_so_LDADD =

tests_fuzz_replay_body_SOURCES = tests/fuzz/fuzz_body.c tests/fuzz/replay.c
tests_fuzz_replay_body_LDADD = $(COURIER_TEST)
tests_fuzz_replay_challenge_SOURCES = tests/fuzz/fuzz_challenge.c tests/fuzz/replay.c
tests_fuzz_replay_challenge_LDADD = $(COURIER_TEST)
tests_fuzz_replay_errand_SOURCES = tests/fuzz/fuzz_errand.c tests/fuzz/replay.c
tests_fuzz_replay_errand_LDADD = $(HELPER_TEST)
tests_fuzz_replay_protocol_SOURCES = tests/fuzz/fuzz_protocol.c tests/fuzz/replay.c
tests_fuzz_replay_protocol_LDADD = $(HELPER_TEST)
tests_fuzz_replay_proxy_SOURCES = tests/fuzz/fuzz_proxy.c tests/fuzz/replay.c
tests_fuzz_replay_proxy_LDADD = $(PROXY_TEST)
tests_fuzz_replay_import_SOURCES = tests/fuzz/fuzz_import.c tests/fuzz/replay.c
tests_fuzz_replay_redirect_SOURCES = tests/fuzz/fuzz_redirect.c tests/fuzz/replay.c
tests_fuzz_replay_redirect_LDADD = $(COURIER_TEST)
tests_fuzz_replay_request_SOURCES = tests/fuzz/fuzz_request.c tests/fuzz/replay.c
tests_fuzz_replay_request_LDADD = $(HELPER_TEST)
tests_fuzz_replay_vault_header_SOURCES = tests/fuzz/fuzz_vault_header.c tests/fuzz/replay.c
tests_fuzz_replay_vault_header_LDADD = $(KEYRING_TEST)

# pam
PAM_SCRIPT_TESTS = \
	tests/pam_change_killed.sh \
	tests/pam_module.sh \
	tests/pam_recipes.sh \
	tests/pam_recipes_fedora.sh \
	tests/pam_stack.sh \
	tests/pam_services.sh \
	tests/pam_nspawn.sh

if HAVE_PAM
# The module once more, with the program in the build tree, and with one that is not there.
PAM_PEERS = \
	tests/bin/fake_control_daemon \
	tests/bin/pam_harness \
	tests/bin/pam_keyturn.so \
	tests/bin/pam_keyturn_missing.so \
	tests/bin/pam_matrix \
	tests/bin/pam_mock_token.so \
	tests/bin/pam_stand_in.so
PAM_BUILT = pam_keyturn.so keyturn-unlock keyturn-unlock-bus.so
NEEDED_BY_PAM = $(PAM_PEERS) $(PAM_BUILT)
check_PROGRAMS += $(PAM_PEERS)
SCRIPT_TESTS += $(PAM_SCRIPT_TESTS)

tests_bin_pam_keyturn_so_SOURCES = $(PAM_MODULE_SOURCES)
tests_bin_pam_keyturn_so_CPPFLAGS = $(AM_CPPFLAGS) \
	-DKEYTURN_UNLOCK_PATH='"$(abs_top_builddir)/keyturn-unlock"'
tests_bin_pam_keyturn_so_CFLAGS = $(AM_CFLAGS) -fPIC
tests_bin_pam_keyturn_so_LDFLAGS = $(MODULE_FLAGS)
tests_bin_pam_keyturn_so_LDADD = $(PAM_LIBS)

tests_bin_pam_keyturn_missing_so_SOURCES = $(PAM_MODULE_SOURCES)
tests_bin_pam_keyturn_missing_so_CPPFLAGS = $(AM_CPPFLAGS) \
	-DKEYTURN_UNLOCK_PATH='"$(abs_top_builddir)/tests/bin/missing"'
tests_bin_pam_keyturn_missing_so_CFLAGS = $(AM_CFLAGS) -fPIC
tests_bin_pam_keyturn_missing_so_LDFLAGS = $(MODULE_FLAGS)
tests_bin_pam_keyturn_missing_so_LDADD = $(PAM_LIBS)

tests_bin_pam_mock_token_so_SOURCES = tests/programs/pam_mock_token.c
tests_bin_pam_mock_token_so_CFLAGS = $(AM_CFLAGS) -fPIC
tests_bin_pam_mock_token_so_LDFLAGS = $(MODULE_FLAGS)
tests_bin_pam_mock_token_so_LDADD = $(PAM_LIBS)

tests_bin_pam_stand_in_so_SOURCES = tests/programs/pam_stand_in.c
tests_bin_pam_stand_in_so_CFLAGS = $(AM_CFLAGS) -fPIC
tests_bin_pam_stand_in_so_LDFLAGS = $(MODULE_FLAGS)
tests_bin_pam_stand_in_so_LDADD = $(PAM_LIBS)

tests_bin_pam_matrix_SOURCES = tests/programs/pam_matrix.c
tests_bin_pam_matrix_CFLAGS = $(AM_CFLAGS) -fvisibility=default
tests_bin_pam_matrix_LDFLAGS = $(AM_LDFLAGS) -rdynamic
tests_bin_pam_matrix_LDADD = $(PAM_LIBS)

# Two functions of libpam are its own, which libpam's callers must see.
tests_bin_pam_harness_SOURCES = tests/programs/pam_harness.c
tests_bin_pam_harness_CFLAGS = $(AM_CFLAGS) -fvisibility=default
tests_bin_pam_harness_LDFLAGS = $(AM_LDFLAGS) -rdynamic
tests_bin_pam_harness_LDADD = $(PAM_LIBS) -lpthread

tests_bin_fake_control_daemon_SOURCES = tests/programs/fake_control_daemon.c

if HAVE_CMOCKA
UNIT_TESTS += tests/test_pam_module_options tests/test_pam_stash tests/test_pam_transfer

tests_test_pam_module_options_SOURCES = tests/test_pam_module_options.c pam/module_options.c
tests_test_pam_module_options_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_pam_module_options_LDADD = libkeyring.a $(CMOCKA_LIBS)

tests_test_pam_stash_SOURCES = tests/test_pam_stash.c pam/stash.c
tests_test_pam_stash_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_test_pam_stash_LDADD = $(CMOCKA_LIBS)

tests_test_pam_transfer_SOURCES = tests/test_pam_transfer.c pam/unlock/transfer.c
tests_test_pam_transfer_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(CRYPTO_CFLAGS)
tests_test_pam_transfer_LDADD = libkeyring.a $(CMOCKA_LIBS) $(CRYPTO_LIBS)
endif
endif

EXTRA_DIST += \
	$(SCRIPT_TESTS) \
	tests/command_run_sealed.sh \
	tests/programs/plain_services.py \
	tests/programs/seal_attacks.py \
	tests/programs/seal_programs.sh \
	tests/bridges.sh \
	tests/bridges/accounts.sh \
	tests/bridges/cozeloop_prompt.py \
	tests/bridges/first_call.sh \
	tests/bridges/mcp_client.mjs \
	tests/bridges/holds_token.py \
	tests/bridges/mcp_http_server.mjs \
	tests/bridges/mcp_proxy_client.mjs \
	tests/bridges/mcp_server.mjs \
	tests/bridges/over_socket.py \
	tests/bridges/proxied.sh \
	tests/bridges/proxy_peer_test.go \
	tests/bridges/ProxyPeer.java \
	tests/bridges/screens/go.txt \
	tests/bridges/screens/java.txt \
	tests/bridges/screens/node.txt \
	tests/bridges/screens/python.txt \
	tests/bridges/stale.sh \
	tests/screens/C-60.txt \
	tests/screens/C-80.txt \
	tests/screens/C-200.txt \
	tests/screens/zh_CN-60.txt \
	tests/screens/zh_CN-80.txt \
	tests/screens/zh_CN-200.txt \
	tests/clients.sh \
	tests/clients/aws.sh \
	tests/clients/aws_double.py \
	tests/clients/cargo.sh \
	tests/clients/go.sh \
	tests/clients/go_forge.py \
	tests/clients/google.sh \
	tests/clients/google_sts.py \
	tests/clients/home.sh \
	tests/clients/kubectl.sh \
	tests/clients/kubectl_cluster.py \
	tests/clients/mail.sh \
	tests/clients/mail_service.py \
	tests/clients/passwords.sh \
	tests/clients/pnpm.sh \
	tests/clients/pnpm_registry.py \
	tests/clients/python.sh \
	tests/clients/python_index.py \
	tests/clients/registry.sh \
	tests/clients/registry_tokens.py \
	tests/provider_oo7.sh \
	tests/peers.sh \
	tests/peers/browser.py \
	tests/peers/django.sh \
	tests/peers/django_server.py \
	tests/peers/hydra.sh \
	tests/peers/hydra_person.py \
	tests/peers/keycloak.sh \
	$(PAM_SCRIPT_TESTS) \
	tests/README.md \
	tests/bench/bridge.mjs \
	tests/bench/bridge.py \
	tests/bench/bridge_bench_test.go \
	tests/bench/BridgeBench.java \
	tests/bench/bridges.sh \
	tests/bench/first_get.sh \
	tests/bench/login.sh \
	tests/bench/measure.py \
	tests/bench/protocols.sh \
	tests/bench/proxy.py \
	tests/bench/proxy.sh \
	tests/bench/proxy_relay.c \
	tests/bench/refresh.sh \
	tests/bench/run \
	tests/bench/token.sh \
	tests/bench/trace.py \
	tests/bench/trace.sh \
	tests/bench/trace_calls.c \
	tests/fuzz/seeds \
	tests/lib/alone.h \
	tests/lib/on_backend.h \
	tests/lib/desktop.sh \
	tests/lib/home.sh \
	tests/lib/locale.sh \
	tests/lib/manual_skeleton.awk \
	tests/lib/beside.h \
	tests/lib/in_time.h \
	tests/lib/hot.sh \
	tests/lib/journey.sh \
	tests/lib/journey.zh_CN.sed \
	tests/screens/journey_accounts.zh_CN.txt \
	tests/screens/journey_failures.zh_CN.txt \
	tests/screens/journey_terminal.zh_CN.txt \
	tests/lib/pam_bases.sh \
	tests/lib/port.sh \
	tests/lib/pam_cases.sh \
	tests/lib/pam_recipes.sh \
	tests/lib/pam_root.sh \
	tests/lib/git_server.sh \
	tests/lib/provider_cases.sh \
	tests/lib/providers.sh \
	tests/lib/refresh.sh \
	tests/lib/registry.sh \
	tests/lib/server.sh \
	tests/lib/setup.sh \
	tests/lib/silent_dns.sh \
	tests/lib/skip.h \
	tests/lib/time.sh \
	tests/lib/unconst.h \
	tests/programs/credentials_service.py \
	tests/programs/fake_ssh_agent.py \
	tests/programs/layout_differs.py \
	tests/programs/protocol_mutants.py \
	tests/programs/random_calls.py \
	tests/programs/proxy_names.py \
	tests/programs/proxy_peer.mjs \
	tests/programs/proxy_idle.py \
	tests/programs/proxy_shapes.py \
	tests/programs/rotation_sweep.mjs \
	tests/programs/scan_at_exit.py \
	tests/servers/.gitignore \
	tests/servers/.npmrc \
	tests/servers/canary.mjs \
	tests/servers/certificates.mjs \
	tests/servers/coze_answer.mjs \
	tests/servers/coze_api.mjs \
	tests/servers/coze_chat.mjs \
	tests/servers/coze_control.mjs \
	tests/servers/coze_faults.mjs \
	tests/servers/coze_faults.test.mjs \
	tests/servers/coze_grants.mjs \
	tests/servers/coze_jwt.mjs \
	tests/servers/coze_listener.mjs \
	tests/servers/coze_login.test.mjs \
	tests/servers/coze_oauth.mjs \
	tests/servers/coze_pages.mjs \
	tests/servers/coze_sdk.test.mjs \
	tests/servers/coze_server.mjs \
	tests/servers/coze_settings.mjs \
	tests/servers/coze_streams.mjs \
	tests/servers/coze_strict.test.mjs \
	tests/servers/git_http_server.mjs \
	tests/servers/mcp_client.mjs \
	tests/servers/mcp_server.mjs \
	tests/servers/oauth_server.mjs \
	tests/servers/oidc_server.mjs \
	tests/servers/oidc_server.test.mjs \
	tests/servers/oidc_settings.mjs \
	tests/servers/oidc_store.mjs \
	tests/servers/oidc_token_exchange.mjs \
	tests/servers/older_node.mjs \
	tests/servers/older_node_hooks.mjs \
	tests/servers/package-lock.json \
	tests/servers/package.json \
	tests/servers/peer.mjs \
	tests/servers/providers.mjs \
	tests/servers/quirks_server.mjs \
	tests/servers/test_peer.mjs
