/*
 * value - one setting's text: read, judged, stored, written back.
 *
 * Runs in the parent; pure.
 */
#include "config.h"

#include "parent/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/netaddr.h"
#include "base/origin.h"

static bool
parse_number(const char *text, uint64_t *out)
{
	const char *end = text + strspn(text, "0123456789");

	/* Sizes without a unit are numbers. */
	return *end == '\0' && settings_parse_size(text, out);
}

/* Seconds with up to three digits behind the point. */
static bool
parse_seconds(const char *text, uint64_t *ms_out)
{
	uint64_t seconds = 0, ms = 0;
	unsigned scale = 1000;

	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++) {
		seconds = seconds * 10 + (uint64_t)(*text - '0');
		if (seconds > UINT32_MAX)
			return false;
	}
	if (*text == '.') {
		if (*++text == '\0')
			return false;
		for (; *text >= '0' && *text <= '9' && scale > 1; text++) {
			scale /= 10;
			ms += (uint64_t)(*text - '0') * scale;
		}
	}
	*ms_out = seconds * 1000 + ms;
	return *text == '\0';
}

static bool
parse_bool(const char *text, uint64_t *out)
{
	static const char *const words[][2] = {
		{ "no", "yes" }, { "false", "true" }, { "off", "on" }
	};
	size_t i, j;

	for (i = 0; i < 3; i++) {
		for (j = 0; j < 2; j++) {
			if (strcmp(text, words[i][j]) == 0) {
				*out = j;
				return true;
			}
		}
	}
	return false;
}

static bool
parse_word(const struct settings_row *row, const char *text, uint64_t *out)
{
	for (*out = 0; row->words[*out] != NULL; ++*out)
		if (strcmp(text, row->words[*out]) == 0)
			return true;
	return false;
}

/* The byte count of the UTF-8 character at `text`; 0: there is none. */
static size_t
character_length(const char *text)
{
	const uint8_t *s = (const uint8_t *)text;
	uint32_t code;
	size_t len, i;

	if (s[0] < 0x80)
		return 1;
	len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	code = s[0] & (0x7fU >> len);
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if ((len == 3 && (code < 0x800 || (code & 0xf800) == 0xd800)) ||
	    (len == 4 && (code < 0x10000 || code > 0x10ffff)))
		return 0;
	return len;
}

/* Permissions as chmod(1) takes them, in octal. */
static bool
parse_mode(const char *text, uint64_t *out)
{
	uint64_t mode = 0;
	size_t len = strlen(text);

	if (len < 3 || len > 4)
		return false;
	for (; *text >= '0' && *text <= '7'; text++)
		mode = mode << 3 | (uint64_t)(*text - '0');
	*out = mode;
	return *text == '\0';
}

/* The letters that may follow a percent sign; NULL: it means nothing. */
static const char *
placeholders(const struct settings_row *row)
{
	if (row->section != SECTION_ROUTE)
		return NULL;
	if (row->offset == offsetof(struct settings_route, greeting))
		return "u%";
	if (row->offset == offsetof(struct settings_route, message))
		return "nt%";
	if (row->offset == offsetof(struct settings_route, echo))
		return "t%";
	return NULL;
}

static bool
judge_text(const struct settings_row *row, const char *text, char *why,
    size_t why_size)
{
	const char *letters = placeholders(row);
	size_t len = strlen(text), step;

	if (len < row->min || len > row->max) {
		snprintf(why, why_size, "has %zu bytes, not %" PRIu64
		    " to %" PRIu64, len, row->min, row->max);
		return false;
	}
	for (; *text != '\0'; text += step) {
		step = character_length(text);
		if (step == 0 || (unsigned char)*text < 0x20 ||
		    *text == 0x7f) {
			snprintf(why, why_size,
			    "has a control character or is not UTF-8");
			return false;
		}
		if (*text != '%' || letters == NULL)
			continue;
		if (text[1] == '\0' || strchr(letters, text[1]) == NULL) {
			snprintf(why, why_size, "\"%.2s\" means nothing here; "
			    "there %s %%%c%s", text,
			    letters[1] == '%' ? "is" : "are", letters[0],
			    letters[1] == '%' ? " and %%" : ", %t and %%");
			return false;
		}
		step = 2;
	}
	return true;
}

