/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "keyring/module.h"
#include "keyring/secret_service.h"

static const struct kt_backend *load(const struct kt_keyring_options *options,
                                     struct kt_error *error)
{
	const char *why;
	const struct kt_secret_service_module *module = kt_module_open(
		options->secret_service, "kt_secret_service_module", &why, error);

	if (!module && why) {
		kt_fail(error, KT_ERROR_UNAVAILABLE,
		        "the module of the desktop keyring cannot be opened: %s", why);
		kt_advise(error, "install keyturn again, all of it: make install");
	}
	return module ? &module->backend : NULL;
}

const struct kt_backend kt_backend_secret_service = {
	.name = "secret-service",
	.load = load,
};
