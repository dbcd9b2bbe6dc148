"""The backtest: begun, waited for, looked at."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from helpdesk_wellbeing.pages import jobs
from helpdesk_wellbeing.pages.settings import backtest as model
from helpdesk_wellbeing.pages.settings.agreement import build as agreement
from helpdesk_wellbeing.web.rendering import go_to
from helpdesk_wellbeing.web.settings import words
from helpdesk_wellbeing.web.settings.common import by, changer, reader, shown
from helpdesk_wellbeing.web.site import Site

EVERY_S = 3  # the page looks again while it runs


def add_to(pages: Blueprint, site: Site) -> None:
    """GET and POST /settings/backtest."""
    store = site.store

    @pages.get("/settings/backtest")
    def settings_backtest(account: str) -> Response:
        viewer, now = reader(), site.now()
        job = jobs.job_of(store, account, jobs.BACKTEST)
        found = model.read(job.result) if job is not None and job.state == "done" else None
        titles = {rule.id: rule for rule, _signal in site.known.catalogue.active()}
        return shown(
            "backtest.html", viewer, job=job, page=found, words=words, rules=titles, few=model.FEW,
            is_running=job is not None and job.is_running(now), was_cut=job is not None and job.was_cut_off(now),
            refresh=EVERY_S if job is not None and job.is_running(now) else None,
            agreed=agreement(site.known, viewer, now), events=store.all_events_span(account)[2],
        )  # fmt: skip

    @pages.post("/settings/backtest")
    def begin_backtest(account: str) -> Response:
        viewer = changer()
        store.audit.add(account, site.now(), "looked", by=by(viewer), page="backtest")
        catalogue, now = site.known.catalogue, site.now()
        jobs.begin(store, account, jobs.BACKTEST,
                   lambda tell: model.run(store, account, catalogue, now, tell), site.now)  # fmt: skip
        return go_to(url_for("pages.settings_backtest", account=account))
