/*
 * draft - see conf_parts.h: a configuration while it is collected.
 */
#include "config.h"

#include "parent/conf_parts.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "parent/activation.h"
#include "parent/grammar.h"
#include "parent/value.h"

/* As the shipped file has them. */
static const char default_routes[] =
    "route \"/chat\" {}\n"
    "route \"/ws\" {\n"
    "	identity = session\n"
    "	greeting = \"\"\n"
    "	message = \"[%n] %t\"\n"
    "	first-user = 1\n"
    "	announce = yes\n"
    "	replay = 100\n"
    "}\n"
    "route \"/echo\" {\n"
    "	kind = echo\n"
    "	limits { message-size = \"16M\" fragments = 0 message-rate = 0 }\n"
    "}\n";

static void
store_initial(enum settings_section section, void *into)
{
	char why[128];
	size_t i;
	bool good;

	for (i = 0; i < settings_table_rows; i++) {
		const struct settings_row *row = &settings_table[i];

		if (row->section != section)
			continue;
		good = value_store(row, row->initial, into, why, sizeof(why));
		assert(good);
		(void)good;
	}
}

static void
fill(struct origin origins[CONF_ROWS], enum origin_kind kind)
{
	size_t i;

	for (i = 0; i < CONF_ROWS; i++)
		origins[i] = (struct origin){ .kind = kind };
}

static int
route_find(const struct conf *conf, const char *path)
{
	uint32_t i;

	for (i = 0; i < conf->settings.route_count; i++)
		if (strcmp(conf->settings.routes[i].path, path) == 0)
			return (int)i;
	return -1;
}

static void
set_listener(struct conf *conf, uint32_t index, const char *address,
    const struct origin *origin)
{
	struct settings_listener *listener = &conf->settings.listeners[index];

	memset(listener, 0, sizeof(*listener));
	snprintf(listener->address, sizeof(listener->address), "%s", address);
	store_initial(SECTION_LISTEN, listener);
	fill(conf->listen[index], ORIGIN_DEFAULT);
	conf->listeners[index] = *origin;
}

uint32_t
draft_add_listener(struct conf *conf, const char *address,
    const struct origin *origin)
{
	uint32_t index = conf->settings.listener_count++;

	set_listener(conf, index, address, origin);
	return index;
}

void
draft_add_sockets(struct conf *conf, int count)
{
	static const struct origin origin = { .kind = ORIGIN_SUPERVISOR };
	char address[32];
	int i;

	if (count > 0)
		conf->settings.listener_count = 0;
	for (i = 0; i < count; i++) {
		snprintf(address, sizeof(address), "fd:%d",
		    ACTIVATION_FIRST + i);
		(void)draft_add_listener(conf, address, &origin);
	}
}

/* The index of a new route with default values; -1: too many. */
static int
route_add(struct conf *conf, const char *path)
{
	struct settings *settings = &conf->settings;
	uint32_t index = settings->route_count;
	struct settings_route *route;

	if (index == SETTINGS_ROUTES)
		return -1;
	settings->route_count++;
	route = &settings->routes[index];
	memset(route, 0, sizeof(*route));
	snprintf(route->path, sizeof(route->path), "%s", path);
	store_initial(SECTION_ROUTE, route);
	fill(conf->route[index], ORIGIN_DEFAULT);
	fill(conf->route_limits[index], ORIGIN_LIMITS);
	return (int)index;
}

void
draft_set_defaults(struct conf *conf)
{
	static const struct origin built_in = {
		.kind = ORIGIN_DEFAULT, .name = "defaults"
	};
	struct settings *settings = &conf->settings;
	char error[256];
	bool good;

	store_initial(SECTION_TOP, settings);
	store_initial(SECTION_LIMITS, &settings->limits);
	(void)draft_add_listener(conf, "127.0.0.1:8080", &built_in);
	good = draft_read(conf, &built_in, default_routes, NULL, error,
	    sizeof(error));
	assert(good);
	(void)good;
}

/* --- taking over ------------------------------------------------------- */

static cfg_opt_t *
find_option(cfg_t *cfg, const char *name)
{
	size_t i;

	for (i = 0; cfg->opts[i].name != NULL; i++)
		if (strcmp(cfg->opts[i].name, name) == 0)
			return &cfg->opts[i];
	return NULL;
}

