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
	WSCHATD=$WSCHATD timeout -k 2 60 "$PYTHON" \
		"$TESTS/faults/$1.py" --short "${@:2}" 3>&-
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
	row connect_flood
}
