/*
 * traffic - see traffic.h.
 *
 * For each receiver and sender there is a row as in the anti-replay window
 * of IPsec (RFC 4303 3.4.3): the next counter, and which of the last 64 are
 * missing.  So a late message is told from a repeated one.
 *
 * What only the process of a client or sender writes is plain; what others
 * read or write meanwhile is atomic.
 */
#include "config.h"

#include "bench/traffic.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/mark.h"
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
	atomic_bool gone;
};

struct sender {
	_Atomic uint32_t sent;
	_Atomic uint32_t heard;	/* by anybody: highest counter + 1 */
	_Atomic uint32_t reached[RING];	/* members that have c % RING */
};

struct traffic {
	struct traffic_plan plan;
	struct portion portion;
	traffic_send *send;
	void *owner;
	/* shared by the processes */
	struct heard *heard;		/* [client][sender of its room] */
	struct listener *listeners;
	struct sender *senders;		/* [room][sender of the room] */
	atomic_uint *members;		/* of a room, without those gone */
	unsigned *speakers;		/* which client a sender is */
	/* of this process */
	struct traffic_counts counts;
	struct traffic_times *times;
	uint64_t from, to;
	char *text;
	uint32_t run;
	bool running;
	uint64_t due, due_first, due_count;
};

/*
 * Sender n of a room, as the number of a client: spread, and not all even,
 * because a server deals connections out to its workers in turn.
 */
static unsigned
sender_client(const struct traffic_plan *plan, unsigned number)
{
	unsigned room = number / plan->senders, n = number % plan->senders;
	unsigned member = (unsigned)((uint64_t)n * plan->clients /
	    plan->senders);

	if (plan->clients / plan->senders >= 2)
		member += n & 1;
	return member * plan->rooms + room;
}

