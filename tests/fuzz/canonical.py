"""canonical.py FILTER CASES [SEED]: our reader and canonical form of JSON against python3-securesystemslib's, which
signs for the reference implementation of TUF. Random trees in random spellings, and the same with a few bytes changed.
What Python reads must be read and have the same canonical bytes; what the rules of core/codec/json.h refuse must be
refused, and nothing else. FILTER is canonical_filter.c. TAP."""

import json
import random
import struct
import subprocess
import sys

from securesystemslib.formats import encode_canonical

DEPTH_MAX = 32
ASCII = [chr(c) for c in range(0x20, 0x7f)]
ODD = ['"', '\\', '/', '\x01', '\x08', '\x09', '\x0a', '\x0c', '\x0d', '\x1f', '\x7f', '\x80', '\u00e9', '\u07ff',
       '\u0800', '\u2028', '\ud7ff', '\ue000', '\ufeff', '\uffff', '\U00010000', '\U0001f600', '\U0010ffff']
SHORT = {'\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '"': '"', '\\': '\\', '/': '/'}


# --- documents ---

def text(r):
    return ''.join(r.choice(ODD if r.random() < 0.3 else ASCII) for _ in range(r.choice([0, 1, 2, 3, 8, 30])))


def integer(r):
    size = r.choice([0, 1, 3, 8, 16, 31, 32, 53, 54, 63, 64, 65, 200])
    return r.choice([1, -1]) * r.getrandbits(size) if size else 0


def tree(r, depth):
    kind = r.random() if depth < 6 else r.random() * 0.6
    if kind < 0.15:
        return r.choice([None, True, False])
    if kind < 0.35:
        return integer(r)
    if kind < 0.6:
        return text(r)
    size = r.choice([0, 1, 2, 3, 5, 12])
    if kind < 0.75:
        return [tree(r, depth + 1) for _ in range(size)]
    return {text(r): tree(r, depth + 1) for _ in range(size)}


def nested(r):
    depth = r.choice([1, 31, 32, 33, 40])
    value = r.choice([1, 'x', None])
    for _ in range(depth):
        value = [value] if r.random() < 0.5 else {'a': value}
    return value


def space(r):
    return ''.join(r.choice(' \t\r\n') for _ in range(r.choice([0, 0, 0, 0, 1, 3])))


def escape(r, c):
    units = struct.unpack('>%dH' % (len(c.encode('utf-16-be')) // 2), c.encode('utf-16-be'))
    return ''.join(r.choice(['\\u%04x', '\\u%04X']) % unit for unit in units)


def spell_text(r, s):
    out = []
    for c in s:
        if c in SHORT and (c in '"\\' or c < ' ' or r.random() < 0.3) and r.random() < 0.8:
            out.append('\\' + SHORT[c])
        elif c < ' ' or c in '"\\' or r.random() < 0.1:
            out.append(escape(r, c))
        else:
            out.append(c)
    return '"' + ''.join(out) + '"'


def spell(r, value):
    if isinstance(value, str):
        return spell_text(r, value)
    if isinstance(value, list):
        return '[' + ','.join(space(r) + spell(r, v) + space(r) for v in value) + space(r) + ']'
    if isinstance(value, dict):
        members = list(value.items())
        r.shuffle(members)
        if members and r.random() < 0.02:
            members.append(r.choice(members))
        return '{' + ','.join(space(r) + spell_text(r, k) + space(r) + ':' + space(r) + spell(r, v) + space(r)
                              for k, v in members) + space(r) + '}'
    return json.dumps(value)


def mutate(r, document):
    pieces = [b'"', b'\\', b'{', b'}', b'[', b']', b',', b':', b'-', b'0', b'1', b'.', b'e', b'\\u0000', b'\\ud800',
              b'\\udc00', b'\x00', b'\n', b'\xff', b'\xc0\x80', b'\xed\xa0\x80', b'\xef\xbb\xbf', b'NaN', b'true', b' ']
    out = bytearray(document)
    for _ in range(r.choice([1, 1, 2, 4])):
        at = r.randrange(len(out) + 1)
        how = r.random()
        if how < 0.4:
            out[at:at] = r.choice(pieces)
        elif how < 0.7:
            del out[at:at + r.choice([1, 1, 2, 5])]
        elif at < len(out):
            out[at] = r.randrange(256)
    return bytes(out)


def document_of(r):
    value = nested(r) if r.random() < 0.03 else tree(r, 0)
    document = (space(r) + spell(r, value) + space(r)).encode()
    return mutate(r, document) if r.random() < 0.5 else document


# --- what is right ---

class Refused(Exception):
    pass


def refuse(*_):
    raise Refused


def members(pairs):
    if len({name for name, _ in pairs}) != len(pairs):
        raise Refused
    return dict(pairs)


def whole(digits):
    if digits.startswith('-0'):
        raise Refused
    return int(digits)


def check_strings(s):
    if '\0' in s or any(0xd800 <= ord(c) <= 0xdfff for c in s):
        raise Refused


def check(value, depth):
    if isinstance(value, str):
        check_strings(value)
    if isinstance(value, (list, dict)) and depth == DEPTH_MAX:
        raise Refused
    if isinstance(value, dict):
        for name in value:
            check_strings(name)
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            check(each, depth + 1)


def expected(document):
    """The canonical bytes, or None."""
    try:
        read = document.decode()
        value = json.loads(read, object_pairs_hook=members, parse_int=whole, parse_float=refuse, parse_constant=refuse)
        check(value, 0)
    except (Refused, ValueError):
        return None
    return encode_canonical(value).encode()


# --- the comparison ---

def answers(filter_program, documents):
    given = b''.join(struct.pack('>I', len(d)) + d for d in documents)
    out = subprocess.run([filter_program], input=given, stdout=subprocess.PIPE, check=True).stdout
    at = 0
    for _ in documents:
        n = struct.unpack('>I', out[at:at + 4])[0]
        yield out[at + 4:at + 4 + n]
        at += 4 + n


def compare(documents, filter_program):
    taken = 0
    for document, answer in zip(documents, answers(filter_program, documents)):
        right = expected(document)
        taken += right is not None
        if answer[:1] != (b'-' if right is None else b'+') or (right is not None and answer[1:] != right):
            print('# document  %r\n# answer    %r\n# expected  %r' % (document, answer, right))
            return -1
    return taken


def main():
    filter_program, cases = sys.argv[1], int(sys.argv[2])
    r = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    taken = agreed = 0
    while agreed < cases and taken >= 0:
        documents = [document_of(r) for _ in range(min(1000, cases - agreed))]
        got = compare(documents, filter_program)
        agreed += len(documents) if got >= 0 else 0
        taken = taken + got if got >= 0 else -1
    print('1..2')
    print('%sok 1 - both agree on %d documents' % ('' if taken >= 0 else 'not ', agreed))
    # A comparison of refusals alone, or of none, would say little.
    sane = cases // 3 < taken < cases - cases // 20
    print('%sok 2 - %d of them were read and have one canonical form' % ('' if sane else 'not ', taken))
    return 0 if taken >= 0 and sane else 1


sys.exit(main())
