/*
 * xml_writer: XML out, through libxml2's text writer.
 *
 * libxml2 escapes, nests and indents; it does not look whether a value may stand in XML at all, and takes only
 * NUL-terminated UTF-8. So every value is made sound first. The first failure is kept, and nothing is written after it.
 */
#include "muster/xml.h"

#include <libxml/xmlwriter.h>

#include "muster/env.h"
#include "muster/error.h"
#include "muster/text.h"
#include "setup.h"

struct xml_writer {
	struct env *env;
	struct xml_sink sink;
	xmlTextWriterPtr writer;
	struct buffer value;
	int error;
};

static int sink_write(void *context, const char *data, int bytes)
{
	struct xml_writer *writer = context;

	if (writer->error == 0 && bytes > 0)
		writer->error = writer->sink.write(writer->sink.context, data, (size_t)bytes);
	return writer->error == 0 ? bytes : -1;
}

static int sink_close(void *context)
{
	(void)context;
	return 0;
}

/* The length of the character at `at`, or 0 where XML 1.0 cannot hold it or it is not UTF-8. */
static size_t xml_character(struct slice s, size_t at)
{
	uint32_t code = 0;
	size_t len = text_utf8_next(s, at, &code);

	if (code == 0xfffe || code == 0xffff || (code < 0x20 && code != '\t' && code != '\n' && code != '\r'))
		return 0;
	return len;
}

/* `value` as libxml2 can take it; borrowed from the writer until the next call. */
static const xmlChar *sound(struct xml_writer *writer, struct slice value)
{
	size_t at = 0;

	buffer_clear(&writer->value);
	while (at < value.len) {
		size_t len = xml_character(value, at);

		if (len == 0)
			buffer_add_text(&writer->value, "\xef\xbf\xbd");
		else
			buffer_add(&writer->value, value.data + at, len);
		at += len == 0 ? 1 : len;
	}
	buffer_add_char(&writer->value, '\0');
	if (writer->value.error != 0 && writer->error == 0)
		writer->error = writer->value.error;
	return writer->value.error == 0 ? (const xmlChar *)writer->value.data : (const xmlChar *)"";
}

/* libxml2 says -1 when its output failed (then the sink's error is known already) or memory is short. */
static void took(struct xml_writer *writer, int result)
{
	if (result < 0 && writer->error == 0)
		writer->error = -ENOMEM;
}

int xml_writer_new(struct env *env, const struct xml_sink *sink, struct xml_writer **ret_writer)
{
	struct xml_writer *writer = env_alloc(env, sizeof(*writer));
	xmlOutputBufferPtr out;

	if (writer == NULL)
		return -ENOMEM;
	xml_setup();
	writer->env = env;
	writer->sink = *sink;
	buffer_init(&writer->value, env);
	out = xmlOutputBufferCreateIO(sink_write, sink_close, writer, NULL);
	if (out != NULL)
		writer->writer = xmlNewTextWriter(out);
	if (writer->writer == NULL) {
		if (out != NULL)
			xmlOutputBufferClose(out);
		env_free(env, writer);
		return -ENOMEM;
	}
	took(writer, xmlTextWriterSetIndent(writer->writer, 1));
	took(writer, xmlTextWriterSetIndentString(writer->writer, (const xmlChar *)"  "));
	*ret_writer = writer;
	return 0;
}

void xml_writer_begin(struct xml_writer *writer, const char *element, const char *namespace_uri)
{
	took(writer, xmlTextWriterStartDocument(writer->writer, "1.0", "UTF-8", NULL));
	took(writer, xmlTextWriterStartElementNS(writer->writer, NULL, (const xmlChar *)element,
						 (const xmlChar *)namespace_uri));
}

int xml_writer_end(struct xml_writer *writer)
{
	took(writer, xmlTextWriterEndDocument(writer->writer));
	took(writer, xmlTextWriterFlush(writer->writer));
	return writer->error;
}

void xml_writer_free(struct xml_writer *writer)
{
	if (writer == NULL)
		return;
	/* What is still buffered there must not reach a sink that was given up. */
	if (writer->error == 0)
		writer->error = -ECANCELED;
	xmlFreeTextWriter(writer->writer);
	buffer_fini(&writer->value);
	env_free(writer->env, writer);
}

void xml_element_begin(struct xml_writer *writer, const char *name)
{
	if (writer->error == 0)
		took(writer, xmlTextWriterStartElement(writer->writer, (const xmlChar *)name));
}

void xml_element_end(struct xml_writer *writer)
{
	if (writer->error == 0)
		took(writer, xmlTextWriterEndElement(writer->writer));
}

void xml_attribute(struct xml_writer *writer, const char *name, struct slice value)
{
	const xmlChar *text = sound(writer, value);

	if (writer->error == 0)
		took(writer, xmlTextWriterWriteAttribute(writer->writer, (const xmlChar *)name, text));
}

void xml_attribute_u64(struct xml_writer *writer, const char *name, uint64_t value)
{
	char text[24];
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	xml_attribute(writer, name, slice_of(text + at, sizeof(text) - at));
}

void xml_text(struct xml_writer *writer, struct slice value)
{
	const xmlChar *text = sound(writer, value);

	if (writer->error == 0)
		took(writer, xmlTextWriterWriteString(writer->writer, text));
}

void xml_leaf(struct xml_writer *writer, const char *name, struct slice value)
{
	xml_element_begin(writer, name);
	xml_text(writer, value);
	xml_element_end(writer);
}
