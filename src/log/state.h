/*
 * state - the broker's private memory file: fixed rows that outlive it.
 *
 * A row is a session (one connection and its membership), a room, or, where
 * somebody may come back or have several connections, a member and each of
 * its connections by themselves.  Rows are the broker's tables and what its
 * successor finds.  The parent holds the
 * descriptor, the broker alone maps it.  How rows lie in the file is in
 * log/rows.h: a row's address stays valid.  A pure module over a descriptor.
 *
 * A row counts when its `kind` is set, which state_publish stores last; the
 * checksum covers what never changes while the row lives.  Fields that do
 * change are single stores, repaired by replaying the log from
 * `applied`.  Long names lie in TEXT rows, linked.
 */
#ifndef LOG_STATE_H
#define LOG_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum state_kind {
	STATE_FREE = 0,
	STATE_SESSION = 1,
	STATE_ROOM = 2,
	STATE_TEXT = 3,
	STATE_MEMBER = 4,
	STATE_CONNECTION = 5
};

#define STATE_ROW		64	/* bytes */
#define STATE_NONE		UINT32_MAX

#define STATE_TOKEN	16		/* bytes: the first half of SHA-256 */

/* SESSION: a connection the broker knows, which is a member of a room or on
 * an echo route.  MEMBER: one with a token, whose connections have rows of
 * their own; without any it is away.  What may change is not in the
 * checksum. */
struct state_session {
	_Atomic uint32_t kind;
	uint32_t checksum;
	union {
		struct {		/* SESSION */
			uint64_t generation;	/* of its worker */
			uint64_t connection;
		};
		uint8_t token[STATE_TOKEN];	/* MEMBER: its hash */
	};
	uint64_t number;		/* N of the name userN */
	union {
		uint64_t address;	/* SESSION: whom it counts for; 0:
					 * nobody */
		_Atomic uint64_t grace_end;	/* MEMBER, away: clock_ms() at
						 * which it leaves */
	};
	uint8_t route;
	uint8_t maker[7];		/* MEMBER: whom it counts for while it
					 * is away, see state_maker */
	_Atomic uint32_t room;		/* row of its room; STATE_NONE: echo */
	_Atomic uint32_t name;		/* TEXT row; STATE_NONE: userN */
	_Atomic uint64_t proven;	/* MEMBER: up to here it has had the
					 * room's messages for certain */
};

/* The low 56 bits of an address key are enough to tell addresses apart where
 * they are counted; 0: nobody. */
static inline uint64_t
state_maker(const struct state_session *s)
{
	uint64_t maker = 0;

	for (unsigned i = 0; i < sizeof(s->maker); i++)
		maker |= (uint64_t)s->maker[i] << 8 * i;
	return maker;
}

static inline void
state_set_maker(struct state_session *s, uint64_t address)
{
	for (unsigned i = 0; i < sizeof(s->maker); i++)
		s->maker[i] = (uint8_t)(address >> 8 * i);
}

/* A connection of a MEMBER. */
struct state_connection {
	_Atomic uint32_t kind;
	uint32_t checksum;
	uint64_t generation;		/* of its worker */
	uint64_t connection;
	uint64_t address;		/* whom it counts for; 0: nobody */
	uint32_t member;		/* row */
	uint8_t reserved[28];
};

struct state_room {
	_Atomic uint32_t kind;
	uint32_t checksum;
	uint64_t identity;		/* never used again */
	_Atomic uint64_t seq;		/* of the last message, 0: none */
	_Atomic uint64_t newest;	/* position of its newest message */
	uint32_t name;			/* TEXT row; STATE_NONE: default room */
	uint8_t route;
	uint8_t reserved[3];
	uint64_t maker;			/* address it counts for; 0: nobody */
	uint8_t reserved_too[16];
};

struct state_text {
	_Atomic uint32_t kind;
	uint32_t checksum;
	uint32_t next;			/* TEXT row or STATE_NONE */
	uint8_t len;			/* bytes used here */
	char bytes[51];
};

_Static_assert(sizeof(struct state_session) == STATE_ROW, "one row");
_Static_assert(sizeof(struct state_connection) == STATE_ROW, "one row");
_Static_assert(sizeof(struct state_room) == STATE_ROW, "one row");
_Static_assert(sizeof(struct state_text) == STATE_ROW, "one row");

struct state;

/* Creates an empty state file (mode 0400).  Descriptor or -1 with errno. */
int state_create(void) __attribute__((warn_unused_result));

/* Maps the file; borrows `fd`, which must stay open (growing needs it).
 * Rows whose checksum does not hold or whose room, text or member is not there
 * become free, as do TEXT rows that no row uses.  `damaged_out` counts the
 * former.  NULL with errno (EPROTO: not a state file of this layout). */
struct state *state_open(int fd, uint32_t *damaged_out)
    __attribute__((warn_unused_result));
void state_close(struct state *);

/* Reserves a free row (it does not count yet) and zeroes it; STATE_NONE when
 * the file cannot grow. */
uint32_t state_reserve(struct state *) __attribute__((warn_unused_result));
/* Gives a reserved row its checksum and then, last, its kind. */
void state_publish(struct state *, uint32_t row, enum state_kind);
/* Frees a row and the TEXT rows it names; of a row not yet published only
 * the row (a text stored for it is released by its own first row). */
void state_release(struct state *, uint32_t row);

/* Stores a text of at most 255 bytes in TEXT rows; STATE_NONE when out of
 * space.  state_text_load copies it out and returns its length. */
uint32_t state_text_store(struct state *, const char *text, size_t len)
    __attribute__((warn_unused_result));
size_t state_text_load(const struct state *, uint32_t row, char *out,
    size_t size);

/* Lends a row of the kind (a session: SESSION or MEMBER); NULL when the row
 * is another kind or none. */
struct state_session *state_session(const struct state *, uint32_t row);
struct state_connection *state_connection(const struct state *,
    uint32_t row);
struct state_room *state_room(const struct state *, uint32_t row);
/* A row just reserved, before it is published. */
void *state_reserved(const struct state *, uint32_t row);
/* Changes a published row in a field that may change. */
void state_store_32(_Atomic uint32_t *field, uint32_t);
void state_store_64(_Atomic uint64_t *field, uint64_t);

uint32_t state_rows(const struct state *);	/* rows 0..n-1 to iterate */
enum state_kind state_kind(const struct state *, uint32_t row);

/* The log position up to which rows reflect the log. */
uint64_t state_applied(const struct state *);
void state_applied_store(struct state *, uint64_t position);

#endif
