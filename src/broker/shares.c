/*
 * shares - see shares.h.
 */
#include "config.h"

#include "broker/shares.h"

#include <stdlib.h>

struct share {
	uint64_t connection;
	uint64_t clock;		/* bytes */
	uint64_t period_ms;	/* when it began */
	uint64_t period_clock;	/* the clock then */
	uint64_t said;		/* bytes in the period before */
	uint64_t until_ms;	/* waits until then */
	unsigned worker;
	bool is_fresh;		/* in his first period */
	bool has_more;		/* was marked in this period */
	bool is_pressing;	/* wanted more in the one before */
};

struct shares {
	unsigned count;
	unsigned last;		/* who said something last */
	uint64_t floor;		/* the clock of the last who wants more */
	struct share rows[SHARES_MAX];
};

struct shares *
shares_new(void)
{
	return calloc(1, sizeof(struct shares));
}

void
shares_free(struct shares *s)
{
	free(s);
}

/* Its row, made when there is none; NULL: there are too many.  What one reads
 * brings many in a row. */
static struct share *
share_of(struct shares *s, uint64_t connection, uint64_t now_ms)
{
	unsigned i = s->last;

	if (i < s->count && s->rows[i].connection == connection)
		return &s->rows[i];
	for (i = 0; i < s->count; i++)
		if (s->rows[i].connection == connection)
			break;
	if (i == SHARES_MAX)
		return NULL;
	s->last = i;
	if (i < s->count)
		return &s->rows[i];
	s->count++;
	s->rows[i] = (struct share){
		.connection = connection, .clock = s->floor,
		.period_ms = now_ms, .period_clock = s->floor,
		.is_fresh = true
	};
	return &s->rows[i];
}

void
shares_take(struct shares *s, unsigned worker, uint64_t connection,
    uint64_t bytes, bool has_more, uint64_t now_ms)
{
	struct share *row;

	/* As a rule, nobody has. */
	if (s->count == 0 && !has_more)
		return;
	row = share_of(s, connection, now_ms);
	if (row == NULL)
		return;
	row->worker = worker;
	row->clock += bytes;
	row->has_more |= has_more;
}

static void
share_end_period(struct share *row, uint64_t now_ms)
{
	row->said = row->clock - row->period_clock;
	row->is_pressing = row->has_more && row->said >= SHARES_LEAST;
	row->is_fresh = row->has_more = false;
	row->period_ms = now_ms;
	row->period_clock = row->clock;
}

/* Sets the floor.  Returns what the last of those who want more has said in a
 * period; 0: nobody wants more, and all begin again where the first is. */
static uint64_t
find_floor(struct shares *s, uint64_t now_ms)
{
	const struct share *last = NULL;

	for (unsigned i = 0; i < s->count; i++) {
		struct share *row = &s->rows[i];

		if (now_ms - row->period_ms >= SHARES_PERIOD_MS)
			share_end_period(row, now_ms);
		if (row->is_pressing &&
		    (last == NULL || row->clock < last->clock))
			last = row;
	}
	for (unsigned i = 0; last == NULL && i < s->count; i++)
		if (!s->rows[i].is_fresh && s->rows[i].clock > s->floor)
			s->floor = s->rows[i].clock;
	if (last == NULL)
		return 0;
	s->floor = last->clock;
	return last->said;
}

/* Who wants no more saves nothing up, and is forgotten when he is silent; of
 * who has just come nobody knows yet what he wants. */
static void
catch_up(struct shares *s)
{
	for (unsigned i = s->count; i-- > 0;) {
		struct share *row = &s->rows[i];

		if (row->is_pressing || row->clock > s->floor ||
		    (row->is_fresh && row->has_more))
			continue;
		row->period_clock += s->floor - row->clock;
		row->clock = s->floor;
		if (row->said == 0 && row->clock == row->period_clock)
			*row = s->rows[--s->count];
	}
}

void
shares_tell(struct shares *s, uint64_t now_ms, void (*tell)(void *, unsigned,
    uint64_t, uint64_t), void *arg)
{
	uint64_t wait_ms, said;

	if (s->count == 0)
		return;
	said = find_floor(s, now_ms);
	catch_up(s);
	for (unsigned i = 0; said > 0 && i < s->count; i++) {
		struct share *row = &s->rows[i];

		if (row->clock <= s->floor + SHARES_AHEAD ||
		    now_ms < row->until_ms)
			continue;
		wait_ms = (row->clock - s->floor - SHARES_AHEAD / 2) *
		    SHARES_PERIOD_MS / said;
		if (wait_ms > SHARES_WAIT_MS)
			wait_ms = SHARES_WAIT_MS;
		row->until_ms = now_ms + wait_ms;
		if (wait_ms > 0)
			tell(arg, row->worker, row->connection, wait_ms);
	}
}
