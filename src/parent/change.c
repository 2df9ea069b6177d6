/*
 * change - see change.h.
 *
 * Connections, rooms and records know their route by its index, and
 * connections their listener; an index never changes its meaning.
 */
#include "config.h"

#include "parent/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/settings_table.h"
#include "parent/capacity.h"
#include "parent/value.h"

#define WHERE	(SETTINGS_ADDRESS + 32)

struct changer {
	const struct settings *old, *file;
	struct settings *next;
	change_told *told;
	void *arg;
};

static void
tell(const struct changer *c, const char *where, const char *name,
    const char *from, const char *to, bool is_made)
{
	char setting[WHERE + 64];
	const struct change change = {
		.setting = setting, .from = from, .to = to,
		.is_made = is_made
	};

	snprintf(setting, sizeof(setting), "%s%s", where, name);
	c->told(c->arg, &change);
}

/* Whether the row may change from the one value to the other. */
static bool
may_change(const struct changer *c, const struct settings_row *row)
{
	if (row->section == SECTION_TOP &&
	    row->offset == offsetof(struct settings, workers))
		return c->file->workers > c->old->workers;
	return row->reloadable;
}

/* `next` is as in the file; what may not change becomes as in `old`. */
static void
merge_row(const struct changer *c, const struct settings_row *row,
    const char *where, const void *old, void *next)
{
	char from_text[VALUE_TEXT], to_text[VALUE_TEXT];
	const char *from = value_format(row, old, from_text,
	    sizeof(from_text));
	const char *to = value_format(row, next, to_text, sizeof(to_text));
	bool is_made = may_change(c, row);

	if (strcmp(from, to) == 0)
		return;
	tell(c, where, row->name, from, to, is_made);
	if (!is_made)
		memcpy((char *)next + row->offset,
		    (const char *)old + row->offset, row->size);
}

static void
merge_section(const struct changer *c, enum settings_section section,
    bool in_route, const char *where, const void *old, void *next)
{
	size_t i;

	for (i = 0; i < settings_table_rows; i++) {
		const struct settings_row *row = &settings_table[i];

		if (row->section == section && (!in_route || row->in_route))
			merge_row(c, row, where, old, next);
	}
}

/* --- routes ------------------------------------------------------------ */

static const struct settings_route *
find_route(const struct settings *settings, const char *path)
{
	uint32_t i;

	for (i = 0; i < settings->route_count; i++)
		if (strcmp(settings->routes[i].path, path) == 0)
			return &settings->routes[i];
	return NULL;
}

static void
tell_route(const struct changer *c, const struct settings_route *route)
{
	char where[WHERE];

	snprintf(where, sizeof(where), "route %s", route->path);
	tell(c, where, "", NULL, NULL, false);
}

/* The file was judged with its own log-size, which does not count yet. */
static void
fit_message_size(const struct changer *c, const char *where,
    const struct settings_route *old, struct settings_route *next)
{
	char from[32], to[32];

	if (next->kind != SETTINGS_CHAT ||
	    next->limits.message_size <= c->old->log_size / 16)
		return;
	tell(c, where, "message-size",
	    settings_format_size(old->limits.message_size, from,
	    sizeof(from)),
	    settings_format_size(next->limits.message_size, to, sizeof(to)),
	    false);
	next->limits.message_size = old->limits.message_size;
}

static void
merge_route(const struct changer *c, const struct settings_route *old,
    struct settings_route *next)
{
	char where[WHERE];

	snprintf(where, sizeof(where), "route %s: ", old->path);
	if (old->kind != next->kind) {
		/* The rest is meant for the other kind. */
		tell(c, where, "kind", NULL, NULL, false);
		*next = *old;
		return;
	}
	merge_section(c, SECTION_ROUTE, false, where, old, next);
	snprintf(where, sizeof(where), "route %s: limits.", old->path);
	fit_message_size(c, where, old, next);
	merge_section(c, SECTION_LIMITS, true, where, &old->limits,
	    &next->limits);
}

