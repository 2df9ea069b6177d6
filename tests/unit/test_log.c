/*
 * test_log - the memory file: form, mapping, receipts, and what a reader's
 * descriptor must not allow.
 */
#include "config.h"

#include "log/log.h"

#include "log_fixture.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FILE_SIZE	(LOG_RING_AT + LOG_SIZE_MIN)
#define NOBODY		65534

static void
a_new_log_is_empty_and_has_an_epoch(void **state)
{
	struct log *log = fixture_log(NULL), *other = fixture_log(NULL);

	(void)state;
	assert_true(log_ring_size(log) == LOG_SIZE_MIN);
	assert_true(log_first(log) == 0 && log_committed(log) == 0);
	assert_true(log_header(log)->magic == LOG_MAGIC);
	assert_memory_not_equal(log_header(log)->epoch,
	    log_header(other)->epoch, 16);
	log_unmap(log);
	log_unmap(other);
	log_unmap(NULL);
}

static void
an_impossible_ring_size_is_refused(void **state)
{
	static const uint64_t sizes[] = {
		0, 4096, LOG_SIZE_MIN - 1, LOG_SIZE_MIN + 4096,
		LOG_SIZE_MIN * 3, LOG_SIZE_MAX * 2, UINT64_MAX
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		errno = 0;
		assert_int_equal(log_create(sizes[i]), -1);
		assert_int_equal(errno, EINVAL);
	}
}

static void
the_ring_is_mapped_twice_back_to_back(void **state)
{
	struct log *log = fixture_log(NULL);
	uint8_t *ring = log_at(log, 0);

	(void)state;
	assert_ptr_equal(ring, (uint8_t *)log_header(log) + LOG_RING_AT);
	assert_ptr_equal(log_at(log, 5 * LOG_SIZE_MIN + 24), ring + 24);
	assert_ptr_equal(log_at(log, LOG_SIZE_MIN - 8),
	    ring + LOG_SIZE_MIN - 8);
	memcpy(log_at(log, LOG_SIZE_MIN - 4), "12345678", 8);
	assert_memory_equal(ring, "5678", 4);
	memset(ring + 2 * LOG_SIZE_MIN - 1, 'x', 1);
	assert_int_equal(ring[LOG_SIZE_MIN - 1], 'x');
	log_unmap(log);
}

/* Makes a file that is a log but for one thing. */
static int
make_file(off_t size, int seals, const struct log_header *header)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	assert_true(pwrite(fd, header, sizeof(*header), 0) > 0);
	assert_int_equal(ftruncate(fd, size), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static bool
is_mapped(off_t size, int seals, const struct log_header *header)
{
	int fd = make_file(size, seals, header);
	struct log *log;

	errno = 0;
	log = log_map(fd, true);
	if (log == NULL)
		assert_int_equal(errno, EPROTO);
	close(fd);
	log_unmap(log);
	return log != NULL;
}

static void
what_is_no_log_of_this_layout_is_not_mapped(void **state)
{
	const int seals = F_SEAL_GROW | F_SEAL_SHRINK;
	static const off_t sizes[] = {
		0, 1, 4096, LOG_RING_AT, LOG_SIZE_MIN, FILE_SIZE - 4096,
		FILE_SIZE - 1, FILE_SIZE + 1, FILE_SIZE + 4096,
		FILE_SIZE + LOG_SIZE_MIN
	};
	struct log_header header, wrong;
	int pipes[2], fd = log_create(LOG_SIZE_MIN);
	size_t i;

	(void)state;
	assert_true(pread(fd, &header, sizeof(header), 0) ==
	    (ssize_t)sizeof(header));
	close(fd);
	assert_true(is_mapped(FILE_SIZE, seals, &header));
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		assert_false(is_mapped(sizes[i], seals, &header));
	assert_false(is_mapped(FILE_SIZE, F_SEAL_GROW, &header));
	assert_false(is_mapped(FILE_SIZE, F_SEAL_SHRINK, &header));
#define WRONG(field, value)						\
	wrong = header;							\
	wrong.field = value;						\
	assert_false(is_mapped(FILE_SIZE, seals, &wrong))
	WRONG(magic, 0);
	WRONG(layout, LOG_LAYOUT + 1);
	WRONG(header_size, 0);
	WRONG(ring_size, LOG_SIZE_MIN * 2);
	WRONG(ring_size, LOG_SIZE_MIN - 1);
	WRONG(ring_size, 0);
	WRONG(ring_size, UINT64_MAX);
	WRONG(ring_size, UINT64_C(1) << 63);
	assert_int_equal(pipe(pipes), 0);
	assert_null(log_map(pipes[0], false));
	assert_int_equal(errno, EPROTO);
	close(pipes[0]);
	close(pipes[1]);
	assert_null(log_map(-1, false));
}

static void
the_file_cannot_change_its_size_or_its_seals(void **state)
{
	int fd = log_create(LOG_SIZE_MIN);

	(void)state;
	assert_int_equal(ftruncate(fd, FILE_SIZE - 4096), -1);
	assert_int_equal(ftruncate(fd, FILE_SIZE + 4096), -1);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(fcntl(fd, F_GET_SEALS),
	    F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
	close(fd);
}

/* Opens what a descriptor means a second time, for writing; -1 or errno. */
static int
reopen(int fd)
{
	char path[64];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDWR);
	if (again == -1)
		return errno;
	close(again);
	return -1;
}

/* In a process that has the reader's descriptor and no rights. */
static void
reader_try(int fd)
{
	int bad = 0;

	bad |= reopen(fd) != EACCES;
	if (getuid() == NOBODY) {
		bad |= (fchmod(fd, 0600) != -1) << 1;
		bad |= (fchown(fd, NOBODY, NOBODY) != -1) << 2;
	}
	bad |= (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) != -1) << 3;
	_exit(bad);
}

