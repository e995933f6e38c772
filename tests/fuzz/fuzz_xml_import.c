/*
 * fuzz_xml_import: any XML that claims to be a file of decisions.
 */
#include "import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice content = slice_of((const char *)data, size);
	struct slice trimmed = slice_trim(content);

	if (trimmed.len > 0 && trimmed.data[0] == '<')
		import_try(content);
	return 0;
}
