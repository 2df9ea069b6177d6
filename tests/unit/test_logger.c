/*
 * test_logger - one event, one line, and never a wait for who reads it.
 *
 * Each test has standard error for itself: a pipe or a socket, put back
 * before anything is asserted about what came.
 */
#include "config.h"

#include "base/logger.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int kept = -1;		/* the real standard error */
static char heard[1 << 20];

/* Standard error becomes this. */
static void
capture(int fd)
{
	kept = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
	logger_open();
	logger_set_process("worker[2]");
}

static void
release(void)
{
	dup2(kept, STDERR_FILENO);
	close(kept);
}

/* All that waits in the pipe, as text. */
static const char *
hear(int fd)
{
	size_t len = 0;
	ssize_t n;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while ((n = read(fd, heard + len, sizeof(heard) - 1 - len)) > 0)
		len += (size_t)n;
	heard[len] = '\0';
	return heard;
}

/* The line behind its time. */
static const char *
after_time(const char *line)
{
	unsigned year, month, day, hour, minute, second, ms;
	int used = 0;

	assert_int_equal(sscanf(line, "time=%4u-%2u-%2uT%2u:%2u:%2u.%3uZ %n",
	    &year, &month, &day, &hour, &minute, &second, &ms, &used), 7);
	assert_int_equal(used, 30);
	assert_true(year >= 2020 && month <= 12 && day <= 31);
	return line + used;
}

static void
an_event_is_a_line(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	capture(fds[1]);
	errno = 77;
	logger_info("started", NULL);
	logger_warning("two words", "a=%d b=%s", 1, "x");
	logger_error("say \"no\"\nnow", NULL);
	logger_debug("nobody asked", NULL);
	logger_write_connection(LOGGER_INFO, 17 << 24 | 3, "closed",
	    "why=%s", "bad-utf8");
	fds[1] = errno;
	release();
	assert_int_equal(fds[1], 77);
	hear(fds[0]);
	assert_string_equal(after_time(strtok(heard, "\n")),
	    "level=info proc=worker[2] msg=started");
	assert_string_equal(after_time(strtok(NULL, "\n")),
	    "level=warning proc=worker[2] msg=\"two words\" a=1 b=x");
	assert_string_equal(after_time(strtok(NULL, "\n")),
	    "level=error proc=worker[2] msg=\"say 'no'now\"");
	assert_string_equal(after_time(strtok(NULL, "\n")),
	    "level=info proc=worker[2] conn=17 msg=closed why=bad-utf8");
	assert_null(strtok(NULL, "\n"));
	close(fds[0]);
}

static void
the_level_decides(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	capture(fds[1]);
	logger_set_level(LOGGER_DEBUG);
	logger_debug("d", NULL);
	logger_set_level(LOGGER_ERROR);
	logger_warning("w", NULL);
	logger_write_connection(LOGGER_INFO, 1, "i", NULL);
	logger_error("e", NULL);
	logger_set_level(LOGGER_INFO);
	release();
	hear(fds[0]);
	assert_string_equal(after_time(strtok(heard, "\n")),
	    "level=debug proc=worker[2] msg=d");
	assert_string_equal(after_time(strtok(NULL, "\n")),
	    "level=error proc=worker[2] msg=e");
	assert_null(strtok(NULL, "\n"));
	close(fds[0]);
}

static void
a_long_line_is_cut_and_ends(void **state)
{
	static char text[5000];
	size_t len;
	int fds[2];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(pipe(fds), 0);
	capture(fds[1]);
	logger_info("m", "text=%s", text);
	logger_info(text, "a=%d", 5);
	release();
	hear(fds[0]);
	len = strlen(heard);
	assert_int_equal(len, 2 * 2048);
	assert_int_equal(heard[2047], '\n');
	assert_int_equal(heard[4095], '\n');
	assert_true(strcspn(heard, "\n") == 2047);
	close(fds[0]);
}

static unsigned
count_lines(const char *text)
{
	unsigned lines = 0;

	for (; *text != '\0'; text++)
		lines += *text == '\n';
	return lines;
}

/* Nobody reads: the writer goes on, and each lost line is counted. */
static void
check_flood(int from, int to)
{
	unsigned lines = 20000, written, lost;
	const char *note;

	alarm(60);
	capture(to);
	for (unsigned i = 0; i < lines; i++)
		logger_info("m", "n=%u", i);
	written = count_lines(hear(from));
	/* The next line says what was lost. */
	logger_info("last", NULL);
	alarm(0);
	release();
	note = strstr(hear(from), "msg=\"log lines lost\" lines=");
	assert_non_null(note);
	lost = (unsigned)strtoul(note + strlen("msg=\"log lines lost\" lines="),
	    NULL, 10);
	assert_true(written > 100 && written < lines);
	assert_int_equal(written + lost, lines);
	assert_non_null(strstr(note, "msg=last\n"));
}

