import { describe, expect, it } from 'vitest';
import { planRegions, startArguments } from '../../../src/cli/regions/region-plan.ts';
import { resolveSpec } from '../../../src/pipeline/pipeline-spec.ts';
import type { PipelineConfig, PipelineSpec } from '../../../src/pipeline/settings.ts';

const specOf = (config: PipelineConfig): PipelineSpec =>
  resolveSpec({ regions: ['a', 'b'], data: '/d', ...config }, { environment: {}, flags: {} });

describe('the plan of the regions of one machine', () => {
  it('gives each a directory, a port and the address of the other', async () => {
    const plans = await planRegions(specOf({ server: { port: 7070 } }));
    expect(plans).toEqual([
      { region: 'a', data: '/d/a', port: 7070, url: 'http://127.0.0.1:7070' },
      { region: 'b', data: '/d/b', port: 7071, url: 'http://127.0.0.1:7071' },
    ]);
    expect(startArguments(plans[0], plans).join(' ')).toBe(
      '--regions a,b --region a --data /d/a --port 7070 --peer b=http://127.0.0.1:7071',
    );
    expect(startArguments(plans[1], plans)).toContain('a=http://127.0.0.1:7070');
  });

  it('gives free ports, no two the same', async () => {
    const plans = await planRegions(specOf({ server: { port: 0 } }));
    expect(new Set(plans.map(({ port }) => port)).size).toBe(2);
    expect(plans.map(({ port }) => port)).not.toContain(0);
    expect(plans.map(({ url }) => url)).toEqual(plans.map(({ port }) => `http://127.0.0.1:${port}`));
  });

  it('gives a region alone no peer', async () => {
    const plans = await planRegions(specOf({ regions: ['a'] }));
    expect(startArguments(plans[0], plans)).not.toContain('--peer');
  });

  it.each([
    ['0.0.0.0', 'http://localhost:7070'],
    ['::', 'http://localhost:7070'],
    ['::1', 'http://[::1]:7070'],
    ['region.example', 'http://region.example:7070'],
  ])('finds a region that listens on %s at %s', async (host, url) => {
    const [first] = await planRegions(specOf({ server: { host, port: 7070 } }));
    expect(first.url).toBe(url);
  });

  it('asks by https where there is a certificate', async () => {
    const tls = { certFile: 'c', keyFile: 'k' };
    const [first] = await planRegions(specOf({ server: { port: 7070, tls } }));
    expect(first.url).toBe('https://127.0.0.1:7070');
  });

  it.each([
    [{ port: 65_535 }, 'the region after the first has none left'],
    [{ port: 0, host: 'no.such.host.invalid' }, 'server.host no.such.host.invalid'],
  ])('refuses %j', async (server, text) => {
    await expect(planRegions(specOf({ server }))).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining(text) as string,
    });
  });
});
