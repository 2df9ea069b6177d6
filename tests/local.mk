# make check: unit tests, source rules and Bats files, all speaking TAP.

TEST_EXTENSIONS = .bats .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
	$(top_srcdir)/build-aux/tap-driver.sh
BATS_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = $(SHELL)
LOG_COMPILER = $(SHELL) $(top_srcdir)/tests/unit/run.sh
AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	WSCHATD='$(abs_top_builddir)/wschatd'; export WSCHATD; \
	WSCHAT='$(abs_top_builddir)/wschat'; export WSCHAT; \
	WSCHATCTL='$(abs_top_builddir)/wschatctl'; export WSCHATCTL; \
	WSCHAT_BENCH='$(abs_top_builddir)/wschat-bench'; export WSCHAT_BENCH; \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT;

if HAVE_BATS
BATS_LOG_COMPILER = $(BATS)
AM_BATS_LOG_FLAGS = --tap
else
BATS_LOG_COMPILER = echo '1..0 \# SKIP bats is missing:'
endif

# Those that take longest first, so that make -j ends all at about one time.
bats_tests = \
	tests/80-browser.bats \
	tests/67-faults.bats \
	tests/85-wschat.bats \
	tests/56-bench.bats \
	tests/60-faults.bats \
	tests/56-spawn.bats \
	tests/59-proxies.bats \
	tests/68-fate.bats \
	tests/47-sessions.bats \
	tests/70-limits.bats \
	tests/48-history.bats \
	tests/52-supervisors.bats \
	tests/51-drain.bats \
	tests/57-inetd.bats \
	tests/75-endings.bats \
	tests/30-echo.bats \
	tests/57-metrics.bats \
	tests/61-examples.bats \
	tests/11-files.bats \
	tests/22-tls.bats \
	tests/55-control.bats \
	tests/48-json.bats \
	tests/20-http.bats \
	tests/58-install.bats \
	tests/65-property.bats \
	tests/35-conformance.bats \
	tests/40-chat.bats \
	tests/54-reload.bats \
	tests/49-protocol.bats \
	tests/25-listeners.bats \
	tests/10-cli.bats \
	tests/45-commands.bats \
	tests/25-refusals.bats \
	tests/32-deflate.bats \
	tests/59-mute.bats \
	tests/59-networks.bats \
	tests/53-fail2ban.bats \
	tests/24-proxies.bats \
	tests/50-lifecycle.bats \
	tests/42-text.bats \
	tests/58-steering.bats \
	tests/58-trace.bats \
	tests/72-memory.bats \
	tests/53-log.bats \
	tests/46-formats.bats \
	tests/15-completion.bats

