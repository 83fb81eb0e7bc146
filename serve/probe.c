#include "probe.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "log.h"

struct probe {
	struct signer signer;
	const char *key;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool is_up, stopping;
};

/* Unlocked: this may take as long as the signer's time-out. */
static bool probe_ask(const struct probe *probe, struct error *e)
{
	struct public_key key;
	return probe->signer.public_key(probe->signer.self, probe->key, &key, e) == 0;
}

static void probe_tell(bool is_up, const struct error *e)
{
	if (is_up)
		log_event(LOG_INFO_, "signd-up", NULL);
	else
		log_event(LOG_ERROR_, "signd-down", "why", e->text, "help", "is sealift-signd (online) running?", NULL);
}

static void *probe_thread(void *self)
{
	struct probe *probe = self;
	pthread_mutex_lock(&probe->lock);
	while (!probe->stopping) {
		struct error e = { 0 };
		struct timespec until;
		pthread_mutex_unlock(&probe->lock);
		bool is_up = probe_ask(probe, &e);
		pthread_mutex_lock(&probe->lock);
		if (is_up != probe->is_up)
			probe_tell(is_up, &e);
		probe->is_up = is_up;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += PROBE_S;
		if (!probe->stopping)
			pthread_cond_timedwait(&probe->wake, &probe->lock, &until);
	}
	pthread_mutex_unlock(&probe->lock);
	return NULL;
}

int probe_new(struct probe **out, struct signer signer, const char *key, struct error *e)
{
	struct probe *probe = calloc(1, sizeof *probe);
	if (probe == NULL)
		return error_set(e, "no memory to watch the signing authority");
	probe->signer = signer;
	probe->key = key;
	probe->is_up = true;
	pthread_mutex_init(&probe->lock, NULL);
	pthread_cond_init(&probe->wake, NULL);
	if (pthread_create(&probe->thread, NULL, probe_thread, probe) != 0) {
		free(probe);
		return error_set(e, "cannot start the thread that watches the signing authority");
	}
	*out = probe;
	return 0;
}

void probe_free(struct probe *probe)
{
	if (probe == NULL)
		return;
	pthread_mutex_lock(&probe->lock);
	probe->stopping = true;
	pthread_cond_signal(&probe->wake);
	pthread_mutex_unlock(&probe->lock);
	pthread_join(probe->thread, NULL);
	pthread_mutex_destroy(&probe->lock);
	pthread_cond_destroy(&probe->wake);
	free(probe);
}

bool probe_is_up(struct probe *probe)
{
	pthread_mutex_lock(&probe->lock);
	bool is_up = probe->is_up;
	pthread_mutex_unlock(&probe->lock);
	return is_up;
}
