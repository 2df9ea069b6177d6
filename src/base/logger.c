/*
 * logger - see logger.h.
 */
#include "config.h"

#include "base/logger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/logjson.h"

#define LINE_MAX_BYTES	2048
#define OUT_MAX_BYTES	4096	/* PIPE_BUF: a line is never torn */

static const char *const level_names[] = {
	[LOGGER_ERROR] = "error",
	[LOGGER_WARNING] = "warning",
	[LOGGER_INFO] = "info",
	[LOGGER_DEBUG] = "debug",
};

static struct {
	enum logger_level level;
	char process[32];
	enum logger_format format;
	uint64_t dropped;
	bool is_socket;
	bool is_journal;	/* wants priorities */
} logger = { .level = LOGGER_INFO, .process = "parent" };

/* Of syslog(3), by level. */
static const char *const priorities[] = {
	[LOGGER_ERROR] = "<3>",
	[LOGGER_WARNING] = "<4>",
	[LOGGER_INFO] = "<6>",
	[LOGGER_DEBUG] = "<7>",
};

struct line {
	enum logger_level level;
	char text[LINE_MAX_BYTES];
	size_t len;		/* < sizeof(text) - 1: a newline fits */
};

void
logger_open(void)
{
	struct stat st;
	int fd;

	if (fstat(STDERR_FILENO, &st) == -1)
		return;
	/* A socket cannot be opened again; it is written without waiting. */
	if (S_ISSOCK(st.st_mode))
		return;
	fd = open("/proc/self/fd/2",
	    O_WRONLY | O_NONBLOCK | O_APPEND | O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		return;
	(void)dup2(fd, STDERR_FILENO);
	close(fd);
}

/* JOURNAL_STREAM may be somebody else's, handed on: it must name what we
 * write to (systemd.exec(5)). */
static bool
is_journal(const struct stat *st)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];

	snprintf(ours, sizeof(ours), "%llu:%llu",
	    (unsigned long long)st->st_dev, (unsigned long long)st->st_ino);
	return stream != NULL && strcmp(stream, ours) == 0;
}

void
logger_set_process(const char *name)
{
	struct stat st;

	snprintf(logger.process, sizeof(logger.process), "%s", name);
	if (fstat(STDERR_FILENO, &st) != 0)
		return;
	logger.is_socket = S_ISSOCK(st.st_mode);
	logger.is_journal = is_journal(&st);
}

void
logger_set_level(enum logger_level level)
{
	logger.level = level;
}

void
logger_set_format(enum logger_format format)
{
	logger.format = format;
}

bool
logger_read_level(const char *word, enum logger_level *out)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]);
	    i++) {
		if (strcmp(level_names[i], word) == 0) {
			*out = (enum logger_level)i;
			return true;
		}
	}
	return false;
}

bool
logger_is_on(enum logger_level level)
{
	return level <= logger.level;
}

static void
line_add(struct line *line, const char *bytes, size_t len)
{
	size_t free = sizeof(line->text) - 1 - line->len;

	if (len > free)
		len = free;
	memcpy(line->text + line->len, bytes, len);
	line->len += len;
}

static void __attribute__((format(printf, 2, 0)))
line_add_format(struct line *line, const char *format, va_list ap)
{
	size_t free = sizeof(line->text) - line->len;
	int n = vsnprintf(line->text + line->len, free, format, ap);

	if (n > 0)
		line->len += (size_t)n < free ? (size_t)n : free - 1;
}

static void __attribute__((format(printf, 2, 3)))
line_print(struct line *line, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	line_add_format(line, format, ap);
	va_end(ap);
}

static void
line_start(struct line *line, enum logger_level level)
{
	uint64_t now = clock_wall_us();
	time_t seconds = (time_t)(now / 1000000);
	struct tm tm;
	char stamp[32];

	line->len = 0;
	line->level = level;
	gmtime_r(&seconds, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	line_print(line, "time=%s.%03uZ level=%s proc=%s", stamp,
	    (unsigned)(now / 1000 % 1000), level_names[level],
	    logger.process);
}

static void
line_add_msg(struct line *line, const char *msg)
{
	bool quote = strpbrk(msg, " =\"") != NULL;

	line_add(line, " msg=", 5);
	if (quote)
		line_add(line, "\"", 1);
	for (; *msg != '\0'; msg++)
		if (*msg == '"')
			line_add(line, "'", 1);
		else if (*msg != '\n')
			line_add(line, msg, 1);
	if (quote)
		line_add(line, "\"", 1);
}

static bool
line_write(const struct line *line)
{
	char out[OUT_MAX_BYTES];
	size_t len = 0;
	ssize_t n;

	if (logger.is_journal) {
		memcpy(out, priorities[line->level], 3);
		len = 3;
	}
	if (logger.format == LOGGER_JSON) {
		len += logjson_write(line->text, line->len, out + len,
		    sizeof(out) - 1 - len);
	} else {
		memcpy(out + len, line->text, line->len);
		len += line->len;
	}
	out[len++] = '\n';
	do {
		if (logger.is_socket)
			n = send(STDERR_FILENO, out, len,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
		else
			n = write(STDERR_FILENO, out, len);
	} while (n == -1 && errno == EINTR);
	return n == (ssize_t)len;
}

static void
line_end(struct line *line)
{
	struct line note;

	if (logger.dropped > 0) {
		line_start(&note, LOGGER_WARNING);
		line_print(&note, " msg=\"log lines lost\" lines=%llu",
		    (unsigned long long)logger.dropped);
		if (!line_write(&note)) {
			logger.dropped++;
			return;
		}
		logger.dropped = 0;
	}
	if (!line_write(line))
		logger.dropped++;
}

void
logger_write(enum logger_level level, const char *msg, const char *fields,
    ...)
{
	int saved = errno;
	struct line line;
	va_list ap;

	if (!logger_is_on(level))
		return;
	line_start(&line, level);
	line_add_msg(&line, msg);
	if (fields != NULL) {
		line_add(&line, " ", 1);
		va_start(ap, fields);
		line_add_format(&line, fields, ap);
		va_end(ap);
	}
	line_end(&line);
	errno = saved;
}

void
logger_write_connection(enum logger_level level, uint64_t connection,
    const char *msg, const char *fields, ...)
{
	int saved = errno;
	struct line line;
	va_list ap;

	if (!logger_is_on(level))
		return;
	line_start(&line, level);
	/* The serial alone: the slot below it says nothing to a person. */
	line_print(&line, " conn=%llu",
	    (unsigned long long)(connection >> 24));
	line_add_msg(&line, msg);
	if (fields != NULL) {
		line_add(&line, " ", 1);
		va_start(ap, fields);
		line_add_format(&line, fields, ap);
		va_end(ap);
	}
	line_end(&line);
	errno = saved;
}

const char *
logger_escape(const void *bytes, size_t len, char *out, size_t size)
{
	const unsigned char *p = bytes;
	size_t at = 0;

	if (size < 8)
		return "";
	out[at++] = '"';
	for (size_t i = 0; i < len && at + 6 < size; i++) {
		if (p[i] < 0x20 || p[i] >= 0x7f || p[i] == '"' ||
		    p[i] == '\\')
			at += (size_t)snprintf(out + at, 5, "\\x%02x", p[i]);
		else
			out[at++] = (char)p[i];
	}
	out[at++] = '"';
	out[at] = '\0';
	return out;
}
