/*
 * network - an address as limits count it, or all those that begin alike.
 *
 * Pure.  Addresses are their keys (netaddr_key), so a network is a number of
 * bits that keys have in front: all 64 are one IPv4 address or an IPv6 /64,
 * 56 with 192.0.2 at their end are 192.0.2.0/24, 32 are an IPv6 /32.
 */
#ifndef BASE_NETWORK_H
#define BASE_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/netaddr.h"

#define NETWORK_BITS	64	/* of a key */

struct network {
	uint64_t key;		/* bits behind the prefix are 0 */
	unsigned bits;		/* 1 to NETWORK_BITS */
};

/* That key alone. */
struct network network_of_key(uint64_t key);
/* The key with all but so many bits in front cleared; 1 to NETWORK_BITS. */
uint64_t network_cut(uint64_t key, unsigned bits);
/* From what another process says; false: these numbers make none. */
bool network_take(uint64_t key, uint64_t bits, struct network *out)
    __attribute__((warn_unused_result));

/* Reads what a person writes: "192.0.2.0/24", "2001:db8::/32", an address.
 * Bits set behind the prefix are cleared, as pf, ipset and nginx do it; the
 * mapped form is IPv4; of IPv6 nothing is smaller than a /64.  False: *why_out
 * is static text that goes on after what was read, such as "has a prefix
 * longer than the address"; NULL: it does not begin with an address. */
bool network_read(const char *text, struct network *out,
    const char **why_out) __attribute__((warn_unused_result));

/* "192.0.2.1", "192.0.2.0/24", "2001:db8::/32"; returns `out`. */
const char *network_format(struct network, char out[NETADDR_KEY_TEXT]);

/* Whether all of `inner` is in it.  Families are apart, and who counts as
 * nobody, the key 0, is in none. */
bool network_holds(struct network, struct network inner);
/* The fewest bits that a network which holds it may have. */
unsigned network_fewest(struct network);

#endif
