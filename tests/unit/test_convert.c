/* A tree that lost or moved a value on its way back would enroll another person, or none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "muster/convert.h"
#include "world.h"

#define ISA "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260105*0930*^*00501*000000001*0*T*:~"
#define HEAD ISA "GS*BE*SENDER*RECEIVER*20260105*0930*1*X*005010X220A1~ST*834*0001*005010X220A1~"
#define TAIL "SE*2*0001~GE*1*1~IEA*1*000000001~"
#define BODY                                                                                                           \
	"BGN*00*REF1*20260105*0930****2~N1*P5*ACME*FI*121234567~N1*IN*PLAN*FI*121234568~"                              \
	"INS*Y*18*021*28*A***FT~REF*0F*A100~REF*SY*219091234~NM1*IL*1*DOE*ANNA****34*219091234~"                       \
	"DMG*D8*19800101*F**C:RET:2106-3^A~ZZZ*1~HD*021**HLT*PLAN1*EMP~DTP*348*D8*20260101~"

static struct guide_set *guides;
static struct buffer tree, back;

static int setup(void **state)
{
	struct buffer errors;
	int r = world_setup(state);

	buffer_init(&errors, &world.env);
	buffer_init(&tree, &world.env);
	buffer_init(&back, &world.env);
	if (r == 0)
		r = guide_set_new(&world.env, &errors, &guides);
	buffer_fini(&errors);
	return r;
}

static int teardown(void **state)
{
	guide_set_free(guides);
	buffer_fini(&tree);
	buffer_fini(&back);
	return world_teardown(state);
}

static int keep(void *context, struct slice bytes)
{
	buffer_add_slice(context, bytes);
	return 0;
}

static int refuse_bytes(void *context, struct slice bytes)
{
	(void)context;
	(void)bytes;
	return -ENOSPC;
}

static struct io_source *open_bytes(struct slice bytes)
{
	struct io_source *source;

	assert_int_equal(io_source_open_memory(&world.env, bytes, 7, &source), 0);
	return source;
}

static int forward(struct slice file, enum convert_form form, bool unmasked, struct convert_result *ret_result)
{
	const struct convert_options options = {.form = form, .unmasked = unmasked};
	const struct convert_sink sink = {&tree, keep};
	struct io_source *source = open_bytes(file), *beside = open_bytes(file);
	int r;

	buffer_clear(&tree);
	r = convert_from_x12(&world.env, guides, source, beside, &options, &sink, ret_result);
	io_source_close(source);
	io_source_close(beside);
	return r;
}

static int backward(struct slice text, struct convert_error *reterr_error)
{
	const struct convert_sink sink = {&back, keep};
	struct io_source *source = open_bytes(text);
	int r;

	buffer_clear(&back);
	r = convert_to_x12(&world.env, source, &sink, reterr_error);
	io_source_close(source);
	return r;
}

static bool holds(const char *text)
{
	return strstr(tree.data, text) != NULL;
}

static void there_and_back(struct slice file)
{
	struct convert_result result;
	struct convert_error error;

	for (int form = CONVERT_JSON; form <= CONVERT_XML; form++) {
		assert_int_equal(forward(file, (enum convert_form)form, true, &result), 0);
		assert_int_equal(backward(buffer_slice(&tree), &error), 0);
		if (!slice_equal(buffer_slice(&back), file))
			fail_msg("form %d: '%.*s' came back as '%.*s'", form, (int)file.len, file.data, (int)back.len,
				 back.data);
	}
}

static void gives_every_byte_back(void **state)
{
	static const char *const files[] = {
		HEAD BODY TAIL,
		"",
		"no X12 at all",
		"\xff\xfe\x01\r\n", /* nothing but loose bytes */
		HEAD BODY TAIL "\n",
		HEAD BODY TAIL "\r\n\r\n" HEAD TAIL, /* line ends out of the ordinary */
		ISA "\nGS*BE*S*R*20260105*0930*1*X*005010X220A1~\n\nST*834*0001*005010X220A1~BGN*00~\r\n" TAIL,
		"junk " HEAD "REF~REF*~REF**~REF*A**~~  ~*B~lower*x~TOOLONG*1~" BODY "N1*P5*\xc3\x89*\xe9*\x01~" TAIL
		"rest",
		HEAD "DMG*:^:~DMG*^^A:B:^*C~", /* cut off inside a set */
		HEAD "BGN*00*x",
		ISA,
		"ISA*00*",
		ISA ISA "IEA*0*000000001~",
		ISA "TA1*000000001*260105*0930*A*000~IEA*0*000000001~",
		ISA "GS*ZZ*S*R*20260105*0930*1*X*009999~ST*999*1~A*B^C:D~SE*3*1~GE*1*1~IEA*1*000000001~",
		HEAD "LX*1~NM1*36*1*A~INS*Y~LS*2700~LX*1~N1*75*A~LE*2700~HD*021~LX*2~NM1*P3*1~COB*P~" BODY BODY TAIL,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		there_and_back(slice_from(files[i]));
}

