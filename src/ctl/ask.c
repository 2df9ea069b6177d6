/*
 * ask - see ask.h.
 */
#include "config.h"

#include "ctl/ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"

#define ANSWER_MAX	(16 << 20)	/* bytes of a line */
#define ANSWER_TIME_S	30
#define READ_SIZE	65536

struct ask {
	const char *path;
	int fd;			/* -1: not connected */
	int error;		/* errno of what went wrong */
	struct buf in;
	char text[256];
};

struct ask *
ask_new(const char *path)
{
	struct ask *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->path = path;
	a->fd = -1;
	buf_init(&a->in);
	return a;
}

static void
hang_up(struct ask *a)
{
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
	buf_reset(&a->in);
}

void
ask_free(struct ask *a)
{
	if (a == NULL)
		return;
	hang_up(a);
	buf_clear(&a->in);
	free(a);
}

static enum ask_result
fail(struct ask *a, enum ask_result result)
{
	a->error = errno;
	hang_up(a);
	return result;
}

static void
set_patience(const struct ask *a, time_t seconds)
{
	const struct timeval time = { .tv_sec = seconds };

	(void)setsockopt(a->fd, SOL_SOCKET, SO_RCVTIMEO, &time,
	    sizeof(time));
	(void)setsockopt(a->fd, SOL_SOCKET, SO_SNDTIMEO, &time,
	    sizeof(time));
}

void
ask_be_patient(struct ask *a)
{
	set_patience(a, 0);
}

static enum ask_result
dial(struct ask *a)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	errno = ENAMETOOLONG;
	if (strlen(a->path) >= sizeof(address.sun_path))
		return fail(a, ASK_UNREACHABLE);
	memcpy(address.sun_path, a->path, strlen(a->path) + 1);
	a->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (a->fd < 0)
		return fail(a, ASK_UNREACHABLE);
	set_patience(a, ANSWER_TIME_S);
	if (connect(a->fd, (const struct sockaddr *)&address,
	    sizeof(address)) == 0)
		return ASK_DONE;
	return fail(a, errno == EACCES || errno == EPERM ? ASK_FORBIDDEN :
	    ASK_UNREACHABLE);
}

static enum ask_result
send_all(struct ask *a, const char *text, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = send(a->fd, text, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		/* Who does not hear us out may have said why. */
		if (n < 0 && errno == EPIPE)
			return ASK_DONE;
		if (n < 0)
			return fail(a, errno == EAGAIN ? ASK_SLOW :
			    ASK_LOST);
		text += n;
		len -= (size_t)n;
	}
	return ASK_DONE;
}

enum ask_result
ask_send(struct ask *a, const json_t *order)
{
	enum ask_result result = a->fd >= 0 ? ASK_DONE : dial(a);
	char *text;

	if (result != ASK_DONE)
		return result;
	text = json_dumps(order, JSON_COMPACT);
	errno = ENOMEM;
	if (text == NULL)
		return fail(a, ASK_LOST);
	result = send_all(a, text, strlen(text));
	free(text);
	return result == ASK_DONE ? send_all(a, "\n", 1) : result;
}

static enum ask_result
receive_more(struct ask *a)
{
	uint8_t *to = buf_reserve(&a->in, READ_SIZE);
	ssize_t n;

	errno = ENOMEM;
	if (to == NULL)
		return fail(a, ASK_LOST);
	do
		n = recv(a->fd, to, READ_SIZE, 0);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = 0;
	if (n <= 0)
		return fail(a, n < 0 && errno == EAGAIN ? ASK_SLOW :
		    ASK_LOST);
	buf_commit(&a->in, (size_t)n);
	return ASK_DONE;
}

enum ask_result
ask_receive(struct ask *a, json_t **answer_out)
{
	const uint8_t *line, *end;
	enum ask_result result;

	errno = 0;
	if (a->fd < 0)
		return fail(a, ASK_LOST);
	while (buf_len(&a->in) == 0 || (end = memchr(buf_head(&a->in), '\n',
	    buf_len(&a->in))) == NULL) {
		if (buf_len(&a->in) > ANSWER_MAX)
			return fail(a, ASK_RUBBISH);
		result = receive_more(a);
		if (result != ASK_DONE)
			return result;
	}
	line = buf_head(&a->in);
	*answer_out = json_loadb((const char *)line, (size_t)(end - line), 0,
	    NULL);
	errno = 0;
	if (!json_is_object(*answer_out)) {
		json_decref(*answer_out);
		return fail(a, ASK_RUBBISH);
	}
	buf_consume(&a->in, (size_t)(end + 1 - line));
	return ASK_DONE;
}

const char *
ask_text(struct ask *a, enum ask_result result)
{
	static const char *const texts[] = {
		[ASK_DONE] = "done",
		[ASK_UNREACHABLE] = "no server there",
		[ASK_FORBIDDEN] = "not yours to use",
		[ASK_LOST] = "the server has ended the connection",
		[ASK_SLOW] = "the server does not answer",
		[ASK_RUBBISH] = "what answers there is no wschatd",
	};

	snprintf(a->text, sizeof(a->text), "%s: %s%s%s%s", a->path,
	    texts[result], a->error != 0 ? ": " : "",
	    a->error != 0 ? strerror(a->error) : "",
	    result == ASK_UNREACHABLE && a->error == ENOENT ?
	    " (its setting control names the socket)" : "");
	return a->text;
}
