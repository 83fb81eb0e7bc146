#include "page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PAGE_EVENTS 30
#define PAGE_ROLLOUTS 8

static void page_text(struct body *out, const char *text)
{
	for (; text != NULL && *text != '\0'; text++) {
		const char *piece = *text == '<' ? "&lt;" : (*text == '>' ? "&gt;" : (*text == '&' ? "&amp;" : NULL));
		if (*text == '"')
			piece = "&quot;";
		if (piece != NULL)
			writer_text(&out->writer, piece);
		else
			writer_u8(&out->writer, *text < 0x20 || *text > 0x7e ? '?' : (uint8_t)*text);
	}
}

/* Escapes everything that the format brings in: only markup in the format itself is markup. */
static void page_put(struct body *out, const char *before, const char *after, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static void page_put(struct body *out, const char *before, const char *after, const char *format, ...)
{
	char text[768];
	va_list values;
	va_start(values, format);
	vsnprintf(text, sizeof text, format, values);
	va_end(values);
	writer_text(&out->writer, before);
	page_text(out, text);
	writer_text(&out->writer, after);
}

static void page_time(struct body *out, int64_t unix_s)
{
	char text[32] = "";
	struct tm utc;
	time_t seconds = (time_t)unix_s;
	if (gmtime_r(&seconds, &utc) != NULL)
		strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &utc);
	page_put(out, "<td class=\"quiet\">", "</td>", "%s", text);
}

/* --- rollouts --- */

/* How far the evidence has gone from the promotion limit to the abort limit, in percent. */
static unsigned page_percent(const struct rollouts_view *v)
{
	int64_t all = v->abort_at_unats - v->promote_at_unats, at = v->evidence_unats - v->promote_at_unats;
	if (all <= 0 || at <= 0)
		return 0;
	return at >= all ? 100 : (unsigned)(at * 100 / all);
}

static void page_evidence(struct body *out, const struct rollouts_view *v)
{
	page_put(out, "<p>", "</p>",
		 "Each success speaks for the release, each failure and long silence against it. At the left end "
		 "of the bar the stage may be promoted, at the right end the rollout aborts itself. Now: %s.",
		 v->reason);
	page_put(out,
		 "<meter aria-label=\"evidence against the release\" min=\"0\" max=\"100\" low=\"50\" high=\"80\" "
		 "optimum=\"0\" value=\"",
		 "\"></meter>", "%u", page_percent(v));
	page_put(out, "<div class=\"ends\"><span>", "</span>", "promote at %.2f", (double)v->promote_at_unats / 1e6);
	page_put(out, "<b>", "</b>", "now %.2f", (double)v->evidence_unats / 1e6);
	page_put(out, "<span>", "</span></div>", "abort at %.2f", (double)v->abort_at_unats / 1e6);
}

/* "p/edge/1.1.0/image" as "edge 1.1.0"; anything else as it is. */
static void page_release(const char *path, char *out, size_t capacity)
{
	const char *product = strncmp(path, "p/", 2) == 0 ? path + 2 : path, *slash = strchr(product, '/');
	const char *end = slash == NULL ? NULL : strchr(slash + 1, '/');
	if (product == path || end == NULL)
		snprintf(out, capacity, "%s", path);
	else
		snprintf(out, capacity, "%.*s %.*s%s", (int)(slash - product), product, (int)(end - slash - 1),
			 slash + 1, strcmp(end, "/return") == 0 ? " (return)" : "");
}

static const char *page_plural(uint32_t n)
{
	return n == 1 ? "" : "s";
}

static void page_rollout(const struct show *show, struct body *out, const struct db_rollout *r)
{
	struct rollouts_view v = { .reason = "" };
	const char *state = show_rollout_state(r->state);
	char release[METADATA_PATH_MAX + 16];
	(void)show->rollouts.view(show->rollouts.self, r->id, &v);
	page_release(v.release_path, release, sizeof release);
	page_put(out, "<section class=\"card\"><h2>", " ", "Rollout %llu: %s", (unsigned long long)r->id, release);
	page_put(out, "<span class=\"", "\">", "%s", state);
	page_put(out, "", "</span></h2>", "%s", state);
	page_put(out, "<p>", "</p>",
		 "Stage %u of %u, %s: %u device%s, %u offered, %u succeeded, %u failed, %u in flight (at most %u), "
		 "%u silent for too long.",
		 r->stage + 1, v.stages, v.stage_name, v.stage_devices, page_plural(v.stage_devices), v.offered,
		 v.succeeded, v.failed, v.in_flight, v.window, v.lost);
	if (r->state == DB_RUNNING || r->state == DB_PAUSED)
		page_evidence(out, &v);
	page_put(out, "<p>", "</p>", "Whole rollout: %u offered, %u succeeded, %u failed.", v.total_offered,
		 v.total_succeeded, v.total_failed);
	if (r->state == DB_ABORTED)
		page_put(out, "<p>", "</p>", "%u device%s may have booted it, %u of them back on the return release.",
			 v.affected, page_plural(v.affected), v.returned);
	if (r->why[0] != '\0')
		page_put(out, "<p class=\"quiet\">", "</p>", "%s: %s", r->who, r->why);
	writer_text(&out->writer, "</section>\n");
}

/* --- the look --- */

