"""The transparency log: RFC 9162 section 2.1, C2SP tlog-tiles, tlog-checkpoint, signed-note, tlog-proof."""

import base64
import binascii
import hashlib
import re

from .forms import Bad, load, members, need, p256_of_xy, sha256, signed_bytes, spki, verifies

LEAF = b"sealift/leaf/v1\n"


def _hash(data):
    return hashlib.sha256(data).digest()


def leaf_hash(salt, detail):
    return _hash(b"\0" + LEAF + salt + detail)


def tree_hash(leaves):
    """MTH of RFC 9162, over leaf hashes."""
    if not leaves:
        return _hash(b"")
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return _hash(b"\1" + tree_hash(leaves[:half]) + tree_hash(leaves[half:]))


def climb(leaf, index, size, path):
    """RFC 9162 section 2.1.3.2: the root to which an inclusion path leads."""
    fn, sn, found = index, size - 1, leaf
    for sibling in path:
        need(sn > 0, "the path is too long")
        if fn & 1 or fn == sn:
            found = _hash(b"\1" + sibling + found)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = _hash(b"\1" + found + sibling)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "the path is too short")
    return found


def unbase64(text, where, size=None):
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Bad(f"{where}: no base64") from error
    need(base64.b64encode(data).decode() == text and size in (None, len(data)), f"{where}: malformed base64")
    return data


def number(text, where):
    need(re.fullmatch("0|[1-9][0-9]{0,18}", text), f"{where}: {text} is no number")
    return int(text)


