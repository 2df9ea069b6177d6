/*
 * bench/load: a load generator for WebSocket chat servers.
 *
 * Opens many connections from one process, lets some of them talk in a
 * closed loop (so many messages outstanding) or an open one (so many a
 * second, latency counted from when a message was due), checks that every
 * receiver hears each message once and in order, and reads from /proc what
 * the server spent.  This file owns the options, the loop and the phases:
 * connect, warm up, measure, drain, close.  link.c is a connection,
 * traffic.c what is said, usage.c the cost, result.c how it is shown.
 */

#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "bench/link.h"
#include "bench/nanotime.h"
#include "bench/result.h"
#include "bench/traffic.h"
#include "bench/usage.h"

#define KEY_TIMER	UINT32_MAX
#define EVENTS_MAX	256
#define DIRTY_MAX	1024
#define SOURCE_LINKS	8000	/* from one source address: the kernel's
				 * search for a free port grows slow */
#define DESCRIPTORS	64	/* beside the connections */
#define SETTLE_S	0.3	/* for joins that announce nothing */
#define SETTLE_MEMORY_S	2.0	/* and for what the server puts off */
#define DRAIN_S		10.0
#define CLOSE_S		5.0
#define MARGIN_S	15.0	/* of the watchdog */

struct options {
	struct traffic_plan plan;
	struct link_target target;
	const char *url;
	char host[256], port[16], path[256];
	const char *json;
	unsigned parallel, sources;
	double warm_s, measure_s, connect_s;
	pid_t pid;
	bool greeting, any_address;
};

struct load {
	struct options o;
	struct traffic *traffic;
	struct link *links;
	struct link_events events;
	struct result result;
	int epoll, timer;
	uint64_t armed;		/* the timer's time */
	uint64_t due;		/* of the open loop */
	unsigned opened;	/* link_open was called for as many */
	unsigned pending;	/* of these neither ready nor gone */
	unsigned gone;
	unsigned dirty[DIRTY_MAX], dirties;
	uint64_t now;		/* of the present event; 0: not yet read */
};

__attribute__((format(printf, 2, 3), noreturn)) static void
die(int status, const char *format, ...)
{
	va_list ap;

	fputs("load: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(status);
}

/* -- what links and traffic tell ------------------------------------------ */

static unsigned
load_index(const struct load *load, const struct link *l)
{
	return (unsigned)(l - load->links);
}

static void
load_set_ready(struct load *load, struct link *l)
{
	l->ready = true;
	load->pending--;
	load->result.ready++;
}

static void
on_opened(void *owner, struct link *l)
{
	struct load *load = owner;

	l->talks = traffic_talks(load->traffic, load_index(load, l));
	if (!load->o.greeting)
		load_set_ready(load, l);
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

static void
on_gone(void *owner, struct link *l)
{
	struct load *load = owner;

	if (!l->ready)
		load->pending--;
	load->gone++;
	load->result.ends[l->end]++;
	if (l->end != LINK_END_OURS && l->status != 0)
		load->result.end_status = l->status;
	traffic_leave(load->traffic, load_index(load, l));
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
	struct link *l = &load->links[index];

	if (l->state != LINK_OPEN || !link_say(l, text, len))
		return false;
	if (load->dirties == DIRTY_MAX)
		load_flush(load);
	if (load->dirties == 0 || load->dirty[load->dirties - 1] != index)
		load->dirty[load->dirties++] = index;
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
			if (read(load->timer, &ticks, sizeof ticks) > 0)
				load->armed = 0;
		} else {
			link_on_ready(&load->links[key], events[i].events,
			    load->epoll, key, &load->events);
			load_flush(load);
		}
		/* What is due does not wait for the rest of the turn. */
		if (load->due > 0 && nanotime() >= load->due)
			load_tick(load, nanotime());
	}
}

static void
load_run_until(struct load *load, uint64_t until)
{
	while (nanotime() < until)
		load_turn(load, until);
}

static uint64_t
after(double seconds)
{
	return nanotime() + (uint64_t)(seconds * (double)NANOTIME_S);
}

/* -- the phases ------------------------------------------------------------ */

static void
load_open_next(struct load *load)
{
	unsigned index = load->opened++, room = index % load->o.plan.rooms;
	unsigned source = load->o.sources <= 1 ? 0 :
	    1 + index % load->o.sources;
	char path[sizeof load->o.path + 16];

	if (load->o.plan.rooms > 1)
		snprintf(path, sizeof path, "%s/r%u", load->o.path, room);
	else
		snprintf(path, sizeof path, "%s", load->o.path);
	load->pending++;
	link_open(&load->links[index], &load->o.target, source, path,
	    load->epoll, index, &load->events);
}

