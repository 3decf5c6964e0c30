import { types } from 'node:util'
import { z } from 'zod'
import {
  CHANNELS,
  CHANNELS_WITHOUT_INDICATOR,
  type Channel,
  MAX_MESSAGE_AGE,
  SUB_ACCOUNT_ID,
  UMID,
} from '../account/api'
import type { TypingEvent } from '../account/client'
import { type Facts, TypingError } from '../account/errors'
import { readWebhook } from './webhook'

/** ms that our clock and 8x8's may differ before a message counts as too old. Our choice. */
const CLOCK_SKEW = 60_000

/** What the configured properties of a node gave for a message; undefined, null, '' for nothing. */
export interface Values {
  umid?: unknown
  channel?: unknown
  subAccountId?: unknown
  receivedAt?: unknown
}

type Known = Pick<Facts, 'umid' | 'channel'>

/** The fields of a request: the shape of each, and how to say that it is wrong. */
const FIELDS = {
  umid: { schema: z.string().regex(UMID), form: 'five groups of hexadecimal digits (8-4-4-4-12)' },
  channel: {
    schema: z
      .string()
      .toLowerCase()
      .pipe(z.enum([...CHANNELS, ...CHANNELS_WITHOUT_INDICATOR])),
    form: 'the name of an 8x8 channel, e.g. whatsapp or rcs',
  },
  subAccountId: {
    schema: z.string().regex(SUB_ACCOUNT_ID),
    form: '3 to 50 letters, digits or any of - . _ &',
  },
  receivedAt: {
    // Not z.date(): a Date of a function node may come from another realm.
    schema: z.preprocess(
      (value) => (types.isDate(value) ? value.getTime() : value),
      z.union([
        z.number(),
        z
          .string()
          .regex(/^\d{12,14}$/)
          .transform(Number),
        z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
      ]),
    ),
    form: 'a Date, ms since 1970, or ISO 8601 with a time zone',
  },
} as const

/**
 * Makes the request for a message. What the configured properties do not give is taken from the
 * 8x8 webhook in the payload, if there is one.
 * @param account the sub-account to use where neither of them names one
 * @param now epoch ms
 * @throws {TypingError} `invalid-input`, `unsupported-channel`, `expired`
 */
export function toRequest(
  values: Values,
  payload: unknown,
  account: string,
  now: number,
): TypingEvent {
  const webhook = readWebhook(payload)
  const umidGiven = given(values.umid) ?? given(webhook?.message.umid)
  if (webhook && !webhook.inbound && umidGiven === given(webhook.message.umid)) {
    const text = 'The payload is a delivery receipt, not an inbound message to answer'
    throw new TypingError('invalid-input', text, { field: 'umid' })
  }
  const message = webhook?.inbound ? webhook.message : {}
  const known = { umid: FIELDS.umid.schema.safeParse(umidGiven).data }
  const channel = parse('channel', given(values.channel) ?? given(message.channel), known)
  if (!isSupported(channel)) {
    const text = `The channel ${channel} has no typing indicator`
    throw new TypingError('unsupported-channel', text, { ...known, channel })
  }
  const umid = parse('umid', umidGiven, { channel })
  const owner = given(values.subAccountId) ?? given(message.subAccountId) ?? account
  const subAccountId = parse('subAccountId', owner, { umid, channel })
  const receivedAt =
    given(values.receivedAt) === undefined
      ? FIELDS.receivedAt.schema.safeParse(message.timestamp).data // 8x8's own may be odd
      : parse('receivedAt', values.receivedAt, { umid, channel })
  if (receivedAt !== undefined && now - receivedAt > MAX_MESSAGE_AGE + CLOCK_SKEW) {
    const text = 'The message was received more than 2 hours ago: too late for a typing indicator'
    throw new TypingError('expired', text, { umid, channel })
  }
  return { umid, channel, subAccountId }
}

function given(value: unknown): unknown {
  return value === null || value === '' ? undefined : value
}

/** @param known what else is known of the message, for the error */
function parse<F extends keyof typeof FIELDS>(field: F, value: unknown, known: Known) {
  const { schema, form } = FIELDS[field]
  const result = schema.safeParse(value)
  if (result.success) return result.data as z.infer<(typeof FIELDS)[F]['schema']>
  const text = value === undefined ? `No ${field} is given` : `The ${field} is not ${form}`
  throw new TypingError('invalid-input', text, { ...known, field })
}

function isSupported(channel: string): channel is Channel {
  return (CHANNELS as readonly string[]).includes(channel)
}
