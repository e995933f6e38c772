/* If this failed, a decision would reach another member than the representative chose, or an SSN another person. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "muster/csv.h"
#include "muster/env_fault.h"
#include "muster/match.h"
#include "muster/specs.h"
#include "muster/xml.h"
#include "queue_world.h"

static struct buffer text;

static int to_buffer(void *context, const char *data, size_t bytes)
{
	buffer_add(context, data, bytes);
	return ((struct buffer *)context)->error;
}

static void export(const struct store_exception_filter *filter, enum queue_form form, bool as_received)
{
	struct queue_sink sink = {&text, to_buffer};
	struct queue_export_result result;

	buffer_clear(&text);
	assert_int_equal(queue_export(store, &world.env, filter, form, as_received, &sink, &result), 0);
}

static const struct store_exception *item(const char *id)
{
	const struct store_exception *found;

	assert_int_equal(store_exception_get(store, slice_from(id), &arena, &found), 0);
	assert_non_null(found);
	return found;
}

static int resolve(const char *id, const char *decision, uint32_t version, struct buffer *why)
{
	struct queue_decision d = {slice_from(id), slice_from(decision), S(""), S("rep1"), version, QUEUE_RELEASE_BY_TWO};

	buffer_clear(why);
	return queue_resolve(store, &world.env, &d, why);
}

/* Every line of `text` that has `part` in it must be there, and nothing that looks like the SSNs of the fixture. */
static void has(const char *part)
{
	if (strstr(text.data, part) == NULL)
		fail_msg("'%s' is not in:\n%s", part, text.data);
}

static void has_no_ssn(void)
{
	static const char *const never[] = {"219090002",   "219-09-0002", "219090001",
					    "219-09-0001", "\"219095555", "*219095555"};
	size_t i;

	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (strstr(text.data, never[i]) != NULL)
			fail_msg("'%s' is in:\n%s", never[i], text.data);
}

/* ---- out ---------------------------------------------------------------------------------------------------- */

static void writes_csv_masked_and_guarded(void **state)
{
	struct store_exception_filter filter = {.file_no = 1, .in_file_order = true};

	(void)state;
	export(&filter, QUEUE_CSV, true);
	assert_string_equal(
		text.data,
		"item,file,interchange,group,set,member_pos,category,severity,confidence,candidate1,score1,candidate2,"
		"score2,"
		"candidate3,score3,reason,due_at,maintenance,maintenance_reason,relationship,subscriber_id,member_id_"
		"sent,"
		"group_sent,plan_sent,insurance_line,coverage_maintenance,tier,begins_on,ends_on,last_name,first_name,"
		"middle_name,suffix,ssn,birth_on,sex,address1,address2,city,state,zip,phone,email,reference_qualifier,"
		"reference,payer_id,trace,amount,billed,period_begin,period_end,version\r\n"
		"F00000001-1-2,a.834,000000834,77,0001,2,LOW_SCORE,normal,0.912000,M000000018,0.912000,M000000026,0."
		"001000,,,"
		"\"One candidate, SSN ***-**-0002 "
		"differs.\",2026-03-04T08:00:00Z,001,,18,***-**-0002,,G1,,,,,,,FIORELLI,ANN,,,"
		"***-**-0002,1980-02-29,,\"1 MAIN, ST\",,,,,'+15105550100,,,,,,,,,,1\r\n"
		"F00000001-1-4,a.834,000000834,77,0001,4,NO_MATCH,high,0.000000,,,,,,,"
		"\"'=HYPERLINK(\"\"http://x\"\")\",2026-03-04T08:00:00Z,,,,,=2,,,,,,,,<script>alert(1)</"
		"script>,'=1+1,,,,,,,,"
		"''=3,,,,,,,,,,,,,1\r\n");
}

static void writes_xml_that_its_schema_accepts(void **state)
{
	struct store_exception_filter filter = {.in_file_order = true};
	struct xml_schema *schema;
	struct xml_error error = {0};

	(void)state;
	export(&filter, QUEUE_XML, true);
	assert_int_equal(xml_schema_new(&world.env, specs_find("exceptions.xsd"), &schema, &error), 0);
	if (xml_read(&world.env, buffer_slice(&text), schema, NULL, &error) != 0)
		fail_msg("%u:%u: %s\n%s", error.line, error.column, error.text, text.data);
	xml_schema_free(schema);
	has("<item id=\"F00000001-1-2\" version=\"1\">");
	has("<origin file=\"a.834\" file_id=\"F00000001\" interchange=\"000000834\" group=\"77\" set=\"0001\" "
	    "member_pos=\"2\" "
	    "segment_pos=\"30\" offset=\"2000\"/>");
	has("<segment offset=\"2020\">REF*0F****-**-0002</segment>");
	has("<segment offset=\"2045\">NM1*IL*1*FIORELLI*ANN****34****-**-0002</segment>");
	has("<segment>NM1*IL*1*X*Y****34****-**-5555</segment>");
	has("<segment offset=\"2000\">INS*N*19*024</segment>");
	has("<segment>REF*23*M219095555</segment>");
	has("<evidence field=\"ssn\" level=\"one digit differs\" bits=\"4.250\" against=\"stranger\">");
	has("<sent>***-**-0002</sent>");
	has("<known>***-**-0001</known>");
	has("&lt;script&gt;");
	has("<status>open</status>");
	has_no_ssn();
}

