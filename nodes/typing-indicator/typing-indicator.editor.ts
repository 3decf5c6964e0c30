import type { EditorWidgetTypedInputOptions } from 'node-red'
import { CHANNELS, SUB_ACCOUNT_ID, UMID } from '../account/api'
import { type EditorNode, fillIn, isReference, type Verdict } from '../editor/dialog.editor'
import { TYPING_INDICATOR_DEFAULTS, type TypingIndicatorOptions } from './options'

type TypingIndicatorNode = EditorNode<TypingIndicatorOptions>

/** The typed inputs, and what a fixed text in each must look like. */
const FIXED = {
  umid: UMID,
  channel: new RegExp(`^(${CHANNELS.join('|')})$`),
  subAccountId: SUB_ACCOUNT_ID,
  receivedAt: /./,
}

type Field = keyof typeof FIXED

type EditorTypes = EditorWidgetTypedInputOptions['types']

/** @param value undefined in a flow that leaves it to the default */
function check(node: TypingIndicatorNode, field: Field, value: string | undefined): Verdict {
  if (value === undefined) return true
  if (value === '') return isOptional(field) || node._(`check.${field}Missing`)
  const type = typeOf(node, field)
  if (type !== 'str') {
    return RED.utils.validateTypedProperty(value, type, { label: node._(`label.${field}`) })
  }
  return isReference(value) || FIXED[field].test(value) || node._(`check.${field}`)
}

function isOptional(field: Field): boolean {
  return field === 'subAccountId' || field === 'receivedAt'
}

/** What the form shows while it is open, else what is stored. */
function typeOf(node: TypingIndicatorNode, field: Field): string {
  const shown = RED.editor.getEditStack().includes(node) && $(`#node-input-${field}Type`).val()
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
    unsupported: { value: TYPING_INDICATOR_DEFAULTS.unsupported },
  },
  paletteLabel() {
    return this._('type')
  },
  label() {
    if (this.name) return this.name
    const fixed = this.channelType === 'str' && FIXED.channel.test(this.channel)
    return fixed
      ? this._('node.channel', { channel: this._(`channel.${this.channel}`) })
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
  },
})
