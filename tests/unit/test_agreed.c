/* If what a partner agreed to is not held, a member is enrolled without what his plan needs, or sound files go back. */
#include "check_run.h"

#include <stdlib.h>
#include <unistd.h>

#include "muster/error.h"
#include "muster/io.h"
#include "muster/profile.h"

static struct run run;
static struct arena arena;
static struct buffer errors;

#define HEADER "BGN*00*1*20260105*0930****2~N1*P5*ACME*FI*123456789~N1*IN*PLAN*FI*987654321~" /* 2 to 4 */
#define MEMBER "INS*Y*18*001*25*A***FT~REF*0F*S1~NM1*IL*1*ROE*ALEX~"                          /* 5 to 7 */

/* The profile's text, as partners/acme.yaml in the folder of the test's files. */
static void agree(const char *text, const struct profile *base, struct profile *ret_profile)
{
	char whole[1000];
	snprintf(whole, sizeof(whole), "isa_sender: A\n%s\n", text);
	buffer_clear(&errors);
	if (profile_parse(&arena, "partners/acme.yaml", slice_from(whole), base, run.guides, &errors, ret_profile) != 0)
		fail_msg("%s: %s", text, errors.data);
}

static const char *check_with(const char *profile_text, const char *set_id, const char *body)
{
	struct profile profile;
	struct buffer bytes;
	const char *got;
	agree(profile_text, NULL, &profile);
	run.options = profile.check;
	buffer_init(&bytes, &run.env);
	got = run_check(&run, run_wrap(&bytes, set_id, body), 0);
	buffer_fini(&bytes);
	return got;
}

struct row {
	const char *profile, *body, *want;
};

/* Each body is checked without the profile too: then it must say something else. */
static void check_rows(const char *set_id, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char plain[2000];
		const char *got;
		snprintf(plain, sizeof(plain), "%s", check_with("", set_id, rows[i].body));
		got = check_with(rows[i].profile, set_id, rows[i].body);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s\n%s:\n  want\n%s  got\n%s", rows[i].profile, rows[i].body, rows[i].want, got);
		if (strcmp(got, plain) == 0)
			fail_msg("%s: changes nothing at %s", rows[i].profile, rows[i].body);
	}
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Tighter and looser than the guide, place by place. */
static void test_overlay(void **state)
{
	static const struct row rows[] = {
		{"overlay: {834: {2000/INS08: {usage: R}}}", HEADER "INS*Y*18*001*25*A~REF*0F*S1~NM1*IL*1*ROE*ALEX~",
		 "5 INS 2000 8.0.1 element_required_missing  m1\n"},
		{"overlay: {834: {2000/INS08: {usage: N}}}", HEADER MEMBER,
		 "5 INS 2000 8.0.1 element_not_used FT m1\n"},
		{"overlay: {834: {2000/INS14: {usage: S}}}",
		 HEADER "INS*Y*18*001*25*A*********XX~REF*0F*S1~NM1*IL*1*ROE*ALEX~", ""},
		{"overlay: {834: {2100A/NM104: {length: 2/10}}}", HEADER "INS*Y*18*001*25*A~REF*0F*S1~NM1*IL*1*ROE*A~",
		 "7 NM1 2100A 4.0.1 element_too_short A m1\n"},
		{"overlay: {834: {2300/HD03: {codes: {only: [HLT, DEN]}}}}",
		 HEADER MEMBER "HD*001**HMO~DTP*303*D8*20260101~", "8 HD 2300 3.0.1 element_code_invalid HMO m1\n"},
		{"overlay: {834: {2300/HD03: {codes: {remove: [HMO]}}}}",
		 HEADER MEMBER "HD*001**HMO~DTP*303*D8*20260101~", "8 HD 2300 3.0.1 element_code_invalid HMO m1\n"},
		{"overlay: {834: {2300/HD03: {codes: {add: {AC: basic life}}}}}",
		 HEADER MEMBER "HD*001**AC~DTP*303*D8*20260101~", ""},
		{"overlay: {834: {2000/DTP01: {codes: {add: {999: of our own}}}}}",
		 HEADER "INS*Y*18*001*25*A~REF*0F*S1~DTP*999*D8*20260101~NM1*IL*1*ROE*ALEX~", ""},
		{"overlay: {834: {2000/INS06-1: {codes: {add: {F: Part D}}}}}",
		 HEADER "INS*Y*18*001*25*A*F~REF*0F*S1~NM1*IL*1*ROE*ALEX~", ""},
		{"overlay: {834: {2100A/DMG: {usage: R}}}", HEADER MEMBER,
		 "8 DMG 2100A 0.0.0 segment_required_missing  m1\n"},
		{"overlay: {834: {2100A/PER: {usage: N}}}", HEADER MEMBER "PER*IP**TE*5552220101~",
		 "8 PER 2100A 0.0.0 segment_not_used  m1\n"},
		{"overlay: {834: {2100A/N3: {repeat: 2}}}", HEADER MEMBER "N3*1 MAIN ST~N3*APT 2~", ""},
		{"overlay: {834: {2300: {repeat: 1}}}",
		 HEADER MEMBER "HD*001**HMO~DTP*303*D8*20260101~HD*001**DEN~DTP*303*D8*20260101~",
		 "10 HD 2300 0.0.0 loop_repeats_too_often  m1\n"},
		{"overlay: {834: {2300: {usage: R}}}", HEADER MEMBER, "8 HD 2300 0.0.0 segment_required_missing  m1\n"},
		{"overlay: {834: {2100C: {usage: N}}}", HEADER MEMBER "NM1*31*1~N3*PO BOX 1~",
		 "8 NM1 2100C 0.0.0 segment_not_used  m1\n"},
		{"overlay: {834: {'*/N403': {usage: R}}}", HEADER MEMBER "N4*ANYTOWN*CA~",
		 "8 N4 2100A 3.0.1 element_required_missing  m1\n"},
		{"overlay: {005010X220A1: {rules: {wage: {at: 2100A, when: {INS01: Y}, require: ICM, severity: error, "
		 "text: the plan's premium follows the wage}}}}",
		 HEADER MEMBER, "8 ICM 2100A 0.0.0 segment_situation_missing  m1\n"},
		{"overlay: {834: {rules: {employment_of_dependent: {at: 2000/INS, when: {INS01: N}, forbid: INS08, "
		 "severity: error, text: of ours}}}}",
		 HEADER "INS*N*01*001*25*A***FT~REF*0F*S1~NM1*IL*1*ROE*ALEX~",
		 "5 INS 2000 8.0.1 element_situation_forbidden FT m1\n"},
	};
	(void)state;
	check_rows("834", rows, COUNT(rows));
}

