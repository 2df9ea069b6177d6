# The program.  A process is a folder; base, ipc, log and ws belong to none.

noinst_LIBRARIES += libcommon.a libparent.a libbroker.a libworker.a \
	libinetd.a libclient.a libctl.a libbench.a
sbin_PROGRAMS += wschatd wschatctl
bin_PROGRAMS += wschat wschat-bench

libcommon_a_SOURCES = \
	src/base/bans.c \
	src/base/bans.h \
	src/base/buf.c \
	src/base/buf.h \
	src/base/channel.h \
	src/base/clock.c \
	src/base/clock.h \
	src/base/die.c \
	src/base/die.h \
	src/base/growth.h \
	src/base/logjson.c \
	src/base/logjson.h \
	src/base/logger.c \
	src/base/logger.h \
	src/base/memfile.c \
	src/base/memfile.h \
	src/base/memory.c \
	src/base/memory.h \
	src/base/metrics.c \
	src/base/metrics.h \
	src/base/metrics_table.h \
	src/base/netaddr.c \
	src/base/netaddr.h \
	src/base/origin.c \
	src/base/origin.h \
	src/base/plain.c \
	src/base/plain.h \
	src/base/sandbox.c \
	src/base/sandbox.h \
	src/base/settings.c \
	src/base/settings.h \
	src/base/settings_table.c \
	src/base/settings_table.h \
	src/base/site_image.h \
	src/base/tally.c \
	src/base/tally.h \
	src/base/tls_image.c \
	src/base/tls_image.h \
	src/base/tls_pem.c \
	src/base/tls_pem.h \
	src/base/unavailable.h \
	src/base/usage.c \
	src/base/usage.h \
	src/ipc/ipc.c \
	src/ipc/ipc.h \
	src/ipc/messages.h \
	src/ipc/peer.c \
	src/ipc/peer.h \
	src/log/append.c \
	src/log/append.h \
	src/log/cursor.c \
	src/log/cursor.h \
	src/log/log.c \
	src/log/log.h \
	src/log/record.c \
	src/log/record.h \
	src/log/state.c \
	src/log/state.h \
	src/log/step.h \
	src/log/verify.c \
	src/log/verify.h \
	src/ws/close_codes.c \
	src/ws/close_codes.h \
	src/ws/deflate.c \
	src/ws/deflate.h \
	src/ws/deflater.c \
	src/ws/deflater.h \
	src/ws/forwarded.c \
	src/ws/forwarded.h \
	src/ws/frame.c \
	src/ws/frame.h \
	src/ws/handshake.c \
	src/ws/handshake.h \
	src/ws/head.c \
	src/ws/head.h \
	src/ws/inflater.c \
	src/ws/inflater.h \
	src/ws/proxy.c \
	src/ws/proxy.h \
	src/ws/refusals.c \
	src/ws/refusals.h \
	src/ws/slice.c \
	src/ws/slice.h \
	src/ws/upgrade.c \
	src/ws/upgrade.h \
	src/ws/url.c \
	src/ws/url.h \
	src/ws/utf8.c \
	src/ws/utf8.h

libparent_a_SOURCES = \
	src/parent/activation.c \
	src/parent/activation.h \
	src/parent/attach.c \
	src/parent/attach.h \
	src/parent/capacity.c \
	src/parent/capacity.h \
	src/parent/change.c \
	src/parent/change.h \
	src/parent/banlist.c \
	src/parent/banlist.h \
	src/parent/child.c \
	src/parent/child.h \
	src/parent/children.c \
	src/parent/conf.c \
	src/parent/conf.h \
	src/parent/conf_parts.h \
	src/parent/door.c \
	src/parent/door.h \
	src/parent/draft.c \
	src/parent/ending.c \
	src/parent/endpoint.c \
	src/parent/endpoint.h \
	src/parent/environment.c \
	src/parent/environment.h \
	src/parent/explain.c \
	src/parent/explain.h \
	src/parent/fitness.c \
	src/parent/grammar.c \
	src/parent/grammar.h \
	src/parent/heading.c \
	src/parent/heading.h \
	src/parent/helm.c \
	src/parent/helm.h \
	src/parent/heritage.c \
	src/parent/heritage.h \
	src/parent/include.c \
	src/parent/listener.c \
	src/parent/listener.h \
	src/parent/nearest.c \
	src/parent/nearest.h \
	src/parent/parent.c \
	src/parent/parent.h \
	src/parent/parent_parts.h \
	src/parent/pool.c \
	src/parent/pool.h \
	src/parent/printout.c \
	src/parent/printout.h \
	src/parent/readiness.c \
	src/parent/reload.c \
	src/parent/reload.h \
	src/parent/reports.c \
	src/parent/singles.c \
	src/parent/site.c \
	src/parent/site.h \
	src/parent/supervisor.c \
	src/parent/supervisor.h \
	src/parent/ticket_keys.c \
	src/parent/ticket_keys.h \
	src/parent/tls_files.c \
	src/parent/tls_files.h \
	src/parent/value.c \
	src/parent/value.h

