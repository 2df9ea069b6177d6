#!/usr/bin/env bats
# The JSON protocol, wschat.v1.  The form of events and of requests is tested
# in tests/unit/test_json_write.c, test_json_read.c and test_event.c; the
# examples of doc/protocol.md run in 49-protocol.bats.

load lib/common

# talk [ARGS...] <SCRIPT: as peer, with jsonchat instead of wsproto.
talk()
{
	{
		echo 'from jsonchat import *'
		cat
	} | peer "$@"
}

@test "the subprotocol is taken on chat routes, when it is offered" {
	start_server
	talk <<-'PY'
	field = "Sec-WebSocket-Protocol"
	for offer, taken in (
	        ("wschat.v1", "wschat.v1"),
	        ("chat, wschat.v1, wschat.v2", "wschat.v1"),
	        ("wschat.resume.AAAAAAAAAAAAAAAAAAAAAA, wschat.v1",
	            "wschat.v1"),
	        ("wschat.resume.AAAAAAAAAAAAAAAAAAAAAA", None),
	        ("WSCHAT.V1, wschat.v10, wschat", None)):
	    one = Peer("/chat", fields=[f"{field}: {offer}"])
	    eq(one.answer.field(field), taken, offer)
	    first = one.hear_text()
	    eq(first.startswith('{"type":"welcome",'), taken is not None, first)
	    one = Peer("/echo", fields=[f"{field}: {offer}"])
	    eq(one.answer.field(field), None, "on an echo route")
	    one.send_text("{}")
	    eq(one.hear_text(), "{}")
	# Over two fields.
	one = Peer("/chat", fields=[f"{field}: a", f"{field}: wschat.v1"])
	eq(one.answer.field(field), "wschat.v1")
	PY
}

@test "a welcome says who one is, where, and in which log" {
	start_server
	talk <<-'PY'
	a = Talker()
	assert matches(event("welcome", name="user0", room="", users=1,
	    epoch=ANY, seq=0, resume=ANY, resumed=False), a.welcome), a.welcome
	assert re.fullmatch("[0-9a-f]{32}", a.welcome["epoch"])
	assert re.fullmatch("[A-Za-z0-9_-]{22}", a.welcome["resume"])
	a.say("one")
	a.expect(message(1, "user0", "one"))
	b = Talker()
	eq([b.welcome[key] for key in ("name", "users", "seq", "epoch")],
	    ["user1", 2, 1, a.welcome["epoch"]])
	assert a.welcome["resume"] != b.welcome["resume"]
	c = Talker("/chat/lab")
	eq([c.welcome[key] for key in ("name", "room", "users", "seq")],
	    ["user2", "lab", 1, 0])
	PY
}

@test "JSON and text clients talk in one room, in one order" {
	start_server
	talk <<-'PY'
	a = Talker()
	t = Chatter()
	eq(t.users, 2)
	a.expect(event("join", name="user1", users=2, seq=0))
	b = Talker()
	a.expect(event("join", name="user2", users=3, seq=0))
	before = time.time()
	a.say("from a")
	for one in a, b:
	    one.expect(message(1, "user0", "from a"))
	t.say("from t")
	for one in a, b:
	    got = one.hear()
	    assert matches(message(2, "user1", "from t"), got), got
	    assert before * 1000 - 1 <= got["time"] <= time.time() * 1000 + 1
	t.expect("[user0]: from a", "[user1]: from t")
	# What one does.
	a.say("waves", action=True)
	t.expect("* user0 waves")
	t.say("/me waves back")
	t.expect("* user1 waves back")
	for one in a, b:
	    one.expect(message(3, "user0", "waves", action=True),
	        message(4, "user1", "waves back", action=True))
	# A rename: the event is the answer.
	a.ask("nick", name="Anna")
	for one in a, b:
	    one.expect(event("rename", from_="user0", to="Anna", seq=4))
	t.say("/nick Tom")
	t.expect("[server::nick] you are now Tom")
	for one in a, b:
	    one.expect(event("rename", from_="user1", to="Tom", seq=4))
	# To another room and back.
	b.ask("join", room="lab")
	a.expect(event("leave", name="user2", users=2, seq=4))
	b.expect(event("welcome", name="user2", room="lab", users=1, seq=0,
	    moved=True), event("join", name="user2", users=1, seq=0))
	b.ask("join", room="")
	b.expect(event("welcome", name="user2", room="", users=3, seq=4,
	    moved=True), event("join", name="user2", users=3, seq=4))
	a.expect(event("join", name="user2", users=3, seq=4))
	b.say("back")
	for one in a, b:
	    one.expect(message(5, "user2", "back"))
	t.expect("[user2]: back")
	t.leave()
	for one in a, b:
	    one.expect(event("leave", name="Tom", users=2, seq=5))
	b.leave()
	a.expect(event("leave", name="user2", users=1, seq=5))
	PY
}

