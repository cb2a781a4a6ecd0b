import { getServers } from 'node:dns';
import { errors } from 'undici';

/** Go's texts of the system's errors. */
const systemErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EADDRNOTAVAIL: 'cannot assign requested address',
  EPIPE: 'broken pipe',
  EMFILE: 'too many open files',
};

const unknownAuthority = 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
const certificateErrors: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  CERT_HAS_EXPIRED: 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid',
  CERT_NOT_YET_VALID: 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid',
  EPROTO: 'http: server gave HTTP response to HTTPS client',
  ERR_SSL_WRONG_VERSION_NUMBER: 'http: server gave HTTP response to HTTPS client',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'http: server gave HTTP response to HTTPS client',
};

/** What Go's HTTP client says of the same failure: `dial tcp 127.0.0.1:1: connect: connection refused`. */
export function describeNetworkError(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    // All addresses of a name were tried; Go tells of the first.
    return describeNetworkError(error.errors[0]);
  }
  if (!(error instanceof Error)) return String(error);
  if (error instanceof errors.HTTPParserError) {
    return 'net/http: HTTP/1.x transport connection broken: malformed HTTP response';
  }
  if (error instanceof errors.HeadersOverflowError) return 'net/http: server response headers exceeded the limit';
  if (error instanceof errors.SocketError) return 'EOF';
  const fields = new ErrorFields(error);
  const certificate = certificateErrors[fields.code];
  if (certificate !== undefined) return certificate;
  if (fields.code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `tls: failed to verify certificate: x509: ${error.message}`;
  if (fields.code === 'ENOTFOUND') return `dial tcp: lookup ${fields.hostname}${onServer()}: no such host`;
  if (fields.code === 'EAI_AGAIN') return `dial tcp: lookup ${fields.hostname}${onServer()}: server misbehaving`;
  const text = systemErrors[fields.code];
  if (text === undefined) return error.message;
  return fields.call === 'connect' ? `dial tcp ${fields.address}: connect: ${text}` : `${fields.call} tcp: ${text}`;
}

/** Go names the server that was asked: the first one, unless that gave no answer. */
function onServer(): string {
  const [first] = getServers();
  if (first === undefined) return '';
  const hasPort = first.startsWith('[') || first.split(':').length === 2;
  if (hasPort) return ` on ${first}`;
  return ` on ${first.includes(':') ? `[${first}]` : first}:53`;
}

/** The fields that Node.js adds to errors of the system. */
class ErrorFields {
  readonly code: string;
  readonly call: string;
  readonly hostname: string;
  readonly address: string;

  constructor(error: Error) {
    const field = (name: string): string => {
      const value: unknown = Object.getOwnPropertyDescriptor(error, name)?.value;
      return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
    };
    const host = field('address');
    this.code = field('code');
    this.call = field('syscall');
    this.hostname = field('hostname');
    this.address = `${host.includes(':') ? `[${host}]` : host}:${field('port')}`;
  }
}
