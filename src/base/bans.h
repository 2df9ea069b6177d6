/*
 * bans - addresses that are kept out, each until a time.
 *
 * A pure table over keys of addresses (netaddr_key).  The parent keeps it in
 * a file, the broker asks it about who joins.  Times are seconds since 1970,
 * so that they mean the same after a restart.
 */
#ifndef BASE_BANS_H
#define BASE_BANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BANS_MAX	4096
#define BANS_FOREVER	UINT64_MAX

struct bans;

/* NULL: no memory; _free takes NULL. */
struct bans *bans_new(void) __attribute__((warn_unused_result));
void bans_free(struct bans *);

/* From now on until `until_s`, whatever was said before; 0 lifts it.  False:
 * there are too many, or there is no memory. */
bool bans_set(struct bans *, uint64_t key, uint64_t until_s)
    __attribute__((warn_unused_result));
bool bans_has(const struct bans *, uint64_t key, uint64_t now_s);
/* Forgets those that are over. */
void bans_expire(struct bans *, uint64_t now_s);

void bans_each(const struct bans *,
    void (*callback)(void *arg, uint64_t key, uint64_t until_s), void *arg);
size_t bans_count(const struct bans *);

/* The address, or the network, that a person writes; false: it is none, or
 * no key stands for just that. */
bool bans_read_key(const char *text, uint64_t *key_out)
    __attribute__((warn_unused_result));

#endif
