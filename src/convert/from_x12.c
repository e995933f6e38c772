/*
 * from_x12: the walk's events into a tree.
 *
 * Invariant: `beside` stands behind the last byte that is in the tree. Each event first takes what lies between there
 * and its segment, then the segment; so whatever the walk makes of the file, every byte comes into the tree once.
 * An interchange is written one event late: what stands behind its ISA tells its line ends.
 */
#include <errno.h>

#include "beside.h"
#include "muster/text.h"
#include "tree.h"

/* Segments that the walk has seen and not placed yet: it may want to see the next one first. */
#define WAITING_MAX 4u
/* What the reader takes for an ISA is at most so long. */
#define ISA_BYTES 512u
#define CONTROL_BYTES 16u

struct forward {
	struct tree tree;
	struct beside beside;
	const struct convert_options *options;
	void *sink_context;
	struct convert_result result;
	struct buffer masked;

	struct x12_separators separators;
	char line_end[2];
	size_t line_end_len;
	bool behind_segment; /* a line end is expected */

	bool isa_waits;
	char isa[ISA_BYTES], isa_control[CONTROL_BYTES];
	size_t isa_len;
	bool isa_unterminated;

	const struct x12_event *event; /* in hand */
	const struct guide *guide;     /* of the set in hand, or NULL */
	uint32_t loops;                /* open */
	struct {
		uint64_t offset;
		size_t bytes;
	} waiting[WAITING_MAX];
	uint32_t waiting_count;
};

static const struct {
	const char *id, *name;
	const char *elements[16];
} envelopes[] = {
	{"ISA",
	 "Interchange Control Header",
	 {"Authorization Information Qualifier", "Authorization Information", "Security Information Qualifier",
	  "Security Information", "Interchange Sender ID Qualifier", "Interchange Sender ID",
	  "Interchange Receiver ID Qualifier", "Interchange Receiver ID", "Interchange Date", "Interchange Time",
	  "Repetition Separator", "Interchange Control Version Number", "Interchange Control Number",
	  "Acknowledgment Requested", "Interchange Usage Indicator", "Component Element Separator"}},
	{"TA1",
	 "Interchange Acknowledgment",
	 {"Interchange Control Number", "Interchange Date", "Interchange Time", "Interchange Acknowledgment Code",
	  "Interchange Note Code"}},
	{"GS",
	 "Functional Group Header",
	 {"Functional Identifier Code", "Application Sender's Code", "Application Receiver's Code", "Date", "Time",
	  "Group Control Number", "Responsible Agency Code", "Version / Release / Industry Identifier Code"}},
	{"ST",
	 "Transaction Set Header",
	 {"Transaction Set Identifier Code", "Transaction Set Control Number", "Implementation Convention Reference"}},
	{"SE", "Transaction Set Trailer", {"Number of Included Segments", "Transaction Set Control Number"}},
	{"GE", "Functional Group Trailer", {"Number of Transaction Sets Included", "Group Control Number"}},
	{"IEA", "Interchange Control Trailer", {"Number of Included Functional Groups", "Interchange Control Number"}},
};

/* A segment on its way into the tree. */
struct part {
	struct forward *forward;
	const struct guide_segment *node; /* NULL: nothing is known of it */
	size_t envelope;                  /* in envelopes, or their number */
	bool masked;
	struct x12_segment segment;
	struct slice elements[LIMIT_ELEMENTS];
};

static const size_t envelope_count = sizeof(envelopes) / sizeof(envelopes[0]);

static size_t envelope_of(struct slice id)
{
	for (size_t i = 0; i < envelope_count; i++)
		if (slice_is(id, envelopes[i].id))
			return i;
	return envelope_count;
}

/* ---- values ---- */

static struct slice shown(const struct part *part, struct slice value, bool sensitive)
{
	struct buffer *masked = &part->forward->masked;
	char ssn[TEXT_SSN_BYTES];