/* What a finding weighs: by type, code, rule, list and place; the nearer goes over the wider. */
static void test_severities(void **state)
{
	static const struct row rows[] = {
		{"severities: {snip4: error}", HEADER "INS*N*01*001*25*A***FT~REF*0F*S1~NM1*IL*1*ROE*ALEX~",
		 "5 INS 2000 8.0.1 element_situation_forbidden FT m1\n"},
		{"severities: {snip4: error, element_situation_forbidden: warning}",
		 HEADER "INS*N*18*001*25*A***FT~REF*0F*S1~NM1*IL*1*ROE*ALEX~",
		 "5 INS 2000 2.0.1 element_sense 18 m1\n"},
		{"severities: {employment_of_dependent: error}",
		 HEADER "INS*N*01*001*25*C***FT~REF*0F*S1~NM1*IL*1*ROE*ALEX~",
		 "5 INS 2000 8.0.1 element_situation_forbidden FT m1\n"},
		{"severities: {birth_in_future: error}", HEADER MEMBER "DMG*D8*20270101*F~",
		 "8 DMG 2100A 2.0.1 element_sense 20270101 m1\n"},
		{"severities: {2100A/N402: error}", HEADER MEMBER "N4*ANYTOWN*XX*9000~",
		 "8 N4 2100A 2.0.1 element_code_external XX m1\n"},
		{"severities: {element_code_external: error, 2100A/N402: off}", HEADER MEMBER "N4*ANYTOWN*XX*9000~",
		 "8 N4 2100A 3.0.1 element_code_external 9000 m1\n"},
		{"severities: {2000/INS: warning}", HEADER "INS*Y*18*ZZZ*25*A~REF*0F*S1~NM1*IL*1*ROE*ALEX~", ""},
		/* A lone INS is one fault for all that it lacks, but only where that one rejects. */
		{"severities: {2000/REF: warning}", HEADER "INS*Y*18*001*25*A~" MEMBER,
		 "6 NM1 2100A 0.0.0 segment_required_missing  m1\n"},
		{"severities: {2000/REF: 'off'}", HEADER "INS*Y*18*001*25*A~",
		 "6 NM1 2100A 0.0.0 segment_required_missing  m1\n"},
		{"severities: {'2100A': warning}", HEADER MEMBER "DMG*D8*20260230*F~", ""},
		{"severities: {2000/INS06-2: warning}", HEADER "INS*Y*18*001*25*A*A:9~REF*0F*S1~NM1*IL*1*ROE*ALEX~",
		 ""},
		{"codes: {states: error}", HEADER MEMBER "N4*ANYTOWN*XX*9000~",
		 "8 N4 2100A 2.0.1 element_code_external XX m1\n"},
		{"codes: {zip: error}", HEADER MEMBER "N4*ANYTOWN*XX*9000~",
		 "8 N4 2100A 3.0.1 element_code_external 9000 m1\n"},
		{"codes: {phone: error}", HEADER MEMBER "PER*IP**TE*1~",
		 "8 PER 2100A 4.0.1 element_code_external 1 m1\n"},
		{"codes: {mbi: error}", HEADER "INS*Y*18*001*25*A~REF*0F*S1~REF*F6*1EG4TE5MS73~NM1*IL*1*ROE*ALEX~",
		 "7 REF 2000 2.0.1 element_code_external 1EG4TE5MS73 m1\n"},
		{"codes: {npi: error}",
		 HEADER MEMBER "HD*001**HMO~DTP*348*D8*20260101~LX*1~NM1*P3*1*DOC*****XX*1234567894*25~",
		 "11 NM1 2310 9.0.1 element_code_external 1234567894 m1\n"},
		{"codes: {ssn: error}", HEADER "INS*Y*18*001*25*A~REF*0F*S1~NM1*IL*1*ROE*ALEX****34*999999999~",
		 "7 NM1 2100A 9.0.1 element_ssn_placeholder 999999999 m1\n"},
		{"codes: {countries: error}", HEADER MEMBER "N4*ANYTOWN***QQ~",
		 "8 N4 2100A 4.0.1 element_code_external QQ m1\n"},
		{"severities: {element_code_external: error}\ncodes: {zip: off}", HEADER MEMBER "N4*ANYTOWN*XX*9000~",
		 "8 N4 2100A 2.0.1 element_code_external XX m1\n"},
	};
	static const struct row rows_820[] = {
		{"codes: {ein: error}",
		 "BPR*C*10*C*CHK******1123456789******20260105~TRN*1*C1~N1*PE*PLAN*FI*12-3456789~N1*PR*ACME~"
		 "ENT*1*2J*EI*E1~RMR*AZ*P1**10~",
		 "4 N1 1000A 4.0.1 element_code_external 12-3456789 m0\n"},
		{"codes: {aba: error}",
		 "BPR*C*10*C*ACH*CTX*01*123456789*DA*1*1123456789**01*021000021*DA*2*20260105~TRN*1*C1~N1*PE*PLAN~"
		 "N1*PR*ACME~ENT*1*2J*EI*E1~RMR*AZ*P1**10~",
		 "2 BPR - 7.0.1 element_code_external 123456789 m0\n"},
		{"codes: {currencies: error}",
		 "BPR*C*10*C*CHK******1123456789******20260105~TRN*1*C1~CUR*PR*QQQ~N1*PE*PLAN~N1*PR*ACME~"
		 "ENT*1*2J*EI*E1~RMR*AZ*P1**10~",
		 "4 CUR - 2.0.1 element_code_external QQQ m0\n"},
		{"severities: {/BPR05: warning}",
		 "BPR*C*10*C*CHK*CTX*****1123456789******20260105~TRN*1*C1~N1*PE*PLAN~N1*PR*ACME~ENT*1*2J*EI*E1~"
		 "RMR*AZ*P1**10~",
		 ""},
	};
	(void)state;
	check_rows("834", rows, COUNT(rows));
	check_rows("820", rows_820, COUNT(rows_820));
}

