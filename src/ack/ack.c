/*
 * Envelopes of acknowledgments.
 *
 * A 999 is written while the walk goes on: ISA with the first group answered, AK1 with each group, AK2..IK5 with
 * each set. Whether the interchange is taken at all is known only at its end: if not, what was written is cut off
 * again and its control numbers are free for others. A group rejected at its end turns its sets' IK5 into R.
 *
 * A group of version 004010 is answered with a 997 in its place: the older names, no guide ids, no contexts, and the
 * codes of that time (ack_code).
 *
 * Control numbers  each interchange written takes one; its first GS bears the same, further ones take their own, so
 *                  that neither ISA13 nor GS06 comes twice.
 */
#include "muster/ack.h"

#include <errno.h>
#include <stdio.h>

#include "ack_state.h"
#include "muster/date.h"

#define NUMBER_MAX 999999999u
#define GUIDE_999 "005010X231A1"
#define VERSION_997 "004010"

static const struct x12_separators separators = {'*', ':', '^', '~'};

struct stamp {
	char date[9], time[5]; /* CCYYMMDD, HHMM */
};

static struct stamp stamp_of(const struct ack *ack)
{
	struct stamp stamp;
	char text[DATE_TEXT_BYTES];
	int64_t minutes = (ack->options.clock_ms % CLOCK_DAY_MS + CLOCK_DAY_MS) % CLOCK_DAY_MS / 60000;
	snprintf(stamp.date, sizeof(stamp.date), "%.8s",
		 date_format_ccyymmdd(date_of_clock_ms(ack->options.clock_ms), text));
	snprintf(stamp.time, sizeof(stamp.time), "%02u%02u", (unsigned)(minutes / 60) % 24, (unsigned)(minutes % 60));
	return stamp;
}

static uint32_t take_number(struct ack *ack)
{
	uint32_t number = ack->next_number;
	ack->next_number = number >= NUMBER_MAX ? 1 : number + 1;
	return number;
}

static char usage_of(const struct ack *ack)
{
	struct slice usage = ack->interchange.usage;
	if (ack->options.trial || usage.len != 1 || (usage.data[0] != 'P' && usage.data[0] != 'I'))
		return 'T';
	return usage.data[0];
}

/* A party of the sender's ISA, or a word that can stand in ours where there is none. */
static struct slice party(const struct ack *ack, struct slice value, char out[40])
{
	struct slice fitted = ack_fit(ack, value, 0, 15, out);
	return fitted.len > 0 ? fitted : SLICE_LITERAL("UNKNOWN");
}

/* Of a qualifier out of the list the reader has told; ours is one of it. */
static struct slice party_qualifier(struct slice qualifier)
{
	static const char *const known[] = {"01", "14", "20", "27", "28", "29", "30", "33"};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (slice_is(qualifier, known[i]))
			return qualifier;
	return SLICE_LITERAL("ZZ");
}

/* Sender and receiver change places. */
static void write_isa(struct ack *ack, struct x12_writer *writer, uint32_t number)
{
	const struct x12_interchange *in = &ack->interchange;
	struct stamp stamp = stamp_of(ack);
	char text[2][40];
	/* Who writes in the older version reads it, too. */
	struct slice version = slice_is(in->version, "00401") ? in->version : SLICE_LITERAL("00501");
	x12_write_isa(writer, party_qualifier(in->receiver_qualifier), party(ack, in->receiver_id, text[0]),
		      party_qualifier(in->sender_qualifier), party(ack, in->sender_id, text[1]),
		      slice_of(stamp.date + 2, 6), slice_from(stamp.time), version, number, '0', usage_of(ack));
}

static struct slice digits_or_zeros(const struct ack *ack, struct slice value, size_t width, char out[40])
{
	struct slice fitted = ack_fit(ack, value, width, width, out);
	if (!slice_is_digits(fitted))
		memset(out, '0', width);
	return fitted;
}

