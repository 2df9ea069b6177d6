# Measuring: programs that "make" leaves alone and "make bench" builds.

EXTRA_PROGRAMS = bench/load bench/bare bench/shake bench/bare_tls
CLEANFILES += bench/load$(EXEEXT) bench/bare$(EXEEXT) \
	bench/shake$(EXEEXT) bench/bare_tls$(EXEEXT)
EXTRA_DIST += bench/report bench/tls bench/README.md

bench_load_LDADD = $(DEPS_LIBS)
bench_load_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
bench_load_SOURCES = \
	bench/histogram.c \
	bench/histogram.h \
	bench/link.c \
	bench/link.h \
	bench/load.c \
	bench/nanotime.h \
	bench/result.c \
	bench/result.h \
	bench/traffic.c \
	bench/traffic.h \
	bench/usage.c \
	bench/usage.h

bench_bare_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
bench_bare_SOURCES = bench/bare.c
bench_bare_LDADD = $(DEPS_LIBS)

bench_shake_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
bench_shake_SOURCES = \
	bench/nanotime.h \
	bench/shake.c \
	bench/usage.c \
	bench/usage.h
bench_shake_LDADD = $(DEPS_LIBS)

bench_bare_tls_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
bench_bare_tls_SOURCES = bench/bare_tls.c
bench_bare_tls_LDADD = $(DEPS_LIBS)

# BENCH_FLAGS="--rounds 1 A" for less, see bench/README.md.
.PHONY: bench bench-tls
bench: wschatd$(EXEEXT) bench/load$(EXEEXT) bench/bare$(EXEEXT)
	BUILDDIR=. $(top_srcdir)/bench/report $(BENCH_FLAGS)

bench-tls: wschatd$(EXEEXT) bench/shake$(EXEEXT) bench/bare_tls$(EXEEXT)
	BUILDDIR=. $(top_srcdir)/bench/tls $(BENCH_FLAGS)
