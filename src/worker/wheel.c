/*
 * wheel - see wheel.h.
 */
#include "config.h"

#include "worker/wheel.h"

#include <string.h>

void
wheel_init(struct wheel *w, uint64_t now_ms)
{
	memset(w, 0, sizeof(*w));
	w->tick = now_ms / WHEEL_TICK_MS;
}

void
wheel_unset(struct wheel *w, struct wheel_item *item)
{
	if (item->at == NULL)
		return;
	*item->at = item->next;
	if (item->next != NULL)
		item->next->at = item->at;
	item->at = NULL;
	(void)w;	/* an empty bucket's bit goes when it comes up */
}

void
wheel_set(struct wheel *w, struct wheel_item *item, uint64_t due_ms)
{
	/* Rounded up: nothing comes up before its time. */
	uint64_t tick = due_ms / WHEEL_TICK_MS + 1;
	unsigned bucket;

	wheel_unset(w, item);
	item->due_ms = due_ms;
	if (tick <= w->tick)
		tick = w->tick + 1;
	if (tick >= w->tick + WHEEL_BUCKETS)
		tick = w->tick + WHEEL_BUCKETS - 1;
	bucket = (unsigned)(tick % WHEEL_BUCKETS);
	item->next = w->buckets[bucket];
	item->at = &w->buckets[bucket];
	if (item->next != NULL)
		item->next->at = &item->next;
	w->buckets[bucket] = item;
	w->used[bucket / 64] |= UINT64_C(1) << (bucket % 64);
}

/* Ticks from the last done one to the next bucket in use. */
static bool
wheel_distance(const struct wheel *w, uint64_t *ticks_out)
{
	for (uint64_t ticks = 1; ticks < WHEEL_BUCKETS; ticks++) {
		unsigned bucket =
		    (unsigned)((w->tick + ticks) % WHEEL_BUCKETS);

		/* A whole word of empty buckets is passed at once. */
		if (bucket % 64 == 0 && w->used[bucket / 64] == 0 &&
		    ticks + 64 < WHEEL_BUCKETS) {
			ticks += 63;
			continue;
		}
		if (w->used[bucket / 64] >> (bucket % 64) & 1) {
			*ticks_out = ticks;
			return true;
		}
	}
	return false;
}

struct wheel_item *
wheel_next_due(struct wheel *w, uint64_t now_ms)
{
	uint64_t now = now_ms / WHEEL_TICK_MS, ticks;
	struct wheel_item *item;
	unsigned bucket;

	while (w->tick < now) {
		if (!wheel_distance(w, &ticks) || w->tick + ticks > now) {
			w->tick = now;
			return NULL;
		}
		bucket = (unsigned)((w->tick + ticks) % WHEEL_BUCKETS);
		item = w->buckets[bucket];
		if (item != NULL) {
			/* Not done with this tick: it is asked for again. */
			w->tick += ticks - 1;
			wheel_unset(w, item);
			return item;
		}
		w->used[bucket / 64] &= ~(UINT64_C(1) << (bucket % 64));
		w->tick += ticks;
	}
	return NULL;
}

bool
wheel_wait(const struct wheel *w, uint64_t now_ms, uint64_t *wait_out)
{
	uint64_t ticks, due_ms;

	if (!wheel_distance(w, &ticks))
		return false;
	due_ms = (w->tick + ticks) * WHEEL_TICK_MS;
	*wait_out = due_ms > now_ms ? due_ms - now_ms : 0;
	return true;
}
