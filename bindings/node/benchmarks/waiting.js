'use strict';
// fs.stat while 1,000 acquires wait, beside fs.stat while none does: waiting takes none of libuv's threads.

const fs = require('node:fs/promises');
const { createPool } = require('dbpool');
const { rounds, report, missed } = require('./figure');

const quick = process.argv.includes('--quick');
const STATS = quick ? 100 : 3000, ROUNDS = quick ? 1 : 7;

async function medianStat() {
  const times = [];
  for (let i = 0; i < STATS; ++i) {
    const start = performance.now();
    await fs.stat(__filename);
    times.push((performance.now() - start) * 1000);
  }
  return times.sort((a, b) => a - b)[STATS >> 1];
}

async function main() {
  const pool = await createPool(process.env.DBPOOL_TEST_POSTGRES_URL, { poolSize: 4, maxOverflow: 0 });
  const whileWaiting = async () => {
    const leases = await Promise.all([1, 2, 3, 4].map(() => pool.connect()));
    const waits = Array.from({ length: 1000 }, () => pool.connect({ timeout: 60_000 }).then((each) => each.release()));
    const time = await medianStat();
    leases.forEach((each) => each.release());
    await Promise.all(waits);
    return time;
  };
  const stat = await rounds({ idle: medianStat, waiting: whileWaiting }, ROUNDS);
  report('fs.stat, median, while 1,000 acquires wait', 'us', stat.idle, stat.waiting, 1 / 1.2);
  await pool.close();
  process.exitCode = missed() === 0 || quick ? 0 : 1;
}

main();
