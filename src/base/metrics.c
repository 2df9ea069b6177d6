/*
 * metrics - see metrics.h.
 */
#include "config.h"

#include "base/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

/* A place's values; one writer, so that a store is whole and an addition
 * needs no lock. */
typedef _Atomic uint64_t metrics_page[METRICS_VALUES];

static metrics_page unread;		/* until the own page is known */
static _Atomic uint64_t *own = unread;
static uint8_t *pages;			/* NULL: not mapped */
static unsigned places;			/* that there is room for */

const struct metrics_row metrics_table[] = {
#define METRIC(id, name, type, unit, of, each, label, values, help)	\
	{ METRIC_##id, name, METRICS_##type, unit, METRICS_OF_##of, each, \
	  METRICS_##label, values, help },
	METRICS(METRIC)
#undef METRIC
};
const unsigned metrics_rows = sizeof(metrics_table) / sizeof(metrics_table[0]);

/* Upper bounds; what is slower goes into the last bucket. */
static const uint64_t bounds_us[METRICS_BUCKETS - 1] = {
	250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000,
	500000, 1000000, 2500000, 5000000, 10000000
};

static const struct {
	unsigned code;
	const char *word;
} codes[] = {
	{ 1000, "1000" }, { 1001, "1001" }, { 1005, "1005" }, { 0, "other" }
};

/* --- counting ---------------------------------------------------------- */

void
metrics_set(unsigned value, uint64_t n)
{
	atomic_store_explicit(&own[value], n, memory_order_relaxed);
}

void
metrics_add(unsigned value, uint64_t n)
{
	metrics_set(value, n + atomic_load_explicit(&own[value],
	    memory_order_relaxed));
}

void
metrics_add_delivery(uint64_t us)
{
	unsigned bucket = 0;

	while (us > metrics_bucket_us(bucket))
		bucket++;
	metrics_add(METRIC_DELIVERY + bucket, 1);
	metrics_add(METRIC_DELIVERY_LAST, us);
}

void
metrics_add_peer_code(unsigned code)
{
	unsigned i = 0;

	while (codes[i].code != 0 && codes[i].code != code)
		i++;
	metrics_add(METRIC_PEER_CODES + i, 1);
}

/* --- the pages --------------------------------------------------------- */

/* Each place has pages of its own, so that it can be mapped alone. */
static size_t
place_size(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (sizeof(metrics_page) + page - 1) / page * page;
}

static _Atomic uint64_t *
page_of(unsigned place)
{
	return (_Atomic uint64_t *)(void *)(pages + place * place_size());
}

static bool
map_all(int fd, int protection)
{
	struct stat st;
	void *at;

	if (fstat(fd, &st) == -1)
		return false;
	at = mmap(NULL, (size_t)st.st_size, protection, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return false;
	pages = at;
	places = (unsigned)((size_t)st.st_size / place_size());
	return true;
}

static void
take_page(_Atomic uint64_t *page)
{
	unsigned i;

	for (i = 0; i < METRICS_VALUES; i++)
		if (own[i] != 0)
			page[i] += own[i];
	own = page;
	metrics_set(METRIC_START, clock_wall_us() / 1000000);
	metrics_set(METRIC_PID, (uint64_t)getpid());
}

/* Mode 0400, as of the log: a child of another user cannot open it again. */
int
metrics_create(unsigned workers)
{
	const int seals = F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
	int fd = memfd_create("metrics", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd == -1)
		return -1;
	if (ftruncate(fd, (off_t)((METRICS_AT_WORKER + workers) *
	    place_size())) == -1 || fchmod(fd, 0400) == -1 ||
	    fcntl(fd, F_ADD_SEALS, seals) == -1 ||
	    !map_all(fd, PROT_READ | PROT_WRITE)) {
		close(fd);
		return -1;
	}
	take_page(page_of(METRICS_AT_PARENT));
	return fd;
}

void
metrics_use(unsigned used)
{
	if (used > metrics_places())
		metrics_set(METRIC_PLACES, used);
}

void
metrics_forget(unsigned place)
{
	unsigned i, n;

	for (i = 0; i < metrics_rows; i++)
		for (n = 0; n < metrics_table[i].values &&
		    metrics_table[i].type == METRICS_GAUGE; n++)
			page_of(place)[metrics_table[i].at + n] = 0;
}

/* What is mapped by a descriptor that cannot write stays read-only, whatever
 * is tried later. */
bool
metrics_open(int fd)
{
	char path[sizeof("/proc/self/fd/") + 3 * sizeof(fd)];
	int reader;
	bool good;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	reader = open(path, O_RDONLY | O_CLOEXEC);
	if (reader == -1)
		return false;
	good = map_all(reader, PROT_READ);
	close(reader);
	return good;
}

bool
metrics_own(int fd, unsigned place)
{
	void *at = MAP_FAILED;

	if (place < places)
		at = mmap(NULL, place_size(), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, (off_t)(place * place_size()));
	close(fd);
	if (at == MAP_FAILED)
		return false;
	take_page(at);
	return true;
}

/* --- reading ----------------------------------------------------------- */

unsigned
metrics_places(void)
{
	uint64_t used = pages == NULL ? 0 :
	    metrics_read(METRICS_AT_PARENT, METRIC_PLACES);

	return used < places ? (unsigned)used : places;
}

uint64_t
metrics_read(unsigned place, unsigned value)
{
	return atomic_load_explicit(&page_of(place)[value],
	    memory_order_relaxed);
}

bool
metrics_is_alive(unsigned place)
{
	return metrics_read(place, METRIC_START) != 0;
}

uint64_t
metrics_sum(unsigned value)
{
	uint64_t sum = 0;
	unsigned i, used = metrics_places();

	for (i = 0; i < used; i++)
		sum += metrics_read(i, value);
	return sum;
}

const char *
metrics_place_name(unsigned place, char out[METRICS_NAME])
{
	if (place >= METRICS_AT_WORKER)
		snprintf(out, METRICS_NAME, "worker[%u]",
		    place - METRICS_AT_WORKER);
	else
		snprintf(out, METRICS_NAME, "%s", metrics_role_word(place));
	return out;
}

uint64_t
metrics_bucket_us(unsigned bucket)
{
	return bucket < METRICS_BUCKETS - 1 ? bounds_us[bucket] : UINT64_MAX;
}

const char *
metrics_limit_word(unsigned limit)
{
	static const char *const words[] = {
#define LIMIT(id, word) word,
		METRICS_LIMIT_WORDS(LIMIT)
#undef LIMIT
	};

	return words[limit];
}

const char *
metrics_role_word(unsigned place)
{
	static const char *const words[] = { "parent", "broker", "worker" };

	return words[place];
}

const char *
metrics_code_word(unsigned n)
{
	return codes[n].word;
}
