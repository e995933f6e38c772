/*
 * item: an exception taken apart and masked.
 *
 * What apply kept of the record is JSON, unmasked. Nothing of it is shown but through here: each field by its kind,
 * and the record's own SSN wherever else it stands (as a subscriber id, in a segment).
 */
#include "item.h"

#include "muster/text.h"

const char *const incoming_names[INCOMING_COUNT] = {
#define X(name, kind) #name,
#include "muster/tbl/incoming.h"
#undef X
};

const enum incoming_kind incoming_kinds[INCOMING_COUNT] = {
#define X(name, kind) INCOMING_##kind,
#include "muster/tbl/incoming.h"
#undef X
};

/* Nine digits of a text that has no others, dashes left out. */
static bool nine_digits(struct slice text, char out[9])
{
	size_t count = 0, i;

	for (i = 0; i < text.len; i++) {
		if (text.data[i] == '-' || text.data[i] == ' ')
			continue;
		if (text.data[i] < '0' || text.data[i] > '9' || count == 9)
			return false;
		out[count++] = text.data[i];
	}
	return count == 9;
}

static struct slice mask_ssn(struct arena *arena, struct slice value)
{
	char digits[9], text[TEXT_SSN_BYTES];

	if (nine_digits(value, digits))
		value = slice_of(digits, sizeof(digits));
	return arena_dup(arena, slice_from(text_mask_ssn(value, text)));
}

/* Length of the record's SSN at `at`, plain or with dashes; 0 = it does not stand there. */
static size_t own_ssn_at(const struct item_view *view, struct slice s, size_t at)
{
	const char *text = s.data + at;
	size_t left = s.len - at;

	if (left >= 9 && memcmp(text, view->ssn, 9) == 0)
		return 9;
	if (left >= 11 && memcmp(text, view->ssn, 3) == 0 && text[3] == '-' &&
	    memcmp(text + 4, view->ssn + 3, 2) == 0 && text[6] == '-' && memcmp(text + 7, view->ssn + 5, 4) == 0)
		return 11;
	return 0;
}

static void add_masked(const struct item_view *view, struct buffer *out, struct slice value)
{
	size_t at = 0;

	while (at < value.len) {
		size_t len = view->has_ssn ? own_ssn_at(view, value, at) : 0;

		if (len > 0) {
			buffer_add_text(out, "***-**-");
			buffer_add(out, view->ssn + 5, 4);
		} else {
			buffer_add_char(out, value.data[at]);
		}
		at += len > 0 ? len : 1;
	}
}

/* The buffer's content in the arena, and the buffer gone. */
static struct slice keep(struct arena *arena, struct buffer *text)
{
	struct slice kept = text->error == 0 ? arena_dup(arena, buffer_slice(text)) : SLICE_EMPTY;

	buffer_fini(text);
	return kept;
}

/* The record's own SSN only: for numbers that are no person's. */
static struct slice mask_own(const struct item_view *view, struct slice value)
{
	struct buffer text;

	if (!view->has_ssn || value.len < sizeof(view->ssn))
		return value.len > 0 ? value : SLICE_LITERAL("");
	buffer_init(&text, view->arena->env);
	add_masked(view, &text, value);
	return keep(view->arena, &text);
}

struct slice item_mask(const struct item_view *view, struct slice value)
{
	value = mask_own(view, value);
	return value.data != NULL ? text_masked(view->arena, value) : value;
}

struct slice item_mask_field(const struct item_view *view, enum incoming_field field, struct slice value)
{
	if (incoming_kinds[field] == INCOMING_SSN)
		return mask_ssn(view->arena, value);
	return field == INCOMING_zip || field == INCOMING_payer_id || field == INCOMING_trace ? mask_own(view, value)
											      : item_mask(view, value);
}

