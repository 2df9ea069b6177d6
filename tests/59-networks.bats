#!/usr/bin/env bats
# wschatctl ban and mute: whole networks.

load lib/common
load lib/controlled

@test "a network is kept out, also by the next broker and server" {
	start_controlled -o "bans = \"$DIR/bans\""
	controller <<-'PY'
	near, far = Chatter(source="127.0.2.1"), Chatter(source="127.0.3.1")
	echo = Peer("/echo", source="127.0.2.200")
	# What is written behind the prefix does not count.
	eq(ctl("ban", "127.0.2.77/24"), {"ok": True, "connections": 2,
	    "bans": [{"address": "127.0.2.0/24"}]})
	near.expect_close(4503)
	echo.expect_close(4503)
	def refused():
	    for last in 0, 1, 255:
	        Peer("/chat", source=f"127.0.2.{last}").expect_close(4503)
	refused()
	kill_broker()
	refused()
	far.say("still here")
	eq(far.hear_until("[user1]"), "[user1]: still here")
	Chatter(source="127.0.3.2")
	eq(ctl("bans")["bans"], [{"address": "127.0.2.0/24"}])
	PY
	wait_until bans_file_is '127[.]0[.]2[.]0/24 for ever'
	grep -q 'msg=ordered command=ban whom="127.0.2.77/24" uid=[0-9]* result=done' "$LOG"
	stop_server
	rm "$LOG"
	start_controlled -o "bans = \"$DIR/bans\""
	controller <<-'PY'
	Peer("/chat", source="127.0.2.9").expect_close(4503)
	# Just this network is let in, in whatever form it is written.
	eq(ctl("unban", "127.0.2.0/23", code=1)["error"], "not-banned")
	ctl("unban", "::ffff:127.0.2.0/120")
	eq(ctl("unban", "127.0.2.0/24", code=1)["error"], "not-banned")
	Chatter(source="127.0.2.9")
	ctl("ban", "127.0.2.0/24", "1s")
	def joins():
	    try:
	        return Chatter(source="127.0.2.9")
	    except Closed:
	        return False
	eventually(joins, "the ban is over", pause=0.1)
	eq(ctl("bans")["bans"], [])
	PY
	wait_until bans_file_is '127[.]0[.]2[.]0/24 [0-9]{10}'
}

@test "networks of IPv6, and of who comes by a proxy" {
	start_controlled -o 'trusted-proxies = "127.0.0.1"' \
		-o "bans = \"$DIR/bans\""
	controller <<-'PY'
	def come(address):
	    return Peer("/chat", fields=[f"X-Forwarded-For: {address}"])
	def stays(address):
	    come(address).hear_text()
	inside = come("2001:db8:1:2::3")
	inside.hear_text()
	eq(ctl("ban", "2001:db8::/32", "1h")["bans"][0]["address"],
	    "2001:db8::/32")
	inside.expect_close(4503)
	come("2001:db8:ffff::1").expect_close(4503)
	stays("2001:db9::1")
	kill_broker()
	come("2001:db8:1:2::3").expect_close(4503)
	# Nothing is smaller than a /64; mapped addresses are those of IPv4.
	eq(ctl("ban", "2001:db9::5/96")["bans"], [{"address":
	    "2001:db9::/64"}])
	come("2001:db9::ffff:0:0:1").expect_close(4503)
	ctl("ban", "::ffff:192.0.2.0/120")
	come("192.0.2.9").expect_close(4503)
	come("::ffff:192.0.2.8").expect_close(4503)
	# No network of IPv6 has them.
	ctl("ban", "::/8")
	stays("198.51.100.1")
	eq({b["address"]: "until" in b for b in ctl("bans")["bans"]},
	    {"2001:db8::/32": True, "2001:db9::/64": False,
	    "192.0.2.0/24": False, "::/8": False})
	PY
	stop_server
	rm "$LOG"
	start_controlled -o 'trusted-proxies = "127.0.0.1"' \
		-o "bans = \"$DIR/bans\""
	controller <<-'PY'
	eq(len(ctl("bans")["bans"]), 4)
	Peer("/chat", fields=["X-Forwarded-For: 2001:db8::7"]).expect_close(
	    4503)
	ctl("unban", "2001:db8::7/32")
	Peer("/chat", fields=["X-Forwarded-For: 2001:db8::7"]).hear_text()
	PY
}

@test "who is in any network is out, and unban says which hold him" {
	start_controlled
	controller <<-'PY'
	def refused():
	    Peer("/chat", source="127.1.2.3").expect_close(4503)
	for whom in "127.1.2.3", "127.1.0.0/16", "127.0.0.0/12":
	    ctl("ban", whom)
	refused()
	eq(ctl("unban", "127.1.2.3"), {"ok": True, "bans": [
	    {"address": "127.0.0.0/12"}, {"address": "127.1.0.0/16"}]})
	refused()
	no = ctl("unban", "127.1.2.3", code=1)
	eq((no["error"], [b["address"] for b in no["bans"]]), ("in-network",
	    ["127.0.0.0/12", "127.1.0.0/16"]))
	# What is banned for longer, or lies inside, stays.
	eq(ctl("unban", "127.0.0.0/12"), {"ok": True})
	refused()
	ctl("unban", "127.1.0.0/16")
	Chatter(source="127.1.2.3")
	PY
	ctl ban 127.0.0.0/8 1h
	run ctl unban 127.0.0.1
	assert_failure 1
	assert_output 'wschatctl: It is 127.0.0.0/8 that is banned, not this by itself.'
	ctl ban 127.0.0.1
	run ctl unban 127.0.0.1
	assert_success
	assert_output --regexp \
		'^still banned: 127\.0\.0\.0/8, until [0-9-]{10} [0-9:]{8}$'
	ctl ban 127.0.0.0/9
	run ctl unban 127.0.0.0/9
	assert_line --partial 'still banned: 127.0.0.0/8, until'
	run ctl unban 127.0.0.0/8
	assert_success
	assert_output ''
}

