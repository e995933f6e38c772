/*
 * show: one item for a person, or for a program, with everything that helps to decide it.
 */
#include <stdio.h>

#include "item.h"
#include "muster/limits.h"
#include "muster/text.h"

#define CELL_WIDTH_MAX 28u
#define COLUMNS_MAX (2u + LIMIT_CANDIDATES)

/* ---- JSON --------------------------------------------------------------------------------------------------- */

static void json_clock(struct json *json, const char *key, int64_t clock_ms)
{
	char text[CLOCK_TEXT_BYTES];

	if (clock_ms == 0)
		json_null(json, key);
	else
		json_text(json, key, slice_from(clock_format_rfc3339(clock_ms, text)));
}

static void json_share(struct json *json, const char *key, uint32_t share_e6)
{
	char text[QUEUE_SHARE_BYTES];

	json_raw(json, key, slice_from(queue_share_format(share_e6, text)));
}

static void json_item(struct json *json, const struct item_view *view)
{
	const struct store_exception *item = view->item;

	json_text(json, "item", item->item_id);
	json_u64(json, "version", item->version);
	json_text(json, "status", slice_from(store_exception_status_name(item->status)));
	json_text(json, "category", slice_from(category_name(item->category)));
	json_text(json, "severity", slice_from(urgency_name(category_urgency(item->category))));
	json_share(json, "confidence", item->confidence_e6);
	json_text(json, "reason", item_mask(view, item->reason));
	json_clock(json, "received_at", item->created_ms);
	json_clock(json, "due_at", item->due_ms);
	json_text_or_null(json, "owner", item->owner);
	json_clock(json, "leased_until", item->lease_until_ms);
	json_text_or_null(json, "decision", item->decision);
	json_text_or_null(json, "decided_by", item->operator_id);
	json_text_or_null(json, "proposed", item->proposal);
	json_text_or_null(json, "proposed_by", slice_is_empty(item->proposal) ? SLICE_EMPTY : item->proposed_by);
	json_text_or_null(json, "note", item->note);
	json_text(json, "file", item->origin.file_name);
	json_text(json, "file_id", item->origin.file_id);
	json_text(json, "interchange", item->origin.interchange_control);
	json_text(json, "group", item->origin.fgroup_control);
	json_text(json, "set", item->origin.tset_control);
	json_u64(json, "member_pos", item->member_pos);
	json_u64(json, "segment_pos", item->segment_pos);
	json_u64(json, "offset", item->offset);
}

static int json_evidence(struct json *json, const struct item_view *view, const struct store_candidate *candidate)
{
	struct item_evidence evidence;
	size_t at = 0;
	int r;

	json_array_begin(json, "evidence");
	while ((r = item_next_evidence(view, candidate, &at, &evidence)) == 1) {
		json_object_begin(json, NULL);
		json_text(json, "field", evidence.field);
		json_text(json, "level", evidence.level);
		json_text(json, "sent", evidence.sent);
		json_text(json, "known", evidence.known);
		if (!slice_is_empty(evidence.bits))
			json_raw(json, "bits", evidence.bits);
		json_text(json, "against", evidence.against);
		json_object_end(json);
	}
	json_array_end(json);
	return r;
}

static int json_whole(struct json *json, const struct item_view *view)
{
	const struct store_exception *item = view->item;
	struct item_segment segment;
	size_t i, at = 0, offset_at = 0;
	int r = 0;

	json_text(json, "guidance", slice_from(category_guidance(item->category)));
	json_object_begin(json, "incoming");
	for (i = 0; i < INCOMING_COUNT; i++)
		if (!slice_is_empty(view->shown[i]))
			json_text(json, incoming_names[i], view->shown[i]);
	json_object_end(json);
	json_array_begin(json, "candidates");
	for (i = 0; r == 0 && i < item->candidate_count; i++) {
		json_object_begin(json, NULL);
		json_text(json, "member_id", item->candidates[i].member_id);
		json_share(json, "score", item->candidates[i].score_e6);
		r = json_evidence(json, view, &item->candidates[i]);
		json_object_end(json);
	}
	json_array_end(json);
	json_array_begin(json, "segments");
	while (r == 0 && (r = item_next_segment(view, &at, &offset_at, &segment)) == 1) {
		json_object_begin(json, NULL);
		if (segment.has_offset)
			json_u64(json, "offset", segment.offset);
		json_text(json, "text", segment.text);
		json_object_end(json);
		r = 0;
	}
	json_array_end(json);
	return r;
}

