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

@test "beyond the catalogue: masks, lengths, bits, streams, offers" {
	conform X
}

@test "large messages, small fragments, small chops (a sample)" {
	conform '9.?.1,9.1.6,9.2.6,9.3.5,9.4.9,9.6.6,9.8.6' --messages 100
}

@test "permessage-deflate (a sample)" {
	conform '12.?.1,12.?.5,12.?.13,12.?.18,13.?.4,13.?.15' --messages 30
}