class Log:
    def __init__(self, files, site, metadata, releases, records):
        self.files, self.site = files, site
        self.key = p256_of_xy(site["log_key"])
        self.size, self.root = self.checkpoint(files.get("log/checkpoint", b""), "log/checkpoint")
        self.leaves = self.read_tiles()
        need(tree_hash(self.leaves) == self.root, "log/checkpoint: the leaves have another root")
        need(files.get("log/leaves") == b"".join(self.leaves), "log/leaves: not the leaves of the tiles")
        self.check_records(records, metadata, releases)
        self.check_proofs(releases)

    def checkpoint(self, data, where):
        try:
            note = data.decode()
        except UnicodeDecodeError as error:
            raise Bad(f"{where}: no UTF-8") from error
        text, _, signatures = note.partition("\n\n")
        lines = text.split("\n")
        need(len(lines) == 3 and lines[0] == self.site["log_origin"], f"{where}: no checkpoint of this log")
        lines_signed = re.fullmatch("\u2014 ([^ \n]+) ([^ \n]+)\n", signatures)
        need(lines_signed and lines_signed[1] == lines[0], f"{where}: not one signature of the log's name")
        signature = unbase64(lines_signed[2], where)
        need(signature[:4] == _hash(spki(self.key))[:4], f"{where}: another key id")
        need(verifies(self.key, signature[4:], text.encode() + b"\n"), f"{where}: a wrong signature")
        return number(lines[1], where), unbase64(lines[2], where, 32)

    # --- tiles ---

    def tile_name(self, level, index, width):
        groups = [f"{index % 1000:03d}"]
        while index >= 1000:
            index //= 1000
            groups.insert(0, f"x{index % 1000:03d}")
        return f"log/tile/{level}/" + "/".join(groups) + ("" if width == 256 else f".p/{width}")

    def read_level(self, level, count):
        hashes = []
        for index in range(-(-count // 256)):
            width = min(256, count - index * 256)
            name = self.tile_name(level, index, width)
            data = self.files.get(name)
            need(data is not None, f"{name} is missing")
            need(len(data) == 32 * width, f"{name}: {len(data)} bytes")
            hashes += [data[at:at + 32] for at in range(0, len(data), 32)]
        return hashes

    def read_tiles(self):
        """Level 0 gives the leaves; each level above must follow from them, and so must the partial tiles of before."""
        levels = [self.read_level(0, self.size)]
        while len(levels[-1]) >= 256:
            levels.append(self.read_level(len(levels), len(levels[-1]) // 256))
            below = levels[-2]
            for index, found in enumerate(levels[-1]):
                follows = found == tree_hash(below[index * 256:index * 256 + 256])
                need(follows, f"tile level {len(levels) - 1}: a wrong hash")
        for name, data in self.files.items():
            if name.startswith("log/tile/"):
                self.check_tile(name, data, levels)
        return levels[0]

    def check_tile(self, name, data, levels):
        parts = re.fullmatch(r"log/tile/(\d+)/((?:x\d{3}/)*\d{3})(?:\.p/(\d+))?", name)
        need(parts, f"{name}: no name of a tile")
        level, index, width = int(parts[1]), int(re.sub("[x/]", "", parts[2])), int(parts[3] or 256)
        need(name == self.tile_name(level, index, width) and 1 <= width <= 256, f"{name}: no name of a tile")
        known = levels[level][index * 256:index * 256 + width] if level < len(levels) else []
        need(len(known) == width and data == b"".join(known), f"{name}: not a beginning of the tile")

    # --- entries ---

    def check_records(self, records, metadata, releases):
        """The operator's records explain every leaf, and every release, plan and root has one."""
        need(len(records) == self.size, f"{len(records)} records, {self.size} leaves")
        known = {("root", name, sha256(data)) for name, data in self.files.items() if name.endswith(".root.json")}
        known |= {("emergency", name, sha256(data)) for name, data in self.files.items()
                  if name.startswith("emergency/")}
        known |= {("trust", path, target["hashes"]["sha256"]) for path, target in metadata.top_level_targets()}
        known |= {("release", path, release_detail(path, target)) for path, target in releases.targets.items()}
        for name, body in metadata.delegated.items():
            if name.startswith("plans/"):
                known |= {("plan", path, target["hashes"]["sha256"]) for path, target in body["targets"].items()}
        seen, places, whats = set(), set(), {(kind, what) for kind, what, _ in known}
        for name, data in records.items():
            where = f"records/{name}"
            record = members(load(data, where), where, ("detail", "kind", "salt", "time", "what", "who", "why"))
            need(name == record["detail"] + ".json", f"{where}: of another detail")
            leaf = leaf_hash(bytes.fromhex(record["salt"]), bytes.fromhex(record["detail"]))
            need(leaf in self.leaves, f"{where}: no such leaf")
            need((record["kind"], record["what"]) in whats, f"{where}: {record['what']} is not published")
            entry = record["kind"], record["what"], record["detail"]
            need(entry in known, f"{where}: another detail than is published")
            seen.add(entry)
            places.add(self.leaves.index(leaf))
        need(len(places) == self.size, f"{self.size - len(places)} leaves that no record explains")
        need(seen == known, f"not logged: {sorted(known - seen)}")

    def check_proofs(self, releases):
        expected = set()
        for path, target in releases.targets.items():
            detail = release_detail(path, target)
            name = f"log/proof/{detail}"
            need(name in self.files, f"{path}: {name} is missing")
            self.check_proof(name, bytes.fromhex(detail))
            expected.add(name)
        for name in self.files:
            need(not name.startswith("log/proof/") or name in expected, f"{name}: a proof of nothing that is listed")

    def check_proof(self, name, detail):
        head, _, note = self.files[name].partition(b"\n\n")
        lines = head.decode("ascii", "replace").split("\n")
        need(len(lines) >= 3 and lines[0] == "c2sp.org/tlog-proof@v1", f"{name}: no tlog-proof")
        need(lines[1].startswith("extra ") and lines[2].startswith("index "), f"{name}: no salt or index")
        salt, index = unbase64(lines[1][6:], name, 32), number(lines[2][6:], name)
        size, root = self.checkpoint(note, name)
        need(index < size <= self.size, f"{name}: leaf {index} of {size}")
        need(tree_hash(self.leaves[:size]) == root, f"{name}: a checkpoint of another log")
        try:
            found = climb(leaf_hash(salt, detail), index, size, [unbase64(line, name, 32) for line in lines[3:]])
        except Bad as error:
            raise Bad(f"{name}: {error}") from error
        need(found == root, f"{name}: the path does not lead to the root")


def release_detail(path, target):
    return sha256(signed_bytes({**target, "path": path}))
