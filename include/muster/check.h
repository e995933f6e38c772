/*
 * check: walks a file over its guides and says what is wrong, and what stands where.
 *
 * Drives an x12 reader from front to back. For every transaction set it finds the guide, walks the loop tree,
 * checks segments and elements, and hands loop events and findings to a handler. One fault, one finding: after an
 * unknown, misplaced or missing segment the walker goes on with the smallest repair.
 *
 * Two uses  pass 1: verdicts and findings of a whole file; pass 2: loop events of the accepted sets, for enroll
 *           and remit. Both see the same events for the same bytes.
 * Memory    constant.
 * Errors    <0 our machine or a handler's refusal, forwarded. The file's faults are findings.
 * Source    x12-syntax section 8 (SNIP types), section 10 (codes); DESIGN section 2.3 and 2.4.
 */
#ifndef MUSTER_CHECK_H
#define MUSTER_CHECK_H

#include "muster/guide.h"
#include "muster/x12.h"

enum check_decision { CHECK_ACCEPTED, CHECK_ACCEPTED_WITH_ERRORS, CHECK_REJECTED };
/* "accepted", "accepted_with_errors", "rejected". */
const char *check_decision_name(enum check_decision decision);

/* How an 820 must add up to BPR02 (820-005010X218 section 6). */
enum check_balance {
	CHECK_BALANCE_STANDARD, /* RMR04 and the ADX of 2200 */
	CHECK_BALANCE_RMR_ONLY, /* RMR04 alone */
	CHECK_BALANCE_ALL_ADX   /* RMR04 and the ADX of 2200 and 2320 */
};

/* Forms that values are held to (finding.rule of their findings), NULL-terminated: "npi", "zip", ... */
const char *const *check_form_names(void);

/*
 * A severity for one rule, check of sense, code list or form (finding.rule), or for one place of the guides; goes over
 * that of the code. Findings about segments and elements only.
 */
struct check_severity {
	struct slice rule;      /* empty: by place */
	struct guide_path path; /* without qualifier */
	enum finding_severity severity;
};

/* What characters are agreed (x12-syntax section 6). */
enum check_letters {
	CHECK_LETTERS_ANY,
	CHECK_LETTERS_CAPITAL, /* no small letters */
	CHECK_LETTERS_BASIC    /* X12's basic set: capitals, digits, blank and ! " & ' ( ) * + , - . / : ; ? = */
};

/* One of our own ids in ISA07/08. qualifier empty = any. */
struct check_receiver {
	struct slice qualifier, id;
};

/* Names of the checks of business sense (finding.rule of ELEMENT_SENSE), NULL-terminated. */
const char *const *check_sense_names(void);

/* What a partner's profile changes about checking. Zero is the default. */
struct check_options {
	struct x12_options x12;
	enum check_balance balance;
	bool reject_member;     /* keep an 834's sound members: errors inside 2000 loops do not reject it */
	bool skip_content_hash; /* where nobody asks for check_verdict.content_hash: it costs more than all the rest */
	/*
	 * A walk of the same bytes under the same options found nothing at all: what stands in segments is not looked at, nor
	 * what they say of one another.
	 */
	bool known_sound;
	bool allow_x220;        /* ST03 005010X220 (without A1) counts as 005010X220A1 */
	/* An interchange for somebody else is rejected (TA1 009). None = every receiver is taken for us. Borrowed. */
	const struct check_receiver *receivers;
	uint32_t receiver_count;
	/* The run's guides as this partner has them; NULL = as they are. Borrowed, as all that follows. */
	const struct guide_set *guides;
	bool fixed_separators; /* only * : ~ ^ */
	enum check_letters letters; /* that elements may hold */
	bool ack_wanted;       /* ISA14 must be 1 */
	uint32_t members_max;  /* INS of one set; 0 = any number */
	struct slice gs_receiver; /* GS03; empty = any */
	struct slice gs_receiver_test; /* GS03 of test files, beside gs_receiver; empty = the same */
	/* In this order: the last that fits holds. */
	const struct check_severity *severities;
	uint32_t severity_count;
	/* Severity by finding code; 0 entries (FINDING_INFO) mean "the row's default" unless `severity_set`. */
	enum finding_severity severity[FINDING_CODE_COUNT];
	bool severity_set[FINDING_CODE_COUNT];
};

/*
 * The verdict on one set, at its end. A set accepted here still falls with its group or interchange: those are known
 * only at fgroup_end and interchange_end, where `rejected` follows the options' severities (verdict_out and ack do so).
 */
struct check_verdict {
	enum check_decision decision;
	uint32_t segments; /* ST..SE as received */
	uint32_t members;  /* INS loops, or remittance lines */
	uint64_t errors, warnings;
	uint64_t member_errors; /* errors inside 2000 loops */
	/* A hash of the body without control numbers and the ISA/GS dates: promise P22. */
	struct hash content_hash;
};

/*
 * Who takes the events of a walk; every function may be NULL. A negative return stops the walk and is forwarded.
 * Loop events come only for sets whose guide was found. `loop_end` comes before the next sibling's `loop_begin`.
 * Findings come as soon as they are sure; the walker may report a missing segment only when its loop has ended, then
 * before that loop's loop_end. Findings of a segment come before `segment`, those about its repetition or order after.
 * `segment` bears where.member_pos. A loop out of its place is opened where it comes, inside whatever is open there.
 */
struct check_handler {
	void *context;
	int (*interchange_begin)(void *context, const struct x12_interchange *interchange);
	int (*interchange_end)(void *context, const struct x12_interchange *interchange);
	int (*fgroup_begin)(void *context, const struct x12_fgroup *fgroup);
	int (*fgroup_end)(void *context, const struct x12_fgroup *fgroup);
	/* guide NULL: the set cannot be walked. */
	int (*tset_begin)(void *context, const struct x12_tset *tset, const struct guide *guide);
	int (*tset_end)(void *context, const struct x12_tset *tset, const struct check_verdict *verdict);
	int (*loop_begin)(void *context, const struct guide *guide, const struct guide_loop *loop);
	int (*loop_end)(void *context, const struct guide *guide, const struct guide_loop *loop);
	/* `node` NULL: a segment that the walker could not place (a finding says why). */
	int (*segment)(void *context, const struct guide *guide, const struct guide_segment *node,
		       const struct x12_segment *segment);
	int (*finding)(void *context, const struct finding *finding);
	/*
	 * Asked once for each place of a guide: is `segment` to be called for what stands there? NULL: for everything.
	 * Segments without a place are then not given. Copying the rest out of the walk costs more than the walk.
	 */
	bool (*wants)(void *context, const struct guide *guide, const struct guide_segment *node);
	/* Every event of the reader before anything is made of it, also of sets that cannot be walked. */
	int (*event)(void *context, const struct x12_event *event);
	/* Now and then, for progress bars: bytes of the decoded stream so far. */
	int (*progress)(void *context, uint64_t offset);
};

/* Does this element hold (part of) an SSN or an account, which no display shows in full? `pos` from 1. */
bool check_is_sensitive(const struct x12_segment *segment, uint32_t pos);

/* Is this element a control number? Nine digits of it are no SSN: shown as they are. */
bool check_is_control_number(const char *segment_id, uint32_t pos);

/* Walk a whole source. `options` NULL = defaults. 0 or <0. */
int check_source(struct env *env, const struct guide_set *guides, struct io_source *source,
		 const struct check_options *options, const struct check_handler *handler);

#endif
