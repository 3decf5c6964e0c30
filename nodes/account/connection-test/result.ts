/**
 * Outcomes of a connection test: catalog keys, below `test`. The last four say why there was no test.
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

/** The result that the dialog shows. */
export interface ConnectionTestResponse {
  result: ConnectionTestResult
  host?: string
  /** Status, code, media type of a page or the system's name of the failure; never a server's text. */
  detail?: string
  /** The time limit, if it was reached. */
  seconds?: number
  /** With `unset`: the environment variable. */
  name?: string
  /** With `invalid`: the property at fault; with `undeployed`: that of the config node. */
  field?: string
}
