/*
 * logger - one event, one line, on standard error.
 *
 *	time=2026-11-21T03:59:23.123Z level=info proc=worker[2] conn=17
 *	msg=closed why=bad-utf8 sent=4096		(in one line)
 *
 * Runs in every process.  Never blocks: what does not fit into the pipe is
 * dropped and counted, and the next line that fits says how many were.
 * Never allocates.
 *
 * Or the same as a JSON object (logjson.h).  Where the journal reads standard
 * error (JOURNAL_STREAM names its socket) the priority stands in front, as
 * "<6>" (sd-daemon(3)).
 */
#ifndef BASE_LOGGER_H
#define BASE_LOGGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum logger_format { LOGGER_LOGFMT, LOGGER_JSON };
enum logger_level { LOGGER_ERROR, LOGGER_WARNING, LOGGER_INFO, LOGGER_DEBUG };

/* Gives standard error a non-blocking description of its own, so that the
 * terminal or pipe we share with others keeps its mode.  Once, in the
 * parent; children inherit the descriptor. */
void logger_open(void);

/* The name in every line: "parent", "worker[2]". */
void logger_set_process(const char *name);
void logger_set_level(enum logger_level);
/* Of a line; LOGFMT to begin with. */
void logger_set_format(enum logger_format);
/* "error" ... "debug"; false: it is none. */
bool logger_read_level(const char *word, enum logger_level *out)
    __attribute__((warn_unused_result));
bool logger_is_on(enum logger_level);

/* One line: `msg` is a word or a sentence (quoted when it has blanks);
 * `fields`, a printf format or NULL, gives "key=value key=value". */
void logger_write(enum logger_level, const char *msg, const char *fields, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with the connection's serial in front. */
void logger_write_connection(enum logger_level, uint64_t connection,
    const char *msg, const char *fields, ...)
    __attribute__((format(printf, 4, 5)));

#define logger_error(...)	logger_write(LOGGER_ERROR, __VA_ARGS__)
#define logger_warning(...)	logger_write(LOGGER_WARNING, __VA_ARGS__)
#define logger_info(...)	logger_write(LOGGER_INFO, __VA_ARGS__)
#define logger_debug(...)						\
	do {								\
		if (logger_is_on(LOGGER_DEBUG))				\
			logger_write(LOGGER_DEBUG, __VA_ARGS__);	\
	} while (0)

/* Foreign bytes as a quoted logfmt value: control bytes, quotes and what is
 * not ASCII become \xNN; cut to fit.  Returns `out`. */
const char *logger_escape(const void *bytes, size_t len, char *out,
    size_t size);

#endif