unit_tests = \
	tests/unit/test_allowance \
	tests/unit/test_append \
	tests/unit/test_aside \
	tests/unit/test_backoff \
	tests/unit/test_bans \
	tests/unit/test_buf \
	tests/unit/test_capacity \
	tests/unit/test_close_codes \
	tests/unit/test_command \
	tests/unit/test_compress \
	tests/unit/test_change \
	tests/unit/test_conf \
	tests/unit/test_cursor \
	tests/unit/test_deadline \
	tests/unit/test_deaths \
	tests/unit/test_deflate \
	tests/unit/test_deflater \
	tests/unit/test_dialect \
	tests/unit/test_doorman \
	tests/unit/test_event \
	tests/unit/test_forwarded \
	tests/unit/test_frame \
	tests/unit/test_graces \
	tests/unit/test_gap \
	tests/unit/test_gather \
	tests/unit/test_goal \
	tests/unit/test_handlers \
	tests/unit/test_handshake \
	tests/unit/test_histogram \
	tests/unit/test_hub \
	tests/unit/test_ids \
	tests/unit/test_inflater \
	tests/unit/test_incident \
	tests/unit/test_ipc \
	tests/unit/test_json_errors \
	tests/unit/test_json_read \
	tests/unit/test_json_write \
	tests/unit/test_link \
	tests/unit/test_lists \
	tests/unit/test_lines \
	tests/unit/test_log \
	tests/unit/test_logger \
	tests/unit/test_metrics \
	tests/unit/test_mark \
	tests/unit/test_meter \
	tests/unit/test_name \
	tests/unit/test_nametable \
	tests/unit/test_naming \
	tests/unit/test_nearest \
	tests/unit/test_netaddr \
	tests/unit/test_network \
	tests/unit/test_origin \
	tests/unit/test_origins \
	tests/unit/test_numbers \
	tests/unit/test_office \
	tests/unit/test_order \
	tests/unit/test_outbox \
	tests/unit/test_parent \
	tests/unit/test_peer \
	tests/unit/test_penalties \
	tests/unit/test_pending \
	tests/unit/test_place \
	tests/unit/test_plain \
	tests/unit/test_pool \
	tests/unit/test_portion \
	tests/unit/test_proxy \
	tests/unit/test_record \
	tests/unit/test_registration \
	tests/unit/test_refusals \
	tests/unit/test_remnant \
	tests/unit/test_render \
	tests/unit/test_room \
	tests/unit/test_roster \
	tests/unit/test_sandbox \
	tests/unit/test_second \
	tests/unit/test_session \
	tests/unit/test_shares \
	tests/unit/test_seat \
	tests/unit/test_settings \
	tests/unit/test_slash \
	tests/unit/test_slowdown \
	tests/unit/test_state \
	tests/unit/test_table \
	tests/unit/test_stopwatch \
	tests/unit/test_takeover \
	tests/unit/test_tally \
	tests/unit/test_tickets \
	tests/unit/test_tls \
	tests/unit/test_tls_image \
	tests/unit/test_tokens \
	tests/unit/test_token \
	tests/unit/test_traffic \
	tests/unit/test_upgrade \
	tests/unit/test_url \
	tests/unit/test_utf8 \
	tests/unit/test_verify \
	tests/unit/test_view \
	tests/unit/test_wheel

TESTS = tests/source-rules.sh
EXTRA_DIST += tests/source-rules.sh $(bats_tests) tests/90-package.bats
EXTRA_DIST += \
	tests/.npmrc \
	tests/browser/browser.mjs \
	tests/browser/protocol.mjs \
	tests/browser/room.mjs \
	tests/conformance/README.md \
	tests/conformance/case.py \
	tests/conformance/cases_beyond.py \
	tests/conformance/cases_beyond_deflate.py \
	tests/conformance/cases_close.py \
	tests/conformance/cases_deflate.py \
	tests/conformance/cases_framing.py \
	tests/conformance/cases_limits.py \
	tests/conformance/cases_utf8.py \
	tests/conformance/check.sh \
	tests/conformance/data.py \
	tests/conformance/deflate.py \
	tests/conformance/fault.py \
	tests/conformance/peer.py \
	tests/conformance/run.py \
	tests/conformance/wschatd.conf \
	tests/lib/accept_each.py \
	tests/lib/certificates.bash \
	tests/lib/common.bash \
	tests/lib/controlled.bash \
	tests/lib/dialects.py \
	tests/lib/doctored.py \
	tests/lib/flow.py \
	tests/lib/inherit.py \
	tests/lib/member.py \
	tests/lib/notified.py \
	tests/lib/packages.bash \
	tests/lib/json_clients.py \
	tests/lib/jsonchat.py \
	tests/lib/protocol_examples.py \
	tests/lib/jsonpeer.py \
	tests/lib/foreign_chat.py \
	tests/lib/foreign_echo.py \
	tests/lib/inherit.py \
	tests/lib/rogue.py \
	tests/lib/scenario_order.py \
	tests/lib/three_clients.py \
	tests/lib/tlsproto.py \
	tests/lib/ws_client.mjs \
	tests/lib/wsproto.py \
	tests/package-lock.json \
	tests/package.json \
	tests/property/README.md \
	tests/property/check.sh \
	tests/property/check_lives.py \
	tests/property/check_names.py \
	tests/property/check_numbers.py \
	tests/property/check_rooms.py \
	tests/property/check_said.py \
	tests/property/check_whispers.py \
	tests/property/judge.py \
	tests/property/killer.py \
	tests/property/player.py \
	tests/property/run.py \
	tests/property/selftest.py \
	tests/property/stage.py \
	tests/property/story.py \
	tests/property/timeline.py \
	tests/property/world.py \
	tests/property/wschatd.conf \
	tests/unit/run.sh

