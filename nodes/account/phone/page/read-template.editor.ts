import {
  type Choice,
  choiceParts,
  fieldsOf,
  itemsOf,
  type Part,
  textOf,
  textParts,
} from './part.editor'
import { fileCard, isMedia, readLocation } from './read-media.editor'

/**
 * 8x8's `content.template`. The template's own text is at WhatsApp, so only what the flow fills in is
 * known: that, the quick replies by their payload, and the JSON.
 */
export function readTemplate(value: unknown): Part[] {
  const template = fieldsOf(value)
  const name = textOf(template.name) || '(no name)'
  const language = textOf(template.language)
  const components = itemsOf(template.components)
  return [
    ...textParts(`Template ${name}${language && ` (${language})`}`, 'title'),
    ...readComponents(components),
    ...components.flatMap(({ cards }) => readCards(cards)),
    { kind: 'json', summary: 'Template as JSON', value },
  ]
}

function readCards(value: unknown): Part[] {
  const cards = itemsOf(value).map(({ components }) => readComponents(itemsOf(components)))
  return cards.length > 0 ? [{ kind: 'carousel', cards }] : []
}

function readComponents(components: Record<string, unknown>[]): Part[] {
  return [
    ...components.flatMap((component) =>
      isButton(component) ? [] : itemsOf(component.parameters).flatMap(readParameter),
    ),
    ...choiceParts(components.flatMap(readQuickReply)),
  ]
}

/** A placeholder's value: a text, a file or a place. */
function readParameter(parameter: Record<string, unknown>): Part[] {
  const type = textOf(parameter.type).toLowerCase()
  if (type === 'location') return [readLocation(parameter.location)]
  if (type === 'document') return [fileCard('file', parameter.url)]
  if (type === 'gif') return [fileCard('image', parameter.url)]
  if (isMedia(type)) return [fileCard(type, parameter.url)]
  return textParts(parameter.text)
}

/** Its title is in the template at WhatsApp, so the payload stands for it. */
function readQuickReply(component: Record<string, unknown>): Choice[] {
  if (!isButton(component) || textOf(component.subType).toLowerCase() !== 'quickreply') return []
  const payload = textOf(
    itemsOf(component.parameters).find((parameter) => textOf(parameter.payload))?.payload,
  )
  if (!payload) return []
  const place = Number(textOf(component.index))
  const hint = `Quick reply ${Number.isInteger(place) ? place + 1 : ''}`.trim()
  return [{ kind: 'quick-reply', id: payload, title: payload, hint }]
}

function isButton({ type }: Record<string, unknown>): boolean {
  return textOf(type).toLowerCase() === 'button'
}
