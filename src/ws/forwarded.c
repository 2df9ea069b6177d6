/*
 * forwarded: the walk of forwarded.h.
 *
 * A pure module of the worker. Lists are taken apart from the right, too: a
 * quotation mark that a client left open would else swallow what the proxies
 * wrote behind it.
 */
#include "config.h"

#include "ws/forwarded.h"

#include <stdbool.h>
#include <string.h>

#define NODE_MAX 128   /* bytes of for=; what is longer is no address */

/* The value of a pair, without quotation marks and backslashes. */
struct node {
	char text[NODE_MAX];
	size_t len;
};

static const char *const names[] = {
	[FORWARDED_X_FORWARDED_FOR] = "X-Forwarded-For",
	[FORWARDED_RFC7239] = "Forwarded"
};

static bool take_last(enum forwarded_field, struct slice *, struct slice *);
static bool is_last_scheme_secure(const struct head *);
static bool read_entry(enum forwarded_field, struct slice,
    uint8_t[NETADDR_BYTES], bool *);
static bool read_element(struct slice, struct node *, struct node *);
static bool is_secure_scheme(const struct node *);
static bool take_value(struct slice *, struct node *);
static bool read_node(const struct node *, uint8_t[NETADDR_BYTES]);

bool
forwarded_find_client(const struct head *head, enum forwarded_field field,
    const struct netaddr_cidr *trusted, size_t count,
    const uint8_t peer[NETADDR_BYTES], uint8_t out[NETADDR_BYTES])
{
	struct slice lines[FORWARDED_HOPS_MAX], line = { NULL, 0 }, entry;
	size_t found = 0, hops;
	bool more = false, is_secure = false;

	memmove(out, peer, NETADDR_BYTES);
	if (!netaddr_is_in(out, trusted, count))
		return false;
	if (field == FORWARDED_X_FORWARDED_FOR)
		is_secure = is_last_scheme_secure(head);
	/* A ring: a line has an entry at least, so the last ones suffice. */
	while (head_next_value(head, names[field], &line))
		lines[found++ % FORWARDED_HOPS_MAX] = line;
	for (hops = 0; hops < FORWARDED_HOPS_MAX; hops++) {
		if (!more && found == 0)
			break;
		if (!more)
			line = lines[--found % FORWARDED_HOPS_MAX];
		more = take_last(field, &line, &entry);
		if (!read_entry(field, entry, out, &is_secure) ||
		    !netaddr_is_in(out, trusted, count))
			break;
	}
	return is_secure;
}

/* X-Forwarded-Proto tells nothing of each proxy: the last one's word. */
static bool
is_last_scheme_secure(const struct head *head)
{
	struct slice line = { NULL, 0 }, last = { NULL, 0 };

	while (head_next_value(head, "X-Forwarded-Proto", &line))
		last = line;
	if (last.at == NULL)
		return false;
	(void)take_last(FORWARDED_X_FORWARDED_FOR, &last, &line);
	return slice_is_any_case(line, "https") ||
	    slice_is_any_case(line, "wss");
}

/* How many backslashes stand before text[at]. */
static size_t
count_backslashes(const char *text, size_t at)
{
	size_t n = 0;

	while (n < at && text[at - n - 1] == '\\')
		n++;
	return n;
}

/*
 * Takes the last entry and the comma before it off *list_inout. False: it is
 * the first one, too. Seen from the right a quotation mark begins a quoted
 * string, whatever is before it, and ends one unless it is escaped.
 */
static bool
take_last(enum forwarded_field field, struct slice *list_inout,
    struct slice *entry_out)
{
	const char *text = list_inout->at;
	size_t len = list_inout->len, at;
	bool quoted = false;

	for (at = len; at > 0; at--) {
		if (text[at - 1] == ',' && !quoted)
			break;
		if (text[at - 1] == '"' && field == FORWARDED_RFC7239 &&
		    (!quoted || count_backslashes(text, at - 1) % 2 == 0))
			quoted = !quoted;
	}
	*entry_out = slice_trim((struct slice){ text + at, len - at });
	list_inout->len = at > 0 ? at - 1 : 0;
	return at > 0;
}

