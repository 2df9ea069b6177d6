# Fuzzing: a target is one line here, one file and one folder of corpus/.
#
# Each target is a program that replays its corpus (replay.c is its main) and
# is a test of make check.  Linked with libFuzzer, which has a main of its
# own, the same program is a fuzzer: see fuzz.sh.

fuzz_tests = \
	tests/fuzz/fuzz_deflate \
	tests/fuzz/fuzz_forwarded \
	tests/fuzz/fuzz_frame \
	tests/fuzz/fuzz_head \
	tests/fuzz/fuzz_inflate \
	tests/fuzz/fuzz_ipc \
	tests/fuzz/fuzz_json \
	tests/fuzz/fuzz_log \
	tests/fuzz/fuzz_origin \
	tests/fuzz/fuzz_proxy \
	tests/fuzz/fuzz_state \
	tests/fuzz/fuzz_token \
	tests/fuzz/fuzz_upgrade \
	tests/fuzz/fuzz_utf8

EXTRA_DIST += tests/coverage.sh tests/fuzz/corpus tests/fuzz/fuzz.sh \
	tests/fuzz/head.dict tests/fuzz/json.dict

# Last in LDADD: where nobody else has a main, replay.c gives it.
LDADD += libfuzz.a
libfuzz_a_SOURCES = \
	tests/fuzz/fuzz.c \
	tests/fuzz/fuzz.h \
	tests/fuzz/replay.c

if HAVE_CMOCKA
check_LIBRARIES += libfuzz.a
check_PROGRAMS += $(fuzz_tests)
TESTS += $(fuzz_tests)
endif

# T=60: seconds for each target; F=head: only this one.
.PHONY: fuzz coverage
fuzz:
	@MAKE='$(MAKE)' $(SHELL) $(top_srcdir)/tests/fuzz/fuzz.sh \
	    '$(abs_top_srcdir)' '$(abs_top_builddir)/fuzz' '$(T)' '$(F)' \
	    $(fuzz_tests)

coverage:
	@MAKE='$(MAKE)' $(SHELL) $(top_srcdir)/tests/coverage.sh \
	    '$(abs_top_srcdir)' '$(abs_top_builddir)/coverage' \
	    $(unit_tests) $(fuzz_tests)
