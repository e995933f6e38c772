/* If this failed: a group, a file or a payment could be kept wrongly, twice, or not at all. */
#define _GNU_SOURCE /* memmem */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_set.h"

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
	patch_header(path, 60, "\0\0\0\x16"); /* ours */
	patch_header(path, 68, "abcd"); /* application_id: somebody else's */
	assert_int_equal(store_open(&world.env, path, 0, &other), MUSTER_ERROR_DB_AWAY);
	patch_header(path, 68, "mstr");
	assert_int_equal(store_open(&world.env, path, 0, &store), 0);
}

/* Whoever had a span in a group before is found under it. */
static void test_upgrade_from_schema_14(void **state)
{
	struct coverage_span spans[] = {a_span(day(2024, 1, 1), day(2024, 3, 31)), a_span(day(2024, 4, 1), DATE_NONE)};
	struct member member = a_member(S("M1"), S("F1"), S("18"));
	const char *path = world_path("muster.db");
	uint64_t members, subscribers;
	struct buffer text;

	(void)state;
	spans[0].group_id = S("G2");
	member.spans = spans;
	member.span_count = 2;
	begin();
	insert(&member, &no_keys);
	commit();
	set_back(path, TO_SCHEMA_14);
	assert_int_equal(store_open(&world.env, path, 0, &store), 0);
	assert_int_equal(store_group_active_count(store, S("G1"), day(2024, 6, 1), &members, &subscribers), 0);
	assert_int_equal(members, 1);
	assert_int_equal(store_group_active_count(store, S("G2"), day(2024, 2, 1), &members, &subscribers), 0);
	assert_int_equal(members, 1);
	buffer_init(&text, &world.env);
	assert_int_equal(store_verify(store, &text), 0);
	buffer_fini(&text);
}

/* Nobody could say who has loaded the members, or run the file. */
static void test_rows_of_the_trail_name_who_is_at_work(void **state)
{
	struct store_audit load = {.kind = S("load")}, decision = {.kind = S("decision"), .actor = S("rosa")};

	(void)state;
	store_set_operator(store, S("ada"));
	begin();
	assert_int_equal(store_audit_append(store, &load), 0);
	assert_int_equal(store_audit_append(store, &decision), 0);
	commit();
	assert_slice(load.actor, "ada");
	assert_slice(decision.actor, "rosa");
}

