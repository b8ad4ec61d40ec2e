#!/usr/bin/python3
"""protoc plugin: plain C structs, tables and coders for lib/wire.

For each X.proto it writes wire/X_wire.h (structs bounded by the options of options.proto, enums,
encode and decode) and wire/X_wire.c (the tables that lib/wire/codec.c walks). The logic is all in
codec.c; what is generated is data. Needs tandem/v1/options_pb2.py on PYTHONPATH.
"""
import re
import sys

from google.protobuf.compiler import plugin_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as F
from tandem.v1 import options_pb2 as options

SCALARS = {
    F.TYPE_UINT32: ("uint32_t", "TD_WIRE_U32"),
    F.TYPE_UINT64: ("uint64_t", "TD_WIRE_U64"),
    F.TYPE_SINT64: ("int64_t", "TD_WIRE_I64"),
    F.TYPE_DOUBLE: ("double", "TD_WIRE_DOUBLE"),
    F.TYPE_BOOL: ("bool", "TD_WIRE_BOOL"),
}


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def struct_name(type_name):
    return "td_" + snake(type_name.split(".")[-1])


def generated_c_name(message):
    """protobuf-c's name of a descriptor: tandem__v1__leg_answer__descriptor."""
    return f"tandem__v1__{snake(message)}__descriptor"


class Field:
    def __init__(self, message, proto):
        self.proto, self.name = proto, proto.name
        self.where = f"{message}.{proto.name}"
        opts = proto.options.Extensions
        self.max = opts[options.max]
        self.max_count = opts[options.max_count]
        self.id = opts[options.id_of]
        self.required = opts[options.required]
        self.personal = opts[options.personal]
        self.dynamic = opts[options.dynamic]
        self.repeated = proto.label == F.LABEL_REPEATED
        self.check()

    def check(self):
        kind = self.proto.type
        known = kind in SCALARS or kind in (F.TYPE_STRING, F.TYPE_BYTES, F.TYPE_MESSAGE, F.TYPE_ENUM)
        if not known:
            sys.exit(f"{self.where}: this type has no place in lib/wire")
        if kind == F.TYPE_STRING and not self.max:
            sys.exit(f"{self.where}: a string needs (max)")
        if kind == F.TYPE_BYTES and not self.id and not (self.max and self.dynamic):
            sys.exit(f"{self.where}: bytes need (id_of), or (max) and (dynamic)")
        if self.repeated and not self.max_count:
            sys.exit(f"{self.where}: a repeated field needs (max_count)")
        if self.repeated and kind not in (F.TYPE_STRING, F.TYPE_MESSAGE):
            sys.exit(f"{self.where}: only strings and messages can repeat")
        if self.repeated and self.dynamic and kind != F.TYPE_MESSAGE:
            sys.exit(f"{self.where}: only messages can repeat in the arena")

    def declaration(self):
        kind, name = self.proto.type, self.name
        if kind == F.TYPE_STRING:
            array = f"[{self.max_count}]" if self.repeated else ""
            lines = [f"char {name}{array}[{self.max} + 1];"]
        elif kind == F.TYPE_BYTES and self.id:
            lines = [f"struct td_{self.id}_id {name};"]
        elif kind == F.TYPE_BYTES:
            lines = [f"struct td_bytes {name};"]
        elif kind == F.TYPE_ENUM:
            lines = [f"enum {struct_name(self.proto.type_name)} {name};"]
        elif kind == F.TYPE_MESSAGE:
            struct = f"struct {struct_name(self.proto.type_name)}"
            if not self.repeated:
                lines = [f"{struct} {name};", f"bool has_{name};"]
            elif self.dynamic:
                lines = [f"{struct} *{name};"]
            else:
                lines = [f"{struct} {name}[{self.max_count}];"]
        else:
            lines = [f"{SCALARS[kind][0]} {name};"]
        if self.repeated:
            lines.append(f"uint32_t {name}_count;")
        return lines

    def row(self, struct):
        kind = self.proto.type
        sub, extra = "NULL", "0"
        if kind == F.TYPE_STRING:
            wire = "TD_WIRE_STRING"
        elif kind == F.TYPE_BYTES:
            wire = "TD_WIRE_ID" if self.id else "TD_WIRE_BYTES"
        elif kind == F.TYPE_ENUM:
            wire = "TD_WIRE_ENUM"
        elif kind == F.TYPE_MESSAGE:
            wire = "TD_WIRE_MESSAGE"
            sub = f"&{struct_name(self.proto.type_name)}_wire"
            extra = f"offsetof(struct {struct}, has_{self.name})"
        else:
            wire = SCALARS[kind][1]
        if self.repeated:
            extra = f"offsetof(struct {struct}, {self.name}_count)"
        flags = [f"TD_WIRE_{flag.upper()}" for flag in ("required", "personal", "dynamic", "repeated")
                 if getattr(self, flag)]
        return (f'    {{"{self.name}", {wire}, {" | ".join(flags) or "0"}, {self.max}, {self.max_count}, '
                f"offsetof(struct {struct}, {self.name}), {extra}, {sub}}},")


def comments_of(file):
    return {tuple(loc.path): (loc.leading_comments.strip(), loc.trailing_comments.strip())
            for loc in file.source_code_info.location}


def block(text, indent=""):
    return [f"{indent}/** " + f"\n{indent} *  ".join(l.strip() for l in text.split("\n")) + " */"] if text else []


