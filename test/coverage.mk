# coverage.mk: what of ext/ the tests run, and whether they notice when it is
# changed; part of ../Makefile.
#
# All work on a copy of the project in build/cov, build/mcdc and build/mut, whose
# tests then find everything where they expect it.  -p: what hasn't changed isn't
# built again.
COPIED := ext sql test Makefile README.md LICENSE
copy_to = rm -rf $(addprefix $1/,$(COPIED)) && mkdir -p $1 \
          && cp -Rp $(COPIED) $1

# SL_COVERAGE makes ALWAYS() and NEVER() constants, see ext/slUtil.h; without
# asserts, which are branches too.  Threads count as well.
COV_CFLAGS := -O0 -g --coverage -fprofile-update=atomic -DNDEBUG -DSL_COVERAGE

# COV_T=pattern: of these test files.  POINTS: so many failing allocations drawn
# at random, besides those of each call of SQLite's API, which are all made.  A
# test that fails doesn't keep the table from being printed, but make from
# ending well; and so does, of all tests, less than 100%.
POINTS ?= 2500
.PHONY: coverage mcdc mutants
coverage: | $(DEPS)
	@$(call copy_to,build/cov)
	@find build/cov -name '*.gcda' -delete
	@umask 0; env -u MAKEFLAGS -u MAKELEVEL $(MAKE) -s -j2 -C build/cov test \
	  CFLAGS='$(COV_CFLAGS)' WERROR= T='$(COV_T)' SESSIONLOG_POINTS='$(POINTS)' \
	  SESSIONLOG_TIMEOUT=1200; rc=$$?; \
	tclsh test/coverage.tcl build/cov $(if $(COV_T),;,&&) exit $$rc

# MC/DC, where there is a clang that measures it.
mcdc: | $(DEPS)
	@$(call copy_to,build/mcdc)
	@env -u MAKEFLAGS -u MAKELEVEL CC='$(MCDC_CC)' POINTS='$(POINTS)' \
	  sh test/mcdc.sh build/mcdc $(COV_T:%='%')

# N mutants of the branches, drawn by SEED from the files that match
# FILE=pattern.c; N=0: all of them.  See mutate.tcl.
mutants: | $(DEPS)
	@$(call copy_to,build/mut)
	@env -u MAKEFLAGS -u MAKELEVEL $(MAKE) -s -C build/mut $(GEN)
	@CC='$(CC)' tclsh test/mutate.tcl build/mut -n '$(N)' -seed '$(SEED)' \
	  -file '$(FILE)' -line '$(LINE)' -again '$(AGAIN)' -jobs '$(JOBS)' \
	  -budget '$(BUDGET)'
# Called by mutate.tcl in that copy, where it has made the library.
.PHONY: mutant-programs
mutant-programs: $(TEST_BIN) | $(DEPS)
