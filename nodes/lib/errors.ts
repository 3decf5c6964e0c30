import { z } from 'zod'
import { CODES, UMID } from './api'
import type { Redactor } from './client/redact'
import { canRepeatHelp } from './client/statuses'

/**
 * Every kind of failure, and whether a retry can help. For a response, its code and status decide.
 */
const RETRYABLE = {
  'not-configured': false,
  'invalid-input': false,
  'unsupported-channel': false,
  expired: false,
  authentication: false,
  forbidden: false,
  rejected: false,
  'rate-limited': true,
  server: true,
  network: true,
  timeout: true,
  overloaded: false,
  unanswered: false,
  closed: false,
} as const satisfies Record<string, boolean>

/** What went wrong, in one word for a Switch node. */
export type Kind = keyof typeof RETRYABLE

/** What is known of a failure besides its message; plain data, unknown fields left out. */
export interface Facts {
  kind: Kind
  retryable: boolean
  /** Attempts to send a request for the message. */
  attempts: number
  /** 8x8's error code. */
  code?: number
  statusCode?: number
  /** To quote to 8x8's support. */
  errorId?: string
  /** Time of the error, as 8x8 wrote it. */
  timestamp?: string
  /** Indicators that 8x8 accepted before a session ended by itself. */
  indicators?: number
  /** 8x8 may have accepted the reply nevertheless, so it must not simply be sent again. */
  maybeSent?: true
  /** Of a reply of several messages: those that 8x8 accepted before one failed. */
  umids?: string[]
  umid?: string
  channel?: string
}

/** `msg.error` of a failure: what a Catch node adds, and the facts. */
export interface ErrorOutput extends Facts {
  message: string
  source: { id: string; type: string; name?: string }
}

/** Why there was no connection, or (`unexpectedResponse`) no response that makes sense. */
export interface ConnectionFailure {
  what: 'host' | 'unreachable' | 'certificate' | 'tls' | 'proxy' | 'unexpectedResponse'
  /** The name by the system, OpenSSL or HTTP, e.g. `ECONNREFUSED`; for a page its media type. */
  code: string
}

/**
 * A message that could not be sent. One class for all kinds: what differs is data, and
 * users tell the kinds apart by `kind` too. Holds no request, so it cannot carry the API key.
 */
export class MessagingError extends Error {
  override readonly name = 'MessagingError'
  /** Plain data. Called `cause` because Node-RED passes that on to Catch nodes. */
  override readonly cause: Facts
  /** 8x8's error code. Set only if known, because Node-RED passes an own `code` on as it is. */
  declare readonly code?: number
  /** The configured property that is at fault, e.g. `umid`. */
  readonly field: string | undefined
  /** For a message that passes although it failed; not among the public facts. */
  readonly subAccountId: string | undefined
  /** ms that the server asked to wait before the next attempt. */
  readonly retryAfter: number | undefined
  readonly connectionFailure: ConnectionFailure | undefined

  constructor(
    kind: Kind,
    message: string,
    {
      field,
      subAccountId,
      retryAfter,
      connectionFailure,
      ...facts
    }: Partial<Facts> & {
      field?: string | undefined
      subAccountId?: string | undefined
      retryAfter?: number | undefined
      connectionFailure?: ConnectionFailure | undefined
    } = {},
  ) {
    super(message)
    this.cause = { kind, retryable: RETRYABLE[kind], attempts: 0, ...onlyKnown(facts) }
    this.field = field
    this.subAccountId = subAccountId
    this.retryAfter = retryAfter
    this.connectionFailure = connectionFailure
    if (facts.code !== undefined) this.code = facts.code
  }

  /** The same failure for another message: a flow may change the facts of one. */
  clone(): MessagingError {
    const { kind, ...facts } = this.cause
    return new MessagingError(kind, this.message, { ...facts, field: this.field })
  }

  /** Without the class name: Catch nodes show this text. */
  override toString(): string {
    return this.message
  }
}

/**
 * Adds what is known of the message to a failure.
 * @returns the same error
 */
export function addFacts(error: MessagingError, facts: Partial<Facts>): MessagingError {
  Object.assign(error.cause, facts)
  return error
}

