#include "muster/specs.h"

struct slice specs_find(const char *name)
{
	size_t i;

	for (i = 0; i < specs_file_count; i++)
		if (strcmp(specs_files[i].name, name) == 0)
			return specs_files[i].content;
	return SLICE_EMPTY;
}
