/* What other threads may see of the rollouts: copies, kept also of those that left the memory. */
#include <stdio.h>
#include <stdlib.h>

#include "state.h"

static void view_total(struct rollouts_view *v, const struct rollout *r)
{
	for (uint32_t i = 0; i < r->plan.stage_count; i++) {
		v->total_offered += r->tally[i].offered;
		v->total_succeeded += r->tally[i].succeeded;
		v->total_failed += r->tally[i].failed;
	}
	v->affected = r->affected;
	v->returned = r->returned;
}

static void view_fill(const struct rollout *r, struct rollouts_view *v)
{
	uint32_t stage = r->row.stage;
	const struct gate_verdict *g = &r->verdict[stage];
	struct span name = r->plan.stages[stage].name, path = r->plan.release.path;
	snprintf(v->stage_name, sizeof v->stage_name, "%.*s", (int)name.n, (const char *)name.at);
	snprintf(v->release_path, sizeof v->release_path, "%.*s", (int)path.n, (const char *)path.at);
	v->stages = r->plan.stage_count;
	v->stage_devices = r->planned[stage];
	v->offered = r->tally[stage].offered;
	v->succeeded = r->tally[stage].succeeded;
	v->failed = r->tally[stage].failed;
	v->in_flight = g->in_flight;
	v->lost = g->lost;
	v->window = g->window;
	v->evidence_unats = g->evidence_unats;
	v->abort_at_unats = g->abort_at_unats;
	v->promote_at_unats = g->promote_at_unats;
	v->reason = rollout_is_live(r) ? gate_reason_text(g->reason) : ""; /* an ended one waits for nothing */
	view_total(v, r);
}

/* A copy for other threads, made on the writer. */
void view_show(struct engine *engine)
{
	pthread_mutex_lock(&engine->lock);
	for (struct rollout *r = engine->rollouts; r != NULL; r = r->next) {
		struct shown *s = engine->shown;
		while (s != NULL && s->id != r->row.id)
			s = s->next;
		if (s == NULL && (s = calloc(1, sizeof *s)) != NULL) {
			s->next = engine->shown;
			engine->shown = s;
		}
		if (s == NULL)
			continue;
		s->id = r->row.id;
		s->view = (struct rollouts_view){ 0 };
		view_fill(r, &s->view);
	}
	pthread_mutex_unlock(&engine->lock);
}

bool view_of(struct engine *engine, uint64_t rollout, struct rollouts_view *out)
{
	const struct shown *s;
	pthread_mutex_lock(&engine->lock);
	for (s = engine->shown; s != NULL && s->id != rollout; s = s->next)
		;
	if (s != NULL && out != NULL)
		*out = s->view;
	pthread_mutex_unlock(&engine->lock);
	return s != NULL;
}

void view_forget(struct engine *engine)
{
	while (engine->shown != NULL) {
		struct shown *s = engine->shown;
		engine->shown = s->next;
		free(s);
	}
}
