/* If an acknowledgment is wrong, the sender mends nothing or sends everything again, and members wait either way. */
#include <errno.h>
#include <stdlib.h>

#include "check_run.h"
#include "muster/ack.h"
#include "muster/env_fault.h"
#include "muster/specs.h"

static struct run run;

static const char sound_member[] = "INS*Y*18*001*25*A~REF*0F*S0001~NM1*IL*1*ROE*ALEX~";
static const char header[] = "BGN*00*1*20260105*0930****2~N1*P5*ACME*FI*123456789~N1*IN*PLAN*FI*987654321~";

/* 2026-01-05 09:30:00 UTC */
#define CLOCK_MS INT64_C(1767605400000)

struct answer {
	struct ack *ack;
	struct slice ta1, reply;
};

static struct answer answer_with(struct slice bytes, const struct ack_options *options,
				 const struct check_options *check)
{
	struct answer answer;
	struct io_source *source = NULL;
	assert_int_equal(ack_new(&run.env, options, &answer.ack), 0);
	assert_int_equal(io_source_open_memory(&run.env, bytes, 0, &source), 0);
	assert_int_equal(check_source(&run.env, run.guides, source, check, ack_handler(answer.ack)), 0);
	io_source_close(source);
	assert_int_equal(ack_finish(answer.ack, &answer.ta1, &answer.reply), 0);
	return answer;
}

static struct answer answer_to(struct slice bytes)
{
	const struct ack_options options = {.clock_ms = CLOCK_MS, .control_number = 77};
	return answer_with(bytes, &options, NULL);
}

/* Our own reader and guides find nothing wrong with what we answer. */
static void assert_sound(struct slice bytes)
{
	run.warnings = run.verdicts = false;
	run.warnings = true;
	assert_string_equal(run_check(&run, bytes, 1), "");
	run.warnings = false;
}

/* The segments from ST to SE of the answer, without ST and SE. */
static void assert_body(struct slice reply, const char *want)
{
	char got[4096] = "";
	const char *text = slice_to_cstr(reply, got, sizeof(got));
	const char *begin = strstr(text, "AK1*"), *end = strstr(text, "SE*");
	char body[4096];
	assert_non_null(begin);
	assert_non_null(end);
	snprintf(body, sizeof(body), "%.*s", (int)(end - begin), begin);
	assert_string_equal(body, want);
}

static void test_accepted(void **state)
{
	struct buffer bytes;
	struct answer answer;
	char body[1024];
	(void)state;
	buffer_init(&bytes, &run.env);
	snprintf(body, sizeof(body), "%s%s", header, sound_member);
	answer = answer_to(run_wrap(&bytes, "834", body));
	assert_true(slice_is(answer.reply, "ISA*00*          *00*          *ZZ*RECEIVER       *ZZ*SENDER         "
					   "*260105*0930*^*00501*000000077*0*T*:~\n"
					   "GS*FA*RECEIVER*SENDER*20260105*0930*77*X*005010X231A1~\n"
					   "ST*999*0001*005010X231A1~\n"
					   "AK1*BE*1*005010X220A1~\n"
					   "AK2*834*0001*005010X220A1~\n"
					   "IK5*A~\n"
					   "AK9*A*1*1*1~\n"
					   "SE*6*0001~\n"
					   "GE*1*77~\n"
					   "IEA*1*000000077~\n"));
	assert_true(slice_is(answer.ta1, "ISA*00*          *00*          *ZZ*RECEIVER       *ZZ*SENDER         "
					 "*260105*0930*^*00501*000000078*0*T*:~\n"
					 "TA1*000000001*260105*0930*A*000~\n"
					 "IEA*0*000000078~\n"));
	assert_int_equal(ack_control_numbers_used(answer.ack), 2);
	assert_sound(answer.reply);
	assert_sound(answer.ta1);
	ack_free(answer.ack);
	buffer_fini(&bytes);
}

