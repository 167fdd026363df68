"""Who may come in and what may go through: every reason to refuse that needs no function, in AWS's order.

At the door: the signature and IAM's policies (or, in ``core``, the authorizer), then the API key and its usage plan,
then the throttle of the stage, then the quotas of the account, then required parameters. For a message: the same from
the API key on, then its model.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import sigv4
from .definition import CONNECT, Route, Stage
from .documents import FORBIDDEN, INTERNAL_SERVER_ERROR, Knock
from .happenings import failed
from .limits import Limits
from .policy import ALLOW, Question, reason
from .signers import check_key, decision, denial, facts
from .throttle import Buckets, Quotas, Throttle
from .validation import fault_in

if TYPE_CHECKING:
    from .clock import Clock
    from .connection import Connection
    from .ports import ApiKey, ApiKeys, Caller, Identities

log = logging.getLogger("upgrade101.gateway")

INVALID_BODY = "Invalid request body"
HEADER_KEY = "request.header.x-api-key"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: a status for the door, a message for both, and what access logs call it."""

    status: int
    message: str
    response_type: str  # $context.error.responseType
    detail: str = ""  # $context.error.validationErrorString


MISSING_TOKEN = Refusal(403, sigv4.MISSING, "MISSING_AUTHENTICATION_TOKEN")
INVALID_KEY = Refusal(403, FORBIDDEN, "INVALID_API_KEY")
TOO_MANY = Refusal(429, "Too Many Requests", "THROTTLED")
LIMIT_EXCEEDED = Refusal(429, "Limit Exceeded", "QUOTA_EXCEEDED")
FAILED = Refusal(500, "", "AUTHORIZER_FAILURE")


