import { describe, expect, it } from 'vitest'
import { type DefinitionContent, differingFiles, scopeBetween, updateScopes } from '../../../src/domain/update-scope.ts'
import { memoryDefinition, tierOf } from '../../support/memory-definition.ts'

const TIER = tierOf({ id: 'web', type: 'combined-tier', startOrder: 1, template: 'web-base' })

const BASE: Readonly<Record<string, string>> = {
  'hook/pre-setup': '#!/bin/sh',
  'web/app/shop.ear': 'shop 1',
  'web/config/httpd.conf': 'Listen 80',
  'web/config/Cosminexus/shop/META-INF/cosminexus.xml': '<a/>',
}

function content(change: Readonly<Record<string, string | undefined>> = {}, tiers = [TIER]): DefinitionContent {
  const texts = Object.entries({ ...BASE, ...change }).flatMap(([path, text]) =>
    text === undefined ? [] : [[path, text]],
  )
  return memoryDefinition(tiers, Object.fromEntries(texts) as Record<string, string>)
}

describe('scopeBetween', () => {
  it.each([
    ['nothing', content(), 'none'],
    ['an application', content({ 'web/app/shop.ear': 'shop 2' }), 'applications'],
    ['an application that is new', content({ 'web/app/menu.zip': 'menu' }), 'applications'],
    ['an application that is gone', content({ 'web/app/shop.ear': undefined }), 'applications'],
    [
      'the attributes of an application',
      content({ 'web/config/Cosminexus/shop/META-INF/cosminexus.xml': '<b/>' }),
      'applications',
    ],
    ['a configuration file', content({ 'web/config/httpd.conf': 'Listen 81' }), 'all'],
    ['an application and a configuration file', content({ 'web/app/shop.ear': '2', 'web/config/a': '' }), 'all'],
    ['the hook', content({ 'hook/pre-setup': '#!/bin/bash' }), 'all'],
    ['a file named app elsewhere', content({ 'web/config/app/a.ear': '' }), 'all'],
    ['a tier', content({}, [{ ...TIER, startOrder: 2 }]), 'all'],
  ] as const)('%s differs', (_, other, scope) => {
    expect(scopeBetween(content(), other)).toBe(scope)
    expect(scopeBetween(other, content())).toBe(scope)
  })

  it('a file that became executable is a difference', () => {
    const { tiers, files } = content()
    const other = { tiers, files: files.map((file) => ({ ...file, executable: true })) }
    expect(differingFiles(content(), other).map(({ path }) => path)).toContain('web/config/httpd.conf')
    expect(scopeBetween(content(), other)).toBe('all')
  })

  it('names what is added, removed and changed, ascending by path', () => {
    const other = content({ 'web/app/a.ear': '', 'web/app/shop.ear': undefined, 'web/config/httpd.conf': '' })
    expect(differingFiles(content(), other)).toEqual([
      { path: 'web/app/a.ear', change: 'added' },
      { path: 'web/app/shop.ear', change: 'removed' },
      { path: 'web/config/httpd.conf', change: 'changed' },
    ])
  })
})

describe('updateScopes', () => {
  const definitions = new Map([
    ['first', content()],
    ['apps', content({ 'web/app/shop.ear': 'shop 2' })],
    ['same', content()],
  ])
  const scopeOf = updateScopes('apps', definitions)

  it.each([
    ['stopped', 'apps', 'none'],
    ['working', 'apps', 'none'],
    ['working', 'first', 'applications'],
    ['stopped', 'first', 'applications'],
    ['fault(starting)', 'first', 'applications'],
    ['stopped', 'forgotten', 'all'],
    ['stopped', undefined, 'all'],
    ['initial', 'apps', 'all'],
    ['updating', 'apps', 'all'],
    ['fault(updating)', 'apps', 'all'],
  ] as const)('a server that is %s and reflects %s has update scope %s', (status, definitionHash, scope) => {
    expect(scopeOf({ status, definitionHash })).toBe(scope)
  })

  it('nothing is to be reflected while nothing is registered', () => {
    expect(updateScopes(undefined, definitions)({ status: 'initial', definitionHash: undefined })).toBe('none')
  })

  it('compares each definition once, however many servers reflect it', () => {
    let reads = 0
    const counted = {
      ...content(),
      get tiers() {
        reads += 1
        return [TIER]
      },
    }
    const scopes = updateScopes('apps', new Map([...definitions, ['counted', counted]]))
    for (let count = 0; count < 100; count += 1) scopes({ status: 'stopped', definitionHash: 'counted' })
    expect(reads).toBe(1)
  })
})
