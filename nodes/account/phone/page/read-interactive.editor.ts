import {
  type Choice,
  choiceParts,
  fieldsOf,
  itemsOf,
  type Part,
  textOf,
  textParts,
  webUrlOf,
} from './part.editor'
import { fileCard } from './read-media.editor'

/** 8x8's `content.interactive`: buttons, lists, links; other types as text and JSON. */
export function readInteractive(value: unknown): Part[] {
  const interactive = fieldsOf(value)
  const { header, body, footer, action } = interactive
  return [
    ...readHeader(header),
    ...textParts(fieldsOf(body).text),
    ...textParts(fieldsOf(footer).text, 'footer'),
    ...readAction(textOf(interactive.type), fieldsOf(action), interactive),
  ]
}

/** The text is a string in 8x8's examples, and an object in its schema. */
function readHeader(value: unknown): Part[] {
  const header = fieldsOf(value)
  const { text } = header
  const title = textParts(textOf(text) || fieldsOf(text).text, 'title')
  for (const [name, media] of [
    ['image', 'image'],
    ['video', 'video'],
    ['document', 'file'],
  ] as const) {
    const { link, caption, filename } = fieldsOf(header[name])
    if (header[name] !== undefined) {
      return [fileCard(media, link, textOf(filename) || textOf(caption)), ...title]
    }
  }
  return title
}

function readAction(
  type: string,
  action: Record<string, unknown>,
  interactive: Record<string, unknown>,
): Part[] {
  const json: Part = {
    kind: 'json',
    summary: `Interactive: ${type || 'no type'}`,
    value: interactive,
  }
  switch (type) {
    case 'button': {
      const choices = itemsOf(action.buttons).flatMap(({ reply }) => readChoice('button', reply))
      return choices.length > 0 ? choiceParts(choices) : [json]
    }
    case 'list': {
      const sections = itemsOf(action.sections).map(({ title, rows }) => ({
        title: textOf(title),
        rows: itemsOf(rows).flatMap((row) => readChoice('row', row)),
      }))
      const label = textOf(action.button) || 'Choose'
      return sections.some(({ rows }) => rows.length > 0)
        ? [{ kind: 'list', label, sections }]
        : [json]
    }
    case 'cta_url': {
      const { display_text: label, url } = fieldsOf(action.parameters)
      const address = webUrlOf(url)
      if (!address) return [json]
      return [{ kind: 'link', label: textOf(label) || address.host, url: address.href }]
    }
    default:
      return [json]
  }
}

function readChoice(kind: 'button' | 'row', value: unknown): Choice[] {
  const { id, title, description } = fieldsOf(value)
  const text = textOf(title)
  if (!text) return []
  const more = textOf(description)
  return [{ kind, id: textOf(id), title: text, ...(more && { description: more }) }]
}
