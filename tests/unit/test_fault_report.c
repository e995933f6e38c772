/* A report that points at the wrong place, or hides how many members a fault hits, leaves them uncovered till it is
 * found. */
#include "check_run.h"
#include "muster/fault_report.h"

static struct run run;
static struct fault_report *report;
static struct buffer bytes, out;

static const char header[] = "BGN*00*1*20260105*0930****2~\nN1*P5*ACME*FI*123456789~\nN1*IN*PLAN*FI*987654321~\n";

static void take(const char *name, struct slice file)
{
	const struct verdict_out_options options = {.file = name,
						    .context = report,
						    .least = FINDING_WARNING,
						    .finding = fault_report_finding,
						    .verdict = fault_report_verdict};
	struct verdict_out *verdict_out;
	struct io_source *source;

	assert_int_equal(fault_report_file(report, name), 0);
	assert_int_equal(verdict_out_new(&run.env, &options, &verdict_out), 0);
	assert_int_equal(io_source_open_memory(&run.env, file, 3, &source), 0);
	assert_int_equal(check_source(&run.env, run.guides, source, NULL, verdict_out_handler(verdict_out)), 0);
	fault_report_file_end(report, verdict_out_totals(verdict_out));
	io_source_close(source);
	verdict_out_free(verdict_out);
}

/* The body of one 834, reported. */
static void show(const char *body)
{
	buffer_clear(&bytes);
	buffer_clear(&out);
	take("a.834", run_wrap(&bytes, "834", body));
	fault_report_text(report, &out);
	assert_int_equal(out.error, 0);
}

static void expect(const char *want)
{
	if (strstr(out.data, want) == NULL)
		fail_msg("not there: '%s' in:\n%s", want, out.data);
}

static void expect_not(const char *text)
{
	if (strstr(out.data, text) != NULL)
		fail_msg("there: '%s' in:\n%s", text, out.data);
}

static void test_totals_come_first(void **state)
{
	char body[1024];

	(void)state;
	snprintf(body, sizeof(body), "%sINS*Y*18*ZZZ*25*A~\nREF*0F*S0001~NM1*IL*1*ROE*ALEX~", header);
	show(body);
	assert_true(strncmp(out.data, "1 file, 1 set: 1 rejected; 1 error, 0 warnings\n\na.834: 1 set: 1 rejected;",
			    70) == 0);
	expect("\n  set 0001 (group 1, interchange 000000001): rejected; 8 segments, 1 member, 1 error, 0 warnings\n"
	       "\n  error: the value is not one of the guide's codes [element_code_invalid]\n"
	       "    line 4, segment 5, INS03 in loop 2000, member 1, set 0001\n"
	       "      INS*Y*18*ZZZ*25*A\n"
	       "               ^^^\n"
	       "    INS03 (maintenance type): expected is one of 001 021 024 025 030\n");
}

/* Where the carets stand, fault by fault: the first line is the quote, the second points. */
static void test_carets(void **state)
{
	static const struct {
		const char *body, *want;
	} rows[] = {
		{"INS*Y*18*001*25*A~REF*0F*S1~NM1*IL*1*ROE*AN\x1b"
		 "A~",
		 "\n      NM1*IL*1*ROE*AN\\x1BA\n"
		 "                   ^^^^^^^\n"},
		{"INS*Y*18*001*25*A~REF*0F*S1~NM1*IL*1**ANNA~", "\n      NM1*IL*1**ANNA\n               ^\n"},
		{"INS*Y*18*001*25*A~REF*0F*S1~NM1*IL*1~", "\n      NM1*IL*1\n              ^\n"},
		{"INS*Y*18*001*25*A~REF*0F*S1~NM1*IL*1*ROE*ANNA~DMG*D8*19800101*F**C^Q^B~",
		 "\n      DMG*D8*19800101*F**C^Q^B\n                           ^\n"},
		/* What is masked has another width. */
		{"INS*Y*18*001*25*A~REF*0F*S1~NM1*IL*1*ROE*ANNA****34*219091234*Z~",
		 "\n      NM1*IL*1*ROE*ANNA****34****-**-1234*Z\n                                          ^\n"},
		/* A segment that is missing, another that has no place, one that nobody knows. */
		{"INS*Y*18*001*25*A~REF*0F*S1~DMG*D8*19800101*F~", "here stands:\n      "},
		{"INS*Y*18*001*25*A~REF*0F*S1~ZZZ*1*2~NM1*IL*1*ROE*ANNA~", "\n      ZZZ*1*2\n      ^^^\n"},
		{"INS*Y*18*001*25*A~REF*0F*S1~z*1~NM1*IL*1*ROE*ANNA~", "found: z"},
	};
	char body[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fault_report_free(report);
		assert_int_equal(fault_report_new(&run.env, false, &report), 0);
		snprintf(body, sizeof(body), "%s%s", header, rows[i].body);
		show(body);
		expect(rows[i].want);
	}
}

