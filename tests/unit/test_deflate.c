/*
 * test_deflate: what is offered and what is agreed to.
 *
 * A row is the fields of a request, as a client may send them, and the value
 * that the response has. The head lies against a guard page.
 */
#include "config.h"

#include "ws/deflate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"

#define E    "Sec-WebSocket-Extensions: "
#define PMD  "permessage-deflate"
#define SNT  "; server_no_context_takeover"
#define CNT  "; client_no_context_takeover"
#define SB   "; server_max_window_bits"
#define CB   "; client_max_window_bits"
#define END  "\r\n"
#define YES  PMD SNT   /* the shortest response */

#define DECLINED  NULL
#define MALFORMED "400"

static const struct {
	const char *fields;
	const char *response;
} rows[] = {
	/* no offer, or one of something else */
	{ "", DECLINED },
	{ "X: " PMD END, DECLINED },
	{ "Sec-WebSocket-Protocol: " PMD END, DECLINED },
	{ E "foo" END, DECLINED },
	{ E "foo; " PMD END, DECLINED },
	{ E "foo=1" END, MALFORMED },
	{ E "x-webkit-deflate-frame" END, DECLINED },
	{ E "permessage-deflat" END, DECLINED },
	{ E "permessage-deflate2; a; b=c" END, DECLINED },
	{ E "Permessage-Deflate" END, DECLINED },
	/* an offer, alone and among others */
	{ E PMD END, YES },
	{ "sec-websocket-extensions:" PMD END, YES },
	{ E "\t " PMD " \t" END, YES },
	{ E "foo, " PMD END, YES },
	{ E "foo; a; b=\"c\" ,bar;x=1," PMD END, YES },
	{ E PMD ", foo" END, YES },
	{ E "foo" END "X: y" END E PMD END, YES },
	{ E PMD END E PMD SNT CNT END, YES },
	/* empty elements are nothing (RFC 9110 5.6.1.2) */
	{ E END, DECLINED },
	{ E ", ,," END, DECLINED },
	{ E ",, " PMD " , ,foo,\t," END, YES },
	{ E END E PMD END, YES },
	/* parameters without a value */
	{ E PMD SNT END, YES },
	{ E PMD CNT END, YES CNT },
	{ E PMD SNT CNT END, YES CNT },
	{ E PMD CNT SNT END, YES CNT },
	{ E PMD ";server_no_context_takeover;client_no_context_takeover" END,
	    YES CNT },
	{ E PMD " ;\tserver_no_context_takeover\t; " END, MALFORMED },
	{ E PMD SNT "=1" END, DECLINED },
	{ E PMD CNT "=true" END, DECLINED },
	{ E PMD SNT "=10" END, DECLINED },
	{ E PMD CNT "=10" END, DECLINED },
	{ E PMD SNT SNT END, DECLINED },
	{ E PMD CNT CNT END, DECLINED },
	/* the server's window */
	{ E PMD SB "=15" END, YES SB "=15" },
	{ E PMD SB "=14" END, YES SB "=14" },
	{ E PMD SB "=10" END, YES SB "=10" },
	{ E PMD SB "=9" END, YES SB "=9" },
	{ E PMD SB "=8" END, DECLINED },
	{ E PMD SB "=7" END, DECLINED },
	{ E PMD SB "=16" END, DECLINED },
	{ E PMD SB "=0" END, DECLINED },
	{ E PMD SB "=1" END, DECLINED },
	{ E PMD SB "=09" END, DECLINED },
	{ E PMD SB "=015" END, DECLINED },
	{ E PMD SB "=110" END, DECLINED },
	{ E PMD SB "=4294967305" END, DECLINED },
	{ E PMD SB "=+9" END, DECLINED },
	{ E PMD SB "=-9" END, DECLINED },
	{ E PMD SB "=9.0" END, DECLINED },
	{ E PMD SB "=x" END, DECLINED },
	{ E PMD SB END, DECLINED },
	{ E PMD SB "=9" SB "=9" END, DECLINED },
	{ E PMD SB "=9" SB "=10" END, DECLINED },
	{ E PMD SB " =\t9 " CNT END, YES CNT SB "=9" },
	/* the client's */
	{ E PMD CB END, YES },
	{ E PMD CB "=15" END, YES },
	{ E PMD CB "=14" END, YES CB "=14" },
	{ E PMD CB "=9" END, YES CB "=9" },
	{ E PMD CB "=8" END, YES },
	{ E PMD CB "=7" END, DECLINED },
	{ E PMD CB "=16" END, DECLINED },
	{ E PMD CB "=08" END, DECLINED },
	{ E PMD CB "=" END, MALFORMED },
	{ E PMD CB "=9x" END, DECLINED },
	{ E PMD CB CB END, DECLINED },
	{ E PMD CB CB "=9" END, DECLINED },
	{ E PMD SB "=12" CB "=11" SNT CNT END, YES CNT SB "=12" CB "=11" },
	{ E PMD CNT CB "=11" SNT SB "=12" END, YES CNT SB "=12" CB "=11" },
	/* quoted values (RFC 6455 9.1) */
	{ E PMD CB "=\"10\"" END, YES CB "=10" },
	{ E PMD SB "=\"10\"" END, YES SB "=10" },
	{ E PMD SB "=\"1\\0\"" END, YES SB "=10" },
	{ E PMD SB "=\"\\1\\0\" ; client_max_window_bits" END, YES SB "=10" },
	{ E PMD SB "=\"010\"" END, DECLINED },
	{ E PMD SB "=\"8\"" END, DECLINED },
	{ E PMD SNT "=\"1\"" END, DECLINED },
	{ E "foo; a=\"b\", " PMD END, YES },
	{ E PMD SB "=\"\"" END, MALFORMED },
	{ E PMD SB "=\" 10\"" END, MALFORMED },
	{ E PMD SB "=\"10 \"" END, MALFORMED },
	{ E PMD SB "=\"1\t0\"" END, MALFORMED },
	{ E PMD SB "=\"10" END, MALFORMED },
	{ E PMD SB "=\"10\\" END, MALFORMED },
	{ E PMD SB "=\"10\\\"" END, MALFORMED },
	{ E PMD SB "=\"10\\\"\"" END, MALFORMED },
	{ E PMD SB "=\"1\\\\0\"" END, MALFORMED },
	{ E PMD SB "=10\"" END, MALFORMED },
	{ E PMD SB "=\"10\"5" END, MALFORMED },
	{ E PMD SB "=\"10\", \"" END, MALFORMED },
	{ E "foo; a=\"b, " PMD "\"" END, MALFORMED },
	{ E "foo; a=\"" END, MALFORMED },
	/* unknown parameters */
	{ E PMD "; foo" END, DECLINED },
	{ E PMD "; foo=bar" END, DECLINED },
	{ E PMD SNT "; foo" CNT END, DECLINED },
	{ E PMD "; server_max_window_bit=9" END, DECLINED },
	{ E PMD "; Server_No_Context_Takeover" END, DECLINED },
	/* the first acceptable offer counts, also over several fields */
	{ E PMD SB "=8, " PMD END, YES },
	{ E PMD "; foo, " PMD CB "=16, " PMD CB "=12, " PMD SB "=9" END,
	    YES CB "=12" },
	{ E PMD SB "=10, " PMD SB "=9" END, YES SB "=10" },
	{ E PMD SB "=8" END E PMD SB "=9" END E PMD END, YES SB "=9" },
	{ E PMD SB "=10," PMD SB "=8" END, YES SB "=10" },
	{ E PMD ", " PMD END, YES },
	{ E PMD "; foo, " PMD "; foo" END, DECLINED },
	/* malformed: the handshake fails */
	{ E ";" END, MALFORMED },
	{ E "; " PMD END, MALFORMED },
	{ E "=" END, MALFORMED },
	{ E "\"" PMD "\"" END, MALFORMED },
	{ E PMD ";" END, MALFORMED },
	{ E PMD ";;" CNT END, MALFORMED },
	{ E PMD "; ,foo" END, MALFORMED },
	{ E PMD "; =1" END, MALFORMED },
	{ E PMD "; a=,foo" END, MALFORMED },
	{ E PMD "; a==1" END, MALFORMED },
	{ E PMD "; a=b=c" END, MALFORMED },
	{ E PMD "; a b" END, MALFORMED },
	{ E PMD " foo" END, MALFORMED },
	{ E PMD "=15" END, MALFORMED },
	{ E PMD "; \"a\"" END, MALFORMED },
	{ E PMD "/1" END, MALFORMED },
	{ E PMD "; a=(b)" END, MALFORMED },
	{ E PMD "\xc3\xa4" END, MALFORMED },
	/* wherever it is */
	{ E PMD ", foo;" END, MALFORMED },
	{ E PMD END E "foo bar" END, MALFORMED },
	{ E "foo bar" END E PMD END, MALFORMED },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))