static void shows_an_item_beside_its_candidates(void **state)
{
	struct json json;

	(void)state;
	buffer_clear(&text);
	assert_int_equal(queue_show_text(store, &world.env, S(ITEM_WAITING), &text), 0);
	has("F00000001-1-2  LOW_SCORE  normal  open, version 1");
	has("received      2026-03-02T08:00:00Z, due 2026-03-04T08:00:00Z");
	has("a.834, interchange 000000834, group 77, set 0001, record 2 (segment 30, byte 2000)");
	has("Not sent: the plan's member number. Other than on file: SSN, first name.");
	has("= FIORELLI");
	has("! ANNA");
	has("candidate 1: M000000018, 1 in 11 wrong");
	has("     4.250 bits  ssn: one digit differs\n    -1.500 bits  first_name: nickname\n    +2.750 bits  in all, against");
	has("      2020  REF*0F*");
	has("the same family waits in\n  F00000001-1-4  NO_MATCH");
	has_no_ssn();
	buffer_clear(&text);
	json_init(&json, &text, false);
	assert_int_equal(queue_show_json(store, &world.env, S(ITEM_WAITING), &json), 0);
	has("\"known\":[{\"relationship\":\"18\"");
	has("\"ssn\":\"***-**-0001\"");
	has("\"decisions\":[]");
	has_no_ssn();
	has("\"certain_with\":\"Not sent: the plan");
	assert_int_equal(queue_show_text(store, &world.env, S("F9-9-9"), &text), QUEUE_E_UNKNOWN);
}

/* What tells two candidates apart is the difference; what one side does not name says nothing. */
static void says_what_tells_two_candidates_apart(void **state)
{
	static const char first[] = "[{\"field\":\"ssn\",\"level\":\"equal\",\"sent\":\"1\",\"known\":\"1\",\"bits\":4.250,"
				    "\"against\":\"housemate\"},{\"field\":\"prior\",\"level\":\"before any evidence\",\"sent\":\"\","
				    "\"known\":\"\",\"bits\":-1.005,\"against\":\"housemate\"}]";
	static const char second[] = "[{\"field\":\"suffix\",\"level\":\"missing\",\"sent\":\"JR\",\"known\":\"\",\"bits\":0.000,"
				     "\"against\":\"stranger\"},{\"field\":\"ssn\",\"level\":\"different\",\"sent\":\"1\",\"known\":\"2\","
				     "\"bits\":-10.500,\"against\":\"stranger\"}]";
	const struct store_candidate candidates[] = {{1, S("M000000018"), 999990, slice_from(first)},
						     {2, S("M000000026"), 0, slice_from(second)}};

	(void)state;
	assert_int_equal(store_begin(store, STORE_WRITE), 0);
	put_item(1, 1, 7, CATEGORY_MULTI_MATCH, "two", "{}", "", candidates, 2);
	assert_int_equal(store_commit(store), 0);
	buffer_clear(&text);
	assert_int_equal(queue_show_text(store, &world.env, S("F00000001-1-7"), &text), 0);
	has("candidate 1: M000000018, 1 in 100000 wrong\n     4.250 bits  ssn: equal\n    -1.005 bits  prior: before any");
	has("    +3.245 bits  in all, against somebody of the household\n");
	has("candidate 2: M000000026, less than 1 in 1,000,000 right\n   -10.500 bits  ssn: different\n   -10.500 bits  in all,"
	    " against a stranger\n");
	has("between 1 and 2: ssn +14.750\n");
}

/* A held file is nobody: "not sent: SSN" would send a representative looking for what cannot be there. */
static void asks_who_only_where_that_is_the_question(void **state)
{
	struct json json;

	(void)state;
	assert_int_equal(store_begin(store, STORE_WRITE), 0);
	put_item(1, 1, 0, CATEGORY_FILE_HOLD, "test file", "{}", "", NULL, 0);
	assert_int_equal(store_commit(store), 0);
	buffer_clear(&text);
	assert_int_equal(queue_show_text(store, &world.env, S("F00000001-1-0"), &text), 0);
	has("what to do    The file or set waits.");
	assert_null(strstr(text.data, "certain with"));
	buffer_clear(&text);
	json_init(&json, &text, false);
	assert_int_equal(queue_show_json(store, &world.env, S("F00000001-1-0"), &json), 0);
	has("\"certain_with\":null");
}

/* ---- decisions ---------------------------------------------------------------------------------------------- */

static void takes_the_decisions_there_are(void **state)
{
	struct buffer why;

	(void)state;
	buffer_init(&why, &world.env);
	assert_int_equal(resolve(ITEM_WAITING, " match:M000000018 ", 1, &why), 0);
	assert_int_equal(item(ITEM_WAITING)->status, STORE_EXCEPTION_RESOLVED);
	assert_true(slice_is(item(ITEM_WAITING)->decision, "match:M000000018"));
	assert_true(slice_is(item(ITEM_WAITING)->operator_id, "rep1"));
	assert_int_equal(item(ITEM_WAITING)->version, 2);
	assert_int_equal(resolve(ITEM_WAITING, "skip", 0, &why), QUEUE_E_CLOSED);
	assert_int_equal(resolve(ITEM_HOSTILE, "new", 0, &why), 0);
	assert_int_equal(item(ITEM_HOSTILE)->status, STORE_EXCEPTION_RESOLVED);
	assert_int_equal(resolve(ITEM_MONEY, "match:G1", 0, &why), 0);
	buffer_fini(&why);
}

static void refuses_decisions_that_make_no_sense(void **state)
{
	static const char *const wrong[] = {"",
					    "match",
					    "match:",
					    "match:M999",
					    "match:G1",
					    "Match:M000000018",
					    "delete",
					    "new "
					    "member"};
	struct buffer why;
	size_t i;

	(void)state;
	buffer_init(&why, &world.env);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(resolve(ITEM_WAITING, wrong[i], 1, &why), QUEUE_E_DECISION);
		assert_true(why.len > 0);
	}
	assert_int_equal(resolve(ITEM_MONEY, "new", 1, &why), QUEUE_E_DECISION);
	assert_int_equal(resolve(ITEM_WAITING, "skip", 2, &why), QUEUE_E_STALE);
	assert_int_equal(resolve("F9-9-9", "skip", 0, &why), QUEUE_E_UNKNOWN);
	assert_int_equal(item(ITEM_WAITING)->version, 1);
	assert_int_equal(item(ITEM_WAITING)->status, STORE_EXCEPTION_OPEN);
	buffer_fini(&why);
}

