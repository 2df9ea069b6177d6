/*
 * crowd: many clients that talk while a test does something to the server.
 *
 * Part of them speak JSON, and resume when their connection is lost, with
 * everything unanswered said again; each of the others is followed by a new
 * client.  Part of both come over TLS, and come back that way.  Writes one
 * trace, which judge.py judges.  Reads commands, a line each: "stop", "drop N"
 * (N JSON clients lose their connection), "gather".  Prints "ready" when all
 * are there, "back MS" when all who were dropped are, and "gathered" when all
 * are there again.
 */

#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sysexits.h>
#include <unistd.h>

#include "bench/link.h"
#include "bench/nanotime.h"
#include "tests/faults/cast.h"
#include "tests/faults/options.h"

#define KEY_COMMANDS	UINT32_MAX
#define EVENTS_MAX	256
#define AGAIN_NS	(20 * NANOTIME_MS)	/* after a refused connect */
#define QUIET_NS	(400 * NANOTIME_MS)	/* nothing comes twice */
#define DRAIN_NS	(60 * NANOTIME_S)
#define CONNECT_S	60

struct slot {
	struct link link;
	struct member *member;
	uint64_t open_at;	/* 0: it is open */
	bool rude;		/* the present end is ours */
};

struct crowd {
	struct options o;
	struct cast cast;
	struct slot *slots;
	struct link_events events;
	int epoll;
	bool talking, stopping, leaving, gathering;
	unsigned ready, opening, awaited;
	uint64_t started, said, heard_at, dropped_at;
	char command[64];
	size_t command_len;
};

static const char json_fields[] = "Sec-WebSocket-Protocol: wschat.v1\r\n";

static uint32_t
slot_key(const struct crowd *crowd, const struct slot *slot)
{
	return (uint32_t)(slot - crowd->slots);
}

/* -- hearing --------------------------------------------------------------- */

static void
slot_say_text(struct crowd *crowd, struct slot *slot, const char *text,
    size_t len)
{
	if (!link_say(&slot->link, text, len))
		cast_strange(&crowd->cast, slot->member, "unsent", 6);
	link_flush(&slot->link, crowd->epoll, slot_key(crowd, slot),
	    &crowd->events);
}

static void
slot_say_message(struct crowd *crowd, struct slot *slot,
    const struct message *m)
{
	char line[160];
	int len;

	if (!slot->member->json) {
		slot_say_text(crowd, slot, m->text, CAST_TEXT);
		return;
	}
	if (m->to != CAST_NOBODY)
		len = snprintf(line, sizeof line, "{\"type\":\"whisper\","
		    "\"to\":\"%s\",\"text\":\"%s\"}",
		    crowd->cast.members[m->to]->name, m->text);
	else
		len = snprintf(line, sizeof line, "{\"type\":\"message\","
		    "\"text\":\"%s\",\"id\":\"%s\"}", m->text, m->text);
	slot_say_text(crowd, slot, line, (size_t)len);
}

/* What has no answer is said again: with its id, so it is said once. */
static void
slot_say_again(struct crowd *crowd, struct slot *slot)
{
	const struct list *said = &slot->member->said;
	struct message *m;
	size_t i, from = said->count > 200 ? said->count - 200 : 0;

	for (i = from; i < said->count; i++) {
		m = &crowd->cast.messages[said->items[i]];
		if (m->answer != ANSWER_NONE ||
		    slot->link.state != LINK_OPEN)
			continue;
		m->again = true;
		slot_say_message(crowd, slot, m);
	}
}

static void
slot_on_ready(struct crowd *crowd, struct slot *slot)
{
	struct member *m = slot->member;
	uint64_t now = nanotime();

	slot->link.ready = true;
	slot->link.talks = true;
	crowd->opening--;
	crowd->ready++;
	if (m->joined) {
		m->resumes++;
		cast_note(&crowd->cast, m, "resumed", "-", m->lost_ns, now);
		if (crowd->awaited > 0 && --crowd->awaited == 0)
			printf("back %.0f\n", (double)(now -
			    crowd->dropped_at) / 1e6);
		slot_say_again(crowd, slot);
		return;
	}
	m->joined = true;
	m->join_ns = now;
	if (m->stalled)
		epoll_ctl(crowd->epoll, EPOLL_CTL_DEL, slot->link.fd, NULL);
}