#define HEAD_MAX 16384

static const struct deflate_policy generous = { true, true };
static struct guard guard;

static void
parse(struct head *head, const char *fields)
{
	static const struct head_limits no_limits = { 0, 0 };
	char text[HEAD_MAX];
	int len = snprintf(text, sizeof(text),
	    "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", fields);

	assert_true(len > 0 && (size_t)len < sizeof(text));
	head_init(head);
	assert_int_equal(head_parse(head, (const char *)guard_lay(&guard, text,
	    (size_t)len), (size_t)len, &no_limits), HEAD_DONE);
}

/* The response, or what the rows say when there is none. */
static const char *
answer(const char *fields, const struct deflate_policy *policy,
    struct deflate_terms *terms)
{
	static char out[DEFLATE_RESPONSE_SIZE];
	struct head head;
	size_t len;

	parse(&head, fields);
	memset(terms, 0xff, sizeof(*terms));
	if (!deflate_negotiate(&head, policy, terms)) {
		assert_false(terms->is_on);
		return MALFORMED;
	}
	if (!terms->is_on)
		return DECLINED;
	len = deflate_response_write(out, terms);
	assert_int_equal(len, strlen(out));
	return out;
}

static bool
is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
each_offer_has_its_response(void **state)
{
	struct deflate_terms terms;
	const char *got;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS; i++) {
		got = answer(rows[i].fields, &generous, &terms);
		if (!is_same(got, rows[i].response))
			fail_msg("row %zu: %s -> %s not %s", i,
			    rows[i].fields, got, rows[i].response);
	}
}

