#!/usr/bin/env bats
# The page in Chromium.  Screenshots are kept in tests/screenshots of the
# build, or where WSCHATD_SCREENSHOTS says.

load lib/common

# page_test FILE PART [VARIABLE=VALUE...]: runs that part of browser/FILE.mjs,
# and does what it asks for meanwhile.
page_test()
{
	local file=$1 part=$2 shots request from to pid

	shift 2
	need_node_module playwright-core
	need_node_module axe-core
	command -v chromium >/dev/null || skip 'no chromium'
	shots=${top_builddir:+$top_builddir/tests/screenshots}
	shots=${WSCHATD_SCREENSHOTS:-${shots:-$DIR}}
	mkdir -p "$shots"
	coproc PAGE {
		exec env HOME="$DIR" PORT="$PORT" PYTHON="$PYTHON" \
			SCREENSHOTS="$shots" "$@" timeout -k 2 250 \
			node "$TESTS/browser/$file.mjs" "$part" 3>&-
	}
	pid=$PAGE_PID
	exec {from}<&"${PAGE[0]}" {to}>&"${PAGE[1]}"
	while read -r request <&"$from"; do
		# shellcheck disable=SC2086  # a command and its arguments
		on_request $request >&2 || return
		echo 'done' >&"$to"
	done
	exec {from}<&- {to}>&-
	wait "$pid"
}

on_request()
{
	case $1 in
	kill-server)
		kill -KILL "$SERVER_PID"
		wait_until session_empty "$SERVER_PID"
		;;
	start-server)
		launch_server -c "$CONFIG" -l "127.0.0.1:$PORT"
		wait_until server_ready
		;;
	kill-worker)
		kill -KILL "$(worker_pids | head -n 1)"
		;;
	say)
		python - "$2" <<-'END'
			import asyncio, os, sys, websockets

			async def main(count):
			    uri = f"ws://127.0.0.1:{os.environ['PORT']}/chat"
			    async with websockets.connect(uri, max_queue=None) as ws:
			        for i in range(count):
			            await ws.send(f"number {i + 1}")
			        async for line in ws:
			            if line.endswith(f" number {count}"):
			                return

			asyncio.run(main(int(sys.argv[1])))
		END
		;;
	*)
		echo "no request: $*"
		return 1
		;;
	esac
}

PATIENT='limits { message-rate = 0 }'

@test "the page's files are less than 60 KB" {
	local size

	size=$(cat "$SITE"/* | wc -c)
	[[ $size -lt 60000 ]]
}

@test "two pages and a Python client talk in one room" {
	start_server
	page_test room talk
}

@test "who comes sees what was said, and coming and going is folded" {
	start_server
	page_test room history
}

@test "the page takes what is said for text, not for HTML" {
	start_server
	page_test room markup
}

@test "the page takes names for text, whatever a server sends" {
	start_server
	page_test protocol markup
}

@test "a name is changed, and kept for the next visit" {
	start_server
	page_test room rename
}

@test "a whisper reaches whom it is for and nobody else" {
	start_server
	page_test room whisper
}

@test "rooms are changed in one connection, and are in the address" {
	start_server
	page_test room rooms
}

@test "a room that is refused leaves one where one is" {
	start_server
	page_test protocol refused
}

@test "a server is killed and started between two messages" {
	start_server
	page_test room restart
}

@test "a worker is killed: nobody notices, nothing is missed or repeated" {
	start_server
	page_test room worker
}

@test "a reload keeps user and lines" {
	start_server
	page_test room reload
}

@test "the page resumes by token and number, and says what was lost" {
	start_server
	page_test protocol resume
}

@test "a new member in the same room fetches what it missed" {
	start_server
	page_test protocol gap
}

@test "what was perhaps not said is left to the person" {
	start_server
	page_test protocol unsure
}

@test "a second click on the way back changes nothing" {
	start_server
	page_test protocol twice
}

@test "the page waits as long as a server asks, and stays away if told so" {
	start_server
	page_test protocol delays
}

@test "the page comes back after a random part of 1, 2, 4 … 60 seconds" {
	start_server
	page_test protocol jitter
}

@test "the page notices a network that vanished" {
	start_server
	page_test protocol silence
}

@test "who is named or whispered to is notified" {
	start_server
	page_test protocol notify
}

@test "the keyboard does everything" {
	start_server
	page_test room keyboard
}

@test "what comes while one reads further up is counted" {
	start_server
	page_test room unread
}

@test "10,000 lines pass through the page, and few are in it" {
	start_server -o "$PATIENT"
	page_test room many
}

@test "what was said long ago is asked for page by page" {
	start_server -o "$PATIENT" -o 'route "/chat" { history = 1000 }'
	page_test room scrollback
}

@test "the page is accessible and fits, light and dark, at 320 to 1280 pixels" {
	start_server
	page_test room looks
}

@test "a page of another origin has a room in it" {
	local host

	# A port that is free now, for the host's page.
	host=$("$PYTHON" -c 'import socket; s = socket.socket()
s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	start_server \
		-o "route \"/chat\" { origins = { \"http://127.0.0.1:$host\" } }"
	page_test room embed HOST_PORT="$host" \
		EXAMPLE="$TOP/doc/embed-example.html"
}
