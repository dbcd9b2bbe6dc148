from datetime import UTC, datetime

import pytest

from connectors.eventlog import load_mapping, read_log
from helpdesk_wellbeing import people
from helpdesk_wellbeing.errors import ConfigError

COLUMNS = '[columns]\nat = "when"\nticket = "case"\nkind = "step"\n'


@pytest.fixture
def read(tmp_path):
    def run(toml, csv):
        (tmp_path / "mapping.toml").write_text(toml)
        (tmp_path / "log.csv").write_text(csv)
        return read_log(tmp_path / "log.csv", "acme", load_mapping(tmp_path / "mapping.toml"))

    return run


@pytest.fixture
def refusal(tmp_path, read):
    def run(toml, csv="when,case,step,who\n2026-03-06T09:00:00Z,7,replied,x\n"):
        with pytest.raises(ConfigError) as error:
            read(toml, csv)
        assert "\n" not in str(error.value)
        return str(error.value)

    return run


def test_a_name_is_not_an_identity(read):
    log = read(
        COLUMNS + 'actor = ["first_name", "country"]\n',
        "when,case,step,first_name,country\n"
        "2026-03-06T09:00:00Z,1,replied,Agent 07,SE\n"
        "2026-03-06T23:00:00Z,2,replied,Agent 07,US\n"
        "2026-03-06T23:30:00Z,3,replied,Agent 07,\n",
    )

    assert log.events["actor"].to_list() == ["Agent 07 / SE", "Agent 07 / US", "Agent 07 / ?"]


def test_columns_that_have_our_names_need_not_be_named(read):
    log = read('[columns]\nactor = "who"\n', "at,ticket,kind,who,channel\n2026-03-06T09:00:00Z,1,replied,4711,phone\n")

    assert log.events.select("ticket", "actor", "channel").rows() == [("1", "4711", "phone")]


def test_a_column_used_for_something_else_is_not_also_ours(read):
    log = read(
        '[columns]\nticket = "id"\n', "at,id,kind\n2026-03-06T09:00:00Z,1,replied\n2026-03-06T09:01:00Z,1,noted\n"
    )

    assert log.events["ticket"].to_list() == ["1", "1"]
    assert log.events["id"].str.len_bytes().to_list() == [32, 32]


def test_words_become_ours_and_unwanted_rows_are_dropped(read):
    log = read(
        COLUMNS + '[values.kind]\nAnswer = "replied"\nView = "-"\n"~^Note" = "noted"\n"*" = "status"\n',
        "when,case,step\n"
        "2026-03-06T09:00:00Z,1,Answer\n2026-03-06T09:01:00Z,1,View\n"
        "2026-03-06T09:02:00Z,1,Note (private)\n2026-03-06T09:03:00Z,1,Waiting\n",
    )

    assert log.events["kind"].to_list() == ["replied", "noted", "status"]
    assert (log.rows, log.dropped, log.refused) == (4, 1, 0)


def test_a_word_that_is_neither_theirs_nor_ours_is_refused(read):
    log = read(COLUMNS + '[values.kind]\nAnswer = "replied"\n', "when,case,step\n2026-03-06T09:00:00Z,1,Ansver\n")

    assert log.rejects.rows() == [(2, "kind", '"Ansver" is not a word for kind')]


def test_a_kind_may_depend_on_several_columns_and_state_comes_along(read):
    log = read(
        '[columns]\nat = "when"\nticket = "case"\nactor = "who"\ngroup = "team"\n'
        'kind = ["status", "sub"]\nstatus = ["status", "sub"]\n'
        '[values.kind]\n"Open / Queue" = "moved"\n"*" = "status"\n'
        '[values.status]\n"Open / Queue" = "open"\n"Open / Wait" = "pending"\n',
        "when,case,who,team,status,sub\n"
        "2026-03-06T09:00:00Z,1,a,Second line,Open,Queue\n2026-03-06T09:01:00Z,1,a,Second line,Open,Wait\n",
    )

    assert log.events.select("kind", "status", "group", "after").rows() == [
        ("moved", "open", "Second line", "Second line"),
        ("status", "pending", "Second line", "pending"),
    ]


def test_a_row_may_be_two_changes_of_one_save(read):
    log = read(
        COLUMNS + 'group = "team"\n[values.kind]\nQueued = "moved + assigned"\n',
        "when,case,step,team\n2026-03-06T09:00:00Z,1,Queued,T2\n2026-03-06T09:00:00Z,1,Queued,T2\n",
    )

    assert sorted(log.events.select("kind", "after").rows()) == [("assigned", None), ("moved", "T2")]
    assert log.events["batch"].n_unique() == 1
    assert log.events["batch"].null_count() == 0
    assert (log.rows, log.repeated) == (2, 1)