	if (!part->masked || value.len == 0)
		return value;
	buffer_clear(masked);
	if (sensitive)
		buffer_add_text(masked, text_mask_ssn(value, ssn));
	else
		text_add_masked(masked, value);
	return buffer_slice(masked);
}

static struct slice meaning_of(const struct part *part, const struct guide_element *element, struct slice value)
{
	const struct guide *guide = part->forward->guide;
	int64_t code = element != NULL && element->codes != GUIDE_NONE && value.len > 0
			       ? guide_code_find(guide, element->codes, value)
			       : -1;

	return code >= 0 ? guide->codes[code].meaning : SLICE_EMPTY;
}

static struct slice name_of(const struct part *part, const struct guide_element *element, uint32_t pos)
{
	if (element != NULL)
		return element->name;
	if (part->envelope < envelope_count && pos <= 16)
		return slice_from(envelopes[part->envelope].elements[pos - 1]);
	return SLICE_EMPTY;
}

static const struct guide_element *component_at(const struct part *part, const struct guide_element *element,
						uint32_t pos)
{
	if (element == NULL || pos > element->component_count)
		return NULL;
	return &part->forward->guide->elements[element->first_component + pos - 1];
}

static bool holds(struct slice value, char separator)
{
	return separator != '\0' && slice_find(value, separator, 0) < value.len;
}

/* Cut the next part off *rest. */
static struct slice cut(struct slice *rest, char separator, bool *ret_last)
{
	size_t at = slice_find(*rest, separator, 0);
	struct slice value = slice_of(rest->data, at);

	*ret_last = at == rest->len;
	*rest = *ret_last ? SLICE_EMPTY : slice_of(rest->data + at + 1, rest->len - at - 1);
	return value;
}

static void add_components(const struct part *part, const struct guide_element *element, struct slice value,
			   bool sensitive)
{
	struct tree *tree = &part->forward->tree;
	bool last = false;

	tree_list_begin(tree, TREE_COMPONENTS);
	for (uint32_t pos = 1; !last; pos++) {
		struct slice component = cut(&value, part->forward->separators.component, &last);
		const struct guide_element *known = component_at(part, element, pos);

		if (component.len > 0 || last)
			tree_value(tree, TREE_COMPONENT, pos, name_of(part, known, UINT32_MAX),
				   shown(part, component, sensitive), meaning_of(part, known, component));
	}
	tree_list_end(tree);
}

static void add_repetitions(const struct part *part, const struct guide_element *element, struct slice value,
			    bool sensitive)
{
	struct tree *tree = &part->forward->tree;
	bool last = false;

	tree_list_begin(tree, TREE_REPETITIONS);
	while (!last) {
		struct slice repetition = cut(&value, part->forward->separators.repetition, &last);

		if (!holds(repetition, part->forward->separators.component)) {
			tree_repetition(tree, shown(part, repetition, sensitive));
			continue;
		}
		tree_repetition_begin(tree);
		add_components(part, element, repetition, sensitive);
		tree_repetition_end(tree);
	}
	tree_list_end(tree);
}

static void add_element(const struct part *part, uint32_t pos, struct slice value)
{
	const struct forward *forward = part->forward;
	struct tree *tree = &part->forward->tree;
	const struct guide_element *element =
		part->node != NULL ? guide_element_at(forward->guide, part->node, pos) : NULL;
	struct slice name = name_of(part, element, pos);
	/* ISA11 and ISA16 are the separators; they divide nothing there. */
	bool whole = slice_is(part->segment.id, "ISA"),
	     repeats = !whole && holds(value, forward->separators.repetition);
	bool sensitive = part->masked && check_is_sensitive(&part->segment, pos);

	if (whole || (!repeats && !holds(value, forward->separators.component))) {
		tree_value(tree, TREE_ELEMENT, pos, name, shown(part, value, sensitive),
			   meaning_of(part, element, value));
		return;
	}
	tree_element_begin(tree, pos, name);
	if (repeats)
		add_repetitions(part, element, value, sensitive);
	else
		add_components(part, element, value, sensitive);
	tree_element_end(tree);
}

