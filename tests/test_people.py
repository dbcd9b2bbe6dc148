from datetime import UTC, date, datetime

import pytest

from helpdesk_wellbeing import people
from helpdesk_wellbeing.errors import ConfigError


@pytest.fixture
def written(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "file.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def refused(read, path):
    with pytest.raises(ConfigError) as error:
        read(path)
    return str(error.value)


def test_a_people_file_is_read_as_written(written):
    path = written(
        "agent,name,time_zone,preset,contract_hours,schedule,groups,skills,languages,lead_of,excluded,"
        "identity,valid_from\n"
        '4711,Agent 07,Europe/Amsterdam,nl_atw,32,"Mon-Thu 09:00-12:00, 13:00-17:30",1;2, billing ,'
        "nl; en,2,no,person,2026-01-01\n"
    )

    [row] = people.read_people(path).to_dicts()

    assert row["time_zone"] == "Europe/Amsterdam"
    assert row["contract_hours"] == 32.0
    assert (row["groups"], row["skills"], row["languages"]) == (["1", "2"], ["billing"], ["nl", "en"])
    assert (row["excluded"], row["identity"], row["valid_from"]) == (False, "person", date(2026, 1, 1))


def test_what_is_not_said_is_null_and_nobody_is_excluded_by_silence(written):
    [row] = people.read_people(written("agent,time_zone\n4711,\n")).to_dicts()

    assert (row["time_zone"], row["groups"], row["contract_hours"]) == (None, None, None)
    assert row["excluded"] is False


def test_a_person_may_have_several_rows_with_valid_from(written):
    frame = people.read_people(written("agent,contract_hours,valid_from\n1,40,\n1,24,2026-03-01\n"))

    assert frame["contract_hours"].to_list() == [40.0, 24.0]


def test_the_same_person_twice_is_refused_with_both_lines(written):
    message = refused(people.read_people, written("agent,valid_from\n1,2026-03-01\n2,\n1,2026-03-01\n"))

    assert "line 4: the same agent and valid_from as line 2" in message


def test_all_problems_are_shown_together_and_nothing_is_taken(written):
    message = refused(
        people.read_people,
        written(
            "agent,time_zone,preset,contract_hours,schedule,excluded,identity,valid_from\n"
            "1,Europe/Amsterdm,nl_aw,200,Mo-Fr 9-17,maybe,human,1.3.2026\n"
            ",,,,,,,\n"
            ",UTC,,,,,,\n"
        ),
    )

    assert "nothing was taken" in message
    assert "\n" not in message
    for part in [
        'line 2: time_zone: "Europe/Amsterdm" is not a time zone; did you mean "Europe/Amsterdam"?',
        'line 2: preset: "nl_aw"',
        'line 2: contract_hours: "200"',
        "line 2: schedule:",
        "line 2: excluded:",
        "line 2: identity:",
        "line 2: valid_from:",
        "line 4: agent is empty",
    ]:
        assert part in message
    assert "line 3" not in message


def test_a_newline_inside_a_field_does_not_shift_the_lines_after_it(written):
    message = refused(people.read_people, written('agent,name,preset\n1,"two\nlines",\n2,,no_such\n'))

    assert "line 4: preset" in message


def test_an_unknown_column_is_refused_with_the_nearest_name(written):
    message = refused(people.read_people, written("agent,timezone\n1,UTC\n"))

    assert 'no column "timezone" is known; did you mean "time_zone"?' in message


def test_semicolons_separate_where_the_header_says_so(written):
    path = written(
        "\ufeffagent;contract_hours;groups;schedule\r\n"
        '4711;32,5;"1;2";"Mon-Fri 09:00-17:30; Sat 10:00-14:00"\r\n'
        "4712;40;1;Mon-Fri 09:00-12:00, 13:00-17:30\r\n"
    )

    first, second = people.read_people(path).to_dicts()

    assert (first["contract_hours"], first["groups"]) == (32.5, ["1", "2"])
    assert first["schedule"] == "Mon-Fri 09:00-17:30; Sat 10:00-14:00"
    assert second["schedule"] == "Mon-Fri 09:00-12:00, 13:00-17:30"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("agent;naam\n1;a\n", 'no column "naam" is known; did you mean "name"?'),
        ("agent,name;preset\n1,a;b\n", "line 1 has commas and semicolons"),
        ("agent;groups\n1;1;2\n", "line 2: has 3 fields, the header has 2; the header separates by semicolons"),
    ],
)
def test_what_is_wrong_with_semicolons_says_what_to_do(written, text, said):
    assert said in refused(people.read_people, written(text))


def test_a_row_with_a_field_too_many_is_named(written):
    assert "line 2: has 3 fields, the header has 2" in refused(people.read_people, written("agent,name\n1,a,b\n"))


def test_a_byte_order_mark_and_windows_line_ends_are_fine(written):
    frame = people.read_people(written("\ufeffagent,name\r\n1,a\r\n"))

    assert frame["agent"].to_list() == ["1"]


def test_other_encodings_are_explained(written):
    assert "UTF-16" in refused(people.read_people, written("agent\n1\n", "utf-16"))
    assert "line 2 is not UTF-8" in refused(people.read_people, written("agent,name\n1,José\n", "latin-1"))


def test_a_missing_and_an_empty_file_are_told_apart(written, tmp_path):
    assert "no such file" in refused(people.read_people, tmp_path / "absent.csv")
    assert "empty" in refused(people.read_people, written(""))


def test_leave_is_inclusive_and_cannot_end_before_it_begins(written):
    frame = people.read_leave(written("agent,from,to\n1,2026-07-01,2026-07-01\n"))

    assert frame.rows() == [("1", date(2026, 7, 1), date(2026, 7, 1))]
    message = refused(people.read_leave, written("agent,from,to\n1,2026-07-02,2026-07-01\n1,,2026-07-01\n"))
    assert "line 2: to (2026-07-01) is before from" in message
    assert "line 3: from is empty" in message


def test_groups_have_tiers_and_shares(written):
    frame = people.read_groups(
        written(
            "group,name,tier,time_zone,schedule,target_share\n9,Second line,2,UTC,Mon-Fri 08:00-18:00,0.95\n8,,,,,\n"
        )
    )

    assert frame["tier"].to_list() == [2, None]
    assert frame["target_share"].to_list() == [0.95, None]
    message = refused(people.read_groups, written("group,tier,target_share\n9,4,95\n9,1,1\n"))
    assert "line 2: tier" in message
    assert "line 2: target_share" in message


def test_on_call_needs_instants_with_offset(written):
    frame = people.read_on_call(written("agent,from,to\n1,2026-07-01T18:00:00+02:00,2026-07-02T08:00:00+02:00\n"))

    assert frame["from"].to_list() == [datetime(2026, 7, 1, 16, 0, tzinfo=UTC)]
    message = refused(people.read_on_call, written("agent,from,to\n1,2026-07-01T18:00:00,2026-07-02T08:00:00Z\n"))
    assert "line 2: from: has no offset" in message
    assert "mapping" not in message
