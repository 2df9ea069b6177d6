/*
 * banlist - see banlist.h.
 */
#include "config.h"

#include "parent/banlist.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/bans.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/logger.h"
#include "base/settings.h"
#include "parent/regular.h"

#define LINE	256	/* bytes with the NUL */

struct banlist {
	const char *path;
	struct bans *tables[BANLIST_KINDS];
};

static const char mute[] = "mute";	/* of a line, in front */

static uint64_t
now_s(void)
{
	return clock_wall_us() / 1000000;
}

/* False: it has another form. */
static bool
take_line(struct banlist *list, char *line)
{
	enum banlist_kind kind = BANLIST_BANNED;
	char *address, *rest, *end;
	uint64_t until_s = BANS_FOREVER;
	struct network network;
	const char *why;

	line[strcspn(line, "#\n")] = '\0';
	address = strtok_r(line, " \t", &rest);
	if (address == NULL)
		return true;
	if (strcmp(address, mute) == 0) {
		kind = BANLIST_MUTED;
		address = strtok_r(NULL, " \t", &rest);
		if (address == NULL)
			return false;
	}
	rest += strspn(rest, " \t");
	for (size_t len = strlen(rest); len > 0 &&
	    strchr(" \t\r", rest[len - 1]) != NULL;)
		rest[--len] = '\0';
	if (strcmp(rest, "for ever") != 0) {
		errno = 0;
		until_s = strtoull(rest, &end, 10);
		if (*rest < '0' || *rest > '9' || *end != '\0' || errno != 0)
			return false;
	}
	return network_read(address, &network, &why) &&
	    bans_set(list->tables[kind], network, until_s);
}

static void
expire(struct banlist *list)
{
	for (unsigned i = 0; i < BANLIST_KINDS; i++)
		bans_expire(list->tables[i], now_s());
}

static void
read_file(struct banlist *list, FILE *file)
{
	char line[LINE];

	for (unsigned n = 1; fgets(line, sizeof(line), file) != NULL; n++) {
		if (take_line(list, line))
			continue;
		errno = 0;
		die(EX_CONFIG, "%s:%u: is not [mute] ADDRESS SECONDS or "
		    "[mute] ADDRESS for ever, or one too many", list->path,
		    n);
	}
	if (ferror(file))
		die(EX_IOERR, "%s", list->path);
}

/* Else it would be found when somebody is banned, and again when the next
 * server lets him in. */
static void
warn_about_folder(const char *path)
{
	char folder[SETTINGS_PATH], shown[SETTINGS_PATH];
	const char *slash = strrchr(path, '/');

	snprintf(folder, sizeof(folder), "%.*s", slash == NULL ? 1 :
	    (int)(slash + 1 - path), slash == NULL ? "." : path);
	if (access(folder, W_OK | X_OK) != 0)
		logger_warning("bans will not be stored",
		    "folder=%s error=\"%s\"", logger_escape(folder,
		    strlen(folder), shown, sizeof(shown)), strerror(errno));
}

struct banlist *
banlist_open(const char *path)
{
	struct banlist *list = calloc(1, sizeof(*list));
	const char *why = "no memory";
	struct stat st;
	FILE *file;
	int fd;

	if (list == NULL)
		die(EX_OSERR, "bans");
	for (unsigned i = 0; i < BANLIST_KINDS; i++)
		if ((list->tables[i] = bans_new()) == NULL)
			die(EX_OSERR, "bans");
	list->path = path;
	if (*path == '\0')
		return list;
	warn_about_folder(path);
	fd = regular_open(path, &st, &why);
	if (fd < 0 && errno == ENOENT)
		return list;
	file = fd < 0 ? NULL : fdopen(fd, "r");
	if (file == NULL) {
		errno = 0;
		die(EX_NOINPUT, "%s: %s", path, why);
	}
	read_file(list, file);
	fclose(file);
	expire(list);
	return list;
}

void
banlist_free(struct banlist *list)
{
	if (list == NULL)
		return;
	for (unsigned i = 0; i < BANLIST_KINDS; i++)
		bans_free(list->tables[i]);
	free(list);
}

static void
write_ban(void *arg, struct network network, uint64_t until_s)
{
	char address[NETADDR_KEY_TEXT];
	FILE *file = arg;

	network_format(network, address);
	if (until_s == BANS_FOREVER)
		fprintf(file, "%s for ever\n", address);
	else
		fprintf(file, "%s %" PRIu64 "\n", address, until_s);
}

static void
write_mute(void *arg, struct network network, uint64_t until_s)
{
	fprintf(arg, "%s ", mute);
	write_ban(arg, network, until_s);
}

/* The whole file or, whatever happens, the old one. */
static bool
store(const struct banlist *list, const char *fresh)
{
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	bool good;

	if (file == NULL) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	fputs("# Written by wschatd; change it while no server runs.\n",
	    file);
	bans_each(list->tables[BANLIST_BANNED], write_ban, file);
	bans_each(list->tables[BANLIST_MUTED], write_mute, file);
	good = fflush(file) == 0 && fsync(fd) == 0;
	if (fclose(file) != 0 || !good)
		return false;
	return rename(fresh, list->path) == 0;
}

void
banlist_set(struct banlist *list, enum banlist_kind kind,
    struct network network, uint64_t until_s)
{
	struct bans *table = list->tables[kind];
	char fresh[SETTINGS_PATH + 8];

	expire(list);
	if (!bans_set(table, network, until_s))
		logger_error(kind == BANLIST_BANNED ?
		    "a ban is lost with the broker" :
		    "a mute is lost with the broker", "count=%zu",
		    bans_count(table));
	if (*list->path == '\0')
		return;
	snprintf(fresh, sizeof(fresh), "%s.new", list->path);
	if (!store(list, fresh))
		logger_error("bans are not stored", "error=\"%s\"",
		    strerror(errno));
}

const struct bans *
banlist_get(const struct banlist *list, enum banlist_kind kind)
{
	return list->tables[kind];
}
