import type { PinotController } from '../../../src/cluster/pinot/ports.ts';
import type { JsonObject } from '../../../src/cluster/render/pinot-tables.ts';

type Changes = Pick<
  PinotController,
  'schema' | 'table' | 'createSchema' | 'updateSchema' | 'createTable' | 'updateTable' | 'reload'
>;

/** A controller in memory; `failAt` counts down the changes until one fails. */
export class FakeController implements Changes {
  readonly schemas = new Map<string, JsonObject>();
  readonly configs = new Map<string, JsonObject>();
  readonly log: string[] = [];
  failAt = Infinity;

  schema(name: string): Promise<JsonObject | undefined> {
    return Promise.resolve(this.schemas.get(name));
  }

  table(name: string): Promise<JsonObject | undefined> {
    return Promise.resolve(this.configs.get(name));
  }

  createSchema(schema: JsonObject): Promise<void> {
    return this.#change('create schema', () => this.schemas.set(schema['schemaName'] as string, schema));
  }

  updateSchema(name: string, schema: JsonObject): Promise<void> {
    return this.#change('update schema', () => this.schemas.set(name, schema));
  }

  createTable(config: JsonObject): Promise<void> {
    return this.#change('create table', () => this.configs.set(config['tableName'] as string, config));
  }

  updateTable(name: string, config: JsonObject): Promise<void> {
    return this.#change('update table', () => this.configs.set(name, config));
  }

  reload(name: string): Promise<void> {
    return this.#change(`reload ${name}`, () => undefined);
  }

  #change(what: string, change: () => unknown): Promise<void> {
    if (--this.failAt < 0) return Promise.reject(new Error(`cut off at ${what}`));
    this.log.push(what);
    change();
    return Promise.resolve();
  }
}
