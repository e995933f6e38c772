/* If this failed: a change could be numbered twice or lost from a member's history, or a waiting item decided on stale. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "store_set.h"

/* ---- changes ------------------------------------------------------------------------------------------------- */

static int take_change(void *context, const struct store_change *change)
{
	buffer_printf(context, "%.*s/%.*s/%u/%u/%.*s ", (int)change->origin.file_id.len, change->origin.file_id.data,
		      (int)change->origin.tset_control.len, change->origin.tset_control.data, change->member_pos,
		      change->op_index, (int)change->action.len, change->action.data);
	return 0;
}

static int take_count(void *context, struct slice name, uint64_t count)
{
	buffer_printf(context, "%.*s=%llu ", (int)name.len, name.data, (unsigned long long)count);
	return 0;
}

static void test_changes(void **state)
{
	struct store_file file;
	struct store_interchange interchange;
	struct store_tset tset;
	struct store_change change = {.action = S("change"),
				      .member_no = 5,
				      .before = S("{}"),
				      .begins_on = DATE_NONE,
				      .ends_on = DATE_NONE,
				      .confidence_e6 = 999999,
				      .offset = UINT64_C(5000000000)};
	const struct store_change *found;
	struct buffer text;
	uint32_t next;

	(void)state;
	buffer_init(&text, &world.env);
	begin();
	add_set(&file, &interchange, &tset);
	change.tset_no = tset.tset_no;
	change.member_pos = 2;
	assert_int_equal(store_change_add(store, &change), 0);
	change.op_index = 1;
	change.action = S("terminate");
	assert_int_equal(store_change_add(store, &change), 0);
	assert_int_equal(store_change_add(store, &change), STORE_E_EXISTS);
	change.member_pos = 1;
	change.op_index = 0;
	change.member_no = 6;
	change.at_ms = -1;
	assert_int_equal(store_change_add(store, &change), 0);
	assert_int_equal(store_change_next_index(store, tset.tset_no, 2, &next), 0);
	assert_int_equal(next, 2);
	assert_int_equal(store_change_next_index(store, tset.tset_no, 9, &next), 0);
	assert_int_equal(next, 0);
	assert_int_equal(store_change_set_undone(store, tset.tset_no, 2, 1), 0);
	assert_int_equal(store_change_set_undone(store, tset.tset_no, 2, 7), STORE_E_MISSING);
	commit();
	assert_int_equal(store_changes_of_file(store, file.file_no, take_change, &text), 0);
	assert_slice(buffer_slice(&text), "F00000001/0001/1/0/terminate F00000001/0001/2/0/change "
					  "F00000001/0001/2/1/terminate ");
	buffer_clear(&text);
	assert_int_equal(store_changes_of_member(store, 5, take_change, &text), 0);
	assert_slice(buffer_slice(&text), "F00000001/0001/2/0/change F00000001/0001/2/1/terminate ");
	buffer_clear(&text);
	assert_int_equal(store_change_counts(store, file.file_no, take_count, &text), 0);
	assert_slice(buffer_slice(&text), "change=1 terminate=2 ");
	assert_int_equal(store_change_get(store, tset.tset_no, 2, 1, &arena, &found), 0);
	assert_true(found->undone);
	assert_int_equal(found->offset, UINT64_C(5000000000));
	assert_int_equal(found->begins_on, DATE_NONE);
	assert_int_equal(store_change_get(store, tset.tset_no, 2, 9, &arena, &found), 0);
	assert_null(found);
	buffer_fini(&text);
}

static int take_seq(void *context, const struct store_change *change)
{
	buffer_printf(context, "%u/%u ", change->member_pos, change->member_seq);
	return 0;
}

static void assert_seqs(uint64_t member_no, const char *want)
{
	struct buffer text;

	buffer_init(&text, &world.env);
	assert_int_equal(store_changes_of_member(store, member_no, take_seq, &text), 0);
	assert_slice(buffer_slice(&text), want);
	buffer_fini(&text);
}

static void add_change_of(uint64_t tset_no, uint32_t member_pos, uint64_t member_no)
{
	struct store_change change = {.tset_no = tset_no,
				      .member_pos = member_pos,
				      .member_no = member_no,
				      .action = S("change"),
				      .before = S("{}"),
				      .after = S("{}"),
				      .begins_on = DATE_NONE,
				      .ends_on = DATE_NONE};

	assert_int_equal(store_change_add(store, &change), 0);
}

