/* The running server: who may come in, what it serves, what it keeps over a kill -9, and what it refuses. */
#include "server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crypto_openssl.h"
#include "report.h"
#include "role.h"
#include "signed.h"

#define URI "urn:sealift:device:board:dev-1?region=eu"
#define OTHER_URI "urn:sealift:device:board:dev-2?region=eu"

static struct server server;
static struct server_identity idevid, ldevid, other, report_key, other_report_key;
static struct server_answer answer;

static long get(const struct server_identity *who, const char *path, const char *header)
{
	struct server_request request = { .who = who, .method = "GET", .path = path, .header = header };
	server_ask(&server, &request, &answer);
	return answer.status;
}

static long post(const struct server_identity *who, const char *path, struct span body)
{
	struct server_request request = { .who = who, .method = "POST", .path = path, .body = body };
	server_ask(&server, &request, &answer);
	return answer.status;
}

static long post_text(const struct server_identity *who, const char *path, const char *body)
{
	return post(who, path, span_of_text(body));
}

static bool has_header(const char *line)
{
	return strstr(answer.headers, line) != NULL;
}

static bool body_has(const char *text)
{
	return strstr(answer.body, text) != NULL;
}

static void needs_a_client_certificate(void)
{
	CHECK_EQ(get(NULL, "/metadata/timestamp.json", NULL), 0);
	CHECK(answer.result != CURLE_OK);
	CHECK_EQ(get(&idevid, "/metadata/timestamp.json", NULL), 200);
	CHECK_EQ(get(&ldevid, "/metadata/timestamp.json", NULL), 200);
}

static void refuses_other_certificates(void)
{
	static struct server_identity stranger, expired, no_uri, report, factory_expired;
	int64_t past = time(NULL) - 60, future = time(NULL) + 3600;
	server_identity(&server, "stranger-1", SERVER_STRANGER, CERTIFICATE_DEVICE, URI, future, &stranger);
	server_identity(&server, "expired-1", SERVER_DEVICE_CA, CERTIFICATE_DEVICE, URI, past, &expired);
	server_identity(&server, "no-uri-1", SERVER_DEVICE_CA, CERTIFICATE_DEVICE, "https://example.com/", future,
			&no_uri);
	server_identity(&server, "report-tls-1", SERVER_FACTORY, CERTIFICATE_REPORT, URI, future, &report);
	server_identity(&server, "old-1", SERVER_FACTORY, CERTIFICATE_DEVICE, URI, past, &factory_expired);
	CHECK_EQ(get(&stranger, "/metadata/timestamp.json", NULL), 0);
	CHECK_EQ(get(&expired, "/metadata/timestamp.json", NULL), 0);
	CHECK_EQ(get(&no_uri, "/metadata/timestamp.json", NULL), 403);
	CHECK_EQ(get(&report, "/metadata/timestamp.json", NULL), 0);
	CHECK_EQ(get(&factory_expired, "/metadata/timestamp.json", NULL), 200); /* an IDevID outlives its dates */
}

static void speaks_tls_1_2_and_1_3_only(void)
{
	struct server_request request = { .who = &ldevid, .method = "GET", .path = "/metadata/timestamp.json" };
	request.tls = CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_2;
	server_ask(&server, &request, &answer);
	CHECK_EQ(answer.status, 200);
	request.tls = CURL_SSLVERSION_TLSv1_3;
	server_ask(&server, &request, &answer);
	CHECK_EQ(answer.status, 200);
	request.tls = CURL_SSLVERSION_TLSv1_0 | CURL_SSLVERSION_MAX_TLSv1_1;
	server_ask(&server, &request, &answer);
	CHECK_EQ(answer.status, 0);
}

