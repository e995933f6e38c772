/*
 * queue_world: a received 834 with an applied, an unchanged and two waiting records, and an 820 with a line posted and
 * one suspended, as apply leaves them. For tests of queue and outputs.
 *
 * Include after cmocka.h. All people are invented.
 */
#ifndef MUSTER_TESTS_QUEUE_WORLD_H
#define MUSTER_TESTS_QUEUE_WORLD_H

#include "muster/queue.h"
#include "store_world.h"

/* 2026-03-02T08:00:00Z; the queue's clock stands there unless a test moves it. */
#define RECEIVED_MS INT64_C(1772438400000)
static int64_t now_ms = RECEIVED_MS;

#define HOSTILE "=HYPERLINK(\"http://x\")"
#define ITEM_WAITING "F00000001-1-2"
#define ITEM_HOSTILE "F00000001-1-4"
#define ITEM_MONEY "F00000002-1-2"

static int64_t fixed_clock(struct env *env)
{
	(void)env;
	return now_ms;
}

/* A file with one interchange and one set; returns the set's number. */
static uint64_t put_file(const char *name, enum store_file_kind kind, const char *control, const char *set_id,
			 const char *guide_id, const struct store_tally *tally)
{
	struct store_file file = {.name = slice_from(name),
				  .partner = S("acme"),
				  .kind = kind,
				  .bytes = 1234,
				  .received_ms = RECEIVED_MS,
				  .as_of = day(2026, 3, 2),
				  .tally = *tally};
	struct store_interchange interchange = {.ordinal = 1,
						.sender_qualifier = S("ZZ"),
						.sender_id = S("ACME"),
						.receiver_qualifier = S("ZZ"),
						.receiver_id = S("PLAN"),
						.control_number = slice_from(control),
						.version = S("00501"),
						.usage = S("P"),
						.complete = true};
	struct store_tset tset = {.ordinal = 1,
				  .functional_id = S("BE"),
				  .fgroup_control = S("77"),
				  .set_id = slice_from(set_id),
				  .control_number = S("0001"),
				  .guide_id = slice_from(guide_id),
				  .verdict = S("accepted"),
				  .segments = 40,
				  .members = 4,
				  .warnings = 1,
				  .ledger_key = slice_from(name),
				  .hold_category = CATEGORY_COUNT,
				  .tally = *tally};

	hash_of(slice_from(name), &file.sha256);
	assert_int_equal(store_file_add(store, &file), 0);
	interchange.file_no = file.file_no;
	assert_int_equal(store_interchange_add(store, &interchange), 0);
	tset.file_no = file.file_no;
	tset.interchange_no = interchange.interchange_no;
	assert_int_equal(store_tset_add(store, &tset), 0);
	tset.outcome = STORE_TSET_APPLIED;
	tset.done = true;
	assert_int_equal(store_tset_update(store, &tset), 0);
	file.stage = STORE_FILE_VALIDATED;
	assert_int_equal(store_file_update(store, &file), 0);
	file.stage = STORE_FILE_APPLIED;
	file.outcome = STORE_FILE_PROCESSED;
	assert_int_equal(store_file_update(store, &file), 0);
	return tset.tset_no;
}

static void put_change(uint64_t tset_no, uint32_t pos, uint32_t index, const char *action, const char *member_id,
		       const char *operator_id, const char *text)
{
	struct store_change change = {.tset_no = tset_no,
				      .member_pos = pos,
				      .op_index = index,
				      .action = slice_from(action),
				      .member_id = slice_from(member_id),
				      .subscriber_id = S("S1"),
				      .group_id = S("G1"),
				      .plan_id = S("P1"),
				      .begins_on = day(2026, 4, 1),
				      .ends_on = DATE_NONE,
				      .confidence_e6 = 999868,
				      .match_rule = S("member_id+birth_on"),
				      .change = slice_from(text),
				      .before = S("{}"),
				      .after = S("{}"),
				      .segment_pos = 19,
				      .offset = 1432,
				      .operator_id = slice_from(operator_id),
				      .at_ms = RECEIVED_MS};

	assert_int_equal(store_change_add(store, &change), 0);
}

static void put_item(uint64_t file_no, uint64_t tset_no, uint32_t pos, enum category category, const char *reason,
		     const char *incoming, const char *raw, const struct store_candidate *candidates, uint32_t count)
{
	struct store_exception item = {.file_no = file_no,
				       .tset_no = tset_no,
				       .member_pos = pos,
				       .category = category,
				       .confidence_e6 = count > 0 ? candidates[0].score_e6 : 0,
				       .reason = slice_from(reason),
				       .created_ms = RECEIVED_MS,
				       .due_ms = RECEIVED_MS + 2 * CLOCK_DAY_MS,
				       .subscriber_id = S("S1"),
				       .group_id = S("G1"),
				       .incoming = slice_from(incoming),
				       .raw = slice_from(raw),
				       .segment_pos = 30,
				       .offset = 2000,
				       .candidates = candidates,
				       .candidate_count = count};

	hash_of(item.raw, &item.content_hash);
	hash_of(item.incoming, &item.identity);
	assert_int_equal(store_exception_add(store, &item), 0);
}

