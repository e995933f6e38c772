/* If this failed: a file with a false envelope would be applied, or a sound one refused, and the sender not told why.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "world.h"
#include "x12_trace.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- ISA ---- */

static const char *const isa_elements[17] = {"",
					     "00",
					     "          ",
					     "00",
					     "          ",
					     "ZZ",
					     "SENDER         ",
					     "ZZ",
					     "RECEIVER       ",
					     "260105",
					     "0730",
					     "^",
					     "00501",
					     "000000001",
					     "0",
					     "P",
					     ":"};

/* An interchange whose ISA has `value` as its element `pos`, marked where `mark`; expect. */
static void expect_isa(const struct x12_options *options, unsigned pos, const char *value, bool mark,
		       const char *letters, const char *findings)
{
	struct buffer text;
	char control[32];

	buffer_init(&text, &world.env);
	buffer_add_text(&text, "ISA");
	for (unsigned i = 1; i <= 16; i++) {
		buffer_add_char(&text, '*');
		if (i == pos && mark)
			buffer_add_char(&text, '`');
		buffer_add_text(&text, i == pos ? value : isa_elements[i]);
	}
	snprintf(control, sizeof(control), "%s", pos == 13 ? value : isa_elements[13]);
	buffer_printf(&text, "~" GS ST BODY SE GE "IEA*1*%s~", control);
	x12_expect_slice(value, (int)pos, buffer_slice(&text), options, letters, findings);
	buffer_fini(&text);
}