static void holds_take_no_member(void **state)
{
	struct buffer why;

	(void)state;
	buffer_init(&why, &world.env);
	begin();
	put_item(1, 0, 0, CATEGORY_FILE_HOLD, "Held.", "{}", "", NULL, 0);
	commit();
	assert_int_equal(resolve("F00000001-0-0", "match:M000000018", 0, &why), QUEUE_E_DECISION);
	assert_int_equal(resolve("F00000001-0-0", "new", 0, &why), QUEUE_E_DECISION);
	assert_int_equal(resolve("F00000001-0-0", "reject", 0, &why), 0);
	assert_int_equal(item("F00000001-0-0")->status, STORE_EXCEPTION_REJECTED);
	buffer_fini(&why);
}

/* A set of the first file that waits as a whole. */
static void hold_set(void)
{
	const struct store_tset *found;
	struct store_tset tset;

	begin();
	assert_int_equal(store_tset_get(store, 1, &arena, &found), 0);
	tset = *found;
	tset.outcome = STORE_TSET_HELD;
	assert_int_equal(store_tset_update(store, &tset), 0);
	put_item(1, 1, 0, CATEGORY_MASS_TERM, "Too many.", "{}", "", NULL, 0);
	commit();
}

#define ITEM_SET "F00000001-1-0"

static int say(const char *decision, const char *operator_id, const char *note, enum queue_release release,
	       struct buffer *why)
{
	struct queue_decision d = {
		S(ITEM_SET), slice_from(decision), slice_from(note), slice_from(operator_id), 0, release};

	buffer_clear(why);
	return queue_resolve(store, &world.env, &d, why);
}

static int describe_decision(void *context, const struct store_decision *decision)
{
	buffer_printf(context, "%u %.*s %.*s %.*s\n", decision->version, (int)decision->status.len, decision->status.data,
		      (int)decision->decision.len, decision->decision.data, (int)decision->operator_id.len,
		      decision->operator_id.data);
	return 0;
}

static int describe_audit(void *context, const struct store_audit *audit)
{
	buffer_printf(context, "%.*s %.*s: %.*s\n", (int)audit->actor.len, audit->actor.data, (int)audit->kind.len,
		      audit->kind.data, (int)audit->text.len, audit->text.data);
	return 0;
}

static void releases_a_set_with_four_eyes(void **state)
{
	struct buffer why;

	(void)state;
	buffer_init(&why, &world.env);
	hold_set();
	assert_int_equal(say("release", "ada", "", QUEUE_RELEASE_BY_TWO, &why), QUEUE_E_DECISION); /* on whose word? */
	assert_int_equal(say("withdraw", "ada", "", QUEUE_RELEASE_BY_TWO, &why), QUEUE_E_DECISION);
	assert_int_equal(say("release", "ada", "called them", QUEUE_RELEASE_BY_TWO, &why), QUEUE_E_PROPOSED);
	assert_int_equal(item(ITEM_SET)->status, STORE_EXCEPTION_OPEN);
	assert_true(slice_is_empty(item(ITEM_SET)->decision));
	assert_true(slice_is(item(ITEM_SET)->proposed_by, "ada"));
	/* One person has one vote, however he writes his name. */
	assert_int_equal(say("release", "ada", "again", QUEUE_RELEASE_BY_TWO, &why), QUEUE_E_DECISION);
	assert_string_equal(why.data, "ada has proposed the release: another operator has to confirm it");
	assert_int_equal(say("release", "Ada", "again", QUEUE_RELEASE_BY_TWO, &why), QUEUE_E_DECISION);
	assert_int_equal(say("release", "eve", "me too", QUEUE_RELEASE_DENIED, &why), QUEUE_E_DENIED);
	assert_int_equal(item(ITEM_SET)->version, 2);
	/* What is withdrawn needs two again. */
	assert_int_equal(say("withdraw", "ada", "", QUEUE_RELEASE_BY_TWO, &why), QUEUE_E_PROPOSED);
	assert_int_equal(say("release", "lee", "asked", QUEUE_RELEASE_BY_TWO, &why), QUEUE_E_PROPOSED);
	assert_int_equal(say("release", "ada", "", QUEUE_RELEASE_BY_TWO, &why), 0);
	assert_int_equal(item(ITEM_SET)->status, STORE_EXCEPTION_RESOLVED);
	assert_true(slice_is(item(ITEM_SET)->decision, "release"));
	assert_true(slice_is(item(ITEM_SET)->operator_id, "ada"));
	buffer_clear(&text);
	assert_int_equal(store_decisions_each(store, item(ITEM_SET)->exception_no, describe_decision, &text), 0);
	assert_string_equal(text.data, "2 proposed release ada\n3 withdrawn release ada\n4 proposed release lee\n"
				       "5 resolved release ada\n");
	buffer_clear(&text);
	assert_int_equal(store_audit_each(store, 1, describe_audit, &text), 0);
	has("ada proposal: release, now version 2\n");
	has("ada proposal: withdraw, now version 3\n");
	has("lee proposal: release, now version 4\n");
	has("ada decision: release, where lee had proposed release, now version 5\n");
	buffer_fini(&why);
}

