'use strict';

const { parentPort, workerData } = require('node:worker_threads');
const native = require('./native');

const { native: _, ...answer } = native.probeNow(...workerData); // the library's own error stays on its thread
parentPort.postMessage(answer);
