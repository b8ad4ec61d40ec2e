"""Prometheus text (exposition format 0.0.4), read strictly: whatever a scraper might stumble over is
an error here."""

import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"')
VALUE = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?|[+-]Inf|NaN")
KINDS = {"counter", "gauge", "histogram", "summary", "untyped"}


class Family:
    def __init__(self, name, help_text):
        self.name, self.help, self.kind = name, help_text, None
        self.samples = {}  # (label, value) pairs, sorted: value


def _labels(text, line):
    labels = {}
    while text:
        match = LABEL.match(text)
        assert match, f"no label: {line}"
        name, value = match.groups()
        assert name not in labels, f"label {name} twice: {line}"
        labels[name] = value
        text = text[match.end():]
        assert not text or text.startswith(","), f"expected a comma: {line}"
        text = text[1:]
    return tuple(sorted(labels.items()))


def _sample(family, line):
    match = NAME.match(line)
    assert match and match.group() == family.name, f"not of the family {family.name}: {line}"
    rest = line[match.end():]
    labels = ()
    if rest.startswith("{"):
        inside, _, rest = rest[1:].rpartition("}")
        labels = _labels(inside, line)
    assert rest.startswith(" ") and VALUE.fullmatch(rest[1:]), f"no value: {line}"
    assert labels not in family.samples, f"twice: {line}"
    family.samples[labels] = float(rest[1:])


def parse(text):
    """{name: Family}; every family has HELP, TYPE and its samples together, in this order."""
    assert text.endswith("\n"), "the last line does not end"
    families, family = {}, None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            name, _, help_text = line[7:].partition(" ")
            assert NAME.fullmatch(name) and help_text, line
            assert name not in families, f"family {name} twice"
            family = families[name] = Family(name, help_text)
        elif line.startswith("# TYPE "):
            name, _, kind = line[7:].partition(" ")
            assert family and name == family.name and kind in KINDS, line
            assert family.kind is None and not family.samples, f"late: {line}"
            family.kind = kind
        else:
            assert family and family.kind, f"a sample before its family: {line}"
            _sample(family, line)
    return families


def faults_of_name(family):
    """What promtool would remark about a name."""
    name, counts = family.name, family.kind == "counter"
    if counts != name.endswith("_total"):
        yield f"{name}: a counter ends in _total, and nothing else does"
    for unit in ("ms", "us", "ns", "milliseconds", "percent", "permille", "kb", "mb", "minutes"):
        if f"_{unit}_" in f"{name}_":
            yield f"{name}: {unit} is no base unit"
    if not name.startswith(("tandem_", "process_")):
        yield f"{name}: whose is it?"
    if name != name.lower():
        yield f"{name}: lower case"


PROMQL = re.compile(r"""(?P<text>"(?:[^"\\]|\\.)*")|(?P<range>\[[^\]]*\])|(?P<open>[({])|(?P<close>[)}])
                        |(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)|(?P<other>.)""", re.VERBOSE | re.DOTALL)
GROUPING = {"by", "without", "on", "ignoring", "group_left", "group_right"}
OPERATORS = {"and", "or", "unless", "bool", "offset", "inf", "nan"}


def promql_selectors(query):
    """(name, {labels}) of each selector: a name that is no function, operator or label."""
    tokens = [match for match in PROMQL.finditer(query) if not match.group().isspace()]
    depth, labels_until = 0, None  # inside braces or a grouping there are labels
    for at, match in enumerate(tokens):
        kind, token = match.lastgroup, match.group()
        following = tokens[at + 1].group() if at + 1 < len(tokens) else ""
        before = tokens[at - 1].group() if at else ""
        if kind == "open":
            if labels_until is None and (token == "{" or before in GROUPING):
                labels_until = depth
            depth += 1
        elif kind == "close":
            depth -= 1
            if depth == labels_until:
                labels_until = None
        elif (kind == "name" and labels_until is None
              and following not in ("(", "by", "without")
              and token not in GROUPING | OPERATORS and before != "$"
              and not (before == "," and following == ")")):
            yield token, frozenset(_labels_of(tokens, at))


def _labels_of(tokens, at):
    """The labels in the braces behind a name."""
    if at + 1 >= len(tokens) or tokens[at + 1].group() != "{":
        return
    for place in range(at + 2, len(tokens)):
        if tokens[place].group() == "}":
            return
        if tokens[place].lastgroup == "name":
            yield tokens[place].group()
