'use strict';

module.exports = require('./cursor').QueryStream;
