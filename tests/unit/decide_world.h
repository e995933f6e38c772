/*
 * decide_world: a small plan in memory, and a run of an 834 against it, in words.
 *
 * Members are lines of text; a file is the body of a set; what was decided comes out as lines, is applied to the
 * members, and the next file meets them so. What a scenario says is thus what a reader sees.
 *
 *   member  M1 S1 18 ROE ALEX 1985-02-14 M 219091001            id family kin last first birth sex ssn
 *           G1 P10 FAM 2025-01-01 open                          indented: a coverage; `cobra` or `voided` may follow
 *   wanted  1 change M1 G1 P20 2026-04-01..open | plan_id: P10 -> P20; from 2026-04-01
 *           2 EXCEPTION NO_MATCH
 *           3 deferred
 */
#ifndef TEST_DECIDE_WORLD_H
#define TEST_DECIDE_WORLD_H

#include "member_index.h"
#include "../../src/decide/spans.h"
#include "muster/decide.h"
#include "world.h"

#define PEOPLE_MAX 64
#define SPANS_MAX 16

static struct {
	struct arena arena; /* lives as long as the scenario */
	struct member people[PEOPLE_MAX];
	uint32_t people_count;
	uint32_t next_id;
	struct member_index index;
	struct decide_policy policy;
	date_day today;
	struct guide_set *guides;
	struct buffer out; /* the lines decided */
	struct slice forced_member_id;
	bool forced_new;
	bool deferring, last_pass;
	uint32_t deferred[PEOPLE_MAX], deferred_count;
	uint64_t claimed[PEOPLE_MAX];
	uint32_t claimed_count;
	uint32_t warnings;
	uint64_t ruled_out; /* this member is "not the same", whoever asks */
	bool rehearse;      /* decide only, apply nothing */
} plan_world;

static date_day world_day(const char *iso)
{
	date_day day = DATE_NONE;

	if (strcmp(iso, "open") != 0 && strcmp(iso, "-") != 0)
		assert_true(date_parse_iso(slice_from(iso), &day));
	return day;
}

/* ---- the view ---- */

static struct slice lit(const char *text)
{
	return slice_from(text);
}

static const struct group world_groups[] = {
	{.group_id = {"G1", 2},
	 .effective_on = 16436 /* 2015-01-01 */,
	 .terminates_on = DATE_NONE,
	 .cobra_admin = COBRA_ADMIN_SELF},
	{.group_id = {"G2", 2}, .effective_on = 16436, .terminates_on = DATE_NONE, .cobra_admin = COBRA_ADMIN_TPA},
	{.group_id = {"G3", 2},
	 .effective_on = 16436,
	 .terminates_on = 20453 /* 2025-12-31 */,
	 .status = GROUP_TERMINATED},
	{.group_id = {"G4", 2}, .effective_on = 20454 /* 2026-01-01 */, .terminates_on = 20818 /* 2026-12-31 */},
};
static const struct plan world_plans[] = {
	{.plan_id = {"P10", 3}, .insurance_line = {"HMO", 3}, .effective_on = 16436, .terminates_on = DATE_NONE},
	{.plan_id = {"P20", 3}, .insurance_line = {"PPO", 3}, .effective_on = 16436, .terminates_on = DATE_NONE},
	{.plan_id = {"P25", 3}, .insurance_line = {"HMO", 3}, .effective_on = 20454, .terminates_on = DATE_NONE},
	{.plan_id = {"D10", 3}, .insurance_line = {"DEN", 3}, .effective_on = 16436, .terminates_on = DATE_NONE},
	{.plan_id = {"MA1", 3}, .insurance_line = {"AJ", 2}, .effective_on = 16436, .terminates_on = DATE_NONE},
};

static int world_group(void *context, struct slice id, struct arena *arena, const struct group **ret_group)
{
	size_t i;

	(void)context;
	(void)arena;
	*ret_group = NULL;
	for (i = 0; i < sizeof(world_groups) / sizeof(world_groups[0]); i++)
		if (slice_equal(world_groups[i].group_id, id))
			*ret_group = &world_groups[i];
	return 0;
}

