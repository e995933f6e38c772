/*
 * x12: from bytes to segments, and back.
 *
 * Reads one file of interchanges front to back, one event at a time. Knows separators, envelopes, control
 * numbers, counts and positions; knows nothing of loops, 834 or 820 (see check.h). Whatever the bytes, the events
 * are balanced: every BEGIN has its END, with segment NULL where the sender's trailer is missing. After damage
 * the reader resynchronises: after a bad segment at the next terminator, after a bad set at the next ST, after a
 * bad interchange at the next ISA with its sixteen separators in place (an `ISA` inside a name is none).
 *
 * Findings  about an envelope come after its BEGIN and before its END, what is wrong with its trailer directly before
 *           END; about a segment of a set directly before its X12_BODY. A fault is reported once: where stray segments
 *           were reported in an envelope its count is not; of a file that ends early no trailer is missed beside.
 *           Findings about bytes outside any interchange bear where.interchange = 0; of severity error among them
 *           (segments behind IEA, a damaged or empty file, a file that ends inside ISA) they are no interchange's,
 *           but the file's.
 * Passed    over with a finding, and then not given as X12_BODY though counted for SE01: segments whose id has not
 *           the form of one (SEGMENT_UNKNOWN), segments over LIMIT_SEGMENT_BYTES (SEGMENT_TOO_LONG). Not even
 *           counted: empty segments (SEGMENT_BLANK). A last segment without terminator counts only if it is a whole
 *           IEA; any other was cut, and half a value is worse than none.
 * Not here  SEGMENT_EMPTY and all ELEMENT_* of a set's segments, GS01, GS08 and ST03 against the guides: check.h.
 * Units     offsets are 64-bit, in the inflated file (io_source_offset); *_pos as X12 counts (ST is 1, as in IK302).
 * Memory    one window of LIMIT_READ_BYTES plus LIMIT_SEGMENT_BYTES and some 100 KiB of tokens, allocated at init;
 *           beside them at most 4 MiB each for the control numbers of sets, groups and interchanges seen (repetitions
 *           beyond 262,144 numbers in one envelope may go unseen).
 * Lifetime  slices are borrowed until the next x12_reader_next().
 * Errors    <0 our machine or the sink's refusal, forward it. What is wrong in the file goes to the sink.
 * Source    separators from ISA: x12-syntax section 2; counts and control numbers: section 3.
 */
#ifndef MUSTER_X12_H
#define MUSTER_X12_H

#include <stdbool.h>
#include <stdint.h>

#include "muster/buffer.h"
#include "muster/finding.h"
#include "muster/io.h"
#include "muster/limits.h"

struct x12_separators {
	/* repetition 0 = none (00401, or ISA11 = U); component and repetition 0 also where the sender's cannot be used */
	char element, component, repetition, terminator;
};

/* Which habits of senders are tolerated with a warning instead of an error. Zero is strict but for the defaults. */
struct x12_options {
	bool refuse_isa11_u;        /* ISA11 `U` under 00501 is an error; default: a warning */
	bool tolerate_isa_padding;  /* ISA elements not padded to full width are read with a warning; default: an error */
};

struct x12_segment {
	struct slice id;
	struct slice raw;                  /* the whole segment without terminator */
	const struct slice *elements;      /* elements[0] is element 1; repetitions and components undivided */
	uint32_t element_count;            /* at most LIMIT_ELEMENTS; what lies beyond is in `raw` only */
	struct x12_where where;            /* of the segment's first byte */
	const struct x12_separators *separators;
	/* Surely nothing but printable ASCII, and no component or repetition separators. False: nobody looked. */
	bool is_plain;
};

/* Element `pos` (1-based), or the empty slice. */
static inline struct slice x12_element(const struct x12_segment *segment, uint32_t pos)
{
	return pos >= 1 && pos <= segment->element_count ? segment->elements[pos - 1] : SLICE_EMPTY;
}
/* Part `pos` (1-based) of `value` divided at `separator` (0: undivided), or the empty slice. */
struct slice x12_part(struct slice value, char separator, uint32_t pos);
uint32_t x12_part_count(struct slice value, char separator);
/* Component `component_pos` of the first repetition of element `pos`. */
struct slice x12_component(const struct x12_segment *segment, uint32_t pos, uint32_t component_pos);

