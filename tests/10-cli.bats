#!/usr/bin/env bats
# The command line and the configuration file, before anybody connects.

load lib/common

# Runs the program, its output and errors apart; it must end by itself.
run_wschatd()
{
	run --separate-stderr timeout 20 "$WSCHATD" "$@"
}

# The configuration file named is refused: 78, and the error names this line.
refuse_at_line()
{
	run_wschatd -t -c "$CONFIG"
	assert_equal "$status" 78
	[[ $stderr == *"$CONFIG:$1: "* ]] ||
		fail "line $1 is not named: $stderr"
}

@test "-V prints the name and the version" {
	run_wschatd -V
	assert_success
	assert_line --index 0 --regexp '^wschatd [0-9]+\.[0-9]+'
}

@test "-h prints every option on standard output" {
	run_wschatd -h
	assert_success
	for option in -c -l -w -o -t -T -V -h; do
		assert_output --partial -- "$option"
	done
}

@test "an unknown option is a usage error" {
	run_wschatd -Z
	assert_equal "$status" 64
	[[ $stderr == *sage* ]]
}

@test "an option without its argument is a usage error" {
	run_wschatd -c
	assert_equal "$status" 64
}

@test "a word that is no option is a usage error" {
	run_wschatd -c "$CONFIG" extra
	assert_equal "$status" 64
}

@test "an address that is none is a usage error" {
	for address in nonsense 127.0.0.1 127.0.0.1:99999 127.0.0.1:x '[::1'; do
		run_wschatd -c "$CONFIG" -l "$address"
		assert_equal "$address $status" "$address 64"
	done
}

@test "a number of workers that is none is a usage error" {
	for workers in x -1 2x 100000; do
		run_wschatd -c "$CONFIG" -w "$workers" -t
		assert_equal "$workers $status" "$workers 64"
	done
}

@test "-t accepts a good configuration" {
	write_config <<-'CONF'
	log-size = "16M"
	limits { message-size = "32K" ping-interval = 0.5 message-rate = 0 }
	route "/lab" { kind = chat greeting = "hello" limits { backlog = "64K" } }
	CONF
	run_wschatd -t -c "$CONFIG"
	assert_success
}

@test "-t accepts a configuration without a route or a listener" {
	printf 'site = "%s"\n' "$SITE" >"$CONFIG"
	run_wschatd -t -c "$CONFIG"
	assert_success
}

@test "-t says when there is no configuration" {
	file=$("$WSCHATD" -h | sed -n 's/.*(default \(.*\)).*/\1/p')
	[[ -n $file ]]
	[[ ! -e $file ]] || skip "$file is there"
	run_wschatd -t -o "site = \"$SITE\""
	assert_success
	assert_equal "$stderr" \
		"wschatd: $file is not there, the built-in settings hold"
}

@test "-t finds who does not exist, and a page that is not there" {
	local more

	for more in 'owner = nemo-17' 'group = nemo-17'; do
		run_wschatd -t -c "$CONFIG" \
			-o "listen \"unix:$DIR/s\" { $more }"
		assert_equal "$more: $status" "$more: 78"
		[[ $stderr == *"unix:$DIR/s: "*'"nemo-17" does not exist' ]]
	done
	[[ ! -e $DIR/s ]]
	run_wschatd -t -c "$CONFIG" -o "site = \"$DIR/none\""
	assert_success
	[[ $stderr == *'level=warning '*'msg="no page"'*"$DIR/none"* ]]
	[[ $(id -u) == 0 ]] || skip 'only root becomes somebody else'
	run_wschatd -t -c "$CONFIG" -o 'user = nemo-17'
	assert_equal "$status" 78
	[[ $stderr == *'user "nemo-17" does not exist' ]]
	# It once started, and its children died one after the other.
	for only in -t '-l 127.0.0.1:0'; do
		# shellcheck disable=SC2086  # words are meant
		run_wschatd $only -c "$CONFIG" -o 'user = root'
		assert_equal "$status" 78
		[[ $stderr == *'is root, whom broker'* ]]
	done
}

