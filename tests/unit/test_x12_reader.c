/* If this failed: segments would be cut in wrong places, and members' data would be lost or mixed up unnoticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../src/x12/lexer.h"
#include "muster/error.h"
#include "muster/limits.h"
#include "world.h"
#include "x12_trace.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- lexer ---- */

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)((random_state >> 32) % limit);
}

static struct lexer_batch batch, scalar_batch;

static const struct x12_separators plain_separators = {
	.element = '*', .component = ':', .repetition = '^', .terminator = '~'};

static void assert_same_batches(void)
{
	uint32_t blocks = (batch.begins[batch.count] + LEXER_PAD_BYTES - 1) / LEXER_PAD_BYTES;

	assert_ptr_equal(batch.at, scalar_batch.at);
	assert_int_equal(batch.count, scalar_batch.count);
	assert_int_equal(batch.has_odd, scalar_batch.has_odd);
	assert_memory_equal(batch.begins, scalar_batch.begins, (batch.count + 1) * sizeof(batch.begins[0]));
	assert_memory_equal(batch.ends, scalar_batch.ends, blocks * sizeof(batch.ends[0]));
	assert_memory_equal(batch.odd, scalar_batch.odd, blocks * sizeof(batch.odd[0]));
}

static bool holds_odd_byte(struct slice bytes, const struct x12_separators *separators)
{
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char byte = (unsigned char)bytes.data[i];

		if (byte < 0x20 || byte >= 0x7f || bytes.data[i] == separators->component ||
		    bytes.data[i] == separators->repetition)
			return true;
	}
	return false;
}

/* The batches, and the segments cut one by one: all the same. */
static void assert_lexers_agree(const char *at, const char *end, const struct x12_separators *separators)
{
	static struct slice divided[LEXER_BATCH_BYTES + 1];
	const char *batch_end = end - at > (ptrdiff_t)LEXER_BATCH_BYTES ? at + LEXER_BATCH_BYTES : end;
	struct slice tokens[LEXER_TOKENS];
	struct lexer_cut cut;

	lexer_batch_scalar(at, end, separators, &scalar_batch);
	lexer_batch(at, end, separators, &batch);
	assert_same_batches();
	for (uint32_t i = 0; i < batch.count; i++) {
		uint32_t begin = (uint32_t)(at - batch.at), count;
		bool is_odd;

		assert_int_equal(batch.begins[i], begin);
		assert_true(lexer_cut(at, batch_end, separators->element, separators->terminator, tokens, &cut));
		count = lexer_divide(&batch, begin, begin + (uint32_t)cut.bytes, divided, &is_odd);
		assert_int_equal(count < LEXER_TOKENS ? count : LEXER_TOKENS, cut.tokens);
		for (uint32_t j = 0; j < cut.tokens; j++) {
			assert_ptr_equal(divided[j].data, tokens[j].data);
			assert_int_equal(divided[j].len, tokens[j].len);
		}
		assert_int_equal(is_odd, holds_odd_byte(slice_of(at, cut.bytes), separators));
		/* Line feeds only where a line ends. */
		assert_true(cut.newlines <= 2);
		for (size_t j = 2; j < cut.bytes; j++)
			assert_int_not_equal(at[j], '\n');
		at += cut.bytes + 1;
	}
	/* What is left has no whole segment, or a line feed in the block where the batch ended. */
	if (batch_end == end && lexer_cut(at, end, separators->element, separators->terminator, tokens, &cut))
		assert_non_null(memchr(at, '\n', (size_t)(end - at)));
}

/* If this failed: the fast lexer would read other elements than the simple one. */
static void test_lexers_agree(void **state)
{
	static const char letters[] = "AB*~\n *C9:^\x80\x7f\t";
	static char text[6000 + LEXER_PAD_BYTES];

	(void)state;
	random_state = 20260105;
	for (int round = 0; round < 3000; round++) {
		uint32_t kinds = 2 + random_below((uint32_t)sizeof(letters) - 2);
		uint32_t rare = 1 + random_below(40);
		uint32_t len = random_below(round % 10 == 0 ? 6000 : 300);
		struct x12_separators separators = plain_separators;
		uint32_t start = random_below(len / 2 + 1);

		if (random_below(4) == 0)
			separators.terminator = '\n';
		if (random_below(4) == 0)
			separators.repetition = '\0';
		for (uint32_t i = 0; i < len + LEXER_PAD_BYTES; i++)
			text[i] = random_below(rare) != 0 ? 'x' : letters[random_below(kinds)];
		assert_lexers_agree(text + start, text + len, &separators);
	}
}

/* If this failed: an element at the edge of a block of the lexer would lose a byte. */
static void test_lexer_at_each_length(void **state)
{
	char text[1024];

	(void)state;
	for (size_t len = 0; len < 300; len++) {
		memset(text, 'x', sizeof(text));
		text[len] = '~';
		assert_lexers_agree(text, text + len, &plain_separators);
		assert_lexers_agree(text, text + len + 1, &plain_separators);
		assert_int_equal(batch.count, 1);
		assert_int_equal(batch.begins[1], len + 1);
	}
}

