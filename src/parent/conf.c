/*
 * conf - from the configuration file and the command line to settings.
 *
 * Runs in the parent only, at start and for a reload.  The form of the file
 * is grammar.c's and single values are value.c's; what must fit together is
 * judged here.
 */
#include "config.h"

#include "parent/conf.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/messages.h"
#include "parent/activation.h"
#include "parent/grammar.h"
#include "parent/value.h"

#define ROWS		64	/* at least settings_table_rows */
#define FILE_MAX	(1 << 20)	/* bytes */

enum origin {
	ORIGIN_DEFAULT,
	ORIGIN_LIMITS,		/* of a route: as in the limits of all */
	ORIGIN_FILE,
	ORIGIN_OPTION
};

/* Origins stand at the places of the rows in settings_table. */
struct conf {
	struct settings settings;
	uint8_t top[ROWS], limits[ROWS];
	uint8_t route[SETTINGS_ROUTES][ROWS];
	uint8_t route_limits[SETTINGS_ROUTES][ROWS];
	uint8_t listeners;	/* of the list as such */
	uint8_t listen[SETTINGS_LISTENERS][ROWS];
};

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

static void set_defaults(struct conf *);
static uint32_t listener_add(struct conf *, const char *address);
static void add_sockets(struct conf *, int count);
static bool read_file(struct conf *, const struct conf_sources *,
    char *error, size_t size);
static bool read_text(struct conf *, const char *name, const char *text,
    enum origin, char *error, size_t size);
static bool take_all(struct conf *, cfg_t *, enum origin);
static bool resolve(struct conf *, char *error, size_t size);

struct conf *
conf_load(const struct conf_sources *sources, char *error, size_t size)
{
	struct conf *conf = calloc(1, sizeof(*conf));
	struct settings *settings;
	char name[32];
	unsigned i;

	assert(settings_table_rows + 4 <= ROWS);
	if (conf == NULL) {
		snprintf(error, size, "%s", strerror(ENOMEM));
		return NULL;
	}
	settings = &conf->settings;
	set_defaults(conf);
	if (!read_file(conf, sources, error, size))
		goto fail;
	for (i = 0; i < sources->option_count; i++) {
		snprintf(name, sizeof(name), "option %u", i + 1);
		if (!read_text(conf, name, sources->options[i],
		    ORIGIN_OPTION, error, size))
			goto fail;
	}
	if (sources->listener_count > 0) {
		conf->listeners = ORIGIN_OPTION;
		settings->listener_count = 0;
		for (i = 0; i < sources->listener_count; i++)
			(void)listener_add(conf, sources->listeners[i]);
	} else if (conf->listeners == ORIGIN_DEFAULT) {
		add_sockets(conf, sources->socket_count);
	}
	if (sources->workers > 0) {
		settings->workers = sources->workers;
		conf->top[0] = ORIGIN_OPTION;
		assert(strcmp(settings_table[0].name, "workers") == 0);
	}
	if (!resolve(conf, error, size))
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

/* --- defaults ---------------------------------------------------------- */

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

static int
route_find(const struct conf *conf, const char *path)
{
	uint32_t i;

	for (i = 0; i < conf->settings.route_count; i++)
		if (strcmp(conf->settings.routes[i].path, path) == 0)
			return (int)i;
	return -1;
}

/* Returns the index; there is room. */
static uint32_t
listener_add(struct conf *conf, const char *address)
{
	struct settings *settings = &conf->settings;
	uint32_t index = settings->listener_count++;
	struct settings_listener *listener = &settings->listeners[index];

	memset(listener, 0, sizeof(*listener));
	snprintf(listener->address, sizeof(listener->address), "%s", address);
	store_initial(SECTION_LISTEN, listener);
	memset(conf->listen[index], ORIGIN_DEFAULT, ROWS);
	return index;
}

/* What the supervisor opened takes the place of the built-in one. */
static void
add_sockets(struct conf *conf, int count)
{
	char address[32];
	int i;

	if (count > 0)
		conf->settings.listener_count = 0;
	for (i = 0; i < count; i++) {
		snprintf(address, sizeof(address), "fd:%d",
		    ACTIVATION_FIRST + i);
		(void)listener_add(conf, address);
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
	memset(conf->route[index], ORIGIN_DEFAULT, ROWS);
	memset(conf->route_limits[index], ORIGIN_LIMITS, ROWS);
	return (int)index;
}

static void
set_defaults(struct conf *conf)
{
	struct settings *settings = &conf->settings;
	char error[256];
	bool good;

	store_initial(SECTION_TOP, settings);
	store_initial(SECTION_LIMITS, &settings->limits);
	(void)listener_add(conf, "127.0.0.1:8080");
	good = read_text(conf, "defaults", default_routes, ORIGIN_DEFAULT,
	    error, sizeof(error));
	assert(good);
	(void)good;
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
	good = read_text(conf, sources->file, text, ORIGIN_FILE, error, size);
	free(text);
	return good;
}

static bool
read_text(struct conf *conf, const char *name, const char *text,
    enum origin origin, char *error, size_t size)
{
	cfg_t *cfg = grammar_read(name, text, error, size);
	bool good;

	if (cfg == NULL)
		return false;
	good = take_all(conf, cfg, origin);
	cfg_free(cfg);
	return good;
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
take_section(cfg_t *cfg, enum settings_section section, enum origin origin,
    void *into, uint8_t *origins)
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
			text = cfg_opt_getnstr(opt, 0);
			good = value_store(row, text, into, why, sizeof(why));
		}
		assert(good || !"on_value has judged it");
		(void)good;
		origins[i] = (uint8_t)origin;
	}
}

