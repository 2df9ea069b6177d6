/*
 * budget - see budget.h.
 */
#include "config.h"

#include "worker/budget.h"

#include <inttypes.h>

#include "base/logger.h"
#include "base/memory.h"
#include "worker/client.h"
#include "worker/output.h"
#include "worker/remnant.h"
#include "worker/waiting.h"

#define PER_CENT(part, share)	((share) / 100 * (part))
#define REFUSE_AT		80
#define ACCEPT_AT		75
#define SHED_AT			90
#define AGAIN_MS		100
#define STALLED_MS		1000	/* without progress */
#define RANKS			128

bool
budget_allows(const struct worker *w, size_t len)
{
	return memory_held() + len <= w->settings->memory_share;
}

/* His part of the frame that he and others have in part. */
static uint64_t
client_shares(const struct client *c)
{
	const struct remnant *r = c->output->remnant;

	return r == NULL ? 0 : r->len / r->users + 1;
}

/* What would be free without it. */
static uint64_t
client_holds(const struct client *c)
{
	uint64_t holds = waiting_bytes(c);

	if (c->output != NULL)
		holds += c->output->bytes.capacity + client_shares(c);
	if (c->input != NULL)
		holds += c->input->held.capacity + c->input->message.capacity;
	return holds;
}

/* Who has the highest is ended first: who has stalled before who may just be
 * slow, and then by size.  Powers of two, since to be put in order they would
 * have to be sorted, and this is the time to take no memory. */
static unsigned
client_rank(const struct worker *w, const struct client *c, uint64_t bytes)
{
	bool has_stalled = c->is_blocked &&
	    w->now_ms >= c->output->progress_ms + STALLED_MS;

	return (has_stalled ? RANKS : RANKS / 2) - 1 -
	    (unsigned)__builtin_clzll(bytes);
}

/* From which rank on clients are ended, so that `excess` bytes are free. */
static unsigned
budget_find_rank(const struct worker *w, uint64_t excess)
{
	uint64_t held[RANKS] = { 0 }, sum = 0, bytes;
	unsigned rank = RANKS;

	for (uint32_t slot = 0; slot < w->client_slots; slot++) {
		const struct client *c = w->clients[slot];

		bytes = c == NULL || c->state == CLIENT_GONE ? 0 :
		    client_holds(c);
		if (bytes > 0)
			held[client_rank(w, c, bytes)] += bytes;
	}
	while (rank > 0 && sum < excess)
		sum += held[--rank];
	return rank;
}

/* A close frame reaches nobody whose socket is full, and must not stand in
 * the middle of another frame. */
static void
budget_end_client(struct worker *w, struct client *c)
{
	if (c->state != CLIENT_OPEN || c->is_blocked) {
		client_drop(w, c, CLOSE_MEMORY);
		return;
	}
	client_close(w, c, CLOSE_MEMORY);
	if (c->input != NULL) {
		buf_clear(&c->input->held);
		buf_clear(&c->input->message);
	}
}

/* Ends clients of these ranks until `excess` bytes are free; returns how
 * many. */
static uint64_t
budget_end(struct worker *w, unsigned from, unsigned to, uint64_t excess,
    uint64_t *freed)
{
	uint64_t count = 0, bytes;
	unsigned rank;

	for (uint32_t slot = 0; slot < w->client_slots && *freed < excess;
	    slot++) {
		struct client *c = w->clients[slot];

		bytes = c == NULL || c->state == CLIENT_GONE ? 0 :
		    client_holds(c);
		rank = bytes == 0 ? 0 : client_rank(w, c, bytes);
		if (bytes == 0 || rank < from || rank > to)
			continue;
		budget_end_client(w, c);
		*freed += bytes;
		count++;
	}
	return count;
}

void
budget_shed(struct worker *w)
{
	uint64_t share = w->settings->memory_share, held = memory_held();
	uint64_t most = PER_CENT(SHED_AT, share), freed = 0, excess, count;
	unsigned rank;

	if (held < most || w->now_ms < w->budget.again_ms)
		return;
	excess = held - most + 1;
	rank = budget_find_rank(w, excess);
	count = budget_end(w, rank + 1, RANKS, excess, &freed);
	count += budget_end(w, rank, rank, excess, &freed);
	if (freed < excess)
		w->budget.again_ms = w->now_ms + AGAIN_MS;
	if (count > 0)
		logger_warning("clients ended for want of memory",
		    "clients=%" PRIu64 " held=%" PRIu64 " share=%" PRIu64,
		    count, held, share);
}

void
budget_tell(struct worker *w)
{
	uint64_t share = w->settings->memory_share, held = memory_held();
	struct ipc_memory memory = { 0 };
	bool is_short = held >= PER_CENT(w->budget.is_short ? ACCEPT_AT :
	    REFUSE_AT, share);

	if (is_short == w->budget.is_short)
		return;
	memory.is_short = is_short;
	if (!peer_send(w->parent, IPC_MEMORY, &memory, NULL, 0, -1))
		return;
	w->budget.is_short = is_short;
	if (is_short)
		logger_warning("memory is short", "held=%" PRIu64
		    " share=%" PRIu64 " clients=%" PRIu32, held, share,
		    w->client_count);
	else
		logger_info("memory is not short any more",
		    "held=%" PRIu64 " share=%" PRIu64, held, share);
}
