#include "host.h"
#include "check.h"
#include "host_command.h"
#include "host_counter.h"
#include "identity_file.h"
#include "signing.h"

#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/sealift-host-XXXXXX";

static const char *path_of(const char *name)
{
	static char path[256];
	snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

static void put_text(const char *name, const char *text)
{
	struct error e = { 0 };
	CHECK_EQ(file_write(path_of(name), span_of_text(text), 0600, &e), 0);
}

static void a_file_behaves_as_nor_flash(void)
{
	struct host_flash f;
	struct error e = { 0 };
	uint8_t back[4];
	CHECK_EQ(host_flash_create(path_of("nor"), 8192, 4096, &e), 0);
	CHECK_EQ(host_flash_create(path_of("nor"), 8192, 4096, &e), -1);
	CHECK_EQ(host_flash_open(&f, path_of("nor"), 4096, 4096, &e), -1);
	CHECK_EQ(host_flash_open(&f, path_of("nor"), 8192, 4096, &e), 0);
	CHECK_EQ(f.flash.program(f.flash.self, 4094, "abcd", 4), 0);
	CHECK_EQ(f.flash.program(f.flash.self, 4097, "e", 1), -1); /* not erased */
	CHECK_EQ(f.flash.program(f.flash.self, 8190, "abcd", 4), -1);
	CHECK_EQ(f.flash.erase(f.flash.self, 1, 4096), -1);
	CHECK_EQ(f.flash.erase(f.flash.self, 4096, 4096), 0);
	CHECK_EQ(f.flash.sync(f.flash.self), 0);
	CHECK_EQ(f.flash.read(f.flash.self, 4094, back, 4), 0);
	CHECK(memcmp(back, "ab\xff\xff", 4) == 0);
	CHECK_EQ(f.flash.read(f.flash.self, 8190, back, 4), -1);
	host_flash_close(&f);
	host_flash_close(&f);
}

static void the_counter_never_goes_back(void)
{
	static const char *const refused[] = { "",    "1",         "01\n",          "-1\n", "1\n\n",
					       "x\n", "2097152\n", "99999999999\n", "\n" };
	struct error e = { 0 };
	uint32_t epoch;
	CHECK_EQ(host_counter_load(path_of("counter"), &epoch, &e), -1);
	CHECK_EQ(host_counter_advance(path_of("counter"), 1, &e), -1); /* missing is not zero */
	CHECK_EQ(host_counter_save(path_of("counter"), 0, &e), 0);
	CHECK_EQ(host_counter_advance(path_of("counter"), 5, &e), 0);
	CHECK_EQ(host_counter_advance(path_of("counter"), 4, &e), -1);
	CHECK_EQ(host_counter_load(path_of("counter"), &epoch, &e), 0);
	CHECK_EQ(epoch, 5);
	CHECK_EQ(host_counter_save(path_of("counter"), COUNTER_EPOCH_MAX + 1, &e), -1);
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		put_text("counter", refused[i]);
		CHECK_EQ(host_counter_load(path_of("counter"), &epoch, &e), -1);
	}
}

static void an_identity_is_read_as_written(void)
{
	struct boot_identity identity = signing_identity(), back;
	struct error e = { 0 };
	uint8_t block[8192];
	identity.keys[1].revoked = true;
	identity.emergency[2].present = false;
	memset(&identity.emergency[2].key, 0, sizeof identity.emergency[2].key);
	CHECK_EQ(identity_file_save(path_of("keys.json"), &identity, &e), 0);
	CHECK_EQ(identity_file_load(path_of("keys.json"), &back, &e), 0);
	CHECK(memcmp(&identity, &back, sizeof back) == 0);
	CHECK_EQ(identity_file_load(path_of("none.json"), &back, &e), -1);
	struct workspace ws = workspace_over(block, sizeof block);
	CHECK(identity_file_decode(SPAN_LIT("[]"), &ws, &back) != FAULT_NONE);
	CHECK_EQ(identity_file_decode(SPAN_LIT("{\"type\":\"boot-identity\",\"version\":2}"), &ws, &back),
		 FAULT_VERSION);
}

struct app {
	bool comes_up, is_right;
	uint32_t boots;
};

