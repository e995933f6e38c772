/* If this failed: acknowledgments would reach partners damaged or miscounted, and be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "muster/error.h"
#include "muster/x12.h"
#include "world.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct x12_separators usual = {'*', ':', '^', '~'};

static void write_isa(struct x12_writer *writer, const char *version, uint32_t control)
{
	x12_write_isa(writer, SLICE_LITERAL("ZZ"), SLICE_LITERAL("SENDER"), SLICE_LITERAL("30"),
		      SLICE_LITERAL("219090001"), SLICE_LITERAL("260105"), SLICE_LITERAL("0730"), slice_from(version),
		      control, '0', 'T');
}

static void write_gs(struct x12_writer *writer, uint32_t control)
{
	x12_write_gs(writer, SLICE_LITERAL("FA"), SLICE_LITERAL("SENDER"), SLICE_LITERAL("RECEIVER"),
		     SLICE_LITERAL("20260105"), SLICE_LITERAL("073059"), control, SLICE_LITERAL("005010X231A1"));
}

/* If this failed: the partner's translator would refuse our envelopes. */
static void test_envelopes(void **state)
{
	struct x12_writer writer;
	struct buffer out;

	(void)state;
	buffer_init(&out, &world.env);
	x12_writer_init(&writer, &out, &usual);
	writer.newline = true;
	write_isa(&writer, "00501", 77);
	write_gs(&writer, 5);
	x12_write_st(&writer, SLICE_LITERAL("999"), 1, SLICE_LITERAL("005010X231A1"));
	x12_segment_begin(&writer, "AK1");
	x12_write_element(&writer, SLICE_LITERAL("BE"));
	x12_write_number(&writer, 0);
	x12_segment_end(&writer);
	x12_write_se(&writer);
	x12_write_st(&writer, SLICE_LITERAL("999"), 12345, SLICE_EMPTY);
	x12_write_se(&writer);
	x12_write_ge(&writer);
	write_gs(&writer, 6);
	x12_write_ge(&writer);
	x12_write_iea(&writer);
	assert_string_equal(out.data,
			    "ISA*00*          *00*          *ZZ*SENDER         *30*219090001      "
			    "*260105*0730*^*00501*000000077*0*T*:~\n"
			    "GS*FA*SENDER*RECEIVER*20260105*073059*5*X*005010X231A1~\n"
			    "ST*999*0001*005010X231A1~\nAK1*BE*0~\nSE*3*0001~\nST*999*12345~\nSE*2*12345~\nGE*2*5~\n"
			    "GS*FA*SENDER*RECEIVER*20260105*073059*6*X*005010X231A1~\nGE*0*6~\nIEA*2*000000077~\n");
	buffer_fini(&out);
}

/* If this failed: an ISA would not be 106 bytes long, and nobody could read what follows. */
static void test_isa_is_106_bytes(void **state)
{
	static const struct x12_separators others = {'|', '>', '\0', '\n'};
	struct x12_writer writer;
	struct buffer out;

	(void)state;
	buffer_init(&out, &world.env);
	x12_writer_init(&writer, &out, &others);
	x12_write_isa(&writer, SLICE_LITERAL("ZZZ"), SLICE_LITERAL("A SENDER WITH A LONG NAME"), SLICE_EMPTY,
		      SLICE_LITERAL("REC|EIVER"), SLICE_LITERAL("260105"), SLICE_LITERAL("0730"),
		      SLICE_LITERAL("00401"), 999999999, '1', 'P');
	assert_string_equal(out.data,
			    "ISA|00|          |00|          |ZZ|A SENDER WITH A|  |REC EIVER      |260105|0730|U|00401|"
			    "999999999|1|P|>\n");
	assert_int_equal(out.len, 106);
	buffer_fini(&out);
}

