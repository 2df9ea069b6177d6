/*
 * terminal - a line being typed, and lines that come meanwhile.
 *
 * Runs in wschat: libedit a key at a time, from the loop.  What is printed
 * goes above the line that is being typed, which is taken off the screen
 * before and drawn again after.
 */
#ifndef CLIENT_TERMINAL_H
#define CLIENT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct terminal;

struct terminal_hooks {
	/* A line was entered; it may be written into. */
	void (*on_line)(void *, char *line);
	/* The user wants to leave: end of input, or a signal. */
	void (*on_leave)(void *);
	/* Tab: what stands before the cursor.  See terminal_insert. */
	void (*on_complete)(void *, const char *before, size_t len);
};

/* Of standard input and output, which are terminals.  NULL: no memory. */
struct terminal *terminal_new(struct event_base *,
    const struct terminal_hooks *, void *arg)
    __attribute__((warn_unused_result));
/* Gives the terminal back as it was. */
void terminal_free(struct terminal *);

/* From now on lines are typed. */
void terminal_open(struct terminal *);

/* Prints a line, which is made of what view.h makes. */
void terminal_print(struct terminal *, const char *line, size_t len);

/* Within on_complete: puts this where the cursor is. */
void terminal_insert(struct terminal *, const char *text);

/* Whether colours are wanted: it can, and NO_COLOR does not forbid. */
bool terminal_has_colour(void);

#endif
