/*
 * A night: what was interrupted goes on, decisions of representatives are carried out, then the drop folders.
 *
 * in/<partner>/ is a lane: its files are taken in the order of their ISA date, time and control number, then by
 * name; one that is held does not stop the next one of another lane. Names of files that are still arriving are left
 * alone by the partner's arrival policy (promise P1); one whose bytes are not what its checksum says is told of at each
 * run, and those behind it in its lane wait for it. in/<partner>/test/ is a lane of its own where the partner agreed
 * to it; what becomes of its files goes to out/<partner>/test/.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "claim.h"
#include "identify.h"
#include "job.h"
#include "marker.h"
#include "muster/log.h"
#include "muster/path.h"

struct arrival {
	char *name;
	char order[32]; /* YYMMDDHHMM and ISA13; files that are no X12 come first, for nothing waits for them */
};

/* A drop folder. */
struct drop {
	struct run *run;
	const struct profile *profile;
	const char *partner;
	const char *folder; /* in/<partner>, or in/<partner>/test */
	bool test;
};

struct run {
	struct batch *batch;
	void *context;
	void (*report)(void *context, const struct batch_result *result);
	int left; /* 0, or why the first file or folder was left that should have been taken: -errno */
};

static bool name_ends(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && strcmp(name + n - m, end) == 0;
}

static bool arrival_is_temporary(const char *name)
{
	return name[0] == '.' || name_ends(name, ".tmp") || name_ends(name, ".part") || name_ends(name, ".filepart") ||
	       marker_is_name(name);
}

/*
 * Nothing changes size, content, owner or name of a file without its time of change, which nobody can set: so one look
 * says how long all of it has been as it is. Times of modification come from the sender's clock, where he keeps them.
 */
static int arrival_has_settled(struct batch *batch, const struct profile *profile, const struct env_stat *stat)
{
	int r;

	if (stat->ctime_ns / 1000000 + (int64_t)profile->settle_seconds * 1000 > env_clock_ms(batch->env))
		return 0;
	r = env_is_written(batch->env, stat);
	return r < 0 ? r : !r;
}

/* Has the file arrived whole, by what was agreed with this partner? 1, 0, or <0. */
static int arrival_is_whole(struct batch *batch, const struct profile *profile, const char *path,
			    const struct env_stat *stat)
{
	switch (profile->arrival) {
	case PROFILE_ARRIVAL_RENAME:
		return 1;
	case PROFILE_ARRIVAL_DONE_MARKER:
		return marker_is_there(batch->env, path);
	case PROFILE_ARRIVAL_SETTLE:
		return arrival_has_settled(batch, profile, stat);
	}
	return 0;
}

/*
 * What the file's bytes must be, by the checksum beside it: *ret_told points to `hash`, or is NULL where there is none.
 * MUSTER_ERROR_DATA in *ret_why where they are not, or the checksum cannot be read: it may be still arriving.
 */
static int arrival_checksum(const struct drop *drop, const char *path, struct hash *hash, const struct hash **ret_told,
			    int *ret_why)
{
	struct env *env = drop->run->batch->env;
	struct hash is;
	bool told;
	int r;

	*ret_told = NULL;
	*ret_why = 0;
	if (drop->profile->arrival != PROFILE_ARRIVAL_DONE_MARKER)
		return 0;
	r = marker_checksum(env, path, &told, hash);
	if (r == 0 && told)
		r = io_hash_file(env, path, &is);
	if (r == MARKER_E_ILLEGIBLE || (r == 0 && told && memcmp(hash, &is, sizeof(is)) != 0))
		*ret_why = MUSTER_ERROR_DATA;
	else if (r < 0 && (r == -ENOENT || claim_is_shut(r)))
		*ret_why = r;
	else if (r != 0)
		return r;
	*ret_told = told ? hash : NULL;
	return 0;
}

static int arrival_order(struct batch *batch, const char *path, struct arrival *arrival)
{
	struct identity identity;
	struct arena arena;
	int r;

	arena_init(&arena, batch->env, 0, 0);
	r = identify_file(batch->env, path, &arena, &identity);
	if (r == 0 && identity.found)
		snprintf(arrival->order, sizeof(arrival->order), "%.6s%.4s%.9s",
			 identity.interchange.date.len == 6 ? identity.interchange.date.data : "000000",
			 identity.interchange.time.len == 4 ? identity.interchange.time.data : "0000",
			 identity.interchange.control_number.len == 9 ? identity.interchange.control_number.data
								      : "000000000");
	arena_fini(&arena);
	return r;
}

