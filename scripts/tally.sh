# Sourced by .ci/run and tests: runs checks, each one passed or failed, and sums up.
# Not a program of its own.
passed=0 failed=0 skipped=0

# check NAME COMMAND ...: one check. Its output is shown only if it fails.
check() {
  local name=$1 log started=$SECONDS
  shift
  log=$(mktemp)
  if ("$@") </dev/null >"$log" 2>&1; then
    passed=$((passed + 1))
    echo "ok      $name ($((SECONDS - started)) s)"
  else
    failed=$((failed + 1))
    echo "FAILED  $name"
    tail -n 60 "$log" | sed 's/^/    /'
  fi
  rm -f "$log"
}

# suite NAME COMMAND ...: many checks, counted by its last line `N passed, N failed, N skipped`.
suite() {
  local name=$1 log status last started=$SECONDS
  shift
  echo "== $name"
  log=$(mktemp)
  "$@" </dev/null 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  last=$(tail -n 1 "$log")
  rm -f "$log"
  if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
    skipped=$((skipped + BASH_REMATCH[3]))
    [ "$status" = 0 ] || [ "${BASH_REMATCH[2]}" != 0 ] || failed=$((failed + 1))
  else
    failed=$((failed + 1))
  fi
  echo "== $name: $((SECONDS - started)) s"
}

# tally: the closing line; fails if anything did.
tally() {
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ] && [ "$passed" != 0 ]
}
