/*
 * decide: a representative's decisions, recorded.
 *
 *   open <-> assigned               queue_assign; queue_next only leases
 *   open, assigned -> resolved      match:<id>, not:<id>, new, release
 *   open, assigned with a proposal  release of a set, which another operator's release confirms; withdraw ends it
 *   open, assigned -> rejected      reject
 *   open, assigned -> skipped       skip
 *
 * Every arrow is one update against the version that was read, with its audit row, in one transaction. What the
 * decision does to members and money happens when batch runs the record again.
 */
#include "item.h"
#include "muster/json.h"
#include "muster/log.h"

/* One piece of work on one item, inside a write transaction. */
struct work {
	struct store *store;
	struct env *env;
	struct arena arena;
	struct buffer *why;
	struct slice operator_id;
	struct store_exception item; /* a copy that may be changed */
	bool own_transaction;
};

static int work_begin(struct work *work, struct store *store, struct env *env, struct slice operator_id,
		      struct buffer *why)
{
	int r;

	*work = (struct work){.store = store, .env = env, .why = why, .operator_id = operator_id};
	arena_init(&work->arena, env, 0, 0);
	if (store_is_writing(store))
		return 0;
	r = store_begin(store, STORE_WRITE);
	work->own_transaction = r == 0;
	return r;
}

/* Keep it all, or nothing of it. Forwards r, or what the commit says. */
static int work_end(struct work *work, int r)
{
	if (work->own_transaction && r == 0)
		r = store_commit(work->store);
	else if (work->own_transaction)
		store_rollback(work->store);
	arena_fini(&work->arena);
	return r;
}

/* The item, still undecided. `note_given`: it may be taken over from who leases it. */
static int work_open(struct work *work, struct slice item_id, uint32_t version, bool note_given)
{
	const struct store_exception *stored;
	const struct store_exception *item = &work->item;
	int r = store_exception_get(work->store, item_id, &work->arena, &stored);

	if (r != 0)
		return r;
	if (stored == NULL) {
		buffer_printf(work->why, "there is no item %.*s", (int)item_id.len, item_id.data);
		return QUEUE_E_UNKNOWN;
	}
	work->item = *stored;
	if (version != 0 && version != item->version) {
		buffer_printf(work->why, "the item has changed since: it is at version %u, the decision was made on %u",
			      item->version, version);
		return QUEUE_E_STALE;
	}
	if (item->status != STORE_EXCEPTION_OPEN && item->status != STORE_EXCEPTION_ASSIGNED) {
		buffer_printf(work->why, "the item is %s already", store_exception_status_name(item->status));
		return QUEUE_E_CLOSED;
	}
	if (item->lease_until_ms > env_clock_ms(work->env) && !slice_equal(item->owner, work->operator_id) &&
	    !note_given) {
		buffer_printf(work->why, "%.*s works on the item now; take it over with a note", (int)item->owner.len,
			      item->owner.data);
		return QUEUE_E_TAKEN;
	}
	return 0;
}

/* Write the changed item and its audit row. */
static int work_save(struct work *work, const char *kind, struct slice what)
{
	struct store_audit audit = {
		.actor = work->operator_id, .kind = slice_from(kind), .subject = work->item.item_id};
	int r = store_exception_update(work->store, &work->item);

	if (r == STORE_E_STALE || r == STORE_E_MISSING)
		return log_failure(MUSTER_ERROR_INTERNAL, "an item changed inside a transaction of ours");
	if (r != 0)
		return r;
	audit.text = arena_printf(&work->arena, "%.*s, now version %u", (int)what.len, what.data, work->item.version);
	if (audit.text.data == NULL)
		return -ENOMEM;
	return store_audit_append(work->store, &audit);
}

static int refuse(struct work *work, const char *text)
{
	buffer_add_text(work->why, text);
	return QUEUE_E_DECISION;
}

static bool is_covered(const struct member *member, date_day day)
{
	uint32_t i;

	for (i = 0; i < member->span_count; i++)
		if (!member->spans[i].voided &&
		    (member->spans[i].ends_on == DATE_NONE || member->spans[i].ends_on >= day))
			return true;
	return false;
}

static struct family_key item_family(const struct store_exception *item)
{
	return (struct family_key){.sponsor_id = item->sponsor_id, .subscriber_id = item->subscriber_id};
}