@test "a text is said as it is, and shown to text clients as one line" {
	start_server
	talk <<-'PY'
	a, t = Talker(), Chatter()
	a.hear_until("join")
	texts = ["", "/who", "//x", "/quit", "a\r\nb", "\u0000", "\u2028",
	    "\u202e", '"\\', "\U0001f680", "[server] no"]
	texts += [chr(c) for c in range(0x20)]
	for seq, text in enumerate(texts, 1):
	    a.say(text)
	    a.expect(message(seq, "user0", text))
	    line = t.hear()
	    assert line.startswith("[user0]: ") and len(line.splitlines()) == 1
	t.say("\u0085/not a command")
	a.expect(message(len(texts) + 1, "user1", "\u0085/not a command"))
	PY
}

@test "a message with an id is acknowledged behind itself, and said once" {
	start_server
	talk <<-'PY'
	a, b = Talker(), Talker()
	a.hear_until("join")
	ids = ["x", "\u2603" * 21 + "x", "\"\\\n"]
	for seq, own in enumerate(ids, 1):
	    a.say("hello", id=own)
	    a.expect(message(seq, "user0", "hello", id=own),
	        event("ack", id=own, seq=seq))
	    b.expect(message(seq, "user0", "hello", id=own))
	# Again: acknowledged, not said.
	a.say("not this", id="x")
	a.expect(event("ack", id="x", seq=1, again=True))
	# Another's id is another one, and without an id there is no ack.
	b.say("mine", id="x")
	b.expect(message(4, "user1", "mine", id="x"),
	    event("ack", id="x", seq=4))
	a.say("plain")
	a.expect(message(4, "user1", "mine", id="x"))
	for one in a, b:
	    one.expect(message(5, "user0", "plain"))
	# Many at once, among what others say.
	for i in range(40):
	    a.say(str(i), id=f"a{i}")
	    b.say(str(i))
	seqs = {}
	acked = 0
	while acked < 40:
	    got = a.hear()
	    if got["type"] == "ack":
	        eq(got["id"], f"a{acked}")
	        eq(got["seq"], seqs[got["id"]], "seq of an ack behind its event")
	        acked += 1
	    elif "id" in got:
	        seqs[got["id"]] = got["seq"]
	PY
}

@test "an id is known again after the broker has died" {
	start_server
	talk <<-'PY'
	a = Talker()
	for i in range(20):
	    a.say(str(i), id=str(i))
	os.kill([pid for pid, title in procs().items() if "broker" in title][0], signal.SIGKILL)
	for i in range(20):
	    a.say(str(i), id=str(i))
	a.say("end")
	said, acks, again = [], [], []
	while said[-1:] != ["end"]:
	    got = a.hear()
	    if got["type"] == "message":
	        eq(got["seq"], len(said) + 1)
	        said.append(got["text"])
	    else:
	        (again if got.get("again") else acks).append(got["id"])
	eq(said, [str(i) for i in range(20)] + ["end"])
	eq(acks, [str(i) for i in range(20)])
	eq(sorted(again, key=int), acks)
	PY
}

