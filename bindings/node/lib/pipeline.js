'use strict';
// Many statements in one round trip.

const { modeOf, timeoutOf } = require('./arguments');
const { native, collectNow, PENDING } = require('./calls');
const { misuse } = require('./errors');
const { RowsRequest } = require('./requests');
const { prepare } = require('./types');

const TRANSACTION = 1, READ_ONLY = 2;

/** A list of SQL texts and [sql, params] as SQL and parameters in turn. */
function flatten(statements, isPostgres) {
  return statements.flatMap((statement) => {
    const [sql, params] = Array.isArray(statement) ? statement : [statement];
    return [sql, prepare(params, isPostgres)];
  });
}

/** Settles with the Results, or with the first failure; its `outcomes` are then what each statement gave. */
class PipelineRequest extends RowsRequest {
  constructor(statements, options, types, isPostgres) {
    super(options.signal, types, modeOf(options.rowMode));
    if (!Array.isArray(statements)) throw misuse('DBPOOL_ERR_INVALID', 'a pipeline is a list of statements: sql, or [sql, params]');
    this.count = statements.length;
    this.isRunning = false;
    this.flags = options.readOnly ? READ_ONLY : 0;
    this.timeout = timeoutOf(options.timeout, 0);
    this.create = () => native.pipeline(options.oneByOne ? 0 : TRANSACTION, flatten(statements, isPostgres));
  }

  /** On a lease; the status, or an error. */
  run(low, high, number) {
    this.pipeline = this.create();
    if (this.pipeline.status < 0) return this.pipeline;
    const status = native.pipelineRun(this.pipeline, low, high, number, this.flags, this.timeout);
    this.isRunning = status === PENDING;
    return status;
  }

  done() {
    const outcomes = this.#outcomes();
    const failed = outcomes.find(({ status }) => status === 'rejected'); // a converter of the user's
    if (failed !== undefined) return this.#fail(failed.reason, outcomes);
    super.done(outcomes.map(({ value }) => value));
  }
  fail(error) {
    if (this.isRunning) this.#fail(error, this.#outcomes());
    else super.fail(error);
  }
  #fail(error, outcomes) {
    if (Object(error) === error) Reflect.set(error, 'outcomes', outcomes); // a converter throws whatever it likes
    super.fail(error);
  }

  #outcomes() {
    return Array.from({ length: this.count }, (_, i) => {
      try {
        return { status: 'fulfilled', value: collectNow(native.pipelineResult(this.pipeline, i, this.types.format), this) };
      } catch (reason) {
        return { status: 'rejected', reason };
      }
    });
  }
}

module.exports = { PipelineRequest };
