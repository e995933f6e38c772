/* If a situation goes unseen, a member is added without a birth date or ended without a day, and nobody asked back. */
#include "check_run.h"
#include "muster/yaml.h"

static struct run run;
static char seen[4096];

/* "7 INS 2000 7.0 <- INS05@6 warning": where, and what made the rule apply. */
static int take_finding(void *context, const struct finding *finding)
{
	const char *rule = context;
	size_t len = strlen(seen);
	if (!slice_is(finding->rule, rule))
		return 0;
	len += (size_t)snprintf(seen + len, sizeof(seen) - len, "%u %s %.*s %u.%u", finding->where.segment_pos,
				finding->segment_id, (int)finding->loop.len, finding->loop.data,
				finding->where.element_pos, finding->where.component_pos);
	if (finding->trigger.segment_pos != 0)
		len += (size_t)snprintf(seen + len, sizeof(seen) - len, " <- %s%02u@%u", finding->trigger.segment_id,
					finding->trigger.element_pos, finding->trigger.segment_pos);
	snprintf(seen + len, sizeof(seen) - len, " %s\n", finding_severity_name(finding->severity));
	return 0;
}

/* What one rule says about a set. */
static const char *ask(const char *rule, const char *set_id, const char *body)
{
	char name[64];
	const struct check_handler handler = {.context = name, .finding = take_finding};
	struct io_source *source;
	struct buffer bytes;
	snprintf(name, sizeof(name), "%s", rule);
	seen[0] = '\0';
	buffer_init(&bytes, &run.env);
	assert_int_equal(io_source_open_memory(&run.env, run_wrap(&bytes, set_id, body), 0, &source), 0);
	assert_int_equal(check_source(&run.env, run.guides, source, &run.options, &handler), 0);
	io_source_close(source);
	buffer_fini(&bytes);
	return seen;
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HEADER "N1*P5*ACME*FI*123456789~N1*IN*PLAN*FI*987654321~"
#define CHANGES "BGN*00*1*20260105*0930****2~" HEADER /* 2 to 4; the first INS is 5 */
#define FULL "BGN*00*1*20260105*0930****4~" HEADER
#define ADD CHANGES "INS*Y*18*021*28*A***FT~REF*0F*S1~"
#define CHANGE CHANGES "INS*Y*18*001*25*A***FT~REF*0F*S1~"
#define END CHANGES "INS*Y*18*024*08*A***TE~REF*0F*S1~"
#define NAME "NM1*IL*1*ROE*ALEX~"
#define DAY "DTP*303*D8*20260201~"
#define CHANGED_AGAIN "INS*Y*18*001*25*A***FT~REF*0F*S2~" DAY NAME "HD*001**HMO~" DAY

struct row {
	const char *rule;
	const char *bad, *want; /* a set that breaks the rule, and the one finding about it */
	const char *good;       /* nearly the same, and sound */
};

/* Every rule of the 834's guide: what breaks it and, as near as can be, what does not. */
static const struct row rules_834[] = {
	{"cobra_event", CHANGES "INS*Y*18*001*25*C~REF*0F*S1~" NAME, "5 INS 2000 7.0 <- INS05@5 warning\n",
	 CHANGES "INS*Y*18*001*25*C**1~REF*0F*S1~" NAME},
	{"cobra_event_without_cobra", CHANGES "INS*Y*18*001*25*A**1~REF*0F*S1~" NAME,
	 "5 INS 2000 7.0 <- INS05@5 warning\n", CHANGES "INS*Y*18*001*25*C**1~REF*0F*S1~" NAME},
	{"cobra_dates", CHANGES "INS*Y*18*001*25*C**1~REF*0F*S1~" NAME, "7 DTP 2000 0.0 <- INS05@5 warning\n",
	 CHANGES "INS*Y*18*001*25*C**1~REF*0F*S1~DTP*340*D8*20260101~" NAME},
	{"employment_of_dependent", CHANGES "INS*N*01*001*25*A***FT~REF*0F*S1~" NAME,
	 "5 INS 2000 8.0 <- INS01@5 warning\n", CHANGE NAME},
	{"date_of_death", CHANGES "INS*Y*18*024*03*A~REF*0F*S1~" NAME, "5 INS 2000 12.0 <- INS04@5 warning\n",
	 CHANGES "INS*Y*18*024*03*A******D8*20260101~REF*0F*S1~" NAME},
	{"death_of_added_member", CHANGES "INS*Y*18*021*28*A******D8*20260101~REF*0F*S1~" NAME,
	 "5 INS 2000 12.0 <- INS03@5 warning\n", CHANGES "INS*Y*18*024*03*A******D8*20260101~REF*0F*S1~" NAME},
	{"audit_among_changes", CHANGES "INS*Y*18*030*XN*A~REF*0F*S1~" NAME, "5 INS 2000 3.0 <- INS03@5 warning\n",
	 FULL "INS*Y*18*030*XN*A~REF*0F*S1~" NAME},
	{"end_of_member", END NAME, "7 DTP 2000 0.0 <- INS03@5 warning\n", END "DTP*357*D8*20260131~" NAME},
	{"end_of_member", END "DTP*356*D8*20250101~" NAME, "8 DTP 2000 0.0 <- INS03@5 warning\n",
	 END NAME "HD*024**HMO~DTP*349*D8*20260131~"},
	{"begin_of_member", ADD NAME "DMG*D8*19800101*F~", "7 DTP 2000 0.0 <- INS03@5 warning\n",
	 ADD "DTP*356*D8*20260101~" NAME},
	{"begin_of_member", ADD NAME "HD*021**HMO~DTP*300*D8*20260101~", "7 DTP 2000 0.0 <- INS03@5 warning\n",
	 ADD NAME "HD*021**HMO~DTP*348*D8*20260101~"},
	{"medicare_dates", CHANGE "DTP*338*D8*20260101~" NAME, "7 DTP 2000 0.0 <- DTP01@7 warning\n",
	 CHANGES "INS*Y*18*001*25*A*A:0~REF*0F*S1~DTP*338*D8*20260101~" NAME},
	{"corrected_name", CHANGE "NM1*74*1*ROE*ALEX~", "8 NM1 2100B 0.0 <- NM101@7 warning\n",
	 CHANGE "NM1*74*1*ROE*ALEX~NM1*70*1*RO*ALEX~"},
	{"residence_of_subscriber", ADD NAME "DMG*D8*19800101*F~", "9 N3 2100A 0.0 <- INS03@5 warning\n",
	 ADD NAME "N3*1 MAIN ST~N4*ANYTOWN*CA*90001~"},
	{"residence_of_subscriber", ADD NAME, "8 N3 2100A 0.0 <- INS03@5 warning\n",
	 CHANGES "INS*N*19*021*28*A~REF*0F*S1~" NAME},
	{"birth_date_of_added_member", ADD NAME, "8 DMG 2100A 0.0 <- INS03@5 warning\n", ADD NAME "DMG*D8*19800101*F~"},
	{"person_names_of_organization", CHANGE NAME "NM1*36*2*ACME*ALEX~", "8 NM1 2100D 4.0 <- NM102@8 warning\n",
	 CHANGE NAME "NM1*36*2*ACME~"},
	{"state_of_address", CHANGE NAME "N4*ANYTOWN**90001~", "8 N4 2100A 2.0 warning\n",
	 CHANGE NAME "N4*LONDON**SW1A 1AA*GB~"},
	{"state_of_address", CHANGE NAME "NM1*31*1~N3*PO BOX 1~N4*ANYTOWN**90001~", "10 N4 2100C 2.0 warning\n",
	 CHANGE NAME "N4*ANYTOWN*CA*90001~"},
	{"zip_of_address", CHANGE NAME "N4*ANYTOWN*CA~", "8 N4 2100A 3.0 <- N402@8 warning\n",
	 CHANGE NAME "N4*ANYTOWN*CA*90001~"},
	{"state_of_country", CHANGE NAME "N4*TORONTO**M5V2T6*CA~", "8 N4 2100A 2.0 <- N404@8 warning\n",
	 CHANGE NAME "N4*PARIS**75001*FR~"},
	{"zip_of_country", CHANGE NAME "N4*ANYTOWN*CA**US~", "8 N4 2100A 3.0 <- N404@8 warning\n",
	 CHANGE NAME "N4*DUBLIN***IE~"},
	{"employer_is_named", CHANGE NAME "NM1*36*2~", "8 NM1 2100D 9.0 warning\n",
	 CHANGE NAME "NM1*36*2******24*123456789~"},
	{"provider_is_named", CHANGE NAME "HD*001**HMO~" DAY "LX*1~NM1*P3*1********25~", "11 NM1 2310 9.0 warning\n",
	 CHANGE NAME "HD*001**HMO~" DAY "LX*1~NM1*P3*1*DOC*******25~"},
	{"related_entity_is_named", CHANGE NAME "HD*001**HMO~" DAY "COB*P**1~NM1*IN*2~", "11 NM1 2330 9.0 warning\n",
	 CHANGE NAME "HD*001**HMO~" DAY "COB*P**1~NM1*IN*2******NI*12345~"},
	{"cobra_dates_without_cobra", CHANGE "DTP*340*D8*20260101~" NAME, "7 DTP 2000 0.0 <- DTP01@7 warning\n",
	 CHANGES "INS*Y*18*001*25*S~REF*0F*S1~DTP*340*D8*20260101~" NAME},
	{"categories_between_marks", CHANGE NAME "LS*2700~LE*2700~", "10 LX 2700 0.0 warning\n",
	 CHANGE NAME "LS*2700~LX*1~LE*2700~"},
	{"value_of_category", CHANGE NAME "LS*2700~LX*1~N1*75*RATING AREA~LE*2700~", "11 REF 2750 0.0 warning\n",
	 CHANGE NAME "LS*2700~LX*1~N1*75*RATING AREA~REF*9X*R1~LE*2700~"},
	{"day_of_coverage", CHANGE NAME "HD*001**HMO~DTP*348*RD8*20260101-20261231~",
	 "9 DTP 2300 2.0 <- DTP02@9 warning\n", CHANGE NAME "HD*001**HMO~DTP*343*RD8*20260101-20261231~" DAY},
	{"extension_first", CHANGE NAME "PER*IP**EX*12~", "8 PER 2100A 3.0 <- PER03@8 warning\n",
	 CHANGE NAME "PER*IP**TE*5552220101*EX*12~"},
	{"extension_behind_phone", CHANGE NAME "PER*IP**EM*A@B.EXAMPLE*EX*12~", "8 PER 2100A 5.0 <- PER05@8 warning\n",
	 CHANGE NAME "PER*IP**WP*5552220101*EX*12~"},
	{"extension_behind_second_phone", CHANGE NAME "PER*IP**TE*5552220101*EM*A@B.EXAMPLE*EX*12~",
	 "8 PER 2100A 7.0 <- PER07@8 warning\n", CHANGE NAME "PER*IP**EM*A@B.EXAMPLE*TE*5552220101*EX*12~"},
	{"numbers_from_the_left", CHANGE NAME "PER*IP**TE*5552220101***FX*5552220102~",
	 "8 PER 2100A 7.0 <- PER07@8 warning\n", CHANGE NAME "PER*IP**TE*5552220101*FX*5552220102~"},
	{"begin_of_coverage", ADD NAME "HD*021**HMO~DTP*303*D8*20260101~", "10 DTP 2300 0.0 <- HD01@8 warning\n",
	 ADD NAME "HD*021**HMO~DTP*348*D8*20260101~"},
	{"begin_of_coverage", CHANGE NAME "HD*025**HMO~DTP*303*D8*20260101~HD*001**DEN~DTP*348*D8*20260101~",
	 "10 DTP 2300 0.0 <- HD01@8 warning\n",
	 CHANGE NAME "HD*001**HMO~DTP*348*D8*20260101~HD*001**DEN~DTP*303*D8*20260101~"},
	{"end_of_coverage", CHANGE NAME "HD*024**HMO~DTP*303*D8*20260101~", "10 DTP 2300 0.0 <- HD01@8 warning\n",
	 END "DTP*357*D8*20260131~" NAME "HD*024**HMO~DTP*303*D8*20260101~"},
	{"change_of_coverage", CHANGE NAME "HD*001**HMO~DTP*300*D8*20260101~", "10 DTP 2300 0.0 <- HD01@8 warning\n",
	 CHANGE NAME "HD*001**HMO~DTP*303*D8*20260101~"},
	{"ended_coverage_of_added_member", ADD NAME "HD*024**HMO~DTP*349*D8*20260131~",
	 "8 HD 2300 1.0 <- INS03@5 warning\n", CHANGE NAME "HD*024**HMO~DTP*349*D8*20260131~"},
	{"begun_coverage_of_ended_member", END NAME "HD*021**HMO~DTP*348*D8*20260131~",
	 "8 HD 2300 1.0 <- INS03@5 warning\n", END NAME "HD*024**HMO~DTP*349*D8*20260131~"},
};

/* Checks of sense, beyond what rules can say. */
static const struct row sense_834[] = {
	{"relationship_of_subscriber", CHANGES "INS*Y*01*001*25*A~REF*0F*S1~" NAME,
	 "5 INS 2000 2.0 <- INS01@5 warning\n", CHANGE NAME},
	{"relationship_of_subscriber", CHANGES "INS*N*18*001*25*A~REF*0F*S1~" NAME,
	 "5 INS 2000 2.0 <- INS01@5 warning\n", CHANGES "INS*N*19*001*25*A~REF*0F*S1~" NAME},
	{"death_in_future", CHANGES "INS*Y*18*024*03*A******D8*20260106~REF*0F*S1~" NAME, "5 INS 2000 12.0 warning\n",
	 CHANGES "INS*Y*18*024*03*A******D8*20260105~REF*0F*S1~" NAME},
	{"death_before_birth", CHANGES "INS*Y*18*024*03*A******D8*20250101~REF*0F*S1~" NAME "DMG*D8*20250102*F~",
	 "8 DMG 2100A 2.0 <- INS12@5 warning\n",
	 CHANGES "INS*Y*18*024*03*A******D8*20250101~REF*0F*S1~" NAME "DMG*D8*20250101*F~"},
	{"end_before_begin", CHANGE "DTP*356*D8*20260201~DTP*357*D8*20260101~" NAME,
	 "8 DTP 2000 3.0 <- DTP01@8 warning\n", CHANGE "DTP*357*D8*20260131~DTP*356*D8*20260201~" NAME},
	{"end_before_begin", CHANGE NAME "HD*001**HMO~DTP*348*D8*20260201~DTP*349*D8*20260101~",
	 "10 DTP 2300 3.0 <- DTP01@10 warning\n",
	 CHANGE NAME "HD*001**HMO~DTP*348*D8*20260201~HD*024**DEN~DTP*349*D8*20260101~"},
	{"birth_in_future", CHANGE NAME "DMG*D8*20260106*F~", "8 DMG 2100A 2.0 warning\n",
	 CHANGE NAME "DMG*D8*20260105*F~"},
	{"birth_long_ago", CHANGE NAME "DMG*D8*19050104*F~", "8 DMG 2100A 2.0 warning\n",
	 CHANGE NAME "DMG*D8*19050106*F~"},
	{"age_of_relationship", CHANGES "INS*N*01*001*25*A~REF*0F*S1~" NAME "DMG*D8*20120106*F~",
	 "8 DMG 2100A 2.0 <- INS02@5 warning\n", CHANGES "INS*N*01*001*25*A~REF*0F*S1~" NAME "DMG*D8*20120105*F~"},
	{"age_of_relationship", CHANGE NAME "DMG*D8*19800101*F~INS*N*19*001*25*A~REF*0F*S1~" NAME "DMG*D8*19891231*F~",
	 "12 DMG 2100A 2.0 <- INS02@9 warning\n",
	 CHANGE NAME "DMG*D8*19800101*F~INS*N*19*001*25*A~REF*0F*S1~" NAME "DMG*D8*19900101*F~"},
	{"age_of_relationship", CHANGE NAME "DMG*D8*19800101*F~INS*N*03*001*25*A~REF*0F*S1~" NAME "DMG*D8*19700102*F~",
	 "12 DMG 2100A 2.0 <- INS02@9 warning\n",
	 CHANGE NAME "DMG*D8*19800101*F~INS*N*03*001*25*A~REF*0F*S2~" NAME "DMG*D8*19700102*F~"},
	{"subscriber_after_dependent", CHANGES "INS*N*19*001*25*A~REF*0F*S1~" NAME "INS*Y*18*001*25*A~REF*0F*S1~" NAME,
	 "8 INS 2000 1.0 warning\n",
	 CHANGES "INS*Y*18*001*25*A~REF*0F*S1~" NAME "INS*N*19*001*25*A~REF*0F*S1~" NAME
		 "INS*Y*18*001*25*A~REF*0F*S1~" NAME},
	{"subscriber_after_dependent",
	 CHANGES "INS*N*19*001*25*A~REF*0F*S1~" NAME "INS*Y*18*001*25*A~REF*0F*S2~" NAME
		 "INS*Y*18*001*25*A~REF*0F*S1~" NAME,
	 "11 INS 2000 1.0 warning\n", CHANGES "INS*N*19*001*25*A~REF*0F*S1~" NAME "INS*Y*18*001*25*A~REF*0F*S2~" NAME},
	{"dependent_id_differs", FULL "INS*Y*18*030*XN*A~REF*0F*S1~" NAME "INS*N*19*030*XN*A~REF*0F*S2~" NAME,
	 "9 REF 2000 2.0 warning\n", CHANGES "INS*Y*18*001*XN*A~REF*0F*S1~" NAME "INS*N*19*001*XN*A~REF*0F*S2~" NAME},
};

/* LX and ENT. */
static const struct row counters_834[] = {
	{"counter_out_of_step", CHANGE NAME "HD*001**HMO~" DAY "LX*2~NM1*P3*1*A*******25~LX*3~NM1*QN*1*B*******25~",
	 "10 LX 2310 1.0 warning\n",
	 CHANGE NAME "HD*001**HMO~" DAY "LX*1~NM1*P3*1*A*******25~LX*2~NM1*QN*1*B*******25~HD*001**DEN~" DAY
		     "LX*01~NM1*QN*1*B*******25~"},
	{"counter_out_of_step", CHANGE NAME "LS*2700~LX*1~LX*1~LX*1~LE*2700~", "10 LX 2700 1.0 warning\n",
	 CHANGE NAME "HD*001**HMO~" DAY "LX*1~NM1*P3*1*A*******25~LS*2700~LX*1~LX*2~LE*2700~"},
};

#define PAYEES "N1*PE*PLAN~N1*PR*ACME~ENT*1*2J*EI*E1~RMR*AZ*P1**10~"
#define TRACE "TRN*1*CHECK1*1123456789~"
#define CHECK "BPR*C*10*C*CHK******1123456789******20260105~"
#define COMPANY "N1*PE*PLAN~N1*PR*ACME~ENT*1*2L*FI*123456789~RMR*IK*I1**10~"
#define ACH_REST "*01*021000021*DA*1*1123456789**01*021000021*DA*2*20260105~"

static const struct row rules_820[] = {
	{"format_of_ach", "BPR*C*10*C*ACH*" ACH_REST TRACE PAYEES, "2 BPR  5.0 <- BPR04@2 error\n",
	 "BPR*C*10*C*ACH*CTX" ACH_REST TRACE PAYEES},
	{"format_without_ach", "BPR*C*10*C*CHK*CTX" ACH_REST TRACE PAYEES, "2 BPR  5.0 <- BPR04@2 error\n",
	 "BPR*C*10*C*CHK*" ACH_REST TRACE PAYEES},
	{"paying_bank_of_ach", "BPR*C*10*C*ACH*CTX*****1123456789**01*021000021*DA*2*20260105~" TRACE PAYEES,
	 "2 BPR  7.0 <- BPR04@2 warning\n", "BPR*C*10*C*ACH*CTX" ACH_REST TRACE PAYEES},
	{"paying_account_of_ach",
	 "BPR*C*10*C*ACH*CTX*01*021000021***1123456789**01*021000021*DA*2*20260105~" TRACE PAYEES,
	 "2 BPR  9.0 <- BPR04@2 warning\n", "BPR*C*10*C*ACH*CTX" ACH_REST TRACE PAYEES},
	{"amount_of_prenote", "BPR*P*10*C*ACH*CTX" ACH_REST TRACE PAYEES, "2 BPR  2.0 <- BPR01@2 warning\n",
	 "BPR*P*0.00*C*ACH*CTX" ACH_REST TRACE PAYEES},
	{"trace_of_joined_payment", "BPR*X*10*C*ACH*CTX" ACH_REST "TRN*3*CHECK1~" PAYEES,
	 "3 TRN  1.0 <- TRN01@3 warning\n", "BPR*U*10*C*ACH*CTX" ACH_REST "TRN*3*CHECK1~" PAYEES},
	{"dollars_are_understood", CHECK TRACE "CUR*PR*USD~" PAYEES, "4 CUR  0.0 <- CUR02@4 warning\n",
	 CHECK TRACE "CUR*PR*CAD~" PAYEES},
	{"nothing_remitted", "BPR*I*0*C*NON******1123456789******20260105~" TRACE "N1*PE*PLAN~N1*PR*ACME~",
	 "6 ENT 2000A 0.0 <- BPR01@2 warning\n",
	 "BPR*P*0*C*NON******1123456789******20260105~" TRACE "N1*PE*PLAN~N1*PR*ACME~"},
	{"individual_is_named", CHECK TRACE "N1*PE*PLAN~N1*PR*ACME~ENT*1*2J*EI*E1~NM1*EY*1~RMR*AZ*P1**10~",
	 "7 NM1 2100B 9.0 warning\n", CHECK TRACE "N1*PE*PLAN~N1*PR*ACME~ENT*1*2J*EI*E1~NM1*EY*1*ROE~RMR*AZ*P1**10~"},
	{"period_paid", CHECK TRACE PAYEES "DTM*582*20260101~", "8 DTM 2300B 6.0 <- DTM01@8 warning\n",
	 CHECK TRACE PAYEES "DTM*582****RD8*20260101-20260131~"},
	{"due_date", CHECK TRACE PAYEES "DTM*AAG****RD8*20260101-20260131~", "8 DTM 2300B 2.0 <- DTM01@8 warning\n",
	 CHECK TRACE PAYEES "DTM*AAG*20260101~"},
	{"period_paid_of_organization", CHECK TRACE COMPANY "DTM*582*20260101~", "8 DTM 2300A 6.0 <- DTM01@8 warning\n",
	 CHECK TRACE COMPANY "DTM*582****RD8*20260101-20260131~"},
	{"due_date_of_organization", CHECK TRACE COMPANY "DTM*AAG****RD8*20260101-20260131~",
	 "8 DTM 2300A 2.0 <- DTM01@8 warning\n", CHECK TRACE COMPANY "DTM*AAG*20260101~"},
	{"state_of_country", CHECK TRACE "N1*PE*PLAN~N4*ANYTOWN**90001*US~", "5 N4 1000A 2.0 <- N404@5 warning\n",
	 CHECK TRACE "N1*PE*PLAN~N4*ANYTOWN*CA*90001*US~"},
	{"zip_of_country", CHECK TRACE "N1*PE*PLAN~N4*TORONTO*ON**CA~", "5 N4 1000A 3.0 <- N404@5 warning\n",
	 CHECK TRACE "N1*PE*PLAN~N4*TORONTO*ON*M5V2T6*CA~"},
	{"extension_behind_phone", CHECK TRACE "N1*PE*PLAN~N1*PR*ACME~PER*IC*AL*EM*A@B.EXAMPLE*EX*12~",
	 "6 PER 1000B 5.0 <- PER05@6 warning\n", CHECK TRACE "N1*PE*PLAN~N1*PR*ACME~PER*IC*AL*TE*5552220101*EX*12~"},
	{"extension_behind_second_phone",
	 CHECK TRACE "N1*PE*PLAN~N1*PR*ACME~PER*IC*AL*TE*5552220101*EM*A@B.EXAMPLE*EX*12~",
	 "6 PER 1000B 7.0 <- PER07@6 warning\n",
	 CHECK TRACE "N1*PE*PLAN~N1*PR*ACME~PER*IC*AL*EM*A@B.EXAMPLE*TE*5552220101*EX*12~"},
	{"numbers_from_the_left", CHECK TRACE "N1*PE*PLAN~N1*PR*ACME~PER*IC*AL*TE*5552220101***FX*5552220102~",
	 "6 PER 1000B 7.0 <- PER07@6 warning\n",
	 CHECK TRACE "N1*PE*PLAN~N1*PR*ACME~PER*IC*AL*TE*5552220101*FX*5552220102~"},
	{"counter_out_of_step", CHECK TRACE PAYEES "ENT*4*2J*EI*E2~RMR*AZ*P1**10~ENT*5*2J*EI*E3~RMR*AZ*P1**10~",
	 "8 ENT 2000B 1.0 warning\n", CHECK TRACE PAYEES "ENT*2*2J*EI*E2~RMR*AZ*P1**10~"},
	{"receiving_bank_of_ach", "BPR*C*10*C*ACH*CTX*****1123456789******20260105~" TRACE PAYEES,
	 "2 BPR  13.0 <- BPR04@2 warning\n", "BPR*I*10*C*CHK******1123456789******20260105~" TRACE PAYEES},
	{"receiving_account_of_ach", "BPR*C*10*C*ACH*CTX*****1123456789**01*021000021***20260105~" TRACE PAYEES,
	 "2 BPR  15.0 <- BPR04@2 warning\n", "BPR*C*10*C*ACH*CTX" ACH_REST TRACE PAYEES},
	{"state_of_address", "BPR*C*10*C*ACH*CTX" ACH_REST TRACE "N1*PE*PLAN~N4*ANYTOWN**90001~",
	 "5 N4 1000A 2.0 warning\n", "BPR*C*10*C*ACH*CTX" ACH_REST TRACE "N1*PE*PLAN~N4*ANYTOWN*CA*90001~"},
	{"zip_of_address", "BPR*C*10*C*ACH*CTX" ACH_REST TRACE "N1*PE*PLAN~N4*ANYTOWN*CA~",
	 "5 N4 1000A 3.0 <- N402@5 warning\n", "BPR*C*10*C*ACH*CTX" ACH_REST TRACE "N1*PE*PLAN~N4*ANYTOWN*CA*90001~"},
	{"negative_payment", "BPR*C*-10*C*CHK******1123456789******20260105~" TRACE PAYEES, "2 BPR  2.0 warning\n",
	 "BPR*C*10*C*CHK******1123456789******20260105~" TRACE PAYEES},
	{"trace_differs", "BPR*C*10*C*CHK******1123456789******20260105~TRN*1*C1*1999999999~" PAYEES,
	 "3 TRN  3.0 warning\n", "BPR*C*10*C*CHK******1123456789******20260105~" TRACE PAYEES},
};

static void check_rows(const char *set_id, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(ask(rows[i].rule, set_id, rows[i].bad), rows[i].want) != 0)
			fail_msg("%s: %s\n  want %s  got  %s", rows[i].rule, rows[i].bad, rows[i].want, seen);
		if (strcmp(ask(rows[i].rule, set_id, rows[i].good), "") != 0)
			fail_msg("%s: %s\n  got  %s", rows[i].rule, rows[i].good, seen);
	}
}