/* If this failed: a segment of thousands of elements would write behind the array. */
static void test_lexer_keeps_to_its_array(void **state)
{
	static struct slice tokens[LEXER_TOKENS + 1];
	static char text[2 * LEXER_BATCH_BYTES];
	struct lexer_cut cut;

	(void)state;
	for (uint32_t elements = 0; elements < 500; elements++) {
		memset(text, '*', 1024);
		text[elements] = '~';
		tokens[LEXER_TOKENS].data = "untouched";
		assert_true(lexer_cut(text, text + 1024, '*', '~', tokens, &cut));
		assert_int_equal(cut.bytes, elements);
		assert_int_equal(cut.tokens, elements < LIMIT_ELEMENTS ? elements + 1 : LIMIT_ELEMENTS + 1);
		assert_string_equal(tokens[LEXER_TOKENS].data, "untouched");
	}
	memset(text, '~', sizeof(text));
	assert_lexers_agree(text, text + LEXER_BATCH_BYTES + 100, &plain_separators);
	assert_int_equal(batch.count, LEXER_BATCH_BYTES);
}

/* ---- sound files in their many shapes ---- */

/* If this failed: a sound file would be refused, or read in part. */
static void test_sound(void **state)
{
	(void)state;
	x12_expect(SOUND, "IGTbbtgi.", "");
	x12_expect(SOUND ISA_2 GS ST BODY SE GE IEA_2, "IGTbbtgiIGTbbtgi.", "");
	x12_expect(ISA GS ST BODY SE "ST*834*0002*005010X220A1~" BODY "SE*4*0002~GE*2*1~"
				     "GS*RA*SENDER*RECEIVER*20260105*073011*2*X*005010X218~ST*820*0001*005010X218~SE*2*"
				     "0001~GE*1*2~IEA*2*000000001~",
		   "IGTbbtTbbtgGTtgi.", "");
}

/* If this failed: a file would be refused for its line ends. */
static void test_line_ends(void **state)
{
	(void)state;
	x12_expect(ISA "\n" GS "\n" ST "\nBGN*00*1~\nINS*Y~\nSE*4*0001~\n" GE "\n" IEA "\n", "IGTbbtgi.", "");
	x12_expect(ISA "\r\n" GS "\r\n" ST "\r\nBGN*00*1~\r\nINS*Y~\r\nSE*4*0001~\r\n" GE "\r\n" IEA "\r\n",
		   "IGTbbtgi.", "");
	x12_expect(ISA "\n\n\r\n" GS "\r" ST BODY SE GE "\n\n\n" IEA "\n\n", "IGTbbtgi.", "");
}

#define ISA_LF ISA_BODY "000000001*0*P*:\n"
#define ISA_CR ISA_BODY "000000001*0*P*:\r"

/* If this failed: a file of lines without another terminator would be one endless segment. */
static void test_line_end_as_terminator(void **state)
{
	(void)state;
	x12_expect(ISA_LF "GS*BE*SENDER*RECEIVER*20260105*0730*1*X*005010X220A1\nST*834*0001*005010X220A1\nBGN*00\n"
			  "SE*3*0001\nGE*1*1\nIEA*1*000000001\n",
		   "IGTbtgi.", "");
	x12_expect(ISA_LF "\nGS*BE*SENDER*RECEIVER*20260105*0730*1*X*005010X220A1\n\nST*834*0001*005010X220A1\nBGN*00\n"
			  "SE*3*0001\nGE*1*1\nIEA*1*000000001\n\n",
		   "IGTbtgi.", "");
	x12_expect(ISA_CR
		   "\nGS*BE*SENDER*RECEIVER*20260105*0730*1*X*005010X220A1\r\nST*834*0001*005010X220A1\r\nBGN*00\r"
		   "SE*3*0001\r\nGE*1*1\r\nIEA*1*000000001\r\n",
		   "IGTbtgi.", "");
}

/* If this failed: a partner with separators of his own could not send. */
static void test_separators(void **state)
{
	static const char *const sets[] = {"*^:~", "|^>~", "\x1d\x1f\x1e\x1c", "\t^:\n", "+!:'", "*{}\\", "\xa7^:\x85"};

	(void)state;
	for (size_t i = 0; i < LENGTH(sets); i++) {
		static const char usual[] = "*^:~";
		char text[] = SOUND;

		for (size_t j = 0; j < sizeof(text) - 1; j++) {
			const char *place = strchr(usual, text[j]);

			if (place != NULL)
				text[j] = sets[i][place - usual];
		}
		x12_expect(text, "IGTbbtgi.", "");
	}
}

/* If this failed: the second interchange of a file would be read with the separators of the first. */
static void test_separators_read_again(void **state)
{
	(void)state;
	x12_expect(SOUND
		   "ISA|00|          |00|          |ZZ|SENDER         |ZZ|RECEIVER       |260105|0730|^|00501|"
		   "000000002|0|P|>\nGS|BE|SENDER|RECEIVER|20260105|0730|1|X|005010X220A1\nST|834|0001|005010X220A1\n"
		   "N1|P5|A*B~C\nSE|3|0001\nGE|1|1\nIEA|1|000000002\n",
		   "IGTbbtgiIGTbtgi.", "");
}

