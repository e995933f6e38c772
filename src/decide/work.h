/*
 * work: what the parts of decide_family share while one family is decided.
 *
 * A draft is a member in work: what stood before, and what shall stand after the records so far. Records are decided
 * one after another, subscriber first; each begins with a mark and, where it ends in an exception, all that it did
 * to the drafts is taken back. At the end drafts become images and rows become operations.
 *
 * Errors    <0 our machine; 0 done; DECIDE_E_EXCEPTION: work->failure says why a representative must look;
 *           DECIDE_E_DEFER: the subscriber has not come yet.
 */
#ifndef DECIDE_WORK_H
#define DECIDE_WORK_H

#include "muster/decide.h"
#include "muster/error.h"
#include "spans.h"

enum { DECIDE_E_EXCEPTION = 1, DECIDE_E_DEFER = 2 };

struct draft {
	struct decide_image *image; /* its before; its after but for the spans */
	struct span_list spans;
	struct member shadow; /* new to the plan: as match sees him, with a number of his own */
	uint64_t claim_no;    /* member_no, or the shadow's */
};

/* A row in work. Spans by id: indexes are known only at the end. */
struct row {
	struct decide_operation operation;
	struct draft *draft;                    /* NULL: nobody on file */
	uint32_t span_before_id, span_after_id; /* 0 = none */
	struct span_list spans; /* the draft's, as this row left them */
	bool is_end; /* of one coverage, by HD01 024: an add of the same record makes it a change */
};

/* What a subscriber's record brings to his dependents once the family's own records are done. */
enum cascade_kind { CASCADE_END, CASCADE_TIER, CASCADE_FOLLOW, CASCADE_BEGIN, CASCADE_ADDRESS, CASCADE_FAMILY };
struct cascade {
	enum cascade_kind kind;
	const struct member_record *record;
	struct draft *subscriber;
	double confidence;
	const char *match_rule;
	struct span_filter filter; /* END, TIER, FOLLOW */
	date_day day;              /* END: the last day; TIER, FOLLOW: the first of the new one; BEGIN: the first from now on */
	struct slice tier_before, tier_after;
	/* FOLLOW: the subscriber's, to another plan or group from `day`. BEGIN: span_before as it began. */
	struct coverage_span span_before, span_after;
	struct member before; /* ADDRESS, FAMILY: the subscriber as he was */
};

struct work {
	struct arena *arena;
	const struct decide_input *input;
	struct changeset *changeset;
	struct draft **drafts;
	uint32_t draft_count, draft_capacity;
	struct row *rows;
	uint32_t row_count, row_capacity;
	struct cascade *cascades;
	uint32_t cascade_count, cascade_capacity;
	uint64_t *claimed; /* the input's, then this family's */
	uint32_t claimed_count, claimed_capacity;
	uint32_t span_ids;
	struct family_key family; /* whose records these are: numbering.c */
	const struct member **household; /* of one family, as stored */
	uint32_t household_count;
	struct family_key household_key;
	bool household_loaded;
	struct slice subscriber_ssn;
	bool subscriber_failed; /* the family's subscriber record is an exception */
	bool dependents_only;   /* HD01 = 032 on the subscriber: cover for the dependents alone */
	/* By record: why it must not be applied although it could be; seen when all was decided. data NULL = it may. */
	struct refusal {
		enum category category;
		struct slice reason;
		bool alone; /* an end whose other half (goes_on_at) cannot be applied: it is an end after all */
	} *refusals;
	bool pair_failed; /* such a one was found: say all again */
	struct {
		enum category category;
		struct slice reason;
		bool rejects; /* back to the sender; else a representative looks */
	} failure;
};

/* One record in work. */
struct record_work {
	struct work *work;
	const struct member_record *record;
	struct member sent; /* the person as sent, made ready for match */
	struct hash identity; /* match_identity of it, where it was asked for */
	bool was_looked_for, is_identified;
	struct match_result match;
	struct draft *draft;        /* who is meant; NULL while unknown */
	struct member after_before; /* his fields before this record */
	uint32_t first_row;         /* of this record */
	struct slice all_facts, all_pcp; /* the person's, with what is no change by itself */
	bool is_new;
	struct slice ends_too; /* a group in which the end under way is carried out as well: see end_before_separation */
	date_day separated_on; /* of the separation by which a group was last taken for another; meaningless before */
	bool is_foreign; /* it names a group of another sponsor, and that has been said */
};

