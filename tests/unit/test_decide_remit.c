/* If this failed, one family's premium would be posted to another, or money would vanish from our books. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "member_index.h"
#include "muster/decide.h"
#include "muster/env.h"

static struct env env;
static struct arena arena;
static struct member_index people;

#define TEXT(s)                                                                                                        \
	{                                                                                                              \
		(s), sizeof(s) - 1                                                                                     \
	}
#define DAY(n) (20454 + (n)) /* 2026-01-01 + n */

static struct coverage_span in_g100[] = {
	{.group_id = TEXT("G100"), .plan_id = TEXT("P1"), .begins_on = DAY(0), .ends_on = DATE_NONE}};
static struct coverage_span in_g200[] = {
	{.group_id = TEXT("G200"), .plan_id = TEXT("P1"), .begins_on = DAY(0), .ends_on = DATE_NONE}};
static struct coverage_span in_both[] = {
	{.group_id = TEXT("G100"), .plan_id = TEXT("P1"), .begins_on = DAY(0), .ends_on = DATE_NONE},
	{.group_id = TEXT("G200"), .plan_id = TEXT("P2"), .begins_on = DAY(0), .ends_on = DATE_NONE},
};

static const struct member members[] = {
	{.member_no = 1,
	 .member_id = TEXT("M001"),
	 .subscriber_id = TEXT("S1"),
	 .relationship = TEXT("18"),
	 .last_name = TEXT("ROE"),
	 .first_name = TEXT("ALEX"),
	 .ssn = TEXT("219091201"),
	 .employee_id = TEXT("E77"),
	 .birth_on = DAY(-9000),
	 .died_on = DATE_NONE,
	 .spans = in_g100,
	 .span_count = 1},
	{.member_no = 2,
	 .member_id = TEXT("M002"),
	 .subscriber_id = TEXT("S1"),
	 .relationship = TEXT("19"),
	 .last_name = TEXT("ROE"),
	 .first_name = TEXT("ALEXANDRA"),
	 .ssn = TEXT("219091202"),
	 .birth_on = DAY(-2000),
	 .died_on = DATE_NONE,
	 .spans = in_g100,
	 .span_count = 1},
	{.member_no = 3,
	 .member_id = TEXT("M003"),
	 .subscriber_id = TEXT("S3"),
	 .relationship = TEXT("18"),
	 .last_name = TEXT("O'NEIL"),
	 .first_name = TEXT("PAT"),
	 .ssn = TEXT("219091203"),
	 .birth_on = DAY(-8000),
	 .died_on = DATE_NONE,
	 .spans = in_g200,
	 .span_count = 1},
	{.member_no = 4,
	 .member_id = TEXT("M004"),
	 .subscriber_id = TEXT("S4"),
	 .relationship = TEXT("18"),
	 .last_name = TEXT("POE"),
	 .first_name = TEXT("KIM"),
	 .ssn = TEXT("219091204"),
	 .birth_on = DAY(-7000),
	 .died_on = DATE_NONE,
	 .spans = in_both,
	 .span_count = 2},
	{.member_no = 5,
	 .member_id = TEXT("M005"),
	 .subscriber_id = TEXT("S5"),
	 .relationship = TEXT("18"),
	 .last_name = TEXT("LOE"),
	 .first_name = TEXT("SAM"),
	 .birth_on = DAY(-6000),
	 .died_on = DATE_NONE},
};

static const struct group groups[] = {
	{.group_id = TEXT("G100"), .sponsor_id = TEXT("123456789")},
	{.group_id = TEXT("G200"), .sponsor_id = TEXT("223456789")},
};

static int view_group(void *context, struct slice id, struct arena *to, const struct group **ret_group)
{
	size_t i;

	(void)context;
	(void)to;
	*ret_group = NULL;
	for (i = 0; i < 2; i++)
		if (slice_equal(groups[i].group_id, id))
			*ret_group = &groups[i];
	return 0;
}

static int view_sponsor(void *context, struct slice id, struct arena *to, const struct group **ret_group)
{
	size_t i;

	(void)context;
	(void)to;
	*ret_group = NULL;
	for (i = 0; i < 2; i++)
		if (slice_equal(groups[i].sponsor_id, id))
			*ret_group = &groups[i];
	return 0;
}

static int view_invoice(void *context, struct slice id, struct arena *to, const struct group **ret_group)
{
	(void)context;
	(void)to;
	*ret_group = slice_is(id, "INV200") ? &groups[1] : NULL;
	return 0;
}

