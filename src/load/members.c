/*
 * members: people and their coverages.
 *
 * A line says something of a person and, mostly, one coverage of his. It is laid over what is stored; what two lines
 * of one file say of the same person must not contradict, or loading the file again would change him back and forth.
 * Lines wait for the end of the file when their subscriber has not come yet, or when their coverage would overlap one
 * that a later line may end.
 */
#include <string.h>

#include "muster/match.h"
#include "muster/text.h"
#include "table.h"

/* INS02: 834-005010X220A1 D1. */
static const char *const relationships[] = {"18", "01", "19", "53", "03", "04", "05", "06", "07", "08",
					    "09", "10", "11", "12", "13", "14", "15", "16", "17", "23",
					    "24", "25", "26", "31", "38", "60", "D2", "G8", "G9", NULL};
/* HD05: 834-005010X220A1 D4. */
static const char *const tiers[] = {"EMP", "ESP", "ECH", "FAM", "IND", "CHD", "DEP", "E1D", "E2D", "E3D",
				    "E5D", "E6D", "E7D", "E8D", "E9D", "SPC", "SPO", "TWO", NULL};

struct member_line {
	struct member person;
	struct slice group_id, plan_id, tier;
	date_day begins_on, ends_on;
	bool cobra;
};

enum {
	MEMBER_ID,
	SUBSCRIBER_ID,
	RELATIONSHIP,
	PERSON_COLUMNS = 21, /* the first ones are of the person */
	GROUP_ID = PERSON_COLUMNS,
	PLAN_ID,
	TIER,
	BEGINS_ON,
	ENDS_ON,
	COBRA
};

#define PERSON(column, kind, ...)                                                                                      \
	{                                                                                                              \
#column, kind, .offset = offsetof(struct member_line, person.column), __VA_ARGS__                      \
	}
#define COVERAGE(column, kind, ...)                                                                                    \
	{                                                                                                              \
#column, kind, .offset = offsetof(struct member_line, column), __VA_ARGS__                             \
	}

static const struct table_column member_columns[] = {
	[MEMBER_ID] = PERSON(member_id, COLUMN_ID, .required = true),
	[SUBSCRIBER_ID] = PERSON(subscriber_id, COLUMN_ID, .required = true),
	[RELATIONSHIP] = PERSON(relationship, COLUMN_CODE, .required = true, .words = relationships),
	PERSON(last_name, COLUMN_TEXT, .required = true),
	PERSON(first_name, COLUMN_TEXT, .required = true),
	PERSON(middle_name, COLUMN_TEXT, .required = false),
	PERSON(suffix, COLUMN_TEXT, .required = false),
	PERSON(ssn, COLUMN_SSN, .required = false),
	PERSON(birth_on, COLUMN_DATE, .required = true),
	PERSON(sex, COLUMN_SEX, .required = false),
	PERSON(address1, COLUMN_TEXT, .required = false),
	PERSON(address2, COLUMN_TEXT, .required = false),
	PERSON(city, COLUMN_TEXT, .required = false),
	PERSON(state, COLUMN_TEXT, .required = false),
	PERSON(zip, COLUMN_TEXT, .required = false),
	PERSON(phone, COLUMN_TEXT, .required = false),
	PERSON(email, COLUMN_TEXT, .required = false),
	PERSON(employee_id, COLUMN_ID, .required = false),
	PERSON(medicare_id, COLUMN_ID, .required = false),
	PERSON(pcp_id, COLUMN_ID, .required = false),
	PERSON(support_order, COLUMN_FLAG, .max = 1),
	[GROUP_ID] = COVERAGE(group_id, COLUMN_ID, .required = false),
	[PLAN_ID] = COVERAGE(plan_id, COLUMN_ID, .required = false),
	[TIER] = COVERAGE(tier, COLUMN_CODE, .words = tiers),
	[BEGINS_ON] = COVERAGE(begins_on, COLUMN_DATE, .required = false),
	[ENDS_ON] = COVERAGE(ends_on, COLUMN_END_DATE, .required = false),
	[COBRA] = COVERAGE(cobra, COLUMN_FLAG, .max = 1),
};

