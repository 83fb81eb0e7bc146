/*
 * The whole client cycle against a repository and a store that say what the input says: up to three refreshes of one
 * device, each with two look-ups. Parts of the input (sections.h):
 *
 *   options  digits: provider (enum device_mode; 3 more: any key ids), workspace, clock, which save fails, whose key is
 *            revoked; then the path to be looked up
 *   answers  in the order of the requests: '=' and a stored file's bytes (only to the first LOAD of a name), '-'
 *            absent, '!' an error, '>' and more bytes than there is room for; anything else is the file that is fetched
 *
 * Nothing unverified is saved and no version goes down (tuf_device.h); no request passes its ceiling, leaves the
 * workspace or the folder; the steps are bounded; what is refused says why.
 */
#include "sections.h"
#include "tuf_device.h"

#define NOW 1800000000
#define DAY 86400
#define ROUNDS 3
#define STEPS_MAX (2 * (CLIENT_ROOT_STEPS_MAX + 3 * CLIENT_DELEGATIONS_MAX) + 16)

static const size_t memory_sizes[] = { 24u << 20, 1u << 20, 96u << 10, 24u << 10, 2048 };
static const int64_t clocks[] = { NOW, NOW + 40 * DAY, NOW + 400 * DAY, 0, NOW - 1000 * DAY };

struct cycle {
	struct sections answers;
	struct workspace ws;
	struct client client;
	unsigned saves, failing_save; /* 0: none fails */
	unsigned revoked_role;
};

/* Each block by itself, so that the sanitizer sees a step past its end. They are the program's own until it ends. */
static struct workspace memory_of(unsigned choice)
{
	static uint8_t *blocks[sizeof memory_sizes / sizeof memory_sizes[0]];
	choice %= sizeof memory_sizes / sizeof memory_sizes[0];
	if (blocks[choice] == NULL)
		blocks[choice] = malloc(memory_sizes[choice]);
	FUZZ_CHECK(blocks[choice] != NULL);
	return workspace_over(blocks[choice], memory_sizes[choice]);
}

static bool starts(struct span part, char first)
{
	return part.n > 0 && part.at[0] == (uint8_t)first;
}

/* --- requests --- */

static bool ends(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);
	return n >= m && strcmp(name + n - m, end) == 0;
}

/* By the role at hand: a delegated one may have a name like "1.root". */
static size_t ceiling_of(const struct cycle *cycle, const char *name)
{
	if (cycle->client.role != NULL)
		return TARGETS_BYTES_MAX;
	if (ends(name, "root.json"))
		return ROOT_BYTES_MAX;
	if (ends(name, "timestamp.json"))
		return TIMESTAMP_BYTES_MAX;
	return ends(name, "snapshot.json") ? SNAPSHOT_BYTES_MAX : TARGETS_BYTES_MAX;
}

static void check_name(const struct client_request *request)
{
	const char *end = memchr(request->name, 0, sizeof request->name);
	FUZZ_CHECK(end != NULL && end - request->name > 5 && memcmp(end - 5, ".json", 5) == 0);
	FUZZ_CHECK(strchr(request->name, '/') == NULL && request->name[0] != '.');
	for (const char *at = request->name; at < end; at++)
		FUZZ_CHECK(*at > 0x20 && *at < 0x7f);
}

static void check_room(const struct cycle *cycle, const struct client_request *request)
{
	const struct workspace *ws = &cycle->ws;
	FUZZ_CHECK(ws->used <= ws->capacity && request->capacity <= ceiling_of(cycle, request->name));
	FUZZ_CHECK(request->buffer >= ws->base && request->buffer <= ws->base + ws->capacity);
	FUZZ_CHECK(request->capacity <= (size_t)(ws->base + ws->capacity - request->buffer));
}

/* Puts a file into the buffer; of one that is too large as much as fits, and its whole length is told. */
static size_t deliver(const struct client_request *request, struct span file)
{
	size_t n = file.n < request->capacity ? file.n : request->capacity;
	if (n > 0)
		memcpy(request->buffer, file.at, n);
	return file.n;
}

