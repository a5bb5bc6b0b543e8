/** Why a number is missed, as profiling showed it (--cpu-prof, --trace-gc, /proc/PID/status at the peak); by the work of a row, and what of it. */
const BINARY = 'Of it 56 MB are file-backed pages of the Node binary, which every run has';
const DOWNLOAD = `${BINARY}; the rest are its heaps and the buffers of the sockets. Without the thread that digests it is 10 MB less, but takes 1.26 of the time; with smaller reads of the sockets 4 MB less and 1.2 of the time.`;

const COPIES =
  'Bound by the processors: 4.2 s in the program and 2.1 s in the system on two of them. Each byte is digested three times (the package, its payload as its signed header states it, the copy that goes out) and written twice, since the copy shares nothing with the cache; it is synced, the peers sync nothing.';

export const REASONS: Readonly<Record<string, string>> = {
  'plan, cold, rpm, 25,000, time':
    'dnf only looks three names up; a plan has everything that the packages need. 0.3 s start Node, its modules and the HTTP client, 0.25 s unpack, digest and search 54 MB, 0.5 s take 331,000 dependencies into a table, 0.1 s index it by name, 0.2 s read the records of what was chosen in the signed index once more.',
  'plan, cold, rpm, 25,000, memory': `${BINARY}; 20 MB are the table of dependencies.`,
  'plan, warm, rpm, 25,000, time':
    'dnf asks no server and reads the solver file that it kept. tapprep asks whether repomd.xml changed, digests primary.xml again, unpacks it and takes its dependencies: nothing that was derived from an index is believed later. Start of Node, its modules and the HTTP client alone are longer than what is wanted.',
  'plan, warm, rpm, 25,000, memory': 'As cold.',
  'plan, cold, rpm, 100,000, memory': `${BINARY}; 60 to 107 MB are the table of 1.3 million dependencies, 830,000 of them different texts, the larger figure while it grows.`,
  'plan, warm, rpm, 100,000, memory': 'As cold.',
  'plan, cold, deb, 100,000, memory': `${BINARY}; 47 MB are the JavaScript heap, most of it the names of 100,000 packages that dependencies may lead to.`,
  'plan, warm, deb, 100,000, memory': 'As cold.',
  'install into a root, 7 packages, time':
    'dpkg alone takes 7 to 9.4 s of it for both (measured by itself: 9.1 s in the root, 9.4 s with --root). Beside it tapprep starts and asks the root (0.4 s), plans (0.2 s), downloads with digests (0.7 s) and checks what it installed (0.2 s), which apt-get does not.',
  'install into a root, 7 packages, memory': DOWNLOAD,
  'install into a root, rpm, 4 packages, memory': DOWNLOAD,
  'download and verify 1 GiB, one server, time': COPIES,
  'download and verify 1 GiB, one server, memory': DOWNLOAD,
  'download and verify 1 GiB, three mirrors, one slow, time': COPIES,
  'download and verify 1 GiB, three mirrors, one slow, memory': DOWNLOAD,
  'plan 5,000 machines, memory': `${BINARY}; sixty machines alone take 115 MB with their sixty plans, the report of 5,000 has 6.2 MB and is held twice while it is written; the JavaScript heap is 25 MB at its peak.`,
};
