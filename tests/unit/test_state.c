/*
 * test_state - rows that outlive the process: free list, texts, damage, and
 * death at every step.
 */
#include "config.h"

#include "log/state.h"

#include "log_fixture.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#define CHUNK	((size_t)1 << 20)

static struct state *
open_whole(int fd)
{
	uint32_t damaged = 99;
	struct state *rows = state_open(fd, &damaged);

	assert_non_null(rows);
	assert_int_equal(damaged, 0);
	return rows;
}

static uint32_t
add_room(struct state *rows, uint64_t identity, const char *name)
{
	uint32_t row = state_reserve(rows);
	struct state_room *room = state_reserved(rows, row);

	assert_non_null(room);
	assert_null(state_room(rows, row));
	room->identity = identity;
	room->name = name == NULL ? STATE_NONE :
	    state_text_store(rows, name, strlen(name));
	room->newest = 11;
	state_publish(rows, row, STATE_ROOM);
	return row;
}

static uint32_t
add_session(struct state *rows, uint64_t connection, uint32_t room,
    const char *name)
{
	uint32_t row = state_reserve(rows);
	struct state_session *session = state_reserved(rows, row);

	assert_non_null(session);
	session->connection = connection;
	session->generation = 7;
	session->room = room;
	session->name = name == NULL ? STATE_NONE :
	    state_text_store(rows, name, strlen(name));
	state_publish(rows, row, STATE_SESSION);
	return row;
}

static bool
text_is(const struct state *rows, uint32_t row, const char *text)
{
	char out[255];

	return state_text_load(rows, row, out, sizeof(out)) ==
	    strlen(text) && memcmp(out, text, strlen(text)) == 0;
}

static unsigned
count_kind(const struct state *rows, enum state_kind kind)
{
	unsigned count = 0;
	uint32_t row;

	for (row = 0; row < state_rows(rows); row++)
		count += state_kind(rows, row) == kind;
	return count;
}

static void
a_new_file_is_private_and_empty(void **state)
{
	int fd = state_create();
	struct state *rows;
	struct stat st;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0400);
	assert_int_equal(ftruncate(fd, 0), -1);
	rows = open_whole(fd);
	assert_int_equal(state_rows(rows), 0);
	assert_true(state_applied(rows) == 0);
	assert_int_equal(state_kind(rows, 0), STATE_FREE);
	assert_null(state_session(rows, 0));
	assert_null(state_room(rows, STATE_NONE));
	assert_null(state_reserved(rows, 0));
	state_close(rows);
	state_close(NULL);
	close(fd);
}

static void
what_is_published_is_found_again(void **state)
{
	uint32_t lobby, room, session, unfinished;
	struct state_session *found;
	int fd = state_create();
	struct state *rows;
	char name[256];

	(void)state;
	memset(name, 'n', 255);
	name[255] = '\0';
	rows = open_whole(fd);
	lobby = add_room(rows, 1, NULL);
	room = add_room(rows, 2, name);
	session = add_session(rows, 17, room, "alice");
	unfinished = state_reserve(rows);
	state_applied_store(rows, 4711);
	state_room(rows, room)->seq = 9;
	state_close(rows);

	rows = open_whole(fd);
	assert_true(state_applied(rows) == 4711);
	assert_non_null(state_room(rows, lobby));
	assert_true(state_room(rows, room)->identity == 2);
	assert_true(state_room(rows, room)->seq == 9);
	assert_true(state_room(rows, room)->newest == 11);
	assert_true(text_is(rows, state_room(rows, room)->name, name));
	found = state_session(rows, session);
	assert_non_null(found);
	assert_true(found->connection == 17);
	assert_true(text_is(rows, found->name, "alice"));
	assert_null(state_room(rows, session));
	assert_null(state_reserved(rows, unfinished));
	assert_int_equal(count_kind(rows, STATE_TEXT), 6);
	state_close(rows);
	close(fd);
}

