"""The tools that watch over the tree must notice what they are there for."""

import importlib.machinery
import importlib.util
import pathlib
import subprocess

import pytest
from google.protobuf import descriptor_pb2

from support import REPOSITORY
from tandem_site.settings import Settings


def load(path):
    """A program of the repository as a module."""
    loader = importlib.machinery.SourceFileLoader(pathlib.Path(path).stem, str(REPOSITORY / path))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


# --- settings --------------------------------------------------------------------------------------

SITE = """\
# About the site.
site:
  name: local      # a comment: with a colon
  redis: "unix:/a b/#1" # socket

edge:
  # of calls
  calls_max: 500
"""


def test_a_value_is_replaced_and_its_comment_stays():
    settings = Settings(SITE)
    settings.set("site", "name", "other")
    settings.set("site", "redis", "unix:/c")
    settings.set("edge", "calls_max", 7)
    settings.set("edge", "digests", ["MD5", "SHA-256"])
    settings.set("edge", "digests", ["MD5"])
    assert settings.text().replace('  digests: ["MD5"]\n', "") == (
        SITE.replace("name: local ", 'name: "other" ').replace('"unix:/a b/#1"', '"unix:/c"')
        .replace("500", "7"))


def test_a_key_or_section_that_is_missing_is_added_where_it_belongs():
    settings = Settings(SITE)
    settings.set("edge", "sip_port", 5060)
    settings.set("media", "rtp_port_first", 10000)
    assert settings.get("edge", "sip_port") == "5060"
    assert settings.get("edge", "calls_max") == "500"
    assert settings.get("media", "rtp_port_first") == "10000"
    assert settings.get("site", "sip_port") is None


# --- growth of proto/ ------------------------------------------------------------------------------

class NoOptions:
    """Stands for the generated module when no field has an option."""


def message(*fields):
    file = descriptor_pb2.FileDescriptorProto(name="x.proto", package="p")
    made = file.message_type.add(name="M")
    for name, number, kind in fields:
        made.field.add(name=name, number=number, type=kind, label=1)
    return descriptor_pb2.FileDescriptorSet(file=[file])


TEXT = descriptor_pb2.FieldDescriptorProto.TYPE_STRING
NUMBER = descriptor_pb2.FieldDescriptorProto.TYPE_UINT32


@pytest.mark.parametrize("now, fault", [
    (message(("a", 1, TEXT), ("b", 2, NUMBER), ("c", 3, TEXT)), None),
    (message(("a", 1, TEXT)), "number 2 is gone"),
    (message(("a", 1, TEXT), ("b", 2, TEXT)), "type changed"),
    (message(("a", 1, TEXT), ("z", 2, NUMBER)), "name changed"),
    (message(("a", 1, TEXT), ("b", 3, NUMBER)), "number 2 is gone"),
])
def test_a_released_field_stays_what_it_was(now, fault):
    checker = load("tools/check_proto.py").Checker(NoOptions)
    checker.option = lambda field, name: 0
    checker.files(message(("a", 1, TEXT), ("b", 2, NUMBER)), now)
    if fault is None:
        assert checker.faults == []
    else:
        assert any(fault in found for found in checker.faults)


# --- layers ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("path, line, rule", [
    ("lib/core/x/x.c", '#include "io/bus.h"', "core is pure"),
    ("lib/io/x.c", '#include "wire/media_wire.h"', "io moves bytes"),
    ("lib/base/x.h", '#include "core/expr/expr.h"', "base depends on nothing"),
    ("services/edge/x.c", '#include "media/media.h"', "services meet only"),
    ("services/edge/x.c", "#include <gst/gst.h>", "GStreamer belongs"),
    ("lib/wire/x.c", "#include <hiredis/hiredis.h>", "hiredis belongs"),
    ("services/media/core/x.c", "#include <time.h>", "core is pure"),
])
def test_an_include_out_of_its_layer_is_found(tmp_path, path, line, rule):
    for folder in ("lib/base", "lib/core", "lib/io", "lib/wire", "lib/service", "services/edge",
                   "services/media", "tools", "build/lib/core"):
        (tmp_path / folder).mkdir(parents=True)
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(line + "\n")
    done = subprocess.run([REPOSITORY / "tools/check_layers.sh", "build"], cwd=tmp_path,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert rule in done.stderr


@pytest.mark.parametrize("code, rule", [
    ("#include <stdlib.h>\nvoid *x(void);\nvoid *x(void) { return malloc(1); }", "calls malloc"),
    ("int counter = 3;", "bytes of mutable global state"),
])
def test_what_a_core_must_not_do_is_found_in_its_object(tmp_path, code, rule):
    for folder in ("lib", "services", "tools", "build/lib/core"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "x.c").write_text(code)
    subprocess.run(["cc", "-c", "x.c", "-o", "build/lib/core/x.o"], cwd=tmp_path, check=True)
    done = subprocess.run([REPOSITORY / "tools/check_layers.sh", "build"], cwd=tmp_path,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert rule in done.stderr


# --- the sum of all tests ----------------------------------------------------------------------------

def test_counts_come_from_what_the_tests_print():
    run = load("tests/run")
    tap = "1..4\nok 1 - one\nnot ok 2 - two\nok 3 # SKIP three\nok 4 - four\n"
    assert str(run.count_tap(tap)) == "2 passed, 1 failed, 1 skipped"
    summary = "== 1 failed, 5 passed, 2 skipped, 1 error in 3.2s =="
    assert str(run.count_pytest(summary, 1)) == "5 passed, 2 failed, 2 skipped"
    assert str(run.count_pytest("", 3)) == "0 passed, 1 failed, 0 skipped"


def test_a_program_that_crashes_counts_as_failed(tmp_path):
    crash = tmp_path / "crash_test"
    crash.write_text("#!/bin/sh\necho 'ok 1 - fine'\nkill -SEGV $$\n")
    crash.chmod(0o755)
    assert str(load("tests/run").run_program(crash, "crash")) == "1 passed, 1 failed, 0 skipped"


# --- the demonstration company -------------------------------------------------------------------

def test_the_demonstration_customers_are_those_that_the_generator_makes():
    made = subprocess.run([REPOSITORY / "deploy/demo/make_customers.py"], capture_output=True,
                          text=True, check=True).stdout
    assert made == (REPOSITORY / "deploy/demo/customers.yaml").read_text()
    assert made.count("external_id") == 200
