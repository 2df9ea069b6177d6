/*
 * tally - how many there are of each key.
 *
 * A pure table: the parent counts connections by the socket's peer, the
 * broker members by the real address (netaddr_key).  A key that counts
 * nothing takes no memory.
 */
#ifndef BASE_TALLY_H
#define BASE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tally;

/* NULL: no memory; _free takes NULL. */
struct tally *tally_new(void) __attribute__((warn_unused_result));
void tally_free(struct tally *);

/* Counts one more of the key; returns how many there are now, or 0 for want
 * of memory. */
uint64_t tally_add(struct tally *, uint64_t key)
    __attribute__((warn_unused_result));
/* One less; of a key that counts nothing it stays so. */
void tally_remove(struct tally *, uint64_t key);

uint64_t tally_count(const struct tally *, uint64_t key);
size_t tally_keys(const struct tally *);

#endif