static int world_plan(void *context, struct slice id, struct arena *arena, const struct plan **ret_plan)
{
	size_t i;

	(void)context;
	(void)arena;
	*ret_plan = NULL;
	for (i = 0; i < sizeof(world_plans) / sizeof(world_plans[0]); i++)
		if (slice_equal(world_plans[i].plan_id, id))
			*ret_plan = &world_plans[i];
	return 0;
}

static struct member *world_find(const char *id)
{
	uint32_t i;

	for (i = 0; i < plan_world.people_count; i++)
		if (slice_is(plan_world.people[i].member_id, id))
			return &plan_world.people[i];
	fail_msg("no member %s", id);
	return NULL;
}

static int world_member(void *context, struct slice id, struct arena *arena, const struct member **ret_member)
{
	uint32_t i;

	(void)context;
	(void)arena;
	*ret_member = NULL;
	for (i = 0; i < plan_world.people_count; i++)
		if (slice_equal(plan_world.people[i].member_id, id))
			*ret_member = &plan_world.people[i];
	return 0;
}

static int world_household(void *context, struct family_key key, struct arena *arena, const struct member ***ret_members,
			   uint32_t *ret_count)
{
	const struct member **members = arena_alloc_array(arena, PEOPLE_MAX, sizeof(const struct member *));
	uint32_t i, pass;

	(void)context;
	if (members == NULL)
		return -ENOMEM;
	*ret_count = 0;
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < plan_world.people_count; i++)
			if (family_key_equal(family_key_of(&plan_world.people[i]), key) &&
			    slice_is(plan_world.people[i].relationship, "18") == (pass == 0))
				members[(*ret_count)++] = &plan_world.people[i];
	*ret_members = members;
	return 0;
}

static int world_ruled_out(void *context, const struct hash *identity, struct arena *arena,
			   const uint64_t **ret_member_nos, uint32_t *ret_count)
{
	(void)context;
	(void)identity;
	(void)arena;
	*ret_member_nos = &plan_world.ruled_out;
	*ret_count = plan_world.ruled_out != 0;
	return 0;
}

static const struct decide_view *world_view(void)
{
	static struct decide_view view;

	view = (struct decide_view){
		.group = world_group,
		.plan = world_plan,
		.member = world_member,
		.household = world_household,
		.candidates = member_index_candidates(&plan_world.index),
		.ruled_out = world_ruled_out,
	};
	return &view;
}

/* ---- members as lines ---- */

static void world_coverage(struct member *member, char *const *words, int count)
{
	struct coverage_span *span = &member->spans[member->span_count];
	const struct plan *known;

	assert_true(count >= 5 && member->span_count < SPANS_MAX);
	*span = (struct coverage_span){.span_no = member->member_no * 100 + member->span_count + 1,
				       .group_id = lit(words[0]),
				       .plan_id = lit(words[1])};
	world_plan(NULL, span->plan_id, NULL, &known);
	span->insurance_line = known != NULL ? known->insurance_line : lit("HLT");
	span->tier = strcmp(words[2], "-") == 0 ? SLICE_EMPTY : lit(words[2]);
	span->begins_on = world_day(words[3]);
	span->ends_on = world_day(words[4]);
	span->cobra = count > 5 && strcmp(words[5], "cobra") == 0;
	span->voided = count > 5 && strcmp(words[5], "voided") == 0;
	member->span_count++;
}

static void world_person(char *const *words, int count)
{
	struct member *member = &plan_world.people[plan_world.people_count++];

	assert_true(count >= 7 && plan_world.people_count <= PEOPLE_MAX);
	*member = (struct member){
		.member_no = plan_world.people_count,
		.member_id = lit(words[0]),
		.subscriber_id = lit(words[1]),
		.relationship = lit(words[2]),
		.last_name = lit(words[3]),
		.first_name = lit(words[4]),
		.birth_on = world_day(words[5]),
		.died_on = DATE_NONE,
		.sex = words[6][0],
		.ssn = count > 7 ? lit(words[7]) : SLICE_EMPTY,
		.address1 = lit("1 MAIN ST"),
		.city = lit("ANYTOWN"),
		.state = lit("CA"),
		.zip = lit("90001"),
		.spans = arena_alloc_array(&plan_world.arena, SPANS_MAX, sizeof(struct coverage_span)),
	};
}

