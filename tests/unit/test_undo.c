/*
 * What would go wrong for a member: an undo would leave him another coverage than he had before the mistake, or take
 * away what a later file rightly gave him.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "muster/batch.h"
#include "muster/env_fault.h"
#include "muster/undo.h"
#include "store_world.h"

#define FILES 4
#define PEOPLE 4
#define OPERATOR S("lead")

/* Everything goes through an env that can be made to fail. */
static struct env_fault fault;
static struct guide_set *guides;
static struct config config;
static struct profiles profiles;
static uint32_t control; /* of the last interchange */
static date_day today;

/* ---- a plan, and files for it ---- */

static void load_people(void)
{
	static const char *const rows[PEOPLE][6] = {
		{"M1", "S1", "18", "ROE", "ALEX", "219090001"},
		{"M2", "S1", "01", "ROE", "SAM", "219090002"},
		{"M3", "S1", "19", "ROE", "KIT", "219090003"},
		{"M4", "S2", "18", "DOE", "KIM", "219090004"},
	};
	uint64_t keys[MATCH_KEYS_MAX];
	int i;

	for (i = 0; i < PEOPLE; i++) {
		struct coverage_span span = a_span(day(2025, 1, 1), DATE_NONE);
		struct member member = a_member(slice_from(rows[i][0]), slice_from(rows[i][1]), slice_from(rows[i][2]));
		struct store_keys change = {.after = keys};

		member.last_name = slice_from(rows[i][3]);
		member.first_name = slice_from(rows[i][4]);
		member.ssn = slice_from(rows[i][5]);
		member.birth_on = day(i == 2 ? 2012 : 1980, 1 + i, 10);
		member.spans = &span;
		member.span_count = 1;
		change.after_count = match_member_keys(&member, keys);
		assert_int_equal(store_member_insert(store, &member, &change, &arena), 0);
	}
}

static void open_store(const char *name)
{
	assert_int_equal(store_open(&fault.env, world_path(name), STORE_CREATE, &store), 0);
}

static void make_plan(const char *name)
{
	world_forget_files();
	open_store(name);
	config.database = world_path(name);
	begin();
	put_reference_data(store);
	load_people();
	commit();
	control = 0;
	today = day(2026, 3, 1);
}

static int setup(void **state)
{
	struct buffer errors;

	if (world_setup(state) != 0)
		return -1;
	env_fault_init(&fault, &world.env, 1);
	env_fault_fix_clock(&fault, 1000);
	arena_init(&arena, &world.env, 0, 0);
	buffer_init(&errors, &world.env);
	assert_int_equal(config_parse(&arena, world_path("muster.yaml"), S("chunk_members: 2\n"), &errors, &config), 0);
	profile_defaults(&profiles.fallback);
	assert_int_equal(guide_set_new(&world.env, &errors, &guides), 0);
	buffer_fini(&errors);
	make_plan("first.db");
	return 0;
}

static int teardown(void **state)
{
	store_close(store);
	guide_set_free(guides);
	arena_fini(&arena);
	return world_teardown(state);
}

static const char *make_file(const char *body, const char *set_id)
{
	char name[32];
	struct buffer text;
	const char *path;
	size_t at, segments = 0;

	control++;
	snprintf(name, sizeof(name), "f%u.x12", control);
	buffer_init(&text, &world.env);
	buffer_printf(&text,
		      "ISA*00*          *00*          *ZZ*SENDER         *ZZ*MUSTER         *260301*0215*^*00501*%09u*0*P*:~"
		      "GS*%s*SENDER*MUSTER*20260301*0215*%u*X*%s~ST*%s*0001*%s~", control,
		      strcmp(set_id, "834") == 0 ? "BE" : "RA", control,
		      strcmp(set_id, "834") == 0 ? "005010X220A1" : "005010X218", set_id,
		      strcmp(set_id, "834") == 0 ? "005010X220A1" : "005010X218");
	if (strcmp(set_id, "834") == 0)
		buffer_printf(&text, "BGN*00*%u*20260301*0215****2~REF*38*G1~N1*P5*REDWOOD BAKERY*FI*940001111~"
				     "N1*IN*MUSTER*FI*940009999~", control);
	buffer_add_text(&text, body);
	for (at = 0; at < text.len; at++)
		segments += text.data[at] == '~';
	buffer_printf(&text, "SE*%zu*0001~GE*1*%u~IEA*1*%09u~", segments - 1, control, control);
	assert_int_equal(text.error, 0);
	path = world_file(name, buffer_slice(&text));
	buffer_fini(&text);
	return path;
}

/* One file through the line, on a day of its own. */
static struct batch_result process_path(const char *path, bool again)
{
	struct batch_settings settings = {.env = &fault.env, .store = store, .guides = guides, .config = &config,
					  .profiles = &profiles, .today_fixed = true};
	struct batch_result result;
	struct batch *batch;

