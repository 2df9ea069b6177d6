/*
 * deflate: the negotiation of deflate.h.
 *
 * A pure module of the worker. An offer is read to its end even when it is
 * declined already, because what follows it has to be found, and because the
 * fields have to be well-formed as a whole.
 */
#include "config.h"

#include "ws/deflate.h"

#include <assert.h>
#include <stdio.h>

#define FIELD_NAME     "Sec-WebSocket-Extensions"
#define EXTENSION_NAME "permessage-deflate"

/* RFC 7692 7.1, with their bits in struct offer. */
enum {
	SERVER_NO_TAKEOVER = 1 << 0,
	CLIENT_NO_TAKEOVER = 1 << 1,
	SERVER_BITS = 1 << 2,
	CLIENT_BITS = 1 << 3
};

static const struct param_rule {
	const char *name;
	uint8_t bit;
	bool takes_value;
} param_rules[] = {
	{ "server_no_context_takeover", SERVER_NO_TAKEOVER, false },
	{ "client_no_context_takeover", CLIENT_NO_TAKEOVER, false },
	{ "server_max_window_bits", SERVER_BITS, true },
	{ "client_max_window_bits", CLIENT_BITS, true },
};

#define PARAM_RULES (sizeof(param_rules) / sizeof(param_rules[0]))

/* One element of the list; a parameter of it, the value without quotes. */
struct offer {
	bool is_good;
	uint8_t seen;                     /* parameters so far */
	uint8_t server_bits, client_bits; /* 0: without a value */
};

struct param {
	struct slice name;
	bool has_value;
	struct slice value;   /* with its backslashes */
};

static bool negotiate_field(struct slice, const struct deflate_policy *,
    struct deflate_terms *);
static void offer_accept(const struct offer *, const struct deflate_policy *,
    struct deflate_terms *);
static bool take_offer(struct slice *, struct offer *);
static bool take_param(struct slice *, struct param *);
static bool take_quoted(struct slice *, struct slice *);
static bool take_token(struct slice *, struct slice *);
static bool take_char(struct slice *, char);
static bool offer_add(struct offer *, const struct param *);
static uint8_t bits_of(struct slice);
static void slice_skip(struct slice *, size_t);

bool
deflate_negotiate(const struct head *head, const struct deflate_policy *policy,
    struct deflate_terms *terms_out)
{
	struct deflate_terms terms = { .is_on = false };
	struct slice value = { NULL, 0 };

	*terms_out = terms;
	while (head_next_value(head, FIELD_NAME, &value))
		if (!negotiate_field(value, policy, &terms))
			return false;
	*terms_out = terms;
	return true;
}

/*
 * RFC 6455 9.1:  list   1#( token *( ";" param ) )
 *                param  token [ "=" ( token | quoted-string ) ]
 */
static bool
negotiate_field(struct slice rest, const struct deflate_policy *policy,
    struct deflate_terms *terms)
{
	struct offer offer;

	for (;;) {
		while (take_char(&rest, ','))
			;
		if (rest.len == 0)
			return true;
		if (!take_offer(&rest, &offer) ||
		    (rest.len > 0 && *rest.at != ','))
			return false;
		if (offer.is_good && policy->is_on && !terms->is_on)
			offer_accept(&offer, policy, terms);
	}
}

static void
offer_accept(const struct offer *offer, const struct deflate_policy *policy,
    struct deflate_terms *terms)
{
	*terms = (struct deflate_terms){
		.is_on = true,
		.client_takeover = policy->client_takeover &&
		    (offer->seen & CLIENT_NO_TAKEOVER) == 0,
		.server_bits_asked = (offer->seen & SERVER_BITS) != 0,
		.server_bits = DEFLATE_BITS_MAX,
		.client_bits = DEFLATE_BITS_MAX
	};
	if (terms->server_bits_asked)
		terms->server_bits = offer->server_bits;
	/* A hint of 8 is the client's own affair: most clients could not
	 * keep to it, and whatever they do fits a larger window. */
	if (offer->client_bits >= DEFLATE_BITS_MIN)
		terms->client_bits = offer->client_bits;
}

/* Takes an element off the list, up to the comma. False: malformed. */
static bool
take_offer(struct slice *rest, struct offer *offer)
{
	struct slice name;
	struct param param;

	if (!take_token(rest, &name))
		return false;
	*offer = (struct offer){ .is_good = slice_is(name, EXTENSION_NAME) };
	while (take_char(rest, ';')) {
		if (!take_param(rest, &param))
			return false;
		if (offer->is_good)
			offer->is_good = offer_add(offer, &param);
	}
	return true;
}

