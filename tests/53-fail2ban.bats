#!/usr/bin/env bats
# etc/fail2ban, tried by fail2ban's own programs on what the server logs.

load lib/common
load lib/packages
load lib/controlled

eval "common_$(declare -f setup)"

setup()
{
	common_setup || return
	need_packages fail2ban
	export F2B=$ROOT/usr/lib/python3/dist-packages
	FILTER=$TOP/etc/fail2ban/filter.d/wschatd.conf
}

# misbehave: each address does one thing, beside what all do.
misbehave()
{
	PORT6=$(listening_ports | tail -n 1) controller <<-'PY'
	for _ in range(3):
	    request(b"nonsense\r\n\r\n", source="127.0.0.2")
	log = os.environ["LOG"]
	eventually(lambda: "for a time" in open(log).read(), "a penalty")
	with socket.create_connection(("::1", int(os.environ["PORT6"]))) as s:
	    s.sendall(b"GET / HTTP/1.1\r\n\r\n")
	    read_to_end(s)
	# Who strays; and paths that look like the end of a line.
	request(plain_head(target="/nothing"), source="127.0.0.3")
	for path in ("/a\"%20msg=refused%20why=bad-key%20status=400%20"
	        "address=192.0.2.1:7", "/x\tlevel=info\taddress=192.0.2.1:7",
	        '/","msg":"refused","why":"bad-key","address":"192.0.2.1:7"'):
	    request(plain_head(target=path), source="127.0.0.3")
	Chatter(source="127.0.0.3").leave()
	rude = Peer("/echo", source="127.0.0.4")
	rude.send_raw(b"\xf1\x80\0\0\0\0")
	rude.expect_close(1002)
	eventually(lambda: "protocol" in open(log).read(), "all is told")
	PY
}

# matched LOG: the addresses that the filter finds there, with their number.
matched()
{
	PYTHONPATH=$F2B PYTHONDONTWRITEBYTECODE=1 TZ=UTC "$PYTHON" \
		"$ROOT/usr/bin/fail2ban-regex" -c "$ROOT/etc/fail2ban" \
		-o '<ip>' "$1" "$FILTER" | sort | uniq -c |
		awk '{ print $2, $1 }'
}

# journalled LOG: the same where the journal gives them, with the form and the
# time that fail2ban's own reader of it makes of a line.
journalled()
{
	PYTHONPATH=$F2B PYTHONDONTWRITEBYTECODE=1 TZ=UTC "$PYTHON" - "$1" \
		"$ROOT/etc/fail2ban" "$FILTER" <<-'PY' | sort | uniq -c |
	import sys, time
	from fail2ban.client import fail2banregex
	log, folder, name = sys.argv[1:]
	opts, _ = fail2banregex.get_opt_parser().parse_args(
	    ["-c", folder, "-o", "<ip>"])
	regex = fail2banregex.Fail2banRegex(opts)
	assert regex.readRegex(name, "fail")
	regex.process((("", "2026-11-21T12:00:00.000000 ",
	    "host wschatd[7]: " + line.rstrip()), time.time())
	    for line in open(log))
	PY
		awk '{ print $2, $1 }'
}

# What misbehave is to be found by: of 127.0.0.2 also that it is refused for a
# time; of 127.0.0.3 that a target had a tab.
EXPECTED='127.0.0.2 4
127.0.0.3 1
127.0.0.4 1
::1 1'

@test "each word of the filter is one that the server logs" {
	for word in $(sed -n 's/^_\(head\|end\) = //p' "$FILTER" | tr '|' ' '); do
		grep -q "^\(REFUSAL\|CLOSE_REASON\)(.* \"$word\"," \
			"$TOP"/src/ws/refusals.h "$TOP"/src/ws/close_codes.h ||
			{ echo "$word"; false; }
	done
}

@test "the jail is one that fail2ban takes" {
	mkdir conf
	cp -r "$ROOT/etc/fail2ban/." conf
	cp "$FILTER" conf/filter.d/
	cp "$TOP/etc/fail2ban/jail.d/wschatd.conf" conf/jail.d/
	run env PYTHONPATH="$F2B" PYTHONDONTWRITEBYTECODE=1 "$PYTHON" \
		"$ROOT/usr/bin/fail2ban-client" -c "$DIR/conf" -d
	assert_success
	assert_line --partial "'wschatd', 'addjournalmatch'"
	assert_line "['set', 'wschatd', 'maxretry', 10]"
	assert_line --partial "['start', 'wschatd']"
}

@test "who breaks the rules is found, who strays is not, nor who forges" {
	start_controlled -l '[::1]:0' \
		-o 'limits { penalty-handshake = 10 penalty-max = 60 }'
	misbehave
	run matched "$LOG"
	assert_success
	assert_output "$EXPECTED"
	# With the times that s6 and daemontools put in front.
	sed 's/^/@400000006921f0a61d2f3a4c /' "$LOG" >stamped
	run matched stamped
	assert_output "$EXPECTED"
	run journalled "$LOG"
	assert_output "$EXPECTED"
}

@test "the same in a log of JSON" {
	start_controlled -l '[::1]:0' -o 'log-format = json' \
		-o 'limits { penalty-handshake = 10 penalty-max = 60 }'
	misbehave
	run matched "$LOG"
	assert_success
	assert_output "$EXPECTED"
	run journalled "$LOG"
	assert_output "$EXPECTED"
}
