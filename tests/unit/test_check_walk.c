/* If the walk loses its way, a member's coverage is read as somebody else's, or a sound file is sent back. */
#include "check_run.h"

static struct run run;

/* Two members with all that usually stands in them; every fault below is one edit of this. */
static const char base[] = "BGN*00*1*20260105*0930****2~"            /* 2 */
			   "REF*38*G100~"                            /* 3 */
			   "N1*P5*ACME*FI*123456789~"                /* 4 */
			   "N1*IN*PLAN*FI*987654321~"                /* 5 */
			   "INS*Y*18*021*28*A***FT~"                 /* 6 */
			   "REF*0F*S0001~"                           /* 7 */
			   "REF*1L*G100-01~"                         /* 8 */
			   "DTP*356*D8*20260101~"                    /* 9 */
			   "NM1*IL*1*ROE*ALEX****34*219093121~"      /* 10 */
			   "PER*IP**HP*5552220101~"                  /* 11 */
			   "N3*1 MAIN ST~"                           /* 12 */
			   "N4*ANYTOWN*CA*90001~"                    /* 13 */
			   "DMG*D8*19850214*F*M~"                    /* 14 */
			   "NM1*31*1~"                               /* 15 */
			   "N3*PO BOX 1~"                            /* 16 */
			   "N4*OTHERTOWN*CA*90002~"                  /* 17 */
			   "HD*021**HMO*PLAN10*ESP~"                 /* 18 */
			   "DTP*348*D8*20260101~"                    /* 19 */
			   "LX*1~"                                   /* 20 */
			   "NM1*P3*1*DOC*JAMIE****XX*1234567893*25~" /* 21 */
			   "COB*P*890111*5~"                         /* 22 */
			   "REF*60*XYZ~"                             /* 23 */
			   "NM1*IN*2*OTHER~"                         /* 24 */
			   "LS*2700~"                                /* 25 */
			   "LX*1~"                                   /* 26 */
			   "N1*75*BRANCH~"                           /* 27 */
			   "REF*3L*88~"                              /* 28 */
			   "LE*2700~"                                /* 29 */
			   "INS*N*01*021*28*A~"                      /* 30 */
			   "REF*0F*S0001~"                           /* 31 */
			   "REF*1L*G100-01~"                         /* 32 */
			   "DTP*356*D8*20260101~"                    /* 33 */
			   "NM1*IL*1*ROE*SAM****34*219093122~"       /* 34 */
			   "DMG*D8*19840301*M~"                      /* 35 */
			   "HD*021**HMO*PLAN10~"                     /* 36 */
			   "DTP*348*D8*20260101~";                   /* 37 */

struct edit {
	const char *what, *find, *replace, *want;
};

/* Replace the first `find` of `text`; NULL: with nothing, and what follows goes too. An empty `find` appends. */
static void edit_text(const char *text, const struct edit *edit, char *out, size_t out_bytes)
{
	const char *at = edit->find[0] == '\0' ? text + strlen(text) : strstr(text, edit->find);
	assert_non_null(at);
	if (edit->replace == NULL)
		snprintf(out, out_bytes, "%.*s", (int)(at - text), text);
	else
		snprintf(out, out_bytes, "%.*s%s%s", (int)(at - text), text, edit->replace, at + strlen(edit->find));
}

