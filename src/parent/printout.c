/*
 * printout - see printout.h.
 */
#include "config.h"

#include "parent/printout.h"

#include <stdbool.h>
#include <string.h>

#include "parent/conf_parts.h"
#include "parent/value.h"

const char *
origin_text(const struct origin *origin, char *out, size_t size)
{
	switch (origin->kind) {
	case ORIGIN_DEFAULT:
		return "default";
	case ORIGIN_LIMITS:
		return "the limits of all";
	case ORIGIN_SUPERVISOR:
		return "passed by the supervisor";
	case ORIGIN_FILE:
	case ORIGIN_ENVIRONMENT:
	case ORIGIN_OPTION:
		break;
	}
	if (origin->line == 0 || origin->kind != ORIGIN_FILE)
		return origin->name;
	snprintf(out, size, "%s:%u", origin->name, origin->line);
	return out;
}

static void
print_row(FILE *out, const struct settings_row *row, const void *from,
    const struct origin *origin, const char *indent)
{
	char value[VALUE_TEXT], line[VALUE_TEXT + 64];
	char where[SETTINGS_PATH + 32];

	snprintf(line, sizeof(line), "%s = %s", row->name,
	    value_format(row, from, value, sizeof(value)));
	fprintf(out, "%s%-36s # %s%s\n", indent, line,
	    origin_text(origin, where, sizeof(where)),
	    row->reloadable ? "" : "; needs a restart");
}

static void
print_section(FILE *out, enum settings_section section, const void *from,
    const struct origin *origins, const char *indent, bool in_route)
{
	size_t i;

	for (i = 0; i < settings_table_rows; i++) {
		const struct settings_row *row = &settings_table[i];

		if (row->section == section && (!in_route || row->in_route))
			print_row(out, row, from, &origins[i], indent);
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
	char title[2 * SETTINGS_ADDRESS + 4], where[SETTINGS_PATH + 32];
	size_t i;

	fprintf(out, "listen %s { # %s\n", value_quote(listener->address,
	    title, sizeof(title)), origin_text(&conf->listeners[index], where,
	    sizeof(where)));
	for (i = 0; i < settings_table_rows; i++)
		if (settings_table[i].section == SECTION_LISTEN &&
		    listener_has(listener, &settings_table[i]))
			print_row(out, &settings_table[i], listener,
			    &conf->listen[index][i], "\t");
	fprintf(out, "}\n");
}

static void
print_route(const struct conf *conf, FILE *out, uint32_t index)
{
	const struct settings_route *route = &conf->settings.routes[index];
	size_t i;

	for (i = 0; i < settings_table_rows; i++)
		if (settings_table[i].section == SECTION_ROUTE &&
		    fitness_route_has(route, &settings_table[i]))
			print_row(out, &settings_table[i], route,
			    &conf->route[index][i], "\t");
}

void
printout_write(const struct conf *conf, FILE *out)
{
	const struct settings *settings = &conf->settings;
	uint32_t i;

	for (i = 0; i < settings->listener_count; i++)
		print_listener(conf, out, i);
	print_section(out, SECTION_TOP, settings, conf->top, "",
	    false);
	fprintf(out, "limits {\n");
	print_section(out, SECTION_LIMITS, &settings->limits,
	    conf->limits, "\t", false);
	fprintf(out, "}\n");
	for (i = 0; i < settings->route_count; i++) {
		const struct settings_route *route = &settings->routes[i];

		fprintf(out, "route \"%s\" {\n", route->path);
		print_route(conf, out, i);
		fprintf(out, "\tlimits {\n");
		print_section(out, SECTION_LIMITS, &route->limits,
		    conf->route_limits[i], "\t\t", true);
		fprintf(out, "\t}\n}\n");
	}
}