static void
a_readers_descriptor_does_not_allow_writing(void **state)
{
	int fd = log_create(LOG_SIZE_MIN), reader = log_open_readonly(fd);
	struct stat st;
	struct log *log;
	pid_t pid;

	(void)state;
	assert_true(reader >= 0);
	assert_int_equal(fcntl(reader, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_true(fcntl(reader, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fstat(reader, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0400);

	errno = 0;
	assert_true(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
	    reader, 0) == MAP_FAILED);
	assert_int_equal(errno, EACCES);
	assert_null(log_map(reader, true));
	assert_int_equal(errno, EACCES);
	assert_int_equal(write(reader, "x", 1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(pwrite(reader, "x", 1, 0), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(ftruncate(reader, FILE_SIZE), -1);
	assert_int_equal(ftruncate(reader, 0), -1);
	assert_int_equal(fallocate(reader, FALLOC_FL_PUNCH_HOLE |
	    FALLOC_FL_KEEP_SIZE, 0, 4096), -1);
	assert_int_equal(fcntl(reader, F_ADD_SEALS, 0), -1);
	assert_int_equal(errno, EPERM);

	log = log_map(reader, false);
	assert_non_null(log);
	assert_int_equal(mprotect(log_header(log), 4096,
	    PROT_READ | PROT_WRITE), -1);
	assert_int_equal(errno, EACCES);
	assert_int_equal(mprotect(log_at(log, 0), 2 * LOG_SIZE_MIN,
	    PROT_READ | PROT_WRITE), -1);
	log_unmap(log);

	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (getuid() == 0 &&
		    (setresgid(NOBODY, NOBODY, NOBODY) == -1 ||
		    setresuid(NOBODY, NOBODY, NOBODY) == -1))
			_exit(99);
		reader_try(reader);
	}
	fixture_wait(pid);
	close(reader);
	close(fd);
}

static void
a_reader_sees_what_the_writer_stores(void **state)
{
	int fd, reader;
	struct log *log = fixture_log(&fd), *seen;

	(void)state;
	reader = log_open_readonly(fd);
	seen = log_map(reader, false);
	assert_non_null(seen);
	close(reader);
	close(fd);
	memcpy(log_at(log, 4096), "seen", 4);
	atomic_store(&log_header(log)->first, 16);
	atomic_store(&log_header(log)->committed, 4104);
	assert_true(log_first(seen) == 16 && log_committed(seen) == 4104);
	assert_memory_equal(log_at(seen, 4096 + LOG_SIZE_MIN), "seen", 4);
	log_unmap(seen);
	log_unmap(log);
}

static void
a_receipt_belongs_to_one_generation(void **state)
{
	struct log *log = fixture_log(NULL);

	(void)state;
	assert_true(log_receipt_load(log, 0, 5) == 0);
	log_receipt_store(log, 0, 5, 10);
	log_receipt_store(log, LOG_RECEIPTS - 1, 6, 20);
	assert_true(log_receipt_load(log, 0, 5) == 10);
	assert_true(log_receipt_load(log, 0, 6) == 0);
	assert_true(log_receipt_load(log, LOG_RECEIPTS - 1, 6) == 20);
	log_receipt_store(log, 0, 5, 11);
	assert_true(log_receipt_load(log, 0, 5) == 11);
	log_receipt_store(log, 0, 7, 1);
	assert_true(log_receipt_load(log, 0, 5) == 0);
	assert_true(log_receipt_load(log, 0, 7) == 1);
	assert_ptr_equal((uint8_t *)log_receipt(log, 1),
	    (uint8_t *)log_header(log) + LOG_RECEIPTS_AT + 64);
	log_unmap(log);
}

/* Whatever step it dies at, a row says 0 or what one generation reached. */
static void
a_writer_may_die_within_a_receipt(void **state)
{
	struct log *log = fixture_log(NULL);
	uint64_t new, old;
	unsigned long n, total;
	pid_t pid;

	(void)state;
	fixture_die_at(0);
	log_receipt_store(log, 1, 8, 100);
	total = fixture_steps();
	assert_true(total >= 2);
	for (n = 1; n <= total; n++) {
		log_receipt_store(log, 1, 7, 1000);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			fixture_die_at(n);
			log_receipt_store(log, 1, 8, 100);
			_exit(1);
		}
		fixture_wait(pid);
		old = log_receipt_load(log, 1, 7);
		new = log_receipt_load(log, 1, 8);
		assert_true(old == 0 || old == 1000);
		assert_true(new == 0 || new == 100);
		assert_true(old == 0 || new == 0);
		log_receipt_store(log, 1, 8, 101);
		assert_true(log_receipt_load(log, 1, 8) == 101);
	}
	log_unmap(log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_log_is_empty_and_has_an_epoch),
		cmocka_unit_test(an_impossible_ring_size_is_refused),
		cmocka_unit_test(the_ring_is_mapped_twice_back_to_back),
		cmocka_unit_test(what_is_no_log_of_this_layout_is_not_mapped),
		cmocka_unit_test(the_file_cannot_change_its_size_or_its_seals),
		cmocka_unit_test(a_readers_descriptor_does_not_allow_writing),
		cmocka_unit_test(a_reader_sees_what_the_writer_stores),
		cmocka_unit_test(a_receipt_belongs_to_one_generation),
		cmocka_unit_test(a_writer_may_die_within_a_receipt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