static void
take_section(cfg_t *cfg, enum settings_section section,
    const struct origin *origin, void *into, struct origin *origins)
{
	const char *text;
	cfg_opt_t *opt;
	char why[256];
	size_t i;
	bool good;

	for (i = 0; i < settings_table_rows; i++) {
		const struct settings_row *row = &settings_table[i];

		if (row->section != section)
			continue;
		/* In the limits of a route some are missing. */
		opt = find_option(cfg, row->name);
		if (opt == NULL || (opt->flags & CFGF_MODIFIED) == 0)
			continue;
		if (row->type == TYPE_LIST) {
			good = grammar_take_list(opt, row, into, why,
			    sizeof(why));
		} else {
			text = grammar_text(opt);
			good = value_store(row, text, into, why, sizeof(why));
		}
		assert(good || !"on_value has judged it");
		(void)good;
		origins[i] = *origin;
		origins[i].line = grammar_line(opt);
	}
}

static bool
take_route(struct conf *conf, cfg_t *cfg, const struct origin *origin)
{
	const char *path = cfg_title(cfg);
	int index = route_find(conf, path);
	struct settings_route *route;
	unsigned i;

	if (index < 0)
		index = route_add(conf, path);
	if (index < 0) {
		grammar_fail(cfg, "more than %d routes", SETTINGS_ROUTES);
		return false;
	}
	route = &conf->settings.routes[index];
	take_section(cfg, SECTION_ROUTE, origin, route,
	    conf->route[index]);
	for (i = 0; i < cfg_size(cfg, "limits"); i++)
		take_section(cfg_getnsec(cfg, "limits", i), SECTION_LIMITS,
		    origin, &route->limits, conf->route_limits[index]);
	return true;
}

/* The index for a listener of a file: that of an earlier file with the same
 * address, which it replaces, or a new one; -1: too many. */
static int
place_listener(struct conf *conf, const char *address,
    const struct origin *origin)
{
	struct settings *settings = &conf->settings;
	uint32_t i = 0;

	while (i < settings->listener_count &&
	    strcmp(settings->listeners[i].address, address) != 0)
		i++;
	if (i == SETTINGS_LISTENERS)
		return -1;
	if (i == settings->listener_count)
		return (int)draft_add_listener(conf, address, origin);
	set_listener(conf, i, address, origin);
	return (int)i;
}

static bool
take_listeners(struct conf *conf, cfg_t *cfg, const struct origin *origin)
{
	struct settings *settings = &conf->settings;
	unsigned i, n = cfg_size(cfg, "listen");
	cfg_t *section;
	int index;

	/* What a source says about listeners replaces the earlier; all files
	 * are one source. */
	if (n > 0 && (origin->kind != ORIGIN_FILE ||
	    conf->listeners_kind != ORIGIN_FILE))
		settings->listener_count = 0;
	for (i = 0; i < n; i++) {
		section = cfg_getnsec(cfg, "listen", i);
		index = place_listener(conf, cfg_title(section), origin);
		if (index < 0) {
			grammar_fail(section, "more than %d listeners",
			    SETTINGS_LISTENERS);
			return false;
		}
		conf->listeners_kind = origin->kind;
		take_section(section, SECTION_LISTEN, origin,
		    &settings->listeners[index], conf->listen[index]);
	}
	return true;
}

static bool
take_all(struct conf *conf, cfg_t *cfg, const struct origin *origin)
{
	unsigned i, routes = cfg_size(cfg, "route");

	take_section(cfg, SECTION_TOP, origin, &conf->settings,
	    conf->top);
	for (i = 0; i < cfg_size(cfg, "limits"); i++)
		take_section(cfg_getnsec(cfg, "limits", i), SECTION_LIMITS,
		    origin, &conf->settings.limits, conf->limits);
	if (routes > 0 && origin->kind == ORIGIN_FILE &&
	    conf->routes_kind != ORIGIN_FILE) {
		conf->routes_kind = ORIGIN_FILE;
		conf->settings.route_count = 0;
	}
	for (i = 0; i < routes; i++)
		if (!take_route(conf, cfg_getnsec(cfg, "route", i), origin))
			return false;
	return take_listeners(conf, cfg, origin);
}

bool
draft_read(struct conf *conf, const struct origin *origin, const char *text,
    struct grammar_includes *includes, char *error, size_t size)
{
	cfg_t *cfg = grammar_read(origin->name, text, includes, error, size);
	bool good;

	if (cfg == NULL)
		return false;
	good = take_all(conf, cfg, origin);
	cfg_free(cfg);
	return good;
}
