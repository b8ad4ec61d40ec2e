# Tandem. `make run` does everything on a fresh machine; `make help` lists the rest.
#
# A file is picked up by being where it belongs:
#   lib/**.c                      ships in every program
#   services/**, tools/**/main.c  one program each, named after the folder of its main.c;
#                                 the *.c beside it and in core/ below it belong to it,
#                                 `libs` beside it names the pkg-config packages it needs
#   tests/unit/LAYER/x_test.c     one test; LAYER may be a program, whose objects it may use
#   tests/fuzz/x_fuzz.c           one fuzz target
# Variables: Q= shows full commands, BUILD=dir builds elsewhere, FUZZ_SECONDS, LISTEN.

BUILD    ?= build
Q        ?= @
PYTHON   ?= /usr/bin/python3
WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes \
            -Wmissing-prototypes -Wcast-qual -Wundef -Wvla -Werror
CFLAGS   ?= -O2 -g
CPPFLAGS += -D_GNU_SOURCE -Ilib -Iservices -Itools -isystem $(BUILD)/gen
ALL_CFLAGS = -std=c17 $(WARNINGS) -MMD -MP $(CPPFLAGS) $(CFLAGS)
LIB_PKGS := libprotobuf-c libuv libzmq hiredis libpq yaml-0.1 jansson libwebsockets
LIB_LIBS := -lprotobuf-c -luv -lzmq -lhiredis -lpq -lyaml -ljansson -lwebsockets -lm -lpthread

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
UNIT     := $(patsubst %.c,$(BUILD)/%,$(shell find tests/unit -name '*_test.c'))
FUZZ     := $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))

.DEFAULT_GOAL := help
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

build: $(PROGRAMS:%=$(BUILD)/bin/%) ## build every program into build/bin

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
# $(call packages,DIR) is what the program in DIR asks for in its `libs` file.
packages = $(shell cat $(1)/libs 2>/dev/null)
dir_cflags = $(if $(call packages,$(1)),$(shell pkg-config --cflags-only-I $(call packages,$(1)) | sed 's/-I/-isystem /g'))

$(BUILD)/%.o: %.c $(GEN)/stamp
	@mkdir -p $(@D)
	@echo "CC   $<"
	$(Q)$(CC) $(ALL_CFLAGS) $(DIR_CFLAGS) -c $< -o $@

$(LIBTANDEM): $(LIB_OBJ) $(GEN_OBJ)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

# A program: an archive of all but main.o (unit tests link it too), then the binary.
define program
$(BUILD)/lib/$(notdir $(1)).a: DIR_CFLAGS := $(call dir_cflags,$(1))
$(BUILD)/$(1)/main.o: DIR_CFLAGS := $(call dir_cflags,$(1))
$(BUILD)/lib/$(notdir $(1)).a: $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(1)/main.c,$(wildcard $(1)/*.c $(1)/core/*.c)))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(Q)$$(AR) rcs $$@ $$^
$(BUILD)/bin/$(notdir $(1)): $(BUILD)/$(1)/main.o $(BUILD)/lib/$(notdir $(1)).a $(LIBTANDEM)
	@mkdir -p $$(@D)
	@echo "LINK $$@"
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$^ -o $$@ -Wl,--as-needed $(if $(call packages,$(1)),$(shell pkg-config --libs $(call packages,$(1)))) $(LIB_LIBS)
endef
$(foreach dir,$(PROGRAM_DIRS),$(eval $(call program,$(dir))))

# A unit test of tests/unit/NAME links the objects of program NAME when there is one.
dir_of = $(firstword $(foreach dir,$(PROGRAM_DIRS),$(if $(filter $(1),$(notdir $(dir))),$(dir))))
define unit_test
$(1).o: DIR_CFLAGS := $(call dir_cflags,$(call dir_of,$(notdir $(patsubst %/,%,$(dir $(1))))))
$(1): $(1).o $(if $(call dir_of,$(notdir $(patsubst %/,%,$(dir $(1))))),$(BUILD)/lib/$(notdir $(patsubst %/,%,$(dir $(1)))).a) $(LIBTANDEM)
	@echo "LINK $$@"
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$^ -o $$@ -Wl,--as-needed -lcmocka $(if $(call packages,$(call dir_of,$(notdir $(patsubst %/,%,$(dir $(1)))))),$(shell pkg-config --libs $(call packages,$(call dir_of,$(notdir $(patsubst %/,%,$(dir $(1)))))))) $(LIB_LIBS)
endef
$(foreach test,$(UNIT),$(eval $(call unit_test,$(test))))

clean: ## remove what was built (var/ stays)
	rm -rf $(BUILD)

.PHONY: help build deps clean
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