/* If this failed: an ISA with a bad element would be taken for sound, or answered with another TA105. */
static void test_isa_elements(void **state)
{
	static const struct {
		unsigned pos;
		const char *value, *finding;
	} rows[] = {
		{1, "01", "interchange_auth_qualifier"},
		{2, "SECRET    ", "interchange_auth_value"},
		{3, "02", "interchange_security_qualifier"},
		{4, "PASSWORD  ", "interchange_security_value"},
		{5, "XX", "interchange_sender_qualifier"},
		{5, "  ", "interchange_sender_qualifier"},
		{6, "               ", "interchange_sender_id"},
		{7, "02", "interchange_receiver_qualifier"},
		{8, "               ", "interchange_receiver_id"},
		{9, "261305", "interchange_date"},
		{9, "260230", "interchange_date"},
		{9, "2601 5", "interchange_date"},
		{10, "2400", "interchange_time"},
		{10, "0760", "interchange_time"},
		{10, "07 0", "interchange_time"},
		{12, "00502", "interchange_version"},
		{13, "        1", "interchange_control_number"},
		{13, "00000000A", "interchange_control_number"},
		{14, "2", "interchange_ack_requested"},
		{14, " ", "interchange_ack_requested"},
		{15, "X", "interchange_usage"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		/* IEA02 repeats ISA13; a blank one in front makes them differ only where ISA13 is bad anyway. */
		expect_isa(NULL, rows[i].pos, rows[i].value, true, "IGTbbtgi.", rows[i].finding);
	}
	expect_isa(NULL, 1, "03", false, "IGTbbtgi.", "(at 7)interchange_auth_value");
	expect_isa(NULL, 3, "01", false, "IGTbbtgi.", "(at 21)interchange_security_value");
}

/* If this failed: a sound ISA of another habit would be refused. */
static void test_isa_elements_allowed(void **state)
{
	static const char *const qualifiers[] = {"01", "14", "20", "27", "28", "29", "30", "33", "ZZ"};

	(void)state;
	for (size_t i = 0; i < LENGTH(qualifiers); i++) {
		expect_isa(NULL, 5, qualifiers[i], false, "IGTbbtgi.", "");
		expect_isa(NULL, 7, qualifiers[i], false, "IGTbbtgi.", "");
	}
	expect_isa(NULL, 9, "240229", false, "IGTbbtgi.", "");
	expect_isa(NULL, 10, "2359", false, "IGTbbtgi.", "");
	expect_isa(NULL, 14, "1", false, "IGTbbtgi.", "");
	expect_isa(NULL, 15, "T", false, "IGTbbtgi.", "");
	expect_isa(NULL, 15, "I", false, "IGTbbtgi.", "");
	x12_expect("ISA*03*FOR YOU   *01*PASSWORD  *30*219090001      *ZZ*RECEIVER       "
		   "*260105*0730*^*00501*000000001*0*P*:~" GS ST BODY SE GE IEA,
		   "IGTbbtgi.", "");
}

#define ISA_U                                                                                                          \
	"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260105*0730*U*00501*000000001*0*P*:~"

/* The finding as said: its code and severity (0 info, 1 warning, 2 error). */
static void expect_severity(const struct x12_options *options, const char *text, const char *said)
{
	struct x12_trace trace;

	x12_trace_all(slice_from(text), options, &trace);
	assert_non_null(strstr(trace.said.data, said));
	x12_trace_fini(&trace);
}

/* If this failed: the repetitions of an element would be read as one value, or the other way round. */
static void test_repetition_separator(void **state)
{
	const struct x12_options strict = {.refuse_isa11_u = true};

	(void)state;
	expect_isa(NULL, 11, "U", true, "IGTbbtgi.", "interchange_repetition_u");
	expect_isa(&strict, 11, "U", true, "IGTbbtgi.", "interchange_repetition_u");
	expect_severity(NULL, ISA_U, "interchange_repetition_u 1 ");
	expect_severity(&strict, ISA_U, "interchange_repetition_u 2 ");
	expect_isa(NULL, 11, "R", true, "IGTbbtgi.", "interchange_repetition_separator");
	expect_isa(NULL, 11, " ", true, "IGTbbtgi.", "interchange_repetition_separator");
	expect_isa(NULL, 11, "5", true, "IGTbbtgi.", "interchange_repetition_separator");
	expect_isa(NULL, 11, ":", true, "IGTbbtgi.", "interchange_repetition_separator");
	expect_isa(NULL, 11, "*", true, "IGTbbtgi.", "interchange_repetition_separator");
	expect_isa(NULL, 11, "\n", true, "IGTbbtgi.", "interchange_repetition_separator");
	x12_expect("ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
		   "*260105*0730*U*00401*000000001*0*P*:~" GS "ST*834*0001~" BODY SE GE IEA,
		   "IGTbbtgi.", "");
	x12_expect("ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
		   "*260105*0730*`^*00401*000000001*0*P*:~" GS "ST*834*0001~" BODY SE GE IEA,
		   "IGTbbtgi.", "interchange_repetition_separator");
}

static struct x12_separators separators_of(const char *text)
{
	struct x12_separators separators = {0};
	struct x12_reader *reader = NULL;
	struct io_source *source = NULL;
	struct x12_event event;

	assert_int_equal(io_source_open_memory(&world.env, slice_from(text), 1, &source), 0);
	assert_int_equal(x12_reader_new(&world.env, source, NULL, NULL, &reader), 0);
	assert_int_equal(x12_reader_next(reader, &event), 0);
	assert_int_equal(event.kind, X12_INTERCHANGE_BEGIN);
	separators = *event.segment->separators;
	assert_memory_equal(&separators, &event.interchange->separators, sizeof(separators));
	x12_reader_free(reader);
	io_source_close(source);
	return separators;
}

/* If this failed: composites would be divided where the sender wrote none. */
static void test_separators_settled(void **state)
{
	struct x12_separators separators = separators_of(ISA);

	(void)state;
	assert_memory_equal(&separators, &((struct x12_separators){'*', ':', '^', '~'}), sizeof(separators));
	separators = separators_of("ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
				   "*260105*0730*U*00501*000000001*0*P*A~");
	assert_memory_equal(&separators, &((struct x12_separators){'*', '\0', '\0', '~'}), sizeof(separators));
}

/* If this failed: with a separator that is a letter the whole file would be read as nonsense, and that applied. */
static void test_separators_that_cannot_be(void **state)
{
	(void)state;
	expect_isa(NULL, 16, "A", true, "IGTbbtgi.", "interchange_component_separator");
	expect_isa(NULL, 16, " ", true, "IGTbbtgi.", "interchange_component_separator");
	expect_isa(NULL, 16, "*", true, "IGTbbtgi.", "interchange_component_separator");
	expect_isa(NULL, 16, "~", true, "IGTbbtgi.", "interchange_component_separator");
	expect_isa(NULL, 16, "\r", true, "IGTbbtgi.", "interchange_component_separator");
	/* No terminator: the G of GS stands in its place. Nothing more is read, up to the next ISA. */
	x12_expect("`" ISA_BODY "000000001*0*P*:" GS ST BODY SE GE IEA, "Ii!.", "interchange_segment_terminator");
	x12_expect("`" ISA_BODY "000000001*0*P*: " GS ST BODY SE GE IEA, "Ii!.", "interchange_segment_terminator");
	x12_expect("`" ISA_BODY "000000001*0*P*:*" GS ST BODY SE GE IEA, "Ii!.", "interchange_segment_terminator");
	x12_expect("`" ISA_BODY "000000001*0*P*:\0" GS ST BODY SE GE IEA, "Ii!.", "interchange_segment_terminator");
	x12_expect("`" ISA_BODY "000000001*0*P*:" GS ST BODY SE GE IEA "\n" ISA_2 GS ST BODY SE GE IEA_2,
		   "Ii!IGTbbtgi.", "interchange_segment_terminator");
	x12_expect("`ISAA00A          A00A          AZZASENDER         AZZARECEIVER       "
		   "A260105A0730A^A00501A000000001A0APA:~"
		   "GSABE~",
		   "Ii!.", "interchange_element_separator");
	x12_expect("`ISA 00            00            ZZ SENDER          ZZ RECEIVER        260105 0730 ^ 00501 "
		   "000000001 0 P :~"
		   "GS BE~",
		   "Ii!.", "interchange_element_separator");
}

/* If this failed: a collapsed ISA could not even be answered with a TA1. */
static void test_isa_out_of_shape(void **state)
{
	const struct x12_options tolerant = {.tolerate_isa_padding = true};

	(void)state;
	x12_expect("`ISA*00* *00* *ZZ*SENDER*ZZ*RECEIVER*260105*0730*^*00501*000000001*0*P*:~" GS ST BODY SE GE IEA,
		   "IGTbbtgi.", "interchange_header_padding");
	x12_expect_with(&tolerant,
			"`ISA*00**00**ZZ*SENDER*ZZ*RECEIVER*260105*0730*^*00501*1*0*P*:~" GS ST BODY SE GE IEA,
			"IGTbbtgi.", "interchange_header_padding");
	expect_severity(NULL, "ISA*00* *00* *ZZ*SENDER*ZZ*RECEIVER*260105*0730*^*00501*000000001*0*P*:~",
			"interchange_header_padding 2 ");
	expect_severity(&tolerant, "ISA*00* *00* *ZZ*SENDER*ZZ*RECEIVER*260105*0730*^*00501*000000001*0*P*:~",
			"interchange_header_padding 1 ");
	x12_expect("`ISA*00**00**ZZ*SENDER*ZZ*RECEIVER*260105*0730*^*00501*`1*0*P*:~" GS ST BODY SE GE
		   IEA,
		   "IGTbbtgi.", "interchange_header_padding interchange_control_number");
	x12_expect("`ISA*00*          *00*          *ZZ*SENDER WITH A LONG ID*ZZ*RECEIVER       "
		   "*260105*0730*^*00501*000000001*0*P*:~" GS ST BODY SE GE IEA,
		   "IGTbbtgi.", "interchange_header_malformed");
	/* ISA12 is no number, all else in place. */
	x12_expect("ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260105*0730*^*`5010 "
		   "*000000001*0*P*:~" GS ST BODY SE GE IEA,
		   "IGTbbtgi.", "interchange_version");
}

/* If this failed: an interchange rejected for its ISA would be processed. */
static void test_rejected_is_known_at_begin(void **state)
{
	static const struct {
		const char *text;
		bool rejected;
	} rows[] = {{ISA, false},
		    {"\n" ISA, false},
		    {"ISA*00* *00* *ZZ*SENDER*ZZ*RECEIVER*260105*0730*^*00501*000000001*0*P*:~", true},
		    {ISA_BODY "000000001*7*P*:~", true}};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct x12_reader *reader = NULL;
		struct io_source *source = NULL;
		struct x12_event event;

		assert_int_equal(io_source_open_memory(&world.env, slice_from(rows[i].text), 1, &source), 0);
		assert_int_equal(x12_reader_new(&world.env, source, NULL, NULL, &reader), 0);
		assert_int_equal(x12_reader_next(reader, &event), 0);
		assert_int_equal(event.interchange->rejected, rows[i].rejected);
		x12_reader_free(reader);
		io_source_close(source);
	}
}