if HAVE_CMOCKA
check_LIBRARIES += libfixture.a
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif

if SHORT_CHECK
TESTS += tests/10-cli.bats
else
TESTS += $(bats_tests)
endif

# Tests of the log end a writer at each of its steps: they have the log's
# files once more, compiled with the hook, before the library's.
LDADD = libfixture.a libparent.a libinetd.a libbroker.a libworker.a libclient.a libctl.a \
	libcommon.a $(DEPS_LIBS) $(ICU_LIBS) $(CLIENT_LIBS) $(CMOCKA_LIBS)
libfixture_a_CPPFLAGS = $(AM_CPPFLAGS) -DLOG_STEP_HOOK
libfixture_a_SOURCES = \
	tests/unit/clock_fixture.c \
	tests/unit/hub_fixture.c \
	tests/unit/log_fixture.c \
	tests/unit/guard.h \
	tests/unit/clock_fixture.h \
	tests/unit/hub_fixture.h \
	tests/unit/log_fixture.h \
	tests/unit/samples.h \
	tests/unit/written.h \
	src/log/append.c \
	src/log/cursor.c \
	src/log/log.c \
	src/log/record.c \
	src/log/rows.c \
	src/log/state.c \
	src/log/verify.c

tests_unit_test_dialect_LDADD = libbench.a $(CMOCKA_LIBS)
tests_unit_test_histogram_LDADD = libbench.a $(CMOCKA_LIBS)
tests_unit_test_mark_LDADD = libbench.a $(CMOCKA_LIBS)
tests_unit_test_portion_LDADD = libbench.a $(CMOCKA_LIBS)
tests_unit_test_traffic_LDADD = libbench.a $(CMOCKA_LIBS)

# The unit tests and corpora again, failing on any leak or invalid access.
# A buffer that gets no memory.
tests_unit_test_aside_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc
tests_unit_test_json_read_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc
tests_unit_test_json_write_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc
tests_unit_test_tls_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc

# Calls on a channel that fail.
tests_unit_test_peer_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=recv \
	-Wl,--wrap=recvmsg -Wl,--wrap=send

# The unit tests again, failing on any leak or invalid access.
check-valgrind:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests) $(fuzz_tests)' \
	    LOG_FLAGS='valgrind -q --leak-check=full --error-exitcode=99'

# Every case of the conformance suite, plain and over TLS, and the tables by
# category.
CONFORMANCE_TLS = yes
check-conformance: wschatd
	WSCHATD='$(abs_top_builddir)/wschatd' TLS='$(CONFORMANCE_TLS)' \
	    $(SHELL) $(top_srcdir)/tests/conformance/check.sh $(CONFORMANCE)

# Random clients and random kills, for T seconds in all.
check-property: wschatd
	WSCHATD='$(abs_top_builddir)/wschatd' T='$(T)' SEEDS='$(SEEDS)' \
	    SEED='$(SEED)' $(SHELL) $(top_srcdir)/tests/property/check.sh

# The Debian packages: built, installed into a folder, run and purged.
check-package: all
	$(MAKE) $(AM_MAKEFLAGS) check TESTS=tests/90-package.bats

# What Bats tests, on servers whose system calls come late (faults/late.c), or,
# with ALL=yes, where those of all programs do, Bats among them.
LATE_SO = $(abs_top_builddir)/tests/faults/late.so
check-late: all tests/faults/late.so
	if test -n '$(ALL)'; then \
	    LATE_CALLS=60 LD_PRELOAD='$(LATE_SO)'; \
	    export LATE_CALLS LD_PRELOAD; \
	else LATE='$(LATE_SO)'; export LATE; fi; \
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(if $(F),$(F),$(bats_tests))'

.PHONY: check-valgrind check-conformance check-property check-package \
	check-late
