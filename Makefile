# SPDX-License-Identifier: Apache-2.0
# ssm-preflight: every verb of the project. `make help` lists them.
#
#   CC=gcc|clang     the compiler of our own code (the libraries are built with gcc, once)
#   ARCH=aarch64     build for another machine (x86_64 or aarch64), by the cross compiler of Debian: build/ssm-preflight-aarch64
#   WERROR=1         warnings are errors, as in CI
#   NO_SETUP=1       install no packages: what is needed is there, or a command is missing
#   DESTDIR, PREFIX, SYSCONFDIR, UNITDIR, ENABLE=no    where `make install` puts things, see packaging/scripts/install

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
SHELL := /bin/bash
PREFIX ?= /usr
SYSCONFDIR ?= /etc

# The machine that a compiler builds for; before there is a compiler, the one that was asked for.
machine_of = $(firstword $(subst -, ,$(shell $(1) -dumpmachine 2>/dev/null || echo $(2))))
host := $(call machine_of,gcc,$(shell uname -m))
ifeq ($(origin CC),default)
CC := $(if $(filter-out $(host),$(ARCH)),$(ARCH)-linux-gnu-)gcc
endif
arch := $(call machine_of,$(CC),$(or $(ARCH),$(host)))
ifneq ($(ARCH),)
ifneq ($(ARCH),$(arch))
$(error ARCH=$(ARCH), and $(CC) builds for $(arch))
endif
endif
foreign := $(filter-out $(host),$(arch))
cross   := $(if $(foreign),$(arch)-linux-gnu-)
suffix  := $(if $(foreign),-$(arch))
# Programs of another machine run under this.
emulate := $(if $(foreign),qemu-$(arch)-static)
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += --no-builtin-rules --no-print-directory -j$(shell nproc)
endif

