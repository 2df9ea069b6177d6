/*
 * session_parts - what session.c and story.c share, and nobody else sees.
 *
 * session.c has the life: connections, attempts, what is to be said; story.c
 * what the server tells.
 */
#ifndef CLIENT_SESSION_PARTS_H
#define CLIENT_SESSION_PARTS_H

#include "client/gap.h"
#include "client/pending.h"
#include "client/session.h"

#define SESSION_PROTOCOL	"wschat.v1"
#define SESSION_NAME		256	/* bytes with the NUL */
#define SESSION_TOKEN		128

struct connection;
struct event;

enum session_state {
	CONNECTING,
	GREETING,	/* open; the welcome is not here */
	NAMING,		/* welcome; our name is asked for */
	READY,
	TEXT,		/* open; the server does not speak wschat.v1 */
	WAITING,	/* for the next attempt */
	CLOSING,
	ENDED
};

struct session {
	struct event_base *base;
	struct session_settings settings;
	const struct session_hooks *hooks;
	void *arg;
	enum session_state state;
	bool was_open;		/* once at least */
	bool was_welcome;
	bool is_finishing;
	bool has_lost;
	bool is_telling;	/* what a gap has found */
	bool is_unproven;	/* text: said, and no ping answered since */
	bool has_chosen_name;
	enum session_outcome final;	/* CLOSING: what on_end will say */
	char final_why[256];
	struct connection *connection;
	struct event *timer;	/* WAITING: the attempt; TEXT: the silence */
	unsigned failures;
	uint64_t opened_ms;
	struct pending pending;
	struct gap gap;
	uint64_t last_seq;	/* of the room, told already */
	char name[SESSION_NAME];
	char former[SESSION_NAME];	/* before the server forgot us */
	char room[URL_ROOM];
	char epoch[64];
	char token[SESSION_TOKEN + 1];
	char cookie[SESSION_TOKEN + 16];
};

/* Closes the connection; then the end is this. */
void session_give_up(struct session *, enum session_outcome,
    const char *why);

/* Something that one had to wait for is there: says what can be said. */
void session_proceed(struct session *);

/* The server, or a message that it told, acknowledges what the event's `id`
 * names. */
void session_acknowledge(struct session *, const json_t *event);

/* A message that came: an event of wschat.v1. */
void story_take(struct session *, const char *text, size_t len);

#endif