static void
load_read_usage(const struct load *load, bool memory, struct usage *out)
{
	if (load->o.pid > 0 && !usage_read(load->o.pid, memory, out))
		die(EX_UNAVAILABLE, "no process %d", (int)load->o.pid);
}

static void
load_connect(struct load *load)
{
	uint64_t begin, end = after(load->o.connect_s);
	unsigned all = load->o.plan.links;

	load_read_usage(load, true, &load->result.empty);
	begin = nanotime();
	while (load->result.ready < all && load->gone == 0 &&
	    nanotime() < end) {
		while (load->opened < all && load->gone == 0 &&
		    load->pending < load->o.parallel)
			load_open_next(load);
		load_turn(load, end);
	}
	load->result.connect_s = (double)(nanotime() - begin) /
	    (double)NANOTIME_S;
	if (load->result.ready < all)
		return;
	load_run_until(load, after(load->o.pid > 0 ? SETTLE_MEMORY_S :
	    SETTLE_S));
	load_read_usage(load, true, &load->result.full);
}

static void
load_note(struct load *load, struct result_moment *m)
{
	struct rusage self;

	m->time_ns = nanotime();
	m->traffic = traffic_count(load->traffic);
	m->reads = load->events.reads;
	m->bytes = load->events.bytes;
	m->pings = load->events.pings;
	load_read_usage(load, false, &m->server);
	m->machine_s = usage_machine_s();
	getrusage(RUSAGE_SELF, &self);
	m->generator_s = (double)(self.ru_utime.tv_sec +
	    self.ru_stime.tv_sec) + 1e-6 * (double)(self.ru_utime.tv_usec +
	    self.ru_stime.tv_usec);
}

static void
load_measure(struct load *load)
{
	uint64_t now = nanotime(), from, to;
	double drain_s = DRAIN_S;

	traffic_start(load->traffic, now);
	load_tick(load, now);
	load_run_until(load, after(load->o.warm_s));

	load_note(load, &load->result.begin);
	from = nanotime();
	to = after(load->o.measure_s);
	traffic_measure(load->traffic, &load->result.times, from, to);
	load_run_until(load, to);
	load_note(load, &load->result.end);

	traffic_stop(load->traffic);
	load->due = 0;
	while (!(load->result.complete =
	    traffic_is_complete(load->traffic)) && drain_s > 0) {
		load_run_until(load, after(0.01));
		drain_s -= 0.01;
	}
	/* A repetition would come after the last that is waited for. */
	load_run_until(load, after(0.05));
	load->result.total = traffic_count(load->traffic);
}

static void
load_close(struct load *load)
{
	uint64_t end = after(CLOSE_S);
	unsigned i;

	for (i = 0; i < load->opened; i++)
		if (load->links[i].state != LINK_GONE)
			link_close(&load->links[i], load->epoll, i,
			    &load->events);
	while (load->gone < load->opened && nanotime() < end)
		load_turn(load, end);
}

/* -- start ----------------------------------------------------------------- */

static void
usage_text(FILE *to)
{
	fputs(
"usage: load [options] [ws://]HOST:PORT/PATH\n"
"  -n, --connections N   connections (1000)\n"
"  -R, --rooms N         rooms: PATH/r0, PATH/r1, ...; 1: PATH itself (1)\n"
"  -s, --senders N       senders in each room (0: all is idle)\n"
"  -b, --bytes N         bytes of a message (128)\n"
"  -k, --outstanding N   messages of a sender on the way (1)\n"
"  -a, --when-all        the next when all have the last, not the sender\n"
"  -r, --rate N          open loop: N messages a second in all\n"
"  -w, --warm-up S       seconds before measuring (1)\n"
"  -d, --duration S      seconds that are measured (5)\n"
"  -g, --greeting        each is ready when it has heard a first text\n"
"  -P, --pid PID         the server, for CPU and memory of its tree\n"
"  -p, --parallel N      connections that are being opened at once (200)\n"
"  -S, --sources N       source addresses 127.0.0.1 to N (as needed)\n"
"  -T, --connect-time S  seconds for connecting (60)\n"
"  -j, --json FILE       result as JSON, too; - is the standard output\n"
"      --any-address     the target need not be this machine\n"
"  -h, --help\n"
"Exit status: 0 clean; 1 something was lost, repeated or disconnected.\n",
	    to);
}

