/*
 * bans - networks that are kept out, each until a time.
 *
 * A pure table.  The parent keeps it in a file, the broker asks it about who
 * joins.  Networks may lie in each other: who is in any is kept out.  To ask
 * costs a look for each length of prefix that is in use, however many bans
 * there are.  Times are seconds since 1970, so that they mean the same after
 * a restart.
 */
#ifndef BASE_BANS_H
#define BASE_BANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/network.h"

#define BANS_MAX	4096
#define BANS_FOREVER	UINT64_MAX

struct bans;
typedef void bans_callback(void *arg, struct network, uint64_t until_s);

/* NULL: no memory; _free takes NULL. */
struct bans *bans_new(void) __attribute__((warn_unused_result));
void bans_free(struct bans *);

/* From now on until `until_s`, whatever was said before of just this network;
 * 0 lifts it.  False: there are too many, or there is no memory. */
bool bans_set(struct bans *, struct network, uint64_t until_s)
    __attribute__((warn_unused_result));
/* Whether just this network was set. */
bool bans_has(const struct bans *, struct network, uint64_t now_s);
/* Whether one that was set has the key. */
bool bans_holds(const struct bans *, uint64_t key, uint64_t now_s);
/* Forgets those that are over. */
void bans_expire(struct bans *, uint64_t now_s);

/* Wide ones first. */
void bans_each(const struct bans *, bans_callback *, void *arg);
/* Of those that are not over, each that holds the network, or is it,
 * likewise. */
void bans_each_holding(const struct bans *, struct network, uint64_t now_s,
    bans_callback *, void *arg);
size_t bans_count(const struct bans *);

#endif
