/*
 * A rollout begins: plan and releases are read from the repository, each found through the newest role that lists it.
 * The devices verify the signatures; here the digests keep the server honest with itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "hex.h"
#include "name.h"
#include "signed.h"
#include "state.h"

#define START_WORKSPACE_FACTOR 12 /* nodes and arrays for one byte of JSON */
#define START_PATH_MAX (CLIENT_NAME_MAX + METADATA_PATH_MAX)

/* A decoded file and the memory that it points into. */
struct start_file {
	uint8_t *text;
	size_t n;
	uint8_t *memory;
	struct signed_json envelope;
	struct workspace ws;
};

static void start_file_release(struct start_file *file)
{
	free(file->text);
	free(file->memory);
}
#define START_FILE __attribute__((cleanup(start_file_release))) struct start_file

static int start_read(struct engine *engine, const char *path, size_t max_bytes, struct start_file *file,
		      struct error *e)
{
	int absent = engine->config.read_file(engine->config.files, path, max_bytes, &file->text, &file->n, e);
	if (absent > 0)
		return error_set(e, "the repository has no %s", path);
	return absent;
}

static int start_metadata(struct engine *engine, const char *name, size_t max_bytes, struct start_file *file,
			  struct error *e)
{
	char path[START_PATH_MAX];
	snprintf(path, sizeof path, "metadata/%s", name);
	if (start_read(engine, path, max_bytes, file, e) != 0)
		return -1;
	size_t room = file->n * START_WORKSPACE_FACTOR + STATE_SCRATCH_BYTES;
	if ((file->memory = malloc(room)) == NULL)
		return error_retry(e, "no memory for %s", path);
	file->ws = workspace_over(file->memory, room);
	struct span text = { file->text, file->n };
	enum fault fault = signed_decode(text, &file->ws, engine->config.crypto, &file->envelope);
	return fault == FAULT_NONE ? 0 : error_set(e, "%s is malformed: %s", path, fault_text(fault));
}

static int start_snapshot(struct engine *engine, struct start_file *file, struct snapshot *out, struct error *e)
{
	START_FILE first = { 0 };
	struct timestamp timestamp;
	char name[64];
	if (start_metadata(engine, "timestamp.json", TIMESTAMP_BYTES_MAX, &first, e) != 0)
		return -1;
	if (timestamp_decode(first.envelope.body, &timestamp) != FAULT_NONE)
		return error_set(e, "metadata/timestamp.json is malformed");
	snprintf(name, sizeof name, "%llu.snapshot.json", (unsigned long long)timestamp.snapshot_version);
	if (start_metadata(engine, name, SNAPSHOT_BYTES_MAX, file, e) != 0)
		return -1;
	if (snapshot_decode(file->envelope.body, &file->ws, out) != FAULT_NONE)
		return error_set(e, "metadata/%s is malformed", name);
	return 0;
}

/* The role "<kind>/<product>" at the version that the snapshot names. */
static int start_role(struct engine *engine, const struct snapshot *snapshot, const char *kind, struct span product,
		      struct start_file *file, struct targets *out, struct error *e)
{
	char name[METADATA_ROLE_NAME_MAX + 8], disk[CLIENT_NAME_MAX];
	snprintf(name, sizeof name, "%s/%.*s.json", kind, (int)product.n, (const char *)product.at);
	const struct snapshot_entry *entry = snapshot_find(snapshot, span_of_text(name));
	if (entry == NULL)
		return error_set(e, "the snapshot lists no %s", name);
	snprintf(disk, sizeof disk, "%llu.%s%%2F%.*s.json", (unsigned long long)entry->version, kind, (int)product.n,
		 (const char *)product.at);
	if (start_metadata(engine, disk, TARGETS_BYTES_MAX, file, e) != 0)
		return -1;
	if (targets_decode(file->envelope.body, &file->ws, engine->config.crypto, out) != FAULT_NONE)
		return error_set(e, "metadata/%s is malformed", disk);
	return 0;
}

