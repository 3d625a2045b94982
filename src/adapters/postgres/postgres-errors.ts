import { AdtallyError } from '../../base/errors.ts';

/** SQLSTATE of a server that cannot now: no connection, a rollback of no fault of ours, resources, an operator, the system. */
const TRANSIENT = /^(08|25P03|40|53|55P03|57|58)/;
/** Names that postgres.js and Node have for no connection. */
const CONNECTION = /^(CONNECT|E(CONN|PIPE|HOST|NET|TIMEDOUT|NOTFOUND|AI_AGAIN))/;
const UNKEEPABLE_TEXT = '22021';
const NO_TABLE = '42P01';

/** Whether it may do when it is asked again. */
export function isTransient(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return (
    typeof code === 'string' &&
    !(error instanceof AdtallyError) &&
    (TRANSIENT.test(code) || CONNECTION.test(code))
  );
}

/** The expected failure that an error of PostgreSQL stands for; others as they are. */
export function asPostgresError(error: unknown): unknown {
  const { code, message } = error as { readonly code?: unknown; readonly message: string };
  if (isTransient(error)) {
    const told = `PostgreSQL did not do what it was asked: ${message}.`;
    return new AdtallyError('cluster_unreachable', told, { cause: error, retryAfterSeconds: 1 });
  }
  if (code === NO_TABLE)
    return new AdtallyError(
      'not_found',
      `PostgreSQL has no such table yet: "adtally cluster apply" makes it (${message}).`,
      { cause: error },
    );
  if (code !== UNKEEPABLE_TEXT) return error;
  return new AdtallyError('bad_request', 'A text holds U+0000, which PostgreSQL does not keep.', {
    cause: error,
  });
}