@test "who, rooms, ping" {
	start_server
	talk <<-'PY'
	a = Talker()
	a.ask("who")
	a.expect(event("who", users=[{"name": "user0"}]))
	t = Chatter("/chat/lab")
	b = Talker("/chat/lab")
	a.ask("rooms")
	a.expect(event("rooms", rooms=[{"name": "lab", "users": 2},
	    {"name": "", "users": 1}]))
	b.ask("who")
	got = b.hear()
	eq(sorted(u["name"] for u in got["users"]), ["user1", "user2"])
	a.ask("ping")
	a.ask("ping", id="p\u00fc")
	a.expect(event("pong"), event("pong", id="p\u00fc"))
	# Members that nobody knows are passed over.
	a.ask("ping", x={"deep": [1, None, {"type": "ping"}]}, text=1)
	a.expect(event("pong"))
	PY
}

@test "who is paged" {
	start_server -o 'limits { message-rate = 0 }'
	talk <<-'PY'
	a = Talker()
	room = [Talker() for _ in range(150)]
	for i, one in enumerate(room):
	    one.ask("nick", name=f"{i:03d}" + "\u00e4" * 29)
	for _ in range(150):
	    a.hear_until("rename")
	names, after = [], None
	while True:
	    a.ask("who", **({} if after is None else {"after": after}))
	    got = a.hear_until("who")
	    names += [user["name"] for user in got["users"]]
	    after = names[-1]
	    if "more" not in got:
	        break
	    eq(got["more"], 151 - len(names))
	eq(len(names), 151)
	eq(len(set(names)), 151)
	a.ask("who", after="Nobody")
	a.expect(error("not-found"))
	PY
}

@test "whispers reach whom they name, in either dialect" {
	start_server
	talk <<-'PY'
	a, b, t = Talker(), Talker(), Chatter()
	for one, joins in (a, 2), (b, 1):
	    for _ in range(joins):
	        one.hear_until("join")
	a.ask("whisper", to=["user1", "user2", "nobody"], text="psst\n!")
	a.expect(event("whispered", to=["user1", "user2"], lost=["nobody"],
	    text="psst\n!"))
	b.expect(event("whisper", from_="user0", text="psst\n!"))
	t.expect("[server::whisper] from user0: psst\u2424!")
	t.say("/w user0,x and back")
	a.expect(event("whisper", from_="user2", text="and back"))
	t.expect("[server::whisper] to user0: and back",
	    "[server::whisper] not found: x")
	a.ask("whisper", to="nobody", text="")
	a.expect(event("whispered", to=[], lost=["nobody"], text=""))
	PY
}

@test "what cannot be is an error with a word that is always the same" {
	start_server -o 'route "/shy" { list-rooms = no }'
	talk <<-'PY'
	a, b = Talker(), Talker()
	a.hear_until("join")
	for code, type_, members in (
	        ("name-taken", "nick", {"name": "USER\u0031"}),
	        ("name-reserved", "nick", {"name": "server"}),
	        ("name-too-long", "nick", {"name": "x" * 33}),
	        ("name-too-long", "nick", {"name": "x" * 5000}),
	        ("name-empty", "nick", {"name": ""}),
	        ("name-bad-character", "nick", {"name": "a b"}),
	        ("room-same", "join", {"room": ""}),
	        ("room-invalid", "join", {"room": "a/b"}),
	        ("room-invalid", "join", {"room": ".."}),
	        ("unknown-type", "messages", {})):
	    if code == "name-taken":
	        b.ask("nick", name="Bert")
	        for one in a, b:
	            one.expect(event("rename", from_="user1", to="Bert", seq=0))
	        members = {"name": "bert"}
	    a.ask(type_, **members)
	    a.expect(error(code))
	shy = Talker("/shy")
	shy.ask("rooms", id="r")
	shy.expect(error("rooms-hidden", id="r"))
	PY
}

