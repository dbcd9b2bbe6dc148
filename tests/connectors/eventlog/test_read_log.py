import gzip
import random
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.eventlog import Log, csv_blocks, read_log, write_rejects
from helpdesk_wellbeing import events
from helpdesk_wellbeing.errors import BadPayload, ConfigError, WellbeingError

HEADER = "at,ticket,kind,actor,after\n"
ROW = "2026-03-06T09:00:00Z,7,status,4711,open\n"


@pytest.fixture
def log(tmp_path):
    def write(content, name="log.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def failure(path, error=BadPayload):
    with pytest.raises(error) as raised:
        read_log(path, "acme")
    message = str(raised.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def rejects(path):
    return read_log(path, "acme").rejects.rows()


def test_only_at_ticket_and_kind_are_needed(log):
    read = read_log(log("at,ticket,kind\n2026-03-06T10:00:00+01:00,7,replied\n"), "acme")

    [event] = read.events.to_dicts()
    assert event["at"] == datetime(2026, 3, 6, 9, tzinfo=UTC)
    assert (event["actor_kind"], event["channel"], event["grade"]) == ("unknown", "other", "A")
    assert read.events.schema == events.SCHEMA
    assert (read.rows, read.refused, read.repeated, read.notes) == (1, 0, 0, ())


def test_csv_parquet_and_gzip_of_the_same_rows_are_the_same_events(log, tmp_path):
    text = HEADER + ROW + "2026-03-06T09:00:01.25Z,8,replied,,\n"
    frame = pl.read_csv(text.encode(), try_parse_dates=True)
    frame.write_parquet(tmp_path / "plain.parquet")
    packed = gzip.compress((tmp_path / "plain.parquet").read_bytes())

    expected = read_log(log(text), "acme").events

    assert frame.schema["ticket"] == pl.Int64
    for path in (log(gzip.compress(text.encode()), "a"), tmp_path / "plain.parquet", log(packed, "b")):
        assert read_log(path, "acme").events.equals(expected)


def test_bad_rows_are_named_and_the_rest_is_read(log):
    read = read_log(
        log(HEADER + ROW + "yesterday,7,status,,\n" + "2026-03-06T09:00:00Z,,stats,,\n" + ROW.replace("7", "8")),
        "acme",
    )

    assert len(read.events) == 2
    assert (read.rows, read.refused) == (4, 2)
    assert [(line, column) for line, column, _ in read.rejects.rows()] == [
        (3, "at"),
        (4, "kind"),
        (4, "ticket"),
    ]


def test_a_newline_inside_a_field_does_not_shift_the_lines_after_it(log):
    path = log(HEADER + '2026-03-06T09:00:00Z,7,tagged,4711,"two\nlines"\n\n' + "x,7,status,,\n")

    assert [line for line, _, _ in rejects(path)] == [5]


def test_lines_are_counted_across_blocks(log, monkeypatch):
    monkeypatch.setattr(csv_blocks, "BLOCK_BYTES", 300)
    path = log(HEADER + ROW * 50 + '2026-03-06T09:00:00Z,7,tagged,4711,"a\n,\nb"\n' + ROW * 50 + "x,7,status,,\n")

    read = read_log(path, "acme")

    assert [line for line, _, _ in read.rejects.rows()] == [105]
    assert (read.rows, read.repeated, len(read.events)) == (102, 99, 2)
    assert read.events["after"].sort().to_list() == ["a\n,\nb", "open"]


def test_a_row_with_too_few_or_too_many_fields_is_refused(log):
    path = log(HEADER + ROW + "2026-03-06T09:00:00Z,7,status\n" + ROW.strip() + ",x\n" + ROW)

    assert rejects(path) == [
        (3, "", "has 3 fields, the header has 5"),
        (4, "", "has 6 fields, the header has 5"),
    ]


def test_a_quote_left_open_costs_its_own_row_only(log):
    read = read_log(log(HEADER + ROW + '2026-03-06T09:00:00Z,9,status,4711,"open\n' + ROW.replace("7", "8")), "acme")

    assert read.rejects.rows() == [(3, "", "opens a quote that is never closed")]
    assert len(read.events) == 2


def test_quoted_and_unquoted_fields_say_the_same(log):
    quoted = "\n".join(",".join(f'"{field}"' for field in line.split(",")) for line in (HEADER + ROW).split())

    assert read_log(log(quoted, "q.csv"), "acme").events.equals(read_log(log(HEADER + ROW), "acme").events)


def test_naive_times_need_a_zone(log):
    [(line, column, reason)] = rejects(log(HEADER + "2026-03-06T09:00:00,7,status,,\n"))

    assert (line, column) == (2, "at")
    assert "no offset" in reason
    assert "mapping" in reason


def test_a_year_out_of_all_bounds_is_refused(log):
    [(_, _, reason)] = rejects(log(HEADER + "0026-03-06T09:00:00Z,7,status,,\n"))

    assert "year 26" in reason


def test_identical_rows_count_once_and_how_many_is_said(log):
    read = read_log(log(HEADER + ROW * 3), "acme")

    assert (len(read.events), read.repeated, read.rows) == (1, 2, 3)


def test_two_rows_with_one_id_that_differ_cannot_both_be(log):
    one, other = "a,2026-03-06T09:00:00Z,7,replied\n", "a,2026-03-06T09:00:00Z,8,replied\n"
    first = read_log(log("id,at,ticket,kind\n" + one + other), "acme")
    second = read_log(log("id,at,ticket,kind\n" + other + one), "acme")

    assert first.events.equals(second.events)
    assert first.rejects.rows() == [(3, "id", "is the id of another row that differs")]


rows_of_a_log = st.lists(
    st.tuples(
        st.integers(0, 59), st.sampled_from(["7", "8", "Case 9", "Case9"]),
        st.sampled_from(["replied", "status", "oops"]),
        st.sampled_from(["", "4711", "Zoë", 'a "b"', "x,y", "two\nlines"]),
    ),
    min_size=1, max_size=25,
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows_of_a_log, st.integers(1, 3), st.randoms(), st.integers(60, 4000))
def test_any_order_and_any_repetition_of_the_rows_are_the_same_events(
    tmp_path, monkeypatch, rows, times, chance: random.Random, block
):
    monkeypatch.setattr(csv_blocks, "BLOCK_BYTES", block)

    def written(some):
        frame = pl.DataFrame(some, schema=["at", "ticket", "kind", "actor"], orient="row")
        at = "2026-03-06T09:00:" + pl.col("at").cast(pl.String).str.zfill(2) + "Z"
        frame.with_columns(at).write_csv(tmp_path / "log.csv")
        return read_log(tmp_path / "log.csv", "acme")

    once = written(rows)
    again = rows * times
    chance.shuffle(again)
    read = written(again)

    assert read.events.equals(once.events)
    assert read.events["id"].is_unique().all()
    assert read.rows == len(rows) * times
    assert len(read.events) + read.repeated + read.refused == read.rows


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=200), st.text(alphabet='",;\n\r\t 7aZé-:+T2026\x1f', max_size=200)), st.booleans())
def test_whatever_the_file_holds_it_ends_in_events_or_one_clear_line(tmp_path, content, with_header):
    body = content.encode() if isinstance(content, str) else content
    (tmp_path / "log.csv").write_bytes((HEADER.encode() if with_header else b"") + body)
    message = ""
    try:
        read = read_log(tmp_path / "log.csv", "acme")
    except WellbeingError as error:
        message = str(error)
    else:
        assert len(read.events) + read.repeated + read.refused == read.rows

    assert "\n" not in message