/* 1, 2, .. a member, whoever else is changed between; what was rolled back took no number. */
static void test_changes_are_numbered(void **state)
{
	struct store_file file;
	struct store_interchange interchange;
	struct store_tset tset;
	uint32_t pos = 1;

	(void)state;
	begin();
	add_set(&file, &interchange, &tset);
	add_change_of(tset.tset_no, pos++, 5);
	add_change_of(tset.tset_no, pos++, 5);
	add_change_of(tset.tset_no, pos++, 5 + 256);
	add_change_of(tset.tset_no, pos++, 5);
	add_change_of(tset.tset_no, pos++, 0);
	add_change_of(tset.tset_no, pos++, 5 + 256);
	commit();
	begin();
	add_change_of(tset.tset_no, pos, 5);
	store_rollback(store);
	begin();
	assert_int_equal(store_savepoint(store), 0);
	add_change_of(tset.tset_no, pos, 5);
	assert_int_equal(store_savepoint_rollback(store), 0);
	add_change_of(tset.tset_no, pos++, 5);
	commit();
	assert_seqs(5, "1/1 2/2 4/3 7/4 ");
	assert_seqs(5 + 256, "3/1 6/2 ");
}

static int take_told(void *context, const struct store_change *change)
{
	buffer_printf(context, "%u %.*s %lld %d %u; ", change->member_pos, (int)change->operator_id.len,
		      change->operator_id.data, (long long)change->at_ms, change->undone, change->undoes);
	return 0;
}

/* Rows that differ in what those of one call mostly share: each keeps its own, and its place. */
static void assert_told_apart(uint64_t tset_no)
{
	struct store_change changes[7];
	struct buffer text;
	uint32_t i;

	begin();
	for (i = 0; i < 7; i++)
		changes[i] = (struct store_change){.tset_no = tset_no,
						   .member_pos = 101 + i,
						   .action = S("change"),
						   .operator_id = i < 2 || i == 6 ? S("ann") : S("bob"),
						   .at_ms = i == 6 ? 8 : 7,
						   .undone = i == 3,
						   .undoes = i == 4 ? 9 : 0,
						   .begins_on = DATE_NONE,
						   .ends_on = DATE_NONE};
	assert_int_equal(store_changes_add(store, changes, 7), 0);
	buffer_init(&text, &world.env);
	for (i = 101; i < 108; i++)
		assert_int_equal(store_changes_of_record(store, tset_no, i, take_told, &text), 0);
	assert_string_equal(text.data, "101 ann 7 0 0; 102 ann 7 0 0; 103 bob 7 0 0; 104 bob 7 1 0; 105 bob 7 0 9; "
				       "106 bob 7 0 0; 107 ann 8 0 0; ");
	buffer_fini(&text);
	store_rollback(store);
}

/* Several at once are the same rows as one by one: numbered within each member, however members take turns. */
static void test_changes_at_once(void **state)
{
	static const uint64_t members[] = {5, 5 + 256, 5, 0, 5 + 256, 5, 5, 7, 5, 5 + 256};
	struct store_change changes[10];
	struct store_file file;
	struct store_interchange interchange;
	struct store_tset tset;
	uint32_t i;

	(void)state;
	begin();
	add_set(&file, &interchange, &tset);
	add_change_of(tset.tset_no, 1, 5);
	for (i = 0; i < 10; i++)
		changes[i] = (struct store_change){.tset_no = tset.tset_no,
						   .member_pos = i + 2,
						   .member_no = members[i],
						   .action = S("change"),
						   .before = S("{}"),
						   .after = S("{}"),
						   .begins_on = DATE_NONE,
						   .ends_on = DATE_NONE};
	assert_int_equal(store_changes_add(store, changes, 10), 0);
	commit();
	assert_seqs(5, "1/1 2/2 4/3 7/4 8/5 10/6 ");
	assert_seqs(5 + 256, "3/1 6/2 11/3 ");
	assert_seqs(7, "9/1 ");
	assert_told_apart(tset.tset_no);
	begin();
	changes[0].member_pos = 12;
	assert_int_equal(store_changes_add(store, changes, 4), STORE_E_EXISTS);
	store_rollback(store);
	assert_seqs(5, "1/1 2/2 4/3 7/4 8/5 10/6 ");
	begin();
	add_change_of(tset.tset_no, 12, 5);
	commit();
	assert_seqs(5, "1/1 2/2 4/3 7/4 8/5 10/6 12/7 ");
}

static int take_notice(void *context, const struct store_notice *notice)
{
	buffer_printf(context, "%u/%u/%.*s ", notice->member_pos, notice->notice_index, (int)notice->kind.len,
		      notice->kind.data);
	return 0;
}

