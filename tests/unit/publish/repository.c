#include "repository.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "crypto_openssl.h"
#include "desk.h"

/*
 * Every file of the published folder appears by a rename. This one stands before the C library's for this program: it
 * writes down the names, and fails once where a test asks for it.
 */
static int rename_count, rename_fail_at;
static char rename_names[64][128];

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	if (++rename_count == rename_fail_at) {
		errno = EIO;
		return -1;
	}
	if (rename_count <= 64)
		snprintf(rename_names[rename_count - 1], sizeof rename_names[0], "%s", to);
	return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
}

static struct release release_of(const char *path, uint64_t counter)
{
	struct release_path parts;
	static char version[8][16];
	CHECK_EQ(release_path_decode(span_of_text(path), &parts), FAULT_NONE);
	snprintf(version[counter % 8], 16, "%.*s", (int)parts.version.n, (const char *)parts.version.at);
	return desk_release(path, version[counter % 8], counter);
}

/* The first publication: an empty p/board and plans/board under targets. */
static struct desk *repository_desk(void)
{
	static const char *const roles[] = { "targets", "p/board", "plans/board" };
	struct error e = { 0 };
	rename_fail_at = 0;
	struct desk *d = desk_new();
	for (size_t i = 0; i < 3; i++)
		CHECK_EQ(desk_stage_role(d, roles[i], NULL, 0, &e), 0);
	CHECK_EQ(desk_commit(d, &e), 0);
	desk_open(d);
	return d;
}

/* One whole publication of a release, as the command does it; -1 where a step fails. */
static int repository_publish(struct desk *d, const char *path, uint64_t counter, struct error *e)
{
	struct release release = release_of(path, counter);
	return desk_stage_role(d, "p/board", &release, 1, e) != 0 ? -1 : desk_commit(d, e);
}

/* What a device sees: everything that signed metadata names is there, with the bytes that it names. */
static void repository_read_as_device(struct desk *d)
{
	static uint8_t text[65536];
	desk_open(d);
	CHECK(d->repository.published);
	const struct timestamp *t = &d->repository.timestamp;
	char path[256];
	struct error e;
	CHECK_EQ(repository_role_path("snapshot", t->snapshot_version, path, sizeof path, &e), 0);
	size_t n = desk_read(d, path, text, sizeof text);
	struct digest digest = sha256_of(&crypto_openssl, (struct span){ text, n });
	CHECK_EQ(n, t->snapshot_length);
	CHECK(digest_equal(&digest, &t->snapshot_digest));
	for (uint32_t i = 0; i < d->repository.snapshot.count; i++) {
		const struct snapshot_entry *entry = &d->repository.snapshot.entries[i];
		char role[128];
		snprintf(role, sizeof role, "%.*s", (int)entry->name.n - 5, (const char *)entry->name.at);
		CHECK_EQ(repository_role_path(role, entry->version, path, sizeof path, &e), 0);
		n = desk_read(d, path, text, sizeof text);
		CHECK_EQ(n, entry->length);
		digest = sha256_of(&crypto_openssl, (struct span){ text, n });
		CHECK(digest_equal(&digest, &entry->digest));
	}
}

static bool repository_lists(struct desk *d, const char *path)
{
	struct targets targets = { 0 };
	struct error e;
	CHECK_EQ(repository_targets(&d->repository, "p/board", &targets, &e), 0);
	return targets_find(&targets, span_of_text(path)) != NULL;
}

static void repository_publishes(void)
{
	struct desk *d = repository_desk();
	struct error e = { 0 };
	CHECK_EQ(repository_publish(d, "p/board/1.0/image", 1, &e), 0);
	repository_read_as_device(d);
	CHECK(repository_lists(d, "p/board/1.0/image"));
	CHECK_EQ(d->repository.timestamp.version, 2);
	CHECK_EQ(d->repository.snapshot.version, 2);
	CHECK_EQ(d->repository.snapshot.count, 3);
	CHECK_EQ(d->repository.timestamp.expires_unix, DESK_NOW + 3600);
	CHECK_EQ(d->repository.timestamp.issued_unix, DESK_NOW);
	desk_free(d);
}

static void repository_writes_the_timestamp_last(void)
{
	static const char *const want[] = { "metadata/2.p%2Fboard.json", "metadata/2.snapshot.json",
					    "metadata/timestamp.json" };
	struct desk *d = repository_desk();
	struct error e = { 0 };
	int seen = 0;
	rename_count = 0;
	CHECK_EQ(repository_publish(d, "p/board/1.0/image", 1, &e), 0);
	for (int i = 0; i < rename_count; i++)
		if (strncmp(rename_names[i], "metadata/", 9) == 0) {
			CHECK(seen < 3 && strcmp(rename_names[i], want[seen]) == 0);
			seen++;
		}
	CHECK_EQ(seen, 3);
	desk_free(d);
}

