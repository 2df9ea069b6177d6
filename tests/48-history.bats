#!/usr/bin/env bats
# What a room keeps and who gets it: between what is kept and what is said now
# there is neither gap nor repeat.

load lib/common

FLOW='route "/flow" { kind = chat announce = yes history = 100 replay = 50 }'
UNLIMITED='limits { message-rate = 0 }'

@test "two hundred join a flowing room: 50 kept lines, then the live ones" {
	start_server -o "$FLOW" -o "$UNLIMITED"
	peer <<-'PY'
	from flow import Flow, texts
	flow = Flow("/flow")
	heard = []
	for n in range(200):
	    joiner, lines = Chatter("/flow"), []
	    while len(lines) < 60:
	        lines += texts([joiner.hear()])
	    heard.append(lines)
	    joiner.vanish()
	told = flow.stop()
	for n, lines in enumerate(heard):
	    # The talkers are user0 and user1.
	    place = told.index(f"[server] Member joined: user{n + 2}.")
	    before = len(texts(told[:place]))
	    eq(lines, texts(told)[before - 50:before + 10], f"joiner {n}")
	PY
}

@test "two hundred resumes in a flowing room miss nothing, repeat nothing" {
	start_server -o "$FLOW" -o "$UNLIMITED"
	peer <<-'PY'
	from flow import Flow, texts, tile
	from jsonpeer import JsonClient, run
	async def main(flow):
	    client = await JsonClient.open("/flow")
	    first = last = client.welcome["seq"]
	    events = []
	    for n in range(200):
	        client.reset()
	        client = await JsonClient.open("/flow", client.token, last,
	                                       offered=n % 2 == 0)
	        eq(client.welcome["resumed"], True, "resumed")
	        while last < client.welcome["seq"] + 10:
	            events.append(await client.hear())
	            last = events[-1].get("seq", last)
	    order = texts(flow.stop())
	    numbers, lost = tile(events, first)
	    eq(lost, [], "lost")
	    eq([event["text"] for event in events if event["type"] == "message"],
	       order[first:last], "what was heard")
	run(main(Flow("/flow")))
	PY
}

@test "scroll-back meets the live lines" {
	# More than is said until an answer comes, however late.
	start_server -o "${FLOW/100/50000}" -o "$UNLIMITED"
	peer <<-'PY'
	from flow import Flow, tile
	from jsonpeer import JsonClient, run
	async def visit():
	    client = await JsonClient.open("/flow")
	    seq = client.welcome["seq"]
	    await client.send("history", before=seq + 1, count=40)
	    history = await client.hear_type("history")
	    eq([message["seq"] for message in history["messages"]],
	       list(range(seq - 39, seq + 1)), "the history")
	    while len(client.passed) < 20:
	        client.passed.append(await client.hear())
	    tile(client.passed, seq)
	    await client.leave()
	async def main(flow):
	    for _ in range(50):
	        await visit()
	    flow.stop()
	run(main(Flow("/flow")))
	PY
}

# Six megabytes through a log of one.
ROUND='workers = 1 log-size = "1M" limits { message-rate = 0 }'
KEEPS='route "/lab" { kind = chat history = 20 replay = 20 }'

@test "a quiet room's lines are there when a busy one went round the log" {
	start_server -o "$ROUND" -o "$KEEPS"
	peer <<-'PY'
	from flow import tile
	from jsonpeer import JsonClient, run
	async def resume(path, token, after, last):
	    client = await JsonClient.open(path, token, after)
	    eq(client.welcome["seq"], last, "the room's last number")
	    events = []
	    while not events or events[-1].get("seq") != last:
	        events.append(await client.hear())
	    return client, *tile(events, after)
	async def main():
	    quiet = await JsonClient.open("/lab/quiet")
	    for n in range(1, 31):
	        eq((await quiet.say_and_hear(f"quiet {n}"))["seq"], n)
	    quiet.reset()
	    away = await JsonClient.open("/lab/busy")
	    await away.say_and_hear("heard")
	    away.reset()
	    busy = await JsonClient.open("/lab/busy")
	    for n in range(2, 102):
	        eq((await busy.say_and_hear("b" * 60000))["seq"], n)
	    client, numbers, lost = await resume("/lab/quiet", quiet.token, 25, 30)
	    eq((numbers, lost), (list(range(26, 31)), []), "behind 25")
	    await client.send("history", before=31, count=100)
	    history = await client.hear_type("history")
	    eq([(message["seq"], message["text"])
	        for message in history["messages"]],
	       [(n, f"quiet {n}") for n in range(11, 31)], "the history")
	    client.reset()
	    _, numbers, lost = await resume("/lab/quiet", quiet.token, 0, 30)
	    eq((numbers, lost), (list(range(11, 31)), [(1, 10)]), "behind 0")
	    # The busy one has gone over its own lines.
	    _, numbers, lost = await resume("/lab/busy", away.token, 1, 101)
	    eq(lost[0][0], 2, "the first that is lost")
	    assert len(numbers) > 5, numbers
	run(main())
	Chatter("/lab/quiet").expect(*(f"[user0]: quiet {n}"
	                               for n in range(11, 31)))
	PY
}

