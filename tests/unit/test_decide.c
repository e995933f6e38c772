/* If this failed, somebody would lose coverage, keep it too long, or have it twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "decide_world.h"
#include "muster/env_fault.h"

/* The Roes: a family in group G1 with medical for all and dental for Alex. */
#define ROES                                                                                                           \
	"M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n"                                                                   \
	"  G1 P10 FAM 2025-01-01 open\n"                                                                               \
	"  G1 D10 EMP 2025-01-01 open\n"                                                                               \
	"M2 S1 01 ROE SAM 1986-03-15 F 219091002\n"                                                                    \
	"  G1 P10 FAM 2025-01-01 open\n"                                                                               \
	"M3 S1 19 ROE NORA 2015-06-01 F 219091003\n"                                                                   \
	"  G1 P10 FAM 2025-01-01 open\n"

#define ALEX(action, reason) "INS*Y*18*" action "*" reason "*A***FT~REF*0F*S1~REF*23*M1~"
#define ALEX_NAME "NM1*IL*1*ROE*ALEX****34*219091001~DMG*D8*19850214*M~"
#define ALEX_MOVED "NM1*IL*1*ROE*ALEX****34*219091001~N3*9 OAK AVE~N4*ANYTOWN*CA*90002~DMG*D8*19850214*M~"
#define SAM(action, reason) "INS*N*01*" action "*" reason "*A~REF*0F*S1~REF*23*M2~"
#define SAM_NAME "NM1*IL*1*ROE*SAM****34*219091002~DMG*D8*19860315*F~"
#define NORA(action, reason) "INS*N*19*" action "*" reason "*A~REF*0F*S1~REF*23*M3~"
#define NORA_NAME "NM1*IL*1*ROE*NORA****34*219091003~DMG*D8*20150601*F~"

/* A full file: everybody as he is. */
#define FULL "BGN*00*R1*20260302*0930****RX~REF*38*G1~N1*P5*ACME*FI*1~N1*IN*PLAN*FI*2~"
#define ALEX_FULL(hd) ALEX("030", "XN") ALEX_NAME hd
#define SAM_FULL(hd) SAM("030", "XN") SAM_NAME hd
#define SINCE_2025 "~DTP*348*D8*20250101~"

