/*
 * reload - see reload.h.
 */
#include "config.h"

#include "parent/reload.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/logger.h"
#include "parent/change.h"
#include "parent/conf.h"
#include "parent/door.h"
#include "parent/loose.h"
#include "parent/parent_parts.h"
#include "parent/supervisor.h"
#include "parent/ticket_keys.h"

#define SHOWN	256	/* bytes of a value in a line of the log */

static void
fail(struct reload *reload, const char *why)
{
	char shown[HERITAGE_ERROR];

	snprintf(reload->told, sizeof(reload->told), "%s", why);
	logger_error("settings not reloaded", "error=%s", logger_escape(why,
	    strlen(why), shown, sizeof(shown)));
}

static void
ignore_change(void *arg, const struct change *change)
{
	(void)arg;
	(void)change;
}

/* Without the quotes that a text has in the file. */
static const char *
show(const char *value, char out[SHOWN])
{
	size_t len = strlen(value);

	if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
		value++;
		len -= 2;
	}
	return logger_escape(value, len, out, SHOWN);
}

static void
tell_of_restart(struct reload *reload, const char *setting)
{
	size_t len = strlen(reload->told);

	snprintf(reload->told + len, sizeof(reload->told) - len, "%s%s",
	    len > 0 ? ", " : "", setting);
}

static void
log_change(void *arg, const struct change *change)
{
	char from[SHOWN], to[SHOWN], setting[SHOWN];
	const char *what = change->is_made ? "setting changed" :
	    "needs a restart";

	if (!change->is_made)
		tell_of_restart(arg, change->setting);
	show(change->setting, setting);
	if (change->from == NULL || change->to == NULL) {
		logger_write(change->is_made ? LOGGER_INFO : LOGGER_WARNING,
		    what, "setting=%s", setting);
		return;
	}
	logger_write(change->is_made ? LOGGER_INFO : LOGGER_WARNING, what,
	    "setting=%s from=%s to=%s", setting, show(change->from, from),
	    show(change->to, to));
}

/* The log tells of changes when nothing can go wrong any more. */
static void
log_changes(struct reload *reload, const struct settings *in_force,
    const struct settings *file)
{
	free(change_make(in_force, file, log_change, reload));
}

static bool
prepare(struct reload *reload, const struct settings *in_force,
    const struct settings *file, struct door *door)
{
	char error[HERITAGE_ERROR];

	reload->settings = change_make(in_force, file, ignore_change, NULL);
	if (reload->settings == NULL) {
		fail(reload, strerror(ENOMEM));
		return false;
	}
	if (heritage_read(&reload->files, reload->settings, error) != 0) {
		fail(reload, error);
	} else if (!door_open_new(door, reload->settings, error,
	    sizeof(error))) {
		fail(reload, error);
		heritage_close_files(&reload->files);
	} else {
		log_changes(reload, in_force, file);
		return true;
	}
	free(reload->settings);
	return false;
}

/* What a reader has found. */
struct reading {
	bool is_good;
	struct settings settings;
	char error[1024];
};

/* In a process of its own. */
static void __attribute__((noreturn))
read_and_exit(const struct conf_sources *sources, struct reading *reading)
{
	struct conf *conf = conf_load(sources, reading->error,
	    sizeof(reading->error));

	reading->is_good = conf != NULL;
	if (conf != NULL) {
		reading->settings = *conf_settings(conf);
		conf_tell_loose(conf, loose_log);
	}
	_exit(0);
}

/* The parser's library ends its process when memory is short: so it is a
 * child's.  False, with the error: not to be read. */
