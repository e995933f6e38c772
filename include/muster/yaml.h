/*
 * yaml: strict YAML with marks. The one door to libyaml.
 *
 * A document as a tree of scalars, sequences and mappings, each with line and column, for guides, code lists,
 * the configuration and partner profiles. Every scalar is text: 01, no and 1e5 mean what they look like, and the
 * reader of a value decides (yaml_to_bool, yaml_to_i64). Refused with a message at line and column: more than
 * LIMIT_YAML_BYTES, depth over LIMIT_YAML_DEPTH, anchors and aliases, tags, duplicate keys, keys that are not
 * scalars, several documents, anything but UTF-8. A text without any content is an empty mapping.
 *
 * Memory    everything in the caller's arena; nothing refers to `text` afterwards.
 * Source    reference/security sections 5 and 6.
 */
#ifndef MUSTER_YAML_H
#define MUSTER_YAML_H

#include <stdbool.h>
#include <stdint.h>

#include "muster/arena.h"
#include "muster/buffer.h"

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
	enum yaml_kind kind;
	uint32_t line, column; /* 1-based; columns count characters, not bytes */
	struct slice key;      /* inside a mapping: this entry's key; else empty */
	uint32_t key_line, key_column;
	struct slice text;     /* scalars; "" for null (nothing, ~ or null, unquoted). NUL-terminated behind its end */
	bool quoted;           /* in quotes, or a block scalar */
	struct yaml_node *first, *next; /* children in order; the next sibling */
	uint32_t count;        /* children */
};

enum { YAML_E_INVALID = 1 };

/*
 * Parse `text`. 0 with *ret_root; YAML_E_INVALID with a message for a person appended to `errors`
 * (`name:line:column: what`, the line, and a caret below); -ENOMEM.
 */
int yaml_parse(struct arena *arena, const char *name, struct slice text, struct buffer *errors,
               struct yaml_node **ret_root);
/* The value of `key` in a mapping, or NULL (also when `mapping` is NULL or no mapping). */
const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);
/* The text of the scalar at `key`, or `otherwise` when there is none. */
struct slice yaml_text(const struct yaml_node *mapping, const char *key, struct slice otherwise);
/* true, yes, on / false, no, off, unquoted. */
bool yaml_to_bool(const struct yaml_node *scalar, bool *ret_value);
/* Decimal digits with an optional minus, unquoted. */
bool yaml_to_i64(const struct yaml_node *scalar, int64_t *ret_value);
/* Append `name:line:column: message`, the source line and a caret. `text` is what was parsed. */
void yaml_complain(struct buffer *errors, const char *name, struct slice text, uint32_t line, uint32_t column,
                   const char *format, ...) __attribute__((format(printf, 6, 7)));
/*
 * Complain about every key of `mapping` that is not in `known` (NULL-terminated), naming the nearest known one.
 * Returns how many.
 */
uint32_t yaml_check_keys(struct buffer *errors, const char *name, struct slice text, const struct yaml_node *mapping,
                         const char *const *known);
/* The entry of `known` (NULL-terminated) that `word` was probably meant to be, or NULL when none is near. */
const char *yaml_nearest(struct slice word, const char *const *known);

#endif