/* Zeroed, and taken from the machine only where it is written. */
static void *
table_new(size_t count, size_t size)
{
	size_t bytes;
	void *table;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	table = mmap(NULL, bytes + 1, PROT_READ | PROT_WRITE, MAP_SHARED |
	    MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return table == MAP_FAILED ? NULL : table;
}

struct traffic *
traffic_new(const struct traffic_plan *plan)
{
	size_t senders = (size_t)plan->rooms * plan->senders;
	size_t clients = (size_t)plan->rooms * plan->clients, i;
	struct traffic *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->plan = *plan;
	t->run = ((uint32_t)getpid() ^ (uint32_t)nanotime()) & MARK_RUNS;
	t->heard = table_new(clients * plan->senders, sizeof(*t->heard));
	t->listeners = table_new(clients, sizeof(*t->listeners));
	t->senders = table_new(senders, sizeof(*t->senders));
	t->members = table_new(plan->rooms, sizeof(*t->members));
	t->speakers = calloc(senders + 1, sizeof(*t->speakers));
	t->text = malloc(plan->bytes + 1);
	if (t->heard == NULL || t->listeners == NULL || t->senders == NULL ||
	    t->members == NULL || t->speakers == NULL || t->text == NULL) {
		traffic_free(t);
		return NULL;
	}
	memset(t->text, '.', plan->bytes);
	for (i = 0; i < plan->rooms; i++)
		t->members[i] = plan->clients;
	for (i = 0; i < senders; i++)
		t->speakers[i] = sender_client(plan, (unsigned)i);
	return t;
}

void
traffic_free(struct traffic *t)
{
	free(t->speakers);
	free(t->text);
	free(t);
}

void
traffic_take(struct traffic *t, const struct portion *portion,
    struct traffic_times *times, traffic_send *send, void *owner)
{
	t->portion = *portion;
	t->times = times;
	t->send = send;
	t->owner = owner;
}

bool
traffic_talks(const struct traffic *t, unsigned index)
{
	unsigned room = index % t->plan.rooms, n;

	for (n = 0; n < t->plan.senders; n++)
		if (t->speakers[room * t->plan.senders + n] ==
		    index)
			return true;
	return false;
}

/* -- saying -------------------------------------------------------------- */

static bool
sender_say(struct traffic *t, unsigned number, uint64_t due)
{
	struct sender *s = &t->senders[number];
	unsigned client = t->speakers[number];
	uint32_t c = s->sent;

	if (!portion_has(&t->portion, client) || t->listeners[client].gone)
		return true;
	mark_write(&(struct mark){ t->run, number, c, due }, t->text);
	/* Before it can be heard, in whatever process. */
	s->reached[c % RING] = 0;
	s->sent = c + 1;
	if (!t->send(t->owner, client, t->text, t->plan.bytes)) {
		s->sent = c;
		return false;
	}
	t->counts.sent++;
	return true;
}

void
traffic_start(struct traffic *t, uint64_t start, uint64_t from, uint64_t to)
{
	unsigned i, k, all = t->plan.rooms * t->plan.senders;

	t->running = true;
	t->due_first = t->due = start;
	t->due_count = 0;
	t->from = from;
	t->to = to;
	if (t->plan.rate > 0)
		return;
	for (k = 0; k < t->plan.outstanding; k++)
		for (i = 0; i < all; i++)
			(void)sender_say(t, i, start);
}

void
traffic_stop(struct traffic *t)
{
	t->running = false;
}

static bool
is_timed(const struct traffic *t, uint64_t due)
{
	return due >= t->from && due < t->to;
}

uint64_t
traffic_tick(struct traffic *t, uint64_t now)
{
	unsigned all = t->plan.rooms * t->plan.senders, number;

	if (!t->running || t->plan.rate <= 0 || all == 0)
		return 0;
	while (t->due <= now) {
		number = (unsigned)(t->due_count % all);
		if (!sender_say(t, number, t->due))
			return now + NANOTIME_MS;
		if (is_timed(t, t->due) && portion_has(&t->portion,
		    t->speakers[number]))
			histogram_add(&t->times->late, nanotime() - t->due);
		t->due_count++;
		t->due = t->due_first + (uint64_t)((double)t->due_count *
		    (double)NANOTIME_S / t->plan.rate);
	}
	return t->due;
}

/* -- hearing ------------------------------------------------------------- */

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

/* Others may be about to note a higher one. */
static void
sender_note_heard(struct sender *s, uint32_t c)
{
	uint32_t old = s->heard;

	while (c >= old && !atomic_compare_exchange_weak(&s->heard, &old,
	    c + 1))
		;
}

static void
sender_on_heard(struct traffic *t, unsigned number, unsigned index,
    uint32_t c, uint64_t due, uint64_t now)
{
	struct sender *s = &t->senders[number];
	unsigned room = number / t->plan.senders;
	uint64_t took = now > due ? now - due : 0;
	bool is_own = t->speakers[number] == index;
	bool all = atomic_fetch_add(&s->reached[c % RING], 1) + 1 ==
	    t->members[room];

	sender_note_heard(s, c);
	if (is_timed(t, due)) {
		histogram_add(&t->times->delivery, took);
		if (is_own)
			histogram_add(&t->times->own, took);
		if (all)
			histogram_add(&t->times->sweep, took);
	}
	if (t->running && t->plan.rate <= 0 &&
	    (t->plan.when_all ? all : is_own))
		(void)sender_say(t, number, now);
}

void
traffic_heard(struct traffic *t, unsigned index, const char *text, size_t len,
    uint64_t now)
{
	unsigned room = index % t->plan.rooms;
	struct listener *l = &t->listeners[index];
	struct mark m;

	if (!mark_read(text, len, &m) || m.run != t->run ||
	    m.sender >= t->plan.rooms * t->plan.senders ||
	    m.counter >= t->senders[m.sender].sent) {
		t->counts.foreign++;
		return;
	}
	if (m.sender / t->plan.senders != room) {
		t->counts.strayed++;
		return;
	}
	if (!heard_note(&t->heard[(size_t)index * t->plan.senders +
	    m.sender % t->plan.senders], m.counter, &t->counts))
		return;
	t->counts.delivered++;
	l->delivered++;
	l->order = (l->order ^ ((uint64_t)m.sender << 32 | m.counter)) *
	    0x9e3779b97f4a7c15ULL;
	l->order ^= l->order >> 29;
	sender_on_heard(t, m.sender, index, m.counter, m.due_ns, now);
}

void
traffic_leave(struct traffic *t, unsigned index)
{
	if (t->listeners[index].gone)
		return;
	t->listeners[index].gone = true;
	t->members[index % t->plan.rooms]--;
}

/* -- the balance --------------------------------------------------------- */

static uint64_t
listener_lost(const struct traffic *t, unsigned index)
{
	unsigned room = index % t->plan.rooms, n, number;
	const struct heard *h;
	const struct sender *s;
	uint64_t lost = 0;
	uint32_t said;

	for (n = 0; n < t->plan.senders; n++) {
		number = room * t->plan.senders + n;
		h = &t->heard[(size_t)index * t->plan.senders + n];
		s = &t->senders[number];
		/* What a sender said last before it was cut off may never
		 * have been read: it counts if anybody heard it. */
		said = t->listeners[t->speakers[number]].gone ?
		    s->heard : s->sent;
		/* Heard here, and not yet noted by others. */
		if (said < h->next)
			said = h->next;
		lost += said - h->next + h->missing_old +
		    (unsigned)__builtin_popcountll(h->missing);
	}
	return lost;
}

bool
traffic_is_complete(const struct traffic *t)
{
	unsigned own, index, count = portion_count(&t->portion);

	for (own = 0; own < count; own++) {
		index = portion_index(&t->portion, own);
		if (!t->listeners[index].gone && listener_lost(t, index) > 0)
			return false;
	}
	return true;
}

struct traffic_counts
traffic_count(const struct traffic *t)
{
	return t->counts;
}

void
traffic_balance(const struct traffic *t, struct traffic_counts *counts)
{
	unsigned i, rooms = t->plan.rooms, all = rooms * t->plan.clients;
	const struct listener *l, *first;

	for (i = 0; i < all; i++) {
		l = &t->listeners[i];
		first = &t->listeners[i % rooms];
		if (l->gone)
			continue;
		counts->lost += listener_lost(t, i);
		if (!first->gone && l->delivered == first->delivered &&
		    l->order != first->order)
			counts->order_differs++;
	}
}