static void add_segment(struct forward *forward, const struct guide_segment *node, struct slice raw, bool unterminated)
{
	struct part part = {.forward = forward, .node = node};
	bool last = false;

	part.segment.id = cut(&raw, forward->separators.element, &last);
	part.segment.elements = part.elements;
	part.envelope = node == NULL ? envelope_of(part.segment.id) : envelope_count;
	part.masked = !forward->options->unmasked && envelope_of(part.segment.id) == envelope_count;
	tree_segment_begin(&forward->tree, part.segment.id,
			   node != NULL                     ? node->name
			   : part.envelope < envelope_count ? slice_from(envelopes[part.envelope].name)
							    : SLICE_EMPTY,
			   unterminated);
	for (uint32_t pos = 1; !last; pos++) {
		struct slice value = cut(&raw, forward->separators.element, &last);

		if (pos <= LIMIT_ELEMENTS) {
			part.elements[pos - 1] = value;
			part.segment.element_count = pos;
		}
		if (value.len > 0 || last)
			add_element(&part, pos, value);
	}
	tree_segment_end(&forward->tree);
	forward->result.segments++;
	forward->behind_segment = true;
}

/* ---- bytes ---- */

/* The next `bytes` of the file and the terminator behind them. */
static int take(struct forward *forward, size_t bytes, struct slice *ret_raw, bool *ret_unterminated)
{
	int r = beside_take(&forward->beside, bytes + 1, ret_raw);

	if (r < 0)
		return r;
	*ret_unterminated = ret_raw->len <= bytes;
	if (!*ret_unterminated)
		ret_raw->len = bytes;
	return 0;
}

static int take_segment(struct forward *forward, const struct guide_segment *node, size_t bytes)
{
	struct slice raw;
	bool unterminated;
	int r = take(forward, bytes, &raw, &unterminated);

	if (r == 0)
		add_segment(forward, node, raw, unterminated);
	return r;
}

/* Digits may be part of an SSN that was cut in two: outside of segments none is shown. */
static void add_bytes(struct forward *forward, struct slice bytes)
{
	struct buffer *masked = &forward->masked;

	forward->result.loose_bytes += bytes.len;
	if (!forward->options->unmasked) {
		buffer_clear(masked);
		for (size_t i = 0; i < bytes.len; i++)
			buffer_add_char(masked, bytes.data[i] >= '0' && bytes.data[i] <= '9' ? '#' : bytes.data[i]);
		bytes = buffer_slice(masked);
	}
	tree_bytes(&forward->tree, bytes);
}

/* `first`: what stands behind ISA. */
static void open_interchange(struct forward *forward, struct slice first)
{
	if (!forward->isa_waits)
		return;
	forward->isa_waits = false;
	forward->line_end_len = 0;
	if (slice_is(first, "\n") || slice_is(first, "\r\n")) {
		memcpy(forward->line_end, first.data, first.len);
		forward->line_end_len = first.len;
	}
	forward->guide = NULL;
	tree_interchange_begin(&forward->tree, &forward->separators, slice_of(forward->line_end, forward->line_end_len),
			       slice_from(forward->isa_control));
	add_segment(forward, NULL, slice_of(forward->isa, forward->isa_len), forward->isa_unterminated);
}

/* What lies before `offset` and is in no segment. */
static int take_between(struct forward *forward, uint64_t offset)
{
	struct slice bytes;
	int r = beside_before(&forward->beside, offset, TREE_BYTES, &bytes);

	if (r < 0)
		return r;
	open_interchange(forward, bytes);
	if (slice_equal(bytes, slice_of(forward->line_end, forward->behind_segment ? forward->line_end_len : 0)))
		return 0;
	add_bytes(forward, bytes);
	while (r == 0 && bytes.len == TREE_BYTES) {
		r = beside_before(&forward->beside, offset, TREE_BYTES, &bytes);
		if (r == 0 && bytes.len > 0)
			add_bytes(forward, bytes);
		if (r == 0)
			r = tree_flush(&forward->tree, false);
	}
	return r;
}