static bool
json_copy(const char *text, const char *key, char *to, size_t size)
{
	const char *at = strstr(text, key);
	size_t n;

	if (at == NULL)
		return false;
	at += strlen(key);
	n = strcspn(at, "\"");
	if (n >= size)
		return false;
	memcpy(to, at, n);
	to[n] = '\0';
	return true;
}

static uint64_t
json_number(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at == NULL ? 0 : strtoull(at + strlen(key), NULL, 10);
}

static void
json_on_welcome(struct crowd *crowd, struct slot *slot, const char *text)
{
	struct member *m = slot->member;
	bool resumed = strstr(text, "\"resumed\":true") != NULL;

	if (resumed != m->joined)
		cast_strange(&crowd->cast, m, "forgotten", 9);
	if (!m->joined)
		m->seq = json_number(text, "\"seq\":");
	if (!json_copy(text, "\"name\":\"", m->name, sizeof m->name) ||
	    !json_copy(text, "\"resume\":\"", m->token, sizeof m->token))
		cast_strange(&crowd->cast, m, text, strlen(text));
	slot_on_ready(crowd, slot);
}

static void
json_on_message(struct crowd *crowd, struct slot *slot, const char *text,
    uint64_t now)
{
	const char *said = strchr(text, '^');
	struct member *m = slot->member;
	uint64_t seq = json_number(text, "\"seq\":");

	/* Numbers have no gap; what the trace says is judged besides. */
	if (seq != m->seq + 1)
		cast_strange(&crowd->cast, m, text, strlen(text));
	m->seq = seq;
	if (said != NULL)
		cast_hear(&crowd->cast, m, said, strlen(said), now);
	else
		crowd->cast.foreign++;
}

static void
json_on_event(struct crowd *crowd, struct slot *slot, const char *text,
    uint64_t now)
{
	static const char *const idle[] = { "join\"", "leave\"", "rename\"",
	    "presence\"" };
	const char *type = text + 9, *said = strpbrk(text, "^!");
	struct cast *cast = &crowd->cast;
	size_t i, len = said == NULL ? 0 : strlen(said);

	for (i = 0; i < sizeof idle / sizeof idle[0]; i++)
		if (strncmp(type, idle[i], strlen(idle[i])) == 0)
			return;
	if (strncmp(type, "message\"", 8) == 0)
		json_on_message(crowd, slot, text, now);
	else if (strncmp(type, "welcome\"", 8) == 0)
		json_on_welcome(crowd, slot, text);
	else if (strncmp(type, "ack\"", 4) == 0 && said != NULL)
		cast_answer(cast, slot->member, said, len, ANSWER_SAID);
	else if (strncmp(type, "whisper\"", 8) == 0 && said != NULL)
		cast_hear(cast, slot->member, said, len, now);
	else if (strncmp(type, "whispered\"", 10) == 0 && said != NULL)
		cast_answer(cast, slot->member, said, len,
		    strstr(text, "\"to\":[]") == NULL ? ANSWER_SAID :
		    ANSWER_NOT_FOUND);
	else
		cast_strange(cast, slot->member, text, strlen(text));
}

static void
on_heard(void *owner, struct link *link, const char *bytes, size_t len)
{
	struct crowd *crowd = owner;
	struct slot *slot = (struct slot *)link;
	char text[LINK_HEAD_MAX + 1];
	const char *said;
	uint64_t now = nanotime(), foreign = crowd->cast.foreign;

	memcpy(text, bytes, len);
	text[len] = '\0';
	if (slot->member->json) {
		if (strncmp(text, "{\"type\":\"", 9) == 0)
			json_on_event(crowd, slot, text, now);
		else
			cast_strange(&crowd->cast, slot->member, text, len);
	} else if (!link->ready) {
		slot_on_ready(crowd, slot);
	} else if ((said = strchr(text, '^')) != NULL) {
		cast_hear(&crowd->cast, slot->member, said, strlen(said),
		    now);
	} else if (strchr(text, '~') != NULL) {
		crowd->cast.foreign++;
	} else {
		cast_strange(&crowd->cast, slot->member, text, len);
	}
	/* Others may talk on for ever. */
	if (crowd->cast.foreign == foreign)
		crowd->heard_at = now;
}

