/*
 * heritage - what children are given, and what the parent clears away first.
 *
 * Runs in the parent, at start and for a reload.
 */
#include "config.h"

#include "parent/heritage.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/die.h"
#include "base/logger.h"
#include "base/memfile.h"
#include "base/metrics.h"
#include "base/settings.h"
#include "base/tls_image.h"
#include "base/usage.h"
#include "ipc/messages.h"
#include "log/log.h"
#include "log/state.h"
#include "parent/activation.h"
#include "parent/banlist.h"
#include "parent/endpoint.h"
#include "parent/site.h"
#include "parent/tls_files.h"

#define FDS_RESERVED	64	/* of a worker, not for connections */

/* What the listener is of that which is open; -1: nothing. */
static int
find_inherited(struct activation *activation, const char *address)
{
	struct endpoint endpoint;
	int fd;

	if (endpoint_parse(address, &endpoint) != NULL)
		return -1;
	fd = activation_take(activation, &endpoint);
	if (fd < 0 && endpoint.kind == ENDPOINT_FD && endpoint.fd >= 0 &&
	    fcntl(endpoint.fd, F_GETFD) >= 0)
		fd = endpoint.fd;
	return fd;
}

/* Who connects to a socket that nobody serves would wait for ever. */
static void
check_left(const struct activation *activation)
{
	int fd = activation_find_left(activation);

	errno = 0;
	if (fd >= 0)
		die(EX_CONFIG, "the supervisor passed descriptor %d (%s), "
		    "and no listener is that: listen \"fd:%d\" {}", fd,
		    activation->sockets[fd - ACTIVATION_FIRST].address, fd);
}

/* Moves what listeners take out of the way.  All are looked at first: the
 * place that one is moved to must not be taken for another. */
static void
keep_inherited(struct heritage *heritage, const struct settings *settings,
    struct activation *activation, int ready_fd)
{
	uint32_t i;
	int *fd;

	for (i = 0; i < SETTINGS_LISTENERS; i++)
		heritage->inherited[i] = i < settings->listener_count ?
		    find_inherited(activation,
		    settings->listeners[i].address) : -1;
	check_left(activation);
	for (i = 0; i < SETTINGS_LISTENERS; i++) {
		fd = &heritage->inherited[i];
		if (*fd >= 0 && (*fd = fcntl(*fd, F_DUPFD_CLOEXEC,
		    CHANNEL_END)) < 0)
			die(EX_OSERR, "%s", settings->listeners[i].address);
	}
	heritage->ready_fd = ready_fd;
	if (ready_fd >= 0 && ready_fd < CHANNEL_END)
		heritage->ready_fd = fcntl(ready_fd, F_DUPFD_CLOEXEC,
		    CHANNEL_END);
	if (ready_fd >= 0 && (heritage->ready_fd < 0 ||
	    fcntl(heritage->ready_fd, F_SETFD, FD_CLOEXEC) < 0))
		die(EX_OSERR, "--ready-fd %d", ready_fd);
}

/* The smallest kept descriptor from `first` on; -1: none. */
static int
next_kept(const struct heritage *heritage, int first)
{
	int next = heritage->ready_fd >= first ? heritage->ready_fd : -1, i;

	for (i = 0; i < SETTINGS_LISTENERS; i++) {
		int fd = heritage->inherited[i];

		if (fd >= first && (next < 0 || fd < next))
			next = fd;
	}
	return next;
}

void
heritage_clear_descriptors(struct heritage *heritage,
    const struct settings *settings, struct activation *activation,
    int ready_fd)
{
	int null, fd, first = CHANNEL_END;

	keep_inherited(heritage, settings, activation, ready_fd);
	null = open("/dev/null", O_RDWR);
	if (null < 0)
		die(EX_OSERR, "/dev/null");
	for (fd = 0; fd < CHANNEL_END; fd++) {
		if (fd == null || ((fd == STDOUT_FILENO ||
		    fd == STDERR_FILENO) && fcntl(fd, F_GETFD) >= 0))
			continue;
		if (dup2(null, fd) < 0)
			die(EX_OSERR, "/dev/null");
	}
	while ((fd = next_kept(heritage, first)) >= 0) {
		if (fd > first)
			close_range((unsigned)first, (unsigned)fd - 1, 0);
		first = fd + 1;
	}
	close_range((unsigned)first, ~0U, 0);
}

/* How many connections a worker can have. */
static uint32_t
find_slots(void)
{
	const uint64_t most = (UINT64_C(1) << IPC_SLOT_BITS) - 1;
	struct rlimit limit;
	uint64_t slots;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		die(EX_OSERR, "RLIMIT_NOFILE");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 &&
	    getrlimit(RLIMIT_NOFILE, &limit) < 0)
		die(EX_OSERR, "RLIMIT_NOFILE");
	errno = 0;
	if (limit.rlim_cur < 2 * FDS_RESERVED)
		die(EX_OSERR, "RLIMIT_NOFILE is below %d", 2 * FDS_RESERVED);
	slots = limit.rlim_cur - FDS_RESERVED;
	return (uint32_t)(slots > most ? most : slots);
}

/* False, with a sentence. */
static bool
check_user(const char *user, char error[HERITAGE_ERROR])
{
	const struct passwd *entry = NULL;

	if (geteuid() != 0)
		return true;
	entry = getpwnam(user);
	if (entry != NULL && entry->pw_uid != 0)
		return true;
	snprintf(error, HERITAGE_ERROR, "user \"%s\" %s", user,
	    entry == NULL ? "does not exist" :
	    "is root, whom broker and workers must not run as");
	return false;
}