static bool
take_route(struct conf *conf, cfg_t *cfg, enum origin origin)
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

static bool
take_listeners(struct conf *conf, cfg_t *cfg, enum origin origin)
{
	struct settings *settings = &conf->settings;
	unsigned i, n = cfg_size(cfg, "listen");

	if (n == 0)
		return true;
	/* What a source says about listeners replaces the earlier. */
	if (n > SETTINGS_LISTENERS) {
		grammar_fail(cfg, "more than %d listeners", SETTINGS_LISTENERS);
		return false;
	}
	conf->listeners = (uint8_t)origin;
	settings->listener_count = 0;
	for (i = 0; i < n; i++) {
		cfg_t *section = cfg_getnsec(cfg, "listen", i);
		uint32_t index = listener_add(conf, cfg_title(section));

		take_section(section, SECTION_LISTEN, origin,
		    &settings->listeners[index], conf->listen[index]);
	}
	return true;
}

static bool
take_all(struct conf *conf, cfg_t *cfg, enum origin origin)
{
	unsigned i, routes = cfg_size(cfg, "route");

	take_section(cfg, SECTION_TOP, origin, &conf->settings,
	    conf->top);
	for (i = 0; i < cfg_size(cfg, "limits"); i++)
		take_section(cfg_getnsec(cfg, "limits", i), SECTION_LIMITS,
		    origin, &conf->settings.limits, conf->limits);
	if (routes > 0 && origin == ORIGIN_FILE)
		conf->settings.route_count = 0;
	for (i = 0; i < routes; i++)
		if (!take_route(conf, cfg_getnsec(cfg, "route", i), origin))
			return false;
	return take_listeners(conf, cfg, origin);
}

/* --- the whole --------------------------------------------------------- */

static uint32_t
count_cpus(void)
{
	cpu_set_t set;
	int n;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	n = CPU_COUNT(&set);
	return n < SETTINGS_WORKERS ? (uint32_t)n : SETTINGS_WORKERS;
}

static bool
judge_limits(const struct settings_limits *limits, char *error, size_t size)
{
	const char *name;

	if (limits->message_rate > 0 && limits->message_burst == 0)
		name = "message";
	else if (limits->control_rate > 0 && limits->control_burst == 0)
		name = "control";
	else
		return true;
	snprintf(error, size, "limits.%s-burst is 0, so that nothing ever "
	    "passes; %s-rate = 0 switches the limit off", name, name);
	return false;
}

/* Most settings of rooms do no harm on an echo route; these would be taken
 * for a promise there. */
static bool
route_has(const struct settings_route *route, const struct settings_row *row)
{
	return route->kind == SETTINGS_CHAT ||
	    (row->offset != offsetof(struct settings_route, identity) &&
	    row->offset != offsetof(struct settings_route, grace_ms));
}

