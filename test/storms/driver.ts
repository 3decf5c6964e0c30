/**
 * A node that lives in the Node-RED under test: it makes the messages, and counts what our nodes
 * do with each. It uses the hooks of the runtime, because what a closing node sends may have no
 * receiver. Its figures outlive deploys.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Node, NodeMessage } from 'node-red'
import { type Figures, type Resources, umidOf } from './figures'
import type { Complete, Receive, Runtime, Send } from './hooks'

/** The node whose messages are counted. */
const TYPE = '8x8-typing-indicator'

/** The most messages of one Node-RED; a byte each for what is counted. */
const CAPACITY = 1_000_000

interface Message extends NodeMessage {
  seq: number
  typing?: { state: string }
  error?: { kind: string }
}

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

const taken = new Uint8Array(CAPACITY)
const outputs = new Uint8Array(CAPACITY)
const completions = new Uint8Array(CAPACITY)
/** How messages ended: by state or kind. */
const ends: Record<string, number> = {}
/** ms that each stop of all flows took. */
const stops: number[] = []
let made = 0
let ended = 0
let onEnd = () => {}
let source: Node | undefined
/** Messages/s for each output of the source; 0: none. */
let rate = 0

export default function register(RED: Runtime): void {
  RED.hooks.add('onReceive.storm', ({ msg, destination }: Receive<Message>) => {
    // A node that has closed takes nothing; what comes to it was on the wire.
    if (destination.node.type === TYPE && destination.node._inputCallback) count(taken, msg)
  })
  RED.hooks.add('onSend.storm', (events: Send<Message>[]) => {
    for (const { msg, source } of events) {
      if (source.node.type === TYPE) record(msg, msg.error?.kind ?? msg.typing?.state ?? 'nothing')
    }
  })
  RED.hooks.add('onComplete.storm', ({ msg, error, node }: Complete<Message>) => {
    if (node.node.type !== TYPE) return
    count(completions, msg)
    if (error) record(msg, 'done(error)')
    ended++
    onEnd()
  })
  let stopping = 0
  RED.events.on('flows:stopping', () => {
    stopping = performance.now()
  })
  RED.events.on('flows:stopped', () => stops.push(performance.now() - stopping))

  function StormSource(this: Node, config: never): void {
    RED.nodes.createNode(this, config)
    source = this
    const ticks = setInterval(() => {
      for (let i = 0; i < rate / 100; i++) this.send([make(), make()])
    }, 10)
    this.on('close', () => clearInterval(ticks))
  }
  RED.nodes.registerType('storm-source', StormSource)

  RED.httpNode.post('/storm/rate/:rate', (request, response) => {
    rate = Number(request.params.rate)
    response.end()
  })
  RED.httpNode.post('/storm/load/:count/:outstanding', async (request, response) => {
    response.json(await load(Number(request.params.count), Number(request.params.outstanding)))
  })
  RED.httpNode.post('/storm/send/:output', (request, response) => {
    const { output } = request.params
    const msg = { ...make(), ...JSON.parse(`${request.query.with}`) }
    source?.send(output === '1' ? [msg, null] : [null, msg])
    response.json(msg)
  })
  RED.httpNode.get('/storm/figures', (_request, response) => response.json(figures()))
  RED.httpNode.get('/storm/resources', async (_request, response) => {
    response.json(await resources(RED))
  })
}

function make(): Message {
  const seq = made++
  return { _msgid: `${seq}`, seq, umid: umidOf(seq), channel: 'whatsapp' } as Message
}

/** @returns how often this message was counted here */
function count(counts: Uint8Array, { seq }: Message): number {
  counts[seq] = (counts[seq] ?? 0) + 1
  return counts[seq] ?? 0
}

/** The end of a typing session comes after the output of its message, as one of its own. */
function record(msg: Message, end: string): void {
  ends[end] = (ends[end] ?? 0) + 1
  const later = completions[msg.seq] && end !== 'done(error)'
  if (!later) count(outputs, msg)
}

/** Sends messages, and a new one for each that ends. @returns p99 of the event loop's delay, ms */
async function load(total: number, outstanding: number): Promise<{ p99: number; ms: number }> {
  const delay = monitorEventLoopDelay()
  const began = performance.now()
  const goal = ended + total
  let left = total
  const next = () => {
    if (left-- > 0) source?.send([make(), null])
  }
  delay.enable()
  await new Promise<void>((resolve) => {
    onEnd = () => {
      if (ended === goal) resolve()
      next()
    }
    for (let i = 0; i < outstanding; i++) setTimeout(next, i / 10)
  })
  delay.disable()
  onEnd = () => {}
  return { p99: delay.percentile(99) / 1e6, ms: performance.now() - began }
}

function figures(): Figures {
  const wrong: string[] = []
  let accepted = 0
  for (let seq = 0; seq < made; seq++) {
    const is = `${taken[seq]} taken, ${outputs[seq]} ended, ${completions[seq]} done`
    if (taken[seq]) accepted++
    const right = taken[seq] ? '1 taken, 1 ended, 1 done' : '0 taken, 0 ended, 0 done'
    if (is !== right) wrong.push(`${seq}: ${is}`)
  }
  return { pid: process.pid, made, accepted, ended, ends, stops, wrong }
}

/** What the process holds, when what is no longer used is gone. */
async function resources(RED: Runtime): Promise<Resources> {
  // Twice, with a turn of the event loop in between: what is only weakly held goes after that.
  collect()
  await sleep(10)
  collect()
  const open: Record<string, number> = {}
  for (const type of process.getActiveResourcesInfo()) open[type] = (open[type] ?? 0) + 1
  const listeners = (emitter: NodeJS.EventEmitter) =>
    emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0)
  return {
    ...open,
    processListeners: listeners(process),
    runtimeListeners: listeners(RED.events as NodeJS.EventEmitter),
    heapUsed: process.memoryUsage().heapUsed,
  }
}
