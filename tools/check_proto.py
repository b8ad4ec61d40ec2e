#!/usr/bin/python3
"""Fails when proto/ breaks what the last release said: fields are only ever added.

    tools/check_proto.py BUILD_DIR            compares with proto/released.binpb
    tools/check_proto.py BUILD_DIR --release  makes the present state the released one

A version N must read what N-1 wrote and the other way round, so besides numbers, names and types
the bounds count: what was within them stays within them, and nothing new is required.
"""

import pathlib
import subprocess
import sys

from google.protobuf import descriptor_pb2

RELEASED = pathlib.Path("proto/released.binpb")


def describe(build):
    """The descriptor set of proto/ as it is now."""
    target = pathlib.Path(build) / "proto.binpb"
    files = sorted(map(str, pathlib.Path("proto").rglob("*.proto")))
    subprocess.run(["protoc", "--proto_path=proto", f"--descriptor_set_out={target}", *files],
                   check=True)
    return target.read_bytes()


class Checker:
    def __init__(self, options):
        self._options = options
        self.faults = []

    def fault(self, where, what):
        self.faults.append(f"{where}: {what}")

    def files(self, old, new):
        now = {file.name: file for file in new.file}
        for file in old.file:
            if file.name not in now:
                self.fault(file.name, "is gone")
                continue
            if file.package != now[file.name].package:
                self.fault(file.name, "changed its package")
            self.messages(file.name, file.message_type, now[file.name].message_type)
            self.enums(file.name, file.enum_type, now[file.name].enum_type)

    def messages(self, where, old, new):
        now = {message.name: message for message in new}
        for message in old:
            path = f"{where}: {message.name}"
            if message.name not in now:
                self.fault(path, "is gone")
                continue
            self.fields(path, message, now[message.name])
            self.messages(path, message.nested_type, now[message.name].nested_type)
            self.enums(path, message.enum_type, now[message.name].enum_type)

    def fields(self, where, old, new):
        now = {field.number: field for field in new.field}
        for field in old.field:
            if field.number not in now:
                self.fault(f"{where}.{field.name}", f"number {field.number} is gone")
            else:
                self.field(f"{where}.{field.name}", field, now[field.number])
        known = {field.number for field in old.field}
        for field in new.field:
            if field.number not in known and self.option(field, "required"):
                self.fault(f"{where}.{field.name}",
                           "is new and required: messages of the last release have none")

    def field(self, where, old, new):
        for what in ("name", "type", "type_name", "label"):
            if getattr(old, what) != getattr(new, what):
                self.fault(where, f"{what} changed from {getattr(old, what)} to {getattr(new, what)}")
        for bound in ("max", "max_count"):
            if self.option(new, bound) < self.option(old, bound):
                self.fault(where, f"{bound} shrank from {self.option(old, bound)} "
                                  f"to {self.option(new, bound)}")
        if self.option(new, "required") and not self.option(old, "required"):
            self.fault(where, "became required")
        if self.option(old, "personal") and not self.option(new, "personal"):
            self.fault(where, "is no longer marked personal")

    def option(self, field, name):
        return field.options.Extensions[getattr(self._options, name)]

    def enums(self, where, old, new):
        now = {enum.name: enum for enum in new}
        for enum in old:
            if enum.name not in now:
                self.fault(f"{where}: {enum.name}", "is gone")
                continue
            values = {value.number: value.name for value in now[enum.name].value}
            for value in enum.value:
                if values.get(value.number) != value.name:
                    self.fault(f"{where}: {enum.name}.{value.name}",
                               f"number {value.number} is {values.get(value.number, 'gone')} now")


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--release"]):
        print(__doc__, file=sys.stderr)
        return 2
    build = sys.argv[1]
    # Options are extensions: their generated module must be there before descriptors are read.
    sys.path.insert(0, f"{build}/gen")
    from tandem.v1 import options_pb2
    now = describe(build)
    if sys.argv[2:]:
        RELEASED.write_bytes(now)
        return 0
    if not RELEASED.exists():
        print(f"check_proto: {RELEASED} is missing", file=sys.stderr)
        return 1
    checker = Checker(options_pb2)
    checker.files(descriptor_pb2.FileDescriptorSet.FromString(RELEASED.read_bytes()),
                  descriptor_pb2.FileDescriptorSet.FromString(now))
    for fault in checker.faults:
        print(f"check_proto: {fault}", file=sys.stderr)
    return 1 if checker.faults else 0


if __name__ == "__main__":
    sys.exit(main())