@test "a missing configuration file is named" {
	run_wschatd -t -c "$DIR/nowhere.conf"
	[[ $status == 78 || $status == 66 ]]
	[[ $stderr == *nowhere.conf* ]]
}

@test "an unknown section is refused with its line and the nearest name" {
	printf 'workers = 1\n\nlimts { message-rate = 1 }\n' >"$CONFIG"
	refuse_at_line 3
	[[ $stderr == *limts*limits* ]]
}

@test "an unknown key of a section is refused with its line and the nearest" {
	printf 'limits {\n\tfragments = 3\n\tmesage-rate = 1\n}\n' >"$CONFIG"
	refuse_at_line 3
	[[ $stderr == *message-rate* ]]
}

@test "an unknown key of a route is refused with its line and the nearest" {
	printf 'route "/x" {\n\tgreting = "hi"\n}\n' >"$CONFIG"
	refuse_at_line 2
	[[ $stderr == *greeting* ]]
}

@test "a size that is none is refused with its line" {
	printf '\nlimits { message-size = "64Q" }\n' >"$CONFIG"
	refuse_at_line 2
	[[ $stderr == *message-size* ]]
}

@test "a negative time is refused with its line" {
	printf 'limits {\n\tping-interval = -1\n}\n' >"$CONFIG"
	refuse_at_line 2
	[[ $stderr == *ping-interval* ]]
}

@test "a level that does not exist is refused with its line" {
	printf 'log-level = chatty\n' >"$CONFIG"
	refuse_at_line 1
}

@test "a brace that is never closed is refused" {
	printf 'limits {\n\tmessage-rate = 1\n' >"$CONFIG"
	run_wschatd -t -c "$CONFIG"
	assert_equal "$status" 78
	[[ $stderr == *"$CONFIG:"* ]]
}

@test "a listener without a port is refused with its line" {
	printf '\n\nlisten "127.0.0.1" {}\n' >"$CONFIG"
	refuse_at_line 3
}

@test "a broken configuration starts nothing" {
	printf 'limts {}\n' >"$CONFIG"
	run_wschatd -c "$CONFIG" -l 127.0.0.1:0
	assert_equal "$status" 78
	[[ $stderr != *listening* ]]
}

@test "text given with -o is read after the file" {
	write_config <<<'limits { message-rate = 3 }'
	run_wschatd -T -c "$CONFIG" -o 'limits { message-rate = 4 }'
	assert_success
	assert_line --regexp '^[[:space:]]*message-rate = 4( |$)'
	refute_line --regexp '^[[:space:]]*message-rate = 3( |$)'
}

@test "a mistake in the text of -o is refused" {
	run_wschatd -t -c "$CONFIG" -o 'limts {}'
	assert_equal "$status" 78
	[[ $stderr == *limits* ]]
}

@test "-T prints what is in force and where it came from" {
	write_config <<<'limits { message-burst = 7 }'
	run_wschatd -T -c "$CONFIG" -l 127.0.0.1:0 -w 3 \
		-o 'log-level = debug' -o 'limits { rooms = 5 }'
	assert_success
	assert_line --regexp "message-burst = 7 .* # $CONFIG:5\$"
	assert_line --regexp 'workers = 3 .* # -w$'
	assert_line --regexp 'log-level = debug .* # -o 1$'
	assert_line --regexp 'rooms = 5 .* # -o 2$'
	assert_line --regexp 'ping-timeout = 20 .*default'
	assert_line --regexp 'listen "127.0.0.1:0".* # -l$'
	assert_line --regexp 'log-size = "64M" .*# default; needs a restart$'
	assert_line --regexp 'ping-timeout = 20 *# default$'
}

