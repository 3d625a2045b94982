import { RECORD_KINDS, type RecordSource, type RefillableSink } from './ports.ts';

/** Brings a sink all that a store holds; durable once it resolves. `onRecords` hears of each page. */
export async function fillFrom(
  source: RecordSource,
  sink: Pick<RefillableSink, 'fill' | 'flush'>,
  onRecords: (records: number) => void,
): Promise<void> {
  for (const kind of RECORD_KINDS) {
    for await (const records of source.records(kind)) {
      await sink.fill(kind, records);
      onRecords(records.length);
    }
  }
  await sink.flush();
}
