/* SPDX-License-Identifier: MIT */

/*
 * The module of the desktop's keyring: one that is not ours is not used, and that is said
 * plainly.
 */

#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "helper/libexec.h"
#include "keyring/cleanup.h"
#include "keyring/keyring.h"
#include "keyring/secret_service.h"
#include "keyring/text.h"

static void assert_is_refused(const char *path, const char *because)
{
	const struct kt_keyring_options options = { .keyring = "secret-service",
		                                    .secret_service = path };
	KT_CLEANUP(kt_keyring_close) struct kt_keyring keyring = { 0 };
	struct kt_error error = { 0 };

	assert_false(kt_keyring_open(&keyring, &options, &error));
	assert_int_equal(error.code, KT_ERROR_UNAVAILABLE);
	assert_non_null(strstr(error.message, because));
	assert_non_null(strstr(error.remedy, "install keyturn again"));
}

static void module_that_is_missing_is_named(void **state)
{
	(void)state;
	assert_is_refused("/nonexistent/module.so", "/nonexistent/module.so");
	assert_is_refused(NULL, "none is named");
}

static void library_of_somebody_else_is_no_module(void **state)
{
	(void)state;
	assert_is_refused("libcrypto.so.3", "kt_secret_service_module");
}

static void module_of_another_version_is_not_used(void **state)
{
	KT_CLEANUP(kt_text_free) char *path = NULL;
	struct kt_error error = { 0 };

	(void)state;
	assert_true(kt_text_format(&path, &error, "%s/tests/programs/other_version.so",
	                           getenv("builddir")));
	assert_is_refused(path, "another version");
}

static void module_of_this_build_names_its_keyring(void **state)
{
	struct kt_error error = { 0 };
	const struct kt_keyring_options options = {
		.secret_service = kt_libexec_path(KT_LIBEXEC_SECRET_SERVICE),
	};
	const struct kt_backend *backend = kt_backend_secret_service.load(&options, &error);

	(void)state;
	assert_non_null(backend);
	assert_ptr_not_equal(backend, &kt_backend_secret_service);
	assert_string_equal(backend->name, kt_backend_secret_service.name);
	assert_null(backend->load);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(module_that_is_missing_is_named),
		cmocka_unit_test(library_of_somebody_else_is_no_module),
		cmocka_unit_test(module_of_another_version_is_not_used),
		cmocka_unit_test(module_of_this_build_names_its_keyring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
