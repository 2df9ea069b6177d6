/*
 * load - see load.h.
 */
#include "config.h"

#include "bench/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "bench/nanotime.h"
#include "bench/speech.h"

#define KEY_TIMER	UINT32_MAX
#define KEY_BOARD	(UINT32_MAX - 1)
#define EVENTS_MAX	256
#define DIRTY_MAX	1024
#define DESCRIPTORS	64	/* beside the connections */
#define CHECK_NS	(10 * NANOTIME_MS)
#define CLOSE_NS	(5 * NANOTIME_S)

struct load {
	const struct arguments *a;
	const struct destination *destination;
	struct traffic *traffic;
	struct board *board;
	struct board_share *share;
	struct portion portion;
	unsigned all;		/* clients of the portion */
	struct link *links;	/* by their number in the portion */
	struct link_events events;
	unsigned ends[LINK_ENDS];
	int epoll, timer;
	uint64_t armed;		/* the timer's time */
	uint64_t due;		/* of the open loop; 0: never */
	uint64_t began;		/* connecting */
	unsigned pending;	/* opened, and neither ready nor gone */
	unsigned dirty[DIRTY_MAX], dirties;
	uint64_t now;		/* of the present event; 0: not yet read */
};

static unsigned
load_index(const struct load *load, const struct link *l)
{
	return portion_index(&load->portion, (unsigned)(l - load->links));
}

static unsigned
load_room(const struct load *load, const struct link *l)
{
	return load_index(load, l) % load->portion.rooms;
}

/* -- what links and traffic tell ------------------------------------------ */

static void
load_set_ready(struct load *load, struct link *l)
{
	l->ready = true;
	load->pending--;
	load->share->ready++;
}

static void
on_opened(void *owner, struct link *l)
{
	struct load *load = owner;

	load->share->opened++;
	l->talks = traffic_talks(load->traffic, load_index(load, l));
	if (!dialect_is_plain(load->a->dialect)) {
		/* link.c sends it when this event is done with. */
		if (!speech_join(load->a, load_room(load, l), l))
			link_blame(l, &load->events);
	} else if (!load->a->greets) {
		load_set_ready(load, l);
	}
}

static void
on_heard(void *owner, struct link *l, const char *text, size_t len)
{
	struct load *load = owner;

	if (!l->ready) {
		load_set_ready(load, l);
		return;
	}
	if (load->now == 0)
		load->now = nanotime();
	traffic_heard(load->traffic, load_index(load, l), text, len,
	    load->now);
}

/* Bytes of a dialect. */
static size_t
on_streamed(void *owner, struct link *l, const char *bytes, size_t len)
{
	struct load *load = owner;
	struct dialect_packet packet;
	size_t used = load->a->dialect->read(bytes, len, &packet);

	if (used == 0)
		return 0;
	if (packet.sense == DIALECT_TEXT && l->ready)
		on_heard(load, l, packet.text, packet.len);
	else if (packet.sense == DIALECT_JOINED && !l->ready)
		load_set_ready(load, l);
	else if (packet.sense == DIALECT_REFUSED ||
	    (packet.sense == DIALECT_PING && !link_say_binary(l, packet.text,
	    packet.len)))
		link_blame(l, &load->events);
	return used;
}

static void
on_gone(void *owner, struct link *l)
{
	struct load *load = owner;

	if (!l->ready)
		load->pending--;
	load->ends[l->end]++;
	if (l->end != LINK_END_OURS && l->status != 0)
		load->share->end_status = l->status;
	load->share->error = load->events.error;
	/* In CLOSE all go, and the balance is of who was there before. */
	if (board_phase(load->board) != BOARD_CLOSE)
		traffic_leave(load->traffic, load_index(load, l));
	load->share->gone++;
}

static void
load_flush(struct load *load)
{
	unsigned i;

	for (i = 0; i < load->dirties; i++)
		link_flush(&load->links[load->dirty[i]], load->epoll,
		    load->dirty[i], &load->events);
	load->dirties = 0;
}

static bool
on_say(void *owner, unsigned index, const char *text, size_t len)
{
	struct load *load = owner;
	unsigned own = portion_own(&load->portion, index);
	struct link *l = &load->links[own];

	if (l->state != LINK_OPEN || !speech_say(load->a,
	    index % load->portion.rooms, l, text, len))
		return false;
	if (load->dirties == DIRTY_MAX)
		load_flush(load);
	if (load->dirties == 0 || load->dirty[load->dirties - 1] != own)
		load->dirty[load->dirties++] = own;
	return true;
}

