/*
 * export: the exceptions as CSV and XML, row by row.
 *
 * One item is taken apart, written and forgotten; memory does not grow with the queue. A file that is written
 * "as received" shows nothing that a representative has done since, so that it can be made again byte for byte.
 */
#include "item.h"
#include "muster/csv.h"
#include "muster/xml.h"

#define NAMESPACE "urn:muster:exceptions:1"
#define CSV_CANDIDATES 3u
/* What is written at once. */
#define FLUSH_BYTES (64u * 1024u)

struct export
{
	struct env *env;
	const struct queue_sink *sink;
	bool as_received;
	struct arena arena; /* of one item */
	struct buffer rows;
	struct xml_writer *writer;
	struct queue_export_result result;
};

static int flush(struct export *export, size_t bytes_min)
{
	int r = export->rows.error;

	if (r == 0 && export->rows.len > bytes_min) {
		r = export->sink->write(export->sink->context, export->rows.data, export->rows.len);
		buffer_clear(&export->rows);
	}
	return r;
}

static uint32_t version_of(const struct export *export, const struct store_exception *item)
{
	return export->as_received ? 1 : item->version;
}

/* As received: open, but for what went back to the sender by agreement; that was rejected in its first version. */
static enum store_exception_status export_status(const struct export *export, const struct store_exception *item)
{
	bool rejected = item->status == STORE_EXCEPTION_REJECTED && item->version == 1;

	return export->as_received && !rejected ? STORE_EXCEPTION_OPEN : item->status;
}

/* ---- CSV ---------------------------------------------------------------------------------------------------- */

