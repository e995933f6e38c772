/* If an element is judged wrongly, a wrong birth date or SSN reaches a member's record, or a sound file is refused. */
#include "check_run.h"

static struct run run;

static const char header[] = "BGN*00*1*20260105*0930****2~N1*P5*ACME*FI*123456789~N1*IN*PLAN*FI*987654321~";

struct row {
	const char *segments; /* of one member, behind INS and REF*0F unless they bring their own */
	const char *want;     /* segment positions count from ST: INS is 5, REF*0F 6, the first of these 7 */
};

static const char *check_member(struct buffer *bytes, const char *segments)
{
	static char body[2048];
	bool own = strncmp(segments, "INS", 3) == 0;
	snprintf(body, sizeof(body), "%s%s%s", header, own ? "" : "INS*Y*18*001*25*A~REF*0F*S0001~", segments);
	return run_check(&run, run_wrap(bytes, "834", body), 0);
}

static void check_rows(const struct row *rows, size_t count)
{
	struct buffer bytes;
	buffer_init(&bytes, &run.env);
	for (size_t i = 0; i < count; i++) {
		const char *got = check_member(&bytes, rows[i].segments);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s:\n  want\n%s  got\n%s", rows[i].segments, rows[i].want, got);
	}
	buffer_fini(&bytes);
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NAME "NM1*IL*1*ROE*ALEX~"

static void test_presence(void **state)
{
	static const struct row rows[] = {
		{NAME, ""},
		{"NM1*IL*1**ALEX~", "7 NM1 2100A 3.0.1 element_required_missing  m1\n"},
		{"NM1*IL~",
		 "7 NM1 2100A 2.0.1 element_required_missing  m1\n7 NM1 2100A 3.0.1 element_required_missing  m1\n"},
		{NAME "N3~", "8 N3 2100A 0.0.0 segment_empty  m1\n"},
		{NAME "N3*A*B*C~", "8 N3 2100A 3.0.1 element_too_many C m1\n"},
		{NAME "N3*A*B*C*D*E~", "8 N3 2100A 3.0.1 element_too_many C m1\n"},
		{"NM1*IL*1*ROE*ALEX******AB~", "7 NM1 2100A 10.0.1 element_not_used AB m1\n"},
	};
	(void)state;
	check_rows(rows, COUNT(rows));
}

static void test_lengths(void **state)
{
	static const struct row rows[] = {
		{"INS*Y*18*01*25*A~REF*0F*S1~" NAME, "5 INS 2000 3.0.1 element_too_short 01 m1\n"},
		{"INS*Y*18*0001*25*A~REF*0F*S1~" NAME, "5 INS 2000 3.0.1 element_too_long 0001 m1\n"},
		{NAME "N4*X*CA*90001~", "8 N4 2100A 1.0.1 element_too_short X m1\n"},
		{NAME "N4*ABCDEFGHIJKLMNOPQRSTUVWXYZABCD*CA*90001~", ""},
		{NAME "N4*ABCDEFGHIJKLMNOPQRSTUVWXYZABCDE*CA*90001~",
		 "8 N4 2100A 1.0.1 element_too_long ABCDEFGHIJKLMNOPQRSTUVWXYZABCDE m1\n"},
		/* X12 counts characters: thirty of them in thirty-one bytes */
		{NAME "N4*ABCDEFGHIJKLMNOPQRSTUVWXYZABC\xc3\x89*CA*90001~", ""},
		/* blanks at the end count where they make the value too long */
		{"NM1*IL*1*ROE*ALEX****34 *219093121~", "7 NM1 2100A 8.0.1 element_too_long 34  m1\n"},
		/* sign and point do not count: fifteen digits are taken, sixteen are not */
		{NAME "ICM*4*1000*-12345678901234.5~", ""},
		{NAME "ICM*4*1000*1234567890123456~", "8 ICM 2100A 3.0.1 element_too_long 1234567890123456 m1\n"},
	};
	(void)state;
	check_rows(rows, COUNT(rows));
}

static void test_types(void **state)
{
	static const struct row rows[] = {
		{NAME "ICM*4*12.5.0~", "8 ICM 2100A 2.0.1 element_character_invalid 12.5.0 m1\n"},
		{NAME "ICM*4*1,000~", "8 ICM 2100A 2.0.1 element_character_invalid 1,000 m1\n"},
		{NAME "ICM*4*+5~", "8 ICM 2100A 2.0.1 element_character_invalid +5 m1\n"},
		{NAME "ICM*4*.5~", ""},
		{NAME "AMT*P3*-12.34~", ""},
		{NAME "AMT*P3*12.345~", "8 AMT 2100A 2.0.1 element_pattern 12.345 m1\n"},
		{NAME "AMT*P3*12345678901~", "8 AMT 2100A 2.0.1 element_too_long 12345678901 m1\n"},
		{"INS*Y*18*001*25*A************1A~REF*0F*S1~" NAME,
		 "5 INS 2000 17.0.1 element_character_invalid 1A m1\n"},
		{NAME "HD*001**HMO~DTP*348*D8*20260230~", "9 DTP 2300 3.0.1 element_date_invalid 20260230 m1\n"},
		{NAME "HD*001**HMO~DTP*348*D8*2026010~", "9 DTP 2300 3.0.1 element_date_invalid 2026010 m1\n"},
		{NAME "HD*001**HMO~DTP*343*RD8*20260101-20260131~", ""},
		{NAME "HD*001**HMO~DTP*343*RD8*20260131-20260101~",
		 "9 DTP 2300 3.0.1 element_date_invalid 20260131-20260101 m1\n"},
		{NAME "HD*001**HMO~DTP*348*D9*20260101~", "9 DTP 2300 2.0.1 element_code_invalid D9 m1\n"},
		{"DTP*356*RD8*20260101-20260131~" NAME, "7 DTP 2000 2.0.1 element_code_invalid RD8 m1\n"},
	};
	(void)state;
	check_rows(rows, COUNT(rows));
}

/* A slip of the keyboard is one fault: whoever reads the report looks for one place, not for two. */
static void test_one_fault_one_finding(void **state)
{
	static const struct row rows[] = {
		/* beyond ASCII, and wrong anyway */
		{"INS*\xc3\xa9*18*001*25*A~REF*0F*S1~" NAME, "5 INS 2000 1.0.1 element_code_invalid \xc3\xa9 m1\n"},
		{NAME "ICM*4*\xc3\xa9~", "8 ICM 2100A 2.0.1 element_character_invalid \xc3\xa9 m1\n"},
		/* a separator of repetitions where nothing may repeat */
		{"INS*Y*18*001*25*A*E^Q~REF*0F*S1~" NAME, "5 INS 2000 6.0.2 element_repeats_too_often E^Q m1\n"},
		{"INS*Y*18^X*001*25*A~REF*0F*S1~" NAME, "5 INS 2000 2.0.2 element_repeats_too_often 18^X m1\n"},
		/* separators and nothing else */
		{"INS*Y*18*001*25*A*:~REF*0F*S1~" NAME, "5 INS 2000 6.1.1 element_required_missing  m1\n"},
		{"INS*Y*18*001*25*A*::::~REF*0F*S1~" NAME, "5 INS 2000 6.1.1 element_required_missing  m1\n"},
		{NAME "DMG*D8*19850214*F**C^^H~", "8 DMG 2100A 5.0.2 element_trailing_empty  m1\n"},
		{NAME "DMG*D8*19850214*F**C^~", "8 DMG 2100A 5.0.2 element_trailing_empty  m1\n"},
		{NAME "DMG*D8*19850214*F**C^H~", ""},
		/* blanks behind a number */
		{NAME "AMT*P3*5 ~", "8 AMT 2100A 2.0.1 element_trailing_blanks 5  m1\n"},
		{NAME "AMT*P3*5A ~", "8 AMT 2100A 2.0.1 element_character_invalid 5A m1\n"},
		/* what makes no sense because it is wrong */
		{"INS*Y*99*001*25*A~REF*0F*S1~" NAME, "5 INS 2000 2.0.1 element_code_invalid 99 m1\n"},
		{NAME "LS*2800~LX*1~LE*2700~", "8 LS LS 1.0.1 element_code_invalid 2800 m1\n"},
		{NAME "LS*2700~LX*1~LE*2800~", "10 LE LS 1.0.1 element_code_invalid 2800 m1\n"},
		/* rules about what was complained about */
		{NAME "NM1*36*2*ACME*A:B~", "8 NM1 2100D 4.0.1 element_components_too_many A:B m1\n"},
		{"INS*Y*18*001*25*A* ~REF*0F*S1~DTP*338*D8*20260101~" NAME, "5 INS 2000 6.1.1 element_blank   m1\n"},
		{NAME "PER*IP**TE*5552220101**A@B.EXAMPLE*FX*5552220102~",
		 "8 PER 2100A 5.0.1 element_condition_missing  m1\n"},
	};
	(void)state;
	run.warnings = true;
	check_rows(rows, COUNT(rows));
	run.warnings = false;
}

/* Times stand only in headers. */
static void test_times(void **state)
{
	static const struct {
		const char *bgn, *want;
	} rows[] = {
		{"BGN*00*1*20260105*2359****2~", ""},
		{"BGN*00*1*20260105*235959****2~", ""},
		{"BGN*00*1*20260105*2400****2~", "2 BGN - 4.0.1 element_time_invalid 2400 m0\n"},
		{"BGN*00*1*20260105*0960****2~", "2 BGN - 4.0.1 element_time_invalid 0960 m0\n"},
		{"BGN*00*1*20260105*09:30****2~", "2 BGN - 4.0.1 element_components_too_many 09:30 m0\n"},
		{"BGN*00*1*260105*0930****2~", "2 BGN - 3.0.1 element_too_short 260105 m0\n"},
		{"BGN*00*1*20261305*0930****2~", "2 BGN - 3.0.1 element_date_invalid 20261305 m0\n"},
	};
	struct buffer bytes;
	static char body[1024];
	(void)state;
	buffer_init(&bytes, &run.env);
	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(body, sizeof(body), "%s%s%s", rows[i].bgn, strchr(header, '~') + 1,
			 "INS*Y*18*001*25*A~REF*0F*S0001~" NAME);
		assert_string_equal(run_check(&run, run_wrap(&bytes, "834", body), 0), rows[i].want);
	}
	buffer_fini(&bytes);
}

