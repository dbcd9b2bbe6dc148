import pytest

from helpdesk_wellbeing.access.roles import Role

PAGES = ["", "/connection", "/hours", "/people", "/people/1", "/agreement", "/backtest", "/acting", "/access", "/rules"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", [Role.ADMIN, Role.COUNCIL, Role.DPO, Role.OPS])
@pytest.mark.parametrize("language", ["en"])
def test_it(signed_in, role, page, language):
    r = signed_in(None, role, language=language).get("/a/acme/settings" + page)
    print(role, page, r.status_code, len(r.data))
    assert r.status_code in (200, 403), r.text
    assert role != Role.ADMIN or r.status_code == 200
