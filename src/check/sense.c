/*
 * Sense across elements and segments, beyond what a guide's own rules can say: order of dates, ages, families.
 *
 * A check fires where its reason stands and says which value made it apply (the trigger, CTX in the 999). All are
 * warnings unless the partner's profile says otherwise; what they mean for a member is for decide to say.
 */
#include "sense.h"

#include <stdio.h>

#include "muster/date.h"
#include "state.h"
#include "value.h"

/* Where a rule looks: the 834 by set and loop. */
static const struct {
	const char *set_id, *loop, *segment, *qualifier; /* "*": any */
	enum sense_of what;
} places[] = {
	{"834", "", "BGN", "*", SENSE_BGN},
	{"834", "", "QTY", "*", SENSE_QTY},
	{"834", "2000", "INS", "*", SENSE_INS},
	{"834", "2000", "REF", "0F", SENSE_REF},
	{"834", "2000", "DTP", "*", SENSE_DTP},
	{"834", "2100A", "DMG", "*", SENSE_DMG},
	{"834", "2200", "DTP", "*", SENSE_DTP},
	{"834", "2300", "DTP", "*", SENSE_DTP},
	{"834", "2320", "DTP", "*", SENSE_DTP},
	{"834", "2310", "LX", "*", SENSE_COUNTER},
	{"834", "2700", "LX", "*", SENSE_COUNTER},
	{"820", "2000A", "ENT", "*", SENSE_COUNTER},
	{"820", "2000B", "ENT", "*", SENSE_COUNTER},
	{"820", "", "BPR", "*", SENSE_BPR},
	{"820", "", "TRN", "*", SENSE_TRN},
	{"820", "*", "RMR", "*", SENSE_RMR},
	{"820", "2200A", "ADX", "*", SENSE_ADX_BEFORE},
	{"820", "2200B", "ADX", "*", SENSE_ADX_BEFORE},
	{"820", "2320A", "ADX", "*", SENSE_ADX_AFTER},
	{"820", "2320B", "ADX", "*", SENSE_ADX_AFTER},
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
/* No state marries the younger, and no parent was. */
#define SPOUSE_YEARS_MIN 14
#define PARENT_YEARS_MIN 10

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
	if (slice_is(id, "LS"))
		return SENSE_LOOP_CATEGORIES;
	return slice_is(id, "2320") ? SENSE_LOOP_OTHER_COVERAGE : SENSE_LOOP_OTHER;
}

enum sense_of sense_of_segment(const struct guide *guide, const struct guide_segment *segment)
{
	const char *loop = guide->loops[segment->loop].id;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (slice_is(guide->set_id, places[i].set_id) && strcmp(segment->id, places[i].segment) == 0 &&
		    (places[i].loop[0] == '*' || strcmp(loop, places[i].loop) == 0) &&
		    (places[i].qualifier[0] == '*' ||
		     guide_segment_matches(guide, segment, slice_from(segment->id), slice_from(places[i].qualifier))))
			return places[i].what;
	return SENSE_NONE;
}

/* What is checked, by the name that profiles know it by. */
static const char death_in_future[] = "death_in_future", death_before_birth[] = "death_before_birth",
		  end_before_begin[] = "end_before_begin", birth_in_future[] = "birth_in_future",
		  birth_long_ago[] = "birth_long_ago", age_of_relationship[] = "age_of_relationship",
		  relationship_of_subscriber[] = "relationship_of_subscriber",
		  subscriber_after_dependent[] = "subscriber_after_dependent",
		  dependent_id_differs[] = "dependent_id_differs", counter_out_of_step[] = "counter_out_of_step",
		  negative_payment[] = "negative_payment", trace_differs[] = "trace_differs";

const char *const *check_sense_names(void)
{
	static const char *const names[] = {
		death_in_future,
		death_before_birth,
		end_before_begin,
		birth_in_future,
		birth_long_ago,
		age_of_relationship,
		dependent_id_differs,
		subscriber_after_dependent,
		relationship_of_subscriber,
		counter_out_of_step,
		negative_payment,
		trace_differs,
		NULL,
	};
	return names;
}

