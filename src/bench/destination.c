/*
 * destination - see destination.h.
 */
#include "config.h"

#include "bench/destination.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/netaddr.h"
#include "bench/secure.h"

#define SOURCE_CLIENTS	8000	/* from one source address: the kernel's
				 * search for a free port grows slow */
#define SOURCES_MAX	254
#define ANSWER_S	5	/* then the next address is tried */

static void
find_socket(struct destination *d, const struct url *url)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&d->target.address;

	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, url->socket, sizeof(url->socket));
	d->target.address_len = sizeof(*un);
}

static bool
is_this_machine(const struct sockaddr_storage *ss)
{
	uint8_t address[NETADDR_BYTES];
	uint16_t port;

	if (ss->ss_family == AF_UNIX)
		return true;
	netaddr_from_socket((const struct sockaddr *)ss, address, &port);
	return netaddr_is_loopback(address);
}

/* Whether somebody listens there; blocks until that is known. */
static bool
answers(const struct addrinfo *one)
{
	const struct timeval most = { .tv_sec = ANSWER_S };
	int fd = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_there;

	if (fd < 0)
		return false;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
	is_there = connect(fd, one->ai_addr, one->ai_addrlen) == 0;
	close(fd);
	return is_there;
}

/* A name may have several addresses, and a server may be at one of them: the
 * first that answers, as for other clients; the first, when none does. */
static void
find_host(struct destination *d, const struct arguments *a)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	const struct addrinfo *one = NULL;
	int error = getaddrinfo(a->url.host, a->url.port, &hints, &list);

	if (error != 0)
		arguments_die(EX_NOHOST, "%s: %s", a->url.host,
		    gai_strerror(error));
	memcpy(&d->target.address, list->ai_addr, list->ai_addrlen);
	d->target.address_len = list->ai_addrlen;
	if (list->ai_next != NULL &&
	    (a->any_address || is_this_machine(&d->target.address)))
		for (one = list; one != NULL && !answers(one);
		    one = one->ai_next)
			;
	if (one != NULL) {
		memcpy(&d->target.address, one->ai_addr, one->ai_addrlen);
		d->target.address_len = one->ai_addrlen;
	}
	freeaddrinfo(list);
}

static void
choose_sources(struct destination *d, const struct arguments *a)
{
	uint64_t all = (uint64_t)a->plan.rooms * a->plan.clients;
	bool may = d->target.address.ss_family == AF_INET &&
	    is_this_machine(&d->target.address);

	if (a->sources > 1 && !may)
		arguments_die(EX_USAGE, "--sources: only to 127.0.0.0/8");
	d->sources = a->sources;
	if (d->sources == 0 && may)
		d->sources = (unsigned)((all + SOURCE_CLIENTS - 1) /
		    SOURCE_CLIENTS);
	if (d->sources > SOURCES_MAX)
		d->sources = SOURCES_MAX;
	if (d->sources == 1 && a->sources == 0)
		d->sources = 0;
}

static void
choose_tls(struct destination *d, const struct arguments *a)
{
	const char *why;

	if (!a->url.is_tls)
		return;
	d->target.tls = secure_context(a->ca, a->is_insecure, &why);
	d->target.tls_host = a->url.host;
	if (d->target.tls == NULL)
		arguments_die(EX_NOINPUT, "%s: %s", a->ca != NULL ? a->ca :
		    "TLS", why);
}

void
destination_find(struct destination *d, const struct arguments *a)
{
	char path[LINK_PATH];

	memset(d, 0, sizeof(*d));
	if (a->url.socket[0] != '\0')
		find_socket(d, &a->url);
	else
		find_host(d, a);
	if (!is_this_machine(&d->target.address) && !a->any_address)
		arguments_die(EX_USAGE, "%s is another machine; if it is "
		    "yours to burden, say --any-address", a->url.host);
	d->target.host = a->url.authority;
	d->target.fields = a->dialect->fields;
	destination_path(a, a->plan.rooms - 1, path);
	choose_sources(d, a);
	choose_tls(d, a);
}

void
destination_path(const struct arguments *a, unsigned room,
    char out[LINK_PATH])
{
	struct url url = a->url;
	char name[16];

	snprintf(name, sizeof(name), "r%u", room);
	if ((a->plan.rooms > 1 && !a->is_echo && !url_set_room(&url, "",
	    name)) || !url_target(&url, UINT64_MAX, out, LINK_PATH))
		arguments_die(EX_USAGE, "%s is too long", a->url_text);
}
