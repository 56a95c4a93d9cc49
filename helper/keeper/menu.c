/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "helper/keeper/menu.h"
#include "helper/keeper/terminal.h"
#include "helper/keeper/terminal_keys.h"
#include "keyring/characters.h"
#include "keyring/cleanup.h"
#include "keyring/clock.h"
#include "keyring/environment.h"
#include "keyring/text.h"
#include "keyring/translate.h"

/* A terminal sends the bytes of one key together: an Escape with nothing behind it is that key. */
#define KEY_MILLISECONDS 100
#define LINE_MAXIMUM 1024
#define USUAL_COLUMNS 80
#define USUAL_LINES 24
/* Title, prompt (two lines at 60 columns) and the line that tells which rows are seen. */
#define OTHER_LINES 5

enum key {
	KEY_NONE,
	KEY_UP,
	KEY_DOWN,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_HOME,
	KEY_END,
	KEY_ESCAPE,
};

struct drawing {
	const struct kt_menu *menu;
	struct kt_terminal_keys keys;
	struct kt_secret output;
	size_t *widths;  /* of the lines that are on the screen */
	size_t lines;    /* how many; the cursor is behind the last one */
	size_t columns;
	size_t page;     /* rows at a time */
	size_t first;    /* of those that are seen */
	size_t selected;
};

static void drawing_clear(struct drawing *drawing)
{
	kt_secret_clear(&drawing->output);
	free(drawing->widths);
}

bool kt_menu_is_possible(void)
{
	return kt_terminal_is_smart() && kt_terminal_is_there();
}

static void measure(struct drawing *drawing)
{
	struct winsize size = { 0 };
	size_t lines;

	ioctl(drawing->keys.terminal, TIOCGWINSZ, &size);
	drawing->columns = size.ws_col ? size.ws_col : USUAL_COLUMNS;
	lines = size.ws_row ? size.ws_row : USUAL_LINES;
	drawing->page = lines > OTHER_LINES + 1 ? lines - OTHER_LINES : 1;
	if (drawing->page > drawing->menu->count)
		drawing->page = drawing->menu->count;
}

static size_t lines_of(size_t width, size_t columns)
{
	return width == 0 ? 1 : (width - 1) / columns + 1;
}

/* To the beginning of what is drawn. A terminal that became narrower has broken its lines. */
static bool go_back(struct drawing *drawing, struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *up = NULL;
	size_t above = 0;

	for (size_t i = 0; i < drawing->lines; i++)
		above += lines_of(drawing->widths[i], drawing->columns);
	drawing->lines = 0;
	if (above <= 1)
		return kt_secret_append_text(&drawing->output, "\r\033[J", error);
	return kt_text_format(&up, error, "\r\033[%zuA\033[J", above - 1) &&
	       kt_secret_append_text(&drawing->output, up, error);
}

/* As many characters as fit into the columns. */
static size_t fit(const char *text, size_t columns)
{
	size_t length = strlen(text);
	size_t end = length;
	KT_CLEANUP(kt_text_free) char *copy = strdup(text);

	while (copy && kt_characters_columns(copy) > columns) {
		do
			end--;
		while (end > 0 && ((unsigned char)copy[end] & 0xc0) == 0x80);
		copy[end] = '\0';
	}
	return end;
}

/* Adds a line; mark: before it and behind it. */
static bool add_line(struct drawing *drawing, const char *text, const char *const marks[2],
                     struct kt_error *error)
{
	size_t length = fit(text, drawing->columns - 1);
	KT_CLEANUP(kt_text_free) char *shown = NULL;

	if (!kt_text_set_bytes(&shown, text, length, error) ||
	    !kt_secret_append_text(&drawing->output, marks[0], error) ||
	    !kt_secret_append_text(&drawing->output, shown, error) ||
	    !kt_secret_append_text(&drawing->output, marks[1], error))
		return false;
	drawing->widths[drawing->lines++] = kt_characters_columns(shown);
	return true;
}