static void serves_files(void)
{
	CHECK_EQ(get(&idevid, "/metadata/timestamp.json", NULL), 200);
	CHECK(has_header("Cache-Control: no-cache"));
	CHECK_EQ(get(&idevid, "/metadata/7.p%252Fboard.json", NULL), 200);
	CHECK(strcmp(answer.body, "product") == 0);
	CHECK(has_header("immutable"));
	CHECK_EQ(get(&idevid, "/metadata/8.p%252Fboard.json", NULL), 404);
	CHECK(body_has("\"rule\":\"absent\""));
	CHECK_EQ(get(&idevid, "/metadata", NULL), 404);
	CHECK_EQ(get(&idevid, "/metadata/", NULL), 400);
	CHECK_EQ(get(&idevid, "/metadata/../sealiftd.conf", NULL), 400);
	CHECK_EQ(get(&idevid, "/metadata/%2e%2e/sealiftd.conf", NULL), 400);
	CHECK_EQ(get(&idevid, "/metadata//timestamp.json", NULL), 400);
	CHECK_EQ(get(&idevid, "/metadata/link.json", NULL), 403);
	CHECK_EQ(get(&idevid, "/metadata/a%00b", NULL), 400);
	CHECK_EQ(get(&idevid, "/metadata/a%zz", NULL), 400);
	CHECK_EQ(get(&idevid, "/sealift.db", NULL), 404);
	CHECK_EQ(post_text(&ldevid, "/metadata/timestamp.json", "x"), 405);
}

static void serves_what_is_meant_for_devices(void)
{
	char path[400];
	snprintf(path, sizeof path, "/metadata/%0300d", 1);
	CHECK_EQ(get(&idevid, path, NULL), 404);
	server_file(&server, "repo/log/leaves", "leaf");
	CHECK_EQ(get(&idevid, "/log/leaves", NULL), 404);
	snprintf(path, sizeof path, "%s/repo/log/proof", server.dir);
	CHECK_EQ(mkdir(path, 0700), 0);
	server_file(&server, "repo/log/proof/00", "proof");
	CHECK_EQ(get(&idevid, "/log/proof/00", NULL), 200);
	CHECK(has_header("Cache-Control: no-cache"));
}

/* Bytes as they are to the plain port; the answer, until the server closes. */
static size_t say(const char *bytes, char *out, size_t capacity)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)server.ops_port),
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct timeval patience = { .tv_sec = 5 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t n = 0;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	CHECK_EQ(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	CHECK_EQ(write(fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
	for (ssize_t got = 1; got > 0 && n + 1 < capacity; n += got > 0 ? (size_t)got : 0)
		got = read(fd, out + n, capacity - 1 - n);
	out[n] = '\0';
	close(fd);
	return n;
}

static void refuses_two_lengths(void)
{
	char out[4096];
	say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 0\r\n\r\nx", out, sizeof out);
	CHECK(strncmp(out, "HTTP/1.1 400 ", 13) == 0);
	CHECK(strstr(out, "Connection: close") != NULL);
	say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", out,
	    sizeof out);
	CHECK(strncmp(out, "HTTP/1.1 400 ", 13) == 0);
}

/* A second server on the same database stops at once and leaves the first one's socket alone. */
static void stands_alone(void)
{
	char config[600];
	snprintf(config, sizeof config, "%s/sealiftd.conf", server.dir);
	pid_t pid = fork();
	if (pid == 0) {
		int fd = open("/dev/null", O_WRONLY);
		dup2(fd, 2);
		execl(server.program, server.program, "--config", config, (char *)NULL);
		_exit(127);
	}
	int status = -1;
	for (int i = 0; i < 500 && waitpid(pid, &status, WNOHANG) == 0; i++)
		usleep(10000);
	if (status == -1)
		kill(pid, SIGKILL);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	server_ask_plain(&server, true, "GET", "/v1/status", NULL, &answer);
	CHECK_EQ(answer.status, 200);
}

/* Out of descriptors: new connections wait, one line in the log, and it goes on afterwards. */
static void survives_a_lack_of_descriptors(void)
{
	enum { HELD = 60 };
	int held[HELD];
	char path[600];
	struct stat log;
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)server.ops_port),
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct rlimit before, few = { .rlim_cur = 40 };
	CHECK_EQ(prlimit(server.pid, RLIMIT_NOFILE, NULL, &before), 0);
	few.rlim_max = before.rlim_max;
	CHECK_EQ(prlimit(server.pid, RLIMIT_NOFILE, &few, NULL), 0);
	for (int i = 0; i < HELD; i++) {
		held[i] = socket(AF_INET, SOCK_STREAM, 0);
		CHECK_EQ(connect(held[i], (struct sockaddr *)&address, sizeof address), 0);
	}
	sleep(1);
	snprintf(path, sizeof path, "%s/log.json", server.dir);
	CHECK_EQ(stat(path, &log), 0);
	CHECK(log.st_size < 100000);
	for (int i = 0; i < HELD; i++)
		close(held[i]);
	CHECK_EQ(prlimit(server.pid, RLIMIT_NOFILE, &before, NULL), 0);
	sleep(1);
	server_ask_plain(&server, false, "GET", "/healthz", NULL, &answer);
	CHECK_EQ(answer.status, 200);
}

