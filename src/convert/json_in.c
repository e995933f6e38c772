/*
 * json_in: the JSON form, node by node.
 *
 * One pass over the bytes. What a node says of itself (all but its "content") is kept as text until the content begins
 * or the node ends; then it is looked at with json_find. So the order of keys does not matter, but that "separators"
 * must stand before the content that they are for. Depth is bounded; memory by NODE_BYTES.
 */
#include <errno.h>

#include "emit.h"
#include "muster/json.h"
#include "tree.h"

#define READ_BYTES (64u * 1024u)
/* Text of one node without its content: a segment with its names. */
#define NODE_BYTES (4u * 1024u * 1024u)
/* More than tree.h ever writes; a person may have put things together. */
#define DEPTH_MAX 32u

struct scan {
	struct emit *emit;
	struct io_source *source;
	char bytes[READ_BYTES];
	size_t begin, end;
	uint64_t line, column;
	bool ended;
	struct buffer node; /* "{...}" of the node in hand, without its content */
	struct arena arena; /* of decoded values */
	uint32_t depth;
};

/* The byte in hand, or -1 at the end; *ret_r is set where reading fails. */
static int peek(struct scan *scan, int *ret_r)
{
	if (scan->begin == scan->end && !scan->ended) {
		ssize_t n = io_source_read(scan->source, scan->bytes, sizeof(scan->bytes));

		if (n < 0)
			*ret_r = (int)n;
		scan->ended = n <= 0;
		scan->begin = 0;
		scan->end = n > 0 ? (size_t)n : 0;
	}
	return scan->begin < scan->end ? (unsigned char)scan->bytes[scan->begin] : -1;
}

static void step(struct scan *scan)
{
	scan->column++;
	if (scan->bytes[scan->begin++] == '\n') {
		scan->line++;
		scan->column = 1;
	}
}

static int skip_blanks(struct scan *scan, int *ret_r)
{
	int c = peek(scan, ret_r);

	while (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
		step(scan);
		c = peek(scan, ret_r);
	}
	return c;
}

static int expect(struct scan *scan, char wanted)
{
	int r = 0, c = skip_blanks(scan, &r);

	if (r < 0)
		return r;
	if (c != (unsigned char)wanted)
		return emit_refuse(scan->emit,
				   c < 0 ? "the tree ends before its end: '%c' is missing" : "'%c' is expected here",
				   wanted);
	step(scan);
	return 0;
}

static int keep(struct scan *scan, int c)
{
	if (scan->node.len >= NODE_BYTES)
		return emit_refuse(scan->emit, "a node is larger than %u bytes", NODE_BYTES);
	buffer_add_char(&scan->node, (char)c);
	step(scan);
	return scan->node.error;
}

/* A text with its quotes, kept. */
static int keep_text(struct scan *scan)
{
	bool escaped = false;
	int r = 0, c = peek(scan, &r);

	if (r == 0 && c != '"')
		return emit_refuse(scan->emit, "a text in quotes is expected here");
	do {
		r = r == 0 ? keep(scan, c) : r;
		c = r == 0 ? peek(scan, &r) : -1;
		if (r == 0 && c < 0x20)
			return emit_refuse(scan->emit,
					   c < 0 ? "the tree ends inside a text" : "a control byte stands in a text");
		if (r == 0 && c == '"' && !escaped)
			return keep(scan, c);
		escaped = c == '\\' && !escaped;
	} while (r == 0);
	return r;
}

/* Any value, kept as it stands. Its inner form is for json_find to see: damaged, it holds nothing. */
static int keep_value(struct scan *scan)
{
	uint32_t depth = 0;
	int r = 0;

	do {
		int c = skip_blanks(scan, &r);

		if (r < 0)
			return r;
		if (c < ' ')
			return emit_refuse(scan->emit,
					   c < 0 ? "the tree ends before its end" : "a control byte stands here");
		if ((c == ',' || c == '}' || c == ']') && depth == 0)
			return emit_refuse(scan->emit, "a value is expected here");
		if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		if (c == '"') {
			r = keep_text(scan);
		} else if (strchr("{}[],:", c) != NULL) {
			r = keep(scan, c);
		} else {
			while (r == 0 && c > ' ' && strchr("{}[],:\"", c) == NULL) {
				r = keep(scan, c);
				c = r == 0 ? peek(scan, &r) : -1;
			}
		}
	} while (r == 0 && depth > 0);
	return r;
}

/* ---- what a node says ---- */

