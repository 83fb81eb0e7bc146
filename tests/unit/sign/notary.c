/* The engine over a key file: what it signs, what it refuses and by which rule, and what its journal survives. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base64.h"
#include "check.h"
#include "crypto_openssl.h"
#include "directive.h"
#include "file.h"
#include "iso8601.h"
#include "manifest.h"
#include "merkle.h"
#include "notary.h"
#include "note.h"
#include "trail.h"
#include "x509.h"

#define NOW 1795000000 /* 2026-11-18 */
#define DAY 86400

static char folder[64], journal[96], head[112];
static struct keyfile *key;
static struct notary *notary;
static bool dies; /* the HSM loses its power at the next signature */
static struct signd_answer answer;

static struct policy_limits limits;

static int64_t fixed_unix_s(void *self)
{
	return NOW;
}

static int fake_public_key(void *self, const char *name, struct public_key *out, struct error *e)
{
	return keyfile_public(key, out, e);
}

static int fake_sign(void *self, const char *name, const struct digest *digest, uint8_t raw[64], struct error *e)
{
	if (dies)
		kill(getpid(), SIGKILL);
	return keyfile_sign(key, digest, raw, e);
}

static int reopen(bool *torn)
{
	static const struct notary_requester requesters[] = { { "publisher", 7, POLICY_PUBLISHER },
							      { "server", 8, POLICY_SERVER },
							      { "auditor", 9, POLICY_AUDITOR },
							      { "ceremony", 1, POLICY_CEREMONY } };
	struct error e = { 0 };
	struct notary_setup setup = { .crypto = &crypto_openssl,
				      .certifier = &x509_certifier,
				      .clock = { .unix_s = fixed_unix_s },
				      .hsm = { fake_public_key, fake_sign, NULL },
				      .journal_path = journal,
				      .limits = limits,
				      .log_origin = SPAN_LIT("log.example/main"),
				      .requester_count = 4,
				      .requesters = requesters };
	notary_close(notary);
	notary = NULL;
	return notary_open(&setup, &notary, torn, &e);
}

static void begin(void)
{
	struct error e = { 0 };
	bool torn;
	snprintf(folder, sizeof folder, "/tmp/sealift-notary-XXXXXX");
	CHECK(mkdtemp(folder) != NULL);
	snprintf(journal, sizeof journal, "%s/journal", folder);
	snprintf(head, sizeof head, "%s.head", journal);
	if (key == NULL)
		CHECK_EQ(keyfile_new(&key, &e), 0);
	dies = false;
	limits = policy_limits_default();
	CHECK_EQ(reopen(&torn), -1); /* none is made by the way */
	CHECK_EQ(access(journal, F_OK), -1);
	CHECK_EQ(trail_begin(journal, &e), 0);
	CHECK_EQ(trail_begin(journal, &e), -1);
	CHECK_EQ(reopen(&torn), 0);
	CHECK(!torn);
}

static void end(void)
{
	notary_close(notary);
	notary = NULL;
	CHECK_EQ(unlink(journal), 0);
	CHECK_EQ(unlink(head), 0);
	CHECK_EQ(rmdir(folder), 0);
}

/* "" where it was signed, else the rule */
static const char *ask(const char *requester, uint32_t uid, const char *name, enum signd_kind kind, struct span object)
{
	static char rule[64];
	struct signd_request request = { .requester = span_of_text(requester),
					 .who = SPAN_LIT("a person"),
					 .why = SPAN_LIT("a test"),
					 .key = span_of_text(name),
					 .kind = kind,
					 .count = object.n > 0,
					 .objects = &object };
	notary_answer(notary, &request, uid, &answer);
	snprintf(rule, sizeof rule, "%.*s", (int)answer.rule.n, (const char *)answer.rule.at);
	if (answer.refused && (answer.error.n == 0 || answer.help.n == 0))
		return "a refusal without text or help";
	return rule;
}

#define CHECK_RULE(call, rule)                                                                                   \
	do {                                                                                                     \
		const char *got_ = (call);                                                                       \
		if (strcmp(got_, rule) != 0)                                                                     \
			printf("# got '%s' (%.*s)\n", got_, (int)answer.error.n, (const char *)answer.error.at); \
		CHECK(strcmp(got_, rule) == 0);                                                                  \
	} while (0)

