"""The same repository under keys of ours, so that a test can change any one thing and sign all that stands above it."""

import base64
import copy
import hashlib
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from . import log
from .forms import cbor, cbor_bytes, pem, sha256, signed_bytes, spelled, spki
from .trust import key_object
from .tuf import file_name


def _xy(private):
    numbers = private.public_key().public_numbers()
    return f"{numbers.x:064x}{numbers.y:064x}"


def _sign(private, data):
    return private.sign(data, ec.ECDSA(hashes.SHA256()))


class Forge:
    """forge(stage, change): change(object) is called on the one thing named stage before it is signed or written."""

    def __init__(self, files, site, records):
        self.files, self.site, self.records = files, site, records
        self.private = {}  # new key id -> private key
        self.renamed = {}  # old key id -> new key id and key object
        self.boot, self.log_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.emergency = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
        timestamp = json.loads(files["metadata/timestamp.json"])["signed"]
        self.snapshot_version = timestamp["meta"]["snapshot.json"]["version"]
        self.root, self.timestamp = self.body("root", 1), timestamp
        self.snapshot = self.body("snapshot", self.snapshot_version)
        self.roles = {name[:-len(".json")]: self.body(name[:-len(".json")], entry["version"])
                      for name, entry in self.snapshot["meta"].items()}
        for name in ("root", "targets"):
            self.rekey(self.root if name == "root" else self.roles["targets"]["delegations"])
        for role in [*self.root["roles"].values(), *self.roles["targets"]["delegations"]["roles"]]:
            role["keyids"] = [self.renamed[keyid][0] for keyid in role["keyids"]]

    def body(self, role, version):
        return json.loads(self.files[file_name(role, version)])["signed"]

    def rekey(self, holder):
        for keyid in holder["keys"]:
            private = ec.generate_private_key(ec.SECP256R1())
            key = {"keytype": "ecdsa", "keyval": {"public": pem(private.public_key())}, "scheme": "ecdsa-sha2-nistp256"}
            self.renamed[keyid] = sha256(signed_bytes(key)), key
            self.private[self.renamed[keyid][0]] = private
        holder["keys"] = dict(self.renamed[keyid] for keyid in holder["keys"])

    # --- one forged repository ---

    def make(self, stage=None, change=None):
        """files, site and records, whole and signed but for what change did at that stage."""
        self.stage, self.change = stage, change
        site = {**self.site, "boot_keys": [_xy(self.boot)] * 2, "log_key": _xy(self.log_key),
                "emergency": [_xy(private) for private in self.emergency]}
        root, timestamp, snapshot = (copy.deepcopy(x) for x in (self.root, self.timestamp, self.snapshot))
        roles = copy.deepcopy(self.roles)
        listed = {target["hashes"]["sha256"] for role in roles.values() for target in role["targets"].values()}
        out = {name: data for name, data in self.files.items() if name.startswith("objects/")
               or name.startswith("targets/") and name.rsplit("/", 1)[1].split(".")[0] in listed}
        self.hook("objects", out)
        self.sign_manifests(roles, out)
        self.hook("root", root)
        out["metadata/1.root.json"] = self.envelope("root", root, root["roles"]["root"])
        snapshot["meta"] = {}
        for name in ("targets", *(name for name in roles if name != "targets")):
            self.hook(name, roles[name])
            self.put_role(name, roles, root, snapshot, out)
        self.hook("snapshot", snapshot)
        self.sign_statements(out)
        self.put_heads(root, snapshot, timestamp, out)
        records = self.put_log(self.in_order(), roles, out)
        self.hook("records", records)
        self.hook("files", out)
        return out, site, records

    def hook(self, stage, value):
        if stage == self.stage:
            self.change(value)

    def envelope(self, name, body, role):
        signatures = [{"keyid": keyid, "sig": _sign(self.private[keyid], signed_bytes(body)).hex()}
                      for keyid in role["keyids"][:max(1, int(role["threshold"]))] if keyid in self.private]
        value = {"signatures": signatures, "signed": body}
        self.hook(f"envelope {name}", value)
        return spelled(value)

    def put_role(self, name, roles, root, snapshot, out):
        delegations = {entry["name"]: entry for entry in roles["targets"].get("delegations", {"roles": []})["roles"]}
        signer = delegations.get(name, {"keyids": [], "threshold": 1})
        if name == "targets":
            signer = root["roles"]["targets"]
        data = self.envelope(name, roles[name], signer)
        out[file_name(name, roles[name]["version"])] = data
        snapshot["meta"][f"{name}.json"] = {"hashes": {"sha256": sha256(data)}, "length": len(data),
                                            "version": roles[name]["version"]}

    def put_heads(self, root, snapshot, timestamp, out):
        data = self.envelope("snapshot", snapshot, root["roles"]["snapshot"])
        out[file_name("snapshot", self.snapshot_version)] = data
        timestamp["meta"]["snapshot.json"] = {"hashes": {"sha256": sha256(data)}, "length": len(data),
                                              "version": self.snapshot_version}
        self.hook("timestamp", timestamp)
        out["metadata/timestamp.json"] = self.envelope("timestamp", timestamp, root["roles"]["timestamp"])

    def sign_statements(self, out):
        """By two of the three holders."""
        ids = {sha256(signed_bytes(key_object(private.public_key()))): private for private in self.emergency}
        self.private.update(ids)
        for name, data in self.files.items():
            if name.startswith("emergency/"):
                body = json.loads(data)["signed"]
                self.hook("emergency", body)
                out[name] = self.envelope("emergency", body, {"keyids": list(ids), "threshold": 2})

    # --- boot manifests ---

    def sign_manifests(self, roles, out):
        for name, role in roles.items():
            for path, target in role["targets"].items():
                if name.startswith("p/"):
                    old = "objects/" + target["custom"]["manifest"]["sha256"]
                    data = self.sign_manifest(out.pop(old), path)
                    out["objects/" + sha256(data)] = data
                    target["custom"]["manifest"] = {"bytes": len(data), "sha256": sha256(data)}

    def sign_manifest(self, data, path):
        body = bytearray(cbor(data, path).value[3])
        self.hook(f"manifest {path}", body)
        digest = b"\x82\x2f" + cbor_bytes(hashlib.sha256(cbor_bytes(bytes(body))).digest())
        signed = b"\x84\x6aSignature1\x43\xa1\x01\x28\x40" + cbor_bytes(digest)
        r, s = utils.decode_dss_signature(_sign(self.boot, signed))
        raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        block = bytearray(b"\xd2\x84\x43\xa1\x01\x28\xa0\xf6" + cbor_bytes(raw))
        self.hook(f"block {path}", block)
        auth = b"\x82" + cbor_bytes(digest) + cbor_bytes(bytes(block))
        return b"\xd8\x6b\xa2\x02" + cbor_bytes(auth) + b"\x03" + cbor_bytes(bytes(body))

    # --- the log ---

    def put_log(self, records, roles, out):
        """Returns the records under their names."""
        targets = {path: target for role in roles.values() for path, target in role["targets"].items()}
        leaves = []
        for index, record in enumerate(records):
            if record["kind"] in ("root", "emergency"):
                record["detail"] = sha256(out[record["what"]])
            if record["kind"] == "release" and record["what"] in targets:
                record["detail"] = log.release_detail(record["what"], targets[record["what"]])
            self.hook(f"record {index}", record)
            leaves.append(log.leaf_hash(bytes.fromhex(record["salt"]), bytes.fromhex(record["detail"])))
        self.hook("leaves", leaves)
        for index, record in enumerate(records):
            if record["kind"] == "release":
                out[f"log/proof/{record['detail']}"] = self.proof(leaves, record, index)
        out["log/checkpoint"] = self.checkpoint(leaves)
        out["log/leaves"] = b"".join(leaves)
        out[f"log/tile/0/000.p/{len(leaves)}"] = b"".join(leaves)
        return {record["detail"] + ".json": spelled(record) for record in records}

    def in_order(self):
        """The records, as their leaves stand in the log."""
        leaves = self.files["log/leaves"]
        def place(record):
            return leaves.index(log.leaf_hash(bytes.fromhex(record["salt"]), bytes.fromhex(record["detail"])))
        records = [json.loads(data) for data in self.records.values()]
        return sorted((record for record in records if self.stands(record)), key=place)

    def stands(self, record):
        """Of what changed since, a forged repository has the newest alone."""
        targets = self.roles["targets"]["targets"]
        return record["kind"] != "trust" or targets[record["what"]]["hashes"]["sha256"] == record["detail"]

    def checkpoint(self, leaves):
        root = base64.b64encode(log.tree_hash(leaves)).decode()
        text = f"{self.site['log_origin']}\n{len(leaves)}\n{root}\n"
        block = hashlib.sha256(spki(self.log_key.public_key())).digest()[:4] + _sign(self.log_key, text.encode())
        return f"{text}\n\u2014 {self.site['log_origin']} {base64.b64encode(block).decode()}\n".encode()

    def proof(self, leaves, record, index):
        path = [base64.b64encode(sibling).decode() for sibling in log_path(index, leaves)]
        salt = base64.b64encode(bytes.fromhex(record["salt"])).decode()
        head = "\n".join(["c2sp.org/tlog-proof@v1", f"extra {salt}", f"index {index}", *path])
        return head.encode() + b"\n\n" + self.checkpoint(leaves)


def log_path(index, leaves):
    """PATH of RFC 9162 section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    if index < half:
        return log_path(index, leaves[:half]) + [log.tree_hash(leaves[half:])]
    return log_path(index - half, leaves[half:]) + [log.tree_hash(leaves[:half])]
