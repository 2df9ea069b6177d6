/*
 * link - a worker's channel as the broker sees it, and what it is owed.
 *
 * In the broker; private to broker.c, link.c and questions.c.  Hears a worker's
 * requests and sends what it is to read, in this order: whispers, answers, the
 * receipt, the bell.  What a request does is the hub's (hub.h); how workers
 * come and go is broker.c's.
 *
 * A turn ends after LINK_TURN_MS, by the wall's clock: when a million leave at
 * once and all workers want the CPU, what is in the sockets is half a minute's
 * work, and the parent, heard in between, ends who is silent for 5 s.
 *
 * A request needs its receipt before its record leaves the ring.  So a turn
 * ends also when the log has grown by an eighth of the ring, and when what a
 * worker waits for does not get into its socket for a quarter, nobody is heard
 * until it does.  What grows nevertheless, as by the leaves of a dead worker's
 * clients, costs the slow worker its life at three quarters.  So does taking
 * nothing for LINK_DEAF_MS, while it answers the parent and all others wait.
 */
#ifndef BROKER_LINK_H
#define BROKER_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "broker/hub.h"
#include "ipc/peer.h"

#define LINK_TURN_MS	50		/* then what was said is committed */
#define LINK_DEAF_MS	5000		/* as the parent's patience */
#define LINK_QUEUE_HIGH	(256 * 1024)	/* bytes; then its requests wait */

struct broker;

struct link {
	struct broker *broker;
	struct peer *peer;
	unsigned index;
	uint64_t generation;		/* 0: nobody */
	bool is_registered;
	bool is_cleared;		/* whom it did not name is gone */
	uint32_t cleared;		/* how many were */
	bool is_mute;			/* reported to the parent */
	bool owes_answers;		/* queued, not yet in the socket */
	bool has_whispers;		/* likewise, of others' */
	bool has_whispered;		/* an answer in `held` says so */
	struct buf held;		/* answers that wait for whispers */
	bool owes_receipt;		/* waits for its answers */
	bool owes_bell;
	bool has_bell_queued;
	uint64_t taken;			/* peer_sent() when last looked at */
	uint64_t looked_ms;		/* and when; 0: nothing is queued */
	uint64_t deaf_ms;		/* for so long it has taken nothing */
};

/* Has the parent end the worker, once; `why` is a word for the log. */
void link_report(struct link *, const char *why);
/* Its members that it did not name are gone: its requests are heard.  False:
 * no memory to tell it. */
bool link_welcome(struct link *) __attribute__((warn_unused_result));

/* A request is carried out; the last of the turn, if that has lasted. */
void link_pace(const struct link *);

/* Sends what a refused request is told.  False: the worker ends, it has forged
 * something, or there is no memory. */
bool link_answer(struct link *, const struct ipc_message *, enum hub_result)
    __attribute__((warn_unused_result));

/* Whether nobody is heard because a worker does not take its answers. */
bool link_is_awaited(const struct broker *);

/* The worker's requests; their owner is the link. */
peer_handler link_on_attach, link_on_join, link_on_say, link_on_leave,
    link_on_proven, link_on_nick, link_on_move, link_on_who, link_on_rooms,
    link_on_whisper;

/* The end of a turn: commits, sends each worker what it is owed, frees the
 * peers of those that are gone, and says who is heard in the next turn. */
void link_end_turn(struct broker *);

#endif