static void write_ta1(struct ack *ack)
{
	const struct x12_interchange *in = &ack->interchange;
	struct x12_writer writer;
	const char *code = ack->error_code != NULL ? ack->error_code : ack->warning_code;
	char text[40];

	x12_writer_init(&writer, &ack->ta1, &separators);
	writer.newline = true;
	write_isa(ack, &writer, take_number(ack));
	x12_segment_begin(&writer, "TA1");
	x12_write_element(&writer, digits_or_zeros(ack, in->control_number, 9, text));
	x12_write_element(&writer, digits_or_zeros(ack, in->date, 6, text));
	x12_write_element(&writer, digits_or_zeros(ack, in->time, 4, text));
	x12_write_element(&writer, ack->rejected  ? SLICE_LITERAL("R")
				   : code != NULL ? SLICE_LITERAL("E")
						  : SLICE_LITERAL("A"));
	x12_write_element(&writer, code != NULL ? slice_from(code) : SLICE_LITERAL("000"));
	x12_segment_end(&writer);
	x12_write_iea(&writer);
}

static int on_interchange_begin(void *context, const struct x12_interchange *interchange)
{
	struct ack *ack = context;
	ack->interchange = *interchange;
	ack->interchange_open = true;
	ack->error_code = ack->warning_code = NULL;
	ack->rejected = interchange->rejected;
	ack->reply_open = false;
	ack->reply_start = ack->reply.len;
	ack->groups_written = 0;
	ack->numbers_before = ack->next_number;
	return 0;
}

/* An interchange that holds only TA1s is an answer itself, and an answer is not answered. */
static bool wants_ta1(const struct ack *ack, const struct x12_interchange *interchange)
{
	if (ack->rejected || slice_is(interchange->ack_requested, "1"))
		return true;
	return !ack->options.ta1_only_when_asked && interchange->fgroup_count > 0;
}

static int on_interchange_end(void *context, const struct x12_interchange *interchange)
{
	struct ack *ack = context;
	ack->interchange = *interchange;
	ack->rejected |= interchange->rejected;
	if (ack->reply_open && ack->rejected) {
		ack->reply.len = ack->reply_start;
		ack->next_number = ack->numbers_before;
	} else if (ack->reply_open) {
		x12_write_iea(&ack->writer);
	}
	if (wants_ta1(ack, interchange))
		write_ta1(ack);
	ack->interchange_open = false;
	return ack->ta1.error != 0 ? ack->ta1.error : ack->reply.error;
}

static void open_reply(struct ack *ack)
{
	struct stamp stamp = stamp_of(ack);
	uint32_t number = take_number(ack);
	char text[2][40];

	if (!ack->reply_open) {
		ack->reply_start = ack->reply.len;
		write_isa(ack, &ack->writer, number);
	}
	ack->reply_open = true;
	x12_write_gs(&ack->writer, SLICE_LITERAL("FA"), ack_fit(ack, ack->fgroup.receiver_code, 2, 15, text[0]),
		     ack_fit(ack, ack->fgroup.sender_code, 2, 15, text[1]), slice_from(stamp.date),
		     slice_from(stamp.time), number,
		     ack->is_997 ? SLICE_LITERAL(VERSION_997) : SLICE_LITERAL(GUIDE_999));
}

static int on_fgroup_begin(void *context, const struct x12_fgroup *fgroup)
{
	struct ack *ack = context;
	char text[40];

	ack->fgroup = *fgroup;
	ack->fgroup_answered = !slice_is(fgroup->functional_id, "FA");
	ack->fgroup_rejected = fgroup->rejected;
	ack->is_997 = slice_starts_with(fgroup->version, "004");
	ack->fgroup_codes.count = 0;
	ack->sets_accepted = ack->sets_with_errors = ack->sets_rejected = 0;
	if (!ack->fgroup_answered)
		return 0;
	open_reply(ack);
	if (ack->is_997)
		x12_write_st(&ack->writer, SLICE_LITERAL("997"), 1, SLICE_EMPTY);
	else
		x12_write_st(&ack->writer, SLICE_LITERAL("999"), 1, SLICE_LITERAL(GUIDE_999));
	ack->fgroup_start = ack->reply.len;
	x12_segment_begin(&ack->writer, "AK1");
	x12_write_element(&ack->writer, ack_fit(ack, fgroup->functional_id, 2, 2, text));
	x12_write_element(&ack->writer, slice_is_digits(fgroup->control_number) && fgroup->control_number.len <= 9
						? fgroup->control_number
						: SLICE_LITERAL("0"));
	if (!ack->is_997)
		x12_write_element(&ack->writer, ack_fit(ack, fgroup->version, 1, 12, text));
	x12_segment_end(&ack->writer);
	return ack->reply.error;
}

