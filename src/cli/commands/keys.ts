import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest-name.ts';
import { formatTime } from '../../model/event-time.ts';
import { identifierFault } from '../../model/field-checks.ts';
import { formatKey, hashSecret, KEY_ROLES, parseKey, SECRET_BYTES, type KeyRole } from '../../server/keys.ts';
import { commandAction, trailOf } from '../access/trail-report.ts';
import type { CommandDefinition, CommandGroup } from '../command.ts';
import { KeyFile } from '../key-file.ts';
import { addSettingOptions, readSpec } from '../settings-options.ts';
import { renderTable } from '../table.ts';

interface KeyWish {
  readonly name: string;
  readonly role: KeyRole;
  readonly advertiser?: string;
}

const createKey: CommandDefinition = {
  usage: 'create',
  about: 'Make a key; it is shown once, only its hash is kept',
  more: 'The first key closes the region: from then on every request needs one. A running region knows a new key at once.',
  configure: (command) => {
    command
      .requiredOption('--name <name>', 'who will use it, such as "web shop"')
      .addOption(
        new Option(
          '--role <role>',
          'publishers may send events and orders, advertisers read their own figures, operators may do everything',
        )
          .choices(KEY_ROLES)
          .default('publisher'),
      )
      .option('--advertiser <id>', 'whose figures a key of the role advertiser reads');
    addDataOption(command);
  },
  run: async (command, terminal) => {
    const { name, role, advertiser } = command.opts<KeyWish>();
    const advertiserId = checkAdvertiser(role, advertiser);
    const { data } = await readSpec(command);
    const file = new KeyFile(data);
    const keys = file.list();
    const id = randomBytes(4).toString('hex');
    const key = formatKey(id, randomBytes(SECRET_BYTES));
    const secretHash = hashSecret(parseKey(key)!.secret);
    const whose = advertiserId === undefined ? {} : { advertiserId };
    const stored = { id, name, role, ...whose, secretHash, createdAt: nodeClock.now() };
    const kind = advertiserId === undefined ? role : `${role} ${advertiserId}`;
    mkdirSync(data, { recursive: true });
    await trailOf(data).run(commandAction('key.create', `${id} (${name}, ${kind})`), () =>
      file.save([...keys, stored]),
    );
    const lines = [key, '', `This is the only time that key ${id} (${name}, ${kind}) is shown.`];
    if (keys.length === 0)
      lines.push('It is the first one: from now on the region answers nobody without a key.');
    if (role !== 'operator' && !keys.some((other) => other.role === 'operator'))
      lines.push('Audit, orders and the live page need one with --role operator.');
    terminal.result({ id, name, role, ...whose, key }, lines.join('\n'));
    return 0;
  },
};

const listKeys: CommandDefinition = {
  usage: 'list',
  about: 'List the keys',
  configure: addDataOption,
  run: async (command, terminal) => {
    const keys = (await openKeyFile(command)).list();
    const rows = keys.map(({ id, name, role, advertiserId, createdAt }) => [
      id,
      name,
      role,
      advertiserId ?? '',
      formatTime(createdAt),
    ]);
    const shown = keys.map(({ id, name, role, advertiserId, createdAt }) => ({
      id,
      name,
      role,
      ...(advertiserId === undefined ? {} : { advertiserId }),
      createdAt,
    }));
    terminal.result(
      { keys: shown },
      rows.length === 0
        ? 'There is no key: the region answers on this machine only, without one.'
        : renderTable(['id', 'name', 'role', 'advertiser', 'created'], rows),
    );
    return 0;
  },
};

const revokeKey: CommandDefinition = {
  usage: 'revoke <id>',
  about: 'Take a key away; a running region refuses it at once',
  configure: addDataOption,
  run: async (command, terminal) => {
    const id = command.processedArgs[0] as string;
    const { data } = await readSpec(command);
    const file = new KeyFile(data);
    const keys = file.list();
    const left = keys.filter((key) => key.id !== id);
    if (left.length === keys.length) {
      const ids = keys.map((key) => key.id);
      throw new AdtallyError('not_found', `There is no key ${id}.${didYouMean(id, ids)}`);
    }
    await trailOf(data).run(commandAction('key.revoke', id), () => file.save(left));
    const open = left.length === 0 ? ' It was the last one: on this machine no key is needed any more.' : '';
    terminal.result({ revoked: id, keysLeft: left.length }, `Key ${id} is revoked.${open}`);
    return 0;
  },
};

export const keyCommands: CommandGroup = {
  usage: 'keys',
  about: 'Make, list and revoke API keys',
  commands: [createKey, listKeys, revokeKey],
};

/** Throws AdtallyError usage unless an advertiser's key names one, as it stands in events, and no other key does. */
function checkAdvertiser(role: KeyRole, advertiser: string | undefined): string | undefined {
  if (role !== 'advertiser') {
    if (advertiser === undefined) return undefined;
    throw new AdtallyError(
      'usage',
      `--advertiser is for --role advertiser; a key of an ${role} reads no less for it.`,
    );
  }
  if (identifierFault(advertiser) === null) return advertiser;
  throw new AdtallyError('usage', '--role advertiser needs --advertiser ID, the advertiserId of its events.');
}

function addDataOption(command: Command): Command {
  return addSettingOptions(command, (path) => path === 'data');
}

async function openKeyFile(command: Command): Promise<KeyFile> {
  return new KeyFile((await readSpec(command)).data);
}
