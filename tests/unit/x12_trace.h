/*
 * x12_trace: what a reader says about some bytes, as text that can be compared.
 *
 * Include after world.h. x12_expect runs the bytes whole and in pieces of 1 to 5 bytes; each time the events must
 * be balanced and everything said must be the same to the last letter.
 *
 * Events    one letter each: I interchange, A TA1, G group, T set, b body, t g i their ends, `.` the end of the file;
 *           an end whose trailer is missing is followed by `!`.
 * Findings  in the order told, blanks between. In the text a grave accent (which is then taken out) stands before
 *           the byte each of them is about, in the same order; `=` before a code means the same byte as the last.
 */
#ifndef MUSTER_TESTS_X12_TRACE_H
#define MUSTER_TESTS_X12_TRACE_H

#include "muster/buffer.h"
#include "muster/x12.h"

#define ISA_BODY "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260105*0730*^*00501*"
#define ISA ISA_BODY "000000001*0*P*:~"
#define ISA_2 ISA_BODY "000000002*0*P*:~"
#define GS "GS*BE*SENDER*RECEIVER*20260105*0730*1*X*005010X220A1~"
#define ST "ST*834*0001*005010X220A1~"
#define BODY "BGN*00*12456*20260105*0730****2~INS*Y*18*021*28*A***FT~"
#define SE "SE*4*0001~"
#define GE "GE*1*1~"
#define IEA "IEA*1*000000001~"
#define IEA_2 "IEA*1*000000002~"
#define SOUND ISA GS ST BODY SE GE IEA

struct x12_trace {
	struct buffer said;     /* everything */
	struct buffer letters;  /* events */
	struct buffer codes;    /* findings */
	uint64_t offsets[4096]; /* of the findings, as many as fit */
	unsigned findings;
	int open; /* envelopes open now */
	uint64_t bytes_max;
};

static int x12_trace_finding(void *context, const struct finding *finding)
{
	struct x12_trace *trace = context;
	const struct x12_where *where = &finding->where;

	assert_true(where->offset <= trace->bytes_max);
	assert_true(where->line >= 1);
	assert_true(finding->value.len <= LIMIT_FINDING_VALUE_BYTES);
	if (trace->findings < sizeof(trace->offsets) / sizeof(trace->offsets[0]))
		trace->offsets[trace->findings] = where->offset;
	if (trace->findings++ > 0)
		buffer_add_char(&trace->codes, ' ');
	buffer_add_text(&trace->codes, finding_row(finding->code)->code);
	buffer_printf(&trace->said, "finding %s %d at %llu line %llu in %u/%u/%u pos %u.%u %s '",
		      finding_row(finding->code)->code, (int)finding->severity, (unsigned long long)where->offset,
		      (unsigned long long)where->line, where->interchange, where->fgroup, where->tset,
		      where->segment_pos, where->element_pos, finding->segment_id);
	buffer_add_slice(&trace->said, finding->value);
	buffer_add_text(&trace->said, "' ");
	buffer_add_slice(&trace->said, finding->message);
	buffer_add_char(&trace->said, '\n');
	return 0;
}

/* Each BEGIN opens the next level, each END closes the innermost; pointers say what is open. */
static void x12_trace_balance(struct x12_trace *trace, const struct x12_event *event)
{
	static const int level[] = {[X12_INTERCHANGE_BEGIN] = 1,
				    [X12_INTERCHANGE_ACK] = 1,
				    [X12_FGROUP_BEGIN] = 2,
				    [X12_TSET_BEGIN] = 3,
				    [X12_BODY] = 3,
				    [X12_TSET_END] = 3,
				    [X12_FGROUP_END] = 2,
				    [X12_INTERCHANGE_END] = 1,
				    [X12_END] = 0};
	bool begins = event->kind == X12_INTERCHANGE_BEGIN || event->kind == X12_FGROUP_BEGIN ||
		      event->kind == X12_TSET_BEGIN;
	bool ends = event->kind == X12_TSET_END || event->kind == X12_FGROUP_END || event->kind == X12_INTERCHANGE_END;

	assert_int_equal(trace->open + begins, level[event->kind]);
	trace->open = level[event->kind] - ends;
	assert_true((event->interchange != NULL) == (level[event->kind] >= 1));
	assert_true((event->fgroup != NULL) == (level[event->kind] >= 2));
	assert_true((event->tset != NULL) == (level[event->kind] >= 3));
	assert_true(event->segment != NULL || ends || event->kind == X12_END);
	if (event->kind == X12_TSET_END)
		assert_int_equal(event->tset->complete, event->segment != NULL);
	if (event->kind == X12_FGROUP_END)
		assert_int_equal(event->fgroup->complete, event->segment != NULL);
	if (event->kind == X12_INTERCHANGE_END)
		assert_int_equal(event->interchange->complete, event->segment != NULL);
}

