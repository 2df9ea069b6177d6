#!/usr/bin/env bats
# People in rooms: greeting, lines, names, who is there.

load lib/common

@test "the first who joins is greeted with a count of one" {
	start_server
	peer <<-'PY'
	eq(Chatter().greeting, "You are connected! There are 1 users here.")
	PY
}

# Two sends and two wake-ups of the client for what comes at once, as a rule.
@test "the switch to WebSocket waits a moment for the greeting" {
	[[ ${SPAWN:-} != connection ]] ||
		skip 'a worker that is just starting has no broker yet'
	start_server
	peer <<-'PY'
	def is_held():
	    broker = broker_pid()
	    kill(broker, signal.SIGSTOP)
	    try:
	        sock = connect_tcp()
	        sock.sendall(upgrade_head("/chat"))
	        return not select.select([sock], [], [], 0.02)[0]
	    finally:
	        kill(broker, signal.SIGCONT)
	eventually(lambda: all(is_held() for _ in range(5)), "the moment")
	PY
}

@test "the second is greeted with a count of two, the first hears nothing" {
	start_server
	peer <<-'PY'
	first = Chatter()
	second = Chatter()
	eq(second.greeting, "You are connected! There are 2 users here.")
	second.say("hi")
	first.expect("[user1]: hi")
	PY
}

@test "fifty who join are counted one by one" {
	start_server
	peer <<-'PY'
	room = []
	for n in range(1, 51):
	    room.append(Chatter())
	    eq(room[-1].users, n)
	PY
}

@test "fifty who join at once are all counted, each once" {
	start_server
	peer <<-'PY'
	import concurrent.futures
	with concurrent.futures.ThreadPoolExecutor(50) as pool:
	    room = list(pool.map(lambda _: Chatter(), range(50)))
	eq(sorted(who.users for who in room), list(range(1, 51)))
	PY
}

@test "a text goes to everybody in the room, the sender included" {
	start_server
	peer <<-'PY'
	room = [Chatter() for _ in range(5)]
	room[2].say("hello")
	for who in room:
	    who.expect("[user2]: hello")
	PY
}

@test "an empty text is said, too" {
	start_server
	peer <<-'PY'
	a, b = Chatter(), Chatter()
	a.say("")
	for who in a, b:
	    who.expect("[user0]: ")
	PY
}

@test "a text that only looks like a command is said" {
	start_server
	peer <<-'PY'
	a = Chatter()
	a.say("/etc/hosts is wrong")
	a.expect("[user0]: /etc/hosts is wrong")
	PY
}

@test "all hear the lines of many senders in the same order" {
	start_server -o 'limits { message-rate = 0 }' -w 3
	peer <<-'PY'
	room = [Chatter() for _ in range(6)]
	for i in range(50):
	    for who in room:
	        who.say(str(i))
	heard = [[who.hear() for _ in range(300)] for who in room]
	for lines in heard:
	    eq(lines, heard[0], "the order")
	for n in range(6):
	    eq([line for line in heard[0] if line.startswith(f"[user{n}]")],
	       [f"[user{n}]: {i}" for i in range(50)], "one's own order")
	PY
}

@test "names are not used again after somebody has left" {
	start_server
	peer <<-'PY'
	names = []
	for _ in range(5):
	    who = Chatter()
	    names.append(who.name())
	    who.leave()
	eq(names, ["user0", "user1", "user2", "user3", "user4"])
	PY
}

@test "joins and leaves are not announced" {
	start_server
	peer <<-'PY'
	a = Chatter()
	b, c = Chatter(), Chatter()
	b.leave()
	c.vanish()
	wait_for_users(1)
	a.say("what did I miss")
	a.expect("[user0]: what did I miss")
	PY
}

@test "who has left is not counted" {
	start_server
	peer <<-'PY'
	room = [Chatter() for _ in range(10)]
	for who in room[3:]:
	    who.leave()
	wait_for_users(3)
	PY
}

@test "a client that vanishes mid-frame is gone" {
	start_server
	peer <<-'PY'
	a, b = Chatter(), Chatter()
	b.send_raw(frame(TEXT, b"never finished")[:9])
	b.vanish()
	wait_for_users(1)
	a.say("alone")
	a.expect("[user0]: alone")
	PY
}

@test "who hangs up without a close frame is gone" {
	start_server
	peer <<-'PY'
	a, b = Chatter(), Chatter()
	b.sock.close()
	wait_for_users(1)
	PY
}

@test "rooms hear only themselves" {
	start_server
	peer <<-'PY'
	lobby, red, blue = Chatter(), Chatter("/chat/red"), Chatter("/chat/blue")
	for who, text in (lobby, "L"), (red, "R"), (blue, "B"):
	    who.say(text)
	lobby.expect("[user0]: L")
	red.expect("[user1]: R")
	blue.expect("[user2]: B")
	for who in lobby, red, blue:
	    who.say("end")
	    assert who.hear().endswith(": end"), "heard another room"
	PY
}