static void names_what_is_there(void **state)
{
	struct convert_result result;

	(void)state;
	assert_int_equal(forward(SLICE_LITERAL(HEAD BODY TAIL), CONVERT_JSON, true, &result), 0);
	assert_int_equal(result.interchanges, 1);
	assert_int_equal(result.tsets, 1);
	assert_int_equal(result.segments, 17);
	assert_int_equal(result.loose_bytes, 0);
	assert_true(holds("\"loop\": \"2100A\""));
	assert_true(holds("{\"pos\":3,\"name\":\"maintenance type\",\"value\":\"021\",\"meaning\":\"add\"}"));
	assert_true(holds("\"repetitions\":[{\"components\":[{\"pos\":1,"));
	assert_true(holds("{\"segment\":\"ZZZ\",\"elements\":[{\"pos\":1,\"value\":\"1\"}]}"));
	assert_int_equal(forward(SLICE_LITERAL(HEAD BODY TAIL), CONVERT_XML, true, &result), 0);
	assert_true(holds("<loop id=\"2100A\" name="));
	assert_true(holds("<element pos=\"3\" name=\"maintenance type\" meaning=\"add\">021</element>"));
}

static void shows_no_ssn_unless_asked(void **state)
{
	struct convert_result result;
	struct convert_error error;

	(void)state;
	for (int form = CONVERT_JSON; form <= CONVERT_XML; form++) {
		/* Also where the reader passes the segment over, and where it is cut. */
		assert_int_equal(forward(SLICE_LITERAL(HEAD BODY "x*219091234~" TAIL "REF*SY*219091234"),
					 (enum convert_form)form, false, &result),
				 0);
		assert_false(holds("219091234"));
		assert_true(holds("***-**-1234"));
		assert_true(holds("000000001")); /* control numbers are none */
		assert_int_equal(backward(buffer_slice(&tree), &error), CONVERT_E_REFUSED);
		assert_non_null(strstr(error.text, "--unmasked"));
	}
}

#define JSON(content)                                                                                                  \
	"{\"schema\":\"muster.x12\",\"v\":1,\n\"content\":[{\"line_end\":\"none\",\"separators\":{\"element\":\"*\","  \
	"\"component\":\":\",\"terminator\":\"~\"},\"content\":[\n" content "]}]}"
#define XML(content) "<x12><interchange element='*' component=':' terminator='~'>\n" content "</interchange></x12>"

static void takes_what_people_changed(void **state)
{
	static const struct {
		const char *tree, *want;
	} cases[] = {
		{JSON("{\"elements\":[{\"value\":\"\\u00c9\\ud83d\\ude00\",\"pos\":2}],\"segment\":\"REF\"}"),
		 "REF**\xc3\x89\xf0\x9f\x98\x80~"},
		{JSON("{\"segment\":\"A\",\"elements\":[{\"pos\":1,\"components\":[{\"pos\":3,\"value\":\"x\"}]}],"
		      "\"more\":[1,{}]}"),
		 "A*::x~"},
		{JSON("{\"loop\":\"2000\",\"content\":[],\"name\":\"late\"},{\"hex\":\"0a\"}"), "\n"},
		{XML("<segment id='REF'><element pos='2'>a &amp; b</element></segment> <bytes/>"), "REF**a & b~"},
	};
	struct convert_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (backward(slice_from(cases[i].tree), &error) != 0)
			fail_msg("%s: %s", cases[i].tree, error.text);
		assert_string_equal(back.data, cases[i].want);
	}
}

