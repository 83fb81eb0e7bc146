"""repository.py SITE IMAGE...: the repository of a site, and of its forged copies, as the specifications read. TAP."""

import json
import os
import re
import stat
import sys
import time

from reader import suit
from reader.forge import Forge
from reader.forms import Bad, need, p256_of_xy, sha256
from reader.log import Log
from reader.release import Releases, check_plans, check_table
from reader.trust import check_emergency, check_targets
from reader.tuf import Metadata

# --- reading ----------------------------------------------------------------------------------------------------------


def read_folder(folder):
    files = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            need(stat.S_ISREG(os.lstat(path).st_mode), f"{path}: no plain file")
            with open(path, "rb") as file:
                files[os.path.relpath(path, folder)] = file.read()
    return files


class World:
    def __init__(self, site, images):
        self.files = read_folder(os.path.join(site, "repo"))
        self.records = read_folder(os.path.join(site, "records"))
        with open(os.path.join(site, "site.json"), "rb") as file:
            self.site = json.load(file)
        self.images = {sha256(data): data for data in images}

    def check(self, files, site, records):
        """The whole of it, in the order in which a device and then an auditor would look."""
        for name in files:
            place = name.split("/")[0]
            need(place in ("metadata", "targets", "objects", "log", "emergency"), f"{name}: nothing that is published")
        metadata = Metadata(files, time.time())
        self.policy(metadata, site)
        releases = Releases(metadata, files, site, self.images)
        plans, trust = check_plans(metadata, files, releases), check_targets(metadata, files)
        for name in files:
            need(not name.startswith("targets/") or name in plans | trust, f"{name}: a target that no role lists")
        check_emergency(files, site, metadata.roles["root"])
        log = Log(files, site, metadata, releases, records)
        return {"roles": len(metadata.snapshot), "snapshots": len(metadata.snapshots), "files": len(metadata.read),
                "releases": len(releases.targets), "plans": len(plans), "changes of trust": len(trust),
                "leaves": log.size}

    def policy(self, metadata, site):
        """Who signs what, as the architecture promises it: the specification leaves that open."""
        numbers = {name: (role.threshold, len(role.keys)) for name, role in metadata.roles.items()}
        wanted = {"root": (3, 5), "targets": (2, 3), "snapshot": (1, 1), "timestamp": (1, 1)}
        need(numbers == wanted, f"policy: {numbers}")
        products = [product["name"] for product in site["products"]]
        names = [name for product in products for name in (f"p/{product}", f"plans/{product}")] + ["directive"]
        need(list(metadata.delegations) == names, f"policy: delegations {list(metadata.delegations)}")
        for name, role in metadata.delegations.items():
            want = (2, 3) if name.startswith("plans/") else (1, 1)
            need((role.threshold, len(role.keys)) == want, f"policy: {name} {role.threshold} of {len(role.keys)}")


# --- changes, each with what must be said of it -----------------------------------------------------------------------

P, PLANS = "p/edge", "plans/edge"
IMAGE, RETURN = "p/edge/1.1/image", "p/edge/1.1/return"


def put(*path, value):
    """A change that sets the member at this path."""
    def change(thing):
        for name in path[:-1]:
            thing = thing[name]
        thing[path[-1]] = value
    return change


def drop(*path):
    def change(thing):
        for name in path[:-1]:
            thing = thing[name]
        del thing[path[-1]]
    return change


def flip(name, at=-2):
    """One bit of a file."""
    def change(files):
        found = next(key for key in files if re.fullmatch(name, key))
        data = bytearray(files[found])
        data[at] ^= 1
        files[found] = bytes(data)
    return change


def edit(name, old, new):
    def change(files):
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)
    return change


def swap_first(*path):
    def change(thing):
        for name in path:
            thing = thing[name]
        thing[0], thing[1] = thing[1], thing[0]
    return change


