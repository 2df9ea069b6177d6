/*
 * include - see conf_parts.h: configuration files, and those they include.
 *
 * What a file includes is read when the file itself has been, in order, so
 * that it counts over the file.
 */
#include "config.h"

#include "parent/conf_parts.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parent/grammar.h"

#define FILE_MAX	(1 << 20)	/* bytes */
#define FILES		256		/* in all */
#define DEPTH		8		/* of files that include files */

/* Reads a whole file as a text; NULL with errno. */
static char *
load_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t len = 0;
	int error = 0;

	if (file == NULL)
		return NULL;
	text = malloc(FILE_MAX + 1);
	errno = 0;
	if (text != NULL)
		len = fread(text, 1, FILE_MAX + 1, file);
	if (text == NULL || ferror(file))
		error = errno;
	else if (len > FILE_MAX)
		error = EFBIG;
	else if (memchr(text, '\0', len) != NULL)
		error = EILSEQ;
	fclose(file);
	if (error != 0) {
		free(text);
		errno = error;
		return NULL;
	}
	text[len] = '\0';
	return text;
}

/* Who is reading which file, and where the file was included. */
struct reader {
	struct conf *conf;
	const char *path;
	const struct reader *by;	/* NULL: it is the first */
	unsigned line;			/* in by->path */
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
read_text(const struct reader *r, const char *text)
{
	struct origin origin = {
		.kind = ORIGIN_FILE, .name = conf_keep_name(r->conf, r->path)
	};
	struct grammar_includes *includes = calloc(1, sizeof(*includes));
	bool is_good = false;

	if (origin.name == NULL || includes == NULL)
		fail(r, strerror(ENOMEM));
	else
		is_good = draft_read(r->conf, &origin, text, includes,
		    r->error, r->size) && read_includes(r, includes);
	free(includes);
	return is_good;
}

static bool
read_one(const struct reader *r)
{
	bool is_good;
	char *text;

	if (strlen(r->path) >= SETTINGS_PATH)
		return fail(r, strerror(ENAMETOOLONG));
	if (depth_of(r) > DEPTH)
		return fail(r, "files include files, or themselves, too "
		    "deeply");
	if (++r->conf->file_count > FILES)
		return fail(r, "too many files");
	text = load_file(r->path);
	if (text == NULL)
		return fail(r, errno == EILSEQ ? "has a NUL byte" :
		    strerror(errno));
	is_good = read_text(r, text);
	free(text);
	return is_good;
}

bool
include_read(struct conf *conf, const char *path, char *error, size_t size)
{
	const struct reader r = {
		.conf = conf, .path = path, .error = error, .size = size
	};

	return read_one(&r);
}
