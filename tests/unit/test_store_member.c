/* If this failed: a member's data or coverage could be kept wrongly, twice, or not at all, or he could not be found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_world.h"

static const struct member *get(struct slice member_id)
{
	const struct member *found;

	assert_int_equal(store_member_get(store, member_id, &arena, &found), 0);
	return found;
}

static void test_member_round_trip(void **state)
{
	/* Out of order: they come back by begin, then insurance line. */
	struct coverage_span spans[] = {a_span(day(2025, 1, 1), DATE_NONE), a_span(day(2024, 1, 1), day(2024, 12, 31)),
					a_span(day(2024, 1, 1), DATE_NONE)};
	struct member member = a_member(S("M1"), S("F1"), S("18"));
	const struct member *found;

	(void)state;
	spans[2].plan_id = S("D1");
	spans[2].insurance_line = S("DEN");
	spans[2].cobra = true;
	member.spans = spans;
	member.span_count = 3;
	member.confidential = true;
	member.middle_name = S("MAR\xc3\x8d"
			       "A");
	begin();
	insert(&member, &no_keys);
	commit();
	assert_int_equal(member.version, 1);
	assert_true(member.member_no > 0);
	assert_int_equal(spans[2].span_no, 3);
	found = get(S("M1"));
	assert_int_equal(found->member_no, member.member_no);
	assert_slice(found->ssn, "219090001");
	assert_slice(found->middle_name, "MAR\xc3\x8d"
					 "A");
	assert_int_equal(found->sex, 'F');
	assert_int_equal(found->birth_on, day(1980, 2, 29));
	assert_int_equal(found->died_on, DATE_NONE);
	assert_true(found->confidential);
	assert_int_equal(found->span_count, 3);
	assert_slice(found->spans[0].insurance_line, "DEN");
	assert_true(found->spans[0].cobra);
	assert_int_equal(found->spans[0].ends_on, DATE_NONE);
	assert_int_equal(found->spans[1].ends_on, day(2024, 12, 31));
	assert_int_equal(found->spans[2].begins_on, day(2025, 1, 1));
	assert_null(get(S("M2")));
	assert_int_equal(store_member_get_no(store, member.member_no, &arena, &found), 0);
	assert_slice(found->member_id, "M1");
}

static void assert_nothing_written(void)
{
	uint64_t count;

	assert_int_equal(store_member_count(store, &count), 0);
	assert_int_equal(count, 0);
}

static void test_insert_refusals(void **state)
{
	struct coverage_span spans[] = {a_span(day(2024, 1, 1), DATE_NONE), a_span(day(2025, 1, 1), DATE_NONE)};
	struct member member = a_member(S("M1"), S("F1"), S("18"));

	(void)state;
	member.spans = spans;
	member.span_count = 2;
	begin();
	assert_int_equal(store_member_insert(store, &member, &no_keys, &arena), STORE_E_OVERLAP);
	assert_nothing_written();
	spans[0].ends_on = day(2023, 12, 31); /* ends before it begins */
	assert_int_equal(store_member_insert(store, &member, &no_keys, &arena), STORE_E_INVALID);
	assert_nothing_written();
	spans[0].ends_on = day(2024, 12, 31);
	spans[1].plan_id = S("P77");
	assert_int_equal(store_member_insert(store, &member, &no_keys, &arena), STORE_E_INVALID);
	spans[1].plan_id = S("P1");
	spans[1].group_id = S("G77");
	assert_int_equal(store_member_insert(store, &member, &no_keys, &arena), STORE_E_INVALID);
	assert_nothing_written();
	spans[1].group_id = S("G1");
	insert(&member, &no_keys);
	spans[0].span_no = spans[1].span_no = 0;
	assert_int_equal(store_member_insert(store, &member, &no_keys, &arena), STORE_E_EXISTS);
	commit();
	assert_int_equal(get(S("M1"))->span_count, 2);
}

