/*
 * bench-floor PAYLOAD OUT: the least that an install can be, in one thread: read the zstd frames, SHA-256 over what was
 * read, decode, write, and fdatasync once at the end. Prints seconds and bytes as JSON.
 */
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "meter.h"

#define BLOCK (1u << 20)

struct fused {
	int in, out;
	EVP_MD_CTX *hash;
	ZSTD_DStream *decoder;
	uint64_t read_bytes, written;
	size_t filled; /* of the block to be written */
};

static uint8_t travel[BLOCK], block[BLOCK];

static void put(struct fused *f)
{
	if (f->filled > 0 && pwrite(f->out, block, f->filled, (off_t)f->written) != (ssize_t)f->filled)
		meter_die("the output cannot be written");
	f->written += f->filled;
	f->filled = 0;
}

static void decode(struct fused *f, size_t n)
{
	ZSTD_inBuffer in = { travel, n, 0 };
	/* until all is read, and all that it gave is out */
	for (bool more = true; more;) {
		ZSTD_outBuffer out = { block, BLOCK, f->filled };
		size_t result = ZSTD_decompressStream(f->decoder, &out, &in);
		if (ZSTD_isError(result))
			meter_die("the payload is not zstd: %s", ZSTD_getErrorName(result));
		f->filled = out.pos;
		more = in.pos < in.size || f->filled == BLOCK;
		if (f->filled == BLOCK)
			put(f);
	}
}

static void run(struct fused *f)
{
	ssize_t n;
	while ((n = read(f->in, travel, BLOCK)) > 0) {
		EVP_DigestUpdate(f->hash, travel, (size_t)n);
		f->read_bytes += (uint64_t)n;
		decode(f, (size_t)n);
	}
	put(f);
	if (n < 0 || fdatasync(f->out) < 0)
		meter_die("the files cannot be read or synced");
}

int main(int argc, char **argv)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	if (argc != 3)
		meter_die("usage: bench-floor PAYLOAD OUT");
	struct fused f = { .in = open(argv[1], O_RDONLY | O_CLOEXEC),
			   .out = open(argv[2], O_WRONLY | O_CREAT | O_CLOEXEC, 0600),
			   .hash = EVP_MD_CTX_new(),
			   .decoder = ZSTD_createDStream() };
	if (f.in < 0 || f.out < 0 || f.hash == NULL || f.decoder == NULL)
		meter_die("%s or %s cannot be opened", argv[1], argv[2]);
	EVP_DigestInit_ex(f.hash, EVP_sha256(), NULL);
	struct meter begin = meter_now();
	run(&f);
	EVP_DigestFinal_ex(f.hash, digest, NULL);
	struct meter took = meter_since(begin);
	printf("{\"wall_s\":%.4f,\"cpu_s\":%.4f,\"travel_bytes\":%llu,\"bytes\":%llu}\n", took.wall_s, took.cpu_s,
	       (unsigned long long)f.read_bytes, (unsigned long long)f.written);
	ZSTD_freeDStream(f.decoder);
	EVP_MD_CTX_free(f.hash);
	return 0;
}
