import { API_KEY, BASE_URLS, isBaseUrl, REGIONS, SUB_ACCOUNT_ID } from '../lib/api'
import { cleanApiKey, cleanText } from '../lib/clean'
import {
  cleanFields,
  type EditorNode,
  fillIn,
  isReference,
  toNumber,
  type Verdict,
} from '../lib/editor/dialog.editor'
import { prepareConnectionTest } from './connection-test/dialog.editor'
import { ACCOUNT_DEFAULTS, type AccountOptions, COUNTS } from './options'

type AccountNode = EditorNode<AccountOptions>

/** The account in the dialog, from its opening to OK or Cancel. */
let edited: AccountNode | undefined

/** What the form shows while it is open, else what is stored. */
function regionOf(node: AccountNode): string {
  const stored = node.region ?? ACCOUNT_DEFAULTS.region
  return edited === node ? `${$('#node-config-input-region').val() ?? stored}` : stored
}

/**
 * Also judges the key: the editor leaves credentials out when it validates a node.
 * Not while the dialog is open, where the field of the key says so itself.
 */
function checkRegion(node: AccountNode, region: string = ACCOUNT_DEFAULTS.region): Verdict {
  if (isReference(region)) return true
  if (!REGIONS.some((known) => known === region)) return node._('check.region')
  const { credentials } = node
  if (!credentials || edited === node) return true
  const { apiKey = '', has_apiKey: isStored } = credentials
  return (!apiKey && isStored === true) || checkApiKey(node, `${apiKey}`)
}

/** @param value a stored key is shown as `__PWRD__`: the editor never gets it back */
function checkApiKey(node: AccountNode, value: string): Verdict {
  const key = cleanApiKey(value)
  if (regionOf(node) === 'sandbox' || isReference(key)) return true
  if (!key) return node._('check.apiKey')
  return API_KEY.test(key) || node._('check.apiKeyCharacters')
}

function checkBaseUrl(node: AccountNode, value = ''): Verdict {
  const url = cleanText(value)
  if (regionOf(node) !== 'custom' || isReference(url)) return true
  return isBaseUrl(url) || node._('check.baseUrl')
}

function checkSubAccountId(node: AccountNode, value = ''): Verdict {
  const id = cleanText(value)
  return isReference(id) || SUB_ACCOUNT_ID.test(id) || node._('check.subAccountId')
}

/** @param value blank is the default */
function checkSeconds(node: AccountNode, field: 'timeout' | 'deadline', value = ''): Verdict {
  if (value === '' || isReference(value)) return true
  const number = toNumber(value)
  return (number > 0 && number <= 86_400) || node._(`check.${field}`)
}

/** A whole number; blank is the default. */
function checkCount(
  node: AccountNode,
  field: 'maxInFlight' | 'maxWaiting',
  value: string | undefined = '',
): Verdict {
  if (value === '' || isReference(value)) return true
  const number = toNumber(value)
  const [least, most] = COUNTS[field]
  const fine = Number.isInteger(number) && number >= least && number <= most
  return fine || node._(`check.${field}`)
}

/** Shows the rows that the region has a use for. */
function showRegion(): void {
  const region = `${$('#node-config-input-region').val()}`
  const baseUrl = region in BASE_URLS && BASE_URLS[region as keyof typeof BASE_URLS]
  $('#eight-account-region-url')
    .text(baseUrl || '')
    .toggle(Boolean(baseUrl))
  $('#eight-account-sandbox').toggle(region === 'sandbox')
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
      validate(value, _options) {
        return checkSubAccountId(this, value)
      },
    },
    region: {
      value: ACCOUNT_DEFAULTS.region,
      validate(value, _options) {
        return checkRegion(this, value)
      },
    },
    baseUrl: {
      value: ACCOUNT_DEFAULTS.baseUrl,
      validate(value, _options) {
        return checkBaseUrl(this, value)
      },
    },
    tls: { value: ACCOUNT_DEFAULTS.tls, type: 'tls-config', required: false },
    proxy: { value: ACCOUNT_DEFAULTS.proxy, type: 'http proxy', required: false },
    timeout: {
      value: ACCOUNT_DEFAULTS.timeout,
      validate(value, _options) {
        return checkSeconds(this, 'timeout', value)
      },
    },
    deadline: {
      value: ACCOUNT_DEFAULTS.deadline,
      validate(value, _options) {
        return checkSeconds(this, 'deadline', value)
      },
    },
    maxInFlight: {
      value: ACCOUNT_DEFAULTS.maxInFlight,
      validate(value, _options) {
        return checkCount(this, 'maxInFlight', value)
      },
    },
    maxWaiting: {
      value: ACCOUNT_DEFAULTS.maxWaiting,
      validate(value, _options) {
        return checkCount(this, 'maxWaiting', value)
      },
    },
  },
  credentials: {
    apiKey: {
      type: 'password',
      validate(value, _options) {
        return checkApiKey(this, value)
      },
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
    if (this.region && isReference(this.region)) {
      region.append(new Option(this.region, this.region, true, true))
    }
    region.on('change', showRegion)
    showRegion()
    prepareConnectionTest(this)
  },
  oneditsave() {
    cleanFields('node-config-input', {
      subAccountId: cleanText,
      baseUrl: cleanText,
      apiKey: cleanApiKey,
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
