/** The customers, as tabs: https://www.w3.org/WAI/ARIA/apg/patterns/tabs/ */
import type { PhoneCustomer } from '../state'
import { byId, make, makeButton, setText } from './dom.editor'
import { addressOf, channelOf } from './words.editor'

/** A customer on the screen. */
interface Tab {
  button: HTMLButtonElement
  mark: HTMLElement
}

const list = byId('customers')
const tabs = new Map<string, Tab>()
/** When the business last wrote what the user has seen, by customer, epoch ms. */
const seen = new Map<string, number>()
let select: (id: string) => void

/** Prepares the keys. @param onSelect called when the user selects a customer */
export function prepareCustomers(onSelect: (id: string) => void): void {
  select = onSelect
  list.addEventListener('keydown', (event) => {
    const ids = [...tabs.keys()]
    const at = ids.findIndex((id) => tabs.get(id)?.button === event.target)
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: ids.length - 1 }[event.key]
    const id = to === undefined ? undefined : ids[(to + ids.length) % ids.length]
    if (id === undefined || at < 0) return
    event.preventDefault()
    tabs.get(id)?.button.focus()
    select(id)
  })
}

/** Shows the customers, and whose phone it is. */
export function showCustomers(customers: PhoneCustomer[], selected: string): void {
  if (customers.some(({ id }) => !tabs.has(id)) || customers.length !== tabs.size) {
    tabs.clear()
    list.replaceChildren(...customers.map(makeTab))
  }
  const news = customers.map((customer) => showTab(customer, customer.id === selected))
  setText(byId('elsewhere'), news.filter(Boolean).join(', '))
  const customer = customers.find(({ id }) => id === selected)
  if (!customer) return
  setText(byId('who'), customer.label)
  setText(byId('subtitle'), `${channelOf(customer)} · ${addressOf(customer)}`)
  setText(byId('avatar'), customer.label.charAt(0))
  byId('phone').setAttribute('aria-labelledby', `customer-${selected}`)
  document.title = `${customer.label} – 8x8 sandbox`
}

function makeTab(customer: PhoneCustomer): HTMLElement {
  const { id, label } = customer
  const button = makeButton('', 'customer-tab')
  button.id = `customer-${id}`
  button.setAttribute('role', 'tab')
  button.setAttribute('aria-controls', 'phone')
  const avatar = make('span', 'avatar', label.charAt(0))
  avatar.setAttribute('aria-hidden', 'true')
  const names = make('span', 'names')
  names.append(make('strong', '', label), make('span', 'hint', channelOf(customer)))
  const mark = make('span', 'mark')
  button.append(avatar, names, mark)
  button.addEventListener('click', () => select(id))
  tabs.set(id, { button, mark })
  return button
}

/** @returns the news of a customer who is not selected, in words */
function showTab(customer: PhoneCustomer, isSelected: boolean): string {
  const { id, label, typing, repliedAt = 0 } = customer
  const tab = tabs.get(id)
  if (!tab) return ''
  // What was there when the page was opened counts as seen.
  if (isSelected || !seen.has(id)) seen.set(id, repliedAt)
  const isUnseen = repliedAt > (seen.get(id) ?? 0)
  tab.button.setAttribute('aria-selected', `${isSelected}`)
  tab.button.tabIndex = isSelected ? 0 : -1
  tab.mark.className = `mark ${typing ? 'is-typing' : isUnseen ? 'is-unseen' : ''}`
  const text = typing ? 'typing' : isUnseen ? 'new reply' : ''
  setText(tab.mark, text)
  return isUnseen ? `${label}: new reply` : ''
}
