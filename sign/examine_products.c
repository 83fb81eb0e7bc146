/* Releases of a product's role: their paths, and counters that only rise. */
#include "examine.h"
#include "release.h"

static int examine_products_entry(const struct target *target, struct span role, struct release *release,
				  struct refusal *why)
{
	bool below = span_starts(target->path, role) && target->path.n > role.n + 1 && target->path.at[role.n] == '/';
	if (!below)
		return refusal_set(why, "signd-path", "a product's key signs releases of that product only",
				   "metadata: the path '%.*s' is not below '%.*s/'", (int)target->path.n,
				   (const char *)target->path.at, (int)role.n, (const char *)role.at);
	enum fault fault = release_decode(target, release);
	if (fault != FAULT_NONE)
		return refusal_set(why, "signd-release", "have the release made by 'sealift pack'",
				   "metadata: the release '%.*s': %s", (int)target->path.n,
				   (const char *)target->path.at, fault_text(fault));
	/* The release itself says whether it must be logged: the key's thief must not say no. [SIGND-10] */
	if (release->log == LOG_NONE)
		return refusal_set(why, "signd-log-policy",
				   "a release must be logged: pack it with the log policy 'log'",
				   "metadata: the release '%.*s' asks for no log", (int)target->path.n,
				   (const char *)target->path.at);
	return 0;
}

/*
 * The rule by which a device takes a counter (core/trust/authorize.c), and a bound for the first build of an epoch,
 * which a device has not: no release may leave its successors without room. [SIGND-9]
 */
static bool examine_products_is_step(uint64_t last, uint64_t counter)
{
	if (COUNTER_EPOCH(counter) == COUNTER_EPOCH(last))
		return counter - last <= COUNTER_BUILD_STEP_MAX;
	return COUNTER_EPOCH(counter) - COUNTER_EPOCH(last) == 1 && COUNTER_BUILD(counter) <= COUNTER_BUILD_STEP_MAX;
}

static int examine_products_counter(const struct standing_scope *last, const struct release *release,
				    struct examined *out, struct refusal *why)
{
	static const char help[] = "pack the release again under the next counter";
	const struct record_release *known = standing_release(last, release->counter);
	for (uint32_t i = 0; known == NULL && i < out->release_count; i++)
		if (out->releases[i].counter == release->counter)
			known = &out->releases[i];
	if (known != NULL && !digest_equal(&known->image, &release->image))
		return refusal_set(why, "signd-counter-reused", help,
				   "metadata: counter %llu was signed for another image than that of '%.*s'",
				   (unsigned long long)release->counter, (int)release->path.n,
				   (const char *)release->path.at);
	if (known != NULL)
		return 0;
	if (last != NULL && release->counter <= last->counter)
		return refusal_set(why, "signd-counter-decreased", help,
				   "metadata: '%.*s' has the new counter %llu, below the highest that was signed, %llu",
				   (int)release->path.n, (const char *)release->path.at,
				   (unsigned long long)release->counter, (unsigned long long)last->counter);
	uint64_t highest = last != NULL ? last->counter : 0;
	if (!examine_products_is_step(highest, release->counter))
		return refusal_set(
			why, "signd-counter-jump", help,
			"metadata: '%.*s' has the counter %u.%u, too far from the highest that was signed, %u.%u",
			(int)release->path.n, (const char *)release->path.at, COUNTER_EPOCH(release->counter),
			COUNTER_BUILD(release->counter), COUNTER_EPOCH(highest), COUNTER_BUILD(highest));
	out->releases[out->release_count++] = (struct record_release){ release->counter, release->image };
	return 0;
}

int examine_products(const struct examine_facts *facts, struct span role, const struct targets *targets,
		     struct workspace *ws, struct examined *out, struct refusal *why)
{
	const struct standing_scope *last = standing_find(facts->standing, role);
	struct release release;
	if (targets->delegation_count > 0)
		return refusal_set(why, "signd-delegation", "only the top-level targets role delegates",
				   "metadata: a product's role has delegations");
	if (targets->count > RECORD_RELEASES_MAX)
		return refusal_set(why, "signd-release", "retire old releases", "metadata: more than %u releases",
				   RECORD_RELEASES_MAX);
	out->releases = workspace_array(ws, targets->count + 1, sizeof *out->releases);
	if (out->releases == NULL)
		return refusal_set(why, "signd-release", "retire old releases", "metadata: too many releases");
	for (uint32_t i = 0; i < targets->count; i++)
		if (examine_products_entry(&targets->entries[i], role, &release, why) != 0 ||
		    examine_products_counter(last, &release, out, why) != 0)
			return -1;
	return 0;
}
