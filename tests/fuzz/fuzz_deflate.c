/*
 * fuzz_deflate - src/ws/deflate.c: offers of permessage-deflate.
 *
 * Input: the policy, then lines, each of which is the value of a field
 * Sec-WebSocket-Extensions.  They are read a second time here, cut at commas
 * and semicolons: what is quoted has none, or is malformed.
 */
#include "config.h"

#include "ws/deflate.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#define HEAD_MAX	65536

struct text {
	char bytes[HEAD_MAX];
	size_t len;
};

static void
text_add(struct text *text, const void *bytes, size_t len)
{
	must(len <= sizeof(text->bytes) - text->len);
	memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
}

static void
text_say(struct text *text, const char *what)
{
	text_add(text, what, strlen(what));
}

enum outcome { NO_HEAD, MALFORMED, WELL_FORMED };

/* Negotiates over the lines, between others. */
static enum outcome
negotiate(const char *before, const struct input *in, const char *behind,
    const struct deflate_policy *policy, struct deflate_terms *terms)
{
	static const struct head_limits none = { 0, 0 };
	static const char name[] = "Sec-WebSocket-Extensions: ";
	static struct text text;
	enum outcome outcome = NO_HEAD;
	struct head head;
	char *copy;

	text.len = 0;
	text_say(&text, "GET / HTTP/1.0\r\n");
	text_say(&text, name);
	text_say(&text, before);
	for (size_t i = 0; i < in->len; i++) {
		if (in->at[i] == '\n') {
			text_say(&text, "\r\n");
			text_say(&text, name);
		} else {
			text_add(&text, in->at + i, 1);
		}
	}
	text_say(&text, behind);
	text_say(&text, "\r\n\r\n");
	copy = copy_exact(text.bytes, text.len);
	head_init(&head);
	if (head_parse(&head, copy, text.len, &none) == HEAD_DONE)
		outcome = deflate_negotiate(&head, policy, terms) ?
		    WELL_FORMED : MALFORMED;
	free(copy);
	return outcome;
}

/* ---- a plain reading ---- */

/* Cuts the text at the first such character; NULL: there is none. */
static char *
cut(char *text, char at)
{
	char *found = strchr(text, at);

	if (found != NULL)
		*found++ = '\0';
	return found;
}

static char *
trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	for (len = strlen(text); len > 0 && strchr(" \t", text[len - 1]); len--)
		text[len - 1] = '\0';
	return text;
}