static int arrival_compare(const void *a, const void *b)
{
	const struct arrival *left = a, *right = b;
	int order = strcmp(left->order, right->order);

	return order != 0 ? order : strcmp(left->name, right->name);
}

static void arrival_leave(const char *partner, const char *name, const char *why)
{
	char safe[256], safe_partner[256];

	log_message(LOG_WARNING, "drop folder %s: %s is left alone: %s",
		    job_safe_name(slice_from(partner), safe_partner, sizeof(safe_partner)),
		    job_safe_name(slice_from(name), safe, sizeof(safe)), why);
}

/*
 * What should have been taken and cannot be stays where it is; the run goes on with the others and ends with the error.
 * `name` NULL: the folder itself.
 */
static int run_leave(const struct drop *drop, const char *name, int error)
{
	char safe[256], safe_partner[256];

	job_safe_name(slice_from(drop->partner), safe_partner, sizeof(safe_partner));
	if (drop->run->left == 0)
		drop->run->left = error;
	if (name == NULL)
		log_failure(error, "drop folder %s%s is left alone", safe_partner,
			    drop->test ? "/" BATCH_TEST_FOLDER : "");
	else
		log_failure(error, "drop folder %s: %s is left alone", safe_partner,
			    job_safe_name(slice_from(name), safe, sizeof(safe)));
	return 0;
}

/* One file through all stages. *ret_stuck: it cannot be taken from its folder, and those behind it wait for it. */
static int run_file(const struct drop *drop, const char *path, const struct arrival *arrival, bool *ret_stuck)
{
	const char *name = arrival->name;
	struct run *run = drop->run;
	struct batch *batch = run->batch;
	struct batch_result result = {0};
	char out_dir[LIMIT_PATH_BYTES];
	const struct hash *told = NULL;
	struct hash hash;
	struct claim claim = {.file = {
		.name = slice_from(name),
		.partner = slice_from(drop->partner),
		.received_ms = batch_received_ms(batch),
		.as_of = batch->settings.today,
		.from_test_folder = drop->test,
	}};
	int why = 0, r = path_format(out_dir, "%s/%s%s", batch->settings.config->out, drop->partner,
				     drop->test ? "/" BATCH_TEST_FOLDER : "");

	claim.file.out_dir = slice_from(out_dir);
	if (r == 0)
		r = arrival_checksum(drop, path, &hash, &told, &why);
	if (r == 0)
		r = why != 0 ? CLAIM_E_KEPT : claim_move(batch, path, told, &claim, &why);
	/* For what is no X12 nobody waits: it has no place in the order. */
	*ret_stuck = r == CLAIM_E_KEPT && why != -ENOENT && (why != MUSTER_ERROR_DATA || arrival->order[0] != '\0');
	if (r == CLAIM_E_KEPT)
		return why != -ENOENT ? run_leave(drop, name, why) : 0;
	if (r == 0)
		r = claim_commit(batch, &claim);
	if (r == 0 && drop->profile->arrival == PROFILE_ARRIVAL_DONE_MARKER)
		r = marker_forget(batch->env, path, INT64_MAX);
	if (r == 0)
		r = batch_drive_file(batch, &claim.file, &result);
	if (r == 0 && run->report != NULL)
		run->report(run->context, &result);
	return r;
}

/*
 * May the file be taken now? A name that is gone again, or that muster may not read, is no reason for the others to
 * wait.
 */
static int lane_look_at(const struct drop *drop, const char *path, struct arrival *arrival, bool *ret_take)
{
	struct batch *batch = drop->run->batch;
	struct env_stat stat;
	int r = env_stat(batch->env, path, &stat);

	*ret_take = false;
	if (r < 0)
		return r == -ENOENT ? 0 : claim_is_shut(r) ? run_leave(drop, arrival->name, r) : r;
	if (S_ISDIR(stat.mode))
		return 0;
	if (!S_ISREG(stat.mode) || stat.links > 1) {
		arrival_leave(drop->partner, arrival->name,
			      stat.links > 1 ? "it has a second name" : "it is no plain file");
		return 0;
	}
	r = arrival_is_whole(batch, drop->profile, path, &stat);
	if (r <= 0)
		return r;
	r = arrival_order(batch, path, arrival);
	if (r == -ENOENT)
		return 0;
	if (claim_is_shut(r))
		return run_leave(drop, arrival->name, r);
	*ret_take = r == 0;
	return r;
}

