# sessionlog: a session store as a SQLite extension.
#
#   make            build/sessionlog.so, the loadable extension
#   make static     build/libsessionlog.a, for a host that links SQLite itself
#   make test       all tests; make test T=fork runs the files that match
#   make sanitize   the same tests with address and undefined-behaviour checks
#   make soak       MINUTES=10 FORM=name: the long forms of random and fault tests
#   make matrix     ONLY=clang: other compilers, checkers, SQLites, processors
#   make fuzz       SECONDS=n [FUZZ=sql|file|block|text], with clang's libFuzzer
#   make coverage   lines and branches of ext/ that no test runs
#   make mcdc       the same for MC/DC, with clang 18 or newer
#   make mutants    N=50 [SEED=n FILE=fork.c]: do the tests see changed branches?
#   make demo       a guided run;  make bench [QUICK=1]
#   make cluster    three dqlite nodes on loopback ports; make cluster-test
#   make lint       format, static analysis, exported symbols
#   make format     rewrite the C files in the project's format
#   make install    PREFIX=/usr/local, DESTDIR is honoured
#   make clean
#
# Everything made is below build/.  Needs GNU make 4.2 or later.

VERSION := 0.1.0

PREFIX ?= /usr/local
# -Werror is for development: packagers building with another compiler can
# say make WERROR=
WERROR := -Werror
CFLAGS ?= -O2 -g

# gcc's -Wconversion for C brings -Wsign-conversion with it (clang's too, g++'s
# doesn't).  That half is off: SQLite's API counts bytes in int, memcpy() and
# zstd in size_t, and casting at every such call hides the casts that matter.
# What is left reports each conversion that can lose bits.
WARN := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion $(WERROR)

# Files of more than 2 GB, and times after 2038, where long has 32 bits.
LARGE := -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64
# Files that need more than C99 define _GNU_SOURCE or _POSIX_C_SOURCE on their
# own first line.
BASE := -std=c99 $(WARN) $(LARGE) -Iext -Ibuild/gen -DSL_VERSION='"$(VERSION)"'
OBJ_CFLAGS = $(CPPFLAGS) $(BASE) -fPIC -fvisibility=hidden $(CFLAGS)
# SQLITE_CORE: sqlite3_...() are called directly, not by way of the table of
# pointers that a loadable extension is handed.
STATIC_CFLAGS = $(OBJ_CFLAGS) -DSQLITE_CORE
# No -Werror: the instrumentation gives gcc false warnings.
SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined
SAN_CFLAGS = $(CPPFLAGS) $(BASE) -Wno-error -fPIC -fvisibility=hidden \
             -O1 -g -fno-omit-frame-pointer $(SAN)

# An extension reaches SQLite through that table, so nothing may be left
# undefined, and what comes out of a static libzstd must not be exported.
# nodelete: SQLite unloads what failed to initialize, though functions of it may
# be registered by then.
SO_LDFLAGS = -shared -Wl,-z,defs -Wl,-z,nodelete -Wl,--exclude-libs,ALL \
             $(LDFLAGS)

