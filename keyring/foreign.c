/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "keyring/foreign.h"
#include "keyring/text.h"

bool kt_foreign_items_add(struct kt_foreign_items *list, struct kt_foreign_item *item,
                          struct kt_error *error)
{
	struct kt_foreign_item *items =
		reallocarray(list->items, list->count + 1, sizeof(*items));

	if (!items)
		return kt_fail_memory(error);
	list->items = items;
	items[list->count++] = *item;
	*item = (struct kt_foreign_item){ 0 };
	return true;
}

bool kt_foreign_attribute(const struct kt_foreign_item *item, const char *name, char **value,
                          struct kt_error *error)
{
	const char *line = kt_text_or_empty(item->attributes);
	size_t length = strlen(name);

	kt_text_free(value);
	for (; *line; line += strcspn(line, "\n") + 1)
		if (strncmp(line, name, length) == 0 && line[length] == '=')
			return kt_text_set_bytes(value, line + length + 1,
			                         strcspn(line + length + 1, "\n"), error);
	return true;
}

void kt_foreign_item_clear(struct kt_foreign_item *item)
{
	kt_text_free(&item->place);
	kt_text_free(&item->attributes);
	kt_text_free(&item->label);
	kt_secret_clear(&item->secret);
}

void kt_foreign_items_clear(struct kt_foreign_items *list)
{
	for (size_t i = 0; i < list->count; i++)
		kt_foreign_item_clear(&list->items[i]);
	free(list->items);
	*list = (struct kt_foreign_items){ 0 };
}
