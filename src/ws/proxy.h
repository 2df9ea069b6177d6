/*
 * proxy: the PROXY protocol, versions 1 and 2, as a server reads it.
 *
 * By HAProxy's doc/proxy-protocol.txt (2020/03/05). A load balancer writes
 * one header before a connection's first byte to tell whom it speaks for. A
 * pure module of the worker: no socket, no clock, no allocation. Whether a
 * header is awaited at all is the listener's setting, never guessed: who may
 * connect there says who he is.
 *
 *    v1  "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n"
 *    v2  signature(12) version,command(1) family,protocol(1) length(2)
 *        source destination [ports]  { type(1) length(2) value }
 */
#ifndef WS_PROXY_H
#define WS_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/netaddr.h"

#define PROXY_TEXT_MAX   107   /* bytes of a v1 header, with its CRLF */
#define PROXY_HEADER_MAX 4096  /* bytes of any: a caller needs room for these */

enum proxy_result {
	PROXY_MORE,        /* so far so good: call again when more is here */
	PROXY_DONE,        /* `length` bytes were the header */
	PROXY_REFUSED      /* close without an answer */
};

struct proxy {
	/* The client, when PROXY_DONE and not is_local. */
	uint8_t address[NETADDR_BYTES];
	uint16_t port;
	bool is_local;     /* no client is told (LOCAL, UNKNOWN, UNSPEC, a unix
	                      socket): the socket's own peer counts */
	bool is_tls;       /* PROXY_DONE: v2 tells that the client speaks TLS */
	size_t length;     /* PROXY_DONE: bytes of the header */
	const char *why;   /* PROXY_REFUSED: static text for the log */

	/* Private to proxy.c: where the scan stands. */
	size_t scanned;
	size_t part_at;    /* where the word or TLV being read began */
	size_t part_end;   /* v2: where the addresses or a TLV end */
	size_t end;        /* v2: bytes in all, once known */
	size_t checksum_at;  /* v2: of a CRC32C; 0: none so far */
	uint8_t state;
	bool is_ipv6;
};

void proxy_init(struct proxy *);

/*
 * Reads a header that starts at `data` and of which `len` bytes are here. To
 * go on after PROXY_MORE, call again with all bytes since the start, the new
 * ones behind; `data` may have moved. Bytes behind the header are not
 * touched. After PROXY_DONE or PROXY_REFUSED, start anew with proxy_init.
 *
 * A byte that no continuation can heal is refused as soon as it is seen;
 * what is refused:
 *   - anything but the two versions, from the first byte on
 *   - v1: other protocols than TCP4, TCP6 and UNKNOWN; more than one space;
 *     an address of the other family or not in its form; ports above 65535
 *     or with leading zeros; a CR or LF alone; no CRLF within 107 bytes
 *   - v2: other commands than LOCAL and PROXY; of PROXY, unknown families
 *     and protocols, and datagrams; more than PROXY_HEADER_MAX bytes, or
 *     fewer than the addresses need; TLVs that do not fill the rest exactly;
 *     a CRC32C that is wrong, of another size than 4 or there twice
 * What a LOCAL or an UNSPEC header holds is passed over unread.
 */
enum proxy_result proxy_parse(struct proxy *, const uint8_t *data, size_t len)
    __attribute__((warn_unused_result));

#endif