/* The first key of a role of the first root is the one that was revoked. */
static void revoke(struct cycle *cycle, struct span root_json)
{
	struct workspace ws = workspace_over(device_memory, sizeof device_memory);
	struct signed_json file;
	struct root root;
	if (cycle->revoked_role == 0 || !device_open(root_json, "root", &ws, &file) ||
	    root_decode_by(file.body, &ws, &crypto_openssl, device.keyids, &root) != FAULT_NONE)
		return;
	const struct role *roles[] = { &root.root, &root.timestamp, &root.snapshot, &root.targets };
	const struct role *role = roles[cycle->revoked_role % 4];
	if (role->count == 0)
		return;
	device.revoked_key = role->keys[0].identity;
	device.revoked = (struct revocations){ .count = 1, .keys = &device.revoked_key };
}

static struct device_file *first_load(struct cycle *cycle, const char *name)
{
	struct sections ahead = cycle->answers;
	struct span part = sections_next(&ahead);
	bool stored = starts(part, '=');
	if (stored)
		cycle->answers = ahead;
	struct device_file *file = device_put(name, stored ? span_sub(part, 1, part.n) : SPAN_NONE);
	if (file != NULL)
		file->absent = !stored;
	if (stored && strcmp(name, "root.json") == 0)
		revoke(cycle, span_sub(part, 1, part.n));
	return file;
}

static void load(struct cycle *cycle, const struct client_request *request)
{
	struct device_file *file = device_find(request->name);
	check_room(cycle, request);
	if (file == NULL)
		file = first_load(cycle, request->name);
	client_fetched(&cycle->client, CLIENT_GOT, 1); /* an answer to what was not asked is none */
	if (file == NULL || file->absent)
		client_loaded(&cycle->client, CLIENT_ABSENT, 0);
	else
		client_loaded(&cycle->client, CLIENT_GOT, deliver(request, (struct span){ file->bytes, file->n }));
}

static void fetch(struct cycle *cycle, const struct client_request *request)
{
	struct span part = sections_next(&cycle->answers);
	check_room(cycle, request);
	device.good_count = 0;
	client_saved(&cycle->client, true);
	if (part.n == 0 || starts(part, '-'))
		client_fetched(&cycle->client, CLIENT_ABSENT, 0);
	else if (starts(part, '!'))
		client_fetched(&cycle->client, CLIENT_ERROR, part.n);
	else if (starts(part, '>'))
		client_fetched(&cycle->client, CLIENT_GOT, request->capacity + part.n);
	else
		client_fetched(&cycle->client, CLIENT_GOT, deliver(request, part));
}

static void save(struct cycle *cycle, const struct client_request *request)
{
	struct workspace ws = workspace_over(device_memory, sizeof device_memory);
	const struct delegation *delegation = cycle->client.role;
	FUZZ_CHECK(request->bytes.n <= ceiling_of(cycle, request->name));
	if (strcmp(request->name, "root.json") == 0) {
		device_check_root(request->bytes, &ws);
	} else if (strcmp(request->name, "timestamp.json") == 0) {
		device_check_timestamp(request->bytes, &ws);
	} else if (strcmp(request->name, "snapshot.json") == 0) {
		device_check_snapshot(request->bytes, &ws);
	} else if (strcmp(request->name, "targets.json") == 0) {
		device_check_targets(request->bytes, &ws, NULL, SPAN_LIT("targets.json"));
	} else {
		uint8_t listed[METADATA_ROLE_NAME_MAX + 5];
		struct writer w = writer_over(listed, sizeof listed);
		FUZZ_CHECK(delegation != NULL);
		writer_bytes(&w, delegation->name);
		writer_text(&w, ".json");
		device_check_targets(request->bytes, &ws, &delegation->role, writer_span(&w));
	}
	bool ok = ++cycle->saves != cycle->failing_save;
	struct device_file *file = ok ? device_put(request->name, request->bytes) : NULL;
	if (file != NULL)
		file->absent = false;
	client_saved(&cycle->client, file != NULL);
}

/* --- a run, and how it may end --- */