/* What section 9 of the partners' habits asks of the syntax. */
static void test_variations(void **state)
{
	static const struct row rows[] = {
		{"case: upper", HEADER "INS*Y*18*001*25*A~REF*0F*S1~NM1*IL*1*Roe*ALEX~",
		 "7 NM1 2100A 3.0.1 element_case Roe m1\n"},
		{"case: upper", HEADER "INS*y*18*001*25*A~REF*0F*s1~NM1*IL*1*ROE*ALEX~",
		 "5 INS 2000 1.0.1 element_code_invalid y m1\n6 REF 2000 2.0.1 element_case s1 m1\n"},
		{"case: basic", HEADER "INS*Y*18*001*25*A~REF*0F*S_1~NM1*IL*1*Roe*O'NEIL-(A)~N3*1 ST #2~",
		 "6 REF 2000 2.0.1 element_charset S_1 m1\n7 NM1 2100A 3.0.1 element_case Roe m1\n"
		 "8 N3 2100A 1.0.1 element_charset 1 ST #2 m1\n"},
		{"case: basic", HEADER "INS*Y*18*001*25*A*A:0~REF*0F*S1~NM1*IL*1*MU\xc3\x91OZ*ALEX~DMG*D8*19850214*F**C^H~",
		 "7 NM1 2100A 3.0.1 element_charset MU\xc3\x91OZ m1\n"},
		{"require_isa14: 1", HEADER MEMBER, "0 ISA - 14.0.1 interchange_ack_requested 0 m0\n"},
		{"gs_receiver: MUSTERGS", HEADER MEMBER, "0 GS - 3.0.1 fgroup_header RECEIVER m0\n"},
		{"max_ins: 1", HEADER MEMBER MEMBER MEMBER, "8 INS 2000 0.0.0 loop_repeats_too_often  m2\n"},
		{"require_seg: [2000/REF*17, 2100A/LUI, 2100A/NM109, /REF*38]", HEADER MEMBER,
		 "7 NM1 2100A 9.0.1 element_situation_missing  m1\n"
		 "8 LUI 2100A 0.0.0 segment_situation_missing  m1\n"
		 "7 REF 2000 0.0.0 segment_situation_missing  m1\n"
		 "3 REF - 0.0.0 segment_situation_missing  m0\n"},
		{"require_seg: [2100C]", HEADER MEMBER, "8 NM1 2100C 0.0.0 segment_situation_missing  m1\n"},
		{"n4_county: true", HEADER MEMBER "N4*ANYTOWN*CA*90001~",
		 "8 N4 2100A 6.0.1 element_situation_missing  m1\n"},
	};
	(void)state;
	check_rows("834", rows, COUNT(rows));
	assert_string_equal(check_with("max_ins: 3\ncase: upper\ngs_receiver: RECEIVER\ndelims: expected\n"
				       "require_seg: [2100A/NM104]",
				       "834", HEADER MEMBER MEMBER MEMBER),
			    "");
}