/* ---- events ---- */

static int keep_isa(struct forward *forward, const struct x12_event *event)
{
	struct slice raw;
	int r = take(forward, event->segment->raw.len, &raw, &forward->isa_unterminated);

	if (r < 0)
		return r;
	if (raw.len > sizeof(forward->isa))
		return -EOVERFLOW;
	memcpy(forward->isa, raw.data, raw.len);
	forward->isa_len = raw.len;
	slice_to_cstr(event->interchange->control_number, forward->isa_control, sizeof(forward->isa_control));
	forward->separators = event->interchange->separators;
	forward->isa_waits = true;
	forward->result.interchanges++;
	return 0;
}

/* The first that waits, with what lies before it, at `node`. */
static int take_waiting(struct forward *forward, const struct guide_segment *node)
{
	uint64_t offset = forward->waiting[0].offset;
	size_t bytes = forward->waiting[0].bytes;
	int r;

	forward->waiting_count--;
	memmove(forward->waiting, forward->waiting + 1, forward->waiting_count * sizeof(forward->waiting[0]));
	r = take_between(forward, offset);
	return r == 0 ? take_segment(forward, node, bytes) : r;
}

/* Segments before `offset` that the walk did not hand on stand where the walk is now. */
static int settle(struct forward *forward, uint64_t offset)
{
	int r = 0;

	while (r == 0 && forward->waiting_count > 0 && forward->waiting[0].offset < offset)
		r = take_waiting(forward, NULL);
	return r;
}

static int take_body(struct forward *forward, const struct x12_segment *segment)
{
	int r = forward->waiting_count == WAITING_MAX ? take_waiting(forward, NULL) : 0;

	forward->waiting[forward->waiting_count].offset = segment->where.offset;
	forward->waiting[forward->waiting_count++].bytes = segment->raw.len;
	return r == 0 && forward->guide == NULL ? settle(forward, UINT64_MAX) : r;
}

static int take_envelope(struct forward *forward, const struct x12_event *event)
{
	int r = 0;

	switch (event->kind) {
	case X12_INTERCHANGE_BEGIN:
		return keep_isa(forward, event);
	case X12_FGROUP_BEGIN:
		tree_fgroup_begin(&forward->tree, event->fgroup->control_number);
		break;
	case X12_TSET_BEGIN: /* told again, with its guide */
	case X12_BODY:
	case X12_TSET_END:
	case X12_END:
		return 0;
	case X12_INTERCHANGE_ACK:
	case X12_FGROUP_END:
	case X12_INTERCHANGE_END:
		break;
	}
	if (event->segment != NULL)
		r = take_segment(forward, NULL, event->segment->raw.len);
	if (event->kind == X12_FGROUP_END || event->kind == X12_INTERCHANGE_END)
		tree_node_end(&forward->tree);
	return r;
}

/* Of a set's end more is told when its loops have ended. */
static int on_event(void *context, const struct x12_event *event)
{
	struct forward *forward = context;
	int r = 0;

	forward->event = event;
	if (event->kind == X12_BODY)
		r = take_body(forward, event->segment);
	else if (event->kind == X12_END)
		r = take_between(forward, UINT64_MAX);
	else if (event->segment != NULL && event->kind != X12_TSET_END)
		r = take_between(forward, event->segment->where.offset);
	else
		open_interchange(forward, SLICE_EMPTY);
	if (r == 0)
		r = take_envelope(forward, event);
	return r < 0 ? r : tree_flush(&forward->tree, false);
}

