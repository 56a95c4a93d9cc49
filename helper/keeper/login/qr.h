/* SPDX-License-Identifier: MIT */
#pragma once

/* A QR code for a terminal: half blocks, dark on light whatever the terminal's colours. */

#include <stdbool.h>

#include "keyring/error.h"
#include "keyring/secret.h"

/*
 * Appends lines that draw text; nothing where it does not fit, where QR codes are not built in
 * or libqrencode is not installed.
 */
bool kt_qr_draw(const char *text, struct kt_secret *picture, struct kt_error *error);