/* The names in a lane that may be taken now, with their order. */
static int lane_list(const struct drop *drop, char **names, size_t count, struct arrival *arrivals, size_t *ret_count)
{
	char path[LIMIT_PATH_BYTES];
	size_t i;
	int r = 0;

	*ret_count = 0;
	for (i = 0; r == 0 && i < count; i++) {
		bool take;

		if (arrival_is_temporary(names[i]))
			continue;
		r = path_format(path, "%s/%s", drop->folder, names[i]);
		if (r < 0) {
			r = run_leave(drop, names[i], r);
			continue;
		}
		arrivals[*ret_count] = (struct arrival){.name = names[i]};
		r = lane_look_at(drop, path, &arrivals[*ret_count], &take);
		*ret_count += r == 0 && take;
	}
	return r;
}

static int run_lane(const struct drop *drop)
{
	struct env *env = drop->run->batch->env;
	struct arrival *arrivals = NULL;
	char path[LIMIT_PATH_BYTES];
	size_t count = 0, names_count = 0, i;
	char **names = NULL;
	bool stuck = false;
	int r = env_list(env, drop->folder, &names, &names_count);

	if (r < 0)
		return r == -ENOENT ? 0 : claim_is_shut(r) ? run_leave(drop, NULL, r) : r;
	arrivals = env_alloc(env, (names_count + 1) * sizeof(*arrivals));
	r = arrivals != NULL ? lane_list(drop, names, names_count, arrivals, &count) : -ENOMEM;
	if (r == 0)
		qsort(arrivals, count, sizeof(*arrivals), arrival_compare);
	for (i = 0; r == 0 && !stuck && i < count; i++) {
		r = path_format(path, "%s/%s", drop->folder, arrivals[i].name);
		if (r == 0)
			r = run_file(drop, path, &arrivals[i], &stuck);
	}
	env_free(env, arrivals);
	env_free(env, names);
	return r;
}

static int run_folder(const struct drop *drop)
{
	struct env_stat stat;
	char safe[256];
	int r = env_stat(drop->run->batch->env, drop->folder, &stat);

	if (r < 0)
		return r == -ENOENT ? 0 : claim_is_shut(r) ? run_leave(drop, NULL, r) : r;
	if (S_ISDIR(stat.mode))
		return run_lane(drop);
	if (S_ISLNK(stat.mode))
		return run_leave(drop, NULL, -ELOOP);
	/* Silence would look as if it had never come. */
	if (!drop->test && S_ISREG(stat.mode) && !arrival_is_temporary(drop->partner))
		log_message(LOG_WARNING, "%s lies in no partner's folder and is left alone",
			    job_safe_name(slice_from(drop->partner), safe, sizeof(safe)));
	return 0;
}

static int run_partner(struct run *run, const char *partner)
{
	const struct batch_settings *settings = &run->batch->settings;
	const struct profile *profile = profile_named(settings->profiles, slice_from(partner));
	struct drop drop = {.run = run, .partner = partner};
	char folder[LIMIT_PATH_BYTES];
	int r = path_format(folder, "%s/%s", settings->config->in, partner);

	drop.profile = profile != NULL ? profile : &settings->profiles->fallback;
	drop.folder = folder;
	if (r == 0)
		r = run_folder(&drop);
	if (r < 0 || drop.profile->test_rule != PROFILE_TEST_FOLDER)
		return r;
	drop.test = true;
	r = path_format(folder, "%s/%s/" BATCH_TEST_FOLDER, settings->config->in, partner);
	return r == 0 ? run_folder(&drop) : r;
}

int batch_run(struct batch *batch, void *context, void (*report)(void *context, const struct batch_result *result),
              int *ret_left)
{
	struct run run = {.batch = batch, .context = context, .report = report};
	char **partners;
	size_t count, i;
	int r = env_list(batch->env, batch->settings.config->in, &partners, &count);

	if (r < 0)
		return log_failure(r, r == -ENOENT ? "there is no folder %s; muster init makes a workspace"
						   : "cannot look into the folder %s", batch->settings.config->in);
	for (i = 0; r == 0 && i < count; i++)
		r = run_partner(&run, partners[i]);
	env_free(batch->env, partners);
	*ret_left = run.left;
	return r;
}
