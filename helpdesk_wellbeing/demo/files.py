"""The simulated team's people, leave, groups and on-call rota as the CSV files that `import` takes."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from helpdesk_wellbeing.demo.world import World


def write_files(world: World, folder: Path) -> list[Path]:
    """Write people.csv, leave.csv, groups.csv and on_call.csv into `folder`; their paths, in this order."""
    folder.mkdir(parents=True, exist_ok=True)
    roster = world.roster
    lists = [name for name, dtype in roster.people.schema.items() if dtype == pl.List]
    people = roster.people.with_columns(
        *(pl.col(name).list.join(";") for name in lists),
        pl.when("excluded").then(pl.lit("yes")).otherwise(pl.lit("no")).alias("excluded"),
    )
    instant = pl.col("from", "to").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    frames = {
        "people": people,
        "leave": roster.leave,
        "groups": roster.groups,
        "on_call": roster.on_call.with_columns(instant),
    }
    paths = []
    for name, frame in frames.items():
        paths.append(folder / f"{name}.csv")
        frame.write_csv(paths[-1])
    return paths
