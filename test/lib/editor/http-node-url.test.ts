import assert from 'node:assert/strict'
import { httpNodeUrl } from '../../../nodes/lib/editor/http-node-url'

const PATH = '/8x8/inbound'

describe('the URL of a path below the HTTP node root', () => {
  for (const [editor, admin, node, expected] of [
    ['https://nr.example.com/', '/', '/', 'https://nr.example.com/8x8/inbound'],
    ['https://nr.example.com/', undefined, undefined, 'https://nr.example.com/8x8/inbound'],
    ['http://127.0.0.1:1880/#flow/1', '/', '/api/', 'http://127.0.0.1:1880/api/8x8/inbound'],
    ['https://nr.example.com/red/', '/red/', '/', 'https://nr.example.com/8x8/inbound'],
    ['https://nr.example.com/red', 'red', 'api', 'https://nr.example.com/api/8x8/inbound'],
    ['https://nr.example.com/a/b/?x=1', '/a/b', '', 'https://nr.example.com/8x8/inbound'],
  ] as const) {
    it(`is ${expected} with the editor at ${editor} and the roots ${admin} and ${node}`, () => {
      assert.equal(httpNodeUrl(editor, { admin, node }, PATH), expected)
    })
  }

  for (const [editor, admin, node, expected] of [
    ['https://host/prefix/admin/', '/admin', '/api', 'https://host/prefix/api/8x8/inbound'],
    ['https://host/prefix/', '/', '/', 'https://host/prefix/8x8/inbound'],
    ['https://host/two/parts/#flow/1', '/', '/api/', 'https://host/two/parts/api/8x8/inbound'],
    ['https://host/red/red/', '/red/', '/', 'https://host/red/8x8/inbound'],
  ] as const) {
    it(`keeps the prefix that a proxy puts before ${editor}`, () => {
      assert.equal(httpNodeUrl(editor, { admin, node }, PATH), expected)
    })
  }

  for (const [editor, admin] of [
    ['https://host/editor/', '/admin'],
    ['https://host/', '/admin/'],
    ['https://host/myadmin/', '/admin/'],
    ['https://host/red/', undefined],
  ] as const) {
    it(`has no prefix where ${editor} does not end with the admin root ${admin}`, () => {
      assert.equal(
        httpNodeUrl(editor, { admin, node: '/api' }, PATH),
        'https://host/api/8x8/inbound',
      )
    })
  }

  it('does not exist without HTTP nodes', () => {
    assert.equal(httpNodeUrl('https://host/', { admin: '/', node: false }, PATH), undefined)
  })

  it('shows a path that refers to an environment variable as it is', () => {
    assert.equal(httpNodeUrl('https://host/', {}, '/${PATH}/in'), 'https://host/${PATH}/in')
  })
})