static struct span timestamp(uint64_t version, int64_t issued, int64_t expires)
{
	static uint8_t bytes[4096];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct timestamp body = {
		.version = version, .expires_unix = expires, .issued_unix = issued, .snapshot_version = 1
	};
	timestamp_encode(&w, &body);
	return writer_span(&w);
}

static void who_may_ask(void)
{
	struct span good = timestamp(1, NOW, NOW + DAY);
	begin();
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, good), "");
	CHECK_EQ(answer.count, 1);
	struct digest digest = sha256_of(&crypto_openssl, good);
	CHECK(crypto_openssl.p256_verify(answer.key.xy, &digest, answer.signatures[0]));
	CHECK_RULE(ask("nobody", 7, "timestamp", SIGND_METADATA, good), "signd-requester");
	CHECK_RULE(ask("publisher", 8, "timestamp", SIGND_METADATA, good), "signd-uid");
	CHECK_RULE(ask("auditor", 9, "timestamp", SIGND_METADATA, good), "signd-role");
	CHECK_RULE(ask("server", 8, "p/board", SIGND_METADATA, good), "signd-role");
	CHECK_RULE(ask("publisher", 7, "root/1", SIGND_METADATA, good), "signd-role");
	CHECK_RULE(ask("auditor", 9, "timestamp", SIGND_PUBLIC_KEY, SPAN_NONE), "");
	CHECK_RULE(ask("publisher", 7, "anything", SIGND_METADATA, good), "signd-key");
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_MANIFEST, good), "signd-kind");
	CHECK_RULE(ask("ceremony", 1, "boot-root", SIGND_METADATA, good), "signd-kind");
	end();
}

static void timestamps(void)
{
	bool torn;
	begin();
	CHECK_RULE(ask("publisher", 7, "snapshot", SIGND_METADATA, timestamp(1, NOW, NOW + DAY)), "signd-type");
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(5, NOW, NOW + DAY)), "");
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(5, NOW, NOW + DAY)), ""); /* the same */
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(5, NOW, NOW + 2 * DAY)), "signd-version");
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(4, NOW, NOW + DAY)), "signd-version");
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(6, NOW, NOW + 4 * DAY)), "signd-expiry");
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(6, NOW - DAY, NOW - 1)), "signd-expired");
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(6, NOW + 601, NOW + DAY)),
		   "signd-issued");
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(6, NOW - 601, NOW + DAY)),
		   "signd-issued");
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, SPAN_LIT("{\"_type\":\"timestamp\"}")),
		   "signd-metadata");
	CHECK_EQ(reopen(&torn), 0);
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(4, NOW, NOW + DAY)), "signd-version");
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(6, NOW, NOW + DAY)), "");
	end();
}

static void versions_do_not_jump(void)
{
	bool torn;
	begin();
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(JSON_INTEGER_MAX, NOW, NOW + DAY)),
		   "signd-version-jump");
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(1001, NOW, NOW + DAY)),
		   "signd-version-jump");
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(1000, NOW, NOW + DAY)), "");
	CHECK_EQ(reopen(&torn), 0);
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(2001, NOW, NOW + DAY)),
		   "signd-version-jump");
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(2000, NOW, NOW + DAY)), "");
	end();
}

/* --- product roles --- */

static enum log_policy log_of_releases = LOG_REQUIRED;

static struct span product(uint64_t version, const char *path, uint64_t counter, uint8_t image)
{
	static uint8_t bytes[8192], custom_bytes[4096], memory[65536];
	struct writer w = writer_over(custom_bytes, sizeof custom_bytes), out = writer_over(bytes, sizeof bytes);
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct release release = { .path = span_of_text(path),
				   .image_bytes = 4096,
				   .image = { { image } },
				   .product = SPAN_LIT("board"),
				   .version = SPAN_LIT("1.0"),
				   .build_id = SPAN_LIT("b1"),
				   .counter = counter,
				   .compatible_count = 1,
				   .log = log_of_releases,
				   .manifest = { { { 1 } }, 300 },
				   .table = { { { 2 } }, 100 },
				   .payload = { { { 3 } }, 4000 } };
	struct target entry = { .path = release.path, .length = 4096, .sha256 = release.image };
	release_encode_custom(&w, &release);
	CHECK_EQ(json_parse(writer_span(&w), &ws, &entry.custom), FAULT_NONE);
	struct targets targets = { .version = version, .expires_unix = NOW + DAY, .count = 1, .entries = &entry };
	targets_encode(&out, &targets);
	CHECK_EQ(writer_end(&out), FAULT_NONE);
	return writer_span(&out);
}

