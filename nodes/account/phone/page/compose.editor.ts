/** What the customer writes and presses. */
import { MAX_TEXT, type PhoneChoice } from '../state'
import { currentCustomer, post } from './connection.editor'
import { isConnected, markAsWriting } from './controls.editor'
import { byId, setText } from './dom.editor'

const text = byId<HTMLInputElement>('text')

/** What is typed and not sent, by customer. */
const drafts = new Map<string, string>()
let sending = false

/** Prepares the form. */
export function prepareCompose(): void {
  text.maxLength = MAX_TEXT
  markAsWriting(byId('send'))
  byId('compose').addEventListener('submit', (event) => {
    event.preventDefault()
    void sendText()
  })
}

/** Shows whether the text can be changed. It is read-only meanwhile: disabled, it loses the focus. */
export function showWritable(): void {
  if (isConnected()) text.disabled = false
  text.readOnly = !isConnected() || sending
  text.setAttribute('aria-disabled', `${text.readOnly}`)
}

/** Keeps what is typed for one customer, and shows what was typed for another. */
export function swapDraft(from: string, to: string): void {
  drafts.set(from, text.value)
  text.value = drafts.get(to) ?? ''
  setText(byId('problem'), '')
}

/** The customer presses something. */
export async function press(choice: PhoneChoice): Promise<void> {
  await send({ choice })
}

/** Keeps the typed text, read-only, until the server has accepted it. */
async function sendText(): Promise<void> {
  const written = text.value
  if (!isConnected() || sending || !written.trim()) return
  const customer = currentCustomer()
  sending = true
  showWritable()
  const taken = await send({ text: written })
  if (taken && customer === currentCustomer()) text.value = ''
  else if (taken) drafts.delete(customer)
  sending = false
  showWritable()
}

/** @returns whether the server has taken it */
async function send(message: { text: string } | { choice: PhoneChoice }): Promise<boolean> {
  const problem = await post('messages', { customer: currentCustomer(), ...message })
  setText(byId('problem'), problem && `The message was not taken: ${problem}`)
  return !problem
}
