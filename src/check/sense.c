/*
 * Rules across elements and segments.
 *
 * A rule fires where its reason stands and says which value made it apply (the trigger, CTX in the 999). All are
 * warnings unless the partner's profile says otherwise; what they mean for a member is for decide to say.
 */
#include "sense.h"

#include <stdio.h>

#include "muster/date.h"
#include "state.h"
#include "value.h"

/* Where a rule looks: the 834 by set and loop. */
static const struct {
	const char *set_id, *loop, *segment;
	enum sense_of what;
} places[] = {
	{"834", "", "BGN", SENSE_BGN},
	{"834", "", "QTY", SENSE_QTY},
	{"834", "2000", "INS", SENSE_INS},
	{"834", "2000", "DTP", SENSE_DTP},
	{"834", "2100A", "NM1", SENSE_NAME},
	{"834", "2100A", "DMG", SENSE_DMG},
	{"834", "2100B", "NM1", SENSE_PRIOR_NAME},
	{"834", "2200", "DTP", SENSE_DTP},
	{"834", "2300", "HD", SENSE_HD},
	{"834", "2300", "DTP", SENSE_DTP},
	{"834", "2320", "DTP", SENSE_DTP},
	{"834", "*", "N4", SENSE_N4},
	{"834", "*", "LS", SENSE_LOOP_MARK},
	{"834", "*", "LE", SENSE_LOOP_MARK},
	{"820", "", "BPR", SENSE_BPR},
	{"820", "", "TRN", SENSE_TRN},
	{"820", "*", "N4", SENSE_N4},
	{"820", "*", "RMR", SENSE_RMR},
	{"820", "2200A", "ADX", SENSE_ADX_BEFORE},
	{"820", "2200B", "ADX", SENSE_ADX_BEFORE},
	{"820", "2320A", "ADX", SENSE_ADX_AFTER},
	{"820", "2320B", "ADX", SENSE_ADX_AFTER},
};

/* Begin and end qualifiers that belong together, and the loop in which they start anew. */
#define SPAN(a, b, c, d, e, f, in)                                                                                     \
	{                                                                                                              \
		VALUE_CODE3(a, b, c), VALUE_CODE3(d, e, f), {a, b, c, 0}, {d, e, f, 0}, in                             \
	}
static const struct {
	uint32_t begin, end; /* packed */
	char begin_name[4], end_name[4];
	enum sense_loop loop;
} spans[SENSE_SPANS] = {
	SPAN('3', '5', '6', '3', '5', '7', SENSE_LOOP_MEMBER),
	SPAN('3', '3', '6', '3', '3', '7', SENSE_LOOP_MEMBER),
	SPAN('3', '3', '8', '3', '3', '9', SENSE_LOOP_MEMBER),
	SPAN('3', '4', '0', '3', '4', '1', SENSE_LOOP_MEMBER),
	SPAN('3', '5', '0', '3', '5', '1', SENSE_LOOP_MEMBER),
	SPAN('3', '8', '5', '3', '8', '6', SENSE_LOOP_MEMBER),
	SPAN('4', '7', '3', '4', '7', '4', SENSE_LOOP_MEMBER),
	SPAN('3', '6', '0', '3', '6', '1', SENSE_LOOP_DISABILITY),
	SPAN('3', '4', '8', '3', '4', '9', SENSE_LOOP_COVERAGE),
	SPAN('3', '4', '4', '3', '4', '5', SENSE_LOOP_OTHER_COVERAGE),
};

/* Nobody enrolled is older: such a birth date is a slip. */
#define AGE_YEARS_MAX 120

enum sense_loop sense_of_loop(const struct guide *guide, const struct guide_loop *loop)
{
	struct slice id = slice_from(loop->id);
	if (!slice_is(guide->set_id, "834"))
		return SENSE_LOOP_OTHER;
	if (slice_is(id, "2000"))
		return SENSE_LOOP_MEMBER;
	if (slice_is(id, "2200"))
		return SENSE_LOOP_DISABILITY;
	if (slice_is(id, "2300"))
		return SENSE_LOOP_COVERAGE;
	return slice_is(id, "2320") ? SENSE_LOOP_OTHER_COVERAGE : SENSE_LOOP_OTHER;
}