static void
a_full_pipe_costs_lines_and_no_time(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	check_flood(fds[0], fds[1]);
	close(fds[0]);
}

static void
a_full_socket_costs_lines_and_no_time(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	check_flood(fds[0], fds[1]);
	close(fds[0]);
}

/* Loss, reading and loss again, in turns: the sum stays right. */
static void
losses_are_counted_again_and_again(void **state)
{
	unsigned lines = 0, written = 0, lost = 0, notes = 0;
	char *line, *at;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	capture(fds[1]);
	for (unsigned round = 0; round < 10; round++) {
		for (unsigned i = 0; i < 1000 + round; i++, lines++)
			logger_info("m", "n=%u", i);
		hear(fds[0]);
		written += count_lines(heard);
		for (at = heard; (line = strstr(at, " lines=")) != NULL;
		    at = line + 7) {
			lost += (unsigned)strtoul(line + 7, NULL, 10);
			notes++;
		}
	}
	logger_info("last", NULL);
	release();
	hear(fds[0]);
	at = strstr(heard, " lines=");
	lost += at == NULL ? 0 : (unsigned)strtoul(at + 7, NULL, 10);
	assert_true(notes >= 9);
	assert_int_equal(written - notes + lost, lines);
	close(fds[0]);
}

/* The pipe's other users keep their way of writing. */
static void
the_description_of_others_stays_blocking(void **state)
{
	int fds[2], other;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	other = dup(fds[1]);
	capture(fds[1]);
	fds[1] = fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK;
	release();
	assert_true(fds[1] != 0);
	assert_true((fcntl(other, F_GETFL) & O_NONBLOCK) == 0);
	close(other);
	close(fds[0]);
}

static void
nobody_at_the_other_end_is_survived(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	close(fds[0]);
	capture(fds[1]);
	for (unsigned i = 0; i < 10; i++)
		logger_info("m", NULL);
	release();
	/* What was lost is told to who comes next. */
	assert_int_equal(pipe(fds), 0);
	capture(fds[1]);
	logger_info("m", NULL);
	release();
	assert_non_null(strstr(hear(fds[0]), "lines=10\n"));
	close(fds[0]);
}

static void
foreign_bytes_are_escaped(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *escaped;
	} cases[] = {
		{ "", 0, "\"\"" },
		{ "plain text", 10, "\"plain text\"" },
		{ "a\nb", 3, "\"a\\x0ab\"" },
		{ "a\0b", 3, "\"a\\x00b\"" },
		{ "\"\\", 2, "\"\\x22\\x5c\"" },
		{ "\x1b[m\x7f", 4, "\"\\x1b[m\\x7f\"" },
		{ "\xc3\xa4\xff", 3, "\"\\xc3\\xa4\\xff\"" },
	};
	char out[256], text[64];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(logger_escape(cases[i].bytes,
		    cases[i].len, out, sizeof(out)), cases[i].escaped);
	/* Cut to fit, and closed. */
	for (unsigned kind = 0; kind < 2; kind++) {
		memset(text, kind == 0 ? 'x' : '\n', sizeof(text));
		for (size_t size = 8; size < 300 && size < sizeof(out);
		    size++) {
			memset(out, '#', sizeof(out));
			assert_ptr_equal(logger_escape(text, sizeof(text),
			    out, size), out);
			len = strlen(out);
			assert_true(len < size);
			assert_int_equal(out[0], '"');
			assert_int_equal(out[len - 1], '"');
			assert_true(size == sizeof(out) - 1 ||
			    out[size] == '#');
			assert_true(kind == 0 || (len - 2) % 4 == 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_a_line),
		cmocka_unit_test(the_level_decides),
		cmocka_unit_test(a_long_line_is_cut_and_ends),
		cmocka_unit_test(a_full_pipe_costs_lines_and_no_time),
		cmocka_unit_test(a_full_socket_costs_lines_and_no_time),
		cmocka_unit_test(losses_are_counted_again_and_again),
		cmocka_unit_test(the_description_of_others_stays_blocking),
		cmocka_unit_test(nobody_at_the_other_end_is_survived),
		cmocka_unit_test(foreign_bytes_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
