"""A process that does nothing but write what was decided, as a worker does, in round after round.

`writer.py '{"account": "acme", "patience": {"claim": 3.0}, "limits": {"attempts": 3}}'`: the seconds of
`webhooks.outbound.Patience` and the values of `connectors.session.Limits`; what is left out stays as it is.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta

from connectors.session import Limits
from helpdesk_wellbeing.cli.outbound import described, write
from helpdesk_wellbeing.cli.serve import told_to_stop
from helpdesk_wellbeing.errors import WellbeingError
from helpdesk_wellbeing.settings import load_settings
from helpdesk_wellbeing.store import open_store
from webhooks.outbound import Patience

BETWEEN_S = 0.1


def main() -> None:
    told = json.loads(sys.argv[1])
    patience = Patience(**{name: timedelta(seconds=seconds) for name, seconds in told["patience"].items()})
    limits = Limits(**told["limits"])
    stop = told_to_stop()
    print("working (writer)", file=sys.stderr, flush=True)
    while not stop.is_set():
        try:
            with open_store(load_settings()) as store:
                while not stop.wait(BETWEEN_S):
                    tally = write(
                        store, told["account"], tell=lambda line: None, limits=limits, stopping=stop.is_set,
                        patience=patience,
                    )  # fmt: skip
                    if tally.written or tally.skipped or tally.stopped:
                        print(described(tally), file=sys.stderr, flush=True)
        except WellbeingError as trouble:
            print(trouble, file=sys.stderr, flush=True)
            stop.wait(BETWEEN_S)


main()
