'use strict';
// node-postgres's configuration as a URI and options of the library.

const { native } = require('../calls');
const { optionList } = require('../options');
const { Request } = require('../requests');

const SERVER_SETTINGS = ['statement_timeout', 'idle_in_transaction_session_timeout'];

/** libpq's words for `ssl`. What libpq cannot be told is refused: a weaker connection is not what was asked for. */
function sslParams(ssl) {
  if (ssl === undefined || ssl === null) return {};
  if (ssl === false) return { sslmode: 'disable' };
  if (ssl === true) return { sslmode: 'verify-full' };
  const params = { sslmode: ssl.rejectUnauthorized === false ? 'require' : 'verify-full' };
  const files = { ca: 'sslrootcert', cert: 'sslcert', key: 'sslkey' };
  for (const [name, value] of Object.entries(ssl)) {
    if (name === 'rejectUnauthorized' || value === undefined) continue;
    if (!Object.hasOwn(files, name) || typeof value !== 'string' || value.includes('-----BEGIN')) {
      throw new TypeError(`ssl.${name} is not supported: libpq takes files, as ssl.ca, ssl.cert and ssl.key`);
    }
    params[files[name]] = value;
  }
  return params;
}

/** A connection string as libpq reads it: `ssl=true` is sslmode, and `postgres` may have no user. */
function cleanUri(text) {
  const [base, query] = text.split(/\?(.*)/s);
  if (query === undefined) return [base, []];
  const parts = query.split('&').filter((part) => part !== '' && !/^uselibpqcompat=/.test(part)).map((part) => {
    if (/^ssl=(true|1)$/.test(part)) return 'sslmode=require';
    return /^ssl=(false|0)$/.test(part) ? 'sslmode=disable' : part;
  });
  return [base, parts];
}

function milliseconds(value, none) {
  return value === undefined || value === null || value === false || value === 0 || value === Infinity ? none : `${value}ms`;
}

/** {uri, list} for native.create(). The sizes of a pool are among the rest; those of a Client are given. */
function translateConfig(config, sizes = config) {
  const params = { ...sslParams(config.ssl) };
  if (config.fallback_application_name) params.fallback_application_name = config.fallback_application_name;
  if (config.keepAlive !== undefined) params.keepalives = config.keepAlive ? 1 : 0;
  if (config.keepAliveInitialDelayMillis) params.keepalives_idle = Math.ceil(config.keepAliveInitialDelayMillis / 1000);
  const settings = SERVER_SETTINGS.filter((name) => config[name]).map((name) => `-c ${name}=${Number(config[name])}`);
  if (config.options) settings.push(config.options);
  if (settings.length !== 0) params.options = settings.join(' ');
  if (typeof config.password === 'function') throw new TypeError('a function as password is not supported');

  const [base, parts] = cleanUri(config.connectionString ?? 'postgresql://');
  for (const [name, value] of Object.entries(params)) {
    if (!parts.some((part) => part.startsWith(`${name}=`))) parts.push(`${name}=${encodeURIComponent(value)}`);
  }
  const address = config.connectionString !== undefined ? {} : {
    host: config.host, port: config.port, user: config.user, password: config.password ?? undefined, dbname: config.database,
  };
  const list = optionList({
    ...address,
    lazy: true,
    pool_size: sizes.max ?? sizes.poolSize ?? 10,
    max_overflow: 0,
    min_size: sizes.min ?? 0,
    idle_timeout: milliseconds(sizes.idleTimeoutMillis ?? 10000, 'none'),
    acquire_timeout: milliseconds(config.connectionTimeoutMillis, 'none'),
    connect_timeout: milliseconds(config.connectionTimeoutMillis, 'none'),
    query_timeout: milliseconds(config.query_timeout, 'none'),
    lock_timeout: milliseconds(config.lock_timeout, 'none'),
    max_uses: Number.isFinite(config.maxUses) && config.maxUses > 0 ? config.maxUses : 'none',
    max_lifetime: milliseconds((config.maxLifetimeSeconds ?? 0) * 1000, 'none'),
    application_name: config.application_name || undefined,
    reset: 'rollback', // as node-postgres: what a session is set to stays
    ...config.dbpool,
  });
  return { uri: parts.length === 0 ? base : `${base}?${parts.join('&')}`, list };
}

/** A pool with its first connection: a server that cannot be reached is told at once, and not waited for. */
function openPool(uri, list) {
  return new Request().start((number) => native.create(uri, [...list, 'lazy', 'false'], undefined, number));
}

module.exports = { translateConfig, openPool };
