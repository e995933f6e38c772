/*
 * tree: JSON and XML side by side, node by node.
 *
 * JSON has its nodes on lines of their own and a segment whole on one line, so that a person finds his way and a
 * `grep` gives whole segments.
 */
#include "tree.h"

#include <stdio.h>

#include "muster/text.h"

#define FLUSH_BYTES (64u * 1024u)

static int xml_out(void *context, const char *data, size_t bytes)
{
	struct tree *tree = context;

	return tree->sink->write(tree->sink->context, slice_of(data, bytes));
}

int tree_init(struct tree *tree, struct env *env, enum convert_form form, const struct convert_sink *sink)
{
	const struct xml_sink xml_sink = {tree, xml_out};

	*tree = (struct tree){.sink = sink};
	buffer_init(&tree->out, env);
	buffer_init(&tree->hex, env);
	json_init(&tree->json, &tree->out, true);
	tree->indent = tree->json.indent;
	return form == CONVERT_XML ? xml_writer_new(env, &xml_sink, &tree->xml) : 0;
}

void tree_fini(struct tree *tree)
{
	xml_writer_free(tree->xml);
	buffer_fini(&tree->out);
	buffer_fini(&tree->hex);
}

int tree_flush(struct tree *tree, bool all)
{
	int r = tree->hex.error != 0 ? tree->hex.error : tree->out.error;

	if (r != 0 || tree->out.len == 0 || (!all && tree->out.len < FLUSH_BYTES))
		return r;
	r = tree->sink->write(tree->sink->context, buffer_slice(&tree->out));
	buffer_clear(&tree->out);
	return r;
}

/* Can `value` stand in both forms and come back as it was? */
static bool is_plain(struct slice value)
{
	size_t at = 0;

	while (at < value.len) {
		uint32_t code = 0;
		size_t len = text_utf8_next(value, at, &code);

		if (len == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xfffe || code == 0xffff)
			return false;
		at += len;
	}
	return true;
}

static struct slice hex_of(struct tree *tree, struct slice value)
{
	buffer_clear(&tree->hex);
	for (size_t i = 0; i < value.len; i++)
		buffer_printf(&tree->hex, "%02x", (unsigned)(unsigned char)value.data[i]);
	return buffer_slice(&tree->hex);
}

/* An attribute of XML, a key of JSON. */
static void put(struct tree *tree, const char *name, struct slice value)
{
	if (tree->xml != NULL)
		xml_attribute(tree->xml, name, value);
	else
		json_text(&tree->json, name, value);
}

static void put_some(struct tree *tree, const char *name, struct slice value)
{
	if (value.len > 0 && is_plain(value))
		put(tree, name, value);
}

static void put_bool(struct tree *tree, const char *name, bool value)
{
	if (tree->xml != NULL)
		xml_attribute(tree->xml, name, value ? SLICE_LITERAL("true") : SLICE_LITERAL("false"));
	else
		json_bool(&tree->json, name, value);
}

static void put_pos(struct tree *tree, uint32_t pos)
{
	if (tree->xml != NULL)
		xml_attribute_u64(tree->xml, "pos", pos);
	else
		json_u64(&tree->json, "pos", pos);
}

/* The value itself; in XML the text of its element, so attributes come before. */
static void put_value(struct tree *tree, const char *key, struct slice value)
{
	if (!is_plain(value))
		put(tree, "hex", hex_of(tree, value));
	else if (tree->xml == NULL)
		json_text(&tree->json, key, value);
	else if (value.len > 0)
		xml_text(tree->xml, value);
}

static void begin(struct tree *tree, const char *element)
{
	if (tree->xml != NULL)
		xml_element_begin(tree->xml, element);
	else
		json_object_begin(&tree->json, NULL);
}

static void end(struct tree *tree)
{
	if (tree->xml != NULL)
		xml_element_end(tree->xml);
	else
		json_object_end(&tree->json);
}

static void content_begin(struct tree *tree)
{
	if (tree->xml == NULL)
		json_array_begin(&tree->json, "content");
}

void tree_begin(struct tree *tree, bool masked, bool bom)
{
	if (tree->xml != NULL) {
		xml_writer_begin(tree->xml, "x12", TREE_NAMESPACE);
	} else {
		json_object_begin(&tree->json, NULL);
		json_text(&tree->json, "schema", SLICE_LITERAL(TREE_SCHEMA));
		json_u64(&tree->json, "v", 1);
	}
	put_bool(tree, "masked", masked);
	if (bom)
		put_bool(tree, "bom", true);
	content_begin(tree);
}