/* A key's value, decoded; empty where there is none. */
static int value_of(struct scan *scan, struct slice object, const char *key, struct slice *ret_value)
{
	struct slice text;

	*ret_value = SLICE_EMPTY;
	if (!json_find(object, key, &text))
		return 0;
	*ret_value = json_decode(&scan->arena, text);
	return ret_value->data == NULL ? -ENOMEM : 0;
}

static bool has(struct slice object, const char *key)
{
	struct slice value;

	return json_find(object, key, &value);
}

static bool is_true(struct slice object, const char *key)
{
	struct slice value;

	return json_find(object, key, &value) && slice_is(value, "true");
}

static int emit_leaf(struct scan *scan, struct slice object)
{
	struct slice value;
	int r;

	if (!has(object, "hex")) {
		if (!has(object, "value"))
			return emit_refuse(scan->emit, "an element has neither a value nor parts");
		r = value_of(scan, object, "value", &value);
		return r == 0 ? emit_value(scan->emit, value) : r;
	}
	r = value_of(scan, object, "hex", &value);
	if (r == 0)
		r = emit_unhex(scan->emit, value, &value);
	return r == 0 ? emit_value(scan->emit, value) : r;
}

static int pos_of(struct scan *scan, struct slice object, uint64_t *ret_pos)
{
	struct slice text;

	if (!json_find(object, "pos", &text) || !slice_to_u64(text, ret_pos))
		return emit_refuse(scan->emit, "an element has no pos");
	return 0;
}

static int emit_components(struct scan *scan, struct slice list)
{
	struct slice component;
	uint64_t pos;
	size_t at = 0;
	int r = 0;

	while (r == 0 && json_next(list, &at, &component)) {
		r = pos_of(scan, component, &pos);
		if (r == 0)
			r = emit_component(scan->emit, pos);
		if (r == 0)
			r = emit_leaf(scan, component);
	}
	return r;
}

/* A repetition, or an element that does not repeat. */
static int emit_parts(struct scan *scan, struct slice object)
{
	struct slice list;

	return json_find(object, "components", &list) ? emit_components(scan, list) : emit_leaf(scan, object);
}

static int emit_one(struct scan *scan, struct slice element)
{
	struct slice list, repetition;
	uint64_t pos;
	size_t at = 0;
	int r = pos_of(scan, element, &pos);

	if (r == 0)
		r = emit_element(scan->emit, pos);
	if (r != 0 || !json_find(element, "repetitions", &list))
		return r != 0 ? r : emit_parts(scan, element);
	while (r == 0 && json_next(list, &at, &repetition)) {
		r = emit_repetition(scan->emit);
		if (r == 0)
			r = emit_parts(scan, repetition);
	}
	return r;
}

static int emit_segment(struct scan *scan, struct slice node)
{
	struct slice id, list, element;
	size_t at = 0;
	int r = value_of(scan, node, "segment", &id);

	if (r == 0)
		r = emit_segment_begin(scan->emit, id);
	if (r == 0 && !json_find(node, "elements", &list))
		return emit_refuse(scan->emit, "a segment has no elements");
	while (r == 0 && json_next(list, &at, &element))
		r = emit_one(scan, element);
	return r == 0 ? emit_segment_end(scan->emit, is_true(node, "unterminated")) : r;
}

static int emit_interchange_of(struct scan *scan, struct slice node)
{
	static const char *const names[] = {"element", "component", "repetition", "terminator"};
	struct slice separators = SLICE_EMPTY, texts[4], line_end;
	int r = value_of(scan, node, "line_end", &line_end);

	if (!json_find(node, "separators", &separators))
		return r;
	for (size_t i = 0; r == 0 && i < 4; i++)
		r = value_of(scan, separators, names[i], &texts[i]);
	return r == 0 ? emit_interchange(scan->emit, texts[0], texts[1], texts[2], texts[3], line_end) : r;
}

static int emit_document(struct scan *scan, struct slice node)
{
	struct slice schema;
	int r = value_of(scan, node, "schema", &schema);

	if (r == 0 && !slice_is(schema, TREE_SCHEMA))
		return emit_refuse(scan->emit,
				   "this is no tree of muster: \"schema\" is not \"%s\", or comes after \"content\"",
				   TREE_SCHEMA);
	return r == 0 ? emit_begin(scan->emit, is_true(node, "masked"), is_true(node, "bom")) : r;
}

