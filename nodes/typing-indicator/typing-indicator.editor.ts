import { CHANNELS, SUB_ACCOUNT_ID, UMID } from '../lib/api'
import { cleanChannel, cleanText, cleanUmid } from '../lib/clean'
import { fillIn, keepReference } from '../lib/editor/dialog.editor'
import { prepareSections } from '../lib/editor/sections.editor'
import { channelTypes, SOURCES, TEXT_FIRST, TypedInputs } from '../lib/editor/typed-input.editor'
import { number } from '../lib/editor/validate.editor'
import { isConversation, readTime } from '../lib/rules'
import { ACTIONS } from '../lib/typing/actions'
import { TYPING_INDICATOR_DEFAULTS, type TypingIndicatorOptions } from './options'

const isChannel = (text: string) => CHANNELS.some((known) => known === text)

const inputs = new TypedInputs(
  {
    umid: {
      types: [...SOURCES],
      clean: cleanUmid,
      isFine: (text) => UMID.test(text),
    },
    channel: { clean: cleanChannel, isFine: isChannel },
    subAccountId: {
      types: [...TEXT_FIRST],
      clean: cleanText,
      isFine: (text) => SUB_ACCOUNT_ID.test(text),
      optional: true,
    },
    receivedAt: {
      types: [...SOURCES],
      clean: cleanText,
      isFine: (text) => readTime(text) !== undefined,
      optional: true,
    },
    conversation: {
      types: [...SOURCES],
      clean: cleanText,
      isFine: isConversation,
      optional: true,
    },
  },
  TYPING_INDICATOR_DEFAULTS as TypingIndicatorOptions,
)

/** Shows the rows that the action uses. */
function showAction(): void {
  const action = `${$('#node-input-action').val()}`
  for (const each of ACTIONS) $(`.eight-typing-row-not-${each}`).show()
  for (const each of ACTIONS) if (each === action) $(`.eight-typing-row-not-${each}`).hide()
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
    umid: { value: TYPING_INDICATOR_DEFAULTS.umid, validate: inputs.validator('umid') },
    umidType: { value: TYPING_INDICATOR_DEFAULTS.umidType },
    channel: { value: TYPING_INDICATOR_DEFAULTS.channel, validate: inputs.validator('channel') },
    channelType: { value: TYPING_INDICATOR_DEFAULTS.channelType },
    subAccountId: {
      value: TYPING_INDICATOR_DEFAULTS.subAccountId,
      validate: inputs.validator('subAccountId'),
    },
    subAccountIdType: { value: TYPING_INDICATOR_DEFAULTS.subAccountIdType },
    receivedAt: {
      value: TYPING_INDICATOR_DEFAULTS.receivedAt,
      validate: inputs.validator('receivedAt'),
    },
    receivedAtType: { value: TYPING_INDICATOR_DEFAULTS.receivedAtType },
    conversation: {
      value: TYPING_INDICATOR_DEFAULTS.conversation,
      validate: inputs.validator('conversation'),
    },
    conversationType: { value: TYPING_INDICATOR_DEFAULTS.conversationType },
    unsupported: { value: TYPING_INDICATOR_DEFAULTS.unsupported },
    initialDelay: {
      value: TYPING_INDICATOR_DEFAULTS.initialDelay,
      validate: number('initialDelay'),
    },
    renewEvery: { value: TYPING_INDICATOR_DEFAULTS.renewEvery, validate: number('renewEvery') },
    maxDuration: { value: TYPING_INDICATOR_DEFAULTS.maxDuration, validate: number('maxDuration') },
  },
  paletteLabel() {
    return this._('type')
  },
  label() {
    if (this.name) return this.name
    if (this.action === 'start' || this.action === 'stop') return this._(`node.${this.action}`)
    const channel = cleanChannel(this.channel ?? '')
    return this.channelType === 'str' && isChannel(channel)
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
    keepReference($('#node-input-action'), this.action)
    keepReference($('#node-input-unsupported'), this.unsupported)
    inputs.prepare({ channel: channelTypes(this, CHANNELS) })
    $('#node-input-action').on('change', showAction)
    showAction()
    prepareSections<TypingIndicatorOptions>(this, TYPING_INDICATOR_DEFAULTS, 'node-input')
  },
  oneditsave() {
    inputs.clean()
  },
})