static void world_members(const char *lines)
{
	struct slice text = arena_dup(&plan_world.arena, slice_from(lines));
	char *line = (char *)(uintptr_t)text.data, *end, *word, *rest;

	for (; *line != '\0'; line = end + 1) {
		bool indented = *line == ' ' || *line == '\t';
		char *words[10];
		int count = 0;

		end = strchr(line, '\n');
		assert_non_null(end);
		*end = '\0';
		for (word = strtok_r(line, " \t", &rest); word != NULL && count < 10;
		     word = strtok_r(NULL, " \t", &rest))
			words[count++] = word;
		if (count > 0 && indented)
			world_coverage(&plan_world.people[plan_world.people_count - 1], words, count);
		else if (count > 0)
			world_person(words, count);
	}
}

/* ---- what was decided, as lines ---- */

static void say_slice(struct slice s)
{
	buffer_add_slice(&plan_world.out, s.len > 0 ? s : lit("-"));
}

static void say_operation(const struct decide_operation *operation)
{
	char begins[DATE_TEXT_BYTES], ends[DATE_TEXT_BYTES];

	buffer_printf(&plan_world.out, "%u %s ", operation->member_pos, decide_action_name(operation->action));
	say_slice(operation->image != NULL ? operation->image->after.member_id : SLICE_EMPTY);
	if (operation->begins_on != DATE_NONE) {
		buffer_add_char(&plan_world.out, ' ');
		say_slice(operation->group_id);
		buffer_add_char(&plan_world.out, ' ');
		say_slice(operation->plan_id);
		buffer_printf(&plan_world.out, " %s..%s", date_format_iso(operation->begins_on, begins),
			      operation->ends_on != DATE_NONE ? date_format_iso(operation->ends_on, ends) : "open");
	}
	if (operation->change.len > 0) {
		buffer_add_text(&plan_world.out, " | ");
		buffer_add_slice(&plan_world.out, operation->change);
	}
	buffer_add_char(&plan_world.out, '\n');
}

/* What holds for every operation. */
static void check_operation(const struct decide_operation *operation)
{
	const struct decide_image *image = operation->image;

	if (image == NULL) {
		assert_int_equal(operation->action, DECIDE_NO_CHANGE);
		return;
	}
	assert_true(operation->confidence > 0.9 && operation->confidence <= 1.0);
	assert_non_null(operation->match_rule);
	assert_true(operation->span_before_index < (int32_t)image->before.span_count);
	assert_true(operation->span_after_index < (int32_t)image->after.span_count);
	if (operation->span_after_index >= 0) {
		const struct coverage_span *span = &image->after.spans[operation->span_after_index];

		assert_int_equal(span->begins_on, operation->begins_on);
		assert_true(slice_equal(span->plan_id, operation->plan_id));
		assert_true(slice_equal(span->group_id, operation->group_id));
	}
}

