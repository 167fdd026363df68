"""Signature Version 4, verified: what a signed request says, and whether its secret key really signed it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. The words of the refusals
are those that API Gateway and its kin were seen to use; the clock is the caller's, never this module's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, quote, quote_from_bytes, unquote_to_bytes

from .limits import SIGNATURE_MINUTES
from .ports import Headers

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "execute-api"
TERMINATOR = "aws4_request"
MISSING = "Missing Authentication Token"
INVALID_TOKEN = "The security token included in the request is invalid."
FOREIGN_TOKEN = INVALID_TOKEN.removesuffix(".")  # so it was measured
EXPIRED_TOKEN = "The security token included in the request is expired"
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key"
    " and signing method. Consult the service documentation for details."
)

_STAMP = "%Y%m%dT%H%M%SZ"
_STAMP_SHAPE = re.compile(r"\d{8}T\d{6}Z\Z", re.ASCII)
_NOTHING = hashlib.sha256(b"").hexdigest()  # of a request without a body
_IN_HEADER = ("Credential", "Signature", "SignedHeaders")
_IN_QUERY = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date")
_TELLTALE = _IN_QUERY[:3]  # whoever sends one of these means to sign in the query string
_WINDOW = timedelta(minutes=SIGNATURE_MINUTES)


class Refused(Exception):
    """AWS's words for what is wrong with a signature."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as a request carries it, in headers or in the query string."""

    access_key_id: str
    scope: tuple[str, ...]  # date, region, service, terminator
    signed_headers: tuple[str, ...]
    value: str
    stamp: str  # 20250817T101530Z
    session_token: str
    in_query: bool


@dataclass(frozen=True, slots=True)
class Request:
    """What is signed: the method, the target, the headers and the body, exactly as sent."""

    target: str
    headers: Headers
    method: str = "GET"
    body: bytes = b""

    @property
    def payload(self) -> str:
        """Return the body's hash; where there is no body, whatever a header says of it."""
        return hashlib.sha256(self.body).hexdigest() if self.body else self.header("x-amz-content-sha256") or _NOTHING

    def header(self, name: str) -> str:
        """Return a header's values, parted by commas, each trimmed and with single spaces; '' where there is none."""
        values = (value for key, value in self.headers if key.lower() == name)
        return ",".join(" ".join(re.split("[ \t]+", value.strip(" \t"))) for value in values)


# ── what the request says ────────────────────────────────────────────────────────────────────────────────────────────


def signature_of(request: Request) -> Signature | None:
    """Return the signature of a request, or nothing where it is not signed; raises Refused for half a signature."""
    fields = dict(reversed(parse_qsl(request.target.partition("?")[2], keep_blank_values=True)))
    in_query = any(name in fields for name in _TELLTALE)
    authorization = request.header("authorization")
    if in_query and authorization:
        raise Refused("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")
    if in_query:
        return _from_query(fields)
    return _from_header(request, authorization) if authorization else None


def _from_query(fields: Mapping[str, str]) -> Signature:
    missing = [f"AWS query-string parameters must include '{name}'." for name in _IN_QUERY if not fields.get(name)]
    if missing:
        raise Refused(" ".join([*missing, "Re-examine the query-string parameters."]))
    if fields["X-Amz-Algorithm"] != ALGORITHM:
        raise Refused(f"Unsupported AWS 'algorithm': '{fields['X-Amz-Algorithm']}'. ")
    key, scope = _credential(fields["X-Amz-Credential"])
    signed = tuple(fields["X-Amz-SignedHeaders"].lower().split(";"))
    stamp, token = fields["X-Amz-Date"], fields.get("X-Amz-Security-Token", "")
    return Signature(key, scope, signed, fields["X-Amz-Signature"], stamp, token, True)


def _from_header(request: Request, authorization: str) -> Signature:
    algorithm, _, rest = authorization.partition(" ")
    parts = [part.strip() for part in rest.split(",") if part.strip()]
    digest = base64.b64encode(hashlib.sha256(authorization.encode("latin-1", "replace")).digest()).decode()
    if not parts or any("=" not in part for part in parts):
        raise Refused(
            "Invalid key=value pair (missing equal-sign) in Authorization header"
            f" (hashed with SHA-256 and encoded with Base64): '{digest}'."
        )
    if algorithm != ALGORITHM:
        raise Refused(f"Unsupported AWS 'algorithm': '{algorithm}'. ")
    fields = dict(part.split("=", 1) for part in parts)
    stamp = request.header("x-amz-date") or _stamp_of_date(request.header("date"))
    missing = [f"Authorization header requires '{name}' parameter." for name in _IN_HEADER if not fields.get(name)]
    if not stamp:
        missing.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if missing:
        hashed = f"(Hashed with SHA-256 and encoded with Base64) Authorization={digest}"
        raise Refused(" ".join([*missing, hashed]))
    key, scope = _credential(fields["Credential"])
    signed = tuple(fields["SignedHeaders"].lower().split(";"))
    return Signature(key, scope, signed, fields["Signature"], stamp, request.header("x-amz-security-token"), False)


def _credential(text: str) -> tuple[str, tuple[str, ...]]:
    key, *scope = text.split("/")
    if len(scope) != 4:
        example = "keyid/date/region/service/term"
        raise Refused(f"Credential must have exactly 5 slash-delimited elements, e.g. {example}, got '{text}'")
    return key, tuple(scope)


