'use strict';
// The addon: where node-gyp or CMake has put it, or where DBPOOL_NODE_ADDON says it is.

const path = require('node:path');

const root = path.join(__dirname, '..');

function load() {
  if (process.env.DBPOOL_NODE_ADDON) return require(path.resolve(process.env.DBPOOL_NODE_ADDON));
  try {
    return require(path.join(root, 'build/Release/dbpool.node'));
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    throw new Error('dbpool: the addon is not built: run `npm run build`, or name it in DBPOOL_NODE_ADDON', { cause: error });
  }
}

module.exports = load();