static void check_edits(const char *set_id, const char *text, const struct edit *edits, size_t count)
{
	struct buffer bytes;
	static char body[4096];
	buffer_init(&bytes, &run.env);
	for (size_t i = 0; i < count; i++) {
		const char *got;
		edit_text(text, &edits[i], body, sizeof(body));
		got = run_check(&run, run_wrap(&bytes, set_id, body), i % 7);
		if (strcmp(got, edits[i].want) != 0)
			fail_msg("%s:\n  want\n%s  got\n%s", edits[i].what, edits[i].want, got);
	}
	buffer_fini(&bytes);
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A misspelt segment of one member does not stand for what the next one lacks. */
static void test_slip_of_another_member(void **state)
{
	static const struct edit edits[] = {
		{"an id misspelt, and the next member's date missing", "PLAN10*ESP~DTP*348*D8*20260101~",
		 "PLAN10*ESP~DTP*348*D8*20260101~DPT*348*D8*20260101~",
		 "20 DPT 2300 0.0.0 segment_not_in_set DPT m1\n38 DTP 2300 0.0.0 segment_required_missing  m2\n"},
	};
	static char lacking[4096];
	(void)state;
	snprintf(lacking, sizeof(lacking), "%.*s", (int)(strlen(base) - strlen("DTP*348*D8*20260101~")), base);
	check_edits("834", lacking, edits, COUNT(edits));
}

/* A contact where the guide has none opens no loop of a bank. */
static void test_stray_contact(void **state)
{
	static const char sound[] = "BPR*C*10*C*CHK******1123456789******20260105~TRN*1*C1~N1*PE*PLAN~N1*PR*ACME~"
				    "ENT*1*2J*EI*E1~RMR*AZ*P1**10~";
	static const struct edit edits[] = {
		{"PER of the receiver", "N1*PE*PLAN~", "N1*PE*PLAN~PER*IC*AL*TE*5552220101~",
		 "5 PER 1000A 0.0.0 segment_unexpected  m0\n"},
	};
	(void)state;
	check_edits("820", sound, edits, COUNT(edits));
}

/* One fault, one finding, at the place where a person would look for it. */
static void test_single_faults(void **state)
{
	static const struct edit edits[] = {
		{"sound", "", "", ""},
		/* lost segments: reported where they should have stood */
		{"no BGN", "BGN*00*1*20260105*0930****2~", "", "2 BGN - 0.0.0 segment_required_missing  m0\n"},
		{"no sponsor", "N1*P5*ACME*FI*123456789~", "", "5 N1 1000A 0.0.0 segment_required_missing  m0\n"},
		{"no payer", "N1*IN*PLAN*FI*987654321~", "", "5 N1 1000B 0.0.0 segment_required_missing  m0\n"},
		{"no first INS", "INS*Y*18*021*28*A***FT~", "", "6 INS 2000 0.0.0 segment_required_missing  m1\n"},
		{"no second INS", "INS*N*01*021*28*A~", "", "30 INS 2000 0.0.0 segment_required_missing  m2\n"},
		{"no REF*0F", "REF*0F*S0001~", "", "8 REF 2000 0.0.0 segment_required_missing  m1\n"},
		{"no NM1 but PER", "NM1*IL*1*ROE*ALEX****34*219093121~", "",
		 "10 NM1 2100A 0.0.0 segment_required_missing  m1\n"},
		{"no NM1 at all", "NM1*IL*1*ROE*SAM****34*219093122~DMG*D8*19840301*M~", "",
		 "34 NM1 2100A 0.0.0 segment_required_missing  m2\n"},
		{"no NM1 of the mailing address", "NM1*31*1~", "", "15 NM1 2100C 0.0.0 segment_required_missing  m1\n"},
		{"no N3 of the mailing address", "N3*PO BOX 1~", "",
		 "16 N3 2100C 0.0.0 segment_required_missing  m1\n"},
		{"no HD", "HD*021**HMO*PLAN10*ESP~", "", "18 HD 2300 0.0.0 segment_required_missing  m1\n"},
		{"no DTP of a coverage", "DTP*348*D8*20260101~LX", "LX",
		 "19 DTP 2300 0.0.0 segment_required_missing  m1\n"},
		{"no DTP of the last coverage", "HMO*PLAN10~DTP*348*D8*20260101~", "HMO*PLAN10~",
		 "37 DTP 2300 0.0.0 segment_required_missing  m2\n"},
		{"no LX of a provider", "LX*1~NM1", "NM1", "20 LX 2310 0.0.0 segment_required_missing  m1\n"},
		{"no NM1 of a provider", "NM1*P3*1*DOC*JAMIE****XX*1234567893*25~", "",
		 "21 NM1 2310 0.0.0 segment_required_missing  m1\n"},
		{"no COB", "COB*P*890111*5~", "", "22 COB 2320 0.0.0 segment_required_missing  m1\n"},
		{"no LS", "COB*P*890111*5~REF*60*XYZ~NM1*IN*2*OTHER~LS*2700~", "",
		 "22 LS LS 0.0.0 segment_required_missing  m1\n"},
		{"no LS and no provider either",
		 "LX*1~NM1*P3*1*DOC*JAMIE****XX*1234567893*25~COB*P*890111*5~REF*60*XYZ~"
		 "NM1*IN*2*OTHER~LS*2700~",
		 "", "20 LS LS 0.0.0 segment_required_missing  m1\n"},
		/* out of order: told once, also where several come too late together */
		{"REF behind a date", "REF*0F*S0001~REF*1L*G100-01~DTP*356*D8*20260101~",
		 "DTP*356*D8*20260101~REF*0F*S0001~REF*1L*G100-01~", "8 REF 2000 0.0.0 segment_out_of_order  m1\n"},
		{"REF behind a date, in the last member",
		 "INS*N*01*021*28*A~REF*0F*S0001~REF*1L*G100-01~DTP*356*D8*20260101~",
		 "INS*N*01*021*28*A~DTP*356*D8*20260101~REF*0F*S0001~REF*1L*G100-01~",
		 "32 REF 2000 0.0.0 segment_out_of_order  m2\n"},
		/* an employer is nobody's name: no member has begun */
		{"an employer before the birth date", "NM1*IL*1*ROE*SAM****34*219093122~",
		 "NM1*IL*1*ROE*SAM****34*219093122~NM1*36*2*ACME~", "36 DMG 2100D 0.0.0 segment_unexpected  m2\n"},
		{"no LE", "LE*2700~", "", "29 LE LS 0.0.0 segment_required_missing  m1\n"},
		{"no LX of a category", "LS*2700~LX*1~", "LS*2700~", "26 LX 2700 0.0.0 segment_required_missing  m1\n"},
		{"no members", "INS*Y", NULL, "6 INS 2000 0.0.0 segment_required_missing  m0\n"},
		/* segments that nobody knows */
		{"unknown segment", "REF*1L", "ZZ1*1~REF*1L", "8 ZZ1 2000 0.0.0 segment_not_in_set ZZ1 m1\n"},
		{"unknown segment between members", "INS*N", "ZZ1*1~INS*N",
		 "30 ZZ1 LS 0.0.0 segment_not_in_set ZZ1 m1\n"},
		{"unknown segment at the end", "", "ZZ1*1~", "38 ZZ1 2300 0.0.0 segment_not_in_set ZZ1 m2\n"},
		{"misspelt INS", "INS*N*01", "INX*N*01", "30 INX 2000 0.0.0 segment_not_in_set INX m2\n"},
		{"misspelt HD", "HD*021**HMO*PLAN10*ESP", "HX*021**HMO*PLAN10*ESP",
		 "18 HX 2300 0.0.0 segment_not_in_set HX m1\n"},
		{"malformed id", "INS*N*01", "I*N*01", "30  2000 0.0.0 segment_unknown I m2\n"},
		/* segments of the guide in the wrong place */
		{"not here", "REF*1L", "LE*2700~REF*1L", "8 LE 2000 0.0.0 segment_unexpected  m1\n"},
		{"a loop that is not here", "REF*38*G100~", "LX*1~REF*38*G100~",
		 "3 LX - 0.0.0 segment_unexpected  m0\n"},
		{"REF behind DTP", "REF*1L*G100-01~DTP*356*D8*20260101~", "DTP*356*D8*20260101~REF*1L*G100-01~",
		 "9 REF 2000 0.0.0 segment_out_of_order  m1\n"},
		{"member date behind HD", "HD*021**HMO*PLAN10~", "HD*021**HMO*PLAN10~DTP*336*D8*20250101~",
		 "37 DTP 2000 0.0.0 segment_out_of_order  m2\n"},
		{"employer behind HD", "COB*P", "NM1*36*2*ACME~N3*1 WORK ST~COB*P",
		 "22 NM1 2100D 0.0.0 segment_out_of_order  m1\n"},
		{"employer behind COB is the other coverage's", "LS*2700~", "NM1*36*2*ACME~N3*1 WORK ST~LS*2700~", ""},
		{"payer among members", "N1*IN*PLAN*FI*987654321~INS*Y*18*021*28*A***FT~REF*0F*S0001~",
		 "INS*Y*18*021*28*A***FT~REF*0F*S0001~N1*IN*PLAN*FI*987654321~",
		 "7 N1 1000B 0.0.0 segment_out_of_order  m1\n"},
		{"N4 before N3", "N3*1 MAIN ST~N4*ANYTOWN*CA*90001~", "N4*ANYTOWN*CA*90001~N3*1 MAIN ST~",
		 "13 N3 2100A 0.0.0 segment_out_of_order  m1\n"},
		/* too often */
		{"two BGN", "BGN*00*1*20260105*0930****2~", "BGN*00*1*20260105*0930****2~BGN*00*1*20260105*0930****2~",
		 "3 BGN - 0.0.0 segment_repeats_too_often  m0\n"},
		{"two REF*0F", "REF*0F*S0001~", "REF*0F*S0001~REF*0F*S0001~",
		 "8 REF 2000 0.0.0 segment_repeats_too_often  m1\n"},
		{"two N3", "N3*1 MAIN ST~", "N3*1 MAIN ST~N3*APT 2~",
		 "13 N3 2100A 0.0.0 segment_repeats_too_often  m1\n"},
		{"two sponsors", "N1*P5*ACME*FI*123456789~", "N1*P5*ACME*FI*123456789~N1*P5*ACME*FI*123456789~",
		 "5 N1 1000A 0.0.0 loop_repeats_too_often  m0\n"},
		{"two names", "NM1*31*1~", "NM1*IL*1*ROE*ALEX~NM1*31*1~",
		 "15 NM1 2100A 0.0.0 loop_repeats_too_often  m1\n"},
		{"two names, one late", "LS*2700~", "NM1*IL*1*ROE*ALEX~LS*2700~",
		 "25 NM1 2100A 0.0.0 loop_repeats_too_often  m1\n"},
		/* a bad qualifier: the segment is taken for the nearest place of its id */
		{"bad REF01", "REF*1L", "REF*YY", "8 REF 2000 1.0.1 element_code_invalid YY m1\n"},
		{"bad REF01 for 0F", "REF*0F*S0001~", "REF*YY*S0001~", "7 REF 2000 1.0.1 element_code_invalid YY m1\n"},
		{"bad REF before 0F", "REF*0F*S0001~", "REF*YY*A~REF*0F*S0001~",
		 "7 REF 2000 1.0.1 element_code_invalid YY m1\n"},
		{"bad DTP01", "DTP*356", "DTP*358", "9 DTP 2000 1.0.1 element_code_invalid 358 m1\n"},
		{"bad DTP01 of a coverage", "DTP*348*D8*20260101~LX", "DTP*999*D8*20260101~LX",
		 "19 DTP 2300 1.0.1 element_code_invalid 999 m1\n"},
		{"bad NM101", "NM1*IL*1*ROE*ALEX", "NM1*QC*1*ROE*ALEX",
		 "10 NM1 2100A 1.0.1 element_code_invalid QC m1\n"},
		{"bad N101", "N1*P5", "N1*PX", "4 N1 1000A 1.0.1 element_code_invalid PX m0\n"},
		{"bad provider", "NM1*P3", "NM1*P9", "21 NM1 2310 1.0.1 element_code_invalid P9 m1\n"},
		{"empty REF01", "REF*1L", "REF*", "8 REF 2000 1.0.1 element_required_missing  m1\n"},
		{"a header qualifier at a member", "REF*1L", "REF*38", "8 REF 2000 1.0.1 element_code_invalid 38 m1\n"},
	};
	(void)state;
	check_edits("834", base, edits, COUNT(edits));
}

/* What partners do though the guide wants it otherwise: warnings, and nothing is lost. */
static void test_habits(void **state)
{
	static const struct edit edits[] = {
		{"payer before sponsor", "N1*P5*ACME*FI*123456789~N1*IN*PLAN*FI*987654321~",
		 "N1*IN*PLAN*FI*987654321~N1*P5*ACME*FI*123456789~", "5 N1 1000A 0.0.0 segment_order_habit  m0\n"},
		{"mailing address before name", "NM1*IL*1*ROE*SAM", "NM1*31*1~N3*PO BOX 2~NM1*IL*1*ROE*SAM",
		 "36 NM1 2100A 0.0.0 segment_order_habit  m2\n"},
		{"REF in any order", "REF*0F*S0001~REF*1L*G100-01~", "REF*1L*G100-01~REF*0F*S0001~", ""},
		{"same date twice", "DTP*356*D8*20260101~", "DTP*356*D8*20260101~DTP*356*D8*20260101~",
		 "10 DTP 2000 0.0.0 segment_duplicate_qualifier 356 m1\n"},
		{"same date in another member", "DTP*356*D8*20260101~", "DTP*336*D8*20260101~DTP*356*D8*20260101~", ""},
	};
	(void)state;
	run.warnings = true;
	check_edits("834", base, edits, COUNT(edits));
	run.warnings = false;
}

static const char base_820[] =
	"BPR*C*900.00*C*ACH*CTX*01*111000025*DA*001122*1123456789**01*021000021*DA*778899*20260201~" /* 2 */
	"TRN*1*T20260201A*1123456789~"                                                               /* 3 */
	"REF*14*G100~"                                                                               /* 4 */
	"N1*PE*PLAN*FI*987654321~"                                                                   /* 5 */
	"N1*PR*ACME*FI*123456789~"                                                                   /* 6 */
	"ENT*1*2J*EI*777~"                                                                           /* 7 */
	"NM1*EY*1*ROE*ALEX****EI*777~"                                                               /* 8 */
	"ADX*-50.00*80~"                                                                             /* 9 */
	"RMR*IG*S0001**500.00~"                                                                      /* 10 */
	"DTM*582****RD8*20260201-20260228~"                                                          /* 11 */
	"ENT*2*2J*EI*778~"                                                                           /* 12 */
	"NM1*EY*1*POE*PAT****EI*778~"                                                                /* 13 */
	"RMR*IG*S0002**450.00*475.00~"                                                               /* 14 */
	"DTM*582****RD8*20260201-20260228~"                                                          /* 15 */
	"ADX*-25.00*H6~";                                                                            /* 16 */

static void test_single_faults_820(void **state)
{
	static const struct edit edits[] = {
		{"sound", "", "", ""},
		{"no TRN", "TRN*1*T20260201A*1123456789~", "", "3 TRN - 0.0.0 segment_required_missing  m0\n"},
		{"no RMR", "RMR*IG*S0001**500.00~DTM*582****RD8*20260201-20260228~", "",
		 "10 RMR 2300B 0.0.0 segment_required_missing  m1\n"},
		{"no first ENT", "ENT*1*2J*EI*777~", "", "7 ENT 2000B 0.0.0 segment_required_missing  m1\n"},
		{"bad ADX02", "ADX*-50.00*80", "ADX*-50.00*ZZ", "9 ADX 2200B 2.0.1 element_code_invalid ZZ m1\n"},
		{"a reason of the wrong ADX", "ADX*-25.00*H6", "ADX*-25.00*80",
		 "16 ADX 2320B 2.0.1 element_code_invalid 80 m2\n"},
		{"bad ENT02", "ENT*1*2J", "ENT*1*2X", "7 ENT 2000B 2.0.1 element_code_invalid 2X m1\n"},
		{"total differs", "BPR*C*900.00", "BPR*C*901.00", "2 BPR - 2.0.1 tset_out_of_balance  m0\n"},
		{"one line differs", "450.00*475", "455.00*475", "14 RMR 2300B 4.0.1 tset_out_of_balance  m2\n"},
		{"one explanation differs", "ADX*-25.00", "ADX*-20.00", "14 RMR 2300B 4.0.1 tset_out_of_balance  m2\n"},
		{"amount unreadable", "450.00*475", "4X0.00*475",
		 "14 RMR 2300B 4.0.1 element_character_invalid 4X0.00 m2\n"},
	};
	(void)state;
	check_edits("820", base_820, edits, COUNT(edits));
}

/* Rules across the header's segments. */
static void test_sense_820(void **state)
{
	static const struct edit edits[] = {
		{"sound", "", "", ""},
		{"TRN03", "TRN*1*T20260201A*1123456789", "TRN*1*T20260201A*1123456780",
		 "3 TRN - 3.0.1 element_sense 1123456780 m0\n"},
		{"TRN04", "1123456789**01", "1123456789*ABCDEFGHI*01", ""},
		{"negative", "BPR*C*900.00", "BPR*C*-900.00",
		 "2 BPR - 2.0.1 element_sense -900.00 m0\n2 BPR - 2.0.1 tset_out_of_balance  m0\n"},
		{"ACH without format", "ACH*CTX", "ACH*", "2 BPR - 5.0.1 element_situation_missing  m0\n"},
		{"format without ACH", "ACH*CTX", "CHK*CTX", "2 BPR - 5.0.1 element_situation_forbidden CTX m0\n"},
		{"routing number", "111000025", "111000026", "2 BPR - 7.0.1 element_code_external 111000026 m0\n"},
		{"no state", "N1*PR*ACME*FI*123456789~", "N1*PR*ACME*FI*123456789~N4*ANYTOWN**90001~",
		 "7 N4 1000B 2.0.1 element_situation_missing  m0\n"},
	};
	(void)state;
	run.warnings = true;
	check_edits("820", base_820, edits, COUNT(edits));
	run.warnings = false;
}

/* Without SE it is not known what else was to come; what was passed over is missing all the same. */
static void test_no_trailer(void **state)
{
	static const struct {
		const char *set_id, *body, *want;
	} cases[] = {
		{"834", "", "2 SE - 0.0.0 tset_trailer_missing  m0\n"},
		{"834", "BGN*00*1*20260105*0930****2~", "3 SE - 0.0.0 tset_trailer_missing  m0\n"},
		{"834", "N1*P5*ACME*FI*123456789~",
		 "3 SE - 0.0.0 tset_trailer_missing  m0\n2 BGN - 0.0.0 segment_required_missing  m0\n"},
		{"834",
		 "BGN*00*1*20260105*0930****2~N1*P5*ACME*FI*123456789~N1*IN*PLAN*FI*987654321~INS*Y*18*024*08*A~",
		 "6 SE - 0.0.0 tset_trailer_missing  m0\n"},
		{"834",
		 "BGN*00*1*20260105*0930****2~QTY*TO*9~N1*P5*ACME*FI*123456789~N1*IN*PLAN*FI*987654321~"
		 "INS*Y*18*001*25*A~NM1*IL*1*ROE*ALEX~HD*001**HMO~",
		 "9 SE - 0.0.0 tset_trailer_missing  m0\n7 REF 2000 0.0.0 segment_required_missing  m1\n"},
		{"820",
		 "BPR*I*900.00*C*NON******1123456789******20260201~TRN*3*A1~N1*PE*PLAN~N1*PR*ACME~ENT*1*2J*EI*777~"
		 "RMR*IG*S0001**500.00*600.00~",
		 "8 SE - 0.0.0 tset_trailer_missing  m0\n"},
	};
	(void)state;
	run.warnings = true;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bool is_820 = strcmp(cases[i].set_id, "820") == 0;
		struct buffer bytes;
		buffer_init(&bytes, &run.env);
		buffer_printf(&bytes, RUN_ISA "%sST*%s*0001*%s~%sGE*1*1~IEA*1*000000001~",
			      is_820 ? RUN_GS_820 : RUN_GS_834, cases[i].set_id,
			      is_820 ? "005010X218" : "005010X220A1", cases[i].body);
		assert_string_equal(run_check(&run, buffer_slice(&bytes), 0), cases[i].want);
		buffer_fini(&bytes);
	}
	run.warnings = false;
}

