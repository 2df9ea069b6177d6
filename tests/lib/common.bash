# What every Bats file loads: a private folder for each test, a server in a
# session of its own, waiting on conditions, and a teardown that fails the test
# when the server leaves a process, a core file or a sanitizer's report behind.
# Variables: WSCHATD the program, SITE its page, WSCHATD_NODE_MODULES the
# folder with node's packages, LATE a library that makes servers slow.  A test
# has DIR, CONFIG, LOG, PORT, SERVER_PID.
# shellcheck shell=bash
# shellcheck disable=SC2034  # the tests read what is set here

bats_require_minimum_version 1.5.0
load /usr/lib/bats/bats-support/load.bash
load /usr/lib/bats/bats-assert/load.bash

TESTS=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
TOP=$(cd "$TESTS/.." && pwd)
: "${WSCHATD:=$TOP/build/wschatd}"
: "${SITE:=$TOP/web}"
[[ $WSCHATD == /* ]] || WSCHATD=$(realpath -- "$WSCHATD")
[[ $SITE == /* ]] || SITE=$(realpath -- "$SITE")
PYTHON=/usr/bin/python3
PATIENCE=20		# seconds that anything awaited may take

setup()
{
	DIR=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
	CONFIG=$DIR/wschatd.conf
	LOG=$DIR/log
	PORT=
	SERVER_PID=
	SERVER_STATUS=
	SESSIONS=()
	LAUNCH_WITH=()	# a command that runs the server, such as prlimit
	SERVER_STDERR=	# where its errors go instead of LOG
	unset LISTEN_FDS LISTEN_PID NOTIFY_SOCKET WSCHATD_ROLE WSCHATD_LISTEN
	cd "$DIR" || return
	if [[ ! -x $WSCHATD ]]; then
		echo "no server at $WSCHATD: build it, or set WSCHATD" >&2
		return 1
	fi
	write_config </dev/null
}

teardown()
{
	local bad=0

	if [[ -n $SERVER_PID ]]; then
		kill -TERM "$SERVER_PID" 2>/dev/null
		if ! wait_until server_gone; then
			echo "the server does not end on SIGTERM"
			bad=1
		fi
	fi
	no_process_left || bad=1
	no_core_left || bad=1
	no_report_left || bad=1
	if [[ $bad == 1 || -z ${BATS_TEST_COMPLETED:-} ]]; then
		show_logs
	fi
	cd /
	return "$bad"
}

# -- waiting ------------------------------------------------------------------

# wait_until COMMAND...: polls until it succeeds, PATIENCE seconds at most.
wait_until()
{
	local end=$((${EPOCHREALTIME/./} + PATIENCE * 1000000))

	until "$@"; do
		if ((${EPOCHREALTIME/./} > end)); then
			echo "not within $PATIENCE s: $*"
			return 1
		fi
		sleep 0.02
	done
}

# -- the server ---------------------------------------------------------------

# The configuration: the page's folder, two workers, or one for each connection
# where SPAWN says so, the two routes with the limits of all, then standard
# input.
write_config()
{
	{
		printf 'site = "%s"\nworkers = 2\n' "$SITE"
		[[ -z ${SPAWN:-} ]] || printf 'spawn = %s\n' "$SPAWN"
		printf 'route "/%s" { kind = %s }\n' chat chat echo echo
		cat
	} >"$CONFIG"
}

# launch_server ARGS...: starts it with just these and waits for nothing.
# It is the leader of a session of its own, by which all its children are found.
launch_server()
{
	ulimit -c unlimited 2>/dev/null || true
	# The filter lets no child start a symbolizer, nor may it open a file.
	ASAN_OPTIONS=symbolize=0:${ASAN_OPTIONS:-} \
	UBSAN_OPTIONS=print_stacktrace=1:${UBSAN_OPTIONS:-} \
	setsid "${LAUNCH_WITH[@]}" ${LATE:+/usr/bin/env LD_PRELOAD="$LATE"} \
		"$WSCHATD" "$@" \
		2>>"${SERVER_STDERR:-$LOG}" >"$DIR/stdout" </dev/null 3>&- 8>&- &
	SERVER_PID=$!
	SESSIONS+=("$SERVER_PID")
}

# start_server ARGS...: starts it on a free port and waits until it is ready,
# as it says by itself: nobody has connected yet, and no descriptor is open
# that will not stay so.
start_server()
{
	rm -f "$DIR/.ready"
	launch_server -c "$CONFIG" -l 127.0.0.1:0 --ready-fd 9 "$@" \
		9>"$DIR/.ready"
	wait_until server_told || return
	must_live || return
	PORT=$(listening_ports | head -n 1)
}

# The same of one that was launched, by asking: the connection of the last
# question may still be ending.
await_server()
{
	wait_until server_listens || return
	must_live || return
	wait_until server_ready
}

must_live()
{
	server_gone || return 0
	echo "the server ended while starting:"
	cat "$LOG"
	return 1
}

server_told()
{
	server_gone && return
	[[ -s $DIR/.ready ]] && ! holds_open "$SERVER_PID" "$DIR/.ready"
}

# holds_open PID FILE
holds_open()
{
	[[ -n $(find "/proc/$1/fd" -lname "$2" 2>/dev/null) ]]
}

# Listening, or dead already: nothing more to wait for.
server_listens()
{
	PORT=$(listening_ports | head -n 1)
	[[ -n $PORT ]] || server_gone
}

listening_ports()
{
	[[ ! -f $LOG ]] ||
		sed -n 's|.*listening on http://[^"]*:\([0-9]\{1,\}\).*|\1|p' \
			"$LOG"
}

# http_status TARGET [PORT]: the status of a plain GET, nothing on failure.
http_status()
{
	local port=${2:-$PORT} answer

	answer=$({
		exec 9<>"/dev/tcp/127.0.0.1/$port" &&
			printf 'GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n' \
				"$1" >&9 &&
			timeout "$PATIENCE" head -n 1 <&9
	} 2>/dev/null) || true
	[[ $answer =~ ^HTTP/1.1\ ([0-9]{3}) ]] && echo "${BASH_REMATCH[1]}"
}

server_ready()
{
	[[ $(http_status /healthz/ready) == 200 ]]
}

server_gone()
{
	local state

	state=$(process_state "$SERVER_PID")
	[[ -z $state || $state == [ZX] ]]
}

# Waits for its end by itself or by a signal sent; sets SERVER_STATUS.
wait_server()
{
	wait_until server_gone || return
	SERVER_STATUS=0
	wait "$SERVER_PID" || SERVER_STATUS=$?
	SERVER_PID=
}

# stop_server [SIGNAL]
stop_server()
{
	kill "-${1:-TERM}" "$SERVER_PID"
	wait_server
}

# -- its processes, by /proc ----------------------------------------------------

process_state()
{
	local stat

	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
	stat=${stat##*) }
	echo "${stat%% *}"
}

# child_pids TITLE-PATTERN: living children of the server with such a title.
child_pids()
{
	local pid title

	for pid in $(pgrep -P "$SERVER_PID"); do
		title=$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") || continue
		# shellcheck disable=SC2053  # a pattern is meant
		[[ ${title% } == $1 ]] && echo "$pid"
	done
	return 0
}

worker_pids()
{
	child_pids 'wschatd: worker *'
}

broker_pid()
{
	child_pids 'wschatd: broker'
}

worker_count_is()
{
	[[ $(worker_pids | wc -l) == "$1" ]]
}

# session_pids SESSION: all that live in it, zombies left out.
session_pids()
{
	local pid

	for pid in $(pgrep -s "$1"); do
		case $(process_state "$pid") in
		'' | Z | X) ;;
		*) echo "$pid" ;;
		esac
	done
	return 0
}

session_empty()
{
	[[ -z $(session_pids "$1") ]]
}

# -- what must not be left --------------------------------------------------------

no_process_left()
{
	local session pid bad=0

	for session in "${SESSIONS[@]}"; do
		wait_until session_empty "$session" && continue
		bad=1
		for pid in $(session_pids "$session"); do
			echo "left behind: $pid" \
				"$(tr '\0' ' ' <"/proc/$pid/cmdline")"
			kill -KILL "$pid"
		done
	done
	return "$bad"
}

no_core_left()
{
	local core

	core=$(find "$DIR" -name 'core*' -type f)
	[[ -z $core ]] && return
	echo "a core file is left: $core"
	return 1
}

# Sanitizers' reports, and children that ended by themselves: a signal that no
# test sends, or an exit status that is not 0.
no_report_left()
{
	local reports='ERROR: AddressSanitizer|runtime error:|LeakSanitizer'
	local deaths='msg=died .*(signal=(4|5|6|7|8|11|31)|status=[1-9])'

	! grep -rshE -m 2 -A 14 "$reports|$deaths" "$DIR" \
		--include='log*' --include='stdout*'
}

show_logs()
{
	local file

	for file in "$DIR"/log*; do
		[[ -f $file ]] || continue
		echo "--- ${file##*/} (its end)"
		tail -n 40 "$file"
	done
}

# -- clients ------------------------------------------------------------------

# peer [ARGS...] <SCRIPT: runs Python on standard input with wsproto imported.
peer()
{
	local script

	script=$(mktemp "$DIR/peer.XXXXXX.py")
	{
		echo 'from wsproto import *'
		cat
	} >"$script"
	python "$script" "$@"
}

# Debian's Python, which has Debian's websockets; it sees PORT and SERVER_PID.
python()
{
	PORT=$PORT SERVER_PID=$SERVER_PID PYTHONPATH=$TESTS/lib \
		PYTHONDONTWRITEBYTECODE=1 \
		timeout -k 2 150 "$PYTHON" "$@" 3>&-
}

# need_node_module NAME: finds the folder it is in, or skips the test.
need_node_module()
{
	local folder

	for folder in "${WSCHATD_NODE_MODULES:-}" \
		"${top_builddir:-$TOP/build}/tests/node_modules" \
		"${NODE_PATH:-}" "$TESTS/node_modules"; do
		[[ -n $folder && -d $folder/$1 ]] || continue
		export WSCHATD_NODE_MODULES=$folder
		return
	done
	skip "node's package $1 is not installed: ./quickstart test does it"
}

sanitized()
{
	grep -q __asan_init "$WSCHATD"
}