/* Is somebody the family's subscriber, alive and covered? Else a dependent may have taken his place. */
static int has_subscriber(struct work *work, const struct member *but, bool *ret_has)
{
	const struct member **household;
	uint32_t count, i;
	int r = store_household(work->store, item_family(&work->item), &work->arena, &household, &count);

	*ret_has = false;
	for (i = 0; r == 0 && i < count; i++)
		*ret_has |= household[i]->member_no != but->member_no && slice_is(household[i]->relationship, "18") &&
			    household[i]->died_on == DATE_NONE &&
			    is_covered(household[i], date_of_clock_ms(work->item.created_ms));
	return r;
}

/*
 * A dependent's record does not mean the subscriber of his own family, nor the subscriber's a dependent: a slip of the
 * finger would put one's name and birth date on the other.
 */
static int check_role(struct work *work, const struct member *member)
{
	struct slice sent = SLICE_EMPTY;
	bool same_family = family_key_equal(family_key_of(member), item_family(&work->item)), is_subscriber, has = true;
	int r = 0;

	if (!json_find(work->item.incoming, "relationship", &sent) || !same_family)
		return 0;
	sent = json_decode(&work->arena, sent);
	is_subscriber = slice_is(member->relationship, "18");
	if (slice_is_empty(sent) || slice_is(sent, "18") == is_subscriber)
		return sent.data != NULL ? 0 : -ENOMEM;
	if (!is_subscriber)
		r = has_subscriber(work, member, &has);
	if (r < 0 || !has)
		return r;
	buffer_printf(work->why,
		      is_subscriber ? "%.*s is the subscriber of this family; the record is a dependent's (INS02 %.*s)"
				    : "%.*s is a dependent of this family; the record is the subscriber's (INS02 %.*s)",
		      (int)member->member_id.len, member->member_id.data, (int)sent.len, sent.data);
	return QUEUE_E_DECISION;
}

/* `match:<id>`: the id must be on file, and may be meant. */
static int check_match(struct work *work, struct slice id)
{
	const struct member *member = NULL;
	const struct group *group = NULL;
	bool money;
	int r = item_is_money(work->store, &work->arena, &work->item, &money);

	if (r == 0)
		r = store_member_get(work->store, id, &work->arena, &member);
	if (r == 0 && member == NULL && money)
		r = store_group_get(work->store, id, &work->arena, &group);
	if (r == 0 && member != NULL && !money)
		return check_role(work, member);
	if (r != 0 || member != NULL || group != NULL)
		return r;
	return refuse(work, money ? "neither a member nor a group with this number is on file"
				  : "no member with this number is on file");
}

/* A held set, or somebody whom a full file left out; and the note says on whose word. */
static int check_release(struct work *work, struct slice note)
{
	const struct store_exception *item = &work->item;
	const struct store_tset *tset;
	struct slice purpose;
	bool overtaken;
	int r;

	if (slice_trim(note).len == 0 && slice_is_empty(item->proposal))
		return refuse(work, "a release wants a note: who said that it may go on");
	if (item->category == CATEGORY_OMITTED)
		return 0;
	if (item->member_pos != 0)
		return refuse(work, "only a held set, or an omission, can be released");
	if (item->tset_no == 0)
		return refuse(work, "a file that waits as a whole is not released: the partner sends it again");
	r = store_tset_get(work->store, item->tset_no, &work->arena, &tset);
	if (r < 0)
		return r;
	if (tset == NULL || tset->outcome != STORE_TSET_HELD || !slice_is(tset->set_id, "834"))
		return refuse(work, "only a held 834 set can be released");
	if (json_find(tset->header, "purpose", &purpose) && slice_is(json_decode(&work->arena, purpose), "22"))
		return refuse(work, "an information copy is never applied");
	r = store_full_is_overtaken(work->store, item->tset_no, SLICE_EMPTY, &overtaken);
	return r == 0 && overtaken ? refuse(work, "a newer full file of its group was applied since") : r;
}

/*
 * Whose word it takes to let a held set go on. *ret_status: resolved, or as it is with a proposal in the item.
 */