/* The plan's bytes, with the digest that its role lists. */
static int start_plan(struct engine *engine, const struct target *target, struct start_file *file, struct error *e)
{
	char name[START_PATH_MAX], path[START_PATH_MAX + 16];
	if (client_target_name(target, name, sizeof name) != FAULT_NONE)
		return error_set(e, "the plan's path is too long");
	snprintf(path, sizeof path, "targets/%s", name);
	if (start_read(engine, path, PLAN_BYTES_MAX, file, e) != 0)
		return -1;
	struct digest digest = sha256_of(engine->config.crypto, (struct span){ file->text, file->n });
	if (file->n != target->length || !digest_equal(&digest, &target->sha256))
		return error_set(e, "%s does not have the length and digest that its role lists", path);
	return 0;
}

static int start_release(const struct targets *role, const struct plan_release *named, uint64_t *bytes, struct error *e)
{
	struct release release;
	const struct target *target = targets_find(role, named->path);
	if (target == NULL)
		return error_set(e, "the plan names %.*s, which the product role does not list", (int)named->path.n,
				 (const char *)named->path.at);
	if (release_decode(target, &release) != FAULT_NONE)
		return error_set(e, "the release %.*s is malformed", (int)named->path.n, (const char *)named->path.at);
	if (!digest_equal(&release.image, &named->image) || release.counter != named->counter)
		return error_set(e, "the plan names another digest or counter than the product role for %.*s",
				 (int)named->path.n, (const char *)named->path.at);
	*bytes = release.image_bytes;
	return 0;
}

/* "plans/<product>/<name>.json" */
static bool start_product(const char *path, struct span *product)
{
	struct span whole = span_of_text(path), prefix = SPAN_LIT("plans/");
	if (!span_starts(whole, prefix))
		return false;
	struct span rest = span_sub(whole, prefix.n, whole.n);
	const uint8_t *slash = memchr(rest.at, '/', rest.n);
	if (slash == NULL)
		return false;
	*product = span_sub(rest, 0, (size_t)(slash - rest.at));
	struct span name = span_sub(rest, product->n + 1, rest.n);
	return name_is_word(*product, IDENTITY_PRODUCT_MAX) && name_is_word(name, METADATA_PATH_MAX);
}

static int start_check(struct engine *engine, const struct snapshot *snapshot, struct rollout *rollout,
		       struct span product, struct error *e)
{
	START_FILE file = { 0 };
	struct targets releases;
	struct gate_policy policy = rollout_policy(&rollout->plan);
	const struct plan *plan = &rollout->plan;
	if (!span_equal(plan->product, product))
		return error_set(e, "the plan is for another product");
	if (!gate_policy_is_valid(&policy))
		return error_set(e, "the plan's gate policy is out of bounds");
	if (start_role(engine, snapshot, "p", product, &file, &releases, e) != 0 ||
	    start_release(&releases, &plan->release, &rollout->row.release_bytes, e) != 0)
		return -1;
	return plan->has_return ? start_release(&releases, &plan->return_release, &rollout->row.return_bytes, e) : 0;
}

