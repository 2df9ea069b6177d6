/*
 * network - see network.h.
 */
#include "config.h"

#include "base/network.h"

#include <stdio.h>
#include <string.h>

#define BITS_MAPPED	96	/* of an address, before its IPv4 part */
#define KEY_MAPPED	32	/* of a key, likewise */

static bool
is_ipv4(uint64_t key)
{
	return key >> KEY_MAPPED == 0xffff;
}

struct network
network_of_key(uint64_t key)
{
	return (struct network){ .key = key, .bits = NETWORK_BITS };
}

uint64_t
network_cut(uint64_t key, unsigned bits)
{
	return key & UINT64_MAX << (NETWORK_BITS - bits);
}

unsigned
network_fewest(struct network n)
{
	return is_ipv4(n.key) ? KEY_MAPPED + 1 : 1;
}

bool
network_take(uint64_t key, uint64_t bits, struct network *out)
{
	out->key = key;
	out->bits = (unsigned)bits;
	return bits <= NETWORK_BITS && bits >= network_fewest(*out) &&
	    network_cut(key, out->bits) == key;
}

bool
network_read(const char *text, struct network *out, const char **why_out)
{
	struct netaddr_cidr cidr;
	struct network n;
	bool is_mapped;

	if (!netaddr_cidr_read(text, &cidr, why_out))
		return false;
	is_mapped = netaddr_is_ipv4(cidr.address);
	if (is_mapped && cidr.bits < BITS_MAPPED) {
		*why_out = "has a prefix that ends before its IPv4 address";
		return false;
	}
	if (cidr.bits == (is_mapped ? BITS_MAPPED : 0)) {
		*why_out = "has a prefix of 0 bits: that is everybody";
		return false;
	}
	n.bits = is_mapped ? cidr.bits - (BITS_MAPPED - KEY_MAPPED) :
	    cidr.bits < NETWORK_BITS ? cidr.bits : NETWORK_BITS;
	n.key = network_cut(netaddr_key(cidr.address), n.bits);
	/* ::1 and its like; and an IPv6 network whose key is one of IPv4. */
	if ((n.key == 0 && n.bits == NETWORK_BITS) ||
	    is_ipv4(n.key) != is_mapped) {
		*why_out = "counts as no address";
		return false;
	}
	*out = n;
	return true;
}

const char *
network_format(struct network n, char out[NETADDR_KEY_TEXT])
{
	size_t len;

	netaddr_format_key(n.key, out);
	if (n.bits == NETWORK_BITS)
		return out;
	len = strcspn(out, "/");
	snprintf(out + len, NETADDR_KEY_TEXT - len, "/%u",
	    is_ipv4(n.key) ? n.bits - KEY_MAPPED : n.bits);
	return out;
}

bool
network_holds(struct network n, struct network inner)
{
	if (inner.key == 0 && inner.bits == NETWORK_BITS)
		return false;
	return inner.bits >= n.bits && n.bits >= network_fewest(inner) &&
	    network_cut(inner.key, n.bits) == n.key;
}
