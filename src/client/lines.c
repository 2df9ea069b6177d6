/*
 * lines - see lines.h.
 */
#include "config.h"

#include "client/lines.h"

#include <string.h>

void
lines_init(struct lines *lines)
{
	*lines = (struct lines){ 0 };
	buf_init(&lines->in);
}

void
lines_clear(struct lines *lines)
{
	buf_clear(&lines->in);
}

/* Drops what there is of a line that is too long.  True: it is over. */
static bool
drop(struct lines *lines, const uint8_t *end, bool is_end)
{
	const uint8_t *head = buf_head(&lines->in);
	size_t len = buf_len(&lines->in);

	if (end != NULL)
		len = (size_t)(end + 1 - head);
	buf_consume(&lines->in, len);
	lines->is_dropping = end == NULL && !is_end;
	return !lines->is_dropping;
}

enum lines_result
lines_next(struct lines *lines, bool is_end, const uint8_t **line_out,
    size_t *len_out)
{
	uint8_t *head = buf_head(&lines->in);
	size_t len = buf_len(&lines->in), used;
	const uint8_t *end = len > 0 ? memchr(head, '\n', len) : NULL;

	if (lines->is_dropping ||
	    (end != NULL ? (size_t)(end - head) : len) > LINES_MAX) {
		if (!drop(lines, end, is_end))
			return LINES_NONE;
		lines->count++;
		return LINES_LONG;
	}
	if (len == 0 || (end == NULL && !is_end))
		return LINES_NONE;
	if (end != NULL)
		len = (size_t)(end - head);
	used = len + (end != NULL);
	if (len > 0 && head[len - 1] == '\r')
		len--;
	*line_out = head;
	*len_out = len;
	buf_consume(&lines->in, used);
	lines->count++;
	return LINES_ONE;
}
