/*
 * plan: one guide, laid out for walking.
 *
 * The guide's tables say what is allowed; a plan turns the two questions that are asked for every segment into
 * table look-ups: "which symbol is this?" (segment id and qualifier) and "which places of this loop take that
 * symbol?". Made once per guide and source, then only read.
 *
 * Memory    an arena of the caller; immutable after plan_new.
 */
#ifndef MUSTER_CHECK_PLAN_H
#define MUSTER_CHECK_PLAN_H

#include "muster/arena.h"
#include "muster/guide.h"
#include "muster/x12.h"
#include "value.h"

#define PLAN_NONE UINT16_MAX
/* Segments of a loop whose qualifiers may stand only once; the 834's 2000 has two (REF, DTP). */
#define PLAN_ONCE_SLOTS 4u
/* Required children of one loop; the bits of a mask. */
#define PLAN_REQUIRED_MAX 64u
#define PLAN_ID_SLOTS 256u
/* Counters of a loop's places are cleared so many at a time: there is room for a multiple of it. */
#define PLAN_COUNTS_STEP 16u
/* Qualifiers of one id that once_slot tells apart; REF has some sixty. */
#define PLAN_NUMBER_MAX 127u
/* Sources, and rules, of a segment that straight.c takes: bits of a mask. */
#define PLAN_STRAIGHT_MAX 64u

/* What the inner loop does with a value; one step coarser than type and format of the guide. */
enum plan_kind {
	PLAN_TEXT,
	PLAN_CODE,     /* an inner list */
	PLAN_EXTERNAL, /* an external list */
	PLAN_INTEGER,  /* N0..N9 */
	PLAN_DECIMAL,
	PLAN_DATE,
	PLAN_TIME,
	PLAN_PERIOD,   /* element 1251: as the element before it says */
	PLAN_IDENTITY, /* element 67 and kin, the same way */
	PLAN_PHONE,
	PLAN_ZIP,
	PLAN_COMPOSITE,
	PLAN_UNUSED
};

struct plan_element {
	uint8_t kind;
	uint16_t min, span; /* the least length, and how much longer it may be */
	uint16_t codes;     /* in plan->codes, or PLAN_NONE */
	uint32_t usual;     /* the first of them, packed; 0 = it has none */
};

/* A code list as a hash table of packed codes; codes of more than four bytes are looked up in the guide. */
struct plan_codes {
	const uint32_t *slots;
	uint32_t mask;
	bool packed;
};

struct plan_relation {
	char kind;
	uint64_t first, rest; /* masks: bit 0 is element 1 */
};

/* A question of the guide, its codes packed: plan->values. */
struct plan_question {
	uint8_t pos, component_pos;
	uint16_t first_value, value_count;
};

struct plan_test {
	bool wanted;
	uint16_t fact; /* GUIDE_NONE: about the segment in hand */
	struct plan_question question;
};

struct plan_source {
	uint64_t needs;     /* mask of the element asked about; 0 = none */
	uint32_t qualifier; /* packed; 0 = any */
	uint16_t fact;
	struct plan_question question;
};

/* Facts of the guide as bits. */
struct plan_facts {
	uint64_t words[GUIDE_FACTS_MAX / 64];
};

/* A rule, with what the mask of the elements sent tells of it beforehand. */
struct plan_rule {
	uint64_t needs;     /* when one of them is not sent, it does not apply */
	uint64_t enough;    /* when one of them is sent, it is kept */
	uint64_t forbidden; /* when none of them is sent, it is kept; 0 = that cannot be told */
	uint16_t rule;
	bool forbids;
	struct plan_facts held, unheld; /* it applies when all of these hold, and none of those */
	struct plan_facts sent;         /* at a loop: one of its targets was sent */
};

