/*
 * head: the parser of head.h.
 *
 * A pure module of the worker. A head is read in two steps. The scan looks at
 * each byte once, in whatever pieces they come, and refuses the first one
 * that no grammar allows; it ends at the empty line. Only then, on bytes
 * known to be well-formed, are the fields split and the meaning judged.
 */
#include "config.h"

#include "ws/head.h"

#include <assert.h>
#include <string.h>

#define METHOD_MAX 32
#define KEY_LEN    24   /* base64 of 16 bytes */

/*
 *   METHOD sp TARGET sp VERSION cr VERSION_LF lf LINE
 *   LINE -> NAME ':' VALUE cr VALUE_LF lf LINE
 *   LINE -> cr END_LF lf END
 */
enum scan_state {
	SCAN_METHOD,
	SCAN_TARGET,
	SCAN_VERSION,
	SCAN_VERSION_LF,
	SCAN_LINE,
	SCAN_NAME,
	SCAN_VALUE,
	SCAN_VALUE_LF,
	SCAN_END_LF,
	SCAN_END
};

/* Takes the byte at data[head->scanned]; refuses or sets the next state. */
typedef void scan_function(struct head *, const char *data,
    const struct head_limits *);

static scan_function scan_method, scan_target, scan_version, scan_lf,
    scan_line, scan_name, scan_value;

static scan_function *const scans[SCAN_END] = {
	[SCAN_METHOD] = scan_method,
	[SCAN_TARGET] = scan_target,
	[SCAN_VERSION] = scan_version,
	[SCAN_VERSION_LF] = scan_lf,
	[SCAN_LINE] = scan_line,
	[SCAN_NAME] = scan_name,
	[SCAN_VALUE] = scan_value,
	[SCAN_VALUE_LF] = scan_lf,
	[SCAN_END_LF] = scan_lf,
};

/* Where a field's value goes, and what a second one of the name means. */
static const struct field_rule {
	const char *name;
	size_t place;      /* of a struct slice in struct head */
	enum { FIELD_FIRST, FIELD_ONCE } repeated;
	enum refusal second;   /* FIELD_ONCE: of a second one */
} field_rules[] = {
	{ "Host", offsetof(struct head, host), FIELD_ONCE,
	    REFUSAL_TWO_HOSTS },
	{ "Origin", offsetof(struct head, origin), FIELD_ONCE,
	    REFUSAL_TWO_ORIGINS },
	{ "Sec-WebSocket-Key", offsetof(struct head, key), FIELD_ONCE,
	    REFUSAL_TWO_KEYS },
	{ "User-Agent", offsetof(struct head, user_agent), FIELD_FIRST,
	    REFUSAL_NONE },
	{ "Cookie", offsetof(struct head, cookie), FIELD_FIRST,
	    REFUSAL_NONE },
	{ "Sec-WebSocket-Protocol", offsetof(struct head, protocols),
	    FIELD_FIRST, REFUSAL_NONE },
};

#define FIELD_RULES (sizeof(field_rules) / sizeof(field_rules[0]))

/* Methods of HTTP that are not served: 405. What is not here is 501. */
static const char *const methods_known[] = {
	"POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"
};

#define METHODS_KNOWN (sizeof(methods_known) / sizeof(methods_known[0]))

static void head_refuse(struct head *, enum refusal);
static void head_split(struct head *, const char *);
static bool head_place_field(struct head *, struct slice, struct slice);
static void head_judge(struct head *);
static bool head_judge_host(struct head *);
static bool head_judge_body(struct head *);
static bool head_asks_upgrade(const struct head *);
static bool head_judge_upgrade(struct head *);
static bool head_lists(const struct head *, const char *, const char *);
static unsigned head_find_only(const struct head *, const char *,
    struct slice *);
static bool field_next(struct slice *, struct slice *, struct slice *);
static bool line_next_token(const char *, struct slice *);
static bool key_is_good(struct slice);

void
head_init(struct head *head)
{
	memset(head, 0, sizeof(*head));
	head->method = HTTP_OTHER;
	head->state = SCAN_METHOD;
}