/* Before the content of a node: what it is for. */
static int open_node(struct scan *scan)
{
	struct slice node;
	int r;

	buffer_add_char(&scan->node, '}');
	if (scan->node.error != 0)
		return scan->node.error;
	node = buffer_slice(&scan->node);
	r = scan->depth == 1 ? emit_document(scan, node) : emit_interchange_of(scan, node);
	buffer_clear(&scan->node);
	arena_reset(&scan->arena);
	return r;
}

/* A node without content. */
static int close_leaf(struct scan *scan)
{
	struct slice node, bytes;
	int r = 0;

	buffer_add_char(&scan->node, '}');
	if (scan->node.error != 0)
		return scan->node.error;
	node = buffer_slice(&scan->node);
	if (has(node, "segment")) {
		r = emit_segment(scan, node);
	} else if (has(node, "hex")) {
		r = value_of(scan, node, "hex", &bytes);
		if (r == 0)
			r = emit_unhex(scan->emit, bytes, &bytes);
		if (r == 0)
			r = emit_bytes(scan->emit, bytes);
	} else if (has(node, "bytes")) {
		r = value_of(scan, node, "bytes", &bytes);
		if (r == 0)
			r = emit_bytes(scan->emit, bytes);
	} else {
		r = emit_refuse(scan->emit, "this node is neither a segment, nor bytes, nor has it content");
	}
	buffer_clear(&scan->node);
	arena_reset(&scan->arena);
	return r;
}

/* ---- the outer form ---- */

static int read_node(struct scan *scan);

static int read_content(struct scan *scan)
{
	int r = open_node(scan), c;

	if (r == 0)
		r = expect(scan, '[');
	c = r == 0 ? skip_blanks(scan, &r) : -1;
	if (r == 0 && c == ']') {
		step(scan);
		return 0;
	}
	while (r == 0) {
		r = read_node(scan);
		c = r == 0 ? skip_blanks(scan, &r) : -1;
		if (r == 0 && c != ',')
			return expect(scan, ']');
		if (r == 0)
			step(scan);
	}
	return r;
}

/* One key and its value. */
static int read_pair(struct scan *scan, bool *had_content)
{
	size_t from = scan->node.len;
	int r = 0;

	(void)skip_blanks(scan, &r);
	if (r == 0)
		r = keep_text(scan);
	if (r == 0)
		r = expect(scan, ':');
	if (r != 0)
		return r;
	if (slice_is(slice_of(scan->node.data + from, scan->node.len - from), "\"content\"")) {
		if (*had_content)
			return emit_refuse(scan->emit, "a node has content twice");
		*had_content = true;
		scan->node.len = from > 1 ? from - 1 : from; /* with the comma before it */
		r = read_content(scan);
		buffer_clear(&scan->node);
		buffer_add_char(&scan->node, '{');
		return r;
	}
	buffer_add_char(&scan->node, ':');
	(void)skip_blanks(scan, &r);
	return r == 0 ? keep_value(scan) : r;
}

static int read_node(struct scan *scan)
{
	bool had_content = false;
	int r = expect(scan, '{'), c;

	if (r == 0 && ++scan->depth > DEPTH_MAX)
		return emit_refuse(scan->emit, "nodes are nested too deeply");
	buffer_clear(&scan->node);
	buffer_add_char(&scan->node, '{');
	c = r == 0 ? skip_blanks(scan, &r) : -1;
	while (r == 0 && c != '}') {
		r = read_pair(scan, &had_content);
		c = r == 0 ? skip_blanks(scan, &r) : -1;
		if (r == 0 && c != '}')
			r = expect(scan, ',');
		if (r == 0 && c != '}' && scan->node.len > 1)
			buffer_add_char(&scan->node, ',');
	}
	if (r == 0)
		step(scan);
	if (r == 0 && !had_content)
		r = close_leaf(scan);
	scan->depth--;
	return r;
}

int json_in(struct emit *emit, struct env *env, struct io_source *source)
{
	struct scan *scan = env_alloc(env, sizeof(*scan));
	int r;

	if (scan == NULL)
		return -ENOMEM;
	scan->emit = emit;
	scan->source = source;
	scan->line = scan->column = 1;
	buffer_init(&scan->node, env);
	arena_init(&scan->arena, env, 0, 0);
	r = read_node(scan);
	if (r == 0 && skip_blanks(scan, &r) >= 0 && r == 0)
		r = emit_refuse(emit, "something stands behind the tree");
	if (r == CONVERT_E_REFUSED) {
		emit->error->line = scan->line;
		emit->error->column = scan->column;
	}
	buffer_fini(&scan->node);
	arena_fini(&scan->arena);
	env_free(env, scan);
	return r;
}
