/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <qrencode.h>

#include "helper/keeper/library.h"
#include "helper/keeper/login/qr.h"
#include "keyring/cleanup.h"

#define QUIET 2
#define LIBRARY "libqrencode.so.4"

static bool is_dark(const QRcode *code, int row, int column)
{
	return row >= 0 && column >= 0 && row < code->width && column < code->width &&
	       (code->data[row * code->width + column] & 1);
}

/* Two rows of modules in one line of characters. */
static bool draw_line(const QRcode *code, int row, struct kt_secret *picture,
                      struct kt_error *error)
{
	static const char *const blocks[] = { " ", "\u2584", "\u2580", "\u2588" };

	if (!kt_secret_append_text(picture, "  \033[30;107m", error))
		return false;
	for (int column = -QUIET; column < code->width + QUIET; column++)
		if (!kt_secret_append_text(picture, blocks[is_dark(code, row, column) * 2 +
		                                           is_dark(code, row + 1, column)], error))
			return false;
	return kt_secret_append_text(picture, "\033[0m\n", error);
}

static bool draw(const QRcode *code, struct kt_secret *picture, struct kt_error *error)
{
	for (int row = -QUIET; row < code->width + QUIET; row += 2)
		if (!draw_line(code, row, picture, error))
			return false;
	return true;
}

bool kt_qr_draw(const char *text, struct kt_secret *picture, struct kt_error *error)
{
	KT_CLEANUP(kt_library_close) void *library = kt_library_open(LIBRARY);
	__typeof__(&QRcode_encodeString8bit) encode;
	__typeof__(&QRcode_free) release;
	QRcode *code;
	bool drawn;

	if (!kt_library_find(library, "QRcode_encodeString8bit", &encode) ||
	    !kt_library_find(library, "QRcode_free", &release))
		return true;
	code = encode(text, 0, QR_ECLEVEL_L);
	if (!code)
		return true;
	drawn = draw(code, picture, error);
	release(code);
	return drawn;
}
