/*
 * order - what an administrator asks for, as one line of JSON.
 *
 * A pure module of the broker, over Jansson.  A line is an object with the
 * member `command` and what the command takes; anything else in it is an
 * error, since who asks for more than this release knows must not believe
 * that he got it.
 */
#ifndef BROKER_ORDER_H
#define BROKER_ORDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORDER_LINE	(128 * 1024)	/* bytes of a line at most */

enum order_kind {
	ORDER_STATUS,
	ORDER_WHO,
	ORDER_ROOMS,
	ORDER_SAY,
	ORDER_KICK,
	ORDER_TAIL,
	ORDER_TRACE,
	ORDER_BAN,
	ORDER_UNBAN,
	ORDER_BANS,
	ORDER_MUTE,
	ORDER_UNMUTE,
	ORDER_MUTES,
	ORDER_DRAIN,
	ORDER_RELOAD,
	ORDER_LOG_LEVEL,
	ORDER_KINDS
};

struct order {
	enum order_kind kind;
	json_t *json;		/* owned; the texts are lent from it */
	/* Texts end with a NUL and have none inside; NULL: not said. */
	const char *room;	/* the path of its URL: "/chat/lab" */
	const char *text;
	const char *name;	/* of a user, "conn=17", or an address */
	const char *route;	/* the path of a route */
	const char *level;	/* of the log: "debug" */
	uint64_t from;		/* where an answer goes on; 0: not said */
	uint64_t lines;		/* likewise */
	uint64_t seconds;	/* likewise */
	bool has_seconds;
};

/* Reads a line without its end.  NULL, or what is wrong with it, a word for
 * programs; then there is nothing to clear. */
const char *order_parse(const char *line, size_t len, struct order *out)
    __attribute__((warn_unused_result));
void order_clear(struct order *);

/* The word of a command. */
const char *order_name(enum order_kind);

#endif
