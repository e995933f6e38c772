/* to_x12: which of the two forms it is, and back. */
#include <errno.h>

#include "emit.h"

/* What a tree may begin with: a byte-order mark and blanks; then '<' is XML, '{' is JSON. */
static int look(struct io_source *source, char *ret_first)
{
	unsigned char bytes[64];
	ssize_t n = io_source_read(source, bytes, sizeof(bytes));

	*ret_first = '\0';
	for (ssize_t i = 0; i < n && *ret_first == '\0'; i++)
		if (strchr(" \t\r\n\xef\xbb\xbf", bytes[i]) == NULL)
			*ret_first = (char)bytes[i];
	return n < 0 ? (int)n : 0;
}

int convert_is_tree(struct io_source *source, bool *ret_is_tree)
{
	char first;
	int r = look(source, &first);

	if (r == 0)
		*ret_is_tree = first == '<' || first == '{';
	return r;
}

int convert_to_x12(struct env *env, struct io_source *source, struct io_source *again, const struct convert_sink *sink,
		   struct convert_error *reterr_error)
{
	struct emit emit;
	char first;
	int r = look(again, &first);

	if (r < 0)
		return r;
	*reterr_error = (struct convert_error){0};
	emit_init(&emit, env, sink, reterr_error);
	if (first == '<')
		r = xml_in(&emit, env, source);
	else if (first == '{')
		r = json_in(&emit, env, source);
	else
		r = emit_refuse(&emit, "this is neither JSON nor XML");
	if (r == 0)
		r = emit_end(&emit);
	emit_fini(&emit);
	return r;
}