static void products(void)
{
	static const char path[] = "p/board/1.0/image";
	bool torn;
	begin();
	CHECK_RULE(ask("publisher", 7, "p/board", SIGND_METADATA, product(1, path, 10, 1)), "");
	CHECK_RULE(ask("publisher", 7, "p/other", SIGND_METADATA, product(1, path, 10, 1)), "signd-path");
	CHECK_RULE(ask("publisher", 7, "p/boar", SIGND_METADATA, product(1, path, 10, 1)), "signd-path");
	CHECK_RULE(ask("publisher", 7, "p/board", SIGND_METADATA, product(2, path, 10, 2)), "signd-counter-reused");
	CHECK_RULE(ask("publisher", 7, "p/board", SIGND_METADATA, product(2, path, 9, 2)), "signd-counter-decreased");
	CHECK_RULE(ask("publisher", 7, "p/board", SIGND_METADATA, product(2, path, 11, 2)), "");
	CHECK_EQ(reopen(&torn), 0);
	CHECK_RULE(ask("publisher", 7, "p/board", SIGND_METADATA, product(3, path, 10, 2)), "signd-counter-reused");
	CHECK_RULE(ask("publisher", 7, "p/board", SIGND_METADATA, product(3, path, 10, 1)), ""); /* a known pair */
	CHECK_RULE(ask("ceremony", 1, "targets/1", SIGND_METADATA, product(1, path, 10, 1)), "signd-path");
	CHECK_RULE(ask("ceremony", 1, "approver/1", SIGND_METADATA, product(1, path, 10, 1)), "signd-path");
	end();
}

static void counters_do_not_jump(void)
{
	static const char path[] = "p/board/1.0/image";
	static const struct {
		uint64_t last, next;
		const char *rule;
	} steps[] = {
		{ 0, COUNTER_OF(0, 4294967294u), "signd-counter-jump" },
		{ 0, COUNTER_OF(0, COUNTER_BUILD_STEP_MAX + 1), "signd-counter-jump" },
		{ 0, COUNTER_OF(0, COUNTER_BUILD_STEP_MAX), "" },
		{ 0, COUNTER_OF(2, 1), "signd-counter-jump" },
		{ 0, COUNTER_OF(1, COUNTER_BUILD_STEP_MAX + 1), "signd-counter-jump" },
		{ 0, COUNTER_OF(1, COUNTER_BUILD_STEP_MAX), "" },
		{ 10, COUNTER_OF(0, 10 + COUNTER_BUILD_STEP_MAX + 1), "signd-counter-jump" },
		{ 10, COUNTER_OF(0, 10 + COUNTER_BUILD_STEP_MAX), "" },
		{ 10, COUNTER_OF(2, 0), "signd-counter-jump" },
		{ 10, COUNTER_OF(COUNTER_EPOCH_MAX, 1), "signd-counter-jump" },
		{ 10, COUNTER_OF(1, 4294967295u), "signd-counter-jump" },
		{ 10, COUNTER_OF(1, 1), "" },
	};
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		begin();
		if (steps[i].last > 0)
			CHECK_RULE(ask("publisher", 7, "p/board", SIGND_METADATA, product(1, path, steps[i].last, 1)),
				   "");
		CHECK_RULE(ask("publisher", 7, "p/board", SIGND_METADATA, product(2, path, steps[i].next, 2)),
			   steps[i].rule);
		end();
	}
}

static void releases_are_logged(void)
{
	static const char path[] = "p/board/1.0/image";
	begin();
	log_of_releases = LOG_NONE;
	CHECK_RULE(ask("publisher", 7, "p/board", SIGND_METADATA, product(1, path, 10, 1)), "signd-log-policy");
	log_of_releases = LOG_WITNESSES;
	CHECK_RULE(ask("publisher", 7, "p/board", SIGND_METADATA, product(1, path, 10, 1)), "");
	log_of_releases = LOG_REQUIRED;
	CHECK_RULE(ask("publisher", 7, "p/board", SIGND_METADATA, product(2, path, 11, 2)), "");
	end();
}

