#include "verdict.h"
#include "check.h"

#include <stdbool.h>

static bool ends_a_sentence(const char *text)
{
	return text != NULL && strlen(text) > 10 && text[strlen(text) - 1] == '.';
}

/* A rule's name is what reports carry and what docs/threat-model.md lists, so no two share one. */
static void each_verdict_has_its_words(void)
{
	for (int i = VERDICT_OK; i <= VERDICT_COUNT_; i++) {
		const char *rule = verdict_rule((enum verdict)i);
		CHECK(rule != NULL && rule[0] != '\0');
		CHECK_EQ(strspn(rule, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(rule));
		CHECK(ends_a_sentence(verdict_text((enum verdict)i)));
		CHECK(ends_a_sentence(verdict_help((enum verdict)i)));
		for (int j = VERDICT_OK; j < i; j++)
			CHECK(strcmp(rule, verdict_rule((enum verdict)j)) != 0);
	}
	CHECK(strcmp(verdict_rule(VERDICT_OK), "ok") == 0);
	CHECK(strcmp(verdict_rule(VERDICT_SEGMENT), "segment") == 0);
	CHECK(strcmp(verdict_rule(VERDICT_COUNT_), "unknown") == 0);
	CHECK(strcmp(verdict_rule((enum verdict) - 1), "unknown") == 0);
}

static const struct check_case cases[] = {
	CASE(each_verdict_has_its_words),
};
CHECK_MAIN(cases)
