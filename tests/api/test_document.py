"""The API keeps to its own OpenAPI document, whatever is sent to it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import booleans

from helpdesk_wellbeing.api.blueprint import document as of_the_api


@pytest.fixture
def call(call):
    call.client.application.register_blueprint(of_the_api())
    return call


@pytest.fixture
def document(call):
    return call.client.get("/api/v1/openapi.json").json


def test_the_document_names_every_call_and_asks_for_a_token(document, call):
    rules = {rule.rule for rule in call.client.application.url_map.iter_rules() if rule.endpoint.startswith("api.")}
    paths = {path.replace("{", "<").replace("}", ">") for path in document["paths"]}

    assert rules == paths
    assert document["security"] == [{"token": []}]


def test_the_document_tells_nothing_of_accounts(document):
    assert "acme" not in str(document)
    assert "globex" not in str(document)


@pytest.mark.parametrize("examples", [4, pytest.param(12, marks=pytest.mark.prove)])
def test_whatever_is_sent_is_answered_as_the_document_says(call, proposed, survey, examples):
    import schemathesis  # half a second, for this test alone
    from schemathesis import checks as held

    everything = (
        held.not_a_server_error, held.status_code_conformance, held.content_type_conformance,
        held.response_schema_conformance,
    )  # fmt: skip
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", call.client.application)
    ours = {"account": "acme", "id": proposed["acme"], "wave": survey["waves"], "theme": survey["themes"]}
    header = {"Authorization": f"Bearer {call.tokens['acme']}"}
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=examples, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(), of_ours=booleans())
        def holds(case, of_ours):
            case.path_parameters["account"] = "acme"
            if of_ours:
                case.path_parameters.update({name: ours[name] for name in case.path_parameters})
            case.call_and_validate(headers=header, checks=everything)

        holds()
        tried += 1
    assert tried == 17
