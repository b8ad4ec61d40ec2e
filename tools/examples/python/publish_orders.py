#!/usr/bin/python3
"""An integrator: tells Tandem of orders, one JSON object a line on standard input, and says of each
when it is on disk.

    publish_orders.py CLIENT_FILE < orders.jsonl

The id of an event is made of its line: a file that is read again within the hour, after a crash say,
is stored once. So a line needs something of its own, such as the order's number.
"""

import json
import sys
import uuid

from tandem_client import Client, Refused, Unreachable

ORDERS = uuid.UUID("6f1a2c9e-6d9e-4b0e-9d3c-0f6b8a7c5d21")  # a name space of this program's own


def main():
    if len(sys.argv) != 2:
        print(__doc__.split("\n\n")[1].strip(), file=sys.stderr)
        return 2
    status = 0
    client = Client.from_file(sys.argv[1])
    for line in filter(None, map(str.strip, sys.stdin)):
        try:
            order = json.loads(line)
            stored = client.publish("crm.order_placed", order, key=order.get("customer", ""),
                                    event_id=uuid.uuid5(ORDERS, line))
            print("stored before" if stored.repeated else "stored", line, flush=True)
        except (ValueError, Refused, Unreachable) as error:
            print(f"not stored: {line}: {error}", file=sys.stderr)
            status = 1
    client.close()
    return status


if __name__ == "__main__":
    sys.exit(main())
