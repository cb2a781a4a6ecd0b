/** The parts of a multipart/form-data body that the API needs: its files (RFC 7578). */

const HEADER_END = '\r\n\r\n';

/** Null: the content type is no multipart form with a boundary. */
export function boundaryOf(contentType: string): string | null {
  if (!/^\s*multipart\/form-data\s*;/i.test(contentType)) return null;
  const [, quoted, bare] = /;\s*boundary=(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))/i.exec(contentType) ?? [];
  const boundary = quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '';
  return boundary === '' || boundary.length > 70 ? null : boundary;
}

/** Content of the first file sent under `field`; null: there is none, or the body is no such form. A view. */
export function filePart(body: Uint8Array, contentType: string, field: string): Uint8Array | null {
  const boundary = boundaryOf(contentType);
  if (boundary === null) return null;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first delimiter may stand at the very beginning, without its line break.
  let at = bytes.indexOf(delimiter.subarray(2));
  if (at !== 0) at = bytes.indexOf(delimiter);
  if (at > 0) at += 2;
  let found: Uint8Array | null = null;
  while (at >= 0) {
    const start = at + delimiter.length - 2;
    if (bytes.toString('latin1', start, start + 2) === '--') return found;
    const headersStart = bytes.indexOf('\r\n', start);
    const end = bytes.indexOf(delimiter, start);
    const headersEnd = bytes.indexOf(HEADER_END, start);
    if (headersStart < 0 || end < 0 || headersEnd < 0 || headersEnd > end) return null;
    const headers = bytes.toString('utf8', headersStart + 2, headersEnd);
    if (found === null && isFile(headers, field)) found = bytes.subarray(headersEnd + HEADER_END.length, end);
    at = end + 2;
  }
  return null;
}

/** A part without a file name is a plain value, also to Go. */
function isFile(headers: string, field: string): boolean {
  const disposition = /^content-disposition:\s*form-data\s*(;.*)$/im.exec(headers)?.[1] ?? '';
  return parameter(disposition, 'name') === field && parameter(disposition, 'filename') !== '';
}

/** Empty when absent. */
function parameter(disposition: string, name: string): string {
  const [, quoted, bare] =
    new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;]+))`, 'i').exec(disposition) ?? [];
  return quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '';
}
