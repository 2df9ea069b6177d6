/*
 * What is said and who has heard it.  Runs in the load generator, which owns
 * the sockets.
 *
 * A text is "~RRRRRRSSSSSSSSCCCCCCCCTTTTTTTTTTTTTTTT" and filling, in hex:
 * the run, the sender, its counter from 0, the due time.  It is found behind
 * whatever the server puts in front, so `[user0]: ` needs no special care.
 *
 * For each receiver and sender there is a row as in the anti-replay window
 * of IPsec (RFC 4303 3.4.3): the next counter, and which of the last 64 are
 * missing.  So a late message is told from a repeated one.
 */

#include "config.h"

#include "bench/traffic.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/nanotime.h"

#define RING		4096	/* messages of a sender that are watched */
#define WINDOW		64

struct heard {
	uint32_t next;
	uint32_t missing_old;	/* missing for good: beyond the window */
	uint64_t missing;	/* bit n: next - 1 - n has not come */
};

struct listener {
	uint64_t delivered;
	uint64_t order;		/* hash over what was heard, in order */
	bool gone;
};

struct sender {
	unsigned link;
	uint32_t sent;
	uint32_t heard;		/* by anybody: highest counter + 1 */
	uint32_t reached[RING];	/* members that have message c % RING */
};

struct traffic {
	struct traffic_plan plan;
	traffic_send *send;
	void *owner;
	struct heard *heard;		/* [link][sender of its room] */
	struct listener *listeners;
	struct sender *senders;		/* [room][sender of the room] */
	unsigned *members;		/* of a room, without those gone */
	struct traffic_counts counts;
	struct traffic_times *times;
	uint64_t from, to;
	char *text;
	uint32_t run;
	bool running;
	uint64_t due, due_first, due_count;
};

static unsigned
room_size(const struct traffic_plan *plan, unsigned room)
{
	return (plan->links - room + plan->rooms - 1) / plan->rooms;
}

/*
 * Sender n of a room, as the number of a link: spread, and not all even,
 * because a server deals connections out to its workers in turn.
 */
static unsigned
sender_link(const struct traffic_plan *plan, unsigned room, unsigned n)
{
	unsigned size = room_size(plan, room);
	unsigned member = (unsigned)((uint64_t)n * size / plan->senders);

	if (size / plan->senders >= 2)
		member += n & 1;
	return member * plan->rooms + room;
}

struct traffic *
traffic_new(const struct traffic_plan *plan, traffic_send *send, void *owner)
{
	size_t senders = (size_t)plan->rooms * plan->senders, i;
	struct traffic *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->plan = *plan;
	t->send = send;
	t->owner = owner;
	t->run = ((uint32_t)getpid() ^ (uint32_t)nanotime()) & 0xffffff;
	t->heard = calloc((size_t)plan->links * plan->senders + 1,
	    sizeof *t->heard);
	t->listeners = calloc(plan->links, sizeof *t->listeners);
	t->senders = calloc(senders + 1, sizeof *t->senders);
	t->members = calloc(plan->rooms, sizeof *t->members);
	t->text = malloc(plan->bytes + 1);
	if (t->heard == NULL || t->listeners == NULL || t->senders == NULL ||
	    t->members == NULL || t->text == NULL) {
		traffic_free(t);
		return NULL;
	}
	memset(t->text, '.', plan->bytes);
	for (i = 0; i < plan->rooms; i++)
		t->members[i] = room_size(plan, (unsigned)i);
	for (i = 0; i < senders; i++)
		t->senders[i].link = sender_link(plan,
		    (unsigned)i / plan->senders, (unsigned)i % plan->senders);
	return t;
}

void
traffic_free(struct traffic *t)
{
	if (t == NULL)
		return;
	free(t->heard);
	free(t->listeners);
	free(t->senders);
	free(t->members);
	free(t->text);
	free(t);
}

bool
traffic_talks(const struct traffic *t, unsigned index)
{
	unsigned room = index % t->plan.rooms, n;

	for (n = 0; n < t->plan.senders; n++)
		if (t->senders[room * t->plan.senders + n].link == index)
			return true;
	return false;
}

/* -- saying -------------------------------------------------------------- */

static void
hex_put(char *to, uint64_t value, unsigned digits)
{
	while (digits-- > 0) {
		to[digits] = "0123456789abcdef"[value & 15];
		value >>= 4;
	}
}

static bool
sender_say(struct traffic *t, unsigned number, uint64_t due)
{
	struct sender *s = &t->senders[number];

	if (t->listeners[s->link].gone)
		return true;
	t->text[0] = '~';
	hex_put(t->text + 1, t->run, 6);
	hex_put(t->text + 7, number, 8);
	hex_put(t->text + 15, s->sent, 8);
	hex_put(t->text + 23, due, 16);
	if (!t->send(t->owner, s->link, t->text, t->plan.bytes))
		return false;
	s->reached[s->sent % RING] = 0;
	s->sent++;
	t->counts.sent++;
	return true;
}

void
traffic_start(struct traffic *t, uint64_t now)
{
	unsigned i, k, all = t->plan.rooms * t->plan.senders;

	t->running = true;
	t->due_first = t->due = now;
	t->due_count = 0;
	if (t->plan.rate > 0)
		return;
	for (k = 0; k < t->plan.outstanding; k++)
		for (i = 0; i < all; i++)
			(void)sender_say(t, i, now);
}

void
traffic_stop(struct traffic *t)
{
	t->running = false;
}

