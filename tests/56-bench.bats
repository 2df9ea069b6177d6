#!/usr/bin/env bats
# wschat-bench: that it finds what it looks for, and knows its place.

load lib/common
load lib/certificates

: "${WSCHAT_BENCH:=${WSCHATD%/*}/wschat-bench}"
[[ $WSCHAT_BENCH == /* ]] || WSCHAT_BENCH=$(realpath -- "$WSCHAT_BENCH")

# start_open ARGS...: a server whose limits are no concern here.
start_open()
{
	start_server "$@" -o 'limits { message-rate = 0 rooms-per-address = 0
		connections-per-address = 0 }'
}

# bench ARGS...: quick, against the server at PORT unless a URL is among them.
# It waits for what is on the way as long as a loaded machine may take, and no
# longer than it must.
bench()
{
	local url=ws://127.0.0.1:$PORT/chat word

	for word; do
		[[ $word == *:/* ]] && url=
	done
	timeout 90 "$WSCHAT_BENCH" --warm-up 0 -d 0.3 --drain 15 "$@" $url 3>&-
}

# found NAME: a figure of the JSON in output.
found()
{
	python -c 'import json, sys
figures = json.loads(sys.argv[1])
print(eval("figures" + sys.argv[2]))' "$output" "$1"
}

# start_python FILE ARGS...: sets PORT; it ends with the test.
start_python()
{
	rm -f "$DIR/port"
	setsid "$PYTHON" "$TESTS/lib/$1" "${@:2}" >"$DIR/port" \
		2>"$DIR/log.doctored" 3>&- &
	DOCTORED=$!
	SESSIONS+=("$DOCTORED")
	wait_until test -s "$DIR/port"
	PORT=$(<"$DIR/port")
}

start_doctored()
{
	start_python doctored.py "$1"
}

# bench_doctored FAULT ARGS...: a bench beside others, of a server with it.
bench_doctored()
{
	start_doctored "$1"
	DOCTORS[$1]=$DOCTORED
	bench --no-greeting --drain 3 "${@:2}" >"$1.out" 2>&1 &
	BENCHES[$1]=$!
}

declare -gA BENCHES DOCTORS

# await_bench FAULT: as run, its output and status.
await_bench()
{
	status=0
	wait "${BENCHES[$1]}" || status=$?
	output=$(<"$1.out")
	mapfile -t lines <"$1.out"
	DOCTORED=${DOCTORS[$1]}
	stop_doctored
}

stop_doctored()
{
	kill "$DOCTORED"
	wait "$DOCTORED" || true
}

# connections_are N: to PORT, those that are open.
connections_are()
{
	[[ $(ss -tnH state established "sport = :$PORT" | wc -l) == "$1" ]]
}

# -- the command line -------------------------------------------------------------

@test "it tells how it is used, and its version" {
	run -0 bench --help
	assert_line --partial 'usage: wschat-bench [options] [URL]'
	run -0 bench --version
	assert_output --regexp '^wschat-bench [0-9]+\.[0-9]+'
}

@test "a command line that is wrong is told so, with status 64" {
	PORT=1
	while read -r words; do
		# shellcheck disable=SC2086  # words are meant
		run -64 bench $words
		assert_line --partial 'wschat-bench'
	done <<-'END'
	--clients 0
	--clients many
	--clients 1.5
	--size 39
	--rate -1
	--senders 3 --clients 2
	--rate 5 --outstanding 2
	--rate 5 --when-all
	--echo --rooms 2
	--dialect klingon
	--dialect mqtt --echo
	--dialect nats --size 1025
	--processes 5 --clients 4
	--processes 3 --when-all
	--memory-peak
	--sideways
	ws://127.0.0.1:1/a ws://127.0.0.1:1/b
	http://127.0.0.1:1/page
	127.0.0.1:1/chat
	END
}

@test "it stays on this machine, and below a number, unless it is told" {
	PORT=1
	run -64 bench ws://192.0.2.1:9/chat
	assert_output --partial '192.0.2.1 is another machine'
	run -64 bench 'ws://[2001:db8::1]:9/chat'
	assert_output --partial 'say --any-address'
	run -64 bench --rooms 300 --clients 100
	assert_output --partial '30000 clients are more than 20000'
	run -64 bench --clients 11 --ceiling 10
	# Told, it tries; nobody is there.
	run -2 bench --any-address --connect-time 0.3 --clients 1 \
		ws://192.0.2.1:9/chat
	assert_output --partial '0 of 1 clients'
	run -2 bench --clients 1 'ws://[::1]:1/chat'
	assert_output --partial 'Connection refused'
}

@test "why nobody can connect is said, with status 2" {
	start_server
	run -2 bench ws://127.0.0.1:$PORT/nothing
	assert_output --partial 'refused, status 404'
	run -2 bench ws://127.0.0.1:$PORT/echo
	assert_output --partial 'say --no-greeting'
	run bench --pid 4194304
	assert_equal "$status" 69
	assert_output --partial 'No such process'
}

# -- a server without a fault -----------------------------------------------------

@test "rooms of clients hear everything, and the costs are shown" {
	start_open
	run -0 bench -d 1 --rooms 10 --clients 5 --rate 200 \
		--pid "$SERVER_PID"
	assert_line --regexp '^connected +50 in '
	# Of all together, neither of each room nor of each client; how near it
	# comes depends on what else the machine does.
	assert_line --regexp '^measured .* [12][0-9][0-9] messages/s'
	assert_line --regexp '^delivery +p50 '
	assert_line --regexp '^server +4 processes '
	assert_line --regexp '^memory .* KiB'
	assert_line --regexp '^verdict +clean$'
}

@test "the figures come as JSON" {
	start_open
	run -0 --separate-stderr bench -c 20 -s 2 -k 3 -j
	assert_equal "$(found '["clean"]')" True
	assert_equal "$(found '["clients"]')" 20
	assert_equal "$(found '["delivered"] == 20 * figures["sent"] > 0')" True
	assert_equal "$(found '["own_ms"]["p50"] <= figures["sweep_ms"]["max"]')" \
		True
}

@test "several processes share clients, of one room and of many" {
	start_open
	run -0 bench --clients 50 --senders 3 --outstanding 2 --processes 3 -j
	assert_equal "$(found '["delivered"] == 50 * figures["sent"] > 0')" True
	assert_equal "$(found '["sweep_ms"]["count"] > 0')" True
	run -0 bench --rooms 7 --clients 10 --when-all --processes 3 -j
	assert_equal "$(found '["delivered"] == 10 * figures["sent"] > 0')" True
	run -0 bench -d 1 --rooms 7 --clients 10 --rate 300 --processes 3
	# Not of each process.
	assert_line --regexp '^measured .* (1[5-9]|[23].|4[0-4]). messages/s'
}

@test "it tells how far it is when asked" {
	start_open
	run -0 --separate-stderr bench --clients 9 --processes 9 -v
	assert_equal "$(sed 's/[0-9.]* s$/T s/' <<<"$stderr")" \
"wschat-bench: connecting 9 clients
wschat-bench: 9 clients are there after T s
wschat-bench: measuring
wschat-bench: closing"
}

@test "an echo server is measured, and so are long messages" {
	start_open
	run -0 bench --echo --clients 20 -k 1 ws://127.0.0.1:$PORT/echo
	run -0 bench --clients 5 -k 2 --size 60000
	assert_line --regexp '^verdict +clean$'
}

@test "connections come no faster than they may, from several addresses" {
	start_open
	run -0 bench --clients 40 --senders 0 --connect-rate 50 --sources 3
	assert_line --regexp '^connected +40 in (0\.[789]|[1-9])'
	run grep -c ' from=127.0.0.3:\| addr=127.0.0.3' "$LOG"
	refute_output ''
}

@test "of the addresses of a name the one that answers is taken" {
	local name

	printf '%s localhost\n' ::1 127.0.0.1 >hosts
	unshare -m mount --bind hosts /etc/hosts 2>/dev/null ||
		skip 'no mount namespaces'
	name=(unshare -m sh -c 'mount --bind hosts /etc/hosts && exec "$@"' sh)
	start_open
	run -0 "${name[@]}" timeout 90 "$WSCHAT_BENCH" --warm-up 0 -d 0.3 -c 5 \
		"ws://localhost:$PORT/chat" 3>&-
	assert_line --regexp '^verdict +clean$'
}

@test "wss:// works, for a certificate that is believed" {
	make_ca ca
	issue server ca IP:127.0.0.1,DNS:localhost
	write_config <<-CONF
	listen "127.0.0.1:0" {}
	listen "localhost:0" {
	    tls-certificate = "$DIR/server.pem" tls-key = "$DIR/server.key"
	}
	CONF
	launch_server -c "$CONFIG"
	await_server
	PORT=$(sed -n 's|.*listening on https://[^"]*:\([0-9]*\).*|\1|p' \
		"$LOG" | head -n 1)
	run -0 bench --ca ca.pem -c 20 -R 100 "wss://localhost:$PORT/chat"
	assert_line --regexp '^verdict +clean$'
	run -0 bench --insecure -c 5 -k 2 --size 40000 \
		"wss://127.0.0.1:$PORT/chat"
	run -2 bench -c 5 "wss://localhost:$PORT/chat"
	assert_output --partial 'see --ca and --insecure'
	issue other ca DNS:example.org
	run -66 bench --ca missing.pem "wss://localhost:$PORT/chat"
}

@test "a unix socket will do" {
	write_config <<-CONF
	listen "127.0.0.1:0" {}
	listen "unix:$DIR/s" {}
	CONF
	launch_server -c "$CONFIG"
	await_server
	run -0 bench -c 10 "unix:$DIR/s"
}

# -- servers with one --------------------------------------------------------------

@test "a message that is lost, repeated, moved or garbled is found" {
	local fault name want
	local -A wanted=([none]='' [lose]=lost [repeat]=repeated
		[swap]='disordered order_differs' [garble]='lost foreign')

	# All at a time: what is lost is waited for.
	for fault in "${!wanted[@]}"; do
		bench_doctored "$fault" --clients 5 --rate 100 -j
	done
	for fault in "${!wanted[@]}"; do
		await_bench "$fault"
		want=${wanted[$fault]}
		assert_equal "$fault: $status" "$fault: $((${#want} > 0))"
		for name in lost repeated disordered foreign order_differs; do
			assert_equal "$fault: $name $(found "[\"$name\"]")" \
				"$fault: $name $([[ " $want " == *" $name "* ]] &&
				echo 1 || echo 0)"
		done
	done
}

@test "a text of another room, and a connection that is cut, are found" {
	bench_doctored stray --rooms 2 --clients 4 --rate 200
	bench_doctored cut --clients 5 --rate 100
	await_bench stray
	assert_equal "$status" 1
	assert_line --regexp '^checked .* [12] strayed'
	await_bench cut
	assert_equal "$status" 1
	assert_line --regexp '^ended +1 lost '
}

@test "it ends by itself when the server dies, or does not answer" {
	start_doctored none
	(wait_until connections_are 5 && kill -KILL "$DOCTORED") &
	SECONDS=0
	run -1 bench --no-greeting --clients 5 -d 60
	assert_line --regexp '^ended +5 lost '
	((SECONDS < 50))
	wait || true
	start_doctored none
	kill -STOP "$DOCTORED"
	run -2 bench --no-greeting --clients 5 --connect-time 0.5
	assert_output --partial '0 of 5 clients'
	kill -CONT "$DOCTORED"
	stop_doctored
}

@test "interrupted, it shows what there is" {
	start_open
	"$WSCHAT_BENCH" -v -c 10 -d 60 -k 1 "ws://127.0.0.1:$PORT/chat" \
		>out 2>told 3>&- &
	local job=$!
	wait_until grep -q measuring told
	kill -INT "$job"
	wait "$job"
	run cat out
	assert_line --regexp '^verdict +clean$'
}

# -- other servers -----------------------------------------------------------------

@test "a server of MQTT or NATS is measured, and one that refuses is seen" {
	local dialect

	for dialect in mqtt nats; do
		start_python dialects.py "$dialect" none
		run -0 bench --dialect "$dialect" --rooms 3 --clients 4 \
			--rate 200 --size 300 -j
		assert_equal "$(found '["delivered"] == 4 * figures["sent"] > 0')" \
			True
		run -0 bench --dialect "$dialect" --clients 5 -k 3
		assert_line --regexp '^verdict +clean$'
		stop_doctored
		start_python dialects.py "$dialect" refuse
		run -2 bench --dialect "$dialect" --clients 4
		assert_output --partial 'protocol-error'
		stop_doctored
		start_python dialects.py "$dialect" split
		run -1 bench --dialect "$dialect" --clients 4
		assert_line --regexp '^ended +4 protocol-error'
		stop_doctored
	done
}

# -- the manual ---------------------------------------------------------------------

@test "the examples of the manual do what they say" {
	local command=

	make_ca ca
	issue localhost ca DNS:localhost
	cp ca.pem cert.pem
	write_config <<-CONF
	listen "localhost:0" {}
	listen "127.0.0.1:0" {
	    tls-certificate = "$DIR/localhost.pem" tls-key = "$DIR/localhost.key"
	}
	limits { message-rate = 0 rooms-per-address = 0 }
	CONF
	launch_server -c "$CONFIG"
	await_server
	TLS_PORT=$(sed -n 's|.*listening on https://[^"]*:\([0-9]*\).*|\1|p' \
		"$LOG" | head -n 1)
	# The server is not where the manual has it.
	mkdir bin
	cat >bin/wschat-bench <<-SH
	#!/bin/bash
	url=ws://127.0.0.1:$PORT/chat
	for word; do
	    case \$word in
	    ws://* | wss://*) url=
	        word=\${word/:8080/:$PORT} word=\${word/:8443/:$TLS_PORT} ;;
	    2) word=0.3 ;;
	    esac
	    words+=("\$word")
	done
	exec timeout 60 "$WSCHAT_BENCH" --warm-up 0 "\${words[@]}" \$url
	SH
	chmod +x bin/wschat-bench
	count=0
	while read -r command; do
		run -0 env PATH="$DIR/bin:$PATH" PID="$SERVER_PID" \
			bash -o pipefail -c "$command"
		if [[ $command == *pss_bytes ]]; then
			assert_output --regexp '"pss_bytes": -?[0-9]'
		else
			assert_line --regexp '^verdict +clean$'
		fi
		count=$((count + 1))
	done < <(sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/s/^\$ //p' \
		"$TOP/man/wschat-bench.1")
	assert_equal "$count" 4
}

@test "every option is in the manual" {
	local option

	for option in $(bench --help | grep -oE -- '--[a-z-]+' | sort -u); do
		grep -qE "^\\.It Fl .*-${option#--}( |\$)" \
			"$TOP/man/wschat-bench.1" || fail "$option"
	done
}
