/*
 * From libyaml's events to our tree.
 *
 * One event at a time: a stack of open collections, at most LIMIT_YAML_DEPTH deep, and an end at the first thing
 * that is not taken. libyaml is quadratic in depth, so the limit is held while reading events, never afterwards.
 * libyaml's own memory does not pass through env (its allocator cannot be replaced); ours is the caller's arena.
 */
#include "muster/yaml.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <yaml.h>

#include "muster/limits.h"

/* Up to this many keys a mapping is searched for its double one by one; more are sorted. */
#define SEARCHED_KEYS 16u

struct frame {
	struct yaml_node *node, *last;
	struct slice key;
	uint32_t key_line, key_column;
	bool has_key;
};

struct reading {
	yaml_parser_t parser;
	struct arena *arena;
	const char *name;
	struct slice text;
	struct buffer *errors;
	struct frame frames[LIMIT_YAML_DEPTH];
	uint32_t depth, documents;
	struct yaml_node *root;
	bool at_end;
};

static uint32_t line_of(yaml_mark_t mark)
{
	return (uint32_t)mark.line + 1;
}

static uint32_t column_of(yaml_mark_t mark)
{
	return (uint32_t)mark.column + 1;
}

static int refuse(const struct reading *r, yaml_mark_t mark, const char *why)
{
	yaml_complain(r->errors, r->name, r->text, line_of(mark), column_of(mark), "%s", why);
	return r->errors->error < 0 ? r->errors->error : YAML_E_INVALID;
}

/* libyaml's reader gives a byte offset instead of a mark. */
static int refuse_byte(const struct reading *r, const char *why)
{
	uint32_t line = 1, column = 1;
	size_t i;

	for (i = 0; i < r->text.len && i < r->parser.problem_offset; i++) {
		if (r->text.data[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)r->text.data[i] & 0xC0) != 0x80) {
			column++;
		}
	}
	yaml_complain(r->errors, r->name, r->text, line, column, "%s", why);
	return r->errors->error < 0 ? r->errors->error : YAML_E_INVALID;
}

