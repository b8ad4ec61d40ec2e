# Tandem. `make run` does everything on a fresh machine; `make help` lists the rest.
#
# A file is picked up by being where it belongs:
#   lib/**.c                      ships in every program
#   tools/examples/c/*.c          one example each, linked with lib/client alone
#   services/**, tools/**/main.c  one program each, named after the folder of its main.c;
#                                 the *.c beside it and in core/ below it belong to it,
#                                 `libs` beside it names the pkg-config packages it needs
#   tests/unit/LAYER/x_test.c     one test; LAYER may be a program, whose objects it may use
#   tests/fuzz/x_fuzz.c           one fuzz target
#   tests/bench/x_bench.c, .py    one benchmark
# Variables: Q= shows full commands, BUILD=dir builds elsewhere, JOBS, FUZZ_SECONDS, and
# LISTEN=address, which opens `make run` to phones from outside.

BUILD    ?= build
Q        ?= @
MAKEFLAGS += --no-builtin-rules
PYTHON   ?= /usr/bin/python3
WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes \
            -Wmissing-prototypes -Wcast-qual -Wundef -Wvla -Werror
CFLAGS   ?= -O2 -g
CPPFLAGS += -D_GNU_SOURCE -Ilib -Iservices -Itools -isystem $(BUILD)/gen
ALL_CFLAGS = -std=c17 $(WARNINGS) -MMD -MP $(CPPFLAGS) $(CFLAGS)
LIB_PKGS := libprotobuf-c libuv libzmq hiredis libpq yaml-0.1 jansson libwebsockets
LIB_LIBS := -lprotobuf-c -luv -lzmq -lhiredis -lpq -lyaml -ljansson -lwebsockets -lcrypto -lm -lpthread

