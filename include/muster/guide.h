/*
 * guide: implementation guides, compiled.
 *
 * A guide is written in YAML (specs/guides, docs/GUIDES.md) and compiled once, at start, into one immutable block
 * of flat tables: loops, segments at their places, elements, code lists. Everything refers to everything else by
 * index, so a guide can be walked without pointers to chase and shared by any number of readers.
 *
 * Order     segments and loops are numbered in the guide's own order, depth first; a loop's first node is the
 *           segment that starts it, required, once.
 * Loop ids  those of the guide, as IK303 takes them: at most 6 characters. The root, which holds ST, SE and what
 *           belongs to no loop, has the id "" (IK303 is left out there). "LS" (834) is no loop of the guide's own:
 *           it keeps LS, the 2700 loops and LE together inside 2000.
 * ST, SE    are nodes of the root. ST01 and ST03 carry no code lists: whoever picks the guide has checked them.
 * Memory    one arena for each guide, owned by its set.
 * Errors    the YAML of a guide is ours, but a site can bring its own: errors are messages with line and column.
 * Source    834-005010X220A1, 820-005010X218, x12-syntax section 10 (999). Each YAML names its source.
 */
#ifndef MUSTER_GUIDE_H
#define MUSTER_GUIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "muster/buffer.h"
#include "muster/finding.h"
#include "muster/limits.h"
#include "muster/slice.h"

#define GUIDE_NONE UINT16_MAX
#define GUIDE_UNBOUNDED UINT32_MAX
/* Facts of one guide: whoever walks it keeps them as bits. More are refused. */
#define GUIDE_FACTS_MAX 128u

/* What a walker has room for; a guide or overlay that wants more is refused. */
#define GUIDE_LOOP_PLACES_MAX 255u   /* segments and loops of one loop; the 834's 2000 has 17 */
#define GUIDE_LOOP_REQUIRED_MAX 64u  /* of these, required: bits of a mask */
#define GUIDE_SEGMENT_IDS_MAX 127u   /* different segment ids of one guide */
#define GUIDE_LINKS_MAX 60000u       /* over all places: the codes by which segments of that id are told apart */
#define GUIDE_CELLS_MAX (16u * 1024u * 1024u) /* loops times such codes */

enum guide_usage { GUIDE_REQUIRED, GUIDE_SITUATIONAL, GUIDE_NOT_USED };
enum guide_type { GUIDE_AN, GUIDE_ID, GUIDE_N, GUIDE_R, GUIDE_DT, GUIDE_TM, GUIDE_B, GUIDE_COMPOSITE };

/* A set of codes. Inner lists come from the guide, external ones (states, countries...) from specs/codes. */
struct guide_code {
	struct slice code, meaning;
};
struct guide_code_list {
	struct slice name;         /* as in the YAML; "REF01" for codes written in place */
	bool external;             /* a miss is ELEMENT_CODE_EXTERNAL, SNIP 5 */
	uint32_t first, count;     /* in guide->codes, sorted bytewise by code */
	/* Codes of the standard that this guide leaves out: a miss that hits here is ELEMENT_CODE_UNLISTED. */
	uint32_t unlisted_first, unlisted_count;
};

/* How the content of an element beside its type is checked. */
enum guide_format {
	GUIDE_FORMAT_NONE,
	GUIDE_FORMAT_BY_QUALIFIER, /* element 1251: D8, RD8, ... as the element before it says */
	/*
	 * Element 67 and kin: as the element before it says. 34, SY = SSN; 24, FI = EIN; XX = NPI; F6 (REF01) = MBI;
	 * 01 (BPR06, BPR12) = ABA routing number; anything else = no check.
	 */
	GUIDE_FORMAT_ID_BY_QUALIFIER,
	GUIDE_FORMAT_PHONE_BY_QUALIFIER,
	GUIDE_FORMAT_ZIP,
	GUIDE_FORMAT_AMOUNT        /* element 782: at most 10 digits, 2 decimals */
};

struct guide_element {
	uint8_t pos;               /* element position, or component position inside a composite */
	enum guide_usage usage;
	enum guide_type type;
	uint8_t decimals;          /* of type N */
	enum guide_format format;
	uint16_t min, max;         /* lengths as X12 counts them */
	uint16_t repeat;           /* 1 = may not repeat */
	uint16_t element_ref;      /* X12 data element number, 0 = composite without one */
	uint16_t codes;            /* index in guide->code_lists, or GUIDE_NONE */
	/* In guide->elements; composites only. A composite that is NOT_USED as a whole has none. */
	uint16_t first_component, component_count;
	uint16_t first_relation, relation_count;   /* of a composite, in guide->relations */
	struct slice name;
};

/* A relational note: P R E C L over element (or component) positions. */
struct guide_relation {
	char kind;
	uint8_t count;
	uint8_t pos[10];
};

