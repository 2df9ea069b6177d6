/*
 * guard: memory that ends where it must, for tests of parsers.
 *
 * Test code only. The bytes given out lie against a page that nobody may
 * touch: a parser that reads or writes one byte too far ends the test.
 */
#ifndef TESTS_UNIT_GUARD_H
#define TESTS_UNIT_GUARD_H

#include <assert.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard {
	unsigned char *map;
	size_t room;   /* writable bytes before the forbidden page */
	size_t page;
};

/* Room for `size` bytes and more. Ends the test when there is no memory. */
static inline void
guard_open(struct guard *guard, size_t size)
{
	guard->page = (size_t)sysconf(_SC_PAGESIZE);
	guard->room = (size / guard->page + 1) * guard->page;
	guard->map = mmap(NULL, guard->room + guard->page,
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert(guard->map != MAP_FAILED);
	if (mprotect(guard->map + guard->room, guard->page, PROT_NONE) != 0)
		assert(0);
}

/*
 * Copies `len` bytes so that the last one is the last that may be touched.
 * The copy is lent until the next call.
 */
static inline unsigned char *
guard_lay(struct guard *guard, const void *data, size_t len)
{
	unsigned char *at = guard->map + guard->room - len;

	assert(len <= guard->room);
	if (len > 0)
		memcpy(at, data, len);
	return at;
}

static inline void
guard_close(struct guard *guard)
{
	munmap(guard->map, guard->room + guard->page);
	guard->map = NULL;
}

#endif
