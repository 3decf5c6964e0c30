import { unreadable } from './thrown'
import { isObject } from './webhook'

/** The body of an 8x8 message, with any other fields. */
export interface MessageBody extends Record<string, unknown> {
  type: string
  content: Record<string, unknown>
}

/**
 * Reads what to send: text, a number as text, or the body of an 8x8 message.
 * @returns a copy; undefined for anything else
 * @throws {MessagingError} `invalid-input` for an object that JSON cannot hold
 */
export function readContent(value: unknown): MessageBody | undefined {
  if (typeof value === 'string') return /\S/.test(value) ? textBody(value) : undefined
  if (typeof value === 'number') return Number.isFinite(value) ? textBody(`${value}`) : undefined
  try {
    if (!isObject(value) || typeof value.type !== 'string' || !isObject(value.content)) {
      return undefined
    }
    const copy: unknown = JSON.parse(JSON.stringify(value)) // as 8x8 gets it
    return isBody(copy) ? copy : undefined
  } catch (thrown) {
    throw unreadable('The content', thrown, 'content')
  }
}

function textBody(text: string): MessageBody {
  return { type: 'text', content: { text } }
}

function isBody(copy: unknown): copy is MessageBody {
  if (!isObject(copy) || typeof copy.type !== 'string' || !isObject(copy.content)) return false
  const { type, content } = copy
  // A text without text would fail at 8x8, and an empty one says nothing.
  return /\S/.test(type) && (type !== 'text' || !isBlank(content.text))
}

function isBlank(text: unknown): boolean {
  return typeof text !== 'string' || !/\S/.test(text)
}