static bool
read_apart(const struct conf_sources *sources, struct reading *reading)
{
	sigset_t all, before;
	int status = 1;
	pid_t pid;

	snprintf(reading->error, sizeof(reading->error),
	    "no memory to read them");
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		read_and_exit(sources, reading);
	sigprocmask(SIG_SETMASK, &before, NULL);
	while (pid > 0 && waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	return pid > 0 && status == 0 && reading->is_good;
}

/* Reads the sources again, the certificates and the site, and opens the
 * listeners that are new (door.h).  False: something is wrong, the log says
 * what and where, nothing has changed. */
static bool
read_and_prepare(struct reload *reload, const struct conf_sources *sources,
    const struct settings *in_force, struct door *door)
{
	struct conf_sources again = *sources;
	struct reading *reading;
	bool is_good;

	reload->told[0] = '\0';
	again.file_may_be_stream = false;
	/* A file that was there and is gone is a mistake. */
	if (in_force->source[0] != '\0')
		again.file_may_miss = false;
	reading = mmap(NULL, sizeof(*reading), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (reading == MAP_FAILED) {
		fail(reload, strerror(errno));
		return false;
	}
	is_good = read_apart(&again, reading);
	if (!is_good)
		fail(reload, reading->error);
	else
		is_good = prepare(reload, in_force, &reading->settings, door);
	munmap(reading, sizeof(*reading));
	return is_good;
}

/*
 * Putting it in force.
 */

void
reload_tell_settings(struct parent *parent, struct child *child)
{
	static const struct ipc_none none;

	if (child_is_alive(child))
		child_tell(child, IPC_SETTINGS, &none,
		    parent->heritage.files.settings_fd);
}

/* In this order: certificates belong to listeners, connections that came by a
 * new one are passed after all of it. */
void
reload_tell(struct parent *parent, struct child *child)
{
	static const struct ipc_none none;
	const struct heritage_files *files = &parent->heritage.files;

	if (!child_is_alive(child))
		return;
	reload_tell_settings(parent, child);
	if (child->role == IPC_WORKER) {
		child_tell(child, IPC_CERTIFICATES, &none, files->tls_fd);
		child_tell(child, IPC_SITE, &none, files->site_fd);
	}
}

/* A worker may speak TLS for the first time.  Without keys all goes on, and
 * no session is resumed. */
static void
tell_all_ticket_keys(struct parent *parent)
{
	unsigned i;

	if (parent->tickets == NULL)
		parent->tickets = ticket_keys_new(clock_ms());
	if (parent->tickets == NULL) {
		logger_error("no keys for TLS tickets", NULL);
		return;
	}
	for (i = 0; i < parent->worker_end; i++)
		if (child_is_alive(&parent->workers[i]))
			children_tell_ticket_keys(parent, &parent->workers[i]);
}

/* Takes what was prepared: the parent goes by it, and so will all children,
 * those that are new included. */
static void
put_in_force(struct parent *parent, const struct reload *reload)
{
	struct settings *old = parent->settings;
	unsigned i;

	heritage_close_files(&parent->heritage.files);
	parent->heritage.files = reload->files;
	parent->settings = reload->settings;
	parent->reloads++;
	logger_set_level((enum logger_level)parent->settings->log_level);
	logger_set_format((enum logger_format)parent->settings->log_format);
	door_set_settings(parent->door, parent->settings);
	reload_tell(parent, &parent->broker);
	for (i = 0; i < parent->worker_end; i++)
		reload_tell(parent, &parent->workers[i]);
	if (reload->files.has_tls)
		tell_all_ticket_keys(parent);
	children_use_places(parent, settings_pool(parent->settings));
	for (i = settings_pool(old); i < settings_pool(parent->settings); i++)
		children_start(parent, &parent->workers[i]);
	free(old);
}

bool
reload_run(struct parent *parent, struct reload *reload)
{
	bool is_good;

	if (parent->stage != RUNNING) {
		snprintf(reload->told, sizeof(reload->told),
		    "the server ends");
		return false;
	}
	if (settling_refuses(parent, reload->told, sizeof(reload->told)))
		return false;
	logger_info("reloading", NULL);
	supervisor_reloading(parent->supervisor, clock_us());
	is_good = read_and_prepare(reload, parent->sources, parent->settings,
	    parent->door);
	if (is_good)
		put_in_force(parent, reload);
	else
		supervisor_reloaded(parent->supervisor);
	return is_good;
}
