/*
 * result - see result.h.
 */
#include "config.h"

#include "bench/result.h"

#include <errno.h>
#include <string.h>

#include "bench/nanotime.h"

struct figures {
	double seconds, deliveries, deliveries_s, messages_s;
	double cpu_s, user_s, system_s, cpu_us;
	double machine_us, generator_share, server_share, other_share;
	double heard_per_read, sleeps_s;
	double handshakes_s, handshake_us, pss_bytes, private_bytes;
};

static double
ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

static double
ms(uint64_t ns)
{
	return (double)ns / (double)NANOTIME_MS;
}

static void
figures_compute(const struct result *r, struct figures *f)
{
	const struct result_moment *a = &r->begin, *b = &r->end;
	double sent = (double)(b->load.sent - a->load.sent);

	f->seconds = (double)(b->time_ns - a->time_ns) / (double)NANOTIME_S;
	f->deliveries =
	    (double)(b->load.delivered - a->load.delivered);
	f->deliveries_s = ratio(f->deliveries, f->seconds);
	f->messages_s = ratio(sent, f->seconds);
	f->user_s = b->server.user_s - a->server.user_s;
	f->system_s = b->server.system_s - a->server.system_s;
	f->cpu_s = f->user_s + f->system_s;
	f->cpu_us = 1e6 * ratio(f->cpu_s, f->deliveries);
	f->server_share = ratio(f->cpu_s, f->seconds);
	f->machine_us = 1e6 * ratio(b->machine_s - a->machine_s,
	    f->deliveries);
	f->generator_share = ratio(b->load.cpu_s - a->load.cpu_s,
	    f->seconds);
	f->other_share = ratio(b->machine_s - a->machine_s, f->seconds) -
	    f->server_share - f->generator_share;
	f->heard_per_read = ratio(f->deliveries,
	    (double)(b->load.reads - a->load.reads));
	f->sleeps_s = ratio((double)(b->server.switches -
	    a->server.switches), f->seconds);
	f->handshakes_s = ratio(r->ready, r->connect_s);
	f->handshake_us = 1e6 * ratio(r->full.user_s + r->full.system_s -
	    r->empty.user_s - r->empty.system_s, r->ready);
	f->pss_bytes = 1024 * ratio((double)r->full.pss_kb -
	    (double)r->empty.pss_kb, r->ready);
	f->private_bytes = 1024 * ratio((double)r->full.private_kb -
	    (double)r->empty.private_kb, r->ready);
}

bool
result_is_clean(const struct result *r)
{
	const struct traffic_counts *t = &r->total;
	unsigned end, broken = 0;

	for (end = LINK_END_NONE; end < LINK_END_OURS; end++)
		broken += r->ends[end];
	return r->is_measured && broken == 0 && r->complete &&
	    t->lost + t->duplicate + t->disordered + t->strayed +
	    t->order_differs == 0;
}

static void
print_times(const struct histogram *h, const char *name, FILE *to)
{
	if (h->count == 0)
		return;
	fprintf(to, "%-12s p50 %.3f  p90 %.3f  p99 %.3f  p99.9 %.3f  "
	    "max %.3f ms  (%llu)\n", name,
	    ms(histogram_quantile(h, 0.5)), ms(histogram_quantile(h, 0.9)),
	    ms(histogram_quantile(h, 0.99)),
	    ms(histogram_quantile(h, 0.999)), ms(h->max_ns),
	    (unsigned long long)h->count);
}

static void
print_cost(const struct result *r, const struct figures *f, FILE *to)
{
	if (!r->has_server)
		return;
	fprintf(to, "server       %u processes  %.3f us CPU per delivery  "
	    "(user %.2f s, system %.2f s, %.0f %% of a core)  "
	    "%.0f sleeps/s\n", r->end.server.processes, f->cpu_us,
	    f->user_s, f->system_s, 100 * f->server_share, f->sleeps_s);
	fprintf(to, "memory       %.0f bytes PSS, %.0f private per connection"
	    "  (PSS %llu -> %llu KiB)\n", f->pss_bytes, f->private_bytes,
	    (unsigned long long)r->empty.pss_kb,
	    (unsigned long long)r->full.pss_kb);
	if (r->peak_pss_kb > 0)
		fprintf(to, "             %llu KiB at its peak\n",
		    (unsigned long long)r->peak_pss_kb);
}