/* If this failed: a reply would go to the wrong partner, or two partners be taken for one. */
static void test_isa_kept(void **state)
{
	struct x12_reader *reader = NULL;
	struct io_source *source = NULL;
	const struct x12_interchange *in;
	struct x12_event event;

	(void)state;
	assert_int_equal(io_source_open_memory(&world.env,
					       slice_from("ISA*03*A B       *01*C         *30*219090001      *ZZ* REC "
							  "EIVER     *260105*0730*^*00501*"
							  "000000077*1*T*:~" GS ST BODY SE GE IEA),
					       1, &source),
			 0);
	assert_int_equal(x12_reader_new(&world.env, source, NULL, NULL, &reader), 0);
	do {
		assert_int_equal(x12_reader_next(reader, &event), 0);
	} while (event.kind != X12_INTERCHANGE_END);
	in = event.interchange;
	assert_true(slice_is(in->authorization_qualifier, "03"));
	assert_true(slice_is(in->authorization, "A B"));
	assert_true(slice_is(in->security_qualifier, "01"));
	assert_true(slice_is(in->security, "C"));
	assert_true(slice_is(in->sender_qualifier, "30"));
	assert_true(slice_is(in->sender_id, "219090001"));
	assert_true(slice_is(in->receiver_qualifier, "ZZ"));
	assert_true(slice_is(in->receiver_id, " REC EIVER"));
	assert_true(slice_is(in->date, "260105"));
	assert_true(slice_is(in->time, "0730"));
	assert_true(slice_is(in->version, "00501"));
	assert_true(slice_is(in->control_number, "000000077"));
	assert_true(slice_is(in->ack_requested, "1"));
	assert_true(slice_is(in->usage, "T"));
	assert_int_equal(in->ordinal, 1);
	x12_reader_free(reader);
	io_source_close(source);
}