enum x12_event_kind {
	X12_INTERCHANGE_BEGIN, /* ISA */
	X12_INTERCHANGE_ACK,   /* TA1 */
	X12_FGROUP_BEGIN,      /* GS */
	X12_TSET_BEGIN,        /* ST */
	X12_BODY,              /* any segment between ST and SE */
	X12_TSET_END,          /* SE, or NULL: missing */
	X12_FGROUP_END,        /* GE, or NULL */
	X12_INTERCHANGE_END,   /* IEA, or NULL */
	X12_END                /* the file has ended */
};

/* Envelopes as the sender wrote them, trimmed of trailing blanks. Valid from BEGIN to END; borrowed from the reader. */
struct x12_interchange {
	uint32_t ordinal; /* 1-based in the file */
	struct slice authorization_qualifier, authorization, security_qualifier, security;
	struct slice sender_qualifier, sender_id, receiver_qualifier, receiver_id;
	struct slice date, time, version, control_number, ack_requested, usage; /* ISA09 10 12 13 14 15 */
	struct x12_separators separators;
	uint64_t offset, end_offset; /* of ISA, and behind IEA's terminator once ended */
	uint32_t fgroup_count;       /* so far */
	bool complete;               /* at END: IEA was there */
	bool rejected;               /* an INTERCHANGE finding of severity error was made */
};
struct x12_fgroup {
	uint32_t ordinal; /* 1-based in the file */
	struct slice functional_id, sender_code, receiver_code, date, time, control_number, agency, version;
	uint32_t tset_count; /* seen so far */
	uint64_t declared_count; /* GE01; 0 when not there */
	bool complete, rejected;
};
struct x12_tset {
	uint32_t ordinal; /* 1-based in the file */
	struct slice set_id, control_number, guide_id; /* ST01 02 03 */
	uint32_t segment_count; /* ST..SE so far */
	bool complete, rejected; /* SE was there; a TSET finding of severity error was made */
	bool cut;                /* at END: the file ended inside it */
};

struct x12_event {
	enum x12_event_kind kind;
	const struct x12_segment *segment; /* NULL at X12_END and for missing trailers */
	const struct x12_interchange *interchange; /* NULL outside one */
	const struct x12_fgroup *fgroup;
	const struct x12_tset *tset;
};

struct x12_reader; /* opaque */

/*
 * `source` and `sink` are borrowed for the reader's life; `options` NULL = defaults. Envelope findings go to the
 * sink with the default severity of their row. 0 or -ENOMEM.
 */
int x12_reader_new(struct env *env, struct io_source *source, const struct x12_options *options,
                   const struct finding_sink *sink, struct x12_reader **ret_reader);
void x12_reader_free(struct x12_reader *reader);
/* The next event; after X12_END always X12_END. 0 or <0. */
int x12_reader_next(struct x12_reader *reader, struct x12_event *ret_event);
/*
 * The segments that come next, told apart but not looked at: the quickest way, for whoever finds out from the bytes
 * which of them he can take. Each is likely an X12_BODY of the open set, but nobody has seen to it: it may be an
 * envelope's, of malformed id, or hide an ISA if it is longer than X12_RUN_SEGMENT_BYTES. What he cannot take,
 * x12_reader_next has, and looks at.
 */
struct x12_run {
	const char *at; /* their bytes; 64 more can be read behind them */
	/* Where segment i begins, with what is left of the line before it. Its terminator is before begins[i + 1]. */
	const uint32_t *begins;
	/* A bit for each byte: the ends of elements and segments; and all but printable ASCII, and other separators. */
	const uint64_t *ends, *odd;
	uint32_t next, count;      /* the segment in hand, and how many there are */
	uint64_t offset, line;     /* of the bytes; and of the byte behind the segments that were passed */
	uint32_t first_pos;        /* the position in the set of segment 0 */
	uint32_t lines_each;       /* that a terminator ends */
	bool has_odd;              /* any bit of `odd`: if not, no line ends and no segment has a part */
	const struct x12_separators *separators;
};
#define X12_RUN_SEGMENT_BYTES 100u

