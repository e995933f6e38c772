/* A partner who is not told which of his records wait, or is told with another person's number, mends the wrong ones.
 */
#include <errno.h>

#include "check_run.h"
#include "muster/advice.h"
#include "muster/env_fault.h"

static struct run run;
static struct buffer written;

static int take(void *context, struct slice bytes)
{
	(void)context;
	buffer_add_slice(&written, bytes);
	return written.error;
}

/* 2026-01-05 09:30:00 UTC */
#define CLOCK_MS INT64_C(1767605400000)

static struct advice_tset sound_set(void)
{
	return (struct advice_tset){
		.fgroup_ordinal = 1,
		.sender_qualifier = SLICE_LITERAL("ZZ"),
		.sender_id = SLICE_LITERAL("SENDER"),
		.receiver_qualifier = SLICE_LITERAL("30"),
		.receiver_id = SLICE_LITERAL("RECEIVER"),
		.usage = SLICE_LITERAL("P"),
		.sender_code = SLICE_LITERAL("S1"),
		.receiver_code = SLICE_LITERAL("R1"),
		.fgroup_date = SLICE_LITERAL("20260104"),
		.fgroup_time = SLICE_LITERAL("0801"),
		.fgroup_control = SLICE_LITERAL("17"),
		.version = SLICE_LITERAL("005010X220A1"),
		.set_id = SLICE_LITERAL("834"),
		.control_number = SLICE_LITERAL("0001"),
		.reference = SLICE_LITERAL("FILE-1"),
	};
}

static struct advice_item sound_item(void)
{
	return (struct advice_item){.member_pos = 3,
				    .segment_pos = 21,
				    .category = SLICE_LITERAL("NO_MATCH"),
				    .reason = SLICE_LITERAL("No member on file fits the record."),
				    .subscriber_id = SLICE_LITERAL("A100")};
}

static struct advice *begin(uint32_t control_number)
{
	const struct advice_sink sink = {.take = take};
	struct advice *advice;

	buffer_clear(&written);
	assert_int_equal(advice_new(&run.env, CLOCK_MS, control_number, &sink, &advice), 0);
	return advice;
}

/* Sound by our own guide, or the partner's translator throws it away. */
static struct slice finish(struct advice *advice)
{
	assert_int_equal(advice_finish(advice), 0);
	run.warnings = true;
	assert_string_equal(run_check(&run, buffer_slice(&written), 1), "");
	return buffer_slice(&written);
}

static void test_one_item(void **state)
{
	struct advice *advice = begin(7);
	struct advice_tset set = sound_set();
	struct advice_item item = sound_item();

	(void)state;
	advice_set(advice, &set);
	assert_int_equal(advice_add(advice, &item), 0);
	assert_string_equal(finish(advice).data,
			    "ISA*00*          *00*          *30*RECEIVER       *ZZ*SENDER         *260105*0930*^*00501*"
			    "000000007*0*P*>~\n"
			    "GS*AG*R1*S1*20260105*0930*7*X*005010X186A1~\n"
			    "ST*824*0001*005010X186A1~\n"
			    "BGN*11*000000007-0001*20260105*0930**FILE-1**U~\n"
			    "N1*41*RECEIVER*ZZ*RECEIVER~\n"
			    "N1*40*SENDER*ZZ*SENDER~\n"
			    "OTI*IE*IX*3***20260104*0801*17*0001*834*005010X220A1~\n"
			    "REF*0F*A100~\n"
			    "TED*024*NO_MATCH*INS*21~\n"
			    "RED*No member on file fits the record.~\n"
			    "SE*9*0001~\n"
			    "GE*1*7~\n"
			    "IEA*1*000000007~\n");
	advice_free(advice);
}

static void test_nothing_to_tell(void **state)
{
	struct advice *advice = begin(1);
	struct advice_tset set = sound_set();

	(void)state;
	advice_set(advice, &set);
	assert_int_equal(advice_finish(advice), 0);
	assert_int_equal(written.len, 0);
	advice_free(advice);
}

/* Each group has its own interchange and number, each set its own 824; sets and groups without items have none. */
static void test_sets_and_groups(void **state)
{
	struct advice *advice = begin(999999998);
	struct advice_tset set = sound_set();
	struct advice_item item = sound_item();
	struct slice bytes;

	(void)state;
	for (uint32_t group = 1; group <= 4; group++) {
		set.fgroup_ordinal = group;
		for (int i = 0; i < 3; i++) {
			advice_set(advice, &set);
			if (i != 1 && group != 2)
				assert_int_equal(advice_add(advice, &item), 0);
		}
	}
	bytes = finish(advice);
	assert_non_null(strstr(bytes.data, "IEA*1*999999998~"));
	assert_null(strstr(bytes.data, "IEA*1*999999999~"));
	assert_non_null(strstr(bytes.data, "IEA*1*000000001~"));
	assert_non_null(strstr(bytes.data, "IEA*1*000000002~"));
	assert_non_null(strstr(bytes.data, "GE*2*2~"));
	advice_free(advice);
}

