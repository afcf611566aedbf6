'use strict';

module.exports = require('./cursor').Cursor;
