/*
 * names - see names.h.
 */
#include "config.h"

#include "client/names.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
names_init(struct names *names)
{
	*names = (struct names){ 0 };
}

void
names_clear(struct names *names)
{
	while (names->count > 0)
		free(names->list[--names->count]);
	free(names->list);
	names_init(names);
}

static size_t
find(const struct names *names, const char *name)
{
	size_t i;

	for (i = 0; i < names->count; i++)
		if (strcmp(names->list[i], name) == 0)
			break;
	return i;
}

static bool
make_room(struct names *names)
{
	size_t capacity = names->capacity == 0 ? 16 : names->capacity * 2;
	char **list;

	if (names->count < names->capacity)
		return true;
	if (names->count >= NAMES_MAX)
		return false;
	list = realloc(names->list, capacity * sizeof(*list));
	if (list == NULL)
		return false;
	names->list = list;
	names->capacity = capacity;
	return true;
}

void
names_add(struct names *names, const char *name)
{
	if (find(names, name) < names->count || !make_room(names))
		return;
	names->list[names->count] = strdup(name);
	if (names->list[names->count] != NULL)
		names->count++;
}

void
names_remove(struct names *names, const char *name)
{
	size_t i = find(names, name);

	if (i == names->count)
		return;
	free(names->list[i]);
	names->list[i] = names->list[--names->count];
}

bool
names_begins(const char *name, const char *start, size_t len)
{
	return strncasecmp(name, start, len) == 0;
}