int item_view_init(struct item_view *view, struct arena *arena, const struct store_exception *item)
{
	struct slice value;
	size_t i;

	*view = (struct item_view){.arena = arena, .item = item};
	for (i = 0; i < INCOMING_COUNT; i++) {
		if (!json_find(item->incoming, incoming_names[i], &value))
			continue;
		view->sent[i] = json_decode(arena, value);
		if (view->sent[i].data == NULL)
			return -ENOMEM;
	}
	view->has_ssn = nine_digits(view->sent[INCOMING_ssn], view->ssn);
	if (view->has_ssn)
		view->sent[INCOMING_ssn] = slice_of(view->ssn, sizeof(view->ssn));
	for (i = 0; i < INCOMING_COUNT; i++) {
		view->shown[i] = item_mask_field(view, (enum incoming_field)i, view->sent[i]);
		if (view->shown[i].data == NULL)
			return -ENOMEM;
	}
	if (!json_find(item->incoming, "offsets", &view->offsets))
		view->offsets = SLICE_EMPTY;
	return 0;
}

/* Elements and components of nine digits are masked whoever's they are: REF*SY, NM109, a dependent's. */
static void add_segment(const struct item_view *view, struct buffer *out, struct slice segment)
{
	size_t from = 0, at;
	char digits[9];

	for (at = 0; at <= segment.len; at++) {
		struct slice part = slice_of(segment.data + from, at - from);

		if (at < segment.len && strchr("*:^", segment.data[at]) == NULL)
			continue;
		if (nine_digits(part, digits))
			text_add_masked(out, slice_of(digits, sizeof(digits)));
		else
			add_masked(view, out, part);
		if (at < segment.len)
			buffer_add_char(out, segment.data[at]);
		from = at + 1;
	}
}

int item_next_segment(const struct item_view *view, size_t *at, size_t *offset_at, struct item_segment *ret_segment)
{
	struct slice raw = view->item->raw, offset;
	struct buffer text;
	size_t end;

	if (*at >= raw.len)
		return 0;
	ret_segment->has_offset = false;
	if (json_next(view->offsets, offset_at, &offset)) {
		ret_segment->has_offset = slice_to_u64(offset, &ret_segment->offset);
	} else if (view->offsets.len == 0 && *at == 0) {
		ret_segment->has_offset = true;
		ret_segment->offset = view->item->offset;
	}
	end = slice_find(raw, '~', *at);
	buffer_init(&text, view->arena->env);
	add_segment(view, &text, slice_of(raw.data + *at, end - *at));
	ret_segment->text = keep(view->arena, &text);
	*at = end + 1;
	return ret_segment->text.data != NULL ? 1 : -ENOMEM;
}

static int evidence_text(const struct item_view *view, struct slice object, const char *key, struct slice *ret_text)
{
	struct slice value;

	*ret_text =
		json_find(object, key, &value) ? json_decode(view->arena, value) : arena_dup(view->arena, SLICE_EMPTY);
	return ret_text->data != NULL ? 0 : -ENOMEM;
}

static bool is_about_ssn(struct slice field)
{
	size_t at;

	for (at = 0; at + 3 <= field.len; at++)
		if (memcmp(field.data + at, "ssn", 3) == 0)
			return true;
	return false;
}

static struct slice mask_evidence(const struct item_view *view, struct slice field, struct slice value)
{
	if (is_about_ssn(field))
		return mask_ssn(view->arena, value);
	return slice_is(field, "zip") ? mask_own(view, value) : item_mask(view, value);
}

/* "-14.340" as -14340: whole bits and three decimals, as incoming_add_evidence writes them. */
static int32_t millibits_of(struct slice bits)
{
	bool negative = bits.len > 0 && bits.data[0] == '-';
	int32_t value = 0;
	size_t at;

	for (at = negative; at < bits.len && value < 100000000; at++)
		if (bits.data[at] >= '0' && bits.data[at] <= '9')
			value = value * 10 + (bits.data[at] - '0');
	return negative ? -value : value;
}

int item_next_evidence(const struct item_view *view, const struct store_candidate *candidate, size_t *at,
		       struct item_evidence *ret_evidence)
{
	struct item_evidence *e = ret_evidence;
	struct slice object;