/* -- the loop -------------------------------------------------------------- */

static void
load_arm(struct load *load, uint64_t at)
{
	struct itimerspec when = {
		.it_value = { (time_t)(at / NANOTIME_S),
		    (long)(at % NANOTIME_S) }
	};

	if (at == load->armed)
		return;
	load->armed = at;
	timerfd_settime(load->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void
load_tick(struct load *load, uint64_t now)
{
	load->due = traffic_tick(load->traffic, now);
	load_flush(load);
}

/* One turn; returns when something happened or `until` is here. */
static void
load_turn(struct load *load, uint64_t until)
{
	struct epoll_event events[EVENTS_MAX];
	uint64_t ticks;
	uint32_t key;
	int i, n;

	load_arm(load, load->due > 0 && load->due < until ? load->due :
	    until);
	n = epoll_wait(load->epoll, events, EVENTS_MAX, -1);
	for (i = 0; i < n; i++) {
		key = events[i].data.u32;
		load->now = 0;
		if (key == KEY_TIMER) {
			if (read(load->timer, &ticks, sizeof(ticks)) > 0)
				load->armed = 0;
		} else if (key != KEY_BOARD) {
			link_on_ready(&load->links[key], events[i].events,
			    load->epoll, key, &load->events);
			load_flush(load);
		}
		/* What is due does not wait for the rest of the turn. */
		if (load->due > 0 && nanotime() >= load->due)
			load_tick(load, nanotime());
	}
}

/* -- the phases ------------------------------------------------------------ */

static void
load_open(struct load *load, unsigned own)
{
	unsigned index = portion_index(&load->portion, own);
	unsigned sources = load->destination->sources;
	char path[LINK_PATH];

	destination_path(load->a, index % load->portion.rooms, path);
	load->pending++;
	link_open(&load->links[own], &load->destination->target,
	    sources == 0 ? 0 : 1 + index % sources, path, load->epoll, own,
	    &load->events);
}

/* When client `own` may be opened: the processes take turns. */
static uint64_t
load_opens_at(const struct load *load, unsigned own)
{
	if (load->a->connect_rate <= 0)
		return 0;
	return load->began + (uint64_t)(((double)own *
	    load->portion.processes + load->portion.process) *
	    (double)NANOTIME_S / load->a->connect_rate);
}

/*
 * How many connect at a time: more processes than CPUs would only wake each
 * other for a connection or two, so they come one after the other, unless
 * there is a rate by which they take turns.
 */
static unsigned
load_abreast(const struct load *load)
{
	unsigned all = load->portion.processes;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return load->a->connect_rate > 0 || cpus < 1 || (unsigned)cpus > all ?
	    all : (unsigned)cpus;
}

static void
load_connect(struct load *load)
{
	unsigned next = 0, abreast = load_abreast(load);
	unsigned parallel = (load->a->parallel + abreast - 1) / abreast;
	bool opens, told = false;
	uint64_t at;

	load->began = nanotime();
	while (board_phase(load->board) == BOARD_CONNECT) {
		at = nanotime();
		opens = load->portion.process <
		    load->board->connected + abreast;
		while (opens && next < load->all && load->share->gone == 0 &&
		    load->pending < parallel &&
		    load_opens_at(load, next) <= at)
			load_open(load, next++);
		if (!told && load->share->ready == load->all) {
			told = true;
			board_tell_connected(load->board);
		}
		load_turn(load, opens && next < load->all &&
		    load->pending < parallel && load->share->gone == 0 ?
		    load_opens_at(load, next) : at + NANOTIME_S);
	}
}

static void
load_note(struct load *load, enum board_note note)
{
	struct board_moment *m = note == BOARD_NOTED_BEGIN ?
	    &load->share->begin : &load->share->end;
	struct traffic_counts counts = traffic_count(load->traffic);
	struct rusage self;

	getrusage(RUSAGE_SELF, &self);
	m->sent = counts.sent;
	m->delivered = counts.delivered;
	m->reads = load->events.reads;
	m->bytes = load->events.bytes;
	m->pings = load->events.pings;
	m->cpu_s = (double)(self.ru_utime.tv_sec + self.ru_stime.tv_sec) +
	    1e-6 * (double)(self.ru_utime.tv_usec + self.ru_stime.tv_usec);
	load->share->noted = note;
}

static void
load_talk(struct load *load)
{
	const struct board *b = load->board;
	uint64_t now = nanotime(), from = b->from_ns, to = b->to_ns;

	while (now < b->start_ns && board_phase(b) == BOARD_TALK) {
		load_turn(load, b->start_ns);
		now = nanotime();
	}
	traffic_start(load->traffic, b->start_ns, from, to);
	load_tick(load, now);
	while (board_phase(b) == BOARD_TALK) {
		if (load->share->noted == 0 && now >= from)
			load_note(load, BOARD_NOTED_BEGIN);
		if (load->share->noted == BOARD_NOTED_BEGIN && now >= to)
			load_note(load, BOARD_NOTED_END);
		load_turn(load, now < from ? from : now < to ? to :
		    now + NANOTIME_S);
		now = nanotime();
	}
	/* It may have ended early. */
	if (load->share->noted == 0)
		load_note(load, BOARD_NOTED_BEGIN);
	if (load->share->noted == BOARD_NOTED_BEGIN)
		load_note(load, BOARD_NOTED_END);
}

static void
load_be_quiet(struct load *load)
{
	traffic_stop(load->traffic);
	load->due = 0;
	while (board_phase(load->board) == BOARD_QUIET) {
		load->share->complete = traffic_is_complete(load->traffic);
		load_turn(load, nanotime() + CHECK_NS);
	}
	load->share->complete = traffic_is_complete(load->traffic);
	load->share->counts = traffic_count(load->traffic);
}

static void
load_close(struct load *load)
{
	uint64_t end = nanotime() + CLOSE_NS;
	unsigned i, left = load->share->gone;

	/* Noted before our own close can add to it. */
	memcpy(load->share->ends, load->ends, sizeof(load->ends));
	for (i = 0; i < load->all; i++) {
		if (load->links[i].state == LINK_NEW ||
		    load->links[i].state == LINK_GONE)
			continue;
		left++;
		link_close(&load->links[i], load->epoll, i, &load->events);
	}
	while (load->share->gone < left && nanotime() < end)
		load_turn(load, end);
}

/* -- start ----------------------------------------------------------------- */

static void
raise_descriptors(const struct load *load)
{
	rlim_t needed = (rlim_t)load->all + DESCRIPTORS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed)
		return;
	limit.rlim_cur = needed;
	if (limit.rlim_max < needed)
		limit.rlim_max = needed;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return;
	getrlimit(RLIMIT_NOFILE, &limit);
	arguments_die(EX_OSERR, "%llu descriptors in a process are more than "
	    "%llu: raise the limit, or --processes",
	    (unsigned long long)needed, (unsigned long long)limit.rlim_max);
}

static void
load_watch(const struct load *load, int fd, uint32_t events, uint32_t key)
{
	struct epoll_event e = { .events = events, .data.u32 = key };

	if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, fd, &e) != 0)
		arguments_die(EX_OSERR, "epoll: %s", strerror(errno));
}

