#include "policy.h"

#include <string.h>

#define POLICY_DAY_S ((int64_t)86400)

static const struct policy policies[] = {
	{ "root/", POLICY_ROOT, SIGND_METADATA, POLICY_CEREMONY },
	{ "targets/", POLICY_TARGETS, SIGND_METADATA, POLICY_CEREMONY },
	{ "approver/", POLICY_PLANS, SIGND_METADATA, POLICY_CEREMONY },
	{ "emergency/", POLICY_RECOVERY, SIGND_MANIFEST, POLICY_CEREMONY },
	{ "emergency/", POLICY_EMERGENCY, SIGND_EMERGENCY, POLICY_CEREMONY },
	{ "boot-root", POLICY_NOTHING, SIGND_KINDS, POLICY_CEREMONY },
	{ "factory", POLICY_FACTORY, SIGND_CERTIFICATE, POLICY_CEREMONY },
	{ "p/", POLICY_PRODUCT, SIGND_METADATA, POLICY_CEREMONY | POLICY_PUBLISHER },
	{ "boot", POLICY_SLOT, SIGND_MANIFEST, POLICY_CEREMONY | POLICY_PUBLISHER },
	{ "boot-next", POLICY_SLOT, SIGND_MANIFEST, POLICY_CEREMONY | POLICY_PUBLISHER },
	{ "snapshot", POLICY_SNAPSHOT, SIGND_METADATA, POLICY_CEREMONY | POLICY_PUBLISHER },
	{ "timestamp", POLICY_TIMESTAMP, SIGND_METADATA, POLICY_CEREMONY | POLICY_PUBLISHER | POLICY_SERVER },
	{ "log", POLICY_CHECKPOINT, SIGND_CHECKPOINT, POLICY_CEREMONY | POLICY_PUBLISHER },
	{ "director", POLICY_DIRECTIVE, SIGND_DIRECTIVE, POLICY_CEREMONY | POLICY_SERVER },
	{ "device-ca", POLICY_DEVICE, SIGND_CERTIFICATE, POLICY_CEREMONY | POLICY_SERVER },
	{ "platform", POLICY_NOTHING, SIGND_KINDS, POLICY_CEREMONY },
	{ "payload-kek", POLICY_NOTHING, SIGND_KINDS, POLICY_CEREMONY },
};

static bool policy_is_of(const struct policy *policy, struct span key)
{
	struct span name = span_of_text(policy->name);
	bool is_prefix = name.at[name.n - 1] == '/';
	return is_prefix ? key.n > name.n && span_starts(key, name) : span_equal(key, name);
}

const struct policy *policy_find(struct span key)
{
	return policy_find_kind(key, SIGND_KINDS);
}

const struct policy *policy_find_kind(struct span key, enum signd_kind kind)
{
	const struct policy *first = NULL;
	for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
		if (!policy_is_of(&policies[i], key))
			continue;
		if (policies[i].kind == kind)
			return &policies[i];
		first = first == NULL ? &policies[i] : first;
	}
	return first;
}

struct policy_limits policy_limits_default(void)
{
	return (struct policy_limits){ .root_s = 400 * POLICY_DAY_S,
				       .targets_s = 400 * POLICY_DAY_S,
				       .plans_s = 400 * POLICY_DAY_S,
				       .product_s = 90 * POLICY_DAY_S,
				       .snapshot_s = 30 * POLICY_DAY_S,
				       .timestamp_s = 3 * POLICY_DAY_S,
				       .clock_skew_s = 600,
				       .directive_s = 86400,
				       .device_days = 90 };
}

unsigned policy_role_parse(struct span name)
{
	if (span_is(name, "publisher"))
		return POLICY_PUBLISHER;
	if (span_is(name, "server"))
		return POLICY_SERVER;
	return span_is(name, "auditor") ? POLICY_AUDITOR : 0;
}