# Each look back was of so many records: a client that came and went often
# enough made the room seem to have no history.
@test "who comes and goes does not hide what was said" {
	start_server -o "$UNLIMITED"
	peer <<-'PY'
	from jsonpeer import JsonClient, run
	room, restless = Chatter(), Chatter()
	for n in range(5):
	    room.say(f"line {n}")
	    room.expect(f"[user0]: line {n}")
	restless.hear_until("[user0]: line 4")
	for n in range(100):
	    restless.send_raw(b"".join(
	        frame(TEXT, command) for command in [b"/join b", b"/join"] * 100))
	    for _ in range(200):
	        restless.hear()
	async def main():
	    client = await JsonClient.open("/chat")
	    await client.send("history")
	    told = await client.hear_type("history")
	    eq([m["text"] for m in told["messages"]],
	       [f"line {n}" for n in range(5)])
	    eq(told["more"], False)
	run(main())
	PY
}

@test "lines older than history-age are not replayed, but resumed" {
	start_server -o 'route "/lab" {
		kind = chat  history-age = 2  history = 1000  replay = 1000 }'
	peer <<-'PY'
	from flow import tile
	from jsonpeer import JsonClient, run
	async def meet():
	    client = await JsonClient.open("/lab")
	    client.reset()
	    return client.token
	async def catch_up(token, last):
	    client = await JsonClient.open("/lab", token, 0)
	    events = []
	    while not events or events[-1].get("seq") != last:
	        events.append(await client.hear())
	    eq(tile(events, 0), (list(range(1, last + 1)), []), "resumed")
	    eq(events[0]["text"], "line 0")
	token = run(meet())
	resident = Chatter("/lab")
	said = []
	def say():
	    line = f"line {len(said)}"
	    resident.say(line)
	    said.append(f"[user1]: {line}")
	    resident.hear_until(said[-1])
	def replayed():
	    """Up to a line that is said now."""
	    joiner = Chatter("/lab")
	    say()
	    lines = [joiner.hear()]
	    while lines[-1] != said[-1]:
	        lines.append(joiner.hear())
	    joiner.leave()
	    eq(lines, said[-len(lines):], "the youngest")
	    return lines
	say()
	eq(replayed()[0], said[0], "a young line")
	eventually(lambda: said[0] not in (lines := replayed()) and len(lines) > 1,
	           "a replay without the oldest line", pause=0.1)
	run(catch_up(token, len(said)))
	PY
}

@test "a room that is empty and whose history is too old begins anew" {
	start_server -o 'route "/lab" { kind = chat history-age = 3 }'
	peer <<-'PY'
	import asyncio
	from jsonpeer import JsonClient, run
	async def last_number():
	    client = await JsonClient.open("/lab/den")
	    await client.leave()
	    return client.welcome["seq"]
	async def main():
	    resident = await JsonClient.open("/lab/hall")
	    client = await JsonClient.open("/lab/den")
	    for who in client, resident:
	        for n in range(1, 4):
	            eq((await who.say_and_hear(f"line {n}"))["seq"], n)
	    await client.leave()
	    eq(await last_number(), 3, "an empty room that has young lines")
	    # The server looks for such rooms every ten seconds.
	    end = time.monotonic() + 2 * PATIENCE
	    while await last_number() != 0:
	        assert time.monotonic() < end, "the room stays"
	        await asyncio.sleep(0.3)
	    client = await JsonClient.open("/lab/den")
	    eq((await client.say_and_hear("anew"))["seq"], 1)
	    # Who is in a room keeps it.
	    eq((await resident.say_and_hear("still"))["seq"], 4)
	run(main())
	PY
}
