/*
 * speech - see speech.h.
 */
#include "config.h"

#include "bench/speech.h"

#include "bench/destination.h"

/* A topic is the path without its first slash. */
_Static_assert(LINK_PATH <= DIALECT_TOPIC_MAX, "every path is a topic");

bool
speech_join(const struct arguments *a, unsigned room, struct link *l)
{
	char path[LINK_PATH], packet[DIALECT_PACKET_MAX];
	size_t len;

	destination_path(a, room, path);
	len = a->dialect->join(path + 1, packet);
	return link_say_binary(l, packet, len);
}

bool
speech_say(const struct arguments *a, unsigned room, struct link *l,
    const char *text, size_t len)
{
	char path[LINK_PATH], packet[DIALECT_PACKET_MAX];

	if (dialect_is_plain(a->dialect))
		return link_say(l, text, len);
	destination_path(a, room, path);
	len = a->dialect->wrap(path + 1, text, len, packet);
	return link_say_binary(l, packet, len);
}
