/*
 * upgrade: the writer and the judge of upgrade.h.
 *
 * A pure module of clients. The answer is looked at once it is whole: it is
 * short, and a client has one of them.
 */
#include "config.h"

#include "ws/upgrade.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "ws/handshake.h"

#define SESSION_MAX 128   /* bytes of a cookie that is kept */

/* What the fields of one answer said, beside what goes to the caller. */
struct fields {
	bool upgrades, connects, accepts;
	unsigned accept_count, protocol_count;
};

static const char *judge_line(struct slice, struct upgrade_answer *);
static const char *judge_field(struct slice line, const char *key,
    const char *protocols, struct fields *, struct upgrade_answer *);
static const char *judge_protocol(struct slice value, const char *protocols,
    struct fields *, struct upgrade_answer *);
static const char *judge_whole(const struct fields *);
static bool line_next(struct slice *rest, struct slice *line_out);
static bool is_clean(struct slice);
static bool accept_is(struct slice value, const char *key);
static void take_session(struct slice value, struct upgrade_answer *);
static unsigned take_seconds(struct slice value);

void
upgrade_key_write(const uint8_t nonce[static UPGRADE_NONCE],
    char out[static UPGRADE_KEY_SIZE])
{
	EVP_EncodeBlock((unsigned char *)out, nonce, UPGRADE_NONCE);
}

size_t
upgrade_request_write(char *out, size_t size,
    const struct upgrade_request *request, const char *key)
{
	bool offers = request->protocols[0] != '\0';
	bool has_cookie = request->cookie[0] != '\0';
	int len;

	len = snprintf(out, size,
	    "GET %s HTTP/1.1\r\n"
	    "Host: %s\r\n"
	    "Upgrade: websocket\r\n"
	    "Connection: Upgrade\r\n"
	    "Sec-WebSocket-Key: %s\r\n"
	    "Sec-WebSocket-Version: 13\r\n"
	    "%s%s%s"
	    "%s%s%s"
	    "User-Agent: wschat/%s\r\n\r\n",
	    request->target, request->authority, key,
	    offers ? "Sec-WebSocket-Protocol: " : "", request->protocols,
	    offers ? "\r\n" : "",
	    has_cookie ? "Cookie: " : "", request->cookie,
	    has_cookie ? "\r\n" : "", PACKAGE_VERSION);
	return len > 0 && (size_t)len < size ? (size_t)len : 0;
}

enum upgrade_result
upgrade_answer_parse(const char *data, size_t len, const char *key,
    const char *protocols, struct upgrade_answer *out)
{
	size_t seen = len < UPGRADE_HEAD_MAX ? len : UPGRADE_HEAD_MAX;
	size_t known = len < 5 ? len : 5;
	const char *end = memmem(data, seen, "\r\n\r\n", 4);
	struct fields fields = { 0 };
	struct slice rest, line = { NULL, 0 };

	memset(out, 0, sizeof(*out));
	if (memcmp(data, "HTTP/", known) != 0) {
		out->why = "the answer is not HTTP";
		return UPGRADE_BAD;
	}
	if (end == NULL) {
		out->why = "the answer's head is too long";
		return len < UPGRADE_HEAD_MAX ? UPGRADE_MORE : UPGRADE_BAD;
	}
	out->length = (size_t)(end + 4 - data);
	rest = (struct slice){ data, out->length - 2 };
	line_next(&rest, &line);
	out->why = judge_line(line, out);
	while (out->why == NULL && line_next(&rest, &line))
		out->why = judge_field(line, key, protocols, &fields, out);
	if (out->why == NULL && out->status != 101)
		return UPGRADE_REFUSED;
	if (out->why == NULL)
		out->why = judge_whole(&fields);
	return out->why == NULL ? UPGRADE_DONE : UPGRADE_BAD;
}

/* Takes a line and its CRLF; `rest` ends with one. */
static bool
line_next(struct slice *rest, struct slice *line_out)
{
	const char *end;

	if (rest->len == 0)
		return false;
	end = memmem(rest->at, rest->len, "\r\n", 2);
	*line_out = (struct slice){ rest->at, (size_t)(end - rest->at) };
	rest->len -= line_out->len + 2;
	rest->at = end + 2;
	return true;
}

