import type { EditorNode } from '../../lib/editor/dialog.editor'
import type { AccountOptions } from '../options'
import type { ConnectionTestResponse } from './result'

/** The account as the dialog shows it. */
const FIELDS = [
  'region',
  'baseUrl',
  'subAccountId',
  'apiKey',
  'tls',
  'proxy',
  'timeout',
] as const satisfies (keyof AccountOptions | 'apiKey')[]

/** Makes the button ask the runtime for a test and show its result. */
export function prepareConnectionTest(node: EditorNode<AccountOptions>): void {
  const button = $('#eight-account-test')
  const result = $('#eight-account-test-result').hide()
  const form = result.closest('form')
  /** The pending test; another dialog or a changed value cancels it. */
  let running = 0
  const show = (text: string) => {
    result.text(text).toggle(text !== '')
    if (text) result[0]?.scrollIntoView({ block: 'nearest' })
  }
  form.on('input change', 'input, select', () => {
    running++
    button.prop('disabled', false)
    show('')
  })
  button.on('click', () => {
    const test = ++running
    const end = (text: string) => {
      if (test !== running) return
      button.prop('disabled', false)
      show(text)
    }
    button.prop('disabled', true)
    show(node._('test.running'))
    $.ajax({
      url: `8x8-account/${encodeURIComponent(node.id)}/test`,
      method: 'POST',
      contentType: 'application/json',
      data: JSON.stringify(values()),
      timeout: REQUEST_TIMEOUT,
    }).then(
      (answer: ConnectionTestResponse) => end(inWords(node, answer)),
      ({ status }) => end(node._(status === 401 || status === 403 ? 'test.denied' : 'test.failed')),
    )
  })
}

/** ms; a test itself takes 10 s at most. */
const REQUEST_TIMEOUT = 20_000

function values(): Record<string, string> {
  const shown = FIELDS.map((field) => [field, `${$(`#node-config-input-${field}`).val() ?? ''}`])
  // The editor's value for no config node.
  return Object.fromEntries(shown.map(([field, value]) => [field, value === '_ADD_' ? '' : value]))
}

function inWords(node: EditorNode<AccountOptions>, answer: ConnectionTestResponse): string {
  const { result, field, ...values } = answer
  return node._(`test.${result}`, {
    ...values,
    ...(field && { field: node._(`label.${field}`) }),
  })
}