static void test_characters(void **state)
{
	static const struct row rows[] = {
		{NAME "N3*1 MAIN\nST~", "8 N3 2100A 1.0.1 element_character_invalid 1 MAIN\nST m1\n"},
		{NAME "N3*1 MAIN ST*\x7f~", "8 N3 2100A 2.0.1 element_character_invalid \x7f m1\n"},
		{NAME "N3*   ~", "8 N3 2100A 1.0.1 element_blank     m1\n"},
		{NAME "N3*1 MAIN ST*A^B~", "8 N3 2100A 2.0.2 element_repeats_too_often A^B m1\n"},
		{NAME "N3*1 MAIN ST*A:B~", "8 N3 2100A 2.0.1 element_components_too_many A:B m1\n"},
		{NAME "N3*1 MAIN ST*# {a} ~", "8 N3 2100A 2.0.1 element_trailing_blanks # {a}  m1\n"},
		{"NM1*IL*1*MU\xc3\x91OZ*ALEX~", "7 NM1 2100A 3.0.1 element_character_unusual MU\xc3\x91OZ m1\n"},
		{NAME "N3*1 MAIN ST ~", "8 N3 2100A 1.0.1 element_trailing_blanks 1 MAIN ST  m1\n"},
		{NAME "N3*1 MAIN ST*~", "8 N3 2100A 2.0.1 element_trailing_empty  m1\n"},
		{NAME "N3*1 MAIN ST****~", "8 N3 2100A 5.0.1 element_trailing_empty  m1\n"},
	};
	(void)state;
	run.warnings = true;
	check_rows(rows, COUNT(rows));
	run.warnings = false;
}

