import { type Channel, MAX_MESSAGE_AGE } from '../lib/api'
import { emptyToUndefined } from '../lib/message/fields'
import { check, seconds } from '../lib/node-red/validate'
import { TYPING_INDICATOR_DEFAULTS, type TypingIndicatorOptions } from './options'

/**
 * ms between indicators. WhatsApp shows one for 25 s (Meta's documentation), and by some reports
 * no other before it is gone, so the next one comes just after. RCS shows one for about 20 s
 * (Google's documentation), and a repeat restarts the time.
 */
const RENEW_EVERY: Readonly<Record<Channel, number>> = { whatsapp: 25_500, rcs: 15_000 }

/** When to type, in ms. */
export interface Timing {
  initialDelay: number
  maxDuration: number
  renewEvery(channel: Channel): number
}

const LONGEST = MAX_MESSAGE_AGE / 1000
const { initialDelay, maxDuration } = TYPING_INDICATOR_DEFAULTS
const delay = seconds('initial delay', initialDelay, LONGEST)
const interval = seconds('time between indicators', 1, LONGEST)
const duration = seconds('maximum duration', maxDuration, LONGEST)

/** @throws {MessagingError} `not-configured` */
export function readTiming(options: TypingIndicatorOptions): Timing {
  const fixed = emptyToUndefined(options.renewEvery)
  const every = fixed === undefined ? undefined : check('renewEvery', interval, fixed)
  return {
    initialDelay: check('initialDelay', delay, options.initialDelay),
    maxDuration: check('maxDuration', duration, options.maxDuration),
    renewEvery: (channel) => every ?? RENEW_EVERY[channel],
  }
}
