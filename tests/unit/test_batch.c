/*
 * batch, as its users meet it: whole commands in a workspace, with the file system failing where a test asks for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../../src/batch/claim.h"
#include "../../src/batch/guard.h"
#include "../../src/batch/marker.h"
#include "muster/batch.h"
#include "muster/cli.h"
#include "muster/env_fault.h"
#include "muster/slice.h"
#include "muster/store.h"
#include "world.h"

#define WORDS_MAX 12
/* 2026-03-02T06:00:00Z */
#define NIGHT_CLOCK_MS INT64_C(1772431200000)

static const struct env_fault_plan no_plan = {0, 0, ENV_FAULT_NONE, 0};
static unsigned made;
static char here[512]; /* the test's own workspace */
static int64_t clock_ms = NIGHT_CLOCK_MS;

/* In the child: one command inside the workspace; what it says goes to `said`. */
static void run_child(const char *words, const struct env_fault_plan *plan)
{
	char line[1024], *argv[WORDS_MAX + 1], *at;
	struct env_fault fault;
	struct env real;
	int argc = 0, said;

	if (chdir(here) != 0)
		_exit(98);
	said = open("said", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (said < 0 || dup2(said, 1) < 0 || dup2(said, 2) < 0)
		_exit(98);
	snprintf(line, sizeof(line), "muster %s", words);
	for (at = strtok(line, " "); at != NULL && argc < WORDS_MAX; at = strtok(NULL, " "))
		argv[argc++] = at;
	argv[argc] = NULL;
	env_real_init(&real);
	env_fault_init(&fault, &real, 1);
	env_fault_fix_clock(&fault, clock_ms);
	env_fault_plan(&fault, *plan);
	_exit(cli_run(&fault.env, argc, argv));
}

/* One muster command in a process of its own. Its exit status; -1 where the plan killed it. */
static int muster_with(const char *words, const struct env_fault_plan *plan)
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0)
		run_child(words, plan);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int muster(const char *words)
{
	return muster_with(words, &no_plan);
}

static const char *inside(const char *name)
{
	return arena_printf(&world.paths, "%s/%s", here, name).data;
}

static void put(const char *name, const char *text)
{
	assert_int_equal(io_publish(&world.env, inside(name), slice_from(text)), 0);
}

static bool is_there(const char *name)
{
	return env_exists(&world.env, inside(name));
}

/* How often `text` stands in a file. */
static unsigned count_in(const char *name, const char *text)
{
	size_t bytes, i, len = strlen(text);
	unsigned count = 0;
	char *content;

	if (io_read_file(&world.env, inside(name), 1u << 20, &content, &bytes) < 0)
		return 0;
	for (i = 0; i + len <= bytes; i++)
		count += memcmp(content + i, text, len) == 0;
	env_free(&world.env, content);
	return count;
}

/* A workspace of its own for every test: one group, one plan, one family. */
static int setup(void **state)
{
	char words[600];

	(void)state;
	snprintf(here, sizeof(here), "%s", world.folder);
	snprintf(words, sizeof(words), "-q init w%u", ++made);
	assert_int_equal(muster(words), 0);
	snprintf(here, sizeof(here), "%s/w%u", world.folder, made);
	put("groups.csv", "group_id,name,region,status,effective_on,sponsor_id\nG1,Redwood Bakery,NCAL,active,2020-01-01,940001111\n");
	put("plans.csv", "plan_id,insurance_line,name,effective_on,rate_emp\nP1,HLT,Classic,2020-01-01,500.00\n");
	put("members.csv",
	    "member_id,subscriber_id,relationship,last_name,first_name,ssn,birth_on,sex,group_id,plan_id,tier,begins_on\n"
	    "M100000008,E1,18,FIORELLI,ANNA,219091101,1980-02-28,F,G1,P1,EMP,2025-01-01\n");
	assert_int_equal(muster("-q load groups groups.csv"), 0);
	assert_int_equal(muster("-q load plans plans.csv"), 0);
	assert_int_equal(muster("-q load members members.csv"), 0);
	assert_int_equal(env_mkdirs(&world.env, inside("in/acme")), 0);
	return 0;
}

/* An 834 with this new employee, nobody's namesake, in the interchange with this number. */
static const char *an_add_of(unsigned number, unsigned person)
{
	static const char *const names[] = {"QUILL", "BRANDT", "OYELARAN", "MCTAVISH", "ZHU"};

	return arena_printf(
		       &world.paths,
		       "ISA*00*          *00*          *ZZ*ACME           *ZZ*MUSTERHEALTH   *260302*0200*^*00501*%09u*0*P*:~"
		       "GS*BE*ACME*MUSTERHEALTH*20260302*0200*%u*X*005010X220A1~ST*834*0001*005010X220A1~"
		       "BGN*00*R%u*20260302*0200****2~REF*38*G1~N1*P5*REDWOOD BAKERY*FI*940001111~N1*IN*PLAN*FI*009998877~"
		       "INS*Y*18*021*28*A***FT~REF*0F*N%u~REF*1L*G1~NM1*IL*1*%s*PAT****34*21909%04u~DMG*D8*198%u0%u15*F~"
		       "HD*021**HLT*P1*EMP~DTP*348*D8*20260401~SE*13*0001~GE*1*%u~IEA*1*%09u~",
		       number, number, number, person, names[person % 5], 2000 + person, person % 10, 1 + person % 9, number,
		       number)
		.data;
}

static const char *an_add(unsigned number)
{
	return an_add_of(number, number);
}

/* A member's only copy of an add, moved out of a drop folder by a run that died then, would be gone for good. */
static void test_process_keeps_what_a_dead_run_had_claimed(void **state)
{
	(void)state;
	put("a.834", an_add(1));
	assert_int_equal(env_mkdirs(&world.env, inside("work/claim")), 0);
	put("work/claim/original", an_add(2));
	put("work/claim/from", "in/acme/night.834");
	assert_int_equal(muster("process --out o a.834"), 0);
	assert_true(is_there("in/acme/night.834"));
	assert_int_equal(muster("run"), 0);
	assert_int_equal(count_in("out/acme/night.834.applied.csv", ",add,"), 1);
}

/* A claim cut short whose name came again must not stop every night from then on, nor displace the new file. */
static void test_a_claim_goes_back_beside_a_new_file_of_its_name(void **state)
{
	(void)state;
	assert_int_equal(env_mkdirs(&world.env, inside("work/claim")), 0);
	put("work/claim/original", an_add(1));
	put("work/claim/from", "in/acme/night.834");
	put("in/acme/night.834", an_add(2));
	assert_int_equal(muster("run"), 0);
	assert_int_equal(count_in("out/acme/night.834.applied.csv", ",add,"), 1);
	assert_int_equal(count_in("out/acme/night.834~1.applied.csv", ",add,"), 1);
}

/* An add killed at any rename or commit of `process` and asked for again would be lost, doubled, or refused for good. */
static void test_process_killed_and_called_again(void **state)
{
	struct env_fault_plan plan = {ENV_FAULT_OP(ENV_RENAME) | ENV_FAULT_OP(ENV_DB_COMMIT), 1, ENV_FAULT_KILL, 0};
	int status;

	for (plan.nth = 1; plan.nth < 200; plan.nth++) {
		setup(state);
		put("a.834", an_add(1));
		status = muster_with("process --out o a.834", &plan);
		assert_int_equal(muster("process --out o a.834"), 0);
		if (status == 0)
			break;
		assert_int_equal(status, -1);
		assert_int_equal(muster("run"), 0);
		assert_int_equal(muster("members find BRANDT --csv"), 0);
		assert_int_equal(count_in("said", "BRANDT"), 1);
	}
	assert_in_range(plan.nth, 10, 199);
}

/* The SHA-256 of a text, as sha256sum writes it for a file of this name. */
static const char *checksum(const char *text, const char *name)
{
	char digits[HASH_TEXT_BYTES];
	struct hash hash;

	hash_of(slice_from(text), &hash);
	return arena_printf(&world.paths, "%s  %s\n", hash_format(&hash, digits), name).data;
}

/* A marker that a crash left would say of the next file of that name that it is whole, while it is still arriving. */
static void test_marker_of_a_killed_claim(void **state)
{
	struct env_fault_plan plan = {ENV_FAULT_OP(ENV_UNLINK) | ENV_FAULT_OP(ENV_RENAME) | ENV_FAULT_OP(ENV_DB_COMMIT), 1,
				      ENV_FAULT_KILL, 0};
	int status = -1;

	for (plan.nth = 1; status != 0 && plan.nth < 60; plan.nth++) {
		setup(state);
		put("partners/acme.yaml", "arrival: done-marker\nisa_sender: ACME\n");
		put("in/acme/a.834", an_add(1));
		put("in/acme/a.834.done", "");
		put("in/acme/a.834.sha256", checksum(an_add(1), "a.834"));
		status = muster_with("run", &plan);
		assert_int_equal(muster("run"), 0);
		assert_false(is_there("in/acme/a.834"));
		assert_false(is_there("in/acme/a.834.done") || is_there("in/acme/a.834.sha256"));
		put("in/acme/a.834", an_add(2));
		assert_int_equal(muster("run"), 0);
		assert_true(is_there("in/acme/a.834"));
		put("in/acme/a.834.done", "");
		assert_int_equal(muster("run"), 0);
		assert_false(is_there("in/acme/a.834"));
	}
	assert_in_range(plan.nth, 6, 59);
}

/*
 * A file cut on its way, or mixed up with another one, would be applied although its sender said what its bytes are; or a
 * later change would be applied before it.
 */