/*
 * False, and `out` as it was: the entry is no address. An element says by
 * which scheme, too, maybe without the address.
 */
static bool
read_entry(enum forwarded_field field, struct slice entry,
    uint8_t out[NETADDR_BYTES], bool *is_secure)
{
	struct node node, scheme;
	int32_t port;

	if (field == FORWARDED_RFC7239) {
		*is_secure = false;
		if (!read_element(entry, &node, &scheme))
			return false;
		*is_secure = is_secure_scheme(&scheme);
		return read_node(&node, out);
	}
	return netaddr_parse_port(entry.at, entry.len, out, &port);
}

/*
 * [pair] *( ";" [pair] ), pair: token "=" value. RFC 7239 4. At most one each
 * is for= and proto=; what is not there is empty.
 */
static bool
read_element(struct slice element, struct node *node_out,
    struct node *scheme_out)
{
	bool has_node = false, has_scheme = false, *has;
	struct slice name;
	struct node value;
	const char *equals;

	node_out->len = scheme_out->len = 0;
	while (element.len > 0) {
		if (*element.at == ';') {
			element.at++;
			element.len--;
			continue;
		}
		equals = memchr(element.at, '=', element.len);
		if (equals == NULL)
			return false;
		name = (struct slice){ element.at,
		    (size_t)(equals - element.at) };
		element.at += name.len + 1;
		element.len -= name.len + 1;
		if (!slice_is_token(name) || !take_value(&element, &value) ||
		    (element.len > 0 && *element.at != ';'))
			return false;
		if (slice_is_any_case(name, "for"))
			has = &has_node;
		else if (slice_is_any_case(name, "proto"))
			has = &has_scheme;
		else
			continue;
		if (*has)
			return false;
		*has = true;
		*(has == &has_node ? node_out : scheme_out) = value;
	}
	return true;
}

static bool
is_secure_scheme(const struct node *scheme)
{
	const struct slice text = { scheme->text, scheme->len };

	return scheme->len <= sizeof(scheme->text) &&
	    (slice_is_any_case(text, "https") ||
	    slice_is_any_case(text, "wss"));
}

/* A token or a quoted string. What is too long is counted, not kept. */
static bool
take_value(struct slice *rest, struct node *out)
{
	bool quoted = rest->len > 0 && *rest->at == '"';
	size_t i = quoted;

	for (out->len = 0; i < rest->len; i++) {
		if (quoted ? rest->at[i] == '"' :
		    !char_is_token((unsigned char)rest->at[i]))
			break;
		if (quoted && rest->at[i] == '\\' && ++i == rest->len)
			return false;
		if (out->len < sizeof(out->text))
			out->text[out->len] = rest->at[i];
		out->len++;
	}
	if (quoted ? i++ == rest->len : i == 0)
		return false;
	rest->at += i;
	rest->len -= i;
	return true;
}

/* ":_" and what a proxy calls a port that it does not tell. */
static bool
is_hidden_port(const char *text, size_t len)
{
	size_t i;

	for (i = 2; i < len; i++)
		if (!char_is_letter_or_digit((unsigned char)text[i]) &&
		    (text[i] == '\0' || strchr("._-", text[i]) == NULL))
			return false;
	return len > 2 && text[0] == ':' && text[1] == '_';
}

/* IPv4 or "[" IPv6 "]", maybe with a port. RFC 7239 6. */
static bool
read_node(const struct node *node, uint8_t out[NETADDR_BYTES])
{
	size_t len = node->len;
	const char *colon;
	int32_t port;

	if (len == 0 || len > sizeof(node->text))
		return false;
	colon = memrchr(node->text, ':', len);
	if (colon != NULL && node->text[0] != '[' &&
	    memchr(node->text, ':', len) != colon)
		return false;
	if (colon != NULL && is_hidden_port(colon,
	    (size_t)(node->text + len - colon)))
		len = (size_t)(colon - node->text);
	return netaddr_parse_port(node->text, len, out, &port);
}
