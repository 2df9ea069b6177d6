/*
 * hub - what a request does: who is in which room, and in what order things
 * were said.
 *
 * A pure module of the broker over the log and the state file: no socket, no
 * event.  Takes requests of workers, appends their records and keeps the
 * roster and the rooms.  A hub opened over files of a dead broker goes on
 * where that one died: every request is carried out exactly once.
 *
 * The order that makes it so: a record is committed before the rows that
 * follow from it change; the rows of rooms are stored after the commit, then
 * `applied`; the receipt (hub_receipt) after the answers are on their way.
 */
#ifndef BROKER_HUB_H
#define BROKER_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/network.h"
#include "base/settings.h"
#include "broker/name.h"
#include "ipc/messages.h"
#include "log/log.h"
#include "log/state.h"

enum hub_result {
	HUB_DONE,
	HUB_REPEAT,	/* carried out before; its record is in the log */
	HUB_SAID,	/* a SAY whose sender has said it under its id */
	HUB_UNKNOWN,	/* the connection is not in the table */
	HUB_MEMORY,
	HUB_SIZE,	/* does not fit into the log */
	HUB_ADDRESS,	/* too many connections from the address */
	HUB_THERE,	/* it is in that room */
	HUB_ROOMS,	/* there are too many rooms */
	HUB_TAKEN,	/* somebody has the name */
	HUB_NAME,	/* it may not be a name */
	HUB_TABS,	/* too many connections of the member */
	HUB_REPLACED,	/* a later connection has the member */
	HUB_AFTER,	/* nobody in the room has the name */
	HUB_BANNED,	/* the address is kept out */
	HUB_MUTED,	/* nobody is to hear it */
	HUB_FORGED	/* no honest worker sends this */
};

struct hub;

/* Borrows all four for its life.  Rebuilds from what the files hold, and
 * replays what the rows do not show yet.  A damaged log is given up: it
 * starts anew behind its end, under a new epoch.  NULL: no memory. */
struct hub *hub_new(const struct settings *, struct names *, struct log *,
    struct state *) __attribute__((warn_unused_result));
void hub_free(struct hub *);

/* Other settings from now on, borrowed, with the same routes. */
void hub_set_settings(struct hub *, const struct settings *);

/* A live worker, at an index below SETTINGS_PLACES: connections have slots
 * below `slots`.  False: no memory. */
bool hub_add_worker(struct hub *, unsigned index, uint64_t generation,
    uint32_t slots) __attribute__((warn_unused_result));
/* The worker is dead: its connections are gone, its place is free. */
void hub_remove_worker(struct hub *, unsigned index);
/* All live workers are added: the connections of others are gone, up to
 * `most` in one call.  True: there may be more. */
bool hub_remove_others(struct hub *, uint32_t most);
/* The worker has named all its connections (hub_register): those that it does
 * not know are gone, up to `most` in one call.  Returns how many; fewer: it
 * was the last call. */
bool hub_register(struct hub *, unsigned index, uint64_t connection)
    __attribute__((warn_unused_result));
uint32_t hub_registered(struct hub *, unsigned index, uint32_t most);

enum hub_result hub_attach(struct hub *, unsigned index,
    const struct ipc_request *) __attribute__((warn_unused_result));
/* `tail` is the message's.  The record tells what came of it: a new member or
 * one that goes on. */
enum hub_result hub_join(struct hub *, unsigned index,
    const struct ipc_request *, const uint8_t *tail, size_t len)
    __attribute__((warn_unused_result));
/* `tail` is the message's.  HUB_SAID: `*seq_out` is the number it has. */
enum hub_result hub_say(struct hub *, unsigned index,
    const struct ipc_request *, const uint8_t *tail, size_t len,
    uint64_t *seq_out) __attribute__((warn_unused_result));
enum hub_result hub_leave(struct hub *, unsigned index,
    const struct ipc_request *) __attribute__((warn_unused_result));
enum hub_result hub_prove(struct hub *, unsigned index,
    const struct ipc_request *, const struct ipc_proof *)
    __attribute__((warn_unused_result));
/* HUB_NAME, HUB_TAKEN: the name stays as it is; HUB_NAME comes with what is
 * wrong with the wanted one. */
enum hub_result hub_nick(struct hub *, unsigned index,
    const struct ipc_request *, const char *name, size_t len,
    enum name_verdict *verdict_out) __attribute__((warn_unused_result));
/* HUB_THERE, HUB_ROOMS: it stays where it is. */
enum hub_result hub_move(struct hub *, unsigned index,
    const struct ipc_request *, const char *room, size_t len)
    __attribute__((warn_unused_result));

