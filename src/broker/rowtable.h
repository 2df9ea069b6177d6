/*
 * rowtable - rows of the state file, found by what stands in them.
 *
 * A pure module of the broker: a hash table of rows, 4 to 8 bytes for each.
 * What is looked for stands in the row; how it is hashed and compared is said
 * by whoever has the table (numbers.c, tokens.c).
 */
#ifndef BROKER_ROWTABLE_H
#define BROKER_ROWTABLE_H

#include <stdbool.h>
#include <stdint.h>

struct rowtable;

/* Spread over all 64 bits: the upper half decides. */
typedef uint64_t rowtable_hash(const void *arg, uint32_t row);
typedef bool rowtable_match(const void *arg, uint32_t row, const void *key);

/* `arg` is lent to the callbacks.  NULL: no memory. */
struct rowtable *rowtable_new(rowtable_hash *, rowtable_match *,
    const void *arg) __attribute__((warn_unused_result));
void rowtable_free(struct rowtable *);	/* NULL is fine */

/* Makes room for one more, so that rowtable_add cannot fail.  False: no
 * memory. */
bool rowtable_reserve(struct rowtable *)
    __attribute__((warn_unused_result));
/* Enters a row, and takes it out again while it says what it said. */
void rowtable_add(struct rowtable *, uint32_t row);
void rowtable_remove(struct rowtable *, uint32_t row);
/* The row with this hash that matches the key; STATE_NONE: there is none. */
uint32_t rowtable_find(const struct rowtable *, uint64_t hash,
    const void *key);

#endif
