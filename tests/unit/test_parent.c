/* parent: the pure parts of child and listener. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/settings.h"
#include "parent/child.h"
#include "parent/endpoint.h"
#include "parent/listener.h"

static void
young_deaths_wait_longer_and_longer(void **state)
{
	static const uint64_t base_ms[] = {
		0, 100, 200, 400, 800, 1600, 3200, 6400, 8700, 8700
	};
	uint64_t ms;
	uint32_t random;
	unsigned n;

	(void)state;
	for (n = 0; n < sizeof(base_ms) / sizeof(base_ms[0]); n++) {
		for (random = 0; random < 20000; random += 7) {
			ms = child_backoff_ms(n, random);
			assert_in_range(ms, base_ms[n] * 7 / 8,
			    base_ms[n] * 9 / 8);
		}
	}
	/* Who is mended is there within 10 s. */
	for (random = 0; random < 20000; random++)
		assert_in_range(child_backoff_ms(UINT32_MAX, random), 7612,
		    9800);
}

static void
addresses_are_parsed(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ "127.0.0.1:8080", true }, { "0.0.0.0:0", true },
		{ "[::1]:8080", true }, { "[::]:65535", true },
		{ "localhost:1", true },
		{ "", false }, { ":", false }, { ":80", false },
		{ "127.0.0.1", false }, { "127.0.0.1:", false },
		{ "127.0.0.1:65536", false }, { "127.0.0.1:-1", false },
		{ "127.0.0.1:99999999999999999999", false },
		{ "127.0.0.1:8o", false }, { "::1:80", false },
		{ "[::1]80", false }, { "[]:80", false },
		{ "[127.0.0.1]:80", false }, { "example.org:80", false },
		{ "1.2.3:80", false }, { " 1.2.3.4:80", false },
		{ "unix:/x", true }, { "unix:/x:1", true },
		{ "unix:x", false }, { "unix:", false }, { "UNIX:/x", false },
		{ "fd:chat", true }, { "fd:a.b@1_2-3", true },
		{ "fd:a:b", false }, { "fd:a b", false },
		{ "fd:3", true }, { "fd:99999", true }, { "fd:", false },
		{ "fd:2", false }, { "fd:03", false }, { "fd:-3", false },
		{ "fd:100000", false }, { "fd:3 ", false },
	};
	struct endpoint endpoint;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if ((endpoint_parse(cases[i].text, &endpoint) == NULL) !=
		    cases[i].good)
			fail_msg("%s", cases[i].text);
}

static bool
keep_accepted(void *owner, unsigned index, int fd, const uint8_t bytes[16],
    uint16_t port)
{
	(void)index;
	(void)bytes;
	(void)port;
	*(int *)owner = fd;
	return false;
}

static int
option_of(int fd, int option)
{
	socklen_t len = sizeof(int);
	int value = -1;

	assert_int_equal(getsockopt(fd, IPPROTO_TCP, option, &value, &len), 0);
	return value;
}

/* Nobody sets them for each connection. */
static void
who_is_accepted_has_the_options_of_the_listener(void **state)
{
	struct settings_listener settings = { .address = "127.0.0.1:0" };
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct event_base *base = event_base_new();
	struct endpoint_error error;
	struct listener *listener;
	int client, fd = -1;

	(void)state;
	listener = listener_open(base, &settings, 0, -1, keep_accepted, &fd,
	    &error);
	assert_non_null(listener);
	to.sin_port = htons((uint16_t)atoi(strrchr(listener_name(listener),
	    ':') + 1));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	client = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof(to)),
	    0);
	listener_pause(listener, false);
	listener_accept_waiting(listener);
	assert_true(fd >= 0);
	assert_int_equal(option_of(fd, TCP_NODELAY), 1);
	assert_int_equal(option_of(fd, TCP_NOTSENT_LOWAT), 16384);
	close(fd);
	close(client);
	listener_close(listener);
	event_base_free(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(young_deaths_wait_longer_and_longer),
		cmocka_unit_test(addresses_are_parsed),
		cmocka_unit_test(
		    who_is_accepted_has_the_options_of_the_listener),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