/* Where a check fires: an element of the segment in hand or of one before it, and what made it apply. */
struct misfit {
	const char *name;
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
static uint16_t reference_of(const struct guide *guide, const struct misfit *misfit)
{
	for (uint16_t i = 0; i < guide->segment_count; i++) {
		const struct guide_segment *segment = &guide->segments[i];
		const struct guide_element *element = guide_element_at(guide, segment, misfit->pos);
		if (strcmp(segment->id, misfit->segment_id) == 0 &&
		    slice_is(misfit->loop, guide->loops[segment->loop].id) && element != NULL)
			return element->element_ref;
	}
	return 0;
}

static int report_misfit(struct check *check, const struct misfit *misfit, const char *text)
{
	struct finding finding =
		report_make(check, FINDING_ELEMENT_SENSE, misfit->where, misfit->segment_id, "%s", text);
	finding.rule = slice_from(misfit->name);
	finding.loop = misfit->loop;
	finding.where.element_pos = (uint16_t)misfit->pos;
	finding.where.repetition_pos = 1;
	finding.value = misfit->value;
	finding.element_ref = reference_of(check->guide, misfit);
	if (misfit->trigger_id != NULL) {
		slice_to_cstr(slice_from(misfit->trigger_id), finding.trigger.segment_id,
			      sizeof(finding.trigger.segment_id));
		finding.trigger.segment_pos = misfit->trigger->segment_pos;
		finding.trigger.element_pos = (uint16_t)misfit->trigger_pos;
		finding.trigger.loop = misfit->loop;
	}
	return report_deliver(check, &finding);
}

/* At element `pos` of the segment in hand, because of element `trigger_pos` of the same (0: for no one reason). */
static int report_here(struct check *check, const struct x12_segment *segment, const char *name, uint32_t pos,
		       uint32_t trigger_pos, const char *text)
{
	char id[4];
	struct misfit misfit = {.name = name,
				.where = &segment->where,
				.loop = walk_loop_id(check),
				.pos = pos,
				.value = x12_element(segment, pos)};
	misfit.segment_id = slice_to_cstr(segment->id, id, sizeof(id));
	if (trigger_pos != 0) {
		misfit.trigger_id = id;
		misfit.trigger = &segment->where;
		misfit.trigger_pos = trigger_pos;
	}
	return report_misfit(check, &misfit, text);
}

/* At the birth date in hand, because of an element of the member's INS. */
static int report_birth(struct check *check, const struct x12_segment *segment, const char *name, uint32_t ins_pos,
			const char *text)
{
	const struct misfit misfit = {.name = name,
				      .where = &segment->where,
				      .segment_id = "DMG",
				      .loop = walk_loop_id(check),
				      .pos = 2,
				      .value = x12_element(segment, 2),
				      .trigger_id = "INS",
				      .trigger = &check->sense.ins,
				      .trigger_pos = ins_pos};
	return report_misfit(check, &misfit, text);
}

static inline bool has(const struct x12_segment *segment, uint32_t pos)
{
	return x12_element(segment, pos).len > 0;
}

static inline bool is(const struct x12_segment *segment, uint32_t pos, const char *code)
{
	return slice_is(value_trim_end(x12_element(segment, pos)), code);
}

/* Something is wrong with it, and that was said: one fault, one finding. */
static inline bool was_told(const struct check *check, uint32_t pos)
{
	return (check->told >> (pos - 1) & 1) != 0;
}

static uint32_t day_of(const struct x12_segment *segment, uint32_t pos)
{
	return value_day_number(value_trim_end(x12_element(segment, pos)));
}

/* Whole years between days as numbers CCYYMMDD: their difference counts them in its ten thousands. */
static uint32_t years_between(uint32_t first, uint32_t last)
{
	return last > first ? (last - first) / 10000 : 0;
}

/* The spans of each kind of loop, which stand side by side in the table; those of other kinds have none. */
static const struct {
	uint8_t first, count;
} spans_of[] = {
	[SENSE_LOOP_MEMBER] = {0, 7},
	[SENSE_LOOP_DISABILITY] = {7, 1},
	[SENSE_LOOP_COVERAGE] = {8, 1},
	[SENSE_LOOP_OTHER_COVERAGE] = {9, 1},
	[SENSE_LOOP_CATEGORIES] = {10, 0},
};

static inline void forget_spans(struct sense *sense, enum sense_loop loop)
{
	uint32_t *day = &sense->days[2 * spans_of[loop].first + 2], *end = day + 2 * spans_of[loop].count;
	while (day < end)
		*day++ = 0;
}

void sense_begin(struct check *check)
{
	check->sense = (struct sense){0};
}

void sense_loop_begin(struct check *check, enum sense_loop loop)
{
	struct sense *sense = &check->sense;
	if (loop == SENSE_LOOP_OTHER)
		return;
	if (loop == SENSE_LOOP_MEMBER) {
		sense->is_subscriber = sense->is_dependent = sense->is_behind_subscriber = sense->has_id = false;
		sense->relationship = sense->died_on = 0;
		sense->ins = check->at;
	}
	if (loop == SENSE_LOOP_COVERAGE || loop == SENSE_LOOP_CATEGORIES) {
		sense->counter = 0;
		sense->counter_told = false;
	}
	forget_spans(sense, loop);
}

static void look_at_bgn(struct sense *sense, const struct x12_segment *segment)
{
	sense->created_on = day_of(segment, 3);
	sense->is_full = is(segment, 8, "4") || is(segment, 8, "RX");
}

static bool is_contradictory(const struct x12_segment *segment)
{
	if (is(segment, 1, "Y"))
		return has(segment, 2) && !is(segment, 2, "18");
	return is(segment, 1, "N") && is(segment, 2, "18");
}

static int report_contradiction(struct check *check, const struct x12_segment *segment)
{
	return report_here(check, segment, relationship_of_subscriber, 2, 1,
			   is(segment, 1, "Y")
				   ? "INS01 Y is the subscriber, and the subscriber's relationship is 18"
				   : "18 is the subscriber himself, but INS01 N says that this is a dependent");
}

static struct sense_told read_ins(const struct x12_segment *segment)
{
	return (struct sense_told){.is_contradictory = is_contradictory(segment),
				   .is_subscriber = is(segment, 1, "Y"),
				   .is_dependent = is(segment, 1, "N"),
				   .relationship = value_pack(value_trim_end(x12_element(segment, 2))),
				   .day = day_of(segment, 12)};
}

static void take_ins(struct sense *sense, const struct sense_told *told)
{
	sense->is_subscriber = told->is_subscriber;
	sense->is_dependent = told->is_dependent;
	sense->relationship = told->relationship;
	sense->died_on = told->day;
}

static bool dies_in_future(const struct sense *sense, const struct sense_told *told)
{
	return sense->created_on != 0 && told->day > sense->created_on;
}

static int look_at_ins(struct check *check, const struct x12_segment *segment)
{
	struct sense_told told = read_ins(segment);
	int r = 0;

	balance_ins(&check->balance, told.is_subscriber, told.is_dependent);
	check->balance.unclear |= was_told(check, 1);
	if (told.is_contradictory && !was_told(check, 1) && !was_told(check, 2))
		r = report_contradiction(check, segment);
	take_ins(&check->sense, &told);
	if (r == 0 && dies_in_future(&check->sense, &told))
		r = report_here(check, segment, death_in_future, 12, 0,
				"the date of death lies after the day this file was made (BGN03)");
	return r;
}

static uint64_t family_of(struct slice value)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	for (size_t i = 0; i < value.len; i++)
		hash = (hash ^ (unsigned char)value.data[i]) * UINT64_C(1099511628211);
	return hash != 0 ? hash : 1;
}

