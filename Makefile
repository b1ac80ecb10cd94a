# SPDX-License-Identifier: Apache-2.0
# make help lists the targets. BUILD= names the output folder, SAN=1 builds with ASan and UBSan, SAN=thread with TSan.
BUILD ?= build
CC := gcc
VERSION := 0.1.0
CCACHE := $(shell command -v ccache 2>/dev/null)

PACKAGES := libcurl libmicrohttpd gnutls openssl libcjson yaml-0.1 sqlite3 libpcre2-8 zlib
# What bmc-emu has besides; its linker, and that of who uses it, drops what nobody calls.
bmc-emu_PACKAGES := libvirt libvirt-qemu libxml-2.0
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wformat=2 -Wpointer-arith \
	-Wundef -Wno-unused-parameter -Wno-missing-field-initializers
OPT ?= -O2 -g
CPPFLAGS += -I. -D_GNU_SOURCE -DMETAL3_VERSION='"$(VERSION)"'
CFLAGS += -std=gnu17 $(OPT) $(WARNINGS) -fno-common -ffunction-sections -fdata-sections -fstack-protector-strong \
	-pthread $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
LDFLAGS += -pthread -Wl,--gc-sections -Wl,--as-needed
LDLIBS += $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lm -lcrypt
ifeq ($(SAN),1)
CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
# ASan answers for crypt_r() itself and calls libcrypt's, which --as-needed would leave out then.
LDLIBS += -Wl,--no-as-needed -lcrypt -Wl,--as-needed
else ifeq ($(SAN),thread)
CFLAGS += -fsanitize=thread
LDFLAGS += -fsanitize=thread
else ifeq ($(SAN),fuzz)
CFLAGS += -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
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

# The simulator's virtual world does the work of all programs in one process, a third of it in malloc(). Sanitizers bring their own.
ifeq ($(SAN),)
metal3-sim_LDLIBS := -lmimalloc
endif

# What a folder may use, lowest last: the linker sees no more than this.
lib_ARCHIVES := $(call archive,lib)
operator_ARCHIVES := $(call archive,operator) $(lib_ARCHIVES)
bmc-emu_ARCHIVES := $(call archive,bmc-emu) $(lib_ARCHIVES)
bmc-emu_LIBS := $(shell pkg-config --libs $(bmc-emu_PACKAGES) 2>/dev/null)
sim_LIBS := $(bmc-emu_LIBS)
sim_ARCHIVES := $(call archive,sim) $(call archive,bmc-emu) $(call archive,operator) $(lib_ARCHIVES)

PROGRAMS := $(foreach main,$(filter $(SOURCES),$(MAINS)),$(BUILD)/bin/$(basename $(notdir $(main))))
TEST_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(TESTS))

.PHONY: all
all: $(foreach folder,$(FOLDERS),$(call archive,$(folder))) $(PROGRAMS) ## build everything

$(BUILD)/bmc-emu/%.o: CFLAGS += $(shell pkg-config --cflags $(bmc-emu_PACKAGES) 2>/dev/null)

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CCACHE) $(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

define folder_rules
$$(call archive,$(1)): $$(call objects,$(1))
	@rm -f $$@
	@mkdir -p $$(@D)
	ar rcs $$@ $$^

$$(BUILD)/$(1)/%_test: $$(BUILD)/$(1)/%_test.o $$($(1)_ARCHIVES)
	$$(CC) $$(CFLAGS) $$(LDFLAGS) $$< $$($(1)_ARCHIVES) $$($(1)_LIBS) $$(LDLIBS) -lcmocka -o $$@

$$(BUILD)/$(1)/%_fuzz: $$(BUILD)/$(1)/%_fuzz.o $$($(1)_ARCHIVES)
	$$(CC) $$(CFLAGS) $$(LDFLAGS) -fsanitize=fuzzer $$< $$($(1)_ARCHIVES) $$($(1)_LIBS) $$(LDLIBS) -o $$@
endef
$(foreach folder,$(FOLDERS),$(eval $(call folder_rules,$(folder))))

define program_rule
$$(BUILD)/bin/$$(basename $$(notdir $(1))): $$(BUILD)/$$(basename $(1)).o $$($(firstword $(subst /, ,$(1)))_ARCHIVES)
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS) $$(LDFLAGS) $$< $$($(firstword $(subst /, ,$(1)))_ARCHIVES) \
		$$($(firstword $(subst /, ,$(1)))_LIBS) $$(LDLIBS) $$($(basename $(notdir $(1)))_LDLIBS) -o $$@
endef
$(foreach main,$(MAINS),$(eval $(call program_rule,$(main))))