/* Questions, answered by the text that is appended: names, each with a NUL.
 * *more_out: how many did not fit.
 *
 * In front of each name is '+', or '-' of who is away.  With a name: those
 * behind it, of whom HUB_MORE_MAX that did not fit are counted at most. */
#define HUB_MORE_MAX	10000
enum hub_result hub_who(struct hub *, unsigned index,
    const struct ipc_request *, const char *after, size_t after_len,
    struct buf *out, uint32_t *more_out) __attribute__((warn_unused_result));
/* Each name is followed by a space and the number of members; those with the
 * most come first.  Where there are many rooms it may be a second old. */
enum hub_result hub_rooms_list(struct hub *, unsigned index,
    const struct ipc_request *, struct buf *out, uint32_t *more_out)
    __attribute__((warn_unused_result));

/* A text for one connection, with its sender's name. */
struct hub_whisper {
	unsigned index;		/* of the connection's worker */
	uint64_t connection;
	const char *sender;
	size_t sender_len;
	const uint8_t *text;
	size_t text_len;
};

/* Calls back for each connection of each user of the route that `names`
 * (commas between) names; false there is no memory.  Who is away is not found.
 * Appends who was found, an empty text, and who was not, each with a NUL. */
enum hub_result hub_whisper(struct hub *, unsigned index,
    const struct ipc_request *, const char *names, size_t names_len,
    const uint8_t *text, size_t text_len,
    bool (*deliver)(void *arg, const struct hub_whisper *), void *arg,
    struct buf *out) __attribute__((warn_unused_result));

/* A whisper that was told, to one user that it named. */
struct hub_overheard {
	uint64_t from, to;	/* N of their first names userN */
	const char *from_name, *to_name;	/* lent, as all here */
	const uint8_t *text;
	size_t from_len, to_len, text_len;
	uint8_t route;
};

/* From now on calls back for each. */
void hub_overhear(struct hub *, void (*hear)(void *arg,
    const struct hub_overheard *), void *arg);

/* The end of a turn: commits, stores rows, then calls back for each worker
 * that has something to read.  Who was rung just now hears later who came and
 * went elsewhere; hub_next_bell says when hub_commit is to be called again at
 * the latest (clock_ms; UINT64_MAX: nobody waits). */
void hub_commit(struct hub *, uint64_t now_ms,
    void (*bell)(void *arg, unsigned index), void *arg);
uint64_t hub_next_bell(const struct hub *);
/* Stores the receipt for everything this worker has asked; its refusals are
 * on their way. */
void hub_receipt(struct hub *, unsigned index);

/* Keeps a network out until then; 0: lets it in again.  False: there are too
 * many, or there is no memory. */
bool hub_ban(struct hub *, struct network, uint64_t until_s)
    __attribute__((warn_unused_result));

/* Has nobody hear a user, by the key of silence.c, or a network; as
 * hub_ban. */
bool hub_mute(struct hub *, struct network, uint64_t until_s, bool is_address)
    __attribute__((warn_unused_result));

/* Lets go whose grace time is over, a part of them at a time; hub_next_expiry
 * says when it is to be called again (clock_ms; UINT64_MAX: nobody is away). */
void hub_expire(struct hub *, uint64_t now_ms);
uint64_t hub_next_expiry(const struct hub *);

/* Rooms without members go when no line of them is kept any more.  One step,
 * of bounded work; the next one is due at hub_next_tidy, by clock_ms(). */
void hub_tidy(struct hub *, uint64_t now_ms);
uint64_t hub_next_tidy(const struct hub *);

/* Calls back for each address that has said more than it may in this turn. */
void hub_each_over(struct hub *, void (*tell)(void *arg, uint64_t address,
    uint64_t wait_ms), void *arg);
/* Likewise for each connection of a worker that is to wait for others who want
 * to say as much as it does. */
void hub_each_ahead(struct hub *, uint64_t now_ms, void (*tell)(void *arg,
    unsigned index, uint64_t connection, uint64_t wait_ms), void *arg);

/* Whether the log has grown so much in this turn that no more requests are to
 * be heard before its end. */
bool hub_turn_is_full(const struct hub *);
/* Whether requests of the worker that have no receipt reach back in the log
 * by more than so many quarters of the ring.  When their records leave it,
 * nobody can tell any more that they were carried out. */
bool hub_reaches_back(const struct hub *, unsigned index, unsigned quarters);

uint64_t hub_position(const struct hub *);
uint32_t hub_connections(const struct hub *);
unsigned hub_rooms(const struct hub *);

#endif