enum sense_of sense_of_segment(const struct guide *guide, const struct guide_segment *segment)
{
	const char *loop = guide->loops[segment->loop].id;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (slice_is(guide->set_id, places[i].set_id) && strcmp(segment->id, places[i].segment) == 0 &&
		    (places[i].loop[0] == '*' || strcmp(loop, places[i].loop) == 0))
			return places[i].what;
	return SENSE_NONE;
}

/* A finding of a rule at an element (`pos` 0: at the segment), with what made the rule apply. */
struct rule {
	enum finding_code code;
	const struct x12_where *where; /* of the segment */
	const char *segment_id;
	struct slice loop;
	uint32_t pos;
	struct slice value;
	const char *trigger_id; /* NULL: none */
	const struct x12_where *trigger;
	uint32_t trigger_pos;
};

/* The data element number of an element of the loop's segment of that id. */
static uint16_t reference_of(const struct guide *guide, const struct rule *rule)
{
	for (uint16_t i = 0; i < guide->segment_count; i++) {
		const struct guide_segment *segment = &guide->segments[i];
		const struct guide_element *element = guide_element_at(guide, segment, rule->pos);
		if (strcmp(segment->id, rule->segment_id) == 0 &&
		    slice_is(rule->loop, guide->loops[segment->loop].id) && element != NULL)
			return element->element_ref;
	}
	return 0;
}

static int report_rule(struct check *check, const struct rule *rule, const char *text)
{
	struct finding finding = report_make(check, rule->code, rule->where, rule->segment_id, "%s", text);
	finding.loop = rule->loop;
	finding.where.element_pos = (uint16_t)rule->pos;
	finding.where.repetition_pos = rule->pos != 0;
	finding.value = rule->value;
	if (rule->pos != 0)
		finding.element_ref = reference_of(check->guide, rule);
	if (rule->trigger_id != NULL) {
		slice_to_cstr(slice_from(rule->trigger_id), finding.trigger.segment_id,
			      sizeof(finding.trigger.segment_id));
		finding.trigger.segment_pos = rule->trigger->segment_pos;
		finding.trigger.element_pos = (uint16_t)rule->trigger_pos;
		finding.trigger.loop = rule->loop;
	}
	return report_deliver(check, &finding);
}

/* At element `pos` of the segment in hand, because of element `trigger_pos` of the same (0: for no one reason). */
static int report_here(struct check *check, const struct x12_segment *segment, enum finding_code code, uint32_t pos,
		       uint32_t trigger_pos, const char *text)
{
	char id[4];
	struct rule rule = {.code = code,
			    .where = &segment->where,
			    .loop = walk_loop_id(check),
			    .pos = pos,
			    .value = x12_element(segment, pos)};
	rule.segment_id = slice_to_cstr(segment->id, id, sizeof(id));
	if (trigger_pos != 0) {
		rule.trigger_id = id;
		rule.trigger = &segment->where;
		rule.trigger_pos = trigger_pos;
	}
	return report_rule(check, &rule, text);
}

static inline bool has(const struct x12_segment *segment, uint32_t pos)
{
	return x12_element(segment, pos).len > 0;
}

static inline bool is(const struct x12_segment *segment, uint32_t pos, const char *code)
{
	return slice_is(value_trim_end(x12_element(segment, pos)), code);
}

static uint32_t day_of(const struct x12_segment *segment, uint32_t pos)
{
	return value_day_number(value_trim_end(x12_element(segment, pos)));
}

static void forget_spans(struct sense *sense, enum sense_loop loop)
{
	for (size_t i = 0; i < SENSE_SPANS; i++)
		if (spans[i].loop == loop)
			sense->spans[i].begin = sense->spans[i].end = 0;
}

void sense_begin(struct check *check)
{
	check->sense = (struct sense){0};
}