/* The terms are what the response says. */
static void
terms_are_those_of_the_response(void **state)
{
	struct deflate_terms terms;
	const char *got, *bits;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS; i++) {
		got = answer(rows[i].fields, &generous, &terms);
		if (!terms.is_on)
			continue;
		assert_int_equal(terms.client_takeover,
		    strstr(got, CNT) == NULL);
		bits = strstr(got, SB "=");
		assert_int_equal(terms.server_bits, bits == NULL ? 15 :
		    atoi(bits + strlen(SB "=")));
		bits = strstr(got, CB "=");
		assert_int_equal(terms.client_bits, bits == NULL ? 15 :
		    atoi(bits + strlen(CB "=")));
	}
}

static void
a_policy_may_refuse_the_clients_takeover(void **state)
{
	static const struct deflate_policy policy = { true, false };
	struct deflate_terms terms;

	(void)state;
	assert_string_equal(answer(E PMD END, &policy, &terms), YES CNT);
	assert_false(terms.client_takeover);
	assert_string_equal(answer(E PMD CNT CB "=9" END, &policy, &terms),
	    YES CNT CB "=9");
	assert_false(terms.client_takeover);
}

/* Whether a request is good does not hang on what the route wants. */
static void
switched_off_all_but_the_malformed_is_declined(void **state)
{
	static const struct deflate_policy policy = { false, true };
	struct deflate_terms terms;
	const char *got;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS; i++) {
		got = answer(rows[i].fields, &policy, &terms);
		assert_int_equal(is_same(got, MALFORMED),
		    is_same(rows[i].response, MALFORMED));
		assert_false(terms.is_on);
	}
}

static void
the_longest_response_fits(void **state)
{
	struct deflate_terms terms = { true, false, true, 15, 14 };
	char out[DEFLATE_RESPONSE_SIZE];

	(void)state;
	assert_int_equal(deflate_response_write(out, &terms),
	    strlen(YES CNT SB "=15" CB "=14"));
	assert_string_equal(out, YES CNT SB "=15" CB "=14");
}

/* A head full of offers is walked to the good one at its end. */
static void
many_offers_are_no_more_than_long(void **state)
{
	char fields[HEAD_MAX - 64] = E;
	struct deflate_terms terms;
	size_t len = strlen(fields), i;

	(void)state;
	while (len + sizeof(PMD SB "=8,,") < sizeof(fields) / 2) {
		strcpy(fields + len, PMD SB "=8,,");
		len += strlen(fields + len);
	}
	for (i = len; i < sizeof(fields) - 64; i += strlen(fields + i))
		strcpy(fields + i, "a;");
	strcpy(fields + i, "b=\"c\"," PMD END);
	assert_string_equal(answer(fields, &generous, &terms), YES);
	strcpy(fields + i, "b=\"c," PMD END);
	assert_string_equal(answer(fields, &generous, &terms), MALFORMED);
}

static int
set_up(void **state)
{
	(void)state;
	guard_open(&guard, HEAD_MAX);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	guard_close(&guard);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_offer_has_its_response),
		cmocka_unit_test(terms_are_those_of_the_response),
		cmocka_unit_test(a_policy_may_refuse_the_clients_takeover),
		cmocka_unit_test(
		    switched_off_all_but_the_malformed_is_declined),
		cmocka_unit_test(the_longest_response_fits),
		cmocka_unit_test(many_offers_are_no_more_than_long),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
