/*
 * sweep: the sample night, killed at every step; and with every write and sync failing.
 *
 * What would go wrong for a member: a night that dies half-way and runs again would lose his change, or apply it
 * twice. So the night is run once undisturbed; then for each operation that changes the disk (write, sync, rename,
 * database write, database sync, commit, ..) once more from the same beginning, killed just before that operation (or
 * amid it: half of a write), and run again. Database and folders must come out equal. The same with EIO and ENOSPC in
 * place of the kill. And what stands in out/ under its final name right after the kill is whole: it is what the
 * undisturbed night has put there (promise P31).
 *
 * usage: sweep SAMPLES [STRIDE [NIGHT [BEFORE...]]]   every STRIDE-th operation (default 1) of NIGHT (night1), after
 *        the nights BEFORE, undisturbed
 *
 * NIGHT may be `release:ITEM`: what is disturbed is then the second operator's release of that held set. Where the release was not yet
 * recorded it is given again; then a run goes on with it. Or `purge`: what is disturbed is the removal of originals and
 * outputs that were kept long enough; it is begun again, and a run ends what was begun.
 *
 * SWEEP_ONLY=campaign:nth does one point (campaigns count from 0), SWEEP_LOUD shows what muster says, SWEEP_KEEP keeps
 * the folders.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "muster/cli.h"
#include "muster/env_fault.h"
#include "muster/io.h"
#include "muster/store.h"

#define SHARDS 2
#define PATH_BYTES 1024
/* 2026-03-02T06:00:00Z */
#define NIGHT_CLOCK_MS INT64_C(1772431200000)
#define DISK_OPS                                                                                                       \
	(ENV_FAULT_OP(ENV_WRITE) | ENV_FAULT_OP(ENV_SYNC) | ENV_FAULT_OP(ENV_DB_WRITE) | ENV_FAULT_OP(ENV_DB_SYNC))

static char root[PATH_BYTES];
static char samples[PATH_MAX];

struct campaign {
	const char *name;
	uint64_t ops;
	enum env_fault_kind kind;
	int error;
};

static const struct campaign campaigns[] = {
	{"kill", ENV_FAULT_CHANGES, ENV_FAULT_KILL, 0},
	{"kill amid a write", ENV_FAULT_OP(ENV_WRITE) | ENV_FAULT_OP(ENV_DB_WRITE), ENV_FAULT_KILL_TORN, 0},
	{"EIO once", DISK_OPS, ENV_FAULT_ERROR_ONCE, EIO},
	{"disk full from then on", DISK_OPS, ENV_FAULT_ERROR_STICKY, ENOSPC},
};
#define CAMPAIGNS (sizeof(campaigns) / sizeof(campaigns[0]))

static void die(const char *what)
{
	fprintf(stderr, "sweep: %s: %s\n", what, strerror(errno));
	exit(99);
}

static void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void shell(const char *format, ...)
{
	char line[4 * PATH_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (system(line) != 0) {
		fprintf(stderr, "sweep: failed: %s\n", line);
		exit(99);
	}
}

/* In the child: one muster command in a world with `plan`. */
static void run_child(const char *folder, char **argv, const struct env_fault_plan *plan, int counts)
{
	struct env real;
	struct env_fault fault;
	int argc = 0, status, null = open("/dev/null", O_RDWR);

	if (chdir(folder) != 0 || null < 0)
		_exit(98);
	if (getenv("SWEEP_LOUD") == NULL) {
		dup2(null, 1);
		dup2(null, 2);
	}
	env_real_init(&real);
	env_fault_init(&fault, &real, 1);
	env_fault_fix_clock(&fault, NIGHT_CLOCK_MS);
	env_fault_plan(&fault, *plan);
	while (argv[argc] != NULL)
		argc++;
	status = cli_run(&fault.env, argc, argv);
	if (write(counts, fault.counts, sizeof(fault.counts)) != (ssize_t)sizeof(fault.counts))
		_exit(98);
	_exit(status);
}

/* One muster command inside `folder`, in a child of its own. Returns the wait status. */
static int command(const char *folder, char **argv, const struct env_fault_plan *plan, uint64_t *ret_counts)
{
	int counts[2], status;
	pid_t child;

	if (pipe(counts) != 0)
		die("pipe");
	child = fork();
	if (child < 0)
		die("fork");
	if (child == 0)
		run_child(folder, argv, plan, counts[1]);
	close(counts[1]);
	if (ret_counts != NULL && read(counts[0], ret_counts, sizeof(uint64_t) * ENV_OP_COUNT) < 0)
		die("read");
	if (waitpid(child, &status, 0) != child)
		die("waitpid");
	close(counts[0]);
	return status;
}

static const struct env_fault_plan no_plan = {0, 0, ENV_FAULT_NONE, 0};

/* 65 is a night with a file held or rejected: nothing is wrong with it. */
static int is_good(int status)
{
	return WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 65);
}

