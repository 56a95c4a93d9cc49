/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The person's language, by LC_ALL, LC_MESSAGES or LANG, and the catalogue of it. Nothing is read
 * before the first message, so that a call that has none costs nothing.
 */

#include <stdbool.h>

/* For kt_translate_by(). English where there is no such locale, or one that is not of UTF-8. */
const char *kt_language_translate(const char *message);

/* True where the person reads Chinese, for a page that cannot be translated where it is shown. */
bool kt_language_is_chinese(void);
