#!/bin/sh
# Plays the property test for T seconds, divided among SEEDS seeds, each with
# a server of its own; SEED plays that one alone.  WSCHATD is the program.
# The trace of a failure, and the server's log, stay in TRACES.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
: "${WSCHATD:=$here/../../build/wschatd}"
: "${PYTHON:=/usr/bin/python3}"
: "${T:=120}"
: "${SEEDS:=4}"
: "${SEED:=}"
: "${TRACES:=.}"
dir=$(mktemp -d)
server=

stop() {
  if test -n "$server"; then
    kill "$server" 2>/dev/null || :
    wait "$server" || :
    server=
  fi
}

leave() {
  status=$?
  trap - EXIT
  stop
  rm -rf "$dir"
  exit "$status"
}
trap leave EXIT
trap 'exit 130' INT TERM

# Sets `server` and `port`.
start() {
  : >"$dir/log"
  "$WSCHATD" -c "$here/wschatd.conf" -l 127.0.0.1:0 \
    -o "site = \"$here/../../web\"" 2>"$dir/log" &
  server=$!
  tries=0
  while test "$tries" -lt 500; do
    port=$(sed -n "s|.*listening on http://[^\"]*:\\([0-9]\\{1,\\}\\).*|\\1|p" \
      "$dir/log" | head -n 1)
    if test -n "$port"; then
      return
    fi
    kill -0 "$server" || break
    tries=$((tries + 1))
    sleep 0.02
  done
  cat "$dir/log" >&2
  return 1
}

# play SEED SECONDS
play() {
  start
  PORT=$port SERVER_PID=$server "$PYTHON" "$here/run.py" --seed "$1" \
    --seconds "$2" --trace "$TRACES/property-$1.trace" || {
    cp "$dir/log" "$TRACES/property-$1.log"
    echo "see $TRACES/property-$1.trace and .log" >&2
    bad=1
  }
  stop
}

bad=0
if test -n "$SEED"; then
  play "$SEED" "$T"
else
  first=$(date +%s)
  n=0
  while test "$n" -lt "$SEEDS"; do
    play $((first + n)) $((T / SEEDS))
    n=$((n + 1))
  done
fi
exit "$bad"
