/*
 * mark - see mark.h.
 */
#include "config.h"

#include "bench/mark.h"

#include <string.h>

static void
hex_put(char *to, uint64_t value, unsigned digits)
{
	while (digits-- > 0) {
		to[digits] = "0123456789abcdef"[value & 15];
		value >>= 4;
	}
}

static bool
hex_get(const char *from, unsigned digits, uint64_t *out)
{
	uint64_t value = 0;
	unsigned char c;

	while (digits-- > 0) {
		c = (unsigned char)*from++;
		if (c >= '0' && c <= '9')
			value = value << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	*out = value;
	return true;
}

void
mark_write(const struct mark *m, char out[MARK_BYTES])
{
	out[0] = '~';
	hex_put(out + 1, m->run, 6);
	hex_put(out + 7, m->sender, 8);
	hex_put(out + 15, m->counter, 8);
	hex_put(out + 23, m->due_ns, 16);
}

bool
mark_read(const char *text, size_t len, struct mark *out)
{
	const char *p = memchr(text, '~', len);
	uint64_t run, sender, counter;

	if (p == NULL || len - (size_t)(p - text) < MARK_BYTES ||
	    !hex_get(p + 1, 6, &run) || !hex_get(p + 7, 8, &sender) ||
	    !hex_get(p + 15, 8, &counter) ||
	    !hex_get(p + 23, 16, &out->due_ns))
		return false;
	out->run = (uint32_t)run;
	out->sender = (uint32_t)sender;
	out->counter = (uint32_t)counter;
	return true;
}
