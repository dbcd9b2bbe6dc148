"""Surveys: waves, results, themes with their answers."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, request, url_for
from flask_babel import gettext as _

from helpdesk_wellbeing.access.viewer import Viewer
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.pages import esat as page
from helpdesk_wellbeing.pages import told
from helpdesk_wellbeing.pages.esat import Cell, OneWave
from helpdesk_wellbeing.pages.series import Distribution
from helpdesk_wellbeing.surveys import waves
from helpdesk_wellbeing.web import charts, survey_words, words
from helpdesk_wellbeing.web.charts import Figure
from helpdesk_wellbeing.web.rendering import go_to, render
from helpdesk_wellbeing.web.site import Site, viewer_for

LONGEST_LINE, LONGEST_ANSWER = 200, 4000


def add_to(pages: Blueprint, site: Site) -> None:
    """GET /a/<account>/esat[/<wave>], POST …/<wave>/themes, …/<wave>/themes/<theme>."""
    store = site.store

    @pages.get("/esat")
    @pages.get("/esat/<wave>")
    def esat(account: str, wave: str | None = None) -> Response:
        viewer = viewer_for("esat")
        if wave is None:
            found = page.build(site.known, viewer, site.now())
            return render("esat.html", page=found, words=words, said=survey_words)
        return _show(_find(site, viewer, wave))

    @pages.post("/esat/<wave>/themes")
    def add_theme(account: str, wave: str) -> Response:
        viewer = viewer_for("esat")
        found = _may_answer(site, viewer, wave)
        title, owner = _line("title"), _line("owner")
        question = request.form.get("question", "")
        wrong = {name for name, value in (("title", title), ("owner", owner)) if value is None}
        if question and question not in map(str, range(len(found.questions))):
            wrong.add("question")
        if wrong or title is None or owner is None:
            return _show(found, 422, wrong=wrong)
        at = site.now()
        try:
            with store.transaction():
                made = waves.add_theme(
                    store, account, wave, title, owner, at.date(), int(question) if question else None
                )  # fmt: skip
                store.audit.add(account, at, "theme added", by=viewer.who, wave=wave, theme=made.theme)
        except ConfigError:
            return _show(_find(site, viewer, wave), 409, problem=_("This survey takes no themes any more."))
        flash(_("Kept. Your team sees it; answer it within ten working days."), "said")
        return go_to(url_for("pages.esat", account=account, wave=wave))

    @pages.post("/esat/<wave>/themes/<theme>")
    def answer_theme(account: str, wave: str, theme: str) -> Response:
        viewer = viewer_for("esat")
        found = _may_answer(site, viewer, wave)
        if page.theme_of(site.known, account, wave, theme) is None:
            abort(404)
        text = request.form.get("answer", "").replace("\r\n", "\n").strip()
        if not text or len(text) > LONGEST_ANSWER or not all(sign.isprintable() or sign == "\n" for sign in text):
            return _show(found, 422, wrong={theme}, typed=text)
        at = site.now()
        try:
            with store.transaction():
                waves.answer_theme(store, account, theme, text, at.date())
                store.audit.add(account, at, "theme answered", by=viewer.who, wave=wave, theme=theme)
        except ConfigError:
            return _show(_find(site, viewer, wave), 409, problem=_("It has its answer already. Nothing was changed."))
        flash(_("Published to those who were asked."), "said")
        return go_to(url_for("pages.esat", account=account, wave=wave))


def _find(site: Site, viewer: Viewer, wave: str) -> OneWave:
    found = page.build_wave(site.known, viewer, wave, site.now())
    if found is None:
        abort(404)
    return found


def _may_answer(site: Site, viewer: Viewer, wave: str) -> OneWave:
    found = _find(site, viewer, wave)
    stored = site.store.surveys.wave(viewer.account, wave)
    if stored is None or not page.may_answer(told.sight(site.known, viewer, site.now()), stored):
        abort(403)
    return found


def _line(name: str) -> str | None:
    """What was typed, if it is a line of text."""
    text = request.form.get(name, "").strip()
    return text if text and len(text) <= LONGEST_LINE and text.isprintable() else None


def _show(
    found: OneWave, status: int = 200, *, wrong: frozenset[str] | set[str] = frozenset(), problem: str | None = None,
    typed: str = "",
) -> Response:  # fmt: skip
    return render(
        "esat_wave.html", status, page=found, wrong=wrong, problem=problem, typed=typed, words=words,
        said=survey_words, form=request.form, figures=[_figures(cell) for cell in found.cells],
    )  # fmt: skip


def _figures(cell: Cell) -> list[Figure]:
    """How the answers to each statement are distributed, where that gives nobody away."""
    return [
        charts.distribution(
            Distribution(one.distribution), survey_words.scale(), title=words.in_words(one.text), in_percent=True
        )
        for one in cell.questions if one.distribution is not None
    ]  # fmt: skip