static void test_codes(void **state)
{
	static const struct row rows[] = {
		{"INS*Y*18*ZZZ*25*A~REF*0F*S1~" NAME, "5 INS 2000 3.0.1 element_code_invalid ZZZ m1\n"},
		{"INS*Y*18*001*25*A**ZZ~REF*0F*S1~" NAME, ""},
		{NAME "HD*001**ADD~DTP*348*D8*20260101~", "8 HD 2300 3.0.1 element_code_unlisted ADD m1\n"},
		{"INS*Y*18*001*25*A*F~REF*0F*S1~" NAME, "5 INS 2000 6.1.1 element_code_unlisted F m1\n"},
	};
	(void)state;
	check_rows(rows, COUNT(rows));
}

static void test_composites(void **state)
{
	static const struct row rows[] = {
		{"INS*Y*18*001*25*A*A:0~REF*0F*S1~" NAME, ""},
		{"INS*Y*18*001*25*A*:0~REF*0F*S1~" NAME, "5 INS 2000 6.1.1 element_required_missing  m1\n"},
		{"INS*Y*18*001*25*A*A:9~REF*0F*S1~" NAME, "5 INS 2000 6.2.1 element_code_invalid 9 m1\n"},
		{"INS*Y*18*001*25*A*A:0:20260101~REF*0F*S1~" NAME, "5 INS 2000 6.3.1 element_not_used 20260101 m1\n"},
		{"INS*Y*18*001*25*A*A:0:::1~REF*0F*S1~" NAME,
		 "5 INS 2000 6.0.1 element_components_too_many A:0:::1 m1\n"},
		{NAME "DMG*D8*19850214*F**C^H:RET:2186-5~", ""},
		{NAME "DMG*D8*19850214*F**C^H:RET~", "8 DMG 2100A 5.3.2 element_condition_missing  m1\n"},
		{NAME "DMG*D8*19850214*F**C^Y~", "8 DMG 2100A 5.1.2 element_code_invalid Y m1\n"},
		{NAME "DMG*D8*19850214*F**A^B^C^D^E^F^G^H^I^J^N~",
		 "8 DMG 2100A 5.0.11 element_repeats_too_often A^B^C^D^E^F^G^H^I^J^N m1\n"},
		{NAME "HD*001**HMO~DTP*348*D8*20260101~COB*P*1*5*1^35^ZZ~",
		 "10 COB 2320 4.0.3 element_code_invalid ZZ m1\n"},
	};
	(void)state;
	check_rows(rows, COUNT(rows));
}

