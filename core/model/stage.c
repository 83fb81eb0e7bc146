#include "stage.h"

uint32_t stage_position(const struct crypto *crypto, struct span salt, struct span device_id)
{
	if (salt.n != STAGE_SALT_BYTES)
		return STAGE_RANGE_ALL;

	struct sha256 hash;
	struct digest digest;
	crypto->sha256_init(&hash);
	crypto->sha256_update(&hash, salt);
	crypto->sha256_update(&hash, device_id);
	crypto->sha256_final(&hash, &digest);

	const uint8_t *b = digest.bytes;
	uint64_t x = (uint64_t)b[0] << 24 | (uint64_t)b[1] << 16 | (uint64_t)b[2] << 8 | b[3];
	return (uint32_t)(x * STAGE_RANGE_ALL >> 32);
}

static bool is_listed(const struct stage *stage, struct span device_id)
{
	for (uint32_t i = 0; i < stage->device_count; i++)
		if (span_equal(stage->devices[i], device_id))
			return true;
	return false;
}

static bool has_attribute(const struct attribute *attributes, size_t n, const struct attribute *wanted)
{
	for (size_t i = 0; i < n; i++)
		if (span_equal(attributes[i].name, wanted->name) && span_equal(attributes[i].value, wanted->value))
			return true;
	return false;
}

static bool is_open_to(const struct stage *stage, const struct attribute *attributes, size_t n, uint32_t position_bp)
{
	if (stage->group_count > STAGE_GROUP_MAX)
		return false;
	/* A list alone means these and no others, or each canary stage would take in the fleet. */
	if (stage->group_count == 0 && stage->device_count > 0)
		return false;
	for (uint32_t i = 0; i < stage->group_count; i++)
		if (!has_attribute(attributes, n, &stage->group[i]))
			return false;
	return position_bp >= stage->range_from_bp && position_bp < stage->range_to_bp;
}

/* [PLAN-13] [PLAN-14] */
int stage_of(const struct stage_list *list, struct span device_id, const struct attribute *attributes, size_t n,
	     uint32_t position_bp)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (is_listed(&list->stages[i], device_id))
			return (int)i;
	for (uint32_t i = 0; i < list->count; i++)
		if (is_open_to(&list->stages[i], attributes, n, position_bp))
			return (int)i;
	return STAGE_NONE;
}
