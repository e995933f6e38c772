/*
 * reference: groups, plans, brokers, operators; settings and sequences.
 *
 * Each put makes the row equal to what is given, and says whether it was new, another, or the same: loading a file
 * again changes nothing.
 */
#include <string.h>

#include "store_internal.h"

static const char *const group_statuses[] = {[GROUP_ACTIVE] = "active", [GROUP_TERMINATED] = "terminated"};
static const char *const cobra_admins[] = {
	[COBRA_ADMIN_SELF] = "self", [COBRA_ADMIN_TPA] = "tpa", [COBRA_ADMIN_PLAN] = "plan"};

/* The upsert has run: what did it do? `there`: the row was there before. */
static int put_result(struct query *query, bool there, enum store_put *ret_put)
{
	struct store *store = query->store;
	int error = query_run(query);

	if (error != 0)
		return error;
	if (!there)
		*ret_put = STORE_ADDED;
	else
		*ret_put = sqlite3_changes(store->db) > 0 ? STORE_CHANGED : STORE_UNCHANGED;
	return 0;
}

/* Is there a row with this key? */
static int look_for(struct store *store, const char *sql, struct slice key, bool *ret_there)
{
	struct query query;

	query_open(&query, store, sql);
	query_text(&query, key);
	*ret_there = query_row(&query);
	return query_close(&query);
}

/* ---- groups -------------------------------------------------------------------------------------------------- */

#define GROUP_COLUMNS                                                                                                  \
	"group_id, name, region, status, effective_on, terminates_on, cobra_admin, renewal_month, billing_day, "       \
	"paper_bill, broker_id, sponsor_id, linked_group_id"

static void read_group(struct query *query, struct arena *arena, struct group *ret_group)
{
	ret_group->group_id = read_text(query, arena);
	ret_group->name = read_text(query, arena);
	ret_group->region = read_text(query, arena);
	ret_group->status = (enum group_status)read_name(query, group_statuses, 2);
	ret_group->effective_on = read_day(query);
	ret_group->terminates_on = read_day(query);
	ret_group->cobra_admin = (enum cobra_admin)read_name(query, cobra_admins, 3);
	ret_group->renewal_month = (int)read_i64(query);
	ret_group->billing_day = (int)read_i64(query);
	ret_group->paper_bill = read_bool(query);
	ret_group->broker_id = read_text(query, arena);
	ret_group->sponsor_id = read_text(query, arena);
	ret_group->linked_group_id = read_text(query, arena);
}

static int finish_group(struct query *query, struct arena *arena, const struct group **ret_group)
{
	struct group *group;

	*ret_group = NULL;
	if (query_row(query)) {
		group = query_alloc(query, arena, sizeof(*group));
		if (group != NULL) {
			read_group(query, arena, group);
			*ret_group = group;
		}
	}
	return query_close(query);
}

int store_group_get(struct store *store, struct slice group_id, struct arena *arena, const struct group **ret_group)
{
	struct query query;

	query_open(&query, store, "SELECT " GROUP_COLUMNS " FROM groups WHERE group_id = ?");
	query_text(&query, group_id);
	return finish_group(&query, arena, ret_group);
}

int store_group_by_sponsor(struct store *store, struct slice sponsor_id, struct arena *arena,
			   const struct group **ret_group)
{
	struct query query;

	query_open(&query, store,
		   "SELECT " GROUP_COLUMNS " FROM groups WHERE sponsor_id = ?1 AND sponsor_id <> '' "
		   "AND (SELECT count(*) FROM groups WHERE sponsor_id = ?1 AND sponsor_id <> '') = 1");
	query_text(&query, sponsor_id);
	return finish_group(&query, arena, ret_group);
}

