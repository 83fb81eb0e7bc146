/* Where target files are kept: hostile paths, links in the folder, and files that are not what was signed. */
#include "check.h"

#include "crypto_openssl.h"
#include "target_dir.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], outside[64];
static struct target_dir dir;
static struct error error;

static struct target target_of(const char *path, const char *bytes)
{
	struct span text = span_of_text(bytes);
	return (struct target){ .path = span_of_text(path),
				.length = text.n,
				.sha256 = sha256_of(&crypto_openssl, text) };
}

static const char *at(const char *directory, const char *name)
{
	static char path[512];
	snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

static void put(const char *directory, const char *name, const char *bytes)
{
	FILE *f = fopen(at(directory, name), "wb");
	CHECK(f != NULL && fputs(bytes, f) >= 0 && fclose(f) == 0);
}

static bool holds(const char *directory, const char *name, const char *bytes)
{
	char got[256] = "";
	FILE *f = fopen(at(directory, name), "rb");
	if (f == NULL)
		return false;
	size_t n = fread(got, 1, sizeof got - 1, f);
	fclose(f);
	return n == strlen(bytes) && memcmp(got, bytes, n) == 0;
}

static uint32_t files_in(const char *directory)
{
	uint32_t count = 0;
	DIR *d = opendir(directory);
	CHECK(d != NULL);
	for (struct dirent *entry; (entry = readdir(d)) != NULL;)
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(d);
	return count;
}

static void fresh(void)
{
	target_dir_close(&dir);
	snprintf(folder, sizeof folder, "/tmp/target-dir-XXXXXX");
	snprintf(outside, sizeof outside, "/tmp/target-dir-XXXXXX");
	CHECK(mkdtemp(folder) != NULL && mkdtemp(outside) != NULL);
	CHECK_EQ(target_dir_open(&dir, folder, &error), 0);
}

static void remove_folder(const char *path)
{
	DIR *d = opendir(path);
	for (struct dirent *entry; d != NULL && (entry = readdir(d)) != NULL;)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			remove(at(path, entry->d_name));
	if (d != NULL)
		closedir(d);
	rmdir(path);
}

static void done(void)
{
	remove_folder(folder);
	remove_folder(outside);
}

/* The whole way of one file, in pieces of three bytes. */
static int keep(const struct target *target, const char *bytes)
{
	struct target_file file;
	struct span all = span_of_text(bytes);
	int result = target_file_create(&file, &dir, &crypto_openssl, target, &error);
	for (size_t i = 0; result == 0 && i < all.n; i += 3)
		result = target_file_write(&file, span_sub(all, i, 3), &error);
	if (result == 0)
		result = target_file_keep(&file, &error);
	target_file_drop(&file);
	return result;
}

static void kept_and_found(void)
{
	fresh();
	struct target target = target_of("a/b.txt", "content"), newer = target_of("a/b.txt", "changed");
	CHECK_EQ(target_dir_has(&dir, &crypto_openssl, &target, &error), 0);
	CHECK_EQ(keep(&target, "content"), 0);
	CHECK(holds(folder, "a%2Fb.txt", "content"));
	CHECK_EQ(target_dir_has(&dir, &crypto_openssl, &target, &error), 1);
	CHECK_EQ(target_dir_has(&dir, &crypto_openssl, &newer, &error), 0);
	CHECK_EQ(keep(&newer, "changed"), 0);
	CHECK(holds(folder, "a%2Fb.txt", "changed"));
	CHECK_EQ(files_in(folder), 1);
	done();
}

/* What stood there stays, and nothing is left behind. */
static void what_was_not_signed_is_dropped(void)
{
	static const char *const bad[] = { "", "conten", "contenT", "content2", "content, and much more" };
	fresh();
	struct target target = target_of("a", "content"), older = target_of("a", "older");
	CHECK_EQ(keep(&older, "older"), 0);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		CHECK_EQ(keep(&target, bad[i]), -1);
		CHECK(holds(folder, "a", "older"));
		CHECK_EQ(files_in(folder), 1);
	}
	done();
}

