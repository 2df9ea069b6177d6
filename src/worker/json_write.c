/*
 * json_write - see json_write.h.
 *
 * One pass: what has to be escaped is looked for in the text itself, whose
 * bytes may change meanwhile, and what is found only decides how many bytes
 * are copied, which are within the text, or which constant is appended.  No
 * length is computed beforehand that could become wrong.
 */
#include "config.h"

#include "worker/json_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A text that is being appended. */
struct text {
	struct buf *b;
	size_t before;		/* the buffer's length when it began */
	bool is_whole;		/* there has been memory for all of it */
};

static struct text
text_begin(struct buf *b)
{
	return (struct text){ b, buf_len(b), true };
}

/* Takes back what there is of a text that is not whole. */
static bool
text_end(struct text *t)
{
	if (!t->is_whole)
		buf_uncommit(t->b, buf_len(t->b) - t->before);
	return t->is_whole;
}

static void
put(struct text *t, const void *bytes, size_t len)
{
	t->is_whole = t->is_whole && buf_append(t->b, bytes, len);
}

static void
put_text(struct text *t, const char *text)
{
	put(t, text, strlen(text));
}

static void
put_number(struct text *t, uint64_t number)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, number);

	put(t, digits, (size_t)len);
}

/*
 * Strings.
 */

/* How many bytes may be copied as they are; 0xe2 opens U+2028. */
static size_t
plain_prefix(const uint8_t *text, size_t len)
{
	size_t i = 0;

	while (i < len && text[i] >= 0x20 && text[i] != '"' &&
	    text[i] != '\\' && text[i] != 0xe2)
		i++;
	return i;
}

static void
put_escaped_byte(struct text *t, uint8_t byte)
{
	static const char short_form[0x20] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
		['\r'] = 'r'
	};
	static const char hex[] = "0123456789abcdef";
	char escape[6] = { '\\', 'u', '0', '0', hex[byte >> 4],
	    hex[byte & 15] };

	if (byte >= 0x20)
		escape[1] = (char)byte;		/* the quote, the backslash */
	else if (short_form[byte] != 0)
		escape[1] = short_form[byte];
	put(t, escape, escape[1] == 'u' ? 6 : 2);
}

/* Appends the character behind a plain prefix; how many bytes it took. */
static size_t
put_special(struct text *t, const uint8_t *text, size_t len)
{
	uint8_t bytes[3] = { 0 };

	/* A copy: what is judged is what is written. */
	memcpy(bytes, text, len < sizeof(bytes) ? len : sizeof(bytes));
	if (bytes[0] < 0x20 || bytes[0] == '"' || bytes[0] == '\\') {
		put_escaped_byte(t, bytes[0]);
		return 1;
	}
	if (bytes[0] == 0xe2 && bytes[1] == 0x80 && (bytes[2] & 0xfe) == 0xa8) {
		put_text(t, bytes[2] == 0xa8 ? "\\u2028" : "\\u2029");
		return 3;
	}
	put(t, bytes, 1);
	return 1;
}

static void
put_string(struct text *t, struct slice s)
{
	const uint8_t *text = (const uint8_t *)s.at;
	size_t i = 0, plain;

	put(t, "\"", 1);
	while (i < s.len && t->is_whole) {
		plain = plain_prefix(text + i, s.len - i);
		put(t, text + i, plain);
		i += plain;
		if (i < s.len)
			i += put_special(t, text + i, s.len - i);
	}
	put(t, "\"", 1);
}

/*
 * Objects.
 */

/* A comma, but not before the first: what is there ends in a value, and no
 * value ends in an opening bracket. */
static void
put_comma(struct text *t)
{
	uint8_t last;

	if (!t->is_whole)
		return;
	last = t->b->data[t->b->end - 1];
	if (last != '{' && last != '[')
		put(t, ",", 1);
}

static void
put_key(struct text *t, const char *key)
{
	put_comma(t);
	put(t, "\"", 1);
	put_text(t, key);
	put(t, "\":", 2);
}

static void
member_string(struct text *t, const char *key, struct slice value)
{
	put_key(t, key);
	put_string(t, value);
}

