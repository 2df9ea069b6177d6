/*
 * incident - see incident.h.
 */
#include "config.h"

#include "worker/incident.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/logger.h"
#include "base/netaddr.h"
#include "base/rate.h"
#include "worker/client.h"
#include "worker/counts.h"

#define WORDS_SIZE	1600	/* of all words and their counts, cut */
#define SHOWN_SIZE	(INCIDENT_SHOWN * 4 + 8)	/* escaped */

static const char *
incident_word(unsigned index)
{
	return index < REFUSALS_COUNT ? refusal_word((enum refusal)index) :
	    close_name((enum close_reason)(index - REFUSALS_COUNT));
}

/* Counts it.  Whether it may have a line; a debug log has them all. */
static bool
incident_count(struct incidents *i, unsigned index, uint64_t now_ms)
{
	i->counts[index]++;
	if (logger_is_on(LOGGER_DEBUG))
		return true;
	if (rate_free_us(i->rate_us, INCIDENT_RATE, INCIDENT_BURST) <=
	    now_ms * 1000) {
		(void)rate_take(&i->rate_us, now_ms, INCIDENT_RATE,
		    INCIDENT_BURST);
		return true;
	}
	i->silent[index]++;
	if (i->tell_ms == 0)
		i->tell_ms = now_ms + INCIDENT_TELL_MS;
	return false;
}

/* Appends `name` and the text as the peer sent it, unless it sent none. */
static void
add_foreign(char *out, size_t size, const char *name, struct slice text)
{
	size_t len = strlen(out);
	char shown[SHOWN_SIZE];

	if (text.at == NULL)
		return;
	snprintf(out + len, size - len, " %s=%s", name, logger_escape(text.at,
	    text.len < INCIDENT_SHOWN ? text.len : INCIDENT_SHOWN, shown,
	    sizeof(shown)));
}

void
incident_refused(struct incidents *i, const struct client *c,
    enum refusal refusal, const struct head *head, const char *error,
    uint64_t now_ms)
{
	char address[NETADDR_PORT_TEXT], foreign[3 * SHOWN_SIZE + 32] = "";

	counts_refused(refusal);
	if (!incident_count(i, refusal, now_ms))
		return;
	if (head != NULL)
		add_foreign(foreign, sizeof(foreign), "path", head->path);
	if (head != NULL && refusal == REFUSAL_ORIGIN)
		add_foreign(foreign, sizeof(foreign), "origin", head->origin);
	if (error != NULL)
		add_foreign(foreign, sizeof(foreign), "error",
		    (struct slice){ error, strlen(error) });
	logger_write_connection(LOGGER_INFO, c->connection, "refused",
	    "why=%s status=%u address=%s%s", refusal_word(refusal),
	    refusal_status(refusal), client_address_text(c, address), foreign);
}

void
incident_closed(struct incidents *i, const struct client *c,
    enum close_reason why, uint64_t now_ms)
{
	char address[NETADDR_PORT_TEXT];

	if (!incident_count(i, REFUSALS_COUNT + (unsigned)why, now_ms))
		return;
	logger_write_connection(LOGGER_INFO, c->connection, "closed",
	    "why=%s sent=%" PRIu64 " address=%s", close_name(why), c->sent,
	    client_address_text(c, address));
}

/* One line with the sum and each that is not 0; none when all are 0. */
static void
write_counts(const char *msg, const uint64_t counts[INCIDENT_WORDS])
{
	uint64_t sum = 0;
	char words[WORDS_SIZE] = "";
	size_t len = 0;
	int n;

	for (unsigned index = 0; index < INCIDENT_WORDS; index++) {
		if (counts[index] == 0)
			continue;
		sum += counts[index];
		n = snprintf(words + len, sizeof(words) - len, " %s=%" PRIu64,
		    incident_word(index), counts[index]);
		if (n > 0 && (size_t)n < sizeof(words) - len)
			len += (size_t)n;
		else
			words[len] = '\0';
	}
	if (sum > 0)
		logger_info(msg, "count=%" PRIu64 "%s", sum, words);
}

uint64_t
incident_due(const struct incidents *i)
{
	return i->tell_ms == 0 ? UINT64_MAX : i->tell_ms;
}

static void
tell(struct incidents *i)
{
	write_counts("refusals not logged", i->silent);
	memset(i->silent, 0, sizeof(i->silent));
	i->tell_ms = 0;
}

void
incident_tell(struct incidents *i, uint64_t now_ms)
{
	if (now_ms >= incident_due(i))
		tell(i);
}

void
incident_sum_up(struct incidents *i)
{
	tell(i);
	write_counts("refusals in all", i->counts);
}
