import assert from 'node:assert/strict'
import {
  type DeployedAccount,
  readConnectionTest,
} from '../../../nodes/account/connection-test/form'
import { CANARY } from '../../support/events'

const ENVIRONMENT: Record<string, string> = {
  KEY: CANARY,
  SUB: 'env_sub',
  HOST: 'https://env.example.com',
}
const lookUp = (name: string) => ENVIRONMENT[name]

const DEPLOYED: DeployedAccount = {
  config: { region: 'custom', baseUrl: 'https://own.example.com/', tls: 'tls1', proxy: '' },
  apiKey: CANARY,
}
/** The dialog of the deployed account, as it opens. */
const OPENED = {
  region: 'custom',
  baseUrl: 'https://own.example.com',
  subAccountId: 'my_sub',
  apiKey: '__PWRD__',
  tls: 'tls1',
  proxy: '',
  timeout: '5',
}
const read = (changes: object, deployed: DeployedAccount | undefined = DEPLOYED) =>
  readConnectionTest({ ...OPENED, ...changes }, deployed, lookUp)

describe('connection test form', () => {
  it('uses the stored key for the deployed address', () => {
    assert.deepEqual(read({}), {
      server: { origin: 'https://own.example.com', apiKey: CANARY },
      subAccountId: 'my_sub',
      timeout: 5000,
      tls: 'tls1',
      proxy: '',
    })
  })

  it('uses values that are not deployed', () => {
    const request = read({
      region: 'custom',
      baseUrl: 'https://other.example.com',
      subAccountId: 'other_sub',
      apiKey: 'typed-key',
      tls: '',
      proxy: 'proxy1',
      timeout: 2,
    })
    assert.deepEqual(request, {
      server: { origin: 'https://other.example.com', apiKey: 'typed-key' },
      subAccountId: 'other_sub',
      timeout: 2000,
      tls: '',
      proxy: 'proxy1',
    })
  })

  it('cleans the values', () => {
    const typed = { baseUrl: ' https://own.example.com\n', subAccountId: ' my_sub ' }
    assert.deepEqual(read({ ...typed, apiKey: ' __PWRD__ ' }), read({}))
    const request = read({ region: ' europe', tls: '', apiKey: ' Bearer ${KEY}\n' })
    assert.ok('server' in request)
    assert.equal(request.server.apiKey, CANARY)
  })

  it('withholds a key in an environment variable from other hosts, whatever is around its name', () => {
    const elsewhere = { baseUrl: 'https://evil.example.com', tls: '' }
    for (const apiKey of [' ${KEY}', 'Bearer ${KEY}', '${KEY}\n']) {
      assert.deepEqual(read({ ...elsewhere, apiKey }), { result: 'keyNeeded' })
    }
    const sub = { ...elsewhere, apiKey: 'typed-key', subAccountId: ' ${SUB}\n' }
    assert.deepEqual(read(sub), { result: 'invalid', field: 'subAccountId' })
  })

  it('tests another sub-account with the stored key', () => {
    assert.ok('server' in read({ subAccountId: 'other_sub' }))
  })

  for (const [name, changes] of [
    ['another base URL', { baseUrl: 'https://evil.example.com' }],
    ['another port', { baseUrl: 'https://own.example.com:8443' }],
    ['http to this machine', { baseUrl: 'http://localhost:8080' }],
    ['a base URL of the environment', { baseUrl: '${HOST}' }],
    ['another region', { region: 'europe' }],
    ['no TLS node', { tls: '' }],
    ['another TLS node', { tls: 'lax' }],
    ['a proxy', { proxy: 'proxy1' }],
    ['another base URL and a blank key', { baseUrl: 'https://evil.example.com', apiKey: '' }],
  ] as const) {
    it(`withholds the stored key from ${name}`, () => {
      assert.deepEqual(read(changes), { result: 'keyNeeded' })
    })
  }

  it('withholds a key in an environment variable from hosts that are not deployed', () => {
    const elsewhere = { baseUrl: 'https://evil.example.com', tls: '' }
    assert.deepEqual(read({ ...elsewhere, apiKey: '${KEY}' }), { result: 'keyNeeded' })
    const sub = { ...elsewhere, apiKey: 'typed-key', subAccountId: '${SUB}' }
    assert.deepEqual(read(sub), { result: 'invalid', field: 'subAccountId' })
    const lax = { region: 'europe', tls: 'lax', apiKey: '${KEY}' }
    assert.deepEqual(read(lax), { result: 'keyNeeded' })
    const byProxy = { region: 'europe', tls: '', proxy: 'proxy1', apiKey: '${KEY}' }
    assert.deepEqual(read(byProxy), { result: 'keyNeeded' })
  })

  it('sends key and sub-account of the environment to 8x8 and to the deployed address', () => {
    const toEightByEight = { region: 'europe', tls: '', apiKey: '${KEY}', subAccountId: '${SUB}' }
    for (const [changes, deployed] of [
      [toEightByEight, undefined],
      [toEightByEight, DEPLOYED],
      [{ apiKey: '${KEY}', subAccountId: '${SUB}' }, DEPLOYED],
    ] as const) {
      const request = readConnectionTest({ ...OPENED, ...changes }, deployed, lookUp)
      assert.ok('server' in request)
      assert.equal(request.server.apiKey, CANARY)
      assert.equal(request.subAccountId, 'env_sub')
    }
  })

  it('has no stored key for an account that is not deployed', () => {
    const undeployed = readConnectionTest(
      { ...OPENED, region: 'europe', tls: '' },
      undefined,
      lookUp,
    )
    assert.deepEqual(undeployed, { result: 'invalid', field: 'apiKey' })
    const keyless = read({}, { ...DEPLOYED, apiKey: undefined })
    assert.deepEqual(keyless, { result: 'invalid', field: 'apiKey' })
  })

  it('has no stored key if the deployed account is invalid', () => {
    for (const baseUrl of ['not a URL', undefined]) {
      const deployed = { config: { region: 'custom' as const, baseUrl }, apiKey: CANARY }
      assert.deepEqual(read({ tls: '' }, deployed), { result: 'keyNeeded' })
    }
  })

  it('names a variable that is not set', () => {
    assert.deepEqual(read({ subAccountId: '${NOT_SET}' }), { result: 'unset', name: 'NOT_SET' })
    assert.deepEqual(read({ apiKey: '${NOT_SET}' }), { result: 'unset', name: 'NOT_SET' })
  })

  for (const [field, value] of [
    ['subAccountId', ''],
    ['subAccountId', '../x'],
    ['baseUrl', 'https://own.example.com/path'],
    ['region', 'moon'],
    ['region', 'sandbox'],
    ['region', undefined],
    ['apiKey', 'two words'],
    ['apiKey', { toString: 'x' }],
    ['timeout', '0'],
    ['tls', 1],
  ] as const) {
    it(`reports ${field} ${JSON.stringify(value)} as invalid`, () => {
      assert.deepEqual(read({ [field]: value }), { result: 'invalid', field })
    })
  }

  it('refuses a request without a body', () => {
    for (const body of [undefined, null, 'text', []]) {
      const answer = readConnectionTest(body, DEPLOYED, lookUp)
      assert.equal('result' in answer && answer.result, 'invalid')
    }
  })
})
