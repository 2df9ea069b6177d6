/*
 * meter - for each of many keys a clock that runs ahead of the time by what
 * the key has used up.
 *
 * A pure table of fixed size, looked at in one place for each key: it takes no
 * memory behind the first, and forgets a key whose clock the time has passed.
 * Where all places for a key are taken, the one that is least ahead goes.
 * Broker, workers and the parent keep addresses in it (netaddr_key).
 */
#ifndef BASE_METER_H
#define BASE_METER_H

#include <stdint.h>

struct meter;

/* NULL: no memory; _free takes NULL. */
struct meter *meter_new(void) __attribute__((warn_unused_result));
void meter_free(struct meter *);

/* The key's clock, in microseconds, to be moved; lent until the next call.
 * It is 0 when nothing is known of the key, which is not 0. */
uint64_t *meter_clock(struct meter *, uint64_t key, uint64_t now_us);
/* As it stands; 0: nothing is known of the key. */
uint64_t meter_read(const struct meter *, uint64_t key);

#endif