int queue_add_json(struct env *env, struct json *json, const struct store_exception *item, bool whole)
{
	struct item_view view;
	struct arena arena;
	int r;

	arena_init(&arena, env, 0, 0);
	r = item_view_init(&view, &arena, item);
	if (r == 0) {
		json_object_begin(json, NULL);
		json_item(json, &view);
		if (whole)
			r = json_whole(json, &view);
		json_object_end(json);
	}
	if (r == 0)
		r = json->out->error;
	arena_fini(&arena);
	return r;
}

/* ---- what both pages show beside the item ------------------------------------------------------------------- */

struct page {
	struct store *store;
	struct env *env;
	struct arena arena;
	const struct store_exception *item;
	struct item_view view;
	const struct member *members[LIMIT_CANDIDATES]; /* as they are now; NULL: gone */
	uint32_t member_count;
	struct slice certainty;
};

static int page_init(struct page *page, struct store *store, struct env *env, struct slice item_id)
{
	uint32_t i;
	int r;

	*page = (struct page){.store = store, .env = env};
	arena_init(&page->arena, env, 0, 0);
	r = store_exception_get(store, item_id, &page->arena, &page->item);
	if (r != 0)
		return r;
	if (page->item == NULL)
		return QUEUE_E_UNKNOWN;
	r = item_view_init(&page->view, &page->arena, page->item);
	for (i = 0; r == 0 && i < page->item->candidate_count && i < LIMIT_CANDIDATES; i++)
		r = store_member_get_no(store, page->item->candidates[i].member_no, &page->arena,
					&page->members[page->member_count++]);
	if (r != 0)
		return r;
	page->certainty = item_certainty(&page->view, page->member_count > 0 ? page->members[0] : NULL);
	return page->certainty.data != NULL ? 0 : -ENOMEM;
}

/* A candidate's value for an incoming field, unmasked; empty where it has none such. */
static struct slice known_value(struct arena *arena, const struct member *member, enum incoming_field field)
{
	const struct coverage_span *span = member->span_count > 0 ? &member->spans[member->span_count - 1] : NULL;
	char day[DATE_TEXT_BYTES];

	switch ((int)field) {
	case INCOMING_relationship:
		return member->relationship;
	case INCOMING_subscriber_id:
		return member->subscriber_id;
	case INCOMING_member_id_sent:
		return member->member_id;
	case INCOMING_group_sent:
		return span != NULL ? span->group_id : SLICE_EMPTY;
	case INCOMING_plan_sent:
		return span != NULL ? span->plan_id : SLICE_EMPTY;
	case INCOMING_insurance_line:
		return span != NULL ? span->insurance_line : SLICE_EMPTY;
	case INCOMING_tier:
		return span != NULL ? span->tier : SLICE_EMPTY;
	case INCOMING_begins_on:
		return span != NULL ? arena_dup(arena, slice_from(date_format_iso(span->begins_on, day))) : SLICE_EMPTY;
	case INCOMING_ends_on:
		return span != NULL ? arena_dup(arena, slice_from(date_format_iso(span->ends_on, day))) : SLICE_EMPTY;
	case INCOMING_last_name:
		return member->last_name;
	case INCOMING_first_name:
		return member->first_name;
	case INCOMING_middle_name:
		return member->middle_name;
	case INCOMING_suffix:
		return member->suffix;
	case INCOMING_ssn:
		return member->ssn;
	case INCOMING_birth_on:
		return arena_dup(arena, slice_from(date_format_iso(member->birth_on, day)));
	case INCOMING_sex:
		return arena_dup(arena, slice_of(&member->sex, member->sex != 0));
	case INCOMING_address1:
		return member->address1;
	case INCOMING_address2:
		return member->address2;
	case INCOMING_city:
		return member->city;
	case INCOMING_state:
		return member->state;
	case INCOMING_zip:
		return member->zip;
	case INCOMING_phone:
		return member->phone;
	case INCOMING_email:
		return member->email;
	}
	return SLICE_EMPTY;
}

