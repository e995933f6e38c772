/*
 * reader: from what fetch.c finds to balanced events.
 *
 * Envelopes lie in one another: interchange, functional group, set. Each segment says how deep an envelope may stay
 * open when it comes (stays_open); deeper ones lack their trailer and are closed first, one event a call, while the
 * segment is held. Then the segment is taken: it opens, closes, is body, or is astray.
 *
 * Most segments of a file are body of a set and have nothing about them. They take the short way: cut in advance by
 * the batch, checked, given. Whatever is not plain goes the long way, which would have given the same for the plain
 * ones too.
 */
#include <string.h>

#include "muster/error.h"
#include "reader.h"

/* A longer segment might hide an ISA (fetch.c): not for the short way. */
_Static_assert(X12_RUN_SEGMENT_BYTES < LEXER_TOKENS, "all tokens of a short segment have room");

int x12_reader_new(struct env *env, struct io_source *source, const struct x12_options *options,
		   const struct finding_sink *sink, struct x12_reader **ret_reader)
{
	struct x12_reader *reader = env_alloc(env, sizeof(*reader));

	if (reader == NULL)
		return -ENOMEM;
	reader->env = env;
	reader->sink = sink;
	reader->at_break = true;
	/* The source takes the mark at the head of a file away. */
	reader->byte_order_mark = io_source_has_bom(source);
	reader->byte_order_mark_at.line = 1;
	if (options != NULL)
		reader->options = *options;
	reader->segment.separators = &reader->separators;
	if (window_init(&reader->window, env, source) < 0) {
		env_free(env, reader);
		return -ENOMEM;
	}
	*ret_reader = reader;
	return 0;
}

void x12_reader_free(struct x12_reader *reader)
{
	if (reader == NULL)
		return;
	seen_fini(&reader->interchanges, reader->env);
	seen_fini(&reader->fgroups, reader->env);
	seen_fini(&reader->tsets, reader->env);
	window_fini(&reader->window, reader->env);
	env_free(reader->env, reader);
}

uint64_t x12_reader_offset(const struct x12_reader *reader)
{
	return reader->window.base + reader->window.begin;
}

static void fill_event(const struct x12_reader *reader, enum x12_event_kind kind, const struct x12_segment *segment,
		       struct x12_event *ret_event)
{
	*ret_event = (struct x12_event){
		.kind = kind,
		.segment = segment,
		.interchange = reader->open >= LEVEL_INTERCHANGE ? &reader->interchange : NULL,
		.fgroup = reader->open >= LEVEL_FGROUP ? &reader->fgroup : NULL,
		.tset = reader->open >= LEVEL_TSET ? &reader->tset : NULL,
	};
}

/* The segment held is a header: what was noted about it follows at the next call. */
static int give_begin(struct x12_reader *reader, enum x12_event_kind kind, struct x12_event *ret_event)
{
	x12_release(reader);
	fill_event(reader, kind, &reader->segment, ret_event);
	return 1;
}

/* Anything else: what was noted comes before it. */
static int give(struct x12_reader *reader, enum x12_event_kind kind, struct x12_event *ret_event)
{
	int result = x12_notes_flush(reader);

	if (result < 0)
		return result;
	x12_release(reader);
	fill_event(reader, kind, &reader->segment, ret_event);
	return 1;
}

static int give_end(struct x12_reader *reader, enum x12_event_kind kind, struct x12_event *ret_event)
{
	reader->closing = true;
	return give(reader, kind, ret_event);
}

/* The innermost open envelope ends without its trailer; what is held stays held. */
static int give_end_missing(struct x12_reader *reader, struct x12_event *ret_event)
{
	static const enum x12_event_kind kinds[] = {
		[LEVEL_INTERCHANGE] = X12_INTERCHANGE_END,
		[LEVEL_FGROUP] = X12_FGROUP_END,
		[LEVEL_TSET] = X12_TSET_END,
	};
	int result;

	x12_trailer_missing(reader);
	result = x12_notes_flush(reader);
	if (result < 0)
		return result;
	reader->closing = true;
	fill_event(reader, kinds[reader->open], NULL, ret_event);
	return 1;
}