/* Separators other than the agreed ones come before all else, and reject the interchange. */
static void test_separators(void **state)
{
	static const char text[] =
		"ISA|00|          |00|          |ZZ|SENDER         |ZZ|RECEIVER       |260105|0930|!|"
		"00501|000000001|0|T|>\nGS|BE|SENDER|RECEIVER|20260105|0930|1|X|005010X220A1\n"
		"GE|0|1\nIEA|1|000000001\n";
	struct profile profile;
	(void)state;
	agree("delims: expected", NULL, &profile);
	run.options = profile.check;
	assert_non_null(strstr(run_check(&run, SLICE_LITERAL(text), 0),
			       "0 ISA - 0.0.1 interchange_element_separator  m0\n"
			       "0 ISA - 11.0.1 interchange_repetition_separator ! m0\n"
			       "0 ISA - 16.0.1 interchange_component_separator > m0\n"
			       "0 ISA - 0.0.1 interchange_segment_terminator  m0\n"));
	agree("delims: any", NULL, &profile);
	run.options = profile.check;
	assert_null(strstr(run_check(&run, SLICE_LITERAL(text), 0), "separator"));
}

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *file;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fputs(text, file) >= 0, 1);
	assert_int_equal(fclose(file), 0);
}

static int parse_in(const char *folder, const char *text, struct profile *ret_profile)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/acme.yaml", folder);
	buffer_clear(&errors);
	return profile_parse(&arena, path, slice_from(text), NULL, run.guides, &errors, ret_profile);
}

