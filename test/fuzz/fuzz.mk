# fuzz.mk: how the programs of test/fuzz are built; part of ../../Makefile.

# The fuzz targets with a plain main() (replay.c), and the drivers that damage
# files one byte or one row at a time.  FUZZ_PRG(directory): their programs.
FUZZ_NAME := $(patsubst test/fuzz/fuzz_%.c,%,$(wildcard test/fuzz/fuzz_*.c))
FUZZ_PRG = $(addprefix $1/,$(FUZZ_NAME) flip rows)
FUZZ_SRC = test/fuzz/fuzz.c $(if $(filter flip rows,$*),\
             test/fuzz/fuzz_file.c test/fuzz/$*.c,\
             test/fuzz/fuzz_$*.c test/fuzz/replay.c)
# The calls that fuzz.c looks at.
FUZZ_WRAP := -Wl,--wrap=sqlite3_malloc64,--wrap=sqlite3_realloc64
FUZZ_ALL := $(sort $(wildcard test/fuzz/*.[ch]))
TEST_BIN += $(call FUZZ_PRG,build/test/fuzz)
SAN_BIN  += $(call FUZZ_PRG,build/sanbin/fuzz)

build/test/fuzz/%: $(FUZZ_ALL) build/libsessionlog.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(BASE) $(CFLAGS) -DSQLITE_CORE -o $@ $(FUZZ_SRC) \
	  build/libsessionlog.a -lsqlite3 -lzstd -lpthread $(FUZZ_WRAP)
build/sanbin/fuzz/%: $(FUZZ_ALL) build/sanlib/libsessionlog.a
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -DSQLITE_CORE -o $@ $(FUZZ_SRC) \
	  build/sanlib/libsessionlog.a -lsqlite3 -lzstd -lpthread $(FUZZ_WRAP)

# The same targets with libFuzzer, sanitizers and coverage, one after another.
# What is found stays in build/fuzz/found, and goes into test/fuzz/corpus once
# it is mended.
FUZZ_CC   ?= clang
FUZZ      ?= $(FUZZ_NAME)
SECONDS   ?= 60
FUZZ_SAN  := -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_CFLAGS = $(CPPFLAGS) $(BASE) -Wno-error -O1 -g -fno-omit-frame-pointer \
              $(FUZZ_SAN) -DSQLITE_CORE
FUZZ_LIB  := $(OBJ:build/obj/%=build/fuzz/obj/%)

build/fuzz/obj/%.o: ext/%.c build/gen/config.txt | $(GEN) $(DEPS)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link $(CC_OUT)
build/fuzz/obj/gen-%.o: build/gen/%.c build/gen/config.txt | $(DEPS)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link $(CC_OUT)
build/fuzz/run_%: $(FUZZ_ALL) $(FUZZ_LIB)
	@$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ test/fuzz/fuzz.c \
	  test/fuzz/fuzz_$*.c \
	  $(if $(filter block rows,$*),$(filter-out %/block.o,$(FUZZ_LIB)),$(FUZZ_LIB)) \
	  -lsqlite3 -lzstd $(FUZZ_WRAP)
# Words that inputs are made of: what is registered, and the columns.
build/fuzz/words.dict: ext/sessionlog.c test/fuzz/words.txt
	@mkdir -p $(@D)
	{ sed -n 's/^  { "\([a-z_]*\)",.*/"\1("/p' $<; \
	  sed -n 's/.*\.zName = "\([a-z_]*\)".*/"\1"/p' ext/vt_*.c; \
	  sed -n 's/.*/"&"/p' test/fuzz/words.txt; } | sort -u >$@
fuzz: $(FUZZ:%=build/fuzz/run_%) build/fuzz/words.dict | $(DEPS)
	@mkdir -p build/fuzz/found
	@for t in $(FUZZ); do \
	  mkdir -p build/fuzz/corpus/$$t test/fuzz/corpus/$$t; \
	  build/fuzz/run_$$t -max_total_time=$(SECONDS) -timeout=20 \
	    -rss_limit_mb=2000 -max_len=6000 -dict=build/fuzz/words.dict \
	    -artifact_prefix=build/fuzz/found/$$t- -print_final_stats=1 -verbosity=0 \
	    build/fuzz/corpus/$$t test/fuzz/corpus/$$t || exit 1; done

# Objects are kept: make would take them for intermediate files.
.SECONDARY: $(FUZZ_LIB)
