import { isObject } from './webhook'

/** The button of a message, or the row of a list, that a customer pressed. */
export interface Selected {
  /** The id that the sender of the buttons chose. */
  id?: string
  /** The text that the customer saw. */
  title?: string
}

/** Properties that may hold the choice, in `content` or in `content.interactive`. */
const NAMES = [
  'button_reply',
  'list_reply',
  'buttonReply',
  'listReply',
  'reply',
  'button',
  'suggestionResponse',
] as const

/**
 * Reads the choice in the `content` of an inbound message. How 8x8 writes one is not documented:
 * this is our reading, of the forms that WhatsApp and Google use and 8x8 may pass on.
 * - interactive messages: an object with `id` and `title`, under one of {@link NAMES}
 * - a template's quick reply: `text` and `payload`
 * - RCS suggestions: `text` and `postbackData`, as it is: whether it is base64 cannot be told
 *
 * @returns undefined if nothing was pressed
 */
export function readSelected(content: Record<string, unknown> | undefined): Selected | undefined {
  if (!content) return undefined
  const { interactive } = content
  for (const parent of isObject(interactive) ? [interactive, content] : [content]) {
    for (const name of NAMES) {
      const choice = parent[name]
      const selected = isObject(choice) && toSelected(choice)
      if (selected) return selected
    }
  }
  if (isObject(interactive)) return toSelected(interactive)
  // A text alone is a message that the customer wrote.
  const { payload, postbackData } = content
  return known(payload) || known(postbackData) ? toSelected(content) : undefined
}

function toSelected(choice: Record<string, unknown>): Selected | undefined {
  const id = known(choice.id) ?? known(choice.payload) ?? known(choice.postbackData)
  const title = known(choice.title) ?? known(choice.text)
  if (id === undefined && title === undefined) return undefined
  return { ...(id !== undefined && { id }), ...(title !== undefined && { title }) }
}

function known(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
