import type { z } from 'zod';
import { nearestName } from '../base/nearest-name.ts';

/** What is wrong with a file that somebody wrote, without a stop at the end: each value by its path, with what is allowed. `namesAt` are the names that a path knows. */
export function shapeProblems(error: z.ZodError, namesAt: (path: string) => readonly string[]): string {
  return error.issues.map((issue) => describeIssue(issue, namesAt)).join('; ');
}

function describeIssue(issue: z.core.$ZodIssue, namesAt: (path: string) => readonly string[]): string {
  const path = issue.path.join('.');
  const where = path === '' ? '' : `${path}: `;
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  if (unknown === undefined) return where + issue.message;
  const known = namesAt(path);
  const near = nearestName(unknown, known);
  const hint = near === undefined ? '' : ` (did you mean "${near}"?)`;
  return `${where}"${unknown}" is unknown${hint}; known are ${known.join(', ')}`;
}