static void
print_ends(const struct result *r, FILE *to)
{
	unsigned end;

	for (end = LINK_END_CONNECT; end < LINK_END_OURS; end++)
		if (r->ends[end] > 0)
			fprintf(to, "ended        %u %s (status %u)\n",
			    r->ends[end], link_end_name(end),
			    r->end_status);
}

void
result_explain(const struct result *r, FILE *to)
{
	unsigned all = r->plan.rooms * r->plan.clients, end = 0;

	while (end < LINK_END_OURS && r->ends[end] == 0)
		end++;
	fprintf(to, "wschat-bench: %s: %u of %u clients are there after "
	    "%.1f s", r->target, r->ready, all, r->connect_s);
	if (r->is_unwelcome)
		fputs(": nobody was greeted; if the server does not, say "
		    "--no-greeting", to);
	else if (end == LINK_END_CONNECT || end == LINK_END_LOST)
		fprintf(to, ": %s%s", strerror(r->error),
		    r->error == EPROTO ? " of TLS; see --ca and --insecure" :
		    "");
	else if (end < LINK_END_OURS)
		fprintf(to, ": %s, status %u", link_end_name(end),
		    r->end_status);
	fputc('\n', to);
}

void
result_print(const struct result *r, FILE *to)
{
	const struct traffic_counts *t = &r->total;
	struct figures f;

	figures_compute(r, &f);
	fprintf(to, "target       %s  %u rooms of %u clients, "
	    "%u senders a room, %zu bytes\n", r->target, r->plan.rooms,
	    r->plan.clients, r->plan.senders, r->plan.bytes);
	fprintf(to, "connected    %u in %.3f s = %.0f/s", r->ready,
	    r->connect_s, f.handshakes_s);
	if (r->has_server)
		fprintf(to, "  (%.1f us CPU each)", f.handshake_us);
	fprintf(to, "\nmeasured     %.2f s  %.0f messages/s  "
	    "%.0f deliveries/s  %.2f heard a read\n", f.seconds,
	    f.messages_s, f.deliveries_s, f.heard_per_read);
	print_times(&r->times.delivery, "delivery", to);
	print_times(&r->times.own, "own line", to);
	print_times(&r->times.sweep, "sweep", to);
	print_times(&r->times.late, "said late", to);
	print_cost(r, &f, to);
	fprintf(to, "machine      %.3f us CPU per delivery, generator %.0f %%,"
	    " others %.0f %% of a core\n", f.machine_us,
	    100 * f.generator_share, 100 * f.other_share);
	fprintf(to, "checked      %llu sent, %llu delivered: %llu lost, "
	    "%llu repeated, %llu out of order, %llu strayed, %llu foreign, "
	    "%llu in another order\n", (unsigned long long)t->sent,
	    (unsigned long long)t->delivered, (unsigned long long)t->lost,
	    (unsigned long long)t->duplicate,
	    (unsigned long long)t->disordered,
	    (unsigned long long)t->strayed, (unsigned long long)t->foreign,
	    (unsigned long long)t->order_differs);
	print_ends(r, to);
	fprintf(to, "verdict      %s\n", result_is_clean(r) ? "clean" :
	    r->complete ? "NOT CLEAN" : "NOT CLEAN, NOT COMPLETE");
}

static void
json_times(const struct histogram *h, const char *name, FILE *to)
{
	fprintf(to, ",\n \"%s_ms\": {\"count\": %llu, \"p50\": %.4f, "
	    "\"p90\": %.4f, \"p99\": %.4f, \"p999\": %.4f, \"max\": %.4f}",
	    name, (unsigned long long)h->count,
	    ms(histogram_quantile(h, 0.5)), ms(histogram_quantile(h, 0.9)),
	    ms(histogram_quantile(h, 0.99)),
	    ms(histogram_quantile(h, 0.999)), ms(h->max_ns));
}