@test "every room counts its own, the names count on" {
	start_server
	peer <<-'PY'
	visitors = [Chatter(path) for path in
	            ("/chat", "/chat/a", "/chat/a", "/chat/b", "/chat")]
	eq([who.users for who in visitors], [1, 1, 2, 1, 2])
	eq([who.name() for who in (visitors[0], visitors[3])],
	   ["user0", "user3"])
	PY
}

@test "a room that everybody has left starts anew, its names do not" {
	start_server
	peer <<-'PY'
	last = -1
	for _ in range(3):
	    who = Chatter("/chat/short-lived")
	    eq(who.users, 1)
	    number = who.number()
	    assert number > last, f"user{number} after user{last}"
	    last = number
	    who.leave()
	    wait_for_users(0, "/chat/short-lived")
	PY
}

@test "a room's name has 1 to 64 letters, digits, dashes, dots" {
	start_server
	peer <<-'PY'
	for name in "a", "Z" * 64, "a.b-c_D9", ".a", "a..":
	    eq(Chatter("/chat/" + name).users, 1, name)
	PY
}

@test "a room's name that is not allowed is 404" {
	start_server
	peer <<-'PY'
	for name in "", "a" * 65, ".", "..", "...", "a/b", "a%20b", "a+b", \
	        "%61", "a/", "~a", "a:b":
	    eq(request(upgrade_head("/chat/" + name)).status, 404, name)
	PY
}

@test "names of rooms differ by case" {
	start_server
	peer <<-'PY'
	a, b = Chatter("/chat/Red"), Chatter("/chat/red")
	eq((a.users, b.users), (1, 1))
	PY
}

@test "a query does not change the room" {
	start_server
	peer <<-'PY'
	a, b = Chatter("/chat"), Chatter("/chat?from=mail")
	eq(b.users, 2)
	PY
}

@test "binary messages are ignored" {
	start_server
	peer <<-'PY'
	a, b = Chatter(), Chatter()
	a.send(BINARY, b"\x00\x01\xff")
	a.send(BINARY, b"part", fin=False)
	a.send(CONT, b"part")
	a.say("text")
	for who in a, b:
	    who.expect("[user0]: text")
	PY
}

@test "one line break at the end is cut off" {
	start_server
	peer <<-'PY'
	a = Chatter()
	for end in "\n", "\r\n", "\r":
	    a.say("line" + end)
	    a.expect("[user0]: line")
	a.say("\n")
	a.expect("[user0]: ")
	a.say("two\n\n")
	a.expect("[user0]: two\u2424")
	PY
}

@test "line breaks within a text become one sign each" {
	start_server
	peer <<-'PY'
	a = Chatter()
	for pause in "\n", "\r", "\r\n", "\u0085", "\u2028", "\u2029":
	    a.say(f"one{pause}two")
	    a.expect("[user0]: one\u2424two")
	PY
}

@test "control characters are shown as pictures" {
	start_server
	peer <<-'PY'
	a = Chatter()
	a.say("\x00\x07\x1b[31m\x7f|\tend")
	a.expect("[user0]: \u2400\u2407\u241b[31m\u2421|\tend")
	PY
}

@test "what could turn a line around or drive a terminal is replaced" {
	start_server
	peer <<-'PY'
	a = Chatter()
	a.say("\u009b1m \u202a\u202e \u2066\u2069")
	a.expect("[user0]: \ufffd1m \ufffd\ufffd \ufffd\ufffd")
	PY
}

@test "joiners, variation selectors and scripts stay as they are" {
	start_server
	peer <<-'PY'
	a = Chatter()
	text = ("\U0001f469\u200d\U0001f680 \u2764\ufe0f \u0645\u06cc\u200c\u062e "
	        "\u00e4\u4f60 [x] %s %t %n")
	a.say(text)
	a.expect("[user0]: " + text)
	PY
}

@test "nobody can forge a line of the server" {
	start_server
	peer <<-'PY'
	a, b = Chatter(), Chatter()
	a.say("bye\n[server] user1 is banned\r[user1]: I did it")
	line = b.hear()
	eq(line, "[user0]: bye\u2424[server] user1 is banned\u2424[user1]: I did it")
	eq(len(line.splitlines()), 1)
	PY
}

@test "64 KiB are said and one byte more is 1009" {
	start_server
	peer <<-'PY'
	a, b = Chatter(), Chatter()
	a.say("x" * 65536)
	for who in a, b:
	    who.expect("[user0]: " + "x" * 65536)
	a.say("x" * 65537)
	a.expect_close(1009)
	wait_for_users(1)
	b.say("next")
	b.expect("[user1]: next")
	PY
}

@test "64 KiB that grow when they are shown arrive whole" {
	start_server
	peer <<-'PY'
	a, b = Chatter(), Chatter()
	a.say("\x07" * 65536)
	b.expect("[user0]: " + "\u2407" * 65536)
	PY
}

