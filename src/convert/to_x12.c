/* to_x12: which of the two forms it is, and back. */
#include <string.h>

#include "emit.h"

/* What a tree may begin with: blanks (and a byte-order mark, which is no part of the head); '<' is XML, '{' is JSON. */
static char first_of(const struct io_source *source)
{
	struct slice head = io_source_head(source);

	for (size_t i = 0; i < head.len; i++)
		if (head.data[i] == '\0' || strchr(" \t\r\n", head.data[i]) == NULL)
			return head.data[i];
	return '\0';
}

bool convert_is_tree(const struct io_source *source)
{
	char first = first_of(source);

	return first == '<' || first == '{';
}

int convert_to_x12(struct env *env, struct io_source *source, const struct convert_sink *sink,
		   struct convert_error *reterr_error)
{
	struct emit emit;
	char first = first_of(source);
	int r;

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
