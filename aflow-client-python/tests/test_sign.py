"""The signature agrees with the specification's vectors and refuses everything that was changed."""

import json
import time
import unittest
from pathlib import Path

from auth import ASign, Credential, SignatureError

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
CREDENTIAL = Credential("COMPANY001", "APP001", "your_app_secret")
BODY = '{"departments":[]}'
NOW = 1_737_684_000_000
TARGET = "POST /aflow/api/sys/sync/department"
TIMED = {"timestamp": NOW, "nonce": "n-000001", "target": TARGET}


def credential_of(vector):
    return Credential(vector["enterpriseCode"], vector["appId"], vector["appSecret"])


def header_of(envelope):
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode("utf-8").hex()


def envelope_of(header):
    return json.loads(bytes.fromhex(header))


class VectorTest(unittest.TestCase):
    def test_each_vector_is_reproduced(self):
        for vector in VECTORS:
            with self.subTest(vector["name"]):
                header = self.sign(vector, vector["body"])
                self.assertEqual(header, vector["header"])
                self.assertEqual(envelope_of(header)["cipher"], vector["cipher"])

    def test_text_and_bytes_are_the_same_body(self):
        for vector in VECTORS:
            with self.subTest(vector["name"]):
                self.assertEqual(self.sign(vector, vector["body"].encode("utf-8")), vector["header"])

    def test_each_vector_is_accepted_in_any_hex_case(self):
        for vector in VECTORS:
            for header in (vector["header"], vector["header"].lower(), vector["header"].upper()):
                with self.subTest(vector["name"]):
                    self.assertTrue(self.verify(vector, header, vector["body"]))

    def test_no_vector_is_accepted_for_another_body_or_secret(self):
        for vector in VECTORS:
            with self.subTest(vector["name"]):
                self.assertFalse(self.verify(vector, vector["header"], vector["body"] + " "))
                self.assertFalse(self.verify({**vector, "appSecret": "x"}, vector["header"], vector["body"]))

    @staticmethod
    def sign(vector, body):
        if vector["scheme"] == "v0":
            return ASign.get_hex_signature_v0(credential_of(vector), body, timestamp=vector["timestamp"])
        options = {name: vector[name] for name in ("timestamp", "nonce", "target")}
        return ASign.get_hex_signature(credential_of(vector), body, **options)

    @staticmethod
    def verify(vector, header, body):
        return ASign.verify(
            credential_of(vector), header, body, target=vector["target"], now_ms=NOW, accept_v0=vector["scheme"] == "v0"
        )


class DocumentedComparisonTest(unittest.TestCase):
    """The document's Flask example computes the signature again and compares the two strings."""

    def test_the_comparison_works_both_ways(self):
        header = ASign.get_hex_signature(CREDENTIAL, BODY)
        self.assertTrue(verify_signature(header, BODY, CREDENTIAL))
        self.assertFalse(verify_signature(header, BODY + " ", CREDENTIAL))
        self.assertFalse(verify_signature(None, BODY, CREDENTIAL))


def verify_signature(signature_header, request_body, credential):
    expected_signature = ASign.get_hex_signature(credential, request_body)
    return signature_header == expected_signature


