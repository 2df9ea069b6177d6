/* sandbox: what a child cannot do any more, tried in a child. */
#include "config.h"

#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/channel.h"

#define SIZE	4096

/* As the log's: mode 0400, and a description that only reads. */
static int log_fd, reader_fd;
static char victim_word = 'v';

/* In the child: a line of a check that does not hold ends it. */
#define CHECK(condition)						\
	do {								\
		if (!(condition)) {					\
			fprintf(stderr, "line %d: %s (errno %d)\n",	\
			    __LINE__, #condition, errno);		\
			_exit(1);					\
		}							\
	} while (0)

#define DENIED(call)							\
	do {								\
		errno = 0;						\
		CHECK((call) == -1 && errno == EPERM);			\
	} while (0)

static int
setup(void **state)
{
	char path[64];

	(void)state;
	log_fd = memfd_create("log", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (log_fd < 0 || ftruncate(log_fd, SIZE) < 0 ||
	    fchmod(log_fd, 0400) < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", log_fd);
	reader_fd = open(path, O_RDONLY | O_CLOEXEC);
	return reader_fd < 0 ? -1 : 0;
}

static void
run_in_child(void (*body)(enum sandbox_kind), enum sandbox_kind kind)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(20);
		body(kind);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("the child's status is %#x", status);
}

/* Without the filter, the attack works: this is what it is for. */
static void
attack_without_sandbox(enum sandbox_kind kind)
{
	char path[64];
	int fd;

	(void)kind;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", reader_fd);
	CHECK(fchmod(reader_fd, 0700) == 0);
	fd = open(path, O_RDWR);
	CHECK(fd >= 0);
	CHECK(pwrite(fd, "x", 1, 0) == 1);
	CHECK(fchmod(reader_fd, 0400) == 0);
}

static void
attack(enum sandbox_kind kind)
{
	struct iovec local = { &victim_word, 1 };
	struct iovec remote = { &victim_word, 1 };
	pid_t victim = getppid();
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", reader_fd);
	sandbox_enter(kind);
	DENIED(open(path, O_RDWR));
	DENIED(open(path, O_WRONLY));
	DENIED(openat(AT_FDCWD, path, O_RDWR));
	DENIED(syscall(SYS_openat2, AT_FDCWD, path, NULL, 0));
	DENIED(creat(path, 0600));
	DENIED(fchmod(reader_fd, 0700));
	DENIED(chmod(path, 0700));
	DENIED(fchmodat(AT_FDCWD, path, 0700, 0));
	DENIED(syscall(SYS_pidfd_getfd, 0, 0, 0));
	DENIED(process_vm_writev(victim, &local, 1, &remote, 1, 0));
	DENIED(process_vm_readv(victim, &local, 1, &remote, 1, 0));
	DENIED(socket(AF_INET, SOCK_STREAM, 0));
	DENIED(connect(0, NULL, 0));
	DENIED(accept4(0, NULL, NULL, 0));
	/* The broker may, from the one listener it has. */
	CHECK(accept4(CHANNEL_CONTROL, NULL, NULL, 0) == -1 &&
	    (errno == EPERM) == (kind != SANDBOX_BROKER));
	DENIED(execl("/bin/true", "true", NULL));
	CHECK(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, reader_fd,
	    0) == MAP_FAILED && errno == EACCES);
#ifndef WSCHATD_SANITIZE
	DENIED(open("/etc/passwd", O_RDONLY));
	DENIED(ptrace(PTRACE_ATTACH, victim, NULL, NULL));
	DENIED(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	DENIED(syscall(SYS_pidfd_open, victim, 0));
	DENIED(kill(victim, 0));
	DENIED(syscall(SYS_tgkill, victim, victim, 0));
	DENIED(syscall(SYS_fork));
	DENIED(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
	DENIED(fcntl(reader_fd, F_SETOWN, victim));
	DENIED(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	DENIED(memfd_create("x", 0));
	DENIED(unlink("/nonexistent"));
	DENIED(mount("", "", "", 0, NULL));
	CHECK(mmap(NULL, SIZE, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
	    errno == EPERM);
	CHECK(prctl(PR_GET_DUMPABLE) == 0);
#endif
}

static void
attack_by_making_code(enum sandbox_kind kind)
{
#ifndef WSCHATD_SANITIZE
	void *page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(page != MAP_FAILED);
	sandbox_enter(kind);
	DENIED(mprotect(page, SIZE, PROT_READ | PROT_EXEC));
	CHECK(mprotect(page, SIZE, PROT_READ) == 0);
#else
	(void)kind;
#endif
}

/* The working day of a child. */
static void
work(enum sandbox_kind kind)
{
	struct epoll_event event = { .events = EPOLLIN };
	int pair[2], epoll, passed = -1;
	char bytes[16], control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { bytes, sizeof(bytes) };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *cmsg = (struct cmsghdr *)control;
	struct timespec now;
	struct stat st;
	void *memory;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	sandbox_enter(kind);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &reader_fd, sizeof(int));
	CHECK(sendmsg(pair[0], &message, MSG_NOSIGNAL) == sizeof(bytes));
	epoll = epoll_create1(EPOLL_CLOEXEC);
	CHECK(epoll >= 0);
	CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, pair[1], &event) == 0);
	CHECK(epoll_wait(epoll, &event, 1, 1000) == 1);
	CHECK(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC) == sizeof(bytes));
	memcpy(&passed, CMSG_DATA(cmsg), sizeof(int));
	CHECK(passed >= 0 && fstat(passed, &st) == 0 && st.st_size == SIZE);
	CHECK(fcntl(passed, F_DUPFD_CLOEXEC, 0) >= 0);
	CHECK(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, passed, 0) !=
	    MAP_FAILED);
	memory = malloc(10 << 20);
	CHECK(memory != NULL);
	memset(memory, 1, 10 << 20);
	memory = realloc(memory, 30 << 20);
	CHECK(memory != NULL);
	free(memory);
	CHECK(syscall(SYS_clock_gettime, CLOCK_REALTIME, &now) == 0);
	CHECK(shutdown(pair[0], SHUT_WR) == 0 && close(pair[0]) == 0);
	if (kind == SANDBOX_BROKER) {
		CHECK(ftruncate(log_fd, 2 * SIZE) == 0);
		CHECK(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		    log_fd, 0) != MAP_FAILED);
		CHECK(ftruncate(log_fd, SIZE) == 0);
	}
