import pg from './index.js';

export const { Pool, Client, Query, Cursor, QueryStream, Result, DatabaseError, TypeOverrides, types, defaults, utils,
  escapeIdentifier, escapeLiteral } = pg;
export default pg;