static bool remembers(const uint64_t *families, uint64_t family)
{
	for (size_t i = 0; i < SENSE_FAMILIES; i++)
		if (families[i] == family)
			return true;
	return false;
}

/* A subscriber whose dependents came before him, and not behind a first record of his. */
static bool is_late(const struct sense *sense, uint64_t family)
{
	return sense->next_orphan != 0 && remembers(sense->orphans, family) && !remembers(sense->families, family);
}

/* In a full file everybody's subscriber is there, and directly before him; a file of changes has whoever changed. */
static bool is_apart(const struct sense *sense, uint64_t family)
{
	return sense->is_full && family != sense->family;
}

static struct sense_told read_ref(const struct x12_segment *segment)
{
	struct slice id = value_trim_end(x12_element(segment, 2));
	return (struct sense_told){.family = is(segment, 1, "0F") && id.len > 0 ? family_of(id) : 0};
}

static void take_ref(struct sense *sense, uint64_t family)
{
	if (family == 0 || sense->has_id)
		return;
	sense->has_id = true;
	if (sense->is_subscriber) {
		if (sense->family != family)
			sense->subscriber_born_on = 0;
		sense->family = family;
		sense->families[sense->next_family++ % SENSE_FAMILIES] = family;
	} else if (sense->is_dependent) {
		sense->is_behind_subscriber = family == sense->family;
		if (!sense->is_behind_subscriber && !sense->is_full && !remembers(sense->families, family))
			sense->orphans[sense->next_orphan++ % SENSE_FAMILIES] = family;
	}
}