/* --- plans --- */

/* path: NULL for an empty role */
static struct span plans(uint64_t version, const char *path, int64_t expires)
{
	static uint8_t bytes[4096];
	struct writer out = writer_over(bytes, sizeof bytes);
	struct target entry = { .path = span_of_text(path != NULL ? path : ""), .length = 100, .sha256 = { { 1 } } };
	struct targets targets = {
		.version = version, .expires_unix = expires, .count = path != NULL, .entries = &entry
	};
	targets_encode(&out, &targets);
	CHECK_EQ(writer_end(&out), FAULT_NONE);
	return writer_span(&out);
}

static const char *approve(const char *name, struct span body)
{
	return ask("ceremony", 1, name, SIGND_METADATA, body);
}

static void approvals(void)
{
	static const char a[] = "plans/board/one.json", b[] = "plans/pump/one.json";
	bool torn;
	begin();
	CHECK_RULE(approve("approver/1", plans(1, NULL, NOW + DAY)), "");
	CHECK_RULE(approve("approver/1", plans(1, NULL, NOW + DAY + 1)), ""); /* of another product */
	CHECK_RULE(approve("approver/1", plans(JSON_INTEGER_MAX, NULL, NOW + DAY)), "signd-version-jump");
	CHECK_RULE(approve("approver/1", plans(1000, a, NOW + DAY)), "");
	CHECK_RULE(approve("approver/1", plans(999, a, NOW + DAY)), "signd-version");
	CHECK_RULE(approve("approver/1", plans(2, b, NOW + DAY)), "");
	CHECK_RULE(approve("approver/1", plans(2000, NULL, NOW + DAY)), ""); /* continues that of a */
	CHECK_EQ(reopen(&torn), 0);
	CHECK_RULE(approve("approver/1", plans(3001, NULL, NOW + DAY)), "signd-version-jump");
	CHECK_RULE(approve("approver/1", plans(2001, a, NOW + DAY)), "");
	CHECK_RULE(approve("approver/10", plans(1001, a, NOW + DAY)), "signd-version-jump");
	end();
}

static void plans_have_a_limit_of_their_own(void)
{
	bool torn;
	begin();
	limits.plans_s = 10 * DAY;
	CHECK_EQ(reopen(&torn), 0);
	CHECK_RULE(approve("approver/1", plans(1, NULL, NOW + 11 * DAY)), "signd-expiry");
	CHECK_RULE(approve("approver/1", plans(1, NULL, NOW + 10 * DAY)), "");
	limits = policy_limits_default();
	end();
}

/* --- the others --- */

static struct span manifest(const char *component)
{
	static uint8_t bytes[MANIFEST_BYTES_MAX];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct manifest m = {
		.sequence = 5, .component_count = 1, .component = { span_of_text(component) }, .image_bytes = 4096
	};
	manifest_encode_body(&w, &m);
	CHECK_EQ(writer_end(&w), FAULT_NONE);
	return writer_span(&w);
}

static void manifests(void)
{
	begin();
	CHECK_RULE(ask("publisher", 7, "boot", SIGND_MANIFEST, manifest("slot")), "");
	struct digest digest = manifest_signed_digest(&crypto_openssl, manifest("slot"));
	CHECK(crypto_openssl.p256_verify(answer.key.xy, &digest, answer.signatures[0]));
	CHECK_RULE(ask("publisher", 7, "boot", SIGND_MANIFEST, manifest("recovery")), "signd-component");
	CHECK_RULE(ask("ceremony", 1, "emergency/1", SIGND_MANIFEST, manifest("slot")), "signd-component");
	CHECK_RULE(ask("ceremony", 1, "emergency/1", SIGND_MANIFEST, manifest("recovery")), "");
	static const char statement[] = "{\"actions\":[{\"action\":\"activate-standby\"}],\"product\":\"board\","
					"\"sequence\":1,\"type\":\"emergency\",\"version\":1,\"why\":\"\"}";
	static const char more[] = "{\"actions\":[{\"action\":\"add-key\"}],\"product\":\"board\","
				   "\"sequence\":1,\"type\":\"emergency\",\"version\":1,\"why\":\"\"}";
	CHECK_RULE(ask("ceremony", 1, "emergency/1", SIGND_EMERGENCY, span_of_text(statement)), "");
	CHECK_RULE(ask("ceremony", 1, "emergency/2", SIGND_EMERGENCY, span_of_text(more)), "signd-emergency");
	CHECK_RULE(ask("ceremony", 1, "emergency/1", SIGND_METADATA, span_of_text(statement)), "signd-kind");
	CHECK_RULE(ask("ceremony", 1, "root/1", SIGND_EMERGENCY, span_of_text(statement)), "signd-kind");
	CHECK_RULE(ask("publisher", 7, "boot", SIGND_MANIFEST, SPAN_LIT("no CBOR")), "signd-manifest");
	end();
}

