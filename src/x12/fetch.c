/*
 * fetch: finds the next thing in the bytes, whatever they are.
 *
 * Inside an interchange that is a segment up to its terminator, or a new ISA; outside, an ISA. Everything that is
 * neither is passed over with one finding. Nothing here depends on how many bytes the source hands out at a time:
 * where a decision needs bytes that are not there yet, more are read and the decision is made afresh from the same
 * first byte.
 */
#include <assert.h>
#include <string.h>

#include "reader.h"

/* Shorter segments cannot hide an ISA: all of its 106 bytes but the last two are in it. */
#define HIDING_BYTES (HEADER_BYTES - 2)

/* What tapes, editors and old systems leave between segments and behind the last one. */
static bool is_padding(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n' || byte == '\0' || byte == '\x1a';
}

const unsigned char x12_classes[256] = {
	['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1, ['G'] = 5, ['H'] = 1, ['I'] = 5,
	['J'] = 1, ['K'] = 1, ['L'] = 1, ['M'] = 1, ['N'] = 1, ['O'] = 1, ['P'] = 1, ['Q'] = 1, ['R'] = 1,
	['S'] = 5, ['T'] = 1, ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1, ['0'] = 2,
	['1'] = 2, ['2'] = 2, ['3'] = 2, ['4'] = 2, ['5'] = 2, ['6'] = 2, ['7'] = 2, ['8'] = 2, ['9'] = 2,
};

void x12_release(struct x12_reader *reader)
{
	window_pass(&reader->window, reader->held_bytes, reader->held_newlines);
	reader->held = HELD_NOTHING;
	reader->held_bytes = 0;
	reader->held_newlines = 0;
	reader->unterminated = reader->indented = reader->looked_behind = false;
}

/* Note something about the bytes at hand and tell it at once. */
#define TELL(reader, code, segment_id, ...)                                                                            \
	(x12_place((reader), x12_next_pos(reader)), x12_note((reader), (code), (segment_id), 0, __VA_ARGS__),          \
	 x12_notes_flush(reader))

static int hold_end(struct x12_reader *reader)
{
	reader->held = HELD_END;
	if (reader->damaged || io_source_damage(reader->window.source) == IO_SOUND)
		return 0;
	reader->damaged = true;
	return TELL(reader, FINDING_INTERCHANGE_DAMAGED, "", "nothing behind this place could be read");
}

static void hold_header(struct x12_reader *reader, enum header_shape shape)
{
	const char *at = window_at(&reader->window);

	reader->held = HELD_HEADER;
	reader->shape = shape;
	reader->held_bytes = reader->header.bytes + 1;
	reader->held_newlines = reader->header.separators.terminator == '\n' ? 1 : 0;
	reader->segment.id = slice_of(at, 3);
	reader->segment.raw = slice_of(at, reader->header.bytes);
	reader->segment.elements = reader->header.elements;
	reader->segment.is_plain = false;
	reader->segment.element_count = HEADER_ELEMENTS;
}

static void hold_segment(struct x12_reader *reader, const struct lexer_cut *cut, size_t bytes)
{
	reader->held = HELD_SEGMENT;
	reader->held_bytes = bytes;
	reader->held_newlines = cut->newlines;
	if (!reader->unterminated && reader->separators.terminator == '\n')
		reader->held_newlines++;
	reader->key = x12_key(reader->tokens[0]);
	reader->segment.id = reader->tokens[0];
	reader->segment.raw = slice_of(window_at(&reader->window), cut->bytes);
	reader->segment.elements = reader->tokens + 1;
	reader->segment.is_plain = false;
	reader->segment.element_count = cut->tokens - 1;
}

/* ---- inside an interchange ---- */

/* Line ends behind the last segment, and blanks before the next. */
static int skip_filler(struct x12_reader *reader)
{
	struct window *window = &reader->window;
	const char separator = reader->separators.element;

	for (;;) {
		int result = window_need(window, 1);

		if (result < 0 || window_unread(window) == 0)
			return result;
		switch (*window_at(window)) {
		case '\n':
			window_pass(window, 1, 1);
			break;
		case '\r':
			window_pass(window, 1, 0);
			break;
		case ' ':
		case '\t':
			if (*window_at(window) == separator || *window_at(window) == reader->separators.terminator)
				return 0;
			window_pass(window, 1, 0);
			reader->indented = true;
			break;
		default:
			return 0;
		}
	}
}

/*
 * Pass over a run without end, or one whose interchange cannot be read (`terminator` NULL), up to the next
 * terminator or the next ISA.
 */
static int skip_run(struct x12_reader *reader, const char *terminator)
{
	struct window *window = &reader->window;

	for (;;) {
		const char *at = window_at(window);
		const char *end = at + window_unread(window);
		const char *stop = terminator != NULL ? memchr(at, *terminator, (size_t)(end - at)) : NULL;
		const char *isa = header_find(at, stop != NULL ? stop : end, end);
		size_t sure;
		int result;

		if (isa != NULL) {
			window_skip(window, (size_t)(isa - at));
			return 0;
		}
		/* An ISA may begin in the last bytes and show itself only with the next ones. */
		sure = window_unread(window);
		if (!window->ended)
			sure -= sure < HEADER_BYTES ? sure : HEADER_BYTES;
		if (stop != NULL && (size_t)(stop - at) < sure) {
			window_skip(window, (size_t)(stop - at) + 1);
			return 0;
		}
		window_skip(window, sure);
		if (window->ended)
			return 0;
		result = window_more(window);
		if (result < 0)
			return result;
	}
}

static int skip_long(struct x12_reader *reader)
{
	struct window *window = &reader->window;
	int result;

	x12_place(reader, x12_next_pos(reader));
	if (reader->open == LEVEL_TSET)
		reader->tset.segment_count++;
	reader->indented = false;
	/* Its own first bytes were looked at and are no ISA. */
	window_skip(window, 1);
	result = skip_run(reader, &reader->separators.terminator);
	/* A damaged file that ends inside it is told as that. */
	if (result < 0 || (window->ended && window_unread(window) == 0 && io_source_damage(window->source) != IO_SOUND))
		return result;
	x12_note(reader, FINDING_SEGMENT_TOO_LONG, "", 0, "%u bytes are read; is a terminator missing?",
		 LIMIT_SEGMENT_BYTES);
	return x12_notes_flush(reader);
}

static bool is_final_iea(const struct x12_reader *reader, const struct lexer_cut *cut)
{
	if (reader->window.ended && io_source_damage(reader->window.source) != IO_SOUND)
		return false;
	return cut->tokens == 3 && x12_key(reader->tokens[0]) == KEY_IEA &&
	       slice_equal(reader->tokens[2], reader->interchange.control_number);
}

static uint32_t count_feeds(const char *at, size_t bytes)
{
	uint32_t feeds = 0;

	for (size_t i = 0; i < bytes; i++)
		feeds += at[i] == '\n';
	return feeds;
}

/*
 * The next `bytes` have no terminator: the file, or another interchange's ISA, follows at once. An IEA that is
 * whole counts; anything else was cut and is not used, for half a value is worse than none.
 */
static void hold_tail(struct x12_reader *reader, size_t bytes)
{
	struct window *window = &reader->window;
	char *at = window->bytes + window->begin;
	struct lexer_cut cut;
	size_t len = bytes;
	char saved;
	bool found;

	while (len > 0 && is_padding(at[len - 1]))
		len--;
	saved = at[len];
	at[len] = reader->separators.terminator;
	found = lexer_cut(at, at + len + 1, reader->separators.element, reader->separators.terminator, reader->tokens,
			  &cut);
	at[len] = saved;
	if (found && cut.bytes == len && is_final_iea(reader, &cut)) {
		reader->unterminated = true;
		hold_segment(reader, &cut, bytes);
		reader->held_newlines = count_feeds(at, bytes);
		return;
	}
	reader->indented = false;
	window_skip(window, bytes);
}

/* The file ends without another terminator; an ISA whose own separators are others may still be in the rest. */
static void hold_last(struct x12_reader *reader)
{
	const char *at = window_at(&reader->window);
	const char *end = at + window_unread(&reader->window);
	const char *isa = header_find(at + 1, end, end);

	hold_tail(reader, (size_t)((isa != NULL ? isa : end) - at));
}

/* Nothing but padding behind an IEA: then the file ends here, and whether it is sound must be known before. */
static int look_behind(struct x12_reader *reader, size_t bytes)
{
	struct window *window = &reader->window;
	size_t at = bytes;

	reader->looked_behind = true;
	while (at < LIMIT_SEGMENT_BYTES) {
		int result = window_need(window, at + 1);

		if (result < 0)
			return result;
		if (at >= window_unread(window))
			break;
		if (!is_padding(window_at(window)[at]))
			return 0;
		at++;
	}
	if (!window->ended || reader->damaged || io_source_damage(window->source) == IO_SOUND)
		return 0;
	reader->damaged = true;
	return TELL(reader, FINDING_INTERCHANGE_DAMAGED, "IEA", "the file is not sound though it seems whole");
}

/*
 * A segment with its terminator was found. Hold it, unless a second look is needed or it is none. 0 or <0; when
 * nothing is held then, go on.
 */
static int consider(struct x12_reader *reader, const struct lexer_cut *cut)
{
	struct window *window = &reader->window;
	const char *at = window_at(window);

	if (cut->bytes > LIMIT_SEGMENT_BYTES)
		return skip_long(reader);
	if (cut->bytes >= HIDING_BYTES) {
		const char *isa;

		if (!window->ended && window_unread(window) < cut->bytes + HEADER_BYTES)
			return window_more(window);
		isa = header_find(at + 1, at + cut->bytes, at + window_unread(window));
		if (isa != NULL) {
			hold_tail(reader, (size_t)(isa - at));
			return 0;
		}
	}
	if (cut->bytes == 0) {
		int result = TELL(reader, FINDING_SEGMENT_BLANK, "", "it is passed over");

		reader->indented = false;
		window_skip(window, 1);
		return result;
	}
	if (x12_key(reader->tokens[0]) == KEY_IEA && !reader->looked_behind)
		return look_behind(reader, cut->bytes + 1);
	hold_segment(reader, cut, cut->bytes + 1);
	return 0;
}

/* An ISA where a segment begins. */
static int fetch_header(struct x12_reader *reader)
{
	struct window *window = &reader->window;
	enum header_shape shape;
	int result = window_need(window, 3);

	if (result < 0 || window_unread(window) < 3 || memcmp(window_at(window), "ISA", 3) != 0)
		return result;
	result = window_need(window, HEADER_BYTES_MAX);
	if (result < 0)
		return result;
	shape = header_read(window_at(window), window_unread(window), &reader->header);
	switch (shape) {
	case HEADER_SOUND:
	case HEADER_UNPADDED:
	case HEADER_OVERLONG:
		hold_header(reader, shape);
		break;
	case HEADER_NONE:
	case HEADER_BROKEN:
	case HEADER_CUT:
		break;
	}
	return 0;
}

static int fetch_inside(struct x12_reader *reader)
{
	struct window *window = &reader->window;
	int result = 0;

	while (reader->held == HELD_NOTHING && result >= 0) {
		struct lexer_cut cut;

		result = skip_filler(reader);
		if (result < 0)
			break;
		if (window_unread(window) == 0)
			return hold_end(reader);
		result = fetch_header(reader);
		if (result < 0 || reader->held != HELD_NOTHING)
			break;
		if (lexer_cut(window_at(window), window_at(window) + window_unread(window), reader->separators.element,
			      reader->separators.terminator, reader->tokens, &cut))
			result = consider(reader, &cut);
		else if (window_unread(window) > LIMIT_SEGMENT_BYTES)
			result = skip_long(reader);
		else if (!window->ended)
			result = window_more(window);
		else
			hold_last(reader);
	}
	return result;
}

static int fetch_unusable(struct x12_reader *reader)
{
	int result = skip_run(reader, NULL);

	if (result < 0)
		return result;
	return window_unread(&reader->window) == 0 ? hold_end(reader) : fetch_header(reader);
}

/* ---- outside ---- */

/* A segment of the interchange before seems to go on behind its IEA. */
static bool looks_like_segment(const struct x12_reader *reader, const char *at, size_t bytes)
{
	size_t id_bytes = 0;

	if (reader->element_before == '\0')
		return false;
	while (id_bytes < bytes && id_bytes < 4 && at[id_bytes] != reader->element_before)
		id_bytes++;
	return id_bytes < bytes && x12_id_is_formed(slice_of(at, id_bytes));
}

/* A byte that is no X12 stands between interchanges: say so, once a gap. */
static int report_junk(struct x12_reader *reader, enum header_shape shape)
{
	const struct window *window = &reader->window;

	if (shape == HEADER_BROKEN && !reader->header_broken) {
		reader->header_broken = reader->gap_reported = true;
		return TELL(reader, FINDING_INTERCHANGE_HEADER_MALFORMED, "ISA",
			    "it cannot be taken apart; nothing is read up to the next ISA");
	}
	if (reader->gap_reported)
		return 0;
	reader->gap_reported = true;
	if (reader->interchange.ordinal == 0) {
		/* Told together with the ISA that follows; without one the file has a worse fault. */
		x12_place(reader, 0);
		reader->junk = true;
		reader->junk_at = reader->segment.where;
		return 0;
	}
	if (looks_like_segment(reader, window_at(window), window_unread(window)))
		return TELL(reader, FINDING_INTERCHANGE_CONTENT, "", "segments follow IEA; they are not read");
	return TELL(reader, FINDING_INTERCHANGE_JUNK_AFTER, "", "they are not read");
}

static bool skip_byte_order_mark(struct x12_reader *reader)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (!reader->at_break || window_unread(&reader->window) < 3 || memcmp(window_at(&reader->window), mark, 3) != 0)
		return false;
	x12_place(reader, 0);
	reader->byte_order_mark = true;
	reader->byte_order_mark_at = reader->segment.where;
	window_pass(&reader->window, 3, 0);
	return true;
}