static void serves_ranges(void)
{
	char etag[160];
	char expect[96];
	CHECK_EQ(get(&idevid, "/objects/big", NULL), 200);
	CHECK_EQ(answer.n, 300000);
	const char *from = strstr(answer.headers, "ETag: ");
	CHECK(from != NULL);
	snprintf(etag, sizeof etag, "If-None-Match: %.*s", (int)strcspn(from + 6, "\r"), from + 6);
	CHECK_EQ(get(&idevid, "/objects/big", etag), 304);
	CHECK_EQ(answer.n, 0);
	CHECK_EQ(get(&idevid, "/objects/big", "Range: bytes=10-19"), 206);
	CHECK_EQ(answer.n, 10);
	CHECK(memcmp(answer.body, "klmnopqrst", 10) == 0);
	CHECK(has_header("Content-Range: bytes 10-19/300000"));
	CHECK_EQ(get(&idevid, "/objects/big", "Range: bytes=299990-"), 206);
	CHECK_EQ(answer.n, 10);
	CHECK_EQ(get(&idevid, "/objects/big", "Range: bytes=-5"), 206);
	CHECK_EQ(answer.n, 5);
	CHECK_EQ(get(&idevid, "/objects/big", "Range: bytes=0-9999999999"), 206);
	CHECK_EQ(answer.n, 300000);
	CHECK_EQ(get(&idevid, "/objects/big", "Range: bytes=300000-"), 416);
	snprintf(expect, sizeof expect, "Content-Range: bytes */300000");
	CHECK(has_header(expect));
	CHECK_EQ(get(&idevid, "/objects/big", "Range: bytes=9-3"), 200);
	CHECK_EQ(get(&idevid, "/objects/big", "Range: bytes=0-1,4-5"), 200);
	CHECK_EQ(get(&idevid, "/objects/big", "Range: lines=1-2"), 200);
}

/* --- reports --- */

/* A report, signed by a key, as an envelope. */
static struct span make_report(const struct server_identity *key, const char *device, uint64_t sequence, uint8_t *out,
			       size_t capacity)
{
	uint8_t body[2048];
	struct error e;
	struct signed_by by = { 0 };
	struct public_key public;
	struct role_key role;
	char keyid[ROLE_KEYID_HEX + 1];
	struct report report = { .device = span_of_text(device),
				 .sequence = sequence,
				 .boot_count = 1,
				 .running_path = SPAN_LIT("p/board/1.0.0/image"),
				 .running_version = SPAN_LIT("1.0.0"),
				 .running_counter = 1,
				 .state = REPORT_IDLE,
				 .proof = SPAN_LIT("file") };
	struct writer w = writer_over(body, sizeof body), envelope = writer_over(out, capacity);
	report_encode(&w, &report);
	CHECK_EQ(writer_end(&w), FAULT_NONE);
	struct digest digest = sha256_of(&crypto_openssl, writer_span(&w));
	CHECK_EQ(keyfile_sign(key->keyfile, &digest, by.raw, &e), 0);
	CHECK_EQ(keyfile_public(key->keyfile, &public, &e), 0);
	role_key_init(&crypto_openssl, &public, keyid, &role);
	by.keyid_hex = role.keyid;
	signed_encode(&envelope, writer_span(&w), &by, 1);
	CHECK_EQ(writer_end(&envelope), FAULT_NONE);
	return writer_span(&envelope);
}

