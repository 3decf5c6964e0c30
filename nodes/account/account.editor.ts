import { API_KEY, BASE_URLS, isBaseUrl, REGIONS, SUB_ACCOUNT_ID } from '../lib/api'
import { cleanApiKey, cleanText } from '../lib/clean'
import {
  cleanFields,
  type EditorNode,
  fillIn,
  keepReference,
  type Verdict,
} from '../lib/editor/dialog.editor'
import { hasPhone, openPhone } from '../lib/editor/phone.editor'
import { prepareSections } from '../lib/editor/sections.editor'
import { number, text, validator } from '../lib/editor/validate.editor'
import { isHeaderValue, isReference } from '../lib/rules'
import { prepareConnectionTest } from './connection-test/dialog.editor'
import { ACCOUNT_DEFAULTS, type AccountOptions } from './options'
import { prepareWebhookAuthorization } from './webhook-authorization.editor'

type AccountEditorNode = EditorNode<AccountOptions>

/** The account in the dialog while that is open. */
let edited: AccountEditorNode | undefined

/** The region in the form while it is open, else the stored one. */
function regionOf(node: AccountEditorNode): string {
  const stored = node.region ?? ACCOUNT_DEFAULTS.region
  return edited === node ? `${$('#node-config-input-region').val() ?? stored}` : stored
}

/**
 * Also validates the credentials, which the editor skips when it validates a node; but not while
 * the dialog is open, where their own fields do so.
 */
function checkRegion(node: AccountEditorNode, region: string = ACCOUNT_DEFAULTS.region): Verdict {
  if (isReference(region)) return true
  if (!REGIONS.some((known) => known === region)) return node._('check.region')
  const { credentials } = node
  if (!credentials || edited === node) return true
  const { apiKey = '', has_apiKey: isStored, webhookAuthorization = '' } = credentials
  const verdict = (!apiKey && isStored === true) || checkApiKey(node, `${apiKey}`)
  if (verdict !== true) return verdict
  return validateAuthorization.call(node, `${webhookAuthorization}`, {})
}

/** @param value a stored key is shown as `__PWRD__`: the editor never gets it back */
function checkApiKey(node: AccountEditorNode, value = ''): Verdict {
  const key = cleanApiKey(value)
  if (regionOf(node) === 'sandbox' || isReference(key)) return true
  if (!key) return node._('check.apiKey')
  return API_KEY.test(key) || node._('check.apiKeyCharacters')
}

function checkBaseUrl(node: AccountEditorNode, value = ''): Verdict {
  return regionOf(node) !== 'custom' || validateBaseUrl.call(node, value, {})
}

const validateBaseUrl = text<AccountOptions>('baseUrl', isBaseUrl)
const validateAuthorization = text<AccountOptions>('webhookAuthorization', isHeaderValue)

/** Whether what is deployed has the phone that the dialog offers; a new account has another region. */
function isDeployed(node: AccountEditorNode): boolean {
  return regionOf(node) === node.region && !node.changed
}

/** Shows the rows that the region uses. */
function showRegion(): void {
  const region = `${$('#node-config-input-region').val()}`
  const baseUrl = region in BASE_URLS && BASE_URLS[region as keyof typeof BASE_URLS]
  $('#eight-account-region-url')
    .text(baseUrl || '')
    .toggle(Boolean(baseUrl))
  $('#eight-account-sandbox').toggle(region === 'sandbox')
  $('#eight-account-phone').toggle(hasPhone(region))
  $('#eight-account-base-url').toggle(region === 'custom' || isReference(region))
  $('.eight-account-remote').toggle(region !== 'sandbox')
}

RED.nodes.registerType<AccountOptions>('8x8-account', {
  category: 'config',
  color: '#7CC7B9',
  icon: 'account.svg',
  defaults: {
    name: { value: ACCOUNT_DEFAULTS.name },
    subAccountId: {
      value: ACCOUNT_DEFAULTS.subAccountId,
      validate: text('subAccountId', (id) => SUB_ACCOUNT_ID.test(id)),
    },
    region: { value: ACCOUNT_DEFAULTS.region, validate: validator(checkRegion) },
    baseUrl: { value: ACCOUNT_DEFAULTS.baseUrl, validate: validator(checkBaseUrl) },
    tls: { value: ACCOUNT_DEFAULTS.tls, type: 'tls-config', required: false },
    proxy: { value: ACCOUNT_DEFAULTS.proxy, type: 'http proxy', required: false },
    timeout: { value: ACCOUNT_DEFAULTS.timeout, validate: number('timeout') },
    deadline: { value: ACCOUNT_DEFAULTS.deadline, validate: number('deadline') },
    maxInFlight: { value: ACCOUNT_DEFAULTS.maxInFlight, validate: number('maxInFlight') },
    maxWaiting: { value: ACCOUNT_DEFAULTS.maxWaiting, validate: number('maxWaiting') },
  },
  credentials: {
    apiKey: { type: 'password', validate: validator(checkApiKey) },
    webhookAuthorization: {
      type: 'password',
      validate: validateAuthorization,
    },
  },
  paletteLabel() {
    return this._('type')
  },
  label() {
    return this.name || this.subAccountId || this._('type')
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : ''
  },
  oneditprepare() {
    edited = this
    fillIn<AccountOptions>(this, ACCOUNT_DEFAULTS, 'node-config-input')
    const region = $('#node-config-input-region')
    keepReference(region, this.region)
    region.on('change', showRegion)
    showRegion()
    $('#eight-account-open').on('click', () => openPhone(this, isDeployed(this)))
    prepareWebhookAuthorization()
    prepareSections<AccountOptions>(this, ACCOUNT_DEFAULTS, 'node-config-input')
    prepareConnectionTest(this)
  },
  oneditsave() {
    cleanFields('node-config-input', {
      subAccountId: cleanText,
      baseUrl: cleanText,
      apiKey: cleanApiKey,
      webhookAuthorization: cleanText,
    })
    edited = undefined
  },
  oneditcancel() {
    edited = undefined
  },
  oneditdelete() {
    edited = undefined
  },
})