static int check_four_eyes(struct work *work, enum queue_release release, enum store_exception_status *ret_status)
{
	struct store_exception *item = &work->item;

	if (item->category == CATEGORY_OMITTED || release == QUEUE_RELEASE_ALONE)
		return 0;
	if (release == QUEUE_RELEASE_DENIED) {
		buffer_printf(work->why, "%.*s may not release a held set", (int)work->operator_id.len,
			      work->operator_id.data);
		return QUEUE_E_DENIED;
	}
	if (slice_is_empty(item->proposal)) {
		item->proposal = SLICE_LITERAL("release");
		item->proposed_by = work->operator_id;
		*ret_status = item->status;
	} else if (slice_equal_nocase(item->proposed_by, work->operator_id)) {
		buffer_printf(work->why, "%.*s has proposed the release: another operator has to confirm it",
			      (int)item->proposed_by.len, item->proposed_by.data);
		return QUEUE_E_DECISION;
	}
	return 0;
}

/* `withdraw`: nobody is to confirm it any more. */
static int check_withdraw(struct work *work)
{
	if (slice_is_empty(work->item.proposal))
		return refuse(work, "nothing is proposed for this item");
	work->item.proposal = SLICE_EMPTY;
	work->item.proposed_by = work->operator_id;
	return 0;
}

/* `not:<id>`: he must have been shown; what nobody asked is not answered. */
static int check_not(struct work *work, struct slice id)
{
	static const struct hash no_identity;
	uint32_t i;

	if (memcmp(&work->item.identity, &no_identity, sizeof(no_identity)) == 0)
		return refuse(work, "this item does not ask who is meant: there is nobody to rule out");
	for (i = 0; i < work->item.candidate_count; i++)
		if (slice_equal(work->item.candidates[i].member_id, id))
			return 0;
	return refuse(work, "this member is none of the item's candidates");
}

static int check_decision(struct work *work, const struct queue_decision *whole, struct slice decision,
			  enum store_exception_status *ret_status)
{
	bool money;
	int r;

	*ret_status = STORE_EXCEPTION_RESOLVED;
	if (slice_is(decision, "withdraw")) {
		*ret_status = work->item.status;
		return check_withdraw(work);
	}
	if (slice_is(decision, "reject") || slice_is(decision, "skip")) {
		*ret_status = slice_is(decision, "skip") ? STORE_EXCEPTION_SKIPPED : STORE_EXCEPTION_REJECTED;
		return 0;
	}
	if (slice_is(decision, "release")) {
		r = check_release(work, whole->note);
		return r == 0 ? check_four_eyes(work, whole->release, ret_status) : r;
	}
	if (work->item.category == CATEGORY_OMITTED)
		return refuse(work, "an omission takes release (the coverage ends), reject (it stays) or skip");
	if (!slice_is(decision, "new") && !(slice_starts_with(decision, "match:") && decision.len > 6) &&
	    !(slice_starts_with(decision, "not:") && decision.len > 4))
		return refuse(work,
			      "a decision is one of match:<member id>, not:<member id>, new, release, reject, skip");
	if (work->item.member_pos == 0)
		return refuse(work, "a held set or file takes release, reject or skip");
	if (slice_starts_with(decision, "not:"))
		return check_not(work, slice_of(decision.data + 4, decision.len - 4));
	if (decision.len > 6)
		return check_match(work, slice_of(decision.data + 6, decision.len - 6));
	r = item_is_money(work->store, &work->arena, &work->item, &money);
	return r == 0 && money ? refuse(work, "money cannot be new: match:<id>, reject or skip") : r;
}

/* One more line of the note. */
static int add_note(struct work *work, struct slice note)
{
	struct slice old = work->item.note;

	note = slice_trim(note);
	if (note.len == 0)
		return 0;
	if (old.len + note.len + 1 > QUEUE_NOTE_BYTES_MAX)
		return refuse(work, "the note is too long");
	work->item.note = old.len == 0 ? note
				       : arena_printf(&work->arena, "%.*s\n%.*s", (int)old.len, old.data, (int)note.len,
						      note.data);
	return work->item.note.data != NULL ? 0 : -ENOMEM;
}

/* Who proposed it, where two have decided, is told too. */
static int save_decision(struct work *work, struct slice text)
{
	const struct store_exception *item = &work->item;
	struct slice what = text;

	work->item.decision = text;
	work->item.operator_id = work->operator_id;
	if (!slice_is_empty(item->proposal))
		what = arena_printf(&work->arena, "%.*s, where %.*s had proposed %.*s", (int)text.len, text.data,
				    (int)item->proposed_by.len, item->proposed_by.data, (int)item->proposal.len,
				    item->proposal.data);
	return what.data != NULL ? work_save(work, "decision", what) : -ENOMEM;
}

