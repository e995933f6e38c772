/*
 * bench_read: how fast a file is cut into segments, and checked and acknowledged, beside copying and inflating it.
 *
 *   bench_read FILE     prints name and figure, one a line; speeds in GB/s. tools/bench knows the bars
 *
 * Absolute figures drift on shared machines; so the things compared take turns (copy, inflate, read, validate, copy,
 * ...), measured by the processor's time, and what is claimed is the median of the ratios of each turn.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "muster/env.h"
#include "muster/hash.h"
#include "muster/io.h"
#include "muster/ack.h"
#include "muster/x12.h"

#define ROUNDS 7
#define FILE_BYTES_MAX (UINT64_C(1) << 30)

struct bench {
	struct env env;
	char *data, *copy, *packed;
	size_t bytes, packed_bytes;
	uint64_t segments, elements;
	struct guide_set *guides;
};

enum subject { COPY, INFLATE, READ, VALIDATE, SUBJECTS };

static void fail(const char *what, int error)
{
	fprintf(stderr, "bench_read: %s: %s\n", what, strerror(-error));
	exit(1);
}

static void copy_once(struct bench *bench)
{
	memcpy(bench->copy, bench->data, bench->bytes);
	/* The compiler must not find out that nobody reads it. */
	__asm__ volatile("" : : "r"(bench->copy) : "memory");
}

static struct io_source *open_bytes(struct bench *bench, const char *data, size_t bytes)
{
	struct io_source *source = NULL;
	/* In pieces, for the first one is hashed when the source is opened. */
	int error = io_source_open_memory(&bench->env, slice_of(data, bytes), LIMIT_READ_BYTES, &source);

	if (error < 0)
		fail("open", error);
	io_source_without_hash(source);
	return source;
}

static void inflate_once(struct bench *bench)
{
	struct io_source *source = open_bytes(bench, bench->packed, bench->packed_bytes);
	uint64_t made = 0;
	ssize_t n;

	while ((n = io_source_read(source, bench->copy, LIMIT_READ_BYTES)) > 0)
		made += (uint64_t)n;
	if (made != bench->bytes)
		fail("inflate", -1);
	io_source_close(source);
}

static int count_finding(void *context, const struct finding *finding)
{
	(void)finding;
	++*(uint64_t *)context;
	return 0;
}

static void read_once(struct bench *bench)
{
	struct io_source *source = open_bytes(bench, bench->data, bench->bytes);
	uint64_t findings = 0;
	const struct finding_sink sink = {&findings, count_finding};
	struct x12_reader *reader = NULL;
	struct x12_event event;
	int error = x12_reader_new(&bench->env, source, NULL, &sink, &reader);

	bench->segments = bench->elements = 0;
	do {
		if (error == 0)
			error = x12_reader_next(reader, &event);
		if (error < 0)
			fail("read", error);
		if (event.segment != NULL) {
			bench->segments++;
			bench->elements += event.segment->element_count;
		}
	} while (event.kind != X12_END);
	if (findings > 0)
		fprintf(stderr, "bench_read: the file is not sound: %llu findings\n", (unsigned long long)findings);
	x12_reader_free(reader);
	io_source_close(source);
}

/* All that `muster validate --ack` does with a file, but for printing. */
static void validate_once(struct bench *bench)
{
	const struct check_options options = {.skip_content_hash = true};
	const struct ack_options ack_options = {.control_number = 1, .trial = true};
	struct io_source *source = open_bytes(bench, bench->data, bench->bytes);
	struct ack *ack = NULL;
	struct slice ta1, ack999;
	int error = ack_new(&bench->env, &ack_options, &ack);

	if (error == 0)
		error = check_source(&bench->env, bench->guides, source, &options, ack_handler(ack));
	if (error == 0)
		error = ack_finish(ack, &ta1, &ack999);
	if (error < 0)
		fail("validate", error);
	ack_free(ack);
	io_source_close(source);
}