static long report(const struct server_identity *tls, const struct server_identity *key, const char *device,
		   uint64_t sequence)
{
	uint8_t bytes[4096];
	return post(tls, "/v1/device/report", make_report(key, device, sequence, bytes, sizeof bytes));
}

static void takes_reports_of_attested_keys_only(void)
{
	struct span mine = { report_key.der.der, report_key.der.n },
		    others = { other_report_key.der.der, other_report_key.der.n };
	CHECK_EQ(report(&ldevid, &report_key, "dev-1", 1), 403); /* before attestation */
	CHECK_EQ(post(&ldevid, "/v1/device/attestation", others), 403);
	CHECK_EQ(post(&ldevid, "/v1/device/attestation", (struct span){ ldevid.der.der, ldevid.der.n }), 403);
	CHECK_EQ(post(&ldevid, "/v1/device/attestation", SPAN_LIT("junk")), 403);
	CHECK_EQ(post(&idevid, "/v1/device/attestation", mine), 403);
	CHECK_EQ(post(&ldevid, "/v1/device/attestation", mine), 204);
	CHECK_EQ(post(&ldevid, "/v1/device/attestation", mine), 204);
	CHECK_EQ(report(&ldevid, &other_report_key, "dev-1", 1), 403);
	CHECK_EQ(report(&ldevid, &report_key, "dev-2", 1), 403);
	CHECK_EQ(report(&other, &report_key, "dev-1", 1), 403);
	CHECK_EQ(report(&ldevid, &report_key, "dev-1", 1), 204);
	CHECK_EQ(report(&ldevid, &report_key, "dev-1", 1), 409);
	CHECK_EQ(report(&ldevid, &report_key, "dev-1", 5), 204);
	CHECK_EQ(report(&ldevid, &report_key, "dev-1", 4), 409);
}

static void keeps_a_report_over_kill_9(void)
{
	for (uint64_t sequence = 100; sequence < 105; sequence++) {
		CHECK_EQ(report(&ldevid, &report_key, "dev-1", sequence), 204);
		server_kill(&server, SIGKILL);
		server_start(&server);
		CHECK_EQ(report(&ldevid, &report_key, "dev-1", sequence), 409);
	}
}

static void refuses_every_truncated_report(void)
{
	uint8_t bytes[4096];
	struct span whole = make_report(&report_key, "dev-1", 1000, bytes, sizeof bytes);
	for (size_t n = 0; n < whole.n; n += 37) {
		long status = post(&ldevid, "/v1/device/report", (struct span){ bytes, n });
		CHECK_EQ(status, 400);
	}
	/* the key id before it is a hint that no signature covers */
	const uint8_t *signature = memmem(whole.at, whole.n, "\"sig\":", 6);
	CHECK(signature != NULL);
	for (size_t at = (size_t)(signature - whole.at); at < whole.n; at += 41) {
		uint8_t kept = bytes[at];
		bytes[at] ^= 1;
		long status = post(&ldevid, "/v1/device/report", whole);
		CHECK(status == 400 || status == 403);
		bytes[at] = kept;
	}
	CHECK_EQ(post(&ldevid, "/v1/device/report", whole), 204); /* nothing of the bad ones was kept */
}

/* --- polls --- */

#define NONCE "\"nonce\":\"000102030405060708090a0b0c0d0e0f\""
#define POLL "{" NONCE ",\"running_counter\":1,\"target\":\"\",\"want\":\"directive\"}"

static void answers_a_poll(void)
{
	CHECK_EQ(post_text(&ldevid, "/v1/device/poll", POLL), 200);
	CHECK(body_has("{\"directive\":null,\"poll_s\":"));
	CHECK(body_has("\"revocation_epoch\":0}"));
	CHECK_EQ(post_text(&idevid, "/v1/device/poll", POLL), 403);
}

