/** Machines behind real sshds for tests of fleets: small roots of three distributions, with archives of their own. */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DebLab } from './deb-lab.ts';
import { makeDpkgRunRoot, makeRpmRunRoot } from './dpkg-root.ts';
import { GpgHome, type TestKey } from './gpg.ts';
import { type Nginx, serveNginx } from './nginx.ts';
import { kernelBuild, openRpmLab, type RpmLab } from './rpm-lab.ts';
import { type Sshd, startSshd } from './sshd.ts';

/** Kernels that the archives have packages for. */
export const KERNELS = {
  bullseye: '5.10.0-99-cloud-amd64',
  bookworm: '6.1.0-99-cloud-amd64',
  almalinux: '4.18.0-553.el8_10.x86_64',
} as const;

export interface FleetHost {
  readonly root: string;
  readonly sshd: Sshd;
  readonly kernel: string;
}

/** Stands in for SystemTap, whose own behaviour the lab tests: leaves what `stap -p4` leaves, or fails in its words. */
function stap(version: string, then: string): string {
  return `#!/bin/sh
case "$*" in *-V*) echo 'Systemtap translator/driver (version ${version})' ;; *) ${then} ;; esac
`;
}

const COMPILES = ': >tapprep_hello.ko';
const TRUE = '#!/bin/sh\n';
const DPKG_ITSELF =
  'Package: dpkg\nStatus: install ok installed\nMaintainer: nobody <n@example>\nArchitecture: amd64\nVersion: 1.20.13\nDescription: x\n';
const TREE = ['Makefile', '.config', 'Module.symvers'];
/** What a package must have brought to count as there. */
const TAPSET = 'usr/share/systemtap/tapset/linux/context.stp';
const vmlinuxOf = (release: string): string => `usr/lib/debug/lib/modules/${release}/vmlinux`;

function writeDebs(lab: DebLab, key: TestKey, suite: 'bullseye' | 'bookworm', linux: string, does: string): void {
  const release = KERNELS[suite];
  const [kernel, systemtap] = [linux.split('.').slice(0, 2).join('.'), suite === 'bullseye' ? '4.4-2' : '4.8-2'];
  const build = (
    name: string,
    version: string,
    fields: Readonly<Record<string, string>>,
    files: Readonly<Record<string, string>> = {},
  ): string => {
    const tree = mkdtempSync(join(lab.directory, 'files-'));
    chmodSync(tree, 0o755);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      writeFileSync(join(tree, path), text, { mode: 0o755 });
    }
    return lab.build(name, version, fields, 'gzip', { tree });
  };
  const headers = Object.fromEntries(TREE.map((file) => [`usr/lib/modules/${release}/build/${file}`, '']));
  const packages = [
    build(`linux-headers-${release}`, linux, { Depends: `linux-kbuild-${kernel}`, Source: 'linux' }, headers),
    build(`linux-kbuild-${kernel}`, linux, { Source: 'linux' }),
    build(`linux-image-${release}-dbg`, linux, { Source: 'linux' }, { [vmlinuxOf(release)]: '' }),
    build(`linux-image-${release}`, linux, { Source: 'linux' }),
    build(
      'systemtap',
      systemtap,
      { 'Pre-Depends': 'systemtap-runtime' },
      { 'usr/bin/stap': stap(suite === 'bullseye' ? '4.4' : '4.8', does), [TAPSET]: '' },
    ),
    build('systemtap-runtime', systemtap, {}, { 'usr/bin/staprun': TRUE }),
    build('gcc', suite === 'bullseye' ? '4:10.2.1-1' : '4:12.2.0-3', {}, { 'usr/bin/gcc': TRUE }),
    build('make', suite === 'bullseye' ? '4.3-4' : '4.3-4.1', {}, { 'usr/bin/make': TRUE }),
  ];
  lab.writeArchive('archive', {
    suite,
    packages,
    key,
    release: { Codename: suite, Date: 'Sat, 14 Nov 2026 00:00:00 UTC' },
  });
}

/** Makes the repository DIRECTORY/rpm, and returns the packages that every root begins with. */
function writeRpms(lab: RpmLab, gpg: GpgHome, key: TestKey, directory: string): readonly string[] {
  const { packages, ...kernel } = kernelBuild('4.18.0', '553.el8_10', { vendor: 'AlmaLinux' });
  const files: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'kernel-devel': Object.fromEntries(TREE.map((file) => [`/usr/src/kernels/${KERNELS.almalinux}/${file}`, ''])),
    'kernel-debuginfo': { [`/${vmlinuxOf(KERNELS.almalinux)}`]: '' },
  };
  const built = [
    lab.build({
      ...kernel,
      packages: packages.map((one) => ({ ...one, files: files[one.name] ?? {} })),
    }),
    lab.build({
      source: 'tools',
      version: '5.0',
      release: '1.el8',
      vendor: 'AlmaLinux',
      packages: [
        {
          name: 'systemtap',
          files: { '/usr/bin/stap': stap('5.0', COMPILES), '/usr/bin/staprun': TRUE, [`/${TAPSET}`]: '' },
        },
      ],
    }),
  ].flatMap(Object.values<string>);
  // On every machine already; but a plan from facts does not know that, and finds them in the repository, as anywhere.
  const base = Object.values(
    lab.build({
      source: 'base',
      version: '1',
      release: '1',
      vendor: 'AlmaLinux',
      packages: ['gcc', 'make'].map((name) => ({ name, files: { [`/usr/bin/${name}`]: TRUE } })),
    }),
  );
  const all = [...built, ...base];
  for (const path of all) lab.sign(path, gpg, key);
  cpSync(lab.makeRepository('fleet', all), join(directory, 'rpm'), { recursive: true });
  return base;
}