static void test_bytes_that_are_not_as_told(void **state)
{
	(void)state;
	put("partners/acme.yaml", "arrival: done-marker\nisa_sender: ACME\n");
	assert_int_equal(env_mkdirs(&world.env, inside("in/other")), 0);
	put("in/acme/a.834", an_add(1));
	put("in/acme/a.834.sha256", checksum(an_add(2), "a.834"));
	put("in/acme/b.834", an_add(2));
	put("in/acme/b.834.sha256", checksum(an_add(2), "b.834"));
	put("in/acme/zz.834", "not X12 at all");
	put("in/acme/zz.834.sha256", "");
	put("in/other/c.834", an_add(3));
	put("in/other/c.834.sha256", "of no interest under this policy");
	assert_int_equal(muster("run"), 65);
	assert_int_equal(count_in("said", "acme: a.834 is left alone: its bytes are not those that its .sha256 tells of"), 1);
	assert_int_equal(count_in("said", "acme: zz.834 is left alone: its bytes"), 1);
	assert_int_equal(count_in("said", "c.834: processed"), 1);
	assert_true(is_there("in/acme/a.834") && is_there("in/acme/b.834") && is_there("in/other/c.834.sha256"));
	/* Told at each run. */
	assert_int_equal(muster("run"), 65);
	assert_int_equal(count_in("said", "a.834 is left alone"), 1);
	put("in/acme/a.834.sha256", checksum(an_add(1), "./some/where/else.834"));
	put("in/acme/zz.834.sha256", checksum("not X12 at all", "zz.834"));
	assert_int_equal(muster("run"), 65); /* zz.834 is rejected */
	assert_int_equal(count_in("said", "is left alone"), 0);
	assert_int_equal(count_in("out/acme/a.834.applied.csv", ",add,") + count_in("out/acme/b.834.applied.csv", ",add,"), 2);
	assert_false(is_there("in/acme/a.834.sha256") || is_there("in/acme/b.834.sha256") || is_there("in/acme/zz.834.sha256"));
}

/* A file that was written on between the look at it and its claim would be applied, or be gone, or come back twice. */
static void test_changed_amid_the_claim(void **state)
{
	const struct config config = {.work = inside("work")};
	struct batch batch = {.env = &world.env, .settings = {.config = &config}};
	struct claim claim = {.file = {.name = SLICE_LITERAL("a.834")}};
	struct hash told;
	int why = 0;

	(void)state;
	put("in/acme/a.834", an_add(1));
	hash_of(slice_from(an_add(2)), &told);
	assert_int_equal(claim_move(&batch, inside("in/acme/a.834"), &told, &claim, &why), CLAIM_E_KEPT);
	assert_int_equal(why, MUSTER_ERROR_DATA);
	assert_int_equal(count_in("in/acme/a.834", "QUILL") + count_in("in/acme/a.834", "BRANDT"), 1);
	assert_false(is_there("work/claim"));
	hash_of(slice_from(an_add(1)), &told);
	assert_int_equal(claim_move(&batch, inside("in/acme/a.834"), &told, &claim, &why), 0);
	assert_false(is_there("in/acme/a.834"));
	assert_true(is_there("work/claim/original"));
}

#define DIGITS "c35f81543da6e2384825e12b996f63d2d2a652971625973989db4ef4660e027b"

/* What a partner's tool writes would not be understood, and his files would wait for good; or anything would do. */
static void test_forms_of_a_checksum(void **state)
{
	static const struct {
		const char *text;
		int result;
	} rows[] = {
		{DIGITS, 0},
		{DIGITS "\n", 0},
		{DIGITS "  a.834\n", 0},
		{DIGITS " *a.834\r\n", 0},
		{"  " DIGITS "\t-\n\n", 0},
		{"\\" DIGITS "  a\\nb.834\n", 0},
		{"SHA256 (a.834) = " DIGITS "\n", 0},
		{DIGITS "0", MARKER_E_ILLEGIBLE},
		{"SHA512 (a.834) = " DIGITS "\n", MARKER_E_ILLEGIBLE},
		{"SHA256 (a.834) = " DIGITS "0\n", MARKER_E_ILLEGIBLE},
		{"\n" DIGITS, MARKER_E_ILLEGIBLE},
		{"a.834: OK\n", MARKER_E_ILLEGIBLE},
		{"c35f8154", MARKER_E_ILLEGIBLE},
		{"", MARKER_E_ILLEGIBLE},
	};
	char shown[HASH_TEXT_BYTES];
	struct hash hash;
	bool told;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put("x.sha256", rows[i].text);
		assert_int_equal(marker_checksum(&world.env, inside("x"), &told, &hash), rows[i].result);
		assert_true(told);
		if (rows[i].result == 0)
			assert_string_equal(hash_format(&hash, shown), DIGITS);
	}
	assert_int_equal(env_unlink(&world.env, inside("x.sha256")), 0);
	assert_int_equal(marker_checksum(&world.env, inside("x"), &told, &hash), 0);
	assert_false(told);
	put("elsewhere", DIGITS);
	assert_int_equal(symlink(inside("elsewhere"), inside("x.sha256")), 0);
	assert_int_equal(marker_checksum(&world.env, inside("x"), &told, &hash), MARKER_E_ILLEGIBLE);
}

/* One set of these records, under the same control numbers each time. */
static void put_records(const char *name, const char *const *records, unsigned count)
{
	struct buffer text;
	unsigned i;

	buffer_init(&text, &world.env);
	buffer_add_text(&text,
			"ISA*00*          *00*          *ZZ*ACME           *ZZ*MUSTERHEALTH   *260302*0200*^*00501*000000001*0*P*:~"
			"GS*BE*ACME*MUSTERHEALTH*20260302*0200*1*X*005010X220A1~ST*834*0001*005010X220A1~"
			"BGN*00*R1*20260302*0200****2~REF*38*G1~N1*P5*REDWOOD BAKERY*FI*940001111~N1*IN*PLAN*FI*009998877~");
	for (i = 0; i < count; i++)
		buffer_add_text(&text, records[i]);
	buffer_printf(&text, "SE*%u*0001~GE*1*1~IEA*1*000000001~", 6 + 7 * count);
	assert_int_equal(text.error, 0);
	put(name, text.data);
	buffer_fini(&text);
}

#define MOVES(family, name, street)                                                                                    \
	"INS*Y*18*001*43*A***FT~REF*0F*" family "~DTP*303*D8*20260301~NM1*IL*1*" name "****34*219091101~"                 \
	"N3*" street "~N4*SALEM*OR*97301~DMG*D8*19800228*F~"

/* A corrected file that was cut short: what it did itself is no earlier receipt of what it has yet to do. */
static void test_correction_killed_amid_a_set(void **state)
{
	static const char *const records[] = {MOVES("E1", "FIORELLI*ANNA", "1 ELM ST"), MOVES("E2", "QUILL*PAT", "7 ELM ST"),
					      MOVES("E1", "FIORELLI*ANNA", "2 ELM ST"), MOVES("E3", "QUILL*PAM", "7 ELM ST"),
					      MOVES("E1", "FIORELLI*ANNA", "2 ELM ST")};
	struct env_fault_plan plan = {ENV_FAULT_OP(ENV_DB_COMMIT), 1, ENV_FAULT_KILL, 0};
	int status = -1;

	for (plan.nth = 1; status != 0 && plan.nth < 60; plan.nth++) {
		setup(state);
		put("muster.yaml", "in: in\nout: out\nwork: work\ndone: done\nheld: held\nrejected: rejected\npartners: partners\n"
				   "chunk_members: 1\n");
		put_records("a.834", records, 1);
		assert_int_equal(muster("process --out o a.834"), 0);
		put_records("a.834", records, 5);
		status = muster_with("reprocess --out o a.834", &plan);
		assert_int_equal(muster("run"), 0);
		if (count_in("o/a.834.summary.json", "\"read\": 5,") == 0) /* it died before the claim */
			assert_int_equal(muster("reprocess --out o a.834"), 0);
		/* The first came before; of the others one is a change, one changes nothing, and two mean nobody. */
		assert_int_equal(count_in("o/a.834.summary.json", "\"read\": 5,\n    \"applied\": 1,\n    \"no_change\": 1,\n"
								  "    \"exception\": 2,"),
				 1);
	}
	assert_in_range(plan.nth, 6, 59);
}

/* 501 sets of one record each: what is known of them is written in two portions. Nobody knows the persons. */
static void put_many_sets(const char *name)
{
	struct buffer text;
	unsigned i;

	buffer_init(&text, &world.env);
	buffer_add_text(&text,
			"ISA*00*          *00*          *ZZ*ACME           *ZZ*MUSTERHEALTH   *260302*0200*^*00501*000000001*0*P*:~"
			"GS*BE*ACME*MUSTERHEALTH*20260302*0200*1*X*005010X220A1~");
	for (i = 1; i <= 501; i++)
		buffer_printf(&text,
			      "ST*834*%04u*005010X220A1~BGN*00*R%u*20260302*0200****2~REF*38*G1~N1*P5*REDWOOD BAKERY*FI*940001111~"
			      "N1*IN*PLAN*FI*009998877~INS*Y*18*001*25*A***FT~REF*0F*U%u~REF*1L*G1~NM1*IL*1*ROE*ALEX~"
			      "HD*001**HLT*P1*EMP~DTP*348*D8*20260101~SE*12*%04u~",
			      i, i, i, i);
	buffer_add_text(&text, "GE*501*1~IEA*1*000000001~");
	assert_int_equal(text.error, 0);
	put(name, text.data);
	buffer_fini(&text);
}

