// Built by scripts/build.sh, with g++ alone: the addon uses nothing but Node-API, and libuv's names of errnos, so one file serves every Node.
'use strict';

module.exports = require('../build/dropreason.node');
