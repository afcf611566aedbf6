# Sourced by .ci/run and tests: runs checks, each one passed or failed, and sums up.
# Not a program of its own.
passed=0 failed=0 skipped=0
failures=() # by name

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
    failures+=("$name")
    echo "FAILED  $name"
    tail -n 60 "$log" | sed 's/^/    /'
  fi
  rm -f "$log"
}

# What a log says has failed, one name a line: by a tally within, else as our own scripts, Go, Rust and Node say it.
failed_in() {
  local log=$1
  if grep -q '^failed: ' "$log"; then
    sed -n 's/^failed: //p' "$log"
  else
    sed -nE 's/^FAIL(ED)?(:| ) *(.*)/\3/p; s/^ *--- FAIL: ([^ ]*).*/\1/p; s/^test (.*) \.\.\. FAILED$/\1/p; /^✖ failing tests:$/d; s/^ *✖ (.*)/\1/p' \
      "$log" | awk -v suite="$2" '!seen[$0]++ { print suite ": " $0 }'
  fi
}

# suite NAME COMMAND ...: many checks, counted by its last line `N passed, N failed, N skipped`.
suite() {
  local name=$1 log status last names=() failed_before=$failed started=$SECONDS
  shift
  echo "== $name"
  log=$(mktemp)
  "$@" </dev/null 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  last=$(tail -n 1 "$log")
  if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
    skipped=$((skipped + BASH_REMATCH[3]))
    [ "$status" = 0 ] || [ "${BASH_REMATCH[2]}" != 0 ] || failed=$((failed + 1))
  else
    failed=$((failed + 1))
  fi
  if [ "$failed" != "$failed_before" ]; then
    mapfile -t names < <(failed_in "$log" "$name")
    [ ${#names[@]} != 0 ] || names=("$name: ended with status $status and '$last'")
    failures+=("${names[@]}")
  fi
  rm -f "$log"
  echo "== $name: $((SECONDS - started)) s"
}

# tally: what failed, by name, and the closing line; fails if anything did.
tally() {
  [ ${#failures[@]} = 0 ] || printf 'failed: %s\n' "${failures[@]}"
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ] && [ "$passed" != 0 ]
}