static void x12_trace_segment(struct x12_trace *trace, const struct x12_segment *segment)
{
	const struct x12_where *where = &segment->where;

	assert_true(where->offset + segment->raw.len <= trace->bytes_max);
	buffer_printf(&trace->said, " at %llu line %llu in %u/%u/%u pos %u ", (unsigned long long)where->offset,
		      (unsigned long long)where->line, where->interchange, where->fgroup, where->tset,
		      where->segment_pos);
	buffer_add_slice(&trace->said, segment->id);
	for (uint32_t pos = 1; pos <= segment->element_count; pos++) {
		buffer_add_char(&trace->said, '|');
		buffer_add_slice(&trace->said, x12_element(segment, pos));
	}
}

static void x12_trace_event(struct x12_trace *trace, const struct x12_event *event)
{
	static const char letters[] = {[X12_INTERCHANGE_BEGIN] = 'I',
				       [X12_INTERCHANGE_ACK] = 'A',
				       [X12_FGROUP_BEGIN] = 'G',
				       [X12_TSET_BEGIN] = 'T',
				       [X12_BODY] = 'b',
				       [X12_TSET_END] = 't',
				       [X12_FGROUP_END] = 'g',
				       [X12_INTERCHANGE_END] = 'i',
				       [X12_END] = '.'};

	x12_trace_balance(trace, event);
	buffer_add_char(&trace->letters, letters[event->kind]);
	if (event->segment == NULL && event->kind != X12_END)
		buffer_add_char(&trace->letters, '!');
	buffer_printf(&trace->said, "event %c", letters[event->kind]);
	if (event->segment != NULL)
		x12_trace_segment(trace, event->segment);
	if (event->interchange != NULL)
		buffer_printf(&trace->said, " interchange %d %llu-%llu %u", event->interchange->rejected,
			      (unsigned long long)event->interchange->offset,
			      (unsigned long long)event->interchange->end_offset, event->interchange->fgroup_count);
	if (event->fgroup != NULL)
		buffer_printf(&trace->said, " fgroup %d %u", event->fgroup->rejected, event->fgroup->tset_count);
	if (event->tset != NULL)
		buffer_printf(&trace->said, " tset %d %u", event->tset->rejected, event->tset->segment_count);
	buffer_add_char(&trace->said, '\n');
}

static void x12_trace_fini(struct x12_trace *trace)
{
	buffer_fini(&trace->said);
	buffer_fini(&trace->letters);
	buffer_fini(&trace->codes);
}

static void x12_trace_source(struct x12_trace *trace, struct io_source *source, const struct x12_options *options)
{
	const struct finding_sink sink = {trace, x12_trace_finding};
	struct x12_reader *reader = NULL;
	struct x12_event event;

	buffer_init(&trace->said, &world.env);
	buffer_init(&trace->letters, &world.env);
	buffer_init(&trace->codes, &world.env);
	buffer_add_text(&trace->codes, "");
	assert_int_equal(x12_reader_new(&world.env, source, options, &sink, &reader), 0);
	do {
		assert_int_equal(x12_reader_next(reader, &event), 0);
		x12_trace_event(trace, &event);
	} while (event.kind != X12_END);
	assert_int_equal(x12_reader_next(reader, &event), 0);
	assert_int_equal(event.kind, X12_END);
	x12_reader_free(reader);
	assert_int_equal(trace->said.error | trace->letters.error | trace->codes.error, 0);
}

