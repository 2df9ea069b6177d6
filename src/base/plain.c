/*
 * plain - see plain.h.
 */
#include "config.h"

#include "base/plain.h"

#include <string.h>

/* One character of a text: how many bytes it takes, and three bytes that
 * stand in for it, or NULL when it may stay. */
static const char *
stand_in(const uint8_t *p, size_t len, size_t *used_out, char picture[4])
{
	*used_out = 1;
	if (p[0] == '\r' && len > 1 && p[1] == '\n') {
		*used_out = 2;
		return "\xe2\x90\xa4";
	}
	if (p[0] == '\r' || p[0] == '\n')
		return "\xe2\x90\xa4";			/* U+2424 */
	if ((p[0] < 0x20 && p[0] != '\t') || p[0] == 0x7f) {
		memcpy(picture, "\xe2\x90\x80", 4);	/* U+2400 and up */
		picture[2] = (char)(0x80 + (p[0] == 0x7f ? 0x21 : p[0]));
		return picture;
	}
	if (p[0] == 0xc2 && len > 1 && p[1] >= 0x80 && p[1] <= 0x9f) {
		*used_out = 2;
		return p[1] == 0x85 ? "\xe2\x90\xa4" : "\xef\xbf\xbd";
	}
	if (p[0] != 0xe2 || len < 3)
		return NULL;
	*used_out = 3;
	if (p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9))
		return "\xe2\x90\xa4";			/* U+2028, U+2029 */
	if ((p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae) ||
	    (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9))
		return "\xef\xbf\xbd";			/* bidi controls */
	/* What follows is looked at for itself: it need not be UTF-8. */
	*used_out = 1;
	return NULL;
}

/* How many bytes from the start are printable ASCII or tabs. */
static size_t
plain_prefix(const uint8_t *text, size_t len)
{
	size_t i = 0;

	while (i < len && text[i] < 0x7f &&
	    (text[i] >= 0x20 || text[i] == '\t'))
		i++;
	return i;
}

size_t
plain_length(const uint8_t *text, size_t len)
{
	size_t length, used;
	char picture[4];

	length = plain_prefix(text, len);
	for (size_t i = length; i < len; i += used)
		length += stand_in(text + i, len - i, &used, picture) == NULL ?
		    used : 3;
	return length;
}

size_t
plain_write(uint8_t *out, size_t limit, const uint8_t *text, size_t len)
{
	size_t i = plain_prefix(text, len), at, used;
	const char *instead;
	char picture[4];

	at = i < limit ? i : limit;
	memcpy(out, text, at);
	for (; i < len; i += used) {
		instead = stand_in(text + i, len - i, &used, picture);
		if (limit - at < (instead != NULL ? 3 : used))
			break;
		if (instead != NULL) {
			memcpy(out + at, instead, 3);
			at += 3;
		} else {
			memcpy(out + at, text + i, used);
			at += used;
		}
	}
	return at;
}