/* A copy: rows come oldest first, and their texts end with each. */
struct page_event {
	int64_t unix_s;
	char kind[48], device[IDENTITY_ID_MAX + 1], who[128], text[513];
};

static void page_keep(char *out, size_t capacity, const char *text)
{
	snprintf(out, capacity, "%s", text == NULL ? "" : text);
}

struct page_look {
	const struct show *show;
	struct body *out;
	struct error *e;
	int result;
	struct db_rollout rollouts[PAGE_ROLLOUTS]; /* the newest, in a ring */
	uint32_t rollout_count;
	struct page_event events[PAGE_EVENTS];
	uint32_t event_count;
	struct show_counts counts;
};

static bool page_rollout_row(void *context, const struct db_rollout *row)
{
	struct page_look *look = context;
	look->rollouts[look->rollout_count++ % PAGE_ROLLOUTS] = *row;
	return true;
}

static bool page_event_row(void *context, const struct db_event *event)
{
	struct page_look *look = context;
	struct page_event *kept = &look->events[look->event_count++ % PAGE_EVENTS];
	kept->unix_s = event->unix_s;
	page_keep(kept->kind, sizeof kept->kind, event->kind);
	page_keep(kept->device, sizeof kept->device, event->device);
	page_keep(kept->who, sizeof kept->who, event->who);
	page_keep(kept->text, sizeof kept->text, event->text);
	return true;
}

static void page_event(struct body *out, const struct page_event *event)
{
	writer_text(&out->writer, "<tr>");
	page_time(out, event->unix_s);
	page_put(out, "<td class=\"", "\">", "%s", event->kind);
	page_put(out, "", "</td>", "%s", event->kind);
	page_put(out, "<td>", "</td>", "%s", event->device);
	page_put(out, "<td>", "</td></tr>\n", "%s%s%s", event->who, event->who[0] == '\0' ? "" : ": ", event->text);
}

static void page_events(const struct page_look *look)
{
	uint32_t shown = look->event_count < PAGE_EVENTS ? look->event_count : PAGE_EVENTS;
	writer_text(&look->out->writer, "<h2>Last events, newest first</h2>\n<div class=\"wide\"><table>\n");
	for (uint32_t i = 1; i <= shown; i++)
		page_event(look->out, &look->events[(look->event_count - i) % PAGE_EVENTS]);
	writer_text(&look->out->writer, "</table></div>\n");
}

static void page_states(struct body *out, const struct show_counts *counts)
{
	page_put(out, "<div class=\"tiles\"><div class=\"tile\"><b>", "</b>", "%llu",
		 (unsigned long long)counts->devices);
	page_put(out, "", "</div>", "device%s", counts->devices == 1 ? "" : "s");
	for (uint32_t i = 0; i < SHOW_STATES; i++) {
		if (counts->by_state[i] == 0)
			continue;
		page_put(out, "<div class=\"tile\"><b>", "</b>", "%llu", (unsigned long long)counts->by_state[i]);
		page_put(out, "", "</div>", "%s", show_state_name(i));
	}
	writer_text(&out->writer, "</div>\n");
}

static void page_rollouts(struct page_look *look)
{
	uint32_t shown = look->rollout_count < PAGE_ROLLOUTS ? look->rollout_count : PAGE_ROLLOUTS;
	writer_text(&look->out->writer, "<h2>Rollouts</h2>\n");
	for (uint32_t i = 1; i <= shown; i++)
		page_rollout(look->show, look->out, &look->rollouts[(look->rollout_count - i) % PAGE_ROLLOUTS]);
	if (shown == 0)
		writer_text(&look->out->writer, "<p class=\"quiet\">None yet.</p>");
}

static void page_look(void *context, const struct db_rows *rows)
{
	struct page_look *look = context;
	uint64_t last = 0;
	look->result = rows->rollout_each(rows->self, page_rollout_row, look, look->e);
	if (look->result == 0)
		look->result = rows->event_last(rows->self, &last, look->e);
	if (look->result != 0)
		return;
	page_states(look->out, &look->counts);
	page_rollouts(look);
	look->result = rows->event_each(rows->self, last > PAGE_EVENTS ? last - PAGE_EVENTS : 0, PAGE_EVENTS,
					page_event_row, look, look->e);
	page_events(look);
}

int page_render(const struct show *show, struct body *out, struct error *e)
{
	struct page_look look = { .show = show, .out = out, .e = e };
	if (show_count(show, &look.counts, e) != 0)
		return -1;
	writer_text(&out->writer,
		    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>sealift</title>\n"
		    "<meta name=\"viewport\" content=\"width=device-width\">\n"
		    "<link rel=\"stylesheet\" href=\"/page.css\">\n<script src=\"/page.js\" defer></script>\n"
		    "<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript></head>\n"
		    "<body><p id=\"lost\" role=\"alert\" hidden></p><main><h1>sealift</h1>\n");
	if (!probe_is_up(show->signd))
		writer_text(&out->writer, "<p class=\"warning\" role=\"alert\">The online signing authority "
					  "(sealift-signd) does not answer: no directive can be signed and no device "
					  "enrolled until it runs.</p>\n");
	if (show->db.read(show->db.self, page_look, &look, e) != 0 || look.result != 0)
		return -1;
	writer_text(&out->writer, "</main></body></html>\n");
	return 0;
}
