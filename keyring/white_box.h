/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * deepin and UOS keep the files of gnome-keyring in a directory of their own, and can keep its
 * password, too, in what they call a white box (deepin-keyring-whitebox): the login password then
 * opens nothing. libc alone.
 */

#include <stdbool.h>

/* Below the home, where else .local/share/keyrings is. */
#define KT_WHITE_BOX_DIRECTORY ".local/share/deepin-keyrings-wb"

/*
 * The white box has the password of the login keyring: its status begins with "11". home may be
 * NULL.
 */
bool kt_white_box_has_password(const char *home);