/* Lists of the site's own: one replaced, one added and bound to an element. */
static void test_code_files(void **state)
{
	char folder[] = "agreed-XXXXXX", name[64];
	static const char *const names[] = {"states.yaml", "plans.yaml", "bad.yaml"};
	struct profile profile;
	struct buffer bytes;
	(void)state;
	assert_non_null(mkdtemp(folder));
	write_file(folder, "states.yaml", "list: states\ncodes: {CA: California, QX: of ours}\n");
	write_file(folder, "plans.yaml", "list: plans\ncodes: {PLAN10: gold, PLAN20: silver}\n");
	write_file(folder, "bad.yaml", "list: other\ncodes: {A: a}\n");
	if (parse_in(folder,
		     "isa_sender: A\ncode_files: {states: states.yaml, plans: plans.yaml}\n"
		     "overlay: {834: {2300/HD04: {list: plans}}}\ncodes: {states: error, plans: error}\n",
		     &profile) != 0)
		fail_msg("%s", errors.data);
	run.options = profile.check;
	buffer_init(&bytes, &run.env);
	assert_string_equal(
		run_check(&run,
			  run_wrap(&bytes, "834",
				   HEADER MEMBER "N4*ANYTOWN*NY*90001~HD*001**HMO*PLAN30~DTP*303*D8*20260101~"),
			  0),
		"8 N4 2100A 2.0.1 element_code_external NY m1\n9 HD 2300 4.0.1 element_code_external PLAN30 m1\n");
	assert_string_equal(
		run_check(&run,
			  run_wrap(&bytes, "834",
				   HEADER MEMBER "N4*ANYTOWN*QX*90001~HD*001**HMO*PLAN20~DTP*303*D8*20260101~"),
			  0),
		"");
	assert_int_equal(parse_in(folder, "isa_sender: A\ncode_files: {states: bad.yaml}\n", &profile),
			 MUSTER_ERROR_CONFIG);
	assert_non_null(strstr(errors.data, "/bad.yaml:1:7: this is the list \"other\", and \"states\" is wanted"));
	assert_non_null(strstr(errors.data, "/acme.yaml:2:22: this file cannot be taken as the list states"));
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(name, sizeof(name), "%s/%s", folder, names[i]);
		assert_int_equal(unlink(name), 0);
	}
	assert_int_equal(rmdir(folder), 0);
	buffer_fini(&bytes);
}

/* A list as another system gives it: a table, or a code in each line. */
static void test_code_files_of_other_forms(void **state)
{
	static const char codes[] = "overlay: {834: {2300/HD04: {list: plans}}}\ncodes: {plans: error}\n";
	static const struct {
		const char *name, *content, *fault;
	} rows[] = {
		{"plans.csv", "code,meaning\nPLAN10,gold\nPLAN 20,\"silver, old\"\n", NULL},
		{"plans.csv", "\xef\xbb\xbfmeaning,code\r\n,PLAN 20\r\n\r\ngold,PLAN10\r\n", NULL},
		{"plans.csv", "code\nPLAN10\nPLAN 20\n", NULL},
		{"plans.txt", "# ours\n\nPLAN 20\r\n  PLAN10\n", NULL},
		{"plans.txt", "\xef\xbb\xbfPLAN10\nPLAN 20", NULL},
		{"plans.csv", "", "/plans.csv:1:1: there is no code in this list"},
		{"plans.csv", "PLAN10\n", "/plans.csv:1:1: the columns of a code list are code and meaning, once each"},
		{"plans.csv", "meaning\nPLAN10\n", "/plans.csv:1:1: the first line names the columns"},
		{"plans.csv", "code,code\n", "/plans.csv:1:6: the columns of a code list are"},
		{"plans.csv", "code,meaning\nA,a\nB\n", "/plans.csv:3:1: this line has other fields"},
		{"plans.csv", "code,meaning\nA,a\nA,b\n", "/plans.csv:3:1: this code stands in the list already"},
		{"plans.csv", "code,meaning\n,a\n", "/plans.csv:2:1: a code has 1 to 80 bytes that can be seen"},
		{"plans.csv", "code,meaning\nA,\"a\n", "/plans.csv:2:3: "},
		{"plans.txt", "A\nB\nA\n", "/plans.txt:3:1: this code stands in the list already"},
		{"plans.txt", "A\x01\n", "/plans.txt:1:1: a code has 1 to 80 bytes"},
		{"plans.txt", "# none\n", "/plans.txt:1:1: there is no code in this list"},
	};
	char folder[] = "agreed-XXXXXX", name[64], text[200];
	struct profile profile;
	struct buffer bytes;
	(void)state;
	assert_non_null(mkdtemp(folder));
	buffer_init(&bytes, &run.env);
	for (size_t i = 0; i < COUNT(rows); i++) {
		int r;
		write_file(folder, rows[i].name, rows[i].content);
		snprintf(text, sizeof(text), "isa_sender: A\ncode_files: {plans: %s}\n%s", rows[i].name, codes);
		r = parse_in(folder, text, &profile);
		if (r != (rows[i].fault == NULL ? 0 : MUSTER_ERROR_CONFIG) ||
		    (r != 0 && strstr(errors.data, rows[i].fault) == NULL))
			fail_msg("%zu: %d %s", i, r, errors.len > 0 ? errors.data : "");
		snprintf(name, sizeof(name), "%s/%s", folder, rows[i].name);
		assert_int_equal(unlink(name), 0);
		if (r != 0)
			continue;
		run.options = profile.check;
		assert_string_equal(
			run_check(&run,
				  run_wrap(&bytes, "834",
					   HEADER MEMBER "HD*001**HMO*PLAN10~DTP*303*D8*20260101~"
							 "HD*001**DEN*PLAN 20~DTP*303*D8*20260101~"
							 "HD*001**VIS*PLAN~DTP*303*D8*20260101~"),
				  0),
			"12 HD 2300 4.0.1 element_code_external PLAN m1\n");
	}
	assert_int_equal(rmdir(folder), 0);
	buffer_fini(&bytes);
}