/* By form, not by colour: equal, different, or nothing to compare. */
static char mark_of(struct slice sent, struct slice known)
{
	if (slice_is_empty(sent) || slice_is_empty(known))
		return ' ';
	return slice_equal_nocase(sent, known) ? '=' : '!';
}

struct decisions {
	struct json *json;
	struct buffer *text;
};

static int add_decision(void *context, const struct store_decision *decision)
{
	struct decisions *to = context;
	char at[CLOCK_TEXT_BYTES];

	clock_format_rfc3339(decision->at_ms, at);
	if (to->json != NULL) {
		json_object_begin(to->json, NULL);
		json_u64(to->json, "version", decision->version);
		json_text(to->json, "status", decision->status);
		json_text_or_null(to->json, "decision", decision->decision);
		json_text_or_null(to->json, "note", decision->note);
		json_text_or_null(to->json, "operator", decision->operator_id);
		json_text(to->json, "at", slice_from(at));
		json_object_end(to->json);
		return 0;
	}
	buffer_printf(to->text, "  %s  version %u  %.*s %.*s", at, decision->version, (int)decision->status.len,
		      decision->status.data, (int)decision->decision.len, decision->decision.data);
	if (decision->operator_id.len > 0)
		buffer_printf(to->text, " by %.*s", (int)decision->operator_id.len, decision->operator_id.data);
	buffer_add_char(to->text, '\n');
	return 0;
}

static void json_known(struct json *json, const struct page *page)
{
	uint32_t i;
	int field;

	json_array_begin(json, "known");
	for (i = 0; i < page->member_count; i++) {
		json_object_begin(json, NULL);
		for (field = 0; page->members[i] != NULL && field < INCOMING_COUNT; field++) {
			struct slice known =
				known_value(page->view.arena, page->members[i], (enum incoming_field)field);

			if (!slice_is_empty(known))
				json_text(json, field == INCOMING_member_id_sent ? "member_id" : incoming_names[field],
					  item_mask_field(&page->view, (enum incoming_field)field, known));
		}
		json_object_end(json);
	}
	json_array_end(json);
}

int queue_show_json(struct store *store, struct env *env, struct slice item_id, struct json *json)
{
	struct decisions decisions = {.json = json};
	struct page page;
	int r = page_init(&page, store, env, item_id);

	if (r == 0) {
		json_object_begin(json, NULL);
		json_item(json, &page.view);
		r = json_whole(json, &page.view);
		json_known(json, &page);
		json_text_or_null(json, "certain_with", page.certainty);
		json_array_begin(json, "decisions");
		if (r == 0)
			r = store_decisions_each(store, page.item->exception_no, add_decision, &decisions);
		json_array_end(json);
		json_object_end(json);
	}
	if (r == 0)
		r = json->out->error;
	arena_fini(&page.arena);
	return r;
}

/* ---- the page for a person ---------------------------------------------------------------------------------- */

/* A labelled text; its own line ends are kept. */
static void line(struct buffer *out, const char *label, struct slice value)
{
	size_t from = 0, end;

	for (; from < value.len; from = end + 1) {
		end = slice_find(value, '\n', from);
		buffer_printf(out, "%-14s", from == 0 ? label : "");
		text_add_visible(out, slice_of(value.data + from, end - from));
		buffer_add_char(out, '\n');
	}
}

/* A text as it is printed, cut to a column's width. Returns how wide it is. */
static size_t add_cell(struct buffer *out, struct slice value)
{
	size_t at = 0, width = 0;
	uint32_t codepoint;

	while (at < value.len) {
		size_t len = text_utf8_next(value, at, &codepoint);
		bool more = at + (len > 0 ? len : 1) < value.len;

		if (width == CELL_WIDTH_MAX - 1 && more) {
			buffer_add_char(out, '>');
			return width + 1;
		}
		buffer_add(out, value.data + at, len > 0 ? len : 1);
		at += len > 0 ? len : 1;
		width++;
	}
	return width;
}