SRC     := $(sort $(wildcard ext/*.c))
SQL     := $(sort $(wildcard sql/*.sql))
SOURCES := $(sort $(wildcard ext/*.[ch])) $(SQL)
OBJ     := $(SRC:ext/%.c=build/obj/%.o) build/obj/gen-sql.o
LIB_OBJ := $(OBJ:build/obj/%=build/static/%)
SAN_OBJ := $(OBJ:build/obj/%=build/san/%)
SAN_LIB := $(OBJ:build/obj/%=build/sanlib/%)
GEN     := build/gen/sql.h build/gen/source_id.h

# Tcl takes paths for what the locale says, and they may have any characters.
export LC_ALL := C.UTF-8

# A word as the shell takes it, whatever characters a path has in it.
quote = '$(subst ','\'',$1)'

.PHONY: all static programs test sanitize demo bench soak matrix \
        cluster cluster-test fuzz lint format install clean
.DELETE_ON_ERROR:
# With -r's effect for the rules made here: no built-in suffix rules.
.SUFFIXES:

all: build/sessionlog.so
static: build/libsessionlog.a

# ---------------------------------------------------------- what is needed

# Targets that run tests install what they lack; a plain build only says so,
# once for a build directory.  Order-only, as it must come before compiling
# but is no reason to compile again.
TESTING  := test demo bench soak sanitize cluster cluster-test coverage mcdc \
            mutants
DEPS_FOR := $(if $(filter $(TESTING),$(MAKECMDGOALS)),test) \
            $(if $(filter fuzz,$(MAKECMDGOALS)),fuzz) \
            $(if $(filter lint lint-%,$(MAKECMDGOALS)),lint)
DEPS := $(if $(strip $(DEPS_FOR)),deps,build/deps.ok)

.PHONY: deps
deps:
	@for w in $(DEPS_FOR); do \
	  CC='$(CC)' CPPFLAGS='$(CPPFLAGS)' sh test/deps.sh $$w || exit 1; done

build/deps.ok:
	@CC='$(CC)' CPPFLAGS='$(CPPFLAGS)' sh test/deps.sh -n build
	@mkdir -p $(@D) && touch $@

# --------------------------------------------------------- generated files

# Two stamps that are written only when what they say changes: the list of
# sources (a file that goes away must relink) and the flags.
CONFIG = $(CC) $(OBJ_CFLAGS) $(SO_LDFLAGS) $(LDLIBS)

ifneq ($(file <build/gen/sources.txt),$(SOURCES))
build/gen/sources.txt: FORCE
endif
build/gen/sources.txt:
	$(shell mkdir -p $(@D))$(file >$@,$(SOURCES))

ifneq ($(file <build/gen/config.txt),$(CONFIG))
build/gen/config.txt: FORCE
endif
build/gen/config.txt:
	$(shell mkdir -p $(@D))$(file >$@,$(CONFIG))

.PHONY: FORCE
FORCE:

build/gen/sql.c: sql/sql2c.awk $(SQL) build/gen/sources.txt
	@mkdir -p $(@D)
	awk -f sql/sql2c.awk -v H=build/gen/sql.h -v C=$@ $(SQL) </dev/null
build/gen/sql.h: build/gen/sql.c ;

# The identity of a build: a hash over what the extension is made of.
build/gen/source_id.h: $(SOURCES) build/gen/sources.txt
	@mkdir -p $(@D)
	@id=`cat $(SOURCES) /dev/null | sha256sum | cut -c1-64` \
	&& echo "#define SL_SOURCE_ID \"$$id\"" >$@.new \
	&& if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# --------------------------------------------------------------- extension

build/sessionlog.so: $(OBJ) build/gen/sources.txt
	$(CC) $(CFLAGS) $(SO_LDFLAGS) -o $@ $(OBJ) -lzstd $(LDLIBS)

build/libsessionlog.a: $(LIB_OBJ) build/gen/sources.txt
	rm -f $@
	$(AR) rcs $@ $(LIB_OBJ)

build/san/sessionlog.so: $(SAN_OBJ) build/gen/sources.txt
	$(CC) $(SAN) $(SO_LDFLAGS) -o $@ $(SAN_OBJ) -lzstd $(LDLIBS)

build/sanlib/libsessionlog.a: $(SAN_LIB) build/gen/sources.txt
	rm -f $@
	$(AR) rcs $@ $(SAN_LIB)

# The headers that a file reads are noted in a .d beside the object.
CC_OUT = -MMD -MP -c -o $@ $<

build/obj/%.o: ext/%.c build/gen/config.txt | $(GEN) $(DEPS)
	@mkdir -p $(@D)
	$(CC) $(OBJ_CFLAGS) $(CC_OUT)
build/obj/gen-%.o: build/gen/%.c build/gen/config.txt | $(DEPS)
	@mkdir -p $(@D)
	$(CC) $(OBJ_CFLAGS) $(CC_OUT)
build/static/%.o: ext/%.c build/gen/config.txt | $(GEN) $(DEPS)
	@mkdir -p $(@D)
	$(CC) $(STATIC_CFLAGS) $(CC_OUT)
build/static/gen-%.o: build/gen/%.c build/gen/config.txt | $(DEPS)
	@mkdir -p $(@D)
	$(CC) $(STATIC_CFLAGS) $(CC_OUT)
build/san/%.o: ext/%.c build/gen/config.txt | $(GEN) $(DEPS)
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) $(CC_OUT)
build/san/gen-%.o: build/gen/%.c build/gen/config.txt | $(DEPS)
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) $(CC_OUT)
build/sanlib/%.o: ext/%.c build/gen/config.txt | $(GEN) $(DEPS)
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -DSQLITE_CORE $(CC_OUT)
build/sanlib/gen-%.o: build/gen/%.c build/gen/config.txt | $(DEPS)
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -DSQLITE_CORE $(CC_OUT)

-include $(wildcard build/obj/*.d build/static/*.d build/san/*.d \
                    build/sanlib/*.d build/sanbin/*.d build/fuzz/obj/*.d \
                    build/test/*.d build/bench/*.d)

install: build/sessionlog.so
	install -d $(call quote,$(DESTDIR)$(PREFIX)/lib)
	install -m 755 build/sessionlog.so $(call quote,$(DESTDIR)$(PREFIX)/lib)

clean:
	rm -rf build

# ------------------------------------------------------------------- tests

# test/c/ext_*.c are small SQLite extensions, test/c/core_*.c programs with
# sessionlog linked in, the others programs that load it.
TEST_C   := $(sort $(wildcard test/c/*.c))
TEST_EXT := $(patsubst test/c/%.c,build/test/%.so,$(filter test/c/ext_%,$(TEST_C)))
TEST_COR := $(patsubst test/c/%.c,build/test/%,$(filter test/c/core_%,$(TEST_C)))
TEST_PRG := $(patsubst test/c/%.c,build/test/%, \
              $(filter-out test/c/ext_% test/c/core_%,$(TEST_C)))
TEST_CLU := build/test/cluster_node build/test/cluster_client
TEST_BIN := $(TEST_EXT) $(TEST_COR) $(TEST_PRG) $(TEST_CLU)
TEST_CFLAGS = $(CPPFLAGS) $(BASE) $(CFLAGS) -MMD -MP

$(TEST_EXT): build/test/%.so: test/c/%.c build/gen/config.txt | $(DEPS)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -fPIC -shared -o $@ $< $(EXT_LIBS)
build/test/ext_block.so: EXT_LIBS = -lzstd
$(TEST_COR): build/test/%: test/c/%.c build/libsessionlog.a
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -DSQLITE_CORE -o $@ $< build/libsessionlog.a \
	  -lsqlite3 -lzstd -lpthread $(WRAP)
# What core_syscall has in libc's place is seen by SQLite only if it is exported.
build/sanbin/%: test/c/%.c build/sanlib/libsessionlog.a
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -fvisibility=default -MMD -MP -DSQLITE_CORE -o $@ $< \
	  build/sanlib/libsessionlog.a -lsqlite3 -lzstd -lpthread $(WRAP)
SAN_BIN  := $(TEST_COR:build/test/%=build/sanbin/%)
# The calls that faultOwn.h has a frame for.
build/test/core_fault build/sanbin/core_fault: WRAP = $(shell \
  grep -oE '__wrap_sqlite3_[a-z_]+|sqlite3_[a-z0-9_]+,' test/c/faultOwn.h \
  | sed 's/^__wrap_//; s/,$$//; s/^/-Wl,--wrap=/' | sort -u)
build/test/core_syscall build/sanbin/core_syscall: WRAP = -Wl,--wrap=slPackerAdd
$(TEST_PRG): build/test/%: test/c/%.c build/gen/config.txt | $(GEN) $(DEPS)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -o $@ $< -lsqlite3 -lpthread

# A node is built where there is a libdqlite; without it the tests skip.
build/test/cluster_node: test/cluster/node.c build/libsessionlog.a | $(DEPS)
	@mkdir -p $(@D)
	$(if $(HAVE_DQLITE),$(CC) $(TEST_CFLAGS) -DSQLITE_CORE -o $@ $< \
	  build/libsessionlog.a -ldqlite -lsqlite3 -lzstd -lpthread)
HAVE_DQLITE = $(shell printf '\043include <dqlite.h>\n' \
  | $(CC) $(CPPFLAGS) -E -o /dev/null - 2>/dev/null && echo yes)
build/test/cluster_client: test/cluster/client.c build/gen/config.txt | $(DEPS)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -o $@ $<

include test/fuzz/fuzz.mk
include test/coverage.mk

test: build/sessionlog.so $(TEST_BIN) | $(DEPS)
	@SESSIONLOG_SO=build/sessionlog.so tclsh test/run.tcl $(T:%='%')

# tclsh isn't instrumented, so the run-time libraries have to be there before
# it starts; what it never frees is its own affair.  Leaks of the extension
# show in sqlite3_memory_used(), which every test file compares.
sanitize: build/san/sessionlog.so $(TEST_BIN) $(SAN_BIN) | $(DEPS)
	@asan=`$(CC) -print-file-name=libasan.so` \
	&& ubsan=`$(CC) -print-file-name=libubsan.so` \
	&& SESSIONLOG_SO=build/san/sessionlog.so \
	   SESSIONLOG_BIN=build/sanbin \
	   SESSIONLOG_PRELOAD="$$asan $$ubsan" \
	   ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 \
	   UBSAN_OPTIONS=print_stacktrace=1 \
	   tclsh test/run.tcl -timeout $${SESSIONLOG_TIMEOUT:-1200} $(T:%='%')

demo: build/sessionlog.so $(TEST_BIN) | $(DEPS)
	@SESSIONLOG_SO=build/sessionlog.so TRANSCRIPT=$(call quote,$(TRANSCRIPT)) \
	  sh test/demo.sh

# Three nodes that go on until they are stopped; the ports are CLUSTER_PORT+1
# to +3.
CLUSTER_PORT ?= 19000
cluster: $(TEST_CLU) | $(DEPS)
	@test -x build/test/cluster_node || { echo "no libdqlite here"; exit 1; }
	@sh test/cluster/cluster.sh start build/cluster $(CLUSTER_PORT)
cluster-test:
	@$(MAKE) test T=cluster

# The long forms of the tests; see test/soak.tcl, which holds them as a table.
soak: build/sessionlog.so $(TEST_BIN) | $(DEPS)
	@SESSIONLOG_SO=build/sessionlog.so tclsh test/soak.tcl \
	  -minutes '$(MINUTES)' -form '$(FORM)' -seed '$(SEED)' -jobs '$(JOBS)'

# Other compilers, checkers, SQLites and processors; see test/matrix/run.sh.
# ONLY=name runs one entry, ONLY='name name' several.
matrix:
	@sh test/matrix/run.sh $(ONLY)

# The benchmark is one program with sessionlog linked in; prog_*.c are programs
# of their own that it starts.  DATA=dir adds the lines of dir's *.jsonl files
# as payloads, ONLY=6,7 runs those lines of the table.
BENCH_PRG := $(sort $(wildcard test/bench/prog_*.c))
BENCH_SRC := $(filter-out $(BENCH_PRG),$(sort $(wildcard test/bench/*.c)))
BENCH_BIN := build/bench/bench $(BENCH_PRG:test/bench/prog_%.c=build/bench/%)
BENCH_CFLAGS = $(CPPFLAGS) $(BASE) -O2 -g

build/bench/bench: $(BENCH_SRC) test/bench/bench.h build/libsessionlog.a
	@mkdir -p $(@D)
	$(CC) $(BENCH_CFLAGS) -DSQLITE_CORE -o $@ $(BENCH_SRC) \
	  build/libsessionlog.a -lsqlite3 -lzstd -lm -lpthread
build/bench/%: test/bench/prog_%.c | $(DEPS)
	@mkdir -p $(@D)
	$(CC) $(BENCH_CFLAGS) -o $@ $< -lsqlite3
bench: build/sessionlog.so $(BENCH_BIN) | $(DEPS)
	@build/bench/bench $(if $(QUICK),--quick) $(if $(DATA),--data $(call quote,$(DATA))) \
	  $(if $(ONLY),--only '$(ONLY)')

# Every program that tests and benchmark run.
programs: $(TEST_BIN) $(BENCH_BIN)

# -------------------------------------------------------------------- lint

CLANG_FORMAT ?= clang-format
CLANG_TIDY   ?= clang-tidy
CPPCHECK     ?= cppcheck

FORMATTED := $(sort $(wildcard ext/*.[ch] test/c/*.[ch] test/bench/*.[ch] \
                               test/cluster/*.[ch] test/fuzz/*.[ch] \
                               test/*.[ch]))

# What clang-format has no option for is done after it: }else{, a brace right
# behind the parenthesis that closes a function's head, and }while( a<b ).
FORMAT_SED := s/^( *)\} (else|while)\b/\1}\2/; s/^( *\}?else( if\(.*\))?) \{$$/\1{/; \
              s/^([A-Za-z].*\)|\)) \{$$/\1{/; \
              /^ *\}while\(/s/ ([=!<>]=|[-+<>]) /\1/g

format: | $(DEPS)
	@for f in $(FORMATTED); do \
	  $(CLANG_FORMAT) "$$f" | sed -E '$(FORMAT_SED)' >"$$f.new" || exit 1; \
	  if cmp -s "$$f" "$$f.new"; then rm "$$f.new"; \
	  else cat "$$f.new" >"$$f"; rm "$$f.new"; fi; done

.PHONY: lint-format lint-cppcheck lint-tidy lint-analyzer lint-exports
lint: lint-format lint-cppcheck lint-tidy lint-analyzer lint-exports static
	@echo "lint: no complaints"

# clang-format leaves the heads of if, for, while and switch alone (see
# .clang-format), so their form and the line length are looked at here.
HEAD := ^\s*(\} ?)?(else )?(if|for|while|switch)
lint-format: | $(DEPS)
	@for f in $(FORMATTED); do \
	  $(CLANG_FORMAT) "$$f" | sed -E '$(FORMAT_SED)' | diff -u "$$f" - \
	  || { echo "lint: $$f is not as make format leaves it"; exit 1; }; done
	@if LC_ALL=C.UTF-8 grep -nP '^.{81}|\t| $$' $(FORMATTED) /dev/null; then \
	  echo "lint: longer than 80 columns, a tab, or a blank at the end"; \
	  exit 1; fi
	@if grep -nP '$(HEAD) \(|$(HEAD)\(.*\) \{$$' $(FORMATTED) /dev/null; then \
	  echo "lint: heads are written if( x ){"; exit 1; fi

# Left out: unusedFunction (entry points are called by SQLite) and style.
lint-cppcheck: $(GEN) | $(DEPS)
	$(CPPCHECK) --quiet --std=c99 --library=posix --library=sqlite3 \
	  --enable=warning,performance,portability --inline-suppr \
	  --suppress=missingInclude --suppress=normalCheckLevelMaxBranches \
	  --error-exitcode=1 -j2 \
	  $(LARGE) -Iext -Ibuild/gen -DSL_VERSION='"$(VERSION)"' -DSQLITE_CORE $(SRC)

# Minus checks that object to C as such: memcpy() without an _s, callbacks
# with two int parameters, branches that happen to look the same, pointers to
# pointers as void*, and conversions, which -Wconversion has settled.
TIDY_CHECKS := -*,bugprone-*,clang-analyzer-*
TIDY_CHECKS := $(TIDY_CHECKS),-bugprone-easily-swappable-parameters
TIDY_CHECKS := $(TIDY_CHECKS),-bugprone-branch-clone
TIDY_CHECKS := $(TIDY_CHECKS),-bugprone-narrowing-conversions
TIDY_CHECKS := $(TIDY_CHECKS),-bugprone-implicit-widening-of-multiplication-result
TIDY_CHECKS := $(TIDY_CHECKS),-bugprone-assignment-in-if-condition
TIDY_CHECKS := $(TIDY_CHECKS),-bugprone-reserved-identifier
TIDY_CHECKS := $(TIDY_CHECKS),-bugprone-multi-level-implicit-pointer-conversion
TIDY_CHECKS := $(TIDY_CHECKS),-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling

lint-tidy: $(GEN) | $(DEPS)
	$(CLANG_TIDY) --quiet --warnings-as-errors='*' --checks='$(TIDY_CHECKS)' \
	  $(SRC) -- $(CPPFLAGS) $(BASE) -DSQLITE_CORE

# One object a file, so that only what changed is analyzed again.
ANALYZED := $(SRC:ext/%.c=build/analyze/%.o)
lint-analyzer: $(ANALYZED)
build/analyze/%.o: ext/%.c $(wildcard ext/*.h) | $(GEN) $(DEPS)
	@mkdir -p $(@D)
	$(CC) $(STATIC_CFLAGS) -fanalyzer -c -o $@ $<

# Two extensions loaded into one process must not see each other's functions.
lint-exports: build/sessionlog.so
	@got=`nm -D --defined-only $< | awk '{print $$3}' | tr '\n' ' '`; \
	if test "$$got" != "sqlite3_sessionlog_init "; then \
	  echo "lint: $< exports: $$got"; exit 1; fi
