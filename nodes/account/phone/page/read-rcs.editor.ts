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
import { fileCard, mediaAt } from './read-media.editor'

/** An RCS rich card, or a card of a carousel. */
export function readCard(value: unknown): Part[] {
  const { title, description, media, suggestions } = fieldsOf(value)
  const { fileUrl } = fieldsOf(fieldsOf(media).contentInfo)
  return [
    ...(fileUrl === undefined ? [] : [fileCard(mediaAt(fileUrl), fileUrl)]),
    ...textParts(title, 'title'),
    ...textParts(description),
    ...readSuggestions(suggestions),
  ]
}

/** An RCS carousel. */
export function readCarousel(value: unknown): Part[] {
  const cards = itemsOf(fieldsOf(value).cards).map(readCard)
  return cards.length > 0 ? [{ kind: 'carousel', cards }] : []
}

/** RCS suggestions: replies and actions. Either brings its postback data to the business. */
export function readSuggestions(value: unknown): Part[] {
  return choiceParts(
    itemsOf(value).flatMap(({ reply, action }) => [
      ...readSuggestion(reply),
      ...readSuggestion(action).map((choice) => ({ ...choice, ...readAction(fieldsOf(action)) })),
    ]),
  )
}

function readSuggestion(value: unknown): Choice[] {
  const { text, postbackData } = fieldsOf(value)
  const title = textOf(text)
  return title ? [{ kind: 'suggestion', id: textOf(postbackData), title }] : []
}

/** What a real phone does. */
function readAction(action: Record<string, unknown>): Pick<Choice, 'hint' | 'url'> {
  const { openUrlAction, dialAction, viewLocationAction, createCalendarEventAction } = action
  const url = webUrlOf(fieldsOf(openUrlAction).url ?? action.fallbackUrl)
  if (openUrlAction !== undefined && url) return { hint: `Opens ${url.host}`, url: url.href }
  if (dialAction !== undefined) return { hint: `Dials ${textOf(fieldsOf(dialAction).phoneNumber)}` }
  if (viewLocationAction !== undefined) {
    const { label, query, latLong } = fieldsOf(viewLocationAction)
    const { latitude, longitude } = fieldsOf(latLong)
    const place = textOf(label) || textOf(query) || `${textOf(latitude)}, ${textOf(longitude)}`
    return { hint: `Shows ${place} on a map` }
  }
  if (createCalendarEventAction !== undefined) {
    return { hint: `Adds “${textOf(fieldsOf(createCalendarEventAction).title)}” to the calendar` }
  }
  return { ...(url && { hint: `Opens ${url.host}`, url: url.href }) }
}
