/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Messages in the language of the person who reads them. kt_fail(), kt_advise() and
 * kt_report_note() ask here for their formats; other texts that are shown are marked by KT_TEXT()
 * where they stand, and translated where they are printed. A room without a translator speaks
 * English: the door, the courier and the PAM module.
 */

/* Marks a text for the catalogue (packaging/po). */
#define KT_TEXT(text) text

/*
 * Chooses the translator, which returns its argument where it knows nothing better; NULL: English,
 * as JSON is in every language.
 */
void kt_translate_by(const char *(*translator)(const char *message));

/*
 * The message in the person's language; valid until the process ends. The empty message stays
 * empty. A format's directives are those of the message: msgfmt(1) has compared them.
 */
const char *kt_translate(const char *message) __attribute__((format_arg(1)));
