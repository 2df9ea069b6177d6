/*
 * board - see board.h.
 */
#include "config.h"

#include "bench/board.h"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

struct board *
board_new(unsigned processes)
{
	struct board *b = mmap(NULL, sizeof(*b) + processes *
	    sizeof(b->shares[0]), PROT_READ | PROT_WRITE, MAP_SHARED |
	    MAP_ANONYMOUS, -1, 0);

	if (b == MAP_FAILED)
		return NULL;
	b->processes = processes;
	b->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return b->wake < 0 ? NULL : b;
}

static void
board_wake(const struct board *b)
{
	static const uint64_t one = 1;

	/* Watched for its edge by each generator, and never read. */
	(void)!write(b->wake, &one, sizeof(one));
}

void
board_turn(struct board *b, enum board_phase phase)
{
	atomic_store(&b->phase, phase);
	board_wake(b);
}

void
board_tell_connected(struct board *b)
{
	atomic_fetch_add(&b->connected, 1);
	board_wake(b);
}

enum board_phase
board_phase(const struct board *b)
{
	return (enum board_phase)atomic_load_explicit(&b->phase,
	    memory_order_acquire);
}

unsigned
board_opened(const struct board *b)
{
	unsigned sum = 0, i;

	for (i = 0; i < b->processes; i++)
		sum += b->shares[i].opened;
	return sum;
}

unsigned
board_ready(const struct board *b)
{
	unsigned sum = 0, i;

	for (i = 0; i < b->processes; i++)
		sum += b->shares[i].ready;
	return sum;
}

unsigned
board_gone(const struct board *b)
{
	unsigned sum = 0, i;

	for (i = 0; i < b->processes; i++)
		sum += b->shares[i].gone;
	return sum;
}
