#!/usr/bin/env bats
# wschat, the terminal client: in pipes and in a terminal (tmux), against the
# server, against Python's websockets, and against servers that break rules.
#
# WSCHAT is the program.  A foreign server has a folder, in which it leaves its
# port and what it heard; URL is the one that was started last.

load lib/common
load lib/certificates

: "${WSCHAT:=${WSCHATD%/*}/wschat}"
[[ $WSCHAT == /* ]] || WSCHAT=$(realpath -- "$WSCHAT")

eval "common_$(declare -f setup)"
eval "common_$(declare -f teardown)"

setup()
{
	common_setup || return
	PEERS=()
	TMUX_SOCKET=
	unset NO_COLOR SSL_CERT_FILE
	export HOME=$DIR LC_ALL=C.UTF-8 TZ=UTC
}

teardown()
{
	local pid

	for pid in "${PEERS[@]}"; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	[[ -z $TMUX_SOCKET ]] || in_tmux kill-server 2>/dev/null || true
	common_teardown
}

# -- servers -------------------------------------------------------------------

# foreign SCRIPT FOLDER ARGS...: starts tests/lib/SCRIPT.py; sets URL_PORT.
foreign()
{
	local script=$1 folder=$DIR/$2

	shift 2
	mkdir "$folder"
	PYTHONPATH=$TESTS/lib PYTHONDONTWRITEBYTECODE=1 timeout -k 2 300 \
		"$PYTHON" "$TESTS/lib/$script.py" "$folder" "$@" \
		>"$folder/log" 2>&1 3>&- </dev/null &
	PEERS+=("$!")
	if ! wait_until test -s "$folder/port"; then
		cat "$folder/log"
		return 1
	fi
	URL_PORT=$(<"$folder/port")
	URL=ws://127.0.0.1:$URL_PORT/
}

# The server, with the routes of wschat.v1.
start_chat()
{
	start_server "$@"
	URL=ws://127.0.0.1:$PORT/chat
}

# -- wschat in a pipe ------------------------------------------------------------

wschat()
{
	timeout -k 2 90 "$WSCHAT" "$@"
}

# pipe STATUS ARGS...: runs it; its output is in out and err.
pipe()
{
	local wanted=$1 status=0

	shift
	wschat "$@" >"$DIR/out" 2>"$DIR/err" || status=$?
	if [[ $status != "$wanted" ]]; then
		echo "status $status, wanted $wanted: wschat $*"
		head -n 20 "$DIR/out" "$DIR/err"
		return 1
	fi
}

out_is()
{
	if [[ $(<"$DIR/out") != "$1" ]]; then
		diff -u <(echo "$1") "$DIR/out"
		cat "$DIR/err"
		return 1
	fi
}

err_has()
{
	grep -qF -e "$1" "$DIR/err" || {
		echo "no \"$1\" in:"
		cat "$DIR/err"
		return 1
	}
}

# -- wschat in a terminal ---------------------------------------------------------

in_tmux()
{
	tmux -u -S "$TMUX_SOCKET" -f /dev/null "$@"
}

# terminal COLUMNSxROWS ARGS...: wschat in a terminal of this size.
terminal()
{
	local size=$1 command

	shift
	[[ -n ${HAS_TMUX:=$(command -v tmux)} ]] || skip 'tmux is missing'
	TMUX_SOCKET=$(mktemp -u "$DIR/tmux.XXXX")
	command="${TERMINAL_WITH:-} $(printf '%q ' "$WSCHAT" "$@")"
	in_tmux new-session -d -x "${size%x*}" -y "${size#*x}" \
		"$command; echo status=\$?; cat" 3>&- 8>&-
}

keys()
{
	in_tmux send-keys "$@"
}

type_text()
{
	in_tmux send-keys -l -- "$1"
}

screen()
{
	in_tmux capture-pane -p "$@"
}

shows()
{
	screen | grep -qE -e "$1"
}

# await_screen REGEX: until a row matches.
await_screen()
{
	wait_until shows "$1" || {
		screen
		return 1
	}
}

# rows_are TEXT: the screen's rows, without the empty ones at the end and the
# spaces at the ends of rows; CLOCK for a time.
rows_are()
{
	[[ $(screen | sed 's/ *$//; s/^[0-9][0-9]:[0-9][0-9] /CLOCK /') == "$1" ]]
}

await_rows()
{
	wait_until rows_are "$1" || {
		diff -u <(echo "$1") <(screen)
		return 1
	}
}

# -- the command line ------------------------------------------------------------

@test "mistakes on the command line are status 2 and name what is wrong" {
	pipe 2 --nonsense; err_has '--nonsense is not an option'
	pipe 2 --name; err_has '--name needs a value'
	pipe 2 --count x; err_has '--count x: not a number'
	pipe 2 --count -1; err_has 'not a number'
	pipe 2 --since 9999999999999999999; err_has 'not a number'
	pipe 2 --timeout 0; err_has 'not a number of seconds'
	pipe 2 --timeout nan; err_has 'not a number of seconds'
	pipe 2 --expect '('; err_has '--expect (: '
	pipe 2 --room a/b; err_has 'a room has'
	pipe 2 ftp://x/; err_has 'begins with none of'
	pipe 2 ws://x/ ws://y/; err_has 'one word too many'
	pipe 2 --ca "$DIR/nothing.pem"; err_has '--ca'
	pipe 0 --help; grep -q 'Exit status: 0 done' out
	pipe 0 -V; grep -q '^wschat [0-9]' out
}

@test "who does not answer is status 1, and why is said" {
	pipe 1 ws://127.0.0.1:1/ </dev/null; err_has 'Connection refused'
	pipe 1 ws://no-such-host.invalid/ </dev/null
	err_has 'no-such-host.invalid/: '
	pipe 1 "unix:$DIR/none.sock" </dev/null; err_has 'No such file'
}

# -- in a pipe, against Python's websockets ----------------------------------------

@test "each line is a message, each message a line, and the end waits" {
	foreign foreign_chat chat
	printf 'one\n\nzwei \303\244\r\nlast' | pipe 0 "$URL"
	out_is $'[user0]: one\n[user0]: \n[user0]: zwei ä\n[user0]: last'
	err_has 'you are user0, in the default room with 1 user'
	printf 'one\n' | pipe 0 -q "$URL"
	out_is '[user1]: one'
	[[ ! -s err ]]
}

@test "a thousand lines arrive in order, each once" {
	foreign foreign_chat chat
	seq 1000 | pipe 0 -q "$URL"
	out_is "$(seq -f '[user0]: %g' 1000)"
}

@test "commands are texts in a pipe" {
	foreign foreign_chat chat
	printf '/quit\n//x\nexit\n' | pipe 0 -q "$URL"
	out_is $'[user0]: /quit\n[user0]: //x\n[user0]: exit'
}

@test "a line that is not UTF-8 is not said, the others are" {
	foreign foreign_chat chat
	printf 'a\nb\377\nc\n' | pipe 1 -q "$URL"
	out_is $'[user0]: a\n[user0]: c'
	err_has 'line 2 is not UTF-8'
}

@test "a line that is too long is not said, the others are" {
	foreign foreign_chat chat
	{ echo a; head -c 3000000 /dev/zero | tr '\0' x; echo; echo c; } |
		pipe 1 -q "$URL"
	out_is $'[user0]: a\n[user0]: c'
	err_has 'line 2 is too long'
}

@test "what the server refuses is status 1" {
	foreign foreign_chat chat
	printf 'a\n!refuse\nc\n' | pipe 1 -q "$URL"
	out_is $'[user0]: a\n[user0]: c'
	err_has 'That is refused.'
}

@test "--send says its texts and reads nothing" {
	foreign foreign_chat chat
	yes | pipe 0 -q --send 'one two' --send three "$URL"
	out_is $'[user0]: one two\n[user0]: three'
}

@test "--expect ends with the line that matches, and --timeout with 3" {
	foreign foreign_chat chat
	pipe 0 -q --send a --send b --send c --expect '\]: b$' "$URL"
	out_is $'[user0]: a\n[user0]: b'
	pipe 3 -q --send a --expect nothing --timeout 2 "$URL"
	err_has 'not done in time'
	out_is '[user1]: a'
}

@test "--count ends after so many messages, or lines that match" {
	foreign foreign_chat chat
	seq 9 | pipe 0 -q --count 3 "$URL"
	out_is $'[user0]: 1\n[user0]: 2\n[user0]: 3'
	seq 19 | pipe 0 -q --count 2 --expect '1[0-9]$' "$URL"
	[[ $(tail -n 1 out) == '[user1]: 11' ]]
	pipe 3 -q --count 0 --timeout 0.3 "$URL" </dev/null
}

@test "--name takes a name first, and one that is taken is status 1" {
	foreign foreign_chat chat
	pipe 0 -q --name anna --send x "$URL"
	out_is '[anna]: x'
	pipe 1 -q --name taken --send x "$URL"
	err_has 'The name is taken.'
	[[ ! -s out ]]
}

@test "--since tells what was said, and names what is gone" {
	foreign foreign_chat chat
	seq 120 | pipe 0 -q "$URL"
	pipe 0 -q --since 118 "$URL" </dev/null
	out_is $'[user0]: 119\n[user0]: 120'
	pipe 0 -q --since 0 --send x "$URL"
	out_is "$(seq -f '[user0]: %g' 21 120; echo '[user2]: x')"
	pipe 1 -q --since 10 "$URL" </dev/null
	out_is "$(seq -f '[user0]: %g' 22 120; echo '[user2]: x')"
	err_has 'lost: 11 messages'
	pipe 0 -q --since 5000 --send y "$URL"
	out_is '[user4]: y'
}

@test "--json prints every event as a line of ASCII" {
	foreign foreign_chat chat
	pipe 0 -q --json --send $'ä\e\177\n' "$URL"
	LC_ALL=C refute grep '[^ -~]' out
	python - <<-'PY'
	import json
	events = [json.loads(line) for line in open("out")]
	assert [e["type"] for e in events] == ["welcome", "message", "ack"], events
	assert events[1]["text"] == "ä\x1b\x7f\n", events
	assert list(events[1])[:4] == ["type", "seq", "from", "text"], events
	PY
	seq 3 | pipe 0 -q --json "$URL"
	pipe 0 -q --json --since 1 --count 2 "$URL" </dev/null
	[[ $(grep -c '"type":"message"' out) == 2 ]]
	refute grep '"history"' out
}

@test "what others say drives no terminal" {
	foreign foreign_chat chat
	pipe 0 -q --send '!flood' "$URL"
	refute grep -P '[\x00-\x08\x0b-\x1f\x7f]|\xc2\x9b' out
	out_is "$(printf '%s\n' '[user0]: !flood' '[e␛vil]: ␛]0;title␇' \
		'[e␛vil]: a␤b' '[e␛vil]: �31m' '[e␛vil]: �dcba' \
		'[e␛vil]: ␡␈')"
}

says_y()
{
	wschat -q --send y "$URL" >other
	[[ -s status ]]
}

@test "a reader that goes away ends it" {
	foreign foreign_chat chat
	{ wschat -q --count 0 "$URL" <<<"x" || echo "status=$?" >status; } |
		head -n 1 >out &
	PEERS+=("$!")
	wait_until test -s out
	# It is noticed with the next message.
	wait_until says_y
	[[ $(<status) == status=1 ]]
}

@test "a signal ends it after it has left the room" {
	foreign foreign_chat chat
	for signal in INT TERM HUP; do
		mkfifo "in.$signal"
		setsid "$WSCHAT" -q --count 0 "$URL" <"in.$signal" \
			>"out.$signal" 2>err 3>&- &
		pid=$!
		exec 7>"in.$signal"
		echo x >&7
		wait_until test -s "out.$signal"
		kill "-$signal" "$pid"
		status=0
		wait "$pid" || status=$?
		exec 7>&-
		[[ $status == $((128 + $(kill -l "$signal"))) ]]
	done
}

# -- coming back -------------------------------------------------------------------

@test "a lost connection is resumed without a gap or a repeat" {
	foreign foreign_chat chat
	printf '%s\n' a '!drop' b | pipe 0 "$URL"
	out_is $'[user0]: a\n[user0]: !drop\n[other]: meanwhile\n[user0]: b'
	[[ $(<chat/said) == $'"user0: a"\n"user0: !drop"\n"other: meanwhile"\n"user0: b"' ]]
	err_has 'not connected ('
	err_has 'connected again'
}

@test "who is forgotten is new, with the same name, and misses nothing" {
	foreign foreign_chat chat
	printf '%s\n' a '!forget' b | pipe 0 --name anna "$URL"
	out_is $'[anna]: a\n[anna]: !forget\n[other]: meanwhile\n[anna]: b'
	[[ $(grep -c . chat/said) == 4 ]]
	err_has 'forgotten'
}

@test "a server that starts anew loses something, which is status 1" {
	foreign foreign_chat chat
	printf '%s\n' a '!restart' b | pipe 1 "$URL"
	[[ $(tail -n 1 out) == '[user1]: b' ]]
	err_has 'what was said meanwhile is lost'
}

@test "--no-reconnect ends with the connection" {
	foreign foreign_chat chat
	printf '%s\n' '!drop' b | pipe 1 --no-reconnect "$URL"
	refute grep 'again' err
}

@test "close codes tell whether it is worth coming back" {
	foreign foreign_chat chat
	for code in 1001 1012 1013 4000 4499; do
		printf '%s\n' "!close $code" b | pipe 0 "$URL"
		err_has 'connected again'
	done
	for code in 1002 1003 1007 1008 1009 3000 4500 4999; do
		printf '%s\n' "!close $code" b | pipe 1 "$URL"
		err_has 'so it was wanted'
	done
	printf '%s\n' "!close 1000" b | pipe 1 "$URL"
	err_has 'before all was done'
}

@test "a server that sends no JSON is left" {
	foreign foreign_chat chat
	printf '%s\n' '!bad' b | pipe 1 "$URL"
	err_has 'no event of wschat.v1'
}

# -- servers without wschat.v1 -------------------------------------------------------

@test "a text server gets lines and has time to answer them" {
	foreign foreign_echo echo
	printf 'one\n\nzwei\n' | pipe 0 -q "$URL"
	out_is $'one\n\nzwei'
	printf 'a\033b\n' | pipe 0 -q "$URL"
	out_is 'a␛b'
	printf 'binary\n' | pipe 0 "$URL"
	err_has 'a binary message of 2 bytes'
	pipe 0 -q --send x --send y --expect y "$URL"
	out_is $'x\ny'
}

@test "what needs wschat.v1 is refused by a text server" {
	foreign foreign_echo echo
	pipe 1 --json --send x "$URL"; err_has 'does not speak wschat.v1'
	pipe 1 --name a --send x "$URL"; err_has 'does not speak wschat.v1'
	pipe 1 --since 1 --send x "$URL"; err_has 'does not speak wschat.v1'
}

@test "a close frame of a text server decides, too" {
	foreign foreign_echo echo
	# It has taken all that there was to say.
	printf 'close 1001\n' | pipe 0 "$URL"
	printf 'close 4500\n' | pipe 1 "$URL"
	err_has 'so it was wanted'
	printf 'close 1000\n' | pipe 0 -q "$URL"
}

# -- TLS -----------------------------------------------------------------------------

@test "certificates are believed only when they are good" {
	mkdir certs
	cd certs
	make_ca ca
	make_ca other
	issue localhost ca DNS:localhost,IP:127.0.0.1
	issue elsewhere ca DNS:elsewhere.example
	make_dated expired 20200101000000Z 20210203040506Z
	make_dated future 20990101000000Z 20991231000000Z
	cd ..
	foreign foreign_echo good certs/localhost.pem certs/localhost.key
	pipe 0 -q --ca certs/ca.pem --send x "wss://127.0.0.1:$URL_PORT/"
	out_is x
	pipe 0 -q --ca certs/ca.pem --send x "wss://localhost:$URL_PORT/"
	SSL_CERT_FILE=certs/ca.pem \
		pipe 0 -q --send x "wss://localhost:$URL_PORT/"
	pipe 1 --send x "wss://127.0.0.1:$URL_PORT/"
	err_has 'unable to get local issuer'
	pipe 1 --ca certs/other.pem --send x "wss://127.0.0.1:$URL_PORT/"
	[[ ! -s out ]]
	pipe 0 -q --insecure --send x "wss://127.0.0.1:$URL_PORT/"
	err_has 'WARNING'
	pipe 1 --send x "ws://127.0.0.1:$URL_PORT/"

	foreign foreign_echo name certs/elsewhere.pem certs/elsewhere.key
	pipe 1 --ca certs/ca.pem --send x "wss://localhost:$URL_PORT/"
	err_has 'hostname mismatch'
	pipe 1 --ca certs/ca.pem --send x "wss://127.0.0.1:$URL_PORT/"
	err_has 'IP address mismatch'
	pipe 0 -q --insecure --send x "wss://localhost:$URL_PORT/"
	for name in expired future; do
		foreign foreign_echo $name certs/$name.pem certs/$name.key
		pipe 1 --ca certs/$name.pem --send x \
			"wss://localhost:$URL_PORT/"
		grep -qE 'expired|not yet valid' err
	done
}

@test "a server that speaks no TLS is not taken for one" {
	foreign foreign_echo echo
	pipe 1 --send x "wss://127.0.0.1:$URL_PORT/"
	err_has "wss://127.0.0.1:$URL_PORT/: "
}

# -- servers that break rules ---------------------------------------------------------

@test "each broken rule of framing is answered with its code, and status 1" {
	foreign rogue rogue frames
	while read -r _; do
		pipe 1 --count 1 --timeout 60 "$URL" </dev/null
		err_has 'the server broke the rules'
	done <rogue/cases
	wait_until cmp -s rogue/cases rogue/heard
}

@test "each wrong answer to the handshake is status 1" {
	foreign rogue rogue handshakes
	while read -r name _; do
		pipe 1 --count 1 --timeout 60 "$URL" </dev/null
		refute grep -P '\x1b|\x9b' err
		case $name in
		page) err_has 'HTTP status 200: <html>' ;;
		elsewhere) err_has 'HTTP status 301: http://x/' ;;
		escape) err_has 'HTTP status 403: ␛[31mred' ;;
		wrong-accept) err_has 'Sec-WebSocket-Accept is wrong' ;;
		extension) err_has 'extension that nobody offered' ;;
		protocol-not-offered) err_has 'subprotocol that nobody' ;;
		esac
	done <rogue/cases
}

@test "pings are answered, and parts of messages put together" {
	foreign rogue rogue good
	pipe 0 --count 1 --timeout 60 "$URL" </dev/null
	out_is 'in three parts'
	wait_until test -s rogue/heard
	[[ $(<rogue/heard) == 'good pong:between,1000' ]]
}

# -- in a terminal ----------------------------------------------------------------------

@test "a person says something, sees others, and leaves" {
	foreign foreign_chat chat
	terminal 60x14 "$URL"
	await_screen '^> *$'
	type_text hello
	keys Enter
	await_screen '^[0-9:]{5} user0: hello$'
	wschat -q --name anna --send 'hi there' "$URL" >out
	await_screen '^[0-9:]{5} anna: hi there$'
	# What was typed is gone: it came back as a line of the room.
	refute shows '^> hello'
	type_text exit
	keys Enter
	await_screen '^Connection closed. Goodbye!$'
	await_screen '^status=0$'
}

@test "/quit, Ctrl-D and Ctrl-C on an empty line leave" {
	foreign foreign_chat chat
	for way in '/quit' C-d C-c; do
		terminal 60x14 "$URL"
		await_screen '^> *$'
		if [[ $way == /quit ]]; then
			type_text /quit
			way=Enter
		fi
		keys "$way"
		await_screen '^Connection closed. Goodbye!$'
		await_screen '^status=0$'
		in_tmux kill-server
	done
}

@test "Ctrl-C wipes what is typed" {
	foreign foreign_chat chat
	terminal 60x14 "$URL"
	await_screen '^> *$'
	type_text 'never said'
	await_screen '^> never said'
	keys C-c
	await_screen '^> *$'
	refute shows 'never'
	keys C-d
	await_screen '^status=0$'
	[[ ! -e chat/said ]]
}

@test "Ctrl-Z stops it, and what was typed is there again" {
	foreign foreign_chat chat
	TMUX_SOCKET=$DIR/tmux.shell
	in_tmux new-session -d -x 70 -y 16 'bash --norc'
	type_text "PS1='shell: '; clear; $(printf '%q ' "$WSCHAT" -q "$URL")"
	keys Enter
	await_screen '^> *$'
	type_text 'half a th'
	await_screen '^> half a th$'
	keys C-z
	await_screen 'Stopped'
	type_text 'echo 1$((1))1; fg'
	keys Enter
	await_screen '^111$'
	await_screen '^> half a th$'
	type_text ought
	keys Enter
	await_screen 'user0: half a thought$'
	keys C-d
	await_screen 'Goodbye!$'
}

@test "lines that come do not tear the line that is typed" {
	foreign foreign_chat chat
	terminal 60x14 -q "$URL"
	await_screen '^> *$'
	type_text 'half a th'
	await_screen '^> half a th'
	wschat -q --send 'incoming 1' --send 'incoming 2' "$URL" >out
	await_screen 'user1: incoming 2$'
	await_screen '^> half a th$'
	[[ $(screen | grep -c 'half') == 1 ]]
	type_text ought
	keys Enter
	await_screen 'user0: half a thought$'
	refute shows '^> half'
}

@test "in 20 columns nothing is torn, with wide letters and the cursor inside" {
	foreign foreign_chat chat
	terminal 20x10 -q "$URL"
	await_screen '^> *$'
	# The last column is left empty before a letter that has two.
	type_text 'abcdefghijklmnopq日本語 and more text'
	await_screen '^日本語 and more text'
	keys Left Left Left Left Left Left Left Left Left Left Left Left Left \
		Left Left Left Left
	wschat -q --send 'a message of more than one row' "$URL" >out
	await_rows "$(printf '%s\n' '-- you are user0, in' ' the default room wi' \
		'th 1 user' 'CLOCK user1: a messa' 'ge of more than one' 'row' \
		'> abcdefghijklmnopq' '日本語 and more text')"
	type_text X
	keys Enter
	await_screen 'qX日本語'
	[[ $(screen | grep -c '^>') == 1 ]]
}

@test "a terminal that changes its size keeps the line" {
	foreign foreign_chat chat
	terminal 40x10 -q "$URL"
	await_screen '^> *$'
	type_text 'a line of thirty-six letters, or so'
	await_screen 'or so$'
	in_tmux resize-window -x 20 -y 10
	await_screen '^or so$|letters, or so$|^.*, or so$'
	wschat -q --send 'new' "$URL" >out
	await_screen 'user1: new'
	[[ $(screen | grep -c 'a line of') == 1 ]]
	in_tmux resize-window -x 60 -y 10
	keys Enter
	await_screen 'user0: a line of thirty-six letters, or so$'
}

@test "Tab completes commands and names, arrows bring back lines" {
	foreign foreign_chat chat
	wschat -q --name annabel --count 0 --timeout 80 "$URL" </dev/null &
	PEERS+=("$!")
	terminal 60x20 "$URL"
	await_screen '^> *$'
	type_text /ro
	keys Tab
	await_screen '^> /rooms *$'
	keys Enter
	await_screen '^-- rooms: the default room \(1\)$'
	type_text /w
	keys Tab Tab
	await_screen '^-- /who +/whisper$'
	keys BSpace BSpace BSpace
	type_text 'ann'
	keys Tab
	await_screen '^> annabel: *$'
	type_text hi
	keys Enter
	await_screen 'user[01]: annabel: hi$'
	keys Up
	await_screen '^> annabel: hi$'
	keys Up
	await_screen '^> /rooms *$'
}

@test "a lone Escape does not hold up the network" {
	foreign foreign_chat chat
	terminal 60x14 "$URL"
	await_screen '^> *$'
	keys Escape
	wschat -q --send 'in time' "$URL" >out
	await_screen 'user1: in time$'
	type_text ok
	keys Enter
	await_screen 'user0: ?(ok|k)$'
}

@test "the commands do what they say" {
	foreign foreign_chat chat
	terminal 70x24 "$URL"
	await_screen '^> *$'
	for line in '/help' '/nick anna' '/me waves' '/who' '/ping' \
		'/w bert psst' '/join lab' '/nick' '/nope' '//slash' \
		'/nick taken'; do
		type_text "$line"
		keys Enter
	done
	await_screen '^!! The name is taken.$'
	screen -S -40 >rows
	for row in '^-- /nick NAME: takes another name$' \
		'^-- user0 is now anna$' '^[0-9:]{5} \* anna waves$' \
		'^-- here: anna$' '^-- the server is there$' \
		'^-- whispered to bert: psst$' \
		'^-- you are anna, in lab with 1 user$' \
		'^-- usage: /nick NAME$' \
		'^-- no command /nope; /help lists them$' \
		'^[0-9:]{5} anna: /slash$'; do
		grep -qE -e "$row" rows || { echo "no $row in"; cat rows; false; }
	done
}

@test "what is typed without a connection is said once when there is one" {
	foreign foreign_chat chat
	terminal 70x20 "$URL"
	await_screen '^> *$'
	type_text '!close 4001'
	keys Enter
	await_screen 'not connected \(so it was wanted\)'
	type_text 'typed meanwhile'
	keys Enter
	await_screen 'user0: typed meanwhile$'
	[[ $(grep -c 'typed meanwhile' chat/said) == 1 ]]
}

@test "colours are for terminals, and NO_COLOR turns them off" {
	foreign foreign_chat chat
	terminal 60x14 "$URL"
	await_screen '^> *$'
	screen -e | grep -qP '\x1b\['
	in_tmux kill-server
	TERMINAL_WITH='env NO_COLOR=1' terminal 60x14 "$URL"
	await_screen '^> *$'
	refute grep -P '\x1b\[' <<<"$(screen -e)"
	in_tmux kill-server
	pipe 0 --send x "$URL"
	refute grep -P '\x1b' out err
}

@test "in a terminal others drive nothing" {
	foreign foreign_chat chat
	terminal 60x20 "$URL"
	await_screen '^> *$'
	type_text '!flood'
	keys Enter
	await_screen '␡␈$'
	shows 'e␛vil: ␛\]0;title␇$'
	shows 'e␛vil: a␤b$'
}

@test "the terminal is as before when it ends, however" {
	local before

	foreign foreign_chat chat
	terminal 60x14 "$URL"
	await_screen '^> *$'
	keys C-d
	await_screen '^status=0$'
	in_tmux kill-server
	TMUX_SOCKET=$DIR/tmux.stty
	in_tmux new-session -d -x 80 -y 20 "stty -a >before;
		$(printf '%q ' "$WSCHAT" "$URL"); stty -a >after; cat"
	await_screen '^> *$'
	type_text '!close 4500'
	keys Enter
	wait_until test -s after
	cmp before after
	await_screen 'so it was wanted$'
}

# -- against the server ---------------------------------------------------------------

@test "two people in a terminal talk on the server" {
	start_chat
	terminal 60x14 --room lab "$URL"
	await_screen '^-- you are user0, in lab with 1 user$'
	printf 'hello\n' | pipe 0 -q --name anna --room lab "$URL"
	out_is '[anna]: hello'
	await_screen '^[0-9:]{5} anna: hello$'
	await_screen '^-- anna left, 1 user$'
	keys C-d
	await_screen '^status=0$'
}

@test "the server's echo is a text server" {
	start_server
	printf 'a\nb\n' | pipe 0 -q "ws://127.0.0.1:$PORT/echo"
	out_is $'a\nb'
}

@test "a worker that dies costs no line and doubles none" {
	start_chat
	mkfifo in
	wschat "$URL" <in >out 2>err &
	PEERS+=("$!")
	exec 7>in
	echo one >&7
	wait_until grep -q one out
	for pid in $(worker_pids); do kill -KILL "$pid"; done
	echo two >&7
	wschat -q --send meanwhile "$URL" >other || true
	echo three >&7
	exec 7>&-
	wait_until grep -q three out
	wait "${PEERS[-1]}"
	grep -E 'one|two|three' out >mine
	[[ $(<mine) == $'[user0]: one\n[user0]: two\n[user0]: three' ]]
	# It was said while we were away, or it was refused.
	grep -q meanwhile out || [[ ! -s other ]]
}

@test "what was kept is told with --since" {
	start_chat
	seq 60 | pipe 0 -q "$URL"
	pipe 0 -q --since 0 "$URL" </dev/null
	out_is "$(seq -f '[user0]: %g' 60)"
	pipe 0 -q --since 58 "$URL" </dev/null
	out_is $'[user0]: 59\n[user0]: 60'
}

@test "a route that knows its users by a cookie resumes by it" {
	start_server -o 'route "/ws" { identity = session first-user = 1 }'
	mkfifo in
	wschat "ws://127.0.0.1:$PORT/ws" <in >out 2>err &
	PEERS+=("$!")
	exec 7>in
	echo one >&7
	wait_until grep -q one out
	for pid in $(worker_pids); do kill -KILL "$pid"; done
	echo two >&7
	exec 7>&-
	wait "${PEERS[-1]}"
	out_is $'[user1]: one\n[user1]: two'
	[[ $(grep -c 'you are user1' err) == 2 ]]
}

@test "rooms that are not there and routes that are not are refused" {
	start_server
	pipe 1 --send x "ws://127.0.0.1:$PORT/nowhere"
	err_has 'HTTP status 404'
	pipe 1 --name server --send x "ws://127.0.0.1:$PORT/chat"
	[[ ! -s out ]]
}

@test "unix: goes to a socket" {
	write_config <<-CONF
	listen "127.0.0.1:0" {}
	listen "unix:$DIR/w.sock" {}
	CONF
	launch_server -c "$CONFIG"
	await_server
	pipe 0 -q --send x "unix:$DIR/w.sock"
	out_is '[user0]: x'
	pipe 0 -q --send x "unix:$DIR/w.sock:/echo"
	out_is x
}

# -- the manual ---------------------------------------------------------------------

# The examples of the manual, one a line.
examples()
{
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/s/^\$ //p' "$TOP/man/wschat.1"
}

@test "the examples of the manual do what they say" {
	local command=

	mkdir bin
	make_ca ca
	issue localhost ca DNS:localhost
	write_config <<-CONF
	listen "localhost:0" {}
	listen "127.0.0.1:0" {
	    tls-certificate = "$DIR/localhost.pem" tls-key = "$DIR/localhost.key"
	}
	CONF
	launch_server -c "$CONFIG"
	await_server
	TLS_PORT=$(sed -n 's|.*listening on https://[^"]*:\([0-9]*\).*|\1|p' \
		"$LOG" | head -n 1)
	# The server is not where the manual has it.
	cat >bin/wschat <<-SH
	#!/bin/bash
	url=ws://127.0.0.1:$PORT/chat
	for word; do
	    case \$word in
	    ws://* | wss://*) url=
	        word=\${word/:8080/:$PORT} word=\${word/:8443/:$TLS_PORT} ;;
	    esac
	    words+=("\$word")
	done
	exec timeout 90 "$WSCHAT" "\${words[@]}" \$url
	SH
	chmod +x bin/wschat
	wschat -q --room lab --send 'kept' "ws://127.0.0.1:$PORT/chat"
	# Somebody talks in both rooms as long as it takes.
	while :; do echo done; sleep 0.2; done | timeout 300 "$WSCHAT" -q \
		--room ops "ws://127.0.0.1:$PORT/chat" >/dev/null 2>&1 3>&- &
	PEERS+=("$!")
	while :; do echo talk; sleep 0.2; done | timeout 300 "$WSCHAT" -q \
		--room lab "ws://127.0.0.1:$PORT/chat" >/dev/null 2>&1 3>&- &
	PEERS+=("$!")
	examples >examples.list
	(($(wc -l <examples.list) >= 6))
	while read -r command; do
		PATH=$DIR/bin:$PATH bash -o pipefail -c "$command" \
			>example.out 2>example.err </dev/null || {
			echo "status $?: $command"
			tail -n 20 example.out example.err
			false
		}
	done <examples.list
	grep -q 'user0]: kept' lab.txt
}
