/*
 * xml_in: the XML form, tag by tag.
 *
 * Names say what a tag is; the handler needs no stack, for a leaf is what ends right after it began.
 */
#include "emit.h"
#include "muster/xml.h"

struct tags {
	struct emit *emit;
	bool leaf;    /* nothing stood in the element that ends */
	bool has_hex; /* of that leaf: its value was in the attribute */
	bool unterminated;
	bool in_document;
	uint32_t line, column;
};

static struct slice attribute(const struct xml_element *element, const char *name)
{
	return xml_attribute_value(element, name);
}

static int pos_of(struct tags *tags, const struct xml_element *element, uint64_t *ret_pos)
{
	if (!slice_to_u64(attribute(element, "pos"), ret_pos))
		return emit_refuse(tags->emit, "<%.*s> has no pos", (int)element->name.len, element->name.data);
	return 0;
}

/* The value of a leaf that text cannot hold. */
static int take_hex(struct tags *tags, const struct xml_element *element)
{
	struct slice bytes;
	int r;

	tags->has_hex = false;
	for (uint32_t i = 0; i < element->attribute_count; i++)
		tags->has_hex |= slice_is(element->attributes[i].name, "hex");
	if (!tags->has_hex)
		return 0;
	r = emit_unhex(tags->emit, attribute(element, "hex"), &bytes);
	if (r != 0)
		return r;
	return slice_is(element->name, "bytes") ? emit_bytes(tags->emit, bytes) : emit_value(tags->emit, bytes);
}

static int begin_part(struct tags *tags, const struct xml_element *element)
{
	uint64_t pos = 0;
	int r = 0;

	if (slice_is(element->name, "repetition")) {
		r = emit_repetition(tags->emit);
	} else if (!slice_is(element->name, "bytes")) {
		r = pos_of(tags, element, &pos);
		if (r == 0)
			r = slice_is(element->name, "element") ? emit_element(tags->emit, pos)
							       : emit_component(tags->emit, pos);
	}
	return r == 0 ? take_hex(tags, element) : r;
}

static int begin_tag(struct tags *tags, const struct xml_element *element)
{
	static const char *const parts[] = {"element", "component", "repetition", "bytes"};
	static const char *const nodes[] = {"group", "set", "loop"};

	if (slice_is(element->name, "segment")) {
		tags->unterminated = slice_is(attribute(element, "unterminated"), "true");
		return emit_segment_begin(tags->emit, attribute(element, "id"));
	}
	if (slice_is(element->name, "interchange"))
		return emit_interchange(tags->emit, attribute(element, "element"), attribute(element, "component"),
					attribute(element, "repetition"), attribute(element, "terminator"),
					attribute(element, "line_end"));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (slice_is(element->name, parts[i]))
			return begin_part(tags, element);
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		if (slice_is(element->name, nodes[i]))
			return 0;
	return emit_refuse(tags->emit, "<%.*s> is not known here",
			   (int)(element->name.len < 40 ? element->name.len : 40), element->name.data);
}

static int on_begin(void *context, const struct xml_element *element)
{
	struct tags *tags = context;
	int r;

	tags->leaf = true;
	tags->line = element->line;
	tags->column = element->column;
	if (tags->in_document)
		return begin_tag(tags, element);
	tags->in_document = true;
	if (!slice_is(element->name, "x12"))
		return emit_refuse(tags->emit, "this is no tree of muster: its document element is not <x12>");
	r = emit_begin(tags->emit, slice_is(attribute(element, "masked"), "true"),
		       slice_is(attribute(element, "bom"), "true"));
	return r;
}

static int on_end(void *context, struct slice name, struct slice text, uint32_t depth)
{
	struct tags *tags = context;
	bool leaf = tags->leaf && !tags->has_hex;

	(void)depth;
	tags->leaf = tags->has_hex = false;
	if (slice_is(name, "segment"))
		return emit_segment_end(tags->emit, tags->unterminated);
	if (!leaf)
		return 0;
	if (slice_is(name, "bytes"))
		return emit_bytes(tags->emit, text);
	if (slice_is(name, "element") || slice_is(name, "component") || slice_is(name, "repetition"))
		return emit_value(tags->emit, text);
	return 0;
}

int xml_in(struct emit *emit, struct env *env, struct io_source *source)
{
	struct tags tags = {.emit = emit};
	const struct xml_handler handler = {.context = &tags, .begin = on_begin, .end = on_end};
	struct xml_error error = {0};
	int r = xml_read_source(env, source, &handler, &error);

	if (r != XML_E_REFUSED)
		return r;
	/* A refusal of ours has its text already. */
	if (emit->error->text[0] == '\0')
		memcpy(emit->error->text, error.text, sizeof(error.text));
	emit->error->line = error.line != 0 ? error.line : tags.line;
	emit->error->column = error.line != 0 ? error.column : tags.column;
	return CONVERT_E_REFUSED;
}
