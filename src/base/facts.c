#include "muster/facts.h"

#include "muster/buffer.h"

enum fact_weight { FACT_ASIDE, FACT_NEWS };

static const struct {
	const char *name;
	size_t name_len;
	enum fact_weight weight;
	enum fact_shown shown;
} fact_rows[FACT_COUNT] = {
#define X(name, weight, shown) {#name, sizeof(#name) - 1, FACT_##weight, FACT_##shown},
#include "muster/tbl/facts.h"
#undef X
};

const char *fact_name(enum fact fact)
{
	return fact_rows[fact].name;
}

enum fact_shown fact_shown(enum fact fact)
{
	return fact_rows[fact].shown;
}

bool fact_is_news(enum fact fact)
{
	return fact_rows[fact].weight == FACT_NEWS;
}

void facts_read(struct slice text, struct slice ret_values[FACT_COUNT])
{
	size_t at = 0;
	int fact;

	for (fact = 0; fact < FACT_COUNT; fact++)
		ret_values[fact] = SLICE_EMPTY;
	while (at < text.len) {
		size_t end = slice_find(text, '\n', at), equals = slice_find(text, '=', at);

		for (fact = 0; fact < FACT_COUNT && equals < end; fact++)
			if (equals - at == fact_rows[fact].name_len &&
			    memcmp(text.data + at, fact_rows[fact].name, equals - at) == 0)
				ret_values[fact] = slice_of(text.data + equals + 1, end - equals - 1);
		at = end + 1;
	}
}

struct slice facts_write(struct arena *arena, const struct slice values[FACT_COUNT])
{
	struct slice written;
	struct buffer text;
	size_t i;
	int fact;

	buffer_init(&text, arena->env);
	for (fact = 0; fact < FACT_COUNT; fact++) {
		if (slice_is_empty(values[fact]))
			continue;
		buffer_add_text(&text, fact_rows[fact].name);
		buffer_add_char(&text, '=');
		for (i = 0; i < values[fact].len; i++) {
			char c = values[fact].data[i];

			buffer_add_char(&text, c == '\n' || c == '\r' ? ' ' : c);
		}
		buffer_add_char(&text, '\n');
	}
	written = text.error == 0 ? arena_dup(arena, buffer_slice(&text)) : SLICE_EMPTY;
	buffer_fini(&text);
	return written;
}