static void
texts_of_all_lengths_are_stored(void **state)
{
	char text[256], out[256];
	int fd = state_create();
	struct state *rows;
	uint32_t row;
	size_t i;

	(void)state;
	rows = open_whole(fd);
	for (i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7);
	for (i = 0; i <= 255; i++) {
		row = state_text_store(rows, text, i);
		assert_true(row != STATE_NONE);
		assert_int_equal(state_text_load(rows, row, out,
		    sizeof(out)), i);
		assert_memory_equal(out, text, i);
		assert_int_equal(state_text_load(rows, row, out, 10),
		    i < 10 ? i : 10);
		state_release(rows, row);
		assert_int_equal(count_kind(rows, STATE_TEXT), 0);
	}
	assert_true(state_text_store(rows, text, 256) == STATE_NONE);
	assert_int_equal(state_text_load(rows, 0, out, sizeof(out)), 0);
	assert_int_equal(state_text_load(rows, STATE_NONE, out, 9), 0);
	/* Rows were used again. */
	assert_true(state_rows(rows) <= 5);
	state_close(rows);
	close(fd);
}

static void
release_frees_the_row_and_its_text(void **state)
{
	int fd = state_create();
	struct state *rows;
	uint32_t room, session;

	(void)state;
	rows = open_whole(fd);
	room = add_room(rows, 1, "a room with a name that takes more than "
	    "one row of text");
	session = add_session(rows, 1, room, "bob");
	assert_int_equal(state_rows(rows), 5);
	state_release(rows, session);
	state_release(rows, room);
	assert_int_equal(count_kind(rows, STATE_FREE), 5);
	assert_null(state_reserved(rows, room));
	state_release(rows, state_reserve(rows));
	add_room(rows, 2, "x");
	assert_int_equal(state_rows(rows), 5);
	state_close(rows);
	close(fd);
}

static void
the_file_grows_and_addresses_stay(void **state)
{
	uint32_t i, many = 100000, row;
	int fd = state_create();
	struct state_room *room;
	struct state *rows;
	struct stat st;

	(void)state;
	rows = open_whole(fd);
	row = add_room(rows, 42, "first");
	room = state_room(rows, row);
	for (i = 0; i < many; i++)
		add_session(rows, i, row, NULL);
	assert_ptr_equal(state_room(rows, row), room);
	assert_int_equal(state_rows(rows), many + 2);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal((size_t)st.st_size, (many + 2) / 16384 * CHUNK +
	    CHUNK);
	state_close(rows);
	rows = open_whole(fd);
	assert_int_equal(count_kind(rows, STATE_SESSION), many);
	for (i = 0; i < many; i++)
		state_release(rows, i + 2);
	for (i = 0; i < many; i++)
		assert_true(state_reserve(rows) < many + 2);
	assert_int_equal(state_rows(rows), many + 2);
	state_close(rows);
	close(fd);
}

static void
a_file_that_cannot_grow_gives_no_row(void **state)
{
	uint32_t damaged, row;
	int fd = state_create(), other;
	struct state *rows;
	char *image = calloc(1, CHUNK);

	(void)state;
	/* The same file, but sealed at its size. */
	assert_true(pread(fd, image, CHUNK, 0) == (ssize_t)CHUNK);
	other = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_true(pwrite(other, image, CHUNK, 0) == (ssize_t)CHUNK);
	assert_int_equal(fcntl(other, F_ADD_SEALS, F_SEAL_GROW), 0);
	rows = state_open(other, &damaged);
	assert_non_null(rows);
	for (row = 0; row < 16380; row++)
		assert_true(state_reserve(rows) == row);
	assert_true(state_text_store(rows, image, 200) == STATE_NONE);
	/* What it had taken for the text is free again. */
	for (; row < 16383; row++)
		assert_true(state_reserve(rows) != STATE_NONE);
	assert_true(state_reserve(rows) == STATE_NONE);
	state_release(rows, 5);
	assert_true(state_reserve(rows) == 5);
	state_close(rows);
	free(image);
	close(fd);
	close(other);
}