/* If this failed: elements of a segment would be off by one, or empty ones dropped. */
static void test_elements(void **state)
{
	struct x12_reader *reader = NULL;
	struct io_source *source = NULL;
	struct x12_event event;
	const struct x12_segment *s;

	(void)state;
	assert_int_equal(io_source_open_memory(&world.env,
					       slice_from(ISA GS ST "N1**Acme Inc.**^FI:a:b^XX:c*9~DTP~SE*4*0001~"), 3,
					       &source),
			 0);
	assert_int_equal(x12_reader_new(&world.env, source, NULL, NULL, &reader), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(x12_reader_next(reader, &event), 0);
	s = event.segment;
	assert_int_equal(event.kind, X12_BODY);
	assert_true(slice_is(s->id, "N1"));
	assert_true(slice_is(s->raw, "N1**Acme Inc.**^FI:a:b^XX:c*9"));
	assert_int_equal(s->element_count, 5);
	assert_true(slice_is(x12_element(s, 1), ""));
	assert_true(slice_is(x12_element(s, 2), "Acme Inc."));
	assert_true(slice_is(x12_element(s, 5), "9"));
	assert_true(slice_is(x12_element(s, 0), ""));
	assert_true(slice_is(x12_element(s, 6), ""));
	assert_int_equal(x12_part_count(x12_element(s, 4), '^'), 3);
	assert_true(slice_is(x12_part(x12_element(s, 4), '^', 1), ""));
	assert_true(slice_is(x12_part(x12_element(s, 4), '^', 3), "XX:c"));
	assert_true(slice_is(x12_part(x12_part(x12_element(s, 4), '^', 2), ':', 3), "b"));
	assert_true(slice_is(x12_component(s, 4, 1), ""));
	assert_true(slice_is(x12_component(s, 5, 1), "9"));
	assert_true(slice_is(x12_component(s, 5, 2), ""));
	assert_int_equal(x12_reader_next(reader, &event), 0);
	assert_true(slice_is(event.segment->id, "DTP"));
	assert_int_equal(event.segment->element_count, 0);
	x12_reader_free(reader);
	io_source_close(source);
}

/* If this failed: a segment of hundreds of elements would crash the reader, or stop the file. */
static void test_many_elements(void **state)
{
	struct x12_reader *reader = NULL;
	struct io_source *source = NULL;
	struct x12_event event;
	struct buffer text;

	(void)state;
	buffer_init(&text, &world.env);
	buffer_add_text(&text, ISA GS ST "SLN");
	for (unsigned pos = 1; pos <= LIMIT_ELEMENTS + 50; pos++)
		buffer_printf(&text, "*%u", pos);
	buffer_add_text(&text, "~INS*Y~SE*4*0001~" GE IEA);
	assert_int_equal(io_source_open_memory(&world.env, buffer_slice(&text), 0, &source), 0);
	assert_int_equal(x12_reader_new(&world.env, source, NULL, NULL, &reader), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(x12_reader_next(reader, &event), 0);
	assert_int_equal(event.segment->element_count, LIMIT_ELEMENTS);
	assert_true(slice_is(x12_element(event.segment, LIMIT_ELEMENTS), "128"));
	assert_true(slice_is(x12_element(event.segment, LIMIT_ELEMENTS + 1), ""));
	assert_int_equal(event.segment->raw.data[event.segment->raw.len - 1], '8');
	assert_int_equal(x12_reader_next(reader, &event), 0);
	assert_true(slice_is(event.segment->raw, "INS*Y"));
	x12_reader_free(reader);
	io_source_close(source);
	x12_expect_slice(__FILE__, __LINE__, buffer_slice(&text), NULL, "IGTbbtgi.", "");
	buffer_fini(&text);
}

/* If this failed: parts of a composite would be read as others. */
static void test_parts(void **state)
{
	(void)state;
	assert_true(slice_is(x12_part(slice_from("a:b:"), ':', 1), "a"));
	assert_true(slice_is(x12_part(slice_from("a:b:"), ':', 2), "b"));
	assert_true(slice_is(x12_part(slice_from("a:b:"), ':', 3), ""));
	assert_true(slice_is(x12_part(slice_from("a:b:"), ':', 4), ""));
	assert_true(slice_is(x12_part(slice_from("a:b"), ':', 0), ""));
	assert_true(slice_is(x12_part(slice_from("a:b"), '\0', 1), "a:b"));
	assert_true(slice_is(x12_part(slice_from("a:b"), '\0', 2), ""));
	assert_true(slice_is(x12_part(SLICE_EMPTY, ':', 1), ""));
	assert_int_equal(x12_part_count(slice_from("a:b:"), ':'), 3);
	assert_int_equal(x12_part_count(slice_from("a"), ':'), 1);
	assert_int_equal(x12_part_count(SLICE_EMPTY, ':'), 1);
	assert_int_equal(x12_part_count(slice_from("a:b"), '\0'), 1);
}

/* If this failed: segments run together by a mix of terminators would be missed by nobody. */
static void test_mixed_terminators(void **state)
{
	(void)state;
	x12_expect(ISA GS ST "BGN*00\nINS*Y~SE*`4*0001~" GE IEA, "IGTbtgi.", "tset_segment_count");
	x12_expect(ISA_LF
		   "GS*BE*SENDER*RECEIVER*20260105*0730*1*X*005010X220A1\nST*834*0001*005010X220A1\nBGN*00~INS*Y\n"
		   "SE*`4*0001\nGE*1*1\nIEA*1*000000001\n",
		   "IGTbtgi.", "tset_segment_count");
}

/* ---- positions ---- */

/* If this failed: a finding would send the sender to the wrong line, and the 999 to the wrong segment. */
static void test_positions(void **state)
{
	struct x12_trace trace;

	(void)state;
	x12_trace_all(slice_from(ISA "\r\n" GS "\n" ST
				     "\nBGN*00~N3*1 ELM ST\nAPT 2~~\n\nINS*Y~\nSE*6*0001~\nGE*1*1~\nIEA*1*000000001~"),
		      NULL, &trace);
	assert_string_equal(
		trace.said.data,
		"event I at 0 line 1 in 1/0/0 pos 0 ISA|00|          |00|          |ZZ|SENDER         |ZZ|RECEIVER     "
		"  "
		"|260105|0730|^|00501|000000001|0|P|: interchange 0 0-0 0\n"
		"event G at 108 line 2 in 1/1/0 pos 0 GS|BE|SENDER|RECEIVER|20260105|0730|1|X|005010X220A1 "
		"interchange 0 0-0 1 fgroup 0 0\n"
		"event T at 162 line 3 in 1/1/1 pos 1 ST|834|0001|005010X220A1 interchange 0 0-0 1 fgroup 0 1 tset 0 "
		"1\n"
		"event b at 188 line 4 in 1/1/1 pos 2 BGN|00 interchange 0 0-0 1 fgroup 0 1 tset 0 2\n"
		"event b at 195 line 4 in 1/1/1 pos 3 N3|1 ELM ST\nAPT 2 interchange 0 0-0 1 fgroup 0 1 tset 0 3\n"
		"finding segment_blank 1 at 213 line 5 in 1/1/1 pos 4.0  '' it is passed over\n"
		"event b at 216 line 7 in 1/1/1 pos 4 INS|Y interchange 0 0-0 1 fgroup 0 1 tset 0 4\n"
		"finding tset_segment_count 2 at 226 line 8 in 1/1/1 pos 5.1 SE '6' 5 segments are there\n"
		"event t at 223 line 8 in 1/1/1 pos 5 SE|6|0001 interchange 0 0-0 1 fgroup 0 1 tset 1 5\n"
		"event g at 234 line 9 in 1/1/0 pos 0 GE|1|1 interchange 0 0-0 1 fgroup 0 1\n"
		"event i at 242 line 10 in 1/0/0 pos 0 IEA|1|000000001 interchange 0 0-258 1\n"
		"event .\n");
	x12_trace_fini(&trace);
}

/* If this failed: offsets of a file with a byte-order mark, or in EBCDIC, would point beside the fault. */
static void test_positions_of_decoded_files(void **state)
{
	static const char plain[] = ISA GS "ST*834*0001*005010X220A1~~" BODY SE GE IEA;
	struct x12_trace trace;
	struct buffer wrapped;
	size_t blank = (size_t)(strstr(plain, "~~") + 1 - plain);

	(void)state;
	x12_expect("`\xef\xbb\xbf" ISA GS ST "`~" BODY SE GE IEA, "IGTbbtgi.",
		   "interchange_byte_order_mark segment_blank");
	buffer_init(&wrapped, &world.env);
	for (size_t i = 0; i < sizeof(plain) - 1; i++) {
		buffer_add_char(&wrapped, plain[i]);
		if (i % 80 == 79)
			buffer_add_char(&wrapped, '\n');
	}
	x12_trace_all(buffer_slice(&wrapped), NULL, &trace);
	assert_string_equal(trace.letters.data, "IGTbbtgi.");
	assert_string_equal(trace.codes.data, "segment_blank");
	assert_int_equal(trace.offsets[0], blank + blank / 80);
	x12_trace_fini(&trace);
	buffer_fini(&wrapped);
}

/* ---- damage, and going on after it ---- */

/* If this failed: a file with an empty segment would be taken to end there, and the members behind it be lost. */
static void test_blank_segments(void **state)
{
	(void)state;
	x12_expect(ISA GS ST "BGN*00~`~INS*Y~SE*4*0001~" GE IEA, "IGTbbtgi.", "segment_blank");
	x12_expect(ISA GS ST "BGN*00~`~`~ `~\nINS*Y~SE*4*0001~`~" GE IEA, "IGTbbtgi.",
		   "segment_blank segment_blank segment_blank segment_blank");
}

/* If this failed: segments indented by blanks would count as unknown. */
static void test_indented_segments(void **state)
{
	(void)state;
	x12_expect(ISA "  `" GS " \n`" ST "BGN*00~\n\t  `INS*Y~ `SE*4*0001~" GE " `" IEA " \n", "IGTbbtgi.",
		   "segment_indented segment_indented segment_indented segment_indented segment_indented");
}

/* If this failed: bytes between segments would stop the reading, or shift the positions of all that follows. */
static void test_unknown_segments(void **state)
{
	(void)state;
	x12_expect(ISA GS ST "`bgn*00~BGN*00~`B~`BGNX*1~`1S*1~`*a~INS*Y~SE*9*0001~" GE IEA, "IGTbbtgi.",
		   "segment_unknown segment_unknown segment_unknown segment_unknown segment_unknown");
	x12_expect(ISA GS ST "BGN*00~`transfer ok\nINS*Y~SE*4*0001~" GE IEA, "IGTbtgi.", "segment_unknown");
}

/* If this failed: a name would be taken for a new file, and the members behind it be lost. */
static void test_isa_in_names(void **state)
{
	(void)state;
	x12_expect(ISA GS ST "NM1*IL*1*ISAACS*ISA~N1*P5*ISA~REF*ISA*00*ISA~SE*5*0001~" GE IEA, "IGTbbbtgi.", "");
	x12_expect(ISA GS ST "`ISAAC*IL*1~NM1*IL*1*ISAACS*ISAAC~SE*4*0001~" GE IEA, "IGTbtgi.", "segment_unknown");
	/* Like an ISA, but none: not sixteen elements. */
	x12_expect(ISA GS ST "ISA*00*1~N1*P5~SE*4*0001~" GE IEA, "IGTbbtgi.", "");
	x12_expect(ISA GS ST
		   "N1*P5*A*NOTE ISA*00*          *00*          *ZZ*SENDER  *ZZ*RECEIVER  *260105*0730*^*00501"
		   "*000000002*0*P*:~SE*3*0001~" GE IEA,
		   "IGTbtgi.", "");
}

/* If this failed: an ISA quoted in a text, its separators made blanks, would end the file. */
static void test_isa_with_blanks_in_a_text(void **state)
{
	(void)state;
	x12_expect(ISA GS ST "N1*P5*ISA 00            00            ZZ SENDER          ZZ RECEIVER        260105 0730 "
			     "^ 00501 000000001 0 P  "
			     "~SE*3*0001~" GE IEA,
		   "IGTbtgi.", "");
}

/* If this failed: an interchange behind one that was cut off would be lost with it. */
static void test_isa_inside_an_interchange(void **state)
{
	(void)state;
	x12_expect(ISA GS ST BODY "`" ISA_2 GS ST BODY SE GE IEA_2, "IGTbbt!g!i!IGTbbtgi.",
		   "tset_trailer_missing =fgroup_trailer_missing =interchange_trailer_missing");
	/* Cut inside a segment, whose rest is the next file's ISA. */
	x12_expect(ISA GS ST BODY "NM1*IL*1*DO`" ISA_2 GS ST BODY SE GE IEA_2, "IGTbbt!g!i!IGTbbtgi.",
		   "tset_trailer_missing =fgroup_trailer_missing =interchange_trailer_missing");
	x12_expect(ISA GS ST BODY SE GE "IEA*1*0000000`" ISA_2 GS ST BODY SE GE IEA_2, "IGTbbtgi!IGTbbtgi.",
		   "interchange_trailer_missing");
	x12_expect(ISA GS ST BODY SE GE "`IEA*1*000000001" ISA_2 GS ST BODY SE GE IEA_2, "IGTbbtgiIGTbbtgi.",
		   "interchange_terminator_missing");
	/* With other separators, and not behind a terminator. */
	x12_expect(ISA GS ST BODY
		   "N1*P5*ACME\n`ISA|00|          |00|          |ZZ|SENDER         |ZZ|RECEIVER       |260105"
		   "|0730|^|00501|000000002|0|P|>\n`IEA|0|000000002\n",
		   "IGTbbt!g!i!Ii.",
		   "tset_trailer_missing =fgroup_trailer_missing =interchange_trailer_missing interchange_empty");
	/* Out of shape, but where a segment begins. */
	x12_expect(ISA GS ST BODY
		   "`ISA*00* *00* *ZZ*SENDER*ZZ*RECEIVER*260105*0730*^*00501*000000002*0*P*:~" GS ST BODY SE GE IEA_2,
		   "IGTbbt!g!i!IGTbbtgi.",
		   "tset_trailer_missing =fgroup_trailer_missing =interchange_trailer_missing "
		   "=interchange_header_padding");
}

static void add_times(struct buffer *text, char c, size_t times)
{
	for (size_t i = 0; i < times; i++)
		buffer_add_char(text, c);
}

/* `before`, then `bytes` x, then `after`: expect. */
static void expect_long(const char *before, size_t bytes, const char *after, const char *letters, const char *findings)
{
	struct buffer text;

	buffer_init(&text, &world.env);
	buffer_add_text(&text, before);
	add_times(&text, 'x', bytes);
	buffer_add_text(&text, after);
	x12_expect_slice(__FILE__, __LINE__, buffer_slice(&text), NULL, letters, findings);
	buffer_fini(&text);
}

/* If this failed: one endless segment would take all memory, or the members behind it be lost. */
static void test_long_segments(void **state)
{
	(void)state;
	/* N1* and so many: just at the limit, one over it, and more than the window holds. */
	expect_long(ISA GS ST "N1*", LIMIT_SEGMENT_BYTES - 3, "~INS*Y~SE*4*0001~" GE IEA, "IGTbbtgi.", "");
	expect_long(ISA GS ST "`N1*", LIMIT_SEGMENT_BYTES - 2, "~INS*Y~SE*4*0001~" GE IEA, "IGTbtgi.",
		    "segment_too_long");
	expect_long(ISA GS ST "`N1*", 700000, "~INS*Y~SE*4*0001~" GE IEA, "IGTbtgi.", "segment_too_long");
	expect_long(ISA GS ST "`N1*", 100000, "`", "IGTt!g!i!.",
		    "segment_too_long interchange_truncated");
	expect_long(ISA GS ST "`N1*", 70000, "`" ISA_2 GS ST BODY SE GE IEA_2, "IGTt!g!i!IGTbbtgi.",
		    "segment_too_long tset_trailer_missing =fgroup_trailer_missing =interchange_trailer_missing");
	expect_long(ISA "`GS*", 70000, "~" GS ST BODY SE GE IEA, "IGTbbtgi.", "segment_too_long");
}

/* If this failed: a finding would name a line that the long segment before it has shifted. */
static void test_lines_behind_long_segments(void **state)
{
	struct x12_trace trace;
	struct buffer text;

	(void)state;
	buffer_init(&text, &world.env);
	buffer_add_text(&text, ISA "\n" GS "\n" ST "\nN1*");
	for (int i = 0; i < 1000; i++) {
		add_times(&text, 'x', 299);
		buffer_add_char(&text, '\n');
	}
	buffer_add_text(&text, "~\n~");
	x12_trace_all(buffer_slice(&text), NULL, &trace);
	assert_non_null(strstr(trace.said.data, "finding segment_too_long 2 at 187 line 4 in 1/1/1 pos 2.0"));
	assert_non_null(strstr(trace.said.data, "finding segment_blank 1 at 300192 line 1005 in 1/1/1 pos 3.0"));
	x12_trace_fini(&trace);
	buffer_fini(&text);
}

/* What a piece of a large file adds to what must come out. */
struct piece {
	const char *text;
	unsigned bodies, segments, findings, newlines;
};

static const struct piece pieces[] = {
	{"NM1*IL*1*ISAACS*MARY****34*219090001~", 1, 1, 0, 0},
	{"HD*021**HLT*HLT-STANDARD-01*FAM~", 1, 1, 0, 0},
	{"\nREF*0F*E0001~", 1, 1, 0, 1},
	{"\r\nDTP*348*D8*20260101~", 1, 1, 0, 1},
	{"N3*1 ELM STREET*APT 2~\n", 1, 1, 0, 1},
	{"INS*Y*18*021*28*A***FT~", 1, 1, 0, 0},
	{"DMG~", 1, 1, 0, 0},
	{"N3*1 ELM\nSTREET~", 1, 1, 0, 1},
	{"N4*ALLEGAN*MI*49010**CY*03*AND SOME MORE THAT MAKES IT LONGER THAN THE SHORT WAY OF THE READER TAKES~", 1, 1,
	 0, 0},
	{"~", 0, 0, 1, 0},
	{" PER*IP**HP*5552000000~", 1, 1, 1, 0},
	{"nm1*IL~", 0, 1, 1, 0},
	{"\n\n\r\nLX*1~", 1, 1, 0, 3},
	{"N1\n*P5~", 0, 1, 1, 1},
};

/* If this failed: somewhere in a long file a segment would be lost, doubled or misplaced. */
static void test_large_file(void **state)
{
	static const size_t chunks[] = {1, 5, 1000, 4096, 100000};
	struct piece sum = {NULL, 0, 2, 0, 0};
	struct x12_trace whole;
	struct buffer text;
	char last[64];

	(void)state;
	random_state = 20260106;
	buffer_init(&text, &world.env);
	buffer_add_text(&text, ISA GS ST);
	while (text.len < 1500000) {
		/* Runs of plain segments between the faults, so that long ways and short ways alternate. */
		const struct piece *piece =
			&pieces[random_below(20) == 0 ? random_below(LENGTH(pieces)) : random_below(7)];

		buffer_add_text(&text, piece->text);
		sum.bodies += piece->bodies;
		sum.segments += piece->segments;
		sum.findings += piece->findings;
		sum.newlines += piece->newlines;
	}
	buffer_printf(&text, "SE*%u*0001~" GE IEA, sum.segments);
	x12_trace_bytes(&whole, buffer_slice(&text), 0, NULL);
	assert_int_equal(whole.findings, sum.findings);
	assert_int_equal(whole.letters.len, sum.bodies + 7);
	snprintf(last, sizeof(last), " line %u in 1/0/0 pos 0 IEA|", 1 + sum.newlines);
	assert_non_null(strstr(whole.said.data, last));
	for (size_t i = 0; i < LENGTH(chunks); i++) {
		struct x12_trace trace;

		x12_trace_bytes(&trace, buffer_slice(&text), chunks[i], NULL);
		assert_true(slice_equal(buffer_slice(&trace.said), buffer_slice(&whole.said)));
		x12_trace_fini(&trace);
	}
	x12_trace_fini(&whole);
	buffer_fini(&text);
}

/* ---- the ends of files ---- */

/* If this failed: a file that holds no X12 would be passed over in silence. */
static void test_no_interchange(void **state)
{
	(void)state;
	x12_expect("`", ".", "interchange_missing");
	x12_expect("` \r\n\t \0\x1a", ".", "interchange_missing");
	x12_expect("`Dear Sir or Madam, ISA is a fine name.\n", ".", "interchange_missing");
	x12_expect("`\xff\xfeI\0S\0A\0*\0"
		   "0\0"
		   "0\0",
		   ".", "interchange_missing");
	x12_expect("`\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ".", "interchange_missing");
	x12_expect("`IS", ".", "interchange_missing");
	x12_expect("`" GS ST BODY SE GE, ".", "interchange_missing");
	expect_long("`", 200000, ISA GS, ".", "interchange_missing");
}

/* If this failed: a file with some bytes before its ISA would be refused, or they be passed over in silence. */
static void test_bytes_before(void **state)
{
	(void)state;
	x12_expect("`\n" SOUND, "IGTbbtgi.", "interchange_junk_before");
	x12_expect("`  " SOUND, "IGTbbtgi.", "interchange_junk_before");
	x12_expect("`//HEADER JOB\r\n" SOUND, "IGTbbtgi.", "interchange_junk_before");
	x12_expect("`HEADER " SOUND, "IGTbbtgi.", "interchange_junk_before");
	x12_expect("`\xef\xbb\xbf" SOUND, "IGTbbtgi.", "interchange_byte_order_mark");
	x12_expect("`\n`\xef\xbb\xbf" SOUND, "IGTbbtgi.", "interchange_junk_before interchange_byte_order_mark");
	expect_long("`", 60000, SOUND, "IGTbbtgi.", "interchange_junk_before");
}

/* If this failed: what a tape or an editor adds would refuse a file; or groups behind IEA would be lost in silence. */
static void test_bytes_behind(void **state)
{
	(void)state;
	x12_expect(SOUND "\x1a", "IGTbbtgi.", "");
	x12_expect(SOUND "\r\n\x1a\0\0\0 \t\n", "IGTbbtgi.", "");
	x12_expect(SOUND "\n`end of file, 8 segments\n", "IGTbbtgi.", "interchange_junk_after");
	x12_expect(SOUND "`trailer\n" ISA_2 GS ST BODY SE GE IEA_2, "IGTbbtgiIGTbbtgi.", "interchange_junk_after");
	x12_expect(SOUND "\n`\xef\xbb\xbf" ISA_2 GS ST BODY SE GE IEA_2, "IGTbbtgiIGTbbtgi.",
		   "interchange_byte_order_mark");
	x12_expect(SOUND "`" GS ST BODY SE GE IEA, "IGTbbtgi.", "interchange_content");
	x12_expect(SOUND "`" IEA, "IGTbbtgi.", "interchange_content");
	x12_expect(SOUND "`ISA*00*", "IGTbbtgi.", "interchange_truncated");
	expect_long(SOUND "`", 200000, ISA_2 GS ST BODY SE GE IEA_2, "IGTbbtgiIGTbbtgi.", "interchange_junk_after");
}

/* If this failed: an ISA that nobody can read would pass in silence. */
static void test_broken_header(void **state)
{
	(void)state;
	x12_expect("`ISA*00*1~\n" GS ST BODY SE GE IEA, ".", "interchange_header_malformed");
	x12_expect("`ISA*00*1~\n" GS ST BODY SE GE IEA ISA_2 GS ST BODY SE GE IEA_2, "IGTbbtgi.",
		   "interchange_header_malformed");
	x12_expect(SOUND "`ISA*00*1~\n" GS ST BODY SE GE IEA ISA_2 GS ST BODY SE GE IEA_2, "IGTbbtgiIGTbbtgi.",
		   "interchange_header_malformed");
	/* Fifteen elements: the sixteenth separator would be that of GS. */
	x12_expect("`" ISA_BODY "000000001*0*P~" GS ST BODY SE GE IEA, ".", "interchange_header_malformed");
}

/* A sound file with all there is, cut everywhere. */
static const char golden[] = ISA
	"\r\nTA1*000000009*260104*0730*A*000~\r\n" GS "\r\n" ST "\r\n" BODY SE "\r\n"
	"ST*834*0002*005010X220A1~BGN*00*2*20260105*0730****2~NM1*IL*1*ISAACS*MARY****34*219090001~SE*4*0002~\r\n"
	"GE*2*1~\r\nGS*BE*SENDER*RECEIVER*20260105*0730*2*X*005010X220A1~" ST "SE*2*0001~GE*1*2~IEA*2*000000001~\r\n";

/* What a cut leaves, from the file's own segments alone: those whose terminator is before the cut. */
static void model_of_cut(size_t cut, char letters[64], char findings[256])
{
	static const struct {
		const char *id;
		char letter;
		int open;
	} kinds[] = {{"ISA", 'I', 1}, {"TA1", 'A', 1}, {"GS*", 'G', 2}, {"ST*", 'T', 3},
		     {"SE*", 't', 2}, {"GE*", 'g', 1}, {"IEA", 'i', 0}};
	const char *at = golden;
	const char *stop;
	size_t events = 0;
	int open = -1;

	*findings = '\0';
	while ((stop = strchr(at, '~')) != NULL && (size_t)(stop - golden) < cut) {
		char letter = 'b';

		for (size_t i = 0; i < LENGTH(kinds); i++) {
			if (strncmp(at, kinds[i].id, 3) == 0) {
				letter = kinds[i].letter;
				open = kinds[i].open;
			}
		}
		letters[events++] = letter;
		at = stop + 1 + strspn(stop + 1, "\r\n");
	}
	if (open == -1) {
		strcpy(findings, cut < 3 ? "interchange_missing" : "interchange_truncated");
	} else if (open == 1 && cut == (size_t)(strstr(golden, "IEA*") - golden) + strlen("IEA*2*000000001")) {
		letters[events++] = 'i';
		strcpy(findings, "interchange_terminator_missing");
	} else if (open > 0) {
		strcpy(letters + events, &"t!g!i!"[2 * (3 - open)]);
		events += 2 * (size_t)open;
		/* One fault, one finding: no trailer is missed beside. */
		strcpy(findings, "interchange_truncated");
	}
	strcpy(letters + events, ".");
}

/* If this failed: a file cut in transfer would be taken for whole, and members terminated who were in the lost part. */
static void test_cut_at_every_byte(void **state)
{
	(void)state;
	for (size_t cut = 0; cut < sizeof(golden); cut++) {
		struct x12_trace trace;
		char letters[64], findings[256];

		model_of_cut(cut, letters, findings);
		x12_trace_all(slice_of(golden, cut), NULL, &trace);
		if (strcmp(trace.letters.data, letters) != 0 || strcmp(trace.codes.data, findings) != 0)
			fail_msg("cut at %zu: %s [%s], wanted %s [%s]", cut, trace.letters.data, trace.codes.data,
				 letters, findings);
		x12_trace_fini(&trace);
	}
}

/* ---- trouble ---- */

static void gzip_of(const char *text, struct buffer *ret_gzip)
{
	const char *plain = world_file("plain", slice_from(text));
	const char *packed = world_path("packed");
	struct hash hash;
	char *data;
	size_t bytes;

	assert_int_equal(io_gzip_file(&world.env, plain, packed, &hash), 0);
	assert_int_equal(io_read_file(&world.env, packed, 1 << 20, &data, &bytes), 0);
	buffer_init(ret_gzip, &world.env);
	buffer_add(ret_gzip, data, bytes);
	env_free(&world.env, data);
}

/* If this failed: a damaged archive would be taken for whole, and what was in the lost part be missed. */
static void test_damaged_source(void **state)
{
	struct x12_trace trace;
	struct buffer packed;

	(void)state;
	gzip_of(SOUND, &packed);
	x12_trace_all(buffer_slice(&packed), NULL, &trace);
	assert_string_equal(trace.letters.data, "IGTbbtgi.");
	assert_string_equal(trace.codes.data, "");
	x12_trace_fini(&trace);
	/* The checksum behind the data is wrong: all bytes came, and are not to be trusted. */
	packed.data[packed.len - 8] = (char)(packed.data[packed.len - 8] ^ 1);
	x12_trace_all(buffer_slice(&packed), NULL, &trace);
	assert_string_equal(trace.letters.data, "IGTbbtgi.");
	assert_string_equal(trace.codes.data, "interchange_damaged");
	assert_non_null(strstr(trace.said.data, "IEA|1|000000001 interchange 1"));
	x12_trace_fini(&trace);
	for (size_t cut = 20; cut < packed.len - 8; cut++) {
		x12_trace_bytes(&trace, slice_of(packed.data, cut), 0, NULL);
		assert_non_null(strstr(trace.codes.data, "interchange_damaged"));
		assert_null(strstr(trace.codes.data, "interchange_truncated"));
		assert_null(strstr(trace.codes.data, "interchange_missing"));
		x12_trace_fini(&trace);
	}
	buffer_fini(&packed);
}

static int refuse(void *context, const struct finding *finding)
{
	(void)finding;
	return *(int *)context;
}

/* If this failed: a run that was told to stop would go on. */
static void test_sink_refuses(void **state)
{
	static const char *const texts[] = {"",           ISA GS ST "~",     ISA GS "ST*8*1~",
					    ISA GS ST,    ISA GS ST "n1*1~", ISA "N1*1~",
					    SOUND "junk", "junk " SOUND,     "ISA*1\n" SOUND};

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		int refusal = MUSTER_ERROR_INTERRUPTED;
		const struct finding_sink sink = {&refusal, refuse};
		struct io_source *source = NULL;
		struct x12_reader *reader = NULL;
		struct x12_event event = {.kind = X12_BODY};
		int result = 0;

		assert_int_equal(io_source_open_memory(&world.env, slice_from(texts[i]), 0, &source), 0);
		assert_int_equal(x12_reader_new(&world.env, source, NULL, &sink, &reader), 0);
		while (result == 0 && event.kind != X12_END)
			result = x12_reader_next(reader, &event);
		assert_int_equal(result, refusal);
		x12_reader_free(reader);
		io_source_close(source);
	}
}

static int gate_budget;

static int fail_after_budget(struct env *env, enum env_op op, const char *what)
{
	(void)env;
	(void)what;
	if (op != ENV_ALLOC && op != ENV_READ)
		return 0;
	if (gate_budget-- > 0)
		return 0;
	return op == ENV_ALLOC ? -ENOMEM : -EIO;
}

static int read_file(struct env *env, const char *path)
{
	struct io_source *source = NULL;
	struct x12_reader *reader = NULL;
	struct x12_event event = {.kind = X12_BODY};
	int result = io_source_open(env, path, &source);

	if (result == 0)
		result = x12_reader_new(env, source, NULL, NULL, &reader);
	while (result == 0 && event.kind != X12_END)
		result = x12_reader_next(reader, &event);
	x12_reader_free(reader);
	io_source_close(source);
	return result;
}

/* If this failed: a machine without memory or with a bad disk would crash, or take half a file for the whole. */
static void test_machine_trouble(void **state)
{
	const char *path = world_file("sound", slice_from(SOUND));
	struct env env = world.env;
	int failures = 0;
	int result = -1;

	(void)state;
	env.gate = fail_after_budget;
	for (int budget = 0; result != 0; budget++) {
		gate_budget = budget;
		result = read_file(&env, path);
		failures += result < 0;
		assert_true(result == 0 || result == -ENOMEM || result == -EIO);
		assert_true(budget < 100);
	}
	assert_true(failures >= 5);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_lexers_agree),
	cmocka_unit_test(test_lexer_at_each_length),
	cmocka_unit_test(test_lexer_keeps_to_its_array),
	cmocka_unit_test(test_sound),
	cmocka_unit_test(test_line_ends),
	cmocka_unit_test(test_line_end_as_terminator),
	cmocka_unit_test(test_separators),
	cmocka_unit_test(test_separators_read_again),
	cmocka_unit_test(test_elements),
	cmocka_unit_test(test_many_elements),
	cmocka_unit_test(test_parts),
	cmocka_unit_test(test_mixed_terminators),
	cmocka_unit_test(test_positions),
	cmocka_unit_test(test_positions_of_decoded_files),
	cmocka_unit_test(test_blank_segments),
	cmocka_unit_test(test_indented_segments),
	cmocka_unit_test(test_unknown_segments),
	cmocka_unit_test(test_isa_in_names),
	cmocka_unit_test(test_isa_with_blanks_in_a_text),
	cmocka_unit_test(test_isa_inside_an_interchange),
	cmocka_unit_test(test_long_segments),
	cmocka_unit_test(test_lines_behind_long_segments),
	cmocka_unit_test(test_large_file),
	cmocka_unit_test(test_no_interchange),
	cmocka_unit_test(test_bytes_before),
	cmocka_unit_test(test_bytes_behind),
	cmocka_unit_test(test_broken_header),
	cmocka_unit_test(test_cut_at_every_byte),
	cmocka_unit_test(test_damaged_source),
	cmocka_unit_test(test_sink_refuses),
	cmocka_unit_test(test_machine_trouble),
};

int main(void)
{
	return cmocka_run_group_tests_name("x12_reader", tests, world_setup, world_teardown);
}