void sense_loop_begin(struct check *check, enum sense_loop loop)
{
	struct sense *sense = &check->sense;
	switch (loop) {
	case SENSE_LOOP_OTHER:
		return;
	case SENSE_LOOP_MEMBER:
		sense->terminated = sense->corrected = sense->prior_name = false;
		sense->member_ended = sense->any_ended = false;
		sense->ins = check->at;
		break;
	case SENSE_LOOP_COVERAGE:
		sense->hd_action[0] = '\0';
		sense->coverage_begun = sense->coverage_ended = false;
		break;
	case SENSE_LOOP_DISABILITY:
	case SENSE_LOOP_OTHER_COVERAGE:
		break;
	}
	forget_spans(sense, loop);
}

static int check_subscriber_flag(struct check *check, const struct x12_segment *segment)
{
	if (is(segment, 1, "Y") && has(segment, 2) && !is(segment, 2, "18"))
		return report_here(check, segment, FINDING_ELEMENT_SENSE, 2, 1,
				   "INS01 Y is the subscriber, and the subscriber's relationship is 18");
	if (is(segment, 1, "N") && is(segment, 2, "18"))
		return report_here(check, segment, FINDING_ELEMENT_SENSE, 2, 1,
				   "18 is the subscriber himself, but INS01 N says that this is a dependent");
	return 0;
}

static int check_cobra(struct check *check, const struct x12_segment *segment)
{
	if (is(segment, 5, "C") && !has(segment, 7))
		return report_here(check, segment, FINDING_ELEMENT_SITUATION_MISSING, 7, 5,
				   "INS05 C is COBRA: INS07 says by which event");
	if (has(segment, 7) && has(segment, 5) && !is(segment, 5, "C"))
		return report_here(check, segment, FINDING_ELEMENT_SITUATION_FORBIDDEN, 7, 5,
				   "a COBRA event goes with INS05 C only");
	return 0;
}

static int check_death(struct check *check, const struct x12_segment *segment)
{
	uint32_t died_on = day_of(segment, 12);
	if (died_on == 0)
		return 0;
	if (check->sense.created_on != 0 && died_on > check->sense.created_on)
		return report_here(check, segment, FINDING_ELEMENT_SENSE, 12, 0,
				   "the date of death lies after the day this file was made (BGN03)");
	if (is(segment, 3, "021") || is(segment, 3, "025"))
		return report_here(check, segment, FINDING_ELEMENT_SENSE, 12, 3,
				   "a member who died is neither added nor reinstated");
	return 0;
}

static int look_at_ins(struct check *check, const struct x12_segment *segment)
{
	int r = check_subscriber_flag(check, segment);
	check->sense.terminated = is(segment, 3, "024");
	balance_ins(check, segment);
	if (r == 0)
		r = check_cobra(check, segment);
	if (r == 0 && is(segment, 1, "N") && has(segment, 8))
		r = report_here(check, segment, FINDING_ELEMENT_SITUATION_FORBIDDEN, 8, 1,
				"the employment status is the subscriber's; leave it out for dependents");
	return r == 0 ? check_death(check, segment) : r;
}

/* One day before the begin is how "never in effect" is said. */
static bool ends_before_it_begins(uint32_t begin, uint32_t end)
{
	date_day first, last;
	if (end >= begin)
		return false;
	return date_from_ymd((int)(begin / 10000), (int)(begin / 100 % 100), (int)(begin % 100), &first) &&
	       date_from_ymd((int)(end / 10000), (int)(end / 100 % 100), (int)(end % 100), &last) && last < first - 1;
}

static int look_at_span(struct check *check, const struct x12_segment *segment, size_t i)
{
	const struct sense *sense = &check->sense;
	char text[120];
	if (sense->spans[i].begin == 0 || sense->spans[i].end == 0 ||
	    !ends_before_it_begins(sense->spans[i].begin, sense->spans[i].end))
		return 0;
	snprintf(text, sizeof(text), "the end (DTP*%s) lies before the begin (DTP*%s)", spans[i].end_name,
		 spans[i].begin_name);
	return report_here(check, segment, FINDING_ELEMENT_SENSE, 3, 1, text);
}

