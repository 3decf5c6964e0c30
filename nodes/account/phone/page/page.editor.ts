/** The page of a phone: shows each state that the server sends, and sends what is typed. */
import type { PhoneState } from '../state'
import { clearChat, prepareChat, showChat } from './chat.editor'
import { prepareClear } from './clear.editor'
import { prepareCompose, showWritable, swapDraft } from './compose.editor'
import { currentCustomer, follow, openConnection } from './connection.editor'
import { setConnected } from './controls.editor'
import { prepareCustomers, showCustomers } from './customers.editor'
import { byId, setText } from './dom.editor'
import { preparePanel, showPanel } from './panel.editor'

/** Failed attempts to connect after which the page says what may be wrong; our choice. */
const MANY_FAILURES = 3

let state: PhoneState | undefined
let failures = 0

prepareChat()
prepareClear()
prepareCompose()
prepareCustomers(select)
preparePanel()
setConnected(false)
window.addEventListener('hashchange', () => select(idInUrl()))
openConnection(idInUrl(), { onState, onConnected })

function onState(now: PhoneState): void {
  if (state?.customer !== now.customer) setUrl(now.customer)
  state = now
  setText(byId('account'), [now.account, now.subAccountId].filter(Boolean).join(' · '))
  showCustomers(now.customers, now.customer)
  showChat(now)
  showPanel(now)
}

function onConnected(connected: boolean): void {
  failures = connected ? 0 : failures + 1
  setConnected(connected)
  showWritable()
  const status = byId('connection')
  setText(status, connected ? 'connected' : 'reconnecting…')
  status.classList.toggle('lost', !connected)
  byId('not-served').hidden = failures < MANY_FAILURES
}

/** Shows another customer: blank, until the server has sent the state. */
function select(id: string): void {
  const before = currentCustomer()
  if (!state?.customers.some((customer) => customer.id === id) || id === before) return
  setUrl(id)
  swapDraft(before, id)
  follow(id)
  clearChat()
  showCustomers(state.customers, id)
  showPanel({ ...state, customer: id, messages: [], requests: [], fault: 'none' })
}

/** The customer whom a reload shows again. */
function setUrl(id: string): void {
  if (id !== idInUrl()) history.replaceState(null, '', `#${id}`)
}

function idInUrl(): string {
  return location.hash.slice(1)
}