static bool ref_is_quiet(const struct sense *sense, uint64_t family)
{
	if (family == 0 || sense->has_id)
		return true;
	if (sense->is_subscriber)
		return !is_late(sense, family);
	return !sense->is_dependent || !is_apart(sense, family);
}

static int look_at_ref(struct check *check, const struct x12_segment *segment)
{
	struct sense *sense = &check->sense;
	const struct sense_told told = read_ref(segment);
	const struct misfit late = {.name = subscriber_after_dependent,
				    .where = &sense->ins,
				    .segment_id = "INS",
				    .loop = walk_loop_id(check),
				    .pos = 1,
				    .value = SLICE_LITERAL("Y")};
	bool quiet = ref_is_quiet(sense, told.family);

	take_ref(sense, told.family);
	if (quiet)
		return 0;
	if (sense->is_subscriber)
		return report_misfit(check, &late,
				     "a dependent of this subscriber came before him; send the subscriber first");
	return report_here(check, segment, dependent_id_differs, 2, 0,
			   "the subscriber before this dependent has another REF*0F; send families together, the "
			   "subscriber first");
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

uint8_t sense_mark_of(uint32_t id, uint32_t qualifier)
{
	if (id != VALUE_CODE3('D', 'T', 'P'))
		return 0;
	for (uint8_t i = 0; i < SENSE_SPANS; i++) {
		if (qualifier == spans[i].begin)
			return (uint8_t)(2 * i + 2);
		if (qualifier == spans[i].end)
			return (uint8_t)(2 * i + 3);
	}
	return 0;
}

/* A date that is none marks nothing. */
static struct sense_told read_dtp(const struct x12_segment *segment, uint8_t mark)
{
	uint32_t day = mark != 0 && is(segment, 2, "D8") ? day_of(segment, 3) : 0;
	return (struct sense_told){.mark = day != 0 ? mark : 0, .day = day};
}

static void take_dtp(struct sense *sense, const struct sense_told *told)
{
	if (told->mark != 0)
		sense_take_date(sense, told);
}

static bool dtp_is_quiet(const struct sense *sense, const struct sense_told *told)
{
	uint32_t other = sense->days[told->mark ^ 1];
	bool is_end = told->mark % 2 != 0;
	return told->mark == 0 || other == 0 ||
	       !ends_before_it_begins(is_end ? other : told->day, is_end ? told->day : other);
}

static int look_at_dtp(struct check *check, const struct x12_segment *segment)
{
	const struct sense_told told = read_dtp(segment, check->plan->marks[check->symbol]);
	bool quiet = dtp_is_quiet(&check->sense, &told);
	char text[120];

	take_dtp(&check->sense, &told);
	if (quiet)
		return 0;
	snprintf(text, sizeof(text), "the end (DTP*%s) lies before the begin (DTP*%s)",
		 spans[told.mark / 2 - 1].end_name, spans[told.mark / 2 - 1].begin_name);
	return report_here(check, segment, end_before_begin, 3, 1, text);
}

/* Why the relationship to the subscriber rules the age out; NULL: it does not. */
static const char *unfit_age(const struct sense *sense, uint32_t born_on)
{
	uint32_t subscriber = sense->is_behind_subscriber ? sense->subscriber_born_on : 0;
	switch (sense->relationship) {
	case VALUE_CODE2('0', '1'): /* spouse, ex-spouse, life partner */
	case VALUE_CODE2('2', '5'):
	case VALUE_CODE2('5', '3'):
		if (sense->created_on != 0 && years_between(born_on, sense->created_on) < SPOUSE_YEARS_MIN)
			return "that is too young for the spouse or partner whom INS02 names";
		return NULL;
	case VALUE_CODE2('1', '9'): /* child */
		if (subscriber != 0 && years_between(subscriber, born_on) < PARENT_YEARS_MIN)
			return "that is too old for a child of the subscriber before him";
		return NULL;
	case VALUE_CODE2('0', '3'): /* parent, grandparent */
	case VALUE_CODE2('0', '4'):
		if (subscriber != 0 && years_between(born_on, subscriber) < PARENT_YEARS_MIN)
			return "that is too young for a parent of the subscriber before him";
		return NULL;
	default:
		return NULL;
	}
}

static struct sense_told read_dmg(const struct x12_segment *segment)
{
	return (struct sense_told){.day = is(segment, 1, "D8") ? day_of(segment, 2) : 0};
}

static void take_dmg(struct sense *sense, const struct sense_told *told)
{
	if (told->day != 0 && sense->is_subscriber)
		sense->subscriber_born_on = told->day;
}

static bool dmg_is_quiet(const struct sense *sense, const struct sense_told *told)
{
	uint32_t born_on = told->day;
	if (born_on == 0)
		return true;
	return (sense->created_on == 0 || born_on <= sense->created_on) &&
	       years_between(born_on, sense->created_on) <= AGE_YEARS_MAX &&
	       (sense->died_on == 0 || sense->died_on >= born_on) && unfit_age(sense, born_on) == NULL;
}

static int look_at_dmg(struct check *check, const struct x12_segment *segment)
{
	struct sense *sense = &check->sense;
	const struct sense_told told = read_dmg(segment);

	take_dmg(sense, &told);
	if (dmg_is_quiet(sense, &told))
		return 0;
	if (sense->created_on != 0 && told.day > sense->created_on)
		return report_here(check, segment, birth_in_future, 2, 0,
				   "the birth date lies after the day this file was made (BGN03)");
	if (years_between(told.day, sense->created_on) > AGE_YEARS_MAX)
		return report_here(check, segment, birth_long_ago, 2, 0, "that is an age of more than 120 years");
	if (sense->died_on != 0 && sense->died_on < told.day)
		return report_birth(check, segment, death_before_birth, 12,
				    "the birth date lies after the date of death (INS12)");
	return report_birth(check, segment, age_of_relationship, 2, unfit_age(sense, told.day));
}

static struct sense_told read_counter(const struct x12_segment *segment)
{
	struct slice value = value_trim_end(x12_element(segment, 1));
	uint64_t counter;
	return (struct sense_told){.counter = value.len <= 9 && slice_to_u64(value, &counter) ? (uint32_t)counter : 0};
}

static bool counter_is_quiet(const struct sense *sense, const struct sense_told *told)
{
	return sense->counter_told || told->counter == sense->counter + 1;
}

/* Told once: a sender who does not count is wrong in the same way all along. */
static int look_at_counter(struct check *check, const struct x12_segment *segment)
{
	struct sense *sense = &check->sense;
	const struct sense_told told = read_counter(segment);
	/* Where segments are missing or misplaced the count is out of step for that. */
	bool quiet = was_told(check, 1) || check->tally.segment_errors > 0 || counter_is_quiet(sense, &told);
	char text[100], id[4];

	sense->counter++;
	if (quiet)
		return 0;
	sense->counter_told = true;
	snprintf(text, sizeof(text), "%s01 counts from 1; %u is expected here",
		 slice_to_cstr(segment->id, id, sizeof(id)), sense->counter);
	return report_here(check, segment, counter_out_of_step, 1, 0, text);
}

static int look_at_bpr(struct check *check, const struct x12_segment *segment)
{
	struct sense *sense = &check->sense;
	if (!was_told(check, 10))
		slice_to_cstr(value_trim_end(x12_element(segment, 10)), sense->bpr10, sizeof(sense->bpr10));
	if (!was_told(check, 11))
		slice_to_cstr(value_trim_end(x12_element(segment, 11)), sense->bpr11, sizeof(sense->bpr11));
	balance_bpr(check, segment);
	if (has(segment, 2) && !was_told(check, 2) && x12_element(segment, 2).data[0] == '-')
		return report_here(check, segment, negative_payment, 2, 0,
				   "a payment cannot be negative: carry it forward with an ADX");
	return 0;
}

static int look_at_trn(struct check *check, const struct x12_segment *segment)
{
	const struct sense *sense = &check->sense;
	if (has(segment, 3) && !was_told(check, 3) && sense->bpr10[0] != '\0' && !is(segment, 3, sense->bpr10))
		return report_here(check, segment, trace_differs, 3, 0, "TRN03 must be what BPR10 is");
	if (has(segment, 4) && !was_told(check, 4) && sense->bpr11[0] != '\0' && !is(segment, 4, sense->bpr11))
		return report_here(check, segment, trace_differs, 4, 0, "TRN04 must be what BPR11 is");
	return 0;
}

int sense_segment(struct check *check, enum sense_of what, const struct x12_segment *segment)
{
	switch (what) {
	case SENSE_NONE:
		return 0;
	case SENSE_BGN:
		look_at_bgn(&check->sense, segment);
		return 0;
	case SENSE_QTY:
		return balance_qty(check, segment);
	case SENSE_INS:
		return look_at_ins(check, segment);
	case SENSE_REF:
		return look_at_ref(check, segment);
	case SENSE_DTP:
		return look_at_dtp(check, segment);
	case SENSE_DMG:
		return look_at_dmg(check, segment);
	case SENSE_COUNTER:
		return look_at_counter(check, segment);
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

struct sense_told sense_read(enum sense_of what, uint8_t mark, const struct x12_segment *segment)
{
	if (what == SENSE_DTP)
		return read_dtp(segment, mark);
	if (what == SENSE_INS)
		return read_ins(segment);
	if (what == SENSE_REF)
		return read_ref(segment);
	if (what == SENSE_COUNTER)
		return read_counter(segment);
	return what == SENSE_DMG ? read_dmg(segment) : (struct sense_told){0};
}

bool sense_is_quiet(const struct check *check, enum sense_of what, const struct sense_told *told)
{
	const struct sense *sense = &check->sense;
	if (what == SENSE_DTP)
		return dtp_is_quiet(sense, told);
	if (what == SENSE_INS)
		return !told->is_contradictory && !dies_in_future(sense, told);
	if (what == SENSE_REF)
		return ref_is_quiet(sense, told->family);
	if (what == SENSE_COUNTER)
		return counter_is_quiet(sense, told);
	return what != SENSE_DMG || dmg_is_quiet(sense, told);
}

void sense_take(struct check *check, enum sense_of what, const struct sense_told *told)
{
	struct sense *sense = &check->sense;
	if (what == SENSE_DTP) {
		take_dtp(sense, told);
	} else if (what == SENSE_INS) {
		balance_ins(&check->balance, told->is_subscriber, told->is_dependent);
		take_ins(sense, told);
	} else if (what == SENSE_REF) {
		take_ref(sense, told->family);
	} else if (what == SENSE_COUNTER) {
		sense->counter++;
	} else if (what == SENSE_DMG) {
		take_dmg(sense, told);
	}
}