static void test_overlap_rule(void **state)
{
	struct coverage_span spans[] = {a_span(day(2024, 1, 1), day(2024, 6, 30)), a_span(day(2024, 7, 1), DATE_NONE)};
	uint32_t first, second;

	(void)state;
	assert_false(store_spans_overlap(spans, 2, &first, &second));
	spans[1].begins_on = day(2024, 6, 30); /* both ends are inclusive */
	assert_true(store_spans_overlap(spans, 2, &first, &second));
	assert_int_equal(first, 0);
	assert_int_equal(second, 1);
	spans[1].insurance_line = S("DEN");
	assert_false(store_spans_overlap(spans, 2, &first, &second));
	spans[1].insurance_line = S("HLT");
	spans[1].group_id = S("G2");
	assert_false(store_spans_overlap(spans, 2, &first, &second));
	spans[1].group_id = S("G1");
	spans[0].voided = true;
	assert_false(store_spans_overlap(spans, 2, &first, &second));
}

static int take_name(void *context, const struct store_name *name)
{
	struct buffer *text = context;

	buffer_printf(text, "%.*s,%.*s;", (int)name->last_name.len, name->last_name.data, (int)name->first_name.len,
		      name->first_name.data);
	assert_int_equal(name->until_ms, 1234);
	return 0;
}

static void test_update(void **state)
{
	struct coverage_span spans[3] = {a_span(day(2024, 1, 1), DATE_NONE)};
	struct member before = a_member(S("M1"), S("F1"), S("18")), after;
	const struct member *found;
	struct buffer text;

	(void)state;
	before.spans = spans;
	before.span_count = 1;
	begin();
	insert(&before, &no_keys);
	/* End the span, begin another, marry, and move. */
	after = before;
	after.last_name = S("OKONKWO");
	after.address1 = S("2 OAK AVE");
	after.spans = spans + 1;
	after.span_count = 2;
	spans[1] = spans[0];
	spans[1].ends_on = day(2025, 5, 31);
	spans[2] = a_span(day(2025, 6, 1), DATE_NONE);
	spans[2].plan_id = S("P2");
	assert_int_equal(store_member_update(store, &before, &after, &no_keys, 1234), 0);
	assert_int_equal(after.version, 2);
	assert_int_equal(spans[2].span_no, 2);
	/* Decided on what is no longer so. */
	assert_int_equal(store_member_update(store, &before, &after, &no_keys, 0), STORE_E_INVALID);
	after.spans = spans;
	after.span_count = 1;
	assert_int_equal(store_member_update(store, &before, &after, &no_keys, 0), STORE_E_STALE);
	commit();
	found = get(S("M1"));
	assert_slice(found->last_name, "OKONKWO");
	assert_slice(found->address1, "2 OAK AVE");
	assert_int_equal(found->version, 2);
	assert_int_equal(found->span_count, 2);
	assert_int_equal(found->spans[0].ends_on, day(2025, 5, 31));
	assert_slice(found->spans[1].plan_id, "P2");
	buffer_init(&text, &world.env);
	assert_int_equal(store_names_each(store, found->member_no, take_name, &text), 0);
	assert_slice(buffer_slice(&text), "FIORELLI,ANNA;");
	buffer_fini(&text);
}

static void test_update_nothing(void **state)
{
	struct coverage_span span = a_span(day(2024, 1, 1), DATE_NONE), same;
	struct member before = a_member(S("M1"), S("F1"), S("18")), after;

	(void)state;
	before.spans = &span;
	before.span_count = 1;
	begin();
	insert(&before, &no_keys);
	after = before;
	same = span;
	after.spans = &same;
	assert_int_equal(store_member_update(store, &before, &after, &no_keys, 0), 0);
	assert_int_equal(after.version, 1);
	/* A span must not vanish. */
	after.span_count = 0;
	assert_int_equal(store_member_update(store, &before, &after, &no_keys, 0), STORE_E_INVALID);
	/* Only voided. */
	after.span_count = 1;
	same.voided = true;
	assert_int_equal(store_member_update(store, &before, &after, &no_keys, 0), 0);
	assert_int_equal(after.version, 2);
	commit();
	assert_true(get(S("M1"))->spans[0].voided);
	assert_int_equal(get(S("M1"))->version, 2);
}

