#!/bin/sh
# Plays the conformance suite against a server of its own and prints the table
# by category.  Arguments go to run.py; WSCHATD is the program.  Everything is
# played twice, the second time over TLS with a certificate made here; TLS=no
# leaves that out.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
: "${WSCHATD:=$here/../../build/wschatd}"
: "${PYTHON:=/usr/bin/python3}"
: "${TLS:=yes}"
dir=$(mktemp -d)
server=

leave() {
  status=$?
  trap - EXIT
  if test -n "$server"; then
    kill "$server" 2>/dev/null || :
    wait "$server" || :
  fi
  rm -rf "$dir"
  exit "$status"
}
trap leave EXIT
trap 'exit 130' INT TERM

# port SCHEME: of the listener in the log, once it is there.
port() {
  tries=0
  while test "$tries" -lt 500; do
    found=$(sed -n "s|.*listening on $1://[^\"]*:\\([0-9]\\{1,\\}\\).*|\\1|p" \
      "$dir/log" | head -n 1)
    if test -n "$found"; then
      echo "$found"
      return
    fi
    kill -0 "$server" || break
    tries=$((tries + 1))
    sleep 0.02
  done
  cat "$dir/log" >&2
  return 1
}

{
  cat "$here/wschatd.conf"
  echo "site = \"$here/../../web\""
  echo 'listen "127.0.0.1:0" {}'
} >"$dir/conf"
if test "$TLS" = yes; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -subj /CN=localhost -days 2 -keyout "$dir/key.pem" \
    -out "$dir/certificate.pem" 2>/dev/null
  cat >>"$dir/conf" <<END
listen "127.0.0.2:0" {
	tls-certificate = "$dir/certificate.pem"
	tls-key = "$dir/key.pem"
}
END
fi

: >"$dir/log"
"$WSCHATD" -c "$dir/conf" 2>"$dir/log" &
server=$!
plain=$(port http)
if test "$TLS" = yes; then
  secure=$(port https)
  set -- --url "wss://127.0.0.2:$secure/echo" --insecure "$@"
fi
set -- --url "ws://127.0.0.1:$plain/echo" "$@"
"$PYTHON" "$here/run.py" --table "$@"
