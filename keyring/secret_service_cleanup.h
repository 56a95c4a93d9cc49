/* SPDX-License-Identifier: MIT */
#pragma once

/* GLib's things, for KT_CLEANUP: each is released, unless it is NULL, and NULL afterwards. */

#include <gio/gio.h>

static inline void kt_variant_unref(GVariant **variant)
{
	g_clear_pointer(variant, g_variant_unref);
}

static inline void kt_strings_free(char ***strings)
{
	g_clear_pointer(strings, g_strfreev);
}

static inline void kt_table_unref(GHashTable **table)
{
	g_clear_pointer(table, g_hash_table_unref);
}