@test "what is no request is an error, and the connection lives" {
	start_server -o 'route "/chat" { limits { message-rate = 0 } }'
	talk <<-'PY'
	a = Talker()
	deep = "[" * 31 + "]" * 31
	for code, text in (
	        ("bad-json", ""), ("bad-json", "{"), ("bad-json", "{'type':1}"),
	        ("bad-json", '{"type":"ping"} {}'), ("bad-json", "\ufeff{}"),
	        ("bad-json", '{"type":"ping","type":"ping"}'),
	        ("bad-json", '{"type":"ping","x":{"a":1,"\\u0061":2}}'),
	        ("bad-json", "[" * 33 + "]" * 33),
	        ("bad-json", "[" * 60000),
	        ("bad-json", '{"a":' * 9000),
	        ("bad-json", '{"type":"history","count":1' + "0" * 400 + "}"),
	        ("bad-json", '{"type":"ping","x":1e999}'),
	        ("bad-json", '{"type":"message","text":"\\ud800"}'),
	        ("bad-object", "[]"), ("bad-object", "7"), ("bad-object", "{}"),
	        ("bad-object", "null"), ("bad-object", '"ping"'),
	        ("bad-object", '{"type":7}'), ("bad-object", "[" + deep + "]"),
	        ("unknown-type", '{"type":"Ping"}'),
	        ("unknown-type", '{"type":"ping\\u0000"}'),
	        ("bad-member", '{"type":"message"}'),
	        ("bad-member", '{"type":"message","text":7}'),
	        ("bad-member", '{"type":"message","text":"","action":1}'),
	        ("bad-member", '{"type":"ping","id":7}'),
	        ("bad-member", '{"type":"ping","id":""}'),
	        ("bad-member", '{"type":"ping","id":"%s"}' % ("x" * 65)),
	        ("bad-member", '{"type":"whisper","to":[],"text":""}'),
	        ("bad-member", '{"type":"whisper","to":["a,b"],"text":""}'),
	        ("bad-member", '{"type":"whisper","to":["a"]}'),
	        ("bad-member", '{"type":"nick"}'),
	        ("bad-member", '{"type":"join"}'),
	        ("bad-member", '{"type":"join","room":null}'),
	        ("bad-member", '{"type":"who","after":1}'),
	        ("bad-member", '{"type":"history","before":-1}'),
	        ("bad-member", '{"type":"history","count":0}'),
	        ("bad-member", '{"type":"history","count":101}')):
	    a.send_text(text)
	    got = a.hear()
	    assert matches(error(code), got), (text[:60], got)
	    a.ask("ping")
	    a.expect(event("pong"))
	# Its id, where one could be read.
	a.ask("message", id="i")
	a.expect(error("bad-member", id="i"))
	a.ask("nothing", id="i")
	a.expect(error("unknown-type", id="i"))
	# 32 levels are not too deep.
	a.send_text('{"type":"ping","x":' + deep + "}")
	a.expect(event("pong"))
	PY
}

@test "ten texts in a row that are no JSON are enough" {
	start_server
	talk <<-'PY'
	a = Talker()
	for _ in range(2):
	    for _ in range(10):
	        a.send_text("hello")
	        a.expect(error("bad-json"))
	    # Whatever is JSON counts as a good one.
	    a.send_text("[]")
	    a.expect(error("bad-object"))
	for _ in range(10):
	    a.send_text("hello")
	    a.expect(error("bad-json"))
	a.send_text("hello")
	a.expect_close(1008)
	# Not UTF-8 at all, and binary messages, which count for nothing.
	a = Talker()
	for _ in range(12):
	    a.send(BINARY, b"\xff{}")
	a.ask("ping")
	a.expect(event("pong"))
	a.send(TEXT, b'{"type":"message","text":"\xff"}')
	a.expect_close(1007)
	PY
}

