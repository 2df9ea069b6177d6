/*
 * hub_fixture - a hub over memory files that outlive it.
 *
 * What the tests of the hub share: the two files as the parent makes them,
 * a hub that can be dropped as if its process had died, and requests in one
 * call each.  Routes: CHAT, SMALL (short history, short lines), ECHO.
 */
#ifndef HUB_FIXTURE_H
#define HUB_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "broker/hub.h"
#include "log/cursor.h"

enum { CHAT, SMALL, ECHO, ROUTES };

#define SMALL_HISTORY	5	/* lines kept */
#define SMALL_LINE	64	/* bytes of a line at most */
#define SLOTS		16	/* of each worker */

struct world {
	int log_fd, state_fd;
	struct log *log;
	struct state *state;
	struct hub *hub;
	uint64_t bells;		/* a bit for each worker rung */
	uint64_t now_ms;	/* of the last commit */
	uint64_t address;	/* of who attaches or joins */
	uint64_t said_seq;	/* of what was said before */
	/* Changes the settings of the hubs that are opened from now on. */
	void (*configure)(struct settings *);
	enum name_verdict verdict;	/* on the name last asked for */
};

/* The routes; lent, to be changed by a test. */
struct settings *world_settings(void);

/* New files and a hub over them; workers 0..n-1 have generations 101... */
void world_create(struct world *, unsigned workers);
/* The hub's process dies; the files stay. */
void world_die(struct world *);
/* The next one maps the files; no worker is added. */
void world_open(struct world *);
void world_add(struct world *, unsigned index, uint64_t generation);
void world_close(struct world *);

/* Connection ids as the parent makes them. */
uint64_t connection(uint64_t serial, uint32_t slot);

enum hub_result ask_attach(struct world *, unsigned index, uint64_t number,
    uint64_t conn, uint32_t route);
enum hub_result ask_join(struct world *, unsigned index, uint64_t number,
    uint64_t conn, uint32_t route, const char *room);
/* With tokens, each named by a letter: the one to resume (0: none), and a
 * fresh one. */
enum hub_result ask_enter(struct world *, unsigned index, uint64_t number,
    uint64_t conn, uint32_t route, char resume, char fresh,
    const char *room);
/* What the files have of a token. */
void token_hash(char letter, uint8_t hash_out[static STATE_TOKEN]);
enum hub_result ask_prove(struct world *, unsigned index, uint64_t number,
    uint64_t conn, uint32_t route, uint64_t room, uint64_t seq);
enum hub_result ask_move(struct world *, unsigned index, uint64_t number,
    uint64_t conn, uint32_t route, const char *room);
enum hub_result ask_nick(struct world *, unsigned index, uint64_t number,
    uint64_t conn, uint32_t route, const char *name);
/* The names of the answer with their signs and a bar behind each; lent until
 * the next. */
const char *ask_who(struct world *, unsigned index, uint64_t number,
    uint64_t conn, uint32_t route);
const char *ask_who_after(struct world *, unsigned index, uint64_t number,
    uint64_t conn, uint32_t route, const char *after, uint32_t *more_out);
const char *ask_rooms(struct world *, unsigned index, uint64_t number,
    uint64_t conn, uint32_t route);
/* Likewise; `heard_out` gets "worker:slot<sender>text " for each whisper. */
const char *ask_whisper(struct world *, unsigned index, uint64_t number,
    uint64_t conn, uint32_t route, const char *names, const char *text,
    char heard_out[static 1024]);
enum hub_result ask_say(struct world *, unsigned index, uint64_t number,
    uint64_t conn, uint32_t route, const char *text);
/* With an id; HUB_SAID tells the number in `said_seq`. */
enum hub_result ask_say_as(struct world *, unsigned index, uint64_t number,
    uint64_t conn, uint32_t route, const char *id, const char *text);
enum hub_result ask_leave(struct world *, unsigned index, uint64_t number,
    uint64_t conn, uint32_t route);
/* Likewise, and may return. */
enum hub_result ask_go(struct world *, unsigned index, uint64_t number,
    uint64_t conn, uint32_t route);
/* The end of a turn; says in `bells` who was rung. */
void world_commit(struct world *);
/* The same, and no time has passed since the last. */
void world_commit_at_once(struct world *);
/* Looks at all rooms once; returns in how many steps. */
unsigned world_tidy(struct world *);

/* Copies the committed records that are not KEPT, oldest first; texts are
 * lent from the ring.  Returns how many; all must fit. */
size_t world_read(const struct world *, struct cursor_view *out, size_t max);
/* The log's last record. */
struct cursor_view world_last(const struct world *);
void assert_record(const struct cursor_view *, enum record_kind,
    const char *name, const char *text, uint64_t seq, uint64_t count);
/* Which request the record comes from. */
void assert_origin(const struct cursor_view *, uint64_t generation,
    uint64_t request, uint64_t conn);
/* A room's row in the state file; NULL: no such room. */
const struct state_room *world_room(const struct world *, uint8_t route,
    const char *name);

#endif
