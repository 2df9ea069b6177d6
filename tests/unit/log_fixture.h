/*
 * log_fixture - what the tests of src/log/ share.
 *
 * A small broker in memory: rooms, their histories and a fixed sequence of
 * events whose texts follow from room and seq, so that a log can be checked
 * without the process that wrote it.  Also where a writer dies: src/log/ is
 * compiled with LOG_STEP_HOOK for these tests.
 */
#ifndef LOG_FIXTURE_H
#define LOG_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "log/append.h"
#include "log/cursor.h"
#include "log/log.h"

#define CHAT_ROOMS	6
#define CHAT_HISTORY	4	/* messages each room keeps */
#define CHAT_GENERATION	77

struct chat_room {
	uint64_t seq, newest;
};

struct chat {
	struct log *log;
	struct append *append;
	struct chat_room rooms[CHAT_ROOMS];
	uint64_t request;	/* the last event appended */
	uint64_t kept;		/* calls of the callback */
	/* Called while a record and its copy both stand; NULL: nobody. */
	void (*watch)(const struct chat *, uint64_t room);
};

/* What the event with this number is; numbers begin at 1. */
struct chat_event {
	enum record_kind kind;
	unsigned room;
	size_t text_len;
};
struct chat_event chat_event(uint64_t request);

/* Learns the rooms from the log and begins to append. */
void chat_open(struct chat *, struct log *);
void chat_close(struct chat *);
/* Appends the next event of the sequence, or one message. */
void chat_next(struct chat *);
void chat_say(struct chat *, unsigned room, size_t text_len);

/* Whether name and text are what chat_next wrote. */
bool chat_record_is_right(const struct record *, const uint8_t *name,
    const uint8_t *text);
/* Checks all of the log: records whole, events contiguous up to the returned
 * number, every message of every history there; `copies` more than once. */
uint64_t chat_check(const struct log *, unsigned copies);
/* Checks what cursor_history says of every room. */
void chat_check_history(const struct chat *);

/* A log of the least size, mapped writable; `fd_out` may be NULL. */
struct log *fixture_log(int *fd_out);
/* The process ends with _exit(0) at this step from now on; 0: never. */
void fixture_die_at(unsigned long step);
unsigned long fixture_steps(void);
/* Memory that a child shares. */
void *fixture_shared(size_t size);
/* Waits for a child, which must not have been ended by a signal. */
void fixture_wait(int pid);
/* Whether all goes twenty times slower. */
bool fixture_is_valgrind(void);
/* Reproducible numbers. */
uint64_t fixture_random(uint64_t *seed);

#endif