static void
load_init(struct load *load, const struct load_task *task)
{
	const struct traffic_plan *plan = &task->arguments->plan;

	load->a = task->arguments;
	load->destination = task->destination;
	load->traffic = task->traffic;
	load->board = task->board;
	load->share = &task->board->shares[task->process];
	load->portion = (struct portion){ task->process,
	    task->board->processes, plan->rooms, plan->clients };
	load->all = portion_count(&load->portion);
	raise_descriptors(load);
	load->links = calloc(load->all, sizeof(*load->links));
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	load->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC |
	    TFD_NONBLOCK);
	if (load->links == NULL || load->epoll < 0 || load->timer < 0)
		arguments_die(EX_OSERR, "start: %s", strerror(errno));
	load_watch(load, load->timer, EPOLLIN, KEY_TIMER);
	load_watch(load, load->board->wake, EPOLLIN | EPOLLET, KEY_BOARD);
	load->events.owner = load;
	load->events.opened = on_opened;
	load->events.heard = on_heard;
	load->events.gone = on_gone;
	if (!dialect_is_plain(load->a->dialect))
		load->events.streamed = on_streamed;
	traffic_take(load->traffic, &load->portion, &load->share->times,
	    on_say, load);
}

void
load_run(const struct load_task *task)
{
	static struct load load;

	load_init(&load, task);
	load_connect(&load);
	if (board_phase(load.board) == BOARD_TALK)
		load_talk(&load);
	if (board_phase(load.board) == BOARD_QUIET)
		load_be_quiet(&load);
	load_close(&load);
	/* Not exit(): what the conductor has yet to print is its own. */
	_exit(EXIT_CLEAN);
}