struct guide_segment {
	char id[4];
	struct slice name;
	uint16_t loop;             /* index in guide->loops */
	enum guide_usage usage;
	uint32_t repeat;           /* GUIDE_UNBOUNDED = any number */
	/*
	 * Place in the standard's order inside its loop. Neighbours that open with the same segment id stand at one
	 * place, in any order among them: REF, REF, REF of 2000; 2100A to 2100H; 1000A to 1000C.
	 */
	uint16_t ordinal;
	uint16_t first_element, element_count; /* dense: pos p is first_element + p - 1, NOT_USED ones included */
	uint16_t first_relation, relation_count;
	/*
	 * The element whose value tells this segment from others of the same id (of a composite: its first component);
	 * 0 = the id alone decides. Set only where that element has a code list. Siblings never share a code; one
	 * without a qualifier takes what the others do not.
	 */
	uint8_t qualifier_pos;
	/* Each qualifier at most once in the loop (834 REF, DTP): else SEGMENT_DUPLICATE_QUALIFIER. */
	bool qualifier_once;
};

struct guide_loop {
	char id[8];
	struct slice name;
	enum guide_usage usage;    /* inside its parent: REQUIRED = at least once in each repeat of the parent */
	uint32_t repeat;
	uint16_t parent;           /* GUIDE_NONE for the root */
	uint16_t first_node, node_count; /* its children, segments and loops in order: guide->nodes */
	uint16_t ordinal;          /* as of segments, inside the parent */
	uint8_t depth;             /* root 0 */
};

/* A child of a loop. */
struct guide_node {
	bool is_loop;
	uint16_t index;            /* in guide->loops or guide->segments */
};

/*
 * Situational rules (SNIP 4): "when this is so, that must be sent, or must not".
 *
 * A rule stands at a segment, and is judged there, or at a loop, and is judged when the loop ends. It asks about the
 * segment in hand, and about facts: answers to questions about other segments, which hold from the segment that made
 * them true until their loop begins anew. Flat declarations: whoever walks the guide lays them out for it.
 */

/* Is there a value, and is it one of these? pos 0: is the segment there? component_pos 0: the whole element. */
struct guide_question {
	uint8_t pos, component_pos;
	uint16_t first_value, value_count; /* in guide->values; count 0 = any value */
};
struct guide_fact {
	uint16_t loop;             /* forgotten when this loop begins */
	struct guide_question question;
};
/* A place whose segments can make a fact true. */
struct guide_source {
	uint16_t segment, fact;
	struct slice qualifier;    /* that the segment must have; empty = any */
};
/* A condition: the answer to the question must be `wanted`. */
struct guide_test {
	bool wanted;
	uint16_t fact;             /* GUIDE_NONE: `question` is about the segment in hand */
	struct guide_question question;
};
/* What is required or forbidden: an element of the segment in hand or, at a loop, a segment. */
struct guide_target {
	uint8_t pos, component_pos; /* pos 0: the segment */
	uint16_t fact;             /* at a loop: "it was sent"; else GUIDE_NONE */
	uint16_t segment;          /* at a loop: the place it would stand at */
};
struct guide_rule {
	struct slice name, text;
	enum finding_severity severity;
	bool forbids;              /* each target is; else one of the targets is required */
	uint16_t loop;             /* judged at its end; GUIDE_NONE: at segments, see guide->rule_places */
	uint16_t first_test, test_count;     /* in guide->tests; all must hold */
	uint16_t first_target, target_count; /* in guide->targets */
};
struct guide_rule_place {
	uint16_t segment, rule;
};

struct guide {
	struct slice id;           /* GS08 and ST03: 005010X220A1 */
	struct slice name, set_id, functional_id, source;
	struct guide_loop *loops;  /* loops[0] is the root: the transaction set */
	struct guide_segment *segments;
	struct guide_node *nodes;
	struct guide_element *elements;
	struct guide_relation *relations;
	struct guide_code_list *code_lists;
	struct guide_code *codes;
	uint64_t *code_keys;       /* beside each code its first eight bytes, big-endian, for guide_code_find */
	struct guide_rule *rules;
	struct guide_rule_place *rule_places;
	struct guide_test *tests;
	struct guide_target *targets;
	struct guide_fact *facts;
	struct guide_source *sources;
	struct slice *values;
	uint16_t loop_count, segment_count, node_count, element_count, relation_count, code_list_count;
	uint16_t rule_count, rule_place_count, test_count, target_count, fact_count, source_count, value_count;
	uint32_t code_count;
};

/*
 * A place as people write it: "2000" a loop; "INS", "2000/INS", "2000/REF*1L", "/BGN" (of no loop) segments; "INS03",
 * "2000/INS06-1", "DTP03*357" elements and components.
 */
struct guide_path {
	struct slice loop;         /* empty and `in_loop`: of no loop; "*": any */
	bool in_loop;              /* a loop was named */
	struct slice segment;      /* empty: the loop itself */
	struct slice qualifier;    /* empty: any */
	uint8_t pos, component_pos; /* 0: the whole segment, the whole element */
};

struct guide_set; /* opaque: all guides of a run, with the code sets */
struct arena;
struct env;
struct yaml_node;