/* False: x12_reader_next has what comes. The run is good until the next call of anything but x12_run_. */
bool x12_reader_run(const struct x12_reader *reader, struct x12_run *ret_run);
/* All before run->next have been taken. */
void x12_reader_passed(struct x12_reader *reader, const struct x12_run *run);

/* What of the bytes up to a terminator is the segment, and not left of the line before. */
static inline struct slice x12_run_part(const char *at, const char *end)
{
	if (*at < 'A' && end - at > 1) {
		at += *at == '\r';
		at += *at == '\n';
	}
	return slice_of(at, (size_t)(end - at));
}
/* The segment in hand (next < count), without its terminator. */
static inline struct slice x12_run_segment(const struct x12_run *run)
{
	const uint32_t *begin = &run->begins[run->next];

	if (!run->has_odd)
		return slice_of(run->at + begin[0], begin[1] - 1 - begin[0]);
	return x12_run_part(run->at + begin[0], run->at + begin[1] - 1);
}
/* The line on which the segment in hand begins, which is at `at`. */
static inline uint64_t x12_run_line(const struct x12_run *run, const char *at)
{
	return run->line + (run->has_odd && at > run->at + run->begins[run->next] && at[-1] == '\n');
}
/* It has been taken: the next one. */
static inline void x12_run_pass(struct x12_run *run, const char *at)
{
	if (run->has_odd)
		run->line = x12_run_line(run, at) + run->lines_each;
	run->next++;
}
/* 64 bits of a row, the first of them that of byte `from`; those beyond the next 64-bit word are not there. */
static inline uint64_t x12_run_bits(const uint64_t *row, uint32_t from)
{
	uint32_t shift = from % 64;

	/* In two steps: shifting by 64 is not defined. */
	return row[from / 64] >> shift | row[from / 64 + 1] << 1 << (63 - shift);
}
/* Bytes of the decoded stream consumed so far, to within some kilobytes: for progress bars. */
uint64_t x12_reader_offset(const struct x12_reader *reader);

/*
 * The writer: segments into a buffer. Counts segments for SE, sets for GE, groups for IEA by itself.
 * A value that holds a separator or a control byte cannot be written: x12_write_element replaces such bytes by
 * blanks (x12_value_is_clean tells beforehand). Trailing empty elements are left off.
 */
struct x12_writer {
	struct buffer *out;
	struct x12_separators separators;
	bool newline; /* a line feed after each terminator, for people */
	uint32_t segments, tsets, fgroups;
	uint32_t pending_empty, pending_components; /* separators owed until a value follows them */
	char interchange_control[10], fgroup_control[10], tset_control[10];
};
void x12_writer_init(struct x12_writer *writer, struct buffer *out, const struct x12_separators *separators);
/* ISA, padded. `usage` P or T. date YYMMDD, time HHMM. control 1..999999999. */
void x12_write_isa(struct x12_writer *writer, struct slice sender_qualifier, struct slice sender_id,
                   struct slice receiver_qualifier, struct slice receiver_id, struct slice date, struct slice time,
                   struct slice version, uint32_t control_number, char ack_requested, char usage);
void x12_write_gs(struct x12_writer *writer, struct slice functional_id, struct slice sender_code,
                  struct slice receiver_code, struct slice date, struct slice time, uint32_t control_number,
                  struct slice version);
void x12_write_st(struct x12_writer *writer, struct slice set_id, uint32_t control_number, struct slice guide_id);
void x12_segment_begin(struct x12_writer *writer, const char *id);
void x12_write_element(struct x12_writer *writer, struct slice value);
void x12_write_number(struct x12_writer *writer, uint64_t value);
/* The next component of the element just written. */
void x12_write_component(struct x12_writer *writer, struct slice value);
void x12_segment_end(struct x12_writer *writer);
void x12_write_se(struct x12_writer *writer);
void x12_write_ge(struct x12_writer *writer);
void x12_write_iea(struct x12_writer *writer);
bool x12_value_is_clean(const struct x12_separators *separators, struct slice value);

#endif
