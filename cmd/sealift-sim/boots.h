/*
 * Boots of a simulated fleet. Each distinct image, by the SHA-256 of its bytes, is really booted once in the life of
 * the program, by an external command; its outcome stands for every device that holds the same bytes.
 */
#ifndef BOOTS_H
#define BOOTS_H

#include <pthread.h>

#include "crypto.h"
#include "error.h"
#include "flash.h"

#define BOOTS_IMAGES_MAX 64

struct boots {
	const char *command; /* NULL: every image comes up */
	uint32_t watchdog_s;
	pthread_mutex_t lock; /* one boot at a time; waiters for the same image find its outcome */
	uint32_t count;
	struct {
		struct digest image;
		bool came_up;
	} known[BOOTS_IMAGES_MAX];
	bool is_stopped; /* the command was ended because we were told to stop */
};

void boots_init(struct boots *boots, const char *command, uint32_t watchdog_s);
/* 0 and *came_up; -1: the command could not be run, or we are told to stop. slot: for the command's environment. */
int boots_image(struct boots *boots, const struct digest *image, const struct flash *region, uint64_t image_bytes,
		const char *slot, bool trial, bool *came_up, struct error *e) MUST_USE;

#endif
