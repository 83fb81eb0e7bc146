"""Releases, their objects and plans: protocol/release.md, segments.md, plan.md."""

import re

from . import suit
from .forms import hexadecimal, integer, listed, load, members, need, p256_of_xy, sha256, text
from .tuf import time_of

WORD = "[A-Za-z0-9][A-Za-z0-9._-]*"
VERSION = r"[A-Za-z0-9._+-]{1,64}"
ZSTD_MAGIC = bytes.fromhex("28b52ffd")


class Releases:
    """All releases of all product roles, with what they name on disk."""

    def __init__(self, metadata, files, site, images):
        self.files, self.site, self.images, self.named = files, site, images, set()
        self.targets = {}
        for name, body in metadata.delegated.items():
            if name.startswith("p/"):
                self.targets.update(body["targets"])
        for path, target in self.targets.items():
            self.check(path, target)
        for name in files:
            need(not name.startswith("objects/") or name in self.named, f"{name}: an object that no release names")

    def object(self, value, where):
        members(value, where, ("bytes", "sha256"))
        name = "objects/" + hexadecimal(value["sha256"], where)
        need(name in self.files, f"{where}: {name} is missing")
        self.named.add(name)
        data = self.files[name]
        need(len(data) == integer(value["bytes"], where), f"{where}: {name} has {len(data)} bytes")
        need(sha256(data) == value["sha256"], f"{where}: {name} has another SHA-256")
        return data

    def check(self, path, target):
        parts = re.fullmatch(f"p/([a-z0-9-]{{1,32}})/({VERSION})/(image|return)", path)
        need(parts, f"{path}: no path of a release")
        is_return = parts[3] == "return"
        custom = members(target.get("custom"), path, ("build_id", "compatible", "counter", "format", "log", "manifest",
                                                      "payload", "product", "proof", "table", "type", "version"),
                         () if is_return else ("return",))
        need(custom["type"] == "release" and custom["format"] == 1, f"{path}: type or format")
        need(custom["product"] == parts[1], f"{path}: of product {custom['product']}")
        need(custom["log"] in ("none", "log", "witnesses"), f"{path}: policy of the log")
        need(custom["proof"] in ("none", "signed", "attested"), f"{path}: policy of proof")
        text(custom["build_id"], f"{path} build_id", "[ -~]{0,128}")
        text(custom["version"], f"{path} version", VERSION)
        integer(custom["counter"], f"{path} counter")
        if is_return:
            self.check_return(path, target)
        else:
            need(custom["version"] == parts[2], f"{path}: version {custom['version']}")
        self.check_hardware(path, custom)
        self.check_manifest(path, target)
        self.check_payload(path, target)

    def check_hardware(self, path, custom):
        product = next((p for p in self.site["products"] if p["name"] == custom["product"]), None)
        need(product is not None, f"{path}: a product that is not the site's")
        for entry in listed(custom["compatible"], f"{path} compatible", 8):
            members(entry, f"{path} compatible", ("class", "vendor"))
            need(entry == {"class": product["class_id"], "vendor": product["vendor_id"]}, f"{path}: other hardware")

    def check_return(self, path, target):
        """The return release is the previous image under the next counter; the release names it."""
        custom = target["custom"]
        release = self.targets.get(path[:-len("return")] + "image")
        need(release is not None and release["custom"].get("return") == path, f"{path}: no release names it")
        follows = custom["counter"] == release["custom"]["counter"] + 1
        need(follows, f"{path}: its counter does not follow the release's")
        previous = self.targets.get(f"p/{custom['product']}/{custom['version']}/image")
        need(previous is not None, f"{path}: goes back to a release that is not published")
        need(target["hashes"] == previous["hashes"], f"{path}: another image")
        need(target["length"] == previous["length"], f"{path}: another length")
        for name in ("table", "payload"):
            need(custom[name] == previous["custom"][name], f"{path}: another {name} than the image has")

    def check_manifest(self, path, target):
        custom = target["custom"]
        where = f"{path} manifest"
        found = suit.read(self.object(custom["manifest"], where), p256_of_xy(self.site["boot_keys"][0]), where)
        need(found["sequence"] == custom["counter"], f"{path}: the manifest has another counter")
        need(found["vendor"] == custom["compatible"][0]["vendor"], f"{path}: the manifest has another vendor")
        need(found["class"] == custom["compatible"][0]["class"], f"{path}: the manifest has another class")
        need(found["image"] == target["hashes"]["sha256"], f"{path}: the manifest has another image")
        need(found["bytes"] == target["length"], f"{path}: the manifest has another size")

    def check_payload(self, path, target):
        image = self.images.get(target["hashes"]["sha256"])
        need(image is not None, f"{path}: nobody packed this image")
        need(len(image) == target["length"], f"{path}: the image has {len(image)} bytes")
        table = self.object(target["custom"]["table"], f"{path} table")
        payload = self.object(target["custom"]["payload"], f"{path} payload")
        check_table(table, payload, image, f"{path} table")


