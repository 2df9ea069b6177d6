/*
 * penalties - addresses whose connections have crashed workers or failed
 * handshakes, and for how long they are kept out.
 *
 * A pure table of the parent.  Each address has a time that grows with what
 * is put to its account and passes by itself; while more of it is left than
 * PENALTIES_FROM_MS, who comes from there is refused.
 */
#ifndef PARENT_PENALTIES_H
#define PARENT_PENALTIES_H

#include <stdbool.h>
#include <stdint.h>

struct meter;

/* So much is forgiven. */
#define PENALTIES_FROM_MS	20000

/* Adds to an address's time (netaddr_key; 0: nobody's), at most up to
 * `max_ms`.  Returns for how long it is refused, if that begins now, or 0. */
uint64_t penalties_add(struct meter *, uint64_t address, uint64_t cost_us,
    uint64_t max_ms, uint64_t now_ms);
/* Whether it is refused now; what it has beyond `max_ms` is forgiven. */
bool penalties_refuse(struct meter *, uint64_t address, uint64_t max_ms,
    uint64_t now_ms);

#endif