/* [CLIENT-15] */
static void paths_stay_in_the_folder(void)
{
	static const struct {
		const char *path, *name;
	} table[] = {
		{ "../x", "%2E.%2Fx" },   { "/etc/passwd", "%2Fetc%2Fpasswd" },
		{ "..", "%2E." },         { ".", "%2E" },
		{ ".new-a", "%2Enew-a" }, { "a%2Fb", "a%252Fb" },
		{ "a\\b\n", "a%5Cb%0A" },
	};
	fresh();
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct target target = target_of(table[i].path, "content");
		CHECK_EQ(keep(&target, "content"), 0);
		CHECK(holds(folder, table[i].name, "content"));
	}
	CHECK_EQ(files_in(folder), sizeof table / sizeof table[0]);
	CHECK_EQ(files_in(outside), 0);
	done();
}

static void links_are_not_followed(void)
{
	fresh();
	struct target target = target_of("a", "content");
	put(outside, "victim", "content");
	char victim[128];
	snprintf(victim, sizeof victim, "%s/victim", outside);
	CHECK_EQ(symlink(victim, at(folder, "a")), 0);
	/* It leads to the right bytes, yet it is no file of ours. */
	CHECK_EQ(target_dir_has(&dir, &crypto_openssl, &target, &error), 0);
	CHECK_EQ(symlink(victim, at(folder, ".new-a")), 0);
	put(outside, "victim", "precious");
	CHECK_EQ(keep(&target, "content"), 0);
	CHECK(holds(folder, "a", "content"));
	CHECK(holds(outside, "victim", "precious"));
	struct stat status;
	CHECK(lstat(at(folder, "a"), &status) == 0 && S_ISREG(status.st_mode));
	done();
}

static void no_other_kinds_of_files(void)
{
	fresh();
	struct target target = target_of("a", "content");
	CHECK_EQ(mkfifo(at(folder, "a"), 0600), 0);
	CHECK_EQ(target_dir_has(&dir, &crypto_openssl, &target, &error), 0);
	CHECK_EQ(unlink(at(folder, "a")), 0);
	CHECK_EQ(mkdir(at(folder, "a"), 0700), 0);
	CHECK_EQ(target_dir_has(&dir, &crypto_openssl, &target, &error), 0);
	CHECK_EQ(keep(&target, "content"), -1);
	CHECK_EQ(files_in(folder), 1);
	done();
}

static void left_overs_of_a_cut_run(void)
{
	fresh();
	struct target target = target_of("a", "content");
	put(folder, ".new-a", "half of something");
	CHECK_EQ(keep(&target, "content"), 0);
	CHECK(holds(folder, "a", "content"));
	CHECK_EQ(files_in(folder), 1);
	done();
}

static void refusals_say_why(void)
{
	fresh();
	char path[METADATA_PATH_MAX + 1];
	memset(path, '/', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	struct target target = target_of(path, "content");
	CHECK_EQ(keep(&target, "content"), -1);
	CHECK(strstr(error.text, "too long") != NULL);
	CHECK_EQ(target_dir_has(&dir, &crypto_openssl, &target, &error), -1);
	target = target_of("", "content");
	CHECK_EQ(keep(&target, "content"), -1);
	struct crypto small = { crypto_openssl.sha256_init, crypto_openssl.sha256_update, crypto_openssl.sha256_final,
				crypto_openssl.p256_verify };
	struct target_file file;
	target = target_of("a", "content");
	target.hashes = METADATA_SHA512;
	CHECK_EQ(target_file_create(&file, &dir, &small, &target, &error), -1);
	CHECK_EQ(file.verdict, VERDICT_DIGEST);
	target_file_drop(&file);
	put(folder, "a", "content");
	CHECK_EQ(target_dir_has(&dir, &small, &target, &error), 0);
	struct target_dir none;
	CHECK_EQ(target_dir_open(&none, "/nonexistent/folder", &error), -1);
	target_dir_close(&none);
	done();
}

static const struct check_case cases[] = {
	CASE(kept_and_found),         CASE(what_was_not_signed_is_dropped), CASE(paths_stay_in_the_folder),
	CASE(links_are_not_followed), CASE(no_other_kinds_of_files),        CASE(left_overs_of_a_cut_run),
	CASE(refusals_say_why),
};

CHECK_MAIN(cases)
