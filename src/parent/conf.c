/*
 * conf - from the configuration file and the command line to settings.
 *
 * Runs in the parent only, at start and for a reload: the sources, one after
 * the other.  The form of a text is grammar.c's, single values are value.c's,
 * what has been collected is draft.c's; what must fit together is judged by
 * fitness.c.
 */
#include "config.h"

#include "parent/conf.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parent/conf_parts.h"

#define FILE_MAX	(1 << 20)	/* bytes */

static bool read_file(struct conf *, const struct conf_sources *,
    char *error, size_t size);

struct conf *
conf_load(const struct conf_sources *sources, char *error, size_t size)
{
	struct conf *conf = calloc(1, sizeof(*conf));
	struct settings *settings;
	char name[32];
	unsigned i;

	assert(settings_table_rows <= CONF_ROWS);
	if (conf == NULL) {
		snprintf(error, size, "%s", strerror(ENOMEM));
		return NULL;
	}
	settings = &conf->settings;
	draft_set_defaults(conf);
	if (!read_file(conf, sources, error, size))
		goto fail;
	for (i = 0; i < sources->option_count; i++) {
		snprintf(name, sizeof(name), "option %u", i + 1);
		if (!draft_read(conf, name, sources->options[i],
		    ORIGIN_OPTION, error, size))
			goto fail;
	}
	if (sources->listener_count > 0) {
		conf->listeners = ORIGIN_OPTION;
		settings->listener_count = 0;
		for (i = 0; i < sources->listener_count; i++)
			(void)draft_add_listener(conf, sources->listeners[i]);
	} else if (conf->listeners == ORIGIN_DEFAULT) {
		draft_add_sockets(conf, sources->socket_count);
	}
	if (sources->workers > 0) {
		settings->workers = sources->workers;
		conf->top[0] = ORIGIN_OPTION;
		assert(strcmp(settings_table[0].name, "workers") == 0);
	}
	if (!fitness_resolve(conf, error, size))
		goto fail;
	return conf;
fail:
	conf_free(conf);
	return NULL;
}

void
conf_free(struct conf *conf)
{
	free(conf);
}

const struct settings *
conf_settings(const struct conf *conf)
{
	return &conf->settings;
}

/* --- reading ----------------------------------------------------------- */

/* Reads a whole file as a text; NULL with errno. */
static char *
load_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t len = 0;
	int error = 0;

	if (file == NULL)
		return NULL;
	text = malloc(FILE_MAX + 1);
	errno = 0;
	if (text != NULL)
		len = fread(text, 1, FILE_MAX + 1, file);
	if (text == NULL || ferror(file))
		error = errno;
	else if (len > FILE_MAX)
		error = EFBIG;
	else if (memchr(text, '\0', len) != NULL)
		error = EILSEQ;
	fclose(file);
	if (error != 0) {
		free(text);
		errno = error;
		return NULL;
	}
	text[len] = '\0';
	return text;
}

static bool
read_file(struct conf *conf, const struct conf_sources *sources,
    char *error, size_t size)
{
	char *text = load_file(sources->file);
	bool good;

	if (text == NULL && errno == ENOENT && sources->file_may_miss)
		return true;
	if (text == NULL) {
		snprintf(error, size, "%s: %s", sources->file, errno == EILSEQ
		    ? "has a NUL byte" : strerror(errno));
		return false;
	}
	snprintf(conf->settings.source, SETTINGS_PATH, "%s", sources->file);
	good = draft_read(conf, sources->file, text, ORIGIN_FILE, error, size);
	free(text);
	return good;
}
