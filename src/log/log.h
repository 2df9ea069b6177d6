/*
 * log - the memory file in which every public event stands once.
 *
 * Owns the layout of the file and its mapping: a header page, the receipts
 * and a ring that is mapped twice back to back, so that a record is always
 * contiguous.  The parent creates it, the broker alone maps it writable,
 * workers map it read-only.  Writing is append.h, reading is cursor.h.
 *
 *      0            LOG_RECEIPTS_AT        LOG_RING_AT
 *      +------------+---------------------+-----------------+- - - - - - - -+
 *      | log_header | log_receipt[1024]   | ring (size)     | ring (again)  |
 *      +------------+---------------------+-----------------+- - - - - - - -+
 *
 * A position is a count of bytes ever appended; it never wraps.  The byte at
 * position p lies at ring[p & (size - 1)].  Readable is first <= p < committed.
 */
#ifndef LOG_LOG_H
#define LOG_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_MAGIC		UINT64_C(0x31676f6c74616863)	/* "chatlog1" */
#define LOG_LAYOUT		2
#define LOG_RECEIPTS		1024	/* rows: worker indexes 0..1023 */
#define LOG_ROUTES		64	/* naming counters */
#define LOG_RECEIPTS_AT		4096
#define LOG_RING_AT		(LOG_RECEIPTS_AT + LOG_RECEIPTS * 64)
#define LOG_SIZE_MIN		(UINT64_C(1) << 20)
#define LOG_SIZE_MAX		(UINT64_C(1) << 32)
#define LOG_NONE		UINT64_MAX	/* no position */
#define LOG_POSITION_MAX	(UINT64_C(1) << 62) /* none was ever beyond */

struct log_header {
	uint64_t magic;
	uint32_t layout;
	uint32_t header_size;
	uint64_t ring_size;		/* a power of two */
	uint8_t epoch[16];		/* random, new with every file */
	_Alignas(64) _Atomic uint64_t first;	/* oldest readable position */
	_Alignas(64) _Atomic uint64_t committed; /* end of the readable part */
	_Alignas(64) _Atomic uint64_t next_user[LOG_ROUTES]; /* naming */
	_Atomic uint64_t next_room;	/* room identities, never reused */
	_Alignas(64) _Atomic uint64_t hand_generation;	/* 0: nothing */
	_Atomic uint64_t hand_request;	/* is being carried out */
};

/* The requests of one worker up to `last` are answered: their records are
 * committed and their refusals are on the way.  One cache line each. */
struct log_receipt {
	_Alignas(64) _Atomic uint64_t generation;	/* 0: unused */
	_Atomic uint64_t last;
};

_Static_assert(sizeof(struct log_header) <= LOG_RECEIPTS_AT, "header page");
_Static_assert(sizeof(struct log_receipt) == 64, "one line a receipt");

struct log;			/* a mapping */

/* Creates a memory file (mode 0400, sealed against growing and shrinking)
 * with an empty log; `ring_size` is a power of two within LOG_SIZE_MIN..MAX.
 * Returns a descriptor, owned by the caller, or -1 with errno. */
int log_create(uint64_t ring_size) __attribute__((warn_unused_result));

/* Opens a second, read-only description of the file behind `fd`, to be given
 * to readers.  Returns a descriptor or -1 with errno. */
int log_open_readonly(int fd) __attribute__((warn_unused_result));

/* Maps the log; borrows `fd` for the call only.  Checks size, magic, layout
 * and seals.  Returns an owned mapping or NULL with errno (EPROTO: not a
 * log of this layout). */
struct log *log_map(int fd, bool writable) __attribute__((warn_unused_result));
void log_unmap(struct log *);

struct log_header *log_header(const struct log *);
struct log_receipt *log_receipt(const struct log *, unsigned index);
uint64_t log_ring_size(const struct log *);
/* The bytes at a position: contiguous for a whole ring size. */
void *log_at(const struct log *, uint64_t position);

/* Acquire loads, for readers. */
uint64_t log_committed(const struct log *);
uint64_t log_first(const struct log *);

/* For the broker: stores a receipt; a new generation invalidates the row
 * before it changes `last`, so that no reader pairs the two wrongly. */
void log_receipt_store(const struct log *, unsigned index,
    uint64_t generation, uint64_t last);
/* The last answered request of a generation; 0 when the row is another's. */
uint64_t log_receipt_load(const struct log *, unsigned index,
    uint64_t generation);

/* For the broker: the request in its hands; generation 0: none. */
void log_hand_store(const struct log *, uint64_t generation,
    uint64_t request);
/* For a worker, when the broker is dead: what it was at.  False: at none. */
bool log_hand_load(const struct log *, uint64_t *generation_out,
    uint64_t *request_out);

#endif
