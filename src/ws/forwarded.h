/*
 * forwarded: for whom a trusted HTTP proxy speaks.
 *
 * A pure module of the worker: no socket, no allocation, linear time. A proxy
 * appends the address it was reached from to a list; what is left of that
 * was in the request when it came, so whoever sent it can have invented it.
 * Hence the walk from right to left, which believes an entry exactly when
 * its writer is trusted:
 *
 *    X-Forwarded-For: invented, client, proxy2      socket's peer: proxy1
 *                               ^^^^^^  <- written by proxy2  <- by proxy1
 */
#ifndef WS_FORWARDED_H
#define WS_FORWARDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/netaddr.h"
#include "ws/head.h"

#define FORWARDED_HOPS_MAX 64   /* entries looked at; what is left of them
                                   is as if it were not there */

/*
 * The field that the trusted proxies write; the other one is never looked
 * at. A proxy that manages one of them passes the other through as the
 * client sent it, so neither "both" nor "whichever is there" is safe.
 */
enum forwarded_field {
	FORWARDED_X_FORWARDED_FOR,   /* addresses, maybe with a port */
	FORWARDED_RFC7239            /* Forwarded: for=192.0.2.1;proto=https */
};

/*
 * Sets `out` to the client's address. That is the peer's, unless the peer is
 * in one of the `count` trusted networks: then the last entry of the field
 * (all field lines are one list), and as long as that is trusted, too, the
 * one to its left. The walk ends at the first address that is not trusted,
 * which is the client. At the end of the list, and at an entry that is no
 * address (empty, malformed, "unknown", "_hidden", without for=), the last
 * address before it counts. `head` is one that head_parse is done with; `out`
 * may be `peer`. The peer of a unix socket is the address of zeros
 * (netaddr_from_socket): who trusts it has ::/128 among the networks.
 *
 * Returns whether the client came to its proxy by https (or wss): what the
 * leftmost element that was looked at has as proto=, or, beside
 * X-Forwarded-For, the last value of X-Forwarded-Proto. Without a trusted
 * peer it is false.
 */
bool forwarded_find_client(const struct head *, enum forwarded_field,
    const struct netaddr_cidr *trusted, size_t count,
    const uint8_t peer[NETADDR_BYTES], uint8_t out[NETADDR_BYTES]);

#endif