struct plan_segment {
	const struct plan_element *elements;
	const struct plan_relation *relations;
	uint64_t required; /* mask of elements */
	uint8_t element_count, relation_count;
	uint8_t qualifier_pos;
	uint8_t sense;                       /* enum sense_of, 0 = no check of sense looks at this segment */
	bool ruled;                          /* it tells facts, or rules stand at it */
	bool wanted;                         /* the handler is to have it */
	bool not_used;                       /* it must not be sent */
	bool straight;                       /* straight.c may take it */
	uint16_t first_source, source_count; /* in plan->sources */
	uint8_t source_qualifier_pos;        /* where some source asks for a qualifier; else 0 */
	/* Where it is straight: the facts that it tells by being there, and the sources of the others as a mask. */
	struct plan_facts told;
	uint64_t asks;
	uint16_t first_rule, rule_count;     /* in plan->rules */
};

/* A place in a loop: a segment, or a child loop that its first segment opens. Parallel to guide->nodes. */
struct plan_node {
	uint64_t required_before; /* required siblings of a smaller ordinal */
	uint64_t required_bit;    /* 0 = not required */
	uint32_t repeat;
	uint16_t segment; /* the segment that stands or opens here */
	uint16_t child;   /* the loop that it opens, or PLAN_NONE */
	uint16_t loop;    /* the loop it stands in */
	uint16_t ordinal;
	uint8_t local;     /* its number in the loop */
	uint8_t depth;     /* of the loop: so many are open around it, if none is out of its place */
	uint8_t once_slot; /* 1.., 0 = qualifiers may repeat */
	bool opens_here;   /* the segment that opened the loop itself: fits only as long as it may repeat */
};

/* A link of the list of nodes that take a symbol in a loop, in the guide's order. */
struct plan_link {
	uint16_t node, next;
};

struct plan_loop {
	uint64_t required; /* bits of its required nodes */
	uint16_t first_node, node_count;
	uint16_t first_segment; /* that opens it */
	bool is_member;         /* member_pos counts from here to its end: 2000 */
	bool is_line;           /* opening it is one more member or remittance line */
	bool has_once;          /* some of its nodes have a once_slot */
	uint8_t sense;          /* enum sense_loop */
	bool forgets;           /* some fact ends when the loop begins: */
	struct plan_facts forgotten;
	uint16_t first_rule, rule_count; /* in plan->rules: judged when it ends */
	struct plan_facts asked;         /* that these rules ask about */
	const uint16_t *heads;           /* its row of plan->heads */
	const uint16_t *moves;           /* and of plan->moves */
};

struct plan_id {
	uint32_t key;    /* packed id; 0 = free */
	uint16_t symbol; /* of an unknown or absent qualifier; those of known ones are looked up */
	uint8_t qualifier_pos;
	bool listed;    /* has qualifiers to look up */
	bool composite; /* the qualifier is the element's first component */
	bool body;      /* its segments can only be what stands between ST and SE */
};

struct plan_symbol {
	uint64_t key; /* packed id above packed qualifier; 0 = free */
	uint16_t symbol;
};

struct check_plan {
	const struct guide *guide;
	struct plan_loop *loops;
	struct plan_node *nodes;
	struct plan_segment *segments;
	struct plan_element *elements;
	struct plan_relation *relations;
	struct plan_codes *codes;
	struct plan_link *links;
	/* The guide's rules: tests and values beside its own, the rest sorted by the segment or loop that needs it. */
	struct plan_test *tests;
	struct plan_source *sources;
	struct plan_rule *rules;
	uint32_t *values;
	uint16_t *heads; /* [loop][symbol]: first link, or PLAN_NONE */
	/*
	 * [loop][symbol]: the node that takes the symbol where the loop is open innermost, in it or around it, if all is in
	 * its place and the node has room for it; PLAN_NONE: there is none, or not for straight.c. What is first in the
	 * order of the walk, so that others need be asked only where it has none.
	 */
	uint16_t *moves;
	struct plan_id ids[PLAN_ID_SLOTS];
	struct plan_symbol *symbols;
	uint8_t *marks;   /* by symbol: dates that sense looks at */
	uint8_t *numbers; /* by symbol: which of the qualifiers of its id, from 1; 0 = none, or beyond PLAN_NUMBER_MAX */
	uint32_t symbol_mask;
	uint16_t symbol_count;
	uint16_t node_max;   /* of one loop */
	uint16_t st, se;     /* segments of the envelope; SE may be PLAN_NONE */
	bool wants_unplaced; /* the handler is to have segments without a place */
};

