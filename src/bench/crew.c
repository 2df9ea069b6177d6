/*
 * crew - see crew.h.
 */
#include "config.h"

#include "bench/crew.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "bench/board.h"
#include "bench/load.h"
#include "bench/nanotime.h"

#define LOOK_MS		2	/* at the board, while something is awaited */
#define LOOK_SLOW_MS	20
#define SETTLE_S	0.3	/* for joins that announce nothing */
#define SETTLE_MEMORY_S	2.0	/* and for what the server puts off */
#define GREETING_S	3.0	/* then it will not come */
#define START_NS	(20 * NANOTIME_MS)
#define PEAK_NS		(100 * NANOTIME_MS)
#define NOTE_S		2.0
#define REPEAT_S	0.05	/* a repetition comes after the last */
#define MARGIN_S	30.0	/* of the watchdog: closing, and more */

struct crew {
	const struct arguments *a;
	struct traffic *traffic;
	struct board *board;
	struct result *result;
	pid_t pids[ARGUMENTS_PROCESSES];
	unsigned living;
};

static volatile sig_atomic_t stopped;

static void
on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static uint64_t
after(double seconds)
{
	return nanotime() + (uint64_t)(seconds * (double)NANOTIME_S);
}

static unsigned
crew_clients(const struct crew *crew)
{
	return crew->a->plan.rooms * crew->a->plan.clients;
}

