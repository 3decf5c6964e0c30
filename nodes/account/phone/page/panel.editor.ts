/** What stands next to the phone: who is written to, and what 8x8 does. */
import { FAULTS, type FaultName, type PhoneState } from '../state'
import { currentCustomer, post } from './connection.editor'
import { prepareSelect, setOptions } from './controls.editor'
import { byId, setText } from './dom.editor'
import { showRequests } from './requests.editor'

const FAULT_TEXTS: Record<FaultName, string> = {
  none: 'Works normally',
  unauthorized: 'Refuses the API key (401)',
  'rate-limited': 'Too many requests (429)',
  error: 'Server error (500)',
  slow: 'Answers slowly',
  down: 'Is down: cuts the connection',
  expired: 'Message older than 2 hours (400)',
}

const faultSelect = byId<HTMLSelectElement>('fault')
const inboundSelect = byId<HTMLSelectElement>('inbound')
/** What the server has now. */
let fault: FaultName = 'none'
let inbound = ''

/** Prepares the selects. */
export function preparePanel(): void {
  setOptions(
    faultSelect,
    FAULTS.map((name) => [name, FAULT_TEXTS[name]]),
  )
  prepareSelect(
    faultSelect,
    (value) => post('fault', { customer: currentCustomer(), fault: value }),
    () => fault,
    byId('fault-problem'),
  )
  prepareSelect(
    inboundSelect,
    (value) => post('inbound', { inbound: value }),
    () => inbound,
    byId('inbound-problem'),
  )
}

/** Shows the panel of a state. */
export function showPanel(state: PhoneState): void {
  fault = state.fault
  faultSelect.value = fault
  showInbounds(state)
  showRequests(state)
}

function showInbounds(state: PhoneState): void {
  const { inbounds, subAccountId } = state
  inbound = state.inbound ?? ''
  byId('no-inbound').hidden = inbounds.length > 0
  byId('inbounds').hidden = inbounds.length === 0
  setOptions(
    inboundSelect,
    inbounds.map((one) => {
      const other = one.subAccountId === subAccountId ? '' : ` (${one.subAccountId})`
      return [one.id, one.label + other]
    }),
  )
  inboundSelect.value = inbound
  inboundSelect.hidden = inbounds.length < 2
  const only = inbounds.length === 1 ? (inboundSelect.selectedOptions[0]?.text ?? '') : ''
  setText(byId('only-inbound'), only)
}