/* -- connections ----------------------------------------------------------- */

static void
on_opened(void *owner, struct link *link)
{
	(void)owner;
	(void)link;
}

static void
on_gone(void *owner, struct link *link)
{
	struct crowd *crowd = owner;
	struct slot *slot = (struct slot *)link;
	struct member *m = slot->member;
	uint64_t now = nanotime();

	if (link->ready)
		crowd->ready--;
	else
		crowd->opening--;
	if (crowd->leaving)
		return;
	if (!slot->rude)
		cast_note(&crowd->cast, m, link->ready ? "ended" : "refused",
		    link_end_name(link->end), now, link->status);
	if (link->ready)
		m->lost_ns = now;
	if (link->ready && !m->json) {
		m->ended = true;
		m->end_ns = now;
		slot->member = cast_add(&crowd->cast, m->tls ? CAST_TLS : 0);
	}
	slot->open_at = link->ready && crowd->talking ? now : now + AGAIN_NS;
	slot->rude = false;
	if (m->stalled)
		slot->open_at = UINT64_MAX;
}

static void
slot_open(struct crowd *crowd, struct slot *slot)
{
	const struct member *m = slot->member;
	struct link_target target = m->tls ? crowd->o.secure : crowd->o.plain;
	int small = 4096;
	char path[256];

	if (m->json)
		target.fields = json_fields;
	if (m->joined)
		snprintf(path, sizeof path, "%s?resume=%s&after=%llu",
		    crowd->o.path, m->token, (unsigned long long)m->seq);
	else
		snprintf(path, sizeof path, "%s", crowd->o.path);
	memset(&slot->link, 0, sizeof slot->link);
	slot->open_at = 0;
	crowd->opening++;
	link_open(&slot->link, &target, 0, path, crowd->epoll,
	    slot_key(crowd, slot), &crowd->events);
	/* The kernel would take in megabytes for who does not read. */
	if (m->stalled && slot->link.state != LINK_GONE)
		setsockopt(slot->link.fd, SOL_SOCKET, SO_RCVBUF, &small,
		    sizeof small);
}

static void
crowd_open_due(struct crowd *crowd, uint64_t now)
{
	unsigned i;

	for (i = 0; i < crowd->o.slots; i++)
		if (crowd->slots[i].open_at != 0 &&
		    crowd->slots[i].open_at <= now &&
		    crowd->opening < crowd->o.parallel)
			slot_open(crowd, &crowd->slots[i]);
}

static void
crowd_drop(struct crowd *crowd, unsigned many)
{
	struct slot *slot;
	unsigned i;

	crowd->dropped_at = nanotime();
	for (i = 0; i < crowd->o.slots && many > 0; i++) {
		slot = &crowd->slots[i];
		if (!slot->member->json || !slot->link.ready ||
		    slot->link.state != LINK_OPEN)
			continue;
		many--;
		crowd->awaited++;
		slot->rude = true;
		link_clear(&slot->link);
		on_gone(crowd, &slot->link);
	}
}

/* -- saying ---------------------------------------------------------------- */

static void
slot_whisper(struct crowd *crowd, struct slot *slot, uint64_t due)
{
	struct slot *to;
	unsigned i;

	for (i = 1; i < crowd->o.slots; i++) {
		to = &crowd->slots[(slot_key(crowd, slot) + i *
		    (1 + crowd->said % 7)) % crowd->o.slots];
		if (to == slot || !to->member->json || to->member->stalled ||
		    !to->link.ready || to->link.state != LINK_OPEN)
			continue;
		slot_say_message(crowd, slot, cast_say(&crowd->cast,
		    slot->member, to->member->number, due));
		return;
	}
}

