import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The java of JAVA_HOME, else the one of PATH. */
export function javaProgram(environment: Readonly<Record<string, string | undefined>>): string {
  const home = environment['JAVA_HOME'];
  return home === undefined || home === '' ? 'java' : join(home, 'bin/java');
}

/** The first line of what `java -version` says; undefined when it does not run. */
export async function javaVersion(program: string): Promise<string | undefined> {
  try {
    const { stderr, stdout } = await promisify(execFile)(program, ['-version']);
    const lines = `${stderr}${stdout}`.split('\n');
    // What is set in JAVA_TOOL_OPTIONS is said first.
    return lines.find((line) => line.includes('version')) ?? lines[0];
  } catch {
    return undefined;
  }
}
