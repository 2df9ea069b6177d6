#!/usr/bin/env bats
# limits.memory: who comes when it is short, and who has to go.

load lib/common

# One worker with so much, and a route where a message may be large: what has
# come of one is held, and buffers double.
start_server_with_memory()
{
	start_server -w 1 -o "limits { memory = \"$1\" message-rate = 0 }
	    route \"/big\" { kind = echo limits { message-size = \"2M\" } }
	    route \"/talk\" { kind = chat limits { message-size = \"512K\" } }"
	cat >"$DIR/holding.py" <<-'PY'
	import os
	LOG = open(os.environ["LOG"])

	def hold(part):
	    """Sends so much of a message of a megabyte."""
	    peer = Peer("/big")
	    peer.send_raw(frame(BINARY, bytes(1 << 20))[:part])
	    return peer

	def status():
	    return get("/healthz/live").status

	def await_line(text):
	    seen = []
	    eventually(lambda: seen.append(LOG.read()) or text in "".join(seen),
	               f"the line {text}")
	PY
	export LOG PYTHONPATH=$DIR
}

@test "when memory is short who comes gets 503, until it is not short any more" {
	start_server_with_memory 8M
	peer <<-'PY'
	exec(open("holding.py").read())
	talker = Chatter()
	held = [hold(600_000) for _ in range(6)]
	eq(status(), 200, "at three quarters")
	held.append(hold(300_000))
	await_line('msg="memory is short"')
	refused = request(upgrade_head("/chat"))
	eq(refused.status, 503)
	assert int(refused.field("Retry-After")) > 0, refused.fields
	talker.say("inside")
	talker.expect("[user0]: inside")
	held.pop(0).vanish()
	await_line('msg="memory is not short any more"')
	eq(status(), 200)
	eq(count_users(), 1)
	PY
}

@test "who is refused for want of memory costs no worker more than some" {
	start_server_with_memory 8M
	peer <<-'PY'
	exec(open("holding.py").read())
	held = [hold(600_000) for _ in range(6)] + [hold(300_000)]
	await_line('msg="memory is short"')
	crowd = [connect_tcp() for _ in range(200)]
	told = sum(read_to_end(sock).startswith(b"HTTP/1.1 503")
	           for sock in crowd[100:])
	eq(told, 100, "told by the parent, unasked")
	PY
}

@test "over nine tenths of the memory some of the largest go with 1013" {
	start_server_with_memory 8M
	peer <<-'PY'
	exec(open("holding.py").read())
	small = [hold(1000 + 100_000 * i) for i in range(2)]
	held = [hold(100) for _ in range(8)]
	for peer in held:
	    peer.send_raw(bytes(600_000))
	await_line('msg="clients ended for want of memory" clients=')
	def ended_now():
	    return [peer for peer in small + held
	            if select.select([peer.sock], [], [], 0)[0]]
	eventually(ended_now, "the end of some")
	ended = ended_now()
	assert 1 <= len(ended) <= 3, f"{len(ended)} have ended"
	for peer in ended:
	    assert peer in held, "one of the large"
	    try:
	        peer.hear_data()
	        raise AssertionError("no close frame")
	    except Closed as closed:
	        eq((closed.code, closed.reason),
	           (1013, "the server is short of memory"))
	PY
}

# Each that stalls is owed the rest of a line of its own room, of which nobody
# else has a part; the others take theirs at once.
@test "who does not read goes when memory is short, the others lose nothing" {
	start_server_with_memory 2M
	peer <<-'PY'
	exec(open("holding.py").read())
	talker, reader = Chatter("/talk"), Chatter("/talk")
	stalled = [Chatter(f"/talk/{i}", receive_buffer=4096)
	           for i in range(90)]
	for one in stalled:
	    try:
	        for _ in range(3):
	            one.say("y" * 40_000)
	    except OSError:
	        pass		# he has had to go already
	for i in range(20):
	    line = f"{i} " + "x" * 40_000
	    talker.say(line)
	    talker.expect(f"[user0]: {line}")
	    reader.expect(f"[user0]: {line}")
	await_line("why=memory")
	PY
}