/* A file of decisions is one operator's word, too; and a proposal is no decision that comes back in his export. */
static void a_file_of_decisions_is_one_voice(void **state)
{
	struct store_exception_filter filter = {.file_no = 1, .in_file_order = true};
	struct queue_import_result result;
	struct buffer messages, why;

	(void)state;
	buffer_init(&why, &world.env);
	buffer_init(&messages, &world.env);
	hold_set();
	assert_int_equal(queue_import(store, &world.env, "d.csv", S("item,version,decision,note\n" ITEM_SET ",1,release,x\n"),
				      S("ada"), QUEUE_RELEASE_BY_TWO, &messages, &result),
			 0);
	assert_int_equal(result.proposed, 1);
	assert_int_equal(result.decided, 0);
	export(&filter, QUEUE_CSV, false);
	assert_int_equal(queue_import(store, &world.env, "d.csv", buffer_slice(&text), S("lee"), QUEUE_RELEASE_BY_TWO,
				      &messages, &result),
			 0);
	assert_int_equal(result.decided + result.proposed, 0);
	assert_int_equal(item(ITEM_SET)->status, STORE_EXCEPTION_OPEN);
	assert_int_equal(queue_import(store, &world.env, "d.csv", S("item,version,decision\n" ITEM_SET ",2,release\n"),
				      S("lee"), QUEUE_RELEASE_BY_TWO, &messages, &result),
			 0);
	assert_int_equal(result.decided, 1);
	buffer_fini(&messages);
	buffer_fini(&why);
}

static void one_releases_where_the_site_says_so(void **state)
{
	struct buffer why;

	(void)state;
	buffer_init(&why, &world.env);
	hold_set();
	assert_int_equal(say("release", "ada", "", QUEUE_RELEASE_ALONE, &why), QUEUE_E_DECISION);
	assert_int_equal(say("release", "ada", "called them", QUEUE_RELEASE_ALONE, &why), 0);
	assert_int_equal(item(ITEM_SET)->status, STORE_EXCEPTION_RESOLVED);
	buffer_fini(&why);
}

static int describe_label(void *context, const struct store_label *label)
{
	uint32_t i;

	buffer_printf(context, "%.*s v%u %s %llu by %.*s%s:", (int)label->item_id.len, label->item_id.data, label->version,
		      store_label_verdict_name(label->verdict), (unsigned long long)label->member_no,
		      (int)label->operator_id.len, label->operator_id.data, label->withdrawn ? " withdrawn" : "");
	for (i = 0; i < label->candidate_count; i++)
		buffer_printf(context, " %llu %u %.*s", (unsigned long long)label->candidates[i].member_no,
			      label->candidates[i].score_e6, (int)label->candidates[i].evidence.len,
			      label->candidates[i].evidence.data);
	buffer_add_char(context, '\n');
	return 0;
}

static void wants_labels(const char *wanted)
{
	buffer_clear(&text);
	assert_int_equal(store_labels_each(store, describe_label, &text), 0);
	buffer_add_char(&text, '\0');
	assert_string_equal(text.data, wanted);
}

static void wants_ruled_out(const char *id, uint32_t count, uint64_t first)
{
	const uint64_t *member_nos;
	uint32_t found;

	assert_int_equal(store_not_same_of(store, &item(id)->identity, &arena, &member_nos, &found), 0);
	assert_int_equal(found, count);
	if (count > 0)
		assert_int_equal(member_nos[0], first);
}

#define SHOWN_BOTH                                                                                                     \
	" 1 912000 [{\"field\":\"ssn\",\"key\":\"one_edit\",\"bits\":4.250,\"against\":\"stranger\"},{\"field\":"              \
	"\"first_name\",\"key\":\"nickname\",\"bits\":-1.500,\"against\":\"housemate\"}] 2 1000 []"
#define SHOWN SHOWN_BOTH "\n"
#define LEVEL(field, key) "{\"field\":\"" field "\",\"key\":\"" key "\"}"

static void keeps_what_a_decision_teaches(void **state)
{
	struct buffer why;

	(void)state;
	buffer_init(&why, &world.env);
	assert_int_equal(resolve(ITEM_WAITING, "match:M000000018", 0, &why), 0);
	wants_labels("F00000001-1-2 v2 same 1 by rep1:" SHOWN);
	wants_ruled_out(ITEM_WAITING, 1, 2); /* the other one is not the same */
	assert_int_equal(item(ITEM_WAITING)->candidate_count, 2); /* what was shown is not forgotten */
	assert_int_equal(resolve(ITEM_HOSTILE, "reject", 0, &why), 0);
	assert_int_equal(resolve(ITEM_MONEY, "match:G1", 0, &why), 0);
	wants_labels("F00000001-1-2 v2 same 1 by rep1:" SHOWN); /* these say nothing of who somebody is */
	buffer_fini(&why);
}

/* The decision with its label and what it rules out, or nothing of them. */
static void decide_whichever_allocation_fails(const char *decision)
{
	struct queue_decision d = {S(ITEM_WAITING), slice_from(decision), S(""), S("rep1"), 1, QUEUE_RELEASE_BY_TWO};
	struct buffer why;
	struct env_fault fault;
	uint64_t nth;
	int r = -ENOMEM;

	buffer_init(&why, &world.env);
	env_fault_init(&fault, &world.env, 1);
	for (nth = 1; r == -ENOMEM; nth++) {
		wants_labels("");
		wants_ruled_out(ITEM_WAITING, 0, 0);
		assert_int_equal(item(ITEM_WAITING)->version, 1);
		env_fault_plan(&fault,
			       (struct env_fault_plan){ENV_FAULT_OP(ENV_ALLOC), nth, ENV_FAULT_ERROR_ONCE, ENOMEM});
		r = queue_resolve(store, &fault.env, &d, &why);
	}
	assert_int_equal(r, 0);
	assert_true(nth > 3);
	buffer_fini(&why);
}

