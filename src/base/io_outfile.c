/*
 * io_outfile: files that appear whole.
 *
 * `.<name>.tmp` beside the final name -> write -> fsync -> close -> rename -> fsync of the folder. A crash before the
 * rename leaves the temporary file, which the next try overwrites; a crash after it leaves a whole file.
 */
#include <assert.h>
#include <fcntl.h>
#define ZLIB_CONST
#include <zlib.h>

#include "muster/error.h"
#include "muster/io.h"
#include "muster/limits.h"

#define OUTFILE_BUFFER_BYTES ((size_t)64 * 1024)
#define GZIP_WINDOW_BITS (15 + 16)
#define GZIP_MEM_LEVEL 8
/* An 834 shrinks to less than a quarter at level 2; to a fifth at 6, which takes three times as long. */
#define GZIP_LEVEL 2

/* The folder part with its slash: "out/" of "out/a.999"; empty for a bare name. */
static size_t folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

static int make_names(struct io_outfile *out, const char *path)
{
	size_t len = strlen(path), folder = folder_len(path);

	if (folder == len)
		return -EISDIR;
	/* One block for both: path NUL folder . name .tmp NUL */
	out->path = env_alloc(out->env, 2 * len + 7);
	if (out->path == NULL)
		return -ENOMEM;
	memcpy(out->path, path, len + 1);
	out->temporary_path = out->path + len + 1;
	memcpy(out->temporary_path, path, folder);
	out->temporary_path[folder] = '.';
	memcpy(out->temporary_path + folder + 1, path + folder, len - folder);
	memcpy(out->temporary_path + len + 1, ".tmp", 5);
	return 0;
}

static void release(struct io_outfile *out)
{
	env_free(out->env, out->path);
	env_free(out->env, out->buffer);
	out->path = out->temporary_path = out->buffer = NULL;
}

