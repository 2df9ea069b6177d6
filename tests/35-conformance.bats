#!/usr/bin/env bats
# WebSocket to the letter: the cases of tests/conformance, the quick ones all,
# a sample of the long ones (make check-conformance plays them all).

load lib/common

# conform ROUTE CASES [OPTIONS...]: every one of them is as it must be.
conform()
{
	local route=$1 cases=$2

	shift 2
	CONFIG=$TESTS/conformance/wschatd.conf
	start_server -o "site = \"$SITE\""
	python "$TESTS/conformance/run.py" --url "ws://127.0.0.1:$PORT$route" \
		--table --cases "$cases" "$@"
}

@test "framing, pings, reserved bits, opcodes, fragments" {
	conform /echo 1,2,3,4,5,10
}

@test "UTF-8 is judged at the wrong byte" {
	conform /echo 6
}

@test "the closing handshake" {
	conform /echo 7
}

@test "beyond the catalogue: masks, lengths, bits, streams, offers" {
	conform /echo X
}

@test "streams and offers where no window is kept" {
	conform /forgetful X.5,X.6,X.7
}

@test "large messages, small fragments, small chops (a sample)" {
	conform /echo '9.?.1,9.1.6,9.2.6,9.3.5,9.4.9,9.6.6,9.8.6' --messages 100
}

@test "permessage-deflate (a sample)" {
	conform /echo '12.?.1,12.?.5,12.?.13,12.?.18,13.?.4,13.?.15' \
		--messages 30
}