static const struct scenario {
	const char *name, *bgn, *members, *sent, *want;
} scenarios[] = {
	/* ---- adds ---- */
	{"a new family with two coverages", NULL, "",
	 "INS*Y*18*021*28*A***FT~REF*0F*S5~DTP*356*D8*20260401~NM1*IL*1*DOE*KIM****34*219095001~N3*5 HILL RD*APT "
	 "1~N4*ANYTOWN*CA*90001~DMG*D8*19900404*F~"
	 "HD*021**HMO*P10*ESP~DTP*348*D8*20260401~HD*021**DEN*D10*EMP~DTP*348*D8*20260401~"
	 "INS*N*01*021*28*A~REF*0F*S5~NM1*IL*1*DOE*LEE****34*219095002~DMG*D8*19910505*M~HD*021**HMO*P10~DTP*348*D8*"
	 "20260401~",
	 "1 add N1 G1 P10 2026-04-01..open | new coverage: P10 ESP from 2026-04-01; new member\n"
	 "1 add N1 G1 D10 2026-04-01..open | new coverage: D10 EMP from 2026-04-01\n"
	 "2 add N2 G1 P10 2026-04-01..open | new coverage: P10 from 2026-04-01; new member\n"},
	{"a dependent before his subscriber waits", NULL, "",
	 "INS*N*19*021*28*A~REF*0F*S5~NM1*IL*1*DOE*PAT****34*219095003~DMG*D8*20200505*M~HD*021**HMO*P10~DTP*348*D8*"
	 "20260401~"
	 "INS*Y*18*001*33*A***FT~REF*0F*S9~NM1*IL*1*ELSE*BODY****34*219095009~DMG*D8*19700505*M~"
	 "INS*Y*18*021*28*A***FT~REF*0F*S5~NM1*IL*1*DOE*KIM****34*219095001~DMG*D8*19900404*F~HD*021**HMO*P10*ECH~DTP*"
	 "348*D8*20260401~",
	 "1 deferred\n"
	 "2 EXCEPTION NO_MATCH\n"
	 "3 add N1 G1 P10 2026-04-01..open | new coverage: P10 ECH from 2026-04-01; new member\n"
	 "1 add N2 G1 P10 2026-04-01..open | new coverage: P10 from 2026-04-01; new member\n"},
	{"a dependent without a subscriber", NULL, "",
	 "INS*N*19*021*28*A~REF*0F*S5~NM1*IL*1*DOE*PAT****34*219095003~DMG*D8*20200505*M~HD*021**HMO*P10~DTP*348*D8*"
	 "20260401~",
	 "1 deferred\n1 EXCEPTION DEP_NO_SUBSCRIBER\n"},
	{"the subscriber's record waits, so do his dependents", NULL, "",
	 "INS*Y*18*021*28*A***FT~REF*0F*S5~NM1*IL*1*DOE*KIM****34*219095001~DMG*D8*19900404*F~HD*021**HMO*NOPE*ESP~DTP*"
	 "348*D8*20260401~"
	 "INS*N*01*021*28*A~REF*0F*S5~NM1*IL*1*DOE*LEE****34*219095002~DMG*D8*19910505*M~HD*021**HMO*P10~DTP*348*D8*"
	 "20260401~",
	 "1 EXCEPTION UNKNOWN_PLAN\n2 EXCEPTION DEP_NO_SUBSCRIBER\n"},
	{"dependents may be covered without their employee (HD01 032)", NULL, "",
	 "INS*Y*18*021*28*A***FT~REF*0F*S5~NM1*IL*1*DOE*KIM****34*219095001~DMG*D8*19900404*F~HD*032**HMO*P10~DTP*348*"
	 "D8*20260401~"
	 "INS*N*19*021*28*A~REF*0F*S5~NM1*IL*1*DOE*PAT****34*219095003~DMG*D8*20200505*M~HD*021**HMO*P10*CHD~DTP*348*"
	 "D8*20260401~",
	 "1 add N1 | new member\n"
	 "2 add N2 G1 P10 2026-04-01..open | new coverage: P10 CHD from 2026-04-01; new member\n"},
	{"an add of the very span that is active changes nothing", NULL, ROES,
	 ALEX("021", "28") ALEX_NAME "HD*021**HMO*P10*FAM~DTP*348*D8*20250101~",
	 "1 no_change M1 G1 P10 2025-01-01..open\n"},
	{"an add for somebody active from another day, or under another plan", NULL, ROES,
	 ALEX("021", "28") ALEX_NAME "HD*021**HMO*P10*FAM~DTP*348*D8*20260401~" SAM("021", "28") SAM_NAME
	 "HD*021**PPO*P20~DTP*348*D8*20260401~",
	 "1 EXCEPTION DUP_ADD\n2 EXCEPTION DUP_ADD\n"},
	{"a certain person added though active under another subscriber number", NULL, ROES,
	 "INS*Y*18*021*28*A***FT~REF*0F*S77~NM1*IL*1*ROE*SAM****34*219091002~DMG*D8*19860315*F~HD*021**HMO*P10*EMP~DTP*"
	 "348*D8*20260401~",
	 "1 EXCEPTION DUP_ADD\n"},
	{"another coverage for a known person", NULL, ROES,
	 SAM("001", "33") SAM_NAME "HD*021**DEN*D10*EMP~DTP*348*D8*20260401~",
	 "1 add M2 G1 D10 2026-04-01..open | new coverage: D10 EMP from 2026-04-01\n"},
	{"back after a gap: a new span; without one: the old goes on", NULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 EMP 2025-01-01 2025-12-31\n"
	 "M4 S4 18 POE ROB 1975-02-14 M 219091004\n  G1 P10 EMP 2025-01-01 2026-02-28\n",
	 ALEX("021", "41") ALEX_NAME "HD*021**HMO*P10*EMP~DTP*348*D8*20260301~"
				     "INS*Y*18*021*41*A***FT~REF*0F*S4~NM1*IL*1*POE*ROB****34*219091004~DMG*D8*"
				     "19750214*M~HD*021**HMO*P10*EMP~DTP*348*D8*20260301~",
	 "1 add M1 G1 P10 2026-03-01..open | new coverage: P10 EMP from 2026-03-01\n"
	 "2 reinstate M4 G1 P10 2025-01-01..open | ends_on: 2026-02-28 -> open\n"},
	{"hired again under a new number", NULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 EMP 2024-01-01 2024-12-31\n",
	 "INS*Y*18*021*28*A***FT~REF*0F*S8~NM1*IL*1*ROE*ALEX****34*219091001~DMG*D8*19850214*M~HD*021**HMO*P10*EMP~DTP*"
	 "348*D8*20260301~",
	 "1 add M1 G1 P10 2026-03-01..open | new coverage: P10 EMP from 2026-03-01; subscriber_id: S1 -> S8\n"},
	{"a subscriber number that another family has", NULL, ROES,
	 "INS*Y*18*021*28*A***FT~REF*0F*S1~NM1*IL*1*DOE*KIM****34*219095001~DMG*D8*19900404*F~HD*021**HMO*P10*EMP~DTP*"
	 "348*D8*20260401~",
	 "1 EXCEPTION SUB_EXISTS\n"},
	{"an add that would run into a later coverage", NULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 EMP 2026-06-01 open\n",
	 ALEX("021", "28") ALEX_NAME "HD*021**HMO*P25*EMP~DTP*348*D8*20260401~", "1 EXCEPTION OVERLAP\n"},
	{"a change here that would run into what begins in another group", NULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 EMP 2025-01-01 2026-06-30\n  G2 P10 EMP 2026-07-01 open\n",
	 ALEX("001", "22") ALEX_NAME "HD*021**HMO*P10*FAM~DTP*348*D8*20260401~" ALEX("001", "22") ALEX_NAME
	 "HD*001**HMO*P10*EMP~DTP*348*D8*20250101~DTP*349*D8*20260731~",
	 "1 EXCEPTION OVERLAP\n2 EXCEPTION OVERLAP\n"},
	{"a transfer that would run into what begins later in the old group", NULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 EMP 2025-01-01 2026-04-30\n  G1 P10 EMP 2026-06-01 open\n",
	 "INS*Y*18*001*XT*A***FT~REF*0F*S1~REF*1L*G2~REF*23*M1~" ALEX_NAME "HD*021**HMO*P10*EMP~DTP*348*D8*20260401~",
	 "1 EXCEPTION OVERLAP\n"},
	{"a child at the age limit, unless handicapped", NULL, ROES,
	 "INS*N*19*021*28*A~REF*0F*S1~NM1*IL*1*ROE*OLD****34*219095011~DMG*D8*20000401*M~HD*021**HMO*P10~DTP*348*D8*"
	 "20260401~"
	 "INS*N*19*021*28*A****N*Y~REF*0F*S1~NM1*IL*1*ROE*OTTO****34*219095012~DMG*D8*19990401*M~HD*021**HMO*P10~DTP*"
	 "348*D8*20260401~"
	 "INS*N*19*021*28*A~REF*0F*S1~NM1*IL*1*ROE*YORK****34*219095013~DMG*D8*20000402*M~HD*021**HMO*P10~DTP*348*D8*"
	 "20260401~",
	 "2 add N1 G1 P10 2026-04-01..open | new coverage: P10 from 2026-04-01; new member\n"
	 "3 add N2 G1 P10 2026-04-01..open | new coverage: P10 from 2026-04-01; new member\n"
	 "1 EXCEPTION OVERAGE_DEP\n"},
	{"twins of one set with numbers of their own", NULL, ROES,
	 "INS*N*19*021*02*A~REF*0F*S1~NM1*IL*1*ROE*IDA****34*219095021~DMG*D8*20260220*F~HD*021**HMO*P10~DTP*348*D8*"
	 "20260220~"
	 "INS*N*19*021*02*A~REF*0F*S1~NM1*IL*1*ROE*OLA****34*219095022~DMG*D8*20260220*F~HD*021**HMO*P10~DTP*348*D8*"
	 "20260220~",
	 "1 add N1 G1 P10 2026-02-20..open | new coverage: P10 from 2026-02-20; new member\n"
	 "2 add N2 G1 P10 2026-02-20..open | new coverage: P10 from 2026-02-20; new member\n"},
	{"twins without numbers: by INS17; and a twin alone is a risk", NULL, ROES,
	 "INS*N*19*021*02*A************1~REF*0F*S1~NM1*IL*1*ROE*IDA~DMG*D8*20260220*F~HD*021**HMO*P10~DTP*348*D8*"
	 "20260220~"
	 "INS*N*19*021*02*A************2~REF*0F*S1~NM1*IL*1*ROE*OLA~DMG*D8*20260220*F~HD*021**HMO*P10~DTP*348*D8*"
	 "20260220~"
	 "INS*N*19*021*28*A~REF*0F*S1~NM1*IL*1*ROE*NINA~DMG*D8*20150601*F~HD*021**HMO*P10~DTP*348*D8*20260401~",
	 "1 add N1 G1 P10 2026-02-20..open | new coverage: P10 from 2026-02-20; new member\n"
	 "2 add N2 G1 P10 2026-02-20..open | new coverage: P10 from 2026-02-20; new member\n"
	 "3 EXCEPTION TWIN_RISK\n"},
	{"one person in two records of the family is added once", NULL, "",
	 "INS*Y*18*021*28*A***FT~REF*0F*S5~NM1*IL*1*DOE*KIM****34*219095001~DMG*D8*19900404*F~HD*021**HMO*P10*EMP~DTP*"
	 "348*D8*20260401~"
	 "INS*Y*18*021*28*A***FT~REF*0F*S5~NM1*IL*1*DOE*KIM****34*219095001~DMG*D8*19900404*F~HD*021**DEN*D10*EMP~DTP*"
	 "348*D8*20260401~"
	 "INS*Y*18*021*28*A***FT~REF*0F*S5~NM1*IL*1*DOE*KIM****34*219095001~DMG*D8*19900404*F~HD*021**HMO*P10*EMP~DTP*"
	 "348*D8*20260401~",
	 "1 add N1 G1 P10 2026-04-01..open | new coverage: P10 EMP from 2026-04-01; new member\n"
	 "2 add N1 G1 D10 2026-04-01..open | new coverage: D10 EMP from 2026-04-01\n"
	 "3 no_change N1 G1 P10 2026-04-01..open\n"},
	{"the dependent gets the subscriber's plan where none was sent", NULL, ROES,
	 "INS*N*19*021*02*A~REF*0F*S1~NM1*IL*1*ROE*IDA~DMG*D8*20260220*F~HD*021**HLT~DTP*348*D8*20260220~",
	 "1 add N1 G1 P10 2026-02-20..open | new coverage: P10 from 2026-02-20; new member\n"},

	/* ---- changes of the person ---- */
	{"a new address; who lived there moves along", NULL, ROES, ALEX("001", "43") ALEX_MOVED,
	 "1 change M1 | address1: 1 MAIN ST -> 9 OAK AVE; zip: 90001 -> 90002\n"
	 "1 change M2 | address1: 1 MAIN ST -> 9 OAK AVE; zip: 90001 -> 90002\n"
	 "1 change M3 | address1: 1 MAIN ST -> 9 OAK AVE; zip: 90001 -> 90002\n"},
	{"what is on file already, dressed otherwise, is no change", NULL, ROES,
	 ALEX("001", "33") "NM1*IL*1*Roe*Alex****34*219091001~N3*1 Main St.~N4*Anytown*CA*900011234~DMG*D8*19850214*M~",
	 "1 change M1 | zip: 90001 -> 90001-1234\n"},
	{"nothing new at all", NULL, ROES,
	 ALEX("001", "33") "NM1*IL*1*ROE*A****34*219091001~N3*1 MAIN ST~N4*ANYTOWN*CA*90001~DMG*D8*19850214*U~",
	 "1 no_change M1\n"},
	{"an SSN that arrives later, masked; a placeholder does not", NULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 ECH 2025-01-01 open\nM3 S1 19 ROE NORA 2015-06-01 F\n  G1 "
	 "P10 - 2025-01-01 open\n"
	 "M4 S1 19 ROE OLE 2018-06-01 M\n  G1 P10 - 2025-01-01 open\n",
	 "INS*N*19*001*25*A~REF*0F*S1~NM1*IL*1*ROE*NORA****34*219091003~DMG*D8*20150601*F~"
	 "INS*N*19*001*25*A~REF*0F*S1~NM1*IL*1*ROE*OLE****34*999999999~DMG*D8*20180601*M~",
	 "1 change M3 | ssn: ***-**-1003\n2 no_change M4\n"},
	{"a corrected name: 2100B gives the old one", NULL, ROES,
	 "INS*N*01*001*25*A~REF*0F*S1~NM1*74*1*NOLAN*SAM****34*219091002~DMG*D8*19860315*F~NM1*70*1*ROE*SAM~",
	 "1 change M2 | last_name: ROE -> NOLAN\n"},
	{"a corrected SSN and birth date", NULL, ROES,
	 SAM("001", "25") "NM1*74*1*ROE*SAM****34*219091092~DMG*D8*19860315*F~NM1*70*1*ROE*SAM****34*219091002~"
			  "INS*N*19*001*25*A~REF*0F*S1~REF*23*M3~NM1*74*1*ROE*NORA****34*219091003~DMG*D8*20150610*F~"
			  "NM1*70*1*ROE*NORA~DMG*D8*20150601*F~",
	 "1 change M2 | ssn: ***-**-1002 -> ***-**-1092\n"
	 "2 change M3 | birth_on: 2015-06-01 -> 2015-06-10\n"},
	{"a family's new number, with the old one beside it", NULL, ROES,
	 "INS*Y*18*001*33*A***FT~REF*0F*S100~REF*23*M1~REF*Q4*S1~" ALEX_NAME,
	 "1 change M1 | subscriber_id: S1 -> S100\n"
	 "1 change M2 | subscriber_id: S1 -> S100\n"
	 "1 change M3 | subscriber_id: S1 -> S100\n"},
	{"another family's number without explanation", NULL, ROES,
	 "INS*Y*18*001*33*A***FT~REF*0F*S100~REF*23*M1~" ALEX_NAME, "1 EXCEPTION ID_CONFLICT\n"},
	{"INS01 and INS02 do not fit, or not the person on file", NULL, ROES,
	 "INS*Y*01*001*33*A***FT~REF*0F*S1~REF*23*M1~" ALEX_NAME "INS*N*18*001*33*A~REF*0F*S1~REF*23*M1~" ALEX_NAME
	 "INS*N*01*001*33*A~REF*0F*S1~REF*23*M1~" ALEX_NAME,
	 "1 EXCEPTION INVALID_REL\n2 EXCEPTION INVALID_REL\n3 EXCEPTION INVALID_REL\n"},

	/* ---- changes of coverage ---- */
	{"a new plan: the old span ends the day before; dependents go along", NULL, ROES,
	 ALEX("001", "22") ALEX_NAME "HD*001**HMO*P20*FAM~DTP*303*D8*20260401~",
	 "1 change M1 G1 P20 2026-04-01..open | plan_id: P10 -> P20; from 2026-04-01\n"
	 "1 change M2 G1 P20 2026-04-01..open | plan_id: P10 -> P20; from 2026-04-01\n"
	 "1 change M3 G1 P20 2026-04-01..open | plan_id: P10 -> P20; from 2026-04-01\n"},
	{"the same, sent as end and add", NULL, ROES,
	 ALEX("001", "22") ALEX_NAME "HD*021**PPO*P20*FAM~DTP*348*D8*20260401~HD*024**HMO*P10~DTP*349*D8*20260331~",
	 "1 change M1 G1 P20 2026-04-01..open | plan_id: P10 -> P20; from 2026-04-01\n"
	 "1 change M2 G1 P20 2026-04-01..open | plan_id: P10 -> P20; from 2026-04-01\n"
	 "1 change M3 G1 P20 2026-04-01..open | plan_id: P10 -> P20; from 2026-04-01\n"},
	{"an end and an add with a gap are two things", NULL, ROES,
	 ALEX("001", "22") ALEX_NAME "HD*024**HMO*P10~DTP*349*D8*20260331~HD*021**PPO*P20*FAM~DTP*348*D8*20260501~",
	 "1 terminate M1 G1 P10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"
	 "1 add M1 G1 P20 2026-05-01..open | new coverage: P20 FAM from 2026-05-01\n"
	 "1 terminate M2 G1 P10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"
	 "1 terminate M3 G1 P10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"},
	{"a plan set right from its beginning is replaced", NULL, ROES,
	 ALEX("001", "22") ALEX_NAME "HD*001**HMO*P20*FAM~DTP*348*D8*20250101~",
	 "1 change M1 G1 P20 2025-01-01..open | plan_id: P10 -> P20\n"
	 "1 change M2 G1 P20 2025-01-01..open | plan_id: P10 -> P20\n"
	 "1 change M3 G1 P20 2025-01-01..open | plan_id: P10 -> P20\n"},
	{"a new tier; dependents with the old one follow", NULL, ROES,
	 ALEX("001", "32") ALEX_NAME "HD*001**HMO*P10*ESP~DTP*303*D8*20260401~",
	 "1 change M1 G1 P10 2026-04-01..open | tier: FAM -> ESP; from 2026-04-01\n"
	 "1 change M2 G1 P10 2026-04-01..open | tier: FAM -> ESP; from 2026-04-01\n"
	 "1 change M3 G1 P10 2026-04-01..open | tier: FAM -> ESP; from 2026-04-01\n"},
	{"a transfer to another group", NULL, ROES,
	 "INS*Y*18*001*XT*A***FT~REF*0F*S1~REF*1L*G2~REF*23*M1~" ALEX_NAME "HD*021**HMO*P10*FAM~DTP*348*D8*20260401~",
	 "1 transfer M1 G2 P10 2026-04-01..open | group_id: G1 -> G2; from 2026-04-01\n"
	 "1 transfer M2 G2 P10 2026-04-01..open | group_id: G1 -> G2; from 2026-04-01\n"
	 "1 transfer M3 G2 P10 2026-04-01..open | group_id: G1 -> G2; from 2026-04-01\n"},
	{"a begin set right by 026; by 001 only where nobody loses a day", NULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 EMP 2026-02-01 open\nM4 S4 18 POE ROB 1975-02-14 M "
	 "219091004\n  G1 P10 EMP 2026-02-01 open\n",
	 ALEX("001", "33") ALEX_NAME "HD*026**HMO*P10*EMP~DTP*348*D8*20260215~"
				     "INS*Y*18*001*33*A***FT~REF*0F*S4~REF*23*M4~NM1*IL*1*POE*ROB~DMG*D8*19750214*M~HD*"
				     "001**HMO*P10*EMP~DTP*348*D8*20260215~"
				     "INS*Y*18*001*33*A***FT~REF*0F*S4~REF*23*M4~NM1*IL*1*POE*ROB~DMG*D8*19750214*M~HD*"
				     "001**HMO*P10*EMP~DTP*348*D8*20260115~",
	 "1 change M1 G1 P10 2026-02-15..open | begins_on: 2026-02-01 -> 2026-02-15\n"
	 "3 change M4 G1 P10 2026-01-15..open | begins_on: 2026-02-01 -> 2026-01-15\n"
	 "2 EXCEPTION BAD_DATES\n"},
	{"a change of a coverage that is not there", NULL, ROES,
	 SAM("001", "33") SAM_NAME "HD*001**DEN*D10*EMP~DTP*303*D8*20260401~", "1 EXCEPTION CONFLICTING_ACTION\n"},

	/* ---- ends ---- */
	{"the subscriber ends: all his coverages and his dependents", NULL, ROES,
	 ALEX("024", "08") "DTP*357*D8*20260331~" ALEX_NAME,
	 "1 terminate M1 G1 P10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"
	 "1 terminate M1 G1 D10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"
	 "1 terminate M2 G1 P10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"
	 "1 terminate M3 G1 P10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"},
	{"dependents' own records come first", NULL, ROES,
	 ALEX("024", "08") "DTP*357*D8*20260331~" ALEX_NAME SAM("024", "08") "DTP*357*D8*20260228~" SAM_NAME NORA(
		 "024", "08") "DTP*357*D8*20260331~" NORA_NAME,
	 "1 terminate M1 G1 P10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"
	 "1 terminate M1 G1 D10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"
	 "2 terminate M2 G1 P10 2025-01-01..2026-02-28 | ends_on: open -> 2026-02-28\n"
	 "3 terminate M3 G1 P10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"},
	{"one coverage ends, the person stays", NULL, ROES,
	 ALEX("001", "14") ALEX_NAME "HD*024**DEN*D10~DTP*349*D8*20260331~",
	 "1 terminate M1 G1 D10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"},
	{"349 for the coverage named, 357 for the rest", NULL, ROES,
	 ALEX("024", "08") "DTP*357*D8*20260430~" ALEX_NAME "HD*024**HMO*P10~DTP*349*D8*20260331~",
	 "1 terminate M1 G1 P10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"
	 "1 terminate M1 G1 D10 2025-01-01..2026-04-30 | ends_on: open -> 2026-04-30\n"
	 "1 terminate M2 G1 P10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"
	 "1 terminate M3 G1 P10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"},
	{"no end date is ever guessed", NULL, ROES,
	 ALEX("024", "16") ALEX_NAME SAM("001", "16") SAM_NAME "HD*024**HMO*P10~DTP*349*D8*99991231~",
	 "1 EXCEPTION BAD_DATES\n2 EXCEPTION BAD_DATES\n"},
	{"ended before, on another day or on this one", NULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 EMP 2025-01-01 2025-12-31\n",
	 ALEX("024", "08") "DTP*357*D8*20260131~" ALEX_NAME ALEX("024", "08") "DTP*357*D8*20251231~" ALEX_NAME ALEX(
		 "024", "08") "DTP*357*D8*20251130~" ALEX_NAME,
	 "2 no_change M1 G1 P10 2025-01-01..2025-12-31\n1 EXCEPTION ALREADY_TERMED\n3 EXCEPTION ALREADY_TERMED\n"},
	{"an end in the future may come earlier", NULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 EMP 2025-01-01 2026-12-31\n",
	 ALEX("024", "08") "DTP*357*D8*20260331~" ALEX_NAME,
	 "1 terminate M1 G1 P10 2025-01-01..2026-03-31 | ends_on: 2026-12-31 -> 2026-03-31\n"},
	{"nothing to end", NULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 EMP 2025-01-01 2025-12-31 voided\n",
	 ALEX("024", "08") "DTP*357*D8*20260131~" ALEX_NAME, "1 EXCEPTION TERM_NO_COVERAGE\n"},
	{"an end before the begin: never effective", NULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 EMP 2025-01-01 2025-12-31\n  G1 P25 EMP 2026-04-01 open\n",
	 ALEX("024", "08") "DTP*357*D8*20260331~" ALEX_NAME, "1 void M1 G1 P25 2026-04-01..open | voided: no -> yes\n"},
	{"void by 002, once", NULL, ROES,
	 ALEX("001", "29") ALEX_NAME "HD*002**DEN*D10~DTP*348*D8*20250101~" ALEX("001", "29") ALEX_NAME
	 "HD*002**DEN*D10~DTP*348*D8*20250101~",
	 "1 void M1 G1 D10 2025-01-01..open | voided: no -> yes\n2 no_change M1 G1 D10 2025-01-01..open\n"},

	{"ended already: what his dependents still have ends", NULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 FAM 2025-01-01 2026-02-28\n"
	 "M2 S1 01 ROE SAM 1986-03-15 F 219091002\n  G1 P10 FAM 2025-01-01 open\n",
	 ALEX("024", "08") "DTP*357*D8*20260228~" ALEX_NAME,
	 "1 no_change M1 G1 P10 2025-01-01..2026-02-28\n"
	 "1 terminate M2 G1 P10 2025-01-01..2026-02-28 | ends_on: open -> 2026-02-28\n"},

	/* ---- nobody is covered without his subscriber ---- */
	{"the subscriber's only coverage gets an end, or another begin: his dependents' would go on", NULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 FAM 2025-01-01 open\n"
	 "M2 S1 01 ROE SAM 1986-03-15 F 219091002\n  G1 P10 FAM 2025-01-01 open\n",
	 ALEX("001", "14") ALEX_NAME "HD*001**HMO*P10*FAM~DTP*348*D8*20250101~DTP*349*D8*20260331~" ALEX("001", "29")
	 ALEX_NAME "HD*026**HMO*P10*FAM~DTP*348*D8*20260101~",
	 "1 deferred\n2 deferred\n1 EXCEPTION DEP_NO_SUBSCRIBER\n2 EXCEPTION DEP_NO_SUBSCRIBER\n"},
	{"an end for all, and a later record of the file says so of the last", NULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 FAM 2025-01-01 open\n"
	 "M2 S1 01 ROE SAM 1986-03-15 F 219091002\n  G1 P10 FAM 2025-01-01 open\n"
	 "M3 S1 19 ROE NORA 2015-06-01 F 219091003\n  G1 P10 FAM 2025-01-01 open\n",
	 ALEX("001", "14") ALEX_NAME "HD*001**HMO*P10*FAM~DTP*348*D8*20250101~DTP*349*D8*20260331~" SAM("001", "14")
	 SAM_NAME "HD*001**HMO*P10*FAM~DTP*348*D8*20250101~DTP*349*D8*20260331~"
	 "INS*Y*18*021*28*A***FT~REF*0F*S5~NM1*IL*1*DOE*KIM****34*219095001~DMG*D8*19900404*F~HD*021**HMO*P10*EMP~DTP*"
	 "348*D8*20260401~" NORA("001", "14") NORA_NAME
	 "HD*001**HMO*P10*FAM~DTP*348*D8*20250101~DTP*349*D8*20260331~",
	 "2 change M2 G1 P10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"
	 "1 deferred\n"
	 "3 add N1 G1 P10 2026-04-01..open | new coverage: P10 EMP from 2026-04-01; new member\n"
	 "4 change M3 G1 P10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"
	 "1 change M1 G1 P10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"},
	{"a dependent reinstated alone; an earlier begin than the subscriber's", NULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 FAM 2026-01-01 2026-01-31\n"
	 "M2 S1 01 ROE SAM 1986-03-15 F 219091002\n  G1 P10 FAM 2026-01-01 2026-01-31\n"
	 "M4 S4 18 POE ROB 1975-02-14 M 219091004\n  G1 P10 FAM 2026-01-01 open\n"
	 "M5 S4 01 POE ANN 1976-02-14 F 219091005\n  G1 P10 FAM 2026-01-01 open\n",
	 SAM("025", "41") SAM_NAME "HD*025**HMO*P10*EMP~DTP*348*D8*20260201~"
	 "INS*N*01*001*25*A~REF*0F*S4~REF*23*M5~NM1*IL*1*POE*ANN~DMG*D8*19760214*F~HD*026**HMO*P10*FAM~DTP*348*D8*20251201~",
	 "1 deferred\n2 deferred\n1 EXCEPTION DEP_NO_SUBSCRIBER\n2 EXCEPTION DEP_NO_SUBSCRIBER\n"},
	{"what stood so before is no news: a dependent without his subscriber ends, and moves", NULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 FAM 2025-01-01 2025-12-31\n"
	 "M2 S1 01 ROE SAM 1986-03-15 F 219091002\n  G1 P10 FAM 2025-01-01 open\n",
	 SAM("001", "22") SAM_NAME "HD*001**HMO*P20*FAM~DTP*303*D8*20260401~",
	 "1 change M2 G1 P20 2026-04-01..open | plan_id: P10 -> P20; from 2026-04-01\n"},

	/* ---- reinstatements ---- */
	{"reinstated without a gap, after one, and from the start", NULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 EMP 2025-01-01 2026-01-31\n"
	 "M4 S4 18 POE ROB 1975-02-14 M 219091004\n  G1 P10 EMP 2025-01-01 2025-11-30\n  G1 D10 EMP 2025-01-01 "
	 "2025-11-30\n  G1 D10 EMP 2024-01-01 2024-12-31\n",
	 ALEX("025", "41") ALEX_NAME
	 "HD*025**HMO*P10*EMP~DTP*348*D8*20260201~"
	 "INS*Y*18*025*41*A***FT~REF*0F*S4~REF*23*M4~DTP*303*D8*20260201~NM1*IL*1*POE*ROB~DMG*D8*19750214*M~",
	 "1 reinstate M1 G1 P10 2025-01-01..open | ends_on: 2026-01-31 -> open\n"
	 "2 reinstate M4 G1 P10 2026-02-01..open | new coverage: P10 EMP from 2026-02-01\n"
	 "2 reinstate M4 G1 D10 2026-02-01..open | new coverage: D10 EMP from 2026-02-01\n"},
	{"reinstated without any date; nothing to reinstate; never ended", NULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 EMP 2025-01-01 2026-01-31\nM4 S4 18 POE ROB 1975-02-14 M "
	 "219091004\n"
	 "M5 S5 18 DOE KIM 1990-04-04 F 219095001\n  G1 P10 EMP 2025-01-01 open\n",
	 ALEX("025", "41") ALEX_NAME "INS*Y*18*025*41*A***FT~REF*0F*S4~REF*23*M4~NM1*IL*1*POE*ROB~DMG*D8*19750214*M~"
				     "INS*Y*18*025*41*A***FT~REF*0F*S5~REF*23*M5~NM1*IL*1*DOE*KIM~DMG*D8*19900404*F~",
	 "1 reinstate M1 G1 P10 2025-01-01..open | ends_on: 2026-01-31 -> open\n"
	 "2 EXCEPTION CONFLICTING_ACTION\n"
	 "3 no_change M5\n"},
	{"a voided coverage is restored", NULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 EMP 2026-01-01 open voided\n",
	 ALEX("025", "41") ALEX_NAME "HD*025**HMO*P10*EMP~DTP*348*D8*20260101~",
	 "1 reinstate M1 G1 P10 2026-01-01..open | voided: yes -> no\n"},

	/* ---- contracts, groups, plans ---- */
	{"groups and plans not on file, ended, not begun", NULL, "",
	 "INS*Y*18*021*28*A***FT~REF*0F*S5~REF*1L*G9~NM1*IL*1*DOE*KIM****34*219095001~DMG*D8*19900404*F~HD*021**HMO*"
	 "P10*EMP~DTP*348*D8*20260401~"
	 "INS*Y*18*021*28*A***FT~REF*0F*S6~NM1*IL*1*DOE*LEE****34*219095002~DMG*D8*19910505*F~HD*021**HMO*NOPE*EMP~DTP*"
	 "348*D8*20260401~"
	 "INS*Y*18*021*28*A***FT~REF*0F*S7~REF*1L*G3~NM1*IL*1*FOX*LOU****34*219095003~DMG*D8*19920606*F~HD*021**HMO*"
	 "P10*EMP~DTP*348*D8*20260401~"
	 "INS*Y*18*021*28*A***FT~REF*0F*S8~REF*1L*G4~NM1*IL*1*HAY*JAN****34*219095004~DMG*D8*19930707*F~HD*021**HMO*"
	 "P10*EMP~DTP*348*D8*20251201~"
	 "INS*Y*18*021*28*A***FT~REF*0F*S9~REF*1L*G4~NM1*IL*1*KEY*BEA****34*219095005~DMG*D8*19940808*F~HD*021**HMO*"
	 "P10*EMP~DTP*348*D8*20270101~"
	 "INS*Y*18*021*28*A***FT~REF*0F*S10~NM1*IL*1*LEE*ADA****34*219095006~DMG*D8*19950909*F~HD*021**HMO*P25*EMP~DTP*"
	 "348*D8*20251201~"
	 "INS*Y*18*021*28*A***FT~REF*0F*S11~NM1*IL*1*MAY*EVE****34*219095007~DMG*D8*19961010*F~HD*021**HMO**EMP~DTP*"
	 "348*D8*20260401~",
	 "1 EXCEPTION UNKNOWN_GROUP\n2 EXCEPTION UNKNOWN_PLAN\n3 EXCEPTION GROUP_TERMINATED\n4 EXCEPTION "
	 "OUTSIDE_GROUP_DATES\n"
	 "5 EXCEPTION OUTSIDE_GROUP_DATES\n6 EXCEPTION OUTSIDE_GROUP_DATES\n7 EXCEPTION UNKNOWN_PLAN\n"},
	{"the group: the member's, else the coverage's, else the header's", NULL, "",
	 "INS*Y*18*021*28*A***FT~REF*0F*S5~REF*1L*G2~NM1*IL*1*DOE*KIM****34*219095001~DMG*D8*19900404*F~HD*021**HMO*"
	 "P10*EMP~DTP*348*D8*20260401~REF*1L*G4~"
	 "INS*Y*18*021*28*A***FT~REF*0F*S6~NM1*IL*1*DOE*LEE****34*219095002~DMG*D8*19910505*F~HD*021**HMO*P10*EMP~DTP*"
	 "348*D8*20260401~REF*1L*G4~"
	 "INS*Y*18*021*28*A***FT~REF*0F*S7~NM1*IL*1*FOX*LOU****34*219095003~DMG*D8*19920606*F~HD*021**HMO*P10*EMP~DTP*"
	 "348*D8*20260401~",
	 "1 add N1 G2 P10 2026-04-01..open | new coverage: P10 EMP from 2026-04-01; new member\n"
	 "2 add N2 G4 P10 2026-04-01..open | new coverage: P10 EMP from 2026-04-01; new member\n"
	 "3 add N3 G1 P10 2026-04-01..open | new coverage: P10 EMP from 2026-04-01; new member\n"},
	{"no group sent at all: the one he is in", "BGN*00*R1*20260302*0930****2~N1*P5*ACME*FI*1~N1*IN*PLAN*FI*2~",
	 ROES,
	 ALEX("001", "22") ALEX_NAME "HD*001**HMO*P20*FAM~DTP*303*D8*20260401~"
				     "INS*Y*18*021*28*A***FT~REF*0F*S7~NM1*IL*1*FOX*LOU****34*219095003~DMG*D8*"
				     "19920606*F~HD*021**HMO*P10*EMP~DTP*348*D8*20260401~",
	 "1 change M1 G1 P20 2026-04-01..open | plan_id: P10 -> P20; from 2026-04-01\n"
	 "1 change M2 G1 P20 2026-04-01..open | plan_id: P10 -> P20; from 2026-04-01\n"
	 "1 change M3 G1 P20 2026-04-01..open | plan_id: P10 -> P20; from 2026-04-01\n"
	 "2 EXCEPTION UNKNOWN_GROUP\n"},

	/* ---- what a representative sees whatever the data ---- */
	{"Medicare", NULL, ROES,
	 "INS*Y*18*021*28*A*C:0**FT~REF*0F*S5~NM1*IL*1*DOE*KIM****34*219095001~DMG*D8*19550404*F~HD*021**HMO*P10*EMP~"
	 "DTP*348*D8*20260401~"
	 "INS*Y*18*021*28*A***FT~REF*0F*S6~REF*F6*1EG4TE5MK73~NM1*IL*1*FOX*LOU****34*219095003~DMG*D8*19550606*F~HD*"
	 "021**AJ*MA1*EMP~DTP*348*D8*20260401~"
	 "INS*Y*18*001*33*A*C:0**FT~REF*0F*S1~REF*23*M1~DTP*338*D8*20260301~" ALEX_NAME
	 "INS*Y*18*021*28*A*E**FT~REF*0F*S7~NM1*IL*1*HAY*JAN****34*219095004~DMG*D8*19930707*F~HD*021**HMO*P10*EMP~DTP*"
	 "348*D8*20260401~",
	 "1 EXCEPTION MEDICARE_REVIEW\n2 EXCEPTION MEDICARE_REVIEW\n3 EXCEPTION MEDICARE_REVIEW\n"
	 "4 add N1 G1 P10 2026-04-01..open | new coverage: P10 EMP from 2026-04-01; new member\n"},
	{"COBRA: automatic only where the group administers it", NULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 EMP 2025-01-01 2026-02-28\nM4 S4 18 POE ROB 1975-02-14 M "
	 "219091004\n  G2 P10 EMP 2025-01-01 2026-02-28\n",
	 "INS*Y*18*021*09*C**1*TE~REF*0F*S1~REF*23*M1~DTP*340*D8*20260301~" ALEX_NAME
	 "HD*021**HMO*P10*EMP~DTP*348*D8*20260301~"
	 "INS*Y*18*021*09*C**1*TE~REF*0F*S4~REF*1L*G2~REF*23*M4~DTP*340*D8*20260301~NM1*IL*1*POE*ROB~DMG*D8*19750214*M~"
	 "HD*021**HMO*P10*EMP~DTP*348*D8*20260301~",
	 "1 add M1 G1 P10 2026-03-01..open | new coverage: P10 EMP from 2026-03-01, COBRA\n2 EXCEPTION COBRA_REVIEW\n"},
	{"a declination creates nothing and ends nothing", NULL, ROES,
	 "INS*Y*18*021*26*A***FT~REF*0F*S5~NM1*IL*1*DOE*KIM****34*219095001~DMG*D8*19900404*F~" SAM("001", "26")
		 SAM_NAME,
	 "1 no_change -\n2 no_change M2\n"},
	{"a death", NULL, ROES "M5 S5 18 DOE KIM 1990-04-04 F 219095001\n  G1 P10 EMP 2025-01-01 open\n",
	 "INS*Y*18*024*03*A***FT***D8*20260227~REF*0F*S1~REF*23*M1~DTP*357*D8*20260227~" ALEX_NAME
	 "INS*Y*18*024*03*A***FT***D8*20260227~REF*0F*S5~REF*23*M5~DTP*357*D8*20260227~NM1*IL*1*DOE*KIM~DMG*D8*"
	 "19900404*F~"
	 "INS*N*19*001*03*A******D8*20260227~REF*0F*S1~REF*23*M3~" NORA_NAME,
	 "1 EXCEPTION DEATH\n"
	 "2 terminate M5 G1 P10 2025-01-01..2026-02-27 | ends_on: open -> 2026-02-27; died_on: 2026-02-27\n"
	 "3 EXCEPTION DEATH\n"},
	{"actions that contradict each other", NULL, ROES,
	 ALEX("021", "28") ALEX_NAME "HD*024**HMO*P10~DTP*349*D8*20260331~" ALEX("024", "08") ALEX_NAME
	 "HD*021**HMO*P10~DTP*348*D8*20260401~" ALEX("030", "XN") ALEX_NAME ALEX("021", "28")
		 ALEX_NAME ALEX("025", "41") ALEX_NAME "HD*030**HMO*P10~DTP*348*D8*20260401~",
	 "1 EXCEPTION CONFLICTING_ACTION\n2 EXCEPTION CONFLICTING_ACTION\n3 EXCEPTION CONFLICTING_ACTION\n"
	 "4 EXCEPTION CONFLICTING_ACTION\n5 EXCEPTION CONFLICTING_ACTION\n"},
	{"an information copy is never applied",
	 "BGN*22*R1*20260302*0930***R0*2~REF*38*G1~N1*P5*ACME*FI*1~N1*IN*PLAN*FI*2~", ROES,
	 ALEX("024", "08") "DTP*357*D8*20260331~" ALEX_NAME, "1 EXCEPTION CONFLICTING_ACTION\n"},
	{"errors of form stay with their record", NULL, ROES,
	 ALEX("001", "43") ALEX_MOVED SAM("024", "08") "DTP*357*D8*20260230~" SAM_NAME,
	 "1 change M1 | address1: 1 MAIN ST -> 9 OAK AVE; zip: 90001 -> 90002\n"
	 "1 change M2 | address1: 1 MAIN ST -> 9 OAK AVE; zip: 90001 -> 90002\n"
	 "1 change M3 | address1: 1 MAIN ST -> 9 OAK AVE; zip: 90001 -> 90002\n"
	 "2 EXCEPTION SYNTAX_RECORD\n"},
	{"one bad coverage: the whole record waits, and nothing of it is done", NULL, ROES,
	 ALEX("001", "22") ALEX_MOVED
	 "HD*001**HMO*P20*FAM~DTP*303*D8*20260401~HD*001**VIS*V10*EMP~DTP*303*D8*20260401~",
	 "1 EXCEPTION UNKNOWN_PLAN\n"},
	/* ---- full files ---- */
	{"a full file: equal, another address, and one coverage less than on file", FULL, ROES,
	 ALEX("030", "XN") ALEX_MOVED "HD*030**HMO*P10*FAM" SINCE_2025 SAM_FULL("HD*030**HMO*P10*FAM" SINCE_2025)
	 NORA("030", "XN") NORA_NAME,
	 "1 change M1 G1 P10 2025-01-01..open | address1: 1 MAIN ST -> 9 OAK AVE; zip: 90001 -> 90002\n"
	 "2 no_change M2 G1 P10 2025-01-01..open\n"
	 "3 no_change M3\n"
	 "1 change M2 | address1: 1 MAIN ST -> 9 OAK AVE; zip: 90001 -> 90002\n"
	 "1 change M3 | address1: 1 MAIN ST -> 9 OAK AVE; zip: 90001 -> 90002\n"},
	{"a full file repeats the begin of the plan year: nobody loses days", FULL, ROES,
	 ALEX_FULL("HD*030**HMO*P10*FAM~DTP*348*D8*20260101~HD*030**DEN*D10*EMP~DTP*348*D8*20260101~"),
	 "1 no_change M1 G1 P10 2025-01-01..open\n1 no_change M1 G1 D10 2025-01-01..open\n"},
	{"a full file knows an earlier begin", FULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 EMP 2025-03-01 open\n",
	 ALEX_FULL("HD*030**HMO*P10*EMP" SINCE_2025),
	 "1 change M1 G1 P10 2025-01-01..open | begins_on: 2025-03-01 -> 2025-01-01\n"},
	{"a full file: another plan from a day on, with the dependents", FULL, ROES,
	 ALEX_FULL("HD*030**PPO*P20*ESP~DTP*348*D8*20260401~HD*030**DEN*D10*EMP" SINCE_2025),
	 "1 change M1 G1 P20 2026-04-01..open | plan_id: P10 -> P20; tier: FAM -> ESP; from 2026-04-01\n"
	 "1 no_change M1 G1 D10 2025-01-01..open\n"
	 "1 change M2 G1 P20 2026-04-01..open | plan_id: P10 -> P20; tier: FAM -> ESP; from 2026-04-01\n"
	 "1 change M3 G1 P20 2026-04-01..open | plan_id: P10 -> P20; tier: FAM -> ESP; from 2026-04-01\n"},
	{"a full file: another coverage, and an end that takes the dependents along", FULL, ROES,
	 SAM_FULL("HD*030**HMO*P10*FAM" SINCE_2025 "HD*030**DEN*D10*EMP~DTP*348*D8*20260401~")
	 "INS*Y*18*030*XN*A***TE~REF*0F*S1~REF*23*M1~" ALEX_NAME
	 "HD*030**HMO*P10*FAM~DTP*348*D8*20250101~DTP*349*D8*20260331~",
	 "2 terminate M1 G1 P10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"
	 "1 no_change M2 G1 P10 2025-01-01..open\n"
	 "1 add M2 G1 D10 2026-04-01..open | new coverage: D10 EMP from 2026-04-01\n"
	 "2 terminate M2 G1 P10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"
	 "2 terminate M3 G1 P10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"},
	{"a full file brings a family that is not on file, dependent first", FULL, "",
	 "INS*N*01*030*XN*A~REF*0F*S5~NM1*IL*1*DOE*LEE****34*219095002~DMG*D8*19910505*M~HD*030**HMO*P10~DTP*348*D8*"
	 "20260401~"
	 "INS*Y*18*030*XN*A***FT~REF*0F*S5~NM1*IL*1*DOE*KIM****34*219095001~DMG*D8*19900404*F~HD*030**HMO*P10*ESP~DTP*"
	 "348*D8*20260401~",
	 "2 add N1 G1 P10 2026-04-01..open | new coverage: P10 ESP from 2026-04-01; new member\n"
	 "1 add N2 G1 P10 2026-04-01..open | new coverage: P10 from 2026-04-01; new member\n"},
	{"a full file: a dependent without a subscriber, a person without coverage, coverage without a begin", FULL, "",
	 "INS*N*01*030*XN*A~REF*0F*S5~NM1*IL*1*DOE*LEE****34*219095002~DMG*D8*19910505*M~HD*030**HMO*P10~DTP*348*D8*"
	 "20260401~"
	 "INS*Y*18*030*XN*A***FT~REF*0F*S6~NM1*IL*1*DOE*KIM****34*219095001~DMG*D8*19900404*F~"
	 "INS*Y*18*030*XN*A***FT~REF*0F*S7~NM1*IL*1*POE*ANN****34*219095003~DMG*D8*19920404*F~HD*030**HMO*P10*EMP~DTP*349*D8*20261231~",
	 "1 deferred\n2 EXCEPTION NO_MATCH\n3 EXCEPTION BAD_DATES\n1 EXCEPTION DEP_NO_SUBSCRIBER\n"},
	{"a full file still knows as covered whose end is to come; who ended before it goes on again", FULL,
	 "M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 EMP 2025-01-01 2026-03-31\n"
	 "M4 S4 18 POE ROB 1975-02-14 M 219091004\n  G1 P10 EMP 2025-01-01 2026-01-31\n"
	 "M5 S5 18 LOW ANN 1976-02-14 F 219091005\n  G1 P10 EMP 2025-01-01 2025-11-30\n",
	 ALEX_FULL("HD*030**HMO*P10*EMP" SINCE_2025)
	 "INS*Y*18*030*XN*A***FT~REF*0F*S4~NM1*IL*1*POE*ROB****34*219091004~DMG*D8*19750214*M~HD*030**HMO*P10*EMP" SINCE_2025
	 "INS*Y*18*030*XN*A***FT~REF*0F*S5~NM1*IL*1*LOW*ANN****34*219091005~DMG*D8*19760214*F~HD*030**HMO*P10*EMP" SINCE_2025,
	 "1 no_change M1 G1 P10 2025-01-01..2026-03-31\n"
	 "2 reinstate M4 G1 P10 2025-01-01..open | ends_on: 2026-01-31 -> open\n"
	 "3 EXCEPTION ALREADY_TERMED\n"},
	{"a full file: another group is a transfer; COBRA, Medicare and death ask a representative", FULL,
	 ROES "M4 S4 18 POE ROB 1975-02-14 M 219091004\n  G2 P10 EMP 2025-01-01 open\n",
	 "INS*Y*18*030*XN*A***FT~REF*0F*S1~REF*23*M1~REF*1L*G2~" ALEX_NAME "HD*030**DEN*D10*EMP~DTP*348*D8*20260401~"
	 "INS*Y*18*030*XN*C***FT~REF*0F*S4~REF*1L*G2~NM1*IL*1*POE*ROB****34*219091004~DMG*D8*19750214*M~HD*030**HMO*P10*"
	 "EMP~DTP*348*D8*20260401~"
	 "INS*Y*18*030*XN*A*C:0**FT~REF*0F*S8~NM1*IL*1*DOE*KIM****34*219095001~DMG*D8*19500404*F~HD*030**HMO*P10*EMP"
	 SINCE_2025,
	 "1 transfer M1 G2 D10 2026-04-01..open | group_id: G1 -> G2; from 2026-04-01\n"
	 "2 EXCEPTION COBRA_REVIEW\n3 EXCEPTION MEDICARE_REVIEW\n"},
	{"transactions inside a full file are applied as they are", FULL, ROES,
	 ALEX("001", "43") "NM1*IL*1*ROE*ALEX****34*219091001~PER*IP**TE*5552220109~DMG*D8*19850214*M~"
	 SAM("024", "01") "DTP*357*D8*20260331~" SAM_NAME
	 "INS*N*19*021*28*A~REF*0F*S1~NM1*IL*1*ROE*NEW****34*219095011~DMG*D8*20200401*M~HD*021**HMO*P10~DTP*348*D8*"
	 "20260401~",
	 "1 change M1 | phone: 5552220109\n"
	 "2 terminate M2 G1 P10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n"
	 "3 add N1 G1 P10 2026-04-01..open | new coverage: P10 from 2026-04-01; new member\n"},
	{"the same codes in a change file are no action", NULL, ROES, ALEX_FULL("HD*030**HMO*P10*FAM" SINCE_2025),
	 "1 EXCEPTION CONFLICTING_ACTION\n"},
};

