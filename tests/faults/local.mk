# Faults: a crowd that talks, a judge of what it heard, a script for each
# thing that happens to the server meanwhile.

check_PROGRAMS += tests/faults/crowd
tests_faults_crowd_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_faults_crowd_LDADD = libbench.a $(DEPS_LIBS)
tests_faults_crowd_SOURCES = \
	tests/faults/cast.c \
	tests/faults/cast.h \
	tests/faults/crowd.c \
	tests/faults/options.c \
	tests/faults/options.h

# The server with a broker that one text kills.
check_PROGRAMS += tests/faults/frail
tests_faults_frail_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=hub_say
tests_faults_frail_LDADD = $(wschatd_LDADD)
tests_faults_frail_SOURCES = src/wschatd.c tests/faults/frail.c

# The server with a worker that has turned against it.
check_PROGRAMS += tests/faults/hostile
tests_faults_hostile_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=worker_main
tests_faults_hostile_LDADD = $(wschatd_LDADD)
tests_faults_hostile_SOURCES = src/wschatd.c tests/faults/hostile.c

# Loaded into a server by LD_PRELOAD; no program links them: what a socket and
# a clock give, calls that come late, and allocations that fail.
check_DATA = tests/faults/fate.so tests/faults/late.so tests/faults/scarce.so
CLEANFILES += $(check_DATA)
tests/faults/fate.so: tests/faults/fate.c
	@$(MKDIR_P) tests/faults
	$(AM_V_CC)$(CC) $(DEFS) $(DEFAULT_INCLUDES) $(CPPFLAGS) $(AM_CFLAGS) \
	    -O2 -shared -fPIC -o $@ $(srcdir)/tests/faults/fate.c
tests/faults/late.so: tests/faults/late.c
	@$(MKDIR_P) tests/faults
	$(AM_V_CC)$(CC) $(DEFS) $(DEFAULT_INCLUDES) $(CPPFLAGS) $(AM_CFLAGS) \
	    -O2 -shared -fPIC -o $@ $(srcdir)/tests/faults/late.c
tests/faults/scarce.so: tests/faults/scarce.c
	@$(MKDIR_P) tests/faults
	$(AM_V_CC)$(CC) -std=gnu11 -O2 -g -Wall -Wextra -shared -fPIC -o $@ \
	    $(srcdir)/tests/faults/scarce.c -ldl

EXTRA_DIST += \
	tests/faults/README.md \
	tests/faults/acts.py \
	tests/faults/all \
	tests/faults/allocations.py \
	tests/faults/crashing_request.py \
	tests/faults/scarce.c \
	tests/faults/scarcity.py \
	tests/faults/tour.py \
	tests/faults/all_come_back.py \
	tests/faults/all_workers_killed.py \
	tests/faults/arena.py \
	tests/faults/broker_hangs.py \
	tests/faults/broker_killed.py \
	tests/faults/child_dies.py \
	tests/faults/churn.py \
	tests/faults/clock_jumps.py \
	tests/faults/connect_flood.py \
	tests/faults/fate.c \
	tests/faults/hostile_worker.py \
	tests/faults/judge.py \
	tests/faults/late.c \
	tests/faults/log_lines.py \
	tests/faults/log_pipe.py \
	tests/faults/memory_ceiling.py \
	tests/faults/no_descriptors.py \
	tests/faults/one_byte.py \
	tests/faults/parent_killed.py \
	tests/faults/publisher.py \
	tests/faults/resets.py \
	tests/faults/room_short.py \
	tests/faults/selftest.py \
	tests/faults/slow_handshakes.py \
	tests/faults/stalled_readers.py \
	tests/faults/unread_pings.py \
	tests/faults/system_calls.py \
	tests/faults/vanished.py \
	tests/faults/worker_hangs.py \
	tests/faults/worker_killed.py

# Each row once, or those of ROWS; a line of figures each.
.PHONY: check-faults
check-faults: wschatd$(EXEEXT) wschatctl$(EXEEXT) \
	tests/faults/crowd$(EXEEXT) \
	tests/faults/frail$(EXEEXT) tests/faults/hostile$(EXEEXT) \
	tests/faults/fate.so tests/faults/scarce.so
	WSCHATD='$(abs_top_builddir)/wschatd' \
	    CROWD='$(abs_top_builddir)/tests/faults/crowd' \
	    $(top_srcdir)/tests/faults/all $(ROWS)
