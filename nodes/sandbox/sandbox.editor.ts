import { CHANNELS, MSISDN, SUB_ACCOUNT_ID } from '../lib/api'
import { cleanText } from '../lib/clean'
import {
  cleanFields,
  type EditorNode,
  fillIn,
  isOpen,
  keepReference,
  type Validator,
  type Verdict,
} from '../lib/editor/dialog.editor'
import { text, validator } from '../lib/editor/validate.editor'
import { isHeaderValue, isWebUrl } from '../lib/rules'
import { CUSTOMER_NAME_LENGTH, SANDBOX_DEFAULTS, type SandboxNodeOptions } from './options'

type SandboxNode = EditorNode<SandboxNodeOptions>

const isChannel = (text: string) => CHANNELS.some((known) => known === text)

/** The fields of the webhook count only where there is one. */
function ofWebhook(field: string, rule: (text: string) => boolean): Validator<SandboxNodeOptions> {
  const validate = text<SandboxNodeOptions>(field, rule)
  return validator((node, value = '') => {
    const shown = isOpen(node) && $('#node-input-deliverTo').val()
    const deliverTo = `${shown || (node.deliverTo ?? SANDBOX_DEFAULTS.deliverTo)}`
    return deliverTo === 'output' || validate.call(node, value, {})
  })
}

const validateAuthorization = ofWebhook('webhookAuthorization', isHeaderValue)
const validateUrl = ofWebhook('webhookUrl', isWebUrl)

/**
 * Also validates the Authorization: the editor skips credentials when it validates a node. Not while
 * the dialog is open, where its own field does so.
 */
function checkWebhook(node: SandboxNode, url = ''): Verdict {
  const verdict = validateUrl.call(node, url, {})
  const authorization = node.credentials?.webhookAuthorization
  if (verdict !== true || authorization === undefined || isOpen(node)) return verdict
  return validateAuthorization.call(node, `${authorization}`, {})
}

/** Shows the rows that the kind of delivery uses. */
function showDeliverTo(): void {
  $('.eight-sandbox-webhook').toggle($('#node-input-deliverTo').val() !== 'output')
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
      validate: text('channel', isChannel, SANDBOX_DEFAULTS.channel),
    },
    subAccountId: {
      value: SANDBOX_DEFAULTS.subAccountId,
      validate: text(
        'subAccountId',
        (id) => SUB_ACCOUNT_ID.test(id),
        SANDBOX_DEFAULTS.subAccountId,
      ),
    },
    customerName: {
      value: SANDBOX_DEFAULTS.customerName,
      validate: text('customerName', (name) => name.length <= CUSTOMER_NAME_LENGTH),
    },
    msisdn: {
      value: SANDBOX_DEFAULTS.msisdn,
      validate: text('msisdn', (number) => number === '' || MSISDN.test(number)),
    },
    deliverTo: {
      value: SANDBOX_DEFAULTS.deliverTo,
      validate: text(
        'deliverTo',
        (to) => to === 'output' || to === 'webhook',
        SANDBOX_DEFAULTS.deliverTo,
      ),
    },
    webhookUrl: { value: SANDBOX_DEFAULTS.webhookUrl, validate: validator(checkWebhook) },
  },
  credentials: {
    webhookAuthorization: { type: 'password', validate: validateAuthorization },
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
    keepReference($('#node-input-channel'), this.channel)
    keepReference($('#node-input-deliverTo'), this.deliverTo)
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