static void refuses_with_place_and_reason(void **state)
{
	static const struct {
		const char *tree;
		uint64_t line;
		const char *want;
	} cases[] = {
		{"hello", 0, "neither JSON nor XML"},
		{"{}", 1, "neither a segment"},
		{"{\"content\":[]}", 1, "no tree of muster"},
		{"[]", 0, "neither JSON nor XML"},
		{"{\"schema\":\"muster.x12\",\"content\":[\n{\"segment\":\"A\",\"elements\":[]}]}", 2,
		 "outside of an interchange"},
		{JSON("{\"segment\":\"A\",\"elements\":[{\"pos\":1,\"value\":\"a*b\"}]}"), 3, "holds a separator"},
		{JSON("{\"segment\":\"A\",\"elements\":[{\"pos\":2,\"value\":\"\"},{\"pos\":1,\"value\":\"\"}]}"), 3,
		 "cannot stand here"},
		{JSON("{\"segment\":\"A\",\"elements\":[{\"pos\":9999999,\"value\":\"\"}]}"), 3, "cannot stand here"},
		{JSON("{\"segment\":\"A\",\"elements\":[{\"value\":\"\"}]}"), 3, "no pos"},
		{JSON("{\"segment\":\"A\",\"elements\":[{\"pos\":1}]}"), 3, "neither a value"},
		{JSON("{\"segment\":\"A\",\"elements\":[{\"pos\":1,\"repetitions\":[{\"value\":\"\"},{\"value\":\"\"}]}"
		      "]}"),
		 3, "no separator"},
		{JSON("{\"segment\":\"A\"}"), 3, "no elements"},
		{JSON("{\"hex\":\"0\"}"), 3, "even number"},
		{JSON("{\"hex\":\"zz\"}"), 3, "hexadecimal"},
		{JSON("{\"bytes\":\"a\"} x"), 3, "expected here"},
		{JSON("{\"bytes\":\"a\"}") " x", 3, "behind the tree"},
		{"{\"schema\":\"muster.x12\",\"content\":[", 1, "ends before its end"},
		{"{\"schema\":\"muster.x12\",\"content\":[{\"a\":\"", 1, "ends inside a text"},
		{"<y/>", 1, "not <x12>"},
		{XML("<segment id='A'>\n<element>a</element></segment>"), 3, "no pos"},
		{XML("<segment id='A'><element pos='1'>~</element></segment>"), 2, "holds a separator"},
		{XML("<other/>"), 2, "not known here"},
		{"<x12><interchange element='ab'/></x12>", 1, "one character"},
		{"<x12><interchange element='*' terminator='~' line_end='x'/></x12>", 1, "crlf, lf, none"},
		{"<x12><interchange", 1, ""},
		{"<!DOCTYPE x12><x12/>", 1, "document type"},
	};
	struct convert_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(backward(slice_from(cases[i].tree), &error), CONVERT_E_REFUSED);
		if (strstr(error.text, cases[i].want) == NULL || error.line != cases[i].line)
			fail_msg("%s: %llu: %s", cases[i].tree, (unsigned long long)error.line, error.text);
	}
}

static void a_full_disk_is_no_refusal(void **state)
{
	const struct convert_options options = {.unmasked = true};
	const struct convert_sink sink = {NULL, refuse_bytes};
	struct slice file = SLICE_LITERAL(HEAD BODY TAIL);
	struct io_source *source = open_bytes(file), *beside = open_bytes(file);
	struct convert_result result;

	(void)state;
	assert_int_equal(convert_from_x12(&world.env, guides, source, beside, &options, &sink, &result), -ENOSPC);
	io_source_close(source);
	io_source_close(beside);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_every_byte_back),         cmocka_unit_test(names_what_is_there),
		cmocka_unit_test(shows_no_ssn_unless_asked),     cmocka_unit_test(takes_what_people_changed),
		cmocka_unit_test(refuses_with_place_and_reason), cmocka_unit_test(a_full_disk_is_no_refusal),
	};

	return cmocka_run_group_tests_name("convert", tests, setup, teardown);
}
