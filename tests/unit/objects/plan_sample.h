/* The worked example of protocol/plan.md, without the line breaks that are there for the reader. */
#ifndef PLAN_SAMPLE_H
#define PLAN_SAMPLE_H

#define PLAN_SAMPLE                                                                                              \
	"{\"gate\":{\"alpha_ppm\":10001,\"beta_ppm\":50000,\"coverage_percent\":80,\"in_flight\":8,"             \
	"\"p0_ppm\":10000,\"report_expected_s\":3600,\"soak_s\":600},\"name\":\"2.0\",\"product\":\"board\","    \
	"\"release\":{\"counter\":7,"                                                                            \
	"\"image\":\"1111111111111111111111111111111111111111111111111111111111111111\","                        \
	"\"path\":\"p/board/2.0/image\"},"                                                                       \
	"\"return\":{\"counter\":8,"                                                                             \
	"\"image\":\"2222222222222222222222222222222222222222222222222222222222222222\","                        \
	"\"path\":\"p/board/2.0/return\",\"until\":\"2027-01-01T00:00:00Z\"},"                                   \
	"\"salt\":\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\","                         \
	"\"stages\":[{\"devices\":[\"dev-0001\",\"dev-0002\"],\"earliest\":\"1970-01-01T00:00:00Z\","            \
	"\"from_bp\":0,\"name\":\"canary\",\"to_bp\":10000},"                                                    \
	"{\"earliest\":\"2026-12-01T06:00:00Z\",\"from_bp\":0,\"group\":{\"region\":\"eu\",\"revision\":\"c\"}," \
	"\"name\":\"small\",\"to_bp\":1000},"                                                                    \
	"{\"earliest\":\"2026-12-02T06:00:00Z\",\"from_bp\":0,\"name\":\"everyone\",\"to_bp\":10000}],"          \
	"\"type\":\"plan\",\"version\":1}"

#endif
