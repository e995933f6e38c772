/* If this failed: the plan's own records could come in wrong, twice, or half, and every match would be against them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "muster/env_fault.h"
#include "muster/load.h"
#include "muster/log.h"
#include "muster/match.h"
#include "store_world.h"

static struct buffer faults;
static struct load_counts counts;

typedef int (*load_fn)(struct store *, const char *, struct slice, load_fault_fn, void *, struct load_counts *);

static void take_fault(void *context, const struct load_fault *fault)
{
	(void)context;
	buffer_printf(&faults, "%u:%u %s\n", fault->line, fault->column, fault->message);
}

static void run(load_fn load, const char *csv, int want)
{
	buffer_clear(&faults);
	memset(&counts, 0, sizeof(counts));
	assert_int_equal(load(store, "file.csv", slice_from(csv), take_fault, NULL, &counts), want);
	assert_int_equal(counts.lines, counts.added + counts.changed + counts.unchanged + counts.refused);
}

/* Load, and compare counts and faults. */
static void expect(load_fn load, const char *csv, uint64_t added, uint64_t changed, uint64_t unchanged,
		   uint64_t refused, const char *want)
{
	run(load, csv, 0);
	assert_string_equal(faults.len > 0 ? faults.data : "", want);
	assert_int_equal(counts.added, added);
	assert_int_equal(counts.changed, changed);
	assert_int_equal(counts.unchanged, unchanged);
	assert_int_equal(counts.refused, refused);
}

static char *dump(void)
{
	struct buffer text;
	char *copy;

	buffer_init(&text, &world.env);
	assert_int_equal(store_dump(store, 0, &text), 0);
	copy = strdup(text.data);
	buffer_fini(&text);
	return copy;
}

