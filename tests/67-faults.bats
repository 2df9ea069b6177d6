#!/usr/bin/env bats
# A crowd talks while processes die, and nothing is lost.  These are samples:
# make check-faults does all, and judges times as well.

load lib/common

setup_file()
{
	: "${top_builddir:=$(cd "$BATS_TEST_DIRNAME/../build" && pwd)}"
	export CROWD=$top_builddir/tests/faults/crowd
}

# row NAME ARGS...: a row's sample.
row()
{
	[[ -x $CROWD ]] || skip "make check builds tests/faults/crowd"
	WSCHATD=$WSCHATD timeout -k 2 200 "$PYTHON" \
		"$TESTS/faults/$1.py" --short "${@:2}" 3>&-
}

# strace may attach to the server's processes.
need_strace()
{
	command -v strace >/dev/null || skip "strace is not installed"
	sanitized && skip "too slow under strace"
	sleep 30 3>&- &
	local pid=$!

	strace -q -o /dev/null -p "$pid" 2>/dev/null 3>&- &
	local tracer=$! seen=no

	for _ in {1..100}; do
		grep -q '^TracerPid:[[:space:]]*[1-9]' "/proc/$pid/status" &&
			seen=yes && break
		sleep 0.02
	done
	kill "$tracer" "$pid"
	wait "$tracer" "$pid" 2>/dev/null || true
	[[ $seen == yes && $(id -u) == 0 ]] || skip "strace cannot attach"
}

@test "the judge finds each fault that is put into a faultless trace" {
	python "$TESTS/faults/selftest.py"
}

@test "workers die under a crowd, and nobody else notices" {
	row worker_killed
}

@test "the broker dies under a crowd, and nobody notices" {
	row broker_killed
}

@test "all workers die at once under a crowd, and no connect is refused" {
	row all_workers_killed
}

# One visitor was told with each rest: fifty who waited kept others waiting
# for the better part of a minute.
@test "out of descriptors, all who wait are refused and those inside talk on" {
	row no_descriptors
}

@test "readers that stall below a ceiling of memory go, and nobody else" {
	sanitized && skip "the sanitizers take more address space than that"
	row memory_ceiling
}

@test "who stops reading is closed by the backlog rule, and memory is bounded" {
	row stalled_readers
}

@test "a publisher at full speed waits, and several have the same share" {
	row publisher
}

@test "pings whose pongs nobody reads cost no memory" {
	row unread_pings
}

@test "connects at full rate from one address keep no honest one out" {
	sanitized && skip "the sanitizers keep what was freed"
	row connect_flood
}

# A hash that could not be made was taken for a forged request, and cost the
# worker; a name whose key could not be made was held for ever; the parser
# ended the parent on a reload.
@test "allocations that fail cost one connection at most, and nothing leaks" {
	sanitized && skip "the sanitizers bring an allocator of their own"
	row allocations
}

# All clients of the worker were closed.
@test "a room for whose turn there is no memory gets it, and no other notices" {
	sanitized && skip "the sanitizers bring an allocator of their own"
	row room_short
}

# All that was out when the broker died was suspected, not what it died of.
@test "a request that crashes the broker is given up, and it alone" {
	export FRAIL=$top_builddir/tests/faults/frail
	[[ -x $FRAIL ]] || skip "make check builds tests/faults/frail"
	row crashing_request
}

@test "a worker that turns against the server harms nobody" {
	export HOSTILE_SERVER=$top_builddir/tests/faults/hostile
	[[ -x $HOSTILE_SERVER ]] || skip "make check builds tests/faults/hostile"
	row hostile_worker
}

# For one call that failed a broker was never replaced, a listener accepted
# nobody any more, a worker ended with all its clients.
@test "system calls that fail cost one connection at most" {
	need_strace
	row system_calls
}

@test "lines of the log that cannot be written are counted" {
	need_strace
	row log_lines
}
