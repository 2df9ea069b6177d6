/*
 * scarce - memory that runs out when a test says so.
 *
 * Loaded into the server and its children with LD_PRELOAD: all allocations of
 * the program and of its libraries pass here, those inside the C library too.
 * SCARCE names a file with a page for each role, which a test maps as well
 * (scarcity.py): there it says which allocation is to fail, and reads how
 * many there are.  It is mapped before a child enters its sandbox.
 *
 * What does not pass here: memory that is mapped, as the log and the state
 * file are, and stacks.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE	4096
#define FRAMES	16
#define EARLY	16384

struct counts {
	uint64_t pid;		/* of who has the role now */
	uint64_t fail_at;	/* counted down, fails at 1; 0: none does */
	uint64_t goes_on;	/* and so do all behind it */
	uint64_t failed;
	uint64_t calls;
	uint64_t blocks;	/* allocated and not freed */
	uint64_t bytes;
	uint64_t frames[FRAMES];	/* who asked for what failed last */
};

_Static_assert(sizeof(struct counts) <= PAGE, "a page");

static struct counts *counts;
static void *(*next_malloc)(size_t), *(*next_calloc)(size_t, size_t),
    *(*next_realloc)(void *, size_t), *(*next_memalign)(size_t, size_t);
static void (*next_free)(void *);
/* What dlsym() needs itself; nobody gives it back. */
static _Alignas(16) char early[EARLY];
static size_t early_used;
static bool is_finding, is_tracing, is_fork;

static bool
is_early(const void *block)
{
	return (const char *)block >= early &&
	    (const char *)block < early + EARLY;
}

static void *
early_alloc(size_t size)
{
	void *block = early + early_used;

	early_used += (size + 15) & ~(size_t)15;
	if (early_used > EARLY)
		abort();
	return block;
}

/* Libraries allocate before our constructor runs, and dlsym() does meanwhile:
 * false. */
static bool
find_next(void)
{
	if (next_calloc != NULL || is_finding)
		return next_calloc != NULL;
	is_finding = true;
	next_malloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
	next_realloc = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
	next_memalign = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT,
	    "memalign");
	next_free = (void (*)(void *))dlsym(RTLD_NEXT, "free");
	next_calloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
	is_finding = false;
	return true;
}

/* What a child frees before it is another program, the parent still has. */
static void
note_fork(void)
{
	is_fork = true;
}

static void __attribute__((constructor))
scarce_open(void)
{
	static const char *const roles[] = { "parent", "broker", "worker" };
	const char *path = getenv("SCARCE"), *role = getenv("WSCHATD_ROLE");
	char *pages;
	void *frame;
	size_t i;
	int fd;

	if (!find_next() || path == NULL ||
	    (fd = open(path, O_RDWR | O_CLOEXEC)) == -1)
		return;
	pages = mmap(NULL, PAGE * 3, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
	    0);
	close(fd);
	if (pages == MAP_FAILED)
		return;
	for (i = 2; i > 0 && (role == NULL || strcmp(role, roles[i]) != 0); )
		i--;
	(void)backtrace(&frame, 1);	/* it loads a library the first time */
	pthread_atfork(NULL, NULL, note_fork);
	counts = (struct counts *)(pages + PAGE * i);
	memset(counts, 0, sizeof(*counts));
	counts->pid = (uint64_t)getpid();
}

/* Whether this allocation is one that fails. */
static bool
fails(void)
{
	void *frames[FRAMES];
	int i, n;

	if (counts == NULL || is_tracing)
		return false;
	counts->calls++;
	if (counts->fail_at == 0)
		return false;
	if (counts->fail_at > 1) {
		counts->fail_at--;
		return false;
	}
	if (!counts->goes_on)
		counts->fail_at = 0;
	counts->failed++;
	is_tracing = true;
	n = backtrace(frames, FRAMES);
	is_tracing = false;
	for (i = 0; i < FRAMES; i++)
		counts->frames[i] = i < n ? (uintptr_t)frames[i] : 0;
	errno = ENOMEM;
	return true;
}

static void *
count(void *block)
{
	if (counts != NULL && !is_fork && block != NULL) {
		counts->blocks++;
		counts->bytes += malloc_usable_size(block);
	}
	return block;
}

static void
discount(void *block)
{
	if (counts != NULL && !is_fork && block != NULL) {
		counts->blocks--;
		counts->bytes -= malloc_usable_size(block);
	}
}

void *
malloc(size_t size)
{
	if (!find_next())
		return early_alloc(size);
	return fails() ? NULL : count(next_malloc(size));
}

void *
calloc(size_t number, size_t size)
{
	if (!find_next())
		return early_alloc(number * size);
	return fails() ? NULL : count(next_calloc(number, size));
}

void *
realloc(void *block, size_t size)
{
	size_t before;
	void *after;

	if (!find_next() || is_early(block)) {
		after = malloc(size);
		before = (size_t)(early + EARLY - (char *)block);
		if (block != NULL && after != NULL)
			memcpy(after, block, size < before ? size : before);
		return after;
	}
	if (fails())
		return NULL;
	before = block == NULL ? 0 : malloc_usable_size(block);
	after = next_realloc(block, size);
	if (counts != NULL && !is_fork && (after != NULL || size == 0)) {
		counts->blocks += (after != NULL) - (block != NULL);
		counts->bytes -= before;
		counts->bytes += after == NULL ? 0 :
		    malloc_usable_size(after);
	}
	return after;
}

void *
reallocarray(void *block, size_t number, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(number, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(block, all);
}

void *
memalign(size_t alignment, size_t size)
{
	if (!find_next())
		abort();
	return fails() ? NULL : count(next_memalign(alignment, size));
}

void *
aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int
posix_memalign(void **block_out, size_t alignment, size_t size)
{
	void *block = memalign(alignment, size);

	if (block == NULL)
		return ENOMEM;
	*block_out = block;
	return 0;
}

void
free(void *block)
{
	if (block == NULL || is_early(block))
		return;
	discount(block);
	next_free(block);
}