/* The innermost envelope that may stay open beside what is held. */
static enum level stays_open(const struct x12_reader *reader)
{
	if (reader->held != HELD_SEGMENT)
		return LEVEL_NONE;
	switch (reader->key) {
	case KEY_IEA:
	case KEY_GS:
		return LEVEL_INTERCHANGE;
	case KEY_GE:
	case KEY_ST:
		return LEVEL_FGROUP;
	default:
		return LEVEL_TSET;
	}
}

/* The id of the segment held as text; empty when it has not the form of one. */
static const char *id_text(const struct x12_reader *reader, char out[4])
{
	return slice_to_cstr(x12_id_is_formed(reader->segment.id) ? reader->segment.id : SLICE_EMPTY, out, 4);
}

static void note_indent(struct x12_reader *reader)
{
	char id[4];

	if (reader->indented)
		x12_note(reader, FINDING_SEGMENT_INDENTED, id_text(reader, id), 0, "they are passed over");
}

/* A segment outside the envelope it needs: told once, until the next envelope begins, and passed over. */
static int pass_stray(struct x12_reader *reader)
{
	bool in_fgroup = reader->open == LEVEL_FGROUP;
	int result = 0;
	char id[4];

	if (!reader->stray) {
		x12_note(reader, in_fgroup ? FINDING_FGROUP_CONTENT : FINDING_INTERCHANGE_CONTENT, id_text(reader, id),
			 0, "it and what follows up to the next %s are not read", in_fgroup ? "ST" : "GS");
		result = x12_notes_flush(reader);
	}
	reader->stray = true;
	if (in_fgroup)
		reader->stray_in_fgroup = true;
	else
		reader->stray_in_interchange = true;
	x12_release(reader);
	return result;
}

static int take_body(struct x12_reader *reader, struct x12_event *ret_event)
{
	int result;

	note_indent(reader);
	reader->tset.segment_count++;
	if (x12_id_is_formed(reader->segment.id))
		return give(reader, X12_BODY, ret_event);
	x12_note(reader, FINDING_SEGMENT_UNKNOWN, "", 0, "a letter and one or two letters or digits are expected");
	x12_note_value(reader, reader->segment.id);
	result = x12_notes_flush(reader);
	x12_release(reader);
	return result;
}

static int take_ack(struct x12_reader *reader, struct x12_event *ret_event)
{
	reader->acknowledges = true;
	note_indent(reader);
	if (reader->interchange.fgroup_count > 0)
		x12_note(reader, FINDING_INTERCHANGE_CONTENT, "TA1", 0, "TA1 belongs before the first GS");
	else
		x12_check_ta1(reader);
	return give(reader, X12_INTERCHANGE_ACK, ret_event);
}

static int take_header(struct x12_reader *reader, struct x12_event *ret_event)
{
	int result = x12_interchange_open(reader);

	return result < 0 ? result : give_begin(reader, X12_INTERCHANGE_BEGIN, ret_event);
}

static int take_gs(struct x12_reader *reader, struct x12_event *ret_event)
{
	int result = x12_fgroup_open(reader);

	if (result < 0)
		return result;
	note_indent(reader);
	return give_begin(reader, X12_FGROUP_BEGIN, ret_event);
}

static int take_st(struct x12_reader *reader, struct x12_event *ret_event)
{
	int result = x12_tset_open(reader);

	if (result < 0)
		return result;
	note_indent(reader);
	return give_begin(reader, X12_TSET_BEGIN, ret_event);
}