/* `chunk_bytes` 0 = whole. */
static void x12_trace_bytes(struct x12_trace *trace, struct slice bytes, size_t chunk_bytes,
			    const struct x12_options *options)
{
	struct io_source *source = NULL;

	*trace = (struct x12_trace){.bytes_max = UINT64_MAX / 2};
	assert_int_equal(io_source_open_memory(&world.env, bytes, chunk_bytes, &source), 0);
	x12_trace_source(trace, source, options);
	io_source_close(source);
}

/* The same at every size of piece. The caller ends *ret_trace. */
static void x12_trace_all(struct slice bytes, const struct x12_options *options, struct x12_trace *ret_trace)
{
	x12_trace_bytes(ret_trace, bytes, 0, options);
	for (size_t chunk = 1; chunk <= 5; chunk++) {
		struct x12_trace trace;

		x12_trace_bytes(&trace, bytes, chunk, options);
		if (strcmp(trace.said.data, ret_trace->said.data) != 0)
			fail_msg("in pieces of %zu:\n%s\nwhole:\n%s", chunk, trace.said.data, ret_trace->said.data);
		x12_trace_fini(&trace);
	}
}

/* Take the marks out of `marked`; their offsets. Returns how many there are. */
static unsigned x12_unmark(struct slice marked, struct buffer *ret_bytes, uint64_t offsets[64])
{
	unsigned marks = 0;

	buffer_init(ret_bytes, &world.env);
	buffer_add_text(ret_bytes, "");
	for (size_t i = 0; i < marked.len; i++) {
		if (marked.data[i] != '`') {
			buffer_add_char(ret_bytes, marked.data[i]);
		} else {
			assert_true(marks < 64);
			offsets[marks++] = ret_bytes->len;
		}
	}
	return marks;
}

/* Codes as told, with `=` where the offset is that of the one before. */
static void x12_expect_slice(const char *file, int line, struct slice marked, const struct x12_options *options,
			     const char *letters, const char *findings)
{
	struct x12_trace trace;
	struct buffer bytes, got;
	uint64_t offsets[64];
	unsigned marks = x12_unmark(marked, &bytes, offsets);
	unsigned mark = 0;
	size_t at = 0;

	x12_trace_all(buffer_slice(&bytes), options, &trace);
	buffer_init(&got, &world.env);
	buffer_add_text(&got, "");
	for (unsigned i = 0; i < trace.findings; i++) {
		size_t stop = slice_find(buffer_slice(&trace.codes), ' ', at);

		buffer_add_text(&got, i > 0 ? " " : "");
		if (i > 0 && trace.offsets[i] == trace.offsets[i - 1])
			buffer_add_char(&got, '=');
		else if (mark >= marks || offsets[mark++] != trace.offsets[i])
			buffer_printf(&got, "(at %llu)", (unsigned long long)trace.offsets[i]);
		buffer_add(&got, trace.codes.data + at, stop - at);
		at = stop + 1;
	}
	if (strcmp(trace.letters.data, letters) != 0 || strcmp(got.data, findings) != 0 || mark != marks)
		fail_msg("%s:%d: events %s, findings [%s], %u of %u marks\nwanted %s [%s]\n%s", file, line,
			 trace.letters.data, got.data, mark, marks, letters, findings, trace.said.data);
	buffer_fini(&got);
	buffer_fini(&bytes);
	x12_trace_fini(&trace);
}

#define x12_expect(text, letters, findings)                                                                            \
	x12_expect_slice(__FILE__, __LINE__, slice_of((text), sizeof(text) - 1), NULL, (letters), (findings))
#define x12_expect_with(options, text, letters, findings)                                                              \
	x12_expect_slice(__FILE__, __LINE__, slice_of((text), sizeof(text) - 1), (options), (letters), (findings))

#endif
