/*
 * Attacks by way of files: a store whose names come from signed metadata, symbolic links that wait in its folder, and
 * keys that others may read (docs/attacks.md).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "file.h"
#include "keyfile.h"
#include "store_dir.h"

static char folder[] = "/tmp/sealift-files-XXXXXX";
static char inside[FILE_PATH_MAX], outside[FILE_PATH_MAX];
static struct store_dir dir;
static struct store store;

static void made(void)
{
	struct error e;
	CHECK(mkdtemp(folder) != NULL);
	CHECK_EQ(file_join(inside, folder, "store", NULL), 0);
	CHECK_EQ(file_join(outside, folder, "outside", NULL), 0);
	CHECK_EQ(file_make_directory(inside, 0700, &e), 0);
	CHECK_EQ(store_dir_open(&dir, inside, &e), 0);
	store = store_dir_store(&dir);
}

static bool outside_is(const char *text)
{
	char bytes[64];
	size_t n;
	return file_read(outside, (uint8_t *)bytes, sizeof bytes, &n, NULL) == 0 && n == strlen(text) &&
	       memcmp(bytes, text, n) == 0;
}

static void link_in(const char *name)
{
	char path[FILE_PATH_MAX];
	CHECK_EQ(file_join(path, inside, name, NULL), 0);
	unlink(path);
	CHECK_EQ(symlink(outside, path), 0);
}

/* CVE-2021-41131, CVE-2021-41149, CVE-2026-6968: names that would leave the folder are no names. */
static void names_that_leave_the_folder(void)
{
	static const char *const names[] = { "../outside", "/etc/passwd", "a/b",  "..",  ".",     "",
					     ".hidden",    "a\\b",        "a\nb", "a b", "~root", "\xc3\xa9.json" };
	uint8_t buffer[64];
	size_t n;
	struct error e;
	CHECK_EQ(file_write(outside, SPAN_LIT("mine"), 0600, NULL), 0);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		CHECK_EQ(store.save(store.self, names[i], SPAN_LIT("evil"), &e), -1);
		CHECK(strstr(e.text, "not a name") != NULL);
		CHECK_EQ(store.load(store.self, names[i], buffer, sizeof buffer, &n, &e), -1);
		CHECK_EQ(store.remove(store.self, names[i], &e), -1);
	}
	CHECK(outside_is("mine"));
	/* what the client makes of such role names is an ordinary file here */
	CHECK_EQ(store.save(store.self, "a%2F..%2Foutside.json", SPAN_LIT("x"), &e), 0);
	CHECK_EQ(store.load(store.self, "a%2F..%2Foutside.json", buffer, sizeof buffer, &n, &e), 0);
}

/* CVE-2026-24137: a link in the place of the file, or of the file that is written first, is never written through. */
static void links_are_not_followed(void)
{
	uint8_t buffer[64];
	size_t n;
	struct error e;
	CHECK_EQ(file_write(outside, SPAN_LIT("mine"), 0600, NULL), 0);
	link_in("timestamp.json");
	CHECK_EQ(store.load(store.self, "timestamp.json", buffer, sizeof buffer, &n, &e), -1);
	CHECK_EQ(store.save(store.self, "timestamp.json", SPAN_LIT("new"), &e), 0); /* takes the link's place */
	CHECK(outside_is("mine"));
	CHECK_EQ(store.load(store.self, "timestamp.json", buffer, sizeof buffer, &n, &e), 0);
	CHECK_EQ(n, 3);
	link_in(".new-snapshot.json");
	CHECK_EQ(store.save(store.self, "snapshot.json", SPAN_LIT("new"), &e), -1);
	CHECK(outside_is("mine"));
	link_in("root.json");
	CHECK_EQ(store.remove(store.self, "root.json", &e), 0); /* the link goes, not what it points to */
	CHECK(outside_is("mine"));
}

/* X41 audit of python-tuf, 2022: a private key that others may read, whatever umask was in force. */
static void private_keys_are_private(void)
{
	static const mode_t bad[] = { 0644, 0640, 0604, 0660, 0620, 0666, 0610, 0601 };
	char path[FILE_PATH_MAX];
	struct stat status;
	struct keyfile *key, *again;
	struct error e;
	CHECK_EQ(file_join(path, folder, "a.key", NULL), 0);
	CHECK_EQ(keyfile_new(&key, &e), 0);
	mode_t before = umask(0);
	CHECK_EQ(keyfile_save(key, path, &e), 0);
	umask(before);
	CHECK_EQ(stat(path, &status), 0);
	CHECK_EQ(status.st_mode & 0777, 0600);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		CHECK_EQ(chmod(path, bad[i]), 0);
		CHECK_EQ(keyfile_load(path, &again, &e), -1);
		CHECK(strstr(e.text, "0600") != NULL && strstr(e.text, path) != NULL);
		CHECK_EQ(file_check_private(path, &e), -1);
	}
	CHECK_EQ(chmod(path, 0400), 0);
	CHECK_EQ(keyfile_load(path, &again, &e), 0);
	keyfile_free(again);
	keyfile_free(key);
	CHECK_EQ(file_join(path, folder, "none.key", NULL), 0);
	CHECK_EQ(file_check_private(path, &e), 0);
}

static void cleaned_up(void)
{
	char command[FILE_PATH_MAX + 16];
	store_dir_close(&dir);
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	CHECK_EQ(system(command), 0);
}

static const struct check_case cases[] = {
	CASE(made),
	CASE(names_that_leave_the_folder),
	CASE(links_are_not_followed),
	CASE(private_keys_are_private),
	CASE(cleaned_up),
};
CHECK_MAIN(cases)