/* P, C, E, R and L of the guides, each reported once, at the element to mend. */
static void test_relations(void **state)
{
	static const struct row rows[] = {
		{"NM1*IL*1*ROE*ALEX****34~", "7 NM1 2100A 9.0.1 element_condition_missing  m1\n"},
		{"NM1*IL*1*ROE*ALEX*****219093121~", "7 NM1 2100A 8.0.1 element_condition_missing  m1\n"},
		{NAME "N4*ANYTOWN*CA*90001*CA***ON~", "8 N4 2100A 7.0.1 element_excluded ON m1\n"},
		{NAME "N4*ANYTOWN**90001****ON~", "8 N4 2100A 4.0.1 element_condition_missing  m1\n"},
		{NAME "N4*ANYTOWN*CA*90001***033~", "8 N4 2100A 5.0.1 element_condition_missing  m1\n"},
		{NAME "LUI****7~", "8 LUI 2100A 2.0.1 element_condition_missing  m1\n"},
		{NAME "LUI***SPANISH*7~", ""},
		{NAME "LUI*LE~", "8 LUI 2100A 2.0.1 element_condition_missing  m1\n"},
		/* what is missing anyway is not told twice */
		{NAME "PER*IP**HP~", "8 PER 2100A 4.0.1 element_required_missing  m1\n"},
	};
	(void)state;
	check_rows(rows, COUNT(rows));
}

