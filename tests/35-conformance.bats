#!/usr/bin/env bats
# WebSocket to the letter: the cases of tests/conformance, the quick ones all,
# a sample of the long ones (make check-conformance plays them all).

load lib/common

setup_file()
{
	# The extension is declined for now: what needs it is skipped.
	export CONFORMANCE_OPTIONS=--without-deflate
}

# conform CASES [OPTIONS...]: every one of them is as it must be.
conform()
{
	local cases=$1

	shift
	CONFIG=$TESTS/conformance/wschatd.conf
	start_server -o "site = \"$SITE\""
	# shellcheck disable=SC2086  # several options
	python "$TESTS/conformance/run.py" --url "ws://127.0.0.1:$PORT/echo" \
		--table --cases "$cases" $CONFORMANCE_OPTIONS "$@"
}

@test "framing, pings, reserved bits, opcodes, fragments" {
	conform 1,2,3,4,5,10
}

@test "UTF-8 is judged at the wrong byte" {
	conform 6
}

@test "the closing handshake" {
	conform 7
}
