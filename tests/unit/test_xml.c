/* A hostile or damaged XML file that got through could read files of this machine or decide about the wrong member. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "muster/env.h"
#include "muster/error.h"
#include "muster/xml.h"

static struct env env;

static const char xsd[] =
	"<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:t' xmlns='urn:t' "
	"elementFormDefault='qualified'>"
	"<xs:element name='list'><xs:complexType><xs:sequence>"
	"<xs:element name='item' maxOccurs='unbounded'><xs:complexType><xs:simpleContent>"
	"<xs:extension base='xs:string'><xs:attribute name='id' type='xs:unsignedInt' use='required'/>"
	"</xs:extension></xs:simpleContent></xs:complexType></xs:element>"
	"</xs:sequence></xs:complexType></xs:element></xs:schema>";

/* What a walk saw, as text: "list@1:1 item@1:20[id=1] =text ..." */
struct seen {
	struct buffer text;
	int refuse_at;
	int calls;
};

static int see_begin(void *context, const struct xml_element *element)
{
	struct seen *seen = context;
	uint32_t i;

	buffer_printf(&seen->text, "<%.*s@%u:%u", (int)element->name.len, element->name.data, element->line,
		      element->column);
	for (i = 0; i < element->attribute_count; i++)
		buffer_printf(&seen->text, " %.*s=%.*s", (int)element->attributes[i].name.len,
			      element->attributes[i].name.data, (int)element->attributes[i].value.len,
			      element->attributes[i].value.data);
	return ++seen->calls == seen->refuse_at ? -EIO : 0;
}

static int see_end(void *context, struct slice name, struct slice text, uint32_t depth)
{
	struct seen *seen = context;

	(void)depth;
	buffer_printf(&seen->text, ">%.*s=[%.*s]", (int)name.len, name.data, (int)text.len, text.data);
	return 0;
}

static int walk(struct slice document, const struct xml_schema *schema, struct seen *seen, struct xml_error *error)
{
	struct xml_handler handler = {.context = seen, .begin = see_begin, .end = see_end};

	buffer_init(&seen->text, &env);
	memset(error, 0, sizeof(*error));
	return xml_read(&env, document, schema, &handler, error);
}

static void expect_refused(const char *document, uint32_t line, const char *text)
{
	struct seen seen = {0};
	struct xml_error error;

	assert_int_equal(walk(slice_from(document), NULL, &seen, &error), XML_E_REFUSED);
	if (strstr(error.text, text) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.text, text);
	if (line != 0)
		assert_int_equal(error.line, line);
	buffer_fini(&seen.text);
}

static void reads_elements_with_positions(void **state)
{
	static const char document[] =
		"\xef\xbb\xbf<?xml version='1.0' encoding=\"utf-8\"?>\n<!-- <!DOCTYPE in a comment -->\n"
		"<list xmlns='urn:t'>\n  <item id='1' note='a &amp;&#60; b'>x &lt; y</item><item\n"
		"   id='2'><![CDATA[<raw>]]></item>\n</list>\n";
	struct seen seen = {0};
	struct xml_error error;

	(void)state;
	assert_int_equal(walk(slice_from(document), NULL, &seen, &error), 0);
	assert_string_equal(seen.text.data,
			    "<list@3:1<item@4:3 id=1 note=a &< b>item=[x < y]<item@4:53 id=2>item=[<raw>]"
			    ">list=[\n]");
	buffer_fini(&seen.text);
}

static void refuses_what_could_reach_outside(void **state)
{
	(void)state;
	expect_refused("<!DOCTYPE list SYSTEM 'file:///etc/passwd'><list/>", 1, "document type");
	expect_refused("<?xml version='1.0'?>\n<!-- c --><!DOCTYPE list [<!ENTITY x SYSTEM "
		       "'file:///etc/passwd'>]><list>&x;</list>",
		       1, "document type");
	expect_refused("<list>&x;</list>", 1, "Entity 'x' not defined");
	expect_refused("<list xmlns:xi='http://www.w3.org/2001/XInclude'>&#0;</list>", 1, "");
	expect_refused("<?xml version='1.0' encoding='ISO-8859-1'?><list/>", 1, "coding");
	expect_refused("<?xml version='1.0' encoding='UTF-16'?><list/>", 1, "coding");
	expect_refused("<?xml version='1.0' encoding='UTF-7'?><list/>", 1, "coding");
}

