/**
 * What a test of a connection comes to: keys of the catalog, below `test`. The last
 * four say why there was no test.
 */
export type ConnectionTestResult =
  | 'fine'
  | 'key'
  | 'subAccount'
  | 'forbidden'
  | 'address'
  | 'host'
  | 'unreachable'
  | 'certificate'
  | 'tls'
  | 'proxy'
  | 'timeout'
  | 'limited'
  | 'server'
  | 'foreign'
  | 'keyNeeded'
  | 'unset'
  | 'invalid'
  | 'undeployed'

/** What the dialog shows. */
export interface ConnectionTestResponse {
  result: ConnectionTestResult
  host?: string
  /** Status, code, the type of a page or the system's name of the failure; no words of a server. */
  detail?: string
  /** The time limit, where it was reached. */
  seconds?: number
  /** With `unset`: the environment variable. */
  name?: string
  /** With `invalid`: the property at fault. With `undeployed`: the one whose config node is not. */
  field?: string
}
