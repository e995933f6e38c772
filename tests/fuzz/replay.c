/*
 * replay: a fuzz target as an ordinary test.
 *
 *     replay_<name> FOLDER
 *
 * Runs the target on nothing, on each file of FOLDER, and on each short file cut at every byte: what the fuzzer once
 * found stays found, also where there is no fuzzer. TAP on stdout, one case a file.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longer files are not cut: the time goes with the square. */
#define CUT_BYTES_MAX 4096
#define FILE_BYTES_MAX ((size_t)16 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly `size` bytes, so that a sanitizer sees the first byte read past it. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static bool run_file(const char *path, uint8_t *buffer)
{
	FILE *file = fopen(path, "rb");
	size_t size, cut;
	bool whole;

	if (file == NULL)
		return false;
	size = fread(buffer, 1, FILE_BYTES_MAX, file);
	whole = ferror(file) == 0 && getc(file) == EOF;
	fclose(file);
	if (!whole)
		return false;
	run(buffer, size);
	for (cut = size <= CUT_BYTES_MAX ? size : 0; cut > 0; cut--)
		run(buffer, cut - 1);
	return true;
}

int main(int argc, char **argv)
{
	uint8_t *buffer = malloc(FILE_BYTES_MAX);
	struct dirent **names;
	int count, i, number = 0, failed = 0;
	char path[4096];

	if (argc != 2 || buffer == NULL || (count = scandir(argv[1], &names, NULL, alphasort)) < 0) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 64;
	}
	run(buffer, 0);
	for (i = 0; i < count; i++) {
		bool good;

		if (names[i]->d_name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%s", argv[1], names[i]->d_name);
			good = run_file(path, buffer);
			failed += !good;
			printf("%sok %d - %s\n", good ? "" : "not ", ++number, names[i]->d_name);
		}
		free(names[i]);
	}
	/* An empty folder is a target without a corpus: not a test. */
	printf("1..%d\n", number);
	free(names);
	free(buffer);
	return failed > 0 || number == 0 ? 1 : 0;
}