/* The texts of a member in turn, some of them put to another value: bit i of `which`. */
static void vary(struct member *member, uint32_t which)
{
	struct slice *const texts[] = {&member->subscriber_id, &member->relationship, &member->last_name, &member->first_name,
				       &member->middle_name,   &member->suffix,       &member->ssn,       &member->address1,
				       &member->address2,      &member->city,         &member->state,     &member->zip,
				       &member->phone,         &member->email,        &member->employee_id,
				       &member->medicare_id,   &member->pcp_id,       &member->facts};
	static const char *const values[] = {"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O",
					     "P", "Q", "R"};
	uint32_t i;

	for (i = 0; i < 18; i++)
		if ((which & UINT32_C(1) << i) != 0)
			*texts[i] = slice_from(values[i]);
	if ((which & UINT32_C(1) << 18) != 0)
		member->birth_on = day(1981, 3, 1);
	if ((which & UINT32_C(1) << 19) != 0)
		member->died_on = day(2025, 3, 1);
	if ((which & UINT32_C(1) << 20) != 0)
		member->sex = 'M';
	member->confidential = (which & UINT32_C(1) << 21) != 0;
	member->support_order = (which & UINT32_C(1) << 22) != 0;
}

static void assert_texts(const struct member *a, const struct member *b)
{
	const struct slice *const left[] = {&a->subscriber_id, &a->relationship, &a->last_name, &a->first_name,
					    &a->middle_name,   &a->suffix,       &a->ssn,       &a->address1,
					    &a->address2,      &a->city,         &a->state,     &a->zip,
					    &a->phone,         &a->email,        &a->employee_id,
					    &a->medicare_id,   &a->pcp_id,       &a->facts};
	const struct slice *const right[] = {&b->subscriber_id, &b->relationship, &b->last_name, &b->first_name,
					     &b->middle_name,   &b->suffix,       &b->ssn,       &b->address1,
					     &b->address2,      &b->city,         &b->state,     &b->zip,
					     &b->phone,         &b->email,        &b->employee_id,
					     &b->medicare_id,   &b->pcp_id,       &b->facts};
	uint32_t i;

	for (i = 0; i < 18; i++)
		assert_true(slice_equal(*left[i], *right[i]));
	assert_int_equal(a->birth_on, b->birth_on);
	assert_int_equal(a->died_on, b->died_on);
	assert_int_equal(a->sex, b->sex);
	assert_int_equal(a->confidential, b->confidential);
	assert_int_equal(a->support_order, b->support_order);
}

/* Only the columns that differ are written: each alone, and more sets of them than statements are kept for. */
static void test_update_each_column(void **state)
{
	struct member before = a_member(S("M1"), S("F1"), S("18")), after;
	const struct member *found;
	uint32_t which, round = 0;

	(void)state;
	begin();
	insert(&before, &no_keys);
	for (which = 1; which < UINT32_C(1) << 23; which = which * 3 / 2 + 1, round++) {
		after = a_member(S("M1"), S("F1"), S("18"));
		after.member_no = before.member_no;
		vary(&after, round < 23 ? UINT32_C(1) << round : which);
		assert_int_equal(store_member_update(store, &before, &after, &no_keys, 0), 0);
		assert_int_equal(after.version, before.version + 1);
		found = get(S("M1"));
		assert_texts(found, &after);
		before = after;
	}
	for (which = 1; which < 100; which++) {
		after = before;
		vary(&after, which << 12 | 1);
		after.address1 = which % 2 == 0 ? S("EVEN") : S("ODD");
		assert_int_equal(store_member_update(store, &before, &after, &no_keys, 0), 0);
		found = get(S("M1"));
		assert_texts(found, &after);
		before = a_member(S("M1"), S("F1"), S("18"));
		before.member_no = after.member_no;
		before.version = after.version;
		assert_int_equal(store_member_update(store, &after, &before, &no_keys, 0), 0);
	}
	commit();
}

