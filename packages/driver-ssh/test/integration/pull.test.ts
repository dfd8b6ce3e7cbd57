import { setTimeout as pause } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { useRoom } from '../support/room.ts'

const { room, access } = useRoom()

it('gives a slow reader all of it, also when the guest has ended long before', async () => {
  const { target } = await room().boot()
  await using guest = await access().open(target)
  const sizeBytes = 28 * 65_536
  await guest.exec({ argv: ['dd', 'if=/dev/zero', 'of=/root/big', 'bs=65536', 'count=28'] })
  let bytes = 0
  for await (const chunk of guest.pull(['/root/big'], 2 * sizeBytes)) {
    // Longer than the silence after which an ended command counts as over.
    if (bytes === 0) await pause(1_500)
    bytes += chunk.length
  }
  expect(bytes).toBeGreaterThanOrEqual(sizeBytes)
})