static void test_scenarios(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		const struct scenario *scenario = &scenarios[i];

		world_open();
		world_members(scenario->members);
		world_run(scenario->bgn, scenario->sent);
		if (strcmp(plan_world.out.data, scenario->want) != 0) {
			print_message("# %s\n", scenario->name);
			assert_string_equal(plan_world.out.data, scenario->want);
		}
	}
	print_message("# %zu scenarios\n", sizeof(scenarios) / sizeof(scenarios[0]));
}

/* Sent again, every scenario changes nothing more: what was applied is found done, what waited waits. */
static void test_sent_twice(void **state)
{
	struct slice first;
	size_t i;
	char *line, *rest;

	(void)state;
	for (i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		world_open();
		world_members(scenarios[i].members);
		world_run(scenarios[i].bgn, scenarios[i].sent);
		world_run(scenarios[i].bgn, scenarios[i].sent);
		first = arena_dup(&plan_world.arena, buffer_slice(&plan_world.out));
		for (line = strtok_r((char *)(uintptr_t)first.data, "\n", &rest); line != NULL;
		     line = strtok_r(NULL, "\n", &rest))
			if (strstr(line, " no_change ") == NULL && strstr(line, " EXCEPTION ") == NULL &&
			    strstr(line, " deferred") == NULL)
				fail_msg("%s: the second time %s", scenarios[i].name, line);
	}
}

