/*
 * endpoint - where a listener listens: how it is written, bound and named.
 *
 * Runs in the parent, at start.
 */
#include "config.h"

#include "parent/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define FD_MIN		3	/* below are the standard ones */
#define FD_DIGITS	5

/* --- as it is written -------------------------------------------------- */

static const char *
parse_unix(const char *path, struct endpoint *out)
{
	struct sockaddr_un *address = (struct sockaddr_un *)&out->storage;
	size_t len = strlen(path), i;

	out->kind = ENDPOINT_UNIX;
	if (*path != '/')
		return "has no absolute path";
	if (len >= sizeof(address->sun_path))
		return "has a path of more than 107 bytes";
	for (i = 0; i < len; i++)
		if ((unsigned char)path[i] < 0x20 || path[i] == 0x7f)
			return "has a control character";
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, len + 1);
	out->len = sizeof(*address);
	return NULL;
}

static const char *
parse_fd(const char *text, struct endpoint *out)
{
	size_t len = strspn(text, "0123456789");

	out->kind = ENDPOINT_FD;
	if (len == 0 || len > FD_DIGITS || text[len] != '\0' ||
	    *text == '0' || atoi(text) < FD_MIN)
		return "is not fd: and a number of 3 or more";
	out->fd = atoi(text);
	return NULL;
}

static bool
parse_port(const char *text, uint16_t *out)
{
	unsigned long number = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		number = number * 10 + (unsigned long)(*text - '0');
		if (number > UINT16_MAX)
			return false;
	}
	*out = htons((uint16_t)number);
	return true;
}

static bool
parse_tcp(const char *text, struct endpoint *out)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->storage;
	struct sockaddr_in *v4 = (struct sockaddr_in *)&out->storage;
	const char *colon = strrchr(text, ':');
	char host[64];
	uint16_t port;
	size_t len;

	out->kind = ENDPOINT_TCP;
	if (colon == NULL || !parse_port(colon + 1, &port))
		return false;
	len = (size_t)(colon - text);
	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		v6->sin6_family = AF_INET6;
		v6->sin6_port = port;
		out->len = sizeof(*v6);
		return inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = port;
	out->len = sizeof(*v4);
	return inet_pton(AF_INET, strcmp(host, "localhost") == 0 ?
	    "127.0.0.1" : host, &v4->sin_addr) == 1;
}

const char *
endpoint_parse(const char *text, struct endpoint *out)
{
	memset(out, 0, sizeof(*out));
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, out);
	if (strncmp(text, "fd:", 3) == 0)
		return parse_fd(text + 3, out);
	if (parse_tcp(text, out))
		return NULL;
	return "is not of the form ADDRESS:PORT, [ADDRESS]:PORT, unix:/PATH "
	    "or fd:NUMBER";
}
