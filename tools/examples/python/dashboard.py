#!/usr/bin/python3
"""A dashboard: the queues' figures as they come, each second.

    dashboard.py CLIENT_FILE [SECONDS]

Ends when nothing came for so many seconds (60), or when the door says no.
"""

import sys

from tandem.v1 import metrics_pb2
from tandem_client import Client, Gap, Refused, Unreachable


def show(event):
    if isinstance(event, Gap):
        print(f"({event.metrics_dropped} figures were not read fast enough)", flush=True)
        return
    queue = metrics_pb2.QueueMetrics.FromString(event.data)
    print(f"{queue.queue:<20} waiting {queue.waiting:>4}  offered {queue.offered:>6}  "
          f"answered {queue.answered:>6}  abandoned {queue.abandoned:>5}  "
          f"service level {queue.service_level_permille / 10:5.1f} %", flush=True)


def main():
    if len(sys.argv) not in (2, 3):
        print(__doc__.split("\n\n")[1].strip(), file=sys.stderr)
        return 2
    quiet_s = float(sys.argv[2]) if len(sys.argv) == 3 else 60
    client = Client.from_file(sys.argv[1])
    try:
        client.subscribe("metrics.queue.")
        for event in client.events(timeout=quiet_s):
            show(event)
        print(f"nothing came for {quiet_s:g} s", file=sys.stderr)
    except (Refused, Unreachable) as error:
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
