import type { FastifyReply } from 'fastify';
import { malformedContentType } from './body/intake.ts';
import { AdtallyError, ERRORS, type ErrorCode } from '../base/errors.ts';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** The body of every error answer: RFC 9457, with our code, what to do and the request's id. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  /** What happened, to what. */
  readonly detail: string;
  /** What to do next. */
  readonly advice: string;
  readonly requestId: string;
}

export function problemOf(error: AdtallyError, requestId: string): Problem {
  const { title, status, advice } = error.kind;
  const { code, message: detail } = error;
  return { type: `urn:adtally:error:${code}`, title, status, code, detail, advice, requestId };
}

/** The expected failure that `error` stands for; anything unexpected becomes `internal`, and its text stays inside. */
export function expectedError(error: unknown, requestId: string): AdtallyError {
  if (error instanceof AdtallyError) return error;
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  // Our own checks of a Content-Type come after the framework has read it.
  if (status === 415) return malformedContentType();
  if (error instanceof Error && typeof status === 'number' && status >= 400 && status < 500) {
    return new AdtallyError(codeOfStatus(status), error.message);
  }
  return new AdtallyError('internal', `The cause is in the region's log, under request ${requestId}.`);
}

/** Sets status and headers of the problem's answer; returns its JSON. */
export function prepareProblem(error: AdtallyError, requestId: string, reply: FastifyReply): string {
  const problem = problemOf(error, requestId);
  const retryAfterSeconds = error.retryAfterSeconds ?? (error.code === 'overloaded' ? 1 : undefined);
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(Math.ceil(retryAfterSeconds)));
  // A line each: Chromium reads one challenge a line, and asks its user for nothing when that is Bearer.
  if (problem.status === 401)
    reply.header('www-authenticate', ['Bearer realm="adtally"', 'Basic realm="adtally"']);
  reply.code(problem.status).header('content-type', PROBLEM_TYPE);
  return JSON.stringify(problem);
}

function codeOfStatus(status: number): ErrorCode {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  return codes.find((code) => ERRORS[code].status === status) ?? 'bad_request';
}
