/*
 * fuzz_head - src/ws/head.c, and the answers of src/ws/handshake.c.
 *
 * Input: which limits, two sizes of pieces, then the head and what may stand
 * behind it.  The head is parsed whole and in pieces; of a good one every
 * accessor is walked and compared with a plain reading of the bytes.
 */
#include "config.h"

#include "ws/handshake.h"
#include "ws/head.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINES_WALKED	16	/* names looked up: each takes all lines */

static const struct head_limits limits_known[] = {
	{ 8192, 64 }, { 0, 0 }, { 256, 4 }, { 24, 1 }
};

/* ---- a plain reading ---- */

static const char *
find_end(const char *text, size_t len)
{
	return memmem(text, len, "\r\n\r\n", 4);
}

static bool
is_plain_text(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static bool
is_inside(struct slice s, const char *text, size_t len)
{
	if (s.at == NULL)
		return s.len == 0;
	return s.at >= text && s.at <= text + len &&
	    s.len <= (size_t)(text + len - s.at);
}

/* Takes a line off the fields; the name is all before the colon. */
static bool
line_next(struct slice *rest, struct slice *name_out)
{
	const char *end, *colon;

	if (rest->len == 0)
		return false;
	end = memmem(rest->at, rest->len, "\r\n", 2);
	must(end != NULL && end > rest->at);
	colon = memchr(rest->at, ':', (size_t)(end - rest->at));
	must(colon != NULL && colon > rest->at);
	*name_out = (struct slice){ rest->at, (size_t)(colon - rest->at) };
	rest->len -= (size_t)(end + 2 - rest->at);
	rest->at = end + 2;
	return true;
}

static bool
same_name(struct slice a, struct slice b)
{
	return a.len == b.len && strncasecmp(a.at, b.at, a.len) == 0;
}

static unsigned
lines_called(struct slice fields, struct slice wanted)
{
	struct slice name;
	unsigned count = 0;

	while (line_next(&fields, &name))
		count += same_name(name, wanted);
	return count;
}

/* ---- what must hold of a head that is accepted ---- */

static void
check_bytes(const struct head *head, const char *text,
    const struct head_limits *limits)
{
	const char *end = find_end(text, head->length);

	must(end == text + head->length - 4);
	must(limits->bytes == 0 || head->length <= limits->bytes);
	for (size_t i = 0; i < head->length; i++) {
		must(text[i] != '\r' || text[i + 1] == '\n');
		must(text[i] != '\n' || text[i - 1] == '\r');
		must(text[i] != '\0');
	}
	must(head->minor == 0 || head->minor == 1);
	if (head->method == HTTP_GET)
		must(memcmp(text, "GET /", 5) == 0);
	else
		must(head->method == HTTP_HEAD &&
		    memcmp(text, "HEAD /", 6) == 0);
}

static void
check_target(const struct head *head)
{
	struct slice target = head->target;

	must(target.len > 0 && target.len <= HEAD_TARGET_MAX);
	must(target.at[0] == '/' && target.at[-1] == ' ');
	must(target.at[target.len] == ' ');
	for (size_t i = 0; i < target.len; i++)
		must(target.at[i] > ' ' && target.at[i] < 0x7f &&
		    target.at[i] != '#');
	must(head->path.at == target.at);
	must(memchr(head->path.at, '?', head->path.len) == NULL);
	if (head->query.at == NULL)
		must(head->path.len == target.len);
	else
		must(head->query.at == head->path.at + head->path.len + 1 &&
		    head->query.at[-1] == '?' &&
		    head->path.len + 1 + head->query.len == target.len);
}

/* Every field line is found by its name, in order, and only these are. */
static void
check_lines(const struct head *head, const struct head_limits *limits)
{
	struct slice rest = head->fields, name, value;
	unsigned lines = 0, found;
	char *text;

	while (line_next(&rest, &name)) {
		must(slice_is_token(name));
		if (lines++ >= LINES_WALKED)
			continue;
		text = strndup(name.at, name.len);
		must(text != NULL);
		value = (struct slice){ NULL, 0 };
		for (found = 0; ; found++) {
			const char *before = value.at;

			if (!head_next_value(head, text, &value))
				break;
			must(value.at > before);
			must(is_inside(value, head->fields.at,
			    head->fields.len));
			must(is_plain_text(value));
			must(slice_trim(value).len == value.len);
		}
		must(found == lines_called(head->fields, name));
		free(text);
	}
	must(limits->fields == 0 || lines <= limits->fields);
}

/* A field's slice is the value of the first, or the last, line of the name. */
static void
check_field(const struct head *head, const char *name, struct slice field,
    bool is_last, bool is_only)
{
	struct slice value = { NULL, 0 }, chosen = { NULL, 0 };
	unsigned found = 0;

	while (head_next_value(head, name, &value))
		if (found++ == 0 || is_last)
			chosen = value;
	must(field.at == chosen.at && field.len == chosen.len);
	must(!is_only || found <= 1);
}

static void
check_fields(const struct head *head)
{
	check_field(head, "host", head->host, false, true);
	check_field(head, "ORIGIN", head->origin, false, true);
	check_field(head, "Sec-Websocket-Key", head->key, false, true);
	check_field(head, "user-agent", head->user_agent, false, false);
	check_field(head, "cookie", head->cookie, false, false);
	check_field(head, "sec-websocket-protocol", head->protocols, false,
	    false);
	must(head->minor == 0 || head->host.at != NULL);
}

static void
check_protocols(const struct head *head)
{
	struct slice protocol = { NULL, 0 };
	const char *end = head->fields.at;
	char *text;

	while (head_next_protocol(head, &protocol)) {
		must(protocol.len > 0 && protocol.at >= end);
		must(is_inside(protocol, head->fields.at, head->fields.len));
		must(memchr(protocol.at, ',', protocol.len) == NULL);
		must(!head->wants_upgrade || slice_is_token(protocol));
		end = protocol.at + protocol.len;
		text = strndup(protocol.at, protocol.len);
		must(text != NULL && head_offers_protocol(head, text));
		free(text);
	}
}

static void
check_switch(const struct head *head)
{
	static const struct slice extensions = { "x-a; b=c", 8 };
	struct slice protocol = { NULL, 0 };
	char out[8192 + 512];
	size_t len, lines = 0;

	must(head->method == HTTP_GET && head->minor == 1);
	must(head->key.len == 24);
	if (!head_next_protocol(head, &protocol))
		protocol.len = 0;
	if (protocol.len > 8192)
		return;
	len = handshake_switch_write(out, sizeof(out), head->key, protocol,
	    extensions, "X: y\r\n");
	must(len > 4 && find_end(out, len) == out + len - 4);
	for (size_t i = 0; i < len; i++)
		lines += out[i] == '\n';
	must(lines == 7 + (protocol.len > 0));
}

static void
check_done(const struct head *head, const char *text,
    const struct head_limits *limits)
{
	must(head->refusal == REFUSAL_NONE);
	check_bytes(head, text, limits);
	check_target(head);
	must(head->fields.at >= text && head->fields.at + head->fields.len ==
	    text + head->length - 2);
	check_lines(head, limits);
	check_fields(head);
	check_protocols(head);
	if (head->wants_upgrade)
		check_switch(head);
}

static void
check_refused(const struct head *head)
{
	static const uint16_t statuses[] = {
		400, 405, 413, 414, 426, 431, 501, 505
	};
	char out[HANDSHAKE_REFUSAL_MAX];
	bool known = false;
	uint16_t status;
	size_t len;

	must(head->refusal > REFUSAL_NONE && head->refusal < REFUSALS_COUNT);
	status = refusal_status(head->refusal);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
		known |= statuses[i] == status;
	must(known && !head->wants_upgrade);
	len = handshake_refusal_write(out, sizeof(out), head->refusal,
	    head->method == HTTP_HEAD);
	must(len > 4 && find_end(out, len) != NULL);
}

/* ---- the ways to feed ---- */

static enum head_result
parse_whole(struct head *head, const char *text, size_t len,
    const struct head_limits *limits)
{
	head_init(head);
	return head_parse(head, text, len, limits);
}

/* Each call sees the bytes at another place, and none behind them. */
static enum head_result
parse_pieces(struct head *head, const struct input *in, struct pieces pieces,
    const struct head_limits *limits, char **text_out)
{
	enum head_result result = HEAD_MORE;
	size_t n = 0;
	char *copy = NULL;

	head_init(head);
	while (result == HEAD_MORE && n < in->len) {
		n += pieces_next(&pieces, in->len - n);
		free(copy);
		copy = copy_exact(in->at, n);
		result = head_parse(head, copy, n, limits);
	}
	must(result != HEAD_DONE || head->length <= n);
	*text_out = copy;
	return result;
}

static void
check_same_slice(struct slice a, const char *a_text, struct slice b,
    const char *b_text)
{
	must((a.at == NULL) == (b.at == NULL) && a.len == b.len);
	must(a.at == NULL || a.at - a_text == b.at - b_text);
}

static void
check_same(const struct head *a, const char *a_text, const struct head *b,
    const char *b_text)
{
	must(a->method == b->method && a->minor == b->minor);
	must(a->refusal == b->refusal);
	must(a->wants_upgrade == b->wants_upgrade && a->length == b->length);
	check_same_slice(a->target, a_text, b->target, b_text);
	check_same_slice(a->query, a_text, b->query, b_text);
	check_same_slice(a->host, a_text, b->host, b_text);
	check_same_slice(a->origin, a_text, b->origin, b_text);
	check_same_slice(a->user_agent, a_text, b->user_agent, b_text);
	check_same_slice(a->cookie, a_text, b->cookie, b_text);
	check_same_slice(a->protocols, a_text, b->protocols, b_text);
	check_same_slice(a->key, a_text, b->key, b_text);
	check_same_slice(a->fields, a_text, b->fields, b_text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	const struct head_limits *limits = &limits_known[input_byte(&in) % 4];
	struct pieces pieces = pieces_take(&in);
	char *text = copy_exact(in.at, in.len), *other = NULL;
	struct head head, again;
	enum head_result result;

	result = parse_whole(&head, text, in.len, limits);
	must(parse_pieces(&again, &in, pieces, limits, &other) == result);
	if (result == HEAD_MORE)
		must(find_end(text, in.len) == NULL);
	else
		check_same(&head, text, &again, other);
	if (result == HEAD_REFUSED)
		check_refused(&head);
	if (result == HEAD_DONE) {
		check_done(&head, text, limits);
		/* No byte less will do, and none more is needed. */
		must(parse_whole(&again, text, head.length - 1, limits) ==
		    HEAD_MORE);
		must(parse_whole(&again, text, head.length, limits) ==
		    HEAD_DONE);
		must(again.length == head.length);
	}
	free(text);
	free(other);
	return 0;
}
