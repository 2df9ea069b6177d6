/*
 * gap - see gap.h.
 */
#include "config.h"

#include "client/gap.h"

#include "client/call.h"

void
gap_init(struct gap *gap)
{
	*gap = (struct gap){ 0 };
}

void
gap_clear(struct gap *gap)
{
	json_decref(gap->pages);
	json_decref(gap->held);
	gap_init(gap);
}

bool
gap_open(struct gap *gap, uint64_t after, uint64_t upto, bool is_from_start)
{
	gap_clear(gap);
	if (after >= upto)
		return false;
	*gap = (struct gap){
		.is_open = true, .is_from_start = is_from_start,
		.after = after, .upto = upto, .before = upto + 1,
		.pages = json_array(), .held = json_array()
	};
	return true;
}

json_t *
gap_ask(const struct gap *gap)
{
	return call_history(gap->before, GAP_PAGE);
}

static uint64_t
number_of(const json_t *message)
{
	json_int_t seq = json_integer_value(json_object_get(message, "seq"));

	return seq > 0 ? (uint64_t)seq : 0;
}

bool
gap_take(struct gap *gap, const json_t *history, size_t size)
{
	json_t *messages = json_object_get(history, "messages");
	uint64_t first = number_of(json_array_get(messages, 0));
	bool has_more = json_is_true(json_object_get(history, "more"));

	gap->bytes += size;
	if (first == 0 || first >= gap->before ||
	    json_array_append(gap->pages, messages) != 0)
		return false;
	gap->before = first;
	return has_more && first > gap->after + 1 &&
	    gap->bytes < GAP_BYTES_MAX;
}

void
gap_hold(struct gap *gap, json_t *event, size_t size)
{
	if (gap->bytes >= GAP_BYTES_MAX)
		return;
	gap->bytes += size;
	(void)json_array_append(gap->held, event);
}

static void
tell_lost(uint64_t from, uint64_t to, gap_teller *tell, void *arg)
{
	json_t *event = json_pack("{s:s, s:I, s:I}", "type", "lost",
	    "from", (json_int_t)from, "to", (json_int_t)to);

	if (event != NULL)
		tell(arg, event);
	json_decref(event);
}

/* A message as the event that it would have been. */
static void
tell_message(json_t *message, gap_teller *tell, void *arg)
{
	json_t *event = json_pack("{s:s}", "type", "message");

	if (event != NULL && json_object_update_missing(event, message) == 0)
		tell(arg, event);
	json_decref(event);
}

/* Tells a page; returns the number that should come next. */
static uint64_t
tell_page(const struct gap *gap, json_t *page, uint64_t expected,
    gap_teller *tell, void *arg)
{
	json_t *message;
	uint64_t seq;
	size_t i;

	json_array_foreach(page, i, message) {
		seq = number_of(message);
		if (seq < expected || seq > gap->upto)
			continue;
		if (seq > expected && !(gap->is_from_start &&
		    expected == gap->after + 1))
			tell_lost(expected, seq - 1, tell, arg);
		tell_message(message, tell, arg);
		expected = seq + 1;
	}
	return expected;
}

void
gap_tell(struct gap *gap, gap_teller *tell, void *arg)
{
	struct gap told = *gap;
	uint64_t expected = told.after + 1;
	json_t *event;
	size_t i;

	gap_init(gap);	/* the teller finds it closed */
	for (i = json_array_size(told.pages); i > 0; i--)
		expected = tell_page(&told, json_array_get(told.pages, i - 1),
		    expected, tell, arg);
	if (expected <= told.upto && !(told.is_from_start &&
	    expected == told.after + 1))
		tell_lost(expected, told.upto, tell, arg);
	json_array_foreach(told.held, i, event)
		tell(arg, event);
	gap_clear(&told);
}
