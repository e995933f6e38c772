#include "muster/decide.h"

const char *decide_action_name(enum decide_action action)
{
	static const char *const names[DECIDE_ACTION_COUNT] = {
		[DECIDE_ADD] = "add",
		[DECIDE_CHANGE] = "change",
		[DECIDE_TERMINATE] = "terminate",
		[DECIDE_REINSTATE] = "reinstate",
		[DECIDE_VOID] = "void",
		[DECIDE_TRANSFER] = "transfer",
		[DECIDE_NO_CHANGE] = "no_change",
		[DECIDE_POST] = "post",
	};

	return names[action];
}