/* A line sent twice is one fault, also where it opens a loop that must hold more; so is a loop of which all else is lost. */
static void test_bare_loops(void **state)
{
	static const char start[] = "BGN*00*1*20260105*0930****2~N1*P5*ACME*FI*123456789~N1*IN*PLAN*FI*987654321~";
	static const struct {
		const char *body, *want;
	} cases[] = {
		{"INS*Y*18*001*25*A~INS*Y*18*001*25*A~REF*0F*S1~NM1*IL*1*ROE*ALEX~",
		 "6 REF 2000 0.0.0 segment_required_missing  m1\n"},
		{"INS*Y*18*001*25*A~REF*0F*S1~NM1*IL*1*ROE*ALEX~NM1*31*1~NM1*31*1~N3*PO BOX 1~",
		 "9 N3 2100C 0.0.0 segment_required_missing  m1\n"},
		{"INS*Y*18*001*25*A~REF*0F*S1~NM1*IL*1*ROE*ALEX~HD*001**HMO~HD*001**DEN~DTP*303*D8*20260101~",
		 "9 DTP 2300 0.0.0 segment_required_missing  m1\n"},
		/* Where something of it stands, each thing that lacks is told. */
		{"INS*Y*18*001*25*A~DTP*303*D8*20260101~INS*Y*18*001*25*A~REF*0F*S1~NM1*IL*1*ROE*ALEX~",
		 "6 REF 2000 0.0.0 segment_required_missing  m1\n7 NM1 2100A 0.0.0 segment_required_missing  m1\n"},
		/* Too many where each is whole. */
		{"INS*Y*18*001*25*A~REF*0F*S1~NM1*IL*1*ROE*ALEX~NM1*31*1~N3*PO BOX 1~NM1*31*1~N3*PO BOX 1~",
		 "10 NM1 2100C 0.0.0 loop_repeats_too_often  m1\n"},
	};
	struct buffer bytes;
	char body[1024];
	(void)state;
	buffer_init(&bytes, &run.env);
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(body, sizeof(body), "%s%s", start, cases[i].body);
		assert_string_equal(run_check(&run, run_wrap(&bytes, "834", body), 0), cases[i].want);
	}
	/* What lacks is no error by agreement: then the loop too many is. */
	run.options.severity_set[FINDING_SEGMENT_REQUIRED_MISSING] = true;
	run.options.severity[FINDING_SEGMENT_REQUIRED_MISSING] = FINDING_WARNING;
	snprintf(body, sizeof(body), "%s%s", start, cases[1].body);
	assert_string_equal(run_check(&run, run_wrap(&bytes, "834", body), 0),
			    "9 NM1 2100C 0.0.0 loop_repeats_too_often  m1\n");
	run.options.severity_set[FINDING_SEGMENT_REQUIRED_MISSING] = false;
	buffer_fini(&bytes);
}