/* Errors of segments and elements, by position, each with loop, key of the member, reference number and bad value. */
static void test_errors_by_position(void **state)
{
	struct buffer bytes;
	struct answer answer;
	char body[2048];
	(void)state;
	buffer_init(&bytes, &run.env);
	snprintf(body, sizeof(body), "%s%s", header,
		 "INS*Y*18*ZZZ*25*A~REF*0F*S0001~REF*0F*S0001~NM1*IL*1*ROE*ALEX~N3*1 MAIN\nST~"    /* 5..9 */
		 "HD*021**HMO~"                                                                    /* 10 */
		 "INS*Y*18*021*28*A*A:9~REF*0F*123456789~NM1*IL*1*POE*PAT****34*2190931210~ZZ9*1~" /* 11..14 */
		 "N4*ANYTOWN*CA*90001*A*B*C*D~");                                                  /* 15 */
	answer = answer_to(run_wrap(&bytes, "834", body));
	assert_body(answer.reply,
		    "AK1*BE*1*005010X220A1~\n"
		    "AK2*834*0001*005010X220A1~\n"
		    "IK3*INS*5*2000*8~\nCTX*SUBSCRIBER NUMBER REF02:S0001~\nIK4*3*875*7*ZZZ~\n"
		    "IK3*REF*7*2000*5~\nCTX*SUBSCRIBER NUMBER REF02:S0001~\n"
		    "IK3*N3*9*2100A*8~\nCTX*SUBSCRIBER NUMBER REF02:S0001~\nIK4*1*166*6~\n"
		    "IK3*DTP*11*2300*3~\nCTX*SUBSCRIBER NUMBER REF02:S0001~\n"
		    "IK3*INS*11*2000*8~\nCTX*SUBSCRIBER NUMBER REF02:XXXXX6789~\nIK4*6:2*1701*7*9~\n"
		    "IK3*ZZ9*14*2100A*6~\nCTX*SUBSCRIBER NUMBER REF02:XXXXX6789~\n"
		    "IK3*N4*15*2100A*8~\nCTX*SUBSCRIBER NUMBER REF02:XXXXX6789~\nIK4*4*26*4*A~\nIK4*5*309*7*B~\n"
		    "IK4*7*1715*10*D~\n"
		    "IK5*R*5~\n"
		    "AK9*R*1*1*0~\n");
	assert_sound(answer.reply);
	ack_free(answer.ack);
	buffer_fini(&bytes);
}

/* No SSN leaves in an acknowledgment, not even back to the one who sent it. */
static void test_no_ssn(void **state)
{
	static const char *const bad[] = {
		"NM1*IL*1*ROE*ALEX***ABCDEFGHIJKL*34*219093121~",
		"NM1*IL*1*ROE*ALEX****SY*219093121~",
		"NM1*IL*1*ROE*ALEX******219093121~",
		"NM1*IL*1*ROE*ALEX****34*219093121\x01~",
	};
	struct buffer bytes;
	char body[1024];
	(void)state;
	buffer_init(&bytes, &run.env);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct answer answer;
		char text[4096];
		snprintf(body, sizeof(body), "%sINS*Y*18*001*25*A~REF*0F*219093121~%s", header, bad[i]);
		answer = answer_to(run_wrap(&bytes, "834", body));
		assert_non_null(strstr(slice_to_cstr(answer.reply, text, sizeof(text)), "IK5*R*5"));
		assert_null(strstr(text, "21909"));
		assert_sound(answer.reply);
		ack_free(answer.ack);
	}
	buffer_fini(&bytes);
}

/* A rule that a profile has made an error says which element made it apply. */
static void test_trigger(void **state)
{
	const struct ack_options options = {.clock_ms = CLOCK_MS, .control_number = 77};
	struct check_options check = {0};
	struct buffer bytes;
	struct answer answer;
	char body[1024];
	(void)state;
	check.severity_set[FINDING_SEGMENT_SITUATION_MISSING] = check.severity_set[FINDING_ELEMENT_SITUATION_MISSING] =
		true;
	check.severity[FINDING_SEGMENT_SITUATION_MISSING] = check.severity[FINDING_ELEMENT_SITUATION_MISSING] =
		FINDING_ERROR;
	buffer_init(&bytes, &run.env);
	snprintf(body, sizeof(body), "%sINS*Y*18*024*08*C~REF*0F*S0001~DTP*341*D8*20260131~NM1*IL*1*ROE*ALEX~", header);
	answer = answer_with(run_wrap(&bytes, "834", body), &options, &check);
	assert_body(answer.reply,
		    "AK1*BE*1*005010X220A1~\n"
		    "AK2*834*0001*005010X220A1~\n"
		    "IK3*INS*5*2000*8~\nCTX*SUBSCRIBER NUMBER REF02:S0001~\nIK4*7*1219*I9~\n"
		    "CTX*SITUATIONAL TRIGGER*INS*5*2000*5~\n"
		    "IK3*DTP*8*2000*I6~\nCTX*SITUATIONAL TRIGGER*INS*5*2000*3~\nCTX*SUBSCRIBER NUMBER REF02:S0001~\n"
		    "IK5*R*5~\n"
		    "AK9*R*1*1*0~\n");
	assert_sound(answer.reply);
	ack_free(answer.ack);
	buffer_fini(&bytes);
}