libinetd_a_SOURCES = \
	src/inetd/inetd.c \
	src/inetd/inetd.h

libbroker_a_SOURCES = \
	src/broker/asker.c \
	src/broker/asker.h \
	src/broker/broker.c \
	src/broker/broker.h \
	src/broker/broker_parts.h \
	src/broker/census.c \
	src/broker/census.h \
	src/broker/clerk.c \
	src/broker/clerk.h \
	src/broker/control.c \
	src/broker/control.h \
	src/broker/expulsion.c \
	src/broker/expulsion.h \
	src/broker/gauges.c \
	src/broker/gauges.h \
	src/broker/graces.c \
	src/broker/graces.h \
	src/broker/hub.c \
	src/broker/hub.h \
	src/broker/hub_parts.h \
	src/broker/ids.c \
	src/broker/ids.h \
	src/broker/join.c \
	src/broker/link.c \
	src/broker/link.h \
	src/broker/lists.c \
	src/broker/lists.h \
	src/broker/move.c \
	src/broker/move.h \
	src/broker/name.c \
	src/broker/name.h \
	src/broker/nametable.c \
	src/broker/nametable.h \
	src/broker/naming.c \
	src/broker/naming.h \
	src/broker/numbers.c \
	src/broker/numbers.h \
	src/broker/query.c \
	src/broker/office.c \
	src/broker/office.h \
	src/broker/office_parts.h \
	src/broker/order.c \
	src/broker/order.h \
	src/broker/questions.c \
	src/broker/replay.c \
	src/broker/replay.h \
	src/broker/repeats.c \
	src/broker/repeats.h \
	src/broker/request.c \
	src/broker/room.c \
	src/broker/room.h \
	src/broker/roster.c \
	src/broker/roster.h \
	src/broker/rowtable.c \
	src/broker/rowtable.h \
	src/broker/session.c \
	src/broker/session.h \
	src/broker/silence.c \
	src/broker/silence.h \
	src/broker/skeleton.c \
	src/broker/skeleton.h \
	src/broker/spelling.c \
	src/broker/spelling.h \
	src/broker/status.c \
	src/broker/status.h \
	src/broker/steering.c \
	src/broker/steering.h \
	src/broker/tabs.c \
	src/broker/tabs.h \
	src/broker/tail.c \
	src/broker/tail.h \
	src/broker/takeover.c \
	src/broker/takeover.h \
	src/broker/tidy.c \
	src/broker/tokens.c \
	src/broker/tokens.h \
	src/broker/upkeep.c \
	src/broker/upkeep.h

libworker_a_SOURCES = \
	src/worker/answer.c \
	src/worker/answer.h \
	src/worker/aside.c \
	src/worker/aside.h \
	src/worker/audience.c \
	src/worker/audience.h \
	src/worker/backfill.c \
	src/worker/backfill.h \
	src/worker/batch.c \
	src/worker/batch.h \
	src/worker/broker_link.c \
	src/worker/broker_link.h \
	src/worker/catchup.c \
	src/worker/catchup.h \
	src/worker/budget.c \
	src/worker/budget.h \
	src/worker/client.c \
	src/worker/client.h \
	src/worker/command.c \
	src/worker/command.h \
	src/worker/compress.c \
	src/worker/compress.h \
	src/worker/counts.c \
	src/worker/counts.h \
	src/worker/deadline.c \
	src/worker/deadline.h \
	src/worker/delivery.c \
	src/worker/delivery.h \
	src/worker/delivery_parts.h \
	src/worker/drain.c \
	src/worker/drain.h \
	src/worker/entry.c \
	src/worker/entry.h \
	src/worker/dialogue.c \
	src/worker/dialogue.h \
	src/worker/event.c \
	src/worker/event.h \
	src/worker/exposition.c \
	src/worker/exposition.h \
	src/worker/history.c \
	src/worker/history.h \
	src/worker/incident.c \
	src/worker/incident.h \
	src/worker/form.h \
	src/worker/intake.c \
	src/worker/intake.h \
	src/worker/json_errors.c \
	src/worker/json_errors.h \
	src/worker/json_memory.c \
	src/worker/json_memory.h \
	src/worker/json_read.c \
	src/worker/json_read.h \
	src/worker/json_write.c \
	src/worker/json_write.h \
	src/worker/line.c \
	src/worker/line.h \
	src/worker/origins.c \
	src/worker/origins.h \
	src/worker/outbox.c \
	src/worker/outbox.h \
	src/worker/output.c \
	src/worker/output.h \
	src/worker/parent_link.c \
	src/worker/parent_link.h \
	src/worker/proof.c \
	src/worker/proof.h \
	src/worker/presence.c \
	src/worker/presence.h \
	src/worker/rate.h \
	src/worker/remnant.c \
	src/worker/remnant.h \
	src/worker/render.c \
	src/worker/render.h \
	src/worker/seat.c \
	src/worker/response.c \
	src/worker/response.h \
	src/worker/seat.h \
	src/worker/site.c \
	src/worker/site.h \
	src/worker/tickets.c \
	src/worker/tickets.h \
	src/worker/tls.c \
	src/worker/tls.h \
	src/worker/token.c \
	src/worker/token.h \
	src/worker/speech.c \
	src/worker/speech.h \
	src/worker/stopwatch.c \
	src/worker/stopwatch.h \
	src/worker/turn.c \
	src/worker/turn.h \
	src/worker/waiting.c \
	src/worker/waiting.h \
	src/worker/wheel.c \
	src/worker/wheel.h \
	src/worker/wire.c \
	src/worker/wire.h \
	src/worker/worker.c \
	src/worker/worker.h