/* ---- what a profile or a representative changes ---- */

static void expect(const char *sent, const char *want)
{
	world_run(NULL, sent);
	assert_string_equal(plan_world.out.data, want);
}

#define KIM "INS*Y*18*021*28*A***FT~REF*0F*S5~NM1*IL*1*DOE*KIM****34*219095001~DMG*D8*19900404*F~"

static void test_profile_limits(void **state)
{
	(void)state;
	world_open();
	plan_world.policy.retro_add_days = 60;
	plan_world.policy.retro_term_days = 30;
	plan_world.policy.future_days = 120;
	world_members(ROES);
	expect(KIM "HD*021**HMO*P10*EMP~DTP*348*D8*20251231~", "1 EXCEPTION RETRO_LIMIT\n");
	expect(KIM "HD*021**HMO*P10*EMP~DTP*348*D8*20260701~", "1 EXCEPTION FUTURE_LIMIT\n");
	/* Nothing is too far back that is on file already. */
	expect(ALEX("021", "28") ALEX_NAME "HD*021**HMO*P10*FAM~DTP*348*D8*20250101~",
	       "1 no_change M1 G1 P10 2025-01-01..open\n");
	expect(SAM("024", "01") "DTP*357*D8*20260130~" SAM_NAME, "1 EXCEPTION RETRO_LIMIT\n");
	expect(SAM("024", "01") "DTP*357*D8*20260131~" SAM_NAME,
	       "1 terminate M2 G1 P10 2025-01-01..2026-01-31 | ends_on: open -> 2026-01-31\n");
	/* A representative has the authority. */
	plan_world.forced_new = true;
	expect(KIM "HD*021**HMO*P10*EMP~DTP*348*D8*20251001~",
	       "1 add N1 G1 P10 2025-10-01..open | new coverage: P10 EMP from 2025-10-01; new member\n");
}

