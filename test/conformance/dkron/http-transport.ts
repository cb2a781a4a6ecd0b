import { send } from '../../support/http-client.ts';
import type { OutgoingRequest } from './play.ts';
import type { Answer } from './recording.ts';

/** Sends to a server on loopback, and reads of its answer what recordings hold. */
export async function sendOverHttp(port: number, request: OutgoingRequest): Promise<Answer> {
  const { method, path, headers, body } = request;
  const answer = await send(port, { method, path, headers, ...(body === undefined ? {} : { body }) });
  const header = (name: string): string | null => {
    const value = answer.headers[name];
    return typeof value === 'string' ? value : null;
  };
  return {
    status: answer.status,
    type: header('content-type'),
    total: header('x-total-count'),
    location: header('location'),
    allowOrigin: header('access-control-allow-origin'),
    allow: header('allow'),
    response: answer.text.replaceAll(`http://127.0.0.1:${port}`, '{{api}}'),
  };
}