static void note_dates_sent(struct sense *sense, uint32_t qualifier)
{
	sense->member_ended |= qualifier == VALUE_CODE3('3', '5', '7');
	sense->coverage_begun |= qualifier == VALUE_CODE3('3', '4', '8');
	sense->coverage_ended |= qualifier == VALUE_CODE3('3', '4', '9');
	sense->any_ended |= qualifier == VALUE_CODE3('3', '4', '9');
}

static int look_at_dtp(struct check *check, const struct x12_segment *segment)
{
	struct sense *sense = &check->sense;
	uint32_t qualifier = value_pack(value_trim_end(x12_element(segment, 1)));
	uint32_t day = is(segment, 2, "D8") ? day_of(segment, 3) : 0;

	note_dates_sent(sense, qualifier);
	if (day == 0)
		return 0;
	for (size_t i = 0; i < SENSE_SPANS; i++) {
		if (qualifier == spans[i].begin)
			sense->spans[i].begin = day;
		else if (qualifier == spans[i].end)
			sense->spans[i].end = day;
		else
			continue;
		return look_at_span(check, segment, i);
	}
	return 0;
}

static int look_at_dmg(struct check *check, const struct x12_segment *segment)
{
	uint32_t born_on = is(segment, 1, "D8") ? day_of(segment, 2) : 0;
	uint32_t created_on = check->sense.created_on;
	if (born_on == 0 || created_on == 0)
		return 0;
	if (born_on > created_on)
		return report_here(check, segment, FINDING_ELEMENT_SENSE, 2, 0,
				   "the birth date lies after the day this file was made (BGN03)");
	/* Days as numbers CCYYMMDD: their difference counts whole years in its ten thousands. */
	if ((created_on - born_on) / 10000 > AGE_YEARS_MAX)
		return report_here(check, segment, FINDING_ELEMENT_SENSE, 2, 0,
				   "that is an age of more than 120 years");
	return 0;
}

static int look_at_n4(struct check *check, const struct x12_segment *segment)
{
	if (!has(segment, 2) && !has(segment, 4) && !has(segment, 7))
		return report_here(
			check, segment, FINDING_ELEMENT_SITUATION_MISSING, 2, 0,
			"an address without country (N404) is of the United States or Canada: N402 names the state");
	return 0;
}

/* LE closes the loop that LS has opened: they bear the same mark. */
static int look_at_mark(struct check *check, const struct x12_segment *segment)
{
	struct slice mark = value_trim_end(x12_element(segment, 1));
	if (slice_is(segment->id, "LS")) {
		slice_to_cstr(mark, check->sense.loop_mark, sizeof(check->sense.loop_mark));
		return 0;
	}
	if (mark.len == 0 || slice_is(mark, check->sense.loop_mark))
		return 0;
	return report_here(check, segment, FINDING_ELEMENT_SENSE, 1, 0, "LE01 must be what LS01 was");
}

static int look_at_bpr(struct check *check, const struct x12_segment *segment)
{
	int r = 0;
	slice_to_cstr(value_trim_end(x12_element(segment, 10)), check->sense.bpr10, sizeof(check->sense.bpr10));
	slice_to_cstr(value_trim_end(x12_element(segment, 11)), check->sense.bpr11, sizeof(check->sense.bpr11));
	balance_bpr(check, segment);
	if (x12_element(segment, 2).len > 0 && x12_element(segment, 2).data[0] == '-')
		r = report_here(check, segment, FINDING_ELEMENT_SENSE, 2, 0,
				"a payment cannot be negative: carry it forward with an ADX");
	if (r == 0 && is(segment, 4, "ACH") && !has(segment, 5))
		r = report_here(check, segment, FINDING_ELEMENT_SITUATION_MISSING, 5, 4,
				"a payment by ACH says in BPR05 in which format");
	if (r == 0 && has(segment, 5) && has(segment, 4) && !is(segment, 4, "ACH"))
		r = report_here(check, segment, FINDING_ELEMENT_SITUATION_FORBIDDEN, 5, 4, "BPR05 goes with ACH only");
	return r;
}