static void test_profile_habits(void **state)
{
	(void)state;
	world_open();
	plan_world.policy.end_is_exclusive = true;
	plan_world.policy.address_cascade_off = true;
	plan_world.policy.add_without_coverage = true;
	plan_world.policy.age_limit_years = 23;
	world_members(ROES);
	expect(SAM("024", "01") "DTP*357*D8*20260401~" SAM_NAME,
	       "1 terminate M2 G1 P10 2025-01-01..2026-03-31 | ends_on: open -> 2026-03-31\n");
	/* The first day without cover is the first day with it: never effective. */
	expect(NORA("024", "01") "DTP*357*D8*20250101~" NORA_NAME,
	       "1 void M3 G1 P10 2025-01-01..open | voided: no -> yes\n");
	expect(ALEX("001", "43") ALEX_MOVED, "1 change M1 | address1: 1 MAIN ST -> 9 OAK AVE; zip: 90001 -> 90002\n");
	expect(KIM, "1 add N1 | new member\n");
	expect("INS*N*19*021*28*A~REF*0F*S1~NM1*IL*1*ROE*OLD****34*219095011~DMG*D8*20030101*M~HD*021**HMO*P10~DTP*348*"
	       "D8*20260401~",
	       "1 EXCEPTION OVERAGE_DEP\n");
}

