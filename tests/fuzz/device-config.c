/* device.json: what decodes is written again, and is then its own form. */
#include "device.h"
#include "fuzz.h"

#include <string.h>

#define TEXT_MAX (4 * DEVICE_CONFIG_BYTES_MAX)

static uint8_t memory[2][1 << 20], first[TEXT_MAX], second[TEXT_MAX];

static void check(const struct device_config *config)
{
	struct attribute store[DEVICE_ATTRIBUTES_MAX];
	struct device_facts facts;
	FUZZ_CHECK(config->server_count >= 1 && config->server_count <= DEVICE_SERVERS_MAX);
	FUZZ_CHECK(config->attribute_count <= DEVICE_ATTRIBUTES_MAX && config->slot_bytes > SLOT_MANIFEST_ROOM);
	for (uint32_t i = 0; i < config->server_count; i++)
		FUZZ_CHECK(strncmp(config->servers[i], "https://", 8) == 0);
	device_facts_of(config, store, &facts);
	FUZZ_CHECK(span_is(facts.id, config->id) && facts.attribute_count == config->attribute_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = { data, size };
	struct workspace one = workspace_over(memory[0], sizeof memory[0]);
	struct workspace two = workspace_over(memory[1], sizeof memory[1]);
	struct device_config config, back;
	if (size > DEVICE_CONFIG_BYTES_MAX || device_config_decode(in, &one, &config) != FAULT_NONE)
		return 0;
	check(&config);
	struct writer a = writer_over(first, sizeof first), b = writer_over(second, sizeof second);
	if (device_config_encode(&a, &config) != FAULT_NONE)
		return 0;
	FUZZ_CHECK(device_config_decode(writer_span(&a), &two, &back) == FAULT_NONE);
	FUZZ_CHECK(device_config_encode(&b, &back) == FAULT_NONE);
	FUZZ_CHECK(span_equal(writer_span(&a), writer_span(&b)));
	return 0;
}