/* If this failed: an element would stand in another's place. */
static void test_empty_elements(void **state)
{
	struct x12_writer writer;
	struct buffer out;

	(void)state;
	buffer_init(&out, &world.env);
	x12_writer_init(&writer, &out, &usual);
	x12_segment_begin(&writer, "IK4");
	x12_write_element(&writer, SLICE_LITERAL("1"));
	x12_write_component(&writer, SLICE_EMPTY);
	x12_write_component(&writer, SLICE_LITERAL("3"));
	x12_write_component(&writer, SLICE_EMPTY);
	x12_write_element(&writer, SLICE_EMPTY);
	x12_write_element(&writer, SLICE_EMPTY);
	x12_write_component(&writer, SLICE_LITERAL("b"));
	x12_write_element(&writer, SLICE_LITERAL("9"));
	x12_write_element(&writer, SLICE_EMPTY);
	x12_write_component(&writer, SLICE_EMPTY);
	x12_write_element(&writer, SLICE_EMPTY);
	x12_segment_end(&writer);
	x12_segment_begin(&writer, "SE");
	x12_segment_end(&writer);
	assert_string_equal(out.data, "IK4*1::3**:b*9~SE~");
	buffer_fini(&out);
}

/* If this failed: a partner's value with a separator in it would break our acknowledgment apart. */
static void test_values_are_made_clean(void **state)
{
	struct x12_writer writer;
	struct buffer out;

	(void)state;
	assert_true(x12_value_is_clean(&usual, SLICE_LITERAL("O'Hara, José (1)")));
	assert_true(x12_value_is_clean(&usual, SLICE_EMPTY));
	for (const char *p = "*:^~\n\r\t\x1f\x7f"; *p != '\0'; p++) {
		char value[3] = {'a', *p, 'b'};

		assert_false(x12_value_is_clean(&usual, slice_of(value, 3)));
		buffer_init(&out, &world.env);
		x12_writer_init(&writer, &out, &usual);
		x12_segment_begin(&writer, "N1");
		x12_write_element(&writer, slice_of(value, 3));
		x12_write_component(&writer, slice_of(value, 3));
		x12_segment_end(&writer);
		assert_string_equal(out.data, "N1*a b:a b~");
		buffer_fini(&out);
	}
	assert_false(x12_value_is_clean(&usual, slice_of("\0", 1)));
	assert_true(x12_value_is_clean(&((struct x12_separators){'*', ':', '\0', '~'}), SLICE_LITERAL("a^b")));
}

static int no_memory(struct env *env, enum env_op op, const char *what)
{
	(void)env;
	(void)what;
	return op == ENV_ALLOC ? -ENOMEM : 0;
}

/* If this failed: a night without memory would send half an acknowledgment. */
static void test_no_memory(void **state)
{
	struct env env = world.env;
	struct x12_writer writer;
	struct buffer out;

	(void)state;
	env.gate = no_memory;
	buffer_init(&out, &env);
	x12_writer_init(&writer, &out, &usual);
	write_isa(&writer, "00501", 1);
	x12_write_iea(&writer);
	assert_int_equal(out.error, -ENOMEM);
	buffer_fini(&out);
}

/* ---- what is written is read again ---- */

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)((random_state >> 32) % limit);
}

#define SEGMENTS_MAX 12
#define ELEMENTS_MAX 9

/* What was written, to compare with what is read. */
struct model {
	char ids[SEGMENTS_MAX][4];
	char values[SEGMENTS_MAX][ELEMENTS_MAX][24];
	unsigned counts[SEGMENTS_MAX];
	unsigned segments;
};

