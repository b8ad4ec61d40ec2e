"""What integration tests stand on: private sites, real phones, exact SIP and RTP."""

import pathlib
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]

sys.path.insert(0, str(REPOSITORY / "deploy/local"))  # tandem_site
