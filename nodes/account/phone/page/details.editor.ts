/** What is known of a message beyond what a real phone shows, and what can be done with it. */
import type { PhoneMessage } from '../state'
import { post, readWebhook } from './connection.editor'
import { makeWriteButton } from './controls.editor'
import { make, makeButton, makeJson, setText } from './dom.editor'
import { deliveryText, statusText } from './words.editor'

/** @returns the button that opens them, and the details */
export function makeDetails({ umid, from }: PhoneMessage) {
  const element = make('div', 'details')
  const [status, outcome, note] = [make('p'), make('p'), make('p')]
  outcome.setAttribute('role', 'status')
  note.setAttribute('role', 'status')
  const event = from === 'customer' ? 'webhook' : 'receipt'
  const again = makeWriteButton('Deliver again', 'small', async () => {
    const problem = await post('deliver', { umid })
    setText(note, problem && `Not delivered: ${problem}`)
  })
  const copy = makeWriteButton(`Copy ${event}`, 'small', () => copyWebhook(umid, element, note))
  const actions = make('div', 'actions')
  actions.append(again, copy)
  element.append(status, outcome, make('code', '', umid), actions, note)
  const toggle = makeToggle(element)
  return {
    toggle,
    element,
    /** Shows the newest status and delivery. */
    update(message: PhoneMessage): void {
      const hasEvent = from === 'customer' || !['queued', undefined].includes(message.status)
      setText(status, from === 'business' ? statusText(message.status) : '')
      setText(
        outcome,
        message.delivery
          ? `${timeText(message.delivery.at)} ${deliveryText(message.delivery)}`
          : '',
      )
      actions.hidden = !hasEvent
    },
  }
}

/** A button, and not `details`, because it stands next to the time. */
function makeToggle(element: HTMLElement): HTMLButtonElement {
  const toggle = makeButton('', 'more')
  toggle.append(make('span', 'unseen', 'Details of this message'), '⋯')
  const show = (open: boolean) => {
    element.hidden = !open
    toggle.setAttribute('aria-expanded', `${open}`)
  }
  show(false)
  toggle.addEventListener('click', () => {
    show(Boolean(element.hidden))
    element.scrollIntoView({ block: 'nearest' })
  })
  return toggle
}

/** Shows the JSON where the browser has no clipboard for the page: it has one only with HTTPS. */
async function copyWebhook(umid: string, element: HTMLElement, note: HTMLElement): Promise<void> {
  element.querySelector('.webhook')?.remove()
  const { problem, json } = await readWebhook(umid)
  if (problem) return setText(note, `Not copied: ${problem}`)
  const text = `${makeJson(json).textContent}`
  try {
    await navigator.clipboard.writeText(text)
    setText(note, 'Copied.')
  } catch {
    const area = make('textarea', 'webhook', text)
    area.readOnly = true
    area.rows = 10
    area.setAttribute('aria-label', 'Webhook as JSON')
    element.append(area)
    setText(note, 'This browser does not let the page copy. Copy the text below:')
    area.focus()
    area.select()
  }
}

function timeText(at: number): string {
  return new Date(at).toLocaleTimeString()
}