/* What is remembered over the lines of a file. */
struct members {
	uint32_t *said; /* by member_no, bit by column: an earlier line of this file gave a value */
	size_t said_count;
	/* The last family that was found: its number, the sponsor of that line's group, and who gave the number. */
	char subscriber_id[128], line_sponsor[128], family_sponsor[128];
	char group_id[128];      /* the last group that was found, and its sponsor as text_plain_id has it */
	char sponsor_id[128];
	char plan_id[128], insurance_line[4];
};

/* ---- what the file has said already -------------------------------------------------------------------------- */

static uint32_t said_of(const struct members *members, uint64_t member_no)
{
	return member_no < members->said_count ? members->said[member_no] : 0;
}

static int note_said(struct env *env, struct members *members, uint64_t member_no, uint32_t columns)
{
	size_t count = members->said_count > 0 ? members->said_count : 4096;
	uint32_t *grown;

	while (member_no >= count)
		count *= 2;
	if (count > members->said_count) {
		grown = env_realloc(env, members->said, count * sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		memset(grown + members->said_count, 0, (count - members->said_count) * sizeof(*grown));
		members->said = grown;
		members->said_count = count;
	}
	members->said[member_no] |= columns;
	return 0;
}

static bool is_remembered(const char *known, struct slice id)
{
	return known[0] != '\0' && slice_is(id, known);
}

static void remember(char *known, size_t bytes, struct slice id)
{
	if (id.len < bytes)
		slice_to_cstr(id, known, bytes);
	else
		known[0] = '\0';
}

/* ---- the coverage of a line ---------------------------------------------------------------------------------- */

static int find_group(struct loader *loader, struct slice group_id)
{
	struct members *members = loader->own;
	const struct group *group;
	struct slice sponsor_id;
	int error;

	if (is_remembered(members->group_id, group_id))
		return 0;
	error = store_group_get(loader->store, group_id, &loader->arena, &group);
	if (error == 0 && group == NULL)
		loader_refuse(loader, GROUP_ID, "group_id: this group is not on file; load groups first");
	if (error != 0 || group == NULL)
		return error;
	sponsor_id = text_plain_id(&loader->arena, group->sponsor_id);
	slice_to_cstr(sponsor_id, members->sponsor_id, sizeof(members->sponsor_id));
	remember(members->group_id, sizeof(members->group_id),
		 sponsor_id.len < sizeof(members->sponsor_id) ? group_id : SLICE_EMPTY);
	return sponsor_id.data != NULL ? 0 : -ENOMEM;
}

static int find_plan(struct loader *loader, struct slice plan_id)
{
	struct members *members = loader->own;
	const struct plan *plan;
	int error;

	if (is_remembered(members->plan_id, plan_id))
		return 0;
	error = store_plan_get(loader->store, plan_id, &loader->arena, &plan);
	if (error == 0 && plan == NULL) {
		loader_refuse(loader, PLAN_ID, "plan_id: this plan is not on file; load plans first");
	} else if (error == 0) {
		remember(members->plan_id, sizeof(members->plan_id), plan_id);
		slice_to_cstr(plan->insurance_line, members->insurance_line, sizeof(members->insurance_line));
	}
	return error;
}

static bool has_coverage(const struct loader *loader)
{
	return loader_is_given(loader, GROUP_ID) || loader_is_given(loader, PLAN_ID) ||
	       loader_is_given(loader, BEGINS_ON) || loader_is_given(loader, ENDS_ON) || loader_is_given(loader, TIER);
}

/* A coverage has a group, a plan and a begin, and all three make sense. */
static int check_coverage(struct loader *loader, const struct member_line *line)
{
	static const int columns[] = {GROUP_ID, PLAN_ID, BEGINS_ON};
	size_t i;
	int error;

	if (!has_coverage(loader))
		return 0;
	for (i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		if (!loader_is_given(loader, columns[i]))
			loader_refuse(loader, columns[i], "%s: a coverage needs group_id, plan_id and begins_on",
				      member_columns[columns[i]].name);
	if (loader->refused)
		return 0;
	if (line->ends_on != DATE_NONE && line->ends_on < line->begins_on)
		loader_refuse(loader, ENDS_ON, "ends_on: lies before begins_on");
	error = find_group(loader, line->group_id);
	return error != 0 ? error : find_plan(loader, line->plan_id);
}

static bool is_same_coverage(const struct coverage_span *span, const struct member_line *line)
{
	return !span->voided && span->begins_on == line->begins_on && slice_equal(span->group_id, line->group_id) &&
	       slice_equal(span->plan_id, line->plan_id);
}

/* The stored coverage that this line is about: what the line says of it. */
static void change_span(const struct loader *loader, struct coverage_span *span, const struct member_line *line)
{
	if (loader->field_of[ENDS_ON] >= 0)
		span->ends_on = line->ends_on;
	if (loader_is_given(loader, TIER))
		span->tier = line->tier;
	if (loader_is_given(loader, COBRA))
		span->cobra = line->cobra;
}

/* The member's spans with the line's laid over, in new memory. Returns whether one was added. */
static int cover(struct loader *loader, struct member *after, const struct member_line *line, bool *ret_added)
{
	struct members *members = loader->own;
	struct coverage_span *spans =
		arena_alloc_array(&loader->arena, (size_t)after->span_count + 1, sizeof(*after->spans));
	uint32_t i;

	if (spans == NULL)
		return -ENOMEM;
	if (after->span_count > 0)
		memcpy(spans, after->spans, after->span_count * sizeof(*spans));
	after->spans = spans;
	*ret_added = false;
	if (!has_coverage(loader))
		return 0;
	for (i = 0; i < after->span_count; i++)
		if (is_same_coverage(&spans[i], line)) {
			change_span(loader, &spans[i], line);
			return 0;
		}
	spans[after->span_count++] = (struct coverage_span){.group_id = line->group_id,
							    .plan_id = line->plan_id,
							    .insurance_line = slice_from(members->insurance_line),
							    .tier = line->tier,
							    .begins_on = line->begins_on,
							    .ends_on = line->ends_on,
							    .cobra = line->cobra};
	*ret_added = true;
	return 0;
}

static int refuse_overlap(struct loader *loader, const struct member *after)
{
	const struct coverage_span *span;
	char begins[DATE_TEXT_BYTES], ends[DATE_TEXT_BYTES];
	uint32_t first, second;

	if (!store_spans_overlap(after->spans, after->span_count, &first, &second))
		return 0;
	span = &after->spans[first];
	loader_refuse(loader, BEGINS_ON, "begins_on: overlaps the coverage of the same group and line from %s to %s",
		      date_format_iso(span->begins_on, begins),
		      span->ends_on == DATE_NONE ? "(open)" : date_format_iso(span->ends_on, ends));
	return 0;
}

/* ---- the person of a line ------------------------------------------------------------------------------------ */

/* The sponsor of the line's group; empty where the line names none, or the group has none. */
static struct slice sponsor_of_line(const struct loader *loader)
{
	const struct members *members = loader->own;

	return has_coverage(loader) ? slice_from(members->sponsor_id) : SLICE_EMPTY;
}

static int has_family(struct loader *loader, struct family_key key, bool *ret_has)
{
	const struct member **household;
	uint32_t count = 0;
	int error = store_household(loader->store, key, &loader->arena, &household, &count);

	*ret_has = count > 0;
	return error;
}

/*
 * Who gave the person's number: the sponsor of the line's group, unless a family of that number stands there under
 * another name: without a sponsor, or one who came from another sponsor's group. Without a group, the one who gave it.
 */
static int find_sponsor(struct loader *loader, struct member *person)
{
	const struct slice of_line = sponsor_of_line(loader);
	struct family_key key = {.sponsor_id = of_line, .subscriber_id = person->subscriber_id};
	struct slice only;
	uint32_t count = 0;
	bool has;
	int error = has_family(loader, key, &has);

	if (error == 0 && !has && of_line.len > 0) {
		key.sponsor_id = SLICE_EMPTY;
		error = has_family(loader, key, &has);
	}
	if (error == 0 && !has)
		error = store_family_sponsors(loader->store, person->subscriber_id, of_line, &loader->arena, &only,
					      &count);
	if (count > 1 && of_line.len == 0)
		loader_refuse(
			loader, SUBSCRIBER_ID,
			"subscriber_id: several sponsors have a family of this number; the group of a coverage tells which");
	person->sponsor_id = has ? key.sponsor_id : count == 1 ? only : of_line;
	return error;
}

/* A line like the last one is of the same family. */
static bool is_last_family(const struct loader *loader, const struct member *person)
{
	const struct members *members = loader->own;

	return is_remembered(members->subscriber_id, person->subscriber_id) &&
	       slice_is(sponsor_of_line(loader), members->line_sponsor);
}

static void remember_family(struct loader *loader, const struct member *person)
{
	struct members *members = loader->own;

	remember(members->subscriber_id, sizeof(members->subscriber_id),
		 person->sponsor_id.len < sizeof(members->family_sponsor) ? person->subscriber_id : SLICE_EMPTY);
	slice_to_cstr(sponsor_of_line(loader), members->line_sponsor, sizeof(members->line_sponsor));
	slice_to_cstr(person->sponsor_id, members->family_sponsor, sizeof(members->family_sponsor));
}

/* A subscriber has his number for himself; a dependent's subscriber must be there. */
static int check_family(struct loader *loader, struct member *person, const struct member *before, bool last_chance)
{
	const struct members *members = loader->own;
	const struct member **household;
	bool is_self = slice_is(person->relationship, "18"), has_self;
	bool is_last = is_last_family(loader, person);
	uint32_t count;
	int error = 0;

	if (before != NULL && slice_equal(before->subscriber_id, person->subscriber_id))
		person->sponsor_id = before->sponsor_id;
	else if (is_last)
		person->sponsor_id = slice_from(members->family_sponsor);
	else
		error = find_sponsor(loader, person);
	if (error != 0 || loader->refused || (!is_self && is_last))
		return error;
	error = store_household(loader->store, family_key_of(person), &loader->arena, &household, &count);
	if (error != 0)
		return error;
	has_self = count > 0 && slice_is(household[0]->relationship, "18");
	if (is_self && has_self && !slice_equal(household[0]->member_id, person->member_id)) {
		loader_refuse(loader, SUBSCRIBER_ID, "subscriber_id: another member is this family's subscriber (18)");
	} else if (!is_self && !has_self) {
		if (!last_chance)
			return LOAD_LINE_LATER;
		loader_refuse(loader, SUBSCRIBER_ID,
			      "subscriber_id: nobody with relationship 18 has it, in this file or in the database");
	} else {
		remember_family(loader, person);
	}
	return 0;
}

/*
 * What the line leaves blank stays as it is stored; what an earlier line has said must not be said otherwise. Returns
 * whether the person is the same after it.
 */
static bool lay_over(struct loader *loader, struct member_line *line, const struct member_line *stored)
{
	uint32_t said = said_of(loader->own, stored->person.member_no);
	bool same = true;
	int i;

	for (i = 0; i < PERSON_COLUMNS; i++) {
		const struct table_column *column = &member_columns[i];

		if (!loader_is_given(loader, i)) {
			table_copy(column, line, stored);
		} else if (!table_is_equal(column, line, stored)) {
			same = false;
			if ((said >> i & 1) != 0)
				loader_refuse(loader, i,
					      "%s: another line of this file says otherwise about this member",
					      column->name);
		}
	}
	return same;
}

/* `same_person`: nothing but coverage can have changed, and so no key. */
static int write_member(struct loader *loader, const struct member *before, struct member *after, bool same_person,
			bool added)
{
	uint64_t old_keys[MATCH_KEYS_MAX], new_keys[MATCH_KEYS_MAX];
	struct store_keys keys = {.before = old_keys, .after = new_keys};
	int result;

	if (!same_person)
		keys.after_count = match_member_keys(after, new_keys);
	if (!same_person && before != NULL)
		keys.before_count = match_member_keys(before, old_keys);
	if (before == NULL)
		result = store_member_insert(loader->store, after, &keys, &loader->arena);
	else
		result = store_member_update(loader->store, before, after, &keys, 0);
	if (result != 0)
		return result;
	if (before == NULL || added)
		loader_count(loader, STORE_ADDED);
	else
		loader_count(loader, after->version != before->version ? STORE_CHANGED : STORE_UNCHANGED);
	return note_said(store_env(loader->store), loader->own, after->member_no, loader->given);
}

/* The line over what is stored: nothing is written yet. *ret_before NULL: a new member. */
static int prepare(struct loader *loader, struct member_line *line, bool last_chance, const struct member **ret_before,
		   bool *ret_same_person)
{
	struct member_line stored = {0};
	int result = check_coverage(loader, line);

	*ret_same_person = false;
	if (result == 0 && !loader->refused)
		result = store_member_get(loader->store, line->person.member_id, &loader->arena, ret_before);
	if (result != 0 || loader->refused)
		return result;
	if (*ret_before != NULL) {
		stored.person = **ret_before;
		*ret_same_person = lay_over(loader, line, &stored);
	}
	if (!loader->refused && *ret_same_person)
		line->person.sponsor_id = stored.person.sponsor_id;
	return loader->refused || *ret_same_person ? 0 : check_family(loader, &line->person, *ret_before, last_chance);
}

static int put_member(struct loader *loader, void *data, bool last_chance)
{
	struct member_line *line = data;
	const struct member *before = NULL;
	struct member after;
	bool same_person, added;
	int result = prepare(loader, line, last_chance, &before, &same_person);

	if (result != 0 || loader->refused)
		return result;
	after = line->person;
	if (before != NULL) {
		/* What no column speaks of. */
		after.member_no = before->member_no;
		after.version = before->version;
		after.died_on = before->died_on;
		after.confidential = before->confidential;
		after.facts = before->facts;
		after.spans = before->spans;
		after.span_count = before->span_count;
	}
	result = cover(loader, &after, line, &added);
	if (result == 0)
		result = write_member(loader, before, &after, same_person, added);
	if (result == STORE_E_OVERLAP)
		return last_chance ? refuse_overlap(loader, &after) : LOAD_LINE_LATER;
	/* Everything else that the store could refuse was looked at above. */
	return result > 0 ? MUSTER_ERROR_INTERNAL : result;
}

int load_members(struct store *store, const char *name, struct slice csv, load_fault_fn fault, void *context,
		 struct load_counts *ret_counts)
{
	static const struct member_line blank = {
		.person = {.birth_on = DATE_NONE, .died_on = DATE_NONE}, .begins_on = DATE_NONE, .ends_on = DATE_NONE};
	static const struct table table = {
		"members", member_columns, sizeof(member_columns) / sizeof(member_columns[0]),
		&blank,    sizeof(blank),  put_member};
	struct members members = {0};
	struct loader loader = {.store = store,
				.table = &table,
				.name = name,
				.csv = csv,
				.fault = fault,
				.context = context,
				.own = &members};
	struct member_line line;
	int result = load_run(&loader, &line, ret_counts);

	env_free(store_env(store), members.said);
	return result;
}
