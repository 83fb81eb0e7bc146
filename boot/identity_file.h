/*
 * boot/keys.json: what a board has in one-time memory, as a file (protocol/slots.md):
 *   {"class":hex16,"emergency":[key...],"keys":[key...],"type":"boot-identity","vendor":hex16,"version":1}
 *   key = {"key":hex of X || Y,"revoked":bool}
 */
#ifndef IDENTITY_FILE_H
#define IDENTITY_FILE_H

#include "bootcheck.h"
#include "error.h"
#include "workspace.h"
#include "writer.h"

#define IDENTITY_FILE_BYTES_MAX 2048

enum fault identity_file_decode(struct span text, struct workspace *ws, struct boot_identity *out) MUST_USE;
void identity_file_encode(struct writer *w, const struct boot_identity *identity);
int identity_file_load(const char *path, struct boot_identity *out, struct error *e) MUST_USE;
int identity_file_save(const char *path, const struct boot_identity *identity, struct error *e) MUST_USE;

#endif