	if (!json_next(candidate->evidence, at, &object))
		return 0;
	if (evidence_text(view, object, "field", &e->field) != 0 ||
	    evidence_text(view, object, "level", &e->level) != 0 ||
	    evidence_text(view, object, "sent", &e->sent) != 0 ||
	    evidence_text(view, object, "known", &e->known) != 0 ||
	    evidence_text(view, object, "bits", &e->bits) != 0 ||
	    evidence_text(view, object, "against", &e->against) != 0)
		return -ENOMEM;
	e->millibits = millibits_of(e->bits);
	e->sent = mask_evidence(view, e->field, e->sent);
	e->known = mask_evidence(view, e->field, e->known);
	return e->sent.data != NULL && e->known.data != NULL ? 1 : -ENOMEM;
}

static void add_name(struct buffer *out, const char *name)
{
	if (out->len > 0)
		buffer_add_text(out, ", ");
	buffer_add_text(out, name);
}

/* Sort one identifying field: not sent, or other than the candidate's. */
static void look_at(const struct item_view *view, enum incoming_field field, const char *name, struct slice known,
		    bool compare, struct buffer *missing, struct buffer *differing)
{
	struct slice sent = view->sent[field];

	if (slice_is_empty(sent) || (field == INCOMING_ssn && text_ssn_is_placeholder(sent)))
		add_name(missing, name);
	else if (compare && !slice_is_empty(known) && !slice_equal_nocase(sent, known))
		add_name(differing, name);
}

struct slice item_certainty(const struct item_view *view, const struct member *best)
{
	static const struct member nobody = {.birth_on = DATE_NONE};
	const struct member *known = best != NULL ? best : &nobody;
	struct buffer missing, differing;
	char born[DATE_TEXT_BYTES];
	struct slice text;

	if (!category_asks_who(view->item->category))
		return arena_dup(view->arena, SLICE_EMPTY);
	date_format_iso(known->birth_on, born);
	buffer_init(&missing, view->arena->env);
	buffer_init(&differing, view->arena->env);
	look_at(view, INCOMING_member_id_sent, "the plan's member number", known->member_id, best != NULL, &missing,
		&differing);
	look_at(view, INCOMING_ssn, "SSN", known->ssn, best != NULL, &missing, &differing);
	look_at(view, INCOMING_birth_on, "birth date", slice_from(born), best != NULL, &missing, &differing);
	look_at(view, INCOMING_last_name, "last name", known->last_name, best != NULL, &missing, &differing);
	look_at(view, INCOMING_first_name, "first name", known->first_name, best != NULL, &missing, &differing);
	if (missing.error != 0 || differing.error != 0)
		text = SLICE_EMPTY;
	else if (missing.len > 0 && differing.len > 0)
		text = arena_printf(view->arena, "Not sent: %s. Other than on file: %s.", missing.data, differing.data);
	else if (missing.len > 0)
		text = arena_printf(view->arena, "Not sent: %s.", missing.data);
	else if (differing.len > 0)
		text = arena_printf(view->arena, "Other than on file: %s.", differing.data);
	else
		text = arena_dup(
			view->arena,
			SLICE_LITERAL("All that identifies a person was sent; the reason above stands against it."));
	buffer_fini(&missing);
	buffer_fini(&differing);
	return text;
}

int item_is_money(struct store *store, struct arena *arena, const struct store_exception *item, bool *ret_money)
{
	const struct store_tset *tset = NULL;
	int r = item->tset_no != 0 ? store_tset_get(store, item->tset_no, arena, &tset) : 0;

	if (r == 0)
		*ret_money = tset != NULL && slice_is(tset->set_id, "820");
	return r;
}

struct slice queue_mask(struct arena *arena, const struct store_exception *item, struct slice value)
{
	struct item_view view;

	return item_view_init(&view, arena, item) == 0 ? item_mask(&view, value) : SLICE_EMPTY;
}

char *queue_share_format(uint32_t share_e6, char out[QUEUE_SHARE_BYTES])
{
	char digits[QUEUE_SHARE_BYTES];
	size_t at = sizeof(digits), places = 0;

	do {
		if (places++ == 6)
			digits[--at] = '.';
		digits[--at] = (char)('0' + share_e6 % 10);
		share_e6 /= 10;
	} while (share_e6 > 0 || places <= 6);
	return slice_to_cstr(slice_of(digits + at, sizeof(digits) - at), out, QUEUE_SHARE_BYTES);
}