/* What a list's texts must be, by their row. */
static bool
judge_item(const struct settings_row *row, const char *text, char *why,
    size_t why_size)
{
	struct netaddr_cidr cidr;
	const char *wrong;

	if (!judge_text(row, text, why, why_size))
		return false;
	if (row->section == SECTION_ROUTE &&
	    row->offset == offsetof(struct settings_route, origins) &&
	    !origin_is_valid_setting(text)) {
		snprintf(why, why_size, "\"%.80s\" is not an origin such as "
		    "https://example.org, without a path", text);
		return false;
	}
	if (row->section == SECTION_TOP &&
	    row->offset == offsetof(struct settings, trusted_proxies) &&
	    strcmp(text, VALUE_UNIX) != 0 &&
	    !netaddr_cidr_parse(text, &cidr, &wrong)) {
		snprintf(why, why_size, "\"%.80s\" %s", text, wrong);
		return false;
	}
	return true;
}

/* A number of the row's unit as a user would write it. */
static const char *
format_number(const struct settings_row *row, uint64_t value, char *out,
    size_t size)
{
	if (row->type == TYPE_SIZE)
		return settings_format_size(value, out, size);
	if (row->type == TYPE_MODE) {
		snprintf(out, size, "%04" PRIo64, value);
		return out;
	}
	if (row->type == TYPE_SECONDS && value % 1000 != 0) {
		snprintf(out, size, "%" PRIu64 ".%03u", value / 1000,
		    (unsigned)(value % 1000));
		while (out[strlen(out) - 1] == '0')
			out[strlen(out) - 1] = '\0';
		return out;
	}
	snprintf(out, size, "%" PRIu64,
	    row->type == TYPE_SECONDS ? value / 1000 : value);
	return out;
}

const char *
value_bounds(const struct settings_row *row, char *out, size_t size)
{
	char min[32], max[32];
	size_t i, at = 0;

	switch (row->type) {
	case TYPE_BOOL:
		return "yes | no";
	case TYPE_WORD:
		for (i = 0; row->words[i] != NULL && at < size; i++)
			at += (size_t)snprintf(out + at, size - at, "%s%s",
			    i > 0 ? " | " : "", row->words[i]);
		return out;
	case TYPE_TEXT:
	case TYPE_LIST:
		snprintf(out, size, "%" PRIu64 " to %" PRIu64 " bytes%s",
		    row->min, row->max, row->type == TYPE_LIST ? " each" : "");
		return out;
	case TYPE_NUMBER:
	case TYPE_SIZE:
	case TYPE_SECONDS:
	case TYPE_MODE:
		break;
	}
	snprintf(out, size, "%s to %s",
	    format_number(row, row->min, min, sizeof(min)),
	    format_number(row, row->max, max, sizeof(max)));
	return out;
}

static void
explain_words(const struct settings_row *row, const char *text, char *why,
    size_t why_size)
{
	size_t i, at;

	at = (size_t)snprintf(why, why_size, "\"%.40s\" is none of", text);
	for (i = 0; row->words[i] != NULL && at < why_size; i++)
		at += (size_t)snprintf(why + at, why_size - at, "%s %s",
		    i > 0 ? "," : "", row->words[i]);
}

static bool
parse(const struct settings_row *row, const char *text, uint64_t *out,
    char *why, size_t why_size)
{
	char min[32], max[32];
	const char *form = "a number";
	bool good = false;

	switch (row->type) {
	case TYPE_LIST:
		return *text == '\0' || judge_item(row, text, why, why_size);
	case TYPE_MODE:
		form = "permissions such as 0660";
		good = parse_mode(text, out);
		break;
	case TYPE_NUMBER:
		good = parse_number(text, out);
		break;
	case TYPE_SIZE:
		form = "a size such as 64K";
		good = settings_parse_size(text, out);
		break;
	case TYPE_SECONDS:
		form = "a number of seconds";
		good = parse_seconds(text, out);
		break;
	case TYPE_BOOL:
		form = "yes or no";
		good = parse_bool(text, out);
		break;
	case TYPE_WORD:
		good = parse_word(row, text, out);
		if (!good)
			explain_words(row, text, why, why_size);
		return good;
	case TYPE_TEXT:
		return judge_text(row, text, why, why_size);
	}
	if (!good) {
		snprintf(why, why_size, "\"%.40s\" is not %s", text, form);
		return false;
	}
	if (*out >= row->min && *out <= row->max)
		return true;
	snprintf(why, why_size, "%.40s is not between %s and %s", text,
	    format_number(row, row->min, min, sizeof(min)),
	    format_number(row, row->max, max, sizeof(max)));
	return false;
}