static int look_at_trn(struct check *check, const struct x12_segment *segment)
{
	const struct sense *sense = &check->sense;
	if (has(segment, 3) && sense->bpr10[0] != '\0' && !is(segment, 3, sense->bpr10))
		return report_here(check, segment, FINDING_ELEMENT_SENSE, 3, 0, "TRN03 must be what BPR10 is");
	if (has(segment, 4) && sense->bpr11[0] != '\0' && !is(segment, 4, sense->bpr11))
		return report_here(check, segment, FINDING_ELEMENT_SENSE, 4, 0, "TRN04 must be what BPR11 is");
	return 0;
}

int sense_segment(struct check *check, enum sense_of what, const struct x12_segment *segment)
{
	struct sense *sense = &check->sense;
	switch (what) {
	case SENSE_NONE:
		return 0;
	case SENSE_BGN:
		sense->created_on = day_of(segment, 3);
		return 0;
	case SENSE_QTY:
		return balance_qty(check, segment);
	case SENSE_INS:
		return look_at_ins(check, segment);
	case SENSE_DTP:
		return look_at_dtp(check, segment);
	case SENSE_NAME:
		sense->corrected = is(segment, 1, "74");
		sense->name = segment->where;
		return 0;
	case SENSE_PRIOR_NAME:
		sense->prior_name = true;
		return 0;
	case SENSE_DMG:
		return look_at_dmg(check, segment);
	case SENSE_N4:
		return look_at_n4(check, segment);
	case SENSE_HD:
		sense->hd = segment->where;
		slice_to_cstr(value_trim_end(x12_element(segment, 1)), sense->hd_action, sizeof(sense->hd_action));
		return 0;
	case SENSE_LOOP_MARK:
		return look_at_mark(check, segment);
	case SENSE_BPR:
		return look_at_bpr(check, segment);
	case SENSE_TRN:
		return look_at_trn(check, segment);
	case SENSE_RMR:
		balance_rmr(check, segment);
		return 0;
	case SENSE_ADX_BEFORE:
		balance_adx(check, segment, true);
		return 0;
	case SENSE_ADX_AFTER:
		balance_adx(check, segment, false);
		return 0;
	}
	return 0;
}

/* A segment that the loop should have held: missing where the walk is now, for the reason that stood at `trigger`. */
static int report_lacking(struct check *check, const char *segment_id, const char *loop, const char *trigger_id,
			  const struct x12_where *trigger, uint32_t trigger_pos, const char *text)
{
	struct rule rule = {.code = FINDING_SEGMENT_SITUATION_MISSING,
			    .where = &check->at,
			    .segment_id = segment_id,
			    .loop = slice_from(loop),
			    .trigger_id = trigger_id,
			    .trigger = trigger,
			    .trigger_pos = trigger_pos};
	return report_rule(check, &rule, text);
}

static int end_member(struct check *check)
{
	const struct sense *sense = &check->sense;
	int r = 0;
	if (sense->corrected && !sense->prior_name)
		r = report_lacking(check, "NM1", "2100B", "NM1", &sense->name, 1,
				   "NM101 74 corrects a name or id: loop 2100B says what it was before");
	if (r == 0 && sense->terminated && !sense->member_ended && !sense->any_ended)
		r = report_lacking(check, "DTP", "2000", "INS", &sense->ins, 3,
				   "INS03 024 ends a member: DTP*357, or DTP*349 of each coverage, says when");
	return r;
}

static int end_coverage(struct check *check)
{
	const struct sense *sense = &check->sense;
	bool begins = strcmp(sense->hd_action, "021") == 0 || strcmp(sense->hd_action, "025") == 0;
	if (begins && !sense->coverage_begun)
		return report_lacking(check, "DTP", "2300", "HD", &sense->hd, 1,
				      "HD01 021 and 025 begin a coverage: DTP*348 says when");
	if (strcmp(sense->hd_action, "024") == 0 && !sense->coverage_ended && !sense->member_ended)
		return report_lacking(check, "DTP", "2300", "HD", &sense->hd, 1,
				      "HD01 024 ends a coverage: DTP*349 says when");
	return 0;
}

int sense_loop_end(struct check *check, enum sense_loop loop)
{
	if (loop == SENSE_LOOP_COVERAGE)
		return end_coverage(check);
	return loop == SENSE_LOOP_MEMBER ? end_member(check) : 0;
}