static void expect(const char *folder, char **argv)
{
	int status = command(folder, argv, &no_plan, NULL);

	if (!is_good(status)) {
		fprintf(stderr, "sweep: muster %s ended with %d\n", argv[1], status);
		exit(99);
	}
}

static char release_item[64];
static char *release_argv[] = {"muster", "--as-of", "2026-03-02", "-q", "queue", "resolve", release_item, "release",
			       "--note", "the sponsor said so", "--operator", "rep", NULL};
static char *propose_argv[] = {"muster", "-q", "queue", "resolve", release_item, "release", "--note", "the sponsor said so",
			       "--operator", "lead", NULL};
static char *purge_argv[] = {"muster", "--as-of", "2027-03-02", "-q", "retention", "purge", "--yes", "--operator", "rep", NULL};
/* By the same operator: who goes on after a kill stands in the trail. */
static char *run_argv[] = {"muster", "--as-of", "2026-03-02", "-q", "run", "--operator", "rep", NULL};

/* The workspace that every run starts from: loaded, with a night in its drop folders. */
/* What is disturbed. */
static char **night_argv = run_argv;

static void make_world(char *folder, const char *night, char **before)
{
	char file[4][PATH_MAX + 32];
	char *kinds[] = {"brokers", "groups", "plans", "members"};
	char *init[] = {"muster", "-q", "init", folder, NULL};
	int i;

	expect(root, init);
	shell("cp %s/muster.yaml %s/ && cp -r %s/partners %s/", samples, folder, samples, folder);
	/* Small chunks: the night has many commits in the middle of sets. */
	shell("sed -i '/^chunk_members/d' %s/muster.yaml && echo 'chunk_members: 2' >>%s/muster.yaml", folder, folder);
	for (i = 0; i < 4; i++) {
		char *load[] = {"muster", "-q", "load", kinds[i], file[i], NULL};

		snprintf(file[i], sizeof(file[i]), "%s/%s.csv", samples, kinds[i]);
		expect(folder, load);
	}
	for (; *before != NULL; before++) {
		shell("cp -r %s/%s/. %s/in/", samples, *before, folder);
		expect(folder, run_argv);
	}
	if (sscanf(night, "release:%63s", release_item) == 1) {
		night_argv = release_argv;
		expect(folder, propose_argv);
	} else if (strcmp(night, "purge") == 0) {
		night_argv = purge_argv;
		shell("echo 'retention: {originals_days: 100, outputs_days: 50}' >>%s/muster.yaml", folder);
	} else {
		shell("cp -r %s/%s/. %s/in/", samples, night, folder);
	}
}

/* ---- what came out ---- */

static void digest_file(FILE *out, const char *path, const char *shown)
{
	struct env env;
	struct hash hash;
	char text[HASH_TEXT_BYTES], *data;
	size_t bytes;

	env_real_init(&env);
	if (io_read_file(&env, path, 1u << 28, &data, &bytes) < 0)
		die(path);
	hash_of(slice_of(data, bytes), &hash);
	env_free(&env, data);
	fprintf(out, "%s %s\n", shown, hash_format(&hash, text));
}

