/*
 * A guide for people: the tree of loops and segments, or one segment with its elements and codes.
 */
#include <stdio.h>

#include "muster/guide.h"

static const char usage_letters[] = "RS-";

/* Of a qualifier's codes this many are named in the tree. */
#define NAMED_CODES 4u

static void add_repeat(struct buffer *out, uint32_t repeat)
{
	if (repeat == GUIDE_UNBOUNDED)
		buffer_add_text(out, "   >1");
	else
		buffer_printf(out, "%5u", repeat);
}

/* "REF*17|23|3H|4A|.." into `out`, cut to fit. */
static void label_of(const struct guide *guide, const struct guide_segment *segment, char out[static 48])
{
	uint16_t codes = guide_qualifier_codes(guide, segment);
	const struct guide_code_list *list;
	size_t len = (size_t)snprintf(out, 48, "%s", segment->id);
	uint32_t i;

	if (codes == GUIDE_NONE)
		return;
	list = &guide->code_lists[codes];
	for (i = 0; i < list->count && i < NAMED_CODES && len < 48; i++) {
		struct slice code = guide->codes[list->first + i].code;

		len += (size_t)snprintf(out + len, 48 - len, "%c%.*s", i == 0 ? '*' : '|', (int)code.len, code.data);
	}
	if (i < list->count && len < 48)
		(void)snprintf(out + len, 48 - len, "|..");
}

static void print_row(struct buffer *out, uint32_t depth, const char *label, enum guide_usage usage, uint32_t repeat,
		      struct slice name)
{
	buffer_printf(out, "%*s%-*s %c", (int)depth * 2, "", 32 - (int)depth * 2, label, usage_letters[usage]);
	add_repeat(out, repeat);
	buffer_printf(out, "  %.*s\n", (int)name.len, name.data);
}

/* Recursive as deep as loops nest: at most LIMIT_LOOP_DEPTH. */
static void print_children(const struct guide *guide, const struct guide_loop *loop, uint32_t depth, struct buffer *out)
{
	uint32_t i;

	for (i = 0; i < loop->node_count; i++) {
		const struct guide_node *node = &guide->nodes[loop->first_node + i];
		char label[48];

		if (node->is_loop) {
			const struct guide_loop *child = &guide->loops[node->index];

			(void)snprintf(label, sizeof(label), "loop %s", child->id);
			print_row(out, depth, label, child->usage, child->repeat, child->name);
			print_children(guide, child, depth + 1, out);
		} else {
			const struct guide_segment *segment = &guide->segments[node->index];

			label_of(guide, segment, label);
			print_row(out, depth, label, segment->usage, segment->repeat, segment->name);
		}
	}
}

static void print_guide(const struct guide *guide, struct buffer *out)
{
	buffer_printf(out, "%.*s  %.*s\nset %.*s, functional id %.*s\nsource: %.*s\n\n", (int)guide->id.len,
		      guide->id.data, (int)guide->name.len, guide->name.data, (int)guide->set_id.len,
		      guide->set_id.data, (int)guide->functional_id.len, guide->functional_id.data,
		      (int)guide->source.len, guide->source.data);
	print_children(guide, &guide->loops[0], 0, out);
}

static void print_rule(const struct guide_rule *rule, struct buffer *out)
{
	buffer_printf(out, "  rule %.*s (%s)\n             %.*s\n", (int)rule->name.len, rule->name.data,
		      finding_severity_name(rule->severity), (int)rule->text.len, rule->text.data);
}

static void print_loop_rules(const struct guide *guide, uint32_t loop, struct buffer *out)
{
	uint32_t i;

	for (i = 0; i < guide->rule_count; i++) {
		if (guide->rules[i].loop == loop)
			print_rule(&guide->rules[i], out);
	}
}

static void print_loop(const struct guide *guide, const struct guide_loop *loop, struct buffer *out)
{
	char label[16];

	(void)snprintf(label, sizeof(label), "loop %s", loop->id);
	print_row(out, 0, label, loop->usage, loop->repeat, loop->name);
	print_children(guide, loop, 1, out);
	print_loop_rules(guide, (uint32_t)(loop - guide->loops), out);
}

