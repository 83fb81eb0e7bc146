/* Why input was refused as malformed. A decoder returns the first fault it met; nothing it wrote may be used then. */
#ifndef FAULT_H
#define FAULT_H

#define MUST_USE __attribute__((warn_unused_result))

enum fault {
	FAULT_NONE = 0,
	FAULT_TRUNCATED,     /* ended before the object did */
	FAULT_TRAILING,      /* bytes after the object */
	FAULT_SYNTAX,        /* not the grammar at all */
	FAULT_NOT_CANONICAL, /* right meaning, wrong spelling: longer than shortest, unsorted, padded */
	FAULT_DUPLICATE,     /* a name or key twice */
	FAULT_TYPE,          /* another type than the schema says */
	FAULT_RANGE,         /* a number outside the bounds that its schema names */
	FAULT_MISSING,       /* a required member is absent */
	FAULT_UNKNOWN,       /* a member that the schema does not know */
	FAULT_VERSION,       /* a version or algorithm that this code does not know */
	FAULT_DEPTH,         /* nested too deep */
	FAULT_UTF8,          /* not UTF-8, or a character that is not allowed */
	FAULT_TOO_LARGE,     /* over the ceiling of this kind of object */
	FAULT_NO_SPACE,      /* the caller's buffer or workspace is too small */
};

/* A short English phrase for a message, never NULL. */
const char *fault_text(enum fault fault);

#endif
