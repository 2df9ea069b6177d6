/*
 * explain - see explain.h.
 */
#include "config.h"

#include "parent/explain.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/die.h"
#include "base/settings_table.h"
#include "parent/environment.h"
#include "parent/nearest.h"
#include "parent/value.h"

#define KEY	64	/* bytes of "limits.connections-per-address" */

/* In the order of enum settings_section. */
static const struct {
	const char *prefix, *where;
} sections[] = {
	{ "", "outside of all sections" },
	{ "limits.", "in limits { }" },
	{ "route.", "in a route" },
	{ "listen.", "in a listener" }
};

/* In the order of enum settings_type. */
static const struct {
	const char *word, *text;
} types[] = {
	{ "number", "a number" },
	{ "size", "bytes, or with K, M or G behind them" },
	{ "time", "seconds, with up to three digits behind a point" },
	{ "switch", "yes or no" },
	{ "text", "a text" },
	{ "word", "one of the words" },
	{ "list", "texts: \"a\" or { \"a\", \"b\" }" },
	{ "mode", "permissions, in octal" }
};

/* What is no setting, and stands in a configuration all the same. */
static const struct {
	const char *name, *help;
} others[] = {
	{ "include", "include = \"conf.d/*.conf\" has other files read behind "
	    "this one; what they say counts over it." },
	{ "limits", "limits { ... } at the top holds the limits of all, in a "
	    "route those that are the route's own." },
	{ "listen", "listen \"127.0.0.1:8080\" { ... } accepts connections "
	    "there: ADDRESS:PORT, [ADDRESS]:PORT, unix:/PATH, fd:NUMBER or "
	    "fd:NAME." },
	{ "route", "route \"/chat\" { ... } says what a WebSocket client finds "
	    "at a path." }
};

static const char *
key_of(const struct settings_row *row, char key[KEY])
{
	snprintf(key, KEY, "%s%s", sections[row->section].prefix, row->name);
	return key;
}

/* The default as it would stand in the file. */
static const char *
initial_of(const struct settings_row *row, char *out, size_t size)
{
	void *section = calloc(1, row->offset + row->size);
	char why[256];
	const char *text;

	if (section == NULL)
		die(EX_OSERR, "explain");
	if (!value_store(row, row->initial, section, why, sizeof(why)))
		die(EX_SOFTWARE, "%s: %s", row->name, why);
	text = value_format(row, section, out, size);
	free(section);
	return text;
}

void
explain_list(FILE *out)
{
	char key[KEY], bounds[128], initial[VALUE_TEXT];
	size_t i;

	for (i = 0; i < settings_table_rows; i++) {
		const struct settings_row *row = &settings_table[i];

		fprintf(out, "%-32s  %-6s  %-30s  %-14s  %s\n",
		    key_of(row, key), types[row->type].word,
		    value_bounds(row, bounds, sizeof(bounds)),
		    initial_of(row, initial, sizeof(initial)),
		    row->reloadable ? "reload" : "restart");
	}
}

/* In lines of at most 72 columns, indented. */
static void
print_help(const char *text, FILE *out)
{
	size_t len, end;

	while (*text != '\0') {
		len = strlen(text);
		for (end = len <= 72 ? len : 72; end < len && end > 1 &&
		    text[end] != ' ';)
			end--;
		fprintf(out, "    %.*s\n", (int)end, text);
		text += end + (text[end] == ' ');
	}
}

static void
print_row(const struct settings_row *row, FILE *out)
{
	char key[KEY], bounds[128], initial[VALUE_TEXT];
	char variable[ENVIRONMENT_NAME];

	fprintf(out, "%s\n", key_of(row, key));
	print_help(row->help, out);
	fprintf(out, "    Type:     %s\n", types[row->type].text);
	fprintf(out, "    Bounds:   %s\n",
	    value_bounds(row, bounds, sizeof(bounds)));
	fprintf(out, "    Default:  %s\n",
	    initial_of(row, initial, sizeof(initial)));
	fprintf(out, "    Change:   %s\n", row->reloadable ?
	    "counts with the next reload" : "needs a restart");
	fprintf(out, "    Stands:   %s%s\n", sections[row->section].where,
	    row->in_route ? ", and in one of a route" : "");
	if (environment_name(row, variable) != NULL)
		fprintf(out, "    Variable: %s\n", variable);
}

bool
explain_one(const char *key, FILE *out, char *why, size_t size)
{
	struct nearest near = { .word = key };
	char full[KEY];
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(key, others[i].name) == 0) {
			fprintf(out, "%s\n", key);
			print_help(others[i].help, out);
			return true;
		}
		nearest_offer(&near, others[i].name);
	}
	for (i = 0; i < settings_table_rows; i++) {
		const struct settings_row *row = &settings_table[i];

		if (strcmp(key, row->name) == 0 ||
		    strcmp(key, key_of(row, full)) == 0) {
			print_row(row, out);
			return true;
		}
		nearest_offer(&near, row->name);
	}
	snprintf(why, size, "there is no setting \"%.64s\"; did you mean "
	    "\"%s\"?", key, near.name);
	return false;
}