/** A copy without undefined values. */
export function onlyKnown<T extends object>(facts: T): T {
  const known = {} as T
  for (const key in facts) {
    if (facts[key] !== undefined) known[key] = facts[key]
  }
  return known
}

/** The failure of a reply that 8x8 may have accepted: not retryable, because it could arrive twice. */
export function asMaybeSent(error: MessagingError): MessagingError {
  const { kind, ...facts } = error.cause
  const text = `${error.message}. The reply may have been sent all the same`
  return new MessagingError(kind, text, { ...facts, retryable: false, maybeSent: true })
}

/** The error for a flow that was stopped or redeployed before the response came. */
export function closedError(): MessagingError {
  return new MessagingError('closed', 'The flow was stopped or redeployed in the meantime')
}

/** The error for a message for which the queue is full. @param waiting how many are queued */
export function overloadedError(waiting: number): MessagingError {
  const text = `Too many messages: ${waiting} are already queued (Max. waiting of the account)`
  return new MessagingError('overloaded', text)
}

/** 8x8's error body. Each field is optional, because a response may have only some of them. */
const errorBody = z.object({
  code: z.int().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
  errorId: z.string().max(100).optional().catch(undefined),
  timestamp: z.string().max(100).optional().catch(undefined),
})

/** Codes that say more than the status they come with (8x8 sends 1001 with 400, 401 and 500). */
const KIND_OF_CODE: ReadonlyMap<number, Kind> = new Map([
  [CODES.unauthorized, 'authentication'],
  [CODES.forbidden, 'forbidden'],
  [CODES.invalidIpAddress, 'forbidden'],
  [CODES.illegalSubAccount, 'forbidden'],
])

/** Codes of a request that is wrong, or that 8x8 cannot carry out: a retry cannot help. */
const FINAL_CODES: ReadonlySet<number> = new Set([
  CODES.invalidParameter,
  CODES.invalidMsisdn,
  CODES.invalidId,
  CODES.outOfRange,
  CODES.insecureProtocol,
  CODES.notFound,
  CODES.notImplemented,
  CODES.unsupportedVersion,
  CODES.unsupportedProduct,
  CODES.invalidFallbackChannel,
  CODES.missedUmid,
])

/** In plain words; the server's own message follows. */
const EXPLANATION: Partial<Record<Kind, string>> = {
  authentication: '8x8 refused the API key',
  forbidden: '8x8 does not allow this key to use this sub-account from this address',
  rejected: '8x8 rejected the request',
  'rate-limited': '8x8 limits the rate of requests',
  server: '8x8 could not process the request',
}

/** A response other than success. */
export interface ErrorResponse {
  statusCode: number
  /** Body, or undefined if there was none to read. */
  text: string | undefined
  /** The Retry-After header: seconds or an HTTP date. */
  retryAfter: string | undefined
}

/** A date-time, as 8x8 writes it. */
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/

/**
 * What a response that is not a success means: by its code first, then by its status.
 * @param redact takes the API key out of what a server may have echoed
 */
export function errorOfResponse(response: ErrorResponse, redact: Redactor): MessagingError {
  const { statusCode } = response
  const { code, message, errorId, timestamp } = parseErrorBody(response.text)
  const kind = KIND_OF_CODE.get(code ?? Number.NaN) ?? kindOfStatus(statusCode)
  const final = code !== undefined && (KIND_OF_CODE.has(code) || FINAL_CODES.has(code))
  // A server that refuses a key is likely to quote it, so its own message is not shown.
  const isSilent = statusCode === 401 || statusCode === 403 || kind === 'authentication'
  const reason = message && !isSilent ? `: ${quote(message, redact)}` : ''
  const numbers = code === undefined ? `${statusCode}` : `${statusCode}, code ${code}`
  const inForm = (value: string | undefined, form: RegExp) => {
    const masked = value && redact(value)
    return masked && isSilent && !form.test(masked) ? undefined : masked || undefined
  }
  return new MessagingError(kind, `${EXPLANATION[kind]} (${numbers})${reason}`, {
    retryable: !final && canRepeatHelp(statusCode),
    statusCode,
    code,
    errorId: inForm(errorId, UMID), // same format
    timestamp: inForm(timestamp, DATE_TIME),
    retryAfter: parseRetryAfter(response.retryAfter, Date.now()),
  })
}

