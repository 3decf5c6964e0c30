import assert from 'node:assert/strict'
import fc from 'fast-check'
import { UMID } from './events'

/** A value of any kind, made anew each time, with a name that can be printed. */
export interface Anything {
  what: string
  make: () => unknown
}

const one = (what: string, make: () => unknown): Anything => ({ what, make })

/** A function that throws something. */
export const throwing = (thrown: unknown) => (): never => {
  throw thrown
}

/** An object that throws whatever is done with it. */
export function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** What a getter may throw; some of it cannot be shown, or throws itself when it is looked at. */
const THROWN: Anything[] = [
  one('undefined', () => undefined),
  one('null', () => null),
  one('a symbol', () => Symbol('thrown')),
  one('an Error', () => new Error('hands off')),
  one('an Error with a symbol as message', () => Object.assign(new Error(), { message: Symbol() })),
  one('an Error whose message throws', () =>
    Object.defineProperty(new Error(), 'message', { get: throwing(new Error('no')) }),
  ),
  one('an object without prototype', () => Object.create(null)),
  one('a revoked proxy', revoked),
  one('an Error of a megabyte', () => new Error('x'.repeat(1e6))),
]

/** A value in so many levels of arrays or objects. */
export function deep(levels: number, key?: string): unknown {
  let value: unknown = 'bottom'
  for (let i = 0; i < levels; i++) value = key === undefined ? [value] : { [key]: value }
  return value
}

/** Every trap throws. */
function throwingProxy(): object {
  const trap = throwing(new Error('trap'))
  const names = Object.getOwnPropertyNames(Reflect)
  return new Proxy({}, Object.fromEntries(names.map((name) => [name, trap])))
}

/** Objects and values that few programs expect. */
const HOSTILE: Anything[] = [
  one('a symbol', () => Symbol('value')),
  one('an object that one could wait for in vain', () => Object.fromEntries([['then', () => {}]])),
  one('an object whose then throws', () =>
    Object.defineProperty({}, 'then', { get: throwing(new Error('no')) }),
  ),
  one('a function', () => () => UMID),
  one('a bigint', () => 10n ** 30n),
  one('NaN', () => Number.NaN),
  one('Infinity', () => Number.POSITIVE_INFINITY),
  one('-0', () => -0),
  one('a revoked proxy', revoked),
  one('a proxy that throws', throwingProxy),
  one('an object without prototype', () => Object.create(null)),
  one('an object that turns into a umid', () => ({ toString: () => UMID, valueOf: () => UMID })),
  one('an object that turns into a channel', () => ({ toString: () => 'whatsapp' })),
  one('an object whose toString throws', () => ({ toString: throwing(new Error('no')) })),
  one('an object whose constructor throws', () =>
    Object.defineProperty({}, 'constructor', { get: throwing(new Error('no')) }),
  ),
  one('a String object', () => new String(UMID)),
  one('a umid in an array', () => [UMID]),
  one('a channel in an array', () => ['whatsapp']),
  one('an object with __proto__', () => JSON.parse('{"__proto__":{"polluted":1}}')),
  one('an object with constructor', () => JSON.parse('{"constructor":{"prototype":{"x":1}}}')),
  one('4 MB of text', () => 'x'.repeat(4 << 20)),
  one('4 MB of digits', () => '1'.repeat(4 << 20)),
  one('an array of 1,000,000', () => new Array(1e6).fill(0)),
  one('10,000 arrays deep', () => deep(10_000)),
  one('10,000 objects deep', () => deep(10_000, '__proto__')),
  one('an invalid Date', () => new Date(Number.NaN)),
  one('the last Date', () => new Date(8.64e15)),
  one('the first Date', () => new Date(-8.64e15)),
  one('a Date whose getTime throws', () =>
    Object.assign(new Date(), { getTime: throwing(new Error('no')) }),
  ),
  one('a Date whose getTime lies', () => Object.assign(new Date(), { getTime: () => ({}) })),
  one('a number beyond all dates', () => 1e300),
  one('a date beyond all dates', () => '275760-09-13T00:00:00.001Z'),
  one('the 30th of February', () => '2026-02-30T00:00:00Z'),
  one('an offset beyond the day', () => '2026-02-03T00:00:00+23:59'),
]

/** Texts that come close to a umid, a channel or a sub-account. */
const LOOKALIKES: Anything[] = [
  `${UMID}\n`,
  `\n${UMID}`,
  `${UMID}\r\nx: y`,
  `${UMID}\0`,
  `\u200b${UMID}`,
  `${UMID.slice(0, 8)}\u200d${UMID.slice(8)}`,
  `\ufeff${UMID}`,
  UMID.replace('3', '３'),
  UMID.replace('c', 'с'), // Cyrillic
  UMID.replace('-', '‐'), // a hyphen, not hyphen-minus
  UMID.toUpperCase(),
  `{${UMID}}`,
  `${UMID},${UMID}`,
  'whatsapp\n',
  'WhatsApp',
  'whats\u200bapp',
  'ｗhatsapp',
  'rcs\0',
  'toString',
  '__proto__',
  'constructor',
  'sms',
  '.',
  '..',
  '...',
  '../x',
  '..\\x',
  '....',
  'a/b',
  'abc/../x',
  'a%2fb',
  '%2e%2e',
  '%2e%2e%2f',
  'a?b#c',
  'a&b.c',
  'a;b=c',
  'a@b.c',
  '//evil.example',
  'http://evil.example/',
  'abc\r\nx-evil: 1',
  'abc ',
  'abc\t',
  'ａｂｃ',
  'a'.repeat(50),
  'a'.repeat(51),
  '${HOME}',
  '',
].map((text) => one(JSON.stringify(text), () => text))

