import type { PhoneMessage } from '../state'
import { fieldsOf, type Part, textParts } from './part.editor'
import { readInteractive } from './read-interactive.editor'
import { isMedia, readMedia } from './read-media.editor'
import { readCard, readCarousel, readSuggestions } from './read-rcs.editor'
import { readTemplate } from './read-template.editor'

/**
 * What a message shows. A message of the customer shows its text, which is the title of what was
 * pressed. A message of the business of a type that the phone does not know, or without anything to
 * show, is its JSON.
 */
export function readMessage({ from, type = 'text', content, text }: PhoneMessage): Part[] {
  if (from === 'customer' || content === undefined) return textParts(text)
  const fields = fieldsOf(content)
  const parts = readType(type, fields)
  const shown = [...parts, ...(parts.length > 0 ? readSuggestions(fields.suggestions) : [])]
  return shown.length > 0
    ? shown
    : [{ kind: 'json', summary: `Message of type ${type}`, value: content }]
}

/** @param type of 8x8, in any case: its examples write `Image` as well as `image` */
function readType(type: string, content: Record<string, unknown>): Part[] {
  const name = type.toLowerCase()
  if (isMedia(name)) return readMedia(name, content)
  switch (name) {
    case 'text':
      return textParts(content.text)
    case 'interactive':
      return content.interactive === undefined ? [] : readInteractive(content.interactive)
    case 'template':
      return content.template === undefined ? [] : readTemplate(content.template)
    case 'richcard':
      return readCard(content.richCard)
    case 'carousel':
      return readCarousel(content.carousel)
    default:
      return []
  }
}
