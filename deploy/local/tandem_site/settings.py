"""Sets values in a site.yaml without losing its comments: they are its documentation.

The file is plain: sections at the left edge, one `key: value  # comment` a line below them.
"""

import re

LINE = re.compile(
    r"""^(?P<indent>[ ]+)(?P<key>[\w.-]+):[ ]*
        (?P<value>"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^#"]*?)
        (?P<rest>\s*(?:\#.*)?)$""",
    re.VERBOSE)


class Settings:
    def __init__(self, text):
        self._lines = text.splitlines()

    def get(self, section, key):
        """The value as text, None when there is none."""
        for index in self._span(section):
            match = LINE.match(self._lines[index])
            if match and match["key"] == key:
                return match["value"].strip().strip('"')
        return None

    def set(self, section, key, value):
        """Replaces the value, or adds the key (and the section) when it is not there."""
        span = self._span(section)
        text = quote(value)
        for index in span:
            match = LINE.match(self._lines[index])
            if match and match["key"] == key:
                self._lines[index] = f"{match['indent']}{key}: {text}{match['rest']}"
                return
        if not span:
            self._lines += ["", f"{section}:"]
            span = self._span(section)
        self._lines.insert(span.start, f"  {key}: {text}")

    def text(self):
        return "\n".join(self._lines) + "\n"

    def _span(self, section):
        """Line numbers below `section:`; empty when it is not there."""
        lines = self._lines
        start = next((i for i, line in enumerate(lines) if line.startswith(f"{section}:")), None)
        if start is None:
            return range(0)
        end = next((i for i in range(start + 1, len(lines))
                    if lines[i] and lines[i][0] not in " #"), len(lines))
        return range(start + 1, max(end, start + 2))


def quote(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(quote(item) for item in value)}]"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
