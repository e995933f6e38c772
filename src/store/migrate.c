/*
 * migrate: whose file this is, and which schema it has.
 *
 * The schema's number is user_version; specs/schema/NNNN.sql leads from NNNN - 1 to NNNN, each in one transaction
 * with its number: killed anywhere, the next start goes on (P41). A number above ours is a newer muster's.
 */
#include <stdio.h>

#include "muster/log.h"
#include "muster/specs.h"
#include "store_internal.h"

#define SCHEMA_VERSION 22

static int read_ids(struct store *store, int64_t *ret_application, int64_t *ret_version, int64_t *ret_objects)
{
	int error = store_execute_i64(store, "PRAGMA application_id", ret_application);

	if (error == 0)
		error = store_execute_i64(store, "PRAGMA user_version", ret_version);
	if (error == 0)
		error = store_execute_i64(store, "SELECT count(*) FROM sqlite_schema", ret_objects);
	return error;
}

static int refuse_newer(struct store *store, int64_t version)
{
	if (version <= SCHEMA_VERSION)
		return 0;
	return log_failure(MUSTER_ERROR_DB_AWAY, "%s has schema %lld, this muster knows %d: a newer one has used it",
			   store->path, (long long)version, SCHEMA_VERSION);
}

int store_check_owner(struct store *store, bool create)
{
	int64_t application = 0, version = 0, objects = 0;
	int error = read_ids(store, &application, &version, &objects);

	if (error != 0)
		return error;
	if (application == 0 && version == 0 && objects == 0 && create)
		return 0;
	if (application != STORE_APPLICATION_ID)
		return log_failure(MUSTER_ERROR_DB_AWAY, "%s is not a database of muster", store->path);
	return refuse_newer(store, version);
}

int store_check_not_newer(struct store *store)
{
	struct query query;
	int64_t version = 0;
	int error;

	query_open(&query, store, "PRAGMA user_version");
	if (query_row(&query))
		version = read_i64(&query);
	error = query_close(&query);
	return error != 0 ? error : refuse_newer(store, version);
}

int store_is_older(struct store *store, bool *ret_older)
{
	int64_t version = 0;
	int error = store_execute_i64(store, "PRAGMA user_version", &version);

	*ret_older = version < SCHEMA_VERSION;
	return error;
}

/* Inside the transaction: another process may have been faster. */
static int migrate_step(struct store *store, int to)
{
	char name[32], pragma[64];
	int64_t version = 0;
	int error = store_execute_i64(store, "PRAGMA user_version", &version);

	if (error != 0 || version >= to)
		return error;
	snprintf(name, sizeof(name), "schema/%04d.sql", to);
	if (specs_find(name).data == NULL)
		return log_failure(MUSTER_ERROR_INTERNAL, "%s is not in this program", name);
	error = store_execute(store, specs_find(name).data);
	snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d", to);
	if (error == 0)
		error = store_execute(store, pragma);
	snprintf(pragma, sizeof(pragma), "PRAGMA application_id = %d", STORE_APPLICATION_ID);
	if (error == 0)
		error = store_execute(store, pragma);
	return error;
}

int store_migrate(struct store *store)
{
	int64_t version = 0;
	int error = store_execute_i64(store, "PRAGMA user_version", &version), to;

	for (to = (int)version + 1; to <= SCHEMA_VERSION && error == 0; to++) {
		error = store_begin(store, STORE_WRITE);
		if (error != 0)
			break;
		error = migrate_step(store, to);
		if (error == 0)
			error = store_commit(store);
		else
			store_rollback(store);
	}
	return error;
}
