import type { EditorWidgetTypedInputOptions } from 'node-red'
import { CHANNELS, type Channel, MAX_MESSAGE_AGE, SUB_ACCOUNT_ID, UMID } from '../lib/api'
import { cleanChannel, cleanText, cleanUmid } from '../lib/clean'
import {
  cleanFields,
  type EditorNode,
  fillIn,
  isOpen,
  isReference,
  toNumber,
  type Verdict,
} from '../lib/editor/dialog.editor'
import { TYPING_INDICATOR_DEFAULTS, type TypingIndicatorOptions } from './options'

type TypingIndicatorNode = EditorNode<TypingIndicatorOptions>

/** The typed inputs, and what a fixed text in each must look like. */
const FIXED = {
  umid: UMID,
  channel: new RegExp(`^(${CHANNELS.join('|')})$`),
  subAccountId: SUB_ACCOUNT_ID,
  receivedAt: /^(\d{12,14}|\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))$/,
  conversation: /^.{1,200}$/s,
}

/** What is taken off around a fixed text in each. */
const CLEAN = {
  umid: cleanUmid,
  channel: cleanChannel,
  subAccountId: cleanText,
  receivedAt: cleanText,
  conversation: cleanText,
}

/** s: the longest that 8x8 takes indicators for a message. */
const LONGEST = MAX_MESSAGE_AGE / 1000

type Field = keyof typeof FIXED

type EditorTypes = EditorWidgetTypedInputOptions['types']

/** @param value undefined in a flow that leaves it to the default */
function check(node: TypingIndicatorNode, field: Field, value: string | undefined): Verdict {
  if (value === undefined) return true
  const text = cleanText(value)
  if (text === '') return isOptional(field) || node._(`check.${field}Missing`)
  const type = typeOf(node, field)
  if (type !== 'str') {
    return RED.utils.validateTypedProperty(text, type, { label: node._(`label.${field}`) })
  }
  return isReference(text) || FIXED[field].test(CLEAN[field](text)) || node._(`check.${field}`)
}

function isOptional(field: Field): boolean {
  return field !== 'umid' && field !== 'channel'
}

/**
 * A number of seconds; blank is the default.
 * @param fromZero whether 0 is fine
 */
function checkSeconds(
  node: TypingIndicatorNode,
  field: 'initialDelay' | 'renewEvery' | 'maxDuration',
  value: string | undefined = '',
  fromZero = false,
): Verdict {
  if (value === '' || isReference(value)) return true
  const number = toNumber(value)
  const fine = (fromZero ? number >= 0 : number > 0) && number <= LONGEST
  return fine || node._(`check.${field}`)
}

/** Shows the rows that the action has a use for. */
function showAction(): void {
  const action = `${$('#node-input-action').val()}`
  for (const each of ['send', 'start', 'stop']) {
    $(`.eight-typing-row-not-${each}`).show()
  }
  if (action !== 'msg') $(`.eight-typing-row-not-${action}`).hide()
}

/** What the form shows while it is open, else what is stored. */
function typeOf(node: TypingIndicatorNode, field: Field): string {
  const shown = isOpen(node) && $(`#node-input-${field}Type`).val()
  return `${shown || (node[`${field}Type`] ?? TYPING_INDICATOR_DEFAULTS[`${field}Type`])}`
}

