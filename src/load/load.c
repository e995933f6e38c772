/*
 * load: groups, plans and brokers: lines that stand each for itself.
 */
#include "table.h"

static const char *const group_statuses[] = {[GROUP_ACTIVE] = "active", [GROUP_TERMINATED] = "terminated", NULL};
static const char *const cobra_admins[] = {
	[COBRA_ADMIN_SELF] = "self", [COBRA_ADMIN_TPA] = "tpa", [COBRA_ADMIN_PLAN] = "plan", NULL};
/* HD03: 834-005010X220A1 D3. */
static const char *const insurance_lines[] = {"AG",  "AH",  "AJ",  "AK",  "DCP", "DEN", "EPO", "FAC",
					      "HE",  "HLT", "HMO", "LTC", "LTD", "MM",  "MOD", "PDG",
					      "POS", "PPO", "PRA", "STD", "UR",  "VIS", NULL};

/* A contract that ends before it begins. */
static void check_period(struct loader *loader, date_day begins_on, date_day ends_on)
{
	if (!loader->refused && begins_on != DATE_NONE && ends_on != DATE_NONE && ends_on < begins_on)
		loader_refuse(loader, loader_column(loader, "terminates_on"),
			      "terminates_on: lies before effective_on");
}

/* ---- groups -------------------------------------------------------------------------------------------------- */

#define GROUP(column, field, kind, ...)                                                                                \
	{                                                                                                              \
#column, kind, .offset = offsetof(struct group, field), __VA_ARGS__                                    \
	}

static const struct table_column group_columns[] = {
	GROUP(group_id, group_id, COLUMN_ID, .required = true),
	GROUP(name, name, COLUMN_TEXT, .required = true),
	GROUP(region, region, COLUMN_ID, .required = false),
	GROUP(status, status, COLUMN_WORD, .words = group_statuses),
	GROUP(effective_on, effective_on, COLUMN_DATE, .required = true),
	GROUP(terminates_on, terminates_on, COLUMN_END_DATE, .required = false),
	GROUP(cobra_admin, cobra_admin, COLUMN_WORD, .words = cobra_admins),
	GROUP(renewal_month, renewal_month, COLUMN_NUMBER, .min = 1, .max = 12),
	GROUP(billing_day, billing_day, COLUMN_NUMBER, .min = 1, .max = 28),
	GROUP(paper_bill, paper_bill, COLUMN_FLAG, .max = 1),
	GROUP(broker_id, broker_id, COLUMN_ID, .required = false),
	GROUP(sponsor_id, sponsor_id, COLUMN_ID, .required = false),
	GROUP(linked_group_id, linked_group_id, COLUMN_ID, .required = false),
};

static int put_group(struct loader *loader, void *line, bool last_chance)
{
	struct group *group = line;
	const struct group *stored;
	enum store_put put;
	int error = store_group_get(loader->store, group->group_id, &loader->arena, &stored);

	(void)last_chance;
	if (error != 0)
		return error;
	if (stored != NULL)
		loader_keep_absent(loader, group, stored);
	check_period(loader, group->effective_on, group->terminates_on);
	if (loader->refused)
		return 0;
	error = store_group_put(loader->store, group, &put);
	if (error == 0)
		loader_count(loader, put);
	return error;
}

int load_groups(struct store *store, const char *name, struct slice csv, load_fault_fn fault, void *context,
		struct load_counts *ret_counts)
{
	static const struct group blank = {.effective_on = DATE_NONE, .terminates_on = DATE_NONE};
	static const struct table table = {"groups", group_columns, sizeof(group_columns) / sizeof(group_columns[0]),
					   &blank,   sizeof(blank), put_group};
	struct loader loader = {
		.store = store, .table = &table, .name = name, .csv = csv, .fault = fault, .context = context};
	struct group line;

	return load_run(&loader, &line, ret_counts);
}

/* ---- plans --------------------------------------------------------------------------------------------------- */

#define PLAN(column, kind, ...)                                                                                        \
	{                                                                                                              \
#column, kind, .offset = offsetof(struct plan, column), __VA_ARGS__                                    \
	}