/* Rows of cells, each with a mark before it; columns as wide as their widest cell. */
struct grid {
	struct slice cells[INCOMING_COUNT + 1][COLUMNS_MAX];
	char marks[INCOMING_COUNT + 1][COLUMNS_MAX];
	uint32_t rows, columns;
};

static struct slice visible(const struct page *page, struct slice value)
{
	struct buffer text;
	struct slice kept;

	buffer_init(&text, page->env);
	text_add_visible(&text, value);
	kept = text.error == 0 ? arena_dup(page->view.arena, buffer_slice(&text)) : SLICE_EMPTY;
	buffer_fini(&text);
	return kept;
}

static void grid_fill(struct grid *grid, const struct page *page)
{
	char share[QUEUE_SHARE_BYTES];
	uint32_t i;
	int field;

	grid->columns = 2 + page->member_count;
	grid->cells[0][1] = SLICE_LITERAL("sent");
	for (i = 0; i < page->member_count; i++)
		grid->cells[0][2 + i] = arena_printf(page->view.arena, "%u: %s", i + 1,
						     queue_share_format(page->item->candidates[i].score_e6, share));
	grid->rows = 1;
	for (field = 0; field < INCOMING_COUNT; field++) {
		bool any = !slice_is_empty(page->view.sent[field]);
		uint32_t row = grid->rows;

		for (i = 0; i < page->member_count; i++) {
			struct slice known = SLICE_EMPTY;

			if (page->members[i] != NULL)
				known = known_value(page->view.arena, page->members[i], (enum incoming_field)field);
			any |= !slice_is_empty(known);
			grid->marks[row][2 + i] = mark_of(page->view.sent[field], known);
			grid->cells[row][2 + i] =
				visible(page, item_mask_field(&page->view, (enum incoming_field)field, known));
		}
		grid->cells[row][0] = slice_from(incoming_names[field]);
		grid->cells[row][1] = visible(page, page->view.shown[field]);
		grid->rows += any;
	}
}

static void grid_print(const struct grid *grid, struct env *env, struct buffer *out)
{
	size_t widths[COLUMNS_MAX] = {0};
	struct buffer cell;
	uint32_t row, column;
	int pass;

	buffer_init(&cell, env);
	for (pass = 0; pass < 2; pass++) {
		for (row = 0; row < grid->rows; row++) {
			for (column = 0; column < grid->columns; column++) {
				char mark = grid->marks[row][column];
				size_t width;

				buffer_clear(&cell);
				width = add_cell(&cell, grid->cells[row][column]);
				if (width > widths[column])
					widths[column] = width;
				if (pass == 0)
					continue;
				buffer_printf(out, "%s%c ", column < 2 ? "" : "  ",
					      column < 2 || mark == '\0' ? ' ' : mark);
				buffer_add_slice(out, buffer_slice(&cell));
				if (column + 1 < grid->columns)
					buffer_printf(out, "%*s", (int)(widths[column] - width), "");
			}
			if (pass == 1)
				buffer_add_char(out, '\n');
		}
	}
	if (cell.error != 0)
		out->error = cell.error;
	buffer_fini(&cell);
}