RED.nodes.registerType<TypingIndicatorOptions>('8x8-typing-indicator', {
  category: '8x8',
  color: '#7CC7B9',
  icon: 'typing-indicator.svg',
  inputs: 1,
  outputs: 2,
  defaults: {
    name: { value: TYPING_INDICATOR_DEFAULTS.name },
    account: {
      value: TYPING_INDICATOR_DEFAULTS.account,
      type: '8x8-account',
      required: true,
      label: RED._('@nr-8x8/node-red-typing-indicator/typing-indicator:label.account'),
    },
    action: { value: TYPING_INDICATOR_DEFAULTS.action },
    umid: {
      value: TYPING_INDICATOR_DEFAULTS.umid,
      validate(value, _options) {
        return check(this, 'umid', value)
      },
    },
    umidType: { value: TYPING_INDICATOR_DEFAULTS.umidType },
    channel: {
      value: TYPING_INDICATOR_DEFAULTS.channel,
      validate(value, _options) {
        return check(this, 'channel', value)
      },
    },
    channelType: { value: TYPING_INDICATOR_DEFAULTS.channelType },
    subAccountId: {
      value: TYPING_INDICATOR_DEFAULTS.subAccountId,
      validate(value, _options) {
        return check(this, 'subAccountId', value)
      },
    },
    subAccountIdType: { value: TYPING_INDICATOR_DEFAULTS.subAccountIdType },
    receivedAt: {
      value: TYPING_INDICATOR_DEFAULTS.receivedAt,
      validate(value, _options) {
        return check(this, 'receivedAt', value)
      },
    },
    receivedAtType: { value: TYPING_INDICATOR_DEFAULTS.receivedAtType },
    conversation: {
      value: TYPING_INDICATOR_DEFAULTS.conversation,
      validate(value, _options) {
        return check(this, 'conversation', value)
      },
    },
    conversationType: { value: TYPING_INDICATOR_DEFAULTS.conversationType },
    unsupported: { value: TYPING_INDICATOR_DEFAULTS.unsupported },
    initialDelay: {
      value: TYPING_INDICATOR_DEFAULTS.initialDelay,
      validate(value, _options) {
        return checkSeconds(this, 'initialDelay', value, true)
      },
    },
    renewEvery: {
      value: TYPING_INDICATOR_DEFAULTS.renewEvery,
      validate(value, _options) {
        return checkSeconds(this, 'renewEvery', value)
      },
    },
    maxDuration: {
      value: TYPING_INDICATOR_DEFAULTS.maxDuration,
      validate(value, _options) {
        return checkSeconds(this, 'maxDuration', value)
      },
    },
  },
  paletteLabel() {
    return this._('type')
  },
  label() {
    if (this.name) return this.name
    if (this.action === 'start' || this.action === 'stop') return this._(`node.${this.action}`)
    const channel = cleanChannel(this.channel ?? '')
    const fixed = this.channelType === 'str' && FIXED.channel.test(channel)
    return fixed
      ? this._('node.channel', { channel: this._(`channel.${channel}`) })
      : this._('node.any')
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : ''
  },
  outputLabels(index) {
    return this._(index === 0 ? 'output.success' : 'output.error')
  },
  oneditprepare() {
    fillIn<TypingIndicatorOptions>(this, TYPING_INDICATOR_DEFAULTS, 'node-input')
    const typedInput = (field: Field, types: EditorTypes) =>
      $(`#node-input-${field}`).typedInput({ types, typeField: `#node-input-${field}Type` })
    const channels = CHANNELS.map((value) => ({ value, label: this._(`channel.${value}`) }))
    if (this.channelType === 'str') {
      const known = FIXED.channel.test(cleanChannel(this.channel ?? ''))
      if (known) cleanFields('node-input', { channel: cleanChannel })
      // A choice that the list does not have would become another one by opening the dialog.
      else channels.push({ value: this.channel as Channel, label: this.channel })
    }
    typedInput('umid', ['msg', 'flow', 'global', 'str', 'env', 'jsonata'])
    typedInput('channel', [
      { value: 'str', label: this._('channel.fixed'), options: channels },
      'msg',
      'flow',
      'global',
      'env',
      'jsonata',
    ])
    typedInput('subAccountId', ['str', 'msg', 'flow', 'global', 'env', 'jsonata'])
    typedInput('receivedAt', ['msg', 'flow', 'global', 'str', 'env', 'jsonata'])
    typedInput('conversation', ['msg', 'flow', 'global', 'str', 'env', 'jsonata'])
    $('#node-input-action').on('change', showAction)
    showAction()
  },
  oneditsave() {
    const rules = Object.keys(CLEAN).map((field) => {
      const fixed = $(`#node-input-${field}Type`).val() === 'str'
      return [field, fixed ? CLEAN[field as Field] : cleanText]
    })
    cleanFields('node-input', Object.fromEntries(rules))
  },
})
