"""What integration tests stand on: private sites, real phones, exact SIP and RTP."""

import pathlib

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
