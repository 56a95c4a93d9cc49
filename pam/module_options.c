/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "keyring/text.h"
#include "pam/module_options.h"

#define TIMEOUT_DEFAULT 1500
#define TIMEOUT_MAX 5000
#define GRACE_DEFAULT 20
#define GRACE_MAX 120

/* Below this are a system's own users: greeters, daemons. */
#define MINIMUM_UID_DEFAULT 1000

/*
 * Services where a password is another user's, where nobody sits in front of a screen, or where the
 * user is a greeter's.
 */
#define SKIPPED_SERVICES \
	"sudo,sudo-i,su,su-l,runuser,runuser-l,cron,crond,atd,systemd-user,polkit-1," \
	"gdm-launch-environment,lightdm-greeter,sddm-greeter,greetd-greeter"

static const struct {
	const char *name;
	uint8_t backend;
} backend_names[] = {
	{ "control", KT_UNLOCK_BACKEND_CONTROL },
	{ "dbus", KT_UNLOCK_BACKEND_DBUS },
	{ "vault", KT_UNLOCK_BACKEND_VAULT },
};

/* Is the word of this length an entry of the comma list? */
static bool list_has(const char *list, const char *word, size_t length)
{
	while (*list != '\0') {
		size_t entry = strcspn(list, ",");

		if (entry == length && memcmp(list, word, length) == 0)
			return true;
		list += entry;
		list += strspn(list, ",");
	}
	return false;
}

static uint8_t backend_find(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(backend_names) / sizeof(backend_names[0]); i++) {
		if (strlen(backend_names[i].name) == length &&
		    memcmp(backend_names[i].name, name, length) == 0)
			return backend_names[i].backend;
	}
	return KT_UNLOCK_BACKEND_NONE;
}

/* All or nothing: a list with an unknown name leaves the default. */
static bool set_backends(struct kt_module_options *options, const char *list)
{
	uint8_t backends[KT_UNLOCK_BACKENDS_MAX] = { 0 };
	size_t count = 0;

	while (*list != '\0') {
		size_t length = strcspn(list, ",");
		uint8_t backend = backend_find(list, length);

		if (backend == KT_UNLOCK_BACKEND_NONE || count == sizeof(backends) ||
		    memchr(backends, backend, count) != NULL)
			return false;
		backends[count++] = backend;
		list += length;
		list += strspn(list, ",");
	}
	if (count == 0)
		return false;
	memcpy(options->backends, backends, sizeof(backends));
	return true;
}

static void remove_backend(struct kt_module_options *options, uint8_t backend)
{
	size_t kept = 0;

	for (size_t i = 0; i < KT_UNLOCK_BACKENDS_MAX; i++) {
		if (options->backends[i] != backend)
			options->backends[kept++] = options->backends[i];
	}
	while (kept < KT_UNLOCK_BACKENDS_MAX)
		options->backends[kept++] = KT_UNLOCK_BACKEND_NONE;
}

/* More than the maximum counts as the maximum. */
static bool set_number(uint32_t *target, const char *digits, int64_t minimum, int64_t maximum)
{
	int64_t number;

	if (!kt_text_to_number(digits, strlen(digits), minimum, UINT32_MAX - 1, &number))
		return false;
	*target = (uint32_t)(number < maximum ? number : maximum);
	return true;
}

/* The text after NAME=, or NULL where the argument has another name. */
static const char *value_of(const char *argument, const char *name)
{
	size_t length = strlen(name);

	return strncmp(argument, name, length) == 0 && argument[length] == '=' ?
	               argument + length + 1 :
	               NULL;
}

static bool set_value(struct kt_module_options *options, const char *argument)
{
	const char *value;

	if ((value = value_of(argument, "timeout")) != NULL)
		return set_number(&options->timeout, value, 1, TIMEOUT_MAX);
	if ((value = value_of(argument, "grace")) != NULL)
		return set_number(&options->grace, value, 0, GRACE_MAX);
	if ((value = value_of(argument, "min_uid")) != NULL)
		return set_number(&options->minimum_uid, value, 0, UINT32_MAX - 1);
	if ((value = value_of(argument, "backends")) != NULL)
		return set_backends(options, value);
	if ((value = value_of(argument, "only_if")) != NULL)
		options->only_if = value;
	else if ((value = value_of(argument, "skip_if")) != NULL)
		options->skip_if = value;
	return value != NULL;
}

static bool set_word(struct kt_module_options *options, const char *argument)
{
	if (strcmp(argument, "create") == 0)
		options->create = true;
	else if (strcmp(argument, "allow_root") == 0)
		options->allow_root = true;
	else if (strcmp(argument, "prefetch") == 0)
		options->prefetch = true;
	else if (strcmp(argument, "debug") == 0)
		options->debug = true;
	else if (strcmp(argument, "quiet") == 0)
		options->quiet = true;
	else if (strcmp(argument, "nodbus") == 0)
		options->no_dbus = true;
	else
		/* These two are habit in pam.d files; the module never prompts anyway. */
		return strcmp(argument, "use_authtok") == 0 ||
		       strcmp(argument, "try_first_pass") == 0;
	return true;
}

void kt_module_options_parse(struct kt_module_options *options, int argc, const char **argv)
{
	*options = (struct kt_module_options){
		.timeout = TIMEOUT_DEFAULT,
		.grace = GRACE_DEFAULT,
		.minimum_uid = MINIMUM_UID_DEFAULT,
		.skip_if = SKIPPED_SERVICES,
		.backends = { KT_UNLOCK_BACKEND_CONTROL, KT_UNLOCK_BACKEND_DBUS,
		              KT_UNLOCK_BACKEND_VAULT },
	};
	for (int i = 0; i < argc; i++) {
		if (!set_word(options, argv[i]) && !set_value(options, argv[i]) &&
		    options->rejected == 0)
			options->rejected = i + 1;
	}
	/* Whatever stands before or after it. */
	if (options->no_dbus)
		remove_backend(options, KT_UNLOCK_BACKEND_DBUS);
}

bool kt_module_options_has_backend(const struct kt_module_options *options,
                                   enum kt_unlock_backend_number backend)
{
	return memchr(options->backends, (int)backend, sizeof(options->backends)) != NULL;
}

bool kt_module_options_has_service(const struct kt_module_options *options, const char *service)
{
	size_t length;

	if (service == NULL || *service == '\0')
		return options->only_if == NULL;
	length = strlen(service);
	if (options->only_if != NULL)
		return list_has(options->only_if, service, length);
	return !list_has(options->skip_if, service, length);
}

bool kt_module_options_has_user(const struct kt_module_options *options, uid_t uid)
{
	if (uid == 0)
		return options->allow_root;
	return uid >= options->minimum_uid;
}