/* Nobody had shown him: how he compares is kept all the same, as he was before the decision. */
static void keeps_how_one_compares_who_was_not_shown(void **state)
{
	struct member cleo = a_member(S("M000000034"), S("S7"), S("18"));

	(void)state;
	cleo.first_name = S("ANNE");
	cleo.ssn = S("219090003");
	begin();
	assert_int_equal(store_member_insert(store, &cleo, &(struct store_keys){0}, &arena), 0);
	commit();
	decide_whichever_allocation_fails("match:M000000034");
	wants_labels("F00000001-1-2 v2 same 3 by rep1:" SHOWN_BOTH " 3 0 [" LEVEL("member_id", "missing")
		     "," LEVEL("ssn", "one_edit") "," LEVEL("birth_on", "equal") "," LEVEL("first_name", "nickname")
		     "," LEVEL("last_name", "equal") "," LEVEL("middle_name", "missing") "," LEVEL("suffix", "missing")
		     "," LEVEL("sex", "missing") "," LEVEL("relationship", "self") "," LEVEL("subscriber_id", "missing")
		     "," LEVEL("group_id", "missing") "," LEVEL("address1", "equal") "," LEVEL("phone", "missing")
		     "," LEVEL("email", "missing") "]\n");
	wants_ruled_out(ITEM_WAITING, 2, 1);
}

static void takes_a_candidate_away(void **state)
{
	struct buffer why;

	(void)state;
	buffer_init(&why, &world.env);
	assert_int_equal(resolve(ITEM_WAITING, "not:M000000034", 0, &why), QUEUE_E_DECISION); /* was not shown */
	assert_int_equal(resolve(ITEM_WAITING, "not:", 0, &why), QUEUE_E_DECISION);
	assert_int_equal(resolve(ITEM_MONEY, "not:M000000018", 0, &why), QUEUE_E_DECISION);
	wants_labels("");
	assert_int_equal(resolve(ITEM_WAITING, "not:M000000018", 0, &why), 0);
	wants_labels("F00000001-1-2 v2 not_same 1 by rep1:" SHOWN);
	wants_ruled_out(ITEM_WAITING, 1, 1);
	begin();
	assert_int_equal(store_labels_withdraw(store, item(ITEM_WAITING)->exception_no), 0);
	commit();
	wants_labels("F00000001-1-2 v2 not_same 1 by rep1 withdrawn:" SHOWN);
	wants_ruled_out(ITEM_WAITING, 0, 0);
	buffer_fini(&why);
}

static void keeps_all_of_a_decision_or_nothing(void **state)
{
	(void)state;
	decide_whichever_allocation_fails("not:M000000018");
	wants_labels("F00000001-1-2 v2 not_same 1 by rep1:" SHOWN);
	wants_ruled_out(ITEM_WAITING, 1, 1);
}

/* What was said before sampled decisions could be labelled is still there after the upgrade, and new words come beside it. */
static void keeps_labels_over_an_upgrade(void **state)
{
	const char *path = world_path("muster.db");
	struct buffer why, before, after;

	(void)state;
	buffer_init(&why, &world.env);
	buffer_init(&before, &world.env);
	buffer_init(&after, &world.env);
	assert_int_equal(resolve(ITEM_WAITING, "match:M000000018", 0, &why), 0);
	store_verify(store, &before); /* this world's files were never read: not all of it adds up */
	set_back(path, TO_SCHEMA_18);
	assert_int_equal(store_open(&world.env, path, 0, &store), 0);
	wants_labels("F00000001-1-2 v2 same 1 by rep1:" SHOWN);
	store_verify(store, &after);
	assert_true(slice_equal(buffer_slice(&after), buffer_slice(&before)));
	buffer_fini(&why);
	buffer_fini(&before);
	buffer_fini(&after);
}

/* One weighed candidate, as matching a record again brings him. */
static struct match_result one_candidate(void)
{
	static struct match_evidence evidence[] = {
		{.field = "ssn", .key = "one_edit", .level = "one digit", .millibits = 4250},
		{.field = "first_name", .key = "nickname", .level = "nickname", .millibits = -1500, .against_housemate = true},
		{.field = "prior", .key = "", .level = "before any evidence", .millibits = -9000},
	};
	static struct member bob;
	static struct member nobody;
	struct match_result result = {.candidate_count = 2};

	bob.member_no = 1;
	bob.member_id = S("M000000018");
	result.candidates[0] = (struct match_candidate){
		.member = &bob, .probability = 0.912, .evidence = evidence, .evidence_count = 3};
	/* And one whom the record's own family had only just brought: nobody on file. */
	result.candidates[1] = result.candidates[0];
	result.candidates[1].member = &nobody;
	return result;
}

#define SAMPLED                                                                                                        \
	" 1 912000 [{\"field\":\"ssn\",\"key\":\"one_edit\",\"bits\":4.250,\"against\":\"stranger\"},{\"field\":"              \
	"\"first_name\",\"key\":\"nickname\",\"bits\":-1.500,\"against\":\"housemate\"}]\n"

