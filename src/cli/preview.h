/*
 * preview: what a file would do, family by family, made ready to be shown.
 *
 * One look at a changeset (preview_look), three ways to show it: text, page, and lines of JSON. Names and values are
 * those of partners: the writers make them visible, and differences come masked from decide.
 */
#ifndef MUSTER_CLI_PREVIEW_H
#define MUSTER_CLI_PREVIEW_H

#include "muster/batch.h"
#include "muster/decide.h"

/* Families that text and page hold; what is beyond them is counted, and stands in a changeset (-o). */
#define PREVIEW_TEXT_FAMILIES 20000u
#define PREVIEW_PAGE_FAMILIES 2000u

struct preview_difference {
	const char *field;          /* "city", "ends_on" */
	struct slice coverage;      /* of a span: "G1001 NHMO20 HLT"; empty for person data */
	struct slice before, after; /* masked; before empty: there was nothing */
};

/* What becomes of one person by one record. */
struct preview_entry {
	char sign; /* + ~ - = and ?; ! for what an audit only reports */
	struct slice actions;   /* "terminate", "terminate and add" */
	struct slice member_id; /* empty: he will be given one */
	struct slice last_name, first_name;
	const char *relation;   /* "subscriber", "spouse", "child", else "dependent" */
	uint32_t member_pos, segment_pos;
	bool along;             /* the record is about another of the family: the subscriber */
	bool left_out;          /* there is none: a full file leaves him out */
	const char *rule;
	double confidence;
	struct preview_difference *differences;
	uint32_t difference_count;
	enum category category; /* of ?, with what follows */
	struct slice reason;    /* masked */
	const struct match_candidate *candidates;
	uint32_t candidate_count;
};

struct preview_family {
	struct slice subscriber_id, last_name; /* name: of the subscriber, else of the first */
	struct slice set_control;
	struct preview_entry *entries; /* by record */
	uint32_t entry_count;
	struct slice *warnings; /* masked */
	uint32_t *warning_records; /* about which record; 0: the family */
	uint32_t warning_count;
};

struct preview_counts {
	uint64_t families, signs[128], categories[CATEGORY_COUNT], warnings;
};

/* `audited`: nothing would be done, what differs is reported. 0 or -ENOMEM. All in changeset->arena. */
int preview_look(const struct enroll_family *family, const struct changeset *changeset, bool audited,
                 struct preview_family *ret_family);
void preview_count(struct preview_counts *counts, const struct preview_family *family);
/* Does somebody change, or wait? */
bool preview_is_news(const struct preview_family *family);
/* "2 add, 1 change" of what counts for something, in the order of signs. */
void preview_add_counts(struct buffer *out, const struct preview_counts *counts);

/* "record 4", "along with record 4", "in no record" */
void preview_add_place(struct buffer *out, const struct preview_entry *entry);
void preview_family_text(struct buffer *out, const struct preview_family *family, bool verbose);
void preview_family_html(struct buffer *out, const struct preview_family *family);
void preview_family_json(struct buffer *out, const struct preview_family *family);

/* A page around what stands in `body`, which is HTML already. */
void preview_page(struct buffer *out, const struct buffer *body);
/* The head of a file on the page: counts, sets, what waits. `sets` is HTML. */
void preview_file_html(struct buffer *out, const struct batch_result *result, const struct preview_counts *counts,
                       const struct buffer *sets);

#endif
