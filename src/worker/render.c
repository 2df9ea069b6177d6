/*
 * render - see render.h.
 */
#include "config.h"

#include "worker/render.h"

#include <inttypes.h>
#include <stdio.h>
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
render_safe_length(const uint8_t *text, size_t len)
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
render_safe_write(uint8_t *out, size_t limit, const uint8_t *text, size_t len)
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

/* Reserves and counts `len` bytes; lends where they go. */
static uint8_t *
line_reserve(struct buf *b, size_t len)
{
	/* One more, since nothing is lent of an empty buffer. */
	uint8_t *to = buf_reserve(b, len + 1);

	if (to != NULL)
		buf_commit(b, len);
	return to;
}

static uint8_t *
put(uint8_t *to, size_t safe_len, const uint8_t *text, size_t len)
{
	render_safe_write(to, safe_len, text, len);
	return to + safe_len;
}

bool
render_message(struct buf *b, const struct settings_route *route,
    const uint8_t *name, size_t name_len, const uint8_t *text,
    size_t text_len)
{
	size_t name_safe = render_safe_length(name, name_len);
	size_t text_safe = render_safe_length(text, text_len), len = 0;
	const char *f;
	uint8_t *to;

	for (f = route->message; *f != '\0'; f++) {
		if (*f != '%')
			len++;
		else if (*++f == 'n')
			len += name_safe;
		else
			len += *f == 't' ? text_safe : 1;
	}
	to = line_reserve(b, len);
	if (to == NULL)
		return false;
	for (f = route->message; *f != '\0'; f++) {
		if (*f != '%')
			*to++ = (uint8_t)*f;
		else if (*++f == 'n')
			to = put(to, name_safe, name, name_len);
		else if (*f == 't')
			to = put(to, text_safe, text, text_len);
		else
			*to++ = (uint8_t)*f;
	}
	return true;
}

bool
render_echo(struct buf *b, const struct settings_route *route,
    const uint8_t *text, size_t text_len)
{
	size_t len = 0;
	const char *f;
	uint8_t *to;

	for (f = route->echo; *f != '\0'; f++)
		len += *f == '%' && *++f == 't' ? text_len : 1;
	to = line_reserve(b, len);
	if (to == NULL)
		return false;
	for (f = route->echo; *f != '\0'; f++) {
		if (*f != '%' || *++f != 't') {
			*to++ = (uint8_t)*f;
		} else if (text_len > 0) {
			memcpy(to, text, text_len);
			to += text_len;
		}
	}
	return true;
}

bool
render_greeting(struct buf *b, const struct settings_route *route,
    uint64_t users)
{
	char line[SETTINGS_FORMAT * 11];
	size_t len = 0;
	uint8_t *to;

	if (route->greeting[0] == '\0')
		return true;
	for (const char *f = route->greeting; *f != '\0'; f++) {
		if (*f != '%')
			line[len++] = *f;
		else if (*++f == 'u')
			len += (size_t)snprintf(line + len,
			    sizeof(line) - len, "%" PRIu64, users);
		else
			line[len++] = *f;
	}
	to = line_reserve(b, len);
	if (to == NULL)
		return false;
	memcpy(to, line, len);
	return true;
}

bool
render_action(struct buf *b, const uint8_t *name, size_t name_len,
    const uint8_t *text, size_t text_len)
{
	size_t name_safe = render_safe_length(name, name_len);
	size_t text_safe = render_safe_length(text, text_len);
	uint8_t *to = line_reserve(b, 2 + name_safe + 1 + text_safe);

	if (to == NULL)
		return false;
	*to++ = '*';
	*to++ = ' ';
	to = put(to, name_safe, name, name_len);
	*to++ = ' ';
	put(to, text_safe, text, text_len);
	return true;
}

bool
render_announcement(struct buf *b, const char *what, const uint8_t *name,
    size_t name_len)
{
	size_t what_len = strlen(what);
	size_t name_safe = render_safe_length(name, name_len);
	uint8_t *to = line_reserve(b, what_len + name_safe + 1);

	if (to == NULL)
		return false;
	memcpy(to, what, what_len);
	render_safe_write(to + what_len, name_safe, name, name_len);
	to[what_len + name_safe] = '.';
	return true;
}

bool
render_rename(struct buf *b, const uint8_t *old, size_t old_len,
    const uint8_t *name, size_t name_len)
{
	static const char what[] = "[server] Member renamed from ";
	size_t old_safe = render_safe_length(old, old_len);
	size_t name_safe = render_safe_length(name, name_len);
	uint8_t *to = line_reserve(b, sizeof(what) - 1 + old_safe + 4 +
	    name_safe + 1);

	if (to == NULL)
		return false;
	memcpy(to, what, sizeof(what) - 1);
	to = put(to + sizeof(what) - 1, old_safe, old, old_len);
	memcpy(to, " to ", 4);
	to = put(to + 4, name_safe, name, name_len);
	*to = '.';
	return true;
}
