/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dlfcn.h>
#include <qrencode.h>
#include <string.h>

#include "helper/keeper/login/qr.h"
#include "keyring/cleanup.h"

#define QUIET 2
#define LIBRARY "libqrencode.so.4"

/* Opened when a picture is drawn: linked, it would cost every start of the keeper. */
struct library {
	void *handle;
	__typeof__(&QRcode_encodeString8bit) encode;
	__typeof__(&QRcode_free) release;
};

static void close_library(struct library *library)
{
	if (library->handle)
		dlclose(library->handle);
}

/* C has no cast from an object's pointer to a function's; POSIX has them of one size. */
static bool find_function(const struct library *library, const char *name, void *function)
{
	void *symbol = dlsym(library->handle, name);

	memcpy(function, &symbol, sizeof(symbol));
	return symbol != NULL;
}

static bool open_library(struct library *library)
{
	library->handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	return library->handle &&
	       find_function(library, "QRcode_encodeString8bit", &library->encode) &&
	       find_function(library, "QRcode_free", &library->release);
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

static bool draw(const QRcode *code, struct kt_secret *picture, struct kt_error *error)
{
	for (int row = -QUIET; row < code->width + QUIET; row += 2)
		if (!draw_line(code, row, picture, error))
			return false;
	return true;
}

bool kt_qr_draw(const char *text, struct kt_secret *picture, struct kt_error *error)
{
	KT_CLEANUP(close_library) struct library library = { 0 };
	QRcode *code = open_library(&library) ? library.encode(text, 0, QR_ECLEVEL_L) : NULL;
	bool drawn;

	if (!code)
		return true;
	drawn = draw(code, picture, error);
	library.release(code);
	return drawn;
}
