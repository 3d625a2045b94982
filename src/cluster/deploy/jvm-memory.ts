import { memoryFlags, type ProcessMemory } from '../local/processes/process-memory.ts';

/** Threads, code and what else a JVM takes beside all that it can be held to. */
const NATIVE_MIB = 160;

/** Where the kernel ends it: above all that its flags let it take, so that it meets those first. */
function containerLimitMib({ heap, metaspace, direct, planned }: ProcessMemory): number {
  return Math.max(planned, heap + metaspace + direct + NATIVE_MIB);
}

/** As the resources of a container; what is asked for is what is given. */
export function containerResources(memory: ProcessMemory): {
  readonly requests: { readonly memory: string };
  readonly limits: { readonly memory: string };
} {
  const size = `${containerLimitMib(memory)}Mi`;
  return { requests: { memory: size }, limits: { memory: size } };
}

/** The same flags as without containers, as one text. */
export function javaOptions(memory: ProcessMemory): string {
  return memoryFlags(memory).join(' ');
}

/** The limit of a container that runs `command`: by the flags of its JVM, else what is planned. */
export function limitOfCommandMib(command: readonly string[], plannedMib: number): number {
  const flag = (prefix: string): number => {
    const found = command.find((word) => word.startsWith(prefix));
    return found === undefined ? 0 : Number.parseInt(found.slice(prefix.length), 10);
  };
  return containerLimitMib({
    heap: flag('-Xmx'),
    metaspace: flag('-XX:MaxMetaspaceSize='),
    direct: flag('-XX:MaxDirectMemorySize='),
    planned: plannedMib,
  });
}
