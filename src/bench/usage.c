/*
 * usage - see usage.h.
 */

#include "config.h"

#include "bench/usage.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USAGE_PROCESSES_MAX	4096

struct process {
	pid_t pid, parent;
	bool ours;
	double user_s, system_s;
};

static bool
process_read(pid_t pid, struct process *p)
{
	char path[64], line[1024], *end;
	unsigned long ut, st;
	long cut, cst;
	double hz = (double)sysconf(_SC_CLK_TCK);
	int parent;
	FILE *f;
	bool ok;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if ((f = fopen(path, "re")) == NULL)
		return false;
	ok = fgets(line, sizeof line, f) != NULL;
	fclose(f);
	/* The name may hold spaces and brackets: fields follow the last ')'. */
	if (!ok || (end = strrchr(line, ')')) == NULL)
		return false;
	if (sscanf(end + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u"
	    " %lu %lu %ld %ld", &parent, &ut, &st, &cut, &cst) != 5)
		return false;
	p->pid = pid;
	p->parent = (pid_t)parent;
	p->ours = false;
	p->user_s = ((double)ut + (double)cut) / hz;
	p->system_s = ((double)st + (double)cst) / hz;
	return true;
}

static size_t
process_list(struct process *list, size_t max)
{
	struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	if ((dir = opendir("/proc")) == NULL)
		return 0;
	while (n < max && (entry = readdir(dir)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    process_read((pid_t)atoi(entry->d_name), &list[n]))
			n++;
	closedir(dir);
	return n;
}

static void
process_mark_tree(struct process *list, size_t n, pid_t root)
{
	bool grew = true;
	size_t i, j;

	for (i = 0; i < n; i++)
		list[i].ours = list[i].pid == root;
	while (grew) {
		grew = false;
		for (i = 0; i < n; i++)
			for (j = 0; j < n && !list[i].ours; j++)
				if (list[j].ours &&
				    list[i].parent == list[j].pid)
					list[i].ours = grew = true;
	}
}

/* Adds the numbers behind each line that begins with `key`. */
static uint64_t
process_sum_lines(pid_t pid, const char *file, const char *key)
{
	char path[64], line[256];
	size_t len = strlen(key);
	uint64_t sum = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
	if ((f = fopen(path, "re")) == NULL)
		return 0;
	while (fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, key, len) == 0) {
			char *number = strchr(line, ':');

			if (number != NULL)
				sum += strtoull(number + 1, NULL, 10);
		}
	fclose(f);
	return sum;
}

bool
usage_read(pid_t root, bool memory, struct usage *out)
{
	static struct process list[USAGE_PROCESSES_MAX];
	size_t i, n = process_list(list, USAGE_PROCESSES_MAX);

	memset(out, 0, sizeof *out);
	process_mark_tree(list, n, root);
	for (i = 0; i < n; i++) {
		if (!list[i].ours)
			continue;
		out->processes++;
		out->user_s += list[i].user_s;
		out->system_s += list[i].system_s;
		out->switches += process_sum_lines(list[i].pid, "status",
		    "voluntary_ctxt_switches:");
		if (!memory)
			continue;
		out->pss_kb += process_sum_lines(list[i].pid, "smaps_rollup",
		    "Pss:");
		out->private_kb += process_sum_lines(list[i].pid,
		    "smaps_rollup", "Private_");
	}
	if (out->processes == 0)
		errno = ESRCH;
	return out->processes > 0;
}

double
usage_machine_s(void)
{
	unsigned long long user, nice, sys, idle, wait, irq, soft;
	int fields = 0;
	FILE *f;

	if ((f = fopen("/proc/stat", "re")) == NULL)
		return 0;
	fields = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu", &user,
	    &nice, &sys, &idle, &wait, &irq, &soft);
	fclose(f);
	if (fields != 7)
		return 0;
	return (double)(user + nice + sys + irq + soft) /
	    (double)sysconf(_SC_CLK_TCK);
}
