#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "crypto_openssl.h"
#include "holders.h"
#include "number.h"
#include "trust_change.h"
#include "trust_role.h"
#include "x509.h"

struct trust {
	const struct site *site;
	const char *why;
	struct holders holders;
	struct trust_change change;
	bool is_usage; /* what failed is in the options */
	struct trust_bundle bundle;
	struct publishing publishing;
	struct certificate roots[TRUST_BUNDLE_CERTIFICATES_MAX], cas[TRUST_BUNDLE_CERTIFICATES_MAX];
};

/* --- options --- */

static int trust_option(struct trust *t, int option, char *value, struct error *e)
{
	static const struct number quorum = { "--quorum", "witnesses", 1, TRUST_BUNDLE_WITNESSES_MAX };
	if (option == 'W')
		return trust_change_witness(&t->change, value, e);
	if (option == 'd')
		return trust_change_drop(&t->change, value, e);
	if (option == 'p')
		return trust_change_policy(&t->change, value, e);
	if (option == 'q')
		return number_parse_u32(&quorum, value, &t->change.quorum, e);
	if (option == 'l')
		t->change.lower = true;
	return 0;
}

static int trust_options(struct trust *t, struct ui *ui, int argc, char **argv)
{
	static const struct option options[] = { { "witness", required_argument, NULL, 'W' },
						 { "quorum", required_argument, NULL, 'q' },
						 { "log-policy", required_argument, NULL, 'p' },
						 { "drop-witness", required_argument, NULL, 'd' },
						 { "lower", no_argument, NULL, 'l' },
						 { "holders", required_argument, NULL, 'h' },
						 { "why", required_argument, NULL, 'w' },
						 { NULL, 0, NULL, 0 } };
	struct error e;
	int option;
	while ((option = option_next(ui, argc, argv, options)) != -1) {
		if (option == '?')
			return UI_USAGE;
		if (option == 'h' && holders_parse(ui, &t->holders, "targets", optarg) != UI_OK)
			return UI_USAGE;
		if (option == 'w' && option_why(ui, optarg, &t->why) != UI_OK)
			return UI_USAGE;
		if (trust_option(t, option, optarg, &e) != 0)
			return ui_usage(ui, "%s", e.text);
	}
	if (argc != optind || t->why == NULL)
		return ui_usage(ui, "give --why TEXT; this command takes no other words");
	return UI_OK;
}

/* --- the bundle --- */

static int trust_certificates(const struct site *site, const char *const *files, uint32_t count,
			      struct certificate *store, struct trust_certificates *out, struct error *e)
{
	char path[FILE_PATH_MAX];
	for (uint32_t f = 0; f < count; f++) {
		uint32_t n = 0;
		if (site_path(site, files[f], path, e) != 0 || x509_pem_load(path, &store[f], 1, &n, e) != 0)
			return -1;
		if (n != 1)
			return error_set(e, "%s holds no certificate", path);
		out->der[out->count++] = (struct span){ store[f].der, store[f].n };
	}
	return 0;
}

static void trust_emergency(const struct site *site, struct trust_bundle *b)
{
	for (uint32_t k = 0; k < SITE_EMERGENCY_KEYS; k++) {
		struct digest id = key_identity(&crypto_openssl, &site->emergency[k]);
		uint32_t at = b->emergency_count++;
		for (; at > 0 && span_compare(digest_span(&b->emergency[at - 1]), digest_span(&id)) > 0; at--)
			b->emergency[at] = b->emergency[at - 1];
		b->emergency[at] = id;
	}
}

/* What the site is now; the sequence follows the published one's, and witnesses and policy carry on from it. */
static int trust_fill(struct trust *t, struct error *e)
{
	static const char *const roots[] = { "pki/server-root-a.pem", "pki/server-root-b.pem" };
	static const char *const cas[] = { "pki/factory-ca.pem", "pki/device-ca.pem" };
	struct span text;
	struct trust_bundle last = { 0 }, *b = &t->bundle;
	int found = trust_role_read(&t->publishing, TRUST_BUNDLE_PATH, TRUST_BUNDLE_BYTES_MAX, &text, e);
	if (found < 0)
		return -1;
	if (found == 0 && trust_bundle_decode(text, &t->publishing.ws, &last) != FAULT_NONE)
		return error_set(e, "the published trust bundle is malformed");
	b->sequence = last.sequence + 1;
	b->log_count = 1;
	b->logs[0].origin = span_of_text(t->site->log_origin);
	memcpy(b->logs[0].xy, t->site->log_key.xy, sizeof b->logs[0].xy);
	if (trust_change_apply(&t->change, &last, b, &t->is_usage, e) != 0)
		return -1;
	trust_emergency(t->site, b);
	if (trust_certificates(t->site, roots, 2, t->roots, &b->server_roots, e) != 0)
		return -1;
	return trust_certificates(t->site, cas, 2, t->cas, &b->device_cas, e);
}

