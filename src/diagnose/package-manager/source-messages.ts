/** What package managers say of their sources: none there, not allowed in, dead, too old or dated in the future. */
import { type Pattern, text } from '../rule.ts';
import { patternsOf } from './templates.ts';
import { BROKEN_SOURCE, NO_SOURCES, UNUSABLE_SOURCE } from './translations.ts';

/** Without a subscription the system has no repositories, or is turned away by them. */
export const UNREGISTERED: readonly Pattern[] = [
  text('is not registered', /system is not registered|not registered (?:with|to) an entitlement/i),
  text('System not registered', /System not registered|not yet registered/),
  text('subscription-manager to', /subscription-manager to (?:register|assign)/),
  text('esm.ubuntu.com', /esm\.ubuntu\.com\/.{0,300}\b401\b/),
  text('have no subscriptions'),
  text('no repositories available through', /no repositories available through subscriptions/),
  text('valid subscription', /(?:no|without a) valid subscription/i),
  // SUSEConnect, in its table and in JSON.
  text('Not Registered', /^Not Registered$|"status": ?"Not Registered"/),
  text('SUSEConnect', /(?:use|run|with) ["'`]?(?:sudo )?SUSEConnect/i),
  text('Error 403', /^(?!.{0,200}https?:\/\/[\w.-]{0,100}rhui).{0,500}\[Errno 14\] HTTPS? Error 403 - Forbidden/),
  text('Status code: 40', /Status code: 40[13] for https?:\/\/(?:cdn|scc|updates|nu)\b/),
  text('Permission to access', /Permission to access ["'].{1,300}["'] denied/),
  text('entitlement certificate', /(?:no|missing|expired|find|invalid)\b.{0,60}entitlement certificate/i),
];
/** No repository is there to be asked. */
export const DISABLED: readonly Pattern[] = [
  text('no enabled repos', /no enabled repo/i),
  text('Repository list is empty'),
  text('is disabled', /repo\S{0,20} \S{0,80}debug\S{0,60} is disabled/i),
  text('There are no enabled repositories'),
  text('No debuginfo repo', /No debuginfo repositor/i),
  text('No repositories defined'),
  text('valid repository', /does not match a valid repository ID/),
  text('Unknown repo', /Unknown repo(?:sitory)?: ?["'`]?\w/),
  text('repository not found', /getting repository data for \S{1,80}, repository not found/),
  text(' not found.', /^Repo(?:sitory)? ["'`]\S{1,100}["'`] not found\./),
  ...patternsOf(NO_SOURCES),
  ...UNREGISTERED,
];
/** The source has the package, and the configuration hides it. */
export const EXCLUDED: readonly Pattern[] = [
  // A name: an option, an address or a path behind it would be the log's to choose for root.
  text(
    'were filtered out by',
    /filtered out by (?:exclude|modular) filtering(?: for argument:? (?!\S{0,160}\.rpm(?!\S))(\w[\w.+~^:-]{0,160})(?!\S))?/,
  ),
  text('excluded by', /(?:package|match)\S{0,3} .{0,120}\bexcluded by (?:exclude|versionlock)/i),
];
/** The line of the configuration itself, as users quote it. */
export const EXCLUDES_KERNEL: readonly Pattern[] = ['exclude=kernel', 'excludepkgs=kernel', 'exclude = kernel'].map(
  (words) => text(words, /^(?:\S{1,200}:)?\s{0,8}exclude/),
);
/** A source that is there and does not work. */
export const BROKEN: readonly Pattern[] = [
  text('NO_PUBKEY', /NO_PUBKEY (\w{8,40})/),
  text("signatures couldn't be verified"),
  text('signatures were invalid'),
  text('signature could not be verified'),
  text(' is not signed', /The repository ["'].{1,300}["'] is not signed/),
  text('does not have a Release file', /The repository ["'](.{1,300}?)["'] does (?:not|no longer) have a Release file/),
  text('no longer has a Release file'),
  text('Malformed entry'),
  text('Malformed line'),
  text('Malformed stanza'),
  text('is not known on line', /Type ["'].{1,60}["'] is not known on line/),
  text('404  Not Found', /(?:^|\s)(?:Err|E|W|Ign)\S{0,6}:? .{0,300}404 {1,2}Not Found/),
  text(
    '404 Not Found',
    /(?:ddebs|debug|dbg|Release|Packages|repomd|repodata).{0,300}404 Not Found|404 Not Found.{0,200}(?:ddebs|debug|Release|repomd|Trying other mirror)/,
  ),
  text('Failed to fetch', /Failed to fetch (\S{1,300})/),
  text('/etc/apt/', /^[EW]: .{0,160}\/etc\/apt\/(?:sources|trusted|keyrings)/),
  text('InRelease', /^[EW]: .{0,120}?(https?:\/\/\S{1,200}\/InRelease)\b/),
  text('Cannot find a valid baseurl'),
  text('Could not retrieve mirrorlist'),
  text('retrieve repository metadata', /Cannot retrieve (?:repository )?metadata/),
  text('Failed to download metadata'),
  text('All mirrors were tried'),
  text('Public key for', /Public key for \S{1,200} is not installed/),
  text('GPG key retrieval failed'),
  text('GPG check FAILED'),
  text('GPG keys listed for', /GPG keys listed for .{1,120} (?:are|is) already installed but/),
  text('Signature verification failed', /Signature verification failed for (?:file )?["']?\S{1,200}/),
  text('is signed with an unknown key', /File ["']\S{1,200}["'] .{0,120}is signed with an unknown key/),
  text('Conflicting values set for option Signed-By'),
  text('Release file for', /Release file for .{1,200} is (?:expired|not valid)/),
  text('Skipping acquire of configured file'),
  text('Valid metadata not found'),
  text('Repository type can', /Repository type can ?not be determined|Repository ["'].{1,200}["'] is invalid/),
  text(
    'Could not resolve host',
    /Could not resolve host:? ["']?(?:mirrorlist|vault|debuginfo|mirror|ddebs|download|archive)\S{0,120}/,
  ),
  text('unsupported URL protocol'),
  text(
    '[Errno 14]',
    /\[Errno 14\] (?:HTTPS? Error 404|PYCURL|curl#(?!23\b)|problem making|Could not|URLError|FTP|HTTP)/,
  ),
  text('No more mirrors to try'),
  text('No URLs in mirrorlist'),
  text('internal mirrorlist', /Cannot prepare internal mirrorlist/),
  text('Status code: 404', /Status code: 404 for /),
  text('Error(1003)', /Error\(10\d\d\) : /),
  text('Error downloading repomd'),
  text('no longer has a Release file'),
  text('mirrorlist.', /Could not resolve host: mirrorlist\./),
  text('Curl error', /Curl error \((?!23\))\d{1,3}\): .{0,300}(?:repodata|repomd|metalink|mirrorlist|\.rpm\b|dists\/)/),
  text('Problem retrieving files from'),
  text('File not found on medium', /File ["'].{1,300}["'] not found on medium/),
  text('Failed to synchronize cache for repo'),
  ...patternsOf(BROKEN_SOURCE),
  ...UNUSABLE_SOURCE.map((words) => text(words, new RegExp(`^[EW]: .{0,400}${words}`))),
];
/** Addresses and words of package sources; any other program speaks TLS as well. */
export const OF_A_SOURCE =
  /repodata|repomd|\.rpm\b|\/dists\/|InRelease|mirrorlist|metalink|\[Errno 14\]|\b(?:yum|dnf|zypper|apt(?:-get)?|subscription-manager)\b|^[EWI]: |^Err:/;
/** The two sides cannot agree on how to speak: an old system's TLS or its certificates. */
export const TLS: readonly Pattern[] = [
  text('problem making ssl connection'),
  text('SSL connect error'),
  text('SSL certificate problem'),
  text('Peer certificate cannot be authenticated'),
  text('certificate cannot be authenticated with'),
  text("Peer's Certificate", /Peer's (?:C|c)ertificate/),
  text('alert protocol version'),
  text('alert handshake failure'),
  text('certificate verify failed', /certificate verify failed/i),
  text('Certificate verification failed'),
  // apt of before 1.3.
  text('certificate verification failed', /server certificate verification failed\. CAfile:/),
  text('gnutls_handshake()'),
  text('certificate has expired'),
  text('SSL_ERROR_', /SSL_ERROR_\w{4,40}/),
  text('unable to get local issuer certificate'),
  text('No system certificates available'),
  text('certificate is not yet valid'),
];
/** A certificate that nobody vouches for whom this system trusts: the server's own, or that of a proxy that reads along. */
export const UNTRUSTED_ISSUER: readonly Pattern[] = [
  text('certificate issuer is unknown'),
  text('certificate in certificate chain', /self[- ]signed certificate in certificate chain/),
];
/**
 * apt, in any language, of a source without the file that every one has: its address and suite stand between quotes. In another
 * sentence of the same form it is not signed, or not well enough.
 */
export const NO_RELEASE_FILE = text(
  ' Release',
  /^(?!.*(?:sign|firm|assin|podpis|podeps|подпис|署名|签名|簽|서명|ondertek|imza|weak|schwach)).*["'] ?(https?:\/\/[^"'\s]{1,200}) ([a-z][a-z-]{2,30})(?:\/\S{1,30})? Release ?["']/i,
);
/** What is signed or issued in the future, for a clock that is behind. */
export const CLOCK: readonly Pattern[] = [
  text('is not valid yet', /(?:Release file|InRelease|Release)\b.{0,300}is not valid yet/),
  text('certificate is not yet valid'),
  text('not activated yet', /certificate (?:is|was) not activated yet|NOT YET ACTIVATED/i),
];