/* A coverage that stood under the wrong group and plan is put right where it stands. */
static void test_update_moves_span(void **state)
{
	struct coverage_span span = a_span(day(2024, 1, 1), DATE_NONE), moved;
	struct member before = a_member(S("M1"), S("F1"), S("18")), after;
	uint64_t members, subscribers;

	(void)state;
	before.spans = &span;
	before.span_count = 1;
	begin();
	insert(&before, &no_keys);
	after = before;
	moved = span;
	after.spans = &moved;
	moved.group_id = S("G2");
	moved.plan_id = S("D1");
	moved.insurance_line = S("DEN");
	moved.tier = S("FAM");
	assert_int_equal(store_member_update(store, &before, &after, &no_keys, 0), 0);
	commit();
	assert_slice(get(S("M1"))->spans[0].group_id, "G2");
	assert_slice(get(S("M1"))->spans[0].plan_id, "D1");
	assert_slice(get(S("M1"))->spans[0].insurance_line, "DEN");
	assert_slice(get(S("M1"))->spans[0].tier, "FAM");
	assert_int_equal(store_group_active_count(store, S("G1"), day(2024, 6, 1), &members, &subscribers), 0);
	assert_int_equal(members, 0);
	assert_int_equal(store_group_active_count(store, S("G2"), day(2024, 6, 1), &members, &subscribers), 0);
	assert_int_equal(members, 1);
	assert_int_equal(store_group_active_up_to(store, S("G2"), day(2024, 6, 1), UINT64_MAX, &members), 0);
	assert_int_equal(members, 1);
	assert_int_equal(store_group_active_up_to(store, S("G1"), day(2024, 6, 1), UINT64_MAX, &members), 0);
	assert_int_equal(members, 0);
	begin();
	before = after;
	span = moved;
	before.spans = &span;
	moved.plan_id = S("P77");
	assert_int_equal(store_member_update(store, &before, &after, &no_keys, 0), STORE_E_INVALID);
	store_rollback(store);
}

