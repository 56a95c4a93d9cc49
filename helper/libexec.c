/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "helper/libexec.h"

static const char *const paths[] = {
	[KT_LIBEXEC_KEEPER] = KEYTURN_LIBEXECDIR "/keyturn-keeper",
	[KT_LIBEXEC_COURIER] = KEYTURN_LIBEXECDIR "/keyturn-courier",
	[KT_LIBEXEC_UNLOCK] = KEYTURN_LIBEXECDIR "/keyturn-unlock",
	[KT_LIBEXEC_SEAL] = KEYTURN_LIBEXECDIR "/keyturn-seal",
	[KT_LIBEXEC_STEWARD] = KEYTURN_LIBEXECDIR "/keyturn-steward",
	[KT_LIBEXEC_PROXY] = KEYTURN_LIBEXECDIR "/keyturn-proxy",
	[KT_LIBEXEC_SECRET_SERVICE] = KEYTURN_LIBEXECDIR "/keyturn-secret-service.so",
	[KT_LIBEXEC_FIDO2] = KEYTURN_LIBEXECDIR "/keyturn-fido2.so",
	[KT_LIBEXEC_KEYRING] = KEYTURN_LIBEXECDIR "/keyring/keyring",
};

const char *kt_libexec_data_directory(void)
{
	return KEYTURN_DATADIR;
}

const char *kt_libexec_locale_directory(void)
{
	return KEYTURN_LOCALEDIR;
}

const char *kt_libexec_path(enum kt_libexec_program program)
{
	return paths[program];
}