/* Devices that took a bundle without the root of the certificate that the server shows could hear of no better one. */
static int trust_check_reach(const struct trust *t, struct error *e)
{
	char path[FILE_PATH_MAX];
	uint32_t count = 0;
	struct error why = { 0 };
	static struct certificate chain[X509_CHAIN_MAX];
	if (site_path(t->site, "pki/server.pem", path, e) != 0)
		return -1;
	if (access(path, F_OK) != 0)
		return 0; /* the server is elsewhere */
	if (x509_pem_load(path, chain, X509_CHAIN_MAX, &count, e) != 0)
		return -1;
	struct span leaf = { chain[0].der, chain[0].n };
	if (x509_check_chain(leaf, chain + 1, count - 1, t->roots, t->bundle.server_roots.count, time(NULL), &why) == 0)
		return 0;
	return error_set(e,
			 "not published: the server's certificate %s does not verify under these roots (%s), so that "
			 "devices could not reach it any more: issue it under one of them first",
			 path, why.text);
}

static int trust_make(struct trust *t, struct error *e)
{
	struct trust_bundle check;
	if (publishing_open(t->site, &t->publishing, e) != 0 || trust_fill(t, e) != 0 || trust_check_reach(t, e) != 0)
		return -1;
	struct writer w = publishing_buffer(&t->publishing, TRUST_BUNDLE_BYTES_MAX);
	trust_bundle_encode(&w, &t->bundle);
	enum fault fault = writer_end(&w);
	if (fault == FAULT_NONE)
		fault = trust_bundle_decode(writer_span(&w), &t->publishing.ws, &check);
	if (fault != FAULT_NONE)
		return error_set(e, "devices would refuse this bundle: %s; check witnesses, quorum and log policy",
				 fault_text(fault));
	return trust_role_publish(t->site, &t->publishing, TRUST_BUNDLE_PATH, writer_span(&w), &t->holders, t->why, e);
}

static void trust_report(const struct trust *t, const struct ui *ui)
{
	const struct trust_bundle *b = &t->bundle;
	unsigned long long sequence = b->sequence;
	const char *policy = trust_change_policy_text(b->log_policy);
	if (ui->json) {
		printf("{\"log_policy\":\"%s\",\"sequence\":%llu,\"witness_quorum\":%u,\"witnesses\":%u}\n", policy,
		       sequence, b->witness_quorum, b->witness_count);
		return;
	}
	printf("trust bundle %llu signed by %d of %d and published: log policy '%s', %u witnesses, quorum %u\n",
	       sequence, SITE_TARGETS_THRESHOLD, SITE_TARGETS_KEYS, policy, b->witness_count, b->witness_quorum);
}

static int trust_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	static struct site site;
	static struct trust t;
	struct error e = { 0 };
	t = (struct trust){ .site = &site };
	holders_default(&t.holders, "targets");
	if (trust_options(&t, ui, argc, argv) != UI_OK)
		return UI_USAGE;
	int failed = site_load(&site, site_path, &e) != 0 || trust_make(&t, &e) != 0;
	publishing_close(&t.publishing);
	if (failed && t.is_usage)
		return ui_usage(ui, "%s", e.text);
	if (failed)
		return ui_fail(ui, &e);
	trust_report(&t, ui);
	return UI_OK;
}

const struct command command_trust_publish = {
	"trust publish",
	"--why TEXT [--log-policy POLICY] [--witness NAME=KEY]... [--drop-witness NAME]... [--quorum N] [--lower] "
	"[--holders A,B]",
	"tell devices of the log, its witnesses and the roots of TLS",
	"Publishes trust/bundle.json under the top-level targets, signed by its holders: the site's roots of TLS and\n"
	"CAs (pki/), its log, its witnesses. Devices go by it instead of by what they were provisioned with. Policy,\n"
	"witnesses and quorum that are published carry on unless an option changes them.\n\n"
	"  --log-policy POLICY  the least that any release owes: none, log (default at first) or witnesses\n"
	"  --witness NAME=KEY   one more witness of the log, or a new key of one: its name in checkpoints, its "
	"Ed25519\n"
	"                       key in hexadecimal\n"
	"  --drop-witness NAME  a witness no more\n"
	"  --quorum N           so many of them must have cosigned (default at first 1)\n"
	"  --lower              needed where a witness, its key, the quorum or the policy would be given up\n"
	"  --holders A,B        which two of the three sign (default 1,2)\n"
	"  --why TEXT           for the journals\n\n"
	"Example: sealift trust publish --why 'REL-4: first witness' --witness w.example/1=2c5f...\n",
	trust_run
};
