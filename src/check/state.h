/*
 * state: what the parts of check share while a source is walked.
 *
 * check.c drives the reader and owns the envelope; straight.c takes the segments that are sound; walk.c and repair.c
 * place the others in the guide's loops; element.c looks inside them; rule.c, sense.c and balance.c look across them;
 * report.c hands findings out and counts them.
 */
#ifndef MUSTER_CHECK_STATE_H
#define MUSTER_CHECK_STATE_H

#include <assert.h>

#include "balance.h"
#include "muster/check.h"
#include "known.h"
#include "muster/hash.h"
#include "plan.h"
#include "rule.h"
#include "sense.h"

/* Depth of the deepest guide, and as much again for a loop out of its place with its children. */
#define FRAMES_MAX (2u * LIMIT_LOOP_DEPTH)
/* Required places passed over and remembered with their position; what is passed over beyond that is reported at
 * the loop's end. No loop of the guides has more than four required places. */
#define GAPS_MAX 8u
/* Findings of one reader step that wait until their segment has its place. */
#define HELD_MAX 16u
#define CHECK_MESSAGE_BYTES 400u
/* Canonical bytes gathered before they go to the hash. */
#define CONTENT_BYTES 4096u

/* Ids of segments passed over in a loop that are remembered: the first ones, and the last. */
#define UNKNOWN_MAX 4u

/* Makes findings: out of the way of sound segments, which is nearly all of them. */
#define COLD __attribute__((cold, noinline))

struct gap {
	uint64_t required_bit;
	struct x12_where where;
};

/* Loops opened in a loop, at most so many places apart: in a member names, disability, coverage, categories. */
#define STEPS_MAX 4u

/* Where the first loop was opened at a place of the one around it: what is missing before it is missing here. */
struct step {
	uint64_t offset, line;
	uint32_t segment_pos;
	uint16_t ordinal;
};

/* An open loop. */
struct frame {
	uint16_t loop;
	uint16_t cursor;    /* ordinal of the furthest place taken */
	uint8_t last_local; /* furthest place taken among those of that ordinal */
	uint8_t gap_count, step_count;
	bool exiled;        /* opened where the guide has no such loop: what stands in it is passed over in silence */
	bool displaced;     /* opened out of order: stands above a frame that is not its parent */
	bool disturbed;     /* one too many, or opened without its segment, and that was said: rules do not judge it */
	uint64_t seen;      /* required bits of the places taken */
	uint64_t skipped;   /* required bits with a gap */
	uint64_t tentative; /* places taken by a segment with a bad qualifier: the right one may still come */
	uint64_t once[PLAN_ONCE_SLOTS][2]; /* qualifiers seen, by slot */
	uint8_t unknown_count;
	char unknown_ids[UNKNOWN_MAX][4]; /* of segments passed over in it, that may be misspelt ones */
	uint32_t *counts;       /* by place */
	const uint16_t *heads;  /* by symbol: the loop's row of plan->heads */
	const uint16_t *moves;  /* and of plan->moves */
	struct x12_where where; /* of the segment that opened it */
	struct gap gaps[GAPS_MAX];
	struct step steps[STEPS_MAX]; /* by ordinal */
};

/* A finding of the reader that waits, with its text. */
struct held {
	struct finding finding;
	char value[LIMIT_FINDING_VALUE_BYTES + 1];
	char message[CHECK_MESSAGE_BYTES];
	char segment[LIMIT_FINDING_SEGMENT_BYTES + 1];
};

/* A segment that fits no open place, until the one behind it tells how it was meant. */
struct waiting {
	struct x12_segment segment; /* a copy, in `bytes` */
	struct slice elements[LIMIT_ELEMENTS];
	char *bytes; /* of the arena */
	size_t bytes_max;
	uint32_t held_count; /* findings of the reader about it: the first of `held` */
	bool is_there;
};

/* Faults of the current set so far. */
struct tally {
	uint64_t errors, warnings, member_errors;
	uint64_t segment_errors; /* of segments and loops as such, not of their elements */
	uint64_t findings;
};

/* Elements of a segment that are there, seen to go together; and the rules of it that they do not keep by themselves. */
struct shape {
	uint64_t present, rules;
};