static double
number(const char *text, double min, double max, const char *what)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || !(value >= min && value <= max))
		die(EX_USAGE, "%s: %s is not between %.9g and %.9g", what,
		    text, min, max);
	return value;
}

static unsigned
count(const char *text, unsigned min, unsigned max, const char *what)
{
	double value = number(text, min, max, what);

	if (value != (double)(unsigned)value)
		die(EX_USAGE, "%s: %s is not a whole number", what, text);
	return (unsigned)value;
}

static void
options_parse_url(struct options *o)
{
	const char *p = o->url, *slash, *colon;
	size_t len;

	if (strncmp(p, "ws://", 5) == 0)
		p += 5;
	if ((slash = strchr(p, '/')) == NULL)
		slash = p + strlen(p);
	colon = memrchr(p, ':', (size_t)(slash - p));
	if (colon == NULL || colon == p)
		die(EX_USAGE, "%s: want HOST:PORT/PATH", o->url);
	len = (size_t)(colon - p);
	if (*p == '[' && colon[-1] == ']') {
		p++;
		len -= 2;
	}
	if (len >= sizeof o->host ||
	    (size_t)(slash - colon) > sizeof o->port ||
	    strlen(slash) >= sizeof o->path)
		die(EX_USAGE, "%s: too long", o->url);
	memcpy(o->host, p, len);
	memcpy(o->port, colon + 1, (size_t)(slash - colon) - 1);
	snprintf(o->path, sizeof o->path, "%s", *slash ? slash : "/");
	o->target.host = o->host;
}

static bool
address_is_loopback(const struct sockaddr_storage *ss)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)ss;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ss;

	if (ss->ss_family == AF_INET)
		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	return ss->ss_family == AF_INET6 &&
	    IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static void
options_resolve(struct options *o)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	int error = getaddrinfo(o->host, o->port, &hints, &list);

	if (error != 0)
		die(EX_NOHOST, "%s: %s", o->host, gai_strerror(error));
	memcpy(&o->target.address, list->ai_addr, list->ai_addrlen);
	o->target.address_len = list->ai_addrlen;
	freeaddrinfo(list);
	if (!address_is_loopback(&o->target.address) && !o->any_address)
		die(EX_USAGE, "%s is another machine; if it is yours, say "
		    "--any-address", o->host);
	if (o->sources == 0)
		o->sources = (o->plan.links + SOURCE_LINKS - 1) /
		    SOURCE_LINKS;
	if (o->sources > 1 && (o->target.address.ss_family != AF_INET ||
	    !address_is_loopback(&o->target.address)))
		die(EX_USAGE, "several source addresses: only to 127.0.0.1");
}

static void
options_check(const struct options *o)
{
	if (o->plan.rooms > o->plan.links)
		die(EX_USAGE, "more rooms than connections");
	if (o->plan.senders > o->plan.links / o->plan.rooms)
		die(EX_USAGE, "more senders than members in a room");
}

