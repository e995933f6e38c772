/*
 * facts: what a record tells of a person beside the fields that rules ask for.
 *
 * The first of a kind counts: a second employer or other policy stays in the raw text.
 */
#include "gather.h"

#include "muster/error.h"
#include "muster/money.h"

/* An element that is a fact as it stands. */
struct plain_fact {
	const char *qualifier;  /* of the segment's first element; NULL = any */
	int element, component; /* component 0: the whole element */
	enum fact fact;
};

static const struct plain_fact of_ins[] = {
	{NULL, 6, 1, FACT_medicare_parts}, {NULL, 6, 2, FACT_medicare_reason}, {NULL, 7, 0, FACT_cobra_event},
	{NULL, 8, 0, FACT_employment},     {NULL, 9, 0, FACT_student},         {NULL, 10, 0, FACT_handicapped},
};
static const struct plain_fact of_ref[] = {{"17", 2, 0, FACT_reporting_category}};
static const struct plain_fact of_dtp[] = {
	{"336", 3, 0, FACT_hired_on},    {"338", 3, 0, FACT_medicare_begins}, {"339", 3, 0, FACT_medicare_ends},
	{"340", 3, 0, FACT_cobra_begins}, {"341", 3, 0, FACT_cobra_ends},     {"350", 3, 0, FACT_school_begins},
	{"351", 3, 0, FACT_school_ends},
};
static const struct plain_fact of_dmg[] = {{NULL, 4, 0, FACT_marital}, {NULL, 5, 1, FACT_race}};
static const struct plain_fact of_hlh[] = {{NULL, 1, 0, FACT_health}};
static const struct plain_fact of_lui[] = {{NULL, 2, 0, FACT_language}, {NULL, 3, 0, FACT_language}};
static const struct plain_fact of_dsb[] = {{NULL, 1, 0, FACT_disability}};
static const struct plain_fact of_school[] = {{NULL, 3, 0, FACT_school}};

#define FACTS(facts) facts, sizeof(facts) / sizeof((facts)[0])
static const struct {
	enum enroll_loop loop;
	const char *segment;
	const struct plain_fact *facts;
	size_t count;
} plain[] = {
	{LOOP_2000, "INS", FACTS(of_ins)},  {LOOP_2000, "REF", FACTS(of_ref)},  {LOOP_2000, "DTP", FACTS(of_dtp)},
	{LOOP_2100A, "DMG", FACTS(of_dmg)}, {LOOP_2100A, "HLH", FACTS(of_hlh)}, {LOOP_2100A, "LUI", FACTS(of_lui)},
	{LOOP_2200, "DSB", FACTS(of_dsb)},  {LOOP_2100E, "NM1", FACTS(of_school)},
};

static void read_plain_fact(const struct plain_fact *row, const struct divided *segment, char component,
			    struct member_record *record)
{
	struct slice value = segment->element[row->element];

	if ((row->qualifier != NULL && !slice_is_code(segment->element[1], row->qualifier)) ||
	    record->facts[row->fact].len > 0)
		return;
	if (row->component > 0)
		value = slice_trim(x12_part(value, component, (uint32_t)row->component));
	record->facts[row->fact] = value;
}

static void read_plain(enum enroll_loop loop, const struct divided *segment, char component,
		       struct member_record *record)
{
	size_t i, k;

	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (plain[i].loop == loop && slice_is_code(segment->element[0], plain[i].segment)) {
			for (k = 0; k < plain[i].count; k++)
				read_plain_fact(&plain[i].facts[k], segment, component, record);
			return;
		}
}

/* Behind what the same loop told before: "ROE ALEX, 1 MAIN ST, ANYTOWN CA 90001". */
static int add_part(struct arena *arena, struct slice *value, const char *separator, struct slice part)
{
	if (part.len == 0)
		return 0;
	*value = value->len > 0 ? arena_printf(arena, "%.*s%s%.*s", (int)value->len, value->data, separator,
					       (int)part.len, part.data)
				: part;
	return value->data != NULL ? 0 : -ENOMEM;
}

static int add_name_or_address(struct arena *arena, const struct divided *segment, struct slice *value)
{
	const struct slice *element = segment->element;
	int error = 0, i;

	if (slice_is(element[0], "NM1")) {
		error = add_part(arena, value, ", ", element[3]);
		return error == 0 ? add_part(arena, value, " ", element[4]) : error;
	}
	if (slice_is(element[0], "N3"))
		for (i = 1; i <= 2 && error == 0; i++)
			error = add_part(arena, value, ", ", element[i]);
	if (slice_is(element[0], "N4"))
		for (i = 1; i <= 3 && error == 0; i++)
			error = add_part(arena, value, i == 1 ? ", " : " ", element[i]);
	return error;
}

/* Loops that are one fact; a loop that repeats begins with NM1, and only its first time is kept. */
static int read_party(struct arena *arena, const struct divided *segment, enum fact fact, bool addressed,
		      struct member_record *record)
{
	struct slice *value = &record->facts[fact];
	bool begins = slice_is(segment->element[0], "NM1");

