/*
 * fuzz_x12: any bytes, read to their end; and what was read, written and read again.
 *
 * Bytes that do not begin with an ISA are also read behind one, so that the fuzzer gets into an interchange at once.
 *
 * Claims: envelopes are balanced and nested; positions go forward and lie in the file; slices lie where the positions
 * say; every finding has words and lies in the file; a file without an interchange has a finding; reading in small
 * pieces says the same to the last letter; a body written by our writer is read as it was written.
 */
#define _GNU_SOURCE /* memmem */
#include "fuzz.h"
#include "muster/x12.h"

#define ENVELOPE                                                                                                       \
	"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260105*0730*^*00501*000000001*0*P*:~"   \
	"GS*BE*SENDER*RECEIVER*20260105*0730*1*X*005010X220A1~ST*834*0001*005010X220A1~"

struct seen {
	struct slice file;
	struct buffer trace;
	uint64_t findings, interchanges, last_offset;
	int open;
};

static int on_finding(void *context, const struct finding *finding)
{
	struct seen *seen = context;
	const struct x12_where *where = &finding->where;

	FUZZ_CLAIM(finding->code < FINDING_CODE_COUNT && finding->severity != FINDING_OFF);
	FUZZ_CLAIM(where->offset <= seen->file.len && where->line >= 1);
	FUZZ_CLAIM(finding->message.len > 0 && finding->value.len <= LIMIT_FINDING_VALUE_BYTES);
	seen->findings++;
	buffer_printf(&seen->trace, "%s %d %llu %llu %u/%u/%u %u.%u %s\n", finding_row(finding->code)->code,
		      (int)finding->severity, (unsigned long long)where->offset, (unsigned long long)where->line,
		      where->interchange, where->fgroup, where->tset, where->segment_pos, where->element_pos,
		      finding->segment_id);
	return 0;
}

/* The level that an event needs open, or opens. */
static int level_of(enum x12_event_kind kind)
{
	switch (kind) {
	case X12_INTERCHANGE_BEGIN:
	case X12_INTERCHANGE_ACK:
	case X12_INTERCHANGE_END:
		return 1;
	case X12_FGROUP_BEGIN:
	case X12_FGROUP_END:
		return 2;
	case X12_TSET_BEGIN:
	case X12_BODY:
	case X12_TSET_END:
		return 3;
	case X12_END:
		break;
	}
	return 0;
}

static void claim_balance(struct seen *seen, const struct x12_event *event)
{
	bool begins = event->kind == X12_INTERCHANGE_BEGIN || event->kind == X12_FGROUP_BEGIN ||
		      event->kind == X12_TSET_BEGIN;
	bool ends = event->kind == X12_INTERCHANGE_END || event->kind == X12_FGROUP_END || event->kind == X12_TSET_END;
	int level = level_of(event->kind);

	FUZZ_CLAIM(seen->open + begins == level);
	seen->open = level - ends;
	FUZZ_CLAIM((event->interchange != NULL) == (level >= 1));
	FUZZ_CLAIM((event->fgroup != NULL) == (level >= 2));
	FUZZ_CLAIM((event->tset != NULL) == (level >= 3));
	FUZZ_CLAIM(event->segment != NULL || ends || event->kind == X12_END);
	seen->interchanges += event->kind == X12_INTERCHANGE_BEGIN;
}

static void claim_segment(struct seen *seen, const struct x12_event *event, bool plain)
{
	const struct x12_segment *segment = event->segment;
	const struct x12_where *where = &segment->where;
	const char *end = segment->raw.data + segment->raw.len;

	FUZZ_CLAIM(segment->raw.len <= LIMIT_SEGMENT_BYTES && segment->element_count <= LIMIT_ELEMENTS);
	FUZZ_CLAIM(segment->id.data == segment->raw.data && segment->id.len <= 3);
	FUZZ_CLAIM(seen->interchanges == 1 || where->offset > seen->last_offset);
	seen->last_offset = where->offset;
	FUZZ_CLAIM(where->offset + segment->raw.len <= seen->file.len);
	if (plain)
		FUZZ_CLAIM(memcmp(seen->file.data + where->offset, segment->raw.data, segment->raw.len) == 0);
	for (uint32_t pos = 1; pos <= segment->element_count; pos++) {
		struct slice value = x12_element(segment, pos);

		FUZZ_CLAIM(value.data > segment->raw.data && value.data + value.len <= end);
		FUZZ_CLAIM(value.data[-1] == segment->separators->element);
	}
	buffer_printf(&seen->trace, "%d %llu %llu %u ", (int)event->kind, (unsigned long long)where->offset,
		      (unsigned long long)where->line, where->segment_pos);
	buffer_add_slice(&seen->trace, segment->raw);
	buffer_printf(&seen->trace, " %u\n", segment->element_count);
}