static int view_member(void *context, struct slice id, struct arena *to, const struct member **ret_member)
{
	size_t i;

	(void)context;
	(void)to;
	*ret_member = NULL;
	for (i = 0; i < 5; i++)
		if (slice_equal(members[i].member_id, id))
			*ret_member = &members[i];
	return 0;
}

static int view_seen(void *context, struct slice payer, struct slice trace, cents total, date_day day, bool *ret_seen)
{
	(void)context;
	*ret_seen = slice_is(payer, "123456789") && slice_is(trace, "SEEN") && total == 90000 && day == DAY(31);
	return 0;
}

static struct decide_view view = {.group = view_group,
				  .member = view_member,
				  .group_by_sponsor = view_sponsor,
				  .group_by_invoice = view_invoice,
				  .payment_seen = view_seen};

static struct remit_header payer(const char *id)
{
	return (struct remit_header){.total = 90000,
				     .settles_on = DAY(31),
				     .trace = TEXT("T1"),
				     .payer_id = slice_from(id),
				     .period_begin = DATE_NONE,
				     .period_end = DATE_NONE};
}

static struct decide_payment decide(const struct remit_header *header, const struct remittance_line *line,
				    const char *forced)
{
	static const struct decide_policy policy;
	struct decide_payment payment;

	assert_int_equal(
		decide_remittance_line(&arena, &view, &policy, DAY(10), header, line, slice_from(forced), &payment), 0);
	if (!payment.posted) {
		assert_true(payment.category < CATEGORY_COUNT);
		assert_true(payment.reason.len > 0);
		assert_true(payment.group_id.len == 0 && payment.member == NULL);
	}
	return payment;
}

static void expect_group(const struct decide_payment *payment, const char *group_id, const char *rule)
{
	if (!payment->posted)
		fail_msg("suspended: %s: %s", category_name(payment->category), payment->reason.data);
	assert_true(slice_is(payment->group_id, group_id));
	assert_string_equal(payment->match_rule, rule);
}

static void expect_member(const struct decide_payment *payment, uint64_t member_no, const char *group_id,
			  const char *rule)
{
	expect_group(payment, group_id, rule);
	assert_non_null(payment->member);
	assert_int_equal(payment->member->member_no, member_no);
}

static void expect_suspended(const struct decide_payment *payment, enum category category)
{
	if (payment->posted)
		fail_msg("posted by %s", payment->match_rule);
	if (payment->category != category)
		fail_msg("%s instead of %s: %s", category_name(payment->category), category_name(category),
			 payment->reason.data);
}

/* The parts of a line that these tests turn. */
static struct remittance_line person(const char *ssn, const char *last, const char *first, const char *policy)
{
	return (struct remittance_line){.individual = true,
					.entity_qualifier = TEXT("34"),
					.entity_id = slice_from(ssn),
					.last_name = slice_from(last),
					.first_name = slice_from(first),
					.reference_qualifier = TEXT("AZ"),
					.reference = slice_from(policy),
					.paid = 50000,
					.period_begin = DATE_NONE,
					.period_end = DATE_NONE};
}

static struct remittance_line organization(const char *qualifier, const char *reference, const char *entity)
{
	return (struct remittance_line){.reference_qualifier = slice_from(qualifier),
					.reference = slice_from(reference),
					.entity_qualifier = TEXT("FI"),
					.entity_id = slice_from(entity),
					.paid = 50000,
					.period_begin = DATE_NONE,
					.period_end = DATE_NONE};
}

static void holds_a_set_that_may_not_be_posted(void **state)
{
	struct remit_header header = payer("123456789");
	enum category category;
	struct slice reason;

	(void)state;
	assert_int_equal(decide_remittance(&arena, &view, &header, 95000, -5000, &category, &reason), 0);
	assert_int_equal(category, CATEGORY_COUNT);
	assert_int_equal(decide_remittance(&arena, &view, &header, 95000, -5001, &category, &reason), 0);
	assert_int_equal(category, CATEGORY_OUT_OF_BALANCE);
	assert_true(
		slice_is(reason, "BPR02 says 900.00; the lines and adjustments of earlier payments add up to 899.99."));
	assert_int_equal(decide_remittance(&arena, &view, &header, 90000, -5000, &category, &reason), 0);
	assert_non_null(strstr(reason.data, "The lines alone would balance."));
	assert_int_equal(decide_remittance(&arena, &view, &header, INT64_MAX, -INT64_MAX, &category, &reason), 0);
	assert_int_equal(category, CATEGORY_OUT_OF_BALANCE);
	header.currency = slice_from("CAD");
	assert_int_equal(decide_remittance(&arena, &view, &header, 90000, 0, &category, &reason), 0);
	assert_int_equal(category, CATEGORY_FILE_HOLD);
	header.currency = slice_from("USD");
	header.trace = slice_from("SEEN");
	assert_int_equal(decide_remittance(&arena, &view, &header, 90000, 0, &category, &reason), 0);
	assert_int_equal(category, CATEGORY_DUP_PAYMENT);
}