static int sum_waiting(void *context, const struct store_file *file)
{
	*(uint64_t *)context += file->tally.members_exception;
	assert_true(store_tally_is_balanced(&file->tally));
	return 0;
}

/*
 * A file that died while it was validated, and came again under another name before the next run: its first sets would
 * be taken for duplicates of sets that were never applied, and no night would ever run to its end again.
 */
static void test_validation_killed_and_processed_by_another_name(void **state)
{
	struct env_fault_plan plan = {ENV_FAULT_OP(ENV_DB_COMMIT), 1, ENV_FAULT_KILL, 0};

	/* The claim's row, both portions of pass 1, and a few sets applied. */
	for (plan.nth = 1; plan.nth < 7; plan.nth++) {
		int again, night;
		uint64_t waiting = 0;
		struct store *store;

		setup(state);
		put_many_sets("a.834");
		put_many_sets("b.834");
		assert_int_equal(muster_with("process --out o a.834", &plan), -1);
		/* 65: one of the two is a duplicate of the other. */
		again = muster("process --out o b.834");
		assert_true(again == 0 || again == 65);
		night = muster("run");
		assert_true(night == 0 || night == 65);
		assert_int_equal(store_open(&world.env, inside("muster.db"), 0, &store), 0);
		assert_int_equal(store_files_each(store, 0, sum_waiting, &waiting), 0);
		assert_int_equal(waiting, 501);
		store_close(store);
	}
}

/* A partner who still writes into a file that was claimed would change what was checked, and stop every night. */
static void test_written_on_after_the_claim(void **state)
{
	struct env_fault_plan plan = {ENV_FAULT_OP(ENV_DB_COMMIT), 1, ENV_FAULT_KILL, 0};
	unsigned tried = 0;

	for (plan.nth = 1; plan.nth < 8; plan.nth++) {
		int fd;

		setup(state);
		put("in/acme/a.834", an_add(1));
		fd = open(inside("in/acme/a.834"), O_WRONLY | O_APPEND);
		assert_true(fd >= 0);
		(void)muster_with("run", &plan);
		if (is_there("work/F00000001/original")) {
			tried++;
			assert_int_equal(write(fd, "GARBAGE~", 8), 8);
		}
		close(fd);
		assert_int_equal(muster("run"), 0);
		assert_int_equal(count_in("out/acme/a.834.applied.csv", ",add,"), 1);
	}
	assert_in_range(tried, 2, 7);
}

/* A mistyped --out would leave a claim that stops the night of all partners. */
static void test_results_that_cannot_be_put_anywhere(void **state)
{
	(void)state;
	put("a.834", an_add(1));
	put("in/acme/b.834", an_add(2));
	assert_int_equal(muster("process --out a.834/o a.834"), 73);
	assert_int_equal(muster("process --out /proc/none a.834"), 73);
	assert_int_equal(muster("run"), 0);
	assert_int_equal(count_in("out/acme/b.834.applied.csv", ",add,"), 1);
	assert_int_equal(muster("process --out o a.834"), 0);
	assert_int_equal(count_in("o/a.834.applied.csv", ",add,"), 1);
}

/* A partner's long file name would stop the night of all partners, every night, after his members were changed. */
static void test_longest_file_name(void **state)
{
	char name[256 + 16];

	(void)state;
	snprintf(name, sizeof(name), "in/acme/%0251d.834", 0);
	put("in/acme/short.834", an_add(2));
	assert_int_equal(env_rename(&world.env, (put("x", an_add(1)), inside("x")), inside(name)), 0);
	assert_int_equal(muster("run"), 0);
	assert_int_equal(count_in("out/acme/short.834.applied.csv", ",add,"), 1);
	snprintf(name, sizeof(name), "out/acme/%0200d~F00000001.applied.csv", 0);
	assert_int_equal(count_in(name, ",add,"), 1);
}

/* Two files whose names come out the same would hide one another's exceptions and acknowledgment. */
static void test_names_that_come_out_the_same(void **state)
{
	(void)state;
	put("in/acme/a\tb.834", an_add(1));
	put("in/acme/a_b.834", an_add(2));
	put("in/acme/with space.834", an_add(3));
	assert_int_equal(muster("run"), 0);
	assert_true(is_there("out/acme/a_b.834~F00000001.999"));
	assert_int_equal(count_in("out/acme/a_b.834.applied.csv", ",add,"), 1);
	assert_int_equal(count_in("out/acme/with space.834.applied.csv", ",add,"), 1);
}

/* One thing in a drop folder that cannot be read, or is gone again, would keep everybody's changes waiting. */
static void test_a_file_that_cannot_be_taken_stops_nobody(void **state)
{
	const struct env_fault_plan denied = {ENV_FAULT_OP(ENV_OPEN), 0, ENV_FAULT_ERROR_ONCE, EACCES};
	struct env_fault_plan plan = {ENV_FAULT_OP(ENV_STAT), 0, ENV_FAULT_ERROR_ONCE, ENOENT};
	unsigned ended_denied = 0;

	for (plan.nth = 1; plan.nth < 12; plan.nth++) { /* among them: the look at each file of the folder */
		setup(state);
		put("in/acme/a.834", an_add(1));
		put("in/acme/b.834", an_add(2));
		assert_int_equal(muster_with("run", &plan), 0);
		assert_int_equal(muster("run"), 0);
		assert_int_equal(count_in("out/acme/a.834.applied.csv", ",add,"), 1);
		assert_int_equal(count_in("out/acme/b.834.applied.csv", ",add,"), 1);
	}
	for (plan = denied, plan.nth = 1; plan.nth < 30; plan.nth++) {
		setup(state);
		put("in/acme/a.834", an_add(1));
		put("in/acme/b.834", an_add(2));
		if (muster_with("run", &plan) == 77 && is_there("in/acme/a.834") && !is_there("in/acme/b.834")) {
			ended_denied++;
			assert_int_equal(count_in("said", "a.834 is left alone"), 1);
			assert_int_equal(count_in("out/acme/b.834.applied.csv", ",add,"), 1);
		}
		assert_int_equal(muster("run"), 0);
		assert_int_equal(count_in("out/acme/a.834.applied.csv", ",add,"), 1);
	}
	assert_int_equal(ended_denied, 1);
}

/* One partner's folder that muster may not look into, or take from, would keep all other partners' members waiting. */
static void test_a_folder_that_cannot_be_used_stops_no_other(void **state)
{
	static const struct {
		enum env_op op;
		int error, status;
	} rows[] = {{ENV_RENAME, EACCES, 77}, {ENV_RENAME, EPERM, 77}, {ENV_RENAME, EROFS, 73}, {ENV_RENAME, EXDEV, 73},
		    {ENV_RENAME, ENOENT, 0},  {ENV_LIST, EACCES, 77},  {ENV_STAT, EACCES, 77}};
	unsigned i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct env_fault_plan plan = {ENV_FAULT_OP(rows[i].op), 1, ENV_FAULT_ERROR_ONCE, rows[i].error};

		bool met = false;

		for (; !met && plan.nth < 16; plan.nth++) {
			setup(state);
			assert_int_equal(env_mkdirs(&world.env, inside("in/zeta")), 0);
			put("in/acme/a.834", an_add(1));
			put("in/zeta/z.834", an_add(2));
			if (muster_with("run", &plan) == rows[i].status && is_there("in/acme/a.834") && !is_there("in/zeta/z.834")) {
				met = true;
				assert_int_equal(count_in("said", "drop folder acme"), rows[i].status != 0);
				assert_int_equal(count_in("out/zeta/z.834.applied.csv", ",add,"), 1);
				assert_false(is_there("work/claim"));
			}
			assert_int_equal(muster("run"), 0);
			assert_int_equal(count_in("out/acme/a.834.applied.csv", ",add,"), 1);
			assert_int_equal(count_in("out/zeta/z.834.applied.csv", ",add,"), 1);
		}
		assert_true(met);
	}
}

/* An 820 of one payment with two lines: ANNA's, and one of `who` (two lines of ENT and NM1) for `cents`. */
static const char *a_payment(unsigned number, const char *total, const char *who, const char *amount)
{
	return arena_printf(
		       &world.paths,
		       "ISA*00*          *00*          *ZZ*ACME           *ZZ*MUSTERHEALTH   *260302*0200*^*00501*%09u*0*P*:~"
		       "GS*RA*ACME*MUSTERHEALTH*20260302*0200*%u*X*005010X218~ST*820*0001*005010X218~"
		       "BPR*I*%s*C*ACH*CCP*01*999999992*DA*0012200*1940001111**01*888888884*DA*0077889*20260306~"
		       "TRN*3*TRACE1*1940001111~REF*38*G1~DTM*582****RD8*20260301-20260331~N1*PE*PLAN*FI*009998877~"
		       "N1*PR*REDWOOD BAKERY*FI*940001111~"
		       "ENT*1*2J*34*219091101~NM1*IL*1*FIORELLI*ANNA****EI*E1~RMR*AZ*X1**500.00~DTM*582****RD8*20260301-20260331~"
		       "%sRMR*AZ*X2**%s~DTM*582****RD8*20260301-20260331~SE*16*0001~GE*1*%u~IEA*1*%09u~",
		       number, number, total, who, amount, number, number)
		.data;
}

#define NOBODY "ENT*2*2J*EI*ZZ9~NM1*IL*1*NOBODY*NEMO****EI*ZZ9~"
#define ANNA "ENT*2*2J*34*219091101~NM1*IL*1*FIORELLI*ANNA****EI*E1~"

