/*
 * tokens - which member of a route a resume token belongs to.
 *
 * A pure module of the broker: a table (rowtable.h) of MEMBER rows, which hold
 * route and hash.  A token is a secret, so nothing here or in a file has it:
 * only the first half of its SHA-256, which tells nobody what to send.  Some
 * clients choose their tokens, so the table's hash has secret keys.
 */
#ifndef BROKER_TOKENS_H
#define BROKER_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/messages.h"
#include "log/state.h"

struct tokens;

/* Loads what tokens_hash needs, which then opens no file.  False: not
 * there. */
bool tokens_prepare(void) __attribute__((warn_unused_result));
/* False: no memory. */
bool tokens_hash(const uint8_t token[static IPC_TOKEN],
    uint8_t hash_out[static STATE_TOKEN])
    __attribute__((warn_unused_result));

/* Borrows the state file.  NULL: no memory, or no random bytes. */
struct tokens *tokens_new(const struct state *)
    __attribute__((warn_unused_result));
void tokens_free(struct tokens *);	/* NULL is fine */

/* Makes room for one more, so that tokens_add cannot fail.  False: no
 * memory. */
bool tokens_reserve(struct tokens *) __attribute__((warn_unused_result));
/* Enters a MEMBER row, and takes it out again while it is one. */
void tokens_add(struct tokens *, uint32_t row);
void tokens_remove(struct tokens *, uint32_t row);
/* The row; STATE_NONE: no member has a token with this hash. */
uint32_t tokens_find(const struct tokens *, uint8_t route,
    const uint8_t hash[static STATE_TOKEN]);

#endif