static struct span directive_of(uint32_t lifetime_s, uint64_t sequence)
{
	static uint8_t bytes[DIRECTIVE_BYTES_MAX];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct directive d = { .device = SPAN_LIT("d-1"),
			       .sequence = sequence,
			       .action = DIRECTIVE_INSTALL,
			       .target_path = SPAN_LIT("p/board/1.0/image"),
			       .image_bytes = 4096,
			       .counter = 10,
			       .plan_path = SPAN_LIT("plans/board/one.json"),
			       .lifetime_s = lifetime_s };
	directive_encode(&w, &d);
	return writer_span(&w);
}

static struct span directive(uint32_t lifetime_s)
{
	return directive_of(lifetime_s, 1);
}

static void directives(void)
{
	begin();
	CHECK_RULE(ask("server", 8, "director", SIGND_DIRECTIVE, directive_of(3600, UINT64_C(1) << 40)), "");
	CHECK_RULE(ask("server", 8, "director", SIGND_DIRECTIVE, directive_of(3600, (UINT64_C(1) << 40) + 1)),
		   "signd-sequence");
	CHECK_RULE(ask("server", 8, "director", SIGND_DIRECTIVE, directive(3600)), "");
	CHECK_RULE(ask("publisher", 7, "director", SIGND_DIRECTIVE, directive(3600)), "signd-role");
	CHECK_RULE(ask("server", 8, "director", SIGND_DIRECTIVE, SPAN_LIT("{}")), "signd-directive");
	struct span spaced = directive(3600);
	uint8_t bytes[DIRECTIVE_BYTES_MAX] = "{ ";
	memcpy(bytes + 2, spaced.at + 1, spaced.n - 1);
	CHECK_RULE(ask("server", 8, "director", SIGND_DIRECTIVE, (struct span){ bytes, spaced.n + 1 }),
		   "signd-directive");
	end();
}

static struct span checkpoint(const char *origin, uint64_t size, const struct digest *root, const char *path)
{
	static uint8_t bytes[NOTE_BYTES_MAX];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct checkpoint c = { span_of_text(origin), size, *root };
	checkpoint_encode(&w, &c);
	writer_text(&w, "\n");
	writer_text(&w, path);
	return writer_span(&w);
}