@test "what -T prints is a configuration with the same effect" {
	write_config <<<'limits { message-burst = 7 backlog-time = 0.25 }'
	"$WSCHATD" -T -c "$CONFIG" >"$DIR/printed.conf"
	run_wschatd -T -c "$DIR/printed.conf"
	assert_success
	diff <(sed 's/ *#.*//' "$DIR/printed.conf") \
		<(sed 's/ *#.*//' <<<"$output")
}

# include TEXT...: the configuration has these lines first, and -T is printed.
include()
{
	{
		printf '%s\n' "$@"
		echo 'workers = 2'
	} >"$CONFIG"
	run_wschatd -T -c "$CONFIG"
}

@test "included files are read in order and count over what includes them" {
	mkdir conf.d
	echo 'workers = 3 log-level = debug' >conf.d/b.conf
	echo 'workers = 4' >conf.d/a.conf
	echo 'workers = nonsense' >conf.d/a.conf~
	echo 'include = "../more"' >>conf.d/a.conf
	echo 'route "/chat" { history = 9 }
		route "/x" {}' >more
	include 'route "/chat" { greeting = "Hi" }' 'include = "conf.d/*.conf"'
	assert_success
	assert_line --regexp "^workers = 3 +# $DIR/conf.d/b.conf:1$"
	assert_line --regexp "greeting = \"Hi\" +# $CONFIG:1$"
	assert_line --regexp "history = 9 +# $DIR/conf.d/../more:1$"
	assert_equal "$(grep -c '^route ' <<<"$output")" 2
}

@test "an included listener is added, or replaces one of its address" {
	echo 'listen "127.0.0.1:2" { proxy-protocol = yes }
		listen "127.0.0.1:3" {}' >more
	include 'listen "127.0.0.1:1" {}' 'listen "127.0.0.1:2" {}' \
		'include = "more"'
	assert_equal "$(grep '^listen ' <<<"$output")" \
		"listen \"127.0.0.1:1\" { # $CONFIG
listen \"127.0.0.1:2\" { # $DIR/more
listen \"127.0.0.1:3\" { # $DIR/more"
	assert_line --regexp "proxy-protocol = yes +# $DIR/more:1$"
}

@test "mistakes of included files name their file and line" {
	printf '\nworkesr = 1\n' >more
	include 'include = "more"'
	assert_equal "$status" 78
	[[ $stderr == "wschatd: $DIR/more:2: workesr: unknown"* ]]
	printf '\nlimits {\n' >more
	include 'include = "more"'
	[[ $stderr == "wschatd: $DIR/more:3: section \"limits\" is not closed"* ]]
	printf '\nlimits { message-burst = 0 }' >more
	include 'include = "more"'
	[[ $stderr == "wschatd: $DIR/more:2: limits.message-burst is 0"* ]]
}

@test "an included file must be there, a pattern may match nothing" {
	include '' 'include = "none.conf"'
	assert_equal "$status" 78
	[[ $stderr == "wschatd: $CONFIG:2: include: $DIR/none.conf: No such"* ]]
	include 'include = "none.d/*.conf"' 'include = "*.none"'
	assert_success
	include 'limits { include = "x" }'
	[[ $stderr == "wschatd: $CONFIG:1: limits.include: unknown setting"* ]]
	run_wschatd -t -o 'include = "x"'
	[[ $stderr == *'-o 1:1: include: files alone may include'* ]]
}

@test "files that include each other are an error" {
	echo "include = \"$CONFIG\"" >more
	include 'include = "more"'
	assert_equal "$status" 78
	[[ $stderr == *:1:\ include:*'too deeply'* ]]
}