static void test_profile_member_number_and_ssn(void **state)
{
	(void)state;
	world_open();
	memcpy(plan_world.policy.member_id_ref, "ZZ", 3);
	world_members(ROES);
	/* REF*23 is the sponsor's own number here, REF*ZZ ours. */
	expect("INS*N*01*001*33*A~REF*0F*S1~REF*23*M1~REF*ZZ*M2~NM1*IL*1*ROE*SAM~PER*IP**TE*5552220109~DMG*D8*19860315*"
	       "F~",
	       "1 change M2 | phone: 5552220109\n");
	/* Without a REF, NM109 with ZZ. */
	expect("INS*N*01*001*33*A~REF*0F*S1~NM1*IL*1*ROE*SAMMY****ZZ*M2~PER*IP**TE*5552220108~DMG*D8*19860315*F~",
	       "1 change M2 | phone: 5552220109 -> 5552220108\n");
	plan_world.policy.subscriber_id_is_ssn = true;
	expect("INS*Y*18*021*28*A***FT~REF*0F*219095001~NM1*IL*1*DOE*KIM~DMG*D8*19900404*F~HD*021**HMO*P10*EMP~DTP*348*"
	       "D8*20260401~",
	       "1 add N1 G1 P10 2026-04-01..open | new coverage: P10 EMP from 2026-04-01; new member\n");
	assert_true(slice_is(world_find("N1")->ssn, "219095001"));
}