/* Two slips are two faults: the second does not make the first one's segment missing. */
static void test_two_slips(void **state)
{
	struct buffer bytes;
	(void)state;
	buffer_init(&bytes, &run.env);
	assert_string_equal(run_check(&run,
				      run_wrap(&bytes, "834",
					       "BQN*00*1*20260105*0930****2~N1*P5*ACME*FI*123456789~"
					       "N1*IN*PLAN*FI*987654321~INS*Y*18*001*25*A~RQF*0F*S1~"
					       "NM1*IL*1*ROE*ALEX~HQH*N~ZZ9*1~"),
				      0),
			    "2 BQN - 0.0.0 segment_not_in_set BQN m0\n6 RQF 2000 0.0.0 segment_not_in_set RQF m1\n"
			    "8 HQH 2100A 0.0.0 segment_not_in_set HQH m1\n9 ZZ9 2100A 0.0.0 segment_not_in_set ZZ9 m1\n");
	/* Nor does what is missing hide what a misspelt opening segment would have opened. */
	assert_string_equal(run_check(&run,
				      run_wrap(&bytes, "834",
					       "BGN*00*1*20260105*0930****2~N1*P5*ACME*FI*123456789~"
					       "N1*IN*PLAN*FI*987654321~INS*Y*18*001*25*A~NM1*IL*1*ROE*ALEX~"
					       "HQ*001**HMO~DTP*348*D8*20260101~"),
				      0),
			    "7 HQ 2300 0.0.0 segment_not_in_set HQ m1\n6 REF 2000 0.0.0 segment_required_missing  m1\n");
	buffer_fini(&bytes);
}

