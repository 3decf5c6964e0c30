import assert from 'node:assert/strict'
import type https from 'node:https'
import { type Identity, identify } from '../support/certificates'
import { closeClients, createClient } from '../support/client'
import { EVENT, rejection } from '../support/events'
import { startProxy, startServer } from '../support/server'
import { describeFaults, type FaultCase, type Scene } from './matrix'
import { echo } from './scenes'

const refused = { output: 'error', kind: 'network', attempts: 1, requests: 0 } as const
const sent = { output: 'success', statusCode: 200, attempts: 1 } as const

/** A server by TLS. @param trusts what the account gives its `tls-config` node */
async function secured(
  identity: Identity,
  trusts?: Scene['tls'],
  options: https.ServerOptions = {},
): Promise<Scene> {
  const server = await startServer(echo(200), { ...identity, ...options })
  const requests = () => server.received.length
  return { url: server.url, requests, ...(trusts && { tls: trusts }) }
}

/** A server whose certificate the account trusts. */
async function trusted(identity: Identity, options?: https.ServerOptions): Promise<Scene> {
  return secured(identity, { credentials: { cadata: identity.cert } }, options)
}

/** A server that wants a certificate from who connects. @param own whether the account has one */
async function mutual(own: boolean, maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<Scene> {
  const server = await identify()
  const client = await identify('127.0.0.9')
  const credentials = {
    cadata: server.cert,
    ...(own && { certdata: client.cert, keydata: client.key }),
  }
  const asks = { requestCert: true, rejectUnauthorized: true, ca: client.cert, maxVersion }
  return secured(server, { credentials }, asks)
}

/** TLS 1.1, which OpenSSL 3 has only at its lowest level of security. */
const OLD = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const

const cases: FaultCase[] = [
  {
    name: 'a self-signed certificate',
    provoke: async () => secured(await identify()),
    expect: { ...refused, says: /self-signed/ },
  },
  {
    name: 'a certificate of another host',
    provoke: async () => trusted(await identify('127.0.0.2')),
    expect: { ...refused, says: /127\.0\.0\.2/ },
  },
  {
    name: 'a certificate that has expired',
    provoke: async () => trusted(await identify('127.0.0.1', -9)),
    expect: { ...refused, says: /expired/ },
  },
  {
    name: 'a certificate that is not valid yet',
    provoke: async () => trusted(await identify('127.0.0.1', 9)),
    expect: { ...refused, says: /not yet valid/ },
  },
  {
    name: 'TLS 1.1 only',
    provoke: async () => trusted(await identify(), OLD),
    expect: { ...refused, says: /protocol version/ },
  },
  {
    name: 'TLS 1.2, which a custom base URL may have',
    provoke: async () => trusted(await identify(), { maxVersion: 'TLSv1.2' }),
    expect: sent,
  },
  {
    name: 'a required client certificate that is missing (TLS 1.3)',
    provoke: () => mutual(false, 'TLSv1.3'),
    // Told only after the handshake; undici keeps the reason to itself, so it looks like a reset.
    expect: { ...refused, attempts: 'retried' },
  },
  {
    name: 'a required client certificate that is missing (TLS 1.2)',
    provoke: () => mutual(false, 'TLSv1.2'),
    expect: refused,
  },
  {
    name: 'a required client certificate',
    provoke: () => mutual(true, 'TLSv1.3'),
    expect: sent,
  },
  {
    name: 'a custom certificate authority',
    provoke: async () => trusted(await identify()),
    expect: sent,
  },
  {
    name: 'a certificate that the user does not want checked',
    provoke: async () => secured(await identify(), { verifyservercert: false, credentials: {} }),
    expect: sent,
  },
  {
    name: 'a self-signed certificate behind a proxy',
    provoke: async () => {
      const { url } = await startProxy()
      return { ...(await secured(await identify())), proxy: { url } }
    },
    expect: refused,
  },
  {
    name: 'a custom certificate authority behind a proxy',
    provoke: async () => {
      const { url } = await startProxy()
      return { ...(await trusted(await identify())), proxy: { url } }
    },
    expect: sent,
  },
  {
    name: 'TLS to a server without it',
    provoke: async () => {
      const { url, received } = await startServer(echo(200))
      return { url: url.replace('http:', 'https:'), requests: () => received.length }
    },
    expect: refused,
  },
]

describeFaults('TLS', cases)

describe('faults: TLS 1.3 as the minimum', () => {
  afterEach(closeClients)

  it('fails at a server with TLS 1.2 without a retry', async () => {
    const identity = await identify()
    const server = await startServer((response) => response.end(), {
      ...identity,
      maxVersion: 'TLSv1.2',
    })
    const client = createClient(server.url, { tls: { ca: identity.cert, minVersion: 'TLSv1.3' } })
    const error = await rejection(client.send(EVENT).result, 'network')
    assert.equal(error.cause.attempts, 1)
    assert.match(error.message, /protocol version/)
    assert.equal(server.received.length, 0)
  })
})