/* Who is taken in without the SSN that was agreed on is found by nothing that comes later. */
static void test_ssn_required(void **state)
{
	static const char kim_without[] = "INS*Y*18*021*28*A***FT~REF*0F*S9~NM1*IL*1*DOE*KIM~DMG*D8*19900404*F~"
					  "HD*021**HMO*P10*EMP~DTP*348*D8*20260401~";
	static const char child_without[] = "INS*N*19*021*02*A~REF*0F*S1~NM1*IL*1*ROE*NEW~DMG*D8*20260101*M~"
					    "HD*021**HMO*P10~DTP*348*D8*20260201~";
	static const char added_kim[] =
		"1 add N1 G1 P10 2026-04-01..open | new coverage: P10 EMP from 2026-04-01; new member\n";
	static const char added_child[] =
		"1 add N1 G1 P10 2026-02-01..open | new coverage: P10 from 2026-02-01; new member\n";
	static const struct {
		enum decide_ssn required;
		const char *sent, *want;
		bool forced;
	} rows[] = {
		{DECIDE_SSN_NOBODY, kim_without, added_kim, false},
		{DECIDE_SSN_SUBSCRIBERS, kim_without, "1 EXCEPTION SYNTAX_RECORD\n", false},
		{DECIDE_SSN_SUBSCRIBERS, child_without, added_child, false},
		{DECIDE_SSN_EVERYBODY, child_without, "1 EXCEPTION SYNTAX_RECORD\n", false},
		{DECIDE_SSN_EVERYBODY, kim_without, "1 EXCEPTION SYNTAX_RECORD\n", false},
		/* A placeholder is none. */
		{DECIDE_SSN_SUBSCRIBERS,
		 "INS*Y*18*021*28*A***FT~REF*0F*S9~NM1*IL*1*DOE*KIM****34*999999999~DMG*D8*19900404*F~"
		 "HD*021**HMO*P10*EMP~DTP*348*D8*20260401~",
		 "1 EXCEPTION SYNTAX_RECORD\n", false},
		{DECIDE_SSN_SUBSCRIBERS, KIM "HD*021**HMO*P10*EMP~DTP*348*D8*20260401~", added_kim, false},
		/* Who is on file is known by what is on file. */
		{DECIDE_SSN_EVERYBODY, "INS*N*01*001*33*A~REF*0F*S1~REF*23*M2~NM1*IL*1*ROE*SAM~PER*IP**TE*5552220109~"
				       "DMG*D8*19860315*F~",
		 "1 change M2 | phone: 5552220109\n", false},
		/* A representative has asked. */
		{DECIDE_SSN_EVERYBODY, kim_without, added_kim, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		world_open();
		plan_world.policy.ssn_required = rows[i].required;
		plan_world.forced_new = rows[i].forced;
		world_members(ROES);
		expect(rows[i].sent, rows[i].want);
	}
	plan_world.forced_new = false;
}

/* By agreement the sender puts subscribers first; what comes without goes back to him, once, and nobody works on it. */
static void test_dependent_without_subscriber(void **state)
{
	static const char kid[] = "INS*N*19*021*02*A~REF*0F*S5~NM1*IL*1*DOE*NEW****34*219095011~DMG*D8*20260101*M~"
				  "HD*021**HMO*P10~DTP*348*D8*20260401~";
	static const char kim[] = KIM "HD*021**HMO*P10*ECH~DTP*348*D8*20260401~";
	static const char pat[] = "INS*Y*18*001*25*A~REF*0F*S1~REF*23*M1~NM1*IL*1*ROE*ALEX~DMG*D8*19850214*M~";
	static const char added[] =
		"2 add N1 G1 P10 2026-04-01..open | new coverage: P10 ECH from 2026-04-01; new member\n"
		"1 add N2 G1 P10 2026-04-01..open | new coverage: P10 from 2026-04-01; new member\n";
	char text[1024];

	(void)state;
	world_open();
	plan_world.policy.reject_dep_without_sub = true;
	world_members(ROES);
	expect(kid, "1 REJECTED DEP_NO_SUBSCRIBER\n");
	/* Later in the file is too late; beside each other is one family, whoever stands first. */
	snprintf(text, sizeof(text), "%s%s%s", kid, pat, kim);
	expect(text, "1 REJECTED DEP_NO_SUBSCRIBER\n2 no_change M1\n"
		     "3 add N1 G1 P10 2026-04-01..open | new coverage: P10 ECH from 2026-04-01; new member\n");
	world_open();
	plan_world.policy.reject_dep_without_sub = true;
	world_members(ROES);
	snprintf(text, sizeof(text), "%s%s", kid, kim);
	expect(text, added);
	/* The subscriber was sent, but waits: so does who belongs to him. */
	world_open();
	plan_world.policy.reject_dep_without_sub = true;
	world_members(ROES);
	snprintf(text, sizeof(text), "%s%s", KIM "HD*021**HMO*P99*ECH~DTP*348*D8*20260401~", kid);
	expect(text, "1 EXCEPTION UNKNOWN_PLAN\n2 EXCEPTION DEP_NO_SUBSCRIBER\n");
}

static void test_representative_decides(void **state)
{
	(void)state;
	world_open();
	world_members(ROES);
	/* Uncertain: the birth date is another. He says: this is Sam. */
	expect("INS*N*01*001*33*A~REF*0F*S1~NM1*IL*1*ROE*SAM~PER*IP**TE*5552220109~DMG*D8*19860316*F~",
	       "1 EXCEPTION LOW_SCORE\n");
	plan_world.forced_member_id = lit("M2");
	expect("INS*N*01*001*33*A~REF*0F*S1~NM1*IL*1*ROE*SAM~PER*IP**TE*5552220109~DMG*D8*19860316*F~",
	       "1 change M2 | phone: 5552220109; birth_on: 1986-03-15 -> 1986-03-16\n");
	/* Medicare passes when he has decided. */
	plan_world.forced_member_id = lit("M1");
	expect("INS*Y*18*001*33*A*C:0**FT~REF*0F*S1~REF*F6*1EG4TE5MK73~NM1*IL*1*ROE*ALEX~DMG*D8*19850214*M~",
	       "1 change M1 | medicare_id: 1EG4TE5MK73\n");
	plan_world.forced_member_id = SLICE_EMPTY;
	/* Known as a Medicare member now: his phone needs no representative. */
	expect("INS*Y*18*001*33*A*C:0**FT~REF*0F*S1~REF*23*M1~NM1*IL*1*ROE*ALEX~PER*IP**TE*5552220107~DMG*D8*19850214*"
	       "M~",
	       "1 change M1 | phone: 5552220107\n");
	/* But a group that is not on file stays one. */
	plan_world.forced_new = true;
	expect("INS*Y*18*021*28*A***FT~REF*0F*S5~REF*1L*G9~NM1*IL*1*DOE*KIM~DMG*D8*19900404*F~HD*021**HMO*P10*EMP~DTP*"
	       "348*D8*20260401~",
	       "1 EXCEPTION UNKNOWN_GROUP\n");
}

static void test_ruled_out_pair_does_not_come_back(void **state)
{
	static const char twin[] =
		"INS*N*19*021*28*A~REF*0F*S1~NM1*IL*1*ROE*NINA~DMG*D8*20150601*F~HD*021**HMO*P10~DTP*348*D8*20260401~";

	(void)state;
	world_open();
	world_members(ROES);
	expect(twin, "1 EXCEPTION TWIN_RISK\n");
	plan_world.ruled_out = 3;
	expect(twin, "1 add N1 G1 P10 2026-04-01..open | new coverage: P10 from 2026-04-01; new member\n");
}

/* ---- what a person's data may and may not become ---- */

static void test_new_member_holds_what_was_sent(void **state)
{
	const struct member *kim, *lee;

	(void)state;
	world_open();
	world_run(NULL,
		  "INS*Y*18*021*28*A***FT*****R~REF*0F*S5~REF*ABB*E77~NM1*IL*1*DOE*KIM*Q***34*999999999~PER*IP**TE*"
		  "5552220101*EM*K@D.E~"
		  "N3*5 HILL RD*APT 1~N4*ANYTOWN*CA*90001~DMG*D8*19900404*F~HD*021**HMO*P10*ESP~DTP*348*D8*20260401~"
		  "INS*N*01*021*28*A~REF*0F*S5~NM1*IL*1*DOE*LEE***JR*34*219095002~DMG*D8*19910505*M~HD*021**HMO*P10~"
		  "DTP*348*D8*20260401~");
	kim = world_find("N1");
	lee = world_find("N2");
	assert_int_equal(kim->ssn.len, 0); /* a placeholder */
	assert_int_equal(plan_world.warnings, 1);
	assert_true(kim->confidential);
	assert_true(slice_is(kim->employee_id, "E77"));
	assert_true(slice_is(kim->middle_name, "Q"));
	assert_true(slice_is(kim->email, "K@D.E"));
	assert_true(slice_is(lee->ssn, "219095002"));
	assert_true(slice_is(lee->suffix, "JR"));
	assert_true(slice_is(lee->address2, "APT 1")); /* lives with the subscriber */
	assert_int_equal(lee->phone.len, 0);
	assert_true(slice_is(lee->relationship, "01"));
	/* INS13 left out keeps the flag; the words hide where a restricted person lives. */
	expect("INS*Y*18*001*43*A***FT~REF*0F*S5~NM1*IL*1*DOE*KIM~N3*6 SAFE ST~N4*ANYTOWN*CA*90003~DMG*D8*19900404*F~",
	       "1 change N1 | address1: changed (restricted); address2: changed (restricted); zip: changed "
	       "(restricted)\n"
	       "1 change N2 | address1: 5 HILL RD -> 6 SAFE ST; address2: APT 1 -> none; zip: 90001 -> 90003\n");
	assert_true(world_find("N1")->confidential);
	assert_int_equal(world_find("N1")->address2.len, 0); /* a new street takes the old second line away */
}

static void test_names_keep_what_says_more(void **state)
{
	(void)state;
	world_open();
	world_members("M1 S1 18 ROE ALEXANDER 1985-02-14 M 219091001\nM2 S1 01 ROE S 1986-03-15 F 219091002\n");
	/* Less of the same is no change; more is. */
	expect("INS*Y*18*001*33*A***FT~REF*0F*S1~REF*23*M1~NM1*IL*1*ROE JR*ALEX~DMG*D8*19850214*M~",
	       "1 no_change M1\n");
	expect("INS*N*01*001*33*A~REF*0F*S1~REF*23*M2~NM1*IL*1*ROE*SAMANTHA~DMG*D8*19860315*F~",
	       "1 change M2 | first_name: S -> SAMANTHA\n");
	/* A correction means what it says. */
	expect("INS*Y*18*001*25*A***FT~REF*0F*S1~REF*23*M1~NM1*74*1*ROE*ALEX~DMG*D8*19850214*M~",
	       "1 change M1 | first_name: ALEXANDER -> ALEX\n");
	expect("INS*Y*18*001*25*A***FT~REF*0F*S1~REF*23*M1~NM1*IL*1*UNKNOWN*ALEX~DMG*D8*19850214*M~",
	       "1 no_change M1\n");
}

static void test_warnings_of_tiers(void **state)
{
	(void)state;
	world_open();
	world_members(ROES);
	world_run(NULL, ALEX("001", "32") ALEX_NAME "HD*001**HMO*P10*EMP~DTP*303*D8*20260401~");
	assert_int_equal(plan_world.warnings, 1);
	world_run(NULL, "INS*Y*18*021*28*A***FT~REF*0F*S5~NM1*IL*1*DOE*KIM****34*219095001~DMG*D8*19900404*F~HD*021**"
			"HMO*P10*FAM~DTP*348*D8*20260401~");
	assert_int_equal(plan_world.warnings, 2);
	world_run(NULL, "INS*Y*18*021*28*A***FT~REF*0F*S6~NM1*IL*1*FOX*LOU****34*219095003~DMG*D8*19920606*F~HD*021**"
			"HMO*P10*EMP~DTP*348*D8*20260401~");
	assert_int_equal(plan_world.warnings, 2);
}

/* An exception of a record leaves no trace of it on the drafts that other records go on with. */
static void test_exception_takes_all_back(void **state)
{
	(void)state;
	world_open();
	world_members(ROES);
	expect(ALEX("001", "22") ALEX_MOVED
	       "HD*001**HMO*P20*ESP~DTP*303*D8*20260401~HD*024**VIS~DTP*349*D8*20260331~" SAM(
		       "001", "33") "NM1*IL*1*ROE*SAM****34*219091002~PER*IP**TE*5552220109~DMG*D8*19860315*F~",
	       "2 change M2 | phone: 5552220109\n1 EXCEPTION TERM_NO_COVERAGE\n");
	assert_true(slice_is(world_find("M1")->address1, "1 MAIN ST"));
	assert_true(slice_is(world_find("M2")->address1, "1 MAIN ST"));
	assert_int_equal(world_find("M1")->span_count, 2);
	assert_true(slice_is(world_find("M2")->spans[0].tier, "FAM"));
}

/* ---- properties ---- */

static uint64_t random_state;

static uint32_t pick(uint32_t count)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(random_state >> 33) % count;
}

