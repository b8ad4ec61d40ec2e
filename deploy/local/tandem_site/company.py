"""A company file as a site applies it: with the passwords of its agents' phones.

They are not in the repository's file. A phone's password is derived from the secret of the site,
so it stays the same for as long as the site lives and is different in each.
"""

import pathlib
import re
import shutil

from .folder import write_private

PHONE = re.compile(r'^(?P<indent> +)phone_user: "(?P<user>[^"]+)"$', re.MULTILINE)
CUSTOMERS = re.compile(r"^customers_file: *(\S+)", re.MULTILINE)


def prepare(source, target, folder):
    """Writes `source` with passwords to `target`, its customers beside it."""
    source = pathlib.Path(source)
    text = source.read_text(encoding="utf-8")
    write_private(target, PHONE.sub(
        lambda match: f'{match[0]}\n{match["indent"]}password: "{folder.password(match["user"])}"',
        text))
    for name in CUSTOMERS.findall(text):
        shutil.copyfile(source.parent / name, target.parent / name)


def agents(source):
    """[(phone user, display name)] of a company file."""
    text = pathlib.Path(source).read_text(encoding="utf-8")
    return [(user, name) for name, user in re.findall(
        r'display_name: (.+)\n +phone_user: "([^"]+)"', text)]