static void write_random_segment(struct x12_writer *writer, struct model *model)
{
	static const char *const ids[] = {"INS", "REF", "N1", "NM1", "DTP", "HD", "LX", "ISX", "S1", "G2"};
	static const char letters[] = "ABC xyz.,'-/()019@#$%&=+!?<>[]{}";
	unsigned segment = model->segments++;
	unsigned elements = 1 + random_below(ELEMENTS_MAX);

	snprintf(model->ids[segment], 4, "%s", ids[random_below(LENGTH(ids))]);
	x12_segment_begin(writer, model->ids[segment]);
	model->counts[segment] = 0;
	for (unsigned i = 0; i < elements; i++) {
		char *value = model->values[segment][i];
		unsigned len = random_below(3) == 0 ? 0 : random_below(23);

		for (unsigned j = 0; j < len; j++) {
			char c = letters[random_below(sizeof(letters) - 1)];

			value[j] = x12_value_is_clean(&writer->separators, slice_of(&c, 1)) ? c : 'Z';
		}
		value[len] = '\0';
		x12_write_element(writer, slice_from(value));
		if (len > 0)
			model->counts[segment] = i + 1;
	}
	x12_segment_end(writer);
}

static int count_findings(void *context, const struct finding *finding)
{
	(void)finding;
	++*(unsigned *)context;
	return 0;
}

static void read_and_compare(struct slice text, size_t chunk, const struct model *model)
{
	unsigned findings = 0;
	unsigned segment = 0;
	const struct finding_sink sink = {&findings, count_findings};
	struct io_source *source = NULL;
	struct x12_reader *reader = NULL;
	struct x12_event event = {.kind = X12_BODY};

	assert_int_equal(io_source_open_memory(&world.env, text, chunk, &source), 0);
	assert_int_equal(x12_reader_new(&world.env, source, NULL, &sink, &reader), 0);
	while (event.kind != X12_END) {
		assert_int_equal(x12_reader_next(reader, &event), 0);
		if (event.kind != X12_BODY)
			continue;
		assert_true(segment < model->segments);
		assert_true(slice_is(event.segment->id, model->ids[segment]));
		assert_int_equal(event.segment->element_count, model->counts[segment]);
		for (uint32_t i = 0; i < event.segment->element_count; i++)
			assert_true(slice_is(event.segment->elements[i], model->values[segment][i]));
		segment++;
	}
	assert_int_equal(segment, model->segments);
	assert_int_equal(findings, 0);
	x12_reader_free(reader);
	io_source_close(source);
}

/* If this failed: what muster writes would not be what muster, or a partner, reads. */
static void test_written_is_read(void **state)
{
	static const struct x12_separators sets[] = {
		{'*', ':', '^', '~'}, {'|', '>', '^', '\n'}, {'\x1d', '\x1f', '\x1e', '\x1c'}, {'\t', ':', '!', '\r'}};
	const uint64_t seed = 20260105;

	(void)state;
	random_state = seed;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (unsigned round = 0; round < 2000; round++) {
		struct model model = {.segments = 0};
		struct x12_writer writer;
		struct buffer out;

		buffer_init(&out, &world.env);
		x12_writer_init(&writer, &out, &sets[random_below(LENGTH(sets))]);
		writer.newline = random_below(2) == 0;
		write_isa(&writer, "00501", 1 + random_below(999999999));
		for (unsigned group = 1; group <= 2; group++) {
			write_gs(&writer, group);
			for (unsigned set = 1; set <= 2; set++) {
				x12_write_st(&writer, SLICE_LITERAL("834"), set, SLICE_LITERAL("005010X220A1"));
				for (unsigned i = random_below(4); i > 0; i--)
					write_random_segment(&writer, &model);
				x12_write_se(&writer);
			}
			x12_write_ge(&writer);
		}
		x12_write_iea(&writer);
		assert_int_equal(out.error, 0);
		read_and_compare(buffer_slice(&out), random_below(6), &model);
		buffer_fini(&out);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_envelopes),      cmocka_unit_test(test_isa_is_106_bytes),
	cmocka_unit_test(test_empty_elements), cmocka_unit_test(test_values_are_made_clean),
	cmocka_unit_test(test_no_memory),      cmocka_unit_test(test_written_is_read),
};

int main(void)
{
	return cmocka_run_group_tests_name("x12_writer", tests, world_setup, world_teardown);
}
