/** The chat of the customer: messages and dots. */
import type { PhoneMessage, PhoneState } from '../state'
import { type Bubble, makeBubble } from './bubble.editor'
import { byId, setText } from './dom.editor'

/** px from the end of the chat that still count as its end. */
const NEAR_END = 60

const chat = byId('chat')
let log = byId('log')
/** The messages on the screen, by umid. */
const shown = new Map<string, Bubble>()
/** Whose they are; '': nobody's. */
let customer = ''
/** False while the user is reading further up: then do not scroll. */
let atEnd = true
/** In performance.now(), which does not follow the clock; undefined without dots. */
let dotsUntil: number | undefined
let ticking: number | undefined

/** Prepares what scrolls. */
export function prepareChat(): void {
  chat.tabIndex = 0 // it scrolls, so the keyboard must reach it
  chat.addEventListener('scroll', () => {
    atEnd = chat.scrollHeight - chat.scrollTop - chat.clientHeight < NEAR_END
  })
  // A turned phone, or its keyboard, must not hide the newest message.
  new ResizeObserver(() => atEnd && scrollToEnd()).observe(chat)
}

/** Takes the chat of a customer away, until there is one of another. */
export function clearChat(): void {
  customer = ''
  shown.clear()
  log.replaceChildren()
  showTyping(undefined)
}

/** Shows the chat of a state. */
export function showChat(state: PhoneState): void {
  const isOther = state.customer !== customer
  const isNew = isOther ? showOther(state) : showMessages(state.messages, log)
  byId('empty').hidden = state.messages.length > 0
  const { typingUntil } = state
  showTyping(typingUntil && performance.now() + typingUntil - state.now)
  if (atEnd || isNew) scrollToEnd()
}

/** In a new log: a screen reader reads what is added to a log, but not what a new one holds. */
function showOther(state: PhoneState): true {
  customer = state.customer
  shown.clear()
  const next = log.cloneNode(false) as HTMLElement
  showMessages(state.messages, next)
  log.replaceWith(next)
  log = next
  return true
}

/**
 * Keeps the elements of known messages, so that a screen reader reads each of them once.
 * @returns whether the customer has written
 */
function showMessages(messages: PhoneMessage[], into: HTMLElement): boolean {
  const known = new Map(messages.map((message) => [message.umid.toLowerCase(), message]))
  for (const [umid, { element }] of shown) {
    if (known.has(umid)) continue
    element.remove()
    shown.delete(umid)
  }
  let wrote = false
  for (const [umid, message] of known) {
    const bubble = shown.get(umid)
    if (bubble) bubble.update(message)
    else {
      const made = makeBubble(message, known.get(`${message.quotes}`.toLowerCase()))
      shown.set(umid, made)
      into.append(made.element)
      wrote ||= message.from === 'customer'
    }
  }
  return wrote
}

function scrollToEnd(): void {
  chat.scrollTop = chat.scrollHeight
}

function showTyping(until: number | undefined): void {
  dotsUntil = until
  tick()
}

/** Shows the dots, counts down, and removes them on time. */
function tick(): void {
  window.clearTimeout(ticking)
  const left = dotsUntil === undefined ? 0 : dotsUntil - performance.now()
  const typing = left > 0
  byId('dots').hidden = !typing
  const seconds = Math.ceil(left / 1000)
  setText(byId('countdown'), typing ? `typing… gone in ${seconds} s` : '')
  // Without the seconds: a screen reader would read each of them.
  setText(byId('typing'), typing ? 'The business is typing' : '')
  if (typing) ticking = window.setTimeout(tick, left - (seconds - 1) * 1000)
}