static void checkpoints(void)
{
	static const char origin[] = "log.example/main";
	struct digest a = merkle_leaf(&crypto_openssl, SPAN_LIT("a")), b = merkle_leaf(&crypto_openssl, SPAN_LIT("b"));
	struct digest two = merkle_node(&crypto_openssl, &a, &b);
	char path[64];
	struct writer w = writer_over(path, sizeof path - 1);
	bool torn;
	begin();
	base64_write(&w, digest_span(&b));
	writer_text(&w, "\n");
	path[w.used] = '\0';
	CHECK_RULE(ask("publisher", 7, "log", SIGND_CHECKPOINT, checkpoint("log.example/x", 1, &a, "")),
		   "signd-log-origin");
	CHECK_RULE(ask("publisher", 7, "log", SIGND_CHECKPOINT, checkpoint(origin, 1, &a, "")), "");
	CHECK_RULE(ask("publisher", 7, "log", SIGND_CHECKPOINT, checkpoint(origin, 1, &a, "")), "");
	CHECK_RULE(ask("publisher", 7, "log", SIGND_CHECKPOINT, checkpoint(origin, 1, &b, "")), "signd-log-fork");
	CHECK_RULE(ask("publisher", 7, "log", SIGND_CHECKPOINT, checkpoint(origin, 2, &two, "")), "signd-log-fork");
	CHECK_RULE(ask("publisher", 7, "log", SIGND_CHECKPOINT, checkpoint(origin, 2, &b, path)), "signd-log-fork");
	CHECK_RULE(ask("publisher", 7, "log", SIGND_CHECKPOINT, checkpoint(origin, 2, &two, path)), "");
	CHECK_EQ(reopen(&torn), 0);
	CHECK_RULE(ask("publisher", 7, "log", SIGND_CHECKPOINT, checkpoint(origin, 1, &a, "")), "signd-log-shrinks");
	CHECK_RULE(ask("publisher", 7, "log", SIGND_CHECKPOINT, SPAN_LIT("no checkpoint")), "signd-checkpoint");
	end();
}

/* Bytes that are no digits, and a number too long to be read into 64 bits. */
static void checkpoints_with_bad_numbers(void)
{
	static const char *const sizes[] = { "", "a", "0x2", "-1", "02", "2 ", "99999999999999999999", "\xff\xff" };
	char text[256];
	begin();
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		snprintf(text, sizeof text, "log.example/main\n%s\n%s\n\n", sizes[i],
			 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
		CHECK_RULE(ask("publisher", 7, "log", SIGND_CHECKPOINT, span_of_text(text)), "signd-checkpoint");
	}
	CHECK_RULE(ask("publisher", 7, "log", SIGND_CHECKPOINT,
		       SPAN_LIT("log.example/main\n2\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n")),
		   "");
	end();
}

/* --- the journal --- */

static void three_records(void)
{
	for (uint64_t i = 1; i <= 3; i++)
		CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(i, NOW, NOW + DAY)), "");
}

static void torn_tail_is_removed(void)
{
	bool torn;
	struct error e = { 0 };
	uint8_t bytes[16384];
	size_t n;
	begin();
	three_records();
	CHECK_EQ(file_read(journal, bytes, sizeof bytes, &n, &e), 0);
	size_t second = n;
	while (bytes[second - 2] != '\n')
		second--;
	second--; /* the end of the second line */
	for (size_t cut = second + 1; cut < n; cut += 37) {
		notary_close(notary);
		notary = NULL;
		CHECK_EQ(file_write(journal, (struct span){ bytes, cut }, 0600, &e), 0);
		CHECK_EQ(reopen(&torn), -1); /* a clean stop left three */
		CHECK_EQ(file_write(head, SPAN_NONE, 0600, &e), 0);
		CHECK_EQ(reopen(&torn), 0);
		CHECK_EQ(torn, cut != second);
		CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(1, NOW, NOW + DAY)),
			   "signd-version");
		CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(3, NOW, NOW + DAY)), "");
	}
	end();
}

static void any_changed_byte_is_found(void)
{
	bool torn;
	struct error e = { 0 };
	uint8_t bytes[16384];
	size_t n;
	begin();
	three_records();
	notary_close(notary);
	notary = NULL;
	CHECK_EQ(file_read(journal, bytes, sizeof bytes, &n, &e), 0);
	size_t last = n;
	while (bytes[last - 2] != '\n')
		last--;
	for (size_t at = 0; at < last - 1; at += 53) {
		bytes[at] ^= 1;
		CHECK_EQ(file_write(journal, (struct span){ bytes, n }, 0600, &e), 0);
		CHECK_EQ(reopen(&torn), -1);
		bytes[at] ^= 1;
	}
	/* a line taken out of the middle */
	CHECK_EQ(file_write(journal, (struct span){ bytes + last - 1, n - last + 1 }, 0600, &e), 0);
	CHECK_EQ(reopen(&torn), -1);
	CHECK_EQ(file_write(journal, (struct span){ bytes, n }, 0600, &e), 0);
	CHECK_EQ(reopen(&torn), 0);
	end();
}

