/*
 * conf - from the configuration file and the command line to settings.
 *
 * Runs in the parent only, at start and for a reload: the sources, one after
 * the other.  Files are include.c's; the form of a text is grammar.c's, single
 * values are value.c's, what has been collected is draft.c's; what must fit
 * together is judged by fitness.c.
 */
#include "config.h"

#include "parent/conf.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parent/conf_parts.h"

static bool read_file(struct conf *, const struct conf_sources *,
    char *error, size_t size);

static bool
read_options(struct conf *conf, const struct conf_sources *sources,
    char *error, size_t size)
{
	struct origin origin = { .kind = ORIGIN_OPTION };
	char name[32];
	unsigned i;

	for (i = 0; i < sources->option_count; i++) {
		snprintf(name, sizeof(name), "-o %u", i + 1);
		origin.name = conf_keep_name(conf, name);
		if (origin.name == NULL) {
			snprintf(error, size, "%s", strerror(ENOMEM));
			return false;
		}
		if (!draft_read(conf, &origin, sources->options[i], NULL,
		    error, size))
			return false;
	}
	return true;
}

/* What has an option of its own. */
static void
take_options(struct conf *conf, const struct conf_sources *sources)
{
	static const struct origin w = { ORIGIN_OPTION, "-w", 0 };
	static const struct origin l = { ORIGIN_OPTION, "-l", 0 };
	struct settings *settings = &conf->settings;
	unsigned i;

	if (sources->listener_count > 0) {
		settings->listener_count = 0;
		for (i = 0; i < sources->listener_count; i++)
			(void)draft_add_listener(conf, sources->listeners[i],
			    &l);
	} else if (conf->listeners_kind == ORIGIN_DEFAULT) {
		draft_add_sockets(conf, sources->socket_count);
	}
	if (sources->workers > 0) {
		settings->workers = sources->workers;
		conf->top[0] = w;
		assert(strcmp(settings_table[0].name, "workers") == 0);
	}
}

struct conf *
conf_load(const struct conf_sources *sources, char *error, size_t size)
{
	struct conf *conf = calloc(1, sizeof(*conf));

	assert(settings_table_rows <= CONF_ROWS);
	if (conf == NULL) {
		snprintf(error, size, "%s", strerror(ENOMEM));
		return NULL;
	}
	draft_set_defaults(conf);
	if (read_file(conf, sources, error, size) &&
	    environment_read(conf, sources->environment, error, size) &&
	    read_options(conf, sources, error, size)) {
		take_options(conf, sources);
		if (fitness_resolve(conf, error, size))
			return conf;
	}
	conf_free(conf);
	return NULL;
}

void
conf_free(struct conf *conf)
{
	if (conf == NULL)
		return;
	while (conf->name_count > 0)
		free(conf->names[--conf->name_count]);
	free(conf->names);
	free(conf);
}

const char *
conf_keep_name(struct conf *conf, const char *name)
{
	char **names = realloc(conf->names,
	    (conf->name_count + 1) * sizeof(*names));
	char *copy;

	if (names == NULL)
		return NULL;
	conf->names = names;
	copy = strdup(name);
	if (copy != NULL)
		conf->names[conf->name_count++] = copy;
	return copy;
}

void
conf_tell_loose(const struct conf *conf, conf_told *tell)
{
	unsigned i;

	for (i = 0; i < conf->loose_count; i++)
		tell(conf->loose[i].name, conf->loose[i].why);
}

const struct settings *
conf_settings(const struct conf *conf)
{
	return &conf->settings;
}

static bool
read_file(struct conf *conf, const struct conf_sources *sources,
    char *error, size_t size)
{
	if (access(sources->file, F_OK) != 0 && errno == ENOENT &&
	    sources->file_may_miss)
		return true;
	snprintf(conf->settings.source, SETTINGS_PATH, "%s", sources->file);
	return include_read(conf, sources->file, sources->file_may_be_stream,
	    error, size);
}
