/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dlfcn.h>
#include <string.h>

#include "keyring/module.h"

/* Lazy like a program's start, for the libraries' sake alone. */
const void *kt_module_open(const char *path, const char *object, const char **why,
                           struct kt_error *error)
{
	void *handle = path ? dlopen(path, RTLD_LAZY | RTLD_LOCAL) : NULL;
	const char *const *module = handle ? dlsym(handle, object) : NULL;

	*why = module ? NULL : path ? dlerror() : "none is named";
	if (module && strcmp(*module, PACKAGE_VERSION) == 0)
		return module;
	if (module) {
		kt_fail(error, KT_ERROR_UNAVAILABLE, "%s is of another version", path);
		kt_advise(error, "install keyturn again, all of it: make install");
	}
	return NULL;
}
