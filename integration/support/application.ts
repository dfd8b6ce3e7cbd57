import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'

const NAME = 'META-INF/cosminexus.xml'

/** An EAR with its attributes, in which a text can be found. */
export function earOf(text: string): Buffer {
  const content = Buffer.from(`<cosminexus-app><!-- ${text} --></cosminexus-app>`)
  const common = Buffer.alloc(26)
  common.writeUInt16LE(20, 0)
  common.writeUInt32LE(crc32(content), 10)
  common.writeUInt32LE(content.byteLength, 14)
  common.writeUInt32LE(content.byteLength, 18)
  common.writeUInt16LE(NAME.length, 22)
  const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, Buffer.from(NAME), content])
  const record = Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\0'), common, Buffer.alloc(14), Buffer.from(NAME)])
  const end = Buffer.alloc(18)
  end.writeUInt16LE(1, 4)
  end.writeUInt16LE(1, 6)
  end.writeUInt32LE(record.byteLength, 8)
  end.writeUInt32LE(local.byteLength, 12)
  return Buffer.concat([local, record, Buffer.from('PK\u0005\u0006'), end])
}

/** Puts a file of a definition directory in place. */
export async function putFile(directory: string, path: string, content: string | Uint8Array): Promise<void> {
  const file = join(directory, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, content)
}