static void test_rules_834(void **state)
{
	(void)state;
	check_rows("834", rules_834, COUNT(rules_834));
}

static void test_rules_820(void **state)
{
	(void)state;
	check_rows("820", rules_820, COUNT(rules_820));
}

static void test_sense(void **state)
{
	(void)state;
	check_rows("834", sense_834, COUNT(sense_834));
	check_rows("834", counters_834, COUNT(counters_834));
}

static bool is_tested(struct slice rule)
{
	for (size_t i = 0; i < COUNT(rules_834); i++)
		if (slice_is(rule, rules_834[i].rule))
			return true;
	for (size_t i = 0; i < COUNT(rules_820); i++)
		if (slice_is(rule, rules_820[i].rule))
			return true;
	for (size_t i = 0; i < COUNT(sense_834); i++)
		if (slice_is(rule, sense_834[i].rule))
			return true;
	return false;
}

/* A rule that nobody has seen fire may as well not be there. */
static void test_every_rule_is_tested(void **state)
{
	uint32_t count = 0;
	(void)state;
	for (uint32_t g = 0; g < guide_set_count(run.guides); g++) {
		const struct guide *guide = guide_set_at(run.guides, g);
		for (uint16_t i = 0; i < guide->rule_count; i++, count++)
			if (!is_tested(guide->rules[i].name))
				fail_msg("no test breaks rule %s", guide->rules[i].name.data);
	}
	assert_true(count >= 30);
	for (const char *const *name = check_sense_names(); *name != NULL; name++)
		if (!is_tested(slice_from(*name)))
			fail_msg("no test breaks %s", *name);
}

