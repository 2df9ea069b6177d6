/*
 * link - one WebSocket connection, from connect() to the close handshake
 * (RFC 6455, client side).
 *
 * Runs in wschat-bench and in the crowd of the tests of faults.  It leaves
 * to its owner which connections there are and what is said.  An idle link
 * owns no buffer, so that a million of them fit.
 */

#ifndef BENCH_LINK_H
#define BENCH_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define LINK_HEAD_MAX	256	/* bytes of a message that are looked at */
#define LINK_UNIT_MAX	2048	/* bytes of a part of a binary message */
#define LINK_PATH	512	/* bytes of a path with the NUL */

struct ssl_ctx_st;
struct ssl_st;
struct unsent;

enum link_state {
	LINK_NEW,
	LINK_UPGRADING,		/* connecting, or waiting for the 101 */
	LINK_OPEN,
	LINK_CLOSING,		/* our close frame is out */
	LINK_GONE
};

enum link_end {
	LINK_END_NONE,
	LINK_END_CONNECT,	/* connect() failed */
	LINK_END_REFUSED,	/* an answer that is not our 101 */
	LINK_END_CLOSED,	/* a close frame came first from the server */
	LINK_END_LOST,		/* end of file or an error without a close */
	LINK_END_PROTOCOL,	/* a frame that a server must not send */
	LINK_END_UNSENT,	/* the server reads too slowly */
	LINK_END_OURS,		/* we asked for it */
	LINK_ENDS
};

struct link {
	int fd;
	uint8_t state;		/* enum link_state */
	uint8_t end;		/* enum link_end, once GONE */
	uint16_t status;	/* of a refusal, or the close code */
	uint16_t held;		/* bytes in `stash` that are read again */
	uint16_t head;		/* bytes in `stash` of a long message */
	bool writing;		/* EPOLLOUT is asked for */
	bool talks;		/* keeps its send buffer between messages */
	bool ready;		/* the owner's word, not used here */
	bool streams;		/* `skip` is of a binary message */
	uint64_t skip;		/* payload bytes of that message to come */
	unsigned char *stash;
	struct unsent *output;
	struct ssl_st *tls;	/* NULL: in the clear */
};

/*
 * What a link tells its owner.  `opened` comes once; `heard` with the first
 * `len` ≤ LINK_HEAD_MAX bytes of a text message when its last byte is here.
 */
struct link_events {
	void *owner;
	void (*opened)(void *owner, struct link *);
	void (*heard)(void *owner, struct link *, const char *text,
	    size_t len);
	/*
	 * Of a binary message, what has come and is not yet used.  Returns
	 * how much of it is; the rest, less than LINK_UNIT_MAX, comes again
	 * with more behind it, and a message may not end with one.  NULL:
	 * binary messages are only counted.
	 */
	size_t (*streamed)(void *owner, struct link *, const char *bytes,
	    size_t len);
	void (*gone)(void *owner, struct link *);
	uint64_t reads, bytes;	/* counted by link_on_ready */
	uint64_t pings, other;	/* pings answered, binary messages */
	int error;		/* errno of the last CONNECT or LOST */
};

struct link_target {
	struct sockaddr_storage address;
	socklen_t address_len;
	const char *host;	/* for the Host field */
	struct ssl_ctx_st *tls;	/* NULL: in the clear */
	const char *tls_host;	/* whose certificate it has to be */
	const char *fields;	/* more of the head, each with its CRLF; or
				 * NULL */
};

const char *link_end_name(enum link_end);

/* From now on all links read and write at most so many bytes in a call. */
void	link_set_piece(size_t bytes);

/*
 * Connects without waiting, from 127.0.0.`source` (0: any address), asks for
 * `path` and registers with `epoll` under `key`.  Returns at once; failure is
 * an event like any later one.
 */
void	link_open(struct link *, const struct link_target *, unsigned source,
	    const char *path, int epoll, uint32_t key, struct link_events *);

/* `events` of epoll came. */
void	link_on_ready(struct link *, uint32_t events, int epoll, uint32_t key,
	    struct link_events *);

/*
 * Queues one masked text message (borrows `text`); nothing is sent before
 * link_flush.  False: UNSENT_MAX would be exceeded, nothing is queued.
 */
bool	link_say(struct link *, const char *text, size_t len)
	    __attribute__((warn_unused_result));
/* The same as a binary message. */
bool	link_say_binary(struct link *, const char *bytes, size_t len)
	    __attribute__((warn_unused_result));
void	link_flush(struct link *, int epoll, uint32_t key,
	    struct link_events *);

/* Begins the close handshake with 1000; `gone` follows. */
void	link_close(struct link *, int epoll, uint32_t key,
	    struct link_events *);

/* Ends it for what its owner has read: LINK_END_PROTOCOL, `gone` comes. */
void	link_blame(struct link *, struct link_events *);

/* Frees at once, without a word to the server and without an event. */
void	link_clear(struct link *);

#endif