/* However many faults, they are told one by one, and once it is said that collectors keep only the first. */
static void test_many_findings(void **state)
{
	struct buffer bytes, body;
	const char *at;
	(void)state;
	buffer_init(&bytes, &run.env);
	buffer_init(&body, &run.env);
	buffer_add_text(&body, "BGN*00*1*20260105*0930****2~N1*P5*ACME*FI*123456789~N1*IN*PLAN*FI*987654321~");
	for (uint32_t i = 0; i < LIMIT_FINDINGS_PER_SET + 200; i++)
		buffer_add_text(&body, "INS*Y*18*ZZZ*25*A~REF*0F*S1~NM1*IL*1*ROE*ALEX~");
	run.warnings = true;
	at = strstr(run_check(&run, run_wrap(&bytes, "834", body.data), 0), "tset_findings_limit");
	assert_non_null(at);
	assert_null(strstr(at + 1, "tset_findings_limit"));
	run.warnings = false;
	assert_int_equal(run.verdict.errors, LIMIT_FINDINGS_PER_SET + 200);
	assert_int_equal(run.verdict.warnings, 1);
	buffer_fini(&bytes);
	buffer_fini(&body);
}

/* Which of the published formulas a partner uses is his profile's matter. */
static void test_balance_rules(void **state)
{
	static const struct edit all[] = {
		{"every ADX counts", "BPR*C*900.00", "BPR*C*875.00", ""},
		{"not by the standard", "", "", "2 BPR - 2.0.1 tset_out_of_balance  m0\n"},
	};
	static const struct edit lines[] = {{"only RMR04 counts", "BPR*C*900.00", "BPR*C*950.00", ""}};
	(void)state;
	run.options.balance = CHECK_BALANCE_ALL_ADX;
	check_edits("820", base_820, all, COUNT(all));
	run.options.balance = CHECK_BALANCE_RMR_ONLY;
	check_edits("820", base_820, lines, COUNT(lines));
	run.options.balance = CHECK_BALANCE_STANDARD;
}