static void
options_parse(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {
		{ "connections", required_argument, NULL, 'n' },
		{ "rooms", required_argument, NULL, 'R' },
		{ "senders", required_argument, NULL, 's' },
		{ "bytes", required_argument, NULL, 'b' },
		{ "outstanding", required_argument, NULL, 'k' },
		{ "when-all", no_argument, NULL, 'a' },
		{ "rate", required_argument, NULL, 'r' },
		{ "warm-up", required_argument, NULL, 'w' },
		{ "duration", required_argument, NULL, 'd' },
		{ "greeting", no_argument, NULL, 'g' },
		{ "pid", required_argument, NULL, 'P' },
		{ "parallel", required_argument, NULL, 'p' },
		{ "sources", required_argument, NULL, 'S' },
		{ "connect-time", required_argument, NULL, 'T' },
		{ "json", required_argument, NULL, 'j' },
		{ "any-address", no_argument, NULL, 'A' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	*o = (struct options){
		.plan = { .links = 1000, .rooms = 1, .bytes = 128,
		    .outstanding = 1 },
		.parallel = 200, .warm_s = 1, .measure_s = 5, .connect_s = 60
	};
	while ((c = getopt_long(argc, argv, "n:R:s:b:k:ar:w:d:gP:p:S:T:j:h",
	    names, NULL)) != -1) {
		switch (c) {
		case 'n':
			o->plan.links = count(optarg, 1, 4000000, "-n");
			break;
		case 'R':
			o->plan.rooms = count(optarg, 1, 4000000, "-R");
			break;
		case 's':
			o->plan.senders = count(optarg, 0, 100000, "-s");
			break;
		case 'b':
			o->plan.bytes = count(optarg, TRAFFIC_BYTES_MIN,
			    16 << 20, "-b");
			break;
		case 'k':
			o->plan.outstanding = count(optarg, 1, 1000, "-k");
			break;
		case 'a':
			o->plan.when_all = true;
			break;
		case 'r':
			o->plan.rate = number(optarg, 0.001, 1e7, "-r");
			break;
		case 'w':
			o->warm_s = number(optarg, 0, 3600, "-w");
			break;
		case 'd':
			o->measure_s = number(optarg, 0.01, 86400, "-d");
			break;
		case 'g':
			o->greeting = true;
			break;
		case 'P':
			o->pid = (pid_t)count(optarg, 1, 1 << 22, "-P");
			break;
		case 'p':
			o->parallel = count(optarg, 1, 100000, "-p");
			break;
		case 'S':
			o->sources = count(optarg, 1, 250, "-S");
			break;
		case 'T':
			o->connect_s = number(optarg, 0.1, 3600, "-T");
			break;
		case 'j':
			o->json = optarg;
			break;
		case 'A':
			o->any_address = true;
			break;
		case 'h':
			usage_text(stdout);
			exit(0);
		default:
			usage_text(stderr);
			exit(EX_USAGE);
		}
	}
	if (optind != argc - 1) {
		usage_text(stderr);
		exit(EX_USAGE);
	}
	o->url = argv[optind];
	options_parse_url(o);
	options_resolve(o);
	options_check(o);
}

static void
raise_descriptors(unsigned needed)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed)
		return;
	limit.rlim_cur = needed;
	if (limit.rlim_max < needed)
		limit.rlim_max = needed;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		die(EX_OSERR, "%u descriptors: %s", needed, strerror(errno));
}

static void
load_init(struct load *load)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = KEY_TIMER };
	const struct options *o = &load->o;

	raise_descriptors(o->plan.links + DESCRIPTORS);
	load->links = calloc(o->plan.links, sizeof *load->links);
	load->traffic = traffic_new(&o->plan, on_say, load);
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	load->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC |
	    TFD_NONBLOCK);
	if (load->links == NULL || load->traffic == NULL ||
	    load->epoll < 0 || load->timer < 0 ||
	    epoll_ctl(load->epoll, EPOLL_CTL_ADD, load->timer, &e) != 0)
		die(EX_OSERR, "start: %s", strerror(errno));
	load->events.owner = load;
	load->events.opened = on_opened;
	load->events.heard = on_heard;
	load->events.gone = on_gone;
	load->result.plan = o->plan;
	load->result.target = o->url;
	load->result.has_server = o->pid > 0;
}

static void
load_show(const struct load *load)
{
	FILE *f = stdout;

	if (load->o.json == NULL || strcmp(load->o.json, "-") != 0)
		result_print(&load->result, stdout);
	if (load->o.json == NULL)
		return;
	if (strcmp(load->o.json, "-") != 0 &&
	    (f = fopen(load->o.json, "we")) == NULL)
		die(EX_CANTCREAT, "%s: %s", load->o.json, strerror(errno));
	result_print_json(&load->result, f);
	if (fflush(f) != 0 || (f != stdout && fclose(f) != 0))
		die(EX_IOERR, "%s: %s", load->o.json, strerror(errno));
}

int
main(int argc, char **argv)
{
	static struct load load;
	bool clean;

	options_parse(&load.o, argc, argv);
	load_init(&load);
	/* Whatever hangs, the run ends. */
	alarm((unsigned)(load.o.connect_s + load.o.warm_s +
	    load.o.measure_s + SETTLE_MEMORY_S + DRAIN_S + CLOSE_S +
	    MARGIN_S));
	load_connect(&load);
	if (load.result.ready == load.o.plan.links)
		load_measure(&load);
	/* Noted before our own close can add to it. */
	clean = result_is_clean(&load.result);
	load_close(&load);
	load_show(&load);
	traffic_free(load.traffic);
	free(load.links);
	return clean ? 0 : 1;
}