	today++;
	settings.today = today;
	assert_int_equal(batch_open(&settings, &batch), 0);
	if (again)
		assert_int_equal(batch_reprocess(batch, path, world_path("out"), &result), 0);
	else
		assert_int_equal(batch_process(batch, path, world_path("out"), NULL, &result), 0);
	batch_close(batch);
	return result;
}

static struct batch_result process(const char *body)
{
	return process_path(make_file(body, "834"), false);
}

#define ALEX(maintenance, reason) "INS*Y*18*" maintenance "*" reason "*A***FT~REF*0F*S1~REF*1L*G1~REF*23*M1~"
#define ALEX_NAME "NM1*IL*1*ROE*ALEX****34*219090001~"
#define ALEX_BORN "DMG*D8*19800110*F~"
#define ALEX_MOVES(street) \
	ALEX("001", "43") "DTP*303*D8*20260301~" ALEX_NAME "N3*" street "~N4*SALEM*CA*94610~" ALEX_BORN
#define ALEX_PLAN(plan, from) \
	ALEX("001", "22") "DTP*303*D8*" from "~" ALEX_NAME ALEX_BORN "HD*001**HLT*" plan "*EMP~DTP*303*D8*" from "~"
#define ALEX_ENDS(last) ALEX("024", "08") "DTP*357*D8*" last "~" ALEX_NAME ALEX_BORN
#define LOU_ADDED \
	"INS*Y*18*021*28*A***FT~REF*0F*S9~REF*1L*G1~DTP*356*D8*20260401~NM1*IL*1*LARK*LOU****34*219090009~N3*2 OAK~" \
	"N4*SALEM*CA*94610~DMG*D8*19900505*M~HD*021**HLT*P1*FAM~DTP*348*D8*20260401~"
#define FLORIN_ADDED \
	"INS*N*19*021*28*A~REF*0F*S9~REF*1L*G1~DTP*356*D8*20260401~NM1*IL*1*LARK*FLORIN****34*219090008~" \
	"DMG*D8*20151117*F~HD*021**HLT*P1*FAM~DTP*348*D8*20260401~"

/* ---- what stands ---- */

static void say_member(struct buffer *out, const struct member *member)
{
	const struct slice texts[] = {
		member->member_id, member->subscriber_id, member->relationship, member->last_name,
		member->first_name, member->middle_name, member->suffix, member->ssn, member->address1,
		member->address2, member->city, member->state, member->zip, member->phone, member->email,
		member->employee_id, member->medicare_id,
	};
	uint32_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		buffer_add_slice(out, texts[i]);
		buffer_add_char(out, '|');
	}
	buffer_printf(out, "%d %d %c %d\n", (int)member->birth_on, (int)member->died_on, member->sex,
		      member->confidential);
	for (i = 0; i < member->span_count; i++) {
		const struct coverage_span *span = &member->spans[i];

		if (span->voided)
			continue;
		buffer_printf(out, "  %llu %.*s %.*s %.*s %.*s %d %d %d\n", (unsigned long long)span->span_no,
			      (int)span->group_id.len, span->group_id.data, (int)span->plan_id.len, span->plan_id.data,
			      (int)span->insurance_line.len, span->insurance_line.data, (int)span->tier.len,
			      span->tier.data, (int)span->begins_on, (int)span->ends_on, span->cobra);
	}
}

struct snapshot {
	struct buffer text;
	uint64_t known; /* members */
};

static int snapshot_member(void *context, const struct member *member)
{
	struct snapshot *snapshot = context;
	uint32_t i;

	if (member->member_no <= snapshot->known) {
		say_member(&snapshot->text, member);
		return 0;
	}
	/* Who came later is there still, but nothing covers him. */
	for (i = 0; i < member->span_count; i++)
		if (!member->spans[i].voided)
			buffer_printf(&snapshot->text, "member %llu is covered\n", (unsigned long long)member->member_no);
	return 0;
}

