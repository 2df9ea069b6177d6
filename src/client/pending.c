/*
 * pending - see pending.h.
 */
#include "config.h"

#include "client/pending.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/call.h"

void
pending_init(struct pending *pending, uint64_t random)
{
	*pending = (struct pending){ .last = &pending->first };
	snprintf(pending->prefix, sizeof(pending->prefix), "%016" PRIx64,
	    random);
}

void
pending_clear(struct pending *pending)
{
	struct pending_item *item;

	while ((item = pending->first) != NULL) {
		pending->first = item->next;
		free(item->json);
		free(item);
	}
	pending->last = &pending->first;
	pending->count = pending->bytes = 0;
}

bool
pending_add(struct pending *pending, const char *text, size_t len,
    bool is_action)
{
	struct pending_item *item = calloc(1, sizeof(*item));

	if (item == NULL)
		return false;
	snprintf(item->id, sizeof(item->id), "%s-%" PRIu64, pending->prefix,
	    ++pending->serial);
	item->json = call_write(call_message(item->id, text, len, is_action));
	if (item->json == NULL) {
		free(item);
		return false;
	}
	item->len = strlen(item->json);
	*pending->last = item;
	pending->last = &item->next;
	pending->count++;
	pending->bytes += item->len;
	return true;
}

struct pending_item *
pending_unsent(const struct pending *pending)
{
	struct pending_item *item = pending->first;

	while (item != NULL && item->is_sent)
		item = item->next;
	return item;
}

void
pending_unsend(struct pending *pending)
{
	struct pending_item *item;

	for (item = pending->first; item != NULL; item = item->next)
		item->is_sent = false;
}

bool
pending_remove(struct pending *pending, const char *id)
{
	struct pending_item **at = &pending->first, *item;

	while (*at != NULL && strcmp((*at)->id, id) != 0)
		at = &(*at)->next;
	item = *at;
	if (item == NULL)
		return false;
	*at = item->next;
	if (*at == NULL)
		pending->last = at;
	pending->count--;
	pending->bytes -= item->len;
	free(item->json);
	free(item);
	return true;
}