int store_group_put(struct store *store, const struct group *group, enum store_put *ret_put)
{
	struct query query;
	bool there = false;
	int error = look_for(store, "SELECT 1 FROM groups WHERE group_id = ?", group->group_id, &there);

	if (error != 0)
		return error;
	query_open(
		&query, store,
		"INSERT INTO groups(" GROUP_COLUMNS
		") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(group_id) DO UPDATE "
		"SET (" GROUP_COLUMNS ") = (excluded.group_id, excluded.name, excluded.region, excluded.status, "
		"excluded.effective_on, excluded.terminates_on, excluded.cobra_admin, excluded.renewal_month, "
		"excluded.billing_day, excluded.paper_bill, excluded.broker_id, excluded.sponsor_id, "
		"excluded.linked_group_id) "
		"WHERE (groups.name, groups.region, groups.status, groups.effective_on, groups.terminates_on, "
		"groups.cobra_admin, groups.renewal_month, groups.billing_day, groups.paper_bill, groups.broker_id, "
		"groups.sponsor_id, groups.linked_group_id) IS NOT (excluded.name, excluded.region, excluded.status, "
		"excluded.effective_on, excluded.terminates_on, excluded.cobra_admin, excluded.renewal_month, "
		"excluded.billing_day, excluded.paper_bill, excluded.broker_id, excluded.sponsor_id, "
		"excluded.linked_group_id)");
	query_text(&query, group->group_id);
	query_text(&query, group->name);
	query_text(&query, group->region);
	query_cstr(&query, group_statuses[group->status]);
	query_day(&query, group->effective_on);
	query_day(&query, group->terminates_on);
	query_cstr(&query, cobra_admins[group->cobra_admin]);
	query_i64(&query, group->renewal_month);
	query_i64(&query, group->billing_day);
	query_bool(&query, group->paper_bill);
	query_text(&query, group->broker_id);
	query_text(&query, group->sponsor_id);
	query_text(&query, group->linked_group_id);
	known_forget(&store->known_groups);
	return put_result(&query, there, ret_put);
}

int store_groups_each(struct store *store, store_group_fn fn, void *context)
{
	struct query query;
	struct group group;

	query_open(&query, store, "SELECT " GROUP_COLUMNS " FROM groups ORDER BY group_id");
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);

		read_group(&query, &store->scratch, &group);
		if (query.error == 0)
			query.error = fn(context, &group);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}

int store_group_active_count(struct store *store, struct slice group_id, date_day day, uint64_t *ret_members,
			     uint64_t *ret_subscribers)
{
	struct query query;

	query_open(&query, store,
		   "SELECT count(*), coalesce(sum(relationship = '18'), 0) FROM members WHERE member_no IN "
		   "(SELECT s.member_no FROM " SPANS_OF_GROUP " AND s.voided = 0 AND s.begins_on <= ?2 "
		   "AND (s.ends_on IS NULL OR s.ends_on >= ?2))");
	query_text(&query, group_id);
	query_day(&query, day);
	*ret_members = *ret_subscribers = 0;
	if (query_row(&query)) {
		*ret_members = read_u64(&query);
		*ret_subscribers = read_u64(&query);
	}
	return query_close(&query);
}

/* Who has spans in the group lies in the order of members: the walk ends when there are enough of them active. */
int store_group_active_up_to(struct store *store, struct slice group_id, date_day day, uint64_t max,
			     uint64_t *ret_members)
{
	struct query query;

	query_open(&query, store,
		   "SELECT count(*) FROM (SELECT 1 FROM group_members g WHERE g.group_id = ?1 AND EXISTS "
		   "(SELECT 1 FROM coverage_spans s WHERE s.member_no = g.member_no AND s.group_id = ?1 "
		   "AND s.voided = 0 AND s.begins_on <= ?2 AND (s.ends_on IS NULL OR s.ends_on >= ?2)) LIMIT ?3)");
	query_text(&query, group_id);
	query_day(&query, day);
	query_i64(&query, max < INT64_MAX ? (int64_t)max : -1);
	*ret_members = 0;
	if (query_row(&query))
		*ret_members = read_u64(&query);
	return query_close(&query);
}

/* ---- plans --------------------------------------------------------------------------------------------------- */

#define PLAN_COLUMNS                                                                                                   \
	"plan_id, insurance_line, name, region, effective_on, terminates_on, rate_emp, rate_esp, rate_ech, "           \
	"rate_fam, rate_ind"

static void read_plan(struct query *query, struct arena *arena, struct plan *ret_plan)
{
	ret_plan->plan_id = read_text(query, arena);
	ret_plan->insurance_line = read_text(query, arena);
	ret_plan->name = read_text(query, arena);
	ret_plan->region = read_text(query, arena);
	ret_plan->effective_on = read_day(query);
	ret_plan->terminates_on = read_day(query);
	ret_plan->rate_emp = read_amount(query);
	ret_plan->rate_esp = read_amount(query);
	ret_plan->rate_ech = read_amount(query);
	ret_plan->rate_fam = read_amount(query);
	ret_plan->rate_ind = read_amount(query);
}