export class Fleet {
  readonly hosts: Record<string, FleetHost> = {};
  readonly nginx: Nginx;
  readonly #roots: string = mkdtempSync(join(tmpdir(), 'fleet-'));
  readonly #gpg: GpgHome;
  readonly #key: TestKey;
  /** Packages that every rpm root begins with. */
  readonly #base: readonly string[];
  readonly #close: () => void;

  private constructor(gpg: GpgHome, key: TestKey, base: readonly string[], nginx: Nginx, close: () => void) {
    this.#gpg = gpg;
    this.#key = key;
    this.#base = base;
    this.nginx = nginx;
    this.#close = close;
  }

  /** @param fails what the SystemTap of bookworm does, in shell */
  static async open(fails: string): Promise<Fleet> {
    const gpg = new GpgHome();
    const key = gpg.makeKey('archive', 'rsa2048');
    const [debs, rpms] = [new DebLab(gpg), openRpmLab()];
    const archive = join(debs.directory, 'archive');
    writeDebs(debs, key, 'bullseye', '5.10.299-1', COMPILES);
    writeDebs(debs, key, 'bookworm', '6.1.299-1', fails);
    const base = writeRpms(rpms, gpg, key, archive);
    const nginx = await serveNginx(archive);
    return new Fleet(gpg, key, base, nginx, () => {
      debs.close();
      rpms.close();
    });
  }

  /** Starts a machine; `kernel` may be one that nobody has packages for. */
  async add(name: string, system: keyof typeof KERNELS, kernel: string = KERNELS[system]): Promise<FleetHost> {
    const root = join(this.#roots, name);
    mkdirSync(root);
    const { url } = this.nginx;
    if (system === 'almalinux') {
      makeRpmRunRoot(root, `${url}rpm/`, this.#base);
    } else {
      makeDpkgRunRoot(root, { url, suite: system, keyring: this.#key.keyring });
      if (system === 'bookworm')
        edit(join(root, 'etc/os-release'), (text) => text.replace('"11"', '"12"').replace('bullseye', 'bookworm'));
    }
    // A database without dpkg itself is not taken for one.
    if (system !== 'almalinux') edit(join(root, 'var/lib/dpkg/status'), () => DPKG_ITSELF);
    const sshd = await startSshd({ chroot: root, config: 'Subsystem sftp internal-sftp' });
    const host = { root, sshd, kernel };
    this.hosts[name] = host;
    return host;
  }

  /** The list of a controller's user: what facts of others say of keys is not believed. */
  mirrorList(): object {
    const { url } = this.nginx;
    const verified = { state: { status: 'live', since: null }, verified: null, reason: 'made for a test' };
    const content = ['image', 'devel', 'debuginfo', 'systemtap', 'toolchain'];
    const keys = { keys: ['lab'], keyrings: [this.#key.keyring] };
    const deb = { metadata: 'signed', packages: 'unsigned', ...keys };
    const debs = [
      ['bullseye', '11'],
      ['bookworm', '12'],
    ].map(([suite, version]) => {
      const place = { id: `lab-${suite}`, versions: [version], kind: 'deb', urls: [url] };
      return { ...place, suites: [suite], components: ['main'], content, ...verified };
    });
    const rpms = { id: 'lab-rpm', versions: ['8.*', '8'], kind: 'rpm-md', urls: [`${url}rpm/`], content, ...verified };
    const rpm = { metadata: 'unsigned', packages: 'signed', ...keys };
    return {
      format: 'tapprep-mirrors/1',
      keys: { lab: { fingerprint: this.#key.fingerprint, name: 'lab', expires: null, verified: null } },
      groups: [
        { title: 'Lab', distros: ['debian'], vendor: 'Debian', trust: deb, entries: debs },
        { title: 'Lab', distros: ['almalinux'], vendor: 'AlmaLinux', trust: rpm, entries: [rpms] },
      ],
    };
  }

  async close(): Promise<void> {
    for (const { sshd } of Object.values(this.hosts)) await sshd.close();
    await this.nginx.close();
    this.#close();
    this.#gpg.close();
    rmSync(this.#roots, { recursive: true, force: true });
  }
}

function edit(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}