/* What a person says of a sampled decision stands beside what he said of items, the last word alone; or nothing of it. */
static void keeps_what_the_sample_teaches(void **state)
{
	const struct hash *identity = &item(ITEM_WAITING)->identity;
	const struct match_result result = one_candidate();
	struct queue_sampled sampled = {.record_id = S("F00000001-1-9"), .file_no = 1, .decision = S("not:m000000018"),
					.operator_id = S("rep2"), .model = S("default-9-0"), .identity = identity};
	struct env_fault fault;
	struct buffer why;
	uint64_t nth;
	int r = -ENOMEM;

	(void)state;
	buffer_init(&why, &world.env);
	assert_int_equal(queue_sampled_candidates(&arena, &result, &sampled.candidates, &sampled.candidate_count), 0);
	env_fault_init(&fault, &world.env, 1);
	for (nth = 1; r == -ENOMEM; nth++) {
		struct arena small;

		env_fault_plan(&fault,
			       (struct env_fault_plan){ENV_FAULT_OP(ENV_ALLOC), nth, ENV_FAULT_ERROR_ONCE, ENOMEM});
		arena_init(&small, &fault.env, 0, 0);
		r = queue_sampled_candidates(&small, &result, &sampled.candidates, &sampled.candidate_count);
		arena_fini(&small);
	}
	assert_int_equal(r, 0);
	assert_int_equal(queue_sampled_candidates(&arena, &result, &sampled.candidates, &sampled.candidate_count), 0);
	assert_int_equal(sampled.candidate_count, 1);
	assert_int_equal(queue_label_sampled(store, &sampled, &why), 0);
	wants_labels("F00000001-1-9 v1 not_same 1 by rep2:" SAMPLED);
	wants_ruled_out(ITEM_WAITING, 1, 1);
	sampled.decision = S("match:M000000034");
	assert_int_equal(queue_label_sampled(store, &sampled, &why), QUEUE_E_DECISION); /* was not compared */
	sampled.decision = S("match:M000000018");
	assert_int_equal(queue_label_sampled(store, &sampled, &why), 0);
	wants_labels("F00000001-1-9 v1 not_same 1 by rep2 withdrawn:" SAMPLED "F00000001-1-9 v2 same 1 by rep2:" SAMPLED);
	wants_ruled_out(ITEM_WAITING, 0, 0);
	buffer_fini(&why);
}

static void leases_what_is_most_urgent(void **state)
{
	struct slice first, second, third;
	struct buffer why;

	(void)state;
	buffer_init(&why, &world.env);
	assert_int_equal(queue_next(store, &world.env, S("rep1"), &arena, &first), 0);
	assert_true(slice_is(first, ITEM_HOSTILE)); /* high before normal */
	assert_int_equal(item(ITEM_HOSTILE)->lease_until_ms, RECEIVED_MS + QUEUE_LEASE_MS);
	assert_int_equal(queue_next(store, &world.env, S("rep2"), &arena, &second), 0);
	assert_true(slice_is(second, ITEM_WAITING));
	assert_int_equal(queue_assign(store, &world.env, S(ITEM_MONEY), S("rep3"), S("lead"), &why), 0);
	assert_int_equal(queue_next(store, &world.env, S("rep1"), &arena, &third), QUEUE_E_EMPTY);
	assert_int_equal(queue_next(store, &world.env, S("rep3"), &arena, &third), 0);
	assert_true(slice_is(third, ITEM_MONEY));
	/* Leased by another: only with a note, or when the lease has run out. */
	assert_int_equal(resolve(ITEM_WAITING, "skip", 0, &why), QUEUE_E_TAKEN);
	now_ms += QUEUE_LEASE_MS;
	assert_int_equal(queue_next(store, &world.env, S("rep1"), &arena, &third), 0);
	assert_true(slice_is(third, ITEM_HOSTILE));
	assert_int_equal(resolve(ITEM_WAITING, "skip", 0, &why), 0);
	assert_int_equal(item(ITEM_WAITING)->status, STORE_EXCEPTION_SKIPPED);
	buffer_fini(&why);
}

static int count_audit(void *context, const struct store_audit *audit)
{
	if (slice_is(audit->subject, ITEM_WAITING))
		++*(int *)context;
	return 0;
}

static void keeps_notes_and_audit(void **state)
{
	struct buffer why;
	int audits = 0;

	(void)state;
	buffer_init(&why, &world.env);
	assert_int_equal(queue_note(store, &world.env, S(ITEM_WAITING), S("asked the sponsor"), S("rep1"), &why), 0);
	assert_int_equal(queue_note(store, &world.env, S(ITEM_WAITING), S(" answered "), S("rep2"), &why), 0);
	assert_true(slice_is(item(ITEM_WAITING)->note, "asked the sponsor\nanswered"));
	assert_int_equal(queue_note(store, &world.env, S(ITEM_WAITING), S("  "), S("rep1"), &why), QUEUE_E_DECISION);
	assert_int_equal(queue_assign(store, &world.env, S(ITEM_WAITING), S("rep1"), S("lead"), &why), 0);
	assert_int_equal(item(ITEM_WAITING)->status, STORE_EXCEPTION_ASSIGNED);
	assert_int_equal(queue_assign(store, &world.env, S(ITEM_WAITING), S(""), S("lead"), &why), 0);
	assert_int_equal(item(ITEM_WAITING)->status, STORE_EXCEPTION_OPEN);
	assert_int_equal(store_audit_each(store, 0, count_audit, &audits), 0);
	assert_int_equal(audits, 4);
	buffer_fini(&why);
}

/* ---- in ----------------------------------------------------------------------------------------------------- */

/* The exported CSV with two more columns, the given values in its rows. */
static void add_decisions(struct buffer *out, const char *const *values)
{
	struct slice rest = buffer_slice(&text);
	size_t row = 0, end;

	buffer_clear(out);
	while (rest.len > 0) {
		end = slice_find(rest, '\n', 0);
		buffer_add(out, rest.data, end - 1);
		buffer_printf(out, ",%s\r\n", row == 0 ? "decision,note" : values[row - 1]);
		rest = slice_of(rest.data + end + 1, rest.len - end - 1);
		row++;
	}
}