/* ---- IEA and what lies between ---- */

/* If this failed: a group lost in transfer would not be missed. */
static void test_iea(void **state)
{
	(void)state;
	x12_expect(ISA GS ST BODY SE GE "IEA*`2*000000001~", "IGTbbtgi.", "interchange_group_count");
	x12_expect(ISA GS ST BODY SE GE "IEA*`x*000000001~", "IGTbbtgi.", "interchange_group_count");
	x12_expect(ISA GS ST BODY SE GE "IEA*`*000000001~", "IGTbbtgi.", "interchange_group_count");
	x12_expect(ISA GS ST BODY SE GE "IEA*01*000000001~", "IGTbbtgi.", "");
	x12_expect(ISA GS ST BODY SE GE "IEA*1*`000000002~", "IGTbbtgi.", "interchange_control_mismatch");
	x12_expect(ISA GS ST BODY SE GE "IEA*1*`1~", "IGTbbtgi.", "interchange_control_mismatch");
	x12_expect(ISA GS ST BODY SE GE "`IEA~", "IGTbbtgi.", "interchange_group_count =interchange_control_mismatch");
	x12_expect(ISA "`IEA*0*000000001~", "Ii.", "interchange_empty");
	x12_expect(ISA "IEA*`1*000000001~", "Ii.", "interchange_group_count");
	x12_expect(ISA GS ST BODY SE GE "`IEA*1*000000001", "IGTbbtgi.", "interchange_terminator_missing");
	x12_expect(ISA GS ST BODY SE GE "`IEA*1*000000001 \r\n\x1a", "IGTbbtgi.", "interchange_terminator_missing");
}

/* If this failed: the acknowledgments in a partner's interchange would be lost, or taken for members. */
static void test_ta1(void **state)
{
	(void)state;
	x12_expect(ISA "TA1*000000009*260104*0730*A*000~IEA*0*000000001~", "IAi.", "");
	x12_expect(ISA "TA1*000000009*260104*0730*A*000~TA1*000000010*260104*0730*A*000~" GS ST BODY SE GE IEA,
		   "IAAGTbbtgi.", "");
	x12_expect(ISA GS ST BODY SE GE "`TA1*000000009*260104*0730*A*000~" IEA, "IGTbbtgAi.", "interchange_content");
	x12_expect(ISA GS ST BODY SE "`TA1*000000009*260104*0730*A*000~" GE IEA, "IGTbbtgi.", "fgroup_content");
}

/* If this failed: segments outside their envelope would be lost in silence, or reported one by one for hours. */
static void test_strays(void **state)
{
	(void)state;
	x12_expect(ISA "`" ST BODY SE IEA, "Ii.", "interchange_content");
	x12_expect(ISA "`N1*1~N2*2~" GS ST BODY SE GE "`" GE SE IEA, "IGTbbtgi.",
		   "interchange_content interchange_content");
	x12_expect(ISA GS "`BGN*1~N1*1~" SE GE IEA, "IGgi.", "fgroup_content");
	x12_expect(ISA GS ST BODY SE "`" SE "N1*1~ST*834*0002*005010X220A1~SE*2*0002~`N1*1~GE*2*1~" IEA, "IGTbbtTtgi.",
		   "fgroup_content fgroup_content");
}

