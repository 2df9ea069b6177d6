/*
 * loose - see loose.h.
 */
#include "config.h"

#include "parent/loose.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/logger.h"

/* Who starts the server as root gives the file's writers what root may: the
 * page's folder, say, is read with these rights. */
const char *
loose_configuration(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return NULL;
	if ((st->st_mode & S_IWOTH) != 0)
		return "everybody may write it";
	if (geteuid() != 0)
		return NULL;
	if (st->st_uid != 0)
		return "it is not root's";
	return (st->st_mode & S_IWGRP) != 0 && st->st_gid != 0 ?
	    "its group may write it" : NULL;
}

/* Its group may be the one that broker and workers run as (wschatd.8). */
const char *
loose_key(const struct stat *st)
{
	if ((st->st_mode & S_IWOTH) != 0)
		return "everybody may write it";
	return (st->st_mode & S_IROTH) != 0 ? "everybody may read it" : NULL;
}

void
loose_log(const char *file, const char *why)
{
	char shown[256];

	logger_warning("others may change the configuration",
	    "file=%s why=\"%s\"", logger_escape(file, strlen(file), shown,
	    sizeof(shown)), why);
}

void
loose_print(const char *file, const char *why)
{
	fprintf(stderr, "wschatd: %s: warning: others may change the "
	    "configuration: %s\n", file, why);
}
