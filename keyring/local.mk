# SPDX-License-Identifier: MIT
libkeyring_a_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(CJSON_CFLAGS)
libkeyring_a_SOURCES = \
	keyring/backend.h \
	keyring/backend_memory.c \
	keyring/backend_vault.c \
	keyring/characters.c keyring/characters.h \
	keyring/cleanup.h \
	keyring/clock.c keyring/clock.h \
	keyring/control_socket.c keyring/control_socket.h \
	keyring/credential.c keyring/credential.h \
	keyring/environment.c keyring/environment.h \
	keyring/error.c keyring/error.h \
	keyring/fido2.h \
	keyring/file.c keyring/file.h \
	keyring/foreign.c keyring/foreign.h \
	keyring/gate.c keyring/gate.h \
	keyring/identity.c keyring/identity.h \
	keyring/json.c keyring/json.h \
	keyring/kernel_cache.c keyring/kernel_cache.h \
	keyring/kernel_key.c keyring/kernel_key.h \
	keyring/key_command.c keyring/key_command.h \
	keyring/keyring.c keyring/keyring.h \
	keyring/keyring_options.h \
	keyring/local_socket.c keyring/local_socket.h \
	keyring/lock.c keyring/lock.h \
	keyring/machine_credential.c keyring/machine_credential.h \
	keyring/module.c keyring/module.h \
	keyring/recovery_code.c keyring/recovery_code.h \
	keyring/seal.c keyring/seal.h \
	keyring/secret.c keyring/secret.h \
	keyring/secret_file.c keyring/secret_file.h \
	keyring/secret_service.c keyring/secret_service.h \
	keyring/shell_word.c keyring/shell_word.h \
	keyring/suggestion.c keyring/suggestion.h \
	keyring/ssh_agent.c keyring/ssh_agent.h \
	keyring/ssh_key.c keyring/ssh_key.h \
	keyring/text.c keyring/text.h \
	keyring/translate.c keyring/translate.h \
	keyring/unlock_outcome.c keyring/unlock_outcome.h \
	keyring/vault.c keyring/vault.h \
	keyring/vault_agent.c keyring/vault_agent.h \
	keyring/vault_backup.c keyring/vault_backup.h \
	keyring/vault_enrol.c keyring/vault_enrol.h \
	keyring/vault_fido2.c keyring/vault_fido2.h \
	keyring/vault_header.c keyring/vault_header.h \
	keyring/vault_item.c keyring/vault_item.h \
	keyring/vault_key.c keyring/vault_key.h \
	keyring/vault_material.c keyring/vault_material.h \
	keyring/vault_open.c keyring/vault_open.h \
	keyring/vault_rekey.c keyring/vault_rekey.h \
	keyring/vault_slot.c keyring/vault_slot.h \
	keyring/vault_underway.c keyring/vault_underway.h \
	keyring/white_box.c keyring/white_box.h \
	keyring/wiping.c keyring/wiping.h

# The keeper opens it when it opens the desktop's keyring (keyring/secret_service.h).
MODULE_FLAGS = -shared $(HARDENING_LDFLAGS:-pie=)
SECRET_SERVICE_SOURCES = \
	keyring/backend_secret_service.c \
	keyring/secret_service_bus.c keyring/secret_service_bus.h \
	keyring/secret_service_call.c keyring/secret_service_call.h \
	keyring/secret_service_cleanup.h \
	keyring/secret_service_collections.c keyring/secret_service_collections.h \
	keyring/secret_service_foreign.c keyring/secret_service_foreign.h \
	keyring/secret_service_home.c keyring/secret_service_home.h \
	keyring/secret_service_matches.c keyring/secret_service_matches.h \
	keyring/secret_service_prompt.c keyring/secret_service_prompt.h \
	keyring/secret_service_provider.c keyring/secret_service_provider.h \
	keyring/secret_service_record.c keyring/secret_service_record.h \
	keyring/secret_service_secrets.c keyring/secret_service_secrets.h \
	keyring/secret_service_turn.c keyring/secret_service_turn.h
keyturn_secret_service_so_SOURCES = $(SECRET_SERVICE_SOURCES) \
	keyring/characters.c \
	keyring/clock.c \
	keyring/credential.c \
	keyring/environment.c \
	keyring/error.c \
	keyring/file.c \
	keyring/foreign.c \
	keyring/gate.c \
	keyring/identity.c \
	keyring/json.c \
	keyring/lock.c \
	keyring/secret.c \
	keyring/shell_word.c \
	keyring/text.c \
	keyring/translate.c \
	keyring/unlock_outcome.c \
	keyring/white_box.c \
	keyring/wiping.c
keyturn_secret_service_so_CFLAGS = $(AM_CFLAGS) -fPIC $(SECRET_CFLAGS) $(CJSON_CFLAGS)
keyturn_secret_service_so_LDFLAGS = $(MODULE_FLAGS)
keyturn_secret_service_so_LDADD = $(SECRET_LIBS) $(CJSON_LIBS) -lm

# The keeper opens it when a security key is wanted (keyring/fido2.h).
keyturn_fido2_so_SOURCES = \
	keyring/fido2_module.c \
	keyring/characters.c \
	keyring/error.c \
	keyring/secret.c \
	keyring/text.c \
	keyring/translate.c
keyturn_fido2_so_CFLAGS = $(AM_CFLAGS) -fPIC $(FIDO2_CFLAGS)
# libfido2 names libcrypto, too, which the module itself does not call.
keyturn_fido2_so_LDFLAGS = $(MODULE_FLAGS) -Wl,--as-needed
keyturn_fido2_so_LDADD = $(FIDO2_LIBS)