static int64_t processor_ns(void)
{
	struct timespec at;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
	return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static void measure(struct bench *bench, int64_t ret_times[SUBJECTS][ROUNDS])
{
	static void (*const subjects[SUBJECTS])(struct bench *) = {
		[COPY] = copy_once, [INFLATE] = inflate_once, [READ] = read_once, [VALIDATE] = validate_once};

	for (int subject = 0; subject < SUBJECTS; subject++)
		subjects[subject](bench);
	for (int round = 0; round < ROUNDS; round++) {
		for (int subject = 0; subject < SUBJECTS; subject++) {
			int64_t begin = processor_ns();

			subjects[subject](bench);
			ret_times[subject][round] = processor_ns() - begin;
		}
	}
}

static int compare_doubles(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

/* The median over the turns of `above` / `below`. */
static double ratio(const int64_t above[ROUNDS], const int64_t below[ROUNDS])
{
	double ratios[ROUNDS];

	for (int round = 0; round < ROUNDS; round++)
		ratios[round] = (double)above[round] / (double)below[round];
	qsort(ratios, ROUNDS, sizeof(ratios[0]), compare_doubles);
	return ratios[ROUNDS / 2];
}

static void tell(const struct bench *bench, int64_t times[SUBJECTS][ROUNDS])
{
	static const char *const names[SUBJECTS] = {
		[COPY] = "copy", [INFLATE] = "inflate", [READ] = "read", [VALIDATE] = "validate"};
	int64_t bytes[ROUNDS];

	for (int round = 0; round < ROUNDS; round++)
		bytes[round] = (int64_t)bench->bytes;
	printf("segments %llu\nelements %llu\n", (unsigned long long)bench->segments,
	       (unsigned long long)bench->elements);
	for (int subject = 0; subject < SUBJECTS; subject++)
		printf("%s %.4f\n", names[subject], ratio(bytes, times[subject]));
	printf("copy_time_of_read %.4f\n", ratio(times[COPY], times[READ]));
	printf("validate_time_of_read %.4f\n", ratio(times[VALIDATE], times[READ]));
	printf("inflate_time_of_validate %.4f\n", ratio(times[INFLATE], times[VALIDATE]));
}

static void load(struct bench *bench, const char *path)
{
	struct buffer errors;
	struct hash hash;
	char packed[4096];
	int error = io_read_file(&bench->env, path, FILE_BYTES_MAX, &bench->data, &bench->bytes);

	if (error < 0)
		fail(path, error);
	snprintf(packed, sizeof(packed), "%s.gz", path);
	error = io_gzip_file(&bench->env, path, packed, &hash);
	if (error == 0)
		error = io_read_file(&bench->env, packed, FILE_BYTES_MAX, &bench->packed, &bench->packed_bytes);
	if (error == 0)
		error = env_unlink(&bench->env, packed);
	if (error < 0)
		fail(packed, error);
	buffer_init(&errors, &bench->env);
	error = guide_set_new(&bench->env, &errors, &bench->guides);
	buffer_fini(&errors);
	if (error != 0)
		fail("guides", -1);
	bench->copy = env_alloc(&bench->env, bench->bytes > LIMIT_READ_BYTES ? bench->bytes : LIMIT_READ_BYTES);
	if (bench->copy == NULL)
		fail("memory", -ENOMEM);
}

int main(int argc, char **argv)
{
	struct bench bench = {0};
	int64_t times[SUBJECTS][ROUNDS];

	if (argc != 2) {
		fputs("usage: bench_read FILE\n", stderr);
		return 64;
	}
	if (hash_setup() != 0)
		return 70;
	env_real_init(&bench.env);
	load(&bench, argv[1]);
	measure(&bench, times);
	tell(&bench, times);
	guide_set_free(bench.guides);
	env_free(&bench.env, bench.data);
	env_free(&bench.env, bench.copy);
	env_free(&bench.env, bench.packed);
	return 0;
}