# --- what there is ------------------------------------------------------------------------------
PROTO    := $(sort $(wildcard proto/tandem/v1/*.proto))
NAMES    := $(filter-out options,$(notdir $(PROTO:.proto=)))
GEN      := $(BUILD)/gen
GEN_OBJ  := $(NAMES:%=$(GEN)/tandem/v1/%.pb-c.o) $(NAMES:%=$(GEN)/wire/%_wire.o) $(GEN)/wire/types_wire.o
LIB_OBJ  := $(patsubst %.c,$(BUILD)/%.o,$(shell find lib -name '*.c'))
LIBTANDEM := $(BUILD)/lib/libtandem.a
MAINS    := $(shell find services tools -name main.c)
PROGRAM_DIRS := $(patsubst %/main.c,%,$(MAINS))
PROGRAMS := $(notdir $(PROGRAM_DIRS))
UNIT     := $(patsubst %.c,$(BUILD)/%,$(shell find tests/unit tests/contract tests/sim -name '*_test.c' 2>/dev/null))
BENCH    := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/*_bench.c))
FUZZ     := $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))

EXAMPLES := $(patsubst tools/examples/c/%.c,$(BUILD)/examples/%,$(wildcard tools/examples/c/*.c)) \
            $(BUILD)/python/stamp

.DEFAULT_GOAL := help
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

build: $(PROGRAMS:%=$(BUILD)/bin/%) $(EXAMPLES) ## build every program into build/bin
	@:

deps: ## install the Debian packages that build, run and tests need
	$(Q)deploy/deps.sh

# --- generated code: exempt from our warnings; only lib/wire reads the *.pb-c.h --------------------
$(GEN)/stamp: $(PROTO) tools/protoc_gen_wire.py
	@mkdir -p $(GEN)/wire
	@echo "GEN  proto"
	$(Q)protoc-c --proto_path=/usr/include --c_out=$(GEN) google/protobuf/descriptor.proto
	$(Q)protoc-c --proto_path=proto --c_out=$(GEN) $(PROTO)
	$(Q)protoc --proto_path=proto --python_out=$(GEN) proto/tandem/v1/options.proto
	$(Q)PYTHONPATH=$(GEN) protoc --proto_path=proto --wire_out=$(GEN)/wire \
	    --plugin=protoc-gen-wire=tools/protoc_gen_wire.py $(PROTO)
	@touch $@
$(GEN)/%.c: $(GEN)/stamp ;
$(GEN)/tandem/v1/%.o: $(GEN)/stamp
	$(Q)$(CC) -std=c17 -w -I$(GEN) $(CFLAGS) -c $(GEN)/tandem/v1/$*.c -o $@
$(GEN)/wire/%.o: $(GEN)/stamp
	$(Q)$(CC) -std=c17 -w -I$(GEN) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $(GEN)/wire/$*.c -o $@

# --- compile and link -----------------------------------------------------------------------------
# A source of a program, or its unit test, sees the headers of the program's libraries.
program_of = $(notdir $(patsubst %/core,%,$(patsubst %/,%,$(dir $(1)))))
$(BUILD)/%.o: %.c $(GEN)/stamp
	@mkdir -p $(@D)
	@echo "CC   $<"
	$(Q)$(CC) $(ALL_CFLAGS) $(cflags_$(call program_of,$<)) $(NEEDS_CFLAGS) -c $< -o $@

$(LIBTANDEM): $(LIB_OBJ) $(GEN_OBJ)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

# The messages for programs in Python, outside.
$(BUILD)/python/stamp: $(PROTO)
	@mkdir -p $(@D)
	$(Q)protoc --proto_path=proto --python_out=$(@D) $(PROTO)
	@touch $@

# For programs outside: this archive and lib/client/tandem_client.h are all they need of us.
LIBCLIENT := $(BUILD)/lib/libtandem_client.a
$(LIBCLIENT): $(filter $(BUILD)/lib/client/% $(BUILD)/lib/base/% $(BUILD)/lib/wire/%,$(LIB_OBJ)) $(GEN_OBJ)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

# As an integrator compiles them: without our folders. (clang-tidy reads them with all warnings.)
cflags_$(call program_of,tools/examples/c/) := -Ilib/client
$(BUILD)/examples/%: tools/examples/c/%.c lib/client/tandem_client.h $(LIBCLIENT)
	@mkdir -p $(@D)
	@echo "LINK $@"
	$(Q)$(CC) -std=gnu17 -Wall -Wextra -Werror $(CFLAGS) -Ilib/client $< $(LIBCLIENT) -lzmq -lprotobuf-c -o $@

LINK = @mkdir -p $(@D); echo "LINK $@"; $(if $(Q),,set -x;) $(CC) $(ALL_CFLAGS)
pkg_config = $(if $(2),$(shell pkg-config $(1) $(2) 2>/dev/null))

# $(call program,NAME,DIR): an archive of all but main.o, which tests of tests/unit/NAME link too,
# and the binary. What DIR/libs names comes in by pkg-config.
define program
cflags_$(1) := $$(patsubst -I%,-isystem %,$$(call pkg_config,--cflags-only-I,$$(shell cat $(2)/libs 2>/dev/null)))
libs_$(1) := $$(call pkg_config,--libs,$$(shell cat $(2)/libs 2>/dev/null))
archive_$(1) := $(BUILD)/lib/$(1).a
$$(archive_$(1)): $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(2)/main.c,$(wildcard $(2)/*.c $(2)/core/*.c)))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(Q)$$(AR) rcs $$@ $$^
$(BUILD)/bin/$(1): $(BUILD)/$(2)/main.o $$(archive_$(1)) $(LIBTANDEM)
	$$(LINK) $$^ -o $$@ -Wl,--as-needed $$(libs_$(1)) $(LIB_LIBS)
endef
$(foreach dir,$(PROGRAM_DIRS),$(eval $(call program,$(notdir $(dir)),$(dir))))

# $(call unit_test,TEST,NAME): TEST stands in the folder NAME, perhaps a program's.
define unit_test
$(1): $(1).o $(archive_$(2)) $(LIBTANDEM)
	$$(LINK) $$^ -o $$@ -Wl,--as-needed -lcmocka $(libs_$(2)) $(LIB_LIBS)
endef
$(foreach path,$(UNIT) $(BENCH),$(eval $(call unit_test,$(path),$(notdir $(patsubst %/,%,$(dir $(path)))))))

# Tests that drive a worker program.
$(filter %/ivr/script_pool_test,$(UNIT)): | $(BUILD)/bin/script

# --- run and test ---------------------------------------------------------------------------------
# Until `deps` has run, packages that this file asks for may be missing: so make reads it again.
JOBS  ?= $(shell nproc)
again = +$(Q)$(MAKE) --no-print-directory -j$(JOBS) BUILD=$(BUILD)
site  = $(Q)deploy/local/site --build $(BUILD)

run: deps ## install, build, start a private site in var/site and make one call
	$(again) build
	$(site) run $(if $(LISTEN),--listen $(LISTEN))

stop: ## end that site
	$(site) down

demo: ## make the demonstration call once more
	$(site) demo

test: deps ## every test; closes with N passed, N failed, N skipped
	$(again) build $(UNIT)
	$(Q)BUILD=$(BUILD) tests/run

unit: $(UNIT) ## unit tests alone
	$(Q)BUILD=$(BUILD) tests/run unit

integration: build ## integration tests alone; PYTEST_ARGS="-k sentence" picks some
	$(Q)BUILD=$(BUILD) tests/run integration

bench: build $(BENCH) ## benchmarks, a line for each figure; bench-NAME runs one
	$(Q)for bench in $(BENCH) $(wildcard tests/bench/*_bench.py); do BUILD=$(BUILD) $$bench || exit 1; done

bench-call: build ## whole calls under load, each group within five minutes
	$(Q)for bench in $(wildcard tests/bench/call_*_bench.py); do BUILD=$(BUILD) $$bench || exit 1; done

bench-%: build $(BENCH) # bench-routing runs that one
	$(Q)BUILD=$(BUILD) $(firstword $(wildcard tests/bench/$*_bench.py) $(BUILD)/tests/bench/$*_bench)

# --- check ----------------------------------------------------------------------------------------
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SOURCES  := $(shell find lib services tools tests -name '*.[ch]')
TIDY     := $(patsubst %.c,$(BUILD)/tidy/%.ok,$(shell find lib services tools -name '*.c'))

asan: ## every test with all programs under ASan and UBSan
	$(Q)$(MAKE) --no-print-directory test BUILD=build/asan CFLAGS="-O1 -g $(SANITIZE)"

lint: ## clang-format, clang-tidy, cppcheck, layers, growth of proto/
	$(Q)clang-format --dry-run -Werror $(SOURCES)
	$(again) build
	$(again) $(TIDY)
	@mkdir -p $(BUILD)/cppcheck
	$(Q)cppcheck -q -j$(JOBS) --cppcheck-build-dir=$(BUILD)/cppcheck --std=c17 --inline-suppr \
	    --enable=warning,performance,portability --error-exitcode=1 --suppress=missingIncludeSystem \
	    -Ilib -Iservices -Itools lib services tools
	$(Q)tools/check_layers.sh $(BUILD)
	$(Q)tools/check_proto.py $(BUILD)

# The object file is newer than all that its source includes: only then is it looked at again.
$(BUILD)/tidy/%.ok: %.c $(BUILD)/%.o .clang-tidy
	@mkdir -p $(@D)
	@echo "TIDY $<"
	$(Q)clang-tidy --quiet --warnings-as-errors='*' $< -- -std=c17 $(CPPFLAGS) \
	    $(cflags_$(call program_of,$<)) 2>/dev/null
	@touch $@

format: ## lay out all sources as .clang-format says
	$(Q)clang-format -i $(SOURCES)

# Everything is compiled again by clang: coverage guides the fuzzer through the library too.
FUZZ_SECONDS ?= 60
fuzz: ## each fuzz target for FUZZ_SECONDS
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) BUILD=build/fuzz CC=clang WARNINGS=-w \
	    CFLAGS="-O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link" $(FUZZ:%=fuzz-%)

fuzz-%: $(BUILD)/run/%
	@mkdir -p $(BUILD)/found/$*
	$(Q)$< -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -artifact_prefix=$(BUILD)/found/$*- \
	    $(BUILD)/found/$* $(wildcard tests/fuzz/corpus/$*) >$(BUILD)/$*.log 2>&1 || \
	    { tail -40 $(BUILD)/$*.log; exit 1; }
	@echo "FUZZ $*: $$(grep '^Done' $(BUILD)/$*.log)"

# $(call fuzz_target,NAME,PROGRAM): its first line may say `needs: service PROGRAM`.
define fuzz_target
$(BUILD)/tests/fuzz/$(1)_fuzz.o: NEEDS_CFLAGS := $(cflags_$(2))
$(BUILD)/run/$(1): $(BUILD)/tests/fuzz/$(1)_fuzz.o $(archive_$(2)) $(LIBTANDEM)
	$$(LINK) -fsanitize=fuzzer $$^ -o $$@ -Wl,--as-needed $(libs_$(2)) $(LIB_LIBS)
endef
needs = $(shell sed -n '1s/.*needs: service \([a-z_]*\).*/\1/p' tests/fuzz/$(1)_fuzz.c)
$(foreach target,$(FUZZ),$(eval $(call fuzz_target,$(target),$(call needs,$(target)))))

clean: ## remove what was built (var/ stays)
	rm -rf $(BUILD)

.PHONY: help build deps run stop demo test unit integration bench bench-call asan lint format fuzz clean
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