static void text_head(const struct page *page, struct buffer *out)
{
	const struct store_exception *item = page->item;
	char due[CLOCK_TEXT_BYTES], received[CLOCK_TEXT_BYTES];

	buffer_printf(out, "%.*s  %s  %s  %s, version %u\n", (int)item->item_id.len, item->item_id.data,
		      category_name(item->category), urgency_name(category_urgency(item->category)),
		      store_exception_status_name(item->status), item->version);
	line(out, "reason", item_mask(&page->view, item->reason));
	line(out, "what to do", slice_from(category_guidance(item->category)));
	line(out, "certain with", page->certainty);
	buffer_printf(out, "%-14s%s, due %s\n", "received", clock_format_rfc3339(item->created_ms, received),
		      clock_format_rfc3339(item->due_ms, due));
	buffer_printf(out, "%-14s", "stands in");
	text_add_visible(out, item->origin.file_name);
	if (item->tset_no != 0) {
		buffer_add_text(out, ", interchange ");
		text_add_visible(out, item->origin.interchange_control);
		buffer_add_text(out, ", group ");
		text_add_visible(out, item->origin.fgroup_control);
		buffer_add_text(out, ", set ");
		text_add_visible(out, item->origin.tset_control);
	}
	if (item->member_pos != 0)
		buffer_printf(out, ", record %u (segment %u, byte %llu)", item->member_pos, item->segment_pos,
			      (unsigned long long)item->offset);
	buffer_add_char(out, '\n');
	line(out, "owner", item->owner);
	if (!slice_is_empty(item->proposal))
		buffer_printf(out, "%-14s%.*s, by %.*s\n", "proposed", (int)item->proposal.len, item->proposal.data,
			      (int)item->proposed_by.len, item->proposed_by.data);
	line(out, "decision", item->decision);
	line(out, "note", item->note);
}

static int text_segments(const struct page *page, struct buffer *out)
{
	struct item_segment segment;
	size_t at = 0, offset_at = 0;
	int r;

	if (page->item->raw.len > 0)
		buffer_add_text(out, "\nsegments\n");
	while ((r = item_next_segment(&page->view, &at, &offset_at, &segment)) == 1) {
		if (segment.has_offset)
			buffer_printf(out, "  %10llu  ", (unsigned long long)segment.offset);
		else
			buffer_printf(out, "  %10s  ", "");
		text_add_visible(out, segment.text);
		buffer_add_char(out, '\n');
	}
	return r;
}

/* Other items that wait for the same family: often one answer settles them all. */
struct others {
	struct buffer *out;
	struct slice but, sponsor_id;
	uint32_t count;
};

static int add_other(void *context, const struct store_exception *item)
{
	struct others *others = context;

	if (slice_equal(item->item_id, others->but) || !slice_equal(item->sponsor_id, others->sponsor_id))
		return 0;
	buffer_printf(others->out, "%s  %.*s  %s\n", others->count++ == 0 ? "\nthe same family waits in\n" : "",
		      (int)item->item_id.len, item->item_id.data, category_name(item->category));
	return 0;
}

static int text_others(const struct page *page, struct buffer *out)
{
	struct others others = {.out = out, .but = page->item->item_id, .sponsor_id = page->item->sponsor_id};
	struct store_exception_filter filter = {
		.statuses = 1u << STORE_EXCEPTION_OPEN | 1u << STORE_EXCEPTION_ASSIGNED,
		.subscriber_id = page->item->subscriber_id,
		.in_file_order = true,
		.count_max = 20,
	};

	if (slice_is_empty(filter.subscriber_id))
		return 0;
	return store_exceptions_each(page->store, &filter, add_other, &others);
}

static int text_page(const struct page *page, struct buffer *out)
{
	struct decisions decisions = {.text = out};
	struct grid *grid = arena_alloc(page->view.arena, sizeof(*grid));
	int r;

	if (grid == NULL)
		return -ENOMEM;
	text_head(page, out);
	grid_fill(grid, page);
	if (grid->rows > 1) {
		buffer_add_char(out, '\n');
		grid_print(grid, page->env, out);
	}
	r = item_evidence_print(&page->view, out);
	if (r == 0)
		r = text_segments(page, out);
	if (r == 0)
		r = text_others(page, out);
	if (r == 0 && page->item->version > 1) {
		buffer_add_text(out, "\ndecisions\n");
		r = store_decisions_each(page->store, page->item->exception_no, add_decision, &decisions);
	}
	return r;
}

int queue_show_text(struct store *store, struct env *env, struct slice item_id, struct buffer *out)
{
	struct page page;
	int r = page_init(&page, store, env, item_id);

	if (r == 0)
		r = text_page(&page, out);
	if (r == 0)
		r = out->error;
	arena_fini(&page.arena);
	return r;
}
