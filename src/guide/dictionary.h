/*
 * dictionary: what X12 itself says of elements, composites and segments, and the external code lists.
 *
 * Read once from specs/elements.yaml and specs/codes, in the arena of the set; guides are compiled against it.
 */
#ifndef MUSTER_GUIDE_DICTIONARY_H
#define MUSTER_GUIDE_DICTIONARY_H

#include "muster/arena.h"
#include "muster/guide.h"
#include "muster/yaml.h"

/* Positions of the widest segment a guide may use; the SLN has 28. */
#define DICTIONARY_POSITIONS 40u

/* A YAML file that is being read, for messages. */
struct guide_text {
	const char *name;
	struct slice text;
	struct buffer *errors;
	bool invalid; /* something was complained about */
};

struct dictionary_element {
	uint16_t ref;
	enum guide_type type;
	uint8_t decimals;
	uint16_t min, max;
	enum guide_format format;
	struct slice list; /* external code list; empty = none */
	struct slice name;
};

/* A position of a segment or composite: an element, or a composite (NULL element). */
struct dictionary_item {
	const struct dictionary_element *element;
	const struct dictionary_layout *composite;
	uint16_t repeat;
};

struct dictionary_layout {
	struct slice id;
	const struct dictionary_item *items;
	uint8_t item_count;
	uint8_t qualifier_pos;
	uint16_t first_relation, relation_count;
};

/* An external code list, sorted. */
struct dictionary_list {
	struct slice name;
	struct guide_code *codes;
	uint32_t count;
};

struct dictionary {
	struct dictionary_element *elements; /* sorted by ref */
	struct dictionary_layout *layouts;   /* composites and segments */
	struct guide_relation *relations;    /* every guide of the set points here */
	struct dictionary_list *lists;
	uint32_t element_count, layout_count, relation_count, list_count;
};

/* Messages of the readers; marks the text as invalid. */
void guide_complain(struct guide_text *text, const struct yaml_node *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same, pointing at the node's key. */
void guide_complain_at_key(struct guide_text *text, const struct yaml_node *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Next word of `*rest` (blanks between), or the empty slice. */
struct slice guide_word(struct slice *rest);
/* "1/35". */
bool guide_read_length(struct slice word, uint16_t *ret_min, uint16_t *ret_max);
/* "date", "id", "phone", "zip", "amount". */
bool guide_read_format(struct slice word, enum guide_format *ret_format);
/* "P0809" and kin; `positions` = how many there are. */
bool guide_read_relation(struct slice word, uint32_t positions, struct guide_relation *ret_relation);
/* Codes of a mapping (code: meaning), sorted, in `arena`. 0 or <0. */
int guide_read_codes(struct arena *arena, struct guide_text *text, const struct yaml_node *mapping,
		     struct guide_code **ret_codes, uint32_t *ret_count);

/* 0, with complaints in `text`; or <0. */
int dictionary_read(struct dictionary *dictionary, struct arena *arena, struct guide_text *text,
		    const struct yaml_node *root);
/* One file of specs/codes; `lists` has room. 0, with complaints in `text`; or <0. */
int dictionary_read_list(struct dictionary *dictionary, struct arena *arena, struct guide_text *text,
			 const struct yaml_node *root);
/* NULL when there is none. */
const struct dictionary_layout *dictionary_layout_find(const struct dictionary *dictionary, struct slice id);
const struct dictionary_list *dictionary_list_find(const struct dictionary *dictionary, struct slice name);

#endif