/* If this failed: the same file sent twice in one would be applied twice. */
static void test_interchange_duplicate(void **state)
{
	(void)state;
	x12_expect(SOUND ISA_BODY "`000000001*0*P*:~" GS ST BODY SE GE IEA, "IGTbbtgiIGTbbtgi.",
		   "interchange_duplicate");
	/* Another sender may use the same number. */
	x12_expect(SOUND "ISA*00*          *00*          *ZZ*SENDERS        *ZZ*RECEIVER       "
			 "*260105*0730*^*00501*000000001*0*P*:~" GS ST BODY SE GE IEA,
		   "IGTbbtgiIGTbbtgi.", "");
}

/* ---- GS and GE ---- */

/* If this failed: a group whose header is not sound would be accepted. */
static void test_gs(void **state)
{
	(void)state;
#define WITH_GS(gs) ISA gs ST BODY SE GE IEA
	x12_expect(WITH_GS("GS*`B*SENDER*RECEIVER*20260105*0730*1*X*005010X220A1~"), "IGTbbtgi.", "fgroup_header");
	x12_expect(WITH_GS("GS*`be*SENDER*RECEIVER*20260105*0730*1*X*005010X220A1~"), "IGTbbtgi.", "fgroup_header");
	x12_expect(WITH_GS("GS*BE*`S*RECEIVER*20260105*0730*1*X*005010X220A1~"), "IGTbbtgi.", "fgroup_header");
	x12_expect(WITH_GS("GS*BE*SENDER*`ONE THAT IS LONG*20260105*0730*1*X*005010X220A1~"), "IGTbbtgi.",
		   "fgroup_header");
	x12_expect(WITH_GS("GS*BE*SENDER*RECEIVER*`260105*0730*1*X*005010X220A1~"), "IGTbbtgi.", "fgroup_header");
	x12_expect(WITH_GS("GS*BE*SENDER*RECEIVER*20260105*`073*1*X*005010X220A1~"), "IGTbbtgi.", "fgroup_header");
	x12_expect(WITH_GS("GS*BE*SENDER*RECEIVER*20260105*`073060*1*X*005010X220A1~"), "IGTbbtgi.", "fgroup_header");
	x12_expect(WITH_GS("GS*BE*SENDER*RECEIVER*20260105*07305999*1*X*005010X220A1~"), "IGTbbtgi.", "");
	x12_expect(WITH_GS("GS*BE*SENDER*RECEIVER*20260105*0730*1*`Y*005010X220A1~"), "IGTbbtgi.", "fgroup_header");
	x12_expect(WITH_GS("`GS*BE*SENDER*RECEIVER*20260105*0730*1*X~"), "IGTbbtgi.", "fgroup_header");
	x12_expect(WITH_GS("GS*BE*SENDER*RECEIVER*20260105*0730*1*X*`005010X220A1A~"), "IGTbbtgi.", "fgroup_header");
	x12_expect(WITH_GS("GS*BE*SENDER*RECEIVER*20260105*0730*1*X*005010X220A1*`9~"), "IGTbbtgi.", "fgroup_header");
	x12_expect(ISA "GS*BE*SENDER*RECEIVER*20260105*0730*`1A*X*005010X220A1~" ST BODY SE "GE*1*1A~" IEA, "IGTbbtgi.",
		   "fgroup_control_number");
	x12_expect(ISA "GS*BE*SENDER*RECEIVER*20260105*0730*`1234567890*X*005010X220A1~" ST BODY SE
		       "GE*1*1234567890~" IEA,
		   "IGTbbtgi.", "fgroup_control_number");
	x12_expect(ISA "`GS~" ST BODY SE "GE*1*1~" IEA, "IGTbbtgi.",
		   "fgroup_header =fgroup_header =fgroup_header =fgroup_header =fgroup_header =fgroup_control_number "
		   "=fgroup_header =fgroup_header");
	/* Blanks at the end of a value are the sender's habit. */
	x12_expect(WITH_GS("GS*BE*SENDER         *RECEIVER       *20260105*0730*1*X*005010X220A1~"), "IGTbbtgi.", "");
#undef WITH_GS
}

