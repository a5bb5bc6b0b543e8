/** Who compiles whose kernels, as `Linux version …` says: one row a builder, told by user and host of the compile or by the compiler. */

export interface Builder {
  /** os-release ID of the distribution whose kernel it is. */
  readonly distro: string;
  /** user@host of the compile; null where only the compiler or the version identifies it. */
  readonly host: RegExp | null;
  /** The compiler's brand, "(Debian 12.2.0-14)". */
  readonly compiler: RegExp | null;
  /** A word of uname -v that only this builder writes. */
  readonly version: RegExp | null;
}

// oxfmt-ignore
export const BUILDERS: readonly Builder[] = [
  row('almalinux', /\.almalinux\.org$/),
  row('rocky', /\.rockylinux\.org$/),
  row('centos', /\.centos\.org$/),
  row('rhel', /\.redhat\.com$/),
  row('ol', /\.(?:oraclevcn|oracle)\.com$/),
  row('scientific', /\.fnal\.gov$/),
  row('fedora', /\.fedoraproject\.org$/),
  row('cloudlinux', /\.cloudlinux\.com$/),
  row('virtuozzo', /\.(?:virtuozzo|openvz|sw)\.(?:com|org|ru)$/),
  row('miraclelinux', /\.(?:miraclelinux|cybertrust)\.(?:com|jp|co\.jp)$/),
  row('eurolinux', /\.euro-?linux\.com$/),
  row('springdale', /\.princeton\.edu$/),
  row('kali', /@kali\.org$/, null, / Kali \d/),
  row('raspbian', /@raspberrypi\.(?:com|org)$/),
  row('debian', null, null, / (?:PMX|PVE) \d/),
  row('debian', /@(?:lists\.)?debian\.org$/, /\(Debian \d/, / Debian \d/),
  row('ubuntu', /^buildd@/, /\(Ubuntu \d/, /^#\S+-Ubuntu(?: |$)/),
  row('sles', /^geeko@buildhost$/, /\(SUSE Linux\)/),
  row('photon', /@photon/),
  row('azurelinux', /@(?:azurelinux|cbl-mariner)/i),
  row('arch', /@archlinux$/),
];

function row(
  distro: string,
  host: RegExp | null,
  compiler: RegExp | null = null,
  version: RegExp | null = null,
): Builder {
  return { distro, host, compiler, version };
}

/** Distributions that one brand of compiler or one builder's name serves: neither tells them apart. */
export const SAME_BUILDER: Readonly<Record<string, readonly string[]>> = {
  debian: ['debian', 'devuan', 'linuxmint'],
  ubuntu: ['ubuntu', 'linuxmint', 'zorin', 'elementary', 'neon', 'tuxedo'],
  sles: [
    'sles',
    'sled',
    'sles_sap',
    'sle_hpc',
    'sle-micro',
    'sl-micro',
    'sle-micro-rancher',
    'opensuse',
    'opensuse-leap',
    'opensuse-tumbleweed',
    'opensuse-microos',
    'opensuse-slowroll',
  ],
  rhel: ['rhel', 'rhcos'],
  azurelinux: ['azurelinux', 'mariner'],
  raspbian: ['raspbian', 'debian'],
};

/** The Debian release whose compiler, by as much of its version as tells it, builds its kernels. */
export const DEBIAN_BY_GCC: Readonly<Record<string, string>> = {
  '4.1.2': '5',
  '4.3': '6',
  '4.6': '7',
  '4.7': '7',
  '4.8': '8',
  '4.9': '8',
  '6': '9',
  '8': '10',
  '10': '11',
  '12': '12',
  '14': '13',
};