static void random_record(struct buffer *out)
{
	static const char *const pairs[][2] = {{"021", "021"}, {"001", "021"}, {"001", "001"}, {"001", "026"},
					       {"001", "024"}, {"024", "024"}, {"025", "025"}, {"001", "002"},
					       {"024", NULL},  {"025", NULL}};
	static const char *const plans[] = {"HMO*P10", "PPO*P20", "HMO*P25", "DEN*D10", "HMO*"};
	static const char *const tiers[] = {"EMP", "ESP", "FAM", ""};
	const char *const *pair = pairs[pick(sizeof(pairs) / sizeof(pairs[0]))];
	char begins[DATE_TEXT_BYTES], ends[DATE_TEXT_BYTES];

	date_format_ccyymmdd(plan_world.today - 200 + (date_day)pick(400), begins);
	date_format_ccyymmdd(plan_world.today - 200 + (date_day)pick(400), ends);
	buffer_printf(out, "INS*Y*18*%s*%s*%s***FT~REF*0F*S1~REF*1L*G%u~REF*23*M1~", pair[0],
		      pick(3) == 0 ? "XT" : "33", pick(8) == 0 ? "C" : "A", 1 + pick(2) * (1 + pick(3)));
	if (pick(4) > 0)
		buffer_printf(out, "DTP*%s*D8*%s~", pick(2) == 0 ? "303" : "357", ends);
	buffer_add_text(out, ALEX_NAME);
	if (pair[1] == NULL)
		return;
	buffer_printf(out, "HD*%s**%s*%s~", pair[1], plans[pick(5)], tiers[pick(4)]);
	if (pick(4) > 0)
		buffer_printf(out, "DTP*348*D8*%s~", begins);
	if (pick(3) == 0)
		buffer_printf(out, "DTP*349*D8*%s~", ends);
	else
		buffer_printf(out, "DTP*543*D8*%s~", ends);
}

/* How many of the member's spans cover the day, by group and product. */
static uint32_t cover_count(const struct member *member, date_day day, const char *group, struct slice line)
{
	uint32_t i, count = 0;

	for (i = 0; i < member->span_count; i++)
		count += span_covers(&member->spans[i], day) && slice_is(member->spans[i].group_id, group) &&
			 product_same(member->spans[i].insurance_line, line);
	return count;
}

/*
 * Whatever a sender writes, a day is never covered twice, past spans stay on file, and a record sent again at once
 * changes nothing. Counted day by day, independent of the arithmetic.
 */
static void test_any_history_keeps_days_single(void **state)
{
	static const char *const groups[] = {"G1", "G2", "G4"};
	uint32_t seed, step, rows = 0;
	size_t g;
	date_day day;

	(void)state;
	for (seed = 1; seed <= 200; seed++) {
		struct member *alex;

		random_state = seed;
		world_open();
		world_members("M1 S1 18 ROE ALEX 1985-02-14 M 219091001\n  G1 P10 EMP 2025-10-01 open\nM2 S1 01 ROE "
			      "SAM 1986-03-15 F 219091002\n  G1 P10 EMP 2025-10-01 open\n");
		alex = world_find("M1");
		for (step = 0; step < 12 && alex->span_count < SPANS_MAX - 2; step++) {
			uint32_t before = alex->span_count;
			struct buffer sent;

			buffer_init(&sent, &world.env);
			random_record(&sent);
			world_run(NULL, sent.data);
			rows += strstr(plan_world.out.data, "EXCEPTION") == NULL;
			if (alex->span_count < before)
				fail_msg("seed %u step %u: a span is gone", seed, step);
			for (day = plan_world.today - 300; day < plan_world.today + 300; day++)
				for (g = 0; g < 3; g++)
					if (cover_count(alex, day, groups[g], lit("HMO")) > 1 ||
					    cover_count(alex, day, groups[g], lit("DEN")) > 1)
						fail_msg("seed %u step %u: covered twice after %s", seed, step,
							 sent.data);
			buffer_fini(&sent);
		}
	}
	print_message("# 200 histories, %u records applied\n", rows);
	assert_true(rows > 300);
}

static void test_order_of_families_does_not_matter(void **state)
{
	static const char roe[] = ALEX("024", "08") "DTP*357*D8*20260331~" ALEX_NAME;
	static const char doe[] = KIM "HD*021**HMO*P10*EMP~DTP*348*D8*20260401~";
	char sent[1000];
	int order;

	(void)state;
	for (order = 0; order < 2; order++) {
		world_open();
		world_members(ROES);
		snprintf(sent, sizeof(sent), "%s%s", order == 0 ? roe : doe, order == 0 ? doe : roe);
		world_run(NULL, sent);
		assert_int_equal(plan_world.people_count, 4);
		assert_int_equal(world_find("M3")->spans[0].ends_on, world_day("2026-03-31"));
		assert_int_equal(world_find("N1")->spans[0].begins_on, world_day("2026-04-01"));
	}
}

static void test_span_arithmetic(void **state)
{
	date_day a, b, c, d, day;

	(void)state;
	/* Against counting days, for all stretches of a week, 7 standing for an open end. */
	for (a = 0; a < 7; a++) {
		for (b = 0; b <= 7; b++) {
			for (c = 0; c < 7; c++) {
				for (d = 0; d <= 7; d++) {
					bool shared = false;

					for (day = 0; day < 8; day++)
						shared |= a <= day && (b == 7 || day <= b) && c <= day &&
							  (d == 7 || day <= d);
					assert_int_equal(
						dates_overlap(a, b == 7 ? DATE_NONE : b, c, d == 7 ? DATE_NONE : d),
						shared);
				}
			}
		}
	}
	for (a = 0; a < 7; a++) {
		const struct coverage_span span = {.begins_on = 3, .ends_on = DATE_NONE};
		struct coverage_span ended = span_ended(&span, a);

		assert_int_equal(ended.voided, a < 3);
		for (day = 0; day < 8; day++)
			assert_int_equal(span_covers(&ended, day), day >= 3 && day <= a);
	}
	assert_true(product_same(lit("HMO"), lit("PPO")));
	assert_true(product_same(lit("LTD"), lit("LTD")));
	assert_false(product_same(lit("LTD"), lit("STD")));
	assert_false(product_same(lit("HMO"), lit("DEN")));
}

static uint32_t allocations_failed;

/* Decide the family again and again, the 1st, 2nd, 3rd.. allocation failing, until it passes. */
static int fail_each_allocation(void *context, const struct enroll_family *family)
{
	struct decide_input input = {
		.policy = &plan_world.policy, .today = plan_world.today, .family = family, .last_chance = true};
	struct changeset changeset;
	struct env_fault fault;
	struct arena small;
	uint64_t nth;
	int error = -ENOMEM;

	(void)context;
	member_index_init(&plan_world.index, plan_world.people, plan_world.people_count);
	input.view = world_view();
	env_fault_init(&fault, &world.env, 1);
	for (nth = 1; error == -ENOMEM && nth < 100000; nth++) {
		/* Blocks so small that nearly everything is an allocation of its own. */
		arena_init(&small, &fault.env, 64, 0);
		env_fault_plan(&fault,
			       (struct env_fault_plan){ENV_FAULT_OP(ENV_ALLOC), nth, ENV_FAULT_ERROR_ONCE, ENOMEM});
		error = decide_family(&small, &input, &changeset);
		assert_true(error == 0 || error == -ENOMEM);
		assert_int_equal(error == -ENOMEM, fault.fired);
		arena_fini(&small);
		allocations_failed += error == -ENOMEM;
	}
	assert_int_equal(error, 0);
	member_index_fini(&plan_world.index);
	return 0;
}

static void test_memory_may_end_anywhere(void **state)
{
	(void)state;
	allocations_failed = 0;
	world_taker = fail_each_allocation;
	world_open();
	world_members(ROES);
	world_run(NULL,
		  ALEX("001", "22") ALEX_MOVED "HD*001**HMO*P20*ESP~DTP*303*D8*20260401~" SAM(
			  "024", "01") "DTP*357*D8*20260331~" SAM_NAME
				       "INS*N*19*021*02*A~REF*0F*S1~NM1*IL*1*ROE*IDA~DMG*D8*20260220*F~HD*021**HMO*P10~"
				       "DTP*348*D8*20260220~"
				       "INS*N*19*021*02*A~REF*0F*S1~NM1*IL*1*ROE*OLA~DMG*D8*20260220*F~HD*021**HMO*P10~"
				       "DTP*348*D8*20260220~" ALEX("024", "08") "DTP*357*D8*20261231~" ALEX_NAME);
	world_taker = world_family;
	print_message("# %u allocations failed in turn\n", allocations_failed);
	assert_true(allocations_failed > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenarios),
		cmocka_unit_test(test_sent_twice),
		cmocka_unit_test(test_profile_limits),
		cmocka_unit_test(test_profile_habits),
		cmocka_unit_test(test_profile_member_number_and_ssn),
		cmocka_unit_test(test_ssn_required),
		cmocka_unit_test(test_dependent_without_subscriber),
		cmocka_unit_test(test_representative_decides),
		cmocka_unit_test(test_ruled_out_pair_does_not_come_back),
		cmocka_unit_test(test_new_member_holds_what_was_sent),
		cmocka_unit_test(test_names_keep_what_says_more),
		cmocka_unit_test(test_warnings_of_tiers),
		cmocka_unit_test(test_exception_takes_all_back),
		cmocka_unit_test(test_any_history_keeps_days_single),
		cmocka_unit_test(test_order_of_families_does_not_matter),
		cmocka_unit_test(test_span_arithmetic),
		cmocka_unit_test(test_memory_may_end_anywhere),
	};
	struct buffer errors;
	int failed;

	if (world_setup(NULL) != 0)
		return 1;
	arena_init(&plan_world.arena, &world.env, 0, 0);
	buffer_init(&plan_world.out, &world.env);
	buffer_init(&errors, &world.env);
	if (guide_set_new(&world.env, &errors, &plan_world.guides) != 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	guide_set_free(plan_world.guides);
	buffer_fini(&errors);
	buffer_fini(&plan_world.out);
	arena_fini(&plan_world.arena);
	return failed + world_teardown(NULL);
}
