import { unreachable } from '../base/assert.ts';
import { AdtallyError } from '../base/errors.ts';
import { didYouMean } from '../base/nearest-name.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, formatDuration, parseBytes, parseDuration } from '../base/units.ts';
import {
  SETTINGS,
  environmentName,
  flagName,
  formatSetting,
  isSetting,
  listSettings,
  type ListSetting,
  type PipelineConfig,
  type PipelineSpec,
  type Setting,
  type SettingTree,
} from './settings.ts';

/** What stands over the configuration file: the environment over the file, the command line over both. */
export interface SpecOverrides {
  /** All of the environment; only names that begin with ADTALLY_ are read. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Values of the command line by path of the setting ("server.port"). */
  readonly flags: Readonly<Record<string, string>>;
}

/** Names of the environment that belong to the command line and not to a setting. */
export const COMMAND_ENVIRONMENT = [
  'ADTALLY_CONFIG',
  'ADTALLY_REGION',
  'ADTALLY_URL',
  'ADTALLY_KEY',
  'ADTALLY_CA',
  'ADTALLY_MAVEN_URL',
  'ADTALLY_PYPI_URL',
] as const;

/**
 * The spec that a configuration and what stands over it give; what nobody sets has its default.
 * Throws AdtallyError config_invalid, which names every wrong value at once, each with what would be right.
 */
export function resolveSpec(config: PipelineConfig, overrides: SpecOverrides): PipelineSpec {
  const problems: string[] = [];
  const given = [
    ...configValues(config, problems),
    ...environmentValues(overrides.environment, problems),
    ...flagValues(overrides.flags, problems),
  ];
  const spec = defaultSpec();
  for (const { path, name, value } of given) {
    const setting = SETTING_BY_PATH.get(path)!;
    const reading = readSetting(setting, value);
    if ('fault' in reading) problems.push(`${name} is ${show(value)}; ${reading.fault}.`);
    else assign(spec, path, reading.value);
  }
  if (problems.length === 0) problems.push(...crossChecks(spec as unknown as PipelineSpec));
  if (problems.length > 0) throw new AdtallyError('config_invalid', describeAll(problems));
  return spec as unknown as PipelineSpec;
}

/** What a setting takes, in words: "a duration from 1m to 30d, such as 1d". */
export function describeAllowed(setting: Setting): string {
  switch (setting.kind) {
    case 'duration':
      return `a duration ${range(setting)} with a unit of ms, s, m, h or d`;
    case 'bytes':
      return `a size ${range(setting)} with a unit of B, KiB, MiB or GiB`;
    case 'count':
      return `a whole number ${range(setting)}`;
    case 'text':
      return setting.allowed;
    case 'list':
      return `${setting.minItems} to ${setting.maxItems} ${setting.allowed}`;
    default:
      return unreachable(setting);
  }
}

/** A value somebody gave for the setting at `path`, under the name they know it by. */
interface GivenValue {
  readonly path: string;
  readonly name: string;
  readonly value: unknown;
}

type SettingReading = { readonly value: number | string | readonly string[] } | { readonly fault: string };

interface MutableSpec {
  [name: string]: number | string | readonly string[] | MutableSpec;
}

const SETTING_BY_PATH: ReadonlyMap<string, Setting> = new Map(
  listSettings().map(({ path, setting }) => [path, setting]),
);

function configValues(
  config: unknown,
  problems: string[],
  tree: SettingTree = SETTINGS,
  above = '',
): GivenValue[] {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    problems.push(`${above === '' ? 'The configuration' : above} is ${show(config)}; it must be an object.`);
    return [];
  }
  return Object.entries(config).flatMap(([name, value]: [string, unknown]) => {
    const path = above === '' ? name : `${above}.${name}`;
    if (!Object.hasOwn(tree, name)) {
      problems.push(`${path} is no setting.${didYouMean(path, [...SETTING_BY_PATH.keys()])}`);
      return [];
    }
    if (value === undefined) return [];
    const node = tree[name];
    return isSetting(node) ? [{ path, name: path, value }] : configValues(value, problems, node, path);
  });
}

function environmentValues(environment: SpecOverrides['environment'], problems: string[]): GivenValue[] {
  const paths = new Map([...SETTING_BY_PATH.keys()].map((path) => [environmentName(path), path]));
  const known = [...paths.keys(), ...COMMAND_ENVIRONMENT];
  const given: GivenValue[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('ADTALLY_') || value === undefined) continue;
    const path = paths.get(name);
    if (path !== undefined) given.push({ path, name, value });
    else if (!known.includes(name))
      problems.push(`${name} in the environment is no setting.${didYouMean(name, known)}`);
  }
  return given;
}

function flagValues(flags: SpecOverrides['flags'], problems: string[]): GivenValue[] {
  return Object.entries(flags).flatMap(([path, value]) => {
    if (SETTING_BY_PATH.has(path)) return [{ path, name: flagName(path), value }];
    problems.push(`${flagName(path)} is no setting.${didYouMean(path, [...SETTING_BY_PATH.keys()])}`);
    return [];
  });
}

