import { z } from 'zod'
import { MSISDN } from '../../lib/api'

/** Characters (UTF-16 units) of a reply: what a request body of the sandbox can hold; our choice. */
const MAX_REPLY = 65_536

const text = z.string().min(1).max(MAX_REPLY)

const messageBody = z.object({
  user: z.object({ msisdn: z.string() }).optional(),
  type: z.literal('text'),
  content: z.object({ text }),
})

/**
 * The text that the brand writes to the phone.
 * @param payload text, or the body of an 8x8 messages call (its `user` may be left out)
 * @param msisdn of the phone
 * @throws {TypeError} for anything else, and for a body that is for another number
 */
export function readReply(payload: unknown, msisdn: string): string {
  const plain = text.safeParse(typeof payload === 'string' ? payload : undefined)
  if (plain.success) return plain.data
  const { data: body, error } = parsed(payload)
  if (body?.user && body.user.msisdn !== msisdn) {
    const other = MSISDN.test(body.user.msisdn) ? body.user.msisdn : 'another number'
    throw new TypeError(`The reply is for ${other}, but this is the phone of ${msisdn}`)
  }
  if (body) return body.content.text
  const where = typeof payload === 'object' ? error?.issues[0]?.path.join('.') : undefined
  throw new TypeError(
    `A reply is text (1 to ${MAX_REPLY} characters) or a text message of 8x8 in msg.payload${
      where ? `; wrong: ${where}` : ''
    }`,
  )
}

/** @throws {TypeError} for an object that throws when it is looked at */
function parsed(payload: unknown) {
  try {
    return messageBody.safeParse(payload)
  } catch {
    throw new TypeError('The reply in msg.payload cannot be read')
  }
}
