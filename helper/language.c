/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <langinfo.h>
#include <libintl.h>
#include <locale.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "helper/language.h"
#include "helper/libexec.h"

#define DOMAIN "keyturn"

/* True if the locale's name has a charset, and it is another than UTF-8: setlocale(3). */
static bool has_other_charset(const char *locale)
{
	const char *charset = strchr(locale, '.');
	size_t length = charset ? strcspn(charset + 1, "@") : 0;

	return charset && !(length == 5 && strncasecmp(charset + 1, "UTF-8", length) == 0) &&
	       !(length == 4 && strncasecmp(charset + 1, "utf8", length) == 0);
}

/* No catalogue is looked for: as in a container, whose locale is C.UTF-8. */
static bool is_english(const char *locale)
{
	return strcmp(locale, "C") == 0 || strncmp(locale, "C.", 2) == 0 ||
	       strcmp(locale, "POSIX") == 0;
}

/*
 * LC_CTYPE is C.UTF-8 in any language: strerror(3) follows, no converter is loaded, and letters are
 * compared as in C. Where that locale is missing, the catalogue's own charset is asked for.
 */
static bool begin(void)
{
	const char *locale = setlocale(LC_MESSAGES, "");

	/* A program that is linked statically has no such locale unless something of it is read. */
	if (!nl_langinfo(YESEXPR) || !locale || is_english(locale))
		return false;
	if (has_other_charset(locale)) {
		setlocale(LC_MESSAGES, "C");
		return false;
	}
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		bind_textdomain_codeset(DOMAIN, "UTF-8");
	bindtextdomain(DOMAIN, kt_libexec_locale_directory());
	return true;
}

static bool has_catalogue(void)
{
	static enum { UNKNOWN, ENGLISH, OTHER } language;

	if (language == UNKNOWN)
		language = begin() ? OTHER : ENGLISH;
	return language == OTHER;
}

const char *kt_language_translate(const char *message)
{
	return has_catalogue() ? dgettext(DOMAIN, message) : message;
}

bool kt_language_is_chinese(void)
{
	const char *locale = has_catalogue() ? setlocale(LC_MESSAGES, NULL) : NULL;

	return locale && strncmp(locale, "zh", 2) == 0;
}