static void posts_to_the_group_that_is_named(void **state)
{
	struct remit_header known = payer("123456789"), other = payer("999999999"), silent = payer("");
	struct remittance_line line = organization("1L", "G100", "");
	struct enroll_ref ref = {TEXT("38"), TEXT("G200")};
	struct decide_payment payment = decide(&known, &line, "");

	(void)state;
	expect_group(&payment, "G100", "group_id");
	assert_null(payment.member);
	assert_true(slice_is(payment.change, "pending until 2026-02-01: 500.00 on account"));
	payment = decide(&other, &line, "");
	expect_group(&payment, "G100", "group_id");
	line = organization("IK", "INV200", "");
	payment = decide(&other, &line, "");
	expect_group(&payment, "G200", "invoice");
	line = organization("IK", "UNKNOWN", "223456789");
	payment = decide(&silent, &line, "");
	expect_group(&payment, "G200", "sponsor_id");
	line = organization("11", "123456789", "");
	payment = decide(&silent, &line, "");
	expect_group(&payment, "G100", "account");
	line = organization("IK", "UNKNOWN", "");
	payment = decide(&known, &line, "");
	expect_group(&payment, "G100", "payer");
	silent.refs = &ref;
	silent.ref_count = 1;
	payment = decide(&silent, &line, "");
	expect_group(&payment, "G200", "payer");
}

static void suspends_a_group_that_is_not_certain(void **state)
{
	struct remit_header known = payer("123456789"), other = payer("999999999");
	struct enroll_ref ref = {TEXT("38"), TEXT("G200")};
	struct remittance_line line = organization("1L", "G999", "123456789");
	struct decide_payment payment = decide(&known, &line, "");

	(void)state;
	expect_suspended(&payment, CATEGORY_UNKNOWN_GROUP);
	line = organization("IK", "UNKNOWN", "888888888");
	payment = decide(&other, &line, "");
	expect_suspended(&payment, CATEGORY_UNKNOWN_PAYER);
	assert_null(strstr(payment.reason.data, "999999999"));
	line = organization("1L", "G200", "");
	payment = decide(&known, &line, "");
	expect_suspended(&payment, CATEGORY_ID_CONFLICT);
	line = organization("1L", "G100", "223456789");
	payment = decide(&other, &line, "");
	expect_suspended(&payment, CATEGORY_ID_CONFLICT);
	/* The payer's id and his reference name two groups: neither is the payer's for certain. */
	known.refs = &ref;
	known.ref_count = 1;
	line = organization("IK", "UNKNOWN", "");
	payment = decide(&known, &line, "");
	expect_suspended(&payment, CATEGORY_UNKNOWN_PAYER);
}

static void posts_to_the_member_whose_number_and_name_agree(void **state)
{
	struct remit_header known = payer("123456789"), other = payer("999999999");
	struct remittance_line line = person("", "", "", "M001");
	struct decide_payment payment = decide(&known, &line, "");

	(void)state;
	expect_member(&payment, 1, "G100", "member_id");
	line = person("219091201", "Roe", "Alex", "M001");
	payment = decide(&known, &line, "");
	expect_member(&payment, 1, "G100", "member_id+names");
	line = person("219-09-1203", "ONEIL", "PAT", "X");
	payment = decide(&other, &line, "");
	expect_member(&payment, 3, "G200", "ssn+names");
	/* The family's number is enough only with the names, and only inside the payer's group. */
	line = person("", "POE", "KIM", "S4");
	payment = decide(&known, &line, "");
	expect_member(&payment, 4, "G100", "subscriber_id+names");
	payment = decide(&other, &line, "");
	assert_false(payment.posted);
	line = person("", "ROE", "ALEX", "");
	line.person_qualifier = slice_from("EI");
	line.person_id = slice_from("E77");
	payment = decide(&known, &line, "");
	expect_member(&payment, 1, "G100", "employee_id+names");
	assert_true(payment.confidence > 0.999 && payment.confidence < 1.0);
}

