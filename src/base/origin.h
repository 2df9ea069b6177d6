/*
 * origin - which pages may open a connection (RFC 6454).
 *
 * Pure; the parent judges settings with it, a worker requests.  An origin is
 * scheme "://" host [":" port] and nothing else: what has a path, a user, a
 * space, a second origin or a port that is no number from 1 to 65535 is
 * malformed and matches nothing.  A host is a name of letters, digits and
 * "-._~", or an IPv6 address in brackets.  Letters fold everywhere; a port
 * left out is 80 for http and 443 for https; for other schemes it is a port
 * of its own.
 *
 * Who lets a request without Origin in decides that before it asks here.
 */
#ifndef BASE_ORIGIN_H
#define BASE_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether an Origin field names the host that the request's Host field names.
 * For http and https alone.  The origin's scheme says what a port left out
 * means on both sides: behind a proxy that does TLS the server cannot know
 * its own.  "null" is nobody's host.
 */
bool origin_is_same_host(const char *origin, size_t origin_len,
    const char *host, size_t host_len);

/*
 * Whether an Origin field is one that `allowed` lets in: an origin, "*" for
 * all that are well-formed, or "null", which alone lets in "null".
 */
bool origin_matches(const char *origin, size_t origin_len,
    const char *allowed);

/* Whether a setting may list it: "*", "null" or an origin. */
bool origin_is_valid_setting(const char *);

#endif
