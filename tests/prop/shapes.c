/* Files that are right though unusual: nothing may be said against them. */
#include <stdio.h>
#include <string.h>

#include "matrix.h"

void test_shapes(void **state)
{
	(void)state;
}
