import dbpool from './index.js';

export const { createPool, probe, optionTable, Pool, Connection, DbpoolError, version } = dbpool;
export default dbpool;