int store_plan_get(struct store *store, struct slice plan_id, struct arena *arena, const struct plan **ret_plan)
{
	struct query query;
	struct plan *plan;

	*ret_plan = NULL;
	query_open(&query, store, "SELECT " PLAN_COLUMNS " FROM plans WHERE plan_id = ?");
	query_text(&query, plan_id);
	if (query_row(&query)) {
		plan = query_alloc(&query, arena, sizeof(*plan));
		if (plan != NULL) {
			read_plan(&query, arena, plan);
			*ret_plan = plan;
		}
	}
	return query_close(&query);
}

int store_plan_put(struct store *store, const struct plan *plan, enum store_put *ret_put)
{
	struct query query;
	bool there = false;
	int error = look_for(store, "SELECT 1 FROM plans WHERE plan_id = ?", plan->plan_id, &there);

	if (error != 0)
		return error;
	query_open(&query, store,
		   "INSERT INTO plans(" PLAN_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(plan_id) DO UPDATE "
		   "SET (" PLAN_COLUMNS ") = (excluded.plan_id, excluded.insurance_line, excluded.name, "
		   "excluded.region, excluded.effective_on, excluded.terminates_on, excluded.rate_emp, "
		   "excluded.rate_esp, excluded.rate_ech, excluded.rate_fam, excluded.rate_ind) "
		   "WHERE (plans.insurance_line, plans.name, plans.region, plans.effective_on, plans.terminates_on, "
		   "plans.rate_emp, plans.rate_esp, plans.rate_ech, plans.rate_fam, plans.rate_ind) IS NOT "
		   "(excluded.insurance_line, excluded.name, excluded.region, excluded.effective_on, "
		   "excluded.terminates_on, excluded.rate_emp, excluded.rate_esp, excluded.rate_ech, "
		   "excluded.rate_fam, excluded.rate_ind)");
	query_text(&query, plan->plan_id);
	query_text(&query, plan->insurance_line);
	query_text(&query, plan->name);
	query_text(&query, plan->region);
	query_day(&query, plan->effective_on);
	query_day(&query, plan->terminates_on);
	query_amount(&query, plan->rate_emp);
	query_amount(&query, plan->rate_esp);
	query_amount(&query, plan->rate_ech);
	query_amount(&query, plan->rate_fam);
	query_amount(&query, plan->rate_ind);
	known_forget(&store->known_plans);
	return put_result(&query, there, ret_put);
}

int store_plans_each(struct store *store, store_plan_fn fn, void *context)
{
	struct query query;
	struct plan plan;

	query_open(&query, store, "SELECT " PLAN_COLUMNS " FROM plans ORDER BY plan_id");
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);

		read_plan(&query, &store->scratch, &plan);
		if (query.error == 0)
			query.error = fn(context, &plan);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}

/* ---- brokers ------------------------------------------------------------------------------------------------- */

#define BROKER_COLUMNS "broker_id, name, tax_id, commission_percent_e4, commission_pmpm"

static void read_broker(struct query *query, struct arena *arena, struct broker *ret_broker)
{
	ret_broker->broker_id = read_text(query, arena);
	ret_broker->name = read_text(query, arena);
	ret_broker->tax_id = read_text(query, arena);
	ret_broker->commission_percent_e4 = (int32_t)read_amount(query);
	ret_broker->commission_pmpm = read_amount(query);
}

int store_broker_get(struct store *store, struct slice broker_id, struct arena *arena, const struct broker **ret_broker)
{
	struct query query;
	struct broker *broker;

	*ret_broker = NULL;
	query_open(&query, store, "SELECT " BROKER_COLUMNS " FROM brokers WHERE broker_id = ?");
	query_text(&query, broker_id);
	if (query_row(&query)) {
		broker = query_alloc(&query, arena, sizeof(*broker));
		if (broker != NULL) {
			read_broker(&query, arena, broker);
			*ret_broker = broker;
		}
	}
	return query_close(&query);
}

int store_broker_put(struct store *store, const struct broker *broker, enum store_put *ret_put)
{
	struct query query;
	bool there = false;
	int error = look_for(store, "SELECT 1 FROM brokers WHERE broker_id = ?", broker->broker_id, &there);

	if (error != 0)
		return error;
	query_open(
		&query, store,
		"INSERT INTO brokers(" BROKER_COLUMNS ") VALUES(?,?,?,?,?) ON CONFLICT(broker_id) DO UPDATE SET "
		"(" BROKER_COLUMNS ") = (excluded.broker_id, excluded.name, excluded.tax_id, "
		"excluded.commission_percent_e4, excluded.commission_pmpm) "
		"WHERE (brokers.name, brokers.tax_id, brokers.commission_percent_e4, brokers.commission_pmpm) IS NOT "
		"(excluded.name, excluded.tax_id, excluded.commission_percent_e4, excluded.commission_pmpm)");
	query_text(&query, broker->broker_id);
	query_text(&query, broker->name);
	query_text(&query, broker->tax_id);
	query_amount(&query, broker->commission_percent_e4);
	query_amount(&query, broker->commission_pmpm);
	return put_result(&query, there, ret_put);
}