/* Left out when empty. */
static void
member_string_if(struct text *t, const char *key, struct slice value)
{
	if (value.len > 0)
		member_string(t, key, value);
}

static void
member_number(struct text *t, const char *key, uint64_t value)
{
	put_key(t, key);
	put_number(t, value);
}

static void
member_bool(struct text *t, const char *key, bool value)
{
	put_key(t, key);
	put_text(t, value ? "true" : "false");
}

static void
member_strings(struct text *t, const char *key, const struct slice *values,
    size_t count)
{
	put_key(t, key);
	put(t, "[", 1);
	for (size_t i = 0; i < count; i++) {
		put_comma(t);
		put_string(t, values[i]);
	}
	put(t, "]", 1);
}

static struct text
event_begin(struct buf *b, const char *type)
{
	struct text t = text_begin(b);

	put_text(&t, "{\"type\":\"");
	put_text(&t, type);
	put(&t, "\"", 1);
	return t;
}

static bool
event_end(struct text *t)
{
	put(t, "}", 1);
	return text_end(t);
}

/*
 * Events.
 */

static void
member_epoch(struct text *t, const uint8_t *epoch)
{
	char hex[2 * JSON_EPOCH_BYTES + 1];

	for (size_t i = 0; i < JSON_EPOCH_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", epoch[i]);
	member_string(t, "epoch", (struct slice){ hex, sizeof(hex) - 1 });
}

bool
json_write_welcome(struct buf *b, const struct json_welcome *w)
{
	struct text t = event_begin(b, "welcome");

	member_string(&t, "name", w->name);
	member_string(&t, "room", w->room);
	member_number(&t, "users", w->users);
	member_epoch(&t, w->epoch);
	member_number(&t, "seq", w->seq);
	member_string_if(&t, "resume", w->token);
	member_bool(&t, "resumed", w->is_resumed);
	return event_end(&t);
}

bool
json_write_moved(struct buf *b, struct slice name, struct slice room,
    uint64_t users, uint64_t seq)
{
	struct text t = event_begin(b, "welcome");

	member_string(&t, "name", name);
	member_string(&t, "room", room);
	member_number(&t, "users", users);
	member_number(&t, "seq", seq);
	member_bool(&t, "moved", true);
	return event_end(&t);
}

static void
members_of_message(struct text *t, const struct json_message *m)
{
	member_number(t, "seq", m->seq);
	member_string(t, "from", m->from);
	member_string(t, "text", m->text);
	member_number(t, "time", m->time_ms);
	member_string_if(t, "id", m->id);
	if (m->is_action)
		member_bool(t, "action", true);
}

bool
json_write_message(struct buf *b, const struct json_message *m)
{
	struct text t = event_begin(b, "message");

	members_of_message(&t, m);
	return event_end(&t);
}

static bool
write_arrival(struct buf *b, const char *type, struct slice name,
    uint64_t users, uint64_t seq)
{
	struct text t = event_begin(b, type);

	member_string(&t, "name", name);
	member_number(&t, "users", users);
	member_number(&t, "seq", seq);
	return event_end(&t);
}

bool
json_write_join(struct buf *b, struct slice name, uint64_t users,
    uint64_t seq)
{
	return write_arrival(b, "join", name, users, seq);
}

bool
json_write_leave(struct buf *b, struct slice name, uint64_t users,
    uint64_t seq)
{
	return write_arrival(b, "leave", name, users, seq);
}

bool
json_write_rename(struct buf *b, struct slice from, struct slice to,
    uint64_t seq)
{
	struct text t = event_begin(b, "rename");

	member_string(&t, "from", from);
	member_string(&t, "to", to);
	member_number(&t, "seq", seq);
	return event_end(&t);
}

bool
json_write_presence(struct buf *b, uint64_t users)
{
	struct text t = event_begin(b, "presence");

	member_number(&t, "users", users);
	return event_end(&t);
}

bool
json_write_whisper(struct buf *b, struct slice from, struct slice text)
{
	struct text t = event_begin(b, "whisper");

	member_string(&t, "from", from);
	member_string(&t, "text", text);
	return event_end(&t);
}

bool
json_write_whispered(struct buf *b, const struct slice *to, size_t to_count,
    const struct slice *lost, size_t lost_count, struct slice text)
{
	struct text t = event_begin(b, "whispered");

	member_strings(&t, "to", to, to_count);
	member_strings(&t, "lost", lost, lost_count);
	member_string(&t, "text", text);
	return event_end(&t);
}

bool
json_write_notice(struct buf *b, struct slice text)
{
	struct text t = event_begin(b, "notice");

	member_string(&t, "text", text);
	return event_end(&t);
}

bool
json_write_lost(struct buf *b, uint64_t from, uint64_t to)
{
	struct text t = event_begin(b, "lost");

	member_number(&t, "from", from);
	member_number(&t, "to", to);
	return event_end(&t);
}

bool
json_write_ack(struct buf *b, struct slice id, uint64_t seq, bool again)
{
	struct text t = event_begin(b, "ack");

	member_string(&t, "id", id);
	member_number(&t, "seq", seq);
	if (again)
		member_bool(&t, "again", true);
	return event_end(&t);
}

bool
json_write_pong(struct buf *b, struct slice id)
{
	struct text t = event_begin(b, "pong");

	member_string_if(&t, "id", id);
	return event_end(&t);
}

bool
json_write_refusal(struct buf *b, struct slice word, struct slice sentence,
    struct slice id)
{
	struct text t = event_begin(b, "error");

	member_string(&t, "code", word);
	member_string(&t, "text", sentence);
	member_string_if(&t, "id", id);
	return event_end(&t);
}

bool
json_write_error(struct buf *b, enum json_error error, struct slice id)
{
	const char *word = json_error_word(error);
	const char *sentence = json_error_sentence(error);

	return json_write_refusal(b, (struct slice){ word, strlen(word) },
	    (struct slice){ sentence, strlen(sentence) }, id);
}

/*
 * Lists.
 */

bool
json_write_rooms(struct buf *b, const struct aside_room *rooms, size_t count,
    uint64_t more)
{
	struct text t = event_begin(b, "rooms");

	put_key(&t, "rooms");
	put(&t, "[", 1);
	for (size_t i = 0; i < count; i++) {
		put_comma(&t);
		put(&t, "{", 1);
		member_string(&t, "name", rooms[i].name);
		member_number(&t, "users", rooms[i].users);
		put(&t, "}", 1);
	}
	put(&t, "]", 1);
	if (more > 0)
		member_number(&t, "more", more);
	return event_end(&t);
}

static bool
list_begin(struct buf *b, const char *type, const char *key)
{
	struct text t = event_begin(b, type);

	put_key(&t, key);
	put(&t, "[", 1);
	return text_end(&t);
}

/* The next object of a list. */
static struct text
entry_begin(struct buf *b)
{
	struct text t = text_begin(b);

	put_comma(&t);
	put(&t, "{", 1);
	return t;
}

bool
json_write_history_begin(struct buf *b)
{
	return list_begin(b, "history", "messages");
}

bool
json_write_history_add(struct buf *b, const struct json_message *m)
{
	struct text t = entry_begin(b);

	members_of_message(&t, m);
	return event_end(&t);
}

bool
json_write_history_end(struct buf *b, bool has_more)
{
	struct text t = text_begin(b);

	put(&t, "]", 1);
	member_bool(&t, "more", has_more);
	return event_end(&t);
}

bool
json_write_who_begin(struct buf *b)
{
	return list_begin(b, "who", "users");
}

bool
json_write_who_add(struct buf *b, struct slice name, bool is_away)
{
	struct text t = entry_begin(b);

	member_string(&t, "name", name);
	if (is_away)
		member_bool(&t, "away", true);
	return event_end(&t);
}

bool
json_write_who_end(struct buf *b, uint64_t more)
{
	struct text t = text_begin(b);

	put(&t, "]", 1);
	if (more > 0)
		member_number(&t, "more", more);
	return event_end(&t);
}
