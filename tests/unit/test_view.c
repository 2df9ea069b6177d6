/*
 * test_view - events as people and scripts read them.
 */
#include "config.h"

#include "client/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const struct row {
	const char *event;
	enum view_kind kind;
	const char *piped, *shown;
} rows[] = {
	{ "{'type':'message','seq':1,'from':'anna','text':'hi','time':60000}",
	    VIEW_MESSAGE, "[anna]: hi", "00:01 anna: hi" },
	{ "{'type':'message','from':'anna','text':'','time':60000}",
	    VIEW_MESSAGE, "[anna]: ", "00:01 anna: " },
	{ "{'type':'message','from':'anna','text':'waves','time':60000,"
	    "'action':true}",
	    VIEW_MESSAGE, "* anna waves", "00:01 * anna waves" },
	{ "{'type':'message','from':'a\\u001b','text':'x\\n[b]: y\\u009b',"
	    "'time':60000}",
	    VIEW_MESSAGE, "[a\xe2\x90\x9b]: x\xe2\x90\xa4[b]: y\xef\xbf\xbd",
	    "00:01 a\xe2\x90\x9b: x\xe2\x90\xa4[b]: y\xef\xbf\xbd" },
	{ "{'type':'whisper','from':'anna','text':'psst'}", VIEW_MESSAGE,
	    "[server::whisper] from anna: psst", NULL },
	{ "{'type':'whispered','to':['a','b'],'lost':[],'text':'t'}",
	    VIEW_NOTICE, "whispered to a, b: t",
	    "-- whispered to a, b: t" },
	{ "{'type':'whispered','to':[],'lost':['c'],'text':'t'}",
	    VIEW_FAULT, "not found: c", "-- not found: c" },
	{ "{'type':'whispered','to':['a'],'lost':['c'],'text':'t'}",
	    VIEW_FAULT, "whispered to a: t (not found: c)",
	    "-- whispered to a: t (not found: c)" },
	{ "{'type':'join','name':'anna','users':1,'seq':0}", VIEW_PRESENCE,
	    "anna joined, 1 user", "-- anna joined, 1 user" },
	{ "{'type':'leave','name':'anna','users':2,'seq':0}", VIEW_PRESENCE,
	    "anna left, 2 users", "-- anna left, 2 users" },
	{ "{'type':'rename','from':'a','to':'b','seq':0}", VIEW_PRESENCE,
	    "a is now b", "-- a is now b" },
	{ "{'type':'presence','users':501}", VIEW_PRESENCE, "501 users",
	    "-- 501 users" },
	{ "{'type':'notice','text':'soon\\nover'}", VIEW_NOTICE,
	    "soon\xe2\x90\xa4over", "-- soon\xe2\x90\xa4over" },
	{ "{'type':'lost','from':12,'to':19}", VIEW_FAULT,
	    "lost: 8 messages", "-- lost: 8 messages" },
	{ "{'type':'lost','from':12,'to':12}", VIEW_FAULT,
	    "lost: 1 message", "-- lost: 1 message" },
	{ "{'type':'lost','from':-9223372036854775808,"
	    "'to':9223372036854775807}", VIEW_FAULT, NULL, NULL },
	{ "{'type':'who','users':[{'name':'a'},{'name':'b','away':true}],"
	    "'more':7}", VIEW_NOTICE, "here: a, b (away), and 7 more",
	    "-- here: a, b (away), and 7 more" },
	{ "{'type':'rooms','rooms':[{'name':'','users':3},"
	    "{'name':'lab','users':1}]}", VIEW_NOTICE,
	    "rooms: the default room (3), lab (1)",
	    "-- rooms: the default room (3), lab (1)" },
	{ "{'type':'pong'}", VIEW_NOTICE, "the server is there",
	    "-- the server is there" },
	{ "{'type':'error','code':'x','text':'No.'}", VIEW_FAULT, "No.",
	    "!! No." },
	{ "{'type':'welcome','name':'user0','room':'','users':1}",
	    VIEW_NOTICE, "you are user0, in the default room with 1 user",
	    "-- you are user0, in the default room with 1 user" },
	{ "{'type':'welcome','name':'user0','room':'lab','users':2}",
	    VIEW_NOTICE, "you are user0, in lab with 2 users",
	    "-- you are user0, in lab with 2 users" },
	/* nothing for people, or nonsense */
	{ "{'type':'ack','id':'x','seq':1}", VIEW_NOTHING, "", "" },
	{ "{'type':'history','messages':[]}", VIEW_NOTHING, "", "" },
	{ "{'type':'from-the-future','text':'x'}", VIEW_NOTHING, "", "" },
	{ "{'type':7}", VIEW_NOTHING, "", "" },
	{ "{}", VIEW_NOTHING, "", "" },
	{ "{'type':'message','from':[],'text':{},'time':60000}",
	    VIEW_MESSAGE, "[]: ", "00:01 : " },
	{ "{'type':'who','users':'x','more':'y'}", VIEW_NOTICE, "here: ",
	    "-- here: " },
	{ "{'type':'who','users':[1,null]}", VIEW_NOTICE, NULL, NULL },
	{ "{'type':'whispered'}", VIEW_NOTICE, "", "-- " },
};

