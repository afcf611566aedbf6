'use strict';

const PARTS = /^(?:(-?\d+) years? ?)?(?:(-?\d+) mons? ?)?(?:(-?\d+) days? ?)?(?:([+-])?(\d+):(\d\d):(\d\d)(?:\.(\d+))?)?$/;
const FIELDS = ['years', 'months', 'days', 'hours', 'minutes', 'seconds', 'milliseconds'];

/** An interval as node-postgres gives it: only the fields that are not 0. */
class Interval {
  constructor(text = '') {
    const found = PARTS.exec(text);
    if (found === null) return;
    const sign = found[4] === '-' ? -1 : 1;
    const milliseconds = found[8] === undefined ? 0 : sign * Number(`0.${found[8]}`) * 1000;
    const values = [+(found[1] ?? 0), +(found[2] ?? 0), +(found[3] ?? 0),
      sign * (found[5] ?? 0), sign * (found[6] ?? 0), sign * (found[7] ?? 0), Math.round(milliseconds * 1e3) / 1e3];
    values.forEach((value, i) => {
      if (value !== 0) this[FIELDS[i]] = value;
    });
  }
  #seconds() {
    return Number(((this.seconds ?? 0) + (this.milliseconds ?? 0) / 1000).toFixed(6));
  }
  toPostgres() {
    const parts = FIELDS.slice(0, 5).filter((field) => this[field]).map((field) => `${this[field]} ${field}`);
    const seconds = this.#seconds();
    if (seconds !== 0) parts.push(`${seconds} seconds`);
    return parts.length === 0 ? '0' : parts.join(' ');
  }
  toISOString() {
    const of = (field) => this[field] ?? 0;
    return `P${of('years')}Y${of('months')}M${of('days')}DT${of('hours')}H${of('minutes')}M${this.#seconds()}S`;
  }
  toISO() { return this.toISOString(); }
}

module.exports = { Interval };
