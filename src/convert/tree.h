/*
 * tree: the nodes of a converted file, written as JSON or XML.
 *
 * Calls nest as the nodes do. The tree knows how a value is written that text cannot hold; it knows nothing of X12.
 */
#ifndef MUSTER_CONVERT_TREE_H
#define MUSTER_CONVERT_TREE_H

#include "muster/convert.h"
#include "muster/json.h"
#include "muster/xml.h"

#define TREE_SCHEMA "muster.x12"
#define TREE_NAMESPACE "urn:muster:x12:1"
/* Bytes of one "bytes" node; longer runs are several. */
#define TREE_BYTES 4096u
/* Nodes above segments: 3 envelopes and the loops; deeper ones are left out (a damaged set's loops may pile up). */
#define TREE_DEPTH_MAX 12u
/* A separator: itself, or "0x1c". */
#define TREE_SEPARATOR_BYTES 5

struct tree {
	const struct convert_sink *sink;
	struct buffer out; /* JSON on its way; XML goes through its writer */
	struct json json;
	struct xml_writer *xml; /* NULL: JSON */
	struct buffer hex;
	int indent; /* of JSON outside segments */
};

int tree_init(struct tree *tree, struct env *env, enum convert_form form, const struct convert_sink *sink);
void tree_fini(struct tree *tree);
/* What has gathered goes to the sink when it is much, or when `all`. 0 or the first failure so far. */
int tree_flush(struct tree *tree, bool all);

void tree_begin(struct tree *tree, bool masked, bool bom);
/* Closes the document and flushes. */
int tree_end(struct tree *tree);

void tree_interchange_begin(struct tree *tree, const struct x12_separators *separators, struct slice line_end,
			    struct slice control);
void tree_fgroup_begin(struct tree *tree, struct slice control);
/* `guide` and `name` empty where the set could not be walked. */
void tree_tset_begin(struct tree *tree, struct slice control, struct slice guide, struct slice name);
void tree_loop_begin(struct tree *tree, struct slice id, struct slice name);
/* Interchange, group, set or loop. */
void tree_node_end(struct tree *tree);

void tree_segment_begin(struct tree *tree, struct slice id, struct slice name, bool unterminated);
void tree_segment_end(struct tree *tree);
/* Elements; and components, which stand in an element or in a repetition. */
enum tree_part { TREE_ELEMENT, TREE_COMPONENT };
void tree_value(struct tree *tree, enum tree_part part, uint32_t pos, struct slice name, struct slice value,
		struct slice meaning);
/* One that is divided: then come components or repetitions, between begin and end of their list. */
void tree_element_begin(struct tree *tree, uint32_t pos, struct slice name);
void tree_element_end(struct tree *tree);
enum tree_list { TREE_COMPONENTS, TREE_REPETITIONS };
void tree_list_begin(struct tree *tree, enum tree_list list);
void tree_list_end(struct tree *tree);
/* A repetition: undivided, or begin, a list of components, end. */
void tree_repetition(struct tree *tree, struct slice value);
void tree_repetition_begin(struct tree *tree);
void tree_repetition_end(struct tree *tree);

/* At most TREE_BYTES. */
void tree_bytes(struct tree *tree, struct slice bytes);

#endif
