/*
 * xml_reader: XML in, hardened.
 *
 * libxml2's push parser with SAX2 callbacks of our own, so that nothing is built in memory and the position of every
 * element is known to the byte. The schema's validator is plugged between parser and callbacks.
 *
 * Invariant: libxml2 sees no document type declaration. read_prolog looks for it in the bytes before the document
 * element, where alone it may stand; the callback for it refuses once more, should the two ever disagree.
 */
#include "muster/xml.h"

#include <stdio.h>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlschemas.h>

#include "muster/env.h"
#include "muster/error.h"
#include "setup.h"

#define ATTRIBUTES_MAX 32u
#define PUSH_BYTES 16384u
/* Of a source: its document element begins in these. */
#define PROLOG_BYTES 65536u

struct xml_schema {
	struct env *env;
	xmlSchemaPtr schema;
};

struct reader {
	struct slice document;    /* all of it; of a source its beginning */
	struct io_source *source; /* NULL: the document is in memory, and positions are exact */
	const struct xml_handler *handler;
	xmlParserCtxtPtr parser;
	xmlSchemaValidCtxtPtr validator;
	xmlSAXHandler sax; /* ours, in front of which a validator may stand */
	struct buffer text, values;
	size_t pushed;
	uint32_t depth;
	int result; /* of a handler, or XML_E_REFUSED */
	struct xml_error *error;
	/* Line counting goes on from where it last was. */
	size_t counted;
	uint32_t counted_line;
	size_t counted_line_start;
};

/* Keep the first reason; what follows from it helps nobody. */
static void refuse(struct reader *reader, uint32_t line, uint32_t column, const char *text)
{
	size_t len = strcspn(text, "\r\n");

	if (reader->result == 0) {
		reader->result = XML_E_REFUSED;
		reader->error->line = line;
		reader->error->column = column;
		snprintf(reader->error->text, sizeof(reader->error->text), "%.*s", (int)len, text);
	}
	if (reader->parser != NULL)
		xmlStopParser(reader->parser);
}

/* Line and column of byte `at`; calls come with growing `at`. */
static void locate(struct reader *reader, size_t at, uint32_t *ret_line, uint32_t *ret_column)
{
	while (reader->counted < at) {
		if (reader->document.data[reader->counted++] == '\n') {
			reader->counted_line++;
			reader->counted_line_start = reader->counted;
		}
	}
	*ret_line = reader->counted_line;
	*ret_column = (uint32_t)(at - reader->counted_line_start) + 1;
}

/* Where the tag begins that the parser has just read: no '<' stands inside a tag. */
static size_t tag_start(const struct reader *reader)
{
	long consumed = xmlByteConsumed(reader->parser);
	size_t at = consumed < 0 ? reader->counted : (size_t)consumed;

	if (at >= reader->document.len)
		at = reader->document.len - 1;
	while (at > reader->counted && reader->document.data[at] != '<')
		at--;
	return at;
}

/* Where the tag in hand begins; of a source where it ends, as libxml2 counts. */
static void locate_tag(struct reader *reader, uint32_t *ret_line, uint32_t *ret_column)
{
	if (reader->source == NULL) {
		locate(reader, tag_start(reader), ret_line, ret_column);
		return;
	}
	*ret_line = (uint32_t)reader->parser->input->line;
	*ret_column = (uint32_t)reader->parser->input->col;
}

/*
 * Attribute values come with every ampersand still written "&#38;" (libxml2 does not replace entities for us).
 * The value is put behind the others in reader->values and taken from there once all are in.
 */
static void add_value(struct buffer *out, const char *from, const char *to)
{
	while (from < to) {
		bool ampersand = to - from >= 5 && memcmp(from, "&#38;", 5) == 0;

		buffer_add_char(out, *from);
		from += ampersand ? 5 : 1;
	}
}

