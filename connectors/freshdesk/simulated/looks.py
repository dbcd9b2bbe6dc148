"""Everything that can be looked at besides tickets: people, groups, opening hours, settings, ratings, time entries."""

from __future__ import annotations

from connectors.simulating.answers import Answer

from . import staff as people
from .activities import Activities
from .answers import BadRequest, invalid, lacking, not_found, page_of, paged
from .extras import Extras
from .lists import Lists, time_of
from .record import Record
from .request import Request
from .rows import Object, versions
from .search import found
from .settings import business_hours, ticket_fields
from .sla import policies
from .staff import Person

SEARCHED, SEARCH_PAGES = 30, 10


class Looks:
    """One method an endpoint; `api.ENDPOINTS` says which."""

    def __init__(self, record: Record, base: str) -> None:
        self.record = record
        self.options = record.options
        self.base = base
        self.extras = Extras(record)
        self._activities = Activities(record, base)

    # ---- people

    def me(self, request: Request) -> Answer:
        """The key's own agent."""
        return Answer.of(self._agent(self.record.staff.people[self.options.service_user]))

    def agents(self, request: Request) -> Answer:
        """Everybody who is an agent, those who left not."""
        listed = self.record.staff.agents
        state, email = request.first("state"), request.first("email")
        if state is not None:
            listed = [p for p in listed if p.account.occasional == (state == "occasional")]
        if email is not None:
            listed = [p for p in listed if p.email == email]
        if request.first("only") == "availability":
            if "availability" in self.options.lacking:
                return lacking("availability")
            return self._paged(request, [self._presence(p) for p in listed])
        return self._paged(request, [self._agent(p) for p in listed])

    def agent(self, request: Request) -> Answer:
        """One agent; who is none any more can't be found here."""
        person = self.record.staff.agent(_number(request, 1))
        return not_found() if person is None else Answer.of(self._agent(person))

    def availability(self, request: Request) -> Answer:
        """What routing knows of one agent."""
        person = self.record.staff.agent(_number(request, 1))
        if person is None:
            return not_found()
        own = {"pause_assignment": False, "idle_enabled": False}
        return Answer.of(people.availability(person, self._said(person), self._load(person)) | own)

    def contact(self, request: Request) -> Answer:
        """A customer, or somebody who was an agent."""
        no = _number(request, 1)
        if self.record.staff.agent(no) is not None or not self._is_known(no):
            return not_found()
        return Answer.of(people.contact(no, self.record.staff))

    def roles(self, request: Request) -> Answer:
        """What agents may be."""
        return self._paged(request, people.roles())

    def role(self, request: Request) -> Answer:
        """One of them."""
        return _one(people.roles(), _number(request, 1))

    def _agent(self, person: Person) -> Object:
        return people.agent(person, self._said(person))

    def _presence(self, person: Person) -> Object:
        return {
            "id": person.no, "user_data": {}, "deactivated": person.account.state == "deactivated",
            "contact": {"name": person.name, "email": person.email, "avatar": None}, "legacy_routing": True,
            "availability": people.availability(person, self._said(person), self._load(person)),
            "availability_control": "agent_controlled",
        }  # fmt: skip

    def _said(self, person: Person) -> tuple[str, int] | None:
        """The latest availability of somebody, and since when."""
        return self.record.presences().get(person.no)

    def _load(self, person: Person) -> int:
        """How many open tickets somebody has."""
        columns, now = self.record.versions.columns, self.record.clock()
        rows = self.record.versions.live(columns, now)
        return int(((columns["responder"][rows] == person.no) & (columns["status"][rows] == 2)).sum())

    def _is_known(self, no: int) -> bool:
        return no in self.record.staff.people or bool((self.record.versions.columns["requester"] == no).any())

    # ---- groups and settings

    def groups(self, request: Request) -> Answer:
        """The older list, without members."""
        return self._paged(request, list(self.record.staff.groups))

    def group(self, request: Request) -> Answer:
        """One group with its members."""
        no = _number(request, 1)
        rows = [g | {"agent_ids": self.record.staff.members(no)} for g in self.record.staff.groups]
        return _one(rows, no)

    def admin_groups(self, request: Request) -> Answer:
        """The newer list. It names no next page."""
        return self._paged(request, [self._admin_group(g) for g in self.record.staff.groups], linked=False)

    def admin_group(self, request: Request) -> Answer:
        """One group, the newer way."""
        return _one([self._admin_group(g) for g in self.record.staff.groups], _number(request, 2))

    def members(self, request: Request) -> Answer:
        """The agents of a group."""
        no = _number(request, 2)
        if all(g["id"] != no for g in self.record.staff.groups):
            return not_found()
        rows = [self._agent(self.record.staff.people[agent]) for agent in self.record.staff.members(no)]
        kept = ("id", "ticket_scope", "role_ids", "contact")
        return self._paged(request, [{**{k: r[k] for k in kept}, "write_access": True} for r in rows], linked=False)

    def _admin_group(self, group: Object) -> Object:
        kept = ("id", "name", "description", "escalate_to", "unassigned_for", "created_at", "updated_at")
        return {name: group[name] for name in kept} | {
            "type": "support_agent_group", "business_calendar_id": group["business_hour_id"],
            "allow_agents_to_change_availability": True, "agent_ids": self.record.staff.members(group["id"]),
            "automatic_agent_assignment": {"enabled": False},
        }  # fmt: skip

    def business_hours(self, request: Request) -> Answer:
        """Opening hours."""
        return self._paged(request, business_hours(self.record))

    def business_hour(self, request: Request) -> Answer:
        """One calendar."""
        rows = [row for row in business_hours(self.record) if int(row["id"]) == _number(request, 1)]
        return Answer.of(rows[0]) if rows else not_found()

    def sla_policies(self, request: Request) -> Answer:
        """The account's one policy."""
        return self._paged(request, policies())

    def ticket_fields(self, request: Request) -> Answer:
        """Fields of tickets, statuses among them."""
        kind = request.first("type")
        rows = ticket_fields(self.record)
        return Answer.of([row for row in rows if kind in (None, row["type"])])

    def settings(self, request: Request) -> Answer:
        """The account's languages."""
        return Answer.of({"primary_language": "en", "supported_languages": [], "portal_languages": []})

    def nothing(self, request: Request) -> Answer:
        """A list of which the account has none."""
        return self._paged(request, [])

    # ---- what hangs on tickets

    def time_entries(self, request: Request) -> Answer:
        """All that was booked, by when it was worked."""
        after, before = time_of(request.query, "executed_after"), time_of(request.query, "executed_before")
        rows = self.extras.time_entries(self.record.clock(), after, before)
        agent = request.first("agent_id")
        billable = request.first("billable")
        rows = [row for row in rows if agent in (None, str(row["agent_id"]))]
        rows = [row for row in rows if billable in (None, str(row["billable"]).lower())]
        return self._paged(request, rows if request.first("company_id") is None else [])

    def surveys(self, request: Request) -> Answer:
        """The account's one survey."""
        return self._paged(request, self.extras.surveys())

    def ratings(self, request: Request) -> Answer:
        """Everything that customers have rated."""
        rows = self.extras.ratings(self.record.clock(), time_of(request.query, "created_since"))
        user = request.first("user_id")
        return self._paged(request, [row for row in rows if user in (None, str(row["user_id"]))])

    def of_ticket(self, request: Request, what: str, ticket: int) -> Answer:
        """Time entries or ratings of one ticket."""
        now = self.record.clock()
        rows = self.extras.time_entries(now) if what == "time_entries" else self.extras.ratings(now)
        return self._paged(request, [row for row in rows if row["ticket_id"] == ticket])

    def activities(self, request: Request) -> Answer:
        """Where the file of one day is."""
        return self._activities.index(request)

    def file(self, request: Request) -> Answer:
        """The file of one day: whoever has its address gets it, and nobody who shows a key."""
        return self._activities.file(request)

    def search(self, request: Request, lists: Lists) -> Answer:
        """Tickets that fit an expression; the index is behind."""
        query = request.query
        page, low, high = page_of({**query, "per_page": [str(SEARCHED)]})
        if "per_page" in query:
            return invalid(("per_page", "Unexpected/invalid field in request", "invalid_field"))
        if page > SEARCH_PAGES:
            raise BadRequest("page", f"It should be a Positive Integer less than or equal to {SEARCH_PAGES}")
        now = self.record.clock() - self.options.search_lag_s
        columns = self.record.versions.columns
        rows = found(request.first("query") or "", self.record, columns, lists.standing(columns, now))
        told = [lists.row(row, [], now) for row in versions(columns, rows[low:high])]
        return Answer.of({"total": len(rows), "results": told})

    def _paged(self, request: Request, rows: list[Object], linked: bool = True) -> Answer:
        return paged(rows, self.base, request.path, request.query, linked)


def _number(request: Request, place: int) -> int:
    return int(request.resource.split("/")[place])


def _one(rows: list[Object], no: int) -> Answer:
    found = next((row for row in rows if row["id"] == no), None)
    return not_found() if found is None else Answer.of(found)