bool
value_store(const struct settings_row *row, const char *text, void *section,
    char *why, size_t why_size)
{
	uint64_t number = 0;
	uint32_t narrow;
	uint8_t *field;
	bool truth;

	if (!parse(row, text, &number, why, why_size))
		return false;
	if (section == NULL)
		return true;
	field = (uint8_t *)section + row->offset;
	if (row->type == TYPE_TEXT || row->type == TYPE_LIST) {
		/* The rest is zeroed: settings are compared and sealed. */
		memset(field, 0, row->size);
		memcpy(field, text, strlen(text));
	} else if (row->size == sizeof(truth)) {
		truth = number != 0;
		memcpy(field, &truth, sizeof(truth));
	} else if (row->size == sizeof(narrow)) {
		narrow = (uint32_t)number;
		memcpy(field, &narrow, sizeof(narrow));
	} else {
		memcpy(field, &number, sizeof(number));
	}
	return true;
}

bool
value_store_list(const struct settings_row *row, const char *const *texts,
    size_t count, void *section, char *why, size_t why_size)
{
	char list[SETTINGS_LIST] = "";
	size_t i, len, at = 0;

	for (i = 0; i < count; i++) {
		if (!judge_item(row, texts[i], why, why_size))
			return false;
		len = strlen(texts[i]) + 1;
		/* One byte is for the empty text behind the last. */
		if (len >= sizeof(list) - at) {
			snprintf(why, why_size, "has more than %d bytes",
			    SETTINGS_LIST - 2);
			return false;
		}
		memcpy(list + at, texts[i], len);
		at += len;
	}
	if (section != NULL)
		memcpy((char *)section + row->offset, list, sizeof(list));
	return true;
}

static uint64_t
load_number(const struct settings_row *row, const uint8_t *field)
{
	uint64_t number;
	uint32_t narrow;

	if (row->size == sizeof(bool))
		return *(const bool *)field;
	if (row->size == sizeof(narrow)) {
		memcpy(&narrow, field, sizeof(narrow));
		return narrow;
	}
	memcpy(&number, field, sizeof(number));
	return number;
}

const char *
value_quote(const char *text, char *out, size_t size)
{
	size_t at = 0;

	out[at++] = '"';
	for (; *text != '\0' && at + 4 < size; text++) {
		if (*text == '"' || *text == '\\' || *text == '$')
			out[at++] = '\\';
		out[at++] = *text;
	}
	out[at++] = '"';
	out[at] = '\0';
	return out;
}

static const char *
format_list(const char *list, char *out, size_t size)
{
	size_t at = 0;

	out[at++] = '{';
	for (; *list != '\0'; list = settings_list_next(list)) {
		at += (size_t)snprintf(out + at, size - at, "%s",
		    at > 1 ? ", " : " ");
		value_quote(list, out + at, size - at);
		at += strlen(out + at);
	}
	snprintf(out + at, size - at, "%s", at > 1 ? " }" : "}");
	return out;
}

const char *
value_format(const struct settings_row *row, const void *section, char *out,
    size_t size)
{
	const uint8_t *field = (const uint8_t *)section + row->offset;
	char size_text[32];

	switch (row->type) {
	case TYPE_TEXT:
		return value_quote((const char *)field, out, size);
	case TYPE_LIST:
		return format_list((const char *)field, out, size);
	case TYPE_WORD:
		return row->words[load_number(row, field)];
	case TYPE_BOOL:
		return load_number(row, field) != 0 ? "yes" : "no";
	case TYPE_SIZE:
		format_number(row, load_number(row, field), size_text,
		    sizeof(size_text));
		return value_quote(size_text, out, size);
	case TYPE_MODE:
	case TYPE_NUMBER:
	case TYPE_SECONDS:
		break;
	}
	return format_number(row, load_number(row, field), out, size);
}