static void on_begin(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int namespace_count,
		     const xmlChar **namespaces, int count, int defaulted, const xmlChar **attributes)
{
	struct reader *reader = context;
	struct xml_attribute list[ATTRIBUTES_MAX];
	struct xml_element element = {.name = slice_from((const char *)name),
				      .attributes = list,
				      .attribute_count = (uint32_t)count,
				      .depth = ++reader->depth};
	size_t ends[ATTRIBUTES_MAX];
	uint32_t i;

	(void)prefix;
	(void)uri;
	(void)namespace_count;
	(void)namespaces;
	(void)defaulted;
	if (reader->result != 0)
		return;
	locate_tag(reader, &element.line, &element.column);
	if (element.depth > XML_DEPTH_MAX || element.attribute_count > ATTRIBUTES_MAX) {
		refuse(reader, element.line, element.column,
		       element.depth > XML_DEPTH_MAX ? "elements are nested too deeply" : "too many attributes");
		return;
	}
	buffer_clear(&reader->text);
	buffer_clear(&reader->values);
	for (i = 0; i < element.attribute_count; i++) {
		add_value(&reader->values, (const char *)attributes[5 * i + 3], (const char *)attributes[5 * i + 4]);
		ends[i] = reader->values.len;
	}
	for (i = 0; i < element.attribute_count; i++) {
		size_t from = i == 0 ? 0 : ends[i - 1];

		list[i].name = slice_from((const char *)attributes[5 * i]);
		list[i].value = slice_of(reader->values.data + from, ends[i] - from);
	}
	if (reader->values.error != 0)
		reader->result = reader->values.error;
	else if (reader->handler != NULL && reader->handler->begin != NULL)
		reader->result = reader->handler->begin(reader->handler->context, &element);
	if (reader->result != 0)
		xmlStopParser(reader->parser);
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct reader *reader = context;
	uint32_t depth = reader->depth--;

	(void)prefix;
	(void)uri;
	if (reader->result != 0)
		return;
	if (reader->text.error != 0)
		reader->result = reader->text.error;
	else if (reader->handler != NULL && reader->handler->end != NULL)
		reader->result = reader->handler->end(reader->handler->context, slice_from((const char *)name),
						      buffer_slice(&reader->text), depth);
	buffer_clear(&reader->text);
	if (reader->result != 0)
		xmlStopParser(reader->parser);
}

static void on_characters(void *context, const xmlChar *text, int bytes)
{
	struct reader *reader = context;

	if (reader->result == 0 && bytes > 0)
		buffer_add(&reader->text, text, (size_t)bytes);
}

static void on_doctype(void *context, const xmlChar *name, const xmlChar *id, const xmlChar *system_id)
{
	struct reader *reader = context;

	(void)name;
	(void)id;
	(void)system_id;
	refuse(reader, reader->counted_line, 0, "a document type declaration is not taken");
}

static void on_reference(void *context, const xmlChar *name)
{
	struct reader *reader = context;

	(void)name;
	refuse(reader, reader->counted_line, 0, "an entity is not taken");
}

static void on_error(void *context, xmlErrorPtr error)
{
	struct reader *reader = context;

	if (error->level == XML_ERR_WARNING)
		return;
	if (error->code == XML_ERR_NO_MEMORY) {
		reader->result = reader->result != 0 ? reader->result : -ENOMEM;
		return;
	}
	refuse(reader, error->line > 0 ? (uint32_t)error->line : 0, error->int2 > 0 ? (uint32_t)error->int2 : 0,
	       error->message != NULL ? error->message : "not well-formed");
}

/* The validator knows what is wrong but not where; the parser stands behind the tag in question. */
static void on_invalid(void *context, xmlErrorPtr error)
{
	struct reader *reader = context;
	uint32_t line, column;

	if (error->level == XML_ERR_WARNING || reader->result != 0)
		return;
	locate(reader, tag_start(reader), &line, &column);
	refuse(reader, line, column, error->message != NULL ? error->message : "not valid");
}

/* The length of `s` up to and with `end`, or 0 when it does not come. */
static size_t length_through(struct slice s, const char *end)
{
	size_t len = strlen(end), at;

	for (at = 0; at + len <= s.len; at++)
		if (memcmp(s.data + at, end, len) == 0)
			return at + len;
	return 0;
}

/* True when an XML declaration names UTF-8 or nothing. */
static bool coding_is_utf8(struct slice declaration)
{
	struct slice rest = declaration;
	size_t at = length_through(declaration, "encoding");

	if (at == 0)
		return true;
	rest = slice_of(rest.data + at, rest.len - at);
	while (rest.len > 0 && (rest.data[0] == ' ' || rest.data[0] == '=' || rest.data[0] == '\t'))
		rest = slice_of(rest.data + 1, rest.len - 1);
	return rest.len >= 7 && (rest.data[0] == '"' || rest.data[0] == '\'') && rest.data[6] == rest.data[0] &&
	       slice_equal_nocase(slice_of(rest.data + 1, 5), SLICE_LITERAL("UTF-8"));
}

