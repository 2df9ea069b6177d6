/*
 * sandbox - what a child gives up before it serves.
 *
 * Runs in broker and workers, once.  The list holds what libevent's loop,
 * sockets that are already open, memory, clocks and an orderly or disorderly
 * end need.
 */
#include "config.h"

#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/die.h"

void
privilege_drop(const char *user)
{
	struct passwd *entry;

	if (geteuid() == 0) {
		errno = 0;
		entry = getpwnam(user);
		if (entry == NULL)
			die(EX_NOUSER, "user \"%s\"", user);
		errno = 0;
		if (entry->pw_uid == 0)
			die(EX_CONFIG, "user \"%s\" is root", user);
		if (initgroups(user, entry->pw_gid) < 0 ||
		    setresgid(entry->pw_gid, entry->pw_gid,
		    entry->pw_gid) < 0 ||
		    setresuid(entry->pw_uid, entry->pw_uid,
		    entry->pw_uid) < 0)
			die(EX_OSERR, "user \"%s\"", user);
		errno = 0;
		if (setuid(0) == 0 || geteuid() == 0)
			die(EX_OSERR, "root cannot be given up");
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		die(EX_OSERR, "PR_SET_NO_NEW_PRIVS");
}

static void
must(int result, const char *what)
{
	if (result >= 0)
		return;
	errno = -result;
	die(EX_OSERR, "seccomp: %s", what);
}

/* An unknown call on this architecture is none that we need. */
static void
add_all(scmp_filter_ctx filter, uint32_t action, const char *const *names)
{
	for (; *names != NULL; names++) {
		int call = seccomp_syscall_resolve_name(*names);

		if (call != __NR_SCMP_ERROR)
			must(seccomp_rule_add(filter, action, call, 0),
			    *names);
	}
}

#ifndef WSCHATD_SANITIZE

static const char *const both[] = {
	/* descriptors that are there already */
	"read", "readv", "recvmsg", "recvfrom", "recv", "recvmmsg",
	"write", "writev", "sendmsg", "sendto", "send", "sendmmsg",
	"close", "shutdown", "lseek", "fstat", "fstat64", "dup", "dup2",
	"dup3", "getsockopt", "setsockopt", "getsockname", "getpeername",
	/* the loop */
	"epoll_create1", "epoll_create", "epoll_ctl", "epoll_wait",
	"epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select",
	"pselect6", "eventfd2", "pipe2", "timerfd_create",
	"timerfd_settime",
	/* memory; mmap and mprotect have rules of their own */
	"munmap", "mremap", "brk", "madvise",
	/* clocks */
	"clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep",
	"gettimeofday", "time",
	/* itself */
	"getpid", "getppid", "gettid", "getuid", "geteuid", "getgid",
	"getegid", "getrandom", "sched_yield", "sched_getaffinity",
	"getcpu", "getrusage", "getrlimit", "uname", "sysinfo", "futex",
	"membarrier", "rseq", "set_robust_list",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn",
	"sigaltstack", "restart_syscall", "exit", "exit_group",
	NULL
};

static const char *const broker_only[] = {
	"ftruncate", "ftruncate64", "fallocate", "pread64", "pwrite64", NULL
};

/* A call is allowed when its argument number `arg`, under `mask`, is
 * `value`. */
static void
allow_if(scmp_filter_ctx filter, const char *name, unsigned arg,
    uint64_t mask, uint64_t value)
{
	struct scmp_arg_cmp compare = SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ,
	    mask, value);
	int call = seccomp_syscall_resolve_name(name);

	if (call != __NR_SCMP_ERROR)
		must(seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1,
		    &compare), name);
}