function readSetting(setting: Setting, value: unknown): SettingReading {
  if (setting.kind === 'list') return readList(setting, value);
  if (setting.kind === 'text') {
    return typeof value === 'string' && setting.pattern.test(value) ? { value } : mustBe(setting);
  }
  const parsed = readNumber(setting.kind, value);
  if (parsed === undefined || parsed < setting.min || parsed > setting.max) return mustBe(setting);
  return { value: parsed };
}

function readNumber(kind: 'duration' | 'bytes' | 'count', value: unknown): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  if (kind === 'duration') return parseDuration(value);
  if (kind === 'bytes') return parseBytes(value);
  return typeof value === 'number' || /^\d+$/.test(value.trim()) ? parseBytes(value) : undefined;
}

function readList(setting: ListSetting, value: unknown): SettingReading {
  const isText = typeof value === 'string' && value !== '';
  const items: unknown[] = isText ? value.split(',').map((item) => item.trim()) : [];
  if (Array.isArray(value)) items.push(...(value as unknown[]));
  else if (typeof value !== 'string') return mustBe(setting);
  const wrong = items.find((item) => typeof item !== 'string' || !setting.pattern.test(item));
  if (wrong !== undefined)
    return { fault: `${show(wrong)} is not allowed, only ${describeAllowed(setting)}` };
  const names = items as string[];
  const missing = setting.always?.filter((item) => !names.includes(item)) ?? [];
  if (missing.length > 0) return { fault: `${missing.join(', ')} may not be left out` };
  const repeated = names.find((item, index) => names.indexOf(item) !== index);
  if (repeated !== undefined) return { fault: `${show(repeated)} is given twice` };
  if (names.length < setting.minItems || names.length > setting.maxItems) return mustBe(setting);
  return { value: names };
}

/** What one value alone cannot tell. */
function crossChecks(spec: PipelineSpec): string[] {
  const { maxEventAge, dedupeWindow, retention, limits, enrichment, regions, peer, server, budget } = spec;
  const problems: string[] = [];
  const need = (holds: boolean, path: string, value: number | string, sentence: string): void => {
    const setting = SETTING_BY_PATH.get(path)!;
    if (!holds) problems.push(`${path} is ${formatSetting(setting, value)}; ${sentence}.`);
  };
  need(
    dedupeWindow >= maxEventAge,
    'dedupeWindow',
    dedupeWindow,
    `it must be at least maxEventAge (${formatDuration(maxEventAge)}), or an old event sent again would count twice`,
  );
  need(
    retention.records >= maxEventAge + MINUTE_MS,
    'retention.records',
    retention.records,
    `it must be at least a minute more than maxEventAge (${formatDuration(maxEventAge)}), or an event could come for a record already gone`,
  );
  need(
    retention.log >= dedupeWindow,
    'retention.log',
    retention.log,
    `it must be at least dedupeWindow (${formatDuration(dedupeWindow)}), or a recount of the log could not tell a duplicate`,
  );
  need(
    limits.bytesPerRequest <= limits.pendingBytes,
    'limits.bytesPerRequest',
    limits.bytesPerRequest,
    'it must not pass limits.pendingBytes, or the largest request would always be refused',
  );
  need(
    regions.length === 1 || retention.records >= maxEventAge + dedupeWindow + HOUR_MS,
    'retention.records',
    retention.records,
    `with two regions it must be at least an hour more than maxEventAge and dedupeWindow (${formatDuration(maxEventAge + dedupeWindow)}), or an event could be found to be the other region's when its record is gone`,
  );
  need(
    peer.every((other) => regions.includes(other.slice(0, other.indexOf('=')))),
    'peer',
    peer.join(','),
    `it must be one of the regions, ${regions.join(' or ')}`,
  );
  need(
    budget.retention % DAY_MS === 0,
    'budget.retention',
    budget.retention,
    'it must be whole days, since entries leave by the day',
  );
  need(
    enrichment.url === '' || URL.canParse(enrichment.url),
    'enrichment.url',
    enrichment.url,
    'its host or its port is none',
  );
  need(
    (server.tls.certFile === '') === (server.tls.keyFile === ''),
    server.tls.certFile === '' ? 'server.tls.keyFile' : 'server.tls.certFile',
    server.tls.certFile + server.tls.keyFile,
    'server.tls.certFile and server.tls.keyFile are set together, or neither',
  );
  return problems;
}

function defaultSpec(): MutableSpec {
  const spec: MutableSpec = {};
  for (const [path, setting] of SETTING_BY_PATH) assign(spec, path, setting.default);
  return spec;
}

function assign(spec: MutableSpec, path: string, value: number | string | readonly string[]): void {
  const names = path.split('.');
  let node = spec;
  for (const name of names.slice(0, -1)) node = (node[name] ??= {}) as MutableSpec;
  node[names.at(-1)!] = value;
}

function mustBe(setting: Setting): SettingReading {
  return { fault: `it must be ${describeAllowed(setting)}` };
}

function range(setting: Extract<Setting, { min: number }>): string {
  const [min, max] = [formatSetting(setting, setting.min), formatSetting(setting, setting.max)];
  return setting.min === setting.max ? `of ${min}` : `from ${min} to ${max}`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function describeAll(problems: readonly string[]): string {
  if (problems.length === 1) return problems[0];
  return `${problems.length} values are wrong:\n${problems.map((problem) => `- ${problem}`).join('\n')}`;
}
