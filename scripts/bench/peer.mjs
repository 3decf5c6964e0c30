/**
 * The other side of the bench, forked into a process of its own so that it costs the runtime
 * nothing: the API server, and the client that posts webhooks. The server answers 200 to an
 * indicator (empty) and to a reply (with a receipt), and 404 to any other request. Each message of
 * the parent gets one answer; when the server listens, the parent gets its port.
 */
import { createServer } from 'node:http'
import { Pool } from 'undici'

const [root, key, webhookAuthorization] = process.argv.slice(2)

/** Connections for webhooks. */
const CONNECTIONS = 64

/** ms after the end of a run for replies to come. More than the account's deadline. */
const PATIENCE = 20_000

/** ms between two looks at the clock of a run at a fixed rate. */
const TICK = 1

/** @typedef {{ at: number, answeredAt: number }} Conversation times in performance.now() */
/** @typedef {{ url: string, path: string }} Endpoint of webhooks */

const webhooks = { begun: 0, refused: 0 }
const arrived = { indicators: 0, renewals: 0, replies: 0, strays: 0 }
/** Conversations without a reply, by the text of their webhook. @type {Map<string, Conversation>} */
const open = new Map()
/** What happens when a reply has come. @type {(conversation: Conversation, onWire: number) => void} */
let onReply = () => {}
/** Called when something has arrived. */
let onProgress = () => {}
/** For umids and customers, which are never the same. */
let count = 0
/** The umid of the last conversation that is kept up; blank: none is. */
let lastKept = ''

const server = createServer((req, res) => {
  const right = req.headers.authorization === `Bearer ${key}`
  if (right && req.url === `${root}/events`) {
    if (lastKept) req.on('data', countRenewal)
    else req.resume()
    res.writeHead(200, { 'content-length': 0 }).end()
    arrived.indicators++
    onProgress()
  } else if (right && req.url === `${root}/messages`) {
    let body = ''
    req.setEncoding('utf8')
    req.on('data', (chunk) => {
      body += chunk
    })
    req.on('end', () => {
      const umid = nextUmid()
      const receipt = `{"umid":"${umid}","status":{"state":"queued","detail":"Accepted"}}`
      const head = { 'content-type': 'application/json', 'content-length': receipt.length }
      res.writeHead(200, head).end(receipt)
      receive(JSON.parse(body).content.text)
    })
  } else {
    req.resume()
    res.writeHead(404, { 'content-length': 0 }).end()
  }
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : undefined })
})

/** @param {string} text of a webhook, and behind a blank when the reply came to its node, if known */
function receive(text) {
  const [name = '', reachedAt] = text.split(' ')
  const conversation = open.get(name)
  open.delete(name)
  if (conversation) {
    arrived.replies++
    const ns = reachedAt === undefined ? 0n : process.hrtime.bigint() - BigInt(reachedAt)
    onReply(conversation, Number(ns) / 1e6)
  } else {
    arrived.strays++
  }
  onProgress()
}

/** @param {Buffer} body of an indicator, which arrives in one piece */
function countRenewal(body) {
  const { umid } = JSON.parse(body.toString())
  if (umid <= lastKept) arrived.renewals++
}

function nextUmid() {
  return `00000000-0000-4000-8000-${(count++).toString(16).padStart(12, '0')}`
}

/**
 * Posts the webhook of a new conversation.
 * @param {Pool} pool @param {string} path @param {number} at when it is due, performance.now()
 * @param {boolean} answered whether a reply is to be expected
 */
function post(pool, path, at, answered = true) {
  webhooks.begun++
  const umid = nextUmid()
  const text = `c${count}`
  const conversation = { at, answeredAt: 0 }
  if (answered) open.set(text, conversation)
  const body = `{"version":3,"namespace":"ChatApps","eventType":"inbound_message_received","description":"ChatApps inbound message","payload":{"umid":"${umid}","subAccountId":"bench_sub","timestamp":"${new Date().toISOString()}","user":{"msisdn":"+65${10_000_000 + count}","channelUserId":"65${10_000_000 + count}","name":"A customer"},"recipient":{"channel":"whatsapp","channelId":"6500000001"},"type":"Text","content":{"text":"${text}"}}}`
  const headers = ['authorization', `${webhookAuthorization}`, 'content-type', 'application/json']
  return new Promise((resolve) => {
    const end = (/** @type {boolean} */ good) => {
      if (conversation.answeredAt) return // the answer was cut behind its head
      conversation.answeredAt = performance.now()
      if (!good) {
        webhooks.refused++
        open.delete(text)
      }
      resolve(conversation)
      onProgress()
    }
    pool.dispatch(
      { path, method: 'POST', headers, body },
      {
        onRequestStart() {},
        onResponseStart(_controller, status) {
          end(status === 200)
        },
        onResponseEnd() {},
        onResponseError() {
          end(false)
        },
      },
    )
  })
}

