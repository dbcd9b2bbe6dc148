"""Setting up the helpdesk itself: a plan first, then as agreed; its app; taking everything out again."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, request, url_for
from flask_babel import gettext as _

from helpdesk_wellbeing.acting.policy import policy_of
from helpdesk_wellbeing.errors import ConfigError
from helpdesk_wellbeing.hosts import is_loopback
from helpdesk_wellbeing.pages.setting_up import Asked, SettingUp
from helpdesk_wellbeing.pages.settings import helpdesk as model
from helpdesk_wellbeing.web import cookies
from helpdesk_wellbeing.web.problems import explained
from helpdesk_wellbeing.web.rendering import go_to
from helpdesk_wellbeing.web.settings import words
from helpdesk_wellbeing.web.settings.common import back, by, changer, reader, shown, text_of
from helpdesk_wellbeing.web.site import Site

EVERY_S = 3  # the page looks again while something is being done
NEWS = ("events", "trigger")
PAGE = "settings_helpdesk"


def add_to(pages: Blueprint, site: Site) -> None:
    """GET /settings/helpdesk; POST …/plan, …/carry-out, …/app, …/find-app, …/secret."""
    store = site.store

    def setting_up() -> SettingUp:
        if site.setting_up is None:
            abort(404)
        return site.setting_up

    def page_of(
        account: str, status: int = 200, wrong: dict[str, str] | None = None, secret: str | None = None
    ) -> Response:
        viewer = reader()
        page = model.build(store, setting_up(), account, site.now())
        here = request.host_url.rstrip("/")
        usual = model.address(store, account, here if is_loopback(urlsplit(here).hostname) else None)
        return shown(
            "helpdesk.html", viewer, status, page=page, words=words, wrong=wrong or {}, secret=secret,
            given=request.form if wrong else None, usual=usual,
            refresh=EVERY_S if page.is_running else None,
        )  # fmt: skip

    def begun(account: str, has_begun: bool) -> Response:
        if not has_begun:
            return back(PAGE, _("Something is being done there already. Wait for it."), account, "careful")
        return go_to(url_for(f"pages.{PAGE}", account=account))

    def address(account: str, wrong: dict[str, str]) -> str:
        url = text_of("url").rstrip("/")
        problem = setting_up().wrong_address(account, url)
        if problem == "here":
            wrong["url"] = _("The helpdesk cannot reach this machine by that name; give the address on the internet.")
        elif problem == "form":
            wrong["url"] = _("It is https:// and a host, without a path; for example https://wellbeing.example.com")
        return url

    @pages.get("/settings/helpdesk")
    def settings_helpdesk(account: str) -> Response:
        return page_of(account)

    @pages.post("/settings/helpdesk/plan")
    def plan_helpdesk(account: str) -> Response:
        changer()
        wrong: dict[str, str] = {}
        if request.form.get("do") == "uninstall":
            asked = Asked("uninstall")
        else:
            news = text_of("news")
            asked = Asked("install", address(account, wrong), news if news in NEWS else None)
        if wrong:
            return page_of(account, 422, wrong)
        return begun(account, model.look(store, setting_up(), account, asked, site.now))

    @pages.post("/settings/helpdesk/carry-out")
    def carry_out_helpdesk(account: str) -> Response:
        viewer = changer()
        shown_plan = model.build(store, setting_up(), account, site.now()).plan
        if shown_plan is None or shown_plan.digest != text_of("digest"):
            text = _("Meanwhile somebody else has looked or has done something. Look at this first.")
            return back(PAGE, text, account, "careful")
        token, is_new = cookies.kept(store, account), policy_of(store, account).public_url is None
        answer = begun(account, model.carry_out(store, setting_up(), account, shown_plan, by(viewer), site.now))
        if token and is_new and shown_plan.asked.url.startswith("https://"):
            cookies.keep(answer, account, token, secure=True)  # it becomes the public address: then only this counts
        return answer

    @pages.post("/settings/helpdesk/app")
    def download_app(account: str) -> Response:
        changer()
        wrong: dict[str, str] = {}
        url = address(account, wrong)
        if not wrong:
            try:
                app = setting_up().package(account, url)
            except ConfigError as error:
                wrong["app"] = explained(error)
        if wrong:
            return page_of(account, 422, {"app_url" if name == "url" else name: text for name, text in wrong.items()})
        answer = Response(app.archive, mimetype="application/zip")
        answer.headers["Content-Disposition"] = f'attachment; filename="{app.file}"'
        return answer

    @pages.post("/settings/helpdesk/find-app")
    def find_app(account: str) -> Response:
        changer()
        return begun(account, model.find_app(store, setting_up(), account, site.now))

    @pages.post("/settings/helpdesk/secret")
    def show_secret(account: str) -> Response:
        viewer = changer()
        if not setting_up().types_secret(account):
            abort(404)
        secret = setting_up().secret(account)
        store.audit.add(account, site.now(), "looked", by=by(viewer), page="webhook_secret")
        return page_of(account, secret=secret)