/* Who listens to loops hears each member's segments between its own begin and end. */
static void test_events(void **state)
{
	struct buffer bytes;
	(void)state;
	buffer_init(&bytes, &run.env);
	run.events = true;
	assert_string_equal(run_check(&run, run_wrap(&bytes, "834", base), 3),
			    "( ST BGN REF (1000A N1 1000A) (1000B N1 1000B) "
			    "(2000 INS REF REF DTP (2100A NM1 PER N3 N4 DMG 2100A) (2100C NM1 N3 N4 2100C) "
			    "(2300 HD DTP (2310 LX NM1 2310) (2320 COB REF (2330 NM1 2330) 2320) 2300) "
			    "(LS LS (2700 LX (2750 N1 REF 2750) 2700) LE LS) 2000) "
			    "(2000 INS REF REF DTP (2100A NM1 DMG 2100A) (2300 HD DTP 2300) 2000) SE ) ");
	assert_string_equal(run_check(&run, run_wrap(&bytes, "820", base_820), 3),
			    "( ST BPR TRN REF (1000A N1 1000A) (1000B N1 1000B) "
			    "(2000B ENT (2100B NM1 2100B) (2200B ADX 2200B) (2300B RMR DTM 2300B) 2000B) "
			    "(2000B ENT (2100B NM1 2100B) (2300B RMR DTM (2320B ADX 2320B) 2300B) 2000B) SE ) ");
	run.events = false;
	buffer_fini(&bytes);
}

/* Partners answer our files under the base version of the 999 and 824 as well: an answer is not refused for that. */
static void test_base_versions(void **state)
{
	static const char reply[] = "AK1*BE*1*005010X220A1~AK9*A*1*1*1~";
	static const char *const versions[][2] = {
		{"005010X231", "005010X231"}, {"005010X231A1", "005010X231"}, {"005010X231", "005010X231A1"}};
	struct buffer bytes;
	(void)state;
	buffer_init(&bytes, &run.env);
	for (size_t i = 0; i < COUNT(versions); i++) {
		buffer_clear(&bytes);
		buffer_printf(&bytes,
			      RUN_ISA "GS*FA*S1*R1*20260105*0930*1*X*%s~ST*999*0001*%s~%sSE*4*0001~GE*1*1~"
				      "IEA*1*000000001~",
			      versions[i][0], versions[i][1], reply);
		assert_string_equal(run_check(&run, buffer_slice(&bytes), 0), "");
	}
	buffer_clear(&bytes);
	buffer_printf(&bytes, RUN_ISA "GS*AG*S1*R1*20260105*0930*1*X*005010X186~ST*824*0001*005010X186~"
				      "BGN*11*R*20260105*0930****U~N1*41*PLAN~N1*40*ACME~OTI*TR*TN*1~SE*6*0001~GE*1*1~"
				      "IEA*1*000000001~");
	assert_string_equal(run_check(&run, buffer_slice(&bytes), 0), "");
	buffer_fini(&bytes);
}

/* A set that no guide describes is answered, not walked; nothing about its inside is said. */
static void test_guide_choice(void **state)
{
	static const struct {
		const char *gs, *st, *want;
	} rows[] = {
		{"BE*S1*R1*20260105*0930*1*X*005010X220A1", "834*0001*005010X220A1",
		 "= accepted members 2 errors 0 warnings 0\n"},
		{"BE*S1*R1*20260105*0930*1*X*005010X220A1", "834*0001",
		 "1 ST - 3.0.1 tset_guide_id  m0\n= rejected members 2 errors 1 warnings 0\n"},
		{"BE*S1*R1*20260105*0930*1*X*005010X220A1", "834*0001*005010X220",
		 "1 ST - 3.0.1 tset_guide_unsupported 005010X220 m0\n= rejected members 2 errors 1 warnings 0\n"},
		{"BE*S1*R1*20260105*0930*1*X*005010X220", "834*0001*005010X220",
		 "0 GS - 8.0.1 fgroup_version_unsupported 005010X220 m0\n= rejected members 0 errors 0 warnings 0\n"},
		{"RA*S1*R1*20260105*0930*1*X*005010X220A1", "834*0001*005010X220A1",
		 "1 ST - 1.0.1 tset_wrong_group 834 m0\n= rejected members 2 errors 1 warnings 0\n"},
		{"HC*S1*R1*20260105*0930*1*X*005010X222A1", "837*0001*005010X222A1",
		 "0 GS - 1.0.1 fgroup_type_unsupported HC m0\n= rejected members 0 errors 0 warnings 0\n"},
		{"BE*S1*R1*20260105*0930*1*X*005010X220A1", "837*0001*005010X222A1",
		 "1 ST - 1.0.1 tset_unsupported 837 m0\n= rejected members 0 errors 1 warnings 0\n"},
		{"BE*S1*R1*20260105*0930*1*X*004010X095A1", "834*0001",
		 "0 GS - 8.0.1 fgroup_version_unsupported 004010X095A1 m0\n= rejected members 0 errors 0 warnings 0\n"},
		{"RA*S1*R1*20260105*0930*1*X*004010", "820*0001",
		 "0 GS - 8.0.1 fgroup_version_unsupported 004010 m0\n= rejected members 0 errors 0 warnings 0\n"},
	};
	struct buffer bytes;
	(void)state;
	buffer_init(&bytes, &run.env);
	run.verdicts = true;
	for (size_t i = 0; i < COUNT(rows); i++) {
		buffer_clear(&bytes);
		buffer_printf(&bytes, RUN_ISA "GS*%s~ST*%s~%sSE*38*0001~GE*1*1~IEA*1*000000001~", rows[i].gs,
			      rows[i].st, base);
		assert_string_equal(run_check(&run, buffer_slice(&bytes), 0), rows[i].want);
	}
	run.options.allow_x220 = true;
	buffer_clear(&bytes);
	buffer_printf(&bytes, RUN_ISA RUN_GS_834 "ST*834*0001*005010X220~%sSE*38*0001~GE*1*1~IEA*1*000000001~", base);
	assert_string_equal(run_check(&run, buffer_slice(&bytes), 0), rows[0].want);
	run.options.allow_x220 = false;
	run.verdicts = false;
	buffer_fini(&bytes);
}