class Admission:
    """The doorkeeper of one gateway; it remembers how much came, and belongs to the core, whose lock guards it."""

    def __init__(
        self,
        clock: Clock,
        identities: Identities | None = None,
        api_keys: ApiKeys | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._clock = clock
        self._identities = identities
        self._api_keys = api_keys
        self._buckets = Buckets()
        self._quotas = Quotas()
        limits = limits or Limits()
        self._connections = Throttle.of_account(limits.connections_per_second)
        self._requests = Throttle.of_account(limits.requests_per_second, at_once=0.5)
        self.counting = self._requests is not None  # each message, whatever its route

    # ── AWS_IAM ──────────────────────────────────────────────────────────────────────────────────────────────────

    def signed(self, connection: Connection, knock: Knock) -> Refusal | None:
        """Refuse who has not signed, has signed wrongly, or may not invoke the API."""
        try:
            caller = self._signer(connection, knock)
        except sigv4.Refused as refused:
            return _bad_signature(connection, str(refused))
        except Exception as fault:
            failed(log, "the identities port", connection.stage.api_id, fault)
            return FAILED
        if caller is None:
            return MISSING_TOKEN
        refusal = self._not_allowed(caller, connection)
        if refusal is None:
            connection.recognized = _identity(caller)
        return refusal

    def _signer(self, connection: Connection, knock: Knock) -> Caller | None:
        """Return who signed, or nothing where nobody did; raises sigv4.Refused."""
        request = sigv4.Request(knock.target, knock.headers)
        signature = sigv4.signature_of(request)
        if signature is None:
            return None
        now = self._clock.now()
        sigv4.check_time(signature, now)
        sigv4.check_scope(signature, connection.stage.region)
        caller = self._identities(signature.access_key_id) if self._identities else None
        return check_key(signature, caller, _signed_requests(request, connection), now)

    def _not_allowed(self, caller: Caller, connection: Connection) -> Refusal | None:
        stage, question = connection.stage, self.question(connection, caller)
        decided, kind = decision(caller, stage.account_id, question)
        if decided == ALLOW:
            return None
        return Refusal(403, f"{denial(caller, stage, question)} {reason(decided, kind)}", "ACCESS_DENIED")

    def question(self, connection: Connection, caller: Caller | None = None) -> Question:
        """Return what policies are asked at the door, with the facts that their conditions may speak of."""
        known = facts(self._clock.now(), connection.stage.region, connection.source_ip, connection.user_agent, caller)
        return Question(connection.stage.arn(CONNECT), facts=known)

    # ── API keys, throttles, parameters ──────────────────────────────────────────────────────────────────────────

    def connect(self, connection: Connection, knock: Knock, usage_identifier_key: str = "") -> Refusal | None:
        """Refuse an authorized client for want of an API key or of parameters, or because there are too many."""
        stage = connection.stage
        if stage.deployment.keyed:
            self._recognize(connection, knock, usage_identifier_key)
        route = stage.deployment.routes.get(CONNECT)
        refusal = self._too_much(connection, route) if route else None
        if refusal is None and self.beyond_account(stage, connecting=True):
            return TOO_MANY
        return refusal or (_missing_parameters(route, knock) if route else None)

    def message(self, connection: Connection, route: Route, text: str) -> Refusal | None:
        """Refuse a message that is one too many, or that does not fit its route's model."""
        refusal = self._too_much(connection, route)
        if refusal is None and self.beyond_account(connection.stage):
            return TOO_MANY
        fault = None if refusal else fault_in(text, route, connection.stage.deployment)
        if fault is None:
            return refusal
        if not fault.configuration:
            log.info("route %s: invalid request body: %s", route.route_key, fault.reason)
            return Refusal(400, INVALID_BODY, "BAD_REQUEST_BODY", fault.reason)
        log.warning("route %s: %s", route.route_key, fault.reason)
        return Refusal(500, INTERNAL_SERVER_ERROR, "API_CONFIGURATION_ERROR", fault.reason)

    def _recognize(self, connection: Connection, knock: Knock, usage_identifier_key: str) -> None:
        """Read the API key and remember it for the connection, where it is good for this stage."""
        stage = connection.stage
        from_header = stage.deployment.api_key_selection_expression.strip("${}") == HEADER_KEY
        value = (knock.header("x-api-key") or "") if from_header else usage_identifier_key
        if not value or self._api_keys is None:
            return
        try:
            key = connection.api_key = self._api_keys(value, stage)
        except Exception as fault:
            failed(log, "the API keys port", stage.api_id, fault)
            return
        if key is not None:
            connection.recognized = {**connection.recognized, "apiKey": key.value, "apiKeyId": key.key_id}
        else:
            log.info("an API key is unknown, disabled, or in no usage plan of %s/%s", stage.api_id, stage.stage_name)

    def _too_much(self, connection: Connection, route: Route) -> Refusal | None:
        if route.api_key_required:
            if connection.api_key is None:
                return INVALID_KEY
            refusal = self._beyond_plan(connection.api_key, route)
            if refusal:
                return refusal
        return self._throttled(connection.stage, route) if connection.stage.throttled else None

    def _beyond_plan(self, key: ApiKey, route: Route) -> Refusal | None:
        now, user = self._clock.now(), (key.plan_id, key.key_id)
        special = Throttle.of(key.route_throttles.get(route.route_key, {}))
        throttle = special or Throttle.of(key.throttle)
        if throttle and not self._buckets.take((*user, route.route_key if special else ""), throttle, now):
            return TOO_MANY
        return None if key.quota is None or self._quotas.take(user, key.quota, now) else LIMIT_EXCEEDED

    def _throttled(self, stage: Stage, route: Route) -> Refusal | None:
        settings = {**stage.default_route_settings, **stage.route_settings.get(route.route_key, {})}
        throttle = Throttle.of(settings)
        bucket = (stage.api_id, stage.stage_name, route.route_key)
        return None if throttle is None or self._buckets.take(bucket, throttle, self._clock.now()) else TOO_MANY

    def beyond_account(self, stage: Stage, *, connecting: bool = False) -> bool:
        """Count a request in its account and region; tell whether it is one too many. AWS asks this last.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
        """
        now, quotas = self._clock.now(), {"requests": self._requests}
        if connecting:
            quotas = {"connections": self._connections} | quotas
        return any(
            quota is not None and not self._buckets.take((stage.account_id, stage.region, kind), quota, now)
            for kind, quota in quotas.items()
        )


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _bad_signature(connection: Connection, message: str) -> Refusal:
    log.warning("refused %s: %s", connection.connection_id, message)
    if message.startswith("Signature "):
        log.warning("time here is the gateway's own clock, which cloud.clock.advance() moves")
    return Refusal(403, message, "EXPIRED_TOKEN" if message == sigv4.EXPIRED_TOKEN else "INVALID_SIGNATURE")


def _signed_requests(request: sigv4.Request, connection: Connection) -> list[sigv4.Request]:
    """Return what the client may have signed: what it sent or, below the local path, the address that AWS has."""
    path, mark, query = request.target.partition("?")
    if path.startswith("/_aws/"):
        host = [("Host", connection.stage.domain_name)]
        headers = host + [field for field in request.headers if field[0].lower() != "host"]
        return [request, sigv4.Request(f"/{connection.stage.stage_name}{mark}{query}", headers)]
    return [request]


def _identity(caller: Caller) -> dict[str, str]:
    return {
        "accountId": caller.account_id,
        "caller": caller.caller_id,
        "accessKey": caller.access_key_id,
        "userArn": caller.arn,
        "user": caller.caller_id,
    }


def _missing_parameters(route: Route, knock: Knock) -> Refusal | None:
    required = [name for name, rule in route.request_parameters.items() if rule.get("required")]
    if not required:
        return None
    given = {f"route.request.querystring.{name}" for name, _ in knock.query}
    headers = {f"route.request.header.{name}".lower() for name, _ in knock.headers}
    missing = [name for name in required if name not in given and name.lower() not in headers]
    if not missing:
        return None
    names = ", ".join(name.rpartition(".")[2] for name in missing)
    return Refusal(400, f"Missing required request parameters: [{names}]", "BAD_REQUEST_PARAMETERS")
