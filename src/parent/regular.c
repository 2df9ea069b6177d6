/*
 * regular - see regular.h.
 */
#include "config.h"

#include "parent/regular.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* /dev/null, by its number as Linux has it in every container. */
static bool
is_null(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

int
regular_open(const char *path, struct stat *st, const char **why_out)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int error = errno;

	if (fd >= 0) {
		error = fstat(fd, st) < 0 ? errno :
		    S_ISREG(st->st_mode) || is_null(st) ? 0 :
		    S_ISDIR(st->st_mode) ? EISDIR : EINVAL;
		if (error == 0)
			return fd;
		close(fd);
	}
	/* ENXIO: a socket, which cannot be opened at all. */
	*why_out = error == EINVAL || error == ENXIO ?
	    "is no regular file" : strerror(error);
	errno = error;
	return -1;
}
