import { configPath, type ClusterLayout, type JarGroup, type Runtime } from '../cluster-layout.ts';
import { memoryFlags, type ProcessMemory } from './process-memory.ts';
import type { ConfigFile } from '../process-plan.ts';

interface JvmCommand {
  readonly memory: ProcessMemory;
  readonly jars: readonly JarGroup[];
  /** Folders of the classpath before the jars. */
  readonly classFolders?: readonly string[];
  readonly flags?: readonly string[];
  readonly mainClass: string;
  readonly args: readonly string[];
}

/** For one that steers others and computes little: it is ready sooner, and leaves the cores to those that work. */
export const QUICK_COMPILER = '-XX:TieredStopAtLevel=1';

/** The command line of a JVM of the cluster; it logs as `loggingFile` says. */
export function jvmCommand(layout: ClusterLayout, runtime: Runtime, command: JvmCommand): string[] {
  const { memory, jars, classFolders = [], flags = [], mainClass, args } = command;
  const logging = configPath(layout, 'log4j2.properties');
  return [
    runtime.java,
    ...memoryFlags(memory),
    `-Dlog4j2.configurationFile=${logging}`,
    `-Dlog4j.configurationFile=${logging}`,
    ...flags,
    '-cp',
    [...classFolders, ...jars.map((group) => `${runtime.jars[group] ?? group}/*`)].join(':'),
    mainClass,
    ...args,
  ];
}

/** One for all: what matters to whoever looks for a fault, and little while all is well. It goes to the log of the process. */
export function loggingFile(layout: ClusterLayout): ConfigFile {
  const levels: Readonly<Record<string, string>> = {
    'org.apache.flink': 'INFO',
    // While a broker is away it says so thousands of times a second.
    'org.apache.flink.kafka.shaded.org.apache.kafka': 'WARN',
    'org.apache.flink.runtime.checkpoint': 'WARN',
    'org.apache.kafka.connect.runtime.distributed': 'INFO',
    'kafka.server.KafkaRaftServer': 'INFO',
    'org.apache.pinot.tools': 'INFO',
  };
  const lines = [
    'rootLogger.level=WARN',
    'rootLogger.appenderRef.out.ref=out',
    'appender.out.type=Console',
    'appender.out.name=out',
    'appender.out.layout.type=PatternLayout',
    'appender.out.layout.pattern=%d{ISO8601} %-5p %c{1} - %m%n',
    ...Object.entries(levels).flatMap(([logger, level], index) => [
      `logger.l${index}.name=${logger}`,
      `logger.l${index}.level=${level}`,
    ]),
  ];
  return { path: configPath(layout, 'log4j2.properties'), text: `${lines.join('\n')}\n` };
}

/** What the modules of the JDK must open to libraries that look into them. */
export function openModules(packages: readonly string[], exported: readonly string[] = []): string[] {
  return [
    ...exported.map((name) => `--add-exports=${name}=ALL-UNNAMED`),
    ...packages.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
  ];
}

/** A Java properties file. The values are our own: numbers, names and paths of plain characters. */
export function propertiesText(properties: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}