/* One fault, one finding: where no date at all stands, the guide's own "required" has said so. */
static void test_no_second_finding(void **state)
{
	(void)state;
	assert_string_equal(ask("begin_of_coverage", "834", ADD NAME "HD*021**HMO~"), "");
}

/* And what came with a wrong qualifier, or a misspelt id, is not missing besides. */
static void test_slips_are_not_missing(void **state)
{
	(void)state;
	assert_string_equal(ask("begin_of_member", "834", ADD "DTP*35X*D8*20260101~" NAME), "");
	assert_string_equal(ask("begin_of_member", "834", ADD "DPT*356*D8*20260101~" NAME), "");
	assert_string_equal(ask("begin_of_coverage", "834", ADD NAME "HD*021**HMO~DTP*X48*D8*20260101~"), "");
	/* But the next member's is. */
	assert_string_equal(
		ask("begin_of_member", "834", ADD "DTP*35X*D8*20260101~" NAME "INS*N*19*021*28*A~REF*0F*S1~" NAME),
		"11 DTP 2000 0.0 <- INS03@9 warning\n");
}

/* Facts of one member, and of one set, must not speak for the next. */
static void test_facts_are_forgotten(void **state)
{
	(void)state;
	assert_string_equal(ask("corrected_name", "834",
				CHANGE
				"NM1*74*1*ROE*ALEX~NM1*70*1*RO*ALEX~INS*Y*18*001*25*A~REF*0F*S2~NM1*74*1*ROE*SAM~"),
			    "12 NM1 2100B 0.0 <- NM101@11 warning\n");
	assert_string_equal(ask("end_of_member", "834", END NAME "INS*N*19*001*25*A~REF*0F*S1~" NAME),
			    "7 DTP 2000 0.0 <- INS03@5 warning\n");
}

