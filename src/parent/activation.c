/*
 * activation - see activation.h.
 */
#include "config.h"

#include "parent/activation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parent/endpoint.h"

/* Whole and decimal; -1: it is not. */
static long
parse_number(const char *text)
{
	char *end;
	long n;

	if (text == NULL || *text < '0' || *text > '9')
		return -1;
	errno = 0;
	n = strtol(text, &end, 10);
	return errno == 0 && *end == '\0' ? n : -1;
}

/* "chat:chat-tls": in the order of the descriptors. */
static void
read_names(struct activation *activation, const char *names)
{
	size_t len;
	int i;

	for (i = 0; i < activation->count && names != NULL; i++) {
		len = strcspn(names, ":");
		snprintf(activation->sockets[i].name,
		    sizeof(activation->sockets[i].name), "%.*s", (int)len,
		    names);
		names = names[len] == ':' ? names + len + 1 : NULL;
	}
}

const char *
activation_read(struct activation *activation)
{
	const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	const char *why = NULL;
	long count = parse_number(fds);
	int i;

	memset(activation, 0, sizeof(*activation));
	/* For another process, which forgot to clear it. */
	if (fds == NULL || parse_number(pid) != getpid())
		count = 0;
	if (count < 0)
		why = "LISTEN_FDS is not a number";
	else if (count > SETTINGS_LISTENERS)
		why = "LISTEN_FDS is more than there can be listeners";
	else
		activation->count = (int)count;
	read_names(activation, getenv("LISTEN_FDNAMES"));
	for (i = 0; i < activation->count; i++)
		if (endpoint_name(ACTIVATION_FIRST + i,
		    activation->sockets[i].address,
		    sizeof(activation->sockets[i].address)) < 0)
			activation->sockets[i].address[0] = '\0';
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	return why;
}

bool
activation_add_stdin(struct activation *activation)
{
	if (dup2(STDIN_FILENO, ACTIVATION_FIRST) < 0 ||
	    endpoint_name(ACTIVATION_FIRST, activation->sockets[0].address,
	    sizeof(activation->sockets[0].address)) < 0)
		return false;
	snprintf(activation->sockets[0].name,
	    sizeof(activation->sockets[0].name), "inetd");
	activation->count = 1;
	return true;
}

static bool
is_meant(const struct activation *activation, int i,
    const struct endpoint *endpoint)
{
	char address[SETTINGS_ADDRESS];

	if (endpoint->kind == ENDPOINT_FD && endpoint->fd >= 0)
		return endpoint->fd == ACTIVATION_FIRST + i;
	if (endpoint->kind == ENDPOINT_FD)
		return strcmp(endpoint->name,
		    activation->sockets[i].name) == 0;
	endpoint_text(endpoint, address, sizeof(address));
	return strcmp(address, activation->sockets[i].address) == 0;
}

int
activation_take(struct activation *activation,
    const struct endpoint *endpoint)
{
	int i, found = -1;

	for (i = 0; i < activation->count; i++) {
		if (activation->sockets[i].is_taken ||
		    !is_meant(activation, i, endpoint))
			continue;
		if (found >= 0)
			return -1;
		found = i;
	}
	if (found < 0)
		return -1;
	activation->sockets[found].is_taken = true;
	return ACTIVATION_FIRST + found;
}

int
activation_find_left(const struct activation *activation)
{
	int i;

	for (i = 0; i < activation->count; i++)
		if (!activation->sockets[i].is_taken)
			return ACTIVATION_FIRST + i;
	return -1;
}
