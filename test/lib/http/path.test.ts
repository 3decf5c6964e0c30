import assert from 'node:assert/strict'
import { cleanPath, isPath, pathKey } from '../../../nodes/lib/http/path'

describe('paths of endpoints', () => {
  it('have a slash in front and none at the end', () => {
    for (const [typed, path] of [
      ['/8x8/inbound', '/8x8/inbound'],
      [' 8x8/inbound/ \n', '/8x8/inbound'],
      ['a//', '/a'],
      ['', ''],
      ['/', ''],
      [' ', ''],
    ] as const) {
      assert.equal(cleanPath(typed), path)
    }
  })

  it('have the characters of a URL, and no segment that a client would resolve', () => {
    for (const path of [
      '/a',
      '/8x8/in-bound_1.x~',
      '/a/%C3%BC',
      "/a:b@c!$&'()*+,;=",
      '/...',
      '/.a',
    ]) {
      assert.ok(isPath(path), path)
    }
    for (const path of [
      '',
      '/',
      'a',
      '/a/',
      '/a//b',
      '/a?b',
      '/a#b',
      '/a b',
      '/ü',
      '/.',
      '/a/../b',
    ]) {
      assert.ok(!isPath(path), path)
    }
  })

  it('are equal in either case of the letters, with one slash more or less', () => {
    assert.equal(pathKey('/A/b/'), pathKey('/a/B'))
    assert.notEqual(pathKey('/a//'), pathKey('/a'))
    assert.equal(pathKey('/'), '/')
  })
})
