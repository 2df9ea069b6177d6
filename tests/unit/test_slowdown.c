/*
 * test_slowdown - how much a client may say, and how it waits when the broker
 * wants it to.
 */
#include "config.h"

#include "worker/slowdown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "worker/client.h"
#include "worker/deadline.h"
#include "worker/output.h"
#include "worker/worker.h"

#define NOW	UINT64_C(1000000)

static struct settings settings = {
	.route_count = 2,
	.routes = { { .kind = SETTINGS_CHAT }, { .kind = SETTINGS_ECHO } }
};
static struct worker worker;
static struct client *clients[1];
static int far;			/* the client's own end */

/* 192.0.2.1, in form of an IPv6 address. */
static const uint8_t address[NETADDR_BYTES] = {
	[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2, [15] = 1
};

static int
open_client(void **state)
{
	static struct client client;
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = &client };
	int fds[2];

	(void)state;
	settings.limits = (struct settings_limits){ 0 };
	settings.routes[0].limits = (struct settings_limits){ 0 };
	settings.routes[1].limits = (struct settings_limits){ 0 };
	memset(&worker, 0, sizeof(worker));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
		return -1;
	far = fds[1];
	client = (struct client){
		.fd = fds[0], .state = CLIENT_OPEN, .connection = 1U << 24,
		.has_read_event = true
	};
	memcpy(client.address, address, sizeof(address));
	clients[0] = &client;
	worker = (struct worker){
		.settings = &settings, .now_ms = NOW, .clients = clients,
		.client_slots = 1, .client_count = 1,
		.poll = epoll_create1(EPOLL_CLOEXEC)
	};
	outbox_init(&worker.outbox);
	wheel_init(&worker.wheel, NOW);
	return epoll_ctl(worker.poll, EPOLL_CTL_ADD, fds[0], &event);
}

static int
close_client(void **state)
{
	(void)state;
	client_free_input(&worker, clients[0]);
	buf_clear(&worker.outbox.bytes);
	close(clients[0]->fd);
	close(far);
	close(worker.poll);
	return 0;
}

static void
assert_pace(unsigned route, uint64_t rate, uint64_t burst)
{
	struct slowdown_pace pace;

	clients[0]->route = (uint8_t)route;
	pace = slowdown_pace(&worker, clients[0]);
	assert_int_equal(pace.rate, rate);
	assert_int_equal(pace.burst, burst);
}

static void
nobody_is_faster_than_his_address(void **state)
{
	struct settings_limits *own = &settings.routes[0].limits;

	(void)state;
	settings.limits.message_rate_per_address = 200;
	settings.limits.message_burst_per_address = 1000;
	assert_pace(0, 200, 1000);
	*own = (struct settings_limits){
		.message_rate = 20, .message_burst = 100
	};
	assert_pace(0, 20, 100);
	own->message_rate = 5000;
	assert_pace(0, 200, 100);
	own->message_burst = 5000;
	assert_pace(0, 200, 1000);
}

static void
what_no_address_counts_has_its_own_rate(void **state)
{
	(void)state;
	settings.limits.message_rate_per_address = 200;
	settings.limits.message_burst_per_address = 1000;
	assert_pace(1, 0, 0);
	memset(clients[0]->address, 0, NETADDR_BYTES);
	assert_pace(0, 0, 0);
	memcpy(clients[0]->address, address, sizeof(address));
	settings.limits.message_rate_per_address = 0;
	assert_pace(0, 0, 0);
}

static void
who_is_held_is_not_read_for_so_long(void **state)
{
	struct client *c = clients[0];

	(void)state;
	slowdown_hold(&worker, c->connection + (1U << 24), 40);
	assert_false(client_is_waiting(c));
	slowdown_hold(&worker, c->connection, 40);
	assert_true(client_is_waiting(c));
	assert_false(c->has_read_event);
	assert_true(client_due(&worker, c) == NOW + 41);
	/* A shorter time does not end a longer one. */
	slowdown_hold(&worker, c->connection, 10);
	assert_true(client_due(&worker, c) == NOW + 41);
	worker.now_ms = NOW + 41;
	deadline_passed(&worker, c);
	assert_false(client_is_waiting(c));
	assert_true(c->has_read_event);
}

static void
that_there_is_more_goes_with_what_is_said(void **state)
{
	struct outbox_entry entry;

	(void)state;
	worker.has_more = true;
	assert_true(client_request(&worker, clients[0], IPC_SAY, IPC_ACTION,
	    "x", 1));
	assert_true(outbox_next(&worker.outbox, &entry));
	assert_int_equal(entry.request.flags, IPC_ACTION | IPC_MORE);
	outbox_sent(&worker.outbox);
	assert_true(client_request(&worker, clients[0], IPC_LEAVE, 0, NULL,
	    0));
	assert_true(outbox_next(&worker.outbox, &entry));
	assert_int_equal(entry.request.flags, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    nobody_is_faster_than_his_address, open_client,
		    close_client),
		cmocka_unit_test_setup_teardown(
		    what_no_address_counts_has_its_own_rate, open_client,
		    close_client),
		cmocka_unit_test_setup_teardown(
		    who_is_held_is_not_read_for_so_long, open_client,
		    close_client),
		cmocka_unit_test_setup_teardown(
		    that_there_is_more_goes_with_what_is_said, open_client,
		    close_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