class MutationTest(unittest.TestCase):
    """Given a good header, when one part alone is changed, then it is refused."""

    def test_the_unchanged_header_is_accepted(self):
        header = ASign.get_hex_signature(CREDENTIAL, BODY, **TIMED)
        fields = ASign.check(CREDENTIAL, header, BODY, target=TARGET, now_ms=NOW, require_timestamp=True)
        self.assertEqual(fields["nonce"], "n-000001")

    def test_each_signed_field(self):
        changes = {
            "enterpriseCode": "COMPANY002",
            "appId": "APP002",
            "timestamp": NOW + 1,
            "nonce": "n-000002",
            "target": "POST /aflow/api/sys/sync/user",
            "cipher": "0" * 64,
        }
        good = envelope_of(ASign.get_hex_signature(CREDENTIAL, BODY, **TIMED))
        for name, value in changes.items():
            changed = {**good, name: value}
            # The receiver goes along with the change wherever it can, so that only the cipher can object.
            credential = Credential(changed["enterpriseCode"], changed["appId"], CREDENTIAL.app_secret)
            with self.subTest(name):
                self.assert_refused("cipher", credential, header_of(changed), BODY, target=changed["target"])

    def test_each_optional_field_left_out(self):
        good = envelope_of(ASign.get_hex_signature(CREDENTIAL, BODY, **TIMED))
        for gone in (["nonce"], ["target"], ["nonce", "timestamp"]):
            less = {name: value for name, value in good.items() if name not in gone}
            with self.subTest(gone):
                self.assert_refused("cipher", CREDENTIAL, header_of(less), BODY, target=TARGET)

    def test_a_field_moved_into_its_neighbour(self):
        good = envelope_of(ASign.get_hex_signature(CREDENTIAL, BODY))
        moved = {**good, "enterpriseCode": "COMPANY00", "appId": "1APP001"}
        self.assert_refused("cipher", Credential("COMPANY00", "1APP001", "your_app_secret"), header_of(moved), BODY)

    def test_the_body_the_secret_and_the_address(self):
        header = ASign.get_hex_signature(CREDENTIAL, BODY, **TIMED)
        other = Credential("COMPANY001", "APP001", "another")
        self.assert_refused("cipher", CREDENTIAL, header, '{"departments": []}', target=TARGET)
        self.assert_refused("cipher", CREDENTIAL, header, None, target=TARGET)
        self.assert_refused("cipher", other, header, BODY, target=TARGET)
        self.assert_refused("another address", CREDENTIAL, header, BODY, target=TARGET + "?x=1")
        self.assert_refused("pass target", CREDENTIAL, header, BODY)

    def test_each_bit_of_the_cipher(self):
        good = envelope_of(ASign.get_hex_signature(CREDENTIAL, BODY))
        for place in range(64):
            changed = list(good["cipher"])
            changed[place] = f"{int(changed[place], 16) ^ 1:x}"
            self.assert_refused("cipher", CREDENTIAL, header_of({**good, "cipher": "".join(changed)}), BODY)

    def test_v0_each_part(self):
        good = envelope_of(ASign.get_hex_signature_v0(CREDENTIAL, BODY, NOW))
        self.assertTrue(ASign.verify(CREDENTIAL, header_of(good), BODY, now_ms=NOW, accept_v0=True))
        for changed in ({**good, "timestamp": NOW + 1}, {**good, "cipher": "0" * 32}):
            self.assert_refused("cipher", CREDENTIAL, header_of(changed), BODY, accept_v0=True)
        self.assert_refused("cipher", CREDENTIAL, header_of(good), BODY + " ", accept_v0=True)
        self.assert_refused("v0 is not accepted", CREDENTIAL, header_of(good), BODY)

    def assert_refused(self, reason, credential, header, body, **options):
        with self.assertRaisesRegex(SignatureError, reason):
            ASign.check(credential, header, body, now_ms=NOW, **options)
        self.assertFalse(ASign.verify(credential, header, body, now_ms=NOW, **options))


