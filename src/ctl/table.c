/*
 * table - see table.h.
 */
#include "config.h"

#include "ctl/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/plain.h"

struct table {
	unsigned columns;
	size_t cells;
	size_t widths[TABLE_COLUMNS];	/* in characters */
	struct buf texts;		/* each with a NUL */
	bool is_short;			/* of memory */
};

struct table *
table_new(unsigned columns)
{
	struct table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->columns = columns;
	buf_init(&t->texts);
	return t;
}

void
table_free(struct table *t)
{
	if (t == NULL)
		return;
	buf_clear(&t->texts);
	free(t);
}

/* Of UTF-8; how wide one is depends on the terminal. */
static size_t
count_characters(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

void
table_add(struct table *t, const char *text)
{
	const uint8_t *bytes = (const uint8_t *)text;
	size_t len = plain_length(bytes, strlen(text)), width;
	uint8_t *to = buf_reserve(&t->texts, len + 1);

	if (to == NULL) {
		t->is_short = true;
		return;
	}
	plain_write(to, len, bytes, strlen(text));
	to[len] = '\0';
	buf_commit(&t->texts, len + 1);
	width = count_characters((const char *)to);
	if (width > t->widths[t->cells % t->columns])
		t->widths[t->cells % t->columns] = width;
	t->cells++;
}

bool
table_print(const struct table *t, FILE *out)
{
	const char *cell = (const char *)buf_head(&t->texts);
	size_t column, width;

	for (size_t i = 0; i < t->cells; i++, cell += strlen(cell) + 1) {
		column = i % t->columns;
		fputs(cell, out);
		if (column + 1 == t->columns) {
			fputc('\n', out);
			continue;
		}
		width = count_characters(cell);
		fprintf(out, "%*s", (int)(t->widths[column] - width + 2), "");
	}
	return !t->is_short;
}