/* Totals are known to be wrong when all is read: what states them is quoted all the same, accounts masked. */
static void test_totals_are_quoted(void **state)
{
	static const char remittance[] =
		"BPR*C*900.00*C*ACH*CTX*01*111000025*DA*0011220033*1123456789**01*021000021*DA*7788990011*20260201~"
		"TRN*1*A1~N1*PE*PLAN~N1*PR*ACME~ENT*1*2J*EI*777~RMR*IG*S0001**450.00%s~ADX*-25.00*H6~";
	char body[1024];

	(void)state;
	snprintf(body, sizeof(body), "BGN*00*1*20260105*0930****2~QTY*TO*12~%sINS*Y*18*001*25*A~REF*0F*S1~NM1*IL*1*ROE~",
		 strchr(header, '~') + 1);
	show(body);
	expect("QTY02, set 0001\n      QTY*TO*12\n             ^^\n");
	snprintf(body, sizeof(body), remittance, "");
	buffer_clear(&bytes);
	buffer_clear(&out);
	take("a.820", run_wrap(&bytes, "820", body));
	snprintf(body, sizeof(body), remittance, "*480.00");
	buffer_clear(&bytes);
	take("b.820", run_wrap(&bytes, "820", body));
	fault_report_text(report, &out);
	expect("BPR02, set 0001\n      BPR*C*900.00*C*ACH");
	expect("\n            ^^^^^^\n    BPR02 pays 900.00");
	expect_not("0011220033");
	expect("      RMR*IG*S0001**450.00*480.00\n                    ^^^^^^\n");
}

static void test_long_segments_are_cut_around_the_fault(void **state)
{
	struct finding finding = {.segment_id = "REF", .segment_at = 1500, .value = SLICE_LITERAL("wrong")};
	static char segment[3000];
	uint32_t from, count;

	(void)state;
	memset(segment, 'x', sizeof(segment));
	memcpy(segment, "REF*", 4);
	memcpy(segment + 1500, "wrong", 5);
	finding.segment = slice_of(segment, sizeof(segment));
	buffer_clear(&out);
	assert_true(fault_report_quote(&finding, false, &out, &from, &count));
	assert_int_equal(out.len, FAULT_REPORT_COLUMNS + 6);
	assert_int_equal(count, 5);
	assert_memory_equal(out.data + from, "wrong", 5);
	/* And as a list keeps it. */
	finding.segment = finding_segment_part(&finding, LIMIT_FINDING_SEGMENT_BYTES, &finding.segment_at);
	assert_int_equal(finding.segment.len, LIMIT_FINDING_SEGMENT_BYTES);
	assert_memory_equal(finding.segment.data + finding.segment_at, "wrong", 5);
	finding.segment = SLICE_EMPTY;
	assert_false(fault_report_quote(&finding, false, &out, &from, &count));
}

static void add_members(uint32_t count, const char *member)
{
	buffer_clear(&bytes);
	buffer_printf(&bytes, RUN_ISA RUN_GS_834 "ST*834*0001*005010X220A1~%s", header);
	for (uint32_t i = 0; i < count; i++)
		buffer_add_text(&bytes, member);
	buffer_printf(&bytes, "SE*%u*0001~GE*1*1~IEA*1*000000001~", 5 + 3 * count);
}

static void test_same_fault_once(void **state)
{
	(void)state;
	add_members(412, "INS*Y*18*ZZZ*25*A~\nREF*0F*S0001~NM1*IL*1*ROE*ALEX~\n");
	take("a.834", buffer_slice(&bytes));
	take("b.834", buffer_slice(&bytes));
	buffer_clear(&out);
	fault_report_text(report, &out);
	expect("2 files, 2 sets: 2 rejected; 824 errors");
	expect("same fault in 412 members: also line 6 (member 2), line 8 (member 3), line 10 (member 4), line 12 "
	       "(member 5), ...");
	assert_null(strstr(strstr(strstr(out.data, "[element_code_invalid]") + 1, "[element_code_invalid]") + 1,
			   "[element_code_invalid]"));
}

/* More kinds of faults, files and rejected sets than there is room for are counted. */
static void test_bounds(void **state)
{
	struct verdict_out_place place = {.file = "a"};
	struct finding finding = {.code = FINDING_ELEMENT_TOO_LONG, .severity = FINDING_ERROR, .segment_id = "REF"};
	const struct check_verdict rejected = {.decision = CHECK_REJECTED};
	const struct verdict_out_totals totals = {.sets = 1, .rejected = 1, .errors = 1};

	(void)state;
	for (uint32_t f = 0; f < FAULT_REPORT_FILES + 7; f++) {
		assert_int_equal(fault_report_file(report, "a"), 0);
		for (uint32_t i = 0; f == 0 && i < FAULT_REPORT_FAULTS + 10; i++) {
			finding.where.element_pos = (uint16_t)(i + 1);
			assert_int_equal(fault_report_finding(report, &place, &finding), 0);
			assert_int_equal(fault_report_verdict(report, &place, &rejected), 0);
		}
		if (f >= FAULT_REPORT_FILES)
			assert_int_equal(fault_report_finding(report, &place, &finding), 0);
		fault_report_file_end(report, &totals);
	}
	buffer_clear(&out);
	fault_report_text(report, &out);
	expect("1007 files, 1007 sets: 1007 rejected; 1007 errors");
	expect("  and 990 more sets that were not accepted\n");
	expect("and 10 more findings of other faults");
	expect("and 7 more files with 7 findings");
	buffer_clear(&out);
	fault_report_html(report, &out);
	expect("and 990 more sets");
	expect("and 7 more files with 7 findings");
}

