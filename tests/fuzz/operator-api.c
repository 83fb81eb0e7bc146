/* All that operators may ask over the server's socket (http_fake.h says how): of one device, and no rollout. */
#include "fuzz.h"
#include "http_fake.h"
#include "operator_api.h"

#include <string.h>

static struct db_device the_device(void)
{
	return (struct db_device){ .id = "dev-1", .product = "board", .uri = "urn:sealift:board:dev-1", .state = -1 };
}

static int device_load(void *self, const char *id, struct db_device *out, struct error *e)
{
	*out = the_device();
	return strcmp(id, out->id) == 0 ? 0 : 1;
}

static int device_each(void *self, const char *product, const char *after,
		       bool (*row)(void *context, const struct db_device *device), void *context, struct error *e)
{
	struct db_device device = the_device();
	if ((product == NULL || strcmp(product, device.product) == 0) &&
	    (after == NULL || strcmp(after, device.id) < 0))
		(void)row(context, &device);
	return 0;
}

static int rollout_each(void *self, bool (*row)(void *context, const struct db_rollout *rollout), void *context,
			struct error *e)
{
	return 0;
}

static int event_each(void *self, uint64_t after, uint32_t limit,
		      bool (*row)(void *context, const struct db_event *event), void *context, struct error *e)
{
	const struct db_event event = { .id = 7, .kind = "started", .device = "", .who = "ann", .text = "why" };
	FUZZ_CHECK(limit <= 1000);
	if (after < event.id && limit > 0)
		(void)row(context, &event);
	return 0;
}

static int event_last(void *self, uint64_t *id, struct error *e)
{
	*id = 7;
	return 0;
}

static int fact_load(void *self, const char *name, uint64_t *value, struct error *e)
{
	*value = 0;
	return 0;
}

static int read_rows(void *self, void (*look)(void *context, const struct db_rows *rows), void *context,
		     struct error *e)
{
	static const struct db_rows rows = {
		.device_load = device_load,
		.device_each = device_each,
		.rollout_each = rollout_each,
		.event_each = event_each,
		.event_last = event_last,
		.fact_load = fact_load,
	};
	look(context, &rows);
	return 0;
}

static void commits(void *self, uint64_t *count, uint64_t *total_us)
{
	*count = *total_us = 3;
}

static int64_t now_unix(void *self)
{
	return 1800000000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct show show = { .db = { .read = read_rows, .commits = commits },
			     .rollouts = http_fake_rollouts(),
			     .now_unix = now_unix };
	struct operator_api api = { .show = &show, .uid = 1000 };
	struct http_handler handler = operator_api_handler(&api);
	http_fake_run(data, size, &handler);
	return 0;
}