/* One bad member sinks the set, unless the partner's profile keeps the sound ones. */
static void test_verdict(void **state)
{
	static const struct {
		bool reject_member;
		const char *find, *replace;
		enum check_decision want;
		uint64_t errors, member_errors;
	} rows[] = {
		{false, "", "", CHECK_ACCEPTED, 0, 0},
		{true, "", "", CHECK_ACCEPTED, 0, 0},
		{false, "DTP*356", "DTP*358", CHECK_REJECTED, 1, 1},
		{true, "DTP*356", "DTP*358", CHECK_ACCEPTED_WITH_ERRORS, 1, 1},
		{true, "BGN*00", "BGN*99", CHECK_REJECTED, 1, 0},
		{true, "INS*N*01", "INX*N*01", CHECK_ACCEPTED_WITH_ERRORS, 1, 1},
	};
	struct buffer bytes;
	static char body[4096];
	(void)state;
	buffer_init(&bytes, &run.env);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct edit edit = {"", rows[i].find, rows[i].replace, ""};
		edit_text(base, &edit, body, sizeof(body));
		run.options.reject_member = rows[i].reject_member;
		run_check(&run, run_wrap(&bytes, "834", body), 0);
		assert_int_equal(run.verdict.decision, rows[i].want);
		assert_int_equal(run.verdict.errors, rows[i].errors);
		assert_int_equal(run.verdict.member_errors, rows[i].member_errors);
		assert_int_equal(run.verdict.members, 2);
		assert_int_equal(run.verdict.segments, 38);
	}
	/* A payment is one sum: it is not taken in part. */
	edit_text(
		base_820,
		&(struct edit){"", "DTM*582****RD8*20260201-20260228~ENT", "DTM*582****RD8*20260231-20260228~ENT", ""},
		body, sizeof(body));
	run.options.reject_member = true;
	run_check(&run, run_wrap(&bytes, "820", body), 0);
	assert_true(run.verdict.member_errors > 0);
	assert_int_equal(run.verdict.decision, CHECK_REJECTED);
	run.options.reject_member = false;
	buffer_fini(&bytes);
}

/* What a profile calls a warning does not reject, what it calls an error does. */
static void test_severities(void **state)
{
	static const struct edit bad = {"", "DTP*356", "DTP*358", ""};
	struct buffer bytes;
	static char body[4096];
	(void)state;
	buffer_init(&bytes, &run.env);
	edit_text(base, &bad, body, sizeof(body));
	run.options.severity_set[FINDING_ELEMENT_CODE_INVALID] = true;
	run.options.severity[FINDING_ELEMENT_CODE_INVALID] = FINDING_WARNING;
	assert_string_equal(run_check(&run, run_wrap(&bytes, "834", body), 0), "");
	assert_int_equal(run.verdict.decision, CHECK_ACCEPTED);
	assert_int_equal(run.verdict.warnings, 1);
	run.options.severity[FINDING_ELEMENT_CODE_INVALID] = FINDING_OFF;
	run_check(&run, run_wrap(&bytes, "834", body), 0);
	assert_int_equal(run.verdict.warnings, 0);
	run.options.severity_set[FINDING_ELEMENT_CODE_INVALID] = false;
	buffer_fini(&bytes);
}

/* A set in a group or interchange that is refused is refused as well. */
static void test_envelope_takes_sets_down(void **state)
{
	struct buffer bytes;
	(void)state;
	buffer_init(&bytes, &run.env);
	buffer_printf(&bytes,
		      "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *269905*0930*^*00501"
		      "*000000001*0*T*:~" RUN_GS_834 "ST*834*0001*005010X220A1~%sSE*38*0001~GE*1*1~IEA*1*000000001~",
		      base);
	run_check(&run, buffer_slice(&bytes), 0);
	assert_int_equal(run.verdict.decision, CHECK_REJECTED);
	assert_int_equal(run.verdict.errors, 0);
	buffer_fini(&bytes);
}

/* What is meant for another plan must not change a member of ours. */
static void test_receiver(void **state)
{
	static const struct {
		const char *qualifier, *id;
		enum check_decision want;
		const char *findings;
	} rows[] = {
		{"ZZ", "RECEIVER", CHECK_ACCEPTED, ""},
		{"", "RECEIVER", CHECK_ACCEPTED, ""},
		{"30", "RECEIVER", CHECK_REJECTED, "0 ISA - 8.0.1 interchange_receiver_unknown RECEIVER        m0\n"},
		{"ZZ", "SOMEBODY", CHECK_REJECTED, "0 ISA - 8.0.1 interchange_receiver_unknown RECEIVER        m0\n"},
	};
	struct buffer bytes;
	(void)state;
	buffer_init(&bytes, &run.env);
	buffer_printf(&bytes,
		      "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260105*0930*^*00501"
		      "*000000001*0*T*:~" RUN_GS_834 "ST*834*0001*005010X220A1~%sSE*38*0001~GE*1*1~IEA*1*000000001~",
		      base);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct check_receiver receivers[] = {{SLICE_LITERAL("ZZ"), SLICE_LITERAL("OTHER")},
						     {slice_from(rows[i].qualifier), slice_from(rows[i].id)}};
		run.options.receivers = receivers;
		run.options.receiver_count = COUNT(receivers);
		assert_string_equal(run_check(&run, buffer_slice(&bytes), i), rows[i].findings);
		assert_int_equal(run.verdict.decision, rows[i].want);
	}
	run.options.receivers = NULL;
	run.options.receiver_count = 0;
	buffer_fini(&bytes);
}

