/*
 * warning: what is told of records beside their outcomes.
 */
#include "store_internal.h"

int store_warning_add(struct store *store, const struct store_warning *warning)
{
	struct query query;

	query_open(&query, store,
		   "INSERT INTO warnings(tset_no, member_pos, text, later) VALUES(?, ?, ?, ?) ON CONFLICT DO NOTHING");
	query_u64(&query, warning->tset_no);
	query_i64(&query, warning->member_pos);
	query_text(&query, warning->text);
	query_bool(&query, warning->later);
	return query_run(&query);
}

static int warnings_between(struct store *store, uint64_t tset_no, uint32_t first_pos, uint32_t last_pos,
			    store_warning_fn fn, void *context)
{
	struct query query;

	query_open(&query, store,
		   "SELECT w.tset_no, w.member_pos, w.text, w.later, t.control_number FROM warnings w "
		   "JOIN tsets t ON t.tset_no = w.tset_no WHERE w.tset_no = ? AND w.member_pos BETWEEN ? AND ? "
		   "ORDER BY w.member_pos, w.text");
	query_u64(&query, tset_no);
	query_i64(&query, first_pos);
	query_i64(&query, last_pos);
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);
		struct store_warning warning;

		warning.tset_no = read_u64(&query);
		warning.member_pos = read_u32(&query);
		warning.text = read_text(&query, &store->scratch);
		warning.later = read_bool(&query);
		warning.tset_control = read_text(&query, &store->scratch);
		if (query.error == 0)
			query.error = fn(context, &warning);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}

int store_warnings_of_record(struct store *store, uint64_t tset_no, uint32_t member_pos, store_warning_fn fn,
			     void *context)
{
	return warnings_between(store, tset_no, member_pos, member_pos, fn, context);
}

struct warning_walk {
	struct store *store;
	store_warning_fn fn;
	void *context;
};

static int warnings_of_next_tset(void *context, const struct store_tset *tset)
{
	struct warning_walk *walk = context;

	return warnings_between(walk->store, tset->tset_no, 0, UINT32_MAX, walk->fn, walk->context);
}

int store_warnings_of_file(struct store *store, uint64_t file_no, store_warning_fn fn, void *context)
{
	struct warning_walk walk = {store, fn, context};

	return store_tsets_each(store, file_no, warnings_of_next_tset, &walk);
}
