/*
 * fitness - see conf_parts.h: what of a configuration must fit together.
 *
 * Single values have been judged while they were read (value.c).
 */
#include "config.h"

#include "parent/conf_parts.h"

#include <assert.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "ipc/messages.h"
#include "parent/capacity.h"
#include "parent/value.h"

/* What does not fit, and where the value that does not came from. */
struct fault {
	const struct origin *origin;
	char why[256];
};

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

/* The origin of the setting whose field is at `offset`. */
static const struct origin *
find_origin(const struct origin *origins, enum settings_section section,
    size_t offset)
{
	size_t i = 0;

	while (settings_table[i].section != section ||
	    settings_table[i].offset != offset)
		i++;
	return &origins[i];
}

#define TOP_ORIGIN(conf, field)	find_origin((conf)->top,		\
	SECTION_TOP, offsetof(struct settings, field))
#define ROUTE_ORIGIN(conf, index, field) find_origin((conf)->route[index], \
	SECTION_ROUTE, offsetof(struct settings_route, field))

/* Of a limit of a route, which may be as in the limits of all. */
static const struct origin *
limit_origin(const struct conf *conf, const struct origin *origins,
    size_t offset)
{
	const struct origin *origin = find_origin(origins, SECTION_LIMITS,
	    offset);

	return origin->kind != ORIGIN_LIMITS ? origin :
	    find_origin(conf->limits, SECTION_LIMITS, offset);
}

static bool
judge_limits(const struct conf *conf, const struct settings_limits *limits,
    const struct origin *origins, struct fault *fault)
{
	const char *name;
	size_t offset;

	if (limits->message_rate > 0 && limits->message_burst == 0) {
		name = "message";
		offset = offsetof(struct settings_limits, message_burst);
	} else if (limits->control_rate > 0 && limits->control_burst == 0) {
		name = "control";
		offset = offsetof(struct settings_limits, control_burst);
	} else {
		return true;
	}
	fault->origin = limit_origin(conf, origins, offset);
	snprintf(fault->why, sizeof(fault->why), "limits.%s-burst is 0, so "
	    "that nothing ever passes; %s-rate = 0 switches the limit off",
	    name, name);
	return false;
}

/* Most settings of rooms do no harm on an echo route; these would be taken
 * for a promise there. */
bool
fitness_route_has(const struct settings_route *route,
    const struct settings_row *row)
{
	return route->kind == SETTINGS_CHAT ||
	    (row->offset != offsetof(struct settings_route, identity) &&
	    row->offset != offsetof(struct settings_route, grace_ms));
}

static bool
judge_kind(const struct conf *conf, uint32_t index, struct fault *fault)
{
	const struct settings_route *route = &conf->settings.routes[index];
	size_t i;

	for (i = 0; i < settings_table_rows; i++) {
		const struct settings_row *row = &settings_table[i];

		if (row->section == SECTION_ROUTE &&
		    !fitness_route_has(route, row) &&
		    conf->route[index][i].kind != ORIGIN_DEFAULT) {
			fault->origin = &conf->route[index][i];
			snprintf(fault->why, sizeof(fault->why),
			    "%s is a setting of chat routes", row->name);
			return false;
		}
	}
	return true;
}

