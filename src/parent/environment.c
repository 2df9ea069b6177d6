/*
 * environment - see environment.h, and conf_parts.h.
 */
#include "config.h"

#include "parent/environment.h"

#include <stdio.h>
#include <string.h>

#include "base/settings.h"
#include "base/settings_table.h"
#include "parent/conf_parts.h"
#include "parent/endpoint.h"
#include "parent/nearest.h"
#include "parent/value.h"

#define PREFIX		"WSCHATD_"
#define LISTEN		PREFIX "LISTEN"
#define ROLE		PREFIX "ROLE"	/* ours, of children */
#define SEPARATORS	" ,"

const char *
environment_name(const struct settings_row *row, char out[ENVIRONMENT_NAME])
{
	size_t i;

	if (row->section != SECTION_TOP && row->section != SECTION_LIMITS)
		return NULL;
	snprintf(out, ENVIRONMENT_NAME, PREFIX "%s%s",
	    row->section == SECTION_LIMITS ? "LIMITS_" : "", row->name);
	for (i = 0; out[i] != '\0'; i++) {
		if (out[i] >= 'a' && out[i] <= 'z')
			out[i] = (char)(out[i] - 'a' + 'A');
		else if (out[i] == '-')
			out[i] = '_';
	}
	return out;
}

/* The value when the variable has this name. */
static const char *
value_of(const char *variable, const char *name)
{
	size_t len = strlen(name);

	return strncmp(variable, name, len) == 0 && variable[len] == '=' ?
	    variable + len + 1 : NULL;
}

/* Cuts `text` at spaces and commas; at most `max` texts. */
static size_t
split(char *text, const char **out, size_t max)
{
	char *rest = NULL, *at = strtok_r(text, SEPARATORS, &rest);
	size_t n = 0;

	for (; at != NULL && n < max; at = strtok_r(NULL, SEPARATORS, &rest))
		out[n++] = at;
	return n;
}

static bool
store_list(const struct settings_row *row, const char *value, void *section,
    char *why, size_t size)
{
	const char *texts[SETTINGS_LIST / 2];
	char copy[SETTINGS_LIST];

	if (strlen(value) >= sizeof(copy)) {
		snprintf(why, size, "has more than %d bytes",
		    SETTINGS_LIST - 2);
		return false;
	}
	memcpy(copy, value, strlen(value) + 1);
	return value_store_list(row, texts,
	    split(copy, texts, SETTINGS_LIST / 2), section, why, size);
}

static bool
take_row(struct conf *conf, size_t index, const char *name, const char *value,
    char *error, size_t size)
{
	const struct settings_row *row = &settings_table[index];
	bool is_limit = row->section == SECTION_LIMITS;
	void *section = is_limit ? (void *)&conf->settings.limits :
	    (void *)&conf->settings;
	struct origin *origins = is_limit ? conf->limits : conf->top;
	char why[256];
	bool is_good = row->type == TYPE_LIST ?
	    store_list(row, value, section, why, sizeof(why)) :
	    value_store(row, value, section, why, sizeof(why));

	if (!is_good) {
		snprintf(error, size, "%s: %s", name, why);
		return false;
	}
	origins[index] = (struct origin){
		.kind = ORIGIN_ENVIRONMENT, .name = conf_keep_name(conf, name)
	};
	if (origins[index].name != NULL)
		return true;
	snprintf(error, size, "%s: no memory", name);
	return false;
}

static bool
take_listeners(struct conf *conf, const char *value, char *error, size_t size)
{
	static const struct origin origin = { ORIGIN_ENVIRONMENT, LISTEN, 0 };
	const char *addresses[SETTINGS_LISTENERS + 1], *why = NULL;
	char copy[SETTINGS_LISTENERS * SETTINGS_ADDRESS];
	struct endpoint endpoint;
	size_t n, i;

	snprintf(copy, sizeof(copy), "%s", value);
	n = split(copy, addresses, SETTINGS_LISTENERS + 1);
	if (strlen(value) >= sizeof(copy) || n > SETTINGS_LISTENERS) {
		snprintf(error, size, LISTEN ": more than %d listeners",
		    SETTINGS_LISTENERS);
		return false;
	}
	for (i = 0; i < n; i++) {
		why = endpoint_parse(addresses[i], &endpoint);
		if (why != NULL) {
			snprintf(error, size, LISTEN ": \"%.128s\" %s",
			    addresses[i], why);
			return false;
		}
	}
	if (n == 0)
		return true;
	conf->settings.listener_count = 0;
	conf->listeners_kind = ORIGIN_ENVIRONMENT;
	for (i = 0; i < n; i++)
		(void)draft_add_listener(conf, addresses[i], &origin);
	return true;
}

static bool
take_variable(struct conf *conf, const char *variable, char *error,
    size_t size)
{
	char name[ENVIRONMENT_NAME];
	const char *value = value_of(variable, LISTEN);
	size_t i;

	if (value != NULL)
		return take_listeners(conf, value, error, size);
	for (i = 0; i < settings_table_rows; i++) {
		if (environment_name(&settings_table[i], name) == NULL)
			continue;
		value = value_of(variable, name);
		if (value != NULL)
			return take_row(conf, i, name, value, error, size);
	}
	return true;
}

bool
environment_read(struct conf *conf, char *const *environment, char *error,
    size_t size)
{
	for (; environment != NULL && *environment != NULL; environment++)
		if (strncmp(*environment, PREFIX, strlen(PREFIX)) == 0 &&
		    !take_variable(conf, *environment, error, size))
			return false;
	return true;
}

/* --- unknown ones ------------------------------------------------------ */

static bool
is_known(const char *variable)
{
	char name[ENVIRONMENT_NAME];
	size_t i;

	for (i = 0; i < settings_table_rows; i++)
		if (environment_name(&settings_table[i], name) != NULL &&
		    value_of(variable, name) != NULL)
			return true;
	return value_of(variable, LISTEN) != NULL ||
	    value_of(variable, ROLE) != NULL;
}

static void
tell_unknown(const char *variable, environment_told *told)
{
	char names[2][ENVIRONMENT_NAME] = { LISTEN }, name[ENVIRONMENT_NAME];
	struct nearest near = { .word = name };
	unsigned kept = 0;	/* in which of the two the nearest stands */
	size_t i;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(variable, "="),
	    variable);
	nearest_offer(&near, names[kept]);
	for (i = 0; i < settings_table_rows; i++) {
		if (environment_name(&settings_table[i],
		    names[!kept]) == NULL)
			continue;
		nearest_offer(&near, names[!kept]);
		if (near.name == names[!kept])
			kept = !kept;
	}
	told(name, near.name);
}

void
environment_tell_unknown(char *const *environment, environment_told *told)
{
	for (; environment != NULL && *environment != NULL; environment++)
		if (strncmp(*environment, PREFIX, strlen(PREFIX)) == 0 &&
		    !is_known(*environment))
			tell_unknown(*environment, told);
}