/* Facts under which the rules of a loop had nothing to say at its end. */
struct quiet {
	bool is_known;
	struct plan_facts facts; /* of those that they ask about */
};

struct plan_cached {
	struct plan_cached *next;
	struct check_plan *plan;
	struct shape *shapes;
	struct quiet *quiet;
};

struct check {
	struct env *env;
	const struct guide_set *guides;
	struct check_options options;
	const struct check_handler *handler;
	struct arena arena;
	struct plan_cached *plans;
	struct x12_reader *reader;

	/* the envelope, as begun: copies whose `rejected` follows the severities of the options */
	struct x12_interchange interchange;
	struct x12_fgroup fgroup;
	struct x12_tset tset;
	bool fgroup_unknown; /* its GS01 or GS08: the sets in it cannot be walked, and one finding says so */
	bool tset_rejected;
	bool in_tset;
	bool cut_off; /* the set in hand ends because the file does */

	/* the walk */
	const struct guide *guide; /* NULL: this set is not walked */
	struct check_plan *plan;
	struct shape *shapes; /* by segment of the guide: the last one */
	struct quiet *quiet;  /* by loop: the last ones */
	struct frame frames[FRAMES_MAX];
	uint32_t frame_count;
	uint32_t crooked; /* frames that are exiled or displaced */
	uint32_t *counts; /* FRAMES_MAX times count_stride */
	uint32_t count_stride;
	uint32_t member_pos, members;
	struct x12_where at; /* of the segment in hand */
	struct known known[KNOWN_SLOTS];
	struct known stranger; /* what is known of a segment that has no slot, while it is in hand */
	uint32_t set;     /* ordinal of the set in the file, as walked */
	uint16_t symbol;  /* of the segment in hand */
	uint64_t present; /* its elements that are not empty, as a mask: from element_check on */
	uint64_t told;    /* and those that were complained about: one fault, one finding */
	bool has_parts;   /* component or repetition separators may stand inside its elements */
	struct held unknown; /* about a segment that was passed over: held until the next one is placed */
	bool has_unknown;
	struct waiting waiting;
	struct x12_where passed_at; /* of the last segment told to be out of order */
	uint16_t passed_segment;    /* of the guide */

	struct plan_facts held_facts;
	struct plan_facts doubted_facts; /* which a segment of a wrong qualifier may have told */
	bool has_doubts;
	struct rule_fact facts[GUIDE_FACTS_MAX]; /* of those that hold */
	struct sense sense;
	struct balance balance;
	struct tally tally;

	struct held held[HELD_MAX];
	uint32_t held_count;
	char message[CHECK_MESSAGE_BYTES];
	const struct x12_segment *quoted; /* in hand, or NULL: what findings about it quote */

	struct hash_content_state content;
	char content_bytes[CONTENT_BYTES];
	size_t content_len;
	uint64_t progress_offset;
};

/* report.c: findings out. */

