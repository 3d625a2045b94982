import { InvalidArgumentError, type Command } from 'commander';
import type { Terminal } from './terminal.ts';

/** One command: its words, its options and what it does. */
export interface CommandDefinition {
  /** Name and arguments: "import <file...>". */
  readonly usage: string;
  readonly about: string;
  /** Stands below its help. */
  readonly more?: string;
  readonly configure: (command: Command) => unknown;
  /** Resolves to the exit code; an AdtallyError ends with its own. */
  readonly run: (command: Command, terminal: Terminal) => Promise<number>;
}

/** Commands under one word: "keys create", "keys list". */
export interface CommandGroup {
  readonly usage: string;
  readonly about: string;
  readonly commands: readonly CommandDefinition[];
}

/** Reads a whole number from `min` to `max` for commander. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** Gathers an option that may be given several times. */
export function gather<T>(read: (text: string) => T): (text: string, before: T[] | undefined) => T[] {
  return (text, before = []) => [...before, read(text)];
}
