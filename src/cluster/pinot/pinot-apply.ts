import { AdtallyError } from '../../base/errors.ts';
import type { PinotTable } from '../render/pinot-tables.ts';
import { planPinot, type PinotStep, type PresentTable } from './pinot-plan.ts';
import type { PinotController } from './ports.ts';

/** What the controller has of the tables. */
async function presentTables(
  controller: PinotController,
  wanted: readonly PinotTable[],
): Promise<ReadonlyMap<string, PresentTable>> {
  const present = new Map<string, PresentTable>();
  for (const { name } of wanted) {
    const [schema, config] = await Promise.all([controller.schema(name), controller.table(name)]);
    present.set(name, { schema, config });
  }
  return present;
}

/** What `applyPinot` would do now. */
export async function pinotSteps(
  controller: PinotController,
  wanted: readonly PinotTable[],
): Promise<readonly PinotStep[]> {
  return planPinot(wanted, await presentTables(controller, wanted));
}

/**
 * Brings Pinot to the tables wanted, and says what it did: nothing, the second time. What it was cut off in goes on the next time.
 * Rejects with AdtallyError: store_failed, before anything is done when Pinot cannot change what must change.
 */
export async function applyPinot(
  controller: PinotController,
  wanted: readonly PinotTable[],
): Promise<readonly PinotStep[]> {
  const steps = await pinotSteps(controller, wanted);
  const refused = steps.filter(({ action }) => action === 'refused');
  if (refused.length > 0) {
    const what = refused.map(({ table, changes }) => `${table} (${changes.join('; ')})`).join(', ');
    throw new AdtallyError(
      'store_failed',
      `Pinot cannot change this in a table with rows: ${what}. Delete the table and apply again; it is filled from its topic as far as that goes back.`,
    );
  }
  for (const step of steps)
    await carryOut(
      controller,
      step,
      wanted.find(({ name }) => name === step.table)!,
    );
  return steps;
}

async function carryOut(
  controller: PinotController,
  { action }: PinotStep,
  { name, schema, config }: PinotTable,
): Promise<void> {
  if (action === 'create schema') await controller.createSchema(schema);
  else if (action === 'update schema') await controller.updateSchema(name, schema);
  else if (action === 'create table') await controller.createTable(config);
  else if (action === 'update table') await controller.updateTable(name, config);
  else if (action === 'reload segments') await controller.reload(name);
}
