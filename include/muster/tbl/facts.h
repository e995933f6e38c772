/*
 * Facts: what files tell of a person that is kept and shown, and that nobody is ever matched by. One row each.
 *
 * X(name, weight, shown)
 *   name    as it is kept and shown
 *   weight  NEWS: a record that tells it for the first time changes the member. ASIDE: it stands in records of every
 *           kind; heard for the first time it is kept with whatever else changes, and is no change by itself
 *   shown   OPEN, ADDRESS (not of people with restricted access), RESTRICTED (never)
 *
 * Source    834-005010X220A1, loops 2000 to 2320; enrollment-semantics section 3.
 */
X(employment,         ASIDE, OPEN)       /* INS08 */
X(student,            ASIDE, OPEN)       /* INS09 */
X(handicapped,        ASIDE, OPEN)       /* INS10: Y */
X(medicare_parts,     ASIDE, OPEN)       /* INS06-1 */
X(medicare_reason,    ASIDE, OPEN)       /* INS06-2 */
X(cobra_event,        ASIDE, OPEN)       /* INS07 */
X(reporting_category, ASIDE, OPEN)       /* REF*17 */
X(subgroup,           ASIDE, OPEN)       /* by ref_map of a profile, as the next three */
X(employer_id,        ASIDE, OPEN)
X(carrier_id,         ASIDE, OPEN)
X(case_id,            ASIDE, OPEN)
X(hired_on,           ASIDE, OPEN)       /* DTP*336, as sent: CCYYMMDD */
X(medicare_begins,    ASIDE, OPEN)       /* DTP*338 */
X(medicare_ends,      ASIDE, OPEN)       /* DTP*339 */
X(cobra_begins,       ASIDE, OPEN)       /* DTP*340 */
X(cobra_ends,         ASIDE, OPEN)       /* DTP*341 */
X(school_begins,      ASIDE, OPEN)       /* DTP*350 */
X(school_ends,        ASIDE, OPEN)       /* DTP*351 */
X(marital,            ASIDE, OPEN)       /* DMG04 */
X(race,               ASIDE, OPEN)       /* DMG05 */
X(health,             ASIDE, RESTRICTED) /* HLH01: for rating only */
X(language,           NEWS,  OPEN)       /* LUI02, else LUI03 */
X(mail_address,       NEWS,  ADDRESS)    /* 2100C */
X(employer,           NEWS,  OPEN)       /* 2100D */
X(school,             NEWS,  OPEN)       /* 2100E */
X(custodial_parent,   NEWS,  ADDRESS)    /* 2100F: name, address */
X(responsible_person, NEWS,  ADDRESS)    /* 2100G: the first */
X(disability,         NEWS,  RESTRICTED) /* DSB01 */
X(other_coverage,     NEWS,  OPEN)       /* 2320, the first: COB01/COB03 */
X(premium,            NEWS,  OPEN)       /* 2750 by cat_map of a profile, as all that follow: this member's premium */
X(family_premium,     NEWS,  OPEN)       /* of all members of the policy */
X(responsible_amount, NEWS,  OPEN)       /* what the subscriber owes of it */
X(tax_credit,         NEWS,  OPEN)       /* advance premium tax credit */
X(cost_sharing,       NEWS,  OPEN)       /* cost-sharing reduction */
X(rates_from,         ASIDE, OPEN)       /* DTP*007 of the first amount, as sent */
X(rating_area,        NEWS,  OPEN)
X(source_reason,      ASIDE, OPEN)       /* why, in the words of who keeps the records: CANCEL, TERM, ... */