enum { GUIDE_E_INVALID = 1, GUIDE_E_NOT_FOUND };

/* The embedded guides and code sets. 0; GUIDE_E_INVALID with messages in `errors`; <0. */
int guide_set_new(struct env *env, struct buffer *errors, struct guide_set **ret_set);
void guide_set_free(struct guide_set *set);
/*
 * Add (or replace, by id) a guide from YAML text; `name` stands in messages. 0; GUIDE_E_INVALID with messages in
 * `errors`, the set unchanged; <0. A replaced guide is freed: pointers to it die.
 */
int guide_set_add(struct guide_set *set, const char *name, struct slice yaml, struct buffer *errors);
/*
 * A set that begins as `base` and is then changed for one partner by the next two. Everything in `arena`; `base` must
 * outlive it. Not for guide_set_add and guide_set_free. 0 or -ENOMEM.
 */
int guide_set_derive(const struct guide_set *base, struct arena *arena, struct guide_set **ret_set);
/*
 * The external list `list` becomes what the file says; an unknown one is added, for overlays to use. The ending of
 * `name` tells its form: .csv a table with the columns code and meaning, .txt a code in each line (a line that begins
 * with # is none), else YAML, written as those of specs/codes. Of a derived set only. 0; GUIDE_E_INVALID with messages
 * in `errors`; <0.
 */
int guide_set_replace_list(struct guide_set *set, struct slice list, const char *name, struct slice content,
                           struct buffer *errors);
/*
 * Lay an overlay over guides (docs/GUIDES.md): {834: {PLACE: {usage: ..., repeat: ..., length: ..., codes: ...}}}. Of a
 * derived set only. `name` and `text` are the file that `overlay` stands in, for messages. The same results.
 */
int guide_set_overlay(struct guide_set *set, const char *name, struct slice text, const struct yaml_node *overlay,
                      struct buffer *errors);
/*
 * `place` of the guide (by id or set) must always be sent, or elements whenever their segment is: rule
 * GUIDE_RULE_AGREED, an error. Of a derived set only. 0; GUIDE_E_NOT_FOUND: no such guide or place; GUIDE_E_INVALID:
 * too many rules; <0.
 */
#define GUIDE_RULE_AGREED "require_seg"
int guide_set_require(struct guide_set *set, struct slice guide_name, struct slice place);
/* Names of the external lists, NULL-terminated, in `arena`. 0 or -ENOMEM. */
int guide_set_lists(const struct guide_set *set, struct arena *arena, const char *const **ret_names);
/* By ST03/GS08, or NULL. */
const struct guide *guide_set_find(const struct guide_set *set, struct slice guide_id);
uint32_t guide_set_count(const struct guide_set *set);
const struct guide *guide_set_at(const struct guide_set *set, uint32_t index);

/* Index of `code` in guide->codes when it is in the list, or -1. Unlisted codes are not in the list. */
int64_t guide_code_find(const struct guide *guide, uint16_t code_list, struct slice code);
/* Is `code` one that the standard has and the guide leaves out? */
bool guide_code_is_unlisted(const struct guide *guide, uint16_t code_list, struct slice code);
/* The code list of the segment's qualifier, or GUIDE_NONE when it has none. */
uint16_t guide_qualifier_codes(const struct guide *guide, const struct guide_segment *segment);
/* The element of a segment at `pos` (from 1), or NULL past the last one. */
const struct guide_element *guide_element_at(const struct guide *guide, const struct guide_segment *segment,
                                             uint32_t pos);
/*
 * Can a segment of this id and qualifier value (the first component, where the qualifier is a composite) be this
 * node? Segments without qualifier match by id alone.
 */
bool guide_segment_matches(const struct guide *guide, const struct guide_segment *segment, struct slice id,
                           struct slice qualifier);
/* Does any segment of the guide bear this id? */
bool guide_knows_segment(const struct guide *guide, struct slice id);

/* False when `text` has not the form of a path. Whether the guide has such a place is another question. */
bool guide_path_parse(const struct guide *guide, struct slice text, struct guide_path *ret_path);
/* Is this segment (index in guide->segments) at the path? Not for paths of loops. */
bool guide_path_has(const struct guide *guide, const struct guide_path *path, uint16_t segment);
/* The loop of this id, or GUIDE_NONE. The root has the id "". */
uint16_t guide_loop_find(const struct guide *guide, struct slice id);

/* What a person calls a guide: its id, or the number of its set (the first such guide). NULL when there is none. */
const struct guide *guide_set_named(const struct guide_set *set, struct slice name);
/* One line for each guide: set, id, name. Failures stay in `out`. */
void guide_print_list(const struct guide_set *set, struct buffer *out);
/*
 * Text for people. `path`: "" the whole tree; "2000" a loop; "INS" or "2000/INS" segments with elements and codes;
 * "2000/REF*1L" the one of this qualifier; "/REF" those of no loop; "2000/INS03" an element. 0, GUIDE_E_NOT_FOUND, <0.
 */
int guide_print(const struct guide *guide, struct slice path, struct buffer *out);

#endif
