/*
 * doorman - who of those that come is let in, by the limits in force.
 *
 * Runs in the parent, for door.c.  Owns the counts by address, what each
 * address has to answer for (penalties.h), and how many connections there were
 * when memory became short.  Knows no socket and no worker.
 */
#ifndef PARENT_DOORMAN_H
#define PARENT_DOORMAN_H

#include <stdbool.h>
#include <stdint.h>

#include "parent/pool.h"

struct doorman;
struct settings_limits;

/* NULL: no memory. */
struct doorman *doorman_new(void) __attribute__((warn_unused_result));
void doorman_free(struct doorman *);

/* Counts who comes by the peer of his socket, who is no proxy, and sets
 * `address`, which is 0 before, to whom he counts for.  Over the limit he is
 * marked as refused.  False: he is not worth a worker's time, or there is no
 * memory. */
bool doorman_count(struct doorman *, const struct settings_limits *,
    struct pool_entry *) __attribute__((warn_unused_result));
/* One less; 0: nobody's. */
void doorman_discount(struct doorman *, uint64_t address);

/* Marks who comes as refused when there are too many, or no memory for
 * another; `connections`: how many there are.  False: too many of these are
 * waiting for their 503. */
bool doorman_judge(const struct doorman *, const struct settings_limits *,
    uint64_t connections, enum pool_choice, struct ipc_accepted *)
    __attribute__((warn_unused_result));
/* Memory is short somewhere, with so many connections. */
void doorman_note_short(struct doorman *, uint64_t connections);

/* Something has happened by which the address is known for a time; `why` is a
 * word for the log. */
void doorman_punish(struct doorman *, const struct settings_limits *,
    uint64_t address, uint64_t cost_us, const char *why);

#endif
