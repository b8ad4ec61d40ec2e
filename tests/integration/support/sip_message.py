"""SIP messages as exact text, and digest answers. No library: tests must be able to be wrong."""

import hashlib
import re
import secrets

COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length",
           "c": "content-type", "k": "supported", "e": "content-encoding", "s": "subject"}


class Message:
    """start: the first line. headers: [(name, value)] in order. source: (address, port)."""

    def __init__(self, start, headers, body="", source=None):
        self.start = start
        self.headers = list(headers)
        self.body = body
        self.source = source

    @classmethod
    def parse(cls, data, source=None):
        head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
        lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
        headers = []
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers.append((name.strip(), value.strip()))
        return cls(lines[0], headers, body, source)

    def bytes(self):
        headers = [(name, value) for name, value in self.headers
                   if name.lower() != "content-length"]
        headers.append(("Content-Length", str(len(self.body.encode()))))
        lines = [self.start] + [f"{name}: {value}" for name, value in headers]
        return ("\r\n".join(lines) + "\r\n\r\n" + self.body).encode()

    @property
    def is_request(self):
        return not self.start.startswith("SIP/2.0 ")

    @property
    def method(self):
        """Of a request its own, of a response the one of CSeq."""
        return self.start.split()[0] if self.is_request else self["CSeq"].split()[1]

    @property
    def status(self):
        return 0 if self.is_request else int(self.start.split()[1])

    @property
    def uri(self):
        return self.start.split()[1]

    def all(self, name):
        wanted = name.lower()
        return [value for header, value in self.headers
                if COMPACT.get(header.lower(), header.lower()) == wanted]

    def __getitem__(self, name):
        values = self.all(name)
        return values[0] if values else ""

    @property
    def call_id(self):
        return self["Call-ID"]

    @property
    def branch(self):
        found = re.search(r"branch=([^;,\s]+)", self["Via"])
        return found[1] if found else ""

    @property
    def sequence(self):
        return int(self["CSeq"].split()[0])

    def tag(self, header):
        found = re.search(r";\s*tag=([^;\s]+)", self[header])
        return found[1] if found else None

    def contact_uri(self):
        found = re.search(r"<([^>]+)>", self["Contact"])
        return found[1] if found else self["Contact"].split(";")[0]

    def __repr__(self):
        return f"<{self.start} CSeq={self['CSeq']}>"


def token(size=8):
    return secrets.token_hex(size)


def new_branch():
    return "z9hG4bK" + token()


def challenge_of(response):
    """[{"algorithm": .., "realm": .., "nonce": ..}] of 401 or 407."""
    values = response.all("WWW-Authenticate") + response.all("Proxy-Authenticate")
    return [dict((name.lower(), quoted or plain) for name, quoted, plain in
                 re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', value)) for value in values]


def digest_answer(challenge, method, uri, user, password, count=1):
    """Value of Authorization for a challenge (RFC 7616, qop auth)."""
    algorithm = challenge.get("algorithm", "MD5")
    make = hashlib.sha256 if algorithm.upper().startswith("SHA-256") else hashlib.md5

    def hashed(*parts):
        return make(":".join(parts).encode()).hexdigest()

    nonce, realm = challenge["nonce"], challenge["realm"]
    nonce_count, client_nonce = f"{count:08x}", token()
    ha1, ha2 = hashed(user, realm, password), hashed(method, uri)
    fields = [f'username="{user}"', f'realm="{realm}"', f'nonce="{nonce}"', f'uri="{uri}"',
              f"algorithm={algorithm}"]
    if "qop" in challenge:
        response = hashed(ha1, nonce, nonce_count, client_nonce, "auth", ha2)
        fields += [f'response="{response}"', "qop=auth", f"nc={nonce_count}",
                   f'cnonce="{client_nonce}"']
    else:
        fields.append(f'response="{hashed(ha1, nonce, ha2)}"')
    if "opaque" in challenge:
        fields.append(f'opaque="{challenge["opaque"]}"')
    return "Digest " + ", ".join(fields)
