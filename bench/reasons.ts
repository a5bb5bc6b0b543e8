/** Why a number is missed, as profiling showed it; keyed by the work of a row, and what of it. */
const NODE =
  'Of the memory about 60 MB are pages of the Node binary itself and 64 MB its heaps and buffers, by /proc/PID/smaps at the peak. Without the thread that digests it is 116 MB but takes 1.26 of the time; with smaller reads of the sockets 122 MB and 1.2 of the time.';

export const REASONS: Readonly<Record<string, string>> = {
  'download and verify 1 GiB, one server, memory': NODE,
  'download and verify 1 GiB, three mirrors, one slow, memory': NODE,
};
