/*
 * track - see track.h.
 */
#include "config.h"

#include "ctl/track.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/errand.h"
#include "ctl/show.h"

#define TRACK_TRIES	3	/* in a row, without an event between */

/* Whom to ask for again where a broker has died. */
struct track {
	json_t *name, *route;	/* owned; NULL: not known */
	json_int_t at;
	bool has_left;
};

static bool
is_word(const json_t *event, const char *name, const char *word)
{
	const char *text = json_string_value(json_object_get(event, name));

	return text != NULL && strcmp(text, word) == 0;
}

static void
take(json_t **to, const json_t *from, const char *name)
{
	json_t *value = json_object_get(from, name);

	if (value == NULL)
		return;
	json_decref(*to);
	*to = json_incref(value);
}

static void
learn(struct track *t, const json_t *event)
{
	json_int_t at = json_integer_value(json_object_get(event, "at"));

	if (at > 0)
		t->at = at;
	if (!is_word(event, "direction", "from"))
		return;
	if (is_word(event, "type", "rename"))
		take(&t->name, event, "to");
	t->has_left = is_word(event, "type", "leave");
}

/* Until he has left or the connection ends; counts the events. */
static enum ask_result
show_all(const struct errand *e, struct track *t, unsigned *count,
    bool *good_out)
{
	enum ask_result result = ASK_DONE;
	json_t *event;

	*count = 0;
	*good_out = true;
	ask_be_patient(e->ask);
	while (*good_out && !t->has_left &&
	    (result = ask_receive(e->ask, &event)) == ASK_DONE) {
		learn(t, event);
		++*count;
		*good_out = (e->is_json ? show_json(event) :
		    show_traced(event)) && fflush(stdout) == 0;
		json_decref(event);
	}
	return result;
}

/* Where a broker has died, another goes on from the same place in the log. */
static int
follow(const struct errand *e, struct track *t)
{
	unsigned tries = 0, count;
	enum ask_result result;
	json_t *what, *answer;
	bool good;
	int code;

	do {
		what = json_pack("{s:s, s:O, s:O*}", "command", "trace",
		    "name", t->name, "route", t->route);
		if (t->at > 0)
			(void)json_object_set_new(what, "from",
			    json_integer(t->at));
		code = errand_order(e, what, true, &answer);
		if (code != ERRAND_DONE)
			return code;
		take(&t->route, answer, "route");
		if (t->at == 0)
			t->at = json_integer_value(json_object_get(answer,
			    "at"));
		json_decref(answer);
		result = show_all(e, t, &count, &good);
		tries = count > 0 ? 0 : tries + 1;
	} while (result == ASK_LOST && good && tries < TRACK_TRIES);
	if (!good)
		return EX_IOERR;
	return result == ASK_DONE ? ERRAND_DONE :
	    errand_complain(e->ask, result);
}

int
track_run(const struct errand *e)
{
	struct track t = {
		.name = json_string(e->words[0]),
		.route = e->route == NULL ? NULL : json_string(e->route)
	};
	int code;

	if (t.name == NULL) {
		fprintf(stderr, "wschatctl: the name is not UTF-8\n");
		return EX_DATAERR;
	}
	code = follow(e, &t);
	json_decref(t.name);
	json_decref(t.route);
	return code;
}