def double_key(root):
    """One key under two ids: the second has another member."""
    key = dict(root["keys"][root["roles"]["root"]["keyids"][0]], x="1")
    root["keys"]["0" * 64] = key
    root["roles"]["root"]["keyids"].append("0" * 64)


def twice(value):
    value["signatures"].append(value["signatures"][0])


def cut_signature(value):
    value["signatures"].pop()


def flip_signature(value):
    sig = value["signatures"][0]["sig"]
    value["signatures"][0]["sig"] = sig[:-1] + ("0" if sig[-1] != "0" else "1")


def foreign_target(body):
    body["targets"]["p/meter/1.0/image"] = body["targets"].pop(RETURN)


def set_byte(at, value):
    def change(data):
        data[at] = value
    return change


def flip_after(mark):
    def change(data):
        data[data.index(mark) + len(mark)] ^= 1
    return change


def set_bytes(old, new):
    def change(data):
        at = data.index(old)
        data[at:at + len(old)] = new
    return change


def lose(folder):
    """A file below this folder."""
    return lambda files: files.pop(next(name for name in files if name.startswith(folder)))


def keyid_of(root, role):
    return root["roles"][role]["keyids"][0]


def swap_leaves(leaves):
    leaves[1], leaves[2] = leaves[2], leaves[1]