/* The same content sent again under other numbers and separators is known again; any change is seen. */
static void test_content_hash(void **state)
{
	static const struct edit change = {"", "ROE*ALEX", "ROE*ALEC", ""};
	struct check_verdict first;
	struct buffer bytes;
	static char body[4096];
	(void)state;
	buffer_init(&bytes, &run.env);
	run_check(&run, run_wrap(&bytes, "834", base), 0);
	first = run.verdict;
	buffer_clear(&bytes);
	buffer_printf(&bytes, RUN_ISA RUN_GS_834 "ST*834*9999*005010X220A1~%sSE*38*9999~GE*1*1~IEA*1*000000001~", base);
	for (size_t i = 0; i < bytes.len; i++)
		bytes.data[i] = bytes.data[i] == '*'   ? '|'
				: bytes.data[i] == '~' ? '\n'
				: bytes.data[i] == ':' ? '>'
						       : bytes.data[i];
	run_check(&run, buffer_slice(&bytes), 0);
	assert_int_equal(run.verdict.decision, CHECK_ACCEPTED);
	assert_memory_equal(&first.content_hash, &run.verdict.content_hash, sizeof(first.content_hash));
	edit_text(base, &change, body, sizeof(body));
	run_check(&run, run_wrap(&bytes, "834", body), 0);
	assert_memory_not_equal(&first.content_hash, &run.verdict.content_hash, sizeof(first.content_hash));
	buffer_fini(&bytes);
}

/* A set cut anywhere, or with any one segment taken out, is walked to its end with loops balanced. */
static void test_any_segment_lost(void **state)
{
	struct buffer bytes;
	static char body[4096];
	(void)state;
	buffer_init(&bytes, &run.env);
	for (const char *at = base; *at != '\0'; at = strchr(at, '~') + 1) {
		snprintf(body, sizeof(body), "%.*s%s", (int)(at - base), base, strchr(at, '~') + 1);
		run_check(&run, run_wrap(&bytes, "834", body), 0);
		/* Without LS, an LX behind COB is a provider's out of order, until N1 tells better. */
		assert_in_range(run.verdict.errors, 0, strncmp(at, "LS*", 3) == 0 ? 2 : 1);
		snprintf(body, sizeof(body), "%.*s", (int)(at - base), base);
		run_check(&run, run_wrap(&bytes, "834", body), 0);
	}
	buffer_fini(&bytes);
}

/* A site's guide as large as guides may be: every place is found, and a missing one is missed. */
static void test_largest_guide(void **state)
{
	struct buffer text, errors, bytes;
	(void)state;
	buffer_init(&text, &run.env);
	buffer_init(&errors, &run.env);
	buffer_init(&bytes, &run.env);
	buffer_add_text(&text, "guide: 005010X999\nname: n\nset: 831\nfunctional_id: CT\nsource: s\ntree:\n"
			       "  - ST R 1 h: {01: R, 02: R, 03: R}\n");
	for (int i = 0; i < 238; i++)
		buffer_printf(&text, "  - REF %c 1 n: {01: [R, {%c%c: a code}], 02: R}\n", i < 62 ? 'R' : 'S',
			      'A' + i / 26, 'A' + i % 26);
	buffer_add_text(&text, "  - SE R 1 t: {01: R, 02: R}\n");
	assert_int_equal(guide_set_add(run.guides, "x.yaml", buffer_slice(&text), &errors), 0);
	for (int left_out = -1; left_out < 62; left_out += 21) {
		buffer_clear(&bytes);
		buffer_add_text(&bytes,
				RUN_ISA "GS*CT*SENDER*RECEIVER*20260105*0930*1*X*005010X999~ST*831*0001*005010X999~");
		for (int i = 0; i < 238; i++)
			if (i != left_out)
				buffer_printf(&bytes, "REF*%c%c*1~", 'A' + i / 26, 'A' + i % 26);
		buffer_printf(&bytes, "SE*%d*0001~GE*1*1~IEA*1*000000001~", left_out < 0 ? 240 : 239);
		/* They share one place: only behind it is it sure that one is missing. */
		assert_string_equal(run_check(&run, buffer_slice(&bytes), 0),
				    left_out < 0 ? "" : "239 REF - 0.0.0 segment_required_missing  m0\n");
	}
	buffer_fini(&text);
	buffer_fini(&errors);
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
		cmocka_unit_test(test_single_faults),
		cmocka_unit_test(test_slip_of_another_member),
		cmocka_unit_test(test_stray_contact),
		cmocka_unit_test(test_habits),
		cmocka_unit_test(test_single_faults_820),
		cmocka_unit_test(test_sense_820),
		cmocka_unit_test(test_no_trailer),
		cmocka_unit_test(test_bare_loops),
		cmocka_unit_test(test_two_slips),
		cmocka_unit_test(test_many_findings),
		cmocka_unit_test(test_balance_rules),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_base_versions),
		cmocka_unit_test(test_guide_choice),
		cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_severities),
		cmocka_unit_test(test_envelope_takes_sets_down),
		cmocka_unit_test(test_receiver),
		cmocka_unit_test(test_content_hash),
		cmocka_unit_test(test_any_segment_lost),
		cmocka_unit_test(test_largest_guide),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