/* If this failed: a set lost in transfer would not be missed. */
static void test_ge(void **state)
{
	(void)state;
	x12_expect(ISA GS ST BODY SE "GE*`2*1~" IEA, "IGTbbtgi.", "fgroup_set_count");
	x12_expect(ISA GS ST BODY SE "GE*`one*1~" IEA, "IGTbbtgi.", "fgroup_set_count");
	x12_expect(ISA GS ST BODY SE "GE*1*`2~" IEA, "IGTbbtgi.", "fgroup_control_mismatch");
	x12_expect(ISA GS ST BODY SE "GE*01*0001~" IEA, "IGTbbtgi.", "");
	x12_expect(ISA GS "`GE*0*1~" IEA, "IGgi.", "fgroup_empty");
	x12_expect(ISA GS "GE*`1*1~" IEA, "IGgi.", "fgroup_set_count");
	x12_expect(ISA GS ST BODY SE "`" IEA, "IGTbbtg!i.", "fgroup_trailer_missing");
	x12_expect(ISA GS ST BODY SE "`GS*BE*SENDER*RECEIVER*20260105*0730*2*X*005010X220A1~" ST BODY SE
				     "GE*1*2~IEA*2*000000001~",
		   "IGTbbtg!GTbbtgi.", "fgroup_trailer_missing");
}

/* If this failed: a group sent twice would be applied twice. */
static void test_fgroup_duplicate(void **state)
{
	(void)state;
	x12_expect(ISA GS ST BODY SE GE "GS*BE*SENDER*RECEIVER*20260105*0730*`001*X*005010X220A1~" ST BODY SE GE
					"IEA*2*000000001~" ISA_2 GS ST BODY SE GE IEA_2,
		   "IGTbbtgGTbbtgiIGTbbtgi.", "fgroup_duplicate");
}

/* ---- ST and SE ---- */

/* If this failed: a set without a usable number would be acknowledged as another. */
static void test_st(void **state)
{
	(void)state;
	x12_expect(ISA GS "`ST~" BODY "SE*4~" GE IEA, "IGTbbtgi.", "tset_id =tset_control_number");
	x12_expect(ISA GS "ST*`83*0001*005010X220A1~" BODY SE GE IEA, "IGTbbtgi.", "tset_id");
	x12_expect(ISA GS "ST*`8345*0001*005010X220A1~" BODY SE GE IEA, "IGTbbtgi.", "tset_id");
	x12_expect(ISA GS "ST*834*`001*005010X220A1~" BODY "SE*4*001~" GE IEA, "IGTbbtgi.", "tset_control_number");
	x12_expect(ISA GS "ST*834*`0123456789*005010X220A1~" BODY "SE*4*0123456789~" GE IEA, "IGTbbtgi.",
		   "tset_control_number");
	x12_expect(ISA GS "ST*834*A1b2-c3d4~" BODY "SE*4*A1b2-c3d4~" GE IEA, "IGTbbtgi.", "");
}

/* If this failed: a member lost in transfer would not be missed. */
static void test_se(void **state)
{
	(void)state;
	x12_expect(ISA GS ST BODY "SE*`5*0001~" GE IEA, "IGTbbtgi.", "tset_segment_count");
	x12_expect(ISA GS ST BODY "SE*`4x*0001~" GE IEA, "IGTbbtgi.", "tset_segment_count");
	x12_expect(ISA GS ST BODY "SE*0004*0001~" GE IEA, "IGTbbtgi.", "");
	x12_expect(ISA GS ST BODY "SE*4*`1~" GE IEA, "IGTbbtgi.", "tset_control_mismatch");
	x12_expect(ISA GS ST BODY "SE*4*`00001~" GE IEA, "IGTbbtgi.", "tset_control_mismatch");
	x12_expect(ISA GS ST BODY "`SE~" GE IEA, "IGTbbtgi.", "tset_segment_count =tset_control_mismatch");
	x12_expect(ISA GS ST BODY "`" GE IEA, "IGTbbt!gi.", "tset_trailer_missing");
	x12_expect(ISA GS ST BODY "`ST*834*0002*005010X220A1~" BODY "SE*4*0002~GE*2*1~" IEA, "IGTbbt!Tbbtgi.",
		   "tset_trailer_missing");
	x12_expect(ISA GS ST BODY "`" IEA, "IGTbbt!g!i.", "tset_trailer_missing =fgroup_trailer_missing");
	x12_expect(ISA GS ST BODY "`GS*BE*SENDER*RECEIVER*20260105*0730*2*X*005010X220A1~" ST BODY SE
				  "GE*1*2~IEA*2*000000001~",
		   "IGTbbt!g!GTbbtgi.", "tset_trailer_missing =fgroup_trailer_missing");
	/* A number that is none is one fault: its trailer is not measured against it. */
	x12_expect(ISA GS "ST*834*`*005010X220A1~" BODY "SE*4*0001~" GE IEA, "IGTbbtgi.", "tset_control_number");
	x12_expect(ISA GS "ST*834*`001*005010X220A1~" BODY "SE*4*0001~" GE IEA, "IGTbbtgi.", "tset_control_number");
	x12_expect(ISA "GS*BE*SENDER*RECEIVER*20260105*0730*`A*X*005010X220A1~" ST BODY SE "GE*1*1~" IEA, "IGTbbtgi.",
		   "fgroup_control_number");
	/* A trailer whose id is damaged is no trailer. */
	x12_expect(ISA GS ST BODY "`S E*4*0001~`" GE IEA, "IGTbbt!gi.", "segment_unknown tset_trailer_missing");
}

