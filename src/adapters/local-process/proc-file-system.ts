import { readFileSync } from 'node:fs';

/** Fields of /proc/PID/stat after the name of the program, which may hold anything and ends with the last bracket. */
const STATE = 0;
const START_TICKS = 19;
const MIB_KIB = 1024;

/** When the kernel started a process that lives: boot and ticks since. Undefined for a dead one, a zombie too. */
export function birthOf(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[STATE] === 'Z' || fields[STATE] === 'X') return undefined;
  return `${bootId()}/${fields[START_TICKS]}`;
}

/** Resident memory in bytes; 0 for a process that is gone. */
export function residentBytesOf(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '') ?? [];
  return Number(kib ?? 0) * MIB_KIB;
}

/** What programs can still take without pushing others out. */
export function availableMib(): number {
  const [, kib] = /^MemAvailable:\s+(\d+) kB/m.exec(read('/proc/meminfo') ?? '') ?? [];
  return kib === undefined ? Infinity : Number(kib) / MIB_KIB;
}

/** Whether this system has what the above reads. */
export function hasProc(): boolean {
  return birthOf(process.pid) !== undefined;
}

function bootId(): string {
  return (read('/proc/sys/kernel/random/boot_id') ?? '').trim();
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // ENOENT and ESRCH: it is gone.
    return undefined;
  }
}