/* The members known then with their coverage, and their match keys. */
static void take_snapshot(struct snapshot *snapshot, uint64_t known)
{
	struct buffer dump;
	char *line, *rest, *at;

	buffer_init(&snapshot->text, &world.env);
	buffer_init(&dump, &world.env);
	snapshot->known = known;
	assert_int_equal(store_members_each(store, snapshot_member, snapshot), 0);
	assert_int_equal(store_dump(store, 0, &dump), 0);
	for (line = strtok_r(dump.data, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		at = strstr(line, "member_no=");
		if (strncmp(line, "match_keys:", 11) == 0 && at != NULL && strtoull(at + 10, NULL, 10) <= known)
			buffer_printf(&snapshot->text, "%s\n", line);
	}
	assert_int_equal(snapshot->text.error, 0);
	buffer_fini(&dump);
}

static uint64_t member_count(void)
{
	uint64_t count;

	assert_int_equal(store_member_count(store, &count), 0);
	return count;
}

/* The same as then? */
static void expect_snapshot(const struct snapshot *then, const char *what, uint32_t seed)
{
	struct snapshot now;

	take_snapshot(&now, then->known);
	if (!slice_equal(buffer_slice(&then->text), buffer_slice(&now.text)))
		fail_msg("seed %u, %s:\n--- then\n%s--- now\n%s", seed, what, then->text.data, now.text.data);
	buffer_fini(&now.text);
}

static void expect_sound(uint32_t seed)
{
	struct buffer text;

	buffer_init(&text, &world.env);
	if (store_verify(store, &text) != 0)
		fail_msg("seed %u: %s", seed, text.data);
	buffer_fini(&text);
}

/* Tables that hold what is so, and not how it came: as text, without the members' versions and the audit. */
static void take_dump(struct buffer *out)
{
	static const char *const tables[] = {"members:", "coverage_spans:", "match_keys:", "ledger:", "remittance_lines:",
					     "tsets:", "files:"};
	struct buffer dump;
	char *line, *rest, *version;
	size_t i;

	buffer_init(out, &world.env);
	buffer_init(&dump, &world.env);
	assert_int_equal(store_dump(store, STORE_DUMP_NO_TIMES, &dump), 0);
	for (line = strtok_r(dump.data, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		version = strstr(line, " version=");
		for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
			if (strncmp(line, tables[i], strlen(tables[i])) == 0)
				buffer_printf(out, "%.*s\n", i == 0 && version != NULL ? (int)(version - line)
										       : (int)strlen(line), line);
	}
	buffer_fini(&dump);
}

static void expect_dump(const struct buffer *then, const char *what, uint32_t seed)
{
	struct buffer now;

	take_dump(&now);
	if (!slice_equal(buffer_slice(then), buffer_slice(&now)))
		fail_msg("seed %u, %s:\n--- then\n%s--- now\n%s", seed, what, then->data, now.data);
	buffer_fini(&now);
}

/* ---- undo ---- */

static char said[4000]; /* why not, a line each */

static int note_blocked(void *context, const struct store_change *change, const char *why, const struct store_change *by)
{
	char id[UNDO_ID_BYTES], other[UNDO_ID_BYTES];
	size_t len = strlen(said);

	(void)context;
	snprintf(said + len, sizeof(said) - len, "%s: %s: %s\n", undo_id_format(change, id), why,
		 by != NULL ? undo_id_format(by, other) : "-");
	return 0;
}

static struct undo_totals totals;

static int undo_as(enum undo_level level, const char *id, bool redo, bool dry)
{
	struct undo_request request = {
		.store = store,
		.env = &fault.env,
		.operator_id = OPERATOR,
		.at_ms = ((int64_t)today + 1) * CLOCK_DAY_MS,
		.due_ms = ((int64_t)today + 3) * CLOCK_DAY_MS,
		.chunk_members = 2,
		.dry = dry,
		.blocked = note_blocked,
	};
	int r = undo_find(store, level, slice_from(id), redo, &request.scope);

	said[0] = '\0';
	return r == 0 ? undo_run(&request, &totals) : r;
}

static int undo_it(enum undo_level level, const char *id, bool redo)
{
	return undo_as(level, id, redo, false);
}

/* ---- one thing at a time ---- */

static const struct member *member_of(const char *id)
{
	const struct member *member;

	assert_int_equal(store_member_get(store, slice_from(id), &arena, &member), 0);
	assert_non_null(member);
	return member;
}

static enum store_record_outcome outcome_of(uint64_t tset_no, uint32_t member_pos)
{
	enum store_record_outcome outcome;

	assert_int_equal(store_ledger_get(store, tset_no, member_pos, &outcome), 0);
	return outcome;
}

/* A plan change ends one span and begins another: both go back. */
static void test_plan_change(void **state)
{
	struct store_file file;
	const struct store_file *stored;
	const struct member *alex;

	(void)state;
	process(ALEX_PLAN("P2", "20260401"));
	alex = member_of("M1");
	assert_int_equal(alex->span_count, 2);
	assert_int_equal(alex->spans[0].ends_on, day(2026, 3, 31));
	assert_int_equal(undo_as(UNDO_FILE, "F00000001", false, true), 0);
	assert_int_equal(totals.changes, 3); /* his dependents went along */
	assert_int_equal(member_of("M1")->spans[0].ends_on, day(2026, 3, 31));
	assert_int_equal(undo_it(UNDO_FILE, "F00000001", false), 0);
	alex = member_of("M1");
	assert_int_equal(alex->spans[0].ends_on, DATE_NONE);
	assert_true(alex->spans[1].voided);
	assert_int_equal(outcome_of(1, 1), STORE_RECORD_UNDONE);
	assert_int_equal(store_file_get(store, 1, &arena, &stored), 0);
	file = *stored;
	assert_int_equal(file.tally.members_applied, 0);
	assert_int_equal(file.tally.members_rejected, 1);
	expect_sound(0);
	assert_int_equal(undo_it(UNDO_FILE, "F00000001", false), UNDO_E_NOTHING);
	/* The undo by its own id: it is applied again. */
	assert_int_equal(undo_it(UNDO_CHANGE, "F00000001-1-1-3", false), 0);
	assert_int_equal(member_of("M1")->spans[0].ends_on, day(2026, 3, 31));
	assert_false(member_of("M1")->spans[1].voided);
	assert_int_equal(outcome_of(1, 1), STORE_RECORD_APPLIED);
	assert_int_equal(undo_it(UNDO_SET, "F00000001-1", false), 0);
	assert_int_equal(undo_it(UNDO_SET, "F00000001-1", true), 0);
	assert_int_equal(undo_it(UNDO_SET, "F00000001-1", true), UNDO_E_NOTHING);
	expect_sound(0);
}

static void test_ids(void **state)
{
	(void)state;
	process(ALEX_MOVES("9 HILL"));
	assert_int_equal(undo_it(UNDO_FILE, "F00000009", false), UNDO_E_UNKNOWN);
	assert_int_equal(undo_it(UNDO_FILE, "F00000001-1", false), UNDO_E_UNKNOWN);
	assert_int_equal(undo_it(UNDO_FILE, "", false), UNDO_E_UNKNOWN);
	assert_int_equal(undo_it(UNDO_SET, "F00000001", false), UNDO_E_UNKNOWN);
	assert_int_equal(undo_it(UNDO_SET, "F00000001-2", false), UNDO_E_UNKNOWN);
	assert_int_equal(undo_it(UNDO_CHANGE, "F00000001-1", false), UNDO_E_UNKNOWN);
	assert_int_equal(undo_it(UNDO_CHANGE, "F00000001-1-0", false), UNDO_E_UNKNOWN);
	assert_int_equal(undo_it(UNDO_CHANGE, "F00000001-1-", false), UNDO_E_UNKNOWN);
	assert_int_equal(undo_it(UNDO_CHANGE, "F00000001-1-1-9", false), UNDO_E_UNKNOWN);
	assert_int_equal(undo_it(UNDO_CHANGE, "F00000001-1-1-0-0", false), UNDO_E_UNKNOWN);
	assert_int_equal(undo_it(UNDO_CHANGE, "F00000001-1-7", false), UNDO_E_NOTHING);
	assert_int_equal(undo_it(UNDO_CHANGE, "F00000001-1-1", false), 0);
}

/* The subscriber moves, his family with him: one of them can be taken back alone. */
static void test_one_of_a_cascade(void **state)
{
	(void)state;
	process(ALEX_MOVES("9 HILL"));
	assert_true(slice_is(member_of("M2")->address1, "9 HILL"));
	assert_int_equal(undo_it(UNDO_CHANGE, "F00000001-1-1-1", false), 0);
	assert_true(slice_is(member_of("M1")->address1, "9 HILL"));
	assert_true(slice_is(member_of("M2")->address1, "1 MAIN ST"));
	assert_true(slice_is(member_of("M2")->zip, "94601"));
	assert_int_equal(outcome_of(1, 1), STORE_RECORD_APPLIED);
	assert_int_equal(undo_it(UNDO_CHANGE, "F00000001-1-1", false), 0);
	assert_true(slice_is(member_of("M1")->address1, "1 MAIN ST"));
	assert_int_equal(outcome_of(1, 1), STORE_RECORD_UNDONE);
}

static void test_later_changes_stand_against_it(void **state)
{
	struct buffer before;

	(void)state;
	process(ALEX_MOVES("9 HILL"));
	process(ALEX_MOVES("10 HILL"));
	process(ALEX("001", "33") "DTP*303*D8*20260301~" ALEX_NAME "PER*IP**HP*5105550999~" ALEX_BORN);
	take_dump(&before);
	assert_int_equal(undo_it(UNDO_FILE, "F00000001", false), UNDO_E_BLOCKED);
	assert_non_null(strstr(said, "F00000001-1-1-0: a later change depends on it: F00000002-1-1-0\n"));
	expect_dump(&before, "refused", 0);
	buffer_fini(&before);
	/* Another field does not stand against it, and an undone change neither. */
	assert_int_equal(undo_it(UNDO_FILE, "F00000002", false), 0);
	assert_true(slice_is(member_of("M1")->address1, "9 HILL"));
	assert_true(slice_is(member_of("M1")->phone, "5105550999"));
	assert_int_equal(undo_it(UNDO_FILE, "F00000001", false), 0);
	assert_true(slice_is(member_of("M1")->address1, "1 MAIN ST"));
	/* Now the second file cannot come back before the first. */
	assert_int_equal(undo_it(UNDO_FILE, "F00000002", true), UNDO_E_BLOCKED);
	assert_int_equal(undo_it(UNDO_FILE, "F00000001", true), 0);
	assert_int_equal(undo_it(UNDO_FILE, "F00000002", true), 0);
	assert_true(slice_is(member_of("M1")->address1, "10 HILL"));
	expect_sound(0);
}

static void test_changed_outside_of_files(void **state)
{
	const struct member *alex;
	struct member other;
	struct store_keys none = {0};

	(void)state;
	process(ALEX_MOVES("9 HILL"));
	alex = member_of("M1");
	other = *alex;
	other.zip = S("90001");
	begin();
	assert_int_equal(store_member_update(store, alex, &other, &none, 0), 0);
	commit();
	assert_int_equal(undo_it(UNDO_CHANGE, "F00000001-1-1-0", false), UNDO_E_BLOCKED);
	assert_non_null(strstr(said, "not by a file: -"));
}

/* A member new by a file, and somebody who came under him by the next. */
static void test_families_hold_together(void **state)
{
	const struct member *lou;

	(void)state;
	process(LOU_ADDED);
	process(FLORIN_ADDED);
	assert_int_equal(member_count(), PEOPLE + 2);
	assert_int_equal(undo_it(UNDO_FILE, "F00000001", false), UNDO_E_BLOCKED);
	assert_non_null(strstr(said, "F00000001-1-1-0: the coverage of a dependent rests on it: F00000002-1-1-0\n"));
	assert_int_equal(undo_it(UNDO_FILE, "F00000002", false), 0);
	assert_int_equal(undo_it(UNDO_FILE, "F00000001", false), 0);
	assert_int_equal(store_member_get_no(store, PEOPLE + 1, &arena, &lou), 0);
	assert_true(slice_is(lou->last_name, "LARK"));
	assert_true(lou->spans[0].voided);
	/* Florin cannot be covered again without Lou. */
	assert_int_equal(undo_it(UNDO_FILE, "F00000002", true), UNDO_E_BLOCKED);
	assert_non_null(strstr(said, "the subscriber himself would not be covered: F00000001-1-1-1\n"));
	assert_int_equal(undo_it(UNDO_FILE, "F00000001", true), 0);
	assert_int_equal(undo_it(UNDO_FILE, "F00000002", true), 0);
	expect_sound(0);
}

/* A coverage that would come to life again beside a later one. */
static void test_coverages_do_not_meet(void **state)
{
	(void)state;
	process(ALEX_ENDS("20260331"));
	process("INS*Y*18*021*28*A***FT~REF*0F*S1~REF*1L*G1~REF*23*M1~DTP*356*D8*20260501~" ALEX_NAME ALEX_BORN
		"HD*021**HLT*P2*EMP~DTP*348*D8*20260501~");
	assert_int_equal(member_of("M1")->span_count, 2);
	assert_int_equal(undo_it(UNDO_FILE, "F00000001", false), UNDO_E_BLOCKED);
	assert_non_null(strstr(said, "would overlap another one of the member: F00000002-1-1-0\n"));
	assert_int_equal(undo_it(UNDO_FILE, "F00000002", false), 0);
	assert_int_equal(undo_it(UNDO_FILE, "F00000001", false), 0);
	assert_int_equal(member_of("M1")->spans[0].ends_on, DATE_NONE);
	assert_int_equal(member_of("M2")->spans[0].ends_on, DATE_NONE);
}

/* Sent again it is a duplicate; reprocessed it is applied, and then cannot be applied a second time. */
static void test_reprocess_applies_again(void **state)
{
	const char *path = make_file(ALEX_ENDS("20260331"), "834");
	struct batch_result result;

	(void)state;
	process_path(path, false);
	assert_int_equal(undo_it(UNDO_FILE, "F00000001", false), 0);
	result = process_path(path, false);
	assert_int_equal(result.outcome, STORE_FILE_DUPLICATE);
	result = process_path(path, true);
	assert_int_equal(result.outcome, STORE_FILE_PROCESSED);
	assert_int_equal(result.tally.members_applied, 1);
	assert_int_equal(member_of("M1")->spans[0].ends_on, day(2026, 3, 31));
	assert_int_equal(undo_it(UNDO_FILE, "F00000001", true), UNDO_E_BLOCKED);
	assert_non_null(strstr(said, ": F00000003-1-1-0\n"));
	result = process_path(path, true);
	assert_int_equal(result.tally.members_applied, 0);
	expect_sound(0);
}

/* A payment taken back is nobody's, and waits for a person. */
static void test_payment(void **state)
{
	const char *path = make_file("BPR*I*500.00*C*ACH*CCP*01*999999992*DA*0012200*1001122334**01*888888884*DA*0077889*20260306~"
				     "TRN*3*T1*1001122334~DTM*582****RD8*20260301-20260331~N1*PE*MUSTER*FI*940009999~"
				     "N1*PR*REDWOOD BAKERY*FI*940001111~ENT*1*2J*34*219090001~NM1*EY*1*ROE*ALEX****34*219090001~"
				     "RMR*AZ*S1**500.00~DTM*582****RD8*20260301-20260331~", "820");
	const struct store_exception *item;
	const struct store_remittance_line *line;
	const struct store_file *file;
	struct buffer before;

	(void)state;
	assert_int_equal(process_path(path, false).tally.money_posted, 50000);
	take_dump(&before);
	assert_int_equal(undo_it(UNDO_FILE, "F00000001", false), 0);
	assert_int_equal(totals.lines, 1);
	assert_int_equal(store_remittance_line_get(store, 1, 1, &arena, &line), 0);
	assert_int_equal(line->status, STORE_PAYMENT_SUSPENDED);
	assert_int_equal(line->member_no, 0);
	assert_int_equal(store_file_get(store, 1, &arena, &file), 0);
	assert_int_equal(file->tally.money_posted, 0);
	assert_int_equal(file->tally.money_suspended, 50000);
	assert_int_equal(store_exception_get(store, S("F00000001-1-1"), &arena, &item), 0);
	assert_int_equal(item->status, STORE_EXCEPTION_OPEN);
	expect_sound(0);
	assert_int_equal(undo_it(UNDO_FILE, "F00000001", true), 0);
	expect_dump(&before, "a payment posted again", 0);
	assert_int_equal(store_exception_get(store, S("F00000001-1-1"), &arena, &item), 0);
	assert_int_equal(item->status, STORE_EXCEPTION_RESOLVED);
	buffer_fini(&before);
	expect_sound(0);
}

/* Whatever fails amid an undo, the database is sound, and saying it again ends it. */
static void test_faults(void **state)
{
	static const enum env_op ops[] = {ENV_DB_WRITE, ENV_DB_SYNC, ENV_DB_COMMIT, ENV_ALLOC};
	struct snapshot first;
	size_t op;
	uint32_t nth, points = 0;

	(void)state;
	take_snapshot(&first, PEOPLE);
	process(ALEX_MOVES("9 HILL") LOU_ADDED FLORIN_ADDED);
	for (op = 0; op < sizeof(ops) / sizeof(ops[0]); op++) {
		bool fired = true;

		for (nth = 1; fired; nth += ops[op] == ENV_ALLOC ? 3 : 1) {
			int r;

			env_fault_plan(&fault, (struct env_fault_plan){ENV_FAULT_OP(ops[op]), nth, ENV_FAULT_ERROR_ONCE,
								       ops[op] == ENV_ALLOC ? ENOMEM : EIO});
			r = undo_it(UNDO_FILE, "F00000001", false);
			fired = fault.fired;
			env_fault_plan(&fault, (struct env_fault_plan){0, 0, ENV_FAULT_NONE, 0});
			assert_true(fired || r == 0);
			points += fired;
			store_close(store);
			open_store("first.db");
			expect_sound(nth);
			r = undo_it(UNDO_FILE, "F00000001", false);
			assert_true(r == 0 || r == UNDO_E_NOTHING);
			expect_snapshot(&first, "undone at last", nth);
			assert_int_equal(undo_it(UNDO_FILE, "F00000001", true), 0);
		}
	}
	print_message("# %u faults amid an undo\n", points);
	assert_true(points > 20);
	buffer_fini(&first.text);
}

/* ---- any history ---- */

static uint64_t random_state;

/* How many histories; MUSTER_UNDO_SEEDS asks for a longer run. */
static uint32_t seeds(uint32_t usual)
{
	const char *asked = getenv("MUSTER_UNDO_SEEDS");

	return asked != NULL ? (uint32_t)strtoul(asked, NULL, 10) : usual;
}

static uint32_t pick(uint32_t count)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(random_state >> 33) % count;
}

static const char *const people[PEOPLE][5] = {
	{"M1", "S1", "Y*18", "ROE*ALEX****34*219090001", "19800110"},
	{"M2", "S1", "N*01", "ROE*SAM****34*219090002", "19800210"},
	{"M3", "S1", "N*19", "ROE*KIT****34*219090003", "20120310"},
	{"M4", "S2", "Y*18", "DOE*KIM****34*219090004", "19800410"},
};

static void add_head(struct buffer *out, uint32_t person, const char *maintenance, const char *reason, const char *group)
{
	buffer_printf(out, "INS*%s*%s*%s*A%s~REF*0F*%s~REF*1L*%s~REF*23*%s~", people[person][2], maintenance, reason,
		      people[person][2][0] == 'Y' ? "***FT" : "", people[person][1], group, people[person][0]);
}

static void add_name(struct buffer *out, uint32_t person)
{
	buffer_printf(out, "NM1*IL*1*%s~", people[person][3]);
}

static void add_new(struct buffer *out, uint32_t number)
{
	bool subscriber = pick(2) == 0;

	buffer_printf(out, "INS*%s*021*28*A%s~REF*0F*%s%u~REF*1L*G1~DTP*356*D8*20260401~NM1*IL*1*%s*%c%cNA****34*21909%04u~",
		      subscriber ? "Y*18" : "N*19", subscriber ? "***FT" : "", subscriber ? "T" : "S",
		      subscriber ? number : 1 + pick(2), subscriber ? "FINCH" : "ROE", 'A' + (char)(number % 26),
		      'A' + (char)(number / 26 % 26), 5000 + number * 7);
	buffer_printf(out, "DMG*D8*%s%02u%02u*F~HD*021**HLT*P1*FAM~DTP*348*D8*20260401~", subscriber ? "1975" : "2016",
		      1 + number % 12, 1 + number % 28);
}

static void add_record(struct buffer *out, uint32_t person, uint32_t number)
{
	char on[DATE_TEXT_BYTES];

	date_format_ccyymmdd(day(2026, 1, 1) + (date_day)pick(200), on);
	switch (pick(9)) {
	case 0:
		add_head(out, person, "001", "33", "G1");
		add_name(out, person);
		buffer_printf(out, "PER*IP**HP*510555%04u~DMG*D8*%s*F~", pick(10000), people[person][4]);
		break;
	case 1:
		add_head(out, person, "001", "43", "G1");
		add_name(out, person);
		buffer_printf(out, "N3*%u HILL RD~N4*SALEM*CA*94610~DMG*D8*%s*F~", 1 + pick(50), people[person][4]);
		break;
	case 2:
	case 3:
		add_head(out, person, "001", "22", "G1");
		add_name(out, person);
		buffer_printf(out, "DMG*D8*%s*F~HD*001**HLT*P%u*%s~DTP*303*D8*%s~", people[person][4], 1 + pick(2),
			      pick(2) == 0 ? "EMP" : "FAM", on);
		break;
	case 4:
		add_head(out, person, "024", "08", "G1");
		buffer_printf(out, "DTP*357*D8*%s~", on);
		add_name(out, person);
		buffer_printf(out, "DMG*D8*%s*F~", people[person][4]);
		break;
	case 5:
		add_head(out, person, "025", "41", "G1");
		buffer_printf(out, "DTP*303*D8*%s~", on);
		add_name(out, person);
		buffer_printf(out, "DMG*D8*%s*F~", people[person][4]);
		break;
	case 6:
		add_head(out, person, "001", "22", pick(3) == 0 ? "G2" : "G1");
		add_name(out, person);
		buffer_printf(out, "DMG*D8*%s*F~HD*%s**%s~DTP*348*D8*%s~", people[person][4], pick(3) == 0 ? "002" : "021",
			      pick(2) == 0 ? "DEN*D1*EMP" : "HLT*P2*EMP", on);
		break;
	default:
		add_new(out, number);
		break;
	}
}

/* A file of a few records, each about somebody else. */
static void random_file(uint32_t number)
{
	struct buffer body;
	uint32_t person;

	buffer_init(&body, &world.env);
	for (person = 0; person < PEOPLE; person++)
		if (pick(3) > 0)
			add_record(&body, person, number * PEOPLE + person);
	if (body.len == 0)
		add_record(&body, 0, number * PEOPLE);
	process(body.data);
	buffer_fini(&body);
}

struct history {
	struct snapshot snapshots[FILES + 1];
	uint64_t files; /* number of the last one */
};

static void random_history(struct history *history, const char *name, uint32_t seed)
{
	uint32_t i;

	store_close(store);
	make_plan(name);
	random_state = seed;
	take_snapshot(&history->snapshots[0], member_count());
	for (i = 1; i <= FILES; i++) {
		random_file(i);
		take_snapshot(&history->snapshots[i], member_count());
	}
}

static void forget_history(struct history *history)
{
	uint32_t i;

	for (i = 0; i <= FILES; i++)
		buffer_fini(&history->snapshots[i].text);
}

/* What the members were at the end of the day of the nth file, by their histories. */
static void expect_known(const struct history *history, uint32_t nth, uint32_t seed)
{
	const struct snapshot *then = &history->snapshots[nth];
	int64_t at_ms = ((int64_t)day(2026, 3, 1) + nth) * CLOCK_DAY_MS;
	const struct member *now, *known;
	struct arena local;
	struct buffer text;
	uint64_t number;

	arena_init(&local, &world.env, 0, 0);
	buffer_init(&text, &world.env);
	for (number = 1; number <= member_count(); number++) {
		assert_int_equal(store_member_get_no(store, number, &local, &now), 0);
		assert_int_equal(undo_member_known(store, now, at_ms, &local, &known), 0);
		if ((known != NULL) != (number <= then->known))
			fail_msg("seed %u: member %llu after file %u", seed, (unsigned long long)number, nth);
		if (known != NULL)
			say_member(&text, known);
	}
	if (memcmp(text.data, then->text.data, text.len) != 0)
		fail_msg("seed %u, known after file %u:\n--- then\n%s--- known\n%s", seed, nth, then->text.data, text.data);
	buffer_fini(&text);
	arena_fini(&local);
}

static void expect_known_all(const struct history *history, uint32_t seed)
{
	uint32_t i;

	for (i = 0; i <= FILES; i++)
		expect_known(history, i, seed);
}

/* The last file first, and back again; and at any time what was known at any other. */
static void test_files_go_back_and_forth(void **state)
{
	char name[32], id[STORE_FILE_ID_BYTES];
	uint64_t changes = 0;
	uint32_t seed, i;

	(void)state;
	for (seed = 1; seed <= seeds(25); seed++) {
		struct history history;
		struct buffer applied;
		int r;

		snprintf(name, sizeof(name), "back%u.db", seed);
		random_history(&history, name, seed);
		take_dump(&applied);
		expect_known_all(&history, seed);
		for (i = FILES; i > 0; i--) {
			r = undo_it(UNDO_FILE, store_file_id_format(i, id), false);
			if (r != 0 && r != UNDO_E_NOTHING)
				fail_msg("seed %u: file %u: %d %s", seed, i, r, said);
			changes += r == 0 ? totals.changes : 0;
			expect_snapshot(&history.snapshots[i - 1], "undone", seed);
			expect_sound(seed);
		}
		expect_known_all(&history, seed);
		for (i = 1; i <= FILES; i++) {
			r = undo_it(UNDO_FILE, store_file_id_format(i, id), true);
			if (r != 0 && r != UNDO_E_NOTHING)
				fail_msg("seed %u: file %u again: %d %s", seed, i, r, said);
			expect_snapshot(&history.snapshots[i], "applied again", seed);
		}
		expect_dump(&applied, "all again", seed);
		expect_known_all(&history, seed);
		expect_sound(seed);
		buffer_fini(&applied);
		forget_history(&history);
	}
	print_message("# %u histories, %llu changes\n", seed - 1, (unsigned long long)changes);
	assert_true(changes > 100);
}

struct choice {
	uint32_t count, wanted;
	char id[UNDO_ID_BYTES];
	bool undone;
};

static int choose(void *context, const struct store_change *change)
{
	struct choice *choice = context;

	if (choice->count++ == choice->wanted) {
		undo_id_format(change, choice->id);
		choice->undone = change->undone || slice_is(change->action, "no_change");
	}
	return 0;
}

static bool choose_change(struct choice *choice)
{
	uint32_t file = 1 + pick(FILES), count;

	*choice = (struct choice){.wanted = UINT32_MAX};
	assert_int_equal(store_changes_of_file(store, file, choose, choice), 0);
	count = choice->count;
	*choice = (struct choice){.wanted = count > 0 ? pick(count) : 0};
	assert_int_equal(store_changes_of_file(store, file, choose, choice), 0);
	return count > 0 && !choice->undone;
}

/* Any single change, or undo: refused without a trace, or taken back so that taking that back leaves nothing. */
static void test_any_change_alone(void **state)
{
	uint32_t seed, step, done = 0, refused = 0;
	char name[32];

	(void)state;
	for (seed = 1; seed <= seeds(40); seed++) {
		struct history history;

		snprintf(name, sizeof(name), "any%u.db", seed);
		random_history(&history, name, 1000 + seed);
		for (step = 0; step < 12; step++) {
			struct buffer before;
			struct choice choice, last = {.wanted = UINT32_MAX};
			int r;

			if (!choose_change(&choice))
				continue;
			take_dump(&before);
			r = undo_it(UNDO_CHANGE, choice.id, false);
			if (r != 0 && r != UNDO_E_BLOCKED)
				fail_msg("seed %u: %s: %d", seed, choice.id, r);
			done += r == 0;
			refused += r != 0;
			expect_sound(seed);
			if (r != 0) {
				expect_dump(&before, choice.id, seed);
			} else if (pick(2) == 0) {
				/* The entry that took it back is the last of its record. */
				struct undo_scope scope;

				assert_int_equal(undo_find(store, UNDO_CHANGE, slice_from(choice.id), false, &scope), 0);
				assert_int_equal(store_changes_of_record(store, scope.tset_no, scope.member_pos, choose, &last), 0);
				last = (struct choice){.wanted = last.count - 1};
				assert_int_equal(store_changes_of_record(store, scope.tset_no, scope.member_pos, choose, &last), 0);
				assert_int_equal(undo_it(UNDO_CHANGE, last.id, false), 0);
				expect_dump(&before, last.id, seed);
			}
			buffer_fini(&before);
		}
		expect_known_all(&history, seed);
		forget_history(&history);
	}
	print_message("# %u changes taken back alone, %u refused\n", done, refused);
	assert_true(done > 100 && refused > 20);
}

/* The same files from the same beginning give the same database, undone files apart from history. */
static void test_replay(void **state)
{
	char name[32];
	uint32_t seed;

	(void)state;
	for (seed = 1; seed <= seeds(4); seed++) {
		struct history first, second;
		struct buffer dump;

		snprintf(name, sizeof(name), "one%u.db", seed);
		random_history(&first, name, 2000 + seed);
		take_dump(&dump);
		snprintf(name, sizeof(name), "two%u.db", seed);
		random_history(&second, name, 2000 + seed);
		expect_dump(&dump, "replayed", seed);
		buffer_fini(&dump);
		forget_history(&first);
		forget_history(&second);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_plan_change),
		TEST(test_ids),
		TEST(test_one_of_a_cascade),
		TEST(test_later_changes_stand_against_it),
		TEST(test_changed_outside_of_files),
		TEST(test_families_hold_together),
		TEST(test_coverages_do_not_meet),
		TEST(test_reprocess_applies_again),
		TEST(test_payment),
		TEST(test_faults),
		TEST(test_files_go_back_and_forth),
		TEST(test_any_change_alone),
		TEST(test_replay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