def test_two_changes_of_a_row_with_an_id_have_an_id_each(read):
    log = read('[values.kind]\nQueued = "moved + assigned"\n', "id,at,ticket,kind\na,2026-03-06T09:00:00Z,1,Queued\n")

    assert log.events["id"].sort().to_list() == ["a:assigned", "a:moved"]


def test_a_captured_part_may_be_the_value(read):
    log = read(
        COLUMNS + 'assignee = ["step", "who"]\n[values.kind]\n"*" = "status"\n'
        "[values.assignee]\n'~^Take / (.+)$' = '\\1'\n\"*\" = \"\"\n",
        "when,case,step,who\n2026-03-06T09:00:00Z,1,Take,4711\n2026-03-06T09:01:00Z,1,Close,4712\n",
    )

    assert log.events["assignee"].to_list() == ["4711", None]


def test_automation_is_not_a_person(read):
    log = read(
        'automation = ["System / 0", "~^bot-"]\n' + COLUMNS + 'actor = ["who", "country"]\n',
        "when,case,step,who,country\n2026-03-06T09:00:00Z,1,replied,System,0\n"
        "2026-03-06T09:01:00Z,1,replied,bot-7,SE\n2026-03-06T09:02:00Z,1,replied,System,SE\n",
    )

    assert log.events["actor_kind"].to_list() == ["integration", "integration", "agent"]


def test_an_automation_account_that_never_acts_is_told(read):
    log = read('automation = ["Sytem"]\n', "at,ticket,kind,actor\n2026-03-06T09:00:00Z,1,replied,System\n")

    assert log.notes == ('automation account "Sytem" never acts in this log',)


def test_local_times_are_read_on_the_clock_of_the_zone(read):
    log = read(
        'time_zone = "Europe/Rome"\n',
        "at,ticket,kind\n2026-01-15 09:00:00,1,replied\n2026-07-15T09:00,1,replied\n",
    )

    assert [at.hour for at in log.events["at"]] == [8, 7]


def test_an_offset_is_believed_before_the_zone(read):
    log = read('time_zone = "Europe/Rome"\n', "at,ticket,kind\n2026-01-15T09:00:00Z,1,replied\n")

    assert log.events["at"].to_list() == [datetime(2026, 1, 15, 9, tzinfo=UTC)]


def test_an_hour_the_clock_showed_twice_is_the_first_one_and_less_sure(read):
    log = read(
        'time_zone = "Europe/Rome"\n',
        "at,ticket,kind\n2026-10-25T02:30:00,1,replied\n2026-10-25T03:30:00,1,replied\n",
    )

    assert log.events.select("at", "grade").rows() == [
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "B"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=UTC), "A"),
    ]


def test_an_hour_the_clock_never_showed_is_refused(read):
    log = read('time_zone = "Europe/Rome"\n', "at,ticket,kind\n2026-03-29T02:30:00,1,replied\n")

    [(line, column, reason)] = log.rejects.rows()
    assert (line, column) == (2, "at")
    assert "no clock in Europe/Rome showed" in reason


@pytest.mark.parametrize(
    "how",
    ['time_zone = "column:tz"\n', '[columns]\nat="at"\nticket="ticket"\nkind="kind"\ntime_zone = "tz"\n'],
)
def test_each_row_may_have_its_own_zone(read, how):
    log = read(
        how,
        "at,ticket,kind,tz\n2026-01-15T09:00:00,1,replied,Europe/Rome\n"
        "2026-01-15T09:00:00,1,replied,America/Sao_Paulo\n2026-01-15T09:00:00,1,replied,Mars/Olympus\n"
        "2026-01-15T09:00:00,1,replied,\n",
    )

    assert [at.hour for at in log.events["at"]] == [8, 12]
    assert [line for line, column, _ in log.rejects.rows() if column == "time_zone"] == [4]
    assert '"Mars/Olympus" is not a time zone' in str(log.rejects.rows())
    assert log.refused == 2


def test_the_zone_of_a_row_may_follow_from_another_column(read):
    log = read(
        'time_zone = "column:country"\n' + COLUMNS + '[values.time_zone]\nBrazil = "America/Sao_Paulo"\n',
        "when,case,step,country\n2026-01-15T09:00:00,1,replied,Brazil\n",
    )

    assert log.events["at"][0].hour == 12


def test_another_time_format_may_be_told(read):
    log = read(
        'time_zone = "UTC"\ntime_format = "%d/%m/%Y %H:%M"\n',
        "at,ticket,kind\n15/01/2026 09:00,1,replied\n2026-01-15T09:00:00Z,1,replied\n",
    )

    assert log.events["at"].to_list() == [datetime(2026, 1, 15, 9, tzinfo=UTC)]
    assert "time_format" in log.rejects["reason"][0]


