// Makes release/: the npm package, the one file, a .deb and an .rpm of it, an SBOM, and their checksums. The same commit
// gives the same bytes. release.ts [--sign-key KEY] [--level GZIP_LEVEL]; gpg signs the checksums with KEY.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { readBuildFacts } from './make-man.ts';
import { collectLicences, makeSbom } from './sbom.ts';

const { values } = parseArgs({ options: { 'sign-key': { type: 'string' }, level: { type: 'string', default: '9' } } });
const OUT = resolve('release');
const WORK = join(OUT, 'work');
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const { date } = readBuildFacts('.', process.env);
const env = { ...process.env, SOURCE_DATE_EPOCH: String(date), TZ: 'UTC', LC_ALL: 'C' };

function run(argv: readonly string[], cwd = '.'): void {
  const [file = '', ...args] = argv;
  execFileSync(file, args, { cwd, env, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Copies or writes one file of the tree that both packages hold. */
function put(tree: string, path: string, content: string | Buffer, mode = 0o644): void {
  const full = join(tree, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content, { mode });
}

/** What a package of either kind installs. */
function makeTree(tree: string, licences: string): void {
  put(tree, 'usr/bin/tapprep', readFileSync('dist-single/tapprep'), 0o755);
  for (const page of readdirSync('dist/man/man1')) {
    put(tree, `usr/share/man/man1/${page}.gz`, gzipSync(readFileSync(join('dist/man/man1', page)), { level: 9 }));
  }
  put(tree, 'usr/share/bash-completion/completions/tapprep', readFileSync('dist/completions/bash/tapprep'));
  put(tree, `usr/share/fish/vendor_completions.d/tapprep.fish`, readFileSync('dist/completions/fish/tapprep.fish'));
  for (const schema of readdirSync('schemas')) {
    put(tree, `usr/share/doc/tapprep/schemas/${schema}`, readFileSync(join('schemas', schema)));
  }
  put(tree, 'usr/share/doc/tapprep/THIRD-PARTY', licences);
}

/** Every file and directory gets the time of the commit. */
function setTimes(tree: string): void {
  for (const path of globSync(`${tree}/**`)) utimesSync(path, date, date);
}

function fill(template: string, words: Readonly<Record<string, string>>): string {
  return readFileSync(join('packaging', template), 'utf8').replaceAll(/@([A-Z_]+)@/g, (_, name: string) => {
    const word = words[name];
    if (word === undefined) throw new Error(`${template} names @${name}@, which nobody sets`);
    return word;
  });
}

function makeDeb(licences: string): void {
  const tree = join(WORK, 'deb');
  makeTree(tree, licences);
  const completion = readFileSync('dist/completions/zsh/_tapprep');
  put(tree, 'usr/share/zsh/vendor-completions/_tapprep', completion);
  put(
    tree,
    'usr/share/doc/tapprep/copyright',
    `${readFileSync('LICENSE', 'utf8')}\nWhat it holds beside: THIRD-PARTY\n`,
  );
  const changes = `tapprep (${version}-1) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- tapprep developers <tapprep@localhost.invalid>  ${new Date(date * 1000).toUTCString().replace('GMT', '+0000')}\n`;
  put(tree, 'usr/share/doc/tapprep/changelog.Debian.gz', gzipSync(changes, { level: 9 }));
  put(tree, 'usr/share/lintian/overrides/tapprep', readFileSync('packaging/lintian-overrides'));
  const bytes = globSync(`${tree}/**`).reduce((sum, path) => sum + statSync(path).size, 0);
  const sums = globSync('**', { cwd: join(tree) })
    .filter((path) => statSync(join(tree, path)).isFile())
    .toSorted()
    .map(
      (path) =>
        `${createHash('md5')
          .update(readFileSync(join(tree, path)))
          .digest('hex')}  ${path}\n`,
    );
  put(tree, 'DEBIAN/control', fill('control', { VERSION: version, KIB: String(Math.ceil(bytes / 1024)) }));
  put(tree, 'DEBIAN/md5sums', sums.join(''));
  put(tree, 'DEBIAN/postrm', readFileSync('packaging/removed.sh'), 0o755);
  setTimes(tree);
  run(['dpkg-deb', '--root-owner-group', '-Zxz', '-z1', '--build', tree, join(OUT, `tapprep_${version}-1_amd64.deb`)]);
}

function makeRpm(licences: string): void {
  const tree = join(WORK, 'rpm-tree');
  makeTree(tree, licences);
  put(tree, 'usr/share/zsh/site-functions/_tapprep', readFileSync('dist/completions/zsh/_tapprep'));
  put(tree, 'usr/share/licenses/tapprep/LICENSE', readFileSync('LICENSE'));
  setTimes(tree);
  const day = new Date(date * 1000).toUTCString();
  const [name = '', number = '', month = '', year = ''] = day.replace(',', '').split(' ');
  const removed = readFileSync('packaging/removed.sh', 'utf8').replace('#!/bin/sh\n', '');
  const words = { VERSION: version, TREE: tree, REMOVED: removed, RPM_DATE: `${name} ${month} ${number} ${year}` };
  put(WORK, 'tapprep.spec', fill('tapprep.spec', words));
  const defines = {
    _topdir: join(WORK, 'rpmbuild'),
    _buildhost: 'reproducible',
    _rpmdir: OUT,
    _rpmfilename: '%{name}-%{version}-%{release}.%{arch}.rpm',
    _binary_payload: 'w1.gzdio',
    use_source_date_epoch_as_buildtime: '1',
    clamp_mtime_to_source_date_epoch: '1',
  };
  const given = Object.entries(defines).flatMap(([key, value]) => ['--define', `${key} ${value}`]);
  run(['rpmbuild', '--quiet', '-bb', ...given, '--target', 'x86_64-linux', join(WORK, 'tapprep.spec')]);
}

rmSync(OUT, { recursive: true, force: true });
mkdirSync(WORK, { recursive: true });
run([process.execPath, 'scripts/build-single.js', values.level]);
cpSync('dist-single/tapprep', join(OUT, `tapprep-${version}-x86_64`));
run(['npm', 'pack', '--ignore-scripts', '--silent', '--pack-destination', OUT]);
const licences = collectLicences();
makeDeb(licences);
makeRpm(licences);
writeFileSync(join(OUT, `tapprep-${version}.cdx.json`), `${JSON.stringify(makeSbom(version, date), null, 2)}\n`);
writeFileSync(join(OUT, 'THIRD-PARTY'), licences);
rmSync(WORK, { recursive: true });
const names = readdirSync(OUT).toSorted();
const sums = names.map(
  (name) =>
    `${createHash('sha256')
      .update(readFileSync(join(OUT, name)))
      .digest('hex')}  ${name}\n`,
);
writeFileSync(join(OUT, 'SHA256SUMS'), sums.join(''));
const signKey = values['sign-key'];
if (signKey !== undefined) {
  for (const name of ['SHA256SUMS', `tapprep-${version}-x86_64`]) {
    run(['gpg', '--batch', '--yes', '--local-user', signKey, '--armor', '--detach-sign', join(OUT, name)]);
  }
}
console.log(sums.join('').trimEnd());