/* Values are clean of terminators, so an IK5 (of a 997: AK5) behind one is a segment of ours. */
static void reject_sets(struct ack *ack)
{
	const char *mark = ack->is_997 ? "~\nAK5*" : "~\nIK5*";
	const size_t len = strlen(mark);
	for (size_t i = ack->fgroup_start; ack->reply.error == 0 && i + len < ack->reply.len; i++)
		if (memcmp(ack->reply.data + i, mark, len) == 0)
			ack->reply.data[i + len] = 'R';
	ack->sets_rejected += ack->sets_accepted + ack->sets_with_errors;
	ack->sets_accepted = ack->sets_with_errors = 0;
}

static const char *fgroup_verdict(const struct ack *ack)
{
	if (ack->fgroup_rejected)
		return "R";
	if (ack->sets_rejected > 0)
		return ack->sets_accepted + ack->sets_with_errors > 0 ? "P" : "R";
	return ack->sets_with_errors > 0 ? "E" : "A";
}

static uint64_t countable(uint64_t sets)
{
	return sets < LIMIT_FGROUP_TSETS ? sets : LIMIT_FGROUP_TSETS;
}

static int on_fgroup_end(void *context, const struct x12_fgroup *fgroup)
{
	struct ack *ack = context;
	struct x12_writer *writer = &ack->writer;
	uint64_t declared = fgroup->complete ? fgroup->declared_count : fgroup->tset_count;

	if (!ack->fgroup_answered)
		return 0;
	ack->fgroup_rejected |= fgroup->rejected;
	if (ack->fgroup_rejected)
		reject_sets(ack);
	x12_segment_begin(writer, "AK9");
	x12_write_element(writer, slice_from(fgroup_verdict(ack)));
	x12_write_number(writer, countable(declared));
	x12_write_number(writer, countable(fgroup->tset_count));
	x12_write_number(writer, countable(ack->sets_accepted + ack->sets_with_errors));
	for (uint32_t i = 0; i < ack->fgroup_codes.count; i++)
		x12_write_element(writer, slice_from(ack->fgroup_codes.codes[i]));
	x12_segment_end(writer);
	x12_write_se(writer);
	x12_write_ge(writer);
	return ack->reply.error;
}

static int on_tset_begin(void *context, const struct x12_tset *tset, const struct guide *guide)
{
	(void)guide;
	ack_set_begin(context, tset);
	return 0;
}

static int on_tset_end(void *context, const struct x12_tset *tset, const struct check_verdict *verdict)
{
	struct ack *ack = context;
	uint32_t before = ack->sets_accepted + ack->sets_with_errors + ack->sets_rejected;
	ack->sets_accepted += verdict->decision == CHECK_ACCEPTED;
	ack->sets_with_errors += verdict->decision == CHECK_ACCEPTED_WITH_ERRORS;
	ack->sets_rejected += verdict->decision == CHECK_REJECTED;
	return ack->fgroup_answered && before < LIMIT_FGROUP_TSETS ? ack_set_end(ack, tset, verdict) : 0;
}

/* The records that a sender looks for: loops 2000 of the 834, 2000A and 2000B of the 820. */
static bool is_record(const struct guide_loop *loop)
{
	/* Asked of every segment; the ids are arrays that hold more than four bytes. */
	return memcmp(loop->id, "2000", 4) == 0;
}

static int on_loop_begin(void *context, const struct guide *guide, const struct guide_loop *loop)
{
	(void)guide;
	if (is_record(loop))
		ack_set_record_begin(context);
	return 0;
}

static int on_loop_end(void *context, const struct guide *guide, const struct guide_loop *loop)
{
	(void)guide;
	return is_record(loop) ? ack_set_record_end(context) : 0;
}