static void takes_its_own_csv_back(void **state)
{
	static const char *const values[] = {"match:M000000018,'=sure", ","};
	struct store_exception_filter filter = {.file_no = 1, .in_file_order = true};
	struct queue_import_result result;
	struct buffer file, messages;

	(void)state;
	buffer_init(&file, &world.env);
	buffer_init(&messages, &world.env);
	export(&filter, QUEUE_CSV, true);
	add_decisions(&file, values);
	assert_int_equal(queue_import(store, &world.env, "d.csv", buffer_slice(&file), S("rep1"), QUEUE_RELEASE_BY_TWO, &messages, &result),
			 0);
	assert_int_equal(result.rows, 2);
	assert_int_equal(result.decided, 1);
	assert_int_equal(result.blank, 1);
	assert_int_equal(result.refused, 0);
	assert_int_equal(messages.len, 0);
	assert_true(slice_is(item(ITEM_WAITING)->decision, "match:M000000018"));
	assert_true(slice_is(item(ITEM_WAITING)->note, "=sure"));
	assert_int_equal(item(ITEM_HOSTILE)->version, 1);
	/* The same file again: the row is stale now, and says so; nothing is decided twice. */
	assert_int_equal(queue_import(store, &world.env, "d.csv", buffer_slice(&file), S("rep1"), QUEUE_RELEASE_BY_TWO, &messages, &result),
			 0);
	assert_int_equal(result.decided, 0);
	assert_int_equal(result.refused, 1);
	assert_string_equal(messages.data,
			    "d.csv:2:283: F00000001-1-2: the item has changed since: it is at version 2, the "
			    "decision was made on 1\n");
	buffer_fini(&file);
	buffer_fini(&messages);
}

/* A spreadsheet of which some columns were sorted, or the file of another plan, would decide on somebody else. */
static void takes_no_row_about_another_record(void **state)
{
	static const struct {
		const char *file;
		unsigned decided;
	} rows[] = {
		{"item,version,decision,last_name\nF00000001-1-2,1,skip,QUILL\n", 0},
		{"item,version,decision,first_name\nF00000001-1-2,1,skip,ANNA\n", 0},
		{"item,version,decision,member_pos\nF00000001-1-2,1,skip,4\n", 0},
		{"item,version,decision,ssn\nF00000001-1-2,1,skip,***-**-0003\n", 0},
		{"item,version,decision,last_name\nF00000001-1-4,1,skip,FIORELLI\n", 0},
		{"item,version,decision,amount\nF00000002-1-2,1,skip,540.00\n", 0},
		{"item,version,decision,amount\nF00000002-1-2,1,skip,450\n", 1},
		{"item,version,decision,last_name,first_name,ssn,member_pos\nF00000001-1-2,1,skip,Fiorelli,,***-**-0002,2\n", 1},
		{"item,version,decision,first_name\nF00000001-1-4,1,skip,'=1+1\n", 1},
	};
	struct queue_import_result result;
	struct buffer messages;
	size_t i;

	(void)state;
	buffer_init(&messages, &world.env);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(queue_import(store, &world.env, "d.csv", slice_from(rows[i].file), S("rep1"),
					      QUEUE_RELEASE_BY_TWO, &messages, &result), 0);
		assert_int_equal(result.decided, rows[i].decided);
		assert_int_equal(result.refused, 1 - rows[i].decided);
		assert_int_equal(strstr(messages.data, "is about another record") != NULL, rows[i].decided == 0);
		buffer_clear(&messages);
		buffer_add_char(&messages, ' ');
	}
	buffer_fini(&messages);
}

/* The same in XML: the decision stands under an item whose id was changed by hand. */
static void takes_no_element_about_another_record(void **state)
{
	struct store_exception_filter filter = {.file_no = 1, .in_file_order = true};
	struct queue_import_result result;
	struct buffer file, messages;
	const char *at;

	(void)state;
	buffer_init(&file, &world.env);
	buffer_init(&messages, &world.env);
	export(&filter, QUEUE_XML, true);
	at = strstr(text.data, "F00000001-1-2\"");
	assert_non_null(at);
	buffer_add(&file, text.data, (size_t)(at - text.data));
	buffer_add_text(&file, "F00000001-1-4\"");
	at += strlen("F00000001-1-2\"");
	buffer_add(&file, at, (size_t)(strstr(at, "</item>") - at));
	buffer_add_text(&file, "<decision>skip</decision>");
	buffer_add_text(&file, strstr(at, "</item>"));
	assert_int_equal(queue_import(store, &world.env, "d.xml", buffer_slice(&file), S("rep1"), QUEUE_RELEASE_BY_TWO,
				      &messages, &result), 0);
	assert_int_equal(result.decided, 0);
	assert_int_equal(result.refused, 1);
	buffer_fini(&file);
	buffer_fini(&messages);
}

static void tells_where_a_decision_is_wrong(void **state)
{
	static const char file[] = "decision,item,version\n"
				   "match:M999,F00000001-1-2,1\n"
				   "\"skip\nnow\",F00000001-1-4,1\n"
				   "reject,F00000002-1-2,x\n"
				   "\"reject,F00000002-1-2,1\n"
				   "reject,F00000002-1-2,1\n";
	struct queue_import_result result;
	struct buffer messages;

	(void)state;
	buffer_init(&messages, &world.env);
	assert_int_equal(queue_import(store, &world.env, "d.csv", slice_from(file), S("rep1"), QUEUE_RELEASE_BY_TWO, &messages, &result), 0);
	text = (struct buffer){.data = messages.data};
	has("d.csv:2:1: F00000001-1-2: no member with this number is on file\n");
	has("d.csv:3:1: F00000001-1-4: a decision is one of match:<member id>, not:<member id>, new, release, reject, skip\n");
	has("d.csv:5:1: F00000002-1-2: the version is not a number of an item\n");
	assert_true(result.refused >= 4);
	assert_int_equal(item(ITEM_WAITING)->version, 1);
	text = (struct buffer){0};
	buffer_init(&text, &world.env);
	buffer_fini(&messages);
}

