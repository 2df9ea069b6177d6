/* capacity: limits of control groups, and what of all memory is for
 * clients. */
#include "config.h"

#include "parent/capacity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define MIB(n)	(UINT64_C(n) << 20)

static void
write_limit(const char *folder, const char *group, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s/memory.max", folder, group);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void
remove_group(const char *folder, const char *group)
{
	char path[256];

	snprintf(path, sizeof(path), "%s%s/memory.max", folder, group);
	(void)unlink(path);
	snprintf(path, sizeof(path), "%s%s", folder, group);
	assert_int_equal(rmdir(path), 0);
}

static void
the_least_limit_of_a_group_and_those_above_counts(void **state)
{
	char folder[] = "/tmp/test-capacity-XXXXXX", path[256];
	const char *name = "memory.max";

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/a/b", folder);
	assert_int_equal(mkdir(path, 0700), 0);

	assert_true(capacity_of_cgroup(folder, "/a/b", name) == UINT64_MAX);
	write_limit(folder, "/a/b", "max\n");
	assert_true(capacity_of_cgroup(folder, "/a/b", name) == UINT64_MAX);
	write_limit(folder, "/a", "5000\n");
	assert_int_equal(capacity_of_cgroup(folder, "/a/b", name), 5000);
	write_limit(folder, "/a/b", "4000\n");
	assert_int_equal(capacity_of_cgroup(folder, "/a/b", name), 4000);
	assert_int_equal(capacity_of_cgroup(folder, "/a", name), 5000);
	write_limit(folder, "", "10\n");
	assert_int_equal(capacity_of_cgroup(folder, "/a/b", name), 10);
	assert_int_equal(capacity_of_cgroup(folder, "/", name), 10);
	/* In a container the path may be of another root. */
	assert_int_equal(capacity_of_cgroup(folder, "/x/y", name), 10);

	remove_group(folder, "/a/b");
	remove_group(folder, "/a");
	remove_group(folder, "");
}

static uint64_t
share_of(uint64_t memory, uint64_t log_size, uint32_t workers)
{
	static struct settings settings;

	settings.limits.memory = memory;
	settings.log_size = log_size;
	settings.workers = workers;
	return capacity_share(&settings);
}

static void
what_is_set_is_divided(void **state)
{
	(void)state;
	assert_int_equal(share_of(MIB(12), MIB(4), 3), MIB(4));
	assert_int_equal(share_of(1000, MIB(4), 3), 333);
}

static void
what_there_is_is_divided_when_nothing_is_set(void **state)
{
	uint64_t one = share_of(0, MIB(4), 1);

	(void)state;
	assert_in_range(one, MIB(1), (uint64_t)sysconf(_SC_PHYS_PAGES) *
	    (uint64_t)sysconf(_SC_PAGESIZE) / 2);
	assert_in_range(share_of(0, MIB(4), 2), one / 2 - 1, one / 2 + MIB(1));
	assert_int_equal(share_of(0, UINT64_C(1) << 60, 2), MIB(1));
}

static void
a_limit_of_the_address_space_is_each_workers_own(void **state)
{
	struct rlimit old, limit;
	uint64_t share;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_AS, &old), 0);
	limit = old;
	limit.rlim_cur = MIB(256);
	if (setrlimit(RLIMIT_AS, &limit) != 0)
		skip();
	share = share_of(0, MIB(4), 2);
	/* Half of what the log, mapped twice, and the program leave. */
	assert_in_range(share, MIB(1), (MIB(256) - 2 * MIB(4)) / 2);
	assert_int_equal(share_of(0, MIB(4), 8), share);
	assert_int_equal(share_of(0, MIB(256), 2), MIB(1));
	assert_int_equal(setrlimit(RLIMIT_AS, &old), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    the_least_limit_of_a_group_and_those_above_counts),
		cmocka_unit_test(what_is_set_is_divided),
		cmocka_unit_test(what_there_is_is_divided_when_nothing_is_set),
		cmocka_unit_test(
		    a_limit_of_the_address_space_is_each_workers_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
