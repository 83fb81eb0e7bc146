#include "fault.h"

const char *fault_text(enum fault fault)
{
	switch (fault) {
	case FAULT_NONE:
		return "no fault";
	case FAULT_TRUNCATED:
		return "truncated";
	case FAULT_TRAILING:
		return "bytes after the end";
	case FAULT_SYNTAX:
		return "syntax error";
	case FAULT_NOT_CANONICAL:
		return "not in canonical form";
	case FAULT_DUPLICATE:
		return "a name given twice";
	case FAULT_TYPE:
		return "a value of the wrong type";
	case FAULT_RANGE:
		return "a value out of range";
	case FAULT_MISSING:
		return "a required member is missing";
	case FAULT_UNKNOWN:
		return "an unknown member";
	case FAULT_VERSION:
		return "an unknown version or algorithm";
	case FAULT_DEPTH:
		return "nested too deep";
	case FAULT_UTF8:
		return "a character that is not allowed";
	case FAULT_TOO_LARGE:
		return "larger than allowed";
	case FAULT_NO_SPACE:
		return "workspace too small";
	}
	return "unknown fault";
}