/* 0 or -ENOMEM. */
int plan_new(struct arena *arena, const struct guide *guide, struct check_plan **ret_plan);

static inline uint32_t plan_mix(uint32_t key)
{
	return (key * UINT32_C(2654435761)) >> 16;
}

/* `key` is the value, packed. */
static inline bool plan_has_code(const struct check_plan *plan, uint16_t codes, struct slice value, uint32_t key)
{
	const struct plan_codes *list = &plan->codes[codes];
	uint32_t at = plan_mix(key) & list->mask;
	if (!list->packed)
		return guide_code_find(plan->guide, codes, value) >= 0;
	while (list->slots[at] != 0) {
		if (list->slots[at] == key)
			return true;
		at = (at + 1) & list->mask;
	}
	return false;
}

static inline bool plan_fact_is(const struct plan_facts *facts, uint16_t fact)
{
	return (facts->words[fact / 64] >> (fact % 64) & 1) != 0;
}

static inline void plan_fact_set(struct plan_facts *facts, uint16_t fact)
{
	facts->words[fact / 64] |= UINT64_C(1) << (fact % 64);
}

static inline void plan_facts_add(struct plan_facts *facts, const struct plan_facts *more)
{
	for (size_t w = 0; w < GUIDE_FACTS_MAX / 64; w++)
		facts->words[w] |= more->words[w];
}

/* Any fact of both? */
static inline bool plan_facts_meet(const struct plan_facts *a, const struct plan_facts *b)
{
	uint64_t both = 0;
	for (size_t w = 0; w < GUIDE_FACTS_MAX / 64; w++)
		both |= a->words[w] & b->words[w];
	return both != 0;
}

/* All of `wanted` among `facts`? */
static inline bool plan_facts_include(const struct plan_facts *facts, const struct plan_facts *wanted)
{
	uint64_t lacking = 0;
	for (size_t w = 0; w < GUIDE_FACTS_MAX / 64; w++)
		lacking |= wanted->words[w] & ~facts->words[w];
	return lacking == 0;
}

/* The symbol of a segment; PLAN_NONE when the guide knows no such id. */
uint16_t plan_symbol_of(const struct check_plan *plan, const struct x12_segment *segment);
/* The entry of an id, packed, or NULL. */
static inline const struct plan_id *plan_find_key(const struct check_plan *plan, uint32_t key)
{
	uint32_t at = plan_mix(key) & (PLAN_ID_SLOTS - 1);
	while (plan->ids[at].key != 0) {
		if (plan->ids[at].key == key)
			return &plan->ids[at];
		at = (at + 1) & (PLAN_ID_SLOTS - 1);
	}
	return NULL;
}

static inline const struct plan_id *plan_find_id(const struct check_plan *plan, struct slice id)
{
	return plan_find_key(plan, value_pack(id));
}

/* Where a symbol is kept, or the free slot where it would be. */
static inline struct plan_symbol *plan_symbol_slot(const struct check_plan *plan, uint32_t id, uint32_t qualifier)
{
	uint64_t key = (uint64_t)id << 32 | qualifier;
	uint32_t i = (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 40) & plan->symbol_mask;
	while (plan->symbols[i].key != 0 && plan->symbols[i].key != key)
		i = (i + 1) & plan->symbol_mask;
	return &plan->symbols[i];
}

/* The symbol of its segments that have this qualifier, trimmed of blanks and packed. */
static inline uint16_t plan_symbol_with(const struct check_plan *plan, const struct plan_id *entry, uint32_t qualifier)
{
	const struct plan_symbol *slot = plan_symbol_slot(plan, entry->key, qualifier);
	return slot->key != 0 ? slot->symbol : entry->symbol;
}

static inline uint16_t plan_head(const struct check_plan *plan, uint16_t loop, uint16_t symbol)
{
	return plan->heads[(uint32_t)loop * plan->symbol_count + symbol];
}

#endif
