#!/usr/bin/env bats
# Who is refused: the line in the log and the counts.

load lib/common

logged()
{
	grep -qE "$1" "$LOG"
}

@test "a refusal is one line with its word, status and address" {
	start_server
	peer "$LOG" <<-'PY'
	with connect_tcp() as sock:
	    address = "127.0.0.1:%d" % sock.getsockname()[1]
	    sock.sendall(upgrade_head(key="short") * 3)
	    eq(Answer(read_to_end(sock)).status, 400)
	def lines():
	    return [line for line in open(sys.argv[1]) if address in line]
	line, = eventually(lines, "the line")
	assert " msg=refused why=bad-key status=400 " in line, line
	assert " level=info " in line and " conn=" in line, line
	PY
}

@test "a connection that breaks the rules is one line with its address" {
	start_server
	peer "$LOG" <<-'PY'
	who = Peer("/echo")
	address = "127.0.0.1:%d" % who.sock.getsockname()[1]
	who.send_raw(frame(0x3, b"") * 3)
	who.expect_close(1002)
	def lines():
	    return [line for line in open(sys.argv[1]) if address in line]
	line, = eventually(lines, "the line")
	assert " msg=closed why=protocol " in line, line
	PY
}

@test "what a peer sends cannot make a line of the log" {
	start_server
	peer <<-'PY'
	path = '/x"\\y=' + "z" * 3000
	eq(get(path).status, 404)
	PY
	wait_until logged 'why=unknown-path'
	run grep -F 'path="/x\x22\x5cy=zzz' "$LOG"
	assert_success
	((${#output} < 500))
	run grep -P '[^\n -~]' "$LOG"
	assert_failure
}

@test "a flood of refusals is counted, not written" {
	start_server -o 'workers = 1'
	peer <<-'PY'
	for _ in range(300):
	    eq(request(b"\n").status, 400)
	    eq(get("/nowhere").status, 404)
	PY
	wait_until logged 'msg="refusals not logged" count=[0-9]+ .*unknown-path='
	stop_server
	run grep -c 'msg=refused' "$LOG"
	((output >= 50 && output < 600))
	# Asking whether it is ready may have been refused, too.
	run grep -E 'msg="refusals in all" count=[0-9]+ request-line=300( not-ready=[0-9]+)? unknown-path=300$' "$LOG"
	assert_success
	# Each is either a line or told of.
	run awk '
		/msg=refused/ { n++ }
		match($0, /msg="refusals not logged" count=[0-9]+/) {
			split(substr($0, RSTART, RLENGTH), part, "count=")
			n += part[2]
		}
		match($0, /msg="refusals in all" count=[0-9]+/) {
			split(substr($0, RSTART, RLENGTH), part, "count=")
			all = part[2]
		}
		END { print n - all }' "$LOG"
	assert_output 0
}