/* If this failed: a set sent twice would be applied twice. */
static void test_tset_duplicate(void **state)
{
	(void)state;
	x12_expect(ISA GS ST BODY SE "ST*834*`0001*005010X220A1~" BODY SE "ST*834*00001~SE*2*00001~GE*3*1~" IEA,
		   "IGTbbtTbbtTtgi.", "tset_duplicate");
	/* Another group counts anew. */
	x12_expect(ISA GS ST BODY SE GE "GS*BE*SENDER*RECEIVER*20260105*0730*2*X*005010X220A1~" ST BODY SE
					"GE*1*2~IEA*2*000000001~",
		   "IGTbbtgGTbbtgi.", "");
}

/* If this failed: in a file of many sets the second of two equal ones would be applied too. */
static void test_duplicates_among_many(void **state)
{
	const unsigned sets = 5000;
	struct x12_trace trace;
	struct buffer text;

	(void)state;
	buffer_init(&text, &world.env);
	buffer_add_text(&text, ISA GS);
	for (unsigned i = 0; i < sets; i++)
		buffer_printf(&text, "ST*834*%04u*005010X220A1~SE*2*%04u~", i, i);
	for (unsigned i = 0; i < sets; i += 500)
		buffer_printf(&text, "ST*834*%04u*005010X220A1~SE*2*%04u~", i, i);
	buffer_printf(&text, "GE*%u*1~" IEA, sets + sets / 500);
	x12_trace_bytes(&trace, buffer_slice(&text), 0, NULL);
	assert_int_equal(trace.findings, sets / 500);
	assert_non_null(strstr(trace.codes.data, "tset_duplicate"));
	x12_trace_fini(&trace);
	buffer_fini(&text);
}

/* ---- each finding's bearing ---- */

/* If this failed: an envelope with an error would be processed, or a sound one beside it refused. */
static void test_rejected(void **state)
{
	struct x12_trace trace;

	(void)state;
	x12_trace_all(slice_from(ISA GS ST "SE*9*0001~ST*834*0002~SE*2*0002~GE*2*1~"
					   "GS*BE*SENDER*RECEIVER*20260105*0730*1*X*005010X220A1~" ST
					   "SE*2*0001~GE*1*1~IEA*1*000000001~"),
		      NULL, &trace);
	assert_string_equal(trace.letters.data, "IGTtTtgGTtgi.");
	assert_non_null(strstr(trace.said.data, "SE|9|0001 interchange 0 0-0 1 fgroup 0 1 tset 1 2\n"));
	assert_non_null(strstr(trace.said.data, "SE|2|0002 interchange 0 0-0 1 fgroup 0 2 tset 0 2\n"));
	assert_non_null(strstr(trace.said.data, "GE|2|1 interchange 0 0-0 1 fgroup 0 2\n"));
	assert_non_null(strstr(trace.said.data, "SE|2|0001 interchange 0 0-0 2 fgroup 1 1 tset 0 2\n"));
	assert_non_null(strstr(trace.said.data, "IEA|1|000000001 interchange 1 "));
	x12_trace_fini(&trace);
}

/* ---- files of others ---- */

