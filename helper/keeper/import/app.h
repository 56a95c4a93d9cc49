/* SPDX-License-Identifier: MIT */
#pragma once

/* An app of Coze, as its settings lie in a file. */

#include "helper/keeper/import/source.h"
#include "helper/keeper/login/settings.h"

/*
 * Adds an item for the app's secret, which is this part of the file's text. Settings that do not
 * make an app leave it where it is.
 */
bool kt_import_add_app(struct kt_import_file *file, const struct kt_settings *settings,
                       size_t start, size_t length, struct kt_error *error);
