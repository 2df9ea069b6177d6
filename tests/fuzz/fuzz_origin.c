/*
 * fuzz_origin - src/base/origin.c: a page's origin and a request's host.
 *
 * Input: an origin, a line feed, a host.
 */
#include "config.h"

#include "base/origin.h"

#include "fuzz.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text of one of the two, NUL-terminated and without a NUL in it. */
static char *
text_take(struct input *in)
{
	const uint8_t *end = in->len > 0 ? memchr(in->at, '\n', in->len) : NULL;
	size_t len = end != NULL ? (size_t)(end - in->at) : in->len;
	char *text = strndup((const char *)in->at, len);

	must(text != NULL);
	in->at += len + (end != NULL);
	in->len -= len + (end != NULL);
	return text;
}

/* What stands behind the host: nothing, or a port. */
static bool
looks_like_port(const char *text)
{
	return *text == '\0' || (*text == ':' && text[1] >= '0' &&
	    text[1] <= '9' && strlen(text) <= 6 &&
	    text[1 + strspn(text + 1, "0123456789")] == '\0' &&
	    (text[1] != '0' || text[2] == '\0') && atol(text + 1) <= 65535);
}

/* scheme://authority, the host of letters and such or in brackets. */
static bool
looks_right(const char *text)
{
	const char *host = strstr(text, "://");
	size_t len;

	if (host == NULL || !isalpha((unsigned char)text[0]))
		return false;
	for (; text < host; text++)
		if (!isalnum((unsigned char)*text) &&
		    strchr("+-.", *text) == NULL)
			return false;
	host += 3;
	len = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	for (size_t i = 0; i < len; i++)
		if (host[i] == '\0' || (!isalnum((unsigned char)host[i]) &&
		    strchr(*host == '[' ? "[]:." : "-._~", host[i]) == NULL))
			return false;
	return len > 0 && looks_like_port(host + len);
}

static bool
matches(const char *origin, const char *allowed)
{
	char *copy = copy_exact(origin, strlen(origin));
	bool result = origin_matches(copy, strlen(origin), allowed);

	free(copy);
	return result;
}

static bool
is_same_host(const char *origin, const char *host)
{
	char *from = copy_exact(origin, strlen(origin));
	char *here = copy_exact(host, strlen(host));
	bool result = origin_is_same_host(from, strlen(origin), here,
	    strlen(host));

	free(from);
	free(here);
	return result;
}

static void
check_origin(const char *origin)
{
	size_t len = strlen(origin);
	char *other = malloc(len + 16);
	bool good = matches(origin, "*");

	must(other != NULL);
	must(!good || looks_right(origin));
	must(matches(origin, origin) == (good || strcmp(origin, "null") == 0));
	must(matches(origin, "null") == (strcmp(origin, "null") == 0));
	must(origin_is_valid_setting(origin) == (good ||
	    strcmp(origin, "*") == 0 || strcmp(origin, "null") == 0));
	/* Letters fold; nothing may stand behind. */
	for (size_t i = 0; i <= len; i++)
		other[i] = (char)toupper((unsigned char)origin[i]);
	must(matches(other, "*") == good);
	must(!good || matches(other, origin));
	snprintf(other, len + 16, "%s/", origin);
	must(!matches(other, "*") && !matches(other, origin));
	snprintf(other, len + 16, "x%s", origin);
	must(!good || !matches(other, origin));
	free(other);
}

static void
check_host(const char *origin, const char *host)
{
	size_t len = strlen(host);
	char *other = malloc(len + 16);
	bool good = matches(origin, "*"), same = is_same_host(origin, host);
	bool is_web = strncasecmp(origin, "http://", 7) == 0 ||
	    strncasecmp(origin, "https://", 8) == 0;

	must(other != NULL);
	must(!same || (good && is_web));
	if (good && is_web)
		must(is_same_host(origin, strstr(origin, "://") + 3));
	snprintf(other, len + 16, "https://%s", host);
	/* The host is that of a page at this very place. */
	if (same && host[len - 1] != ':')
		must(matches(other, "*") && is_same_host(other, host));
	snprintf(other, len + 16, "%s.x", host);
	must(!same || !is_same_host(origin, other));
	free(other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	char *origin = text_take(&in), *host = text_take(&in);

	check_origin(origin);
	check_host(origin, host);
	free(origin);
	free(host);
	return 0;
}