#ifndef WSCHATD_SANITIZE
	else
		DENIED(ftruncate(log_fd, SIZE));
#endif
	CHECK(signal(SIGABRT, SIG_IGN) != SIG_ERR);
	CHECK(raise(SIGABRT) == 0);
}

static void
drop(enum sandbox_kind kind)
{
	(void)kind;
	privilege_drop("nobody");
	CHECK(getuid() != 0 && geteuid() != 0 && getgid() != 0);
	CHECK(getgroups(0, NULL) <= 1);
	CHECK(setuid(0) == -1 && setgid(0) == -1);
	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
}

static void
drop_nothing(enum sandbox_kind kind)
{
	uid_t uid = getuid();

	(void)kind;
	privilege_drop("nobody");
	CHECK(getuid() == uid);
	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
}

static void
the_attack_works_without_a_sandbox(void **state)
{
	(void)state;
	run_in_child(attack_without_sandbox, SANDBOX_WORKER);
}

static void
a_worker_cannot_write_the_log_or_touch_others(void **state)
{
	(void)state;
	run_in_child(attack, SANDBOX_WORKER);
	run_in_child(attack_by_making_code, SANDBOX_WORKER);
}

static void
a_broker_cannot_either(void **state)
{
	(void)state;
	run_in_child(attack, SANDBOX_BROKER);
	run_in_child(attack_by_making_code, SANDBOX_BROKER);
}

static void
both_can_work(void **state)
{
	(void)state;
	run_in_child(work, SANDBOX_WORKER);
	run_in_child(work, SANDBOX_BROKER);
}

static void
root_is_given_up(void **state)
{
	(void)state;
	run_in_child(geteuid() == 0 ? drop : drop_nothing, SANDBOX_WORKER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_attack_works_without_a_sandbox),
		cmocka_unit_test(a_worker_cannot_write_the_log_or_touch_others),
		cmocka_unit_test(a_broker_cannot_either),
		cmocka_unit_test(both_can_work),
		cmocka_unit_test(root_is_given_up),
	};
	const char *preload = getenv("LD_PRELOAD");

	/* valgrind lives in the process and makes code all the time. */
	if (preload != NULL && strstr(preload, "valgrind") != NULL)
		return 77;
	return cmocka_run_group_tests(tests, setup, NULL);
}
