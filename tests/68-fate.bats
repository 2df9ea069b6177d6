#!/usr/bin/env bats
# A crowd talks while its server meets what befalls it from within: a clock
# that jumps, children that die at every start, a byte at a time.  Samples, as
# in 67-faults.bats.

load lib/common

setup_file()
{
	: "${top_builddir:=$(cd "$BATS_TEST_DIRNAME/../build" && pwd)}"
	export CROWD=$top_builddir/tests/faults/crowd
}

# row NAME ARGS...: a row's sample.
row()
{
	[[ -x $CROWD && -e ${CROWD%/*}/fate.so ]] ||
		skip "make check builds tests/faults/crowd and fate.so"
	# A sanitizer's library would have to be loaded before fate.so.
	if [[ $1 != churn ]] && grep -q __asan_init "$WSCHATD"; then
		skip "built with a sanitizer"
	fi
	WSCHATD=$WSCHATD timeout -k 2 200 "$PYTHON" \
		"$TESTS/faults/$1.py" --short "${@:2}" 3>&-
}

# An id was forgotten when the clock was set forward: what was said again was
# said twice.
@test "the wall clock is moved by years, and no timer and no id notices" {
	row clock_jumps
}

@test "a child that dies at every start is back when it is mended" {
	row child_dies
}

@test "all is heard when each read and write is of one byte" {
	row one_byte
}

@test "connections that come and go leave no descriptor behind" {
	row churn
}
