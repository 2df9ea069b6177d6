/*
 * url - see url.h.
 */
#include "config.h"

#include "ws/url.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ws/slice.h"

#define ROUTE_DEFAULT	"/chat"

static const struct scheme {
	const char *prefix;
	const char *port;
	bool is_tls, is_page;
} schemes[] = {
	{ "ws://", "80", false, false },
	{ "wss://", "443", true, false },
	{ "http://", "80", false, true },
	{ "https://", "443", true, true },
};

#define SCHEMES	(sizeof(schemes) / sizeof(schemes[0]))

static const char *parse_unix(const char *, struct url *);
static const char *parse_authority(const char *, size_t,
    const struct scheme *, struct url *);
static const char *parse_host(const char *, size_t, struct url *);
static const char *parse_port(const char *, size_t, struct url *);
static const char *parse_target(const char *, struct url *);
static const char *parse_page(const char *, struct url *);
static bool has_foreign_byte(const char *);

const char *
url_parse(const char *text, struct url *out)
{
	const struct scheme *scheme = NULL;
	const char *why;
	size_t len, i;

	memset(out, 0, sizeof(*out));
	if (has_foreign_byte(text))
		return "has a byte that no URL has";
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, out);
	for (i = 0; i < SCHEMES; i++)
		if (strncmp(text, schemes[i].prefix,
		    strlen(schemes[i].prefix)) == 0)
			scheme = &schemes[i];
	if (scheme == NULL)
		return "begins with none of ws://, wss:// and unix:";
	text += strlen(scheme->prefix);
	len = strcspn(text, "/?#");
	why = parse_authority(text, len, scheme, out);
	if (why != NULL)
		return why;
	return scheme->is_page ? parse_page(text + len, out) :
	    parse_target(text + len, out);
}

/* What lies beyond ASCII has to be percent-encoded. */
static bool
has_foreign_byte(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x21 || (unsigned char)*text > 0x7e)
			return true;
	return false;
}

static const char *
parse_unix(const char *text, struct url *out)
{
	const char *colon = strstr(text, ":/");
	size_t len = colon != NULL ? (size_t)(colon - text) : strlen(text);

	if (len == 0)
		return "has no socket";
	if (len >= sizeof(out->socket))
		return "has a socket whose path is too long";
	memcpy(out->socket, text, len);
	snprintf(out->authority, sizeof(out->authority), "localhost");
	return parse_target(colon != NULL ? colon + 1 : ROUTE_DEFAULT, out);
}

static const char *
parse_authority(const char *text, size_t len, const struct scheme *scheme,
    struct url *out)
{
	const char *port = NULL;
	size_t host_len = len, i;
	const char *why;

	out->is_tls = scheme->is_tls;
	if (memchr(text, '@', len) != NULL)
		return "has a user, which nobody would ask for";
	for (i = len; i > 0 && text[i - 1] != ']'; i--)
		if (text[i - 1] == ':') {
			port = text + i;
			host_len = i - 1;
			break;
		}
	why = parse_host(text, host_len, out);
	if (why != NULL)
		return why;
	snprintf(out->port, sizeof(out->port), "%s", scheme->port);
	if (port != NULL)
		why = parse_port(port, len - host_len - 1, out);
	snprintf(out->authority, sizeof(out->authority), "%.*s%s%s",
	    (int)host_len, text, strcmp(out->port, scheme->port) != 0 ?
	    ":" : "", strcmp(out->port, scheme->port) != 0 ? out->port : "");
	return why;
}

static const char *
parse_host(const char *text, size_t len, struct url *out)
{
	bool is_ipv6 = len > 2 && text[0] == '[' && text[len - 1] == ']';
	size_t i;

	if (is_ipv6) {
		text++;
		len -= 2;
	}
	if (len == 0)
		return "has no host";
	if (len >= sizeof(out->host))
		return "has a host that is too long";
	for (i = 0; i < len; i++)
		if (!char_is_letter_or_digit((unsigned char)text[i]) &&
		    strchr(is_ipv6 ? ":." : "-._", text[i]) == NULL)
			return "has a host that cannot be";
	memcpy(out->host, text, len);
	return NULL;
}

static const char *
parse_port(const char *text, size_t len, struct url *out)
{
	unsigned long port = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (!char_is_digit((unsigned char)text[i]) || port > 65535)
			return "has a port that is no number";
		port = port * 10 + (unsigned long)(text[i] - '0');
	}
	if (port < 1 || port > 65535)
		return "has a port that is not 1 to 65535";
	snprintf(out->port, sizeof(out->port), "%lu", port);
	return NULL;
}

static const char *
parse_target(const char *text, struct url *out)
{
	size_t len = strcspn(text, "?#");
	const char *query = text[len] == '?' ? text + len + 1 : "";

	if (strchr(text, '#') != NULL)
		return "has a fragment (#), which no server sees";
	if (len >= sizeof(out->path) || strlen(query) >= sizeof(out->query))
		return "is too long";
	snprintf(out->path, sizeof(out->path), "%.*s",
	    len > 0 ? (int)len : (int)sizeof(ROUTE_DEFAULT) - 1,
	    len > 0 ? text : ROUTE_DEFAULT);
	snprintf(out->query, sizeof(out->query), "%s", query);
	return NULL;
}

static const char *
parse_page(const char *text, struct url *out)
{
	static const char mark[] = "#room=";

	if (*text == '/')
		text++;
	snprintf(out->path, sizeof(out->path), "%s", ROUTE_DEFAULT);
	if (*text == '\0')
		return NULL;
	if (strncmp(text, mark, sizeof(mark) - 1) != 0 ||
	    !url_room_is_good(text + sizeof(mark) - 1))
		return "is a page other than the server's; "
		    "a room is ws://HOST/chat/NAME";
	return url_set_room(out, "", text + sizeof(mark) - 1) ? NULL :
	    "is too long";
}

bool
url_room_is_good(const char *room)
{
	size_t len = strlen(room), i;

	for (i = 0; i < len; i++)
		if (!char_is_letter_or_digit((unsigned char)room[i]) &&
		    strchr("-_.", room[i]) == NULL)
			return false;
	return len > 0 && len < URL_ROOM && strspn(room, ".") != len;
}

bool
url_set_room(struct url *url, const char *old, const char *room)
{
	char path[URL_TARGET];
	size_t len = strlen(url->path), old_len = strlen(old);
	int written;

	if (old_len > 0 && len > old_len && url->path[len - old_len - 1] ==
	    '/' && strcmp(url->path + len - old_len, old) == 0)
		len -= old_len + 1;
	else if (room[0] != '\0' && len > 0 && url->path[len - 1] == '/')
		len--;
	written = snprintf(path, sizeof(path), "%.*s%s%s", (int)len,
	    url->path, room[0] != '\0' ? "/" : "", room);
	if (written < 0 || (size_t)written >= sizeof(path))
		return false;
	memcpy(url->path, path, sizeof(path));
	return true;
}

bool
url_target(const struct url *url, uint64_t after, char *out, size_t size)
{
	bool has_query = url->query[0] != '\0';
	char tail[32] = "";
	int len;

	if (after != UINT64_MAX)
		snprintf(tail, sizeof(tail), "%safter=%" PRIu64,
		    has_query ? "&" : "", after);
	len = snprintf(out, size, "%s%s%s%s", url->path,
	    has_query || tail[0] != '\0' ? "?" : "", url->query, tail);
	return len > 0 && (size_t)len < size;
}
