/*
 * Contract of tests/faults/cast.c: who took part in a run, what each of them
 * said and heard, and the trace of it that judge.py reads.  Bookkeeping of
 * the crowd; it opens no socket.
 *
 * A text is "^RRRRRRSSSSSSSSCCCCCCCCTTTTTTTTKKKKKKKK" in hex: the run, the
 * sender's number, its counter, a random tag, and the check sum of what
 * stands before it (FNV-1a, 32 bits).  A whisper begins with "!" instead.
 */

#ifndef FAULTS_CAST_H
#define FAULTS_CAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "bench/histogram.h"

#define CAST_TEXT	39		/* bytes of a text */
#define CAST_NAME	33
#define CAST_TOKEN	23
#define CAST_NOBODY	UINT32_MAX	/* a line's addressee */

/* What one is, as bits. */
enum trait { CAST_JSON = 1, CAST_STALLED = 2, CAST_TLS = 4 };

enum answer { ANSWER_NONE, ANSWER_SAID, ANSWER_NOT_FOUND };

struct list {
	uint32_t *items;
	size_t count, size;
};

/* One who is in the room once, however often the connection was lost. */
struct member {
	uint32_t number;
	bool json, stalled, tls;
	bool joined, ended, planned;	/* planned: the crowd ended it */
	uint64_t join_ns, end_ns, lost_ns;
	uint32_t resumes;
	uint64_t seq;			/* the last that was heard */
	char token[CAST_TOKEN], name[CAST_NAME];
	struct list said, whispered;	/* messages, by counter */
	struct list heard, asides;	/* messages, in the order heard */
	struct histogram times;		/* due → heard */
};

struct message {
	char text[CAST_TEXT + 1];
	uint8_t answer;			/* enum answer */
	bool again;			/* said on a second connection, too */
	uint32_t from, to;
	uint64_t due_ns, first_ns, last_ns;
	uint32_t heard;
};

struct cast {
	struct member **members;
	size_t member_count, member_size;
	struct message *messages;
	size_t message_count, message_size;
	uint64_t foreign;		/* lines of others' */
	uint32_t run;
	FILE *trace;
};

/* Exits on failure: without memory or a trace there is no test. */
void	cast_init(struct cast *, const char *trace_path);
void	cast_clear(struct cast *);

/* Lends a new member, who has not joined yet; `traits` of enum trait. */
struct member *cast_add(struct cast *, unsigned traits);

/* A new message of `from`; lends it until the next.  `to`: CAST_NOBODY. */
struct message *cast_say(struct cast *, struct member *from, uint32_t to,
    uint64_t due_ns);

/*
 * `member` heard `text`, `len` bytes that begin with "^" or "!".  False: no
 * member said that; unless another crowd did, it stands in the trace as
 * strange.
 */
bool	cast_hear(struct cast *, struct member *, const char *text,
    size_t len, uint64_t now);

/* Who whispered `text` was told what became of it. */
void	cast_answer(struct cast *, struct member *, const char *text,
    size_t len, enum answer);

/* Something that must not be heard at all. */
void	cast_strange(struct cast *, const struct member *, const char *text,
    size_t len);
/* A line about an event: `what` of member, in microseconds. */
void	cast_note(struct cast *, const struct member *, const char *what,
    const char *why, uint64_t from_ns, uint64_t to_ns);

/*
 * Everything else of the trace.  Its times are of those who were there
 * throughout, without what was said again.
 */
void	cast_write(struct cast *);

#endif