uint64_t
traffic_tick(struct traffic *t, uint64_t now)
{
	unsigned all = t->plan.rooms * t->plan.senders;

	if (!t->running || t->plan.rate <= 0 || all == 0)
		return 0;
	while (t->due <= now) {
		if (!sender_say(t, (unsigned)(t->due_count % all), t->due))
			return now + NANOTIME_MS;
		if (t->times != NULL && t->due >= t->from && t->due < t->to)
			histogram_add(&t->times->late, nanotime() - t->due);
		t->due_count++;
		t->due = t->due_first + (uint64_t)((double)t->due_count *
		    (double)NANOTIME_S / t->plan.rate);
	}
	return t->due;
}

/* -- hearing ------------------------------------------------------------- */

static bool
hex_get(const char *from, unsigned digits, uint64_t *out)
{
	uint64_t value = 0;
	unsigned char c;

	while (digits-- > 0) {
		c = (unsigned char)*from++;
		if (c >= '0' && c <= '9')
			value = value << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	*out = value;
	return true;
}

/* Notes counter `c`; false: it was there before. */
static bool
heard_note(struct heard *h, uint32_t c, struct traffic_counts *counts)
{
	uint32_t gap, age;

	if (c == h->next) {
		/* The bit that falls out was missing for good. */
		h->missing_old += (uint32_t)(h->missing >> (WINDOW - 1));
		h->missing <<= 1;
		h->next++;
		return true;
	}
	if (c > h->next) {
		for (gap = c - h->next; gap > 0; gap--) {
			h->missing_old += (uint32_t)(h->missing >>
			    (WINDOW - 1));
			h->missing = h->missing << 1 | 1;
			h->next++;
		}
		return heard_note(h, c, counts);
	}
	age = h->next - 1 - c;
	if (age < WINDOW && (h->missing >> age & 1) != 0) {
		h->missing &= ~(1ULL << age);
		counts->disordered++;
		return true;
	}
	counts->duplicate++;
	return false;
}

static void
sender_on_heard(struct traffic *t, unsigned number, unsigned index,
    uint32_t c, uint64_t due, uint64_t now)
{
	struct sender *s = &t->senders[number];
	unsigned room = number / t->plan.senders;
	bool all = ++s->reached[c % RING] == t->members[room];

	if (c >= s->heard)
		s->heard = c + 1;
	if (t->times != NULL && due >= t->from && due < t->to) {
		histogram_add(&t->times->delivery, now > due ? now - due : 0);
		if (all)
			histogram_add(&t->times->sweep,
			    now > due ? now - due : 0);
	}
	if (t->running && t->plan.rate <= 0 &&
	    (t->plan.when_all ? all : s->link == index))
		(void)sender_say(t, number, now);
}

void
traffic_heard(struct traffic *t, unsigned index, const char *text, size_t len,
    uint64_t now)
{
	const char *p = memchr(text, '~', len);
	unsigned room = index % t->plan.rooms;
	struct listener *l = &t->listeners[index];
	uint64_t run, number, c, due;

	if (p == NULL || len - (size_t)(p - text) < 39 ||
	    !hex_get(p + 1, 6, &run) || run != t->run ||
	    !hex_get(p + 7, 8, &number) ||
	    number >= (uint64_t)t->plan.rooms * t->plan.senders ||
	    !hex_get(p + 15, 8, &c) || !hex_get(p + 23, 16, &due) ||
	    c >= t->senders[number].sent) {
		t->counts.foreign++;
		return;
	}
	if (number / t->plan.senders != room) {
		t->counts.strayed++;
		return;
	}
	if (!heard_note(&t->heard[(size_t)index * t->plan.senders +
	    number % t->plan.senders], (uint32_t)c, &t->counts))
		return;
	t->counts.delivered++;
	l->delivered++;
	l->order = (l->order ^ (number << 32 | c)) * 0x9e3779b97f4a7c15ULL;
	l->order ^= l->order >> 29;
	sender_on_heard(t, (unsigned)number, index, (uint32_t)c, due, now);
}

void
traffic_leave(struct traffic *t, unsigned index)
{
	if (t->listeners[index].gone)
		return;
	t->listeners[index].gone = true;
	t->members[index % t->plan.rooms]--;
}

void
traffic_measure(struct traffic *t, struct traffic_times *times, uint64_t from,
    uint64_t to)
{
	t->times = times;
	t->from = from;
	t->to = to;
}

/* -- the balance --------------------------------------------------------- */

static uint64_t
listener_lost(const struct traffic *t, unsigned index)
{
	unsigned room = index % t->plan.rooms, n;
	const struct heard *h;
	const struct sender *s;
	uint64_t lost = 0;
	uint32_t said;

	for (n = 0; n < t->plan.senders; n++) {
		h = &t->heard[(size_t)index * t->plan.senders + n];
		s = &t->senders[room * t->plan.senders + n];
		/* What a sender said last before it was cut off may never
		 * have been read: it counts if anybody heard it. */
		said = t->listeners[s->link].gone ? s->heard : s->sent;
		lost += said - h->next + h->missing_old +
		    (unsigned)__builtin_popcountll(h->missing);
	}
	return lost;
}

bool
traffic_is_complete(const struct traffic *t)
{
	unsigned i;

	for (i = 0; i < t->plan.links; i++)
		if (!t->listeners[i].gone && listener_lost(t, i) > 0)
			return false;
	return true;
}

struct traffic_counts
traffic_count(const struct traffic *t)
{
	struct traffic_counts counts = t->counts;
	unsigned i, rooms = t->plan.rooms;
	const struct listener *l, *first;

	for (i = 0; i < t->plan.links; i++) {
		l = &t->listeners[i];
		first = &t->listeners[i % rooms];
		if (l->gone)
			continue;
		counts.lost += listener_lost(t, i);
		if (!first->gone && l->delivered == first->delivered &&
		    l->order != first->order)
			counts.order_differs++;
	}
	return counts;
}
