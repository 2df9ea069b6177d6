/*
 * endpoint - where a listener listens: how it is written, bound and named.
 *
 * Runs in the parent, at start and for a reload.  A unix socket's file has its
 * mode from the beginning and its owner before anybody can connect, which is
 * from listen on.
 */
#include "config.h"

#include "parent/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/netaddr.h"
#include "base/settings.h"

#define BACKLOG		4096	/* the kernel cuts it to SOMAXCONN */
#define FD_MIN		3	/* below are the standard ones */
#define FD_DIGITS	5
#define NAME_CHARACTERS	"abcdefghijklmnopqrstuvwxyz0123456789-_.@" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"

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

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A name that whoever opened it gave it, or its number. */
static const char *
parse_fd(const char *text, struct endpoint *out)
{
	size_t len = strspn(text, "0123456789");

	out->kind = ENDPOINT_FD;
	out->fd = -1;
	if (is_letter(*text) && strlen(text) < sizeof(out->name) &&
	    text[strspn(text, NAME_CHARACTERS)] == '\0') {
		memcpy(out->name, text, strlen(text) + 1);
		return NULL;
	}
	if (len == 0 || len > FD_DIGITS || text[len] != '\0' ||
	    *text == '0' || atoi(text) < FD_MIN)
		return "is not fd: and a name, or a number of 3 or more";
	out->fd = atoi(text);
	return NULL;
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
	if (colon == NULL || !netaddr_read_port(colon + 1, strlen(colon + 1),
	    &port))
		return false;
	len = (size_t)(colon - text);
	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		out->len = sizeof(*v6);
		return inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons(port);
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
	return "is not of the form ADDRESS:PORT, [ADDRESS]:PORT, unix:/PATH, "
	    "fd:NUMBER or fd:NAME";
}

/* --- as it is opened --------------------------------------------------- */

/* What could not be opened and why; -1. */
static int __attribute__((format(printf, 3, 4)))
fail(struct endpoint_error *error, int code, const char *format, ...)
{
	int reason = errno, len;
	va_list args;

	va_start(args, format);
	len = vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	if (reason != 0 && len >= 0 && (size_t)len < sizeof(error->text))
		snprintf(error->text + len, sizeof(error->text) - (size_t)len,
		    ": %s", strerror(reason));
	error->code = code;
	return -1;
}

static int
fail_bind(struct endpoint_error *error, const char *text)
{
	return fail(error, errno == EACCES || errno == EPERM ? EX_NOPERM :
	    EX_OSERR, "bind %s", text);
}

/* Closes it and gives -1, with the errno of before. */
static int
close_failed(int fd)
{
	int reason = errno;

	close(fd);
	errno = reason;
	return -1;
}

static int
open_socket(const char *text, int family, struct endpoint_error *error)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? fail(error, EX_OSERR, "socket for %s", text) : fd;
}

static int
open_tcp(const struct endpoint *endpoint, const char *text,
    struct endpoint_error *error)
{
	int family = endpoint->storage.ss_family, on = 1;
	int fd = open_socket(text, family, error);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY,
	    &on, sizeof(on)) < 0)) {
		close_failed(fd);
		return fail(error, EX_OSERR, "socket options for %s", text);
	}
	/* listen, too, fails when somebody else listens there. */
	if (bind(fd, (const struct sockaddr *)&endpoint->storage,
	    endpoint->len) < 0 || listen(fd, BACKLOG) < 0) {
		close_failed(fd);
		return fail_bind(error, text);
	}
	return fd;
}

static const char *
path_of(const struct endpoint *endpoint)
{
	return ((const struct sockaddr_un *)&endpoint->storage)->sun_path;
}

/* Whether it is a number, and which. */
static bool
parse_id(const char *text, unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 &&
	    *out < UINT32_MAX;
}

static int
find_user(const char *text, const char *name, uid_t *out,
    struct endpoint_error *error)
{
	struct passwd *entry;
	unsigned long id = (uid_t)-1;

	if (*name != '\0' && !parse_id(name, &id)) {
		entry = getpwnam(name);
		errno = 0;
		if (entry == NULL)
			return fail(error, EX_CONFIG, "%s: user \"%s\" does "
			    "not exist", text, name);
		id = entry->pw_uid;
	}
	*out = (uid_t)id;
	return 0;
}

static int
find_group(const char *text, const char *name, gid_t *out,
    struct endpoint_error *error)
{
	struct group *entry;
	unsigned long id = (gid_t)-1;

	if (*name != '\0' && !parse_id(name, &id)) {
		entry = getgrnam(name);
		errno = 0;
		if (entry == NULL)
			return fail(error, EX_CONFIG, "%s: group \"%s\" does "
			    "not exist", text, name);
		id = entry->gr_gid;
	}
	*out = (gid_t)id;
	return 0;
}

/* Takes a socket's file away that nobody listens on; whoever does would lose
 * his visitors.  -1: it cannot. */
static int
clear_path(const struct endpoint *endpoint, const char *text,
    struct endpoint_error *error)
{
	const char *path = path_of(endpoint);
	struct stat status;
	int probe, result;

