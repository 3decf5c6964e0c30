import type { NodeDef } from 'node-red'
import type { Region } from '../lib/api'

/** The properties of an `8x8-account`, as the editor stores them. Texts may be `${NAME}`. */
export interface AccountOptions {
  name: string
  subAccountId: string
  region: Region
  /** With region `custom`: where the API is. */
  baseUrl: string
  /** Id of a `tls-config` node. */
  tls: string
  /** Id of an `http proxy` node. */
  proxy: string
  /** s for one attempt. */
  timeout: number | string
  /** s for a message with all attempts. */
  deadline: number | string
  /** Maximum number of concurrent requests. */
  maxInFlight: number | string
  /** Maximum number of queued messages; further ones are `overloaded`. */
  maxWaiting: number | string
}

/** An account as a flow stores it. */
export type AccountDef = NodeDef & Partial<AccountOptions>

/** Defaults of a new account, and of properties that are not stored. */
export const ACCOUNT_DEFAULTS = {
  name: '',
  subAccountId: '',
  region: 'asia-pacific',
  baseUrl: '',
  tls: '',
  proxy: '',
  timeout: 5,
  deadline: 15,
  maxInFlight: 64,
  maxWaiting: 10_000,
} as const satisfies AccountOptions
