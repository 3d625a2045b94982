import { expect, test } from 'vitest';
import type { KafkaAdmin, PresentTopic, WantedTopic } from '../../../src/cluster/kafka/ports.ts';
import { topicsOf } from '../../../src/cluster/render/topics.ts';
import { applyTopics } from '../../../src/cluster/topics/apply-topics.ts';
import { planTopics } from '../../../src/cluster/topics/topic-plan.ts';
import { resolveSpec } from '../../../src/pipeline/pipeline-spec.ts';
import type { PipelineConfig } from '../../../src/pipeline/settings.ts';

const wanted: WantedTopic = { name: 't', partitions: 4, replicas: 3, config: { 'retention.ms': '5' } };
const present: PresentTopic = { ...wanted, config: { 'retention.ms': '5', 'segment.bytes': '9' } };

/** An admin over topics in memory. */
function memoryAdmin(topics: Map<string, PresentTopic>): KafkaAdmin {
  const change = (name: string, over: Partial<PresentTopic>): Promise<void> => {
    topics.set(name, { ...topics.get(name)!, ...over });
    return Promise.resolve();
  };
  return {
    topics: (names) => Promise.resolve(names.flatMap((name) => topics.get(name) ?? [])),
    createTopic: (topic) => change(topic.name, topic),
    addPartitions: (name, partitions) => change(name, { partitions }),
    setConfig: (name, config) => change(name, { config: { ...topics.get(name)!.config, ...config } }),
  } as KafkaAdmin;
}

test('nothing is to be done where all is as wanted', () => {
  expect(planTopics([wanted], [present])).toEqual({ steps: [], refusals: [], warnings: [] });
});

test('a topic that is missing is made', () => {
  expect(planTopics([wanted], []).steps).toEqual([{ do: 'create', topic: wanted }]);
});

test('a setting that differs is set, and no other', () => {
  const { steps } = planTopics([wanted], [{ ...present, config: { 'retention.ms': '6' } }]);
  const config = { 'retention.ms': '5' };
  expect(steps).toEqual([{ do: 'set_config', topic: 't', config, before: { 'retention.ms': '6' } }]);
});

test('partitions are added, with a word on keys, and never taken away', () => {
  const grown = planTopics([wanted], [{ ...present, partitions: 2 }]);
  expect(grown.steps).toEqual([{ do: 'add_partitions', topic: 't', from: 2, to: 4 }]);
  expect(grown.warnings).toMatchObject([expect.stringContaining('4 partitions instead of 2')]);
  const shrunk = planTopics([wanted], [{ ...present, partitions: 8 }]);
  expect(shrunk.steps).toEqual([]);
  expect(shrunk.refusals).toEqual(['t has 8 partitions; Kafka cannot make it 4.']);
});

test('fewer replicas are told of, and nothing is done about them', () => {
  const { steps, warnings } = planTopics([wanted], [{ ...present, replicas: 1 }]);
  expect(steps).toEqual([]);
  expect(warnings).toEqual(['t has 1 replicas, not 3; reassign its partitions to have more.']);
});

test('what is applied is not applied again, and a refusal changes nothing', async () => {
  const topics = new Map<string, PresentTopic>([['t', { ...present, partitions: 2 }]]);
  const admin = memoryAdmin(topics);
  const all = [
    { ...wanted, config: { 'retention.ms': '7' } },
    { ...wanted, name: 'u' },
  ];
  expect((await applyTopics(admin, all)).steps.length).toBe(3);
  expect((await applyTopics(admin, all)).steps).toEqual([]);
  expect(topics.get('t')).toMatchObject({ partitions: 4, config: { 'segment.bytes': '9' } });
  const refused = [
    { ...wanted, name: 'v' },
    { ...wanted, partitions: 1 },
  ];
  await expect(applyTopics(admin, refused)).rejects.toMatchObject({ code: 'config_invalid' });
  expect(topics.has('v')).toBe(false);
});

test('the topics of a region', () => {
  const spec = resolveSpec({ regions: ['a', 'b'], retention: { log: '2d' } }, { environment: {}, flags: {} });
  const topics = topicsOf('a', spec, { brokers: 3, partitions: 6 });
  expect(topics.map(({ name, config }) => `${name} ${config['cleanup.policy']}`)).toEqual([
    'a.events delete',
    'a.orders delete',
    'a.clean delete',
    'a.quarantine delete',
    'a.verdicts compact',
    'a.ad-minutes compact',
    'a.attributed-orders compact',
    'a.load.ad-minutes delete',
    'a.load.attributed-orders delete',
    'b.orders delete',
    'b.clean delete',
    'b.ad-minutes compact',
    'b.attributed-orders compact',
  ]);
  expect(topics[0]).toMatchObject({
    partitions: 6,
    replicas: 3,
    config: { 'retention.ms': '172800000', 'min.insync.replicas': '2' },
  });
  expect(topicsOf('a', spec, { brokers: 1, partitions: 1 })[0]).toMatchObject({
    replicas: 1,
    config: { 'min.insync.replicas': '1' },
  });
});

function namesOf(config: PipelineConfig): string[] {
  const spec = resolveSpec({ regions: ['a', 'b'], ...config }, { environment: {}, flags: {} });
  return topicsOf('a', spec, { brokers: 1, partitions: 1 }).map(({ name }) => name);
}

test('models that share credit and an order service have topics of their own, which are not mirrored', () => {
  const plain = namesOf({});
  const more = (config: PipelineConfig): string[] => namesOf(config).filter((name) => !plain.includes(name));
  expect(more({ attribution: { models: ['linear'] } })).toEqual(['a.decisions']);
  expect(more({ enrichment: { url: 'http://orders.test' } })).toEqual(['a.enrichments']);
});
