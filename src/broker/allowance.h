/*
 * allowance - how much each address may still say.
 *
 * A pure part of the hub, in the broker.  All connections of an address share
 * one rate (limits.message-rate-per-address).  What comes over it is carried
 * out, and the workers are told for how long the address is to say nothing
 * more; so nothing is dropped, and nobody else waits.  A new broker begins
 * with fresh ones.
 */
#ifndef BROKER_ALLOWANCE_H
#define BROKER_ALLOWANCE_H

#include <stdint.h>

#include "base/settings.h"

/* An address is silenced for no longer at once, whatever was on its way
 * before it could be told. */
#define ALLOWANCE_WAIT_MS	10000
/* Nor for less, unless its burst is shorter. */
#define ALLOWANCE_LEAST_MS	50

struct allowance;

/* NULL: no memory; _free takes NULL. */
struct allowance *allowance_new(void) __attribute__((warn_unused_result));
void allowance_free(struct allowance *);

/* The address (netaddr_key; 0: nobody's) has asked for something. */
void allowance_take(struct allowance *, const struct settings_limits *,
    uint64_t address, uint64_t now_ms);
/* Calls back for each address that has used up what it may since the last
 * call. */
void allowance_tell(struct allowance *, void (*tell)(void *arg,
    uint64_t address, uint64_t wait_ms), void *arg);

#endif