/* A muster that runs on while a newer one changes the schema writes nothing more by its own rules. */
static void test_newer_muster_meanwhile(void **state)
{
	sqlite3 *db;

	(void)state;
	begin();
	commit();
	assert_int_equal(sqlite3_open(world_path("muster.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(store_begin(store, STORE_WRITE), MUSTER_ERROR_DB_AWAY);
	assert_false(store_is_writing(store));
	assert_int_equal(store_begin(store, STORE_WRITE), MUSTER_ERROR_DB_AWAY);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* SQLite may not be in use yet when the first database is refused: the next one is opened all the same. */
static void test_opens_after_a_refusal(void **state)
{
	(void)state;
	store_close(store);
	store = NULL;
	assert_int_equal(sqlite3_shutdown(), SQLITE_OK);
	assert_int_equal(store_open(&world.env, world_path("nothing.db"), 0, &store), MUSTER_ERROR_DB_AWAY);
	assert_int_equal(store_open(&world.env, world_path("muster.db"), 0, &store), 0);
	begin();
	commit();
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
	struct store_operator person = {S("rivera"), S("Rosa Rivera"), S("lead"), S("rr")};
	const struct store_operator *found;
	enum store_put put;
	bool any;

	(void)state;
	assert_int_equal(store_operators_any(store, &any), 0);
	assert_false(any);
	begin();
	assert_int_equal(store_operator_put(store, &person, &put), 0);
	assert_int_equal(put, STORE_ADDED);
	person.role = S("administrator");
	assert_int_equal(store_operator_put(store, &person, &put), 0);
	assert_int_equal(put, STORE_CHANGED);
	commit();
	assert_int_equal(store_operator_get(store, S("rivera"), &arena, &found), 0);
	assert_slice(found->role, "administrator");
	assert_slice(found->login, "rr");
	assert_int_equal(store_operators_any(store, &any), 0);
	assert_true(any);
}

/* ---- files, sets, ledger ------------------------------------------------------------------------------------- */

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
	assert_slice(store_ledger_key(&arena, &interchange, &tset, 0, 0),
		     "30|940001111|ZZ|MUSTER|000000017|BE|A|B|17|834|0001");
	tset.sender_code = S("A|\\");
	assert_slice(store_ledger_key(&arena, &interchange, &tset, 0, 2),
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

/* As many at once as there are, each with its own outcome and content; and one that is there stops them all. */
static void test_ledger_rows(void **state)
{
	static const uint32_t counts[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 19};
	struct store_file file;
	struct store_interchange interchange;
	struct store_tset tset;
	struct store_ledger_row rows[19];
	struct store_ledger_index *index;
	struct hash hashes[19];
	enum store_record_outcome outcome;
	uint32_t i, k;

	(void)state;
	for (k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
		begin();
		add_set(&file, &interchange, &tset);
		for (i = 0; i < counts[k]; i++) {
			char name[] = {(char)('a' + i), '\0'};

			hashes[i] = hash_text(name);
			rows[i] = (struct store_ledger_row){
				i + 1, i % 3 == 0 ? STORE_RECORD_APPLIED : STORE_RECORD_REJECTED, &hashes[i]};
		}
		assert_int_equal(store_ledger_put_all(store, tset.tset_no, rows, counts[k]), 0);
		assert_int_equal(store_ledger_index_new(store, tset.tset_no, 0, &index), 0);
		for (i = 0; i < counts[k]; i++) {
			assert_int_equal(store_ledger_get(store, tset.tset_no, i + 1, &outcome), 0);
			assert_int_equal(outcome, rows[i].outcome);
			assert_int_equal(store_ledger_index_find(index, &hashes[i]), rows[i].outcome);
		}
		store_ledger_index_free(index);
		assert_int_equal(store_ledger_get(store, tset.tset_no, counts[k] + 1, &outcome), 0);
		assert_int_equal(outcome, STORE_RECORD_NONE);
		for (i = 0; i + 1 < counts[k]; i++)
			rows[i].member_pos += 100;
		assert_int_equal(store_ledger_put_all(store, tset.tset_no, rows, counts[k]), STORE_E_EXISTS);
		store_rollback(store);
	}
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
	assert_int_equal(store_ledger_index_new(store, revision.tset_no, 0, &index), 0);
	assert_int_equal(store_ledger_index_find(index, &a), STORE_RECORD_APPLIED);
	assert_int_equal(store_ledger_index_find(index, &b), STORE_RECORD_NO_CHANGE);
	assert_int_equal(store_ledger_index_find(index, &c), STORE_RECORD_NONE);
	store_ledger_index_free(index);
	/* What the revision has done itself was not done before it. */
	assert_int_equal(store_ledger_index_new(store, tset.tset_no, revision.tset_no, &index), 0);
	assert_int_equal(store_ledger_index_find(index, &a), STORE_RECORD_APPLIED);
	assert_int_equal(store_ledger_index_find(index, &b), STORE_RECORD_EXCEPTION);
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
		FILLED(test_upgrade_from_schema_14),
		EMPTY(test_rows_of_the_trail_name_who_is_at_work),
		EMPTY(test_newer_muster_meanwhile),
		EMPTY(test_opens_after_a_refusal),
		EMPTY(test_transactions),
		EMPTY(test_two_writers),
		EMPTY(test_checkpoint),
		EMPTY(test_close_keeps_wal),
		EMPTY(test_damage),
		EMPTY(test_sequences),
		EMPTY(test_groups),
		EMPTY(test_plans_and_brokers),
		EMPTY(test_operators),
		EMPTY(test_file_life),
		EMPTY(test_ledger_key),
		EMPTY(test_tsets),
		EMPTY(test_lanes),
		EMPTY(test_ledger),
		EMPTY(test_ledger_rows),
		FILLED(test_remittances),
		EMPTY(test_audit),
		EMPTY(test_audit_tampering),
		EMPTY(test_verify),
		EMPTY(test_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