enum head_result
head_parse(struct head *head, const char *data, size_t len,
    const struct head_limits *limits)
{
	assert(head->refusal == REFUSAL_NONE && head->state != SCAN_END);
	while (head->scanned < len) {
		scans[head->state](head, data, limits);
		if (head->refusal != REFUSAL_NONE)
			return HEAD_REFUSED;
		head->scanned++;
		if (head->state == SCAN_END) {
			head->length = head->scanned;
			head_split(head, data);
			if (head->refusal == REFUSAL_NONE)
				head_judge(head);
			return head->refusal == REFUSAL_NONE ? HEAD_DONE :
			    HEAD_REFUSED;
		}
		/* A caller with room for so many bytes gets no further. */
		if (limits->bytes != 0 && head->scanned >= limits->bytes) {
			if (head->state == SCAN_TARGET)
				head_refuse(head, REFUSAL_TARGET_TOO_LONG);
			else
				head_refuse(head, REFUSAL_HEAD_TOO_LARGE);
			return HEAD_REFUSED;
		}
	}
	return HEAD_MORE;
}

static void
head_refuse(struct head *head, enum refusal refusal)
{
	head->refusal = refusal;
}

/* ---- the scan ---- */

static void
scan_method(struct head *head, const char *data,
    const struct head_limits *limits)
{
	struct slice method = { data, head->scanned };
	unsigned char c = (unsigned char)data[head->scanned];
	size_t i;

	(void)limits;
	if (char_is_token(c)) {
		if (method.len >= METHOD_MAX)
			head_refuse(head, REFUSAL_UNKNOWN_METHOD);
		return;
	}
	if (c != ' ' || method.len == 0) {
		head_refuse(head, REFUSAL_REQUEST_LINE);
		return;
	}
	if (slice_is(method, "GET"))
		head->method = HTTP_GET;
	else if (slice_is(method, "HEAD"))
		head->method = HTTP_HEAD;
	else {
		head_refuse(head, REFUSAL_UNKNOWN_METHOD);
		for (i = 0; i < METHODS_KNOWN; i++)
			if (slice_is(method, methods_known[i]))
				head_refuse(head, REFUSAL_METHOD);
		return;
	}
	head->state = SCAN_TARGET;
	head->part_at = head->scanned + 1;
}

static void
scan_target(struct head *head, const char *data,
    const struct head_limits *limits)
{
	size_t len = head->scanned - head->part_at;
	unsigned char c = (unsigned char)data[head->scanned];

	(void)limits;
	if (len == 0 && c != '/')
		head_refuse(head, REFUSAL_NO_PATH);
	else if (c == ' ') {
		head->state = SCAN_VERSION;
		head->part_at = head->scanned + 1;
	} else if (c == '#')
		head_refuse(head, REFUSAL_FRAGMENT);
	else if (c < 0x21 || c > 0x7e)
		head_refuse(head, REFUSAL_BAD_TARGET);
	else if (len >= HEAD_TARGET_MAX)
		head_refuse(head, REFUSAL_TARGET_TOO_LONG);
}

static void
scan_version(struct head *head, const char *data,
    const struct head_limits *limits)
{
	static const char form[] = "HTTP/1.1\r";   /* either 1: any digit */
	size_t i = head->scanned - head->part_at;
	unsigned char c = (unsigned char)data[head->scanned];

	(void)limits;
	if (form[i] == '1' ? !char_is_digit(c) : c != (unsigned char)form[i])
		head_refuse(head, REFUSAL_REQUEST_LINE);
	else if (i == 7) {
		head->minor = c - '0';
		if (data[head->part_at + 5] != '1' || head->minor > 1)
			head_refuse(head, REFUSAL_HTTP_VERSION);
	} else if (c == '\r')
		head->state = SCAN_VERSION_LF;
}

static void
scan_lf(struct head *head, const char *data, const struct head_limits *limits)
{
	(void)limits;
	if (data[head->scanned] != '\n')
		head_refuse(head, REFUSAL_BARE_CR);
	else
		head->state = head->state == SCAN_END_LF ? SCAN_END : SCAN_LINE;
}

static void
scan_line(struct head *head, const char *data,
    const struct head_limits *limits)
{
	unsigned char c = (unsigned char)data[head->scanned];

	if (c == '\r')
		head->state = SCAN_END_LF;
	else if (c == ' ' || c == '\t')
		head_refuse(head, REFUSAL_FOLDED_FIELD);
	else if (c == '\n')
		head_refuse(head, REFUSAL_BARE_LF);
	else if (!char_is_token(c))
		head_refuse(head, REFUSAL_FIELD_NAME);
	else if (limits->fields != 0 && head->field_count >= limits->fields)
		head_refuse(head, REFUSAL_TOO_MANY_FIELDS);
	else {
		head->field_count++;
		head->state = SCAN_NAME;
	}
}