MUTATIONS = [
    # the files themselves
    ("a flipped bit in root", "files", flip("metadata/1.root.json"), "signature|JSON|canonical|delimiter"),
    ("a flipped bit in a product role", "files", flip(r"metadata/\d+.p%2Fedge.json", 90), "SHA-256"),
    ("a byte at the end", "files", edit("metadata/timestamp.json", b'"}}', b'"}}\n'), "ASCII"),
    ("white space", "files", edit("metadata/timestamp.json", b'"signed":{', b'"signed": {'), "canonical"),
    ("members out of order", "files", edit("metadata/timestamp.json", b'{"sig', b'{"x":1,"sig'), "canonical"),
    ("a member twice", "files", edit("metadata/timestamp.json", b'"signed":{', b'"signed":{"_type":1,'), "twice"),
    ("a float", "files", edit("metadata/timestamp.json", b'"length":', b'"length":1.'), "is no integer"),
    ("a file that nothing names", "files", lambda f: f.update({"metadata/9.targets.json": b"{}"}), "no metadata names"),
    ("a snapshot of tomorrow", "files", lambda f: f.update({"metadata/99.snapshot.json": b"{}"}), "newest snapshot"),
    ("another folder", "files", lambda f: f.update({"private/key": b"x"}), "nothing that is published"),
    # envelopes
    ("a root signature less", "envelope root", cut_signature, "threshold is 3"),
    ("a signature twice", "envelope root", twice, "two signatures of one key id"),
    ("a wrong signature", "envelope timestamp", flip_signature, "wrong signature|hex"),
    ("a targets signature less", "envelope targets", cut_signature, "threshold is 2"),
    ("an approver less", f"envelope {PLANS}", cut_signature, "threshold is 2"),
    ("a signature with an unknown member", "envelope snapshot", put("signatures", 0, "x", value=1), "unknown member x"),
    ("an envelope with an unknown member", "envelope snapshot", put("x", value=1), "unknown member x"),
    # root
    ("root: threshold 0", "root", put("roles", "root", "threshold", value=0), "out of range"),
    ("root: threshold true", "root", put("roles", "root", "threshold", value=True), "no integer"),
    ("root: threshold over its keys", "root", put("roles", "timestamp", "threshold", value=2), "out of range"),
    ("root: one root key is enough", "root", put("roles", "root", "threshold", value=1), "policy"),
    ("root: a key under two ids", "root", double_key, "unknown member|key id"),
    ("root: a key id that is not its key's", "root",
     lambda r: r["keys"].update({keyid_of(r, "snapshot"): r["keys"][keyid_of(r, "timestamp")]}), "not the SHA-256"),
    ("root: a key that no role uses", "root", lambda r: r["roles"]["root"]["keyids"].pop(), "no role uses"),
    ("root: an undefined key id", "root", lambda r: r["roles"]["root"]["keyids"].append("0" * 64), "not defined"),
    ("root: a key id twice", "root", lambda r: r["roles"]["root"]["keyids"].append(keyid_of(r, "root")),
     "stands twice"),
    ("root: a fifth role", "root", lambda r: r["roles"].update(mirrors=r["roles"]["root"]), "unknown member mirrors"),
    ("root: not consistent", "root", put("consistent_snapshot", value=False), "consistent_snapshot"),
    ("root: another version than its name", "root", put("version", value=2), "version 2"),
    ("root: an unknown member", "root", put("x", value=1), "unknown member x"),
    ("root: another specification", "root", put("spec_version", value="1.0"), "spec_version"),
    ("root: expired", "root", put("expires", value="2020-01-01T00:00:00Z"), "expired"),
    ("root: for ten years", "root", put("expires", value="2037-01-01T00:00:00Z"), "later than its role may"),
    ("root: another spelling of a time", "root", put("expires", value="2037-01-01 00:00:00Z"), "malformed"),
    ("root: no such day", "root", put("expires", value="2027-02-30T00:00:00Z"), "no time"),
    ("root: _type", "root", put("_type", value="targets"), "_type"),
    # timestamp and snapshot
    ("timestamp: another file", "timestamp", put("meta", "targets.json", value={}), "unknown member targets"),
    ("timestamp: a wrong length", "timestamp", put("meta", "snapshot.json", "length", value=17), "17 are signed"),
    ("timestamp: a wrong hash", "timestamp", put("meta", "snapshot.json", "hashes", "sha256", value="0" * 64),
     "another SHA-256"),
    ("timestamp: issued tomorrow", "timestamp", put("x-issued", value="2036-01-01T00:00:00Z"), "in the future"),
    ("timestamp: version 0", "timestamp", put("version", value=0), "out of range"),
    ("timestamp: version 2^53", "timestamp", put("version", value=2**53), "out of range"),
    ("snapshot: a role is not listed", "snapshot", drop("meta", f"{P}.json"), "not listed"),
    ("snapshot: no targets", "snapshot", drop("meta", "targets.json"), "not listed"),
    ("snapshot: another version of a role", "snapshot", put("meta", f"{P}.json", "version", value=77), "missing"),
    ("snapshot: a wrong length", "snapshot", put("meta", f"{P}.json", "length", value=17), "17 are signed"),
    ("snapshot: a role without a hash", "snapshot", drop("meta", f"{P}.json", "hashes"), "no member hashes"),
    ("snapshot: another algorithm", "snapshot", put("meta", f"{P}.json", "hashes", value={"md5": "00"}), "sha256"),
    # delegations
    ("delegations: order", "targets", swap_first("delegations", "roles"), "policy"),
    ("delegations: not terminating", "targets", put("delegations", "roles", 0, "terminating", value=False),
     "not terminating"),
    ("delegations: a path of all", "targets", put("delegations", "roles", 0, "paths", value=["*/*/*/*"]),
     "has the paths"),
    ("delegations: path_hash_prefixes", "targets", put("delegations", "roles", 0, "path_hash_prefixes", value=[]),
     "unknown member"),
    ("delegations: a name twice", "targets", put("delegations", "roles", 1, "name", value=P), "stands twice"),
    ("delegations: a top-level name", "targets", put("delegations", "roles", 0, "name", value="snapshot"),
     "stands twice"),
    ("delegations: one approver is enough", "targets", put("delegations", "roles", 1, "threshold", value=1), "policy"),
    # targets and releases
    ("targets: a path of another role", P, foreign_target, "not delegated"),
    ("targets: a path that climbs", P, lambda b: b["targets"].update({"p/edge/../image": b["targets"][IMAGE]}),
     "path p/edge/../image"),
    ("targets: a wrong length", P, put("targets", IMAGE, "length", value=17), "another size|bytes"),
    ("targets: a length of -1", P, put("targets", IMAGE, "length", value=-1), "out of range"),
    ("targets: an unknown member", P, put("targets", IMAGE, "x", value=1), "unknown member x"),
    ("release: an unknown member", P, put("targets", IMAGE, "custom", "x", value=1), "unknown member x"),
    ("release: another product", P, put("targets", IMAGE, "custom", "product", value="meter"), "of product meter"),
    ("release: another version", P, put("targets", IMAGE, "custom", "version", value="1.2"), "version 1.2"),
    ("release: another hardware", P, put("targets", IMAGE, "custom", "compatible", 0, "class", value="0" * 32),
     "other hardware"),
    ("release: not the manifest's counter", P, put("targets", "p/edge/1.0/image", "custom", "counter", value=2),
     "another counter"),
    ("release: an unknown policy", P, put("targets", IMAGE, "custom", "log", value="maybe"), "policy"),
    ("return: a lower counter", P, put("targets", RETURN, "custom", "counter", value=1), "does not follow"),
    ("return: another image", P, put("targets", RETURN, "hashes", "sha256", value="0" * 64), "another image"),
    ("return: nobody names it", P, drop("targets", IMAGE, "custom", "return"), "no release names it"),
    ("release: vanished", P, lambda b: (b["targets"].pop(IMAGE), b["targets"].pop(RETURN)), "no release names"),
    ("an object is altered", "files", flip("objects/.*"), "has another SHA-256"),
    ("an object is missing", "files", lose("objects/"), "missing"),
    ("an object too many", "files", lambda f: f.update({"objects/" + sha256(b"x"): b"x"}), "no release names"),
    # plans
    ("a plan is altered", "files", flip("targets/plans/edge/.*"), "another SHA-256"),
    ("a plan is missing", "files", lose("targets/"), "is missing"),
    ("a plan too many", "files", lambda f: f.update({"targets/plans/edge/x.json": b"{}"}), "no role lists"),
    # what changes trust
    ("revocations: altered", "files", flip("targets/trust/.*revocations.json"), "another SHA-256"),
    ("targets: another path of the top level", "targets",
     lambda b: b["targets"].update({"trust/x.json": b["targets"]["trust/bundle.json"]}), "no target of the top-level"),
    ("emergency: one holder", "envelope emergency", cut_signature, "threshold is 2"),
    ("emergency: another product", "emergency", put("product", value="meter"), "another product"),
    ("emergency: a fifth action", "emergency", put("actions", 0, "action", value="add-key"), "action add-key"),
    ("emergency: an unknown member", "emergency", put("x", value=1), "unknown member x"),
    ("emergency: keys out of order", "emergency", put("actions", 0, "keys", value=["1" * 64, "0" * 64]),
     "not ascending"),
    ("emergency: a number left out", "files", lambda f: f.update({"emergency/edge/3.json": f["emergency/edge/1.json"]}),
     "another product or sequence"),
    ("emergency: it vanished", "files", lose("emergency/"), "is not published"),
    # boot manifests
    ("manifest: another image", f"manifest {IMAGE}", flip_after(b"\x03\x58\x24\x82\x2f\x58\x20"), "another image"),
    ("manifest: another vendor", f"manifest {IMAGE}", flip_after(b"\xa4\x01\x50"), "another vendor"),
    ("manifest: version 2", f"manifest {IMAGE}", set_byte(2, 2), "manifest version 2"),
    ("manifest: another component", f"manifest {IMAGE}", set_bytes(b"slot", b"boot"), "component"),
    ("manifest: another algorithm", f"block {IMAGE}", set_byte(5, 0x26), "not ESP256"),
    ("manifest: an attached payload", f"block {IMAGE}", set_byte(7, 0x40), "not a detached"),
    ("manifest: a wrong signature", f"block {IMAGE}", lambda b: b.__setitem__(-1, b[-1] ^ 1), "boot key did not sign"),
    # the log
    ("log: two leaves change places", "leaves", swap_leaves, "lead to the root"),
    ("log: a leaf is another", "leaves", lambda leaves: leaves.__setitem__(1, bytes(32)), "no such leaf"),
    ("log: a leaf stands twice", "leaves", lambda leaves: leaves.append(leaves[1]), "records, "),
    ("log: one leaf in the place of another", "leaves", lambda leaves: leaves.__setitem__(1, leaves[2]),
     "no such leaf"),
    ("log: a record is missing", "records", lambda records: records.popitem(), "records, "),
    ("log: another detail", "record 1", put("detail", value="0" * 64), "another detail"),
    ("log: an entry of nothing", "record 1", put("what", value="p/edge/0.9/image"), "is not published"),
    ("log: a flipped checkpoint", "files", flip("log/checkpoint", 30), "wrong signature|no checkpoint|base64|number"),
    ("log: a flipped tile", "files", flip(r"log/tile/.*"), "another root|not the leaves"),
    ("log: a tile is missing", "files", lose("log/tile/"), "is missing"),
    ("log: a tile of the past is another", "files", lambda f: f.update({"log/tile/0/000.p/1": bytes(32)}),
     "not a beginning"),
    ("log: a proof is missing", "files", lose("log/proof/"), "is missing"),
    ("log: a flipped proof", "files", flip(r"log/proof/.*", 40), "does not lead|base64|salt|ASCII"),
]