static bool
judge_kind(const struct conf *conf, uint32_t index, char *error, size_t size)
{
	const struct settings_route *route = &conf->settings.routes[index];
	size_t i;

	for (i = 0; i < settings_table_rows; i++) {
		const struct settings_row *row = &settings_table[i];

		if (row->section == SECTION_ROUTE && !route_has(route, row) &&
		    conf->route[index][i] != ORIGIN_DEFAULT) {
			snprintf(error, size, "%s is a setting of chat routes",
			    row->name);
			return false;
		}
	}
	return true;
}

static bool
judge_route(struct settings_route *route, uint64_t log_size, char *error,
    size_t size)
{
	char has[32], may[32];

	if (route->replay > route->history) {
		snprintf(error, size, "replay (%u) is more than history (%u)",
		    route->replay, route->history);
		return false;
	}
	if (route->kind == SETTINGS_CHAT &&
	    route->limits.message_size > log_size / 16) {
		snprintf(error, size, "limits.message-size (%s) is more than "
		    "a sixteenth of log-size (%s)",
		    settings_format_size(route->limits.message_size, has,
		    sizeof(has)),
		    settings_format_size(log_size, may, sizeof(may)));
		return false;
	}
	/* No limit of its own: what the log and a channel take. */
	if (route->kind == SETTINGS_CHAT && route->limits.message_size == 0)
		route->limits.message_size = log_size / 16 < IPC_TEXT ?
		    log_size / 16 : IPC_TEXT;
	return judge_limits(&route->limits, error, size);
}

/* Limits that a route has not set are those of all. */
static void
inherit_limits(struct conf *conf, uint32_t index)
{
	size_t i;

	for (i = 0; i < settings_table_rows; i++) {
		const struct settings_row *row = &settings_table[i];
		const char *from = (char *)&conf->settings.limits;
		char *to = (char *)&conf->settings.routes[index].limits;

		if (row->section == SECTION_LIMITS &&
		    conf->route_limits[index][i] == ORIGIN_LIMITS)
			memcpy(to + row->offset, from + row->offset,
			    row->size);
	}
}

/* Their form has been judged when they were read.  The peer of a unix socket
 * has no address, which is all zero. */
static bool
resolve_proxies(struct settings *settings, char *why, size_t size)
{
	static const struct netaddr_cidr no_address = { .bits = 128 };
	const char *at = settings->trusted_proxies;
	const char *wrong;
	struct netaddr_cidr *next;

	settings->trusted_proxy_count = 0;
	for (; *at != '\0'; at = settings_list_next(at)) {
		if (settings->trusted_proxy_count == SETTINGS_PROXIES) {
			snprintf(why, size, "trusted-proxies: more than %d "
			    "networks", SETTINGS_PROXIES);
			return false;
		}
		next = &settings->trusted[settings->trusted_proxy_count++];
		if (strcmp(at, VALUE_UNIX) == 0)
			*next = no_address;
		else if (!netaddr_cidr_parse(at, next, &wrong))
			assert(!"on_value has judged it");
	}
	return true;
}

static bool
judge_control(const struct settings *settings, char *error, size_t size)
{
	if (settings->control[0] == '\0' || settings->control[0] == '/')
		return true;
	snprintf(error, size, "control = \"%s\": is not a path that begins "
	    "with /", settings->control);
	return false;
}

static bool
resolve(struct conf *conf, char *error, size_t size)
{
	struct settings *settings = &conf->settings;
	const char *source = settings->source;
	uint64_t power = 1;
	char why[256];
	uint32_t i;

	if (settings->workers == 0)
		settings->workers = count_cpus();
	while (power < settings->log_size)
		power <<= 1;
	settings->log_size = power;
	if (!resolve_proxies(settings, why, sizeof(why)) ||
	    !judge_control(settings, why, sizeof(why)) ||
	    !judge_limits(&settings->limits, why, sizeof(why))) {
		snprintf(error, size, "%s%s%s", source,
		    *source != '\0' ? ": " : "", why);
		return false;
	}
	for (i = 0; i < settings->route_count; i++) {
		inherit_limits(conf, i);
		if (judge_route(&settings->routes[i], power, why,
		    sizeof(why)) && judge_kind(conf, i, why, sizeof(why)))
			continue;
		snprintf(error, size, "%s%sroute \"%s\": %s", source,
		    *source != '\0' ? ": " : "", settings->routes[i].path,
		    why);
		return false;
	}
	return true;
}

