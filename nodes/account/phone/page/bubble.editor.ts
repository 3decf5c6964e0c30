/** One message of the chat. */
import type { PhoneMessage } from '../state'
import { makeDetails } from './details.editor'
import { make, makeButton, makeIcon, setText, timeOf } from './dom.editor'
import { makeParts } from './part-view.editor'
import { readMessage } from './read-content.editor'
import { deliveryText, excerptOf, isUndelivered, speakerOf } from './words.editor'

/** One tick, and a second one for a read message. */
const TICKS = ['M1 6l3.500 4L11 1', 'M8 9l1 1 6.500-9']

/** A message on the screen. */
export interface Bubble {
  element: HTMLElement
  /** Shows what has changed of it: it was read, or delivered. */
  update(message: PhoneMessage): void
}

/** Scrolls to a message and focuses it. @returns whether it is in the chat */
export function goTo(umid: string): boolean {
  const element = document.getElementById(idOf(umid))
  element?.scrollIntoView({ block: 'center' })
  element?.focus({ preventScroll: true })
  return element !== null
}

/** @param quoted the message that it quotes, if the chat has it */
export function makeBubble(message: PhoneMessage, quoted: PhoneMessage | undefined): Bubble {
  const { umid, from, at } = message
  const element = make('div', `message ${from}`)
  element.id = idOf(umid)
  element.tabIndex = -1
  element.append(make('span', 'unseen', `${speakerOf(message)}: `))
  if (message.quotes !== undefined) element.append(makeQuote(quoted))
  const foot = make('footer')
  const mark = make('span', 'unseen')
  const undelivered = make('p', 'problem')
  const details = makeDetails(message)
  foot.append(details.toggle, timeOf(at))
  if (from === 'customer') foot.append(mark, makeIcon('ticks', TICKS, '0 0 17 11'))
  element.append(...makeParts(readMessage(message), umid), undelivered, foot, details.element)
  const update = (now: PhoneMessage) => {
    const isRead = now.readAt !== undefined
    element.classList.toggle('is-read', isRead)
    setText(mark, isRead ? 'Read' : 'Sent')
    const { delivery } = now
    const isProblem = from === 'customer' && isUndelivered(delivery)
    setText(undelivered, isProblem ? `Not delivered. ${deliveryText(delivery)}` : '')
    details.update(now)
  }
  update(message)
  return { element, update }
}

function makeQuote(quoted: PhoneMessage | undefined): HTMLElement {
  if (!quoted) return make('p', 'quote', 'A message that is not here any more')
  const quote = makeButton('', 'quote')
  quote.append(
    make('span', 'unseen', 'Quotes '),
    make('strong', '', speakerOf(quoted)),
    make('span', '', excerptOf(quoted)),
  )
  quote.addEventListener('click', () => goTo(quoted.umid))
  return quote
}

function idOf(umid: string): string {
  return `message-${umid.toLowerCase()}`
}
