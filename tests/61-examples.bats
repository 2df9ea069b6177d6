#!/usr/bin/env bats
# The examples of wschatd(8), wschatctl(8) and wschatd.conf(5), of the README
# and of the shipped configuration do what they say; they are taken from there.
# Those of wschat(1), wschat-bench(1), doc/protocol.md and doc/proxies.md:
# 85-wschat, 56-bench, 49-protocol and 59-proxies.bats.

load lib/common
load lib/controlled
load lib/certificates

# What looks like an example and is not run, as "FILE: LINE: why".
NOT_RUN=(
	'wschatd.8: chgrp wschatd privkey.pem; chmod 640 privkey.pem: the
		group is the installed server'\''s'
	'wschatd.8: tcpserver -RHl0 0 8081 setuidgid wschatd wschatd --inetd:
		57-inetd.bats does, with a port of its own'
)

# blocks MANUAL [SECTION]: its literal blocks, of one section or of all, each
# with a byte 30 behind it.
blocks()
{
	awk -v only="${2:-}" '
		/^\.Sh / { inside = only == "" || $2 == only }
		/^\.Ed/ && open { open = 0; printf "\036" }
		open { gsub(/\\e/, "\\"); gsub(/\\\(dq/, "\""); print }
		/^\.Bd -literal/ && inside { open = 1 }' "$TOP/man/$1"
}

# example MANUAL WORDS: sets EXAMPLE to the one that has these words.
example()
{
	local all block

	EXAMPLE=
	mapfile -t -d $'\036' all < <(blocks "$1" EXAMPLES)
	for block in "${all[@]}"; do
		[[ $block == *"$2"* ]] || continue
		[[ -z $EXAMPLE ]] || fail "$1 has several examples with: $2"
		EXAMPLE=$block
	done
	[[ -n $EXAMPLE ]] || fail "$1 has no example with: $2"
}

# at_home NAME <SHELL: a program that stands for another in the examples.
at_home()
{
	mkdir -p "$DIR/bin"
	{
		echo '#!/bin/bash'
		cat
	} >"$DIR/bin/$1"
	chmod +x "$DIR/bin/$1"
}

# The programs are not where the manual has them, nor are port and files.
programs()
{
	at_home wschatd <<-SH
	[[ " \$* " == *" -c "* ]] || set -- -c "$CONFIG" "\$@"
	exec "$WSCHATD" "\$@"
	SH
	at_home wschatctl <<<"exec timeout 20 '$WSCHATCTL' \"\$@\""
	at_home curl <<-SH
	exec $(command -v curl) -sS --max-time 20 "\${@/:8080/:$PORT}"
	SH
	at_home pkill <<<"exec $(command -v pkill) -s '$SERVER_PID' \"\$@\""
}

# in_shell: the example as a script.
in_shell()
{
	programs
	sed 's/^\$ //' <<<"$EXAMPLE" >"$DIR/example"
	run --separate-stderr env PATH="$DIR/bin:$PATH" \
		bash -o pipefail "$DIR/example"
	assert_success
}

# serve_in_shell: the example starts a server, which then serves.
serve_in_shell()
{
	programs
	sed 's/^\$ //' <<<"$EXAMPLE" >"$DIR/example"
	LAUNCH_WITH=(env PATH="$DIR/bin:$PATH" bash "$DIR/example")
	launch_server
	await_server
}

# end_in_shell: the server, not the shell that waits for it.
end_in_shell()
{
	pkill -TERM -o -x -s "$SERVER_PID" wschatd
	wait_server
	assert_equal "$SERVER_STATUS" 0
}

# configured_by ARGS...: a server runs with the example as its configuration,
# its files and addresses in this folder and on this machine alone.
configured_by()
{
	make_ca ca
	for name in a b; do
		issue "$name" ca "DNS:$name.example"
	done
	{
		printf 'site = "%s"\n' "$SITE"
		tame <<<"$EXAMPLE"
	} >"$CONFIG"
	launch_server -c "$CONFIG" "$@"
	wait_until grep -q 'msg=ready' "$LOG"
	PORT=$(listening_ports | head -n 1)
}

# tame: files and addresses of a configuration, as above.
tame()
{
	local group

	group=$(id -gn)
	[[ $group == root ]] && group=www-data
	sed "s|:8080\"|:0\"|; s|\"0\\.0\\.0\\.0:[0-9]*\"|\"127.0.0.2:0\"|
		s|\"10\\.0\\.0\\.5:[0-9]*\"|\"127.0.0.4:0\"|
		s|\"127\\.0\\.0\\.1:9090\"|\"127.0.0.3:0\"|
		s|/etc/ssl/\\([ab]\\)\\(\\.example\\)\\?\\.|$DIR/\\1.|g
		s|/etc/wschatd/fullchain|$DIR/a|
		s|/etc/wschatd/privkey.pem|$DIR/a.key|
		s|\"[^\":]*/lib/wschatd|\"$DIR|; s|\"[^\":]*/run/wschatd/|\"$DIR/s/|
		s|unix:/run|unix:$DIR|; s|\"www-data\"|\"$group\"|" |
		if [[ -e /proc/net/if_inet6 ]] &&
			grep -q ' lo$' /proc/net/if_inet6; then
			cat
		else
			grep -v '"\[::1\]:'
		fi
}

# -- wschatd(8) -----------------------------------------------------------------

@test "a configuration is checked, and run" {
	example wschatd.8 'wschatd -t -c wschatd.conf'
	echo 'listen "127.0.0.1:0" {}' >>"$CONFIG"
	serve_in_shell
	end_in_shell
	# When it is wrong nothing is started.
	echo 'workres = 1' >>"$CONFIG"
	run --separate-stderr env PATH="$DIR/bin:$PATH" bash "$DIR/example"
	assert_failure 78
}

@test "without a configuration, on a free port, nobody is slowed down" {
	example wschatd.8 '-c /dev/null'
	serve_in_shell
	# At 20 a second after the first 100 it would take 15 seconds.
	peer <<-'PY'
	chatter = Chatter()
	chatter.send_raw(b"".join(frame(TEXT, str(n)) for n in range(400)))
	for n in range(400):
	    eq(chatter.hear(), f"[user0]: {n}")
	PY
	end_in_shell
}

@test "a renewed certificate is served" {
	make_ca ca
	issue localhost ca DNS:localhost
	cat >>"$CONFIG" <<-CONF
	listen "127.0.0.1:0" {
		tls-certificate = "$DIR/localhost.pem"
		tls-key = "$DIR/localhost.key"
	}
	CONF
	launch_server -c "$CONFIG"
	wait_until grep -q 'msg=ready' "$LOG"
	PORT=$(sed -n 's|.*listening on https://[^"]*:\([0-9]*\).*|\1|p' \
		"$LOG")
	fetch() { curl -sS --max-time 20 --cacert "$1.pem" \
		"https://localhost:$PORT/healthz/live"; }
	assert_equal "$(fetch ca)" ok
	make_ca new
	issue localhost new DNS:localhost
	example wschatd.8 pkill
	in_shell
	wait_until grep -q msg=reloaded "$LOG"
	renewed() { [[ $(fetch new 2>/dev/null) == ok ]]; }
	wait_until renewed
	# With a configuration that is wrong it is not even asked to.
	echo 'workres = 1' >>"$CONFIG"
	run --separate-stderr env PATH="$DIR/bin:$PATH" bash "$DIR/example"
	assert_failure 78
	assert_equal "$(grep -c 'msg=reloading' "$LOG")" 1
}

@test "one asks whether it serves" {
	start_server
	example wschatd.8 curl
	in_shell
	assert_output ok
}

@test "a line of the log is as the manual shows it" {
	local all line

	mapfile -t -d $'\036' all < <(blocks wschatd.8)
	for line in "${all[@]}"; do
		[[ $line != time=* ]] || break
	done
	# In the manual it is two; numbers and times are others.
	line=$(sed 's/\\$//' <<<"$line" | tr -s '\n\t ' ' ' |
		sed -E 's/ $//; s/[0-9]+/[0-9]+/g; s/\[[^]]*worker\[/worker\[/
			s/worker\[(.*\]\+)\]/worker\\[\1\\]/; s/\./\\./g')
	start_server
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send(TEXT, b"\xff")
	peer.expect_close(1007)
	PY
	wait_until grep -qE "^$line\$" "$LOG"
}

# -- wschatctl(8) ---------------------------------------------------------------

@test "everybody is told" {
	start_controlled
	example wschatctl.8 'wschatctl say'
	programs
	controller <<-PY
	a, b = Chatter(), Chatter()
	subprocess.run(["bash", "-c", r'''${EXAMPLE#\$ }'''], check=True,
	    env={**os.environ, "PATH": "$DIR/bin:" + os.environ["PATH"]})
	for chatter in a, b:
	    eq(chatter.hear_until("[server]"),
	        "[server]: The server restarts at noon.")
	PY
}

@test "a network is kept out for an hour" {
	start_controlled
	example wschatctl.8 'wschatctl ban'
	in_shell
	assert_output --regexp '^192\.0\.2\.0/24 is banned until '
	run ctl bans
	assert_line --regexp "^192\.0\.2\.0/24  +20"
}

@test "who has the most connections is listed first" {
	command -v jq >/dev/null || skip 'jq is not installed'
	start_controlled
	example wschatctl.8 jq
	programs
	sed 's/^\$ //' <<<"$EXAMPLE" >"$DIR/example"
	controller >"$DIR/output" <<-PY
	there = [Chatter(source=f"127.0.0.{n}") for n in (3, 2, 3, 2, 3)]
	subprocess.run(["bash", "-o", "pipefail", "example"], check=True,
	    env={**os.environ, "PATH": "$DIR/bin:" + os.environ["PATH"]})
	PY
	assert_equal "$(awk '{ print $1, $2 }' "$DIR/output")" \
		$'3 127.0.0.3\n2 127.0.0.2'
}

# -- wschatd.conf(5) ------------------------------------------------------------

@test "a room for announcements has two addresses, and shows its last lines" {
	example wschatd.conf.5 'route "/news"'
	configured_by
	assert_equal "$(listening_ports | wc -l)" \
		"$(grep -c '^listen' "$CONFIG")"
	peer <<-'PY'
	first, second = Peer("/news"), Peer("/news")
	eq(first.hear_text(), "[server] Member joined: user0.")
	eq(first.hear_text(), "[server] Member joined: user1.")
	eq(second.hear_text(), "[server] Member joined: user1.")
	for n in range(21):
	    first.send_text(str(n))
	    eq(second.hear_text(), f"user0 said: {n}")
	third = Peer("/news")
	for n in range(1, 21):
	    eq(third.hear_text(), f"user0 said: {n}")
	third.send_text("x" * 4097)
	third.expect_close(1009, skip_data=True)
	PY
}

@test "TLS for two names, and a socket whose proxy is believed" {
	local port

	example wschatd.conf.5 trusted-proxies
	configured_by
	port=$(sed -n 's|.*listening on https://[^"]*:\([0-9]*\).*|\1|p' "$LOG")
	for name in a b; do
		assert_equal "$(curl -sS --max-time 20 --cacert ca.pem \
			--resolve "$name.example:$port:127.0.0.2" \
			"https://$name.example:$port/healthz/live")" ok
	done
	assert_equal "$(stat -c %a wschatd.sock)" 660
	assert_equal "$(stat -c %G wschatd.sock)" \
		"$(sed -n 's/.*group = "\(.*\)".*/\1/p' "$CONFIG")"
	curl -sS --max-time 20 --unix-socket wschatd.sock -o answer \
		-H 'X-Forwarded-For: 203.0.113.5' -H 'Upgrade: websocket' \
		-H 'Connection: Upgrade' -H 'Sec-WebSocket-Version: 13' \
		-H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' \
		http://x/nowhere
	wait_until grep -q 'address="\?203.0.113.5' "$LOG"
}

@test "an echo has no limits" {
	example wschatd.conf.5 'kind = echo'
	configured_by -l 127.0.0.1:0
	peer <<-'PY'
	peer = Peer("/echo")
	peer.send(TEXT, "x" * 200000, fin=False)
	for n in range(100):
	    peer.send(CONT, "y", fin=n == 99)
	eq(len(peer.hear_text()), 200100)
	peer.send_raw(b"".join(frame(TEXT, str(n)) for n in range(400)))
	for n in range(400):
	    eq(peer.hear_text(), str(n))
	PY
}

# -- README, the shipped configuration ------------------------------------------

# tells WORDS...: -T of the configuration has lines that begin so.
tells()
{
	local words

	run timeout 20 "$WSCHATD" -T -c "$CONFIG"
	assert_success
	for words; do
		grep -qE "^[[:space:]]*$words" <<<"$output" ||
			fail "-T has no $words"
	done
	timeout 20 "$WSCHATD" -t -c "$CONFIG"
}

@test "what the README writes into the configuration is one" {
	# Indented blocks that open with a setting.
	EXAMPLE=$(awk '
		!/^    / { inside = 0; next }
		/^    (listen|route|trusted-proxies|limits) / { inside = 1 }
		inside { print }' "$TOP/README.md")
	configured_by
	stop_server
	tells 'origins = \{ "https://test.example" \}' 'proxy-protocol = yes' \
		"tls-key = \\{ \"$DIR/a.key\" \\}" \
		'trusted-proxies = \{ "10.0.0.0/8", "unix:" \}'
}

@test "the examples of the shipped configuration are a configuration" {
	local name

	EXAMPLE=$(sed -E 's/^([[:space:]]*)#:/\1/' \
		"${WSCHATD%/*}/etc/wschatd.conf")
	configured_by
	[[ -S $DIR/s/control ]]
	stop_server
	# Each setting that has an example has it instead of its default.
	tells 'listen "127.0.0.3:0"' 'serves = metrics' \
		"bans = \"$DIR/bans\""
	for name in $(sed -nE 's/^[[:space:]]*#: ([a-z-]+) = .*/\1/p' \
		"$TOP/etc/wschatd.conf.in"); do
		[[ $name == include ]] || tells "$name = .*# $CONFIG:[0-9]"
	done
}

# -- none is left out -------------------------------------------------------------

@test "every example of these manuals is run, or it says why not" {
	local manual all line entry

	for manual in wschatd.8 wschatctl.8 wschatd.conf.5; do
		mapfile -t -d $'\036' all < <(blocks "$manual" EXAMPLES)
		assert_equal "$manual ${#all[@]}" "$manual $(grep -c \
			"^	example $manual " "$BATS_TEST_FILENAME")"
	done
	# Lines by themselves are all in the list, and the list has no others.
	for manual in wschatd.8 wschatctl.8 wschatd.conf.5; do
		sed -n "s/^\\.Dl /$manual: /p" "$TOP/man/$manual"
	done >lines
	assert_equal "$(wc -l <lines)" "${#NOT_RUN[@]}"
	while read -r line; do
		for entry in "${NOT_RUN[@]}"; do
			[[ $entry == "$line: "* || $entry == "$line:"$'\n'* ]] &&
				continue 2
		done
		fail "not run: $line"
	done <lines
}
