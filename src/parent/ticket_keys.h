/*
 * ticket_keys - the keys of TLS session tickets, made and replaced.
 *
 * Runs in the parent, which gives them to all workers (TICKET_KEY), so that
 * they outlive a worker and none has its own.  The newest writes; the one
 * before it still opens tickets for a period more; then it is wiped.
 */
#ifndef PARENT_TICKET_KEYS_H
#define PARENT_TICKET_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/messages.h"

#define TICKET_KEYS_PERIOD_MS	(UINT64_C(12) * 60 * 60 * 1000)

struct ticket_keys;

/* With one key.  NULL: no memory, or no random bytes. */
struct ticket_keys *ticket_keys_new(uint64_t now_ms)
    __attribute__((warn_unused_result));
void ticket_keys_free(struct ticket_keys *);

/* Makes a new key when the newest has had its period; true: it did. */
bool ticket_keys_renew(struct ticket_keys *, uint64_t now_ms);

/* 1 or 2; index 0 is the newest.  Lent until the next renewal. */
unsigned ticket_keys_count(const struct ticket_keys *);
const struct ipc_ticket_key *ticket_keys_get(const struct ticket_keys *,
    unsigned index);

#endif
