#!/usr/bin/env bats
# The Debian packages: built from the release tarball as Debian does it,
# installed into a folder by dpkg, with their maintainer scripts, run from
# there, and purged.  Part of make check-package, as it compiles everything.

load lib/common
load lib/packages

BUILT=${top_builddir:-$TOP/build}

eval "common_$(declare -f setup)"

setup_file()
{
	local tool

	for tool in dh lintian dpkg-buildpackage; do
		command -v "$tool" >/dev/null || return 0
	done
	WORK=$BATS_FILE_TMPDIR
	export WORK
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$BUILT" distdir \
		distdir="$WORK/wschatd" >"$WORK/log.dist" 2>&1 ||
		{ cat "$WORK/log.dist"; return 1; }
	# The tests that come with a build have been run on this tree.
	(cd "$WORK/wschatd" && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
		DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" \
		dpkg-buildpackage -b -us -uc >"$WORK/log.build" 2>&1 3>&-) ||
		{ tail -n 40 "$WORK/log.build"; return 1; }
}

setup()
{
	[[ -n ${WORK:-} ]] || skip 'debhelper or lintian is missing'
	common_setup || return
	ROOT=$DIR/root
}

# in_root OPTION...: dpkg in ROOT, whose packages are these alone; maintainer
# scripts are told of it by DPKG_ROOT.
in_root()
{
	local -a as_root=()

	[[ $(id -u) == 0 ]] || as_root=(fakeroot)
	command -v systemd-sysusers >/dev/null ||
		need_packages libsystemd-shared systemd
	mkdir -p "$ROOT/var/lib/dpkg/"{info,updates} "$ROOT/etc"
	touch "$ROOT/var/lib/dpkg/"{status,available}
	PATH=$PATH:/usr/sbin:/sbin "${as_root[@]}" dpkg --root="$ROOT" \
		--force-script-chrootless --force-depends --force-not-root \
		--no-triggers --log=/dev/null "$@" >>log.dpkg 2>&1 3>&- ||
		{ cat log.dpkg; return 1; }
}

# What is in ROOT beside dpkg's own lists and the list of users, in which the
# server's stays, as Debian has it.
left()
{
	find "$ROOT" ! -type d -printf '%P\n' |
		grep -vE '^(var/lib/dpkg/|etc/(passwd|group|shadow|gshadow)-?$)' |
		grep -vE '^etc/\.(pwd|grp)\.lock$'
}

@test "lintian has no errors to tell of the packages" {
	# A first upload closes a bug of Debian's, of which there is none.
	run lintian --allow-root --fail-on error,warning \
		--suppress-tags initial-upload-closes-no-bugs "$WORK"/*.changes
	assert_success
	assert_output ''
}

@test "they are installed, serve, and leave nothing when purged" {
	in_root -i "$WORK"/wschatd_*.deb "$WORK"/wschat_*.deb
	grep -q '^wschatd:' "$ROOT/etc/passwd"
	[[ -L $ROOT/etc/systemd/system/multi-user.target.wants/wschatd.service ]]
	[[ ! -e $ROOT/etc/systemd/system/sockets.target.wants ]]
	# Started as the unit has it.
	unit=$ROOT/lib/systemd/system/wschatd.service
	WSCHATD=$ROOT$(sed -n 's/^ExecStart=//p' "$unit")
	launch_server -c "$ROOT/etc/wschatd.conf" -l 127.0.0.1:0 \
		-o "site = \"$ROOT/usr/share/wschatd/web\""
	await_server
	[[ $(http_status /) == 200 ]]
	run "$ROOT/usr/bin/wschat" --name anna --send hello --timeout 60 \
		"ws://127.0.0.1:$PORT/chat"
	assert_success
	stop_server
	mkdir -p "$ROOT/var/lib/wschatd"
	echo '192.0.2.1 for ever' >"$ROOT/var/lib/wschatd/bans"
	in_root --purge wschatd wschat
	run left
	assert_output ''
	[[ ! -e $ROOT/var/lib/wschatd ]]
}

@test "an edited configuration survives removal, and goes with the purge" {
	in_root -i "$WORK"/wschatd_*.deb
	echo '# mine' >>"$ROOT/etc/wschatd.conf"
	in_root -i "$WORK"/wschatd_*.deb
	in_root --remove wschatd
	grep -qx '# mine' "$ROOT/etc/wschatd.conf"
	in_root --purge wschatd
	run left
	assert_output ''
}
