/*
 * dialect - how a server that is no plain chat wants texts wrapped: MQTT
 * 3.1.1 and the protocol of NATS, both in binary messages.
 *
 * Pure; runs in wschat-bench.  `text`, the plain one, wraps nothing.  A
 * room's path, without its first slash, is the topic.  What arrives is a
 * stream of packets; each is read whole from its bytes, so a reader keeps no
 * state.
 */
#ifndef BENCH_DIALECT_H
#define BENCH_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

#define DIALECT_TEXT_MAX	1024	/* bytes of a text that is wrapped */
#define DIALECT_TOPIC_MAX	512	/* with the NUL */
#define DIALECT_PACKET_MAX	2048	/* bytes of one packet */

enum dialect_sense {
	DIALECT_OTHER,		/* nothing that matters here */
	DIALECT_TEXT,		/* somebody's text */
	DIALECT_JOINED,		/* subscribed: texts come from now on */
	DIALECT_PING,		/* wants `text` sent back */
	DIALECT_REFUSED		/* the server says no, or nonsense */
};

struct dialect_packet {
	enum dialect_sense sense;
	const char *text;	/* in the bytes read, or constant */
	size_t len;
};

struct dialect {
	const char *name;
	const char *fields;	/* of the request, with CRLF; NULL: none */
	/*
	 * The rest is NULL for the plain one.  `join` and `wrap` write at
	 * most DIALECT_PACKET_MAX bytes, for a topic shorter than
	 * DIALECT_TOPIC_MAX and a text of at most DIALECT_TEXT_MAX, and
	 * return how many.
	 */
	size_t (*join)(const char *topic, char *out);
	size_t (*wrap)(const char *topic, const char *text, size_t len,
	    char *out);
	/* Bytes of the first packet; 0: not all of it is here. */
	size_t (*read)(const char *bytes, size_t len,
	    struct dialect_packet *out);
};

/* NULL: there is none of that name. */
const struct dialect *dialect_find(const char *name);

/* The plain one. */
bool dialect_is_plain(const struct dialect *);

#endif