/* A payment corrected by its sender would wait for good, or a member's line be posted to him twice. */
static void test_corrected_payment_posts_only_the_rest(void **state)
{
	(void)state;
	put("p.820", a_payment(7, "1000.00", NOBODY, "500.00"));
	assert_int_equal(muster("process --out o1 p.820"), 0);
	assert_int_equal(count_in("o1/p.820.applied.csv", ",post,"), 1);
	put("p.820", a_payment(7, "1000.00", ANNA, "500.00"));
	assert_int_equal(muster("reprocess --out o2 p.820"), 0);
	assert_int_equal(count_in("o2/p.820.applied.csv", "0001,2,post,M100000008"), 1);
	assert_int_equal(count_in("o2/p.820.applied.csv", ",post,"), 1);
	assert_int_equal(count_in("o2/p.820.summary.json", "\"duplicate\": \"500.00\""), 1);
	assert_int_equal(muster("queue list"), 0);
	assert_int_equal(count_in("said", "F00000001-1-2"), 0);
	/* Another total, and the same again: nothing more of it. */
	put("p.820", a_payment(7, "900.00", ANNA, "400.00"));
	assert_int_equal(muster("reprocess --out o3 p.820"), 0);
	assert_int_equal(count_in("o3/p.820.applied.csv", ",post,"), 1);
	assert_int_equal(count_in("o3/p.820.applied.csv", "0001,2,post,"), 1);
}

/* The same payment under other control numbers, or that one reprocessed, would be posted twice. */
static void test_payment_seen_before(void **state)
{
	(void)state;
	put("p.820", a_payment(7, "1000.00", ANNA, "500.00"));
	assert_int_equal(muster("process --out o1 p.820"), 0);
	put("q.820", a_payment(8, "1000.00", NOBODY, "500.00"));
	assert_int_equal(muster("process --out o2 q.820"), 65);
	assert_int_equal(count_in("o2/q.820.exceptions.csv", "DUP_PAYMENT"), 1);
	assert_int_equal(muster("reprocess --out o3 q.820"), 65);
	assert_int_equal(count_in("o3/q.820.applied.csv", ",post,"), 0);
}

/* Money that a representative sends back would stand in suspense for ever. */
static void test_rejected_line_leaves_suspense(void **state)
{
	const struct store_file *file;
	struct store *store;
	struct arena arena;

	(void)state;
	put("p.820", a_payment(7, "1000.00", NOBODY, "500.00"));
	assert_int_equal(muster("process --out o1 p.820"), 0);
	assert_int_equal(count_in("o1/p.820.summary.json", "\"suspended\": \"500.00\""), 1);
	assert_int_equal(muster("queue resolve F00000001-1-2 reject"), 0);
	arena_init(&arena, &world.env, 0, 0);
	assert_int_equal(store_open(&world.env, inside("muster.db"), 0, &store), 0);
	assert_int_equal(store_file_get(store, 1, &arena, &file), 0);
	assert_int_equal(file->tally.money_suspended, 0);
	assert_int_equal(file->tally.money_rejected, 50000);
	assert_int_equal(file->tally.members_rejected, 1);
	assert_true(store_tally_is_balanced(&file->tally));
	store_close(store);
	arena_fini(&arena);
}

/* What became of the money of the first file, and of its second line. */
static void look_at_money(cents posted, cents suspended, cents rejected, enum store_payment_status status,
			  struct arena *arena, const struct store_remittance_line **ret_line)
{
	const struct store_file *file;
	const struct store_tset *tset;
	struct store *store;

	assert_int_equal(store_open(&world.env, inside("muster.db"), 0, &store), 0);
	assert_int_equal(store_file_get(store, 1, arena, &file), 0);
	assert_int_equal(store_tset_get(store, 1, arena, &tset), 0);
	assert_int_equal(file->tally.money_posted, posted);
	assert_int_equal(file->tally.money_suspended, suspended);
	assert_int_equal(file->tally.money_rejected, rejected);
	assert_int_equal(file->tally.members_applied, posted / 50000);
	assert_int_equal(file->tally.members_exception, suspended / 50000);
	assert_memory_equal(&file->tally, &tset->tally, sizeof(file->tally));
	assert_true(store_tally_is_balanced(&file->tally));
	assert_int_equal(store_remittance_line_get(store, 1, 2, arena, ret_line), 0);
	assert_int_equal((*ret_line)->status, status);
	store_close(store);
}

/* Money that a representative has found the owner of would stay in suspense, or be posted again with every run. */
static void test_decided_line_is_posted_once(void **state)
{
	const struct store_remittance_line *line;
	struct arena arena;

	arena_init(&arena, &world.env, 0, 0);
	put("p.820", a_payment(7, "1000.00", NOBODY, "500.00"));
	assert_int_equal(muster("process --out o1 p.820"), 0);
	look_at_money(50000, 50000, 0, STORE_PAYMENT_SUSPENDED, &arena, &line);
	/* Nobody has said anything: it waits as it was. */
	assert_int_equal(muster("reprocess --item F00000001-1-2"), 0);
	look_at_money(50000, 50000, 0, STORE_PAYMENT_SUSPENDED, &arena, &line);
	assert_int_equal(muster("queue resolve F00000001-1-2 match:M999"), 65);
	assert_int_equal(muster("queue resolve F00000001-1-2 new"), 65);
	assert_int_equal(muster("queue resolve F00000001-1-2 match:M100000008"), 0);
	look_at_money(100000, 0, 0, STORE_PAYMENT_PENDING, &arena, &line);
	assert_true(slice_is(line->member_id, "M100000008"));
	assert_true(slice_is(line->group_id, "G1"));
	assert_true(slice_is(line->rule, "representative"));
	assert_int_equal(muster("reprocess --item F00000001-1-2"), 0);
	assert_int_equal(muster("run"), 0);
	look_at_money(100000, 0, 0, STORE_PAYMENT_PENDING, &arena, &line);
	assert_int_equal(muster("members history M100000008 --json"), 0);
	assert_int_equal(count_in("said", "\"post\""), 2);
	/* A group's money. */
	setup(state);
	put("p.820", a_payment(7, "1000.00", NOBODY, "500.00"));
	assert_int_equal(muster("process --out o1 p.820"), 0);
	assert_int_equal(muster("queue resolve F00000001-1-2 match:G1"), 0);
	look_at_money(100000, 0, 0, STORE_PAYMENT_PENDING, &arena, &line);
	assert_int_equal(line->member_no, 0);
	assert_true(slice_is(line->group_id, "G1"));
	arena_fini(&arena);
}

/* Money taken back from one and given to another would be posted to both when the first posting is applied again. */
static void test_placed_otherwise_since(void **state)
{
	const struct store_remittance_line *line;
	struct arena arena;

	(void)state;
	arena_init(&arena, &world.env, 0, 0);
	put("p.820", a_payment(7, "1000.00", NOBODY, "500.00"));
	assert_int_equal(muster("process --out o1 p.820"), 0);
	assert_int_equal(muster("queue resolve F00000001-1-2 match:M100000008"), 0);
	look_at_money(100000, 0, 0, STORE_PAYMENT_PENDING, &arena, &line);
	assert_int_equal(muster("undo --file F00000001 --operator rep --yes"), 0);
	look_at_money(0, 100000, 0, STORE_PAYMENT_SUSPENDED, &arena, &line);
	assert_int_equal(line->member_no, 0);
	assert_int_equal(muster("queue resolve F00000001-1-2 match:G1"), 0);
	look_at_money(50000, 50000, 0, STORE_PAYMENT_PENDING, &arena, &line);
	assert_int_equal(muster("undo --file F00000001 --redo --operator rep --yes"), 65);
	assert_int_equal(count_in("said", "applied another way since"), 1);
	look_at_money(50000, 50000, 0, STORE_PAYMENT_PENDING, &arena, &line);
	assert_int_equal(line->member_no, 0);
	assert_true(slice_is(line->group_id, "G1"));
	assert_int_equal(muster("undo --file F00000001 --operator rep --yes"), 0);
	look_at_money(0, 100000, 0, STORE_PAYMENT_SUSPENDED, &arena, &line);
	arena_fini(&arena);
}

/* A member who comes on file behind his payment: running its line again finds him. */
static void test_line_finds_its_member_later(void **state)
{
	const struct store_remittance_line *line;
	struct arena arena;

	(void)state;
	arena_init(&arena, &world.env, 0, 0);
	put("p.820", a_payment(7, "1000.00", "ENT*2*2J*34*219093303~NM1*IL*1*KAY*BO****EI*E2~", "500.00"));
	assert_int_equal(muster("process --out o1 p.820"), 0);
	look_at_money(50000, 50000, 0, STORE_PAYMENT_SUSPENDED, &arena, &line);
	put("q.820", a_payment(8, "900.00", "ENT*2*2J*34*219093303~NM1*IL*1*KAY*BO****EI*E2~", "400.00"));
	assert_int_equal(muster("process --out o2 q.820"), 0);
	put("bo.csv", "member_id,subscriber_id,relationship,last_name,first_name,ssn,birth_on,sex,group_id,plan_id,tier,begins_on\n"
		      "M100000016,E2,18,KAY,BO,219093303,1962-07-11,M,G1,P1,EMP,2025-01-01\n");
	assert_int_equal(muster("-q load members bo.csv"), 0);
	assert_int_equal(muster("reprocess --item F00000002-1-2 F00000001-1-2"), 0);
	look_at_money(100000, 0, 0, STORE_PAYMENT_PENDING, &arena, &line);
	assert_true(slice_is(line->member_id, "M100000016"));
	assert_int_equal(muster("members history M100000016 --json"), 0);
	assert_int_equal(count_in("said", "\"post\""), 2);
	assert_int_equal(muster("queue list"), 0);
	assert_int_equal(count_in("said", "F00000001-1-2"), 0);
	arena_fini(&arena);
}

