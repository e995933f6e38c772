/*
 * convert: an X12 file as a tree with names, in JSON or XML, and back.
 *
 * Forward, the file is walked over its guides (check.h): interchanges, functional groups, sets, loops, segments,
 * elements, each with the name the guide gives it and the meaning of its codes. Nothing is left out: segments without
 * a place stay where they were, and bytes that are no segment (line ends out of the ordinary, blank segments, what a
 * reader passes over) stand between the others as "bytes". So the way back gives the decoded file byte for byte,
 * whatever was in it; a file that was packed, EBCDIC or wrapped comes back plain, as ASCII, in one line.
 *
 * Backward, only what stands in the file counts: separators, segments, positions, values, bytes. Names and meanings
 * are for readers; counts and control numbers are taken as they stand, not made anew.
 *
 * The tree  content: interchange {separators, line_end} > group > set > loop... > segment > element > repetition or
 *           component. An element's `pos` tells its place, so empty ones are left out, but for a last one. A value that
 *           text cannot hold (not UTF-8, control bytes) stands as hexadecimal digits under `hex`. Behind each segment
 *           come its terminator and the interchange's line_end, unless "bytes" follow: then exactly those.
 * SSNs      masked unless `unmasked`; a masked tree says so of itself and is not taken back.
 * Memory    constant both ways; one segment is limited by LIMIT_SEGMENT_BYTES (of tree text, 4 MiB).
 * Errors    <0 machine or sink, forwarded. CONVERT_E_REFUSED: what came in is not such a tree; the error says where.
 */
#ifndef MUSTER_CONVERT_H
#define MUSTER_CONVERT_H

#include "muster/check.h"

enum { CONVERT_E_REFUSED = 1 };

enum convert_form { CONVERT_JSON, CONVERT_XML };

/* Takes finished bytes. 0 or <0, which ends the work and is forwarded. */
struct convert_sink {
	void *context;
	int (*write)(void *context, struct slice bytes);
};

struct convert_options {
	enum convert_form form;
	bool unmasked;
	/* Now and then: bytes of the decoded stream so far. May be NULL; its context is the sink's. */
	int (*progress)(void *context, uint64_t offset);
};

/* What was in the file. */
struct convert_result {
	uint64_t interchanges, tsets, segments;
	uint64_t loose_bytes; /* kept as "bytes" */
};

struct convert_error {
	uint64_t line, column; /* 1-based; 0 = not known */
	char text[256];
};

/*
 * `source` and `beside`: the same file opened twice (or io_source_open_fd_twice); the second one is read for what stands
 * between segments.
 */
int convert_from_x12(struct env *env, const struct guide_set *guides, struct io_source *source,
		     struct io_source *beside, const struct convert_options *options, const struct convert_sink *sink,
		     struct convert_result *ret_result);
/* Back from JSON or XML, whichever it is. What the sink took before CONVERT_E_REFUSED must be thrown away. */
int convert_to_x12(struct env *env, struct io_source *source, const struct convert_sink *sink,
		   struct convert_error *reterr_error);
/* Does the file look like JSON or XML? Before the first read. */
bool convert_is_tree(const struct io_source *source);

#endif