static void check_end(struct cycle *cycle, enum client_action action)
{
	struct client_request request;
	const struct client *c = &cycle->client;
	FUZZ_CHECK(client_step(&cycle->client, &request) == action);
	FUZZ_CHECK(cycle->ws.used <= cycle->ws.capacity);
	FUZZ_CHECK((action == CLIENT_REFUSED) == (c->verdict != VERDICT_OK));
	FUZZ_CHECK((c->verdict == VERDICT_MALFORMED) == (c->fault != FAULT_NONE));
	FUZZ_CHECK(action == CLIENT_DONE || c->what[0] != '\0');
}

static enum client_action run(struct cycle *cycle)
{
	struct client_request request;
	for (int steps = 0;; steps++) {
		enum client_action action = client_step(&cycle->client, &request);
		FUZZ_CHECK(steps <= STEPS_MAX);
		if (action == CLIENT_DONE || action == CLIENT_REFUSED || action == CLIENT_FAILED) {
			check_end(cycle, action);
			return action;
		}
		check_name(&request);
		if (action == CLIENT_LOAD)
			load(cycle, &request);
		else if (action == CLIENT_FETCH)
			fetch(cycle, &request);
		else
			save(cycle, &request);
	}
}

static void check_refreshed(const struct client *c)
{
	FUZZ_CHECK(c->refreshed && c->root.expires_unix > device.now_unix);
	FUZZ_CHECK(c->timestamp.expires_unix > device.now_unix && c->snapshot.expires_unix > device.now_unix);
	FUZZ_CHECK(c->targets.expires_unix > device.now_unix);
	FUZZ_CHECK(c->timestamp.issued_unix <= c->root.expires_unix);
	FUZZ_CHECK(c->timestamp.issued_unix <= c->targets.expires_unix);
	FUZZ_CHECK(c->snapshot.version == c->timestamp.snapshot_version);
}

/* It stays below the folder of targets. */
static void check_target(const char *name)
{
	for (const char *at = name;; at++) {
		size_t n = strcspn(at, "/");
		FUZZ_CHECK(n > 0 && strspn(at, ".") != n);
		at += n;
		if (*at == '\0')
			return;
	}
}

static void look_up(struct cycle *cycle, struct span path)
{
	char name[3 * METADATA_PATH_MAX + 2 * DIGEST512_BYTES + 2];
	client_look_up(&cycle->client, path);
	enum client_action action = run(cycle);
	const struct target *found = cycle->client.found;
	FUZZ_CHECK(found == NULL || action == CLIENT_DONE);
	if (found == NULL)
		return;
	FUZZ_CHECK(span_equal(found->path, path));
	if (client_target_name(found, name, sizeof name) == FAULT_NONE)
		check_target(name);
	if (client_target_url(&cycle->client, found, name, sizeof name) == FAULT_NONE)
		check_target(name);
}

static void refresh(struct cycle *cycle, struct span path)
{
	cycle->ws.used = 0;
	struct client_config config = { .crypto = &device.crypto, .ws = &cycle->ws, .now_unix = device.now_unix };
	config.revoked = &device.revoked;
	config.any_keyid = device.keyids == ROLE_KEYIDS_ANY;
	client_begin(&cycle->client, &config);
	if (run(cycle) != CLIENT_DONE)
		return;
	check_refreshed(&cycle->client);
	look_up(cycle, path);
	look_up(cycle, SPAN_LIT("p/board/1.0/image"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cycle cycle;
	struct sections parts = sections_over(data, size);
	struct span options = sections_next(&parts);
	device_reset((enum device_mode)(sections_digit(options, 0) % 3));
	device.keyids = sections_digit(options, 0) >= 3 ? ROLE_KEYIDS_ANY : ROLE_KEYIDS_STRICT;
	device.now_unix = clocks[sections_digit(options, 2) % (sizeof clocks / sizeof clocks[0])];
	memset(&cycle, 0, sizeof cycle);
	cycle.answers = parts;
	cycle.ws = memory_of(sections_digit(options, 1));
	cycle.failing_save = sections_digit(options, 3);
	cycle.revoked_role = sections_digit(options, 4);
	for (int round = 0; round < ROUNDS && (round == 0 || !cycle.answers.ended); round++)
		refresh(&cycle, span_sub(options, 5, options.n));
	device_reset(DEVICE_REAL);
	return 0;
}
