/*
 * fuzz_convert: any bytes into a tree and back; any bytes taken for a tree.
 *
 * Claims: an unmasked tree, in either form, gives the decoded file back byte for byte, whatever was in it; a masked one
 * is refused; reading a tree never gives half a refusal (a text says why).
 */
#include "fuzz.h"
#include "muster/convert.h"

static int keep(void *context, struct slice bytes)
{
	buffer_add_slice(context, bytes);
	return 0;
}

static struct guide_set *guides(void)
{
	static struct guide_set *set;
	struct buffer errors;

	if (set == NULL) {
		buffer_init(&errors, fuzz_env());
		FUZZ_CLAIM(guide_set_new(fuzz_env(), &errors, &set) == 0);
		buffer_fini(&errors);
	}
	return set;
}

static struct io_source *open_bytes(struct slice bytes)
{
	struct io_source *source;

	FUZZ_CLAIM(io_source_open_memory(fuzz_env(), bytes, 0, &source) == 0);
	return source;
}

static void forward(struct slice file, enum convert_form form, bool unmasked, struct buffer *out)
{
	const struct convert_options options = {.form = form, .unmasked = unmasked};
	const struct convert_sink sink = {out, keep};
	struct io_source *source = open_bytes(file), *beside = open_bytes(file);
	struct convert_result result;

	buffer_clear(out);
	FUZZ_CLAIM(convert_from_x12(fuzz_env(), guides(), source, beside, &options, &sink, &result) == 0);
	io_source_close(source);
	io_source_close(beside);
}

static int backward(struct slice tree, struct buffer *out)
{
	const struct convert_sink sink = {out, keep};
	struct io_source *source = open_bytes(tree);
	struct convert_error error;
	int r;

	buffer_clear(out);
	r = convert_to_x12(fuzz_env(), source, &sink, &error);
	FUZZ_CLAIM(r == 0 || (r == CONVERT_E_REFUSED && error.text[0] != '\0'));
	io_source_close(source);
	return r;
}

/* What a reader of the file sees: inflated, plain, without the line ends of records. The mark at its beginning counts.
 */
static void decode(struct slice file, struct buffer *out)
{
	struct io_source *source = open_bytes(file);
	char bytes[4096];
	ssize_t n;

	buffer_clear(out);
	if (io_source_has_bom(source))
		buffer_add_text(out, "\xef\xbb\xbf");
	while ((n = io_source_read(source, bytes, sizeof(bytes))) > 0)
		buffer_add(out, bytes, (size_t)n);
	FUZZ_CLAIM(n == 0);
	io_source_close(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice file = slice_of((const char *)data, size);
	struct buffer decoded, tree, back;

	buffer_init(&decoded, fuzz_env());
	buffer_init(&tree, fuzz_env());
	buffer_init(&back, fuzz_env());
	decode(file, &decoded);
	for (int form = CONVERT_JSON; form <= CONVERT_XML; form++) {
		forward(file, (enum convert_form)form, true, &tree);
		FUZZ_CLAIM(backward(buffer_slice(&tree), &back) == 0);
		FUZZ_CLAIM(slice_equal(buffer_slice(&back), buffer_slice(&decoded)));
		forward(file, (enum convert_form)form, false, &tree);
		FUZZ_CLAIM(backward(buffer_slice(&tree), &back) == CONVERT_E_REFUSED);
	}
	(void)backward(file, &back);
	buffer_fini(&decoded);
	buffer_fini(&tree);
	buffer_fini(&back);
	return 0;
}