static void test_no_ssn_and_nothing_a_terminal_obeys(void **state)
{
	static const char nasty[] = "INS*Y*18*001*25*A~REF*0F*219093121 ~NM1*IL*1*RO<b>E*\x1b[31m****34*900093121~"
				    "N3*1 MAIN ST 219-09-3121\x01~REF*SY*21909312~";
	char body[1024];

	(void)state;
	snprintf(body, sizeof(body), "%s%s", header, nasty);
	show(body);
	for (int form = 0; form < 2; form++) {
		expect_not("21909");
		expect_not("219-09");
		expect_not("90009");
		expect_not("\x1b");
		expect_not("\x01");
		if (form == 1) {
			expect_not("<b>");
			expect("RO&lt;b&gt;E*<mark>\\x1B[31m</mark>");
		}
		buffer_clear(&out);
		fault_report_html(report, &out);
		assert_int_equal(out.error, 0);
	}
}

/* Control numbers are what a sender looks for, and no SSN; a password is nobody's to see. */
static void test_control_numbers_and_passwords(void **state)
{
	char *at;

	(void)state;
	buffer_clear(&bytes);
	buffer_clear(&out);
	run_wrap(&bytes, "834",
		 "BGN*00*1*20260105*0930****2~N1*P5*ACME*FI*123456789~N1*IN*PLAN*FI*987654321~INS*Y*18*001*25*A~"
		 "REF*0F*S1~NM1*IL*1*ROE*ALEX~");
	at = strstr(bytes.data, "*00*          *00*          *");
	assert_non_null(at);
	memcpy(at + 18, "SESAME1234", 10);
	at = strstr(bytes.data, "IEA*1*");
	assert_non_null(at);
	memcpy(at + 6, "123456789", 9);
	take("a.834", buffer_slice(&bytes));
	fault_report_text(report, &out);
	assert_int_equal(out.error, 0);
	expect("*00*..........*ZZ*");
	expect("\n      IEA*1*123456789\n            ^^^^^^^^^\n    ISA13, 1, must stand here again, in nine digits\n");
	expect_not("SESAME");
	expect("rejected, for its group or interchange is; ");
}

/* What a rule misses is not the segment that stands in its place. */
static void test_what_stands_in_place(void **state)
{
	char body[1024];

	(void)state;
	snprintf(body, sizeof(body),
		 "%sINS*N*19*021*28*A~REF*0F*S0001~DTP*356*D8*20260101~NM1*IL*1*ROE*ALEX~\nHD*021**HMO~"
		 "DTP*348*D8*20260101~",
		 header);
	show(body);
	expect("DMG in loop 2100A, member 1, set 0001\n    here stands:\n      HD*021**HMO\n      ^^\n    DMG tells");
}

static void test_page(void **state)
{
	char body[1024];

	(void)state;
	snprintf(body, sizeof(body), "%sINS*Y*18*ZZZ*25*A~\nREF*0F*S0001~NM1*IL*1*ROE*ALEX~", header);
	show(body);
	buffer_clear(&out);
	fault_report_html(report, &out);
	expect("<p>1 file, 1 set: 1 rejected; 1 error, 0 warnings</p>");
	expect("<pre>INS*Y*18*<mark>ZZZ</mark>*25*A</pre>");
	expect("<h2>a.834</h2>");
	expect("</body></html>\n");
	expect_not("http://");
	expect_not("src=");
}

static int setup(void **state)
{
	(void)state;
	assert_int_equal(hash_setup(), 0);
	run_init(&run);
	buffer_init(&bytes, &run.env);
	buffer_init(&out, &run.env);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buffer_fini(&bytes);
	buffer_fini(&out);
	run_fini(&run);
	return 0;
}

static int new_report(void **state)
{
	(void)state;
	return fault_report_new(&run.env, false, &report);
}

static int free_report(void **state)
{
	(void)state;
	fault_report_free(report);
	report = NULL;
	return 0;
}

#define WITH_REPORT(test) cmocka_unit_test_setup_teardown(test, new_report, free_report)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_REPORT(test_totals_come_first),
		WITH_REPORT(test_carets),
		WITH_REPORT(test_totals_are_quoted),
		WITH_REPORT(test_long_segments_are_cut_around_the_fault),
		WITH_REPORT(test_same_fault_once),
		WITH_REPORT(test_bounds),
		WITH_REPORT(test_no_ssn_and_nothing_a_terminal_obeys),
		WITH_REPORT(test_control_numbers_and_passwords),
		WITH_REPORT(test_what_stands_in_place),
		WITH_REPORT(test_page),
	};

	return cmocka_run_group_tests_name("fault_report", tests, setup, teardown);
}
