/*
 * capacity - see capacity.h.
 *
 * Only half is given to clients: the kernel holds some 20 KB for a socket that
 * is full, the broker has its tables, and what is freed in between is not
 * given back at once.
 */
#include "config.h"

#include "parent/capacity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LEAST		(UINT64_C(1) << 20)
#define GROUP_PATH	4096

/* The number that the file begins with; UINT64_MAX: none, such as "max". */
static uint64_t
read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	uint64_t number;

	if (file == NULL)
		return UINT64_MAX;
	if (fscanf(file, "%" SCNu64, &number) != 1)
		number = UINT64_MAX;
	fclose(file);
	return number;
}

uint64_t
capacity_of_cgroup(const char *folder, const char *path, const char *name)
{
	char at[GROUP_PATH], group[GROUP_PATH];
	uint64_t least = UINT64_MAX, limit;
	char *slash;

	snprintf(group, sizeof(group), "%s", path);
	for (;;) {
		if (snprintf(at, sizeof(at), "%s%s/%s", folder, group, name) <
		    (int)sizeof(at)) {
			limit = read_number(at);
			if (limit < least)
				least = limit;
		}
		slash = strrchr(group, '/');
		if (slash == NULL)
			return least;
		*slash = '\0';
	}
}

/* A line is "0::/path" in version 2, "4:memory:/path" in version 1. */
static uint64_t
cgroup_limit(void)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	uint64_t least = UINT64_MAX, limit;
	char line[GROUP_PATH];
	char *path;

	if (file == NULL)
		return least;
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		path = strchr(line, '/');
		limit = UINT64_MAX;
		if (path != NULL && strncmp(line, "0::", 3) == 0)
			limit = capacity_of_cgroup("/sys/fs/cgroup", path,
			    "memory.max");
		else if (path != NULL && strstr(line, ":memory:") != NULL)
			limit = capacity_of_cgroup("/sys/fs/cgroup/memory",
			    path, "memory.limit_in_bytes");
		if (limit < least)
			least = limit;
	}
	fclose(file);
	return least;
}

static uint64_t
half_beside(uint64_t all, uint64_t taken)
{
	return all > taken ? (all - taken) / 2 : 0;
}

/* A worker is this program and maps the log twice. */
static uint64_t
address_space_share(uint64_t log_size)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) < 0 ||
	    limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	return half_beside(limit.rlim_cur,
	    read_number("/proc/self/statm") * page + 2 * log_size);
}

uint64_t
capacity_share(const struct settings *settings)
{
	uint64_t all = (uint64_t)sysconf(_SC_PHYS_PAGES) *
	    (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t group, space, share;

	if (settings->limits.memory != 0)
		return settings->limits.memory / settings->workers;
	group = cgroup_limit();
	space = address_space_share(settings->log_size);
	share = half_beside(group < all ? group : all, settings->log_size) /
	    settings->workers;
	if (space < share)
		share = space;
	return share < LEAST ? LEAST : share - share % LEAST;
}