# --- TAP --------------------------------------------------------------------------------------------------------------


class Tap:
    def __init__(self):
        self.count = 0

    def line(self, good, text, why=""):
        self.count += 1
        print(f"{'ok' if good else 'not ok'} {self.count} - {text}" + (f"\n# {why}" if why else ""), flush=True)


def unnoticed(data, check):
    """The bytes of which a flipped bit goes unnoticed."""
    found = []
    for at in range(len(data)):
        try:
            check(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1:])
            found.append(at)
        except (Bad, ValueError, TypeError, IndexError, AttributeError):
            pass
    return found


def binary_forms(world, tap):
    """A table and a boot manifest, byte by byte."""
    metadata = Metadata(world.files, time.time())
    target = metadata.delegated[P]["targets"][IMAGE]
    table, payload, manifest = (world.files["objects/" + target["custom"][name]["sha256"]]
                                for name in ("table", "payload", "manifest"))
    image = world.images[target["hashes"]["sha256"]]
    key = p256_of_xy(world.site["boot_keys"][0])
    for name, data, check in (("table", table, lambda data: check_table(data, payload, image, "table")),
                              ("manifest", manifest, lambda data: suit.read(data, key, "manifest"))):
        found = unnoticed(data, check)
        why = f"not at {found}" if found else ""
        tap.line(not found, f"noticed: any flipped byte of a {name} of {len(data)} bytes", why)


def main(site, images):
    tap = Tap()
    world = World(site, [open(image, "rb").read() for image in images])
    try:
        found = world.check(world.files, world.site, world.records)
        tap.line(True, "what sealift wrote is what the specifications say: " +
                 ", ".join(f"{count} {name}" for name, count in found.items()))
    except Bad as error:
        tap.line(False, "what sealift wrote is what the specifications say", str(error))
    forge = Forge(world.files, world.site, world.records)
    for name, stage, change, expected in [("a copy under other keys is good", None, None, None), *MUTATIONS]:
        said = ""
        try:
            world.check(*forge.make(stage, change))
        except Bad as error:
            said = str(error)
        good = re.search(expected, said) is not None and said != "" if expected else said == ""
        tap.line(good, f"noticed: {name}" if expected else name, "" if good else f"said '{said}', wanted '{expected}'")
    binary_forms(world, tap)
    print(f"1..{tap.count}")


main(sys.argv[1], sys.argv[2:])