static void
damaged_rows_become_free(void **state)
{
	uint32_t damaged, echo, named, other, plain, room, stray;
	int fd = state_create();
	struct state *rows;

	(void)state;
	rows = open_whole(fd);
	room = add_room(rows, 1, "room");
	other = add_room(rows, 2, "other");
	plain = add_session(rows, 1, room, NULL);
	named = add_session(rows, 2, room, "named");
	stray = add_session(rows, 3, other, "stray");
	echo = add_session(rows, 4, STATE_NONE, NULL);
	/* What may change is not covered. */
	state_room(rows, room)->seq = 5;
	/* One room's number, one name's byte. */
	state_room(rows, other)->identity++;
	((struct state_text *)state_reserved(rows,
	    state_session(rows, named)->name))->bytes[1] ^= 1;
	*(uint32_t *)state_reserved(rows, echo) = 77;
	state_close(rows);

	rows = state_open(fd, &damaged);
	assert_non_null(rows);
	/* The room, the text, the echo; the two that name the former. */
	assert_int_equal(damaged, 5);
	assert_non_null(state_room(rows, room));
	assert_non_null(state_session(rows, plain));
	assert_null(state_room(rows, other));
	assert_null(state_session(rows, named));
	assert_null(state_session(rows, stray));
	assert_int_equal(state_kind(rows, echo), STATE_FREE);
	assert_int_equal(count_kind(rows, STATE_TEXT), 1);
	state_close(rows);
	rows = open_whole(fd);
	state_close(rows);
	close(fd);
}

static uint32_t
add_member(struct state *rows, uint8_t letter, uint32_t room,
    const char *name)
{
	uint32_t row = state_reserve(rows);
	struct state_session *member = state_reserved(rows, row);

	assert_non_null(member);
	memset(member->token, letter, STATE_TOKEN);
	member->number = letter;
	member->route = 3;
	member->room = room;
	member->name = state_text_store(rows, name, strlen(name));
	state_publish(rows, row, STATE_MEMBER);
	return row;
}

static uint32_t
add_connection(struct state *rows, uint64_t connection, uint32_t member)
{
	uint32_t row = state_reserve(rows);
	struct state_connection *c = state_reserved(rows, row);

	assert_non_null(c);
	c->generation = 7;
	c->connection = connection;
	c->address = 99;
	c->member = member;
	state_publish(rows, row, STATE_CONNECTION);
	return row;
}

static void
a_member_is_found_again_with_its_connections(void **state)
{
	uint32_t room, member, away, first, second;
	static const uint8_t token[STATE_TOKEN] = "AAAAAAAAAAAAAAA";
	const struct state_session *found;
	int fd = state_create();
	struct state *rows;

	(void)state;
	rows = open_whole(fd);
	room = add_room(rows, 1, NULL);
	member = add_member(rows, 'A', room, "Anna");
	first = add_connection(rows, 17, member);
	away = add_member(rows, 'B', room, "Berta");
	second = add_connection(rows, 18, member);
	state_store_64(&state_session(rows, away)->grace_end, 4711);
	state_store_64(&state_session(rows, member)->proven, 5);
	state_store_32(&state_session(rows, member)->room,
	    add_room(rows, 2, "lab"));
	state_close(rows);

	rows = open_whole(fd);
	assert_int_equal(state_kind(rows, member), STATE_MEMBER);
	found = state_session(rows, member);
	assert_memory_equal(found->token, token, STATE_TOKEN - 1);
	assert_true(found->number == 'A' && found->route == 3);
	assert_true(found->proven == 5 && found->grace_end == 0);
	assert_true(state_room(rows, found->room)->identity == 2);
	assert_true(text_is(rows, found->name, "Anna"));
	assert_true(state_session(rows, away)->grace_end == 4711);
	assert_true(state_connection(rows, first)->connection == 17);
	assert_true(state_connection(rows, first)->member == member);
	assert_true(state_connection(rows, second)->address == 99);
	assert_null(state_connection(rows, member));
	assert_null(state_session(rows, first));
	assert_null(state_room(rows, member));
	/* A released member gives its text back. */
	state_release(rows, first);
	state_release(rows, second);
	state_release(rows, member);
	assert_int_equal(count_kind(rows, STATE_TEXT), 2);
	state_close(rows);
	close(fd);
}

/* Changes a byte of a row, and says how many rows that damages. */
static uint32_t
damage_byte(int fd, uint32_t row, size_t at)
{
	struct state *rows = open_whole(fd);
	uint32_t damaged;

	((uint8_t *)state_reserved(rows, row))[at] ^= 1;
	state_close(rows);
	rows = state_open(fd, &damaged);
	assert_non_null(rows);
	state_close(rows);
	return damaged;
}

