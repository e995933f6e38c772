#include "supersede.h"

struct supersede {
	struct pass *pass;
	const struct member_record *record;
	struct slice sponsor_id; /* of its family */
	uint64_t original_no; /* the file that is corrected */
	struct slice items[LIMIT_CANDIDATES];
	uint32_t count;
};

/* Is the item's file the one corrected here, or another correction of it? */
static int supersede_is_kin(struct supersede *supersede, uint64_t file_no, bool *ret_kin)
{
	struct job *job = pass_job(supersede->pass);
	const struct store_file *file;
	int r;

	*ret_kin = file_no == supersede->original_no;
	if (*ret_kin || file_no == job->file.file_no)
		return 0;
	r = store_file_get(job->store, file_no, &supersede->pass->family_arena, &file);
	if (r == 0 && file != NULL)
		*ret_kin = file->reprocess_of == supersede->original_no;
	return r;
}

static int supersede_note(void *context, const struct store_exception *item)
{
	struct supersede *supersede = context;
	const struct member_record *record = supersede->record;
	bool same = memcmp(&item->content_hash, &record->content_hash, sizeof(record->content_hash)) == 0;
	bool kin;
	int r;

	/* Another sponsor's set may have the same number in the same place. */
	if (supersede->count == LIMIT_CANDIDATES || (!same && (item->member_pos != record->member_pos ||
							       !slice_equal(item->sponsor_id, supersede->sponsor_id))))
		return 0;
	r = supersede_is_kin(supersede, item->file_no, &kin);
	if (r == 0 && kin)
		supersede->items[supersede->count++] = arena_dup(&supersede->pass->family_arena, item->item_id);
	return r;
}

int supersede_item(struct store *store, struct slice item_id, struct arena *arena)
{
	const struct store_exception *stored;
	struct store_exception item;
	int r = store_exception_get(store, item_id, arena, &stored);

	if (r < 0 || stored == NULL)
		return r;
	item = *stored;
	item.status = STORE_EXCEPTION_SUPERSEDED;
	r = store_exception_update(store, &item);
	return r > 0 ? MUSTER_ERROR_INTERNAL : r;
}

int supersede_items(struct pass *pass, const struct member_record *record, struct slice sponsor_id)
{
	struct supersede supersede = {.pass = pass,
				      .record = record,
				      .sponsor_id = sponsor_id,
				      .original_no = pass_job(pass)->file.reprocess_of};
	const struct store_exception_filter filter = {
		.statuses = 1u << STORE_EXCEPTION_OPEN | 1u << STORE_EXCEPTION_ASSIGNED,
		.subscriber_id = record->subscriber_id,
	};
	uint32_t i;
	int r;

	if (supersede.original_no == 0 || slice_is_empty(record->subscriber_id))
		return 0;
	r = store_exceptions_each(pass_job(pass)->store, &filter, supersede_note, &supersede);
	for (i = 0; r == 0 && i < supersede.count; i++)
		r = supersede_item(pass_job(pass)->store, supersede.items[i], &pass->family_arena);
	return r;
}

/* ---- lines of a remittance ---- */

struct line_search {
	struct pass *pass;
	const struct remittance_line *line;
	struct slice items[LIMIT_CANDIDATES];
	uint32_t count;
};

/* A line that was corrected keeps its place, and something that tells whose it is. */
static int line_is_kin(struct line_search *search, const struct store_exception *item, bool *ret_kin)
{
	const struct remittance_line *line = search->line;
	const struct store_remittance_line *waiting;
	int r;

	*ret_kin = memcmp(&item->content_hash, &line->content_hash, sizeof(line->content_hash)) == 0;
	if (*ret_kin || item->member_pos != line->line_pos)
		return 0;
	r = store_remittance_line_get(pass_job(search->pass)->store, item->tset_no, item->member_pos,
				      &search->pass->family_arena, &waiting);
	if (r == 0 && waiting != NULL)
		*ret_kin = slice_equal(waiting->reference, line->reference) ||
			   slice_equal(waiting->entity_id, line->entity_id) ||
			   waiting->amount == line->paid + line->adjusted_before;
	return r;
}

static int line_note(void *context, const struct store_exception *item)
{
	struct line_search *search = context;
	bool kin;
	int r;

	if (search->count == LIMIT_CANDIDATES || item->tset_no == search->pass->tset.tset_no)
		return 0;
	r = line_is_kin(search, item, &kin);
	if (r == 0 && kin) {
		search->items[search->count] = arena_dup(&search->pass->family_arena, item->item_id);
		r = search->items[search->count++].data != NULL ? 0 : -ENOMEM;
	}
	return r;
}

int supersede_line(struct pass *pass, const struct remittance_line *line)
{
	struct line_search search = {.pass = pass, .line = line};
	const struct store_exception_filter filter = {
		.statuses = 1u << STORE_EXCEPTION_OPEN | 1u << STORE_EXCEPTION_ASSIGNED,
		.tset_no = pass->tset.revision_of,
		.with_revisions = true,
	};
	uint32_t i;
	int r;

	if (pass->tset.revision_of == 0)
		return 0;
	r = store_exceptions_each(pass_job(pass)->store, &filter, line_note, &search);
	for (i = 0; r == 0 && i < search.count; i++)
		r = supersede_item(pass_job(pass)->store, search.items[i], &pass->family_arena);
	return r;
}
