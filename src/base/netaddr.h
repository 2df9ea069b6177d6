/*
 * netaddr - the address of a peer: 16 bytes, IPv4 mapped into IPv6.
 *
 * Pure; used by every process.  Text is read as strictly as inet_pton(3)
 * does: no names, no leading zeros, no zones ("fe80::1%eth0").  The mapped
 * form "::ffff:192.0.2.1" is the IPv4 address wherever it comes from, so an
 * address has one key and matches one kind of network.
 */
#ifndef BASE_NETADDR_H
#define BASE_NETADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;

#define NETADDR_BYTES		16
#define NETADDR_TEXT		46	/* bytes with the NUL */
#define NETADDR_PORT_TEXT	54	/* "[address]:65535" */
#define NETADDR_KEY_TEXT	50	/* "address/64" */

/* Bits behind the prefix are 0.  `bits` counts within the 16 bytes:
 * 10.0.0.0/8 has 104. */
struct netaddr_cidr {
	uint8_t address[NETADDR_BYTES];
	uint8_t bits;		/* 0..128 */
};

/* "192.0.2.1" or "2001:db8::1".  False leaves `out` alone, here and below. */
bool netaddr_parse(const char *text, size_t len, uint8_t out[NETADDR_BYTES])
    __attribute__((warn_unused_result));

/* A port of one to five digits, which may begin with zeros, 0 to 65535. */
bool netaddr_read_port(const char *text, size_t len, uint16_t *out)
    __attribute__((warn_unused_result));

/* An address alone, or in brackets, or with a port, before which an IPv6
 * address needs brackets: "192.0.2.1:80", "[2001:db8::1]:80".
 * *port_out: -1 when there is none. */
bool netaddr_parse_port(const char *text, size_t len,
    uint8_t out[NETADDR_BYTES], int32_t *port_out)
    __attribute__((warn_unused_result));

void netaddr_from_ipv4(const uint8_t four[4], uint8_t out[NETADDR_BYTES]);
/* A socket's address; of neither IPv4 nor IPv6: all zero, port 0. */
void netaddr_from_socket(const struct sockaddr *, uint8_t out[NETADDR_BYTES],
    uint16_t *port_out);

/* "192.0.2.1", "2001:db8::1" (RFC 5952); returns `out`. */
const char *netaddr_format(const uint8_t address[NETADDR_BYTES],
    char out[NETADDR_TEXT]);
/* "192.0.2.1:80", "[2001:db8::1]:80"; returns `out`. */
const char *netaddr_format_port(const uint8_t address[NETADDR_BYTES],
    uint16_t port, char out[NETADDR_PORT_TEXT]);

bool netaddr_is_ipv4(const uint8_t address[NETADDR_BYTES]);
/* 127.0.0.0/8 and ::1. */
bool netaddr_is_loopback(const uint8_t address[NETADDR_BYTES]);

/* By what limits count: an IPv4 address, or the first 64 bits of an IPv6
 * address, as one person has all the others.  0: no address, or in ::/64,
 * which counts as none. */
uint64_t netaddr_key(const uint8_t address[NETADDR_BYTES]);
/* What a key stands for: "192.0.2.1", "2001:db8::/64"; returns `out`. */
const char *netaddr_format_key(uint64_t key, char out[NETADDR_KEY_TEXT]);

/* "10.0.0.0/8", "2001:db8::/32", or an address alone, which is all its bits.
 * Bits set behind the prefix are an error: which was meant is not known.
 * False: *why_out is static text that goes on after what was parsed, such as
 * "has bits set behind its prefix". */
bool netaddr_cidr_parse(const char *text, struct netaddr_cidr *out,
    const char **why_out) __attribute__((warn_unused_result));

/* Likewise, but bits behind the prefix stay in the address as they were
 * written, and *why_out is NULL where the text begins with no address. */
bool netaddr_cidr_read(const char *text, struct netaddr_cidr *out,
    const char **why_out) __attribute__((warn_unused_result));

/* An IPv4 address is in networks of IPv4 alone: ::/0 is all of IPv6. */
bool netaddr_cidr_contains(const struct netaddr_cidr *,
    const uint8_t address[NETADDR_BYTES]);

/* Whether one of `count` networks has the address. */
bool netaddr_is_in(const uint8_t address[NETADDR_BYTES],
    const struct netaddr_cidr *, size_t count);

#endif
