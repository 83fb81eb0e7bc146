"""The spellings: strict JSON, its OLPC canonical form, keys and signatures, deterministic CBOR."""

import hashlib
import json
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

INTEGER_MAX = 2**53 - 1


class Bad(Exception):
    """What is not as the specification says."""


def need(condition, text):
    if not condition:
        raise Bad(text)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


# --- JSON -------------------------------------------------------------------------------------------------------------


def _members(pairs):
    found = dict(pairs)
    need(len(found) == len(pairs), "a member stands twice")
    return found


def _no_float(text):
    raise Bad(f"{text} is no integer")


def load(data, where):
    """A JSON value and nothing else, in the one spelling that sealift writes: printable ASCII, canonical."""
    need(all(0x20 <= byte <= 0x7E for byte in data), f"{where}: not printable ASCII")
    try:
        value = json.loads(data, object_pairs_hook=_members, parse_float=_no_float, parse_constant=_no_float)
    except ValueError as error:
        raise Bad(f"{where}: {error}") from error
    except Bad as error:
        raise Bad(f"{where}: {error}") from error
    need(data == spelled(value), f"{where}: not in canonical form")
    return value


def _quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def canonical(value):
    """The OLPC canonical form: what signatures and key ids cover."""
    if isinstance(value, dict):
        ordered = sorted((name.encode(), name) for name in value)
        return "{" + ",".join(_quoted(name) + ":" + canonical(value[name]) for _, name in ordered) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    if isinstance(value, str):
        return _quoted(value)
    return json.dumps(value)


def signed_bytes(value):
    return canonical(value).encode()


def spelled(value):
    """The file: the canonical form, but JSON wants the line ends of PEM keys as an escape."""
    return canonical(value).replace("\n", "\\n").encode()


# --- what members look like -------------------------------------------------------------------------------------------


def members(value, where, required, optional=()):
    need(isinstance(value, dict), f"{where}: no object")
    for name in required:
        need(name in value, f"{where}: no member {name}")
    for name in value:
        need(name in required or name in optional, f"{where}: unknown member {name}")
    return value


def integer(value, where, least=1, most=INTEGER_MAX):
    need(isinstance(value, int) and not isinstance(value, bool), f"{where}: no integer")
    need(least <= value <= most, f"{where}: {value} is out of range")
    return value


def text(value, where, pattern):
    need(isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII), f"{where}: {value!r} is malformed")
    return value


def hexadecimal(value, where, count=32):
    return text(value, where, "[0-9a-f]{%d}" % (2 * count))


def listed(value, where, most, least=1):
    need(isinstance(value, list) and least <= len(value) <= most, f"{where}: no list of {least} to {most}")
    return value


# --- keys and signatures ----------------------------------------------------------------------------------------------


def spki(key):
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def pem(key):
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def p256_of_pem(value, where):
    try:
        key = serialization.load_pem_public_key(value.encode())
    except (ValueError, AttributeError) as error:
        raise Bad(f"{where}: no public key in PEM") from error
    need(isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1", f"{where}: no P-256 key")
    need(pem(key) == value, f"{where}: the PEM is not spelled as OpenSSL does")
    return key


def p256_of_xy(xy):
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\4" + bytes.fromhex(xy))


def verifies(key, signature, data):
    try:
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


# --- CBOR (RFC 8949 section 4.2.1) ------------------------------------------------------------------------------------


class Tagged:
    def __init__(self, tag, value):
        self.tag, self.value = tag, value


class Cbor:
    """Decodes deterministic CBOR without floats; members of a map come as a list of pairs, in order."""

    def __init__(self, data, where):
        self.data, self.at, self.where = data, 0, where

    def take(self, count):
        need(self.at + count <= len(self.data), f"{self.where}: the CBOR ends early")
        self.at += count
        return self.data[self.at - count:self.at]

    def head(self):
        first = self.take(1)[0]
        major, short = first >> 5, first & 31
        if short < 24:
            return major, short
        need(short <= 27, f"{self.where}: CBOR of indefinite length")
        width = 1 << (short - 24)
        value = int.from_bytes(self.take(width), "big")
        shortest = 24 if width == 1 else 1 << (4 * width)
        need(value >= shortest, f"{self.where}: a CBOR number is longer than it needs to be")
        return major, value

    def pair(self):
        start = self.at
        self.value()
        encoded = self.data[start:self.at]
        return encoded, self.value()

    def value(self):
        major, argument = self.head()
        if major == 0:
            return argument
        if major == 1:
            return -1 - argument
        if major == 2:
            return self.take(argument)
        if major == 3:
            return self.take(argument).decode()
        if major == 4:
            return [self.value() for _ in range(argument)]
        if major == 5:
            pairs = [self.pair() for _ in range(argument)]
            ascending = all(a[0] < b[0] for a, b in zip(pairs, pairs[1:]))
            need(ascending, f"{self.where}: members of a CBOR map out of order")
            return {Cbor(key, self.where).value(): value for key, value in pairs}
        if major == 6:
            return Tagged(argument, self.value())
        need(argument == 22, f"{self.where}: CBOR simple value {argument}")
        return None


def cbor(data, where):
    reader = Cbor(data, where)
    value = reader.value()
    need(reader.at == len(data), f"{where}: bytes after the CBOR")
    return value


def cbor_sequence(data, where):
    reader = Cbor(data, where)
    values = []
    while reader.at < len(data):
        values.append(reader.value())
    return values


def cbor_bytes(data):
    """A byte string's head and content."""
    n = len(data)
    head = bytes([0x40 | n]) if n < 24 else bytes([0x58, n]) if n < 256 else b"\x59" + n.to_bytes(2, "big")
    return head + data