@test "history comes in pages, as much of it as the route keeps" {
	start_server -o 'route "/chat" { history = 50 }' \
		-o 'limits { message-rate = 0 }'
	talk <<-'PY'
	a = Talker()
	a.ask("history")
	a.expect(event("history", messages=[], more=False))
	for i in range(1, 81):
	    a.say(f"text {i}", **({"id": str(i)} if i == 80 else {}))
	    a.expect(message(i, "user0", f"text {i}",
	        **({"id": "80"} if i == 80 else {})))
	a.expect(event("ack", id="80", seq=80))

	def page(**members):
	    a.ask("history", **members)
	    got = a.hear()
	    eq(list(got), ["type", "messages", "more"])
	    for one in got["messages"]:
	        eq(one["text"], f"text {one['seq']}")
	        eq(one.get("id"), "80" if one["seq"] == 80 else None)
	    return [one["seq"] for one in got["messages"]], got["more"]

	eq(page(count=10), (list(range(71, 81)), True))
	eq(page(count=10, before=71), (list(range(61, 71)), True))
	eq(page(count=30, before=61), (list(range(31, 61)), False))
	eq(page(count=100), (list(range(31, 81)), False))
	eq(page(before=31), ([], False))
	eq(page(before=32, count=1), ([31], False))
	eq(page(before=2**53, count=1), ([80], True))
	# Who joins is told nothing of it, and may ask before it is welcome.
	b = Peer("/chat", fields=["Sec-WebSocket-Protocol: wschat.v1"],
	    along=frame(TEXT, '{"type":"history","count":1}'))
	heard = [parse(b.hear_text()) for _ in range(3)]
	eq([one["type"] for one in heard], ["welcome", "join", "history"])
	eq(heard[2]["messages"][0]["seq"], 80)
	# Another room has another one.
	a.ask("join", room="lab")
	a.hear_until("welcome")
	a.hear_until("join")
	eq(page(), ([], False))
	PY
}

@test "history forgets, where it is told to" {
	start_server -o 'route "/chat" { history-age = 1 }' \
		-o 'route "/none" { kind = chat history = 0 }'
	talk <<-'PY'
	a = Talker()
	a.say("old")
	a.expect(message(1, "user0", "old"))
	a.ask("history")
	got = a.hear()
	eq([one["seq"] for one in got["messages"]], [1])
	def forgotten():
	    a.ask("history")
	    return a.hear() == event("history", messages=[], more=False)
	eventually(forgotten, "a line of a second ago is forgotten", pause=0.2)
	b = Talker("/none")
	b.say("x")
	b.expect(message(1, "user0", "x"))
	b.ask("history")
	b.expect(event("history", messages=[], more=False))
	PY
}

@test "a page of history fits the backlog of who asks" {
	start_server -o 'route "/chat" { limits { backlog = "256K"
		message-rate = 0 message-size = "64K" } }'
	talk <<-'PY'
	a = Talker()
	for i in range(1, 31):
	    a.say(("\x01" if i > 15 else "x") * 10000)
	    eq(a.hear()["seq"], i)
	seqs, before = [], 0
	while True:
	    a.ask("history", count=100, **({"before": before} if before else {}))
	    text = a.hear_text()
	    assert len(text) <= 128 * 1024, len(text)
	    got = parse(text)
	    seqs[:0] = [one["seq"] for one in got["messages"]]
	    if not got["more"]:
	        break
	    before = seqs[0]
	eq(seqs, list(range(1, 31)))
	PY
}

@test "who asks for more than he reads is read no further" {
	start_server -o 'limits { message-rate = 0 }'
	talk <<-'PY'
	a = Talker(receive_buffer=4096)
	b = Talker()
	a.hear_until("join")
	for i in range(100):
	    b.say("x" * 5000)
	for one in a, b:
	    for i in range(100):
	        eq(one.hear_until("message")["seq"], i + 1)
	question = frame(TEXT, '{"type":"history","count":100}')
	for i in range(100):
	    a.send_raw(question)
	for i in range(100):
	    got = a.hear()
	    eq(len(got["messages"]), 100)
	a.ask("ping")
	a.expect(event("pong"))
	PY
}