static void refuses_entities_by_the_hundredfold(void **state)
{
	(void)state;
	expect_refused("<!DOCTYPE a [<!ENTITY b 'bbbbbbbbbb'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]><a>&c;</a>", 1,
		       "document type");
}

static void refuses_what_is_no_document(void **state)
{
	struct seen seen = {0};
	struct xml_error error;

	(void)state;
	expect_refused("", 1, "empty");
	expect_refused("  \n ", 1, "empty");
	expect_refused("item,file\n", 1, "not XML");
	expect_refused("<!-- never ends", 1, "first lines");
	expect_refused("<list>\n<item>\n</list>", 3, "mismatch");
	expect_refused("<list>", 0, "");
	expect_refused("<list/><list/>", 0, "");
	expect_refused("<list>\xff\xfe</list>", 0, "");
	assert_int_equal(walk(slice_of("<list>\0</list>", 14), NULL, &seen, &error), XML_E_REFUSED);
	buffer_fini(&seen.text);
}

static void refuses_depth_and_size(void **state)
{
	struct buffer deep;
	struct seen seen = {0};
	struct xml_error error;
	char *large = calloc(1, LIMIT_XML_BYTES + 1);
	uint32_t i;

	(void)state;
	buffer_init(&deep, &env);
	for (i = 0; i <= XML_DEPTH_MAX; i++)
		buffer_add_text(&deep, "<a>");
	assert_int_equal(walk(buffer_slice(&deep), NULL, &seen, &error), XML_E_REFUSED);
	assert_string_equal(error.text, "elements are nested too deeply");
	assert_int_equal(error.column, 3 * XML_DEPTH_MAX + 1);
	buffer_fini(&seen.text);
	buffer_fini(&deep);
	assert_non_null(large);
	memset(large, ' ', LIMIT_XML_BYTES + 1);
	assert_int_equal(walk(slice_of(large, LIMIT_XML_BYTES + 1), NULL, &seen, &error), XML_E_REFUSED);
	assert_string_equal(error.text, "the document is too large");
	buffer_fini(&seen.text);
	free(large);
}

static void validates_while_it_reads(void **state)
{
	static const char good[] = "<list xmlns='urn:t'><item id='7'>x</item></list>";
	static const char bad[] = "<list xmlns='urn:t'>\n<item id='7'>x</item>\n <item id='seven'>x</item>\n</list>";
	static const char foreign[] = "<list><item id='7'>x</item></list>";
	struct xml_schema *schema;
	struct seen seen = {0};
	struct xml_error error;

	(void)state;
	assert_int_equal(xml_schema_new(&env, slice_from(xsd), &schema, &error), 0);
	assert_int_equal(walk(slice_from(good), schema, &seen, &error), 0);
	assert_string_equal(seen.text.data, "<list@1:1<item@1:21 id=7>item=[x]>list=[]");
	buffer_fini(&seen.text);
	assert_int_equal(walk(slice_from(bad), schema, &seen, &error), XML_E_REFUSED);
	assert_int_equal(error.line, 3);
	assert_int_equal(error.column, 2);
	assert_non_null(strstr(error.text, "seven"));
	buffer_fini(&seen.text);
	assert_int_equal(walk(slice_from(foreign), schema, &seen, &error), XML_E_REFUSED);
	buffer_fini(&seen.text);
	assert_int_equal(walk(slice_from("<list xmlns='urn:t'/>"), schema, &seen, &error), XML_E_REFUSED);
	buffer_fini(&seen.text);
	xml_schema_free(schema);
}

