/*
 * specs: the files of specs/, inside the program.
 *
 * Names are paths below specs/, as "guides/834.yaml". Contents are static and end in a NUL that the slice leaves out.
 */
#ifndef MUSTER_SPECS_H
#define MUSTER_SPECS_H

#include "muster/slice.h"

struct specs_file {
	const char *name;
	struct slice content;
};

/* Made by tools/embed, in the order of specs/meson.build. */
extern const struct specs_file specs_files[];
extern const size_t specs_file_count;

/* The content, or the empty slice (data NULL) when there is no such file. */
struct slice specs_find(const char *name);

#endif