static void check_changeset(const struct enroll_family *family, const struct changeset *changeset)
{
	uint32_t i, k, rows;

	assert_int_equal(changeset->outcome_count, family->member_count);
	for (i = 0; i < changeset->operation_count; i++)
		check_operation(&changeset->operations[i]);
	for (i = 0; i < changeset->image_count; i++)
		assert_true(
			spans_are_disjoint(changeset->images[i]->after.spans, changeset->images[i]->after.span_count));
	/* A record stands in applied or in exceptions, never in both, and never in neither. */
	for (i = 0; i < family->member_count; i++) {
		uint32_t exceptions = 0, effects = 0, pos = family->members[i].member_pos;

		rows = 0;
		for (k = 0; k < changeset->operation_count; k++)
			rows += changeset->operations[k].member_pos == pos;
		for (k = 0; k < changeset->operation_count; k++)
			effects += changeset->operations[k].member_pos == pos &&
				   changeset->operations[k].action != DECIDE_NO_CHANGE;
		assert_int_equal(effects > 0, changeset->outcomes[i] == DECIDE_APPLIED);
		for (k = 0; k < changeset->exception_count; k++)
			exceptions += changeset->exceptions[k].member_pos == pos;
		assert_int_equal(exceptions, changeset->outcomes[i] == DECIDE_EXCEPTION ||
						     changeset->outcomes[i] == DECIDE_REJECTED);
		if (exceptions > 0 || changeset->outcomes[i] == DECIDE_DEFERRED)
			assert_int_equal(rows, 0);
		else
			assert_true(rows > 0);
	}
}

/* ---- applying ---- */

static struct slice world_keep(struct slice s)
{
	return s.len > 0 ? arena_dup(&plan_world.arena, s) : SLICE_EMPTY;
}

static void world_store(struct decide_image *image)
{
	struct member *member, *after = &image->after;
	uint32_t i;
	bool is_new = after->member_no == 0;

	member = is_new ? &plan_world.people[plan_world.people_count++] : &plan_world.people[after->member_no - 1];
	if (is_new) {
		after->member_no = plan_world.people_count;
		after->member_id = arena_printf(&plan_world.arena, "N%u", ++plan_world.next_id);
	}
	*member = *after;
	member->subscriber_id = world_keep(after->subscriber_id);
	member->relationship = world_keep(after->relationship);
	member->last_name = world_keep(after->last_name);
	member->first_name = world_keep(after->first_name);
	member->middle_name = world_keep(after->middle_name);
	member->suffix = world_keep(after->suffix);
	member->ssn = world_keep(after->ssn);
	member->address1 = world_keep(after->address1);
	member->address2 = world_keep(after->address2);
	member->city = world_keep(after->city);
	member->state = world_keep(after->state);
	member->zip = world_keep(after->zip);
	member->phone = world_keep(after->phone);
	member->email = world_keep(after->email);
	member->employee_id = world_keep(after->employee_id);
	member->medicare_id = world_keep(after->medicare_id);
	member->pcp_id = world_keep(after->pcp_id);
	member->facts = world_keep(after->facts);
	member->spans = arena_alloc_array(&plan_world.arena, SPANS_MAX, sizeof(*member->spans));
	for (i = 0; i < after->span_count; i++) {
		member->spans[i] = after->spans[i];
		member->spans[i].tier = world_keep(after->spans[i].tier);
		if (member->spans[i].span_no == 0)
			member->spans[i].span_no = member->member_no * 100 + 50 + i;
	}
}

static bool is_deferred(uint32_t member_pos)
{
	uint32_t i;

	for (i = 0; i < plan_world.deferred_count; i++)
		if (plan_world.deferred[i] == member_pos)
			return true;
	return false;
}

static bool world_is_claimed(void *context, uint64_t member_no)
{
	uint32_t i;

	(void)context;
	for (i = 0; i < plan_world.claimed_count; i++)
		if (plan_world.claimed[i] == member_no)
			return true;
	return false;
}

