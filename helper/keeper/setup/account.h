/* SPDX-License-Identifier: MIT */
#pragma once

/* The account whose token a tool is to get, in the forms in which tools' files name it. */

#include <stdbool.h>

#include "helper/keeper/keeper.h"
#include "keyring/error.h"

struct kt_setup_account {
	char *name;  /* as keyturn takes it */
	char *label; /* the account's name alone: the tool's own name for it */
	char *host;  /* of its service, without port */
	char *server; /* with port and path, as "npm.example.com:8443/team" */
};

/*
 * The account that ACCOUNT stands for, NULL: the one that answers. A name that would have to be
 * quoted in a tool's file is KT_ERROR_USAGE.
 */
bool kt_setup_account_find(struct kt_setup_account *account, struct kt_keeper *keeper,
                           const char *name, struct kt_error *error);

/* For KT_CLEANUP. */
void kt_setup_account_clear(struct kt_setup_account *account);
