#include "emergency.h"

#include "name.h"

#define EMERGENCY_ACTION_TEXT_MAX 32

/* Ascending: the order in which a statement must list them. */
static const char *const emergency_actions[EMERGENCY_ACTIONS] = {
	[EMERGENCY_ACTIVATE_STANDBY] = "activate-standby",
	[EMERGENCY_AUTHORISE_RECOVERY] = "authorise-recovery",
	[EMERGENCY_RAISE_EPOCH] = "raise-epoch",
	[EMERGENCY_REVOKE] = "revoke",
};

const char *emergency_action_text(enum emergency_action action)
{
	return (unsigned)action < EMERGENCY_ACTIONS ? emergency_actions[action] : "unknown";
}

static void emergency_keys(struct json_reader *r, struct json_node *action, struct emergency *out)
{
	struct json_node *list = json_array(r, action, "keys", EMERGENCY_REVOKE_MAX);
	if (list == NULL)
		return;
	if (list->count == 0)
		json_fail(r, FAULT_MISSING, "keys");
	for (struct json_node *n = list->child; n != NULL && r->fault == FAULT_NONE; n = n->next) {
		struct digest *key = &out->revoke[out->revoke_count];
		json_value_hex(r, n, key->bytes, DIGEST_BYTES);
		/* [EMG-6] */
		if (out->revoke_count > 0 && span_compare(digest_span(key - 1), digest_span(key)) >= 0)
			json_fail(r, FAULT_NOT_CANONICAL, "keys");
		out->revoke_count++;
	}
}

/* [EMG-4]: these four, and no other. */
static enum emergency_action emergency_action(struct json_reader *r, struct json_node *node)
{
	struct span word = json_string(r, node, "action", EMERGENCY_ACTION_TEXT_MAX);
	for (unsigned i = 0; i < EMERGENCY_ACTIONS; i++)
		if (span_is(word, emergency_actions[i]))
			return (enum emergency_action)i;
	json_fail(r, FAULT_VERSION, "action");
	return EMERGENCY_ACTIONS;
}

static void emergency_one(struct json_reader *r, struct json_node *node, struct emergency *out)
{
	enum emergency_action action = emergency_action(r, node);
	if (r->fault != FAULT_NONE)
		return;
	/* [EMG-5]: twice would be a contradiction, and another order a second spelling. */
	for (unsigned i = action; i < EMERGENCY_ACTIONS; i++)
		if (out->does[i])
			json_fail(r, i == (unsigned)action ? FAULT_DUPLICATE : FAULT_NOT_CANONICAL, "action");
	out->does[action] = true;
	if (action == EMERGENCY_AUTHORISE_RECOVERY)
		json_hex(r, node, "image", out->recovery.bytes, DIGEST_BYTES);
	if (action == EMERGENCY_RAISE_EPOCH)
		out->epoch = (uint32_t)json_uint(r, node, "epoch", 1, COUNTER_EPOCH_MAX);
	if (action == EMERGENCY_REVOKE)
		emergency_keys(r, node, out);
	json_close(r, node);
}

static void emergency_all(struct json_reader *r, struct json_node *body, struct emergency *out)
{
	struct json_node *list = json_array(r, body, "actions", EMERGENCY_ACTIONS);
	if (list == NULL)
		return;
	if (list->count == 0)
		json_fail(r, FAULT_MISSING, "actions");
	for (struct json_node *n = list->child; n != NULL && r->fault == FAULT_NONE; n = n->next)
		emergency_one(r, n, out);
}

/* [EMG-2] [EMG-3] */
enum fault emergency_decode(struct json_node *body, struct emergency *out)
{
	struct json_reader r = { 0 };
	*out = (struct emergency){ 0 };
	json_expect(&r, body, "type", "emergency");
	if (json_uint(&r, body, "version", 1, JSON_INTEGER_MAX) != 1)
		json_fail(&r, FAULT_VERSION, "version");
	out->product = json_string(&r, body, "product", RELEASE_PRODUCT_MAX);
	if (!name_is_word(out->product, RELEASE_PRODUCT_MAX))
		json_fail(&r, FAULT_RANGE, "product");
	out->sequence = json_uint(&r, body, "sequence", 1, JSON_INTEGER_MAX);
	out->why = json_string(&r, body, "why", EMERGENCY_WHY_MAX);
	if (!name_is_printable(out->why, EMERGENCY_WHY_MAX))
		json_fail(&r, FAULT_UTF8, "why");
	emergency_all(&r, body, out);
	json_close(&r, body);
	return r.fault;
}

static void emergency_write_keys(struct json_writer *j, const struct emergency *statement)
{
	if (statement->revoke_count == 0 || statement->revoke_count > EMERGENCY_REVOKE_MAX)
		writer_fail(j->out, FAULT_RANGE);
	json_write_name(j, "keys");
	json_write_array(j);
	for (uint32_t i = 0; i < statement->revoke_count && i < EMERGENCY_REVOKE_MAX; i++) {
		const struct digest *key = &statement->revoke[i];
		if (i > 0 && span_compare(digest_span(key - 1), digest_span(key)) >= 0)
			writer_fail(j->out, FAULT_NOT_CANONICAL);
		json_write_hex(j, digest_span(key));
	}
	json_write_array_end(j);
}

static void emergency_write_action(struct json_writer *j, const struct emergency *statement,
				   enum emergency_action action)
{
	json_write_object(j);
	json_write_member_text(j, "action", emergency_actions[action]);
	if (action == EMERGENCY_AUTHORISE_RECOVERY)
		json_write_member_hex(j, "image", digest_span(&statement->recovery));
	if (action == EMERGENCY_RAISE_EPOCH)
		json_write_member_uint(j, "epoch", statement->epoch);
	if (action == EMERGENCY_REVOKE)
		emergency_write_keys(j, statement);
	json_write_object_end(j);
}

void emergency_encode(struct writer *w, const struct emergency *statement)
{
	struct json_writer j = json_writer_over(w);
	json_write_object(&j);
	json_write_name(&j, "actions");
	json_write_array(&j);
	for (unsigned i = 0; i < EMERGENCY_ACTIONS; i++)
		if (statement->does[i])
			emergency_write_action(&j, statement, (enum emergency_action)i);
	json_write_array_end(&j);
	json_write_member_string(&j, "product", statement->product);
	json_write_member_uint(&j, "sequence", statement->sequence);
	json_write_member_text(&j, "type", "emergency");
	json_write_member_uint(&j, "version", 1);
	json_write_member_string(&j, "why", statement->why);
	json_write_object_end(&j);
}
