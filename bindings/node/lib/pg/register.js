'use strict';
// `node --require dbpool/pg/register app.js`: from then on `pg`, `pg-cursor` and `pg-query-stream` are dbpool/pg, for
// libraries that load them by name, in require() and in import.

const Module = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const files = {
  pg: path.join(__dirname, 'index.js'),
  'pg-cursor': path.join(__dirname, 'as-cursor.js'),
  'pg-query-stream': path.join(__dirname, 'as-query-stream.js'),
};

const resolve = Module._resolveFilename;
Module._resolveFilename = function resolveFilename(request, ...rest) {
  return Object.hasOwn(files, request) ? files[request] : resolve.call(this, request, ...rest);
};

const urls = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, pathToFileURL(file).href]));
urls.pg = pathToFileURL(path.join(__dirname, 'index.mjs')).href;
const hooks = `const urls = ${JSON.stringify(urls)};
export function resolve(name, context, next) {
  return Object.hasOwn(urls, name) ? { url: urls[name], shortCircuit: true } : next(name, context);
}`;
Module.register(`data:text/javascript,${encodeURIComponent(hooks)}`);