/* ---- who else writes ---- */

struct other_writer {
	struct store *store;
	const char *when; /* during which walk */
	unsigned looked, refused;
};

/* Somebody else writes, now, and does not wait. */
static void write_something(struct other_writer *other)
{
	int r = store_begin(other->store, STORE_WRITE);

	other->looked++;
	if (r == 0)
		r = store_meta_put(other->store, "somebody else", slice_from(other->looked % 2 != 0 ? "yes" : "no"));
	if (r == 0)
		r = store_commit(other->store);
	other->refused += r != 0;
}

static void try_to_write(void *context, const char *what, uint64_t done, uint64_t total)
{
	struct other_writer *other = context;

	(void)done;
	(void)total;
	if (strcmp(what, other->when) == 0)
		write_something(other);
}

static int write_amid_preview(void *context, const struct enroll_family *family, const struct changeset *changeset,
			      bool audited)
{
	(void)family;
	(void)changeset;
	(void)audited;
	write_something(context);
	return 0;
}

/* Two sets: a small one, whose row is written, and one of 200 bytes a member. Usage T: they are not applied. */
static void put_large(const char *name, char usage, unsigned large)
{
	struct buffer text;
	unsigned i;

	buffer_init(&text, &world.env);
	buffer_printf(&text,
		      "ISA*00*          *00*          *ZZ*ACME           *ZZ*MUSTERHEALTH   *260302*0200*^*00501*000000001*0*%c*:~"
		      "GS*BE*ACME*MUSTERHEALTH*20260302*0200*1*X*005010X220A1~", usage);
	for (i = 1; i <= 2; i++) {
		unsigned members = i == 1 ? 1 : large, k;

		buffer_printf(&text, "ST*834*%04u*005010X220A1~BGN*00*R%u*20260302*0200****2~REF*38*G1~"
				     "N1*P5*REDWOOD BAKERY*FI*940001111~N1*IN*PLAN*FI*009998877~", i, i);
		for (k = 0; k < members; k++)
			buffer_printf(&text, "INS*Y*18*001*43*A***FT~REF*0F*S%u~REF*1L*G1~DTP*303*D8*20260301~"
					     "NM1*IL*1*ROE*ALEX~N3*1 ELM ST~N4*SALEM*CA*94610~DMG*D8*19800110*F~"
					     "HD*001**HLT*P1*EMP~DTP*348*D8*20260101~", k);
		buffer_printf(&text, "SE*%u*%04u~", 10 * members + 6, i);
	}
	buffer_add_text(&text, "GE*2*1~IEA*1*000000001~");
	assert_int_equal(text.error, 0);
	put(name, text.data);
	buffer_fini(&text);
}

/* A batch over the workspace's database (or beside it), and somebody else at the same time. */
struct shared {
	struct arena arena;
	struct buffer errors;
	struct config config;
	struct profiles profiles;
	struct guide_set *guides;
	struct store *store, *beside;
	struct other_writer other;
	struct batch_settings settings;
	struct batch *batch;
};

static void shared_open(struct shared *shared, const char *when, bool beside)
{
	*shared = (struct shared){.other = {.when = when}};
	arena_init(&shared->arena, &world.env, 0, 0);
	buffer_init(&shared->errors, &world.env);
	assert_int_equal(config_parse(&shared->arena, inside("muster.yaml"), SLICE_EMPTY, &shared->errors, &shared->config), 0);
	profile_defaults(&shared->profiles.fallback);
	assert_int_equal(guide_set_new(&world.env, &shared->errors, &shared->guides), 0);
	assert_int_equal(store_open(&world.env, inside("muster.db"), 0, &shared->store), 0);
	assert_int_equal(store_open(&world.env, inside("muster.db"), 0, &shared->other.store), 0);
	store_set_busy_limit(shared->other.store, 0);
	if (beside)
		assert_int_equal(store_open_beside(shared->store, &shared->beside), 0);
	shared->settings = (struct batch_settings){.env = &world.env,
						   .store = beside ? shared->beside : shared->store,
						   .is_beside = beside,
						   .guides = shared->guides,
						   .config = &shared->config,
						   .profiles = &shared->profiles,
						   .progress_context = &shared->other,
						   .progress = try_to_write,
						   .today = 20514,
						   .today_fixed = true};
	assert_int_equal(batch_open(&shared->settings, &shared->batch), 0);
}

static void shared_close(struct shared *shared)
{
	batch_close(shared->batch);
	store_close(shared->beside);
	store_close(shared->other.store);
	store_close(shared->store);
	guide_set_free(shared->guides);
	buffer_fini(&shared->errors);
	arena_fini(&shared->arena);
}

/* A representative's decision would have to wait for as long as a partner's largest file is validated. */
static void test_others_write_while_a_file_is_validated(void **state)
{
	struct batch_result result;
	struct shared shared;

	(void)state;
	put_large("large.834", 'T', 20000);
	shared_open(&shared, "validating", false);
	assert_int_equal(batch_process(shared.batch, inside("large.834"), inside("o1"), NULL, &result), 0);
	assert_int_equal(result.tally.members_held, 20001);
	assert_true(shared.other.looked >= 3);
	assert_int_equal(shared.other.refused, 0);
	shared_close(&shared);
}

/* Or as long as a set over a guard's line is tried out. */
static void test_others_write_while_a_set_is_measured(void **state)
{
	struct batch_result result;
	struct shared shared;

	(void)state;
	put_large("large.834", 'P', 6000);
	shared_open(&shared, "measuring", false);
	shared.profiles.fallback.guards.changes_percent = 1;
	shared.profiles.fallback.guards.changes_min = 1;
	assert_int_equal(batch_process(shared.batch, inside("large.834"), inside("o1"), NULL, &result), 0);
	assert_int_equal(result.tally.members_exception, 6001);
	assert_true(shared.other.looked >= 1);
	assert_int_equal(shared.other.refused, 0);
	shared_close(&shared);
}

/* Or as long as somebody looks at a preview; which another muster's run does not keep waiting, nor it the run. */
static void test_others_write_while_somebody_previews(void **state)
{
	struct batch_result result;
	struct shared shared, run;
	const struct batch_preview preview = {.context = &shared.other, .family = write_amid_preview};

	(void)state;
	put("a.834", an_add(1));
	shared_open(&run, "", false);
	shared_open(&shared, "", true);
	assert_int_equal(batch_preview_file(shared.batch, inside("a.834"), NULL, &preview, &result), 0);
	assert_int_equal(result.tally.members_applied, 1);
	assert_int_equal(shared.other.looked, 1);
	assert_int_equal(shared.other.refused, 0);
	assert_int_equal(batch_process(run.batch, inside("a.834"), inside("o1"), NULL, &result), 0);
	assert_int_equal(result.tally.members_applied, 1);
	/* What was seen beside stays what it was. */
	assert_int_equal(batch_preview_file(shared.batch, inside("a.834"), NULL, &preview, &result), 0);
	assert_int_equal(result.tally.members_applied, 1);
	shared_close(&shared);
	shared_close(&run);
}

static void test_candidate_new_in_the_same_family(void **state)
{
	(void)state;
	put("a.834",
	    "ISA*00*          *00*          *ZZ*ACME           *ZZ*MUSTERHEALTH   *260302*0200*^*00501*000000001*0*P*:~"
	    "GS*BE*ACME*MUSTERHEALTH*20260302*0200*1*X*005010X220A1~ST*834*0001*005010X220A1~"
	    "BGN*00*R1*20260302*0200****2~REF*38*G1~N1*P5*REDWOOD BAKERY*FI*940001111~N1*IN*PLAN*FI*009998877~"
	    "INS*Y*18*021*28*A***FT~REF*0F*T1~REF*1L*G1~NM1*IL*1*TWINN*ABE****34*219093104~DMG*D8*19611111*M~"
	    "HD*021**HLT*P1*FAM~DTP*348*D8*20260401~"
	    "INS*N*19*021*28*A~REF*0F*T1~REF*1L*G1~NM1*IL*1*TWINN*ANN~DMG*D8*20200202*F~"
	    "HD*021**HLT*P1*FAM~DTP*348*D8*20260401~"
	    "INS*N*19*021*28*A~REF*0F*T1~REF*1L*G1~NM1*IL*1*TWINN*AMY~DMG*D8*20200202*F~"
	    "HD*021**HLT*P1*FAM~DTP*348*D8*20260401~SE*27*0001~GE*1*1~IEA*1*000000001~");
	assert_int_equal(muster("process --out o a.834"), 0);
	/* The candidate stands behind his probability, which follows the weights. */
	assert_int_equal(count_in("o/a.834.exceptions.csv", ",TWIN_RISK,high,0.00"), 1);
	assert_int_equal(count_in("o/a.834.exceptions.csv", ",M000000026,0.00"), 1);
	assert_int_equal(count_in("o/a.834.applied.csv", "0001,2,add,M000000026"), 1);
}

