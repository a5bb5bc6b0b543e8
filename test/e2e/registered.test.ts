/** Hosts whose repositories answer registered systems only: client certificates as RHEL has them, tokens as SLES has them. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Certificate, makeCertificate } from '../helpers/certificates.ts';
import { Cli, type CliResult } from '../helpers/cli.ts';
import { GpgHome } from '../helpers/gpg.ts';
import { type HostRoot, makeHostRoot } from '../helpers/host-root.ts';
import { type Nginx, serveNginx } from '../helpers/nginx.ts';
import { kernelBuild, openRpmLab } from '../helpers/rpm-lab.ts';

const RHEL = '3.10.0-1160.el7.x86_64';
const SLES = '5.14.21-150500.55.7-default';
const TOKEN = 'cR4nDomT0kenOfThisRegistration9x';
const work = mkdtempSync(join(tmpdir(), 'e2e-registered-'));
const gpg = new GpgHome();
const lab = openRpmLab();
const clis: Cli[] = [];
const server = makeCertificate('IP:127.0.0.1', 30);
const client = makeCertificate('DNS:system-1', 30);
let cdn: Nginx;
let scc: Nginx;
let key: string;
let releasePackage: string;
let count = 0;

beforeAll(async () => {
  const made = gpg.makeKey('distribution', 'rsa2048');
  key = readFileSync(made.armored, 'utf8');
  const tools = ['systemtap', 'gcc', 'make', 'lib'].map((name) => ({ name }));
  const rhel = {
    ...lab.build(kernelBuild('3.10.0', '1160.el7', { vendor: 'Red Hat, Inc.' })),
    ...lab.build({ source: 'tools', version: '5', release: '1', vendor: 'Red Hat, Inc.', packages: tools }),
  };
  const named = { source: 'release', version: '7.9', release: '1.el7', vendor: 'Red Hat, Inc.' };
  const release = lab.build({ ...named, packages: [{ name: 'redhat-release-server' }] });
  releasePackage = release['redhat-release-server'] ?? '';
  const uname = `kernel-default-devel = 5.14.21-150500.55.7.1`;
  const sles = lab.build({
    source: 'kernel-source',
    version: '5.14.21',
    release: '150500.55.7.1',
    vendor: 'SUSE LLC <https://www.suse.com/>',
    packages: [
      { name: 'kernel-default' },
      { name: 'kernel-default-devel', provides: [uname], requires: ['gcc', 'make'] },
      { name: 'kernel-default-debuginfo' },
      { name: 'kernel-devel', arch: 'noarch' },
      ...tools,
    ],
  });
  const publish = (place: string, packages: readonly string[]): void => {
    for (const path of packages) lab.sign(path, gpg, made);
    cpSync(lab.makeRepository(place.replaceAll('/', '-'), packages), join(work, 'served', place), { recursive: true });
  };
  const all = Object.values(rhel);
  publish(
    'content/7Server/os',
    all.filter((path) => !path.includes('-debuginfo')),
  );
  publish(
    'content/7Server/debug',
    all.filter((path) => path.includes('-debuginfo')),
  );
  publish('SUSE/product', Object.values(sles));
  const served = join(work, 'served');
  cdn = await serveNginx(served, { tls: { own: server, clients: client } });
  scc = await serveNginx(served, { directives: `if ($args != "${TOKEN}") { return 403; }` });
});

afterAll(async () => {
  await cdn.close();
  await scc.close();
  for (const cli of clis) cli.close();
  lab.close();
  gpg.close();
  rmSync(work, { recursive: true, force: true });
});

/** redhat.repo as subscription-manager writes it: what is subscribed to, and many debug repositories that are not. */
function redhatRepo(base: string): string {
  const own = [
    'sslverify=1',
    'sslcacert=/etc/rhsm/ca/redhat-uep.pem',
    'sslclientcert=/etc/pki/entitlement/17.pem',
    'sslclientkey=/etc/pki/entitlement/17-key.pem',
    'gpgcheck=1',
    'gpgkey=file:///etc/pki/rpm-gpg/KEY',
  ];
  const section = (id: string, path: string, enabled: number): string =>
    [`[${id}]`, `name=${id}`, `baseurl=${base}content/$releasever/${path}`, `enabled=${enabled}`, ...own].join('\n');
  const others = ['optional', 'extras', 'ose-3.11', 'rhscl', 'supplementary'].flatMap((name) => [
    section(`rhel-7-server-${name}-debug-rpms`, `${name}/debug`, 0),
    section(`rhel-7-server-${name}-rpms`, `${name}/os`, 0),
  ]);
  return [...others, section('rhel-7-server-debug-rpms', 'debug', 0), section('rhel-7-server-rpms', 'os', 1), ''].join(
    '\n',
  );
}

