/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dlfcn.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "pam/unlock/backend_dbus.h"
#include "pam/unlock/bus_module.h"

#define MODULE "keyturn-unlock-bus.so"

/* Beside this program, whoever started it: neither the environment nor PATH may choose it. */
static bool find_module(char path[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - sizeof(MODULE));
	char *slash;

	if (length <= 0 || (size_t)length >= PATH_MAX - sizeof(MODULE))
		return false;
	path[length] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return false;
	memcpy(slash + 1, MODULE, sizeof(MODULE));
	return true;
}

/* Never closed, for GLib cannot be. NULL where it is missing, or of another version. */
static const struct kt_unlock_bus_module *open_module(void)
{
	const struct kt_unlock_bus_module *module;
	char path[PATH_MAX];
	void *handle;

	handle = find_module(path) ? dlopen(path, RTLD_LAZY | RTLD_LOCAL) : NULL;
	module = handle ? dlsym(handle, "kt_unlock_bus_module") : NULL;
	return module && strcmp(module->version, PACKAGE_VERSION) == 0 ? module : NULL;
}

static enum kt_unlock_status unlock(const struct kt_login_session *session,
                                    const struct kt_secret *password)
{
	const struct kt_unlock_bus_module *module = open_module();

	return module ? module->backend.unlock(session, password) : KT_UNLOCK_ABSENT;
}

static enum kt_unlock_status change(const struct kt_login_session *session,
                                    const struct kt_secret *old_password,
                                    const struct kt_secret *new_password)
{
	const struct kt_unlock_bus_module *module = open_module();

	return module ? module->backend.change(session, old_password, new_password)
	              : KT_UNLOCK_ABSENT;
}

const struct kt_unlock_backend kt_unlock_backend_dbus = { unlock, change };

bool kt_dbus_is_open(const struct kt_login_session *session)
{
	const struct kt_unlock_bus_module *module = open_module();

	return module && module->is_open(session);
}

void kt_dbus_start_unit(const struct kt_login_session *session, const char *unit)
{
	const struct kt_unlock_bus_module *module = open_module();

	if (module)
		module->start_unit(session, unit);
}