static bool
is_token(const char *text)
{
	return *text != '\0' && text[strspn(text, "!#$%&'*+-.^_`|~0123456789"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")] == '\0';
}

/* Takes quotation marks and backslashes off. */
static bool
unquote(char *text)
{
	char *to = text;

	if (*text != '"')
		return is_token(text);
	for (char *from = text + 1; *from != '"'; *to++ = *from++) {
		if (*from == '\\')
			from++;
		if (*from == '\0')
			return false;
		if (*from == '"')	/* escaped, and no token */
			return false;
		if (from[1] == '"' && from[2] != '\0')
			return false;
	}
	*to = '\0';
	return is_token(text);
}

struct slow {
	bool is_good;
	unsigned seen;
	int server_bits, client_bits;
};

/* False: malformed. */
static bool
slow_param(char *param, struct slow *offer)
{
	static const char *const names[] = { "server_no_context_takeover",
	    "client_no_context_takeover", "server_max_window_bits",
	    "client_max_window_bits" };
	static const char *const sizes[] = { "8", "9", "10", "11", "12", "13",
	    "14", "15" };
	char *value = cut(param, '='), *name = trim(param);
	unsigned i;
	int bits = 0;

	if (!is_token(name) || (value != NULL && !unquote(value = trim(value))))
		return false;
	for (i = 0; i < 4 && strcmp(name, names[i]) != 0; i++)
		;
	for (int b = 0; value != NULL && b < 8; b++)
		if (strcmp(value, sizes[b]) == 0)
			bits = b + 8;
	if (i == 4 || (offer->seen & 1U << i) != 0 || (i < 2 && value) ||
	    (value != NULL && bits == 0) || (i == 2 && bits < 9))
		offer->is_good = false;
	else
		offer->seen |= 1U << i;
	if (i == 2)
		offer->server_bits = bits;
	if (i == 3)
		offer->client_bits = bits;
	return true;
}

static bool
slow_offer(char *element, const struct deflate_policy *policy,
    struct deflate_terms *terms)
{
	char *param, *next = cut(element, ';'), *name = trim(element);
	struct slow offer = { .is_good = strcmp(name,
	    "permessage-deflate") == 0 };

	if (!is_token(name))
		return false;
	while ((param = next) != NULL) {
		next = cut(param, ';');
		if (!slow_param(param, &offer))
			return false;
	}
	if (!offer.is_good || terms->is_on)
		return true;
	terms->is_on = true;
	terms->client_takeover = policy->client_takeover &&
	    (offer.seen & 2) == 0;
	terms->server_bits_asked = (offer.seen & 4) != 0;
	terms->server_bits = (offer.seen & 4) != 0 ?
	    (uint8_t)offer.server_bits : 15;
	terms->client_bits = offer.client_bits >= 9 ?
	    (uint8_t)offer.client_bits : 15;
	return true;
}

static enum outcome
slow_negotiate(const struct input *in, const struct deflate_policy *policy,
    struct deflate_terms *terms)
{
	char *text = malloc(in->len + 1), *element = text, *next;
	bool good = true;

	must(text != NULL);
	for (size_t i = 0; i < in->len; i++)
		text[i] = in->at[i] == '\n' ? ',' : (char)in->at[i];
	text[in->len] = '\0';
	memset(terms, 0, sizeof(*terms));
	for (; element != NULL && good; element = next) {
		next = cut(element, ',');
		if (*trim(element) != '\0')
			good = slow_offer(element, policy, terms);
	}
	free(text);
	return good ? WELL_FORMED : MALFORMED;
}

/* ---- what holds ---- */

static void
check_same(const struct deflate_terms *a, const struct deflate_terms *b)
{
	must(a->is_on == b->is_on);
	must(!a->is_on || (a->client_takeover == b->client_takeover &&
	    a->server_bits_asked == b->server_bits_asked &&
	    a->server_bits == b->server_bits &&
	    a->client_bits == b->client_bits));
}

/* The response is an offer, too: it negotiates to what it says. */
static void
check_response(const struct deflate_terms *terms)
{
	static const struct deflate_policy all = { true, true };
	char out[DEFLATE_RESPONSE_SIZE];
	struct deflate_terms again;
	struct input said = { (const uint8_t *)out, 0 };

	must(terms->server_bits >= DEFLATE_BITS_MIN &&
	    terms->server_bits <= DEFLATE_BITS_MAX);
	must(terms->client_bits >= DEFLATE_BITS_MIN &&
	    terms->client_bits <= DEFLATE_BITS_MAX);
	must(terms->server_bits_asked ||
	    terms->server_bits == DEFLATE_BITS_MAX);
	said.len = deflate_response_write(out, terms);
	must(said.len == strlen(out) && said.len < sizeof(out));
	must(strstr(out, "server_no_context_takeover") != NULL);
	must(negotiate("", &said, "", &all, &again) == WELL_FORMED);
	check_same(terms, &again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct deflate_policy off = { false, true };
	struct input in = { data, len };
	struct deflate_policy policy = { true, input_byte(&in) % 2 == 1 };
	struct deflate_terms terms, other, expected;
	enum outcome outcome;

	if (in.len > HEAD_MAX / 32 - 256)
		in.len = HEAD_MAX / 32 - 256;
	outcome = negotiate("", &in, "", &policy, &terms);
	if (outcome == NO_HEAD)
		return 0;
	must(negotiate("", &in, "", &off, &other) == outcome);
	must(!other.is_on);
	/* Others' extensions change nothing, before and behind. */
	must(negotiate("x-a; b=\"c\"; d, ,", &in, "\r\n"
	    "Sec-Websocket-Extensions:,x-b ;e = f,", &policy, &other) ==
	    outcome);
	must(slow_negotiate(&in, &policy, &expected) == outcome);
	if (outcome == MALFORMED)
		return 0;
	check_same(&terms, &other);
	check_same(&terms, &expected);
	must(policy.client_takeover || !terms.is_on || !terms.client_takeover);
	if (terms.is_on)
		check_response(&terms);
	/* An offer behind them is taken when none of them is. */
	must(negotiate("", &in, "\r\nSEC-WEBSOCKET-EXTENSIONS: "
	    "permessage-deflate;server_max_window_bits=\"1\\0\"", &policy,
	    &other) == WELL_FORMED && other.is_on);
	if (terms.is_on)
		check_same(&terms, &other);
	else
		must(other.server_bits == 10);
	return 0;
}
