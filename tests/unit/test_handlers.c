/*
 * test_handlers - each process has a handler exactly for what the catalogue
 * sends to it, on each of its channels.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/broker.h"
#include "inetd/inetd.h"
#include "ipc/ipc.h"
#include "parent/attach.h"
#include "parent/parent.h"
#include "worker/broker_link.h"
#include "worker/parent_link.h"

struct row {
	const char *name;
	unsigned from, to;
};

static const struct row catalogue[IPC_TYPES] = {
#define IPC_MESSAGE(name, from, to, payload, tail, fds, meaning) \
	[IPC_##name] = { #name, from, to },
	IPC_CATALOGUE(IPC_MESSAGE)
#undef IPC_MESSAGE
};

/* `others`: who may be at the far end of a channel with this table. */
static void
check_table(peer_handler *const *handlers, enum ipc_role self,
    unsigned others)
{
	unsigned type;

	assert_null(handlers[IPC_NOTHING]);
	for (type = IPC_NOTHING + 1; type < IPC_TYPES; type++) {
		bool should = (catalogue[type].to & self) != 0 &&
		    (catalogue[type].from & others) != 0;

		if ((handlers[type] != NULL) != should)
			fail_msg("%s to %s", catalogue[type].name,
			    ipc_role_name(self));
	}
}

static void
the_parent_hears_its_children(void **state)
{
	(void)state;
	check_table(parent_handlers(), IPC_PARENT, IPC_CHILD);
}

static void
the_parent_hears_guests(void **state)
{
	(void)state;
	check_table(attach_handlers(), IPC_PARENT, IPC_GUEST);
}

static void
a_guest_hears_the_parent(void **state)
{
	(void)state;
	check_table(inetd_handlers(), IPC_GUEST, IPC_PARENT);
}

static void
the_broker_hears_the_parent(void **state)
{
	(void)state;
	check_table(broker_parent_handlers(), IPC_BROKER, IPC_PARENT);
}

static void
the_broker_hears_workers(void **state)
{
	(void)state;
	check_table(broker_worker_handlers(), IPC_BROKER, IPC_WORKER);
}

static void
a_worker_hears_the_parent(void **state)
{
	(void)state;
	check_table(parent_link_handlers(), IPC_WORKER, IPC_PARENT);
}

static void
a_worker_hears_the_broker(void **state)
{
	(void)state;
	check_table(broker_link_handlers(), IPC_WORKER, IPC_BROKER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_parent_hears_its_children),
		cmocka_unit_test(the_parent_hears_guests),
		cmocka_unit_test(a_guest_hears_the_parent),
		cmocka_unit_test(the_broker_hears_the_parent),
		cmocka_unit_test(the_broker_hears_workers),
		cmocka_unit_test(a_worker_hears_the_parent),
		cmocka_unit_test(a_worker_hears_the_broker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