static bool add_row(struct drawing *drawing, size_t index, struct kt_error *error)
{
	static const char *const plain[2] = { "", "\r\n" };
	static const char *const bright[2] = { "\033[7m", "\033[0m\r\n" };
	bool is_selected = index == drawing->selected;
	KT_CLEANUP(kt_text_free) char *line = NULL;

	return kt_text_format(&line, error, "%s%2zu  %s", is_selected ? "> " : "  ", index + 1,
	                      drawing->menu->rows[index]) &&
	       add_line(drawing, line, is_selected && !kt_environment_get("NO_COLOR") ? bright : plain,
	                error);
}

static bool add_prompt(struct drawing *drawing, const struct kt_secret *typed,
                       struct kt_error *error)
{
	KT_CLEANUP(kt_text_free) char *shown = NULL;

	if (!kt_text_set(&shown, kt_secret_reveal(typed), error))
		return false;
	kt_characters_make_printable(shown);
	if (!kt_secret_append_text(&drawing->output, drawing->menu->prompt, error) ||
	    !kt_secret_append_text(&drawing->output, shown, error))
		return false;
	drawing->widths[drawing->lines++] =
		kt_characters_columns(drawing->menu->prompt) + kt_characters_columns(shown);
	return true;
}

static bool draw(struct drawing *drawing, const struct kt_secret *typed, struct kt_error *error)
{
	static const char *const plain[2] = { "", "\r\n" };
	const struct kt_menu *menu = drawing->menu;
	KT_CLEANUP(kt_text_free) char *seen = NULL;
	size_t last;

	measure(drawing);
	if (drawing->selected < drawing->first)
		drawing->first = drawing->selected;
	if (drawing->selected >= drawing->first + drawing->page)
		drawing->first = drawing->selected - drawing->page + 1;
	if (drawing->first + drawing->page > menu->count)
		drawing->first = menu->count - drawing->page;
	last = drawing->first + drawing->page;
	kt_secret_truncate(&drawing->output, 0);
	if (!go_back(drawing, error) || !add_line(drawing, menu->title, plain, error))
		return false;
	for (size_t i = drawing->first; i < last; i++)
		if (!add_row(drawing, i, error))
			return false;
	if (drawing->page < menu->count &&
	    (!kt_text_format(&seen, error, kt_translate("    %zu to %zu of %zu"), drawing->first + 1,
	                     last, menu->count) ||
	     !add_line(drawing, seen, plain, error)))
		return false;
	return add_prompt(drawing, typed, error) &&
	       (kt_terminal_say(drawing->keys.terminal, kt_secret_reveal(&drawing->output)) ||
	        kt_fail(error, KT_ERROR_USAGE, "the terminal cannot be asked"));
}

/* The next byte of one key; '\0' where it has no more. */
static char next_byte(const struct drawing *drawing)
{
	int number;
	char byte;

	return kt_terminal_keys_await(&drawing->keys, kt_clock_monotonic() + KEY_MILLISECONDS,
	                              &number) == KT_TERMINAL_BYTE &&
	               read(drawing->keys.terminal, &byte, 1) == 1
	               ? byte : '\0';
}

/* The rest of a key that began with Escape: ECMA-48's CSI, or SS3 of the keypad mode. */
static enum key read_key(const struct drawing *drawing)
{
	static const struct {
		char byte;
		enum key key;
	} finals[] = {
		{ 'A', KEY_UP }, { 'B', KEY_DOWN }, { 'H', KEY_HOME }, { 'F', KEY_END },
	}, numbers[] = {
		{ '1', KEY_HOME }, { '7', KEY_HOME }, { '4', KEY_END }, { '8', KEY_END },
		{ '5', KEY_PAGE_UP }, { '6', KEY_PAGE_DOWN },
	};
	char byte = next_byte(drawing);
	char first;

	if (byte != '[' && byte != 'O')
		return byte ? KEY_NONE : KEY_ESCAPE;
	first = byte = next_byte(drawing);
	while (byte && strchr("0123456789;", byte))
		byte = next_byte(drawing);
	for (size_t i = 0; i < KT_COUNT(finals); i++)
		if (byte == finals[i].byte)
			return finals[i].key;
	for (size_t i = 0; byte == '~' && i < KT_COUNT(numbers); i++)
		if (first == numbers[i].byte)
			return numbers[i].key;
	return KEY_NONE;
}

