/*
 * finding: what is wrong in a sender's file, as data with a position.
 *
 * Units     positions are 1-based as X12 counts (ST = 1, 0 = not that deep); `offset` is 0-based bytes in the
 *           decoded stream (after inflate and EBCDIC), `line` 1-based.
 * Memory    slices are borrowed; a sink that keeps a finding copies it (finding_list_add does).
 * Source    shape: CONTRACT section 4; codes: tbl/findings.h.
 */
#ifndef MUSTER_FINDING_H
#define MUSTER_FINDING_H

#include <stdbool.h>
#include <stdint.h>

#include "muster/slice.h"

enum finding_scope { FINDING_INTERCHANGE, FINDING_FGROUP, FINDING_TSET, FINDING_SEGMENT, FINDING_ELEMENT };
enum finding_severity { FINDING_INFO, FINDING_WARNING, FINDING_ERROR, FINDING_OFF };

enum finding_code {
#define X(name, scope, ack, snip, severity, text) FINDING_##name,
#include "muster/tbl/findings.h"
#undef X
	FINDING_CODE_COUNT
};

struct finding_row {
	const char *code; /* lower case: the stable code of CONTRACT section 4 */
	enum finding_scope scope;
	const char *ack_code;
	uint8_t snip;
	enum finding_severity severity;
	const char *text;
};

const struct finding_row *finding_row(enum finding_code code);
/* "TA1", "AK9", "IK5", "IK3", "IK4". */
const char *finding_ack_segment(enum finding_scope scope);
const char *finding_severity_name(enum finding_severity severity);
/* False when no code is called that. */
bool finding_code_of(struct slice name, enum finding_code *ret_code);

/* Where a thing starts in the file. */
struct x12_where {
	uint64_t offset;                    /* 0-based bytes in the decoded stream */
	uint64_t line;                      /* 1-based */
	uint32_t interchange, fgroup, tset; /* ordinals in the file, 1-based; 0 = outside */
	uint32_t segment_pos;               /* ST = 1; 0 for envelope segments */
	uint32_t member_pos;                /* ordinal of the INS (834) or remittance line (820) in its set; 0 = none */
	uint16_t element_pos, component_pos, repetition_pos;
};

struct finding {
	enum finding_code code;
	enum finding_severity severity;
	struct x12_where where;
	char segment_id[4];        /* NUL-terminated; "" for none */
	struct slice loop;         /* guide loop id, static; empty outside loops */
	struct slice value;        /* what was found, raw; a display masks and escapes it */
	struct slice message;      /* what was expected and what to do; may be empty: then the row's text */
	/* For people: the raw segment at `where`, and the fault's place in it, 0-based. Empty where it is not at hand. */
	struct slice segment;
	uint32_t segment_at;
	uint16_t element_ref;      /* X12 data element number, 0 = unknown (IK402) */
	/* The rule, check of sense or code list that was missed, static; empty = none. Profiles change severities by it. */
	struct slice rule;
	bool sensitive;            /* value is (part of) an SSN or account: masked in every display */
	/* For situational findings: the element whose value made the rule apply (999 CTX). segment_pos 0 = none. */
	struct {
		char segment_id[4];
		uint32_t segment_pos;
		uint16_t element_pos, component_pos;
		struct slice loop;
	} trigger;
};

/* Who takes findings. A negative return stops the reading and is forwarded. */
struct finding_sink {
	void *context;
	int (*take)(void *context, const struct finding *finding);
};

/* Call the sink; a NULL sink or take ignores the finding. FINDING_OFF findings are dropped here. */
int finding_report(const struct finding_sink *sink, const struct finding *finding);

struct arena;
/*
 * What of finding->segment is worth keeping, at most `bytes_max`: with the fault in it. *ret_at: segment_at in that part.
 */
struct slice finding_segment_part(const struct finding *finding, size_t bytes_max, uint32_t *ret_at);

/* A list in an arena, all text copied; at most `max` kept, the rest counted. */
struct finding_list {
	struct arena *arena;
	struct finding *items;
	uint32_t count, capacity, max;
	uint64_t errors, warnings, infos, dropped;
};
void finding_list_init(struct finding_list *list, struct arena *arena, uint32_t max);
/* 0 or -ENOMEM. */
int finding_list_add(struct finding_list *list, const struct finding *finding);

#endif