/* Each under its record gets the next number, whatever is asked for between. */
static void test_notices_are_numbered(void **state)
{
	struct store_notice card = {.member_pos = 1, .kind = S("card")}, letter = {.member_pos = 1, .kind = S("letter")};
	struct store_file file;
	struct store_interchange interchange;
	struct store_tset tset;
	struct buffer text;

	(void)state;
	buffer_init(&text, &world.env);
	begin();
	add_set(&file, &interchange, &tset);
	card.tset_no = letter.tset_no = tset.tset_no;
	assert_int_equal(store_notice_add(store, &card), 0);
	card.member_pos = 2;
	assert_int_equal(store_notice_add(store, &card), 0);
	assert_int_equal(store_notice_add(store, &letter), 0);
	assert_int_equal(store_notice_add(store, &letter), 0);
	commit();
	assert_int_equal(store_notices_of_file(store, file.file_no, take_notice, &text), 0);
	assert_slice(buffer_slice(&text), "1/0/card 1/1/letter 1/2/letter 2/0/card ");
	buffer_fini(&text);
}

/* ---- exceptions ---------------------------------------------------------------------------------------------- */

static int take_item(void *context, const struct store_exception *exception)
{
	buffer_printf(context, "%.*s ", (int)exception->item_id.len, exception->item_id.data);
	return 0;
}

static void assert_items(const struct store_exception_filter *filter, const char *want)
{
	struct buffer text;
	uint64_t count;
	size_t blanks = 0, i;

	buffer_init(&text, &world.env);
	assert_int_equal(store_exceptions_each(store, filter, take_item, &text), 0);
	assert_slice(buffer_slice(&text), want);
	for (i = 0; i < text.len; i++)
		blanks += text.data[i] == ' ';
	assert_int_equal(store_exceptions_count(store, filter, &count), 0);
	assert_int_equal(count, blanks);
	buffer_fini(&text);
}

static struct store_exception an_exception(const struct store_tset *tset, uint32_t member_pos, enum category category)
{
	return (struct store_exception){.file_no = tset->file_no,
					.tset_no = tset->tset_no,
					.member_pos = member_pos,
					.category = category,
					.reason = S("who is it?"),
					.created_ms = 1000,
					.due_ms = 5000 - member_pos,
					.group_id = S("G1"),
					.raw = S("INS*Y*18~")};
}

static void test_exception_round_trip(void **state)
{
	const struct store_candidate candidates[] = {{5, S("M5"), 990000, S("{\"a\":1}")},
						     {6, S("M6"), 8000, SLICE_EMPTY}};
	struct store_file file;
	struct store_interchange interchange;
	struct store_tset tset;
	struct store_exception exception;
	const struct store_exception *found;

	(void)state;
	begin();
	add_set(&file, &interchange, &tset);
	exception = an_exception(&tset, 3, CATEGORY_MULTI_MATCH);
	exception.candidates = candidates;
	exception.candidate_count = 2;
	assert_int_equal(store_exception_add(store, &exception), 0);
	assert_int_equal(exception.version, 1);
	assert_int_equal(store_exception_add(store, &exception), STORE_E_EXISTS);
	commit();
	assert_int_equal(store_exception_get(store, S("F00000001-1-3"), &arena, &found), 0);
	assert_int_equal(found->category, CATEGORY_MULTI_MATCH);
	assert_int_equal(found->candidate_count, 2);
	assert_slice(found->candidates[0].member_id, "M5");
	assert_slice(found->candidates[0].evidence, "{\"a\":1}");
	assert_int_equal(found->candidates[1].score_e6, 8000);
	assert_slice(found->origin.file_name, "a.834");
	assert_slice(found->origin.tset_control, "0001");
	assert_slice(found->raw, "INS*Y*18~");
	assert_int_equal(store_exception_get(store, S("F00000001-1-4"), &arena, &found), 0);
	assert_null(found);
}