static void killed_between_record_and_signature(void)
{
	bool torn;
	int status;
	begin();
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(1, NOW, NOW + DAY)), "");
	notary_close(notary);
	notary = NULL;
	pid_t child = fork();
	if (child == 0) {
		if (reopen(&torn) != 0)
			_exit(1);
		dies = true;
		(void)ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(2, NOW, NOW + DAY));
		_exit(2);
	}
	CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK_EQ(reopen(&torn), 0);
	CHECK(!torn);
	/* The record stands: version 2 is spent but for the identical body. */
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(2, NOW, NOW + 2 * DAY)), "signd-version");
	CHECK_RULE(ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(2, NOW, NOW + DAY)), "");
	end();
}

/* What is anchored cannot go: without a clean stop, at each 64th record. */
static void cut_tail_is_found(void)
{
	static uint8_t bytes[1u << 17];
	bool torn;
	int status;
	struct error e = { 0 };
	size_t n, cut = 0;
	begin();
	notary_close(notary);
	notary = NULL;
	pid_t child = fork();
	if (child == 0) {
		if (reopen(&torn) != 0)
			_exit(1);
		for (uint64_t i = 1; i <= 65; i++)
			(void)ask("publisher", 7, "timestamp", SIGND_METADATA, timestamp(i, NOW, NOW + DAY));
		kill(getpid(), SIGKILL);
	}
	CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
	CHECK_EQ(file_read(journal, bytes, sizeof bytes, &n, &e), 0);
	for (unsigned lines = 0; lines < 63; cut++)
		lines += bytes[cut] == '\n';
	CHECK_EQ(file_write(journal, (struct span){ bytes, cut }, 0600, &e), 0);
	CHECK_EQ(reopen(&torn), -1);
	CHECK_EQ(file_write(journal, SPAN_NONE, 0600, &e), 0);
	CHECK_EQ(reopen(&torn), -1);
	CHECK_EQ(unlink(journal), 0);
	CHECK_EQ(reopen(&torn), -1);
	/* The 64th line alone: the 65th was not anchored when the power went. */
	while (bytes[cut++] != '\n')
		;
	CHECK_EQ(file_write(journal, (struct span){ bytes, cut }, 0600, &e), 0);
	CHECK_EQ(reopen(&torn), 0);
	end();
}

static void last_line_is_anchored(void)
{
	uint8_t bytes[16384];
	bool torn;
	struct error e = { 0 };
	size_t n;
	begin();
	three_records();
	notary_close(notary);
	notary = NULL;
	CHECK_EQ(file_read(journal, bytes, sizeof bytes, &n, &e), 0);
	uint8_t *why = memmem(bytes + n - 100, 100, "a test", 6);
	CHECK(why != NULL);
	why[0] = 'A'; /* no later line holds its digest */
	CHECK_EQ(file_write(journal, (struct span){ bytes, n }, 0600, &e), 0);
	CHECK_EQ(reopen(&torn), -1);
	CHECK_EQ(unlink(head), 0);
	CHECK_EQ(reopen(&torn), -1);
	CHECK_EQ(file_write(head, SPAN_LIT("{}"), 0600, &e), 0);
	CHECK_EQ(reopen(&torn), -1);
	CHECK_EQ(file_write(head, SPAN_NONE, 0600, &e), 0); /* an operator takes it as it is */
	CHECK_EQ(reopen(&torn), 0);
	end();
}

static void one_authority_a_journal(void)
{
	struct notary *first;
	bool torn;
	begin();
	first = notary;
	notary = NULL;
	CHECK_EQ(reopen(&torn), -1);
	notary = first;
	end();
}

static const struct check_case cases[] = {
	CASE(who_may_ask),
	CASE(timestamps),
	CASE(versions_do_not_jump),
	CASE(products),
	CASE(counters_do_not_jump),
	CASE(releases_are_logged),
	CASE(approvals),
	CASE(plans_have_a_limit_of_their_own),
	CASE(manifests),
	CASE(directives),
	CASE(checkpoints),
	CASE(checkpoints_with_bad_numbers),
	CASE(torn_tail_is_removed),
	CASE(any_changed_byte_is_found),
	CASE(killed_between_record_and_signature),
	CASE(cut_tail_is_found),
	CASE(last_line_is_anchored),
	CASE(one_authority_a_journal),
};
CHECK_MAIN(cases)