def enum_header(enum, comments, path):
    upper = snake(enum.name).upper()
    lines = block(comments.get(path, ("", ""))[0]) + [f"enum td_{snake(enum.name)} {{"]
    for i, value in enumerate(enum.value):
        note = " ".join(comments.get(path + (2, i), ("", ""))[1].split())
        lines.append(f"    TD_{value.name} = {value.number}," + (f" /**< {note} */" if note else ""))
    count = max(v.number for v in enum.value) + 1
    lines += [f"    TD_{upper}_COUNT = {count}", "};",
              f"/** \"{value_name(enum, enum.value[-1])}\"; \"unknown\" for a number this release does not know. */",
              f"const char *td_{snake(enum.name)}_name(enum td_{snake(enum.name)} value);", ""]
    return lines


def value_name(enum, value):
    return value.name[len(snake(enum.name)) + 1:].lower()


def enum_source(enum):
    name = f"td_{snake(enum.name)}"
    lines = [f"const char *{name}_name(enum {name} value)", "{", "    switch ((int)value) {"]
    for value in enum.value:
        lines += [f"    case {value.number}:", f'        return "{value_name(enum, value)}";']
    return lines + ["    default:", '        return "unknown";', "    }", "}", ""]


def message_header(message, fields, comments, path):
    struct = struct_name(message.name)
    lines = block(comments.get(path, ("", ""))[0]) + [f"struct {struct} {{"]
    for i, field in enumerate(fields):
        declaration = field.declaration()
        note = " ".join(" ".join(comments.get(path + (2, i), ("", ""))).split())
        lines.append("    " + declaration[0] + (f" /**< {note} */" if note else ""))
        lines += ["    " + line for line in declaration[1:]]
    if not fields:
        lines.append("    char nothing; /**< C has no empty structs. */")
    return lines + [
        "};",
        f"extern const struct td_wire_message {struct}_wire;",
        f"static inline struct td_bytes {struct}_encode(struct td_arena *arena, const struct {struct} *value)",
        "{", f"    return td_wire_encode(&{struct}_wire, arena, value);", "}",
        f"static inline enum td_err {struct}_decode(struct td_arena *arena, struct td_bytes bytes, "
        f"struct {struct} *value, const char **bad_field)",
        "{", f"    return td_wire_decode(&{struct}_wire, arena, bytes, value, bad_field);", "}", ""]


def message_source(message, fields):
    struct = struct_name(message.name)
    ordered = sorted(fields, key=lambda f: f.proto.number)  # protobuf-c's order
    rows = [f.row(struct) for f in ordered]
    table = [f"static const struct td_wire_field {struct}_fields[] = {{"] + rows + ["};"] if rows else []
    fields_name = f"{struct}_fields" if rows else "NULL"
    return table + [
        f"const struct td_wire_message {struct}_wire = {{",
        f'    "{message.name}", sizeof(struct {struct}), &{generated_c_name(message.name)},',
        f"    {fields_name}, {len(rows)}}};", ""]


def generate(file):
    stem = file.name.split("/")[-1][:-len(".proto")]
    comments = comments_of(file)
    guard = f"TD_WIRE_{stem.upper()}_WIRE_H"
    imports = [f'#include "wire/{d.split("/")[-1][:-6]}_wire.h"' for d in file.dependency
               if d.startswith("tandem/") and not d.endswith("options.proto")]
    header = [f"/* Generated from {file.name} by tools/protoc_gen_wire.py. */",
              f"#ifndef {guard}", f"#define {guard}", "", "#include <stdbool.h>", "#include <stdint.h>", "",
              '#include "base/bytes.h"', '#include "base/id.h"', '#include "wire/codec.h"', *imports, ""]
    source = [f"/* Generated from {file.name} by tools/protoc_gen_wire.py. */",
              f'#include "wire/{stem}_wire.h"', "", "#include <stddef.h>", "",
              f'#include "tandem/v1/{stem}.pb-c.h"', ""]
    for i, enum in enumerate(file.enum_type):
        header += enum_header(enum, comments, (5, i))
        source += enum_source(enum)
    for i, message in enumerate(file.message_type):
        fields = [Field(message.name, f) for f in message.field]
        header += message_header(message, fields, comments, (4, i))
        source += message_source(message, fields)
    return stem, "\n".join(header + ["#endif", ""]), "\n".join(source)


def types_table(files):
    """All messages by name, so that a program can show what it was not written for."""
    names = sorted(m.name for f in files for m in f.message_type)
    includes = [f'#include "wire/{f.name.split("/")[-1][:-6]}_wire.h"' for f in files]
    return "\n".join(
        ["/* Generated by tools/protoc_gen_wire.py. */", '#include "wire/codec.h"', "", *includes, "",
         "const struct td_wire_message *const td_wire_types[] = {",
         *[f"    &{struct_name(n)}_wire," for n in names], "};",
         f"const size_t td_wire_types_count = {len(names)};", ""])


def main():
    request = plugin_pb2.CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    response = plugin_pb2.CodeGeneratorResponse()
    response.supported_features = plugin_pb2.CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL
    files = [f for f in request.proto_file
             if f.name in request.file_to_generate and f.message_type]
    for file in files:
        stem, header, source = generate(file)
        response.file.add(name=f"{stem}_wire.h", content=header)
        response.file.add(name=f"{stem}_wire.c", content=source)
    response.file.add(name="types_wire.c", content=types_table(files))
    sys.stdout.buffer.write(response.SerializeToString())


if __name__ == "__main__":
    main()
