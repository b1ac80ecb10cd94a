# SPDX-License-Identifier: Apache-2.0
# make help lists the targets. BUILD= names the output folder, SAN=1 builds with ASan and UBSan, SAN=thread with TSan.
BUILD ?= build
CC := gcc
VERSION := 0.1.0
CCACHE := $(shell command -v ccache 2>/dev/null)

PACKAGES := libcurl libmicrohttpd gnutls openssl libcjson yaml-0.1 sqlite3 libpcre2-8 zlib
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wformat=2 -Wpointer-arith \
	-Wundef -Wno-unused-parameter -Wno-missing-field-initializers
OPT ?= -O2 -g
CPPFLAGS += -I. -D_GNU_SOURCE -DMETAL3_VERSION='"$(VERSION)"'
CFLAGS += -std=gnu17 $(OPT) $(WARNINGS) -fno-common -ffunction-sections -fdata-sections -fstack-protector-strong \
	-pthread $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
LDFLAGS += -pthread -Wl,--gc-sections -Wl,--as-needed
LDLIBS += $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lm
ifeq ($(SAN),1)
CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
else ifeq ($(SAN),thread)
CFLAGS += -fsanitize=thread
LDFLAGS += -fsanitize=thread
endif

MAINS := operator/metal3-operator.c operator/conductor/metal3-conductor.c operator/agent/metal3-agent.c \
	bmc-emu/bmc-emu.c sim/metal3-sim.c
FOLDERS := lib operator bmc-emu sim
SOURCES := $(sort $(shell find $(FOLDERS) -name '*.c' 2>/dev/null))
TESTS := $(filter %_test.c,$(SOURCES))
FUZZERS := $(filter %_fuzz.c,$(SOURCES))
LIBRARY_SOURCES := $(filter-out $(TESTS) $(FUZZERS) $(MAINS),$(SOURCES))
objects = $(patsubst %.c,$(BUILD)/%.o,$(filter $(1)/%,$(LIBRARY_SOURCES)))
archive = $(BUILD)/lib$(1).a

# What a folder may use, lowest last: the linker sees no more than this.
lib_ARCHIVES := $(call archive,lib)
operator_ARCHIVES := $(call archive,operator) $(lib_ARCHIVES)
bmc-emu_ARCHIVES := $(call archive,bmc-emu) $(lib_ARCHIVES)
sim_ARCHIVES := $(call archive,sim) $(call archive,bmc-emu) $(call archive,operator) $(lib_ARCHIVES)

PROGRAMS := $(foreach main,$(filter $(SOURCES),$(MAINS)),$(BUILD)/bin/$(basename $(notdir $(main))))
TEST_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(TESTS))

.PHONY: all
all: $(foreach folder,$(FOLDERS),$(call archive,$(folder))) $(PROGRAMS) ## build everything

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CCACHE) $(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

define folder_rules
$$(call archive,$(1)): $$(call objects,$(1))
	@rm -f $$@
	@mkdir -p $$(@D)
	ar rcs $$@ $$^

$$(BUILD)/$(1)/%_test: $$(BUILD)/$(1)/%_test.o $$($(1)_ARCHIVES)
	$$(CC) $$(CFLAGS) $$(LDFLAGS) $$< $$($(1)_ARCHIVES) $$(LDLIBS) -lcmocka -o $$@
endef
$(foreach folder,$(FOLDERS),$(eval $(call folder_rules,$(folder))))

define program_rule
$$(BUILD)/bin/$$(basename $$(notdir $(1))): $$(BUILD)/$$(basename $(1)).o $$($(firstword $(subst /, ,$(1)))_ARCHIVES)
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS) $$(LDFLAGS) $$< $$($(firstword $(subst /, ,$(1)))_ARCHIVES) $$(LDLIBS) -o $$@
endef
$(foreach main,$(MAINS),$(eval $(call program_rule,$(main))))

.PHONY: test-unit
test-unit: $(TEST_PROGRAMS) ## unit and protocol tests, one program a module
	@ci/run-tests $(TEST_PROGRAMS)

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BUILD)

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