static void suspends_a_member_who_is_not_certain(void **state)
{
	struct remit_header known = payer("123456789"), other = payer("999999999");
	struct remittance_line line = person("219091201", "", "", "");
	struct decide_payment payment = decide(&known, &line, "");

	(void)state;
	assert_false(payment.posted); /* an SSN without a name */
	line = person("", "ROE", "MORGAN", "M001");
	payment = decide(&known, &line, "");
	expect_suspended(&payment, CATEGORY_NAME_MISMATCH);
	line = person("219091277", "ROE", "ALEX", "M001");
	payment = decide(&known, &line, "");
	expect_suspended(&payment, CATEGORY_SSN_MISMATCH);
	assert_true(payment.candidate_count > 0);
	line = person("219091203", "ROE", "ALEX", "M001");
	payment = decide(&known, &line, "");
	expect_suspended(&payment, CATEGORY_ID_CONFLICT);
	line = person("219091201", "ROE", "ALEX", "M001");
	line.person_qualifier = slice_from("34");
	line.person_id = slice_from("219091209");
	payment = decide(&known, &line, "");
	expect_suspended(&payment, CATEGORY_ID_CONFLICT);
	line = person("", "NOBODY", "AT ALL", "S9");
	payment = decide(&known, &line, "");
	expect_suspended(&payment, CATEGORY_NO_MATCH);
	payment = decide(&other, &line, "");
	expect_suspended(&payment, CATEGORY_UNKNOWN_PAYER);
	/* Father and daughter: ALEX is also the beginning of ALEXANDRA. */
	line = person("", "ROE", "ALEX", "S1");
	payment = decide(&known, &line, "");
	expect_suspended(&payment, CATEGORY_MULTI_MATCH);
}

static void suspends_a_member_without_one_group(void **state)
{
	struct remit_header first = payer("123456789"), other = payer("999999999");
	struct remittance_line line = person("219091203", "O'NEIL", "PAT", "M003");
	struct decide_payment payment = decide(&first, &line, "");

	(void)state;
	expect_suspended(&payment, CATEGORY_ID_CONFLICT); /* never covered in the payer's group */
	line = person("219091204", "POE", "KIM", "M004");
	payment = decide(&first, &line, "");
	expect_member(&payment, 4, "G100", "member_id+names");
	payment = decide(&other, &line, "");
	expect_suspended(&payment, CATEGORY_ID_CONFLICT); /* covered in two, payer unknown */
	line = person("", "LOE", "SAM", "M005");
	payment = decide(&first, &line, "");
	expect_suspended(&payment, CATEGORY_MEMBER_NOT_BILLED);
}

static void does_what_a_representative_decided(void **state)
{
	struct remit_header other = payer("999999999");
	struct remittance_line line = person("", "ROE", "MORGAN", "M001");
	struct decide_payment payment = decide(&other, &line, "M004");

	(void)state;
	expect_group(&payment, "G200", "representative");
	assert_int_equal(payment.member->member_no, 4);
	payment = decide(&other, &line, "G100");
	expect_group(&payment, "G100", "representative");
	assert_null(payment.member);
	payment = decide(&other, &line, "M999");
	expect_suspended(&payment, CATEGORY_NO_MATCH);
}

static void says_what_becomes_of_the_money(void **state)
{
	struct remit_header header = payer("123456789");
	struct remittance_line line = person("", "", "", "M001");
	struct decide_payment payment;

	(void)state;
	header.settles_on = DAY(10);
	line.adjusted_before = -5000;
	line.has_billed = true;
	line.billed = 55000;
	line.adjusted_after = -2500;
	payment = decide(&header, &line, "");
	assert_true(slice_is(payment.change,
			     "settled 2026-01-11: 450.00 on account; 25.00 less than the payer says was billed, "
			     "not explained"));
	header.settles_on = DATE_NONE;
	line.billed = 52500;
	payment = decide(&header, &line, "");
	assert_true(slice_is(payment.change, "pending: 450.00 on account"));
}

static int setup(void **state)
{
	(void)state;
	env_real_init(&env);
	arena_init(&arena, &env, 0, 0);
	member_index_init(&people, members, 5);
	view.candidates = member_index_candidates(&people);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	member_index_fini(&people);
	arena_fini(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_a_set_that_may_not_be_posted),
		cmocka_unit_test(posts_to_the_group_that_is_named),
		cmocka_unit_test(suspends_a_group_that_is_not_certain),
		cmocka_unit_test(posts_to_the_member_whose_number_and_name_agree),
		cmocka_unit_test(suspends_a_member_who_is_not_certain),
		cmocka_unit_test(suspends_a_member_without_one_group),
		cmocka_unit_test(does_what_a_representative_decided),
		cmocka_unit_test(says_what_becomes_of_the_money),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