function makeRhel(
  base: string,
  shown: Certificate | null,
  more: Readonly<Record<string, string | null>> = {},
): HostRoot {
  count += 1;
  const system = makeHostRoot(join(work, `system-${count}`), {
    '/etc/os-release':
      'ID="rhel"\nVERSION_ID="7.9"\nID_LIKE="fedora"\nPRETTY_NAME="Red Hat Enterprise Linux Server 7.9"\n',
    '/etc/pki/rpm-gpg/KEY': key,
    '/etc/rhsm/ca/redhat-uep.pem': server.cert,
    ...(shown === null
      ? {}
      : { '/etc/pki/entitlement/17.pem': shown.cert, '/etc/pki/entitlement/17-key.pem': shown.key }),
    '/etc/yum.repos.d/redhat.repo': redhatRepo(base),
    '/usr/bin/zypper': null,
    ...more,
  });
  cpSync(releasePackage, join(work, `system-${count}/upper/release.rpm`));
  system.run(['rpm', '-i', '--nodeps', '/release.rpm']);
  return system;
}

function tapprep(system: HostRoot, ...args: readonly string[]): Promise<CliResult> {
  const cli = new Cli();
  clis.push(cli);
  return cli.start([...args, '--root', system.root], {}, '', system.wrapper).done;
}

interface Planned {
  readonly notes: readonly string[];
  readonly items: readonly { readonly name: string; readonly repository: string; readonly urls: readonly string[] }[];
}

const HERE = 'https://cdn.redhat.invalid/';

test('a client certificate of RHEL: planned, fetched and verified, from the two repositories that can hold the kernel', async () => {
  const system = makeRhel(cdn.url, client);
  const planned = await tapprep(system, 'plan', '--kernel', RHEL, '--json');
  expect(planned.stderr).not.toMatch(/tapprep: [A-Z_]+:/);
  const plan = JSON.parse(planned.stdout) as Planned;
  expect(plan.notes.join('\n')).toContain('not asked, because what they are the debug packages of is switched off too');
  expect(plan.items.map(({ name, repository }) => `${name} ${repository}`).toSorted()).toEqual([
    'gcc target/rhel-7-server-rpms',
    'kernel-debuginfo target/rhel-7-server-debug-rpms',
    'kernel-debuginfo-common-x86_64 target/rhel-7-server-debug-rpms',
    'kernel-devel target/rhel-7-server-rpms',
    'make target/rhel-7-server-rpms',
    'systemtap target/rhel-7-server-rpms',
  ]);
  const into = join(work, 'rhel-files');
  const fetched = await tapprep(system, 'fetch', '--kernel', RHEL, '--dest', into);
  expect([fetched.code, fetched.stderr.match(/tapprep: [A-Z_]+:.*/)?.[0] ?? '']).toEqual([0, '']);
  expect(readdirSync(into).filter((name) => name.endsWith('.rpm'))).toHaveLength(6);
});

test.each([
  [
    'is not there',
    null,
    /NOT_REGISTERED: .*only answers a registered system: it names \S+17\.pem, and there is no such file/,
  ],
  ['is over', makeCertificate('DNS:system-1', -1), /NOT_REGISTERED: .*its client certificate \S+17\.pem expired on \d/],
  [
    'was refused',
    makeCertificate('DNS:another', 30),
    /NOT_REGISTERED: .*does not take the registration of this system/,
  ],
] as const)('a certificate that %s: one sentence, exit 3', async (_why, shown, sentence) => {
  const { code, stderr } = await tapprep(makeRhel(cdn.url, shown), 'plan', '--kernel', RHEL);
  expect(stderr).toMatch(sentence);
  expect(stderr.match(/NOT_REGISTERED/g)).toHaveLength(1);
  expect(stderr).toContain('subscription-manager register');
  expect(code).toBe(3);
});

test('a RHEL that was never registered has no repositories: one sentence, exit 3', async () => {
  const system = makeRhel(cdn.url, null, { '/etc/yum.repos.d/redhat.repo': '# no subscription\n' });
  const { code, stderr } = await tapprep(system, 'plan', '--kernel', RHEL);
  expect(stderr).toMatch(/NOT_REGISTERED: .*not registered/);
  expect(code).toBe(3);
  // A mirror that was named is asked all the same.
  const named = await tapprep(system, 'plan', '--kernel', RHEL, '--mirror', `rpm-md=${scc.url}nothing/`);
  expect(named.stderr).toMatch(/tapprep: NETWORK: .*nothing\/repodata\/repomd.xml answered 403/);
});

/** dnf's own, which scripts/need-tools.sh brings. */
const PLUGINS = '/var/cache/tapprep-tests/dnf-plugins-core';
const DOWNLOAD = ['dnf-plugins/download.py', 'dnfpluginscore/__init__.py'].map(
  (name) => `/usr/lib/python3/dist-packages/${name}`,
);

/** The plugin that clouds install: it fills REGION in from the cloud's metadata. */
const PLUGIN = `import dnf
class Region(dnf.Plugin):
    name = 'region'
    def config(self):
        for repo in self.base.repos.all():
            repo.baseurl = [url.replace('https://rhui.REGION.cloud.invalid/', '${HERE}') for url in repo.baseurl]
`;

