/*
 * include - see conf_parts.h: configuration files, and those they include.
 *
 * What a file includes is read when the file itself has been, in order, so
 * that it counts over the file.
 */
#include "config.h"

#include "parent/conf_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parent/grammar.h"
#include "parent/loose.h"
#include "parent/regular.h"

#define FILE_MAX	(1 << 20)	/* bytes */
#define DEPTH		8		/* of files that include files */

/* The descriptor that a path such as /dev/stdin or /dev/fd/63, as of a shell's
 * <(...), stands for; -1: it is no such path. */
static int
descriptor_of(const char *path)
{
	static const char prefix[] = "/dev/fd/";
	unsigned number = 0;
	int end = 0;

	if (strcmp(path, "/dev/stdin") == 0)
		return STDIN_FILENO;
	if (strncmp(path, prefix, sizeof(prefix) - 1) != 0 ||
	    sscanf(path + sizeof(prefix) - 1, "%5u%n", &number, &end) != 1 ||
	    path[sizeof(prefix) - 1 + (size_t)end] != '\0')
		return -1;
	return (int)number;
}

/* Reads all of it as a text; NULL with a sentence. */
static char *
read_all(FILE *file, const char **why_out)
{
	char *text = malloc(FILE_MAX + 1);
	size_t len = 0;

	*why_out = NULL;
	errno = 0;
	if (text != NULL)
		len = fread(text, 1, FILE_MAX + 1, file);
	if (text == NULL || ferror(file))
		*why_out = strerror(errno);
	else if (len > FILE_MAX)
		*why_out = strerror(EFBIG);
	else if (memchr(text, '\0', len) != NULL)
		*why_out = "has a NUL byte";
	if (*why_out != NULL) {
		free(text);
		return NULL;
	}
	text[len] = '\0';
	return text;
}

/* As read_all.  What `may_be_stream` may be a descriptor that is open already,
 * also of a pipe or a terminal, and is waited for.  `loose_out`: see
 * loose.h. */
static char *
load_file(const char *path, bool may_be_stream, const char **loose_out,
    const char **why_out)
{
	int fd, descriptor = descriptor_of(path);
	struct stat st;
	FILE *file;
	char *text;

	/* For a reload it would be whatever has this number by now. */
	*why_out = "was open at the start alone";
	if (descriptor >= 0 && !may_be_stream)
		return NULL;
	fd = regular_open(path, &st, why_out);
	*loose_out = fd < 0 ? NULL : loose_configuration(&st);
	if (fd < 0 && descriptor >= 0)
		fd = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return NULL;
	file = fdopen(fd, "r");
	if (file == NULL) {
		*why_out = strerror(errno);
		close(fd);
		return NULL;
	}
	text = read_all(file, why_out);
	fclose(file);
	return text;
}

/* Who is reading which file, and where the file was included. */
struct reader {
	struct conf *conf;
	const char *path;
	const struct reader *by;	/* NULL: it is the first */
	unsigned line;			/* in by->path */
	bool may_be_stream;		/* of the first */
	char *error;
	size_t size;
};

static bool read_one(const struct reader *);

/* False, for the caller to return. */
static bool
fail(const struct reader *r, const char *why)
{
	if (r->by == NULL)
		snprintf(r->error, r->size, "%s: %s", r->path, why);
	else
		snprintf(r->error, r->size, "%s:%u: include: %s: %s",
		    r->by->path, r->line, r->path, why);
	return false;
}

/* A folder that is not there has no files. */
static int
on_glob_error(const char *path, int error)
{
	(void)path;
	return error != ENOENT;
}

static bool
read_pattern(const struct reader *by, unsigned line, const char *pattern)
{
	struct reader r = *by;
	bool is_good = true;
	glob_t found;
	size_t i;
	int code;

	r.by = by;
	r.line = line;
	r.path = pattern;
	if (strpbrk(pattern, "*?[") == NULL)
		return read_one(&r);
	code = glob(pattern, 0, on_glob_error, &found);
	if (code == GLOB_NOMATCH)
		return true;
	if (code != 0)
		return fail(&r, code == GLOB_NOSPACE ? strerror(ENOMEM) :
		    "the folder cannot be read");
	for (i = 0; i < found.gl_pathc && is_good; i++) {
		r.path = found.gl_pathv[i];
		is_good = read_one(&r);
	}
	globfree(&found);
	return is_good;
}

/* Relative to the folder of the file that includes. */
static bool
read_includes(const struct reader *r, const struct grammar_includes *includes)
{
	const char *slash = strrchr(r->path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - r->path) + 1;
	char pattern[2 * SETTINGS_PATH];
	unsigned i;

	for (i = 0; i < includes->count; i++) {
		const char *at = includes->of[i].pattern;

		snprintf(pattern, sizeof(pattern), "%.*s%s",
		    *at == '/' ? 0 : (int)len, r->path, at);
		if (!read_pattern(r, includes->of[i].line, pattern))
			return false;
	}
	return true;
}

static unsigned
depth_of(const struct reader *r)
{
	unsigned depth = 0;

	for (; r->by != NULL; r = r->by)
		depth++;
	return depth;
}

static bool
read_text(const struct reader *r, const char *text, const char *loose)
{
	struct conf *conf = r->conf;
	struct origin origin = {
		.kind = ORIGIN_FILE, .name = conf_keep_name(conf, r->path)
	};
	struct grammar_includes *includes = calloc(1, sizeof(*includes));
	bool is_good = false;

	if (loose != NULL && origin.name != NULL)
		conf->loose[conf->loose_count++] = (struct conf_loose){
			.name = origin.name, .why = loose
		};
	if (origin.name == NULL || includes == NULL)
		fail(r, strerror(ENOMEM));
	else
		is_good = draft_read(conf, &origin, text, includes,
		    r->error, r->size) && read_includes(r, includes);
	free(includes);
	return is_good;
}

static bool
read_one(const struct reader *r)
{
	const char *loose, *why;
	bool is_good;
	char *text;

	if (strlen(r->path) >= SETTINGS_PATH)
		return fail(r, strerror(ENAMETOOLONG));
	if (depth_of(r) > DEPTH)
		return fail(r, "files include files, or themselves, too "
		    "deeply");
	if (++r->conf->file_count > CONF_FILES)
		return fail(r, "too many files");
	text = load_file(r->path, r->by == NULL && r->may_be_stream, &loose,
	    &why);
	if (text == NULL)
		return fail(r, why);
	is_good = read_text(r, text, loose);
	free(text);
	return is_good;
}

bool
include_read(struct conf *conf, const char *path, bool may_be_stream,
    char *error, size_t size)
{
	const struct reader r = {
		.conf = conf, .path = path, .may_be_stream = may_be_stream,
		.error = error, .size = size
	};

	return read_one(&r);
}