static const struct table_column plan_columns[] = {
	PLAN(plan_id, COLUMN_ID, .required = true),
	PLAN(insurance_line, COLUMN_CODE, .required = true, .words = insurance_lines),
	PLAN(name, COLUMN_TEXT, .required = true),
	PLAN(region, COLUMN_ID, .required = false),
	PLAN(effective_on, COLUMN_DATE, .required = true),
	PLAN(terminates_on, COLUMN_END_DATE, .required = false),
	PLAN(rate_emp, COLUMN_MONEY, .required = false),
	PLAN(rate_esp, COLUMN_MONEY, .required = false),
	PLAN(rate_ech, COLUMN_MONEY, .required = false),
	PLAN(rate_fam, COLUMN_MONEY, .required = false),
	PLAN(rate_ind, COLUMN_MONEY, .required = false),
};

static int put_plan(struct loader *loader, void *line, bool last_chance)
{
	struct plan *plan = line;
	const struct plan *stored;
	enum store_put put;
	int error = store_plan_get(loader->store, plan->plan_id, &loader->arena, &stored);

	(void)last_chance;
	if (error != 0)
		return error;
	if (stored != NULL)
		loader_keep_absent(loader, plan, stored);
	check_period(loader, plan->effective_on, plan->terminates_on);
	if (loader->refused)
		return 0;
	error = store_plan_put(loader->store, plan, &put);
	if (error == 0)
		loader_count(loader, put);
	return error;
}

int load_plans(struct store *store, const char *name, struct slice csv, load_fault_fn fault, void *context,
	       struct load_counts *ret_counts)
{
	static const struct plan blank = {.effective_on = DATE_NONE,
					  .terminates_on = DATE_NONE,
					  .rate_emp = -1,
					  .rate_esp = -1,
					  .rate_ech = -1,
					  .rate_fam = -1,
					  .rate_ind = -1};
	static const struct table table = {"plans", plan_columns,  sizeof(plan_columns) / sizeof(plan_columns[0]),
					   &blank,  sizeof(blank), put_plan};
	struct loader loader = {
		.store = store, .table = &table, .name = name, .csv = csv, .fault = fault, .context = context};
	struct plan line;

	return load_run(&loader, &line, ret_counts);
}

/* ---- brokers ------------------------------------------------------------------------------------------------- */

#define BROKER(column, field, kind, ...)                                                                               \
	{                                                                                                              \
#column, kind, .offset = offsetof(struct broker, field), __VA_ARGS__                                   \
	}

static const struct table_column broker_columns[] = {
	BROKER(broker_id, broker_id, COLUMN_ID, .required = true),
	BROKER(name, name, COLUMN_TEXT, .required = true),
	BROKER(tax_id, tax_id, COLUMN_ID, .required = false),
	BROKER(commission_percent, commission_percent_e4, COLUMN_PERCENT, .required = false),
	BROKER(commission_pmpm, commission_pmpm, COLUMN_MONEY, .required = false),
};

static int put_broker(struct loader *loader, void *line, bool last_chance)
{
	struct broker *broker = line;
	const struct broker *stored;
	enum store_put put;
	int error = store_broker_get(loader->store, broker->broker_id, &loader->arena, &stored);

	(void)last_chance;
	if (error != 0)
		return error;
	if (stored != NULL)
		loader_keep_absent(loader, broker, stored);
	error = store_broker_put(loader->store, broker, &put);
	if (error == 0)
		loader_count(loader, put);
	return error;
}

int load_brokers(struct store *store, const char *name, struct slice csv, load_fault_fn fault, void *context,
		 struct load_counts *ret_counts)
{
	static const struct broker blank = {.commission_percent_e4 = -1, .commission_pmpm = -1};
	static const struct table table = {
		"brokers", broker_columns, sizeof(broker_columns) / sizeof(broker_columns[0]),
		&blank,    sizeof(blank),  put_broker};
	struct loader loader = {
		.store = store, .table = &table, .name = name, .csv = csv, .fault = fault, .context = context};
	struct broker line;

	return load_run(&loader, &line, ret_counts);
}
