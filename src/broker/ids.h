/*
 * ids - what was said under an id not long ago.
 *
 * A pure module of the broker.  A sender that does not know whether a message
 * arrived sends it again under the id that it gave it; here is where it stands
 * in the log then, for IDS_TIME_US and as long as it is in the ring.  Only a
 * hash is kept: the record in the log has the id, and the caller compares.
 */
#ifndef BROKER_IDS_H
#define BROKER_IDS_H

#include <stdbool.h>
#include <stdint.h>

#define IDS_TIME_US	(60 * UINT64_C(1000000))
#define IDS_MAX		(1U << 18)	/* of more the oldest are forgotten */

/* An id is its member's own; texts are lent. */
struct ids_key {
	const void *id;
	uint8_t id_len;		/* bytes */
	uint8_t route;
	uint64_t number;	/* the member's N */
};

struct ids;

/* For a ring of so many bytes.  NULL: no memory, or no random bytes. */
struct ids *ids_new(uint64_t ring_size) __attribute__((warn_unused_result));
void ids_free(struct ids *);

/* Makes room for one more.  False: no memory. */
bool ids_reserve(struct ids *) __attribute__((warn_unused_result));
/* Adds one, in room made before, with the position of its record and its
 * time, neither below the last one's.  The clock is one that nobody sets. */
void ids_add(struct ids *, const struct ids_key *, uint64_t position,
    uint64_t time_us);

/* Where the newest one with the key stands, or LOG_NONE.  Forgets first what
 * stands below `first` or is too old. */
uint64_t ids_find(struct ids *, const struct ids_key *, uint64_t first,
    uint64_t now_us);

uint32_t ids_count(const struct ids *);

#endif
