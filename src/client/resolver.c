/*
 * resolver - see resolver.h.
 */
#include "config.h"

#include "client/resolver.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct resolver {
	struct event *event;
	pid_t child;		/* 0: none was needed */
	int fd;
	resolver_hook *hook;
	void *arg;
};

/* One write of it is whole or does not happen. */
_Static_assert(sizeof(struct resolver_answer) <= 4096, "PIPE_BUF");

static void
ask(const char *host, const char *port, int flags,
    struct resolver_answer *answer)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL, *one;

	memset(answer, 0, sizeof(*answer));
	hints.ai_flags = flags;
	answer->error = getaddrinfo(host, port, &hints, &list);
	for (one = list; one != NULL && answer->count < RESOLVER_MAX;
	    one = one->ai_next) {
		memcpy(&answer->list[answer->count].address, one->ai_addr,
		    one->ai_addrlen);
		answer->list[answer->count++].len = one->ai_addrlen;
	}
	if (list != NULL)
		freeaddrinfo(list);
}

static bool
tell(int fd, const struct resolver_answer *answer)
{
	return write(fd, answer, sizeof(*answer)) == sizeof(*answer);
}

/* The handlers are the loop's, and the loop is not this process's. */
static void
forget_signals(void)
{
	static const int signals[] = {
		SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT
	};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_DFL);
}

/* False: errno tells. */
static bool
start(struct resolver *r, const char *host, const char *port, int fd)
{
	struct resolver_answer answer;

	ask(host, port, AI_NUMERICHOST, &answer);
	if (answer.error == 0)
		return tell(fd, &answer);
	r->child = fork();
	if (r->child == 0) {
		forget_signals();
		ask(host, port, AI_ADDRCONFIG, &answer);
		_exit(tell(fd, &answer) ? 0 : 1);
	}
	return r->child > 0;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct resolver *r = arg;
	struct resolver_answer answer;
	ssize_t len = read(fd, &answer, sizeof(answer));

	(void)what;
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len != sizeof(answer) || answer.count > RESOLVER_MAX)
		answer = (struct resolver_answer){ .error = EAI_SYSTEM };
	event_del(r->event);
	r->hook(r->arg, &answer);
}

struct resolver *
resolver_new(struct event_base *base, const char *host, const char *port,
    resolver_hook *hook, void *arg)
{
	struct resolver *r = calloc(1, sizeof(*r));
	int fds[2];
	bool is_started;

	if (r == NULL)
		return NULL;
	if (pipe2(fds, O_CLOEXEC) != 0) {
		free(r);
		return NULL;
	}
	r->fd = fds[0];
	r->hook = hook;
	r->arg = arg;
	is_started = start(r, host, port, fds[1]);
	close(fds[1]);
	r->event = event_new(base, r->fd, EV_READ | EV_PERSIST, on_readable,
	    r);
	if (!is_started || r->event == NULL ||
	    event_add(r->event, NULL) != 0) {
		resolver_free(r);
		return NULL;
	}
	return r;
}

void
resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	if (r->event != NULL)
		event_free(r->event);
	close(r->fd);
	if (r->child > 0) {
		kill(r->child, SIGKILL);
		while (waitpid(r->child, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	free(r);
}