static void
fill_filter(scmp_filter_ctx filter, enum sandbox_kind kind)
{
	/* Not the commands by which a descriptor sends signals. */
	static const int fcntls[] = {
		F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC,
		F_GET_SEALS
	};
	const uint64_t all = UINT32_MAX;
	size_t i;

	add_all(filter, SCMP_ACT_ALLOW, both);
	if (kind == SANDBOX_BROKER) {
		add_all(filter, SCMP_ACT_ALLOW, broker_only);
		/* wschatctl's socket is no client's. */
		allow_if(filter, "accept4", 0, all, CHANNEL_CONTROL);
	}

	/* Memory that can be written never becomes code. */
	allow_if(filter, "mmap", 2, PROT_EXEC, 0);
	allow_if(filter, "mmap2", 2, PROT_EXEC, 0);
	allow_if(filter, "mprotect", 2, PROT_EXEC, 0);
	for (i = 0; i < sizeof(fcntls) / sizeof(fcntls[0]); i++) {
		allow_if(filter, "fcntl", 1, all, (uint64_t)fcntls[i]);
		allow_if(filter, "fcntl64", 1, all, (uint64_t)fcntls[i]);
	}
	/* fstat of newer C libraries; the path of others is empty or not
	 * there to be opened anyway. */
	allow_if(filter, "newfstatat", 3, AT_EMPTY_PATH, AT_EMPTY_PATH);
	allow_if(filter, "prctl", 0, all, PR_SET_NAME);
	allow_if(filter, "prctl", 0, all, PR_GET_DUMPABLE);
	/* Reading limits, of itself, and abort(). */
	allow_if(filter, "prlimit64", 2, UINT64_MAX, 0);
	allow_if(filter, "tgkill", 0, all, (uint64_t)getpid());
}

#define DEFAULT_ACTION	SCMP_ACT_ERRNO(EPERM)

#else /* WSCHATD_SANITIZE */

static const char *const denied[] = {
	"openat2", "creat", "chmod", "fchmod", "fchmodat", "fchmodat2",
	"pidfd_getfd", "process_vm_readv", "process_vm_writev",
	"process_madvise", "execve", "execveat", "socket", "connect",
	"bind", "listen", "accept", NULL
};

static void
deny_writing(scmp_filter_ctx filter, const char *name, unsigned arg)
{
	static const uint64_t modes[] = { O_WRONLY, O_RDWR };
	size_t i;

	for (i = 0; i < 2; i++) {
		struct scmp_arg_cmp compare = SCMP_CMP64(arg,
		    SCMP_CMP_MASKED_EQ, O_ACCMODE, modes[i]);
		int call = seccomp_syscall_resolve_name(name);

		if (call != __NR_SCMP_ERROR)
			must(seccomp_rule_add_array(filter,
			    SCMP_ACT_ERRNO(EPERM), call, 1, &compare), name);
	}
}

/* The broker may accept from wschatctl's socket. */
static void
deny_accepting(scmp_filter_ctx filter, enum sandbox_kind kind)
{
	const struct scmp_arg_cmp other = {
		.op = SCMP_CMP_NE, .datum_a = CHANNEL_CONTROL
	};

	must(seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM),
	    SCMP_SYS(accept4), kind == SANDBOX_BROKER ? 1 : 0, &other),
	    "accept4");
}

static void
fill_filter(scmp_filter_ctx filter, enum sandbox_kind kind)
{
	deny_accepting(filter, kind);
	add_all(filter, SCMP_ACT_ERRNO(EPERM), denied);
	deny_writing(filter, "open", 1);
	deny_writing(filter, "openat", 2);
}

#define DEFAULT_ACTION	SCMP_ACT_ALLOW

#endif

void
sandbox_enter(enum sandbox_kind kind)
{
	scmp_filter_ctx filter;

#ifndef WSCHATD_SANITIZE
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		die(EX_OSERR, "PR_SET_DUMPABLE");
#endif
	filter = seccomp_init(DEFAULT_ACTION);
	if (filter == NULL)
		die(EX_OSERR, "seccomp");
	fill_filter(filter, kind);
	must(seccomp_load(filter), "load");
	seccomp_release(filter);
}
