# Measuring: programs that "make" leaves alone and "make bench" builds.

EXTRA_PROGRAMS = bench/bare bench/shake bench/bare_tls
CLEANFILES += bench/bare$(EXEEXT) bench/shake$(EXEEXT) \
	bench/bare_tls$(EXEEXT)
EXTRA_DIST += bench/growth bench/million bench/plot \
	bench/plots/clients.svg bench/plots/rooms.svg \
	bench/plots/workers.svg bench/report.py \
	bench/servers.py bench/works.py bench/tls bench/README.md bench/overview \
	bench/peers.py bench/peers/fetch bench/peers/nginx.conf \
	bench/peers/mosquitto.conf bench/peers/nats.conf \
	bench/peers/ws.mjs bench/peers/chat.py

bench_bare_SOURCES = bench/bare.c
bench_bare_LDADD = $(DEPS_LIBS)

bench_shake_SOURCES = bench/shake.c
bench_shake_LDADD = libbench.a $(DEPS_LIBS)

bench_bare_tls_SOURCES = bench/bare_tls.c
bench_bare_tls_LDADD = $(DEPS_LIBS)

# BENCH_FLAGS="--rounds 1 W1" for less, PEERS=all for more, see bench/README.md.
.PHONY: bench bench-growth bench-million bench-peers bench-plots bench-tls
run_bench = BUILDDIR=. PYTHONDONTWRITEBYTECODE=1 $(top_srcdir)/bench
bench: wschatd$(EXEEXT) wschat-bench$(EXEEXT) bench/bare$(EXEEXT)
	$(run_bench)/report.py --peers "$(PEERS)" $(BENCH_FLAGS)

bench-peers:
	$(top_srcdir)/bench/peers/fetch peers

bench-growth: wschatd$(EXEEXT) wschat-bench$(EXEEXT)
	$(run_bench)/growth $(BENCH_FLAGS)

bench-million: wschatd$(EXEEXT) wschat-bench$(EXEEXT)
	$(run_bench)/million $(BENCH_FLAGS)

bench-plots:
	$(run_bench)/plot bench/results $(top_srcdir)/bench/plots

bench-tls: wschatd$(EXEEXT) bench/shake$(EXEEXT) bench/bare_tls$(EXEEXT)
	$(run_bench)/tls $(BENCH_FLAGS)
