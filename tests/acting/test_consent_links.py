"""Links of consent where several processes make them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from helpdesk_wellbeing.acting import consent, policy, review
from tests.acting_helpdesk import MONDAY


def test_those_who_need_the_first_link_at_once_get_the_same(store, a_proposal):
    policy.change(store, "acme", "an admin", MONDAY, modes={"rebalance": "approve"}, consent=True)
    proposal = a_proposal("1")
    review.keep(store, "acme", [proposal], MONDAY)
    review.accept(store, "acme", proposal.id, "a lead", MONDAY)
    with ThreadPoolExecutor(4) as pool:
        links = set(pool.map(lambda _: consent.link(store, "acme", proposal.id, "ben", "https://a.example"), range(8)))

    assert len(links) == 1