static void test_household(void **state)
{
	struct member child = a_member(S("M1"), S("F1"), S("19")), self = a_member(S("M2"), S("F1"), S("18")),
		      other = a_member(S("M3"), S("F2"), S("18"));
	const struct member **members;
	uint32_t count;

	(void)state;
	begin();
	insert(&child, &no_keys);
	insert(&self, &no_keys);
	insert(&other, &no_keys);
	/* The child moves to the other family. */
	assert_int_equal(store_household(store, (struct family_key){.subscriber_id = S("F1")}, &arena, &members, &count), 0);
	assert_int_equal(count, 2);
	assert_slice(members[0]->member_id, "M2");
	assert_slice(members[1]->member_id, "M1");
	other = child;
	other.subscriber_id = S("F2");
	assert_int_equal(store_member_update(store, &child, &other, &no_keys, 0), 0);
	commit();
	assert_int_equal(store_household(store, (struct family_key){.subscriber_id = S("F1")}, &arena, &members, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(store_household(store, (struct family_key){.subscriber_id = S("F2")}, &arena, &members, &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(store_household(store, (struct family_key){.subscriber_id = S("F3")}, &arena, &members, &count), 0);
	assert_int_equal(count, 0);
}

/* Whose spans lie between those of a family, or far from them: each has his own, whoever has none. */
static void test_household_spans(void **state)
{
	struct coverage_span spans[2];
	struct member member;
	const struct member **members;
	uint32_t count, i, k;
	char id[16];

	(void)state;
	begin();
	for (i = 0; i < 40; i++) {
		snprintf(id, sizeof(id), "M%u", i);
		member = a_member(slice_from(id), S("F0"), S("18"));
		spans[0] = a_span(day(2024, 1, 1), day(2024, 1, 31));
		spans[1] = a_span(day(2025, 1, 1), DATE_NONE);
		member.spans = spans;
		member.span_count = i % 3;
		/* F1: 0, 2, 4 and 39; F2: 10, 12 and 14. */
		if (i < 5 && i % 2 == 0)
			member.subscriber_id = S("F1");
		if (i == 39)
			member.subscriber_id = S("F1");
		if (i >= 10 && i < 15 && i % 2 == 0)
			member.subscriber_id = S("F2");
		insert(&member, &no_keys);
	}
	commit();
	for (k = 1; k < 3; k++) {
		assert_int_equal(store_household(store, (struct family_key){.subscriber_id = k == 1 ? S("F1") : S("F2")}, &arena, &members,
						 &count),
				 0);
		assert_int_equal(count, k == 1 ? 4 : 3);
		for (i = 0; i < count; i++)
			assert_int_equal(members[i]->span_count, (members[i]->member_no - 1) % 3);
	}
}

static uint32_t members_with_key(uint64_t key)
{
	uint64_t member_nos[4];
	uint32_t count;

	assert_int_equal(store_key_members(store, key, 4, member_nos, &count), 0);
	return count;
}

static void test_keys(void **state)
{
	const uint64_t first[] = {7, UINT64_C(0xfedcba9876543210)}, second[] = {7, 9};
	struct store_keys keys = {.after = first, .after_count = 2};
	struct member before = a_member(S("M1"), S("F1"), S("18")), after, other = a_member(S("M2"), S("F2"), S("18"));

	(void)state;
	begin();
	insert(&before, &keys);
	insert(&other, &keys);
	commit();
	assert_int_equal(members_with_key(7), 2);
	assert_int_equal(members_with_key(UINT64_C(0xfedcba9876543210)), 2);
	assert_int_equal(members_with_key(9), 0);
	after = before;
	after.last_name = S("STONE");
	keys = (struct store_keys){first, second, 2, 2};
	begin();
	assert_int_equal(store_member_update(store, &before, &after, &keys, 0), 0);
	commit();
	assert_int_equal(members_with_key(7), 2);
	assert_int_equal(members_with_key(UINT64_C(0xfedcba9876543210)), 1);
	assert_int_equal(members_with_key(9), 1);
}

static void test_keys_collected(void **state)
{
	const uint64_t first[] = {7, 8}, second[] = {7, 9};
	struct store_keys keys = {.after = first, .after_count = 2};
	struct member before = a_member(S("M1"), S("F1"), S("18")), after;

	(void)state;
	begin();
	store_keys_collect(store);
	insert(&before, &keys);
	assert_int_equal(members_with_key(7), 0);
	/* A key that is to go while it still waits. */
	after = before;
	after.last_name = S("STONE");
	keys = (struct store_keys){first, second, 2, 2};
	assert_int_equal(store_member_update(store, &before, &after, &keys, 0), 0);
	assert_int_equal(store_keys_flush(store), 0);
	commit();
	assert_int_equal(members_with_key(7), 1);
	assert_int_equal(members_with_key(8), 0);
	assert_int_equal(members_with_key(9), 1);
	begin();
	assert_int_equal(store_keys_clear(store), 0);
	assert_int_equal(store_keys_put(store, after.member_no, second, 1), 0);
	commit();
	assert_int_equal(members_with_key(7), 1);
	assert_int_equal(members_with_key(9), 0);
}

static void test_member_numbers(void **state)
{
	struct member member = a_member(S("M000000026"), S("F1"), S("18"));
	struct slice id;
	uint64_t last_no, count;

	(void)state;
	begin();
	assert_int_equal(store_member_last_no(store, &last_no), 0);
	assert_int_equal(last_no, 0);
	insert(&member, &no_keys);
	assert_int_equal(store_member_id_next(store, &arena, &id), 0);
	assert_slice(id, "M000000018"); /* 00000001 and its Luhn digit */
	/* 00000002 would give the number that was loaded. */
	assert_int_equal(store_member_id_next(store, &arena, &id), 0);
	assert_slice(id, "M000000034");
	member = a_member(SLICE_EMPTY, S("F1"), S("19"));
	insert(&member, &no_keys);
	assert_slice(member.member_id, "M000000042");
	assert_int_equal(store_member_last_no(store, &last_no), 0);
	assert_int_equal(store_member_count(store, &count), 0);
	assert_int_equal(last_no, 2);
	assert_int_equal(count, last_no);
	assert_int_equal(store_set_member_id_format(store, S("no digits")), STORE_E_INVALID);
	assert_int_equal(store_set_member_id_format(store, S("K-#-@")), 0);
	for (int i = 5; i <= 12; i++)
		assert_int_equal(store_member_id_next(store, &arena, &id), 0);
	/* More digits than marks: the number grows. */
	assert_slice(id, "K-12-5");
	store_rollback(store);
}

static int count_members(void *context, const struct member *member)
{
	(void)member;
	++*(int *)context;
	return 0;
}

static int stop_at_first(void *context, const struct member *member)
{
	(void)member;
	++*(int *)context;
	return 42;
}

static int find(const struct store_member_filter *filter)
{
	int count = 0;

	assert_int_equal(store_members_find(store, filter, count_members, &count), 0);
	return count;
}

static void test_find(void **state)
{
	struct member anna = a_member(S("M1"), S("F1"), S("18")), ben = a_member(S("M2"), S("F1"), S("19"));
	struct coverage_span span = a_span(day(2024, 1, 1), day(2024, 1, 31));
	int count = 0;

	(void)state;
	ben.first_name = S("BEN");
	ben.last_name = S("FIOR_LLI");
	ben.ssn = S("219090002");
	ben.spans = &span;
	ben.span_count = 1;
	begin();
	insert(&anna, &no_keys);
	insert(&ben, &no_keys);
	commit();
	assert_int_equal(find(&(struct store_member_filter){.last_name = S("fior"), .birth_on = DATE_NONE}), 2);
	/* A mark of LIKE in a name is a letter. */
	assert_int_equal(find(&(struct store_member_filter){.last_name = S("fior_"), .birth_on = DATE_NONE}), 1);
	assert_int_equal(find(&(struct store_member_filter){
				 .last_name = S("FIOR"), .first_name = S("B"), .birth_on = DATE_NONE}),
			 1);
	assert_int_equal(find(&(struct store_member_filter){.last_name = S("FIORELLIX"), .birth_on = DATE_NONE}), 0);
	assert_int_equal(find(&(struct store_member_filter){.last_name = S("G"), .birth_on = DATE_NONE}), 0);
	assert_int_equal(
		find(&(struct store_member_filter){.last_name = S("fi"), .member_id = S("M2"), .birth_on = DATE_NONE}),
		1);
	assert_int_equal(find(&(struct store_member_filter){.ssn = S("219090002"), .birth_on = DATE_NONE}), 1);
	assert_int_equal(find(&(struct store_member_filter){.subscriber_id = S("F1"), .birth_on = DATE_NONE}), 2);
	assert_int_equal(find(&(struct store_member_filter){.member_id = S("M1"), .birth_on = DATE_NONE}), 1);
	assert_int_equal(find(&(struct store_member_filter){.birth_on = day(1980, 2, 29)}), 2);
	assert_int_equal(find(&(struct store_member_filter){.birth_on = day(1980, 2, 28)}), 0);
	assert_int_equal(find(&(struct store_member_filter){.group_id = S("G1"), .birth_on = DATE_NONE}), 1);
	assert_int_equal(
		find(&(struct store_member_filter){.last_name = S("F"), .birth_on = DATE_NONE, .count_max = 1}), 1);
	assert_int_equal(store_members_each(store, stop_at_first, &count), 42);
	assert_int_equal(count, 1);
}

static int take_family(void *context, const struct member *const *members, uint32_t count)
{
	struct buffer *text = context;
	uint32_t i;

	for (i = 0; i < count; i++)
		buffer_printf(text, "%.*s:%u ", (int)members[i]->member_id.len, members[i]->member_id.data,
			      members[i]->span_count);
	buffer_add_text(text, "| ");
	return 0;
}

static int64_t number_in(const char *sql)
{
	sqlite3_stmt *statement;
	sqlite3 *db;
	int64_t value;

	assert_int_equal(sqlite3_open(world_path("muster.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	value = sqlite3_column_int64(statement, 0);
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return value;
}

#define LOADED 400

/* What the first file tells of those who were loaded fits where they are: their pages are as many as before. */
static void test_room_for_facts(void **state)
{
	struct member member = a_member(SLICE_EMPTY, S("F1"), S("18"));
	const struct member *before;
	int64_t pages;
	uint64_t member_no;

	(void)state;
	begin();
	for (member_no = 1; member_no <= LOADED; member_no++) {
		member.member_id = SLICE_EMPTY;
		insert(&member, &no_keys);
	}
	commit();
	pages = number_in("PRAGMA page_count");
	begin();
	for (member_no = 1; member_no <= LOADED; member_no++) {
		assert_int_equal(store_member_get_no(store, member_no, &arena, &before), 0);
		member = *before;
		member.facts = S("employment=FT\nreporting_category=CA-0029\nhired_on=20010601\n");
		assert_int_equal(store_member_update(store, before, &member, &no_keys, 0), 0);
	}
	commit();
	assert_int_equal(number_in("PRAGMA page_count"), pages);
	/* It is given up then, and nobody has it who came with his facts. */
	member.member_id = SLICE_EMPTY;
	member.span_count = 0;
	begin();
	insert(&member, &no_keys);
	commit();
	assert_int_equal(number_in("SELECT sum(length(room)) FROM members"), 0);
}

/* Members of before have none, and take what is told of them. */
static void test_upgrade_from_schema_15(void **state)
{
	struct member member = a_member(S("M1"), S("F1"), S("18")), after;
	const char *path = world_path("muster.db");
	const struct member *found;

	(void)state;
	begin();
	insert(&member, &no_keys);
	commit();
	set_back(path, TO_SCHEMA_15);
	assert_int_equal(store_open(&world.env, path, 0, &store), 0);
	assert_int_equal(number_in("SELECT sum(length(room)) FROM members"), 0);
	after = member;
	after.facts = S("student=N\n");
	begin();
	assert_int_equal(store_member_update(store, &member, &after, &no_keys, 0), 0);
	commit();
	assert_int_equal(store_member_get(store, S("M1"), &arena, &found), 0);
	assert_slice(found->facts, "student=N\n");
	assert_slice(found->last_name, "FIORELLI");
}

static void test_roster(void **state)
{
	struct coverage_span open = a_span(day(2024, 1, 1), DATE_NONE),
			     old = a_span(day(2023, 1, 1), day(2023, 12, 31)),
			     void_ = a_span(day(2024, 1, 1), DATE_NONE), elsewhere = a_span(day(2024, 1, 1), DATE_NONE);
	struct member self = a_member(S("M1"), S("F2"), S("18")), spouse = a_member(S("M2"), S("F2"), S("01")),
		      child = a_member(S("M3"), S("F1"), S("19")), parent = a_member(S("M4"), S("F1"), S("18")),
		      third = a_member(S("M5"), S("F3"), S("18")), fourth = a_member(S("M6"), S("F4"), S("18"));
	struct buffer text;
	uint64_t members, subscribers;

	(void)state;
	void_.voided = true;
	elsewhere.group_id = S("G2");
	self.spans = &open, self.span_count = 1;
	spouse.spans = &old, spouse.span_count = 1;
	child.spans = &open, child.span_count = 1;
	third.spans = &void_, third.span_count = 1;
	fourth.spans = &elsewhere, fourth.span_count = 1;
	begin();
	insert(&self, &no_keys);
	insert(&spouse, &no_keys);
	open.span_no = 0;
	insert(&child, &no_keys);
	insert(&parent, &no_keys);
	insert(&third, &no_keys);
	insert(&fourth, &no_keys);
	commit();
	buffer_init(&text, &world.env);
	assert_int_equal(store_roster(store, S("G1"), day(2024, 6, 1), take_family, &text), 0);
	assert_slice(buffer_slice(&text), "M4:0 M3:1 | M1:1 | ");
	buffer_clear(&text);
	assert_int_equal(store_roster(store, S("G1"), day(2023, 6, 1), take_family, &text), 0);
	assert_slice(buffer_slice(&text), "M1:0 M2:1 | ");
	buffer_fini(&text);
	assert_int_equal(store_group_active_count(store, S("G1"), day(2024, 6, 1), &members, &subscribers), 0);
	assert_int_equal(members, 2);
	assert_int_equal(subscribers, 1);
}

static uint64_t active_in(struct slice group_id)
{
	uint64_t members;

	assert_int_equal(store_group_active_up_to(store, group_id, day(2024, 6, 1), UINT64_MAX, &members), 0);
	return members;
}

/* As the first `count` of these spans say, and nothing else in the database against it. */
static void assert_update(struct member *member, struct coverage_span *spans, uint32_t count)
{
	const struct member *before;
	struct buffer text;

	begin();
	assert_int_equal(store_member_get(store, member->member_id, &arena, &before), 0);
	member->spans = spans;
	member->span_count = count;
	assert_int_equal(store_member_update(store, before, member, &no_keys, 0), 0);
	commit();
	buffer_init(&text, &world.env);
	assert_int_equal(store_verify(store, &text), 0);
	buffer_fini(&text);
}

/* He is found under a group while a span of his is in it: under the other where it was moved, and under both meanwhile. */
static void test_groups_of_a_member(void **state)
{
	struct coverage_span spans[] = {a_span(day(2024, 1, 1), DATE_NONE), a_span(day(2024, 1, 1), DATE_NONE)};
	struct member member = a_member(S("M1"), S("F1"), S("18"));

	(void)state;
	spans[1].plan_id = S("D1");
	spans[1].insurance_line = S("DEN");
	member.spans = spans;
	member.span_count = 1;
	begin();
	insert(&member, &no_keys);
	commit();
	assert_update(&member, spans, 2);
	assert_int_equal(active_in(S("G1")), 1);
	spans[1].group_id = S("G2");
	assert_update(&member, spans, 2);
	assert_int_equal(active_in(S("G1")), 1);
	assert_int_equal(active_in(S("G2")), 1);
	spans[0].group_id = S("G2");
	assert_update(&member, spans, 2);
	assert_int_equal(active_in(S("G1")), 0);
	assert_int_equal(active_in(S("G2")), 1);
	assert_int_equal(find(&(struct store_member_filter){.group_id = S("G1"), .birth_on = DATE_NONE}), 0);
}

static int take_identifier(void *context, struct slice kind, struct slice value)
{
	buffer_printf(context, "%.*s=%.*s;", (int)kind.len, kind.data, (int)value.len, value.data);
	return 0;
}

static void test_identifiers(void **state)
{
	struct member member = a_member(S("M1"), S("F1"), S("18"));
	struct buffer text;

	(void)state;
	begin();
	insert(&member, &no_keys);
	assert_int_equal(store_identifier_put(store, member.member_no, S("ZZ"), S("b")), 0);
	assert_int_equal(store_identifier_put(store, member.member_no, S("17"), S("a")), 0);
	assert_int_equal(store_identifier_put(store, member.member_no, S("ZZ"), S("b")), 0);
	assert_int_equal(store_identifier_put(store, 999, S("ZZ"), S("b")), STORE_E_INVALID);
	commit();
	buffer_init(&text, &world.env);
	assert_int_equal(store_identifiers_each(store, member.member_no, take_identifier, &text), 0);
	assert_slice(buffer_slice(&text), "17=a;ZZ=b;");
	buffer_fini(&text);
}

#define EMPTY(test) cmocka_unit_test_setup_teardown(test, store_world_setup, store_world_teardown)
#define FILLED(test) cmocka_unit_test_setup_teardown(test, store_world_setup_filled, store_world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILLED(test_member_round_trip),
		FILLED(test_insert_refusals),
		EMPTY(test_overlap_rule),
		FILLED(test_update),
		FILLED(test_update_nothing),
		FILLED(test_update_each_column),
		FILLED(test_update_moves_span),
		FILLED(test_household),
		FILLED(test_household_spans),
		FILLED(test_keys),
		FILLED(test_keys_collected),
		FILLED(test_member_numbers),
		FILLED(test_find),
		FILLED(test_room_for_facts),
		FILLED(test_upgrade_from_schema_15),
		FILLED(test_roster),
		FILLED(test_groups_of_a_member),
		FILLED(test_identifiers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