/* [OPA-2] */
static int start_load(struct engine *engine, struct rollouts_question *q, struct rollout **out)
{
	START_FILE snapshot_file = { 0 }, role_file = { 0 }, plan_file = { 0 };
	struct snapshot snapshot;
	struct targets plans;
	struct span product;
	struct db_rollout row = { .state = DB_RUNNING, .started_unix = engine_now(engine) };
	if (!start_product(q->plan, &product))
		return error_set(&q->error, "not a path of a plan: expected plans/<product>/<name>.json");
	if (start_snapshot(engine, &snapshot_file, &snapshot, &q->error) != 0 ||
	    start_role(engine, &snapshot, "plans", product, &role_file, &plans, &q->error) != 0)
		return -1;
	const struct target *target = targets_find(&plans, span_of_text(q->plan));
	if (target == NULL)
		return error_set(&q->error, "the role plans/%.*s does not list %s", (int)product.n,
				 (const char *)product.at, q->plan);
	if (start_plan(engine, target, &plan_file, &q->error) != 0)
		return -1;
	snprintf(row.product, sizeof row.product, "%.*s", (int)product.n, (const char *)product.at);
	snprintf(row.plan_path, sizeof row.plan_path, "%s", q->plan);
	snprintf(row.who, sizeof row.who, "%s", q->who);
	snprintf(row.why, sizeof row.why, "%s", q->why);
	row.plan = target->sha256;
	row.plan_text = (struct span){ plan_file.text, plan_file.n };
	if (rollout_new(engine, &row, out, &q->error) != 0)
		return -1;
	if (start_check(engine, &snapshot, *out, product, &q->error) == 0)
		return 0;
	rollout_free(*out);
	return -1;
}

struct start_count {
	const struct engine *engine;
	struct rollout *rollout;
};

static bool start_count_device(void *context, const struct db_device *device)
{
	struct start_count *count = context;
	rollout_count_device(count->engine, count->rollout, device);
	return true;
}

static int start_store(struct engine *engine, const struct db_rows *rows, struct rollouts_question *q,
		       struct rollout *rollout)
{
	struct start_count count = { engine, rollout };
	if (rows->device_each(rows->self, rollout->row.product, NULL, start_count_device, &count, &q->error) != 0 ||
	    rows->rollout_save(rows->self, &rollout->row, &q->error) != 0)
		return -1;
	struct db_event event = { .kind = "rollout-started", .rollout = rollout->row.id, .who = q->who };
	if (engine_event(engine, rows, &event, &q->error, "%s: %s", q->plan, q->why) != 0)
		return -1;
	return rollout_open_stage(engine, rows, rollout, 0, &q->error);
}

/* The rollout that was aborted for the very image to which this one would return; NULL: none. */
static const struct rollout *start_bad_return(const struct engine *engine, const struct rollout *rollout)
{
	const struct plan *plan = &rollout->plan;
	for (const struct rollout *r = engine->rollouts; r != NULL; r = r->next)
		if (plan->has_return && r->row.state == DB_ABORTED &&
		    strcmp(r->row.product, rollout->row.product) == 0 &&
		    digest_equal(&r->plan.release.image, &plan->return_release.image))
			return r;
	return NULL;
}

int start_run(struct engine *engine, const struct db_rows *rows, struct rollouts_question *q)
{
	struct rollout *rollout = NULL;
	if (start_load(engine, q, &rollout) != 0)
		return engine_refuse(q, 400, "plan", "publish the plan and its release, then start it again", NULL);
	for (struct rollout *r = engine->rollouts; r != NULL; r = r->next) {
		if (strcmp(r->row.product, rollout->row.product) != 0 || !rollout_is_live(r))
			continue;
		rollout_free(rollout);
		return engine_refuse(q, 409, "rollout-busy", "abort that rollout, or wait for its end",
				     "rollout %llu of this product has not ended", (unsigned long long)r->row.id);
	}
	const struct rollout *bad = start_bad_return(engine, rollout);
	if (bad != NULL) {
		rollout_free(rollout);
		return engine_refuse(q, 409, "rollout-return",
				     "pack the release again with --return VERSION, a good one",
				     "an abort would return devices to the image of rollout %llu, which was aborted",
				     (unsigned long long)bad->row.id);
	}
	if (start_store(engine, rows, q, rollout) != 0) {
		rollout_free(rollout);
		return -1;
	}
	engine->issued_read_unix = 0; /* the plan came with a new timestamp: its first poll must not see the old one */
	rollout->next = engine->rollouts;
	engine->rollouts = rollout;
	q->rollout = rollout->row.id;
	q->status = 201;
	return 0;
}
