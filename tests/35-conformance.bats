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

secure_port()
{
	sed -n 's|.*listening on https://[^"]*:\([0-9]\{1,\}\).*|\1|p' "$LOG"
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

@test "the quick ones over TLS" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj /CN=localhost -days 2 -keyout key.pem \
		-out certificate.pem 2>/dev/null
	{
		cat "$TESTS/conformance/wschatd.conf"
		printf 'site = "%s"\n' "$SITE"
		printf 'listen "127.0.0.1:0" {}\nlisten "127.0.0.2:0" {\n'
		printf 'tls-certificate = "%s"\n' "$DIR/certificate.pem"
		printf 'tls-key = "%s"\n}\n' "$DIR/key.pem"
	} >"$CONFIG"
	launch_server -c "$CONFIG"
	await_server
	python "$TESTS/conformance/run.py" --table --insecure --messages 10 \
		--url "wss://127.0.0.2:$(secure_port)/echo" \
		--cases '1,2,3,4,5,6,7,10,X,9.1.6,9.4.5,12.?.13,13.?.4'
}
