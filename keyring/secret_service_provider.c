/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "keyring/backend.h"
#include "keyring/cleanup.h"
#include "keyring/secret_service_cleanup.h"
#include "keyring/secret_service_provider.h"
#include "keyring/text.h"

const struct kt_provider kt_providers[] = {
	{
		.name = "gnome-keyring",
		.owns = { "org.gnome.keyring" },
		.keeps_replaced = true,
		.has_default = true,
		.finds_locked = true,
		.lists_closed = true,
		.takes_password = KT_PASSWORD_SOCKET,
		.unlocked = "by the login password, at its prompt, or by keyturn unlock at a terminal",
	},
	{
		.name = "KeePassXC",
		.owns = { "org.keepassxc.KeePassXC.MainWindow" },
		.prompts_on_write = true,
		.asks_at_search = true,
		.keeps_replaced = true,
		.keeps_type = true,
		.settling = KT_SETTLING_MAXIMUM,
		.unlocked = "in its own window",
	},
	{
		.name = "KWallet (ksecretd)",
		.owns = { "org.kde.ksecretd", "org.kde.secretservicecompat" },
		.keeps_replaced = true,
		.keeps_type = true,
		.finds_locked = true,
		.lists_closed = true,
		.takes_over = { "KWallet" },
		.wallet = "/ksecretd",
		.settling = KT_SETTLING_MAXIMUM,
		.unlocked = "by the login password (pam_kwallet), or in its own window",
	},
	{
		.name = "KWallet",
		.owns = { "org.kde.kwalletd6" },
		.keeps_replaced = true,
		.keeps_type = true,
		.finds_locked = true,
		.lists_closed = true,
		.takes_over = { "KWallet" },
		.wallet = "/modules/kwalletd6",
		.settling = KT_SETTLING_MAXIMUM,
		.unlocked = "by the login password (pam_kwallet), or in its own window",
	},
	{
		.name = "KWallet (KDE Frameworks 5)",
		.owns = { "org.kde.kwalletd5" },
		.keeps_replaced = true,
		.keeps_type = true,
		.finds_locked = true,
		.lists_closed = true,
		.takes_over = { "KWallet" },
		.wallet = "/modules/kwalletd5",
		.settling = KT_SETTLING_MAXIMUM,
		.unlocked = "by the login password (pam_kwallet5), or in its own window",
	},
	{
		.name = "oo7",
		.implements = KT_PROVIDER_INTERNAL,
		.takes_password = KT_PASSWORD_SERVICE,
		.has_default = true,
		.lists_closed = true,
		.loaded = "/org/freedesktop/secrets/collection/session",
		.takes_over = { "gnome-keyring", "KWallet" },
		.settling = KT_SETTLING_MAXIMUM,
		.unlocked = "by the login password (pam_oo7), at its prompt, or by keyturn unlock at a "
		            "terminal",
	},
	{
		.name = "unknown",
		.settling = KT_SETTLING_MAXIMUM,
		.unlocked = "by its own program",
	},
	{ 0 },
};

/* The unique name of name's owner; *owner NULL: nobody owns it. */
static bool find_owner(struct kt_turn *turn, const char *name, char **owner,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_variant_unref) GVariant *reply = NULL;
	struct kt_error nobody = { 0 };
	const char *found;

	kt_text_free(owner);
	reply = kt_call_bus(&turn->call, "GetNameOwner", g_variant_new("(s)", name), "(s)", &nobody);
	if (!reply && turn->call.is_late) {
		*error = nobody;
		return false;
	}
	if (!reply)
		return true;
	g_variant_get(reply, "(&s)", &found);
	return kt_text_set(owner, found, error);
}

static bool is_owner(struct kt_turn *turn, const struct kt_provider *provider, bool *is_it,
                     struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *owner = NULL;

	*is_it = false;
	for (size_t i = 0; i < KT_COUNT(provider->owns) && provider->owns[i] && !*is_it; i++) {
		if (!find_owner(turn, provider->owns[i], &owner, error))
			return false;
		*is_it = owner && kt_text_is_equal(owner, turn->owner);
	}
	return true;
}

static bool is_implemented(struct kt_turn *turn, const char *interface)
{
	KT_CLEANUP(kt_variant_unref) GVariant *reply = NULL;
	struct kt_error ignored = { 0 };
	const char *description;

	reply = kt_call_send(&turn->call, KT_CALL_SERVICE_PATH,
	                     "org.freedesktop.DBus.Introspectable.Introspect", NULL, "(s)", &ignored);
	if (!reply)
		return false;
	g_variant_get(reply, "(&s)", &description);
	return strstr(description, interface) != NULL;
}

const struct kt_provider *kt_provider_of(struct kt_turn *turn, struct kt_error *error)
{
	const struct kt_provider *provider = kt_providers;

	if (turn->provider)
		return turn->provider;
	for (; provider[1].name; provider++) {
		bool is_it = false;

		if (!is_owner(turn, provider, &is_it, error))
			return NULL;
		if (is_it || (provider->implements && is_implemented(turn, provider->implements)))
			break;
	}
	turn->provider = provider;
	return provider;
}

bool kt_provider_has_open_wallet(struct kt_turn *turn, const struct kt_provider *provider,
                                 const char *label)
{
	KT_CLEANUP(kt_variant_unref) GVariant *reply = NULL;
	struct kt_error ignored = { 0 };
	gboolean open = FALSE;

	if (!provider->wallet)
		return false;
	reply = kt_call_send(&turn->call, provider->wallet, "org.kde.KWallet.isOpen",
	                     g_variant_new("(s)", label), "(b)", &ignored);
	if (!reply)
		return false;
	g_variant_get(reply, "(b)", &open);
	return open;
}