# -- what people type --
HOSTS ?= 3
DRIVER ?= memory
SCENARIOS := $(sort $(wildcard scenarios/*.yaml))

.PHONY: deps
deps: ## install the Debian packages that are missing
	@ci/install-packages

# Runs another make once the packages are there: this one was read before, without their compiler flags.
.PHONY: sim
sim: deps ## a virtual fleet, provisioned end to end: HOSTS=, SCENARIO=, IMAGE=, KEEP=1
	@$(MAKE) -s --no-print-directory -j$(shell nproc) all
	@$(BUILD)/bin/metal3-sim up --hosts $(HOSTS) --driver $(DRIVER) $(if $(SCENARIO),--scenario $(SCENARIO)) \
		$(if $(IMAGE),--image $(IMAGE)) $(if $(KEEP),--keep)

.PHONY: test
test: deps ## unit and protocol tests, and every scenario in virtual time, with ASan and UBSan; a short fleet of real processes
	@ci/install-packages ci/packages-test
	@$(MAKE) -s --no-print-directory SAN=1 BUILD=$(BUILD)/asan test-unit test-scenarios test-sushy test-ipmi test-kubectl test-fleet

# Real processes and sockets: the same programs, built with sanitizers, provision two machines.
.PHONY: test-fleet
test-fleet: all
	@$(BUILD)/bin/metal3-sim up --hosts 2

.PHONY: bench
bench: deps ## measure what the README claims
	@ci/install-packages ci/packages-bench
	@$(MAKE) -s --no-print-directory -j$(shell nproc) all
	@ci/bench $(BUILD)

PREFIX ?= /usr/local
MANUALS := $(filter %.1,$(shell find $(FOLDERS) -name '*.1' 2>/dev/null))
.PHONY: install
install: all ## install programs and their manual pages below DESTDIR and PREFIX
	@install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	@install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	@install -m 644 $(MANUALS) $(DESTDIR)$(PREFIX)/share/man/man1

.PHONY: test-scenarios
test-scenarios: $(BUILD)/bin/metal3-sim
	@$(BUILD)/bin/metal3-sim run --virtual-time --quiet $(SCENARIOS)

.PHONY: test-unit
test-unit: $(TEST_PROGRAMS) ## unit and protocol tests, one program a module
	@ci/run-tests $(TEST_PROGRAMS)

# Each *_fuzz.c with clang's libFuzzer, ASan and UBSan; the corpus that grew stays in the build folder, a crash stops the run.
FUZZ_SECONDS ?= 60
FUZZ_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(FUZZERS))

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZ_SECONDS (60)
	$(MAKE) BUILD=$(BUILD)/fuzz CC=clang SAN=fuzz OPT='-O1 -g' fuzz-run

.PHONY: fuzz-run
fuzz-run: $(FUZZ_PROGRAMS)
	@for program in $(FUZZ_PROGRAMS); do \
		echo "$$program for $(FUZZ_SECONDS) seconds"; mkdir -p "$$program.corpus"; \
		"$$program" -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 -max_len=4096 -verbosity=0 -print_funcs=0 \
			-artifact_prefix="$$program." "$$program.corpus" || exit 1; \
	done

.PHONY: lint
lint: all ## formatting, banned functions, layers and other rules of the house
	@ci/layers
	@BUILD=$(BUILD) CPPFLAGS="$(CPPFLAGS) $(shell pkg-config --cflags $(PACKAGES) $(bmc-emu_PACKAGES) 2>/dev/null)" WARNINGS="$(WARNINGS)" ci/lint

# What runs on more than one thread is the runtime and what hands work to it.
.PHONY: test-threads
test-threads: ## tests of the runtime and its workers under ThreadSanitizer
	@$(MAKE) -s --no-print-directory SAN=thread BUILD=$(BUILD)/tsan test-threads-run

.PHONY: test-threads-run
test-threads-run: $(filter $(BUILD)/lib/rt/%,$(TEST_PROGRAMS))
	@ci/run-tests $^

.PHONY: test-sushy
test-sushy: $(BUILD)/bin/bmc-emu ## drive bmc-emu with python3-sushy, where that is installed
	@bmc-emu/redfish/sushy-test $< || [ $$? -eq 77 ]

.PHONY: test-kubectl
test-kubectl: $(BUILD)/bin/metal3-sim ## drive the embedded Kubernetes API with the kubectl in PATH, or those in KUBECTLS=
	@KUBECTLS="$${KUBECTLS:-$$(ci/kubectls $(BUILD))}" sim/kube-api/kubectl-test $< kube-api

.PHONY: test-ipmi
test-ipmi: $(BUILD)/bin/bmc-emu ## drive bmc-emu with ipmitool, where that is installed
	@bmc-emu/ipmi/ipmitool-test $< || [ $$? -eq 77 ]

.PHONY: test-libvirt
test-libvirt: $(BUILD)/bin/bmc-emu ## drive real QEMU machines through bmc-emu and libvirt, where they are installed
	@bmc-emu/drivers/libvirt-test $< || [ $$? -eq 77 ]

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BUILD)

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
