/*
 * render - see render.h.
 */
#include "config.h"

#include "worker/render.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/plain.h"

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
	plain_write(to, safe_len, text, len);
	return to + safe_len;
}

bool
render_message(struct buf *b, const struct settings_route *route,
    const uint8_t *name, size_t name_len, const uint8_t *text,
    size_t text_len)
{
	size_t name_safe = plain_length(name, name_len);
	size_t text_safe = plain_length(text, text_len), len = 0;
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
	size_t name_safe = plain_length(name, name_len);
	size_t text_safe = plain_length(text, text_len);
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
	size_t name_safe = plain_length(name, name_len);
	uint8_t *to = line_reserve(b, what_len + name_safe + 1);

	if (to == NULL)
		return false;
	memcpy(to, what, what_len);
	plain_write(to + what_len, name_safe, name, name_len);
	to[what_len + name_safe] = '.';
	return true;
}

bool
render_rename(struct buf *b, const uint8_t *old, size_t old_len,
    const uint8_t *name, size_t name_len)
{
	static const char what[] = "[server] Member renamed from ";
	size_t old_safe = plain_length(old, old_len);
	size_t name_safe = plain_length(name, name_len);
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
