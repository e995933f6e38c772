/*
 * xml: the one door to libxml2.
 *
 * A streaming writer, and a hardened streaming reader that validates against an XSD on the way. Only our own XML and
 * what representatives and their systems send back comes in here; never bytes of a partner's X12 file.
 *
 * Refused   before libxml2 sees a byte: more than LIMIT_XML_BYTES (but of a source), a coding other than UTF-8, any
 *           DOCTYPE. While reading: entities other than the five predefined ones and character references, depth over
 *           XML_DEPTH_MAX.
 *           Nothing is ever loaded from outside: the external loader always fails.
 * Units     line and column are 1-based; a column counts bytes.
 * Memory    constant beside the input: libxml2's parser (its own malloc), one text buffer.
 * Errors    <0 our machine. XML_E_REFUSED: what came in cannot be taken; the struct xml_error says why and where.
 * Source    reference/security sections 5 and 6.
 */
#ifndef MUSTER_XML_H
#define MUSTER_XML_H

#include <stdbool.h>
#include <stdint.h>

#include "muster/buffer.h"
#include "muster/io.h"
#include "muster/limits.h"
#include "muster/slice.h"

struct env;

#define XML_DEPTH_MAX 24u

enum { XML_E_REFUSED = 1 };

/* The writer. Elements nest; an element holds either text or elements. Two blanks of indentation a level. */

/* Takes finished bytes. 0 or <0; after a failure it is not called again. */
struct xml_sink {
	void *context;
	int (*write)(void *context, const char *data, size_t bytes);
};
struct xml_writer; /* opaque */

/* `sink` is copied. 0 or -ENOMEM. */
int xml_writer_new(struct env *env, const struct xml_sink *sink, struct xml_writer **ret_writer);
/* The XML declaration (UTF-8), and the document element with its namespace. */
void xml_writer_begin(struct xml_writer *writer, const char *element, const char *namespace_uri);
/* Closes all that is open and flushes. 0, or the first failure of any call on this writer. */
int xml_writer_end(struct xml_writer *writer);
void xml_writer_free(struct xml_writer *writer);

void xml_element_begin(struct xml_writer *writer, const char *name);
void xml_element_end(struct xml_writer *writer);
/*
 * Values are escaped; a byte that is not UTF-8 and a character that XML 1.0 cannot hold become U+FFFD. Attributes come
 * right after xml_element_begin (or xml_writer_begin).
 */
void xml_attribute(struct xml_writer *writer, const char *name, struct slice value);
void xml_attribute_u64(struct xml_writer *writer, const char *name, uint64_t value);
void xml_text(struct xml_writer *writer, struct slice value);
/* <name>value</name> */
void xml_leaf(struct xml_writer *writer, const char *name, struct slice value);

/* The reader. */

struct xml_error {
	uint32_t line, column; /* 0 = not known */
	char text[256];
};

struct xml_attribute {
	struct slice name, value;
};

struct xml_element {
	struct slice name; /* local name */
	const struct xml_attribute *attributes;
	uint32_t attribute_count;
	uint32_t line, column; /* of its '<' */
	uint32_t depth;        /* the document element has 1 */
};

/* Everything is borrowed for the length of the call. A negative return stops the reading and is forwarded. */
struct xml_handler {
	void *context;
	int (*begin)(void *context, const struct xml_element *element);
	/* `text`: what stood in the element behind its last child, as it is; for a leaf all of it. */
	int (*end)(void *context, struct slice name, struct slice text, uint32_t depth);
};

struct xml_schema; /* opaque, immutable */

/* Compile an XSD that needs no other. 0, XML_E_REFUSED, -ENOMEM. */
int xml_schema_new(struct env *env, struct slice xsd, struct xml_schema **ret_schema, struct xml_error *reterr_error);
void xml_schema_free(struct xml_schema *schema);

/*
 * Read a whole document, calling `handler` (may be NULL) as it goes. With a schema the document is valid when 0
 * returns: what the handler did before XML_E_REFUSED must be thrown away by the caller.
 */
int xml_read(struct env *env, struct slice document, const struct xml_schema *schema, const struct xml_handler *handler,
             struct xml_error *reterr_error);

/*
 * The same, piece by piece and without a schema: documents of any size, in constant memory. The document element must
 * begin within the first 64 KiB; of positions the line is exact, the column may be that of the tag's end.
 */
int xml_read_source(struct env *env, struct io_source *source, const struct xml_handler *handler,
                    struct xml_error *reterr_error);

/* The value of an attribute, or the empty slice. */
struct slice xml_attribute_value(const struct xml_element *element, const char *name);

#endif
