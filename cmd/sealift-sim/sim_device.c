#include "sim_device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "clock_system.h"
#include "crypto_openssl.h"
#include "direct.h"
#include "hex.h"
#include "host_counter.h"
#include "log.h"

#define BLOCK_BYTES ((INSTALLER_BLOCK_BYTES + 4095u) / 4096u * 4096u)
#define DEAD_CYCLES_MAX 32 /* power cycles without an image that comes up */
#define PAUSE_AFTER_FAILURE_MS 100

bool sim_is_stopped(struct sim *sim)
{
	pthread_mutex_lock(&sim->lock);
	bool stopped = sim->is_stopped;
	pthread_mutex_unlock(&sim->lock);
	return stopped;
}

bool sim_wait(struct sim *sim, uint64_t ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&sim->lock);
	int result = 0;
	while (!sim->is_stopped && result != ETIMEDOUT)
		result = pthread_cond_timedwait(&sim->changed, &sim->lock, &until);
	bool stopped = sim->is_stopped;
	pthread_mutex_unlock(&sim->lock);
	return stopped;
}

/* --- ports --- */

static int sign(void *self, const struct digest *digest, uint8_t raw[64], struct error *e)
{
	struct sim_device *d = self;
	return keyfile_sign(d->key, digest, raw, e);
}

static int random_bytes(void *self, uint8_t *out, size_t n, struct error *e)
{
	(void)self;
	return getrandom(out, n, 0) == (ssize_t)n ? 0 : error_errno(e, "random numbers");
}

static void event(void *self, const struct installer_event *event)
{
	struct sim_device *d = self;
	char image[2 * DIGEST_BYTES + 1] = "";
	if (event->image != NULL)
		hex_text(digest_span(event->image), image);
	bool bad = strcmp(event->name, "refused") == 0 || strcmp(event->name, "failed") == 0;
	enum log_level level = bad ? LOG_WARNING_ : strcmp(event->name, "poll") == 0 ? LOG_DEBUG_ : LOG_INFO_;
	log_event(level, event->name, "device", d->config.id, "target", event->target, "version", event->version,
		  "image", image, "rule", event->rule, "text", event->text, "help", event->help, NULL);
}

static bool stopped(void *self)
{
	struct sim_device *d = self;
	return sim_is_stopped(d->sim);
}

static int enrolled(struct sim_device *d, struct error *e)
{
	enum enrolment_result result = ENROLMENT_STANDS;
	struct enrolment_moment moment = { 0 };
	if (!d->is_enrolled && enrolment_ensure(&d->enrolment, &d->curl, &moment, &result, e) < 0)
		return -1;
	d->is_enrolled = d->is_enrolled || result != ENROLMENT_BIRTH;
	return 0;
}

static int get(void *self, const char *path, uint64_t from, uint64_t n, uint8_t *buffer, size_t capacity,
	       struct fetch_answer *out, struct error *e)
{
	struct sim_device *d = self;
	*out = (struct fetch_answer){ 0 };
	if (enrolled(d, e) < 0)
		return -1;
	return d->inner.get(d->inner.self, path, from, n, buffer, capacity, out, e);
}

static int post(void *self, const char *path, const char *content_type, struct span body, uint8_t *buffer,
		size_t capacity, struct fetch_answer *out, struct error *e)
{
	struct sim_device *d = self;
	*out = (struct fetch_answer){ 0 };
	if (enrolled(d, e) < 0)
		return -1;
	return d->inner.post(d->inner.self, path, content_type, body, buffer, capacity, out, e);
}

/* --- the boot --- */

static bool boot(void *self, const struct slboot_choice *choice, const struct flash *region)
{
	struct sim_device *d = self;
	struct error e = { 0 };
	bool came_up;
	char image[2 * DIGEST_BYTES + 1];
	const char *slot = slboot_image_name(choice->image);
	hex_text(digest_span(&choice->digest), image);
	if (boots_image(&d->sim->boots, &choice->digest, region, choice->image_bytes, slot, choice->trial, &came_up,
			&e) < 0) {
		d->boot_failed = true;
		log_event(LOG_ERROR_, "boot-failed", "device", d->config.id, "why", e.text, NULL);
		return false;
	}
	log_event(came_up ? LOG_INFO_ : LOG_WARNING_, "booted", "device", d->config.id, "image", image, "slot", slot,
		  "trial", choice->trial ? "yes" : "no", "outcome", came_up ? "up" : "down", NULL);
	return came_up;
}

static void boot_log(void *self, enum slboot_event event, enum slboot_image image, uint32_t detail)
{
	struct sim_device *d = self;
	char line[512];
	log_event(LOG_DEBUG_, "slboot", "device", d->config.id, "what",
		  host_event_line(event, image, detail, line, sizeof line), NULL);
}

/* Power cycles until an image came up. -1: told to stop, or nothing may boot. */
static int power_on(struct sim_device *d)
{
	struct host_board board = { boot, boot_log, d };
	for (int cycle = 0; cycle < DEAD_CYCLES_MAX && !sim_is_stopped(d->sim); cycle++) {
		d->boot_failed = false;
		if (host_cycle(&d->dir.host, &crypto_openssl, &board, &d->boot))
			return 0;
		if (d->boot_failed)
			return -1;
		if (d->boot.decision == SLBOOT_REFUSED)
			break;
		if (sim_wait(d->sim, PAUSE_AFTER_FAILURE_MS))
			return -1;
	}
	log_event(LOG_ERROR_, "dead", "device", d->config.id, "why", "no image comes up", NULL);
	return -1;
}