/* A sender that is away misses its turn. */
static void
crowd_say(struct crowd *crowd, uint64_t due)
{
	unsigned talkers = crowd->o.slots - crowd->o.stalled;
	unsigned n = (unsigned)(crowd->said % crowd->o.senders);
	struct slot *slot = &crowd->slots[crowd->o.stalled +
	    (unsigned)((uint64_t)n * talkers / crowd->o.senders)];

	crowd->said++;
	if (!slot->link.ready || slot->link.state != LINK_OPEN)
		return;
	slot_say_message(crowd, slot, cast_say(&crowd->cast, slot->member,
	    CAST_NOBODY, due));
	if (crowd->o.whispers > 0 && crowd->said % crowd->o.whispers == 0 &&
	    slot->member->json && slot->link.state == LINK_OPEN)
		slot_whisper(crowd, slot, due);
}

static void
crowd_say_due(struct crowd *crowd, uint64_t now)
{
	uint64_t due;

	while (crowd->talking && !crowd->stopping && crowd->o.rate > 0) {
		due = crowd->started + (uint64_t)((double)crowd->said *
		    (double)NANOTIME_S / crowd->o.rate);
		if (due > now)
			return;
		crowd_say(crowd, due);
	}
}

/* -- the loop -------------------------------------------------------------- */

static void
crowd_obey(struct crowd *crowd, const char *line)
{
	unsigned many;

	if (sscanf(line, "drop %u", &many) == 1)
		crowd_drop(crowd, many);
	else if (strcmp(line, "gather") == 0)
		crowd->gathering = true;
	else if (strcmp(line, "stop") == 0)
		crowd->stopping = true;
	else
		fprintf(stderr, "crowd: no command %s\n", line);
}