static void test_verdicts(void **state)
{
	static const struct {
		uint32_t member_pos;
		bool rejected;
		const char *want;
	} rows[] = {{1, true, "OTI*IR*IX*1*"},
		    {1, false, "OTI*IE*IX*1*"},
		    {0, true, "OTI*TR*TN*0001*"},
		    {0, false, "OTI*TE*TN*0001*"}};
	struct advice_tset set = sound_set();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct advice *advice = begin(1);
		struct advice_item item = sound_item();

		item.member_pos = rows[i].member_pos;
		item.rejected = rows[i].rejected;
		advice_set(advice, &set);
		assert_int_equal(advice_add(advice, &item), 0);
		assert_non_null(strstr(finish(advice).data, rows[i].want));
		advice_free(advice);
	}
}

/* What is no date and no time in the group's header is left out. */
static void test_no_date_of_the_group(void **state)
{
	struct advice *advice = begin(1);
	struct advice_tset set = sound_set();
	struct advice_item item = sound_item();

	(void)state;
	set.fgroup_date = SLICE_LITERAL("20260230");
	set.fgroup_time = SLICE_LITERAL("2460");
	advice_set(advice, &set);
	assert_int_equal(advice_add(advice, &item), 0);
	assert_non_null(strstr(finish(advice).data, "OTI*IE*IX*3*****17*0001*834*"));
	advice_free(advice);
}

/* Whatever stood in the file, the answer is sound and shows no SSN. */
static void test_nasty_values(void **state)
{
	static const char reason[] = "SSN 219-09-1234 and 219091234 ~*^> \xc3\xa9\x01 belong to another member; the "
				     "record of this member is held "
				     "until the sponsor has said which of the two is right, and whether the other one "
				     "is to be corrected as well, "
				     "averyveryveryveryveryveryveryveryveryveryveryveryveryveryveryveryveryveryverylong"
				     "wordthathasnoblankinit";
	const struct slice nasty = SLICE_LITERAL(" *~\x01\xff ");
	struct advice_tset set = {.fgroup_ordinal = 1,
				  .sender_id = nasty,
				  .receiver_qualifier = nasty,
				  .sender_code = nasty,
				  .fgroup_date = nasty,
				  .fgroup_control = nasty,
				  .version = nasty,
				  .set_id = nasty,
				  .control_number = nasty,
				  .reference = nasty};
	struct advice_item item = {
		.member_pos = 1, .reason = slice_from(reason), .subscriber_id = SLICE_LITERAL("219091234")};
	struct advice *advice = begin(1);
	struct slice bytes;

	(void)state;
	advice_set(advice, &set);
	assert_int_equal(advice_add(advice, &item), 0);
	item.subscriber_id = nasty;
	item.last_name = SLICE_LITERAL("O'*NEIL");
	item.first_name = nasty;
	item.category = nasty;
	item.reason = nasty;
	assert_int_equal(advice_add(advice, &item), 0);
	bytes = finish(advice);
	assert_null(strstr(bytes.data, "21909"));
	assert_null(strstr(bytes.data, "219-09"));
	assert_non_null(strstr(bytes.data, "REF*0F*XXXXX1234~"));
	assert_non_null(strstr(bytes.data, "RED*SSN XXX-XX-1234 and XXXXX1234 "));
	assert_non_null(strstr(bytes.data, "NM1*IL*1*O' NEIL~"));
	assert_non_null(strstr(bytes.data, "nit~"));
	advice_free(advice);
}

static int answer_in(struct env *env)
{
	const struct advice_sink sink = {.take = take};
	struct advice_tset set = sound_set();
	struct advice_item item = sound_item();
	struct advice *advice = NULL;
	int r;

	item.reason = SLICE_LITERAL("A reason that is long enough to fill more than the first bytes that a buffer takes, "
				    "so that it has to grow while the reason is written, and then once more behind it; "
				    "it goes on until the two hundred and fifty-six bytes are surely full.");
	buffer_clear(&written);
	r = advice_new(env, CLOCK_MS, 7, &sink, &advice);
	if (r < 0)
		return r;
	advice_set(advice, &set);
	r = advice_add(advice, &item);
	if (r == 0)
		r = advice_finish(advice);
	advice_free(advice);
	return r;
}

/* Without memory there is no answer, never one with something left out. */
static void test_no_memory(void **state)
{
	struct env_fault fault;
	char want[2048];
	uint64_t nth = 0;
	int r;

	(void)state;
	assert_int_equal(answer_in(&run.env), 0);
	slice_to_cstr(buffer_slice(&written), want, sizeof(want));
	env_fault_init(&fault, &run.env, 1);
	do {
		assert_in_range(++nth, 1, 100);
		env_fault_plan(&fault, (struct env_fault_plan){.ops = ENV_FAULT_OP(ENV_ALLOC),
							       .nth = nth,
							       .kind = ENV_FAULT_ERROR_ONCE,
							       .error = ENOMEM});
		r = answer_in(&fault.env);
		assert_true(r == 0 || r == -ENOMEM);
	} while (r != 0);
	assert_true(nth > 4);
	assert_true(slice_is(buffer_slice(&written), want));
}

static int setup(void **state)
{
	(void)state;
	assert_int_equal(hash_setup(), 0);
	run_init(&run);
	buffer_init(&written, &run.env);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buffer_fini(&written);
	run_fini(&run);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_item),        cmocka_unit_test(test_nothing_to_tell),
		cmocka_unit_test(test_sets_and_groups), cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_nasty_values),    cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_no_date_of_the_group),
	};

	return cmocka_run_group_tests_name("advice", tests, setup, teardown);
}
