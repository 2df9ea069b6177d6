/*
 * second - see second.h.
 */
#include "config.h"

#include "ctl/second.h"

#include <stdint.h>
#include <string.h>

#include "ctl/amount.h"
#include "ctl/table.h"

#define US_PER_S	1000000.0

static json_int_t
number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

/* How much more it is; all of it when it began anew. */
static json_int_t
gain(const json_t *before, const json_t *after, const char *name)
{
	json_int_t was = number_of(before, name), is = number_of(after, name);

	return is >= was ? is - was : is;
}

static double
seconds_between(const json_t *before, const json_t *after)
{
	json_int_t us = gain(before, after, "clock_us");

	return us > 0 ? (double)us / US_PER_S : 1;
}

/*
 * Deliveries.
 */

static json_int_t
gain_of_bucket(const json_t *before, const json_t *after, size_t i)
{
	return gain(json_array_get(json_object_get(before, "delivery"), i),
	    json_array_get(json_object_get(after, "delivery"), i), "count");
}

/* The mean, and within what 99 of 100 were; null where there is none. */
static void
add_lag(json_t *second, const json_t *before, const json_t *after)
{
	const json_t *list = json_object_get(after, "delivery");
	const json_t *bucket = NULL;
	json_int_t count = 0, passed = 0, us = gain(
	    json_object_get(before, "counts"),
	    json_object_get(after, "counts"), "delivery_us");
	size_t i;

	json_array_foreach(list, i, bucket)
		count += gain_of_bucket(before, after, i);
	json_object_set_new(second, "lag_ms", count == 0 ? json_null() :
	    json_real((double)us / (double)count / 1000));
	json_array_foreach(list, i, bucket) {
		passed += gain_of_bucket(before, after, i);
		if (count > 0 && passed * 100 >= count * 99)
			break;
	}
	bucket = json_object_get(bucket, "us");
	json_object_set_new(second, "lag_99_ms", count == 0 ||
	    bucket == NULL ? json_null() :
	    json_real((double)json_integer_value(bucket) / 1000));
}

/*
 * Processes.
 */

static const json_t *
find_process(const json_t *answer, const json_t *like)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(answer, "processes"), i, one)
		if (strcmp(text_of(one, "process"),
		    text_of(like, "process")) == 0)
			return one;
	return NULL;
}

static json_t *
describe_process(const json_t *before, const json_t *one, double seconds)
{
	json_t *out = json_copy((json_t *)(uintptr_t)one);
	const json_t *was = find_process(before, one);
	json_int_t us = was == NULL ? 0 : gain(was, one, "cpu_us");

	(void)json_object_del(out, "cpu_us");
	(void)json_object_set_new(out, "cpu", json_real(
	    (double)us / US_PER_S / seconds * 100));
	return out;
}

static void
add_processes(json_t *second, const json_t *before, const json_t *after,
    double seconds)
{
	json_t *list = json_array();
	json_int_t slow = 0, backlog = 0;
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(after, "processes"), i, one) {
		(void)json_array_append_new(list, describe_process(before,
		    one, seconds));
		slow += number_of(one, "slow");
		if (number_of(one, "backlog") > backlog)
			backlog = number_of(one, "backlog");
	}
	(void)json_object_set_new(second, "slow", json_integer(slow));
	(void)json_object_set_new(second, "backlog", json_integer(backlog));
	(void)json_object_set_new(second, "processes", list);
}

json_t *
second_new(const json_t *before, const json_t *after)
{
	static const struct {
		const char *count, *rate;
	} rates[] = {
		{ "messages", "messages_s" }, { "received", "received_s" },
		{ "deliveries", "deliveries_s" },
		{ "bytes_in", "bytes_in_s" }, { "bytes_out", "bytes_out_s" }
	};
	static const char *const same[] = {
		"version", "uptime", "connections", "members", "rooms",
		"pending", "restarts"
	};
	double seconds = seconds_between(before, after);
	json_t *second = json_object();

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		(void)json_object_set(second, same[i],
		    json_object_get(after, same[i]));
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		(void)json_object_set_new(second, rates[i].rate, json_real(
		    (double)gain(json_object_get(before, "counts"),
		    json_object_get(after, "counts"), rates[i].count) /
		    seconds));
	add_lag(second, before, after);
	add_processes(second, before, after, seconds);
	return second;
}

