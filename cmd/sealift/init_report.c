#include "init_report.h"

#include <stdio.h>

void init_report(const struct site *site)
{
	printf("Site %s is ready. Every key below is in SoftHSM2 on this machine: good for a demonstration.\n"
	       "In production, before the first device is made:\n\n"
	       "  key                         where it stands here     where it belongs\n"
	       "  root, 3 of 5                keys/offline             offline, five people, one token each; used once "
	       "a year\n"
	       "  targets, 2 of 3             keys/offline             offline, three people\n"
	       "  emergency, 2 of 3           keys/offline             offline, three OTHER people; pinned in devices\n"
	       "  boot root                   keys/offline             offline; its hash in one-time memory\n"
	       "  approvers, 2 of 3           keys/offline             each person's own token\n"
	       "  factory CA                  keys/offline             HSM of the factory's signd, one per factory\n"
	       "  product, boot, boot-next,   keys/release             HSM of the release signd (two hosts: threshold "
	       "2)\n"
	       "    platform (RSA-2048)\n"
	       "  snapshot, timestamp,        keys/online              HSM of the online signd, one per site\n"
	       "    director, log, device CA,\n"
	       "    payload key encryption\n"
	       "  TLS roots A and B           keys/tls                 offline; devices pin both\n"
	       "  TLS server                  pki/server.key           sealiftd's host\n\n"
	       "Next, each in its own terminal:\n"
	       "  sealift-signd --config %s/signd-release/signd.conf\n"
	       "  sealift-signd --config %s/signd-online/signd.conf\n"
	       "  sealiftd --config %s/server/sealiftd.conf\n",
	       site->path, site->path, site->path, site->path);
}
