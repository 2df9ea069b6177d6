/*
 * reload - see reload.h.
 */
#include "config.h"

#include "parent/reload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/logger.h"
#include "parent/change.h"
#include "parent/door.h"
#include "parent/parent_parts.h"
#include "parent/ticket_keys.h"

#define SHOWN	256	/* bytes of a value in a line of the log */

static void
fail(const char *why)
{
	char shown[HERITAGE_ERROR];

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
log_change(void *arg, const struct change *change)
{
	char from[SHOWN], to[SHOWN], setting[SHOWN];
	const char *what = change->is_made ? "setting changed" :
	    "needs a restart";

	(void)arg;
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
log_changes(const struct settings *in_force, const struct settings *file)
{
	free(change_make(in_force, file, log_change, NULL));
}

static bool
prepare(struct reload *reload, const struct settings *in_force,
    const struct settings *file, struct door *door)
{
	char error[HERITAGE_ERROR];

	reload->settings = change_make(in_force, file, ignore_change, NULL);
	if (reload->settings == NULL) {
		fail(strerror(ENOMEM));
		return false;
	}
	if (heritage_read(&reload->files, reload->settings, error) != 0) {
		fail(error);
	} else if (!door_open_new(door, reload->settings, error,
	    sizeof(error))) {
		fail(error);
		heritage_close_files(&reload->files);
	} else {
		log_changes(in_force, file);
		return true;
	}
	free(reload->settings);
	return false;
}

bool
reload_prepare(struct reload *reload, const struct conf_sources *sources,
    const struct settings *in_force, struct door *door)
{
	struct conf_sources again = *sources;
	struct conf *conf;
	char error[1024];
	bool is_good;

	/* A file that was there and is gone is a mistake. */
	if (in_force->source[0] != '\0')
		again.file_may_miss = false;
	conf = conf_load(&again, error, sizeof(error));
	if (conf == NULL) {
		fail(error);
		return false;
	}
	is_good = prepare(reload, in_force, conf_settings(conf), door);
	conf_free(conf);
	return is_good;
}

/*
 * Putting it in force.
 */

/* In this order: certificates belong to listeners, connections that came by a
 * new one are passed after all of it. */
void
reload_tell(struct parent *parent, struct child *child)
{
	static const struct ipc_none none;
	const struct heritage_files *files = &parent->heritage.files;

	if (!child_is_alive(child))
		return;
	child_tell(child, IPC_SETTINGS, &none, files->settings_fd);
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

void
reload_put_in_force(struct parent *parent, const struct reload *reload)
{
	struct settings *old = parent->settings;
	unsigned i;

	heritage_close_files(&parent->heritage.files);
	parent->heritage.files = reload->files;
	parent->settings = reload->settings;
	parent->reloads++;
	logger_set_level((enum logger_level)parent->settings->log_level);
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
