/* SPDX-License-Identifier: MIT */
#include "config.h"

/*
 * Somebody who answers gnome-keyring's requests for the password: gcr's own mock prompter, which
 * is in its library but not in its headers' package, hence dlopen. Prints its bus name (for
 * GNOME_KEYRING_TEST_PROMPTER), then takes a line for each request to come: the password, or
 * nothing for one that is dismissed. A request that no line was given for ends it.
 */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DELAY 300u /* milliseconds that the person takes, unless they are given */

int main(int argc, char **argv)
{
	void *library = dlopen("libgcr-base-3.so.1", RTLD_NOW);
	const char *(*start)(void);
	void (*set_delay)(unsigned int milliseconds);
	void (*expect_ok)(const char *password, const char *property, ...);
	void (*expect_cancel)(void);
	char line[200];

	if (!library)
		return 77;
	*(void **)&start = dlsym(library, "gcr_mock_prompter_start");
	*(void **)&set_delay = dlsym(library, "gcr_mock_prompter_set_delay_msec");
	*(void **)&expect_ok = dlsym(library, "gcr_mock_prompter_expect_password_ok");
	*(void **)&expect_cancel = dlsym(library, "gcr_mock_prompter_expect_password_cancel");
	if (!start || !set_delay || !expect_ok || !expect_cancel)
		return 77;
	printf("%s\n", start());
	fflush(stdout);
	set_delay(argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : DELAY);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '\0')
			expect_ok(line, NULL);
		else
			expect_cancel();
		puts("ready");
		fflush(stdout);
	}
	return 0;
}
