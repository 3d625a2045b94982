import type { PresentTopic, WantedTopic } from '../kafka/ports.ts';

/** One step towards the topics that are wanted; nothing is ever deleted. */
export type TopicStep =
  | { readonly do: 'create'; readonly topic: WantedTopic }
  | { readonly do: 'add_partitions'; readonly topic: string; readonly from: number; readonly to: number }
  | {
      readonly do: 'set_config';
      readonly topic: string;
      readonly config: Readonly<Record<string, string>>;
      /** What is set now, where anything is. */
      readonly before: Readonly<Record<string, string>>;
    };

export interface TopicPlan {
  readonly steps: readonly TopicStep[];
  /** What cannot be done: a plan with any of these is not applied. */
  readonly refusals: readonly string[];
  /** What an operator should know. */
  readonly warnings: readonly string[];
}

/** What it takes to come from the topics that there are to those that are wanted. */
export function planTopics(wanted: readonly WantedTopic[], present: readonly PresentTopic[]): TopicPlan {
  const byName = new Map(present.map((topic) => [topic.name, topic]));
  const steps: TopicStep[] = [];
  const refusals: string[] = [];
  const warnings: string[] = [];
  for (const topic of wanted) {
    const known = byName.get(topic.name);
    if (known === undefined) {
      steps.push({ do: 'create', topic });
      continue;
    }
    const { name, partitions, replicas } = topic;
    if (known.partitions > partitions) {
      refusals.push(`${name} has ${known.partitions} partitions; Kafka cannot make it ${partitions}.`);
    }
    if (known.partitions < partitions) {
      steps.push({ do: 'add_partitions', topic: name, from: known.partitions, to: partitions });
      warnings.push(
        `${name} gets ${partitions} partitions instead of ${known.partitions}: the messages of a key may then be in two of them.`,
      );
    }
    if (known.replicas < replicas) {
      warnings.push(
        `${name} has ${known.replicas} replicas, not ${replicas}; reassign its partitions to have more.`,
      );
    }
    const changed = Object.entries(topic.config).filter(([key, value]) => known.config[key] !== value);
    if (changed.length > 0) {
      const before = changed.flatMap(([key]) => (key in known.config ? [[key, known.config[key]]] : []));
      steps.push({
        do: 'set_config',
        topic: name,
        config: Object.fromEntries(changed),
        before: Object.fromEntries(before) as Record<string, string>,
      });
    }
  }
  return { steps, refusals, warnings };
}