static int parser_failed(const struct reading *r)
{
	const char *problem = r->parser.problem != NULL ? r->parser.problem : "this is not YAML";

	if (r->parser.error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (r->parser.error == YAML_READER_ERROR)
		return refuse_byte(r, problem);
	return refuse(r, r->parser.problem_mark, problem);
}

/* By key; equal ones by place, so that the later of two is the double. */
static int compare_by_key(const void *a, const void *b)
{
	const struct yaml_node *x = *(struct yaml_node *const *)a, *y = *(struct yaml_node *const *)b;
	int order = slice_compare(x->key, y->key);

	if (order != 0)
		return order;
	if (x->key_line != y->key_line)
		return x->key_line < y->key_line ? -1 : 1;
	return x->key_column < y->key_column ? -1 : 1;
}

static bool stands_before(const struct yaml_node *a, const struct yaml_node *b)
{
	return b == NULL || a->key_line < b->key_line || (a->key_line == b->key_line && a->key_column < b->key_column);
}

/* The first entry whose key stood before, or NULL. */
static const struct yaml_node *find_double(const struct yaml_node *mapping)
{
	const struct yaml_node *entry, *earlier;

	for (entry = mapping->first; entry != NULL; entry = entry->next)
		for (earlier = mapping->first; earlier != entry; earlier = earlier->next)
			if (slice_equal(earlier->key, entry->key))
				return entry;
	return NULL;
}

static int find_double_sorted(struct arena *arena, struct yaml_node *mapping, const struct yaml_node **ret_double)
{
	struct arena_mark mark = arena_mark(arena);
	struct yaml_node **sorted = arena_alloc_array(arena, mapping->count, sizeof(struct yaml_node *)), *entry;
	const struct yaml_node *first = NULL;
	uint32_t i = 0;

	if (sorted == NULL)
		return -ENOMEM;
	for (entry = mapping->first; entry != NULL; entry = entry->next)
		sorted[i++] = entry;
	qsort(sorted, mapping->count, sizeof(struct yaml_node *), compare_by_key);
	for (i = 1; i < mapping->count; i++)
		if (slice_equal(sorted[i - 1]->key, sorted[i]->key) && stands_before(sorted[i], first))
			first = sorted[i];
	arena_rewind(arena, mark);
	*ret_double = first;
	return 0;
}

static int check_doubles(const struct reading *r, struct yaml_node *mapping)
{
	const struct yaml_node *entry = NULL;
	int error = 0;

	if (mapping->count <= SEARCHED_KEYS)
		entry = find_double(mapping);
	else
		error = find_double_sorted(r->arena, mapping, &entry);
	if (error < 0 || entry == NULL)
		return error;
	yaml_complain(r->errors, r->name, r->text, entry->key_line, entry->key_column, "the key \"%.*s\" stands twice",
		      (int)(entry->key.len < 80 ? entry->key.len : 80), entry->key.data);
	return r->errors->error < 0 ? r->errors->error : YAML_E_INVALID;
}

/* A scalar where a mapping waits for a key. */
static int take_key(struct reading *r, struct frame *frame, const yaml_event_t *event)
{
	frame->key = arena_dup(r->arena, slice_of((const char *)event->data.scalar.value, event->data.scalar.length));
	if (frame->key.data == NULL)
		return -ENOMEM;
	frame->key_line = line_of(event->start_mark);
	frame->key_column = column_of(event->start_mark);
	frame->has_key = true;
	return 0;
}

/* Hang `node` where the document stands. */
static void append(struct reading *r, struct yaml_node *node)
{
	struct frame *parent;

	if (r->depth == 0) {
		r->root = node;
		return;
	}
	parent = &r->frames[r->depth - 1];
	if (parent->node->kind == YAML_MAPPING) {
		node->key = parent->key;
		node->key_line = parent->key_line;
		node->key_column = parent->key_column;
		parent->has_key = false;
	}
	if (parent->last == NULL)
		parent->node->first = node;
	else
		parent->last->next = node;
	parent->last = node;
	parent->node->count++;
}

static bool wants_key(const struct reading *r)
{
	return r->depth > 0 && r->frames[r->depth - 1].node->kind == YAML_MAPPING && !r->frames[r->depth - 1].has_key;
}

static int add_node(struct reading *r, const yaml_event_t *event, enum yaml_kind kind, struct yaml_node **ret_node)
{
	struct yaml_node *node = arena_alloc(r->arena, sizeof(*node));

	if (node == NULL)
		return -ENOMEM;
	node->kind = kind;
	node->line = line_of(event->start_mark);
	node->column = column_of(event->start_mark);
	append(r, node);
	*ret_node = node;
	return 0;
}

static int take_scalar(struct reading *r, const yaml_event_t *event)
{
	struct slice value = slice_of((const char *)event->data.scalar.value, event->data.scalar.length);
	struct yaml_node *node;
	int error;

	if (event->data.scalar.anchor != NULL)
		return refuse(r, event->start_mark, "anchors are not taken: write the value where it is used");
	if (event->data.scalar.tag != NULL)
		return refuse(r, event->start_mark, "tags are not taken: every value is text");
	if (wants_key(r))
		return take_key(r, &r->frames[r->depth - 1], event);
	error = add_node(r, event, YAML_SCALAR, &node);
	if (error < 0)
		return error;
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	if (!node->quoted && (slice_is(value, "~") || slice_is(value, "null")))
		value = SLICE_EMPTY;
	node->text = arena_dup(r->arena, value);
	return node->text.data == NULL ? -ENOMEM : 0;
}

static int open_collection(struct reading *r, const yaml_event_t *event, enum yaml_kind kind, bool anchor, bool tag)
{
	struct yaml_node *node;
	int error;

	if (anchor)
		return refuse(r, event->start_mark, "anchors are not taken: write the value where it is used");
	if (tag)
		return refuse(r, event->start_mark, "tags are not taken: every value is text");
	if (wants_key(r))
		return refuse(r, event->start_mark, "a key must be plain text");
	if (r->depth == LIMIT_YAML_DEPTH)
		return refuse(r, event->start_mark, "nested too deeply");
	error = add_node(r, event, kind, &node);
	if (error < 0)
		return error;
	r->frames[r->depth++] = (struct frame){.node = node};
	return 0;
}

static int close_collection(struct reading *r)
{
	struct yaml_node *node;

	assert(r->depth > 0);
	node = r->frames[--r->depth].node;
	return node->kind == YAML_MAPPING ? check_doubles(r, node) : 0;
}

static int take_event(struct reading *r, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return 0;
	case YAML_STREAM_END_EVENT:
		r->at_end = true;
		return 0;
	case YAML_DOCUMENT_START_EVENT:
		return r->documents++ == 0 ? 0 : refuse(r, event->start_mark, "only one document is taken");
	case YAML_ALIAS_EVENT:
		return refuse(r, event->start_mark, "aliases are not taken: write the value where it is used");
	case YAML_SCALAR_EVENT:
		return take_scalar(r, event);
	case YAML_SEQUENCE_START_EVENT:
		return open_collection(r, event, YAML_SEQUENCE, event->data.sequence_start.anchor != NULL,
				       event->data.sequence_start.tag != NULL);
	case YAML_MAPPING_START_EVENT:
		return open_collection(r, event, YAML_MAPPING, event->data.mapping_start.anchor != NULL,
				       event->data.mapping_start.tag != NULL);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return close_collection(r);
	}
	return 0;
}