/* ---- operators ----------------------------------------------------------------------------------------------- */

#define OPERATOR_COLUMNS "operator_id, name, role, login"

static void read_operator(struct query *query, struct arena *arena, struct store_operator *ret_operator)
{
	ret_operator->operator_id = read_text(query, arena);
	ret_operator->name = read_text(query, arena);
	ret_operator->role = read_text(query, arena);
	ret_operator->login = read_text(query, arena);
}

int store_operator_get(struct store *store, struct slice operator_id, struct arena *arena,
		       const struct store_operator **ret_operator)
{
	struct query query;
	struct store_operator *row;

	*ret_operator = NULL;
	query_open(&query, store, "SELECT " OPERATOR_COLUMNS " FROM operators WHERE operator_id = ?");
	query_text(&query, operator_id);
	if (query_row(&query)) {
		row = query_alloc(&query, arena, sizeof(*row));
		if (row != NULL) {
			read_operator(&query, arena, row);
			*ret_operator = row;
		}
	}
	return query_close(&query);
}

int store_operator_put(struct store *store, const struct store_operator *operator_, enum store_put *ret_put)
{
	struct query query;
	bool there = false;
	int error = look_for(store, "SELECT 1 FROM operators WHERE operator_id = ?", operator_->operator_id, &there);

	if (error != 0)
		return error;
	query_open(&query, store,
		   "INSERT INTO operators(" OPERATOR_COLUMNS ") VALUES(?,?,?,?) ON CONFLICT(operator_id) DO UPDATE SET "
		   "(name, role, login) = (excluded.name, excluded.role, excluded.login) WHERE (operators.name, "
		   "operators.role, operators.login) IS NOT (excluded.name, excluded.role, excluded.login)");
	query_text(&query, operator_->operator_id);
	query_text(&query, operator_->name);
	query_text(&query, operator_->role);
	query_text(&query, operator_->login);
	return put_result(&query, there, ret_put);
}

int store_operators_each(struct store *store, store_operator_fn fn, void *context)
{
	struct store_operator row;
	struct query query;

	query_open(&query, store, "SELECT " OPERATOR_COLUMNS " FROM operators ORDER BY operator_id");
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);

		read_operator(&query, &store->scratch, &row);
		if (query.error == 0)
			query.error = fn(context, &row);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}

int store_operators_any(struct store *store, bool *ret_any)
{
	struct query query;

	query_open(&query, store, "SELECT EXISTS (SELECT 1 FROM operators)");
	*ret_any = query_row(&query) && read_bool(&query);
	return query_close(&query);
}

/* ---- settings and sequences ---------------------------------------------------------------------------------- */

int store_meta_get(struct store *store, const char *name, struct arena *arena, struct slice *ret_value)
{
	struct query query;

	*ret_value = SLICE_EMPTY;
	query_open(&query, store, "SELECT value FROM meta WHERE name = ?");
	query_cstr(&query, name);
	if (query_row(&query))
		*ret_value = read_text(&query, arena);
	return query_close(&query);
}

int store_meta_put(struct store *store, const char *name, struct slice value)
{
	struct query query;

	query_open(&query, store,
		   "INSERT INTO meta(name, value) VALUES(?,?) ON CONFLICT(name) DO UPDATE SET value = excluded.value");
	query_cstr(&query, name);
	query_text(&query, value);
	return query_run(&query);
}

int store_sequence_next(struct store *store, const char *name, uint32_t count, uint64_t max, uint64_t *ret_first)
{
	struct query query;
	uint64_t last = 0;
	int error;

	query_open(&query, store, "SELECT last FROM sequences WHERE name = ?");
	query_cstr(&query, name);
	if (query_row(&query))
		last = read_u64(&query);
	error = query_close(&query);
	if (error != 0)
		return error;
	if (max > 0 && (last >= max || max - last < count))
		last = 0;
	query_open(
		&query, store,
		"INSERT INTO sequences(name, last) VALUES(?,?) ON CONFLICT(name) DO UPDATE SET last = excluded.last");
	query_cstr(&query, name);
	query_u64(&query, last + count);
	error = query_run(&query);
	if (error == 0)
		*ret_first = last + 1;
	return error;
}
