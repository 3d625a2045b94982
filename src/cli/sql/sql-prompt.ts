import { createInterface, type Interface } from 'node:readline';

const PROMPT = 'adtally> ';
const MORE = '    ...> ';
const HELP = `End a query with ";". It may take several lines; the arrow up brings back what was typed before.
  .tables   what there is to query
  .help     this
  .exit     leave (or Ctrl-D)
Ctrl-C throws away what is typed.`;

/** What a prompt needs to run queries. */
export interface PromptActions {
  /** Runs a query and writes what came out; never rejects. */
  run(sql: string): Promise<void>;
  tables(): Promise<void>;
  write(text: string): void;
}

/** Reads queries from a person until there are no more. */
export class SqlPrompt {
  readonly #lines: Interface;
  readonly #actions: PromptActions;
  #typed = '';
  #isLeft = false;

  constructor(input: NodeJS.ReadableStream, output: NodeJS.WritableStream, actions: PromptActions) {
    this.#actions = actions;
    this.#lines = createInterface({ input, output, prompt: PROMPT, historySize: 1000, terminal: true });
  }

  /** Resolves when the person has left. */
  async run(): Promise<void> {
    this.#lines.on('SIGINT', () => this.#throwAway());
    this.#lines.once('close', () => (this.#isLeft = true));
    this.#ask();
    for await (const line of this.#lines) {
      if (line.trim() === '.exit') break;
      await this.#take(line);
      // After Ctrl-D there may still be lines to take, but nobody to prompt.
      if (!this.#isLeft) this.#ask();
    }
    this.#lines.close();
    this.#actions.write('');
  }

  async #take(line: string): Promise<void> {
    const word = line.trim();
    if (this.#typed === '' && word.startsWith('.')) return this.#command(word);
    if (this.#typed === '' && word === '') return;
    this.#typed += `${line}\n`;
    if (!word.endsWith(';')) return;
    const sql = this.#typed;
    this.#typed = '';
    await this.#actions.run(sql);
  }

  async #command(word: string): Promise<void> {
    if (word === '.tables') return this.#actions.tables();
    this.#actions.write(word === '.help' ? HELP : `There is no ${word}; .help says what there is.`);
  }

  #throwAway(): void {
    this.#typed = '';
    this.#lines.write(null, { ctrl: true, name: 'e' });
    this.#lines.write(null, { ctrl: true, name: 'u' });
    this.#actions.write('');
    this.#ask();
  }

  #ask(): void {
    this.#lines.setPrompt(this.#typed === '' ? PROMPT : MORE);
    this.#lines.prompt();
  }
}