static void
a_connection_without_its_member_becomes_free(void **state)
{
	static const struct {
		bool is_connection;	/* else of the member */
		size_t at;
		uint32_t damaged;
	} changes[] = {
		{ false, offsetof(struct state_session, token), 3 },
		{ false, offsetof(struct state_session, number) - 1, 3 },
		{ false, offsetof(struct state_session, number), 3 },
		{ false, offsetof(struct state_session, route), 3 },
		{ false, offsetof(struct state_session, grace_end), 0 },
		{ false, offsetof(struct state_session, proven), 0 },
		{ true, offsetof(struct state_connection, generation), 1 },
		{ true, offsetof(struct state_connection, connection), 1 },
		{ true, offsetof(struct state_connection, address), 1 },
		{ true, offsetof(struct state_connection, member), 1 },
	};
	uint32_t room, member, first;
	struct state *rows;
	int fd;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		fd = state_create();
		rows = open_whole(fd);
		room = add_room(rows, 1, NULL);
		member = add_member(rows, 'A', room, "Anna");
		first = add_connection(rows, 17, member);
		add_connection(rows, 18, member);
		state_close(rows);
		if (damage_byte(fd, changes[i].is_connection ? first :
		    member, changes[i].at) != changes[i].damaged)
			fail_msg("row %zu", i);
		rows = open_whole(fd);
		assert_int_equal(count_kind(rows, STATE_TEXT),
		    count_kind(rows, STATE_MEMBER));
		state_close(rows);
		close(fd);
	}
	/* Whose row became another's has none either. */
	fd = state_create();
	rows = open_whole(fd);
	room = add_room(rows, 1, NULL);
	add_connection(rows, 17, add_session(rows, 1, room, NULL));
	state_close(rows);
	rows = state_open(fd, &first);
	assert_int_equal(first, 1);
	assert_int_equal(count_kind(rows, STATE_SESSION), 1);
	state_close(rows);
	close(fd);
}

static void
what_is_no_state_file_is_refused(void **state)
{
	static const off_t sizes[] = { 0, 64, CHUNK - 1, CHUNK + 64 };
	int fd, pipes[2];
	uint32_t damaged;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		fd = memfd_create("test", MFD_CLOEXEC);
		assert_int_equal(ftruncate(fd, sizes[i]), 0);
		errno = 0;
		assert_null(state_open(fd, &damaged));
		assert_int_equal(errno, EPROTO);
		close(fd);
	}
	fd = memfd_create("test", MFD_CLOEXEC);
	assert_int_equal(ftruncate(fd, CHUNK), 0);
	assert_null(state_open(fd, &damaged));
	assert_int_equal(errno, EPROTO);
	close(fd);
	assert_int_equal(pipe(pipes), 0);
	assert_null(state_open(pipes[0], &damaged));
	close(pipes[0]);
	close(pipes[1]);
	assert_null(state_open(-1, &damaged));
	assert_int_equal(errno, EBADF);
}

/* The workload that dies: sessions come and go in slots. */
#define SLOTS	12

static const char *const slot_names[] = {
	NULL, "short", "a name that is so long that it takes two rows of text "
	"at least"
};

/* What the process says of a slot before and after each change. */
struct slot {
	volatile uint32_t row;
	volatile uint32_t connection;	/* 0: none */
	volatile uint32_t changing;
};

static void
churn(struct state *rows, struct slot *slots, uint32_t room, unsigned turns)
{
	uint32_t connection = 1000;
	struct slot *slot;
	unsigned i;

	for (i = 0; i < turns; i++) {
		slot = &slots[i * 5 % SLOTS];
		slot->changing = 1;
		if (slot->connection != 0) {
			state_release(rows, slot->row);
			slot->connection = 0;
		} else {
			connection++;
			slot->row = add_session(rows, connection, room,
			    slot_names[connection % 3]);
			slot->connection = connection;
		}
		state_applied_store(rows, i);
		slot->changing = 0;
	}
}

