import type { Channel } from '../lib/api'
import { emptyToUndefined } from '../lib/message/fields'
import { check, seconds } from '../lib/node-red/validate'
import { NUMBERS } from '../lib/rules'
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

const { initialDelay, maxDuration } = TYPING_INDICATOR_DEFAULTS
const times = {
  initialDelay: seconds('Initial delay', NUMBERS.initialDelay, initialDelay),
  renewEvery: seconds('Renew every', NUMBERS.renewEvery, Number.NaN),
  maxDuration: seconds('Max. duration', NUMBERS.maxDuration, maxDuration),
}

/** @throws {MessagingError} `not-configured` */
export function readTiming(options: TypingIndicatorOptions): Timing {
  const fixed = emptyToUndefined(options.renewEvery)
  const every = fixed === undefined ? undefined : check('renewEvery', times.renewEvery, fixed)
  return {
    initialDelay: check('initialDelay', times.initialDelay, options.initialDelay),
    maxDuration: check('maxDuration', times.maxDuration, options.maxDuration),
    renewEvery: (channel) => every ?? RENEW_EVERY[channel],
  }
}