/* What begins here? Out of shape an ISA is one only where nothing or a blank stands before it. */
static enum header_shape shape_outside(struct x12_reader *reader)
{
	const char *at = window_at(&reader->window);
	size_t bytes = window_unread(&reader->window);

	if (*at != 'I' || (!reader->at_break && !header_is_sound(at, bytes)))
		return HEADER_NONE;
	return header_read(at, bytes, &reader->header);
}

static int pass_outside(struct x12_reader *reader, enum header_shape shape)
{
	struct window *window = &reader->window;
	char byte = *window_at(window);
	bool padding = is_padding(byte);
	int result = 0;

	reader->any_text = reader->any_text || !padding;
	if (!padding || reader->interchange.ordinal == 0)
		result = report_junk(reader, shape);
	reader->at_break = padding || (reader->terminator_before != '\0' && byte == reader->terminator_before);
	window_pass(window, 1, byte == '\n' ? 1 : 0);
	return result;
}

/* Read what is left and use nothing of it. */
static int drain(struct window *window)
{
	int result = 0;

	while (result >= 0 && (!window->ended || window_unread(window) > 0)) {
		window_skip(window, window_unread(window));
		if (!window->ended)
			result = window_more(window);
	}
	return result;
}

static int end_outside(struct x12_reader *reader)
{
	int result = drain(&reader->window);
	const char *what = "the file is empty";

	if (result >= 0)
		result = hold_end(reader);
	if (result < 0 || reader->interchange.ordinal > 0 || reader->header_broken || reader->damaged)
		return result;
	if (reader->any_text)
		what = "other bytes stand where ISA is expected: another format, encrypted, or UTF-16?";
	else if (reader->junk)
		what = "the file holds only blanks";
	x12_place(reader, 0);
	reader->segment.where.offset = 0;
	reader->segment.where.line = 1;
	x12_note(reader, FINDING_INTERCHANGE_MISSING, "", 0, "%s", what);
	return x12_notes_flush(reader);
}