static const struct {
	const char *name, *codes;
	unsigned sets;
} corpus[] = {
	{"linuxforhealth/add-dependent.834", "", 1},
	{"linuxforhealth/add-subscriber-coverage.834", "", 1},
	{"linuxforhealth/cancel-dependent.834", "", 1},
	{"linuxforhealth/change-subscriber-information.834", "", 1},
	{"linuxforhealth/demo.834", "", 1},
	{"linuxforhealth/enroll-employee-managed-care.834", "", 1},
	{"linuxforhealth/enroll-employee-multiple-products.834", "", 1},
	{"linuxforhealth/reinstate-employee-coverage-level.834", "", 1},
	{"linuxforhealth/reinstate-employee.834", "", 1},
	{"linuxforhealth/reinstate-member-eligiblity-ins.834", "", 1},
	{"linuxforhealth/terminate-subscriber-eligibility.834", "", 1},
	{"moov/stp820.txt", "interchange_header_padding", 1},
	{"pyx12/834_deident_family.txt", "", 1},
	{"pyx12/834_deident_new_enroll.txt", "", 1},
	{"pyx12/834_deident_term.txt", "", 1},
	{"pyx12/834_eol_in_element.resAck.txt", "", 1},
	{"pyx12/834_eol_in_element.source.txt", "interchange_repetition_u", 1},
	{"pyx12/834_ls_le_ls.resAck.txt", "", 1},
	{"pyx12/834_ls_le_ls.source.txt", "", 1},
	{"pyx12/834_ls_le_ls.txt", "", 1},
	{"pyx12/834_lui_id.res997.txt", "", 1},
	{"pyx12/834_lui_id.source.txt", "", 1},
	{"pyx12/834_lui_id_5010.resAck.txt", "interchange_repetition_u", 1},
	{"pyx12/834_lui_id_5010.source.txt", "interchange_repetition_u", 1},
	{"pyx12/example834_5010.txt", "segment_indented segment_indented segment_indented segment_indented", 1},
	{"pyx12/multiple_st_loops.txt", "interchange_repetition_u", 4},
};

static void expect_corpus_file(const char *path, const char *codes, unsigned sets)
{
	struct x12_trace trace;
	unsigned begun = 0;
	char *data;
	size_t bytes;

	assert_int_equal(io_read_file(&world.env, path, 1 << 20, &data, &bytes), 0);
	x12_trace_all(slice_of(data, bytes), NULL, &trace);
	assert_string_equal(trace.codes.data, codes);
	assert_int_equal(strncmp(trace.letters.data, "IGTb", 4), 0);
	assert_string_equal(trace.letters.data + trace.letters.len - 4, "tgi.");
	assert_null(strchr(trace.letters.data, '!'));
	for (const char *p = trace.letters.data; (p = strchr(p, 'T')) != NULL; p++)
		begun++;
	assert_int_equal(begun, sets);
	x12_trace_fini(&trace);
	env_free(&world.env, data);
}

/* If this failed: files as they really come would be refused, or their faults be passed over. */
static void test_corpus(void **state)
{
	const char *shared = getenv("MUSTER_SHARED");
	char path[1024];

	(void)state;
	snprintf(path, sizeof(path), "%s/corpus", shared != NULL ? shared : ".");
	if (!env_exists(&world.env, path)) {
		print_message("skipped: no corpus at MUSTER_SHARED\n");
		skip();
	}
	for (size_t i = 0; i < LENGTH(corpus); i++) {
		snprintf(path, sizeof(path), "%s/corpus/%s", shared, corpus[i].name);
		expect_corpus_file(path, corpus[i].codes, corpus[i].sets);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_isa_elements),
	cmocka_unit_test(test_isa_elements_allowed),
	cmocka_unit_test(test_repetition_separator),
	cmocka_unit_test(test_separators_settled),
	cmocka_unit_test(test_separators_that_cannot_be),
	cmocka_unit_test(test_isa_out_of_shape),
	cmocka_unit_test(test_rejected_is_known_at_begin),
	cmocka_unit_test(test_isa_kept),
	cmocka_unit_test(test_iea),
	cmocka_unit_test(test_ta1),
	cmocka_unit_test(test_strays),
	cmocka_unit_test(test_interchange_duplicate),
	cmocka_unit_test(test_gs),
	cmocka_unit_test(test_ge),
	cmocka_unit_test(test_fgroup_duplicate),
	cmocka_unit_test(test_st),
	cmocka_unit_test(test_se),
	cmocka_unit_test(test_tset_duplicate),
	cmocka_unit_test(test_duplicates_among_many),
	cmocka_unit_test(test_rejected),
	cmocka_unit_test(test_corpus),
};

int main(void)
{
	return cmocka_run_group_tests_name("x12_envelope", tests, world_setup, world_teardown);
}
