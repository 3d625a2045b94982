import { ERRORS } from '../../src/base/errors.ts';
import { code, page, table } from './markdown.ts';

export function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(([name, { status, exit, title, advice }]) => [
    code(name),
    String(status),
    String(exit),
    title,
    advice,
  ]);
  return page(
    'Errors',
    'Over HTTP an error is an `application/problem+json` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) with the code, ' +
      'what happened, what to do next, and the id of the request. A command prints the same to standard error and ends with ' +
      'the exit code. 0 is success; 1 also stands for anything unexpected.',
    table(['code', 'HTTP', 'exit', 'what it means', 'what to do'], rows),
  );
}
