/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "helper/keeper/setup/edit.h"
#include "keyring/cleanup.h"
#include "keyring/text.h"

/* Edits are kept in order: each goes behind those of its place and of the places before. */
bool kt_edits_add(struct kt_edits *edits, size_t start, size_t length, const char *text,
                  struct kt_error *error)
{
	struct kt_edit edit = { .start = start, .length = length };
	size_t place = edits->count;
	struct kt_edit *grown;

	if (!kt_text_set(&edit.text, text, error))
		return false;
	grown = reallocarray(edits->edits, edits->count + 1, sizeof(*grown));
	if (!grown) {
		kt_text_free(&edit.text);
		return kt_fail_memory(error);
	}
	edits->edits = grown;
	while (place > 0 && grown[place - 1].start > start) {
		grown[place] = grown[place - 1];
		place--;
	}
	grown[place] = edit;
	edits->count++;
	return true;
}

const char *kt_edits_line_end(const struct kt_secret *text)
{
	const char *bytes = kt_secret_reveal(text);
	const char *end = memchr(bytes, '\n', kt_secret_length(text));

	return end && end > bytes && end[-1] == '\r' ? "\r\n" : "\n";
}

bool kt_edits_add_lines(struct kt_edits *edits, const struct kt_secret *text, size_t place,
                        const char *lines, struct kt_error *error)
{
	KT_CLEANUP(kt_secret_clear) struct kt_secret added = { 0 };
	const char *end = kt_edits_line_end(text);
	bool is_open = place > 0 && place == kt_secret_length(text) &&
	               kt_secret_reveal(text)[place - 1] != '\n';

	if (is_open && !kt_secret_append_text(&added, end, error))
		return false;
	while (*lines) {
		size_t length = strcspn(lines, "\n");

		if (!kt_secret_append(&added, lines, length, error))
			return false;
		lines += length + 1;
		if ((*lines || !is_open) && !kt_secret_append_text(&added, end, error))
			return false;
	}
	return kt_edits_add(edits, place, 0, kt_secret_reveal(&added), error);
}

bool kt_edits_apply(const struct kt_edits *edits, const struct kt_secret *text,
                    struct kt_secret *target, struct kt_error *error)
{
	const char *bytes = kt_secret_reveal(text);
	size_t done = 0;

	for (size_t i = 0; i < edits->count; i++) {
		const struct kt_edit *edit = &edits->edits[i];

		if (edit->start < done || edit->start + edit->length > kt_secret_length(text))
			return kt_fail(error, KT_ERROR_INTERNAL, "two changes of a file overlap");
		if (!kt_secret_append(target, bytes + done, edit->start - done, error) ||
		    !kt_secret_append_text(target, edit->text, error))
			return false;
		done = edit->start + edit->length;
	}
	return kt_secret_append(target, bytes + done, kt_secret_length(text) - done, error);
}

void kt_edits_clear(struct kt_edits *edits)
{
	for (size_t i = 0; i < edits->count; i++)
		kt_text_free(&edits->edits[i].text);
	free(edits->edits);
	*edits = (struct kt_edits){ 0 };
}
