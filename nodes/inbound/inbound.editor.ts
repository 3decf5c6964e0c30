import { cleanText } from '../lib/clean'
import { prepareCopyButton } from '../lib/editor/copy.editor'
import {
  cleanFields,
  type EditorNode,
  fillIn,
  keepReference,
  type StoredNode,
} from '../lib/editor/dialog.editor'
import { hasPhone, openPhone, urlBelowNodeRoot } from '../lib/editor/phone.editor'
import { prepareSections } from '../lib/editor/sections.editor'
import { number, text } from '../lib/editor/validate.editor'
import { isPath, pathKey, readSubAccounts } from '../lib/rules'
import { nextFreePath, unreachableBecause } from './endpoint'
import { AUTHENTICATIONS, INBOUND_DEFAULTS, type InboundOptions } from './options'

type InboundNode = EditorNode<InboundOptions>

/** The keys of the paths of other nodes that take HTTP requests. */
function pathsBeside(id: string): string[] {
  const paths: string[] = []
  RED.nodes.eachNode((node) => {
    if (node.id === id) return
    if (node.type === '8x8-inbound') paths.push(`${node.path ?? INBOUND_DEFAULTS.path}`)
    if (node.type === 'http in') paths.push(`${node.url ?? ''}`.replace(/^\/*/, '/'))
  })
  return paths.map(pathKey)
}

/** Shows where 8x8 must post to, and what speaks against it. */
function showEndpoint(node: InboundNode): void {
  const path = cleanText(`${$('#node-input-path').val()}`)
  const account = RED.nodes.node(`${$('#node-input-account').val()}`)
  const isSandbox = account?.region === 'sandbox'
  const isOpen = $('#node-input-authentication').val() === 'none'
  const url = urlBelowNodeRoot(path)
  $('#eight-inbound-url').val(url ?? '')
  $('#eight-inbound-none').toggle(isOpen)
  $('#eight-inbound-header').toggle(!isOpen)
  $('#eight-inbound-endpoint').toggle(!isSandbox)
  $('#eight-inbound-sandbox').toggle(isSandbox)
  const reason = url === undefined ? 'noRoot' : unreachableBecause(url)
  const warning = reason ? node._(`warn.${reason}`, { host: location.hostname }) : ''
  $('#eight-inbound-warning')
    .text(warning)
    .toggle(warning !== '')
  $('#eight-inbound-path-taken').toggle(pathsBeside(node.id).includes(pathKey(path)))
}

const accountOf = (node: Partial<InboundOptions>) => RED.nodes.node(`${node.account}`)

/** Opens the phone of the node's account. The outline has the button even where the canvas hides it. */
function openPhoneOf(node: InboundNode): void {
  const account = accountOf(node)
  if (account && hasPhone(account.region)) openPhone(account, !node.changed && !account.changed)
  else RED.notify(node._('warn.noPhone'), 'warning')
}

/** The editor does not draw nodes again when their account changes, so their button would stay. */
RED.events.on('nodes:change', ({ id, type }: StoredNode) => {
  if (type !== '8x8-account') return
  RED.nodes.eachNode((node) => {
    if (node.type === '8x8-inbound' && node.account === id) node.dirty = true
  })
})

RED.nodes.registerType<InboundOptions>('8x8-inbound', {
  category: '8x8',
  color: '#7CC7B9',
  icon: 'inbound.svg',
  inputs: 0,
  outputs: 2,
  defaults: {
    name: { value: INBOUND_DEFAULTS.name },
    account: {
      value: INBOUND_DEFAULTS.account,
      type: '8x8-account',
      required: true,
      label: RED._('@nr-8x8/node-red-typing-indicator/inbound:label.account'),
    },
    path: { value: INBOUND_DEFAULTS.path, validate: text('path', isPath, INBOUND_DEFAULTS.path) },
    authentication: {
      value: INBOUND_DEFAULTS.authentication,
      validate: text(
        'authentication',
        (way) => AUTHENTICATIONS.some((known) => known === way),
        INBOUND_DEFAULTS.authentication,
      ),
    },
    subAccounts: {
      value: INBOUND_DEFAULTS.subAccounts,
      validate: text('subAccounts', (ids) => readSubAccounts(ids) !== undefined),
    },
    collect: { value: INBOUND_DEFAULTS.collect, validate: number('collect') },
  },
  paletteLabel() {
    return this._('type')
  },
  label() {
    return this.name || this.path || this._('type')
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : ''
  },
  button: {
    visible() {
      return hasPhone(accountOf(this)?.region)
    },
    enabled() {
      return !(this as InboundNode).changed
    },
    onclick() {
      openPhoneOf(this)
    },
  },
  outputLabels(index) {
    return this._(index === 0 ? 'output.message' : 'output.event')
  },
  /** A new node, or a pasted one, gets a path of its own. */
  onadd() {
    this.path = nextFreePath(this.path, pathsBeside(this.id))
  },
  oneditprepare() {
    fillIn<InboundOptions>(this, INBOUND_DEFAULTS, 'node-input')
    keepReference($('#node-input-authentication'), this.authentication)
    prepareCopyButton($('#eight-inbound-copy'), $('#eight-inbound-url'))
    const fields = $('#node-input-path, #node-input-account, #node-input-authentication')
    fields.on('input change', () => showEndpoint(this))
    showEndpoint(this)
    prepareSections<InboundOptions>(this, INBOUND_DEFAULTS, 'node-input')
  },
  oneditsave() {
    cleanFields('node-input', { path: cleanText, subAccounts: cleanText })
  },
})
