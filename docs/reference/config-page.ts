import { COMMAND_ENVIRONMENT, describeAllowed } from '../../src/pipeline/pipeline-spec.ts';
import { environmentName, flagName, formatSetting, listSettings } from '../../src/pipeline/settings.ts';
import { block, code, page, table } from './markdown.ts';

const EXAMPLE = `
import { defineConfig } from 'adtally';

export default defineConfig({
  maxEventAge: '12h',
  limits: { bytesPerRequest: '4MiB' },
  server: { port: 8080 },
});`;

export function configPage(): string {
  const rows = listSettings().map(({ path, setting }) => [
    code(path),
    setting.default === '' ? '–' : code(formatSetting(setting, setting.default)),
    describeAllowed(setting),
    `${setting.about}${setting.rule === true ? ' \\*' : ''}`,
    `${code(environmentName(path))} ${code(flagName(path))}`,
  ]);
  return page(
    'Configuration',
    'Everything has a default. `adtally.config.ts` in the working directory (or the file `--config` names) is optional:',
    block('ts', EXAMPLE.trimStart()),
    'The environment stands over the file, and flags stand over both. A value that is not allowed stops the start, with its ' +
      'name, the value and what would be right; all wrong values are told at once.',
    table(['setting', 'default', 'allowed', 'what it does', 'environment, flag'], rows),
    '\\* decides what becomes of an event or an order: a changed value is written into the log, so that a replay judges each ' +
      'by the rules of its day.',
    `Besides these, commands read ${COMMAND_ENVIRONMENT.map(code).join(', ')}: see [the command line](cli.md).`,
  );
}