static bool app_boot(void *self, const struct slboot_choice *choice, const struct flash *region)
{
	struct app *app = self;
	uint8_t bytes[5] = { 0 };
	app->boots++;
	app->is_right = choice->image_bytes == 5 && region->read(region->self, 0, bytes, 5) == 0 &&
			memcmp(bytes, "image", 5) == 0;
	return app->comes_up;
}

static void a_device_directory_boots(void)
{
	struct boot_identity identity = signing_identity();
	struct host_new new_host = { .identity = &identity, .slot_bytes = 16384 };
	struct error e = { 0 };
	struct host host;
	struct journal j;
	struct app app = { .comes_up = true };
	struct host_board board = { .boot = app_boot, .self = &app };
	struct slboot_outcome out;
	uint8_t envelope[MANIFEST_BYTES_MAX];
	struct manifest m = signing_manifest("slot", 7, SPAN_LIT("image"));
	CHECK_EQ(mkdir(path_of("device"), 0700), 0);
	CHECK_EQ(host_open(&host, path_of("device"), &e), -1);
	CHECK_EQ(host_create(path_of("device"), &new_host, &e), 0);
	CHECK_EQ(host_open(&host, path_of("device"), &e), 0);
	CHECK(!host_cycle(&host, &crypto_openssl, &board, &out));
	CHECK_EQ(out.decision, SLBOOT_REFUSED);
	const struct flash *slot = &host.regions[SLBOOT_SLOT_A].flash;
	CHECK_EQ(slot->program(slot->self, 0, "image", 5), 0);
	CHECK_EQ(slot_manifest_write(slot, signing_by(KEY_CURRENT, &m, envelope, sizeof envelope)), 0);
	CHECK_EQ(journal_format(&j, &host.journal.flash, SLOT_A), JOURNAL_OK);
	CHECK(host_cycle(&host, &crypto_openssl, &board, &out));
	CHECK(app.is_right && app.boots == 1 && out.choice.image == SLBOOT_SLOT_A);
	app.comes_up = false;
	CHECK(!host_cycle(&host, &crypto_openssl, &board, &out));
	CHECK_EQ(out.decision, SLBOOT_BOOTED);
	/* A deleted counter refuses all but recovery, and there is none. */
	CHECK_EQ(unlink(host.counter), 0);
	CHECK(!host_cycle(&host, &crypto_openssl, &board, &out));
	CHECK(out.decision == SLBOOT_REFUSED && out.counter_lost);
	host_close(&host);
}

static void commands_end_in_four_ways(void)
{
	static const char *const environment[] = { "SLBOOT_SLOT", "b", NULL };
	struct error e = { 0 };
	host_command_block();
	struct host_command_result r = host_command_run("test \"$SLBOOT_SLOT\" = b", environment, 5, &e);
	CHECK(r.end == HOST_COMMAND_EXITED && r.status == 0);
	r = host_command_run("exit 10", environment, 0, &e);
	CHECK(r.end == HOST_COMMAND_EXITED && r.status == 10);
	r = host_command_run("kill -9 $$", environment, 5, &e);
	CHECK(r.end == HOST_COMMAND_EXITED && r.status == 137);
	/* The sleeper is a grandchild: it must die with the group. */
	char command[512];
	snprintf(command, sizeof command, "(sleep 60; true) & echo $! >%s; wait", path_of("sleeper"));
	r = host_command_run(command, environment, 1, &e);
	CHECK(r.end == HOST_COMMAND_TIMEOUT);
	FILE *f = fopen(path_of("sleeper"), "r");
	long sleeper = 0;
	CHECK(f != NULL && fscanf(f, "%ld", &sleeper) == 1);
	fclose(f);
	snprintf(command, sizeof command, "sleep 0.1; ! kill -0 %ld 2>/dev/null || grep -q 'State:.Z' /proc/%ld/status",
		 sleeper, sleeper);
	r = host_command_run(command, environment, 5, &e);
	CHECK(r.end == HOST_COMMAND_EXITED && r.status == 0);
}

static const struct check_case cases[] = {
	CASE(a_file_behaves_as_nor_flash), CASE(the_counter_never_goes_back), CASE(an_identity_is_read_as_written),
	CASE(a_device_directory_boots),    CASE(commands_end_in_four_ways),
};

int main(int argc, char **argv)
{
	char clean[64];
	if (mkdtemp(directory) == NULL)
		return 1;
	int status = check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
	snprintf(clean, sizeof clean, "rm -rf %s", directory);
	return system(clean) == 0 ? status : 1;
}