/* A finding at `where`, with the message made of `format`; NULL: the row's own text. */
struct finding report_make(struct check *check, enum finding_code code, const struct x12_where *where,
			   const char *segment_id, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* What it counts as here: the partner may have agreed on its rule, place or code. */
enum finding_severity report_severity(const struct check *check, const struct finding *finding);
/* Apply severity, count, and hand to the handler. 0 or what the handler returned. */
int report_deliver(struct check *check, const struct finding *finding);
/* The sink of the reader. */
int report_take_from_reader(void *context, const struct finding *finding);
int report_release_held(struct check *check);
/* Into the finding the segment in hand, when it is about that; when about one that is missing, what stands there. */
void report_quote(const struct check *check, struct finding *finding);
/* Keep a copy of `finding`, text included. */
void report_hold(struct held *held, const struct finding *finding);
/* "DTP03", "INS06-1": the name of an element for messages. */
const char *report_element_name(char out[16], const char *segment_id, uint32_t element_pos, uint32_t component_pos);

/* walk.c: segments into loops. */

void walk_begin(struct check *check);
/* Opens the root with ST. */
int walk_header(struct check *check, const struct x12_segment *segment);
int walk_segment(struct check *check, const struct x12_segment *segment);
/* SE, or NULL where it is missing: closes all loops. */
int walk_trailer(struct check *check, const struct x12_segment *segment);
/* The innermost loop's id, or empty at the root. */
struct slice walk_loop_id(const struct check *check);
struct slice walk_id_of_loop(const struct check *check, uint16_t loop);
/* A segment of unknown id that stood in this loop was `id`, misspelt: one fault, one finding. Asked once. */
bool walk_was_misspelt(struct frame *frame, const char *id);
/* The innermost loop is nothing but its opening segment, though it must hold more, and the segment in hand ends it. */
bool walk_is_bare(struct check *check);

enum walk_how {
	WALK_IN_ORDER,
	WALK_IN_PLACE, /* out of order: loops stay open */
};
/* Take the segment at a place of an open frame, check it and hand it on. */
int walk_accept(struct check *check, uint32_t frame, uint16_t node, enum walk_how how,
		const struct x12_segment *segment);
/* "Next": the innermost open place that takes `symbol`, or NULL. */
static inline const struct plan_node *walk_find_place(struct check *check, uint16_t symbol, struct frame **ret_frame)
{
	const struct check_plan *plan = check->plan;
	for (struct frame *frame = &check->frames[check->frame_count]; frame-- > check->frames;) {
		for (uint16_t l = frame->heads[symbol]; l != PLAN_NONE; l = plan->links[l].next) {
			const struct plan_node *node = &plan->nodes[plan->links[l].node];
			if (node->ordinal < frame->cursor || frame->counts[node->local] >= node->repeat)
				continue;
			*ret_frame = frame;
			return node;
		}
	}
	return NULL;
}
/* Open the loop at a place though the segment that opens it is missing. */
int walk_open_without_opener(struct check *check, uint32_t frame, uint16_t node);
/* Open it though its opening segment is not at hand: it was read as another loop's. */
int walk_open_again(struct check *check, uint32_t frame, uint16_t node);
/* Close frames until only `count` are open. */
int walk_close_to(struct check *check, uint32_t count);
/* The innermost loop has ended, and that nothing is amiss with it is known. */
int walk_leave(struct check *check);
/* Keep the finding about a segment that was passed over until the next one tells what it was meant to be. */
int walk_hold_unknown(struct check *check, const struct finding *finding);
int walk_release_unknown(struct check *check);
int walk_push(struct check *check, uint16_t loop, bool exiled, bool displaced);

/* repair.c: a segment that does not fit. */

/* The place that takes it is full. */
int repair_full(struct check *check, uint32_t frame, uint16_t node, const struct x12_segment *segment);
/* Nothing takes it: it waits for the one behind it. 0 or -ENOMEM. */
int repair_wait(struct check *check, const struct x12_segment *segment);
/* Take the one that waits, if any, before `next` is (NULL: what follows tells nothing). */
int repair_waiting(struct check *check, const struct x12_segment *next);
int repair_unknown(struct check *check, const struct x12_segment *segment);

/* straight.c: the segments that come, for as long as they are as the guide wants them. 0 or <0. */
int straight_walk(struct check *check);

/* element.c: inside a segment. */
int element_check(struct check *check, uint16_t segment_index, const struct x12_segment *segment);
/* Only whether something stands behind its last element: of ST and SE the reader has looked at all before. */
int element_check_end(struct check *check, uint16_t segment_index, const struct x12_segment *segment);
/* Is the element, which is not empty, surely right? `first` is the segment's first one; none has parts. */
bool element_looks_sound(const struct check *check, const struct plan_element *element, const struct slice *at,
			 const struct slice *first);
/* Is nothing missing among the elements that are there, and nothing there that another one forbids? */
bool element_goes_together(const struct plan_segment *plan, uint64_t present);
bool element_breaks_letters(const struct check *check, struct slice value);

/* verdict.c */
void verdict_begin(struct check *check);
/* A segment of the body. */
void verdict_content(struct check *check, struct slice raw, const struct x12_separators *separators);
void verdict_end(struct check *check, struct check_verdict *ret_verdict);

#endif