static void takes_its_own_xml_back(void **state)
{
	struct store_exception_filter filter = {.in_file_order = true};
	struct queue_import_result result;
	struct buffer file, messages;
	const char *end;

	(void)state;
	buffer_init(&file, &world.env);
	buffer_init(&messages, &world.env);
	export(&filter, QUEUE_XML, true);
	end = strstr(text.data, "</item>");
	buffer_add(&file, text.data, (size_t)(end - text.data));
	buffer_add_text(&file, "<decision>match:M000000018</decision><note>a &amp; b</note></item>");
	end = strstr(end + 1, "<reason>");
	buffer_add(&file, strstr(text.data, "</item>") + 7, (size_t)(end - strstr(text.data, "</item>") - 7));
	buffer_add_text(&file, "<decision> new\n</decision>");
	buffer_add_text(&file, end);
	assert_int_equal(queue_import(store, &world.env, "d.xml", buffer_slice(&file), S("rep1"), QUEUE_RELEASE_BY_TWO, &messages, &result),
			 0);
	assert_int_equal(result.rows, 3);
	assert_int_equal(result.decided, 2);
	assert_int_equal(result.blank, 1);
	assert_true(slice_is(item(ITEM_WAITING)->decision, "match:M000000018"));
	assert_true(slice_is(item(ITEM_WAITING)->note, "a & b"));
	assert_true(slice_is(item(ITEM_HOSTILE)->decision, "new"));
	buffer_fini(&file);
	buffer_fini(&messages);
}

static void refuses_files_as_a_whole(void **state)
{
	static const struct {
		const char *content, *message;
	} rows[] = {
		{"", "d:1:1: the file is empty"},
		{"item,decision\nF00000001-1-2,skip\n", "d:1:1: there is no column `version`"},
		{"item,version\nF00000001-1-2,1\n", "d:1:1: there is no column `decision`"},
		{"<!DOCTYPE x><exceptions xmlns=\"urn:muster:exceptions:1\"/>",
		 "d:1:1: a document type declaration is not taken"},
		{"<exceptions/>", "d:1:1:"},
		{"<exceptions xmlns=\"urn:muster:exceptions:1\">\n <item id=\"F00000001-1-2\" "
		 "version=\"1\"><decision>skip</decision>"
		 "</item></exceptions>",
		 "d:2:"},
	};
	struct queue_import_result result;
	struct buffer messages;
	size_t i;

	(void)state;
	buffer_init(&messages, &world.env);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buffer_clear(&messages);
		assert_int_equal(queue_import(store, &world.env, "d", slice_from(rows[i].content), S("rep1"), QUEUE_RELEASE_BY_TWO, &messages,
					      &result),
				 QUEUE_E_FILE);
		if (strncmp(messages.data, rows[i].message, strlen(rows[i].message)) != 0)
			fail_msg("'%s' does not begin with '%s'", messages.data, rows[i].message);
	}
	assert_int_equal(item(ITEM_WAITING)->version, 1);
	buffer_fini(&messages);
}

static void shows_the_present_unless_as_received(void **state)
{
	struct store_exception_filter filter = {.file_no = 1, .in_file_order = true};
	struct slice before;
	struct buffer why;

	(void)state;
	buffer_init(&why, &world.env);
	export(&filter, QUEUE_XML, true);
	before = arena_dup(&arena, buffer_slice(&text));
	assert_int_equal(resolve(ITEM_WAITING, "skip", 0, &why), 0);
	export(&filter, QUEUE_XML, true);
	assert_true(slice_equal(before, buffer_slice(&text)));
	export(&filter, QUEUE_XML, false);
	has("<item id=\"F00000001-1-2\" version=\"2\">");
	has("<status>skipped</status>");
	has("<decision>skip</decision>");
	export(&filter, QUEUE_CSV, false);
	has("version,decision,note\r\n");
	has(",2,skip,\r\n");
	filter.statuses = 1u << STORE_EXCEPTION_OPEN;
	export(&filter, QUEUE_CSV, false);
	assert_null(strstr(text.data, ITEM_WAITING));
	buffer_fini(&why);
}

static int setup(void **state)
{
	int r = queue_world_setup(state);

	buffer_init(&text, &world.env);
	return r;
}

static int teardown(void **state)
{
	buffer_fini(&text);
	return store_world_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writes_csv_masked_and_guarded, setup, teardown),
		cmocka_unit_test_setup_teardown(writes_xml_that_its_schema_accepts, setup, teardown),
		cmocka_unit_test_setup_teardown(shows_an_item_beside_its_candidates, setup, teardown),
		cmocka_unit_test_setup_teardown(says_what_tells_two_candidates_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(asks_who_only_where_that_is_the_question, setup, teardown),
		cmocka_unit_test_setup_teardown(takes_the_decisions_there_are, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_decisions_that_make_no_sense, setup, teardown),
		cmocka_unit_test_setup_teardown(holds_take_no_member, setup, teardown),
		cmocka_unit_test_setup_teardown(releases_a_set_with_four_eyes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_of_decisions_is_one_voice, setup, teardown),
		cmocka_unit_test_setup_teardown(one_releases_where_the_site_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_what_a_decision_teaches, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_how_one_compares_who_was_not_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(takes_a_candidate_away, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_all_of_a_decision_or_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_what_the_sample_teaches, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_labels_over_an_upgrade, setup, teardown),
		cmocka_unit_test_setup_teardown(leases_what_is_most_urgent, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_notes_and_audit, setup, teardown),
		cmocka_unit_test_setup_teardown(takes_its_own_csv_back, setup, teardown),
		cmocka_unit_test_setup_teardown(takes_no_row_about_another_record, setup, teardown),
		cmocka_unit_test_setup_teardown(takes_no_element_about_another_record, setup, teardown),
		cmocka_unit_test_setup_teardown(tells_where_a_decision_is_wrong, setup, teardown),
		cmocka_unit_test_setup_teardown(takes_its_own_xml_back, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_files_as_a_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(shows_the_present_unless_as_received, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
