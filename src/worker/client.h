/*
 * client - one connection of a worker, from its first byte to its last.
 *
 *	HEAD --> ANSWERED ----------------+
 *	  | |                             |
 *	  | +--> OPEN ---> CLOSING ----> LINGER
 *	  +-----------------^
 *
 * Every state may end in GONE.  HEAD reads the HTTP request; ANSWERED sends
 * a response that ends the connection; OPEN speaks WebSocket; CLOSING has
 * sent a close frame and waits for the peer's (from HEAD when a handshake is
 * accepted only to be refused); LINGER has sent everything and waits for the
 * end of file, so that the kernel resets nothing that is still on its way;
 * GONE is closed and freed at the end of the turn.
 *
 * Runs in the worker.  Owns the states, its coming and its end; what comes in
 * is intake.c's, what goes out output.c's, when its time is up deadline.c's,
 * rooms delivery.c's.
 */
#ifndef WORKER_CLIENT_H
#define WORKER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/netaddr.h"
#include "ipc/messages.h"
#include "worker/wheel.h"
#include "worker/worker.h"
#include "ws/close_codes.h"
#include "ws/frame.h"
#include "ws/handshake.h"

struct audience;
struct remnant;
struct seat;
struct tls_session;
struct waiting;

enum client_state {
	CLIENT_HEAD,
	CLIENT_ANSWERED,
	CLIENT_OPEN,
	CLIENT_CLOSING,
	CLIENT_LINGER,
	CLIENT_GONE
};

/* What a connection needs between reads, when it has something half done. */
struct client_input {
	struct head head;		/* HEAD */
	struct frame_decoder decoder;
	struct buf held;		/* bytes not decoded yet */
	struct buf message;		/* of a message, so far */
	uint64_t message_ms;		/* when it began; 0: none */
	struct inflater *inflater;	/* NULL: nothing compressed so far */
	const uint8_t *body;		/* ANSWERED: what goes behind output, */
	size_t body_len;		/* of the site's image */
	uint64_t slow_ms;		/* until when its address waits */
	bool waits_rate, waits_out;	/* why `held` is not decoded */
	uint8_t pong_len;
	uint8_t pong[FRAME_PAYLOAD_CONTROL_MAX];
};

/* What it needs while it is owed something; it lags or is blocked only with
 * this. */
struct client_output {
	struct remnant *remnant;	/* a frame of the room's that left in
					 * part, sent before all else; NULL */
	size_t remnant_sent;		/* bytes of it */
	struct buf bytes;		/* of its own, sent before the room's */
	uint64_t progress_ms;		/* when it last took some; blocked: or
					 * when it was blocked */
	/* Lagging: */
	uint64_t cursor;		/* log position to go on at */
	uint64_t room;			/* whose lines it gets at `cursor` */
	bool is_skipping;		/* messages are passed over, until it
					 * does not lag any more */
	uint64_t mark;			/* the audience's `rendered` that it has
					 * reached */
};

#define CLIENT_NO_ROUTE	UINT8_MAX	/* more than SETTINGS_ROUTES */
#define CLIENT_NO_SLOT	((UINT32_C(1) << IPC_SLOT_BITS) - 1)

/* There are many of these, and most are idle: what few of them need stands in
 * `input` and `output`, no byte is lost between two fields, and what a delivery
 * touches is in the first two cache lines. */
struct client {
	/* What delivery touches. */
	int fd;
	uint8_t state;			/* enum client_state */
	uint8_t route;			/* index, from OPEN on */
	uint8_t form;			/* in which it takes messages, form.h */
	uint8_t inflate_bits;		/* 0: its messages are plain */
	bool is_blocked : 1;		/* something waits for the socket */
	bool is_lagging : 1;		/* goes on at its cursor by itself */
	bool is_near : 1;		/* the socket's peer is loopback */
	bool is_refused : 1;		/* gets 503 */
	bool has_failed : 1;		/* what it sent was no handshake */
	bool is_registered : 1;		/* the broker knows it */
	bool is_joining : 1;		/* its JOIN has not been delivered; so
					 * between the halves of a move */
	bool has_write_event : 1;
	bool has_read_event : 1;
	bool is_dirty : 1;
	bool is_pinged : 1;		/* waits for a pong since since_ms */
	bool is_replied : 1;		/* ANSWERED or close reply: LINGER when
					 * all output is sent */
	bool is_ended : 1;		/* the peer has ended its side, what it
					 * is owed comes first */
	bool has_pong : 1;		/* `pong` waits for a blocked socket */
	bool has_takeover : 1;		/* keeps its inflater */
	bool is_tls_ahead : 1;		/* speaks TLS with its proxy */
	uint8_t listener;		/* index of the one it came by */
	uint8_t why;			/* enum close_reason */
	uint16_t peer_code;		/* close code the peer sent */
	uint16_t port;			/* 0: not known */
	union {
		uint32_t member;	/* place in the audience */
		uint32_t handshake;	/* HEAD: among the handshakes */
	};
	uint32_t batch_from;		/* where this turn's batch begins */
	struct client_output *output;	/* NULL: owed nothing */
	struct tls_session *tls;	/* wire.c's; NULL: plain */
	uint64_t sent;			/* bytes */
	struct audience *audience;	/* of its room; NULL: not a member */