void
result_print_json(const struct result *r, FILE *to)
{
	const struct traffic_counts *t = &r->total;
	struct figures f;
	unsigned end;

	figures_compute(r, &f);
	fprintf(to, "{\"rooms\": %u, \"clients\": %u, \"senders\": %u, "
	    "\"size\": %zu, \"outstanding\": %u, \"when_all\": %s, "
	    "\"rate\": %.3f,\n", r->plan.rooms, r->plan.clients,
	    r->plan.senders, r->plan.bytes, r->plan.outstanding,
	    r->plan.when_all ? "true" : "false", r->plan.rate);
	fprintf(to, " \"generators\": %u, \"measured\": %s,\n", r->processes,
	    r->is_measured ? "true" : "false");
	fprintf(to, " \"ready\": %u, \"connect_s\": %.4f, "
	    "\"handshakes_s\": %.1f, \"handshake_us\": %.3f,\n", r->ready,
	    r->connect_s, f.handshakes_s, f.handshake_us);
	fprintf(to, " \"measured_s\": %.4f, \"messages_s\": %.2f, "
	    "\"deliveries_s\": %.1f, \"heard_per_read\": %.3f,\n",
	    f.seconds, f.messages_s, f.deliveries_s, f.heard_per_read);
	fprintf(to, " \"processes\": %u, \"cpu_us\": %.4f, "
	    "\"user_s\": %.2f, \"system_s\": %.2f, \"cpu_share\": %.4f, "
	    "\"sleeps_s\": %.1f,\n", r->end.server.processes, f.cpu_us,
	    f.user_s, f.system_s, f.server_share, f.sleeps_s);
	fprintf(to, " \"machine_us\": %.4f, \"generator_share\": %.4f, "
	    "\"other_share\": %.4f,\n"
	    " \"pss_bytes\": %.1f, \"private_bytes\": %.1f, "
	    "\"pss_empty_kb\": %llu, \"pss_full_kb\": %llu, "
	    "\"pss_peak_kb\": %llu,\n",
	    f.machine_us, f.generator_share, f.other_share,
	    f.pss_bytes, f.private_bytes,
	    (unsigned long long)r->empty.pss_kb,
	    (unsigned long long)r->full.pss_kb,
	    (unsigned long long)r->peak_pss_kb);
	fprintf(to, " \"sent\": %llu, \"delivered\": %llu, \"lost\": %llu, "
	    "\"repeated\": %llu, \"disordered\": %llu, \"strayed\": %llu, "
	    "\"foreign\": %llu, \"order_differs\": %llu,\n",
	    (unsigned long long)t->sent, (unsigned long long)t->delivered,
	    (unsigned long long)t->lost, (unsigned long long)t->duplicate,
	    (unsigned long long)t->disordered,
	    (unsigned long long)t->strayed, (unsigned long long)t->foreign,
	    (unsigned long long)t->order_differs);
	fprintf(to, " \"pings\": %llu, \"ends\": {",
	    (unsigned long long)r->end.load.pings);
	for (end = LINK_END_CONNECT; end < LINK_ENDS; end++)
		fprintf(to, "%s\"%s\": %u", end > LINK_END_CONNECT ? ", " :
		    "", link_end_name(end), r->ends[end]);
	fprintf(to, "}, \"end_status\": %u, \"complete\": %s, \"clean\": %s",
	    r->end_status, r->complete ? "true" : "false",
	    result_is_clean(r) ? "true" : "false");
	json_times(&r->times.delivery, "delivery", to);
	json_times(&r->times.own, "own", to);
	json_times(&r->times.sweep, "sweep", to);
	json_times(&r->times.late, "late", to);
	fprintf(to, "}\n");
}
