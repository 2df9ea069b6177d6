/*
 * aside - see aside.h.
 */
#include "config.h"

#include "worker/aside.h"

#include "worker/line.h"

static void add_member(struct line *, struct slice);
static void add_names(struct line *, const struct slice *, size_t);
static void add_room(struct line *, struct slice);
static void add_more(struct line *, uint64_t);

bool
aside_who(struct buf *b, const struct slice *names, size_t count,
    uint64_t more)
{
	struct line line = line_begin(b, "who");

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			line_add(&line, ", ");
		add_member(&line, names[i]);
	}
	add_more(&line, more);
	return line_end(&line);
}

bool
aside_rooms(struct buf *b, const struct aside_room *rooms, size_t count,
    uint64_t more)
{
	struct line line = line_begin(b, "rooms");

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			line_add(&line, ", ");
		/* No room is called so: it has a space. */
		if (rooms[i].name.len == 0)
			line_add(&line, "default room");
		else
			line_add_name(&line, rooms[i].name);
		line_add(&line, " (");
		line_add_number(&line, rooms[i].users);
		line_add(&line, ")");
	}
	add_more(&line, more);
	return line_end(&line);
}

bool
aside_rooms_hidden(struct buf *b)
{
	struct line line = line_begin(b, "rooms");

	line_add(&line, "are not listed here");
	return line_end(&line);
}

bool
aside_muted(struct buf *b)
{
	struct line line = line_begin(b, "error");

	line_add(&line, "an administrator has muted you: nobody hears this");
	return line_end(&line);
}

bool
aside_nick(struct buf *b, struct slice name)
{
	struct line line = line_begin(b, "nick");

	line_add(&line, "you are now ");
	line_add_name(&line, name);
	return line_end(&line);
}

bool
aside_nick_taken(struct buf *b, struct slice name)
{
	struct line line = line_begin(b, "nick");

	line_add(&line, "the name ");
	line_add_name(&line, name);
	line_add(&line, " is taken");
	return line_end(&line);
}

bool
aside_nick_impossible(struct buf *b, struct slice name, const char *reason)
{
	struct line line = line_begin(b, "nick");

	line_add(&line, "the name ");
	line_add_name(&line, name);
	line_add(&line, " is not possible: ");
	line_add(&line, reason);
	return line_end(&line);
}

bool
aside_join(struct buf *b, const struct aside_room *room)
{
	struct line line = line_begin(b, "join");

	line_add(&line, "you are in ");
	add_room(&line, room->name);
	line_add(&line, ", there are ");
	line_add_number(&line, room->users);
	line_add(&line, " users");
	return line_end(&line);
}

bool
aside_join_impossible(struct buf *b, struct slice room, const char *reason)
{
	struct line line = line_begin(b, "join");

	line_add(&line, "the room ");
	line_add_name(&line, room);
	line_add(&line, " is not possible: ");
	line_add(&line, reason);
	return line_end(&line);
}

bool
aside_whisper_sent(struct buf *b, const struct slice *names, size_t count,
    struct slice text)
{
	struct line line = line_begin(b, "whisper");

	line_add(&line, "to ");
	add_names(&line, names, count);
	line_add(&line, ": ");
	line_add_safe(&line, text);
	return line_end(&line);
}

bool
aside_whisper_lost(struct buf *b, const struct slice *names, size_t count)
{
	struct line line = line_begin(b, "whisper");

	line_add(&line, "not found: ");
	add_names(&line, names, count);
	return line_end(&line);
}

bool
aside_whisper(struct buf *b, struct slice from, struct slice text)
{
	struct line line = line_begin(b, "whisper");

	line_add(&line, "from ");
	line_add_name(&line, from);
	line_add(&line, ": ");
	line_add_safe(&line, text);
	return line_end(&line);
}

bool
aside_resume_token(struct buf *b, const char *token)
{
	struct line line = line_begin(b, "resume");

	line_add(&line, "token ");
	line_add(&line, token);
	return line_end(&line);
}

bool
aside_resume_again(struct buf *b, struct slice name, struct slice room)
{
	struct line line = line_begin(b, "resume");

	line_add(&line, "you are ");
	line_add_name(&line, name);
	line_add(&line, " again, in ");
	add_room(&line, room);
	return line_end(&line);
}

bool
aside_resume_unknown(struct buf *b, struct slice name)
{
	struct line line = line_begin(b, "resume");

	line_add(&line, "not known any more, you are ");
	line_add_name(&line, name);
	return line_end(&line);
}

bool
aside_resume_repeating(struct buf *b, uint64_t from)
{
	struct line line = line_begin(b, "resume");

	line_add(&line, "repeating from ");
	line_add_number(&line, from);
	return line_end(&line);
}

bool
aside_resume_lost(struct buf *b, uint64_t from, uint64_t to)
{
	struct line line = line_begin(b, "resume");

	line_add(&line, "lost ");
	line_add_number(&line, from);
	line_add(&line, "-");
	line_add_number(&line, to);
	return line_end(&line);
}

bool
aside_ping(struct buf *b)
{
	struct line line = line_begin(b, "ping");

	line_add(&line, "pong");
	return line_end(&line);
}

/* No name begins with one of the signs. */
static void
add_member(struct line *line, struct slice text)
{
	char sign = text.len > 0 ? *text.at : '\0';

	if (sign == '+' || sign == '-')
		text = (struct slice){ text.at + 1, text.len - 1 };
	line_add_name(line, text);
	if (sign == '-')
		line_add(line, " (away)");
}

static void
add_names(struct line *line, const struct slice *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			line_add(line, ", ");
		line_add_name(line, names[i]);
	}
}

static void
add_room(struct line *line, struct slice room)
{
	if (room.len == 0)
		line_add(line, "the default room");
	else
		line_add_name(line, room);
}

static void
add_more(struct line *line, uint64_t more)
{
	if (more == 0)
		return;
	line_add(line, ", and ");
	line_add_number(line, more);
	line_add(line, " more");
}
