'use strict';
// Rounds of several contenders in turn, so that what else the machine does meets all of them; medians are compared.

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** Runs each of `contenders` ({name: async () => milliseconds}) `rounds` times in turn; medians by name. */
async function rounds(contenders, count) {
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = -1; round < count; ++round) { // the first one warms up
    for (const [name, run] of Object.entries(contenders)) {
      global.gc?.();
      const time = await run();
      if (round >= 0) times[name].push(time);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]));
}

let missed = 0;

/** One line: what was measured, both figures, the ratio and whether it meets the goal. */
function report(what, unit, theirs, ours, goal) {
  const ratio = theirs / ours;
  const met = ratio >= goal;
  if (!met) ++missed;
  console.log(`${met ? 'met   ' : 'MISSED'} ${what}: ${theirs.toFixed(2)} -> ${ours.toFixed(2)} ${unit}, ${ratio.toFixed(2)}x (goal ${goal.toFixed(2)}x)`);
}

module.exports = { rounds, report, missed: () => missed };
