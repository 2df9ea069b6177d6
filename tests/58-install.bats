#!/usr/bin/env bats
# What make install brings, into a folder of the test's own, and what is left
# of it after make uninstall; and the installed program, started as root with
# a port below 1024 and by somebody else.

load lib/common
load lib/certificates

BUILT=${top_builddir:-$TOP/build}

eval "common_$(declare -f setup)"

setup()
{
	common_setup || return
	ROOT=$DIR/root
	[[ -f $BUILT/Makefile ]] || skip "no build in $BUILT"
}

# in_build TARGET...: make, not as a part of the make that runs this.
in_build()
{
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
		make -s -C "$BUILT" DESTDIR="$ROOT" "$@" >"$DIR/log.make" 2>&1 ||
		{ cat "$DIR/log.make"; return 1; }
}

# folder NAME: where this build installs, such as folder sysconfdir.
folder()
{
	printf 'include Makefile\ntell:\n\t@echo $(%s)\n' "$1" |
		env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
			make -s -C "$BUILT" -f - tell
}

# Others may look into the test's folder.
let_others_in()
{
	local folder=$DIR

	while [[ $folder == "$BATS_RUN_TMPDIR"* ]]; do
		chmod o+x "$folder"
		folder=${folder%/*}
	done
}

# -- what is where ------------------------------------------------------------------

@test "make install places everything by autoconf's directories" {
	in_build install
	while read -r name file; do
		[[ -s $ROOT$(folder "$name")/$file ]] ||
			{ echo "no $name/$file"; false; }
	done <<-'EOT'
	sbindir wschatd
	sbindir wschatctl
	bindir wschat
	bindir wschat-bench
	sysconfdir wschatd.conf
	systemdunitdir wschatd.service
	systemdunitdir wschatd.socket
	systemdunitdir wschatd-inetd.socket
	systemdunitdir wschatd-inetd@.service
	sysusersdir wschatd.conf
	pkgdatadir systemd/socket-only.conf
	pkgdatadir inetd/inetd.conf
	pkgdatadir inetd/wschatd.xinetd
	pkgdatadir s6/run
	pkgdatadir s6/log/run
	pkgdatadir s6/notification-fd
	pkgdatadir runit/run
	pkgdatadir runit/log/run
	pkgdatadir daemontools/run
	pkgdatadir daemontools/log/run
	pkgdatadir fail2ban/filter.d/wschatd.conf
	pkgdatadir fail2ban/jail.d/wschatd.conf
	pkgdatadir web/index.html
	pkgdatadir web/wschat.js
	datadir bash-completion/completions/wschatctl
	mandir man1/wschat.1
	mandir man1/wschat-bench.1
	mandir man5/wschatd.conf.5
	mandir man8/wschatctl.8
	mandir man8/wschatd.8
	docdir README.md
	docdir protocol.md
	docdir proxies.md
	docdir LICENSE
	EOT
	run find "$ROOT" -type f -name '*.in'
	assert_output ''
	# A shipped text names where things are, not a mark or another place.
	run grep -rnE '@[a-z]+dir@' "$ROOT" --include='*.conf' \
		--include='*.service' --include='*.[1-8]' --include=run
	assert_output ''
	grep -qx "ExecStart=$(folder sbindir)/wschatd" \
		"$ROOT$(folder systemdunitdir)/wschatd.service"
}

@test "make uninstall leaves nothing" {
	in_build install
	in_build uninstall
	run find "$ROOT" ! -type d
	assert_output ''
	run find "$ROOT" -name '*wschat*'
	assert_output ''
}

@test "an edited configuration outlives both" {
	in_build install
	file=$ROOT$(folder sysconfdir)/wschatd.conf
	echo '# mine' >>"$file"
	in_build install
	grep -qx '# mine' "$file"
	in_build uninstall
	run find "$ROOT" ! -type d
	assert_output "$file"
	in_build install
	grep -qx '# mine' "$file"
}

@test "another prefix is followed, also by what is written in files" {
	in_build install prefix=/elsewhere sysconfdir=/elsewhere/etc
	run find "$ROOT" -mindepth 1 -maxdepth 1
	assert_output "$ROOT/elsewhere"
	in_build uninstall prefix=/elsewhere sysconfdir=/elsewhere/etc
	run find "$ROOT" ! -type d
	assert_output ''
}

# -- who runs it ----------------------------------------------------------------------

# In a network of its own, where every port is free.
in_network()
{
	nsenter -t "$SERVER_PID" -n "$@"
}

answers_tls()
{
	[[ $(in_network curl -s --cacert ca.pem --max-time 20 \
		https://localhost/healthz/ready -o answer \
		-w '%{http_code}') == 200 ]]
}

@test "started as root on port 443 all but the parent drop everything" {
	[[ $(id -u) == 0 ]] || skip 'not root'
	unshare -n true 2>/dev/null || skip 'no network namespaces'
	make_ca ca
	issue cert ca DNS:localhost
	chmod 600 cert.key
	in_build install
	cat >>"$ROOT$(folder sysconfdir)/wschatd.conf" <<-EOT
	listen "0.0.0.0:443" {
		tls-certificate = "$DIR/cert.pem"
		tls-key = "$DIR/cert.key"
	}
	site = "$ROOT$(folder pkgdatadir)/web"
	EOT
	WSCHATD=$ROOT$(folder sbindir)/wschatd
	LAUNCH_WITH=(unshare -n sh -c 'ip link set lo up && exec "$@"' sh)
	launch_server -c "$ROOT$(folder sysconfdir)/wschatd.conf" -w 2
	wait_until answers_tls
	[[ $(stat -c %u "/proc/$SERVER_PID/root") == 0 ]]
	for pid in $(broker_pid) $(worker_pids); do
		run cat "/proc/$pid/status"
		refute_line --regexp '^(Uid|Gid|Groups):.*[[:space:]]0([[:space:]]|$)'
		for set in Inh Prm Eff Amb; do
			assert_line "Cap$set:	0000000000000000"
		done
		assert_line 'NoNewPrivs:	1'
		assert_line 'Seccomp:	2'
	done
	in_network curl -s --cacert ca.pem https://localhost/ | grep -q '<html'
}

@test "and it runs unprivileged, too" {
	[[ $(id -u) == 0 ]] || skip 'the other tests do so'
	in_build install
	let_others_in
	chmod -R go+rX .
	LAUNCH_WITH=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	launch_server -l 127.0.0.1:0 -w 1 \
		-c "$ROOT$(folder sysconfdir)/wschatd.conf" \
		-o "site = \"$ROOT$(folder pkgdatadir)/web\""
	await_server
	for pid in "$SERVER_PID" $(pgrep -P "$SERVER_PID"); do
		run cat "/proc/$pid/status"
		assert_line --regexp '^Uid:(	65534){4}$'
	done
	# What it may not: a port below 1024, said plainly.
	run setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$WSCHATD" -c "$ROOT$(folder sysconfdir)/wschatd.conf" \
		-o 'site = ""' -l 127.0.0.1:1
	assert_equal "$status" 77
	assert_output --partial 'bind'
}