@test "JSON is compressed for who agrees to it" {
	start_server -o 'route "/chat" { deflate = yes deflate-min-size = 100 }'
	talk <<-'PY'
	offer = "permessage-deflate; server_max_window_bits=%d"
	plain, text = Talker(), Chatter()
	room = [Talker(deflate=offer % bits) for bits in (9, 10, 15)]
	eq([one.frames.bits for one in room], [9, 10, 15])
	say = "the same again " * 40
	room[0].send(TEXT, deflated(json.dumps(event("message", text=say,
	    id="z")), 15), rsv=4)
	for one in [plain, *room]:
	    while True:
	        got = one.hear()
	        if got["type"] == "message":
	            break
	    assert matches(message(1, room[0].me, say, id="z"), got), got
	    eq(one.compressed, one is not plain, "compressed")
	room[0].expect(event("ack", id="z", seq=1))
	eq(room[0].compressed, False)
	text.expect(f"[{room[0].me}]: {say}")
	PY
}

@test "who lags misses nothing, and has his acks in their places" {
	start_server -o 'route "/chat" { limits { backlog = "64M"
		message-rate = 0 } }'
	talk <<-'PY'
	slow, quick = Talker(receive_buffer=4096), Talker()
	slow.hear_until("join")
	want = []
	for i in range(60):
	    slow.say("s" * 20000, id=str(i))
	    quick.say("q" * 20000)
	    for _ in range(2):
	        quick.hear_until("message")
	slow.ask("nick", name="Slow")
	quick.expect(event("rename", from_="user0", to="Slow", seq=120))
	slow.ask("join", room="lab")
	quick.expect(event("leave", name="Slow", users=1, seq=120))
	slow.say("there", id="end")
	slow.ask("history", count=1)
	acked = 0
	seq = 0
	while acked < 60 or seq < 120:
	    got = slow.hear()
	    if got["type"] == "ack":
	        eq((got["id"], got["seq"]), (str(acked), seq), "an ack")
	        acked += 1
	    else:
	        seq += 1
	        eq((got["type"], got["seq"]), ("message", seq))
	slow.expect(event("rename", from_="user0", to="Slow", seq=120),
	    event("welcome", name="Slow", room="lab", users=1, seq=0,
	        moved=True), event("join", name="Slow", users=1, seq=0),
	    message(1, "Slow", "there", id="end"),
	    event("ack", id="end", seq=1),
	    event("history", messages=[{"seq": 1, "from": "Slow",
	        "text": "there", "time": ANY, "id": "end"}], more=False))
	PY
}

@test "in a large room a count is told instead of joins and leaves" {
	start_server -o 'route "/chat" { presence-above = 3 announce = yes }'
	talk <<-'PY'
	def arrive():
	    one = Peer("/chat")
	    one.hear_text()
	    return one

	a = Talker()
	t = arrive()
	a.expect(event("join", name="user1", users=2, seq=0))
	room = [arrive()]
	a.expect(event("join", name="user2", users=3, seq=0))
	# Many come at once: counts, at most one a second, the last one right.
	start = time.monotonic()
	room += [arrive() for _ in range(40)]
	counts = []
	while counts[-1:] != [43]:
	    got = a.hear()
	    eq(list(got), ["type", "users"])
	    eq(got["type"], "presence")
	    assert not counts or got["users"] > counts[-1], got
	    counts.append(got["users"])
	assert len(counts) <= time.monotonic() - start + 1.1, counts
	# Names and messages are told as ever, and to text clients all.
	a.say("here")
	assert a.hear()["type"] == "message"
	# Who joins is told the count, too.
	b = Talker()
	eq(b.welcome["users"], 44)
	a.expect(event("presence", users=44))
	lines = [t.hear_text() for _ in range(42)]
	assert "[server] Member joined: user42." in lines, lines
	for one in room[1:]:
	    one.leave()
	counts = []
	start = time.monotonic()
	while counts[-1:] != [4]:
	    got = a.hear()
	    eq(got["type"], "presence")
	    counts.append(got["users"])
	assert len(counts) <= time.monotonic() - start + 2.1, counts
	# Not large any more: the next one is told by name.
	b.leave()
	a.expect(event("leave", name="user43", users=3, seq=1))
	PY
}