const key = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'umid', 'channel'),
)

const usual = fc
  .anything({
    key,
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withObjectString: true,
    withSparseArray: true,
    withTypedArray: true,
    maxKeys: 4,
    maxDepth: 3,
  })
  .map((value) => one(fc.stringify(value), () => value))

/** Anything that a property of a message can be. */
export const anything: fc.Arbitrary<Anything> = fc
  .oneof(
    { weight: 3, arbitrary: fc.constantFrom(...HOSTILE) },
    { weight: 3, arbitrary: fc.constantFrom(...LOOKALIKES) },
    { weight: 1, arbitrary: usual },
    {
      weight: 1,
      arbitrary: fc.string({ unit: 'binary' }).map((text) => one(fc.stringify(text), () => text)),
    },
  )
  .map(printable)

/** Anything, or a property that throws when it is read. */
export type AnyProperty = Anything & { getter: boolean }

/** Anything, and properties that throw when they are read. */
export const anyProperty: fc.Arbitrary<AnyProperty> = fc.oneof(
  { weight: 4, arbitrary: anything.map((value) => ({ ...value, getter: false })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(...THROWN)
      .map(({ what, make }) => printable({ what: `throws ${what}`, make, getter: true })),
  },
)

/** Shows what it is where fast-check prints a counterexample. */
function printable<T extends Anything>(value: T): T {
  return Object.assign({ ...value }, { [fc.toStringMethod]: () => `<${value.what}>` })
}

/** Sets a property as it came from {@link anyProperty}, also one called `__proto__`. */
export function setProperty(object: object, name: string, { make, getter }: AnyProperty): void {
  const value = make()
  const how = getter ? { get: throwing(value), set() {} } : { value, writable: true }
  Object.defineProperty(object, name, { ...how, enumerable: true, configurable: true })
}

/** Watches over what a whole process shares, while a block of tests runs. */
export function watchProcess(): void {
  const unhandled: unknown[] = []
  const onUnhandled = (reason: unknown) => unhandled.push(reason)
  let before_: unknown
  before(() => {
    before_ = prototypes()
    process.on('unhandledRejection', onUnhandled)
  })
  afterEach(async () => {
    await new Promise(setImmediate)
    assert.deepEqual(unhandled.splice(0).map(shown), [], 'a rejection that nobody handled')
    assert.deepEqual(prototypes(), before_, 'a prototype was changed')
  })
  after(() => process.off('unhandledRejection', onUnhandled))
}

function shown(reason: unknown): unknown {
  try {
    return reason instanceof Error ? reason.stack : `${reason}`
  } catch {
    return 'cannot be shown'
  }
}

/** Every property of the prototypes that all programs share. */
function prototypes(): unknown {
  const shared = [Object, Array, Function, String, Number, Date, Promise, Error]
  return shared.map(({ prototype }) =>
    Reflect.ownKeys(prototype).map((name) => [
      name,
      Object.getOwnPropertyDescriptor(prototype, name),
    ]),
  )
}

/** What a field of a message is: as it should be, missing, or anything. */
export type AnyField = 'good' | 'missing' | AnyProperty

/** Fields of a message. @param good how many times as often as missing each is as it should be */
export function anyFields(names: readonly string[], good: number) {
  const field = fc.oneof(
    { weight: good, arbitrary: fc.constant('good' as const) },
    { weight: 1, arbitrary: fc.constant('missing' as const) },
    { weight: 2, arbitrary: anyProperty },
  )
  return fc.record<Record<string, AnyField>>(Object.fromEntries(names.map((name) => [name, field])))
}

/** Other properties of a message. */
export const anyMore = (...names: string[]) =>
  fc.dictionary(
    fc.constantFrom('__proto__', 'constructor', 'error', '_error', 'req', ...names),
    anyProperty,
    {
      maxKeys: 2,
    },
  )

/** What kind of object a message is. */
export const anyShape = fc.constantFrom(
  'plain',
  'plain',
  'plain',
  'frozen',
  'sealed',
  'no prototype',
  'proxy',
)

/** The parts that any message has. */
export interface AnyMessage {
  fields: Record<string, AnyField>
  more: Record<string, AnyProperty>
  shape: string
}

let count = 0

/** Another umid each time: a repeated one would start nothing. */
export const nextUmid = (): string =>
  UMID.slice(0, -6) + (count++ % 16 ** 6).toString(16).padStart(6, '0')

/**
 * Makes a message.
 * @param good the values of good fields
 * @param change sets what else there is, before the other properties
 */
export function makeMessage(
  { fields, more, shape }: AnyMessage,
  good: Record<string, () => unknown>,
  // biome-ignore lint/suspicious/noExplicitAny: a property can be anything
  change: (msg: Record<string, any>) => void,
): object {
  const msg = Object.assign(shape === 'no prototype' ? Object.create(null) : {}, {
    _msgid: `any-${count++}`,
  })
  for (const [name, value] of Object.entries(fields)) {
    if (value === 'good') msg[name] = good[name]?.()
    else if (value !== 'missing') setProperty(msg, name, value)
  }
  change(msg)
  for (const [name, value] of Object.entries(more)) setProperty(msg, name, value)
  if (shape === 'frozen') return Object.freeze(msg)
  if (shape === 'sealed') return Object.seal(msg)
  return shape === 'proxy' ? new Proxy(msg, {}) : msg
}
