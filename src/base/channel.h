/*
 * channel - the descriptors a child is born with.
 *
 * The parent puts them there before exec; everything else is closed.
 */
#ifndef BASE_CHANNEL_H
#define BASE_CHANNEL_H

#define CHANNEL_PARENT		3	/* socket to the parent */
#define CHANNEL_SETTINGS	4	/* sealed file, struct settings */
#define CHANNEL_LOG		5	/* the log; read-only for workers */
#define CHANNEL_STATE		6	/* broker: its state file */
#define CHANNEL_SITE		6	/* worker: the page, site_image.h */
#define CHANNEL_TLS		7	/* worker: certificates, tls_image.h */
#define CHANNEL_CONTROL		7	/* broker: listens for wschatctl, when
					 * `control` says so */
#define CHANNEL_METRICS		8	/* pages of counters, metrics.h */
#define CHANNEL_END		9	/* the first that is free */

#endif
