/*
 * unsent - see unsent.h.
 */
#include "config.h"

#include "bench/unsent.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_FIRST	4096
#define HEAD_MAX	14

unsigned char *
unsent_reserve(struct unsent **unsent, size_t len)
{
	struct unsent *u = *unsent;
	size_t used = u == NULL ? 0 : u->end - u->begin, size;

	if (len > UNSENT_MAX || used + len > UNSENT_MAX)
		return NULL;
	if (u != NULL && u->begin > 0 && u->end + len > u->size) {
		memmove(u->bytes, u->bytes + u->begin, used);
		u->begin = 0;
		u->end = used;
	}
	if (u == NULL || used + len > u->size) {
		size = u == NULL ? SIZE_FIRST : u->size;
		while (size < used + len)
			size *= 2;
		if ((u = realloc(u, sizeof(*u) + size)) == NULL)
			return NULL;
		if (*unsent == NULL)
			u->begin = u->end = 0;
		u->size = size;
		*unsent = u;
	}
	return u->bytes + u->end;
}

/* A mask need not be a secret here, only not always the same. */
static uint32_t
mask_next(void)
{
	static uint32_t x = 2463534242U;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

static size_t
head_write(unsigned char *p, int op, size_t len)
{
	size_t i;

	p[0] = (unsigned char)(0x80 | op);
	if (len < 126) {
		p[1] = (unsigned char)(0x80 | len);
		return 2;
	}
	if (len < 65536) {
		p[1] = 0x80 | 126;
		p[2] = (unsigned char)(len >> 8);
		p[3] = (unsigned char)len;
		return 4;
	}
	p[1] = 0x80 | 127;
	for (i = 0; i < 8; i++)
		p[2 + i] = (unsigned char)((uint64_t)len >> (56 - 8 * i));
	return 10;
}

bool
unsent_add_frame(struct unsent **unsent, int op, const void *data, size_t len)
{
	unsigned char *p = unsent_reserve(unsent, len + HEAD_MAX), mask[4];
	const unsigned char *from = data;
	uint32_t m = mask_next();
	size_t head, i;

	if (p == NULL)
		return false;
	head = head_write(p, op, len);
	memcpy(mask, &m, 4);
	memcpy(p + head, mask, 4);
	p += head + 4;
	for (i = 0; i < len; i++)
		p[i] = from[i] ^ mask[i & 3];
	(*unsent)->end += head + 4 + len;
	return true;
}
