/*
 * place - see place.h.
 */
#include "config.h"

#include "client/place.h"

#include <stdbool.h>
#include <wchar.h>
#include <wctype.h>

/* A place on the screen, counted from the prompt's beginning. */
struct place {
	unsigned row, column, wide;
};

/* How many columns libedit takes for a character. */
static unsigned
width_of(wchar_t c)
{
	int width = wcwidth(c);

	if (c < 0x100 && iswcntrl((wint_t)c))
		return 2;	/* ^A */
	if (iswprint((wint_t)c))
		return width > 0 ? (unsigned)width : 0;
	return c > 0xffff ? 8 : 7;	/* \U+12345 */
}

/* A letter of two columns is not cut in two. */
static void
break_before(struct place *place, unsigned width)
{
	if (width > 1 && place->column + width > place->wide) {
		place->row++;
		place->column = 0;
	}
}

static void
advance(struct place *place, wchar_t c)
{
	unsigned width = c == '\t' ? 8 - place->column % 8 : width_of(c);

	if (iswprint((wint_t)c))
		break_before(place, width);
	place->column += width;
	if (place->column >= place->wide) {
		place->row++;
		place->column -= place->wide;
	}
}

/* The next character; false at the end. */
static bool
next(const char **at, const char *end, wchar_t *out)
{
	mbstate_t state = { 0 };
	size_t len = mbrtowc(out, *at, (size_t)(end - *at), &state);

	if (*at >= end || len == 0 || len > (size_t)(end - *at))
		return false;
	*at += len;
	return true;
}

unsigned
place_row(size_t prompt_len, const char *line, size_t len, size_t before,
    unsigned wide)
{
	struct place place = { 0, 0, wide };
	const char *at = line;
	wchar_t c;

	while (prompt_len-- > 0)
		advance(&place, ' ');
	while (next(&at, line + before, &c))
		advance(&place, c);
	/* It stands on the letter behind it. */
	if (next(&at, line + len, &c) && iswprint((wint_t)c))
		break_before(&place, width_of(c));
	return place.row;
}