static const char remittance[] =
	"BPR*I*900.00*C*NON******1123456789******20260201~"                     /* 2 */
	"TRN*3*A1*1123456789~N1*PE*PLAN*FI*987654321~N1*PR*ACME*FI*123456789~" /* 3..5 */
	"ENT*1*2J*EI*777~RMR*IG*S0001**500.00~"                                /* 6, 7 */
	"ENT*2*2J*EI*778~RMR*IG*S0002**400.00~";                               /* 8, 9 */

/* The answer to `remittance` with its only `from` made `to` says `want`. */
static void expect_of_remittance(const char *from, const char *to, const char *want)
{
	const char *at = strstr(remittance, from);
	struct buffer bytes;
	struct answer answer;
	char body[1024], text[4096];
	assert_non_null(at);
	buffer_init(&bytes, &run.env);
	snprintf(body, sizeof(body), "%.*s%s%s", (int)(at - remittance), remittance, to, at + strlen(from));
	answer = answer_to(run_wrap(&bytes, "820", body));
	if (strstr(slice_to_cstr(answer.reply, text, sizeof(text)), want) == NULL)
		fail_msg("%s -> %s: %s", from, to, text);
	assert_sound(answer.reply);
	ack_free(answer.ack);
	buffer_fini(&bytes);
}

/* What lies in no record bears no record's key: the sender would look for the fault in somebody's data. */
static void test_key_of_record_only(void **state)
{
	struct buffer bytes;
	struct answer answer;
	char text[4096];
	(void)state;
	expect_of_remittance("", "", "X218~\nIK5*A~");
	expect_of_remittance("BPR*I*900.00*C*NON******1123456789******20260201~", "", "X218~\nIK3*BPR*2**3~\nIK5*R*5~");
	expect_of_remittance("TRN*3*A1*1123456789~", "", "X218~\nIK3*TRN*3**3~\nIK5*R*5~");
	expect_of_remittance("N1*PR*ACME*FI*123456789~", "", "X218~\nIK3*N1*5*1000B*3~\nIK5*R*5~");
	expect_of_remittance("RMR*IG*S0002", "RMR*QQ*S0002",
			     "X218~\nIK3*RMR*9*2300B*8~\nCTX*ENT01:2~\nIK4*1*128*7*QQ~\nIK5*R*5~");
	expect_of_remittance("RMR*IG*S0001**500.00~", "",
			     "X218~\nIK3*RMR*7*2300B*3~\nCTX*ENT01:1~\nIK5*R*5~");
	buffer_init(&bytes, &run.env);
	buffer_printf(&bytes,
		      RUN_ISA RUN_GS_834 "ST*834*0001*005010X220A1~%s%sSE*8*0001*X~GE*1*1~IEA*1*000000001~", header,
		      sound_member);
	answer = answer_to(buffer_slice(&bytes));
	slice_to_cstr(answer.reply, text, sizeof(text));
	assert_non_null(strstr(text, "IK3*SE*8**8~\nIK4*3**3*X~\nIK5*R*5~"));
	ack_free(answer.ack);
	buffer_fini(&bytes);
}

/* "5" alone says that some segment is wrong: of a total that does not agree the sender hears which. */
static void test_totals(void **state)
{
	(void)state;
	expect_of_remittance("900.00", "901.00", "X218~\nIK3*BPR*2**8~\nIK4*2*782*I12~\nIK5*R*5~");
	expect_of_remittance("400.00", "400.00*450.00",
			     "X218~\nIK3*RMR*9*2300B*8~\nCTX*ENT01:2~\nIK4*4*782*I12~\nIK5*R*5~");
	/* Beside an error of an element of the same segment: one IK3. */
	expect_of_remittance("BPR*I*900.00*C*NON", "BPR*Q*901.00*C*NON",
			     "X218~\nIK3*BPR*2**8~\nIK4*1*305*7*Q~\nIK4*2*782*I12~\nIK5*R*5~");
}