def _stamp_of_date(text: str) -> str:
    """Return an HTTP date as a stamp, or ''."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC).strftime(_STAMP) if text else ""
    except ValueError:
        return ""


# ── whether it holds ─────────────────────────────────────────────────────────────────────────────────────────────────


def check_time(signature: Signature, now: float) -> None:
    """Raise Refused for a signature more than five minutes away from ``now``, epoch seconds, on either side.

    The same holds for a presigned URL, whatever its X-Amz-Expires says: so it was measured.
    """
    try:
        if not _STAMP_SHAPE.match(signature.stamp):
            raise ValueError
        signed = datetime.strptime(signature.stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        see = "See http://en.wikipedia.org/wiki/ISO_8601"
        raise Refused(f"Date must be in ISO-8601 'basic format'. Got '{signature.stamp}'. {see}") from None
    here = datetime.fromtimestamp(int(now), UTC)
    if signed < here - _WINDOW:
        limit, why = here - _WINDOW, f"({here:{_STAMP}} - {SIGNATURE_MINUTES} min.)"
        raise Refused(f"Signature expired: {signature.stamp} is now earlier than {limit:{_STAMP}} {why}")
    if signed > here + _WINDOW:
        limit, why = here + _WINDOW, f"({here:{_STAMP}} + {SIGNATURE_MINUTES} min.)"
        raise Refused(f"Signature not yet current: {signature.stamp} is still later than {limit:{_STAMP}} {why}")


def check_scope(signature: Signature, region: str) -> None:
    """Raise Refused for a signature that was made for another day, region or service, or without the host."""
    day, signed_region, service, term = signature.scope
    faults = []
    if day != signature.stamp[:8]:
        dates = f"'{day}' != '{signature.stamp[:8]}', from '{signature.stamp}'."
        faults.append(
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: {dates} "
        )
    if signed_region != region:
        faults.append(f"Credential should be scoped to a valid region, not '{signed_region}'. ")
    if service != SERVICE:
        faults.append(f"Credential should be scoped to correct service: '{SERVICE}'. ")
    if term != TERMINATOR:
        faults.append(f"Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{term}'. ")
    if "host" not in signature.signed_headers:
        faults.append("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization. ")
    if faults:
        raise Refused("".join(faults))


def check_value(signature: Signature, requests: Sequence[Request], secret_access_key: str) -> None:
    """Raise Refused, naming the strings to sign, where ``secret_access_key`` signed none of these requests."""
    key = signing_key(secret_access_key, signature.scope)
    candidates = [text for request in requests for text in canonical_requests(signature, request)]
    for text in candidates:
        if same(hmac.digest(key, string_to_sign(signature, text), "sha256").hex(), signature.value):
            return
    canonical, to_sign = candidates[0].decode("utf-8", "replace"), string_to_sign(signature, candidates[0]).decode()
    raise Refused(
        f"{MISMATCH}\n\nThe Canonical String for this request should have been\n'{canonical}'"
        f"\n\nThe String-to-Sign should have been\n'{to_sign}'\n"
    )


def same(one: str, other: str) -> bool:
    """Compare two secrets in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def signing_key(secret_access_key: str, scope: tuple[str, ...]) -> bytes:
    """Derive the key that signs within a scope.

    >>> signing_key("secret", ("20250817", "us-east-1", "execute-api", "aws4_request")).hex()[:8]
    'e88005c4'
    """
    key = b"AWS4" + secret_access_key.encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def string_to_sign(signature: Signature, canonical_request: bytes) -> bytes:
    """Return what the signing key signs."""
    digest = hashlib.sha256(canonical_request).hexdigest()
    return "\n".join((ALGORITHM, signature.stamp, "/".join(signature.scope), digest)).encode()


# ── the canonical request ────────────────────────────────────────────────────────────────────────────────────────────


def canonical_requests(signature: Signature, request: Request) -> Iterator[bytes]:
    """Yield what may have been signed: the query string by its bytes as sent, and as the specification rewrites it.

    Signers differ where a client sends characters that need no escaping in a URL, such as ``?room=a/b``.
    """
    path, _, query = request.target.partition("?")
    names = ";".join(signature.signed_headers)
    lines = "".join(f"{name}:{request.header(name)}\n" for name in signature.signed_headers)
    payload = request.payload
    for text in dict.fromkeys((_query_as_sent(query, signature), _query_rewritten(query, signature))):
        whole = "\n".join((request.method, canonical_path(path), text, lines, names, payload))
        yield whole.encode("latin-1", "replace")


def canonical_path(path: str) -> str:
    """Return a path as it is signed: dots and doubled slashes gone, and escaped once more.

    >>> canonical_path("/dev//a%20b/../c/")
    '/dev/c/'
    >>> canonical_path("/%24x")
    '/%2524x'
    """
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            kept = kept[:-1]
        elif part not in ("", "."):
            kept.append(part)
    end = "/" if path.endswith("/") and kept else ""
    return quote(f"/{'/'.join(kept)}{end}", safe="/~", encoding="latin-1")


def _query_as_sent(query: str, signature: Signature) -> str:
    if not query:
        return ""
    pairs = (pair.partition("=")[::2] for pair in query.split("&"))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs) if not _is_the_value(name, signature))


def _query_rewritten(query: str, signature: Signature) -> str:
    pairs = (pair.partition("=")[::2] for pair in query.split("&") if pair)
    kept = ((_escaped(name), _escaped(value)) for name, value in pairs if not _is_the_value(name, signature))
    return "&".join(f"{name}={value}" for name, value in sorted(kept))


def _is_the_value(name: str, signature: Signature) -> bool:
    return signature.in_query and name == "X-Amz-Signature"


def _escaped(text: str) -> str:
    return quote_from_bytes(unquote_to_bytes(text.replace("+", " ").encode("latin-1", "replace")), safe="-_.~")