static int on_tset_begin(void *context, const struct x12_tset *tset, const struct guide *guide)
{
	struct forward *forward = context;

	forward->guide = guide;
	forward->loops = 0;
	forward->result.tsets++;
	tree_tset_begin(&forward->tree, tset->control_number, guide != NULL ? guide->id : tset->guide_id,
			guide != NULL ? guide->name : SLICE_EMPTY);
	return take_segment(forward, NULL, forward->event->segment->raw.len);
}

static int on_tset_end(void *context, const struct x12_tset *tset, const struct check_verdict *verdict)
{
	struct forward *forward = context;
	const struct x12_segment *segment = forward->event->segment;
	int r = settle(forward, UINT64_MAX);

	(void)tset;
	(void)verdict;
	forward->guide = NULL;
	if (r == 0 && segment != NULL)
		r = take_between(forward, segment->where.offset);
	if (r == 0 && segment != NULL)
		r = take_segment(forward, NULL, segment->raw.len);
	tree_node_end(&forward->tree);
	return r;
}

/* The root, and loops that a damaged set has piled up, have no node of their own. */
static bool has_node(const struct forward *forward, const struct guide *guide, const struct guide_loop *loop)
{
	return loop != guide->loops && forward->loops + 3 <= TREE_DEPTH_MAX;
}

static int on_loop_begin(void *context, const struct guide *guide, const struct guide_loop *loop)
{
	struct forward *forward = context;

	forward->loops++;
	if (has_node(forward, guide, loop))
		tree_loop_begin(&forward->tree, slice_from(loop->id), loop->name);
	return 0;
}

static int on_loop_end(void *context, const struct guide *guide, const struct guide_loop *loop)
{
	struct forward *forward = context;

	if (has_node(forward, guide, loop))
		tree_node_end(&forward->tree);
	forward->loops--;
	return 0;
}

static int on_segment(void *context, const struct guide *guide, const struct guide_segment *node,
		      const struct x12_segment *segment)
{
	struct forward *forward = context;
	int r;

	(void)guide;
	r = settle(forward, segment->where.offset);
	if (r < 0 || forward->waiting_count == 0 || forward->waiting[0].offset != segment->where.offset)
		return r; /* ST and SE */
	return take_waiting(forward, node);
}

static int on_progress(void *context, uint64_t offset)
{
	struct forward *forward = context;

	return forward->options->progress(forward->sink_context, offset);
}

int convert_from_x12(struct env *env, const struct guide_set *guides, struct io_source *source,
		     struct io_source *beside, const struct convert_options *options, const struct convert_sink *sink,
		     struct convert_result *ret_result)
{
	struct forward *forward = env_alloc(env, sizeof(*forward));
	const struct check_options check = {.skip_content_hash = true};
	const struct check_handler handler = {.context = forward,
					      .event = on_event,
					      .tset_begin = on_tset_begin,
					      .tset_end = on_tset_end,
					      .loop_begin = on_loop_begin,
					      .loop_end = on_loop_end,
					      .segment = on_segment,
					      .progress = options->progress != NULL ? on_progress : NULL};
	int r;

	if (forward == NULL)
		return -ENOMEM;
	forward->options = options;
	forward->sink_context = sink->context;
	buffer_init(&forward->masked, env);
	r = tree_init(&forward->tree, env, options->form, sink);
	if (r == 0)
		r = beside_init(&forward->beside, env, beside);
	if (r == 0) {
		tree_begin(&forward->tree, !options->unmasked, io_source_has_bom(beside));
		r = check_source(env, guides, source, &check, &handler);
	}
	if (r == 0)
		r = tree_end(&forward->tree);
	if (r == 0)
		r = forward->masked.error;
	if (r == 0)
		*ret_result = forward->result;
	tree_fini(&forward->tree);
	beside_fini(&forward->beside, env);
	buffer_fini(&forward->masked);
	env_free(env, forward);
	return r;
}