/* Sets of one group with fates of their own: P; sound members kept: E. */
static void test_partial(void **state)
{
	const struct ack_options options = {.clock_ms = CLOCK_MS, .control_number = 77};
	const struct check_options keep = {.reject_member = true};
	struct buffer bytes;
	struct answer answer;
	(void)state;
	buffer_init(&bytes, &run.env);
	buffer_printf(&bytes,
		      RUN_ISA RUN_GS_834 "ST*834*0001*005010X220A1~%s%sSE*8*0001~"
					 "ST*834*0002*005010X220A1~%sINS*Y*18*ZZZ*25*A~REF*0F*S2~NM1*IL*1*ROE*ALEX~SE*"
					 "9*0003~GE*2*1~IEA*1*000000001~",
		      header, sound_member, header);
	answer = answer_to(buffer_slice(&bytes));
	assert_body(answer.reply, "AK1*BE*1*005010X220A1~\n"
				  "AK2*834*0001*005010X220A1~\nIK5*A~\n"
				  "AK2*834*0002*005010X220A1~\n"
				  "IK3*INS*5*2000*8~\nCTX*SUBSCRIBER NUMBER REF02:S2~\nIK4*3*875*7*ZZZ~\n"
				  "IK5*R*4*3*5~\n"
				  "AK9*P*2*2*1~\n");
	ack_free(answer.ack);
	buffer_clear(&bytes);
	buffer_printf(&bytes,
		      RUN_ISA RUN_GS_834 "ST*834*0001*005010X220A1~%s%sINS*Y*18*ZZZ*25*A~REF*0F*S2~NM1*IL*1*ROE*ALEX~"
					 "SE*11*0001~GE*1*1~IEA*1*000000001~",
		      header, sound_member);
	answer = answer_with(buffer_slice(&bytes), &options, &keep);
	assert_body(answer.reply, "AK1*BE*1*005010X220A1~\n"
				  "AK2*834*0001*005010X220A1~\n"
				  "IK3*INS*8*2000*8~\nCTX*SUBSCRIBER NUMBER REF02:S2~\nIK4*3*875*7*ZZZ~\n"
				  "IK5*E*5~\n"
				  "AK9*E*1*1*1~\n");
	assert_sound(answer.reply);
	ack_free(answer.ack);
	buffer_fini(&bytes);
}

/* A partner may want to hear of sets with errors only; the counts are those of all. */
static void test_accepted_left_out(void **state)
{
	const struct ack_options options = {.clock_ms = CLOCK_MS, .control_number = 77, .accepted_left_out = true};
	struct buffer bytes;
	struct answer answer;
	(void)state;
	buffer_init(&bytes, &run.env);
	buffer_printf(&bytes,
		      RUN_ISA RUN_GS_834
		      "ST*834*0001*005010X220A1~%s%sSE*8*0001~"
		      "ST*834*0002*005010X220A1~%sINS*Y*18*ZZZ*25*A~REF*0F*S2~NM1*IL*1*ROE*ALEX~SE*8*0002~"
		      "GE*2*1~IEA*1*000000001~",
		      header, sound_member, header);
	answer = answer_with(buffer_slice(&bytes), &options, NULL);
	assert_body(answer.reply, "AK1*BE*1*005010X220A1~\n"
				  "AK2*834*0002*005010X220A1~\n"
				  "IK3*INS*5*2000*8~\nCTX*SUBSCRIBER NUMBER REF02:S2~\nIK4*3*875*7*ZZZ~\n"
				  "IK5*R*5~\nAK9*P*2*2*1~\n");
	assert_sound(answer.reply);
	ack_free(answer.ack);
	buffer_clear(&bytes);
	buffer_printf(&bytes, RUN_ISA RUN_GS_834 "ST*834*0001*005010X220A1~%s%sSE*8*0001~GE*1*1~IEA*1*000000001~",
		      header, sound_member);
	answer = answer_with(buffer_slice(&bytes), &options, NULL);
	assert_body(answer.reply, "AK1*BE*1*005010X220A1~\nAK9*A*1*1*1~\n");
	assert_sound(answer.reply);
	ack_free(answer.ack);
	buffer_fini(&bytes);
}