function reset() {
  Object.assign(webhooks, { begun: 0, refused: 0 })
  Object.assign(arrived, { indicators: 0, renewals: 0, replies: 0, strays: 0 })
  open.clear()
}

/** @param {() => boolean} isDone @param {number} ms at most */
function until(isDone, ms) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms, undefined)
    onProgress = () => {
      if (!isDone()) return
      clearTimeout(timer)
      onProgress = () => {}
      resolve(undefined)
    }
    onProgress()
  })
}

/**
 * Keeps conversations in flight: the next one begins when a reply has come.
 * @param {Endpoint & { inFlight: number, ms: number }} options
 */
async function converse({ url, path, inFlight, ms }) {
  reset()
  const pool = new Pool(url, { connections: CONNECTIONS })
  /** @type {number[]} */
  const latencies = []
  const begun = performance.now()
  const before = cpu()
  const end = begun + ms
  const launch = () => void post(pool, path, performance.now())
  onReply = ({ at }) => {
    const now = performance.now()
    latencies.push(now - at)
    if (now < end) launch()
  }
  for (let i = 0; i < inFlight; i++) launch()
  await until(() => open.size === 0, ms + PATIENCE)
  const took = performance.now() - begun
  const peerCpu = (cpu() - before) / took
  await pool.close()
  return {
    perSecond: (arrived.replies / took) * 1000,
    ...percentiles(latencies, ''),
    indicators: arrived.indicators / webhooks.begun,
    took,
    peerCpu,
    faults: { ...webhooks, ...arrived, lost: open.size },
  }
}

/**
 * Starts conversations that nobody answers.
 * @param {Endpoint & { kept: number, perSecond: number }} options
 */
async function keep({ url, path, kept, perSecond }) {
  reset()
  const pool = new Pool(url, { connections: CONNECTIONS })
  await atRate(perSecond, kept, (at) => void post(pool, path, at, false))
  await until(() => arrived.indicators >= kept, PATIENCE)
  await pool.close()
  lastKept = nextUmid()
  if (webhooks.refused) throw new Error(`${webhooks.refused} webhooks were refused`)
}

/**
 * Posts webhooks at a fixed rate.
 * @param {Endpoint & { perSecond: number, ms: number }} options
 */
async function load({ url, path, perSecond, ms }) {
  reset()
  const pool = new Pool(url, { connections: CONNECTIONS })
  const toAnswer = /** @type {number[]} */ ([])
  const toReply = /** @type {number[]} */ ([])
  const onWire = /** @type {number[]} */ ([])
  onReply = ({ at }, ownMs) => {
    toReply.push(performance.now() - at)
    onWire.push(ownMs)
  }
  const begun = performance.now()
  const before = cpu()
  await atRate(perSecond, (perSecond * ms) / 1000, async (at) => {
    const { answeredAt } = await post(pool, path, at)
    toAnswer.push(answeredAt - at)
  })
  await until(() => open.size === 0, PATIENCE)
  const took = performance.now() - begun
  const peerCpu = (cpu() - before) / took
  await pool.close()
  return {
    ...percentiles(toAnswer, 'Answer'),
    ...percentiles(toReply, 'Reply'),
    ...percentiles(onWire, 'OnWire'),
    renewals: (arrived.renewals / took) * 1000,
    took,
    peerCpu,
    faults: { ...webhooks, ...arrived, lost: open.size },
  }
}

/**
 * Calls an action so many times.
 * @param {number} perSecond @param {number} times
 * @param {(at: number) => void} act gets when it was due
 */
function atRate(perSecond, times, act) {
  const begun = performance.now()
  let done = 0
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(times, ((performance.now() - begun) / 1000) * perSecond)
      for (; done < due; done++) act(begun + (done / perSecond) * 1000)
      if (done < times) return
      clearInterval(timer)
      resolve(undefined)
    }, TICK)
  })
}

/** @param {number[]} values @param {string} of what */
function percentiles(values, of) {
  const sorted = values.sort((one, other) => one - other)
  const at = (/** @type {number} */ share) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0
  return { [`p50${of}`]: at(0.5), [`p99${of}`]: at(0.99) }
}

/** ms of CPU that this process used. */
function cpu() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

process.on('message', async (/** @type {any} */ message) => {
  if (message.converse) process.send?.(await converse(message.converse))
  else if (message.keep) process.send?.({ kept: await keep(message.keep) })
  else if (message.load) process.send?.(await load(message.load))
  else process.send?.({ cpu: cpu() })
})
process.on('disconnect', () => process.exit())
