/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <qrencode.h>

#include "helper/keeper/qr.h"
#include "keyring/cleanup.h"

#define QUIET 2

static void free_code(QRcode **code)
{
	QRcode_free(*code);
}

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

bool kt_qr_draw(const char *text, struct kt_secret *picture, struct kt_error *error)
{
	KT_CLEANUP(free_code) QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);

	if (!code)
		return true;
	for (int row = -QUIET; row < code->width + QUIET; row += 2)
		if (!draw_line(code, row, picture, error))
			return false;
	return true;
}