/* Outside lists and forms of numbers: warnings. */
static void test_external(void **state)
{
	static const struct row rows[] = {
		{NAME "N4*ANYTOWN*XX*90001~", "8 N4 2100A 2.0.1 element_code_external XX m1\n"},
		{NAME "N4*ANYTOWN*CA*9000~", "8 N4 2100A 3.0.1 element_code_external 9000 m1\n"},
		{NAME "N4*ANYTOWN*CA*00000~", "8 N4 2100A 3.0.1 element_code_external 00000 m1\n"},
		{NAME "N4*ANYTOWN*CA*90001-1234~", "8 N4 2100A 3.0.1 element_code_external 90001-1234 m1\n"},
		{NAME "N4*LONDON**SW1A 1AA*GB~", ""},
		{NAME "N4*ANYTOWN**90001~", "8 N4 2100A 2.0.1 element_situation_missing  m1\n"},
		{NAME "PER*IP**HP*555-222-0101~", "8 PER 2100A 4.0.1 element_code_external 555-222-0101 m1\n"},
		{NAME "PER*IP**EM*A@B.EXAMPLE~", ""},
		{NAME "HD*001**HMO~DTP*348*D8*20260101~LX*1~NM1*P3*1*DOC*****XX*1234567894*25~",
		 "11 NM1 2310 9.0.1 element_code_external 1234567894 m1\n"},
		{"REF*F6*1EG4TE5MK73~" NAME, ""},
		{"REF*F6*1EG4TE5MS73~" NAME, "7 REF 2000 2.0.1 element_code_external 1EG4TE5MS73 m1\n"},
		/* Canada, and states against ZIP codes */
		{NAME "N4*TORONTO*ON*M5V2T6~", ""},
		{NAME "N4*TORONTO*ON*M5V 2T6*CA~", ""},
		{NAME "N4*TORONTO*ON*90001~", "8 N4 2100A 3.0.1 element_code_external 90001 m1\n"},
		{NAME "N4*TORONTO*ON*M5VO2T6~", "8 N4 2100A 3.0.1 element_code_external M5VO2T6 m1\n"},
		{NAME "N4*ANYTOWN*CA*10001~", "8 N4 2100A 3.0.1 element_code_external 10001 m1\n"},
		{NAME "N4*ANYTOWN*XX*10001~", "8 N4 2100A 2.0.1 element_code_external XX m1\n"},
		{NAME "N4*ANYTOWN*CA*10001*US~", "8 N4 2100A 3.0.1 element_code_external 10001 m1\n"},
		{NAME "N4*FISHERS ISLAND*NY*06390~", ""},
		{NAME "N4*PAGO PAGO*AS*96799~", ""},
		{NAME "N4*APO*AE*09498~", ""},
		{NAME "N4*MEXICO**01000*MX~", ""},
		{NAME "PER*IP**EM*NOBODY~", "8 PER 2100A 4.0.1 element_code_external NOBODY m1\n"},
		{NAME "PER*IP**EM*A@B~", "8 PER 2100A 4.0.1 element_code_external A@B m1\n"},
		{NAME "PER*IP**EM*A B@C.EXAMPLE~", "8 PER 2100A 4.0.1 element_code_external A B@C.EXAMPLE m1\n"},
		{NAME "LUI*LE*EN**7~LUI*LE*spa~LUI*LD*CHI~", ""},
		{NAME "LUI*LE*XX~", "8 LUI 2100A 2.0.1 element_code_external XX m1\n"},
		{NAME "DMG*D8*19850214*F**C:RET:2106-3^:RET:R5.01~", ""},
		{NAME "DMG*D8*19850214*F**C:RET:WHITE~", "8 DMG 2100A 5.3.1 element_code_external WHITE m1\n"},
		{"REF*D3*1234567~" NAME, ""},
		{"REF*D3*12345~" NAME, "7 REF 2000 2.0.1 element_code_external 12345 m1\n"},
		{NAME "HD*001**HMO~DTP*348*D8*20260101~COB*P**1~NM1*IN*2*OTHER*****NI*12345~", ""},
		{NAME "HD*001**HMO~DTP*348*D8*20260101~COB*P**1~NM1*IN*2*OTHER*****NI*1234~",
		 "11 NM1 2330 9.0.1 element_code_external 1234 m1\n"},
		{"NM1*IL*1*ROE*ALEX****34*999999999~", "7 NM1 2100A 9.0.1 element_ssn_placeholder 999999999 m1\n"},
		{"NM1*IL*1*ROE*ALEX****34*219-09-3121~", "7 NM1 2100A 9.0.1 element_ssn_placeholder 219-09-3121 m1\n"},
	};
	(void)state;
	run.warnings = true;
	check_rows(rows, COUNT(rows));
	run.warnings = false;
}