static void csv_header(struct export *export)
{
	static const char *const before[] = {"item",       "file",       "interchange", "group",      "set",
					     "member_pos", "category",   "severity",    "confidence", "candidate1",
					     "score1",     "candidate2", "score2",      "candidate3", "score3",
					     "reason",     "due_at"};
	struct buffer *out = &export->rows;
	size_t i;

	for (i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		csv_add(out, i == 0, slice_from(before[i]));
	for (i = 0; i < INCOMING_COUNT; i++)
		csv_add(out, false, slice_from(incoming_names[i]));
	csv_add(out, false, SLICE_LITERAL("version"));
	if (!export->as_received) {
		csv_add(out, false, SLICE_LITERAL("decision"));
		csv_add(out, false, SLICE_LITERAL("note"));
	}
	csv_end_record(out);
}

static void csv_number(struct buffer *out, uint64_t value)
{
	buffer_add_char(out, ',');
	buffer_add_u64(out, value);
}

static void csv_candidates(struct buffer *out, const struct store_exception *item)
{
	char share[QUEUE_SHARE_BYTES];
	uint32_t i;

	for (i = 0; i < CSV_CANDIDATES; i++) {
		bool there = i < item->candidate_count;

		csv_add(out, false, there ? item->candidates[i].member_id : SLICE_EMPTY);
		csv_add(out, false,
			there ? slice_from(queue_share_format(item->candidates[i].score_e6, share)) : SLICE_EMPTY);
	}
}

static void csv_row(struct export *export, const struct item_view *view)
{
	const struct store_exception *item = view->item;
	struct buffer *out = &export->rows;
	char share[QUEUE_SHARE_BYTES], due[CLOCK_TEXT_BYTES];
	size_t i;

	csv_add(out, true, item->item_id);
	csv_add_guarded(out, false, item->origin.file_name);
	csv_add(out, false, item->origin.interchange_control);
	csv_add(out, false, item->origin.fgroup_control);
	csv_add(out, false, item->origin.tset_control);
	csv_number(out, item->member_pos);
	csv_add(out, false, slice_from(category_name(item->category)));
	csv_add(out, false, slice_from(urgency_name(category_urgency(item->category))));
	csv_add(out, false, slice_from(queue_share_format(item->confidence_e6, share)));
	csv_candidates(out, item);
	csv_add_guarded(out, false, item_mask(view, item->reason));
	csv_add(out, false, slice_from(clock_format_rfc3339(item->due_ms, due)));
	for (i = 0; i < INCOMING_COUNT; i++) {
		if (incoming_kinds[i] == INCOMING_TEXT)
			csv_add_guarded(out, false, view->shown[i]);
		else
			csv_add(out, false, view->shown[i]);
	}
	csv_number(out, version_of(export, item));
	if (!export->as_received) {
		csv_add(out, false, item->decision);
		csv_add_guarded(out, false, item->note);
	}
	csv_end_record(out);
}

/* ---- XML ---------------------------------------------------------------------------------------------------- */

static void xml_origin(struct xml_writer *out, const struct store_exception *item)
{
	xml_element_begin(out, "origin");
	xml_attribute(out, "file", item->origin.file_name);
	xml_attribute(out, "file_id", item->origin.file_id);
	xml_attribute(out, "interchange", item->origin.interchange_control);
	xml_attribute(out, "group", item->origin.fgroup_control);
	xml_attribute(out, "set", item->origin.tset_control);
	xml_attribute_u64(out, "member_pos", item->member_pos);
	xml_attribute_u64(out, "segment_pos", item->segment_pos);
	xml_attribute_u64(out, "offset", item->offset);
	xml_element_end(out);
}

static void xml_incoming(struct xml_writer *out, const struct item_view *view)
{
	size_t i;

	xml_element_begin(out, "incoming");
	for (i = 0; i < INCOMING_COUNT; i++) {
		if (slice_is_empty(view->shown[i]))
			continue;
		xml_element_begin(out, "field");
		xml_attribute(out, "name", slice_from(incoming_names[i]));
		xml_text(out, view->shown[i]);
		xml_element_end(out);
	}
	xml_element_end(out);
}

static int xml_evidence(struct xml_writer *out, const struct item_view *view, const struct store_candidate *candidate)
{
	struct item_evidence evidence;
	size_t at = 0;
	int r;

	while ((r = item_next_evidence(view, candidate, &at, &evidence)) == 1) {
		xml_element_begin(out, "evidence");
		xml_attribute(out, "field", evidence.field);
		xml_attribute(out, "level", evidence.level);
		if (!slice_is_empty(evidence.bits))
			xml_attribute(out, "bits", evidence.bits);
		if (!slice_is_empty(evidence.against))
			xml_attribute(out, "against", evidence.against);
		xml_leaf(out, "sent", evidence.sent);
		xml_leaf(out, "known", evidence.known);
		xml_element_end(out);
	}
	return r;
}

static int xml_candidates(struct xml_writer *out, const struct item_view *view)
{
	char share[QUEUE_SHARE_BYTES];
	uint32_t i;
	int r = 0;

	xml_element_begin(out, "candidates");
	for (i = 0; r == 0 && i < view->item->candidate_count; i++) {
		const struct store_candidate *candidate = &view->item->candidates[i];

		xml_element_begin(out, "candidate");
		xml_attribute(out, "member_id", candidate->member_id);
		xml_attribute(out, "score", slice_from(queue_share_format(candidate->score_e6, share)));
		r = xml_evidence(out, view, candidate);
		xml_element_end(out);
	}
	xml_element_end(out);
	return r;
}

static int xml_segments(struct xml_writer *out, const struct item_view *view)
{
	struct item_segment segment;
	size_t at = 0, offset_at = 0;
	int r;

	xml_element_begin(out, "segments");
	while ((r = item_next_segment(view, &at, &offset_at, &segment)) == 1) {
		xml_element_begin(out, "segment");
		if (segment.has_offset)
			xml_attribute_u64(out, "offset", segment.offset);
		xml_text(out, segment.text);
		xml_element_end(out);
	}
	xml_element_end(out);
	return r;
}

static void xml_clock(struct xml_writer *out, const char *name, int64_t clock_ms)
{
	char text[CLOCK_TEXT_BYTES];

	xml_leaf(out, name, slice_from(clock_format_rfc3339(clock_ms, text)));
}

/* What a representative has done so far; left out where the file shall be as it was. */
static void xml_progress(struct xml_writer *out, const struct store_exception *item)
{
	if (!slice_is_empty(item->owner))
		xml_leaf(out, "owner", item->owner);
	if (!slice_is_empty(item->decision))
		xml_leaf(out, "decision", item->decision);
	if (!slice_is_empty(item->note))
		xml_leaf(out, "note", item->note);
}

static int xml_item(struct export *export, const struct item_view *view)
{
	const struct store_exception *item = view->item;
	struct xml_writer *out = export->writer;
	char share[QUEUE_SHARE_BYTES];
	int r;

	xml_element_begin(out, "item");
	xml_attribute(out, "id", item->item_id);
	xml_attribute_u64(out, "version", version_of(export, item));
	xml_origin(out, item);
	xml_element_begin(out, "category");
	xml_attribute(out, "severity", slice_from(urgency_name(category_urgency(item->category))));
	xml_text(out, slice_from(category_name(item->category)));
	xml_element_end(out);
	xml_leaf(out, "status",
		 slice_from(store_exception_status_name(export_status(export, item))));
	xml_leaf(out, "confidence", slice_from(queue_share_format(item->confidence_e6, share)));
	xml_leaf(out, "reason", item_mask(view, item->reason));
	xml_leaf(out, "guidance", slice_from(category_guidance(item->category)));
	xml_clock(out, "received_at", item->created_ms);
	xml_clock(out, "due_at", item->due_ms);
	xml_incoming(out, view);
	r = xml_candidates(out, view);
	if (r == 0)
		r = xml_segments(out, view);
	if (!export->as_received)
		xml_progress(out, item);
	xml_element_end(out);
	return r;
}

/* ---- both --------------------------------------------------------------------------------------------------- */

static int export_item(void *context, const struct store_exception *item)
{
	struct export *export = context;
	struct item_view view;
	int r;

	export->result.items++;
	if (item->member_pos != 0 && item->category != CATEGORY_OMITTED) {
		export->result.records++;
		export->result.rejected += export_status(export, item) == STORE_EXCEPTION_REJECTED;
	}
	arena_reset(&export->arena);
	r = item_view_init(&view, &export->arena, item);
	if (r != 0)
		return r;
	if (export->writer != NULL)
		return xml_item(export, &view);
	csv_row(export, &view);
	return flush(export, FLUSH_BYTES);
}

static int export_xml(struct export *export, struct store *store, const struct store_exception_filter *filter)
{
	struct xml_sink sink = {export->sink->context, export->sink->write};
	int r = xml_writer_new(export->env, &sink, &export->writer);

	if (r != 0)
		return r;
	xml_writer_begin(export->writer, "exceptions", NAMESPACE);
	r = store_exceptions_each(store, filter, export_item, export);
	if (r == 0)
		r = xml_writer_end(export->writer);
	xml_writer_free(export->writer);
	return r;
}

int queue_export(struct store *store, struct env *env, const struct store_exception_filter *filter,
		 enum queue_form form, bool as_received, const struct queue_sink *sink,
		 struct queue_export_result *ret_result)
{
	struct export export = {.env = env, .sink = sink, .as_received = as_received};
	struct store_exception_filter items = *filter;
	int r;

	items.as_received = as_received;

	arena_init(&export.arena, env, 0, 0);
	buffer_init(&export.rows, env);
	if (form == QUEUE_XML) {
		r = export_xml(&export, store, &items);
	} else {
		csv_header(&export);
		r = store_exceptions_each(store, &items, export_item, &export);
		if (r == 0)
			r = flush(&export, 0);
	}
	if (r == 0 && ret_result != NULL)
		*ret_result = export.result;
	buffer_fini(&export.rows);
	arena_fini(&export.arena);
	return r;
}
