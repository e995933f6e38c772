/*
 * store_world: a database in the test's folder with a little reference data, and short ways to make rows.
 *
 * Include after cmocka.h. All people are invented.
 */
#ifndef MUSTER_TESTS_STORE_WORLD_H
#define MUSTER_TESTS_STORE_WORLD_H

#include <sqlite3.h>

#include "muster/store.h"
#include "world.h"

#define S(text) SLICE_LITERAL(text)

static struct store *store;
static struct arena arena;

__attribute__((unused)) static date_day day(int year, int month, int day_of_month)
{
	date_day result = DATE_NONE;

	assert_true(date_from_ymd(year, month, day_of_month, &result));
	return result;
}

__attribute__((unused)) static struct group a_group(struct slice group_id)
{
	return (struct group){.group_id = group_id,
			      .name = S("Redwood Bakery"),
			      .region = S("NCAL"),
			      .effective_on = day(2020, 1, 1),
			      .terminates_on = DATE_NONE,
			      .renewal_month = 1,
			      .billing_day = 5,
			      .sponsor_id = S("940001111")};
}

__attribute__((unused)) static struct plan a_plan(struct slice plan_id, struct slice line)
{
	return (struct plan){.plan_id = plan_id,
			     .insurance_line = line,
			     .name = S("Classic"),
			     .effective_on = day(2020, 1, 1),
			     .terminates_on = DATE_NONE,
			     .rate_emp = 50000,
			     .rate_esp = -1,
			     .rate_ech = -1,
			     .rate_fam = 140000,
			     .rate_ind = -1};
}

__attribute__((unused)) static struct coverage_span a_span(date_day begins_on, date_day ends_on)
{
	return (struct coverage_span){.group_id = S("G1"),
				      .plan_id = S("P1"),
				      .insurance_line = S("HLT"),
				      .tier = S("EMP"),
				      .begins_on = begins_on,
				      .ends_on = ends_on};
}

__attribute__((unused)) static struct member a_member(struct slice member_id, struct slice subscriber_id,
						      struct slice relationship)
{
	return (struct member){.member_id = member_id,
			       .subscriber_id = subscriber_id,
			       .relationship = relationship,
			       .last_name = S("FIORELLI"),
			       .first_name = S("ANNA"),
			       .ssn = S("219090001"),
			       .birth_on = day(1980, 2, 29),
			       .died_on = DATE_NONE,
			       .sex = 'F',
			       .address1 = S("1 MAIN ST"),
			       .city = S("OAKLAND"),
			       .state = S("CA"),
			       .zip = S("94601")};
}

__attribute__((unused)) static void begin(void)
{
	assert_int_equal(store_begin(store, STORE_WRITE), 0);
}

__attribute__((unused)) static void commit(void)
{
	assert_int_equal(store_commit(store), 0);
}

/* Groups G1 and G2, plans P1, P2 (HLT) and D1 (DEN). */
__attribute__((unused)) static void put_reference_data(struct store *into)
{
	struct group g1 = a_group(S("G1")), g2 = a_group(S("G2"));
	struct plan p1 = a_plan(S("P1"), S("HLT")), p2 = a_plan(S("P2"), S("HLT")), d1 = a_plan(S("D1"), S("DEN"));
	enum store_put put;

	g2.sponsor_id = S("940002222");
	assert_int_equal(store_group_put(into, &g1, &put), 0);
	assert_int_equal(store_group_put(into, &g2, &put), 0);
	assert_int_equal(store_plan_put(into, &p1, &put), 0);
	assert_int_equal(store_plan_put(into, &p2, &put), 0);
	assert_int_equal(store_plan_put(into, &d1, &put), 0);
}

__attribute__((unused)) static int store_world_setup(void **state)
{
	if (world_setup(state) != 0)
		return -1;
	arena_init(&arena, &world.env, 0, 0);
	return store_open(&world.env, world_path("muster.db"), STORE_CREATE, &store);
}

__attribute__((unused)) static int store_world_teardown(void **state)
{
	store_close(store);
	store = NULL;
	arena_fini(&arena);
	return world_teardown(state);
}

__attribute__((unused)) static int store_world_setup_filled(void **state)
{
	if (store_world_setup(state) != 0)
		return -1;
	begin();
	put_reference_data(store);
	commit();
	return 0;
}

__attribute__((unused)) static const struct store_keys no_keys;

__attribute__((unused)) static void assert_slice(struct slice got, const char *want)
{
	if (!slice_is(got, want))
		fail_msg("got \"%.*s\", want \"%s\"", (int)got.len, got.data, want);
}

__attribute__((unused)) static void insert(struct member *member, const struct store_keys *keys)
{
	assert_int_equal(store_member_insert(store, member, keys, &arena), 0);
}

/* What undoes the latest schemas, one by one. */
#define TO_SCHEMA_21 "DROP TABLE run_outputs; DROP TABLE run_files; DROP TABLE runs; PRAGMA user_version = 21;"
#define TO_SCHEMA_20 TO_SCHEMA_21 "DROP TABLE number_resets; PRAGMA user_version = 20;"
#define TO_SCHEMA_19                                                                                                 \
	TO_SCHEMA_20                                                                                                 \
	"DROP TABLE removals; DROP TABLE legal_holds; PRAGMA user_version = 19;"
#define TO_SCHEMA_18                                                                                                 \
	TO_SCHEMA_19                                                                                                 \
	"CREATE TABLE old_labels(label_no INTEGER PRIMARY KEY, exception_no INTEGER NOT NULL REFERENCES exceptions, "   \
	"version INTEGER NOT NULL, verdict TEXT NOT NULL, member_no INTEGER, model TEXT NOT NULL, "                    \
	"operator_id TEXT NOT NULL, at_ms INTEGER NOT NULL, withdrawn INTEGER NOT NULL, "                              \
	"UNIQUE(exception_no, version)) STRICT; "                                                                      \
	"INSERT INTO old_labels SELECT label_no, exception_no, version, verdict, member_no, model, operator_id, "       \
	"at_ms, withdrawn FROM labels WHERE exception_no IS NOT NULL; "                                                \
	"DROP TABLE labels; ALTER TABLE old_labels RENAME TO labels; PRAGMA user_version = 18;"
#define TO_SCHEMA_17 TO_SCHEMA_18 "DROP TABLE notices_owed; PRAGMA user_version = 17;"
#define TO_SCHEMA_16                                                                                                 \
	TO_SCHEMA_17                                                                                                 \
	"DROP INDEX members_by_family; CREATE INDEX members_by_subscriber ON members(subscriber_id); "                 \
	"ALTER TABLE members DROP COLUMN sponsor_id; ALTER TABLE exceptions DROP COLUMN sponsor_id; "                  \
	"PRAGMA user_version = 16;"
#define TO_SCHEMA_15 TO_SCHEMA_16 "ALTER TABLE members DROP COLUMN room; PRAGMA user_version = 15;"
#define TO_SCHEMA_14                                                                                                 \
	TO_SCHEMA_15                                                                                                 \
	"DROP TABLE group_members; CREATE INDEX spans_by_group ON coverage_spans(group_id); PRAGMA user_version = 14;"
#define TO_SCHEMA_13 TO_SCHEMA_14 "PRAGMA user_version = 13;"

/* Close the store, and leave its database as an earlier schema left it. */
__attribute__((unused)) static void set_back(const char *path, const char *sql)
{
	sqlite3 *db;

	store_close(store);
	store = NULL;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

#endif