/*
 * For people.
 */

static double
real_of(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

static void
print_lag(const json_t *second, FILE *out)
{
	if (json_is_null(json_object_get(second, "lag_ms"))) {
		fprintf(out, "lag          -\n");
		return;
	}
	fprintf(out, "lag          %.2f ms", real_of(second, "lag_ms"));
	if (!json_is_null(json_object_get(second, "lag_99_ms")))
		fprintf(out, ", of 99 %% at most %g ms", real_of(second,
		    "lag_99_ms"));
	fputc('\n', out);
}

static void
print_summary(const json_t *second, FILE *out)
{
	char up[AMOUNT_TEXT], in[AMOUNT_TEXT], sent[AMOUNT_TEXT];

	fprintf(out, "wschatd %s, up %s\n", text_of(second, "version"),
	    amount_time(number_of(second, "uptime"), up));
	fprintf(out, "here         %" JSON_INTEGER_FORMAT " connections, %"
	    JSON_INTEGER_FORMAT " members, %" JSON_INTEGER_FORMAT " rooms\n",
	    number_of(second, "connections"), number_of(second, "members"),
	    number_of(second, "rooms"));
	fprintf(out, "messages     %.0f/s said, %.0f/s received, %.0f/s "
	    "delivered\n", real_of(second, "messages_s"),
	    real_of(second, "received_s"), real_of(second, "deliveries_s"));
	fprintf(out, "bytes        %s/s in, %s/s out\n",
	    amount_bytes(real_of(second, "bytes_in_s"), in),
	    amount_bytes(real_of(second, "bytes_out_s"), sent));
	print_lag(second, out);
	fprintf(out, "waiting      %" JSON_INTEGER_FORMAT " slow clients, %"
	    JSON_INTEGER_FORMAT " requests\n\n", number_of(second, "slow"),
	    number_of(second, "pending"));
}

static void
add_integer(struct table *table, const json_t *object, const char *name)
{
	char text[24];

	snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT,
	    number_of(object, name));
	table_add(table, json_object_get(object, name) == NULL ? "-" : text);
}

static void
add_bytes(struct table *table, const json_t *object, const char *name)
{
	char text[AMOUNT_TEXT];

	table_add(table, json_object_get(object, name) == NULL ? "-" :
	    amount_bytes((double)number_of(object, name), text));
}

static void
add_process(struct table *table, const json_t *one)
{
	char cpu[24];

	snprintf(cpu, sizeof(cpu), "%.1f%%", real_of(one, "cpu"));
	table_add(table, text_of(one, "process"));
	add_integer(table, one, "pid");
	table_add(table, cpu);
	add_bytes(table, one, "memory");
	add_integer(table, one, "connections");
	add_integer(table, one, "slow");
	add_bytes(table, one, "backlog");
}

bool
second_print(const json_t *second, FILE *out)
{
	static const char *const titles[] = {
		"PROCESS", "PID", "CPU", "MEMORY", "CONNECTIONS", "SLOW",
		"BACKLOG"
	};
	const size_t columns = sizeof(titles) / sizeof(titles[0]);
	struct table *table = table_new(columns);
	const json_t *one;
	size_t i;
	bool good;

	if (table == NULL)
		return false;
	print_summary(second, out);
	for (i = 0; i < columns; i++)
		table_add(table, titles[i]);
	json_array_foreach(json_object_get(second, "processes"), i, one)
		add_process(table, one);
	good = table_print(table, out);
	table_free(table);
	return good && ferror(out) == 0;
}