static void refuses_a_schema_that_is_none(void **state)
{
	struct xml_schema *schema;
	struct xml_error error = {0};

	(void)state;
	assert_int_equal(xml_schema_new(&env, slice_from("<a/>"), &schema, &error), XML_E_REFUSED);
	assert_true(error.text[0] != '\0');
	assert_int_equal(xml_schema_new(&env, slice_from("<!DOCTYPE a><a/>"), &schema, &error), XML_E_REFUSED);
}

static void hands_on_what_the_handler_says(void **state)
{
	struct seen seen = {.refuse_at = 2};
	struct xml_error error;

	(void)state;
	assert_int_equal(walk(slice_from("<a><b/><c/></a>"), NULL, &seen, &error), -EIO);
	assert_int_equal(seen.calls, 2);
	buffer_fini(&seen.text);
}

static int sink_buffer(void *context, const char *data, size_t bytes)
{
	buffer_add(context, data, bytes);
	return ((struct buffer *)context)->error;
}

static int sink_fails(void *context, const char *data, size_t bytes)
{
	(void)data;
	(void)bytes;
	++*(int *)context;
	return -ENOSPC;
}

static void writes_what_reads_back(void **state)
{
	struct buffer out;
	struct xml_sink sink = {.context = &out, .write = sink_buffer};
	struct xml_writer *writer;
	struct seen seen = {0};
	struct xml_error error;

	(void)state;
	buffer_init(&out, &env);
	assert_int_equal(xml_writer_new(&env, &sink, &writer), 0);
	xml_writer_begin(writer, "list", "urn:t");
	xml_element_begin(writer, "item");
	xml_attribute_u64(writer, "id", 18446744073709551615u);
	xml_attribute(writer, "note", SLICE_LITERAL("a\"<&'\x01\xff\xed\xa0\x80\xc3\xa9"));
	xml_text(writer, SLICE_LITERAL("]]> & \r\xf0\x9f\x98\x80\xef\xbf\xbe"));
	xml_element_end(writer);
	xml_leaf(writer, "empty", SLICE_EMPTY);
	assert_int_equal(xml_writer_end(writer), 0);
	xml_writer_free(writer);
	assert_non_null(
		strstr(out.data, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<list xmlns=\"urn:t\">\n  <item id="));
	assert_int_equal(walk(buffer_slice(&out), NULL, &seen, &error), 0);
	assert_non_null(
		strstr(seen.text.data,
		       "id=18446744073709551615 note=a\"<&'\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
		       "\xef\xbf\xbd\xc3\xa9>item=[]]> & \r\xf0\x9f\x98\x80\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd]"));
	buffer_fini(&seen.text);
	buffer_fini(&out);
}

static void reports_the_first_failure_of_its_sink(void **state)
{
	int calls = 0, i;
	struct xml_sink sink = {.context = &calls, .write = sink_fails};
	struct xml_writer *writer;

	(void)state;
	assert_int_equal(xml_writer_new(&env, &sink, &writer), 0);
	xml_writer_begin(writer, "list", "urn:t");
	for (i = 0; i < 10000; i++)
		xml_leaf(writer, "item", SLICE_LITERAL("text that fills the writer's buffer"));
	assert_int_equal(xml_writer_end(writer), -ENOSPC);
	assert_int_equal(calls, 1);
	xml_writer_free(writer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_elements_with_positions),
		cmocka_unit_test(refuses_what_could_reach_outside),
		cmocka_unit_test(refuses_entities_by_the_hundredfold),
		cmocka_unit_test(refuses_what_is_no_document),
		cmocka_unit_test(refuses_depth_and_size),
		cmocka_unit_test(validates_while_it_reads),
		cmocka_unit_test(refuses_a_schema_that_is_none),
		cmocka_unit_test(hands_on_what_the_handler_says),
		cmocka_unit_test(writes_what_reads_back),
		cmocka_unit_test(reports_the_first_failure_of_its_sink),
	};

	env_real_init(&env);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
