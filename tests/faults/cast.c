/*
 * Who took part, what was said and who heard it.  Runs in the crowd; what
 * must hold is judged afterwards, by judge.py, from the trace.
 */

#include "config.h"

#include "tests/faults/cast.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

#define STRANGE_MAX	120	/* bytes of a strange line that are kept */
#define BODY		(CAST_TEXT - 8)	/* what the sum is taken of */

static void *
grow(void *items, size_t *size, size_t one)
{
	*size = *size == 0 ? 64 : *size * 2;
	if ((items = realloc(items, *size * one)) == NULL) {
		perror("crowd");
		exit(EX_OSERR);
	}
	return items;
}

static void
list_add(struct list *list, uint32_t item)
{
	if (list->count == list->size)
		list->items = grow(list->items, &list->size,
		    sizeof *list->items);
	list->items[list->count++] = item;
}

void
cast_init(struct cast *cast, const char *trace_path)
{
	*cast = (struct cast){ 0 };
	if ((cast->trace = fopen(trace_path, "we")) == NULL ||
	    getrandom(&cast->run, sizeof cast->run, 0) != sizeof cast->run) {
		perror(trace_path);
		exit(EX_CANTCREAT);
	}
	cast->run &= 0xffffff;
}

void
cast_clear(struct cast *cast)
{
	struct member *m;
	size_t i;

	for (i = 0; i < cast->member_count; i++) {
		m = cast->members[i];
		free(m->said.items);
		free(m->whispered.items);
		free(m->heard.items);
		free(m->asides.items);
		free(m);
	}
	free(cast->members);
	free(cast->messages);
}

struct member *
cast_add(struct cast *cast, unsigned traits)
{
	struct member *m = calloc(1, sizeof *m);

	if (cast->member_count == cast->member_size)
		cast->members = grow(cast->members, &cast->member_size,
		    sizeof *cast->members);
	if (m == NULL) {
		perror("crowd");
		exit(EX_OSERR);
	}
	m->number = (uint32_t)cast->member_count;
	m->json = (traits & CAST_JSON) != 0;
	m->stalled = (traits & CAST_STALLED) != 0;
	m->tls = (traits & CAST_TLS) != 0;
	cast->members[cast->member_count++] = m;
	return m;
}

static uint32_t
sum(const char *text)
{
	uint32_t h = 2166136261U;
	size_t i;

	for (i = 0; i < BODY; i++)
		h = (h ^ (unsigned char)text[i]) * 16777619U;
	return h;
}

struct message *
cast_say(struct cast *cast, struct member *from, uint32_t to,
    uint64_t due_ns)
{
	struct list *said = to == CAST_NOBODY ? &from->said :
	    &from->whispered;
	struct message *m;
	uint32_t tag = 0;

	if (cast->message_count == cast->message_size)
		cast->messages = grow(cast->messages, &cast->message_size,
		    sizeof *cast->messages);
	m = &cast->messages[cast->message_count];
	*m = (struct message){ .from = from->number, .to = to,
	    .due_ns = due_ns };
	(void)!getrandom(&tag, sizeof tag, 0);
	snprintf(m->text, sizeof m->text, "%c%06" PRIx32 "%08" PRIx32
	    "%08" PRIx32 "%08" PRIx32, to == CAST_NOBODY ? '^' : '!',
	    cast->run, from->number, (uint32_t)said->count, tag);
	snprintf(m->text + BODY, 9, "%08" PRIx32, sum(m->text));
	list_add(said, (uint32_t)cast->message_count++);
	return m;
}

