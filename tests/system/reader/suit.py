"""A boot manifest: the SUIT envelope of protocol/boot-manifest.md, with its COSE_Sign1 (RFC 9052)."""

from cryptography.hazmat.primitives.asymmetric import utils

from .forms import Tagged, cbor, cbor_bytes, cbor_sequence, need, sha256, verifies

PROTECTED = bytes.fromhex("a10128")  # { 1: -9 }, ESP256


def _digest(value, where):
    need(isinstance(value, list) and len(value) == 2 and value[0] == -16, f"{where}: no SHA-256 digest")
    need(isinstance(value[1], bytes) and len(value[1]) == 32, f"{where}: no SHA-256 digest")
    return value[1].hex()


def _check_signature(data, digest_bytes, key, where):
    signature = cbor(data, where)
    need(isinstance(signature, Tagged) and signature.tag == 18, f"{where}: no COSE_Sign1")
    protected, unprotected, payload, raw = signature.value
    need(protected == PROTECTED, f"{where}: not ESP256")
    need(unprotected == {} and payload is None, f"{where}: not a detached signature")
    need(isinstance(raw, bytes) and len(raw) == 64, f"{where}: a signature of another size")
    signed = b"\x84\x6aSignature1" + cbor_bytes(PROTECTED) + b"\x40" + cbor_bytes(digest_bytes)
    der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    need(verifies(key, der, signed), f"{where}: the boot key did not sign it")


def _pairs(sequence, where):
    need(len(sequence) % 2 == 0, f"{where}: a command without its argument")
    return list(zip(sequence[::2], sequence[1::2]))


def _common(value, where):
    need(list(value) == [2, 4], f"{where}: members of common")
    need(value[2] == [[b"slot"]], f"{where}: the component is {value[2]}")
    commands = _pairs(cbor_sequence_of_array(value[4], where), where)
    need([c for c, _ in commands] == [20, 1, 2], f"{where}: commands of common")
    parameters = commands[0][1]
    need(list(parameters) == [1, 2, 3, 14], f"{where}: parameters")
    need(all(0 <= policy <= 15 for _, policy in commands[1:]), f"{where}: reporting policy")
    return parameters


def cbor_sequence_of_array(data, where):
    value = cbor(data, where)
    need(isinstance(value, list), f"{where}: no array")
    return value


def read(data, key, where):
    """What the manifest says, once its signature holds."""
    need(len(data) <= 1024, f"{where}: longer than 1024 bytes")
    outer = cbor(data, where)
    need(isinstance(outer, Tagged) and outer.tag == 107, f"{where}: no SUIT envelope")
    need(list(outer.value) == [2, 3], f"{where}: members {list(outer.value)} of the envelope")
    auth = cbor(outer.value[2], where)
    need(isinstance(auth, list) and len(auth) == 2, f"{where}: not one signature")
    digest = _digest(cbor(auth[0], where), where)
    need(digest == sha256(cbor_bytes(outer.value[3])), f"{where}: another digest of the body")
    _check_signature(auth[1], auth[0], key, where)
    body = cbor(outer.value[3], where)
    need(list(body) == [1, 2, 3, 7, 9], f"{where}: members {list(body)} of the body")
    need(body[1] == 1, f"{where}: manifest version {body[1]}")
    for member, command in ((7, 3), (9, 23)):
        found = cbor_sequence(body[member], where)
        need(len(found) == 1 and found[0][0] == command and 0 <= found[0][1] <= 15, f"{where}: commands of {member}")
    parameters = _common(cbor(body[3], where), where)
    return {"sequence": body[2], "vendor": parameters[1].hex(), "class": parameters[2].hex(),
            "image": _digest(cbor(parameters[3], where), where), "bytes": parameters[14]}
