/*
 * beside: a store of its own that starts as another one is now.
 *
 * What would be done is tried out by doing it. Done in the database itself, and taken back, it would keep its one write
 * lock for as long as a file is long, and a representative's decision waiting behind it. So it is done beside: the
 * database file is read where it is, the WAL is copied once into a file that has no name any more, and what is written
 * goes behind that copy.
 *
 * What makes the picture whole:
 *   - The lock file is held shared for the store's life: nobody copies the WAL into the database meanwhile (store.c), so
 *     the database file stays as it is. Writers hold it shared, too, and go on behind the end of the WAL.
 *   - While the WAL is copied a read transaction is open in the first store: SQLite begins no WAL anew under a reader of it.
 *     A reader of a WAL that stands in the database whole reads only the database, and under him it may be begun anew: whoever
 *     does writes its header first, so one that is another after the copying says that it has to be copied again (vfs.c).
 *   - What somebody writes during the copying is in it whole or not at all: SQLite takes of a WAL the frames up to the
 *     last commit whose checksums hold.
 *   - The store is alone with its copy: locking_mode EXCLUSIVE keeps the WAL's index in memory of its own, and its VFS
 *     asks for no lock of the database, writes nothing to the database file, and deletes nothing (vfs.c).
 */
#include <string.h>

#include "store_internal.h"

static int connect_beside(struct store *store)
{
	int64_t version;
	int error = store_connect(store);

	/* Before anything is read: the first look at the WAL decides where its index lies. */
	if (error == 0)
		error = store_execute(store, "PRAGMA locking_mode = EXCLUSIVE");
	if (error == 0)
		error = store_configure(store);
	return error == 0 ? store_execute_i64(store, "PRAGMA user_version", &version) : error;
}

int store_open_beside(struct store *store, struct store **ret_beside)
{
	struct store *beside;
	int64_t version;
	int error = store_new(store->env, store->path, &beside);

	if (error != 0)
		return error;
	memcpy(beside->member_id_format, store->member_id_format, sizeof(beside->member_id_format));
	beside->busy_ms_max = store->busy_ms_max;
	error = vfs_shim_new(store->env, &beside->vfs);
	if (error == 0) {
		vfs_shim_set_beside(beside->vfs);
		error = store_lock_for_good(beside);
	}
	if (error == 0)
		error = store_begin(store, STORE_READ);
	if (error == 0) {
		error = store_execute_i64(store, "PRAGMA user_version", &version);
		if (error == 0)
			error = connect_beside(beside);
		store_rollback(store);
	}
	if (error != 0) {
		store_close(beside);
		return error;
	}
	*ret_beside = beside;
	return 0;
}
