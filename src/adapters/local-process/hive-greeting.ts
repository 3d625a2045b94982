import type { Socket } from 'node:net';
import { heard } from './socket-answer.ts';

/** SASL PLAIN as Hive frames it: a status, the length of what follows, and that. */
const [START, OK, COMPLETE] = [1, 2, 5];
const SASL_HEADER = 5;
const LOGIN = Buffer.concat([saslFrame(START, 'PLAIN'), saslFrame(OK, '\0adtally\0adtally')]);

const CALL = 'OpenSession';
const OPEN_SESSION = openSessionCall();
/** Of the status of the answer: behind the length of the frame, the head of the message and the heads of three fields. */
const STATUS_AT = 4 + 4 + 4 + CALL.length + 4 + 3 * 3;
/** SUCCESS and SUCCESS_WITH_INFO. */
const SUCCESS_MAX = 1;

/** A port that listens is not enough: HiveServer2 opens a session once its metastore serves. Hanging up closes it. */
export async function opensSession(socket: Socket, signal: AbortSignal): Promise<boolean> {
  const greeting = await heard(socket, LOGIN, SASL_HEADER, signal);
  if (greeting[0] !== COMPLETE) return false;
  const answer = await heard(socket, OPEN_SESSION, STATUS_AT + 4, signal);
  return answer.readInt32BE(STATUS_AT) <= SUCCESS_MAX;
}

function saslFrame(status: number, payload: string): Buffer {
  const head = Buffer.alloc(SASL_HEADER);
  head.writeUInt8(status, 0);
  head.writeInt32BE(payload.length, 1);
  return Buffer.concat([head, Buffer.from(payload, 'latin1')]);
}

/** Thrift's call of OpenSession, binary, framed: the one field of its one argument is the version of the protocol. */
function openSessionCall(): Buffer {
  const [version, struct, i32, protocol] = [0x8001_0001, 12, 8, 9];
  const body = Buffer.alloc(12 + CALL.length + 12);
  body.writeUInt32BE(version, 0);
  body.writeInt32BE(CALL.length, 4);
  body.write(CALL, 8, 'latin1');
  const at = 12 + CALL.length;
  // A type, the number of the field, and the value of it; zeros end both structs.
  Buffer.from([struct, 0, 1, i32, 0, 1, 0, 0, 0, protocol]).copy(body, at);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}