@test "who lagged in a large room is told the count" {
	start_server -o 'route "/chat" { presence-above = 1
		limits { backlog = "64M" message-rate = 0 } }'
	talk <<-'PY'
	slow, quick = Talker(receive_buffer=4096), Talker()
	slow.expect(event("presence", users=2))
	for i in range(100):
	    quick.say("q" * 20000)
	    quick.hear_until("message")
	more = [Chatter() for _ in range(5)]
	heard = []
	while ("presence", 7) not in heard:
	    got = slow.hear()
	    heard.append((got["type"], got.get("users", got.get("seq"))))
	eq([seq for type_, seq in heard if type_ == "message"],
	    list(range(1, 101)))
	PY
}

@test "who lost the connection comes back as who he was" {
	start_server
	talk <<-'PY'
	a, b = Talker("/chat/lab"), Talker("/chat/lab")
	a.hear_until("join")
	a.ask("nick", name="Anna")
	for one in a, b:
	    one.expect(event("rename", from_="user0", to="Anna", seq=0))
	a.say("one", id="1")
	a.expect(message(1, "Anna", "one", id="1"), event("ack", id="1", seq=1))
	token = a.welcome["resume"]
	a.vanish()
	b.expect(message(1, "Anna", "one", id="1"))
	def is_away():
	    b.ask("who")
	    return b.hear()["users"] == [{"name": "user1"},
	        {"name": "Anna", "away": True}]
	eventually(is_away, "she is away")
	for i in range(2, 12):
	    b.say(f"text {i}")
	    b.expect(message(i, "user1", f"text {i}"))
	# By the path of another room, and back in her own.
	a = Talker("/chat?after=3", token=token)
	assert matches(event("welcome", name="Anna", room="lab", users=2,
	    epoch=b.welcome["epoch"], seq=11, resume=token, resumed=True),
	    a.welcome), a.welcome
	a.expect(*[message(i, "user1", f"text {i}") for i in range(4, 12)])
	# What was not acknowledged is said again, and stands once.
	a.say("one", id="1")
	a.expect(event("ack", id="1", seq=1, again=True))
	a.say("here again")
	for one in a, b:
	    one.expect(message(12, "Anna", "here again"))
	# From a second place, by the query: the first one ends.
	c = Talker(f"/chat?resume={token}&after=12")
	eq((c.me, c.welcome["resumed"]), ("Anna", True))
	a.expect_close(4509)
	c.say("from there")
	for one in b, c:
	    one.expect(message(13, "Anna", "from there"))
	# She says goodbye, and her token is nobody's.
	c.leave()
	b.expect(event("leave", name="Anna", users=1, seq=13))
	d = Talker("/chat/lab", token=token)
	eq((d.me, d.welcome["resumed"]), ("user2", False))
	assert d.welcome["resume"] != token
	PY
}

@test "who does not know what he has had gets all that is not proven" {
	start_server -o 'route "/chat" { limits { ping-interval = 0.2
		message-rate = 0 } }'
	talk <<-'PY'
	a, b = Talker(), Talker()
	a.hear_until("join")
	for i in range(1, 4):
	    b.say(str(i))
	    a.expect(message(i, "user1", str(i)))
	# A ping that was made behind the third, and its pong.
	count = len(a.pings)
	while len(a.pings) < count + 2:
	    a.ask("ping")
	    a.expect(event("pong"))
	a.answer_pings = False
	for i in range(4, 7):
	    b.say(str(i))
	    a.expect(message(i, "user1", str(i)))
	token = a.welcome["resume"]
	a.vanish()
	a = Talker(token=token)
	eq((a.me, a.welcome["seq"]), ("user0", 6))
	a.expect(event("notice", text="repeating from 4"),
	    *[message(i, "user1", str(i)) for i in range(4, 7)])
	PY
}