static void print_type(const struct guide_element *element, struct buffer *out)
{
	static const char *const names[] = {"AN", "ID", "N", "R", "DT", "TM", "B", "composite"};
	char text[32];

	if (element->type == GUIDE_COMPOSITE)
		(void)snprintf(text, sizeof(text), "composite");
	else if (element->type == GUIDE_N)
		(void)snprintf(text, sizeof(text), "N%u %u/%u", element->decimals, element->min, element->max);
	else
		(void)snprintf(text, sizeof(text), "%s %u/%u", names[element->type], element->min, element->max);
	buffer_printf(out, "%-10s", text);
}

static void print_codes(const struct guide *guide, const struct guide_code_list *list, struct buffer *out)
{
	uint32_t i;

	if (list->external) {
		buffer_printf(out, "             external list %.*s, %u codes\n", (int)list->name.len, list->name.data,
			      list->count);
		return;
	}
	for (i = 0; i < list->count; i++) {
		const struct guide_code *code = &guide->codes[list->first + i];

		buffer_printf(out, "             %-4.*s %.*s\n", (int)code->code.len, code->code.data,
			      (int)code->meaning.len, code->meaning.data);
	}
	for (i = 0; i < list->unlisted_count; i++) {
		const struct guide_code *code = &guide->codes[list->unlisted_first + i];

		buffer_printf(out, "             %-4.*s %.*s (in the standard, not in this guide)\n",
			      (int)code->code.len, code->code.data, (int)code->meaning.len, code->meaning.data);
	}
}

static void print_relations(const struct guide *guide, uint32_t first, uint32_t count, const char *before,
			    struct buffer *out)
{
	static const char kinds[] = "PRECL";
	static const char *const rules[] = {"all or none", "at least one", "at most one",
					    "the first calls for the others", "the first calls for one of the others"};
	uint32_t i, j;

	for (i = 0; i < count; i++) {
		const struct guide_relation *relation = &guide->relations[first + i];

		buffer_printf(out, "%s%c", before, relation->kind);
		for (j = 0; j < relation->count; j++)
			buffer_printf(out, "%02u", relation->pos[j]);
		buffer_printf(out, "  %s\n", rules[strchr(kinds, relation->kind) - kinds]);
	}
}

static void print_element(const struct guide *guide, const struct guide_element *element, const char *prefix,
			  struct buffer *out)
{
	char label[16];
	uint32_t i;

	(void)snprintf(label, sizeof(label), "%s%02u", prefix, element->pos);
	buffer_printf(out, "  %-10s %c  ", label, usage_letters[element->usage]);
	print_type(element, out);
	if (element->element_ref > 0)
		buffer_printf(out, " %4u  ", element->element_ref);
	else
		buffer_add_text(out, "       ");
	buffer_printf(out, "%.*s", (int)element->name.len, element->name.data);
	if (element->repeat > 1 && element->usage != GUIDE_NOT_USED)
		buffer_printf(out, " (up to %u times)", element->repeat);
	if (element->usage == GUIDE_NOT_USED)
		buffer_add_text(out, " (not used)");
	buffer_add_char(out, '\n');
	if (element->codes != GUIDE_NONE)
		print_codes(guide, &guide->code_lists[element->codes], out);
	for (i = 0; i < element->component_count; i++) {
		char inner[20];

		(void)snprintf(inner, sizeof(inner), "%s-", label);
		print_element(guide, &guide->elements[element->first_component + i], inner, out);
	}
	print_relations(guide, element->first_relation, element->relation_count, "             components ", out);
}

/* The situational rules that stand at a segment. */
static void print_rules(const struct guide *guide, const struct guide_segment *segment, struct buffer *out)
{
	uint32_t i;

	for (i = 0; i < guide->rule_place_count; i++) {
		if (&guide->segments[guide->rule_places[i].segment] == segment)
			print_rule(&guide->rules[guide->rule_places[i].rule], out);
	}
}

/* `pos` 0: all its elements, and what holds between them; else that one alone. */
static void print_segment(const struct guide *guide, const struct guide_segment *segment, uint32_t pos,
			  struct buffer *out)
{
	uint32_t i;

