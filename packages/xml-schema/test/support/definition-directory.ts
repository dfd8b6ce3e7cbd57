import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { zipOf } from './zip.ts'

export const VERSION = 'vm.interface.version=090000\nvm.target.edition=standard\n'

export const BALANCER = 'lb.type=ACOS\nlb.host=192.168.1.5\nlb.protocol=API\nlb.user=admin\nlb.password=s3cret\n'

export const tierFile = (type: string): string =>
  `tier.type=${type}\ntemplate=web-base\napp.start=["start"]\napp.stop=["stop"]\napp.health=["health"]\n`

/** A definition directory with nothing wrong. */
export const GOOD: Files = {
  'web/tier.properties': tierFile('http-tier'),
  'web/version.properties': VERSION,
  'web/config/httpd/httpd.conf': 'Listen 80\n',
  'ap/tier.properties': tierFile('j2ee-tier'),
  'ap/version.properties': VERSION,
  'ap/app/shop.ear': zipOf([{ name: 'META-INF/' }, { name: 'META-INF/application.xml', content: '<application/>' }]),
  'ap/app/docs.ZIP': zipOf([{ name: 'META-INF/cosminexus.xml', content: '<cosminexus-app/>' }]),
  'ap/config/Cosminexus/shop/META-INF/cosminexus.xml': '<cosminexus-app/>\n',
  'hook/pre-setup': '#!/bin/sh\n',
}

/** By path; without content the file is removed. */
export type Files = Readonly<Record<string, string | Uint8Array | undefined>>

/** A directory of its own, empty and removed with it. */
export async function temporaryDirectory(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'vmunit-definition-'))
  return { path, [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }) }
}

/** Writes files below a directory, or removes them. */
export async function writeFiles(directory: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const absolute = join(directory, path)
    await mkdir(dirname(absolute), { recursive: true })
    if (content === undefined) await rm(absolute)
    else await writeFile(absolute, content)
  }
}