def test_batches_give_what_the_whole_gives(log, monkeypatch):
    monkeypatch.setattr(csv_blocks, "BLOCK_BYTES", 200)
    path = log(HEADER + "".join(f"2026-03-06T09:00:{second:02}Z,7,status,4711,open\n" for second in range(60)))

    batches = [batch.events for batch in Log(path, "acme").batches()]

    assert len(batches) > 5
    assert pl.concat(batches).drop("line").equals(read_log(path, "acme").events)


def test_rejects_are_written_as_csv(log, tmp_path):
    write_rejects(tmp_path / "rejects.csv", read_log(log(HEADER + "x,7,status,,\n"), "acme").rejects)

    first, second = (tmp_path / "rejects.csv").read_text().splitlines()
    assert first == "line,column,reason"
    assert second.startswith("2,at,")


def test_rejects_never_carry_free_text(log):
    path = log(HEADER + "secret words,7,status,,\n" + "2026-03-06T09:00:00Z,,tagged,secret name,secret tag\n")

    assert "secret" not in str(rejects(path))


def test_rejects_that_cannot_be_written_say_so(log, tmp_path):
    with pytest.raises(ConfigError, match="rejects cannot be written"):
        write_rejects(tmp_path / "absent" / "rejects.csv", read_log(log(HEADER), "acme").rejects)