/* A group that is refused at its end takes its sets with it. */
static void test_group_rejected(void **state)
{
	struct buffer bytes;
	struct answer answer;
	(void)state;
	buffer_init(&bytes, &run.env);
	buffer_printf(&bytes, RUN_ISA RUN_GS_834 "ST*834*0001*005010X220A1~%s%sSE*8*0001~GE*3*2~IEA*1*000000001~",
		      header, sound_member);
	answer = answer_to(buffer_slice(&bytes));
	assert_body(answer.reply, "AK1*BE*1*005010X220A1~\nAK2*834*0001*005010X220A1~\nIK5*R~\nAK9*R*3*1*0*5*4~\n");
	assert_sound(answer.reply);
	ack_free(answer.ack);
	buffer_fini(&bytes);
}

/* TA1 says the first error; a refused interchange gets no 999, and its control number is not lost. */
static void test_interchange_rejected(void **state)
{
	static const struct {
		const char *iea, *ta1;
		bool answered;
	} rows[] = {
		{"IEA*1*000000001~", "TA1*000000001*260105*0930*A*000~\n", true},
		{"IEA*2*000000001~", "TA1*000000001*260105*0930*R*021~\n", false},
		{"IEA*1*000000002~", "TA1*000000001*260105*0930*R*001~\n", false},
		{"", "TA1*000000001*260105*0930*R*023~\n", false},
		{"IEA*2*000000002~", "TA1*000000001*260105*0930*R*021~\n", false},
	};
	struct buffer bytes;
	(void)state;
	buffer_init(&bytes, &run.env);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct answer answer;
		char text[1024];
		buffer_clear(&bytes);
		buffer_printf(&bytes, RUN_ISA RUN_GS_834 "ST*834*0001*005010X220A1~%s%sSE*8*0001~GE*1*1~%s", header,
			      sound_member, rows[i].iea);
		answer = answer_to(buffer_slice(&bytes));
		assert_non_null(strstr(slice_to_cstr(answer.ta1, text, sizeof(text)), rows[i].ta1));
		assert_int_equal(answer.reply.len > 0, rows[i].answered);
		assert_int_equal(ack_control_numbers_used(answer.ack), rows[i].answered ? 2 : 1);
		assert_sound(answer.ta1);
		ack_free(answer.ack);
	}
	buffer_fini(&bytes);
}

/* Warnings alone: accepted, errors noted. */
static void test_interchange_warned(void **state)
{
	struct buffer bytes;
	struct answer answer;
	char text[1024];
	(void)state;
	buffer_init(&bytes, &run.env);
	buffer_printf(&bytes,
		      "\xef\xbb\xbf" RUN_ISA RUN_GS_834
		      "ST*834*0001*005010X220A1~%s%sSE*8*0001~GE*1*1~IEA*1*000000001~",
		      header, sound_member);
	answer = answer_to(buffer_slice(&bytes));
	assert_non_null(strstr(slice_to_cstr(answer.ta1, text, sizeof(text)), "*E*022~"));
	assert_true(answer.reply.len > 0);
	ack_free(answer.ack);
	buffer_fini(&bytes);
}

