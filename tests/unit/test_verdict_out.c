/* If a report is unclear, or shows an SSN, the sender cannot mend his file, or a member's number is in the open. */
#include "check_run.h"
#include "muster/verdict_out.h"

static struct run run;

static const char sound_member[] = "INS*Y*18*001*25*A~REF*0F*S0001~NM1*IL*1*ROE*ALEX~";
static const char header[] = "BGN*00*1*20260105*0930****2~N1*P5*ACME*FI*123456789~N1*IN*PLAN*FI*987654321~";

static int write_text(void *context, struct slice text)
{
	struct buffer *out = context;
	assert_int_equal(text.data[text.len - 1], '\n');
	buffer_add_slice(out, text);
	return out->error;
}

/* What comes out for `bytes`; the totals too. */
static void show(struct slice bytes, struct verdict_out_options options, struct buffer *out,
		 struct verdict_out_totals *totals)
{
	struct verdict_out *verdict_out = NULL;
	struct io_source *source = NULL;
	options.file = "a.834";
	options.context = out;
	options.write = write_text;
	buffer_clear(out);
	assert_int_equal(verdict_out_new(&run.env, &options, &verdict_out), 0);
	assert_int_equal(io_source_open_memory(&run.env, bytes, 0, &source), 0);
	assert_int_equal(check_source(&run.env, run.guides, source, NULL, verdict_out_handler(verdict_out)), 0);
	io_source_close(source);
	if (totals != NULL)
		*totals = *verdict_out_totals(verdict_out);
	verdict_out_free(verdict_out);
}

/* The shape that scripts rely on, key by key. */
static void test_json(void **state)
{
	const struct verdict_out_options options = {0};
	struct buffer bytes, out;
	char body[1024];
	(void)state;
	buffer_init(&bytes, &run.env);
	buffer_init(&out, &run.env);
	snprintf(body, sizeof(body), "%sINS*Y*18*ZZZ*25*A~\nREF*0F*S0001~NM1*IL*1*ROE*ALEX~", header);
	show(run_wrap(&bytes, "834", body), options, &out, NULL);
	assert_string_equal(
		out.data,
		"{\"schema\":\"muster.finding\",\"v\":1,\"file\":\"a.834\",\"interchange\":\"000000001\",\"group\":"
		"\"1\",\"set\":\"0001\","
		"\"member\":1,\"segment_pos\":5,\"segment\":\"INS\",\"loop\":\"2000\",\"element\":3,\"component\":0,"
		"\"repetition\":1,\"offset\":269,\"line\":1,\"snip\":2,\"severity\":\"error\",\"code\":\"element_code_"
		"invalid\","
		"\"ack\":{\"ak\":\"IK4\",\"code\":\"7\"},\"value\":\"ZZZ\","
		"\"message\":\"the value is not one of the guide's codes: INS03 (maintenance type): expected is one of "
		"001 021 024 025 030\","
		"\"guide\":\"005010X220A1\"}\n"
		"{\"schema\":\"muster.verdict\",\"v\":1,\"file\":\"a.834\",\"interchange\":\"000000001\",\"group\":"
		"\"1\",\"set\":\"0001\","
		"\"verdict\":\"rejected\",\"segments\":8,\"members\":1,\"errors\":1,\"warnings\":0}\n");
	assert_true(strstr(bytes.data, "ZZZ") == bytes.data + 269);
	buffer_fini(&bytes);
	buffer_fini(&out);
}

/* Masked unless somebody asked. */
static void test_mask(void **state)
{
	struct buffer bytes, out;
	char body[1024];
	(void)state;
	buffer_init(&bytes, &run.env);
	buffer_init(&out, &run.env);
	snprintf(body, sizeof(body),
		 "%sINS*Y*18*001*25*A~REF*0F*219093121 ~NM1*IL*1*ROE*ALEX****34*900093121~"
		 "N3*1 MAIN ST 219-09-3121\x01~",
		 header);
	run_wrap(&bytes, "834", body);
	show(buffer_slice(&bytes), (struct verdict_out_options){0}, &out, NULL);
	assert_null(strstr(out.data, "21909"));
	assert_null(strstr(out.data, "219-09"));
	assert_null(strstr(out.data, "90009"));
	assert_non_null(strstr(out.data, "***-**-3121"));
	show(buffer_slice(&bytes), (struct verdict_out_options){.unmasked = true}, &out, NULL);
	assert_non_null(strstr(out.data, "900093121"));
	buffer_fini(&bytes);
	buffer_fini(&out);
}

/* A verdict waits until its interchange has ended; what the envelope lacks takes the sets down. */
static void test_verdicts_wait(void **state)
{
	static const struct {
		const char *ge, *iea;
		uint64_t accepted, rejected;
	} rows[] = {
		{"GE*2*1~", "IEA*1*000000001~", 2, 0},
		{"GE*3*1~", "IEA*1*000000001~", 0, 2},
		{"GE*2*1~", "IEA*1*000000002~", 0, 2},
		{"GE*2*1~", "", 0, 2},
	};
	struct verdict_out_totals totals;
	struct buffer bytes, out;
	(void)state;
	buffer_init(&bytes, &run.env);
	buffer_init(&out, &run.env);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buffer_clear(&bytes);
		buffer_printf(&bytes,
			      RUN_ISA RUN_GS_834 "ST*834*0001*005010X220A1~%s%sSE*8*0001~ST*834*0002*005010X220A1~%s%s"
						 "SE*8*0002~%s%s",
			      header, sound_member, header, sound_member, rows[i].ge, rows[i].iea);
		show(buffer_slice(&bytes), (struct verdict_out_options){0}, &out, &totals);
		assert_int_equal(totals.sets, 2);
		assert_int_equal(totals.accepted, rows[i].accepted);
		assert_int_equal(totals.rejected, rows[i].rejected);
		assert_int_equal(totals.errors, rows[i].rejected != 0);
	}
	buffer_fini(&bytes);
	buffer_fini(&out);
}

/* Below the asked severity findings are only counted. */
static void test_least(void **state)
{
	struct verdict_out_totals totals;
	struct buffer bytes, out;
	char body[1024];
	(void)state;
	buffer_init(&bytes, &run.env);
	buffer_init(&out, &run.env);
	snprintf(body, sizeof(body), "%sINS*Y*01*001*25*A~REF*0F*S0001~NM1*IL*1*ROE*ALEX~", header);
	show(run_wrap(&bytes, "834", body), (struct verdict_out_options){.least = FINDING_ERROR}, &out, &totals);
	assert_null(strstr(out.data, "muster.finding"));
	assert_non_null(strstr(out.data, "\"verdict\":\"accepted\""));
	assert_int_equal(totals.warnings, 1);
	buffer_fini(&bytes);
	buffer_fini(&out);
}

static int setup(void **state)
{
	(void)state;
	assert_int_equal(hash_setup(), 0);
	run_init(&run);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	run_fini(&run);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_verdicts_wait),
		cmocka_unit_test(test_least),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