static int read_events(struct reading *r)
{
	while (!r->at_end) {
		yaml_event_t event;
		int error;

		if (yaml_parser_parse(&r->parser, &event) == 0)
			return parser_failed(r);
		error = take_event(r, &event);
		yaml_event_delete(&event);
		if (error != 0)
			return error;
	}
	return 0;
}

/* Nothing but comments, or a lone `---`: the same as {}. */
static int mend_empty(struct reading *r)
{
	if (r->root != NULL && (r->root->kind != YAML_SCALAR || r->root->text.len > 0 || r->root->quoted))
		return 0;
	if (r->root == NULL)
		r->root = arena_alloc(r->arena, sizeof(*r->root));
	if (r->root == NULL)
		return -ENOMEM;
	r->root->kind = YAML_MAPPING;
	r->root->line = r->root->column = 1;
	return 0;
}

int yaml_parse(struct arena *arena, const char *name, struct slice text, struct buffer *errors,
	       struct yaml_node **ret_root)
{
	struct reading r = {.arena = arena, .name = name, .text = text, .errors = errors};
	int error;

	if (text.len > LIMIT_YAML_BYTES) {
		yaml_complain(errors, name, SLICE_EMPTY, 1, 1, "larger than %u bytes", LIMIT_YAML_BYTES);
		return errors->error < 0 ? errors->error : YAML_E_INVALID;
	}
	if (yaml_parser_initialize(&r.parser) == 0)
		return -ENOMEM;
	/* Given, not guessed: a UTF-16 text is refused, not converted. */
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.data != NULL ? text.data : ""), text.len);
	error = read_events(&r);
	yaml_parser_delete(&r.parser);
	if (error == 0)
		error = mend_empty(&r);
	if (error == 0)
		*ret_root = r.root;
	return error;
}

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
	const struct yaml_node *entry;

	if (mapping == NULL || mapping->kind != YAML_MAPPING)
		return NULL;
	for (entry = mapping->first; entry != NULL; entry = entry->next)
		if (slice_is(entry->key, key))
			return entry;
	return NULL;
}

struct slice yaml_text(const struct yaml_node *mapping, const char *key, struct slice otherwise)
{
	const struct yaml_node *entry = yaml_get(mapping, key);

	return entry != NULL && entry->kind == YAML_SCALAR ? entry->text : otherwise;
}

bool yaml_to_bool(const struct yaml_node *scalar, bool *ret_value)
{
	static const char *const yes[] = {"true", "yes", "on"}, *const no[] = {"false", "no", "off"};
	size_t i;

	if (scalar == NULL || scalar->kind != YAML_SCALAR || scalar->quoted)
		return false;
	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (slice_is(scalar->text, yes[i]) || slice_is(scalar->text, no[i])) {
			*ret_value = slice_is(scalar->text, yes[i]);
			return true;
		}
	}
	return false;
}

bool yaml_to_i64(const struct yaml_node *scalar, int64_t *ret_value)
{
	struct slice digits;
	uint64_t value;
	bool negative;

	if (scalar == NULL || scalar->kind != YAML_SCALAR || scalar->quoted)
		return false;
	digits = scalar->text;
	negative = slice_starts_with(digits, "-");
	if (negative)
		digits = slice_of(digits.data + 1, digits.len - 1);
	if (!slice_to_u64(digits, &value))
		return false;
	*ret_value = negative ? -(int64_t)value : (int64_t)value;
	return true;
}
