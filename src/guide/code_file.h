/* code_file: a code list that is not YAML. */
#ifndef MUSTER_GUIDE_CODE_FILE_H
#define MUSTER_GUIDE_CODE_FILE_H

#include "dictionary.h"

/* A table (CSV), else a code in each line. What is wrong is complained about in `text`. 0 or -ENOMEM. */
int code_file_read(struct arena *arena, struct guide_text *text, struct slice name, bool is_table,
		   struct dictionary_list *ret_list);

#endif
