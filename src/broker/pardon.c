/*
 * pardon - see pardon.h.
 */
#include "config.h"

#include "broker/pardon.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

void
pardon_list(json_t *list, json_t *what, uint64_t until_s)
{
	if (what != NULL && until_s != BANS_FOREVER)
		(void)json_object_set_new(what, "until",
		    json_integer((json_int_t)until_s));
	(void)json_array_append_new(list, what);
}

void
pardon_list_network(void *list, struct network network, uint64_t until_s)
{
	char text[NETADDR_KEY_TEXT];

	pardon_list(list, json_pack("{s:s}", "address",
	    network_format(network, text)), until_s);
}

static json_t *
refuse(const char *word, json_t *text)
{
	return json_pack("{s:b, s:s, s:o}", "ok", 0, "error", word, "text",
	    text);
}

json_t *
pardon_refuse_network(const char *why)
{
	return refuse("bad-address", json_sprintf("This %s.", why != NULL ?
	    why : "is no address"));
}

/* As a person reads it: "10.0.0.0/8, 10.1.0.0/16". */
static void
write_addresses(const json_t *list,
    char out[static NETWORK_BITS * (NETADDR_KEY_TEXT + 2)])
{
	const json_t *one;
	size_t i, len = 0;

	out[0] = '\0';
	json_array_foreach(list, i, one)
		len += (size_t)snprintf(out + len, NETADDR_KEY_TEXT + 2,
		    "%s%s", i > 0 ? ", " : "", json_string_value(
		    json_object_get(one, "address")));
}

static json_t *
refuse_part(json_t *around, const char *done, const char *member)
{
	char text[NETWORK_BITS * (NETADDR_KEY_TEXT + 2)];
	json_t *answer;

	write_addresses(around, text);
	answer = refuse("in-network", json_sprintf(
	    "This is not %s by itself, but as a part of %s.", done, text));
	(void)json_object_set_new(answer, member, around);
	return answer;
}

json_t *
pardon_answer(const struct bans *bans, struct network network,
    bool was_there, const char *done, const char *member)
{
	json_t *around = json_array();
	char word[32];

	bans_each_around(bans, network, clock_wall_us() / 1000000,
	    pardon_list_network, around);
	if (json_array_size(around) > 0)
		return was_there ? json_pack("{s:b, s:o}", "ok", 1, member,
		    around) : refuse_part(around, done, member);
	json_decref(around);
	if (was_there)
		return json_pack("{s:b}", "ok", 1);
	snprintf(word, sizeof(word), "not-%s", done);
	return refuse(word, json_sprintf("This is not %s.", done));
}