static void __attribute__((format(printf, 2, 3)))
crew_tell(const struct crew *crew, const char *format, ...)
{
	va_list args;

	if (!crew->a->is_verbose)
		return;
	fputs("wschat-bench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* -- the processes --------------------------------------------------------- */

static void __attribute__((noreturn))
generate(const struct load_task *task, pid_t conductor)
{
	/* The conductor hears the terminal, and they end with it. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != conductor)
		_exit(EX_SOFTWARE);
	load_run(task);
}

static void
crew_fork(struct crew *crew, const struct destination *destination)
{
	pid_t conductor = getpid();
	unsigned i;

	for (i = 0; i < crew->a->processes; i++) {
		struct load_task task = {
			.arguments = crew->a, .destination = destination,
			.traffic = crew->traffic, .board = crew->board,
			.process = i
		};

		crew->pids[i] = fork();
		if (crew->pids[i] == 0)
			generate(&task, conductor);
		/* Those who live end with this process. */
		if (crew->pids[i] < 0)
			arguments_die(EX_OSERR, "fork: %s", strerror(errno));
		crew->living++;
	}
}

/* Notes who has ended; one that ended badly has said why, and takes all
 * others along. */
static void
crew_reap(struct crew *crew)
{
	int status;

	while (crew->living > 0 && waitpid(-1, &status, WNOHANG) > 0) {
		crew->living--;
		if (!WIFEXITED(status))
			arguments_die(EX_SOFTWARE, "a generator died of "
			    "signal %d", WTERMSIG(status));
		if (WEXITSTATUS(status) != EXIT_CLEAN)
			exit(WEXITSTATUS(status));
	}
}

static void
crew_look(struct crew *crew, int ms)
{
	poll(NULL, 0, ms);
	crew_reap(crew);
}

/* -- what the server costs ------------------------------------------------- */

/* A server that is gone keeps what was read of it last. */
static void
crew_read_usage(const struct crew *crew, bool memory, struct usage *out)
{
	struct usage read;

	if (crew->a->pid > 0 && usage_read(crew->a->pid, memory, &read))
		*out = read;
}

static void
crew_note(const struct crew *crew, struct result_moment *m)
{
	m->time_ns = nanotime();
	crew_read_usage(crew, false, &m->server);
	m->machine_s = usage_machine_s();
}

static void
crew_watch_memory(struct crew *crew, uint64_t *next)
{
	struct usage now;

	if (!crew->a->watches_memory || nanotime() < *next)
		return;
	memset(&now, 0, sizeof(now));
	crew_read_usage(crew, true, &now);
	if (now.pss_kb > crew->result->peak_pss_kb)
		crew->result->peak_pss_kb = now.pss_kb;
	*next = nanotime() + PEAK_NS;
}

/* -- the phases ------------------------------------------------------------ */

static bool
crew_is_deserted(const struct crew *crew)
{
	return board_gone(crew->board) == crew_clients(crew);
}

static bool
crew_connect(struct crew *crew)
{
	uint64_t begin = nanotime(), end = after(crew->a->connect_s);
	uint64_t opened_at = 0, settled;
	unsigned all = crew_clients(crew), ready;

	crew_tell(crew, "connecting %u clients", all);
	while ((ready = board_ready(crew->board)) < all && !stopped &&
	    board_gone(crew->board) == 0 && nanotime() < end) {
		if (board_opened(crew->board) > 0 && opened_at == 0)
			opened_at = nanotime();
		if (ready == 0 && opened_at > 0 && nanotime() > opened_at +
		    (uint64_t)(GREETING_S * NANOTIME_S)) {
			crew->result->is_unwelcome = true;
			break;
		}
		crew_look(crew, LOOK_MS);
	}
	crew->result->connect_s = (double)(nanotime() - begin) /
	    (double)NANOTIME_S;
	if (ready < all)
		return false;
	crew_tell(crew, "%u clients are there after %.3f s", ready,
	    crew->result->connect_s);
	settled = after(crew->a->pid > 0 ? SETTLE_MEMORY_S : SETTLE_S);
	while (nanotime() < settled && !stopped)
		crew_look(crew, LOOK_SLOW_MS);
	crew->result->full = crew->result->empty;
	crew_read_usage(crew, true, &crew->result->full);
	return true;
}

static bool
crew_has_noted(const struct crew *crew)
{
	unsigned i;

	for (i = 0; i < crew->board->processes; i++)
		if (crew->board->shares[i].noted != BOARD_NOTED_END)
			return false;
	return true;
}

static void
crew_talk(struct crew *crew)
{
	struct result *r = crew->result;
	struct board *b = crew->board;
	uint64_t peak = 0, end;

	b->start_ns = nanotime() + START_NS;
	b->from_ns = b->start_ns + (uint64_t)(crew->a->warm_s * NANOTIME_S);
	b->to_ns = b->from_ns + (uint64_t)(crew->a->measure_s * NANOTIME_S);
	r->begin.server = r->end.server = r->full;
	board_turn(b, BOARD_TALK);
	while (nanotime() < b->from_ns && !stopped && !crew_is_deserted(crew))
		crew_look(crew, LOOK_MS);
	crew_note(crew, &r->begin);
	crew_tell(crew, "measuring");
	while (nanotime() < b->to_ns && !stopped && !crew_is_deserted(crew)) {
		crew_watch_memory(crew, &peak);
		crew_look(crew, LOOK_SLOW_MS);
	}
	crew_note(crew, &r->end);
	/* Who was interrupted notes its end when it hears of it. */
	end = after(stopped || crew_is_deserted(crew) ? 0 : NOTE_S);
	while (!crew_has_noted(crew) && nanotime() < end)
		crew_look(crew, LOOK_MS);
}

static bool
crew_is_complete(const struct crew *crew)
{
	unsigned i;

	for (i = 0; i < crew->board->processes; i++)
		if (!crew->board->shares[i].complete)
			return false;
	return true;
}

static void
crew_drain(struct crew *crew)
{
	uint64_t end = after(crew->a->drain_s);

	board_turn(crew->board, BOARD_QUIET);
	while (!crew_is_complete(crew) && nanotime() < end &&
	    !crew_is_deserted(crew))
		crew_look(crew, LOOK_SLOW_MS);
	end = after(REPEAT_S);
	while (nanotime() < end)
		crew_look(crew, LOOK_SLOW_MS);
}

/* -- what all found -------------------------------------------------------- */

static void
moment_add(struct board_moment *m, const struct board_moment *other)
{
	m->sent += other->sent;
	m->delivered += other->delivered;
	m->reads += other->reads;
	m->bytes += other->bytes;
	m->pings += other->pings;
	m->cpu_s += other->cpu_s;
}

static void
counts_add(struct traffic_counts *c, const struct traffic_counts *other)
{
	c->sent += other->sent;
	c->delivered += other->delivered;
	c->duplicate += other->duplicate;
	c->disordered += other->disordered;
	c->strayed += other->strayed;
	c->foreign += other->foreign;
}

static void
crew_gather(struct crew *crew)
{
	struct result *r = crew->result;
	unsigned i, end;

	r->ready = board_ready(crew->board);
	r->opened = board_opened(crew->board);
	r->complete = crew_is_complete(crew);
	for (i = 0; i < crew->board->processes; i++) {
		const struct board_share *s = &crew->board->shares[i];

		moment_add(&r->begin.load, &s->begin);
		moment_add(&r->end.load, &s->end);
		counts_add(&r->total, &s->counts);
		histogram_merge(&r->times.delivery, &s->times.delivery);
		histogram_merge(&r->times.own, &s->times.own);
		histogram_merge(&r->times.sweep, &s->times.sweep);
		histogram_merge(&r->times.late, &s->times.late);
		for (end = 0; end < LINK_ENDS; end++)
			r->ends[end] += s->ends[end];
		if (s->end_status != 0)
			r->end_status = s->end_status;
		if (s->error != 0)
			r->error = s->error;
	}
	traffic_balance(crew->traffic, &r->total);
}

/* -- the run --------------------------------------------------------------- */

static void
crew_init(struct crew *crew)
{
	const struct arguments *a = crew->a;

	crew->traffic = traffic_new(&a->plan);
	crew->board = board_new(a->processes);
	if (crew->traffic == NULL || crew->board == NULL)
		arguments_die(EX_OSERR, "start: %s", strerror(errno));
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, SIG_IGN);
	/* Whatever hangs, the run ends. */
	alarm((unsigned)(a->connect_s + a->warm_s + a->measure_s +
	    a->drain_s + SETTLE_MEMORY_S + MARGIN_S));
}

void
crew_run(const struct arguments *a, const struct destination *destination,
    struct result *out)
{
	struct crew crew = { .a = a, .result = out };

	memset(out, 0, sizeof(*out));
	out->plan = a->plan;
	out->target = a->url_text;
	out->processes = a->processes;
	out->has_server = a->pid > 0;
	if (a->pid > 0 && !usage_read(a->pid, true, &out->empty))
		arguments_die(EX_UNAVAILABLE, "--pid %d: %s", (int)a->pid,
		    strerror(errno));
	crew_init(&crew);
	crew_fork(&crew, destination);
	if (crew_connect(&crew)) {
		crew_talk(&crew);
		crew_drain(&crew);
		out->is_measured = true;
	}
	crew_tell(&crew, "closing");
	board_turn(crew.board, BOARD_CLOSE);
	while (crew.living > 0)
		crew_look(&crew, LOOK_MS);
	crew_gather(&crew);
	traffic_free(crew.traffic);
}
