import { setFlagsFromString } from 'node:v8';

/** V8's flags are no public interface: these are known to be there, and to help, in this version of Node. */
const NODE_MAJOR = '26';
const FLAGS = [
  '--no-concurrent-marking',
  '--no-concurrent-sweeping',
  '--no-parallel-scavenge',
  '--external-memory-accounted-in-global-limit',
];

/**
 * Tells the garbage collector of a process that serves a region what to expect: a small heap and a stream of buffers that are
 * short-lived. By default every 64 MB of them start a full collection, one after the other under load, and its helper
 * threads take more CPU time than the events do. To be called before there is traffic.
 */
export function suitHeapToBodies(): void {
  if (process.versions.node.split('.')[0] !== NODE_MAJOR) return;
  for (const flag of FLAGS) setFlagsFromString(flag);
}