static void
check_slots(struct state *rows, const struct slot *slots, uint32_t room)
{
	unsigned live = 0, unsure = 0, i;
	struct state_session *session;
	const char *name;
	uint32_t row;

	assert_non_null(state_room(rows, room));
	for (i = 0; i < SLOTS; i++) {
		unsure += slots[i].changing;
		if (slots[i].changing || slots[i].connection == 0)
			continue;
		live++;
		session = state_session(rows, slots[i].row);
		assert_non_null(session);
		assert_true(session->connection == slots[i].connection);
	}
	assert_true(unsure <= 1);
	i = count_kind(rows, STATE_SESSION);
	assert_true(i >= live && i <= live + unsure);
	/* Each session is whole, and no text but theirs and the room's. */
	for (i = 1, row = 0; row < state_rows(rows); row++) {
		session = state_session(rows, row);
		if (session == NULL)
			continue;
		assert_int_equal(session->room, room);
		name = slot_names[session->connection % 3];
		i += name == NULL ? 0 : name == slot_names[1] ? 1 : 2;
		assert_true(name == NULL ? session->name == STATE_NONE :
		    text_is(rows, session->name, name));
	}
	assert_int_equal(count_kind(rows, STATE_TEXT), i);
}

/* Every free row can be had, once. */
static void
check_free_list(struct state *rows)
{
	uint32_t all = state_rows(rows), row;
	unsigned count = count_kind(rows, STATE_FREE), i;

	for (i = 0; i < count; i++) {
		row = state_reserve(rows);
		assert_true(row < all);
		assert_int_equal(state_kind(rows, row), STATE_FREE);
	}
	assert_true(state_reserve(rows) == all);
}

static void
a_writer_may_die_between_any_two_stores(void **state)
{
	struct slot *slots = fixture_shared(SLOTS * sizeof(*slots));
	unsigned long n, stride, total = 1;
	struct state *rows;
	uint32_t room;
	pid_t pid;
	int fd;

	(void)state;
	stride = fixture_is_valgrind() ? 23 : 1;
	for (n = 0; n <= total; n += n == 0 ? 1 : stride) {
		memset(slots, 0, SLOTS * sizeof(*slots));
		fd = state_create();
		rows = open_whole(fd);
		room = add_room(rows, 1, "room");
		fixture_die_at(0);
		if (n == 0) {
			churn(rows, slots, room, 40);
			total = fixture_steps();
			assert_true(total > 200);
			memset(slots, 0, SLOTS * sizeof(*slots));
		} else {
			pid = fork();
			assert_true(pid >= 0);
			if (pid == 0) {
				fixture_die_at(n);
				churn(rows, slots, room, 40);
				_exit(1);
			}
			fixture_wait(pid);
		}
		state_close(rows);
		rows = open_whole(fd);
		if (n > 0)
			check_slots(rows, slots, room);
		check_free_list(rows);
		state_close(rows);
		close(fd);
	}
	munmap(slots, SLOTS * sizeof(*slots));
}

/* A death between growing the file and using it. */
static void
a_writer_may_die_while_the_file_grows(void **state)
{
	uint32_t damaged;
	int fd = state_create();
	struct state *rows;
	unsigned i;
	pid_t pid;

	(void)state;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		rows = state_open(fd, &damaged);
		for (i = 0; i < 16383; i++)
			add_session(rows, i, STATE_NONE, NULL);
		fixture_die_at(1);
		add_session(rows, i, STATE_NONE, NULL);
		_exit(1);
	}
	fixture_wait(pid);
	assert_true(lseek(fd, 0, SEEK_END) == (off_t)(2 * CHUNK));
	rows = open_whole(fd);
	assert_int_equal(state_rows(rows), 16383);
	assert_int_equal(add_session(rows, 1, STATE_NONE, "x"), 16383);
	state_close(rows);
	close(fd);
}