/* A trailer of the envelope that is open innermost. */
static int take_trailer(struct x12_reader *reader, struct x12_event *ret_event)
{
	note_indent(reader);
	switch (reader->open) {
	case LEVEL_INTERCHANGE:
		x12_interchange_close(reader);
		return give_end(reader, X12_INTERCHANGE_END, ret_event);
	case LEVEL_FGROUP:
		x12_fgroup_close(reader);
		return give_end(reader, X12_FGROUP_END, ret_event);
	case LEVEL_TSET:
		x12_tset_close(reader);
		return give_end(reader, X12_TSET_END, ret_event);
	case LEVEL_NONE:
		break;
	}
	return MUSTER_ERROR_INTERNAL;
}

/* What is held does what it is there for. 1: an event was given; 0: none, go on; <0. */
static int take(struct x12_reader *reader, struct x12_event *ret_event)
{
	if (reader->held == HELD_HEADER)
		return take_header(reader, ret_event);
	if (reader->held == HELD_END) {
		fill_event(reader, X12_END, NULL, ret_event);
		return 1;
	}
	x12_place(reader, x12_next_pos(reader));
	switch (reader->key) {
	case KEY_GS:
		return take_gs(reader, ret_event);
	case KEY_IEA:
		return take_trailer(reader, ret_event);
	case KEY_ST:
		return reader->open == LEVEL_FGROUP ? take_st(reader, ret_event) : pass_stray(reader);
	case KEY_GE:
		return reader->open == LEVEL_FGROUP ? take_trailer(reader, ret_event) : pass_stray(reader);
	case KEY_SE:
		return reader->open == LEVEL_TSET ? take_trailer(reader, ret_event) : pass_stray(reader);
	default:
		break;
	}
	if (reader->open == LEVEL_TSET)
		return take_body(reader, ret_event);
	if (reader->key == KEY_TA1 && reader->open == LEVEL_INTERCHANGE)
		return take_ack(reader, ret_event);
	return pass_stray(reader);
}

/* The envelope whose END was given is gone. */
static void finish_closing(struct x12_reader *reader)
{
	if (!reader->closing)
		return;
	reader->closing = false;
	reader->open--;
	if (reader->open != LEVEL_NONE)
		return;
	reader->unusable = false;
	reader->gap_reported = reader->header_broken = false;
	reader->at_break = true;
	reader->element_before = reader->separators.element;
	reader->terminator_before = reader->separators.terminator;
}

/* ---- the long way ---- */

static int next_event(struct x12_reader *reader, struct x12_event *ret_event)
{
	int result = x12_notes_flush(reader);

	if (result < 0)
		return result;
	finish_closing(reader);
	do {
		if (reader->held == HELD_NOTHING)
			result = x12_fetch(reader);
		if (result < 0)
			return result;
		if (reader->open > stays_open(reader))
			result = give_end_missing(reader, ret_event);
		else
			result = take(reader, ret_event);
	} while (result == 0);
	return result < 0 ? result : 0;
}

/* ---- the short way ---- */

static const char *batch_at(const struct x12_reader *reader)
{
	return reader->batch.cut.at + reader->batch.cut.begins[reader->batch.next];
}

/* Let the window know how far the short way went. */
static void leave_batch(struct x12_reader *reader)
{
	if (reader->batch.limit == 0)
		return;
	reader->window.begin = (size_t)(batch_at(reader) - reader->window.bytes);
	reader->window.line = reader->batch.line;
	reader->batch.limit = 0;
}

/* The short way may be taken from here on: find the place in the batch, if it has it. */
static void enter_batch(struct x12_reader *reader)
{
	const char *at = window_at(&reader->window);

	reader->batch.allowed = reader->open == LEVEL_TSET && !reader->closing && reader->held == HELD_NOTHING &&
				reader->note_count == 0 && !reader->window.mapped;
	if (!reader->batch.allowed || reader->batch.moves != reader->window.moves)
		return;
	reader->batch.line = reader->window.line;
	while (reader->batch.next < reader->batch.cut.count && batch_at(reader) < at)
		reader->batch.next++;
	if (reader->batch.next < reader->batch.cut.count && batch_at(reader) == at)
		reader->batch.limit = reader->batch.cut.count;
}