	if (lstat(path, &status) < 0)
		return errno == ENOENT ? 0 : fail_bind(error, text);
	if (!S_ISSOCK(status.st_mode)) {
		errno = 0;
		return fail(error, EX_OSERR, "bind %s: the file is there and "
		    "is no socket", text);
	}
	probe = open_socket(text, AF_UNIX, error);
	if (probe < 0)
		return -1;
	result = connect(probe, (const struct sockaddr *)&endpoint->storage,
	    endpoint->len);
	/* A full queue, or a socket of another type, is somebody's. */
	if (result == 0 || errno == EAGAIN || errno == EPROTOTYPE)
		errno = EADDRINUSE;
	close_failed(probe);
	if (errno != ECONNREFUSED && errno != ENOENT)
		return fail_bind(error, text);
	if (unlink(path) < 0 && errno != ENOENT)
		return fail_bind(error, text);
	return 0;
}

/* The kernel makes the file with all permissions but those of the mask. */
static int
bind_path(struct endpoint *endpoint, int fd, mode_t mode)
{
	struct stat status;
	mode_t mask = umask(~mode & 0777);
	int result, reason;

	result = bind(fd, (const struct sockaddr *)&endpoint->storage,
	    endpoint->len);
	reason = errno;
	umask(mask);
	errno = reason;
	if (result < 0 || lstat(path_of(endpoint), &status) < 0)
		return -1;
	endpoint->dev = status.st_dev;
	endpoint->ino = status.st_ino;
	return 0;
}

bool
endpoint_check(const struct settings_listener *settings,
    struct endpoint_error *error)
{
	uid_t owner;
	gid_t group;

	return find_user(settings->address, settings->owner, &owner,
	    error) == 0 && find_group(settings->address, settings->group,
	    &group, error) == 0;
}

static int
open_unix(struct endpoint *endpoint, const struct settings_listener *settings,
    struct endpoint_error *error)
{
	const char *text = settings->address;
	int fd, reason;
	uid_t owner = (uid_t)-1;
	gid_t group = (gid_t)-1;

	if (find_user(text, settings->owner, &owner, error) < 0 ||
	    find_group(text, settings->group, &group, error) < 0 ||
	    clear_path(endpoint, text, error) < 0)
		return -1;
	fd = open_socket(text, AF_UNIX, error);
	if (fd < 0)
		return -1;
	if (bind_path(endpoint, fd, (mode_t)settings->mode) < 0) {
		close_failed(fd);
		return fail_bind(error, text);
	}
	if (((owner != (uid_t)-1 || group != (gid_t)-1) &&
	    lchown(path_of(endpoint), owner, group) < 0) ||
	    listen(fd, BACKLOG) < 0) {
		reason = errno;
		endpoint_remove_file(endpoint);
		close(fd);
		errno = reason;
		return fail_bind(error, text);
	}
	return fd;
}

static int
take_inherited(const struct endpoint *endpoint, const char *text, int fd,
    struct endpoint_error *error)
{
	int type = 0, listens = 0, flags;
	socklen_t len = sizeof(int);

	errno = 0;
	if (endpoint->fd < 0 && fd < 0)
		return fail(error, EX_CONFIG, "%s: there is not one passed "
		    "socket of that name", text);
	errno = EBADF;
	if (fd < 0 || (flags = fcntl(fd, F_GETFL)) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0)
		return fail(error, EX_OSERR, "%s", text);
	errno = 0;
	if (type != SOCK_STREAM || !listens)
		return fail(error, EX_OSERR, "%s: is no stream socket that "
		    "listens", text);
	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return fail(error, EX_OSERR, "%s", text);
	return fd;
}

int
endpoint_open(struct endpoint *endpoint,
    const struct settings_listener *settings, int inherited,
    struct endpoint_error *error)
{
	if (inherited >= 0 || endpoint->kind == ENDPOINT_FD)
		return take_inherited(endpoint, settings->address, inherited,
		    error);
	if (endpoint->kind == ENDPOINT_UNIX)
		return open_unix(endpoint, settings, error);
	return open_tcp(endpoint, settings->address, error);
}

void
endpoint_remove_file(const struct endpoint *endpoint)
{
	struct stat status;

	if (endpoint->kind == ENDPOINT_UNIX &&
	    lstat(path_of(endpoint), &status) == 0 &&
	    status.st_dev == endpoint->dev && status.st_ino == endpoint->ino)
		(void)unlink(path_of(endpoint));
}

static void
format(const struct sockaddr_storage *storage, char *out, size_t size)
{
	char text[NETADDR_PORT_TEXT];
	uint8_t bytes[NETADDR_BYTES];
	uint16_t port;

	if (storage->ss_family == AF_UNIX) {
		snprintf(out, size, "unix:%.108s",
		    ((const struct sockaddr_un *)storage)->sun_path);
		return;
	}
	netaddr_from_socket((const struct sockaddr *)storage, bytes, &port);
	snprintf(out, size, "%s", netaddr_format_port(bytes, port, text));
}

const char *
endpoint_text(const struct endpoint *endpoint, char *out, size_t size)
{
	format(&endpoint->storage, out, size);
	return out;
}

int
endpoint_name(int fd, char *out, size_t size)
{
	struct sockaddr_storage storage = { 0 };
	socklen_t len = sizeof(storage);

	if (getsockname(fd, (struct sockaddr *)&storage, &len) < 0)
		return -1;
	format(&storage, out, size);
	return storage.ss_family;
}
