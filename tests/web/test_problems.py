"""Every line about a problem that a page can be told has words of the page, and these have their Dutch."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

from helpdesk_wellbeing import errors
from helpdesk_wellbeing.web.problem_texts import TEXTS
from helpdesk_wellbeing.web.problems import _form, _forms, knows

ROOT = Path(__file__).parents[2]
# What pages call and whose errors they show. Behind it: functions and names whose lines become part of such an error.
SHOWN: dict[str, tuple[str, ...]] = {
    "connectors/freshdesk/client.py": ("_hint",),
    "connectors/freshdesk/settings.py": (),
    "connectors/session.py": (),
    "connectors/zendesk/auth.py": ("_ADVICE", "_UNKNOWN_ADVICE", "advice"),
    "connectors/zendesk/client.py": ("_hint",),
    "connectors/zendesk/connector.py": (),
    "connectors/zendesk/settings.py": (),
    "helpdesk_wellbeing/access/doors.py": (),
    "helpdesk_wellbeing/access/members.py": (),
    "helpdesk_wellbeing/acting/asking.py": (),
    "helpdesk_wellbeing/acting/policy.py": (),
    "helpdesk_wellbeing/acting/review.py": (),
    "helpdesk_wellbeing/acting/telling.py": (),
    "helpdesk_wellbeing/acting/views.py": (),
    "helpdesk_wellbeing/agreement/model.py": (),
    "helpdesk_wellbeing/agreement/recording.py": (),
    "helpdesk_wellbeing/agreement/widening.py": ("widened", "_more", "_longer", "_sooner"),
    "helpdesk_wellbeing/cli/connecting.py": (),
    "helpdesk_wellbeing/instants.py": ("zone_problem", "_NOT_ISO", "_SKIPPED"),
    "helpdesk_wellbeing/names.py": (),
    "helpdesk_wellbeing/notices/addresses.py": (),
    "helpdesk_wellbeing/notices/channels/opening.py": (),
    "helpdesk_wellbeing/notices/channels/posting.py": (),
    "helpdesk_wellbeing/notices/channels/smtp.py": (),
    "helpdesk_wellbeing/notices/settings.py": (),
    "helpdesk_wellbeing/pages/settings/backtest.py": (),
    "helpdesk_wellbeing/people.py": ("_ends_after_it_begins", "_takes_time"),
    "helpdesk_wellbeing/schedules.py": (),
    "helpdesk_wellbeing/store/accounts.py": (),
    "helpdesk_wellbeing/store/audit.py": ("_first_problem",),
    "helpdesk_wellbeing/surveys/policy.py": ("Reason",),
    "helpdesk_wellbeing/tables.py": ("_HINT", "_check_header", "problems", "wrong", "_row"),
    "helpdesk_wellbeing/upkeep/retention.py": ("_SO_LONG", "why_so_long"),
}
RAISED = {name for name, one in vars(errors).items() if isinstance(one, type)} | {"ValueError", "BadTable"}
WITHIN = {"_refused": 1, "_left": 1}  # functions of ours that raise, and which argument says why
# Lines with parts that are there or not: how they come out.
COMPOSED = {
    "proposal ¤: the team cannot be asked¤: ¤": (
        "proposal p1: the team cannot be asked: nothing due",
        "proposal p1: the team cannot be asked before 2026-12-01: a member was asked recently",
    ),
    "more ¤: ¤": (
        "more signals about single people: WT1, LD3", "more purposes: workload",
        "more roles that see what is said of one person: lead, ops", "more channels for notices about a person: email",
    ),
    "rule ¤: ¤": ("rule long_day: a new rule", "rule long_day: warn from active_h >= 9 and span_h > 12 on"),
    '"¤" is not a time zone¤; use a name such as "Europe/Berlin"': (
        '"Amsterdam" is not a time zone; did you mean "Europe/Amsterdam"?; use a name such as "Europe/Berlin"',
        '"x" is not a time zone; use a name such as "Europe/Berlin"',
    ),
    "¤: the connection broke (¤) while a mail was sent": (
        "mail server mail.example.com:587: the connection broke (OSError) while a mail was sent",
    ),
    '"¤" is not ¤': ('"many" is not a number of hours a week (0.5 to 168)', '"2" is not a share from 0 to 1'),
    "retention: ¤ is not a class of data; there are ¤": (
        "retention: 'mood' is not a class of data; there are events, facts",
    ),
}  # fmt: skip
# What a new connection lacks: in the report of the connectors, which `connect` makes an error.
LACKING = (
    "acme: not connected: OAuth client wellbeing of user 7 lacks scope read, role admin (the exports are for "
    "admins); allow `read` in the scopes of the client and give the user an admin role, then connect again",
    "acme: not connected: API token of user 7 lacks role admin (the exports are for admins); give the user an admin "
    "role, then connect again",
    "acme: not connected: the key of agent 7 lacks global ticket scope (the key's agent sees only its group: the "
    "picture would be partial); give the agent the scope Global Access and the role Administrator, then connect again",
    "freshdesk: 403 for GET /api/v2/agents/me: not allowed; the key's agent must be an admin who sees all tickets, or "
    "the plan lacks this",
    "zendesk: 404 InvalidEndpoint for GET /api/v2/x: the account's plan doesn't have this",
    "freshdesk: 401 for GET /api/v2/agents/me: the API key isn't accepted; connect the account again; pulling is "
    "paused until this account is connected again (helpdesk-wellbeing connect)",
    "zendesk: no answer within 10 s for GET /api/v2/users/me: run it again later",
    "zendesk: 429 for GET /api/v2/users/me; it asks to wait 90 s, more than we wait at a stretch (5 s). Run it again "
    "after that",
)
# Of the command line, or never because of what a form sends.
NOT_ON_PAGES = ("who decides is named by", "account ¤: week_start", "surveys: only plans", "surveys: k = ")

# Of the library that checks settings, and of values that are put together.
OF_OTHERS = ("Input should", "String should", "Tuple should", "Field required", "Value error", "no OAuth client secret",
             "no API key", "the scope Global Access and", "{why}", "{field}: {why}", "{column}: {why}")  # fmt: skip


def lines_of(file: str, besides: tuple[str, ...]) -> list[tuple[int, str]]:
    """Lines that this file can put into an error, with ¤ where a value stands."""
    tree, module = ast.parse((ROOT / file).read_text("utf-8")), importlib.import_module(module_of(file))

    def text(node: ast.AST) -> list[str]:
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else []
        if isinstance(node, ast.JoinedStr):
            return ["".join(part(one) for one in node.values)]
        if isinstance(node, ast.IfExp):
            return [*text(node.body), *text(node.orelse)]
        return []

    def part(node: ast.AST) -> str:
        if isinstance(node, ast.Constant):
            return str(node.value)
        if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.IfExp):
            return text(node.value)[0] if text(node.value) else "¤"
        if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Name) and node.value.id.isupper():
            return str(getattr(module, node.value.id, "¤"))
        return "¤"

    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            if node.func.id in RAISED | {"HttpRefused", "GrantRefused", "LastAdmin", "Unsent", "Away", "Unsure"}:
                found += [(node.lineno, one) for one in text(node.args[0])]
            if node.func.id in WITHIN:
                found += [(node.lineno, one) for one in text(node.args[WITHIN[node.func.id]])]
            if node.func.id == "_Again":
                ways = [(what, advice) for what in text(node.args[0]) for advice in text(node.args[2])]
                found += [(node.lineno, f"{what}: {advice}") for what, advice in ways]
        if isinstance(node, ast.FunctionDef) and node.name in besides:
            found += [
                (one.lineno, said)
                for one in ast.walk(node)
                if isinstance(one, ast.Return | ast.Yield)
                for said in (text(one.value) if one.value else [])
            ]
        if isinstance(node, ast.ClassDef) and node.name in besides:
            own = [one for one in node.body if isinstance(one, ast.Assign)]
            found += [(one.lineno, said) for one in own for said in text(one.value)]
        if isinstance(node, ast.Assign | ast.AnnAssign):
            names = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(name, ast.Name) and name.id in besides for name in names):
                inside = node.value.values if isinstance(node.value, ast.Dict) else [node.value]
                found += [(one.lineno, said) for one in inside if one is not None for said in text(one)]
    return found


def module_of(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".")


def has_words(line: str) -> bool:
    """Whether a form of its own fits; those that are nothing but values fit everything and do not count."""
    return any(any(sign.isalpha() for sign in shape(form.pattern)) and form.fullmatch(line) for form, _text in _forms())


def shape(pattern: str) -> str:
    return re.sub(r"\(\?P[<=]\w+[>)](\.\*\?\))?", "", pattern).replace("\\n", "")


@pytest.mark.parametrize("file", SHOWN)
def test_every_line_that_a_page_can_be_told_has_words_of_the_page(file):
    found = lines_of(file, SHOWN[file])

    assert found, "nothing is raised here any more"
    told = [(at, line) for at, line in found if line.strip("¤: ;") and not line.startswith(NOT_ON_PAGES)]
    assert [(at, line) for at, line in told if line not in COMPOSED and not has_words(line)] == []


@pytest.mark.parametrize("line", [*(line for lines in COMPOSED.values() for line in lines), *LACKING])
def test_a_line_with_parts_that_are_there_or_not_has_words_of_the_page(line):
    assert knows(line)


def test_no_words_are_kept_for_lines_that_nobody_says_any_more():
    said = {line for file, besides in SHOWN.items() for _at, line in lines_of(file, besides)}
    said |= {line for lines in COMPOSED.values() for line in lines}
    said |= set(LACKING) | {line.split(": ", 2)[-1].removesuffix(", then connect again") for line in LACKING}
    files = [file for room in ("helpdesk_wellbeing", "connectors") for file in (ROOT / room).rglob("*.py")]
    source = "\n".join(
        file.read_text("utf-8") for file in files if file.name not in ("problem_texts.py", "helpdesk_texts.py")
    )
    seen = [form for form in TEXTS if any(_form(form).fullmatch(line) for line in said) or longest(form) in source]
    assert [form for form in TEXTS if form not in seen and not form.startswith(OF_OTHERS)] == []


def longest(form: str) -> str:
    """The longest stretch of a form that is no value, up to where a long line of code may be broken."""
    pieces = re.split(r"\{\w+\}", form)
    return max((piece.strip(" :;,()").split(": ")[-1].split("; ")[0] for piece in pieces), key=len)[:24]
