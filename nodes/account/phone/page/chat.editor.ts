import type { PhoneState } from '../state'
import { byId, make, setText, timeOf } from './dom.editor'

type Message = PhoneState['messages'][number]

const SVG = 'http://www.w3.org/2000/svg'
/** One tick, and a second one for a read message. */
const TICKS = ['M1 6l3.500 4L11 1', 'M8 9l1 1 6.500-9']

const CHANNELS = { whatsapp: 'WhatsApp', rcs: 'RCS' }

/** The messages on the screen, by umid. */
const shown = new Map<string, { element: HTMLElement; mark?: HTMLElement }>()

/** px from the end of the chat that still count as its end. */
const NEAR_END = 60

const chat = byId('chat')
/** False while the user is reading further up: then do not scroll. */
let atEnd = true
chat.addEventListener('scroll', () => {
  atEnd = chat.scrollHeight - chat.scrollTop - chat.clientHeight < NEAR_END
})
// A turned phone, or its keyboard, must not hide the newest message.
new ResizeObserver(() => atEnd && scrollToEnd()).observe(chat)

/** In performance.now(), which does not follow the clock; undefined without dots. */
let dotsUntil: number | undefined
let ticking: number | undefined

/** Shows the chat of a state. */
export function showChat(state: PhoneState): void {
  const name = state.customerName || state.msisdn
  const title = state.customerName ? `${name}’s phone` : `Phone ${name}`
  setText(byId('who'), title)
  setText(
    byId('subtitle'),
    [CHANNELS[state.channel], state.customerName && state.msisdn].filter(Boolean).join(' · '),
  )
  setText(byId('avatar'), state.customerName.trim().charAt(0).toUpperCase() || '+')
  document.title = `${title} – 8x8 sandbox`

  const isNew = showMessages(state.messages)
  const { typingUntil } = state
  dotsUntil = typingUntil ? performance.now() + typingUntil - state.now : undefined
  tick()
  if (atEnd || isNew) scrollToEnd()
}

function scrollToEnd(): void {
  chat.scrollTop = chat.scrollHeight
}

/** Keeps the elements of known messages, so that a screen reader reads each of them once. */
function showMessages(messages: Message[]): boolean {
  const log = byId('log')
  const known = new Set(messages.map(({ umid }) => umid))
  for (const [umid, { element }] of shown) {
    if (known.has(umid)) continue
    element.remove()
    shown.delete(umid)
  }
  let mine = false
  for (const message of messages) {
    let one = shown.get(message.umid)
    if (!one) {
      one = makeMessage(message)
      shown.set(message.umid, one)
      log.append(one.element)
      mine ||= message.from === 'customer'
    }
    const isRead = message.readAt !== undefined
    one.element.classList.toggle('is-read', isRead)
    if (one.mark) setText(one.mark, isRead ? 'Read' : 'Sent')
  }
  byId('empty').hidden = messages.length > 0
  return mine
}

function makeMessage({ from, text, at }: Message): { element: HTMLElement; mark?: HTMLElement } {
  const element = make('div', `message ${from}`)
  const foot = make('footer')
  foot.append(timeOf(at))
  const speaker = make('span', 'unseen', from === 'customer' ? 'Customer: ' : 'Business: ')
  element.append(speaker, make('p', '', text), foot)
  if (from === 'brand') return { element }
  const mark = make('span', 'unseen')
  foot.append(mark, makeTicks())
  return { element, mark }
}

function makeTicks(): SVGElement {
  const ticks = document.createElementNS(SVG, 'svg') as SVGElement
  ticks.setAttribute('class', 'ticks')
  ticks.setAttribute('viewBox', '0 0 17 11')
  ticks.setAttribute('aria-hidden', 'true')
  for (const d of TICKS) {
    const path = document.createElementNS(SVG, 'path')
    path.setAttribute('d', d)
    ticks.append(path)
  }
  return ticks
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