/* What stands before the document element: declaration, comments, processing instructions; nothing else is taken. */
static const char *read_prolog(struct slice document)
{
	size_t at = document.len >= 3 && memcmp(document.data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	if (memchr(document.data, '\0', document.len) != NULL)
		return "the document holds a zero byte, or its coding is not UTF-8";
	while (at < document.len) {
		struct slice rest = slice_of(document.data + at, document.len - at);
		size_t len = 1;

		if (slice_starts_with(rest, "<?")) {
			len = length_through(rest, "?>");
			if (len > 0 && slice_starts_with(rest, "<?xml") && !coding_is_utf8(slice_of(rest.data, len)))
				return "the document's coding is not UTF-8";
		} else if (slice_starts_with(rest, "<!--")) {
			len = length_through(slice_of(rest.data + 4, rest.len - 4), "-->");
			len += len > 0 ? 4 : 0;
		} else if (slice_starts_with(rest, "<!")) {
			return "a document type declaration is not taken";
		} else if (strchr(" \t\r\n", rest.data[0]) == NULL) {
			return rest.data[0] == '<' ? NULL : "this is not XML";
		}
		if (len == 0)
			return "the document ends inside its first lines";
		at += len;
	}
	return "the document is empty";
}

static int reader_init(struct reader *reader, const struct xml_schema *schema, xmlSchemaSAXPlugPtr *ret_plug)
{
	xmlSAXHandlerPtr sax = &reader->sax;
	void *user = reader;

	reader->sax = (xmlSAXHandler){.initialized = XML_SAX2_MAGIC,
				      .startElementNs = on_begin,
				      .endElementNs = on_end,
				      .characters = on_characters,
				      .cdataBlock = on_characters,
				      .ignorableWhitespace = on_characters,
				      .internalSubset = on_doctype,
				      .reference = on_reference};
	reader->parser = xmlCreatePushParserCtxt(NULL, NULL, NULL, 0, NULL);
	if (reader->parser == NULL)
		return -ENOMEM;
	xmlCtxtUseOptions(reader->parser, XML_PARSE_NONET);
	if (schema != NULL) {
		reader->validator = xmlSchemaNewValidCtxt(schema->schema);
		if (reader->validator == NULL)
			return -ENOMEM;
		xmlSchemaSetValidStructuredErrors(reader->validator, on_invalid, reader);
		*ret_plug = xmlSchemaSAXPlug(reader->validator, &sax, &user);
		if (*ret_plug == NULL)
			return -ENOMEM;
	}
	*reader->parser->sax = *sax;
	reader->parser->userData = user;
	return 0;
}

/* Pieces of a source behind its beginning. */
static void reader_push_source(struct reader *reader)
{
	char bytes[PUSH_BYTES];

	while (reader->result == 0) {
		ssize_t n = io_source_read(reader->source, bytes, sizeof(bytes));

		if (n < 0)
			reader->result = (int)n;
		else if (n > 0 && memchr(bytes, '\0', (size_t)n) != NULL)
			refuse(reader, (uint32_t)reader->parser->input->line, 0, "the document holds a zero byte");
		else if (n > 0)
			xmlParseChunk(reader->parser, bytes, (int)n, 0);
		if (n <= 0)
			return;
	}
}

static void reader_push(struct reader *reader)
{
	while (reader->result == 0 && reader->pushed < reader->document.len) {
		size_t left = reader->document.len - reader->pushed;
		size_t bytes = left < PUSH_BYTES ? left : PUSH_BYTES;

		/* The parser may read less, never more: tag_start's offsets stay inside what was pushed. */
		xmlParseChunk(reader->parser, reader->document.data + reader->pushed, (int)bytes, 0);
		reader->pushed += bytes;
	}
	if (reader->source != NULL)
		reader_push_source(reader);
	if (reader->result == 0)
		xmlParseChunk(reader->parser, NULL, 0, 1);
	if (reader->result == 0 && reader->parser->wellFormed == 0)
		refuse(reader, 0, 0, "not well-formed");
	if (reader->result == 0 && reader->validator != NULL && xmlSchemaIsValid(reader->validator) != 1)
		refuse(reader, 0, 0, "not valid by its schema");
}

static int read_document(struct env *env, struct reader *reader, const struct xml_schema *schema)
{
	xmlSchemaSAXPlugPtr plug = NULL;
	int r;

	xml_setup();
	buffer_init(&reader->text, env);
	buffer_init(&reader->values, env);
	/* Not through the SAX handler: a plugged validator would be handed to it in the reader's place. */
	xmlSetStructuredErrorFunc(reader, on_error);
	r = reader_init(reader, schema, &plug);
	if (r != 0)
		goto out;
	reader_push(reader);
	r = reader->result;
out:
	xmlSetStructuredErrorFunc(NULL, NULL);
	if (plug != NULL)
		xmlSchemaSAXUnplug(plug);
	if (reader->validator != NULL)
		xmlSchemaFreeValidCtxt(reader->validator);
	if (reader->parser != NULL)
		xmlFreeParserCtxt(reader->parser);
	buffer_fini(&reader->text);
	buffer_fini(&reader->values);
	return r;
}

int xml_read(struct env *env, struct slice document, const struct xml_schema *schema, const struct xml_handler *handler,
	     struct xml_error *reterr_error)
{
	struct reader reader = {.document = document, .handler = handler, .error = reterr_error, .counted_line = 1};
	const char *reason = document.len > LIMIT_XML_BYTES ? "the document is too large" : read_prolog(document);

	if (reason != NULL) {
		refuse(&reader, 1, 1, reason);
		return XML_E_REFUSED;
	}
	return read_document(env, &reader, schema);
}

int xml_read_source(struct env *env, struct io_source *source, const struct xml_handler *handler,
		    struct xml_error *reterr_error)
{
	struct reader reader = {.source = source, .handler = handler, .error = reterr_error, .counted_line = 1};
	char *head = env_alloc(env, PROLOG_BYTES);
	const char *reason;
	size_t len = 0;
	ssize_t n = 1;
	int r;

	if (head == NULL)
		return -ENOMEM;
	while (n > 0 && len < PROLOG_BYTES) {
		n = io_source_read(source, head + len, PROLOG_BYTES - len);
		len += n > 0 ? (size_t)n : 0;
	}
	reader.document = slice_of(head, len);
	reason = n < 0 ? NULL : read_prolog(reader.document);
	if (reason != NULL) {
		refuse(&reader, 1, 1, reason);
		r = XML_E_REFUSED;
	} else {
		r = n < 0 ? (int)n : read_document(env, &reader, NULL);
	}
	env_free(env, head);
	return r;
}

int xml_schema_new(struct env *env, struct slice xsd, struct xml_schema **ret_schema, struct xml_error *reterr_error)
{
	struct reader reader = {.document = xsd, .error = reterr_error, .counted_line = 1};
	const char *reason = xsd.len > LIMIT_XML_BYTES ? "the schema is too large" : read_prolog(xsd);
	xmlSchemaParserCtxtPtr context;
	struct xml_schema *schema;

	if (reason != NULL) {
		refuse(&reader, 1, 1, reason);
		return XML_E_REFUSED;
	}
	xml_setup();
	schema = env_alloc(env, sizeof(*schema));
	context = xmlSchemaNewMemParserCtxt(xsd.data, (int)xsd.len);
	if (schema == NULL || context == NULL) {
		env_free(env, schema);
		if (context != NULL)
			xmlSchemaFreeParserCtxt(context);
		return -ENOMEM;
	}
	schema->env = env;
	xmlSchemaSetParserStructuredErrors(context, on_error, &reader);
	schema->schema = xmlSchemaParse(context);
	xmlSchemaFreeParserCtxt(context);
	if (schema->schema == NULL) {
		refuse(&reader, 0, 0, "the schema cannot be used");
		env_free(env, schema);
		return reader.result;
	}
	*ret_schema = schema;
	return 0;
}

void xml_schema_free(struct xml_schema *schema)
{
	if (schema == NULL)
		return;
	xmlSchemaFree(schema->schema);
	env_free(schema->env, schema);
}

struct slice xml_attribute_value(const struct xml_element *element, const char *name)
{
	uint32_t i;

	for (i = 0; i < element->attribute_count; i++)
		if (slice_is(element->attributes[i].name, name))
			return element->attributes[i].value;
	return SLICE_EMPTY;
}
