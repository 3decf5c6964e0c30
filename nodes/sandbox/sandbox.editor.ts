import { CHANNELS, MSISDN, SUB_ACCOUNT_ID } from '../lib/api'
import { cleanText } from '../lib/clean'
import {
  cleanFields,
  type EditorNode,
  fillIn,
  isOpen,
  isReference,
  type Verdict,
} from '../lib/editor/dialog.editor'
import { CUSTOMER_NAME_LENGTH, SANDBOX_DEFAULTS, type SandboxNodeOptions } from './options'

type SandboxNode = EditorNode<SandboxNodeOptions>

type Field = keyof typeof FINE

/** What a text in each field must be like. */
const FINE = {
  channel: (value: string) => CHANNELS.some((known) => known === value),
  subAccountId: (value: string) => SUB_ACCOUNT_ID.test(value),
  customerName: (value: string) => value.length <= CUSTOMER_NAME_LENGTH,
  msisdn: (value: string) => value === '' || MSISDN.test(value),
  deliverTo: (value: string) => value === 'output' || value === 'webhook',
  webhookUrl: isWebUrl,
  /** What HTTP can carry. */
  webhookAuthorization: (value: string) => /^[\x20-\x7e]*$/.test(value),
}

/** @param value undefined in a flow that leaves it to the default */
function check(node: SandboxNode, field: Field, value: string | undefined): Verdict {
  if (value === undefined && field !== 'webhookUrl') return true
  const text = cleanText(value ?? '')
  return isReference(text) || FINE[field](text) || node._(`check.${field}`)
}

/** The fields of the webhook count only where there is one. */
function checkWebhook(node: SandboxNode, field: Field, value: string | undefined): Verdict {
  const shown = isOpen(node) && $('#node-input-deliverTo').val()
  const deliverTo = `${shown || (node.deliverTo ?? SANDBOX_DEFAULTS.deliverTo)}`
  return deliverTo === 'output' || check(node, field, value)
}

/**
 * Also judges the Authorization: the editor leaves credentials out when it validates a node.
 * Not while the dialog is open, where its own field says so.
 */
function checkWebhookUrl(node: SandboxNode, url: string | undefined): Verdict {
  const verdict = checkWebhook(node, 'webhookUrl', url)
  const authorization = node.credentials?.webhookAuthorization
  if (verdict !== true || authorization === undefined || isOpen(node)) return verdict
  return checkWebhook(node, 'webhookAuthorization', `${authorization}`)
}

function isWebUrl(value: string): boolean {
  try {
    return /^https?:$/.test(new URL(value).protocol)
  } catch {
    return false
  }
}

/** Shows the rows that the way of delivery has a use for. */
function showDeliverTo(): void {
  $('.eight-sandbox-webhook').toggle($('#node-input-deliverTo').val() !== 'output')
}

/** Lets a select show a reference to an environment variable, which a flow may hold. */
function keepReference(field: 'channel' | 'deliverTo', value: string | undefined): void {
  if (!value || !isReference(value)) return
  $(`#node-input-${field}`).append(new Option(value, value, true, true))
}

/**
 * Opens the phone page of a deployed node, or says why not. The page of one that was changed since
 * would show something else than the dialog.
 */
function openPhone(node: SandboxNode): void {
  const root = RED.settings.httpNodeRoot
  const problem = root === false ? 'noRoot' : node.changed ? 'deployFirst' : undefined
  $('#eight-sandbox-tip')
    .text(problem ? node._(`open.${problem}`) : '')
    .toggle(problem !== undefined)
  if (problem) return
  const base = `${root ?? '/'}`.replace(/\/*$/, '/')
  window.open(`${base}8x8-sandbox/${encodeURIComponent(node.id)}/`, '_blank', 'noopener')
}

RED.nodes.registerType<SandboxNodeOptions>('8x8-sandbox', {
  category: '8x8',
  color: '#7CC7B9',
  icon: 'sandbox.svg',
  inputs: 1,
  outputs: 1,
  defaults: {
    name: { value: SANDBOX_DEFAULTS.name },
    channel: {
      value: SANDBOX_DEFAULTS.channel,
      validate(value, _options) {
        return check(this, 'channel', value)
      },
    },
    subAccountId: {
      value: SANDBOX_DEFAULTS.subAccountId,
      validate(value, _options) {
        return check(this, 'subAccountId', value)
      },
    },
    customerName: {
      value: SANDBOX_DEFAULTS.customerName,
      validate(value, _options) {
        return check(this, 'customerName', value)
      },
    },
    msisdn: {
      value: SANDBOX_DEFAULTS.msisdn,
      validate(value, _options) {
        return check(this, 'msisdn', value)
      },
    },
    deliverTo: {
      value: SANDBOX_DEFAULTS.deliverTo,
      validate(value, _options) {
        return check(this, 'deliverTo', value)
      },
    },
    webhookUrl: {
      value: SANDBOX_DEFAULTS.webhookUrl,
      validate(value, _options) {
        return checkWebhookUrl(this, value)
      },
    },
  },
  credentials: {
    webhookAuthorization: {
      type: 'password',
      validate(value, _options) {
        return checkWebhook(this, 'webhookAuthorization', value)
      },
    },
  },
  paletteLabel() {
    return this._('type')
  },
  label() {
    if (this.name) return this.name
    const { customerName } = this
    return customerName ? this._('node.phone', { name: customerName }) : this._('node.sandbox')
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : ''
  },
  outputLabels() {
    return this._('output.message')
  },
  oneditprepare() {
    fillIn<SandboxNodeOptions>(this, SANDBOX_DEFAULTS, 'node-input')
    keepReference('channel', this.channel)
    keepReference('deliverTo', this.deliverTo)
    $('#node-input-deliverTo').on('change', showDeliverTo)
    showDeliverTo()
    $('#eight-sandbox-tip').hide()
    $('#eight-sandbox-open').on('click', () => openPhone(this))
  },
  oneditsave() {
    cleanFields('node-input', {
      subAccountId: cleanText,
      customerName: cleanText,
      msisdn: cleanText,
      webhookUrl: cleanText,
      webhookAuthorization: cleanText,
    })
  },
})
