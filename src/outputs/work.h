/* work: what the writers of one file's outputs share. */
#ifndef MUSTER_OUTPUTS_WORK_H
#define MUSTER_OUTPUTS_WORK_H

#include "muster/io.h"
#include "muster/outputs.h"
#include "muster/queue.h"

/* As in applied.csv and summary.json, in this order. */
#define ACTION_COUNT 8
extern const char *const action_names[ACTION_COUNT];

/* Automatic matches that a lead looks at first. */
#define LEAST_CERTAIN_MAX 10u

/* A record that was taken for a member. Texts live in the work's arena. */
struct certainty {
	uint32_t wrong_e6; /* 1 - confidence, as kept: six decimals */
	uint32_t member_pos;
	struct slice tset_control, member_id, match_rule;
};

/* Warnings of records listed in the summary and on the page. */
#define RECORD_WARNINGS_MAX 100u

/* An automatic match, or somebody taken for new, for a person to look over. */
#define SAMPLED_MAX 100
struct sampled {
	struct slice tset_control, member_id, match_rule;
	uint32_t tset_ordinal, member_pos, confidence_e6;
};

struct work {
	struct env *env;
	struct store *store;
	const struct outputs_request *request;
	struct arena arena; /* for the whole work: the file's row */
	const struct store_file *file;
	const struct store_file *duplicate_of; /* or NULL */
	/* Only notices that a decision on this record brought; tset_no 0: those of the file itself. */
	uint64_t later_tset_no;
	uint32_t later_member_pos;

	/* The file that is being written: text is gathered and handed on now and then. */
	struct io_outfile out;
	struct buffer text;

	/* Counted from the rows while they are written. */
	uint64_t applied_rows, actions[ACTION_COUNT];
	uint64_t applied_records, unchanged_records;
	uint64_t matched_records, added_records;    /* taken for a member on file, for new */
	bool is_full;                               /* a set of it tells of everybody */
	struct slice drifts[3];                     /* sentences: how it departs from the partner's last files */
	uint32_t drift_count;
	uint64_t notice_rows;
	uint64_t expected_wrong_e6;                 /* sum over automatic matches */
	struct certainty least[LEAST_CERTAIN_MAX];  /* of those not certain to six decimals; worst first */
	uint32_t least_count;
	struct sampled sampled[SAMPLED_MAX];        /* of those that the sample takes, the first */
	uint64_t sampled_count;                     /* all that it takes */
	struct queue_export_result exceptions;

	bool wanted[OUTPUTS_KIND_COUNT]; /* what this file has */
	struct outputs_written written;
};

/* Hand `text` on when there is much of it. 0 or <0. */
int work_flush_some(struct work *work);

int write_applied(struct work *work);
int write_exceptions_csv(struct work *work);
int write_exceptions_xml(struct work *work);
int write_omissions(struct work *work);
int write_audit(struct work *work);
int write_errors(struct work *work);
int write_notices(struct work *work);
/* How many rows write_notices would write, into notice_rows. */
int count_notices(struct work *work);
/* After applied and exceptions: into drifts, and written.matching. */
int find_drift(struct work *work);
int write_report(struct work *work);
int write_summary(struct work *work);

/* Rows of applied.csv: not what a representative's decision brought later. */
bool is_of_the_file(const struct store_change *change);

#endif
