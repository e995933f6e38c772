/*
 * The audit trail and its anchors: if they failed, whoever has changed a member behind everybody's back could take the row
 * that tells of it out of the trail, and nobody would ever see it (P36).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>

#include "../../src/store/store_internal.h"
#include "muster/anchor.h"
#include "world.h"

#define ROWS 24u
#define ROUNDS 10000u /* of each class of change */

static struct store *store;
static uint64_t seed = 20260302;

static uint64_t drawn(uint64_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (seed >> 33) % below;
}

static void execute(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void execute(const char *format, ...)
{
	char sql[600];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(sql, sizeof(sql), format, arguments);
	va_end(arguments);
	assert_int_equal(sqlite3_exec(store->db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void append_rows(unsigned count)
{
	unsigned i;

	assert_int_equal(store_begin(store, STORE_WRITE), 0);
	for (i = 0; i < count; i++) {
		struct store_audit audit = {.actor = SLICE_LITERAL("rosa"),
					    .kind = SLICE_LITERAL("decision"),
					    .subject = arena_printf(&world.paths, "F00000001-1-%llu", (unsigned long long)drawn(1000)),
					    .text = SLICE_LITERAL("ended 3 members")};

		assert_int_equal(store_audit_append(store, &audit), 0);
	}
	assert_int_equal(store_commit(store), 0);
}

static const char *anchors_path(void)
{
	return world_path("anchors");
}

static int setup(void **state)
{
	(void)state;
	(void)env_unlink(&world.env, world_path("trail.db"));
	(void)env_unlink(&world.env, world_path("trail.db-wal"));
	(void)env_unlink(&world.env, world_path("trail.db-shm"));
	(void)env_unlink(&world.env, anchors_path());
	if (store_open(&world.env, world_path("trail.db"), STORE_CREATE, &store) != 0)
		return -1;
	append_rows(ROWS);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_close(store);
	store = NULL;
	return 0;
}

/* Behind the triggers' back. */
static void begin_knife(void)
{
	execute("BEGIN");
	execute("DROP TRIGGER audit_no_update");
	execute("DROP TRIGGER audit_no_delete");
	execute("DROP TRIGGER audit_no_replace");
}

static void change_row(uint64_t at)
{
	static const char *const changes[] = {"at_ms = at_ms + 1", "actor = actor || 'x'",     "kind = ''",
					      "subject = subject || ' '", "text = 'ended 4 members'", "payload = randomblob(32)",
					      "chain = zeroblob(32)",	  "actor = 'ros', kind = 'a' || kind"};

	execute("UPDATE audit SET %s WHERE audit_no = %llu", changes[drawn(sizeof(changes) / sizeof(changes[0]))],
		(unsigned long long)at);
}

/* The rows from `at` on, so many places on. */
static void shift_rows(uint64_t at, int by)
{
	execute("UPDATE audit SET audit_no = -(audit_no + %d) WHERE audit_no >= %llu", by, (unsigned long long)at);
	execute("UPDATE audit SET audit_no = -audit_no WHERE audit_no < 0");
}

/* A copy of the row before it, or of the row that stood there: then it is that one that is there twice. */
static uint64_t insert_row(uint64_t at)
{
	bool next = drawn(2) == 0 || at == 1;

	shift_rows(at, 1);
	execute("INSERT INTO audit SELECT %llu, at_ms, actor, kind, subject, text, payload, chain FROM audit WHERE audit_no = %llu",
		(unsigned long long)at, (unsigned long long)(next ? at + 1 : at - 1));
	return next ? at + 1 : at;
}

static void swap_rows(uint64_t at, uint64_t with)
{
	execute("UPDATE audit SET audit_no = -1 WHERE audit_no = %llu", (unsigned long long)at);
	execute("UPDATE audit SET audit_no = %llu WHERE audit_no = %llu", (unsigned long long)at, (unsigned long long)with);
	execute("UPDATE audit SET audit_no = %llu WHERE audit_no = -1", (unsigned long long)with);
}

enum class { CHANGED, REMOVED, REMOVED_AND_CLOSED, INSERTED, SWAPPED, CLASSES };

/* Does something at row `at` of the trail; where the first row that does not fit stands then. */
static uint64_t damage(enum class class, uint64_t at)
{
	switch (class) {
	case CHANGED:
		change_row(at);
		return at;
	case REMOVED:
		execute("DELETE FROM audit WHERE audit_no = %llu", (unsigned long long)at);
		return at + 1;
	case REMOVED_AND_CLOSED:
		execute("DELETE FROM audit WHERE audit_no = %llu", (unsigned long long)at);
		shift_rows(at + 1, -1);
		return at;
	case INSERTED:
		return insert_row(at);
	case SWAPPED:
		swap_rows(at, at + 1 + drawn(ROWS - at));
		return at;
	case CLASSES:
		break;
	}
	return 0;
}

/* Every change of a row, at its place. The last row's removal is what the chain cannot see: the anchors do, below. */
static void test_every_change_is_found(void **state)
{
	uint64_t count, bad_no, found, exact, round;
	enum class class;
	struct hash head;

	(void)state;
	for (class = CHANGED; class < CLASSES; class++) {
		for (round = found = exact = 0; round < ROUNDS; round++) {
			uint64_t at = 1 + drawn(ROWS - 1), wanted;

			begin_knife();
			wanted = damage(class, at);
			found += store_audit_verify(store, &count, &head, &bad_no) == STORE_E_DAMAGED;
			exact += bad_no == wanted;
			execute("ROLLBACK");
		}
		assert_int_equal(found, ROUNDS);
		assert_int_equal(exact, ROUNDS);
	}
	print_message("# %u classes of %u changes each: all found, at the very row\n", (unsigned)CLASSES, ROUNDS);
	assert_int_equal(store_audit_verify(store, &count, &head, &bad_no), 0);
}

static struct anchor_report verify(const struct anchor_place *place)
{
	struct anchor_report report;

	assert_int_equal(anchor_verify(&world.env, store, place, &report), 0);
	return report;
}

/* What the chain alone cannot see. */
static void test_cut_off_and_written_anew(void **state)
{
	const struct anchor_place place = {.path = anchors_path()};
	struct anchor_report report;
	uint64_t cut;

	(void)state;
	report = verify(&place);
	assert_int_equal(report.fault, ANCHOR_SOUND);
	assert_false(report.there);
	assert_int_equal(anchor_append(&world.env, store, &place, false), 0);
	append_rows(3);
	assert_int_equal(anchor_append(&world.env, store, &place, false), 0);
	/* Nothing new: no line. */
	assert_int_equal(anchor_append(&world.env, store, &place, false), 0);
	report = verify(&place);
	assert_int_equal(report.fault, ANCHOR_SOUND);
	assert_int_equal(report.anchors, 2);
	assert_int_equal(report.rows, ROWS + 3);
	/* Rows behind the last anchor have none yet. */
	append_rows(1);
	assert_int_equal(verify(&place).fault, ANCHOR_SOUND);
	for (cut = 0; cut < ROWS + 4; cut++) {
		execute("DROP TRIGGER IF EXISTS audit_no_delete");
		execute("SAVEPOINT cut; DELETE FROM audit WHERE audit_no > %llu; RELEASE cut",
			(unsigned long long)(ROWS + 3 - cut));
		report = verify(&place);
		assert_int_equal(report.fault, cut == 0 ? ANCHOR_SOUND : ANCHOR_CUT);
		if (cut > 0)
			assert_int_equal(report.broken.audit_no, cut > 3 ? ROWS : ROWS + 3);
	}
	/* All of it written anew, and well: each row fits the one before. */
	append_rows(ROWS + 9);
	report = verify(&place);
	assert_int_equal(report.rows, ROWS + 9);
	assert_int_equal(report.fault, ANCHOR_OTHER_ROW);
	assert_int_equal(report.broken.audit_no, ROWS);
	/* Somebody says that this is the right one now. */
	assert_int_equal(anchor_append(&world.env, store, &place, true), 0);
	report = verify(&place);
	assert_int_equal(report.fault, ANCHOR_SOUND);
	assert_int_equal(report.anchors, 1);
}

static void put_anchors(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void put_anchors(const char *format, ...)
{
	char text[1000];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	assert_int_equal(io_publish(&world.env, anchors_path(), slice_from(text)), 0);
}

/* Whoever writes the trail anew would write its anchors anew, too; without the key he cannot. */
static void test_seals(void **state)
{
	const struct anchor_place open = {.path = anchors_path()},
				  sealed = {.path = anchors_path(), .key = SLICE_LITERAL("a key of the site's own")},
				  other = {.path = anchors_path(), .key = SLICE_LITERAL("a key of somebody else's")};
	struct slice line, line_open;
	char text[400];
	size_t i;

	(void)state;
	assert_int_equal(anchor_line(&world.env, store, &sealed, &world.paths, &line), 0);
	assert_int_equal(anchor_line(&world.env, store, &open, &world.paths, &line_open), 0);
	assert_int_equal(anchor_append(&world.env, store, &sealed, false), 0);
	assert_int_equal(verify(&sealed).fault, ANCHOR_SOUND);
	assert_int_equal(verify(&open).fault, ANCHOR_SOUND);
	assert_int_equal(verify(&other).fault, ANCHOR_LINE);
	/* With the words of a log before it, as the machine's log has it. */
	put_anchors("Mar  2 06:00:00 host muster[1]: %s\n%s\n", line.data, line.data);
	assert_int_equal(verify(&sealed).anchors, 2);
	assert_int_equal(verify(&sealed).fault, ANCHOR_SOUND);
	put_anchors("%s\n%s\n", line.data, line_open.data);
	assert_int_equal(verify(&sealed).fault, ANCHOR_LINE);
	assert_int_equal(verify(&sealed).line, 2);
	/* Any byte of it. */
	assert_true(line.len < sizeof(text));
	for (i = 0; i < line.len; i++) {
		slice_to_cstr(line, text, sizeof(text));
		text[i] = text[i] == '0' ? '1' : '0';
		put_anchors("%s\n", text);
		assert_int_not_equal(verify(&sealed).fault, ANCHOR_SOUND);
	}
}

/* A line that a power cut tore must not hide the next one, nor pass for an anchor. */
static void test_torn_lines(void **state)
{
	const struct anchor_place place = {.path = anchors_path()};
	struct anchor_report report;
	struct slice line;

	(void)state;
	assert_int_equal(anchor_line(&world.env, store, &place, &world.paths, &line), 0);
	put_anchors("%s\nanchor 25 0123", line.data);
	report = verify(&place);
	assert_int_equal(report.fault, ANCHOR_LINE);
	assert_int_equal(report.line, 2);
	append_rows(1);
	assert_int_equal(anchor_append(&world.env, store, &place, false), 0);
	report = verify(&place);
	assert_int_equal(report.anchors, 2);
	assert_int_equal(report.last.audit_no, ROWS + 1);
	assert_int_equal(report.line, 2);
	assert_int_equal(anchor_append(&world.env, store, &place, true), 0);
	assert_int_equal(verify(&place).fault, ANCHOR_SOUND);
	put_anchors("%s \n\n", line.data);
	assert_int_equal(verify(&place).fault, ANCHOR_SOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_change_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_off_and_written_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(test_seals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_torn_lines, setup, teardown),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