/* The same file once more: everything is as it was, to the last byte. */
static void assert_reload_changes_nothing(load_fn load, const char *csv)
{
	char *before = dump(), *after;

	run(load, csv, 0);
	assert_int_equal(counts.added + counts.changed, 0);
	after = dump();
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static const struct member *get(struct slice member_id)
{
	const struct member *member;

	assert_int_equal(store_member_get(store, member_id, &arena, &member), 0);
	return member;
}

static int setup(void **state)
{
	int result = store_world_setup_filled(state);

	buffer_init(&faults, &world.env);
	return result;
}

static int teardown(void **state)
{
	buffer_fini(&faults);
	return store_world_teardown(state);
}

/* ---- headers ------------------------------------------------------------------------------------------------- */

static void test_headers(void **state)
{
	(void)state;
	run(load_groups, "", LOAD_E_HEADER);
	assert_string_equal(faults.data,
			    "1:1 the file is empty: a header line with the names of the columns is missing\n");
	run(load_groups, "group_id,nmae,effective_on\nG7,x,2020-01-01\n", LOAD_E_HEADER);
	/*                        ^ 10 */
	assert_string_equal(faults.data, "1:10 there is no column \"nmae\"; did you mean \"name\"?\n"
					 "1:1 the column name is missing\n");
	run(load_groups, "group_id,name,name,effective_on\n", LOAD_E_HEADER);
	/*                             ^ 15 */
	assert_string_equal(faults.data, "1:15 the column name stands here twice\n");
	run(load_groups, "group_id,\"name\n", LOAD_E_HEADER);
	assert_non_null(strstr(faults.data, "1:1 the header line cannot be read: "));
	/* Nothing of a file without a sound header is loaded. */
	const struct group *group;
	assert_int_equal(store_group_get(store, S("G7"), &arena, &group), 0);
	assert_null(group);
}

static void test_any_column_order(void **state)
{
	const struct group *group;

	(void)state;
	expect(load_groups,
	       "\xef\xbb\xbf"
	       "effective_on,name,group_id\r\n2021-05-01,\"Cole, Sons & Co\",G7\r\n",
	       1, 0, 0, 0, "");
	assert_int_equal(store_group_get(store, S("G7"), &arena, &group), 0);
	assert_slice(group->name, "Cole, Sons & Co");
	assert_int_equal(group->effective_on, day(2021, 5, 1));
	assert_int_equal(group->terminates_on, DATE_NONE);
	assert_int_equal(group->status, GROUP_ACTIVE);
}

/* ---- values -------------------------------------------------------------------------------------------------- */

static void test_groups(void **state)
{
	static const char csv[] = "group_id,name,region,status,effective_on,terminates_on,cobra_admin,renewal_month,"
				  "billing_day,paper_bill,"
				  "broker_id,sponsor_id,linked_group_id\n"
				  "G7,'=Cole,NCAL,terminated,2020-01-01,2026-03-31,tpa,12,28,1,B1,940007777,G8\n";
	const struct group *group;

	(void)state;
	expect(load_groups, csv, 1, 0, 0, 0, "");
	assert_reload_changes_nothing(load_groups, csv);
	assert_int_equal(store_group_get(store, S("G7"), &arena, &group), 0);
	assert_slice(group->name, "=Cole"); /* the formula guard is ours, not the name's */
	assert_slice(group->region, "NCAL");
	assert_int_equal(group->status, GROUP_TERMINATED);
	assert_int_equal(group->terminates_on, day(2026, 3, 31));
	assert_int_equal(group->cobra_admin, COBRA_ADMIN_TPA);
	assert_int_equal(group->renewal_month, 12);
	assert_int_equal(group->billing_day, 28);
	assert_true(group->paper_bill);
	assert_slice(group->broker_id, "B1");
	assert_slice(group->linked_group_id, "G8");
	/* Columns that are not there keep what is stored; a blank one takes it away. */
	expect(load_groups, "group_id,name,effective_on,broker_id\nG7,Cole,2020-01-01,\n", 0, 1, 0, 0, "");
	assert_int_equal(store_group_get(store, S("G7"), &arena, &group), 0);
	assert_slice(group->region, "NCAL");
	assert_slice(group->broker_id, "");
}

static void test_bad_values(void **state)
{
	(void)state;
	expect(load_groups,
	       "group_id,name,status,effective_on,terminates_on,renewal_month,paper_bill\n"
	       "G7,Good,active,2020-01-01,9999-12-31,1,0\n"
	       ",Nameless,closed,2020-02-30,,13,2\n"
	       /* 1, 11 status, 18 effective_on, 30 renewal_month, 33 paper_bill */
	       "G8,Backwards,,2020-01-01,2019-12-31,,\n"
	       "G9,Short\n"
	       "G9,\"Qu\"ote,,2020-01-01,,,\n"
	       "G9,Bell\x07\x1b[31m,,2020-01-01,,,\n",
	       1, 0, 0, 5,
	       "3:1 group_id: a value is required\n"
	       "3:11 status: \"closed\" is not one of the values of this column\n"
	       "3:18 effective_on: \"2020-02-30\" is no date of the form YYYY-MM-DD\n"
	       "3:30 renewal_month: \"13\" is no number within the range of this column\n"
	       "3:33 paper_bill: \"2\" is no number within the range of this column\n"
	       "4:26 terminates_on: lies before effective_on\n"
	       "5:1 2 values, but the header has 7 columns\n"
	       "6:8 text after the closing quote\n"
	       "7:4 name: \"Bell\\x07\\x1B[31m\" has bytes that are no text (UTF-8 without control characters is)\n");
}

static void test_plans(void **state)
{
	static const char csv[] = "plan_id,insurance_line,name,effective_on,rate_emp,rate_fam\n"
				  "P7,VIS,Eyes,2020-01-01,12.50,0\n"
				  "P8,XYZ,No such line,2020-01-01,,\n"
				  "P9,DEN,Bad money,2020-01-01,1.234,-5\n";
	const struct plan *plan;

	(void)state;
	run(load_plans, csv, 0);
	assert_int_equal(counts.added, 1);
	assert_int_equal(counts.refused, 2);
	assert_string_equal(faults.data, "3:4 insurance_line: \"XYZ\" is not one of the values of this column\n"
					 "4:29 rate_emp: \"1.234\" is no amount of the form 1234.56\n"
					 "4:35 rate_fam: \"-5\" is no amount of the form 1234.56\n");
	assert_int_equal(store_plan_get(store, S("P7"), &arena, &plan), 0);
	assert_int_equal(plan->rate_emp, 1250);
	assert_int_equal(plan->rate_fam, 0);
	assert_int_equal(plan->rate_esp, -1);
	assert_reload_changes_nothing(load_plans, csv);
}

static void test_brokers(void **state)
{
	const struct broker *broker;

	(void)state;
	expect(load_brokers,
	       "broker_id,name,tax_id,commission_percent,commission_pmpm\n"
	       "B1,Cole,941112222,4.5,\n"
	       "B2,Cole,,100,0.25\n"
	       "B3,Cole,,100.0001,\n"
	       "B4,Cole,,4.12345,\n"
	       "B5,Cole,,4.,\n"
	       "B6,Cole,,.5,\n",
	       2, 0, 0, 4,
	       "4:10 commission_percent: \"100.0001\" is no percentage of the form 12.5\n"
	       "5:10 commission_percent: \"4.12345\" is no percentage of the form 12.5\n"
	       "6:10 commission_percent: \"4.\" is no percentage of the form 12.5\n"
	       "7:10 commission_percent: \".5\" is no percentage of the form 12.5\n");
	assert_int_equal(store_broker_get(store, S("B1"), &arena, &broker), 0);
	assert_int_equal(broker->commission_percent_e4, 45000);
	assert_int_equal(broker->commission_pmpm, -1);
	assert_int_equal(store_broker_get(store, S("B2"), &arena, &broker), 0);
	assert_int_equal(broker->commission_percent_e4, 1000000);
	assert_int_equal(broker->commission_pmpm, 25);
}

/* ---- members ------------------------------------------------------------------------------------------------- */

#define HEADER                                                                                                         \
	"member_id,subscriber_id,relationship,last_name,first_name,ssn,birth_on,sex,address1,group_id,plan_id,tier,"   \
	"begins_on,ends_on,cobra\n"

static void test_family(void **state)
{
	/* The child stands before her subscriber; he has two coverages. */
	static const char csv[] =
		HEADER "M2,F1,19,FIORELLI,BEA,219-09-0002,2010-05-05,F,,G1,P1,,2024-01-01,,\n"
		       "M1,F1,18,FIORELLI,ANTON,219090001,1980-02-29,M,1 MAIN ST,G1,P1,FAM,2024-01-01,2024-12-31,\n"
		       "M1,F1,18,FIORELLI,ANTON,,1980-02-29,,,G1,D1,EMP,2024-01-01,2099-12-31,1\n";
	const struct member *anton, *bea;
	uint64_t keys[MATCH_KEYS_MAX], found[4];
	uint32_t key_count, count;

	(void)state;
	expect(load_members, csv, 3, 0, 0, 0, "");
	anton = get(S("M1"));
	assert_int_equal(anton->span_count, 2);
	assert_slice(anton->ssn, "219090001"); /* blank says nothing */
	assert_slice(anton->address1, "1 MAIN ST");
	assert_slice(anton->spans[0].insurance_line, "DEN");
	assert_true(anton->spans[0].cobra);
	assert_int_equal(anton->spans[0].ends_on, DATE_NONE);
	assert_int_equal(anton->spans[1].ends_on, day(2024, 12, 31));
	assert_slice(anton->spans[1].tier, "FAM");
	bea = get(S("M2"));
	assert_slice(bea->ssn, "219090002");
	assert_int_equal(bea->sex, 'F');
	/* Matching finds her by every key. */
	key_count = match_member_keys(bea, keys);
	assert_true(key_count > 0);
	for (uint32_t i = 0; i < key_count; i++) {
		assert_int_equal(store_key_members(store, keys[i], 4, found, &count), 0);
		assert_true(count >= 1);
	}
	assert_reload_changes_nothing(load_members, csv);
}

static void test_upsert(void **state)
{
	const struct member *member;
	uint64_t keys[MATCH_KEYS_MAX], found[4];
	uint32_t count, key_count, i;

	(void)state;
	expect(load_members, HEADER "M1,F1,18,FIORELLI,ANNA,219090001,1980-02-29,F,,G1,P1,EMP,2024-01-01,,\n", 1, 0, 0,
	       0, "");
	key_count = match_member_keys(get(S("M1")), keys);
	/* Another name, the coverage ended, and another plan from the day after. */
	expect(load_members,
	       HEADER "M1,F1,18,STONE,ANNA,,1980-02-29,,,G1,P2,EMP,2025-01-01,,\n"
		      "M1,F1,18,STONE,ANNA,,1980-02-29,,,G1,P1,ESP,2024-01-01,2024-12-31,\n",
	       1, 1, 0, 0, "");
	member = get(S("M1"));
	assert_slice(member->last_name, "STONE");
	assert_slice(member->ssn, "219090001");
	assert_int_equal(member->span_count, 2);
	assert_int_equal(member->spans[0].ends_on, day(2024, 12, 31));
	assert_slice(member->spans[0].tier, "ESP");
	assert_slice(member->spans[1].plan_id, "P2");
	/* Keys of the old name are gone. */
	for (i = 0; i < key_count; i++) {
		uint64_t now[MATCH_KEYS_MAX];
		uint32_t now_count = match_member_keys(member, now), j;
		bool still = false;

		for (j = 0; j < now_count; j++)
			still = still || now[j] == keys[i];
		assert_int_equal(store_key_members(store, keys[i], 4, found, &count), 0);
		assert_int_equal(count, still ? 1 : 0);
	}
}

static void test_member_faults(void **state)
{
	(void)state;
	expect(load_members,
	       HEADER "M1,F1,18,FIORELLI,ANNA,21909,1980-02-29,X,,G1,P1,EMP,2024-01-01,,\n"
		      /*                      ^ 24                  ^ 41 */
		      "M2,F2,19,FIORELLI,BEA,,2010-05-05,F,,,,,,,\n"
		      "M3,F3,18,FIORELLI,CARL,,1980-01-01,M,,G77,P77,EMP,2024-01-01,,\n"
		      "M4,F4,18,FIORELLI,DORA,,1980-01-01,F,,G1,,EMP,,,\n"
		      "M5,F5,18,FIORELLI,ED,,1980-01-01,M,,G1,P1,EMP,2024-01-01,2023-12-31,\n"
		      "M6,F6,77,FIORELLI,FAY,,1980-01-01,F,,,,ZZZ,,,2\n",
	       0, 0, 0, 6,
	       "2:24 ssn: not nine digits\n"
	       "2:41 sex: \"X\" is none of F, M, U\n"
	       "4:39 group_id: this group is not on file; load groups first\n"
	       "4:43 plan_id: this plan is not on file; load plans first\n"
	       "5:42 plan_id: a coverage needs group_id, plan_id and begins_on\n"
	       "5:47 begins_on: a coverage needs group_id, plan_id and begins_on\n"
	       "6:58 ends_on: lies before begins_on\n"
	       "7:7 relationship: \"77\" is not one of the values of this column\n"
	       "7:40 tier: \"ZZZ\" is not one of the values of this column\n"
	       "7:46 cobra: \"2\" is no number within the range of this column\n"
	       "3:4 subscriber_id: nobody with relationship 18 has it, in this file or in the database\n");
	assert_null(get(S("M2")));
}

/* Two employers number their people alike; whoever has coverage in a group is of the group's sponsor. */
static void test_sponsors(void **state)
{
	(void)state;
	expect(load_groups,
	       "group_id,name,effective_on,sponsor_id\nGA,A INC,2020-01-01,11\nGB,B INC,2020-01-01,2-2\nGC,C INC,2020-01-01,\n", 3,
	       0, 0, 0, "");
	expect(load_members,
	       HEADER "M2,1001,19,STONE,BEA,,2010-05-05,F,,GB,P1,,2024-01-01,,\n"
		      "M1,1001,18,FIORELLI,ANNA,,1980-02-29,F,,GA,P1,EMP,2024-01-01,,\n"
		      "M3,1001,18,STONE,CARL,,1979-01-01,M,,GB,P1,FAM,2024-01-01,,\n"
		      "M3,1001,18,STONE,CARL,,1979-01-01,M,,GA,D1,FAM,2024-01-01,,\n"
		      "M4,1001,19,STONE,DORA,,2011-05-05,F,,,,,,,\n"
		      "M5,1001,18,LUND,ED,,1970-01-01,M,,GB,P1,EMP,2024-01-01,,\n"
		      "M6,1002,18,LUND,FAY,,1971-01-01,F,,GC,P1,EMP,2024-01-01,,\n"
		      "M7,1002,19,LUND,GUS,,2012-01-01,M,,,,,,,\n",
	       6, 0, 0, 2,
	       "6:4 subscriber_id: several sponsors have a family of this number; the group of a coverage tells which\n"
	       "7:4 subscriber_id: another member is this family's subscriber (18)\n");
	assert_slice(get(S("M1"))->sponsor_id, "11");
	assert_slice(get(S("M2"))->sponsor_id, "22");
	assert_slice(get(S("M3"))->sponsor_id, "22");
	assert_int_equal(get(S("M3"))->span_count, 2);
	assert_int_equal(get(S("M7"))->sponsor_id.len, 0);
}

static void test_overlaps(void **state)
{
	(void)state;
	expect(load_members,
	       HEADER "M1,F1,18,FIORELLI,ANNA,,1980-02-29,F,,G1,P1,EMP,2024-01-01,,\n"
		      "M1,F1,18,FIORELLI,ANNA,,1980-02-29,F,,G1,P2,EMP,2025-01-01,,\n"
		      "M1,F1,18,FIORELLI,ANNA,,1980-02-29,F,,G2,P2,EMP,2025-01-01,,\n",
	       2, 0, 0, 1,
	       "3:49 begins_on: overlaps the coverage of the same group and line from 2024-01-01 to (open)\n");
	assert_int_equal(get(S("M1"))->span_count, 2);
	/* In whatever order: what overlaps until a later line ends it. */
	expect(load_members,
	       HEADER "M1,F1,18,FIORELLI,ANNA,,1980-02-29,F,,G1,P2,EMP,2025-01-01,,\n"
		      "M1,F1,18,FIORELLI,ANNA,,1980-02-29,F,,G1,P1,EMP,2024-01-01,2024-12-31,\n",
	       1, 1, 0, 0, "");
	assert_int_equal(get(S("M1"))->span_count, 3);
}

static void test_contradictions(void **state)
{
	static const char csv[] = HEADER "M1,F1,18,FIORELLI,ANNA,,1980-02-29,F,,G1,P1,EMP,2024-01-01,,\n"
					 "M1,F1,18,STONE,ANNA,219090001,1980-02-29,F,1 MAIN ST,G1,D1,EMP,2024-01-01,,\n"
					 "M2,F1,18,FIORELLI,ANTON,,1980-02-28,M,,,,,,,\n";

	(void)state;
	expect(load_members, csv, 1, 0, 0, 2,
	       "3:10 last_name: another line of this file says otherwise about this member\n"
	       "4:4 subscriber_id: another member is this family's subscriber (18)\n");
	assert_reload_changes_nothing(load_members, csv);
	/* What the first line did not say, the second may. */
	expect(load_members,
	       HEADER "M1,F1,18,FIORELLI,ANNA,,1980-02-29,F,,,,,,,\n"
		      "M1,F1,18,FIORELLI,ANNA,219090001,1980-02-29,F,1 MAIN ST,,,,,,\n",
	       0, 1, 1, 0, "");
	assert_slice(get(S("M1"))->ssn, "219090001");
}

static void test_placeholder_ssn(void **state)
{
	(void)state;
	expect(load_members, HEADER "M1,F1,18,FIORELLI,ANNA,999-99-9999,1980-02-29,F,,,,,,,\n", 1, 0, 0, 0, "");
	assert_slice(get(S("M1"))->ssn, "");
	assert_int_equal(get(S("M1"))->span_count, 0);
}

/* No column, no statement: the stored end stays; a blank end means open. */
static void test_ends(void **state)
{
	(void)state;
	expect(load_members, HEADER "M1,F1,18,FIORELLI,ANNA,,1980-02-29,F,,G1,P1,EMP,2024-01-01,2024-12-31,\n", 1, 0, 0,
	       0, "");
	expect(load_members,
	       "member_id,subscriber_id,relationship,last_name,first_name,birth_on,group_id,plan_id,begins_on\n"
	       "M1,F1,18,FIORELLI,ANNA,1980-02-29,G1,P1,2024-01-01\n",
	       0, 0, 1, 0, "");
	assert_int_equal(get(S("M1"))->spans[0].ends_on, day(2024, 12, 31));
	expect(load_members, HEADER "M1,F1,18,FIORELLI,ANNA,,1980-02-29,F,,G1,P1,EMP,2024-01-01,,\n", 0, 1, 0, 0, "");
	assert_int_equal(get(S("M1"))->spans[0].ends_on, DATE_NONE);
}

static int count_audit(void *context, const struct store_audit *audit)
{
	++*(int *)context;
	assert_slice(audit->kind, "load");
	assert_slice(audit->subject, "file.csv");
	assert_slice(audit->text, "brokers: 2 lines, 1 added, 0 changed, 0 unchanged, 1 refused");
	return 0;
}

static void test_trail(void **state)
{
	static const char csv[] = "broker_id,name\nB1,Cole\n,Cole\n";
	int rows = 0;

	(void)state;
	run(load_brokers, csv, 0);
	run(load_brokers, csv, 0);
	assert_int_equal(store_audit_each(store, 0, count_audit, &rows), 0);
	assert_int_equal(rows, 1);
}

/* One transaction a file: a fault of the machine amid it leaves nothing of it. */
static void test_all_or_nothing(void **state)
{
	static const char csv[] = "broker_id,name\nB1,Cole\nB2,Cole\n";
	struct env_fault fault;
	struct store *faulty;
	const struct broker *broker;

	(void)state;
	log_set_level(LOG_ERROR);
	env_fault_init(&fault, &world.env, 1);
	assert_int_equal(store_open(&fault.env, world_path("muster.db"), 0, &faulty), 0);
	env_fault_plan(&fault, (struct env_fault_plan){ENV_FAULT_OP(ENV_DB_WRITE), 1, ENV_FAULT_ERROR_ONCE, ENOSPC});
	assert_int_equal(load_brokers(faulty, "file.csv", slice_from(csv), take_fault, NULL, &counts), -ENOSPC);
	assert_int_equal(store_broker_get(faulty, S("B1"), &arena, &broker), 0);
	assert_null(broker);
	assert_int_equal(load_brokers(faulty, "file.csv", slice_from(csv), take_fault, NULL, &counts), 0);
	assert_int_equal(counts.added, 2);
	store_close(faulty);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_headers),        TEST(test_any_column_order),
		TEST(test_groups),         TEST(test_bad_values),
		TEST(test_plans),          TEST(test_brokers),
		TEST(test_family),         TEST(test_upsert),
		TEST(test_member_faults),  TEST(test_overlaps),  TEST(test_sponsors),
		TEST(test_contradictions), TEST(test_placeholder_ssn),
		TEST(test_ends),           TEST(test_trail),
		TEST(test_all_or_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