/* Files too broken to walk are answered wherever an ISA can be read; without one there is nobody to answer. */
static void test_broken(void **state)
{
	static const struct {
		const char *bytes;
		bool ta1;
	} rows[] = {
		{"", false},
		{"hello", false},
		{RUN_ISA, true},
		{RUN_ISA "IEA*0*000000001~", true},
		{RUN_ISA "GS*~", true},
		{RUN_ISA "GS~ST~SE~GE~IEA~", true},
		{RUN_ISA RUN_GS_834 "ST*834~ZZZZ*1~IEA*1*000000001~", true},
		{RUN_ISA RUN_GS_834
		 "ST*834*0001*005010X220A1~INS*Z~REF*0F*   ~INS*Z~REF*0F*A  ~SE*4*0001~GE*1*1~IEA*1*000000001~",
		 true},
		{RUN_ISA RUN_GS_834 "ST*834*0001*005010X220A1~BGN~~R ~2   ~SE*4*0001~GE*1*1~IEA*1*000000001~", true},
		{"ISA*00*          *00*          *Z\n*SEN\x01 DER       *XX*               "
		 "*260105*0930*^*00501*000000001*0*T*:~" RUN_GS_834
		 "ST*834*0\xff 1*\xff~SE*4*0001~GE*1*1~IEA*1*000000001~",
		 true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct answer answer = answer_to(slice_from(rows[i].bytes));
		assert_int_equal(answer.ta1.len > 0, rows[i].ta1);
		if (answer.ta1.len > 0)
			assert_sound(answer.ta1);
		if (answer.reply.len > 0)
			assert_sound(answer.reply);
		ack_free(answer.ack);
	}
}

/* An answer is not answered, or two systems would talk for ever. */
#define ISA_00401                                                                                                      \
	"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260105*0930*U*00401*000000001*0*T*:~"

/* A partner of the older version cannot read a 999; nor does he know its codes. */
static void test_997(void **state)
{
	static const char id[] = "guide: 005010X220A1";
	struct slice specs = specs_find("guides/834-005010X220A1.yaml");
	struct buffer older, errors, bytes;
	struct answer answer;
	const char *at = strstr(specs.data, id);
	(void)state;
	buffer_init(&older, &run.env);
	buffer_init(&errors, &run.env);
	buffer_init(&bytes, &run.env);

	/* One whose guide nobody has. */
	buffer_printf(&bytes,
		      ISA_00401 "GS*BE*SENDER*RECEIVER*20260105*0930*1*X*004010X095A9~ST*834*0001~%s%sSE*8*0001~"
				"GE*1*1~IEA*1*000000001~",
		      header, sound_member);
	answer = answer_to(buffer_slice(&bytes));
	assert_true(slice_is(answer.reply,
			     "ISA*00*          *00*          *ZZ*RECEIVER       *ZZ*SENDER         "
			     "*260105*0930*U*00401*000000077*0*T*:~\n"
			     "GS*FA*RECEIVER*SENDER*20260105*0930*77*X*004010~\n"
			     "ST*997*0001~\nAK1*BE*1~\nAK2*834*0001~\nAK5*R~\nAK9*R*1*1*0*2~\nSE*6*0001~\n"
			     "GE*1*77~\nIEA*1*000000077~\n"));
	assert_sound(answer.reply);
	assert_sound(answer.ta1);
	ack_free(answer.ack);

	/* One that a site has brought. No contexts, no codes of the 999, no third component. */
	assert_non_null(at);
	buffer_add(&older, specs.data, (size_t)(at - specs.data));
	buffer_add_text(&older, "guide: 004010X095A1");
	buffer_add_text(&older, at + strlen(id));
	assert_int_equal(guide_set_add(run.guides, "older", buffer_slice(&older), &errors), 0);
	buffer_clear(&bytes);
	buffer_printf(&bytes,
		      ISA_00401 "GS*BE*SENDER*RECEIVER*20260105*0930*1*X*004010X095A1~ST*834*0001~%s"
				"INS*Y*18*ZZZ*25*A~REF*0F*S0001~NM1*IL*1*ROE*ALEX~DMG*D8*19800101*F**A:B:C:D~ZZ9*1~"
				"INS*Y*18*001*25*A*A:9~REF*0F*S2~NM1*IL*1*ROE*ALEX*****X~SE*13*0001~"
				"GE*1*1~IEA*1*000000001~",
		      header);
	answer = answer_to(buffer_slice(&bytes));
	assert_body(answer.reply, "AK1*BE*1~\nAK2*834*0001~\nAK3*INS*5*2000*8~\nAK4*3*875*7*ZZZ~\n"
				  "AK3*DMG*8*2100A*8~\nAK4*5:2*1270*7*B~\nAK4*5**3~\nAK3*ZZ9*9*2100A*6~\n"
				  "AK3*INS*10*2000*8~\nAK4*6:2*1701*7*9~\nAK3*NM1*12*2100A*8~\nAK4*9*67*4*X~\n"
				  "AK5*R*5~\nAK9*R*1*1*0~\n");
	assert_sound(answer.reply);
	ack_free(answer.ack);
	buffer_fini(&older);
	buffer_fini(&errors);
	buffer_fini(&bytes);
}

static void test_answers_are_not_answered(void **state)
{
	struct buffer bytes;
	struct answer first, second;
	char body[1024];
	(void)state;
	buffer_init(&bytes, &run.env);
	snprintf(body, sizeof(body), "%s%s", header, sound_member);
	first = answer_to(run_wrap(&bytes, "834", body));
	second = answer_to(first.reply);
	assert_int_equal(second.reply.len, 0);
	ack_free(second.ack);
	second = answer_to(first.ta1);
	assert_int_equal(second.ta1.len, 0);
	ack_free(second.ack);
	ack_free(first.ack);
	buffer_fini(&bytes);
}

/* Several interchanges, each answered in its own, with numbers that never come twice. */
static void test_several_interchanges(void **state)
{
	struct buffer one, bytes;
	struct answer answer;
	char body[1024];
	(void)state;
	buffer_init(&one, &run.env);
	buffer_init(&bytes, &run.env);
	snprintf(body, sizeof(body), "%s%s", header, sound_member);
	run_wrap(&one, "834", body);
	buffer_add_slice(&bytes, buffer_slice(&one));
	one.data[98] = '2';
	one.data[one.len - 2] = '2';
	buffer_add_slice(&bytes, buffer_slice(&one));
	answer = answer_to(buffer_slice(&bytes));
	assert_sound(answer.reply);
	assert_sound(answer.ta1);
	assert_int_equal(ack_control_numbers_used(answer.ack), 4);
	ack_free(answer.ack);
	buffer_fini(&one);
	buffer_fini(&bytes);
}

static void test_options(void **state)
{
	const struct ack_options asked = {.clock_ms = CLOCK_MS, .control_number = 5, .ta1_only_when_asked = true};
	const struct ack_options trial = {.clock_ms = CLOCK_MS, .control_number = 5, .trial = true};
	struct buffer bytes;
	struct answer answer;
	char body[1024], *usage;
	(void)state;
	buffer_init(&bytes, &run.env);
	snprintf(body, sizeof(body), "%s%s", header, sound_member);
	answer = answer_with(run_wrap(&bytes, "834", body), &asked, NULL);
	assert_int_equal(answer.ta1.len, 0);
	ack_free(answer.ack);
	usage = strstr(bytes.data, "*0*T*");
	usage[3] = 'P';
	answer = answer_to(buffer_slice(&bytes));
	assert_int_equal(answer.reply.data[102], 'P');
	ack_free(answer.ack);
	answer = answer_with(buffer_slice(&bytes), &trial, NULL);
	assert_int_equal(answer.reply.data[102], 'T');
	ack_free(answer.ack);
	usage[1] = '1';
	answer = answer_with(buffer_slice(&bytes), &asked, NULL);
	assert_true(answer.ta1.len > 0);
	ack_free(answer.ack);
	buffer_fini(&bytes);
}

/* Codes and positions of a 999: "IK3 N3 12 8|IK4 1 166 6|IK5 R 5|AK9 R 1 1 0|". */
static void codes_of(struct slice bytes, char *out, size_t out_bytes)
{
	struct io_source *source;
	struct x12_reader *reader;
	struct x12_event event;
	size_t len = 0;
	assert_int_equal(io_source_open_memory(&run.env, bytes, 0, &source), 0);
	assert_int_equal(x12_reader_new(&run.env, source, NULL, NULL, &reader), 0);
	out[0] = '\0';
	do {
		assert_int_equal(x12_reader_next(reader, &event), 0);
		if (event.kind != X12_BODY || slice_is(event.segment->id, "CTX"))
			continue;
		len += (size_t)snprintf(out + len, out_bytes - len, "%.*s", (int)event.segment->id.len,
					event.segment->id.data);
		for (uint32_t i = 1; i <= event.segment->element_count; i++) {
			bool ours_alone = (slice_is(event.segment->id, "IK3") && i == 3) ||
					  (slice_is(event.segment->id, "IK4") && i == 4);
			struct slice value = x12_element(event.segment, i);
			if (!ours_alone)
				len += (size_t)snprintf(out + len, out_bytes - len, " %.*s", (int)value.len,
							value.data);
		}
		len += (size_t)snprintf(out + len, out_bytes - len, "|");
	} while (event.kind != X12_END);
	x12_reader_free(reader);
	io_source_close(source);
}

/* What another validator answers to the same files: same codes at the same positions, but for loop and value. */
static void test_against_others(void **state)
{
	static const char *const names[] = {"834_eol_in_element", "834_ls_le_ls", "834_lui_id_5010"};
	const char *folder = getenv("MUSTER_SHARED");
	char path[LIMIT_PATH_BYTES], ours[2048], theirs[2048], *data;
	struct env_stat stat;
	size_t bytes;
	(void)state;
	if (folder == NULL || env_stat(&run.env, folder, &stat) < 0) {
		print_message("MUSTER_SHARED names no folder: the answers of others are not there to compare with\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct answer answer;
		snprintf(path, sizeof(path), "%s/corpus/pyx12/%s.source.txt", folder, names[i]);
		assert_int_equal(io_read_file(&run.env, path, 1 << 20, &data, &bytes), 0);
		answer = answer_to(slice_of(data, bytes));
		codes_of(answer.reply, ours, sizeof(ours));
		assert_sound(answer.reply);
		ack_free(answer.ack);
		env_free(&run.env, data);
		snprintf(path, sizeof(path), "%s/corpus/pyx12/%s.resAck.txt", folder, names[i]);
		assert_int_equal(io_read_file(&run.env, path, 1 << 20, &data, &bytes), 0);
		codes_of(slice_of(data, bytes), theirs, sizeof(theirs));
		env_free(&run.env, data);
		assert_string_equal(ours, theirs);
	}
}

/* One walk with its answer in a world that may run out of memory. 0 or -ENOMEM, and nothing between. */
static int answer_in(struct env *env, struct slice bytes)
{
	const struct ack_options options = {.clock_ms = CLOCK_MS, .control_number = 77};
	struct io_source *source = NULL;
	struct ack *ack = NULL;
	struct slice ta1, reply;
	int r = ack_new(env, &options, &ack);
	if (r < 0)
		return r;
	assert_int_equal(io_source_open_memory(&run.env, bytes, 0, &source), 0);
	r = check_source(env, run.guides, source, NULL, ack_handler(ack));
	if (r == 0)
		r = ack_finish(ack, &ta1, &reply);
	io_source_close(source);
	ack_free(ack);
	return r;
}

/* Fail the 1st, 2nd, 3rd.. allocation until none is left to fail: an error each time, never an answer made up. */
static void test_no_memory(void **state)
{
	struct env_fault fault;
	struct buffer bytes;
	uint64_t nth = 0;
	char body[1024];
	int r = -ENOMEM;
	(void)state;
	buffer_init(&bytes, &run.env);
	snprintf(body, sizeof(body), "%sINS*Y*18*ZZZ*25*A~REF*0F*S0001~NM1*IL*1*ROE*ALEX~", header);
	run_wrap(&bytes, "834", body);
	env_fault_init(&fault, &run.env, 1);
	for (; r != 0; assert_true(r == 0 || r == -ENOMEM)) {
		assert_in_range(++nth, 1, 1000);
		env_fault_plan(&fault, (struct env_fault_plan){.ops = ENV_FAULT_OP(ENV_ALLOC),
							       .nth = nth,
							       .kind = ENV_FAULT_ERROR_ONCE,
							       .error = ENOMEM});
		r = answer_in(&fault.env, buffer_slice(&bytes));
	}
	assert_true(nth > 5);
	buffer_fini(&bytes);
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
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_errors_by_position),
		cmocka_unit_test(test_no_ssn),
		cmocka_unit_test(test_trigger),
		cmocka_unit_test(test_key_of_record_only),
		cmocka_unit_test(test_totals),
		cmocka_unit_test(test_partial),
		cmocka_unit_test(test_accepted_left_out),
		cmocka_unit_test(test_group_rejected),
		cmocka_unit_test(test_interchange_rejected),
		cmocka_unit_test(test_interchange_warned),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_997),
		cmocka_unit_test(test_answers_are_not_answered),
		cmocka_unit_test(test_several_interchanges),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_against_others),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