/* An 834 by which ANNA FIORELLI has moved; INS06 A tells of Medicare, which goes to a representative. */
static const char *a_move(const char *medicare, const char *street)
{
	return arena_printf(
		       &world.paths,
		       "ISA*00*          *00*          *ZZ*ACME           *ZZ*MUSTERHEALTH   *260302*0200*^*00501*000000001*0*P*:~"
		       "GS*BE*ACME*MUSTERHEALTH*20260302*0200*1*X*005010X220A1~ST*834*0001*005010X220A1~"
		       "BGN*00*R1*20260302*0200****2~REF*38*G1~N1*P5*REDWOOD BAKERY*FI*940001111~N1*IN*PLAN*FI*009998877~"
		       "INS*Y*18*001*43*A*%s**FT~REF*0F*E1~REF*1L*G1~NM1*IL*1*FIORELLI*ANNA****34*219091101~N3*%s~"
		       "N4*OAKLAND*CA*94601~DMG*D8*19800228*F~SE*13*0001~GE*1*1~IEA*1*000000001~",
		       medicare, street)
		.data;
}

/*
 * A representative's word was written down, and died before it was carried out; the corrected file came before the next
 * night. What the old record says would be applied on top of the correction.
 */
static void test_decision_is_carried_out_before_its_correction(void **state)
{
	struct env_fault_plan plan = {ENV_FAULT_OP(ENV_DB_COMMIT), 1, ENV_FAULT_KILL, 0};
	int status = -1;

	for (plan.nth = 1; status == -1; plan.nth++) {
		setup(state);
		put("a.834", a_move("A", "1 OLD ST"));
		assert_int_equal(muster("process --out o a.834"), 0);
		assert_int_equal(count_in("o/a.834.exceptions.csv", "F00000001-1-1"), 1);
		status = muster_with("queue resolve F00000001-1-1 match:M100000008", &plan);
		put("a.834", a_move("", "2 NEW ST"));
		assert_int_equal(muster("reprocess --out o a.834"), 0);
		assert_int_equal(muster("run"), 0);
		assert_int_equal(muster("members show M100000008 --json"), 0);
		assert_int_equal(count_in("said", "2 NEW ST"), 1);
	}
	assert_int_equal(status, 0);
	assert_in_range(plan.nth, 3, 20);
}

/* The card of a new employee with Medicare, whom a representative lets in, would never be asked for: that died with the command. */
static void test_what_a_decision_asks_others_to_send_outlives_a_kill(void **state)
{
	static const char notices[] = "o/F00000001-1-1.notices.csv";
	struct env_fault_plan plan = {ENV_FAULT_CHANGES, 1, ENV_FAULT_KILL, 0};
	const char *text = an_add(1), *at = strstr(text, "***FT");
	int status = -1;

	for (plan.nth = 1; status == -1; plan.nth++) {
		setup(state);
		put("a.834", arena_printf(&world.paths, "%.*s*A%s", (int)(at - text), text, at + 1).data);
		assert_int_equal(muster("process --out o a.834"), 0);
		assert_int_equal(count_in("o/a.834.exceptions.csv", ",MEDICARE_REVIEW,"), 1);
		status = muster_with("queue resolve F00000001-1-1 new", &plan);
		if (status == -1 && muster("queue resolve F00000001-1-1 new") == 65)
			assert_int_equal(muster("run"), 0);
		assert_int_equal(count_in(notices, "card,"), 1);
	}
	assert_int_equal(status, 0);
}

/* What a partner sent after the last backup would be gone for good: the next file's original took its place. */
static void test_a_restored_backup_overwrites_no_original(void **state)
{
	static const char archived[] = "done/2026/03/F00000002/b.834.applied.csv";

	(void)state;
	put("in/acme/a.834", an_add(1));
	assert_int_equal(muster("run"), 0);
	assert_int_equal(io_copy_file(&world.env, inside("muster.db"), inside("backup.db"), NULL, NULL), 0);
	put("in/acme/b.834", an_add(2));
	assert_int_equal(muster("run"), 0);
	assert_int_equal(count_in(archived, ",add,"), 1);
	assert_int_equal(env_unlink(&world.env, inside("muster.db-wal")), 0);
	assert_int_equal(env_unlink(&world.env, inside("muster.db-shm")), 0);
	assert_int_equal(env_rename(&world.env, inside("backup.db"), inside("muster.db")), 0);
	put("in/acme/c.834", an_add(3));
	assert_int_equal(muster("-q run"), 0);
	assert_int_equal(count_in("said", "files F00000002 to F00000002 are archived"), 1);
	assert_int_equal(count_in(archived, ",add,"), 1);
	assert_false(is_there("done/2026/03/F00000002/c.834.applied.csv"));
	assert_int_equal(count_in("done/2026/03/F00000003/c.834.applied.csv", ",add,"), 1);
	/* What was lost comes back, and nothing is complained about any more. */
	put("in/acme/b.834", an_add(2));
	assert_int_equal(muster("run"), 0);
	assert_int_equal(count_in("said", "are archived"), 0);
	assert_int_equal(count_in("said", "F00000004  b.834: processed") + count_in("said", "F00000004  b.834: held"), 1);
}

/* A full file of BO KAY, and of ANNA FIORELLI where she is `there`. */
static const char *a_full_file(unsigned number, bool there)
{
	const char *anna = "INS*Y*18*030*XN*A***FT~REF*0F*E1~REF*1L*G1~NM1*IL*1*FIORELLI*ANNA****34*219091101~"
			   "DMG*D8*19800228*F~HD*030**HLT*P1*EMP~DTP*348*D8*20250101~";

	return arena_printf(
		       &world.paths,
		       "ISA*00*          *00*          *ZZ*ACME           *ZZ*MUSTERHEALTH   *260302*0200*^*00501*%09u*0*P*:~"
		       "GS*BE*ACME*MUSTERHEALTH*20260302*0200*%u*X*005010X220A1~ST*834*0001*005010X220A1~"
		       "BGN*00*R%u*20260302*0200****RX~REF*38*G1~N1*P5*REDWOOD BAKERY*FI*940001111~N1*IN*PLAN*FI*009998877~"
		       "INS*Y*18*030*XN*A***FT~REF*0F*E2~REF*1L*G1~NM1*IL*1*KAY*BO****34*219093303~"
		       "DMG*D8*19620711*M~HD*030**HLT*P1*EMP~DTP*348*D8*20250101~%sSE*%u*0001~GE*1*%u~IEA*1*%09u~",
		       number, number, number, there ? anna : "", there ? 20 : 13, number, number)
		.data;
}

static unsigned anna_ends(void)
{
	assert_int_equal(muster("members show M100000008 --json"), 0);
	return count_in("said", "\"ends_on\": \"2026-03-31\"");
}

/* Left out of a full file, released, and found in the next one before the release was carried out: her coverage would end. */
static void test_release_is_overtaken_by_a_newer_full_file(void **state)
{
	struct env_fault_plan plan = {ENV_FAULT_OP(ENV_DB_COMMIT), 1, ENV_FAULT_KILL, 0};
	unsigned before, overtaken = 0;
	int status = -1;

	for (plan.nth = 1; status == -1; plan.nth++) {
		setup(state);
		put("bo.csv", "member_id,subscriber_id,relationship,last_name,first_name,ssn,birth_on,sex,group_id,plan_id,tier,begins_on\n"
			      "M100000016,E2,18,KAY,BO,219093303,1962-07-11,M,G1,P1,EMP,2025-01-01\n");
		put("partners/acme.yaml", "isa_sender: ACME\nomission: exception\n");
		assert_int_equal(muster("-q load members bo.csv"), 0);
		put("a.834", a_full_file(1, false));
		assert_int_equal(muster("process --out o a.834"), 0);
		assert_int_equal(count_in("o/a.834.exceptions.csv", "F00000001-1-2"), 1);
		status = muster_with("queue resolve F00000001-1-2 release --note asked", &plan);
		before = anna_ends();
		put("b.834", a_full_file(2, true));
		assert_int_equal(muster("process --out o b.834"), 0);
		assert_int_equal(muster("run"), 0);
		overtaken += count_in("said", "closed without an effect");
		assert_int_equal(anna_ends(), before);
	}
	assert_int_equal(status, 0);
	assert_int_equal(overtaken, 1);
}

/* An 834 that ends ANNA FIORELLI's coverage and BO KAY's. */
static const char two_ends[] =
	"ISA*00*          *00*          *ZZ*ACME           *ZZ*MUSTERHEALTH   *260302*0200*^*00501*000000001*0*P*:~"
	"GS*BE*ACME*MUSTERHEALTH*20260302*0200*1*X*005010X220A1~ST*834*0001*005010X220A1~"
	"BGN*00*R1*20260302*0200****2~REF*38*G1~N1*P5*REDWOOD BAKERY*FI*940001111~N1*IN*PLAN*FI*009998877~"
	"INS*Y*18*024*07*A***TE~REF*0F*E1~REF*1L*G1~DTP*357*D8*20260331~NM1*IL*1*FIORELLI*ANNA****34*219091101~DMG*D8*19800228*F~"
	"INS*Y*18*024*07*A***TE~REF*0F*E2~REF*1L*G1~DTP*357*D8*20260331~NM1*IL*1*KAY*BO****34*219093303~DMG*D8*19620711*M~"
	"SE*18*0001~GE*1*1~IEA*1*000000001~";