static int
fail(char error[HERITAGE_ERROR], int code, const char *what)
{
	snprintf(error, HERITAGE_ERROR, "%s: %s", what, strerror(errno));
	return code;
}

static int
read_tls(struct heritage_files *files, const struct settings *settings,
    char error[HERITAGE_ERROR])
{
	uint8_t *image;
	size_t len;

	image = tls_files_load(settings, &len, error);
	if (image == NULL)
		return EX_CONFIG;
	files->has_tls = tls_image_count(image) > 0;
	files->tls_fd = memfile_create("tls", image, len);
	explicit_bzero(image, len);
	free(image);
	return files->tls_fd >= 0 ? 0 :
	    fail(error, EX_OSERR, "memory file of the certificates");
}

static int
read_site(struct heritage_files *files, const struct settings *settings,
    char error[HERITAGE_ERROR])
{
	uint8_t *image;
	size_t len;

	image = site_load(settings->site, &len);
	if (image == NULL)
		return fail(error, EX_OSERR, "site");
	files->site_fd = memfile_create("site", image, len);
	free(image);
	return files->site_fd >= 0 ? 0 :
	    fail(error, EX_OSERR, "memory file of the site");
}

int
heritage_read(struct heritage_files *files, const struct settings *settings,
    char error[HERITAGE_ERROR])
{
	int code;

	*files = (struct heritage_files){ -1, -1, -1, false };
	code = read_tls(files, settings, error);
	if (code == 0)
		code = read_site(files, settings, error);
	if (code == 0) {
		files->settings_fd = memfile_create("settings", settings,
		    sizeof(*settings));
		if (files->settings_fd < 0)
			code = fail(error, EX_OSERR,
			    "memory file of the settings");
	}
	if (code != 0)
		heritage_close_files(files);
	return code;
}

int
heritage_check(const struct settings *settings, char error[HERITAGE_ERROR])
{
	struct endpoint_error why;
	struct heritage_files files;
	uint32_t i;
	int code;

	if (!check_user(settings->user, error))
		return EX_CONFIG;
	for (i = 0; i < settings->listener_count; i++) {
		if (endpoint_check(&settings->listeners[i], &why))
			continue;
		snprintf(error, HERITAGE_ERROR, "%s", why.text);
		return why.code;
	}
	banlist_free(banlist_open(settings->bans));
	code = heritage_read(&files, settings, error);
	if (code == 0)
		heritage_close_files(&files);
	return code;
}

bool
heritage_renew_settings(struct heritage_files *files,
    const struct settings *settings)
{
	int fd = memfile_create("settings", settings, sizeof(*settings));

	if (fd < 0)
		return false;
	close(files->settings_fd);
	files->settings_fd = fd;
	return true;
}

void
heritage_close_files(struct heritage_files *files)
{
	if (files->settings_fd >= 0)
		close(files->settings_fd);
	if (files->site_fd >= 0)
		close(files->site_fd);
	if (files->tls_fd >= 0)
		close(files->tls_fd);
	*files = (struct heritage_files){ -1, -1, -1, false };
}

/* A folder that is missing, as below /run after a boot, is made. */
int
heritage_open_private(struct endpoint *out, const char *setting,
    const char *path)
{
	struct endpoint_error error;
	struct settings_listener listener = { .mode = 0600 };
	char folder[SETTINGS_SOCKET], *slash;
	int fd;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash != NULL && slash > folder) {
		*slash = '\0';
		if (mkdir(folder, 0755) < 0 && errno != EEXIST)
			logger_warning("cannot make the folder of a socket",
			    "setting=%s error=\"%s\"", setting,
			    strerror(errno));
	}
	errno = 0;
	snprintf(listener.address, sizeof(listener.address), "unix:%s", path);
	if (endpoint_parse(listener.address, out) != NULL)
		die(EX_CONFIG, "%s: %s", setting, path);
	fd = endpoint_open(out, &listener, -1, &error);
	errno = 0;	/* the sentence has it */
	if (fd < 0)
		die(error.code, "%s", error.text);
	return fd;
}

/* The broker asks again who comes. */
void
heritage_open_control(struct heritage *heritage,
    const struct settings *settings)
{
	heritage->control_fd = -1;
	if (settings->control[0] != '\0')
		heritage->control_fd = heritage_open_private(
		    &heritage->control, "control", settings->control);
}

void
heritage_close(struct heritage *heritage)
{
	if (heritage->control_fd >= 0)
		endpoint_remove_file(&heritage->control);
}

void
heritage_open(struct heritage *heritage, const struct settings *settings)
{
	char error[HERITAGE_ERROR];
	int code;

	code = check_user(settings->user, error) ?
	    heritage_read(&heritage->files, settings, error) : EX_CONFIG;
	errno = 0;	/* the sentence has it */
	if (code != 0)
		die(code, "%s", error);
	heritage->slots = find_slots();
	heritage->log_fd = log_create(settings->log_size);
	if (heritage->log_fd < 0)
		die(EX_OSERR, "memory file of the log");
	heritage->log_reader_fd = log_open_readonly(heritage->log_fd);
	if (heritage->log_reader_fd < 0)
		die(EX_OSERR, "memory file of the log, for readers");
	heritage->state_fd = state_create();
	if (heritage->state_fd < 0)
		die(EX_OSERR, "memory file of the state");
	heritage->metrics_fd = metrics_create(SETTINGS_PLACES);
	if (heritage->metrics_fd < 0)
		die(EX_OSERR, "memory file of the metrics");
	usage_open();
	usage_sample();
}