static void test_exception_order(void **state)
{
	struct store_file file;
	struct store_interchange interchange;
	struct store_tset tset;
	struct store_exception one, two, three, whole;

	(void)state;
	begin();
	add_set(&file, &interchange, &tset);
	one = an_exception(&tset, 1, CATEGORY_LOW_SCORE);   /* normal */
	two = an_exception(&tset, 2, CATEGORY_MULTI_MATCH); /* high */
	three = an_exception(&tset, 3, CATEGORY_NO_MATCH);  /* high, due earlier */
	whole = an_exception(&tset, 0, CATEGORY_FILE_HOLD); /* urgent */
	whole.tset_no = 0;
	three.status = STORE_EXCEPTION_ASSIGNED;
	three.owner = S("rivera");
	three.lease_until_ms = 9000;
	assert_int_equal(store_exception_add(store, &one), 0);
	assert_int_equal(store_exception_add(store, &two), 0);
	assert_int_equal(store_exception_add(store, &three), 0);
	assert_int_equal(store_exception_add(store, &whole), 0);
	commit();
	assert_items(&(struct store_exception_filter){0}, "F00000001-0-0 F00000001-1-3 F00000001-1-2 F00000001-1-1 ");
	assert_items(&(struct store_exception_filter){.in_file_order = true},
		     "F00000001-0-0 F00000001-1-1 F00000001-1-2 F00000001-1-3 ");
	assert_items(&(struct store_exception_filter){.statuses = 1u << STORE_EXCEPTION_ASSIGNED}, "F00000001-1-3 ");
	assert_items(&(struct store_exception_filter){.has_urgency = true, .urgency = URGENCY_HIGH, .free_at_ms = 8000},
		     "F00000001-1-2 ");
	assert_items(&(struct store_exception_filter){.has_category = true, .category = CATEGORY_LOW_SCORE},
		     "F00000001-1-1 ");
	assert_items(&(struct store_exception_filter){.owner = S("rivera"), .partner = S("redwood")}, "F00000001-1-3 ");
	assert_items(&(struct store_exception_filter){.file_no = 1, .tset_no = tset.tset_no, .due_before_ms = 4998},
		     "F00000001-1-3 ");
	assert_items(&(struct store_exception_filter){.file_no = 2}, "");
	assert_items(&(struct store_exception_filter){.statuses = 1u << STORE_EXCEPTION_RESOLVED}, "");
}

static int take_decision(void *context, const struct store_decision *decision)
{
	buffer_printf(context, "%u:%.*s:%.*s:%.*s ", decision->version, (int)decision->status.len,
		      decision->status.data, (int)decision->decision.len, decision->decision.data,
		      (int)decision->operator_id.len, decision->operator_id.data);
	return 0;
}

static void test_exception_versions(void **state)
{
	struct store_file file;
	struct store_interchange interchange;
	struct store_tset tset;
	struct store_exception exception, stale;
	struct buffer text;

	(void)state;
	begin();
	add_set(&file, &interchange, &tset);
	exception = an_exception(&tset, 1, CATEGORY_LOW_SCORE);
	assert_int_equal(store_exception_add(store, &exception), 0);
	stale = exception;
	exception.note = S("asked the sponsor"); /* no decision: not in the log */
	assert_int_equal(store_exception_update(store, &exception), 0);
	assert_int_equal(exception.version, 2);
	exception.status = STORE_EXCEPTION_RESOLVED;
	exception.decision = S("match:M5");
	exception.operator_id = S("rivera");
	assert_int_equal(store_exception_update(store, &exception), 0);
	stale.decision = S("new");
	assert_int_equal(store_exception_update(store, &stale), STORE_E_STALE);
	stale.exception_no = 99;
	assert_int_equal(store_exception_update(store, &stale), STORE_E_MISSING);
	commit();
	buffer_init(&text, &world.env);
	assert_int_equal(store_decisions_each(store, exception.exception_no, take_decision, &text), 0);
	assert_slice(buffer_slice(&text), "3:resolved:match:M5:rivera ");
	buffer_fini(&text);
}

static void expect_ruled_out(const struct hash *identity, uint32_t count, uint64_t first)
{
	const uint64_t *member_nos;
	uint32_t found;

	assert_int_equal(store_not_same_of(store, identity, &arena, &member_nos, &found), 0);
	assert_int_equal(found, count);
	if (count > 0)
		assert_int_equal(member_nos[0], first);
}

static void test_not_same(void **state)
{
	struct hash person = hash_text("person"), other = hash_text("other");

	(void)state;
	begin();
	assert_int_equal(store_not_same_put(store, &person, 5, 1, S("rivera")), 0);
	assert_int_equal(store_not_same_put(store, &person, 5, 2, S("rivera")), 0);
	assert_int_equal(store_not_same_put(store, &person, 4, 2, S("rivera")), 0);
	commit();
	expect_ruled_out(&person, 2, 4);
	expect_ruled_out(&other, 0, 0);
	begin();
	assert_int_equal(store_not_same_remove(store, &person, 4), 0);
	commit();
	expect_ruled_out(&person, 1, 5);
	begin();
	assert_int_equal(store_labels_withdraw(store, 1), 0); /* the decision that ruled 5 out first is undone */
	commit();
	expect_ruled_out(&person, 0, 0);
}

#define EMPTY(test) cmocka_unit_test_setup_teardown(test, store_world_setup, store_world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EMPTY(test_changes),
		EMPTY(test_changes_are_numbered),
		EMPTY(test_changes_at_once),
		EMPTY(test_notices_are_numbered),
		EMPTY(test_exception_round_trip),
		EMPTY(test_exception_order),
		EMPTY(test_exception_versions),
		EMPTY(test_not_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