static const struct {
	const char *method, *path, *body;
	long status;
} bad_device_requests[] = {
	{ "POST", "/v1/device/poll", "", 400 },
	{ "POST", "/v1/device/poll", "{}", 400 },
	{ "POST", "/v1/device/poll", "[]", 400 },
	{ "POST", "/v1/device/poll", "null", 400 },
	{ "POST", "/v1/device/poll", POLL "x", 400 },
	{ "POST", "/v1/device/poll", "{" NONCE ",\"running_counter\":1,\"target\":\"\",\"want\":\"everything\"}", 400 },
	{ "POST", "/v1/device/poll", "{" NONCE ",\"running_counter\":-1,\"target\":\"\",\"want\":\"directive\"}", 400 },
	{ "POST", "/v1/device/poll", "{" NONCE ",\"running_counter\":1.5,\"target\":\"\",\"want\":\"directive\"}",
	  400 },
	{ "POST", "/v1/device/poll",
	  "{" NONCE "," NONCE ",\"running_counter\":1,\"target\":\"\",\"want\":\"directive\"}", 400 },
	{ "POST", "/v1/device/poll",
	  "{\"id\":\"dev-2\"," NONCE ",\"running_counter\":1,\"target\":\"\",\"want\":\"directive\"}", 400 },
	{ "POST", "/v1/device/poll", "{\"nonce\":\"00\",\"running_counter\":1,\"target\":\"\",\"want\":\"directive\"}",
	  400 },
	{ "POST", "/v1/device/report", "", 400 },
	{ "POST", "/v1/device/report", "{\"signatures\":[],\"signed\":{}}", 403 },
	{ "POST", "/v1/device/attestation", "", 400 },
	{ "GET", "/v1/device/poll", NULL, 405 },
	{ "GET", "/v1/device/report", NULL, 405 },
	{ "GET", "/", NULL, 404 },
	{ "GET", "/metrics", NULL, 404 },
	{ "GET", "/v1/status", NULL, 404 },
	{ "POST", "/v1/rollouts", "{\"plan\":\"plans/board/a.json\"}", 404 },
	{ "POST", "/.well-known/est/simpleenroll", "AAAA", 403 },
};

static void refuses_bad_device_requests(void)
{
	for (size_t i = 0; i < sizeof bad_device_requests / sizeof bad_device_requests[0]; i++) {
		struct server_request request = { .who = &ldevid,
						  .method = bad_device_requests[i].method,
						  .path = bad_device_requests[i].path,
						  .body = span_of_text(bad_device_requests[i].body) };
		server_ask(&server, &request, &answer);
		if (answer.status != bad_device_requests[i].status || !body_has("\"error\":\""))
			printf("# row %zu: %s\n", i, answer.body);
		CHECK_EQ(answer.status, bad_device_requests[i].status);
		CHECK(body_has("\"error\":\""));
	}
}

static void refuses_what_is_too_large(void)
{
	static char big[60000], huge[200000];
	memset(big, 'a', sizeof big);
	memset(huge, 'a', sizeof huge);
	CHECK_EQ(post(&ldevid, "/v1/device/poll", SPAN_OF(big)), 413);
	CHECK_EQ(post(&ldevid, "/v1/device/report", SPAN_OF(big)), 413);
	CHECK_EQ(post(&ldevid, "/v1/device/attestation", SPAN_OF(big)), 413);
	CHECK_EQ(post(&ldevid, "/v1/device/report", SPAN_OF(huge)), 413);
	memcpy(huge, "X-Big: ", 7);
	huge[20000] = '\0';
	CHECK(get(&ldevid, "/metadata/timestamp.json", huge) != 200);
	huge[0] = '/';
	memcpy(huge, "/metadata/", 10);
	huge[600] = '\0';
	CHECK_EQ(get(&ldevid, huge, NULL), 400);
	CHECK_EQ(get(&ldevid, "/metadata/timestamp.json", NULL), 200);
}

static void refuses_bad_enrolments(void)
{
	CHECK_EQ(post_text(&idevid, "/.well-known/est/simpleenroll", ""), 400);
	CHECK_EQ(post_text(&idevid, "/.well-known/est/simpleenroll", "not base64!"), 400);
	CHECK_EQ(post_text(&idevid, "/.well-known/est/simpleenroll", "AAAA"), 400);
	CHECK_EQ(post_text(&idevid, "/.well-known/est/simpleenroll", "AAAA"), 429); /* the fourth at once */
	CHECK(has_header("Retry-After: 10"));
	CHECK(body_has("\"rule\":\"est-rate\""));
}