static bool
is_clean(struct slice line)
{
	size_t i;

	for (i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.at[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* "HTTP/1.1 101 Switching Protocols"; the phrase may miss (RFC 9112 4). */
static const char *
judge_line(struct slice line, struct upgrade_answer *out)
{
	static const char form[] = "HTTP/1.1 ";
	const char *digits = line.at + sizeof(form) - 1;
	size_t i;

	if (line.len < sizeof(form) - 1 + 3 || !is_clean(line) ||
	    memcmp(line.at, "HTTP/1.", 7) != 0 ||
	    (line.at[7] != '0' && line.at[7] != '1') || line.at[8] != ' ')
		return "the answer is not HTTP/1.1";
	for (i = 0; i < 3; i++) {
		if (!char_is_digit((unsigned char)digits[i]))
			return "the answer has no status";
		out->status = out->status * 10 + (unsigned)(digits[i] - '0');
	}
	if (line.len > sizeof(form) - 1 + 3 && digits[3] != ' ')
		return "the answer has no status";
	if (out->status == 101 && line.at[7] != '1')
		return "an HTTP/1.0 server cannot upgrade";
	if (out->status < 200 && out->status != 101)
		return "the answer's status is not final";
	return NULL;
}

static const char *
judge_field(struct slice line, const char *key, const char *protocols,
    struct fields *fields, struct upgrade_answer *out)
{
	const char *colon = memchr(line.at, ':', line.len);
	struct slice name = { line.at, colon == NULL ? 0 :
	    (size_t)(colon - line.at) };
	struct slice value = { NULL, 0 };

	if (!slice_is_token(name) || !is_clean(line))
		return "the answer has a malformed field";
	value = slice_trim((struct slice){ colon + 1,
	    line.len - name.len - 1 });
	if (out->status != 101) {
		if (slice_is_any_case(name, "Location"))
			out->location = value;
		else if (slice_is_any_case(name, "Retry-After"))
			out->retry_after_s = take_seconds(value);
		return NULL;
	}
	if (slice_is_any_case(name, "Upgrade"))
		fields->upgrades |= slice_is_any_case(value, "websocket");
	else if (slice_is_any_case(name, "Connection"))
		fields->connects |= slice_has_token(value, "upgrade");
	else if (slice_is_any_case(name, "Sec-WebSocket-Accept")) {
		fields->accepts = accept_is(value, key);
		fields->accept_count++;
	} else if (slice_is_any_case(name, "Sec-WebSocket-Extensions")) {
		if (value.len > 0)
			return "the server uses an extension that nobody "
			    "offered";
	} else if (slice_is_any_case(name, "Sec-WebSocket-Protocol"))
		return judge_protocol(value, protocols, fields, out);
	else if (slice_is_any_case(name, "Set-Cookie"))
		take_session(value, out);
	return NULL;
}

static const char *
judge_protocol(struct slice value, const char *protocols,
    struct fields *fields, struct upgrade_answer *out)
{
	struct slice offered = { protocols, strlen(protocols) }, one;

	if (++fields->protocol_count > 1)
		return "the server chose two subprotocols";
	while (slice_next_token(&offered, &one)) {
		if (one.len == value.len &&
		    memcmp(one.at, value.at, one.len) == 0) {
			out->protocol = value;
			return NULL;
		}
	}
	return "the server chose a subprotocol that nobody offered";
}

/* RFC 6455 4.1, what the client checks: items 2 to 4. */
static const char *
judge_whole(const struct fields *fields)
{
	if (!fields->upgrades)
		return "the answer does not upgrade to websocket";
	if (!fields->connects)
		return "the answer's Connection does not say upgrade";
	if (!fields->accepts || fields->accept_count != 1)
		return "the answer's Sec-WebSocket-Accept is wrong";
	return NULL;
}

static bool
accept_is(struct slice value, const char *key)
{
	char expected[HANDSHAKE_ACCEPT_SIZE];

	return handshake_accept_key((struct slice){ key, strlen(key) },
	    expected) && slice_is(value, expected);
}

/* The value goes back in a field of ours, so it is held to a token. */
static void
take_session(struct slice value, struct upgrade_answer *out)
{
	static const char name[] = "SESSION=";
	const char *end = memchr(value.at, ';', value.len);
	struct slice pair = value;

	if (end != NULL)
		pair.len = (size_t)(end - value.at);
	pair = slice_trim(pair);
	if (pair.len < sizeof(name) - 1 ||
	    memcmp(pair.at, name, sizeof(name) - 1) != 0)
		return;
	pair.at += sizeof(name) - 1;
	pair.len -= sizeof(name) - 1;
	if (pair.len <= SESSION_MAX && slice_is_token(pair))
		out->session = pair;
}

/* A date, or anything else that is no number, says nothing: 0. */
static unsigned
take_seconds(struct slice value)
{
	unsigned seconds = 0;
	size_t i;

	for (i = 0; i < value.len; i++) {
		if (!char_is_digit((unsigned char)value.at[i]) || i >= 6)
			return 0;
		seconds = seconds * 10 + (unsigned)(value.at[i] - '0');
	}
	return seconds;
}
