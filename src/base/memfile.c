/*
 * memfile - see memfile.h.
 */
#include "config.h"

#include "base/memfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int
write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

int
memfile_create(const char *name, const void *bytes, size_t len)
{
	char path[32];
	int fd, readonly;

	fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd == -1)
		return -1;
	if (write_all(fd, bytes, len) == -1 || fchmod(fd, 0400) == -1 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW |
	    F_SEAL_SHRINK | F_SEAL_SEAL) == -1) {
		close(fd);
		return -1;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	readonly = open(path, O_RDONLY | O_CLOEXEC);
	close(fd);
	return readonly;
}

const void *
memfile_map(int fd, size_t *len_out)
{
	struct stat st;
	void *bytes;

	if (fstat(fd, &st) == -1)
		return NULL;
	if (st.st_size == 0) {
		errno = EPROTO;
		return NULL;
	}
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		return NULL;
	*len_out = (size_t)st.st_size;
	return bytes;
}

void
memfile_unmap(const void *bytes, size_t len)
{
	(void)munmap((void *)(uintptr_t)bytes, len);
}