static void
scan_name(struct head *head, const char *data,
    const struct head_limits *limits)
{
	unsigned char c = (unsigned char)data[head->scanned];

	(void)limits;
	if (c == ':')
		head->state = SCAN_VALUE;
	else if (!char_is_token(c))
		head_refuse(head, REFUSAL_FIELD_NAME);
}

static void
scan_value(struct head *head, const char *data,
    const struct head_limits *limits)
{
	unsigned char c = (unsigned char)data[head->scanned];

	(void)limits;
	if (c == '\r')
		head->state = SCAN_VALUE_LF;
	else if (c == '\n')
		head_refuse(head, REFUSAL_BARE_LF);
	else if ((c < 0x20 && c != '\t') || c == 0x7f)
		head_refuse(head, REFUSAL_CONTROL_CHARACTER);
}

/* ---- the split: the head is whole and well-formed ---- */

static void
head_split(struct head *head, const char *data)
{
	const char *end = data + head->length - 2;   /* the empty line */
	const char *line_end = memchr(data, '\n', head->length);
	const char *target = (const char *)memchr(data, ' ', head->length) + 1;
	const char *target_end = memchr(target, ' ', (size_t)(end - target));
	const char *mark;
	struct slice rest, name, value;

	head->target = (struct slice){ target, (size_t)(target_end - target) };
	head->path = head->target;
	mark = memchr(target, '?', head->target.len);
	if (mark != NULL) {
		head->path.len = (size_t)(mark - target);
		head->query.at = mark + 1;
		head->query.len = (size_t)(target_end - mark - 1);
	}

	head->fields.at = line_end + 1;
	head->fields.len = (size_t)(end - head->fields.at);
	rest = head->fields;
	while (field_next(&rest, &name, &value))
		if (!head_place_field(head, name, value))
			break;
}

static bool
head_place_field(struct head *head, struct slice name, struct slice value)
{
	const struct field_rule *rule;
	struct slice *place;

	for (rule = field_rules; rule < field_rules + FIELD_RULES; rule++) {
		if (!slice_is_any_case(name, rule->name))
			continue;
		place = (struct slice *)(void *)((char *)head + rule->place);
		if (place->at != NULL && rule->repeated == FIELD_ONCE) {
			head_refuse(head, rule->second);
			return false;
		}
		if (place->at == NULL)
			*place = value;
		return true;
	}
	return true;
}

/* Takes a field line off *rest, which holds whole ones. */
static bool
field_next(struct slice *rest, struct slice *name_out, struct slice *value_out)
{
	const char *end, *colon, *line_end;

	if (rest->len == 0)
		return false;
	end = rest->at + rest->len;
	colon = memchr(rest->at, ':', rest->len);
	line_end = memchr(colon, '\r', (size_t)(end - colon));
	*name_out = (struct slice){ rest->at, (size_t)(colon - rest->at) };
	*value_out = slice_trim((struct slice){
	    colon + 1, (size_t)(line_end - colon - 1) });
	rest->at = line_end + 2;
	rest->len = (size_t)(end - rest->at);
	return true;
}

/* ---- the judgement ---- */

static void
head_judge(struct head *head)
{
	if (!head_judge_host(head) || !head_judge_body(head))
		return;
	if (head_asks_upgrade(head))
		head->wants_upgrade = head_judge_upgrade(head);
}

/* RFC 9112 3.2. An empty Host is allowed there, and so here. */
static bool
head_judge_host(struct head *head)
{
	size_t i;

	if (head->host.at == NULL && head->minor > 0) {
		head_refuse(head, REFUSAL_NO_HOST);
		return false;
	}
	for (i = 0; i < head->host.len; i++) {
		unsigned char c = (unsigned char)head->host.at[i];

		if (!char_is_letter_or_digit(c) &&
		    (c == '\0' || strchr("-._~%!$&'()*+,;=[]:", c) == NULL)) {
			head_refuse(head, REFUSAL_BAD_HOST);
			return false;
		}
	}
	return true;
}

/*
 * A body is never read, so who sends one is refused; one whose length can be
 * read in two ways is not just refused but wrong (RFC 9112 6.3).
 */
static bool
head_judge_body(struct head *head)
{
	struct slice length, coding;
	unsigned lengths = head_find_only(head, "Content-Length", &length);
	unsigned codings = head_find_only(head, "Transfer-Encoding", &coding);
	bool has_body = codings > 0;
	size_t i;

	if (lengths > 1 || (lengths > 0 && codings > 0) ||
	    (lengths > 0 && length.len == 0)) {
		head_refuse(head, REFUSAL_BAD_LENGTH);
		return false;
	}
	for (i = 0; i < length.len; i++) {
		if (!char_is_digit((unsigned char)length.at[i])) {
			head_refuse(head, REFUSAL_BAD_LENGTH);
			return false;
		}
		if (length.at[i] != '0')
			has_body = true;
	}
	if (has_body)
		head_refuse(head, REFUSAL_BODY);
	return !has_body;
}

