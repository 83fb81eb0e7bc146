/* A device's end of TLS against the real server: by whose clock its certificate counts, and whose is bad. */
#include <curl/curl.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "curl_transport.h"
#include "server.h"

#define URI "urn:sealift:device:board:dev-1?region=eu"
#define DAY 86400

static struct server server; /* its certificate: from an hour ago, for a day */
static struct server_identity good, expired, strange;
static struct curl_transport curl;
static struct error why;
static int64_t now;

static int take(void *context, struct span piece)
{
	*(size_t *)context += piece.n;
	return 0;
}

/* In TLS 1.3 the alert comes after the first request, and the end of the connection may overtake it. */
static bool is_refused(void)
{
	return curl.tls.is_refused || curl.is_dropped;
}

/* The answer's status; -1: there was none. */
static int got(const struct server_identity *who, int64_t passed_unix)
{
	char url[64], roots[600];
	size_t n = 0;
	struct fetch_answer answer;
	snprintf(url, sizeof url, "https://127.0.0.1:%u", server.device_port);
	snprintf(roots, sizeof roots, "%s/root.pem", server.dir);
	struct curl_transport_config config = { .servers = { url },
						.server_count = 1,
						.roots_path = roots,
						.certificate_path = who->certificate,
						.key_path = who->key };
	struct transport_request request = { .path = "metadata/timestamp.json", .passed_unix = passed_unix };
	curl_transport_close(&curl);
	CHECK_EQ(curl_transport_open(&curl, &config, &why), 0);
	struct transport transport = curl_transport_transport(&curl);
	if (transport.exchange(transport.self, &request, take, &n, &answer, &why) < 0)
		return -1;
	CHECK(n > 0);
	return (int)answer.status;
}

static void the_right_time_is_fine(void)
{
	CHECK_EQ(got(&good, now), 200);
	CHECK_EQ(got(&good, 0), 200); /* the system's */
	CHECK(!is_refused());
}

/* For a clock at 1970 the certificate begins in 57 years. */
static void a_clock_that_is_behind_is_fine(void)
{
	CHECK_EQ(got(&good, 1), 200);
	CHECK_EQ(got(&good, now - 10 * 365 * (int64_t)DAY), 200);
}

/* The system's clock says that the certificate is good: the device's time counts. */
static void an_expired_server_certificate_is_refused(void)
{
	CHECK_EQ(got(&good, now + 2 * DAY), -1);
	CHECK(strstr(why.text, "expired") != NULL);
	CHECK(!is_refused()); /* it is the server's that is bad, not ours */
}

static void a_refusal_of_our_certificate_is_noticed(void)
{
	CHECK_EQ(got(&expired, now), -1);
	CHECK(is_refused());
	CHECK_EQ(got(&strange, 1), -1);
	CHECK(is_refused());
	server_kill(&server, SIGTERM);
	CHECK_EQ(got(&good, 1), -1); /* nobody is there: no reason to enrol */
	CHECK(!is_refused());
	server_start(&server);
	CHECK_EQ(got(&good, 1), 200);
	CHECK(!is_refused());
}

int main(int argc, char **argv)
{
	static const struct check_case cases[] = {
		CASE(the_right_time_is_fine),
		CASE(a_clock_that_is_behind_is_fine),
		CASE(an_expired_server_certificate_is_refused),
		CASE(a_refusal_of_our_certificate_is_noticed),
	};
	if (argc < 2)
		return 2;
	now = time(NULL);
	if (curl_transport_global(&why) < 0)
		return 2;
	server_make(&server, argv[1]);
	server_identity(&server, "good", SERVER_DEVICE_CA, CERTIFICATE_DEVICE, URI, now + DAY, &good);
	server_identity(&server, "expired", SERVER_DEVICE_CA, CERTIFICATE_DEVICE, URI, now - 60, &expired);
	server_identity(&server, "strange", SERVER_STRANGER, CERTIFICATE_DEVICE, URI, now + DAY, &strange);
	server_file(&server, "repo/metadata/timestamp.json", "timestamp");
	server_start(&server);
	int failed = check_main(argc - 1, argv + 1, cases, sizeof cases / sizeof cases[0]);
	server_remove(&server);
	curl_transport_close(&curl);
	return failed;
}
