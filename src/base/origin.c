/*
 * origin - which pages may open a connection (RFC 6454).
 *
 * Pure; run by the parent (settings) and workers (requests).  Letters are
 * those of ASCII, whatever the locale says.
 */
#include "config.h"

#include "base/origin.h"

#include <stdint.h>
#include <string.h>

#include "base/netaddr.h"

#define NO_PORT		0

/* What a text names; the pointers are into it. */
struct site {
	const char *scheme, *host;
	size_t scheme_len, host_len;
	uint16_t port;			/* NO_PORT: left out */
	bool is_ipv6;
	uint8_t address[NETADDR_BYTES];	/* is_ipv6: the host */
};

static unsigned char
to_lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool
is_same_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t i;

	if (a_len != b_len)
		return false;
	for (i = 0; i < a_len; i++)
		if (to_lower(a[i]) != to_lower(b[i]))
			return false;
	return true;
}

static bool
is_letter(char c)
{
	return to_lower(c) >= 'a' && to_lower(c) <= 'z';
}

/* How many bytes at the start are letters, digits or one of `others`. */
static size_t
span(const char *text, size_t len, const char *others)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!is_letter(text[i]) && (text[i] < '0' || text[i] > '9') &&
		    (text[i] == '\0' || strchr(others, text[i]) == NULL))
			break;
	return i;
}

/* As browsers write it: without zeros in front, and never 0. */
static bool
parse_port(const char *text, size_t len, uint16_t *out)
{
	return len > 0 && text[0] != '0' && netaddr_read_port(text, len, out);
}

/* host [":" port], all of it. */
static bool
parse_authority(const char *text, size_t len, struct site *out)
{
	const char *close;

	out->host = text;
	out->is_ipv6 = len > 0 && text[0] == '[';
	if (out->is_ipv6) {
		close = memchr(text, ']', len);
		if (close == NULL || memchr(text, ':',
		    (size_t)(close - text)) == NULL ||
		    !netaddr_parse(text + 1, (size_t)(close - text - 1),
		    out->address))
			return false;
		out->host_len = (size_t)(close - text) + 1;
	} else {
		out->host_len = span(text, len, "-._~");
	}
	if (out->host_len == 0)
		return false;
	out->port = NO_PORT;
	if (out->host_len == len)
		return true;
	return text[out->host_len] == ':' && parse_port(text +
	    out->host_len + 1, len - out->host_len - 1, &out->port);
}

/* scheme "://" host [":" port], all of it. */
static bool
parse_origin(const char *text, size_t len, struct site *out)
{
	out->scheme = text;
	out->scheme_len = span(text, len, "+-.");
	if (out->scheme_len == 0 || !is_letter(text[0]) ||
	    len - out->scheme_len < 3 ||
	    memcmp(text + out->scheme_len, "://", 3) != 0)
		return false;
	text += out->scheme_len + 3;
	len -= out->scheme_len + 3;
	return parse_authority(text, len, out);
}

/* What a port left out means; NO_PORT: nothing that has a number. */
static uint16_t
default_port(const struct site *origin)
{
	if (is_same_text(origin->scheme, origin->scheme_len, "http", 4))
		return 80;
	if (is_same_text(origin->scheme, origin->scheme_len, "https", 5))
		return 443;
	return NO_PORT;
}

/* Whether the hosts are one, and the ports when each one left out is
 * `port`. */
static bool
is_same_place(const struct site *a, const struct site *b, uint16_t port)
{
	if ((a->port == NO_PORT ? port : a->port) !=
	    (b->port == NO_PORT ? port : b->port))
		return false;
	/* An IPv6 address can be written in many ways. */
	if (a->is_ipv6 && b->is_ipv6)
		return memcmp(a->address, b->address, NETADDR_BYTES) == 0;
	return is_same_text(a->host, a->host_len, b->host, b->host_len);
}

bool
origin_is_same_host(const char *origin, size_t origin_len, const char *host,
    size_t host_len)
{
	struct site from, here;

	/* An empty port is a port left out (RFC 3986 3.2.3). */
	if (host_len > 0 && host[host_len - 1] == ':')
		host_len--;
	return parse_origin(origin, origin_len, &from) &&
	    parse_authority(host, host_len, &here) &&
	    default_port(&from) != NO_PORT &&
	    is_same_place(&from, &here, default_port(&from));
}

bool
origin_matches(const char *origin, size_t origin_len, const char *allowed)
{
	struct site from, listed;

	if (strcmp(allowed, "null") == 0)
		return origin_len == 4 && memcmp(origin, "null", 4) == 0;
	if (!parse_origin(origin, origin_len, &from))
		return false;
	return strcmp(allowed, "*") == 0 ||
	    (parse_origin(allowed, strlen(allowed), &listed) &&
	    is_same_text(from.scheme, from.scheme_len, listed.scheme,
	    listed.scheme_len) &&
	    is_same_place(&from, &listed, default_port(&from)));
}

bool
origin_is_valid_setting(const char *text)
{
	struct site site;

	return strcmp(text, "*") == 0 || strcmp(text, "null") == 0 ||
	    parse_origin(text, strlen(text), &site);
}
