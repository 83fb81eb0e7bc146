#include "tree.h"

#include "check.h"
#include "crypto_openssl.h"
#include "desk.h"

#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

/* In place of the C library's: the names below the repository that were synced, "|objects|objects/..|" */
static char synced[8192];

int fsync(int fd)
{
	char link[64], path[PATH_MAX];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof path - 1);
	path[n > 0 ? n : 0] = '\0';
	const char *name = strstr(path, "/repo");
	size_t used = strlen(synced);
	snprintf(synced + used, sizeof synced - used, "%s|", name != NULL ? name + 5 : path);
	return (int)syscall(SYS_fsync, fd);
}

static bool was_synced(const char *folder)
{
	char mark[PATH_MAX];
	snprintf(mark, sizeof mark, "|%s|", folder);
	return strstr(synced, mark) != NULL;
}

static void forget_syncs(void)
{
	snprintf(synced, sizeof synced, "|");
}

static void tree_new_folders_are_durable(void)
{
	struct error e;
	forget_syncs();
	struct desk *d = desk_new();
	CHECK(was_synced("") && was_synced("/log"));
	forget_syncs();
	CHECK_EQ(tree_put(&d->tree, "log/tile/0/x001/234", SPAN_LIT("hashes"), &e), 0);
	CHECK(was_synced("/log") && was_synced("/log/tile") && was_synced("/log/tile/0"));
	CHECK(was_synced("/log/tile/0/x001"));
	desk_free(d);
}

/* Who put them may have been killed before the folder was synced. */
static void tree_the_same_bytes_again_are_durable(void)
{
	struct desk *d = desk_new();
	struct error e;
	char name[80] = "objects/", source[160];
	struct digest digest = sha256_of(&crypto_openssl, SPAN_LIT("payload"));
	CHECK_EQ(tree_put_new(&d->tree, "log/tile/0/000", SPAN_LIT("hashes"), &e), 0);
	forget_syncs();
	CHECK_EQ(tree_put_new(&d->tree, "log/tile/0/000", SPAN_LIT("hashes"), &e), 0);
	CHECK(was_synced("") && was_synced("/log") && was_synced("/log/tile") && was_synced("/log/tile/0"));
	for (int i = 0; i < DIGEST_BYTES; i++)
		snprintf(name + 8 + 2 * i, 3, "%02x", digest.bytes[i]);
	desk_write(d, name, SPAN_LIT("payload"));
	snprintf(source, sizeof source, "%s/repo/%s", d->path, name);
	forget_syncs();
	CHECK_EQ(tree_put_object(&d->tree, &crypto_openssl, source, &digest, &e), 0);
	CHECK(was_synced("/objects"));
	desk_free(d);
}

static void tree_new_files_never_change(void)
{
	struct desk *d = desk_new();
	struct error e;
	uint8_t bytes[64];
	CHECK_EQ(tree_put_new(&d->tree, "metadata/1.root.json", SPAN_LIT("one"), &e), 0);
	CHECK_EQ(tree_put_new(&d->tree, "metadata/1.root.json", SPAN_LIT("one"), &e), 0);
	CHECK_EQ(tree_put_new(&d->tree, "metadata/1.root.json", SPAN_LIT("two"), &e), -1);
	CHECK(strstr(e.text, "never change") != NULL);
	CHECK_EQ(tree_put_new(&d->tree, "metadata/1.root.json", SPAN_LIT("on"), &e), -1);
	CHECK_EQ(tree_put_new(&d->tree, "metadata/1.root.json", SPAN_LIT("onen"), &e), -1);
	CHECK_EQ(desk_read(d, "metadata/1.root.json", bytes, sizeof bytes), 3);
	CHECK(memcmp(bytes, "one", 3) == 0);
	desk_free(d);
}

