/*
 * quote: a segment as a person may see it, with the place of the fault.
 *
 * Element by element, for what is masked depends on the element; columns are counted in what is shown, not in bytes.
 */
#include "muster/fault_report.h"

#include <errno.h>

#include "muster/text.h"
#include "quote.h"

struct quote {
	const struct finding *finding;
	bool unmasked;
	struct buffer *out, scratch;
	struct x12_segment segment; /* as far as it is taken apart */
	struct slice elements[LIMIT_ELEMENTS];
	uint32_t columns, from, count;
	bool found;
};

/* Characters, not bytes: what follows in UTF-8 has its upper bits 10. */
static uint32_t columns_of(struct slice text)
{
	uint32_t columns = 0;
	for (size_t i = 0; i < text.len; i++)
		columns += ((unsigned char)text.data[i] & 0xc0) != 0x80;
	return columns;
}

static uint32_t visible_columns(struct quote *quote, struct slice text)
{
	buffer_clear(&quote->scratch);
	text_add_visible(&quote->scratch, text);
	return columns_of(buffer_slice(&quote->scratch));
}

/* ISA02 and ISA04 are passwords: nobody sees them, whatever he asked for. */
static bool is_secret(const struct quote *quote, uint32_t pos, struct slice value)
{
	return slice_is(quote->segment.id, "ISA") && (pos == 2 || pos == 4) && !slice_is_empty(slice_trim(value));
}

/* What is shown of element `pos` in its place; true when it is shown as it is. */
static bool add_shown(struct quote *quote, struct slice value, uint32_t pos)
{
	char ssn[TEXT_SSN_BYTES], id[4];
	bool same, sensitive = pos > 0 && check_is_sensitive(&quote->segment, pos);

	buffer_clear(&quote->scratch);
	if (is_secret(quote, pos, value))
		for (size_t i = 0; i < value.len; i++)
			buffer_add_char(&quote->scratch, '.');
	else if (quote->unmasked || check_is_control_number(slice_to_cstr(quote->segment.id, id, sizeof(id)), pos))
		buffer_add_slice(&quote->scratch, value);
	else if (sensitive)
		buffer_add_text(&quote->scratch, text_mask_ssn(value, ssn));
	else
		text_add_masked(&quote->scratch, value);
	same = slice_equal(buffer_slice(&quote->scratch), value);
	text_add_visible(quote->out, buffer_slice(&quote->scratch));
	return same;
}

/* Is the fault in the piece [from, to] of the segment, which is element `pos` (0: the id)? */
static bool is_here(const struct quote *quote, uint32_t pos, size_t from, size_t to)
{
	const struct finding *finding = quote->finding;
	if (quote->found)
		return false;
	if (finding->segment_at > 0)
		return finding->segment_at >= from && finding->segment_at <= to;
	return finding->where.element_pos == pos;
}

static void add_piece(struct quote *quote, uint32_t pos, size_t from, size_t to)
{
	const struct finding *finding = quote->finding;
	struct slice piece = slice_of(finding->segment.data + from, to - from), value = finding->value;
	bool here = is_here(quote, pos, from, to), same;
	size_t before = here && finding->segment_at > from ? finding->segment_at - from : 0;
	size_t out_from = quote->out->len;
	uint32_t width;

	same = add_shown(quote, piece, pos);
	width = columns_of(slice_of(quote->out->data + out_from, quote->out->len - out_from));
	if (here) {
		quote->found = true;
		quote->from = quote->columns;
		quote->count = width;
		if (same && finding->segment_at > 0) {
			quote->from += visible_columns(quote, slice_of(piece.data, before));
			if (value.len > piece.len - before)
				value.len = piece.len - before;
			quote->count = visible_columns(quote, slice_of(piece.data + before, value.len));
		}
	}
	quote->columns += width;
}

static void add_pieces(struct quote *quote)
{
	struct slice raw = quote->finding->segment;
	size_t from = 0, id_len = 0;
	char separator;

	while (id_len < raw.len && id_len < 4 &&
	       ((raw.data[id_len] >= 'A' && raw.data[id_len] <= 'Z') ||
		(raw.data[id_len] >= 'a' && raw.data[id_len] <= 'z') ||
		(raw.data[id_len] >= '0' && raw.data[id_len] <= '9')))
		id_len++;
	separator = id_len < raw.len ? raw.data[id_len] : '\0';
	quote->segment.id = slice_of(raw.data, id_len);
	quote->segment.elements = quote->elements;
	for (uint32_t pos = 0; from <= raw.len; pos++) {
		size_t to = slice_find(raw, separator, from);
		if (pos > 0 && pos <= LIMIT_ELEMENTS) {
			quote->elements[pos - 1] = slice_of(raw.data + from, to - from);
			quote->segment.element_count = pos;
		}
		if (pos > 0) {
			buffer_add_char(quote->out, separator);
			quote->columns++;
		}
		add_piece(quote, pos, from, to);
		from = to + 1;
	}
	if (!quote->found)
		quote->from = quote->columns; /* an element that lacks at the end */
}

size_t quote_byte_of(struct slice text, uint32_t column)
{
	size_t at = 0;
	for (uint32_t i = 0; at < text.len; at++) {
		bool begins = ((unsigned char)text.data[at] & 0xc0) != 0x80;
		if (begins && i++ == column)
			break;
	}
	return at;
}

/* Long segments: what is around the fault, and dots for what is not. */
static void cut(const struct quote *quote, struct buffer *out, uint32_t *from)
{
	struct slice line = buffer_slice(quote->out);
	uint32_t first = 0, last = quote->columns;
	size_t begin, end;

	if (quote->columns > FAULT_REPORT_COLUMNS) {
		if (quote->from > FAULT_REPORT_COLUMNS / 2)
			first = quote->from - FAULT_REPORT_COLUMNS / 2;
		if (first + FAULT_REPORT_COLUMNS < last)
			last = first + FAULT_REPORT_COLUMNS;
	}
	begin = quote_byte_of(line, first);
	end = quote_byte_of(line, last);
	if (first > 0)
		buffer_add_text(out, "...");
	buffer_add(out, line.data + begin, end - begin);
	if (last < quote->columns)
		buffer_add_text(out, "...");
	*from = quote->from - first + (first > 0 ? 3 : 0);
}

bool fault_report_quote(const struct finding *finding, bool unmasked, struct buffer *out, uint32_t *ret_from,
			uint32_t *ret_count)
{
	struct buffer line;
	struct quote quote = {.finding = finding, .unmasked = unmasked, .out = &line};

	if (finding->segment.len == 0)
		return false;
	buffer_init(&line, out->env);
	buffer_init(&quote.scratch, out->env);
	add_pieces(&quote);
	if (line.error != 0 || quote.scratch.error != 0) {
		out->error = -ENOMEM;
	} else {
		cut(&quote, out, ret_from);
		*ret_count = quote.count == 0 ? 1 : quote.count;
		if (*ret_count > FAULT_REPORT_COLUMNS / 2)
			*ret_count = FAULT_REPORT_COLUMNS / 2;
	}
	buffer_fini(&line);
	buffer_fini(&quote.scratch);
	return out->error == 0;
}
