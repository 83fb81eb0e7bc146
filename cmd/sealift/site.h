/*
 * A site: the folder that `sealift init` makes, with everything of one operator in it. site.json says what it serves;
 * the other names below it are fixed.
 */
#ifndef SITE_H
#define SITE_H

#include "crypto.h"
#include "error.h"
#include "file.h"
#include "key.h"
#include "release.h"

#define SITE_PRODUCTS_MAX 16
#define SITE_BYTES_MAX 16384
#define SITE_VENDOR_MAX 100

#define SITE_ROOT_KEYS 5
#define SITE_ROOT_THRESHOLD 3
#define SITE_TARGETS_KEYS 3
#define SITE_TARGETS_THRESHOLD 2
#define SITE_EMERGENCY_KEYS 3
#define SITE_APPROVER_KEYS 3
#define SITE_APPROVER_THRESHOLD 2

struct site_product {
	char name[RELEASE_PRODUCT_MAX + 1];
	char class_name[64];
	struct compatible compatible;
};

struct site {
	char path[FILE_PATH_MAX];
	char vendor[SITE_VENDOR_MAX + 1]; /* a domain: vendor id = UUID5(DNS, domain) */
	char log_origin[128];
	struct public_key log_key;
	struct public_key boot_keys[2]; /* current, next */
	struct public_key emergency[SITE_EMERGENCY_KEYS];
	uint32_t product_count;
	struct site_product products[SITE_PRODUCTS_MAX];
	/* the texts behind the spans that a decode gives */
	uint8_t text[SITE_BYTES_MAX];
};

int site_load(struct site *site, const char *path, struct error *e) MUST_USE;
int site_save(const struct site *site, struct error *e) MUST_USE;
const struct site_product *site_product(const struct site *site, const char *name, struct error *e) MUST_USE;
/* The path of a name below the site; name NULL: the site. */
int site_path(const struct site *site, const char *name, char out[FILE_PATH_MAX], struct error *e) MUST_USE;
int site_make(const struct site *site, const char *name, mode_t mode,
	      struct error *e) MUST_USE; /* a folder and its parents */

#endif
