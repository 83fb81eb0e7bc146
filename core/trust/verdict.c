#include "verdict.h"

#include <stddef.h>

struct verdict_words {
	const char *rule, *text, *help;
};

static const struct verdict_words verdict_words[VERDICT_COUNT_] = {
	[VERDICT_OK] = { "ok", "Nothing was refused.", "Nothing needs to be done." },
	[VERDICT_MALFORMED] = { "malformed", "A file is not well formed, or does not follow its format.",
				"Publish the file again with a current sealift; if others are refused too, look for a "
				"proxy "
				"that changes content." },
	[VERDICT_SIGNATURE] = { "signature", "Too few of the keys that must sign this have signed it.",
				"Have the missing holders sign, then publish again; if all have signed, the file was "
				"changed on its way." },
	[VERDICT_ROLE_TYPE] = { "role-type", "A file of another role stands under this name.",
				"Publish the right file under this name; nothing but a mistake or an attack puts it "
				"there." },
	[VERDICT_VERSION] = { "version", "A file has another version than was asked for.",
			      "Publish the files of one release together; clear the caches of a content network." },
	[VERDICT_ROLLBACK] = { "rollback", "Metadata is older than what this device has seen.",
			       "Check that the server was not restored from an old backup; if so, sign again with a "
			       "higher version." },
	[VERDICT_EXPIRED] = { "expired", "Metadata has expired, so that news may be held back.",
			      "Renew the role ('sealift refresh' signs a new timestamp: does its timer run?) and "
			      "check "
			      "the device's clock." },
	[VERDICT_LENGTH] = { "length", "A file is longer than signed metadata says, or than its ceiling.",
			     "Publish the file again; if it is right on the server, look at what stands between." },
	[VERDICT_DIGEST] = { "digest", "The bytes are not those that signed metadata names.",
			     "Try again; if it stays, compare the file on the server and its mirrors with the signed "
			     "digest." },
	[VERDICT_NOT_LISTED] = { "not-listed", "No trusted role lists this file.",
				 "Sign and publish it first, under a path that its role is allowed to list." },
	[VERDICT_HARDWARE] = { "hardware", "The release is not for this device's vendor, class or product.",
			       "Choose a release for this hardware, or correct the release's compatibility list and "
			       "sign "
			       "it again." },
	[VERDICT_COUNTER] = { "counter", "The release counter is not above the one that this device has run.",
			      "Pack the wanted image again under a higher counter; an older release is never "
			      "installed." },
	[VERDICT_COUNTER_JUMP] = { "counter-jump", "The release counter rises by more than one step allows.",
				   "Check the epoch and the build number of the release; epochs rise by one at a "
				   "time." },
	[VERDICT_PLAN] = { "plan", "The signed rollout plan does not name this release.",
			   "Start the rollout with the plan that was approved for this release." },
	[VERDICT_PLAN_STAGE] = { "plan-stage",
				 "The directive claims a stage to which the plan does not assign this device.",
				 "Check the server: it must follow the plan's groups and ranges. If it does, suspect "
				 "it." },
	[VERDICT_PLAN_TIME] = { "plan-time", "The directive runs ahead of the plan's earliest time.",
				"Wait for the time in the plan, or have the approvers sign another plan." },
	[VERDICT_RETURN_WINDOW] = { "return-window", "The plan's window for the return release has closed.",
				    "Publish a new release; a return is possible only within the plan's window." },
	[VERDICT_DIRECTIVE_DEVICE] = { "directive-device", "The directive is meant for another device.",
				       "Check that no two devices share an identity, and that no proxy mixes up "
				       "answers." },
	[VERDICT_DIRECTIVE_NONCE] = { "directive-nonce", "The directive does not answer this device's question.",
				      "The device asks again by itself; if this repeats, something replays old "
				      "answers." },
	[VERDICT_DIRECTIVE_SEQUENCE] = { "directive-sequence", "The directive is not newer than the last one obeyed.",
					 "Check that the server's database was not restored from an old backup." },
	[VERDICT_DIRECTIVE_LIFETIME] = { "directive-lifetime", "The directive is too old, or claims too long a life.",
					 "The device asks again by itself; if this repeats, the link is too slow for "
					 "the "
					 "configured lifetime." },
	[VERDICT_DIRECTIVE_TARGET] = { "directive-target",
				       "The directive names another target than release and plan do.",
				       "Check which plan the rollout was started with; if it is right, suspect the "
				       "server." },
	[VERDICT_UNLOGGED] = { "unlogged", "The release is not proven to be in the log.",
			       "Publish the release through sealift, which logs it; check that the log's key is the "
			       "device's." },
	[VERDICT_MANIFEST] = { "manifest", "The boot manifest disagrees with the release.",
			       "Pack and sign the release again: manifest and image must come from one run." },
	[VERDICT_KEY_REVOKED] = { "key-revoked", "A key that was needed here has been revoked.",
				  "Sign again with the key that replaced it." },
	[VERDICT_EPOCH] = { "epoch", "The security epoch is below this processor's floor.",
			    "Pack the image again under the present epoch." },
	[VERDICT_SIZE] = { "size", "The image does not fit the slot.",
			   "Make the image smaller; the slot's size is fixed when a device is provisioned." },
	[VERDICT_SEGMENT] = { "segment", "A segment's bytes are not those that its table names.",
			      "The device tries again by itself; if this repeats, compare the payload on the server "
			      "and its "
			      "mirrors." },
	[VERDICT_UNWITNESSED] = { "unwitnessed",
				  "Too few of the witnesses that the trust bundle names have cosigned the log.",
				  "Have the checkpoint cosigned and publish the proof again; check the witnesses of "
				  "trust/bundle.json." },
	[VERDICT_EMERGENCY_SEQUENCE] = { "emergency-sequence",
					 "The emergency statement's number is not the next that this device waits "
					 "for.",
					 "Sign it again under the next number; look at what stands between if it is "
					 "right on the server." },
	[VERDICT_EMERGENCY_FORBIDDEN] = { "emergency-forbidden",
					  "The emergency statement would do what no statement can.",
					  "Root keys change by root alone; a boot key and two emergency keys must "
					  "stay." },
	[VERDICT_EMERGENCY_LATER] = { "emergency-later",
				      "The emergency statement raises the epoch above the image that runs, or "
				      "recovery.",
				      "It is applied by itself once the device has taken an image of that epoch." },
};

static const struct verdict_words verdict_unknown = { "unknown", "Refused for a reason that has no name.",
						      "Report this as a bug of sealift." };

static const struct verdict_words *verdict_find(enum verdict verdict)
{
	unsigned index = (unsigned)verdict;
	return index < VERDICT_COUNT_ ? &verdict_words[index] : &verdict_unknown;
}

const char *verdict_rule(enum verdict verdict)
{
	return verdict_find(verdict)->rule;
}

const char *verdict_text(enum verdict verdict)
{
	return verdict_find(verdict)->text;
}

const char *verdict_help(enum verdict verdict)
{
	return verdict_find(verdict)->help;
}