static void read_file(struct seen *seen, struct slice file, size_t piece, struct buffer *ret_body)
{
	const struct finding_sink sink = {seen, on_finding};
	struct io_source *source = NULL;
	struct x12_reader *reader = NULL;
	struct x12_event event;
	bool plain;

	*seen = (struct seen){.file = file};
	buffer_init(&seen->trace, fuzz_env());
	buffer_add_text(&seen->trace, "");
	FUZZ_CLAIM(io_source_open_memory(fuzz_env(), file, piece, &source) == 0);
	FUZZ_CLAIM(x12_reader_new(fuzz_env(), source, NULL, &sink, &reader) == 0);
	plain = !io_source_is_gzip(source) && !io_source_is_wrapped(source) && io_source_coding(source) == IO_ASCII;
	if (!plain)
		seen->file.len = SIZE_MAX / 2;
	do {
		FUZZ_CLAIM(x12_reader_next(reader, &event) == 0);
		claim_balance(seen, &event);
		if (event.segment != NULL)
			claim_segment(seen, &event, plain);
		if (ret_body != NULL && event.kind == X12_BODY) {
			buffer_add_slice(ret_body, event.segment->raw);
			buffer_add_char(ret_body, event.segment->separators->terminator);
		}
	} while (event.kind != X12_END);
	FUZZ_CLAIM(seen->interchanges > 0 || seen->findings > 0);
	x12_reader_free(reader);
	io_source_close(source);
	FUZZ_CLAIM(seen->trace.error == 0);
}

static void read_in_pieces(struct slice file)
{
	static const size_t pieces[] = {1, 3, 64};
	struct seen whole = {0};

	read_file(&whole, file, 0, NULL);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct seen seen = {0};

		read_file(&seen, file, pieces[i], NULL);
		FUZZ_CLAIM(slice_equal(buffer_slice(&seen.trace), buffer_slice(&whole.trace)));
		buffer_fini(&seen.trace);
	}
	buffer_fini(&whole.trace);
}

/* The bytes as the values of one segment, written: what is read must be those values, made clean. */
static void write_and_read(struct slice bytes)
{
	static const struct x12_separators separators = {'*', ':', '^', '~'};
	struct x12_writer writer;
	struct buffer out, body;
	struct seen seen = {0};
	size_t begin;

	/* A whole ISA in a value counts as one: that is how a file cut off before another is told. */
	if (bytes.len > LIMIT_SEGMENT_BYTES / 4 || x12_part_count(bytes, '\n') > 50 ||
	    (bytes.len > 0 && memmem(bytes.data, bytes.len, "ISA", 3) != NULL))
		return;
	buffer_init(&out, fuzz_env());
	buffer_init(&body, fuzz_env());
	buffer_add_text(&body, "");
	x12_writer_init(&writer, &out, &separators);
	buffer_add_text(&out, ENVELOPE);
	writer.segments = 1;
	begin = out.len;
	x12_segment_begin(&writer, "N1");
	for (uint32_t pos = 1; pos <= x12_part_count(bytes, '\n'); pos++) {
		struct slice part = x12_part(bytes, '\n', pos);

		x12_write_element(&writer, x12_part(part, '\r', 1));
		for (uint32_t i = 2; i <= x12_part_count(part, '\r'); i++)
			x12_write_component(&writer, x12_part(part, '\r', i));
	}
	x12_segment_end(&writer);
	x12_write_se(&writer);
	read_file(&seen, buffer_slice(&out), 0, &body);
	FUZZ_CLAIM(body.len <= out.len - begin && memcmp(body.data, out.data + begin, body.len) == 0);
	FUZZ_CLAIM(strchr(body.data, '~') == body.data + body.len - 1 && body.data[body.len - 2] != '*');
	buffer_fini(&seen.trace);
	buffer_fini(&body);
	buffer_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_of((const char *)data, size);
	struct buffer file;

	read_in_pieces(bytes);
	if (!slice_starts_with(bytes, "ISA")) {
		buffer_init(&file, fuzz_env());
		buffer_add_text(&file, ENVELOPE);
		buffer_add_slice(&file, bytes);
		read_in_pieces(buffer_slice(&file));
		buffer_fini(&file);
	}
	write_and_read(bytes);
	return 0;
}
