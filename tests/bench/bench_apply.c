/*
 * bench_apply: what a change costs at the least, with nobody found, nothing decided and no file written.
 *
 *   bench_apply DATABASE MEMBERS CHANGES     prints wall and CPU seconds of one run
 *
 * DATABASE is made with MEMBERS members where it does not exist. Then CHANGES of them, evenly spread, get their four
 * rows: the member and his coverage changed, a ledger row and an audit row added, in the order of the rows in the
 * database, in one transaction, in WAL mode, durable. The best case that SQLite offers, beside which the whole line
 * is measured.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CACHE_KIBIBYTES "262144" /* Enough for the pages of a million members. */

static sqlite3 *db;

static void check(int code)
{
	if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW)
		return;
	fprintf(stderr, "bench_apply: %s\n", sqlite3_errmsg(db));
	exit(74);
}

static void run(const char *sql)
{
	check(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

static sqlite3_stmt *prepare(const char *sql)
{
	sqlite3_stmt *statement;

	check(sqlite3_prepare_v2(db, sql, -1, &statement, NULL));
	return statement;
}

static double now(clockid_t clock)
{
	struct timespec at;

	clock_gettime(clock, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* Rows as wide as a member's of muster, each with the indexes without which nobody would be found. */
static const char schema[] =
	"CREATE TABLE member(member_no INTEGER PRIMARY KEY, member_id TEXT UNIQUE, subscriber_id TEXT, last_name TEXT,"
	" first_name TEXT, ssn TEXT, birth_on INTEGER, sex TEXT, address TEXT, city TEXT, state TEXT, zip TEXT,"
	" phone TEXT, email TEXT, version INTEGER);"
	"CREATE INDEX member_by_subscriber ON member(subscriber_id);"
	"CREATE TABLE coverage(member_no INTEGER, span_no INTEGER, group_id TEXT, plan_id TEXT, tier TEXT,"
	" begins_on INTEGER, ends_on INTEGER, PRIMARY KEY(member_no, span_no)) WITHOUT ROWID;"
	"CREATE TABLE ledger(set_no INTEGER, position INTEGER, outcome INTEGER, hash BLOB,"
	" PRIMARY KEY(set_no, position)) WITHOUT ROWID;"
	"CREATE TABLE audit(set_no INTEGER, position INTEGER, member_no INTEGER, action TEXT, rule TEXT, before TEXT,"
	" after TEXT, at_ms INTEGER, PRIMARY KEY(set_no, position)) WITHOUT ROWID;";

static void fill(sqlite3_int64 members)
{
	sqlite3_stmt *member = prepare(
		"INSERT INTO member SELECT ?1, printf('M%09d', ?1), printf('E%08d', ?1 / 3), 'HERNANDEZ', 'VICTORIA',"
		" printf('8%08d', ?1), ?1 % 20000, 'F', printf('%d CHESTNUT ST', ?1 % 9899), 'SACRAMENTO', 'CA',"
		" '958141234', '5552001234', printf('VICTORIA.%d@EXAMPLE.COM', ?1), 1");
	sqlite3_stmt *coverage = prepare("INSERT INTO coverage VALUES(?1, ?2, 'GRP0001', 'HLT-STANDARD-01', 'FAM',"
					 " 20454, NULL)");

	run("BEGIN");
	for (sqlite3_int64 member_no = 1; member_no <= members; member_no++) {
		check(sqlite3_bind_int64(member, 1, member_no));
		check(sqlite3_step(member));
		check(sqlite3_reset(member));
		for (int span = 1; span <= 2; span++) {
			check(sqlite3_bind_int64(coverage, 1, member_no));
			check(sqlite3_bind_int(coverage, 2, span));
			check(sqlite3_step(coverage));
			check(sqlite3_reset(coverage));
		}
	}
	run("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
	check(sqlite3_finalize(member));
	check(sqlite3_finalize(coverage));
}

static sqlite3_int64 number_in(const char *sql)
{
	sqlite3_stmt *statement = prepare(sql);
	sqlite3_int64 value;

	check(sqlite3_step(statement));
	value = sqlite3_column_int64(statement, 0);
	check(sqlite3_finalize(statement));
	return value;
}

static void open_database(const char *path, sqlite3_int64 members)
{
	check(sqlite3_open(path, &db));
	/* The settings of src/store; see there why. */
	run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
	    "PRAGMA secure_delete = ON; PRAGMA cell_size_check = ON; PRAGMA cache_size = -" CACHE_KIBIBYTES);
	if (number_in("SELECT count(*) FROM sqlite_schema") == 0) {
		run(schema);
		fill(members);
	}
}

/* `rows`: the four statements, with ?1 the member, ?2 the set and ?3 the position in it. */
static void change_member(sqlite3_stmt *const rows[4], sqlite3_int64 member_no, sqlite3_int64 set,
			  sqlite3_int64 position)
{
	for (int i = 0; i < 4; i++) {
		const sqlite3_int64 values[] = {member_no, set, position};
		int count = sqlite3_bind_parameter_count(rows[i]);

		for (int j = 0; j < count; j++)
			check(sqlite3_bind_int64(rows[i], j + 1, values[j]));
		check(sqlite3_step(rows[i]));
		check(sqlite3_reset(rows[i]));
	}
}

/* Prints what it took: wall and CPU seconds. */
static void apply(sqlite3_int64 members, sqlite3_int64 changes)
{
	sqlite3_int64 set = number_in("SELECT ifnull(max(set_no), 0) + 1 FROM ledger");
	sqlite3_stmt *const rows[4] = {
		prepare("UPDATE member SET address = printf('%d SYCAMORE LN', ?2), zip = '958144321',"
			" version = version + 1 WHERE member_no = ?1"),
		prepare("UPDATE coverage SET plan_id = printf('HLT-STANDARD-%02d', ?2), begins_on = begins_on + 31"
			" WHERE member_no = ?1 AND span_no = 1"),
		prepare("INSERT INTO ledger VALUES(?2, ?3, 1, CAST(printf('%016d', ?1) AS BLOB))"),
		prepare("INSERT INTO audit VALUES(?2, ?3, ?1, 'change', 'ssn+birth_on+last_name',"
			" '{\"address\":\"1234 CHESTNUT ST\",\"zip\":\"958141234\",\"plan\":\"HLT-STANDARD-01\"}',"
			" '{\"address\":\"12 SYCAMORE LN\",\"zip\":\"958144321\",\"plan\":\"HLT-STANDARD-02\"}',"
			" 1767571200000)"),
	};
	double wall = now(CLOCK_MONOTONIC);
	double cpu = now(CLOCK_PROCESS_CPUTIME_ID);

	run("BEGIN IMMEDIATE");
	for (sqlite3_int64 i = 0; i < changes; i++)
		change_member(rows, 1 + i * members / changes, set, i + 1);
	run("COMMIT");
	wall = now(CLOCK_MONOTONIC) - wall;
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	for (int i = 0; i < 4; i++)
		check(sqlite3_finalize(rows[i]));
	run("PRAGMA wal_checkpoint(TRUNCATE)");
	printf("%.6f %.6f\n", wall, cpu);
}

int main(int argc, char **argv)
{
	sqlite3_int64 members = argc == 4 ? atoll(argv[2]) : 0;
	sqlite3_int64 changes = argc == 4 ? atoll(argv[3]) : 0;

	if (changes < 1 || members < changes) {
		fputs("usage: bench_apply DATABASE MEMBERS CHANGES\n", stderr);
		return 64;
	}
	open_database(argv[1], members);
	apply(members, changes);
	check(sqlite3_close(db));
	return 0;
}
