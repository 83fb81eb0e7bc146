"""The metadata against TUF 1.0.34 (sections 3 to 5 of the specification) and what protocol/metadata.md adds."""

import datetime
import re

from .forms import (Bad, hexadecimal, integer, listed, load, members, need, p256_of_pem, sha256, signed_bytes, spki,
                    text, verifies)

SPEC_VERSION = "1.0.34"
TOP_LEVEL = ("root", "snapshot", "targets", "timestamp")
DAY = 86400
LIFETIME_DAYS = {"root": 366, "targets": 366, "snapshot": 30, "timestamp": 3}
DELEGATED_DAYS = 90


def time_of(value, where):
    text(value, where, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
    try:
        moment = datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError as error:
        raise Bad(f"{where}: {value} is no time") from error
    return moment.replace(tzinfo=datetime.timezone.utc).timestamp()


def file_name(role, version=None):
    escaped = "".join(c if re.fullmatch("[A-Za-z0-9._-]", c) else "%%%02X" % ord(c) for c in role)
    return f"metadata/{escaped}.json" if version is None else f"metadata/{version}.{escaped}.json"


class Role:
    """The keys and the threshold of one role."""

    def __init__(self, name, value, ring, where):
        listed(value["keyids"], f"{where} keyids", 64)
        need(len(set(value["keyids"])) == len(value["keyids"]), f"{where}: a key id stands twice")
        for keyid in value["keyids"]:
            need(keyid in ring, f"{where}: key id {keyid} is not defined")
        self.name = name
        self.keys = {keyid: ring[keyid] for keyid in value["keyids"]}
        self.threshold = integer(value["threshold"], f"{where} threshold", 1, len(self.keys))


def key_ring(value, where):
    need(isinstance(value, dict) and value, f"{where}: no keys")
    ring, identities = {}, set()
    for keyid, key in value.items():
        members(key, f"{where} {keyid}", ("keytype", "keyval", "scheme"))
        members(key["keyval"], f"{where} {keyid}", ("public",))
        need(key["keytype"] == "ecdsa" and key["scheme"] == "ecdsa-sha2-nistp256", f"{where}: {keyid} is no P-256 key")
        need(keyid == sha256(signed_bytes(key)), f"{where}: key id {keyid} is not the SHA-256 of its key")
        ring[keyid] = p256_of_pem(key["keyval"]["public"], f"{where} {keyid}")
        identities.add(spki(ring[keyid]))
    need(len(identities) == len(ring), f"{where}: one key under two ids")
    return ring


def envelope(data, where):
    value = members(load(data, where), where, ("signatures", "signed"))
    listed(value["signatures"], f"{where} signatures", 64)
    for signature in value["signatures"]:
        members(signature, f"{where} signature", ("keyid", "sig"))
        hexadecimal(signature["keyid"], f"{where} keyid")
        text(signature["sig"], f"{where} sig", "(?:[0-9a-f]{2})+")
    keyids = [signature["keyid"] for signature in value["signatures"]]
    need(len(set(keyids)) == len(keyids), f"{where}: two signatures of one key id")
    return value


def check_signatures(value, roles, where):
    """Each role's threshold; and sealift writes no signature that does not count."""
    data = signed_bytes(value["signed"])
    keys = {keyid: key for role in roles for keyid, key in role.keys.items()}
    for signature in value["signatures"]:
        keyid = signature["keyid"]
        need(keyid in keys, f"{where}: signed by a key that is not of role {roles[-1].name}")
        need(verifies(keys[keyid], bytes.fromhex(signature["sig"]), data), f"{where}: a wrong signature")
    for role in roles:
        good = sum(signature["keyid"] in role.keys for signature in value["signatures"])
        need(good >= role.threshold, f"{where}: {good} signatures, the threshold is {role.threshold}")


def hashes(value, where):
    members(value, f"{where} hashes", ("sha256",))
    return hexadecimal(value["sha256"], f"{where} sha256")


def meta_file(value, where):
    """sealift always says length and hashes, which the specification leaves open."""
    members(value, where, ("hashes", "length", "version"))
    version, length = integer(value["version"], f"{where} version"), integer(value["length"], f"{where} length")
    return version, length, hashes(value["hashes"], where)


def path_matches(pattern, path):
    regex = "".join("[^/]*" if c == "*" else "[^/]" if c == "?" else re.escape(c) for c in pattern)
    return re.fullmatch(regex, path) is not None


class Metadata:
    """Everything below metadata/, verified from 1.root.json on as a device does it."""

    def __init__(self, files, now):
        self.files, self.now, self.read, self.old_targets = files, now, set(), {}
        self.root = self.read_roots()
        self.timestamp = self.read_timestamp()
        self.snapshots = self.read_snapshots()
        self.snapshot = self.snapshots[-1]
        self.targets = self.read_targets("targets", self.roles["targets"])
        self.delegations = self.read_delegations()
        self.delegated = {name: self.read_targets(name, role) for name, role in self.delegations.items()
                          if role.has_file}
        self.read_history()
        self.check_nothing_else()

    def data(self, name):
        need(name in self.files, f"{name} is missing")
        self.read.add(name)
        return self.files[name]

    def body(self, value, kind, where, required, optional=(), days=None):
        body = members(value["signed"], where, ("_type", "expires", "spec_version", "version") + required, optional)
        need(body["_type"] == kind, f"{where}: _type is {body['_type']!r}, not {kind}")
        need(body["spec_version"] == SPEC_VERSION, f"{where}: spec_version is {body['spec_version']!r}")
        integer(body["version"], f"{where} version")
        expires = time_of(body["expires"], f"{where} expires")
        need(expires > self.now, f"{where}: expired")
        need(expires <= self.now + (days or LIFETIME_DAYS[kind]) * DAY, f"{where}: expires later than its role may")
        return body

    # --- root ---

    def read_roots(self):
        last, version = None, 1
        while last is None or file_name("root", version) in self.files:
            last = self.read_root(version)
            version += 1
        return last

    def read_root(self, version):
        where = file_name("root", version)
        value = envelope(self.data(where), where)
        body = self.body(value, "root", where, ("consistent_snapshot", "keys", "roles"))
        need(body["version"] == version, f"{where}: version {body['version']}")
        need(body["consistent_snapshot"] is True, f"{where}: consistent_snapshot is not true")
        ring = key_ring(body["keys"], f"{where} keys")
        members(body["roles"], f"{where} roles", TOP_LEVEL)
        for name in TOP_LEVEL:
            members(body["roles"][name], f"{where} role {name}", ("keyids", "threshold"))
        roles = {name: Role(name, body["roles"][name], ring, f"{where} role {name}") for name in TOP_LEVEL}
        used = {keyid for role in roles.values() for keyid in role.keys}
        need(used == set(ring), f"{where}: a key that no role uses")
        before = [self.roles["root"]] if version > 1 else []
        check_signatures(value, before + [roles["root"]], where)
        self.roles = roles
        return body

    # --- timestamp and snapshot ---

    def read_timestamp(self):
        where = file_name("timestamp")
        value = envelope(self.data(where), where)
        body = self.body(value, "timestamp", where, ("meta",), ("x-issued",))
        check_signatures(value, [self.roles["timestamp"]], where)
        members(body["meta"], f"{where} meta", ("snapshot.json",))
        issued = time_of(body["x-issued"], f"{where} x-issued")
        need(issued <= self.now + 60, f"{where}: x-issued is in the future")
        need(issued < time_of(body["expires"], where), f"{where}: x-issued is after its expiry")
        return meta_file(body["meta"]["snapshot.json"], f"{where} snapshot.json")

    def match(self, named, where):
        """The bytes of a file are those that a signed parent names."""
        data = self.data(where)
        need(len(data) == named[1], f"{where}: {len(data)} bytes, {named[1]} are signed")
        need(sha256(data) == named[2], f"{where}: another SHA-256 than is signed")
        return data

    def read_snapshot(self, version):
        where = file_name("snapshot", version)
        value = envelope(self.data(where), where)
        body = self.body(value, "snapshot", where, ("meta",))
        check_signatures(value, [self.roles["snapshot"]], where)
        need(body["version"] == version, f"{where}: version {body['version']}")
        need("targets.json" in body["meta"], f"{where}: targets.json is not listed")
        return {name: meta_file(entry, f"{where} {name}") for name, entry in body["meta"].items()}

    def read_snapshots(self):
        names = (re.fullmatch(r"metadata/([1-9]\d*)\.snapshot\.json", name) for name in self.files)
        versions = sorted(int(name[1]) for name in names if name)
        need(versions and versions[-1] == self.timestamp[0], "the timestamp does not name the newest snapshot")
        self.match(self.timestamp, file_name("snapshot", versions[-1]))
        snapshots = [self.read_snapshot(version) for version in versions]
        for old, new in zip(snapshots, snapshots[1:]):
            for name, entry in old.items():
                need(name in new, f"{name} vanished from a snapshot")
                need(new[name][0] >= entry[0], f"{name} went back in a snapshot")
                need(new[name][0] > entry[0] or new[name] == entry, f"{name}: one version, two contents")
        return snapshots

    # --- targets and delegated roles ---

    def check_targets(self, value, name, role, where, version):
        days = LIFETIME_DAYS["targets"] if name == "targets" else DELEGATED_DAYS
        body = self.body(value, "targets", where, ("targets",), ("delegations",), days)
        check_signatures(value, [role], where)
        need(body["version"] == version, f"{where}: version {body['version']}, {version} is listed")
        need(isinstance(body["targets"], dict), f"{where}: targets is no object")
        for path, target in body["targets"].items():
            self.check_target(path, target, name, role, where)
        return body

    def check_target(self, path, target, name, role, where):
        members(target, f"{where} {path}", ("hashes", "length"), ("custom",))
        hashes(target["hashes"], f"{where} {path}")
        integer(target["length"], f"{where} {path} length")
        text(path, f"{where} path", r"[A-Za-z0-9._+-]+(?:/[A-Za-z0-9._+-]+)*")
        need(not {".", ".."} & set(path.split("/")), f"{where}: path {path}")
        if name != "targets":
            need(any(path_matches(p, path) for p in role.paths), f"{where}: {path} is not delegated to {name}")

    def read_targets(self, name, role):
        entry = self.snapshot.get(f"{name}.json")
        need(entry is not None, f"role {name} is not listed by the snapshot")
        where = file_name(name, entry[0])
        return self.check_targets(envelope(self.match(entry, where), where), name, role, where, entry[0])

    def read_delegations(self):
        where = "delegations"
        value = members(self.targets.get("delegations"), where, ("keys", "roles"))
        ring = key_ring(value["keys"], f"{where} keys")
        roles = {}
        for entry in listed(value["roles"], f"{where} roles", 256):
            members(entry, where, ("keyids", "name", "paths", "terminating", "threshold"))
            name = text(entry["name"], f"{where} name", "[a-z0-9/-]{1,128}")
            need(name not in TOP_LEVEL and name not in roles, f"{where}: the name {name} stands twice")
            need(entry["terminating"] is True, f"{where}: {name} is not terminating")
            roles[name] = Role(name, entry, ring, f"{where} {name}")
            roles[name].paths = listed(entry["paths"], f"{where} {name} paths", 64)
            expected = f"{name}/*/*" if name.startswith("p/") else f"{name}/*"
            need(roles[name].paths == [expected], f"{where}: {name} has the paths {entry['paths']}")
            roles[name].has_file = name != "directive"
        used = {keyid for role in roles.values() for keyid in role.keys}
        need(used == set(ring), f"{where}: a key that no role uses")
        need(not set(ring) & set(self.root["keys"]), f"{where}: a key of a top-level role")
        return roles

    # --- what was ---

    def read_history(self):
        """Each version that a snapshot ever listed still stands, signed, and nothing was taken out of a role."""
        targets = {**self.delegated, "targets": self.targets}
        listings = {(name, entry) for snapshot in self.snapshots for name, entry in snapshot.items()}
        for listed_name, entry in listings:
            name = listed_name[:-len(".json")]
            need(name in targets, f"{listed_name} is listed and not delegated")
            role = self.delegations.get(name, self.roles["targets"])
            where = file_name(name, entry[0])
            old = self.check_targets(envelope(self.match(entry, where), where), name, role, where, entry[0])
            if name == "targets":
                self.old_targets[entry[0]] = old
                continue
            for path, target in old["targets"].items():
                need(targets[name]["targets"].get(path) == target, f"{where}: {path} vanished or changed later")

    def top_level_targets(self):
        """All that the top-level role ever listed, oldest first."""
        return [item for _, body in sorted(self.old_targets.items()) for item in body["targets"].items()]

    def check_nothing_else(self):
        for name in self.files:
            need(not name.startswith("metadata/") or name in self.read, f"{name}: a file that no metadata names")