static int cut_outside(struct x12_reader *reader)
{
	int result = 0;

	/* Where the source is damaged that is said at its end, and this is what comes of it. */
	if (io_source_damage(reader->window.source) == IO_SOUND)
		result = TELL(reader, FINDING_INTERCHANGE_TRUNCATED, "ISA", "it ends inside ISA");
	reader->header_broken = true;
	window_skip(&reader->window, window_unread(&reader->window));
	return result;
}

static int fetch_outside(struct x12_reader *reader)
{
	struct window *window = &reader->window;

	for (;;) {
		enum header_shape shape;
		int result = window_need(window, HEADER_BYTES_MAX);

		if (result < 0)
			return result;
		if (window_unread(window) == 0 ||
		    (reader->interchange.ordinal == 0 && x12_reader_offset(reader) > LIMIT_LEADING_JUNK_BYTES))
			return end_outside(reader);
		if (skip_byte_order_mark(reader))
			continue;
		shape = shape_outside(reader);
		switch (shape) {
		case HEADER_SOUND:
		case HEADER_UNPADDED:
		case HEADER_OVERLONG:
			hold_header(reader, shape);
			return 0;
		case HEADER_CUT:
			result = cut_outside(reader);
			break;
		case HEADER_NONE:
		case HEADER_BROKEN:
			result = pass_outside(reader, shape);
			break;
		}
		if (result < 0)
			return result;
	}
}

int x12_fetch(struct x12_reader *reader)
{
	if (reader->open == LEVEL_NONE)
		return fetch_outside(reader);
	return reader->unusable ? fetch_unusable(reader) : fetch_inside(reader);
}
