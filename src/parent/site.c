/*
 * site - the folder of the page, read into one block for the workers.
 *
 * Runs in the parent, at start and for a reload, so that workers need not
 * open files.
 */
#include "config.h"

#include "parent/site.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/logger.h"
#include "base/settings.h"
#include "base/site_image.h"

static const struct {
	const char *ending, *type;
} types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".txt", "text/plain; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".ico", "image/x-icon" },
	{ ".woff2", "font/woff2" },
	{ ".json", "application/json" },
	{ ".webmanifest", "application/manifest+json" },
};

struct site {
	struct site_image_row rows[SITE_IMAGE_ROWS];
	uint32_t count;
	struct buf bytes;	/* of all files, one behind the other */
};

static const char *
find_type(const char *name)
{
	const char *ending = strrchr(name, '.');
	size_t i;

	for (i = 0; ending != NULL && i < sizeof(types) / sizeof(types[0]);
	    i++)
		if (strcmp(ending, types[i].ending) == 0)
			return types[i].type;
	return NULL;
}

/* Appends the file's bytes; false with errno, nothing appended. */
static bool
read_file(int dir, const char *name, struct buf *bytes)
{
	size_t before = buf_len(bytes);
	ssize_t n = -1;
	struct stat st;
	uint8_t *at;
	int fd, error;

	/* A FIFO in the folder must not hold up the start, nor a link lead out
	 * of it: who may write here need not be allowed what we may read. */
	fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	errno = EINVAL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		do {
			at = buf_reserve(bytes, 65536);
			if (at == NULL) {
				errno = ENOMEM;
				n = -1;
				break;
			}
			n = read(fd, at, 65536);
			if (n > 0)
				buf_commit(bytes, (size_t)n);
			if (buf_len(bytes) > SITE_IMAGE_MAX) {
				errno = EFBIG;
				n = -1;
			}
		} while (n > 0);
	}
	error = errno;
	close(fd);
	if (n < 0)
		bytes->end = bytes->begin + before;
	errno = error;
	return n == 0;
}

/* FNV-1a: the tag tells versions apart, it proves nothing. */
static uint64_t
hash(const uint8_t *bytes, size_t len)
{
	uint64_t value = UINT64_C(0xcbf29ce484222325);

	for (; len > 0; len--)
		value = (value ^ *bytes++) * UINT64_C(0x100000001b3);
	return value;
}

static void
add_file(struct site *site, int dir, const char *name)
{
	const char *type = find_type(name);
	size_t before = buf_len(&site->bytes);
	struct site_image_row *row;

	if (name[0] == '.' || type == NULL)
		return;
	errno = EINVAL;
	if (site->count == SITE_IMAGE_ROWS ||
	    !settings_room_is_valid(name, strlen(name)) ||
	    strlen(name) + 2 > sizeof(row->name) ||
	    !read_file(dir, name, &site->bytes)) {
		char shown[128];

		logger_warning("file of the site left out",
		    "file=%s error=\"%s\"", logger_escape(name, strlen(name),
		    shown, sizeof(shown)), strerror(errno));
		return;
	}
	row = &site->rows[site->count++];
	memset(row, 0, sizeof(*row));
	snprintf(row->name, sizeof(row->name), "/%.62s",
	    strcmp(name, "index.html") == 0 ? "" : name);
	snprintf(row->type, sizeof(row->type), "%s", type);
	row->offset = before;
	row->len = buf_len(&site->bytes) - before;
	snprintf(row->etag, sizeof(row->etag), "\"%016" PRIx64 "\"",
	    hash(buf_head(&site->bytes) + before, row->len));
}

static int
compare_rows(const void *a, const void *b)
{
	const struct site_image_row *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static uint8_t *
make_image(struct site *site, size_t *len_out)
{
	struct site_image_header header = {
		.magic = SITE_IMAGE_MAGIC, .count = site->count
	};
	size_t rows = site->count * sizeof(site->rows[0]), i;
	uint8_t *image;

	qsort(site->rows, site->count, sizeof(site->rows[0]), compare_rows);
	for (i = 0; i < site->count; i++)
		site->rows[i].offset += sizeof(header) + rows;
	*len_out = sizeof(header) + rows + buf_len(&site->bytes);
	image = malloc(*len_out);
	if (image == NULL)
		return NULL;
	memcpy(image, &header, sizeof(header));
	memcpy(image + sizeof(header), site->rows, rows);
	if (buf_len(&site->bytes) > 0)
		memcpy(image + sizeof(header) + rows,
		    buf_head(&site->bytes), buf_len(&site->bytes));
	return image;
}

uint8_t *
site_load(const char *folder, size_t *len_out)
{
	struct site *site = calloc(1, sizeof(*site));
	struct dirent *entry;
	uint8_t *image;
	DIR *dir;

	if (site == NULL)
		return NULL;
	buf_init(&site->bytes);
	dir = *folder != '\0' ? opendir(folder) : NULL;
	if (dir != NULL) {
		while ((entry = readdir(dir)) != NULL)
			add_file(site, dirfd(dir), entry->d_name);
		closedir(dir);
	} else if (*folder != '\0') {
		char shown[256];

		logger_warning("no page", "site=%s error=\"%s\"",
		    logger_escape(folder, strlen(folder), shown,
		    sizeof(shown)), strerror(errno));
	}
	image = make_image(site, len_out);
	buf_clear(&site->bytes);
	free(site);
	return image;
}