static void cut_batch(struct x12_reader *reader)
{
	const struct window *window = &reader->window;

	lexer_batch(window_at(window), window->bytes + window->end, &reader->separators, &reader->batch.cut);
	reader->batch.next = 0;
	reader->batch.limit = reader->batch.cut.count;
	reader->batch.line = window->line;
	reader->batch.lines_each = reader->separators.terminator == '\n';
	reader->batch.offset = window_offset(window, 0);
	reader->batch.moves = window->moves;
}

/* The short way ends here, or has not begun. */
__attribute__((noinline)) static int next_long(struct x12_reader *reader, struct x12_event *ret_event)
{
	bool used_up = reader->batch.next >= reader->batch.limit;
	int result;

	leave_batch(reader);
	if (used_up && reader->batch.allowed) {
		cut_batch(reader);
		/* Without one more whole segment, or with one that is not plain, it comes here again. */
		if (reader->batch.limit > 0)
			return x12_reader_next(reader, ret_event);
	}
	result = next_event(reader, ret_event);
	if (result == 0)
		enter_batch(reader);
	return result;
}

static inline bool is_envelope_key(uint32_t key)
{
	return key == KEY_SE || key == KEY_ST || key == KEY_GE || key == KEY_GS || key == KEY_IEA || key == KEY_ISA;
}

bool x12_reader_run(const struct x12_reader *reader, struct x12_run *ret_run)
{
	if (reader->batch.next >= reader->batch.limit)
		return false;
	*ret_run = (struct x12_run){.at = reader->batch.cut.at,
				    .begins = reader->batch.cut.begins,
				    .ends = reader->batch.cut.ends,
				    .odd = reader->batch.cut.odd,
				    .next = reader->batch.next,
				    .count = reader->batch.limit,
				    .offset = reader->batch.offset,
				    .line = reader->batch.line,
				    .lines_each = reader->batch.lines_each,
				    .has_odd = reader->batch.cut.has_odd,
				    .separators = &reader->separators};
	ret_run->first_pos = reader->tset.segment_count + 1 - reader->batch.next;
	return true;
}

void x12_reader_passed(struct x12_reader *reader, const struct x12_run *run)
{
	reader->tset.segment_count += run->next - reader->batch.next;
	reader->batch.next = run->next;
	reader->batch.line = run->line;
}

/* The segment that comes, as it is to be given; false when it is not for the short way. */
static inline bool divide(struct x12_reader *reader)
{
	const struct lexer_batch *cut = &reader->batch.cut;
	const uint32_t *begin = &cut->begins[reader->batch.next];
	const struct slice raw = x12_run_part(cut->at + begin[0], cut->at + begin[1] - 1);
	const uint32_t from = (uint32_t)(raw.data - cut->at);
	struct x12_segment *segment = &reader->segment;
	struct slice id;

	if (raw.len > X12_RUN_SEGMENT_BYTES)
		return false;
	segment->element_count = lexer_divide(cut, from, begin[1] - 1, reader->tokens, &segment->is_plain) - 1;
	segment->is_plain = !segment->is_plain;
	id = reader->tokens[0];
	if (!x12_id_is_formed(id) || ((x12_classes[(unsigned char)*id.data] & CLASS_ENVELOPE) != 0 &&
				      is_envelope_key(x12_key(id))))
		return false;
	segment->raw = raw;
	segment->id = id;
	segment->elements = reader->tokens + 1;
	segment->where.offset = reader->batch.offset + from;
	segment->where.line = reader->batch.line + (from > begin[0] && raw.data[-1] == '\n');
	segment->where.segment_pos = ++reader->tset.segment_count;
	reader->batch.line = segment->where.line + reader->batch.lines_each;
	reader->batch.next++;
	return true;
}

int x12_reader_next(struct x12_reader *reader, struct x12_event *ret_event)
{
	if (reader->batch.next >= reader->batch.limit || !divide(reader))
		return next_long(reader, ret_event);
	*ret_event =
		(struct x12_event){X12_BODY, &reader->segment, &reader->interchange, &reader->fgroup, &reader->tset};
	return 0;
}