@test "who comes back after his worker was killed has missed nothing" {
	start_server
	talk <<-'PY'
	room = [Talker() for _ in range(4)]
	workers = sorted(pid for pid, title in procs().items()
	    if "worker" in title)
	room[0].say("before")
	for one in room:
	    eq(one.hear_until("message")["seq"], 1)
	os.kill(workers[0], signal.SIGKILL)
	def died(one):
	    one.ask("ping", id="alive")
	    try:
	        while one.hear().get("id") != "alive":
	            pass
	    except (Ended, OSError):
	        return True
	lost, kept = [], []
	for one in room:
	    try:
	        (lost if died(one) else kept).append(one)
	    except OSError:
	        lost.append(one)
	eq((len(lost), len(kept)), (2, 2))
	kept[0].say("meanwhile")
	for one in kept:
	    one.expect(message(2, kept[0].me, "meanwhile"))
	for one in lost:
	    again = Talker("/chat?after=1", token=one.welcome["resume"])
	    eq((again.me, again.welcome["resumed"]), (one.me, True))
	    again.expect(message(2, kept[0].me, "meanwhile"))
	kept[0].ask("who")
	got = kept[0].hear()
	eq(sorted(u["name"] for u in got["users"]),
	    ["user0", "user1", "user2", "user3"])
	PY
}

@test "what the log has not any more is lost" {
	start_server -o 'log-size = "1M"' -o 'route "/chat" { history = 5
		limits { message-rate = 0 } }'
	talk <<-'PY'
	a, b = Talker(), Talker()
	a.hear_until("join")
	token = a.welcome["resume"]
	a.vanish()
	for i in range(1, 121):
	    b.say("x" * 20000)
	    b.hear_until("message")
	a = Talker("/chat?after=10", token=token)
	eq(a.welcome["seq"], 120)
	next_ = 11
	while next_ <= 120:
	    got = a.hear()
	    if got["type"] == "lost":
	        eq(list(got), ["type", "from", "to"])
	        eq(got["from"], next_)
	        next_ = got["to"] + 1
	    else:
	        eq(got["seq"], next_)
	        assert next_ > 20, "nothing was lost"
	        next_ += 1
	b.say("live")
	a.expect(message(121, "user1", "live"))
	PY
}

@test "on a route of cookies a JSON client is a tab, and sees no token" {
	start_server -o 'route "/ws" { kind = chat identity = session
		replay = 10 }'
	talk <<-'PY'
	a = Talker("/ws")
	assert "resume" not in a.welcome and not a.welcome["resumed"], a.welcome
	cookie = a.answer.field("Set-Cookie").split(";")[0]
	a.say("one")
	a.expect(message(1, a.me, "one"))
	b = Talker("/ws", fields=[f"Cookie: {cookie}"])
	eq(b.answer.field("Set-Cookie"), None)
	assert "resume" not in b.welcome and b.welcome["resumed"], b.welcome
	eq((b.me, b.welcome["users"], b.welcome["seq"]), (a.me, 1, 1))
	b.say("two", id="2")
	for one in a, b:
	    one.expect(message(2, a.me, "two", id="2"))
	b.expect(event("ack", id="2", seq=2))
	# Both go, and the one that did not ask is told so, too.
	a.ask("join", room="lab")
	b.expect(event("leave", name=a.me, users=0, seq=2))
	for one in a, b:
	    one.expect(event("welcome", name=a.me, room="lab", users=1, seq=0,
	        moved=True))
	a.expect(event("join", name=a.me, users=1, seq=0))
	a.say("here")
	for one in a, b:
	    one.hear_until("message")
	c = Talker("/ws/lab?after=0", fields=[f"Cookie: {cookie}"])
	c.expect(message(1, a.me, "here"))
	PY
}

@test "Python's websockets and node's ws speak JSON together" {
	need_node_module ws
	start_server
	python "$TESTS/lib/json_clients.py" "$TESTS/lib/ws_client.mjs"
}
