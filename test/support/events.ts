import type { TypingEvent } from '../../nodes/lib/client/client'
import { type Kind, MessagingError } from '../../nodes/lib/errors'

/** 8x8's own example umid. */
export const UMID = 'cf3cbbf5-3e2d-ea11-815d-020897df5459'

/** A key that must never be found anywhere. */
export const CANARY = 'canary-KEY-5f3759df'

export const EVENT: TypingEvent = { subAccountId: 'my_sub', channel: 'whatsapp', umid: UMID }

/** The MessagingError that a promise rejects with, of the kind that is expected. */
export async function rejection(promise: Promise<unknown>, kind: Kind): Promise<MessagingError> {
  const outcome = await promise.then(
    () => new Error('did not reject'),
    (error: Error) => error,
  )
  if (outcome instanceof MessagingError && outcome.cause.kind === kind) return outcome
  throw new Error(`expected ${kind}, got: ${describe(outcome)}`, { cause: outcome })
}

function describe(error: Error): string {
  return error instanceof MessagingError ? `${error.cause.kind}: ${error.message}` : `${error}`
}

/** Something that a test waits for: `come` says that it is there, `came` tells who waits. */
export function moment<T = void>(): { came: Promise<T>; come: (value: T) => void } {
  let come: (value: T) => void = () => {}
  const came = new Promise<T>((resolve) => {
    come = resolve
  })
  return { came, come }
}

/** How long a promise takes to settle, in ms. */
export async function durationOf(promise: Promise<unknown>): Promise<number> {
  const began = performance.now()
  await promise
  return performance.now() - began
}