/* Totals of the header against what was counted. */
static void test_totals(void **state)
{
	struct buffer bytes;
	static char body[1024];
	(void)state;
	run.warnings = true;
	buffer_init(&bytes, &run.env);
	snprintf(body, sizeof(body), "BGN*00*1*20260105*0930****2~QTY*TO*2~QTY*ET*2~QTY*DT*1~%s%s%s",
		 strchr(header, '~') + 1, "INS*Y*18*001*25*A~REF*0F*S0001~" NAME,
		 "INS*N*01*001*25*A~REF*0F*S0001~" NAME);
	assert_string_equal(run_check(&run, run_wrap(&bytes, "834", body), 0), "4 QTY - 2.0.1 tset_totals  m0\n");
	run.warnings = false;
	buffer_fini(&bytes);
}

struct seen {
	bool sensitive;
	uint32_t trigger_pos, trigger_element;
	struct slice value;
	char message[200];
};

static int take_seen(void *context, const struct finding *finding)
{
	struct seen *seen = context;
	seen->sensitive = finding->sensitive;
	seen->trigger_pos = finding->trigger.segment_pos;
	seen->trigger_element = finding->trigger.element_pos;
	slice_to_cstr(finding->message, seen->message, sizeof(seen->message));
	return 0;
}

static void look_at(const char *segments, struct seen *seen)
{
	const struct check_handler handler = {.context = seen, .finding = take_seen};
	struct io_source *source;
	struct buffer bytes;
	static char body[2048];
	buffer_init(&bytes, &run.env);
	*seen = (struct seen){0};
	snprintf(body, sizeof(body), "%s%s", header, segments);
	assert_int_equal(io_source_open_memory(&run.env, run_wrap(&bytes, "834", body), 0, &source), 0);
	assert_int_equal(check_source(&run.env, run.guides, source, NULL, &handler), 0);
	io_source_close(source);
	buffer_fini(&bytes);
}

/* An SSN in a finding is marked, so that every display masks it; a rule says which element made it apply. */
static void test_marks(void **state)
{
	struct seen seen;
	(void)state;
	look_at("INS*Y*18*001*25*A~REF*0F*S1~NM1*IL*1*ROE*ALEX****34*900123456~", &seen);
	assert_true(seen.sensitive);
	look_at("INS*Y*18*001*25*A~REF*0F*219093121 ~" NAME, &seen);
	assert_true(seen.sensitive);
	look_at("INS*Y*18*001*25*A~REF*0F*S1~" NAME "N4*X*CA*90001~", &seen);
	assert_false(seen.sensitive);
	look_at("INS*Y*18*001*25*C~REF*0F*S1~" NAME, &seen);
	assert_int_equal(seen.trigger_pos, 5);
	assert_int_equal(seen.trigger_element, 5);
	look_at("INS*Y*18*ZZZ*25*A~REF*0F*S1~" NAME, &seen);
	assert_non_null(strstr(seen.message, "INS03"));
	assert_non_null(strstr(seen.message, "001 021 024 025 030"));
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
		cmocka_unit_test(test_presence),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_one_fault_one_finding),
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_composites),
		cmocka_unit_test(test_relations),
		cmocka_unit_test(test_external),
		cmocka_unit_test(test_totals),
		cmocka_unit_test(test_marks),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