static bool
judge_route(struct conf *conf, uint32_t index, struct fault *fault)
{
	struct settings_route *route = &conf->settings.routes[index];
	uint64_t log_size = conf->settings.log_size;
	char has[32], may[32];

	if (route->replay > route->history) {
		fault->origin = ROUTE_ORIGIN(conf, index, replay);
		snprintf(fault->why, sizeof(fault->why), "replay (%u) is more "
		    "than history (%u)", route->replay, route->history);
		return false;
	}
	if (route->kind == SETTINGS_CHAT &&
	    route->limits.message_size > log_size / 16) {
		fault->origin = limit_origin(conf, conf->route_limits[index],
		    offsetof(struct settings_limits, message_size));
		snprintf(fault->why, sizeof(fault->why),
		    "limits.message-size (%s) is more than a sixteenth of "
		    "log-size (%s)",
		    settings_format_size(route->limits.message_size, has,
		    sizeof(has)),
		    settings_format_size(log_size, may, sizeof(may)));
		return false;
	}
	/* No limit of its own: what the log and a channel take. */
	if (route->kind == SETTINGS_CHAT && route->limits.message_size == 0)
		route->limits.message_size = log_size / 16 < IPC_TEXT ?
		    log_size / 16 : IPC_TEXT;
	return judge_limits(conf, &route->limits, conf->route_limits[index],
	    fault);
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
		    conf->route_limits[index][i].kind == ORIGIN_LIMITS)
			memcpy(to + row->offset, from + row->offset,
			    row->size);
	}
}

/* Their form has been judged when they were read.  The peer of a unix socket
 * has no address, which is all zero. */
static bool
resolve_proxies(struct conf *conf, struct fault *fault)
{
	struct settings *settings = &conf->settings;
	static const struct netaddr_cidr no_address = { .bits = 128 };
	const char *at = settings->trusted_proxies;
	const char *wrong;
	struct netaddr_cidr *next;

	settings->trusted_proxy_count = 0;
	for (; *at != '\0'; at = settings_list_next(at)) {
		if (settings->trusted_proxy_count == SETTINGS_PROXIES) {
			fault->origin = TOP_ORIGIN(conf, trusted_proxies);
			snprintf(fault->why, sizeof(fault->why),
			    "trusted-proxies: more than %d networks",
			    SETTINGS_PROXIES);
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
judge_socket(const char *setting, const char *path,
    const struct origin *origin, struct fault *fault)
{
	if (*path == '\0' || *path == '/')
		return true;
	fault->origin = origin;
	snprintf(fault->why, sizeof(fault->why), "%s = \"%s\": is not a "
	    "path that begins with /", setting, path);
	return false;
}

static bool
judge_sockets(const struct conf *conf, struct fault *fault)
{
	const struct settings *settings = &conf->settings;

	return judge_socket("control", settings->control,
	    TOP_ORIGIN(conf, control), fault) &&
	    judge_socket("attach", settings->attach,
	    TOP_ORIGIN(conf, attach), fault);
}

static bool
resolve_routes(struct conf *conf, struct fault *fault)
{
	char why[sizeof(fault->why)];
	uint32_t i;

	for (i = 0; i < conf->settings.route_count; i++) {
		inherit_limits(conf, i);
		if (judge_route(conf, i, fault) && judge_kind(conf, i, fault))
			continue;
		memcpy(why, fault->why, sizeof(why));
		snprintf(fault->why, sizeof(fault->why), "route \"%s\": %.*s",
		    conf->settings.routes[i].path, 160, why);
		return false;
	}
	return true;
}

bool
fitness_resolve(struct conf *conf, char *error, size_t size)
{
	struct settings *settings = &conf->settings;
	char where[SETTINGS_PATH + 32];
	struct fault fault;
	uint64_t power = 1;

	if (settings->workers == 0)
		settings->workers = count_cpus();
	while (power < settings->log_size)
		power <<= 1;
	settings->log_size = power;
	settings->memory_share = capacity_share(settings);
	if (resolve_proxies(conf, &fault) && judge_sockets(conf, &fault) &&
	    judge_limits(conf, &settings->limits, conf->limits, &fault) &&
	    resolve_routes(conf, &fault))
		return true;
	/* A default that does not fit, such as to a smaller log. */
	if (fault.origin->kind == ORIGIN_DEFAULT)
		snprintf(error, size, "%s%s%s", settings->source,
		    settings->source[0] != '\0' ? ": " : "", fault.why);
	else
		snprintf(error, size, "%s: %s", origin_text(fault.origin,
		    where, sizeof(where)), fault.why);
	return false;
}