static void digest_tree(FILE *out, const char *folder, const char *name)
{
	char path[3 * PATH_BYTES], inner[PATH_BYTES];
	struct dirent **entries;
	int i, count;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	count = scandir(path, &entries, NULL, alphasort);
	for (i = 0; i < count; i++) {
		struct stat stat_;

		snprintf(inner, sizeof(inner), "%.700s/%.255s", name, entries[i]->d_name);
		snprintf(path, sizeof(path), "%s/%s", folder, inner);
		if (strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0) {
			if (lstat(path, &stat_) != 0)
				die(path);
			if (S_ISDIR(stat_.st_mode))
				digest_tree(out, folder, inner);
			else
				digest_file(out, path, inner);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

/* Database and folders as one text, in `path`. */
static void digest(const char *folder, const char *path)
{
	static const char *const names[] = {"in", "out", "done", "held", "rejected", "work"};
	char database[2 * PATH_BYTES];
	struct store *store;
	struct buffer dump;
	struct env env;
	FILE *out = fopen(path, "w");
	size_t i;

	if (out == NULL)
		die(path);
	env_real_init(&env);
	buffer_init(&dump, &env);
	snprintf(database, sizeof(database), "%s/muster.db", folder);
	if (store_open(&env, database, 0, &store) != 0)
		die(database);
	if (store_dump(store, STORE_DUMP_NO_TIMES, &dump) != 0 || dump.error != 0)
		die("dump");
	fwrite(dump.data, 1, dump.len, out);
	buffer_clear(&dump);
	if (store_verify(store, &dump) != 0)
		fprintf(out, "VERIFY %s\n", dump.data);
	store_close(store);
	buffer_fini(&dump);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		digest_tree(out, folder, names[i]);
	fclose(out);
}

/* ---- the sweep ---- */

static int tell(const struct campaign *campaign, uint64_t nth, const char *what, int status)
{
	printf("# FAILED %s at %llu: %s (%s %d)\n", campaign->name, (unsigned long long)nth, what,
	       WIFEXITED(status) ? "exit" : "signal", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return 1;
}

/* Of out/, right after the disturbance: nothing but what was there before and what the undisturbed night has put there. */
static bool outputs_are_whole(const char *folder, const char *text)
{
	char line[8 * PATH_BYTES];
	FILE *out = fopen(text, "w");

	if (out == NULL)
		die(text);
	digest_tree(out, folder, "out");
	fclose(out);
	snprintf(line, sizeof(line), "! grep -v '/[.][^/]*[.]tmp ' %s | grep -vxF -f %s/want -f %s/before | sed 's/^/# /' | grep .",
		 text, root, root);
	return system(line) == 0;
}

/* One disturbed run and its repair. Returns 1 when something is not as it must be. */
static int one(const struct campaign *campaign, uint64_t nth, const char *folder, const char *text)
{
	const struct env_fault_plan plan = {campaign->ops, nth, campaign->kind, campaign->error};
	char line[4 * PATH_BYTES];
	int first, again;

	shell("rm -rf %s && cp -r %s/world %s", folder, root, folder);
	first = command(folder, night_argv, &plan, NULL);
	if (campaign->error != 0 && (!WIFEXITED(first) || WEXITSTATUS(first) == 70))
		return tell(campaign, nth, "an error of the disk was taken for a bug", first);
	if (!outputs_are_whole(folder, text))
		return tell(campaign, nth, "an output under its final name is not whole", first);
	if (night_argv != run_argv) /* refused where it was recorded */
		(void)command(folder, night_argv, &no_plan, NULL);
	again = command(folder, run_argv, &no_plan, NULL);
	if (!is_good(again))
		return tell(campaign, nth, "the run after it failed", again);
	digest(folder, text);
	snprintf(line, sizeof(line), "cmp -s %s/want %s", root, text);
	if (system(line) == 0)
		return 0;
	tell(campaign, nth, "another outcome than undisturbed", first);
	fflush(stdout);
	snprintf(line, sizeof(line), "diff %s/want %s | head -6 | sed 's/^/# /'", root, text);
	return system(line) | 1;
}

static uint64_t points(const struct campaign *campaign, const uint64_t *counts)
{
	uint64_t total = 0;
	int op;

	for (op = 0; op < ENV_OP_COUNT; op++)
		total += (campaign->ops & ENV_FAULT_OP(op)) != 0 ? counts[op] : 0;
	return total;
}

static int shard(int which, const uint64_t *counts, uint64_t stride)
{
	char folder[PATH_BYTES + 16], text[PATH_BYTES + 16];
	int failed = 0;
	uint64_t nth;
	size_t i;

	snprintf(folder, sizeof(folder), "%.1000s/shard%d", root, which);
	snprintf(text, sizeof(text), "%.1000s/got%d", root, which);
	for (i = 0; i < CAMPAIGNS; i++)
		for (nth = 1 + (uint64_t)which * stride; nth <= points(&campaigns[i], counts) && failed < 5;
		     nth += stride * SHARDS)
			failed += one(&campaigns[i], nth, folder, text) != 0;
	fflush(stdout);
	return failed > 0;
}

static int sweep(const uint64_t *counts, uint64_t stride)
{
	pid_t children[SHARDS];
	int status, i, failed = 0;
	size_t k;

	for (i = 0; i < SHARDS; i++) {
		fflush(stdout);
		children[i] = fork();
		if (children[i] == 0)
			exit(shard(i, counts, stride));
	}
	for (i = 0; i < SHARDS; i++)
		failed |= waitpid(children[i], &status, 0) != children[i] || status != 0;
	for (k = 0; k < CAMPAIGNS; k++)
		printf("# %s: %llu of %llu points\n", campaigns[k].name,
		       (unsigned long long)((points(&campaigns[k], counts) + stride - 1) / stride),
		       (unsigned long long)points(&campaigns[k], counts));
	return failed;
}

static int sweep_only(const char *what)
{
	char folder[PATH_BYTES + 16], text[PATH_BYTES + 16], *end;
	unsigned long campaign = strtoul(what, &end, 10);

	if (campaign >= CAMPAIGNS || *end != ':')
		die("SWEEP_ONLY");
	snprintf(folder, sizeof(folder), "%.1000s/shard", root);
	snprintf(text, sizeof(text), "%.1000s/got", root);
	return one(&campaigns[campaign], strtoull(end + 1, NULL, 10), folder, text);
}

static void choose_root(void)
{
	const char *parent = getenv("TMPDIR");

	if (parent == NULL)
		parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(root, sizeof(root), "%.900s/muster-sweep-XXXXXX", parent);
	if (mkdtemp(root) == NULL)
		die(root);
}

int main(int argc, char **argv)
{
	uint64_t counts[ENV_OP_COUNT] = {0}, stride = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	char world[PATH_BYTES + 16], undisturbed[PATH_BYTES + 16], want[PATH_BYTES + 16], again[PATH_BYTES + 16],
		before[PATH_BYTES + 16];
	int failed;

	if (argc < 2 || realpath(argv[1], samples) == NULL || stride == 0 || hash_setup() != 0) {
		fprintf(stderr, "usage: sweep SAMPLES [STRIDE [NIGHT [BEFORE...]]]\n");
		return 64;
	}
	choose_root();
	snprintf(world, sizeof(world), "%.1000s/world", root);
	snprintf(undisturbed, sizeof(undisturbed), "%.1000s/undisturbed", root);
	snprintf(want, sizeof(want), "%.1000s/want", root);
	snprintf(again, sizeof(again), "%.1000s/again", root);
	snprintf(before, sizeof(before), "%.1000s/before", root);
	make_world(world, argc > 3 ? argv[3] : "night1", argc > 4 ? argv + 4 : argv + argc);
	shell("cp -r %s %s", world, undisturbed);
	digest(undisturbed, before);
	if (!is_good(command(undisturbed, night_argv, &no_plan, counts)))
		die("the undisturbed night failed");
	digest(undisturbed, want);
	expect(undisturbed, run_argv);
	digest(undisturbed, again);
	shell("cmp %s %s", want, again);
	if (getenv("SWEEP_ONLY") != NULL)
		failed = sweep_only(getenv("SWEEP_ONLY"));
	else
		failed = sweep(counts, stride);
	printf("%s 1 - the night, disturbed at every step and run again, ends as undisturbed: 0 lost, 0 doubled\n1..1\n",
	       failed ? "not ok" : "ok");
	if (getenv("SWEEP_KEEP") == NULL)
		shell("rm -rf %s", root);
	return failed;
}