static json_t *
event_of(const char *quoted)
{
	char text[512];
	json_t *event;

	assert_true(strlen(quoted) < sizeof(text));
	strcpy(text, quoted);
	for (char *at = text; *at != '\0'; at++)
		if (*at == '\'')
			*at = '"';
	event = json_loads(text, JSON_ALLOW_NUL, NULL);
	assert_non_null(event);
	return event;
}

static void
each_event_has_its_line(void **state)
{
	static const struct view views[] = { { false, false },
		{ true, false } };
	struct buf line;
	json_t *event;

	(void)state;
	buf_init(&line);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t v = 0; v < 2; v++) {
			const char *text = v == 0 ? rows[i].piped :
			    rows[i].shown;

			event = event_of(rows[i].event);
			buf_reset(&line);
			assert_int_equal(view_event(&views[v], event, &line),
			    rows[i].kind);
			if (text != NULL)
				assert_int_equal(buf_len(&line),
				    strlen(text));
			if (text != NULL && text[0] != '\0')
				assert_string_equal(
				    (char *)buf_head(&line), text);
			json_decref(event);
		}
	buf_clear(&line);
}

static void
a_name_keeps_its_colour(void **state)
{
	struct view view = { true, true };
	json_t *event = event_of("{'type':'message','from':'anna',"
	    "'text':'x','time':60000}");
	struct buf one, two;

	(void)state;
	buf_init(&one);
	buf_init(&two);
	assert_int_equal(view_event(&view, event, &one), VIEW_MESSAGE);
	assert_int_equal(view_event(&view, event, &two), VIEW_MESSAGE);
	assert_string_equal((char *)buf_head(&one), (char *)buf_head(&two));
	assert_non_null(strstr((char *)buf_head(&one), "\033[3"));
	buf_clear(&one);
	buf_clear(&two);
	json_decref(event);
}

/* Whatever the text, the line of JSON is printable ASCII and means it. */
static void
json_is_ascii_without_controls(void **state)
{
	json_t *event = json_object(), *again;
	char text[2];
	struct buf line;

	(void)state;
	buf_init(&line);
	for (unsigned c = 0; c < 0x80; c++) {
		text[0] = (char)c;
		json_object_set_new(event, "t", json_stringn(text, 1));
		buf_reset(&line);
		assert_true(view_json(event, &line));
		for (size_t i = 0; i < buf_len(&line); i++)
			assert_in_range(buf_head(&line)[i], 0x20, 0x7e);
		again = json_loadb((char *)buf_head(&line), buf_len(&line),
		    JSON_ALLOW_NUL, NULL);
		assert_true(json_equal(event, again));
		json_decref(again);
	}
	json_object_set_new(event, "t", json_string("\x7f\x7f\xc2\x9b"
	    "\xf0\x9f\x98\x80\x7f"));
	buf_reset(&line);
	assert_true(view_json(event, &line));
	assert_string_equal((char *)buf_head(&line), "{\"t\":\"\\u007f"
	    "\\u007f\\u009B\\uD83D\\uDE00\\u007f\"}");
	buf_clear(&line);
	json_decref(event);
}

static void
notes_and_texts_are_made_safe(void **state)
{
	struct view view = { true, false };
	struct buf line;

	(void)state;
	buf_init(&line);
	assert_true(view_note(&view, "a\033b", &line));
	assert_string_equal((char *)buf_head(&line), "-- a\xe2\x90\x9b" "b");
	buf_reset(&line);
	assert_true(view_text("a\nb\0", 4, &line));
	assert_string_equal((char *)buf_head(&line),
	    "a\xe2\x90\xa4" "b\xe2\x90\x80");
	buf_reset(&line);
	assert_true(view_text("", 0, &line));
	assert_int_equal(buf_len(&line), 0);
	buf_clear(&line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_event_has_its_line),
		cmocka_unit_test(a_name_keeps_its_colour),
		cmocka_unit_test(json_is_ascii_without_controls),
		cmocka_unit_test(notes_and_texts_are_made_safe),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
