import { AdtallyError } from '../../base/errors.ts';
import type { KafkaAdmin, WantedTopic } from '../kafka/ports.ts';
import { planTopics, type TopicPlan, type TopicStep } from './topic-plan.ts';

/**
 * Brings the topics to what is wanted and returns what it did. A second time it does nothing, and after a failure it goes on
 * where it was. Throws AdtallyError config_invalid for what cannot be done, before it does anything, and kafka_unreachable.
 */
export async function applyTopics(admin: KafkaAdmin, wanted: readonly WantedTopic[]): Promise<TopicPlan> {
  const plan = planTopics(wanted, await admin.topics(wanted.map(({ name }) => name)));
  if (plan.refusals.length > 0) throw new AdtallyError('config_invalid', plan.refusals.join('\n'));
  for (const step of plan.steps) await applyStep(admin, step);
  return plan;
}

async function applyStep(admin: KafkaAdmin, step: TopicStep): Promise<void> {
  if (step.do === 'create') await admin.createTopic(step.topic);
  else if (step.do === 'add_partitions') await admin.addPartitions(step.topic, step.to);
  else await admin.setConfig(step.topic, step.config);
}