@test "nobody hears who is in a network that is muted" {
	start_controlled -o "bans = \"$DIR/bans\""
	controller <<-'PY'
	muted = "[server::error] an administrator has muted you: nobody hears this"
	a, b = Chatter(source="127.0.2.1"), Chatter(source="127.0.3.1")
	eq(ctl("mute", "127.0.2.0/24"), {"ok": True})
	def checks():
	    a.say("x")
	    eq(a.hear_until("[server::"), muted)
	    b.say("y")
	    eq(b.hear_until("[user1]"), "[user1]: y")
	checks()
	kill_broker()
	checks()
	eq({m["name"]: m.get("muted") for m in ctl("who")["members"]},
	    {"user0": True, "user1": None})
	eq(ctl("mutes")["mutes"], [{"address": "127.0.2.0/24"}])
	no = ctl("unmute", "127.0.2.1", code=1)
	eq((no["error"], no["mutes"]), ("in-network",
	    [{"address": "127.0.2.0/24"}]))
	# So has a user whose address is in it.
	eq(ctl("unmute", "user1", code=1)["error"], "not-muted")
	no = ctl("unmute", "user0", code=1)
	eq((no["error"], no["text"]), ("in-network",
	    "It is 127.0.2.0/24 that is muted, not this by itself."))
	ctl("mute", "127.0.2.1")
	ctl("mute", "user0")
	eq(ctl("unmute", "user0"), {"ok": True, "mutes":
	    [{"address": "127.0.2.0/24"}, {"address": "127.0.2.1"}]})
	eq(ctl("unmute", "127.0.2.1"), {"ok": True, "mutes":
	    [{"address": "127.0.2.0/24"}]})
	PY
	wait_until bans_file_is 'mute 127[.]0[.]2[.]0/24 for ever'
	stop_server
	rm "$LOG"
	start_controlled -o "bans = \"$DIR/bans\""
	controller <<-'PY'
	a = Chatter(source="127.0.2.1")
	a.say("x")
	a.hear_until("[server::error] an administrator has muted you")
	ctl("unmute", "127.0.2.1/24")
	a.say("heard")
	eq(a.hear_until("[user0]"), "[user0]: heard")
	PY
}

@test "what is no network is told why" {
	start_controlled
	Q=$'\n'
	for what in '192.0.2.0/33 has a prefix longer than the address' \
		'192.0.2.0/x has no number of bits behind the slash' \
		'0.0.0.0/0 has a prefix of 0 bits: that is everybody' \
		'::/0 has a prefix of 0 bits: that is everybody' \
		'::ffff:0.0.0.0/96 has a prefix of 0 bits: that is everybody' \
		'::ffff:192.0.2.0/24 has a prefix that ends before its IPv4 address' \
		'::1 counts as no address'; do
		for command in ban unban mute unmute; do
			run ctl "$command" "${what%% *}"
			assert_equal "$status$Q$output" \
				"1${Q}wschatctl: This ${what#* }."
		done
	done
	run ctl bans
	assert_output 'ADDRESS  UNTIL'
}

@test "loopback that is exempt is in no network" {
	start_controlled -o 'limits { loopback-exempt = yes }'
	controller <<-'PY'
	a = Chatter()
	eq(ctl("ban", "127.0.0.0/8")["connections"], 0)
	ctl("mute", "127.0.0.0/8")
	a.say("x")
	eq(a.hear_until("[user0]"), "[user0]: x")
	Chatter(source="127.0.0.2")
	PY
}

@test "a file of bans may have networks that people wrote" {
	printf '%s\n' '192.0.2.77/24 for ever' '2001:db8::/32 for ever # all' \
		'mute ::ffff:192.0.2.0/120 for ever' >"$DIR/bans"
	start_controlled -o "bans = \"$DIR/bans\""
	controller <<-'PY'
	eq(sorted(b["address"] for b in ctl("bans")["bans"]),
	    ["192.0.2.0/24", "2001:db8::/32"])
	eq(ctl("mutes")["mutes"], [{"address": "192.0.2.0/24"}])
	PY
	stop_server
	for address in 0.0.0.0/0 192.0.2.0/33 ::/64; do
		echo "$address for ever" >"$DIR/bans"
		run timeout 20 "$WSCHATD" -t -c "$CONFIG" \
			-o "bans = \"$DIR/bans\""
		assert_failure 78
		assert_output --partial "$DIR/bans:1: is not"
	done
}
