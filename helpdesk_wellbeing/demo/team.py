"""The simulated company: its groups, its people, and the stories planted among them."""

from __future__ import annotations

from datetime import date, timedelta

from helpdesk_wellbeing.demo.cast import Group, Member, back, dates, monday
from helpdesk_wellbeing.demo.dice import Dice
from helpdesk_wellbeing.demo.rota import Pace
from helpdesk_wellbeing.demo.world import Companion, Innocent, Planted

ZONE = "Europe/Amsterdam"
LUNCH = ((40.0, 48.0),)
NO_BREAK = Pace(gap=(6.0, 11.5), breaks=(), edge=6.0)
FREAK_TICKETS = 60
BULK_TICKETS = 60
TINY_TICKETS = 6
CHAT = (("chat", 0.8), ("messaging", 0.2))
PHONE = (("phone", 0.4), ("email", 0.6))


class Company:
    """Groups and members of one simulated company, with what is planted in it."""

    def __init__(self, dice: Dice, start: date, end: date, number: int = 0) -> None:
        self.dice = dice
        self.start, self.end = start, end
        self.number = number  # 0: the one with the stories; copies are quiet
        self.groups: list[Group] = []
        self.members: list[Member] = []
        self.planted: list[Planted] = []
        self.innocents: list[Innocent] = []
        self.freak: tuple[str, date] | None = None
        self.bulk: tuple[str, date] | None = None
        self.tiny: tuple[str, str] | None = None
        self._hire()
        if number == 0:
            self._plant_working_time()
            self._plant_load()
            self._plant_innocents()
        self._grant_leave()

    def named(self, name: str) -> Group:
        """The group of that name."""
        return next(g for g in self.groups if g.name.startswith(name))

    def _group(self, name: str, tier: int | None, zone: str, schedule: str = "Mon-Fri 09:00-17:30") -> Group:
        suffix = f" {self.number + 1}" if self.number else ""
        group = Group(str(36_000 + 100 * self.number + len(self.groups)), name + suffix, tier, zone, schedule)
        self.groups.append(group)
        return group

    def _members(self, group: Group, count: int) -> None:
        for _ in range(count):
            n = len(self.members) + 1
            member = Member(
                str(410_000 + 1000 * self.number + n),
                f"Agent {1000 * self.number + n:02d}",
                group.zone,
                group,
            )
            member.preset = {
                "Europe/Amsterdam": "nl_atw",
                "Europe/London": "uk_wtr",
                "Europe/Paris": "fr_ct",
                "America/New_York": "us_flsa",
            }.get(group.zone, "eu_floor")
            group.members.append(member)
            self.members.append(member)

    def _hire(self) -> None:
        for name, zone, count in (
            ("Orders", "Europe/Amsterdam", 7),
            ("Accounts", "Europe/London", 7),
            ("Deliveries", "America/New_York", 7),
            ("Payments", "America/Sao_Paulo", 6),
            ("Chat", "Asia/Manila", 7),
            ("Returns", "Europe/Paris", 6),
        ):
            group = self._group(name, 1, zone)
            self._members(group, count)
        self.named("Chat").channels = CHAT
        self.named("Accounts").channels = PHONE
        self._part_timers()
        night = self._group("Night desk", 1, ZONE, "Tue-Sun 00:00-08:00")
        self._members(night, 3)
        for member, rota in zip(
            night.members, ("Tue-Wed 00:00-08:00", "Thu-Fri 00:00-08:00", "Sat-Sun 00:00-08:00"), strict=True
        ):
            member.rota, member.contract, member.budget, member.room = [(None, rota)], 16, 4.2, 2
        for name, tier, count in (
            ("Technical", 2, 4),
            ("Contracts", 2, 5),
            ("Repairs", 3, 2),
            ("Export", 3, 2),
        ):
            group = self._group(name, tier, ZONE)
            group.holds, group.hard = True, 0.02
            self._members(group, count)
            for member in group.members:
                member.budget = {"Repairs": 9.0, "Export": 3.6}.get(name, 7.0)
                member.target = {"Repairs": 8.0, "Export": 4.5}.get(name, 5.5)
        tiny = self._group("Gift cards", None, ZONE)
        tiny.steered = False
        office = self._group("Back office", None, ZONE)
        office.staffed = False

    def _part_timers(self) -> None:
        orders, accounts, deliveries = (self.named(n).members for n in ("Orders", "Accounts", "Deliveries"))
        for member, rota, contract, budget, room in (
            (orders[3], "Mon-Fri 09:00-14:00", 25, 5.2, 3),
            (accounts[3], "Mon-Thu 09:00-17:30", 32, 9.0, 4),
            (deliveries[3], "Mon-Wed 09:00-17:30", 24, 9.0, 3),
            (self.named("Payments").members[3], "Wed-Sun 09:00-17:30", 40, 9.0, 5),
            (self.named("Returns").members[3], "Mon-Fri 10:00-14:30", 22, 4.8, 3),
        ):
            member.rota, member.contract, member.budget, member.room = [(None, rota)], contract, budget, room

    def _grant_leave(self) -> None:
        """A week off for every second person who pulls, and a holiday for two zones."""
        busy = {p.subject for p in self.planted} | {i.subject for i in self.innocents}
        weeks = (self.end - self.start).days // 7
        pulled = [m for m in self.members if not m.home.holds and m.id not in busy and m.home.name != "Night desk"]
        for member in pulled[::2]:
            first = monday(self.start, -int(self.dice.between(2, max(3, weeks - 3))))
            member.leave.append((first, first + timedelta(days=6)))
        holiday = monday(self.start, -(weeks // 2))
        for member in pulled:
            if member.zone in ("Europe/London", "Europe/Paris") and not member.leave:
                member.leave.append((holiday, holiday))

    def _plant(
        self, signal: str, rule: str, kind: str, subject: str, since: date, story: str, *companions: Companion
    ) -> None:
        self.planted.append(Planted(signal, rule, kind, subject, since, self.end, story, companions))

    def _rota(self, member: Member, since: date, rota: str, pace: Pace | None = None) -> None:
        member.rota.append((since, rota))
        if pace:
            member.pace.append((since, pace))

    def _plant_working_time(self) -> None:
        orders, accounts, chat, returns = (self.named(n).members for n in ("Orders", "Accounts", "Chat", "Returns"))
        end, third = self.end, monday(self.end, 2)

        long_day, no_break, leaver = orders[0], orders[1], orders[6]
        self._rota(long_day, third, "Mon-Thu 08:00-20:15", Pace(breaks=((48.0, 54.0), (36.0, 42.0)), edge=8))
        long_day.preset = "eu_floor"
        self._plant(
            "WT1",
            "long_day",
            "agent",
            long_day.id,
            third,
            "The forty hours were put into four days from eight in the morning to a quarter past eight.",
        )
        since = back(end, 11)
        self._rota(no_break, since, "Mon-Fri 09:00-17:00", NO_BREAK)
        no_break.preset = "nl_atw"
        self._plant(
            "WT6",
            "missing_break",
            "agent",
            no_break.id,
            since,
            "Works through from nine to five, never a quarter of an hour without an answer.",
        )
        leaver.leave.append((back(end, 9), back(end, 4)))
        for day in (back(end, 6), back(end, 5)):
            leaver.extra[day] = ["10:30-11:20"]
        self._plant(
            "WT7",
            "after_hours_work",
            "agent",
            leaver.id,
            back(end, 6),
            "On leave, and answers customers on two of the days.",
        )

        six_days, clopening, evenings = accounts[0], accounts[1], accounts[4]
        self._rota(six_days, monday(end, 3), "Mon-Sat 08:30-17:45", Pace(breaks=LUNCH, edge=8))
        self._plant("WT2", "long_week", "agent", six_days.id, monday(end, 3), "A sixth day was added to the week.")
        self._rota(
            clopening,
            third,
            "Mon 13:00-22:00; Tue 07:30-16:00; Wed 13:00-22:00; Thu 07:30-16:00; Fri 09:00-17:30",
        )
        self._plant("WT4", "short_daily_rest", "agent", clopening.id, third, "Late shifts are followed by early ones.")
        since = monday(end, 5)
        for day in dates(since, end):
            if day.weekday() in (1, 2, 3):
                evenings.extra[day] = ["20:00-21:15"]
        self._plant(
            "WT7",
            "after_hours_work",
            "agent",
            evenings.id,
            since,
            "Logs in again on three evenings a week, outside the rota.",
        )

        no_rest, nights = chat[0], chat[1]
        since = monday(end - timedelta(days=14))
        self._rota(no_rest, since, "Mon-Sun 09:00-15:20", Pace(breaks=LUNCH))
        self._plant(
            "WT5",
            "short_weekly_rest",
            "agent",
            no_rest.id,
            since,
            "Works every day, short days, for more than two weeks without one off.",
        )
        self._rota(nights, third, "Mon-Sat 22:00-05:30", Pace(breaks=((44.0, 50.0),)))
        self._plant("WT8", "night_load", "agent", nights.id, third, "Covers the night, six nights running.")

        average = returns[0]
        average.rota, average.pace = [(None, "Mon-Fri 08:15-17:30")], [(None, Pace(breaks=LUNCH, edge=6))]
        self._plant(
            "WT3",
            "average_week_over_reference_period",
            "agent",
            average.id,
            self.start,
            "Forty-one and a half hours week after week, under a rule of forty-four on average.",
        )

    def _plant_load(self) -> None:
        end = self.end
        pushed = self.named("Repairs").members[0]
        pushed.pushed_from = back(end, 8)
        self._plant(
            "LD1",
            "open_work_overload",
            "agent",
            pushed.id,
            pushed.pushed_from,
            "What waited in the queue was pushed to one desk.",
        )
        more = self.named("Chat").members[2]
        more.more_from = back(end, 9)
        self._plant(
            "LD3",
            "sustained_load_increase",
            "agent",
            more.id,
            more.more_from,
            "Takes half as many tickets again, every day.",
        )
        contracts = self.named("Contracts")
        contracts.escalations = False
        for n, member in enumerate(contracts.members):
            member.target = 3.6 if n else 12.0
        self._plant(
            "LD4",
            "team_imbalance",
            "team",
            contracts.id,
            self.start,
            "One member keeps more than half of the team's open work.",
        )
        returns = self.named("Returns")
        returns.surplus_from = back(end, 17)
        self._plant(
            "LD6",
            "backlog_growth",
            "queue",
            returns.id,
            returns.surplus_from,
            "More comes in every day than the team can answer.",
        )
        payments = self.named("Payments")
        payments.hard = 0.13
        self._plant(
            "ES1",
            "escalation_heavy_queue",
            "queue",
            payments.id,
            self.start,
            "Twice as many tickets turn out hard as in the other first-line queues.",
        )
        dosed = self.named("Deliveries").members[0]
        dosed.hard_from = monday(end, 4)
        self._plant(
            "ES2",
            "hard_ticket_dose",
            "agent",
            dosed.id,
            dosed.hard_from,
            "The hard tickets of the team land on one desk.",
        )

    def _clear(self, kind: str, subject: str, naive_rule: str, story: str) -> None:
        self.innocents.append(Innocent(kind, subject, naive_rule, story))

    def _plant_innocents(self) -> None:
        end = self.end
        orders, accounts, deliveries = (self.named(n).members for n in ("Orders", "Accounts", "Deliveries"))

        late, abroad = orders[2], orders[5]
        late.rota = [(None, "Mon-Fri 14:00-22:30")]
        self._clear("agent", late.id, "work after 18:00", "A late shift by contract.")
        abroad.zone, abroad.preset = "Asia/Manila", "eu_floor"
        self._clear("agent", abroad.id, "nights on the head office's clock", "Office hours, in Manila.")

        self.bulk = (accounts[2].id, back(end, 4))
        self._clear(
            "agent",
            accounts[2].id,
            "tickets a day",
            f"Closed {BULK_TICKETS} tickets of a misfiring form in one go.",
        )
        call = accounts[6]
        for first in (monday(end, 5), monday(end, 2), monday(end, 1)):
            call.on_call.append((first, first + timedelta(days=7)))
            for n in (0, 1, 3):
                call.extra[first + timedelta(days=n)] = ["20:00-21:00"]
            call.extra[first + timedelta(days=5)] = ["13:00-14:30"]
        self._clear("agent", call.id, "work outside the schedule", "On call, as the rota file says.")

        self.freak = (deliveries[1].id, back(end, 6))
        self._clear(
            "agent",
            deliveries[1].id,
            "twice the usual number of tickets",
            f"One freak day of {FREAK_TICKETS} tickets after an outage, then as ever.",
        )

        for member in self.named("Night desk").members:
            self._clear("agent", member.id, "work at night", "Two nights a week by contract.")

        returner = self.named("Export").members[0]
        returner.leave.append((back(end, 14), back(end, 5)))
        returner.waits_on_leave = True
        self._clear(
            "agent",
            returner.id,
            "open work or tickets far above the median",
            "Work waited while on leave; it is gone after the first day back.",
        )

        owner = orders[4]
        self._clear(
            "agent",
            owner.id,
            "activity at night",
            "An automation solves this person's waiting tickets at half past one.",
        )

        tiny = self.named("Gift cards")
        helper = owner
        helper.also = (tiny.id,)
        self.tiny = (tiny.id, helper.id)
        self._clear("queue", tiny.id, "rate of bad ratings", f"Two of {TINY_TICKETS} tickets went wrong.")

        shared = self._extra("Front desk", self.named("Chat"), "shared")
        shared.rota = [(None, "Mon-Sat 06:00-23:00")]
        shared.pace = [(None, Pace(breaks=((38.0, 44.0), (38.0, 44.0))))]
        shared.budget, shared.contract = 15.0, 40.0
        self._clear("agent", shared.id, "long days and short rests", "A log-in that two shifts share.")
        bot = self._extra("Triage", self.named("Back office"), "bot")
        self._clear(
            "agent",
            bot.id,
            "most tickets of all, at all hours",
            "A bot with an agent's seat; the platform does not say so.",
        )
        sync = self._extra("Order sync", self.named("Back office"), "integration")
        self._clear("agent", sync.id, "activity at all hours", "Notes from another system, over the API.")

    def _extra(self, name: str, group: Group, truth: str) -> Member:
        member = Member(str(419_000 + len(self.members)), name, group.zone, group, truth=truth)
        group.members.append(member)
        self.members.append(member)
        return member
