/*
 * pardon - see pardon.h.
 */
#include "config.h"

#include "broker/pardon.h"

#include <stdio.h>

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

static void
list_once(void *list, struct network network, uint64_t until_s)
{
	char text[NETADDR_KEY_TEXT];
	json_t *address = json_string(network_format(network, text)), *one;
	size_t i;

	json_array_foreach((json_t *)list, i, one)
		if (json_equal(json_object_get(one, "address"), address))
			break;
	json_decref(address);
	if (i == json_array_size(list))
		pardon_list_network(list, network, until_s);
}

void
pardon_list_holding(json_t *list, const struct bans *bans,
    struct network network)
{
	bans_each_holding(bans, network, clock_wall_us() / 1000000, list_once,
	    list);
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

/* "It is 10.0.0.0/8, 10.1.0.0/16 that is banned, not this by itself." */
static json_t *
refuse_part(json_t *still, const char *done, const char *member)
{
	json_t *text = json_string("It is"), *more, *one, *answer;
	size_t i;

	json_array_foreach(still, i, one) {
		more = json_sprintf("%s%s %s", json_string_value(text),
		    i > 0 ? "," : "", json_string_value(json_object_get(one,
		    "address")));
		json_decref(text);
		text = more;
	}
	answer = refuse("in-network", json_sprintf(
	    "%s that is %s, not this by itself.", json_string_value(text),
	    done));
	json_decref(text);
	(void)json_object_set_new(answer, member, still);
	return answer;
}

json_t *
pardon_answer(bool was_there, json_t *still, const char *done,
    const char *member)
{
	char word[32];

	if (json_array_size(still) > 0)
		return was_there ? json_pack("{s:b, s:o}", "ok", 1, member,
		    still) : refuse_part(still, done, member);
	json_decref(still);
	if (was_there)
		return json_pack("{s:b}", "ok", 1);
	snprintf(word, sizeof(word), "not-%s", done);
	return refuse(word, json_sprintf("This is not %s.", done));
}
