/*
 * One simulated device: the installer's own code over its own directory, keys, certificates and slots, in one thread.
 */
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include "boots.h"
#include "curl_transport.h"
#include "device_dir.h"
#include "enrolment.h"
#include "in_process.h"
#include "installer.h"
#include "x509.h"

/* What all devices of the program share. */
struct sim {
	struct boots boots;
	uint32_t poll_s; /* 0: as each device is configured */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* on CLOCK_MONOTONIC */
	bool is_stopped;
};

struct sim_device {
	struct sim *sim;
	char path[FILE_PATH_MAX];
	pthread_t thread;
	/* below: the thread's alone */
	struct device_dir dir;
	struct device_config config;
	struct keyfile *key;
	struct certificate certificate;
	struct enrolment enrolment;
	struct curl_transport curl;
	struct transport transport;
	struct fetch inner;
	bool is_enrolled;
	struct in_process decompressor;
	void *block;
	struct installer installer;
	struct slboot_outcome boot;
	bool boot_failed; /* the boot command could not be run */
};

/* Power on, boot, poll, reboot ... until told to stop. self is a struct sim_device. */
void *sim_device_run(void *self);
/* True: told to stop. */
bool sim_wait(struct sim *sim, uint64_t ms);
bool sim_is_stopped(struct sim *sim);

#endif