/* --- the other surfaces --- */

static void shows_status(void)
{
	server_ask_plain(&server, false, "GET", "/healthz", NULL, &answer);
	CHECK_EQ(answer.status, 200);
	server_ask_plain(&server, false, "GET", "/", NULL, &answer);
	CHECK_EQ(answer.status, 200);
	CHECK(has_header("Content-Security-Policy: default-src 'none'"));
	CHECK(body_has("<!doctype html>"));
	CHECK(!body_has("<script>"));
	server_ask_plain(&server, false, "GET", "/page.css", NULL, &answer);
	CHECK_EQ(answer.status, 200);
	server_ask_plain(&server, false, "GET", "/page.js", NULL, &answer);
	CHECK_EQ(answer.status, 200);
	server_ask_plain(&server, false, "GET", "/status.json", NULL, &answer);
	CHECK_EQ(answer.status, 200);
	CHECK(body_has("\"kind\":\"device-attested\""));
	server_ask_plain(&server, false, "GET", "/metrics", NULL, &answer);
	CHECK_EQ(answer.status, 200);
	CHECK(body_has("sealift_devices{state=\"idle\"} 1"));
	CHECK(body_has("sealift_tls_handshakes_total"));
	CHECK(body_has("sealift_signd_up 0\n"));                    /* none runs here */
	CHECK_EQ(get(&ldevid, "/metadata/7.root.json", NULL), 404); /* the end of a walk is no error */
	server_ask_plain(&server, false, "GET", "/metrics", NULL, &answer);
	CHECK(body_has("sealift_http_requests_total{code=\"4xx\",route=\"root-walk\"} 1\n"));
	server_ask_plain(&server, false, "POST", "/", "x", &answer);
	CHECK_EQ(answer.status, 405);
	server_ask_plain(&server, false, "GET", "/v1/device/poll", NULL, &answer);
	CHECK_EQ(answer.status, 404);
}

static const struct {
	const char *method, *path, *body;
	long status;
} operator_requests[] = {
	{ "GET", "/v1/status", NULL, 200 },
	{ "GET", "/v1/devices", NULL, 200 },
	{ "GET", "/v1/devices?limit=1&state=idle", NULL, 200 },
	{ "GET", "/v1/devices?limit=x", NULL, 400 },
	{ "GET", "/v1/devices?state=bogus", NULL, 400 },
	{ "GET", "/v1/devices/dev-1", NULL, 200 },
	{ "GET", "/v1/devices/dev-9", NULL, 404 },
	{ "GET", "/v1/rollouts", NULL, 200 },
	{ "GET", "/v1/rollouts/1", NULL, 404 },
	{ "GET", "/v1/rollouts/x", NULL, 404 },
	{ "GET", "/v1/rollouts/99999999999999999999", NULL, 404 },
	{ "GET", "/v1/events?after=0", NULL, 200 },
	{ "GET", "/v1/events?after=-1", NULL, 400 },
	{ "POST", "/v1/rollouts", "", 400 },
	{ "POST", "/v1/rollouts", "{}", 400 },
	{ "POST", "/v1/rollouts", "{\"plan\":1}", 400 },
	{ "POST", "/v1/rollouts", "{\"plan\":\"plans/board/none.json\"}", 400 },
	{ "POST", "/v1/rollouts", "{\"plan\":\"plans/../board.json\"}", 400 },
	{ "POST", "/v1/rollouts", "{\"plan\":\"plans/board/none.json\",\"force\":true}", 400 },
	{ "POST", "/v1/rollouts/1/abort", "{\"who\":\"ann\",\"why\":\"test\"}", 404 },
	{ "POST", "/v1/rollouts/1/abort", "{\"who\":\"ann\"}", 400 },
	{ "POST", "/v1/rollouts/1/launch", "{\"who\":\"ann\",\"why\":\"test\"}", 404 },
	{ "POST", "/v1/status", "{}", 405 },
	{ "GET", "/metadata/timestamp.json", NULL, 404 },
	{ "DELETE", "/v1/devices/dev-1", NULL, 501 },
};

