"""Which rules a change has to pass, by what it changes: the table behind every 400, 404 and 409."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from . import rules_authorizers as authorizers
from . import rules_integrations as integrations
from . import rules_routes as routes
from . import rules_stages as stages
from .changes import Removal, Rule, is_an_arn, needs, none_of_http_apis

CHANGES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "Api": (
            needs("name"),
            stages.api_has_a_selection_expression,
            stages.api_key_source_is_known,
            stages.api_has_no_cors,
            none_of_http_apis("credentialsArn", "routeKey", "target"),
        ),
        "Route": (
            routes.key_is_well_formed,
            routes.key_is_free,
            routes.jwt_is_for_http,
            routes.only_connect_is_authorized,
            routes.authorizer_exists,
            routes.scopes_are_for_jwt,
            routes.response_expression_is_default,
            routes.target_is_an_integration,
            routes.request_parameters_name_the_request,
        ),
        "RouteResponse": (
            routes.response_key_is_default,
            routes.response_key_is_free,
        ),
        "Integration": (
            needs("integrationType"),
            integrations.waits_within_the_limits,
            integrations.uri_fits_the_type,
            integrations.speaks_format_1,
            integrations.names_its_link,
            integrations.method_is_known,
            integrations.request_parameters_map_something,
            is_an_arn("credentialsArn"),
            none_of_http_apis("integrationSubtype", "responseParameters", "tlsConfig"),
        ),
        "IntegrationResponse": (
            integrations.response_key_is_default_or_regex,
            integrations.response_key_is_free,
        ),
        "Authorizer": (
            needs("name"),
            authorizers.is_a_request_authorizer,
            authorizers.has_no_http_settings,
            authorizers.identity_sources_are_known,
            authorizers.uri_is_a_function,
            authorizers.name_is_free,
            is_an_arn("authorizerCredentialsArn"),
        ),
        "Model": (
            authorizers.model_name_is_alphanumeric,
            authorizers.model_name_is_free,
            authorizers.model_schema_is_json,
        ),
        "Deployment": (),
        "Stage": (
            needs("stageName"),
            stages.name_is_well_formed,
            stages.name_is_free,
            stages.variables_are_plain,
            stages.route_settings_name_routes,
            stages.log_has_a_group_and_a_format,
            stages.log_format_names_the_request,
            stages.throttles_are_no_debts,
            stages.certificate_is_not_emulated,
            stages.deployment_may_be_set,
        ),
    }
)

REMOVALS: Mapping[str, Removal] = MappingProxyType(
    {
        "Integration": integrations.is_unused,
        "Authorizer": authorizers.is_unused,
        "Deployment": stages.deployment_is_unused,
    }
)
