/*
 * emit: X12 bytes from the nodes of a tree, as they come in.
 *
 * Errors    <0 of the sink or memory; CONVERT_E_REFUSED with emit->error's text set: the tree holds what cannot be
 *           written (its place is for the caller to fill in).
 */
#ifndef MUSTER_CONVERT_EMIT_H
#define MUSTER_CONVERT_EMIT_H

#include "muster/convert.h"

struct emit {
	struct env *env;
	const struct convert_sink *sink;
	struct convert_error *error;
	struct buffer out;
	struct buffer value; /* decoded hex */
	struct x12_separators separators;
	bool in_interchange;         /* separators are known */
	struct slice line_end, owed; /* static */
	bool in_isa;
	uint32_t element_pos, component_pos, repetitions;
};

void emit_init(struct emit *emit, struct env *env, const struct convert_sink *sink, struct convert_error *error);
void emit_fini(struct emit *emit);
/* What is owed, and what has gathered. */
int emit_end(struct emit *emit);
int emit_refuse(struct emit *emit, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* `masked`, `bom`: as the tree says of itself. */
int emit_begin(struct emit *emit, bool masked, bool bom);
/* Texts as they stand in the tree: "*", "0x1c"; "crlf", "lf", "none" or empty. */
int emit_interchange(struct emit *emit, struct slice element, struct slice component, struct slice repetition,
		     struct slice terminator, struct slice line_end);
int emit_segment_begin(struct emit *emit, struct slice id);
int emit_element(struct emit *emit, uint64_t pos);
int emit_repetition(struct emit *emit);
int emit_component(struct emit *emit, uint64_t pos);
int emit_value(struct emit *emit, struct slice value);
int emit_segment_end(struct emit *emit, bool unterminated);
int emit_bytes(struct emit *emit, struct slice bytes);
/* The bytes of hexadecimal digits, borrowed until the next call. */
int emit_unhex(struct emit *emit, struct slice digits, struct slice *ret_bytes);

/* The two readers. */
int json_in(struct emit *emit, struct env *env, struct io_source *source);
int xml_in(struct emit *emit, struct env *env, struct io_source *source);

#endif