/* What stands in a record and can be the key that a sender finds it by. */
static bool wants_segment(void *context, const struct guide *guide, const struct guide_segment *node)
{
	(void)context;
	return is_record(&guide->loops[node->loop]) && ack_set_is_key(guide, node);
}

static int on_segment(void *context, const struct guide *guide, const struct guide_segment *node,
		      const struct x12_segment *segment)
{
	/* Another handler that wants more may hand it on. */
	if (node != NULL && is_record(&guide->loops[node->loop]))
		ack_set_segment(context, segment);
	return 0;
}

/* TA1 has room for one code: the first error's, or else the first warning's. */
static void take_interchange_finding(struct ack *ack, const struct finding *finding)
{
	const char *code = finding_row(finding->code)->ack_code;
	if (!ack->interchange_open || finding->where.interchange != ack->interchange.ordinal)
		return;
	if (finding->severity == FINDING_ERROR) {
		ack->rejected = true;
		if (ack->error_code == NULL)
			ack->error_code = code;
	} else if (finding->severity == FINDING_WARNING && ack->warning_code == NULL) {
		ack->warning_code = code;
	}
}

static int on_finding(void *context, const struct finding *finding)
{
	struct ack *ack = context;
	switch (finding_row(finding->code)->scope) {
	case FINDING_INTERCHANGE:
		take_interchange_finding(ack, finding);
		return 0;
	case FINDING_FGROUP:
		if (finding->severity == FINDING_ERROR) {
			ack->fgroup_rejected = true;
			ack_codes_add(&ack->fgroup_codes, ack_code(ack, finding));
		}
		return 0;
	case FINDING_TSET:
	case FINDING_SEGMENT:
	case FINDING_ELEMENT:
		break;
	}
	if (finding->severity != FINDING_ERROR || finding->where.tset == 0)
		return 0;
	return ack_set_finding(ack, finding);
}

int ack_new(struct env *env, const struct ack_options *options, struct ack **ret_ack)
{
	struct ack *ack = env_alloc(env, sizeof(*ack));
	if (ack == NULL)
		return -ENOMEM;
	ack->env = env;
	ack->options = *options;
	ack->next_number =
		options->control_number >= 1 && options->control_number <= NUMBER_MAX ? options->control_number : 1;
	buffer_init(&ack->ta1, env);
	buffer_init(&ack->reply, env);
	arena_init(&ack->set.arena, env, 0, 0);
	x12_writer_init(&ack->writer, &ack->reply, &separators);
	ack->writer.newline = true;
	ack->handler = (struct check_handler){.context = ack,
					      .interchange_begin = on_interchange_begin,
					      .interchange_end = on_interchange_end,
					      .fgroup_begin = on_fgroup_begin,
					      .fgroup_end = on_fgroup_end,
					      .tset_begin = on_tset_begin,
					      .tset_end = on_tset_end,
					      .loop_begin = on_loop_begin,
					      .loop_end = on_loop_end,
					      .segment = on_segment,
					      .wants = wants_segment,
					      .finding = on_finding};
	*ret_ack = ack;
	return 0;
}

void ack_free(struct ack *ack)
{
	if (ack == NULL)
		return;
	buffer_fini(&ack->ta1);
	buffer_fini(&ack->reply);
	arena_fini(&ack->set.arena);
	env_free(ack->env, ack);
}

const struct check_handler *ack_handler(struct ack *ack)
{
	return &ack->handler;
}

int ack_finish(struct ack *ack, struct slice *ret_ta1, struct slice *ret_999)
{
	int r = ack->ta1.error != 0 ? ack->ta1.error : ack->reply.error;
	if (r < 0)
		return r;
	*ret_ta1 = buffer_slice(&ack->ta1);
	*ret_999 = buffer_slice(&ack->reply);
	return 0;
}

uint32_t ack_control_numbers_used(const struct ack *ack)
{
	uint32_t first = ack->options.control_number >= 1 && ack->options.control_number <= NUMBER_MAX
				 ? ack->options.control_number
				 : 1;
	return ack->next_number >= first ? ack->next_number - first : NUMBER_MAX - first + ack->next_number;
}
