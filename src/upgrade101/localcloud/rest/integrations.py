"""What stands behind a method of a REST API: a function, an HTTP server on this machine, or nothing at all (MOCK)."""

from __future__ import annotations

import logging
import re
import threading
from dataclasses import dataclass, replace
from typing import Any

from ...gateway.clock import Clock
from ...gateway.errors import ConfigurationError
from ...gateway.ports import HttpResponse, Invocation, Invoke, Outcome
from ...gateway.templates import render as render_vtl
from . import http as rest_http
from .answers import bad_gateway, misconfigured, not_emulated, timed_out
from .definition import RestIntegration
from .event import Document, RestCall, read_answer
from .mapping import Render, TemplateInput, method_response, mock_status, request_body, select, with_stage_variables

log = logging.getLogger("upgrade101.rest")

Answer = tuple[HttpResponse, Any]  # the method response, and what the integration said

_FUNCTION = re.compile(r"/functions/(?P<arn>.+?)(?:/invocations)?\Z")


def vtl(template: str, given: TemplateInput) -> str:
    """Render a template with the gateway's own renderer, and with ``$input.params()``, which only REST APIs have.

    >>> vtl('{"id": $input.json("$.id"), "by": "$input.params("who")"}', TemplateInput('{"id": 7}', {"who": "Ana"}))
    '{"id": 7, "by": "Ana"}'
    """
    return render_vtl(
        template.replace("input.params(", "context.inputParams("),
        body=given.body,
        context={**given.context, "inputParams": given.params},
        stage_variables=given.stage_variables,
    )


@dataclass(slots=True)
class Integrations:
    """Call integrations, waiting for each no longer than its own timeout on the injected clock."""

    invoke: Invoke
    clock: Clock
    render: Render = vtl

    def run(self, call: RestCall, integration: RestIntegration, event: Document | None) -> Answer:
        """Return the method response and what the integration itself said; ``event`` is a function's, or None.

        Raises GatewayResponse where API Gateway answers by itself.
        """
        match integration.integration_type:
            case "AWS_PROXY":
                return self._lambda_proxy(call, integration, event or {})
            case "HTTP_PROXY":
                answer = rest_http.ask(call, integration, call.request.body, self.clock.now)
                return rest_http.pass_on(answer), _text(answer)
            case "HTTP":
                return self._http(call, integration)
            case "MOCK":
                return self._mock(call, integration)
            case other:
                log.warning("%s: a REST integration of type %s is not emulated", call.route_key, other)
                raise not_emulated(f"A REST integration of type {other}", "Use AWS_PROXY with a function that does it.")

    def _http(self, call: RestCall, integration: RestIntegration) -> Answer:
        mapped = request_body(call, integration, self._render)
        body = call.request.body if mapped is None else mapped.encode()
        answer = rest_http.ask(call, integration, body, self.clock.now)
        chosen = select(integration.responses, answer.status)
        return method_response(call, chosen, answer, self._render), _text(answer)

    def _mock(self, call: RestCall, integration: RestIntegration) -> Answer:
        status = mock_status(request_body(call, integration, self._render))
        chosen = select(integration.responses, status)
        response = method_response(call, chosen, HttpResponse(chosen.status_code), self._render)
        return response, _text(response)

    def _render(self, template: str, given: TemplateInput) -> str:
        try:
            return self.render(template, given)
        except ConfigurationError as fault:
            log.warning("%s", fault)
            raise misconfigured() from fault

    def _lambda_proxy(self, call: RestCall, integration: RestIntegration, event: Document) -> Answer:
        arn, role = (
            function_arn(call, integration),
            with_stage_variables(integration.credentials_arn, call.stage.variables),
        )
        invocation = Invocation(arn, event, call.source_arn, call.request_id, role)
        outcome = self._wait(invocation, integration.timeout_millis / 1000)
        if outcome.not_invoked:
            raise misconfigured(outcome)
        if outcome.error:
            raise bad_gateway(outcome)
        accept, binary = call.request.header("accept"), call.stage.binary_media_types
        answer = read_answer(outcome.payload, accept, binary)
        if answer is None:
            log.warning("%s: malformed Lambda proxy response: %.200r", call.route_key, outcome.payload)
            raise bad_gateway(replace(outcome, error="Malformed Lambda proxy response"))
        return answer, outcome.payload

    def _wait(self, invocation: Invocation, seconds: float) -> Outcome:
        """Invoke and wait for the outcome; raise the 504 of API Gateway when the clock says that it is too late."""
        outcomes: list[Outcome] = []
        woken = threading.Event()

        def done(outcome: Outcome) -> None:
            outcomes.append(outcome)
            woken.set()

        deadline = self.clock.now() + seconds
        stop_listening = self.clock.listen(woken.set)
        try:
            self.invoke(invocation, done)
            while not outcomes and (left := deadline - self.clock.now()) > 0:
                woken.wait(left)
                woken.clear()
        finally:
            stop_listening()
        if not outcomes:
            raise timed_out()
        return outcomes[0]


def _text(answer: HttpResponse) -> str:
    return answer.body.decode("utf-8", "replace")


def function_arn(call: RestCall, integration: RestIntegration) -> str:
    """Return the ARN of the function in an integration URI, stage variables filled in.

    Raises the 500 of API Gateway where the URI names none.
    """
    found = _FUNCTION.search(with_stage_variables(integration.uri, call.stage.variables))
    if not found:
        log.warning("%s: no function in the integration URI %r", call.route_key, integration.uri)
        raise misconfigured()
    return found["arn"]


def target(call: RestCall, integration: RestIntegration) -> str:
    """Return what a reader wants to see: the function's name, the URL, or MOCK."""
    uri = with_stage_variables(integration.uri, call.stage.variables)
    if ":function:" in uri:
        return uri.split(":function:", 1)[1].removesuffix("/invocations")
    return uri or integration.integration_type
