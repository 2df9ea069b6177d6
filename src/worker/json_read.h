/*
 * json_read - what a JSON client of wschat.v1 asks for.
 *
 * A pure module of the worker, over Jansson.  Depth and number of values are
 * counted before anything is parsed, so memory is bounded by the text's size
 * and the stack by JSON_DEPTH_MAX.  Who is asked, and what happens then, is
 * the caller's.
 */
#ifndef WORKER_JSON_READ_H
#define WORKER_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/json_errors.h"
#include "ws/slice.h"

#define JSON_NAME_MAX	255	/* bytes of a name that is looked for: longer
				 * than any; 16 with commas between them are
				 * an IPC_NAMES */

/* JSON_REQUEST(name, word); the word is also its reader's, in json_read.c. */
#define JSON_REQUESTS(JSON_REQUEST) \
	JSON_REQUEST(MESSAGE, message) \
	JSON_REQUEST(WHISPER, whisper) \
	JSON_REQUEST(NICK, nick) \
	JSON_REQUEST(WHO, who) \
	JSON_REQUEST(JOIN, join) \
	JSON_REQUEST(ROOMS, rooms) \
	JSON_REQUEST(HISTORY, history) \
	JSON_REQUEST(PING, ping)

enum json_request_kind {
#define JSON_REQUEST(name, word) JSON_REQUEST_##name,
	JSON_REQUESTS(JSON_REQUEST)
#undef JSON_REQUEST
	JSON_REQUEST_KINDS
};

/* Slices are lent until json_request_clear.  What a kind does not name is
 * empty or 0.  Texts and ids are UTF-8, and hold whatever JSON lets them:
 * controls, and the byte 0. */
struct json_request {
	enum json_request_kind kind;
	struct slice id;		/* 1 to JSON_ID_MAX bytes; else none */
	struct slice text;		/* MESSAGE, WHISPER; may be empty */
	bool is_action;			/* MESSAGE */
	size_t name_count;		/* WHISPER: 1 to JSON_NAMES_MAX */
	struct slice names[JSON_NAMES_MAX];	/* 1 to JSON_NAME_MAX bytes,
					 * no comma and no byte 0 in them */
	struct slice name;		/* NICK: at most IPC_NAME bytes, not
					 * judged, may be empty; WHO: those
					 * behind it, to JSON_NAME_MAX bytes;
					 * empty: from the first */
	struct slice room;		/* JOIN: valid, or empty: the default
					 * room */
	uint64_t before;		/* HISTORY: messages below it; 0: the
					 * newest */
	unsigned count;			/* HISTORY: 1 to JSON_HISTORY_MAX */
	void *memory;			/* private to json_read */
};

/* Once in a process, before its sandbox. */
void json_read_open(void);

/*
 * Reads a text, which need not live on, and says what is wrong with it.  In
 * any case the request is to be cleared, and its `id` is the one to answer
 * under, empty when there is none that could be read.
 */
enum json_error json_read(const uint8_t *text, size_t len,
    struct json_request *out) __attribute__((warn_unused_result));

/* Frees what it lends.  It may be cleared again. */
void json_request_clear(struct json_request *);

#endif
