import dbpool from './index.js';

export const { createPool, Pool, Connection, DbpoolError, version } = dbpool;
export default dbpool;
