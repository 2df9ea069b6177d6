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
#include "parent/value.h"

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
bool
fitness_route_has(const struct settings_route *route,
    const struct settings_row *row)
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

		if (row->section == SECTION_ROUTE &&
		    !fitness_route_has(route, row) &&
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

bool
fitness_resolve(struct conf *conf, char *error, size_t size)
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
