#include "metrics.h"

#include <stdarg.h>
#include <stdio.h>

static void metrics_line(struct body *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void metrics_line(struct body *out, const char *format, ...)
{
	char line[512];
	va_list values;
	va_start(values, format);
	vsnprintf(line, sizeof line, format, values);
	va_end(values);
	writer_text(&out->writer, line);
	writer_u8(&out->writer, '\n');
}

static void metrics_head(struct body *out, const char *name, const char *type, const char *help)
{
	metrics_line(out, "# HELP %s %s\n# TYPE %s %s", name, help, name, type);
}

static void metrics_http(const struct metrics_sources *s, struct body *out)
{
	metrics_head(out, "sealift_http_requests_total", "counter",
		     "Answers by class of status; the 404 that ends a walk for newer roots apart.");
	for (unsigned i = 2; i < 6; i++)
		metrics_line(out, "sealift_http_requests_total{code=\"%uxx\",route=\"other\"} %llu", i,
			     (unsigned long long)s->http.by_class[i]);
	metrics_line(out, "sealift_http_requests_total{code=\"4xx\",route=\"root-walk\"} %llu",
		     (unsigned long long)s->http.walk_ends);
	metrics_head(out, "sealift_http_response_bytes_total", "counter", "Bytes of bodies answered.");
	metrics_line(out, "sealift_http_response_bytes_total %llu", (unsigned long long)s->http.bytes);
	metrics_head(out, "sealift_tls_connections", "gauge", "Open TLS connections.");
	metrics_line(out, "sealift_tls_connections %u", s->http.connections);
	metrics_head(out, "sealift_tls_handshakes_total", "counter", "TLS handshakes.");
	metrics_line(out, "sealift_tls_handshakes_total{resumed=\"false\",result=\"ok\"} %llu",
		     (unsigned long long)s->tls.full);
	metrics_line(out, "sealift_tls_handshakes_total{resumed=\"true\",result=\"ok\"} %llu",
		     (unsigned long long)s->tls.resumed);
	metrics_line(out, "sealift_tls_handshakes_total{resumed=\"false\",result=\"failed\"} %llu",
		     (unsigned long long)s->tls.failed);
}

static void metrics_fleet(const struct metrics_sources *s, struct body *out, const struct show_counts *devices)
{
	struct rollouts_counts counts;
	uint64_t commits, total_us;
	s->show->rollouts.counts(s->show->rollouts.self, &counts);
	s->show->db.commits(s->show->db.self, &commits, &total_us);
	metrics_head(out, "sealift_devices", "gauge", "Devices by the state of their last report.");
	for (uint32_t i = 0; i < SHOW_STATES; i++)
		metrics_line(out, "sealift_devices{state=\"%s\"} %llu", show_state_name(i),
			     (unsigned long long)devices->by_state[i]);
	metrics_head(out, "sealift_reports_total", "counter", "Reports by result.");
	metrics_line(out, "sealift_reports_total{result=\"accepted\"} %llu", (unsigned long long)counts.reports);
	metrics_line(out, "sealift_reports_total{result=\"refused\"} %llu", (unsigned long long)counts.reports_refused);
	metrics_head(out, "sealift_signing_operations_total", "counter", "Directives signed for the fleet.");
	metrics_line(out, "sealift_signing_operations_total{role=\"director\",result=\"ok\"} %llu",
		     (unsigned long long)counts.directives);
	metrics_line(out, "sealift_signing_operations_total{role=\"director\",result=\"failed\"} %llu",
		     (unsigned long long)counts.directive_failures);
	metrics_head(out, "sealift_db_commit_seconds", "summary", "Durable commits.");
	metrics_line(out, "sealift_db_commit_seconds_sum %llu.%06llu", (unsigned long long)(total_us / 1000000),
		     (unsigned long long)(total_us % 1000000));
	metrics_line(out, "sealift_db_commit_seconds_count %llu", (unsigned long long)commits);
}

struct metrics_look {
	const struct metrics_sources *sources;
	struct body *out;
	struct error *e;
	int result;
	uint64_t epoch;
};

static void metrics_outcomes(struct body *out, unsigned long long id, const struct rollouts_view *v)
{
	metrics_line(out, "sealift_device_updates_total{rollout=\"%llu\",outcome=\"succeeded\"} %u", id,
		     v->total_succeeded);
	metrics_line(out, "sealift_device_updates_total{rollout=\"%llu\",outcome=\"failed\"} %u", id, v->total_failed);
	metrics_line(out, "sealift_device_updates_total{rollout=\"%llu\",outcome=\"returned\"} %u", id, v->returned);
	metrics_line(out, "sealift_rollout_inflight{rollout=\"%llu\"} %u", id, v->in_flight);
}

static bool metrics_rollout(void *context, const struct db_rollout *r)
{
	struct metrics_look *look = context;
	const struct show *show = look->sources->show;
	struct rollouts_view v = { 0 };
	unsigned long long id = r->id;
	if (!show->rollouts.view(show->rollouts.self, r->id, &v))
		return true;
	metrics_line(look->out, "sealift_rollout_info{rollout=\"%llu\",product=\"%s\",state=\"%s\"} 1", id, r->product,
		     show_rollout_state(r->state));
	metrics_line(look->out, "sealift_rollout_stage{rollout=\"%llu\"} %u", id, r->stage);
	metrics_line(look->out, "sealift_rollout_evidence_nats{rollout=\"%llu\",stage=\"%u\"} %.6f", id, r->stage,
		     (double)v.evidence_unats / 1e6);
	metrics_line(look->out, "sealift_rollout_abort_threshold_nats{rollout=\"%llu\"} %.6f", id,
		     (double)v.abort_at_unats / 1e6);
	metrics_outcomes(look->out, id, &v);
	return true;
}

static void metrics_look(void *context, const struct db_rows *rows)
{
	struct metrics_look *look = context;
	look->result = rows->rollout_each(rows->self, metrics_rollout, look, look->e);
	if (look->result == 0)
		look->result = rows->fact_load(rows->self, "revocation-epoch", &look->epoch, look->e);
}

int metrics_write(const struct metrics_sources *sources, struct body *out, struct error *e)
{
	struct show_counts devices;
	struct metrics_look look = { .sources = sources, .out = out, .e = e };
	const struct db *db = &sources->show->db;
	if (show_count(sources->show, &devices, e) != 0)
		return -1;
	metrics_http(sources, out);
	metrics_fleet(sources, out, &devices);
	if (db->read(db->self, metrics_look, &look, e) != 0 || look.result != 0)
		return -1;
	metrics_head(out, "sealift_revocation_epoch", "gauge", "Rises with each revocation.");
	metrics_line(out, "sealift_revocation_epoch %llu", (unsigned long long)look.epoch);
	metrics_head(out, "sealift_signd_up", "gauge", "Does the online signing authority answer?");
	metrics_line(out, "sealift_signd_up %d", probe_is_up(sources->show->signd) ? 1 : 0);
	metrics_head(out, "sealift_build_info", "gauge", "This program.");
	metrics_line(out, "sealift_build_info{version=\"0.1.0\"} 1");
	return 0;
}
