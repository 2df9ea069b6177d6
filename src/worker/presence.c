/*
 * presence - see presence.h.
 */
#include "config.h"

#include "worker/presence.h"

#include "worker/audience.h"
#include "worker/delivery_parts.h"
#include "worker/event.h"
#include "worker/json_write.h"

#define INTERVAL_MS	1000	/* between two counts of a room */

static void
presence_owe(struct delivery *d, struct audience *a)
{
	struct presence *p = &a->presence;

	if (p->at != NULL || !form_is_spoken(a->in_form, DIALECT_JSON))
		return;
	p->next = d->untold;
	p->at = &d->untold;
	if (p->next != NULL)
		p->next->presence.at = &p->next;
	d->untold = a;
}

void
presence_note(struct delivery *d, struct audience *a,
    const struct settings_route *route, const struct record *r)
{
	struct presence *p = &a->presence;

	if (r->kind != RECORD_JOIN && r->kind != RECORD_LEAVE)
		return;
	p->users = r->count;
	p->is_large = event_is_presence(route, r);
	if (p->is_large)
		presence_owe(d, a);
	else
		presence_forget(a);	/* the event itself has the count */
}

void
presence_note_return(struct delivery *d, struct audience *a)
{
	if (a->presence.is_large)
		presence_owe(d, a);
}

void
presence_forget(struct audience *a)
{
	struct presence *p = &a->presence;

	if (p->at == NULL)
		return;
	*p->at = p->next;
	if (p->next != NULL)
		p->next->presence.at = p->at;
	p->at = NULL;
}

static uint64_t
presence_free_ms(const struct presence *p)
{
	return p->told_ms == 0 ? 0 : p->told_ms + INTERVAL_MS;
}

uint64_t
presence_due(const struct delivery *d)
{
	uint64_t due = UINT64_MAX;

	for (const struct audience *a = d->untold; a != NULL;
	    a = a->presence.next)
		if (presence_free_ms(&a->presence) < due)
			due = presence_free_ms(&a->presence);
	return due;
}

static bool
presence_append(struct delivery *d, struct audience *a, uint64_t end)
{
	struct batch *b = delivery_batch(d, a);

	buf_reset(&d->line);
	if (b == NULL || !json_write_presence(&d->line, a->presence.users))
		return false;
	/* Too short for compression to help, on whatever route. */
	if (batch_append(b, d->compress, a->in_form, DIALECT_JSON, end,
	    &d->line, SIZE_MAX))
		return true;
	batch_cut(b, end);
	return false;
}

void
presence_tell(struct delivery *d, uint64_t end, uint64_t now_ms)
{
	struct audience *next;

	for (struct audience *a = d->untold; a != NULL; a = next) {
		next = a->presence.next;
		if (presence_free_ms(&a->presence) > now_ms)
			continue;
		if (presence_append(d, a, end))
			presence_forget(a);
		a->presence.told_ms = now_ms;
	}
}
