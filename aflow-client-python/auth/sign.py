"""One signed header that says who calls and that the body arrived as it was sent."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import time
from typing import Any, Dict, List, NoReturn, Optional, Tuple, Union

from .credential import Credential, is_plain

Body = Union[str, bytes, None]
Fields = Dict[str, Any]

MAX_ENVELOPE_BYTES = 2_048


class SignatureError(ValueError):
    """Says why a signature is refused, or why it cannot be made.

    The reason is for your own log. Answer every caller the same sentence, or you tell an attacker how far he got.
    """

    @property
    def reason(self) -> str:
        return str(self)


class ASign:
    """Makes and checks the value of the header `A-Signature`."""

    @staticmethod
    def get_hex_signature(
        credential: Credential,
        body: Body,
        *,
        timestamp: Union[int, bool, None] = None,
        nonce: Union[str, bool, None] = None,
        target: Optional[str] = None,
    ) -> str:
        """Signs a body: the same arguments always give the same header.

        timestamp: Unix milliseconds, or True for now. The gateway refuses it after 300 seconds.
        nonce: a text, or True for a random one; only with a timestamp. The gateway accepts it once.
        target: "GET /path?query" exactly as sent; required when the body is empty.
        """
        fields: Fields = {"v": 1, "enterpriseCode": credential.enterprise_code, "appId": credential.app_id}
        if timestamp is not None and timestamp is not False:
            fields["timestamp"] = _now_ms() if timestamp is True else timestamp
        if nonce is not None and nonce is not False:
            fields["nonce"] = secrets.token_hex(16) if nonce is True else nonce
        if target is not None:
            fields["target"] = target
        return _seal(credential, fields, body).hex()

    @staticmethod
    def get_hex_signature_v0(credential: Credential, body: Body, timestamp: Union[int, bool] = True) -> str:
        """Signs a body as the published client does. Weak (MD5): only for what cannot use the scheme above."""
        fields: Fields = {
            "enterpriseCode": credential.enterprise_code,
            "appId": credential.app_id,
            "timestamp": _now_ms() if timestamp is True else timestamp,
        }
        return _seal(credential, fields, body).hex().upper()

    @staticmethod
    def verify(
        credential: Credential,
        header: Optional[str],
        body: Body,
        *,
        target: Optional[str] = None,
        max_skew_ms: int = 300_000,
        now_ms: Optional[int] = None,
        require_timestamp: bool = False,
        accept_v0: bool = False,
    ) -> bool:
        """Tells whether the header was made with this credential for this body; see `check`."""
        try:
            ASign.check(
                credential,
                header,
                body,
                target=target,
                max_skew_ms=max_skew_ms,
                now_ms=now_ms,
                require_timestamp=require_timestamp,
                accept_v0=accept_v0,
            )
        except SignatureError:
            return False
        return True

    @staticmethod
    def check(
        credential: Credential,
        header: Optional[str],
        body: Body,
        *,
        target: Optional[str] = None,
        max_skew_ms: int = 300_000,
        now_ms: Optional[int] = None,
        require_timestamp: bool = False,
        accept_v0: bool = False,
    ) -> Fields:
        """Raises SignatureError unless the header was made with this credential for this body.

        body: the bytes as they came in, before any parsing.
        target: "POST /path?query" of the request at hand. A header bound to an address is refused without it.
        now_ms: the time to judge by, Unix milliseconds; left out, the clock of this machine.

        Returns the envelope's fields: whoever must refuse replays remembers its `nonce`, which this function cannot.
        """
        fields = _open(header)
        raw = _raw(body)
        _refuse_malformed(fields, raw)

        is_v0 = "v" not in fields
        if is_v0 and not accept_v0:
            _refuse("scheme v0 is not accepted here")
        if (fields["enterpriseCode"], fields["appId"]) != (credential.enterprise_code, credential.app_id):
            _refuse("made for another enterprise or application")
        if "target" in fields and fields["target"] != target:
            _refuse("bound to another address than this request's" if target else "bound to an address; pass target")
        if not hmac.compare_digest(_cipher(credential, fields, raw), fields["cipher"].encode("utf-8")):
            _refuse("cipher does not match: another secret, or the signed parts were changed on the way")

        if "timestamp" in fields:
            off = fields["timestamp"] - (_now_ms() if now_ms is None else now_ms)
            if abs(off) > max_skew_ms:
                _refuse(f"expired: the caller's clock is off by {off} ms")
        elif require_timestamp:
            _refuse("timestamp is missing")
        return fields


# ---- The envelope: fields to bytes and back. ----


def _seal(credential: Credential, fields: Fields, body: Body) -> bytes:
    raw = _raw(body)
    _refuse_malformed({**fields, "cipher": "made below"}, raw)
    fields["cipher"] = _cipher(credential, fields, raw).decode("ascii")
    envelope = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    if len(envelope) > MAX_ENVELOPE_BYTES:
        _refuse(f"envelope is longer than {MAX_ENVELOPE_BYTES} bytes")
    return envelope


def _open(header: Optional[str]) -> Fields:
    if not isinstance(header, str) or not header:
        _refuse("header is missing")
    # bytes.fromhex skips white space, so the characters are judged first.
    if len(header) % 2 or not re.fullmatch("[0-9A-Fa-f]+", header):
        _refuse("header is not hexadecimal")
    if len(header) > 2 * MAX_ENVELOPE_BYTES:
        _refuse(f"envelope is longer than {MAX_ENVELOPE_BYTES} bytes")
    try:
        fields = json.loads(
            bytes.fromhex(header).decode("utf-8"),
            object_pairs_hook=_object_without_duplicates,
            parse_constant=lambda name: _refuse(f"envelope contains {name}"),
        )
    except SignatureError:
        raise
    except (ValueError, RecursionError):
        raise SignatureError("envelope is not JSON in UTF-8") from None
    if not isinstance(fields, dict):
        _refuse("envelope is not a JSON object")
    return fields


def _object_without_duplicates(pairs: List[Tuple[str, Any]]) -> Fields:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        _refuse("envelope has a field twice")
    return fields


# ---- The rules of the fields, the same when making and when checking. ----

_REQUIRED_V1 = {"v", "enterpriseCode", "appId", "cipher"}
_OPTIONAL_V1 = {"timestamp", "nonce", "target"}
_REQUIRED_V0 = {"enterpriseCode", "appId", "timestamp", "cipher"}


def _refuse_malformed(fields: Fields, raw: bytes) -> None:
    is_v0 = "v" not in fields
    required = _REQUIRED_V0 if is_v0 else _REQUIRED_V1
    allowed = required if is_v0 else _REQUIRED_V1 | _OPTIONAL_V1
    if not is_v0 and (type(fields["v"]) is not int or fields["v"] != 1):
        _refuse("v is not 1")
    for name in sorted(required - fields.keys()):
        _refuse(f"{name} is missing")
    # No cipher covers an unknown field, so anybody could have added it.
    if fields.keys() - allowed:
        _refuse("envelope has a field that its scheme does not know")

    for name in ("enterpriseCode", "appId", "nonce", "target", "cipher"):
        if name in fields:
            _refuse_malformed_text(name, fields[name])
    if "timestamp" in fields:
        # type(), because True is an int as well.
        if type(fields["timestamp"]) is not int or not 0 <= fields["timestamp"] < 2**63:
            _refuse("timestamp is not a whole number of Unix milliseconds")
    if "nonce" in fields:
        if "timestamp" not in fields:
            _refuse("nonce without timestamp")
        # The specification says 8 to 64, its own vectors use 6. The gateway enforces the lower bound, not this SDK.
        if len(fields["nonce"]) > 64:
            _refuse("nonce is longer than 64 characters")
    if "target" in fields and not re.fullmatch("[A-Z]+ /[^ ]*", fields["target"]):
        _refuse("target is not a method, one space and a path")
    # An untargeted signature of nothing would open every address that takes no body.
    if not raw and "target" not in fields:
        _refuse("an empty body must be signed together with its target")


def _refuse_malformed_text(name: str, value: Any) -> None:
    if not isinstance(value, str) or not value:
        _refuse(f"{name} is not a text or is empty")
    # A line break would shift the lines that the cipher is made of.
    if not is_plain(value):
        _refuse(f"{name} contains a control character")


# ---- The cipher. ----


def _cipher(credential: Credential, fields: Fields, raw: bytes) -> bytes:
    return _cipher_v1(credential, fields, raw) if "v" in fields else _cipher_v0(credential, fields, raw)


def _cipher_v1(credential: Credential, fields: Fields, raw: bytes) -> bytes:
    lines = [
        "aiflow-v1",
        fields["enterpriseCode"],
        fields["appId"],
        str(fields.get("timestamp", "")),
        fields.get("nonce", ""),
        fields.get("target", ""),
        hashlib.sha256(raw).hexdigest(),
    ]
    message = "\n".join(lines).encode("utf-8")
    return hmac.new(credential.app_secret.encode("utf-8"), message, hashlib.sha256).hexdigest().encode("ascii")


def _cipher_v0(credential: Credential, fields: Fields, raw: bytes) -> bytes:
    before = (fields["enterpriseCode"] + credential.app_secret).encode("utf-8")
    after = str(fields["timestamp"]).encode("ascii")
    once = hashlib.md5(before + raw + after).hexdigest()
    return hashlib.md5(once.encode("ascii")).hexdigest().encode("ascii")


# ---- Small words. ----


def _raw(body: Body) -> bytes:
    if body is None:
        return b""
    if not isinstance(body, str):
        return bytes(memoryview(body))
    try:
        return body.encode("utf-8")
    except UnicodeEncodeError:
        raise SignatureError("body is not valid Unicode") from None


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _refuse(reason: str) -> NoReturn:
    raise SignatureError(reason)