test("an address that only a plugin of the cloud knows: the target's own dnf brings index and packages", async () => {
  const system = makeRhel('https://rhui.REGION.cloud.invalid/', client, {
    '/etc/dnf/dnf.conf': '[main]\nplugins=1\n',
    '/etc/dnf/vars/releasever': '7Server\n',
    '/usr/lib/python3/dist-packages/dnf-plugins/region.py': PLUGIN.replace(HERE, cdn.url),
    ...Object.fromEntries(DOWNLOAD.map((path) => [path, readFileSync(join(PLUGINS, path), 'utf8')])),
  });
  const into = join(work, 'rhui-files');
  const fetched = await tapprep(system, 'fetch', '--kernel', RHEL, '--dest', into, '--verbose');
  expect([fetched.code, fetched.stderr.match(/tapprep: [A-Z_]+:.*/)?.[0] ?? '']).toEqual([0, '']);
  expect(readdirSync(into).filter((name) => name.endsWith('.rpm'))).toHaveLength(6);
  expect(readdirSync(join(work, `system-${count}/upper/var/tmp`))).toEqual([]);
});

function makeSles(address: string, more: Readonly<Record<string, string | null>> = {}): HostRoot {
  count += 1;
  const system = makeHostRoot(join(work, `system-${count}`), {
    '/etc/os-release':
      'ID="sles"\nVERSION_ID="15.5"\nID_LIKE="suse"\nPRETTY_NAME="SUSE Linux Enterprise Server 15 SP5"\n',
    '/etc/pki/KEY': key,
    '/etc/zypp/repos.d/scc.repo': `[SLE-Product:Pool]\nname=Pool\nenabled=1\nautorefresh=0\nbaseurl=${address}\ntype=rpm-md\ngpgcheck=1\nrepo_gpgcheck=0\npkg_gpgcheck=1\ngpgkey=file:///etc/pki/KEY\n`,
    '/usr/bin/dnf': null,
    ...more,
  });
  system.run(['rpm', '--import', '/etc/pki/KEY']);
  return system;
}

test('the token of an address of SUSE stands behind every path, and in nothing that is kept', async () => {
  const system = makeSles(`${scc.url}SUSE/product?${TOKEN}`);
  const lock = join(work, 'sles.lock');
  const planned = await tapprep(system, 'plan', '--kernel', SLES, '--json', '--out', lock);
  expect(planned.stderr).not.toMatch(/tapprep: [A-Z_]+:/);
  const { items } = JSON.parse(planned.stdout) as Planned;
  expect(items.map(({ name }) => name)).toContain('kernel-default-devel');
  expect(`${planned.stdout}${planned.stderr}${readFileSync(lock, 'utf8')}`).not.toContain(TOKEN);
  const listed = await tapprep(system, 'mirrors', 'list', '--kernel', SLES, '--json');
  expect(listed.stdout).toContain('target/SLE-Product:Pool');
  expect(`${listed.stdout}${listed.stderr}`).not.toContain(TOKEN);
  const into = join(work, 'sles-files');
  const fetched = await tapprep(system, 'fetch', '--kernel', SLES, '--dest', into);
  expect(fetched.stderr).not.toMatch(/tapprep: [A-Z_]+:/);
  expect(readdirSync(into).filter((name) => name.endsWith('.rpm'))).toHaveLength(items.length);
  // The lock holds no token; the files of the target do.
  const locked = await tapprep(system, 'bundle', '--kernel', SLES, '--lock', lock, '--out', join(work, 'sles.tar'));
  expect([locked.code, locked.stderr.match(/tapprep: [A-Z_]+:.*/)?.[0] ?? '']).toEqual([0, '']);
});

test('a token that is over: one sentence, exit 3', async () => {
  const system = makeSles(`${scc.url}SUSE/product?${TOKEN.replace('c', 'd')}`);
  const { code, stderr } = await tapprep(system, 'plan', '--kernel', SLES);
  expect(stderr).toMatch(/NOT_REGISTERED: .*answered 403: it does not take the registration of this system, the token/);
  expect(stderr).toContain('SUSEConnect');
  expect(code).toBe(3);
});

test("an address from a plugin of zypper: the target's own zypper brings index and packages", async () => {
  const system = makeSles('plugin:/region?path=/SUSE/product', {
    '/usr/lib/zypp/plugins/urlresolver/region': `#!/bin/sh\n# The request ends with an empty line; one that is answered before it is read is no answer.\nwhile IFS= read -r line && [ -n "$line" ]; do :; done\nprintf 'RESOLVEDURL\\n\\n${scc.url}SUSE/product?${TOKEN}\\000'\n`,
  });
  system.run(['chmod', '755', '/usr/lib/zypp/plugins/urlresolver/region']);
  const into = join(work, 'plugin-files');
  const fetched = await tapprep(system, 'fetch', '--kernel', SLES, '--dest', into, '--verbose');
  expect([fetched.code, fetched.stderr.match(/tapprep: [A-Z_]+:.*/)?.[0] ?? '']).toEqual([0, '']);
  expect(readdirSync(into).filter((name) => name.endsWith('.rpm')).length).toBeGreaterThan(3);
});
