/*
 * embed: files into a C table, at build time.
 *
 * embed OUT.c NAME=FILE... writes a table of (name, bytes) that src's specs_find() looks up, so that the program
 * runs without an install.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int embed_file(FILE *out, const char *path, int index, size_t *ret_bytes)
{
	FILE *in = fopen(path, "rb");
	size_t count = 0;
	int c;

	if (in == NULL) {
		perror(path);
		return -1;
	}
	fprintf(out, "static const unsigned char file_%d[] = {", index);
	while ((c = getc(in)) != EOF) {
		fprintf(out, "%s%d,", count % 24 == 0 ? "\n" : "", c);
		count++;
	}
	fprintf(out, "0};\n");
	*ret_bytes = count;
	if (ferror(in) != 0 || fclose(in) != 0) {
		perror(path);
		return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	size_t *sizes = calloc((size_t)argc + 1, sizeof(*sizes));
	FILE *out;
	int i;

	if (argc < 2 || sizes == NULL) {
		fprintf(stderr, "usage: embed OUT.c NAME=FILE...\n");
		return 64;
	}
	out = fopen(argv[1], "wb");
	if (out == NULL) {
		perror(argv[1]);
		return 73;
	}
	fprintf(out, "/* Made by tools/embed; do not edit. */\n#include \"muster/specs.h\"\n\n");
	for (i = 2; i < argc; i++) {
		char *equals = strchr(argv[i], '=');

		if (equals == NULL || embed_file(out, equals + 1, i, &sizes[i]) != 0)
			return 66;
		*equals = '\0';
	}
	fprintf(out, "\nconst struct specs_file specs_files[] = {\n");
	for (i = 2; i < argc; i++)
		fprintf(out, "\t{\"%s\", {(const char *)file_%d, %zu}},\n", argv[i], i, sizes[i]);
	fprintf(out, "\t{NULL, {NULL, 0}},\n};\nconst size_t specs_file_count = %d;\n", argc - 2);
	free(sizes);
	return fclose(out) == 0 ? 0 : 74;
}