static void tree_objects_are_what_their_names_say(void)
{
	struct desk *d = desk_new();
	struct error e;
	char source[160], name[80] = "objects/";
	uint8_t bytes[64];
	struct digest right = sha256_of(&crypto_openssl, SPAN_LIT("payload")), wrong = desk_digest(1);
	desk_write(d, "source", SPAN_LIT("payload"));
	snprintf(source, sizeof source, "%s/repo/source", d->path);
	CHECK_EQ(tree_put_object(&d->tree, &crypto_openssl, source, &wrong, &e), -1);
	CHECK(strstr(e.text, "SHA-256 differs") != NULL);
	for (int i = 0; i < DIGEST_BYTES; i++)
		snprintf(name + 8 + 2 * i, 3, "%02x", wrong.bytes[i]);
	CHECK_EQ(desk_read(d, name, bytes, sizeof bytes), SIZE_MAX);
	CHECK_EQ(tree_put_object(&d->tree, &crypto_openssl, source, &right, &e), 0);
	for (int i = 0; i < DIGEST_BYTES; i++)
		snprintf(name + 8 + 2 * i, 3, "%02x", right.bytes[i]);
	CHECK_EQ(desk_read(d, name, bytes, sizeof bytes), 7);
	CHECK_EQ(tree_put_object(&d->tree, &crypto_openssl, "/nonexistent", &wrong, &e), -1);
	desk_free(d);
}

static void tree_get_knows_absence_and_ceiling(void)
{
	struct desk *d = desk_new();
	struct error e;
	uint8_t bytes[4];
	size_t n;
	CHECK_EQ(tree_get(&d->tree, "metadata/none", bytes, sizeof bytes, &n, &e), 1);
	CHECK_EQ(tree_put(&d->tree, "metadata/three", SPAN_LIT("abc"), &e), 0);
	CHECK_EQ(tree_get(&d->tree, "metadata/three", bytes, sizeof bytes, &n, &e), 0);
	CHECK_EQ(n, 3);
	CHECK_EQ(tree_put(&d->tree, "metadata/four", SPAN_LIT("abcd"), &e), 0);
	CHECK_EQ(tree_get(&d->tree, "metadata/four", bytes, sizeof bytes, &n, &e), -1);
	desk_free(d);
}

static void tree_append_cuts_first(void)
{
	struct desk *d = desk_new();
	struct error e;
	uint8_t bytes[16];
	uint64_t size;
	CHECK_EQ(tree_size(&d->tree, "log/list", &size, &e), 1);
	CHECK_EQ(tree_append(&d->tree, "log/list", 0, SPAN_LIT("aaaa"), &e), 0);
	CHECK_EQ(tree_append(&d->tree, "log/list", 4, SPAN_LIT("bbbb"), &e), 0);
	CHECK_EQ(tree_append(&d->tree, "log/list", 2, SPAN_LIT("cc"), &e), 0);
	CHECK_EQ(tree_size(&d->tree, "log/list", &size, &e), 0);
	CHECK_EQ(size, 4);
	CHECK_EQ(desk_read(d, "log/list", bytes, sizeof bytes), 4);
	CHECK(memcmp(bytes, "aacc", 4) == 0);
	desk_free(d);
}

static void tree_sweep_removes_what_was_left(void)
{
	struct desk *d = desk_new();
	struct error e;
	uint8_t bytes[16];
	desk_write(d, "tmp/123.0", SPAN_LIT("half"));
	desk_write(d, "metadata/kept", SPAN_LIT("whole"));
	CHECK_EQ(tree_sweep(&d->tree, &e), 0);
	CHECK_EQ(desk_read(d, "tmp/123.0", bytes, sizeof bytes), SIZE_MAX);
	CHECK_EQ(desk_read(d, "metadata/kept", bytes, sizeof bytes), 5);
	desk_free(d);
}

static const struct check_case cases[] = {
	CASE(tree_new_files_never_change),           CASE(tree_objects_are_what_their_names_say),
	CASE(tree_get_knows_absence_and_ceiling),    CASE(tree_append_cuts_first),
	CASE(tree_sweep_removes_what_was_left),      CASE(tree_new_folders_are_durable),
	CASE(tree_the_same_bytes_again_are_durable),
};
CHECK_MAIN(cases)
