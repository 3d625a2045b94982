import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  ARTIFACT_GROUPS,
  formatLock,
  parseArtifactLock,
  readArtifactLock,
} from '../../../src/adapters/artifact-store/artifact-lock.ts';

const SUM = 'a'.repeat(64);
const line = (path: string, origin = 'maven'): string => `${SUM} 12 ${origin} ${path}\n`;

describe('the locks', () => {
  test.for(ARTIFACT_GROUPS)('of %s is sorted, and names every jar once', (group) => {
    const { jars, wheel, name } = readArtifactLock(group);
    expect(name).toMatch(new RegExp(`^${group}-[0-9a-f]{12}$`));
    const paths = jars.map(({ path }) => path);
    expect(paths).toEqual([...new Set(paths)].toSorted());
    expect(new Set(paths.map((path) => basename(path))).size).toBe(paths.length);
    expect(paths.filter((path) => !path.endsWith('.jar'))).toEqual([]);
    expect(jars.every(({ bytes }) => bytes > 0)).toBe(true);
    expect(wheel !== undefined).toBe(group === 'flink');
  });

  test.for([
    ['kafka', 'kafka_2.13-4.3.1.jar'],
    ['kafka', 'connect-mirror-4.3.1.jar'],
    ['flink', 'flink-dist-2.3.0.jar'],
    ['flink', 'flink-sql-connector-kafka-5.0.0-2.2.jar'],
    ['flink-gateway', 'flink-sql-gateway-2.3.0.jar'],
    ['pinot', 'pinot-server-0.11.0.jar'],
    ['hive', 'hive-service-4.0.1.jar'],
    ['hive-last', 'reload4j-1.2.22.jar'],
  ] as const)('of %s has %s', ([group, jar]) => {
    expect(readArtifactLock(group).jars.map(({ path }) => basename(path))).toContain(jar);
  });

  test('a change of one digit is another name', () => {
    const one = parseArtifactLock('kafka', line('a.jar'));
    expect(parseArtifactLock('kafka', line('a.jar').replace('12', '13')).name).not.toBe(one.name);
    expect(formatLock(one.jars)).toBe(line('a.jar'));
  });

  test.for([
    ['is not sorted', line('b.jar') + line('a.jar')],
    ['names a jar twice', line('x/a.jar') + line('y/a.jar')],
    ['has a line that is none', `${line('a.jar')}hello\n`],
    ['has a short sum', line('a.jar').slice(1)],
    ['leads out of the directory', line('../a.jar')],
    ['starts at the root', line('/a.jar')],
    ['has jars of a wheel and no wheel', line('a.jar', 'wheel')],
    ['has a wheel and no jars of it', line('a.whl', 'pypi')],
    ['does not end its last line', line('a.jar').trimEnd()],
    ['is empty', ''],
  ])('one that %s is refused', ([, text]) => {
    expect(() => parseArtifactLock('kafka', text)).toThrow(/\ba lock|the lock/);
  });
});
