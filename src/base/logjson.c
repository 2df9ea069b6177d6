/*
 * logjson - see logjson.h.
 */
#include "config.h"

#include "base/logjson.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DIGITS_MAX	15	/* a number that every reader takes */
#define RESERVE		8	/* what closes a value and the object */

struct out {
	char *at;
	size_t len, size;
};

/* All or nothing. */
static bool
put(struct out *out, const char *text, size_t len)
{
	if (out->len + len + RESERVE > out->size)
		return false;
	memcpy(out->at + out->len, text, len);
	out->len += len;
	return true;
}

static bool
put_byte(struct out *out, unsigned char byte)
{
	char text[8];
	int n;

	if (byte == '"' || byte == '\\')
		n = snprintf(text, sizeof(text), "\\%c", byte);
	else if (byte < 0x20 || byte >= 0x7f)
		n = snprintf(text, sizeof(text), "\\\\x%02x", byte);
	else
		n = snprintf(text, sizeof(text), "%c", byte);
	return put(out, text, (size_t)n);
}

static bool
is_number(const char *text, size_t len)
{
	if (len == 0 || len > DIGITS_MAX || (len > 1 && *text == '0'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

/* Room for the mark that ends it is always there. */
static void
put_string(struct out *out, const char *text, size_t len)
{
	if (!put(out, "\"", 1))
		return;
	for (size_t i = 0; i < len; i++)
		if (!put_byte(out, (unsigned char)text[i]))
			break;
	out->at[out->len++] = '"';
}

/* The end of a value: a quoted one ends with a mark before a blank or the
 * line's end. */
static const char *
value_end(const char *p, const char *end)
{
	if (p < end && *p == '"') {
		for (p++; p < end; p++)
			if (*p == '"' && (p + 1 == end || p[1] == ' '))
				return p + 1;
		return end;
	}
	while (p < end && *p != ' ')
		p++;
	return p;
}

/* False: there is no place for it. */
static bool
put_field(struct out *out, const char *key, size_t key_len,
    const char *value, size_t len)
{
	/* An empty pair is the least that must fit. */
	if (out->len + 2 * key_len + 16 + RESERVE > out->size)
		return false;
	if (out->len > 1)
		put(out, ",", 1);
	put_string(out, key, key_len);
	put(out, ":", 1);
	if (is_number(value, len)) {
		if (!put(out, value, len))
			put(out, "0", 1);
	} else if (len > 0 && *value == '"') {
		len -= len > 1 && value[len - 1] == '"';
		put_string(out, value + 1, len - 1);
	} else {
		put_string(out, value, len);
	}
	return true;
}

size_t
logjson_write(const char *line, size_t len, char *to, size_t size)
{
	struct out out = { .at = to, .size = size };
	const char *p = line, *end = line + len, *equal, *next;

	put(&out, "{", 1);
	while (p < end) {
		equal = memchr(p, '=', (size_t)(end - p));
		if (equal == NULL)
			break;
		next = value_end(equal + 1, end);
		if (!put_field(&out, p, (size_t)(equal - p), equal + 1,
		    (size_t)(next - equal - 1)))
			break;
		p = next < end ? next + 1 : end;
	}
	to[out.len++] = '}';
	return out.len;
}