static void put_834(void)
{
	static const struct store_tally tally = {
		.members_read = 4, .members_applied = 1, .members_no_change = 1, .members_exception = 2};
	static const char evidence[] = "[{\"field\":\"ssn\",\"level\":\"one digit "
				       "differs\",\"key\":\"one_edit\",\"sent\":\"219-09-0002\",\"known\":\"219090001\",\"bits\":4.250,"
				       "\"against\":\"stranger\"},{\"field\":\"first_name\",\"level\":\"nickname\",\"key\":\"nickname\","
				       "\"sent\":\"ANN\",\"known\":\"ANNA\","
				       "\"bits\":-1.500,\"against\":\"housemate\"}]";
	const struct store_candidate candidates[] = {{1, S("M000000018"), 912000, slice_from(evidence)},
						     {2, S("M000000026"), 1000, S("[]")}};
	uint64_t tset_no = put_file("a.834", STORE_KIND_834, "000000834", "834", "005010X220A1", &tally);

	put_change(tset_no, 1, 0, "add", "M000000018", "", "new member");
	put_change(tset_no, 1, 1, "terminate", "M000000026", "",
		   "-"
		   "1 day");
	put_change(tset_no, 3, 0, "no_change", "M000000018", "", "");
	put_item(
		1, tset_no, 2, CATEGORY_LOW_SCORE, "One candidate, SSN 219090002 differs.",
		"{\"maintenance\":\"001\",\"relationship\":\"18\",\"subscriber_id\":\"219090002\",\"group_sent\":"
		"\"G1\","
		"\"last_name\":\"FIORELLI\",\"first_name\":\"ANN\",\"ssn\":\"219-09-0002\",\"birth_on\":\"1980-02-29\","
		"\"address1\":\"1 MAIN, ST\",\"phone\":\"+15105550100\",\"offsets\":[2000,2020,2045]}",
		"INS*Y*18*001~REF*0F*219090002~NM1*IL*1*FIORELLI*ANN****34*219-09-0002~", candidates, 2);
	put_item(1, tset_no, 4, CATEGORY_NO_MATCH, HOSTILE,
		 "{\"last_name\":\"<script>alert(1)</script>\",\"first_name\":\"=1+1\",\"member_id_sent\":\"=2\","
		 "\"city\":\"'=3\",\"ssn\":\"\"}",
		 "INS*N*19*024~NM1*IL*1*X*Y****34*219095555~REF*23*M219095555~", NULL, 0);
}

static void put_line(uint64_t tset_no, uint32_t pos, enum store_payment_status status, cents amount)
{
	struct store_remittance_line line = {.tset_no = tset_no,
					     .line_pos = pos,
					     .status = status,
					     .group_id = status == STORE_PAYMENT_SUSPENDED ? S("") : S("G1"),
					     .amount = amount,
					     .paid = amount,
					     .period_begin = DATE_NONE,
					     .period_end = DATE_NONE,
					     .pending_until = DATE_NONE};

	assert_int_equal(store_remittance_line_add(store, &line), 0);
}

static void put_820(void)
{
	static const struct store_tally tally = {.members_read = 2,
						 .members_applied = 1,
						 .members_exception = 1,
						 .money_read = 95000,
						 .money_posted = 50000,
						 .money_suspended = 45000};
	struct store_remittance remittance = {.payer_id = S("940001111"),
					      .trace = S("T1"),
					      .total = 95000,
					      .settles_on = day(2026, 3, 1),
					      .period_begin = DATE_NONE,
					      .period_end = DATE_NONE};
	uint64_t tset_no = put_file("b.820", STORE_KIND_820, "000000820", "820", "005010X218", &tally);

	remittance.tset_no = tset_no;
	assert_int_equal(store_remittance_add(store, &remittance), 0);
	put_line(tset_no, 1, STORE_PAYMENT_POSTED, 50000);
	put_line(tset_no, 2, STORE_PAYMENT_SUSPENDED, 45000);
	put_change(tset_no, 1, 0, "post", "", "", "settled 2026-03-01: 500.00 on account");
	put_item(2, tset_no, 2, CATEGORY_UNKNOWN_PAYER, "The payer is not on file.",
		 "{\"reference\":\"INV1\",\"amount\":\"450.00\"}", "ENT*1*2L*FI*940001111~RMR*IK*INV1**450~", NULL, 0);
}

static int queue_world_setup(void **state)
{
	struct member anna, bo;

	if (store_world_setup_filled(state) != 0)
		return -1;
	now_ms = RECEIVED_MS;
	world.env.clock_ms = fixed_clock;
	begin();
	anna = a_member(S("M000000018"), S("S1"), S("18"));
	bo = a_member(S("M000000026"), S("S1"), S("19"));
	bo.first_name = S("BO");
	bo.ssn = S("");
	assert_int_equal(store_member_insert(store, &anna, &(struct store_keys){0}, &arena), 0);
	assert_int_equal(store_member_insert(store, &bo, &(struct store_keys){0}, &arena), 0);
	put_834();
	put_820();
	commit();
	return 0;
}

#endif
