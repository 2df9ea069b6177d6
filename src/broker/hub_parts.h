/*
 * hub_parts - what the files of the hub share: the hub itself.
 *
 * In the broker; private to hub.c and the parts of the hub.
 */
#ifndef BROKER_HUB_PARTS_H
#define BROKER_HUB_PARTS_H

#include "base/bans.h"
#include "base/tally.h"
#include "broker/allowance.h"
#include "broker/graces.h"
#include "broker/hub.h"
#include "broker/ids.h"
#include "broker/lists.h"
#include "broker/name.h"
#include "broker/nametable.h"
#include "broker/numbers.h"
#include "broker/repeats.h"
#include "broker/room.h"
#include "broker/roster.h"
#include "broker/shares.h"
#include "broker/tokens.h"
#include "log/append.h"

#define HUB_PLACES_STEP	32	/* divides SETTINGS_PLACES */

struct hub_worker {
	uint64_t generation;	/* 0: no such worker */
	uint32_t slots;
	uint64_t last;		/* number of the last request */
	uint64_t receipt;	/* as the log's header has it */
	uint64_t since;		/* the log's end before the first request
				 * behind the receipt, if there is one */
	uint64_t done;		/* up to here none needs an answer by
				 * message: may be receipted at any time */
	bool owes_answer;	/* by message, since the last receipt */
	struct roster_worker *connections;
	uint64_t bell;		/* the log's end when it was last rung */
	uint64_t bell_ms;	/* when that was */
	bool is_due;		/* has asked, or has something to read */
	bool is_late;		/* has to read who came and went */
	uint8_t *registered;	/* by slot, while it registers */
};

/* What ROOMS was answered, see query.c. */
struct hub_listing {
	struct buf texts;
	uint32_t more;
	uint64_t made_ms;	/* clock_ms(); 0: never */
};

struct hub {
	const struct settings *settings;
	struct log *log;
	struct state *state;
	struct append *append;
	struct roster *roster;
	struct room_table *rooms;
	struct repeats *repeats;
	struct ids *ids;		/* under which something was said */
	struct tally *addresses;	/* connections, by real address */
	struct allowance *allowance;	/* of addresses */
	struct shares *shares;		/* of who says as much as he can */
	struct bans *bans;		/* as the parent has told them */
	struct bans *muted[2];		/* likewise: users, addresses */
	struct lists *members;		/* of rooms */
	struct lists *tabs;		/* of members, see tabs.h */
	struct tokens *tokens;
	struct graces *graces;
	struct numbers *numbers;
	struct names *names;		/* what a name may be */
	struct nametable *nametable;	/* who has chosen which */
	unsigned workers;	/* how many indexes there are by now */
	unsigned asking;	/* whose request is carried out; no index:
				 * nobody's */
	uint64_t turn;		/* the log's end when the turn began */
	uint64_t now_ms;	/* of this turn; 0: not asked for yet */
	uint32_t tidy_row;	/* the next one to look at */
	uint64_t tidy_due;	/* clock_ms() of the next step */
	void (*overhear)(void *arg, const struct hub_overheard *);
	void *overhear_arg;		/* see hub_overhear */
	struct hub_listing listings[SETTINGS_ROUTES];
	struct hub_worker worker[SETTINGS_PLACES];
};

/* The checks that every request undergoes; HUB_DONE: carry it out. */
enum hub_result hub_open_request(struct hub *, unsigned index,
    const struct ipc_request *) __attribute__((warn_unused_result));
/* The request is answered by a message, which the broker has yet to send:
 * its receipt waits.  Returns the result. */
enum hub_result hub_owe_answer(struct hub *, unsigned index,
    enum hub_result);
/* Appends a record of the room; a message is its newest then.  False: it does
 * not fit into the log. */
bool hub_append(struct hub *, struct room *, struct append_record *)
    __attribute__((warn_unused_result));
/* Before several records that must count together, of at most so many bytes:
 * hub_append commits nothing until they are there. */
void hub_append_reserve(struct hub *, uint64_t bytes);
/* When this turn was, by clock_ms(): what need not be told apart in it. */
uint64_t hub_now_ms(struct hub *);
/* The request that was carried out last is over: what comes now is the
 * broker's own. */
void hub_close_request(struct hub *);
/* The row of the member of a name on a route; STATE_NONE: nobody has it.
 * False: no memory to look. */
bool hub_find_user(const struct hub *, uint8_t route, const char *name,
    size_t len, uint32_t *row_out) __attribute__((warn_unused_result));
/* Finds or makes the room of a name, which counts for `maker`.  HUB_ROOMS,
 * HUB_MEMORY: there is none. */
enum hub_result hub_room(struct hub *, uint8_t route, const char *name,
    size_t len, uint64_t maker, struct room **room_out)
    __attribute__((warn_unused_result));
/* Has places for so many workers; every room counts its members at each.
 * False: no memory. */
bool hub_make_places(struct hub *, unsigned workers)
    __attribute__((warn_unused_result));
/* The index of the living worker of a generation; hub->workers: none. */
unsigned hub_worker_index(const struct hub *, uint64_t generation);
/* Whether a dead broker has refused this and carried out what was asked later:
 * what the later one has brought about must not be undone. */
bool hub_was_refused(const struct hub *, unsigned index,
    const struct ipc_request *);
/* Removes a room that has no members and of which no line is kept; arg is the
 * hub. */
void hub_remove_idle(void *arg, struct room *);
/* Bytes of a text: what any message-size may be.  The one in force is for
 * workers to hold; a reload reaches them before us, or after. */
uint64_t hub_text_max(const struct hub *);
/* Whether what was said then is older than the route keeps. */
bool hub_is_old(const struct hub *, uint8_t route, uint64_t time_us);

#endif
