/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dlfcn.h>
#include <string.h>

#include "helper/keeper/library.h"

void *kt_library_open(const char *name)
{
	return dlopen(name, RTLD_NOW | RTLD_LOCAL);
}

/* C has no cast from an object's pointer to a function's; POSIX has them of one size. */
bool kt_library_find(void *library, const char *name, void *function)
{
	void *symbol = library ? dlsym(library, name) : NULL;

	memcpy(function, &symbol, sizeof(symbol));
	return symbol != NULL;
}

void kt_library_close(void **library)
{
	if (*library)
		dlclose(*library);
	*library = NULL;
}