/**
 * A success with a web page: a portal or a proxy answered in place of 8x8, which never sends HTML.
 * @param type its media type
 */
export function errorOfPage(statusCode: number, type: string): MessagingError {
  const text = `A web page answered in place of 8x8 (${statusCode}, ${type})`
  const advice = 'Check the base URL, and whether the network or a proxy asks for a login'
  const connectionFailure = { what: 'unexpectedResponse', code: type } as const
  return new MessagingError('server', `${text}. ${advice}`, {
    statusCode,
    retryable: false,
    connectionFailure,
  })
}

/** Quotes a server: without the key, short, and on one line, so that it cannot forge log lines. */
function quote(said: string, redact: Redactor): string {
  return redact(said)
    .replace(/\p{Cc}+/gu, ' ')
    .slice(0, 200)
}

function parseErrorBody(text = ''): z.infer<typeof errorBody> {
  try {
    return errorBody.safeParse(JSON.parse(text)).data ?? {}
  } catch {
    return {} // HTML of a proxy, or nothing
  }
}

function kindOfStatus(statusCode: number): Kind {
  if (statusCode === 401) return 'authentication'
  if (statusCode === 403) return 'forbidden'
  if (statusCode === 429) return 'rate-limited'
  return statusCode >= 300 && statusCode < 500 ? 'rejected' : 'server'
}

/**
 * ms from `now` (epoch ms) that a Retry-After header asks for; undefined if it has no valid value.
 * Seconds may have decimals: RFC 9110 does not allow them, but servers send them.
 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  const value = header?.trim() ?? ''
  if (/^(\d+(\.\d+)?|\.\d+)$/.test(value)) return Math.ceil(Number(value) * 1000)
  const date = / GMT$/.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/** How OpenSSL and Node.js name certificate and protocol failures; none is temporary. */
const CERTIFICATE_FAILURE =
  /CERT|SELF_SIGNED|UNABLE_TO_|CRL|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH/
const PROTOCOL_FAILURE = /EPROTO|SSL|ERR_TLS_/

/** undici's errors for a response that breaks the rules of HTTP. */
const NOT_HTTP = /HTTPParserError|UND_ERR_(RES_|HEADERS_OVERFLOW)/

/** undici's message for a proxy that answers CONNECT with 4xx, e.g. 407 for a wrong password. */
const REFUSED_BY_PROXY = /^Proxy response \((4\d\d)\)/

/**
 * What an error of the connection means: a response never came, or was not HTTP.
 * @param redact takes the API key out of what a server may have echoed, e.g. in its certificate
 */
export function errorOfConnection(error: unknown, redact: Redactor): MessagingError {
  const { name = '', code = '', message = '' } = error as Partial<NodeJS.ErrnoException>
  const detail = quote(message || code || String(error), redact)
  if (NOT_HTTP.test(`${name} ${code}`)) {
    const connectionFailure = { what: 'unexpectedResponse', code: code || name } as const
    return new MessagingError('server', `The response is not valid HTTP: ${detail}`, {
      connectionFailure,
    })
  }
  if (/TIMEOUT|TIMEDOUT/.test(code)) {
    return new MessagingError('timeout', `Connecting to 8x8 timed out: ${detail}`)
  }
  const connectionFailure = connectionFailureOf(code, message)
  const retryable = connectionFailure.what === 'host' || connectionFailure.what === 'unreachable'
  return new MessagingError('network', `8x8 could not be reached: ${detail}`, {
    retryable,
    connectionFailure,
  })
}

function connectionFailureOf(code: string, message: string): ConnectionFailure {
  const refused = REFUSED_BY_PROXY.exec(message)
  if (refused) return { what: 'proxy', code: `${refused[1]}` }
  if (CERTIFICATE_FAILURE.test(code)) return { what: 'certificate', code }
  if (PROTOCOL_FAILURE.test(code)) return { what: 'tls', code }
  return { what: /^(ENOTFOUND|EAI_)/.test(code) ? 'host' : 'unreachable', code }
}