/* Uses whatever is there as a broker would. */
static void
fuzz_use(struct state *rows, uint64_t *seed)
{
	struct state_session *session;
	struct state_room *room;
	uint32_t all = state_rows(rows), row;
	char out[255];
	unsigned i;

	for (row = 0; row < all; row++) {
		session = state_session(rows, row);
		room = state_room(rows, row);
		if (session != NULL) {
			assert_true(session->room == STATE_NONE ||
			    state_room(rows, session->room) != NULL);
			assert_true(session->name == STATE_NONE ||
			    state_kind(rows, session->name) == STATE_TEXT);
			state_text_load(rows, session->name, out,
			    sizeof(out));
		}
		if (room != NULL)
			state_text_load(rows, room->name, out, sizeof(out));
	}
	for (i = 0; i < 40; i++) {
		row = (uint32_t)(fixture_random(seed) % (all + 1));
		if (state_session(rows, row) != NULL)
			state_release(rows, row);
		else
			add_session(rows, row + 1, STATE_NONE, slot_names[2]);
	}
}

static void
mutate(uint64_t *seed, uint8_t *image, uint32_t rows, bool is_mended)
{
	uint64_t n = fixture_random(seed), value = fixture_random(seed);
	uint8_t *row = image + (1 + value % rows) * STATE_ROW;
	uint32_t small = (uint32_t)(n >> 32) % 8;

	if (n % 16 == 0)
		row = image;
	if (n % 3 == 0)
		memcpy(row + (n >> 8) % 16 * 4, &small, sizeof(small));
	else
		row[(n >> 8) % STATE_ROW] ^= (uint8_t)(1 << (n >> 16) % 8);
	/* A text that says anything, with a right sum. */
	if (is_mended && ((struct state_text *)row)->kind == STATE_TEXT) {
		struct state_text *text = (struct state_text *)row;
		uint8_t kind = STATE_TEXT;

		text->next = (uint32_t)(n >> 40) % rows;
		text->checksum = (uint32_t)crc32(crc32(0, &kind, 1),
		    row + 8, STATE_ROW - 8);
	}
}

static void
any_bytes_give_an_answer(void **state)
{
	unsigned i, most = fixture_is_valgrind() ? 20 : 2000, opened = 0;
	struct slot slots[SLOTS] = { { 0, 0, 0 } };
	uint32_t damaged, room, used;
	uint64_t changes, seed = 9;
	uint8_t image[200 * STATE_ROW], wrong[sizeof(image)];
	int fd = state_create(), other;
	struct state *rows;

	(void)state;
	rows = open_whole(fd);
	room = add_room(rows, 1, "room");
	add_room(rows, 2, NULL);
	churn(rows, slots, room, 100);
	for (i = 0; i < 20; i++)
		add_session(rows, i, room, slot_names[i % 3]);
	used = state_rows(rows);
	assert_true(used < 190);
	state_close(rows);
	assert_true(pread(fd, image, sizeof(image), 0) > 0);
	close(fd);
	alarm(300);
	for (i = 0; i < most; i++) {
		memcpy(wrong, image, sizeof(image));
		changes = 1 + fixture_random(&seed) % 8;
		while (changes-- > 0)
			mutate(&seed, wrong, used, i % 2);
		other = memfd_create("test", MFD_CLOEXEC);
		assert_int_equal(ftruncate(other, CHUNK), 0);
		assert_true(pwrite(other, wrong, sizeof(wrong), 0) > 0);
		rows = state_open(other, &damaged);
		if (rows != NULL) {
			opened++;
			fuzz_use(rows, &seed);
			state_close(rows);
			rows = open_whole(other);
			state_close(rows);
		}
		close(other);
	}
	alarm(0);
	assert_true(opened > most / 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_file_is_private_and_empty),
		cmocka_unit_test(what_is_published_is_found_again),
		cmocka_unit_test(texts_of_all_lengths_are_stored),
		cmocka_unit_test(release_frees_the_row_and_its_text),
		cmocka_unit_test(the_file_grows_and_addresses_stay),
		cmocka_unit_test(a_file_that_cannot_grow_gives_no_row),
		cmocka_unit_test(damaged_rows_become_free),
		cmocka_unit_test(
		    a_member_is_found_again_with_its_connections),
		cmocka_unit_test(
		    a_connection_without_its_member_becomes_free),
		cmocka_unit_test(what_is_no_state_file_is_refused),
		cmocka_unit_test(a_writer_may_die_between_any_two_stores),
		cmocka_unit_test(a_writer_may_die_while_the_file_grows),
		cmocka_unit_test(any_bytes_give_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