wschatd_SOURCES = src/wschatd.c
wschatd_LDADD = libparent.a libinetd.a libbroker.a libworker.a libcommon.a $(DEPS_LIBS) \
	$(ICU_LIBS)

libclient_a_SOURCES = \
	src/client/backoff.c \
	src/client/backoff.h \
	src/client/call.c \
	src/client/call.h \
	src/client/chat.c \
	src/client/chat.h \
	src/client/completion.c \
	src/client/completion.h \
	src/client/connection.c \
	src/client/connection.h \
	src/client/dial.c \
	src/client/dial.h \
	src/client/gap.c \
	src/client/gap.h \
	src/client/goal.c \
	src/client/goal.h \
	src/client/lines.c \
	src/client/lines.h \
	src/client/names.c \
	src/client/names.h \
	src/client/opening.c \
	src/client/opening.h \
	src/client/options.c \
	src/client/options.h \
	src/client/outlet.c \
	src/client/outlet.h \
	src/client/pending.c \
	src/client/pending.h \
	src/client/pipe.c \
	src/client/pipe.h \
	src/client/place.c \
	src/client/place.h \
	src/client/resolver.c \
	src/client/resolver.h \
	src/client/session.c \
	src/client/session.h \
	src/client/session_parts.h \
	src/client/slash.c \
	src/client/slash.h \
	src/client/story.c \
	src/client/stream.c \
	src/client/stream.h \
	src/client/terminal.c \
	src/client/terminal.h \
	src/client/view.c \
	src/client/view.h

wschat_SOURCES = src/client/wschat.c
wschat_LDFLAGS = $(AM_LDFLAGS) -Wl,--as-needed
wschat_LDADD = libclient.a libcommon.a $(CLIENT_LIBS) $(DEPS_LIBS)

libctl_a_SOURCES = \
	src/ctl/amount.c \
	src/ctl/amount.h \
	src/ctl/ask.c \
	src/ctl/ask.h \
	src/ctl/chore.c \
	src/ctl/chore.h \
	src/ctl/errand.c \
	src/ctl/errand.h \
	src/ctl/second.c \
	src/ctl/second.h \
	src/ctl/hush.c \
	src/ctl/hush.h \
	src/ctl/show.c \
	src/ctl/show.h \
	src/ctl/span.c \
	src/ctl/span.h \
	src/ctl/table.c \
	src/ctl/table.h \
	src/ctl/top.c \
	src/ctl/top.h

wschatctl_SOURCES = src/ctl/wschatctl.c
wschatctl_LDFLAGS = $(AM_LDFLAGS) -Wl,--as-needed
wschatctl_LDADD = libctl.a libcommon.a $(DEPS_LIBS)

libbench_a_SOURCES = \
	src/bench/arguments.c \
	src/bench/arguments.h \
	src/bench/board.c \
	src/bench/board.h \
	src/bench/crew.c \
	src/bench/crew.h \
	src/bench/destination.c \
	src/bench/destination.h \
	src/bench/dialect.c \
	src/bench/dialect.h \
	src/bench/histogram.c \
	src/bench/histogram.h \
	src/bench/link.c \
	src/bench/link.h \
	src/bench/load.c \
	src/bench/load.h \
	src/bench/mark.c \
	src/bench/mark.h \
	src/bench/nanotime.h \
	src/bench/portion.c \
	src/bench/portion.h \
	src/bench/result.c \
	src/bench/result.h \
	src/bench/secure.c \
	src/bench/secure.h \
	src/bench/speech.c \
	src/bench/speech.h \
	src/bench/traffic.c \
	src/bench/traffic.h \
	src/bench/unsent.c \
	src/bench/unsent.h \
	src/bench/usage.c \
	src/bench/usage.h

wschat_bench_SOURCES = src/bench/wschat-bench.c
wschat_bench_LDFLAGS = $(AM_LDFLAGS) -Wl,--as-needed
wschat_bench_LDADD = libbench.a libcommon.a $(DEPS_LIBS)
