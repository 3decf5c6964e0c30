/** Shows the parts of a message. Nothing is loaded: images and files are cards with a link. */
import { press } from './compose.editor'
import { makeWriteButton } from './controls.editor'
import { make, makeIcon, makeJson, makeLink } from './dom.editor'
import type { Choice, Part } from './part.editor'

const ICONS = {
  image: ['M4 5h16v14H4z', 'M4 16l5-5 4 4 3-3 4 4', 'M15.500 9h.01'],
  audio: [
    'M9 18V6l10-2v12',
    'M9 18a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0z',
    'M19 16a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0z',
  ],
  video: ['M3 6h12v12H3z', 'M15 11l6-3v8l-6-3z'],
  file: ['M6 3h8l4 4v14H6z', 'M14 3v4h4', 'M9 12h6', 'M9 16h6'],
  location: [
    'M12 21s7-6.500 7-11.500a7 7 0 1 0-14 0C5 14.500 12 21 12 21z',
    'M12 12a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z',
  ],
}

/** The elements of a message. @param umid of the message, for what is pressed in it */
export function makeParts(parts: Part[], umid: string): HTMLElement[] {
  return parts.map((part) =>
    // JSON on its own is all that there is to see.
    part.kind === 'json' ? makeDetails(part, parts.length === 1) : makePart(part, umid),
  )
}

function makePart(part: Exclude<Part, { kind: 'json' }>, umid: string): HTMLElement {
  switch (part.kind) {
    case 'text':
      return make('p', part.role ? `text-${part.role}` : '', part.text)
    case 'media':
      return makeMedia(part)
    case 'choices':
      return makeChoices(part.choices, umid)
    case 'list':
      return makeList(part, umid)
    case 'link':
      return makeWebLink(part.url, part.label)
    case 'carousel':
      return makeCarousel(part.cards, umid)
  }
}

function makeMedia({ media, name, facts, url }: Extract<Part, { kind: 'media' }>): HTMLElement {
  const element = make('div', 'media')
  const words = make('div')
  const title = url ? makeLink(url, name) : make('span', '', name)
  title.classList.add('media-name')
  words.append(title, make('span', 'hint', facts.join(' · ')))
  element.append(makeIcon('media-icon', ICONS[media]), words)
  return element
}

function makeChoices(choices: Choice[], umid: string): HTMLElement {
  const element = make('div', 'choices')
  for (const choice of choices) {
    element.append(makeChoice(choice, umid))
    const { hint, url } = choice
    if (hint) element.append(url ? makeLink(url, hint, 'hint') : make('span', 'hint', hint))
  }
  return element
}

function makeChoice({ hint, url, ...choice }: Choice, umid: string): HTMLElement {
  const button = makeWriteButton(choice.title, 'choice', () => press({ umid, ...choice }))
  if (choice.description) button.append(make('span', 'hint', choice.description))
  return button
}

function makeList({ label, sections }: Extract<Part, { kind: 'list' }>, umid: string): HTMLElement {
  const element = make('details', 'list')
  element.append(make('summary', '', label))
  for (const { title, rows } of sections) {
    if (title) element.append(make('p', 'list-title', title))
    element.append(makeChoices(rows, umid))
  }
  return element
}

function makeWebLink(url: string, label: string): HTMLElement {
  const link = makeLink(url, label, 'choice')
  link.append(make('span', 'hint', `Opens ${new URL(url).host}`))
  return link
}

function makeCarousel(cards: Part[][], umid: string): HTMLElement {
  const element = make('div', 'carousel')
  element.tabIndex = 0 // it scrolls, so the keyboard must reach it
  element.setAttribute('role', 'group')
  element.setAttribute('aria-label', `${cards.length} cards`)
  for (const card of cards) {
    const item = make('div', 'slide')
    item.append(...makeParts(card, umid))
    element.append(item)
  }
  return element
}

function makeDetails(part: Extract<Part, { kind: 'json' }>, isOpen: boolean): HTMLElement {
  const element = make('details', 'json')
  const json = makeJson(part.value)
  json.tabIndex = 0 // it scrolls, so the keyboard must reach it
  element.open = isOpen
  element.append(make('summary', '', part.summary), json)
  return element
}
