/*
 * reader: what the files of the reader share.
 *
 * fetch.c finds the next thing in the bytes (a segment, an ISA, the end of the file) and holds it; reader.c decides
 * what that does to the open envelopes and turns it into events; envelope.c reads and checks the envelopes' own
 * segments. What is held is let go only when its event is given, so one segment can end several envelopes whose
 * trailers are missing, an event a call.
 */
#ifndef X12_READER_H
#define X12_READER_H

#include "header.h"
#include "lexer.h"
#include "muster/env.h"
#include "muster/x12.h"
#include "seen.h"
#include "window.h"

/* A segment id as a number: its bytes, the first one lowest. 0 for ids that are not 2 or 3 bytes long. */
#define KEY2(a, b) ((uint32_t)(a) | (uint32_t)(b) << 8)
#define KEY3(a, b, c) (KEY2(a, b) | (uint32_t)(c) << 16)
#define KEY_ISA KEY3('I', 'S', 'A')
#define KEY_IEA KEY3('I', 'E', 'A')
#define KEY_TA1 KEY3('T', 'A', '1')
#define KEY_GS KEY2('G', 'S')
#define KEY_GE KEY2('G', 'E')
#define KEY_ST KEY2('S', 'T')
#define KEY_SE KEY2('S', 'E')

enum level { LEVEL_NONE, LEVEL_INTERCHANGE, LEVEL_FGROUP, LEVEL_TSET };

enum held {
	HELD_NOTHING,
	HELD_SEGMENT, /* in `segment` and `key` */
	HELD_HEADER,  /* in `header` and `shape` */
	HELD_END      /* the file has ended */
};

/* An ISA with every element wrong, and what stood before it. */
#define NOTES_MAX 32u
#define NOTE_BYTES 96u
/* An envelope's value is kept up to here; the longest legal one (ST03) has 35. */
#define KEPT_BYTES 80u

/* A finding on its way to the sink. */
struct note {
	struct finding finding;
	char message[NOTE_BYTES];
};

struct x12_reader {
	struct env *env;
	const struct finding_sink *sink;
	struct x12_options options;
	struct window window;
	/*
	 * The short way: segments cut in advance. It is open (limit > 0) inside a set with nothing held or noted; then
	 * the window's `begin` and `line` lag behind until the long way is taken.
	 */
	struct {
		uint32_t next;       /* the segment to take next */
		uint32_t limit;      /* take the long way from here on */
		bool allowed;        /* another batch may be cut */
		uint64_t line;       /* of the byte behind the segment taken last */
		uint32_t lines_each; /* that a terminator ends */
		uint64_t offset;     /* in the file, of the batch's first byte */
		uint64_t moves;      /* of the window when the batch was cut: after another it is stale */
		struct lexer_batch cut;
	} batch;

	enum held held;
	size_t held_bytes; /* with the terminator */
	uint32_t held_newlines;
	uint32_t key;
	bool unterminated;  /* the segment held has no terminator: the file, or another ISA, follows it at once */
	bool indented;      /* blanks stood before it */
	bool looked_behind; /* the bytes behind an IEA were looked at already */
	enum header_shape shape;
	struct header header;
	struct slice tokens[LEXER_TOKENS];
	struct x12_segment segment;
	struct x12_separators separators;

	enum level open;
	bool closing;  /* the END of the innermost open envelope was given: it is gone at the next call */
	bool unusable; /* the separators of this interchange cannot be used: skip to the next ISA */
	bool damaged;  /* reported: the source ends before its file does */
	bool cut_off;  /* reported: the file ends before its interchange does */
	bool stray;    /* reported: segments stand outside the envelope they need, until the next one begins */
	bool stray_in_interchange, stray_in_fgroup; /* the same, ever since it began: then its count says nothing */
	bool acknowledges;                          /* a TA1 was seen */

	/* Between interchanges. */
	bool gap_reported;          /* junk, once a gap */
	bool header_broken;         /* reported: an ISA that cannot be taken apart, once a gap */
	bool at_break;              /* the byte before is padding, or there is none */
	bool any_text;              /* bytes other than padding stand outside */
	bool junk, byte_order_mark; /* to be told with the next ISA: where they are */
	struct x12_where junk_at, byte_order_mark_at;
	char element_before, terminator_before; /* separators of the interchange before; NUL = none */

	struct x12_interchange interchange;
	struct x12_fgroup fgroup;
	struct x12_tset tset;
	char interchange_text[HEADER_BYTES_MAX];
	char fgroup_text[8][KEPT_BYTES];
	char tset_text[3][KEPT_BYTES];
	struct seen interchanges, fgroups, tsets;

	uint32_t note_count;
	struct note notes[NOTES_MAX];
};

/* fetch.c: hold the next thing. 0 or <0. */
int x12_fetch(struct x12_reader *reader);
/* Done with what is held. */
void x12_release(struct x12_reader *reader);
/* What a byte may be in an id. */
#define CLASS_LETTER 1u
#define CLASS_DIGIT 2u
#define CLASS_ENVELOPE 4u /* the letters that ISA, IEA, GS, GE, ST and SE begin with */
extern const unsigned char x12_classes[256];

/* Letter, then one or two letters or digits, upper case. */
static inline bool x12_id_is_formed(struct slice id)
{
	const unsigned char *bytes = (const unsigned char *)id.data;

	return (id.len == 2 || id.len == 3) && (x12_classes[bytes[0]] & CLASS_LETTER) != 0 &&
	       x12_classes[bytes[1]] != 0 && x12_classes[bytes[id.len - 1]] != 0;
}

static inline uint32_t x12_key(struct slice id)
{
	const unsigned char *bytes = (const unsigned char *)id.data;

	if (id.len == 2)
		return KEY2(bytes[0], bytes[1]);
	return id.len == 3 ? KEY3(bytes[0], bytes[1], bytes[2]) : 0;
}

/* Let segment.where say where the unread bytes begin: in which envelopes, at which segment_pos of the set. */
void x12_place(struct x12_reader *reader, uint32_t segment_pos);
/* The segment_pos that the next segment of the open set has; 0 outside sets. */
uint32_t x12_next_pos(const struct x12_reader *reader);
/*
 * Note a finding about what stands at segment.where: element `pos` of the segment, or the whole (0). It goes to the
 * sink with the next x12_notes_flush.
 */
void x12_note(struct x12_reader *reader, enum finding_code code, const char *segment_id, uint32_t pos,
	      const char *format, ...) __attribute__((format(printf, 5, 6)));
/* The same with a severity of its own. */
void x12_note_as(struct x12_reader *reader, enum finding_code code, enum finding_severity severity,
		 const char *segment_id, uint32_t pos, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* The value of the finding noted last. */
void x12_note_value(struct x12_reader *reader, struct slice value);
/* 0, or what the sink refused with. */
int x12_notes_flush(struct x12_reader *reader);

/* envelope.c: what is held opens or ends an envelope. Fills its struct, notes what is wrong. 0 or -ENOMEM. */
int x12_interchange_open(struct x12_reader *reader);
void x12_interchange_close(struct x12_reader *reader);
int x12_fgroup_open(struct x12_reader *reader);
void x12_fgroup_close(struct x12_reader *reader);
int x12_tset_open(struct x12_reader *reader);
void x12_tset_close(struct x12_reader *reader);
/* The TA1 that is held: notes where it has not the form of one. */
void x12_check_ta1(struct x12_reader *reader);
/* The trailer of the innermost open envelope is missing: note it. */
void x12_trailer_missing(struct x12_reader *reader);

#endif