/* Each rename fails once. A device sees the old state or the new one, and the next attempt gets through. */
static void repository_survives_each_failed_write(void)
{
	static const char path[] = "p/board/1.0/image";
	for (int fail = 1;; fail++) {
		struct desk *d = repository_desk();
		struct error e = { 0 };
		rename_count = 0;
		rename_fail_at = fail;
		int failed = repository_publish(d, path, 1, &e);
		rename_fail_at = 0;
		repository_read_as_device(d);
		CHECK_EQ(repository_lists(d, path), failed == 0);
		if (failed == 0) {
			CHECK(fail > 4); /* three versions remembered and three files, at least */
			desk_free(d);
			return;
		}
		CHECK_EQ(repository_publish(d, path, 1, &e), 0);
		repository_read_as_device(d);
		CHECK(repository_lists(d, path));
		desk_free(d);
	}
}

/* A crash after each signature: the desk's signer refuses a version with a second content. */
static void repository_never_uses_a_version_again(void)
{
	struct desk *d = repository_desk();
	struct error e = { 0 };
	uint64_t first, second;
	CHECK_EQ(repository_next_version(&d->repository, "p/board", &first, &e), 0);
	desk_open(d);
	CHECK_EQ(repository_next_version(&d->repository, "p/board", &second, &e), 0);
	CHECK_EQ(first, 2);
	CHECK_EQ(second, 3);
	struct release one = release_of("p/board/1.0/image", 1);
	CHECK_EQ(desk_stage_role(d, "p/board", &one, 1, &e), 0);
	desk_open(d); /* signed, never published */
	CHECK_EQ(repository_publish(d, "p/board/2.0/image", 2, &e), 0);
	repository_read_as_device(d);
	CHECK(repository_lists(d, "p/board/2.0/image") && !repository_lists(d, "p/board/1.0/image"));
	const struct snapshot_entry *entry = snapshot_find(&d->repository.snapshot, SPAN_LIT("p/board.json"));
	CHECK(entry != NULL && entry->version == 5);
	desk_free(d);
}

/* The store of versions was lost or restored: what is published still counts. */
static void repository_counts_from_what_is_published(void)
{
	struct desk *d = repository_desk();
	struct error e = { 0 };
	uint64_t version;
	CHECK_EQ(d->versions.remove(d->versions.self, "p%2Fboard", &e), 0);
	CHECK_EQ(d->versions.remove(d->versions.self, "snapshot", &e), 0);
	CHECK_EQ(repository_next_version(&d->repository, "p/board", &version, &e), 0);
	CHECK_EQ(version, 2);
	CHECK_EQ(repository_next_version(&d->repository, "snapshot", &version, &e), 0);
	CHECK_EQ(version, 2);
	desk_free(d);
}

static void repository_keeps_the_old_state_without_a_signer(void)
{
	struct desk *d = repository_desk();
	struct release release = release_of("p/board/1.0/image", 1);
	struct error e = { 0 };
	CHECK_EQ(desk_stage_role(d, "p/board", &release, 1, &e), 0);
	d->refuses = true;
	CHECK_EQ(desk_commit(d, &e), -1);
	CHECK(e.retry);
	repository_read_as_device(d);
	CHECK(!repository_lists(d, "p/board/1.0/image"));
	CHECK_EQ(d->repository.timestamp.version, 1);
	desk_free(d);
}

static void repository_refreshes_the_timestamp_alone(void)
{
	struct desk *d = repository_desk();
	struct error e = { 0 };
	d->repository.now_unix += 600;
	CHECK_EQ(repository_refresh(&d->repository, &d->signer, desk_reason, desk_lifetimes, &e), 0);
	repository_read_as_device(d);
	CHECK_EQ(d->repository.timestamp.version, 2);
	CHECK_EQ(d->repository.timestamp.snapshot_version, 1);
	CHECK_EQ(d->repository.timestamp.issued_unix, DESK_NOW + 600);
	desk_free(d);
}

static void repository_refuses_altered_metadata(void)
{
	struct desk *d = repository_desk();
	struct error e = { 0 };
	desk_write(d, "metadata/timestamp.json", SPAN_LIT("{"));
	CHECK_EQ(desk_try_open(d, &e), -1);
	CHECK(strstr(e.text, "timestamp.json") != NULL);
	desk_free(d);
}