struct mark {
	uint32_t draft_count, row_count, cascade_count, claimed_count, warning_count;
	struct draft *drafts; /* copies */
	struct decide_image *images;
	struct slice subscriber_ssn;
	bool dependents_only;
};

/* Sets the failure; returns DECIDE_E_EXCEPTION, or -ENOMEM when the reason has no text. */
int work_fail(struct work *work, enum category category, struct slice reason);
/* The same for what goes back to the sender (DECIDE_REJECTED). */
int work_reject(struct work *work, enum category category, struct slice reason);
int work_failf(struct work *work, enum category category, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * Something that looks wrong about a record which is certain otherwise: an exception of this category where the partner's
 * profile says so (hold_on), else a warning. 0, DECIDE_E_EXCEPTION, -ENOMEM.
 */
int work_doubt(struct record_work *it, enum category category, const char *what);
/* Something to be told beside what was done for this record. 0 or -ENOMEM. */
int work_warnf(struct work *work, uint32_t member_pos, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* For %.*s */
#define SLICE_ARGS(s) (int)(s).len, (s).len > 0 ? (s).data : ""

int work_mark(struct work *work, struct mark *ret_mark);
void work_rewind(struct work *work, const struct mark *mark);

/* The draft of a stored member (made when there is none yet), or of a shadow. 0 or <0. */
int work_draft(struct work *work, const struct member *member, struct draft **ret_draft);
/* A draft of a person new to the plan. `after` is taken over without spans. */
int work_draft_new(struct work *work, const struct member *after, struct draft **ret_draft);
/* Everybody on file of a family. */
int work_household(struct work *work, struct family_key key);
/* A family's subscriber: draft or stored; NULL members when there is none. */
int work_find_subscriber(struct work *work, struct family_key key, struct draft **ret_draft);
int work_claim(struct work *work, struct draft *draft);
/* Another row, for this record. The pointer is good until the next. NULL = no memory. */
struct row *work_row(struct work *work, const struct member_record *record, struct draft *draft,
		     enum decide_action action, double confidence, const char *match_rule);
/* The index of the record that the row stands for (a cascade's is the one that it follows from); the count = none. */
uint32_t work_record_of(const struct work *work, const struct row *row);
/* The row is about these spans of its draft, as they are now. */
void row_touch(struct row *row, uint32_t before_id, uint32_t after_id);
/* The row carries the person data: `before` (NULL: new to the plan), and what the draft holds now. 0 or -ENOMEM. */
int row_carry_fields(struct work *work, struct row *row, const struct member *before);
/* What follows from the record for the dependents of its subscriber, for the caller to say more of. NULL = no memory. */
struct cascade *work_cascade(struct record_work *it, enum cascade_kind kind);
/* Drafts into images, rows into operations. 0 or <0. */
int work_finish(struct work *work);

/* overlay.c: candidates of the view together with the family's new members. */
struct overlay {
	struct work *work;
};
struct match_candidates overlay_candidates(struct overlay *overlay);

/* numbering.c: the family that the records' number means. 0 or <0. */
int numbering_resolve(struct arena *arena, const struct decide_input *input, struct family_key *ret_family);

/* person.c: who was sent. */
void person_of_record(const struct decide_input *input, const struct member_record *record, struct member *ret_member);
int person_match(struct record_work *it);
/* Fills it->identity: only few records need it. 0 or -ENOMEM. */
int person_identify(struct record_work *it);
/* The primary care provider, as facts are taken over: heard for the first time he is no change in every record. */
int person_take_pcp(struct record_work *it, struct member *after);

/* fields.c: person data. */
/* Take over what was sent into the draft; warnings for placeholders. 0, DECIDE_E_EXCEPTION, <0. */
int fields_apply(struct record_work *it);
/* The record changes something: what it tells beside that is kept too. */
void fields_take_all_facts(struct record_work *it);
/* "address1: A -> B; phone:  -> C", or empty when nothing differs. data NULL = no memory. */
struct slice fields_describe(struct arena *arena, const struct member *before, const struct member *after);
bool fields_differ(const struct member *before, const struct member *after);
bool fields_same_address(const struct member *a, const struct member *b);
void fields_copy_address(struct member *to, const struct member *from);

/* resolve.c: groups, plans and dates of a coverage. */
enum line_action { LINE_ADD, LINE_CHANGE, LINE_END, LINE_VOID, LINE_REINSTATE, LINE_COMPARE, LINE_NONE };
struct line {
	const struct enroll_coverage *coverage;
	enum line_action action;
	struct slice group_id; /* as resolved; on file when group is not NULL */
	const struct group *group;
	const struct plan *plan;     /* NULL: none was sent */
	struct slice insurance_line; /* the plan's, else HD03 */
	date_day begins_on, ends_on; /* for the action; DATE_NONE = not sent */
	/* An add that begins before the contract was separated: until the day before `separated_on` it is of this one. */
	const struct group *separated_from; /* NULL = no such add */
	date_day separated_on;
};
int resolve_line(struct record_work *it, const struct enroll_coverage *coverage, enum line_action action,
		 struct line *ret_line);
/* The group of a record without coverages. group NULL and 0: none was sent. */
int resolve_record_group(struct record_work *it, const struct group **ret_group);
/* No group was sent: is all that the member has on `day` and later of this set's sponsor? */
int resolve_own_groups(struct record_work *it, date_day day);
/* separation.c: B13. Of a contract that was separated: the one that the record means, instead of *group; or OLD_CID. */
int separation_reroute(struct record_work *it, const struct group **group);
/* An add under the old number that begins before the separation: says so in the line. 0 or <0. */
int separation_split(struct record_work *it, struct line *line);
/* Such an add: under the old contract until the separation, under the new one from then on. */
int separation_add(struct record_work *it, const struct line *line);
/*
 * Was the member covered on `sent`, before `known` began, under the contract that is linked with this one? Then the
 * record repeats the begin of a coverage that went on here.
 */
bool separation_began_there(const struct record_work *it, const struct group *group, const struct coverage_span *known,
			    date_day sent);
/* The first day of an added coverage: 2300 348, 2000 356, 303, header 007; DATE_NONE = none was sent. */
date_day resolve_begin(const struct record_work *it, const struct enroll_coverage *coverage);
date_day resolve_end(const struct record_work *it, const struct enroll_coverage *coverage);
date_day resolve_change_day(const struct record_work *it, const struct enroll_coverage *coverage);
/* Begin and end within the contracts of group and plan. */
int resolve_contract(struct record_work *it, const struct line *line, const struct plan *plan, date_day begins,
		     date_day ends);
int resolve_begin_limits(struct record_work *it, date_day begins);
int resolve_end_limits(struct record_work *it, date_day ends);

/* record.c: what the parts need to know of a record in work. */
struct row *record_row(struct record_work *it, enum decide_action action);
/* A row about one span: its group, plan and dates, and what of it changed. 0 or -ENOMEM. */
int record_span_row(struct record_work *it, enum decide_action action, uint32_t before_id,
		    const struct coverage_span *before, uint32_t after_id);
void row_show_span(struct row *row, const struct coverage_span *span);
/*
 * "ends_on: open -> 2026-03-31"; before NULL: "new coverage: P10 FAM from 2026-01-01"; `another`: one span after the
 * other, "plan_id: P10 -> P20; from 2026-04-01". data NULL = no memory.
 */
struct slice describe_span(struct arena *arena, const struct coverage_span *before, const struct coverage_span *after,
			   bool another);
bool is_forced(const struct record_work *it);
bool is_cobra(const struct member_record *record);
bool is_child(const struct member_record *record);
/* The record says that the child is covered by a medical child support order. */
bool is_support_order(const struct record_work *it);
/* INS03 030 in a full file: compared with what is stored. */
bool is_compared(const struct record_work *it);
/* INS03 001 of a partner who sends it for everything: it adds who is not on file. */
bool is_upsert(const struct record_work *it);
/* An event after which nobody waits for the first of a month: birth, adoption, death. */
bool is_any_day(const struct member_record *record);

/* coverage.c: adds and changes. */
int coverage_add(struct record_work *it, const struct line *line);
int coverage_change(struct record_work *it, const struct line *line);
/* `after` instead of the span from its begin on: checked, then done. */
int coverage_replace(struct record_work *it, const struct line *line, const struct work_span *known,
		     const struct coverage_span *after);
/*
 * Would `after`, in the place of a known span, collide with another of its group and product, or double one in another
 * group where it did not before? DECIDE_E_EXCEPTION then.
 */
int coverage_check_room(struct record_work *it, const struct coverage_span *after, uint32_t known_id);

/* split.c: two records of one family that mean one change (enroll.h: goes_on_at). */
/* Is this record the first of them, and the second can be applied? */
bool split_is_first(const struct record_work *it);
/* A coverage of the second: what is on file goes on from its begin, as it says. */
int split_line(struct record_work *it, const struct line *line);
/* Behind all coverages of the second: what the first ends beside them. */
int split_end_rest(struct record_work *it, const struct line *lines);
/* The second could not be applied. */
void split_fail(struct work *work, const struct member_record *second);
/* Is it the second of a pair that holds? */
bool split_is_second(const struct record_work *it);

/* compare.c: a coverage of a full file against what is stored. */
int compare_line(struct record_work *it, const struct line *line);

/* family.c: a dependent's coverage needs his subscriber's. 0, DECIDE_E_DEFER, DECIDE_E_EXCEPTION, <0. */
int family_require_covered(struct record_work *it, const struct line *line);

/* ending.c: ends, voids, reinstatements. */
int ending_line(struct record_work *it, const struct line *line);
int ending_member(struct record_work *it);
int voiding_line(struct record_work *it, const struct line *line);
int reinstating_line(struct record_work *it, const struct line *line);
int reinstating_member(struct record_work *it);

/* cascade.c */
/* boundary.c: index of the coverage that the other follows at once, in one group and product; -1 = none. */
int32_t boundary_previous(const struct span_list *spans, const struct coverage_span *next);
/* Of the one that follows `span` at once with the plan and tier of `wanted`. */
int32_t boundary_next(const struct span_list *spans, const struct coverage_span *span,
		      const struct coverage_span *wanted);
/*
 * `next` will begin on `begins`: what it follows at once goes on, or ends, the day before, with a row; nothing where it
 * follows none, or would leave no day of it. The caller sets `next` itself. 0 or -ENOMEM.
 */
int boundary_move(struct record_work *it, const struct coverage_span *next, date_day begins);

int cascade_run(struct work *work);
/* Is the new coverage for the employee alone, where the old one was for more? */
bool cascade_drops_dependents(const struct coverage_span *before, const struct coverage_span *after);

/* tier.c: what does not fit the people enrolled is told; *ret_refused: or held, see refusals. 0 or <0. */
int tier_check(struct work *work, bool *ret_refused);
/* together.c: *ret_found: a record would leave a dependent covered without his subscriber, and its refusal is set. */
int together_check(struct work *work, bool *ret_found);

/* medicare.c (B5): HD03, and the insurance line of a plan, of a Medicare product. */
#define DECIDE_MEDICARE_LINE "AJ"
/* A record that tells of Medicare. */
int medicare_record(struct record_work *it);
/* What the records come to, when the family is decided. *ret_found: another one is a representative's, see refusals. */
void medicare_check(struct work *work, bool *ret_found);

/* later.c: *ret_found: a set that was held would change whom a later file has changed, see refusals. 0 or <0. */
int later_check(struct work *work, bool *ret_found);

/* routing.c: what goes to a representative whatever the data. */
int routing_form(struct work *work, const struct member_record *record);
/* Does the record bring its member coverage, as an add or a reinstatement does? */
bool routing_brings_coverage(const struct record_work *it);
/* B6. `group` NULL: none was sent, nothing to say. */
int routing_cobra(struct record_work *it, const struct group *group);
bool routing_is_declination(const struct member_record *record);

#endif