/* A released set that died half-way and was undone then: what was left of it would be applied after the undo. */
static void test_a_set_cut_short_is_not_undone(void **state)
{
	struct env_fault_plan plan = {ENV_FAULT_OP(ENV_DB_COMMIT), 1, ENV_FAULT_KILL, 0};
	int status = -1, undone, refused = 0;
	unsigned ended;

	for (plan.nth = 1; status == -1; plan.nth++) {
		setup(state);
		put("bo.csv", "member_id,subscriber_id,relationship,last_name,first_name,ssn,birth_on,sex,group_id,plan_id,tier,begins_on\n"
			      "M100000016,E2,18,KAY,BO,219093303,1962-07-11,M,G1,P1,EMP,2025-01-01\n");
		put("partners/acme.yaml", "isa_sender: ACME\nguards: {terminations_percent: 0, terminations_min: 0}\n");
		put("small.yaml", "chunk_members: 1\ndatabase: muster.db\n");
		assert_int_equal(muster("-q load members bo.csv"), 0);
		put("a.834", two_ends);
		assert_int_equal(muster("process --out o a.834"), 65);
		assert_int_equal(muster("queue resolve F00000001-1-0 release --note asked --operator one"), 0);
		status = muster_with("-c small.yaml queue resolve F00000001-1-0 release --note asked --operator two", &plan);
		undone = muster("undo --file F00000001 --operator rep --yes");
		refused += undone == 75;
		assert_int_equal(muster("run"), 0);
		assert_int_equal(muster("members show M100000016 --json"), 0);
		ended = count_in("said", "\"ends_on\": \"2026-03-31\"");
		assert_int_equal(anna_ends(), ended);
	}
	assert_int_equal(status, 0);
	assert_true(refused >= 2);
}

/* What is no plain file of its own must neither be read as a filing nor hang the night. */
static void test_no_plain_files(void **state)
{
	(void)state;
	put("elsewhere.834", an_add(1));
	assert_int_equal(symlink(inside("elsewhere.834"), inside("in/acme/link.834")), 0);
	assert_int_equal(link(inside("elsewhere.834"), inside("in/acme/second.834")), 0);
	assert_int_equal(mkfifo(inside("in/acme/fifo.834"), 0600), 0);
	assert_int_equal(mkdir(inside("in/acme/folder.834"), 0700), 0);
	put("in/acme/z.834", an_add(2));
	assert_int_equal(muster("run"), 0);
	assert_int_equal(count_in("said", "is left alone"), 3);
	assert_int_equal(count_in("out/acme/z.834.applied.csv", ",add,"), 1);
	assert_true(is_there("in/acme/link.834") && is_there("in/acme/second.834") && is_there("in/acme/fifo.834"));
}

/* A file that is still being written would be read as far as it had come, and the rest of its people left out. */
static void test_a_file_that_settles(void **state)
{
	const struct timespec old[2] = {{1000000000, 0}, {1000000000, 0}};
	struct env_stat stat;
	int writer;

	(void)state;
	put("partners/acme.yaml", "isa_sender: ACME\narrival: settle\nsettle_seconds: 60\n");
	put("in/acme/a.834", an_add(1));
	/* What time its sender gives it says nothing. */
	assert_int_equal(utimensat(AT_FDCWD, inside("in/acme/a.834"), old, 0), 0);
	assert_int_equal(env_stat(&world.env, inside("in/acme/a.834"), &stat), 0);
	clock_ms = stat.ctime_ns / 1000000 + 59999;
	assert_int_equal(muster("run"), 0);
	assert_true(is_there("in/acme/a.834"));
	/* A clock that was set back. */
	clock_ms = NIGHT_CLOCK_MS;
	assert_int_equal(muster("run"), 0);
	assert_true(is_there("in/acme/a.834"));
	clock_ms = stat.ctime_ns / 1000000 + 60000;
	writer = open(inside("in/acme/a.834"), O_WRONLY | O_APPEND);
	assert_true(writer >= 0);
	if (access("/proc/self/fd", R_OK) == 0) {
		assert_int_equal(muster("run"), 0);
		assert_true(is_there("in/acme/a.834"));
	}
	assert_int_equal(close(writer), 0);
	assert_int_equal(muster("run"), 0);
	clock_ms = NIGHT_CLOCK_MS;
	assert_false(is_there("in/acme/a.834"));
	assert_int_equal(count_in("out/acme/a.834.applied.csv", ",add,"), 1);
}

/* ---- control numbers that come again ---- */

static int process_as_of(const char *day, unsigned number, unsigned person)
{
	char words[80];

	put("n.834", an_add_of(number, person));
	snprintf(words, sizeof(words), "--as-of %s process --out o n.834", day);
	return muster(words);
}

/*
 * The new employees of a partner whose new system counts from 1 would wait night for night; or a file that comes again after
 * that would be applied again; or numbers would count for nothing from then on.
 */
static void test_numbers_begin_anew_behind_a_reset(void **state)
{
	const struct store_interchange interchange = {.sender_qualifier = SLICE_LITERAL("ZZ"),
						      .sender_id = SLICE_LITERAL("ACME"),
						      .receiver_qualifier = SLICE_LITERAL("ZZ"),
						      .receiver_id = SLICE_LITERAL("MUSTERHEALTH"),
						      .control_number = SLICE_LITERAL("000000001")};
	const struct store_tset key = {.functional_id = SLICE_LITERAL("BE"),
				       .sender_code = SLICE_LITERAL("ACME"),
				       .receiver_code = SLICE_LITERAL("MUSTERHEALTH"),
				       .fgroup_control = SLICE_LITERAL("1"),
				       .set_id = SLICE_LITERAL("834"),
				       .control_number = SLICE_LITERAL("0001")};
	struct store_number_uses uses;
	struct store *store;

	(void)state;
	put("partners/acme.yaml", "isa_sender: ACME\nresend: apply\n");
	assert_int_equal(process_as_of("2026-03-02", 1, 1), 0);
	assert_int_equal(process_as_of("2026-03-02", 1, 2), 65);
	assert_int_equal(count_in("o/n.834.exceptions.csv", ",DUP_FILE,"), 1);
	assert_int_equal(muster("partners reset acme"), 64);
	assert_int_equal(muster("partners reset acne --note typo"), 66);
	assert_int_equal(muster("partners reset acme --note replaced"), 0);
	assert_int_equal(count_in("said", "acme: control numbers begin anew behind F00000002"), 1);
	assert_int_equal(process_as_of("2026-03-02", 1, 3), 0);
	assert_int_equal(count_in("o/n.834.applied.csv", ",add,"), 1);
	/* What came before the reset is a duplicate still, and what came behind it stands against other content. */
	put("n.834", arena_printf(&world.paths, "%s\n", an_add_of(1, 1)).data);
	assert_int_equal(muster("process --out o n.834"), 0);
	assert_int_equal(count_in("o/n.834.summary.json", "\"duplicate\": 1,"), 1);
	assert_int_equal(process_as_of("2026-03-02", 1, 4), 65);
	/* A correction goes on with the new one, not with the old one. */
	put("n.834", arena_printf(&world.paths, "%s\n", an_add_of(1, 3)).data);
	assert_int_equal(muster("reprocess --out o n.834"), 0);
	assert_int_equal(count_in("o/n.834.summary.json", "\"duplicate\": 1,"), 1);
	assert_int_equal(muster("--json partners reset acme --note again"), 0);
	assert_int_equal(count_in("said", "\"reason\":\"again\""), 1);
	assert_int_equal(process_as_of("2026-03-02", 1, 0), 0);
	assert_int_equal(count_in("o/n.834.applied.csv", ",add,"), 1);
	/* All three stand in the ledger. */
	assert_int_equal(store_open(&world.env, inside("muster.db"), 0, &store), 0);
	assert_int_equal(store_tset_by_numbers(store, &interchange, &key, 3, &world.paths, &uses), 0);
	assert_int_equal(uses.last_era, 2);
	assert_null(uses.same);
	assert_int_equal(uses.own_era, 1);
	store_close(store);
}

/*
 * A correction would go on with whoever had its numbers in another era: what was applied would be applied again, and what
 * somebody else had sent before would be left out.
 */
static void test_corrections_behind_a_reset(void **state)
{
	(void)state;
	put("partners/acme.yaml", "isa_sender: ACME\nresend: apply\n");
	put("old.834", an_add_of(5, 1));
	assert_int_equal(muster("process --out o old.834"), 0);
	assert_int_equal(muster("partners reset acme --note replaced"), 0);
	put("night.834", an_add_of(2, 2));
	assert_int_equal(muster("process --out o night.834"), 0);
	/* The corrected file has a number of its own, which was old.834's once. */
	put("night.834", arena_printf(&world.paths, "%s\n", an_add_of(5, 2)).data);
	assert_int_equal(muster("reprocess --out o night.834"), 0);
	assert_int_equal(count_in("o/night.834.summary.json", "\"duplicate\": 1,"), 1);
	assert_int_equal(count_in("o/night.834.applied.csv", ",add,"), 0);
	/* And old.834 itself, once more: by its bytes, whoever has its number now. */
	assert_int_equal(muster("reprocess --out o old.834"), 0);
	assert_int_equal(count_in("o/old.834.summary.json", "\"duplicate\": 1,"), 1);
	assert_int_equal(count_in("o/old.834.applied.csv", ",add,"), 0);
	assert_int_equal(muster("doctor"), 0);
}

/*
 * A set held before a reset could not be released behind it: its numbers belong to another one by then. Or what it brought
 * would be told of under another name than the file's.
 */
static void test_released_behind_a_reset(void **state)
{
	(void)state;
	put("partners/acme.yaml", "isa_sender: ACME\n");
	assert_int_equal(process_as_of("2026-03-02", 1, 1), 0);
	put("n\xc3\xa9.834", an_add_of(1, 2));
	assert_int_equal(muster("process --out o n\xc3\xa9.834"), 65);
	assert_int_equal(muster("partners reset acme --note replaced"), 0);
	assert_int_equal(process_as_of("2026-03-02", 1, 3), 0);
	assert_int_equal(muster("queue resolve F00000002-1-0 release --note so --operator lee"), 0);
	assert_int_equal(muster("queue resolve F00000002-1-0 release --note so --operator kim"), 0);
	assert_int_equal(count_in("o/n__.834~F00000002.applied.csv", ",add,"), 1);
	assert_int_equal(muster("members find BRANDT --csv"), 0);
	assert_int_equal(count_in("said", "BRANDT"), 1);
	assert_int_equal(muster("doctor"), 0);
}