class FormTest(unittest.TestCase):
    """Given a header that is not well formed, then it is refused whatever its cipher."""

    def assert_malformed(self, reason, header, body=BODY):
        with self.assertRaisesRegex(SignatureError, reason):
            ASign.check(CREDENTIAL, header, body, target=TARGET, now_ms=NOW, accept_v0=True)
        self.assertFalse(ASign.verify(CREDENTIAL, header, body, target=TARGET, now_ms=NOW, accept_v0=True))

    def test_hex(self):
        good = ASign.get_hex_signature(CREDENTIAL, BODY)
        for header in (None, "", b"7b"):
            self.assert_malformed("missing", header)
        for header in (good[:-1], good + "\n\n", " " + good + " ", good[:-2] + "zz", "0x" + good, good[:-2] + "１１"):
            self.assert_malformed("hexadecimal", header)

    def test_json(self):
        for text in ("", "{", "nonsense", "[" * 2_000, '{"v":1}x', "\ufeff{}"):
            self.assert_malformed("JSON|missing", text.encode("utf-8").hex())
        self.assert_malformed("JSON in UTF-8", b'{"v":1,"appId":"\xff"}'.hex())
        for text in ("[]", "1", '"v"', "null"):
            self.assert_malformed("not a JSON object", text.encode("utf-8").hex())
        self.assert_malformed("contains NaN", b'{"v":NaN}'.hex())

    def test_a_field_twice(self):
        good = bytes.fromhex(ASign.get_hex_signature(CREDENTIAL, BODY))
        self.assert_malformed("twice", good.replace(b'"v":1', b'"v":1,"v":1').hex())
        self.assert_malformed("twice", good.replace(b'"appId":', b'"appId":"APP002","appId":').hex())

    def test_size(self):
        fields = {**envelope_of(ASign.get_hex_signature(CREDENTIAL, BODY)), "target": "POST /"}
        fields["target"] += "a" * (2_048 - len(header_of(fields)) // 2)
        self.assert_malformed("another address", header_of(fields))
        fields["target"] += "a"
        self.assert_malformed("2048 bytes", header_of(fields))
        with self.assertRaisesRegex(SignatureError, "2048 bytes"):
            ASign.get_hex_signature(CREDENTIAL, BODY, target=fields["target"])

    def test_fields_of_v1(self):
        good = envelope_of(ASign.get_hex_signature(CREDENTIAL, BODY, **TIMED))
        for name in ("enterpriseCode", "appId", "cipher"):
            self.assert_malformed(f"{name} is missing", header_of({k: v for k, v in good.items() if k != name}))
        for name in ("enterpriseCode", "appId", "nonce", "target", "cipher"):
            for bad in ("", None, 1, True, [], {}):
                self.assert_malformed(f"{name} is not a text", header_of({**good, name: bad}))
            for bad in ("a\nb", "a\rb", "a\0b", "a\x1fb", "a\x7fb", "a\x9fb"):
                self.assert_malformed("control character", header_of({**good, name: bad}))
        for bad in (None, "1737684000000", 1.5, 1737684000000.0, True, -1, 2**63):
            self.assert_malformed("whole number", header_of({**good, "timestamp": bad}))
        for bad in (None, 0, 2, "1", True, 1.0):
            self.assert_malformed("v is not 1", header_of({**good, "v": bad}))
        for bad in ("GET", "GET  /x", "get /x", "GET x", "GET /x y", "GET /x "):
            self.assert_malformed("target is not", header_of({**good, "target": bad}))
        self.assert_malformed("does not know", header_of({**good, "extra": 1}))
        self.assert_malformed("nonce without", header_of({k: v for k, v in good.items() if k != "timestamp"}))
        self.assert_malformed("64 characters", header_of({**good, "nonce": "n" * 65}))

    def test_half_a_surrogate_pair(self):
        good = bytes.fromhex(ASign.get_hex_signature(CREDENTIAL, BODY))
        self.assert_malformed("control character", good.replace(b'"APP001"', b'"\\ud800"').hex())

    def test_fields_of_v0(self):
        good = envelope_of(ASign.get_hex_signature_v0(CREDENTIAL, BODY, NOW))
        self.assert_malformed("timestamp is missing", header_of({k: v for k, v in good.items() if k != "timestamp"}))
        for name, value in (("nonce", "n-000001"), ("target", TARGET)):
            self.assert_malformed("does not know", header_of({**good, name: value}))

    def test_an_empty_body_needs_its_target(self):
        fields = {**envelope_of(ASign.get_hex_signature(CREDENTIAL, BODY))}
        for empty in ("", b"", None):
            self.assert_malformed("empty body", header_of(fields), empty)
            with self.assertRaisesRegex(SignatureError, "empty body"):
                ASign.get_hex_signature(CREDENTIAL, empty)
            header = ASign.get_hex_signature(CREDENTIAL, empty, target="GET /x")
            self.assertTrue(ASign.verify(CREDENTIAL, header, b"", target="GET /x"))

    def test_what_would_be_malformed_is_not_made(self):
        for bad in (
            {"nonce": "n-000001"},
            {"timestamp": NOW, "nonce": "a\nb"},
            {"timestamp": NOW, "nonce": "n" * 65},
            {"timestamp": NOW, "nonce": ""},
            {"timestamp": -1},
            {"timestamp": "1737684000000"},
            {"target": "/x"},
            {"target": "GET /x\n"},
        ):
            with self.subTest(bad), self.assertRaises(SignatureError):
                ASign.get_hex_signature(CREDENTIAL, BODY, **bad)
        with self.assertRaises(SignatureError):
            ASign.get_hex_signature_v0(CREDENTIAL, BODY, None)
        with self.assertRaises(SignatureError):
            ASign.get_hex_signature(CREDENTIAL, "\ud800")


class ClockTest(unittest.TestCase):
    def test_300_seconds_either_way(self):
        header = ASign.get_hex_signature(CREDENTIAL, BODY, timestamp=NOW)
        for off, expected in ((-300_001, False), (-300_000, True), (0, True), (300_000, True), (300_001, False)):
            with self.subTest(off=off):
                self.assertEqual(ASign.verify(CREDENTIAL, header, BODY, now_ms=NOW + off), expected)
        with self.assertRaisesRegex(SignatureError, "off by -400000 ms"):
            ASign.check(CREDENTIAL, header, BODY, now_ms=NOW + 400_000)
        self.assertTrue(ASign.verify(CREDENTIAL, header, BODY, now_ms=NOW + 400_000, max_skew_ms=400_000))

    def test_v0_is_held_to_the_clock(self):
        header = ASign.get_hex_signature_v0(CREDENTIAL, BODY, NOW)
        self.assertFalse(ASign.verify(CREDENTIAL, header, BODY, now_ms=NOW + 300_001, accept_v0=True))

    def test_a_timestamp_may_be_required(self):
        untimed = ASign.get_hex_signature(CREDENTIAL, BODY)
        timed = ASign.get_hex_signature(CREDENTIAL, BODY, timestamp=True)
        self.assertFalse(ASign.verify(CREDENTIAL, untimed, BODY, require_timestamp=True))
        self.assertTrue(ASign.verify(CREDENTIAL, timed, BODY, require_timestamp=True))

    def test_true_means_now_and_random(self):
        one, other = (envelope_of(ASign.get_hex_signature(CREDENTIAL, BODY, timestamp=True, nonce=True)) for _ in "12")
        self.assertLess(abs(one["timestamp"] - time.time() * 1000), 10_000)
        self.assertNotEqual(one["nonce"], other["nonce"])
        self.assertEqual(list(one), ["v", "enterpriseCode", "appId", "timestamp", "nonce", "cipher"])
        self.assertTrue(ASign.verify(CREDENTIAL, ASign.get_hex_signature_v0(CREDENTIAL, BODY), BODY, accept_v0=True))
