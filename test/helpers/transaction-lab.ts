/** Packages by dpkg-deb, a root with the real dpkg, and tapprep's own transactions in it. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createRootHost } from '../../src/host/root.ts';
import type { Host } from '../../src/host/host.ts';
import type { JournalEntry } from '../../src/install/journal.ts';
import { planRemoval, type Removal, removeInstalled } from '../../src/install/remove.ts';
import { type InstallRequest, installArtifacts } from '../../src/install/run.ts';
import type { Artifact, InstallReport, PlanItem } from '../../src/types.ts';
import { makeDpkgRunRoot } from './dpkg-root.ts';

export interface LabDeb {
  readonly name: string;
  readonly version: string;
  readonly path: string;
}

/** The file as what tapprep has verified, with what differs from a usual dependency. */
export function asArtifact({ name, version, path }: LabDeb, more: Partial<PlanItem> = {}): Artifact {
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  const sizeBytes = statSync(path).size;
  const item = {
    kind: 'package',
    role: 'dependency',
    name,
    version,
    arch: 'amd64',
    fileName: basename(path),
    urls: ['http://127.0.0.1:9/'],
    sizeBytes,
    installedBytes: 1,
    trust: { kind: 'signed-index', digest: { algorithm: 'sha256', hex: sha256 }, index: 'x', signer: 'A'.repeat(40) },
    match: 'dependency',
    repository: 'x',
    install: true,
    replaces: null,
    wave: 0,
    ...more,
  };
  return { item, path, evidence: { sha256, sizeBytes, signer: null, checks: [] } } as unknown as Artifact;
}

export class TransactionLab {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'transaction-'));
  #roots = 0;

  constructor() {
    makeDpkgRunRoot(join(this.directory, 'pristine'), {
      url: 'http://127.0.0.1:9/',
      suite: 'x',
      keyring: '/dev/null',
    });
  }

  /** @param files by path below "/", or below DEBIAN/; programs */
  build(
    name: string,
    version: string,
    files: Readonly<Record<string, string>> = {},
    fields: Readonly<Record<string, string>> = {},
  ): LabDeb {
    const tree = mkdtempSync(join(this.directory, 'tree-'));
    chmodSync(tree, 0o755);
    const control = { Package: name, Version: version, Architecture: 'amd64', Maintainer: 'n <n@x>', Description: 'x' };
    const lines = Object.entries({ ...control, ...fields }).map(([field, value]) => `${field}: ${value}\n`);
    for (const [path, text] of Object.entries({ ...files, 'DEBIAN/control': lines.join('') })) {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      writeFileSync(join(tree, path), text, { mode: path === 'DEBIAN/control' ? 0o644 : 0o755 });
    }
    const path = join(this.directory, `${name}_${version.replace(/^\d+:/, '')}_amd64.deb`);
    execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', tree, path], { stdio: 'ignore' });
    return { name, version, path };
  }

  openRoot(): TransactionRoot {
    this.#roots += 1;
    const root = join(this.directory, `root-${this.#roots}`);
    cpSync(join(this.directory, 'pristine'), root, { recursive: true, verbatimSymlinks: true });
    return new TransactionRoot(root);
  }

  close(): void {
    rmSync(this.directory, { recursive: true });
  }
}

export class TransactionRoot {
  readonly directory: string;
  readonly host: Host;
  /** What tapprep said to people. */
  readonly notes: string[] = [];

  constructor(directory: string) {
    this.directory = directory;
    this.host = createRootHost(directory);
  }

  install(artifacts: readonly Artifact[], more: Partial<InstallRequest> = {}): Promise<InstallReport> {
    return installArtifacts({
      host: this.host,
      artifacts,
      method: 'dpkg',
      release: '6.1.0-57-amd64',
      allowUpgrade: false,
      tapprepVersion: '0.0.0',
      emit: (event) => void (event.type === 'note' && this.notes.push(event.text)),
      now: Date.now,
      signal: new AbortController().signal,
      ...more,
    });
  }

  async remove(): Promise<Removal> {
    const emit: InstallRequest['emit'] = (event) => void (event.type === 'note' && this.notes.push(event.text));
    return removeInstalled(this.host, await planRemoval(this.host), emit, new AbortController().signal);
  }

  /** As somebody else does it. */
  dpkg(...words: readonly (string | LabDeb)[]): void {
    const argv = words.map((word) => {
      if (typeof word === 'string') return word;
      copyFileSync(word.path, join(this.directory, 'tmp', basename(word.path)));
      return `/tmp/${basename(word.path)}`;
    });
    execFileSync('chroot', [this.directory, 'dpkg', ...argv], { stdio: 'pipe' });
  }

  /** "NAME VERSION STATE" of all that dpkg knows. */
  packages(): readonly string[] {
    const format = '--showformat=${Package} ${Version} ${db:Status-Status}\n';
    const out = execFileSync('dpkg-query', [`--root=${this.directory}`, '--show', format], { encoding: 'utf8' });
    return out.split('\n').filter((line) => line !== '');
  }

  entries(): readonly JournalEntry[] {
    const text = readFileSync(join(this.directory, 'var/lib/tapprep/journal.json'), 'utf8');
    return (JSON.parse(text) as { readonly entries: readonly JournalEntry[] }).entries;
  }
}
