/*
 * counts - see counts.h.
 */
#include "config.h"

#include "worker/counts.h"

#include "base/usage.h"

void
counts_limit(enum metrics_limit limit)
{
	metrics_add(METRIC_LIMITS_HIT + limit, 1);
}

void
counts_refused(enum refusal refusal)
{
	metrics_add(METRIC_HANDSHAKES + refusal, 1);
	if (refusal == REFUSAL_HANDSHAKE_TIMEOUT)
		counts_limit(METRICS_LIMIT_HANDSHAKE_TIME);
	else if (refusal == REFUSAL_HEAD_TOO_LARGE ||
	    refusal == REFUSAL_TARGET_TOO_LONG)
		counts_limit(METRICS_LIMIT_HEAD_SIZE);
	else if (refusal == REFUSAL_TOO_MANY_FIELDS)
		counts_limit(METRICS_LIMIT_HEAD_FIELDS);
}

static void
count_limit_of(enum close_reason why)
{
	switch (why) {
	case CLOSE_TOO_BIG:
		counts_limit(METRICS_LIMIT_MESSAGE_SIZE);
		break;
	case CLOSE_TOO_MANY_FRAGMENTS:
		counts_limit(METRICS_LIMIT_FRAGMENTS);
		break;
	case CLOSE_MESSAGE_TIMEOUT:
		counts_limit(METRICS_LIMIT_MESSAGE_TIME);
		break;
	case CLOSE_PING_TIMEOUT:
		counts_limit(METRICS_LIMIT_PING_TIMEOUT);
		break;
	case CLOSE_TOO_MANY_CONTROLS:
		counts_limit(METRICS_LIMIT_CONTROL_RATE);
		break;
	case CLOSE_BACKLOG:
		counts_limit(METRICS_LIMIT_BACKLOG);
		break;
	case CLOSE_MEMORY:
		counts_limit(METRICS_LIMIT_MEMORY);
		break;
	case CLOSE_TOO_MANY_CONNECTIONS:
		counts_limit(METRICS_LIMIT_PER_ADDRESS);
		break;
	case CLOSE_TOO_MANY_ROOMS:
		counts_limit(METRICS_LIMIT_ROOMS);
		break;
	default:
		break;
	}
}

void
counts_closed(const struct client *c)
{
	metrics_add(METRIC_CLOSES + c->why, 1);
	if (c->why == CLOSE_BY_PEER)
		metrics_add_peer_code(c->peer_code);
	count_limit_of(c->why);
}

void
counts_backlog(struct worker *w, uint64_t bytes)
{
	if (bytes > w->backlog)
		w->backlog = bytes;
}

/* How far the slowest is behind is seen where his room goes on.  When it does
 * not, he is as far behind as before, until nobody is slow. */
static void
sample_backlog(struct worker *w)
{
	if (w->backlog > 0 || w->slow == 0)
		metrics_set(METRIC_BACKLOG, w->backlog);
	w->backlog = 0;
}

void
counts_sample(struct worker *w)
{
	metrics_set(METRIC_CONNECTIONS, w->client_count);
	metrics_set(METRIC_SLOW, w->slow);
	metrics_set(METRIC_PENDING, w->outbox.count);
	metrics_set(metrics_queue_to(METRICS_AT_PARENT),
	    peer_queued(w->parent));
	metrics_set(metrics_queue_to(METRICS_AT_BROKER),
	    w->broker == NULL ? 0 : peer_queued(w->broker));
	sample_backlog(w);
	usage_sample();
}