def test_tiers_follow_from_names(read):
    log = read(
        COLUMNS + 'group = "team"\n[values.kind]\n"*" = "status"\n'
        '[tiers]\n2 = "2nd$"\n3 = ["3rd$", "^Lab"]\ndefault = 1\n',
        "when,case,step,team\n" + "".join(
            f"2026-03-06T09:00:00Z,1,x,{team}\n" for team in ("A", "A 2nd", "A 2nd 3rd", "Lab")
        ),
    )  # fmt: skip

    assert log.groups is not None
    assert log.groups.schema == people.GROUPS
    assert log.groups.select("group", "tier").rows() == [("A", 1), ("A 2nd", 2), ("A 2nd 3rd", 3), ("Lab", 3)]


def test_people_have_the_zone_that_their_rows_tell(read):
    log = read(
        COLUMNS + 'actor = ["who", "country"]\n[zones]\ncolumn = "country"\n'
        '[zones.values]\nSE = "Europe/Stockholm"\n"0" = ""\n',
        "when,case,step,who,country\n2026-03-06T09:00:00Z,1,replied,a,SE\n2026-03-06T09:00:00Z,1,replied,b,0\n"
        "2026-03-06T09:00:00Z,1,replied,c,Atlantis\n",
    )

    assert log.people is not None
    assert log.people.schema == people.PEOPLE
    assert log.people.select("agent", "time_zone", "excluded").rows() == [("a / SE", "Europe/Stockholm", False)]
    assert log.notes == ("zones: no time zone for Atlantis",)


def test_without_tiers_and_zones_nothing_is_claimed_about_groups_and_people(read):
    log = read(COLUMNS, "when,case,step\n2026-03-06T09:00:00Z,1,replied\n")

    assert (log.groups, log.people) == (None, None)


def test_rows_that_differ_only_in_a_column_that_is_not_mapped_stay_two_events(read):
    log = read(
        COLUMNS,
        "when,case,step,product\n2026-03-06T09:00:00Z,1,replied,a\n2026-03-06T09:00:00Z,1,replied,b\n",
    )

    assert (len(log.events), log.repeated) == (2, 0)


def test_constants_fill_what_the_file_does_not_say(read):
    log = read('[constants]\nchannel = "phone"\nkind = "replied"\n', "at,ticket\n2026-03-06T09:00:00Z,1\n")

    assert log.events.select("channel", "kind").rows() == [("phone", "replied")]


def test_a_column_that_stands_there_twice_does_no_harm_unless_it_is_asked_for(read, refusal):
    header = "when,case,step,Variant,Variant\n2026-03-06T09:00:00Z,1,replied,a,b\n"

    assert len(read(COLUMNS, header).events) == 1
    assert 'several columns "Variant"' in refusal(COLUMNS + 'topic = "Variant"\n', header)


@pytest.mark.parametrize(
    ("toml", "part"),
    [
        ("time_zone = Rome", "not TOML"),
        ('time_zone = "Europe/Roma"', '"Europe/Roma" is not a time zone; did you mean "Europe/Rome"?'),
        ('timezone = "UTC"', "timezone: not a field of a mapping; did you mean \"time_zone\"?"),
        ('[columns]\nagnet = "who"', 'columns.agnet: "agnet" is not a column of ours'),
        ('[values.kind]\nReply = "reply"', 'values.kind."Reply": "reply" is not a word for kind; did you mean'),
        ('[values.kind]\nReply = "moved + asigned"', '"asigned" is not a word for kind; did you mean "assigned"?'),
        ('[values.status]\n"~^(" = "open"', "not a regular expression"),
        ('[values.at]\nx = "y"', "times cannot be replaced"),
        ('[constants]\nchannel = "fax"', '"fax" is not a word for channel'),
        ('[constants]\nkind = "replied"\n[columns]\nkind = "step"', "both a column and a constant"),
        ('[tiers]\n4 = "x"', "tiers.4: not a field"),
        ('[tiers]\n2 = "("', "not a regular expression"),
        ('[zones]\ncolumn = "who"\n[zones.values]\nx = "Nowhere"', '"Nowhere" is not a time zone'),
        ('time_zone = "column:zone"', 'the file has no column "zone"'),
        (COLUMNS + 'actor = "hwo"', 'actor: the file has no column "hwo"; did you mean "who"?'),
        ('[columns]\nat = "when"\nticket = "case"', 'no column "kind"'),
    ],
)  # fmt: skip
def test_a_mapping_that_does_not_fit_is_refused_with_its_place(refusal, toml, part):
    assert part in refusal(toml)


def test_a_mapping_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no such mapping"):
        load_mapping(tmp_path / "absent.toml")