static void
crowd_read_commands(struct crowd *crowd)
{
	char *end;
	ssize_t n = read(STDIN_FILENO, crowd->command + crowd->command_len,
	    sizeof crowd->command - crowd->command_len - 1);

	if (n <= 0) {
		crowd->stopping = true;
		epoll_ctl(crowd->epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
		return;
	}
	crowd->command_len += (size_t)n;
	crowd->command[crowd->command_len] = '\0';
	while ((end = strchr(crowd->command, '\n')) != NULL) {
		*end = '\0';
		crowd_obey(crowd, crowd->command);
		crowd->command_len -= (size_t)(end + 1 - crowd->command);
		memmove(crowd->command, end + 1, crowd->command_len + 1);
	}
}

static void
crowd_turn(struct crowd *crowd)
{
	struct epoll_event events[EVENTS_MAX];
	int i, n = epoll_wait(crowd->epoll, events, EVENTS_MAX, 1);
	uint32_t key;

	for (i = 0; i < n; i++) {
		key = events[i].data.u32;
		if (key == KEY_COMMANDS) {
			crowd_read_commands(crowd);
			continue;
		}
		link_on_ready(&crowd->slots[key].link, events[i].events,
		    crowd->epoll, key, &crowd->events);
		/* What is due does not wait for the rest of the turn. */
		crowd_say_due(crowd, nanotime());
	}
	crowd_open_due(crowd, nanotime());
	crowd_say_due(crowd, nanotime());
	if (crowd->gathering && crowd->ready == crowd->o.slots) {
		crowd->gathering = false;
		printf("gathered\n");
	}
}

static void
crowd_gather(struct crowd *crowd)
{
	uint64_t end = nanotime() + CONNECT_S * NANOTIME_S;

	while (crowd->ready < crowd->o.slots) {
		crowd_turn(crowd);
		if (nanotime() > end) {
			fprintf(stderr, "crowd: only %u of %u are there\n",
			    crowd->ready, crowd->o.slots);
			exit(EX_UNAVAILABLE);
		}
	}
	printf("ready\n");
	crowd->started = nanotime();
	crowd->talking = true;
}

/* Has the last that is in a list an answer, or at least been heard?  What was
 * said before it came to the server before it. */
static bool
list_is_settled(const struct crowd *crowd, const struct list *said, bool json)
{
	const struct message *m;

	if (said->count == 0)
		return true;
	m = &crowd->cast.messages[said->items[said->count - 1]];
	return json ? m->answer != ANSWER_NONE : m->heard > 0;
}

/* Has everybody heard what anybody has, and each what he said?  They are all
 * in one room, so the last line is the same. */
static bool
crowd_is_whole(const struct crowd *crowd)
{
	const struct member *m;
	uint32_t last = CAST_NOBODY;
	unsigned i;

	for (i = 0; i < crowd->o.slots; i++) {
		m = crowd->slots[i].member;
		if (m->stalled)
			continue;
		if (!crowd->slots[i].link.ready ||
		    !list_is_settled(crowd, &m->said, m->json) ||
		    !list_is_settled(crowd, &m->whispered, m->json))
			return false;
		if (m->heard.count == 0)
			continue;
		if (last == CAST_NOBODY)
			last = m->heard.items[m->heard.count - 1];
		if (m->heard.items[m->heard.count - 1] != last)
			return false;
	}
	/* Who has heard nothing came behind the last line. */
	for (i = 0; i < crowd->o.slots && last != CAST_NOBODY; i++) {
		m = crowd->slots[i].member;
		if (!m->stalled && m->heard.count == 0 &&
		    m->join_ns < crowd->cast.messages[last].due_ns)
			return false;
	}
	return true;
}

/* Until all is heard, and nothing has come for a while. */
static void
crowd_drain(struct crowd *crowd)
{
	uint64_t end = nanotime() + DRAIN_NS;

	crowd->heard_at = nanotime();
	while (nanotime() < end && (nanotime() < crowd->heard_at + QUIET_NS ||
	    !crowd_is_whole(crowd)))
		crowd_turn(crowd);
}

static void
crowd_leave(struct crowd *crowd)
{
	uint64_t end = nanotime() + 5 * NANOTIME_S;
	unsigned i;

	crowd->leaving = true;
	for (i = 0; i < crowd->o.slots; i++) {
		crowd->slots[i].open_at = UINT64_MAX;
		if (crowd->slots[i].link.state == LINK_OPEN)
			link_close(&crowd->slots[i].link, crowd->epoll, i,
			    &crowd->events);
	}
	while (crowd->ready > crowd->o.stalled && nanotime() < end)
		crowd_turn(crowd);
}

static void
crowd_clear(struct crowd *crowd)
{
	unsigned i;

	for (i = 0; i < crowd->o.slots; i++)
		link_clear(&crowd->slots[i].link);
	free(crowd->slots);
	cast_clear(&crowd->cast);
}

/* -- start ----------------------------------------------------------------- */

/*
 * JSON clients are spread over all; those who never read take lines.  Those
 * over TLS are the last, which are of both kinds, and talk as all do.
 */
static unsigned
slot_traits(const struct options *o, unsigned i)
{
	bool json = (uint64_t)(i + 1) * o->json / o->slots >
	    (uint64_t)i * o->json / o->slots;

	if (i < o->stalled)
		return CAST_STALLED;
	return (json ? CAST_JSON : 0U) |
	    (i >= o->slots - o->tls ? CAST_TLS : 0U);
}

static void
crowd_init(struct crowd *crowd)
{
	struct epoll_event e = { .events = EPOLLIN,
	    .data.u32 = KEY_COMMANDS };
	const struct options *o = &crowd->o;
	unsigned i;

	cast_init(&crowd->cast, o->trace);
	crowd->slots = calloc(o->slots, sizeof *crowd->slots);
	crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
	/* A file or /dev/null has no events, and no commands. */
	if (crowd->slots == NULL || crowd->epoll < 0 ||
	    (epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &e) != 0 &&
	    errno != EPERM)) {
		perror("crowd: start");
		exit(EX_OSERR);
	}
	for (i = 0; i < o->slots; i++) {
		crowd->slots[i].member = cast_add(&crowd->cast,
		    slot_traits(o, i));
		crowd->slots[i].open_at = 1;
	}
	crowd->events.owner = crowd;
	crowd->events.opened = on_opened;
	crowd->events.heard = on_heard;
	crowd->events.gone = on_gone;
}

int
main(int argc, char **argv)
{
	static struct crowd crowd;
	uint64_t end;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	options_parse(&crowd.o, argc, argv);
	crowd_init(&crowd);
	crowd_gather(&crowd);
	end = nanotime() + (uint64_t)(crowd.o.seconds * (double)NANOTIME_S);
	while (!crowd.stopping && nanotime() < end)
		crowd_turn(&crowd);
	crowd.stopping = true;
	crowd_drain(&crowd);
	cast_write(&crowd.cast);
	crowd_leave(&crowd);
	printf("done\n");
	crowd_clear(&crowd);
	return 0;
}
