/*
 * fuzz_io_source: any file.
 *
 * Claims: the bytes, the damage and the hash are the same however small the pieces and reads; offsets never go back
 * and stay inside the inflated file.
 */
#include "muster/buffer.h"
#include "muster/io.h"
#include "fuzz.h"

/* Bombs have their own test; here they only cost time. */
#define INFLATED_BYTES_MAX ((uint64_t)1 << 17)

struct reading {
	struct buffer bytes;
	enum io_damage damage;
	struct hash hash;
	uint64_t raw_bytes;
};

static void read_all(struct slice file, size_t chunk_bytes, size_t read_bytes, struct reading *ret_reading)
{
	struct io_source *source;
	uint64_t offset = 0, next;
	char piece[4096];
	size_t i;
	ssize_t n;

	FUZZ_CLAIM(read_bytes <= sizeof(piece));
	FUZZ_CLAIM(io_source_open_memory(fuzz_env(), file, chunk_bytes, &source) == 0);
	io_source_limit(source, INFLATED_BYTES_MAX);
	buffer_init(&ret_reading->bytes, fuzz_env());
	while ((n = io_source_read(source, piece, read_bytes)) > 0) {
		for (i = 0; i < (size_t)n; i++) {
			next = io_source_offset(source, ret_reading->bytes.len + i);
			FUZZ_CLAIM(next >= offset);
			FUZZ_CLAIM(io_source_is_gzip(source) || next < file.len);
			offset = next;
		}
		buffer_add(&ret_reading->bytes, piece, (size_t)n);
	}
	FUZZ_CLAIM(n == 0 && ret_reading->bytes.error == 0);
	FUZZ_CLAIM(io_source_read(source, piece, 1) == 0);
	ret_reading->damage = io_source_damage(source);
	io_source_hash(source, &ret_reading->hash, &ret_reading->raw_bytes);
	io_source_close(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t sizes[][2] = {{1, 4096}, {2, 1}, {3, 2}, {5, 7}, {64, 3}};
	struct slice file = slice_of((const char *)data, size);
	struct reading whole, pieces;
	size_t i;

	read_all(file, 0, 4096, &whole);
	FUZZ_CLAIM(whole.raw_bytes == size);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		read_all(file, sizes[i][0], sizes[i][1], &pieces);
		FUZZ_CLAIM(slice_equal(buffer_slice(&whole.bytes), buffer_slice(&pieces.bytes)));
		FUZZ_CLAIM(whole.damage == pieces.damage);
		FUZZ_CLAIM(whole.raw_bytes == pieces.raw_bytes);
		FUZZ_CLAIM(memcmp(whole.hash.bytes, pieces.hash.bytes, HASH_BYTES) == 0);
		buffer_fini(&pieces.bytes);
	}
	buffer_fini(&whole.bytes);
	return 0;
}
