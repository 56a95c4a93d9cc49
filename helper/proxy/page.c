/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/proxy/page.h"
#include "keyring/cleanup.h"

bool kt_page_is_field(struct kt_slice name)
{
	static const char *const names[] = { "Access-Control-Allow-Origin",
		                             "Access-Control-Allow-Credentials",
		                             "Access-Control-Expose-Headers" };

	for (size_t i = 0; i < KT_COUNT(names); i++)
		if (kt_slice_is(name, names[i]))
			return true;
	return false;
}

bool kt_page_append_fields(const char *origin, struct kt_buffer *target)
{
	return kt_buffer_append_text(target, "Access-Control-Allow-Origin: ") &&
	       kt_buffer_append_text(target, origin) &&
	       kt_buffer_append_text(target, "\r\nAccess-Control-Expose-Headers: *\r\n"
	                             "Vary: Origin\r\n");
}

bool kt_page_is_preflight(const struct kt_head *head)
{
	return kt_slice_is_exactly(head->method, "OPTIONS") &&
	       kt_head_find(head, "Access-Control-Request-Method", NULL);
}

/* Appends the answer's field with the value that the page asked for, if it asked. */
static bool append_asked(const struct kt_head *head, const char *asked, const char *name,
                         struct kt_buffer *target)
{
	const struct kt_field *field = kt_head_find(head, asked, NULL);

	return !field || (kt_buffer_append_text(target, name) &&
	                  kt_buffer_append(target, field->value.bytes, field->value.length) &&
	                  kt_buffer_append_text(target, "\r\n"));
}

bool kt_page_append_preflight(const struct kt_head *head, const char *origin,
                              struct kt_buffer *target)
{
	return kt_buffer_append_text(target, "HTTP/1.1 204 No Content\r\n") &&
	       kt_page_append_fields(origin, target) &&
	       append_asked(head, "Access-Control-Request-Method",
	                    "Access-Control-Allow-Methods: ", target) &&
	       append_asked(head, "Access-Control-Request-Headers",
	                    "Access-Control-Allow-Headers: ", target) &&
	       append_asked(head, "Access-Control-Request-Private-Network",
	                    "Access-Control-Allow-Private-Network: ", target) &&
	       kt_buffer_append_text(target, "Access-Control-Max-Age: 600\r\n"
	                             "Connection: close\r\n\r\n");
}