static void answers_operators(void)
{
	for (size_t i = 0; i < sizeof operator_requests / sizeof operator_requests[0]; i++) {
		server_ask_plain(&server, true, operator_requests[i].method, operator_requests[i].path,
				 operator_requests[i].body, &answer);
		if (answer.status != operator_requests[i].status)
			printf("# row %zu: %s\n", i, answer.body);
		CHECK_EQ(answer.status, operator_requests[i].status);
	}
}

static void revokes_at_once(void)
{
	CHECK_EQ(post_text(&other, "/v1/device/poll", POLL), 200);
	server_ask_plain(&server, true, "POST", "/v1/devices/dev-2/revoke", "{\"who\":\"ann\",\"why\":\"stolen\"}",
			 &answer);
	CHECK_EQ(answer.status, 200);
	CHECK(body_has("\"revoked\":true"));
	CHECK_EQ(post_text(&other, "/v1/device/poll", POLL), 403);
	CHECK_EQ(get(&other, "/metadata/timestamp.json", NULL), 403);
	server_kill(&server, SIGKILL);
	server_start(&server);
	CHECK_EQ(get(&other, "/metadata/timestamp.json", NULL), 403);
	CHECK_EQ(post_text(&ldevid, "/v1/device/poll", POLL), 200);
	CHECK(body_has("\"revocation_epoch\":1}"));
}

static void make_repository(void)
{
	char big[300001];
	char from[600], to[600];
	for (size_t i = 0; i < 300000; i++)
		big[i] = (char)('a' + i % 26);
	big[300000] = '\0';
	server_file(&server, "repo/metadata/timestamp.json", "timestamp");
	server_file(&server, "repo/metadata/7.p%2Fboard.json", "product");
	server_file(&server, "repo/objects/big", big);
	snprintf(from, sizeof from, "%s/sealiftd.conf", server.dir);
	snprintf(to, sizeof to, "%s/repo/metadata/link.json", server.dir);
	if (symlink(from, to) != 0)
		abort();
}

int main(int argc, char **argv)
{
	static const struct check_case cases[] = {
		CASE(needs_a_client_certificate),
		CASE(refuses_other_certificates),
		CASE(speaks_tls_1_2_and_1_3_only),
		CASE(serves_files),
		CASE(serves_what_is_meant_for_devices),
		CASE(refuses_two_lengths),
		CASE(stands_alone),
		CASE(survives_a_lack_of_descriptors),
		CASE(serves_ranges),
		CASE(takes_reports_of_attested_keys_only),
		CASE(keeps_a_report_over_kill_9),
		CASE(refuses_every_truncated_report),
		CASE(answers_a_poll),
		CASE(refuses_bad_device_requests),
		CASE(refuses_what_is_too_large),
		CASE(refuses_bad_enrolments),
		CASE(shows_status),
		CASE(answers_operators),
		CASE(revokes_at_once),
	};
	if (argc < 2)
		return 2;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	server_make(&server, argv[1]);
	server_identity(&server, "idevid", SERVER_FACTORY, CERTIFICATE_DEVICE, URI, CERTIFICATE_NO_EXPIRY, &idevid);
	server_identity(&server, "ldevid", SERVER_DEVICE_CA, CERTIFICATE_DEVICE, URI, time(NULL) + 86400, &ldevid);
	server_identity(&server, "other", SERVER_DEVICE_CA, CERTIFICATE_DEVICE, OTHER_URI, time(NULL) + 86400, &other);
	server_identity(&server, "report", SERVER_FACTORY, CERTIFICATE_REPORT, URI, CERTIFICATE_NO_EXPIRY, &report_key);
	server_identity(&server, "other-report", SERVER_FACTORY, CERTIFICATE_REPORT, OTHER_URI, CERTIFICATE_NO_EXPIRY,
			&other_report_key);
	make_repository();
	server_start(&server);
	int failed = check_main(argc - 1, argv + 1, cases, sizeof cases / sizeof cases[0]);
	if (failed == 0)
		server_remove(&server);
	else
		printf("# left for inspection: %s\n", server.dir);
	server_kill(&server, SIGTERM);
	return failed;
}
