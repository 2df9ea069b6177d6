#!/usr/bin/env bats
# Behind nginx and HAProxy, from their Debian packages, with what
# doc/proxies.md says: the configurations are taken from there.  How headers
# are read: 24-proxies.bats.

load lib/common
load lib/packages
load lib/certificates

: "${WSCHATCTL:=${WSCHATD%/*}/wschatctl}"
[[ $WSCHATCTL == /* ]] || WSCHATCTL=$(realpath -- "$WSCHATCTL")

eval "common_$(declare -f setup)"
eval "common_$(declare -f teardown)"

# An idle timeout of the proxy, and pings more often than that.
IDLE=2
PINGS=0.3

setup()
{
	common_setup || return
	PROXY=
	make_ca ca
	issue cert ca DNS:chat.example.org
	cat cert.pem cert.key >both.pem
}

teardown()
{
	if [[ -n $PROXY ]]; then
		kill "$PROXY" 2>/dev/null
		wait "$PROXY" 2>/dev/null
	fi
	common_teardown
}

# snippet WORDS: the block of doc/proxies.md that opens with ```WORDS.
snippet()
{
	awk -v open="\`\`\`$1" '$0 == "```" { inside = 0 }
		inside { print; n++ } $0 == open { inside = 1 }
		END { exit n == 0 }' "$TOP/doc/proxies.md"
}

# start_behind WORDS ARGS...: wschatd as the page says, on a port of its own.
start_behind()
{
	snippet "wschatd $1" | sed "s|127.0.0.1:8080|127.0.0.1:0|
		s|/run/wschatd/web|$DIR/web|
		s|www-data|$(id -gn)|" >>"$CONFIG" || return
	shift
	export WSCHATCTL WSCHATCTL_SOCKET=$DIR/control
	echo 'route "/ws" { identity = session }' >>"$CONFIG"
	launch_server -c "$CONFIG" -o "control = \"$WSCHATCTL_SOCKET\"" \
		-o "limits { ping-interval = $PINGS loopback-exempt = no }" "$@"
	wait_until grep -q 'msg=ready' "$LOG"
	PORT=$(listening_ports | head -n 1)
}

free_port()
{
	"$PYTHON" -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# at_home: a proxy's configuration with this test's ports, files and times.
at_home()
{
	sed "s|listen 443|listen 127.0.0.1:$OUTER|; s|bind :443|bind 127.0.0.1:$OUTER|
		s|127.0.0.1:8080|127.0.0.1:$PORT|; s|/run/wschatd/web|$DIR/web|
		s|/etc/haproxy/chat.example.org.pem|$DIR/both.pem|
		s|/etc/ssl/chat.example.org.pem|$DIR/cert.pem|
		s|/etc/ssl/chat.example.org.key|$DIR/cert.key|
		s|60s|${IDLE}s|; s/ check\>/ check inter 100ms/"
}

# run_proxy COMMAND...: starts it and waits until it listens at OUTER.
run_proxy()
{
	setsid "$@" >>"$DIR/log.proxy" 2>&1 </dev/null 3>&- &
	PROXY=$!
	SESSIONS+=("$PROXY")
	listens() { ss -Hltn "sport = :$OUTER" | grep -q .; }
	wait_until listens
}

start_nginx()
{
	need_packages nginx libpcre2-8-0
	OUTER=$(free_port)
	mkdir -p temp
	{
		printf '%s\n' 'daemon off;' "user $(id -un) $(id -gn);" \
			'worker_processes 1;' "pid $DIR/nginx.pid;" \
			'error_log stderr;' 'events { }' 'http {' \
			'access_log off;'
		for kind in client_body proxy fastcgi uwsgi scgi; do
			echo "${kind}_temp_path $DIR/temp/$kind;"
		done
		at_home
		echo '}'
	} >nginx.conf
	run_proxy nginx -p "$DIR" -c "$DIR/nginx.conf" -e stderr
}

start_haproxy()
{
	need_packages haproxy liblua5.3-0 libopentracing1 \
		libopentracing-c-wrapper0 libpcre2-8-0
	OUTER=$(free_port)
	at_home >haproxy.cfg
	run_proxy haproxy -db -f "$DIR/haproxy.cfg"
	answers() { [[ $(outer_status /healthz/ready) == 200 ]]; }
	wait_until answers
}

outer_status()
{
	curl -s -o page -w '%{http_code}' --cacert ca.pem --max-time 20 \
		--resolve "chat.example.org:$OUTER:127.0.0.1" \
		"https://chat.example.org:$OUTER$1"
}

# members <SCRIPT: Python with member imported, and who(), the addresses that
# wschatctl tells by name.  OUTER is the proxy's port.
members()
{
	{
		cat <<-'PY'
		from member import *
		import json, subprocess
		OUTER = int(sys.argv[1])
		IDLE = float(sys.argv[2])
		def who():
		    done = subprocess.run([os.environ["WSCHATCTL"], "-j", "who"],
		        capture_output=True, text=True, timeout=20, check=True)
		    return {m["name"]: m["connections"][0]["address"]
		        for m in json.loads(done.stdout)["members"]}
		def come(path="/chat", **how):
		    return Member(path, tls=True, port=OUTER, **how)
		PY
		cat
	} >members.py
	python members.py "$OUTER" "$IDLE"
}

# What anybody behind a proxy must be able to do.
behaves()
{
	[[ $(outer_status /) == 200 ]]
	grep -q '<html' page
	members <<-'PY'
	origin = {"Origin": f"https://127.0.0.1:{OUTER}"}
	lie = {"X-Forwarded-For": "6.6.6.6"}
	a = come(source="127.0.0.2", fields=origin)
	b = come(source="127.0.0.3", fields=lie)
	for one in a, b:
	    one.hear()
	a.say("hello" * 5000)
	for one in a, b:
	    one.expect("[user0]: " + "hello" * 5000)
	eq(who(), {"user0": "127.0.0.2", "user1": "127.0.0.3"}, "who")
	# For longer than the timeout nobody says anything.
	quiet = time.monotonic()
	eventually(lambda: time.monotonic() - quiet > 1.25 * IDLE, "time",
	    pause=0.1)
	b.say("still there")
	for one in a, b:
	    one.expect("[user1]: still there")
	a.leave()
	wait_for_who(b, ["user1"])
	PY
}

# session_cookie ENDING: how the session's cookie ends.
session_cookie()
{
	members <<-PY
	cookie = come("/ws").set_cookie
	assert cookie.endswith("$1"), cookie
	PY
}

@test "behind nginx clients chat, are known, and may be silent" {
	start_behind nginx
	start_nginx < <(snippet nginx)
	behaves
	session_cookie '; Secure'
}

@test "behind nginx by a unix socket, too" {
	start_behind nginx-unix
	start_nginx < <(snippet nginx |
		sed "s|^ *proxy_pass .*|$(snippet nginx-unix)|")
	behaves
	session_cookie '; Secure'
}

@test "without pings the proxy's timeout is what ends a silent one" {
	PINGS=0
	start_behind nginx
	start_nginx < <(snippet nginx)
	members <<-'PY'
	a = come()
	a.hear()
	try:
	    a.hear()
	    raise AssertionError("something to hear")
	except Ended:
	    pass
	PY
}

@test "behind HAProxy with version 2 of the PROXY protocol" {
	start_behind tcp
	start_haproxy < <(snippet 'haproxy tcp')
	behaves
	session_cookie '; Secure'
}

@test "and with version 1" {
	start_behind tcp
	start_haproxy < <(snippet 'haproxy tcp' |
		sed 's/send-proxy-v2-ssl/send-proxy/')
	behaves
	session_cookie '; SameSite=Lax'
}

@test "behind HAProxy with header fields" {
	start_behind http
	start_haproxy < <(snippet 'haproxy http')
	behaves
	session_cookie '; Secure'
}

@test "HAProxy's probe takes out a server that is not there" {
	start_behind http
	start_haproxy < <(snippet 'haproxy http')
	stop_server
	unavailable() { [[ $(outer_status /) == 503 ]]; }
	wait_until unavailable
}
