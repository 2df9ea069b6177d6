/*
 * nametable - which names are held in which route, and by whom.
 *
 * A pure module of the broker: an index from (route, key of a name) to the
 * row of a session in the state file.  Names are chosen names: userN belongs
 * to the session with that number and can be nobody else's (name_judge,
 * naming_take), so it needs no entry; it may have one, to be found by.
 *
 * Who renames adds the new name, and then removes the old one when the
 * rename counts, or the new one when it does not.  Names of one session may
 * have keys in common; each add is undone by one remove.
 */
#ifndef BROKER_NAMETABLE_H
#define BROKER_NAMETABLE_H

#include <stdint.h>

#include "broker/name.h"

#define NAMETABLE_NONE	UINT32_MAX	/* no row */

enum nametable_result {
	NAMETABLE_ADDED,
	NAMETABLE_TAKEN,		/* somebody else has a key of it */
	NAMETABLE_NO_MEMORY
};

struct nametable;

/* NULL: no memory. */
struct nametable *nametable_new(void) __attribute__((warn_unused_result));
void nametable_free(struct nametable *);

/* Adds a name of the session `row`, all its keys or none. */
enum nametable_result nametable_add(struct nametable *, uint8_t route,
    const struct name_keys *, uint32_t row)
    __attribute__((warn_unused_result));
/* Undoes one nametable_add with the same arguments. */
void nametable_remove(struct nametable *, uint8_t route,
    const struct name_keys *, uint32_t row);

/* Removes all names of the session, one by one looked for: for who has no
 * memory for their keys. */
void nametable_forget(struct nametable *, uint32_t row);

/* Who holds the name or one that looks like it: in lower case rather than
 * as it is written.  NAMETABLE_NONE: nobody, the name is free. */
uint32_t nametable_find(const struct nametable *, uint8_t route,
    const struct name_keys *);

#endif
