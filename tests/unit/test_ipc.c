/*
 * test_ipc - the catalogue and the one check of a message's header.
 */
#include "config.h"

#include "ipc/ipc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

static const struct row {
	const char *name;
	unsigned from, to;
	size_t payload;
	uint32_t tail;
	unsigned fds;
	const char *meaning;
} rows[IPC_TYPES] = {
#define IPC_MESSAGE(name, from, to, payload, tail, fds, meaning) \
	[IPC_##name] = { #name, from, to, sizeof(struct payload), tail, \
	    fds, meaning },
	IPC_CATALOGUE(IPC_MESSAGE)
#undef IPC_MESSAGE
};

static const enum ipc_role roles[] = { IPC_PARENT, IPC_BROKER, IPC_WORKER };

#define ROLES	(sizeof(roles) / sizeof(roles[0]))

static void
every_row_is_whole(void **state)
{
	unsigned type;

	(void)state;
	for (type = 1; type < IPC_TYPES; type++) {
		const struct row *r = &rows[type];

		assert_string_equal(ipc_type_name(type), r->name);
		assert_int_equal(ipc_payload_size(type), r->payload);
		assert_int_equal(ipc_descriptors(type), r->fds);
		assert_true(r->from != 0 && (r->from & ~IPC_ANY) == 0);
		assert_true(r->to != 0 && (r->to & ~IPC_ANY) == 0);
		assert_true(r->payload % 8 == 0 && r->payload <= 96);
		assert_true(r->fds <= 1);
		assert_true(strlen(r->meaning) > 0);
		/* No length overflows the header's field. */
		assert_true(r->payload + (uint64_t)r->tail < UINT32_MAX);
	}
	assert_string_equal(ipc_type_name(IPC_NOTHING), "UNKNOWN");
	assert_string_equal(ipc_type_name(IPC_TYPES), "UNKNOWN");
	assert_string_equal(ipc_type_name((enum ipc_type)60000), "UNKNOWN");
}

static void
names_are_different(void **state)
{
	unsigned a, b;

	(void)state;
	for (a = 1; a < IPC_TYPES; a++)
		for (b = 1; b < a; b++)
			assert_string_not_equal(ipc_type_name(a),
			    ipc_type_name(b));
	for (a = IPC_OK; a <= IPC_BAD_DESCRIPTORS; a++)
		for (b = IPC_OK; b < a; b++)
			assert_string_not_equal(ipc_verdict_text(a),
			    ipc_verdict_text(b));
	assert_string_equal(ipc_role_name(IPC_PARENT), "parent");
	assert_string_equal(ipc_role_name(IPC_BROKER), "broker");
	assert_string_equal(ipc_role_name(IPC_WORKER), "worker");
	assert_string_equal(ipc_role_name((enum ipc_role)0), "unknown");
}

static void
a_message_goes_one_way(void **state)
{
	struct ipc_header h = { 0 };

	(void)state;
	for (h.type = 1; h.type < IPC_TYPES; h.type++) {
		const struct row *r = &rows[h.type];

		h.length = (uint32_t)r->payload;
		for (unsigned f = 0; f < ROLES; f++)
			for (unsigned t = 0; t < ROLES; t++)
				assert_int_equal(ipc_check(&h, roles[f],
				    roles[t]), (r->from & roles[f]) != 0 &&
				    (r->to & roles[t]) != 0 ? IPC_OK :
				    IPC_BAD_DIRECTION);
	}
}

static enum ipc_role
lowest(unsigned mask)
{
	return (enum ipc_role)(mask & -mask);
}

static void
lengths_have_bounds(void **state)
{
	struct ipc_header h = { 0 };

	(void)state;
	for (h.type = 1; h.type < IPC_TYPES; h.type++) {
		const struct row *r = &rows[h.type];
		const struct {
			uint64_t length;
			bool good;
		} cases[] = {
			{ 0, false },
			{ r->payload - 1, false },
			{ r->payload, true },
			{ r->payload + r->tail, true },
			{ r->payload + r->tail + 1, false },
			{ INT32_MAX, false },
			{ UINT32_MAX - 1, false },
			{ UINT32_MAX, false },
		};

		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			h.length = (uint32_t)cases[i].length;
			assert_int_equal(ipc_check(&h, lowest(r->from),
			    lowest(r->to)), cases[i].good ? IPC_OK :
			    IPC_BAD_LENGTH);
		}
	}
}

static void
forged_types_are_none(void **state)
{
	struct ipc_header h = { .length = 8 };
	uint32_t type;

	(void)state;
	for (type = 0; type <= UINT16_MAX; type++) {
		if (type > 0 && type < IPC_TYPES)
			continue;
		h.type = (uint16_t)type;
		for (unsigned f = 0; f < ROLES; f++)
			for (unsigned t = 0; t < ROLES; t++)
				assert_int_equal(ipc_check(&h, roles[f],
				    roles[t]), IPC_BAD_TYPE);
	}
	h = (struct ipc_header){ .length = 8, .type = IPC_PING, .zero = 1 };
	assert_int_equal(ipc_check(&h, IPC_PARENT, IPC_WORKER),
	    IPC_BAD_TYPE);
	h.zero = 0;
	assert_int_equal(ipc_check(&h, IPC_PARENT, IPC_WORKER), IPC_OK);
	/* Roles that nobody has. */
	assert_int_equal(ipc_check(&h, (enum ipc_role)0, IPC_WORKER),
	    IPC_BAD_DIRECTION);
	assert_int_equal(ipc_check(&h, (enum ipc_role)8, (enum ipc_role)8),
	    IPC_BAD_DIRECTION);
}

static void
a_connection_is_slot_and_serial(void **state)
{
	uint64_t c = ipc_connection_make((UINT64_C(1) << 40) - 1, 0xffffff);

	(void)state;
	assert_true(c == UINT64_MAX);
	assert_int_equal(ipc_connection_slot(c), 0xffffff);
	c = ipc_connection_make(17, 3);
	assert_int_equal(ipc_connection_slot(c), 3);
	assert_int_equal(ipc_connection_serial(c), 17);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_whole),
		cmocka_unit_test(names_are_different),
		cmocka_unit_test(a_message_goes_one_way),
		cmocka_unit_test(lengths_have_bounds),
		cmocka_unit_test(forged_types_are_none),
		cmocka_unit_test(a_connection_is_slot_and_serial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