def test_a_log_without_rows_is_no_error(log):
    assert read_log(log(HEADER), "acme").rows == 0


def test_a_byte_order_mark_and_windows_line_ends_are_fine(log):
    text = ("\ufeff" + HEADER + ROW * 2).replace("\n", "\r\n")

    assert read_log(log(text), "acme").events.equals(read_log(log(HEADER + ROW, "b.csv"), "acme").events)


def test_a_column_of_unknown_name_is_left_out_aloud(log):
    [note] = read_log(log("at,ticket,kind,actr\n2026-03-06T09:00:00Z,7,replied,x\n"), "acme").notes

    assert '"actr"' in note
    assert 'did you mean "actor"' in note


def test_a_missing_column_is_named_with_what_is_there(log):
    message = failure(log("at,tikcet,kind\n"), ConfigError)

    assert 'no column "ticket"; did you mean "tikcet"?' in message
    assert "mapping" in message


def test_another_delimiter_is_recognised(log):
    assert "semicolons" in failure(log("at;ticket;kind\n"), ConfigError)


def test_a_file_that_is_not_there_is_named(tmp_path):
    assert "no such file" in failure(tmp_path / "absent.csv", ConfigError)


def test_a_folder_is_no_file(tmp_path):
    assert "cannot be read" in failure(tmp_path, ConfigError)


def test_an_empty_file_is_named(log):
    assert "empty" in failure(log(""))
    assert "empty" in failure(log(gzip.compress(b""), "empty.csv.gz"))


@pytest.mark.parametrize("keep", [15, 60, -9])
def test_a_truncated_gzip_is_named_and_nothing_of_it_is_taken(log, keep):
    rows = "".join(f"2026-03-06T09:00:00Z,{number},status,4711,open\n" for number in range(2000))

    assert "ends too early" in failure(log(gzip.compress((HEADER + rows).encode())[:keep]))


def test_a_damaged_gzip_is_named(log):
    packed = bytearray(gzip.compress((HEADER + ROW * 100).encode()))
    packed[-6] ^= 0xFF

    assert "damaged" in failure(log(bytes(packed)))


@pytest.mark.parametrize("keep", [4, 200, -9])
def test_a_truncated_parquet_is_named(log, tmp_path, keep):
    pl.DataFrame({"at": ["2026-03-06T09:00:00Z"] * 50, "ticket": ["1"] * 50, "kind": ["replied"] * 50}).write_parquet(
        tmp_path / "whole.parquet"
    )

    assert "Parquet" in failure(log((tmp_path / "whole.parquet").read_bytes()[:keep], "cut.parquet"))


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"<html><body>Sign in</body></html>", "HTML"),
        (b'{"events": []}', "JSON"),
        (b"PK\x03\x04whatever", "Excel"),
        ((HEADER + ROW).encode("utf-16"), "UTF-16"),
        ((HEADER + ROW).encode("utf-16-le"), "NUL"),
        ((HEADER + ROW).encode() + b"2026,7,status,\0,\n", "line 3 holds a NUL"),
        ((HEADER + ROW).encode() + "2026,7,status,José,\n".encode("latin-1"), "line 3 is not UTF-8"),
    ],
)  # fmt: skip
def test_what_is_no_csv_is_explained(log, content, word):
    assert word in failure(log(content))


def test_a_field_of_ten_megabytes_is_named_by_its_line(log):
    huge = "2026-03-06T09:00:00Z,7,tagged,4711," + "x" * 10_000_000 + "\n"

    assert "the row on line 3 is longer than 1 MiB" in failure(log(HEADER + ROW + huge + ROW))


def test_null_columns_and_nested_columns_in_parquet_do_not_stop_the_rest(tmp_path):
    pl.DataFrame(
        {
            "at": ["2026-03-06T09:00:00Z"],
            "ticket": [7],
            "kind": ["replied"],
            "actor": [None],
            "group": [[1, 2]],
        }
    ).write_parquet(tmp_path / "log.parquet")

    read = read_log(tmp_path / "log.parquet", "acme")

    assert read.events.select("ticket", "actor", "group").rows() == [("7", None, None)]