/* --- the installer --- */

static enum slot running_slot(const struct sim_device *d)
{
	if (d->boot.choice.image == SLBOOT_SLOT_A)
		return SLOT_A;
	return d->boot.choice.image == SLBOOT_SLOT_B ? SLOT_B : SLOT_NONE;
}

static int open_installer(struct sim_device *d, struct error *e)
{
	struct installer_config config = {
		.device = &d->config,
		.crypto = &crypto_openssl,
		.boot = &d->dir.host.identity,
		.epoch_max = COUNTER_EPOCH_MAX,
		.running = running_slot(d),
		.attestation_der = { d->certificate.der, d->certificate.n },
		.key_place = "file",
		.built_unix = SEALIFT_BUILT_UNIX,
	};
	struct installer_ports ports = {
		.fetch = { get, post, d },
		.store = d->dir.places.state,
		.clock = clock_system(),
		.decompress = in_process_decompress(&d->decompressor),
		.slots = { d->dir.places.slots[0], d->dir.places.slots[1] },
		.journal = d->dir.places.journal,
		.sign = sign,
		.random = random_bytes,
		.event = event,
		.stopped = stopped,
		.self = d,
	};
	if (host_counter_load(d->dir.host.counter, &config.epoch_floor, e) < 0 ||
	    keyfile_public(d->key, &config.report_key, e) < 0)
		return -1;
	return installer_open(&d->installer, &config, &ports, d->block, BLOCK_BYTES, e);
}

/* One uptime: 1 reboot wanted, 0 told to stop, -1 broken. */
static int uptime(struct sim_device *d, struct error *e)
{
	enum installer_outcome outcome;
	if (open_installer(d, e) < 0 || installer_start(&d->installer, &outcome, e) < 0)
		return -1;
	while (outcome != INSTALLER_REBOOT) {
		uint64_t wait_ms;
		outcome = installer_cycle(&d->installer, &wait_ms);
		if (outcome != INSTALLER_REBOOT && sim_wait(d->sim, wait_ms))
			return 0;
	}
	return 1;
}

/* --- the thread --- */

static int open_keys(struct sim_device *d, struct error *e)
{
	char key[FILE_PATH_MAX], certificate[FILE_PATH_MAX];
	uint32_t count = 0;
	if (file_join(key, d->path, "installer/report.key", e) < 0 ||
	    file_join(certificate, d->path, "installer/report.pem", e) < 0 || keyfile_load(key, &d->key, e) < 0 ||
	    x509_pem_load(certificate, &d->certificate, 1, &count, e) < 0)
		return -1;
	return count == 1 ? 0 : error_set(e, "%s holds no certificate", certificate);
}

static int open_transport(struct sim_device *d, struct error *e)
{
	struct curl_transport_config config = { .server_count = d->config.server_count };
	if (enrolment_paths(&d->enrolment, d->path, e) < 0)
		return -1;
	for (uint32_t s = 0; s < d->config.server_count; s++)
		config.servers[s] = d->config.servers[s];
	config.roots_path = d->enrolment.roots_pem;
	config.certificate_path = d->enrolment.idevid_pem;
	config.key_path = d->enrolment.idevid_key;
	if (curl_transport_open(&d->curl, &config, e) < 0)
		return -1;
	d->transport = curl_transport_transport(&d->curl);
	d->inner = direct_fetch(&d->transport);
	return 0;
}

static int open_device(struct sim_device *d, struct error *e)
{
	if (device_dir_open(&d->dir, d->path, &d->config, e) < 0)
		return -1;
	if (d->sim->poll_s > 0)
		d->config.poll_s = d->sim->poll_s;
	d->block = mmap(NULL, BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (d->block == MAP_FAILED)
		return error_errno(e, "take the installer's memory");
	if (open_keys(d, e) < 0 || open_transport(d, e) < 0)
		return -1;
	return in_process_open(&d->decompressor, e);
}

static int live(struct sim_device *d, struct error *e)
{
	int more = open_device(d, e);
	if (more < 0)
		return -1;
	/* a fleet does not come to life in one instant */
	uint16_t r = 0;
	if (random_bytes(d, (uint8_t *)&r, sizeof r, e) == 0 &&
	    sim_wait(d->sim, (uint64_t)r * d->config.poll_s * 1000 / UINT16_MAX))
		return 0;
	for (more = 1; more > 0;)
		more = power_on(d) == 0 ? uptime(d, e) : 0;
	return more;
}

void *sim_device_run(void *self)
{
	struct sim_device *d = self;
	struct error e = { 0 };
	if (live(d, &e) < 0)
		log_event(LOG_ERROR_, "broken", "device", d->path, "why", e.text, NULL);
	curl_transport_close(&d->curl);
	in_process_close(&d->decompressor);
	keyfile_free(d->key);
	device_dir_close(&d->dir);
	return NULL;
}