/* An overlay may not make a guide larger than a walker has room for. */
static void test_overlay_limits(void **state)
{
	struct profile profile;
	struct buffer text;
	(void)state;
	buffer_init(&text, &run.env);
	buffer_add_text(&text, "isa_sender: A\noverlay:\n  834: {2000/DTP01: {codes: {add: {");
	for (int i = 0; i < 20000; i++)
		buffer_printf(&text, "%sB%d: b", i > 0 ? ", " : "", i);
	buffer_add_text(&text, "}}}}\n");
	buffer_clear(&errors);
	assert_int_equal(profile_parse(&arena, "acme.yaml", buffer_slice(&text), NULL, run.guides, &errors, &profile),
			 MUSTER_ERROR_CONFIG);
	assert_non_null(strstr(errors.data, "acme.yaml:3:3: too many codes tell the segments of this guide apart"));
	buffer_fini(&text);
}

/* What the default says holds for a partner who says something else besides; others never see it. */
static void test_inheritance(void **state)
{
	struct profile base, partner, other;
	struct buffer bytes;
	(void)state;
	agree("overlay: {834: {2000/INS08: {usage: N}}}\nseverities: {2100A/N402: error}", NULL, &base);
	agree("overlay: {834: {2000/INS17: {usage: R}}}\nseverities: {2100A/N403: error}", &base, &partner);
	agree("", NULL, &other);
	buffer_init(&bytes, &run.env);
	run.options = partner.check;
	assert_string_equal(
		run_check(&run, run_wrap(&bytes, "834", HEADER MEMBER "N4*ANYTOWN*XX*9000~"), 0),
		"5 INS 2000 8.0.1 element_not_used FT m1\n5 INS 2000 17.0.1 element_required_missing  m1\n"
		"8 N4 2100A 2.0.1 element_code_external XX m1\n8 N4 2100A 3.0.1 element_code_external 9000 m1\n");
	run.options = other.check;
	assert_string_equal(run_check(&run, run_wrap(&bytes, "834", HEADER MEMBER "N4*ANYTOWN*XX*9000~"), 0), "");
	buffer_fini(&bytes);
}

/* Whoever reads profiles without guides must hear that they are needed, or an overlay would pass unread. */
static void test_guides_are_asked_for(void **state)
{
	static const char *const texts[] = {"overlay: {834: {2000/INS08: {usage: N}}}",
					    "codes: {zip: off}",
					    "code_files: {states: x}",
					    "require_seg: []",
					    "n4_county: true",
					    "severities: {2100A/N402: error}"};
	struct profile profile;
	char text[200];
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		snprintf(text, sizeof(text), "isa_sender: A\n%s\n", texts[i]);
		assert_int_equal(profile_parse(&arena, "acme.yaml", slice_from(text), NULL, NULL, &errors, &profile),
				 PROFILE_E_GUIDES);
	}
	assert_int_equal(profile_parse(&arena, "acme.yaml",
				       SLICE_LITERAL("isa_sender: A\nseverities: {snip4: error}\n"), NULL, NULL,
				       &errors, &profile),
			 0);
}

static int setup(void **state)
{
	(void)state;
	assert_int_equal(hash_setup(), 0);
	run_init(&run);
	arena_init(&arena, &run.env, 0, 0);
	buffer_init(&errors, &run.env);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buffer_fini(&errors);
	arena_fini(&arena);
	run_fini(&run);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overlay),
		cmocka_unit_test(test_severities),
		cmocka_unit_test(test_variations),
		cmocka_unit_test(test_separators),
		cmocka_unit_test(test_overlay_limits),
		cmocka_unit_test(test_code_files),
		cmocka_unit_test(test_code_files_of_other_forms),
		cmocka_unit_test(test_inheritance),
		cmocka_unit_test(test_guides_are_asked_for),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
