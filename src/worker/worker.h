/*
 * worker - the process that faces the network.
 *
 * worker.c is its life, turn.c what it does again and again, parent_link.c and
 * broker_link.c are its two channels; client.c is one connection, output.c what
 * it is sent; delivery.c the way from the log to the clients, catchup.c that
 * of those who lag.  They share this one struct.
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/settings.h"
#include "ipc/peer.h"
#include "log/log.h"
#include "worker/budget.h"
#include "worker/drain.h"
#include "worker/gather.h"
#include "worker/handshakes.h"
#include "worker/incident.h"
#include "worker/origins.h"
#include "worker/outbox.h"
#include "worker/slowdown.h"
#include "worker/stopwatch.h"
#include "worker/wheel.h"
#include "ws/frame.h"

struct client;
struct compress;
struct delivery;
struct origin;
struct site;
struct waiting;
struct wire;

#define WORKER_RECEIVE	(64 * 1024)	/* the borrowed receive buffer */

struct worker {
	const struct settings *settings;
	struct frame_limits frame_limits[SETTINGS_ROUTES];
	unsigned index;
	uint64_t generation;
	struct event_base *base;
	struct event *readable;		/* the clients' epoll descriptor */
	struct event *timer;		/* the wheel's next bucket */
	struct peer *parent;
	struct peer *broker;		/* NULL while there is none */
	int attach_fd;			/* its channel, not open yet; or 0 */
	uint64_t rung;			/* position of the last bell */
	bool is_welcome;		/* the broker serves */
	bool has_come;			/* a connection, in this turn */
	bool has_been_welcome;		/* READY was sent */
	bool is_ready;			/* what /healthz/ready says */
	bool is_choked;			/* too much is without a receipt */
	bool is_pausing;		/* PAUSE has come: one last reading */
	bool is_paused;			/* nothing is read any more */
	bool is_stopping;
	bool is_single;			/* ends with its one connection */
	bool is_over;			/* leave the loop */
	int exit_code;

	struct log *log;
	struct outbox outbox;
	struct delivery *delivery;
	struct compress *compress;
	struct waiting *waiting;	/* waiting.c's: whom something waits
					 * for */
	struct origins origins;		/* likewise */
	struct site *site;
	struct incidents incidents;
	struct budget budget;
	struct slowdown slowdown;
	struct handshakes handshakes;
	struct drain drain;		/* while it is stopping */
	struct gather gather;
	struct wire *wire;		/* NULL: no listener speaks TLS */

	int poll;			/* epoll descriptor of the clients */
	uint8_t *receive;		/* WORKER_RECEIVE bytes */
	bool has_more;			/* the client that is being read */
	struct wheel wheel;
	uint64_t now_ms;		/* of this turn */
	uint64_t unchoked_ms;		/* when reading went on */

	uint32_t slots;			/* connections it may have */
	struct client **clients;	/* by slot */
	uint32_t client_slots, client_count;
	uint32_t dirty;			/* first slot of those who have output
					 * for this turn; CLIENT_NO_SLOT */
	struct client *gone;		/* closed in this turn, freed after */

	/* For its metrics. */
	uint32_t slow;			/* clients that are blocked */
	uint64_t backlog;		/* the most seen since the last look */
	struct stopwatch stopwatch;
};

/* The life of a worker process; returns its exit code. */
int worker_main(const struct settings *);

/* Takes the page, or the certificates, from a memory file; the descriptor
 * stays the caller's.  False, with errno: what was there stays. */
bool worker_load_site(struct worker *, int fd)
    __attribute__((warn_unused_result));
bool worker_load_tls(struct worker *, int fd)
    __attribute__((warn_unused_result));
/* Takes over what of the settings is kept in another form. */
void worker_set_limits(struct worker *);

#endif
