/*
 * usage - see usage.h.
 *
 * The kernel's file is opened once and read again: under the filter nothing
 * can be opened.
 */
#include "config.h"

#include "base/usage.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/metrics.h"

static int statm = -1;		/* /proc/self/statm */
static uint64_t told_us;	/* processor time that is counted */

void
usage_open(void)
{
	statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
}

static uint64_t
read_us(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_usec;
}

static void
sample_processor(void)
{
	struct rusage usage;
	uint64_t us;

	if (getrusage(RUSAGE_SELF, &usage) == -1)
		return;
	us = read_us(&usage.ru_utime) + read_us(&usage.ru_stime);
	if (us > told_us)
		metrics_add(METRIC_CPU, us - told_us);
	told_us = us;
}

/* "size resident shared ...", in pages (proc(5)). */
static void
sample_memory(void)
{
	char text[128] = "", *resident;
	ssize_t n;

	if (statm == -1 || lseek(statm, 0, SEEK_SET) == -1)
		return;
	n = read(statm, text, sizeof(text) - 1);
	resident = n > 0 ? strchr(text, ' ') : NULL;
	if (resident != NULL)
		metrics_set(METRIC_MEMORY, strtoull(resident, NULL, 10) *
		    (uint64_t)sysconf(_SC_PAGESIZE));
}

void
usage_sample(void)
{
	sample_processor();
	sample_memory();
}
