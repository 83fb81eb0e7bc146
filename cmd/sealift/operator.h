/* Questions to a running sealiftd, over its operator socket; answers as JSON trees. */
#ifndef OPERATOR_H
#define OPERATOR_H

#include "json.h"
#include "site.h"
#include "ui.h"

struct operator_answer {
	char *text; /* as it came, for --json */
	struct json_node *root;
	uint8_t *memory;
};

/* 0, or -1 with the server's own words where it answered with an error status. body NULL: GET. */
int operator_ask(const struct site *site, const char *method, const char *path, const char *body,
		 struct operator_answer *out, struct error *e) MUST_USE;
void operator_answer_free(struct operator_answer *answer);

/* Reading without consuming: "" and 0 where a member is absent or of another type. */
const struct json_node *operator_member(const struct json_node *object, const char *name);
struct span operator_text(const struct json_node *object, const char *name);
long long operator_number(const struct json_node *object, const char *name); /* also from a string of digits */

#endif