sources   := $(sort $(wildcard agent/*.c agent/*/*.c))
generated := build/gen/pages.c build/gen/roots.c build/gen/$(arch)/version.c build/gen/dictionaries.c
tests     := $(sort $(wildcard tests/unit/test_*.c))
helpers   := $(filter-out $(tests),$(sort $(wildcard tests/unit/*.c tests/fuzz/targets*.c)))
deps      := build/deps/$(arch)
sysroot   := $(if $(foreign),build/deps/sysroot-$(arch))
ifneq ($(sysroot),)
export QEMU_LD_PREFIX := $(CURDIR)/$(sysroot)
endif

# --- flavours: the same sources, built four ways ----------------------------------------------------------------------
# dev       build/ssm-preflight-dev       quick to build, for the debugger; the libraries are the static ones all the same
# static    build/ssm-preflight           what ships; build/ssm-preflight.debug is the same one, not stripped
# sanitize  build/ssm-preflight-sanitize  stops at the first wrong memory access or undefined behaviour
# coverage  build/ssm-preflight-coverage  counts which lines and branches run
flavour ?= dev
objects := build/$(flavour)-$(notdir $(firstword $(CC)))

clang := $(findstring clang,$(notdir $(firstword $(CC))))

warnings := -Wall -Wextra -Wformat=2 -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wvla -Wundef \
	-Wpointer-arith -Wimplicit-fallthrough -Werror=format-security -Werror=incompatible-pointer-types \
	-Werror=int-conversion -Werror=implicit-function-declaration -Werror=return-type $(if $(WERROR),-Werror) \
	-Wno-missing-field-initializers \
	$(if $(clang),-Wno-format-nonliteral -Wno-gnu-variable-sized-type-not-at-end,-Wcast-qual -Wtrampolines -Wbidi-chars=any)

hardened := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection \
	-fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing \
	$(if $(clang),,-ftrivial-auto-var-init=zero -fzero-call-used-regs=used-gpr) \
	$(if $(filter x86_64,$(arch)),-fcf-protection) $(if $(filter aarch64,$(arch)),-mbranch-protection=standard)

# No path of this machine and no build directory gets into the binary.
reproducible := "-ffile-prefix-map=$(CURDIR)=." -gno-record-gcc-switches

# In this one variables begin with anything: `make memcheck` finds what reads them.
cflags.dev      := $(if $(foreign),-O2,-Og) -g $(filter-out -ftrivial-auto-var-init=%,$(hardened))
cflags.static   := -Os -g -fPIE -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables $(hardened)
cflags.sanitize := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
cflags.coverage := -O0 -g --coverage -fprofile-update=atomic
cflags.mcdc     := -O0 -g -fprofile-instr-generate -fcoverage-mapping -fcoverage-mcdc
# What counts as reached: the readers' code.
covered         := -fsanitize=fuzzer-no-link -fsanitize-coverage-ignorelist=tests/fuzz/ignored
cflags.fuzz     := -O2 -g -fno-omit-frame-pointer $(covered) -fsanitize=address,undefined -fno-sanitize-recover=all

# Packed relative relocations (DT_RELR) save 8 % of the size; GNU ld packs those of aarch64 from some later version than 2.40 on.
# A linker warning here is a door left open to glibc's dlopen.
packs_relocations = $(filter x86_64,$(arch))$(shell echo | $(CC) -xc - -nostdlib -shared \
	-Wl,--fatal-warnings,-z,pack-relative-relocs -o /dev/null 2>/dev/null && echo yes)
ldflags.static   = -static-pie -Wl,--fatal-warnings,--build-id=sha1 \
	-Wl,-z,relro,-z,now,-z,noexecstack$(if $(packs_relocations),$(comma)-z$(comma)pack-relative-relocs) \
	-Wl,--no-eh-frame-hdr,-u,unreached $(layout:%=-Wl,-T,%)
comma := ,
# What the program links and never calls, made nothing; and what a healthy check runs, side by side.
layout          := packaging/deps/unreached.ld packaging/deps/first.ld
libs.static     := -lstandin-unwind
ldflags.coverage := --coverage
ldflags.sanitize := -fsanitize=address,undefined
fuzz_wraps       := -Wl,--wrap=imds_get -Wl,--wrap=socket -Wl,--wrap=recv -Wl,--wrap=send -Wl,--wrap=SSL_CTX_set_cert_verify_callback -Wl,--wrap=syscall -Wl,--wrap=file_list -Wl,--wrap=file_read_link -Wl,--wrap=geteuid -Wl,--wrap=open -Wl,--wrap=close -Wl,--wrap=dial_socket -Wl,--wrap=connect -Wl,--wrap=sendto -Wl,--wrap=recvfrom -Wl,--wrap=recvmsg -Wl,--wrap=read -Wl,--wrap=buffer_add_inflated
ldflags.fuzz     := -fsanitize=fuzzer,address,undefined $(fuzz_wraps)

program.dev      := build/ssm-preflight-dev$(suffix)
program.static   := build/ssm-preflight$(suffix)
program.sanitize := build/ssm-preflight-sanitize
program.coverage := build/ssm-preflight-coverage
program.mcdc     := build/ssm-preflight-mcdc
program          := $(program.$(flavour))

compile := $(CC) $(if $(sysroot),"--sysroot=$(CURDIR)/$(sysroot)") -std=c11 -D_GNU_SOURCE \
	$(if $(filter-out /etc,$(SYSCONFDIR)),-DSYSCONFDIR='"$(SYSCONFDIR)"') -Iagent -Ibuild/gen -isystem $(deps)/include $(warnings) $(reproducible) \
	$(cflags.$(flavour))
# Every allocation passes agent/base/memory.c, which ends the process when one fails.
allocations := malloc calloc realloc reallocarray posix_memalign
# Every client's TLS context is one and the same, of agent/net/tls.c.
wraps       := $(allocations) SSL_CTX_new
link    := $(CC) $(if $(sysroot),"--sysroot=$(CURDIR)/$(sysroot)" -Wl$(comma)-rpath-link$(comma)$(sysroot)/lib/$(arch)-linux-gnu) $(cflags.$(flavour)) -Wl,--gc-sections $(wraps:%=-Wl,--wrap=%) $(ldflags.$(flavour))
libs    := -L$(deps)/lib -lcurl -lcares -lssl -lcrypto -lcjson -linih -lsystemd -lz -lstandin-nss -lstandin-calendar $(libs.$(flavour))

# --- building ---------------------------------------------------------------------------------------------------------

all: $(program) ## the developer build, build/ssm-preflight-dev (the default)

static: ## the static binary that ships, build/ssm-preflight (with ARCH=aarch64, build/ssm-preflight-aarch64)
	@$(MAKE) flavour=static $(program.static) build/gen/$(arch)/completions/stamp

# The packages and libraries that every build needs. The stamp changes when the libraries do.
$(deps).stamp: FORCE
	@packaging/scripts/setup build $(foreign:%=cross-%)
	@CROSS=$(cross) packaging/deps/build

# Rewritten only when their text changes: a new commit rebuilds one small file.
build/gen/pages.c: FORCE
	@packaging/scripts/keep $@ packaging/scripts/gen-pages
build/gen/roots.c: FORCE | $(deps).stamp
	@packaging/scripts/keep $@ packaging/scripts/gen-roots
build/gen/dictionaries.c: FORCE
	@packaging/scripts/keep $@ packaging/scripts/gen-dictionaries
build/gen/$(arch)/version.c: FORCE $(deps).stamp
	@packaging/scripts/keep $@ packaging/scripts/gen-version $(deps)/record
$(objects)/flags: FORCE
	@packaging/scripts/keep $@ printf '%s\n' $(compile) $(link) $(libs)
# What a shell completes, as the program says it: made once here, so that `make install` runs nothing.
build/gen/$(arch)/completions/stamp: $(program.static) packaging/scripts/gen-completions
	@mkdir -p $(@D)
	@for shell in bash zsh fish; do EMULATE=$(emulate) packaging/scripts/gen-completions $$shell $< >$(@D)/$$shell || exit; done
	@touch $@

$(objects)/%.o: %.c $(deps).stamp $(objects)/flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(compile) $(if $(filter tests/%,$<),-Itests/unit) -MMD -MP -c $< -o $@

program_objects := $(patsubst %.c,$(objects)/%.o,$(sources) $(generated))
-include $(program_objects:.o=.d) $(patsubst %.c,$(objects)/%.d,$(tests) $(helpers) tests/scenarios/expand.c)

# Counters are written, and leaks are looked for, when the process ends: a confined one may not.
extra.coverage := $(objects)/tests/coverage/unconfined.o
extra.sanitize := $(extra.coverage)
extra.mcdc     := $(extra.coverage)
extra_link.coverage := -Wl,--wrap=confine
extra_link.sanitize := $(extra_link.coverage)
extra_link.mcdc     := $(extra_link.coverage)
$(filter-out $(program.static),$(program)) $(program.static).debug: $(program_objects) $(extra.$(flavour)) $(layout)
	@echo "  LINK  $@"
	@$(link) $(extra_link.$(flavour)) $(filter %.o,$^) $(libs) -o $@

$(program.static): $(program.static).debug
	@$(cross)strip --strip-all -o $@ $<
	@echo "  STRIP $@ ($$(stat -c %s $@) bytes)"

# --- testing ----------------------------------------------------------------------------------------------------------

unit_programs := $(patsubst tests/unit/%.c,$(objects)/unit/%,$(tests))

link.test_fuzz_regressions := $(fuzz_wraps)
link.test_discover_exchange := -Wl,--wrap=dial_start,--wrap=http_start,--wrap=route_ends_at_next_hop,--wrap=explicit_bzero,--wrap=__explicit_bzero_chk,--wrap=loop_after_quietly,--wrap=loop_cancel
link.test_discover_imds    := -Wl,--wrap=imds_get
link.test_discover_network := -Wl,--wrap=getifaddrs
link.test_filter           := -Wl,--wrap=sendto
link.test_net_dial         := -Wl,--wrap=poll,--wrap=socket,--wrap=bind,--wrap=connect,--wrap=setsockopt,--wrap=getsockopt,--wrap=getsockname,--wrap=recvmsg
link.test_net_dns          := -Wl,--wrap=socket,--wrap=bind,--wrap=connect,--wrap=sendto,--wrap=recvfrom
link.test_net_changes      := -Wl,--wrap=inotify_add_watch,--wrap=clock_monotonic_ms
link.test_net_loop         := -Wl,--wrap=poll,--wrap=clock_monotonic_us
link.test_net_tunnel       := -Wl,--wrap=recv,--wrap=send
link.test_observe_climb    := -Wl,--wrap=dns_ask,--wrap=dns_do_not_wait,--wrap=dns_heard,--wrap=dial_start,--wrap=dial_refuser,--wrap=http_start,--wrap=tunnel_ask,--wrap=routes_doubt,--wrap=route_ends_at_next_hop,--wrap=loop_after,--wrap=loop_after_quietly,--wrap=loop_cancel,--wrap=loop_now_ms,--wrap=loop_end_of
link.test_discover_order   := -Wl,--wrap=imds_open,--wrap=imds_get,--wrap=imds_connect_ahead,--wrap=imds_local_address,--wrap=imds_free,--wrap=instance_read,--wrap=instance_read_rest,--wrap=instance_reader_free,--wrap=role_read,--wrap=role_read_rest,--wrap=role_reader_free,--wrap=hint_region,--wrap=routes_doubt,--wrap=network_read,--wrap=machine_read
link.test_discover_role    := -Wl,--wrap=imds_get,--wrap=network_mark_own,--wrap=explicit_bzero,--wrap=__explicit_bzero_chk
link.test_commands         := -Wl,--wrap=confine,--wrap=confine_reading
link.test_round            := -Wl,--wrap=loop_free,--wrap=discover_start,--wrap=discover_rest,--wrap=discover_free,--wrap=observe_start,--wrap=observe_placed,--wrap=observe_role,--wrap=observe_take_back,--wrap=observe_free,--wrap=trust_use_bundle,--wrap=delivery_read,--wrap=delivery_compare,--wrap=resolvers_doubt,--wrap=confine_begin,--wrap=confine_looking,--wrap=confine_take_refusal
link.test_tell             := -Wl,--wrap=isatty,--wrap=ioctl,--wrap=mkdir,--wrap=access,--wrap=unlink,--wrap=open,--wrap=poll,--wrap=clock_monotonic_ms,--wrap=file_write_atomically,--wrap=output_write,--wrap=journal_send,--wrap=observe_connected
link.test_wait             := -Wl,--wrap=confine,--wrap=filter_drops_all,--wrap=round_run,--wrap=changes_open,--wrap=changes_close,--wrap=changes_fd,--wrap=changes_take,--wrap=tell_state,--wrap=tell_verdict,--wrap=tell_device,--wrap=tell_ready,--wrap=mkdir,--wrap=clock_monotonic_ms,--wrap=clock_rest,--wrap=changes_poll_ms,--wrap=look_new,--wrap=look_free,--wrap=look_follow,--wrap=look_differs,--wrap=file_write_atomically,--wrap=observe_connected

# What is counted in confined children is written by a thread that is not.
counted.coverage := $(objects)/tests/coverage/counted.o
counted.mcdc     := $(counted.coverage)
$(objects)/unit/test_confine: $(counted.$(flavour))
link.test_confine = $(if $(counted.$(flavour)),-Wl$(comma)--wrap=confine$(comma)--wrap=_exit)

# One program a file, with everything but main.o; whatever else lies in tests/unit helps them all.
$(objects)/unit/%: $(objects)/tests/unit/%.o $(patsubst %.c,$(objects)/%.o,$(helpers)) \
		$(filter-out %/agent/main.o,$(program_objects))
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(link) $(link.$*) $^ $(libs) -lcmocka -o $@

fuzz_sources := $(sort $(wildcard tests/fuzz/*.c tests/unit/situations*.c)) tests/unit/facts_builder.c
-include $(patsubst %.c,$(objects)/%.d,$(fuzz_sources))

build/ssm-preflight-fuzz: $(patsubst %.c,$(objects)/%.o,$(fuzz_sources)) $(filter-out %/agent/main.o,$(program_objects))
	@echo "  LINK  $@"
	@$(link) $^ $(libs) -o $@

# The static program, with tests/torture/allocations.c between agent/base/memory.c and the C library.
build/torture/memory.o: $(objects)/agent/base/memory.o
	@mkdir -p $(@D)
	@$(cross)objcopy $(foreach name,$(allocations),--redefine-sym __real_$(name)=torture_$(name)) $< $@
build/ssm-preflight-torture: build/torture/memory.o $(objects)/tests/torture/allocations.o \
		build/torture/own.o
	@echo "  LINK  $@"
	@$(link) $^ $(libs) -o $@
# What agent/ allocates itself is told from what the libraries do.
build/torture/own.o: $(filter-out %/agent/base/memory.o,$(program_objects))
	@mkdir -p $(@D)
	@$(cross)ld -r -o $@ $^
	@$(cross)objcopy $(foreach name,malloc calloc realloc reallocarray strdup strndup asprintf curl_global_init_mem,--redefine-sym $(name)=torture_own_$(name)) $@
-include $(objects)/tests/torture/allocations.d

POINTS ?= 20
torture: setup-lab ## the program's own trouble: allocations, calls (POINTS of each, 20; 0: all), limits, disks, streams; KIND=limit,disk: only those
	@$(MAKE) flavour=static static build/ssm-preflight-torture
	tests/torture/run build/ssm-preflight-torture --points $(POINTS) --kind '$(KIND)'

hostile: static setup-lab ## metadata, names, TLS, services and console logs that do what they can to break it; with ALL=1 at every byte
	tests/hostile/logs build/ssm-preflight
	tests/hostile/run build/ssm-preflight $(if $(ALL),--all)

loss: static setup-lab ## a healthy instance whose link loses 1, 2, 5 and 10 % each way: no wrong verdict; LOSS_RUNS (200) of each
	nice -n 15 tests/lab/loss

SECONDS_EACH ?= 20
fuzz: setup-fuzz situations ## every reader of foreign bytes under libFuzzer, each for SECONDS_EACH (20)
	@$(MAKE) flavour=fuzz CC=clang build/ssm-preflight-fuzz
	tests/fuzz/run build/ssm-preflight-fuzz $(SECONDS_EACH)

setup-%: FORCE
	@packaging/scripts/setup $*

check: static ## everything a change must pass: static build, unit, scenarios, lab, lint
	@packaging/scripts/setup build check lint
	@packaging/scripts/check

unit: setup-check ## the unit tests
	@$(MAKE) unit-programs
	@EMULATE=$(emulate) packaging/scripts/run-units $(unit_programs)

unit-programs: $(unit_programs)

# The situations as `show` reads them: the facts of a healthy instance, and what differs.
$(objects)/expand: $(patsubst %.c,$(objects)/%.o,tests/scenarios/expand.c $(filter tests/unit/situations%.c tests/unit/facts_builder.c,$(helpers))) \
		$(filter-out %/agent/main.o,$(program_objects))
	@echo "  LINK  $@"
	@$(link) $^ $(libs) -o $@

situations: $(objects)/expand ## every situation of tests/unit/situations*.c as a report, build/situations/NAME.json, for `show`
	@rm -rf build/situations && mkdir -p build/situations
	@$(emulate) $< build/situations

# A program of another machine as one that runs here.
build/emulated/$(arch)/ssm-preflight: FORCE
	@packaging/scripts/keep $@ printf '#!/bin/sh\nexec $(emulate) "%s/$(program.static)" "$$@"\n' '$(CURDIR)'
	@chmod +x $@
runnable := $(if $(foreign),build/emulated/$(arch)/ssm-preflight,$(program))

scenarios: $(program) situations $(runnable) ## all situations, diagnosed without a network and compared with what was reviewed
	tests/scenarios/run $(runnable) build/situations

foreign-lab: static setup-lab build/emulated/$(arch)/ssm-preflight ## ten faults and none in the lab, by the program of ARCH under qemu-user
	tests/lab/foreign build/emulated/$(arch)/ssm-preflight

scenarios-update: $(program) situations ## what was reviewed of the situations, written anew: review the diff
	tests/scenarios/run --update $(program) build/situations

BREAKS ?= 10
scenarios-selftest: all situations ## breaks the diagnosis ten times (BREAKS) at random and looks whether `make scenarios` notices
	tests/scenarios/selftest --count $(BREAKS)

dictionary: $(objects)/unit/test_model_packed ## what the console's facts are deflated with, anew from the situations: before a release only
	PACKED_TEXTS=1 $< | packaging/scripts/keep packaging/dictionary/1.txt packaging/scripts/make-dictionary

check-commands: setup-commands $(program) situations ## every AWS CLI command of a finding or of the documentation is one that the AWS CLI knows
	tests/scenarios/check-commands $(program) build/situations

static-test: static ## that the static binary is what it claims to be
	EMULATE=$(emulate) tests/static/run $(program.static)

sanitize: ## unit tests and scenarios under AddressSanitizer and UBSan
	@$(MAKE) flavour=sanitize unit
	@$(MAKE) flavour=sanitize scenarios

sanitize-lab: setup-lab ## the whole program under them: two dozen faults in the lab
	@$(MAKE) flavour=sanitize all
	tests/lab/foreign build/ssm-preflight-sanitize --more

memcheck: setup-memcheck setup-check ## valgrind over the unit tests and every situation; SHARE=1: over the readers of foreign bytes
	@$(MAKE) unit-programs $(objects)/expand
	tests/memcheck/run $(objects) $(if $(SHARE),--share)

eva: setup-eva ## Frama-C's Eva over readers of foreign bytes that need no library: no input breaks them
	tests/eva/run

coverage: setup-coverage setup-check setup-lab ## which lines and branches of agent/ the unit tests, the situations and the lab reach
	tests/coverage/selftest
	@$(MAKE) flavour=coverage all
	tests/coverage/run $(SUITES)

mcdc: setup-mcdc setup-check ## which conditions of diagnose, model and run decide something by themselves in unit tests and situations (MC/DC)
	tests/coverage/mcdc

lint: setup-lint all ## the rules of the code: rooms, format, clang-tidy, cppcheck, banned calls, documentation
	tests/lint/run

format: setup-lint ## lay the C code out as .clang-format says
	@git ls-files -z --cached --others --exclude-standard -- '*.c' '*.h' | xargs -0 clang-format -i

docs: static unit bench ## the numbers and samples of the documentation, as they are measured here now; see packaging/scripts/docs
	DOCS_UPDATE=1 /usr/bin/python3 -m pytest -q tests/lab/test_docs.py -k sample
	packaging/scripts/docs

pictures: static setup-lab setup-bench ## the pictures of the README and the plots of docs/performance.md, from runs in the lab
	@$(MAKE) flavour=static build/ssm-preflight-unconfined
	tests/bench/plot docs/images
	tests/lab/lab run --fault endpoint-blocks-443:ssm -- check --color always | packaging/scripts/picture 'ssm-preflight check' >docs/images/terminal.svg
	tests/lab/lab run --fault endpoint-blocks-443:ssm -- check --output console | grep -v ' =[0-9a-z]*/' | packaging/scripts/picture 'aws ec2 get-console-output ... | tail' >docs/images/console.svg

# For valgrind, whose own mappings a confined process may not make: the static program without confine(). What unreached.ld leaves
# out keeps its size in the table of symbols, and valgrind ends where such a one would reach beyond the code.
build/ssm-preflight-unconfined: $(program_objects) $(objects)/tests/coverage/unconfined.o
	@echo "  LINK  $@"
	@$(link) -Wl,--wrap=confine $^ $(libs) -Wl,-Map=$@.map -o $@
	@sed -n 's/^\([A-Za-z0-9_]*\) = .*/\1/p' packaging/deps/unreached.ld >$@.unreached
	@$(cross)objcopy --strip-symbols=$@.unreached $@

order: static setup-lab ## packaging/deps/first.ld anew: the functions and constants that a healthy check touches
	@$(MAKE) flavour=static build/ssm-preflight-spread
	packaging/scripts/keep packaging/deps/first.ld tests/bench/order build/ssm-preflight-spread

# Equal constants stay apart, and what is touched is told by the pages that were read.
build/ssm-preflight-spread: $(program_objects) tests/bench/spread.ld
	@echo "  LINK  $@"
	@rm -rf build/spread && mkdir -p build/spread
	@for each in $(program_objects) $(deps)/lib/*.a $$($(CC) -print-file-name=libc.a); do \
		to=build/spread/$${each#$(objects)/}; case $$each in *.a) to=build/spread/$${each##*/} ;; esac; mkdir -p $${to%/*}; \
		$(cross)objcopy --set-section-flags '.rodata*=alloc,readonly,data,contents' $$each $$to || exit; done
	@$(subst packaging/deps/first.ld,tests/bench/spread.ld,$(link)) $(program_objects:$(objects)/%=build/spread/%) -Lbuild/spread $(libs) -Wl,-Map=$@.map -o $@

# `wait` whose pauses pass at once: tests/waiting.
hasty := clock_monotonic_us clock_monotonic_ms clock_rest
build/ssm-preflight-hasty: $(program_objects) $(objects)/tests/waiting/hasty.o
	@echo "  LINK  $@"
	@$(link) $(hasty:%=-Wl,--wrap=%) $^ $(libs) -o $@
-include $(objects)/tests/waiting/hasty.d

# When a fleet's rounds begin, by the same schedule.
build/paces: $(objects)/tests/waiting/paces.o $(filter-out %/agent/main.o,$(program_objects))
	@echo "  LINK  $@"
	@$(link) $^ $(libs) -o $@
-include $(objects)/tests/waiting/paces.d

hasty: FORCE
	@$(MAKE) flavour=static build/ssm-preflight-hasty build/paces

waiting: hasty setup-lab ## what an hour of `wait` costs in packets, requests and processor time, and that nothing grows
	/usr/bin/python3 -m pytest -q tests/waiting

HOURS ?= 24
fleet-picture: hasty ## docs/images/fleet-waiting.svg: requests a second of 10,000 instances that wait in the same failure
	tests/waiting/fleet docs/images/fleet-waiting.svg

endurance: hasty setup-lab ## HOURS (24) simulated hours of `wait --follow` against servers that flap: memory, descriptors, packets stay flat
	WAITING_HOURS=$(HOURS) /usr/bin/python3 -m pytest -q -rP tests/waiting -k grows

bench: static setup-lab setup-bench ## what a healthy check costs in the lab, against its limits, and beside others that do the same
	@$(MAKE) flavour=static build/ssm-preflight-unconfined build/ssm-preflight-torture
	tests/bench/run --binary build/ssm-preflight --peers
	@$(MAKE) situations
	tests/bench/fleet --binary build/ssm-preflight

# --- trying it --------------------------------------------------------------------------------------------------------

run: static ## on EC2: check this instance; elsewhere: a private VPC in the lab, healthy, then with one fault
	@packaging/scripts/run

lab: static setup-lab ## a shell on an instance inside the lab's private VPC
	tests/lab/lab shell

check-lab: static setup-lab ## the lab's own tests
	/usr/bin/python3 -m pytest tests/lab

check-pages: static situations ## pages of `--output html` in headless Chromium: nothing runs or loads, nothing overflows; screenshots in build/pages
	@packaging/scripts/setup pages || echo "no Chromium: its tests are skipped"
	/usr/bin/python3 -m pytest -q -rs -p no:cacheprovider tests/pages

check-image: static situations setup-image ## `image` of staged root file systems (fit, broken, mended, hostile), builders' tools, the acceptance kit dry
	/usr/bin/python3 -m pytest -q tests/image tests/acceptance

check-image-real: deb rpm situations setup-image setup-bake ## the same with a real root file system, real packages and tools; Ansible, Packer
	IMAGE_REAL=1 /usr/bin/python3 -m pytest -rs -n 2 tests/image/test_real.py tests/image/test_tools.py

check-boot: deb setup-lab setup-boot ## images built from the package and booted in the lab: containers and virtual machines
	/usr/bin/python3 -m pytest -rs -n 3 tests/boot

check-boot-smoke: deb setup-lab setup-boot ## what CI boots in containers: one release
	/usr/bin/python3 -m pytest -rs -n 2 tests/boot/test_units.py tests/boot/test_containers.py -k '$(boot_smoke)'

check-boot-machine: deb setup-lab setup-boot ## what CI boots in a virtual machine: the healthy one
	/usr/bin/python3 -m pytest -rs tests/boot/test_machines.py -k healthy_boot

boot_smoke := (healthy_boot or bookworm or exposure or same_sandbox or explains or identifiers or manual or package or purged \
	or crash or nothing_but or snaps or (sleep and role) or (broken and role)) and not trixie and not bullseye

# --- installing and packaging -----------------------------------------------------------------------------------------

parts := $(program.static) build/gen/$(arch)/completions $(deps)

install: ## install what `make static` built: needs no network, runs nothing that it installs; units enabled and none started
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' SYSCONFDIR='$(SYSCONFDIR)' UNITDIR='$(UNITDIR)' ENABLE='$(ENABLE)' \
		packaging/scripts/install $(parts)

deb: static ## build/ssm-preflight_VERSION_ARCH.deb
	@packaging/deb/build $(parts)

rpm: static setup-rpm ## build/ssm-preflight-VERSION.ARCH.rpm
	@packaging/rpm/build $(parts)

tarball: static ## build/ssm-preflight-VERSION-ARCH.tar.gz, with install.sh and uninstall.sh
	@packaging/tarball/build $(parts)

sysext: static setup-image ## build/ssm-preflight-VERSION.raw, a system extension for hosts with a read-only /usr
	@packaging/sysext/build $(parts)

dist: ## build/dist: deb, rpm and tarball for x86_64 and aarch64, the bills of materials, SHA256SUMS
	@packaging/dist

reproducible: ## `make dist` twice, from two folders, by two users, in other time zones: the same bytes, libraries rebuilt
	@packaging/scripts/reproducible

check-packages: deb setup-rpm setup-boot ## packages installed, upgraded, removed and purged in root file systems; lintian, rpmlint
	/usr/bin/python3 -m pytest -rs -n 2 tests/packages

clean: ## remove what was built from agent/ and tests/, keep the libraries and the images
	rm -rf build/ssm-preflight* build/dev-* build/static-* build/sanitize-* build/gen build/fuzz-* build/spread build/situations build/mutant build/torture build/log build/results build/emulated build/dist

distclean: ## remove everything that was built
	rm -rf build

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' Makefile | expand -t 22

.SECONDARY:
FORCE:
.PHONY: FORCE pictures all static check fuzz unit unit-programs situations scenarios memcheck eva scenarios-update scenarios-selftest dictionary static-test sanitize sanitize-lab coverage mcdc lint format docs bench order hasty waiting endurance fleet-picture torture hostile loss run lab check-lab \
	check-boot check-image check-image-real check-pages check-commands install deb rpm tarball sysext dist reproducible check-packages foreign-lab clean distclean help
