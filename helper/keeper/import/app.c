/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/account/service.h"
#include "helper/keeper/import/app.h"
#include "helper/keeper/import/item.h"
#include "helper/keeper/login/coze_app.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"
#include "keyring/translate.h"

static bool set_service(struct kt_import_item *item, const char *base, struct kt_error *refusal)
{
	struct kt_identity *identity = &item->credential.identity;

	if (!base) {
		item->needs_site = true;
		kt_fail(refusal, KT_ERROR_USAGE, "nothing near it tells whether it is for coze.cn or "
		        "coze.com");
		return kt_advise(refusal, "add --site coze.cn or --site coze.com");
	}
	return kt_service_site_meant(base) ? kt_service_set_site(identity, base, refusal)
	                                   : kt_service_set_base(identity, base, refusal);
}

bool kt_import_add_app(struct kt_import_file *file, const struct kt_settings *settings,
                       size_t start, size_t length, struct kt_error *error)
{
	struct kt_import_item *item = kt_import_add(file, start, length, error);
	struct kt_error refusal = { 0 };

	if (!item)
		return false;
	item->credential.kind = settings->kind;
	if (set_service(item, settings->api_base ? settings->api_base : file->site, &refusal) &&
	    kt_text_set(&item->credential.identity.path,
	                kt_text_or_empty(item->credential.identity.path), &refusal) &&
	    kt_import_set_default_name(file, item, &refusal) &&
	    kt_coze_app_fill(&item->credential, settings, &refusal))
		return true;
	return kt_import_leave(item, refusal.remedy[0] ? refusal.remedy
	                                               : KT_TEXT("look into the file"),
	                       "%s", refusal.message);
}