/* A partner who counts anew each year would have every file of the next one held; or one a month later let through. */
static void test_numbers_whose_time_is_over(void **state)
{
	(void)state;
	put("partners/acme.yaml", "isa_sender: ACME\nnumber_window: 300\n");
	assert_int_equal(process_as_of("2026-03-02", 1, 1), 0);
	assert_int_equal(process_as_of("2026-03-03", 2, 2), 0);
	assert_int_equal(process_as_of("2026-12-27", 1, 3), 65);
	assert_int_equal(count_in("o/n.834.exceptions.csv", ",DUP_FILE,"), 1);
	assert_int_equal(muster("--as-of 2026-12-28 preview n.834"), 0);
	assert_int_equal(process_as_of("2026-12-28", 1, 4), 0);
	assert_int_equal(count_in("o/n.834.applied.csv", ",add,"), 1);
	/* The count of what is missing begins anew with it. */
	assert_int_equal(process_as_of("2026-12-28", 3, 8), 0);
	assert_int_equal(count_in("said", "interchange 000000002 of this sender has not come"), 1);
	assert_int_equal(process_as_of("2026-12-28", 1, 9), 65);
	/* And the profile may refuse numbers that came before: those whose time is over are none. */
	put("partners/acme.yaml", "isa_sender: ACME\nnumber_window: 300\ndup_isa13: reject\n");
	assert_int_equal(process_as_of("2026-12-28", 1, 10), 65);
	assert_int_equal(count_in("o/n.834.summary.json", "\"state\": \"rejected\""), 1);
	assert_int_equal(process_as_of("2027-12-28", 1, 10), 0);
}

/* Behind the last number all later ones would be told as missing, or none ever again. */
static void test_numbers_go_round(void **state)
{
	(void)state;
	assert_int_equal(process_as_of("2026-03-02", 999999998, 1), 0);
	assert_int_equal(process_as_of("2026-03-02", 1, 2), 0);
	assert_int_equal(count_in("said", "interchange 999999999 of this sender has not come"), 1);
	assert_int_equal(process_as_of("2026-03-02", 999999999, 3), 0);
	assert_int_equal(count_in("said", "not come"), 0);
	assert_int_equal(process_as_of("2026-03-02", 2, 4), 0);
	assert_int_equal(count_in("said", "not come"), 0);
	assert_int_equal(process_as_of("2026-03-02", 5, 5), 0);
	assert_int_equal(count_in("said", "interchanges 000000003 to 000000004 of this sender have not come"), 1);
	put("partners/acme.yaml", "isa_sender: ACME\n");
	assert_int_equal(process_as_of("2026-03-02", 7, 6), 0);
	assert_int_equal(muster("partners reset acme --note replaced"), 0);
	assert_int_equal(process_as_of("2026-03-02", 100, 7), 0);
	assert_int_equal(count_in("said", "not come"), 0);
	assert_int_equal(process_as_of("2026-03-02", 102, 8), 0);
	assert_int_equal(count_in("said", "interchange 000000101 of this sender has not come"), 1);
}

/* ---- volume guards ---- */

/* In a file of many groups one group's terminations would be counted for none, or for another. */
static void test_volumes_of_many_groups(void **state)
{
	struct job_volume *volumes = NULL, *volume;
	uint32_t capacity = 0, count = 0, i;
	struct arena arena;
	char name[16];

	(void)state;
	arena_init(&arena, &world.env, 0, 0);
	for (i = 0; i < 1500; i++) {
		snprintf(name, sizeof(name), "G%u", i % 500);
		volume = guard_volume(&arena, &volumes, &capacity, &count, slice_from(name));
		assert_non_null(volume);
		assert_true(slice_is(volume->group_id, name));
		assert_int_equal(volume->changes, i / 500);
		assert_int_equal(volume->terminations, i / 500 * (i % 500));
		volume->changes++;
		volume->terminations += i % 500;
	}
	assert_int_equal(count, 500);
	assert_true(capacity >= 1000);
	arena_fini(&arena);
}

/* A set over the line would be applied, or one within it held. */
static void test_guard_lines(void **state)
{
	const struct profile_guards guards = {
		.terminations_percent = 20, .terminations_min = 10, .changes_percent = 50, .changes_min = 50};
	struct job_volume volume = {.terminations = 11, .changes = 51};

	(void)state;
	assert_true(guard_over_the_line(4, 79, 5, 3));
	assert_false(guard_over_the_line(4, 80, 5, 3));
	assert_false(guard_over_the_line(3, 1, 5, 3));
	assert_true(guard_over_the_line(1, 1, 0, 0));
	assert_int_equal(guard_judge_volume(&guards, &volume, 54), 1);
	assert_int_equal(guard_judge_volume(&guards, &volume, 55), 2);
	assert_int_equal(guard_judge_volume(&guards, &volume, 101), 2);
	assert_int_equal(guard_judge_volume(&guards, &volume, 102), 0);
	/* A first enrollment has nobody to protect. */
	assert_int_equal(guard_judge_volume(&guards, &volume, 0), 0);
}

/* A set that is not to be applied after all would be judged, or another one of the file left out. */
static void test_suspects_that_are_forgotten(void **state)
{
	struct job job = {.env = &world.env};
	struct guard guard;
	uint32_t i;

	(void)state;
	guard_init(&guard, &job);
	for (i = 1; i <= 20; i++)
		assert_int_equal(guard_note_set(&guard, i, 100 + i), 0);
	guard_forget_set(&guard, 101);
	guard_forget_set(&guard, 120);
	guard_forget_set(&guard, 120);
	assert_int_equal(guard.suspect_count, 18);
	for (i = 0; i < guard.suspect_count; i++) {
		assert_int_equal(guard.suspects[i].tset_no, 100 + guard.suspects[i].tset_ordinal);
		assert_true(guard.suspects[i].tset_ordinal != 1 && guard.suspects[i].tset_ordinal != 20);
	}
	guard_fini(&guard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_volumes_of_many_groups),
		cmocka_unit_test(test_guard_lines),
		cmocka_unit_test(test_suspects_that_are_forgotten),
		cmocka_unit_test_setup(test_a_file_that_settles, setup),
		cmocka_unit_test_setup(test_process_keeps_what_a_dead_run_had_claimed, setup),
		cmocka_unit_test_setup(test_a_claim_goes_back_beside_a_new_file_of_its_name, setup),
		cmocka_unit_test_setup(test_process_killed_and_called_again, setup),
		cmocka_unit_test_setup(test_correction_killed_amid_a_set, setup),
		cmocka_unit_test_setup(test_marker_of_a_killed_claim, setup),
		cmocka_unit_test_setup(test_bytes_that_are_not_as_told, setup),
		cmocka_unit_test_setup(test_changed_amid_the_claim, setup),
		cmocka_unit_test_setup(test_forms_of_a_checksum, setup),
		cmocka_unit_test_setup(test_numbers_begin_anew_behind_a_reset, setup),
		cmocka_unit_test_setup(test_corrections_behind_a_reset, setup),
		cmocka_unit_test_setup(test_released_behind_a_reset, setup),
		cmocka_unit_test_setup(test_numbers_whose_time_is_over, setup),
		cmocka_unit_test_setup(test_numbers_go_round, setup),
		cmocka_unit_test_setup(test_validation_killed_and_processed_by_another_name, setup),
		cmocka_unit_test_setup(test_results_that_cannot_be_put_anywhere, setup),
		cmocka_unit_test_setup(test_written_on_after_the_claim, setup),
		cmocka_unit_test_setup(test_longest_file_name, setup),
		cmocka_unit_test_setup(test_names_that_come_out_the_same, setup),
		cmocka_unit_test_setup(test_a_folder_that_cannot_be_used_stops_no_other, setup),
		cmocka_unit_test_setup(test_a_file_that_cannot_be_taken_stops_nobody, setup),
		cmocka_unit_test_setup(test_no_plain_files, setup),
		cmocka_unit_test_setup(test_corrected_payment_posts_only_the_rest, setup),
		cmocka_unit_test_setup(test_payment_seen_before, setup),
		cmocka_unit_test_setup(test_others_write_while_a_file_is_validated, setup),
		cmocka_unit_test_setup(test_others_write_while_a_set_is_measured, setup),
		cmocka_unit_test_setup(test_others_write_while_somebody_previews, setup),
		cmocka_unit_test_setup(test_candidate_new_in_the_same_family, setup),
		cmocka_unit_test_setup(test_decision_is_carried_out_before_its_correction, setup),
		cmocka_unit_test_setup(test_what_a_decision_asks_others_to_send_outlives_a_kill, setup),
		cmocka_unit_test_setup(test_a_restored_backup_overwrites_no_original, setup),
		cmocka_unit_test_setup(test_release_is_overtaken_by_a_newer_full_file, setup),
		cmocka_unit_test_setup(test_a_set_cut_short_is_not_undone, setup),
		cmocka_unit_test_setup(test_rejected_line_leaves_suspense, setup),
		cmocka_unit_test_setup(test_decided_line_is_posted_once, setup),
		cmocka_unit_test_setup(test_placed_otherwise_since, setup),
		cmocka_unit_test_setup(test_line_finds_its_member_later, setup),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
