/*
 * outputs: what stands in out/ for one file, made from the rows of the database.
 *
 * Writes `<name>.applied.csv`, `.exceptions.csv`, `.exceptions.xml`, `.notices.csv`, `.report.html` and, last,
 * `.summary.json`; of a full file also `.omissions.csv` (who is in no record, and what became of him), of an audit
 * `.audit.csv`; for a partner who wants one `.errors.csv`, what he is to mend. Each whole under its final name or not at
 * all. Nothing but rows goes in (no clock, no locale, no order of the file system), and what representatives did
 * afterwards is left out: any of them can be made again, byte for byte (P32). Only the report's list of findings, and the
 * tally of then, come from the caller: findings are not kept in the database, and decisions change a file's tally.
 *
 * Certainty the summary's `expected_wrong` is the sum of 1 - confidence over automatic matches, one a record, as text.
 *           Confidence is kept with six decimals: a match more certain than that counts as right. Payments are left
 *           out: their figure is fixed, no probability.
 * Drift     the summary's `matching` names the model, what the matching came to, and in sentences how that departs from
 *           the partner's last files; the report says the same.
 * Law       read = the sum of the others, for members and, to the cent, for money; and the rows written are as many
 *           as the tallies say. Where this does not hold the result is MUSTER_ERROR_INTERNAL, logged, and no summary.
 * Memory    constant: rows are streamed.
 * Source    CONTRACT section 5; promises sections 3 and 4.F (P31, P32, P34).
 */
#ifndef MUSTER_OUTPUTS_H
#define MUSTER_OUTPUTS_H

#include "muster/calendar.h"
#include "muster/finding.h"
#include "muster/json.h"
#include "muster/store.h"

enum outputs_kind {
	OUTPUTS_APPLIED_CSV,
	OUTPUTS_EXCEPTIONS_CSV,
	OUTPUTS_EXCEPTIONS_XML,
	OUTPUTS_NOTICES_CSV,
	OUTPUTS_REPORT_HTML,
	OUTPUTS_OMISSIONS_CSV, /* of a full file only */
	OUTPUTS_AUDIT_CSV,     /* of an audit only */
	OUTPUTS_ERRORS_CSV,    /* where `errors` of the request is given */
	OUTPUTS_SUMMARY_JSON,
	OUTPUTS_KIND_COUNT
};
/* ".applied.csv", ... */
const char *outputs_suffix(enum outputs_kind kind);

/* Has it rows to be counted? */
bool outputs_is_table(enum outputs_kind kind);

/*
 * When a file's matching is said to depart from that of the partner's last files of its kind: percentage points of its
 * records, and expected wrong ones of 10,000 automatic matches. files 0: never.
 */
struct outputs_drift {
	int32_t files, files_min, records_min;
	int32_t review_points, match_points, wrong_per_10k;
};

struct outputs_request {
	uint64_t file_no;
	const char *folder; /* is there already */
	const char *name;   /* `<n>`: no folder in it */
	const struct finding_list *findings; /* NULL: the report shows their numbers only */
	const struct store_tally *tally; /* of then, where they are made again; NULL: as the file's row has it now */
	struct outputs_drift drift;
	const struct error_class *errors; /* CATEGORY_COUNT of them: severities and times of the partner's. NULL: none */
	const struct calendar *calendar;  /* for these times */
};

/* The manifest: what was written. */
struct outputs_written {
	struct {
		struct hash sha256;
		bool written; /* false: this file has no such output */
		uint64_t bytes, rows; /* rows: of a table, without its header */
	} files[OUTPUTS_KIND_COUNT];
	struct store_matching matching; /* of this file, to be kept: later files are measured by it. Without partner */
};

/*
 * 0 with *ret_written (may be NULL), or <0: -errno of the file that could not be written, MUSTER_ERROR_INTERNAL when
 * the law is broken or there is no such file. Files written before the failure stay; all can be written again.
 */
int outputs_write(struct env *env, struct store *store, const struct outputs_request *request,
                  struct outputs_written *ret_written);

/*
 * `<name>.notices.csv` alone: of an order, or (`member_pos` and `tset_no` given) what a representative's decision on that
 * record brought. *ret_rows 0: nothing was written.
 */
struct outputs_notices {
	struct outputs_request request;
	uint64_t tset_no;    /* 0: those of the file itself */
	uint32_t member_pos;
};
int outputs_write_notices(struct env *env, struct store *store, const struct outputs_notices *notices,
                          uint64_t *ret_rows);

/* What came in and where all of it went, as an object `name` of a summary: members, or payments' records. */
void outputs_json_members(struct json *json, const char *name, const struct store_tally *tally);
/* The same of an 820's money, as the object "money". */
void outputs_json_money(struct json *json, const struct store_tally *tally);

/*
 * Is this change, the first row of its record, one of those that a person should look over? About one in 200 of the
 * automatic matches and new members of the file's own run; always the same ones. Pure.
 */
bool outputs_is_sampled(const struct store_change *change);

#endif