static void product_role_refuses_a_path_listed_already(void)
{
	struct desk *d = repository_desk();
	struct error e = { 0 };
	CHECK_EQ(repository_publish(d, "p/board/1.0/image", 1, &e), 0);
	desk_open(d);
	struct release again = release_of("p/board/1.0/image", 2);
	CHECK_EQ(desk_stage_role(d, "p/board", &again, 1, &e), -1);
	CHECK(strstr(e.text, "never changes") != NULL);
	desk_free(d);
}

/* Whatever the order of publication, entries are ascending by path, as the canonical form wants them. */
static void product_role_orders_its_releases(void)
{
	static const char *const paths[] = { "p/board/1.10/image", "p/board/1.9/image", "p/board/1.2/image" };
	struct desk *d = repository_desk();
	struct targets targets = { 0 };
	struct error e = { 0 };
	for (size_t i = 0; i < 3; i++) {
		CHECK_EQ(repository_publish(d, paths[i], i + 1, &e), 0);
		repository_read_as_device(d);
	}
	CHECK_EQ(repository_targets(&d->repository, "p/board", &targets, &e), 0);
	CHECK_EQ(targets.count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		struct release release;
		CHECK_EQ(release_decode(&targets.entries[i], &release), FAULT_NONE);
		CHECK(i == 0 || span_compare(targets.entries[i - 1].path, targets.entries[i].path) < 0);
	}
	desk_free(d);
}

static void plan_role_lists_plans(void)
{
	struct desk *d = repository_desk();
	struct target plan = { SPAN_LIT("plans/board/1.0.json"), 500, desk_digest(9), NULL };
	struct error e = { 0 };
	static uint8_t body[65536];
	static uint8_t memory[1 << 20];
	struct writer w = writer_over(body, sizeof body);
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct json_node *node;
	struct targets targets;
	CHECK_EQ(plan_role_body(&d->repository, "plans/board", 2, DESK_NOW + 10, &plan, &w, &e), 0);
	CHECK_EQ(json_parse(writer_span(&w), &ws, &node), FAULT_NONE);
	CHECK_EQ(targets_decode(node, &ws, &crypto_openssl, &targets), FAULT_NONE);
	CHECK_EQ(targets.version, 2);
	CHECK_EQ(targets.expires_unix, DESK_NOW + 10);
	const struct target *found = targets_find(&targets, plan.path);
	CHECK(found != NULL && found->length == 500 && digest_equal(&found->sha256, &plan.sha256));
	desk_free(d);
}

/* A role whose signature was altered in staging never reaches the repository: devices would refuse all of it. */
static void repository_refuses_an_altered_role(void)
{
	struct error e = { 0 };
	struct desk *d = repository_desk();
	struct release release = release_of("p/board/1.0.0/image", 1);
	CHECK_EQ(desk_stage_role(d, "p/board", &release, 1, &e), 0);
	struct repository_role staged = d->repository.pending[0];
	uint8_t *altered = workspace_take(&d->ws, staged.envelope.n);
	memcpy(altered, staged.envelope.at, staged.envelope.n);
	uint8_t *sig = (uint8_t *)memmem(altered, staged.envelope.n, "\"sig\":\"", 7) + 7 + 40;
	*sig = *sig == '0' ? '1' : '0';
	struct span bytes = { altered, staged.envelope.n };
	CHECK_EQ(repository_stage(&d->repository, "p/board", staged.version, bytes, &e), -1);
	CHECK(strstr(e.text, "sign it again") != NULL);
	CHECK_EQ(repository_stage(&d->repository, "p/other", staged.version, staged.envelope, &e), -1);
	desk_free(d);
}

static const struct check_case cases[] = {
	CASE(repository_refuses_an_altered_role),
	CASE(repository_publishes),
	CASE(repository_writes_the_timestamp_last),
	CASE(repository_survives_each_failed_write),
	CASE(repository_never_uses_a_version_again),
	CASE(repository_counts_from_what_is_published),
	CASE(repository_keeps_the_old_state_without_a_signer),
	CASE(repository_refreshes_the_timestamp_alone),
	CASE(repository_refuses_altered_metadata),
	CASE(product_role_refuses_a_path_listed_already),
	CASE(product_role_orders_its_releases),
	CASE(plan_role_lists_plans),
};
CHECK_MAIN(cases)
