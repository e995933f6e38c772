/*
 * compile: one guide from YAML to flat tables. Private to guide.
 */
#ifndef MUSTER_GUIDE_COMPILE_H
#define MUSTER_GUIDE_COMPILE_H

#include "dictionary.h"

struct guide_entry {
	struct arena arena; /* not of derived sets */
	struct guide *guide;
};

struct guide_set {
	struct env *env;
	struct arena arena;
	struct arena *site; /* of a derived set: where it lives; else NULL */
	struct dictionary dictionary;
	struct guide_entry *entries;
	uint32_t count;
};

/* First eight bytes, big-endian, zeros behind: the order of keys is the order of codes. */
uint64_t guide_code_key(struct slice code);

/* "REF R 1 subscriber id", "loop 2000 R >1 member" */
struct guide_heading {
	bool is_loop;
	struct slice id, name;
	enum guide_usage usage;
	uint32_t repeat;
};

/* What a guide says of one position: "R 4/9 @list ~format name", or [that, {codes or components}]. */
struct guide_row {
	const struct yaml_node *at; /* NULL: nothing */
	enum guide_usage usage;
	uint16_t min, max; /* 0: as the dictionary says */
	struct slice list, name;
	enum guide_format format; /* NONE: as the dictionary says */
	const struct yaml_node *mapping;
};

/* False, with a complaint, when the entry's key is no heading. */
bool guide_read_heading(struct guide_text *text, const struct yaml_node *entry, struct guide_heading *ret_heading);
/* The id of the segment that the segment or loop at `entry` opens with; empty when it is neither. */
struct slice guide_opening_id(const struct yaml_node *entry);
/* "R", "S", "N"; "7", ">1". */
bool guide_read_usage(struct slice word, enum guide_usage *ret_usage);
bool guide_read_repeat(struct slice word, uint32_t *ret_repeat);
/* Rows by position, 1-based, of a mapping; `rows` has DICTIONARY_POSITIONS + 1 places. */
void guide_read_rows(struct guide_text *text, const struct yaml_node *mapping, const struct dictionary_layout *layout,
		     struct guide_row *rows);
/* Of a segment: those of the shape it is `like`, then its own. */
void guide_read_segment_rows(struct guide_text *text, const struct yaml_node *shapes, const struct yaml_node *entry,
			     const struct dictionary_layout *layout, struct guide_row *rows);

/* Complain about loops and siblings; `places` says where each segment stands in the YAML. */
void guide_check_tree(struct guide_text *text, const struct guide *guide, const struct yaml_node *const *places);

/*
 * Complain where there is more of something than a walker has room for. `places` as above, or NULL: then everything is
 * said at `at` (NULL: at the beginning of the text).
 */
void guide_check_limits(struct guide_text *text, const struct guide *guide, const struct yaml_node *const *places,
			const struct yaml_node *at);

/* Add rules to a guide whose tables stand; those of a name it has replace it. 0, with complaints in `text`; or <0. */
int guide_compile_rules(struct arena *arena, struct guide_text *text, const struct yaml_node *rules,
			struct guide *guide);

/* The rule that `place` must always be sent. 0; GUIDE_E_NOT_FOUND when there is none; GUIDE_E_INVALID; <0. */
int guide_compile_required(struct arena *arena, struct slice place, struct guide *guide);

/* Compile `root` into `arena`. 0, with complaints in `text` (then *ret_guide is not set); or <0. */
int guide_compile(struct env *env, const struct dictionary *dictionary, struct arena *arena, struct guide_text *text,
		  const struct yaml_node *root, struct guide **ret_guide);

#endif
