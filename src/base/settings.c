/*
 * settings - sizes as people write them, lists of texts, and the way from a
 * path to its route and room.
 *
 * Runs in every process.  Reading the configuration file is the parent's
 * (parent/conf.c).
 */
#include "config.h"

#include "base/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memfile.h"

static const struct {
	char letter;
	unsigned shift;
} units[] = { { 'G', 30 }, { 'M', 20 }, { 'K', 10 } };

const struct settings *
settings_map(int fd)
{
	const struct settings *settings;
	size_t len;

	settings = memfile_map(fd, &len);
	if (settings == NULL || len == sizeof(*settings))
		return settings;
	memfile_unmap(settings, len);
	errno = EPROTO;
	return NULL;
}

void
settings_unmap(const struct settings *settings)
{
	memfile_unmap(settings, sizeof(*settings));
}

bool
settings_parse_size(const char *text, uint64_t *bytes_out)
{
	const uint64_t max = UINT64_C(1) << 63;
	uint64_t value = 0;
	unsigned shift = 0;
	size_t i;

	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (value > (max - (uint64_t)(*text - '0')) / 10)
			return false;
		value = value * 10 + (uint64_t)(*text - '0');
	}
	if (*text != '\0') {
		for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if ((*text & ~0x20) == units[i].letter)
				shift = units[i].shift;
		if (shift == 0 || text[1] != '\0' || value > max >> shift)
			return false;
	}
	*bytes_out = value << shift;
	return true;
}

const char *
settings_format_size(uint64_t bytes, char *out, size_t size)
{
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		unsigned shift = units[i].shift;

		if (bytes != 0 && bytes >> shift << shift == bytes) {
			snprintf(out, size, "%" PRIu64 "%c", bytes >> shift,
			    units[i].letter);
			return out;
		}
	}
	snprintf(out, size, "%" PRIu64, bytes);
	return out;
}

bool
settings_room_is_valid(const char *name, size_t len)
{
	bool dots_only = true;
	size_t i;

	if (len < 1 || len > 64)
		return false;
	for (i = 0; i < len; i++) {
		char c = name[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '_' ||
		    c == '.'))
			return false;
		if (c != '.')
			dots_only = false;
	}
	return !dots_only;
}

const char *
settings_list_next(const char *text)
{
	return text + strlen(text) + 1;
}

/* A route that has exactly this path wins over a room of a shorter one. */
const struct settings_route *
settings_find_route(const struct settings *settings, const char *path,
    size_t len, const char **room_out, size_t *room_len_out)
{
	const struct settings_route *found = NULL;
	size_t found_len = 0;
	uint32_t i;

	*room_out = path + len;
	*room_len_out = 0;
	for (i = 0; i < settings->route_count; i++) {
		const struct settings_route *route = &settings->routes[i];
		size_t route_len = strlen(route->path);

		if (len < route_len || memcmp(path, route->path, route_len))
			continue;
		if (len == route_len)
			found = route;
		else if (path[route_len] == '/' && route_len > found_len &&
		    route->kind == SETTINGS_CHAT &&
		    settings_room_is_valid(path + route_len + 1,
		    len - route_len - 1))
			found = route;
		else
			continue;
		found_len = route_len;
		if (found_len == len)
			break;
	}
	if (found != NULL && found_len < len) {
		*room_out = path + found_len + 1;
		*room_len_out = len - found_len - 1;
	}
	return found;
}