def check_table(table, payload, image, where):
    need(table[:8] == b"SLST\1\0\0\0", f"{where}: no table of version 1")
    size = int.from_bytes(table[8:12], "big")
    need(size in [1 << n for n in range(12, 21)], f"{where}: segments of {size} bytes")
    need(int.from_bytes(table[12:20], "big") == len(image), f"{where}: another length")
    need(table[20:52].hex() == sha256(image), f"{where}: another image")
    segments = [image[at:at + size] for at in range(0, len(image), size)]
    need(int.from_bytes(table[52:56], "big") == len(segments), f"{where}: not {len(segments)} segments")
    at = 56
    for segment in segments:
        op = table[at]
        need(op in (0, 1), f"{where}: operation {op}")
        need(table[at + 1:at + 33].hex() == sha256(segment), f"{where}: a segment of another result")
        at += 33
        if op == 0:
            need(not any(segment), f"{where}: ZERO, and the segment is not")
            continue
        offset, count = int.from_bytes(table[at:at + 8], "big"), int.from_bytes(table[at + 8:at + 12], "big")
        frame = payload[offset:offset + count]
        need(len(frame) == count and count > 0, f"{where}: a segment outside the payload")
        need(table[at + 12:at + 44].hex() == sha256(frame), f"{where}: other travelling bytes")
        need(frame[:4] == ZSTD_MAGIC, f"{where}: no zstd frame")
        at += 44
    need(at == len(table), f"{where}: bytes after the last record")


# --- plans ------------------------------------------------------------------------------------------------------------


def check_plans(metadata, files, releases):
    """The names of the plans' files."""
    expected = set()
    for name, body in metadata.delegated.items():
        if not name.startswith("plans/"):
            continue
        for path, target in body["targets"].items():
            folder, base = path.rsplit("/", 1)
            where = f"targets/{folder}/{target['hashes']['sha256']}.{base}"  # the name in a consistent snapshot
            need(where in files, f"{path}: {where} is missing")
            length = len(files[where])
            need(length == target["length"], f"{where}: {length} bytes, {target['length']} are signed")
            need(sha256(files[where]) == target["hashes"]["sha256"], f"{where}: another SHA-256 than is signed")
            need("custom" not in target, f"{path}: custom")
            check_plan(load(files[where], where), path, releases, where)
            expected.add(where)
    return expected


def check_plan(plan, path, releases, where):
    members(plan, where, ("gate", "name", "product", "release", "salt", "stages", "type", "version"), ("return",))
    need(plan["type"] == "plan" and plan["version"] == 1, f"{where}: type or version")
    need(path == f"plans/{plan['product']}/{plan['name']}.json", f"{where}: named {plan['name']} of {plan['product']}")
    hexadecimal(plan["salt"], f"{where} salt")
    check_gate(plan["gate"], where)
    members(plan["release"], f"{where} release", ("counter", "image", "path"))
    need(names_release(plan["release"], "image", releases), f"{where}: another release than is listed")
    if "return" in plan:
        members(plan["return"], f"{where} return", ("counter", "image", "path", "until"))
        time_of(plan["return"]["until"], f"{where} until")
        need(names_release(plan["return"], "return", releases), f"{where}: another return release than is listed")
        need(plan["return"]["counter"] > plan["release"]["counter"], f"{where}: the way back has a lower counter")
    stages = listed(plan["stages"], f"{where} stages", 16)
    need(len({stage["name"] for stage in stages}) == len(stages), f"{where}: two stages of one name")
    for stage in stages:
        check_stage(stage, f"{where} stage")


def names_release(value, kind, releases):
    target = releases.targets.get(value["path"])
    if target is None or not value["path"].endswith("/" + kind):
        return False
    return value["counter"] == target["custom"]["counter"] and value["image"] == target["hashes"]["sha256"]


def check_gate(gate, where):
    bounds = {"alpha_ppm": (1, 500000), "beta_ppm": (1, 500000), "coverage_percent": (0, 100),
              "in_flight": (1, 1000000), "p0_ppm": (1, 250000), "report_expected_s": (1, 2592000),
              "soak_s": (0, 2592000)}
    members(gate, f"{where} gate", bounds)
    for name, (least, most) in bounds.items():
        integer(gate[name], f"{where} {name}", least, most)


def check_stage(stage, where):
    members(stage, where, ("earliest", "from_bp", "name", "to_bp"), ("devices", "group"))
    text(stage["name"], f"{where} name", WORD)
    time_of(stage["earliest"], f"{where} earliest")
    start, end = integer(stage["from_bp"], where, 0, 9999), integer(stage["to_bp"], where, 1, 10000)
    need(start < end, f"{where}: an empty range")
    if "devices" in stage:
        devices = listed(stage["devices"], f"{where} devices", 1024)
        need(devices == sorted(set(devices)), f"{where}: devices are not in ascending order")
        for device in devices:
            text(device, f"{where} device", WORD)
    if "group" in stage:
        need(1 <= len(stage["group"]) <= 4, f"{where}: a group of {len(stage['group'])} attributes")
        for name, value in stage["group"].items():
            text(name, f"{where} group", "[a-z0-9-]+")
            text(value, f"{where} group", WORD)