static void
merge_routes(const struct changer *c)
{
	const struct settings_route *route;
	uint32_t i;

	for (i = 0; i < c->old->route_count; i++) {
		const struct settings_route *old = &c->old->routes[i];

		route = find_route(c->file, old->path);
		c->next->routes[i] = route != NULL ? *route : *old;
		if (route == NULL)
			tell_route(c, old);
		else
			merge_route(c, old, &c->next->routes[i]);
	}
	for (i = 0; i < c->file->route_count; i++)
		if (find_route(c->old, c->file->routes[i].path) == NULL)
			tell_route(c, &c->file->routes[i]);
	c->next->route_count = c->old->route_count;
}

/* --- listeners --------------------------------------------------------- */

static bool
has_address(const struct settings_listener *listener, const char *address)
{
	return strcmp(listener->address, address) == 0;
}

/* Of several with the same address, port 0, the first is the first. */
static const struct settings_listener *
take_listener(const struct changer *c, const char *address, bool *taken)
{
	uint32_t i;

	for (i = 0; i < c->file->listener_count; i++)
		if (!taken[i] && has_address(&c->file->listeners[i],
		    address)) {
			taken[i] = true;
			return &c->file->listeners[i];
		}
	return NULL;
}

static void
merge_listener(const struct changer *c, uint32_t index, bool *taken)
{
	const struct settings_listener *old = &c->old->listeners[index];
	struct settings_listener *next = &c->next->listeners[index];
	const struct settings_listener *listener;
	char where[WHERE];

	*next = *old;
	if (!settings_has_listener(c->old, index))
		return;
	listener = take_listener(c, old->address, taken);
	snprintf(where, sizeof(where), "listen %s", old->address);
	if (listener == NULL) {
		tell(c, where, "", NULL, NULL, true);
		next->address[0] = '\0';
		return;
	}
	*next = *listener;
	snprintf(where, sizeof(where), "listen %s: ", old->address);
	merge_section(c, SECTION_LISTEN, false, where, old, next);
}

/* A place that nobody has come by, while there is one; else one whose
 * listener was closed. */
static uint32_t
find_place(const struct settings *next)
{
	uint32_t i = 0;

	if (next->listener_count < SETTINGS_LISTENERS)
		return next->listener_count;
	while (settings_has_listener(next, i))
		i++;
	return i;
}

static void
add_listener(const struct changer *c, const struct settings_listener *listener)
{
	bool is_made = strncmp(listener->address, "fd:", 3) != 0;
	char where[WHERE];
	uint32_t i;

	snprintf(where, sizeof(where), "listen %s", listener->address);
	tell(c, where, "", NULL, NULL, is_made);
	/* What was inherited and not named at the start is closed. */
	if (!is_made)
		return;
	i = find_place(c->next);
	c->next->listeners[i] = *listener;
	if (i == c->next->listener_count)
		c->next->listener_count++;
}

static void
merge_listeners(const struct changer *c)
{
	bool taken[SETTINGS_LISTENERS] = { false };
	uint32_t i;

	for (i = 0; i < c->old->listener_count; i++)
		merge_listener(c, i, taken);
	c->next->listener_count = c->old->listener_count;
	for (i = 0; i < c->file->listener_count; i++)
		if (!taken[i])
			add_listener(c, &c->file->listeners[i]);
}

struct settings *
change_make(const struct settings *in_force, const struct settings *file,
    change_told *told, void *arg)
{
	struct changer c = {
		.old = in_force, .file = file, .told = told, .arg = arg,
		.next = malloc(sizeof(*file))
	};

	if (c.next == NULL)
		return NULL;
	*c.next = *file;
	merge_section(&c, SECTION_TOP, false, "", in_force, c.next);
	merge_section(&c, SECTION_LIMITS, false, "limits.", &in_force->limits,
	    &c.next->limits);
	merge_routes(&c);
	merge_listeners(&c);
	c.next->memory_share = capacity_share(c.next);
	return c.next;
}