	if (begins && record->fact_loops[fact] < 2)
		record->fact_loops[fact]++;
	if (record->fact_loops[fact] != 1 || (!begins && !addressed))
		return 0;
	return add_name_or_address(arena, segment, value);
}

/* "S/1": the other payer is secondary, and there is coordination. */
static int read_other_coverage(struct arena *arena, const struct divided *segment, struct member_record *record)
{
	struct slice *value = &record->facts[FACT_other_coverage];

	if (!slice_is(segment->element[0], "COB") || value->len > 0)
		return 0;
	*value = arena_printf(arena, "%.*s/%.*s", (int)segment->element[1].len,
			      segment->element[1].len > 0 ? segment->element[1].data : "", (int)segment->element[3].len,
			      segment->element[3].len > 0 ? segment->element[3].data : "");
	return value->data != NULL ? 0 : -ENOMEM;
}

int enroll_facts_read(struct arena *arena, enum enroll_loop loop, const struct divided *segment, char component,
		      struct member_record *record)
{
	switch (loop) {
	case LOOP_2100C:
		if (slice_is(segment->element[0], "NM1"))
			return 0;
		return add_name_or_address(arena, segment, &record->facts[FACT_mail_address]);
	case LOOP_2100D:
		return read_party(arena, segment, FACT_employer, false, record);
	case LOOP_2100F:
		return read_party(arena, segment, FACT_custodial_parent, true, record);
	case LOOP_2100G:
		return read_party(arena, segment, FACT_responsible_person, true, record);
	case LOOP_2320:
		return read_other_coverage(arena, segment, record);
	case LOOP_2000:
	case LOOP_2100A:
	case LOOP_2100E:
	case LOOP_2200:
		read_plain(loop, segment, component, record);
		return 0;
	case LOOP_2100B:
	case LOOP_2300:
	case LOOP_2310:
	case LOOP_2750:
	case LOOP_OTHER:
		break;
	}
	return 0;
}

static bool ends_with(struct slice text, struct slice end)
{
	return text.len >= end.len && slice_equal(slice_of(text.data + text.len - end.len, end.len), end);
}

static const struct enroll_cob_rule *cob_rule_of(const struct enroll_habits *habits, struct slice policy)
{
	uint32_t i;

	for (i = 0; i < habits->cob_rule_count; i++)
		if (ends_with(policy, habits->cob_rules[i].suffix))
			return &habits->cob_rules[i];
	return NULL;
}

int enroll_cob_read(struct arena *arena, const struct enroll_habits *habits, const struct divided *segment,
		    struct member_record *record)
{
	static const char ranks[] = {
		[ENROLL_COB_PRIMARY] = 'P', [ENROLL_COB_SECONDARY] = 'S', [ENROLL_COB_TERTIARY] = 'T'};
	struct slice *coverage = &record->facts[FACT_other_coverage];
	const struct enroll_cob_rule *rule;

	if (habits->cob_rule_count == 0 || !slice_is(segment->element[0], "COB"))
		return 0;
	record->cob_count++;
	rule = cob_rule_of(habits, segment->element[2]);
	if (rule == NULL || rule->meaning == ENROLL_COB_AS_SENT)
		return 0;
	if (rule->meaning == ENROLL_COB_MEDICARE) {
		record->medicare_by_cob = true;
		return 0;
	}
	if (record->cob_count > 1)
		return 0;
	*coverage = arena_printf(arena, "%c/%.*s", ranks[rule->meaning], (int)segment->element[3].len,
				 segment->element[3].len > 0 ? segment->element[3].data : "");
	return coverage->data != NULL ? 0 : -ENOMEM;
}

static bool is_amount(enum fact fact)
{
	return fact == FACT_premium || fact == FACT_family_premium || fact == FACT_responsible_amount ||
	       fact == FACT_tax_credit || fact == FACT_cost_sharing;
}

/* 242.4 is no other amount than 242.40. What is none stays as it was sent: a person will see it. */
static struct slice amount_of(struct arena *arena, struct slice sent)
{
	char text[MONEY_TEXT_BYTES];
	cents amount;

	return money_parse_r(sent, &amount) ? arena_dup(arena, slice_from(money_format(amount, text))) : sent;
}

int enroll_category_read(struct arena *arena, const struct enroll_habits *habits, const struct divided *segment,
			 enum fact *fact, struct member_record *record)
{
	const struct slice *element = segment->element;
	uint32_t i;

	if (slice_is(element[0], "N1")) {
		*fact = FACT_COUNT;
		for (i = 0; i < habits->category_count; i++)
			if (slice_equal(habits->categories[i].name, element[2]))
				*fact = habits->categories[i].fact;
	}
	if (*fact == FACT_COUNT)
		return 0;
	if (slice_is(element[0], "REF") && record->facts[*fact].len == 0) {
		record->facts[*fact] = is_amount(*fact) ? amount_of(arena, element[2]) : element[2];
		if (record->facts[*fact].data == NULL && element[2].len > 0)
			return -ENOMEM;
	}
	if (slice_is(element[0], "DTP") && is_amount(*fact) && record->facts[FACT_rates_from].len == 0)
		record->facts[FACT_rates_from] = element[3];
	return 0;
}