	buffer_printf(out, "%s%s%s  %.*s\n  %s, ", guide->loops[segment->loop].id, segment->loop > 0 ? "/" : "",
		      segment->id, (int)segment->name.len, segment->name.data,
		      segment->usage == GUIDE_REQUIRED ? "required" : "situational");
	if (segment->repeat == GUIDE_UNBOUNDED)
		buffer_add_text(out, "any number of times");
	else if (segment->repeat == 1)
		buffer_add_text(out, "once");
	else
		buffer_printf(out, "up to %u times", segment->repeat);
	buffer_add_text(out, segment->qualifier_once ? ", each qualifier once\n" : "\n");
	for (i = 0; i < segment->element_count; i++)
		if (pos == 0 || pos == i + 1)
			print_element(guide, &guide->elements[segment->first_element + i], segment->id, out);
	if (pos != 0)
		return;
	print_relations(guide, segment->first_relation, segment->relation_count, "  ", out);
	print_rules(guide, segment, out);
}

/* "INS03" is element 3 of INS: ids have three bytes at most. The element's number; 0: a whole segment. */
static uint32_t divide_element(struct slice *segment_id)
{
	const size_t id_len = segment_id->len > 3 ? segment_id->len - 2 : 0;
	uint64_t pos;

	if (id_len > 3 || id_len < 2 || !slice_to_u64(slice_of(segment_id->data + id_len, 2), &pos))
		return 0;
	segment_id->len = id_len;
	return (uint32_t)pos;
}

/*
 * Every segment of this id (and qualifier, unless empty) in loops of this id (any, unless `in_loop`), or its element where
 * the id names one.
 */
static uint32_t print_segments(const struct guide *guide, struct slice loop_id, bool in_loop, struct slice segment_id,
			       struct slice qualifier, struct buffer *out)
{
	const uint32_t pos = divide_element(&segment_id);
	uint32_t i, count = 0;

	for (i = 0; i < guide->segment_count; i++) {
		const struct guide_segment *segment = &guide->segments[i];

		if (in_loop && !slice_equal_nocase(loop_id, slice_from(guide->loops[segment->loop].id)))
			continue;
		if (!slice_equal_nocase(segment_id, slice_from(segment->id)))
			continue;
		if (qualifier.len > 0 && !guide_segment_matches(guide, segment, slice_from(segment->id), qualifier))
			continue;
		if (pos > segment->element_count)
			continue;
		if (count++ > 0)
			buffer_add_char(out, '\n');
		print_segment(guide, segment, pos, out);
	}
	return count;
}

static struct slice part(struct slice path, size_t from, size_t to)
{
	return from < to ? slice_of(path.data + from, to - from) : SLICE_EMPTY;
}

int guide_print(const struct guide *guide, struct slice path, struct buffer *out)
{
	size_t bar = slice_find(path, '/', 0), segment_at = bar < path.len ? bar + 1 : 0;
	size_t star = slice_find(path, '*', segment_at);
	struct slice segment = part(path, segment_at, star);
	uint32_t i, count = 0;

	if (path.len == 0) {
		print_guide(guide, out);
		return out->error;
	}
	for (i = 1; segment_at == 0 && i < guide->loop_count; i++) {
		if (slice_equal_nocase(path, slice_from(guide->loops[i].id))) {
			print_loop(guide, &guide->loops[i], out);
			count++;
		}
	}
	if (count == 0)
		count = print_segments(guide, part(path, 0, bar), segment_at > 0, segment,
				       part(path, star + 1, path.len), out);
	if (out->error < 0)
		return out->error;
	return count > 0 ? 0 : GUIDE_E_NOT_FOUND;
}

void guide_print_list(const struct guide_set *set, struct buffer *out)
{
	uint32_t i;

	for (i = 0; i < guide_set_count(set); i++) {
		const struct guide *guide = guide_set_at(set, i);

		buffer_printf(out, "%.*s  %-13.*s %.*s\n", (int)guide->set_id.len, guide->set_id.data,
			      (int)guide->id.len, guide->id.data, (int)guide->name.len, guide->name.data);
	}
}

const struct guide *guide_set_named(const struct guide_set *set, struct slice name)
{
	uint32_t i;

	for (i = 0; i < guide_set_count(set); i++) {
		const struct guide *guide = guide_set_at(set, i);

		if (slice_equal_nocase(name, guide->id) || slice_equal(name, guide->set_id))
			return guide;
	}
	return NULL;
}
