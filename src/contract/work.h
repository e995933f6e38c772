/* work: what the parts of one order share while it is carried out. */
#ifndef CONTRACT_WORK_H
#define CONTRACT_WORK_H

#include "muster/contract.h"
#include "muster/log.h"

/* For %.*s */
#define SLICE_ARGS(s) (int)(s).len, (s).len > 0 ? (s).data : ""

struct work {
	struct env *env;
	struct store *store;
	struct arena *arena;        /* the caller's: for the whole order */
	struct arena member_arena;  /* reset after each member */
	const struct contract_order *order;
	struct contract_report *report;
	const struct group *group;  /* as it was before */
	const struct group *other;  /* separate, link: as it was; NULL: not there */
	const struct store_order *answered; /* reinstate: the termination; NULL: muster knows of none */
	struct store_file file;
	struct store_tset tset;
	struct apply_origin origin;
	struct hash_content_state payload;
	uint32_t member_pos;        /* of the last member */
	uint32_t group_op_index;
};

/* Sets the reason. Returns CONTRACT_E_REFUSED, or -ENOMEM. */
int work_refuse(struct work *work, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* record.c: the order as a file, and the contracts' own changes. */
int record_open(struct work *work, const struct store_order *order);
int record_close(struct work *work);
/* The contract becomes `after`; `before` NULL: it is new. */
int record_group(struct work *work, const char *action, const struct group *before, const struct group *after);
/* A notice to the group. */
int record_notice(struct work *work, const char *kind, struct slice group_id, struct slice reason);

/* members.c: one member's spans changed by the order. */
struct member_work {
	struct work *work;
	const struct member *member; /* as stored */
	struct decide_image image;
	struct changeset changeset;
};
/* `room`: how many spans may be added. */
int member_open(struct work *work, const struct member *member, uint32_t room, struct member_work *ret_member);
/* The span at `index` was changed in image.after.spans: its operation. */
int member_changed(struct member_work *it, enum decide_action action, uint32_t index);
/* The span at `index` was ended, and goes on as `next`: one operation, a transfer. */
int member_continued(struct member_work *it, uint32_t index, const struct coverage_span *next);
/* Write him, when there is anything to write. */
int member_close(struct member_work *it);

/* The four orders: check touches nothing; proceed acts. */
int termination_check(struct work *work);
int termination_proceed(struct work *work);
int reinstatement_check(struct work *work);
int reinstatement_proceed(struct work *work);
int separation_check(struct work *work);
int separation_proceed(struct work *work);
int linking_check(struct work *work);
int linking_proceed(struct work *work);

#endif
