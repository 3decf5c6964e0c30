/**
 * Exceptions from the rule of their class: whether the same request, repeated within seconds, can
 * succeed. From RFC 9110 (15.5, 15.6), unless another source is named.
 */
const EXCEPTIONS: ReadonlyMap<number, boolean> = new Map([
  [408, true], // Request Timeout: the server let go of a connection, often one that was idle
  [421, true], // Misdirected Request: this connection is wrong, the next one may be right
  [425, true], // Too Early (RFC 8470): not yet
  [429, true], // Too Many Requests (RFC 6585): not yet
  [501, false], // Not Implemented: the server does not know the call
  [505, false], // HTTP Version Not Supported: the next request has the same version
  [506, false], // Variant Also Negotiates (RFC 2295): the server is set up wrong
  [508, false], // Loop Detected (RFC 5842): the server is set up wrong
  [510, false], // Not Extended (RFC 2774): the next request has no extension either
  [511, false], // Network Authentication Required (RFC 6585): somebody has to log in first
  [526, false], // Cloudflare: the server behind has a certificate that is not valid
])

/**
 * Whether a retry can help. Not for 3xx and 4xx: the same request has the same fault. For 5xx it can:
 * the server or a gateway (502, 503, 504, 520 to 530 of CDNs) is down, busy or out of space for now.
 * Invalid statuses count as 5xx (RFC 9110, 15).
 */
export function canRepeatHelp(statusCode: number): boolean {
  return EXCEPTIONS.get(statusCode) ?? statusCode >= 500
}