static bool
head_asks_upgrade(const struct head *head)
{
	return head->method == HTTP_GET &&
	    head_lists(head, "Connection", "upgrade") &&
	    head_lists(head, "Upgrade", "websocket");
}

/* RFC 6455 4.2.1, the items after Upgrade and Connection. */
static bool
head_judge_upgrade(struct head *head)
{
	struct slice version, protocol = { NULL, 0 };
	unsigned versions = head_find_only(head, "Sec-WebSocket-Version",
	    &version);

	if (head->minor == 0)
		head_refuse(head, REFUSAL_OLD_HTTP);
	else if (versions > 1)
		head_refuse(head, REFUSAL_TWO_VERSIONS);
	else if (!slice_is(version, "13"))
		head_refuse(head, REFUSAL_BAD_VERSION);
	else if (!key_is_good(head->key))
		head_refuse(head, REFUSAL_BAD_KEY);
	while (head->refusal == REFUSAL_NONE &&
	    head_next_protocol(head, &protocol))
		if (!slice_is_token(protocol))
			head_refuse(head, REFUSAL_BAD_PROTOCOL);
	return head->refusal == REFUSAL_NONE;
}

/*
 * Base64 of 16 bytes: 22 digits and the padding. The four bits of the last
 * digit that no byte uses are 0, as every encoder must have them (RFC 4648
 * 3.5); the key is not decoded, only hashed.
 */
static bool
key_is_good(struct slice key)
{
	size_t i;

	if (key.len != KEY_LEN || key.at[22] != '=' || key.at[23] != '=')
		return false;
	for (i = 0; i < 22; i++)
		if (!char_is_letter_or_digit((unsigned char)key.at[i]) &&
		    key.at[i] != '+' && key.at[i] != '/')
			return false;
	return strchr("AQgw", key.at[21]) != NULL;
}

static bool
head_lists(const struct head *head, const char *name, const char *token)
{
	struct slice value = { NULL, 0 };

	while (head_next_value(head, name, &value))
		if (slice_has_token(value, token))
			return true;
	return false;
}

/* How many fields have the name; *value_out is the first one's value. */
static unsigned
head_find_only(const struct head *head, const char *name,
    struct slice *value_out)
{
	struct slice value = { NULL, 0 };
	unsigned found = 0;

	*value_out = value;
	while (head_next_value(head, name, &value))
		if (found++ == 0)
			*value_out = value;
	return found;
}

bool
head_next_value(const struct head *head, const char *name,
    struct slice *value_inout)
{
	struct slice rest = head->fields;
	struct slice field, value;

	if (value_inout->at != NULL) {
		/* Go on behind the line that this value is in. */
		const char *end = rest.at + rest.len;
		const char *line_end = memchr(value_inout->at, '\n',
		    (size_t)(end - value_inout->at));

		rest = (struct slice){ line_end + 1,
		    (size_t)(end - line_end - 1) };
	}
	while (field_next(&rest, &field, &value)) {
		if (slice_is_any_case(field, name)) {
			*value_inout = value;
			return true;
		}
	}
	return false;
}

bool
head_next_protocol(const struct head *head, struct slice *protocol_inout)
{
	static const char name[] = "Sec-WebSocket-Protocol";
	struct slice value = *protocol_inout;

	if (value.at != NULL && line_next_token(value.at + value.len,
	    protocol_inout))
		return true;
	while (head_next_value(head, name, &value))
		if (line_next_token(value.at, protocol_inout))
			return true;
	return false;
}

/*
 * The next element of a list in a field line, from `at` on. It looks no
 * further than it has to, so that walking a list takes time in proportion to
 * its length.
 */
static bool
line_next_token(const char *at, struct slice *token_out)
{
	const char *end;

	while (*at == ',' || *at == ' ' || *at == '\t')
		at++;
	if (*at == '\r')
		return false;
	for (end = at; *end != ',' && *end != '\r'; end++)
		continue;
	*token_out = slice_trim((struct slice){ at, (size_t)(end - at) });
	return true;
}

bool
head_offers_protocol(const struct head *head, const char *protocol)
{
	struct slice offered = { NULL, 0 };

	while (head_next_protocol(head, &offered))
		if (slice_is(offered, protocol))
			return true;
	return false;
}
