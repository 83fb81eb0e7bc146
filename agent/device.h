/*
 * One device: what it was told at provisioning, and the making of a new one. A device directory holds
 *
 *   device.json   this configuration
 *   server-roots.pem   in place of the fetcher's, once a trust bundle has brought some
 *   fetcher/      idevid.key idevid.pem ldevid.key ldevid.pem server-roots.pem
 *   installer/    report.key report.pem store/{root.json and other metadata, installer.state, report.pending,
 *                 progress, emergency.state, trust.revocations, trust.bundle}
 *   boot/         slot-a.img slot-b.img journal.bin, and what the boot stage keeps there itself (keys, counter)
 *
 * Here it is only stores and regions of flash; cmd/device_dir.h opens the real directory.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include "authorize.h"
#include "logged.h"
#include "slot.h"
#include "store.h"

#define DEVICE_SERVERS_MAX 4
#define DEVICE_URL_MAX 256
#define DEVICE_ATTRIBUTES_MAX 8
#define DEVICE_ATTRIBUTE_NAME_MAX 32
#define DEVICE_ATTRIBUTE_VALUE_MAX 64
#define DEVICE_COMMAND_MAX 256
#define DEVICE_CONFIG_BYTES_MAX 8192
#define DEVICE_POLL_MAX_S 86400u
#define DEVICE_TRIES_MAX 7u

struct device_attribute {
	char name[DEVICE_ATTRIBUTE_NAME_MAX + 1];
	char value[DEVICE_ATTRIBUTE_VALUE_MAX + 1];
};

struct device_config {
	char id[DEVICE_ID_MAX + 1];
	char product[RELEASE_PRODUCT_MAX + 1];
	struct compatible compatible; /* vendor and class of the hardware */
	uint32_t attribute_count;
	struct device_attribute attributes[DEVICE_ATTRIBUTES_MAX]; /* as in its certificates, ascending by name */
	uint64_t slot_bytes; /* of each of the two slots, SLOT_MANIFEST_ROOM included */
	uint32_t server_count;
	char servers[DEVICE_SERVERS_MAX][DEVICE_URL_MAX + 1]; /* "https://host:port", tried in this order */
	char log_origin[NOTE_ORIGIN_MAX + 1];
	struct public_key log_key;
	uint32_t poll_s;                     /* until the server names another; 1..86400 */
	uint32_t tries;                      /* boots that a new image gets to be confirmed; 1..7 */
	uint32_t health_timeout_s;           /* 1..3600 */
	char health[DEVICE_COMMAND_MAX + 1]; /* shell command, 0 = healthy; empty: an image that runs us is healthy */
};

/* Sane values for all that provisioning need not decide: poll 60 s, 2 tries, no health command. */
struct device_config device_config_default(void);
/* The device.json of a configuration; FAULT_* for one out of its bounds. */
enum fault device_config_encode(struct writer *w, const struct device_config *config) MUST_USE;
enum fault device_config_decode(struct span text, struct workspace *ws, struct device_config *out) MUST_USE;

/* Where the parts of a device live. */
struct device_places {
	struct store top, fetcher, installer, state;
	struct flash slots[SLOT_COUNT], journal;
};

int device_config_load(const struct store *top, struct device_config *out, struct error *e) MUST_USE;

/* What a factory gives to a new device. PEM and JSON as in the files named above. */
struct device_new {
	const struct device_config *config;
	struct span root_json; /* the first trusted root of the repository */
	struct span idevid_key_pem, idevid_pem;
	struct span server_roots_pem; /* the roots A and B, and no other */
	struct span report_key_pem, report_pem;
	struct span factory_image;
	struct span factory_manifest; /* its boot manifest envelope */
	struct span factory_version;  /* as people write it; <= RELEASE_VERSION_MAX */
	uint64_t factory_counter;
};

/*
 * Fills the places: keys, root, state, the factory image in slot A as CONFIRMED; device.json last, so that a device
 * that has one is whole. Keys are written with mode 0600. Boot keys and the epoch counter are the boot stage's to save.
 */
int device_create(const struct crypto *crypto, const struct device_places *places, const struct device_new *new_device,
		  struct error *e) MUST_USE;

/* The facts that core/trust asks of a device; attributes point into `store`, which must outlive them. */
void device_facts_of(const struct device_config *config, struct attribute store[DEVICE_ATTRIBUTES_MAX],
		     struct device_facts *out);

#endif
