# Measuring: programs that "make" leaves alone and "make bench" builds.

EXTRA_PROGRAMS = bench/load bench/bare
CLEANFILES += bench/load$(EXEEXT) bench/bare$(EXEEXT)
EXTRA_DIST += bench/report bench/README.md

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

# BENCH_FLAGS="--rounds 1 A" for less, see bench/README.md.
.PHONY: bench
bench: wschatd$(EXEEXT) bench/load$(EXEEXT) bench/bare$(EXEEXT)
	BUILDDIR=. $(top_srcdir)/bench/report $(BENCH_FLAGS)