@test "bad UTF-8 is 1007 and is said to nobody" {
	start_server
	peer <<-'PY'
	a, b = Chatter(), Chatter()
	a.send(TEXT, b"caf\xe9")
	a.expect_close(1007)
	b.say("next")
	b.expect("[user1]: next")
	PY
}

@test "a text in the same packet as the handshake is said after the greeting" {
	start_server
	peer <<-'PY'
	a = Chatter(along=frame(TEXT, "early"))
	a.expect("[user0]: early")
	PY
}

@test "what somebody said before leaving is heard by the others" {
	start_server
	peer <<-'PY'
	a, b = Chatter(), Chatter()
	a.send_raw(frame(TEXT, "bye") + frame(CLOSE, close_payload(1000)))
	a.expect_close(1000, skip_data=True, answer=False)
	b.expect("[user0]: bye")
	PY
}

@test "greeting, line and first number are settings of a route" {
	start_server -o 'route "/lab" { kind = chat first-user = 7
	    greeting = "Welcome to the lab (%u, 100%%)." message = "%n said: %t" }'
	peer <<-'PY'
	a = Peer("/lab")
	eq(a.hear_text(), "Welcome to the lab (1, 100%).")
	a.send_text("it is %t on %n")
	eq(a.hear_text(), "user7 said: it is %t on %n")
	PY
}

@test "a greeting may be switched off and a line may be the bare text" {
	start_server -o 'route "/bare" { greeting = "" message = "%t" }'
	peer <<-'PY'
	a = Peer("/bare")
	a.send_text("just this")
	eq(a.hear_text(), "just this")
	PY
}

@test "routes have names and rooms of their own" {
	start_server -o 'route "/lab" { kind = chat }'
	peer <<-'PY'
	a, b = Chatter("/chat/x"), Chatter("/lab/x")
	eq((a.users, b.users), (1, 1))
	eq((a.name(), b.name()), ("user0", "user0"))
	PY
}

@test "a route that announces tells of joins and leaves" {
	start_server -o 'route "/lab" { kind = chat announce = yes greeting = "" }'
	peer <<-'PY'
	a = Peer("/lab")
	b = Peer("/lab")
	b.vanish()
	lines = []
	while not lines or "left" not in lines[-1]:
	    lines.append(a.hear_text())
	eq(lines[-2:], ["[server] Member joined: user1.",
	                "[server] Member left: user1."])
	PY
}

@test "a route that replays gives the last lines to who joins" {
	start_server -o 'route "/lab" { kind = chat history = 5 replay = 3 }'
	peer <<-'PY'
	a = Chatter("/lab")
	for text in "one", "two", "three", "four":
	    a.say(text)
	    a.expect(f"[user0]: {text}")
	b = Chatter("/lab")
	b.expect("[user0]: two", "[user0]: three", "[user0]: four")
	a.say("live")
	b.expect("[user0]: live")
	PY
}

@test "a log that goes round many times loses and tears nothing" {
	start_server -o 'log-size = "1M" limits { message-rate = 0 }'
	peer <<-'PY'
	room = [Chatter() for _ in range(4)]
	for i in range(300):
	    text = f"{i} " + chr(97 + i % 26) * random.randint(0, 60000)
	    room[i % 4].say(text)
	    for who in room:
	        who.expect(f"[user{i % 4}]: {text}")
	PY
}

@test "a quiet room keeps its lines beside a busy one" {
	start_server -o 'log-size = "1M" limits { message-rate = 0 }' \
		-o 'route "/lab" { kind = chat history = 5 replay = 3 }'
	peer <<-'PY'
	quiet = Chatter("/lab/quiet")
	for text in "one", "two", "three", "four":
	    quiet.say(text)
	    quiet.expect(f"[user0]: {text}")
	busy = Chatter("/lab/busy")
	for i in range(120):
	    busy.say("x" * 60000)
	    busy.hear()
	    if i % 4 == 0:	# its worker is not overrun, however busy
	        quiet.say("/ping")
	        quiet.expect("[server::ping] pong")
	Chatter("/lab/quiet").expect("[user0]: two", "[user0]: three",
	                             "[user0]: four")
	quiet.say("live")
	quiet.expect("[user0]: live")
	PY
}

@test "Python's websockets, node's ws and a raw peer talk in one room" {
	need_node_module ws
	start_server
	python "$TESTS/lib/three_clients.py" "$TESTS/lib/ws_client.mjs"
}

@test "Python's websockets gets all of its kinds of messages back" {
	start_server
	python - <<-'PY'
	import asyncio, os, websockets
	async def main():
	    uri = f"ws://127.0.0.1:{os.environ['PORT']}/echo"
	    async with websockets.connect(uri) as ws:
	        for message in "text", b"\x00\xff", "", "x" * 65536, ["a", "b", "c"]:
	            await ws.send(message)
	            want = "abc" if isinstance(message, list) else message
	            assert await asyncio.wait_for(ws.recv(), 10) == want
	        await asyncio.wait_for(await ws.ping(), 10)
	    assert ws.close_code == 1000, ws.close_code
	asyncio.run(main())
	PY
}
