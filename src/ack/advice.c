/* advice: items into 824 sets, envelopes opened when the first item needs them, bytes handed on in portions. */
#include "muster/advice.h"

#include <errno.h>
#include <stdio.h>

#include "muster/date.h"
#include "muster/env.h"
#include "muster/text.h"

#define NUMBER_MAX 999999999u
#define GUIDE_824 "005010X186A1"
/* TED02, RED01; what is longer goes on in the next RED. */
#define CONDITION_BYTES 60u
#define DESCRIPTION_BYTES 80u
#define DESCRIPTIONS_MAX 5u
/* So many bytes wait before they are handed on. */
#define PORTION_BYTES (64u * 1024u)

/* Not ':' for components, as elsewhere: it stands in the texts for people. */
static const struct x12_separators separators = {'*', '>', '^', '~'};

struct advice {
	struct env *env;
	int64_t clock_ms;
	uint32_t control_number;
	struct advice_sink sink;
	struct buffer out, text, masked;
	int error; /* of a text that was cleared since */
	struct x12_writer writer;
	struct advice_tset tset;
	bool has_tset;
	uint32_t open_fgroup; /* its ordinal; 0 = none */
	bool tset_open;
	uint32_t tset_count; /* of the group in hand */
};

int advice_new(struct env *env, int64_t clock_ms, uint32_t control_number, const struct advice_sink *sink,
	       struct advice **ret_advice)
{
	struct advice *advice = env_alloc(env, sizeof(*advice));

	if (advice == NULL)
		return -ENOMEM;
	advice->env = env;
	advice->clock_ms = clock_ms;
	advice->control_number = control_number;
	advice->sink = *sink;
	buffer_init(&advice->out, env);
	buffer_init(&advice->text, env);
	buffer_init(&advice->masked, env);
	x12_writer_init(&advice->writer, &advice->out, &separators);
	advice->writer.newline = true;
	*ret_advice = advice;
	return 0;
}

void advice_free(struct advice *advice)
{
	if (advice == NULL)
		return;
	buffer_fini(&advice->out);
	buffer_fini(&advice->text);
	buffer_fini(&advice->masked);
	env_free(advice->env, advice);
}

/* ---- values ---- */

/* Begin anew; a failure stays known. */
static void clear(struct advice *advice, struct buffer *buffer)
{
	if (buffer->error != 0)
		advice->error = buffer->error;
	buffer_clear(buffer);
}

/*
 * `value` as an element of `min` to `max` characters can hold it: ASCII without separators and control bytes, no
 * blanks at its ends. Shorter than `min`, or nothing at all: `instead`. Borrowed until the next call.
 */
static struct slice fit(struct advice *advice, struct slice value, size_t min, size_t max, const char *instead)
{
	struct slice fitted;

	clear(advice, &advice->text);
	for (size_t i = 0; i < value.len && advice->text.len < max; i++) {
		struct slice one = slice_of(value.data + i, 1);
		bool clean = (unsigned char)one.data[0] < 0x80 && x12_value_is_clean(&separators, one);

		if (advice->text.len > 0 || (clean && one.data[0] != ' '))
			buffer_add_char(&advice->text, clean ? one.data[0] : ' ');
	}
	fitted = slice_trim(buffer_slice(&advice->text));
	return fitted.len >= min && fitted.len > 0 ? fitted : slice_from(instead);
}

/* What the sender has written; what may be an SSN shows its last four. */
static void write_quoted(struct advice *advice, struct slice value, size_t max)
{
	clear(advice, &advice->masked);
	buffer_add_slice(&advice->masked, value);
	text_cross_out(advice->masked.data, advice->masked.len);
	x12_write_element(&advice->writer, fit(advice, buffer_slice(&advice->masked), 1, max, ""));
}

static struct slice qualifier_of(struct slice qualifier)
{
	static const char *const known[] = {"01", "14", "20", "27", "28", "29", "30", "33"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (slice_is(qualifier, known[i]))
			return slice_from(known[i]);
	return SLICE_LITERAL("ZZ");
}

/* CCYYMMDD and HHMM of the sender, where they are that; ours must stand by our own rules. */
static struct slice date_or_none(struct slice value)
{
	date_day day;

	return date_parse_ccyymmdd(value, &day) ? value : SLICE_EMPTY;
}

static struct slice time_or_none(struct slice value)
{
	uint64_t number;
	bool fits = value.len == 4 && slice_to_u64(value, &number) && number / 100 < 24 && number % 100 < 60;

	return fits ? value : SLICE_EMPTY;
}

/* ---- envelopes ---- */

struct stamp {
	char date[9], time[5]; /* CCYYMMDD, HHMM */
};

static struct stamp stamp_of(const struct advice *advice)
{
	struct stamp stamp;
	char text[DATE_TEXT_BYTES];
	int64_t minutes = (advice->clock_ms % CLOCK_DAY_MS + CLOCK_DAY_MS) % CLOCK_DAY_MS / 60000;