int io_outfile_open(struct io_outfile *out, struct env *env, const char *path)
{
	int error;

	*out = (struct io_outfile){.env = env, .fd = -1};
	hash_init(&out->hash);
	error = make_names(out, path);
	if (error < 0)
		goto fail;
	out->buffer = env_realloc(env, NULL, OUTFILE_BUFFER_BYTES);
	if (out->buffer == NULL) {
		error = -ENOMEM;
		goto fail;
	}
	error = env_open(env, out->temporary_path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
	if (error < 0)
		goto fail;
	out->fd = error;
	return 0;
fail:
	release(out);
	out->error = error;
	return error;
}

static void flush(struct io_outfile *out)
{
	if (out->error == 0 && out->buffered > 0)
		out->error = env_write(out->env, out->fd, out->buffer, out->buffered);
	out->buffered = 0;
}

void io_outfile_write(struct io_outfile *out, const void *data, size_t bytes)
{
	const char *at = data;
	size_t piece;

	if (out->error != 0)
		return;
	assert(out->fd >= 0);
	if (!out->without_hash)
		hash_update(&out->hash, data, bytes);
	out->bytes += bytes;
	while (bytes > 0) {
		piece = OUTFILE_BUFFER_BYTES - out->buffered;
		piece = piece < bytes ? piece : bytes;
		memcpy(out->buffer + out->buffered, at, piece);
		out->buffered += piece;
		at += piece;
		bytes -= piece;
		if (out->buffered == OUTFILE_BUFFER_BYTES)
			flush(out);
	}
}

static int sync_folder(struct io_outfile *out)
{
	size_t folder = folder_len(out->path);

	if (folder == 0)
		return env_sync_dir(out->env, ".");
	/* The path is not needed any more: cut it to its folder. */
	out->path[folder] = '\0';
	return env_sync_dir(out->env, out->path);
}

int io_outfile_commit(struct io_outfile *out, struct hash *ret_hash)
{
	int error;

	if (out->fd < 0)
		return out->error;
	flush(out);
	if (out->error == 0)
		out->error = env_sync(out->env, out->fd);
	error = env_close(out->env, out->fd);
	out->fd = -1;
	if (out->error == 0)
		out->error = error;
	if (out->error == 0)
		out->error = env_rename(out->env, out->temporary_path, out->path);
	if (out->error != 0)
		/* The first error is the one that counts. */
		(void)env_unlink(out->env, out->temporary_path);
	else
		out->error = sync_folder(out);
	assert(ret_hash == NULL || !out->without_hash);
	if (out->error == 0 && ret_hash != NULL)
		hash_final(&out->hash, ret_hash);
	release(out);
	return out->error;
}

void io_outfile_abort(struct io_outfile *out)
{
	if (out->fd < 0)
		return;
	/* Nothing of it is wanted, so no result matters; what is left behind the next try overwrites. */
	(void)env_close(out->env, out->fd);
	(void)env_unlink(out->env, out->temporary_path);
	out->fd = -1;
	if (out->error == 0)
		out->error = -ECANCELED;
	release(out);
}

int io_publish(struct env *env, const char *path, struct slice content)
{
	struct io_outfile out;
	int error = io_outfile_open(&out, env, path);

	if (error < 0)
		return error;
	io_outfile_write(&out, content.data, content.len);
	return io_outfile_commit(&out, NULL);
}

static int read_all(struct env *env, int fd, size_t bytes_max, char **ret_data, size_t *ret_bytes)
{
	size_t capacity = OUTFILE_BUFFER_BYTES, len = 0;
	char *data = NULL, *grown;
	ssize_t n;
	int error = 0;

	for (;;) {
		/* One byte more than the limit, to see that there is more; one for the NUL. */
		capacity = capacity < bytes_max + 2 ? capacity : bytes_max + 2;
		grown = env_realloc(env, data, capacity);
		if (grown == NULL) {
			error = -ENOMEM;
			break;
		}
		data = grown;
		n = env_read(env, fd, data + len, capacity - 1 - len);
		if (n < 0) {
			error = (int)n;
			break;
		}
		len += (size_t)n;
		if (len > bytes_max) {
			error = -EFBIG;
			break;
		}
		if (len < capacity - 1)
			break;
		capacity *= 2;
	}
	if (error < 0) {
		env_free(env, data);
		return error;
	}
	data[len] = '\0';
	*ret_data = data;
	*ret_bytes = len;
	return 0;
}

int io_read_file(struct env *env, const char *path, size_t bytes_max, char **ret_data, size_t *ret_bytes)
{
	int fd = env_open(env, path, O_RDONLY, 0), error;

	if (fd < 0)
		return fd;
	assert(bytes_max < SIZE_MAX / 4);
	error = read_all(env, fd, bytes_max, ret_data, ret_bytes);
	/* Only read from: what close says changes nothing. */
	(void)env_close(env, fd);
	return error;
}

int io_hash_file(struct env *env, const char *path, struct hash *ret_hash)
{
	int fd = env_open_input(env, path, NULL), error;
	struct hash_state state;
	ssize_t n = 1;
	char *buffer;

	if (fd < 0)
		return fd;
	hash_init(&state);
	buffer = env_realloc(env, NULL, OUTFILE_BUFFER_BYTES);
	error = buffer == NULL ? -ENOMEM : 0;
	while (error == 0 && n > 0) {
		n = env_read(env, fd, buffer, OUTFILE_BUFFER_BYTES);
		if (n > 0)
			hash_update(&state, buffer, (size_t)n);
		error = n < 0 ? (int)n : 0;
	}
	env_free(env, buffer);
	(void)env_close(env, fd);
	if (error == 0)
		hash_final(&state, ret_hash);
	return error;
}

/* What happens to the bytes of a file on their way into an outfile. `last`: no more come. 0 or -errno. */
typedef int (*pump_step)(void *context, struct io_outfile *out, const void *data, size_t bytes, bool last);

/* Read all of `from` through `step` into `to`; hash and size are those of what was read. */
static int pump(struct env *env, const char *from, const char *to, pump_step step, void *context,
		struct hash *ret_hash, uint64_t *ret_bytes)
{
	struct io_outfile out = {.fd = -1};
	struct hash_state state;
	uint64_t total = 0;
	char *buffer = NULL;
	ssize_t n = 1;
	int fd, error;

	fd = env_open_input(env, from, NULL);
	if (fd < 0)
		return fd;
	hash_init(&state);
	error = io_outfile_open(&out, env, to);
	/* What is read is hashed where that is asked for: hashing costs more than reading and writing together. */
	out.without_hash = true;
	if (error == 0) {
		buffer = env_realloc(env, NULL, OUTFILE_BUFFER_BYTES);
		error = buffer == NULL ? -ENOMEM : 0;
	}
	while (error == 0 && n > 0) {
		n = env_read(env, fd, buffer, OUTFILE_BUFFER_BYTES);
		if (n < 0) {
			error = (int)n;
			break;
		}
		if (ret_hash != NULL)
			hash_update(&state, buffer, (size_t)n);
		total += (uint64_t)n;
		error = step(context, &out, buffer, (size_t)n, n == 0);
	}
	if (error == 0)
		error = io_outfile_commit(&out, NULL);
	io_outfile_abort(&out);
	env_free(env, buffer);
	(void)env_close(env, fd);
	if (error == 0 && ret_hash != NULL)
		hash_final(&state, ret_hash);
	if (error == 0 && ret_bytes != NULL)
		*ret_bytes = total;
	return error;
}

static int step_copy(void *context, struct io_outfile *out, const void *data, size_t bytes, bool last)
{
	(void)context;
	(void)last;
	io_outfile_write(out, data, bytes);
	return out->error;
}

int io_copy_file(struct env *env, const char *from, const char *to, struct hash *ret_hash, uint64_t *ret_bytes)
{
	return pump(env, from, to, step_copy, NULL, ret_hash, ret_bytes);
}

struct deflater {
	z_stream stream;
	unsigned char piece[16384];
};

static int step_deflate(void *context, struct io_outfile *out, const void *data, size_t bytes, bool last)
{
	struct deflater *deflater = context;
	int status;

	deflater->stream.next_in = data;
	deflater->stream.avail_in = (uInt)bytes;
	do {
		deflater->stream.next_out = deflater->piece;
		deflater->stream.avail_out = (uInt)sizeof(deflater->piece);
		status = deflate(&deflater->stream, last ? Z_FINISH : Z_NO_FLUSH);
		if (status == Z_STREAM_ERROR)
			return MUSTER_ERROR_INTERNAL;
		io_outfile_write(out, deflater->piece, sizeof(deflater->piece) - deflater->stream.avail_out);
	} while (deflater->stream.avail_out == 0 && out->error == 0);
	return out->error;
}

/* zlib's memory comes from env like all other. */
static voidpf zlib_allocate(voidpf opaque, uInt items, uInt size)
{
	return env_realloc(opaque, NULL, (size_t)items * size);
}

static void zlib_free(voidpf opaque, voidpf block)
{
	env_free(opaque, block);
}

int io_gzip_file(struct env *env, const char *from, const char *to, struct hash *ret_hash)
{
	struct deflater *deflater = env_alloc(env, sizeof(*deflater));
	int error;

	if (deflater == NULL)
		return -ENOMEM;
	deflater->stream.zalloc = zlib_allocate;
	deflater->stream.zfree = zlib_free;
	deflater->stream.opaque = env;
	/* zlib's own gzip header has neither name nor time. */
	if (deflateInit2(&deflater->stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, GZIP_MEM_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK) {
		env_free(env, deflater);
		return -ENOMEM;
	}
	error = pump(env, from, to, step_deflate, deflater, ret_hash, NULL);
	(void)deflateEnd(&deflater->stream);
	env_free(env, deflater);
	return error;
}
