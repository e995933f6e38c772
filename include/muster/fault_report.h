/*
 * fault_report: what is wrong in files, so that a partner can mend it.
 *
 * Takes findings and verdicts as verdict_out gives them, groups what is the same fault, and writes one report over all
 * files: totals first, then file by file the sets that were not accepted and each fault once, with its place, the
 * segment quoted with carets under what is wrong, what was expected, and where else the same fault stands. As text, or
 * as one self-contained page. SSNs are masked, what cannot be seen is shown.
 *
 * Same      is the fault when finding code, guide, loop, segment, element and component are the same in one file.
 * Memory    constant: FAULT_REPORT_FAULTS faults and FAULT_REPORT_FILES files are kept, the rest is only counted; the
 *           report says so where it happened.
 * Errors    -ENOMEM; failures of writing stay in the buffer.
 */
#ifndef MUSTER_FAULT_REPORT_H
#define MUSTER_FAULT_REPORT_H

#include "muster/verdict_out.h"

#define FAULT_REPORT_FAULTS 1000u
#define FAULT_REPORT_FILES 1000u
/* Sets that were not accepted, shown of one file; places shown of one fault. */
#define FAULT_REPORT_SETS 20u
#define FAULT_REPORT_PLACES 5u
/* Of a quoted segment; longer ones are shown around the fault. */
#define FAULT_REPORT_COLUMNS 100u

struct fault_report; /* opaque */

/* `unmasked`: SSNs as sent, for those who asked. 0 or -ENOMEM. */
int fault_report_new(struct env *env, bool unmasked, struct fault_report **ret_report);
void fault_report_free(struct fault_report *report);

/* All that follows is about this file, until the next. `name` is copied. */
int fault_report_file(struct fault_report *report, const char *name);
/* For struct verdict_out_options: the context is the report. */
int fault_report_finding(void *context, const struct verdict_out_place *place, const struct finding *finding);
int fault_report_verdict(void *context, const struct verdict_out_place *place, const struct check_verdict *verdict);
/* The file's walk has ended: its totals, which count also findings that were not given to the report. */
void fault_report_file_end(struct fault_report *report, const struct verdict_out_totals *totals);

/* Over all files so far. */
const struct verdict_out_totals *fault_report_totals(const struct fault_report *report);
void fault_report_text(const struct fault_report *report, struct buffer *out);
void fault_report_html(const struct fault_report *report, struct buffer *out);

/*
 * The segment of a finding as a person may see it: masked, visible, cut to FAULT_REPORT_COLUMNS around the fault.
 * *ret_from and *ret_count: the columns to point at. False when the finding has no segment.
 */
bool fault_report_quote(const struct finding *finding, bool unmasked, struct buffer *out, uint32_t *ret_from,
			uint32_t *ret_count);

#endif