static bool
take_param(struct slice *rest, struct param *param)
{
	*param = (struct param){ .has_value = false };
	if (!take_token(rest, &param->name))
		return false;
	if (!take_char(rest, '='))
		return true;
	param->has_value = true;
	if (rest->len > 0 && *rest->at == '"')
		return take_quoted(rest, &param->value);
	return take_token(rest, &param->value);
}

/*
 * What is quoted must be a token once the backslashes are gone, each of which
 * stands before one character.
 */
static bool
take_quoted(struct slice *rest, struct slice *value_out)
{
	struct slice value;

	slice_skip(rest, 1);
	value.at = rest->at;
	while (rest->len > 0 && *rest->at != '"') {
		if (*rest->at == '\\')
			slice_skip(rest, 1);
		if (rest->len == 0 || !char_is_token((unsigned char)*rest->at))
			return false;
		slice_skip(rest, 1);
	}
	value.len = (size_t)(rest->at - value.at);
	*value_out = value;
	return value.len > 0 && take_char(rest, '"');
}

/* Takes a token and the white space behind it. */
static bool
take_token(struct slice *rest, struct slice *token_out)
{
	struct slice token = { rest->at, 0 };

	while (token.len < rest->len &&
	    char_is_token((unsigned char)token.at[token.len]))
		token.len++;
	slice_skip(rest, token.len);
	*rest = slice_trim(*rest);
	*token_out = token;
	return token.len > 0;
}

/* Takes this character, if it is next, and the white space behind it. */
static bool
take_char(struct slice *rest, char c)
{
	if (rest->len == 0 || *rest->at != c)
		return false;
	slice_skip(rest, 1);
	*rest = slice_trim(*rest);
	return true;
}

/* Whether the offer is still acceptable with this parameter. */
static bool
offer_add(struct offer *offer, const struct param *param)
{
	const struct param_rule *rule = param_rules;
	uint8_t bits = 0;

	while (rule < param_rules + PARAM_RULES &&
	    !slice_is(param->name, rule->name))
		rule++;
	if (rule == param_rules + PARAM_RULES ||
	    (offer->seen & rule->bit) != 0 ||
	    (param->has_value && !rule->takes_value))
		return false;
	if (param->has_value && (bits = bits_of(param->value)) == 0)
		return false;
	/* 8, which zlib has not, or no value. */
	if (rule->bit == SERVER_BITS && bits < DEFLATE_BITS_MIN)
		return false;
	offer->seen |= rule->bit;
	if (rule->bit == SERVER_BITS)
		offer->server_bits = bits;
	if (rule->bit == CLIENT_BITS)
		offer->client_bits = bits;
	return true;
}

/* 8 to 15 in decimal and without a zero in front; 0 for all else. */
static uint8_t
bits_of(struct slice value)
{
	unsigned bits = 0;
	size_t i, digits = 0;

	for (i = 0; i < value.len; i++) {
		if (value.at[i] == '\\')
			continue;
		if (!char_is_digit((unsigned char)value.at[i]) ||
		    ++digits > 2 || (digits == 1 && value.at[i] == '0'))
			return 0;
		bits = bits * 10 + (unsigned)(value.at[i] - '0');
	}
	return bits >= 8 && bits <= DEFLATE_BITS_MAX ? (uint8_t)bits : 0;
}

static void
slice_skip(struct slice *slice, size_t n)
{
	slice->at += n;
	slice->len -= n;
}

size_t
deflate_response_write(char out[static DEFLATE_RESPONSE_SIZE],
    const struct deflate_terms *terms)
{
	char server_bits[32] = "", client_bits[32] = "";
	int len;

	assert(terms->is_on);
	if (terms->server_bits_asked)
		snprintf(server_bits, sizeof(server_bits),
		    "; server_max_window_bits=%u", terms->server_bits);
	if (terms->client_bits < DEFLATE_BITS_MAX)
		snprintf(client_bits, sizeof(client_bits),
		    "; client_max_window_bits=%u", terms->client_bits);
	len = snprintf(out, DEFLATE_RESPONSE_SIZE,
	    EXTENSION_NAME "; server_no_context_takeover%s%s%s",
	    terms->client_takeover ? "" : "; client_no_context_takeover",
	    server_bits, client_bits);
	assert(len > 0 && len < DEFLATE_RESPONSE_SIZE);
	return (size_t)len;
}