static bool
hex_get(const char *from, unsigned digits, uint32_t *out)
{
	uint32_t value = 0;
	char c;

	while (digits-- > 0) {
		c = *from++;
		if (c >= '0' && c <= '9')
			value = value << 4 | (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (uint32_t)(c - 'a' + 10);
		else
			return false;
	}
	*out = value;
	return true;
}

/* Whether another crowd said it, which has a judge of its own. */
static bool
is_foreign(const struct cast *cast, const char *text, size_t len)
{
	uint32_t run;

	return len >= CAST_TEXT && hex_get(text + 1, 6, &run) &&
	    run != cast->run;
}

/* Which message `text` is, every byte of it; CAST_NOBODY: none. */
static uint32_t
cast_find(const struct cast *cast, const char *text, size_t len)
{
	uint32_t run, from, counter, id;
	const struct list *said;

	if (len < CAST_TEXT || !hex_get(text + 1, 6, &run) ||
	    !hex_get(text + 7, 8, &from) || !hex_get(text + 15, 8, &counter) ||
	    run != cast->run || from >= cast->member_count)
		return CAST_NOBODY;
	said = *text == '^' ? &cast->members[from]->said :
	    &cast->members[from]->whispered;
	if (counter >= said->count)
		return CAST_NOBODY;
	id = said->items[counter];
	return memcmp(cast->messages[id].text, text, CAST_TEXT) == 0 ? id :
	    CAST_NOBODY;
}

bool
cast_hear(struct cast *cast, struct member *member, const char *text,
    size_t len, uint64_t now)
{
	uint32_t id = cast_find(cast, text, len);
	struct message *m;

	if (id == CAST_NOBODY && is_foreign(cast, text, len)) {
		cast->foreign++;
		return false;
	}
	if (id == CAST_NOBODY) {
		cast_strange(cast, member, text, len);
		return false;
	}
	m = &cast->messages[id];
	list_add(*text == '^' ? &member->heard : &member->asides, id);
	m->heard++;
	if (m->first_ns == 0)
		m->first_ns = now;
	m->last_ns = now;
	if (!m->again)
		histogram_add(&member->times, now > m->due_ns ?
		    now - m->due_ns : 0);
	return true;
}

void
cast_answer(struct cast *cast, struct member *member, const char *text,
    size_t len, enum answer answer)
{
	uint32_t id = cast_find(cast, text, len);

	if (id == CAST_NOBODY || cast->messages[id].from != member->number)
		cast_strange(cast, member, text, len);
	else
		cast->messages[id].answer = (uint8_t)answer;
}

/* -- the trace ------------------------------------------------------------- */

void
cast_strange(struct cast *cast, const struct member *member, const char *text,
    size_t len)
{
	size_t i;

	fprintf(cast->trace, "strange %" PRIu32 " ", member->number);
	for (i = 0; i < len && i < STRANGE_MAX; i++)
		putc((unsigned char)text[i] < ' ' ? '?' : text[i],
		    cast->trace);
	putc('\n', cast->trace);
}

void
cast_note(struct cast *cast, const struct member *member, const char *what,
    const char *why, uint64_t from_ns, uint64_t to_ns)
{
	fprintf(cast->trace, "%s %" PRIu32 " %s %" PRIu64 " %" PRIu64 "\n",
	    what, member->number, why, from_ns / 1000, to_ns / 1000);
}

static void
list_write(FILE *f, const char *what, uint32_t number,
    const struct list *list)
{
	size_t i;

	fprintf(f, "%s %" PRIu32, what, number);
	for (i = 0; i < list->count; i++)
		fprintf(f, " %" PRIu32, list->items[i]);
	putc('\n', f);
}

static void
member_write(FILE *f, const struct member *m)
{
	if (!m->joined)
		return;
	fprintf(f, "member %" PRIu32 " %s %" PRIu64 " %" PRIu64 " %" PRIu32
	    " %s\n", m->number, m->stalled ? "stalled" : m->json ? "json" :
	    "text", m->join_ns / 1000, m->ended ? m->end_ns / 1000 : 0,
	    m->resumes, m->tls ? "tls" : "plain");
	list_write(f, "heard", m->number, &m->heard);
	list_write(f, "asides", m->number, &m->asides);
}

static void
times_write(const struct cast *cast)
{
	static struct histogram all;
	const struct member *m;
	size_t i, b;

	for (i = 0; i < cast->member_count; i++) {
		m = cast->members[i];
		if (m->ended || m->resumes > 0 || m->stalled)
			continue;
		all.count += m->times.count;
		for (b = 0; b < HISTOGRAM_BUCKETS; b++)
			all.buckets[b] += m->times.buckets[b];
		if (m->times.max_ns > all.max_ns)
			all.max_ns = m->times.max_ns;
	}
	fprintf(cast->trace, "times %" PRIu64 " %" PRIu64 " %" PRIu64 " %"
	    PRIu64 "\n", all.count, histogram_quantile(&all, 0.5) / 1000,
	    histogram_quantile(&all, 0.99) / 1000, all.max_ns / 1000);
}

void
cast_write(struct cast *cast)
{
	const struct message *m;
	FILE *f = cast->trace;
	size_t i;

	for (i = 0; i < cast->message_count; i++) {
		m = &cast->messages[i];
		fprintf(f, "said %zu %" PRIu32 " %" PRId32 " %" PRIu64 " %"
		    PRIu64 " %" PRIu64 " %" PRIu32 " %u %s\n", i, m->from,
		    (int32_t)m->to, m->due_ns / 1000, m->first_ns / 1000,
		    m->last_ns / 1000, m->heard, m->answer, m->text);
	}
	for (i = 0; i < cast->member_count; i++)
		member_write(f, cast->members[i]);
	times_write(cast);
	/* Without this line the trace is not whole. */
	fputs("end\n", f);
	if (fclose(f) != 0) {
		perror("trace");
		exit(EX_IOERR);
	}
}