static void move(struct drawing *drawing, enum key key)
{
	size_t last = drawing->menu->count - 1;
	size_t page = drawing->page;
	size_t *selected = &drawing->selected;

	if (key == KEY_UP)
		*selected = *selected > 0 ? *selected - 1 : last;
	else if (key == KEY_DOWN)
		*selected = *selected < last ? *selected + 1 : 0;
	else if (key == KEY_PAGE_UP)
		*selected = *selected > page ? *selected - page : 0;
	else if (key == KEY_PAGE_DOWN)
		*selected = *selected + page < last ? *selected + page : last;
	else if (key == KEY_HOME)
		*selected = 0;
	else if (key == KEY_END)
		*selected = last;
}

static bool fail_nothing(struct kt_error *error)
{
	kt_fail(error, KT_ERROR_ACCOUNT_NEEDED, "none of the accounts was named");
	return kt_advise(error, "run: keyturn list");
}

/* Takes one byte of the person's. *is_done: it was the last one. */
static bool take(struct drawing *drawing, char byte, struct kt_secret *typed, bool *is_done,
                 struct kt_error *error)
{
	enum kt_terminal_typed kind;
	enum key key = byte == 0x10 ? KEY_UP : byte == 0x0e ? KEY_DOWN : KEY_NONE;
	int number = 0;

	if (byte == '\033')
		key = read_key(drawing);
	if (key == KEY_ESCAPE)
		return fail_nothing(error);
	move(drawing, key);
	if (byte == '\033' || key != KEY_NONE)
		return true;
	kind = kt_terminal_keys_edit(&drawing->keys, byte, typed, &number);
	if (kind == KT_TYPED_BREAK)
		number = SIGINT;
	if (number) {
		drawing->lines = 0;
		return kt_terminal_keys_deliver(&drawing->keys, number) || fail_nothing(error);
	}
	*is_done = kind == KT_TYPED_LINE;
	if (kind == KT_TYPED_END || kt_secret_length(typed) > LINE_MAXIMUM)
		return fail_nothing(error);
	return kind != KT_TYPED_TEXT || (unsigned char)byte < ' ' ||
	       kt_secret_append(typed, &byte, 1, error);
}

static bool follow(struct drawing *drawing, struct kt_secret *typed, struct kt_error *error)
{
	for (bool is_done = false; !is_done;) {
		int number = 0;
		char byte;

		if (!draw(drawing, typed, error))
			return false;
		if (kt_terminal_keys_await(&drawing->keys, KT_TERMINAL_NO_LIMIT, &number) ==
		    KT_TERMINAL_SIGNAL) {
			if (number == SIGWINCH)
				continue;
			drawing->lines = 0;
			if (!kt_terminal_keys_deliver(&drawing->keys, number))
				return fail_nothing(error);
		} else if (read(drawing->keys.terminal, &byte, 1) != 1) {
			return fail_nothing(error);
		} else if (!take(drawing, byte, typed, &is_done, error)) {
			return false;
		}
	}
	return true;
}

bool kt_menu_choose(const struct kt_menu *menu, size_t *index, struct kt_secret *typed,
                    struct kt_error *error)
{
	KT_CLEANUP(kt_descriptor_close) int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	KT_CLEANUP(drawing_clear) struct drawing drawing = {
		.menu = menu,
		.selected = *index,
		.keys = { .terminal = terminal, .signals = -1, .prompt = "", .wants_resize = true },
	};
	bool done;

	if (terminal < 0)
		return kt_fail(error, KT_ERROR_USAGE, "there is no terminal to ask");
	drawing.widths = calloc(menu->count + 3, sizeof(*drawing.widths));
	if (!drawing.widths)
		return kt_fail_memory(error);
	done = kt_terminal_keys_begin(&drawing.keys, error) && follow(&drawing, typed, error);
	kt_terminal_keys_end(&drawing.keys);
	*index = drawing.selected;
	kt_secret_trim(typed);
	return done;
}