	snprintf(stamp.date, sizeof(stamp.date), "%.8s",
		 date_format_ccyymmdd(date_of_clock_ms(advice->clock_ms), text));
	snprintf(stamp.time, sizeof(stamp.time), "%02u%02u", (unsigned)(minutes / 60) % 24, (unsigned)(minutes % 60));
	return stamp;
}

static void open_fgroup(struct advice *advice)
{
	const struct advice_tset *in = &advice->tset;
	struct stamp stamp = stamp_of(advice);
	uint64_t number = ((uint64_t)advice->control_number + in->fgroup_ordinal - 2) % NUMBER_MAX + 1;
	char sender[16], receiver[16], code[2][16];
	char usage = slice_is(in->usage, "P") || slice_is(in->usage, "I") ? in->usage.data[0] : 'T';

	slice_to_cstr(fit(advice, in->receiver_id, 1, 15, "UNKNOWN"), sender, sizeof(sender));
	slice_to_cstr(fit(advice, in->sender_id, 1, 15, "UNKNOWN"), receiver, sizeof(receiver));
	slice_to_cstr(fit(advice, in->receiver_code, 2, 15, "UNKNOWN"), code[0], sizeof(code[0]));
	slice_to_cstr(fit(advice, in->sender_code, 2, 15, "UNKNOWN"), code[1], sizeof(code[1]));
	x12_write_isa(&advice->writer, qualifier_of(in->receiver_qualifier), slice_from(sender),
		      qualifier_of(in->sender_qualifier), slice_from(receiver), slice_of(stamp.date + 2, 6),
		      slice_from(stamp.time), SLICE_LITERAL("00501"), (uint32_t)number, '0', usage);
	x12_write_gs(&advice->writer, SLICE_LITERAL("AG"), slice_from(code[0]), slice_from(code[1]),
		     slice_from(stamp.date), slice_from(stamp.time), (uint32_t)number, SLICE_LITERAL(GUIDE_824));
	advice->open_fgroup = in->fgroup_ordinal;
	advice->tset_count = 0;
}

static void close_tset(struct advice *advice)
{
	if (advice->tset_open)
		x12_write_se(&advice->writer);
	advice->tset_open = false;
}

static void close_fgroup(struct advice *advice)
{
	close_tset(advice);
	if (advice->open_fgroup != 0) {
		x12_write_ge(&advice->writer);
		x12_write_iea(&advice->writer);
	}
	advice->open_fgroup = 0;
}

static void write_party(struct advice *advice, const char *entity, struct slice id)
{
	char text[16];

	slice_to_cstr(fit(advice, id, 2, 15, "UNKNOWN"), text, sizeof(text));
	x12_segment_begin(&advice->writer, "N1");
	x12_write_element(&advice->writer, slice_from(entity));
	x12_write_element(&advice->writer, slice_from(text));
	x12_write_element(&advice->writer, SLICE_LITERAL("ZZ"));
	x12_write_element(&advice->writer, slice_from(text));
	x12_segment_end(&advice->writer);
}

static void open_tset(struct advice *advice)
{
	const struct advice_tset *in = &advice->tset;
	struct x12_writer *writer = &advice->writer;
	struct stamp stamp = stamp_of(advice);
	char reference[40];

	x12_write_st(writer, SLICE_LITERAL("824"), ++advice->tset_count, SLICE_LITERAL(GUIDE_824));
	snprintf(reference, sizeof(reference), "%s-%s", writer->interchange_control, writer->tset_control);
	x12_segment_begin(writer, "BGN");
	x12_write_element(writer, SLICE_LITERAL("11"));
	x12_write_element(writer, slice_from(reference));
	x12_write_element(writer, slice_from(stamp.date));
	x12_write_element(writer, slice_from(stamp.time));
	x12_write_element(writer, SLICE_EMPTY);
	x12_write_element(writer, fit(advice, in->reference, 1, 50, ""));
	x12_write_element(writer, SLICE_EMPTY);
	x12_write_element(writer, SLICE_LITERAL("U"));
	x12_segment_end(writer);
	write_party(advice, "41", in->receiver_id);
	write_party(advice, "40", in->sender_id);
	advice->tset_open = true;
}

void advice_set(struct advice *advice, const struct advice_tset *tset)
{
	close_tset(advice);
	if (advice->open_fgroup != tset->fgroup_ordinal)
		close_fgroup(advice);
	advice->tset = *tset;
	advice->has_tset = true;
}

/* ---- items ---- */

static void write_oti(struct advice *advice, const struct advice_item *item)
{
	const struct advice_tset *in = &advice->tset;
	struct x12_writer *writer = &advice->writer;
	bool whole = item->member_pos == 0;
	struct slice control = fit(advice, in->control_number, 4, 9, "");
	char number[16];

	x12_segment_begin(writer, "OTI");
	x12_write_element(writer, slice_from(whole ? (item->rejected ? "TR" : "TE") : item->rejected ? "IR" : "IE"));
	x12_write_element(writer, whole ? SLICE_LITERAL("TN") : SLICE_LITERAL("IX"));
	snprintf(number, sizeof(number), "%u", item->member_pos);
	x12_write_element(writer, !whole ? slice_from(number) : control.len > 0 ? control : SLICE_LITERAL("0"));
	x12_write_element(writer, SLICE_EMPTY);
	x12_write_element(writer, SLICE_EMPTY);
	x12_write_element(writer, date_or_none(in->fgroup_date));
	x12_write_element(writer, time_or_none(in->fgroup_time));
	x12_write_element(writer, in->fgroup_control.len <= 9 && slice_is_digits(in->fgroup_control)
					  ? in->fgroup_control
					  : SLICE_LITERAL("0"));
	/* Of a set without number OTI10 and OTI09 stay empty: one wants the other. */
	control = fit(advice, in->control_number, 4, 9, "");
	x12_write_element(writer, control);
	x12_write_element(writer, control.len > 0 ? fit(advice, in->set_id, 3, 3, "") : SLICE_EMPTY);
	x12_write_element(writer, fit(advice, in->version, 1, 12, ""));
	x12_segment_end(writer);
}

static void write_who(struct advice *advice, const struct advice_item *item)
{
	struct x12_writer *writer = &advice->writer;

	if (fit(advice, item->subscriber_id, 1, 50, "").len > 0) {
		x12_segment_begin(writer, "REF");
		x12_write_element(writer, SLICE_LITERAL("0F"));
		write_quoted(advice, item->subscriber_id, 50);
		x12_segment_end(writer);
		return;
	}
	if (fit(advice, item->last_name, 1, 60, "").len == 0)
		return;
	x12_segment_begin(writer, "NM1");
	x12_write_element(writer, SLICE_LITERAL("IL"));
	x12_write_element(writer, SLICE_LITERAL("1"));
	write_quoted(advice, item->last_name, 60);
	write_quoted(advice, item->first_name, 35);
	x12_segment_end(writer);
}

static void write_condition(struct advice *advice, const struct advice_item *item)
{
	struct x12_writer *writer = &advice->writer;

	x12_segment_begin(writer, "TED");
	x12_write_element(writer, SLICE_LITERAL("024"));
	x12_write_element(writer, fit(advice, item->category, 1, CONDITION_BYTES, "NA"));
	if (item->segment_pos != 0) {
		x12_write_element(writer, SLICE_LITERAL("INS"));
		x12_write_number(writer, item->segment_pos);
	}
	x12_segment_end(writer);
}

/* The reason in as many RED as it needs, broken between words. */
static void write_reason(struct advice *advice, struct slice reason)
{
	struct slice rest;

	clear(advice, &advice->masked);
	buffer_add_slice(&advice->masked, reason);
	text_cross_out(advice->masked.data, advice->masked.len);
	rest = slice_trim(buffer_slice(&advice->masked));
	for (uint32_t i = 0; rest.len > 0 && i < DESCRIPTIONS_MAX; i++) {
		size_t len = rest.len < DESCRIPTION_BYTES ? rest.len : DESCRIPTION_BYTES, at = len;

		while (len < rest.len && at > DESCRIPTION_BYTES / 2 && rest.data[at] != ' ')
			at--;
		if (len < rest.len && at > DESCRIPTION_BYTES / 2)
			len = at;
		x12_segment_begin(&advice->writer, "RED");
		x12_write_element(&advice->writer, fit(advice, slice_of(rest.data, len), 1, DESCRIPTION_BYTES, "NA"));
		x12_segment_end(&advice->writer);
		rest = slice_trim(slice_of(rest.data + len, rest.len - len));
	}
}

/* Beyond `keep` bytes all that is written goes on to the sink. */
static int hand_on(struct advice *advice, size_t keep)
{
	int r = 0;

	if (advice->error != 0 || advice->out.error != 0 || advice->text.error != 0 || advice->masked.error != 0)
		return -ENOMEM;
	if (advice->out.len > keep) {
		r = advice->sink.take(advice->sink.context, buffer_slice(&advice->out));
		buffer_clear(&advice->out);
	}
	return r;
}

int advice_add(struct advice *advice, const struct advice_item *item)
{
	if (!advice->has_tset)
		return 0;
	if (advice->open_fgroup == 0)
		open_fgroup(advice);
	if (!advice->tset_open)
		open_tset(advice);
	write_oti(advice, item);
	write_who(advice, item);
	write_condition(advice, item);
	write_reason(advice, item->reason);
	return hand_on(advice, PORTION_BYTES);
}

int advice_finish(struct advice *advice)
{
	close_fgroup(advice);
	return hand_on(advice, 0);
}
