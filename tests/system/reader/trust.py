"""What changes trust: protocol/trust-bundle.md, revocations.md, emergency.md."""

import base64
import re

from cryptography import x509

from .forms import hexadecimal, integer, listed, load, members, need, p256_of_xy, pem, sha256, signed_bytes, spki, text
from .tuf import Role, check_signatures, envelope, key_ring

ORIGIN = "[!-*,-~]{1,128}"


def check_targets(metadata, files):
    """The top-level targets list these two and nothing else; who reads an older role finds the older files."""
    lists = {"trust/bundle.json": [], "trust/revocations.json": []}
    for path, target in metadata.top_level_targets():
        need(path in lists, f"{path}: no target of the top-level role")
        need("custom" not in target, f"{path}: custom")
        digest = target["hashes"]["sha256"]
        where = f"targets/trust/{digest}.{path.split('/')[1]}"
        need(where in files, f"{path}: {where} is missing")
        length = len(files[where])
        need(length == target["length"], f"{where}: {length} bytes, {target['length']} are signed")
        need(sha256(files[where]) == digest, f"{where}: another SHA-256 than is signed")
        if not lists[path] or lists[path][-1][0] != where:
            lists[path].append((where, load(files[where], where)))
    check_bundles(lists["trust/bundle.json"])
    check_revocations(lists["trust/revocations.json"])
    return {where for found in lists.values() for where, _ in found}


def ascending(values, where):
    need(values == sorted(set(values)), f"{where}: not ascending")


def check_revocations(found):
    epoch, keys = 0, set()
    for where, value in found:
        members(value, where, ("epoch", "keys", "type", "version"))
        need(value["type"] == "revocations" and value["version"] == 1, f"{where}: type or version")
        need(integer(value["epoch"], f"{where} epoch") > epoch, f"{where}: the epoch does not rise")
        for key in listed(value["keys"], f"{where} keys", 256):
            hexadecimal(key, f"{where} key")
        ascending(value["keys"], f"{where} keys")
        need(keys <= set(value["keys"]), f"{where}: a revocation was taken back")
        epoch, keys = value["epoch"], set(value["keys"])


def certificates(values, where):
    for value in listed(values, where, 4):
        der = base64.b64decode(value, validate=True)
        need(base64.b64encode(der).decode() == value and len(der) <= 4096, f"{where}: malformed base64")
        need(x509.load_der_x509_certificate(der).version is x509.Version.v3, f"{where}: no X.509 v3")
    need(len(set(values)) == len(values), f"{where}: a certificate twice")


def check_bundles(found):
    sequence = 0
    for where, value in found:
        members(value, where, ("device_cas", "emergency", "log_policy", "logs", "sequence", "server_roots", "type",
                               "version", "witness_quorum", "witnesses"))
        need(value["type"] == "trust-bundle" and value["version"] == 1, f"{where}: type or version")
        need(integer(value["sequence"], f"{where} sequence") > sequence, f"{where}: the sequence does not rise")
        certificates(value["device_cas"], f"{where} device_cas")
        certificates(value["server_roots"], f"{where} server_roots")
        for key in listed(value["emergency"], f"{where} emergency", 3, 0):
            hexadecimal(key, f"{where} emergency")
        ascending(value["emergency"], f"{where} emergency")
        need(value["log_policy"] in ("none", "log", "witnesses"), f"{where}: log_policy")
        for log in listed(value["logs"], f"{where} logs", 2):
            members(log, f"{where} log", ("key", "origin"))
            p256_of_xy(hexadecimal(log["key"], f"{where} log", 64))
            text(log["origin"], f"{where} origin", ORIGIN)
        for witness in listed(value["witnesses"], f"{where} witnesses", 8, 0):
            members(witness, f"{where} witness", ("key", "name"))
            hexadecimal(witness["key"], f"{where} witness")
            text(witness["name"], f"{where} witness", ORIGIN)
        ascending([witness["name"] for witness in value["witnesses"]], f"{where} witnesses")
        quorum = integer(value["witness_quorum"], f"{where} quorum", 0, len(value["witnesses"]))
        need((quorum > 0) == bool(value["witnesses"]), f"{where}: quorum {quorum}")
        sequence = value["sequence"]


# --- emergency statements ---------------------------------------------------------------------------------------------


def key_object(key):
    return {"keytype": "ecdsa", "keyval": {"public": pem(key)}, "scheme": "ecdsa-sha2-nistp256"}


def holders(site):
    """Two of the three keys that devices have pinned, as a role has them."""
    objects = [key_object(p256_of_xy(xy)) for xy in site["emergency"]]
    ring = key_ring({sha256(signed_bytes(key)): key for key in objects}, "emergency keys")
    return Role("emergency", {"keyids": list(ring), "threshold": 2}, ring, "emergency")


def check_emergency(files, site, root):
    sequences = {}
    never = {sha256(spki(key)) for key in root.keys.values()}
    for name in sorted(name for name in files if name.startswith("emergency/")):
        parts = re.fullmatch(r"emergency/([a-z0-9-]+)/([1-9]\d*)\.json", name)
        need(parts, f"{name}: no name of a statement")
        value = envelope(files[name], name)
        check_signatures(value, [holders(site)], name)
        body = members(value["signed"], name, ("actions", "product", "sequence", "type", "version", "why"))
        need(body["type"] == "emergency" and body["version"] == 1, f"{name}: type or version")
        need(body["product"] == parts[1] and body["sequence"] == int(parts[2]), f"{name}: another product or sequence")
        text(body["why"], f"{name} why", "[ -~]{0,200}")
        check_actions(listed(body["actions"], f"{name} actions", 4), never, name)
        sequences.setdefault(parts[1], set()).add(int(parts[2]))
    for product, numbers in sequences.items():
        need(numbers == set(range(1, len(numbers) + 1)), f"emergency/{product}: a sequence number is left out")


def check_actions(actions, never, where):
    others = {"activate-standby": (), "authorise-recovery": ("image",), "raise-epoch": ("epoch",), "revoke": ("keys",)}
    ascending([action.get("action") for action in actions], f"{where} actions")
    for action in actions:
        need(action["action"] in others, f"{where}: action {action['action']}")
        members(action, where, ("action",) + others[action["action"]])
        if "image" in action:
            hexadecimal(action["image"], f"{where} image")
        if "epoch" in action:
            integer(action["epoch"], f"{where} epoch", 1, 2**21 - 1)
        for key in listed(action.get("keys", ["0" * 64]), f"{where} keys", 32):
            hexadecimal(key, f"{where} key")
            need(key not in never, f"{where}: revokes a key of root")
        ascending(action.get("keys", []), f"{where} keys")
