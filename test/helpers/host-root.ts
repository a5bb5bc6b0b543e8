/**
 * This machine's own programs as the system of an rpm distribution: an overlay of "/", seen only by what runs in its own mount
 * namespace, so that nothing of it outlives a test that is killed.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface HostRoot {
  /** Where it lies inside the namespace. */
  readonly root: string;
  /** Puts a command into the namespace. */
  readonly wrapper: readonly string[];
  /** Runs a command in it; what it prints. */
  run(argv: readonly string[]): string;
}

const MOUNT = `mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root" && shift && exec "$@"`;

/** What the layer below has in these directories is not seen. */
const OPAQUE = "import os, sys\nfor path in sys.argv[1:]: os.setxattr(path, 'trusted.overlay.opaque', b'y')";

/** @param files of the system by path, written over those of this machine; null: not there */
export function makeHostRoot(directory: string, files: Readonly<Record<string, string | null>>): HostRoot {
  const root = join(directory, 'root');
  for (const name of ['upper', 'work', 'root']) mkdirSync(join(directory, name), { recursive: true });
  // Debian's rpm has its database in the home of whoever runs it.
  const macros = readFileSync('/usr/lib/rpm/macros', 'utf8').replace(/^%_dbpath\s.*$/m, '%_dbpath /var/lib/rpm');
  const own = { '/usr/lib/rpm/macros': macros, '/root/.rpmmacros': null, '/var/lib/dpkg/status': null, ...files };
  for (const [path, text] of Object.entries(own)) {
    const upper = join(directory, 'upper', path);
    mkdirSync(dirname(upper), { recursive: true });
    // A file that the overlay takes for deleted.
    if (text === null) execFileSync('mknod', [upper, 'c', '0', '0']);
    else writeFileSync(upper, text);
  }
  // What this machine has of its own stays out of sight.
  const hidden = ['var/lib/rpm', 'etc/yum.repos.d', 'etc/zypp/repos.d', 'etc/dnf', 'var/lib/tapprep'].map((path) =>
    join(directory, 'upper', path),
  );
  for (const path of hidden) mkdirSync(path, { recursive: true });
  // By its path: what a PATH has of that name first may be a script that looks for one of several.
  execFileSync('/usr/bin/python3', ['-c', OPAQUE, ...hidden]);
  const wrapper = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', MOUNT, 'sh', directory];
  return {
    root,
    wrapper,
    run: (argv) => {
      const [file = '', ...rest] = [...wrapper, 'chroot', root, ...argv];
      return execFileSync(file, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: ENVIRONMENT });
    },
  };
}

const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LC_ALL: 'C' };
