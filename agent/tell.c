#include "tell.h"

static void send(const struct installer *i, const struct installer_event *event)
{
	if (i->ports.event != NULL)
		i->ports.event(i->ports.self, event);
}

void tell(const struct installer *i, const char *name, const char *target, const char *text)
{
	send(i, &(struct installer_event){
			.name = name, .target = target, .version = "", .rule = "", .text = text, .help = "" });
}

void tell_release(const struct installer *i, const char *name, const struct device_release *release, const char *rule,
		  const char *text)
{
	send(i, &(struct installer_event){
			.name = name,
			.target = release->path,
			.version = release->version,
			.image = &release->image,
			.rule = rule,
			.text = text,
			.help = "",
		});
}

void tell_setback(const struct installer *i, const char *target, const struct setback *s)
{
	bool is_refusal = s->verdict != VERDICT_OK;
	send(i, &(struct installer_event){
			.name = is_refusal ? "refused" : "failed",
			.target = target,
			.version = "",
			.rule = is_refusal ? verdict_rule(s->verdict) : "",
			.text = s->error.text,
			.help = is_refusal ? verdict_help(s->verdict) : "",
		});
}