	uint64_t connection;
	uint8_t address[NETADDR_BYTES];	/* of the client, behind proxies, too;
					 * all zero: by a unix socket */
	uint64_t since_ms : 40;		/* when the state was entered; OPEN:
					 * when it was pinged */
	uint64_t next_dirty : IPC_SLOT_BITS;	/* CLIENT_NO_SLOT: none */
	struct seat *seat;		/* of a member with a token, seat.h;
					 * NULL: it is none */
	struct preface *preface;	/* wire.c's; NULL: none is awaited */
	struct client_input *input;	/* NULL: between messages */
	struct wheel_item deadline;
	union {
		uint64_t heard_ms;	/* when something last came */
		struct client *next_gone;	/* GONE */
	};
	uint64_t message_us;		/* next message is free from here on,
					 * less the burst (GCRA) */
	uint64_t control_us;		/* the same of control frames */
	struct waiting *waiting;	/* waiting.c's; NULL: nothing */
};

/*
 * Coming and going.
 */

/* Takes the socket `fd` of an accepted connection.  False: no memory; the fd
 * is closed. */
bool client_new(struct worker *, const struct ipc_accepted *, int fd)
    __attribute__((warn_unused_result));
/* NULL when the connection is not here (any more). */
struct client *client_find(const struct worker *, uint64_t connection);
/* For every client, whatever its state. */
void client_each(struct worker *, void (*callback)(struct worker *,
    struct client *));

/* The one place that changes `state`; asserts that the move is legal. */
void client_enter(struct worker *, struct client *, enum client_state);
/* The limits in force: its route's, once it has one. */
const struct settings_limits *client_limits(const struct worker *,
    const struct client *);
/* "192.0.2.1:4711", without the port when that is not known, or "unix";
 * returns `out`. */
const char *client_address_text(const struct client *,
    char out[NETADDR_PORT_TEXT]);
/* Whom it counts for at the broker (netaddr_key); 0: nobody. */
uint64_t client_address_key(const struct worker *, const struct client *);
bool client_is_chat(const struct worker *, const struct client *);

/* Asks the broker something on the client's behalf.  _request gives false for
 * want of memory, and _ask closes the client then. */
void client_ask(struct worker *, struct client *, enum ipc_type,
    uint32_t flags, struct slice tail);
bool client_request(struct worker *, const struct client *, enum ipc_type,
    uint32_t flags, const void *tail, size_t tail_len)
    __attribute__((warn_unused_result));

/*
 * Input.
 */

/* Its input, made when there is none; NULL: no memory. */
struct client_input *client_input(struct client *);
/* A decoder for what this client sends. */
void client_init_decoder(const struct client *, struct frame_decoder *);
void client_free_input(struct worker *, struct client *);
/* Whether what it sent waits to be decoded, for its rate or its output. */
bool client_is_waiting(const struct client *);

/*
 * The end.
 */

/* Our side ends the connection: leaves the room, sends a close frame when
 * the state has one, and waits for the peer's for a while. */
void client_close(struct worker *, struct client *, enum close_reason);
/* The same with a code that is not ours; `why` is set already. */
void client_queue_close(struct worker *, struct client *, uint16_t code,
    const char *text);
/* The switch to WebSocket is queued, but he may not stay: a close frame with
 * the refusal's code, after which nothing he sends counts. */
void client_close_refused(struct worker *, struct client *, enum refusal);
/* Everything is said: behind its output our side of the socket is shut. */
void client_finish(struct worker *, struct client *);
/* Ends it now, without a word. */
void client_drop(struct worker *, struct client *, enum close_reason);
/* The end of a turn: frees who is gone. */
void client_free_gone(struct worker *);

#endif
