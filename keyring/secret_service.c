/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dlfcn.h>
#include <string.h>

#include "keyring/secret_service.h"

/* Never closed, for GLib cannot be. Lazy like a program's start, for the libraries' sake alone. */
static const struct kt_secret_service_module *open_module(const char *path)
{
	void *handle = path ? dlopen(path, RTLD_LAZY | RTLD_LOCAL) : NULL;

	return handle ? dlsym(handle, "kt_secret_service_module") : NULL;
}

static const struct kt_backend *load(const struct kt_keyring_options *options,
                                     struct kt_error *error)
{
	const struct kt_secret_service_module *module = open_module(options->secret_service);

	if (module && strcmp(module->version, PACKAGE_VERSION) == 0)
		return &module->backend;
	if (module)
		kt_fail(error, KT_ERROR_UNAVAILABLE, "%s is of another version",
		        options->secret_service);
	else
		kt_fail(error, KT_ERROR_UNAVAILABLE,
		        "the module of the desktop keyring cannot be opened: %s",
		        options->secret_service ? dlerror() : "none is named");
	kt_advise(error, "install keyturn again, all of it: make install");
	return NULL;
}

const struct kt_backend kt_backend_secret_service = {
	.name = "secret-service",
	.load = load,
};
