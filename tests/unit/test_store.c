/* If this failed: a member's coverage, a payment or a waiting item could be kept wrongly, twice, or not at all. */
#define _GNU_SOURCE /* memmem */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>

#include "store_world.h"

static const struct store_keys no_keys;

static struct hash hash_text(const char *text)
{
	struct hash hash;

	hash_of(slice_from(text), &hash);
	return hash;
}

static void assert_slice(struct slice got, const char *want)
{
	if (!slice_is(got, want))
		fail_msg("got \"%.*s\", want \"%s\"", (int)got.len, got.data, want);
}

/* ---- the database itself ------------------------------------------------------------------------------------- */

static int count_unfit(void *context, const char *name, const char *value, bool fit)
{
	(void)value;
	if (!fit) {
		print_message("unfit: %s = %s\n", name, value);
		++*(int *)context;
	}
	return 0;
}

static void test_settings(void **state)
{
	struct stat st;
	bool hazard;
	int unfit = 0;

	(void)state;
	assert_int_equal(store_settings_each(store, count_unfit, &unfit), 0);
	assert_int_equal(unfit, 0);
	assert_int_equal(stat(world_path("muster.db"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(world_path("muster.db-wal"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_non_null(store_sqlite_version(&hazard));
}

static void test_open_refusals(void **state)
{
	struct store *other = NULL;

	(void)state;
	assert_int_equal(store_open(&world.env, world_path("none.db"), 0, &other), MUSTER_ERROR_DB_AWAY);
	assert_false(env_exists(&world.env, world_path("none.db")));
	world_file("text.db", S("this is no database, but long enough to have a header, were it one"));
	assert_int_equal(store_open(&world.env, world_path("text.db"), STORE_CREATE, &other), MUSTER_ERROR_DB_CORRUPT);
	world_file("empty.db", S(""));
	assert_int_equal(store_open(&world.env, world_path("empty.db"), 0, &other), MUSTER_ERROR_DB_AWAY);
	assert_int_equal(store_open(&world.env, world_path("no/folder.db"), STORE_CREATE, &other),
			 MUSTER_ERROR_DB_AWAY);
	assert_null(other);
}

/* Overwrite four bytes of the database's header. */
static void patch_header(const char *path, off_t offset, const char bytes[4])
{
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, 4, offset), 4);
	assert_int_equal(close(fd), 0);
}

static void test_other_schemas(void **state)
{
	const char *path = world_path("muster.db");
	struct store *other = NULL;

	(void)state;
	assert_int_equal(store_checkpoint(store, true), 0);
	store_close(store);
	store = NULL;
	patch_header(path, 60, "\0\0\0\x63"); /* user_version 99: a newer muster */
	assert_int_equal(store_open(&world.env, path, 0, &other), MUSTER_ERROR_DB_AWAY);
	patch_header(path, 60, "\0\0\0\x08"); /* ours */
	patch_header(path, 68, "abcd"); /* application_id: somebody else's */
	assert_int_equal(store_open(&world.env, path, 0, &other), MUSTER_ERROR_DB_AWAY);
	patch_header(path, 68, "mstr");
	assert_int_equal(store_open(&world.env, path, 0, &store), 0);
}

static void test_transactions(void **state)
{
	struct slice value;

	(void)state;
	begin();
	assert_true(store_is_writing(store));
	assert_int_equal(store_meta_put(store, "a", S("1")), 0);
	store_rollback(store);
	assert_int_equal(store_meta_get(store, "a", &arena, &value), 0);
	assert_int_equal(value.len, 0);
	begin();
	assert_int_equal(store_meta_put(store, "a", S("1")), 0);
	assert_int_equal(store_savepoint(store), 0);
	assert_int_equal(store_meta_put(store, "a", S("2")), 0);
	assert_int_equal(store_savepoint_rollback(store), 0);
	assert_int_equal(store_savepoint(store), 0);
	assert_int_equal(store_meta_put(store, "b", S("3")), 0);
	assert_int_equal(store_savepoint_release(store), 0);
	commit();
	assert_false(store_is_writing(store));
	assert_int_equal(store_meta_get(store, "a", &arena, &value), 0);
	assert_slice(value, "1");
	assert_int_equal(store_meta_get(store, "b", &arena, &value), 0);
	assert_slice(value, "3");
}

static void test_two_writers(void **state)
{
	struct store *other;
	struct slice value;

	(void)state;
	assert_int_equal(store_open(&world.env, world_path("muster.db"), 0, &other), 0);
	store_set_busy_limit(other, 30);
	begin();
	assert_int_equal(store_meta_put(store, "who", S("first")), 0);
	assert_int_equal(store_begin(other, STORE_WRITE), MUSTER_ERROR_BUSY);
	/* Reading goes on meanwhile, and sees what was. */
	assert_int_equal(store_begin(other, STORE_READ), 0);
	assert_int_equal(store_meta_get(other, "who", &arena, &value), 0);
	assert_int_equal(value.len, 0);
	commit();
	assert_int_equal(store_meta_get(other, "who", &arena, &value), 0);
	assert_int_equal(value.len, 0);
	assert_int_equal(store_commit(other), 0);
	assert_int_equal(store_meta_get(other, "who", &arena, &value), 0);
	assert_slice(value, "first");
	assert_int_equal(store_begin(other, STORE_WRITE), 0);
	store_rollback(other);
	store_close(other);
}

static void test_checkpoint(void **state)
{
	struct store *other;

	(void)state;
	assert_int_equal(store_open(&world.env, world_path("muster.db"), 0, &other), 0);
	assert_true(store_wal_bytes(store) > 0);
	begin();
	assert_int_equal(store_meta_put(store, "a", S("1")), 0);
	assert_int_equal(store_checkpoint(other, true), STORE_E_LOCKED);
	commit();
	assert_int_equal(store_checkpoint(other, false), 0);
	assert_true(store_wal_bytes(store) > 0);
	assert_int_equal(store_checkpoint(other, true), 0);
	assert_int_equal(store_wal_bytes(store), 0);
	store_close(other);
}

/* The last close of a database checkpoints in SQLite's own habit; in ours never. */
static void test_close_keeps_wal(void **state)
{
	struct env_stat st;

	(void)state;
	store_close(store);
	store = NULL;
	assert_int_equal(env_stat(&world.env, world_path("muster.db-wal"), &st), 0);
	assert_true(st.size_bytes > 0);
	assert_int_equal(store_open(&world.env, world_path("muster.db"), 0, &store), 0);
}

static void test_damage(void **state)
{
	char junk[4096];
	struct buffer text;
	struct member member;
	int fd, i, result;

	(void)state;
	buffer_init(&text, &world.env);
	begin();
	for (i = 0; i < 2000; i++) {
		member = a_member(SLICE_EMPTY, S("F1"), S("18"));
		assert_int_equal(store_member_insert(store, &member, &no_keys, &arena), 0);
	}
	commit();
	assert_int_equal(store_check(store, false, &text), 0);
	assert_int_equal(store_verify(store, &text), 0);
	assert_int_equal(store_checkpoint(store, true), 0);
	store_close(store);
	store = NULL;
	memset(junk, 0x5a, sizeof(junk));
	fd = open(world_path("muster.db"), O_WRONLY);
	for (i = 60; i < 70; i++)
		assert_int_equal(pwrite(fd, junk, sizeof(junk), (off_t)i * 4096), 4096);
	assert_int_equal(close(fd), 0);
	assert_int_equal(store_open(&world.env, world_path("muster.db"), 0, &store), 0);
	result = store_check(store, false, &text);
	assert_true(result == STORE_E_DAMAGED || result == MUSTER_ERROR_DB_CORRUPT);
	buffer_fini(&text);
}

static void test_sequences(void **state)
{
	uint64_t first;

	(void)state;
	begin();
	assert_int_equal(store_sequence_next(store, "ack_isa13", 1, 999999999, &first), 0);
	assert_int_equal(first, 1);
	assert_int_equal(store_sequence_next(store, "ack_isa13", 3, 999999999, &first), 0);
	assert_int_equal(first, 2);
	assert_int_equal(store_sequence_next(store, "ack_isa13", 1, 999999999, &first), 0);
	assert_int_equal(first, 5);
	assert_int_equal(store_sequence_next(store, "short", 8, 10, &first), 0);
	assert_int_equal(store_sequence_next(store, "short", 2, 10, &first), 0);
	assert_int_equal(first, 9);
	assert_int_equal(store_sequence_next(store, "short", 1, 10, &first), 0);
	assert_int_equal(first, 1);
	store_rollback(store);
	begin();
	assert_int_equal(store_sequence_next(store, "ack_isa13", 1, 999999999, &first), 0);
	assert_int_equal(first, 1);
	commit();
}

/* ---- reference data ------------------------------------------------------------------------------------------ */

static void test_groups(void **state)
{
	struct group group = a_group(S("G7"));
	const struct group *found;
	enum store_put put;

	(void)state;
	group.sponsor_id = S("940007777");
	group.cobra_admin = COBRA_ADMIN_TPA;
	begin();
	assert_int_equal(store_group_put(store, &group, &put), 0);
	assert_int_equal(put, STORE_ADDED);
	assert_int_equal(store_group_put(store, &group, &put), 0);
	assert_int_equal(put, STORE_UNCHANGED);
	group.terminates_on = day(2026, 3, 31);
	group.status = GROUP_TERMINATED;
	assert_int_equal(store_group_put(store, &group, &put), 0);
	assert_int_equal(put, STORE_CHANGED);
	commit();
	assert_int_equal(store_group_get(store, S("G7"), &arena, &found), 0);
	assert_int_equal(found->terminates_on, day(2026, 3, 31));
	assert_int_equal(found->status, GROUP_TERMINATED);
	assert_int_equal(found->cobra_admin, COBRA_ADMIN_TPA);
	assert_slice(found->name, "Redwood Bakery");
	assert_int_equal(store_group_get(store, S("G8"), &arena, &found), 0);
	assert_null(found);
	assert_int_equal(store_group_by_sponsor(store, S("940007777"), &arena, &found), 0);
	assert_slice(found->group_id, "G7");
	/* Two groups of one sponsor: nobody's guess. */
	begin();
	group.group_id = S("G9");
	assert_int_equal(store_group_put(store, &group, &put), 0);
	commit();
	assert_int_equal(store_group_by_sponsor(store, S("940007777"), &arena, &found), 0);
	assert_null(found);
	assert_int_equal(store_group_by_sponsor(store, SLICE_EMPTY, &arena, &found), 0);
	assert_null(found);
}

static void test_plans_and_brokers(void **state)
{
	struct plan plan = a_plan(S("P9"), S("VIS"));
	struct broker broker = {
		.broker_id = S("B1"), .name = S("Cole & Sons"), .commission_percent_e4 = 45000, .commission_pmpm = -1};
	const struct plan *found;
	const struct broker *found_broker;
	enum store_put put;

	(void)state;
	begin();
	assert_int_equal(store_plan_put(store, &plan, &put), 0);
	assert_int_equal(put, STORE_ADDED);
	assert_int_equal(store_plan_put(store, &plan, &put), 0);
	assert_int_equal(put, STORE_UNCHANGED);
	plan.rate_ind = 0;
	assert_int_equal(store_plan_put(store, &plan, &put), 0);
	assert_int_equal(put, STORE_CHANGED);
	assert_int_equal(store_broker_put(store, &broker, &put), 0);
	assert_int_equal(put, STORE_ADDED);
	assert_int_equal(store_broker_put(store, &broker, &put), 0);
	assert_int_equal(put, STORE_UNCHANGED);
	commit();
	assert_int_equal(store_plan_get(store, S("P9"), &arena, &found), 0);
	assert_int_equal(found->rate_ind, 0);
	assert_int_equal(found->rate_esp, -1);
	assert_int_equal(found->rate_fam, 140000);
	assert_int_equal(store_broker_get(store, S("B1"), &arena, &found_broker), 0);
	assert_int_equal(found_broker->commission_percent_e4, 45000);
	assert_int_equal(found_broker->commission_pmpm, -1);
}

static void test_operators(void **state)
{
	struct store_operator person = {S("rivera"), S("Rosa Rivera"), S("lead")};
	const struct store_operator *found;
	enum store_put put;

	(void)state;
	begin();
	assert_int_equal(store_operator_put(store, &person, &put), 0);
	assert_int_equal(put, STORE_ADDED);
	person.role = S("administrator");
	assert_int_equal(store_operator_put(store, &person, &put), 0);
	assert_int_equal(put, STORE_CHANGED);
	commit();
	assert_int_equal(store_operator_get(store, S("rivera"), &arena, &found), 0);
	assert_slice(found->role, "administrator");
}

/* ---- members ------------------------------------------------------------------------------------------------- */

static const struct member *get(struct slice member_id)
{
	const struct member *found;

	assert_int_equal(store_member_get(store, member_id, &arena, &found), 0);
	return found;
}

static void insert(struct member *member, const struct store_keys *keys)
{
	assert_int_equal(store_member_insert(store, member, keys, &arena), 0);
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
	assert_int_equal(store_member_update(store, &before, &after, &no_keys), 0);
	assert_int_equal(after.version, 2);
	assert_int_equal(spans[2].span_no, 2);
	/* Decided on what is no longer so. */
	assert_int_equal(store_member_update(store, &before, &after, &no_keys), STORE_E_INVALID);
	after.spans = spans;
	after.span_count = 1;
	assert_int_equal(store_member_update(store, &before, &after, &no_keys), STORE_E_STALE);
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
	assert_int_equal(store_member_update(store, &before, &after, &no_keys), 0);
	assert_int_equal(after.version, 1);
	/* A span must not vanish. */
	after.span_count = 0;
	assert_int_equal(store_member_update(store, &before, &after, &no_keys), STORE_E_INVALID);
	/* Only voided. */
	after.span_count = 1;
	same.voided = true;
	assert_int_equal(store_member_update(store, &before, &after, &no_keys), 0);
	assert_int_equal(after.version, 2);
	commit();
	assert_true(get(S("M1"))->spans[0].voided);
	assert_int_equal(get(S("M1"))->version, 2);
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
	assert_int_equal(store_member_update(store, &before, &after, &no_keys), 0);
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
	assert_int_equal(store_member_update(store, &before, &after, &no_keys), STORE_E_INVALID);
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
	assert_int_equal(store_household(store, S("F1"), &arena, &members, &count), 0);
	assert_int_equal(count, 2);
	assert_slice(members[0]->member_id, "M2");
	assert_slice(members[1]->member_id, "M1");
	other = child;
	other.subscriber_id = S("F2");
	assert_int_equal(store_member_update(store, &child, &other, &no_keys), 0);
	commit();
	assert_int_equal(store_household(store, S("F1"), &arena, &members, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(store_household(store, S("F2"), &arena, &members, &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(store_household(store, S("F3"), &arena, &members, &count), 0);
	assert_int_equal(count, 0);
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
	assert_int_equal(store_member_update(store, &before, &after, &keys), 0);
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
	assert_int_equal(store_member_update(store, &before, &after, &keys), 0);
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

	(void)state;
	begin();
	insert(&member, &no_keys);
	assert_int_equal(store_member_id_next(store, &arena, &id), 0);
	assert_slice(id, "M000000018"); /* 00000001 and its Luhn digit */
	/* 00000002 would give the number that was loaded. */
	assert_int_equal(store_member_id_next(store, &arena, &id), 0);
	assert_slice(id, "M000000034");
	member = a_member(SLICE_EMPTY, S("F1"), S("19"));
	insert(&member, &no_keys);
	assert_slice(member.member_id, "M000000042");
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
	assert_int_equal(find(&(struct store_member_filter){
				 .last_name = S("fi"), .member_id = S("M2"), .birth_on = DATE_NONE}),
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

/* ---- files, sets, ledger ------------------------------------------------------------------------------------- */

static struct store_file a_file(const char *content)
{
	return (struct store_file){.name = S("a.834"),
				   .partner = S("redwood"),
				   .sha256 = hash_text(content),
				   .bytes = 100,
				   .kind = STORE_KIND_834,
				   .received_ms = 1000,
				   .as_of = day(2026, 1, 31)};
}

static struct store_interchange an_interchange(uint64_t file_no)
{
	return (struct store_interchange){.file_no = file_no,
					  .ordinal = 1,
					  .sender_qualifier = S("30"),
					  .sender_id = S("940001111"),
					  .receiver_qualifier = S("ZZ"),
					  .receiver_id = S("MUSTER"),
					  .control_number = S("000000017"),
					  .usage = S("P"),
					  .complete = true};
}

static struct store_tset a_tset(const struct store_interchange *interchange, uint32_t ordinal)
{
	return (struct store_tset){.file_no = interchange->file_no,
				   .interchange_no = interchange->interchange_no,
				   .ordinal = ordinal,
				   .functional_id = S("BE"),
				   .sender_code = S("A"),
				   .receiver_code = S("B"),
				   .fgroup_control = S("17"),
				   .set_id = S("834"),
				   .control_number = S("0001"),
				   .verdict = S("accepted"),
				   .content_hash = hash_text("content"),
				   .hold_category = CATEGORY_COUNT};
}

/* A file with one interchange and one set, added. */
static void add_set(struct store_file *file, struct store_interchange *interchange, struct store_tset *tset)
{
	*file = a_file("bytes");
	assert_int_equal(store_file_add(store, file), 0);
	*interchange = an_interchange(file->file_no);
	assert_int_equal(store_interchange_add(store, interchange), 0);
	*tset = a_tset(interchange, 1);
	assert_int_equal(store_tset_add(store, tset), 0);
}

static int count_files(void *context, const struct store_file *file)
{
	(void)file;
	++*(int *)context;
	return 0;
}

static void test_file_life(void **state)
{
	struct store_file file = a_file("one"), again = a_file("one");
	const struct store_file *found;
	int unfinished = 0;

	(void)state;
	begin();
	assert_int_equal(store_file_add(store, &file), 0);
	assert_int_equal(store_file_add(store, &again), 0);
	assert_int_equal(file.file_no, 1);
	assert_int_equal(store_file_by_id(store, S("F00000001"), &arena, &found), 0);
	assert_slice(found->file_id, "F00000001");
	assert_int_equal(found->stage, STORE_FILE_CLAIMED);
	assert_int_equal(found->outcome, STORE_FILE_OPEN);
	assert_int_equal(found->as_of, day(2026, 1, 31));
	file.stage = STORE_FILE_APPLIED;
	file.outcome = STORE_FILE_PROCESSED;
	file.tally.members_read = 3;
	file.tally.money_read = -5;
	assert_int_equal(store_file_update(store, &file), 0);
	file.stage = STORE_FILE_VALIDATED;
	assert_int_equal(store_file_update(store, &file), STORE_E_STALE);
	assert_int_equal(store_file_by_hash(store, &again.sha256, again.file_no, &arena, &found), 0);
	assert_int_equal(found->file_no, 1);
	assert_int_equal(found->tally.members_read, 3);
	assert_int_equal(found->tally.money_read, -5);
	file.stage = STORE_FILE_FILED;
	assert_int_equal(store_file_update(store, &file), 0);
	again.outcome = STORE_FILE_DUPLICATE;
	again.duplicate_of = 1;
	assert_int_equal(store_file_update(store, &again), 0);
	assert_int_equal(store_file_by_hash(store, &again.sha256, 1, &arena, &found), 0);
	assert_null(found);
	commit();
	assert_int_equal(store_files_unfinished(store, count_files, &unfinished), 0);
	assert_int_equal(unfinished, 1);
	assert_int_equal(store_file_by_id(store, S("F9"), &arena, &found), 0);
	assert_null(found);
	assert_int_equal(store_file_by_id(store, S("../etc"), &arena, &found), 0);
	assert_null(found);
}

static void test_ledger_key(void **state)
{
	struct store_interchange interchange = an_interchange(1);
	struct store_tset tset = a_tset(&interchange, 1);

	(void)state;
	assert_slice(store_ledger_key(&arena, &interchange, &tset, 0),
		     "30|940001111|ZZ|MUSTER|000000017|BE|A|B|17|834|0001");
	tset.sender_code = S("A|\\");
	assert_slice(store_ledger_key(&arena, &interchange, &tset, 2),
		     "30|940001111|ZZ|MUSTER|000000017|BE|A\\|\\\\|B|17|834|0001|r2");
}

static void test_tsets(void **state)
{
	struct store_file file;
	struct store_interchange interchange;
	struct store_tset tset, second;
	const struct store_tset *found;
	struct store_tally tally;
	struct hash content = hash_text("content");

	(void)state;
	begin();
	add_set(&file, &interchange, &tset);
	tset.ledger_key = S("K");
	tset.outcome = STORE_TSET_HELD;
	tset.hold_category = CATEGORY_MASS_TERM;
	tset.reason = S("too many terminations");
	tset.tally.members_read = tset.tally.members_held = 7;
	assert_int_equal(store_tset_update(store, &tset), 0);
	second = a_tset(&interchange, 2);
	second.ledger_key = S("K");
	assert_int_equal(store_tset_add(store, &second), STORE_E_EXISTS);
	second.ledger_key = SLICE_EMPTY;
	second.tally.members_read = 1;
	assert_int_equal(store_tset_add(store, &second), 0);
	assert_int_equal(store_tset_by_key(store, S("K"), &arena, &found), 0);
	assert_int_equal(found->tset_no, tset.tset_no);
	assert_int_equal(found->hold_category, CATEGORY_MASS_TERM);
	assert_int_equal(found->outcome, STORE_TSET_HELD);
	assert_slice(found->interchange_control, "000000017");
	/* Only what was applied can be sent again. */
	assert_int_equal(store_tset_by_content(store, &content, S("30"), S("940001111"), 0, &arena, &found), 0);
	assert_null(found);
	tset.outcome = STORE_TSET_APPLIED;
	assert_int_equal(store_tset_update(store, &tset), 0);
	assert_int_equal(store_tset_by_content(store, &content, S("30"), S("940001111"), 0, &arena, &found), 0);
	assert_int_equal(found->tset_no, tset.tset_no);
	assert_int_equal(store_tset_by_content(store, &content, S("30"), S("other"), 0, &arena, &found), 0);
	assert_null(found);
	assert_int_equal(store_tset_by_content(store, &content, S("30"), S("940001111"), file.file_no, &arena, &found),
			 0);
	assert_null(found);
	assert_int_equal(store_file_tally(store, file.file_no, &tally), 0);
	assert_int_equal(tally.members_read, 8);
	assert_int_equal(tally.members_held, 7);
	assert_false(store_tally_is_balanced(&tally));
	/* Validation is taken back only before it is done. */
	assert_int_equal(store_file_forget_sets(store, file.file_no), 0);
	assert_int_equal(store_tset_get(store, tset.tset_no, &arena, &found), 0);
	assert_null(found);
	file.stage = STORE_FILE_VALIDATED;
	assert_int_equal(store_file_update(store, &file), 0);
	assert_int_equal(store_file_forget_sets(store, file.file_no), STORE_E_STALE);
	commit();
}

static void test_lanes(void **state)
{
	struct store_lane lane = {S("30"), S("940001111"), S("ZZ"), S("MUSTER"), SLICE_EMPTY, 0, SLICE_EMPTY, 0}, found;

	(void)state;
	assert_int_equal(store_lane_get(store, &lane, &arena, &found), 0);
	assert_int_equal(found.last_control, 0);
	lane.last_control = 17;
	lane.last_applied = S("202601310200");
	begin();
	assert_int_equal(store_lane_put(store, &lane), 0);
	lane.last_control = 18;
	assert_int_equal(store_lane_put(store, &lane), 0);
	commit();
	assert_int_equal(store_lane_get(store, &lane, &arena, &found), 0);
	assert_int_equal(found.last_control, 18);
	assert_slice(found.last_applied, "202601310200");
	lane.sponsor_id = S("G2");
	assert_int_equal(store_lane_get(store, &lane, &arena, &found), 0);
	assert_int_equal(found.last_control, 0);
}

static void test_ledger(void **state)
{
	struct store_file file;
	struct store_interchange interchange;
	struct store_tset tset, revision;
	struct store_ledger_index *index;
	struct hash a = hash_text("a"), b = hash_text("b"), c = hash_text("c");
	enum store_record_outcome outcome;
	uint64_t counts[STORE_RECORD_OUTCOME_COUNT];
	uint32_t revisions;

	(void)state;
	begin();
	add_set(&file, &interchange, &tset);
	assert_int_equal(store_ledger_put(store, tset.tset_no, 1, STORE_RECORD_APPLIED, &a), 0);
	assert_int_equal(store_ledger_put(store, tset.tset_no, 2, STORE_RECORD_EXCEPTION, &b), 0);
	/* The second effect is stopped here, whatever was looked up before. */
	assert_int_equal(store_ledger_put(store, tset.tset_no, 1, STORE_RECORD_APPLIED, &a), STORE_E_EXISTS);
	revision = a_tset(&interchange, 2);
	revision.revision_of = tset.tset_no;
	assert_int_equal(store_tset_add(store, &revision), 0);
	assert_int_equal(store_ledger_put(store, revision.tset_no, 2, STORE_RECORD_NO_CHANGE, &b), 0);
	assert_int_equal(store_tset_revisions(store, tset.tset_no, &revisions), 0);
	assert_int_equal(revisions, 1);
	assert_int_equal(store_ledger_index_new(store, revision.tset_no, &index), 0);
	assert_int_equal(store_ledger_index_find(index, &a), STORE_RECORD_APPLIED);
	assert_int_equal(store_ledger_index_find(index, &b), STORE_RECORD_NO_CHANGE);
	assert_int_equal(store_ledger_index_find(index, &c), STORE_RECORD_NONE);
	store_ledger_index_free(index);
	assert_int_equal(store_ledger_update(store, tset.tset_no, 2, STORE_RECORD_APPLIED), 0);
	assert_int_equal(store_ledger_update(store, tset.tset_no, 3, STORE_RECORD_APPLIED), STORE_E_MISSING);
	assert_int_equal(store_ledger_counts(store, tset.tset_no, counts), 0);
	assert_int_equal(counts[STORE_RECORD_APPLIED], 2);
	assert_int_equal(counts[STORE_RECORD_EXCEPTION], 0);
	assert_int_equal(store_ledger_get(store, tset.tset_no, 3, &outcome), 0);
	assert_int_equal(outcome, STORE_RECORD_NONE);
	commit();
}

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

/* ---- money --------------------------------------------------------------------------------------------------- */

static int take_line(void *context, const struct store_remittance_line *line)
{
	buffer_printf(context, "%u:%s:%lld:%d ", line->line_pos, store_payment_status_name(line->status),
		      (long long)line->amount, line->has_billed);
	return 0;
}

static void test_remittances(void **state)
{
	struct store_file file;
	struct store_interchange interchange;
	struct store_tset tset;
	struct store_remittance remittance = {.payer_id = S("940001111"),
					      .trace = S("T1"),
					      .total = 70000,
					      .settles_on = day(2026, 2, 3),
					      .period_begin = DATE_NONE,
					      .period_end = DATE_NONE};
	struct store_remittance_line line = {.line_pos = 1,
					     .status = STORE_PAYMENT_PENDING,
					     .group_id = S("G1"),
					     .amount = 50000,
					     .paid = 50000,
					     .has_billed = true,
					     .billed = 0,
					     .period_begin = DATE_NONE,
					     .period_end = DATE_NONE,
					     .pending_until = day(2026, 2, 3)};
	const struct store_remittance *found;
	struct store_payment_totals totals;
	struct buffer text;
	uint64_t seen;

	(void)state;
	buffer_init(&text, &world.env);
	begin();
	add_set(&file, &interchange, &tset);
	remittance.tset_no = line.tset_no = tset.tset_no;
	assert_int_equal(store_remittance_add(store, &remittance), 0);
	assert_int_equal(store_remittance_add(store, &remittance), STORE_E_EXISTS);
	assert_int_equal(store_remittance_line_add(store, &line), 0);
	line.line_pos = 2;
	line.status = STORE_PAYMENT_SUSPENDED;
	line.group_id = SLICE_EMPTY;
	line.amount = 20000;
	line.has_billed = false;
	assert_int_equal(store_remittance_line_add(store, &line), 0);
	assert_int_equal(store_remittance_line_add(store, &line), STORE_E_EXISTS);
	assert_int_equal(store_remittance_totals(store, tset.tset_no, &totals), 0);
	assert_int_equal(totals.amounts[STORE_PAYMENT_PENDING], 50000);
	assert_int_equal(totals.amounts[STORE_PAYMENT_SUSPENDED], 20000);
	assert_int_equal(totals.lines[STORE_PAYMENT_SUSPENDED], 1);
	assert_int_equal(store_remittance_lines_of_tset(store, tset.tset_no, take_line, &text), 0);
	assert_slice(buffer_slice(&text), "1:pending:50000:1 2:suspended:20000:0 ");
	line.status = STORE_PAYMENT_POSTED;
	line.group_id = S("G1");
	assert_int_equal(store_remittance_line_update(store, &line), 0);
	buffer_clear(&text);
	assert_int_equal(store_remittance_lines_of_group(store, S("G1"), take_line, &text), 0);
	assert_slice(buffer_slice(&text), "1:pending:50000:1 2:posted:20000:0 ");
	line.line_pos = 3;
	assert_int_equal(store_remittance_line_update(store, &line), STORE_E_MISSING);
	commit();
	assert_int_equal(store_remittance_get(store, tset.tset_no, &arena, &found), 0);
	assert_int_equal(found->total, 70000);
	assert_int_equal(store_remittance_seen(store, S("940001111"), S("T1"), 70000, day(2026, 2, 3), 0, &seen), 0);
	assert_int_equal(seen, tset.tset_no);
	assert_int_equal(
		store_remittance_seen(store, S("940001111"), S("T1"), 70000, day(2026, 2, 3), tset.tset_no, &seen), 0);
	assert_int_equal(seen, 0);
	assert_int_equal(store_remittance_seen(store, S("940001111"), S("T1"), 70001, day(2026, 2, 3), 0, &seen), 0);
	assert_int_equal(seen, 0);
	buffer_fini(&text);
}

/* ---- audit, care --------------------------------------------------------------------------------------------- */

static void append_audit(struct slice text)
{
	struct store_audit audit = {.kind = S("load"), .subject = S("groups.csv"), .text = text};

	assert_int_equal(store_audit_append(store, &audit), 0);
}

static void test_audit(void **state)
{
	uint64_t count, bad_no;
	struct hash head, again;

	(void)state;
	begin();
	append_audit(S("one"));
	append_audit(S("two"));
	append_audit(S("three"));
	commit();
	assert_int_equal(store_audit_verify(store, &count, &head, &bad_no), 0);
	assert_int_equal(count, 3);
	assert_int_equal(store_audit_verify(store, &count, &again, &bad_no), 0);
	assert_memory_equal(head.bytes, again.bytes, HASH_BYTES);
}

/* Somebody goes round us with a knife: the bytes of the file. */
static void test_audit_tampering(void **state)
{
	const char *path = world_path("muster.db");
	uint64_t count, bad_no;
	struct hash head;
	char *data, *at;
	size_t bytes;
	int fd;

	(void)state;
	begin();
	append_audit(S("ended 3 members"));
	append_audit(S("ended 4 members"));
	append_audit(S("ended 5 members"));
	commit();
	assert_int_equal(store_checkpoint(store, true), 0);
	store_close(store);
	store = NULL;
	assert_int_equal(io_read_file(&world.env, path, 10000000, &data, &bytes), 0);
	at = memmem(data, bytes, "ended 4 members", 15);
	assert_non_null(at);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "9", 1, at - data + 6), 1);
	assert_int_equal(close(fd), 0);
	env_free(&world.env, data);
	assert_int_equal(store_open(&world.env, path, 0, &store), 0);
	assert_int_equal(store_audit_verify(store, &count, &head, &bad_no), STORE_E_DAMAGED);
	assert_int_equal(bad_no, 2);
	assert_int_equal(count, 1);
}

static void test_verify(void **state)
{
	struct store_file file;
	struct store_interchange interchange;
	struct store_tset tset;
	struct store_change change = {.action = S("add"), .member_pos = 1};
	struct buffer text;

	(void)state;
	buffer_init(&text, &world.env);
	begin();
	add_set(&file, &interchange, &tset);
	file.stage = STORE_FILE_APPLIED;
	file.tally.members_read = 2;
	assert_int_equal(store_file_update(store, &file), 0);
	change.tset_no = tset.tset_no;
	assert_int_equal(store_change_add(store, &change), 0);
	assert_int_equal(store_keys_put(store, 99, (const uint64_t[]){1}, 1), 0);
	commit();
	assert_int_equal(store_verify(store, &text), STORE_E_DAMAGED);
	assert_slice(buffer_slice(&text), "change 1-1 is not in the ledger\n"
					  "match key of no member 99\n"
					  "file F00000001: what was read is not what became of it\n");
	buffer_fini(&text);
}

static void test_dump(void **state)
{
	struct member member = a_member(S("M'1\n"), S("F1"), S("18"));
	struct buffer with, without;

	(void)state;
	buffer_init(&with, &world.env);
	buffer_init(&without, &world.env);
	begin();
	insert(&member, &no_keys);
	append_audit(S("one"));
	commit();
	assert_int_equal(store_dump(store, 0, &with), 0);
	assert_int_equal(store_dump(store, STORE_DUMP_NO_TIMES, &without), 0);
	assert_non_null(strstr(with.data, "member_id='M\\x271\\x0a'"));
	assert_non_null(strstr(with.data, "audit: audit_no=1 at_ms="));
	assert_non_null(strstr(with.data, " chain="));
	assert_null(strstr(without.data, "at_ms="));
	assert_null(strstr(without.data, " chain="));
	assert_non_null(strstr(without.data, "audit: audit_no=1 actor=''"));
	buffer_fini(&with);
	buffer_fini(&without);
}

#define EMPTY(test) cmocka_unit_test_setup_teardown(test, store_world_setup, store_world_teardown)
#define FILLED(test) cmocka_unit_test_setup_teardown(test, store_world_setup_filled, store_world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EMPTY(test_settings),
		EMPTY(test_open_refusals),
		EMPTY(test_other_schemas),
		EMPTY(test_transactions),
		EMPTY(test_two_writers),
		EMPTY(test_checkpoint),
		EMPTY(test_close_keeps_wal),
		EMPTY(test_damage),
		EMPTY(test_sequences),
		EMPTY(test_groups),
		EMPTY(test_plans_and_brokers),
		EMPTY(test_operators),
		FILLED(test_member_round_trip),
		FILLED(test_insert_refusals),
		EMPTY(test_overlap_rule),
		FILLED(test_update),
		FILLED(test_update_nothing),
		FILLED(test_update_moves_span),
		FILLED(test_household),
		FILLED(test_keys),
		FILLED(test_keys_collected),
		FILLED(test_member_numbers),
		FILLED(test_find),
		FILLED(test_roster),
		FILLED(test_identifiers),
		EMPTY(test_file_life),
		EMPTY(test_ledger_key),
		EMPTY(test_tsets),
		EMPTY(test_lanes),
		EMPTY(test_ledger),
		EMPTY(test_changes),
		EMPTY(test_exception_round_trip),
		EMPTY(test_exception_order),
		EMPTY(test_exception_versions),
		EMPTY(test_not_same),
		FILLED(test_remittances),
		EMPTY(test_audit),
		EMPTY(test_audit_tampering),
		EMPTY(test_verify),
		EMPTY(test_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
