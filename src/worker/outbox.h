/*
 * outbox - a worker's requests to the broker, kept until their receipt.
 *
 *	  head             sent              end
 *	--+----------------+-----------------+--
 *	  | sent, no       | not yet handed  |
 *	  | receipt yet    | to the channel  |
 *
 * A pure module.  A broker that dies loses nothing of it: for the next one
 * `sent` goes back to the head.  A request of which two brokers have died, or
 * may have, is not sent a third time.
 */
#ifndef WORKER_OUTBOX_H
#define WORKER_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ipc/messages.h"

struct outbox {
	struct buf bytes;
	size_t sent;		/* bytes behind the head handed on */
	size_t answered;	/* bytes behind the head to an entry, where
				 * the next answer is looked for */
	uint64_t number;	/* of the last request */
	uint64_t released;	/* requests up to here are answered */
	uint32_t count;		/* requests without a receipt */
};

/* A request as it lies in the outbox; lent until the outbox changes. */
struct outbox_entry {
	enum ipc_type type;
	struct ipc_request request;
	const uint8_t *tail;
	size_t tail_len;
};

void outbox_init(struct outbox *);

/* Adds a request; its number is the outbox's to give.  False: no memory. */
bool outbox_add(struct outbox *, enum ipc_type, const struct ipc_request *,
    const void *tail, size_t tail_len) __attribute__((warn_unused_result));

/* The next request to hand to the channel; outbox_sent moves past it. */
bool outbox_next(const struct outbox *, struct outbox_entry *entry_out);
void outbox_sent(struct outbox *);

/* It has been answered by a message: it is not sent again, and stays until
 * the receipt of those before it. */
void outbox_answered(struct outbox *, uint64_t number);

/* Everything up to `number` has been answered. */
void outbox_release(struct outbox *, uint64_t number);

#define OUTBOX_ANY	0		/* of the requests that were out */
#define OUTBOX_NONE	UINT64_MAX

/* The broker died, perhaps of the request `suspect`: what was out is to be
 * sent again.  Calls back for each request that is not, because it was
 * suspected for the second time. */
void outbox_rewind(struct outbox *, uint64_t suspect,
    void (*poison)(void *arg, const struct outbox_entry *), void *arg);

/* Walks all that waits for a receipt, without what was given up: *at_inout
 * is 0 before the first call. */
bool outbox_walk(const struct outbox *, size_t *at_inout,
    struct outbox_entry *entry_out);

size_t outbox_bytes(const struct outbox *);

#endif