int tree_end(struct tree *tree)
{
	int r;

	if (tree->xml != NULL) {
		r = xml_writer_end(tree->xml);
		return r < 0 ? r : tree_flush(tree, true);
	}
	json_array_end(&tree->json);
	json_object_end(&tree->json);
	buffer_add_char(&tree->out, '\n');
	return tree_flush(tree, true);
}

static void put_separator(struct tree *tree, const char *name, char separator)
{
	char text[TREE_SEPARATOR_BYTES];

	if (separator == '\0')
		return;
	if (separator > ' ' && separator < 0x7f) {
		put(tree, name, slice_of(&separator, 1));
		return;
	}
	snprintf(text, sizeof(text), "0x%02x", (unsigned)(unsigned char)separator);
	put(tree, name, slice_from(text));
}

void tree_interchange_begin(struct tree *tree, const struct x12_separators *separators, struct slice line_end,
			    struct slice control)
{
	begin(tree, "interchange");
	if (tree->xml == NULL)
		put_some(tree, "interchange", control);
	else
		put_some(tree, "control", control);
	if (tree->xml == NULL)
		json_object_begin(&tree->json, "separators");
	put_separator(tree, "element", separators->element);
	put_separator(tree, "component", separators->component);
	put_separator(tree, "repetition", separators->repetition);
	put_separator(tree, "terminator", separators->terminator);
	if (tree->xml == NULL)
		json_object_end(&tree->json);
	put(tree, "line_end",
	    slice_is(line_end, "\r\n") ? SLICE_LITERAL("crlf")
	    : line_end.len > 0         ? SLICE_LITERAL("lf")
				       : SLICE_LITERAL("none"));
	content_begin(tree);
}

void tree_fgroup_begin(struct tree *tree, struct slice control)
{
	begin(tree, "group");
	put_some(tree, tree->xml != NULL ? "control" : "group", control);
	content_begin(tree);
}

void tree_tset_begin(struct tree *tree, struct slice control, struct slice guide, struct slice name)
{
	begin(tree, "set");
	put_some(tree, tree->xml != NULL ? "control" : "set", control);
	put_some(tree, "guide", guide);
	put_some(tree, "name", name);
	content_begin(tree);
}

void tree_loop_begin(struct tree *tree, struct slice id, struct slice name)
{
	begin(tree, "loop");
	put_some(tree, tree->xml != NULL ? "id" : "loop", id);
	put_some(tree, "name", name);
	content_begin(tree);
}

void tree_node_end(struct tree *tree)
{
	if (tree->xml == NULL)
		json_array_end(&tree->json);
	end(tree);
}

void tree_segment_begin(struct tree *tree, struct slice id, struct slice name, bool unterminated)
{
	begin(tree, "segment");
	tree->json.indent = -1;
	put(tree, tree->xml != NULL ? "id" : "segment", id);
	put_some(tree, "name", name);
	if (unterminated)
		put_bool(tree, "unterminated", true);
	if (tree->xml == NULL)
		json_array_begin(&tree->json, "elements");
}

void tree_segment_end(struct tree *tree)
{
	if (tree->xml == NULL)
		json_array_end(&tree->json);
	end(tree);
	tree->json.indent = tree->indent;
}

void tree_value(struct tree *tree, enum tree_part part, uint32_t pos, struct slice name, struct slice value,
		struct slice meaning)
{
	begin(tree, part == TREE_ELEMENT ? "element" : "component");
	put_pos(tree, pos);
	put_some(tree, "name", name);
	if (tree->xml != NULL)
		put_some(tree, "meaning", meaning);
	put_value(tree, "value", value);
	if (tree->xml == NULL)
		put_some(tree, "meaning", meaning);
	end(tree);
}

void tree_element_begin(struct tree *tree, uint32_t pos, struct slice name)
{
	begin(tree, "element");
	put_pos(tree, pos);
	put_some(tree, "name", name);
}

void tree_element_end(struct tree *tree)
{
	end(tree);
}

void tree_list_begin(struct tree *tree, enum tree_list list)
{
	if (tree->xml == NULL)
		json_array_begin(&tree->json, list == TREE_COMPONENTS ? "components" : "repetitions");
}

void tree_list_end(struct tree *tree)
{
	if (tree->xml == NULL)
		json_array_end(&tree->json);
}

void tree_repetition(struct tree *tree, struct slice value)
{
	begin(tree, "repetition");
	put_value(tree, "value", value);
	end(tree);
}

void tree_repetition_begin(struct tree *tree)
{
	begin(tree, "repetition");
}

void tree_repetition_end(struct tree *tree)
{
	end(tree);
}

void tree_bytes(struct tree *tree, struct slice bytes)
{
	begin(tree, "bytes");
	tree->json.indent = -1;
	put_value(tree, "bytes", bytes);
	end(tree);
	tree->json.indent = tree->indent;
}