int queue_resolve(struct store *store, struct env *env, const struct queue_decision *decision,
		  struct buffer *reterr_text)
{
	struct slice text = slice_trim(decision->decision);
	enum store_exception_status status = STORE_EXCEPTION_OPEN;
	struct work work;
	bool decided = false;
	int r = work_begin(&work, store, env, decision->operator_id, reterr_text);

	if (r == 0)
		r = work_open(&work, decision->item_id, decision->version, !slice_is_empty(slice_trim(decision->note)));
	if (r == 0)
		r = check_decision(&work, decision, text, &status);
	if (r == 0)
		r = add_note(&work, decision->note);
	if (r == 0) {
		decided = status != STORE_EXCEPTION_OPEN && status != STORE_EXCEPTION_ASSIGNED;
		work.item.status = status;
		work.item.lease_until_ms = 0;
		r = decided ? save_decision(&work, text) : work_save(&work, "proposal", text);
	}
	if (r == 0 && decided)
		r = item_label(store, &work.arena, &work.item);
	r = work_end(&work, r);
	return r == 0 && !decided ? QUEUE_E_PROPOSED : r;
}

int queue_assign(struct store *store, struct env *env, struct slice item_id, struct slice owner,
		 struct slice operator_id, struct buffer *reterr_text)
{
	struct work work;
	int r = work_begin(&work, store, env, operator_id, reterr_text);

	if (r == 0)
		r = work_open(&work, item_id, 0, true);
	if (r == 0) {
		work.item.status = owner.len > 0 ? STORE_EXCEPTION_ASSIGNED : STORE_EXCEPTION_OPEN;
		work.item.owner = owner;
		work.item.lease_until_ms = 0;
		r = work_save(&work, "assign", owner.len > 0 ? owner : SLICE_LITERAL("to everybody"));
	}
	return work_end(&work, r);
}

int queue_note(struct store *store, struct env *env, struct slice item_id, struct slice note, struct slice operator_id,
	       struct buffer *reterr_text)
{
	struct work work;
	int r = work_begin(&work, store, env, operator_id, reterr_text);

	if (r == 0)
		r = work_open(&work, item_id, 0, true);
	if (r == 0 && slice_is_empty(slice_trim(note)))
		r = refuse(&work, "the note is empty");
	if (r == 0)
		r = add_note(&work, note);
	if (r == 0)
		r = work_save(&work, "note", SLICE_LITERAL("a note"));
	return work_end(&work, r);
}

/* The walk over free items ends at the first that this operator may have. */
struct next {
	struct work *work;
	bool found;
};

static int next_item(void *context, const struct store_exception *item)
{
	struct next *next = context;

	if (item->status == STORE_EXCEPTION_ASSIGNED && !slice_equal(item->owner, next->work->operator_id))
		return 0;
	next->found = true;
	next->work->item.item_id = arena_dup(&next->work->arena, item->item_id);
	return next->work->item.item_id.data != NULL ? 1 : -ENOMEM;
}

static int lease_next(struct work *work)
{
	struct next next = {.work = work};
	struct store_exception_filter filter = {
		.statuses = 1u << STORE_EXCEPTION_OPEN | 1u << STORE_EXCEPTION_ASSIGNED,
		.free_at_ms = env_clock_ms(work->env),
	};
	int r = store_exceptions_each(work->store, &filter, next_item, &next);

	if (r < 0)
		return r;
	if (!next.found)
		return QUEUE_E_EMPTY;
	r = work_open(work, work->item.item_id, 0, true);
	if (r != 0)
		return r;
	work->item.owner = work->operator_id;
	work->item.lease_until_ms = filter.free_at_ms + QUEUE_LEASE_MS;
	return work_save(work, "lease", SLICE_LITERAL("leased"));
}

int queue_next(struct store *store, struct env *env, struct slice operator_id, struct arena *arena,
	       struct slice *ret_item_id)
{
	struct slice item_id = SLICE_EMPTY;
	struct buffer why;
	struct work work;
	int r;

	buffer_init(&why, env);
	r = work_begin(&work, store, env, operator_id, &why);
	if (r == 0)
		r = lease_next(&work);
	if (r == 0) {
		item_id = arena_dup(arena, work.item.item_id);
		r = item_id.data != NULL ? 0 : -ENOMEM;
	}
	r = work_end(&work, r);
	if (r == 0)
		*ret_item_id = item_id;
	buffer_fini(&why);
	return r;
}
