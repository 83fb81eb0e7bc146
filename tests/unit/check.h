/*
 * The tests' own assertions (NDEBUG must not remove them). A test program lists its cases in a table; each prints one
 * TAP line. A failed CHECK ends its case, names file, line and expression, and the program goes on with the next case.
 */
#ifndef CHECK_H
#define CHECK_H

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf check_escape;

#define CHECK(expression)                                                                       \
	do {                                                                                    \
		if (!(expression)) {                                                            \
			printf("# %s:%d: CHECK failed: %s\n", __FILE__, __LINE__, #expression); \
			longjmp(check_escape, 1);                                               \
		}                                                                               \
	} while (0)

/* For integers and enums: says both values. */
#define CHECK_EQ(got, want)                                                                                 \
	do {                                                                                                \
		long long check_got = (long long)(got), check_want = (long long)(want);                     \
		if (check_got != check_want) {                                                              \
			printf("# %s:%d: %s is %lld, not %lld (%s)\n", __FILE__, __LINE__, #got, check_got, \
			       check_want, #want);                                                          \
			longjmp(check_escape, 1);                                                           \
		}                                                                                           \
	} while (0)

struct check_case {
	const char *name;
	void (*run)(void);
};

#define CASE(function)              \
	{                           \
#function, function \
	}

/* Runs all cases, or the one that argv[1] names. */
static inline int check_main(int argc, char **argv, const struct check_case *cases, size_t count)
{
	static size_t i;
	static int failed;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%zu\n", count);
	for (i = 0; i < count; i++) {
		if (argc > 1 && strcmp(argv[1], cases[i].name) != 0) {
			printf("ok %zu - %s # SKIP\n", i + 1, cases[i].name);
			continue;
		}
		int escaped = setjmp(check_escape);
		if (escaped == 0)
			cases[i].run();
		failed += escaped != 0;
		printf("%sok %zu - %s\n", escaped != 0 ? "not " : "", i + 1, cases[i].name);
	}
	return failed == 0 ? 0 : 1;
}

#define CHECK_MAIN(cases)                                                                 \
	int main(int argc, char **argv)                                                   \
	{                                                                                 \
		return check_main(argc, argv, cases, sizeof(cases) / sizeof((cases)[0])); \
	}

#endif
