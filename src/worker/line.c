/*
 * line - see line.h.
 */
#include "config.h"

#include "worker/line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/plain.h"

struct line
line_begin(struct buf *b, const char *word)
{
	struct line line = { b, buf_len(b), true };

	line_add(&line, "[server::");
	line_add(&line, word);
	line_add(&line, "] ");
	return line;
}

void
line_add(struct line *line, const char *ours)
{
	line->is_good = line->is_good &&
	    buf_append(line->buf, ours, strlen(ours));
}

void
line_add_number(struct line *line, uint64_t number)
{
	char digits[21];

	snprintf(digits, sizeof(digits), "%" PRIu64, number);
	line_add(line, digits);
}

void
line_add_safe(struct line *line, struct slice slice)
{
	const uint8_t *text = (const uint8_t *)slice.at;
	size_t len;
	uint8_t *to;

	if (slice.len == 0)
		return;
	len = plain_length(text, slice.len);
	to = buf_reserve(line->buf, len);
	if (to == NULL)
		line->is_good = false;
	else
		buf_commit(line->buf,
		    plain_write(to, len, text, slice.len));
}

void
line_add_name(struct line *line, struct slice name)
{
	size_t len = LINE_NAME_MAX;

	if (name.len <= len) {
		line_add_safe(line, name);
		return;
	}
	/* Not before the rest of a character. */
	while (len > 0 && ((unsigned char)name.at[len] & 0xc0) == 0x80)
		len--;
	line_add_safe(line, (struct slice){ name.at, len });
	line_add(line, "\xe2\x80\xa6");
}

bool
line_end(struct line *line)
{
	if (!line->is_good)
		buf_uncommit(line->buf, buf_len(line->buf) - line->before);
	return line->is_good;
}
