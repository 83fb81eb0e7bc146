/* The policy that most tests of the gate begin with. */
#ifndef POLICY_H
#define POLICY_H

#include "gate.h"

/* p0 1 %, alpha 1 %, beta 5 %, soak 10 min, coverage 80 %, 8 in flight, a report expected within the hour. */
static inline struct gate_policy policy_usual(void)
{
	return (struct gate_policy){
		.p0_ppm = 10000,
		.alpha_ppm = 10000,
		.beta_ppm = 50000,
		.soak_s = 600,
		.coverage_percent = 80,
		.initial_in_flight = 8,
		.expected_s = 3600,
	};
}

#endif
