"""Phones and sounds are those of the demonstration call."""

from tandem_site.phone import PORTS, Phone  # noqa: F401
from tandem_site.sound import RATE, Sound, read_wav, write_tone  # noqa: F401
