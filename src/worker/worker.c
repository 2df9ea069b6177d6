/*
 * worker - see worker.h.
 */
#include "config.h"

#include "worker/worker.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/channel.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/memfile.h"
#include "base/metrics.h"
#include "base/sandbox.h"
#include "base/tls_image.h"
#include "base/usage.h"
#include "worker/client.h"
#include "worker/compress.h"
#include "worker/delivery.h"
#include "worker/json_read.h"
#include "worker/parent_link.h"
#include "worker/site.h"
#include "worker/turn.h"
#include "worker/wire.h"

/*
 * What it is given, at the start and with a reload.
 */

bool
worker_load_site(struct worker *w, int fd)
{
	struct site *site;
	const void *image;
	size_t len;

	image = memfile_map(fd, &len);
	if (image == NULL)
		return false;
	site = site_new(image, len, w->site);
	if (site == NULL) {
		memfile_unmap(image, len);
		errno = EPROTO;
		return false;
	}
	w->site = site;
	return true;
}


/* The keys stay where OpenSSL has them, and nowhere else. */
bool
worker_load_tls(struct worker *w, int fd)
{
	const void *image;
	bool is_good;
	size_t len;

	image = memfile_map(fd, &len);
	if (image == NULL)
		return false;
	errno = EPROTO;
	is_good = tls_image_is_whole(image, len);
	if (is_good && w->wire == NULL && tls_image_count(image) > 0)
		is_good = (w->wire = wire_new()) != NULL;
	if (is_good && w->wire != NULL)
		is_good = wire_load(w->wire, w->settings, image);
	memfile_unmap(image, len);
	return is_good;
}

void
worker_set_limits(struct worker *w)
{
	for (uint32_t i = 0; i < w->settings->route_count; i++) {
		const struct settings_limits *l =
		    &w->settings->routes[i].limits;

		w->frame_limits[i] = (struct frame_limits){
			.message_max = l->message_size,
			.fragments_max = (uint32_t)l->fragments
		};
	}
}

/*
 * Life.
 */

static void
worker_map(struct worker *w)
{
	w->log = log_map(CHANNEL_LOG, false);
	if (w->log == NULL)
		die(EX_OSERR, "map the log");
	close(CHANNEL_LOG);
	if (!metrics_open(CHANNEL_METRICS))
		die(EX_OSERR, "map the metrics");
	usage_open();
	if (!worker_load_site(w, CHANNEL_SITE))
		die(EX_OSERR, "site");
	close(CHANNEL_SITE);
	wire_prepare();
	if (!worker_load_tls(w, CHANNEL_TLS))
		die(EX_OSERR, "certificates");
	close(CHANNEL_TLS);
}

static void
worker_start(struct worker *w)
{
	worker_map(w);
	worker_set_limits(w);
	w->now_ms = clock_ms();
	wheel_init(&w->wheel, w->now_ms);
	w->dirty = CLIENT_NO_SLOT;
	outbox_init(&w->outbox);
	origins_init(&w->origins);
	w->receive = malloc(WORKER_RECEIVE);
	w->compress = compress_new();
	w->delivery = w->compress == NULL ? NULL :
	    delivery_new(w->log, w->compress);
	w->base = event_base_new();
	if (w->receive == NULL || w->delivery == NULL || w->base == NULL ||
	    !turn_open(w) || !parent_link_open(w))
		die(EX_OSERR, "start");
	json_read_open();
	privilege_drop(w->settings->user);
	sandbox_enter(SANDBOX_WORKER);
}

int
worker_main(const struct settings *settings)
{
	static struct worker worker;	/* large: its wheel */
	struct worker *w = &worker;

	w->settings = settings;
	worker_start(w);
	while (!w->is_over)
		turn_run(w);
	incident_sum_up(&w->incidents);
	return w->exit_code;
}
