/*
 * record - the form of one event in the log.
 *
 * A record is its fixed part, the name, the text and zero bytes up to a
 * multiple of 8.  What its flags and its kind call for stands before the text
 * proper and counts as text in `text_len`: the token's hash, the id with its
 * length in front, struct record_enter, in this order.  A record is written
 * by append.h and read by cursor.h; whoever reads one through a mapping that
 * the broker writes copies it first.
 */
#ifndef LOG_RECORD_H
#define LOG_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum record_kind {
	RECORD_MESSAGE = 1,	/* name: the sender's; text: what was said */
	RECORD_JOIN,		/* name: the member's; text: the room's name */
	RECORD_LEAVE,		/* name: the member's */
	RECORD_RENAME,		/* name: the old one; text: the new one */
	RECORD_KEPT,		/* a MESSAGE appended again, see append.h */
	RECORD_ENTER,		/* a connection takes its place as a member
				 * that is there already; as JOIN */
	RECORD_KINDS
};

enum record_flag {
	RECORD_ACTION = 1,	/* MESSAGE: what the sender does (/me) */
	RECORD_MOVED = 2,	/* LEAVE, and the JOIN behind it: another room
				 * of the route; ENTER: a connection follows
				 * its member there */
	RECORD_TOKEN = 4,	/* the member has a token */
	RECORD_ID = 8		/* MESSAGE: its sender has given it an id */
};

#define RECORD_TOKEN_BYTES	16	/* the first half of its SHA-256 */
#define RECORD_ID_MAX		64	/* bytes */

/* What ENTER has besides. */
struct record_enter {
	uint64_t proven;	/* up to here the member has had the room's
				 * messages for certain */
	uint64_t replaced;	/* the connection that it takes the place of
				 * and that ends; 0: none */
};

struct record {
	uint32_t length;	/* of the whole record, a multiple of 8 */
	uint32_t checksum;	/* CRC-32 of all that follows */
	uint8_t kind;		/* enum record_kind */
	uint8_t route;		/* index of the route */
	uint8_t name_len;	/* bytes */
	uint8_t flags;		/* enum record_flag */
	uint32_t text_len;	/* bytes */
	uint64_t time_us;	/* since 1970, of the event (KEPT: the first) */
	uint64_t room;		/* room identity */
	uint64_t seq;		/* the room's number of this message; for other
				 * kinds that of the room's last message */
	uint64_t previous;	/* position of the room's previous message, KEPT
				 * or not: who looks back need not pass by who
				 * came and went */
	uint64_t sender;	/* connection; 0: the member is away */
	uint64_t generation;	/* origin: worker generation, 0: the broker */
	uint64_t request;	/* origin: request number; 0 of a move whose
				 * sender follows another tab; of the broker:
				 * the generation of the sender's worker */
	uint64_t count;		/* members of the room after the event;
				 * MESSAGE: the N of the member, of its name
				 * userN, whatever it is called now */
};

_Static_assert(sizeof(struct record) == 80, "no hidden padding");

#define RECORD_ALIGN	8

/* Length of a record with texts of these sizes, in bytes. */
static inline size_t
record_length(size_t name_len, size_t text_len)
{
	return (sizeof(struct record) + name_len + text_len +
	    RECORD_ALIGN - 1) & ~(size_t)(RECORD_ALIGN - 1);
}

/* The longest record a ring of this size takes: a sixteenth of it, so that
 * the reserve that KEPT needs (append.h) stays small. */
static inline uint64_t
record_length_max(uint64_t ring_size)
{
	return ring_size / 16 + sizeof(struct record) + 256;
}

/* Whether a fixed part, copied out of the ring, can be the head of a record
 * of which at most `available` bytes are readable.  Checks form, not sum. */
bool record_is_sane(const struct record *, uint64_t available);

/* CRC-32 over the record behind the checksum field; `record` is contiguous. */
uint32_t record_checksum(const struct record *record);

#endif
