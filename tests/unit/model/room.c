/* Every decoder in a workspace of every size: too small is said so, and nothing else comes of it. */
#include "check.h"
#include "plan.h"
#include "revocations.h"
#include "trust_bundle.h"
#include "world.h"

#include "crypto_openssl.h"
#include "plan_sample.h"

static _Alignas(max_align_t) uint8_t memory[1 << 20];
static struct world *world;

typedef enum fault room_decode(struct span text, struct workspace *ws);

static enum fault decode_root(struct span text, struct workspace *ws)
{
	struct signed_json envelope;
	struct root root;
	enum fault fault = signed_decode(text, ws, &crypto_openssl, &envelope);
	return fault != FAULT_NONE ? fault : root_decode(envelope.body, ws, &crypto_openssl, &root);
}

static enum fault decode_snapshot(struct span text, struct workspace *ws)
{
	struct signed_json envelope;
	struct snapshot snapshot;
	enum fault fault = signed_decode(text, ws, &crypto_openssl, &envelope);
	return fault != FAULT_NONE ? fault : snapshot_decode(envelope.body, ws, &snapshot);
}

static enum fault decode_targets(struct span text, struct workspace *ws)
{
	struct signed_json envelope;
	struct targets targets;
	enum fault fault = signed_decode(text, ws, &crypto_openssl, &envelope);
	return fault != FAULT_NONE ? fault : targets_decode(envelope.body, ws, &crypto_openssl, &targets);
}

static enum fault decode_laid_out(struct span text, struct workspace *ws)
{
	struct signed_json envelope;
	enum fault fault = signed_decode(text, ws, &crypto_openssl, &envelope);
	return fault != FAULT_NONE ? fault : signed_lay_out(&envelope, ws);
}

static enum fault decode_strict(struct span text, struct workspace *ws)
{
	struct signed_json envelope;
	return signed_decode_strict(text, ws, &crypto_openssl, &envelope);
}

static enum fault decode_plan(struct span text, struct workspace *ws)
{
	struct plan plan;
	return plan_decode(text, ws, &plan);
}

static enum fault decode_revocations(struct span text, struct workspace *ws)
{
	struct revocation_list list;
	return revocation_list_decode(text, ws, &list);
}

static enum fault decode_bundle(struct span text, struct workspace *ws)
{
	struct trust_bundle bundle;
	return trust_bundle_decode(text, ws, &bundle);
}

static void every_room(struct span text, room_decode *decode)
{
	enum fault fault = FAULT_NO_SPACE;
	size_t room = 0;
	for (; fault == FAULT_NO_SPACE && room < sizeof memory; room += 8) {
		struct workspace ws = workspace_over(memory, room);
		fault = decode(text, &ws);
		CHECK(ws.used <= room);
	}
	CHECK_EQ(fault, FAULT_NONE);
	CHECK(room > text.n / 2);
}

static void metadata_in_every_room(void)
{
	if (world == NULL)
		world = world_new();
	every_room(world_get(&world->remote, "1.root.json"), decode_root);
	every_room(world_get(&world->remote, "1.snapshot.json"), decode_snapshot);
	every_room(world_get(&world->remote, "1.targets.json"), decode_targets);
	every_room(world_get(&world->remote, "1.p%2Fboard.json"), decode_targets);
	every_room(world_get(&world->remote, "timestamp.json"), decode_laid_out);
}

#define DIGEST "1111111111111111111111111111111111111111111111111111111111111111"

static void our_objects_in_every_room(void)
{
	every_room(SPAN_LIT(PLAN_SAMPLE), decode_plan);
	every_room(SPAN_LIT("{\"epoch\":7,\"keys\":[\"" DIGEST "\"],\"type\":\"revocations\",\"version\":1}"),
		   decode_revocations);
	every_room(SPAN_LIT("{\"device_cas\":[\"MAA=\"],\"emergency\":[\"" DIGEST
			    "\"],\"log_policy\":\"log\",\"logs\":["
			    "{\"key\":\"" DIGEST DIGEST "\",\"origin\":\"sealift.example/log\"}],\"sequence\":3,"
			    "\"server_roots\":[\"MAEB\",\"MAEC\"],\"type\":\"trust-bundle\",\"version\":1,"
			    "\"witness_quorum\":1,\"witnesses\":[{\"key\":\"" DIGEST "\",\"name\":\"w.example\"}]}"),
		   decode_bundle);
	every_room(SPAN_LIT("{\"signatures\":[],\"signed\":{}}"), decode_strict);
}

static const struct check_case cases[] = {
	CASE(metadata_in_every_room),
	CASE(our_objects_in_every_room),
};
CHECK_MAIN(cases)
