import Database from './index.js';

export const { SqliteError } = Database;
export default Database;
