#include "softhsm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto_openssl.h"
#include "file.h"
#include "hex.h"
#include "module_private.h"
#include "secret.h"

#define SOFTHSM_FILE_MAX (1u << 20)
#define SOFTHSM_CHECKSUMS_MAX (1u << 20)

/* Calls visit for every file of every token, in one order: tokens/<token>/<file>. */
typedef int softhsm_visit(void *context, const char *dir, const char *relative, struct error *e);

static void softhsm_free(void *memory)
{
	free(*(void **)memory);
}

static int softhsm_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

struct softhsm_list {
	struct dirent **entries;
	int count;
};

static void softhsm_list_drop(struct softhsm_list *list)
{
	for (int i = 0; i < list->count; i++)
		free(list->entries[i]);
	free(list->entries);
}

static int softhsm_list(const char *path, struct softhsm_list *out, struct error *e)
{
	out->count = scandir(path, &out->entries, softhsm_visible, alphasort);
	if (out->count < 0)
		return error_errno(e, "reading the directory %s", path);
	return 0;
}

static int softhsm_visit_token(const char *dir, const char *relative, softhsm_visit *visit, void *context,
			       struct error *e)
{
	__attribute__((cleanup(softhsm_list_drop))) struct softhsm_list files = { 0 };
	char path[FILE_PATH_MAX], file[FILE_PATH_MAX];
	if (file_join(path, dir, relative, e) != 0 || softhsm_list(path, &files, e) != 0)
		return -1;
	for (int i = 0; i < files.count; i++)
		if (file_join(file, relative, files.entries[i]->d_name, e) != 0 || visit(context, dir, file, e) != 0)
			return -1;
	return 0;
}

static int softhsm_each(const char *dir, softhsm_visit *visit, void *context, struct error *e)
{
	__attribute__((cleanup(softhsm_list_drop))) struct softhsm_list tokens = { 0 };
	char path[FILE_PATH_MAX], relative[FILE_PATH_MAX];
	if (file_join(path, dir, "tokens", e) != 0 || softhsm_list(path, &tokens, e) != 0)
		return -1;
	for (int i = 0; i < tokens.count; i++)
		if (file_join(relative, "tokens", tokens.entries[i]->d_name, e) != 0 ||
		    softhsm_visit_token(dir, relative, visit, context, e) != 0)
			return -1;
	return 0;
}

/* --- checksums, as sha256sum -c reads them --- */

static int softhsm_checksum(void *context, const char *dir, const char *relative, struct error *e)
{
	struct writer *w = context;
	char path[FILE_PATH_MAX];
	__attribute__((cleanup(softhsm_free))) uint8_t *bytes = NULL;
	size_t n;
	if (file_join(path, dir, relative, e) != 0)
		return -1;
	int found = file_read_all(path, SOFTHSM_FILE_MAX, &bytes, &n, e);
	if (found != 0)
		return found < 0 ? -1 : error_set(e, "%s vanished while it was read", path);
	struct digest digest = sha256_of(&crypto_openssl, (struct span){ bytes, n });
	hex_write(w, digest_span(&digest));
	writer_text(w, "  ");
	writer_text(w, relative);
	writer_u8(w, '\n');
	return 0;
}

static int softhsm_checksums(const char *dir, struct writer *w, struct error *e)
{
	if (softhsm_each(dir, softhsm_checksum, w, e) != 0)
		return -1;
	if (writer_end(w) != FAULT_NONE)
		return error_set(e, "%s: too many token files", dir);
	return 0;
}

static int softhsm_verify(const char *master, const char *copy, struct error *e)
{
	char path[FILE_PATH_MAX];
	__attribute__((cleanup(softhsm_free))) uint8_t *stored = NULL;
	__attribute__((cleanup(softhsm_free))) uint8_t *buffer = malloc(SOFTHSM_CHECKSUMS_MAX);
	size_t n;
	struct writer now = writer_over(buffer, buffer != NULL ? SOFTHSM_CHECKSUMS_MAX : 0);
	if (file_join(path, master, "tokens.sha256", e) != 0)
		return -1;
	int found = file_read_all(path, SOFTHSM_CHECKSUMS_MAX, &stored, &n, e);
	if (found > 0)
		return error_set(e, "%s is missing: the tokens in %s were never sealed", path, master);
	if (found < 0 || softhsm_checksums(copy, &now, e) != 0)
		return -1;
	if (!span_equal(writer_span(&now), (struct span){ stored, n }))
		return error_set(e,
				 "the tokens in %s are not those that were sealed (sha256sum -c tokens.sha256 says "
				 "which file); restore the directory from its backup",
				 master);
	return 0;
}

