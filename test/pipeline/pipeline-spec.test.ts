import { describe, expect, it } from 'vitest';
import { AdtallyError } from '../../src/base/errors.ts';
import { DAY_MS, HOUR_MS, MIB } from '../../src/base/units.ts';
import { COMMAND_ENVIRONMENT, resolveSpec } from '../../src/pipeline/pipeline-spec.ts';
import {
  environmentName,
  flagName,
  formatSetting,
  listSettings,
  type PipelineConfig,
} from '../../src/pipeline/settings.ts';

const NOTHING = { environment: {}, flags: {} };

function messageOf(
  config: unknown,
  environment: Record<string, string> = {},
  flags: Record<string, string> = {},
): string {
  try {
    resolveSpec(config as PipelineConfig, { environment, flags });
  } catch (error) {
    if (error instanceof AdtallyError && error.code === 'config_invalid') return error.message;
    throw error;
  }
  throw new Error('The configuration was accepted.');
}

describe('resolveSpec', () => {
  it('fills in every default', () => {
    const spec = resolveSpec({}, NOTHING);
    expect(spec.maxEventAge).toBe(DAY_MS);
    expect(spec.regions).toEqual(['a']);
    expect(spec.limits.bytesPerRequest).toBe(8 * MIB);
    expect(spec.server.port).toBe(7070);
  });

  it('puts the environment over the file and the flags over both', () => {
    const config = { maxEventAge: '2h', maxClockSkew: '3m', commitInterval: 4, limits: { records: 5000 } };
    const environment = { ADTALLY_MAX_CLOCK_SKEW: '5m', ADTALLY_COMMIT_INTERVAL: '6ms', PATH: '/bin' };
    const spec = resolveSpec(config, { environment, flags: { commitInterval: '8' } });
    expect(spec.maxEventAge).toBe(2 * HOUR_MS);
    expect(spec.maxClockSkew).toBe(300_000);
    expect(spec.commitInterval).toBe(8);
    expect(spec.limits.records).toBe(5000);
    expect(spec.limits.eventsPerRequest).toBe(10_000);
  });

  it('reads every setting back from text, by environment and by flag', () => {
    const defaults = resolveSpec({}, NOTHING);
    for (const { path, setting } of listSettings()) {
      const text = formatSetting(setting, setting.default);
      const byFlag = resolveSpec({}, { environment: {}, flags: { [path]: text } });
      const byName = resolveSpec({}, { environment: { [environmentName(path)]: text }, flags: {} });
      expect({ path, byFlag, byName }).toEqual({ path, byFlag: defaults, byName: defaults });
    }
  });

  it('gives every setting an environment name and a flag of its own', () => {
    const paths = listSettings().map(({ path }) => path);
    expect(new Set(paths.map(flagName)).size).toBe(paths.length);
    const names = [...paths.map(environmentName), ...COMMAND_ENVIRONMENT];
    expect(new Set(names).size).toBe(names.length);
  });

  it('reads lists from arrays and from text', () => {
    expect(resolveSpec({ regions: ['a', 'b'] }, NOTHING).regions).toEqual(['a', 'b']);
    expect(resolveSpec({}, { environment: {}, flags: { regions: 'eu, us' } }).regions).toEqual(['eu', 'us']);
  });

  it('reads the settings of attribution from every place', () => {
    const defaults = resolveSpec({}, NOTHING).attribution;
    expect(defaults).toEqual({
      clickWindow: 7 * DAY_MS,
      viewWindow: DAY_MS,
      maxOrderAge: DAY_MS,
      merchantMatch: 'same',
      models: ['last_touch'],
      timeDecayHalfLife: DAY_MS,
      touchesMax: 100,
    });
    const config: PipelineConfig = { attribution: { viewWindow: 0, merchantMatch: 'any' } };
    const environment = { ADTALLY_ATTRIBUTION_MODELS: 'linear, time_decay' };
    const flags = { 'attribution.clickWindow': '30d' };
    const spec = resolveSpec(config, { environment, flags });
    expect(spec.attribution).toEqual({
      ...defaults,
      clickWindow: 30 * DAY_MS,
      viewWindow: 0,
      merchantMatch: 'any',
      models: ['linear', 'time_decay'],
    });
    expect(messageOf({ attribution: { merchantMatch: 'halo' } })).toBe(
      'attribution.merchantMatch is "halo"; it must be "same" or "any".',
    );
    expect(messageOf({ attribution: { models: [] } })).toContain('1 to 4 models: last_touch, first_touch');
    expect(messageOf({ attribution: { models: ['linear', 'linear'] } })).toContain('is given twice');
    expect(messageOf({ attribution: { models: ['u_shaped'] } })).toContain('"u_shaped" is not allowed');
    expect(messageOf({ attribution: { clickWindow: '0ms' } })).toContain('a duration from 1m to 90d');
  });

  it('writes every setting of attribution into the log', () => {
    const settings = listSettings().filter(({ path }) => path.startsWith('attribution.'));
    expect(settings.filter(({ setting }) => setting.rule !== true)).toEqual([]);
  });

  it('names path, value and what is allowed', () => {
    expect(messageOf({ limits: { pendingBytes: '3MB' } })).toBe(
      'limits.pendingBytes is "3MB"; it must be a size from 1MiB to 4GiB with a unit of B, KiB, MiB or GiB.',
    );
    expect(messageOf({}, { ADTALLY_SERVER_PORT: '99999' })).toBe(
      'ADTALLY_SERVER_PORT is "99999"; it must be a whole number from 0 to 65535.',
    );
    expect(messageOf({}, {}, { 'server.port': '7,070' })).toContain('--port is "7,070"; it must be');
    expect(messageOf({ window: '5m' })).toContain('window is "5m"; it must be a duration of 1m');
    expect(messageOf({ defaultCurrency: 'euro' })).toContain('three capital letters');
  });

  it.each([[1.5], [-1], [Number.NaN], ['1e3'], [true], [null], [{}], [['1h']]])(
    'refuses %j as a duration',
    (value) => {
      expect(messageOf({ maxClockSkew: value })).toContain('maxClockSkew is ');
    },
  );

  it('asks whether another name was meant', () => {
    expect(messageOf({ maxEventAg: '1h' })).toBe('maxEventAg is no setting. Did you mean "maxEventAge"?');
    expect(messageOf({ limits: { record: 1 } })).toContain('Did you mean "limits.records"?');
    expect(messageOf({}, { ADTALLY_SERVER_PROT: '1' })).toContain('Did you mean "ADTALLY_SERVER_PORT"?');
    expect(messageOf({ zzzzzzzzzz: 1 })).toBe('zzzzzzzzzz is no setting.');
  });

  it('refuses prototype names and whole branches of the wrong type', () => {
    expect(messageOf(JSON.parse('{"__proto__": {"a": 1}}'))).toContain('__proto__ is no setting');
    expect(messageOf({ toString: 1 })).toContain('toString is no setting');
    expect(messageOf({ limits: 5 })).toBe('limits is 5; it must be an object.');
    expect(messageOf([])).toBe('The configuration is []; it must be an object.');
  });

  it.each([
    '',
    'http://orders',
    'https://127.0.0.1:8443/api/v2',
    'http://[::1]:7171/',
    'http://a_b.example/x@y',
  ])('takes "%s" as the base of the order service', (url) => {
    expect(resolveSpec({ enrichment: { url } }, NOTHING).enrichment.url).toBe(url);
  });

  it.each([
    ['orders:80', 'ftp://orders', 'file:///etc/passwd', 'javascript:1'],
    ['http://user:secret@orders', 'http://user@orders'],
    [
      'http://orders?x=1',
      'http://orders/#x',
      'http://orders/a b',
      'http://',
      'http://orders\\@evil',
      ' http://a',
    ],
    ['http://orders:99999', 'http://1.2.3.4.5', 'http://[::1::2]'],
  ])('refuses %s as such', (...urls) => {
    for (const url of urls) expect(messageOf({ enrichment: { url } })).toContain('enrichment.url is ');
  });

  it('guards required fields and regions', () => {
    expect(messageOf({ requiredFields: ['eventId'] })).toContain('eventType, eventTime');
    expect(messageOf({ regions: ['a', 'a'] })).toContain('"a" is given twice');
    expect(messageOf({ regions: [] })).toContain('1 to 2 names');
    expect(messageOf({ regions: ['EU'] })).toContain('"EU" is not allowed');
    expect(messageOf({ peer: ['b=http://b:7070'] })).toContain(
      'peer is b=http://b:7070; it must be one of the regions, a',
    );
    expect(messageOf({ regions: ['a', 'b'], peer: ['b=b:7070'] })).toContain('"b=b:7070" is not allowed');
    expect(messageOf({ regions: ['a', 'b'], retention: { records: '2d' } })).toContain('with two regions');
  });

  it('checks values against each other', () => {
    expect(messageOf({ dedupeWindow: '1h' })).toContain('it must be at least maxEventAge (1d)');
    expect(messageOf({ retention: { records: '1d' } })).toContain('retention.records is 1d');
    expect(messageOf({ dedupeWindow: '4d' })).toContain('retention.log is 3d');
    expect(messageOf({ limits: { pendingBytes: '1MiB' } })).toContain('limits.bytesPerRequest is 8MiB');
    expect(messageOf({ budget: { retention: '36h' } })).toContain('it must be whole days');
  });

  it('reports every problem at once', () => {
    const message = messageOf({ maxEventAge: 'x', nope: 1 }, { ADTALLY_DATA: '' }, { 'server.port': 'x' });
    expect(message.split('\n')).toHaveLength(5);
    expect(message).toMatch(/^4 values are wrong:\n- nope is no setting/);
  });
});
