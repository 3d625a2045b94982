import { AdtallyError, type ErrorCode } from '../base/errors.ts';
import { exactJson } from '../server/exact-json.ts';

const COLUMNS_MIN = 70;

/** What to do, where the command line has a shorter way than the HTTP API. */
const COMMAND_ADVICE: Partial<Record<ErrorCode, string>> = {
  unauthorized: 'Give a key with --key or in ADTALLY_KEY; make one with "adtally keys create".',
  forbidden: 'Give a key of an operator; make one with "adtally keys create --role operator".',
  kafka_unreachable: 'See "adtally cluster status"; "adtally cluster up" starts what is down.',
  not_found: 'Check the name; "adtally ls" and the list commands show what there is.',
};

/**
 * Where a command writes. Results go to standard output: text for people, or JSON alone with --json. Remarks on the way go to
 * standard error and are silent with --json.
 */
export class Terminal {
  readonly json: boolean;

  constructor(json: boolean) {
    this.json = json;
  }

  /** Whether progress can be drawn: to a person, and in a window that has room for it. */
  get interactive(): boolean {
    return (
      !this.json && process.stderr.isTTY && process.stdout.isTTY && process.stdout.columns >= COLUMNS_MIN
    );
  }

  /** The command's result: `text` or, with --json, `value` as one line. */
  result(value: unknown, text: string): void {
    process.stdout.write(this.json ? `${exactJson(value)}\n` : `${text}\n`);
  }

  remark(text: string): void {
    if (!this.json) process.stderr.write(`${text}\n`);
  }

  /** What failed and what to do; returns the exit code that says so. */
  failure(error: unknown): number {
    if (!(error instanceof AdtallyError)) {
      process.stderr.write(`adtally: ${error instanceof Error ? error.stack : String(error)}\n`);
      return 1;
    }
    const { code, message: detail } = error;
    const { title, exit } = error.kind;
    const advice = COMMAND_ADVICE[code] ?? error.kind.advice;
    if (this.json)
      process.stdout.write(`${JSON.stringify({ error: { code, title, detail, advice, exit } })}\n`);
    else process.stderr.write(`adtally: ${title} (${code})\n${detail}\n${advice}\n`);
    return exit;
  }
}
