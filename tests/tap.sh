#!/bin/bash
# tap.sh PROGRAM...: run a cmocka program and mend its TAP for meson: this cmocka says `not ok N # SKIP` of a test that
# skipped itself, and whatever a test prints stands between the lines.
set -o pipefail
"$@" | sed -u -e 's/^not ok \([0-9]*\) # SKIP/ok \1 # SKIP/' -e '/^\(ok \|not ok \|1\.\.\|#\|Bail out!\)/!s/^/# /'