/* --- copying and removing --- */

struct softhsm_target {
	const char *dir;
};

static int softhsm_copy_file(void *context, const char *dir, const char *relative, struct error *e)
{
	const char *to = ((const struct softhsm_target *)context)->dir;
	char from_path[FILE_PATH_MAX], to_path[FILE_PATH_MAX];
	__attribute__((cleanup(softhsm_free))) uint8_t *bytes = NULL;
	size_t n;
	if (file_join(from_path, dir, relative, e) != 0 || file_join(to_path, to, relative, e) != 0)
		return -1;
	int found = file_read_all(from_path, SOFTHSM_FILE_MAX, &bytes, &n, e);
	if (found != 0)
		return found < 0 ? -1 : error_set(e, "%s vanished while it was read", from_path);
	char *slash = strrchr(to_path, '/');
	*slash = '\0';
	if (file_make_directory(to_path, 0700, e) != 0)
		return -1;
	*slash = '/';
	int fd = open(to_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(e, "making %s", to_path);
	ssize_t written = write(fd, bytes, n);
	close(fd);
	if (written < 0 || (size_t)written != n)
		return error_errno(e, "writing %s", to_path);
	return 0;
}

static int softhsm_copy_tokens(const char *from, const char *to, struct error *e)
{
	char tokens[FILE_PATH_MAX];
	if (file_make_directory(to, 0700, e) != 0 || file_join(tokens, to, "tokens", e) != 0 ||
	    file_make_directory(tokens, 0700, e) != 0)
		return -1;
	struct softhsm_target target = { to };
	return softhsm_each(from, softhsm_copy_file, &target, e);
}

static int softhsm_remove_file(void *context, const char *dir, const char *relative, struct error *e)
{
	char path[FILE_PATH_MAX];
	if (file_join(path, dir, relative, e) != 0)
		return -1;
	if (unlink(path) != 0)
		return error_errno(e, "removing %s", path);
	*strrchr(path, '/') = '\0';
	(void)rmdir(path); /* the last file's call succeeds */
	return 0;
}

int softhsm_drop(const char *run, struct error *e)
{
	static const char *const names[] = { "softhsm2.conf", "pin", "tokens.sha256" };
	char path[FILE_PATH_MAX];
	struct stat st;
	if (lstat(run, &st) != 0)
		return errno == ENOENT ? 0 : error_errno(e, "removing %s", run);
	if (file_join(path, run, "tokens", e) != 0)
		return -1;
	if (lstat(path, &st) == 0) {
		if (softhsm_each(run, softhsm_remove_file, NULL, e) != 0)
			return -1;
		(void)rmdir(path);
	}
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (file_join(path, run, names[i], e) == 0)
			(void)unlink(path);
	if (rmdir(run) != 0)
		return error_errno(e, "removing %s (files of others in it?)", run);
	return 0;
}

/* --- configuration and PIN --- */

/* dir's softhsm2.conf, which names at/tokens. */
static int softhsm_write_conf(const char *dir, const char *at, struct error *e)
{
	char text[PATH_MAX + 128], path[FILE_PATH_MAX];
	int n = snprintf(text, sizeof text,
			 "directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
			 "slots.removable = false\n",
			 at);
	if (n < 0 || (size_t)n >= sizeof text)
		return error_set(e, "%s: the path is too long", at);
	if (file_join(path, dir, "softhsm2.conf", e) != 0)
		return -1;
	return file_write(path, (struct span){ (uint8_t *)text, (size_t)n }, 0600, e);
}

/* Writes the configuration for dir as it stands and points SoftHSM at it. */
static int softhsm_use(const char *dir, struct error *e)
{
	char absolute[PATH_MAX], path[PATH_MAX + 32];
	if (realpath(dir, absolute) == NULL)
		return error_errno(e, "%s", dir);
	if (softhsm_write_conf(dir, absolute, e) != 0)
		return -1;
	snprintf(path, sizeof path, "%s/softhsm2.conf", absolute);
	if (setenv("SOFTHSM2_CONF", path, 1) != 0)
		return error_errno(e, "setting SOFTHSM2_CONF");
	return 0;
}

static int softhsm_random_pin(char pin[SOFTHSM_PIN_TEXT], struct error *e)
{
	uint8_t bytes[16];
	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return error_errno(e, "making a random PIN");
	hex_text(SPAN_OF(bytes), pin);
	secret_wipe(bytes, sizeof bytes);
	return 0;
}

int softhsm_pin(const char *dir, char pin[SOFTHSM_PIN_TEXT], struct error *e)
{
	char path[FILE_PATH_MAX];
	uint8_t bytes[SOFTHSM_PIN_TEXT + 1], value[16];
	size_t n;
	if (file_join(path, dir, "pin", e) != 0 || file_check_private(path, e) != 0)
		return -1;
	int found = file_read(path, bytes, sizeof bytes, &n, e);
	if (found != 0)
		return found < 0 ? -1 : error_set(e, "%s is missing", path);
	if (n > 0 && bytes[n - 1] == '\n')
		n--;
	if (hex_decode((struct span){ bytes, n }, value, sizeof value) != FAULT_NONE)
		return error_set(e, "%s does not hold a PIN of 32 hexadecimal digits", path);
	memcpy(pin, bytes, n);
	pin[n] = '\0';
	secret_wipe(bytes, sizeof bytes);
	secret_wipe(value, sizeof value);
	return 0;
}

/* --- making and sealing --- */

static int softhsm_new_path(const char *dir, char out[FILE_PATH_MAX], struct error *e)
{
	int n = snprintf(out, FILE_PATH_MAX, "%s.new", dir);
	if (n < 0 || n >= FILE_PATH_MAX)
		return error_set(e, "%s: the path is too long", dir);
	return 0;
}

int softhsm_create(const char *dir, struct error *e)
{
	char fresh[FILE_PATH_MAX], path[FILE_PATH_MAX], pin[SOFTHSM_PIN_TEXT];
	struct stat st;
	if (lstat(dir, &st) == 0)
		return error_set(e, "%s is there already; its keys are not replaced", dir);
	if (softhsm_new_path(dir, fresh, e) != 0 || softhsm_drop(fresh, e) != 0)
		return -1;
	if (file_make_directory(fresh, 0700, e) != 0 || file_join(path, fresh, "tokens", e) != 0 ||
	    file_make_directory(path, 0700, e) != 0)
		return -1;
	if (softhsm_random_pin(pin, e) != 0 || file_join(path, fresh, "pin", e) != 0)
		return -1;
	int failed = file_write(path, span_of_text(pin), 0600, e);
	secret_wipe(pin, sizeof pin);
	return failed != 0 ? -1 : softhsm_use(fresh, e);
}

int softhsm_revise(const char *dir, struct error *e)
{
	char fresh[FILE_PATH_MAX], path[FILE_PATH_MAX], pin[SOFTHSM_PIN_TEXT];
	if (softhsm_new_path(dir, fresh, e) != 0 || softhsm_drop(fresh, e) != 0)
		return -1;
	if (softhsm_copy_tokens(dir, fresh, e) != 0 || softhsm_verify(dir, fresh, e) != 0)
		return -1;
	if (softhsm_pin(dir, pin, e) != 0 || file_join(path, fresh, "pin", e) != 0)
		return -1;
	int failed = file_write(path, span_of_text(pin), 0600, e);
	secret_wipe(pin, sizeof pin);
	return failed != 0 ? -1 : softhsm_use(fresh, e);
}

static int softhsm_sync_path(const char *path, struct error *e)
{
	__attribute__((cleanup(file_close))) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		return error_errno(e, "syncing %s", path);
	return 0;
}

static int softhsm_sync_file(void *context, const char *dir, const char *relative, struct error *e)
{
	char path[FILE_PATH_MAX];
	if (file_join(path, dir, relative, e) != 0 || softhsm_sync_path(path, e) != 0)
		return -1;
	*strrchr(path, '/') = '\0';
	return softhsm_sync_path(path, e);
}

static int softhsm_sync_parent(const char *dir, struct error *e)
{
	char path[FILE_PATH_MAX];
	snprintf(path, sizeof path, "%s", dir);
	char *slash = strrchr(path, '/');
	if (slash == NULL)
		return softhsm_sync_path(".", e);
	slash[slash == path] = '\0';
	return softhsm_sync_path(path, e);
}

static int softhsm_write_checksums(const char *dir, struct error *e)
{
	char path[FILE_PATH_MAX];
	__attribute__((cleanup(softhsm_free))) uint8_t *buffer = malloc(SOFTHSM_CHECKSUMS_MAX);
	struct writer w = writer_over(buffer, buffer != NULL ? SOFTHSM_CHECKSUMS_MAX : 0);
	if (softhsm_checksums(dir, &w, e) != 0 || file_join(path, dir, "tokens.sha256", e) != 0)
		return -1;
	return file_write(path, writer_span(&w), 0600, e);
}

/* dir's absolute path, also before it is there: that of its parent and its last part. */
static int softhsm_absolute(const char *dir, char out[PATH_MAX + 256], struct error *e)
{
	char parent[FILE_PATH_MAX], absolute[PATH_MAX];
	snprintf(parent, sizeof parent, "%s", dir);
	char *slash = strrchr(parent, '/');
	const char *last = slash != NULL ? slash + 1 : dir;
	char name[256];
	snprintf(name, sizeof name, "%s", last);
	if (slash != NULL)
		*slash = '\0';
	if (realpath(slash != NULL ? (parent[0] != '\0' ? parent : "/") : ".", absolute) == NULL)
		return error_errno(e, "%s", dir);
	snprintf(out, PATH_MAX + 256, "%s/%s", absolute, name);
	return 0;
}

int softhsm_seal(const char *dir, struct error *e)
{
	char fresh[FILE_PATH_MAX], tokens[FILE_PATH_MAX], absolute[PATH_MAX + 256];
	struct stat st;
	if (softhsm_new_path(dir, fresh, e) != 0 || softhsm_absolute(dir, absolute, e) != 0)
		return -1;
	if (softhsm_write_checksums(fresh, e) != 0 || softhsm_write_conf(fresh, absolute, e) != 0)
		return -1;
	if (file_join(tokens, fresh, "tokens", e) != 0 || softhsm_each(fresh, softhsm_sync_file, NULL, e) != 0 ||
	    softhsm_sync_path(tokens, e) != 0 || softhsm_sync_path(fresh, e) != 0)
		return -1;
	bool replaces = lstat(dir, &st) == 0;
	/* All of the new directory is on disk before its name is: a crash leaves the old or the new one, whole. */
	if (renameat2(AT_FDCWD, fresh, AT_FDCWD, dir, replaces ? RENAME_EXCHANGE : RENAME_NOREPLACE) != 0)
		return error_errno(e, "renaming %s to %s", fresh, dir);
	if (softhsm_sync_parent(dir, e) != 0)
		return -1;
	return replaces ? softhsm_drop(fresh, e) : 0;
}

int softhsm_work(const char *dir, const char *run, struct error *e)
{
	if (softhsm_drop(run, e) != 0 || softhsm_copy_tokens(dir, run, e) != 0)
		return -1;
	/* The copy is what is verified: nobody can change it afterwards. */
	if (softhsm_verify(dir, run, e) != 0) {
		if (softhsm_drop(run, NULL) != 0)
			return error_within(e, "(and %s could not be removed)", run);
		return -1;
	}
	return softhsm_use(run, e);
}

/* --- tokens --- */

int softhsm_init_token(struct module *module, const char *label, const char *pin, struct error *e)
{
	CK_SLOT_ID slot;
	CK_UTF8CHAR padded[32], officer[SOFTHSM_PIN_TEXT], user[256];
	char forgotten[SOFTHSM_PIN_TEXT];
	CK_SESSION_HANDLE session;
	if (strlen(label) > sizeof padded || strlen(pin) > sizeof user)
		return error_set(e, "token '%s': its label or PIN is too long", label);
	if (module_find_free(module, &slot, e) != 0 || softhsm_random_pin(forgotten, e) != 0)
		return -1;
	module_pad(padded, sizeof padded, label);
	memcpy(officer, forgotten, sizeof officer);
	memcpy(user, pin, strlen(pin));
	CK_RV rv = module->call->C_InitToken(slot, officer, sizeof officer - 1, padded);
	if (rv != CKR_OK)
		return module_error(e, rv, "initialising the token");
	rv = module->call->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session);
	if (rv != CKR_OK)
		return module_error(e, rv, "opening a session");
	rv = module->call->C_Login(session, CKU_SO, officer, sizeof officer - 1);
	if (rv == CKR_OK)
		rv = module->call->C_InitPIN(session, user, strlen(pin));
	(void)module->call->C_CloseSession(session);
	secret_wipe(forgotten, sizeof forgotten);
	secret_wipe(officer, sizeof officer);
	secret_wipe(user, sizeof user);
	return rv == CKR_OK ? 0 : module_error(e, rv, "setting the token's PIN");
}