static int world_family(void *context, const struct enroll_family *whole)
{
	struct enroll_family family = *whole;
	struct decide_input input = {
		.policy = &plan_world.policy,
		.today = plan_world.today,
		.family = &family,
		.compares = slice_is(whole->header->action, "RX"),
		.last_chance = plan_world.last_pass,
		.forced_member_id = plan_world.forced_member_id,
		.forced_new = plan_world.forced_new,
		.is_claimed = world_is_claimed,
	};
	struct changeset changeset;
	uint32_t i;

	(void)context;
	family.members = arena_alloc_array(whole->arena, whole->member_count, sizeof(*family.members));
	family.member_count = 0;
	for (i = 0; i < whole->member_count; i++)
		if (!plan_world.last_pass || is_deferred(whole->members[i].member_pos))
			family.members[family.member_count++] = whole->members[i];
	if (family.member_count == 0)
		return 0;
	member_index_init(&plan_world.index, plan_world.people, plan_world.people_count);
	input.view = world_view();
	assert_int_equal(decide_family(whole->arena, &input, &changeset), 0);
	check_changeset(&family, &changeset);
	for (i = 0; i < changeset.image_count && !plan_world.rehearse; i++) {
		world_store(changeset.images[i]);
		if (changeset.images[i]->claimed)
			plan_world.claimed[plan_world.claimed_count++] = changeset.images[i]->after.member_no;
	}
	for (i = 0; i < changeset.operation_count; i++)
		say_operation(&changeset.operations[i]);
	for (i = 0; i < changeset.exception_count; i++) {
		assert_true(changeset.exceptions[i].reason.len > 0);
		buffer_printf(&plan_world.out, "%u %s %s\n", changeset.exceptions[i].member_pos,
			      changeset.exceptions[i].rejected ? "REJECTED" : "EXCEPTION",
			      category_name(changeset.exceptions[i].category));
	}
	for (i = 0; i < family.member_count; i++) {
		if (changeset.outcomes[i] != DECIDE_DEFERRED)
			continue;
		assert_false(plan_world.last_pass);
		plan_world.deferred[plan_world.deferred_count++] = family.members[i].member_pos;
		buffer_printf(&plan_world.out, "%u deferred\n", family.members[i].member_pos);
	}
	plan_world.warnings += changeset.warning_count;
	member_index_fini(&plan_world.index);
	return 0;
}

/* ---- a run ---- */

static void world_open(void)
{
	arena_reset(&plan_world.arena);
	plan_world.people_count = plan_world.next_id = plan_world.warnings = 0;
	plan_world.policy = (struct decide_policy){0};
	plan_world.today = world_day("2026-03-02");
	plan_world.forced_member_id = SLICE_EMPTY;
	plan_world.forced_new = plan_world.rehearse = false;
	plan_world.ruled_out = 0;
}

/* Who gets the families of a walk: the plan above, or a test of its own. */
static int (*world_taker)(void *context, const struct enroll_family *family) = world_family;

static void world_walk(struct slice text)
{
	const struct enroll_sink sink = {.family = world_taker};
	const struct check_options options = {.reject_member = true};
	struct io_source *source;
	struct enroll *enroll;

	assert_int_equal(io_source_open_memory(&world.env, text, 0, &source), 0);
	assert_int_equal(enroll_new(&world.env, &sink, &enroll), 0);
	assert_int_equal(check_source(&world.env, plan_world.guides, source, &options, enroll_handler(enroll)), 0);
	enroll_free(enroll);
	io_source_close(source);
}

/* Decide and apply a set's members (INS...); the lines are in plan_world.out. `bgn` NULL: an ordinary change file. */
static void world_run(const char *bgn, const char *members)
{
	struct buffer text;

	buffer_init(&text, &world.env);
	buffer_clear(&plan_world.out);
	plan_world.deferred_count = plan_world.claimed_count = 0;
	buffer_printf(&text,
		      "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
		      "*260302*0930*^*00501*000000101*0*P*:~"
		      "GS*BE*S*R*20260302*0930*1*X*005010X220A1~ST*834*0001*005010X220A1~%s%sSE*1*0001~GE*1*1~IEA*1*"
		      "000000101~",
		      bgn != NULL ? bgn : "BGN*00*R1*20260302*0930****2~REF*38*G1~N1*P5*ACME*FI*1~N1*IN*PLAN*FI*2~",
		      members);
	plan_world.last_pass = false;
	world_walk(buffer_slice(&text));
	if (plan_world.deferred_count > 0) {
		plan_world.last_pass = true;
		world_walk(buffer_slice(&text));
	}
	buffer_fini(&text);
}

#endif