/* --- printing ---------------------------------------------------------- */

static const char *
origin_text(const struct conf *conf, uint8_t origin)
{
	switch (origin) {
	case ORIGIN_LIMITS:
		return "the limits of all";
	case ORIGIN_FILE:
		return conf->settings.source;
	case ORIGIN_OPTION:
		return "command line";
	}
	return "default";
}

static void
print_row(const struct conf *conf, FILE *out, const struct settings_row *row,
    const void *from, uint8_t origin, const char *indent)
{
	char value[VALUE_TEXT], line[VALUE_TEXT + 64];

	snprintf(line, sizeof(line), "%s = %s", row->name,
	    value_format(row, from, value, sizeof(value)));
	fprintf(out, "%s%-36s # %s%s\n", indent, line,
	    origin_text(conf, origin),
	    row->reloadable ? "" : "; needs a restart");
}

static void
print_section(const struct conf *conf, FILE *out,
    enum settings_section section, const void *from, const uint8_t *origins,
    const char *indent, bool in_route)
{
	size_t i;

	for (i = 0; i < settings_table_rows; i++) {
		const struct settings_row *row = &settings_table[i];

		if (row->section == section && (!in_route || row->in_route))
			print_row(conf, out, row, from, origins[i], indent);
	}
}

/* What cannot be said of such a listener is not printed either. */
static bool
listener_has(const struct settings_listener *listener,
    const struct settings_row *row)
{
	bool is_unix = strncmp(listener->address, "unix:", 5) == 0;

	switch (row->offset) {
	case offsetof(struct settings_listener, mode):
	case offsetof(struct settings_listener, owner):
	case offsetof(struct settings_listener, group):
		return is_unix;
	case offsetof(struct settings_listener, tls_client):
		return listener->tls_client_ca[0] != '\0';
	}
	return true;
}

static void
print_listener(const struct conf *conf, FILE *out, uint32_t index)
{
	const struct settings_listener *listener =
	    &conf->settings.listeners[index];
	char title[2 * SETTINGS_ADDRESS + 4];
	size_t i;

	fprintf(out, "listen %s { # %s\n", value_quote(listener->address,
	    title, sizeof(title)), origin_text(conf, conf->listeners));
	for (i = 0; i < settings_table_rows; i++)
		if (settings_table[i].section == SECTION_LISTEN &&
		    listener_has(listener, &settings_table[i]))
			print_row(conf, out, &settings_table[i], listener,
			    conf->listen[index][i], "\t");
	fprintf(out, "}\n");
}

static void
print_route(const struct conf *conf, FILE *out, uint32_t index)
{
	const struct settings_route *route = &conf->settings.routes[index];
	size_t i;

	for (i = 0; i < settings_table_rows; i++)
		if (settings_table[i].section == SECTION_ROUTE &&
		    route_has(route, &settings_table[i]))
			print_row(conf, out, &settings_table[i], route,
			    conf->route[index][i], "\t");
}

void
conf_print(const struct conf *conf, FILE *out)
{
	const struct settings *settings = &conf->settings;
	uint32_t i;

	for (i = 0; i < settings->listener_count; i++)
		print_listener(conf, out, i);
	print_section(conf, out, SECTION_TOP, settings, conf->top, "",
	    false);
	fprintf(out, "limits {\n");
	print_section(conf, out, SECTION_LIMITS, &settings->limits,
	    conf->limits, "\t", false);
	fprintf(out, "}\n");
	for (i = 0; i < settings->route_count; i++) {
		const struct settings_route *route = &settings->routes[i];

		fprintf(out, "route \"%s\" {\n", route->path);
		print_route(conf, out, i);
		fprintf(out, "\tlimits {\n");
		print_section(conf, out, SECTION_LIMITS, &route->limits,
		    conf->route_limits[i], "\t\t", true);
		fprintf(out, "\t}\n}\n");
	}
}
