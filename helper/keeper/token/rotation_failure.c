/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/keeper/account/expiry.h"
#include "helper/keeper/token/rotation_failure.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/shell_word.h"
#include "keyring/text.h"

static bool advise_login(const char *name, struct kt_error *error)
{
	struct kt_shell_word word;

	return kt_advise(error, "log in again: keyturn login %s",
	                 kt_shell_word(&word, name, "ACCOUNT"));
}

bool kt_rotation_fail_unsaved(const char *name, const struct kt_error *cause, bool is_escrowed,
                              struct kt_error *error)
{
	int length = kt_characters_fit(cause->message, 120);

	if (is_escrowed)
		kt_fail(error, cause->code, "%s was renewed but the keyring did not take it (%.*s); it "
		        "is kept in memory for 24 hours and the next call saves it", name,
		        length, cause->message);
	else
		kt_fail(error, cause->code, "%s was renewed but the keyring did not take it (%.*s); THE "
		        "NEW LOGIN IS LOST with this process", name, length, cause->message);
	if (cause->remedy[0])
		return kt_advise(error, "%s", cause->remedy);
	return kt_advise(error, "open the keyring, then run the command again");
}

bool kt_rotation_fail_lost(const char *name, int64_t sent_wall, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *time = NULL;

	if (!kt_expiry_format(sent_wall, &time, error))
		return false;
	kt_fail(error, KT_ERROR_DEAD,
	        "login needed for %s: the answer to its renewal was lost at %s", name, time);
	return advise_login(name, error);
}

bool kt_rotation_fail_dead(const char *name, struct kt_error *error)
{
	kt_fail(error, KT_ERROR_DEAD, "the login of %s is over", name);
	return advise_login(name, error);
}

bool kt_rotation_fail_too_early(const char *name, int64_t left, struct kt_error *error)
{
	struct kt_shell_word word;

	kt_fail(error, KT_ERROR_NETWORK, "the answer to the last renewal of %s was lost on the way; "
	        "whether it counted is not known", name);
	return kt_advise(error, "nothing is given up: try again in %lld s, or at once with: keyturn "
	                 "refresh %s", (long long)left,
	                 kt_shell_word(&word, name, "ACCOUNT"));
}

bool kt_rotation_fail_still_good(const char *name, struct kt_error *error)
{
	struct kt_shell_word word;

	kt_fail(error, KT_ERROR_NETWORK, "the answer to the last renewal of %s was lost on the way; "
	        "it is not asked for again while the token it has is good", name);
	return kt_advise(error, "go on with that token; where the service refuses it: keyturn reject "
	                 "%s --current", kt_shell_word(&word, name, "ACCOUNT"));
}

bool kt_rotation_fail_no_refresh(const char *name, bool is_good, struct kt_error *error)
{
	if (is_good) {
		kt_fail(error, KT_ERROR_REFUSED, "%s cannot be renewed: its service gave no refresh "
		        "token; the token it has is good to its end", name);
	} else {
		kt_fail(error, KT_ERROR_DEAD, "the token of %s is over, and its service gave no refresh "
		        "token", name);
	}
	return advise_login(name, error);
}

bool kt_rotation_advise_hand_over(struct kt_error *error)
{
	error->remedy[0] = '\0';
	return kt_advise(error, "log in with the program that handed the grant over, or give issuer= "
	                 "with it: git-credential-keyturn(1)");
}