/* What is missing is missing where it should stand: before the loops behind its place, not behind all of them. */
static void test_place_of_missing(void **state)
{
	static const char next[] = "INS*N*19*001*25*A~REF*0F*S1~NM1*IL*1*ROE*SAM~";
	char body[2048];
	(void)state;
	snprintf(body, sizeof(body), "%s%s", END "DTP*356*D8*20250101~" NAME "HD*001**HMO~" DAY "LX*1~NM1*P3*1*DOC~", next);
	assert_string_equal(ask("end_of_member", "834", body), "8 DTP 2000 0.0 <- INS03@5 warning\n");
	snprintf(body, sizeof(body), "%s%s", CHANGE "NM1*74*1*ROE*ALEX~NM1*31*1~N3*PO BOX 1~HD*001**HMO~" DAY, next);
	assert_string_equal(ask("corrected_name", "834", body), "10 NM1 2100B 0.0 <- NM101@7 warning\n");
	snprintf(body, sizeof(body), "%s%s", CHANGE NAME "HD*021**HMO~" DAY "LX*1~NM1*P3*1*DOC~COB*P**1~", next);
	assert_string_equal(ask("begin_of_coverage", "834", body), "10 DTP 2300 0.0 <- HD01@8 warning\n");
	/* Where no loop is behind it, at the end of its own. */
	snprintf(body, sizeof(body), "%s%s", CHANGE NAME "HD*021**HMO~" DAY "AMT*P3*1~", next);
	assert_string_equal(ask("begin_of_coverage", "834", body), "11 DTP 2300 0.0 <- HD01@8 warning\n");
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

/* The same bytes again are judged by the facts of their own member, and tell that member's facts. */
static void test_repeated_bytes(void **state)
{
	(void)state;
	assert_string_equal(ask("begun_coverage_of_ended_member", "834",
				ADD NAME "HD*021**HMO~DTP*348*D8*20260101~"
					 "INS*Y*18*024*08*A***TE~REF*0F*S2~" NAME "HD*021**HMO~DTP*348*D8*20260101~"
					 "INS*Y*18*024*08*A***TE~REF*0F*S3~" NAME "HD*021**HMO~DTP*348*D8*20260101~"),
			    "13 HD 2300 1.0 <- INS03@10 warning\n18 HD 2300 1.0 <- INS03@15 warning\n");
}

/* The walk of `body` under a rule of the partner's own, by a handler that wants no segments: the shortest way. */
static const char *ask_agreed(const char *overlay, const char *rule, const char *body)
{
	const struct guide_set *base = run.guides;
	struct guide_set *own;
	struct yaml_node *root;
	struct buffer errors;
	struct arena arena;
	const char *said;

	arena_init(&arena, &run.env, 0, 0);
	buffer_init(&errors, &run.env);
	assert_int_equal(yaml_parse(&arena, "p.yaml", slice_from(overlay), &errors, &root), 0);
	assert_int_equal(guide_set_derive(base, &arena, &own), 0);
	assert_int_equal(guide_set_overlay(own, "p.yaml", slice_from(overlay), root, &errors), 0);
	run.options.guides = own;
	said = ask(rule, "834", body);
	run.options.guides = NULL;
	buffer_fini(&errors);
	arena_fini(&arena);
	return said;
}

/* Bytes that stand in two loops in turn are what each loop says they are: here a day on which a member ends. */
static void test_repeated_bytes_in_two_loops(void **state)
{
	static const char overlay[] = "834: {rules: {own: {at: 2300/DTP, when: {DTP01: '303', INS01: N}, forbid: DTP, "
				      "severity: warning, text: of ours}}}";
	static const char body[] = CHANGE DAY NAME CHANGED_AGAIN CHANGED_AGAIN CHANGED_AGAIN
		"INS*Y*18*024*08*A***TE~REF*0F*S5~" DAY NAME "HD*001**HMO~" DAY;

	(void)state;
	assert_string_equal(ask_agreed(overlay, "end_of_member", body), "");
}

/*
 * What was found sound is not looked into again: then nobody knows what it told, and no rule of a loop may be judged by
 * that. A sound set would be rejected at the second walk, when half of it is applied.
 */
static void test_known_sound(void **state)
{
	static const char overlay[] = "834: {rules: {own: {at: '2000', when: {REF*17: absent}, require: REF*23, "
				      "severity: error, text: of ours}}}";
	static const char body[] = ADD "REF*17*A1~" NAME "HD*021**HMO~" DAY;

	(void)state;
	assert_string_equal(ask_agreed(overlay, "own", body), "");
	run.options.known_sound = true;
	assert_string_equal(ask_agreed(overlay, "own", body), "");
	run.options.known_sound = false;
	assert_string_not_equal(ask_agreed(overlay, "own", CHANGE DAY NAME), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules_834),
		cmocka_unit_test(test_rules_820),
		cmocka_unit_test(test_sense),
		cmocka_unit_test(test_every_rule_is_tested),
		cmocka_unit_test(test_no_second_finding),
		cmocka_unit_test(test_slips_are_not_missing),
		cmocka_unit_test(test_facts_are_forgotten),
		cmocka_unit_test(test_place_of_missing),
		cmocka_unit_test(test_repeated_bytes),
		cmocka_unit_test(test_repeated_bytes_in_two_loops),
		cmocka_unit_test(test_known_sound),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