@test "a variable counts over the file, and an option over both" {
	write_config <<<'log-level = error limits { rooms = 5 backlog = 7 }
		trusted-proxies = "::1" listen "127.0.0.1:1" {}'
	export WSCHATD_WORKERS=4 WSCHATD_LIMITS_ROOMS=6 \
		WSCHATD_LOG_LEVEL=warning \
		WSCHATD_TRUSTED_PROXIES='10.0.0.0/8, unix:' \
		WSCHATD_LISTEN='127.0.0.1:0,[::1]:0'
	run_wschatd -T -c "$CONFIG" -o 'log-level = debug'
	assert_success
	assert_line --regexp 'workers = 4 +# WSCHATD_WORKERS$'
	assert_line --regexp 'rooms = 6 +# WSCHATD_LIMITS_ROOMS$'
	assert_line --regexp "backlog = \"7\" +# $CONFIG:5$"
	assert_line --regexp 'log-level = debug +# -o 1$'
	assert_line --regexp \
		'trusted-proxies = \{ "10.0.0.0/8", "unix:" \} +# WSCHATD_TRUSTED'
	assert_equal "$(grep '^listen ' <<<"$output")" \
		'listen "127.0.0.1:0" { # WSCHATD_LISTEN
listen "[::1]:0" { # WSCHATD_LISTEN'
	assert_equal "$stderr" ''
	run_wschatd -T -c "$CONFIG" -l 127.0.0.1:9 -w 1
	assert_line --regexp 'workers = 1 +# -w$'
	assert_equal "$(grep '^listen ' <<<"$output")" \
		'listen "127.0.0.1:9" { # -l'
}

@test "a variable with a value that is none is an error that names it" {
	WSCHATD_LIMITS_ROOMS=many run_wschatd -t -c "$CONFIG"
	assert_equal "$status" 78
	[[ $stderr == 'wschatd: WSCHATD_LIMITS_ROOMS: "many" is not a number' ]]
	WSCHATD_LISTEN='127.0.0.1:0 nowhere' run_wschatd -t -c "$CONFIG"
	[[ $stderr == 'wschatd: WSCHATD_LISTEN: "nowhere" is not of the form'* ]]
	WSCHATD_TRUSTED_PROXIES=x run_wschatd -t -c "$CONFIG"
	[[ $stderr == 'wschatd: WSCHATD_TRUSTED_PROXIES: "x" '* ]]
}

@test "a variable that is no setting is warned of, with the nearest" {
	WSCHATD_LIMITS_MESAGE_SIZE=4 run_wschatd -t -c "$CONFIG"
	assert_success
	[[ $stderr == *WSCHATD_LIMITS_MESAGE_SIZE*mean\ WSCHATD_LIMITS_MESSAGE_SIZE* ]]
	WSCHATD_SERVICE_HOST=10.0.0.1 start_server
	grep -q 'level=warning .*unknown variable.*WSCHATD_SERVICE_HOST' "$LOG"
}

@test "--explain tells all about a setting" {
	run "$WSCHATD" --explain message-rate
	assert_success
	assert_line limits.message-rate
	assert_line --partial 'Messages per second'
	assert_line --regexp 'Bounds: +0 to 1000000000$'
	assert_line --regexp 'Default: +20$'
	assert_line --regexp 'Change: +counts with the next reload$'
	assert_line --regexp 'Stands: +in limits .*, and in one of a route$'
	assert_line --regexp 'Variable: WSCHATD_LIMITS_MESSAGE_RATE$'
	run "$WSCHATD" --explain listen.mode
	assert_line --regexp 'Default: +0666$'
	assert_line --regexp 'Change: +needs a restart$'
	run "$WSCHATD" --explain
	assert_success
	assert_line --regexp '^route\.kind +word +chat \| echo +chat +restart$'
}

@test "--explain knows sections and include" {
	for word in include limits listen route; do
		run "$WSCHATD" --explain "$word"
		assert_success
		assert_line "$word"
	done
	run "$WSCHATD" --explain inculde
	assert_output --partial 'did you mean "include"?'
}

@test "--explain of a setting that is none names the nearest" {
	run "$WSCHATD" --explain hisotry
	assert_failure 64
	assert_output --partial 'no setting "hisotry"; did you mean "history"?'
}

@test "every setting that -T prints is described in the manual" {
	manual=$TOP/man/wschatd.conf.5
	names=$("$WSCHATD" -T -c "$CONFIG" |
		sed -n 's/^[[:space:]]*\([a-z-]*\) = .*/\1/p' | sort -u)
	[[ $(wc -l <<<"$names") -gt 20 ]]
	for name in $names; do
		grep -qE "^\.(It|Ic|Cm|Sy|Va).*[[:space:]]$name([[:space:]]|\$)" \
			"$manual" || fail "$name is not in $manual"
	done
}

@test "port 0 takes a free port and the log names it" {
	start_server
	((PORT > 0))
	run ss -Hltn "sport = :$PORT"
	assert_output --partial "127.0.0.1:$PORT"
}

@test "-l replaces the configured listeners" {
	write_config <<<'listen "127.0.0.1:8" {}'
	start_server
	run listening_ports
	assert_output "$PORT"
}

@test "several -l listen on every address" {
	launch_server -c "$CONFIG" -l 127.0.0.1:0 -l 127.0.0.1:0
	await_server
	mapfile -t ports < <(listening_ports)
	assert_equal "${#ports[@]}" 2
	for port in "${ports[@]}"; do
		assert_equal "$(http_status /healthz/live "$port")" 200
	done
}

@test "a configured listener is used" {
	write_config <<<'listen "127.0.0.1:0" {}'
	launch_server -c "$CONFIG"
	await_server
	assert_equal "$(http_status /healthz/live)" 200
}

@test "an IPv6 address is listened on" {
	[[ -e /proc/net/if_inet6 ]] && grep -q ' lo$' /proc/net/if_inet6 ||
		skip 'no IPv6 on this machine'
	launch_server -c "$CONFIG" -l '[::1]:0'
	wait_until grep -q 'listening on http://\[::1\]:[1-9]' "$LOG"
}

@test "a port that is in use is an error that names it" {
	start_server
	run_wschatd -c "$CONFIG" -l "127.0.0.1:$PORT"
	assert_equal "$status" 71
	[[ $stderr == *"\"bind 127.0.0.1:$PORT: Address already in use\""* ]]
}

@test "a folder of the page that is missing does not prevent the start" {
	launch_server -c "$CONFIG" -l 127.0.0.1:0 -o "site = \"$DIR/none\""
	await_server
	assert_equal "$(http_status /)" 404
}

@test "-w sets the number of workers" {
	start_server -w 3
	worker_count_is 3
}

@test "the number of workers is configurable" {
	write_config <<<'workers = 1'
	start_server
	worker_count_is 1
}

@test "every child says in the process list what it is" {
	start_server
	run pgrep -P "$SERVER_PID" -a
	assert_equal "${#lines[@]}" 3
	assert_line --regexp '^[0-9]+ wschatd: broker$'
	assert_line --regexp '^[0-9]+ wschatd: worker 0$'
	assert_line --regexp '^[0-9]+ wschatd: worker 1$'
}

@test "children of a server started as root are somebody else" {
	[[ $(id -u) == 0 ]] || skip 'not root'
	start_server
	for pid in $(worker_pids) $(broker_pid); do
		assert_equal "$(stat -c %U "/proc/$pid/task/$pid/stat")" root
		run grep -E '^(Uid|Gid|Groups):' "/proc/$pid/status"
		refute_output --regexp '[[:space:]]0([[:space:]]|$)'
	done
}

@test "workers run under a seccomp filter and may gain no privileges" {
	start_server
	for pid in $(worker_pids) $(broker_pid); do
		run cat "/proc/$pid/status"
		assert_line --regexp '^Seccomp:[[:space:]]2$'
		assert_line --regexp '^NoNewPrivs:[[:space:]]1$'
	done
}

@test "the log has one line of key=value an event" {
	start_server
	run grep -vE '^time=[0-9T:.-]+Z level=(info|warning) proc=[^ ]+ (conn=[0-9]+ )?msg=("[^"]*"|[^ "]+)( [a-z_]+=("[^"]*"|[^ "]*))*$' "$LOG"
	assert_output ''
}
