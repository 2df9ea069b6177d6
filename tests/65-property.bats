#!/usr/bin/env bats
# Many clients do at random what people do, on a server whose processes are
# killed at random; what they all saw must fit together.  This is a small one:
# make check-property plays for longer.

load lib/common

@test "the checks find each fault that is put into a faultless trace" {
	python "$TESTS/property/selftest.py"
}

@test "fifty people, and workers and the broker killed at random" {
	CONFIG=$TESTS/property/wschatd.conf
	start_server -o "site = \"$SITE\""
	python "$TESTS/property/run.py" --seconds 8 --kill-gap 0.8 \
		--trace "$DIR/log-trace"
}
