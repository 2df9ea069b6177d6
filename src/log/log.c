/*
 * log - creates, opens and maps the memory file of the log.
 *
 * Runs in the parent (create, open), the broker and the workers (map).  Knows
 * the header page and the receipts; the records are append.c's and cursor.c's.
 */
#include "config.h"

#include "log/log.h"

#include "log/step.h"

#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_SEALS	(F_SEAL_GROW | F_SEAL_SHRINK)

struct log {
	uint8_t *base;		/* header, receipts, ring, ring again */
	uint64_t ring_size;	/* the file's copy is never trusted again */
};

static bool
ring_size_is_valid(uint64_t size)
{
	return size >= LOG_SIZE_MIN && size <= LOG_SIZE_MAX &&
	    (size & (size - 1)) == 0;
}

static bool
log_header_write(int fd, uint64_t ring_size)
{
	struct log_header header;
	ssize_t n;

	memset(&header, 0, sizeof(header));
	header.magic = LOG_MAGIC;
	header.layout = LOG_LAYOUT;
	header.header_size = sizeof(header);
	header.ring_size = ring_size;
	n = getrandom(header.epoch, sizeof(header.epoch), 0);
	if (n != (ssize_t)sizeof(header.epoch))
		return false;
	n = pwrite(fd, &header, sizeof(header), 0);
	return n == (ssize_t)sizeof(header);
}

int
log_create(uint64_t ring_size)
{
	int error, fd;

	if (!ring_size_is_valid(ring_size)) {
		errno = EINVAL;
		return -1;
	}
	fd = memfd_create("wschatd-log", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd == -1)
		return -1;
	/* Mode 0400: a reader of another user cannot open it again for
	 * writing through /proc.  F_SEAL_FUTURE_WRITE would do that too, but
	 * no second broker could map it. */
	if (ftruncate(fd, (off_t)(LOG_RING_AT + ring_size)) == -1 ||
	    !log_header_write(fd, ring_size) || fchmod(fd, 0400) == -1 ||
	    fcntl(fd, F_ADD_SEALS, LOG_SEALS | F_SEAL_SEAL) == -1) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

int
log_open_readonly(int fd)
{
	char path[sizeof("/proc/self/fd/") + 3 * sizeof(fd)];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Says the ring size of a log file, 0 when it is none. */
static uint64_t
log_file_check(int fd)
{
	struct log_header header;
	struct stat st;
	int seals;

	seals = fcntl(fd, F_GET_SEALS);
	if (seals == -1 || (seals & LOG_SEALS) != LOG_SEALS)
		return 0;
	if (fstat(fd, &st) == -1 ||
	    pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header))
		return 0;
	if (header.magic != LOG_MAGIC || header.layout != LOG_LAYOUT ||
	    header.header_size != sizeof(header) ||
	    !ring_size_is_valid(header.ring_size) ||
	    (uint64_t)st.st_size != LOG_RING_AT + header.ring_size)
		return 0;
	return header.ring_size;
}

/* Lays the file and its ring a second time over one reserved range. */
static uint8_t *
log_file_map(int fd, uint64_t ring_size, int protection)
{
	size_t file = LOG_RING_AT + ring_size;
	uint8_t *base;
	int error;

	base = mmap(NULL, file + ring_size, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return NULL;
	if (mmap(base, file, protection, MAP_SHARED | MAP_FIXED, fd, 0) ==
	    MAP_FAILED ||
	    mmap(base + file, ring_size, protection, MAP_SHARED | MAP_FIXED,
	    fd, LOG_RING_AT) == MAP_FAILED) {
		error = errno;
		munmap(base, file + ring_size);
		errno = error;
		return NULL;
	}
	return base;
}

struct log *
log_map(int fd, bool writable)
{
	uint64_t ring_size;
	struct log *log;

	ring_size = log_file_check(fd);
	if (ring_size == 0) {
		errno = EPROTO;
		return NULL;
	}
	log = malloc(sizeof(*log));
	if (log == NULL)
		return NULL;
	log->ring_size = ring_size;
	log->base = log_file_map(fd, ring_size,
	    writable ? PROT_READ | PROT_WRITE : PROT_READ);
	if (log->base == NULL) {
		free(log);
		return NULL;
	}
	return log;
}

void
log_unmap(struct log *log)
{
	if (log == NULL)
		return;
	munmap(log->base, LOG_RING_AT + 2 * log->ring_size);
	free(log);
}

struct log_header *
log_header(const struct log *log)
{
	return (struct log_header *)log->base;
}

struct log_receipt *
log_receipt(const struct log *log, unsigned index)
{
	assert(index < LOG_RECEIPTS);
	return (struct log_receipt *)(log->base + LOG_RECEIPTS_AT) + index;
}

uint64_t
log_ring_size(const struct log *log)
{
	return log->ring_size;
}

void *
log_at(const struct log *log, uint64_t position)
{
	return log->base + LOG_RING_AT + (position & (log->ring_size - 1));
}

uint64_t
log_committed(const struct log *log)
{
	return atomic_load_explicit(&log_header(log)->committed,
	    memory_order_acquire);
}

uint64_t
log_first(const struct log *log)
{
	return atomic_load_explicit(&log_header(log)->first,
	    memory_order_acquire);
}

void
log_receipt_store(const struct log *log, unsigned index, uint64_t generation,
    uint64_t last)
{
	struct log_receipt *row = log_receipt(log, index);

	if (atomic_load_explicit(&row->generation, memory_order_relaxed) ==
	    generation) {
		atomic_store_explicit(&row->last, last, memory_order_release);
		return;
	}
	/* Whoever sees the new `last` sees at least the invalidation. */
	atomic_store_explicit(&row->generation, 0, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	LOG_STEP();
	atomic_store_explicit(&row->last, last, memory_order_relaxed);
	LOG_STEP();
	atomic_store_explicit(&row->generation, generation,
	    memory_order_release);
}

uint64_t
log_receipt_load(const struct log *log, unsigned index, uint64_t generation)
{
	struct log_receipt *row = log_receipt(log, index);
	uint64_t last;

	if (atomic_load_explicit(&row->generation, memory_order_acquire) !=
	    generation)
		return 0;
	last = atomic_load_explicit(&row->last, memory_order_acquire);
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&row->generation, memory_order_relaxed) !=
	    generation)
		return 0;
	return last;
}

void
log_hand_store(const struct log *log, uint64_t generation, uint64_t request)
{
	struct log_header *header = log_header(log);

	/* A broker may die between any two: no pair is wrong. */
	atomic_store_explicit(&header->hand_generation, 0,
	    memory_order_release);
	if (generation == 0)
		return;
	atomic_store_explicit(&header->hand_request, request,
	    memory_order_release);
	atomic_store_explicit(&header->hand_generation, generation,
	    memory_order_release);
}

bool
log_hand_load(const struct log *log, uint64_t *generation_out,
    uint64_t *request_out)
{
	struct log_header *header = log_header(log);

	*generation_out = atomic_load_explicit(&header->hand_generation,
	    memory_order_acquire);
	*request_out = atomic_load_explicit(&header->hand_request,
	    memory_order_acquire);
	return *generation_out != 0;
}
